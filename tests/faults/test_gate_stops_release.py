"""A delivery that is mostly wrong stops the release: the gate names rule, share and owner, and the last release goes on serving."""

import json

import pytest

from tests.faults.conftest import FEED

pytestmark = [pytest.mark.service, pytest.mark.timeout(900)]


def test_a_failed_gate_names_rule_rows_and_owner_and_a_steward_can_let_pass(tmp_path, settings, guihu, released):
    path = tmp_path / "mostly_wrong.csv"
    path.write_text("city,year,month,new_home_price_index,existing_home_price_index\n" + "".join(f"Wrong{n},2070,1,flat,flat\n" for n in range(9)) + "Right,2070,1,100,100\n")
    served = (settings.releases / "current").resolve()
    assert guihu("receive", FEED, str(path)).returncode == 0
    ingested = json.loads(guihu("ingest", FEED, "--format", "json").stdout.splitlines()[-1])
    assert [(o["rows_loaded"], o["rows_quarantined"]) for o in ingested] == [(2, 18)]

    stopped = guihu("gate", "silver")
    assert stopped.returncode == 1
    for word in ("QUARANTINED-SHARE", ingested[0]["delivery_id"], "TYPE.value 18", "国家统计局广西调查总队"):
        assert word in stopped.stderr
    assert (settings.releases / "current").resolve() == served

    assert guihu("gate", "silver", "--accept", ingested[0]["delivery_id"]).returncode == 2
    passed = guihu("gate", "silver", "--accept", ingested[0]["delivery_id"], "--because", "a test of the gate")
    assert passed.returncode == 0, passed.stderr
    assert "WARNING" in passed.stderr


def test_going_back_serves_the_release_before_and_publishing_again_changes_nothing(settings, guihu, released):
    ids = [r["release_id"] for r in json.loads(guihu("release", "list", "--format", "json").stdout.splitlines()[-1])]
    back = guihu("release", "back")
    assert back.returncode == (0 if len(ids) > 1 else 1)
    again = guihu("release", "--skip-exit-code", "99")
    assert again.returncode in (0, 99)
    assert guihu("sql", "select count(*) from mart.release_info").returncode == 0
