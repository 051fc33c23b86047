"""A first contract for a new feed, drafted from a sample file: complete in form, with TODO where only people know."""

import csv
import re
import shutil
from pathlib import Path

import yaml

from expectations.contract import FEED_ID, FOLDER
from expectations.feed import ContractError
from spark_jobs.settings import CHECKOUT

NUMBER = re.compile(r"[+-]?\d+([.]\d+)?")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def draft(feed_id: str, sample: Path) -> list[Path]:
    """Write the contract and a case folder with the sample. Raises ContractError where the id is no id or the contract exists."""
    if not FEED_ID.fullmatch(feed_id):
        raise ContractError(f"{feed_id!r} is no feed id: lower-case DOMAIN.FEED, e.g. economy.power_use")
    if sample.suffix != ".csv" or not sample.is_file():
        raise ContractError(f"{sample}: give a CSV file as the department sends it")
    contract = FOLDER.joinpath(*feed_id.split(".")).with_suffix(".yaml")
    if contract.exists():
        raise ContractError(f"{feed_id} has a contract already: {contract.relative_to(CHECKOUT)}")
    encoding = _encoding(sample)
    with sample.open(encoding="utf-8-sig" if encoding == "UTF-8" else encoding, newline="") as file:
        rows = list(csv.reader(file))
    contract.parent.mkdir(parents=True, exist_ok=True)
    contract.write_text(yaml.safe_dump(_document(feed_id, encoding, rows), allow_unicode=True, sort_keys=False), encoding="utf-8")
    case = CHECKOUT.joinpath("tests", "feeds", *feed_id.split("."), "sample_as_sent")
    case.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(sample, case / "input.csv")
    return [contract, case / "input.csv"]


def _document(feed_id: str, encoding: str, rows: list[list[str]]) -> dict:
    domain, _, name = feed_id.partition(".")
    return {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": feed_id,
        "name": "TODO 中文名称",
        "version": "0.1.0",
        "status": "draft",
        "domain": domain,
        "description": {"purpose": "TODO 用途 purpose", "limitations": "TODO 局限 limitations"},
        "team": {"name": "TODO 责任单位", "members": [{"username": "TODO", "role": "steward"}]},
        "customProperties": [
            {"property": "nameEn", "value": "TODO English name"},
            {"property": "kind", "value": "event"},
            {"property": "sharing", "value": "有条件共享"},
            {"property": "synthetic", "value": False},
            {"property": "source", "value": "TODO"},
        ],
        "slaProperties": [{"property": "frequency", "value": 1, "unit": "m"}, {"property": "latency", "value": 24, "unit": "h"}],
        "servers": [{"server": "file", "type": "local", "path": f"{domain}/{name}/*.csv", "format": "csv", "encoding": encoding}],
        "schema": [{"name": feed_id.replace(".", "__"), "dataGranularityDescription": "TODO one row is …", "properties": _properties(rows)}],
    }


def _properties(rows: list[list[str]]) -> list[dict]:
    headers, found = rows[0], []
    for index, header in enumerate(headers):
        values = [row[index] for row in rows[1:] if len(row) > index and row[index]]
        found.append(
            {
                "name": _identifier(header, index),
                "physicalName": header,
                "businessName": header,
                "synonyms": [{"synonym": "TODO English label", "locale": "en"}],
                "logicalType": _type(values),
                **({"primaryKey": True} if index == 0 else {}),
            }
        )
    return found


def _identifier(header: str, index: int) -> str:
    plain = re.sub(r"\W+", "_", header.strip().lower())
    return plain if re.fullmatch(r"[a-z][a-z0-9_]*", plain) else f"column_{index + 1}"


def _type(values: list[str]) -> str:
    if values and all(DATE.fullmatch(v) for v in values):
        return "date"
    if values and all(NUMBER.fullmatch(v) for v in values) and not any(v.startswith("0") and len(v) > 1 and "." not in v for v in values):
        return "number"
    return "string"


def _encoding(sample: Path) -> str:
    try:
        sample.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return "GB18030"
    return "UTF-8"
