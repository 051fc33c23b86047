"""The contract is the only place where a feed is described: what follows from it is derived or held against it."""

import re
from pathlib import Path

import pytest
import yaml

from expectations import contract, dbt_sources, rules
from spark_jobs.analyse import results
from spark_jobs.settings import CHECKOUT

FEEDS = contract.load_all()


def test_every_contract_is_valid_and_the_five_domains_are_there():
    assert len(FEEDS) >= 36
    assert {feed.domain for feed in FEEDS.values()} == {"reference", "population", "legal_person", "credit", "economy", "environment"}
    assert {feed.kind for feed in FEEDS.values()} == set(contract.KINDS)


def test_dbt_sources_are_what_the_contracts_say():
    assert dbt_sources.FILE.read_text(encoding="utf-8") == dbt_sources.text()


@pytest.mark.parametrize("feed", FEEDS.values(), ids=FEEDS)
def test_no_field_list_is_typed_a_second_time(feed):
    """No Python or YAML file outside expectations names most of a feed's fields side by side."""
    names = [field.name for field in feed.fields]
    files = [p for room in ("spark_jobs", "dags", "infra/superset") for p in CHECKOUT.joinpath(room).rglob("*.py")]
    for path in files:
        found = sum(bool(re.search(rf"\b{re.escape(name)}\b", path.read_text(encoding="utf-8"))) for name in names)
        assert found < max(6, 0.7 * len(names)), f"{path.relative_to(CHECKOUT)} names {found} of the {len(names)} fields of {feed.id}"


def test_every_rule_speaks_chinese_and_english_and_names_who_acts():
    seen = 0
    for feed in FEEDS.values():
        for check in rules.checks(feed):
            seen += 1
            assert re.search("[\u4e00-\u9fff]", check.message_zh), (feed.id, check.code)
            assert check.message_en.strip()
            assert check.method in ("contract", "plausibility", "reconciliation", "logic")
            assert check.severity in ("error", "hold", "warning")
        codes = [check.code for check in rules.checks(feed)]
        assert len(codes) == len(set(codes))
    print(f"rules: {seen}")
    assert seen > 150


def test_the_tables_of_the_analyses_are_described_for_dbt_and_no_other():
    described = yaml.safe_load((CHECKOUT / "dbt_project" / "models" / "analysis.yml").read_text(encoding="utf-8"))["sources"][0]["tables"]
    assert [table["name"] for table in described] == list(results.SCHEMAS)
    core = "".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "dbt_project" / "models" / "core").glob("*.sql"))
    assert "'analysis'" not in core, "the analyses read the core, so the core cannot read them"


def test_marts_read_silver_and_dashboards_read_marts():
    models = list((CHECKOUT / "dbt_project" / "models").rglob("*.sql"))
    assert len(models) > 10
    for path in models:
        assert set(re.findall(r"source\(\s*'(\w+)'", path.read_text(encoding="utf-8"))) <= {"silver", "analysis"}, path.name
        assert not re.search(r"\b(bronze|judged)\.", path.read_text(encoding="utf-8")), path.name
    boards = list((CHECKOUT / "dashboards").glob("*.yaml"))
    assert len(boards) >= 4
    for path in boards:
        assert not re.search(r"\b(silver|bronze)\b", path.read_text(encoding="utf-8")), path.name


def test_a_broken_contract_is_refused_with_the_place_of_the_fault(tmp_path):
    path = tmp_path / "economy" / "house_price.yaml"
    path.parent.mkdir()
    document = yaml.safe_load(FEEDS["economy.house_price"].path.read_text(encoding="utf-8"))
    document["schema"][0]["properties"][0]["clasification"] = "public"
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    with pytest.raises(contract.ContractError, match="clasification"):
        contract.load(Path(path))
