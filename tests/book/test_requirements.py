"""What is pinned serves every Python that is promised, and covers what pyproject.toml asks for."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from toc import ROOT

PROMISED = ["3.11.0", "3.11.2", "3.12.0", "3.13.0", "3.14.0"]
FILES = ["requirements.txt", "tests/requirements.txt"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pins(name):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    lines = [line.partition("#")[0].strip() for line in lines]
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("python", PROMISED)
def test_installed_pins_run_on_every_promised_python(name, python):
    assert python in SpecifierSet(PROJECT["requires-python"])
    here = {"python_full_version": python, "python_version": python.rpartition(".")[0]}
    for pin in pins(name):
        if pin.marker is not None and not pin.marker.evaluate(here):
            continue
        try:
            found = distribution(pin.name)
        except PackageNotFoundError:  # for another system
            assert pin.marker is not None, f"{pin.name} is pinned and not installed"
            continue
        if found.version in pin.specifier:
            asks = found.metadata.get("Requires-Python")
            assert asks is None or python in SpecifierSet(asks), f"{pin} asks for Python {asks}"


def asked(extra):
    """The names that an extra asks for, those of the extras inside it too."""
    for text in (
        PROJECT["dependencies"] if extra is None else PROJECT["optional-dependencies"][extra]
    ):
        requirement = Requirement(text)
        if requirement.name == PROJECT["name"]:
            for inner in requirement.extras:
                yield from asked(inner)
        else:
            yield canonicalize_name(requirement.name)


@pytest.mark.parametrize(
    ("extra", "files"), [(None, FILES[:1]), ("book", FILES[:1]), ("test", FILES)]
)
def test_what_pyproject_asks_for_is_pinned(extra, files):
    pinned = {canonicalize_name(pin.name) for name in files for pin in pins(name)}
    assert set(asked(extra)) <= pinned


def test_nothing_is_pinned_twice_and_the_book_needs_no_test_tool():
    book, tests = (
        re.findall(r"^([\w.-]+)==", (ROOT / f).read_text(encoding="utf-8"), re.M) for f in FILES
    )
    assert not set(book) & set(tests) - {"ptyprocess", "pycparser", "cffi"}  # by their markers
    assert not {"pytest", "nbval", "jupyterlab", "playwright", "ruff", "hypothesis"} & set(book)
