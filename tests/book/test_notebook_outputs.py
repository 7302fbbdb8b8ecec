"""How the notebooks' outputs are held against the stored ones, by nbval's own comparison."""

import importlib.util
from functools import partial
from types import SimpleNamespace

import pytest
from nbformat.v4 import new_output
from nbval.plugin import IPyNbCell, bcolors
from toc import ROOT

spec = importlib.util.spec_from_file_location("notebooks", ROOT / "book" / "conftest.py")
notebooks = importlib.util.module_from_spec(spec)
spec.loader.exec_module(notebooks)


@pytest.fixture
def equal(request):
    """Whether nbval takes two lists of outputs for the same."""
    notebooks.pytest_configure(SimpleNamespace(option=SimpleNamespace()))

    def compare(now, stored):
        file = SimpleNamespace(skip_compare=("output_type", "metadata", "name", "image/png"))
        cell = SimpleNamespace(parent=file, config=request.config, ihook=request.node.ihook)
        cell.colors, cell.sanitize = bcolors, partial(IPyNbCell.sanitize, cell)
        cell.format_output_compare = partial(IPyNbCell.format_output_compare, cell)
        return IPyNbCell.compare_outputs(cell, now, stored)

    return compare


def printed(text):
    return [new_output("stream", name="stdout", text=text)]


def shown(html):
    return [new_output("display_data", {"text/html": html, "text/plain": "<object>"})]


ROW = "<tr><td>Polyak</td><td>≈ {}</td><td>12</td></tr>"


@pytest.mark.parametrize("output", [printed, shown], ids=["text", "html"])
@pytest.mark.parametrize(
    ("stored", "now"),
    [
        ("1,644", "1,645"),  # one in the last digit
        ("2e-06", "3e-06"),
        ("0.9", "1.0"),
        ("-0.75", "-0.74"),
        ("3801, and ≈ 44", "3804, and ≈ 45"),  # and less than a thousandth
        ("1,000", "999"),
        ("0.98765432", "0.98765987"),
    ],
)
def test_near_is_equal(equal, output, stored, now):
    assert equal(output(ROW.format(now)), output(ROW.format(stored)))


@pytest.mark.parametrize("output", [printed, shown], ids=["text", "html"])
@pytest.mark.parametrize(
    ("stored", "now"),
    [
        ("1,644", "1,700"),
        ("1,644", "1,647"),
        ("2e-06", "4e-06"),
        ("2e-06", "2e-07"),
        ("0.9", "1.1"),
        ("0.75", "-0.75"),
        ("63 | ≈ 44", "63 | ≈ 47"),
        ("63 | ≈ 44", "63 | 44"),  # other numbers are marked
        ("63 | 44", "63 | 45"),  # what is not marked is exact
        ("63 | ≈ 44", "63 | ≈ 44 | ≈ 44"),
        ("63", "none"),
        ("63", "63 by"),
    ],
)
def test_other_is_different(equal, output, stored, now):
    assert not equal(output(ROW.format(now)), output(ROW.format(stored)))


def test_bytes_of_pictures_and_addresses_are_not_compared(equal):
    picture = '<img alt="≈ 5" src="data:image/{};base64,{}"> <A at 0x{}>'
    for kind in ("png", "svg+xml"):
        stored = shown(picture.format(kind, "iVBORw0KGgo+/=", "7f0123456789"))
        assert equal(shown(picture.format(kind, "R0lGODlh", "7fabcdefabcd")), stored)
        other = picture.format(kind, "R0lGODlh", "7fabcdefabcd").replace("≈ 5", "≈ 7")
        assert not equal(shown(other), stored)
    assert not equal(shown("<img src='a.png'>"), shown("<img src='b.png'>"))


def test_an_output_that_is_gone_is_a_difference(equal):
    assert not equal([], printed("≈ 5"))
    assert not equal(printed("≈ 5"), shown("≈ 5"))
