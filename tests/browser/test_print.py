"""A page on paper (the reader's own browser, print to PDF): every chart once and whole, release, source and data date in words, no menus."""

import pytest

from dashboards.spec import read_dashboards
from tests.browser.conftest import HEIGHT, WIDTH
from tests.browser.paper import read_paper

pytestmark = pytest.mark.service
BOARDS = {board.address: board for board in read_dashboards()}
DRAWN_ON_CANVAS = {"line", "area", "bar", "stacked_bar", "bar_and_line", "ranking", "share"}


@pytest.mark.parametrize("role, address, figure", [("leader", "economy", "28,016.85")])
def test_a_printed_page_holds_every_chart_once_and_says_release_source_and_data_date(pages, door, pictures, role, address, figure):
    page, board = pages(role), BOARDS[address]
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    page.goto(f"{door.address}/superset/dashboard/{address}/")
    page.wait_for_selector(".gh-release", timeout=60_000)  # the last chart is drawn without having been scrolled to
    page.wait_for_function("!document.querySelector('[data-test=\"loading-indicator\"], .loading')", timeout=60_000)
    page.wait_for_timeout(1500)  # the lines and bars grow to their places
    paper = read_paper(page.pdf(path=str(pictures / f"{address}_{role}.pdf"), print_background=True, prefer_css_page_size=True))

    titles = [chart.zh for chart in board.charts if paper.says(chart.zh) and paper.says(chart.en)]
    print(f"{address}: charts on {paper.pages} sheets of paper: {len(titles)} of {len(board.charts)}")
    assert len(titles) == len(board.charts)
    assert paper.pictures == sum(chart.kind in DRAWN_ON_CANVAS for chart in board.charts), "a chart is missing or cut by the end of a page"
    assert paper.says(door.ask(role, "select release_id from mart.release_info")[0][0])
    assert all(paper.says(section.source["zh"]) or paper.says(section.source["zh"][:12]) for section in board.sections)
    assert paper.says("数据日期 Data date") and paper.says(figure)
    assert not paper.says("看板") and not paper.says("清除所有") and not paper.says("Clear all"), "menus and filters are no part of the paper"
