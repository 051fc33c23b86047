"""dbt's sources, derived from the contracts: dbt_project/models/sources.yml is written by this module and by nobody else."""

from pathlib import Path

import yaml

from expectations.contract import load_all
from expectations.feed import Feed, Field
from expectations.rules import spark_type

FILE = Path(__file__).resolve().parent.parent / "dbt_project" / "models" / "sources.yml"
HEAD = "# Written from the contracts by `guihu feed sources`; a test holds it against them. Do not edit.\n"
OPERATIONS = {
    "operations__delivery": "每次来文及其结果 · Every delivery and its outcome",
    "operations__quarantine": "每次来文按原因统计的隔离行 · Rows in quarantine by delivery and reason",
    "operations__feed": "每个来源及其约定 · Every feed and its promise",
    "operations__dataset": "每个数据集及其责任部门 · Every dataset and who answers for it",
    "operations__request": "每次数据共享申请及其决定 · Every request for data and its decision",
    "operations__export": "每次导出与共享 · Every export and share that was taken",
}  # fmt: skip


def text() -> str:
    """The whole file."""
    tables = [_table(feed) for feed in load_all().values()] + [{"name": name, "description": said} for name, said in OPERATIONS.items()]
    document = {"version": 2, "sources": [{"name": "silver", "schema": "silver", "tables": tables}]}
    return HEAD + yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=160)


def write() -> Path:
    FILE.write_text(text(), encoding="utf-8")
    return FILE


def _table(feed: Feed) -> dict:
    return {
        "name": feed.table,
        "description": f"{feed.name} · {feed.name_en}。{feed.granularity}",
        "config": {"meta": {"owner": feed.owner, "sharing": feed.sharing, "is_synthetic": feed.synthetic, "source": feed.source}},
        "columns": [_column(field) for field in feed.silver_fields],
    }


def _column(field: Field) -> dict:
    meta = {"classification": field.classification} | ({"unit": field.unit} if field.unit else {})
    return {"name": field.silver_name, "description": f"{field.label} · {field.label_en}", "data_type": spark_type(field), "config": {"meta": meta}}
