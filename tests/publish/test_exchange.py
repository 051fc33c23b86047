"""The ledgers of requests and exports as silver tables: every line counts once, and nobody is named."""

import json
from datetime import UTC, datetime, timedelta

from deltalake import DeltaTable

from spark_jobs.publish import audit, exchange, policy
from spark_jobs.publish.disclosure import rules
from spark_jobs.settings import Settings

STOCK, PURPOSE, PERSON = "mart_legal_person__stock", "dissertation on births of firms", "lu-da-ming"


def test_requests_and_takings_are_carried_without_names_purposes_and_reasons(tmp_path):
    settings = Settings(home=tmp_path, environments=tmp_path, port=9)
    asked_at = datetime.now(UTC) - timedelta(days=40)
    told = [_asked(number, asked_at) for number in range(3)]
    told += [_decided(0, "granted", asked_at + timedelta(hours=6)), _decided(1, "refused", asked_at + timedelta(hours=30))]
    (tmp_path / "requests").mkdir()
    (tmp_path / "requests" / "requests.jsonl").write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in told), encoding="utf-8")
    audit.record(settings, "export", recipient=PERSON, role="researcher", dataset=STOCK, format="csv", granted="request-0", rows=60, folder=f"/home/{PERSON}")
    with audit.audit_file(settings).open("a") as file:
        file.write('{"at": "2026-11-2')  # a power cut
    audit.record(settings, "share", action="recipient added", recipient="university", role="public")
    audit.record(settings, "share", action="query", recipient="university", role="public", dataset="mart_economy__gdp", rows=40)
    audit.record(settings, "export", recipient=PERSON, role="role_of_yesterday", dataset="mart_of_yesterday", format="csv", rows=1)
    exchange.write(settings)

    request, export, dataset = (DeltaTable(tmp_path / "lake" / "silver" / f"operations__{name}").to_pyarrow_table().to_pylist() for name in ("request", "export", "dataset"))
    assert [(row["decision"], row["decided_at"] and (row["decided_at"] - row["asked_at"]).total_seconds() / 3600) for row in request] == [("granted", 6), ("refused", 30), (None, None)]
    assert {(row["owner"], row["role_zh"], row["days"]) for row in request} == {("自治区市场监督管理局", policy.role("researcher").label["zh"], 30)}
    taken = [(row["door"], row["owner"], row["role"], row["dataset"], row["request_id"], row["rows"]) for row in export]
    assert taken == [
        ("export", "自治区市场监督管理局", "researcher", STOCK, "request-0", 60),
        ("share", "自治区统计局", "public", "mart_economy__gdp", None, 40),
        ("export", None, "role_of_yesterday", "mart_of_yesterday", None, 1),
    ]
    assert export[2]["role_zh"] == "role_of_yesterday"
    assert {row["dataset"]: row["owner"] for row in dataset} == {name: rule.owner for name, rule in rules.load().tables.items() if name.startswith("mart_")}
    assert not [word for word in (PERSON, PURPOSE, "because", "university") if word in str([request, export])]


def _asked(number: int, at: datetime) -> dict:
    return {"event": "asked", "request_id": f"request-{number}", "table": STOCK, "role": "researcher", "purpose": PURPOSE, "days": 30, "owner": "自治区市场监督管理局", "by": PERSON, "at": at.isoformat()}


def _decided(number: int, event: str, at: datetime) -> dict:
    return {"event": event, "request_id": f"request-{number}", "by": PERSON, "because": "because", "at": at.isoformat()}
