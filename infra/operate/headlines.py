"""Five numbers everybody can check against what was published, asked of the release through `guihu sql`."""

import json
import subprocess
from dataclasses import dataclass

from infra.operate.faults import Fault
from infra.operate.services import environment
from spark_jobs.settings import CHECKOUT, Settings


@dataclass(frozen=True)
class Headline:
    """A question in SQL with one row as its answer, and the sentence it is told in."""

    sentence: str
    sql: str


HEADLINES = (
    Headline(
        "广西 2020 年常住人口 Guangxi permanent population, census 2020: {persons:,.0f} 人",
        """select permanent_population_persons as persons from mart.mart_population__structure
           where division_code = '450000' and census_year = 2020""",
    ),
    Headline(
        "广西 2022 年生产总值 Guangxi GDP 2022: 初次公布 first {first:,.2f}，修订 revised {revised:,.2f} 亿元",
        """select arg_min(value_added_cny_100m, vintage_date) as first, arg_max(value_added_cny_100m, vintage_date) as revised
           from mart.mart_economy__gdp
           where division_code = '450000' and frequency = 'annual' and period = '2022' and industry_code = 'GDP'""",
    ),
    Headline(
        "全国 2025 年一季度国内生产总值 National GDP 2025Q1: {level:,.1f} 亿元，名义增长 nominal {growth:+.2f} %",
        """select value_added_cny_100m as level, growth_nominal_yoy_pct as growth from mart.mart_economy__gdp
           where division_name_zh = '全国' and frequency = 'quarterly' and accumulation = 'current'
             and period = '2025Q1' and industry_code = 'GDP' and is_latest""",
    ),
    Headline(
        "南宁新建住宅链式指数峰值 Nanning new homes, chain index peak (2010-12 = 100): {peak:.4f}，{month}",
        """select max(chain_index_2010_12_100) as peak, strftime(arg_max(month, chain_index_2010_12_100), '%Y-%m') as month
           from mart.mart_economy__house_price
           where city_name_zh = '南宁' and market = 'new' and dwelling_size = 'all' and is_latest""",
    ),
    Headline(
        "空气质量 Air quality: {complete:,} 个完整站点中 {equal:,} 个与公布的 AQI 相等 complete stations equal the published AQI",
        """select count(*) filter (is_complete) as complete, count(*) filter (is_complete and equals_published) as equal
           from mart.mart_environment__air_quality""",
    ),
)


def ask(settings: Settings, sql: str) -> list[dict]:
    """Rows of the current release."""
    command = [CHECKOUT / "guihu", "sql", " ".join(sql.split()), "--format", "json"]
    done = subprocess.run(command, env=environment(settings), capture_output=True, text=True)
    if done.returncode != 0:
        raise Fault(f"guihu sql ended with exit code {done.returncode}: {done.stderr.strip() or done.stdout.strip()}\n{sql}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def tell(settings: Settings) -> list[str]:
    return [headline.sentence.format(**only_row(ask(settings, headline.sql), headline)) for headline in HEADLINES]


def only_row(rows: list[dict], headline: Headline) -> dict:
    if len(rows) != 1 or None in rows[0].values():
        raise Fault(f"expected one whole row, got {rows} for: {' '.join(headline.sql.split())}")
    return rows[0]
