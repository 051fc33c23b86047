"""A release that goes on from the files of the one before says what a release from nothing says. No service."""

import shutil
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from spark_jobs.publish import labels, policy, release, serving
from spark_jobs.settings import Settings

GDP = {"division_code": ["450000", "450000"], "value_added_cny_100m": [28649.4, 27202.4], "vintage_date": ["2024-01-20", "2023-01-20"], "superseded_date": [None, "2024-01-20"]}
PENALTIES = {"document_number": ["1", "2"], "uscc": ["91450100MA5K0001XU", "91450300MA5K0002XU"], "enterprise_name": ["邕江米粉厂", "漓江竹器社"], "prefecture_code": ["450100", "450300"]}
QUARANTINE = {"feed": ["credit.penalty", "economy.fiscal_tax"], "owner": ["自治区市场监督管理局", "自治区财政厅"], "rows": [3, 5]}
DIVISIONS = {"division_code": ["450000"], "division_name_zh": ["广西壮族自治区"]}
TABLES = {"mart_economy__gdp": GDP, "mart_credit__penalty": PENALTIES, "mart_operations__quarantine": QUARANTINE, "dim_division": DIVISIONS}


@pytest.fixture
def lake(tmp_path) -> Settings:
    settings = Settings(home=tmp_path, environments=tmp_path, port=9)
    for name, columns in TABLES.items():
        write(settings, name, columns)
    release.publish(settings, {})
    return settings


def write(settings: Settings, table: str, columns: dict) -> None:
    write_deltalake(settings.lake / "gold" / table, pa.table(columns), mode="overwrite")


def everything(file: Path) -> dict:
    """Tables with rows, types and comments, and macros: all that a serving file says, but for its release."""
    with duckdb.connect(str(file), read_only=True) as connection:
        tables = [name for (name,) in connection.execute("select table_name from duckdb_tables() where table_name <> 'release_info' order by 1").fetchall()]
        said = {name: (connection.execute(f"describe mart.{name}").fetchall(), sorted(connection.execute(f"select * from mart.{name}").fetchall(), key=str)) for name in tables}
        comments = connection.execute("select table_name, column_name, comment from duckdb_columns() where comment is not null order by 1, 2").fetchall()
        macros = connection.execute("select function_name from duckdb_functions() where schema_name = 'mart' order by 1").fetchall()
        count = connection.execute("select table_count from mart.release_info").fetchone()
        return {"tables": said, "comments": comments, "macros": macros, "count": count}


def assert_as_from_nothing(lake: Settings, made: dict, tmp_path: Path) -> int:
    readers = list(policy.roles().values())
    rows = serving.write_files(lake, tmp_path / "whole", made, readers)
    assert made["rows"] == rows
    for role in readers:
        assert everything(lake.releases / made["release_id"] / role.name / serving.FILE) == everything(tmp_path / "whole" / role.name / serving.FILE), role.name
    return len(readers)


@pytest.fixture
def went_on(monkeypatch) -> list[set[str]]:
    """The tables that were cut anew, of each release that went on from the one before."""
    seen: list[set[str]] = []
    carry = serving.write_changed
    monkeypatch.setattr(serving, "write_changed", lambda *told: seen.append(told[-1]) or carry(*told))
    return seen


def test_one_changed_table_is_cut_anew_and_the_others_are_carried_over(lake, went_on, tmp_path):
    write(lake, "mart_credit__penalty", PENALTIES | {"enterprise_name": ["邕江米粉厂", "漓江竹艺社"]})
    made, _ = release.publish(lake, {})
    assert went_on == [{"mart_credit__penalty"}]
    files = assert_as_from_nothing(lake, made, tmp_path)
    print(f"files that equal those of a release from nothing: {files} of {len(policy.roles())}")


def test_a_table_that_is_gone_is_in_no_file(lake, went_on, tmp_path):
    shutil.rmtree(lake.lake / "gold" / "mart_economy__gdp")
    made, _ = release.publish(lake, {})
    assert went_on == [set()]
    assert_as_from_nothing(lake, made, tmp_path)


def test_a_table_that_came_is_in_the_files_of_those_who_see_it(lake, went_on, tmp_path):
    write(lake, "mart_macro__monitor", {"division_code": ["450000", "450100"], "figure_pct": [1.5, 2.5]})
    made, _ = release.publish(lake, {})
    assert went_on == [{"mart_macro__monitor"}]
    assert_as_from_nothing(lake, made, tmp_path)


def test_a_table_whose_description_changed_is_cut_anew(lake, went_on, tmp_path, monkeypatch):
    models = labels.models()
    described = models | {"dim_division": models["dim_division"] | {"description": "别的说明 other words"}}
    monkeypatch.setattr(labels, "models", lambda: described)
    write(lake, "mart_operations__quarantine", QUARANTINE | {"rows": [4, 6]})
    made, _ = release.publish(lake, {})
    assert went_on == []  # two of four tables: no fewer than half, so all of them are written
    assert_as_from_nothing(lake, made, tmp_path)


def test_files_that_were_made_under_another_policy_are_not_gone_on_from(lake, went_on, tmp_path, monkeypatch):
    text = policy.POLICY.read_text(encoding="utf-8")
    (tmp_path / "policy.yaml").write_text(text + "\n# another day\n", encoding="utf-8")
    monkeypatch.setattr(policy, "POLICY", tmp_path / "policy.yaml")
    write(lake, "dim_division", DIVISIONS | {"division_name_zh": ["广西"]})
    made, _ = release.publish(lake, {})
    assert went_on == []
    assert_as_from_nothing(lake, made, tmp_path)


def test_a_killed_release_whose_catalogue_is_missing_gets_it_from_the_next_run(lake):
    made, _ = release.publish(lake, {})
    shutil.rmtree(lake.releases / made["release_id"] / "catalogue")
    (lake.releases / "catalogue").unlink()
    again, is_new = release.publish(lake, {})
    assert (again["release_id"], is_new) == (made["release_id"], False)
    assert (lake.releases / "catalogue" / "index.html").is_file()
