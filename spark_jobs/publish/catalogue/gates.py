"""What the gates said of each dataset, from Great Expectations' own record beside the lake."""

from spark_jobs.files import read_json
from spark_jobs.lineage.tell import tables_of_rules
from spark_jobs.publish.catalogue import words
from spark_jobs.settings import Settings


def by_dataset(settings: Settings) -> dict[str, list[dict]]:
    """`silver.<table>` or `gold.<table>` → rules judged: code, words, owner, severity, whether kept. Empty before the first gate."""
    queried = tables_of_rules()
    found: dict[str, list[dict]] = {}
    for layer in ("silver", "gold"):
        path = settings.home / "gates" / f"{layer}.json"
        for result in read_json(path)["results"] if path.is_file() else []:
            meta = result["expectation_config"]["meta"]
            suite = meta["key"].partition(": ")[0]
            rule = {
                "code": meta["code"],
                "words": words.two(meta["message"]),
                "owner": meta["owner"],
                "severity": result["expectation_config"]["severity"],
                "is_kept": result["success"],
            }
            for name in [f"gold.{table}" for table in queried.get(meta["code"], ())] if layer == "gold" else [suite] if suite.startswith("silver.") else []:
                found.setdefault(name, []).append(rule)
    return found
