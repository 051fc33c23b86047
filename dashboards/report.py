"""Mails a page as PDF, or an alert where what it watches has changed: as its owner sees it, to the owner's people. Run with Superset's python.

    infra/superset/report.sh state_of_the_economy        infra/superset/report.sh warning_lights        infra/superset/report.sh --list

What there is stands in dashboards/_reports.yaml; the mail server and the people in <home>/mail.yaml (it says what to write when it is not there).
Exit codes: 0 sent, or nothing changed; 1 refused by the policy; 2 wrong usage or no mail server set; 3 Superset, Chromium or the mail server is away.
"""

import argparse
import sys

from dashboards.reports import Refused, Report, read_reports
from infra.superset.mail import EXAMPLE, MailNotSet, read_mail, superset_settings
from spark_jobs.files import exclusive
from spark_jobs.settings import from_environment


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        reports = read_reports()
        unknown = sorted(set(options.names) - set(reports))
        if unknown or options.list or not options.names:
            print("\n".join(f"{report.name:24} {report.schedule:14} {report.owner:10} {report.page.slug:20} {report.title}" for report in reports.values()))
            return 0 if options.list and not unknown else 2
        return mail([reports[name] for name in options.names])
    except Refused as refused:
        print(f"refused: {refused}", file=sys.stderr)
        return 1
    except MailNotSet as wanting:
        print(wanting, file=sys.stderr)
        return 2


def mail(reports: list[Report]) -> int:
    """One after the other; the first that fails ends it."""
    settings = from_environment()
    post = read_mail(settings)
    recipients, smtp = {report.name: post.recipients(report.name, report.owner) for report in reports}, superset_settings(settings, post)
    from superset.app import create_app

    app = create_app()
    app.config.update(smtp)
    for report in reports:
        with app.app_context(), exclusive(settings.run / "locks" / "report.lock"):
            from superset.exceptions import SupersetException

            from dashboards import mailing

            try:
                print(f"{report.name}: {mailing.send(settings, report, recipients[report.name])}", flush=True)
            except SupersetException as fault:
                print(f"{report.name} was not sent (mail server {smtp['SMTP_HOST']}:{smtp['SMTP_PORT']}): {fault}", file=sys.stderr)
                return 3
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="infra/superset/report.sh", description=__doc__, epilog=f"mail.yaml:\n\n{EXAMPLE}", formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="which reports or alerts")
    parser.add_argument("--list", action="store_true", help="show what there is: name, timetable, owner, page")
    return parser


if __name__ == "__main__":
    sys.exit(main())
