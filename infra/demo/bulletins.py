"""The economic departments, one table: what each publishes, in which unit and convention, when, and in how awkward a file."""

from infra.demo import planting
from infra.demo.economy import FIRST_QUARTER, SUMMER, YEAR_END, Bulletin, Series
from infra.demo.planting import Kind
from infra.demo.small_file import Shape

QUARTERS = {3: "一季度", 6: "上半年", 9: "前三季度", 12: "全年"}


def usual_errors(fixed: dict[str, str], *extra: Kind) -> tuple[Kind, ...]:
    """What goes wrong in any table of figures; the first figure stands behind the fixed columns."""
    headers, places, figure = list(fixed), {what: place for place, what in enumerate(fixed.values())}, len(fixed)
    kinds = [
        Kind("indicator that nobody declared", "ENUM.indicator", planting.replace(places["indicator"], "未列指标")),
        Kind("figure in words", "TYPE.value", planting.replace(figure, "暂无")),
        Kind("figure with full-width digits", "TYPE.value", planting.change(figure, planting.wide_digits)),
        Kind("figure missing", "REQUIRED.value", planting.replace(figure, "")),
        Kind("two records contradict", "KEY.CONFLICT", planting.contradict(figure, lambda text: f"{text}9")),
        Kind("same record twice", "KEY.DUPLICATE", planting.repeat(), outcome="repeated"),
        *extra,
    ]
    if "code" in places:
        kinds += [
            Kind("unknown division", "DIVISION.division_code", planting.replace(places["code"], "459999")),
            Kind("division outside Guangxi", "PATTERN.division_code", planting.replace(places["code"], "440100")),
        ]
    return (*kinds, *planting.on_table(headers)) if "数据说明" in fixed else tuple(kinds)


def below_zero(fixed: dict[str, str], code: str = "LEVEL.value") -> Kind:
    return Kind("figure below zero", code, planting.replace(len(fixed), "-5"))


PLACE = {"区划代码": "code", "地区": "name", "指标": "indicator"}
FISCAL = PLACE | {"期间": "period", "数据说明": "note"}
FINANCE = PLACE | {"数据说明": "note"}
PRICES = PLACE | {"年份": "year", "月份": "month", "数据说明": "note"}
INDUSTRY = PLACE | {"口径": "convention", "计量单位": "unit", "年份": "year", "数据说明": "note"}
EMPLOYMENT = PLACE | {"计量单位": "unit", "年份": "year", "数据说明": "note"}
CONSUMPTION = PLACE | {"时间": "period", "数据说明": "note"}
INVESTMENT = {"指标": "indicator", "口径": "convention", "计量单位": "unit", "年份": "year", "截至月份": "period", "数据说明": "note"}
POWER = {"数据说明": "note", "区划代码": "code", "地区": "name", "用电分类": "indicator"}
GROSS_PRODUCT = PLACE | {"口径": "convention", "计量单位": "unit", "年份": "year", "数据说明": "note"}
PURCHASING = {"指标": "indicator", "时间": "period", "数据说明": "note"}
TRADE = {"area.code": "code", "area.name": "name", "flow": "indicator", "period": "period", "note": "note"}

BULLETINS = [
    Bulletin(
        "economy/fiscal_tax", "xlsx",
        (
            Series("一般公共预算收入", "万元", "flow", 662, FIRST_QUARTER, 0, lead=-1),
            Series("税收收入", "万元", "flow", 385, FIRST_QUARTER, 0, lead=-1, swing=0.03),
            Series("一般公共预算支出", "万元", "flow", 2270, YEAR_END, 0),
        ),
        {"cumulative": "累计数", "cumulative_yoy_pct": "累计同比增长（%）"},
        FISCAL, "convention", lambda year, first, last: f"{year}年1-{last}月",
        Shape(sheet="财政收支（合成数据）", titles=("{year}年1-{last}月全区财政收支情况表（合成数据）", "单位：万元")),
        release=(1, 20),
        spoilt=usual_errors(FISCAL, below_zero(FISCAL), Kind("period in other words", "REQUIRED.last_month", planting.replace(3, "上半年"))),
    ),
    Bulletin(
        "economy/finance", "csv",
        (
            Series("金融机构本外币各项存款余额", "亿元", "stock", 1.60),
            Series("住户存款余额", "亿元", "stock", 0.95),
            Series("非金融企业存款余额", "亿元", "stock", 0.37),
            Series("金融机构本外币各项贷款余额", "亿元", "stock", 1.86),
            Series("住户贷款余额", "亿元", "stock", 0.61),
            Series("企（事）业单位贷款余额", "亿元", "stock", 1.24),
        ),
        {"end_of_period": "期末余额"},
        FINANCE, "period", lambda year, first, last: f"{year}年{last}月末",
        Shape(encoding="gb18030"),
        release=(1, 18), combined=False,
        spoilt=usual_errors(FINANCE, below_zero(FINANCE, "MINIMUM.value"), Kind("stray quote", "STRAY_QUOTE", planting.change(2, lambda text: text[:2] + '"' + text[2:]))),
    ),
    Bulletin(
        "economy/prices", "csv",
        (
            Series("居民消费价格指数", "指数", "index", 0.3, swing=0.02, lead=-6, festival=0.4),
            Series("食品烟酒类居民消费价格指数", "指数", "index", 0.8, swing=0.03, lead=-6, festival=1.0),
            Series("居住类居民消费价格指数", "指数", "index", -0.1),
            Series("工业生产者出厂价格指数", "指数", "index", -0.5, swing=0.06, lead=-3, region_only=True),
            Series("工业生产者购进价格指数", "指数", "index", -0.6, swing=0.07, lead=-3, region_only=True),
        ),
        {"previous_month_index": "上月=100", "same_month_index": "上年同月=100", "same_period_index": "上年同期=100"},
        PRICES, "convention", lambda year, first, last: f"{year}-{last:02d}",
        Shape(delimiter=";"),
        release=(1, 12), combined=False,
        spoilt=usual_errors(PRICES, Kind("a growth rate for an index", "MINIMUM.value", planting.replace(len(PRICES), "0.3")),
                       Kind("a thirteenth month", "MAXIMUM.last_month", planting.replace(4, "13"))),
    ),
    Bulletin(
        "economy/industry", "xlsx",
        (
            Series("规模以上工业增加值", "%", "flow", 0.26, festival=-0.12, conventions=("yoy_pct", "cumulative_yoy_pct")),
            Series("规模以上制造业增加值", "%", "flow", 0.21, swing=0.025, festival=-0.14, conventions=("yoy_pct", "cumulative_yoy_pct")),
            Series("规模以上工业营业收入", "亿元", "flow", 0.82, festival=-0.1, conventions=("cumulative", "cumulative_yoy_pct")),
            Series("规模以上工业利润总额", "亿元", "flow", 0.034, swing=0.08, festival=-0.1, conventions=("cumulative", "cumulative_yoy_pct")),
            Series("规模以上工业亏损企业亏损额", "亿元", "flow", 0.012, swing=-0.06, lead=-2, conventions=("cumulative", "cumulative_yoy_pct")),
        ),
        {"yoy_pct": "当月同比增长（%）", "cumulative": "累计", "cumulative_yoy_pct": "累计同比增长（%）"},
        INDUSTRY, "period", lambda year, first, last: "1-2月" if last == 2 else f"{last}月",
        Shape(sheet="规模以上工业", titles=("{year}年规模以上工业主要指标（合成数据）",)),
        release=(1, 25),
        spoilt=usual_errors(INDUSTRY, Kind("convention in other words", "REQUIRED.convention", planting.replace(3, "比去年同期")),
                       Kind("unit of another indicator", "UNIT.unit", planting.change(4, lambda text: "亿元" if text == "%" else "%"))),
    ),
    Bulletin(
        "economy/employment", "csv",
        (
            Series("城镇新增就业人数", "人", "flow", 0.0082, decimals=0, per="persons", conventions=("cumulative",)),
            Series("城镇失业人员再就业人数", "人", "flow", 0.0021, decimals=0, per="persons", conventions=("cumulative",)),
            Series("就业困难人员就业人数", "人", "flow", 0.0007, decimals=0, per="persons", conventions=("cumulative",)),
            Series("农村劳动力转移就业新增人数", "人", "flow", 0.0140, decimals=0, per="persons", conventions=("cumulative",)),
            Series("补贴性职业技能培训人次", "人", "flow", 0.0052, decimals=0, per="persons", conventions=("cumulative",)),
            Series("城镇调查失业率", "%", "rate", 5.3, decimals=1, lead=-4, conventions=("current",)),
        ),
        {"cumulative": "累计", "current": "当期"},
        EMPLOYMENT, "period", lambda year, first, last: QUARTERS[last],
        Shape(encoding="utf-8-sig"),
        release=(1, 25), combined=False, quarterly=True,
        spoilt=usual_errors(EMPLOYMENT, below_zero(EMPLOYMENT, "MINIMUM.value"), Kind("year with its character", "TYPE.year", planting.replace(4, "2024年"))),
    ),
    Bulletin(
        "economy/consumption", "csv",
        (
            Series("社会消费品零售总额", "亿元", "flow", 0.316, YEAR_END, festival=0.05),
            Series("限额以上单位消费品零售额", "亿元", "flow", 0.105, YEAR_END),
            Series("餐饮收入", "亿元", "flow", 0.034, FIRST_QUARTER, festival=0.1),
        ),
        {"current": "本期", "cumulative": "累计", "cumulative_yoy_pct": "累计同比（%）"},
        CONSUMPTION, "convention", lambda year, first, last: f"{year}年1-2月" if last == 2 else f"{year}年{last}月",
        Shape(encoding="gb18030", titles=("{year}年1-{last}月社会消费品零售总额（合成数据）", "单位：亿元"), footer="注：1月不单独公布，1-2月合并公布。"),
        release=(1, 18),
        spoilt=usual_errors(CONSUMPTION, below_zero(CONSUMPTION), Kind("January published alone", "JANUARY-ALONE", planting.replace(3, "2024年1月"))),
    ),
    Bulletin(
        "economy/investment", "xlsx",
        (
            Series("固定资产投资（不含农户）", "%", "flow", 0.75, YEAR_END, swing=0.03, lead=2, conventions=("cumulative_yoy_pct",)),
            Series("工业投资", "%", "flow", 0.27, YEAR_END, conventions=("cumulative_yoy_pct",)),
            Series("基础设施投资", "%", "flow", 0.20, YEAR_END, conventions=("cumulative_yoy_pct",)),
            Series("民间投资", "%", "flow", 0.33, YEAR_END, conventions=("cumulative_yoy_pct",)),
            Series("房地产开发投资", "亿元", "flow", 0.062, YEAR_END),
            Series("商品房销售面积", "万平方米", "flow", 0.11, YEAR_END, swing=0.06, lead=5),
            Series("商品房销售额", "亿元", "flow", 0.063, YEAR_END, swing=0.06, lead=5),
        ),
        {"cumulative": "累计", "cumulative_yoy_pct": "累计同比增长（%）"},
        INVESTMENT, "division", lambda year, first, last: f"1-{last}月",
        Shape(sheet="固定资产投资（合成数据）", titles=("{year}年固定资产投资（合成数据）",)),
        release=(1, 19),
        spoilt=usual_errors(INVESTMENT, Kind("month alone for a sum since January", "REQUIRED.last_month", planting.replace(4, "6月"))),
    ),
    Bulletin(
        "economy/power", "tsv",
        (
            Series("全社会用电量", "万千瓦时", "sum", decimals=0, parts=("第一产业", "采矿业", "制造业", "电力、热力、燃气及水生产和供应业", "建筑业", "第三产业", "城乡居民生活")),
            Series("第一产业", "万千瓦时", "flow", 14, SUMMER, 0),
            Series("第二产业", "万千瓦时", "sum", decimals=0, parts=("采矿业", "制造业", "电力、热力、燃气及水生产和供应业", "建筑业")),
            Series("工业", "万千瓦时", "sum", decimals=0, parts=("采矿业", "制造业", "电力、热力、燃气及水生产和供应业")),
            Series("采矿业", "万千瓦时", "flow", 18, decimals=0, festival=-0.2),
            Series("制造业", "万千瓦时", "flow", 410, decimals=0, lead=1, festival=-0.2),
            Series("电力、热力、燃气及水生产和供应业", "万千瓦时", "flow", 115, decimals=0),
            Series("建筑业", "万千瓦时", "flow", 17, decimals=0, festival=-0.25),
            Series("第三产业", "万千瓦时", "flow", 150, SUMMER, 0),
            Series("城乡居民生活", "万千瓦时", "flow", 190, SUMMER, 0),
        ),
        {"current": "当月"},
        POWER, "period", lambda year, first, last: f"{year}{last:02d}",
        Shape(delimiter="\t", trailing_delimiter=True),
        release=(1, 15), combined=False,
        spoilt=usual_errors(POWER, below_zero(POWER, "MINIMUM.value"), Kind("control character", "CONTROL_CHAR", planting.change(3, lambda text: text[:2] + "\x01" + text[2:]))),
    ),
    Bulletin(
        "economy/trade", "json",
        (
            Series("进出口", "万元", "sum", decimals=0, parts=("出口", "进口")),
            Series("出口", "万元", "flow", 1340, YEAR_END, 0, swing=0.05, lead=3, festival=-0.1),
            Series("进口", "万元", "flow", 1210, decimals=0, swing=0.05, lead=1, festival=-0.1),
        ),
        {"current": "currentValue", "cumulative": "cumulativeValue", "cumulative_yoy_pct": "cumulativeGrowth"},
        TRADE, "convention", lambda year, first, last: f"{year}01-02" if last == 2 else f"{year}{last:02d}",
        Shape(envelope={"code": 0, "message": "合成数据", "unit": "万元"}, records="list"),
        release=(1, 18),
        spoilt=usual_errors(TRADE, below_zero(TRADE), Kind("period with a dash", "REQUIRED.year", planting.replace(3, "2024-06"))),
    ),
    Bulletin(
        "economy/gdp_regional", "csv",
        (
            Series("地区生产总值", "亿元", "sum", parts=("第一产业增加值", "第二产业增加值", "第三产业增加值")),
            Series("第一产业增加值", "亿元", "flow", 1.0, (5, 5, 6, 7, 7, 8, 10, 10, 10, 11, 11, 10), per="第一产业", swing=0.005),
            Series("第二产业增加值", "亿元", "flow", 1.0, (7, 7, 8, 8, 8, 9, 8, 8, 9, 9, 9, 10), per="第二产业", festival=-0.05),
            Series("第三产业增加值", "亿元", "flow", 1.0, (8, 8, 8, 8, 8, 9, 8, 8, 8, 9, 9, 9), per="第三产业", swing=0.015),
        ),
        {"cumulative": "累计", "cumulative_yoy_pct": "累计同比增长（%）"},
        GROSS_PRODUCT, "period", lambda year, first, last: QUARTERS[last],
        Shape(),
        release=(1, 22), combined=False, quarterly=True,
        spoilt=usual_errors(GROSS_PRODUCT, below_zero(GROSS_PRODUCT), Kind("year with its character", "TYPE.year", planting.replace(5, "2024年"))),
    ),
    Bulletin(
        "economy/purchasing_managers", "csv",
        (
            Series("制造业采购经理指数", "%", "mean", decimals=1, region_only=True, parts=("新订单指数", "生产指数", "从业人员指数", "供应商配送时间指数", "原材料库存指数"), weights=(0.30, 0.25, 0.20, 0.15, 0.10)),
            Series("新订单指数", "%", "diffusion", 50.6, decimals=1, region_only=True, lead=5, festival=-0.2),
            Series("生产指数", "%", "diffusion", 50.9, decimals=1, region_only=True, lead=3, festival=-0.3),
            Series("从业人员指数", "%", "diffusion", 48.6, decimals=1, region_only=True, lead=1),
            Series("供应商配送时间指数", "%", "diffusion", 50.1, decimals=1, region_only=True, lead=2),
            Series("原材料库存指数", "%", "diffusion", 48.3, decimals=1, region_only=True, lead=2),
        ),
        {"current": "当月"},
        PURCHASING, "convention", lambda year, first, last: f"{year}年{last}月",
        Shape(titles=("采购经理指数（合成数据）",)),
        release=(1, 2), combined=False,
        spoilt=usual_errors(PURCHASING, Kind("index above a hundred", "MAXIMUM.value", planting.replace(3, "150"))),
    ),
]  # fmt: skip
