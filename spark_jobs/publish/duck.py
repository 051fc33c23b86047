"""DuckDB beside the lake: reads Delta tables at a version, builds serving files and answers from them. It never writes the lake."""

from importlib.util import find_spec
from pathlib import Path

import duckdb

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


def delta_reader(database: str = ":memory:") -> duckdb.DuckDBPyConnection:
    """A connection that can `delta_scan`, with the extension taken from its Python package: nothing is downloaded."""
    connection = duckdb.connect(database, config={"autoinstall_known_extensions": "false", "threads": "2"})
    package = Path(find_spec("duckdb_extension_delta").submodule_search_locations[0])
    connection.load_extension(str(next(package.rglob("*.duckdb_extension"))))
    connection.execute("set timezone = 'Asia/Shanghai'")
    return connection


def serving_reader(path: Path) -> duckdb.DuckDBPyConnection:
    """A read-only connection to a serving file that can reach no other file and change no setting."""
    return duckdb.connect(str(path), read_only=True, config=HARDENED)
