"""How fast the dashboards answer: charts without the cache for one reader and for eight at once, the first pixel of each page.

`python -m tests.bench.readers` measures the services that run (GUIHU_HOME, GUIHU_PORT).
"""

import json
import random
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import duckdb
from playwright.sync_api import BrowserContext, sync_playwright
from rich.console import Console
from rich.table import Table

from infra.operate.dashboards import Reader
from spark_jobs.settings import HOST, Settings, from_environment
from tests.bench.measure import clocked
from tests.conftest import CHROMIUM

LOGIN, AT_ONCE, REPEATS = "leader", 8, 3
DATA = "/api/v1/chart/data"
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
ALL_DRAWN = "document.querySelectorAll('.dashboard-component-chart-holder').length > 0 && !document.querySelector('[data-test=loading-indicator], .loading')"


def charts(settings: Settings, table: Table) -> None:
    """Chart data as a page asks for it, and the queries that Superset made of them in DuckDB on the same file."""
    reader = ready(settings)
    asked = [json.loads(question) for question in questions(reader)]
    queries = [reader.http.post(DATA, json=question | {"result_type": "query"}).json()["result"][0]["query"] for question in asked]
    alone = {force: [seconds for _ in range(REPEATS) for seconds in walk(reader, asked, force)] for force in (True, False)}
    row(table, "chart over HTTP, uncached", alone[True], "all charts of a leader")
    row(table, "chart over HTTP, cached", alone[False], "")
    row(table, "the same queries in DuckDB, file opened each time", [clocked(lambda q=query: ask_duckdb(settings, q)) for query in queries * REPEATS], "")
    for force, name in ((True, "uncached"), (False, "cached")):
        readers = [ready(settings) for _ in range(AT_ONCE)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            together = [seconds for taken in pool.map(lambda one, f=force: walk(one, asked, f), readers) for seconds in taken]
        row(table, f"chart over HTTP, {name}, {AT_ONCE} readers at once, none pausing", together, f"p95 {p95(together) / p95(alone[force]):.1f}× of one reader")


def ready(settings: Settings) -> Reader:
    """A reader who may post questions."""
    reader = Reader(settings, LOGIN)
    reader.http.headers.update({"X-CSRFToken": reader.get("/api/v1/security/csrf_token/").json()["result"], "Referer": str(reader.http.base_url)})
    return reader


def questions(reader: Reader) -> list[str]:
    charts = [chart["id"] for page in reader.dashboards() for chart in reader.get(f"/api/v1/dashboard/{page['id']}/charts").json()["result"]]
    return [context for chart in charts if (context := reader.get(f"/api/v1/chart/{chart}").json()["result"]["query_context"])]


def walk(reader: Reader, asked: list[dict], force: bool) -> list[float]:
    """Seconds of each chart, asked one after the other in an order of the reader's own."""
    return [clocked(lambda q=question: reader.http.post(DATA, json=q | {"force": force}).raise_for_status()) for question in random.sample(asked, len(asked))]


def pages(settings: Settings, table: Table) -> None:
    """Each page opened after the login in a warm browser: its first pixel, and until its last chart is drawn."""
    reader = Reader(settings, LOGIN)
    first, whole = [], []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        context = chromium.new_context(viewport={"width": 1600, "height": 1000}, locale="zh-CN")
        context.add_cookies([{"name": cookie.name, "value": cookie.value, "url": f"http://{HOST}:{settings.superset_port}"} for cookie in reader.http.cookies.jar])
        addresses = [f"http://{HOST}:{settings.superset_port}/superset/dashboard/{page['slug']}/" for page in reader.dashboards()]
        opened(context, addresses[0])
        for address in addresses:
            painted, drawn = opened(context, address)
            first.append(painted)
            whole.append(drawn)
        chromium.close()
    row(table, "page of a leader, first pixel", first, "after login, warm browser")
    row(table, "page of a leader, charts in view drawn", whole, "")


def opened(context: BrowserContext, address: str) -> tuple[float, float]:
    """Seconds to the first contentful paint, and until no chart in view is loading."""
    page = context.new_page()
    start = time.monotonic()
    page.goto(address)
    page.wait_for_function(ALL_DRAWN, timeout=60_000)
    drawn, painted = time.monotonic() - start, page.evaluate(PAINTED) / 1000
    page.close()
    return painted, drawn


def ask_duckdb(settings: Settings, sql: str) -> None:
    with duckdb.connect(str(settings.releases / "current" / LOGIN / "serve.duckdb"), read_only=True) as connection:
        connection.execute(sql).fetchall()


def row(table: Table, name: str, seconds: list[float], told: str) -> None:
    table.add_row(name, f"p50 {1000 * statistics.median(seconds):.0f} ms, p95 {1000 * p95(seconds):.0f} ms", f"{len(seconds)} times{', ' if told else ''}{told}")


def p95(seconds: list[float]) -> float:
    return sorted(seconds)[int(0.95 * len(seconds))]


if __name__ == "__main__":
    figures = Table("figure", "value", "how", min_width=100)
    for step in (charts, pages):
        step(from_environment(), figures)
    Console(width=140).print(figures)
