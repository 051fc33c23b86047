"""build: dbt makes core and marts from silver, over the engine's Thrift door."""

import os
from typing import TYPE_CHECKING

from spark_jobs.lake import check_engine, register_tables, session
from spark_jobs.lineage import tell as lineage
from spark_jobs.settings import CHECKOUT, Settings

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

SMALL_LAKE = 200 << 20  # bytes of silver
CORE = ("path:models/core", "resource_type:seed")  # before the analyses, with the tests that need nothing else
MARTS = ("path:models/marts",)  # after them


class BuildFailed(RuntimeError):
    """dbt ended with an error; its own output says which model or test."""


def parse(settings: Settings) -> "Manifest":
    """dbt's manifest, with the sources that it reads known to the engine. Raises BuildFailed where the project cannot be read."""
    from dbt.cli.main import dbtRunner

    check_engine(settings)
    os.environ.update(environment(settings))
    parsed = dbtRunner().invoke(["parse", "--quiet", *_folders(settings)])
    if not parsed.success:
        raise BuildFailed(f"dbt cannot read the project: {parsed.exception}; its log is {_log(settings)}")
    with session(settings) as spark:
        register_tables(spark, settings, _sources_used(parsed.result))
    return parsed.result


def build(settings: Settings, manifest: "Manifest", select: tuple[str, ...] = (), unit_tests: bool = False, indirect_selection: str = "eager") -> None:
    """Run `dbt build`: seeds, models and the tests of their data. Unit tests say nothing about data: they run where asked for.

    dbt's output is passed through. Raises BuildFailed where a model or a test fails.
    """
    from dbt.cli.main import dbtRunner

    command = ["build", *_folders(settings), "--indirect-selection", indirect_selection]
    command += ["--select", *select] if select else []
    command += [] if unit_tests else ["--exclude-resource-type", "unit_test"]
    done = dbtRunner(manifest=manifest).invoke(command)
    lineage.models(settings, settings.home / "dbt" / "target")
    if not done.success:
        raise BuildFailed(f"dbt did not succeed; its log is {_log(settings)}")


def environment(settings: Settings) -> dict[str, str]:
    """What dbt_project/profiles.yml asks for."""
    small = _lake_bytes(settings) < SMALL_LAKE
    return {
        "GUIHU_PARTITIONS": "1" if small else "4",
        "GUIHU_COMPILE": "false" if small else "true",
        "GUIHU_LAKE": str(settings.lake),
        "GUIHU_PORT_THRIFT": str(settings.thrift_port),
        "GUIHU_THRIFT_PASSWORD": settings.secret("thrift_password"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }


def _folders(settings: Settings) -> list[str]:
    project, kept = CHECKOUT / "dbt_project", settings.home / "dbt"
    return ["--project-dir", str(project), "--profiles-dir", str(project), "--target-path", str(kept / "target"), "--log-path", str(kept / "log")]


def _log(settings: Settings) -> str:
    return str(settings.home / "dbt" / "log" / "dbt.log")


def _sources_used(manifest: "Manifest") -> set[str]:
    """Names of the silver tables that a model or a test reads."""
    return {manifest.sources[parent].name for node in manifest.nodes.values() for parent in node.depends_on_nodes if parent in manifest.sources}


def _lake_bytes(settings: Settings) -> int:
    return sum(path.stat().st_size for layer in ("judged", "silver") for path in (settings.lake / layer).glob("*/*.parquet"))
