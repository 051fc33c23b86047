"""Where the kernel runs: a small file in this process, a large one in the tasks of the engine, one for each part."""

import pickle
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pyarrow as pa

from spark_jobs.ingest.kernel import Job, Part, work
from spark_jobs.settings import Settings


def work_on_parts(settings: Settings, job: Job) -> list[Part]:
    """Every part of the file, in its order."""
    numbers = range(len(job.plan.parts))
    if len(numbers) < settings.large_parts:
        return [work(job, number) for number in numbers]
    return _in_the_engine(settings, replace(job, threads=1))


def _in_the_engine(settings: Settings, job: Job) -> list[Part]:
    from spark_jobs.lake import session

    count = len(job.plan.parts)
    with session(settings) as spark:
        frame = spark.range(0, count, 1, count).mapInArrow(partial(_task, job), "part binary")
        return sorted((pickle.loads(row.part) for row in frame.collect()), key=lambda part: part.number)


def _task(job: Job, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Runs in the engine: each input row is the number of a part."""
    for batch in batches:
        for number in batch.column(0).to_pylist():
            yield pa.record_batch({"part": pa.array([pickle.dumps(work(job, number))], pa.binary())})
