"""Kinds of charts for the state of the economy, drawn by templates of ours like those of htmlkinds: signal cards, a wall of lights, a fan of forecasts, a heat map.

Red and green are worse and better for the indicator, never down and up; lights keep the five colours of the monitoring centre.
"""

from dashboards.htmlkinds import as_text, drawn
from dashboards.spec import Chart

LIGHTS = {5: ("#b8242f", "过热 hot"), 4: ("#e8b21e", "偏热 warm"), 3: ("#3d9b5f", "正常 normal"), 2: ("#79b8e8", "偏冷 cool"), 1: ("#2456a6", "过冷 cold")}
NO_LIGHT = "#d4dbe5"
TEN_THOUSANDS = "case when max(level_unit) in ('万元', '万千瓦时') then 1e4 else 1 end"  # 万 reads as 亿
DIVERGING = [(-10, "#8c2d2d"), (-5, "#c8504a"), (-2, "#e9a49c"), (0, "#f6dcd8"), (2, "#e4f1ea"), (5, "#b7dcc6"), (10, "#6fbb8e"), (15, "#3d9b5f")]
HIGHEST = "#1e6b3c"


def signal_cards(chart: Chart) -> dict:
    """One card an indicator: light, figure, better or worse than before, adjusted month on month, place among its last ten years, dates, owner, method."""
    metrics = {
        "figure": f"case when max(figure_kind) = 'rate' then {as_text('max(figure_pct)', ',.1f')} else {as_text('max(figure_pct)', '+,.1f')} end",
        "change": as_text("max(figure_change_pp)", "+,.1f"),
        "direction": "max(direction)",
        "arrow": "case when max(figure_change_pp) > 0 then '▲' when max(figure_change_pp) < 0 then '▼' else '＝' end",
        "mom": f"coalesce({as_text('max(adjusted_mom_pct)', '+,.1f')} || '%', '—')",
        "level": f"coalesce({as_text(f'max(coalesce(cumulative_value, current_value)) / {TEN_THOUSANDS}', ',.0f')} || ' ' || replace(replace(max(level_unit), '万元', '亿元'), '万千瓦时', '亿千瓦时'), '')",
        "position": "round(max(position_pct), 0)",
        "periods": "max(position_periods)",
        "light": "case max(light_score) " + " ".join(f"when {score} then '{colour}'" for score, (colour, _) in LIGHTS.items()) + f" else '{NO_LIGHT}' end",
        "light_word": "coalesce(case max(light_score) " + " ".join(f"when {score} then '{word}'" for score, (_, word) in LIGHTS.items()) + " end, '')",
        "known": "strftime(max(figure_known_date), '%Y-%m-%d')",
        "promise": "case when max(lag_days) <= max(promised_lag_days) then '按期' else '迟 ' || (max(lag_days) - max(promised_lag_days)) || ' 天' end",
        "nature": "case when bool_or(is_synthetic) then '合成 synthetic' else '' end",
        "place": f"list_position({chart.spec['options']['order']}, max(concept_code))",
    }
    template = (
        '<div class="gh-signals">{{#each data}}<div class="gh-signal"><div class="gh-signal-head"><i class="gh-light" style="background:{{light}}"></i>'
        "<b>{{concept_name_zh}}</b><small>{{concept_name_en}}</small></div>"
        '<div class="gh-signal-figure"><b class="gh-number gh-{{direction}}">{{figure}}</b><span class="gh-unit">%</span><span class="gh-signal-change gh-{{direction}}">{{arrow}} {{change}}</span><span class="gh-signal-word">{{light_word}}</span></div>'
        '<div class="gh-signal-line"><span>环比（季调）m/m</span><b>{{mom}}</b></div>'
        '<div class="gh-position" ><i style="left:{{position}}%"></i></div>'
        '<div class="gh-signal-line"><span>近十年分位 position</span><b>{{position}}% / {{periods}}</b></div>'
        '<div class="gh-signal-line"><span>数额 level</span><b>{{level}}</b></div>'
        '<div class="gh-signal-foot">{{period_label_zh}} · {{known}} 公布 · {{promise}}</div>'
        '<details class="gh-signal-foot"><summary>{{owner}} · {{nature}} · 方法 method</summary><div>{{methodology_zh}} {{methodology_en}}</div></details>'
        "</div>{{/each}}</div>"
    )
    fields = ["concept_name_zh", "concept_name_en", "period_label_zh", "owner", "methodology_zh", "methodology_en"]
    return drawn(template, groupby=fields, metrics=metrics, order="place")


def wall_of_lights(chart: Chart) -> dict:
    """Indicators down, months across, one light a cell."""
    row, column = "dense_rank() over (order by concept_name_zh)", "dense_rank() over (order by month_label)"
    metrics = {
        "light": "case max(light_score) " + " ".join(f"when {score} then '{colour}'" for score, (colour, _) in LIGHTS.items()) + f" else '{NO_LIGHT}' end",
        "row": f"{row} + 1",
        "column": f"{column} + 1",
        "head": f"case when {column} = 1 then concept_name_zh else '' end",
        "month": f"case when {row} = 1 then replace(month_label, '-', '.') else '' end",
        "figure": as_text("max(value)", "+,.1f"),
    }
    words = "".join(f'<span><i style="background:{colour}"></i>{word}</span>' for colour, word in LIGHTS.values())
    template = (
        '<div class="gh-wall">{{#each data}}'
        '{{#if head}}<b style="grid-row:{{row}};grid-column:1">{{head}}</b>{{/if}}{{#if month}}<small style="grid-row:1;grid-column:{{column}}">{{month}}</small>{{/if}}'
        '<i style="grid-row:{{row}};grid-column:{{column}};background:{{light}}">{{figure}}</i>{{/each}}</div>'
        f'<div class="gh-wall-words">{words}</div>'
    )
    return drawn(template, groupby=["concept_name_zh", "month_label"], metrics=metrics, order="row")


def heat_map(chart: Chart) -> dict:
    """Rows `x` by columns `by`, each cell the value on a scale from red (worse) over white to green (better), or in the colour of its level.

    options.levels: upper bound, colour, ink and words of each level, lowest first; options.shown: a metric that writes the cell instead of the value.
    """
    value, row_name, column_name, options = chart.metric("value"), chart.spec["x"], chart.spec["by"], chart.spec.get("options", {})
    order, levels = options.get("order", {}), options.get("levels", [])
    row, column = (f"dense_rank() over (order by {order.get(name, name)})" for name in (row_name, column_name))
    bounds, highest = [(f"< {step}", colour) for step, colour in DIVERGING], HIGHEST
    ink = f"case when {value.sql} < -5 or {value.sql} >= 10 then '#ffffff' else '#17263b' end"
    if levels:
        bounds, highest = [(f"<= {level['up_to']}", level["colour"]) for level in levels], NO_LIGHT
        ink = "case " + " ".join(f"when {value.sql} <= {level['up_to']} then '{level['ink']}'" for level in levels) + " else '#17263b' end"
    metrics = {
        "fill": f"case when {value.sql} is null then '#eef1f5' " + " ".join(f"when {value.sql} {bound} then '{colour}'" for bound, colour in bounds) + f" else '{highest}' end",
        "ink": ink,
        "row": f"{row} + 1",
        "column": f"{column} + 1",
        "row_head": f"case when {column} = 1 then {row_name} else '' end",
        "column_head": f"case when {row} = 1 then {column_name} else '' end",
        "shown": f"coalesce({chart.metrics[options['shown']].sql if 'shown' in options else as_text(value.sql, value.format)}, '—')",
    }
    words = "".join(f'<span><i style="background:{level["colour"]}"></i>{level["zh"]} {level["en"]}</span>' for level in levels)
    template = (
        '<div class="gh-heat">{{#each data}}'
        '{{#if row_head}}<b style="grid-row:{{row}};grid-column:1">{{row_head}}</b>{{/if}}{{#if column_head}}<small style="grid-row:1;grid-column:{{column}}">{{column_head}}</small>{{/if}}'
        '<i style="grid-row:{{row}};grid-column:{{column}};background:{{fill}};color:{{ink}}">{{shown}}</i>{{/each}}</div>'
    ) + (f'<div class="gh-wall-words">{words}</div>' if levels else "")
    return drawn(template, groupby=[row_name, column_name], metrics=metrics, order="row")


def fan(chart: Chart) -> dict:
    """What came true, what was forecast a month before, and the latest forecast with its 80 and 95 per cent intervals, month by month."""
    actual, earlier, forecast, low_80, high_80, low_95, high_95 = (chart.metrics[name].sql for name in chart.spec["values"])
    month, left, right, top, bottom = chart.spec["x"], 70, 1580, 12, 250
    least = f"min(least(coalesce({low_95}, {actual}), coalesce({actual}, {low_95}))) over ()"
    most = f"max(greatest(coalesce({high_95}, {actual}), coalesce({actual}, {high_95}))) over ()"
    x = f"{left} + ({right} - {left}) * (row_number() over (order by {month}) - 1) / greatest(count(*) over () - 1, 1.0)"

    def height(value: str) -> str:
        return f"round({bottom} - ({bottom} - {top}) * (({value}) - {least}) / nullif({most} - {least}, 0), 1)"

    metrics = {
        "x": f"round({x}, 1)",
        "label": f"case when month({month}) in (1, 7) then strftime({month}, '%Y-%m') else '' end",
        "actual": height(actual), "earlier": height(earlier), "forecast": height(forecast),
        "low_80": height(low_80), "size_80": f"{height(low_80)} - {height(high_80)}", "high_80": height(high_80),
        "high_95": height(high_95), "size_95": f"{height(low_95)} - {height(high_95)}",
        "least": as_text(least, ",.0f"), "most": as_text(most, ",.0f"),
        "shown": as_text(forecast, ",.0f"),
    }  # fmt: skip
    bars = "".join(
        f'{{{{#if size_{share}}}}}<rect class="gh-fan-{share}" x="{{{{x}}}}" y="{{{{high_{share}}}}}" width="14" height="{{{{size_{share}}}}}" transform="translate(-7 0)" />{{{{/if}}}}' for share in (95, 80)
    )
    template = (
        '<div class="gh-map-box"><svg class="gh-map" viewBox="0 0 1600 290" preserveAspectRatio="xMidYMid meet" width="100%" height="88%">'
        "{{#each data}}" + bars + "{{/each}}"
        '{{#each data}}{{#if earlier}}<circle class="gh-fan-earlier" cx="{{x}}" cy="{{earlier}}" r="3" />{{/if}}{{/each}}'
        '{{#each data}}{{#if actual}}<circle class="gh-fan-actual" cx="{{x}}" cy="{{actual}}" r="2.2" />{{/if}}{{#if forecast}}<circle class="gh-fan-forecast" cx="{{x}}" cy="{{forecast}}" r="4" />'
        '<text class="gh-fan-text" x="{{x}}" y="{{forecast}}" textAnchor="middle" transform="translate(0 -9)" >{{shown}}</text>{{/if}}'
        '<text class="gh-fan-text" x="{{x}}" y="280" textAnchor="middle" >{{label}}</text>'
        f'{{{{#if @first}}}}<text class="gh-fan-text" x="0" y="{bottom}" >{{{{least}}}}</text><text class="gh-fan-text" x="0" y="{top + 10}" >{{{{most}}}}</text>{{{{/if}}}}{{{{/each}}}}'
        '<path class="gh-fan-line" d="{{#each data}}{{#if actual}}{{#if @first}}M{{else}}L{{/if}}{{x}} {{actual}}{{/if}}{{/each}}" /></svg>'
        '<div class="gh-wall-words"><span><i style="background:#17263b"></i>实际 actual</span><span><i style="background:#e08a2c"></i>一个月前的预测 forecast a month before</span>'
        '<span><i style="background:#1d4f91"></i>最新预测 latest forecast</span><span><i style="background:#9fc3ee"></i>80%</span><span><i style="background:#dce9f9"></i>95%</span></div></div>'
    )
    return drawn(template, groupby=[month], metrics=metrics, order="x")
