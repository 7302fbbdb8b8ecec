"""What an event costs: a slider of the page (16 ms are a frame) and of the live widgets."""

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from playwright.sync_api import sync_playwright
from test_explorers import page_with

from stepsize import explore
from stepsize._live import LiveValley

FRAMES = """
window.frames_ms = [];
const ask = window.requestAnimationFrame;
window.requestAnimationFrame = (f) => ask((t) => {
  const start = performance.now();
  f(t);
  window.frames_ms.push(performance.now() - start);
});
"""
DRAG = """async () => {
  const slider = [...document.querySelectorAll("fieldset input[type=range]")][0];
  const middle = Number(slider.value);
  window.frames_ms.length = 0;
  for (let k = -20; k < 20; k++) {
    slider.value = middle + k;
    slider.dispatchEvent(new Event("input"));
    await new Promise((f) => setTimeout(f, 30));
  }
  return window.frames_ms;
}"""


def report(what, milliseconds):
    ordered = sorted(milliseconds)
    worst = ordered[int(0.9 * len(ordered))]
    print(f"{what}: median {statistics.median(ordered):.1f} ms, nine in ten below {worst:.1f} ms")


def page(explorer):
    path = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    if path is None:
        print("page: no browser")
        return
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        file = Path(folder) / "page.html"
        file.write_text(page_with(explorer), encoding="utf-8")
        tab = browser.new_page()
        tab.add_init_script(FRAMES)
        tab.goto(file.as_uri())
        tab.wait_for_selector("figure.explorer.live")
        tab.wait_for_timeout(500)
        tab.evaluate(DRAG)  # warm
        report("page, an event computed and drawn", tab.evaluate(DRAG))
        browser.close()


def widgets(explorer):
    slider = LiveValley(explorer).slots[0]["step_size"]
    spent = []
    for _, value in slider.options[60:100]:
        start = time.perf_counter()
        slider.value = value
        spent.append(1e3 * (time.perf_counter() - start))
    report("widgets, an event computed and drawn", spent)


if __name__ == "__main__":
    setting = explore.valley(**{**explore.PUBLISHED["Fig. 7a"], "grad_evals": 2000})
    print("four methods, 2,000 gradient evaluations each")
    page(setting)
    widgets(setting)
