"""Verbs about the policy: what a role sees of a table and by which line, and all of it as one table."""

from typing import Annotated

import typer

from spark_jobs.cli.app import AsFormat, Format, policy_app
from spark_jobs.settings import from_environment


@policy_app.command(epilog="Example: guihu policy explain city_450300 mart_credit__penalty")
def explain(role: Annotated[str, typer.Argument(help="role of the policy")], table: Annotated[str, typer.Argument(help="served table")]) -> None:
    """What the role sees of the table: rows, columns, doors, and the lines of infra/policy.yaml that decide it."""
    from spark_jobs.publish import policy

    print("\n".join(policy.explain(role, table)))


@policy_app.command(epilog="Examples: guihu policy matrix · guihu policy matrix --format csv > who_sees_what.csv")
def matrix(format: AsFormat = Format.table) -> None:
    """Every role and every table of the release: nothing, all, or which rows and without which columns."""
    from spark_jobs.publish import policy
    from spark_jobs.publish.query import rendered
    from spark_jobs.publish.release import require_current

    columns = ["role", "table", "sees", "rows", "empty_columns", "doors"]
    rows = [_cell(role, table) for role in policy.roles().values() for table in require_current(from_environment())["tables"]]
    print(rendered(columns, rows, format.value))


def _cell(role, table: str) -> tuple:
    if not role.sees(table):
        return role.name, table, "no", "", "", ""
    rows = " and ".join(f"{column} = {value}" for column, value in role.rows(table).items())
    return role.name, table, "yes", rows or "all", ", ".join(sorted(role.masked(table))), ", ".join(sorted(role.doors))
