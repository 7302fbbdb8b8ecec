"""What the page's explorers cost in a browser: a slider's event, and the longest block.

An event goes from the slider's change until the last frame that it asked for is drawn. Chromium's
trace says how long each task of the page took on its thread: the processor's own milliseconds,
which a busy machine does not stretch, of scripts, styles and drawing together. An event is the sum
of its tasks. What a reader feels as a jerk is one task above 50 ms.

    PYTHONPATH=book python tests/benchmarks/pages.py [words of a name]

With ``--book`` each slider of each explorer in the built book goes through its stops, twelve of
them where there are more, and then Reset is pressed.

    PYTHONPATH=book python tests/benchmarks/pages.py --book [chapters]
"""

import json
import shutil
import statistics
import sys
import tempfile
from functools import partial
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from page.helpers import page_with
from playwright.sync_api import sync_playwright

from experiments.papers import PUBLISHED
from stepsize import explore

BOOK = Path(__file__).resolve().parents[2] / "_build" / "html" / "book"
EVENTS = 30
TRACED = ["disabled-by-default-devtools.timeline", "blink.user_timing"]
# One slider goes to and fro; between two events the page comes to rest.
DRAG = """async ([label, events]) => {
  const frame = () => new Promise(requestAnimationFrame);
  const named = (input) => input.labels[0]?.textContent === label;
  const slider = [...document.querySelectorAll("input[type=range]")].find(named);
  const middle = Math.min(Math.max(Number(slider.value), 3), slider.max - 3);
  for (let k = -5; k <= events; k++) {
    await new Promise((f) => setTimeout(f, 30));
    if (k >= 0) performance.mark("event"); // the first five warm the engine up
    slider.value = middle + [0, 1, 2, 3, 2, 1, 0, -1, -2, -3, -2, -1][(k + 12) % 12];
    slider.dispatchEvent(new Event("input"));
    do await frame().then(frame);
    while (document.querySelector("[aria-busy=true]"));
  }
}"""


SWEEP = """async ([place, index, most]) => {
  const frame = () => new Promise(requestAnimationFrame);
  const figure = document.querySelectorAll("figure.explorer[data-explorer]")[place];
  const slider = figure.querySelectorAll("input[type=range]")[index];
  const steps = Math.min(most - 1, slider.max);
  for (let k = 0; k <= steps + 1; k++) {
    await new Promise((f) => setTimeout(f, 20));
    performance.mark("event"); // the last one is Reset
    slider.value = Math.round((k * slider.max) / steps);
    if (k <= steps) slider.dispatchEvent(new Event("input"));
    else [...figure.querySelectorAll("button")].find((b) => b.textContent === "Reset").click();
    do await frame().then(frame);
    while (figure.matches("[aria-busy=true]"));
  }
  performance.mark("event");
  return slider.isConnected ? slider.labels[0].textContent : "";
}"""
MOST = 12


def traced(browser, tab, act):
    """Start and milliseconds of each task of the page while it acts, and when its marks were."""
    browser.start_tracing(page=tab, categories=TRACED)
    tab.evaluate("performance.mark('start')")
    act()
    events = json.loads(browser.stop_tracing())["traceEvents"]
    marks = [e for e in events if e["cat"] == "blink.user_timing"]
    mine = {(e["pid"], e["tid"]) for e in marks if e["name"] in ("start", "event")}
    tasks = [
        (e["ts"], e.get("tdur", 0) / 1000)  # none where the trace ends first
        for e in events
        if e["name"] == "RunTask" and (e["pid"], e["tid"]) in mine
    ]
    return tasks, [e["ts"] for e in marks if e["name"] == "event"]


def rest(tab):
    tab.wait_for_selector("figure.explorer.live")
    tab.wait_for_selector("[aria-busy=true]", state="detached")
    tab.wait_for_timeout(300)


def measure(browser, name, explorers, labels):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(page_with(*explorers), encoding="utf-8")
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        tab.goto(file.as_uri())
        rest(tab)
        tasks, _ = traced(browser, tab, lambda: (tab.reload(), rest(tab)))
        print(f"{name + ': start':48} {'':17} {max(task for _, task in tasks):8.1f}")
        for label in labels:
            drag = partial(tab.evaluate, DRAG, [label, EVENTS])
            tasks, marks = traced(browser, tab, drag)
            found = []
            for first, last in pairwise(marks):
                found.append([task for at, task in tasks if first <= at < last])
            sums = [sum(event) for event in found]
            print(
                f"{name + ': ' + label:48} {statistics.median(sums):8.1f} {max(sums):8.1f} "
                f"{max(map(max, found)):8.1f}"
            )
        tab.close()


def sweep(browser, chapter):
    """The events of all sliders of a chapter's explorers: (sum, longest task, where)."""
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.goto(chapter.as_uri())
    figures = tab.locator("figure.explorer[data-explorer]")
    found = []
    for place in range(figures.count()):
        figures.nth(place).scroll_into_view_if_needed()
        figures.nth(place).locator(".explorer-body").wait_for()
        rest(tab)
        sliders = figures.nth(place).locator("input[type=range]")
        for index in range(sliders.count()):
            label = sliders.nth(index).evaluate("i => i.labels[0].textContent")
            turn = partial(tab.evaluate, SWEEP, [place, index, MOST])
            tasks, marks = traced(browser, tab, turn)
            for k, (first, last) in enumerate(pairwise(marks)):
                event = [task for at, task in tasks if first <= at < last]
                where = f"{chapter.stem} {place + 1}: {label}, {k + 1}"
                found.append((sum(event), max(event), where))
    tab.close()
    return found


def book(browser, *chapters):
    found = []
    names = chapters or [file.stem for file in sorted(BOOK.glob("*.html"))]
    for chapter in (BOOK / f"{name}.html" for name in names):
        if "data-explorer" in chapter.read_text("utf-8"):
            own = sweep(browser, chapter)
            found += own
            print(f"{chapter.stem:24} {len(own):6} events  {quantiles(own)}", flush=True)
    print(f"{'all':24} {len(found):6} events  {quantiles(found)}")
    for total, longest, where in sorted(found, reverse=True)[:40]:
        print(f"{total:8.1f} {longest:8.1f}  {where}")


def quantiles(events):
    sums, blocks = list(zip(*events, strict=True))[:2]
    parts = []
    for name, found in (("event", sums), ("longest task", blocks)):
        middle, high = statistics.median(found), statistics.quantiles(found, n=20)[-1]
        parts.append(f"{name}: median {middle:.1f}, 95 % {high:.1f}, worst {max(found):.1f}")
    return "; ".join(parts)


def pages():
    """What is measured: a name, the explorers of the page, the labels of sliders."""
    figures = {name: dict(setting) for name, setting in PUBLISHED.items()}
    for name in ("Fig. 7a", "Fig. 9"):
        figures[name]["grad_evals"] = 2000
        sliders = ["step size", "start, w₁", "time"]
        yield f"valley {name}, 2,000", [explore.valley(**figures[name])], sliders
    figures["Fig. 5a"]["grad_evals"] = 20_000
    yield "valley Fig. 5a, 20,000", [explore.valley(**figures["Fig. 5a"])], ["start, w₁", "time"]
    yield "planning step", [explore.planning_step()], ["gradient evaluations", "step size"]
    yield "rates", [explore.rates()], ["step size × L", "condition number"]
    yield "ray", [explore.ray()], ["step size"]
    sliders = ["meta step size", "scale", "seed", "time"]
    yield "track", [explore.track()], sliders
    yield "track, 8,000 examples", [explore.track(examples=8000)], sliders
    every = [explore.valley(), explore.planning_step(), explore.rates(), explore.ray()]
    yield "five on a page", [*every, explore.track()], []


def main(*words):
    path = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    if path is None:
        sys.exit("no browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        if words[:1] == ("--book",):
            return book(browser, *words[1:])
        print(f"milliseconds of {EVENTS} events {'':24} {'median':>8} {'worst':>8} {'block':>8}")
        for name, explorers, labels in pages():
            if all(word in name for word in words):
                measure(browser, name, explorers, labels)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
