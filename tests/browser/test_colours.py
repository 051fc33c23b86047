"""Colours that stand in one chart are told apart by people without the red, the green or the blue cones, or carry words beside them."""

import re
from itertools import combinations

import pytest

from dashboards.boards import LIGHTS, NO_LIGHT
from dashboards.compile import all_charts, colours
from dashboards.htmlkinds import BLUES
from dashboards.kinds import form_data
from dashboards.spec import FOLDER, read_dashboards
from infra.superset.look import CATEGORICAL
from tests.browser.colour_vision import KINDS, ciede2000, distance

APART = 10  # CIEDE2000: 1 is just seen side by side, 10 is told apart at a glance, from a legend
STEP = 6  # neighbours of an ordered scale, which lie in order in its legend and whose figures are written
BOARDS = read_dashboards()
OF_A_SCALE = re.compile(r"class_\d$")  # blue, green, yellow, orange, red: 环办〔2011〕22号; they lie upon each other from the best up
OF_THE_LAW = re.compile("污染|优|良")  # HJ 633 says which colours the levels of air quality have


@pytest.mark.parametrize(
    "one, other, difference",
    [((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425), ((50, 0, 0), (50, -1, 2), 2.3669), ((50, 2.5, 0), (73, 25, -18), 27.1492), ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082)],
)
def test_the_difference_is_that_of_the_published_test_pairs(one, other, difference):
    assert ciede2000(one, other) == pytest.approx(difference, abs=1e-4)


def test_red_and_green_of_one_lightness_are_hard_to_tell_without_the_green_cones():
    assert distance("#b05a00", "#7a7a00", "deuteranopia") < distance("#b05a00", "#7a7a00", "normal") / 3


def test_series_that_take_their_colours_from_the_scheme_are_told_apart():
    (scheme,) = CATEGORICAL
    assert confused(scheme["colors"], APART) == []


def test_the_five_lights_are_told_apart_and_each_has_its_word():
    assert confused([colour for colour, _ in LIGHTS.values()] + [NO_LIGHT], APART) == []
    for board in BOARDS:
        for chart in board.charts:
            if chart.kind in ("signal_cards", "wall_of_lights", "lights_changed"):
                text = str(form_data(chart))
                assert all(word in text for _, word in LIGHTS.values()), chart.en


def test_metrics_that_stand_in_one_chart_are_told_apart():
    pairs = 0
    for board in BOARDS:
        for chart in board.charts:
            given = sorted({metric.colour for metric in chart.shown_metrics if metric.colour and not OF_A_SCALE.match(metric.name)})
            assert confused(given, APART) == [], chart.en
            pairs += len(given) * (len(given) - 1) // 2
    print(f"pairs of colours given to metrics of one chart: {pairs}")
    assert pairs >= 10


def test_classes_of_water_stand_in_order_and_each_is_told_from_the_next():
    scales = {chart.en: [metric.colour for metric in chart.shown_metrics if OF_A_SCALE.match(metric.name)] for board in BOARDS for chart in board.charts}
    scales = {chart: given for chart, given in scales.items() if given}
    assert scales and all(len(given) == 6 for given in scales.values())
    for chart, given in scales.items():
        assert [(one, other, kind) for one, other in zip(given, given[1:]) for kind in KINDS if distance(one, other, kind) < STEP] == [], chart


def test_series_that_a_page_gives_colours_are_told_apart_but_for_those_of_the_law():
    given = {board.slug: board.colours for board in BOARDS if board.colours}
    assert len(given) >= 2
    for slug, named in given.items():
        assert confused([colour for name, colour in named.items() if not OF_THE_LAW.search(name)], APART) == [], slug
        assert set(named) <= set(colours(next(board for board in BOARDS if board.slug == slug)))


def test_levels_of_air_quality_have_the_colours_of_the_law_and_words_beside_them():
    seen = 0
    for board in BOARDS:
        for chart in all_charts(board):
            for level in chart.spec.get("options", {}).get("levels", []) if isinstance(chart.spec.get("options"), dict) else []:
                assert level["zh"] in str(form_data(chart)) and level["en"] in str(form_data(chart))
                seen += 1
            if chart.kind == "share":
                assert form_data(chart)["label_type"] == "key_value_percent", "the name stands at each part of the ring"
    assert seen >= 6


def test_steps_of_a_map_lie_apart_and_each_area_has_its_figure():
    close = [(one, other, kind) for one, other in zip(BLUES, BLUES[1:]) for kind in KINDS if distance(one, other, kind) < STEP]
    assert close == []
    maps = [chart for board in BOARDS for chart in board.charts if chart.kind == "map"]
    assert len(maps) > 3 and all("gh-map-value" in form_data(chart)["handlebarsTemplate"] for chart in maps)


def test_what_the_style_sheet_sets_side_by_side_is_told_apart():
    look = (FOLDER / "look.css").read_text(encoding="utf-8")
    men, women = (re.search(rf"\.gh-{who} i {{ background: (#\w+)", look)[1] for who in ("men", "women"))
    fan = dict(re.findall(r"\.gh-fan-(actual|earlier|forecast|80|95) { fill: (#\w+)", look))
    assert len(fan) == 5
    assert confused([men, women], APART) == []
    assert confused(list(fan.values()), APART) == []


def confused(given: list[str], least: float) -> list[tuple]:
    """Pairs that some kind of vision does not tell apart."""
    return [(one, other, kind, round(distance(one, other, kind), 1)) for one, other in combinations(given, 2) for kind in KINDS if distance(one, other, kind) < least]
