"""Kinds of charts that say what is new: figures published and revised of late, and lights that changed colour; each line leads to its page."""

from dashboards.boards import LIGHTS
from dashboards.htmlkinds import CATALOGUE, as_text, drawn
from dashboards.spec import Chart

DAYS = 31  # what a month of publications brought, counted back from the newest
LATEST = "(vintage_date, period_end_date, unit = '%')"  # of several figures of an indicator the newest, growth before amount


def news(chart: Chart) -> dict:
    """One line an indicator of what was published (`options.of: new`) or revised (`options.of: revision`) in the 31 days to the newest publication."""
    age = "date_diff('day', max(vintage_date), max(max(vintage_date)) over ())"
    metrics = {
        "age": age,
        "is_shown": f"case when kind = '{chart.spec['options']['of']}' and {age} <= {DAYS} then 1 else 0 end",
        "page": "replace(max(domain), '_', '-')",
        "day": "strftime(max(vintage_date), '%m-%d')",
        "period": f"max_by(period_label_zh, {LATEST})",
        "now": f"{_short(f'max_by(value, {LATEST})')} || ' ' || max_by(unit, {LATEST})",
        "before": f"coalesce({_short(f'max_by(coalesce(value_before, value_of_period_before), {LATEST})')}, '—')",
    }
    template = (
        '<div class="gh-news">{{#each data}}{{#if is_shown}}<div class="gh-news-line"><span class="gh-news-day">{{day}}</span>'
        '<a href="/superset/dashboard/domain-{{page}}/">{{concept_name_zh}} <small>{{concept_name_en}}</small></a>'
        '<span class="gh-news-period">{{period}}</span><span class="gh-news-figure">{{before}} → <b>{{now}}</b></span></div>{{/if}}{{/each}}</div>'
    )
    return drawn(template, groupby=["concept_name_zh", "concept_name_en", "kind"], metrics=metrics, order="age") | {"row_limit": 300}


def lights_changed(chart: Chart) -> dict:
    """Lights whose colour in the latest month is another than in the month before, from which to which; and the way to all that differs from the last release."""
    scores = "max_by(light_score, month, 2)"
    metrics = {
        "place": f"case when {scores}[1] <> {scores}[2] then 0 else 1 end",
        "is_changed": f"case when {scores}[1] <> {scores}[2] then 1 else 0 end",
        "month": "strftime(max(month), '%Y-%m')",
        **{f"colour_{name}": _case(f"{scores}[{at}]", 0) for name, at in (("now", 1), ("before", 2))},
        **{f"word_{name}": _case(f"{scores}[{at}]", 1) for name, at in (("now", 1), ("before", 2))},
    }
    template = (
        '<div class="gh-news">{{#each data}}{{#if is_changed}}<div class="gh-news-line"><span class="gh-news-day">{{month}}</span><a href="/superset/dashboard/cycle/">{{concept_name_zh}} <small>{{concept_name_en}}</small></a>'
        '<span class="gh-news-figure"><i class="gh-light" style="background:{{colour_before}}"></i> {{word_before}} → <i class="gh-light" style="background:{{colour_now}}"></i> <b>{{word_now}}</b></span></div>{{/if}}{{/each}}</div>'
        f'<div class="gh-news-more"><a href="{CATALOGUE}/zh/index.html#new">本批次与上一批次的差别</a> · <a href="{CATALOGUE}/en/index.html#new">this release against the last</a></div>'
    )
    return drawn(template, groupby=["concept_name_zh", "concept_name_en"], metrics=metrics, order="place")


def _short(value: str) -> str:
    """A large number without its decimals."""
    return f"case when abs({value}) >= 1000 then {as_text(value, ',.0f')} else {as_text(value, ',.1f')} end"


def _case(score: str, of: int) -> str:
    return f"case {score} " + " ".join(f"when {light} then '{said[of]}'" for light, said in LIGHTS.items()) + " end"
