"""How it looks: names, logo, colours, fonts, allowed markup and the corrected Chinese of Superset's own words."""

from pathlib import Path
from urllib.parse import quote

import yaml

APP_NAME = "桂湖 Guihu"
HOME_PAGE = "/dashboard/list/"
FONT = "'Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',Helvetica,Arial,sans-serif"

# Three ripples under a peak: Guilin's hill over the lake.
_LOGO_SVG = (
    "<svg xmlns='http://www.w3.org/2000/svg' width='132' height='32' viewBox='0 0 132 32'>"
    "<rect width='32' height='32' rx='7' fill='#1d4f91'/><path d='M6 19 13 7l4 6 3-4 6 10z' fill='#fff'/>"
    "<path d='M6 22.5c3.3-1.8 6.6 1.8 10 0s6.6-1.8 10 0M9 26.3c2.3-1.3 4.6 1.3 7 0s4.6-1.3 7 0' "
    "fill='none' stroke='#9fc3ee' stroke-width='1.8' stroke-linecap='round'/>"
    f"<text x='41' y='22.5' font-family=\"{FONT}\" font-size='18' font-weight='700' fill='#14315c'>桂湖 Guihu</text></svg>"
)
LOGO = "data:image/svg+xml," + quote(_LOGO_SVG)

# told apart by the colour-blind too (tests/browser/test_colours.py)
BLUE, ORANGE, TEAL, RED, VIOLET, GREY, LIGHT_BLUE, OCHRE = "#2f6db5", "#e08a2c", "#2e9c8a", "#c8504a", "#5b2d6b", "#a8b0ba", "#7fb2e5", "#7a5c12"

_CHARTS_WITH_AXES = ["echarts_timeseries_line", "echarts_timeseries_bar", "echarts_area", "mixed_timeseries"]
THEME = {
    "token": {
        "brandAppName": APP_NAME,
        "brandLogoAlt": APP_NAME,
        "brandLogoUrl": LOGO,
        "brandLogoMargin": "14px 0",
        "brandLogoHref": HOME_PAGE,
        "brandLogoHeight": "32px",
        "brandSpinnerUrl": None,
        "brandSpinnerSvg": None,
        "colorPrimary": "#1d4f91",
        "colorLink": "#1d4f91",
        "colorError": "#c8504a",
        "colorWarning": "#e0a02c",
        "colorSuccess": "#2e9c8a",
        "colorInfo": "#2f6db5",
        "colorBgLayout": "#eef2f7",
        "borderRadius": 6,
        "fontUrls": [],
        "fontFamily": FONT,
        "fontFamilyCode": "'Noto Sans Mono CJK SC','DejaVu Sans Mono',Menlo,monospace",
        "transitionTiming": 0.3,
        "brandIconMaxWidth": 140,
        "fontSizeXS": "8",
        "fontSizeXXL": "28",
        "fontWeightNormal": "400",
        "fontWeightLight": "300",
        "fontWeightStrong": "500",
        "fontWeightBold": "700",
        "colorEditorSelection": "#fff5cf",
    },
    "algorithm": "default",
    "echartsOptionsOverridesByChartType": {kind: {"grid": {"bottom": 8}, "xAxis": {"minInterval": 1}} for kind in _CHARTS_WITH_AXES},
    "echartsOptionsOverrides": {"textStyle": {"fontFamily": FONT}, "legend": {"selector": False, "left": 0, "itemGap": 14}},
}
CATEGORICAL = [
    {
        "id": "guihu",
        "label": "桂湖 Guihu",
        "description": "",
        "isDefault": True,
        "colors": [BLUE, ORANGE, TEAL, RED, VIOLET, GREY, LIGHT_BLUE, OCHRE],
    }
]
SEQUENTIAL = [
    {
        "id": "guihu_blues",
        "label": "桂湖蓝 Guihu blues",
        "description": "",
        "isDefault": True,
        "isDiverging": False,
        "colors": ["#dce9f9", "#a9c8ea", "#6ea1d8", "#3a76bd", "#1d4f91"],
    }
]

# Maps and cards are HTML and SVG of our own templates (dashboards/kinds.py); no script, no event attribute, no outside address.
ALLOWED_MARKUP = {
    "tagNames": ["svg", "g", "path", "text", "tspan", "title", "rect", "circle", "line", "div", "span", "b", "i", "small", "header", "section", "details", "summary"],
    "attributes": {
        "*": [
            "className", "style", "viewBox", "preserveAspectRatio", "d", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "width", "height",
            "fill", "fillOpacity", "stroke", "strokeWidth", "strokeLinejoin", "textAnchor", "dominantBaseline", "fontSize", "fontWeight", "transform",
            "dataCode", "dataValue",
        ]
    },
}  # fmt: skip


def pages() -> list[tuple[str, str, str]]:
    """Name, address and entry of the menu (empty: an entry of its own) of each dashboard; a role meets only those it may open."""
    from dashboards.spec import read_texts

    texts = read_texts()
    ordered = sorted(texts, key=lambda name: texts[name]["place"])
    return [(texts[name]["title"]["zh"], f"/superset/dashboard/{name.replace('_', '-')}/", texts[name].get("menu", {}).get("zh", "")) for name in ordered]


def chinese_corrections() -> dict[str, str]:
    """English text of the interface → the Chinese that replaces a wrong or missing translation."""
    return yaml.safe_load(Path(__file__).with_name("messages_zh.yaml").read_text(encoding="utf-8"))
