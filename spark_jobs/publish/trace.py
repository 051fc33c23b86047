"""From a mart's row back to where it came from, and the rows that were refused: read from the judged tables with DuckDB."""

from datetime import date, datetime

from expectations.contract import load_all
from expectations.feed import Feed
from spark_jobs import delta
from spark_jobs.duck import delta_reader
from spark_jobs.files import read_json
from spark_jobs.publish.query import QueryRefused
from spark_jobs.publish.release import SERVED, NoRelease
from spark_jobs.settings import Settings

MOST_ROWS = 200


def origins(settings: Settings, table: str, key: dict[str, str]) -> tuple[list[str], list[tuple]]:
    """Feed, delivery, file and file row of every judged row that the mart's rows with this key can have come from.

    The key names columns of the mart. A source row belongs to a mart row where their common columns agree: columns of one name
    and type, and names of things, which the mart carries as `<column>_zh` and `<column>_en`.
    """
    rows = _mart_rows(settings, table, key)
    feeds = {feed.table: feed for feed in load_all().values()}
    columns = ["feed", "delivery_id", "file", "row", "verdict", "known_at", "reasons"]
    found: dict[tuple, None] = {}
    for name in sorted(_sources(settings, table) & set(feeds)):
        for row in rows:
            found.update(dict.fromkeys(_matching(settings, feeds[name], row)))
    return columns, list(found)[:MOST_ROWS]


def _mart_rows(settings: Settings, table: str, key: dict[str, str]) -> list[dict]:
    """The mart's rows with this key, each column with its value. Raises QueryRefused where the mart or a column does not exist."""
    path = settings.lake / "gold" / table
    if not table.startswith(SERVED) or delta.version(path) is None:
        raise QueryRefused(f"there is no mart {table!r}; `guihu sql \"select table_name from information_schema.tables\"` lists them")
    connection = delta_reader()
    columns = [name for name, *_ in connection.execute(f"describe select * from delta_scan('{path}')").fetchall()]
    unknown = set(key) - set(columns)
    if unknown:
        raise QueryRefused(f"{table} has no column {', '.join(sorted(unknown))}; it has {', '.join(columns)}")
    condition = " and ".join(f"cast({name} as varchar) = ?" for name in key)
    rows = connection.execute(f"select * from delta_scan('{path}') where {condition} limit {MOST_ROWS}", list(key.values())).fetchall()
    return [dict(zip(columns, row)) for row in rows]


def quarantined(settings: Settings, feed: Feed, limit: int) -> tuple[list[str], list[tuple]]:
    """Delivery, file row, reasons and original text of quarantined rows, newest delivery first."""
    columns = ["delivery_id", "row", "reasons", "original"]
    path = settings.lake / "judged" / feed.table
    if delta.version(path) is None:
        return columns, []
    rows = delta_reader().execute(
        f"select _delivery_id, _row, array_to_string(_reasons, ' '), _original from delta_scan('{path}') where _verdict = 'quarantined' order by _received_at desc, _row limit ?",
        [limit],
    )
    return columns, rows.fetchall()


def _sources(settings: Settings, table: str) -> set[str]:
    """Silver tables from which dbt made the mart, through any number of models."""
    path = settings.home / "dbt" / "target" / "manifest.json"
    if not path.is_file():
        raise NoRelease("no build has been finished: run `guihu build` first")
    parents = read_json(path)["parent_map"]
    waiting, seen = [f"model.guihu.{table}"], set()
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting += parents.get(node, [])
    return {node.rpartition(".")[2] for node in seen if node.startswith("source.")}


def _matching(settings: Settings, feed: Feed, row: dict) -> list[tuple]:
    """The judged rows of a feed that agree with one row of the mart; none where no column of the feed's key can be compared."""
    path = settings.lake / "judged" / feed.table
    if delta.version(path) is None:
        return []
    connection = delta_reader()
    types = {name: kind for name, kind, *_ in connection.execute(f"describe select * from delta_scan('{path}')").fetchall()}
    shared = {name: value for name in feed.key if (value := _value(name, types[name], row)) is not None}
    if not shared:
        return []
    condition = " and ".join(f"{name} = ?" for name in shared)
    rows = connection.execute(
        f"""select _delivery_id, _row, _verdict, cast(_known_at as varchar), array_to_string(_reasons, ' ')
        from delta_scan('{path}') where {condition} order by _known_at, _row limit {MOST_ROWS}""",
        list(shared.values()),
    )
    folder = settings.landing / "deliveries" / feed.id
    return [(feed.id, d, read_json(folder / d / "received.json")["file"], row, verdict, known, reasons) for d, row, verdict, known, reasons in rows.fetchall()]


def _value(name: str, kind: str, row: dict):
    """The mart's value for a column of the source, None where it has none of the same kind."""
    value = next((row[n] for n in (name, f"{name}_zh", f"{name}_en") if row.get(n) is not None), None)
    fits = {"VARCHAR": str, "BIGINT": int, "DATE": date, "TIMESTAMP WITH TIME ZONE": datetime}.get(kind)
    return value if fits and type(value) is fits else None
