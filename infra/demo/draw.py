"""Random access randomness: every value is a function of (seed, purpose, number of the thing).

A generator that can be asked for row 7,000,000 alone writes any size in a stream and repeats itself byte for byte.
"""

import zlib
from math import gcd

import numpy as np

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def uniform(seed: int, purpose: str, numbers: np.ndarray) -> np.ndarray:
    """Numbers in [0, 1), one for each thing; the same thing and purpose always draw the same."""
    return (_hash(seed, purpose, numbers) >> np.uint64(11)).astype(np.float64) / float(1 << 53)


def whole(seed: int, purpose: str, numbers: np.ndarray, below: int) -> np.ndarray:
    """Whole numbers in [0, below)."""
    return (uniform(seed, purpose, numbers) * below).astype(np.int64)


def choose(seed: int, purpose: str, numbers: np.ndarray, shares: list[float]) -> np.ndarray:
    """Positions in `shares`, each drawn as often as its share says."""
    edges = np.cumsum(shares) / sum(shares)
    return np.minimum(np.searchsorted(edges, uniform(seed, purpose, numbers), side="right"), len(shares) - 1)


def shuffled(numbers: np.ndarray, size: int) -> np.ndarray:
    """A fixed permutation of 0 … size-1, computed for the asked numbers only."""
    return (numbers * _stride(size) + size // 3) % size


def largest_remainder(weights: np.ndarray, total: int) -> np.ndarray:
    """Share `total` whole things out by weight: floors first, the rest to the largest fractions (first one wins a tie)."""
    exact = weights / weights.sum() * total
    counts = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - counts), kind="stable")
    counts[order[: total - counts.sum()]] += 1
    return counts


def _hash(seed: int, purpose: str, numbers: np.ndarray) -> np.ndarray:
    """splitmix64 of the numbers, started at a point that belongs to the seed and the purpose."""
    start = np.uint64(((seed << 32) | zlib.crc32(purpose.encode())) & 0xFFFFFFFFFFFFFFFF)
    with np.errstate(over="ignore"):
        state = (numbers.astype(np.uint64) + start * _MIX_1) * _GOLDEN
        state = (state ^ (state >> np.uint64(30))) * _MIX_1
        state = (state ^ (state >> np.uint64(27))) * _MIX_2
        return state ^ (state >> np.uint64(31))


def _stride(size: int) -> int:
    """A step near the golden section of `size` without a common factor, so that steps visit every place once."""
    step = max(1, int(size * 0.6180339887))
    while gcd(step, size) != 1:
        step += 1
    return step
