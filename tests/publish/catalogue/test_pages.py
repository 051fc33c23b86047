"""The catalogue's pages: whole, in two languages, linked, searchable, and never more than the public may see."""

import csv
import json
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest
from pyarrow import parquet

from expectations.contract import load_all
from spark_jobs.publish import catalogue
from spark_jobs.publish.catalogue import chain, words

CITIZEN_NUMBER = re.compile(r"(?<![\w.])\d{17}[\dX]\b")  # and no decimal places
BOTH = pytest.mark.parametrize("which", ["small", pytest.param("whole", marks=[pytest.mark.service, pytest.mark.stack, pytest.mark.timeout(900)])])


@BOTH
def test_every_link_leads_to_a_file_and_every_anchor_to_its_place(request, which):
    site = request.getfixturevalue(which)
    pages = {path: _read(path) for path in sorted(site.folder.rglob("*.html"))}
    followed = 0
    for path, page in pages.items():
        for link in page.links:
            assert not re.match(r"[a-z]+:|//", link), f"{path} leaves the site: {link}"
            address, _, anchor = link.partition("#")
            target = (path.parent / address).resolve() if address else path
            assert target.is_file(), f"{path}: {link} leads nowhere"
            assert not anchor or anchor in pages[target].anchors, f"{path}: {link} has no such place"
            followed += 1
    print(f"links that lead somewhere: {followed} of {followed} on {len(pages)} pages")
    assert len(pages) >= 2 * len(load_all()) and followed > 1000


@BOTH
def test_no_page_stands_in_one_language_only(request, which):
    folder = request.getfixturevalue(which).folder
    pages = {language: {str(path.relative_to(folder / language)) for path in (folder / language).rglob("*.html")} for language in ("zh", "en")}
    assert pages["zh"] == pages["en"]
    chinese = sum("来历" in (folder / "zh" / name).read_text(encoding="utf-8") for name in pages["zh"])
    print(f"pages in both languages: {len(pages['zh'])} of {len(pages['zh'])}")
    assert chinese == len(pages["zh"])
    for name in pages["en"]:
        text = (folder / "en" / name).read_text(encoding="utf-8")
        assert "Lineage" in text and "来历" not in text, name


@BOTH
def test_a_table_that_the_public_may_not_see_has_no_sample_and_says_why(request, which):
    site = request.getfixturevalue(which)
    closed = [item for item in site.facts["datasets"] if not item["is_public"]]
    opened = [item for item in site.facts["datasets"] if item["is_public"]]
    for item in closed:
        text = (site.folder / "zh" / "dataset" / f"{item['id']}.html").read_text(encoding="utf-8")
        assert item["sample"] is None and 'class="sample"' not in text and "不提供样例" in text
    for item in opened:
        assert item["sample"]["rows"], item["id"]
    print(f"tables with a sample: {len(opened)}, without, as the policy says: {len(closed)}, of {len(site.facts['datasets'])}")
    assert closed and opened


@BOTH
def test_no_number_of_a_person_and_no_secret_stands_anywhere(request, which):
    site = request.getfixturevalue(which)
    read = 0
    for path in sorted(p for p in site.folder.rglob("*") if p.is_file()):
        text = _text(path)
        assert not CITIZEN_NUMBER.search(text) and "ONLY-FOR-ENGINEERS" not in text and "TOKEN-OF-A-PERSON" not in text, path
        assert str(site.settings.home) not in text, f"{path} tells a path of this machine"
        read += 1
    print(f"files read: {read}")
    assert read > 100


@BOTH
def test_the_search_index_knows_every_dataset_by_name_column_unit_and_department(request, which):
    site = request.getfixturevalue(which)
    text = (site.folder / "search-index.js").read_text(encoding="utf-8")
    index = {entry["id"]: entry for entry in json.loads(text.removeprefix("window.catalogueIndex = ").removesuffix(";\n"))}
    assert set(index) == {item["id"] for item in [*site.facts["datasets"], *site.facts["feeds"]]}
    for word in ("生产总值", "value_added_cny_100m", "cny", "bureau"):
        assert any(word in index[name]["text"] for name in index if "gdp" in name), word


def test_the_first_page_says_what_is_new_against_the_release_before(small):
    found = {change["table"]: change for change in small.facts["changes"]["tables"]}
    assert {name: change["kind"] for name, change in found.items()} == {"mart_economy__gdp": "changed", "mart_credit__penalty": "new", "mart_old": "gone"}
    assert small.facts["changes"]["unchanged"] == 1
    page = (small.folder / "zh" / "index.html").read_text(encoding="utf-8")
    assert "+3" in page and "4 → 5" in page and small.former["release_id"] in page


def test_a_dataset_says_its_vintages_dates_rows_and_who_sees_it(small):
    gdp = next(item for item in small.facts["datasets"] if item["id"] == "mart_economy__gdp")
    assert (gdp["rows"], gdp["vintages"], gdp["last_vintage"], gdp["data_date"]) == (12, 12, "2020-01-12", "2018-12-31")
    assert gdp["seen_by"] == ["public", "data_engineer"]
    assert gdp["feeds"] == ["economy.gdp_provincial", "reference.division"]
    assert small.release["release_id"] in gdp["citation"]["zh"] and "2020-01-12" in gdp["citation"]["en"]


def test_a_column_of_tokens_is_named_and_never_shown(small):
    divisions = next(item for item in small.facts["datasets"] if item["id"] == "dim_division")
    assert divisions["sample"]["columns"] == ["division_code", "name_zh", "valid_from"]
    assert "citizen_token" in divisions["sensitivity"]["en"]


def test_lineage_runs_from_the_department_to_the_dashboard(small):
    gdp = next(item for item in small.facts["datasets"] if item["id"] == "mart_economy__gdp")
    kinds = {node["kind"] for node in gdp["lineage"]["nodes"]}
    assert kinds == {"department", "feed", "silver", "core", "mart", "dashboard"}
    assert ["gold.mart_economy__gdp", "dashboard:economy"] in gdp["lineage"]["edges"]
    page = (small.folder / "en" / "dataset" / "mart_economy__gdp.html").read_text(encoding="utf-8")
    assert '<svg class="lineage"' in page and "feed/economy.gdp_provincial.html" in page and "dbt.mart_economy__gdp" in page


def test_a_feed_accounts_for_its_rows_and_names_the_reasons(small):
    feed = next(item for item in small.facts["feeds"] if item["id"] == "reference.industry")
    assert {name: feed["deliveries"][name] for name in ("rows_in", "rows_loaded", "rows_quarantined", "rows_repeated")} == {
        "rows_in": 10,
        "rows_loaded": 7,
        "rows_quarantined": 2,
        "rows_repeated": 1,
    }
    assert feed["deliveries"]["reasons"][0]["code"] == "WIDTH"


def test_duties_and_sharing_hold_every_contract_and_open_in_excel(small):
    for name in ("duties", "sharing"):
        for language in ("zh", "en"):
            path = small.folder / f"{name}.{language}.csv"
            assert path.read_bytes().startswith(b"\xef\xbb\xbf")
            rows = list(csv.reader(path.open(encoding="utf-8-sig", newline="")))
            assert len(rows) == 1 + len(load_all()) and {len(row) for row in rows} == {len(rows[0])}
            assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    owners = {feed.owner for feed in load_all().values()}
    print(f"departments with an English name: {len(owners & set(words.DEPARTMENTS))} of {len(owners)}")
    assert owners <= set(words.DEPARTMENTS)


def test_texts_in_two_languages_are_taken_apart():
    split = {
        "企业存量 · Stock of enterprises": ("企业存量", "Stock of enterprises"),
        "一件一行。One a row.": ("一件一行。", "One a row."),
        "一件行政处罚决定 (one decision)": ("一件行政处罚决定", "one decision"),
        "X-13ARIMA-SEATS": ("X-13ARIMA-SEATS", "X-13ARIMA-SEATS"),
    }
    for text, (zh, en) in split.items():
        assert words.two(text) == {"zh": zh, "en": en}
    feeds = load_all().values()
    apart = [feed.id for feed in feeds if words.two(feed.purpose)["zh"] != words.two(feed.purpose)["en"]]
    print(f"purposes taken apart: {len(apart)} of {len(feeds)}")
    assert len(apart) == len(feeds)


def test_the_analyses_read_what_the_lineage_says():
    from spark_jobs.analyse.core import OBSERVATIONS

    assert {f"gold.{name}" for name in re.findall(r"(?:from|join) (\w+)", OBSERVATIONS)} == set(chain.ANALYSES_READ)


def test_a_lost_catalogue_is_made_again_and_kept_facts_are_not_asked_anew(small):
    before = (small.folder / "zh" / "index.html").read_text(encoding="utf-8")
    (small.folder / "zh" / "index.html").unlink()
    assert catalogue.write(small.settings, small.release, None).is_file()
    assert (small.folder / "zh" / "index.html").read_text(encoding="utf-8") == before
    assert not list(small.folder.parent.glob(".catalogue*"))


class _Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.links, self.anchors = [], set()

    def handle_starttag(self, tag, attributes):
        known = dict(attributes)
        self.links += [known[name] for name in ("href", "src") if known.get(name) and tag != "base"]
        self.anchors.update(filter(None, [known.get("id")]))


def _text(path: Path) -> str:
    """All that a file says, of a workbook or an archive too, of Parquet values and metadata."""
    if path.suffix in (".xlsx", ".zip"):
        with zipfile.ZipFile(path) as parts:
            return "\n".join(parts.read(name).decode("utf-8-sig") for name in parts.namelist())
    if path.suffix == ".parquet":
        table = parquet.read_table(path)
        return f"{table.schema.to_string(show_field_metadata=True, truncate_metadata=False)} {[column.to_pylist() for column in table.columns]}"
    return path.read_text(encoding="utf-8-sig")


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page
