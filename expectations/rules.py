"""Compile a contract into the DuckDB SQL of the ingest kernel: text rows become typed rows, each with the codes of the rules it breaks.

Four nested queries: `cleaned` (trimmed text, null sentinels gone), `typed` (columns of silver, the text kept beside as `text_*`), `checked`
(`_check_<n>`: whether the row breaks the nth rule, each asked once) and `judged` (with `_reasons`, empty for a good row). A rule that yields NULL fails.
"""

import re
from dataclasses import dataclass

from expectations.feed import Feed, Field, Rule
from expectations.normalise import NORMALISED

MASKED_DIGITS = r"([1-9]\d{5})\d{8,11}[0-9Xx]?"  # a citizen number, whole or cut, old (15) or new (18) form
ASKING = ("known_division(", "division_is_named(")  # functions that ask the lists of divisions
MASK = "*" * 12  # in place of a citizen number in a sentence, after the six digits of its division
NO_CODES = "[]::varchar[]"
STRPTIME = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S", "'": ""}  # the standard's date pattern → DuckDB's
NUMBER = {
    "integer": r"^[+-]?[0-9]{1,18}$",
    "decimal": r"^[+-]?[0-9]+([.][0-9]{{0,{scale}}}0*)?$",  # a value that would lose digits is no value: -0.001 is not 0.00
    "double": r"^[+-]?[0-9]{1,200}([.][0-9]*)?([eE][+-]?[0-9]{1,2})?$",  # so that every number written so is finite
}


@dataclass(frozen=True)
class Check:
    """One rule of a feed as it is judged: `failing` is SQL over the `typed` query that is true for a bad row."""

    code: str
    failing: str
    method: str
    severity: str
    message_zh: str
    message_en: str


def judged_query(feed: Feed, rows: str, known_divisions: str = "known_divisions") -> str:
    """The SELECT that judges every row of the relation `rows` once.

    Columns: those of `typed_query`, `_reasons varchar[]` (empty for a good row), `_warnings varchar[]` and `_content_hash bigint` over
    the silver columns. `known_divisions` is a relation with the columns `division_code` and `spelling`: known_division(code) and
    division_is_named(code, name) ask it.
    """
    silver = ", ".join(f.silver_name for f in feed.silver_fields)
    asked = {f"_check_{number}": check for number, check in enumerate(checks(feed))}
    errors = {name: check.code for name, check in asked.items() if check.severity == "error"}
    warnings = {name: check.code for name, check in asked.items() if check.severity != "error"}
    query = f"""select *,
  case when _defect is not null then [_defect] else {_codes(errors)} end as _reasons,
  case when _defect is null then {_codes(warnings)} when contains(_line, '{MASK}') then ['MASKED'] else {NO_CODES} end as _warnings,
  (hash({silver}) >> 1)::bigint as _content_hash
from (select *{"".join(f", ({check.failing}) as {name}" for name, check in asked.items())} from ({typed_query(feed, rows)}) as typed) as checked"""
    query = re.sub(r"known_division\(([^()]*)\)", rf"(\1 in (select division_code from {known_divisions}))", query)
    return re.sub(r"division_is_named\(([^()]*)\)", rf"((\1) in (select (division_code, spelling) from {known_divisions}))", query)


def typed_query(feed: Feed, rows: str) -> str:
    """The silver columns typed, `text_<field>` beside them, and the lineage; `_line` is the raw text of a physical defect."""
    lineage = "_ordinal, _row, _defect, _received_at, _known_at, _period, _edition"
    cleaned = f"select {_cleaned_columns(feed)}, {lineage}, _original as _line from {rows}"
    return f"select {_typed_columns(feed)}, {lineage}, _line from ({cleaned}) as cleaned"


def original(feed: Feed) -> str:
    """SQL of what the sender wrote, for rows that fail: the raw line of a physical defect, else header → text as JSON.

    A feed with personal identifiers has them masked here: the citizen number never passes bronze.
    """
    pairs = []
    for field in feed.text_fields:
        text = f"{'raw' if field.normalise or field.editions else 'text'}_{field.name}"
        if field.classification == "sensitive-personal":
            text = f"concat(left({text}, 6), repeat('*', greatest(length({text}) - 6, 0)))"
        pairs.append(f"{text_literal(field.header)}, {text}")
    line = "_line"
    if feed.identifiers:
        line = f"regexp_replace(_line, '{MASKED_DIGITS}', '\\1********', 'g')"
    return f"case when _defect is not null then {line} else json_object({', '.join(pairs)})::varchar end"


def checks(feed: Feed) -> list[Check]:
    """Every rule of the feed in the order in which codes are listed: those that follow from the fields, then those written by hand."""
    derived = [check for f in feed.fields if f.silver_name for check in _field_checks(f)]
    derived += [_normalised_check(f) for f in feed.text_fields if f.normalise or f.editions]
    derived += [_edition_check(f) for f in feed.text_fields if f.editions]
    derived += [_masked_check(f) for f in feed.sentences if not feed.identifiers]
    return derived + [_hand_written(rule) for rule in feed.rules]


def uses_known_division(feed: Feed) -> bool:
    return any(function in rule.predicate for function in ASKING for rule in feed.rules)


def spark_type(field: Field) -> str:
    """SQL type of the field's column in silver, in Spark's words (DuckDB knows them too)."""
    if field.token_name:
        return "string"
    if field.logical_type == "number":
        return field.physical_type or "double"
    return {"string": "string", "integer": "bigint", "date": "date", "timestamp": "timestamp", "boolean": "boolean"}[field.logical_type]


def _cleaned_columns(feed: Feed) -> str:
    sentinels = sorted({value for dialect in feed.dialects for value in dialect.null_values} | {""})
    listed = ", ".join(text_literal(value) for value in sentinels)
    columns = [f"case when {_trimmed(f)} in ({listed}) then null else {_trimmed(f)} end as {f.name}" for f in feed.text_fields]
    columns += [f"case when trim({f.name}) in ({listed}) then null else trim({f.name}) end as raw_{f.name}" for f in feed.text_fields if f.normalise or f.editions]
    return ", ".join(columns)


def _trimmed(field: Field) -> str:
    """The text without spaces around it, put right as its contract asks. A text of plain characters is looked at first: to trim it takes ten times as long."""
    plain = f"strlen({field.name}) = length({field.name}) and not starts_with({field.name}, ' ') and not ends_with({field.name}, ' ')"
    text = f"case when {plain} then {field.name} else trim({field.name}) end"
    for step in field.normalise:
        text = f"trim({NORMALISED[step].replace('TEXT', text)})"
    moved = [(f"{edition} {old}", new) for edition, codes in field.editions.items() for old, new in codes.items()]
    if not moved:
        return text
    pairs = " ".join(f"when {text_literal(old)} then {'null' if new is None else text_literal(new)}" for old, new in moved)
    return f"case when _edition is null then {text} else case concat(_edition, ' ', {text}) {pairs} else {text} end end"


def _typed_columns(feed: Feed) -> str:
    """`<silver name>` typed, and `text_<field>`: the text that was typed, so that a check can tell missing from mistyped."""
    columns = [f"raw_{f.name}" for f in feed.text_fields if f.normalise or f.editions]
    for field in feed.fields:
        source = f"try({field.transform})" if field.transform else field.name
        columns.append(f"cast({source} as varchar) as text_{field.name}")
        if field.silver_name:
            columns.append(f"{_typed(field, source)} as {field.silver_name}")
    return ", ".join(columns)


def _typed(field: Field, source: str) -> str:
    if field.token_name:
        return f"citizen_token({source})"
    kind = spark_type(field)
    if field.transform:
        return f"try_cast({source} as {_duckdb_type(kind)})"
    if kind == "bigint":
        return f"case when regexp_matches({source}, '{NUMBER['integer']}') then try_cast({source} as bigint) end"
    if kind == "double":
        return f"case when regexp_matches({source}, '{NUMBER['double']}') then try_cast({source} as double) end"
    if kind.startswith("decimal"):
        return _typed_decimal(source, kind)
    if kind in ("date", "timestamp"):
        return _typed_moment(field, source, kind)
    if kind == "boolean":
        return f"case lower({source}) when 'true' then true when 'false' then false end"
    return source


def _typed_decimal(source: str, kind: str) -> str:
    """A short text goes through a decimal of 18 digits: DuckDB reads a longer one two hundred times slower."""
    scale = int(kind.rstrip(")").rpartition(",")[2])
    pattern = NUMBER["decimal"].format(scale=scale)
    value = f"case when length({source}) <= {18 - scale} then try_cast({source} as decimal(18, {scale}))::{kind} else try_cast({source} as {kind}) end"
    return f"case when regexp_matches({source}, '{pattern}') then {value} end"


def _typed_moment(field: Field, source: str, kind: str) -> str:
    """A date, or a moment in the time zone of the house. The round trip refuses what the parser would forgive (2024-1-1)."""
    pattern = field.options.get("format", "yyyy-MM-dd")
    if (kind, pattern) == ("date", "yyyy-MM-dd"):  # the common form, five times faster
        return f"case when regexp_matches({source}, '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$') then try_cast({source} as date) end"
    for word, code in STRPTIME.items():
        pattern = pattern.replace(word, code)
    moment = f"try_strptime({source}, '{pattern}')"
    value = f"{moment}::date" if kind == "date" else f"{moment}::timestamptz"
    return f"case when strftime({moment}, '{pattern}') = {source} then {value} end"


def _duckdb_type(kind: str) -> str:
    return {"string": "varchar", "timestamp": "timestamptz"}.get(kind, kind)


def _field_checks(field: Field) -> list[Check]:
    """TYPE, REQUIRED, ENUM, PATTERN, LENGTH, MINIMUM, MAXIMUM of one field, where its contract asks for them."""
    text, value, options = f"text_{field.name}", field.silver_name, field.options
    label = f"{field.label} {field.name}"
    found = []

    def add(code: str, failing: str, zh: str, en: str) -> None:
        found.append(Check(f"{code}.{field.name}", failing, "contract", "error", f"{label}：{zh}", f"{label}: {en}"))

    if field.required:
        add("REQUIRED", f"{text} is null", "必填项缺失", "a required value is missing")
    if spark_type(field) != "string":
        add("TYPE", f"{text} is not null and {value} is null", f"不是 {field.logical_type}", f"is not a {field.logical_type}")
    if field.enum:
        listed = ", ".join(text_literal(v) for v, _ in field.enum)
        add("ENUM", f"{text} is not null and {text} not in ({listed})", "不在代码表中", "is not in the code list")
    if "pattern" in options:
        add("PATTERN", f"{text} is not null and not regexp_matches({text}, {text_literal(options['pattern'])})", f"不符合格式 {options['pattern']}", f"does not match {options['pattern']}")
    if "minLength" in options or "maxLength" in options:
        low, high = options.get("minLength", 0), options.get("maxLength", 2**31 - 1)
        add("LENGTH", f"{text} is not null and not length({text}) between {low} and {high}", f"长度不在 {low}–{high}", f"length is not within {low}-{high}")
    if "minimum" in options:
        add("MINIMUM", f"{value} < {_limit(field, options['minimum'])}", f"小于 {options['minimum']}", f"is below {options['minimum']}")
    if "maximum" in options:
        add("MAXIMUM", f"{value} > {_limit(field, options['maximum'])}", f"大于 {options['maximum']}", f"is above {options['maximum']}")
    return found


def _normalised_check(field: Field) -> Check:
    label, failing = f"{field.label} {field.name}", f"raw_{field.name} is distinct from text_{field.name}"
    return Check(f"NORMALISED.{field.name}", failing, "contract", "warning", f"{label}：已按合同规整，原文见原始层", f"{label}: put right as the contract says; bronze keeps the text as sent")


def _edition_check(field: Field) -> Check:
    label, failing = f"{field.label} {field.name}", f"raw_{field.name} is not null and text_{field.name} is null"
    return Check(f"EDITION.{field.name}", failing, "contract", "error", f"{label}：旧版代码在现行版中没有唯一对应", f"{label}: the code of the old edition has no single one in the new")


def _masked_check(field: Field) -> Check:
    label, failing = f"{field.label} {field.name}", f"contains(text_{field.name}, '{MASK}')"
    return Check(f"MASKED.{field.name}", failing, "contract", "warning", f"{label}：公民身份号码已遮盖", f"{label}: a citizen number is masked")


def _hand_written(rule: Rule) -> Check:
    """A predicate that ends in an error (a year that is no year) fails like one that is false; DuckDB's try() takes none that asks a relation."""
    asks = any(function in rule.predicate for function in ASKING)
    failing = f"not coalesce({rule.predicate if asks else f'try({rule.predicate})'}, false)"
    return Check(rule.code, failing, rule.method, rule.severity, rule.message_zh, rule.message_en)


def _codes(codes: dict[str, str]) -> str:
    """The list of the codes (column → code) whose check fails; it is made for rows that fail alone."""
    if not codes:
        return NO_CODES
    anything = " or ".join(codes)
    listed = ", ".join(f"case when {column} then '{code}' end" for column, code in codes.items())
    return f"case when {anything} then list_filter([{listed}], lambda code: code is not null) else {NO_CODES} end"


def _limit(field: Field, value) -> str:
    return f"{spark_type(field)} {text_literal(value)}" if field.logical_type in ("date", "timestamp") else str(value)


def text_literal(value) -> str:
    """A SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"
