"""Every module imports fresh on its own, no import leads back, and what is missing is said."""

import ast
import graphlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
    for file in sorted((ROOT / "stepsize").rglob("*.py"))
}


def python(code, *arguments):
    """What an interpreter that has loaded nothing yet prints, and what it complains of."""
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    return done.stdout, done.stderr


# One interpreter loads what belongs to others, which takes long; a copy of it loads each module.
EACH = """
import importlib, os, sys, traceback
import anywidget, matplotlib.backends.backend_agg, matplotlib.pyplot, numpy, sympy
for name in sys.argv[1:]:
    if os.fork() == 0:
        try:
            importlib.import_module(name)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if os.wait()[1] == 0:
        print(name)
"""


@pytest.fixture(scope="module")
def imported():
    pytest.importorskip("anywidget")
    pytest.importorskip("matplotlib")
    pytest.importorskip("sympy")
    return python(EACH, *FILES)


@pytest.mark.parametrize("name", FILES)
def test_it_imports_on_its_own(imported, name):
    if name == "stepsize.torch":
        pytest.importorskip("torch")
    done, complaints = imported
    assert name in done.split(), complaints


def imports(name):
    """The modules of the package that one asks for, anywhere in it."""
    for node in ast.walk(ast.parse(FILES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in FILES)
        elif isinstance(node, ast.ImportFrom) and node.module in FILES:
            for alias in node.names:
                part = f"{node.module}.{alias.name}"
                yield part if part in FILES else node.module


def test_no_import_leads_back():
    graph = {name: set(imports(name)) for name in FILES}
    assert graph["stepsize.runs"] >= {"stepsize.checks", "stepsize.streams"}
    order = list(graphlib.TopologicalSorter(graph).static_order())  # or an error with the circle
    assert set(order) == set(FILES)
    explore = {name for name in FILES if name.startswith("stepsize.explore")}
    assert not any(graph[name] & explore for name in set(FILES) - explore)


# What is missing, what asks for it, and the extra that brings it.
MISSING = {
    "matplotlib": ("import stepsize.explore", "explore"),
    "anywidget": ("import stepsize.explore.widget", "explore"),
    "sympy": ("Objective.from_sympy('x**2', 'x')", "sympy"),
    "torch": ("import stepsize.torch", "torch"),
    "tqdm": ("minimize(IDBD(), rosenbrock(), [0, 0], iterations=1, progress=True)", "explore"),
}


@pytest.mark.parametrize("name", MISSING)
def test_a_missing_package_is_named_with_the_command(name):
    code, extra = MISSING[name]
    if "explore" in code and name != "matplotlib":
        pytest.importorskip("matplotlib")
    blocked = f"import sys; sys.modules[{name!r}] = None; from stepsize import *; {code}"
    last = python(blocked)[1].splitlines()[-1]
    assert last.startswith(f"ImportError: {name}")
    assert last.endswith(f"is not installed: pip install 'stepsize[{extra}]'")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    brought = project["optional-dependencies"][extra]
    assert any(text.startswith(name) for text in brought)


def test_the_core_needs_numpy_alone():
    given = "minimize(Csawg(0.001, 10), rosenbrock(), [-1, 0], iterations=50).diverged"
    blocked = f"import sys; sys.modules.update(dict.fromkeys({list(MISSING)})); "
    assert python(blocked + f"from stepsize import *; print({given})") == ("False\n", "")
