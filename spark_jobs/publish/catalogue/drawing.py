"""The lineage of one dataset as an inline SVG: department, feed, core, mart, dashboard from left to right; boxes that have a page are links."""

from collections.abc import Callable
from html import escape

BOX, HIGH, GAP_X, GAP_Y, LETTERS = 152, 26, 36, 8, 23  # pixels; letters of half width that fit a box
KINDS = {
    "department": {"zh": "部门", "en": "Department"},
    "feed": {"zh": "数据源", "en": "Feed"},
    "silver": {"zh": "银层", "en": "Silver"},
    "seed": {"zh": "种子表", "en": "Seed"},
    "core": {"zh": "核心", "en": "Core"},
    "analysis": {"zh": "分析", "en": "Analysis"},
    "mart": {"zh": "集市", "en": "Mart"},
    "dashboard": {"zh": "看板", "en": "Dashboard"},
}


def svg(lineage: dict, language: str, address: Callable[[dict], str | None]) -> str:
    """The drawing; empty text where nothing is known of the dataset's lineage."""
    nodes, edges, here = _without_silver(lineage)
    if not nodes:
        return ""
    places = _places(nodes, edges)
    wide = max(x for x, _ in places.values()) + BOX + 2
    high = max(y for _, y in places.values()) + HIGH + 2
    lines = [_line(places[a], places[b], here in (a, b)) for a, b in edges]
    boxes = [_box(node, places[name], language, address(node), name == here) for name, node in nodes.items()]
    said = {"zh": "数据来历图", "en": "Lineage drawing"}[language]
    return f'<svg class="lineage" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" style="min-width:{wide * 0.8:.0f}px" role="group" aria-label="{said}">{"".join(lines)}{"".join(boxes)}</svg>'


def columns(lineage: dict) -> list[tuple[str, list[dict]]]:
    """The same as lists, kind by kind: for narrow screens and for those who hear the page."""
    return [(kind, found) for kind in KINDS if (found := [node for node in lineage["nodes"] if node["kind"] == kind])]


def _without_silver(lineage: dict) -> tuple[dict[str, dict], list[tuple[str, str]], str]:
    """Nodes, edges and the node in question, each silver table drawn as one with the feed that it is the typed form of."""
    silver = {node["name"] for node in lineage["nodes"] if node["kind"] == "silver"}
    feed = {b: a for a, b in lineage["edges"] if b in silver}
    edges = sorted({(feed.get(a, a), feed.get(b, b)) for a, b in lineage["edges"]})
    return {n["name"]: n for n in lineage["nodes"] if n["name"] not in silver}, [(a, b) for a, b in edges if a != b], feed.get(lineage["here"], lineage["here"])


def _places(nodes: dict[str, dict], edges: list[list[str]]) -> dict[str, tuple[float, float]]:
    """Column by the longest way from a beginning, row by the middle of the parents."""
    parents: dict[str, list[str]] = {name: [] for name in nodes}
    for a, b in edges:
        parents[b].append(a)
    level: dict[str, int] = {}

    def depth(name: str) -> int:
        if name not in level:
            level[name] = 1 + max((depth(parent) for parent in parents[name]), default=-1)
        return level[name]

    last = max(depth(name) for name in nodes)
    children: dict[str, list[str]] = {}
    for a, b in edges:
        children.setdefault(a, []).append(b)
    for name in sorted(nodes, key=depth, reverse=True):  # what begins late stands beside what it serves
        if nodes[name]["kind"] == "dashboard":
            level[name] = last
        elif not parents[name] and nodes[name]["kind"] != "department" and name in children:
            level[name] = min(level[child] for child in children[name]) - 1
    rows: dict[str, float] = {}
    places = {}
    tallest = max(sum(level[name] == column for name in nodes) for column in range(last + 1))
    for column in range(last + 1):
        here = sorted((name for name in nodes if level[name] == column), key=lambda name: (_middle(rows, parents[name]), name))
        offset = (tallest - len(here)) / 2
        for row, name in enumerate(here):
            rows[name] = offset + row
            places[name] = (1 + column * (BOX + GAP_X), 1 + (offset + row) * (HIGH + GAP_Y))
    return places


def _middle(rows: dict[str, float], parents: list[str]) -> float:
    known = [rows[parent] for parent in parents if parent in rows]
    return sum(known) / len(known) if known else 0


def _line(a: tuple[float, float], b: tuple[float, float], is_near: bool) -> str:
    x1, y1, x2, y2 = a[0] + BOX, a[1] + HIGH / 2, b[0], b[1] + HIGH / 2
    bend = max(GAP_X / 2, (x2 - x1) / 2)
    return f'<path class="{"near" if is_near else "far"}" d="M{x1:.0f} {y1:.1f}C{x1 + bend:.0f} {y1:.1f} {x2 - bend:.0f} {y2:.1f} {x2:.0f} {y2:.1f}"/>'


def _box(node: dict, place: tuple[float, float], language: str, address: str | None, is_here: bool) -> str:
    x, y = place
    title = node["title"][language]
    drawn = (
        f'<g class="{node["kind"]}{" here" if is_here else ""}"><title>{escape(KINDS[node["kind"]][language])}: {escape(title)} ({escape(node["name"])})</title>'
        f'<rect x="{x:.0f}" y="{y:.1f}" width="{BOX}" height="{HIGH}" rx="5"/><text x="{x + 9:.0f}" y="{y + 17.5:.1f}">{escape(_cut(title.replace("（合成数据）", "").replace(" (synthetic)", "")))}</text></g>'
    )
    return f'<a href="{escape(address)}">{drawn}</a>' if address else drawn


def _cut(text: str) -> str:
    """As much of the text as fits the box: a Chinese character is two letters wide."""
    width, kept = 0, ""
    for letter in text:
        width += 2 if ord(letter) > 0x2E7F else 1.08
        if width > LETTERS - 1:
            return kept + "…"
        kept += letter
    return kept
