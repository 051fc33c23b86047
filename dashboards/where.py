"""The `where:` of a chart as Superset's simple filters."""


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
