"""What tests of the pages share: a page of explorers alone, what it says, how scripts are asked."""

import pytest
import quickjs

from stepsize import explore
from stepsize.explore.page import STYLE, scripts


def page_with(*explorers, script=""):
    """A page of nothing but explorers, which takes light and dark from the browser."""
    figures = "".join(explorer._repr_mimebundle_()["text/html"] for explorer in explorers)
    files = scripts(*(kind for one in explorers for kind in (one.name, *one.parts)))
    tags = "".join(f'<script src="{file.as_uri()}"></script>' for file in files)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>explorer</title>'
        '<meta name="viewport" content="width=device-width">'
        "<style>:root { color-scheme: light dark; background: Canvas; color: CanvasText }</style>"
        f'<link rel="stylesheet" href="{STYLE.as_uri()}">'
        f"<script>{script}</script>{tags}<body>{figures}</body></html>"
    )


def two_frames(page):
    """Wait until what was asked for has been drawn."""
    page.wait_for_selector("figure.explorer.live")
    page.evaluate("() => new Promise((f) => requestAnimationFrame(() => requestAnimationFrame(f)))")
    page.wait_for_selector("[aria-busy=true]", state="detached")


def said(page):
    """The lines of the readout, once drawn."""
    two_frames(page)
    return page.locator("figure.explorer output > span").all_inner_texts()


def at_rest(figure):
    """The lines of an explorer's readout, once drawn."""
    figure.evaluate(
        """async (figure) => {
          const frame = () => new Promise(requestAnimationFrame);
          do { await frame(); await frame(); } while (figure.matches("[aria-busy=true]"));
        }"""
    )
    return figure.locator("output > span").all_inner_texts()


def picture(figure):
    """All that is drawn, as a text."""
    draw = "all => all.map((canvas) => canvas.toDataURL()).join()"
    return figure.locator(".plot canvas").evaluate_all(draw)


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


# Every kind of explorer, as short to compute as it comes.
KINDS = {
    "valley": lambda: explore.valley(grad_evals=300),
    "planning-step": explore.planning_step,
    "rates": explore.rates,
    "ray": explore.ray,
    "track": lambda: explore.track(examples=500, noise=0.5),
    "sensitivity": explore.sensitivity,
    "landscape": explore.landscape,
}
of_every_kind = pytest.mark.parametrize("kind", KINDS)


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


def all_can_be_read(page, find):
    found = page.evaluate(f"(() => {{ {RATIO} {find} }})()")
    assert [entry for entry in found if entry[2] < 4.5] == []


def engine(*kinds):
    """An engine without a page that has read what explorers of these kinds need, but the kit."""
    context = quickjs.Context()
    for file in scripts(*kinds):
        if file.stem not in ("catalogue", "kit"):
            context.eval(file.read_text("utf-8"))
    context.eval(HELPERS)
    return context


# JSON of JavaScript turns what is not finite into null; Python reads these words as they are.
# Strings are joined, not added: the engine hands out no sum of long ones.
HELPERS = """
const text = (x) => Array.isArray(x) ? ["[", x.map(text), "]"].join("")
  : x && typeof x === "object"
    ? ["{", Object.entries(x).map(([k, v]) => JSON.stringify(k) + ":" + text(v)), "}"].join("")
  : typeof x === "number" ? String(x) : JSON.stringify(x) ?? "null";
const run = (call) => {
  const { method, parameters, objective, given, w0, budget } = JSON.parse(call);
  return text(Stepsize.minimize(
    new Stepsize.methods[method](parameters), Stepsize.objectives[objective](given), w0, budget));
};
const ask = (objective, given, w) => {
  const f = Stepsize.objectives[objective](given);
  return text([f.loss(w), f.grad(w), f.curvature(w), f.hvp(w, f.grad(w))]);
};
"""
