"""The question, the picture and the knobs that answer it are seen together, on desk and phone."""

import gzip
import re

import pytest
from page.helpers import two_frames
from toc import ROOT, toc_pages

from stepsize import explore
from stepsize.explore import page as scripts

SIZES = {"desk": (1280, 900), "phone": (390, 844)}

# Scrolled so that a slider is just in sight, what is seen of its explorer: everything that is not
# whole within the window, or lies below something else.
HIDDEN = """slider => {
  slider.scrollIntoView({ block: "end", behavior: "instant" });
  const figure = slider.closest("figure"), found = [];
  for (const part of [slider, ...figure.querySelectorAll(".plot canvas")]) {
    const { left, right, top, bottom } = part.getBoundingClientRect();
    const name = part.getAttribute("aria-label") ?? part.labels[0].textContent;
    if (left < 0 || top < 0 || right > innerWidth + 0.5 || bottom > innerHeight + 0.5) {
      found.push(`${name}: ${[left, top, right, bottom].map(Math.round)}`);
    }
    const inside = part === slider ? 0 : 12; // the frame's corner; what is drawn there is its own
    for (const y of [top + 2, bottom - 2]) {
      const seen = document.elementFromPoint((left + right) / 2, y);
      if (seen !== part && !seen?.closest(".plot")?.contains(part)) {
        found.push(`${name} is covered`);
      }
    }
  }
  return found;
}"""


def pages_with_explorers():
    sources = {page: ROOT / f"{page}.ipynb" for page in toc_pages()}
    return [p for p, f in sources.items() if f.is_file() and "explore." in f.read_text("utf-8")]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", pages_with_explorers())
def test_every_front_slider_is_seen_with_its_picture(page_of, name, size):
    width, height = SIZES[size]
    page = page_of(name, width=width, height=height)
    figures = page.locator("figure.explorer[data-explorer]")
    for figure in figures.all():
        figure.scroll_into_view_if_needed()
        figure.locator(".explorer-body").wait_for()
        page.wait_for_selector("[aria-busy=true]", state="detached")
        sliders = figure.locator(".explorer-front input[type=range]").filter(visible=True)
        controls = figure.locator(".explorer-front :is(input, select)").filter(visible=True)
        assert 1 <= sliders.count() <= controls.count() <= 3
        # the first range of all is one of them
        first = figure.locator("input[type=range]").first
        assert first.evaluate("i => i.closest('.explorer-front') !== null")
        for slider in sliders.all():
            assert slider.evaluate(HIDDEN) == [], name
        question = figure.locator("figcaption").bounding_box()
        picture = figure.locator(".explorer-plots").bounding_box()
        assert question["y"] + question["height"] <= picture["y"] or size == "phone"  # it sticks


@pytest.mark.parametrize("name", pages_with_explorers())
def test_arrow_keys_on_the_first_range_change_what_is_said(page_of, name):
    page = page_of(name)
    for figure in page.locator("figure.explorer[data-explorer]").all():
        figure.scroll_into_view_if_needed()
        figure.locator(".explorer-body").wait_for()
        page.wait_for_selector("[aria-busy=true]", state="detached")
        slider, output = figure.locator("input[type=range]").first, figure.locator("output")
        before = output.inner_text()
        slider.press("ArrowRight")
        page.wait_for_selector("[aria-busy=true]", state="detached")
        if output.inner_text() == before:
            slider.press("ArrowLeft")
            slider.press("ArrowLeft")
            page.wait_for_selector("[aria-busy=true]", state="detached")
        assert output.inner_text() != before


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
    kinds = dict.fromkeys(re.findall('data-explorer="([a-z-]+)"', text))
    wanted = [file.name for file in scripts.scripts(*kinds)]
    assert [name for name in loaded(text) if name.endswith(".js")] == wanted
    if kinds:
        assert {"kit.js", *(f"{kind.replace('-', '_')}.js" for kind in kinds)} <= set(wanted)
    assert sum(map(packed, loaded(text))) <= 32_500  # with the style
    assert sum(packed(name) for name in loaded(text) if name.endswith(".js")) <= 30_000


def test_scripts_are_readable():
    for file in scripts.FILES:
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            indent = len(line) - len(line.lstrip(" "))
            comment = line.lstrip().startswith("*")
            assert "\t" not in line and (indent % 2 == 0 or comment), (file.name, number)
            assert len(line) <= 130 or file.name == "catalogue.js", (file.name, number)
