"""Who looked at what: one line of JSON a request in `<home>/superset/access/<day>.jsonl`.

Superset's own logger commits six rows a chart into its database, and each commit makes the request read its objects again: a quarter of the
time of a chart.
"""

import json
import os
from datetime import datetime
from pathlib import Path

from flask import g, has_request_context
from superset.utils.log import AbstractEventLogger

from spark_jobs.settings import from_environment

# steps within one request, which is told itself
STEPS = {"execute_sql", "load_into_dataframe", "QueryObject.post_processing", "ChartDataRestApi.json_dumps", "_get_data_response"}


class AccessLog(AbstractEventLogger):
    """Superset's EVENT_LOGGER."""

    def log(self, user_id, action, dashboard_id, duration_ms, slice_id, referrer, curated_payload, curated_form_data, *args, records=(), **kwargs) -> None:
        if action in STEPS:
            return
        login = getattr(g.get("user"), "username", None) if has_request_context() else None
        now = datetime.now().astimezone()
        line = {
            "at": now.isoformat(timespec="milliseconds"), "login": login, "release": g.get("guihu_release") if has_request_context() else None,
            "action": action, "dashboard_id": dashboard_id, "chart_id": slice_id, "milliseconds": duration_ms, "asked": list(records),
        }  # fmt: skip
        _append(from_environment().home / "superset" / "access" / f"{now:%Y-%m-%d}.jsonl", json.dumps(line, ensure_ascii=False, default=str))


def _append(path: Path, line: str) -> None:
    """One write a line, so that workers do not mix theirs."""
    path.parent.mkdir(exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line.encode() + b"\n")
    finally:
        os.close(descriptor)
