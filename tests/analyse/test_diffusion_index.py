"""Diffusion indices count directions, each by its own custom."""

import numpy as np
import pandas as pd
import pytest

from spark_jobs.analyse.diffusion_index import conference_board, diffusion_index, from_answers

MONTH = pd.period_range("2024-05", periods=1, freq="M")


def test_four_up_two_flat_four_down_is_fifty():
    found = diffusion_index(pd.DataFrame([[1, 2, 3, 4, 0, 0, -1, -2, -3, -4]], index=MONTH)).iloc[0]
    assert (found["index"], found["balance"], found["n_rising"], found["n_unchanged"], found["n_falling"], found["n_known"]) == (50, 0, 4, 2, 4, 10)


def test_the_conference_board_takes_a_twentieth_of_a_percent_as_unchanged():
    changes = pd.DataFrame([[0.06, 0.05, -0.05, -0.06, 0.5]], index=MONTH)
    found = conference_board(changes).iloc[0]
    assert (found["n_rising"], found["n_unchanged"], found["n_falling"]) == (2, 2, 1)
    assert found["index"] == 100 * (2 + 0.5 * 2) / 5
    assert diffusion_index(changes).iloc[0]["index"] == 60


def test_answers_in_the_form_of_a_pmi_and_of_the_federal_reserve():
    assert from_answers(30.0, 50.0, 20.0) == (55.0, 10.0)
    with pytest.raises(ValueError, match="add up to 95"):
        from_answers(30.0, 50.0, 15.0)


def test_the_two_forms_say_the_same():
    rng = np.random.default_rng(0)
    found = diffusion_index(pd.DataFrame(rng.integers(-1, 2, (50, 11)), index=pd.period_range("2020-01", periods=50, freq="M")))
    assert found["index"].to_numpy() == pytest.approx(50 + found["balance"].to_numpy() / 2)


def test_what_is_not_known_is_not_counted():
    found = diffusion_index(pd.DataFrame([[1, np.nan, -1, 1], [np.nan] * 4], index=pd.period_range("2024-05", periods=2, freq="M")))
    assert found["index"].iloc[0] == pytest.approx(200 / 3) and found["n_known"].tolist() == [3, 0]
    assert np.isnan(found["index"].iloc[1]) and np.isnan(found["balance"].iloc[1])
