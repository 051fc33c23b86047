"""Airflow's own REST API (/api/v2), as an administrator or as another login. Short failures of its SQLite are tried again."""

import time

import httpx

from spark_jobs.settings import HOST, Settings

TRIES = 6


class Airflow:
    def __init__(self, settings: Settings, login: str = "admin"):
        self.settings, self.who = settings, login
        self.http = httpx.Client(base_url=f"http://{HOST}:{settings.airflow_port}", timeout=20, trust_env=False)
        self.token = ""

    def unhealthy(self) -> list[str]:
        """Parts that are not healthy; every part while the server does not answer."""
        try:
            parts = self.http.get("/api/v2/monitor/health").raise_for_status().json()
        except httpx.HTTPError:
            return ["api-server"]
        needed = ("metadatabase", "scheduler", "dag_processor")
        return [name for name in needed if (parts.get(name) or {}).get("status") != "healthy"]

    def dag_ids(self) -> list[str]:
        found, page = [], self.call("GET", "/dags", params={"limit": 100})
        while page["dags"]:
            found += [dag["dag_id"] for dag in page["dags"]]
            page = self.call("GET", "/dags", params={"limit": 100, "offset": len(found)})
        return found

    def import_errors(self) -> list[str]:
        errors = self.call("GET", "/importErrors")["import_errors"]
        return [f"{error['filename']}: {error['stack_trace'].strip().splitlines()[-1]}" for error in errors]

    def make_pool(self, name: str, slots: int, description: str) -> None:
        """The pool with so many slots, made or changed."""
        pool = {"slots": slots, "description": description, "include_deferred": False}
        self.call("POST", "/pools", json={"name": name, **pool}, accept=(409,))
        self.call("PATCH", f"/pools/{name}", json={"pool": name, **pool})

    def pause(self, dag_id: str, paused: bool) -> None:
        self.call("PATCH", f"/dags/{dag_id}", json={"is_paused": paused})

    def trigger(self, dag_id: str) -> str:
        """Start a run now; its run id."""
        return self.call("POST", f"/dags/{dag_id}/dagRuns", json={"logical_date": None})["dag_run_id"]

    def clear(self, dag_id: str, run_id: str) -> None:
        """Run the failed tasks of a run again."""
        self.call("POST", f"/dags/{dag_id}/dagRuns/{run_id}/clear", json={"dry_run": False, "only_failed": True})

    def run(self, dag_id: str, run_id: str) -> dict:
        return self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}")

    def runs(self, dag_id: str = "~", **filters) -> list[dict]:
        """Runs, newest first (at most 100), of one DAG or of all."""
        return self.call("GET", f"/dags/{dag_id}/dagRuns", params={"limit": 100, "order_by": "-run_after", **filters})["dag_runs"]

    def tasks(self, dag_id: str, run_id: str) -> list[dict]:
        return self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"]

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value"):
        return self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/{key}")["value"]

    def log_tail(self, dag_id: str, run_id: str, task: dict, lines: int = 15) -> str:
        """End of the log of a task's last try."""
        where = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task['task_id']}/logs/{task['try_number']}"
        content = self.call("GET", where, params={"map_index": task["map_index"]})["content"]
        return "\n".join(entry["event"] if isinstance(entry, dict) else str(entry) for entry in content[-lines:])

    def call(self, method: str, path: str, accept: tuple[int, ...] = (), **request) -> dict:
        """JSON answer. A 5xx or a broken connection is tried again with longer pauses; anything else is an error."""
        for attempt in range(1, TRIES + 1):
            try:
                answer = self.http.request(method, f"/api/v2{path}", headers={"Authorization": f"Bearer {self.login()}"}, **request)
            except httpx.TransportError:
                if attempt == TRIES:
                    raise
            else:
                if answer.status_code < 500 or attempt == TRIES:
                    if answer.status_code not in accept:
                        answer.raise_for_status()
                    return answer.json() if answer.content else {}
            time.sleep(0.5 * attempt)
        raise AssertionError("unreachable: the last try returns or raises")

    def login(self) -> str:
        if not self.token:
            who = {"username": self.who, "password": self.settings.secret(f"password_{'airflow_admin' if self.who == 'admin' else self.who}")}
            self.token = self.http.post("/auth/token", json=who).raise_for_status().json()["access_token"]
        return self.token
