"""What the analyses write day by day: each result stands until another takes its place, or until it is no longer found."""

import pandas as pd

from spark_jobs.analyse import core

JULY, AUGUST, SEPTEMBER = (pd.Timestamp(f"2024-{month:02d}-25") for month in (7, 8, 9))


def peaks(**values: float) -> pd.DataFrame:
    return pd.DataFrame({"month": list(values), "value": list(values.values())})


def stood(log: pd.DataFrame) -> list[tuple]:
    return [(row.month, row.value, row.vintage_date, None if pd.isna(row.superseded_date) else row.superseded_date) for row in log.itertuples()]


def test_a_value_stands_until_another_takes_its_place():
    log = core.change_log([(JULY, peaks(may=1.0)), (AUGUST, peaks(may=1.0)), (SEPTEMBER, peaks(may=2.0))], ["month"])
    assert stood(log) == [("may", 1.0, JULY, SEPTEMBER), ("may", 2.0, SEPTEMBER, None)]


def test_a_turning_point_that_moved_leaves_its_former_month():
    log = core.change_log([(JULY, peaks(may=1.0)), (AUGUST, peaks(june=1.5))], ["month"])
    assert stood(log) == [("june", 1.5, AUGUST, None), ("may", 1.0, JULY, AUGUST)]


def test_one_that_comes_back_stands_anew():
    log = core.change_log([(JULY, peaks(may=1.0)), (AUGUST, peaks()), (SEPTEMBER, peaks(may=1.0))], ["month"])
    assert stood(log) == [("may", 1.0, JULY, AUGUST), ("may", 1.0, SEPTEMBER, None)]


def test_where_nothing_was_ever_found_there_is_no_row():
    log = core.change_log([(JULY, peaks()), (AUGUST, peaks())], ["month"])
    assert list(log) == ["month", "value", "vintage_date", "superseded_date"]
    assert log.empty
