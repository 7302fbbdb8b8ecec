"""What the built site carries is whole."""

import csv
import importlib.util
import io
import json
import os
import subprocess
import sys
import zipfile
from types import SimpleNamespace

import nbformat
import pytest
from toc import ROOT

import stepsize
from experiments.claims import VERDICTS, all_claims

spec = importlib.util.spec_from_file_location("travel", ROOT / "book" / "_ext" / "travel.py")
travel = importlib.util.module_from_spec(spec)
spec.loader.exec_module(travel)


def carry(folder):
    builder = SimpleNamespace(format="html")
    travel.carry(SimpleNamespace(outdir=folder, srcdir=ROOT, builder=builder), None)
    return folder / "files"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return carry(tmp_path_factory.mktemp("site"))


def test_the_same_sources_give_the_same_bytes(files, tmp_path):
    again = carry(tmp_path)
    assert {f.name: f.read_bytes() for f in files.iterdir()} == {
        f.name: f.read_bytes() for f in again.iterdir()
    }


def test_the_wheel_works_in_an_empty_folder(files, tmp_path):
    (wheel,) = files.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = (
        "from stepsize import *; import stepsize; print(stepsize.__file__, stepsize.__version__);"
        "print(minimize(Polyak(0.0), quadratic([1.0, 4.0]), [2.0, 1.0], iterations=1).step_size[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
    )
    # the loss is 4, the squared gradient 20
    assert done.stdout.splitlines() == [
        f"{tmp_path / 'stepsize' / '__init__.py'} {stepsize.__version__}",
        "[0.2 0.2]",
    ], done.stderr


def test_the_archive_holds_every_notebook_and_what_runs_it(files):
    (archive,) = files.glob("*.zip")
    packed = zipfile.ZipFile(archive)
    assert packed.testzip() is None
    names = {name.partition("/")[2] for name in packed.namelist()}
    assert {name.partition("/")[0] for name in packed.namelist()} == {
        f"stepsize-{stepsize.__version__}"
    }
    notebooks = {f"book/{path.name}" for path in (ROOT / "book").glob("*.ipynb")}
    needed = {"Makefile", "pyproject.toml", "requirements.txt", "_toc.yml", "_config.yml"}
    needed |= {"stepsize/__init__.py", "book/experiments/claims.py", "tests/requirements.txt"}
    assert notebooks | needed <= names
    assert not [name for name in names if "__pycache__" in name or ".ipynb_checkpoints" in name]
    for name in notebooks:
        text = packed.read(f"stepsize-{stepsize.__version__}/{name}").decode()
        assert text == (ROOT / name).read_text(encoding="utf-8")
        nbformat.validate(nbformat.reads(text, as_version=4))


def test_the_ledger_has_every_claim_as_the_page_shows_it(files):
    table = list(csv.DictReader(io.StringIO((files / "ledger.csv").read_text(encoding="utf-8"))))
    rows = json.loads((files / "ledger.json").read_text(encoding="utf-8"))
    claims = {claim.id: claim for claim in all_claims()}
    assert [row["id"] for row in table] == [row["id"] for row in rows] == list(claims)
    for row, line in zip(rows, table):
        assert row["statement"] == line["statement"] == claims[row["id"]].statement
        assert row["verdict"] == claims[row["id"]].verdict and row["verdict"] in VERDICTS
        assert row["measured"] == line["measured"] != ""
    seen = next(row for row in rows if row["id"] == "yao-fig7a-k10")["measured"]
    assert "79" in seen  # the iteration that the paper prints


def test_sweeps_and_pins_are_the_stored_ones(files):
    for file in (ROOT / "book" / "data").glob("*.csv"):
        assert (files / file.name).read_bytes() == file.read_bytes()
    pins = (files / "requirements.txt").read_text(encoding="utf-8")
    assert "numpy==" in pins and "-e ." not in pins
