"""Verbs of those who take data with them: export."""

import getpass
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from spark_jobs.cli.app import Format, app, tell
from spark_jobs.settings import from_environment

EXPORT_EXAMPLES = "Examples: guihu export mart_economy__gdp --format xlsx · guihu export mart_macro__series --format sdmx-csv --as-of 2024-07-20 --where \"division_code = '450000'\" · guihu export mart_economy__house_price --format parquet --dry-run"


@app.command(epilog=EXPORT_EXAMPLES)
def export(
    dataset: Annotated[str, typer.Argument(help="a mart or a dimension")],
    format: Annotated[str, typer.Option("--format", help="csv, parquet, xlsx, sdmx-csv, datapackage or dta")] = "csv",
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="what was known on this day")] = None,
    where: Annotated[str | None, typer.Option(help="a condition over the columns, as SQL")] = None,
    release_id: Annotated[str | None, typer.Option("--release", help="an earlier release")] = None,
    role: Annotated[str | None, typer.Option("--as", help="role of the policy; without it researcher")] = None,
    to: Annotated[Path | None, typer.Option(help="folder to write into; without it GUIHU_HOME/exports")] = None,
    recipient: Annotated[str | None, typer.Option(help="whose copy it is; without it, whoever runs this")] = None,
    ids: Annotated[str, typer.Option(help="excel: in a CSV, write text that Excel would change as =\"…\"")] = "plain",
    granted: Annotated[str | None, typer.Option("--request", help="number of a granted request, for a table that the role's file does not hold")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only tell rows, columns, bytes and identifier")] = False,
    told_as: Annotated[Format, typer.Option("--tell", help="json: the last line of the output is one JSON document")] = Format.table,
) -> None:
    """Take a dataset of a release with you: data, dictionary, citation and checksums in one folder. The same request gives the same bytes."""
    from spark_jobs.publish.export import run
    from spark_jobs.publish.policy import RESEARCHER

    if ids not in ("plain", "excel"):
        raise typer.BadParameter("--ids is plain or excel")
    request = run.Request(dataset, format, role or RESEARCHER, recipient or getpass.getuser(), release_id, as_of and as_of.date(), where, ids, granted)
    settings = from_environment()
    if dry_run:
        told = run.rehearse(settings, request)
        lines = [f"would write {told['rows']:,} rows of {len(told['columns'])} columns, about {told['bytes'] / 1e6:,.2f} MB", f"  {', '.join(told['columns'])}"]
    else:
        told = _with_progress(lambda progress: run.export(settings, request, to, progress))
        lines = [f"{told['folder']}: {told['rows']:,} rows, {told['bytes'] / 1e6:,.2f} MB"]
    tell(told, told_as, [*lines, f"  {told['identifier']}"])


def _with_progress(work):
    """Say on a terminal how far it is, and nothing where the output is read by a program."""
    from rich.console import Console

    console = Console(stderr=True)
    if not sys.stderr.isatty():
        return work(lambda text: None)
    with console.status("…") as status:
        return work(status.update)
