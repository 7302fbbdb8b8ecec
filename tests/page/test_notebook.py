"""The explorers' script as a notebook runs it, with a test in the place of its kernel."""

import base64

import pytest
from page.helpers import two_frames

from stepsize import Csawg, GradientDescent, HeavyBall, Objective, explore

pytest.importorskip("anywidget")
from stepsize.explore.widget import Widget

GD, PLANNED = GradientDescent(0.001), Csawg(0.001, 10, planning_steps=5, correction_steps=10)

PAGE = """<!doctype html><meta charset="utf-8"><style>:root { background: white } %s</style>
<div id="here"></div><script type="module">
%s
let hear;
window.asked = [];
window.reply = (answer, buffers) => hear(answer, buffers.map((text) => {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return new DataView(bytes.buffer);
}));
const model = { get: () => %s, on: (_, f) => (hear = f), off() {}, send: (x) => asked.push(x) };
window.leave = explorer.render({ model, el: document.querySelector("#here") });
</script>"""


class Notebook:
    """A page with one live explorer, whose questions wait until ``answer()``."""

    def __init__(self, page, explorer):
        self.page, self.widget, self.answered = page, Widget(explorer), 0
        script = self.widget._esm.replace("export default", "const explorer =")
        as_text = explorer.html(live=True).replace("\\", "\\\\").replace("`", "\\`")
        page.set_content(PAGE % (self.widget._css, script, f"`{as_text}`"))
        two_frames(page)
        page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")

    def asked(self):
        """The settings that have been asked for since the last answer, once there is one."""
        self.page.wait_for_function(f"asked.length > {self.answered}")
        return [question["setting"] for question in self.page.evaluate("asked")[self.answered :]]

    def answer(self, **otherwise):
        """Answer the next question as the kernel does."""
        self.asked()
        question = self.page.evaluate(f"asked[{self.answered}]")
        answer, buffers = self.widget.answer({**question, **otherwise})
        self.answered += 1
        texts = [base64.b64encode(buffer).decode() for buffer in buffers]
        self.page.evaluate("([a, b]) => reply(a, b)", [answer, texts])
        two_frames(self.page)
        return answer

    def said(self):
        two_frames(self.page)
        return self.page.locator("output > span").all_inner_texts()

    def drawn(self):
        """Whose picture it is."""
        two_frames(self.page)
        return self.page.locator("figure").get_attribute("data-drawn")

    def pixels(self):
        two_frames(self.page)
        return self.page.locator("canvas").first.evaluate("(canvas) => canvas.toDataURL()")

    def complaint(self):
        return self.page.locator("[role=alert]").all_inner_texts()

    def difference(self):
        return self.page.locator(".explorer-differs").text_content()

    def turn(self, label, key="ArrowRight", which=0):
        self.page.get_by_label(label, exact=True).nth(which).press(key)

    def type(self, label, text, which=0):
        field = self.page.get_by_label(f"{label}, as a number", exact=True).nth(which)
        field.fill(text)
        field.press("Enter")


@pytest.fixture
def notebook(browser):
    """``notebook(explorer)`` opens it; the test fails on errors and requests."""
    contexts, trouble = [], []

    def open_page(explorer):
        context = browser.new_context(viewport={"width": 1000, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: trouble.append(request.url))
        page.on("console", lambda m: m.type == "error" and trouble.append(m.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        return Notebook(page, explorer)

    yield open_page
    for context in contexts:
        context.close()
    assert not [one for one in trouble if not one.startswith("data:")]


# A knob of each kind, by its label.
KINDS = {
    "valley": (explore.valley, "start, w₁"),
    "planning-step": (explore.planning_step, "step size"),
    "rates": (explore.rates, "momentum"),
    "ray": (explore.ray, "step size"),
    "track": (lambda: explore.track(examples=500), "meta step size"),
    "landscape": (lambda: explore.landscape(examples=500), "meta step size"),
    "sensitivity": (lambda: explore.sensitivity(HeavyBall(0.001), budget=100), "budget"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_kernel_s_answer_replaces_the_script_s(notebook, kind):
    make, knob = KINDS[kind]
    view = notebook(make())
    assert view.drawn() == "script" and view.said() == make().lines()
    (first,) = view.asked()
    picture = view.pixels()
    view.answer()
    assert view.drawn() == "kernel" and view.difference() == "" and view.pixels() == picture
    view.turn(knob)
    assert view.drawn() == "script"
    said = view.said()
    assert said != make().lines()  # the twin has drawn it
    assert view.answer()["lines"] == said
    assert view.drawn() == "kernel" and view.difference() == ""
    # what the kernel says counts, also where it says otherwise: here what it said at first
    view.turn(knob)
    assert view.answer(setting=first)["lines"] == view.said() == make().lines()
    assert "The package gives another result" in view.difference()


def test_one_question_is_out_and_late_answers_are_dropped(notebook):
    view = notebook(explore.valley([GD, PLANNED]))
    view.turn("start, w₁")
    view.turn("start, w₁")
    assert len(view.asked()) == 1
    latest = view.said()
    first = view.answer()
    assert first["lines"] != latest and view.said() == latest and view.drawn() == "script"
    assert len(view.asked()) == 1 and "x=-0.9" in view.asked()[0]
    assert view.answer()["lines"] == latest and view.drawn() == "kernel"


def test_without_a_twin_every_answer_is_drawn(notebook):
    bowl = Objective.from_sympy("(x - 1)**2 + 3*y**2", "x y")
    view = notebook(explore.valley([GradientDescent(0.1)], bowl))
    assert view.said() == []
    blank = view.pixels()
    view.turn("start, w₁")
    first = view.answer()["lines"]
    assert view.said() == first and view.pixels() != blank  # of a setting that has been left
    picture = view.pixels()
    view.turn("step size")
    assert view.pixels() == picture
    while view.drawn() != "kernel":
        last = view.answer()["lines"]
    assert view.said() == last and view.pixels() != picture


def test_a_complaint_stands_beside_its_field_and_the_picture_stays(notebook):
    view = notebook(explore.valley([GD, PLANNED]))
    view.answer()
    said, picture = view.said(), view.pixels()
    view.type("step size", "-1", which=1)
    view.answer()
    (complaint,) = view.complaint()
    assert complaint == "step_size must be finite and not negative, got -1"
    field = view.page.get_by_label("step size, as a number", exact=True).nth(1).bounding_box()
    alert = view.page.locator("[role=alert]").bounding_box()
    assert 0 <= alert["y"] - field["y"] < 90
    assert (view.said(), view.pixels()) == (said, picture)
    view.turn("start, w₁")  # which is as bad, and no script draws it
    assert (view.said(), view.complaint()) == (said, [complaint])
    view.type("step size", "0.0007", which=1)
    while view.complaint():
        view.answer()
    assert view.said() != said and view.drawn() == "kernel"


def test_a_start_keeps_all_its_digits(notebook):
    view = notebook(explore.valley([GD], w0=[-1.23456, 0.3]))
    assert "x=-1.23456&y=0.3" in view.asked()[0]
    view.answer()
    assert view.difference() == ""
    view.type("start, w₂", "2.5000001")
    while view.drawn() != "kernel":
        view.answer()
    assert "y=2.5000001" in view.page.evaluate("asked.at(-1).setting")
    lines = explore.valley([GD], w0=[-1.23456, 2.5000001]).lines()
    assert view.said() == lines and view.difference() == ""


def test_a_formula_is_typed(notebook):
    view = notebook(explore.valley([GD]))
    view.answer()
    field = view.page.get_by_label("an expression in x and y", exact=True)
    assert not field.is_visible()
    view.page.get_by_label("objective", exact=True).select_option("an expression in x and y")
    assert field.is_visible()
    view.answer()
    said = view.said()
    assert "loss" in said[0]
    field.fill("x**2 + z + 1")
    field.press("Enter")
    assert "expression=x**2+%2B+z+%2B+1" in view.asked()[-1]
    view.answer()
    assert view.complaint() == ["expression: 'z' is not declared; the names are x, y, pi, e"]
    assert view.said() == said
    field.fill("x**2 + y**2")
    field.press("Enter")
    view.answer()
    assert not view.complaint() and view.said() != said


def test_nothing_of_a_page_is_asked_of_a_notebook(notebook):
    view = notebook(explore.valley([GD]))
    assert view.page.get_by_role("button", name="Copy link").count() == 0
    assert view.page.evaluate("typeof Stepsize") == "undefined"
    view.page.evaluate("leave()")
    view.turn("start, w₁")
    assert view.drawn() == "script"
