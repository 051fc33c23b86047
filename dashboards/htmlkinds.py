"""Kinds of charts that are drawn by a template of ours: Superset's Handlebars chart fills HTML or SVG with the rows of one query.

The templates hold no blank lines (Superset's markdown would break them) and every style is a class of look.css.
"""

from dashboards import shapes
from dashboards.spec import Chart
from dashboards.where import filters

NO_VALUE = "#e3e8ef"
BLUES = ["#dce9f9", "#a9c8ea", "#6ea1d8", "#3a76bd", "#1d4f91"]
CATALOGUE = "/catalogue"  # where the web server shows the static site of the release (infra/superset/superset_config.py)


def headline(chart: Chart) -> dict:
    """One figure, large; what it is compared with; with `over`: its last period and the way it came as a thin line."""
    value, over = chart.metric("value"), chart.spec.get("over")
    metrics = {"shown": f"coalesce({as_text(value.sql, value.format)}, '—')"}
    period = beside = trend = ""
    if "compare" in chart.spec:
        compare = chart.metric("compare")
        metrics["compared"] = f"coalesce({as_text(compare.sql, compare.format)}, '—')"
        beside = f'<span class="gh-beside">{compare.zh} {compare.en} <b>{{{{compared}}}}</b> {compare.unit_zh}</span>'
    if over:
        metrics |= _trend(value.sql, over)
        period = f'<span class="gh-period">{_period(chart, over)}</span>'
        trend = TREND
    template = (
        '<div class="gh-card">{{#each data}}{{#if @last}}<div class="gh-figure" ><b class="gh-number">{{shown}}</b>'
        f'<span class="gh-unit">{value.unit_zh} <small>{value.unit_beside}</small></span></div>'
        f'<div class="gh-under">{period}{beside}</div>{{{{/if}}}}{{{{/each}}}}{trend}</div>'
    )
    return drawn(template, groupby=[over] if over else [], metrics=metrics, order="trend_x" if over else "shown")


TREND = (
    '<svg class="gh-trend" viewBox="0 0 100 30" preserveAspectRatio="none" height="34" width="100%">'
    '<path class="gh-area" d="M0 30{{#each data}}L{{trend_x}} {{trend_y}}{{/each}}L100 30Z" />'
    '<path class="gh-line" d="{{#each data}}{{#if @first}}M{{else}}L{{/if}}{{trend_x}} {{trend_y}}{{/each}}" /></svg>'
)


def _trend(sql: str, over: str) -> dict[str, str]:
    """The figure's line in a box of 100 × 30: place in time, height between its own least and most."""
    extent = f"nullif(max({sql}) over () - min({sql}) over (), 0)"
    return {
        "trend_x": f"round(100.0 * (row_number() over (order by {over}) - 1) / greatest(count(*) over () - 1, 1), 1)",
        "trend_y": f"round(coalesce(26.0 - 22.0 * ({sql} - min({sql}) over ()) / {extent}, 15.0), 1)",
    }


def _period(chart: Chart, over: str) -> str:
    return f'{{{{dateFormat {over} format="YYYY-MM"}}}}' if chart.mart.columns[over].is_time else f"{{{{{over}}}}}"


def section_head(chart: Chart) -> dict:
    """Name of the section, where its figures come from and how far they reach, and the way to the catalogue's pages of its datasets."""
    pages = [f"{CATALOGUE}/zh/dataset/{mart}.html" for mart in chart.spec["marts"]]
    links = "".join(f'<a href="{page}">{"说明 About" if number == 0 else number + 1}</a>' for number, page in enumerate(pages))
    template = (
        f'<div class="gh-head"><span class="gh-head-name">{chart.zh} <small>{chart.en}</small></span>'
        f'<span class="gh-head-source">来源 Source：{chart.source["zh"]} · {chart.source["en"]}</span>'
        f'<span class="gh-head-links">{links}<a href="{pages[0]}#lineage">血缘 Lineage</a></span>'
        '{{#each data}}<span class="gh-head-date">数据日期 Data date：<b>{{as_of}}</b></span>{{/each}}</div>'
    )
    return drawn(template, groupby=[], metrics={"as_of": chart.metric("value").sql}, order="as_of")


def release_strip(chart: Chart) -> dict:
    """Last line of every page: the release it was read from."""
    template = (
        '{{#each data}}<div class="gh-release">发布批次 Release <b>{{shown}}</b> · 发布时间 released at <b>{{at}}</b> 北京时间 Beijing time · '
        "由桂湖生成，每个数字都能追溯到交付 Made by Guihu, every figure can be traced to its delivery</div>{{/each}}"
    )
    released_at = "strftime(timezone('Asia/Shanghai', max(released_at)::timestamptz), '%Y-%m-%d %H:%M')"
    return drawn(template, groupby=[], metrics={"shown": chart.metric("value").sql, "at": released_at}, order="shown")


def map_of_prefectures(chart: Chart) -> dict:
    """The 14 prefectures coloured by fixed steps, each with its name and figure."""
    value, code = chart.metric("value"), chart.spec["by"]
    steps = chart.spec["options"]["steps"]
    colours = BLUES[: len(steps) + 1]
    metrics = {
        "fill": _case(value.sql, steps, colours),
        "ink": _case(value.sql, steps, ["#14315c"] * (len(colours) - 2) + ["#ffffff"] * 2),
        "shown": as_text(value.sql, value.format),
        "amount": value.sql,
    }
    parts = [
        f'{{{{#*inline "area{shape.code}"}}}}<path class="gh-area-shape" d="{shape.path}" fill="{{{{fill}}}}" />{{{{/inline}}}}'
        f'{{{{#*inline "name{shape.code}"}}}}<text x="{shape.label_x}" y="{shape.label_y}" fill="{{{{ink}}}}" textAnchor="middle" >'
        f'<tspan x="{shape.label_x}" class="gh-map-name">{shape.name.removesuffix("市")}</tspan>'
        f'<tspan x="{shape.label_x}" y="{shape.label_y + 17}" class="gh-map-value">{{{{shown}}}}</tspan></text>{{{{/inline}}}}'
        for shape in shapes.prefectures()
    ]
    template = (
        "".join(parts)
        + _svg_open()
        + f'<g>{{{{#each data}}}}{{{{> (concat "area" {code})}}}}{{{{/each}}}}</g><g>{{{{#each data}}}}{{{{> (concat "name" {code})}}}}{{{{/each}}}}</g>'
        + _step_legend(steps, colours, f"{value.unit_zh} {value.unit_beside}")
        + "</svg></div>"
    )
    made = drawn(template, groupby=[code], metrics=metrics, order="amount")
    known = {code: [shape.code for shape in shapes.prefectures()]}
    return made | {"adhoc_filters": filters(chart.where | known)}


def map_of_stations(chart: Chart) -> dict:
    """One dot a station over the outlines of the prefectures, coloured by the levels given in the YAML."""
    value, station = chart.metric("value"), chart.spec["by"]
    longitude, latitude = chart.spec["options"]["fields"][:2]
    levels = chart.spec["options"]["levels"]
    x, y = shapes.projection_sql(f"max({longitude})", f"max({latitude})")
    steps, colours = [level["up_to"] for level in levels[:-1]], [level["colour"] for level in levels]
    metrics = {
        "cx": x,
        "cy": y,
        "fill": _case(value.sql, steps, colours, inclusive=True),
        "shown": as_text(value.sql, value.format),
        "amount": value.sql,
    }
    outlines = "".join(f'<path class="gh-outline" d="{shape.path}" fill="#eef3fa" />' for shape in shapes.prefectures())
    names = "".join(
        f'<text class="gh-outline-name" x="{shape.label_x}" y="{shape.label_y - 14}" textAnchor="middle" fill="#44546a" >{shape.name.removesuffix("市")}</text>'
        for shape in shapes.prefectures()
    )
    dots = (
        '{{#each data}}<circle class="gh-dot" cx="{{cx}}" cy="{{cy}}" r="8" fill="{{fill}}" >'
        f"<title>{{{{{station}}}}} {value.zh} {{{{shown}}}}</title></circle>{{{{/each}}}}"
    )
    legend = "".join(
        f'<rect x="10" y="{430 + 21 * place}" width="15" height="15" rx="3" fill="{level["colour"]}" />'
        f'<text class="gh-legend" x="32" y="{442 + 21 * place}" fill="#3b4a5e" >{level["zh"]} {level["en"]}</text>'
        for place, level in enumerate(levels)
    )
    made = drawn(_svg_open() + outlines + dots + names + legend + "</svg></div>", groupby=[station], metrics=metrics, order="amount")
    return made


def pyramid(chart: Chart) -> dict:
    """Men to the left, women to the right, one band an age group, oldest on top."""
    men, women = (chart.metrics[name] for name in chart.spec["values"])
    (age_from,) = chart.spec["options"]["fields"]
    largest = f"greatest(max({men.sql}) over (), max({women.sql}) over ())"
    metrics = {
        "men_width": f"round(100.0 * ({men.sql}) / {largest}, 1)",
        "women_width": f"round(100.0 * ({women.sql}) / {largest}, 1)",
        "men": as_text(men.sql, men.format),
        "women": as_text(women.sql, women.format),
        "place": f"-min({age_from})",
    }
    age = chart.spec["x"]
    template = (
        f'<div class="gh-pyramid"><div class="gh-band gh-band-head"><span class="gh-men">{men.zh} {men.en}</span><span class="gh-age">年龄 Age</span>'
        f'<span class="gh-women">{women.zh} {women.en}</span></div>'
        '{{#each data}}<div class="gh-band"><span class="gh-men"><small>{{men}}</small><i style="width:{{men_width}}%"></i></span>'
        f'<span class="gh-age">{{{{{age}}}}}</span>'
        '<span class="gh-women"><i style="width:{{women_width}}%"></i><small>{{women}}</small></span></div>{{/each}}</div>'
    )
    return drawn(template, groupby=[age], metrics=metrics, order="place")


def drawn(template: str, groupby: list[str], metrics: dict[str, str], order: str) -> dict:
    made = [
        {"expressionType": "SQL", "sqlExpression": sql, "label": label, "optionName": f"metric_{label}", "hasCustomLabel": True}
        for label, sql in metrics.items()
    ]
    return {
        "viz_type": "handlebars",
        "query_mode": "aggregate",
        "groupby": groupby,
        "metrics": made,
        "timeseries_limit_metric": next(metric for metric in made if metric["label"] == order),
        "order_desc": False,
        "handlebarsTemplate": template,
        "styleTemplate": "",
    }


def as_text(sql: str, d3_format: str) -> str:
    """The figure as people read it: the D3 formats of the metrics (`,.1f`, `+,.1f`, `,.0f`) said in DuckDB's words."""
    plain = d3_format.removeprefix("+")
    sign = f"case when ({sql}) > 0 then '+' else '' end || " if d3_format.startswith("+") else ""
    return f"{sign}format('{{:{plain}}}', ({sql})::double)"


def _case(sql: str, steps: list, colours: list[str], inclusive: bool = False) -> str:
    """Colour of a value by fixed upper bounds: the same steps for everybody, whatever rows he may see."""
    sign = "<=" if inclusive else "<"
    bounds = " ".join(f"when {sql} {sign} {step} then '{colour}'" for step, colour in zip(steps, colours))
    return f"case when {sql} is null then '{NO_VALUE}' {bounds} else '{colours[-1]}' end"


def _svg_open() -> str:
    return f'<div class="gh-map-box"><svg class="gh-map" viewBox="0 0 {shapes.WIDTH:.0f} {shapes.HEIGHT:.0f}" preserveAspectRatio="xMidYMid meet" width="100%" height="100%">'


def _step_legend(steps: list, colours: list[str], unit: str) -> str:
    words = [f"< {steps[0]}"] + [f"{low} – {high}" for low, high in zip(steps, steps[1:])] + [f"≥ {steps[-1]}"]
    boxes = "".join(
        f'<rect x="10" y="{440 + 21 * place}" width="22" height="15" rx="3" fill="{colour}" />'
        f'<text class="gh-legend" x="40" y="{452 + 21 * place}" fill="#3b4a5e" >{word}</text>'
        for place, (word, colour) in enumerate(zip(words, colours))
    )
    return f'<text class="gh-legend" x="10" y="428" fill="#3b4a5e" >{unit}</text>{boxes}'
