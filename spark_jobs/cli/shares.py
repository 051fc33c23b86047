"""Verbs of the partners' door: share serve, list, and who receives."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from spark_jobs.cli.app import AsFormat, Format, tell
from spark_jobs.settings import from_environment

share_app = typer.Typer(no_args_is_help=True, help="Delta Sharing: what partners read over the open protocol.")
recipient_app = typer.Typer(no_args_is_help=True, help="Who may read shares.")
share_app.add_typer(recipient_app, name="recipient")


@share_app.command(epilog="Example: guihu share serve --port 18086")
def serve(port: Annotated[int | None, typer.Option(help="port on loopback; without it that of the deployment")] = None) -> None:
    """Answer the Delta Sharing protocol on loopback until SIGTERM."""
    from spark_jobs.publish.sharing import server

    settings = from_environment()
    print(f"Delta Sharing on http://127.0.0.1:{port or settings.sharing_port}{server.PREFIX}", flush=True)
    server.serve(settings, port or settings.sharing_port)


@share_app.command("list", epilog="Example: guihu share list")
def list_shares(format: AsFormat = Format.table) -> None:
    """Each share that somebody receives, its tables in the current release, by whom it is read, how much in all and what last."""
    from spark_jobs.publish import audit
    from spark_jobs.publish.sharing import recipients, tables

    settings = from_environment()
    known = [recipient for recipient in recipients.every(settings).values() if recipient.is_valid]
    read, told, lines = audit.shares_read(settings), [], []
    for role in sorted({r.role for r in known}):
        names = [r.name for r in known if r.role == role]
        told.append({"share": role, "tables": tables.table_names(settings, role), "recipients": names, "read": {name: read.get(name) for name in names}})
        lines += [f"{role}: {len(told[-1]['tables'])} tables, read by {', '.join(names)}", *(f"  {name}: {_words(read.get(name))}" for name in names)]
    tell(told, format, lines or ["nobody receives a share: guihu share recipient add NAME --role ROLE"])


def _words(read: dict | None) -> str:
    if read is None:
        return "has read nothing yet"
    last = read["last"]
    return f"{read['reads']:,} reads, {read['rows']:,} rows, {read['bytes'] / 1e6:,.2f} MB; last {last['dataset']} of {last['release']} at {last['at'][:16]}"


@recipient_app.command("add", epilog="Example: guihu share recipient add university --role public --days 30")
def recipient_add(
    name: Annotated[str, typer.Argument(help="name of the partner")],
    role: Annotated[str, typer.Option(help="role of the policy whose tables it reads")],
    days: Annotated[int, typer.Option(help="days until the token ends")] = 30,
    to: Annotated[Path | None, typer.Option(help="profile file; without it GUIHU_HOME/shares/profiles/NAME.share")] = None,
    port: Annotated[int | None, typer.Option(help="port of the server, where it is not that of the deployment")] = None,
) -> None:
    """Make a token and write the profile file, its only copy; hand it over by a safe way."""
    from spark_jobs.publish.sharing import recipients

    settings = from_environment()
    path = recipients.add(settings, name, role, days, port or settings.sharing_port, to)
    print(f"written: {path} (mode 0600). The lake keeps only the token's SHA-256: there is no second copy.")


@recipient_app.command("list", epilog="Example: guihu share recipient list")
def recipient_list(format: AsFormat = Format.table) -> None:
    """Every recipient with role and state of the token."""
    from spark_jobs.publish.sharing import recipients

    told = [{"name": r.name, "role": r.role, "expires_at": r.expires_at, "state": "valid" if r.is_valid else "revoked" if r.revoked_at else "ended"} for r in recipients.every(from_environment()).values()]
    tell(told, format, [f"{t['name']}: {t['role']}, {t['state']}, until {t['expires_at']}" for t in told] or [f"no recipient on {datetime.now(UTC):%Y-%m-%d}"])


@recipient_app.command("revoke", epilog="Example: guihu share recipient revoke university")
def recipient_revoke(name: Annotated[str, typer.Argument(help="name of the partner")]) -> None:
    """End a token now; addresses already given out end with it."""
    from spark_jobs.publish.sharing import recipients

    recipients.revoke(from_environment(), name)
    print(f"{name}: the token is revoked")
