"""The installer: a finished environment is left alone, an interrupted one is made again, a wrong jar is never accepted."""

import ast
import hashlib
import re
import sys
from pathlib import Path

import pytest

from infra.environments import jars, java, venvs
from infra.environments.shell import Missing
from spark_jobs.settings import CHECKOUT

LOCKS = CHECKOUT / "infra" / "environments"


@pytest.fixture
def environment(tmp_path) -> Path:
    """A folder that looks like an environment."""
    folder = tmp_path / "lake"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").touch()
    return folder


def test_an_environment_whose_stamp_equals_its_lock_is_left_alone(environment):
    built = []
    for _ in range(2):
        venvs.settle(environment, "lake", "digest of the lock", lambda: built.append("built"))
    assert built == ["built"]


def test_an_environment_is_made_again_when_its_lock_changed(environment):
    built = []
    venvs.settle(environment, "lake", "old", lambda: built.append("old"))
    venvs.settle(environment, "lake", "new", lambda: built.append("new"))
    assert built == ["old", "new"]


def test_an_interrupted_installation_leaves_no_stamp(environment):
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        venvs.settle(environment, "lake", "wanted", interrupted)
    assert list(environment.glob(".*.installed")) == []


def test_an_environment_whose_python_is_gone_is_made_again(environment):
    built = []
    venvs.settle(environment, "lake", "wanted", lambda: built.append("once"))
    (environment / "bin" / "python").unlink()
    venvs.settle(environment, "lake", "wanted", lambda: built.append("again"))
    assert built == ["once", "again"]


def test_every_lock_pins_with_hashes_and_names_no_index():
    locks = sorted(LOCKS.glob("*.txt"))
    assert len(locks) == 6
    for lock in locks:
        text = lock.read_text()
        pins = re.findall(r"^[a-zA-Z0-9._-]+(?:\[[^\]]+\])?==", text, re.MULTILINE)
        assert pins, lock
        assert len(re.findall(r"^[a-zA-Z0-9._-]+(?:\[[^\]]+\])?==.* \\$\n    --hash=", text, re.MULTILINE)) == len(pins), f"{lock.name}: a pin without a hash"
        assert "://" not in text, f"{lock.name} names an address"


def test_the_seven_delta_jars_are_pinned_twice_the_same_way():
    wanted = jars.wanted_digests()
    named = re.findall(r'name="([^"]+)" rev="([^"]+)"', (LOCKS / "jars.xml").read_text())
    assert {f"{name}-{version}.jar" for name, version in named} == set(wanted)
    assert len(wanted) == 7
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in wanted.values())


def test_a_jar_with_other_bytes_is_refused_and_does_not_reach_the_folder(tmp_path, monkeypatch):
    name = "delta-storage-4.4.0.jar"
    monkeypatch.setattr(jars, "wanted_digests", lambda: {name: hashlib.sha256(b"the real one").hexdigest()})
    monkeypatch.setattr(jars, "spark_jars", lambda target: tmp_path)
    (tmp_path / "ivy-0.jar").touch()
    monkeypatch.setattr(jars, "run", lambda *_, **__: (tmp_path / "jars.draft").mkdir() or (tmp_path / "jars.draft" / name).write_bytes(b"another one"))
    with pytest.raises(Missing, match="another file was served"):
        jars.fetch_delta(tmp_path, tmp_path)
    assert list((tmp_path / "jars").iterdir()) == []


def test_a_good_jar_is_never_fetched_again(tmp_path, monkeypatch):
    (tmp_path / "jars").mkdir()
    (tmp_path / "jars" / "a.jar").write_bytes(b"good")
    monkeypatch.setattr(jars, "wanted_digests", lambda: {"a.jar": hashlib.sha256(b"good").hexdigest()})
    monkeypatch.setattr(jars, "run", lambda *_, **__: pytest.fail("fetched"))
    jars.fetch_delta(tmp_path, tmp_path)


def test_java_is_accepted_by_its_version(tmp_path):
    fake = tmp_path / "java"
    for said, expected in (('openjdk version "17.0.15" 2025-04-15', 17), ('java version "1.8.0_402"', 1), ('openjdk version "25" 2025-09-16', 25)):
        fake.write_text(f"#!/bin/sh\necho '{said}' >&2\n")
        fake.chmod(0o755)
        assert java.version(fake) == expected
    assert java.version(tmp_path / "absent") is None


def test_the_installer_runs_on_the_python_of_a_bare_machine():
    """No syntax newer than Python 3.9, and nothing imported but the standard library and its own parts."""
    for path in LOCKS.glob("*.py"):
        tree = ast.parse(path.read_text(), feature_version=(3, 9))
        imported = {name.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
        imported |= {node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert imported <= set(sys.stdlib_module_names) | {"infra"}, path
