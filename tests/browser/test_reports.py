"""Mailed pages and alerts: who may get what, and what counts as a change. No service; what is really sent: test_mail.py."""

from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart

import duckdb
import pytest
import yaml

from dashboards import reports
from dashboards.reports import Refused, changes, comparison, read_reports
from infra.superset.mail import Mail, MailNotSet, read_mail, superset_settings, with_plain_attachment
from spark_jobs.publish import policy
from spark_jobs.settings import Settings

SMTP = {"host": "smtp.lake.test", "port": 465, "security": "tls", "from": "guihu@lake.test"}
BEFORE = {"cpi": [2, "偏冷 cool"], "loans": [1, "过冷 too cold"], "closed": [3, "正常 normal"]}
WATCH = "select * from (values ('cpi', 'CPI', 3, '正常 normal'), ('loans', 'Loans', 1, '过冷 too cold'), ('opened', 'New', 5, '过热 overheated')) as now(thing, label, state, words)"


def test_the_owner_of_each_report_and_alert_may_open_its_page():
    known = read_reports()
    assert len(known) >= 3 and any(report.watch for report in known.values())
    assert all(policy.role(report.owner).sees(mart) for report in known.values() for mart in report.page.marts)


def test_a_report_of_a_page_that_its_owner_may_not_open_is_refused(monkeypatch, tmp_path):
    text = yaml.safe_load(reports.FILE.read_text(encoding="utf-8"))
    text["reports"]["prefectures"]["owner"] = "public"
    (tmp_path / "reports.yaml").write_text(yaml.safe_dump(text), encoding="utf-8")
    monkeypatch.setattr(reports, "FILE", tmp_path / "reports.yaml")
    with pytest.raises(Refused, match="the role public may not see .*mart_macro__prefecture"):
        read_reports()


@pytest.mark.parametrize(
    "mail, wrong",
    [
        (Mail(SMTP, {"analyst": ["a@lake.test"]}), "names nobody of the role leader"),
        (Mail(SMTP, {"leader": ["l@lake.test"]}, {"page": ["l@lake.test", "press@lake.test"]}), "press@lake.test is not among its people"),
        (Mail(SMTP, {"leader": ["l@lake.test"], "public": ["l@lake.test"]}), "one person has one role: l@lake.test"),
    ],
)
def test_a_report_goes_to_nobody_but_the_people_of_its_owners_role(mail, wrong):
    with pytest.raises(MailNotSet, match=wrong):
        mail.recipients("page", "leader")


def test_the_people_of_the_role_get_the_report_or_those_of_them_who_are_named():
    mail = Mail(SMTP, {"leader": ["l@lake.test", "m@lake.test"]}, {"page": ["m@lake.test"]})
    assert mail.recipients("page", "leader") == ["m@lake.test"]
    assert mail.recipients("other", "leader") == ["l@lake.test", "m@lake.test"]


def test_without_a_mail_server_it_says_which_file_to_write_and_what(tmp_path):
    with pytest.raises(MailNotSet, match=r"write .*mail\.yaml, for example\n\nsmtp: \{host:"):
        read_mail(Settings(home=tmp_path, environments=tmp_path, port=9))


@pytest.mark.parametrize("smtp, wrong", [(SMTP | {"security": "none"}, "only where the mail server is on this machine"), (SMTP | {"user": "guihu"}, "asks for a password")])
def test_no_mail_leaves_in_the_open_and_no_password_is_assumed(tmp_path, smtp, wrong):
    with pytest.raises(MailNotSet, match=wrong):
        superset_settings(Settings(home=tmp_path, environments=tmp_path, port=9), Mail(smtp, {}))


def test_what_changed_is_what_was_known_before_in_another_state_in_words_and_in_sql():
    with duckdb.connect() as connection:
        now = connection.execute(WATCH).fetchall()
        assert changes(BEFORE, now) == ["CPI：偏冷 cool → 正常 normal"]
        assert connection.execute(comparison(WATCH, BEFORE)).fetchall() == [(1,)]
        assert connection.execute(comparison(WATCH, BEFORE | {"cpi": [3, ""], "it's": [None, ""]})).fetchall() == [(0,)]


def test_a_pdf_is_attached_as_a_pdf_under_its_chinese_name():
    message = MIMEMultipart("related")
    message.attach(MIMEApplication(b"%PDF-", Content_Disposition="attachment; filename='经济.pdf'", Name="经济.pdf"))
    (part,) = with_plain_attachment(message).get_payload()
    assert (part.get_content_type(), part.get_filename(), part.get_content_disposition()) == ("application/pdf", "经济.pdf", "attachment")
