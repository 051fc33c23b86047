"""The mail server and whose addresses are whose: <home>/mail.yaml, with its password in <home>/secrets/smtp_password. Nothing is assumed."""

from dataclasses import dataclass, field
from email.utils import collapse_rfc2231_value

import yaml

from spark_jobs.settings import HOST, Settings

EXAMPLE = """smtp: {host: smtp.example.gov.cn, port: 465, security: tls, user: guihu, from: guihu@example.gov.cn}   # security: tls, starttls, or none (this machine only)
people: {leader: [director@example.gov.cn], analyst: [zhang@example.gov.cn, li@example.gov.cn]}     # role: addresses; one person has one role
reports: {state_of_the_economy: [director@example.gov.cn]}                                          # optional: some of the role's people"""
LOOPBACK = (HOST, "localhost", "::1")


class MailNotSet(RuntimeError):
    """There is no usable mail.yaml; says what to write."""


@dataclass(frozen=True)
class Mail:
    smtp: dict
    people: dict[str, list[str]]
    reports: dict[str, list[str]] = field(default_factory=dict)

    def recipients(self, report: str, role: str) -> list[str]:
        """Addresses of the role's people, or those of them whom `reports` names. MailNotSet where one is not the role's."""
        own = self.people.get(role, [])
        chosen = self.reports.get(report, own)
        if not chosen:
            raise MailNotSet(f"mail.yaml names nobody of the role {role}: nobody would receive {report}. Write for example\n\n{EXAMPLE}")
        if strangers := sorted(set(chosen) - set(own)):
            raise MailNotSet(f"{report} shows what the role {role} may see: {', '.join(strangers)} is not among its people in mail.yaml, nothing is sent")
        if shared := sorted(address for address in chosen for other, addresses in self.people.items() if other != role and address in addresses):
            raise MailNotSet(f"one person has one role: {', '.join(shared)} stands in mail.yaml under {role} and under another, nothing is sent")
        return chosen


def read_mail(settings: Settings) -> Mail:
    path = settings.home / "mail.yaml"
    if not path.is_file():
        raise MailNotSet(f"no mail server is set: write {path}, for example\n\n{EXAMPLE}\n\nand, where `user` is given, its password into {settings.home / 'secrets' / 'smtp_password'} (mode 0600)")
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    missing = {"smtp", "people"} - set(written) or {"host", "port", "security", "from"} - set(written["smtp"])
    if missing:
        raise MailNotSet(f"{path}: {', '.join(sorted(missing))} is missing. For example\n\n{EXAMPLE}")
    return Mail(written["smtp"], written["people"], written.get("reports", {}))


def superset_settings(settings: Settings, mail: Mail) -> dict:
    """The SMTP_* settings of Superset. MailNotSet where the way would be open or the password is missing."""
    smtp = mail.smtp
    if smtp["security"] not in ("tls", "starttls", "none") or (smtp["security"] == "none" and smtp["host"] not in LOOPBACK):
        raise MailNotSet("mail.yaml: security is tls or starttls; `none` only where the mail server is on this machine")
    password = settings.home / "secrets" / "smtp_password"
    if "user" in smtp and not password.is_file():
        raise MailNotSet(f"the mail server asks for a password: put that of {smtp['user']} into {password} (mode 0600)")
    return {
        "SMTP_HOST": smtp["host"],
        "SMTP_PORT": int(smtp["port"]),
        "SMTP_USER": smtp.get("user", ""),
        "SMTP_PASSWORD": password.read_text(encoding="utf-8").strip() if "user" in smtp else "",
        "SMTP_MAIL_FROM": smtp["from"],
        "SMTP_SSL": smtp["security"] == "tls",
        "SMTP_STARTTLS": smtp["security"] == "starttls",
        "SMTP_SSL_SERVER_AUTH": True,
    }


def with_plain_attachment(message, **_):
    """Superset's EMAIL_HEADER_MUTATOR: a PDF is sent as a PDF under its name (Superset writes both as parameters of another type)."""
    for part in message.walk():
        name = part.get_param("Name", header="Content-Type")
        if name and not part.is_multipart():
            filename = collapse_rfc2231_value(name)
            for header, value, parameter in (("Content-Type", "application/pdf", "name"), ("Content-Disposition", "attachment", "filename")):
                del part[header]
                part.add_header(header, value, **{parameter: ("utf-8", "", filename)})
    return message
