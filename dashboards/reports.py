"""What is mailed, from _reports.yaml: pages on a timetable, and alerts where something that is watched changed. Read without Superset."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from dashboards.spec import Dashboard, read_dashboards
from spark_jobs.publish import policy

FILE = Path(__file__).with_name("_reports.yaml")


@dataclass(frozen=True)
class Report:
    name: str
    zh: str
    en: str
    owner: str  # role of the policy, and the login that holds it
    page: Dashboard
    schedule: str  # cron, Beijing time
    watch: str | None  # of an alert: a SELECT of thing, label, state, words

    @property
    def title(self) -> str:
        return f"{self.zh} {self.en}"


class Refused(RuntimeError):
    """The policy does not let the owner have this report."""


def read_reports() -> dict[str, Report]:
    """Name → report or alert. KeyError for a page that is not there, Refused where the owner may not open the page."""
    text = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    pages = {page.slug: page for page in read_dashboards()}
    reports = {}
    for name, entry in (text["reports"] | text["alerts"]).items():
        reports[name] = Report(name, entry["title"]["zh"], entry["title"]["en"], entry["owner"], pages[entry["page"]], entry["schedule"], entry.get("watch"))
        refuse_what_the_owner_may_not_see(reports[name])
    return reports


def refuse_what_the_owner_may_not_see(report: Report) -> None:
    """A report shows what its owner may see: otherwise a mail would be a door that the policy does not know."""
    hidden = sorted(mart for mart in report.page.marts if not policy.role(report.owner).sees(mart))
    if hidden:
        raise Refused(f"{report.name}: the role {report.owner} may not see {', '.join(hidden)}, on the page {report.page.slug}")


def changes(before: dict, now: list[tuple]) -> list[str]:
    """What is another than before, in words; something that was not there before is no change."""
    return [f"{label}：{before[thing][1]} → {words}" for thing, label, state, words in now if thing in before and before[thing][0] != state]


def comparison(watch: str, before: dict) -> str:
    """The alert's SQL: how many things are in another state than before (their states stand in it as values)."""
    known = ", ".join(f"({_literal(thing)}, {_literal(state)})" for thing, (state, _) in sorted(before.items()))
    return f"select count(*) as changed from ({watch.strip()}) as now inner join (values {known}) as before(thing, state) on now.thing = before.thing where now.state is distinct from before.state"


def _literal(value) -> str:
    return "null" if value is None else "'" + value.replace("'", "''") + "'" if isinstance(value, str) else repr(value)
