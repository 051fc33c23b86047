"""The data date in a chart's title: a title is fixed text in Superset, the date is what the reader's own release holds.

The titles hold marks; `dashboards.load` writes beside Superset's database which query over a serving file answers each mark.
"""

import re
from functools import lru_cache
from pathlib import Path

from flask import request
from superset.errors import SupersetErrorType
from superset.exceptions import SupersetSecurityException

from infra.superset.guard import guarded_connection
from infra.superset.serving import current_release, role_of, serving_path
from spark_jobs.files import read_json
from spark_jobs.settings import from_environment

MARK = re.compile(rb"\[\[data date [a-z_]+ \d+\]\]")
UNKNOWN = b"-"
ANSWERS = ("/api/v1/dashboard/", "/api/v1/chart/", "/api/v1/explore/")


def with_data_dates(response):
    """Superset's answer with each mark replaced; Flask calls it after every request."""
    if request.path.startswith(ANSWERS) and response.is_json and MARK.search(response.get_data()):
        dates = _dates_of_reader()
        response.set_data(MARK.sub(lambda mark: dates.get(mark[0].decode(), UNKNOWN), response.get_data()))
    return response


def _dates_of_reader() -> dict[str, bytes]:
    """Nothing for whoever has no serving file: the administrator of Superset is no reader of data."""
    from flask import g
    from superset import security_manager

    try:
        return dates_of(serving_path(current_release(), role_of(getattr(g.user, "username", None), security_manager)))
    except SupersetSecurityException as refused:
        if refused.error.error_type != SupersetErrorType.DATABASE_SECURITY_ACCESS_ERROR:
            raise
        return {}


@lru_cache(maxsize=32)
def dates_of(serving_file: Path) -> dict[str, bytes]:
    """Mark → date, of every section whose mart lies in the file."""
    connection = guarded_connection(serving_file)
    try:
        tables = {name for (name,) in _ask(connection, "select table_name from duckdb_tables() union select view_name from duckdb_views()")}
        queries = read_json(from_environment().home / "superset" / "data_dates.json")
        return {mark: _date(connection, query) for mark, query in queries.items() if re.search(r"from mart\.(\w+)", query)[1] in tables}
    finally:
        connection.close()


def _date(connection, query: str) -> bytes:
    """The date alone: what the section's head says beside it (when published, which time zone) is left to the head."""
    ((answer,),) = _ask(connection, query)
    return re.match(r"[0-9Q:\- ]*", answer or "")[0].strip().encode() or UNKNOWN


def _ask(connection, query: str) -> list[tuple]:
    cursor = connection.cursor()
    cursor.execute(query)
    return cursor.fetchall()
