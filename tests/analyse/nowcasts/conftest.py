"""The New York Fed data set and its model, estimated once on the first vintage."""

import pandas as pd
import pytest

from spark_jobs.analyse.nowcast import estimate
from spark_jobs.analyse.nowcast_model import Model
from spark_jobs.analyse.vintages import as_known
from tests.analyse.nowcasts import published


@pytest.fixture(scope="session")
def us_store() -> pd.DataFrame:
    return published.us_store()


@pytest.fixture(scope="session")
def us_model() -> Model:
    return published.seeded_models()["us_gdp"]


@pytest.fixture(scope="session")
def first_panel(us_store) -> pd.DataFrame:
    return as_known(us_store, published.FIRST_DAY)


@pytest.fixture(scope="session")
def us_fit(first_panel, us_model) -> dict:
    return estimate(first_panel, us_model, maximum_iterations=20, tolerance=1e-5, estimated_on=published.FIRST_DAY)
