"""A page made narrow: the same charts, one below the other. When and for whom: infra/superset/narrow.py."""

COLUMNS = 12  # of Superset's grid


def folded(position: dict) -> dict:
    """The same charts in the same order, each in a row of its own and as wide as the grid."""
    made = {key: value for key, value in position.items() if not isinstance(value, dict) or value["type"] not in ("ROW", "CHART", "GRID")}
    for key, grid in ((key, value) for key, value in position.items() if isinstance(value, dict) and value["type"] == "GRID"):
        charts = [chart for row in grid["children"] for chart in position[row]["children"]]
        made[key] = grid | {"children": [f"ROW-{chart}" for chart in charts]}
        for chart in charts:
            parents = [*grid["parents"], key]
            made[f"ROW-{chart}"] = {"type": "ROW", "id": f"ROW-{chart}", "children": [chart], "parents": parents, "meta": {"background": "BACKGROUND_TRANSPARENT"}}
            made[chart] = position[chart] | {"parents": [*parents, f"ROW-{chart}"], "meta": position[chart]["meta"] | {"width": COLUMNS}}
    return made


def upright_labels(form_data: dict) -> dict:
    """Bars by name: every name is written, aslant; periods may go on leaving some out."""
    is_by_name = form_data["viz_type"] == "echarts_timeseries_bar" and form_data.get("orientation") == "vertical" and "name" in str(form_data.get("x_axis"))
    return {"xAxisLabelRotation": 60, "xAxisLabelInterval": "0"} if is_by_name else {}
