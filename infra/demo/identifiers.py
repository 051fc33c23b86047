"""Identifiers with right check characters, made column by column."""

import numpy as np

USCC_ALPHABET = np.frombuffer(b"0123456789ABCDEFGHJKLMNPQRTUWXY", dtype=np.uint8)  # GB 32100: no I, O, S, V, Z
USCC_WEIGHTS = np.array([1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28])
ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])  # GB 11714
CITIZEN_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])  # GB 11643
CITIZEN_CHECKS = np.frombuffer(b"10X98765432", dtype=np.uint8)


def enterprise_usccs(numbers: np.ndarray, division_codes: np.ndarray, kind: bytes = b"91") -> np.ndarray:
    """Codes of enterprises (91…; 92… individual businesses), the organisation part HC (合成, made) and six characters that count."""
    rows = np.empty((len(numbers), 18), dtype=np.uint8)
    rows[:, :2] = np.frombuffer(kind, dtype=np.uint8)
    rows[:, 2:8] = digits(division_codes.astype(np.int64), 6)
    rows[:, 8:10] = np.frombuffer(b"HC", dtype=np.uint8)
    rest = numbers.astype(np.int64)
    for place in range(15, 9, -1):
        rows[:, place] = USCC_ALPHABET[rest % 31]
        rest //= 31
    rows[:, 16] = _organisation_check(rows[:, 8:16])
    rows[:, 17] = _uscc_check(rows[:, :17])
    return as_text(rows)


def citizen_numbers(division_codes: np.ndarray, birth_days: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """Division at first registration, day of birth, order (odd for men), check character."""
    rows = np.empty((len(orders), 18), dtype=np.uint8)
    rows[:, :6] = digits(division_codes.astype(np.int64), 6)
    rows[:, 6:14] = digits(compact_dates(birth_days), 8)
    rows[:, 14:17] = digits(orders, 3)
    sums = (rows[:, :17].astype(np.int64) - 48) @ CITIZEN_WEIGHTS
    rows[:, 17] = CITIZEN_CHECKS[sums % 11]
    return as_text(rows)


def compact_dates(days: np.ndarray) -> np.ndarray:
    """yyyymmdd as whole numbers."""
    years = days.astype("datetime64[Y]")
    months = days.astype("datetime64[M]")
    year = years.astype(np.int64) + 1970
    month = (months - years).astype(np.int64) + 1
    day = (days.astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64) + 1
    return year * 10000 + month * 100 + day


def digits(numbers: np.ndarray, width: int) -> np.ndarray:
    """Decimal digits as ASCII bytes, padded with zeros."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return (numbers[:, None] // powers % 10 + 48).astype(np.uint8)


def as_text(rows: np.ndarray) -> np.ndarray:
    """A matrix of ASCII bytes as a column of byte strings."""
    return np.ascontiguousarray(rows).view(f"S{rows.shape[1]}").ravel()


def _organisation_check(rows: np.ndarray) -> np.ndarray:
    values = np.where(rows >= 65, rows.astype(np.int64) - 55, rows.astype(np.int64) - 48)
    check = 11 - (values @ ORGANISATION_WEIGHTS) % 11
    return np.where(check == 10, ord("X"), np.where(check == 11, ord("0"), check + 48)).astype(np.uint8)


def _uscc_check(rows: np.ndarray) -> np.ndarray:
    value_of = np.zeros(256, dtype=np.int64)
    value_of[USCC_ALPHABET] = np.arange(31)
    return USCC_ALPHABET[(31 - (value_of[rows] @ USCC_WEIGHTS) % 31) % 31]


def rounded(number: str) -> str:
    """A citizen number as a spreadsheet spoils it: the last digits are zeros, and the check character does not fit any more."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2, 1)
    spoilt = (number[:kept].ljust(18, "0") for kept in (14, 15, 13))
    return next(text for text in spoilt if sum(w * int(c) for w, c in zip(weights, text)) % 11 != 1)
