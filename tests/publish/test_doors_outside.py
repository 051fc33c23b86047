"""Readers outside get only what disclosure control let through: by export, by share and by guihu.read, whatever they ask."""

import csv
import shutil
from dataclasses import replace

import pyarrow as pa
import pytest

from spark_jobs.publish import policy
from spark_jobs.publish.export import protection
from spark_jobs.publish.export.run import Request, export
from spark_jobs.publish.reading import read
from spark_jobs.publish.sharing import versions
from spark_jobs.publish.sharing.tables import shared_table
from tests.publish.conftest import data_file


@pytest.fixture
def seen(monkeypatch) -> list:
    """A rule that hides the figure of the smallest city, and a record of what was put before it."""
    calls = []

    def hide(settings, dataset, rows: pa.Table) -> pa.Table:
        calls.append((dataset.role, dataset.name, rows.num_rows))
        place = rows.schema.get_field_index("gdp_value")
        hidden = pa.array([None if code == "450200" else value for code, value in zip(rows["division_code"].to_pylist(), rows["gdp_value"].to_pylist())], rows.schema.field(place).type)
        return rows.set_column(place, "gdp_value", hidden)

    monkeypatch.setattr(protection, "leaves_unchanged", lambda table, role: role != "public")
    monkeypatch.setattr(protection, "protect", hide)
    return calls


def test_the_rule_sees_the_whole_table_before_any_condition_narrows_it(released, tmp_path, seen):
    folder = export(released, Request("mart_macro__series", "csv", "public", "tester", where="division_code = '450200'"), tmp_path)["folder"]
    (row,) = csv.DictReader(data_file(folder).read_text(encoding="utf-8-sig").splitlines()[:2])
    assert row["gdp_value"] == ""
    assert export(released, Request("mart_macro__series", "csv", "public", "tester", where="gdp_value < 0"), tmp_path)["rows"] == 0, "a condition cannot ask what is hidden"
    assert seen == [("public", "mart_macro__series", 4)] * 2


def test_reading_and_sharing_pass_the_same_rule(released, tmp_path, seen):
    rows = read("mart_macro__series", role="public", settings=released)
    assert rows["gdp_value"].to_pylist() == [5218.34, 5469.06, None, None]
    shutil.copytree(released.releases, tmp_path / "releases", symlinks=True)
    home = replace(released, home=tmp_path)
    version, release = versions.latest(versions.readable(home, "public"))
    assert '"gdp_value": 2' in shared_table(home, "public", "mart_macro__series", version, release).told["statistics"].partition("nullCount")[2]
    assert len(seen) == 2


def test_readers_inside_get_the_table_as_it_is(released, seen):
    assert read("mart_macro__series", role="analyst", settings=released)["gdp_value"].to_pylist() == [5218.34, 5469.06, -0.1, None]
    assert seen == []


def test_a_door_that_the_policy_does_not_open_is_closed(released, tmp_path, monkeypatch):
    closed = replace(policy.role("analyst"), doors=frozenset({"dashboards", "sql"}))
    monkeypatch.setattr(policy, "role", lambda name: closed)
    for ask in (lambda: export(released, Request("mart_macro__series", "csv", "analyst", "tester"), tmp_path), lambda: read("mart_macro__series", role="analyst", settings=released)):
        with pytest.raises(policy.DoorClosed, match="dashboards, sql"):
            ask()
