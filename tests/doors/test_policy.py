"""One policy: what it says of every role and table, and that a role's file holds that and nothing else. No service."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from dashboards.marts import read_marts
from expectations.contract import load_all
from infra.operate import secrets
from spark_jobs.publish import policy, release, serving
from spark_jobs.settings import Settings
from tests.doors import policy_oracle

NANNING, GUILIN = "450100", "450300"
PENALTIES = {
    "document_number": ["1", "2", "3"],
    "uscc": ["91450100MA5K0001XU", "91450300MA5K0002XU", "91450100MA5K0003XU"],
    "enterprise_name": ["邕江米粉厂", "漓江竹器社", "青秀茶庄"],
    "prefecture_code": [NANNING, GUILIN, NANNING],
}
QUARANTINE = {"feed": ["credit.penalty", "economy.fiscal_tax"], "owner": ["自治区市场监督管理局", "自治区财政厅"], "rows": [3, 5]}
GDP = {"division_code": ["450000"], "value_added_cny_100m": [28649.4]}


@pytest.fixture(scope="module")
def lake(tmp_path_factory) -> Settings:
    home = tmp_path_factory.mktemp("policy")
    settings = Settings(home=home, environments=home, port=9)
    for name, columns in {"mart_credit__penalty": PENALTIES, "mart_operations__quarantine": QUARANTINE, "mart_economy__gdp": GDP}.items():
        write_deltalake(home / "lake" / "gold" / name, pa.table(columns))
    return settings


@pytest.fixture(scope="module")
def files(lake) -> Path:
    made, _ = release.publish(lake, {})
    return lake.releases / made["release_id"]


def read(files: Path, role: str) -> dict[str, list[tuple]]:
    with duckdb.connect(str(files / role / serving.FILE), read_only=True) as connection:
        tables = [name for (name,) in connection.execute("select table_name from duckdb_tables() order by 1").fetchall()]
        return {name: connection.execute(f"select * from mart.{name}").fetchall() for name in tables if name != "release_info"}


def test_every_role_and_every_table_is_as_an_independent_reading_of_the_policy_has_it():
    cells = policy_oracle.cells(sorted(read_marts()))
    for name, table in cells:
        role, opened = policy.role(name), policy_oracle.opened(name, table)
        assert role.sees(table) == (opened is not None), (name, table)
        if opened and table != policy.RELEASE_INFO:
            assert (role.rows(table), set(role.masked(table))) == opened, (name, table)
    print(f"roles × tables: {len(cells)} of {len(policy.roles())} × {len(read_marts())}, open {sum(policy.role(name).sees(table) for name, table in cells)}")
    assert len(cells) > 850


def test_every_served_table_has_tags_and_the_columns_that_they_name():
    for name, mart in read_marts().items():
        if name != policy.RELEASE_INFO:
            tags = policy.tags_of(name)
            named = {tags.get("division"), tags.get("owner"), *tags.get("identifiers", [])} - {None}
            assert named <= set(mart.columns), name


def test_a_table_that_no_line_describes_is_seen_by_nobody():
    with pytest.raises(policy.PolicyFault, match="no line of tags for the table mart_health__patient"):
        policy.role("data_engineer").sees("mart_health__patient")


def test_departments_of_the_policy_are_those_of_the_contracts():
    owners = {feed.owner for feed in load_all().values()}
    departments = [role for role in policy.roles().values() if role.kind == "department"]
    assert len(departments) >= 5 and {role.own for role in departments} <= owners
    assert [role.own for role in policy.roles().values() if role.kind == "city"] == [f"45{number:02d}00" for number in range(1, 15)]


def test_an_identifier_of_a_person_is_in_no_table_that_is_served():
    personal = {field.name for feed in load_all().values() for field in feed.fields if field.classification == "sensitive-personal"}
    served = {(name, column) for name, mart in read_marts().items() for column in mart.columns}
    assert personal and not {(name, column) for name, column in served if column in personal}


def test_a_city_finds_its_own_enterprises_only(files):
    assert [row[2] for row in read(files, f"city_{NANNING}")["mart_credit__penalty"]] == ["邕江米粉厂", "青秀茶庄"]
    assert [row[2] for row in read(files, f"city_{GUILIN}")["mart_credit__penalty"]] == ["漓江竹器社"]
    assert read(files, "city_451400")["mart_credit__penalty"] == []


def test_a_leader_finds_the_penalties_but_not_who(files):
    assert [row[1:3] for row in read(files, "leader")["mart_credit__penalty"]] == [(None, None)] * 3
    assert [row[0] for row in read(files, "leader")["mart_credit__penalty"]] == ["1", "2", "3"]


def test_a_department_finds_the_quarantine_of_its_own_feeds(files):
    assert [row[0] for row in read(files, "department_finance")["mart_operations__quarantine"]] == ["economy.fiscal_tax"]
    assert [row[0] for row in read(files, "department_market")["mart_operations__quarantine"]] == ["credit.penalty"]


def test_the_public_and_the_researcher_find_no_enterprise_and_no_quarantine(files):
    for role in ("public", "researcher"):
        assert set(read(files, role)) == {"mart_economy__gdp"}


def test_what_a_role_may_not_see_is_not_among_the_bytes_of_its_file(files):
    """Names are written plainly into small files: a byte search finds them in the files of those who may read them, and in no other."""
    checked = 0
    for name, place in zip(PENALTIES["enterprise_name"], PENALTIES["prefecture_code"]):
        for role in policy.roles().values():
            may = (role.sees("mart_credit__penalty") and "enterprise_name" not in role.masked("mart_credit__penalty")
                   and role.rows("mart_credit__penalty").get("prefecture_code", place) == place)  # fmt: skip
            assert (name.encode() in (files / role.name / serving.FILE).read_bytes()) == may, (role.name, name)
            checked += 1
    print(f"names searched in files: {checked}")
    assert checked == 3 * len(policy.roles())


def test_a_filter_on_a_column_that_is_not_there_opens_nothing():
    with pytest.raises(policy.PolicyFault, match="mart_credit__penalty has no column prefecture_code"):
        serving.cut(policy.role("city_450100"), "mart_credit__penalty", {"uscc": "VARCHAR"})


@pytest.mark.parametrize("tag, role, asked", [("division: prefecture_code, identifiers", "city_450100", "rows"), ("identifiers: [uscc, enterprise_name]", "leader", "masked")])
def test_a_table_that_lacks_the_tag_of_a_filter_or_a_mask_opens_nothing(tmp_path, monkeypatch, tag, role, asked):
    text = policy.POLICY.read_text(encoding="utf-8")
    forgotten = text.replace(f", {tag}", ", identifiers" if "prefecture" in tag else "")
    assert forgotten != text
    (tmp_path / "policy.yaml").write_text(forgotten, encoding="utf-8")
    monkeypatch.setattr(policy, "POLICY", tmp_path / "policy.yaml")
    with pytest.raises(policy.PolicyFault, match="mart_credit__penalty has no tag"):
        getattr(policy.role(role), asked)("mart_credit__penalty")


def test_rows_in_quarantine_are_for_data_engineers_and_for_the_department_that_provides_the_feed():
    tried = 0
    for name, (kind, own, _) in policy_oracle.roles().items():
        for feed in load_all().values():
            may = kind == "data_engineer" or (kind == "department" and own == feed.owner)
            if may:
                policy.role(name).require_quarantine(feed.id, feed.owner)
            else:
                with pytest.raises(policy.DoorClosed):
                    policy.role(name).require_quarantine(feed.id, feed.owner)
            tried += 1
    print(f"roles × feeds at the door of the quarantine: {tried}")
    assert tried > 1_000


def test_airflow_is_operated_by_those_to_whom_the_policy_opens_it_and_by_its_administrator():
    opened = {name for name, (_, _, doors) in policy_oracle.roles().items() if "airflow" in doors}
    deciders = {name for name, (kind, _, doors) in policy_oracle.roles().items() if "approvals" in doors and kind == "department"}
    assert secrets.airflow_users() == {"admin": "admin"} | dict.fromkeys(opened, "op") | dict.fromkeys(deciders, "decider")
    assert opened == {"data_engineer"} and "department_market" in deciders


def test_explain_names_the_lines_that_decide():
    lines = policy.POLICY.read_text(encoding="utf-8").splitlines()
    told = policy.explain("city_450300", "mart_credit__penalty")
    assert any("only prefecture_code = 450300" in line for line in told)
    for sentence in told[:3]:
        number = int(sentence.rsplit("line ", 1)[1].rstrip(")"))
        assert lines[number - 1].strip().startswith("- {"), sentence
    assert policy.explain("public", "mart_credit__penalty")[-1] == "public does not see it: no grant fits"


class TestAChangeOfThePolicy:
    @pytest.fixture
    def changed(self, lake, files, tmp_path, monkeypatch):
        """The same lake under a policy that hides enterprises from cities, released again."""
        text = policy.POLICY.read_text(encoding="utf-8")
        stricter = text.replace("{to: [city], privilege: SELECT, tagged: {subject: [reference, statistics, enterprise]}", "{to: [city], privilege: SELECT, tagged: {subject: [reference, statistics]}")
        assert stricter != text
        (tmp_path / "policy.yaml").write_text(stricter, encoding="utf-8")
        monkeypatch.setattr(policy, "POLICY", tmp_path / "policy.yaml")
        made, is_new = release.publish(lake, {})
        assert is_new
        return lake.releases / made["release_id"]

    def test_takes_effect_with_the_next_release_and_closes_the_earlier_files(self, lake, files, changed):
        assert "mart_credit__penalty" not in read(changed, f"city_{NANNING}")
        assert list(files.glob(f"*/{serving.FILE}")) == []
        again = release.serving_file(lake, f"city_{NANNING}", files.name)
        assert again.parent.parent == files
        assert set(read(files, f"city_{NANNING}")) == {"mart_economy__gdp"}
