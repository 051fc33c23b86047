"""Turning points: the monthly rule of Bry and Boschan and the quarterly rule of Harding and Pagan.

Monthly: G. Bry and C. Boschan, "Cyclical Analysis of Time Series: Selected Procedures and Computer Programs", NBER Technical Paper 20, 1971,
table 1 (p. 21); the Roman steps of that table stand beside the code. Quarterly (BBQ): D. Harding and A. Pagan, "Dissecting the cycle: a
methodological investigation", Journal of Monetary Economics 49:2, 2002. The series is seasonally adjusted and has no gap.

A turn is (position, sign): +1 a peak, -1 a trough.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

Turn = tuple[int, int]
SPENCER = np.array([-3, -6, -5, 3, 21, 46, 67, 74, 67, 46, 21, 3, -5, -6, -3]) / 320  # 15 terms
CENTRED_YEAR = np.array([0.5, *[1.0] * 11, 0.5]) / 12
EXTREME_DEVIATIONS = 3.5  # standard deviations from the Spencer curve
SHORTEST_AVERAGE, LONGEST_AVERAGE = 3, 6  # months, of step IV


@dataclass(frozen=True)
class Rule:
    """Periods: how far a turn overlooks its neighbours, the shortest phase and cycle, and how near the ends no turn is dated."""

    neighbours: int
    shortest_phase: int
    shortest_cycle: int
    end: int


MONTHLY = Rule(neighbours=5, shortest_phase=5, shortest_cycle=15, end=6)
QUARTERLY = Rule(neighbours=2, shortest_phase=2, shortest_cycle=5, end=2)


def turning_points(series: pd.Series) -> pd.DataFrame:
    """Columns `period`, `kind` ("peak", "trough"), `value`, in the order of time; Bry-Boschan for months, BBQ for quarters.

    ValueError for gaps, other periods, and fewer than two shortest cycles of data.
    """
    rules = {"M": (MONTHLY, _bry_boschan), "Q": (QUARTERLY, _harding_pagan)}
    if series.index.freqstr[0] not in rules:
        raise ValueError(f"turning points are dated in months or quarters, got periods of {series.index.freqstr}")
    rule, method = rules[series.index.freqstr[0]]
    values = series.to_numpy(float)
    if not np.isfinite(values).all() or len(values) != series.index[-1].ordinal - series.index[0].ordinal + 1:
        raise ValueError(f"{series.name}: a series with gaps has no turning points")
    if len(values) < 2 * rule.shortest_cycle:
        raise ValueError(f"{series.name}: {len(values)} periods; turning points want {2 * rule.shortest_cycle}")
    turns = method(values)
    rows = [(series.index[position], "peak" if sign > 0 else "trough", values[position]) for position, sign in turns]
    return pd.DataFrame(rows, columns=["period", "kind", "value"])


def _bry_boschan(values: np.ndarray) -> list[Turn]:
    without_extremes = _replace_extremes(values)  # I
    year = _filtered(without_extremes, CENTRED_YEAR)
    turns = _alternating(year, _local_extremes(year, MONTHLY.neighbours))  # II
    spencer = _filtered(without_extremes, SPENCER)
    turns = _with_shortest_cycle(spencer, _moved(spencer, turns, MONTHLY.neighbours), MONTHLY.shortest_cycle)  # III
    months = _months_for_cyclical_dominance(values)
    short = _filtered(without_extremes, np.ones(months) / months)
    turns = _moved(short, turns, MONTHLY.neighbours)  # IV
    turns = _moved(values, turns, max(4, months))  # V A
    return _censored(values, turns, MONTHLY)  # V B-E


def _harding_pagan(values: np.ndarray) -> list[Turn]:
    turns = _alternating(values, _local_extremes(values, QUARTERLY.neighbours))
    return _censored(values, turns, QUARTERLY)


def _censored(values: np.ndarray, turns: list[Turn], rule: Rule) -> list[Turn]:
    """V B-E: turns near the ends, turns that the series' ends exceed, short cycles and short phases go."""
    turns = [turn for turn in turns if rule.end <= turn[0] < len(values) - rule.end]
    turns = _without_exceeded_ends(values, turns)
    turns = _with_shortest_cycle(values, turns, rule.shortest_cycle)
    turns = _with_shortest_phase(turns, rule.shortest_phase)
    return _without_exceeded_ends(values, turns)


def _replace_extremes(values: np.ndarray) -> np.ndarray:
    """I: values more than 3.5 standard deviations off the Spencer curve become the curve's. Ratios where all is above zero, else differences."""
    curve = _filtered(values, SPENCER)
    deviation = values / curve - 1 if (values > 0).all() and (curve > 0).all() else values - curve
    return np.where(np.abs(deviation - deviation.mean()) > EXTREME_DEVIATIONS * deviation.std(), curve, values)


def _filtered(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Moving average; the ends are continued by the mean change of the last three steps. An even span looks one period further back."""
    behind = len(weights) // 2
    ahead = len(weights) - 1 - behind
    start = values[0] - (values[3] - values[0]) / 3 * np.arange(behind, 0, -1)
    finish = values[-1] + (values[-1] - values[-4]) / 3 * np.arange(1, ahead + 1)
    return np.convolve(np.concatenate([start, values, finish]), weights[::-1], mode="valid")


def _months_for_cyclical_dominance(values: np.ndarray) -> int:
    """MCD within 3 to 6: the shortest span over which the curve moves more, on average, than what is left beside it."""
    curve = _filtered(values, SPENCER)
    rest = values - curve
    for span in range(1, LONGEST_AVERAGE):
        if np.abs(rest[span:] - rest[:-span]).mean() < np.abs(curve[span:] - curve[:-span]).mean():
            return max(span, SHORTEST_AVERAGE)
    return LONGEST_AVERAGE


def _local_extremes(values: np.ndarray, neighbours: int) -> list[Turn]:
    """Positions above (below) all neighbours on either side; of equal values the last counts."""
    turns = []
    for position in range(neighbours, len(values) - neighbours):
        before, after = values[position - neighbours : position], values[position + 1 : position + neighbours + 1]
        for sign in (1, -1):
            if (sign * values[position] >= sign * before).all() and (sign * values[position] > sign * after).all():
                turns.append((position, sign))
    return turns


def _alternating(values: np.ndarray, turns: list[Turn]) -> list[Turn]:
    """Of peaks (troughs) in a row the highest (lowest) stays, of equals the last."""
    kept: list[Turn] = []
    for position, sign in sorted(turns):
        if kept and kept[-1][1] == sign:
            if sign * values[position] >= sign * values[kept[-1][0]]:
                kept[-1] = (position, sign)
        else:
            kept.append((position, sign))
    return kept


def _moved(values: np.ndarray, turns: list[Turn], reach: int) -> list[Turn]:
    """Each turn moved to the highest (lowest) value within reach; alternation is enforced anew, as two may have met."""
    moved = []
    for position, sign in turns:
        first = max(0, position - reach)
        moved.append((first + int(np.argmax(sign * values[first : position + reach + 1])), sign))
    return _alternating(values, moved)


def _with_shortest_cycle(values: np.ndarray, turns: list[Turn], shortest: int) -> list[Turn]:
    """Of two peaks (troughs) nearer than the shortest cycle the lower (higher) goes, until there are none."""
    while True:
        near = [(former, later) for former, later in zip(turns, turns[2:]) if later[0] - former[0] < shortest]
        if not near:
            return turns
        former, later = min(near, key=lambda pair: pair[1][0] - pair[0][0])
        weaker = former if former[1] * values[former[0]] < later[1] * values[later[0]] else later
        turns = _alternating(values, [turn for turn in turns if turn != weaker])


def _with_shortest_phase(turns: list[Turn], shortest: int) -> list[Turn]:
    """A phase that is too short goes with both its turns; at an end only the outer one, as the inner still parts two phases."""
    while True:
        short = next((place for place in range(len(turns) - 1) if turns[place + 1][0] - turns[place][0] < shortest), None)
        if short is None:
            return turns
        if short == 0:
            turns = turns[1:]
        elif short == len(turns) - 2:
            turns = turns[:-1]
        else:
            turns = turns[:short] + turns[short + 2 :]


def _without_exceeded_ends(values: np.ndarray, turns: list[Turn]) -> list[Turn]:
    """V C: a first (last) peak lower than a value between it and the series' end is none; likewise a trough."""
    while turns and (turns[0][1] * values[: turns[0][0]] > turns[0][1] * values[turns[0][0]]).any():
        turns = turns[1:]
    while turns and (turns[-1][1] * values[turns[-1][0] + 1 :] > turns[-1][1] * values[turns[-1][0]]).any():
        turns = turns[:-1]
    return turns
