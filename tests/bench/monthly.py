"""A monthly round: the economic departments publish a month, and the monitor, indices, nowcast, forecasts and the release follow."""

import shutil
from pathlib import Path

from rich.table import Table

from spark_jobs.settings import Settings
from tests.bench.measure import guihu, measured

LAST_PUBLICATION = "*_2024-09_合成数据.*"


def hold_back(settings: Settings) -> list[Path]:
    """The last publication of each economic department, taken out of the inbox until its round comes."""
    kept = settings.home / "bench" / "monthly"
    held = []
    for path in sorted((settings.inbox / "economy").glob(f"*/{LAST_PUBLICATION}")):
        place = kept / path.relative_to(settings.inbox)
        place.parent.mkdir(parents=True, exist_ok=True)
        held.append(Path(shutil.move(path, place)))
    return held


def monthly_round(settings: Settings, table: Table, held: list[Path]) -> None:
    """Step by step, on a lake that knows everything but these deliveries. History that was analysed before is not analysed again."""
    for path in sorted(held, key=lambda path: not path.name.endswith(".manifest.json")):  # a file is taken when it is there, so its manifest comes first
        shutil.move(path, settings.inbox / path.relative_to(settings.home / "bench" / "monthly"))
    feeds = sorted({f"economy.{path.parent.name}" for path in held})
    guihu("receive", "--inbox")
    total_seconds = total_cpu = 0.0
    for name, work in {
        f"ingest of {len(feeds)} departments": lambda: [guihu("ingest", feed) for feed in feeds],
        "gate silver": lambda: guihu("gate", "silver"),
        "core, analyses and marts": lambda: guihu("build"),
        "gate gold": lambda: guihu("gate", "gold"),
        "release": lambda: guihu("release"),
    }.items():
        seconds, cpu = measured(settings, work)
        total_seconds, total_cpu = total_seconds + seconds, total_cpu + cpu
        table.add_row(f"monthly round: {name}", f"{seconds:.1f} s, {cpu:.1f} CPU-s", "once, warm engine")
    table.add_row("monthly round in all", f"{total_seconds:.1f} s, {total_cpu:.1f} CPU-s", f"{len(feeds)} deliveries → monitor, indices, nowcast, forecasts, release")
