"""What was delivered of each feed and what became of the rows, from the records of landing that belong to the release."""

from collections import Counter

from expectations.feed import Feed
from expectations.rules import checks
from spark_jobs.files import read_json
from spark_jobs.settings import Settings

COUNTS = ("rows_in", "rows_loaded", "rows_quarantined", "rows_repeated")


def by_feed(settings: Settings, feeds: dict[str, Feed], of_release: set[str], states: dict[str, dict]) -> dict[str, dict]:
    """Feed → deliveries, refused deliveries, rows, the commonest reasons of quarantine, and how timely it is (`states`)."""
    found = {}
    for feed in feeds.values():
        received, outcomes = [], []
        for folder in sorted((settings.landing / "deliveries" / feed.id).glob("*")):
            if folder.name in of_release:
                received.append(read_json(folder / "received.json"))
                outcomes.append(read_json(folder / "outcome.json"))
        said = {check.code: {"zh": check.message_zh, "en": check.message_en} for check in checks(feed)}
        reasons = sum((Counter(outcome.get("reasons", {})) for outcome in outcomes), Counter())
        state = states.get(feed.id, {})
        found[feed.id] = {
            "deliveries": len(outcomes),
            "refused": sum(outcome["status"] != "loaded" for outcome in outcomes),
            **{name: sum(outcome.get(name, 0) for outcome in outcomes) for name in COUNTS},
            "reasons": [{"code": code, "rows": rows} | said.get(code, {"zh": "文件结构缺陷", "en": "physical defect of the file"}) for code, rows in reasons.most_common(8)],
            "last_received": max((one["received_at"] for one in received), default=None),
            "last_known": max((one["known_at"] for one in received), default=None),
            "due": state.get("due_at"),
            "is_late": state.get("is_late"),
            "parked": state.get("rows_parked"),
            "judged_at": state.get("as_of_at"),
        }
    return found


def added(several: list[dict]) -> dict:
    """The counts of several feeds together."""
    return {name: sum(one[name] for one in several) for name in ("deliveries", "refused", *COUNTS)}


def checks_of(feed: Feed) -> list[dict]:
    """Every rule of the feed's contract: code, kind, severity, words."""
    return [{"code": c.code, "method": c.method, "severity": c.severity, "zh": c.message_zh, "en": c.message_en} for c in checks(feed)] + [
        {"code": r.code, "method": "plausibility", "severity": r.severity, "zh": r.message_zh, "en": r.message_en} for r in feed.history_rules
    ]
