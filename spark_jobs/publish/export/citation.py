"""What stands beside the data: a README in two languages with the citation, CITATION.cff, and the dictionary of the columns."""

import csv
import io
import shlex
from pathlib import Path

import yaml

from spark_jobs.publish.export.extract import Extract

PUBLISHER = "桂湖 · Guihu"
# where the model names no licence of its own
OPEN = ("public", "CC-BY-4.0", "可自由使用，须注明来源 · free to use with attribution")
CLOSED = ("", "仅限申请的用途，不得转授，结果发表须注明来源 · for the purpose it was asked for; not to be passed on; name the source in what you publish")
DICTIONARY = ("column", "label_zh", "label_en", "type", "unit", "is_key", "description")


def write_papers(extract: Extract, folder: Path, format: str) -> None:
    (folder / "README.md").write_text(readme(extract, format), encoding="utf-8")
    (folder / "CITATION.cff").write_text(citation_file(extract), encoding="utf-8")
    (folder / "dictionary.csv").write_text("\ufeff" + _dictionary_text(extract), encoding="utf-8")


def dictionary(extract: Extract) -> list[tuple[str, ...]]:
    """One line a column, under the names of DICTIONARY."""
    return [(c.name, c.label_zh, c.label_en, c.type, c.unit, "yes" if c.is_key else "", c.description) for c in extract.dataset.columns]


def command(extract: Extract, format: str) -> str:
    """The command that makes these bytes again."""
    dataset = extract.dataset
    words = ["guihu", "export", dataset.name, "--format", format, "--release", dataset.release["release_id"], "--as", dataset.role, "--recipient", extract.recipient]
    words += ["--as-of", str(dataset.as_of)] if dataset.as_of else []
    words += ["--where", dataset.where] if dataset.where else []
    words += ["--ids", extract.ids] if extract.ids != "plain" else []
    return shlex.join(words)


def citation(extract: Extract) -> str:
    """One line to put under a table or into a list of references."""
    dataset = extract.dataset
    known = f"; as known on {dataset.as_of}" if dataset.as_of else ""
    return f"{PUBLISHER}. {dataset.title_zh} · {dataset.title_en}. Release {dataset.release['release_id']} ({dataset.release['released_at'][:10]}){known}. {dataset.identifier}"


def licence(extract: Extract) -> tuple[str, str]:
    """SPDX identifier ('' where there is none) and the words."""
    if extract.dataset.licence:
        return "", extract.dataset.licence
    role, spdx, words = OPEN
    return (spdx, words) if extract.dataset.role == role else CLOSED


def readme(extract: Extract, format: str) -> str:
    dataset, (spdx, words) = extract.dataset, licence(extract)
    rows = [
        ("引用 · Cite as", citation(extract)), ("标识 · Identifier", dataset.identifier), ("发布 · Release", f"{dataset.release['release_id']}, {dataset.release['released_at']}"),
        ("数据时点 · As known on", str(dataset.as_of or "release")), ("条件 · Condition", dataset.where or "—"), ("行 · Rows", f"{extract.rows:,}"), ("主键 · Key", ", ".join(dataset.key) or "—"),
        ("来源 · Source", dataset.source or "—"), ("许可 · Licence", f"{spdx} {words}".strip()), ("领取人 · Recipient", f"{extract.recipient} ({dataset.role})"),
    ]  # fmt: skip
    lines = [f"# {dataset.title_zh} · {dataset.title_en}", "", dataset.description, "", *(f"- **{name}**: {value}" for name, value in rows), ""]
    lines += ["注意 · Caveats:", "", *(f"- {caveat}" for caveat in dataset.caveats), ""] if dataset.caveats else []
    lines += ["再取 · The same bytes again:", "", f"    {command(extract, format)}", "", "核对 · Check: `sha256sum --check SHA256SUMS`. 列 · Columns: `dictionary.csv`.", ""]
    return "\n".join(lines + NOTES.get(format, []))


def citation_file(extract: Extract) -> str:
    """Citation File Format 1.2.0."""
    dataset, (spdx, words) = extract.dataset, licence(extract)
    told = {
        "cff-version": "1.2.0", "type": "dataset", "message": "引用本数据时请用以下条目 · Please cite this dataset as below", "title": f"{dataset.title_zh} · {dataset.title_en}",
        "authors": [{"name": PUBLISHER}], "version": dataset.release["release_id"], "date-released": dataset.release["released_at"][:10],
        "identifiers": [{"type": "other", "value": dataset.identifier, "description": f"recipient: {extract.recipient}"}], "notes": words,
    }  # fmt: skip
    return yaml.safe_dump(told | ({"license": spdx} if spdx else {}), allow_unicode=True, sort_keys=False, width=200)


def _dictionary_text(extract: Extract) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([DICTIONARY, *dictionary(extract)])
    return text.getvalue()


_TEXT = [
    "文本格式 · Text: a cell that a spreadsheet would take for a formula stands behind one apostrophe ('); numbers are never changed. Absent values are empty, an empty text is \"\".",
    "电子表格会改动文本列中的编码（前导零、18 位代码）：请按“文本”导入，或改取 xlsx，或加 --ids excel。",
    "A spreadsheet that opens a CSV by double click changes codes (leading zeros, 18 digits): import the columns that the dictionary calls VARCHAR as text, or take xlsx, or `--ids excel`.",
    "",
]
NOTES = {
    "csv": _TEXT,
    "datapackage": _TEXT,
    "sdmx-csv": [
        "SDMX-CSV 2.0: one row for each measure of a row (dimension MEASURE), its unit in UNIT_MEASURE; the structure stands in structure.json (SDMX-JSON 2.0).",
        "A cell that a spreadsheet would take for a formula stands behind one apostrophe (').",
        "pysdmx 1.21 guesses types when it reads (000000 becomes 0): pandas.read_csv(…, dtype=str) keeps every code.",
        "",
    ],
    "dta": ["Stata 14 or later (format 118). Absent text is empty text there; times are those of UTC, to the millisecond; the dictionary maps shortened names.", ""],
    "xlsx": ["Codes are cells of text, numbers keep all their digits; sheets: data, 字典 dictionary, 引用 citation.", ""],
    "parquet": ["Labels and units are metadata of the fields: pyarrow.parquet.read_schema shows them.", ""],
}
