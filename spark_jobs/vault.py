"""The vault: the only place where a citizen number can be read. Everywhere else stands a mark of the same length, which means nothing without it.

Each subject has a key of its own, wrapped by the master key; the number is encrypted with it (AES-256-GCM, or SM4-GCM by GB/T 32907 where
GUIHU_CIPHER=SM4). Destroying one key destroys every copy of that number: in landed files, in bronze, in backups of both.
The master key and the key of the marks lie in the deployment's secrets; who copies the vault without them has nothing.
"""

import contextlib
import hashlib
import hmac
import os
import re
import sqlite3
from base64 import b32encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from spark_jobs.faultpoint import faultpoint
from spark_jobs.identifiers import NUMBER
from spark_jobs.settings import Settings, read_or_create_secret

WIDE = {"UTF-8": (rb"\xef\xbc[\x90-\x99]", rb"\xef\xbc\xb8"), "GB18030": (rb"\xa3[\xb0-\xb9]", rb"\xa3\xd8")}  # digits, X
TO_WIDE = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
MARK = re.compile(r"~[A-Z2-7]{14,17}")
CIPHERS = {"AES": (algorithms.AES, 32), "SM4": (algorithms.SM4, 16)}
NONCE, TAG = 12, 16  # bytes
AT_ONCE = 500  # marks of one question
SCHEMA = "create table if not exists subject (mark text primary key, cipher text not null, key blob, number blob, erased_at text) without rowid"


@dataclass(frozen=True)
class Vault:
    """The open vault of a deployment."""

    connection: sqlite3.Connection
    master_key: bytes
    mark_key: bytes
    cipher: str

    def seal(self, content: bytes, encoding: str) -> bytes:
        """The content with a mark in place of every citizen number; numbers that are new to the vault are kept in it."""
        numbers = _pattern(encoding)
        marks = self._kept({written.decode(encoding) for written in set(numbers.findall(content))})
        return numbers.sub(lambda found: marks[found[0].decode(encoding)].encode(), content)

    def seal_these(self, content: bytes, encoding: str, numbers: set[str]) -> bytes:
        """The content with marks in place of these numbers alone."""
        marks = {number.encode(encoding): mark for number, mark in self._kept(numbers).items()}
        listed = b"|".join(re.escape(written) for written in sorted(marks, key=len, reverse=True))
        return re.sub(listed, lambda found: marks[found[0]].encode(), content) if marks else content

    def unseal(self, texts: pa.ChunkedArray) -> pa.ChunkedArray:
        """The column with the numbers back in it; marks of erased subjects stay."""
        held = pc.fill_null(pc.match_substring_regex(texts, MARK.pattern), False)
        if not pc.any(held).as_py():
            return texts
        marked = texts.filter(held).to_pylist()
        numbers = self.numbers_of({mark for text in marked for mark in MARK.findall(text)})
        opened = [MARK.sub(lambda found: numbers.get(found[0], found[0]), text) for text in marked]
        return pc.replace_with_mask(texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts, held.combine_chunks() if isinstance(held, pa.ChunkedArray) else held, pa.array(opened, texts.type))

    def restore(self, text: str) -> str:
        """The text as it was sent; marks of erased subjects stay."""
        numbers = self.numbers_of(set(MARK.findall(text)))
        return MARK.sub(lambda found: numbers.get(found[0], found[0]), text)

    def numbers_of(self, marks: set[str]) -> dict[str, str]:
        """Mark → number, of subjects that are not erased."""
        return {mark: self._opened(cipher, key, number) for mark, (cipher, key, number) in self._rows(sorted(marks)).items() if key}

    def erase(self, number: str, record: Callable[[int], None]) -> int:
        """Destroy the keys of a subject, in whatever way the number was written (small x, full width, 15 or 17 digits). Returns how many the vault held.

        `record` is told how many, if any, before they are gone for good: nobody's death in between leaves an erasure without a record.
        """
        whole = number.upper()
        forms = {whole, whole.lower(), whole[:17], whole[:6] + whole[8:17]} if len(whole) == 18 else {whole}
        forms |= {form.upper().translate(TO_WIDE) for form in forms}
        with self.connection:
            erased = self.connection.executemany(
                "update subject set key = null, number = null, erased_at = ? where mark = ? and key is not null",
                [(datetime.now(UTC).isoformat(timespec="seconds"), self._mark(form)) for form in forms],
            ).rowcount
            if erased:
                record(erased)
                faultpoint("erasure recorded")
        faultpoint("key destroyed")
        self.connection.execute("vacuum")
        return erased

    def _kept(self, numbers: set[str]) -> dict[str, str]:
        """Number → mark; those that are new to the vault are in it now."""
        marks = {number: self._mark(number) for number in numbers}
        known = self._rows(list(marks.values()))
        fresh = [self._locked(mark, number) for number, mark in marks.items() if mark not in known]
        with self.connection:
            self.connection.executemany("insert or ignore into subject (mark, cipher, key, number) values (?, ?, ?, ?)", fresh)
        return marks

    def _mark(self, number: str) -> str:
        return "~" + b32encode(hmac.digest(self.mark_key, number.encode(), hashlib.sha256)).decode()[: len(number) - 1]

    def _rows(self, marks: list[str]) -> dict[str, tuple]:
        found = {}
        for start in range(0, len(marks), AT_ONCE):
            some = marks[start : start + AT_ONCE]
            rows = self.connection.execute(f"select mark, cipher, key, number from subject where mark in ({', '.join('?' * len(some))})", some)
            found |= {mark: rest for mark, *rest in rows}
        return found

    def _locked(self, mark: str, number: str) -> tuple:
        algorithm, size = CIPHERS[self.cipher]
        key = os.urandom(size)
        return mark, self.cipher, _encrypt(algorithms.AES(self.master_key), key), _encrypt(algorithm(key), number.encode())

    def _opened(self, cipher: str, key: bytes, number: bytes) -> str:
        algorithm, _ = CIPHERS[cipher]
        return _decrypt(algorithm(_decrypt(algorithms.AES(self.master_key), key)), number).decode()


@contextlib.contextmanager
def opened(home: Path) -> Iterator[Vault]:
    """The vault of the deployment at this home, made on first use (0600)."""
    path = home / "vault" / "subjects.db"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.closing(sqlite3.connect(path, timeout=60)) as connection:
        path.chmod(0o600)
        connection.execute("pragma secure_delete = on")  # an erased key is overwritten in the file
        connection.execute(SCHEMA)
        keys = [hashlib.sha256(read_or_create_secret(home / "secrets" / name).encode()).digest() for name in ("vault_master_key", "vault_mark_key")]
        yield Vault(connection, *keys, os.environ.get("GUIHU_CIPHER", "AES"))


def unsealed(table: pa.Table, home: Path, sensitive: list[str]) -> pa.Table:
    """Text rows with the numbers back in the `sensitive` columns; a number in any other column stays a mark.

    A row that names an erased subject gets the defect SUBJECT_ERASED.
    """
    erased = pa.array([False] * len(table))
    with opened(home) as vault:
        for name in sensitive:
            column = vault.unseal(table[name])
            table = table.set_column(table.column_names.index(name), name, column)
            erased = pc.or_(erased, pc.fill_null(pc.match_substring_regex(column, f"^{MARK.pattern}$"), False))
    for name, said in (("_defect", "SUBJECT_ERASED"), ("_original", "(erased)")):
        table = table.set_column(table.column_names.index(name), name, pc.if_else(erased, said, table[name]))
    return table


@lru_cache
def _pattern(encoding: str) -> re.Pattern[bytes]:
    digit, x = WIDE[encoding]
    wide = digit + rb"(?:" + digit + rb"|[0-9]){13,16}(?:" + digit + rb"|" + x + rb"|[0-9Xx])"
    return re.compile(NUMBER.encode() + rb"|" + wide)


def _encrypt(algorithm, plain: bytes) -> bytes:
    nonce = os.urandom(NONCE)
    encryptor = Cipher(algorithm, modes.GCM(nonce)).encryptor()
    return nonce + encryptor.update(plain) + encryptor.finalize() + encryptor.tag


def _decrypt(algorithm, sealed: bytes) -> bytes:
    nonce, content, tag = sealed[:NONCE], sealed[NONCE:-TAG], sealed[-TAG:]
    decryptor = Cipher(algorithm, modes.GCM(nonce, tag)).decryptor()
    return decryptor.update(content) + decryptor.finalize()


def of(settings: Settings):
    """The vault of the deployment, as a context."""
    return opened(settings.home)
