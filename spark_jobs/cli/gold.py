"""Verbs from silver to what is served: build, analyse, catalog, gate, release, and questions to the release."""

import getpass
import sys
from datetime import datetime
from typing import Annotated

import typer

from expectations.contract import load_all
from spark_jobs.cli.app import REFUSED, AsFormat, Format, SkipCode, app, tell
from spark_jobs.lake import register_tables, session
from spark_jobs.settings import from_environment


@app.command(epilog="Example: guihu build --select mart_economy__gdp")
def build(
    select: Annotated[str | None, typer.Option(help="models, as dbt selects them")] = None,
    force: Annotated[bool, typer.Option(help="build although nothing moved")] = False,
    unit_tests: Annotated[bool, typer.Option("--unit-tests", help="run the models' unit tests too")] = False,
    skip_exit_code: SkipCode = 0,
) -> None:
    """Make the core from silver with dbt, the analyses from the core, the marts from both. Where no silver table moved since the last build, nothing is done."""
    from spark_jobs.files import exclusive, read_json, write_json
    from spark_jobs.ingest import landing, operations
    from spark_jobs.lineage import tell as lineage
    from spark_jobs.publish import build as dbt
    from spark_jobs.publish import exchange

    settings, feeds = from_environment(), load_all()
    record = settings.home / "dbt" / "built.json"
    with exclusive(settings.run / "locks" / "build.lock"):  # two dbt processes would replace each other's tables
        state = operations.state(settings, feeds)
        if not force and not select and record.is_file() and read_json(record) == state:
            print("nothing moved since the last build")
            raise typer.Exit(skip_exit_code)
        operations.write(settings, feeds)
        exchange.write(settings)
        lineage.deliveries(settings, feeds, landing.ledger(settings))
        manifest = dbt.parse(settings)
        if select:
            dbt.build(settings, manifest, tuple(select.split()), unit_tests)
            return
        dbt.build(settings, manifest, dbt.CORE, unit_tests, "cautious")
        _analyse(settings)
        dbt.build(settings, manifest, dbt.MARTS, unit_tests, "buildable")
        write_json(record, state)


@app.command(epilog="Examples: guihu analyse · guihu analyse nowcast")
def analyse(jobs: Annotated[list[str] | None, typer.Argument(help="of seasonal, cycle, nowcast, forecast; without any, all of them")] = None) -> None:
    """Run the analyses on the core as it is: seasonal adjustment, business cycle, nowcasts, forecasts. `guihu build` does it by itself."""
    from spark_jobs.analyse.run import JOBS
    from spark_jobs.files import exclusive

    if unknown := set(jobs or ()) - set(JOBS):
        raise typer.BadParameter(f"there is no analysis {', '.join(sorted(unknown))}; there are {', '.join(JOBS)}")
    settings = from_environment()
    with exclusive(settings.run / "locks" / "build.lock"):
        _analyse(settings, tuple(jobs) if jobs else JOBS)


def _analyse(settings, jobs: tuple[str, ...] | None = None) -> None:
    from spark_jobs.analyse import run as analyses

    analyses.run(settings, jobs or analyses.JOBS)


@app.command(epilog="Example: guihu catalog")
def catalog(format: AsFormat = Format.table) -> None:
    """Rebuild the engine's catalog from the Delta tables of the lake, e.g. after the engine was killed. `guihu build` does it by itself."""
    settings = from_environment()
    with session(settings) as spark:
        known = register_tables(spark, settings)
    tell(known, format, [f"{layer}: {tables} tables" for layer, tables in known.items()])


@app.command(epilog="Examples: guihu gate silver · guihu gate silver --accept 3437d77320686235 --because \"the bureau moved house, call of 3 May\"")
def gate(
    layer: Annotated[str, typer.Argument(help="silver or gold")],
    accept: Annotated[str | None, typer.Option(help="a delivery that a steward lets pass although much of it is in quarantine")] = None,
    because: Annotated[str | None, typer.Option(help="why; kept with the delivery")] = None,
) -> None:
    """Judge the counts of new deliveries (silver) or the marts (gold) with Great Expectations. Exit code 1 stops the release."""
    from spark_jobs.ingest import landing
    from spark_jobs.lineage import tell as lineage
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
    lineage.gate(settings, layer)
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
    from spark_jobs.lineage import tell as lineage
    from spark_jobs.publish import release as releases

    settings = from_environment()
    if action == "list":
        here = releases.require_current(settings)["release_id"]
        every = releases.all_releases(settings)
        told = [{"release_id": r["release_id"], "released_at": r["released_at"], "tables": len(r["tables"]), "is_current": r["release_id"] == here} for r in every]
        tell(told, format, [f"{'→' if t['is_current'] else ' '} {t['release_id']}  {t['released_at']}  {t['tables']} tables" for t in told])
        return
    if action == "back":
        told = releases.back(settings)
        tell({"release_id": told["release_id"]}, format, [f"now serving {told['release_id']}"])
        return
    if action is not None:
        raise typer.BadParameter("ACTION is list or back")
    record = settings.home / "dbt" / "built.json"
    if not record.is_file():
        raise releases.NoRelease("no build has been finished: run `guihu build` first")
    made, is_new = releases.publish(settings, read_json(record))
    lineage.releases(settings, releases.all_releases(settings))
    tell({"release_id": made["release_id"], "is_new": is_new}, format, [f"{'released' if is_new else 'unchanged: still'} {made['release_id']}, {len(made['tables'])} tables"])
    raise typer.Exit(0 if is_new else skip_exit_code)


@app.command(epilog="Examples: guihu catalogue · guihu catalogue --open-path · guihu catalogue --release 20260701T020000-1a2b3c4d --rebuild")
def catalogue(
    release_id: Annotated[str | None, typer.Option("--release", help="an earlier release")] = None,
    open_path: Annotated[bool, typer.Option("--open-path", help="print an address that a browser opens")] = False,
    rebuild: Annotated[bool, typer.Option(help="write the pages again, from the facts kept with the release")] = False,
) -> None:
    """Say where the catalogue of a release stands: what each dataset means, its freshness, quality, lineage, who may see it. One that is missing is made."""
    from spark_jobs.publish import catalogue as pages
    from spark_jobs.publish import release as releases

    settings = from_environment()
    every = releases.all_releases(settings)
    wanted = release_id or releases.require_current(settings)["release_id"]
    places = [number for number, made in enumerate(every) if made["release_id"] == wanted]
    if not places:
        raise releases.NoRelease(f"there is no release {wanted}; `guihu release list` shows them")
    path = pages.first_page(settings, wanted)
    if rebuild or not pages.is_whole(settings, wanted):
        path = pages.write(settings, every[places[0]], every[places[0] - 1] if places[0] else None)
    print(path.resolve().as_uri() if open_path else path)


@app.command(epilog="Examples: guihu sql \"select * from mart.mart_operations__feed\" --as data_engineer --format csv · guihu sql --as-of 2024-07-20 \"select * from mart.mart_macro__monitor\"")
def sql(
    query: Annotated[str, typer.Argument(help="one SELECT over schema mart")],
    role: Annotated[str, typer.Option("--as", help="role of the policy")] = "data_engineer",
    release_id: Annotated[str | None, typer.Option("--release", help="an earlier release")] = None,
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="what was known on this day")] = None,
    format: AsFormat = Format.table,
) -> None:
    """Ask the release. It reads the role's serving file, never Spark."""
    from spark_jobs.publish import policy
    from spark_jobs.publish import query as queries
    from spark_jobs.publish.release import serving_file

    policy.require(role, "command")
    columns, rows = queries.ask(serving_file(from_environment(), role, release_id), query, as_of and as_of.date())
    print(queries.rendered(columns, rows, format.value))


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
