"""How long forecasts take, measured: all origins of the whole region from nothing, and the round of one month."""

import time

import pytest

from spark_jobs.analyse.forecast import SERIES, rolling_origins
from spark_jobs.analyse.forecast_publication import combine
from spark_jobs.analyse.forecast_record import record, summary
from spark_jobs.analyse.reconciliation import with_aggregates
from tests.analyse.forecasts.conftest import TASKS, base_forecasts
from tests.analyse.forecasts.synthetic_output import SETTINGS, output


@pytest.mark.service
@pytest.mark.parametrize("industries, count, most_seconds", [(8, 57, 120), (40, 24, 240)])
def test_all_series_are_forecast_within_minutes(industries, count, most_seconds):
    seconds = {}
    start = time.monotonic()

    def took(step: str) -> None:
        seconds[step] = time.monotonic() - start - sum(seconds.values())

    panel = with_aggregates(output(industries), SETTINGS)
    took("sums")
    origins = rolling_origins(panel, count)
    base = base_forecasts(panel, origins)
    took(f"all models at {len(origins)} origins")
    published = combine(panel, base, SETTINGS)
    took("publication of all origins")
    rows = record(published, base, panel)
    found = summary(rows, ["horizon"])
    took("record")
    whole = sum(seconds.values())
    base_forecasts(panel, origins[-1:])
    took("a month's round: all models")
    made = combine(panel, base, SETTINGS, published=published[published["origin"] < origins[-1]])
    took("a month's round: publication")
    print(f"14 x {industries}: {panel.groupby(SERIES).ngroups} series, {len(base)} base forecasts, {len(published)} published, {TASKS} tasks: {whole:.1f} s in all")
    print("\n".join(f"  {step}: {taken:.2f} s" for step, taken in seconds.items()))
    print(found[["horizon", "intervals", "coverage_80_pct", "coverage_95_pct", "mase", "skill_vs_seasonal_naive"]].round(3).to_string(index=False))
    assert len(made) == panel.groupby(SERIES).ngroups * SETTINGS.horizons
    assert whole < most_seconds
    assert sum(list(seconds.values())[-2:]) < whole / 2
