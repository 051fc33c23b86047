"""Pages on a phone, 390 pixels wide: nothing to scroll sideways, each chart as wide as the screen and drawn, the words readable."""

import json

import pytest

from dashboards.compile import layout
from dashboards.narrow import folded
from dashboards.spec import read_dashboards

pytestmark = pytest.mark.service
WIDTH, HEIGHT = 390, 844
BOARDS = {board.address: board for board in read_dashboards()}
PAGES = [("leader", "economy", "zh"), ("leader", "prefecture", "en"), ("public", "air-quality", "zh"), ("data_engineer", "operations", "en")]

# what lies outside of the screen, other than inside of something that scrolls by itself
OUTSIDE = """() => [...document.querySelectorAll('.dashboard-content *, .header-with-actions *')].filter(thing => {
    const box = thing.getBoundingClientRect();
    if (!box.width || !box.height || (box.right <= innerWidth + 1 && box.left >= -1)) return false;
    for (let around = thing.parentElement; around; around = around.parentElement) if (/auto|scroll|hidden/.test(getComputedStyle(around).overflowX)) {
        const outer = around.getBoundingClientRect(); if (outer.right <= innerWidth + 1 && !around.matches('.dashboard-content, .grid-container')) return false; }
    return true; }).map(thing => thing.tagName + '.' + (thing.className.baseVal ?? thing.className))"""
CHARTS = """() => [...document.querySelectorAll('.dashboard-component-chart-holder')].map(chart => {
    const canvas = chart.querySelector('canvas'), drawn = canvas ? new Set(new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size > 3
        : !!(chart.querySelector('.handlebars')?.innerText.trim() || chart.querySelector('.handlebars svg') || chart.querySelector('table tbody tr') || chart.querySelector('.ant-empty'));
    return {width: chart.getBoundingClientRect().width, drawn, name: chart.querySelector('.chart-slice').dataset.testChartName}; })"""
SMALLEST = """() => Math.min(...[...document.querySelectorAll('.gh-card *, .gh-head *, .gh-map-name, .gh-map-value')].filter(thing => thing.textContent.trim() && !thing.querySelector('*'))
    .map(thing => parseFloat(getComputedStyle(thing).fontSize) * (thing.ownerSVGElement ? thing.ownerSVGElement.getScreenCTM().a : 1)))"""


@pytest.fixture(scope="module")
def phone(browser):
    with browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, is_mobile=True, has_touch=True, timezone_id="Asia/Shanghai") as context:
        yield context


@pytest.mark.parametrize("role, address, language", PAGES)
def test_on_a_phone_each_chart_is_as_wide_as_the_screen_and_nothing_is_wider(phone, readers, door, pictures, role, address, language):
    phone.clear_cookies()
    phone.add_cookies([{"name": cookie.name, "value": cookie.value, "url": door.address} for cookie in readers[role].cookies.jar])
    page = phone.new_page()
    phone.request.get(f"{door.address}/lang/{language}")
    page.goto(f"{door.address}/superset/dashboard/{address}/")
    page.wait_for_selector(".gh-head", timeout=30_000)
    page.set_viewport_size({"width": WIDTH, "height": int(page.evaluate("document.querySelector('.grid-container').getBoundingClientRect().bottom")) + 300})
    page.wait_for_selector(".gh-release", timeout=30_000)
    page.wait_for_function("!document.querySelector('[data-test=\"loading-indicator\"], .loading')", timeout=30_000)
    page.wait_for_timeout(1500)  # the lines and bars grow to their places
    page.screenshot(path=str(pictures / f"{address}_{role}_{language}_phone.png"), full_page=True)

    charts = page.evaluate(CHARTS)
    print(f"{address}: charts at least 300 pixels wide and drawn: {sum(chart['width'] >= 300 and chart['drawn'] for chart in charts)} of {len(charts)}")
    assert len(charts) == len(BOARDS[address].charts) + len(BOARDS[address].sections) + 1
    assert [chart for chart in charts if chart["width"] < 300 or not chart["drawn"]] == []
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
    assert page.evaluate(SMALLEST) >= 9, "words too small to be read, CSS pixels"


def test_folded_a_page_holds_the_same_charts_in_the_same_order():
    counted = 0
    for board in BOARDS.values():
        wide = layout(board)
        narrow = folded(json.loads(json.dumps(wide)))
        in_order = [chart for row in wide["GRID_ID"]["children"] for chart in wide[row]["children"]]
        assert [narrow[row]["children"] for row in narrow["GRID_ID"]["children"]] == [[chart] for chart in in_order]
        assert {narrow[chart]["meta"]["width"] for chart in in_order} == {12}
        assert all(narrow[chart]["parents"] == ["ROOT_ID", "GRID_ID", f"ROW-{chart}"] for chart in in_order)
        counted += len(in_order)
    print(f"charts in a row of their own: {counted} of {sum(len(board.charts) + len(board.sections) + 1 for board in BOARDS.values())}")
    assert counted > 150
