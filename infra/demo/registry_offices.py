"""Synthetic market regulators beside the register: changes, annual reports, branches and individual businesses.

Each record speaks of an enterprise of legal_person.registration; individual businesses are spread over counties as the
persons employed in trade, transport, catering, manufacture, services and recreation are in the 2020 census.
"""

import numpy as np

from infra.demo import census, planting
from infra.demo.csv_stream import dates
from infra.demo.draw import choose, largest_remainder, shuffled, uniform, whole
from infra.demo.enterprises import SECTION_DIVISIONS, Department
from infra.demo.identifiers import enterprise_usccs
from infra.demo.offices import FIRST_DAY, LAST_DAY, NOTE, Office, codes_and_names, divisions, places, rows_of, some, spread, years
from infra.demo.planting import Kind
from infra.demo.small_file import Shape

BRANCHES_FROM = 500_000_000  # numbers of branches and of individual businesses go on where no enterprise is
BUSINESSES_FROM = 600_000_000
BUSINESS_SECTIONS = [census.SECTIONS.index(letter) for letter in "CFGHOR"]
CHANGE_ITEMS = ["名称", "住所", "注册资本", "经营范围", "法定代表人"]
SCOPES = ["日用百货销售", "食品销售（仅销售预包装食品）", "软件开发；信息技术咨询服务", "建筑材料销售", "道路货物运输（不含危险货物）", "农产品的生产、销售、加工"]
DAYS = int((LAST_DAY - FIRST_DAY).astype(int)) + 1


def changes(department: Department, numbers: np.ndarray) -> list[list[str]]:
    """One changed item of the register on a day, with the text before and after."""
    seed = department.seed
    state = some(department, "change of", numbers)
    day = np.maximum(FIRST_DAY + whole(seed, "change day", numbers, DAYS), state.established + 1)
    item = choose(seed, "change item", numbers, [2, 4, 3, 3, 2])
    codes, names = codes_and_names(department, state)
    before, after = [], []
    for number, kind, name, place in zip(numbers.tolist(), item, names, places(state.county), strict=True):
        old, new = [
            (f"原{name}", name),
            (f"{place}合成路{number % 300 + 1}号", f"{place}合成路{number % 300 + 301}号"),
            (f"{number % 90 + 10}万元", f"{number % 90 + 100}万元"),
            (SCOPES[number % len(SCOPES)], SCOPES[(number + 1) % len(SCOPES)]),
            ("合成人甲", "合成人乙"),
        ][kind]
        before.append(old)
        after.append(new)
    documents = [f"桂合成登字〔{year}〕第{number:08d}号" for year, number in zip(years(day), numbers, strict=True)]
    offices = [f"{place}市场监督管理局" for place in places(state.county)]
    items = [CHANGE_ITEMS[kind] for kind in item]
    return rows_of(documents, codes, names, divisions(state.county, day), items, before, after, offices, dates(day).to_pylist(), [NOTE] * len(numbers))


CHANGE_HEADER = ["核准文号", "统一社会信用代码", "企业名称", "行政区划代码", "变更事项", "变更前内容", "变更后内容", "核准机关", "核准日期", "数据说明"]  # fmt: skip
CHANGE = Office(
    "legal_person/change", "xlsx", CHANGE_HEADER, "核准日期", changes,
    [
        *planting.on_enterprise(CHANGE_HEADER),
        Kind("item the register does not know", "ENUM.change_item", planting.replace(4, "股权")),
        Kind("nothing changed", "SOMETHING-CHANGED", lambda fields, header: [([*fields[:6], fields[5], *fields[7:]], True)]),
        Kind("date in the future", "FUTURE.approval_date", planting.replace(8, "2098-01-01")),
        Kind("date with slashes", "TYPE.approval_date", planting.change(8, lambda text: text.replace("-", "/"))),
        *planting.on_record(CHANGE_HEADER, "变更后内容"),
        *planting.on_table(CHANGE_HEADER),
    ],
    Shape(sheet="变更登记（合成数据）"),
)  # fmt: skip


def annual_reports(department: Department, numbers: np.ndarray) -> list[list[str]]:
    """Reports of 2022 and 2023, public between January and May of the next year; one in thirty is corrected three weeks later."""
    enterprises = spread(department, numbers)
    rows = []
    for year in (2022, 2023):
        spring = np.datetime64(f"{year + 1}-01-01")
        mine = enterprises[(numbers % 2 == year % 2) & (department.base(enterprises).established < spring)]
        day = spring + whole(department.seed, "report day", mine, 150)
        corrected = uniform(department.seed, "report corrected", mine) < 1 / 30
        rows += _reports(department, mine, year, day, 1.0)
        rows += _reports(department, mine[corrected], year, day[corrected] + 21, 1.1)
    return rows


def _reports(department: Department, enterprises: np.ndarray, year: int, day: np.ndarray, factor: float) -> list[list[str]]:
    """Employees and amounts in 10,000 CNY; revenue follows the employees, a loss is possible."""
    seed, state = department.seed, department.base(enterprises)
    codes, names = codes_and_names(department, state)
    employees = np.maximum(1, 10 ** (0.2 + 1.8 * uniform(seed, "report employees", enterprises))).astype(np.int64)
    revenue = employees * (10 + 60 * uniform(seed, "report revenue", enterprises)) * factor
    assets = revenue * (0.5 + 2 * uniform(seed, "report assets", enterprises))
    profit = revenue * (0.2 * uniform(seed, "report profit", enterprises) - 0.05)
    tax = revenue * (0.01 + 0.05 * uniform(seed, "report tax", enterprises))
    amounts = [[f"{value:.2f}" for value in column] for column in (assets, revenue, profit, tax)]
    running = [OPERATIONS[place] for place in choose(seed, "report operation", enterprises, [94, 4, 2])]
    place = divisions(state.county, day)
    return rows_of(codes, names, place, [year] * len(codes), running, employees, *amounts, dates(day).to_pylist(), [NOTE] * len(codes))


OPERATIONS = ["开业", "歇业", "清算"]
REPORT_HEADER = ["统一社会信用代码", "企业名称", "行政区划代码", "报告年度", "经营状态", "从业人数", "资产总额（万元）", "营业总收入（万元）", "利润总额（万元）", "纳税总额（万元）", "公示日期", "数据说明"]  # fmt: skip
ANNUAL_REPORT = Office(
    "legal_person/annual_report", "csv", REPORT_HEADER, "公示日期", annual_reports,
    [
        *planting.on_enterprise(REPORT_HEADER),
        Kind("thousands separators in an amount", "TYPE.revenue_10k_cny", planting.replace(7, "1，234.50")),
        Kind("an amount in yuan words", "TYPE.assets_10k_cny", planting.replace(6, "壹佰万元")),
        Kind("negative assets", "MINIMUM.assets_10k_cny", planting.replace(6, "-12.50")),
        Kind("half an employee", "TYPE.employee_persons", planting.replace(5, "3.5")),
        Kind("public before the year was over", "AFTER-THE-YEAR", planting.replace(10, "2022-03-01")),
        Kind("state the register does not know", "ENUM.operation", planting.replace(4, "正常")),
        *planting.on_record(REPORT_HEADER, "从业人数"),
        *planting.on_table(REPORT_HEADER),
        Kind("stray quote", "STRAY_QUOTE", planting.change(1, lambda text: text[:4] + '"' + text[4:])),
    ],
    Shape(encoding="gb18030", delimiter=";"),
)  # fmt: skip


def branches(department: Department, numbers: np.ndarray) -> list[list[str]]:
    """A branch as it was founded, and one in fifteen as it was closed."""
    seed, state = department.seed, some(department, "branch of", numbers)
    parents, names = codes_and_names(department, state)
    elsewhere = uniform(seed, "branch elsewhere", numbers) < 0.4
    county = np.where(elsewhere, whole(seed, "branch county", numbers, len(census.counties())), state.county)
    founded = np.minimum(state.established + 30 + whole(seed, "branch day", numbers, 2000), LAST_DAY - 100)
    founded = np.maximum(founded, state.established)
    codes = [code.decode() for code in enterprise_usccs(numbers + BRANCHES_FROM, census.codes_in_force(county, founded))]
    titles = [f"{name}{place}分公司" for name, place in zip(names, places(county), strict=True)]
    closed = founded + 60 + whole(seed, "branch closed", numbers, 1500)
    ends = (uniform(seed, "branch ends", numbers) < 1 / 15) & (closed <= LAST_DAY)

    def stand(status: str, day: np.ndarray) -> list[list[str]]:
        industry = [f"{code:02d}" for code in state.industry]
        return rows_of(codes, titles, parents, divisions(county, day), industry, dates(founded).to_pylist(), [status] * len(codes), dates(day).to_pylist(), [NOTE] * len(codes))

    return stand("存续", founded) + [row for row, is_over in zip(stand("注销", closed), ends, strict=True) if is_over]


BRANCH_HEADER = ["统一社会信用代码", "分支机构名称", "隶属企业统一社会信用代码", "行政区划代码", "行业代码", "成立日期", "登记状态", "变更日期", "数据说明"]  # fmt: skip
BRANCH = Office(
    "legal_person/branch", "csv", BRANCH_HEADER, "变更日期", branches,
    [
        *planting.on_enterprise(BRANCH_HEADER),
        Kind("its parent has a wrong check digit", "CHECK-DIGIT.parent_uscc", planting.change(2, planting.wrong_last)),
        Kind("its own parent", "OWN-PARENT", lambda fields, header: [([*fields[:2], fields[0], *fields[3:]], True)]),
        Kind("industry not in the standard", "PATTERN.industry_code", planting.replace(4, "98")),
        Kind("unknown status", "ENUM.status", planting.replace(6, "营业中")),
        Kind("changed before it was founded", "ORDER", planting.replace(7, "1949-10-01")),
        *planting.on_record(BRANCH_HEADER, "分支机构名称"),
        *planting.on_table(BRANCH_HEADER),
        Kind("control character", "CONTROL_CHAR", planting.change(1, lambda text: text[:4] + "\x01" + text[4:])),
    ],
)  # fmt: skip


def individual_businesses(department: Department, numbers: np.ndarray) -> list[list[str]]:
    """A business as it was founded, and one in eight as it was given up."""
    seed, weights = department.seed, census.employed()[:, BUSINESS_SECTIONS]
    ends = np.cumsum(largest_remainder(weights.ravel(), len(numbers)))
    county, section = np.divmod(np.searchsorted(ends, shuffled(numbers, len(numbers)), side="right"), len(BUSINESS_SECTIONS))
    first, last = np.array([SECTION_DIVISIONS[place] for place in BUSINESS_SECTIONS]).T
    industry = first[section] + (uniform(seed, "business industry", numbers) * (last - first + 1)[section]).astype(np.int64)
    founded = LAST_DAY - 1 - whole(seed, "business age", numbers, 4000)
    codes = [code.decode() for code in enterprise_usccs(numbers + BUSINESSES_FROM, census.codes_in_force(county, founded), b"92")]
    names = [f"{place}合成{number:07d}号{kind}（合成数据）" for place, number, kind in zip(places(county), numbers.tolist(), [BUSINESS_NAMES[s] for s in section], strict=True)]
    funds = [f"{value:.2f}" for value in 10 ** (2 * uniform(seed, "business funds", numbers))]
    staff = 1 + whole(seed, "business staff", numbers, 8)
    given_up = founded + 30 + whole(seed, "business given up", numbers, 3000)
    is_over = (uniform(seed, "business ends", numbers) < 1 / 4) & (given_up <= LAST_DAY)

    def stand(status: str, day: np.ndarray) -> list[list[str]]:
        code, born = [f"{one:02d}" for one in industry], dates(founded).to_pylist()
        return rows_of(codes, names, divisions(county, day), code, born, funds, staff, [status] * len(codes), dates(day).to_pylist(), [NOTE] * len(codes))

    return stand("存续", founded) + [row for row, over in zip(stand("注销", given_up), is_over, strict=True) if over]


BUSINESS_NAMES = ["加工坊", "商店", "运输户", "饭店", "修理店", "游艺室"]  # in the order of BUSINESS_SECTIONS
BUSINESS_HEADER = ["统一社会信用代码", "字号名称", "行政区划代码", "行业代码", "成立日期", "资金数额（万元）", "从业人数", "登记状态", "变更日期", "数据说明"]  # fmt: skip
INDIVIDUAL_BUSINESS = Office(
    "legal_person/individual_business", "tsv", BUSINESS_HEADER, "变更日期", individual_businesses,
    [
        *planting.on_enterprise(BUSINESS_HEADER),
        Kind("code of an enterprise", "KIND-OF-CODE", planting.replace(0, "91450100HC00000021")),
        Kind("industry not in the standard", "PATTERN.industry_code", planting.replace(3, "00")),
        Kind("funds with their unit", "TYPE.funds_10k_cny", planting.replace(5, "5万元")),
        Kind("nobody works there", "MINIMUM.staff_persons", planting.replace(6, "0")),
        Kind("unknown status", "ENUM.status", planting.replace(7, "在业")),
        Kind("date as a spreadsheet serial", "TYPE.establishment_date", planting.replace(4, "45292")),
        Kind("changed before it was founded", "ORDER", planting.replace(8, "1949-10-01")),
        *planting.on_record(BUSINESS_HEADER, "字号名称"),
        *planting.on_table(BUSINESS_HEADER),
    ],
    Shape(encoding="gb18030", delimiter="\t"),
)  # fmt: skip

OFFICES = [CHANGE, ANNUAL_REPORT, BRANCH, INDIVIDUAL_BUSINESS]
