"""A person's way to the dashboards over HTTP: log in, open each, ask its first chart for data."""

import re

import httpx

from infra.operate.faults import Fault
from spark_jobs.settings import HOST, Settings


class Reader:
    """A logged-in reader of Superset."""

    def __init__(self, settings: Settings, login: str):
        self.http = httpx.Client(base_url=f"http://{HOST}:{settings.superset_port}", timeout=60, follow_redirects=True, trust_env=False)
        token = re.search(r'id="csrf_token"[^>]*value="([^"]+)"|csrf_token&#34;: ?&#34;([^&]+)&#34;', self.get("/login/").text)
        form = {"username": login, "password": settings.secret(f"password_{login}"), "csrf_token": next(filter(None, token.groups())) if token else ""}
        answer = self.http.post("/login/", data=form)
        if answer.status_code != 200 or answer.url.path.startswith("/login"):
            raise Fault(f"Superset refuses the login {login} (HTTP {answer.status_code})")

    def dashboards(self) -> list[dict]:
        query = "(order_column:dashboard_title,order_direction:asc,page_size:100)"
        return self.get("/api/v1/dashboard/", q=query).json()["result"]

    def open(self, dashboard: dict) -> str:
        """The dashboard's address, after its page and the data of its first chart answered with 200."""
        address = f"/superset/dashboard/{dashboard['slug'] or dashboard['id']}/"
        self.get(address)
        charts = self.get(f"/api/v1/dashboard/{dashboard['id']}/charts").json()["result"]
        if not charts:
            raise Fault(f"{address} shows no chart")
        self.get(f"/api/v1/chart/{charts[0]['id']}/data/")
        return str(self.http.base_url.join(address))

    def get(self, path: str, **parameters) -> httpx.Response:
        answer = self.http.get(path, params=parameters)
        if answer.status_code != 200:
            raise Fault(f"Superset answered {path} with HTTP {answer.status_code}: {answer.text[:300]}")
        return answer
