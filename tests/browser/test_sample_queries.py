"""The sample queries as analysts meet them: in SQL Lab's saved queries, and at `guihu sql`; each answers with rows."""

import json

import pytest

from dashboards.queries import queries_of, read_queries
from spark_jobs.publish import policy
from spark_jobs.publish.query import ask
from spark_jobs.publish.release import serving_file
from tests.browser.test_roles import database_id, sql_lab


def test_whoever_may_use_sql_has_sample_queries_and_nobody_else_has():
    counts = {name: len(queries_of(name)) for name in policy.roles()}
    with_sql = {name for name, role in policy.roles().items() if "sql" in role.doors}
    print(f"roles with sample queries: {sum(map(bool, counts.values()))} of {len(counts)}, which may use SQL: {len(with_sql)}")
    assert {name for name, count in counts.items() if count} == with_sql
    assert counts["analyst"] == len(read_queries()) >= 8
    assert all(count >= 5 for name, count in counts.items() if name in with_sql)


@pytest.mark.service
@pytest.mark.parametrize("role", ["analyst", "city_450100"])
def test_each_saved_query_answers_with_rows_in_sql_lab(readers, role):
    kept = readers[role].get("/api/v1/saved_query/?q=(page_size:100)").json()["result"]
    assert {query["label"]: query["sql"] for query in kept} == {query.title: query.sql for query in queries_of(role)}
    database = database_id(readers[role])
    rows = {query["label"]: len(sql_lab(readers[role], database, query["sql"]).json().get("data", [])) for query in kept}
    print(f"{role}: sample queries that answer with rows in SQL Lab: {sum(map(bool, rows.values()))} of {len(rows)}")
    empty = [label for label, count in rows.items() if not count]
    assert empty == []


@pytest.mark.service
@pytest.mark.usefixtures("released")
def test_each_sample_query_answers_with_rows_at_guihu_sql(guihu, settings):
    answered = [query.name for query in read_queries() if ask(serving_file(settings, "analyst"), query.sql)[1]]
    print(f"sample queries that answer with rows at guihu sql: {len(answered)} of {len(read_queries())}")
    assert len(answered) == len(read_queries())
    done = guihu("sql", read_queries()[0].sql, "--as", "analyst", "--format", "json")
    assert done.returncode == 0 and len(json.loads(done.stdout.splitlines()[-1])) > 40
