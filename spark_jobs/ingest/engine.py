"""Where the kernel runs: a small file in this process, a large one in the tasks of the engine, one for each part."""

import pickle
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pyarrow as pa

from spark_jobs.ingest.kernel import Job, Part, work
from spark_jobs.settings import Settings


def work_on_parts(settings: Settings, job: Job, overruled: dict[int, pa.Table] | None = None) -> list[Part]:
    """Every part of the file, or, where rows were overruled, only the parts that hold such rows."""
    numbers = range(len(job.plan.parts)) if overruled is None else sorted(overruled)
    if len(numbers) < settings.large_parts:
        return [work(job, number, overruled and overruled[number]) for number in numbers]
    return _in_the_engine(settings, replace(job, threads=1), list(numbers), overruled)


def _in_the_engine(settings: Settings, job: Job, numbers: list[int], overruled: dict[int, pa.Table] | None) -> list[Part]:
    from spark_jobs.lake import session

    with session(settings) as spark:
        task = partial(_task, job, numbers, overruled)
        frame = spark.range(0, len(numbers), 1, len(numbers)).mapInArrow(task, "part binary")
        return [pickle.loads(row.part) for row in frame.collect()]


def _task(job: Job, numbers: list[int], overruled: dict[int, pa.Table] | None, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Runs in the engine: each input row is a place in the list of parts."""
    for batch in batches:
        for place in batch.column(0).to_pylist():
            number = numbers[place]
            part = work(job, number, overruled and overruled[number])
            yield pa.record_batch({"part": pa.array([pickle.dumps(part)], pa.binary())})
