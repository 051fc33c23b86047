"""The house functions that contracts may call in their rules, run vectorised in the engine's Python workers."""

import hashlib
import hmac
import os
from pathlib import Path

import numpy as np
import pandas as pd

from expectations.contract import Feed
from expectations.rules import judged_query

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015, table 2: no I, O, S, V, Z
USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714
CITIZEN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
CITIZEN_CHECK = "10X98765432"
NOT_A_CHARACTER = 999


def register(spark, settings, feed: Feed) -> None:
    """Make the functions that the feed's rules call known to the session. The key of the tokens is the domain's own."""
    from pyspark.sql.functions import pandas_udf

    settings.secret(f"citizen_token_key_{feed.domain}")  # made on first use; the workers read it from its file, it never travels
    functions = {
        "uscc_is_valid": (uscc_is_valid, "boolean"),
        "citizen_number_is_valid": (citizen_number_is_valid, "boolean"),
        "citizen_token": (_tokens(str(settings.home / "secrets" / f"citizen_token_key_{feed.domain}")), "string"),
    }
    query = judged_query(feed, "delivered", known_divisions="")
    for name, (function, kind) in functions.items():
        if f"{name}(" in query:
            spark.udf.register(name, pandas_udf(function, kind))


def uscc_is_valid(codes: pd.Series) -> pd.Series:
    """Whether each text is a unified social credit code: 18 characters, both check characters right (GB 32100, GB 11714)."""
    values, shaped = _matrix(codes, 18, USCC_ALPHABET)
    total = (values[:, :17] * np.array(USCC_WEIGHTS)).sum(axis=1)
    outer = (31 - total % 31) % 31 == values[:, 17]
    letters, _ = _matrix(codes, 18, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    inner_total = (letters[:, 8:16] * np.array(ORGANISATION_WEIGHTS)).sum(axis=1)
    check = 11 - inner_total % 11  # 10 is written X, 11 is written 0
    inner = np.where(check == 10, letters[:, 16] == 33, letters[:, 16] == check % 11)
    return pd.Series(shaped & outer & inner)


def citizen_number_is_valid(numbers: pd.Series) -> pd.Series:
    """Whether each text is a citizen number of 18 characters with the right check character and a real birth date (GB 11643)."""
    values, shaped = _matrix(numbers, 18, "0123456789X")
    shaped &= (values[:, :17] < 10).all(axis=1)
    total = (values[:, :17] * np.array(CITIZEN_WEIGHTS)).sum(axis=1)
    expected = np.array([10 if c == "X" else int(c) for c in CITIZEN_CHECK])[total % 11]
    births = pd.to_datetime(numbers.str.slice(6, 14), format="%Y%m%d", errors="coerce")
    return pd.Series(shaped & (values[:, 17] == expected) & births.notna().to_numpy())


def _tokens(key_file: str):
    """A function that turns citizen numbers into keyed tokens (HMAC-SHA-256, 32 hexadecimal characters); null stays null."""

    def citizen_token(numbers: pd.Series) -> pd.Series:
        key = (os.environ.get("GUIHU_CITIZEN_TOKEN_KEY") or Path(key_file).read_text().strip()).encode()
        return numbers.map(lambda text: None if text is None else hmac.digest(key, text.upper().encode(), hashlib.sha256).hex()[:32])

    return citizen_token


def _matrix(texts: pd.Series, length: int, alphabet: str) -> tuple[np.ndarray, np.ndarray]:
    """Positions in the alphabet, shape (rows, length), and which rows have the right length and only such characters."""
    shaped = np.fromiter((text is not None and len(text) == length and text.isascii() for text in texts), bool, len(texts))
    plain = texts.where(shaped, "0" * length)
    codes = np.frombuffer("".join(plain.tolist()).encode("ascii"), np.uint8).reshape(len(texts), length)
    lookup = np.full(256, NOT_A_CHARACTER, np.int64)
    lookup[[ord(c) for c in alphabet]] = np.arange(len(alphabet))
    values = lookup[codes]
    return values, shaped & (values != NOT_A_CHARACTER).all(axis=1)
