"""Dashboards, metrics and marts → the files of Superset's asset import (path → text), with ids that never change for the same name."""

import json
import uuid
from pathlib import Path

import yaml

from dashboards.kinds import form_data
from dashboards.marts import Column, Mart, read_marts
from dashboards.spec import Chart, Dashboard, Metric, problems, read_dashboards, read_metrics, read_written_columns
from dashboards.where import sql_where

NAMESPACE = uuid.UUID("6f0f3c1e-1d7b-5b1c-9d4e-7c5a2b9f8e10")
DATABASE = "guihu"
SCHEMA = "mart"
CATALOG = "serve"
LOOK = Path(__file__).with_name("look.css")
GENERIC_TYPES = {"date": "DATE", "timestamp": "TIMESTAMP", "boolean": "BOOLEAN", "string": "VARCHAR", "double": "DOUBLE", "int": "INTEGER", "bigint": "BIGINT"}


def compile_assets() -> dict[str, str]:
    """Everything Superset imports. Raises with every problem of the YAML files before anything is written."""
    dashboards = read_dashboards()
    wrong = problems(dashboards)
    if wrong:
        raise ValueError("dashboards do not fit the marts:\n  " + "\n  ".join(wrong))
    files = {"metadata.yaml": {"version": "1.0.0", "type": "assets", "timestamp": "2026-01-01T00:00:00+00:00"}, "databases/guihu.yaml": database()}
    for mart in read_marts().values():
        files[f"datasets/guihu/{mart.name}.yaml"] = dataset(mart, read_metrics().get(mart.name, {}))
    for dashboard in dashboards:
        for chart in all_charts(dashboard):
            files[f"charts/{dashboard.slug}_{chart_id(dashboard, chart)}.yaml"] = chart_file(dashboard, chart)
        files[f"dashboards/{dashboard.slug}.yaml"] = dashboard_file(dashboard)
    return {path: yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=200) for path, content in files.items()}


def all_charts(dashboard: Dashboard) -> list[Chart]:
    return [section.as_of for section in dashboard.sections] + dashboard.charts + [dashboard.release]


def id_of(*words: str) -> str:
    return str(uuid.uuid5(NAMESPACE, "/".join(words)))


def chart_id(dashboard: Dashboard, chart: Chart) -> str:
    return id_of("chart", dashboard.slug, chart.kind, chart.en)


def dataset_id(mart_name: str) -> str:
    return id_of("dataset", mart_name)


def database() -> dict:
    """One entry for all roles; its address exists nowhere: the file is chosen for each request."""
    return {
        "database_name": DATABASE,
        "sqlalchemy_uri": "duckdb:////guihu/serve.duckdb",
        "uuid": id_of("database", DATABASE),
        "version": "1.0.0",
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_csv_upload": False,
        "cache_timeout": None,
        "extra": {"allows_virtual_table_explore": False, "disable_data_preview": False},
    }


def dataset(mart: Mart, metrics: dict[str, Metric]) -> dict:
    times = [column.name for column in mart.columns.values() if column.is_time]
    return {
        "table_name": mart.name,
        "schema": SCHEMA,
        "catalog": CATALOG,
        "main_dttm_col": times[0] if times else None,
        "description": mart.description,
        "uuid": dataset_id(mart.name),
        "database_uuid": id_of("database", DATABASE),
        "version": "1.0.0",
        "sql": None,
        "filter_select_enabled": True,
        "fetch_values_predicate": None,
        "extra": None,
        "params": None,
        "template_params": None,
        "metrics": [_metric(metric) for metric in metrics.values()] + [_row_count()],
        "columns": [_column(column) for column in mart.columns.values()] + [_written(mart, **entry) for entry in read_written_columns().get(mart.name, [])],
    }


def chart_file(dashboard: Dashboard, chart: Chart) -> dict:
    made = form_data(chart)
    return {
        "slice_name": title(chart),
        "description": f"{chart.mart.name}: {chart.mart.description}",
        "viz_type": made["viz_type"],
        "params": made | {"datasource": f"{dataset_id(chart.mart.name)}__table"},
        "query_context": json.dumps(query_context(chart, made)),
        "cache_timeout": None,
        "uuid": chart_id(dashboard, chart),
        "version": "1.0.0",
        "dataset_uuid": dataset_id(chart.mart.name),
    }


def query_context(chart: Chart, made: dict) -> dict:
    """The chart's first query, for whoever asks for its data by address without drawing it."""
    x_axis = [made["x_axis"]] if "x_axis" in made else []
    query = {
        "columns": x_axis + made.get("groupby", []),
        "metrics": made.get("metrics", []) or [made["metric"]],
        "filters": [{"col": entry["subject"], "op": entry["operator"], "val": entry["comparator"]} for entry in made["adhoc_filters"]],
        "orderby": [],
        "row_limit": made["row_limit"],
        "extras": {"having": "", "where": ""},
    }
    return {"datasource": {"id": dataset_id(chart.mart.name), "type": "table"}, "force": False, "queries": [query], "result_format": "json", "result_type": "full"}


def title(chart: Chart) -> str:
    """Two lines: Chinese with its unit; English with its unit, the source and the data date. look.css sets the first line large."""
    units = list(dict.fromkeys((metric.unit_zh, metric.unit_en) for metric in chart.shown_metrics if metric.unit_zh))
    zh, en = " / ".join(zh for zh, _ in units), " / ".join(en for _, en in units)
    if chart.kind in ("table", "section_head", "release_strip", "headline", "news", "lights_changed"):
        zh = en = ""
    first = chart.zh + (f"（{zh}）" if zh else "")
    second = chart.en + (f", {en}" if en else "")
    if not chart.source or chart.kind == "section_head":
        return f"{first}\n{second}"
    return f"{first}\n{second} · 来源 {chart.source['short']} · 数据日期 {data_date_mark(chart.section)}"


def data_date_mark(section: str) -> str:
    """Stands in a title for the data date of a section: infra/superset/titles.py puts in what the reader's release holds."""
    return f"[[data date {section}]]"


def data_date_queries(dashboards: list[Dashboard]) -> dict[str, str]:
    """Mark → the query over a serving file that answers it."""
    return {
        data_date_mark(section.name): f"select {section.as_of.metric('value').sql} from {SCHEMA}.{section.as_of.mart.name}{sql_where(section.as_of.where)}"
        for dashboard in dashboards
        for section in dashboard.sections
    }


def dashboard_file(dashboard: Dashboard) -> dict:
    return {
        "dashboard_title": dashboard.name,
        "description": f"{dashboard.reader['zh']} · {dashboard.reader['en']}",
        "css": LOOK.read_text(encoding="utf-8"),
        "slug": dashboard.address,
        "uuid": id_of("dashboard", dashboard.slug),
        "published": True,
        "certified_by": "",
        "certification_details": "",
        "version": "1.0.0",
        "position": layout(dashboard),
        "metadata": {
            "color_scheme": "guihu",
            "refresh_frequency": 0,
            "expanded_slices": {},
            "timed_refresh_immune_slices": [],
            "cross_filters_enabled": False,
            "filter_bar_orientation": "HORIZONTAL",
            "native_filter_configuration": [_native_filter(dashboard, entry) for entry in dashboard.filters],
            "shared_label_colors": [],
            "label_colors": colours(dashboard),
        },
    }


def colours(dashboard: Dashboard) -> dict[str, str]:
    """The same thing has the same colour everywhere: metrics by _metrics.yaml, other series by the dashboard's `colours`."""
    metrics = [metric for chart in dashboard.charts for metric in chart.shown_metrics if metric.colour]
    return {name: metric.colour for metric in metrics for name in (metric.label, metric.name)} | dashboard.colours


def layout(dashboard: Dashboard) -> dict:
    """Superset's grid: a full strip for the head of each section, then its rows; the release last."""
    position = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": dashboard.name}},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": [], "parents": ["ROOT_ID"]},
    }
    rows = [row for section in dashboard.sections for row in ([section.as_of], *section.rows)] + [[dashboard.release]]
    for number, row in enumerate(rows):
        row_id, parents = f"ROW-{number}", ["ROOT_ID", "GRID_ID"]
        keys = [f"CHART-{chart_id(dashboard, chart)}" for chart in row]
        position["GRID_ID"]["children"].append(row_id)
        position[row_id] = {"type": "ROW", "id": row_id, "children": keys, "parents": parents, "meta": {"background": "BACKGROUND_TRANSPARENT"}}
        for key, chart in zip(keys, row):
            meta = {"width": chart.width, "height": chart.height, "chartId": 0, "uuid": chart_id(dashboard, chart), "sliceName": title(chart)}
            position[key] = {"type": "CHART", "id": key, "children": [], "parents": [*parents, row_id], "meta": meta}
    return position


def _native_filter(dashboard: Dashboard, entry: dict) -> dict:
    name = f"NATIVE_FILTER-{id_of('filter', dashboard.slug, entry['field'])[:8]}"
    return {
        "id": name,
        "name": f"{entry['title']['zh']} {entry['title']['en']}",
        "filterType": "filter_select",
        "type": "NATIVE_FILTER",
        "requiredFirst": entry.get("first", False),  # the first item is applied without a click
        "targets": [{"datasetUuid": dataset_id(entry["mart"]), "column": {"name": entry["field"]}}],
        "defaultDataMask": {"extraFormData": {}, "filterState": {}},
        "cascadeParentIds": [],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": []},
        "controlValues": {
            "multiSelect": entry.get("several", True),
            "enableEmptyFilter": entry.get("first", False),
            "defaultToFirstItem": entry.get("first", False),
            "sortAscending": not entry.get("first", False),
            "inverseSelection": False,
            "searchAllOptions": False,
        },
        "description": "",
    }


def _written(mart: Mart, name: str, zh: str, en: str, sql: str) -> dict:
    """A column written for people (a local hour as text), computed by the reader's query."""
    return _column(Column(name, "string", zh, en, f"{zh} · {en}")) | {"expression": sql}


def _metric(metric: Metric) -> dict:
    return {
        "metric_name": metric.name,
        "verbose_name": metric.label,
        "expression": metric.sql,
        "description": f"{metric.zh} · {metric.en} ({metric.unit_zh} · {metric.unit_en})",
        "d3format": metric.format,
        "metric_type": None,
        "warning_text": None,
        "extra": {},
    }


def _row_count() -> dict:
    return {"metric_name": "count", "verbose_name": "行数 rows", "expression": "count(*)", "d3format": ",.0f", "extra": {}}


def _column(column: Column) -> dict:
    kind = next((name for word, name in GENERIC_TYPES.items() if column.type.startswith(word)), column.type.upper())
    return {
        "column_name": column.name,
        "verbose_name": f"{column.zh} {column.en}",
        "is_dttm": column.is_time,
        "is_active": True,
        "type": kind,
        "groupby": True,
        "filterable": True,
        "expression": None,
        "description": column.description,
        "extra": {},
    }
