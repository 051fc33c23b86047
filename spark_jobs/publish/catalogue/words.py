"""Words in two languages, taken apart where the contracts and models write them as one line."""

import re

SENTENCES = re.compile(r"^(?P<zh>.*?[\u3000-\u9fff；。）》].*?[。；）])\s*(?P<en>[A-Za-z0-9][^\u4e00-\u9fff]*)$", re.S)
BRACKETS = re.compile(r"^(?P<zh>.*[\u4e00-\u9fff].*?)\s*[（(](?P<en>[A-Za-z][^\u4e00-\u9fff]*)[）)]$", re.S)
UNIT = re.compile(r"^(?P<zh>.*[^\x00-\x7f]\S*)\s+(?P<en>[\x00-\x7f]+)$")
SHARING = {
    "无条件共享": {"zh": "无条件共享", "en": "shared without condition"},
    "有条件共享": {"zh": "有条件共享", "en": "shared on condition"},
    "不予共享": {"zh": "不予共享", "en": "not shared"},
}
SENSITIVITY = {
    "public": {"zh": "公开", "en": "public"},
    "internal": {"zh": "内部", "en": "internal"},
    "personal": {"zh": "个人信息", "en": "personal"},
    "sensitive-personal": {"zh": "敏感个人信息（仅以密钥代号入库）", "en": "sensitive personal (kept as a keyed token only)"},
}
KINDS = {
    "event": {"zh": "事件：只增一次", "en": "event: appended once"},
    "register": {"zh": "登记：按有效期", "en": "register: history by validity"},
    "series": {"zh": "序列：每次公布都在", "en": "series: every vintage"},
    "reference": {"zh": "标准：按版次生效", "en": "reference: effective-dated"},
}
DOMAINS = {
    "macro": {"zh": "宏观经济", "en": "Macro-economy"},
    "economy": {"zh": "经济", "en": "Economy"},
    "industry": {"zh": "工业", "en": "Industry"},
    "population": {"zh": "人口", "en": "Population"},
    "legal_person": {"zh": "法人", "en": "Legal persons"},
    "credit": {"zh": "信用", "en": "Credit"},
    "environment": {"zh": "生态环境", "en": "Environment"},
    "operations": {"zh": "数据运行", "en": "Operations"},
    "dimension": {"zh": "公共维度", "en": "Shared dimensions"},
    "reference": {"zh": "标准与代码", "en": "Standards and codes"},
}
# days between two deliveries at most → words, and the name in the EU's list of frequencies
CYCLES = [
    (0.05, "每小时", "hourly", "HOURLY"),
    (0.5, "每日数次", "several times a day", "OTHER"),
    (1.5, "每日", "daily", "DAILY"),
    (8, "每周", "weekly", "WEEKLY"),
    (31, "每月", "monthly", "MONTHLY"),
    (92, "每季", "quarterly", "QUARTERLY"),
    (184, "每半年", "twice a year", "ANNUAL_2"),
    (367, "每年", "yearly", "ANNUAL"),
    (1e9, "不定期（有新版时）", "irregular (with a new edition)", "IRREG"),
]


CONDITIONS = {
    "无条件共享": {"zh": "无，各部门按履职需要直接取用", "en": "none: every department may take it for its duties"},
    "有条件共享": {"zh": "按履职需要申请，经提供部门同意", "en": "on request for a duty, agreed by the department that provides it"},
    "不予共享": {"zh": "依法不予共享", "en": "not shared, by law"},
}
MODES = {
    "无条件共享": {"zh": "发布批次中的集市与维表、导出、接口", "en": "marts and dimensions of the release, exports, shares"},
    "有条件共享": {"zh": "发布批次中的汇总集市；明细经批准后导出或接口", "en": "aggregated marts of the release; details by export or share once granted"},
    "不予共享": {"zh": "无", "en": "none"},
}
DEPARTMENTS = {
    "自治区市场监督管理局": "Market Supervision Administration of Guangxi",
    "自治区高级人民法院": "High People's Court of Guangxi",
    "自治区信用信息中心": "Credit Information Centre of Guangxi",
    "国家税务总局广西壮族自治区税务局": "Guangxi Tax Service, State Taxation Administration",
    "自治区统计局": "Bureau of Statistics of Guangxi",
    "自治区人力资源和社会保障厅": "Department of Human Resources and Social Security of Guangxi",
    "中国人民银行广西壮族自治区分行": "Guangxi Branch, People's Bank of China",
    "自治区财政厅": "Department of Finance of Guangxi",
    "国家统计局广西调查总队": "Survey Office of the National Bureau of Statistics in Guangxi",
    "广西电网公司": "Guangxi Power Grid Company",
    "南宁海关": "Nanning Customs",
    "自治区生态环境厅": "Department of Ecology and Environment of Guangxi",
    "自治区工业和信息化厅": "Department of Industry and Information Technology of Guangxi",
    "自治区公安厅": "Department of Public Security of Guangxi",
    "自治区民政厅": "Department of Civil Affairs of Guangxi",
    "数据平台": "Data platform",
}


def two(text: str) -> dict[str, str]:
    """`中文 · English`, `中文。English.` or `中文 (English)` as two texts; what is in one language only stands for both."""
    text = " ".join((text or "").split())
    if " · " in text:
        zh, _, en = text.partition(" · ")
        return {"zh": zh.strip(), "en": en.strip()}
    found = SENTENCES.match(text) or BRACKETS.match(text)
    return {"zh": found["zh"].strip(), "en": found["en"].strip()} if found else {"zh": text, "en": text}


def unit(text: str | None) -> dict[str, str] | None:
    """`亿元 CNY 100 million` as two texts."""
    if not text:
        return None
    found = UNIT.match(text)
    return {"zh": found["zh"], "en": found["en"]} if found else two(text)


def cycle(days: float) -> dict[str, str]:
    _, zh, en, code = next(line for line in CYCLES if days <= line[0])
    return {"zh": zh, "en": en, "code": code}


def hours(count: float) -> dict[str, str]:
    if count >= 72:
        return {"zh": f"{count / 24:.0f} 天内", "en": f"within {count / 24:.0f} days"}
    return {"zh": f"{count:.0f} 小时内", "en": f"within {count:.0f} hours"}


def label(description: dict[str, str], fallback: str) -> dict[str, str]:
    """The words before the first explanation: `行政区划代码；注释` is called 行政区划代码."""
    cut = {language: re.split(r"[；;。（(，:：]|, |\. ", text, maxsplit=1)[0].strip() for language, text in description.items()}
    return {language: text or fallback for language, text in cut.items()}


def rest(description: str, title: str) -> str:
    """What a description says after the title that it begins with."""
    return description.removeprefix(title).lstrip("；;，,：: ") or description


def department(name: str) -> dict[str, str]:
    """A department in both languages; one without an English name keeps its own."""
    return {"zh": name, "en": DEPARTMENTS.get(name, name)}
