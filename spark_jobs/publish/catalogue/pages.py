"""The pages: the same templates for Chinese and English, and the index that the search reads."""

import json
import re
import shutil
from pathlib import Path

from spark_jobs.faultpoint import faultpoint
from spark_jobs.publish.catalogue import dcat, drawing, lists, words

HERE = Path(__file__).parent
LANGUAGES = ("zh", "en")
ASSETS = ("look.css", "search.js")
FORMATS = {"csv": "CSV", "xlsx": "XLSX", "parquet": "Parquet", "datapackage": "Data Package (zip)"}
PAPERS = {
    "dictionary.csv": {"zh": "字典", "en": "dictionary"},
    "CITATION.cff": {"zh": "引用", "en": "citation"},
    "README.md": {"zh": "说明", "en": "read me"},
    "SHA256SUMS": {"zh": "校验", "en": "checksums"},
}


def write(facts: dict, folder: Path) -> Path:
    """Every page of both languages. Returns the first one."""
    environment = _environment()
    for name in ASSETS:
        shutil.copyfile(HERE / "templates" / name, folder / name)
    (folder / "search-index.js").write_text(_index(facts), encoding="utf-8")
    (folder / "index.html").write_text(environment.get_template("door.html").render(facts=facts), encoding="utf-8")
    for language in LANGUAGES:
        for name, template, more in _list(facts, language):
            path = folder / language / name
            path.parent.mkdir(parents=True, exist_ok=True)
            root = "../" * len(Path(name).parts)
            text = environment.get_template(template).render(facts=facts, lang=language, root=root, name=name, other=_other(language), **_words(language, root, facts), **more)
            faultpoint("catalogue half written")
            path.write_text(re.sub(r"\n\s*\n+", "\n", text), encoding="utf-8")
    return folder / "index.html"


def _list(facts: dict, language: str) -> list[tuple[str, str, dict]]:
    """Name, template and values of every page of one language."""
    found = [
        ("index.html", "index.html", {"groups": _groups(facts)}),
        ("duties.html", "list.html", {"what": "duties", "columns": lists.DUTIES, "rows": lists.duties(facts, language)}),
        ("sharing.html", "list.html", {"what": "sharing", "columns": lists.SHARING, "rows": lists.sharing(facts, language)}),
        ("runs.html", "runs.html", {}),
    ]
    for item in [*facts["datasets"], *facts["feeds"]]:
        folder = "dataset" if item["kind"] == "table" else "feed"
        markup = json.dumps(dcat.schema_org(item, facts, language), ensure_ascii=False).replace("<", "\\u003c")
        found.append((f"{folder}/{item['id']}.html", "dataset.html", {"item": item, "markup": markup}))
    return found


def _words(language: str, root: str, facts: dict) -> dict:
    """What the templates call: texts, addresses, drawings."""
    known = {item["id"]: f"{root}{language}/{'dataset' if item['kind'] == 'table' else 'feed'}/{item['id']}.html" for item in [*facts["datasets"], *facts["feeds"]]}

    def address(node: dict) -> str | None:
        name = node["name"]
        return known.get(name.removeprefix("gold.")) or known.get(name.removeprefix("feed:")) or known.get(name.removeprefix("silver.").replace("__", ".", 1))

    return {
        "_": lambda zh, en: zh if language == "zh" else en,
        "said": lambda text: text[language] if text else "",
        "rest": lambda item: words.rest(item["description"][language], item["title"][language]),
        "address": address,
        "page_of": known.get,
        "drawing": lambda lineage: drawing.svg(lineage, language, address),
        "lineage_columns": drawing.columns,
        "kinds": drawing.KINDS,
        "words": words,
        "department": lambda name: words.department(name)[language],
        "format_names": FORMATS,
        "paper_names": PAPERS,
        "size": lambda count: f"{count / 1e6:,.1f} MB" if count >= 1e5 else f"{count / 1e3:,.1f} kB",
        "number": lambda value: "—" if value is None else f"{value:,}",
        "day": lambda moment: (moment or "—")[:10],
        "moment": lambda text: (text or "—")[:16].replace("T", " ") + (" UTC" if text else ""),
    }


def _groups(facts: dict) -> list[tuple[dict, list[dict], list[dict]]]:
    """Domain by domain: its served tables and its feeds."""
    found = []
    for domain, title in words.DOMAINS.items():
        tables = [item for item in facts["datasets"] if item["domain"] == domain]
        feeds = [item for item in facts["feeds"] if item["domain"] == domain]
        if tables or feeds:
            found.append((title | {"id": domain}, tables, feeds))
    return found


def _index(facts: dict) -> str:
    """The search's index as a script: a page opened from a file may not fetch."""
    found = []
    for item in [*facts["datasets"], *facts["feeds"]]:
        texts = [
            item["id"],
            *item["title"].values(),
            *item["description"].values(),
            *item["source"].values(),
            *item["departments"],
            *(words.department(d)["en"] for d in item["departments"]),
        ]
        for column in item["columns"]:
            texts += [column["name"], *column["label"].values(), *((column["unit"] or {}).values())]
        texts += [chart["title"][language] for chart in item.get("charts", []) for language in LANGUAGES]
        entry = {"id": item["id"], "page": f"{'dataset' if item['kind'] == 'table' else 'feed'}/{item['id']}.html", "kind": item["kind"], **item["title"]}
        found.append(entry | {"text": " ".join(dict.fromkeys(" ".join(texts).lower().split()))})
    return "window.catalogueIndex = " + json.dumps(found, ensure_ascii=False, separators=(",", ":")) + ";\n"


def _other(language: str) -> str:
    return "en" if language == "zh" else "zh"


def _environment():
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    environment.filters["by_kind"] = by_kind
    return environment


def by_kind(names: list[str], roles: dict[str, dict]) -> list[tuple[list[dict], dict]]:
    """Roles made from one entry of the policy (fourteen cities) together: their labels, and why. A role that has gone is named as it was."""
    known = [{"kind": name, "label": {"zh": name, "en": name}, "because": {"zh": "", "en": ""}} | (roles.get(name) or {}) for name in names]
    kinds = {role["kind"]: role["because"] for role in known}
    return [([role["label"] for role in known if role["kind"] == kind], because) for kind, because in kinds.items()]
