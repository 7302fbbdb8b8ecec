"""The explorers' widgets: moved by program, with the package's own answers behind them."""

import asyncio
import html
import re
import sys

import numpy as np
import pytest
from matplotlib.colors import to_hex

from experiments.papers import PUBLISHED
from stepsize import (
    Csawg,
    GradientDescent,
    HeavyBall,
    Nesterov,
    Objective,
    Polyak,
    checks,
    explore,
    minimize,
    per_weight,
    quadratic,
    rosenbrock,
)
from stepsize.explore import explorer as shared
from stepsize.explore.catalogue import named, renewed, stops
from stepsize.explore.digits import number
from stepsize.explore.live import LiveSteps, LiveValley

GD, PLANNED = GradientDescent(0.001), Csawg(0.001, 10, planning_steps=5, correction_steps=10)


@pytest.fixture
def live():
    return LiveValley(explore.valley([GD, PLANNED], presets=PUBLISHED))


def drawn_error(live, i):
    return live.picture.curves[i][0].get_data()


def test_the_first_picture_is_the_call_s(live):
    assert bytes(live.image.value).startswith(b"\x89PNG")
    assert "iteration 79 (counting from 0), 465 gradient evaluations" in live.readout.value
    trace = minimize(PLANNED, live.objective, [-1, 0], grad_evals=1000)
    x, y = drawn_error(live, 1)
    assert np.array_equal(x, trace.grad_evals)
    assert np.array_equal(y[trace.error > 0], trace.error[trace.error > 0])
    assert np.array_equal(np.transpose(live.picture.paths[1].get_data()), trace.w)


def test_a_slider_moves_curve_path_and_words(live):
    picture = live.image.value
    live.slots[0]["step_size"].value = 0.0013
    trace = minimize(GradientDescent(0.0013), live.objective, [-1, 0], grad_evals=1000)
    assert np.array_equal(drawn_error(live, 0)[1], trace.error)
    assert np.array_equal(np.transpose(live.picture.paths[0].get_data()), trace.w)
    assert live.readout.value.startswith(f"GD: error {number(trace.error[-1])} after")
    assert live.image.value != picture


def test_every_knob_reaches_its_method(live):
    turned = {
        "step_size": 0.0005,
        "window": 5,
        "planning_steps": 2,
        "correction_steps": 3,
        "pairing": "derived",
    }
    for name, value in turned.items():
        live.slots[1][name].value = value
    assert live.methods[1] == Csawg(**turned)
    assert "Csawg-p2 K5" in live.readout.value


def test_start_budget_and_axes(live):
    live.controls["x"].value, live.controls["y"].value = 0.5, 1.0
    live.controls["grad_evals"].value = 200
    assert live.traces[0].w[0].tolist() == [0.5, 1.0]
    assert live.traces[0].grad_evals[-1] == 200
    assert [v.item() for v in live.picture.start.get_data()] == [0.5, 1.0]
    live.controls["over"].value = "iterations"
    assert drawn_error(live, 1)[0][-1] == live.traces[1].iterations[-1] < 200
    live.controls["weight"].value = 2
    alpha = live.traces[1].learned[:, 1]
    assert np.array_equal(live.picture.curves[1][1].get_ydata(), alpha)


def test_the_figure_is_used_again(live):
    figure, contours, lines = live.picture.figure, live.picture.map, live.picture.curves
    live.slots[0]["step_size"].value = 0.002
    assert (live.picture.figure, live.picture.map, live.picture.curves) == (figure, contours, lines)
    live.controls["objective"].value = "bowl"
    assert live.picture.figure is figure and live.picture.map is not contours
    assert len(figure.axes) == 3


def test_the_fast_picture_is_the_whole_picture(live):
    def pixels():
        live.picture.png()
        return np.asarray(live.picture.figure.canvas.buffer_rgba()).astype(int)

    for change in (lambda: None, lambda: setattr(live.slots[0]["step_size"], "value", 0.003)):
        change()
        fast = pixels()
        live.picture.figure.canvas.draw()
        whole = np.asarray(live.picture.figure.canvas.buffer_rgba()).astype(int)
        assert np.mean(np.abs(fast - whole).max(axis=2) > 40) < 0.01


def test_a_bad_expression_says_so_and_keeps_the_picture(live):
    expression = live.controls["expression"]
    assert expression.disabled
    live.controls["objective"].value = "an expression in x and y"
    assert not expression.disabled and not live.error.value
    expression.value = "(x - 1)**2 + 3*(y + 0.5)**2"
    good, words, said = live.image.value, live.readout.value, "loss"
    assert said in words and live.objective.minimizer is None
    for bad in ("", "x +", "__import__('os').system('ls')", "x**2 + z", "log(x - 100)"):
        expression.value = bad
        assert "alert" in live.error.value, bad
        assert (live.image.value, live.readout.value) == (good, words), bad
    # what was good goes on working meanwhile, and the complaint stays
    live.slots[0]["step_size"].value = 0.1
    assert live.traces[0].w[-1] == pytest.approx([1, -0.5])
    assert "alert" in live.error.value and live.image.value != good
    expression.value = "x**2 + y**2"
    assert not live.error.value


def test_a_typed_objective_matches_the_named_one(live):
    live.controls["objective"].value = "an expression in x and y"
    typed = live.traces[0].w
    live.controls["objective"].value = "rosenbrock"
    assert np.allclose(typed, live.traces[0].w, rtol=1e-9)


def test_an_impossible_pair_of_knobs_says_so(live):
    live.slots[1]["reuse_gradient"].value = True
    words = live.readout.value
    live.slots[1]["pairing"].value = "derived"
    assert "pairing" in live.slots[1]["error"].value
    assert live.readout.value == words
    live.slots[1]["pairing"].value = "published"
    assert not live.slots[1]["error"].value


def test_a_complaint_of_one_method_is_its_own():
    blind = Objective(lambda w: (w * w).sum(axis=0), lambda w: 2 * w, dim=2)
    live = LiveValley(explore.valley([GD, HeavyBall(0.1)], blind))
    assert "loss" in live.readout.value
    slot = live.slots[0]["method"]
    needs_curvature = "IDBD"
    if needs_curvature not in slot.options:
        pytest.skip("no method that needs curvature")
    words = live.readout.value
    slot.value = needs_curvature
    assert "curvature" in live.slots[0]["error"].value
    assert live.readout.value == words


def test_methods_come_and_go(live):
    add = live.cards.children[0].children[-1]
    add.click()
    assert len(live.methods) == 3 and live.methods[2] == live.methods[1]
    one, twin = live.picture.curves[1][0], live.picture.curves[2][0]
    assert one.get_linestyle() != twin.get_linestyle()
    assert to_hex(one.get_color()) != to_hex(twin.get_color())
    live.slots[2]["method"].value = "Nesterov"
    assert live.methods[2] == Nesterov(0.001)
    live.slots[2]["momentum"].value = "increasing"
    assert live.methods[2] == Nesterov(0.001, "increasing")
    live.slots[0]["remove"].click()
    assert live.methods == [PLANNED, Nesterov(0.001, "increasing")]
    assert len(live.slots) == 2
    assert len(live.picture.curves[2][0].get_xdata()) == 0


def buttons(live):
    return {button.description: button for button in live.box.children[0].children}


def test_presets_and_reset(live):
    first = live.readout.value
    assert list(buttons(live)) == ["Reset", *PUBLISHED]
    buttons(live)["Fig. 3a"].click()
    assert live.controls["objective"].value == "bowl"
    assert live.methods == PUBLISHED["Fig. 3a"]["methods"]
    buttons(live)["Reset"].click()
    assert live.readout.value == first


# ---- the explorers of one setting ----------------------------------------------------------------

STEPS = {
    "planning_step": {"method": Csawg(0.001, 3, planning_steps=5, correction_steps=10)},
    "rates": {"step_size": 3.0, "momentum": 0.8},
    "ray": {},
    "track": {"examples": 500},
    "sensitivity": {"budget": 100},
    "landscape": {"examples": 500},
}
IMPOSSIBLE = {
    "planning_step": ("window", 0, "window must be a positive integer, got 0"),
    "rates": ("momentum", -1.0, "momentum must"),
    "ray": ("fraction", -1.0, "fraction must"),
    "track": ("meta_step_size", -1.0, "meta_step_size must"),
    "sensitivity": ("value", -1, "must be"),
    "landscape": ("meta_step_size", -1.0, "meta_step_size must"),
}
each = pytest.mark.parametrize("name", STEPS)


def shown(live):
    return bytes(live.image.value), live.readout.value


def anew(explorer):
    """Picture and words of an explorer, drawn and said with nothing there before."""
    return explorer.png(), "<br>".join(map(html.escape, explorer.lines()))


def another(control):
    """A value that the control offers and does not have."""
    if not hasattr(control, "options"):
        return control.value - 1
    values = [o[1] if isinstance(o, tuple) else o for o in control.options]
    return values[(values.index(control.value) + 1) % len(values)]


@each
def test_every_control_answers_as_a_fresh_explorer_does(name):
    live = LiveSteps(getattr(explore, name)(**STEPS[name]))
    assert shown(live) == anew(live.explorer)
    for knob in live.explorer.knobs():
        before, moved = live.explorer, another(live.controls[knob])
        live.controls[knob].value = moved
        assert live.explorer.setting[knob] == moved, knob
        assert live.explorer.setting == before.replaced(**{knob: moved}).setting
        assert shown(live) == anew(live.explorer), knob
        for other, control in live.controls.items():
            assert control.value == live.explorer.setting[other], (knob, other)


@each
def test_moving_back_brings_the_first_picture_back(name):
    live = LiveSteps(getattr(explore, name)(**STEPS[name]))
    figure, axes, first = live.sheet.figure, live.sheet.axes, shown(live)
    control = live.controls[IMPOSSIBLE[name][0]]
    value = control.value
    control.value = another(control)
    assert bytes(live.image.value) != first[0]
    control.value = value
    assert shown(live) == first
    assert (live.sheet.figure, live.sheet.axes, live.sheet.figure.axes) == (figure, axes, axes)


@each
def test_what_is_refused_is_said_and_the_picture_stays(name, monkeypatch):
    live = LiveSteps(getattr(explore, name)(**STEPS[name]))
    explorer, first = live.explorer, shown(live)
    knob, value, message = IMPOSSIBLE[name]
    live.turn(knob, value)
    assert "alert" in live.error.value and message in html.unescape(live.error.value)
    assert shown(live) == first and live.explorer is explorer
    # and so where the drawing finds out, after the control has moved
    control = live.controls[knob]
    value = control.value

    def refusing(*axes):
        raise ValueError("the loss is <nowhere> finite")

    with monkeypatch.context() as patched:
        patched.setattr(type(explorer), "draw", lambda self, *axes: refusing(*axes))
        control.value = another(control)
    assert "&lt;nowhere&gt; finite" in live.error.value
    assert shown(live) == first and live.explorer is explorer and control.value == value
    control.value = another(control)
    assert not live.error.value and shown(live) == anew(live.explorer) != first


@pytest.mark.parametrize(
    ("name", "far", "words"),
    [
        ("planning_step", {"step_size": 1.0, "at": 60}, "a place that is not finite"),
        ("rates", {"step_size": 4.0}, "it does not converge"),
        ("ray", {"step_size": 0.1}, "LossGrad&#x27;s next step is shorter"),
        ("track", {"scale": 100.0, "meta_step_size": 0.1}, "IDBD: diverged."),
        ("sensitivity", {"value": 1.0}, ": diverged."),
        ("landscape", {"alpha_1": 0.6, "alpha_2": 0.6}, "went from not finite"),
    ],
)
def test_a_setting_that_goes_too_far_is_drawn_and_said(name, far, words):
    live = LiveSteps(getattr(explore, name)(**STEPS[name]))
    first = shown(live)
    for knob, value in far.items():
        live.controls[knob].value = value
    assert words in live.readout.value and not live.error.value
    assert shown(live) == anew(live.explorer) != first


def test_the_point_of_a_ray_has_sliders():
    live = LiveSteps(explore.ray())
    live.controls["x"].value, live.controls["y"].value = 1.25, -0.5
    assert (live.explorer.setting["x"], live.explorer.setting["y"]) == (1.25, -0.5)
    assert live.readout.value.startswith("From (1.25, -0.5) with step size 0.001")
    # where another objective's view ends, so does the slider, and the point with it
    live.controls["x"].value = -1.8
    live.controls["objective"].value = "bowl"
    assert live.controls["x"].value == live.explorer.setting["x"] == -1.5


def test_steps_that_a_shorter_run_does_not_have_are_not_offered():
    live = LiveSteps(explore.planning_step(STEPS["planning_step"]["method"]))
    live.controls["at"].value = live.controls["at"].max
    longest = live.controls["at"].value
    live.controls["correction_steps"].value = 0
    assert live.controls["at"].value <= live.controls["at"].max < longest


def test_long_work_lets_a_kernel_breathe_and_ends_with_the_last_setting():
    live = LiveSteps(explore.track(examples=500))
    first = shown(live)

    async def kernel():
        live.controls["scale"].value = 5.0
        assert live.working and shown(live) == first
        await asyncio.sleep(0)
        live.controls["method"].value = "Autostep"  # while the first is still at work
        while live.working:
            await asyncio.sleep(0)

    asyncio.run(kernel())
    assert live.shown is live.explorer
    assert shown(live) == anew(explore.track("Autostep", scale=5.0, examples=500))


# ---- all of them ---------------------------------------------------------------------------------


def test_any_method_has_knobs_of_its_own():
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Shrinking(GradientDescent):
        shrink: float = 0.5
        loud: bool = False
        table: tuple = (1, 2)

    method = Shrinking(0.1)
    values = stops(method, "shrink")
    assert min(values) == 0.0005 and max(values) == 500 and 0.5 in values
    assert stops(method, "loud") == [False, True] and stops(method, "table") is None
    live = LiveValley(explore.valley([method], view=((-3, 3), (-3, 3))))
    assert {"step_size", "shrink", "loud"} <= set(live.slots[0])
    live.slots[0]["shrink"].value = 0.25
    assert live.methods[0].shrink == 0.25
    assert renewed(HeavyBall, method) == HeavyBall(0.1)


def test_kinds_give_knobs():
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Mine:
        rate: float = 0.5
        patience: int = 3
        bound: str = "step"
        most: float | None = None
        even: int | None = 2

        def __post_init__(self):
            bound = checks.one_of("step", "none")
            most = checks.optional(checks.per_run(checks.cap))
            checks.check(self, rate=checks.rate, patience=checks.count, bound=bound, most=most)
            checks.check(self, even=checks.optional(lambda name, value: 2 * (value // 2)))

    assert max(stops(Mine(), "even")) == 2000  # of a kind of its own: three decades
    given = {name: stops(Mine(), name) for name in ("rate", "patience", "bound", "most")}
    assert given["rate"] == stops(HeavyBall(0.1, 0.5), "momentum")
    assert given["patience"] == stops(Csawg(0.1, 3), "window")
    assert given["bound"] == ["step", "none"]
    assert given["most"] == [*stops(Polyak(0.0), "max_step"), None]
    for name, values in given.items():  # each is one that the kind allows
        assert all(getattr(Mine(**{name: value}), name) == value for value in values)


def test_a_setting_s_own_value_is_a_stop():
    assert 0.00099 in stops(GradientDescent(0.00099), "step_size")
    momentum = stops(Nesterov(0.001, 0.9387), "momentum")
    assert momentum[-1] == "increasing" and momentum[:-1] == sorted(momentum[:-1])


def test_nothing_is_printed(live, capfd):
    live.slots[0]["step_size"].value = 1.0  # diverges
    assert "diverged" in live.readout.value
    assert capfd.readouterr() == ("", "")


def test_a_cell_gets_widget_page_and_words(monkeypatch):
    explorer = explore.valley([GD, PLANNED])
    outside = explorer._repr_mimebundle_()
    assert set(outside) == {"text/plain", "text/html"}
    monkeypatch.setattr(shared, "_in_kernel", lambda: True)
    inside = explorer._repr_mimebundle_()
    assert set(inside) == {*outside, "application/vnd.jupyter.widget-view+json"}
    assert {k: inside[k] for k in outside} == outside
    assert outside["text/plain"] == ("valley explorer: GD, Csawg-p5 K10; 1000 gradient evaluations")
    # no address, nothing that counts up: another object gives the same
    assert explore.valley([GD, PLANNED])._repr_mimebundle_()["text/html"] == inside["text/html"]
    assert "<script" not in inside["text/html"]


def test_without_ipywidgets_the_page_remains(monkeypatch):
    monkeypatch.setattr(shared, "_in_kernel", lambda: True)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    monkeypatch.delitem(sys.modules, "stepsize.explore.live", raising=False)
    assert set(explore.valley([GD])._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_what_has_no_twin_is_a_still_picture():
    bowl = Objective.from_sympy("(x - 1)**2 + y**2", "x y", minimizer=[1, 0])
    each = GradientDescent(per_weight([0.001, 0.002]))
    for page in (explore.valley([GD], bowl).html(), explore.valley([each]).html()):
        assert "data-explorer" not in page and "data-setting" not in page
        assert '<figure class="explorer">' in page and '<img alt="' in page


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"methods": []}, "methods must be one to 4 methods, got 0"),
        ({"methods": [GD] * 5}, "methods must be one to 4 methods, got 5"),
        ({"methods": [GradientDescent([0.1, 0.2])]}, "methods must be single runs"),
        ({"objective": "hill"}, "objective must be one of 'rosenbrock', 'bowl'"),
        ({"w0": [1, 2, 3]}, r"w0 must have shape \(2,\)"),
        ({"w0": [[1, 2], [3, 4]]}, r"w0 must have shape \(2,\), got \(2, 2\)"),
        ({"grad_evals": 0}, "grad_evals must be a positive integer, got 0"),
        ({"over": "time"}, "over must be one of 'gradient evaluations', 'iterations'"),
        ({"weight": 3}, "weight must be 1 or 2, got 3"),
        ({"presets": ["Fig. 3a"]}, "presets must be a dict"),
        ({"objective": rosenbrock(3)}, "objective must have two weights, got 3"),
    ],
)
def test_what_a_call_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        explore.valley(**arguments)


def test_the_still_picture_rounds_places_and_no_text():
    picture = explore.valley([GD, PLANNED]).svg()
    assert not re.search(r"<[^>]*\d\.\d\d[^>]*>", picture)
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", picture)
    assert {"0.01", "0.1", "w₂", "gradient evaluations"} <= {text.strip() for text in texts}


def test_the_named_bowl_is_the_experiments_bowl():
    from experiments.papers import BOWL, VALLEY

    points = np.random.default_rng(0).uniform(-2, 2, (2, 50))
    for name, objective in (("bowl", BOWL), ("rosenbrock", VALLEY)):
        assert np.array_equal(named(name).grad(points), objective.grad(points))


def test_the_turned_bowl_is_turned_by_45_degrees():
    turned = quadratic([1000.0, 1.0], [1.0, 1.0], rotation=np.pi / 4)
    points = np.random.default_rng(0).uniform(-2, 2, (2, 50))
    assert np.allclose(named("turned bowl").grad(points), turned.grad(points))


def test_a_choice_may_be_none():
    live = LiveValley(explore.valley([Csawg(0.001, 5)]))
    for value, held in (("leap", "leap"), ("none", None)):
        live.slots[0]["safeguard"].value = value
        assert live.traces[0].method.safeguard == held
