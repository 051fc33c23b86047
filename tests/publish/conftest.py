"""A small release made by hand, in the shape of a real one: serving files of roles with comments, and what the models say of their tables."""

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from spark_jobs.publish import policy
from spark_jobs.settings import CHECKOUT, Settings
from tests.publish.payloads import HARMLESS, HOSTILE

RELEASE = "20260102T030405-0badcafe"
NUMBERS = 1_000_000
FIGURES = """
create table mart.mart_macro__series as select * from (values
  ('450100', '南宁', '2023Q4', date '2024-01-20', date '2024-07-20', false, '亿元', 5218.34, 12345678901234567::bigint, 0.10::decimal(20, 2), timestamptz '2024-01-20 08:00:00+08', true, '0012', ''),
  ('450100', '南宁', '2023Q4', date '2024-07-20', null, true, '亿元', 5469.06, -9007199254740993::bigint, -1.50::decimal(20, 2), timestamptz '2024-07-20 08:00:00.123456+08', false, '91450100MA5K000001', null),
  ('450200', '柳州', '2024Q1', date '2024-04-20', null, true, '亿元', -0.1::double, null, null, null, null, '1-2', '他说："好", 行
二'),
  ('450300', '桂林', '2024-01/2024-02', date '2024-03-20', null, true, '亿元', null, 0, 3.00::decimal(20, 2), timestamptz '1899-12-31 00:00:00+00', true, '450101199001011234', '𠮷')
) as rows (division_code, division_name_zh, period, vintage_date, superseded_date, is_latest, unit, gdp_value, persons_count, amount_cny, observed_at, is_synthetic, code, note)
"""
COMMENTS = """
comment on table mart.mart_macro__series is '测试指标；按季 · Test figures; by quarter';
comment on column mart.mart_macro__series.gdp_value is '生产总值；现价 · Gross domestic product; current prices'
"""


@pytest.fixture(scope="session")
def released(tmp_path_factory) -> Settings:
    """Settings of a home with one release: the analyst sees everything, the public only the figures."""
    home = tmp_path_factory.mktemp("released")
    folder = home / "releases" / RELEASE
    for role in policy.roles():
        (folder / role).mkdir(parents=True)
    serving = folder / "analyst" / "serve.duckdb"
    with duckdb.connect(str(serving)) as connection:
        connection.execute(f"create schema mart; {FIGURES}; create table mart.release_info as select '{RELEASE}' as release_id")
        connection.execute("create table mart.mart_macro__change (row_number integer, text varchar, figure double default -1.5)")
        connection.executemany("insert into mart.mart_macro__change (row_number, text) values (?, ?)", list(enumerate([*HOSTILE, *HARMLESS])))
        connection.execute(numbers(NUMBERS))
        connection.execute(COMMENTS)
    for role in set(policy.roles()) - {"analyst", "public"}:
        shutil.copy(serving, folder / role / "serve.duckdb")
    with duckdb.connect(str(folder / "public" / "serve.duckdb")) as connection:
        connection.execute(f"create schema mart; {FIGURES}; {COMMENTS}; create table mart.release_info as select '{RELEASE}' as release_id")
    figures = {"key": ["division_code", "period", "vintage_date"], "units": {"persons_count": "人 persons", "amount_cny": "元"}, "source": "测试 · test", "caveats": ["合成数据 · synthetic"], "licence": ""}
    plain = {"units": {}, "source": "", "caveats": [], "licence": ""}
    texts, counted = plain | {"key": ["row_number"]}, plain | {"key": ["row_number"]}
    (folder / "models.json").write_text(json.dumps({"mart_macro__series": figures, "mart_macro__change": texts, "mart_economy__house_price": counted}))
    tables = {"mart_macro__series": 7, "mart_macro__change": 3, "mart_economy__house_price": 1}
    (folder / "release.json").write_text(json.dumps({"release_id": RELEASE, "released_at": "2026-01-02T03:04:05+00:00", "digest": "0badcafe" * 8, "built_from": {}, "tables": tables}))
    (home / "releases" / "current").symlink_to(RELEASE)
    return Settings(home=home, environments=CHECKOUT / ".guihu" / "env", port=18480)


def numbers(rows: int) -> str:
    """Doubles of every kind: of all exponents, seventeen digits, negative, tenths, whole, the smallest and the largest."""
    return f"""create table mart.mart_economy__house_price as select i::integer as row_number, i * 9007 - 4503599627370496 as whole,
      case i % 8 when 0 then (hash(i) / 1e19 - 0.5) * pow(10, i % 600 - 300) when 1 then -(hash(i) / 3e18) when 2 then i / 10 when 3 then -i / 100 when 4 then 1 / (i + 1) when 5 then hash(i)::double
        when 6 then case i % 3 when 0 then 5e-324 when 1 then 1.7976931348623157e308 else -0.0 end else pi() * i end as value
      from range({rows}) numbers(i)"""


def data_file(folder: Path, dataset: str = "mart_macro__series") -> Path:
    return next(path for path in folder.iterdir() if path.stem == dataset)
