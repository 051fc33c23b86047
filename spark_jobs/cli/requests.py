"""Verbs of requests: ask for a table that the policy does not open, decide for the department that owns it, see how long it took."""

from typing import Annotated

import typer

from spark_jobs.cli.app import AsFormat, Format, tell
from spark_jobs.settings import from_environment

request_app = typer.Typer(no_args_is_help=True, help="Ask for data that the policy does not open by itself; the department that owns it decides.")
Because = Annotated[str, typer.Option(help="why; kept with the request")]
By = Annotated[str | None, typer.Option(help="the person who decided; without it whoever runs this. Airflow passes the one who answered")]


@request_app.command(epilog="Example: guihu request ask mart_legal_person__stock --for \"dissertation on births of firms\" --days 30")
def ask(
    table: Annotated[str, typer.Argument(help="served table")],
    purpose: Annotated[str, typer.Option("--for", help="what it is for")],
    role: Annotated[str, typer.Option("--as", help="role of the policy")] = "researcher",
    days: Annotated[int, typer.Option(help="how long it is needed, counted from the decision")] = 30,
) -> None:
    """Ask. The answer names the department that decides, and the number of the request."""
    from spark_jobs.publish import requests

    made = requests.ask(from_environment(), table, role, purpose, days)
    print(f"request {made.request_id}: {made.owner} decides (guihu request grant {made.request_id} --as DEPARTMENT --because …)")


@request_app.command(epilog="Example: guihu request grant 3f2a9c04d1e7 --as department_market --because \"aggregates, rounded\"")
def grant(request_id: str, role: Annotated[str, typer.Option("--as", help="role of the department that owns the table")], because: Because, by: By = None) -> None:
    """Grant a request. What leaves still passes disclosure control."""
    _decide(request_id, role, True, because, by)


@request_app.command(epilog="Example: guihu request refuse 3f2a9c04d1e7 --as department_market --because \"the purpose is not named\"")
def refuse(request_id: str, role: Annotated[str, typer.Option("--as", help="role of the department that owns the table")], because: Because, by: By = None) -> None:
    """Refuse a request."""
    _decide(request_id, role, False, because, by)


def _decide(request_id: str, role: str, is_granted: bool, because: str, by: str | None) -> None:
    from spark_jobs.publish import requests

    done = requests.decide(from_environment(), request_id, role, is_granted, because, by)
    until = f" until {done.expires_at:%Y-%m-%d}: guihu export {done.table} --as {done.role} --request {done.request_id}" if is_granted else ""
    print(f"request {request_id} is {done.state}{until}")


@request_app.command("list", epilog="Examples: guihu request list · guihu request list --state asked --format csv")
def list_requests(state: Annotated[str | None, typer.Option(help="only those that are asked, granted, refused or expired")] = None, format: AsFormat = Format.table) -> None:
    """Every request: who asked whom for what, its state, and the hours until it was decided."""
    from spark_jobs.publish import requests
    from spark_jobs.publish.query import rendered

    columns = ["request", "table", "consumer", "provider", "decider", "purpose", "days", "asked", "state", "expires", "hours_to_decision"]
    wanted = [r for r in requests.every(from_environment()) if state in (None, r.state)]
    rows = [(r.request_id, r.table, r.role, r.owner, requests.decider_of(r.owner), r.purpose, r.days, f"{r.asked_at:%Y-%m-%d %H:%M}", r.state, f"{r.expires_at:%Y-%m-%d}" if r.expires_at else "", None if r.hours_to_decision is None else round(r.hours_to_decision, 2)) for r in wanted]  # fmt: skip
    if format == Format.json:
        tell([dict(zip(columns, row)) for row in rows], format, [])
    else:
        print(rendered(columns, rows, format.value))
