"""A row that falls when it is held against others is written again in its own place, whatever order the joins gave the rows."""

import shutil

import pytest

from expectations.contract import load_feed
from infra.demo import enterprises
from spark_jobs import delta
from spark_jobs.duck import row_kernel
from spark_jobs.ingest import flow, landing
from spark_jobs.settings import Settings

pytestmark = pytest.mark.service  # takes time; needs no service of the stack


@pytest.mark.parametrize("seed", range(3))
def test_every_line_of_a_file_with_conflicts_is_judged_exactly_once(tmp_path, division_lake, seed):
    lake = Settings(home=tmp_path / "lake", environments=tmp_path, port=9)
    shutil.copytree(division_lake.lake, lake.lake)
    feed = load_feed("legal_person.registration")
    path, *_ = enterprises.write_deliveries(tmp_path / "sent", tmp_path / "planted", enterprises=9000, seed=seed)
    (result,) = flow.ingest(lake, feed, [landing.receive(lake, feed, path)[0]])
    files = [file for file in delta.data_files(lake.lake / "judged" / feed.table) if result.delivery.delivery_id in file]
    with row_kernel(2) as connection:
        rows, lines, conflicts = connection.execute("select count(*), count(distinct _row), count(*) filter ('KEY.CONFLICT' in _reasons) from read_parquet($1)", [files]).fetchone()
    assert rows == lines == result.outcome["rows_in"]
    assert conflicts == result.outcome["reasons"]["KEY.CONFLICT"] > 0
