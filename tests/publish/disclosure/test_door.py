"""The door: what infra/disclosure.yaml decides, and how a table leaves."""

import datetime
import stat
from pathlib import Path

import pyarrow as pa
import pytest
import yaml

from spark_jobs.publish.disclosure import FILE
from spark_jobs.publish.disclosure.door import Refused, protect
from spark_jobs.publish.disclosure.rules import InvalidRule, leaves_unchanged, load
from spark_jobs.settings import CHECKOUT, Settings

OUTSIDE, INSIDE = ("researcher", "public", "share_partner", "nobody"), ("leader", "analyst", "data_engineer", "city_450100")
JANUARY, FEBRUARY = datetime.date(2024, 1, 1), datetime.date(2024, 2, 1)
COUNTS = [1, 2, 1, 0, 8, 4, 5, 1, 2, 3, 3, 14]


@pytest.fixture
def lake(tmp_path) -> Settings:
    return Settings(home=tmp_path, environments=tmp_path, port=9)


def models() -> dict[str, list[str]]:
    """Mart → its columns, from the files of dbt."""
    found = {}
    for path in sorted((CHECKOUT / "dbt_project" / "models" / "marts").glob("*/*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]:
            found[model["name"]] = [column["name"] for column in model["columns"]]
    return found


def stock(changes: dict[int, int] | None = None, months=(JANUARY, FEBRUARY)) -> pa.Table:
    """mart_legal_person__stock of four counties and three sections; `changes`: place → count, in every month."""
    counts = [(changes or {}).get(i, count) for i, count in enumerate(COUNTS)]
    places = [(county, section) for county in ("450102", "450103", "450202", "450203") for section in "ACF"]
    rows = [
        {"month": month, "division_code": county, "section_code": section, "stock_enterprises": count, "births_enterprises": 1, "deaths_enterprises": 0,
         "moved_in_enterprises": 0, "moved_out_enterprises": 0, "is_synthetic": True}
        for month in months for (county, section), count in zip(places, counts)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows)


def wages_rule(path: Path, **changes) -> Path:
    """A rules file with one magnitude table."""
    table = {
        "treatment": "suppression", "kind": "magnitude", "owner": "局", "because": {"zh": "试", "en": "test"}, "dimensions": {"division_code": "division", "industry_code": "industry"},
        "values": ["wages"], "totals": "in_table", "units": "enterprises", "largest": "largest", "second": "second", "follows": {"wages": ["share_pct"]},
    }  # fmt: skip
    document = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump(document | {"tables": {"mart_test__wages": table | changes}}, allow_unicode=True), encoding="utf-8")
    return path


def wages() -> pa.Table:
    """Three cities by three divisions with totals; one enterprise has nearly all of 450100/15."""
    inner = {("450100", "13"): (90.0, 9, 12.0, 11.0), ("450100", "15"): (60.0, 4, 57.0, 2.0), ("450100", "17"): (70.0, 8, 11.0, 10.0),
             ("450200", "13"): (50.0, 7, 9.0, 9.0), ("450200", "15"): (40.0, 9, 6.0, 6.0), ("450200", "17"): (80.0, 8, 12.0, 11.0),
             ("450300", "13"): (30.0, 8, 5.0, 5.0), ("450300", "15"): (55.0, 8, 9.0, 8.0), ("450300", "17"): (65.0, 7, 12.0, 10.0)}  # fmt: skip
    rows: dict[tuple, tuple] = {}
    for (city, industry), cell in inner.items():
        for key in ((c, i) for c in (city, "450000") for i in (industry, "C", "TOTAL")):
            value, units, *two = rows.get(key, (0.0, 0))
            rows[key] = (value + cell[0], units + cell[1], *sorted([*two, *cell[2:]], reverse=True)[:2])
    names = ("division_code", "industry_code", "wages", "enterprises", "largest", "second")
    return pa.Table.from_pylist([dict(zip(names, (*key, *cell))) | {"share_pct": 1.5} for key, cell in rows.items()])


def test_every_mart_is_decided_and_every_decision_names_columns_that_exist():
    marts, rules = models(), load()
    served = {name for name in rules.tables if name.startswith("mart_")}
    print(f"marts with a decision in infra/disclosure.yaml: {len(served & set(marts))} of {len(marts)}")
    assert served == set(marts), "write an entry in infra/disclosure.yaml for each mart, and none for a mart that is gone"
    for name in served:
        rule = rules.tables[name]
        named = {*rule.dimensions, *rule.by, *rule.values, *rule.drop, *rule.rows, *rule.quasi_identifiers, *rule.sensitive, *rule.contributors}
        assert named <= set(marts[name]), f"{name}: {sorted(named - set(marts[name]))} are no columns"
        assert not {*rule.quasi_identifiers, *rule.values} & set(rule.drop)


@pytest.mark.parametrize("role", OUTSIDE)
def test_a_table_that_nobody_decided_is_refused_outside(lake, role):
    with pytest.raises(Refused, match="stands in no entry of infra/disclosure.yaml") as refusal:
        protect(lake, "mart_new__table", stock(), role, "r1")
    assert refusal.value.report.decision == "refused"
    assert not leaves_unchanged("mart_new__table", role)


@pytest.mark.parametrize("role", INSIDE)
def test_readers_inside_get_what_the_policy_lets_them_see(lake, role):
    assert protect(lake, "mart_legal_person__stock", stock(), role, "r1").frame.equals(stock())
    assert leaves_unchanged("mart_credit__penalty", role)


def test_counts_of_enterprises_leave_as_additive_multiples_without_the_flows(lake):
    result = protect(lake, "mart_legal_person__stock", stock(), "researcher", "r1")
    frame, report = result.frame, result.report
    figures = frame["stock_enterprises"].to_pylist()
    assert frame.column_names == ["month", "division_code", "section_code", "stock_enterprises", "stock_enterprises_status", "is_synthetic"]
    assert frame.schema.field("stock_enterprises").type == pa.int64() and set(frame["stock_enterprises_status"].to_pylist()) == {"E"}
    assert all(figure % 3 == 0 and figure > 0 for figure in figures)  # a zero would show that there is something that was rounded away
    assert report.rows_in == 24 and report.rows_out == len(figures) == 24 - report.rows_not_listed and report.rows_not_listed > 2
    assert abs(sum(figures) - sum(COUNTS) * 2) < 2 * 3
    assert report.primary > 0 and report.attacked == report.primary and report.narrowed == 0


def test_the_same_request_gives_the_same_figures_and_the_next_release_keeps_them(lake):
    first = protect(lake, "mart_legal_person__stock", stock(), "researcher", "r1")
    again = protect(lake, "mart_legal_person__stock", stock(), "public", "r1")
    assert again.frame.equals(first.frame) and again.report.role == "public" and again.report.loss == first.report.loss
    later = protect(lake, "mart_legal_person__stock", stock(months=(JANUARY, FEBRUARY, datetime.date(2024, 3, 1))), "researcher", "r2")
    assert later.frame.slice(0, len(first.frame)).equals(first.frame)
    assert later.report.statuses == {"as told before": 2, "rounded": 1}
    revised = protect(lake, "mart_legal_person__stock", stock({11: 20}), "researcher", "r3")
    assert len(revised.report.earlier_releases) == 1 and revised.report.narrowed == 0
    kept = sum(row in first.frame.to_pylist() for row in revised.frame.to_pylist())
    print(f"rows with the figure of the first release although one county was revised: {kept} of {len(revised.frame)}")
    assert kept == len(revised.frame) - 2
    (told, *_) = (lake.home / "disclosure" / "mart_legal_person__stock").glob("r1-*.parquet")
    assert stat.S_IMODE(told.stat().st_mode) == 0o600  # it holds the truth


def test_a_dominated_cell_leaves_empty_with_others_and_none_can_be_told_from_another(lake, tmp_path):
    rules = load(wages_rule(tmp_path / "rules.yaml"))
    result = protect(lake, "mart_test__wages", wages(), "researcher", "r1", rules)
    rows = {(row["division_code"], row["industry_code"]): row for row in result.frame.to_pylist()}
    hidden = {key for key, row in rows.items() if row["wages"] is None}
    assert ("450100", "15") in hidden and len(hidden) == 4
    assert all((row["wages_status"] == "Q") == (row["wages"] is None) == (row["share_pct"] is None) for row in rows.values())
    assert {row["wages_status"] for row in rows.values()} == {"A", "Q"}
    assert not {"enterprises", "largest", "second"} & set(result.frame.column_names)
    figures = result.report.as_dict()
    assert (figures["primary"], figures["secondary"], figures["statuses"]) == (1, 3, {"optimal": 1})
    assert 0 < figures["loss"]["value_pct"] < figures["naive"]["value_pct"] and figures["recovered"] == figures["narrowed"] == 0
    readers = result.report.for_readers()
    assert readers["suppressed"] == 4 and not {"rule", "primary", "secondary"} & set(readers)
    print(f"suppressed {figures['loss']['suppressed']} of {figures['loss']['cells']} cells; naive {figures['naive']['suppressed']}")


def test_a_magnitude_without_its_contributors_is_refused(lake, tmp_path):
    rules = load(wages_rule(tmp_path / "rules.yaml", units=None, largest=None, second=None))
    with pytest.raises(Refused, match="cannot be protected: the threshold rule needs the number of units"):
        protect(lake, "mart_test__wages", wages(), "researcher", "r1", rules)


def test_a_table_told_in_full_cannot_be_protected_afterwards(lake, tmp_path):
    open_rules = load(wages_rule(tmp_path / "open.yaml", rule={"minimum_units": None, "p_pct": None, "dominance": None}))
    assert protect(lake, "mart_test__wages", wages(), "researcher", "r1", open_rules).report.loss.suppressed == 0
    with pytest.raises(Refused, match="published before and cannot be taken back: 450100/15"):
        protect(lake, "mart_test__wages", wages(), "researcher", "r2", load(wages_rule(tmp_path / "strict.yaml")))


def penalties(copies: int) -> pa.Table:
    rows = [
        {"document_number": f"{kind}{i}", "uscc": "x", "enterprise_name": "y", "fact": "z", "legal_basis": "w", "division_code": "450102", "category_code": "03",
         "penalty_kind": kind, "authority_name": "局", "decision_date": JANUARY, "fine_cny": 1000 * i}
        for kind in ("罚款", "警告") for i in range(copies)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows)


def test_microdata_leave_without_identifiers_when_five_share_each_combination_and_not_before(lake):
    with pytest.raises(Refused, match="k-anonymity is 4, asked for is 5: 8 of 8 rows stand in 2 of 2 combinations") as refusal:
        protect(lake, "mart_credit__penalty", penalties(4), "researcher", "r1")
    assert refusal.value.report.anonymity["k"] == 4
    left = protect(lake, "mart_credit__penalty", penalties(5), "researcher", "r1")
    assert left.report.anonymity["k"] == left.report.anonymity["l"] == 5
    assert not {"document_number", "uscc", "enterprise_name", "fact", "legal_basis"} & set(left.frame.column_names)


def test_output_of_a_city_does_not_leave_and_that_of_the_region_does(lake):
    frame = pa.table({"division_code": ["450000", "450100", "450000"], "industry_code": ["13", "13", "15"], "output_cny_100m": [9.5, 4.0, 3.25]})
    result = protect(lake, "mart_industry__output", frame, "researcher", "r1")
    assert result.frame.to_pylist() == [frame.to_pylist()[i] for i in (0, 2)] and (result.report.rows_in, result.report.rows_out) == (3, 2)
    assert not leaves_unchanged("mart_industry__output", "researcher") and leaves_unchanged("mart_economy__gdp", "public")


def test_records_of_running_the_lake_stay_inside(lake):
    with pytest.raises(Refused, match="mart_operations__quarantine does not leave"):
        protect(lake, "mart_operations__quarantine", stock(), "public", "r1")


@pytest.mark.parametrize("changes, words", [
    ({"treatment": "hidden"}, "write one of as_is, suppression"),
    ({"owner": ""}, "suppression needs owner"),
    ({"dimension": {}}, "nobody reads dimension"),
    ({"dimensions": {"division_code": "province"}}, "no hierarchy province"),
    ({"treatment": "rounding"}, "rounding is for counts"),
    ({"rule": {"p": 10}}, "no rule p"),
    ({"treatment": "rounding", "kind": "frequency", "rule": {"base": 2}}, "base 2 is below minimum_units 3"),
])  # fmt: skip
def test_a_rule_that_cannot_be_done_is_named(tmp_path, changes, words):
    with pytest.raises(InvalidRule, match=words):
        load(wages_rule(tmp_path / "rules.yaml", **changes))


@pytest.mark.parametrize(
    "spoil, words", [({"stock_enterprises": None}, "is None"), ({"stock_enterprises": -1}, "is -1"), ({"division_code": "450103", "section_code": "A"}, "stands twice")]
)
def test_cells_that_are_no_counts_are_an_error(lake, spoil, words):
    rows = stock().to_pylist()
    rows[0] |= spoil
    with pytest.raises(ValueError, match=words):
        protect(lake, "mart_legal_person__stock", pa.Table.from_pylist(rows, schema=stock().schema), "researcher", "r1")
