"""From inbox to silver with the real engine: nothing is lost, planted errors are found, vintages are kept, a repeat changes nothing."""

import json
from collections import defaultdict

import duckdb
import pytest

from expectations.contract import load_all
from spark_jobs import delta, silver
from spark_jobs.duck import delta_reader

pytestmark = [pytest.mark.service, pytest.mark.timeout(1500)]


@pytest.fixture(scope="module")
def lake(settings, ingested) -> duckdb.DuckDBPyConnection:
    connection = delta_reader()
    feeds = load_all().values()
    relations = {feed.table: f"judged_{feed.table}" for feed in feeds}
    for feed in feeds:
        connection.execute(f"create view judged_{feed.table} as select * from delta_scan('{settings.lake / 'judged' / feed.table}')")
    for feed in feeds:
        connection.execute(f"create view silver_{feed.table} as {silver.query(feed, relations.get)}")
    return connection


def test_every_row_is_loaded_quarantined_or_repeated(ingested):
    assert len(ingested) >= 99
    assert {outcome["feed"] for outcome in ingested} >= set(load_all())
    for outcome in ingested:
        assert outcome["status"] == "loaded"
        assert outcome["rows_in"] == outcome["rows_loaded"] + outcome["rows_quarantined"] + outcome["rows_repeated"]


def test_every_record_stands_in_the_judged_table_exactly_once(settings, lake, ingested):
    rows = 0
    for feed in load_all().values():
        doubled = lake.execute(f"select count(*) - count(distinct (_delivery_id, _row, _ordinal)), count(*) from judged_{feed.table}").fetchone()
        text = lake.execute(f"select count(*) from delta_scan('{settings.lake / 'bronze' / feed.table}')").fetchone()
        assert (doubled[0], doubled[1]) == (0, text[0]), feed.id
        rows += text[0]
    print(f"text rows that were judged exactly once: {rows:,} of {rows:,}")


def test_every_planted_error_is_in_quarantine_with_its_own_reason(settings, lake, ingested):
    seen, missed = 0, []
    for listed in sorted((settings.home / "demo" / "planted").rglob("*.planted.json")):
        feed_id = ".".join(listed.relative_to(settings.home / "demo" / "planted").parts[:2])
        file = listed.name.removesuffix(".planted.json")
        delivery = next(o["delivery_id"] for o in ingested if o["feed"] == feed_id and o["file"] == file)
        table = load_all()[feed_id].table
        rows = lake.execute(f"select _row, _verdict, _reasons, _original from judged_{table} where _delivery_id = ?", [delivery]).fetchall()
        verdicts = defaultdict(list)
        for row, *verdict in rows:  # a line of a matrix is as many rows as it has figures
            verdicts[row].append(verdict)
        for planted in json.loads(listed.read_text()):
            seen += 1
            if not any(fits(planted, *verdict) for verdict in verdicts[planted["line"]]):
                missed.append((file, planted["line"], planted["kind"], planted["expected_reason_code"], verdicts[planted["line"]]))
    print(f"planted errors found with their reason: {seen - len(missed)} of {seen}")
    assert seen > 1000
    assert missed == []


def fits(planted: dict, verdict: str, reasons: list[str], original: str | None) -> bool:
    return verdict == planted["outcome"] and (verdict == "repeated" or (planted["expected_reason_code"] in reasons and original is not None))


def test_no_citizen_number_stands_anywhere_past_bronze(lake):
    number = "(^|[^0-9a-f])[1-9][0-9]{5}(19|20)[0-9]{9}[0-9X]([^0-9a-f]|$)"
    text = "(select * exclude (_content_hash) from judged_population__resident) as r"
    found = lake.execute(f"select count(*) from {text} where regexp_matches(to_json(r)::varchar, ?)", [number]).fetchone()[0]
    tokens = lake.execute("select count(*), count(distinct citizen_token) from judged_population__resident where _verdict = 'loaded'").fetchone()
    assert found == 0
    assert tokens[0] >= tokens[1] > 7000


@pytest.mark.parametrize("item", ["人口数_合计", "人口数_男", "人口数_女", "家庭户数", "城镇人口", "乡村人口"])
def test_the_region_is_the_sum_of_its_prefectures_and_of_its_counties(lake, item):
    sums = lake.execute(
        """select sum(value) filter (division_code = '450000'), sum(value) filter (division_code like '45%00' and division_code <> '450000'), sum(value) filter (division_code not like '%00')
        from silver_population__census_county where census_item = ?""",
        [item],
    ).fetchone()
    assert sums[0] == sums[1] == sums[2]
    if item == "人口数_合计":
        assert sums[0] == 50126804


def test_gdp_keeps_both_publications(lake):
    rows = lake.execute(
        "select value, superseded_at is null from silver_economy__gdp_provincial where division_name = '广西壮族自治区' and year = 2018 and item = 'GDP总量' order by known_at"
    ).fetchall()
    assert rows == [(20352.51, False), (19329.26, True)]


def test_hengxian_and_hengzhou_follow_each_other(lake):
    rows = lake.execute("select division_code, division_name, valid_to is null from silver_reference__division where division_code in ('450127', '450181') order by 1").fetchall()
    assert rows == [("450127", "横县", False), ("450181", "横州市", True)]


def test_the_order_of_arrival_does_not_matter_to_a_register(lake):
    """Each state of an enterprise ends on the day on which its next one begins, though one delivery came late."""
    broken = lake.execute(
        """select count(*) from (select valid_to, lead(valid_from) over (partition by uscc order by valid_from) as next from silver_legal_person__registration)
        where valid_to is distinct from next"""
    ).fetchone()[0]
    assert broken == 0


def test_a_second_time_changes_nothing(settings, guihu, ingested):
    before = {feed.table: delta.version(settings.lake / "judged" / feed.table) for feed in load_all().values()}
    again = guihu("ingest", "economy.gdp_provincial", "--delivery", next(o["delivery_id"] for o in ingested if o["feed"] == "economy.gdp_provincial"), "--skip-exit-code", "99")
    assert again.returncode == 99
    assert before == {feed.table: delta.version(settings.lake / "judged" / feed.table) for feed in load_all().values()}
