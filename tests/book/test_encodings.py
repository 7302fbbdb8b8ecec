"""Whatever reads or writes text says in which encoding: the machine's own may lack our letters."""

import ast
import os
import re
import subprocess
import sys

import nbformat
import pytest
from toc import ROOT

SOURCES = [
    path
    for folder in ("book", "stepsize", "tests")
    for kind in ("*.py", "*.ipynb")
    for path in sorted((ROOT / folder).rglob(kind))
    if ".ipynb_checkpoints" not in path.parts
]


def code(path):
    """The Python of a file; cells with IPython's own syntax are left out."""
    if path.suffix == ".py":
        return [path.read_text(encoding="utf-8")]
    cells = nbformat.read(path, as_version=4).cells
    return [c.source for c in cells if c.cell_type == "code" and c.source[:1] not in "%!"]


def silent_about_encoding(source):
    """The calls that open text without naming the encoding."""
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call):
            name = getattr(call.func, "attr", getattr(call.func, "id", None))
            values = [str(a.value) for a in call.args if isinstance(a, ast.Constant)]
            keywords = {keyword.arg for keyword in call.keywords}
            named = "encoding" in keywords or "utf-8" in values
            binary = any(re.fullmatch("[rwax+]*b[rwax+]*", value) for value in values)
            opens = name in ("read_text", "write_text") or (name == "open" and not binary)
            if (opens and not named) or "text=True" in map(ast.unparse, call.keywords):
                yield ast.unparse(call)


def test_text_is_opened_with_its_encoding():
    silent = {p: [c for source in code(p) for c in silent_about_encoding(source)] for p in SOURCES}
    assert {p: calls for p, calls in silent.items() if calls} == {}


def test_silence_is_heard():
    said = "path.open('rb'), path.read_text('utf-8'), open('b.csv', encoding='utf-8')"
    assert list(silent_about_encoding(said)) == []
    unsaid = "path.open('w'), path.read_text(), open('b.csv'), run(c, text=True)"
    assert len(list(silent_about_encoding(unsaid))) == 4


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8"])
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_claims_are_printed_into_any_pipe(encoding, options):
    run = subprocess.run(
        [sys.executable, "-m", "experiments", "--only", "yao-eq8", *options],  # with α and ²
        cwd=ROOT / "book",
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding},
        capture_output=True,
    )
    assert run.returncode == 0, run.stderr.decode(errors="replace")
    assert "yao-eq8" in run.stdout.decode(encoding)
