"""A partner reads with the official client what its role sees in the release, and nobody gets anything else."""

import json
import os
import socket
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import delta_sharing
import duckdb
import pytest

from spark_jobs.files import read_json, write_json
from spark_jobs.publish import audit
from spark_jobs.publish.audit import audit_file
from spark_jobs.publish.sharing import recipients
from spark_jobs.settings import CHECKOUT, HOST
from tests.publish.conftest import RELEASE

ROOT = "/delta-sharing"
FIGURES = f"{ROOT}/shares/public/schemas/mart/tables/mart_macro__series"
pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def server(released, port):
    process = subprocess.Popen(
        [sys.executable, "-m", "spark_jobs.cli", "share", "serve", "--port", str(port)], cwd=CHECKOUT, env=os.environ | {"GUIHU_HOME": str(released.home), "PYTHONPATH": str(CHECKOUT)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                break
        time.sleep(0.1)
    yield process
    process.terminate()
    assert process.wait(timeout=20) in (0, -15)


@pytest.fixture(scope="module")
def profiles(released, port) -> dict:
    """Recipients by name, each with its profile file."""
    made = {name: recipients.add(released, name, role, 30, port) for name, role in (("ministry", "researcher"), ("university", "public"), ("revoked", "researcher"), ("ended", "researcher"), ("moved", "researcher"))}
    recipients.revoke(released, "revoked")
    kept = released.home / "shares" / "recipients.json"
    known = read_json(kept)
    known["ended"]["expires_at"] = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    known["moved"]["role"] = "leader"  # as if the policy had taken the door from its role
    write_json(kept, known)
    return made


@pytest.fixture
def ask(server, port, profiles):
    """Ask the server over a plain connection: status, headers, text. `token` is a recipient's name, or text that is sent as it stands."""

    def asked(method: str, path: str, token: str | None = "university", body=None, headers: dict | None = None, host: str | None = None):
        connection = HTTPConnection(HOST, port, timeout=30)
        connection.putrequest(method, path, skip_host=host is not None, skip_accept_encoding=True)
        if host is not None:
            connection.putheader("Host", host)
        if token is not None:
            connection.putheader("Authorization", f"Bearer {read_json(profiles[token])['bearerToken']}" if token in profiles else token)
        content = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        if content or method == "POST":
            connection.putheader("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        connection.endheaders(content)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    return asked


def test_the_official_client_lists_and_reads_every_table_of_each_recipient_as_the_serving_file_has_it(released, server, profiles):
    compared = 0
    for name, role in (("ministry", "researcher"), ("university", "public")):
        client = delta_sharing.SharingClient(str(profiles[name]))
        listed = {(table.share, table.schema, table.name) for table in client.list_all_tables()}
        with duckdb.connect(str(released.releases / RELEASE / role / "serve.duckdb"), read_only=True) as serving:
            serving.execute("set timezone = 'UTC'")
            tables = [row[0] for row in serving.execute("select table_name from duckdb_tables() where table_name <> 'release_info'").fetchall()]
            assert listed == {(role, "mart", table) for table in tables}
            assert [table.name for table in client.list_tables(client.list_schemas(client.list_shares()[0])[0])] == sorted(tables)
            for table in tables:
                frame = delta_sharing.load_as_pandas(f"{profiles[name]}#{role}.mart.{table}")
                serving.register("read_by_the_client", frame)
                columns = ", ".join(frame.columns)
                assert serving.execute(f"select count(*) from mart.{table}").fetchone()[0] == len(frame)
                differ = f"(select {columns} from mart.{table} except all select {columns} from read_by_the_client)"
                assert serving.execute(f"select count(*) from {differ}").fetchone()[0] == 0, table
                compared += len(frame)
    print(f"delta-sharing {delta_sharing.__version__}: 4 of 4 tables, {compared:,} of {compared:,} rows equal to the serving files")


def test_version_metadata_and_query_say_what_the_protocol_wants(released, ask):
    status, headers, text = ask("GET", f"{FIGURES}/version")
    assert (status, headers["delta-table-version"], text) == (200, "0", b"")
    assert ask("GET", f"{FIGURES}/version?startingTimestamp={quote('2026-01-01T00:00:00Z')}")[1]["delta-table-version"] == "0"
    status, headers, text = ask("POST", f"{FIGURES}/query", body={"predicateHints": ["gdp_value > 0"], "limitHint": 1, "version": 0})
    protocol, metadata, file = (json.loads(line) for line in text.splitlines())
    assert (status, headers["content-type"], headers["delta-table-version"]) == (200, "application/x-ndjson; charset=utf-8", "0")
    assert protocol == {"protocol": {"minReaderVersion": 1}}
    fields = {field["name"]: field for field in json.loads(metadata["metaData"]["schemaString"])["fields"]}
    assert (fields["amount_cny"]["type"], fields["observed_at"]["type"], fields["gdp_value"]["metadata"]["comment"]) == ("decimal(20,2)", "timestamp", "生产总值；现价 · Gross domestic product; current prices")
    statistics = json.loads(file["file"]["stats"])
    assert (statistics["numRecords"], statistics["minValues"]["gdp_value"], statistics["maxValues"]["vintage_date"], statistics["nullCount"]["note"]) == (4, -0.1, "2024-07-20", 1)
    assert file["file"]["expirationTimestamp"] / 1000 > time.time()
    content = ask("GET", _path(file["file"]["url"]), token=None)[2]
    assert len(content) == file["file"]["size"]
    assert __import__("hashlib").sha256(content).hexdigest() == file["file"]["id"]
    assert ask("GET", _path(file["file"]["url"]), token=None, headers={"Range": "bytes=0-3"})[::2] == (206, b"PAR1")


def test_pages_follow_one_another_without_loss_and_repetition(ask):
    names, token = [], ""
    while True:
        told = json.loads(ask("GET", f"{ROOT}/shares/researcher/all-tables?maxResults=1&pageToken={quote(token)}", token="ministry")[2])
        names += [item["name"] for item in told["items"]]
        token = told.get("nextPageToken", "")
        if not token:
            break
    assert names == ["mart_economy__house_price", "mart_macro__change", "mart_macro__series"]
    assert json.loads(ask("GET", f"{ROOT}/shares?maxResults=0")[2])["items"] == []


def test_only_the_digest_of_a_token_is_kept_and_the_profile_is_its_owners(released, profiles):
    kept = (released.home / "shares" / "recipients.json").read_text()
    for path in profiles.values():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert read_json(path)["bearerToken"] not in kept
    with pytest.raises(recipients.RecipientRefused, match="has a token already"):
        recipients.add(released, "ministry", "researcher", 30, 1)
    for name, days in (("../x", 1), ("", 1), ("Ünï", 1), ("x" * 64, 1), ("fine", 0), ("fine", 4000)):
        with pytest.raises(recipients.RecipientRefused):
            recipients.add(released, name, "researcher", days, 1)


def test_every_abuse_is_refused_in_the_words_of_the_protocol_and_the_server_lives(released, server, ask, profiles, port):
    good = _signed(ask)
    cases = [*_without_rights(profiles), *_names(), *_bodies(), *_lists(ask), *_addresses(good, ask), *_methods(), *_headers(port)]
    wrong = []
    for title, status, arguments in cases:
        got, _, text = ask(**arguments)
        told = json.loads(text) if text.startswith(b"{") else {}
        if got not in status or (arguments["method"] != "HEAD" and got != 431 and not (told.get("errorCode") and told.get("message"))) or b"Traceback" in text:
            wrong.append((title, status, got, text[:100]))
    assert wrong == []
    assert len(cases) >= 100
    with ThreadPoolExecutor(8) as many:
        assert {answer[0] for answer in many.map(lambda _: ask("GET", f"{ROOT}/shares"), range(40))} == {200}
    assert server.poll() is None
    print(f"{len(cases) - len(wrong)} of {len(cases)} abuses refused; the server answers")


def test_a_revoked_recipient_loses_the_addresses_that_were_signed_for_it(released, ask, port):
    profile = recipients.add(released, "passing", "public", 1, port)
    token = f"Bearer {read_json(profile)['bearerToken']}"
    file = json.loads(ask("POST", f"{FIGURES}/query", token=token, body={})[2].splitlines()[2])["file"]
    assert ask("GET", _path(file["url"]), token=None)[0] == 200
    recipients.revoke(released, "passing")
    assert ask("GET", _path(file["url"]), token=None)[0] == 403
    assert ask("GET", f"{ROOT}/shares", token=token)[0] == 401


def test_each_query_and_each_change_of_recipients_leaves_a_line(released, ask):
    before = len(audit_file(released).read_text().splitlines())
    ask("POST", f"{FIGURES}/query", body={})
    lines = [json.loads(line) for line in audit_file(released).read_text().splitlines()]
    assert {name: lines[-1][name] for name in ("door", "action", "recipient", "role", "dataset", "release", "rows")} == {
        "door": "share", "action": "query", "recipient": "university", "role": "public", "dataset": "mart_macro__series", "release": RELEASE, "rows": 4,
    }  # fmt: skip
    assert len(lines) == before + 1
    assert {"recipient added", "recipient revoked"} <= {line.get("action") for line in lines}


def test_the_list_says_what_each_recipient_read_last_and_how_much(released, ask, guihu):
    before = audit.shares_read(released)["university"]
    size = json.loads(ask("POST", f"{FIGURES}/query", body={})[2].splitlines()[2])["file"]["size"]
    after = audit.shares_read(released)["university"]
    assert {name: after[name] - before[name] for name in ("reads", "rows", "bytes")} == {"reads": 1, "rows": 4, "bytes": size}
    said = guihu("share", "list", GUIHU_HOME=str(released.home)).stdout
    assert f"  university: {after['reads']} reads, {after['rows']} rows, " in said and f"last mart_macro__series of {RELEASE} at " in said


def test_it_listens_on_loopback_only(server, port):
    other = {address[4][0] for address in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} - {HOST}
    for address in other:
        with socket.socket() as probe:
            probe.settimeout(2)
            assert probe.connect_ex((address, port)) != 0, address
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    assert [line[1] for line in listening if line[3] == "0A" and line[1].endswith(f":{port:04X}")] == [f"0100007F:{port:04X}"]


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def _signed(ask) -> str:
    return _path(json.loads(ask("POST", f"{FIGURES}/query", body={})[2].splitlines()[2])["file"]["url"])


def _case(title, status, path, method="GET", **more):
    return title, (status,) if isinstance(status, int) else status, {"method": method, "path": path, **more}


def _without_rights(profiles):
    token = read_json(profiles["university"])["bearerToken"]
    bad = [None, "", "Bearer", "Bearer ", "Bearer x", f"Basic {token}", token, f"Bearer {token}x", f"Bearer {token[:-1]}", f"Bearer {token.swapcase()}", f"Bearer {token} {token}", "Bearer " + "a" * 4000, "Bearer null", "Bearer ' or '1'='1", "Bearer \xff\xfe", "revoked", "ended"]
    paths = [("GET", f"{ROOT}/shares"), ("GET", f"{FIGURES}/metadata"), ("POST", f"{FIGURES}/query")]
    yield from (_case(f"token {number}", 401, path, method, token=given) for number, given in enumerate(bad) for method, path in paths[: 3 if number % 4 == 0 else 1])
    yield _case("token in the query", 401, f"{ROOT}/shares?token={token}", token=None)


def _names():
    for name in ("researcher", "leader", "data_engineer", "nothing", "..", "%2e%2e", "*", "%00", "public'--", "public%0d%0ax", "桂".encode().hex(), quote("公众"), "a" * 3000):
        yield _case(f"share {name[:9]}", 404, f"{ROOT}/shares/{name}")
    for table in ("mart_macro__change", "mart_economy__house_price", "release_info", "..%2f..%2fresearcher", "%2e%2e", "x;drop table y", "x'%20or%201=1--", "mart_macro__series.parquet", quote("ｍart_test__figures"), "mart_macro__series%00", "information_schema.tables"):
        for verb in ("metadata", "version"):
            yield _case(f"table {table} {verb}", 404, f"{ROOT}/shares/public/schemas/mart/tables/{quote(table, safe='%')}/{verb}")
    yield _case("another's table by query", 404, f"{ROOT}/shares/researcher/schemas/mart/tables/mart_macro__change/query", "POST", body={})
    yield _case("schema", 404, f"{ROOT}/shares/public/schemas/main/tables")
    yield _case("schema of a table", 404, f"{ROOT}/shares/public/schemas/temp/tables/mart_macro__series/metadata")
    for path in ("/", "/shares", f"{ROOT}", f"{ROOT}/../shares", f"{ROOT}//shares", f"{ROOT}/shares/public/../researcher/schemas", "/etc/passwd", f"{ROOT}/files", f"{ROOT}/files/../../etc/passwd"):
        yield _case(f"path {path}", 404, path)


def _bodies():
    bodies = [b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000, b"NaN x"]
    bodies += [json.dumps(told).encode() for told in (
        {"version": 1}, {"version": 8}, {"version": -1}, {"version": "0"}, {"version": 0.5}, {"version": True}, {"version": 10**30}, {"version": 0, "timestamp": "2026-02-01T00:00:00Z"}, {"timestamp": "2020-01-01T00:00:00Z"}, {"timestamp": "2999-01-01T00:00:00Z"},
        {"timestamp": "yesterday"}, {"timestamp": "2026-02-01"}, {"timestamp": 5}, {"startingVersion": 0}, {"startingVersion": 0, "endingVersion": 7}, {"predicateHints": "x"}, {"predicateHints": [1]}, {"limitHint": -1}, {"limitHint": "1"}, {"jsonPredicateHints": {}},
    )]  # fmt: skip
    yield from (_case(f"body {number}", 400, f"{FIGURES}/query", "POST", body=body) for number, body in enumerate(bodies))
    yield _case("giant body", 413, f"{FIGURES}/query", "POST", body=b'{"predicateHints": ["' + b"x" * 1_200_000 + b'"]}')


def _lists(ask):
    token = json.loads(ask("GET", f"{ROOT}/shares/researcher/all-tables?maxResults=1", token="ministry")[2])["nextPageToken"]
    for given in ("x", "!!!!", "0", "MC54", token[:-4] + "AAAA", token[4:], "é", "%00", "../..", "-1"):
        yield _case(f"page {given[:8]}", 400, f"{ROOT}/shares/researcher/all-tables?pageToken={quote(given, safe='%')}", token="ministry")
    yield _case("another list's page", 400, f"{ROOT}/shares/researcher/schemas?pageToken={quote(token)}", token="ministry")
    yield _case("another's page", 400, f"{ROOT}/shares/public/all-tables?pageToken={quote(token)}")
    for size in ("-1", "x", "1.5", "1e9", "", "99999999999", "１", "%00"):
        yield _case(f"size {size}", 400, f"{ROOT}/shares?maxResults={quote(size, safe='%')}")
    for moment in ("2999-01-01T00:00:00Z", "x", "2026-01-01", "%00"):
        yield _case(f"starting {moment}", 400, f"{FIGURES}/version?startingTimestamp={moment}")
    yield _case("changes", 400, f"{FIGURES}/changes?startingVersion=0")


def _addresses(good, ask):
    path, _, query = good.partition("?")
    told = {name: values[0] for name, values in parse_qs(query).items()}
    old = {**told, "expires": str(int(told["expires"]) - 2000)}
    for title, address in {
        "no signature": path, "empty": f"{path}?recipient=&expires=&signature=", "later": good.replace(told["expires"], "9999999999"), "ended": f"{path}?" + "&".join(f"{n}={v}" for n, v in old.items()),
        "another's": good.replace("university", "ministry"), "other table": good.replace("mart_macro__series", "mart_macro__change"), "other role": good.replace("/public/", "/researcher/"), "other release": good.replace(RELEASE, "current"),
        "cut": good[:-1], "upper case": good.replace(told["signature"], told["signature"].upper()), "unicode": good.replace(told["signature"], quote("签名")), "twice": good + "&recipient=ministry", "not a number": good.replace(told["expires"], "soon"),
    }.items():  # fmt: skip
        yield _case(f"address {title}", 403, address, token=None)
    yield _case("address up the tree", (403, 404), path.replace("/public/", "/..%2f..%2f") + "?" + query, token=None)
    yield _case("address of the digests", 404, f"{ROOT}/files/recipients.json?{query}", token=None)


def _methods():
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "SHARE"):
        yield _case(f"method {method}", (400, 404, 405), f"{ROOT}/shares", method)
    yield _case("GET of a query", 405, f"{FIGURES}/query")
    yield _case("POST of a list", 405, f"{ROOT}/shares", "POST", body={})
    yield _case("POST of a version", 405, f"{FIGURES}/version", "POST", body={})


def _headers(port):
    for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example:1", "[::1]:1", "0.0.0.0:1", "", "127.0.0.1:1@evil.example"):
        yield _case(f"host {host}", 400, f"{ROOT}/shares", host=host)
    yield _case("only the delta format", 400, f"{FIGURES}/metadata", headers={"Delta-Sharing-Capabilities": "responseformat=delta;readerfeatures=deletionvectors"})
    yield _case("a second token", 401, f"{ROOT}/shares", headers={"Authorization": "Bearer x"})
    yield _case("override", 404, f"{ROOT}/shares/researcher", headers={"X-Original-URL": f"{ROOT}/shares/public", "X-HTTP-Method-Override": "DELETE", "X-Forwarded-Host": "evil.example"})


def test_a_recipient_whose_role_lost_the_door_is_told_so(ask):
    status, _, text = ask("GET", f"{ROOT}/shares", token="moved")
    assert status == 403 and "your role has no share any more" in text.decode()
