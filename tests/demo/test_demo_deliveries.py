"""The synthetic departments: identifiers are valid, proportions are the census's, errors are planted where the list says."""

import csv
import hashlib
import json
from pathlib import Path

import pytest

from infra.demo import bulletins, census, deliver, factories
from infra.demo.economy import Statistics

ROOT = Path(__file__).resolve().parents[2]
SIZES = ["--enterprises", "6000", "--penalties", "1500", "--residents", "20000", "--seed", "7"]
FEEDS = {"legal_person/registration": ("gb18030", 22), "population/resident": ("utf-8", 24)}
STREAMED = [*FEEDS, "credit/penalty"]
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
BULLETINS = [*bulletins.BULLETINS, factories.OUTPUT]
WITH_CITIES = [bulletin for bulletin in BULLETINS if not all(one.region_only for one in bulletin.series)]


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    assert deliver.main(["--home", str(folder), *SIZES]) == 0
    return folder


def test_the_same_sizes_and_seed_give_the_same_bytes(home, tmp_path):
    deliver.main(["--home", str(tmp_path), *SIZES])
    assert _digests(tmp_path) == _digests(home)


def test_real_files_arrive_byte_for_byte_with_a_true_manifest(home):
    manifests = list((ROOT / "infra/demo/data").rglob("*.manifest.json"))
    assert len(manifests) == 43
    for manifest in manifests:
        kept = manifest.with_name(manifest.name.removesuffix(".manifest.json"))
        sent = home / "inbox" / kept.relative_to(ROOT / "infra/demo/data")
        assert sent.read_bytes() == kept.read_bytes()
        assert json.loads(manifest.read_text())["sha256"] == hashlib.sha256(kept.read_bytes()).hexdigest()
        assert (kept.parent / "SOURCE.md").is_file()


@pytest.mark.parametrize("feed", FEEDS)
def test_every_line_that_is_not_on_the_list_is_clean(home, feed):
    encoding, kinds = FEEDS[feed]
    codes = _known_codes()
    seen = 0
    for path in sorted((home / "inbox" / feed).glob("*.csv")):
        planted = _planted(home, feed, path.name)
        if "changes" not in path.name:
            assert len({one["kind"] for one in planted}) == kinds >= 12
        spoilt = {one["line"] for one in planted}
        lines = path.read_bytes().decode(encoding).split("\n")
        assert lines.pop() == ""
        records = 0
        for number, line in enumerate(lines[1:], 2):
            records += line != lines[0]
            if number in spoilt:
                continue
            seen += 1
            fields = line.split(",")
            assert len(fields) == len(lines[0].split(",")), line
            assert fields[-1] == "合成数据"
            if feed == "legal_person/registration":
                assert uscc_is_valid(fields[0]) and fields[0][2:8] in codes and fields[2] in codes, line
            else:
                assert citizen_number_is_valid(fields[0]) and fields[0][:6] in codes and fields[3] in codes, line
                assert fields[0][6:14] == fields[2].replace("-", "") and "女男"[int(fields[0][16]) % 2] == fields[1], line
        assert json.loads(path.with_name(f"{path.name}.manifest.json").read_text())["rows"] == records
    assert seen > 5_000


def test_every_planted_error_names_a_code_of_the_contract_or_the_reader(home):
    from expectations.contract import load_feed
    from expectations.rules import checks

    physical = {"WIDTH", "STRAY_QUOTE", "TEXT_AFTER_QUOTE", "UNCLOSED_QUOTE", "CONTROL_CHAR", "LONE_CR", "REPEATED_HEADER", "U_FFFD", "KEY.CONFLICT", "KEY.DUPLICATE"}
    feeds = {path.parent.relative_to(home / "demo/planted").as_posix() for path in (home / "demo/planted").rglob("*.json")}
    assert feeds == {feed for feed, *_ in deliver.JOBS}
    for feed in feeds:
        known = physical | {check.code for check in checks(load_feed(feed.replace("/", ".")))}
        lists = list((home / "demo/planted" / feed).glob("*.json"))
        codes = {one["expected_reason_code"] for path in lists for one in json.loads(path.read_text())}
        assert codes and codes <= known, feed
    assert not list((home / "inbox").rglob("*planted*"))


def test_every_synthetic_contract_says_so_and_every_synthetic_feed_is_delivered():
    from expectations.contract import load_all

    synthetic = {feed.id.replace(".", "/"): feed for feed in load_all().values() if feed.synthetic}
    assert set(synthetic) >= {feed for feed, *_ in deliver.JOBS}
    assert all("合成数据" in feed.name and "synthetic" in feed.name_en.lower() and feed.source.startswith("合成数据") for feed in synthetic.values())
    with_place_for_a_note = [feed for feed in synthetic.values() if feed.dialects[0].format != "hj212"]  # a message of the standard has none
    assert all(any(field.name == "data_note" for field in feed.fields) for feed in with_place_for_a_note)


def test_residents_are_in_proportion_to_the_census(home):
    """Largest remainder: no county × sex is further than one resident per age group from its exact share."""
    with (ROOT / "infra/demo/data/population/census_county/guangxi_county_2020.csv").open(encoding="utf-8", newline="") as file:
        census = {(row["区划代码"], sex): int(row[f"人口数_{sex}"]) for row in csv.DictReader(file) if not row["区划代码"].endswith("00") for sex in "男女"}
    path = home / "inbox/population/resident/resident_2020-11_合成数据.csv"
    planted = _planted(home, "population/resident", path.name)
    lines = path.read_bytes().decode().split("\n")[1:-1]
    repeats = [lines[one["row"] - 1] for one in planted]
    originals = [one["original"] for one in planted if one["kind"] not in ("same record twice", "header repeated")]
    counted: dict[tuple[str, str], int] = {}
    for line in [line for number, line in enumerate(lines, 1) if number not in {one["row"] for one in planted}] + _without_second_halves(originals):
        fields = line.split(",")
        counted[fields[3], fields[1]] = counted.get((fields[3], fields[1]), 0) + 1
    assert repeats and sum(counted.values()) == 20_000
    total = sum(census.values())
    assert total == 50_126_804
    for key, persons in census.items():
        assert abs(counted[key] - 20_000 * persons / total) < 19, key


def test_households_are_in_proportion_to_the_census_and_their_heads_are_residents(home):
    """Largest remainder over county × generations: no county is further than one household a generation from its exact share."""
    name = "household_2020-11_合成数据.csv"
    spoilt = {one["line"] for one in _planted(home, "population/household", name)}
    lines = (home / "inbox/population/household" / name).read_text(encoding="gb18030").split("\n")[1:-1]
    rows = [line.split(",") for number, line in enumerate(lines, 2) if number not in spoilt]
    residents = {line.split(",")[0] for line in (home / "inbox/population/resident/resident_2020-11_合成数据.csv").read_text(encoding="utf-8").splitlines()[1:]}
    heads = [row[1] for row in rows]
    assert len(heads) == len(set(heads)) > 1_900
    assert sum(head in residents for head in heads) > 0.98 * len(heads)  # the others stand in lines that were spoilt
    columns = ("一代户数", "二代户数", "三代户数", "四代以上户数")
    with (ROOT / "infra/demo/data/population/census_county/guangxi_county_2020.csv").open(encoding="utf-8", newline="") as file:
        census = {row["区划代码"]: sum(float(row[column] or 0) for column in columns) for row in csv.DictReader(file) if not row["区划代码"].endswith("00")}
    for code, households in census.items():
        assert abs(sum(row[2] == code for row in rows) - 2_000 * households / sum(census.values())) < 4 + 2 * len(spoilt) / 111 + 4, code
    assert 2.7 < sum(int(row[6]) for row in rows) / len(rows) < 3.1  # the census counted 2.87


def test_no_two_residents_share_a_citizen_number(home):
    path = home / "inbox/population/resident/resident_2020-11_合成数据.csv"
    spoilt = {one["line"] for one in _planted(home, "population/resident", path.name)}
    numbers = [line[:18] for place, line in enumerate(path.read_bytes().decode().split("\n")[1:-1], 2) if place not in spoilt]
    assert len(numbers) == len(set(numbers)) > 19_000


def test_the_late_delivery_tells_of_days_before_the_second_one(home):
    days = {}
    for part in ("q1_changes_late", "q2_changes"):
        path = home / f"inbox/legal_person/registration/registration_2024-{part}.csv"
        spoilt = {one["line"] for one in _planted(home, "legal_person/registration", path.name)}
        days[part] = [line.split(",")[7] for number, line in enumerate(path.read_bytes().decode("gb18030").split("\n")[1:-1], 2) if number not in spoilt]
    assert max(days["q1_changes_late"]) < min(days["q2_changes"])


def test_penalties_are_valid_and_say_that_they_are_synthetic(home):
    openpyxl = pytest.importorskip("openpyxl")
    (path,) = (home / "inbox/credit/penalty").glob("*.xlsx")
    spoilt = {one["line"] for one in _planted(home, "credit/penalty", path.name)}
    sheet = openpyxl.load_workbook(path, read_only=True).worksheets[0]
    rows = [row for number, row in enumerate(sheet.iter_rows(values_only=True), 1) if number > 1 and number not in spoilt]
    assert len({row[0] for row in rows}) == len(rows) > 1_400
    assert all(uscc_is_valid(row[1]) and row[4] == "03" and row[9] <= row[10] and row[12] == "合成数据" for row in rows)


@pytest.mark.parametrize("bulletin", WITH_CITIES, ids=lambda bulletin: bulletin.feed)
def test_the_region_is_the_sum_of_its_cities_in_every_vintage(bulletin):
    sums = 0
    for year, last, vintage in [(2023, 12, 0), (2024, 6, 0), (2024, 9, 1)]:
        statistics = Statistics(7, vintage)
        for one in bulletin.series:
            for convention in one.conventions or bulletin.conventions:
                figures = statistics.figures(bulletin, one, convention, year, 1, last)
                assert len(figures) == 15
                if one.kind in ("flow", "stock", "sum") and not convention.endswith("pct"):
                    assert figures[0] == pytest.approx(figures[1:].sum())
                    sums += 1
                else:
                    assert figures[1:].min() - 1e-6 <= figures[0] <= figures[1:].max() + 1e-6
    assert sums > 0 or bulletin.feed == "economy/prices"


def test_levels_are_bound_to_the_published_gdp():
    """Retail sales of 2023 and the electricity of all users: the shares of the table, of 26,928.01 hundred million CNY."""
    by_feed = {bulletin.feed: bulletin for bulletin in bulletins.BULLETINS}
    retail, power = by_feed["economy/consumption"], by_feed["economy/power"]
    assert Statistics(1, 0).total(retail, retail.series[0], 2023, 1, 12)[0] == pytest.approx(0.316 * 26928.01, rel=0.01)
    assert Statistics(1, 0).total(power, power.series[0], 2023, 1, 12)[0] == pytest.approx(914 * 26928.01, rel=0.02)
    assert census.employed().sum() > 1_000_000


def test_the_last_publication_revises_some_earlier_months_and_no_earlier_year():
    changed, told = 0, 0
    for bulletin in BULLETINS:
        for one in bulletin.series:
            if one.kind in ("flow", "stock"):
                figure = {"flow": Statistics.flow, "stock": Statistics.stock}[one.kind]
                assert (figure(Statistics(1, 0), one, 2023, 5) == figure(Statistics(1, 1), one, 2023, 5)).all()
                for month in range(1, 7):
                    told += 1
                    changed += bool((figure(Statistics(1, 0), one, 2024, month) != figure(Statistics(1, 1), one, 2024, month)).any())
    assert 0.03 * told < changed < 0.25 * told


def test_the_archive_of_each_bulletin_is_clean_and_errors_stand_in_the_publications_after_it(home):
    for bulletin in BULLETINS:
        planted = {
            path.name.removeprefix(bulletin.feed.split("/")[1]).split("_")[1]: json.loads(path.read_text()) for path in (home / "demo/planted" / bulletin.feed).glob("*.json")
        }
        assert sorted(planted) == ["2017-2022-12", "2023-12", "2024-06", "2024-09"], bulletin.feed
        assert [publication for publication, errors in sorted(planted.items()) if not errors] == ["2017-2022-12"]


def test_no_spoilt_file_reaches_the_tenth_at_which_the_gate_stops(home):
    for path in (home / "demo/planted").rglob("*.json"):
        feed = path.parent.relative_to(home / "demo/planted")
        if feed.as_posix() in STREAMED:
            continue  # these plant a number of errors, however few rows a test asks for
        manifest = json.loads((home / "inbox" / feed / path.name.replace(".planted.json", ".manifest.json")).read_text())
        spoilt = [one for one in json.loads(path.read_text()) if one["outcome"] == "quarantined"]
        assert len(spoilt) < 0.1 * manifest["rows"], path.name


@pytest.mark.parametrize(
    "seed, feed, columns",
    [
        (
            "standard_aqi_breakpoint.csv",
            "aqi_breakpoint",
            {"standard": "标准", "item": "项目", "concentration_from": "浓度下限", "concentration_to": "浓度上限", "iaqi_from": "分指数下限", "iaqi_to": "分指数上限"},
        ),
        ("standard_credit_class.csv", "credit_catalogue", {"category_code": "编号", "category_zh": "类别", "category_en": "英文名称"}),
    ],
)
def test_the_code_lists_that_are_delivered_are_those_that_marts_read(seed, feed, columns):
    with (ROOT / "dbt_project/seeds" / seed).open(encoding="utf-8", newline="") as file:
        read = {tuple(row[name] for name in columns) for row in csv.DictReader(file)}
    delivered = set()
    for path in (ROOT / "infra/demo/data/reference" / feed).glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            delivered |= {tuple(row[name] for name in columns.values()) for row in csv.DictReader(file)}
    assert delivered == read


@pytest.mark.parametrize("number, valid", [("11010519491231002X", True), ("360426199101010071", True), ("110105194912310021", False)])
def test_the_oracle_for_citizen_numbers_knows_published_examples(number, valid):
    assert citizen_number_is_valid(number) is valid


def citizen_number_is_valid(number: str) -> bool:
    """GB 11643, character by character."""
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    return len(number) == 18 and "10X98765432"[sum(int(c) * w for c, w in zip(number, weights, strict=False)) % 11] == number[17]


def uscc_is_valid(code: str) -> bool:
    """GB 32100 over the whole, GB 11714 over characters 9 to 17, character by character."""
    if len(code) != 18 or not set(code) <= set(ALPHABET):
        return False
    outer = sum(ALPHABET.index(c) * 3**place % 31 for place, c in enumerate(code[:17]))
    inner = 11 - sum((int(c) if c.isdigit() else ord(c) - 55) * w for c, w in zip(code[8:16], [3, 7, 9, 10, 5, 8, 4, 2], strict=True)) % 11
    return ALPHABET[(31 - outer % 31) % 31] == code[17] and {10: "X", 11: "0"}.get(inner, str(inner)) == code[16]


def _without_second_halves(originals: list[str]) -> list[str]:
    """A contradiction is listed twice with one original."""
    return list(dict.fromkeys(originals))


def _planted(home: Path, feed: str, name: str) -> list[dict]:
    return json.loads((home / "demo/planted" / feed / f"{name}.planted.json").read_text())


def _known_codes() -> set[str]:
    editions = sorted((ROOT / "infra/demo/data/reference/division").glob("*.tsv"))
    assert len(editions) == 26
    return {line.split("\t")[2] for path in editions for line in path.read_text(encoding="utf-8").splitlines()[1:]}


def _digests(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}
