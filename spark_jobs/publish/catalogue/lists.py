"""责任清单 and 共享清单: who owes which item when, and what is shared how, as rows for the pages and as CSV (UTF-8 with byte order mark)."""

import csv
from pathlib import Path

from spark_jobs.publish.catalogue import words

DUTIES = {
    "department": ("责任部门", "Department"),
    "item": ("事项", "Item"),
    "code": ("编码", "Code"),
    "steward": ("责任岗位", "Steward"),
    "cycle": ("更新周期", "Cycle"),
    "schedule": ("排程（cron，北京时间）", "Schedule (cron, Beijing time)"),
    "promise": ("交付时限", "Delivered"),
    "last": ("最近交付", "Last delivery"),
    "state": ("时效", "Timeliness"),
}
# core metadata of 《政务信息资源目录编制指南（试行）》 (发改高技〔2017〕1272号)
SHARING = {
    "item": ("信息资源名称", "Resource"),
    "code": ("信息资源代码", "Code"),
    "department": ("提供方", "Provider"),
    "abstract": ("摘要", "Abstract"),
    "format": ("格式", "Format"),
    "fields": ("信息项", "Items"),
    "sharing": ("共享类型", "Sharing class"),
    "condition": ("共享条件", "Condition"),
    "mode": ("共享方式", "Mode"),
    "open": ("向社会开放", "Open to the public"),
    "cycle": ("更新周期", "Cycle"),
    "sensitivity": ("敏感级别", "Sensitivity"),
}


def duties(facts: dict, language: str) -> list[dict]:
    """One row a feed, department by department."""
    return sorted((_duty(feed, language) for feed in facts["feeds"]), key=lambda row: (row["department"], row["code"]))


def sharing(facts: dict, language: str) -> list[dict]:
    """One row a feed, class by class."""
    opened: dict[str, list[dict]] = {}
    for table in facts["datasets"]:
        for feed in table["feeds"] if table["is_public"] else ():
            opened.setdefault(feed, []).append(table)
    rows = [_shared(feed, opened.get(feed["id"], []), language) for feed in facts["feeds"]]
    order = [one[language] for one in words.SHARING.values()]
    return sorted(rows, key=lambda row: (order.index(row["sharing"]), row["code"]))


def write(facts: dict, folder: Path) -> None:
    """duties.zh.csv, duties.en.csv, sharing.zh.csv, sharing.en.csv."""
    for name, columns, rows_of in (("duties", DUTIES, duties), ("sharing", SHARING, sharing)):
        for number, language in enumerate(("zh", "en")):
            with (folder / f"{name}.{language}.csv").open("w", encoding="utf-8-sig", newline="") as file:
                writer = csv.writer(file)
                writer.writerow([titles[number] for titles in columns.values()])
                writer.writerows([[row[key] for key in columns] for row in rows_of(facts, language)])


def _duty(feed: dict, language: str) -> dict:
    late = {True: {"zh": "逾期", "en": "late"}, False: {"zh": "按时", "en": "on time"}, None: {"zh": "未判定", "en": "not judged"}}
    return {
        "department": words.department(feed["departments"][0])[language],
        "item": feed["title"][language],
        "code": feed["id"],
        "steward": feed["steward"],
        "cycle": feed["cycle"][language],
        "schedule": feed["schedule"] or "",
        "promise": feed["promise"][language],
        "last": (feed["deliveries"]["last_received"] or "")[:10],
        "state": late[feed["deliveries"]["is_late"]][language],
    }


def _shared(feed: dict, opened: list[dict], language: str) -> dict:
    made = {"zh": "加工后开放：", "en": "as "}[language] + ("、" if language == "zh" else ", ").join(table["title"][language] for table in opened)
    return {
        "item": feed["title"][language],
        "code": feed["id"],
        "department": words.department(feed["departments"][0])[language],
        "abstract": feed["description"][language],
        "format": "Delta、CSV、Parquet" if language == "zh" else "Delta, CSV, Parquet",
        "fields": ("、" if language == "zh" else ", ").join(column["label"][language] for column in feed["columns"] if not column["stays_raw"]),
        "sharing": words.SHARING[feed["sharing"]][language],
        "condition": words.CONDITIONS[feed["sharing"]][language],
        "mode": words.MODES[feed["sharing"]][language],
        "open": made if opened else {"zh": "否", "en": "no"}[language],
        "cycle": feed["cycle"][language],
        "sensitivity": words.SENSITIVITY[feed["sensitivity"]][language],
    }
