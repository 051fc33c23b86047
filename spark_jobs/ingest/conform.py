"""conform: one Spark pass types every row of a delivery, judges it by the contract and commits good and bad rows together."""

from collections import Counter
from dataclasses import dataclass, field

from expectations.contract import Feed
from expectations.rules import judged_query, original, spark_type, typed_query, uses_known_division
from spark_jobs.faultpoint import faultpoint
from spark_jobs.ingest import functions
from spark_jobs.ingest.landing import Delivery
from spark_jobs.ingest.refusal import Refused
from spark_jobs.lake import append_once, delta_version, ensure_table, table_path
from spark_jobs.settings import Settings

LINEAGE = [
    ("_delivery_id", "string"),
    ("_row", "bigint"),
    ("_received_at", "timestamp"),
    ("_known_at", "timestamp"),
    ("_verdict", "string"),
    ("_reasons", "array<string>"),
    ("_warnings", "array<string>"),
    ("_original", "string"),
    ("_content_hash", "bigint"),
]


@dataclass(frozen=True)
class Counts:
    """What became of the rows of a delivery: rows in = loaded + quarantined + repeated."""

    loaded: int = 0
    quarantined: int = 0
    repeated: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    warnings: dict[str, int] = field(default_factory=dict)

    @property
    def rows_in(self) -> int:
        return self.loaded + self.quarantined + self.repeated


def judge(spark, settings: Settings, feed: Feed, delivery: Delivery) -> Counts:
    """Judge the bronze rows of the delivery in one commit, once, and count the verdicts."""
    _prepare(spark, settings, feed)
    columns = [(f.silver_name, spark_type(f)) for f in feed.silver_fields]
    ensure_table(spark, settings, "judged", feed.table, columns + LINEAGE)
    spark.sql(f"select * from bronze.{feed.table} where _delivery_id = '{delivery.delivery_id}'").createOrReplaceTempView("delivered")
    frame = spark.sql(verdict_query(spark, settings, feed, delivery))
    faultpoint("before judged commit")
    append_once(frame, settings, "judged", feed.table, delivery.delivery_id)
    faultpoint("after judged commit")
    return count(spark, feed, delivery)


def rehearse(spark, settings: Settings, feed: Feed, delivery: Delivery) -> list[dict]:
    """The verdicts on the rows of the view `delivered`, in file order; nothing is written."""
    _prepare(spark, settings, feed)
    judged = spark.sql(verdict_query(spark, settings, feed, delivery)).select("_row", "_verdict", "_reasons", "_warnings", "_original").orderBy("_row")
    return [{name.removeprefix("_"): value for name, value in row.asDict().items()} for row in judged.collect()]


def _prepare(spark, settings: Settings, feed: Feed) -> None:
    functions.register(spark, settings, feed)
    spark.conf.set("spark.sql.codegen.hugeMethodLimit", "8000")  # above it HotSpot runs the stage interpreted


def verdict_query(spark, settings: Settings, feed: Feed, delivery: Delivery) -> str:
    """Typed rows with `_verdict`: loaded, quarantined, or repeated (the same fact stands in this or an earlier delivery)."""
    divisions = known_divisions(spark) if uses_known_division(feed) else None
    identity = identity_of(feed)
    rows = _with_duplicates(spark, feed, identity, divisions)
    prior = _prior_query(settings, feed, delivery, identity)
    joined = f"{rows} as j" if prior is None else f"{rows} as j left join ({prior}) as p on " + " and ".join(f"j.{k} = p.prior_{k}" for k in identity)
    known_hash = "p.prior_hash" if prior else "cast(null as bigint)"
    clash = f"{known_hash} <> _content_hash" if feed.kind == "event" else "false"
    silver = ", ".join(f.silver_name for f in feed.silver_fields)
    return f"""
select {silver}, '{delivery.delivery_id}' as _delivery_id, _row, _received_at, _known_at, _verdict, _reasons, _warnings,
  case when _verdict = 'quarantined' then {original(feed)} end as _original, _content_hash
from (
  select *, case when size(_reasons) > 0 then 'quarantined' when _nth > 1 or _prior_hash = _content_hash then 'repeated' else 'loaded' end as _verdict
  from (
    select j.* except (_reasons), {known_hash} as _prior_hash,
      case when size(_reasons) = 0 and (_conflict or coalesce({clash}, false)) then array('KEY.CONFLICT') else _reasons end as _reasons
    from {joined}))"""


def identity_of(feed: Feed) -> tuple[str, ...]:
    """What makes two rows speak of the same fact: the key, and for a register the day from which the state holds."""
    return (*feed.key, feed.effective_from) if feed.kind == "register" and feed.effective_from not in feed.key else feed.key


def known_divisions(spark) -> str:
    """Every division code that was ever valid, as a SQL list. Raises Refused while no edition of the list is loaded."""
    if not spark.catalog.tableExists("silver.reference__division"):
        raise Refused("REFERENCE_MISSING", "the feed is checked against reference.division, which is not loaded yet: ingest that first")
    codes = [row.division_code for row in spark.sql("select distinct division_code from silver.reference__division").collect()]
    return ", ".join(f"'{code}'" for code in codes)


def count(spark, feed: Feed, delivery: Delivery) -> Counts:
    """Count the verdicts and reason codes of a judged delivery."""
    rows = spark.sql(
        f"select _verdict, _reasons, _warnings, count(*) as n from judged.{feed.table} where _delivery_id = '{delivery.delivery_id}' group by all"
    ).collect()
    verdicts, reasons, warnings = Counter(), Counter(), Counter()
    for row in rows:
        verdicts[row._verdict] += row.n
        reasons.update(dict.fromkeys(row._reasons, row.n))
        warnings.update(dict.fromkeys(row._warnings, row.n))
    return Counts(verdicts["loaded"], verdicts["quarantined"], verdicts["repeated"], dict(reasons), dict(warnings))


def _with_duplicates(spark, feed: Feed, identity: tuple[str, ...], divisions: str | None) -> str:
    """The judged rows with `_nth` (1 for the first of identical rows) and `_conflict` (another good row of the file has the key and other content).

    Only rows whose key stands twice are sorted by it; all others pass without a shuffle.
    """
    keys = ", ".join(identity)
    complete = " and ".join(f"{k} is not null" for k in identity)
    twice = spark.sql(
        f"select {keys} from (select {keys}, count(*) as n from ({typed_query(feed, 'delivered')}) where _defect is null and {complete} group by {keys}) where n > 1"
    ).toArrow()
    judged = judged_query(feed, "delivered", divisions)
    if not twice.num_rows:
        return f"(select *, 1 as _nth, false as _conflict from ({judged}))"
    spark.createDataFrame(twice).createOrReplaceTempView("twice")
    single = f"select * from ({judged}) left anti join twice using ({keys})"
    double = f"select * from ({judged}) left semi join twice using ({keys})"
    window = f"partition by {keys}, size(_reasons)"
    return f"""(
    select *, 1 as _nth, false as _conflict from ({single})
    union all
    select *, row_number() over ({window} order by _row) as _nth, min(_content_hash) over ({window}) <> max(_content_hash) over ({window}) as _conflict from ({double}))"""


def _prior_query(settings: Settings, feed: Feed, delivery: Delivery, identity: tuple[str, ...]) -> str | None:
    """Content of the same facts in other deliveries: `prior_<key>` and `prior_hash`. None for the first delivery of a feed.

    For series and reference lists it is the content that stood just before this delivery's vintage or edition.
    """
    if not delta_version(table_path(settings, "judged", feed.table)):
        return None
    before = f"and _known_at <= timestamp '{delivery.known_at}'" if feed.kind in ("series", "reference") else ""
    columns = ", ".join(f"{k} as prior_{k}" for k in identity)
    return f"""select {columns}, max_by(_content_hash, struct(_known_at, _received_at, _row)) as prior_hash from judged.{feed.table}
    where _verdict <> 'quarantined' and _delivery_id <> '{delivery.delivery_id}' {before} group by {", ".join(identity)}"""
