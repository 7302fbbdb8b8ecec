"""What tests of the pages share: a page of explorers alone, what it says, how scripts are asked."""

import quickjs

from stepsize.explore.page import STYLE, scripts


def page_with(*explorers):
    """A page of nothing but explorers, which takes light and dark from the browser."""
    figures = "".join(explorer._repr_mimebundle_()["text/html"] for explorer in explorers)
    files = scripts(*(explorer.name for explorer in explorers))
    tags = "".join(f'<script src="{file.as_uri()}"></script>' for file in files)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>explorer</title>'
        '<meta name="viewport" content="width=device-width">'
        "<style>:root { color-scheme: light dark; background: Canvas; color: CanvasText }</style>"
        f'<link rel="stylesheet" href="{STYLE.as_uri()}">'
        f"{tags}<body>{figures}</body></html>"
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
  const { loss, grad, curvature } = Stepsize.objectives[objective](given);
  return text([loss(w), grad(w), curvature(w)]);
};
"""
