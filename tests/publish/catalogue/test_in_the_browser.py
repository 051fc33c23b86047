"""The catalogue as people meet it: opened from a file in Chromium, in both languages, on a wide and a narrow screen."""

import hashlib

import pytest

pytestmark = [pytest.mark.service, pytest.mark.timeout(900)]
WIDTHS = {1600: 1000, 390: 844}
PAGES = [
    "index.html",
    "duties.html",
    "sharing.html",
    "runs.html",
    "dataset/mart_economy__gdp.html",
    "dataset/mart_macro__monitor.html",
    "dataset/mart_credit__penalty.html",
    "feed/population.resident.html",
]


@pytest.fixture
def page(browser, request):
    width = getattr(request, "param", 1600)
    opened = browser.new_page(viewport={"width": width, "height": WIDTHS[width]})
    opened.faults = []
    opened.on("console", lambda message: opened.faults.append(message.text) if message.type in ("error", "warning") else None)
    opened.on("pageerror", lambda fault: opened.faults.append(str(fault)))
    opened.on("request", lambda asked: opened.faults.append(f"asks for {asked.url}") if not asked.url.startswith("file:") else None)
    yield opened
    opened.close()


@pytest.mark.parametrize("page", WIDTHS, indirect=True)
def test_pages_open_from_a_file_without_a_fault_and_never_wider_than_the_screen(page, whole):
    width, shown = page.viewport_size["width"], 0
    for language in ("zh", "en"):
        for name in PAGES:
            page.goto((whole.folder / language / name).as_uri())
            assert page.faults == [], name
            assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{language}/{name} is wider than {width} px"
            assert page.locator("h1").inner_text()
            shown += 1
    print(f"pages shown at {width} px: {shown} of {2 * len(PAGES)}")


@pytest.mark.parametrize(
    "language, words, dataset",
    [("zh", "生产总值 省", "mart_macro__province"), ("en", "house price", "mart_economy__house_price"), ("zh", "value_added_cny_100m", "mart_economy__gdp")],
)
def test_search_answers_while_one_types_and_the_keyboard_leads_to_the_page(page, whole, language, words, dataset):
    page.goto((whole.folder / language / "index.html").as_uri())
    page.keyboard.press("/")
    page.keyboard.type(words)
    assert dataset in page.locator("#found").inner_text()
    addresses = page.locator("#found a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    for _ in range(1 + next(number for number, address in enumerate(addresses) if dataset in address)):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{dataset}.html")
    page.keyboard.press("/")
    page.keyboard.type("no such word anywhere")
    assert page.locator("#found a").count() == 0
    assert page.faults == []


def test_the_door_leads_in_and_the_switch_changes_the_language_of_the_same_page(page, whole):
    page.goto((whole.folder / "index.html").as_uri())
    page.wait_for_url("**/zh/index.html")
    page.goto((whole.folder / "zh" / "dataset" / "mart_economy__gdp.html").as_uri())
    assert "地区生产总值" in page.locator("h1").inner_text()
    page.locator("nav .other").click()
    page.wait_for_url("**/en/dataset/mart_economy__gdp.html")
    assert "Gross domestic product" in page.locator("h1").inner_text()


def test_from_a_chart_one_walks_to_the_department(page, whole):
    page.goto((whole.folder / "en" / "dataset" / "mart_economy__gdp.html").as_uri())
    assert page.locator("svg.lineage g.dashboard").count() >= 1
    page.locator("svg.lineage a", has_text="Quarterly gross").first.click()
    page.wait_for_url("**/feed/economy.gdp_quarterly.html")
    assert "Bureau of Statistics of Guangxi" in page.locator("main").inner_text()


def test_a_button_hands_over_the_file_without_a_server(page, whole):
    item = next(item for item in whole.facts["datasets"] if item["take"]["files"])
    page.goto((whole.folder / "zh" / "dataset" / f"{item['id']}.html").as_uri())
    taken = 0
    for file in item["take"]["files"]:
        with page.expect_download() as waited:
            page.locator(f'a.button[href$="{file["path"]}"]').click()
        with open(waited.value.path(), "rb") as got:
            assert hashlib.file_digest(got, "sha256").hexdigest() == file["sha256"]
        taken += 1
    print(f"files taken by a click: {taken} of {len(item['take']['files'])}")
