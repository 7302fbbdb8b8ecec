"""Every page of the built book, wide and narrow, light and dark, from a server and from disk.

Each is opened twice, and all that is asked of it is asked of these two: once wide and light from
the server, once narrow and dark from disk, and turned to the other theme.
"""

from types import SimpleNamespace

import pytest
from page.helpers import HIDDEN, all_can_be_read, at_rest, picture
from toc import ROOT, toc_pages


@pytest.fixture(scope="module", params=[False, True], ids=["server", "disk"])
def disk(request):
    return request.param


@pytest.fixture(scope="module", params=toc_pages())
def visit(request, disk, window, in_the_book):
    """A page that is open; in the end it must not have reported an error or asked around."""
    width, height = (390, 844) if disk else (1280, 900)
    page = in_the_book(request.param, width=width, height=height, dark=disk, disk=disk)
    yield SimpleNamespace(name=request.param, page=page, width=width, dark=disk, disk=disk)
    window.clear()


@pytest.mark.parametrize("turned", [False, True], ids=["as opened", "the other theme"])
def test_it_fits_its_window(visit, turned):
    theme = "dark" if visit.dark != turned else "light"
    visit.page.emulate_media(color_scheme=theme)
    visit.page.wait_for_function(
        "theme => document.documentElement.dataset.theme === theme", arg=theme
    )
    beyond = visit.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert beyond <= 0, f"{beyond} px beyond a window of {visit.width} px"


def test_mathematics_is_set(visit):
    raw = visit.page.locator("main .math:not(:has(mjx-container))")
    assert raw.count() == 0, f"not typeset: {raw.all_inner_texts()}"
    wrong = visit.page.locator('mjx-container:has(mjx-merror, mjx-mtext[style*="color: red"])')
    assert wrong.count() == 0, f"not understood: {wrong.all_text_contents()}"


def test_images_are_there_and_have_alternative_texts(visit):
    images = visit.page.evaluate(
        "[...document.querySelectorAll('main img')].map(i => [i.src, i.alt, i.naturalWidth])"
    )
    for source, alternative, pixels in images:
        assert alternative.strip(), f"no alternative text: {source[-80:]}"
        assert alternative != source.rpartition("/")[2], f"a file name for a text: {alternative}"
        assert pixels > 0, f"image not found: {source[-80:]}"


# What is cut off at an edge of the window, or waits in a box that scrolls: figures, names from the
# code, and mathematics, but for what is in a table that scrolls.
CUT = """() => [...document.querySelectorAll("main figure img, main code, main mjx-math")]
  .filter((node) => node.checkVisibility() && !node.closest("pre, .pst-scrollable-table-container"))
  .filter((node) => {
    const { left, right } = node.getBoundingClientRect();
    const box = node.closest("mjx-container, figure")?.getBoundingClientRect();
    return left < -1 || right > Math.min(innerWidth, box?.right ?? innerWidth) + 1;
  })
  .map((node) => node.alt ?? node.textContent)"""


def test_figures_names_and_mathematics_are_whole(visit):
    visit.page.wait_for_function("document.documentElement.dataset.fitted")
    assert visit.page.evaluate(CUT) == []


def test_figures_are_dark_at_night_and_narrow_ones_have_their_panels_below_each_other(visit):
    figures = visit.page.evaluate(
        """[...document.querySelectorAll("main figure:not(.explorer) img")].map((image) => [
          matchMedia("(prefers-color-scheme: dark)").matches,
          getComputedStyle(image).filter.startsWith("invert(1)"),
          image.parentElement.matches("picture"),
          image.currentSrc.endsWith("-narrow.png"),
        ])"""
    )
    for night, dark, several, below in figures:
        assert night == dark and below == (several and visit.width < 600)


BOXES = """
for (const title of document.querySelectorAll("main .admonition-title")) {
  title.append(Object.assign(document.createElement("a"), { href: "#", textContent: "a link" }));
}
return [...document.querySelectorAll("main .admonition a")].map((node) => {
  const { color } = getComputedStyle(node);
  return [node.parentNode.textContent, color, ratio(color, node)];
});
"""


def test_links_in_tinted_boxes_can_be_read(visit):
    all_can_be_read(visit.page, BOXES)


# ---- the explorers -----------------------------------------------------------------------------


def explorers(visit):
    """Its explorers, each alive."""
    for figure in visit.page.locator("figure.explorer[data-explorer]").all():
        figure.scroll_into_view_if_needed()
        figure.locator(".explorer-body").wait_for()
        yield figure, at_rest(figure)


def test_its_explorers_say_what_their_pictures_say(visit):
    source, found = ROOT / f"{visit.name}.ipynb", list(explorers(visit))
    for figure, lines in found:
        assert lines and figure.locator("> img").get_attribute("alt").endswith(" ".join(lines))
        assert visit.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert bool(found) == (source.is_file() and "explore." in source.read_text("utf-8"))


def test_every_front_slider_is_seen_with_its_picture(visit):
    for figure, _ in explorers(visit):
        sliders = figure.locator(".explorer-front input[type=range]").filter(visible=True)
        controls = figure.locator(".explorer-front :is(input, select)").filter(visible=True)
        assert 1 <= sliders.count() <= controls.count() <= 3
        # the first range of all is one of them
        first = figure.locator("input[type=range]").first
        assert first.evaluate("i => i.closest('.explorer-front') !== null")
        for slider in sliders.all():
            assert slider.evaluate(HIDDEN) == []
        question = figure.locator("figcaption").bounding_box()
        plots = figure.locator(".explorer-plots").bounding_box()
        assert question["y"] + question["height"] <= plots["y"] or visit.disk  # it sticks


def test_arrow_keys_on_the_first_range_change_what_is_said(visit):
    for figure, lines in explorers(visit):
        slider = figure.locator("input[type=range]").first
        slider.press("ArrowRight")
        if at_rest(figure) == lines:
            slider.press("ArrowLeft")
            slider.press("ArrowLeft")
        assert at_rest(figure) != lines
        figure.get_by_role("button", name="Reset").click()
        assert at_rest(figure) == lines


def turned(slider):
    """Move a slider to either of its ends; whether it could be moved."""
    for key in ("Home", "End"):
        before = slider.input_value()
        slider.press(key)
        if slider.input_value() != before:
            yield key


def is_idle(slider, label):
    """Whether it is one of L4's for the estimate of a minimum that is given."""
    if label not in ("minimum factor", "initial factor", "forget time"):
        return False
    card = slider.locator("xpath=ancestor::fieldset")
    given = card.get_by_label("minimum", exact=True)
    return given.get_attribute("aria-valuetext") != "none"


TRIED = set()  # sliders of each kind of explorer, by their labels


def test_every_slider_changes_words_or_picture_and_reset_brings_them_back(visit):
    for figure, lines in explorers(visit) if not visit.disk else ():
        figure.evaluate("f => f.querySelectorAll('details').forEach((more) => (more.open = true))")
        kind = figure.get_attribute("data-explorer")
        first, said_more = picture(figure), 0
        sliders = figure.locator(".explorer-body input[type=range]")
        for i in range(sliders.count()):
            slider = sliders.nth(i)
            label = slider.evaluate("input => input.labels[0].textContent")
            tried = kind, label
            if label == "time" or not slider.is_visible() or is_idle(slider, label):
                continue
            if said_more and tried in TRIED:  # on another page
                continue
            TRIED.add(tried)
            changed = [(at_rest(figure) != lines, picture(figure) != first) for _ in turned(slider)]
            assert not changed or any(map(any, changed)), label
            said_more += any(words for words, _ in changed)
            figure.get_by_role("button", name="Reset").click()
            assert at_rest(figure) == lines, label
        assert said_more > 0
