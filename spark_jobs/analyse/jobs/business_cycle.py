"""Composite indices, diffusion index, warning lights and turning points of the region, for every day on which one of their parts became known.

Which indicators enter which index, and where the lights change, stands in the seeds cycle_component and warning_cut_point (effective-dated).
"""

import duckdb
import pandas as pd

from spark_jobs.analyse import core, diffusion_index, turning_points
from spark_jobs.analyse.composite_index import PERCENT, SMALLEST_SHARE, Component, CompositeIndex, component_changes, composite_index
from spark_jobs.analyse.core import REGION
from spark_jobs.analyse.warning_lights import COMPOSITE, lights, warning_index

BASE_YEAR = 2020
OF_INDICES, OF_PARTS, OF_LIGHTS, OF_TURNS = "fct_cycle_index", "fct_cycle_contribution", "fct_warning_light", "fct_turning_point"
LATELY = 24  # months of contributions kept a vintage


def run(reader: duckdb.DuckDBPyConnection, seasonal: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Tables of all vintages. `seasonal` is fct_seasonal_adjustment."""
    components = reader.execute("select * from cycle_component").df()
    cuts = _cut_points(reader)
    found = core.observations(reader, f"division_code = '{REGION}' and industry_code = 'TOTAL'")
    adjusted = seasonal[seasonal["division_code"] == REGION]
    states: dict[str, list] = {name: [] for name in (OF_INDICES, OF_PARTS, OF_LIGHTS, OF_TURNS)}
    for day in core.known_days(found):
        known, levels = core.as_of(found, day), _adjusted(core.as_of(adjusted, day))
        figures = _figures(known)
        values = pd.DataFrame({row.concept_code: source[row.concept_code] for row in components.itertuples() if row.concept_code in (source := levels if row.kind == PERCENT else figures)})
        judged = [code for code in cuts["indicator_code"].unique() if code in figures]
        if set(values) < set(components["concept_code"]) or len(judged) < cuts["indicator_code"].nunique() - 1:
            continue  # not every part has been published yet
        for name, state in _state(values, figures[judged], components, cuts).items():
            states[name].append((day, state))
    keys = {OF_INDICES: ["index_code", "month"], OF_PARTS: ["index_code", "month", "concept_code"], OF_LIGHTS: ["concept_code", "month"], OF_TURNS: ["month", "kind"]}
    return {name: core.change_log(states[name], keys[name]) for name in states if states[name]}


def _state(values: pd.DataFrame, figures: pd.DataFrame, components: pd.DataFrame, cuts: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """All results of one day."""
    indices: dict[str, CompositeIndex] = {}
    for code in ("coincident", "leading", "lagging"):
        own = {row.concept_code: Component(row.kind, row.is_inverted) for row in components[components["index_code"] == code].itertuples()}
        trend = indices["coincident"].growth_pct if indices else None
        indices[code] = composite_index(_until_half_unknown(_from_common_start(values[list(own)]), own), own, BASE_YEAR, trend)
    light, warnings = _warnings(figures, cuts)
    turns = turning_points.turning_points(indices["coincident"].index.dropna().rename("coincident index"))
    return {
        OF_INDICES: pd.concat([*(_index_rows(code, index) for code, index in indices.items()), _diffusion(values, components), warnings], ignore_index=True),
        OF_PARTS: pd.concat([_contributions(code, index) for code, index in indices.items()], ignore_index=True),
        OF_LIGHTS: light,
        OF_TURNS: turns.assign(month=pd.PeriodIndex(turns["period"], freq="M").to_timestamp())[["month", "kind", "value"]],
    }


def _adjusted(rows: pd.DataFrame) -> pd.DataFrame:
    """Adjusted series, months by concept."""
    wide = rows.pivot(index="month", columns="concept_code", values="adjusted")
    return wide.set_axis(pd.PeriodIndex(wide.index, freq="M"))


def _figures(known: pd.DataFrame) -> pd.DataFrame:
    """What a light judges, months by concept: published growth, an index less 100, a balance on the year before, a rate or PMI as it is."""
    found = {}
    for (concept, convention), rows in known[known["frequency"] == "monthly"].groupby(["concept_code", "convention"]):
        series = core.series_of(rows)
        if convention == "cumulative_yoy_pct":
            found[concept] = series
        elif convention == "same_month_index":
            found[concept] = series - 100
        elif convention == "end_of_period" or concept == "electricity_use":
            found[concept] = 100 * (series / series.shift(12, freq="M").reindex(series.index) - 1)
        elif concept.startswith("pmi"):
            found[concept] = series
    return pd.DataFrame(found).sort_index()


def _from_common_start(values: pd.DataFrame) -> pd.DataFrame:
    """Without the months before the youngest component began."""
    start = max(values[column].first_valid_index() for column in values)
    return values.loc[start : max(values[column].last_valid_index() for column in values)]


def _until_half_unknown(values: pd.DataFrame, own: dict[str, Component]) -> pd.DataFrame:
    """Up to the month from which fewer than half of the components are known, at the ragged edge or because a figure is in quarantine."""
    is_enough = component_changes(values, own).notna().mean(axis=1) >= SMALLEST_SHARE
    return values.loc[: is_enough.index[is_enough.cumprod() > 0][-1]]


def _index_rows(code: str, index: CompositeIndex) -> pd.DataFrame:
    known = index.index.dropna()
    counts = index.n_known.reindex(known.index)
    return pd.DataFrame({"index_code": code, "month": known.index.to_timestamp(), "value": known.to_numpy(), "parts_known": counts.to_numpy(), "parts": index.n_components})


def _contributions(code: str, index: CompositeIndex) -> pd.DataFrame:
    """What each component gave to the change of the index, in per cent; with the trend adjustment they add up to `growth_pct`."""
    lately = index.contributions_pct.dropna(how="all").iloc[-LATELY:]
    long = lately.rename_axis(index="period", columns="concept_code").stack().rename("contribution_pct").reset_index()
    growth = index.growth_pct.reindex(pd.PeriodIndex(long["period"])).to_numpy()
    return long.assign(index_code=code, month=pd.PeriodIndex(long["period"]).to_timestamp(), growth_pct=growth).drop(columns="period")


def _diffusion(values: pd.DataFrame, components: pd.DataFrame) -> pd.DataFrame:
    """Of the coincident components, the share that rose (The Conference Board's rule with its dead band)."""
    own = components[components["index_code"] == "coincident"]["concept_code"].tolist()
    index = diffusion_index.conference_board(component_changes(_from_common_start(values[own]), {code: Component(PERCENT) for code in own}))
    index = index[index["n_known"] > 0]
    return pd.DataFrame({"index_code": "diffusion", "month": index.index.to_timestamp(), "value": index["index"].to_numpy(), "parts_known": index["n_known"].to_numpy(), "parts": len(own)})


def _warnings(figures: pd.DataFrame, cuts: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The lights, and the composite warning index; a month in which one of its indicators is not published yet counts those that are."""
    of_indicators, of_composite = cuts[cuts["indicator_code"] != COMPOSITE], cuts[cuts["indicator_code"] == COMPOSITE]
    first = of_indicators["valid_from"].min().to_period("M")
    scores = lights(figures.loc[figures.index >= first], of_indicators)
    index = warning_index(scores, figures.shape[1], of_composite)
    light = scores.rename(columns={"indicator_code": "concept_code", "label": "label_zh"}).assign(month=scores["period"].dt.to_timestamp()).drop(columns=["period", "is_derived"])
    rows = pd.DataFrame({"index_code": "warning", "month": index.index.to_timestamp(), "value": index["warning_index"].to_numpy(), "parts_known": index["n_scored"].to_numpy(), "parts": index["n_indicators"].to_numpy()})
    return light, rows


def _cut_points(reader: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Cut points that somebody has decided on; dates as datetime64."""
    return reader.execute("select *, false as is_derived from warning_cut_point").df()
