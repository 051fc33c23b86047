"""Verbs of those who answer for the data: what is held, waits or is in quarantine, whether a bit was flipped, whose number is erased, new feeds."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from expectations.contract import load_all, load_feed
from spark_jobs.cli.app import REFUSED, AsFormat, Format, app, feed_app, hold_app, tell
from spark_jobs.ingest import findings
from spark_jobs.settings import from_environment


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


@app.command(epilog="Examples: guihu quarantine credit.penalty --limit 20 · guihu quarantine credit.penalty --as department_market")
def quarantine(
    feed: Annotated[str, typer.Argument(help="feed id")],
    limit: Annotated[int, typer.Option(help="rows to show")] = 50,
    role: Annotated[str, typer.Option("--as", help="role of the policy: data engineers, and the department that provides the feed")] = "data_engineer",
    format: AsFormat = Format.table,
) -> None:
    """The rows that were refused, with reasons and original text (personal identifiers masked)."""
    from spark_jobs.publish import policy
    from spark_jobs.publish import trace as traces
    from spark_jobs.publish.query import rendered

    contract = load_feed(feed)
    policy.role(role).require_quarantine(feed, contract.owner)
    columns, rows = traces.quarantined(from_environment(), contract, limit)
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


@hold_app.command("list", epilog="Example: guihu hold list")
def hold_list(format: AsFormat = Format.table) -> None:
    """Deliveries that are held, and what is unusual about each."""
    from spark_jobs.ingest import landing

    feeds = load_all()
    told = [{"delivery_id": d.delivery_id, "feed": d.feed, "file": d.file, "received_at": d.received_at, "steward": feeds[d.feed].steward, "findings": o["findings"]} for d, o in landing.held(from_environment())]
    lines = [f"{t['delivery_id']} {t['feed']} {t['file']} (steward: {t['steward']})\n" + "\n".join(f"  {findings.told(f)}" for f in t["findings"]) for t in told]
    tell(told, format, lines or ["nothing is held"])


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
    tell({"files": report.files, "size_bytes": report.size_bytes, "faults": report.faults, "anchor": report.anchor}, format, lines)
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
