"""A person's number can be read in the vault and nowhere else; one destroyed key takes every copy with it."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from expectations.contract import load_feed
from infra.demo import residents
from spark_jobs import vault
from spark_jobs.identifiers import IN_TEXT
from spark_jobs.ingest import flow, landing
from spark_jobs.ingest.refusal import Refused
from spark_jobs.settings import CHECKOUT, Settings
from spark_jobs.upkeep.erase import erase
from spark_jobs.upkeep.verify import verify

pytestmark = pytest.mark.service  # takes time; needs no service of the stack

FEED = "population.resident"
PLANTED = 1000


@pytest.fixture
def sent(tmp_path) -> list[Path]:
    return residents.write_deliveries(tmp_path / "sent", tmp_path / "planted", residents=PLANTED, seed=11)


@pytest.fixture
def lake(tmp_path, division_lake) -> Settings:
    home = tmp_path / "lake"
    subprocess.run(["cp", "-r", str(division_lake.home), str(home)], check=True)
    return Settings(home=home, environments=home, port=9)


def numbers_in(path: Path) -> set[str]:
    """The identifiers that the generator wrote, by plain reading of its file."""
    return {line.split(",")[0] for line in path.read_text(encoding="utf-8").splitlines()[1:] if line[:17].isdigit()}


def ingest(lake: Settings, path: Path) -> dict:
    delivery, _ = landing.receive(lake, load_feed(FEED), path)
    (result,) = flow.ingest(lake, load_feed(FEED), [delivery])
    return result.outcome


def everything_written(home: Path):
    """Path and readable text of every file outside the vault: raw bytes, and Parquet decoded."""
    for path in home.rglob("*"):
        if path.is_file() and "vault" not in path.relative_to(home).parts:
            yield path, path.read_bytes().decode("utf-8", "replace")
            if path.suffix == ".parquet":
                yield path, json.dumps(pq.read_table(path).to_pylist(), default=str, ensure_ascii=False)


def test_no_number_stands_outside_the_vault(lake, sent):
    outcome = ingest(lake, sent[0])
    assert outcome["rows_loaded"] > 0.9 * PLANTED
    planted, files = numbers_in(sent[0]), 0
    assert len(planted) >= 0.95 * PLANTED
    for path, text in everything_written(lake.home):
        files += 1
        found = [number for number in planted if number in text]
        assert not found, f"{len(found)} numbers in {path}"
    print(f"numbers found outside the vault: 0 of {len(planted)} in {files} readings of files")


def test_the_file_as_sent_comes_back_from_marks_and_vault(lake, sent):
    delivery, _ = landing.receive(lake, load_feed(FEED), sent[0])
    kept = landing.landed_file(lake, delivery.sha256).read_bytes().decode()
    with vault.of(lake) as open_vault:
        restored = open_vault.restore(kept)
    assert hashlib.sha256(restored.encode()).hexdigest() == delivery.sha256
    assert verify(lake).faults == []


def test_an_erased_subject_is_gone_from_every_copy_and_stays_so(lake, sent):
    ingest(lake, sent[0])
    number = sorted(numbers_in(sent[0]))[0]
    assert erase(lake, number, "officer", "request no. 12") == 1
    assert erase(lake, number, "officer", "request no. 12") == 0
    kept = landing.landed_file(lake, landing.ledger(lake, FEED)[0][0].sha256).read_text(encoding="utf-8")
    with vault.of(lake) as open_vault:
        marks = set(vault.MARK.findall(kept))
        assert len(marks) - len(open_vault.numbers_of(marks)) == 1
    assert number.encode() not in (lake.home / "vault" / "subjects.db").read_bytes()
    assert number not in (lake.home / "ledger" / "erasures.jsonl").read_text()

    again = lake.home / "again.csv"
    header, *lines = sent[0].read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith(number)] + [line for line in lines if not line.startswith(number)][:9]
    again.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    again.with_name("again.csv.manifest.json").write_text(json.dumps({"rows": len(rows), "known_at": "2022-01-01", "note": "again"}))
    assert ingest(lake, again)["reasons"]["SUBJECT_ERASED"] >= 1


def test_a_number_in_a_free_text_stays_a_mark(lake, sent):
    """The note of a row is no identifier: what is written there as a number is masked before bronze."""
    header, *lines = sent[0].read_text(encoding="utf-8").splitlines()
    number = sorted(numbers_in(sent[0]))[3]
    path = lake.home / "note.csv"
    path.write_text("\n".join([header, *(line + " 同户 " + number for line in lines[:5])]) + "\n", encoding="utf-8")
    path.with_name("note.csv.manifest.json").write_text(json.dumps({"rows": 5, "known_at": "2022-01-01"}))
    ingest(lake, path)
    path.unlink()
    assert [file for file, text in everything_written(lake.home) if number in text] == []


def test_a_number_in_a_sentence_of_a_feed_that_names_nobody_goes_to_the_vault_too(lake):
    """Masked in the text rows, in silver and in quarantine; a mark in the landed file, which comes back whole, and can be erased."""
    feed, case = load_feed("credit.permit"), CHECKOUT / "tests" / "feeds" / "credit" / "permit" / "numbers_of_persons_in_a_sentence_are_masked"
    delivery, _ = landing.receive(lake, feed, case / "input.csv", case / "manifest.json")
    (result,) = flow.ingest(lake, feed, [delivery])
    assert [note.partition(":")[0] for note in result.outcome["notes"]] == ["PARKED uscc", "MASKED"]
    sent = (case / "input.csv").read_bytes()
    numbers = set(IN_TEXT.findall(sent.decode("gb18030")))
    assert len(numbers) == 4
    assert [path for path, text in everything_written(lake.home) if any(number in text for number in numbers)] == []
    kept = landing.landed_file(lake, delivery.sha256).read_bytes()
    with vault.of(lake) as open_vault:
        assert open_vault.restore(kept.decode("gb18030")).encode("gb18030") == sent
    assert verify(lake).faults == []
    assert erase(lake, next(number for number in numbers if len(number) == 18 and number.isascii() and number.startswith("4513")), "officer", "request no. 13") == 1


@pytest.mark.parametrize("cipher", ["AES", "SM4"])
def test_both_ciphers_give_back_what_was_sealed(tmp_path, monkeypatch, cipher):
    monkeypatch.setenv("GUIHU_CIPHER", cipher)
    with vault.opened(tmp_path) as open_vault:
        sealed = open_vault.seal("a,450102199003071234,b\n45010219900307123x,450102900307123\n４５０１０２１９９００３０７１２３４\n".encode("gb18030"), "GB18030").decode()
        marks = vault.MARK.findall(sealed)
        numbers = open_vault.numbers_of(set(marks))
    assert [numbers[mark] for mark in marks] == ["450102199003071234", "45010219900307123x", "450102900307123", "４５０１０２１９９００３０７１２３４"]
    assert [len(mark) for mark in marks] == [18, 18, 15, 18]


def test_a_file_in_which_numbers_cannot_be_seen_is_refused_before_anything_is_kept(lake, sent):
    path = lake.home / "residents.csv"
    path.write_bytes(b"PK\x03\x04 an archive")
    with pytest.raises(Refused, match="NOT_SEALABLE"):
        landing.receive(lake, load_feed(FEED), path)
    assert not list((lake.landing / "deliveries").glob(f"{FEED}/*"))


def test_the_command_asks_for_the_number_so_that_it_stands_in_no_history(lake, sent):
    ingest(lake, sent[0])
    number = sorted(numbers_in(sent[0]))[1]
    command = [str(CHECKOUT / "guihu"), "erase", "-", "--because", "a test"]
    done = subprocess.run(command, input=number + "\n", capture_output=True, text=True, env=os.environ | {"GUIHU_HOME": str(lake.home)})
    assert done.returncode == 0, done.stderr
    assert "erased: 1 key" in done.stdout
    assert number not in done.stdout + done.stderr
