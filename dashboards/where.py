"""The `where:` of a chart: as Superset's simple filters, and as SQL."""


def filters(where: dict) -> list[dict]:
    """`field: value`, `field: [values]`, `field: {from: value}` or `field: {not: value}`."""
    return [_filter(name, wanted) for name, wanted in where.items()]


def _filter(name: str, wanted) -> dict:
    operator, operator_id, value = "==", "EQUALS", wanted
    if isinstance(wanted, list):
        operator, operator_id = "IN", "IN"
    elif isinstance(wanted, dict):
        (word, value), *_ = wanted.items()
        operator, operator_id = {"from": (">=", "GREATER_THAN_OR_EQUAL"), "not": ("!=", "NOT_EQUALS")}[word]
    elif isinstance(wanted, bool):
        operator, operator_id = ("IS TRUE", "IS_TRUE") if wanted else ("IS FALSE", "IS_FALSE")
        value = None
    return {
        "expressionType": "SIMPLE", "clause": "WHERE", "subject": name, "operator": operator, "operatorId": operator_id,
        "comparator": value, "filterOptionName": f"filter_{name}_{operator_id}".lower(),
    }  # fmt: skip


def sql_where(where: dict) -> str:
    """The same conditions as the end of a query; empty without any."""
    return " where " + " and ".join(_condition(name, wanted) for name, wanted in where.items()) if where else ""


def _condition(name: str, wanted) -> str:
    if isinstance(wanted, dict):
        (word, value), *_ = wanted.items()
        return f"{name} {({'from': '>=', 'not': '<>'})[word]} {_literal(value)}"
    if isinstance(wanted, list):
        return f"{name} in ({', '.join(map(_literal, wanted))})"
    return f"{name} = {_literal(wanted)}"


def _literal(value) -> str:
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value).lower()
