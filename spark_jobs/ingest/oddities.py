"""What is odd and no reason to hold: noted with the delivery, which is loaded.

A figure far outside the changes that its series has made so far, dates whose days and months look exchanged, figures that have become round.
"""

import duckdb

from expectations.feed import Feed, Field
from spark_jobs.ingest.findings import Finding

LEAST_CHANGES = 4  # of a series before one more can be unusual
FAR = 8  # median absolute deviations, scaled to a standard deviation
LEAST_CHANGE = 0.05  # of the logarithm: steady series may move that much
LEAST_FIGURES, HEAPED = 100, 0.3  # figures on both sides; of all, as a share
LEAST_DATES, LEAST_DISTINCT = 30, 6


def outliers(connection: duckdb.DuckDBPyConnection, field: Field) -> list[Finding]:
    """New figures against the table `history` (plausibility.py); the scaled median absolute deviation is 1.4826 times the plain one.

    Sums since January fall every January: the current figures tell the same without that.
    """
    rows = connection.execute(
        """with placed as (select what, moment, new is not null and old is null as is_new, ln(coalesce(new, old)) as level from history where coalesce(new, old) > 0 and what not like '%cumulative%'),
        changes as (select what, moment, is_new, level - lag(level) over (partition by what order by moment) as change from placed),
        usual as (select what, median(change) as middle, 1.4826 * mad(change) as spread from changes where not is_new and change is not null group by what having count(*) >= $1)
        select what, exp(change), exp(middle) from changes join usual using (what) where is_new and abs(change - middle) > greatest($2 * spread, $3) order by abs(change - middle) desc""",
        [LEAST_CHANGES, FAR, LEAST_CHANGE],
    ).fetchall()
    if not rows:
        return []
    what, change, usual = rows[0]
    return [Finding("HISTORY.OUTLIER", field.silver_name, f"{len(rows)} figures far outside the changes of their series", f"changes like those before, {usual:.3f} times", f"{what}: {change:,.4g} times", holds=False)]


def exchanged_dates(connection: duckdb.DuckDBPyConnection, feed: Feed) -> list[Finding]:
    """Days that are all possible months, while the months are many: by chance in one of 10 ** 12 deliveries of thirty dates."""
    found = []
    for name in [f.silver_name for f in feed.silver_fields if f.logical_type == "date"]:
        query = f"select count({name}), max(day({name})), count(distinct day({name})), count(distinct month({name})) from now"
        dates, last_day, days, months = connection.execute(query).fetchone()
        if dates >= LEAST_DATES and last_day <= 12 and min(days, months) >= LEAST_DISTINCT:
            found.append(Finding("DATES.EXCHANGED", name, f"none of {dates} dates lies after the 12th of a month", "days and months in their places", holds=False))
    return found


def heaped(connection: duckdb.DuckDBPyConnection, field: Field) -> list[Finding]:
    """Many more figures end in nought or five, at the place of the last digit that was written before: estimates in place of measurements."""
    name = field.silver_name
    shares = connection.execute(
        f"""with figures as (select true as is_new, {name}::double as figure from now where {name} <> 0 union all select false, {name}::double from lately where {name} <> 0),
        finest as (select max(place) as places from figures, unnest([0, 1, 2, 3]) as places(place) where not is_new and (place = 0 or round(figure * 10 ** place) % 10 <> 0))
        select is_new, count(*), avg((round(figure * 10 ** places) % 5 = 0)::integer) from figures, finest group by is_new order by is_new"""
    ).fetchall()
    if len(shares) < 2 or min(count for _, count, _ in shares) < LEAST_FIGURES or shares[1][2] - shares[0][2] < HEAPED:
        return []
    (_, _, before), (_, count, now) = shares
    return [Finding("FIGURES.ROUND", field.silver_name, f"{now:.0%} of {count:,} figures end in 0 or 5", f"a share like before, {before:.0%}", holds=False)]
