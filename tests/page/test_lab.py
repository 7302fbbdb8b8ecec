"""The explorers in a real JupyterLab and a real browser: one server, one notebook, one page."""

import json
import os
import subprocess
import sys
import time
from importlib.util import find_spec

import nbformat
import pytest

needed = [name for name in ("anywidget", "jupyterlab") if find_spec(name) is None]
pytestmark = pytest.mark.skipif(bool(needed), reason=f"not installed: {', '.join(needed)}")

KINDS = {  # each with a knob
    "valley": "start, w₁",
    "planning-step": "window",
    "rates": "momentum",
    "ray": "step size",
    "track": "meta step size",
    "landscape": "meta step size",
    "sensitivity": "step size",
}
CELLS = [
    """
from dataclasses import dataclass

from IPython.display import display
from ipywidgets.widgets.widget import _instances

from stepsize import Csawg, GradientDescent, HeavyBall, Objective, explore

@dataclass(frozen=True)
class Shrinking(GradientDescent):
    shrink: float = 0.5

bowl = Objective.from_sympy("(x - 1)**2 + 3*y**2", "x y")
""",
    """
display(
    explore.valley(),
    explore.planning_step(),
    explore.rates(),
    explore.ray(),
    explore.track(examples=500),
    explore.landscape(examples=500),
    explore.sensitivity(HeavyBall(0.001), budget=100),
)
""",
    """
display(
    explore.valley([Shrinking(0.1)], bowl),
    explore.sensitivity(Shrinking(0.001), budget=100),
)
""",
    "print('widgets:', len(_instances))",
    """
step = Csawg.step
Csawg.step = lambda self, w, state, oracle: step(self, w + 1e-4, state, oracle)
""",
    """
from IPython.display import Markdown

Markdown(f"[the bowl]({explore.valley([HeavyBall(0.01)], 'bowl', (-1, 2), 200).link()})")
""",
]


def notebook(cells):
    code = [nbformat.v4.new_code_cell(cell.strip()) for cell in cells]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=code, metadata={"kernelspec": kernel})


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of a JupyterLab with nothing but the notebook."""
    home = tmp_path_factory.mktemp("lab")
    (home / "notebooks").mkdir()
    nbformat.write(notebook(CELLS), home / "notebooks" / "explorers.ipynb")
    own = {name: str(home / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")}
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0"),
        *("--ip=127.0.0.1", f"--ServerApp.root_dir={home / 'notebooks'}", "--log-level=ERROR"),
        *("--LabApp.expose_app_in_browser=True", "--LabApp.news_url="),
    ]
    quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    started = subprocess.Popen(command, env={**os.environ, **own}, **quiet)
    try:
        yield address(home / "JUPYTER_RUNTIME_DIR", started)
    finally:
        started.terminate()
        started.wait(30)


def address(folder, started):
    """What the server has written of itself, as soon as it is there."""
    while started.poll() is None:
        for file in folder.glob("jpserver-*.json"):
            try:
                found = json.loads(file.read_text(encoding="utf-8"))
            except ValueError:  # not yet all of it
                continue
            return f"{found['url']}lab/tree/explorers.ipynb?token={found['token']}"
        time.sleep(0.1)
    pytest.fail(f"JupyterLab ended with {started.returncode}")


class Lab:
    """The notebook on a page, whose cells can be run."""

    def __init__(self, page):
        self.page = page

    def run(self, *cells):
        """Run cells one after the other."""
        for cell in cells:
            self.page.evaluate(
                """async (cell) => {
                  const { shell, commands } = jupyterapp;
                  shell.currentWidget.content.activeCellIndex = cell;
                  await commands.execute("notebook:run-cell");
                }""",
                cell,
            )

    def printed(self, cell):
        """The text of the outputs of a cell."""
        return self.page.locator(".jp-Cell").nth(cell).locator(".jp-OutputArea").inner_text()

    def figure(self, place):
        """An explorer, once its picture is the kernel's."""
        figure = self.page.locator("figure.explorer.live").nth(place)
        self.settled(place)
        return figure

    def settled(self, place):
        self.page.wait_for_function(
            """(place) => {
              const figure = document.querySelectorAll("figure.explorer.live")[place];
              return figure?.dataset.drawn === "kernel" && !figure.hasAttribute("aria-busy")
                && figure.querySelector("output").textContent;
            }""",
            arg=place,
        )

    def turn(self, place, knob):
        """Move a knob by one stop, and wait until that is told."""
        before = self.said(place)
        self.figure(place).get_by_label(knob, exact=True).press("ArrowRight")
        self.page.wait_for_function(
            "([place, before]) => document.querySelectorAll('figure.explorer.live')[place]"
            ".querySelector('output').innerText !== before",
            arg=[place, before],
        )
        return self.said(place)

    def said(self, place):
        return self.figure(place).locator("output").inner_text()

    def differs(self, place):
        return self.figure(place).locator(".explorer-differs").text_content()


@pytest.fixture(scope="module")
def lab(server, browser):
    """The notebook with its explorers shown; the tests fail on outside requests and errors."""
    trouble = []
    context = browser.new_context(viewport={"width": 1280, "height": 2000})
    context.set_default_timeout(60_000)

    def gate(route):
        if route.request.url.startswith((server.partition("lab/")[0], "data:", "blob:")):
            route.continue_()
        else:
            trouble.append(f"asks for {route.request.url}")
            route.abort()

    context.route("**/*", gate)
    page = context.new_page()
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.goto(server)
    page.wait_for_function("globalThis.jupyterapp?.shell.currentWidget?.content?.widgets?.length")
    page.evaluate(
        """async () => {
          const { sessionContext } = jupyterapp.shell.currentWidget;
          await sessionContext.ready;
          await sessionContext.session.kernel.info;
        }"""
    )
    lab = Lab(page)
    lab.run(0, 1, 2)
    for place in range(len(KINDS)):
        lab.figure(place)
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    yield lab
    context.close()
    assert not trouble, "\n".join(trouble)


def test_every_kind_is_drawn_by_the_kernel_and_no_twin_disagrees(lab):
    for place, (kind, knob) in enumerate(KINDS.items()):
        assert lab.figure(place).get_attribute("data-explorer") == kind
        assert lab.turn(place, knob) and lab.differs(place) == "", kind


def test_a_method_and_an_objective_without_twins_are_drawn(lab):
    assert lab.said(7).startswith("Shrinking: loss ")
    assert lab.said(8).startswith("Shrinking with step size 0.001: error ")
    lab.turn(8, "step size")
    assert lab.said(8).startswith("Shrinking with step size 0.0011: error ")


def test_keys_do_not_move_the_notebook(lab):
    figure = lab.figure(0)
    figure.get_by_role("button", name="Reset").click()
    before = lab.said(0)
    now = """() => {
      const { activeCellIndex, widgets } = jupyterapp.shell.currentWidget.content;
      return [activeCellIndex, widgets.length];
    }"""
    for node in ("button.start", "input[type=range]", "select", "summary", "input.value"):
        for key in ("ArrowUp", "ArrowDown", "d", "d", "x"):
            figure.locator(node).first.press(key)
    assert lab.page.evaluate(now) == [1, len(CELLS)]
    figure.get_by_role("button", name="Reset").click()
    assert lab.said(0) == before


def test_widgets_do_not_pile_up(lab):
    lab.run(3)
    first = lab.printed(3)
    assert int(first.split()[-1]) <= 30
    buttons = lab.figure(0).get_by_role("button", name="Reset")
    for _ in range(60):
        buttons.click()
    for _ in range(2):
        lab.run(1, 2)
    lab.run(3)
    assert lab.printed(3) == first


def test_a_link_sets_the_first_explorer_of_its_kind(lab):
    lab.run(5)
    address = lab.page.url
    lab.page.get_by_role("link", name="the bowl").click()
    lab.page.wait_for_function(
        "() => document.querySelector('figure.explorer.live output').innerText"
        ".startsWith('heavy ball: error ')"
    )
    assert lab.said(0).startswith("heavy ball: error ") and "200 gradient" in lab.said(0)
    assert lab.page.url == address
    lab.figure(0).get_by_role("button", name="Reset").click()


def test_whoever_edits_a_method_sees_it(lab):
    before = lab.said(0)
    lab.run(4)
    lab.figure(0).get_by_role("button", name="Reset").click()
    lab.page.wait_for_function(
        "() => document.querySelector('figure.explorer.live .explorer-differs').textContent"
    )
    assert lab.said(0) != before and "traces, 1, w" in lab.differs(0)


def test_the_theme_of_the_notebook_is_that_of_its_explorers(lab):
    figure = lab.figure(0)
    colour = "(node) => getComputedStyle(node).backgroundColor"
    light = figure.locator(".plot").first.evaluate(colour)
    lab.page.evaluate(
        "jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
    )
    lab.page.wait_for_function("document.body.dataset.jpThemeName === 'JupyterLab Dark'")
    dark = figure.locator(".plot").first.evaluate(colour)
    assert light == "rgb(255, 255, 255)" and sum(map(int, dark[4:-1].split(","))) < 200
