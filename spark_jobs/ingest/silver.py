"""silver: the good rows of a delivery written by the feed's kind. Everything follows from the judged rows, so a repeat changes nothing.

event      a view of the judged rows that were loaded: appended once, never changed
register   the history of each thing by validity, whatever the order in which its states arrived
series     a vintage where a value changed; `confirmed_at` lists every publication that carried it
reference  an effective-dated list made of its editions
"""

from expectations.contract import Feed
from expectations.rules import spark_type
from spark_jobs.faultpoint import faultpoint
from spark_jobs.ingest.landing import Delivery, moment
from spark_jobs.lake import create_event_view, ensure_table
from spark_jobs.settings import Settings

LINEAGE = [("_delivery_id", "string"), ("_row", "bigint"), ("_known_at", "timestamp"), ("_content_hash", "bigint")]
KIND_COLUMNS = {
    "event": [],
    "register": [("valid_from", "date"), ("valid_to", "date")],
    "series": [("known_at", "timestamp"), ("superseded_at", "timestamp"), ("confirmed_at", "array<timestamp>")],
    "reference": [("valid_from", "date"), ("valid_to", "date")],
}


def columns(feed: Feed) -> list[tuple[str, str]]:
    """Columns of the feed's silver table with their Spark SQL types."""
    return [(f.silver_name, spark_type(f)) for f in feed.silver_fields] + KIND_COLUMNS[feed.kind] + LINEAGE


def write(spark, settings: Settings, feed: Feed, deliveries: list[Delivery], earlier: list[Delivery]) -> None:
    """Bring the silver table up to date with the judged rows of these deliveries; `earlier` are those it was written from before."""
    if feed.kind == "event":
        create_event_view(spark, feed.table)
        return
    ensure_table(spark, settings, "silver", feed.table, columns(feed))
    names = ", ".join(name for name, _ in columns(feed))
    query = {"register": _register_query, "series": _series_query, "reference": _reference_query}[feed.kind](feed)
    faultpoint("before silver commit")
    if feed.kind == "reference" or not earlier:
        spark.sql(f"insert overwrite silver.{feed.table} select {names} from ({query.format(touched=f'judged.{feed.table}')})")
    else:
        spark.sql(_merge(feed, deliveries, query, _are_late(feed, deliveries, earlier)))
    faultpoint("after silver commit")


def _listed(deliveries: list[Delivery]) -> str:
    return ", ".join(f"'{delivery.delivery_id}'" for delivery in deliveries)


def _are_late(feed: Feed, deliveries: list[Delivery], earlier: list[Delivery]) -> bool:
    """Whether a publication that arrived before is younger than one of these."""
    return feed.kind == "series" and max(moment(d.known_at) for d in earlier) > min(moment(d.known_at) for d in deliveries)


def _merge(feed: Feed, deliveries: list[Delivery], query: str, is_late: bool) -> str:
    """Recompute the rows of every key that the deliveries touch and write those that differ.

    Only a publication that arrives after a younger one can make an existing vintage vanish: only then are the rows looked for
    that are no longer there.
    """
    start = KIND_COLUMNS[feed.kind][0][0]
    keys = ", ".join(feed.key)
    same = " and ".join(f"t.{k} = s.{k}" for k in (*feed.key, start))
    compared = [name for name, _ in KIND_COLUMNS[feed.kind]] + ["_content_hash", "_delivery_id", "_row"]
    differs = " or ".join(f"not (t.{name} <=> s.{name})" for name in compared)
    names = ", ".join(name for name, _ in columns(feed))
    touched = f"(select distinct {keys} from judged.{feed.table} where _delivery_id in ({_listed(deliveries)}) and _verdict <> 'quarantined')"
    fresh = query.format(touched=touched)
    gone = f"""
  union all select {names}, true as _gone from (select * from silver.{feed.table} left semi join {touched} using ({keys})) left anti join fresh using ({keys}, {start})"""
    return f"""
merge into silver.{feed.table} as t using (
  with fresh as (select {names} from ({fresh}))
  select *, false as _gone from fresh {gone if is_late else ""}
) as s on {same}
{"when matched and s._gone then delete" if is_late else ""}
when matched and ({differs}) then update set *
when not matched then insert *"""


def _register_query(feed: Feed) -> str:
    """All states of the touched things; of two states for one day the one received last holds (ties broken by content)."""
    keys, effective = ", ".join(feed.key), feed.effective_from
    return f"""
select *, {effective} as valid_from, lead({effective}) over (partition by {keys} order by {effective}) as valid_to from (
  select *, row_number() over (partition by {keys}, {effective} order by _received_at desc, _content_hash, _delivery_id, _row) as _nth
  from judged.{feed.table} left semi join {{touched}} using ({keys}) where _verdict <> 'quarantined') where _nth = 1"""


def _series_query(feed: Feed) -> str:
    """All vintages of the touched facts: a run of publications with one content is one vintage, known since the first of them."""
    keys = ", ".join(feed.key)
    values = ", ".join(f"first({f.silver_name}) as {f.silver_name}" for f in feed.silver_fields if f.silver_name not in feed.key)
    return f"""
select *, lead(known_at) over (partition by {keys} order by known_at) as superseded_at from (
  select {keys}, {values}, min(_known_at) as known_at, sort_array(collect_set(_known_at)) as confirmed_at,
    min_by(_delivery_id, _known_at) as _delivery_id, min_by(_row, _known_at) as _row, min(_known_at) as _known_at, first(_content_hash) as _content_hash
  from (
    select *, sum(if(_content_hash <=> _before, 0, 1)) over (partition by {keys} order by _known_at) as _vintage from (
      select *, lag(_content_hash) over (partition by {keys} order by _known_at) as _before from (
        select *, row_number() over (partition by {keys}, _known_at order by _received_at desc, _content_hash, _delivery_id, _row) as _nth
        from judged.{feed.table} left semi join {{touched}} using ({keys}) where _verdict <> 'quarantined') where _nth = 1))
  group by {keys}, _vintage)"""


def _reference_query(feed: Feed) -> str:
    """Every entry with the days from and to which it stood in the list unchanged; open where the last edition has it."""
    keys = ", ".join(feed.key)
    values = ", ".join(f"first({f.silver_name}) as {f.silver_name}" for f in feed.silver_fields if f.silver_name not in feed.key)
    return f"""
with editions as (select _known_at as edition_at, row_number() over (order by _known_at) as edition from (select distinct _known_at from judged.{feed.table})),
entries as (
  select *, edition - row_number() over (partition by {keys}, _content_hash order by edition) as _run from (
    select j.*, e.edition, row_number() over (partition by {keys}, _known_at order by _received_at desc, _content_hash, _delivery_id, _row) as _nth
    from judged.{feed.table} as j join editions as e on e.edition_at = j._known_at where _verdict <> 'quarantined') where _nth = 1),
runs as (
  select {keys}, {values}, min(edition) as first_edition, max(edition) as last_edition, min_by(_delivery_id, edition) as _delivery_id,
    min_by(_row, edition) as _row, min(_known_at) as _known_at, first(_content_hash) as _content_hash
  from entries group by {keys}, _content_hash, _run)
select r.*, to_date(b.edition_at) as valid_from, to_date(n.edition_at) as valid_to
from runs as r join editions as b on b.edition = r.first_edition left join editions as n on n.edition = r.last_edition + 1"""
