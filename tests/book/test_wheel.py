"""The wheel in an empty folder: whole, NumPy alone, nothing of the book."""

import subprocess
import sys
import zipfile

import pytest
from toc import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built of a copy, since a build leaves files behind."""
    folder = tmp_path_factory.mktemp("wheel")
    files = subprocess.run(
        ["git", "ls-files", "stepsize", "pyproject.toml", "README.md", "LICENSE"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        encoding="utf-8",
    ).stdout.split()
    for name in files:
        if (ROOT / name).is_file():
            (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "source" / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-build-isolation", "--no-index", folder / "source"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_it_holds_the_package_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"stepsize"}
    tracked = subprocess.run(
        ["git", "ls-files", "stepsize"], cwd=ROOT, capture_output=True, encoding="utf-8"
    ).stdout.split()
    assert {name for name in tracked if (ROOT / name).is_file()} <= set(names)


# Nothing but the standard library, NumPy and what was unpacked can be imported.
EXAMPLES = """
import doctest, importlib, pathlib, sys
import numpy
class Bare:
    def find_spec(name, path=None, target=None):
        known = sys.stdlib_module_names | {"numpy", "stepsize"}
        if name.partition(".")[0] not in known:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Bare)
names = {"np": numpy}
exec("from stepsize import *", names)
import stepsize
folder = pathlib.Path(stepsize.__file__).parent
assert folder.parent == pathlib.Path(sys.argv[1]), folder
tried = 0
for file in sorted(folder.rglob("*.py")):
    name = ".".join(file.relative_to(folder.parent).with_suffix("").parts)
    if "explore" in name or name.endswith((".expressions", ".torch")):
        continue
    module = importlib.import_module(name.removesuffix(".__init__"))
    for test in doctest.DocTestFinder().find(module, globs=dict(names)):
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        failed, run = doctest.DocTestRunner(optionflags=flags).run(test)
        assert not failed, test.name
        tried += run
print(tried)
"""


def test_its_examples_run_with_numpy_alone(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", EXAMPLES, str(tmp_path)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": ""},
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout) > 100
