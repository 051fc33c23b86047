"""The dates of the Spring Festival against the sky, and the regressors made of them."""

import math
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from spark_jobs.analyse import spring_festival

J2000, TERRESTRIAL_AHEAD, CHINA_STANDARD_TIME = datetime(2000, 1, 1, 12), timedelta(seconds=65), timedelta(hours=8)
PERIODIC_TERMS = [  # days; multiples of the sun's anomaly, the moon's anomaly, the moon's argument of latitude (Meeus, Astronomical Algorithms, ch. 49, those above a minute)
    (-0.40720, 0, 1, 0), (0.17241, 1, 0, 0), (0.01608, 0, 2, 0), (0.01039, 0, 0, 2), (0.00739, -1, 1, 0), (-0.00514, 1, 1, 0), (0.00208, 2, 0, 0),
    (-0.00111, 0, 1, -2), (-0.00057, 0, 1, 2), (0.00056, 1, 2, 0), (-0.00042, 0, 3, 0), (0.00042, 1, 0, 2), (0.00038, 1, 0, -2), (-0.00024, -1, 2, 0),
]  # fmt: skip


def test_every_date_of_the_festival_is_the_new_moon_of_the_first_lunar_month():
    years = range(spring_festival.FIRST_YEAR, spring_festival.LAST_YEAR + 1)
    wrong = {year: (spring_festival.new_year_day(year), _computed(year)) for year in years if spring_festival.new_year_day(year) != _computed(year)}
    print(f"{len(years) - len(wrong)} of {len(years)} dates agree with new moons and solar terms")
    assert not wrong


@pytest.mark.parametrize("day", ["1985-02-20", "2000-02-05", "2008-02-07", "2012-01-23", "2020-01-25", "2023-01-22", "2024-02-10", "2026-02-17"])
def test_dates_that_everybody_remembers(day):
    assert spring_festival.new_year_day(int(day[:4])) == date.fromisoformat(day)


def test_a_year_of_the_regressors_adds_up_to_zero_so_the_level_stays():
    found = spring_festival.regressors(pd.period_range("1975-01", "2050-12", freq="M"))
    print(f"{len(found)} months, largest yearly sum {found.groupby(found.index.year).sum().abs().to_numpy().max():.1e}")
    assert found.groupby(found.index.year).sum().abs().to_numpy().max() < 1e-12
    assert found.groupby(found.index.month).mean().abs().to_numpy().max() < 1e-12  # no seasonal pattern of their own
    assert (found[found.index.month > 3] == 0).all(axis=None)


def test_the_festival_of_2023_lay_in_january_and_that_of_2024_in_february():
    found = spring_festival.regressors(pd.period_range("2023-01", "2024-12", freq="M"))["during"]
    assert found["2023-01"] - found["2024-01"] == pytest.approx(1)  # 22 to 28 January 2023; 10 to 16 February 2024
    assert found["2023-02"] - found["2024-02"] == pytest.approx(-1)


def test_windows_are_counted_by_days():
    """New year's day was 22 January 2023, 10 February 2024 and 28 January 2017; the centring, one for all Januaries, falls out of the difference."""
    found = spring_festival.regressors(pd.period_range("2017-01", "2024-12", freq="M"))
    assert found["before"]["2023-01"] - found["before"]["2024-01"] == pytest.approx(20 / 20 - 11 / 20)  # 2 to 21 January; 21 January to 9 February
    assert found["during"]["2017-01"] - found["during"]["2024-01"] == pytest.approx(4 / 7)  # 28 to 31 January
    assert found["after"]["2024-03"] - found["after"]["2023-03"] == pytest.approx(7 / 20)  # 17 February to 7 March; 29 January to 17 February


def test_a_stock_holds_what_has_flowed_since_january():
    months = pd.period_range("2023-01", "2023-12", freq="M")
    flow, stock = spring_festival.regressors(months), spring_festival.regressors(months, is_stock=True)
    assert np.allclose(stock, flow.cumsum())
    assert stock.iloc[-1].abs().max() < 1e-12


def test_months_without_a_known_date_are_refused():
    with pytest.raises(ValueError, match="1975-2050"):
        spring_festival.regressors(pd.period_range("2049-01", "2051-12", freq="M"))
    with pytest.raises(ValueError, match="between months"):
        spring_festival.regressors(pd.period_range("2020Q1", "2021Q4", freq="Q"))


def _computed(year: int) -> date:
    """GB/T 33661-2017: the winter solstice falls into month 11; of 13 months to the next solstice the first without a principal term is leap."""
    moons = [_china_day(_new_moon(number)) for number in range(round((year - 2001) * 12.3685) - 3, round((year - 1999) * 12.3685) + 3)]
    this, following = (max(position for position, moon in enumerate(moons) if moon <= _winter_solstice(before)) for before in (year - 1, year))
    leap = next((position for position in range(this + 1, following) if not _has_principal_term(moons[position], moons[position + 1])), None)
    is_leap_first = following - this == 13 and leap <= this + 2
    return moons[this + 2 + is_leap_first]


def _new_moon(number: int) -> float:
    """Days since J2000 in terrestrial time of a new moon, counted from that of 6 January 2000 (Meeus, ch. 49)."""
    t = number / 1236.85
    sun, moon, latitude = (
        math.radians(angle) for angle in (2.5534 + 29.10535670 * number, 201.5643 + 385.81693528 * number + 0.0107582 * t**2, 160.7108 + 390.67050284 * number - 0.0016118 * t**2)
    )
    eccentricity = 1 - 0.002516 * t
    terms = (size * eccentricity ** abs(of_sun) * math.sin(of_sun * sun + of_moon * moon + of_latitude * latitude) for size, of_sun, of_moon, of_latitude in PERIODIC_TERMS)
    return 5.09766 + 29.530588861 * number + 0.00015437 * t**2 + sum(terms)


def _solar_longitude(days: float) -> float:
    """Apparent longitude of the sun in degrees (Meeus, ch. 25, to 0.01 degrees, a quarter of an hour)."""
    t = days / 36525
    anomaly = math.radians(357.52911 + 35999.05029 * t)
    centre = (1.914602 - 0.004817 * t) * math.sin(anomaly) + 0.019993 * math.sin(2 * anomaly) + 0.000289 * math.sin(3 * anomaly)
    return (280.46646 + 36000.76983 * t + centre - 0.00569 - 0.00478 * math.sin(math.radians(125.04 - 1934.136 * t))) % 360


def _winter_solstice(year: int) -> date:
    day = date(year, 12, 18)
    while _solar_longitude(_midnight(day + timedelta(days=1))) < 270:
        day += timedelta(days=1)
    return day


def _has_principal_term(first: date, following: date) -> bool:
    return _solar_longitude(_midnight(first)) // 30 != _solar_longitude(_midnight(following)) // 30


def _midnight(day: date) -> float:
    """Days since J2000 in terrestrial time when the day begins in China."""
    return (datetime(day.year, day.month, day.day) - CHINA_STANDARD_TIME + TERRESTRIAL_AHEAD - J2000) / timedelta(days=1)


def _china_day(days: float) -> date:
    return (J2000 + timedelta(days=days) - TERRESTRIAL_AHEAD + CHINA_STANDARD_TIME).date()
