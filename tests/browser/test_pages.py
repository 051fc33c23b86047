"""The dashboards as people see them, in Chromium: everything drawn, no error, the figures of the role's own file, nothing fetched from outside."""

import re

import pytest
from playwright.sync_api import expect

from dashboards.boards import LIGHTS, NO_LIGHT
from dashboards.spec import read_dashboards
from dashboards.where import sql_where
from spark_jobs.publish import policy
from tests.browser.conftest import HEIGHT, ROLES, WIDTH
from tests.browser.test_roles import openable

pytestmark = pytest.mark.service
BOARDS = {board.address: board for board in read_dashboards()}
# pages of the macro-economy and of water hold nothing that a role sees otherwise than another: one reader looks at them all
FOR_ALL_ALIKE = ("domain-", "macro-overview", "cycle", "forecast", "revision", "industry", "water")
WHOLE = ("analyst", "data_engineer", "public")
CASES = [
    (role, address) for role in ROLES for address in sorted(openable(role))
    if role == "leader" or role in WHOLE and not address.startswith(FOR_ALL_ALIKE) or address == policy.role(role).first_page == "prefecture"
]  # fmt: skip

# Headline (English title) → the same figure asked from the serving file in plain words of SQL, and how it is written.
GDP = "select value_added_cny_100m from mart.mart_economy__gdp where division_code = '450000' and frequency = 'annual' and industry_code = '{}' order by year desc, vintage_date desc limit 1"
REGION = "from mart.mart_population__structure where division_code = '450000'"
LAST_HOUR = "from mart.mart_environment__air_quality where is_guangxi and observed_at = (select max(observed_at) from mart.mart_environment__air_quality)"
LAST_MONTH = "from mart.mart_legal_person__stock where month = (select max(month) from mart.mart_legal_person__stock)"
LAST_WATER = "from mart.mart_environment__surface_water where month = (select max(month) from mart.mart_environment__surface_water)"
FIGURES = {
    "Gross regional product": (GDP.format("GDP"), "{:,.2f}"),
    "Primary industry": (GDP.format("primary"), "{:,.2f}"),
    "Tertiary industry": (GDP.format("tertiary"), "{:,.2f}"),
    "Permanent population": (f"select permanent_population_persons / 1e4 {REGION}", "{:,.1f}"),
    "Urbanisation": (f"select 100.0 * urban_persons / permanent_population_persons {REGION}", "{:,.1f}"),
    "Mean years of schooling": (f"select mean_schooling_years {REGION}", "{:,.2f}"),
    "Existing enterprises": (f"select sum(stock_enterprises) {LAST_MONTH}", "{:,.0f}"),
    "Births of the month": (f"select sum(births_enterprises) {LAST_MONTH}", "{:,.0f}"),
    "Mean of the stations": (f"select avg(aqi) {LAST_HOUR}", "{:,.0f}"),
    "Highest AQI of a station": (f"select max(aqi) {LAST_HOUR}", "{:,.0f}"),
    "Deliveries": ("select count(*) from mart.mart_operations__delivery", "{:,.0f}"),
    "Rows received": ("select sum(rows_in) from mart.mart_operations__delivery", "{:,.0f}"),
    "Share of sections of classes I to III": (f"select 100.0 * avg(is_good::int) {LAST_WATER}", "{:,.1f}"),
    "Sections worse than class V": (f"select count(*) {LAST_WATER} and class_number = 6", "{:,.0f}"),
    "Outlets over a limit": ("select count(distinct monitor_code) from mart.mart_environment__discharge where is_over", "{:,.0f}"),
    "In force at the end of the month": ("select sum(in_force_listings) from mart.mart_credit__subject_list where month = (select max(month) from mart.mart_credit__subject_list)", "{:,.0f}"),
    "Requests": ("select sum(requests) from mart.mart_operations__exchange", "{:,.0f}"),
    "Rows taken away": ("select sum(taken_rows) from mart.mart_operations__exchange", "{:,.0f}"),
    "Rows not accounted for": ("select sum(rows_in - rows_loaded - rows_quarantined - rows_repeated) from mart.mart_operations__delivery", "{:,.0f}"),
}
ERRORS = ".ant-alert-error, [data-test='error-alert'], [data-test='missing-chart'], .missing-chart-container"
HEADLINES = """() => Object.fromEntries([...document.querySelectorAll('.chart-slice:has(.gh-card .gh-number)')].map(
    chart => [chart.dataset.testChartName.split('\\n')[1].split(' · ')[0], chart.querySelector('.gh-number').textContent]))"""

CARDS = """cards => cards.map(card => [card.querySelector('b').textContent, card.querySelector('.gh-number').textContent,
    card.querySelector('.gh-number').className.match(/gh-(better|worse|same|neutral)/)[1], card.querySelector('.gh-light').style.background, card.querySelector('.gh-signal-foot').textContent])"""
TITLES = """() => [...document.querySelectorAll('.chart-slice')].map(chart => chart.dataset.testChartName).filter(title => title.includes(' · 来源 '))"""


@pytest.mark.parametrize("role, address", CASES)
def test_a_dashboard_is_drawn_whole_with_the_figures_of_the_roles_own_file(pages, door, pictures, role, address):
    page, outside, broken = pages(role), [], []
    page.on("response", lambda answer: outside.append(answer.url) if not is_here(door, answer.url) else None)
    page.on("response", lambda answer: broken.append(f"{answer.status} {answer.url}") if answer.status >= 400 and not is_harmless(answer.url) else None)
    open_whole(page, door, address)
    page.screenshot(path=str(pictures / f"{address}_{role}.png"), full_page=True)

    assert page.locator(ERRORS).all_inner_texts() == []
    empty = [chart.en for chart in BOARDS[address].charts if not door.ask(role, f"select 1 from mart.{chart.mart.name}{sql_where(chart.where)} limit 1")]
    assert page.locator(".ant-empty:visible").count() == len(empty), f"charts without rows: {empty}"
    assert broken == [], "answers with an error"
    assert outside == [], "answers from other hosts"
    assert page.locator(".dashboard-component-chart-holder").count() == len(BOARDS[address].charts) + len(BOARDS[address].sections) + 1
    shown = page.evaluate(HEADLINES)
    assert len(shown) == sum(chart.kind == "headline" for chart in BOARDS[address].charts)
    for title in shown.keys() & FIGURES.keys():
        sql, written = FIGURES[title]
        assert shown[title] == written.format(door.ask(role, sql)[0][0]), title
    assert shown.keys() & FIGURES.keys() or not shown
    titles = page.evaluate(TITLES)
    assert len(titles) == len(BOARDS[address].charts)
    assert [title for title in titles if not re.search(r" · 来源 .+ · 数据日期 \d{4}[-Q\d: ]*$", title)] == [], "titles without source and data date"


def test_the_map_names_every_prefecture_with_its_population(pages, door):
    page = pages("leader")
    open_whole(page, door, "people-and-enterprises")
    names, values = page.locator(".gh-map-name").all_text_contents(), page.locator(".gh-map-value").all_text_contents()
    expected = door.ask("leader", "select replace(division_name_zh, '市', ''), permanent_population_persons / 1e4 from mart.mart_population__structure where level = 'prefecture'")
    assert sorted(zip(names, values)) == sorted((name, f"{value:,.1f}") for name, value in expected)
    assert len(set(page.locator(".gh-area-shape").evaluate_all("shapes => shapes.map(shape => shape.getAttribute('fill'))"))) >= 4


def test_the_signal_cards_show_the_monitors_figures_and_say_better_and_worse_by_the_indicator(pages, door):
    page = pages("leader")
    open_whole(page, door, "macro-overview")
    cards = page.locator(".gh-signal").evaluate_all(CARDS)
    rows = door.ask(
        "leader", "select concept_name_zh, figure_pct, figure_kind, direction, light_score, period_label_zh from mart.mart_macro__monitor where is_latest and division_code = '450000'"
    )
    known = {name: (written(figure, kind), direction, LIGHTS[score][0] if score else NO_LIGHT, period) for name, figure, kind, direction, score, period in rows}
    assert len(cards) == 12
    for name, figure, direction, colour, foot in cards:
        wanted_figure, wanted_direction, wanted_colour, period = known[name]
        assert (figure, direction, colour) == (wanted_figure, wanted_direction, rgb(wanted_colour)), name
        assert period in foot and "公布" in foot


def test_the_first_page_says_what_was_published_what_was_revised_and_which_lights_changed(pages, door):
    page = pages("leader")
    open_whole(page, door, "macro-overview")
    shown = page.locator(".gh-news").evaluate_all("lists => lists.map(list => [...list.querySelectorAll('a')].map(link => [link.firstChild.textContent.trim(), link.getAttribute('href')]))")
    since = "from mart.mart_macro__change where is_latest and vintage_date >= (select max(vintage_date) from mart.mart_macro__change where is_latest) - interval 31 day and kind ="
    published, revised = (door.ask("leader", f"select distinct concept_name_zh, '/superset/dashboard/domain-' || replace(domain, '_', '-') || '/' {since} '{kind}'") for kind in ("new", "revision"))
    lights = "select concept_name_zh, light_score, lead(light_score) over (partition by concept_code order by month desc) as earlier, row_number() over (partition by concept_code order by month desc) as place"
    changed = door.ask("leader", f"select concept_name_zh from ({lights} from mart.mart_macro__warning_light where is_latest) where place = 1 and light_score <> earlier")
    print(f"news on the first page: {[len(list) for list in shown]} published, revised, lights")
    assert sorted(map(tuple, shown[0])) == sorted(published) and len(published) > 20
    assert sorted(map(tuple, shown[1])) == sorted(revised) and len(revised) > 5
    assert sorted(name for name, _ in shown[2]) == sorted(name for (name,) in changed)
    assert all(address.split("/")[-2] in BOARDS for list in shown for _, address in list)
    assert page.locator(".gh-news-more a").first.get_attribute("href").endswith("/zh/index.html#new")


def test_the_wall_has_a_light_for_every_indicator_and_month_and_the_heat_map_a_cell_for_every_industry_and_city(pages, door):
    page = pages("leader")
    open_whole(page, door, "cycle")
    lights = door.ask("leader", "select count(*) from mart.mart_macro__warning_light where is_latest and month >= '2022-10-01'")[0][0]
    assert page.locator(".gh-wall > i").count() == lights > 200
    open_whole(page, door, "industry")
    assert page.locator(".gh-heat > i").count() == door.ask("leader", "select count(*) from mart.mart_industry__output where is_latest and month = '2024-09-01'")[0][0]


def test_the_method_of_an_indicator_is_one_click_away(pages, door):
    page = pages("leader")
    open_whole(page, door, "macro-overview")
    method = page.locator(".gh-signal details").first
    assert not method.locator("div").is_visible()
    method.locator("summary").click()
    assert len(method.locator("div").inner_text()) > 20


def test_every_station_of_the_region_is_on_the_map(pages, door):
    page = pages("public")
    open_whole(page, door, "air-quality")
    assert page.locator(".gh-dot").count() == door.ask("public", "select count(distinct station_name_zh) from mart.mart_environment__air_quality where is_guangxi")[0][0]


def test_every_page_says_which_release_it_reads(pages, door):
    page = pages("leader")
    open_whole(page, door, "economy")
    assert door.ask("leader", "select release_id from mart.release_info")[0][0] in page.locator(".gh-release").inner_text()
    assert page.locator(".gh-head-date").count() == len(BOARDS["economy"].sections)


def test_the_nine_domains_stand_under_one_entry_of_the_menu(pages, door):
    page = pages("leader")
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    page.goto(f"{door.address}/dashboard/list/")
    page.locator("[role='menuitem']:visible", has_text="九个领域").first.hover()
    expect(page.locator("[role='menuitem']:visible", has_text="领域·")).to_have_count(9, timeout=20_000)


@pytest.mark.parametrize("role", ["leader", "analyst", "data_engineer"])
def test_every_entry_of_the_menu_stands_in_the_header(pages, door, role):
    page = pages(role)
    page.goto(f"{door.address}/superset/dashboard/economy/")
    page.locator(".gh-card").first.wait_for()
    header, entries = page.locator("#main-menu").bounding_box(), page.locator("#main-menu .main-nav > li:visible").all()
    assert header["height"] < 80 and len(entries) >= 6
    assert all(entry.bounding_box()["y"] + entry.bounding_box()["height"] <= header["height"] + 2 for entry in entries)


def test_the_interface_can_be_switched_to_english(pages, door):
    page = pages("analyst")
    page.goto(f"{door.address}/lang/en")
    page.goto(f"{door.address}/dashboard/list/")
    page.wait_for_selector("text=Dashboards", timeout=30_000)
    page.goto(f"{door.address}/lang/zh")
    page.goto(f"{door.address}/dashboard/list/")
    page.wait_for_selector("text=看板", timeout=30_000)


def open_whole(page, door, address: str) -> None:
    """Opens the dashboard and makes the window as high as the page, so that every chart is drawn."""
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    page.goto(f"{door.address}/superset/dashboard/{address}/")
    page.wait_for_selector(".dashboard-component-chart-holder", timeout=30_000)
    bottom = "Math.max(...[...document.querySelectorAll('.dashboard-component-chart-holder')].map(chart => chart.getBoundingClientRect().bottom))"
    page.set_viewport_size({"width": WIDTH, "height": int(page.evaluate(bottom)) + 80})
    page.wait_for_selector(".gh-release", timeout=30_000)
    page.wait_for_function("!document.querySelector('[data-test=\"loading-indicator\"], .loading')", timeout=30_000)
    page.wait_for_timeout(1500)  # the lines and bars grow to their places


def written(figure: float, kind: str) -> str:
    """A rate or a PMI stands as it is, growth has its sign."""
    return f"{'+' if kind != 'rate' and figure > 0 else ''}{figure:,.1f}"


def rgb(colour: str) -> str:
    """#c8323c as the browser says it."""
    return f"rgb({', '.join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))})"


def is_here(door, url: str) -> bool:
    return url.startswith((door.address, "data:", "blob:"))


def is_harmless(url: str) -> bool:
    """Superset tries to remember the colours it chose; a reader may not, and need not."""
    return "/colors" in url
