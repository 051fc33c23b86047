"""The dashboards' files against the dbt models and the policy; no service."""

import pytest
import yaml

from dashboards import spec
from dashboards.compile import all_charts, compile_assets
from dashboards.kinds import KINDS, form_data
from dashboards.marts import label_of, read_marts
from dashboards.shapes import prefectures
from dashboards.spec import problems, read_dashboards
from dashboards.sqltext import columns_of
from spark_jobs.publish import policy


@pytest.fixture(scope="module")
def dashboards():
    return read_dashboards()


def test_every_field_of_every_chart_stands_in_a_dbt_model(dashboards):
    assert len(dashboards) >= 4
    assert problems(dashboards) == []


def test_every_chart_says_in_two_languages_what_it_shows_and_from_where(dashboards):
    for dashboard in dashboards:
        assert dashboard.zh and dashboard.en and dashboard.reader["zh"] and dashboard.reader["en"]
        for section in dashboard.sections:
            assert {"zh", "en", "short"} <= set(section.source)
        for chart in dashboard.charts:
            assert chart.zh and chart.en and chart.source["short"], chart
            assert chart.shown_metrics, f"{chart.en} shows no figure"


def test_synthetic_data_are_called_synthetic_and_real_data_real(dashboards):
    called = 0
    for dashboard in dashboards:
        for section in dashboard.sections:
            if "is_synthetic" in section.as_of.mart.columns and not section.as_of.mart.name.startswith("mart_operations"):
                assert ("合成数据" in section.zh and "synthetic" in section.en) or ("真实数据" in section.zh and "real" in section.en), section.zh
                called += 1
    print(f"sections that say which they are: {called}")
    assert called >= 25


def test_every_kind_of_chart_is_used_and_compiles(dashboards):
    charts = [chart for dashboard in dashboards for chart in all_charts(dashboard)]
    assert {chart.kind for chart in charts} == set(KINDS)
    assert all(form_data(chart)["viz_type"] for chart in charts)


def test_assets_are_the_same_each_time_and_every_id_once():
    first, second = compile_assets(), compile_assets()
    assert first == second
    identities = [yaml.safe_load(text).get("uuid") for path, text in first.items() if path != "metadata.yaml"]
    assert len(identities) == len(set(identities))


def test_no_dataset_holds_sql_of_its_own():
    datasets = {path: yaml.safe_load(text) for path, text in compile_assets().items() if path.startswith("datasets/")}
    assert set(datasets) == {f"datasets/guihu/{mart}.yaml" for mart in read_marts()}
    assert all(dataset["sql"] is None and dataset["schema"] == "mart" for dataset in datasets.values())


def test_every_role_may_open_its_first_page(dashboards):
    marts = {dashboard.address: dashboard.marts for dashboard in dashboards}
    for name, role in policy.roles().items():
        assert all(role.sees(mart) for mart in marts[role.first_page]), name


def test_a_metric_with_a_sub_query_is_refused():
    with pytest.raises(ValueError, match="belongs to dbt"):
        columns_of("sum(aqi) filter (where month = (select max(month) from other))")


def test_a_misspelt_field_is_named(monkeypatch, tmp_path):
    text = (spec.FOLDER / "economy.yaml").read_text(encoding="utf-8").replace("x: month", "x: mnoth")
    (tmp_path / "economy.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(spec, "FOLDER", tmp_path)
    found = problems(read_dashboards())
    assert len(found) == 2 and all("has no column mnoth" in problem for problem in found)


def test_the_map_knows_the_fourteen_prefectures():
    shapes = prefectures()
    assert len({shape.code for shape in shapes}) == 14
    assert all(shape.path.startswith("M") and 0 < shape.label_x < 760 and 0 < shape.label_y < 560 for shape in shapes)


def test_labels_come_from_the_first_words_of_a_description():
    assert label_of("常住人口（普查时点） · Permanent population. Census day", "x") == ("常住人口", "Permanent population")
    assert label_of("", "gdp_cny") == ("gdp_cny", "gdp cny")
