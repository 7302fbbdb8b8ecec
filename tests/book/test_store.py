"""What is measured once in a command, over its processes."""

import os
import sqlite3
import subprocess
import sys

import pytest
from toc import ROOT

from experiments import store


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("STEPSIZE_MEASURED", str(tmp_path))
    return tmp_path


def other_process(code, **pipes):
    """Another process of the same command."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "book")])
    return subprocess.Popen(
        [sys.executable, "-c", f"from experiments.store import once\n{code}"],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        encoding="utf-8",
        **pipes,
    )


def test_whoever_comes_second_waits_and_reads(folder):
    asked = []

    def measure():
        asked.append(other_process("print(once('a', lambda: ['theirs']))"))
        return ["ours"]

    assert store.once("a", measure) == ["ours"]
    assert asked[0].communicate(timeout=60)[0].strip() == "['ours']"
    assert store.once("a", lambda: pytest.fail("measured twice")) == ["ours"]
    assert store.once("b", lambda: ["another"]) == ["another"]


def test_a_process_that_dies_while_it_measures_leaves_nothing(folder):
    code = "import sys\nonce('a', lambda: print('here', flush=True) or sys.stdin.read())"
    with other_process(code, stdin=subprocess.PIPE) as child:
        assert child.stdout.readline() == "here\n"  # it holds the lock
        child.kill()
    assert store.once("a", lambda: ["ours"]) == ["ours"]


def test_what_fails_is_not_kept(folder):
    with pytest.raises(ZeroDivisionError):
        store.once("a", lambda: 1 / 0)
    assert store.once("a", lambda: ["better"]) == ["better"]


def test_nobody_waits_for_ever(folder, monkeypatch):
    monkeypatch.setattr(store, "WAIT", 0.0)
    held = sqlite3.connect(folder / "a.sqlite", isolation_level=None)
    held.execute("BEGIN EXCLUSIVE")
    assert store.once("a", lambda: ["ours"]) == ["ours"]
    held.close()


@pytest.mark.parametrize("named", [False, True])
def test_without_the_folder_each_measures(tmp_path, monkeypatch, named):
    monkeypatch.delenv("STEPSIZE_MEASURED", raising=False)
    if named:  # but no command has made it
        monkeypatch.setenv("STEPSIZE_MEASURED", str(tmp_path / "gone"))
    assert store.once("a", lambda: ["first"]) == ["first"]
    assert store.once("a", lambda: ["second"]) == ["second"]
    assert not list(tmp_path.iterdir())
