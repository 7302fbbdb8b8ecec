"""The question, the picture and the knobs that answer it are seen together, on desk and phone."""

import gzip
import re

import pytest
from page.helpers import HIDDEN, two_frames
from toc import toc_pages

from stepsize import explore
from stepsize.explore import page as scripts


@pytest.mark.parametrize("width", [600, 800, 1000])
def test_all_knobs_are_beside_the_picture_where_there_is_room(show, width):
    page = show(explore.valley(grad_evals=100), viewport={"width": width, "height": 900})
    two_frames(page)
    for slider in page.locator(".explorer-body input[type=range]").filter(visible=True).all():
        assert slider.evaluate(HIDDEN) == []


def loaded(text):
    """The names of the explorers' scripts and styles that a page loads."""
    return re.findall(r'(?:src|href)="[^"]*_static/explorers/([\w.]+)', text)


def packed(name):
    file = next(file for file in scripts.FILES if file.name == name)
    return len(gzip.compress(file.read_bytes(), 9))


@pytest.mark.parametrize("name", toc_pages())
def test_a_page_loads_what_it_uses(built_book, name):
    text = (built_book / f"{name}.html").read_text(encoding="utf-8")
    kinds = dict.fromkeys(re.findall('data-(?:explorer|part)="([a-z-]+)"', text))
    wanted = [file.name for file in scripts.scripts(*kinds)]
    assert [name for name in loaded(text) if name.endswith(".js")] == wanted
    if kinds:
        assert {"kit.js", *(f"{kind.replace('-', '_')}.js" for kind in kinds)} <= set(wanted)
    assert sum(map(packed, loaded(text))) <= 31_500  # with the style
    assert sum(packed(name) for name in loaded(text) if name.endswith(".js")) <= 30_000


def test_scripts_are_readable():
    for file in scripts.FILES:
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            indent = len(line) - len(line.lstrip(" "))
            comment = line.lstrip().startswith("*")
            assert "\t" not in line and (indent % 2 == 0 or comment), (file.name, number)
            assert len(line) <= 130 or file.name == "catalogue.js", (file.name, number)
