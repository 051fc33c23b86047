"""Plausibility that needs history: what a delivery says held against what was known before. A finding holds the delivery for the steward, or is noted.

Every feed: its volume, and a name that was sent before. Series: unit drift, cumulative and current figures exchanged, another base of an index,
a stale copy of the period before. Readings: a sensor that stays on one value. Measures: round figures. And what the contract says itself:
its rules of type sql (history_rules.py) and those of severity `hold`.
"""

import statistics
from pathlib import Path

import duckdb

from expectations.feed import Feed, Field
from expectations.rules import checks, text_literal
from spark_jobs import delta
from spark_jobs.duck import row_kernel
from spark_jobs.ingest import history_rules, oddities
from spark_jobs.ingest.findings import Finding
from spark_jobs.ingest.kernel import Job, Part
from spark_jobs.ingest.landing import Delivery

TIME_NAMES = ("year", "quarter", "month", "first_month", "last_month", "period")
LATELY = 12  # deliveries
LEAST_HISTORY = 3  # deliveries before a volume can be unusual
UNUSUAL_VOLUME = 10  # times the median
DRIFTS = (1, 3, 4, 8)  # powers of ten between the units in use: 10, 元 → 千元, 元 → 万元, 元 → 亿元
DRIFT_TOLERANCE = 0.1  # of the power of ten
STEADY_SPREAD = 0.3  # of the power of ten: a series that moves more by itself shows no drift
STALE_SHARE, STALE_GROUPS = 0.95, 8
EXCHANGED_SHARE = 0.5
LEAST_REBASED, REBASED_BY, REBASED_SPREAD = 3, 0.01, 0.01  # figures of a series; of the power of ten; of the factor, for rounding


def findings(job: Job, parts: list[Part], earlier: list[tuple[Delivery, dict]]) -> list[Finding]:
    """Everything unusual about a judged delivery that is not committed yet. `earlier` are the loaded deliveries of the feed with their outcomes."""
    found = _volume(job, parts, earlier) + _same_name(job, earlier) + _rules(job.feed, parts)
    before = delta.data_files(job.judged)
    with row_kernel(job.threads) as connection:
        _relation(connection, "now", [str(job.judged / part.judged.name) for part in parts])
        found += oddities.exchanged_dates(connection, job.feed)
        if before:
            _relation(connection, "before", before)
        else:
            connection.execute("create view before as from now limit 0")
        found += history_rules.broken(connection, job.feed, job.delivery.manifest.get("edition"), job.judged.parent)
        if not before:
            return found
        _relation(connection, "lately", _files_of([d for d, _ in earlier[-LATELY:]], before) or before)
        for field in _measures(job.feed):
            if job.feed.kind in ("event", "series"):
                found += oddities.heaped(connection, field)
            if job.feed.kind == "series":
                _history_of_series(connection, job.feed, field)
                found += _unit_drift(connection, field) + _rebased(connection, field) + _stale_copy(connection, field) + _exchanged(connection, job.feed, field)
                found += oddities.outliers(connection, field)
            if field.flat_line_after:
                found += _flat_line(connection, job.feed, field)
    return found


def _relation(connection: duckdb.DuckDBPyConnection, name: str, files: list[str]) -> None:
    listed = ", ".join(map(text_literal, files))
    connection.execute(f"create view {name} as from read_parquet([{listed}], union_by_name = true) where _verdict <> 'quarantined'")


def _files_of(deliveries: list[Delivery], files: list[str]) -> list[str]:
    names = {delivery.delivery_id for delivery in deliveries}
    return [file for file in files if Path(file).name.partition("-")[0] in names]


def _volume(job: Job, parts: list[Part], earlier: list[tuple[Delivery, dict]]) -> list[Finding]:
    if job.dialect.any_volume:
        return []
    same_kind = [outcome["rows_in"] for delivery, outcome in earlier if job.feed.dialect_for(delivery.file) == job.dialect]
    rows = sum(part.verdicts.total() for part in parts)
    if len(same_kind) < LEAST_HISTORY or not rows:
        return []
    usual = statistics.median(same_kind[-LATELY:])
    if usual / UNUSUAL_VOLUME < rows < usual * UNUSUAL_VOLUME:
        return []
    return [Finding("HISTORY.VOLUME", None, f"{rows:,} rows", f"about {usual:,.0f}, the median of the last {min(len(same_kind), LATELY)} deliveries")]


def _same_name(job: Job, earlier: list[tuple[Delivery, dict]]) -> list[Finding]:
    """A file of a known name and other bytes supersedes the first one: its manifest has to say why."""
    known = next((d for d, _ in earlier if d.file == job.delivery.file), None)
    if known is None or job.delivery.manifest.get("note"):
        return []
    return [Finding("HISTORY.SAME_NAME", None, f"{known.file} came before with other bytes as delivery {known.delivery_id}", "a new name, or a manifest whose `note` says why")]


def _rules(feed: Feed, parts: list[Part]) -> list[Finding]:
    found = []
    for check in checks(feed):
        rows = sum(part.warnings[check.code] for part in parts)
        if check.severity == "hold" and rows:
            found.append(Finding(check.code, None, f"{rows:,} rows", check.message_en))
    return found


def _measures(feed: Feed) -> list[Field]:
    numbers = [f for f in feed.silver_fields if f.logical_type in ("number", "integer") and f.key_position is None and not f.enum]
    return [f for f in numbers if f.silver_name not in TIME_NAMES]


def _times(feed: Feed) -> list[str]:
    """The columns of the key that say when, in the order of the key."""
    return [f.silver_name for f in feed.silver_fields if f.silver_name in feed.key and (f.silver_name in TIME_NAMES or f.logical_type in ("date", "timestamp"))]


def _groups(feed: Feed) -> str:
    """What is measured, as one text: the key without its times."""
    columns = [name for name in feed.key if name not in _times(feed)]
    return f"concat_ws(' ', {', '.join(columns)})" if columns else "'all'"


def _history_of_series(connection: duckdb.DuckDBPyConnection, feed: Feed, field: Field) -> None:
    """The table `history`: of each fact the value known last before (`old`) and the delivered one (`new`), with its place in time.

    Growth rates are left out: they have no unit that could drift, and go from 8 % to 0.8 % by themselves.
    """
    levels = "where convention not like '%_pct'" if "convention" in feed.key else ""
    times = ", ".join(f"{name} := {name}" for name in _times(feed)) or "once := 1"
    keys = ", ".join(feed.key)
    connection.execute(
        f"""create or replace table history as
        with o as (select {keys}, arg_max({field.silver_name}, (_known_at, _received_at))::double as old from before {levels} group by all),
        n as (select {keys}, any_value({field.silver_name})::double as new from now {levels} group by all)
        select {_groups(feed)} as what, struct_pack({times}) as moment, old, new from o full join n using ({keys})"""
    )


def _unit_drift(connection: duckdb.DuckDBPyConnection, field: Field) -> list[Finding]:
    """Revised figures against the old ones, and the first new periods against the last old ones, where the series was steady."""
    ratios = connection.execute(
        """with ends as (select what, max(moment) filter (old is not null) as last_moment from history group by what),
        last as (select what, median(log10(abs(old))) as level, max(log10(abs(old))) - min(log10(abs(old))) as spread from
          (select what, old, row_number() over (partition by what order by moment desc) as nth from history where old <> 0) where nth <= 6 group by what),
        following as (select what, median(log10(abs(new))) as level from
          (select h.*, row_number() over (partition by what order by moment) as nth from history as h join ends using (what) where new <> 0 and moment > last_moment) where nth <= 3 group by what)
        select what, median(log10(abs(new / old))) as ratio from history where new <> 0 and old <> 0 group by what
        union all select what, following.level - last.level from following join last using (what) where spread < $1""",
        [STEADY_SPREAD],
    ).fetchall()
    drifted = [(what, ratio) for what, ratio in ratios if any(abs(abs(ratio) - power) < DRIFT_TOLERANCE for power in DRIFTS)]
    if not drifted:
        return []
    what, ratio = drifted[0]
    return [Finding("HISTORY.UNIT_DRIFT", field.silver_name, f"{len(drifted)} of {len(ratios)} series moved by a power of ten", f"figures in {field.unit or 'the same unit'}", f"{what}: {10**ratio:,.4g} times")]


def _rebased(connection: duckdb.DuckDBPyConnection, field: Field) -> list[Finding]:
    """An index all of whose published figures come again, moved by one factor: another base period."""
    if "=100" not in (field.unit or ""):
        return []
    rows = connection.execute(
        """select what, median(new / old) from history where new > 0 and old > 0 group by what
        having count(*) >= $1 and abs(log10(median(new / old))) > $2 and max(new / old) / min(new / old) < 1 + $3""",
        [LEAST_REBASED, REBASED_BY, REBASED_SPREAD],
    ).fetchall()
    if not rows:
        return []
    what, factor = rows[0]
    return [Finding("HISTORY.REBASED", field.silver_name, f"{len(rows)} series moved by one factor as a whole", f"the base period of before ({field.unit})", f"{what}: {factor:.4f} times")]


def _stale_copy(connection: duckdb.DuckDBPyConnection, field: Field) -> list[Finding]:
    """A new period whose figures are those of the period before."""
    groups, same, example = connection.execute(
        """with placed as (select what, moment, coalesce(new, old) as value, new is not null and old is null as is_new,
          lag(coalesce(new, old)) over (partition by what order by moment) as previous, lag(old) over (partition by what order by moment) as known from history)
        select count(*), count(*) filter (value = previous), any_value(what) filter (value = previous) from placed where is_new and known is not null"""
    ).fetchone()
    if groups < STALE_GROUPS or same < STALE_SHARE * groups:
        return []
    return [Finding("HISTORY.STALE_COPY", field.silver_name, f"{same} of {groups} figures equal those of the period before", "new figures", example)]


def _exchanged(connection: duckdb.DuckDBPyConnection, feed: Feed, field: Field) -> list[Finding]:
    """Current figures that are sums since January, and sums that fall: told by the `convention` of the fact."""
    if "convention" not in feed.key or "year" not in feed.key:
        return []
    order = next(name for name in ("last_month", "month", "quarter") if name in feed.key)
    others = ", ".join(name for name in feed.key if name not in (order, "convention", "year"))
    rows = connection.execute(
        f"""with every as (select {_groups(feed)} as what, {', '.join(feed.key)}, {field.silver_name}::double as value, true as is_new from now
          union all select {_groups(feed)}, {', '.join(feed.key)}, {field.silver_name}::double, false from before anti join now using ({', '.join(feed.key)})),
        placed as (select what, convention, is_new, value, sum(value) over earlier as total, median(value) over earlier as usual, count(*) over earlier as months,
            last_value(value) over earlier as previous from every
          window earlier as (partition by {others}, convention, year order by {order} rows between unbounded preceding and 1 preceding))
        select what, convention, value, convention = 'current' and value > 1.8 * usual and abs(value / (total + usual) - 1) < 0.1 or convention = 'cumulative' and value < 0.9 * previous as is_wrong
        from placed where is_new and months >= 2 and total > 0 and convention in ('current', 'cumulative')"""
    ).fetchall()
    wrong = [row for row in rows if row[3]]
    if not wrong or len(wrong) < EXCHANGED_SHARE * len(rows):
        return []
    return [Finding("HISTORY.CUMULATIVE_EXCHANGED", field.silver_name, f"{len(wrong)} of {len(rows)} figures look as if current and cumulative were exchanged", "figures by the declared convention", f"{wrong[0][0]}: {wrong[0][2]:,.6g}")]


def _flat_line(connection: duckdb.DuckDBPyConnection, feed: Feed, field: Field) -> list[Finding]:
    """Sensors whose last readings, up to this delivery, are one value."""
    (at,) = _times(feed)
    rows = connection.execute(
        f"""with every as (select *, row_number() over (partition by what order by moment desc) as nth from
          (select {_groups(feed)} as what, {at} as moment, {field.silver_name} as value from now union all select {_groups(feed)}, {at}, {field.silver_name} from before where {_groups(feed)} in (select {_groups(feed)} from now)))
        select what, any_value(value) from every where nth <= $1 group by what having count(value) = $1 and min(value) = max(value) and max(value) <> 0""",
        [field.flat_line_after],
    ).fetchall()
    if not rows:
        return []
    return [Finding("HISTORY.FLAT_LINE", field.silver_name, f"{len(rows)} sensors stay on one value for {field.flat_line_after} readings", "readings that move", f"{rows[0][0]}: {rows[0][1]}")]
