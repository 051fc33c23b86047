"""Synthetic gross output of industry above designated size: industry × city × month, the largest industries of Guangxi first.

Shares and the way an industry follows the business cycle are ours, in the order of size that Guangxi's industry is known for (metals,
cars, food, electricity); together they make nine tenths of the published GDP.
"""

from dataclasses import replace
from pathlib import Path

from infra.demo import planting
from infra.demo.bulletins import below_zero
from infra.demo.economy import Bulletin, Series
from infra.demo.planting import Kind
from infra.demo.small_file import Shape

FEED = "economy/industry_output"
SEASON = (7, 7, 8, 8, 8, 9, 8, 8, 9, 9, 9, 9)
# code and name of GB/T 4754-2017, share of the output in per cent, swing with the cycle, lead in months
INDUSTRIES = [
    ("32", "有色金属冶炼和压延加工业", 12.0, 0.04, 2), ("31", "黑色金属冶炼和压延加工业", 11.0, 0.05, 2), ("44", "电力、热力生产和供应业", 9.0, 0.015, 0),
    ("36", "汽车制造业", 8.5, 0.04, 1), ("13", "农副食品加工业", 8.0, 0.01, 0), ("39", "计算机、通信和其他电子设备制造业", 7.5, 0.05, 3),
    ("30", "非金属矿物制品业", 6.0, 0.04, 1), ("25", "石油、煤炭及其他燃料加工业", 5.5, 0.04, 1), ("26", "化学原料和化学制品制造业", 4.5, 0.035, 1),
    ("38", "电气机械和器材制造业", 4.2, 0.04, 2), ("20", "木材加工和木、竹、藤、棕、草制品业", 4.0, 0.03, 0), ("22", "造纸和纸制品业", 2.4, 0.025, 1),
    ("33", "金属制品业", 1.6, 0.03, 1), ("35", "专用设备制造业", 1.5, 0.04, 2), ("15", "酒、饮料和精制茶制造业", 1.4, 0.01, -1),
    ("27", "医药制造业", 1.3, 0.01, -1), ("29", "橡胶和塑料制品业", 1.1, 0.03, 1), ("14", "食品制造业", 1.1, 0.01, -1),
    ("37", "铁路、船舶、航空航天和其他运输设备制造业", 0.9, 0.03, 0), ("34", "通用设备制造业", 0.9, 0.035, 2), ("42", "废弃资源综合利用业", 0.8, 0.04, 2),
    ("17", "纺织业", 0.8, 0.02, 1), ("09", "有色金属矿采选业", 0.7, 0.04, 2), ("10", "非金属矿采选业", 0.6, 0.03, 1), ("45", "燃气生产和供应业", 0.6, 0.01, 0),
    ("16", "烟草制品业", 0.6, 0.005, 0), ("18", "纺织服装、服饰业", 0.5, 0.02, 0), ("19", "皮革、毛皮、羽毛及其制品和制鞋业", 0.5, 0.025, 0),
    ("24", "文教、工美、体育和娱乐用品制造业", 0.4, 0.03, 1), ("21", "家具制造业", 0.4, 0.03, 1), ("23", "印刷和记录媒介复制业", 0.3, 0.02, 0),
    ("46", "水的生产和供应业", 0.3, 0.005, 0), ("08", "黑色金属矿采选业", 0.2, 0.05, 2), ("41", "其他制造业", 0.2, 0.03, 0), ("40", "仪器仪表制造业", 0.2, 0.03, 2),
    ("28", "化学纤维制造业", 0.15, 0.03, 1), ("06", "煤炭开采和洗选业", 0.15, 0.04, 1), ("43", "金属制品、机械和设备修理业", 0.1, 0.02, 0),
    ("11", "开采专业及辅助性活动", 0.05, 0.03, 1), ("07", "石油和天然气开采业", 0.05, 0.02, 0),
]  # fmt: skip
FIXED = {"区划代码": "code", "地区": "name", "行业代码": "industry", "行业名称": "indicator", "年份": "year", "月份": "month", "数据说明": "note"}
SPOILT = (
    Kind("industry that the standard does not have", "PATTERN.industry_code", planting.replace(2, "98")),
    Kind("figure in words", "TYPE.value", planting.replace(len(FIXED), "暂无")),
    Kind("figure missing", "REQUIRED.value", planting.replace(len(FIXED), "")),
    Kind("two records contradict", "KEY.CONFLICT", planting.contradict(len(FIXED), lambda text: f"{text}9")),
    Kind("same record twice", "KEY.DUPLICATE", planting.repeat(), outcome="repeated"),
    below_zero(FIXED, "MINIMUM.value"),
    *planting.on_table(list(FIXED)),
)
OUTPUT = Bulletin(
    FEED, "csv",
    tuple(Series(name, "亿元", "flow", 0.9 * share / sum(share for _, _, share, _, _ in INDUSTRIES), SEASON, code=code, swing=swing, lead=lead, festival=-0.15) for code, name, share, swing, lead in INDUSTRIES),
    {"current": "当月总产值"},
    FIXED, "convention", lambda year, first, last: str(last),
    Shape(encoding="gb18030"),
    release=(1, 25), combined=False,
    spoilt=SPOILT,
)  # fmt: skip


def write_deliveries(folder: Path, planted_to: Path, *, industries: int, months: int, seed: int) -> list[Path]:
    """The publications of the largest industries."""
    return replace(OUTPUT, series=OUTPUT.series[:industries]).write_deliveries(folder, planted_to, months=months, seed=seed)
