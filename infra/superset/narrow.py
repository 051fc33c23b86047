"""Pages on a phone: in a window narrower than 768 pixels every chart gets a row of its own.

Superset's grid has twelve columns in any window and computes the width of each chart from them, so a style sheet cannot fold it.
The browser says its width in a cookie (templates/head_custom_extra.html), and the layout of our pages is folded as it is asked for.
"""

import json
import re
from pathlib import Path
from uuid import UUID

from flask import request
from jinja2 import ChoiceLoader, FileSystemLoader

from dashboards.narrow import folded, upright_labels

BELOW = 768  # CSS pixels; phones held upright
COOKIE = "guihu_width"
TEMPLATES = Path(__file__).with_name("templates")
DASHBOARD = re.compile(r"/api/v1/dashboard/[^/]+(/charts)?")


def install(app) -> None:
    """Our head of the page before Superset's empty one, and the folding of layouts."""
    app.jinja_loader = ChoiceLoader([FileSystemLoader(TEMPLATES), app.jinja_loader])
    app.jinja_env.globals.update(narrow_below=BELOW, width_cookie=COOKIE)
    app.after_request(with_folded_layout)


def with_folded_layout(response):
    """Superset's answer made narrow, where a narrow window asks for one of our pages (what people laid out themselves stays)."""
    if request.method != "GET" or not DASHBOARD.fullmatch(request.path) or not response.is_json or response.status_code != 200 or not _is_narrow():
        return response
    answer = response.get_json()
    if isinstance(answer["result"], list):
        for chart in answer["result"]:
            chart["form_data"] |= upright_labels(chart["form_data"])
    elif UUID(answer["result"]["uuid"]).version == 5:
        answer["result"]["position_json"] = json.dumps(folded(json.loads(answer["result"]["position_json"])), ensure_ascii=False)
    response.set_data(json.dumps(answer, ensure_ascii=False))
    return response


def _is_narrow() -> bool:
    width = request.cookies.get(COOKIE, "")
    return width.isdecimal() and int(width) < BELOW
