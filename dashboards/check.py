"""Holds the dashboards against the dbt models, without any service: `python -m dashboards.check` (exit 1 and one line a problem)."""

import sys

from dashboards.compile import title
from dashboards.kinds import form_data
from dashboards.spec import problems, read_dashboards


def main() -> int:
    dashboards = read_dashboards()
    found = problems(dashboards)
    for dashboard in dashboards:
        for chart in dashboard.charts:
            form_data(chart)
            if not chart.zh or not chart.en or not chart.source:
                found.append(f"{dashboard.slug} / {title(chart)}: a chart needs a Chinese and an English title and a source")
    for problem in found:
        print(problem, file=sys.stderr)
    charts = sum(len(dashboard.charts) for dashboard in dashboards)
    print(f"dashboards: {len(dashboards)} dashboards, {charts} charts, {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
