"""Diffusion index: how widely a movement is spread, whatever its size.

Three customs, one count. Rising, unchanged and falling are counted among the components that are known:
The Conference Board scores 1, 0.5 and 0 and takes a change within 0.05 % as unchanged; a purchasing managers' index is the share of "higher"
and half the share of "same"; the regional Federal Reserve Banks publish the share of "higher" less the share of "lower" (-100 to 100).
"""

import pandas as pd

CONFERENCE_BOARD_DEAD_BAND_PCT = 0.05


def conference_board(changes_pct: pd.DataFrame) -> pd.DataFrame:
    """0 to 100 from percent changes (periods by components)."""
    return diffusion_index(changes_pct, CONFERENCE_BOARD_DEAD_BAND_PCT)


def diffusion_index(changes: pd.DataFrame, dead_band: float = 0.0) -> pd.DataFrame:
    """Columns `index` = 100 (rising + half of unchanged) / known, `balance` = 100 (rising - falling) / known, and the counts.

    A change within the dead band, its edge included, is unchanged. Where nothing is known both are NaN.
    """
    counts = pd.DataFrame({"n_rising": (changes > dead_band).sum(axis=1), "n_falling": (changes < -dead_band).sum(axis=1), "n_known": changes.notna().sum(axis=1)})
    counts["n_unchanged"] = counts["n_known"] - counts["n_rising"] - counts["n_falling"]
    known = counts["n_known"].where(counts["n_known"] > 0)
    index = 100 * (counts["n_rising"] + 0.5 * counts["n_unchanged"]) / known
    balance = 100 * (counts["n_rising"] - counts["n_falling"]) / known
    return pd.DataFrame({"index": index, "balance": balance, **counts})


def from_answers(higher_pct: float, same_pct: float, lower_pct: float) -> tuple[float, float]:
    """PMI form (0 to 100) and Federal Reserve form (-100 to 100) from the shares of answers. ValueError unless these add up to 100."""
    if abs(higher_pct + same_pct + lower_pct - 100) > 0.15:  # three shares rounded to one decimal
        raise ValueError(f"answers add up to {higher_pct + same_pct + lower_pct:g} %, not 100")
    return higher_pct + 0.5 * same_pct, higher_pct - lower_pct
