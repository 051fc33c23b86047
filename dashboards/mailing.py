"""Sends a report or an alert by Superset's own command, at once and in this process: no Celery, no queue; the timetable is Airflow's.

Superset decides and remembers (state, log of executions), composes and sends the mail. Ours is the paper (infra/superset/paper.py).
"""

import html
import json
from datetime import UTC, datetime
from uuid import uuid4

import duckdb
from superset import db, security_manager
from superset.commands.report.execute import AsyncExecuteReportScheduleCommand, BaseReportState
from superset.extensions import machine_auth_provider_factory
from superset.models.core import Database
from superset.models.dashboard import Dashboard
from superset.reports.models import ReportDataFormat, ReportRecipients, ReportRecipientType, ReportSchedule, ReportScheduleType, ReportState
from superset.utils.core import override_user

from dashboards.compile import DATABASE
from dashboards.reports import Refused, Report, changes, comparison
from infra.superset.guard import guarded_connection
from infra.superset.paper import print_page
from infra.superset.serving import current_release, role_of, serving_path
from spark_jobs.files import read_json, write_json
from spark_jobs.settings import Settings

MINUTES = 10  # a run that works for longer was killed


def send(settings: Settings, report: Report, recipients: list[str]) -> str:
    """What became of it, in words. Raises Refused, or the exception of Superset's command that failed."""
    owner = security_manager.find_user(report.owner)
    with override_user(owner):
        if role_of(report.owner, security_manager) != report.owner:
            raise Refused(f"{report.name}: the login {report.owner} does not hold the role {report.owner}")
        if report.watch is None:
            execute(settings, schedule_of(report, owner, recipients))
            return f"sent to {', '.join(recipients)}"
        return send_if_changed(settings, report, owner, recipients)


def send_if_changed(settings: Settings, report: Report, owner, recipients: list[str]) -> str:
    """Compared with what was seen last; the first time with the release before."""
    memory = settings.home / "superset" / "watched" / f"{report.name}.json"
    now = watched(report, current_release())
    before = read_json(memory) if memory.exists() else before_this_release(settings, report)
    said = f"nothing to compare with yet: {len(now)} states kept"
    if before is not None:
        execute(settings, schedule := schedule_of(report, owner, recipients, comparison(report.watch, before), changes(before, now)))
        said = f"sent to {', '.join(recipients)}" if schedule.last_state == ReportState.SUCCESS else f"nothing changed among {len(now)}, nothing sent"
    write_json(memory, states(now))
    return said


def watched(report: Report, release: str) -> list[tuple]:
    """Thing, label, state and words, as the owner's serving file has them; asked behind the guard, like everything in Superset."""
    connection = guarded_connection(serving_path(release, report.owner))
    try:
        cursor = connection.cursor()
        cursor.execute(report.watch)
        return cursor.fetchall()
    except duckdb.Error as fault:
        raise Refused(f"{report.name}: what it watches is not answered to the role {report.owner}: {fault}") from fault
    finally:
        connection.close()


def before_this_release(settings: Settings, report: Report) -> dict | None:
    earlier = [folder.name for folder in sorted(settings.releases.glob("[0-9]*")) if folder.name < current_release() and (folder / report.owner / "serve.duckdb").is_file()]
    return states(watched(report, earlier[-1])) if earlier else None


def states(rows: list[tuple]) -> dict:
    return {thing: [state, words] for thing, _, state, words in rows}


def schedule_of(report: Report, owner, recipients: list[str], sql: str | None = None, told: list[str] | None = None) -> ReportSchedule:
    """Superset's record of the report, made or brought up to date."""
    kind = ReportScheduleType.ALERT if sql else ReportScheduleType.REPORT
    schedule = db.session.query(ReportSchedule).filter_by(name=report.name, type=kind).one_or_none() or ReportSchedule(name=report.name, type=kind)
    schedule.crontab, schedule.timezone, schedule.active = report.schedule, "Asia/Shanghai", True
    schedule.owners, schedule.dashboard = [owner], db.session.query(Dashboard).filter_by(slug=report.page.address).one()
    schedule.report_format, schedule.email_subject = ReportDataFormat.PDF, report.title
    schedule.description = "<br>".join([report.title, *map(html.escape, told or [])])
    schedule.grace_period, schedule.working_timeout = 0, MINUTES * 60
    schedule.recipients = [ReportRecipients(type=ReportRecipientType.EMAIL, recipient_config_json=json.dumps({"target": ", ".join(recipients)}))]
    if sql:
        schedule.sql, schedule.database = sql, db.session.query(Database).filter_by(database_name=DATABASE).one()
        schedule.validator_type, schedule.validator_config_json = "operator", json.dumps({"op": ">", "threshold": 0})
    if schedule.last_state == ReportState.WORKING:  # this process holds the lock: whoever worked was killed
        schedule.last_state = ReportState.ERROR
    db.session.add(schedule)
    db.session.commit()
    return schedule


def execute(settings: Settings, schedule: ReportSchedule) -> None:
    def paper(state: BaseReportState) -> bytes:
        db.session.commit()  # the web server writes to the same database while it draws the page, and SQLite has one writer
        cookies = machine_auth_provider_factory.instance.get_auth_cookies(state._report_schedule.owners[0])
        return print_page(f"http://127.0.0.1:{settings.superset_port}/superset/dashboard/{state._report_schedule.dashboard.slug}/", cookies)

    # Superset has no setting for either: its PDF is a photograph without words, and it would mail its failures to the reader
    BaseReportState._get_pdf = paper
    BaseReportState.send_error = lambda *_: None
    AsyncExecuteReportScheduleCommand(str(uuid4()), schedule.id, datetime.now(UTC).replace(tzinfo=None)).run()
    db.session.refresh(schedule)

