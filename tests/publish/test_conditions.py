"""A condition is an expression over the columns of one dataset: it reads nothing else, and asks nothing that tomorrow answers differently."""

import pytest

from spark_jobs.publish.condition import checked
from spark_jobs.publish.query import QueryRefused

COLUMNS = ["division_code", "year", "value", "is_latest", "vintage_date"]
TAKEN = [
    "year >= 2020",
    "division_code in ('450000', '450100') and not is_latest",
    "division_code like '4501%' or value between -1 and 1e3",
    "vintage_date > date '2020-01-01' and coalesce(value, 0) <> 0",
    "case when is_latest then value else 0 end > 1",
    "regexp_matches(division_code, '^45') and extract(year from vintage_date) = 2024",
    "lower(division_code) || 'x' = 'ax' and cast(year as varchar) = '2024'",
    "value is null",
]
REFUSED = [
    "", " ", "1=1; drop table x", "year) union all select * from mart.x --", "true limit 1", "true order by 1", "true group by year", "year in (select 1)", "exists (select 1)", "(select count(*) from mart.x) > 0",
    "year = any (select 1)", "read_text('/etc/passwd') = 'x'", "getenv('HOME') = 'x'", "current_setting('home_directory') = ''", "random() < 0.5", "now() > vintage_date", "current_date > vintage_date", "today() > vintage_date",
    "uuid() = 'x'", "nextval('s') = 1", "txid_current() = 1", "version() = 'x'", "query('select 1') = 1", "sum(value) > 1", "count(*) > 1", "row_number() over () = 1", "columns('.*') = 1", "* = 1", "#1 = 1", "year > ?", "year > $1", "year > $name",
    "no_such_column = 1", "mart.x.year = 1", "x.year = 1", "rowid = 1", "list_transform([1], x -> x) = [1]", "unnest([1]) = 1", "{'a': year} = {'a': 1}", "[year] = [1]", "division_code collate nocase = 'x'", "pragma version", "attach 'x'", "copy x to 'y'",
    "set memory_limit = '1TB'", "load httpfs", "install httpfs", "call pragma_version()", "select 1", "from mart.x", "with x as (select 1) select 1", "year = 1 /* open", "'unclosed", "duckdb_tables() = 1", "glob('*') = 'x'", "repeat('a', 1000000000) = 'b'",
    "pg_catalog.pg_get_viewdef(1) = 'x'", "system.main.random() > 0", "main.current_user() = 'x'", "error('x')", "write_log('x')", "year = 1 qualify true", "true) from mart.other where (true", "year＝1", "year = 1\x00", "x" * 20_000, "(" * 5_000 + "true" + ")" * 5_000, "not " * 2_400 + "true",
]  # fmt: skip


def test_what_is_an_expression_over_the_columns_is_taken_in_one_spelling():
    for text in TAKEN:
        written = checked(text, COLUMNS)
        assert checked(f"  ({text.replace('year', 'YEAR')})  -- a remark", COLUMNS) == written
        assert checked(written, COLUMNS) == written
    print(f"{len(TAKEN)} of {len(TAKEN)} conditions taken, each in one spelling")


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_everything_else_is_refused_with_words(text):
    with pytest.raises(QueryRefused) as refused:
        checked(text, COLUMNS)
    assert len(str(refused.value)) > 20
