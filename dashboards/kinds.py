"""Kinds of charts: each function turns one entry of a dashboard's YAML into the form data of a Superset chart.

headline      one figure with its period, a comparison and a small trend        value, over, compare
section_head  the strip above a section: source and data date (made for every section)      release_strip  the last line of every page
line, area    x, values, by                 bar            x, values, by            stacked_bar   x, values, by
bar_and_line  x, values, lines              ranking        x, value (horizontal)    share         x, value (ring)
table         columns (fields and metrics)  map            value, by = division code, options.steps (Guangxi's 14 prefectures)
signal_cards  options.order = list of concepts (rows of mart_macro__monitor)      wall_of_lights (rows of mart_macro__warning_light)
heat_map      x, by, value, options.order, .levels, .shown   fan            x, values = [actual, earlier, forecast, low 80, high 80, low 95, high 95]
news          options.of = new or revision (rows of mart_macro__change)            lights_changed (rows of mart_macro__warning_light)
station_map   value, options.fields = [longitude, latitude], by, options.steps      pyramid       x, options.fields, values = [men, women]
"""

from dashboards.boards import fan, heat_map, signal_cards, wall_of_lights
from dashboards.htmlkinds import headline, map_of_prefectures, map_of_stations, pyramid, release_strip, section_head
from dashboards.news import lights_changed, news
from dashboards.spec import Chart
from dashboards.where import filters

SCHEME = "guihu"


def form_data(chart: Chart) -> dict:
    """Superset's form data of one chart, without the dataset's id (the importer fills it in)."""
    if chart.kind not in KINDS:
        raise ValueError(f"{chart.en}: unknown kind {chart.kind}; known are {', '.join(KINDS)}")
    made = KINDS[chart.kind](chart)
    return {"adhoc_filters": filters(chart.where), "extra_form_data": {}, "row_limit": 10_000} | made


def line(chart: Chart) -> dict:
    return _timeseries(chart, "echarts_timeseries_line", seriesType="line", markerEnabled=False)


def area(chart: Chart) -> dict:
    """Stacked areas; options.limit keeps the largest series."""
    return _timeseries(chart, "echarts_area", stack="Stack", seriesType="line", opacity=0.8, markerEnabled=False)


def bar(chart: Chart) -> dict:
    every_name = "0" if "name" in chart.spec["x"] else "auto"  # periods may leave some labels out, names may not
    return _timeseries(chart, "echarts_timeseries_bar", orientation="vertical", xAxisLabelInterval=every_name)


def stacked_bar(chart: Chart) -> dict:
    return _timeseries(chart, "echarts_timeseries_bar", orientation="vertical", stack="Stack", only_total=True)


def ranking(chart: Chart) -> dict:
    value = chart.metric("value")
    made = _timeseries(chart, "echarts_timeseries_bar", orientation="horizontal", show_value=True, show_legend=False, only_total=False)
    return made | {"metrics": [value.name], "y_axis_format": value.format, "x_axis_sort": value.name, "x_axis_sort_asc": True, "x_axis_sort_series": "sum", "x_axis_sort_series_ascending": True, "xAxisLabelInterval": "0"}


def bar_and_line(chart: Chart) -> dict:
    """Bars on the left axis, lines on the right one."""
    left, right = [chart.metrics[name] for name in chart.spec["values"]], [chart.metrics[name] for name in chart.spec["lines"]]
    return {
        "viz_type": "mixed_timeseries",
        **_axis(chart),
        "metrics": [metric.name for metric in left],
        "metrics_b": [metric.name for metric in right],
        "groupby": [],
        "groupby_b": [],
        "adhoc_filters_b": filters(chart.where),
        "seriesType": "bar",
        "seriesTypeB": "line",
        "markerEnabledB": True,
        "markerSizeB": 7,
        "yAxisIndex": 0,
        "yAxisIndexB": 1,
        "y_axis_format": _trimmed(left[0].format),
        "y_axis_format_secondary": _trimmed(right[0].format),
        "row_limit_b": 10_000,
        "truncate_metric": True,
        "truncate_metric_b": True,
        "color_scheme": SCHEME,
        **_legend(True),
        **chart.spec.get("options", {}),
    }


def share(chart: Chart) -> dict:
    value = chart.metric("value")
    return {
        "viz_type": "pie",
        "groupby": [chart.spec["x"]],
        "metric": value.name,
        "color_scheme": SCHEME,
        "donut": True,
        "innerRadius": 45,
        "outerRadius": 72,
        "label_type": "key_value_percent",
        "number_format": value.format,
        "show_labels": True,
        "show_labels_threshold": 1,
        "labels_outside": True,
        "label_line": True,
        "show_total": True,
        "sort_by_metric": True,
        **_legend(False),
        **chart.spec.get("options", {}),
    }


def table(chart: Chart) -> dict:
    fields = [name for name in chart.spec["columns"] if name not in chart.metrics]
    metrics = [chart.metrics[name] for name in chart.spec["columns"] if name in chart.metrics]
    return {
        "viz_type": "table",
        "query_mode": "aggregate",
        "groupby": fields,
        "metrics": [metric.name for metric in metrics],
        "timeseries_limit_metric": chart.spec.get("sort", metrics[0].name if metrics else None),
        "order_desc": True,
        "table_timestamp_format": "%Y-%m-%d %H:%M",
        "show_cell_bars": True,
        "align_pn": False,
        "color_pn": False,
        "allow_rearrange_columns": True,
        "column_config": {metric.name: {"d3NumberFormat": metric.format} for metric in metrics},
        "server_pagination": False,
        "page_length": 0,
        **chart.spec.get("options", {}),
    }


def _timeseries(chart: Chart, viz_type: str, **more) -> dict:
    metrics = chart.shown_metrics
    by = [chart.spec["by"]] if "by" in chart.spec else []
    several = bool(by) or len(metrics) > 1
    return {
        "viz_type": viz_type,
        **_axis(chart),
        "metrics": [metric.name for metric in metrics],
        "groupby": by,
        "y_axis_format": _trimmed(metrics[0].format),
        "series_limit": chart.spec.get("options", {}).get("limit", 0),
        "truncate_metric": True,
        "show_empty_columns": True,
        "color_scheme": SCHEME,
        "rich_tooltip": True,
        "showTooltipTotal": False,
        "sort_series_type": "sum",
        "sort_series_ascending": False,
        "only_total": False,
        "truncateYAxis": viz_type == "echarts_timeseries_line",
        "y_axis_bounds": [None, None],
        **_legend(several),
        **more,
        **chart.spec.get("options", {}),
    }


def _axis(chart: Chart) -> dict:
    column = chart.mart.columns.get(chart.spec["x"])
    made = {"x_axis": chart.spec["x"], "x_axis_time_format": "%Y-%m", "tooltipTimeFormat": "%Y-%m", "xAxisLabelRotation": 0}
    if column is not None and column.is_time:
        return made | {"time_grain_sqla": "P1M"}
    return made | {"x_axis_sort": chart.spec["x"], "x_axis_sort_asc": True, "xAxisForceCategorical": True}


def _trimmed(d3_format: str) -> str:
    """Without zeros nobody needs: 10,000 instead of 10,000.0."""
    return d3_format.replace("f", "~f")


def _legend(shown: bool) -> dict:
    return {"show_legend": shown, "legendType": "plain", "legendOrientation": "top", "legendMargin": None}


KINDS = {
    "headline": headline,
    "section_head": section_head,
    "release_strip": release_strip,
    "line": line,
    "area": area,
    "bar": bar,
    "stacked_bar": stacked_bar,
    "bar_and_line": bar_and_line,
    "ranking": ranking,
    "share": share,
    "table": table,
    "map": map_of_prefectures,
    "station_map": map_of_stations,
    "pyramid": pyramid,
    "signal_cards": signal_cards,
    "wall_of_lights": wall_of_lights,
    "heat_map": heat_map,
    "fan": fan,
    "news": news,
    "lights_changed": lights_changed,
}
