"""Primary suppression: each named rule on numbers that a hand can check."""

import csv

import pandas as pd
import pytest

from spark_jobs.publish.disclosure.sensitivity import ContributorsUnknown, SensitivityRule, from_microdata, level
from spark_jobs.publish.disclosure.structure import Cell, division_parent, industry_parent, with_totals
from spark_jobs.settings import CHECKOUT

NONE = SensitivityRule(minimum_units=None)
# GaussSuppression's data set magnitude1: companies of two sectors in two countries (Langsrud 2024)
MAGNITUDE1 = [("Agriculture", "Portugal", "A", 75.9), ("Agriculture", "Portugal", "B", 24.5), ("Agriculture", "Spain", "A", 96.6), ("Agriculture", "Spain", "B", 43.2),
              ("Entertainment", "Portugal", "B", 7.1), ("Entertainment", "Portugal", "D", 2.3), ("Entertainment", "Spain", "A", 77.4), ("Entertainment", "Spain", "B", 11.5),
              ("Entertainment", "Spain", "C", 16.4)]  # fmt: skip


@pytest.mark.parametrize("count, expected", [(0, (0, 0)), (1, (1, 2)), (2, (1, 1)), (3, (0, 0)), (4, (0, 0))])
def test_a_count_of_one_or_two_is_sensitive_until_three_and_one_less_stay_possible(count, expected):
    assert level(Cell(float(count)), SensitivityRule(minimum_units=3), is_count=True) == expected


def test_sdctables_max_n_of_three_is_a_minimum_of_four_units():
    assert level(Cell(3.0), SensitivityRule(minimum_units=4), is_count=True) == (1, 1)


def test_a_turnover_of_two_respondents_is_kept_within_thirty_per_cent():
    """Handbook on SDC, table 4.1: region 2, industry A: 48 (2 respondents), the other cells 8 and more."""
    rule = SensitivityRule(minimum_units=3, range_pct=30)
    assert level(Cell(48.0, 2), rule, is_count=False) == pytest.approx((14.4, 14.4))
    assert level(Cell(125.0, 8), rule, is_count=False) == (0, 0)


def test_p_per_cent_protects_the_largest_from_the_second_largest():
    rule = SensitivityRule(minimum_units=None, p_pct=10)
    assert level(Cell(110.0, 5, 52.0, 50.0), rule, is_count=False) == (0, 0)  # the rest, 8, is more than a tenth of 52
    assert level(Cell(105.0, 5, 52.0, 50.0), rule, is_count=False) == pytest.approx((2.2, 2.2))  # 5.2 − 3: the second knows the largest only to within 10 %
    assert level(Cell(52.0, 1, 52.0, 0.0), rule, is_count=False) == pytest.approx((5.2, 5.2))


def test_two_with_more_than_85_per_cent_dominate():
    rule = SensitivityRule(minimum_units=None, dominance=(2, 85))
    assert level(Cell(100.0, 9, 45.0, 40.0), rule, is_count=False) == (0, 0)  # exactly 85
    assert level(Cell(100.0, 9, 50.0, 40.0), rule, is_count=False) == pytest.approx((90 / 0.85 - 100,) * 2)
    one = SensitivityRule(minimum_units=None, dominance=(1, 75))
    assert level(Cell(100.0, 9, 80.0, 1.0), one, is_count=False) == pytest.approx((80 / 0.75 - 100,) * 2)


def test_pq_takes_what_is_known_before_into_account():
    rule = SensitivityRule(minimum_units=None, pq=(10, 50))
    assert level(Cell(110.0, 5, 52.0, 50.0), rule, is_count=False) == pytest.approx((10.4 - 8,) * 2)  # p/q · x1 = 10.4


def test_zeros_are_safe_and_the_strictest_rule_decides():
    every = SensitivityRule(3, 30, 10, (2, 85))
    assert level(Cell(0.0, 0, 0.0, 0.0), every, is_count=False) == (0, 0)
    assert level(Cell(48.0, 2, 40.0, 8.0), every, is_count=False) == pytest.approx((14.4, 14.4))  # 30 % of 48; p % asks for 4, dominance for 8.5


def test_a_rule_on_contributions_without_contributions_says_so():
    for rule, words in ((SensitivityRule(3), "number of units"), (SensitivityRule(None, p_pct=10), "two largest")):
        with pytest.raises(ContributorsUnknown, match=words):
            level(Cell(10.0), rule, is_count=False)


def test_microdata_become_cells_with_their_contributors_and_totals_with_theirs():
    records = pd.DataFrame(MAGNITUDE1, columns=["sector", "country", "company", "value"])
    cells = from_microdata(records, ["sector", "country"], "company", "value")
    assert cells["Agriculture", "Portugal"] == Cell(pytest.approx(100.4), 2, 75.9, 24.5)
    total = with_totals(cells, ["flat", "flat"])["Entertainment", "TOTAL"]
    assert (total.value, total.units, total.largest, total.second) == (pytest.approx(114.7), 5, 77.4, 16.4)
    sensitive = {key for key, cell in cells.items() if max(level(cell, SensitivityRule(3, p_pct=10), False)) > 0}
    assert sensitive == {("Agriculture", "Portugal"), ("Agriculture", "Spain"), ("Entertainment", "Portugal")}
    assert from_microdata(records, ["sector", "country"], "company")["Entertainment", "Spain"].value == 3


def test_divisions_and_industries_stand_under_the_parents_of_their_standards():
    with (CHECKOUT / "infra/demo/data/reference/industry/gb_t_4754_2017.csv").open(encoding="utf-8-sig") as file:
        listed = [row for row in csv.DictReader(file) if row["层级"] in ("section", "division")]
    right = sum(industry_parent(row["代码"]) == (row["所属门类"] if row["层级"] == "division" else "TOTAL") for row in listed)
    print(f"parents as in GB/T 4754-2017: {right} of {len(listed)}")
    assert right == len(listed) and len(listed) > 100
    assert [division_parent(code) for code in ("450102", "450100", "450000")] == ["450100", "450000", None]
    with pytest.raises(ValueError, match="GB/T 4754"):
        industry_parent("98")
