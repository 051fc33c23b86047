"""The marts, built once from the demonstration deliveries by the command alone, and read with DuckDB."""

import duckdb
import pytest

from spark_jobs.duck import delta_reader


@pytest.fixture(scope="session")
def marts(settings, released) -> duckdb.DuckDBPyConnection:
    """Every gold table as a view under its own name."""
    connection = delta_reader()
    for path in (settings.lake / "gold").glob("*/_delta_log"):
        connection.execute(f"create view {path.parent.name} as select * from delta_scan('{path.parent}')")
    return connection
