"""What was known on a day."""

import hashlib
import json
from datetime import date

import pandas as pd
import pytest

from spark_jobs.analyse.vintages import as_known, store_from_changes, vintage_dates
from tests.analyse.nowcasts import published


@pytest.mark.parametrize("day, values", [(published.FIRST_DAY, 8653), (published.DAY_OF_NEWS, 8676)])
def test_the_panel_of_a_day_is_that_of_the_new_york_fed_cell_by_cell(us_store, day, values):
    shipped = published.shipped_panel(day)
    ours = as_known(us_store, day)
    pd.testing.assert_frame_equal(ours[shipped.columns], shipped, check_names=False, check_exact=True)
    print(f"{day}: {shipped.size} of {ours.size} cells equal, {shipped.count().sum()} of them with a value")
    assert ours.shape == shipped.shape
    assert shipped.count().sum() == values


def test_gdp_of_the_third_quarter_of_2016_was_known_on_28_october_and_not_before(us_store):
    days = vintage_dates(us_store)
    assert days[-1] == published.LAST_DAY
    assert as_known(us_store, days[-1]).at["2016-09", "GDPC1"] == 16702.1
    before = [as_known(us_store, day) for day in days[:-1]]
    print(f"vintages before: {len(before)}")
    assert all("2016-09" not in panel.index or pd.isna(panel.at["2016-09", "GDPC1"]) for panel in before)
    assert len(before) == 55


def test_later_vintages_of_the_same_file_are_taken_as_they_come(us_store):
    """The second and third estimate of 2016 Q3 as published by the Bureau of Economic Analysis on 29 November and 22 December; the copy of the data set ends before them."""
    later = pd.DataFrame({"series": "GDPC1", "period": "2016-09-01", "vintage_date": ["2016-11-29", "2016-12-22"], "value": [16712.5, 16727.0]})
    store = store_from_changes(pd.concat([us_store[["series", "period", "vintage_date", "value"]], later]))
    told = {day: as_known(store, date.fromisoformat(day)).at["2016-09", "GDPC1"] for day in ("2016-10-28", "2016-11-28", "2016-11-29", "2016-12-21", "2016-12-22")}
    assert list(told.values()) == [16702.1, 16702.1, 16712.5, 16712.5, 16727.0]


def test_the_file_is_what_its_manifest_says():
    manifest = json.loads(published.VINTAGES.with_name(published.VINTAGES.name + ".manifest.json").read_text())
    assert manifest["sha256"] == hashlib.sha256(published.VINTAGES.read_bytes()).hexdigest()
    assert manifest["rows"] == len(pd.read_csv(published.VINTAGES)) == 9438


def changes(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["series", "period", "vintage_date", "value"])


def test_a_value_stands_until_another_takes_its_place_or_it_is_withdrawn():
    store = store_from_changes(changes(("CPI", "2024-03-01", "2024-04-11", 100.1), ("CPI", "2024-03-01", "2024-05-11", 100.2), ("CPI", "2024-03-01", "2024-06-11", None)))
    assert [as_known(store, date(2024, month, 11)).at["2024-03", "CPI"] for month in (4, 5)] == [100.1, 100.2]
    assert vintage_dates(store) == [date(2024, 4, 11), date(2024, 5, 11), date(2024, 6, 11)]
    with pytest.raises(ValueError, match="nothing was known on 2024-06-11"):
        as_known(store, date(2024, 6, 11))
    with pytest.raises(ValueError, match="nothing was known on 2024-04-10"):
        as_known(store, date(2024, 4, 10))


def test_a_month_that_nobody_published_is_a_gap_and_not_left_out():
    store = store_from_changes(changes(("retail", "2024-12-01", "2025-01-17", 1.0), ("retail", "2025-03-01", "2025-04-16", 2.0)))
    panel = as_known(store, date(2025, 4, 16))
    assert [str(month) for month in panel.index] == ["2024-12", "2025-01", "2025-02", "2025-03"]
    assert panel["retail"].isna().to_list() == [False, True, True, False]


def test_two_values_of_one_period_on_one_day_are_an_error():
    with pytest.raises(ValueError, match="2 changes share series, period and day"):
        store_from_changes(changes(("CPI", "2024-03-01", "2024-04-11", 100.1), ("CPI", "2024-03-01", "2024-04-11", 100.2)))
    both_open = store_from_changes(changes(("CPI", "2024-03-01", "2024-04-11", 100.1), ("CPI", "2024-03-01", "2024-05-11", 100.2))).assign(superseded_date=pd.NaT)
    with pytest.raises(ValueError, match="two values stand for CPI"):
        as_known(both_open, date(2024, 5, 11))
