"""What is written and drawn can be read, by day and by night: a contrast of 4.5 at least."""

import pytest
from page.helpers import KINDS, all_can_be_read, of_every_kind, two_frames

from experiments.papers import PUBLISHED
from stepsize import L4, Polyak, explore

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
