"""The command guihu: help with examples, exit codes, answers by role, and a new feed from a sample file alone."""

import json
import shutil

import pytest

from spark_jobs.settings import CHECKOUT

VERBS = ["receive", "pull", "gateway", "ingest", "build", "analyse", "catalog", "gate", "release", "catalogue", "sql", "feeds", "quarantine", "parked", "trace", "feed", "hold", "policy", "verify", "erase", "export", "share", "request"]
service = [pytest.mark.service, pytest.mark.timeout(900)]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(guihu, verb):
    said = guihu(verb, "--help")
    assert said.returncode == 0
    assert verb in ("feed", "hold", "policy", "request", "share") or "Example" in said.stdout


@pytest.mark.parametrize("arguments", [["ingest", "no.such_feed"], ["gate", "bronze"], ["receive"], ["sql", "select 1", "--as", "nobody"], ["trace", "mart_x", "no-equals-sign"], ["trace", "mart_nothing", "a=1"]])
def test_wrong_usage_ends_with_2_and_says_what_is_right(guihu, arguments):
    done = guihu(*arguments)
    assert done.returncode == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_without_an_engine_the_exit_code_is_3_and_says_how_to_start_it(guihu, tmp_path):
    done = guihu("build", GUIHU_HOME=str(tmp_path), GUIHU_PORT="9")
    assert done.returncode == 3
    assert "make up" in done.stderr


class TestWithTheRelease:
    pytestmark = service

    def test_a_role_sees_its_own_tables_and_no_others(self, guihu, released):
        seen = {}
        for role in ("researcher", "analyst", "data_engineer", "public"):
            done = guihu("sql", "select table_name from information_schema.tables", "--as", role, "--format", "json")
            seen[role] = {row["table_name"] for row in json.loads(done.stdout)}
        assert "mart_operations__quarantine" in seen["data_engineer"] - seen["researcher"] - seen["analyst"] - seen["public"]
        assert "mart_credit__penalty" not in seen["public"]
        names = json.loads(guihu("sql", "select count(enterprise_name) as n, count(*) as rows from mart.mart_credit__penalty", "--as", "department_finance", "--format", "json").stdout)
        assert names[0]["n"] == 0
        assert names[0]["rows"] > 0

    def test_a_role_without_this_door_is_told_which_it_has(self, guihu, released):
        done = guihu("sql", "select 1", "--as", "leader")
        assert done.returncode == 2 and "its doors are dashboards" in done.stderr

    @pytest.mark.parametrize("statement", ["select 1; select 2", "drop table mart.mart_economy__gdp", "copy (select 1) to 'x'", "select * from read_text('README.md')", "attach 'x.duckdb'", "set memory_limit = '9GB'"])
    def test_what_is_no_single_select_over_the_release_is_refused(self, guihu, released, statement):
        done = guihu("sql", statement)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr

    def test_a_number_is_traced_to_its_deliveries_and_rows(self, guihu, released):
        done = guihu("trace", "mart_economy__gdp", "division_code=450000", "period=2018", "industry_code=GDP", "--format", "json")
        found = [row for row in json.loads(done.stdout) if row["feed"] == "economy.gdp_provincial"]
        assert {row["file"] for row in found} == {"gdp_1952_2022_as_first_published.json", "gdp_2015_2024_revised_5th_econ_census.csv"}
        lines = (CHECKOUT / "infra/demo/data/economy/gdp_provincial/gdp_2015_2024_revised_5th_econ_census.csv").read_text(encoding="utf-8-sig").splitlines()
        rows = {row["row"] for row in found if row["file"].endswith(".csv")}
        assert [lines[row - 1].split(",")[:3] for row in rows] == [["2018", "广西壮族自治区", "19329.26"]]

    def test_a_station_is_traced_to_its_record(self, guihu, released):
        done = guihu("trace", "mart_environment__air_quality", "station_code=1406A", "--format", "json")
        found = json.loads(done.stdout)
        assert {row["feed"] for row in found} == {"environment.air_quality", "reference.division"}
        assert [row["file"] for row in found if row["feed"] == "environment.air_quality"] == ["airnow_20170707T16.json"]

    @pytest.mark.parametrize("day, value", [("2024-01-01", 20352.51), ("2026-05-01", 19329.26)])
    def test_what_was_known_on_a_day_is_a_query(self, guihu, released, day, value):
        query = f"select value_added_cny_100m as v from mart.mart_economy__gdp__as_of(date '{day}') where division_code = '450000' and period = '2018' and industry_code = 'GDP'"
        assert json.loads(guihu("sql", query, "--format", "json").stdout) == [{"v": value}]

    def test_quarantine_shows_reasons_and_masks_persons(self, guihu, released):
        rows = json.loads(guihu("quarantine", "population.resident", "--format", "json").stdout)
        assert rows
        assert all(row["reasons"] and row["original"] for row in rows if row["reasons"] != "EMPTY_ROW")

    def test_a_newcomer_adds_a_feed_with_a_contract_and_a_case_alone(self, guihu, released, tmp_path):
        sample = tmp_path / "power.csv"
        sample.write_text("city_code,month,electricity_kwh\n450100,2024-01-01,12.5\n450200,2024-01-01,7\n")
        contract, case = CHECKOUT / "expectations/economy/power_use_of_newcomer.yaml", CHECKOUT / "tests/feeds/economy/power_use_of_newcomer"
        try:
            drafted = guihu("feed", "new", "economy.power_use_of_newcomer", "--from", str(sample))
            assert drafted.returncode == 0, drafted.stderr
            assert (case / "sample_as_sent" / "input.csv").read_text() == sample.read_text()
            judged = guihu("receive", "economy.power_use_of_newcomer", str(sample), "--dry-run", "--format", "json")
            assert json.loads(judged.stdout)["loaded"] == 2, judged.stderr
        finally:
            contract.unlink(missing_ok=True)
            shutil.rmtree(case, ignore_errors=True)
