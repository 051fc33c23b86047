"""DuckDB connections: for the rows of a delivery, for Delta tables, for serving files. None can load an extension from outside."""

from importlib.util import find_spec
from pathlib import Path

import duckdb

from spark_jobs.settings import TIME_ZONE

HARDENED = {
    "enable_external_access": "false",
    "lock_configuration": "true",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "memory_limit": "512MB",
    "threads": "2",
}


def row_kernel(threads: int) -> duckdb.DuckDBPyConnection:
    """A connection for the rows of one delivery: in the time zone of the house, without a progress bar."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "threads": str(threads)})
    connection.execute(f"set timezone = '{TIME_ZONE}'; set enable_progress_bar = false; set preserve_insertion_order = true")
    return connection


def delta_reader(database: str = ":memory:") -> duckdb.DuckDBPyConnection:
    """A connection that can `delta_scan`, with the extension taken from its Python package: nothing is downloaded."""
    connection = duckdb.connect(database, config={"autoinstall_known_extensions": "false", "threads": "2"})
    package = Path(find_spec("duckdb_extension_delta").submodule_search_locations[0])
    connection.load_extension(str(next(package.rglob("*.duckdb_extension"))))
    connection.execute(f"set timezone = '{TIME_ZONE}'")
    return connection


def serving_reader(path: Path) -> duckdb.DuckDBPyConnection:
    """A read-only connection to a serving file that can reach no other file and change no setting."""
    return duckdb.connect(str(path), read_only=True, config=HARDENED)
