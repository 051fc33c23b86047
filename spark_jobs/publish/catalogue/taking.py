"""How a dataset can be had: files for everyone, a command for the roles that see it, a request for the rest."""

from pathlib import Path

from spark_jobs.publish import policy
from spark_jobs.publish.catalogue import downloads, words
from spark_jobs.settings import Settings

NO_FILES = {"files": [], "refused": ""}


def offer(settings: Settings, release: dict, serving: Path, found: dict, folder: Path, former: Path | None) -> None:
    """Write the public's files into the catalogue at `folder`, and into the facts how each dataset can be had.

    A table that holds a number of a person, even as a token, is offered to nobody unasked, whatever the policy says of it; nor is one of which facts of an earlier
    edition do not say so.
    """
    tables = [item["id"] for item in found["datasets"] if item["is_public"] and not item.get("holds_identifiers", True)] if serving.is_file() else []
    written = downloads.write(settings, release, serving, tables, folder, former)
    for item in found["datasets"]:
        item["take"] = written.get(item["id"], NO_FILES) | _asked_for(item)


def _asked_for(item: dict) -> dict:
    """`role`: as whom the command takes it; `owner`: who decides on a researcher's request; `closed`: why nobody outside gets it."""
    from spark_jobs.publish import requests  # it reads releases, and a release writes its catalogue
    from spark_jobs.publish.disclosure import rules
    from spark_jobs.publish.query import QueryRefused

    known = policy.roles()
    exporters = [name for name in item["seen_by"] if name in known and "export" in known[name].doors]
    role = next((name for name in (policy.PUBLIC, policy.RESEARCHER) if name in exporters), next(iter(exporters), None))
    told = {"role": role, "owner": None, "closed": None}
    rule = rules.load().tables.get(item["id"])
    if role in (policy.PUBLIC, policy.RESEARCHER) and not known[role].rows(item["id"]):
        return told
    if rule and rule.treatment == "withheld":
        return told | {"closed": rule.because}
    try:
        return told | {"owner": words.department(requests.owner_of(item["id"]))}
    except QueryRefused:
        return told | {"closed": {"zh": "尚无可对此决定的部门", "en": "no department signs in that could decide on it"}}
