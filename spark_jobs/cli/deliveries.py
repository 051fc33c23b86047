"""Verbs of what comes in: receive, ingest, pull, gateway."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from expectations.contract import load_all, load_feed
from spark_jobs.cli.app import REFUSED, AsFormat, Format, SkipCode, app, tell
from spark_jobs.ingest import findings
from spark_jobs.ingest.refusal import Refused
from spark_jobs.lake import ServiceDown
from spark_jobs.settings import from_environment


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
        tell({"pending": runs, "refused": refused}, format, lines)
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
    tell(taken, format, [_receipt(t) for t in taken])
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
    tell(told, format, [line for t in told for line in _outcome_lines(t)] or [f"{feed}: no delivery waits"])
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
    tell(told, format, [*lines, *(f"  note: {note} (owner: {contract.owner})" for note in notes)])
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


def _rehearse(settings, contract, file: Path, manifest: Path | None, format: Format) -> None:
    from spark_jobs.ingest import flow

    rows = flow.rehearse(settings, contract, file, manifest)
    bad = [row for row in rows if row["verdict"] == "quarantined"]
    lines = [f"row {row['row']}: {' '.join(row['reasons'])}: {row['original']}" for row in bad]
    verdicts = {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in ("loaded", "quarantined", "repeated")}
    total = f"{len(rows):,} rows would be {verdicts['loaded']:,} loaded + {verdicts['quarantined']:,} quarantined + {verdicts['repeated']:,} repeated (owner: {contract.owner})"
    tell({"rows_in": len(rows), **verdicts, "quarantine": bad}, format, [*lines, total])


def _receipt(taken: dict) -> str:
    if "refused" in taken:
        return f"REFUSED {taken['file']}: {taken['refused']}: {taken['detail']} (owner: {taken['owner']})"
    return f"{taken['file']}: delivery {taken['delivery_id']}" + ("" if taken["is_new"] else ", received before: nothing to do")


def _outcome_lines(told: dict) -> list[str]:
    head = f"{told['feed']} {told['file']} ({told['delivery_id']})"
    if told["status"] == "refused":
        return [f"{head}: REFUSED WHOLE {told['refusal']['code']}: {told['refusal']['detail']} (owner: {told['owner']})"]
    if told["status"] == "held":
        return [f"{head}: HELD for the steward, `guihu hold list`"] + [f"  {findings.told(finding)} (owner: {told['owner']})" for finding in told["findings"]]
    if not told["is_new"]:
        head += ", ingested before"
    lines = [f"{head}: {told['rows_in']:,} rows in = {told['rows_loaded']:,} loaded + {told['rows_quarantined']:,} quarantined + {told['rows_repeated']:,} repeated"]
    lines += [f"  {code}: {count:,} (owner: {told['owner']})" for code, count in sorted(told["reasons"].items())]
    lines += [f"  warning {code}: {count:,}" for code, count in sorted(told["warnings"].items())]
    lines += [f"  note {note}" for note in told.get("notes", [])]
    return lines + ["  seconds: " + ", ".join(f"{step} {seconds}" for step, seconds in told["seconds"].items())]
