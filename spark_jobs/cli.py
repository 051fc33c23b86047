"""guihu: the command that people and Airflow both call.

Exit codes: 0 done, 1 data refused (with reasons), 2 wrong usage, 3 a service is down or the disk refuses.
"""

import getpass
import json
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from expectations.contract import load_all, load_feed
from expectations.feed import ContractError
from spark_jobs.ingest.refusal import Refused
from spark_jobs.lake import ServiceDown, register_tables, session
from spark_jobs.settings import from_environment
from spark_jobs.storage import explained

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, help="Guihu 桂湖: the lake's command. Each verb has --help with examples.")
feed_app = typer.Typer(no_args_is_help=True, help="Make new feeds.")
app.add_typer(feed_app, name="feed")
hold_app = typer.Typer(no_args_is_help=True, help="Decide about unusual deliveries.")
app.add_typer(hold_app, name="hold")
REFUSED, USAGE, DOWN = 1, 2, 3


class Format(str, Enum):
    table = "table"
    csv = "csv"
    json = "json"


AsFormat = Annotated[Format, typer.Option("--format", help="json: the last line of the output is one JSON document")]
SkipCode = Annotated[int, typer.Option("--skip-exit-code", help="exit code where nothing changed (Airflow marks 99 as skipped)")]


@app.command(epilog="Example: guihu receive economy.house_price july.csv --manifest july.csv.manifest.json")
def receive(
    feed: Annotated[str | None, typer.Argument(help="feed id, e.g. economy.house_price")] = None,
    files: Annotated[list[Path] | None, typer.Argument(help="files to land")] = None,
    manifest: Annotated[Path | None, typer.Option(help="manifest of the one file given")] = None,
    inbox: Annotated[bool, typer.Option("--inbox", help="land everything that lies in the inbox")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="judge the file by its contract, keep and load nothing")] = False,
    format: AsFormat = Format.table,
) -> None:
    """Take files into landing, unchanged, and record their deliveries. The same bytes again are a no-op."""
    from spark_jobs.ingest import landing

    settings = from_environment()
    if inbox:
        waiting, refused = landing.receive_inbox(settings, load_all())
        if format == Format.json:  # Airflow asks each minute: what it was told a moment ago is on its way
            waiting = landing.to_announce(settings, waiting)
        runs = landing.runs(waiting)
        lines = [f"{run['feed']}: waits: {' '.join(run['deliveries'])}" for run in runs]
        lines += [f"REFUSED {r['feed']} {r['file']}: {r['code']}: {r['detail']} (owner: {r['owner']})" for r in refused]
        _tell({"pending": runs, "refused": refused}, format, lines)
        raise typer.Exit(REFUSED if refused and format != Format.json else 0)
    if not feed or not files:
        raise typer.BadParameter("give a FEED and at least one FILE, or --inbox")
    if manifest and len(files) > 1:
        raise typer.BadParameter("--manifest describes one file; give one FILE")
    contract, taken, refusals = load_feed(feed), [], 0
    if dry_run:
        _rehearse(settings, contract, files[0], manifest, format)
        return
    for file in files:
        if not file.is_file():
            raise typer.BadParameter(f"{file}: there is no such file")
        try:
            delivery, is_new = landing.receive(settings, contract, file, manifest)
            taken.append({"file": file.name, "delivery_id": delivery.delivery_id, "is_new": is_new})
        except Refused as fault:
            refusals += 1
            taken.append({"file": file.name, "refused": fault.code, "detail": fault.detail, "owner": contract.owner})
    _tell(taken, format, [_receipt(t) for t in taken])
    raise typer.Exit(REFUSED if refusals else 0)


@app.command(epilog="Example: guihu ingest economy.house_price")
def ingest(
    feed: Annotated[str, typer.Argument(help="feed id")],
    delivery: Annotated[list[str] | None, typer.Option(help="a delivery, may be given more than once; without it, all that wait")] = None,
    skip_exit_code: SkipCode = 0,
    format: AsFormat = Format.table,
) -> None:
    """Bring landed deliveries through bronze and judgement into silver. Running it again changes nothing."""
    from spark_jobs.ingest import flow, landing

    settings, contract = from_environment(), load_feed(feed)
    waiting = landing.pending(settings, feed)
    if delivery:
        folders = [landing.delivery_folder(settings, feed, name) for name in delivery]
        unknown = [folder.name for folder in folders if not (folder / "received.json").is_file()]
        if unknown:
            raise typer.BadParameter(f"{feed} has no delivery {', '.join(unknown)}; `guihu receive` records them")
        waiting = [landing.read_delivery(folder) for folder in folders]
    results = flow.ingest(settings, contract, waiting, progress=lambda text: print(text, file=sys.stderr, flush=True))
    told = [{"feed": feed, "delivery_id": r.delivery.delivery_id, "file": r.delivery.file, "is_new": r.is_new, "owner": contract.owner, **r.outcome} for r in results]
    _tell(told, format, [line for t in told for line in _outcome_lines(t)] or [f"{feed}: no delivery waits"])
    if any(r.outcome["status"] != "loaded" for r in results):
        raise typer.Exit(REFUSED)
    changed = any(r.is_new and r.outcome["rows_loaded"] + r.outcome["rows_quarantined"] + r.outcome["rows_repeated"] for r in results)
    raise typer.Exit(0 if changed else skip_exit_code)


@app.command(epilog="Examples: guihu pull population.movement · guihu pull environment.surface_water --since 2026-01-01T00:00:00")
def pull(
    feed: Annotated[str, typer.Argument(help="feed id; its contract names a database (postgres) or an interface (api)")],
    server: Annotated[str | None, typer.Option(help="which server of the contract, where it names several")] = None,
    since: Annotated[str | None, typer.Option(help="pull from this watermark on, once more; later pulls go on where the last complete one ended")] = None,
    at: Annotated[str | None, typer.Option(help="another address than the contract's: HOST:PORT of a database, URL of an interface")] = None,
    skip_exit_code: SkipCode = 0,
    format: AsFormat = Format.table,
) -> None:
    """Fetch what is new in a department's system; it becomes a delivery. Running it again loses nothing and loads nothing twice."""
    from spark_jobs.ingest import pull as pulls

    contract = load_feed(feed)
    delivery, is_new, notes = pulls.pull(from_environment(), contract, server, since, at)
    told = {"feed": feed, "delivery_id": delivery and delivery.delivery_id, "is_new": is_new, "notes": notes}
    lines = [f"{feed}: nothing is new there"]
    if delivery:
        told |= {"file": delivery.file, "rows": delivery.manifest["rows"], "watermark": delivery.manifest["watermark"]}
        lines = [_receipt(told), f"  {told['rows']:,} rows, watermark {told['watermark']['from']} → {told['watermark']['to']}"]
    _tell(told, format, [*lines, *(f"  note: {note} (owner: {contract.owner})" for note in notes)])
    raise typer.Exit(0 if is_new else skip_exit_code)


@app.command(epilog="Example: guihu gateway --port 9212")
def gateway(
    feed: Annotated[str, typer.Option(help="feed id; its file dialect is hj212")] = "environment.pollutant_discharge",
    port: Annotated[int, typer.Option(help="port on loopback; 0 takes a free one and prints it")] = 9212,
    edition: Annotated[str, typer.Option(help="edition of HJ 212 that is acknowledged: 2017, 2025 or auto (all that have come into force)")] = "auto",
    segment_seconds: Annotated[float, typer.Option(min=0.1, help="a segment becomes a delivery after so many seconds")] = 60,
    segment_messages: Annotated[int, typer.Option(min=1, help="or after so many messages")] = 50_000,
) -> None:
    """Take messages of pollutant monitors (HJ 212 over TCP) until SIGTERM. What is answered is on disk first."""
    from spark_jobs.ingest.gateway import server

    if edition not in (*server.IN_FORCE, "auto"):
        raise typer.BadParameter(f"--edition is {', '.join(server.IN_FORCE)} or auto")
    try:
        server.serve(from_environment(), load_feed(feed), port, edition, segment_seconds, segment_messages, lambda text: print(text, flush=True))
    except (OSError, server.GatewayBusy) as fault:
        raise ServiceDown(f"the gateway cannot run: {fault}") from fault


@app.command(epilog="Example: guihu build --select mart_economy__gdp")
def build(
    select: Annotated[str | None, typer.Option(help="models, as dbt selects them")] = None,
    force: Annotated[bool, typer.Option(help="build although nothing moved")] = False,
    unit_tests: Annotated[bool, typer.Option("--unit-tests", help="run the models' unit tests too")] = False,
    skip_exit_code: SkipCode = 0,
) -> None:
    """Make core and marts from silver with dbt. Where no silver table moved since the last build, nothing is done."""
    from spark_jobs.files import exclusive, read_json, write_json
    from spark_jobs.ingest import operations
    from spark_jobs.publish.build import build as run_dbt

    settings, feeds = from_environment(), load_all()
    record = settings.home / "dbt" / "built.json"
    with exclusive(settings.run / "locks" / "build.lock"):  # two dbt processes would replace each other's tables
        state = operations.state(settings, feeds)
        if not force and not select and record.is_file() and read_json(record) == state:
            print("nothing moved since the last build")
            raise typer.Exit(skip_exit_code)
        operations.write(settings, feeds)
        run_dbt(settings, select, unit_tests)
        if not select:
            write_json(record, state)


@app.command(epilog="Example: guihu catalog")
def catalog(format: AsFormat = Format.table) -> None:
    """Rebuild the engine's catalog from the Delta tables of the lake, e.g. after the engine was killed. `guihu build` does it by itself."""
    settings = from_environment()
    with session(settings) as spark:
        known = register_tables(spark, settings)
    _tell(known, format, [f"{layer}: {tables} tables" for layer, tables in known.items()])


@app.command(epilog="Examples: guihu gate silver · guihu gate silver --accept 3437d77320686235 --because \"the bureau moved house, call of 3 May\"")
def gate(
    layer: Annotated[str, typer.Argument(help="silver or gold")],
    accept: Annotated[str | None, typer.Option(help="a delivery that a steward lets pass although much of it is in quarantine")] = None,
    because: Annotated[str | None, typer.Option(help="why; kept with the delivery")] = None,
) -> None:
    """Judge the counts of new deliveries (silver) or the marts (gold) with Great Expectations. Exit code 1 stops the release."""
    from spark_jobs.ingest import landing
    from spark_jobs.publish import gates
    from spark_jobs.publish import release as releases

    settings = from_environment()
    if accept:
        if not because:
            raise typer.BadParameter("--accept needs --because: the reason is kept with the delivery")
        delivery = landing.accept(settings, accept, getpass.getuser(), because)
        print(f"{delivery.feed} {accept}: accepted by {getpass.getuser()}: {because}")
    if layer == "silver":
        known = set((releases.current(settings) or {}).get("built_from", {}).get("deliveries", []))
        fresh = [(d.feed, {**o, "delivery_id": d.delivery_id}) for d, o in landing.ledger(settings) if o and o["status"] == "loaded" and d.delivery_id not in known]
        failures = gates.silver(settings, load_all(), fresh)
        subject = f"{len(fresh)} deliveries"
    elif layer == "gold":
        failures, subject = gates.gold(settings), "the marts"
    else:
        raise typer.BadParameter("LAYER is silver or gold")
    for failure in failures:
        bound = failure.bound
        print(f"{bound.severity.upper()} {failure.suite} {bound.code}: {bound.column} is {failure.observed}, must lie in [{bound.low}, {bound.high}]. {bound.message} (owner: {bound.owner})", file=sys.stderr)
    errors = [f for f in failures if f.bound.severity == "error"]
    print(f"gate {layer}: {subject} judged, {len(errors)} errors, {len(failures) - len(errors)} warnings")
    raise typer.Exit(REFUSED if errors else 0)


@app.command(epilog="Examples: guihu release · guihu release list · guihu release back")
def release(
    action: Annotated[str | None, typer.Argument(help="list or back; without it, publish")] = None,
    skip_exit_code: SkipCode = 0,
    format: AsFormat = Format.table,
) -> None:
    """Publish one version of every gold table, list the releases, or go back to the one before."""
    from spark_jobs.files import read_json
    from spark_jobs.publish import release as releases

    settings = from_environment()
    if action == "list":
        here = releases.require_current(settings)["release_id"]
        every = releases.all_releases(settings)
        told = [{"release_id": r["release_id"], "released_at": r["released_at"], "tables": len(r["tables"]), "is_current": r["release_id"] == here} for r in every]
        _tell(told, format, [f"{'→' if t['is_current'] else ' '} {t['release_id']}  {t['released_at']}  {t['tables']} tables" for t in told])
        return
    if action == "back":
        told = releases.back(settings)
        _tell({"release_id": told["release_id"]}, format, [f"now serving {told['release_id']}"])
        return
    if action is not None:
        raise typer.BadParameter("ACTION is list or back")
    record = settings.home / "dbt" / "built.json"
    if not record.is_file():
        raise releases.NoRelease("no build has been finished: run `guihu build` first")
    made, is_new = releases.publish(settings, read_json(record))
    _tell({"release_id": made["release_id"], "is_new": is_new}, format, [f"{'released' if is_new else 'unchanged: still'} {made['release_id']}, {len(made['tables'])} tables"])
    raise typer.Exit(0 if is_new else skip_exit_code)


@app.command(epilog="Example: guihu sql \"select * from mart.mart_operations__feed\" --as data_engineer --format csv")
def sql(
    query: Annotated[str, typer.Argument(help="one SELECT over schema mart")],
    role: Annotated[str, typer.Option("--as", help="role of the policy")] = "data_engineer",
    release_id: Annotated[str | None, typer.Option("--release", help="an earlier release")] = None,
    format: AsFormat = Format.table,
) -> None:
    """Ask the release. It reads the role's serving file, never Spark."""
    from spark_jobs.publish import query as queries
    from spark_jobs.publish.release import serving_file

    columns, rows = queries.ask(serving_file(from_environment(), role, release_id), query)
    print(queries.rendered(columns, rows, format.value))


@app.command(epilog="Examples: guihu feeds · guihu feeds --late")
def feeds(
    late: Annotated[bool, typer.Option("--late", help="only those that have broken their promise; exit code 1 where there are some")] = False,
    format: AsFormat = Format.table,
) -> None:
    """One line a feed: owner, timetable, last delivery, age against promise, rows in quarantine."""
    from spark_jobs.ingest import overview
    from spark_jobs.publish.query import rendered

    columns, rows = overview.feeds(from_environment(), load_all())
    if late:
        rows = [row for row in rows if row[columns.index("fresh")] == "LATE"]
    print(rendered(columns, rows, format.value))
    raise typer.Exit(REFUSED if late and rows else 0)


@app.command(epilog="Example: guihu quarantine credit.penalty --limit 20")
def quarantine(
    feed: Annotated[str, typer.Argument(help="feed id")],
    limit: Annotated[int, typer.Option(help="rows to show")] = 50,
    format: AsFormat = Format.table,
) -> None:
    """The rows that were refused, with reasons and original text (personal identifiers masked)."""
    from spark_jobs.publish import trace as traces
    from spark_jobs.publish.query import rendered

    columns, rows = traces.quarantined(from_environment(), load_feed(feed), limit)
    print(rendered(columns, rows, format.value))


@app.command(epilog="Examples: guihu parked · guihu parked credit.penalty")
def parked(
    feed: Annotated[str | None, typer.Argument(help="feed id; all feeds without it")] = None,
    limit: Annotated[int, typer.Option(help="rows to show")] = 50,
    format: AsFormat = Format.table,
) -> None:
    """Rows that name what no other feed knows yet (an enterprise that is not registered). They come into silver by themselves when it does."""
    from spark_jobs.ingest import parking
    from spark_jobs.publish.query import rendered

    feeds = [load_feed(feed)] if feed else list(load_all().values())
    columns, rows = parking.rows(from_environment(), feeds, limit)
    print(rendered(columns, rows, format.value))


@app.command(epilog="Example: guihu trace mart_economy__gdp division_code=450000 period=2018 industry_code=GDP")
def trace(
    table: Annotated[str, typer.Argument(help="a mart")],
    key: Annotated[list[str], typer.Argument(help="KEY=VALUE …")],
    format: AsFormat = Format.table,
) -> None:
    """From a mart's row back to the deliveries and file rows it was made of."""
    from spark_jobs.publish import trace as traces
    from spark_jobs.publish.query import rendered

    if not all("=" in pair for pair in key):
        raise typer.BadParameter("keys are written NAME=VALUE")
    columns, rows = traces.origins(from_environment(), table, dict(pair.split("=", 1) for pair in key))
    print(rendered(columns, rows, format.value))


@feed_app.command("new", epilog="Example: guihu feed new economy.power_use --from sample.csv")
def feed_new(
    feed: Annotated[str, typer.Argument(help="DOMAIN.FEED")],
    sample: Annotated[Path, typer.Option("--from", help="a CSV file as the department sends it")],
) -> None:
    """Draft a contract and a case folder from a sample file."""
    from spark_jobs.ingest import draft

    for path in draft.draft(feed, sample):
        print(f"written: {path}")
    print("next: fill in every place that says TODO in the contract, then `guihu feed sources`, `guihu receive` and `guihu ingest`")


@feed_app.command("sources", epilog="Example: guihu feed sources")
def feed_sources() -> None:
    """Write dbt's sources from the contracts, after a contract was added or changed."""
    from expectations import dbt_sources

    print(f"written: {dbt_sources.write()}")


@app.command(epilog="Examples: guihu verify · guihu verify --anchor 9f2c…")
def verify(
    anchor: Annotated[str | None, typer.Option(help="a hash that an earlier run printed: it must still stand in the ledger")] = None,
    format: AsFormat = Format.table,
) -> None:
    """Read every landed, committed and released file again and name each that is not what was written."""
    from spark_jobs.upkeep.verify import verify as run

    report = run(from_environment(), anchor)
    lines = [f"FAULT {fault}" for fault in report.faults]
    lines += [f"{report.files:,} files, {report.size_bytes / 1e6:,.1f} MB read, {len(report.faults)} faults", f"anchor {report.anchor}: keep it outside this machine"]
    _tell({"files": report.files, "size_bytes": report.size_bytes, "faults": report.faults, "anchor": report.anchor}, format, lines)
    raise typer.Exit(REFUSED if report.faults else 0)


@app.command(epilog="Example: guihu erase - --because \"request of 3 May, no. 12\"   (then type the number, so that it stands in no history)")
def erase(
    subject: Annotated[str, typer.Argument(help="citizen number, or - to be asked for it")],
    because: Annotated[str, typer.Option(help="why; kept with the name and the day, without the number")],
) -> None:
    """Destroy the key of a person's number: no landed file, no text row and no backup gives it back any more."""
    from spark_jobs.upkeep.erase import erase as run

    number = typer.prompt("citizen number", hide_input=True) if subject == "-" else subject
    erased = run(from_environment(), number.strip(), getpass.getuser(), because)
    print(f"erased: {erased} key{'s' if erased != 1 else ''}" if erased else "the vault does not know this number: nothing to erase")
    raise typer.Exit(0 if erased else REFUSED)


@hold_app.command("list", epilog="Example: guihu hold list")
def hold_list(format: AsFormat = Format.table) -> None:
    """Deliveries that are held, and what is unusual about each."""
    from spark_jobs.ingest import landing

    feeds = load_all()
    told = [{"delivery_id": d.delivery_id, "feed": d.feed, "file": d.file, "received_at": d.received_at, "steward": feeds[d.feed].steward, "findings": o["findings"]} for d, o in landing.held(from_environment())]
    lines = [f"{t['delivery_id']} {t['feed']} {t['file']} (steward: {t['steward']})\n" + "\n".join(f"  {_finding(f)}" for f in t["findings"]) for t in told]
    _tell(told, format, lines or ["nothing is held"])


@hold_app.command("accept", epilog="Example: guihu hold accept 3437d77320686235 --because \"the yearbook changed its unit, call of 3 May\"")
def hold_accept(delivery: Annotated[str, typer.Argument(help="delivery")], because: Annotated[str, typer.Option(help="why; kept with the delivery")]) -> None:
    """Let a held delivery pass; `guihu ingest FEED` then loads it."""
    from spark_jobs.ingest import landing

    taken = landing.accept(from_environment(), delivery, getpass.getuser(), because)
    print(f"{taken.feed} {taken.file}: accepted by {getpass.getuser()}: {because}. Next: guihu ingest {taken.feed}")


@hold_app.command("reject", epilog="Example: guihu hold reject 3437d77320686235 --because \"sent in 元 instead of 万元, a new file will come\"")
def hold_reject(delivery: Annotated[str, typer.Argument(help="delivery")], because: Annotated[str, typer.Option(help="why; kept with the delivery")]) -> None:
    """Refuse a held delivery whole."""
    from spark_jobs.ingest import landing

    taken = landing.reject(from_environment(), delivery, getpass.getuser(), because)
    print(f"{taken.feed} {taken.file}: rejected by {getpass.getuser()}: {because}")


def _finding(finding: dict) -> str:
    from spark_jobs.ingest.findings import Finding

    return str(Finding(**finding))


def _rehearse(settings, contract, file: Path, manifest: Path | None, format: Format) -> None:
    from spark_jobs.ingest import flow

    rows = flow.rehearse(settings, contract, file, manifest)
    bad = [row for row in rows if row["verdict"] == "quarantined"]
    lines = [f"row {row['row']}: {' '.join(row['reasons'])}: {row['original']}" for row in bad]
    verdicts = {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in ("loaded", "quarantined", "repeated")}
    total = f"{len(rows):,} rows would be {verdicts['loaded']:,} loaded + {verdicts['quarantined']:,} quarantined + {verdicts['repeated']:,} repeated (owner: {contract.owner})"
    _tell({"rows_in": len(rows), **verdicts, "quarantine": bad}, format, [*lines, total])


def _receipt(taken: dict) -> str:
    if "refused" in taken:
        return f"REFUSED {taken['file']}: {taken['refused']}: {taken['detail']} (owner: {taken['owner']})"
    return f"{taken['file']}: delivery {taken['delivery_id']}" + ("" if taken["is_new"] else ", received before: nothing to do")


def _outcome_lines(told: dict) -> list[str]:
    head = f"{told['feed']} {told['file']} ({told['delivery_id']})"
    if told["status"] == "refused":
        return [f"{head}: REFUSED WHOLE {told['refusal']['code']}: {told['refusal']['detail']} (owner: {told['owner']})"]
    if told["status"] == "held":
        return [f"{head}: HELD for the steward, `guihu hold list`"] + [f"  {_finding(finding)} (owner: {told['owner']})" for finding in told["findings"]]
    if not told["is_new"]:
        head += ", ingested before"
    lines = [f"{head}: {told['rows_in']:,} rows in = {told['rows_loaded']:,} loaded + {told['rows_quarantined']:,} quarantined + {told['rows_repeated']:,} repeated"]
    lines += [f"  {code}: {count:,} (owner: {told['owner']})" for code, count in sorted(told["reasons"].items())]
    lines += [f"  warning {code}: {count:,}" for code, count in sorted(told["warnings"].items())]
    lines += [f"  note {note}" for note in told.get("notes", [])]
    return lines + ["  seconds: " + ", ".join(f"{step} {seconds}" for step, seconds in told["seconds"].items())]


def _tell(document, format: Format, lines: list[str]) -> None:
    print("\n".join(lines), file=sys.stderr if format == Format.json else sys.stdout)
    if format == Format.json:
        print(json.dumps(document, ensure_ascii=False, default=str))


def main() -> None:
    """Run a command; every expected failure becomes one clear line and its exit code."""
    from spark_jobs.publish.build import BuildFailed
    from spark_jobs.publish.policy import UnknownRole
    from spark_jobs.publish.query import QueryRefused
    from spark_jobs.publish.release import NoRelease

    try:
        app()
    except ServiceDown as fault:
        _fail(fault, DOWN)
    except Refused as fault:
        _fail(fault, DOWN if fault.code == "REFERENCE_MISSING" else REFUSED)
    except (BuildFailed, NoRelease) as fault:
        _fail(fault, REFUSED)
    except (ContractError, UnknownRole, QueryRefused) as fault:
        _fail(fault, USAGE)
    except Exception as fault:  # of any library that writes; what is not the disk's refusal goes on as it came
        said = explained(fault, from_environment().home)
        if said is None:
            raise
        _fail(said, DOWN)


def _fail(fault: Exception | str, code: int) -> None:
    print(f"guihu: {fault}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
