"""A disk that is full or may not be written: one line that names the place and what to do, exit code 3, and the same command succeeds afterwards.

Each runs in a mount namespace of its own (unshare), where a small disk or a read-only mount can be made without touching the machine.
"""

import os
import subprocess

import pytest

from spark_jobs.settings import CHECKOUT, Settings
from spark_jobs.upkeep.verify import verify
from tests.faults import ways
from tests.faults.recount import months

IN_A_NAMESPACE = ["unshare", "--map-root-user", "--mount", "bash", "-euc"]
SIZES = range(8, 80, 2 if int(os.environ.get("GUIHU_KILLS", "1")) > 1 else 12)  # KB; the whole way of the file needs about 76
pytestmark = [
    pytest.mark.service,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(subprocess.run([*IN_A_NAMESPACE, "true"], capture_output=True).returncode != 0, reason="this machine allows no mount namespace"),
]
# $1 the size in KB, $2 a folder for what is kept: fill the disk, say how that ended, give it room, then keep what came of it
FILL = """
mount -t tmpfs -o size=$1k tmpfs "$GUIHU_HOME"
code=0; { ./guihu receive economy.house_price "$3" && ./guihu ingest economy.house_price; } 2>"$2/said" >/dev/null || code=$?
echo $code >"$2/code"
mkdir "$2/at_once" && cp -r "$GUIHU_HOME"/. "$2/at_once"
mount -o remount,size=64m "$GUIHU_HOME"
./guihu receive economy.house_price "$3" && ./guihu ingest economy.house_price && cp -r "$GUIHU_HOME" "$2/kept"
"""
READ_ONLY = """
mount --bind "$2" "$2" && mount -o remount,bind,ro "$2"
./guihu receive economy.house_price "$1" && ./guihu ingest economy.house_price
"""


def test_a_full_disk_of_any_size_halves_nothing(tmp_path, figures):
    full = 0
    for size in SIZES:
        folder = tmp_path / str(size)
        way = ways.one_month(folder, size)
        sent = way.commands[0][0][2]
        way.home.mkdir()
        done = in_a_namespace(FILL, way, str(size), str(folder), sent)
        assert done.returncode == 0, done.stdout + done.stderr
        code, said = int((folder / "code").read_text()), (folder / "said").read_text()
        assert code in (0, 3), said
        if code:
            full += 1
            assert_one_line(said, "the disk is full")
            at_once = months(folder / "at_once", [folder / "sent" / os.path.basename(sent)], False)
            assert at_once.is_clean, (size, at_once)
        way.home.rmdir()
        (folder / "kept").rename(way.home)
        found = way.recount(True)
        figures("disk full, of a small size", found)
        assert found.is_clean and found.rows, (size, found)
    print(f"disks that were full: {full} of {len(SIZES)}")
    assert full > len(SIZES) / 2


@pytest.mark.parametrize("place", ["", "landing", "lake", "lake/judged/economy__house_price", "lake/judged/economy__house_price/_delta_log", "ledger", "run"])
def test_a_place_that_may_not_be_written_is_named_and_nothing_is_half_done(tmp_path, place, figures):
    first, second = ways.one_month(tmp_path, 1), ways.one_month(tmp_path, 2, year=2031)
    first.finish()
    refused = in_a_namespace(READ_ONLY, second, second.commands[0][0][2], str(second.home / place))
    assert refused.returncode == 3, refused.stderr
    assert_one_line(refused.stderr, "mounted read-only")
    assert str(second.home / place) in refused.stderr
    assert second.recount(False).is_clean
    second.finish()
    found = first.recount(True) + second.recount(True)
    figures("read-only place", found)
    assert found.is_clean, found
    assert verify(Settings(home=second.home, environments=second.home, port=9)).faults == []


def assert_one_line(said: str, word: str) -> None:
    lines = [line for line in said.splitlines() if line.startswith("guihu: ")]
    assert len(lines) == 1 and word in lines[0] and "same command again" in lines[0], said
    assert "Traceback" not in said


def in_a_namespace(script: str, way: ways.Way, *arguments: str) -> subprocess.CompletedProcess:
    own = {"GUIHU_HOME": str(way.home), "GUIHU_ENV": ways.ENVIRONMENTS, "GUIHU_PORT": "9"}
    return subprocess.run([*IN_A_NAMESPACE, script, "guihu", *arguments], cwd=CHECKOUT, env=os.environ | own, capture_output=True, text=True, timeout=120)
