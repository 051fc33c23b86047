"""A page by mail and an alert on the lights, sent by Superset's own reports to a mail server of the test's own."""

import email
import json
import os
import subprocess
from email.header import decode_header, make_header

import pytest
from aiosmtpd.controller import Controller

from dashboards.reports import read_reports
from spark_jobs.settings import CHECKOUT, HOST
from tests.browser.paper import read_paper

pytestmark = pytest.mark.service
PEOPLE = ["director@lake.test", "deputy@lake.test"]
DRAWN_ON_CANVAS = {"line", "area", "bar", "stacked_bar", "bar_and_line", "ranking", "share"}


class Sink:
    """A mail server that keeps what it is given."""

    def __init__(self) -> None:
        self.envelopes = []

    async def handle_DATA(self, server, session, envelope):
        self.envelopes.append(envelope)
        return "250 OK"


@pytest.fixture(scope="module")
def run(door):
    """The page of the leader, the alert after one light was another colour, and the alert again: one run of the command, and what arrived."""
    home, sink = door.settings.home, Sink()
    controller = Controller(sink, hostname=HOST, port=door.settings.port + 25)
    controller.start()
    rows = door.ask("leader", read_reports()["warning_lights"].watch)
    before = {thing: [state, words] for thing, _, state, words in rows} | {"cpi": [5, "过热 overheated"]}
    (home / "superset" / "watched").mkdir(exist_ok=True)
    (home / "superset" / "watched" / "warning_lights.json").write_text(json.dumps(before))
    (home / "mail.yaml").write_text(f"smtp: {{host: {HOST}, port: {controller.port}, security: none, from: guihu@lake.test}}\npeople: {{leader: [{', '.join(PEOPLE)}]}}\n")
    try:
        command = [CHECKOUT / "infra" / "superset" / "report.sh", "state_of_the_economy", "warning_lights", "warning_lights"]
        yield subprocess.run(command, capture_output=True, text=True, env=os.environ, timeout=300), [email.message_from_bytes(sent.content) for sent in sink.envelopes], sink
    finally:
        controller.stop()
        (home / "mail.yaml").unlink()


def test_the_page_arrives_as_a_readable_pdf_with_every_chart(run, door):
    done, mails, sink = run
    assert done.returncode == 0, done.stderr[-2000:]
    assert sink.envelopes[0].rcpt_tos == PEOPLE
    assert "经济运行总览 State of the economy" in subject(mails[0])
    page, paper = read_reports()["state_of_the_economy"].page, read_paper(attached(mails[0]))
    titles = [chart.zh for chart in page.charts if paper.says(chart.zh) and paper.says(chart.en)]
    print(f"charts in the mailed page: {len(titles)} of {len(page.charts)}, on {paper.pages} sheets")
    assert len(titles) == len(page.charts)
    assert paper.pictures == sum(chart.kind in DRAWN_ON_CANVAS for chart in page.charts)
    assert paper.says(door.ask("leader", "select release_id from mart.release_info")[0][0])
    assert all(paper.says(section.source["zh"][:12]) for section in page.sections) and paper.says("数据日期 Data date")


def test_a_light_that_changed_is_mailed_once_and_one_that_did_not_is_not(run, door):
    done, mails, sink = run
    words = door.ask("leader", f"select words from ({read_reports()['warning_lights'].watch}) where thing = 'cpi'")[0][0]
    assert [subject(mail).split("] ")[1] for mail in mails] == ["经济运行总览 State of the economy", "预警灯号变化 A warning light changed"]
    text = next(part for part in mails[1].walk() if part.get_content_type() == "text/html").get_payload(decode=True).decode()
    assert f"居民消费价格指数 Consumer price index：过热 overheated → {words}" in text
    assert text.count("→") == 1, "one light changed, one is named"
    assert read_paper(attached(mails[1])).says("预警灯号")
    assert done.stdout.splitlines()[-1] == "warning_lights: nothing changed among 11, nothing sent"


def subject(mail) -> str:
    return str(make_header(decode_header(mail["Subject"])))


def attached(mail) -> bytes:
    (part,) = [part for part in mail.walk() if part.get_content_type() == "application/pdf"]
    assert part.get_filename().endswith(".pdf")
    return part.get_payload(decode=True)
