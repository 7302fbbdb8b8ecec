"""Releases are made of commits; the public workflow tells what the site must know."""

import shutil
import subprocess

import yaml
from toc import ROOT


def test_a_dirty_tree_is_refused_with_a_sentence(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    done = subprocess.run(
        ["make", "release"], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode != 0
    assert "A release is made of a commit: commit or stash these changes first." in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_the_workflow_runs_weekly_and_tells_when_it_fails():
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow[True]["schedule"]  # YAML reads "on" as true
    jobs = workflow["jobs"]
    assert {"test", "unpinned", "frameworks"} == set(jobs["report"]["needs"])
    assert jobs["report"]["permissions"] == {"issues": "write"}
    assert "failure()" in jobs["report"]["if"]
    build = next(step for step in jobs["book"]["steps"] if step.get("run") == "make book")
    assert {"STEPSIZE_REPOSITORY", "STEPSIZE_SITE"} == set(build["env"])
