"""Every forecast that was ever published stays, also when a city's industry comes or goes."""

import pandas as pd

from spark_jobs.analyse.jobs.forecasts import continued

JUNE, JULY = pd.Timestamp("2024-06-01"), pd.Timestamp("2024-07-01")


def told(rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["division_code", "industry_code", "origin", "value", "actual"])


FORMER = told([("450100", "30", JUNE, 5.0, 5.5), ("450200", "36", JUNE, 7.0, 7.1)])
NEWLY = told([("450100", "30", JUNE, 5.2, None), ("450300", "13", JUNE, 1.0, None), ("450100", "30", JULY, 5.4, None), ("450300", "13", JULY, 1.1, None)]).drop(columns="actual")


def test_what_was_published_stays_and_an_origin_is_published_once():
    published, ended = continued(FORMER, NEWLY, NEWLY[["division_code", "industry_code"]].drop_duplicates())
    june = published[published["origin"] == JUNE]
    assert june[["division_code", "value"]].to_numpy().tolist() == [["450100", 5.0]]
    assert sorted(published.loc[published["origin"] == JULY, "division_code"]) == ["450100", "450300"]
    assert ended[["division_code", "value", "actual"]].to_numpy().tolist() == [["450200", 7.0, 7.1]]


def test_the_first_round_publishes_all_it_made():
    published, ended = continued(None, NEWLY, NEWLY[["division_code", "industry_code"]].drop_duplicates())
    assert len(published) == 4 and ended.empty


def test_a_round_without_a_new_month_publishes_nothing():
    same = FORMER[["division_code", "industry_code"]]
    published, ended = continued(FORMER, NEWLY.iloc[:0], same)
    assert published["value"].tolist() == [5.0, 7.0] and ended.empty
