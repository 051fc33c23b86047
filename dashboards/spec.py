"""Reads the dashboards' YAML into plain objects and holds every word of them against the marts."""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import yaml

from dashboards.marts import Mart, read_marts
from dashboards.sqltext import columns_of

FOLDER = Path(__file__).parent
METRICS = FOLDER / "_metrics.yaml"
CHART_KEYS = {"kind", "title", "mart", "x", "by", "value", "values", "lines", "compare", "columns", "where", "over", "width", "options", "source", "sort"}


@dataclass(frozen=True)
class Metric:
    """A named expression over one mart; the same name is a metric of the Superset dataset."""

    name: str
    mart: str
    zh: str
    en: str
    unit_zh: str
    unit_en: str
    sql: str
    format: str
    colour: str | None

    @property
    def label(self) -> str:
        return f"{self.zh} {self.en}"

    @property
    def unit_beside(self) -> str:
        """The English unit, for beside the Chinese one; nothing where both are written alike (%)."""
        return "" if self.unit_en == self.unit_zh else self.unit_en


@dataclass
class Chart:
    kind: str
    zh: str
    en: str
    mart: Mart
    metrics: dict[str, Metric]  # every metric of the mart
    width: int
    height: int
    source: dict | None
    section: str | None = None  # "<dashboard> <number>": whose data date stands in the title
    where: dict = field(default_factory=dict)
    spec: dict = field(default_factory=dict)  # the rest of the YAML entry: x, by, value(s), columns, options

    def metric(self, key: str) -> Metric:
        return self.metrics[self.spec[key]]

    @property
    def shown_metrics(self) -> list[Metric]:
        names = [self.spec.get("value"), *self.spec.get("values", []), *self.spec.get("lines", []), self.spec.get("compare")]
        names += [column for column in self.spec.get("columns", []) if column in self.metrics]
        return [self.metrics[name] for name in names if name]

    @property
    def fields(self) -> set[str]:
        """Columns of the mart this chart asks for."""
        named = [self.spec.get("x"), self.spec.get("by"), self.spec.get("over"), *self.where]
        named += [column for column in self.spec.get("columns", []) if column not in self.metrics]
        named += self.spec.get("options", {}).get("fields", [])
        return {name for name in named if name}.union(*(columns_of(metric.sql) for metric in self.shown_metrics))


@dataclass
class Section:
    zh: str
    en: str
    source: dict
    name: str  # "<dashboard> <number>"
    as_of: Chart
    rows: list[list[Chart]]


@dataclass
class Dashboard:
    slug: str
    zh: str
    en: str
    reader: dict
    filters: list[dict]
    colours: dict[str, str]  # label of a series → colour
    sections: list[Section]
    release: Chart
    menu: str = ""  # the entry of the menu under which it stands; empty: an entry of its own

    @property
    def name(self) -> str:
        return f"{self.zh} {self.en}"

    @property
    def address(self) -> str:
        """Last part of its address in Superset."""
        return self.slug.replace("_", "-")

    @property
    def charts(self) -> list[Chart]:
        return [chart for section in self.sections for row in section.rows for chart in row]

    @property
    def marts(self) -> set[str]:
        return {chart.mart.name for chart in self.charts} | {section.as_of.mart.name for section in self.sections}


def read_dashboards() -> list[Dashboard]:
    """All dashboards; raises at the first word that names nothing."""
    return [_dashboard(slug, text) for slug, text in read_texts().items()]


def read_texts() -> dict[str, dict]:
    """Slug → YAML of every dashboard. A file with `each` is one dashboard for each of its entries, whose words stand in for {names} in the text."""
    texts = {}
    for path in sorted(path for path in FOLDER.glob("*.yaml") if not path.name.startswith("_")):
        text = path.read_text(encoding="utf-8")
        entries = yaml.safe_load(text).get("each", {"": {}})
        for key, words in entries.items():
            filled = text
            for name, word in words.items():
                filled = filled.replace(f"{{{name}}}", word)
            texts[f"{path.stem}_{key}" if key else path.stem] = yaml.safe_load(filled.replace("{key}", key))
    return texts


@lru_cache
def read_metrics() -> dict[str, dict[str, Metric]]:
    """mart → metric name → metric, from _metrics.yaml."""
    text = yaml.safe_load(METRICS.read_text(encoding="utf-8"))
    units = text["units"]
    return {
        mart: {
            name: Metric(name, mart, entry["zh"], entry["en"], entry["unit"], units[entry["unit"]], entry["sql"], entry.get("format", ",.0f"), entry.get("colour"))
            for name, entry in entries.items()
        }
        for mart, entries in text["metrics"].items()
    }


@lru_cache
def read_written_columns() -> dict[str, list[dict]]:
    """mart → columns written for people, from _metrics.yaml: entries with name, zh, en, sql."""
    text = yaml.safe_load(METRICS.read_text(encoding="utf-8"))["written_columns"]
    return {mart: [{"name": name} | entry for name, entry in entries.items()] for mart, entries in text.items()}


def problems(dashboards: list[Dashboard]) -> list[str]:
    """What does not fit: a field no mart has, a metric without its columns, a title missing in one language."""
    found = []
    for dashboard in dashboards:
        found += [f"{dashboard.slug}: title.{language} is missing" for language in ("zh", "en") if not getattr(dashboard, language)]
        for chart in dashboard.charts + [section.as_of for section in dashboard.sections]:
            place = f"{dashboard.slug} / {chart.en}"
            known = set(chart.mart.columns) | {column["name"] for column in read_written_columns().get(chart.mart.name, [])}
            found += [f"{place}: {chart.mart.name} has no column {name}" for name in sorted(chart.fields - known)]
        for entry in dashboard.filters:
            written = {column["name"] for column in read_written_columns().get(entry["mart"], [])}
            if entry["field"] not in written | set(read_marts()[entry["mart"]].columns):
                found.append(f"{dashboard.slug} / filter: {entry['mart']} has no column {entry['field']}")
    for mart, metrics in read_metrics().items():
        columns = set(read_marts()[mart].columns) if mart in read_marts() else set()
        for metric in metrics.values():
            found += [f"_metrics.yaml / {mart}.{metric.name}: no column {name}" for name in sorted(columns_of(metric.sql) - columns)]
        for entry in read_written_columns().get(mart, []):
            found += [f"_metrics.yaml / {mart}.{entry['name']}: no column {name}" for name in sorted(columns_of(entry["sql"]) - columns)]
    return found


def _dashboard(slug: str, text: dict) -> Dashboard:
    sections = [_section(slug, number, section) for number, section in enumerate(text["sections"])]
    return Dashboard(slug, text["title"]["zh"], text["title"]["en"], text["reader"], text.get("filters", []), text.get("colours", {}), sections, _release_strip(slug), text.get("menu", {}).get("zh", ""))


def _release_strip(slug: str) -> Chart:
    entry = {"kind": "release_strip", "title": {"zh": "发布批次", "en": "Release"}, "value": "release_id"}
    return _chart(slug, entry, {"mart": "release_info", "source": None}, 5, 12)


def _section(slug: str, number: int, text: dict) -> Section:
    name = f"{slug} {number}"
    text = text | {"name": name}
    rows = [[_chart(slug, entry, text, row["height"], 12 // len(row["charts"])) for entry in row["charts"]] for row in text["rows"]]
    for row in rows:
        if sum(chart.width for chart in row) != 12:
            raise ValueError(f"{slug} / {row[0].en}: widths of a row must add up to 12")
    as_of = _chart(slug, {"kind": "section_head", "title": text["title"], "value": text["as_of"]}, text, 5, 12)
    as_of.spec["marts"] = list(dict.fromkeys([as_of.mart.name, *(chart.mart.name for row in rows for chart in row)]))
    return Section(text["title"]["zh"], text["title"]["en"], text["source"], name, as_of, rows)


def _chart(slug: str, entry: dict, section: dict, height: int, width: int) -> Chart:
    unknown = set(entry) - CHART_KEYS
    if unknown:
        raise ValueError(f"{slug} / {entry.get('title')}: unknown keys {sorted(unknown)}")
    mart_name = entry.get("mart", section["mart"])
    if mart_name not in read_marts():
        raise ValueError(f"{slug} / {entry['title']['en']}: no dbt model describes {mart_name}")
    shared = section.get("where", {}) if mart_name == section["mart"] else {}
    return Chart(
        kind=entry["kind"],
        zh=entry["title"]["zh"],
        en=entry["title"]["en"],
        mart=read_marts()[mart_name],
        metrics=read_metrics().get(mart_name, {}),
        width=entry.get("width", width),
        height=height,
        source=entry.get("source", section["source"]),
        section=section.get("name"),
        where=shared | entry.get("where", {}),
        spec={key: value for key, value in entry.items() if key not in ("kind", "title", "mart", "where", "width", "source")},
    )
