"""The server of the protocol: who asks, what is asked, one answer. Loopback only; a partner's network reaches it through a gateway with TLS."""

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from spark_jobs.publish import audit
from spark_jobs.publish.query import QueryRefused
from spark_jobs.publish.release import NoRelease
from spark_jobs.publish.sharing import answers, recipients, signing, tables, versions
from spark_jobs.publish.sharing.answers import Refusal, actions, refused
from spark_jobs.publish.sharing.call import SCHEMA, Call, body_of, recipient_of
from spark_jobs.publish.sharing.recipients import PREFIX
from spark_jobs.settings import HOST, Settings

TABLE = "/shares/{share}/schemas/{schema}/tables/{table}"


def serve(settings: Settings, port: int) -> None:
    """Answer until SIGTERM or Ctrl-C."""
    import uvicorn

    uvicorn.run(application(settings, port), host=HOST, port=port, http="h11", h11_max_incomplete_event_size=32 << 10, limit_concurrency=100, timeout_keep_alive=10, server_header=False, access_log=False, log_level="warning")


def application(settings: Settings, port: int) -> Starlette:
    """The application whose files are reached at this port."""
    routes = [Route(PREFIX + path, _guarded(settings, port, answer), methods=[method]) for method, path, answer in ROUTES]
    return Starlette(routes=routes, exception_handlers={HTTPException: _not_found, Exception: _broken})


def list_shares(call: Call) -> Response:
    return call.page([{"name": call.recipient.role, "id": call.recipient.role}])


def get_share(call: Call) -> Response:
    return JSONResponse({"share": {"name": call.share(), "id": call.share()}})


def list_schemas(call: Call) -> Response:
    return call.page([{"name": SCHEMA, "share": call.share()}])


def list_tables(call: Call) -> Response:
    if "schema" in call.request.path_params:
        call.schema()
    share = call.share()
    return call.page([{"name": name, "schema": SCHEMA, "share": share, "id": f"{share}.{name}", "shareId": share} for name in tables.table_names(call.settings, share)])


def table_version(call: Call) -> Response:
    _, version, _ = call.table(lambda known: versions.starting(known, call.request.query_params))
    return actions([], version)


def table_metadata(call: Call) -> Response:
    name, version, release = call.table(lambda known: versions.from_query(known, call.request.query_params))
    call.check_capabilities()
    shared = tables.shared_table(call.settings, call.recipient.role, name, version, release)
    return actions([answers.PROTOCOL, answers.metadata(shared, name)], shared.version)


def query_table(call: Call) -> Response:
    name, version, release = call.table(lambda known: versions.from_body(known, call.body))
    call.check_capabilities()
    shared = tables.shared_table(call.settings, call.recipient.role, name, version, release)
    path = f"{PREFIX}/files/{release['release_id']}/{tables.rules()}/{call.recipient.role}/{name}.parquet"
    query, expires = signing.signed_query(call.settings, path, call.recipient.name)
    told = {"rows": shared.told["rows"], "bytes": shared.told["bytes"], "identifier": shared.told["identifier"]}
    audit.record(call.settings, "share", action="query", recipient=call.recipient.name, role=call.recipient.role, dataset=name, release=release["release_id"], **told)
    return actions([answers.PROTOCOL, answers.metadata(shared, name), answers.file(shared, f"http://{HOST}:{call.port}{path}?{query}", expires)], shared.version)


def table_changes(call: Call) -> Response:
    call.table(versions.latest)
    raise Refusal(400, "changes (CDF) are not offered: a release is whole; compare two releases instead")


def get_file(call: Call) -> Response:
    """A file at a signed address. The one for whom it was signed must still be a recipient of this role."""
    asked = call.request.query_params
    try:
        signing.check_file(call.settings, call.request.url.path, asked.get("recipient", ""), asked.get("expires", ""), asked.get("signature", ""))
    except signing.Forged as fault:
        raise Refusal(403, str(fault)) from fault
    owner = recipients.every(call.settings).get(asked["recipient"])
    if owner is None or not owner.is_valid or owner.role != call.request.path_params["role"]:
        raise Refusal(403, "the recipient of this address has no token any more")
    named = call.request.path_params
    path = tables.place(call.settings, named["release"], named["rules"], owner.role, named["table"])
    if named["rules"] != tables.rules() or not path.is_file():
        raise Refusal(404, "the file is gone, or the rules have changed: ask for the table again")
    return FileResponse(path, media_type="application/vnd.apache.parquet", headers={"Cache-Control": "no-store"})


ROUTES = [
    ("GET", "/shares", list_shares), ("GET", "/shares/{share}", get_share), ("GET", "/shares/{share}/schemas", list_schemas), ("GET", "/shares/{share}/schemas/{schema}/tables", list_tables),
    ("GET", "/shares/{share}/all-tables", list_tables), ("GET", TABLE + "/version", table_version), ("GET", TABLE + "/metadata", table_metadata), ("POST", TABLE + "/query", query_table),
    ("GET", TABLE + "/changes", table_changes), ("GET", "/files/{release}/{rules}/{role}/{table}.parquet", get_file),
]  # fmt: skip


def _guarded(settings: Settings, port: int, answer):
    """The endpoint: host, recipient, body, then the answer; every refusal in the protocol's own words."""

    async def endpoint(request: Request) -> Response:
        try:
            if request.headers.get("host") not in (f"{HOST}:{port}", f"localhost:{port}"):
                raise Refusal(400, "this server answers to its own name only")
            recipient = None if answer is get_file else await run_in_threadpool(recipient_of, settings, request)
            body = await body_of(request) if request.method == "POST" else {}
            return await run_in_threadpool(answer, Call(settings, port, request, recipient, body))
        except Refusal as fault:
            return refused(fault.status, str(fault))
        except QueryRefused as fault:  # disclosure control lets nothing of the table leave
            return refused(403, str(fault))
        except NoRelease as fault:
            return refused(503, str(fault))

    return endpoint


async def _not_found(request: Request, fault: HTTPException) -> Response:
    return refused(fault.status_code, {404: "there is nothing at this address", 405: "not with this method"}.get(fault.status_code, fault.detail))


async def _broken(request: Request, fault: Exception) -> Response:
    return refused(500, "the server could not answer; its log says why")
