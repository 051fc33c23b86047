"""conform: the rows of a delivery against each other and against what was known before.

A fact that stands twice with one content is repeated; with two contents both rows go to quarantine (KEY.CONFLICT).
"""

from pathlib import Path

import pyarrow as pa

from spark_jobs import delta
from spark_jobs.duck import row_kernel
from spark_jobs.ingest.kernel import Job, keys_file, keys_of_part
from spark_jobs.ingest.refusal import Refused
from spark_jobs.settings import Settings

DIVISION_TABLE = "reference__division"
KIND_OF_DIVISION = "(壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区|[省市区县])$"
PLACES_OF_A_PART = 1 << 40


def overruled(job: Job, table: Path) -> dict[int, pa.Table]:
    """Part → its rows (`ordinal`, `verdict`) that other rows speak against; parts without such rows are left out.

    `table` is the judged table with what earlier deliveries said.
    """
    with row_kernel(job.threads) as connection:
        if job.staging:
            files = ", ".join(f"'{keys_file(job, number)}'" for number in range(len(job.plan.parts)))
            connection.execute(f"create view keys as select * from read_parquet([{files}])")
        else:
            connection.register("keys", pa.concat_tables([keys_of_part(job, number) for number in range(len(job.plan.parts))]))
        found = connection.execute(_query(job, table)).to_arrow_table()
    parts = found["part"].unique().to_pylist()
    return {number: found.filter(pa.compute.equal(found["part"], number)).drop_columns(["part"]) for number in parts}


def known_divisions(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Every division code that was ever valid, with its names, whole and without their kind (南宁市, 南宁). Raises Refused while no edition of the list is loaded."""
    files = delta.data_files(settings.lake / "judged" / DIVISION_TABLE)
    if not files:
        raise Refused("REFERENCE_MISSING", "the feed is checked against reference.division, which is not loaded yet: ingest that first")
    with row_kernel(1) as connection:
        rows = connection.execute(
            """select distinct division_code, unnest([division_name, regexp_replace(division_name, $2, '')]) as spelling
            from read_parquet($1) where _verdict <> 'quarantined' order by all""",
            [files, KIND_OF_DIVISION],
        ).fetchall()
    return tuple(rows)


def _query(job: Job, table: Path) -> str:
    identity = ", ".join(job.identity)
    place = f"part * {PLACES_OF_A_PART} + ordinal"
    changed = "prior.content <> keys.content" if job.feed.kind == "event" else "false"  # what happened cannot change; a state can
    return f"""
with twice as (select {identity}, min({place}) as first_place, min(content) <> max(content) as differs from keys group by all having count(*) > 1),
prior as ({_prior(job, table)})
select part, ordinal, case when twice.differs or {changed} then 'KEY.CONFLICT' when {place} > twice.first_place or prior.content = keys.content then 'repeated' end as verdict
from keys left join twice using ({identity}) left join prior using ({identity})
where verdict is not null"""


def _prior(job: Job, table: Path) -> str:
    """Content of the same facts in other deliveries; for series and reference lists as it stood just before this delivery's vintage or edition."""
    identity = ", ".join(job.identity)
    files = [file for file in delta.data_files(table) if not Path(file).name.startswith(f"{job.delivery.delivery_id}-")]
    if not files:
        return f"select {identity}, content from keys where false"
    listed = ", ".join(f"'{file}'" for file in files)
    before = f"and _known_at <= timestamptz '{job.delivery.known_at}'" if job.feed.kind in ("series", "reference") else ""
    return f"""select {identity}, arg_max(_content_hash, (_known_at, _received_at, _row)) as content from read_parquet([{listed}], union_by_name = true)
    semi join keys using ({identity}) where _verdict <> 'quarantined' {before} group by all"""
