"""The house functions that contracts may call in their rules, vectorised over Arrow columns."""

import hashlib
import hmac
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015, table 2: no I, O, S, V, Z
USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
ORGANISATION_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714
CITIZEN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
CITIZEN_CHECK = "10X98765432"
NOT_A_CHARACTER = 255


def _places(alphabet: str) -> np.ndarray:
    """Of each byte the position of its character in the alphabet."""
    found = np.full(256, NOT_A_CHARACTER, np.uint8)
    found[np.frombuffer(alphabet.encode(), np.uint8)] = np.arange(len(alphabet))
    return found


USCC_PLACE, ORGANISATION_PLACE, DIGIT_PLACE = map(_places, (USCC_ALPHABET, ORGANISATION_ALPHABET, "0123456789X"))


def register(connection: duckdb.DuckDBPyConnection, key_file: Path) -> None:
    """Make the functions known to the connection. The key of the tokens is the domain's own; it is read from its file when it is needed."""
    for name, function, kind in (
        ("uscc_is_valid", uscc_is_valid, "boolean"),
        ("citizen_number_is_valid", citizen_number_is_valid, "boolean"),
        ("citizen_token", _tokens(key_file), "varchar"),
    ):
        connection.create_function(name, function, ["varchar"], kind, type="arrow")


def uscc_is_valid(codes: pa.ChunkedArray) -> pa.Array:
    """Whether each text is a unified social credit code: 18 characters, both check characters right (GB 32100, GB 11714)."""
    characters, shaped = _characters(codes, 18)
    values, letters = USCC_PLACE[characters], ORGANISATION_PLACE[characters[:, 8:17]]
    shaped &= (values != NOT_A_CHARACTER).all(axis=1)
    outer = (31 - _sums(values[:, :17], USCC_WEIGHTS) % 31) % 31 == values[:, 17]
    check = 11 - _sums(letters[:, :8], ORGANISATION_WEIGHTS) % 11  # 10 is written X, 11 is written 0
    inner = np.where(check == 10, letters[:, 8] == 33, letters[:, 8] == check % 11)
    return _booleans(shaped & outer & inner)


def citizen_number_is_valid(numbers: pa.ChunkedArray) -> pa.Array:
    """Whether each text is a citizen number of 18 characters with the right check character and a real birth date (GB 11643)."""
    characters, shaped = _characters(numbers, 18)
    values = DIGIT_PLACE[characters]
    shaped &= (values[:, :17] < 10).all(axis=1)
    expected = DIGIT_PLACE[np.frombuffer(CITIZEN_CHECK.encode(), np.uint8)][_sums(values[:, :17], CITIZEN_WEIGHTS) % 11]
    births = pc.strptime(pc.utf8_slice_codeunits(numbers, 6, 14), format="%Y%m%d", unit="s", error_is_null=True)
    written = pc.equal(pc.strftime(births, format="%Y%m%d"), pc.utf8_slice_codeunits(numbers, 6, 14))  # 31 February would become 2 March
    return _booleans(shaped & (values[:, 17] == expected) & np.asarray(pc.fill_null(written, False)))


def _tokens(key_file: Path):
    """A function that turns citizen numbers into keyed tokens (HMAC-SHA-256, 32 hexadecimal characters)."""

    def citizen_token(numbers: pa.ChunkedArray) -> pa.Array:
        key = key_file.read_text().strip().encode()
        return pa.array([hmac.digest(key, text.upper().encode(), hashlib.sha256).hex()[:32] for text in numbers.to_pylist()], pa.string())

    return citizen_token


def _characters(texts: pa.ChunkedArray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """The bytes of each text, shape (rows, length), noughts where it has another length, and which texts have the right one."""
    right = pc.fill_null(pc.equal(pc.binary_length(texts), length), False)
    plain = pc.if_else(right, texts, "0" * length)
    joined = plain.combine_chunks() if isinstance(plain, pa.ChunkedArray) else plain
    return np.frombuffer(joined.buffers()[2], np.uint8, len(texts) * length).reshape(len(texts), length), np.asarray(right).copy()


def _sums(values: np.ndarray, weights: tuple[int, ...]) -> np.ndarray:
    """Weighted sum of each row: in float32, which is exact for sums this small and has a fast matrix product."""
    return (values.astype(np.float32) @ np.array(weights, np.float32)).astype(np.int32)


def _booleans(values: np.ndarray) -> pa.Array:
    """From packed bits: given a numpy array, pa.array would load pandas first."""
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, pa.py_buffer(np.packbits(values, bitorder="little"))])
