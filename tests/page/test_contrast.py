"""What is written and drawn can be read, by day and by night: a contrast of 4.5 at least."""

import pytest
from page.helpers import two_frames
from page.test_explorers import KINDS, of_every_kind
from toc import ROOT, toc_pages

from experiments.papers import PUBLISHED
from stepsize import L4, Polyak, explore

# The web's guidelines: relative luminance, and the ratio of two; of the paper the first that is
# not transparent counts, with those above it mixed in.
RATIO = """
const parse = (text) => {
  const probe = document.createElement("canvas").getContext("2d");
  probe.fillStyle = text;
  probe.fillRect(0, 0, 1, 1);
  return [...probe.getImageData(0, 0, 1, 1).data].map((v) => v / 255);
};
const over = (colour, paper) => [...paper.map((v, i) => v + colour[3] * (colour[i] - v))];
const paperOf = (node) => {
  const own = parse(getComputedStyle(node).backgroundColor);
  return over(own, node.parentElement ? paperOf(node.parentElement) : [1, 1, 1]);
};
const light = (colour) => {
  const [r, g, b] = colour.map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ratio = (text, node) => {
  const paper = paperOf(node), [one, other] = [light(over(parse(text), paper)), light(paper)];
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
};
"""

# Every colour in which a plot writes or draws a line, with what was written.
LISTEN = """
const drawn = (window.drawn = new Map()), pen = CanvasRenderingContext2D.prototype;
for (const [name, style] of [["fillText", "fillStyle"], ["stroke", "strokeStyle"]]) {
  const draw = pen[name];
  pen[name] = function (...args) {
    const whole = this.globalAlpha === 1 && this.canvas.isConnected;
    if (whole) drawn.set(this[style], args[0] ?? "a line");
    return draw.apply(this, args);
  };
}
"""

MANY = {
    "published": lambda: explore.valley(**PUBLISHED["Fig. 7a"]),
    "one class": lambda: explore.valley([Polyak(0.0), Polyak(-0.1), L4(), L4(minimum=0.0)]),
}


# All that an explorer says and draws: what, its colour, its contrast.
EXPLORER = """
const found = [], plot = document.querySelector(".plot");
const look = (what, colour, node) => found.push([what, colour, ratio(colour, node)]);
for (const [colour, what] of drawn) look(what, colour, plot);
for (const node of document.querySelectorAll(".explorer-body svg path")) {
  look("a swatch", node.getAttribute("stroke"), node);
}
const words = "figcaption, label, output span, button, select, summary, .value";
for (const node of document.querySelectorAll(words)) {
  look(node.textContent, getComputedStyle(node).color, node);
}
return found;
"""
in_both = pytest.mark.parametrize("scheme", ["light", "dark"])


def all_can_be_read(page, find):
    found = page.evaluate(f"(() => {{ {RATIO} {find} }})()")
    assert [entry for entry in found if entry[2] < 4.5] == []


def explorer_can_be_read(page):
    two_frames(page)
    assert page.evaluate("drawn.size") > 1
    all_can_be_read(page, EXPLORER)


@in_both
@of_every_kind
def test_every_kind_of_explorer_can_be_read(show, kind, scheme):
    explorer_can_be_read(show(KINDS[kind](), script=LISTEN, color_scheme=scheme))


@in_both
@pytest.mark.parametrize("name", MANY)
def test_several_runs_of_one_class_can_be_read(show, name, scheme):
    explorer_can_be_read(show(MANY[name](), script=LISTEN, color_scheme=scheme))


TITLES = """
const titles = [...document.querySelectorAll("main .admonition-title")].map((title) => {
  title.append(Object.assign(document.createElement("a"), { href: "#", textContent: "a link" }));
  return [...title.querySelectorAll("a")];
});
return titles.flat().map((node) => {
  const { color } = getComputedStyle(node);
  return [node.parentNode.textContent, color, ratio(color, node)];
});
"""


def pages_with_titles():
    sources = {page: ROOT / f"{page}.ipynb" for page in toc_pages()}
    return [p for p, f in sources.items() if f.is_file() and "{prf:" in f.read_text("utf-8")]


@in_both
@pytest.mark.parametrize("name", pages_with_titles())
def test_links_in_tinted_titles_can_be_read(page_of, name, scheme):
    all_can_be_read(page_of(name, dark=scheme == "dark"), TITLES)
