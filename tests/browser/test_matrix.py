"""Every role × every served table × every door, expected from the policy alone (tests/doors/policy_oracle.py) and tried for real."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import product

import duckdb
import httpx
import pytest

from dashboards.spec import read_dashboards
from spark_jobs.duck import delta_reader
from spark_jobs.publish import policy, query, reading
from spark_jobs.publish.export import run as exports
from spark_jobs.publish.release import current, serving_file
from tests.browser.conftest import ROLES
from tests.browser.test_roles import chart_data, database_id, dataset_ids, sql_lab
from tests.doors import policy_oracle

pytestmark = [pytest.mark.service, pytest.mark.timeout(1800)]
REQUESTS_AT_ONCE = 4


@dataclass(frozen=True)
class Opened:
    """What a role should find in a table: its rows, the one value of a filtered column, the empty columns, and a column that has values."""

    rows: int
    only: dict[str, str]
    empty: frozenset[str]
    columns: tuple[str, ...] = field(repr=False)


@pytest.fixture(scope="module")
def tables(settings, released) -> list[str]:
    return sorted(current(settings)["tables"])


@pytest.fixture(scope="module")
def expected(settings, tables) -> dict[tuple[str, str], Opened | None]:
    """(role, table) → what the policy and the gold table say, without the lake's own reading of the policy."""
    gold, found = delta_reader(), {}
    for table in tables:
        source = f"delta_scan('{settings.lake / 'gold' / table}', version => {current(settings)['tables'][table]})"
        columns = tuple(name for name, *_ in gold.execute(f"describe select * from {source}").fetchall())
        for role in policy_oracle.roles():
            opened = policy_oracle.opened(role, table)
            if opened is None:
                found[role, table] = None
                continue
            only, empty = opened
            where = " and ".join(["true", *(f"{column} = '{value}'" for column, value in only.items())])
            found[role, table] = Opened(gold.execute(f"select count(*) from {source} where {where}").fetchone()[0], only, frozenset(empty), columns)
    return found


def tell(door: str, outcomes: Counter) -> None:
    print(f"{door}: {sum(outcomes.values())} cells, {dict(outcomes)}")


@pytest.mark.parametrize("door", ["command", "read", "export"])
def test_each_role_finds_by_command_in_a_notebook_and_in_an_export_what_the_policy_says(settings, expected, door):
    doors, outcomes = policy_oracle.roles(), Counter()
    asked = {"command": by_command, "read": by_reading, "export": by_export}[door]
    for (role, table), wanted in expected.items():
        if door != "command" and role not in ROLES:
            continue  # a row of cells for each kind of role; the file that answers is the one that `command` read
        if ("export" if door == "export" else "command") not in doors[role][2]:
            with pytest.raises(policy.DoorClosed):
                asked(settings, role, table)
            outcomes["door closed"] += 1
        elif wanted is None:
            with pytest.raises(query.QueryRefused):
                asked(settings, role, table)
            outcomes["not there"] += 1
        else:
            rows, columns = asked(settings, role, table)
            assert rows == wanted.rows, (role, table)
            assert columns is None or columns == wanted.columns, (role, table)
            outcomes["as much as the policy says"] += 1
    tell(door, outcomes)
    asking = policy_oracle.roles() if door == "command" else ROLES
    assert sum(outcomes.values()) == len(asking) * len({table for _, table in expected}) >= 300


def by_command(settings, role: str, table: str) -> tuple[int, None]:
    policy.require(role, "command")
    _, rows = query.ask(serving_file(settings, role), f"select count(*) from mart.{table}")
    return rows[0][0], None


def by_reading(settings, role: str, table: str) -> tuple[int, tuple[str, ...]]:
    found = reading.read(table, role=role, settings=settings)
    return found.num_rows, tuple(found.column_names)


def by_export(settings, role: str, table: str) -> tuple[int, None]:
    return exports.rehearse(settings, exports.Request(table, "parquet", role, "matrix"))["rows"], None


def test_filtered_rows_and_empty_columns_are_so_in_every_file(settings, expected):
    checked = 0
    for (role, table), wanted in expected.items():
        if wanted and (wanted.only or wanted.empty):
            with duckdb.connect(str(serving_file(settings, role)), read_only=True) as connection:
                for column, value in wanted.only.items():
                    others = connection.execute(f"select count(*) from mart.{table} where {column} is distinct from ?", [value]).fetchone()[0]
                    assert others == 0, (role, table, column)
                    checked += 1
                for column in wanted.empty:
                    assert connection.execute(f"select count({column}) from mart.{table}").fetchone()[0] == 0, (role, table, column)
                    checked += 1
    print(f"filters and masks in files: {checked}")
    assert checked > 60


class TestSuperset:
    """Nine logins; every way in which the server hands out rows of a dataset."""

    @pytest.fixture(scope="class")
    def ids(self, door) -> dict[str, int]:
        return dataset_ids(door)

    def test_the_doors_of_the_server_open_what_the_policy_says(self, readers, ids, tables, expected):
        wanted = {
            (role, table, way): expected[role, table]
            for (number, (role, table)), (place, way) in product(enumerate(product(ROLES, tables)), enumerate(WAYS))
            if hides(expected[role, table]) or place == 0 or number % (len(WAYS) - 1) == place - 1
        }  # by every way where something is hidden; where all is open by chart data and by one of the others in turn
        with ThreadPoolExecutor(REQUESTS_AT_ONCE) as pool:
            faults = list(pool.map(lambda cell: tried(readers[cell[0]], ids[cell[1]], *cell, wanted[cell]), wanted))
        outcomes = Counter((way, "open" if opened else "closed") for (_, _, way), opened in wanted.items())
        tell("Superset", outcomes)
        assert [fault for fault in faults if fault] == []
        assert len(wanted) >= 800

    def test_sql_lab_answers_from_what_the_role_sees(self, readers, tables, expected):
        number = database_id(readers["analyst"])
        cells = [(role, table) for role, table in product(ROLES, tables) if "sql" in policy_oracle.roles()[role][2]]
        with ThreadPoolExecutor(REQUESTS_AT_ONCE) as pool:
            answers = list(pool.map(lambda cell: sql_lab(readers[cell[0]], number, f"select count(*) as rows from mart.{cell[1]}"), cells))
        outcomes = Counter()
        for (role, table), answer in zip(cells, answers):
            wanted = expected[role, table]
            if wanted is None:
                assert answer.status_code >= 400 and "data" not in answer.json(), (role, table)
            else:
                assert answer.status_code == 200 and answer.json()["data"] == [{"rows": wanted.rows}], (role, table, answer.text[:200])
            outcomes["not there" if wanted is None else "open"] += 1
        tell("SQL Lab", outcomes)
        assert len(cells) >= 150


    def test_only_who_may_build_charts_is_told_the_columns_of_a_dataset_and_only_of_those_he_sees(self, readers, ids, tables, expected):
        cells = list(product(ROLES, tables))
        with ThreadPoolExecutor(REQUESTS_AT_ONCE) as pool:
            answers = list(pool.map(lambda cell: readers[cell[0]].get("/api/v1/explore/", params={"datasource_id": ids[cell[1]], "datasource_type": "table"}), cells))
        outcomes = Counter()
        for (role, table), answer in zip(cells, answers):
            may = "explore" in policy_oracle.roles()[role][2] and expected[role, table] is not None
            assert answer.status_code == (200 if may else 403), (role, table, answer.text[:200])
            assert may or "columns" not in answer.text, (role, table)
            outcomes["open" if may else "closed"] += 1
        tell("explore", outcomes)
        assert len(cells) >= 300 and all(outcomes.values())

    def test_a_page_opens_for_whoever_sees_all_of_its_tables(self, readers, tables, expected):
        cells = list(product(ROLES, read_dashboards()))
        outcomes = Counter()
        for role, page in cells:
            marts = page.marts & set(tables)
            answer = readers[role].get(f"/api/v1/dashboard/{page.address}/datasets")
            if all(expected[role, mart] is not None for mart in marts):
                assert answer.status_code == 200 and {dataset["table_name"] for dataset in answer.json()["result"]} & set(tables) == marts, (role, page.address)
                outcomes["open"] += len(marts)
            else:
                assert answer.status_code in (403, 404) and not any(mart in answer.text for mart in marts), (role, page.address)
                outcomes["closed"] += len(marts)
        tell("dashboards", outcomes)
        assert sum(outcomes.values()) >= 300 and all(outcomes.values())

    def test_nobody_can_have_himself_mailed_what_an_alert_finds(self, readers, tables):
        asked = {role: readers[role].post("/api/v1/report/", json={"type": "Alert", "name": "x", "sql": f"select count(*) from mart.{tables[0]}"}) for role in ROLES}
        assert {answer.status_code for answer in asked.values()} <= {403, 404}, {role: answer.text[:100] for role, answer in asked.items()}
        tell("alerts", Counter(answer.status_code for answer in asked.values()))


def hides(wanted: Opened | None) -> bool:
    return wanted is None or bool(wanted.only or wanted.empty)


def tried(reader: httpx.Client, number: int, role: str, table: str, way: str, wanted: Opened | None) -> str | None:
    """What is wrong with the cell, in words; None where nothing is."""
    status, rows = WAYS[way](reader, number, wanted)
    if wanted is None:
        return None if status in (403, 404) else f"{role} / {table} / {way}: answered {status} instead of refusing"
    if status != 200:
        return f"{role} / {table} / {way}: refused with {status}"
    for row in rows:
        for column, value in wanted.only.items():
            if column in row and row[column] != value:
                return f"{role} / {table} / {way}: a row with {column} = {row[column]}"
        for column in wanted.empty & row.keys():
            if row[column] not in (None, ""):
                return f"{role} / {table} / {way}: {column} is not empty"
        if "count" in row and int(row["count"]) != wanted.rows:
            return f"{role} / {table} / {way}: {row['count']} rows instead of {wanted.rows}"
    return None


def witnesses(wanted: Opened | None) -> list[str]:
    """Columns that would show a leak: the filtered and the masked ones, or the first."""
    return [*(wanted.only if wanted else ()), *(sorted(wanted.empty) if wanted else ())] or ([wanted.columns[0]] if wanted else [])


def json_answer(reader, number, wanted):
    return _rows(chart_data(reader, number, [], ["count"]))


def grouped_answer(reader, number, wanted):
    return _rows(chart_data(reader, number, witnesses(wanted), ["count"] if not wanted else []))


def csv_answer(reader, number, wanted):
    answer = reader.post("/api/v1/chart/data", json=_query(number, result_format="csv"))
    lines = answer.content.decode("utf-8-sig").splitlines() if answer.status_code == 200 else []
    return answer.status_code, [{"count": line} for line in lines[1:2]]


def drilled_rows(reader, number, wanted):
    return _rows(reader.post("/api/v1/chart/data", json=_query(number, result_type="drill_detail", metrics=[], columns=witnesses(wanted))))


def samples(reader, number, wanted):
    answer = reader.post("/datasource/samples", params={"datasource_type": "table", "datasource_id": number, "per_page": 50, "page": 1}, json={})
    return answer.status_code, (answer.json()["result"]["data"] if answer.status_code == 200 else [])


def filter_values(reader, number, wanted):
    column = (witnesses(wanted) or ["division_code"])[0]
    answer = reader.get(f"/api/v1/datasource/table/{number}/column/{column}/values/")
    return answer.status_code, ([{column: value} for value in answer.json()["result"]] if answer.status_code == 200 else [])


WAYS = {"chart data": json_answer, "grouped": grouped_answer, "CSV of a chart": csv_answer, "drill": drilled_rows, "samples": samples, "filter values": filter_values}


def _query(number: int, result_format: str = "json", result_type: str = "full", metrics=("count",), columns=()) -> dict:
    query = {"columns": list(columns), "metrics": list(metrics), "filters": [], "orderby": [], "row_limit": 50, "extras": {"having": "", "where": ""}}
    return {"datasource": {"id": number, "type": "table"}, "queries": [query], "force": False, "result_format": result_format, "result_type": result_type}


def _rows(answer: httpx.Response) -> tuple[int, list[dict]]:
    return answer.status_code, (answer.json()["result"][0].get("data", []) if answer.status_code == 200 else [])
