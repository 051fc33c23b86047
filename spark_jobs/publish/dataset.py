"""One dataset as a role may have it: rows of its serving file, what they mean, and the identifier that names exactly these rows for ever."""

import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from spark_jobs.duck import HARDENED
from spark_jobs.files import read_json
from spark_jobs.publish import labels, policy
from spark_jobs.publish.condition import checked
from spark_jobs.publish.query import QueryRefused, as_it_was
from spark_jobs.publish.release import DESCRIPTIONS, require_current, serving_file
from spark_jobs.settings import TIME_ZONE, Settings

MEMORY = "2GB"  # with the 512 MB of the other doors Parquet takes twice the time


@dataclass(frozen=True)
class Column:
    """One column with its DuckDB type, its labels and its unit ('' where it has none)."""

    name: str
    type: str
    label_zh: str
    label_en: str
    description: str
    unit: str
    is_key: bool


@dataclass(frozen=True)
class Dataset:
    """What was asked for: the rows are those of `select`, in the order of the serving file, which is never rewritten."""

    name: str
    role: str
    release: dict
    as_of: date | None
    where: str | None  # as DuckDB writes it
    title_zh: str
    title_en: str
    description: str
    columns: list[Column]
    key: list[str]  # columns that together tell one row from another; empty where the model names none
    source: str
    caveats: list[str]
    licence: str

    @property
    def relation(self) -> str:
        return f"served.mart.{self.name}"

    @property
    def select(self) -> str:
        return self.select_from(self.relation)

    def select_from(self, relation: str) -> str:
        """The rows that were asked for, out of the whole table as it stands in `relation`."""
        known = relation if self.as_of is None else f"({as_it_was(relation, {column.name for column in self.columns}, self.as_of)})"
        return f"select * from {known}" + (f" where {self.where}" if self.where else "")

    @property
    def identifier(self) -> str:
        """guihu:RELEASE/DATASET@HASH; the hash is of the release's content and the whole question, not of a format."""
        question = [self.release["digest"], self.name, self.role, str(self.as_of or ""), self.where or ""]
        digest = hashlib.sha256(json.dumps(question, ensure_ascii=False).encode()).hexdigest()
        return f"guihu:{self.release['release_id']}/{self.name}@{digest[:16]}"


@contextlib.contextmanager
def opened(settings: Settings, door: str, name: str, role: str, release_id: str | None = None, as_of: date | None = None, where: str | None = None, into: Path | None = None, read_as: str | None = None) -> Iterator[tuple[Dataset, duckdb.DuckDBPyConnection]]:
    """The dataset and a connection that answers its `select`, reaches no file but the folder `into`, and changes no setting.

    `read_as` another role whose file is read, where a request was granted.
    Raises UnknownRole, DoorClosed, NoRelease, and QueryRefused where dataset, day or condition do not fit, naming what exists.
    """
    policy.require(role, door)
    path = serving_file(settings, read_as or role, release_id)
    told = path.parent.parent / "release.json"
    release = read_json(told) if told.is_file() else require_current(settings)
    with opened_file(path, release, name, role, as_of, where, into) as found:
        yield found


@contextlib.contextmanager
def opened_file(path: Path, release: dict, name: str, role: str, as_of: date | None = None, where: str | None = None, into: Path | None = None) -> Iterator[tuple[Dataset, duckdb.DuckDBPyConnection]]:
    """The same of a serving file at hand; that of a release in the making has no name yet."""
    with contextlib.closing(_connection(path, into)) as connection:
        yield _described(connection, release, name, role, path.parent.parent, as_of, where), connection


def names(settings: Settings, role: str, release_id: str | None = None) -> list[str]:
    """The datasets that the role sees in the release."""
    with contextlib.closing(_connection(serving_file(settings, role, release_id), None)) as connection:
        return _names(connection)


def _connection(path: Path, into: Path | None) -> duckdb.DuckDBPyConnection:
    opening = {name: value for name, value in HARDENED.items() if name not in ("enable_external_access", "lock_configuration")}
    connection = duckdb.connect(config=opening | {"memory_limit": MEMORY})
    connection.execute(f"attach {_quoted(path)} as served (read_only); use served; set timezone = '{TIME_ZONE}'; set enable_progress_bar = false")
    if into is not None:
        connection.execute(f"set allowed_directories = [{_quoted(into)}]")
    connection.execute("set enable_external_access = false; set lock_configuration = true")
    return connection


def _described(connection: duckdb.DuckDBPyConnection, release: dict, name: str, role: str, folder: Path, as_of: date | None, where: str | None) -> Dataset:
    if name not in _names(connection):
        raise QueryRefused(f"there is no dataset {name!r} for the role {role}; there are {', '.join(_names(connection))}")
    told = _descriptions(folder, name)
    columns = [_column(*row, told) for row in connection.execute(
        "select column_name, data_type, coalesce(comment, '') from duckdb_columns() where database_name = 'served' and schema_name = 'mart' and table_name = ? order by column_index", [name]
    ).fetchall()]  # fmt: skip
    present = [column.name for column in columns]
    title = connection.execute("select coalesce(comment, '') from duckdb_tables() where database_name = 'served' and schema_name = 'mart' and table_name = ?", [name]).fetchone()[0]
    condition = checked(where, present) if where else None
    dataset = Dataset(
        name=name, role=role, release=release, as_of=as_of, where=condition, columns=columns,
        title_zh=_short(title)[0] or name, title_en=_short(title)[1] or name, description=title, key=told["key"] if set(told["key"]) <= set(present) else [], source=told["source"], caveats=told["caveats"], licence=told["licence"],
    )  # fmt: skip
    if as_of is not None and as_it_was(name, set(present), as_of) is None:
        raise QueryRefused(f"{name} keeps no vintages and no validity: leave --as-of out, or ask an earlier release")
    try:
        connection.execute(f"describe {dataset.select}")
    except duckdb.Error as fault:
        raise QueryRefused(f"{str(fault).splitlines()[0]}; the columns of {name} are {', '.join(present)}") from fault
    return dataset


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _names(connection: duckdb.DuckDBPyConnection) -> list[str]:
    return [row[0] for row in connection.execute("select table_name from duckdb_tables() where database_name = 'served' and schema_name = 'mart' and table_name <> 'release_info' order by 1").fetchall()]


def _descriptions(folder: Path, name: str) -> dict:
    """As the release kept them; releases made before they were kept are described by the models of today."""
    kept = folder / DESCRIPTIONS
    return (read_json(kept) if kept.is_file() else {}).get(name) or labels.described([name])[name]


def _column(name: str, kind: str, comment: str, told: dict) -> Column:
    zh, en = _short(comment)
    return Column(name, kind, zh or name, en or name, comment, told["units"].get(name, ""), name in told["key"])


def _short(text: str) -> tuple[str, str]:
    """Label in Chinese and in English of "标签；说明 · Label; explanation"; a text in one language is both."""
    zh, parted, en = text.partition(" · ")
    return zh.split("；")[0].strip(), (en if parted else zh).split(";")[0].strip()
