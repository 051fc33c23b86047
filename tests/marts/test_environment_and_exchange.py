"""Water class, discharge, credit lists and the exchange of data against a second reckoning: from the sent bytes, the lists as they stand, the ledgers' lines."""

import json
from collections import Counter
from datetime import datetime, timedelta

import pytest

from expectations.contract import load_feed
from spark_jobs import silver
from spark_jobs.duck import delta_reader
from tests.marts import oracles_environment as oracles

pytestmark = [pytest.mark.service, pytest.mark.timeout(1500)]
LISTS = {"abnormal": "credit.abnormal_operation_list", "serious": "credit.serious_violation_list", "debtor": "credit.dishonest_debtor"}


def test_each_section_and_month_has_the_class_of_its_worst_item(settings, marts):
    rows = marts.execute("select section_code, strftime(month, '%Y-%m'), class_number, deciding_items_zh, main_pollutants_zh, items, is_good from mart_environment__surface_water").fetchall()
    expected = oracles.sections(settings.home)
    print(f"sections × months judged a second time: {len(rows)} of {len(expected)}, classes {sorted(Counter(row[2] for row in rows).items())}")
    assert {row[:2] for row in rows} == set(expected) and len(rows) >= 100
    for section, month, number, deciding, pollutants, items, is_good in rows:
        worst, decide, main, judged = expected[section, month]
        assert (number, items, is_good) == (worst, judged, worst <= 3), (section, month)
        assert (set(deciding.split(",")) if deciding else None) == (decide if worst > 1 else None), (section, month)
        assert [one.partition("(")[0] for one in (pollutants or "").split(",") if one] == main, (section, month)
    assert len({row[2] for row in rows}) >= 4


def test_each_outlet_is_judged_by_the_mean_that_its_standard_limits(settings, marts):
    rows = marts.execute("select monitor_code, factor_code, strftime(day, '%Y%m%d'), mean_value, highest_value, is_over, has_limit from mart_environment__discharge").fetchall()
    expected = oracles.outlets(settings.home)
    print(f"outlets × factors × days judged a second time: {len(rows)} of {len(expected)}, over {sum(bool(row[5]) for row in rows)}, without a limit {sum(not row[6] for row in rows)}")
    assert {row[:3] for row in rows} == set(expected) and len(rows) >= 200
    for monitor, factor, day, mean, highest, is_over, has_limit in rows:
        assert (mean, highest) == pytest.approx(expected[monitor, factor, day][:2], rel=1e-9), (monitor, factor)
        assert is_over == expected[monitor, factor, day][2] and has_limit == (is_over is not None), (monitor, factor)
    assert 0 < sum(bool(row[5]) for row in rows) < len(rows)


@pytest.mark.parametrize("name, feed", LISTS.items())
def test_a_listing_stands_from_its_entry_to_its_removal_or_expiry(settings, marts, name, feed):
    contract, connection = load_feed(feed), delta_reader()
    standing = silver.query(contract, lambda table: f"delta_scan('{settings.lake / 'judged' / table}')" if (settings.lake / "judged" / table).exists() else None)
    listings = connection.execute(f"select division_code, in_date, out_date, expiry_date from ({standing}) where valid_to is null").fetchall()
    place = dict(marts.execute("select division_code, place_code from dim_division").fetchall())
    months = [month for (month,) in marts.execute("select distinct month from mart_credit__subject_list order by 1").fetchall()]
    checked = 0
    for month in months:
        last = (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        expected = Counter(place[division] for division, entered, out, expiry in listings if entered <= last and not (out and out <= last) and not (expiry and expiry <= last))
        found = dict(marts.execute("select division_code, in_force_listings from mart_credit__subject_list where list = ? and month = ? and in_force_listings > 0", [name, month]).fetchall())
        assert found == expected, (name, month)
        checked += len(expected)
    came = marts.execute("select sum(entered_listings) from mart_credit__subject_list where list = ?", [name]).fetchone()[0]
    print(f"{name}: {checked} cells of {len(months)} months, {came} entries of {len(listings)} listings")
    assert came == len(listings) and checked > 100


def test_repairs_are_the_granted_decisions_of_their_month(settings, marts):
    granted = silver.query(load_feed("credit.repair"), lambda table: f"delta_scan('{settings.lake / 'judged' / table}')")
    decisions = delta_reader().execute(f"select category_code, strftime(decision_date, '%Y-%m') from ({granted}) where decision = '准予修复'").fetchall()
    last = marts.execute("select strftime(max(as_of_date), '%Y-%m') from mart_credit__subject_list").fetchone()[0]
    for name, category in {"abnormal": "05", "serious": "06"}.items():
        expected = Counter(month for code, month in decisions if code == category and month <= last)
        found = marts.execute("select strftime(month, '%Y-%m'), cast(sum(repaired_listings) as int) from mart_credit__subject_list where list = ? group by all having sum(repaired_listings) > 0", [name]).fetchall()
        assert dict(found) == expected and expected, name
    assert marts.execute("select count(repaired_listings) from mart_credit__subject_list where list = 'debtor'").fetchone()[0] == 0


def test_the_exchange_counts_every_line_of_the_ledgers_up_to_its_date(settings, marts):
    rows = marts.execute("select owner, consumer, dataset, requests, granted_requests, refused_requests, exports + shares, taken_rows, as_of_at from mart_operations__exchange").fetchall()
    as_of, counted = rows[0][-1], Counter()
    for line in lines(settings.home / "requests" / "requests.jsonl"):
        if datetime.fromisoformat(line["at"]) <= as_of:
            counted[line["event"]] += 1
    for line in lines(settings.home / "exports" / "audit.jsonl"):
        if "dataset" in line and datetime.fromisoformat(line["at"]) <= as_of:
            counted["taken"] += 1
            counted["rows"] += line["rows"]
    told = [sum(row[place] for row in rows) for place in range(3, 8)]
    print(f"exchange: {len(rows)} rows, requests, granted, refused, taken, rows taken: {told}")
    assert told == [counted[word] for word in ("asked", "granted", "refused", "taken", "rows")]
    assert {row[2] for row in rows} >= {"mart_economy__gdp", "mart_operations__exchange"}, "a dataset that nobody asked for is listed too"


def lines(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []
