"""silver: what the judged rows of a feed say, by the feed's kind. A view: history is computed, so no order of arrival can spoil it.

event      the rows that were loaded
register   the history of each thing by validity; of two states for one day the one known last holds
series     a vintage where a value changed; `confirmed_at` lists every publication that carried it
reference  an effective-dated list made of its editions

A row that names what no other feed knows yet (`relationships` of its contract) is parked: it is left out until one does.

The queries keep to the SQL that Spark (dbt) and DuckDB (gates) share.
"""

from collections.abc import Callable

from expectations.feed import Feed, Field
from expectations.rules import spark_type, text_literal

LINEAGE = {"_delivery_id": "string", "_row": "bigint", "_known_at": "timestamp", "_content_hash": "bigint"}
KIND_COLUMNS = {  # with their types
    "event": {},
    "register": {"valid_from": "date", "valid_to": "date"},
    "series": {"known_at": "timestamp", "superseded_at": "timestamp", "confirmed_at": "array<timestamp>"},
    "reference": {"valid_from": "date", "valid_to": "date"},
}
GOOD = "_verdict <> 'quarantined'"


def columns(feed: Feed) -> list[str]:
    """Columns of the feed's silver view."""
    return [field.silver_name for field in feed.silver_fields] + [*KIND_COLUMNS[feed.kind], *LINEAGE]


def query(feed: Feed, relation: Callable[[str], str | None]) -> str:
    """The SELECT that the view stands for. `relation` gives what to read the judged rows of a table from, None where there is no such table."""
    kinds = {"event": _event, "register": _register, "series": _series, "reference": _reference}
    return f"select {', '.join(columns(feed))} from ({kinds[feed.kind](feed, _known(feed, relation))}) as history"


def empty_query(feed: Feed) -> str:
    """The same columns without a row, in Spark's words: for a feed that nobody has delivered yet."""
    types = {f.silver_name: spark_type(f) for f in feed.silver_fields} | KIND_COLUMNS[feed.kind] | LINEAGE
    return "select " + ", ".join(f"cast(null as {kind}) as {name}" for name, kind in types.items()) + " where false"


def identity(feed: Feed) -> tuple[str, ...]:
    """What no two rows of the view share."""
    since = {"register": ["valid_from"], "reference": ["valid_from"], "series": ["known_at"], "event": []}[feed.kind]
    return (*feed.key, *since)


def parked(feed: Feed, relation: Callable[[str], str | None]) -> str:
    """The SELECT of the good rows that wait, each with `_field` and `_value`, what it names and nobody knows."""
    waiting = [
        f"select *, {text_literal(f.silver_name)} as _field, {f.silver_name} as _value from {relation(feed.table)} where {GOOD} and not {_is_known(f, relation)}"
        for f in feed.references
    ]
    return " union all ".join(waiting)


def _known(feed: Feed, relation: Callable[[str], str | None]) -> str:
    """The judged rows but those that are parked."""
    judged = relation(feed.table)
    if not feed.references:
        return judged
    return f"(select * from {judged} as every where {' and '.join(_is_known(f, relation) for f in feed.references)})"


def _is_known(field: Field, relation: Callable[[str], str | None]) -> str:
    known = [f"select {column} from {relation(table)} as target where {GOOD}" for table, column in field.references if relation(table)]
    if not known:
        return f"({field.silver_name} is null)"
    return f"({field.silver_name} is null or {field.silver_name} in ({' union all '.join(known)}))"


def _event(feed: Feed, judged: str) -> str:
    return f"select * from {judged} where _verdict = 'loaded'"


def _register(feed: Feed, judged: str) -> str:
    keys, effective = ", ".join(feed.key), feed.effective_from
    return f"""
select *, {effective} as valid_from, lead({effective}) over (partition by {keys} order by {effective}) as valid_to
from {_last_known(judged, f"{keys}, {effective}")}"""


def _series(feed: Feed, judged: str) -> str:
    """A run of publications with one content is one vintage, known since the first of them."""
    keys = ", ".join(feed.key)
    return f"""
select *, lead(known_at) over (partition by {keys} order by known_at) as superseded_at from (
  select {keys}, {_first_values(feed)}, min(_known_at) as known_at, array_sort(array_agg(distinct _known_at)) as confirmed_at,
    min_by(_delivery_id, _known_at) as _delivery_id, min_by(_row, _known_at) as _row, min(_known_at) as _known_at, first(_content_hash) as _content_hash
  from (
    select *, sum(is_new) over (partition by {keys} order by _known_at) as vintage from (
      select *, case when lag(_content_hash) over (partition by {keys} order by _known_at) = _content_hash then 0 else 1 end as is_new
      from {_last_known(judged, f"{keys}, _known_at")}) as compared) as numbered
  group by {keys}, vintage) as vintages"""


def _reference(feed: Feed, judged: str) -> str:
    """Every entry with the days from and to which it stood in the list unchanged; open where the last edition has it."""
    keys = ", ".join(feed.key)
    return f"""
with editions as (select _known_at as edition_at, row_number() over (order by _known_at) as edition from (select distinct _known_at from {judged}) as known),
entries as (
  select j.*, e.edition, e.edition - row_number() over (partition by {keys}, _content_hash order by e.edition) as run
  from {_last_known(judged, f"{keys}, _known_at")} as j join editions as e on e.edition_at = j._known_at),
runs as (
  select {keys}, {_first_values(feed)}, min(edition) as first_edition, max(edition) as last_edition, min_by(_delivery_id, edition) as _delivery_id,
    min_by(_row, edition) as _row, min(_known_at) as _known_at, first(_content_hash) as _content_hash
  from entries group by {keys}, _content_hash, run)
select r.*, cast(b.edition_at as date) as valid_from, cast(n.edition_at as date) as valid_to
from runs as r join editions as b on b.edition = r.first_edition left join editions as n on n.edition = r.last_edition + 1"""


def _last_known(judged: str, identity: str) -> str:
    """Of good rows that speak of the same thing the one known last, whatever the order of arrival; ties are broken by receipt, then by content."""
    order = "_known_at desc, _received_at desc, _content_hash, _delivery_id, _row"
    return f"(select * from (select *, row_number() over (partition by {identity} order by {order}) as nth from {judged} where {GOOD}) as ranked where nth = 1)"


def _first_values(feed: Feed) -> str:
    return ", ".join(f"first({f.silver_name}) as {f.silver_name}" for f in feed.silver_fields if f.silver_name not in feed.key)
