"""From a mart's row back to where it came from, and the rows that were refused: read from the judged tables with DuckDB."""

from expectations.contract import Feed, load_all
from spark_jobs.files import read_json
from spark_jobs.lake import delta_version
from spark_jobs.publish.duck import delta_reader
from spark_jobs.publish.release import NoRelease
from spark_jobs.settings import Settings

MOST_ROWS = 200


def origins(settings: Settings, table: str, key: dict[str, str]) -> tuple[list[str], list[tuple]]:
    """Feed, delivery, file and file row of every judged row whose columns have the key's values, over the sources of the mart."""
    feeds = {feed.table: feed for feed in load_all().values()}
    columns = ["feed", "delivery_id", "file", "row", "verdict", "known_at", "reasons"]
    found = []
    for name in sorted(_sources(settings, table) & set(feeds)):
        found += _matching(settings, feeds[name], key)
    return columns, found[:MOST_ROWS]


def quarantined(settings: Settings, feed: Feed, limit: int) -> tuple[list[str], list[tuple]]:
    """Delivery, file row, reasons and original text of quarantined rows, newest delivery first."""
    columns = ["delivery_id", "row", "reasons", "original"]
    path = settings.lake / "judged" / feed.table
    if delta_version(path) is None:
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


def _matching(settings: Settings, feed: Feed, key: dict[str, str]) -> list[tuple]:
    path = settings.lake / "judged" / feed.table
    names = {f.silver_name for f in feed.silver_fields} & set(key)
    if not names or delta_version(path) is None:
        return []
    condition = " and ".join(f"cast({name} as varchar) = ?" for name in sorted(names))
    rows = delta_reader().execute(
        f"select _delivery_id, _row, _verdict, cast(_known_at as varchar), array_to_string(_reasons, ' ') from delta_scan('{path}') where {condition} order by _known_at, _row limit {MOST_ROWS}",
        [key[name] for name in sorted(names)],
    )
    folder = settings.landing / "deliveries" / feed.id
    return [(feed.id, d, read_json(folder / d / "received.json")["file"], row, verdict, known, reasons) for d, row, verdict, known, reasons in rows.fetchall()]
