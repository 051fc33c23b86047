"""What the analyses say can be taken apart again: seasonal factors, contributions, lights, news and forecasts."""

import calendar
from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from statistics import fmean

import pandas as pd
import pytest

from spark_jobs.analyse.turning_points import turning_points
from tests.marts import oracles_macro as departments
from tests.marts.oracles_macro import CITIES, REGION, year_before

pytestmark = [pytest.mark.service, pytest.mark.timeout(1500)]

FOREVER = date(9999, 12, 31)
ZONES_OF_THE_INDEX = [Fraction(100 * points, 30) for points in (19, 25, 35, 41)]  # of ten indicators with at most five points each, three of them normal
BENCHMARKS = ("naive", "seasonal_naive")


def stood(row_since: date, row_until: date | None, day: date) -> bool:
    return row_since <= day < (row_until or FOREVER)


# --- seasonal adjustment ---


def months_of_a_flow(home, concept: str, division: str, day: str) -> dict[date, float]:
    """The months of a flow as known on a day: sums since January taken apart, January and February split by their days where January is not published."""
    feed, source = next(key for key, (named, industry) in departments.names_in_the_house().items() if (named, industry) == (concept, "TOTAL"))
    convention = departments.concepts()[concept]["level_convention"]
    known = {cell[5]: value for cell, value in departments.standing(home, feed.removeprefix("economy."), day).items() if cell[:5] == (feed, source, "", division, convention)}
    found: dict[date, Fraction] = {}
    for period, value in known.items():
        year, last = int(period[:4]), int(period[-2:])
        if convention == "cumulative" and last > 2:
            before = known.get(f"{year}-01/{year}-{last - 1:02d}")
            if before is None:
                continue
            value -= before
        found[date(year, last, 1)] = value
    if not any(month.month == 1 for month in found):
        for february in [month for month in found if month.month == 2]:
            both, days = found[february], 31 + calendar.monthrange(february.year, 2)[1]
            found |= {february.replace(month=1): both * 31 / days, february: both * (days - 31) / days}
    return {month: float(value) for month, value in sorted(found.items())}


def test_the_adjusted_series_with_season_and_calendar_is_what_was_published(settings, marts):
    """Times the factors where the mode is multiplicative, plus the amounts where X-13 found it additive."""
    mode = {tuple(key): found for *key, found in marts.execute("select concept_code, division_code, vintage_date, mode from mart_macro__seasonal_quality").fetchall()}
    adjusted = defaultdict(dict)
    for *key, month, value, seasonal, effect in marts.execute("select concept_code, division_code, vintage_date, month, adjusted_value, seasonal_factor, calendar_factor from mart_macro__seasonal_adjustment").fetchall():
        adjusted[tuple(key)][month] = value * seasonal * effect if mode[tuple(key)] == "multiplicative" else value + seasonal + effect
    worst, months = 0.0, 0
    for (concept, division, day), original in adjusted.items():
        published = months_of_a_flow(settings.home, concept, division, str(day))
        assert original.keys() == published.keys(), (concept, division, day)
        worst = max(worst, *(abs(original[month] / published[month] - 1) for month in original))
        months += len(original)
    print(f"adjusted series and vintages: {len(adjusted)}, {list(mode.values()).count('additive')} of them additive; months {months}, greatest relative difference {worst:.1e}")
    assert months > 5_000
    assert worst <= 1e-6


def test_every_adjusted_series_has_its_diagnostics_and_every_other_a_reason(marts):
    facts = set(marts.execute("select distinct concept_code, division_code, vintage_date from mart_macro__seasonal_adjustment").fetchall())
    told = marts.execute("select concept_code, division_code, vintage_date, method, mode, model, q, m_statistics, has_residual_seasonality, note from mart_macro__seasonal_quality").fetchall()
    made = {row[:3]: row[3:] for row in told if row[3] != "none"}
    refused = [row for row in told if row[3] == "none"]
    print(f"series and vintages: {len(told)}, adjusted {len(made)}, refused with a reason {sum(bool(row[-1]) for row in refused)} of {len(refused)}")
    assert made.keys() == facts
    assert {mode for _, mode, *_ in made.values()} <= {"multiplicative", "additive"}
    assert all(value is not None for diagnostics in made.values() for value in diagnostics[:-1])
    assert all(row[-1] for row in refused)


def test_month_on_month_is_the_change_of_the_adjusted_series(marts):
    rows = marts.execute("select concept_code, division_code, vintage_date, month, adjusted_value, adjusted_mom_pct from mart_macro__seasonal_adjustment order by all").fetchall()
    checked = 0
    for before, now in pairwise(rows):
        if before[:3] == now[:3]:
            checked += 1
            assert now[5] == pytest.approx(100 * (now[4] / before[4] - 1), abs=1e-9)
        else:
            assert now[5] is None
    print(f"changes on the month before: {checked} of {len(rows)} rows, the others begin a series")
    assert checked > 0.9 * len(rows) > 0


# --- business cycle ---


@pytest.fixture(scope="module")
def indices(marts) -> list[tuple]:
    return marts.execute("select index_code, month, vintage_date, superseded_date, value, light_score, parts_known, parts from mart_macro__cycle_index").fetchall()


@pytest.fixture(scope="module")
def lights(marts) -> list[tuple]:
    return marts.execute("select concept_code, month, vintage_date, superseded_date, value, light_score from mart_macro__warning_light").fetchall()


def test_contributions_add_up_to_the_growth_of_the_index_on_every_day(marts, indices):
    parts = marts.execute("select index_code, month, vintage_date, superseded_date, contribution_pct, growth_pct from mart_macro__cycle_contribution").fetchall()
    days = sorted({row[2] for row in indices})
    checked, worst = 0, 0.0
    for day in days:
        level = {row[:2]: row[4] for row in indices if stood(*row[2:4], day)}
        sums, growth = defaultdict(float), {}
        for code, month, since, until, points, told in parts:
            if stood(since, until, day):
                sums[code, month] += points
                growth.setdefault((code, month), set()).add(told)
        for (code, month), total in sums.items():
            now, before = level[code, month], level[code, (month - timedelta(days=1)).replace(day=1)]
            of_index = 200 * (now - before) / (now + before)  # symmetric, so that a rise and an equal fall cancel out
            worst = max(worst, abs(total - of_index), *(abs(total - told) for told in growth[code, month]))
            checked += 1
    print(f"months of three indices on {len(days)} days: {checked}, greatest difference {worst:.1e}")
    assert checked > 500
    assert worst <= 1e-9


def test_the_warning_index_is_made_of_the_lights_of_its_month(indices, lights):
    checked = 0
    for code, month, since, _, value, score, known, parts in indices:
        if code != "warning":
            continue
        scores = [row[5] for row in lights if row[1] == month and stood(*row[2:4], since)]
        exact = Fraction(100 * sum(scores), 3 * len(scores))
        assert (known, parts) == (len(scores), 10)
        assert value == pytest.approx(float(exact), abs=1e-9)
        assert score == 1 + sum(exact >= zone for zone in ZONES_OF_THE_INDEX), (month, exact)
        checked += 1
    print(f"warning index: {checked} months and vintages, on the edge of a zone {sum(row[0] == 'warning' and any(abs(row[4] - zone) < 1e-9 for zone in ZONES_OF_THE_INDEX) for row in indices)}")
    assert checked > 90


def test_every_light_is_that_of_the_published_figure_by_the_cut_points_in_force(settings, lights):
    for concept, month, since, _, value, score in lights:
        figure = _judged(settings.home, concept, f"{month:%Y-%m}", str(since))
        assert value == pytest.approx(float(figure), abs=1e-9), (concept, month, since)
        last_day = str(date(month.year, month.month, calendar.monthrange(month.year, month.month)[1]))
        in_force = [row for row in departments.seed("warning_cut_point") if row["indicator_code"] == concept and row["valid_from"] <= last_day and (not row["valid_to"] or last_day < row["valid_to"])]
        (cuts,) = in_force
        assert cuts["is_inverted"] == "false"
        assert score == 1 + sum(figure >= Fraction(cuts[f"{light}_from"]) for light in ("light_blue", "green", "yellow", "red")), (concept, month, figure)
    print(f"lights: {len(lights)} of {len({row[0] for row in lights})} indicators in {len({row[1] for row in lights})} months")
    assert len(lights) > 700


def _judged(home, concept: str, month: str, day: str) -> Fraction:
    """What a light judges: published growth, an index less 100, growth of a level over the year."""
    feed, source = next(key for key, (named, industry) in departments.names_in_the_house().items() if (named, industry) == (concept, "TOTAL"))
    convention = departments.concepts()[concept]["headline_convention"]
    known = departments.standing(home, feed.removeprefix("economy."), day)
    cell = (feed, source, "", REGION, convention)
    if convention == "cumulative_yoy_pct":
        return known[*cell, f"{month[:4]}-01/{month}"]
    value = known[*cell, month]
    return value - 100 if convention.endswith("_index") else 100 * (value / known[*cell, year_before(month)] - 1)


def test_the_turning_points_of_a_day_are_those_of_the_index_as_it_stood(marts, indices):
    rows = marts.execute("select month, kind, vintage_date, superseded_date from mart_macro__turning_point").fetchall()
    days = sorted({row[2] for row in indices if row[0] == "coincident"})
    for day in days:
        level = {row[1]: row[4] for row in indices if row[0] == "coincident" and stood(*row[2:4], day)}
        dated = turning_points(pd.Series(level).sort_index().set_axis(pd.PeriodIndex(sorted(level), freq="M")))
        told = sorted((month, kind) for month, kind, since, until in rows if stood(since, until, day))
        assert told == [(period.to_timestamp().date(), kind) for period, kind in zip(dated["period"], dated["kind"])], day
        assert all(one[1] != other[1] for one, other in pairwise(told)), day
    print(f"turning points and vintages: {len(rows)}, of {len(days)} days")
    assert len(days) > 5


# --- nowcast ---


@pytest.fixture(scope="module")
def nowcasts(marts) -> dict[tuple[str, str], dict[date, float]]:
    """(model, period) → day → nowcast."""
    found = defaultdict(dict)
    for model, period, day, value in marts.execute("select model, period, vintage_date, nowcast_pct from mart_macro__nowcast order by vintage_date").fetchall():
        found[model, period][day] = value
    return found


def test_news_adds_up_to_the_change_of_the_nowcast_between_any_two_days(marts, nowcasts):
    news = defaultdict(float)
    for model, period, before, day, impact in marts.execute("select model, period, previous_vintage_date, vintage_date, impact_pp from mart_macro__nowcast_news").fetchall():
        news[model, period, before, day] += impact
    days = {model: sorted({day for (of, _), track in nowcasts.items() if of == model for day in track}) for model in {model for model, _ in nowcasts}}
    pairs, worst = set(), 0.0
    for (model, period), track in nowcasts.items():
        for before, day in pairwise(days[model]):
            if before in track and day in track:
                pairs.add((model, period, before, day))
                worst = max(worst, abs(track[day] - track[before] - news[model, period, before, day]))
    moved = sum(nowcasts[model, period][day] != nowcasts[model, period][before] for model, period, before, day in pairs)
    print(f"pairs of days: {len(pairs)} of {len(nowcasts)} models and periods, {moved} with a change; greatest difference of news and change {worst:.1e}")
    assert len(pairs) > 150
    assert set(news) == pairs
    assert worst <= 1e-9


def test_every_nowcast_tells_how_its_model_was_estimated(marts):
    rows = marts.execute("select model, vintage_date, estimated_on, iterations, tolerance, converged from mart_macro__nowcast").fetchall()
    limits = {row["model"]: (int(row["maximum_iterations"]), float(row["tolerance"])) for row in departments.seed("nowcast_model")}
    for model, day, estimated_on, iterations, tolerance, converged in rows:
        assert estimated_on <= day
        assert 0 < iterations <= limits[model][0]
        assert tolerance == limits[model][1]
        assert converged or iterations == limits[model][0]
    fits = {(model, estimated_on, iterations, converged) for model, _, estimated_on, iterations, _, converged in rows}
    print(f"nowcasts with iterations, tolerance and day of estimation: {len(rows)}; fits {sorted(map(str, fits))}")
    assert {row[0] for row in rows} == limits.keys()


# --- forecasts ---


@pytest.fixture(scope="module")
def forecasts(marts) -> list[tuple]:
    return marts.execute("select division_code, industry_code, origin, month, forecast_cny_100m from mart_industry__forecast").fetchall()


def test_forecasts_add_up_over_cities_and_industries(forecasts):
    sets, worst = defaultdict(dict), 0.0
    for division, industry, origin, month, value in forecasts:
        sets[origin, month][division, industry] = value
    for values in sets.values():
        industries = {industry for _, industry in values} - {"TOTAL"}
        bottom = {key: value for key, value in values.items() if key[0] != REGION and key[1] != "TOTAL"}
        sums = {(REGION, industry): sum(value for (_, of), value in bottom.items() if of == industry) for industry in industries}
        sums |= {(city, "TOTAL"): sum(value for (of, _), value in bottom.items() if of == city) for city in CITIES}
        sums[REGION, "TOTAL"] = sum(bottom.values())
        assert values.keys() == bottom.keys() | sums.keys()
        worst = max(worst, *(abs(values[key] - total) for key, total in sums.items()))
    print(f"sets of origin and month: {len(sets)}, each of {len(forecasts) // len(sets)} series; greatest difference {worst:.1e}")
    assert len(sets) > 250
    assert worst <= 1e-6


def test_intervals_hold_what_they_promise(marts):
    rows = marts.execute("select division_code, industry_code, origin, horizon_months, is_within_80, is_within_95 from mart_industry__forecast where is_within_80 is not null").fetchall()
    held = {horizon: [100 * fmean(row[at] for row in rows if horizon in (0, row[3])) for at in (4, 5)] for horizon in range(7)}
    for horizon, (narrow, wide) in held.items():
        print(f"{horizon or 'all'} months ahead: {narrow:.1f} % in the interval of 80 %, {wide:.1f} % in that of 95 %, of {sum(horizon in (0, row[3]) for row in rows)}")
    series_origins = len({row[:3] for row in rows})
    print(f"series and origins: {series_origins}")
    assert series_origins >= 500
    assert abs(held[0][0] - 80) <= 5
    assert abs(held[0][1] - 95) <= 5


def test_the_error_of_every_series_is_told(settings, marts, forecasts):
    """Of every series that was delivered: its error at six horizons, or, at horizon 0, that too many of its months are missing."""
    errors, missing = defaultdict(dict), {}
    for division, industry, horizon, mase, months in marts.execute("select division_code, industry_code, horizon_months, mase, filled_months from mart_industry__forecast_record order by all").fetchall():
        if horizon:
            errors[division, industry][horizon] = mase
        else:
            missing[division, industry] = months
    for (division, industry), by_horizon in errors.items():
        print(f"{division} {industry:>5} MASE " + " ".join(f"{mase:.2f}" for mase in by_horizon.values()))
    delivered = {(cell[3], cell[2]) for cell in departments.standing(settings.home, "industry_output") if cell[3] != REGION}
    worse = sum(fmean(by_horizon.values()) >= 1 for by_horizon in errors.values())
    print(f"series whose error is told: {len(errors)}; not forecast for want of months: {len(missing)}; no better than seasonal naive: {worse}; delivered of cities: {len(delivered)}")
    assert errors.keys() == {row[:2] for row in forecasts}
    assert delivered <= errors.keys() | missing.keys()
    assert all(len(by_horizon) == 6 and None not in by_horizon.values() for by_horizon in errors.values())
    assert all(months > 0 for months in missing.values())


def test_a_series_that_does_not_beat_naive_shows_the_better_benchmark(settings, marts):
    """The choice made again for the series of cities whose months are all there: mean absolute errors of the forecasts that had come due at the origin."""
    output = {(cell[3], cell[2], date.fromisoformat(f"{cell[5]}-01")): float(value) for cell, value in departments.standing(settings.home, "industry_output").items()}
    gaps = set(marts.execute("select distinct division_code, industry_code from mart_industry__forecast_record where filled_months > 0").fetchall())
    errors = defaultdict(list)
    for division, industry, model, origin, month, value in marts.execute("select division_code, industry_code, model, origin, month, value from fct_forecast_base where industry_code <> 'TOTAL' and division_code <> '450000' order by month").fetchall():
        if (division, industry) not in gaps and (division, industry, month) in output:
            errors[division, industry].append((model, origin, month, abs(value - output[division, industry, month])))
    published = marts.execute("select distinct division_code, industry_code, origin, model, beats_naive from mart_industry__forecast").fetchall()
    assert all(model in BENCHMARKS for *_, model, beats in published if not beats)
    assert not any(model in BENCHMARKS for *_, model, beats in published if beats)
    checked = 0
    for division, industry, origin, model, beats in published:
        if (division, industry) not in errors:
            continue
        made: dict[str, list[float]] = defaultdict(list)
        for name, since, month, error in errors[division, industry]:
            if since < origin and month <= origin:
                made[name].append(error)
        means = {name: fmean(values) for name, values in made.items()}
        benchmark = min(BENCHMARKS, key=means.__getitem__)
        best = min(means.keys() - set(BENCHMARKS), key=means.__getitem__)
        assert (model, beats) == ((best, True) if means[best] < means[benchmark] else (benchmark, False)), (division, industry, origin)
        checked += 1
    shown = marts.execute(
        """select count(*), count(*) filter (base_value = case model when 'naive' then naive_value else seasonal_naive_value end), max(abs(value / base_value - 1))
           from fct_forecast where not beats_naive"""
    ).fetchone()
    print(f"choices made again: {checked}; series and origins that show a benchmark: {sum(not row[4] for row in published)}; their values {shown[1]} of {shown[0]}, moved by at most {100 * shown[2]:.1f} % to add up")
    assert checked > 500
    assert shown[0] == shown[1]
