"""Synthetic offices of the credit system: permits, four lists, tax credit levels, repairs. XLSX, CSV and JSON.

Every record names an enterprise of the synthetic register, a legal basis that exists, and the one class of the national
catalogue of public credit information that its list belongs to.
"""

from dataclasses import dataclass

import numpy as np

from infra.demo import planting
from infra.demo.csv_stream import dates
from infra.demo.draw import choose, uniform, whole
from infra.demo.enterprises import Department
from infra.demo.offices import FIRST_DAY, LAST_DAY, NOTE, Office, codes_and_names, divisions, places, rows_of, some, spread, years
from infra.demo.planting import Kind
from infra.demo.small_file import Shape

CLASS = {"court": "02", "administrative": "03", "abnormal": "05", "serious": "06", "evaluation": "09"}  # of the catalogue, 2024
DAYS = int((LAST_DAY - FIRST_DAY).astype(int)) + 1
OPEN = ""  # no day of leaving yet

# permit, kind, office, legal basis, years it is valid
PERMITS = [
    ("食品经营许可", "普通", "市场监督管理局", "《中华人民共和国食品安全法》第三十五条", 5),
    ("排污许可", "普通", "生态环境局", "《排污许可管理条例》第二条", 5),
    ("建筑工程施工许可", "普通", "住房和城乡建设局", "《中华人民共和国建筑法》第七条", 2),
    ("危险化学品经营许可", "普通", "应急管理局", "《危险化学品安全管理条例》第三十三条", 3),
    ("建筑业企业资质", "认可", "住房和城乡建设局", "《中华人民共和国建筑法》第十三条", 5),
    ("特种设备使用登记", "登记", "市场监督管理局", "《中华人民共和国特种设备安全法》第三十三条", 10),
]


def permits(department: Department, numbers: np.ndarray) -> list[list[str]]:
    """One permit granted on a day and valid from then on."""
    seed, state = department.seed, some(department, "permit of", numbers)
    codes, names = codes_and_names(department, state)
    case = [PERMITS[place] for place in choose(seed, "permit", numbers, [40, 10, 14, 8, 12, 16])]
    day = np.maximum(FIRST_DAY + whole(seed, "permit day", numbers, DAYS), state.established)
    until = day + np.array([years_valid * 365 for *_, years_valid in case])
    documents = [f"桂合成许准字〔{year}〕{number:07d}号" for year, number in zip(years(day), numbers, strict=True)]
    offices = [f"{place}{office}" for place, (_, _, office, _, _) in zip(places(state.county), case, strict=True)]
    days = dates(day).to_pylist()
    return rows_of(
        documents, codes, names, divisions(state.county, day), [CLASS["administrative"]] * len(codes), [kind for _, kind, *_ in case], [what for what, *_ in case],
        [basis for *_, basis, _ in case], offices, days, days, dates(until).to_pylist(), [NOTE] * len(codes),
    )  # fmt: skip


PERMIT_HEADER = ["许可决定文书号", "统一社会信用代码", "行政相对人名称", "行政区划代码", "信用信息类别代码", "许可类别", "许可内容", "许可依据", "许可机关", "许可决定日期", "有效期自", "有效期至", "数据说明"]  # fmt: skip
PERMIT = Office(
    "credit/permit", "csv", PERMIT_HEADER, "许可决定日期", permits,
    [
        *planting.on_enterprise(PERMIT_HEADER),
        Kind("class outside the catalogue", "ENUM.category_code", planting.replace(4, "99")),
        Kind("kind the law does not know", "ENUM.permit_kind", planting.replace(5, "备案")),
        Kind("missing legal basis", "REQUIRED.legal_basis", planting.replace(7, "")),
        Kind("decided in the future", "FUTURE.decision_date", planting.replace(9, "2098-06-01")),
        Kind("impossible date", "TYPE.decision_date", planting.replace(9, "2023-02-29")),
        Kind("ends before it begins", "VALIDITY", planting.replace(11, "2001-01-01")),
        *planting.on_record(PERMIT_HEADER, "许可内容"),
        *planting.on_table(PERMIT_HEADER),
    ],
    Shape(encoding="gb18030"),
)  # fmt: skip


@dataclass(frozen=True)
class CreditList:
    """A list that enterprises enter for a reason and leave for another. `cases` are (reason, legal basis of the entry), `office` follows the place."""

    mark: str
    category: str
    cases: list[tuple[str, str]]
    leaves: str
    office: str
    stays_days: tuple[int, int]
    months: int = 0  # after which the listing expires by itself; 0: it does not

    def __call__(self, department: Department, numbers: np.ndarray) -> list[list[str]]:
        """Each listing as it was made, and those that ended once more with day, reason and decider of the end."""
        seed, state = department.seed, some(department, f"{self.mark} of", numbers)
        codes, names = codes_and_names(department, state)
        case = [self.cases[place] for place in whole(seed, f"{self.mark} case", numbers, len(self.cases))]
        came = np.maximum(FIRST_DAY + whole(seed, f"{self.mark} day", numbers, DAYS), state.established)
        shortest, longest = self.stays_days
        left = came + shortest + whole(seed, f"{self.mark} stays", numbers, longest - shortest)
        expires = dates(came + self.months * 365 // 12).to_pylist() if self.months else [OPEN] * len(codes)
        offices = [f"{place}{self.office}" for place in places(state.county)]
        identifiers = [f"桂合成{self.mark}〔{year}〕{number:07d}号" for year, number in zip(years(came), numbers, strict=True)]
        last = len(codes)

        def stand(out_day: list[str], out_reason: list[str], out_office: list[str], changed: np.ndarray) -> list[list[str]]:
            return rows_of(
                identifiers, codes, names, divisions(state.county, changed), [CLASS[self.category]] * last, dates(came).to_pylist(), [reason for reason, _ in case],
                [basis for _, basis in case], offices, expires, out_day, out_reason, out_office, dates(changed).to_pylist(), [NOTE] * last,
            )  # fmt: skip

        entered = stand([OPEN] * last, [OPEN] * last, [OPEN] * last, came)
        ended = stand(dates(left).to_pylist(), [self.leaves] * last, offices, left)
        return entered + [row for row, is_over in zip(ended, left <= LAST_DAY, strict=True) if is_over]


LIST_HEADER = ["名单编号", "统一社会信用代码", "企业名称", "行政区划代码", "信用信息类别代码", "列入日期", "列入原因", "列入依据", "列入决定机关", "届满日期", "移出日期", "移出原因", "移出决定机关", "数据变更日期", "数据说明"]  # fmt: skip
DEBTOR_HEADER = ["案号", "统一社会信用代码", "被执行人名称", "行政区划代码", "信用信息类别代码", "发布日期", "失信行为情形", "列入依据", "执行法院", "失信期限届满日期", "屏蔽日期", "屏蔽原因", "屏蔽决定法院", "数据变更日期", "数据说明"]  # fmt: skip


def _list_kinds(header: list[str]) -> list[Kind]:
    return [
        *planting.on_enterprise(header),
        Kind("class of another list", "ENUM.category_code", planting.replace(4, "13")),
        Kind("missing legal basis", "REQUIRED.legal_basis", planting.replace(7, "")),
        Kind("no office decided", "REQUIRED.in_authority_name", planting.replace(8, "")),
        Kind("impossible date", "TYPE.in_date", planting.replace(5, "2023-13-01")),
        Kind("entered in the future", "FUTURE.in_date", planting.replace(5, "2098-01-01")),
        Kind("left before it entered", "LEFT-AFTER-ENTERED", lambda fields, header: [([*fields[:10], "2001-01-01", "更正", fields[8], *fields[13:]], True)]),
        Kind("left, and nobody says why", "LEFT-WITH-REASON", lambda fields, header: [([*fields[:10], fields[13], "", *fields[12:]], True)]),
        *planting.on_record(header, header[6]),
    ]


ABNORMAL = Office(
    "credit/abnormal_operation_list", "csv", LIST_HEADER, "数据变更日期",
    CreditList(
        "异名", "abnormal",
        [
            ("未按照规定的期限公示年度报告", "《企业信息公示暂行条例》第十七条"),
            ("通过登记的住所或者经营场所无法联系", "《企业经营异常名录管理暂行办法》第九条"),
            ("公示企业信息隐瞒真实情况、弄虚作假", "《企业经营异常名录管理暂行办法》第八条"),
        ],
        "补报未报年份的年度报告并公示", "市场监督管理局", (20, 900),
    ),
    [*_list_kinds(LIST_HEADER), *planting.on_table(LIST_HEADER)],
    Shape(encoding="gb18030"),
)  # fmt: skip

SERIOUS = Office(
    "credit/serious_violation_list", "xlsx", LIST_HEADER, "数据变更日期",
    CreditList(
        "严名", "serious",
        [
            ("实施生产经营不符合食品安全标准的食品等违法行为", "《市场监督管理严重违法失信名单管理办法》第五条"),
            ("生产销售不符合保障人身、财产安全国家标准的产品", "《市场监督管理严重违法失信名单管理办法》第七条"),
            ("提交虚假材料取得市场主体登记", "《市场监督管理严重违法失信名单管理办法》第十条"),
        ],
        "列入之日起满三年", "市场监督管理局", (365, 1095), months=36,
    ),
    [*_list_kinds(LIST_HEADER), *planting.on_table(LIST_HEADER)],
    Shape(sheet="严重违法失信名单（合成数据）", titles=("严重违法失信名单（合成数据）",)),
)  # fmt: skip

DEBTOR = Office(
    "credit/dishonest_debtor", "json", DEBTOR_HEADER, "数据变更日期",
    CreditList(
        "执字", "court",
        [
            ("有履行能力而拒不履行生效法律文书确定义务", "《最高人民法院关于公布失信被执行人名单信息的若干规定》第一条第一项"),
            ("违反财产报告制度", "《最高人民法院关于公布失信被执行人名单信息的若干规定》第一条第四项"),
            ("违反限制消费令", "《最高人民法院关于公布失信被执行人名单信息的若干规定》第一条第五项"),
        ],
        "已履行生效法律文书确定的义务", "人民法院", (30, 730), months=24,
    ),
    _list_kinds(DEBTOR_HEADER),
    Shape(envelope={"发布单位": "合成数据", "说明": "合成数据，案件与当事人均不存在"}, records="失信被执行人"),
)  # fmt: skip

LEVELS = ["A", "B", "M", "C", "D"]
TAX_HEADER = ["统一社会信用代码", "纳税人名称", "行政区划代码", "信用信息类别代码", "评价年度", "纳税信用级别", "评价得分", "评价依据", "评价机关", "有效期自", "有效期至", "评价日期", "数据说明"]  # fmt: skip


def tax_levels(department: Department, numbers: np.ndarray) -> list[list[str]]:
    """The levels of 2021, 2022 and 2023, told in April of the next year; one in forty is evaluated again a month later and gains a level."""
    enterprises = spread(department, numbers)
    rows = []
    for year in (2021, 2022, 2023):
        day = np.datetime64(f"{year + 1}-04-20")
        mine = enterprises[(numbers % 3 == year % 3) & (department.base(enterprises).established < day - 365)]
        level = choose(department.seed, f"tax level {year}", mine, [12, 48, 25, 10, 5])
        again = (uniform(department.seed, f"tax again {year}", mine) < 1 / 40) & (level > 0)
        rows += _levels(department, mine, year, level, day)
        rows += _levels(department, mine[again], year, level[again] - 1, day + 35)
    return rows


def _levels(department: Department, enterprises: np.ndarray, year: int, level: np.ndarray, day: np.datetime64) -> list[list[str]]:
    state = department.base(enterprises)
    codes, names = codes_and_names(department, state)
    best = np.array([99, 89, 79, 69, 39])[level]
    scores = [f"{one:.1f}" if LEVELS[place] != "M" else OPEN for one, place in zip(best - 9 * uniform(department.seed, "tax score", enterprises), level, strict=True)]
    days = np.full(len(codes), day)
    offices = [f"国家税务总局{place}税务局" for place in places(state.county)]
    basis = ["《纳税信用管理办法（试行）》（国家税务总局公告2014年第40号）"] * len(codes)
    valid = [[f"{year + 1}-04-20"] * len(codes), [f"{year + 2}-04-19"] * len(codes)]
    levels = [LEVELS[place] for place in level]
    return rows_of(
        codes,
        names,
        divisions(state.county, days),
        [CLASS["evaluation"]] * len(codes),
        [year] * len(codes),
        levels,
        scores,
        basis,
        offices,
        *valid,
        [str(day)] * len(codes),
        [NOTE] * len(codes),
    )


TAX_LEVEL = Office(
    "credit/tax_credit_level", "xlsx", TAX_HEADER, "评价日期", tax_levels,
    [
        *planting.on_enterprise(TAX_HEADER),
        Kind("class of another list", "ENUM.category_code", planting.replace(3, "03")),
        Kind("level that does not exist", "ENUM.tax_credit_level", planting.replace(5, "E")),
        Kind("more than a hundred points", "MAXIMUM.score", planting.replace(6, "101.5")),
        Kind("evaluated in the future", "FUTURE.evaluation_date", planting.replace(11, "2098-04-20")),
        Kind("evaluated before the year was over", "AFTER-THE-YEAR", planting.replace(11, "2021-06-01")),
        *planting.on_record(TAX_HEADER, "评价机关"),
        *planting.on_table(TAX_HEADER),
    ],
    Shape(sheet="纳税信用评价结果（合成数据）", titles=("纳税信用评价结果（合成数据）", "评价机关：国家税务总局广西壮族自治区税务局"), numbers=frozenset({"评价年度", "评价得分"})),
)  # fmt: skip

# mark of the repaired record, its class, the office
REPAIRED = [("罚", "administrative", "市场监督管理局"), ("异名", "abnormal", "市场监督管理局"), ("严名", "serious", "市场监督管理局"), ("罚", "administrative", "发展和改革委员会")]
REPAIR_HEADER = ["修复决定文号", "统一社会信用代码", "企业名称", "行政区划代码", "被修复信息类别代码", "被修复文书号", "申请日期", "修复依据", "受理机关", "决定日期", "修复决定", "数据说明"]  # fmt: skip


def repairs(department: Department, numbers: np.ndarray) -> list[list[str]]:
    """One decision on an application to repair a record, from the day on which the rule came into force."""
    seed, state = department.seed, some(department, "repair of", numbers)
    codes, names = codes_and_names(department, state)
    what = [REPAIRED[place] for place in choose(seed, "repaired", numbers, [50, 25, 10, 15])]
    in_force = np.datetime64("2023-05-01")
    applied = np.maximum(in_force + whole(seed, "repair day", numbers, 390), state.established)
    decided = applied + 3 + whole(seed, "repair takes", numbers, 20)
    documents = [f"桂合成信修〔{year}〕{number:06d}号" for year, number in zip(years(decided), numbers, strict=True)]
    repaired = [f"桂合成{mark}〔{year}〕{number:07d}号" for (mark, _, _), year, number in zip(what, years(applied), numbers, strict=True)]
    offices = [f"{place}{office}" for place, (_, _, office) in zip(places(state.county), what, strict=True)]
    decisions = [["准予修复", "不予修复"][place] for place in choose(seed, "repair decision", numbers, [88, 12])]
    basis = ["《失信行为纠正后的信用信息修复管理办法（试行）》（国家发展改革委令第58号）"] * len(codes)
    categories = [CLASS[category] for _, category, _ in what]
    return rows_of(
        documents,
        codes,
        names,
        divisions(state.county, decided),
        categories,
        repaired,
        dates(applied).to_pylist(),
        basis,
        offices,
        dates(decided).to_pylist(),
        decisions,
        [NOTE] * len(codes),
    )


REPAIR = Office(
    "credit/repair", "csv", REPAIR_HEADER, "决定日期", repairs,
    [
        *planting.on_enterprise(REPAIR_HEADER),
        Kind("class that nobody can repair", "ENUM.category_code", planting.replace(4, "01")),
        Kind("missing legal basis", "REQUIRED.legal_basis", planting.replace(7, "")),
        Kind("decided before it was asked for", "ORDER", planting.replace(6, "2024-12-31")),
        Kind("decision in other words", "ENUM.decision", planting.replace(10, "同意")),
        Kind("date with slashes", "TYPE.application_date", planting.change(6, lambda text: text.replace("-", "/"))),
        *planting.on_record(REPAIR_HEADER, "被修复文书号"),
        *planting.on_table(REPAIR_HEADER),
        Kind("quote never closed", "UNCLOSED_QUOTE", planting.change(11, lambda text: '"' + text)),
    ],
    Shape(delimiter=";"),
)  # fmt: skip

OFFICES: list[Office] = [PERMIT, ABNORMAL, SERIOUS, DEBTOR, TAX_LEVEL, REPAIR]
