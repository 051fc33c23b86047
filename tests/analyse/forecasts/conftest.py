"""One small panel, 14 cities by 6 industries and their 21 sums, forecast at 36 origins in two tasks, for all tests of forecasts."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import pandas as pd
import pytest

from spark_jobs.analyse.forecast import SERIES, forecast_group, rolling_origins
from spark_jobs.analyse.forecast_pooled import pooled_forecasts
from spark_jobs.analyse.forecast_publication import combine
from spark_jobs.analyse.forecast_record import record
from spark_jobs.analyse.reconciliation import with_aggregates
from tests.analyse.forecasts import synthetic_output
from tests.analyse.forecasts.synthetic_output import SETTINGS

ORIGINS = 36
TASKS = 2


@dataclass(frozen=True)
class Forecast:
    panel: pd.DataFrame
    base: pd.DataFrame
    published: pd.DataFrame
    record: pd.DataFrame


def groups(panel: pd.DataFrame, tasks: int) -> list[pd.DataFrame]:
    """The panel split into tasks, each series whole."""
    number = panel.groupby(SERIES).ngroup() % tasks
    return [panel[number == task] for task in range(tasks)]


def base_forecasts(panel: pd.DataFrame, origins: list[pd.Timestamp]) -> pd.DataFrame:
    """All models of all series, the way Spark does it: a fresh process a task, and the pooled model once."""
    with ProcessPoolExecutor(TASKS, mp_context=get_context("spawn")) as pool:
        own = list(pool.map(forecast_group, groups(panel, TASKS), [origins] * TASKS, [SETTINGS] * TASKS))
    pooled = pooled_forecasts(panel, synthetic_output.leading(), synthetic_output.calendar(), origins, SETTINGS)
    return pd.concat([*own, pooled], ignore_index=True)


@pytest.fixture(scope="session")
def forecast() -> Forecast:
    panel = with_aggregates(synthetic_output.output(industries=6), SETTINGS)
    base = base_forecasts(panel, rolling_origins(panel, ORIGINS))
    published = combine(panel, base, SETTINGS)
    return Forecast(panel, base, published, record(published, base, panel))
