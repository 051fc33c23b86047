"""Readers of the running Superset: over HTTP and in a real browser, one a role, and the role's own serving file to compare with."""

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb
import httpx
import pytest

from spark_jobs.settings import HOST, Settings

# one of each kind, and two cities: what one may not see of the other
ROLES = ("leader", "analyst", "data_engineer", "researcher", "public", "department_market", "department_finance", "city_450100", "city_450300")
WIDTH, HEIGHT = 1600, 1000


@dataclass
class Door:
    """Superset's address, the passwords of its logins and the release it serves."""

    settings: Settings

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.settings.superset_port}"

    def log_in(self, login: str) -> httpx.Client:
        """A cookie session that also sends the token which Superset asks for when something is posted."""
        http = httpx.Client(base_url=self.address, timeout=60, follow_redirects=True, trust_env=False)
        form = {"username": login, "password": self.settings.secret(f"password_{login}"), "csrf_token": csrf_token(http.get("/login/").text)}
        assert "/login" not in http.post("/login/", data=form).url.path, f"Superset refuses the login {login}"
        http.headers.update({"X-CSRFToken": http.get("/api/v1/security/csrf_token/").json()["result"], "Referer": self.address})
        return http

    def ask(self, role: str, sql: str) -> list[tuple]:
        """Answer of DuckDB on the role's own file, beside Superset."""
        with duckdb.connect(str(self.settings.releases / "current" / role / "serve.duckdb"), read_only=True) as connection:
            connection.execute("set timezone = 'Asia/Shanghai'")
            return connection.execute(sql).fetchall()


def csrf_token(page: str) -> str:
    found = re.search(r'csrf_token"[^>]*value="([^"]+)"|csrf_token&#34;: ?&#34;([^&]+)&#34;|"csrf_token": ?"([^"]+)"', page)
    return next(filter(None, found.groups())) if found else ""


@pytest.fixture(scope="session")
def door(settings, released) -> Door:
    return Door(settings)


@pytest.fixture(scope="session")
def readers(door) -> dict[str, httpx.Client]:
    """One logged-in session a role."""
    clients = {role: door.log_in(role) for role in ROLES}
    yield clients
    for client in clients.values():
        client.close()


@pytest.fixture(scope="session")
def pictures(door) -> Path:
    folder = door.settings.home / "pictures"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def contexts(browser, door):
    """Of a role: a browser that is logged in as this role (made once a role)."""
    made = {}

    def context_of(role: str):
        if role not in made:
            made[role] = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, locale="zh-CN", timezone_id="Asia/Shanghai")
            made[role].add_cookies([{"name": cookie.name, "value": cookie.value, "url": door.address} for cookie in door.log_in(role).cookies.jar])
        return made[role]

    yield context_of
    for context in made.values():
        context.close()


@pytest.fixture
def pages(contexts):
    """Of a role: a new page, closed after the test."""
    made = []

    def page_of(role: str):
        made.append(contexts(role).new_page())
        return made[-1]

    yield page_of
    for page in made:
        page.close()
