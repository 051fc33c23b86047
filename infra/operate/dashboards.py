"""A person's way to the dashboards over HTTP: log in, open each, ask its first chart for data."""

import re

import httpx

from spark_jobs.settings import HOST, Settings


class Reader:
    """A logged-in reader of Superset."""

    def __init__(self, settings: Settings, login: str):
        self.http = httpx.Client(base_url=f"http://{HOST}:{settings.superset_port}", timeout=60, follow_redirects=True, trust_env=False)
        page = self.http.get("/login/").raise_for_status().text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page) or re.search(r'csrf_token&#34;: &#34;([^&]+)&#34;', page)
        form = {"username": login, "password": settings.secret(f"password_{login}"), "csrf_token": token.group(1) if token else ""}
        answer = self.http.post("/login/", data=form).raise_for_status()
        if "/login" in answer.url.path:
            raise RuntimeError(f"Superset refuses the login {login}")

    def dashboards(self) -> list[dict]:
        query = "(order_column:dashboard_title,order_direction:asc,page_size:100)"
        return self.http.get("/api/v1/dashboard/", params={"q": query}).raise_for_status().json()["result"]

    def open(self, dashboard: dict) -> str:
        """The dashboard's address, after its page and the data of its first chart answered with 200."""
        address = f"/superset/dashboard/{dashboard['slug'] or dashboard['id']}/"
        self.http.get(address).raise_for_status()
        charts = self.http.get(f"/api/v1/dashboard/{dashboard['id']}/charts").raise_for_status().json()["result"]
        if not charts:
            raise RuntimeError(f"{address} shows no chart")
        self.http.get(f"/api/v1/chart/{charts[0]['id']}/data/").raise_for_status()
        return str(self.http.base_url.join(address))
