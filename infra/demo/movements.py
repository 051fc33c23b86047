"""A synthetic registration system: births, deaths and moves (population.movement), kept in a table of PostgreSQL.

Births are spread over county and sex as the census counted those under one year, deaths as it counted those of 65 and more,
moves as it counted people registered in another county of the region. Those who die or move are residents of
infra.demo.residents; the newborn get citizen numbers of their own.
"""

import numpy as np
import psycopg
import pyarrow as pa

from infra.demo import census
from infra.demo.csv_stream import dates, labels, texts
from infra.demo.draw import choose, uniform, whole
from infra.demo.identifiers import citizen_numbers
from infra.demo.residents import Office

HEADER = ["业务流水号", "变动类型", "公民身份号码", "性别", "出生日期", "登记地区划代码", "迁移对方区划代码", "变动日期", "登记时间", "更新时间", "数据说明"]
KINDS = ["出生", "死亡", "迁入", "迁出"]
BIRTH, DEATH = 0, 1
KIND_SHARES = [0.3, 0.2, 0.25, 0.25]
FIRST_DAY, DAYS = np.datetime64("2024-01-01"), 731  # 2024 and 2025
OLD = next(place for place, (_, low, _) in enumerate(census.AGE_GROUPS) if low == 65)
MOVED = "户口登记地在外乡镇街道人口_本省其他县"
TABLE = "registration.movement"
COLUMNS = {header: "date" if header.endswith("日期") else "timestamp(0)" if header.endswith("时间") else "text" for header in HEADER}
READER = "guihu"


def movements(count: int, residents: int, seed: int) -> pa.Table:
    """So many registrations, in the order in which the system recorded them; all text."""
    numbers = np.arange(count, dtype=np.int64)
    kind = choose(seed, "movement kind", numbers, KIND_SHARES)
    day = FIRST_DAY + np.sort(whole(seed, "movement day", numbers, DAYS))
    county, sex, birth, citizen = _persons(Office(residents, seed), kind, day, seed)
    code = census.codes_in_force(county, day)
    other = census.codes_in_force((county + 1 + whole(seed, "other end", numbers, len(census.counties()) - 1)) % len(census.counties()), day)
    second = (day + 1 + whole(seed, "delay", numbers, 9)).astype("datetime64[s]") + 28_800 + whole(seed, "hour", numbers, 32_400)
    table = pa.table(
        [
            pa.array([f"{place}-{str(date)[:4]}-{number:08d}" for place, date, number in zip(code, day, numbers, strict=True)]),
            labels(KINDS, kind),
            texts(citizen),
            labels(list(census.SEXES), sex),
            dates(birth),
            texts(code),
            pa.array(other, mask=np.isin(kind, (BIRTH, DEATH))).cast(pa.string()),
            dates(day),
            *[pa.array(np.char.replace(second.astype(str), "T", " "))] * 2,
            labels(["合成数据"], np.zeros(count, dtype=np.int64)),
        ],
        names=HEADER,
    )
    return table.take(pa.array(np.argsort(second, kind="stable")))


def create(connection: psycopg.Connection, password: str) -> None:
    """The system's table, and an account that may read it and nothing else."""
    columns = ", ".join(f'"{name}" {kind}' for name, kind in COLUMNS.items())
    connection.execute(f"create schema registration; create table {TABLE} ({columns}, primary key (业务流水号))")
    connection.execute(f"create role {READER} login password '{password}'; grant usage on schema registration to {READER}; grant select on {TABLE} to {READER}")


def add(connection: psycopg.Connection, rows: pa.Table) -> None:
    """Record the movements."""
    with connection.cursor() as cursor, cursor.copy(f"copy {TABLE} from stdin") as copy:
        for row in rows.to_pylist():
            copy.write_row(list(row.values()))


def _persons(office: Office, kind: np.ndarray, day: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """County, sex, day of birth and citizen number of those concerned."""
    numbers = np.arange(len(kind), dtype=np.int64)
    persons = census.persons()
    draw = uniform(seed, "movement person", numbers)
    weights = {BIRTH: persons[:, :, 0], DEATH: _only(persons, slice(OLD, None)), None: persons * _mobility()[:, None, None]}
    county, sex, birth, citizen = office.persons_at(np.where(kind == DEATH, _place(office, weights[DEATH], draw), _place(office, weights[None], draw)))
    newborn = kind == BIRTH
    born_county, born_sex = np.unravel_index(_pick(weights[BIRTH].ravel(), draw), weights[BIRTH].shape)
    county, sex, birth = np.where(newborn, born_county, county), np.where(newborn, born_sex, sex), np.where(newborn, day, birth)
    order = _rank_within(np.stack([county, sex, birth.astype(np.int64)], axis=1), newborn)
    own = citizen_numbers(census.codes_in_force(county, birth), birth, order * 2 + (sex == 0))
    return county, sex, birth, np.where(newborn, own, citizen)


def _mobility() -> np.ndarray:
    """Share of people registered in another county of the region, by county."""
    return np.array([float(row[MOVED] or 0) / float(row["人口数_合计"]) for row in census.counties()])


def _only(persons: np.ndarray, ages: slice) -> np.ndarray:
    kept = np.zeros_like(persons)
    kept[:, :, ages] = persons[:, :, ages]
    return kept


def _pick(weights: np.ndarray, draw: np.ndarray) -> np.ndarray:
    edges = np.cumsum(weights) / weights.sum()
    return np.minimum(np.searchsorted(edges, draw, side="right"), len(weights) - 1)


def _place(office: Office, weights: np.ndarray, draw: np.ndarray) -> np.ndarray:
    """A resident of a cell drawn by weight; cells without a resident are left out."""
    held = np.where(office.cell_sizes > 0, weights.ravel(), 0)
    edges = np.cumsum(held) / held.sum()
    cell = np.minimum(np.searchsorted(edges, draw, side="right"), len(edges) - 1)
    within = (draw - np.where(cell > 0, edges[cell - 1], 0)) / (held[cell] / held.sum())
    return (office.cell_ends - office.cell_sizes)[cell] + np.minimum((within * office.cell_sizes[cell]).astype(np.int64), office.cell_sizes[cell] - 1)


def _rank_within(groups: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """0, 1, 2 … for the chosen rows of each group."""
    rank = np.zeros(len(groups), dtype=np.int64)
    _, group = np.unique(groups[chosen], axis=0, return_inverse=True)
    order = np.argsort(group, kind="stable")
    sizes = np.bincount(group)
    found = np.empty(len(group), dtype=np.int64)
    found[order] = np.arange(len(group)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    rank[chosen] = found
    return rank
