"""The analyses after the core: seasonal adjustment and business cycle, forecasts on the engine, and beside them the nowcasts in a process of their own."""

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pandas as pd

from spark_jobs.analyse import core, results
from spark_jobs.analyse.jobs import business_cycle, forecasts, nowcasts, seasonal
from spark_jobs.lake import register_tables, session
from spark_jobs.settings import Settings

JOBS = ("seasonal", "cycle", "nowcast", "forecast")


def run(settings: Settings, jobs: tuple[str, ...] = JOBS, tell: Callable[[str], None] = print) -> None:
    """Run the jobs and tell the seconds of each. What an earlier run has done of them is kept where its inputs are the same.

    Every result of a job is a table of its own, replaced in one commit. The engine's catalog knows all of them afterwards.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as beside:
        nowcast = beside.submit(_nowcasts, settings) if "nowcast" in jobs else None
        if "seasonal" in jobs or "cycle" in jobs:
            _told(tell, "seasonal adjustment and business cycle", _cycle(settings))
        if "forecast" in jobs:
            _told(tell, "forecasts of industry", _forecasts(settings))
        if nowcast:
            _told(tell, "nowcasts", nowcast.result())
    results.write_missing(settings)
    with session(settings) as spark:
        register_tables(spark, settings, set())


def _cycle(settings: Settings) -> tuple[dict[str, int], float]:
    started, reader = time.monotonic(), core.connection(settings)
    adjusted = seasonal.run(reader, core.stored(reader, [seasonal.FACTS, seasonal.DIAGNOSTICS]))
    return _written(settings, adjusted | (business_cycle.run(reader, adjusted[seasonal.FACTS]) if adjusted else {}), started)


def _forecasts(settings: Settings) -> tuple[dict[str, int], float]:
    started, reader = time.monotonic(), core.connection(settings)
    with session(settings) as spark:
        made = forecasts.run(reader, core.stored(reader, [forecasts.BASE, forecasts.PUBLISHED]), spark)
    return _written(settings, made, started)


def _nowcasts(settings: Settings) -> tuple[dict[str, int], float]:
    started, reader = time.monotonic(), core.connection(settings)
    made = nowcasts.run(reader, core.stored(reader, [nowcasts.NOWCASTS, nowcasts.NEWS, nowcasts.FITS]))
    return _written(settings, made, started)


def _written(settings: Settings, made: dict[str, pd.DataFrame], started: float) -> tuple[dict[str, int], float]:
    results.write(settings, made)
    return {name: len(frame) for name, frame in made.items()}, time.monotonic() - started


def _told(tell: Callable[[str], None], what: str, done: tuple[dict[str, int], float]) -> None:
    rows, seconds = done
    tell(f"{what}: {seconds:.1f} s, " + (", ".join(f"{name} {count:,} rows" for name, count in rows.items()) or "nothing to say yet"))
