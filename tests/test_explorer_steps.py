"""The explorers that look inside one method: their arithmetic, page, words and widgets."""

import json
import re

import numpy as np
import pytest
import quickjs
from test_explorers import STATIC, said, show, two_frames  # noqa: F401 (show is a fixture)
from test_page_arithmetic import HELPERS

from stepsize import Csawg, Recorder, explore, minimize
from stepsize._steps import LiveSteps

SCRIPT = STATIC / "explorer_steps.js"
JS = quickjs.Context()
for source in (STATIC / "methods.js", SCRIPT):
    JS.eval(source.read_text("utf-8"))
JS.eval(HELPERS)


def page(expression, **values):
    """What the page's script makes of an expression in these values."""
    text = json.dumps(json.dumps(values))
    return json.loads(JS.eval(f"{{ const v = JSON.parse({text}); text({expression}) }}"))


INSIDE = "Steps.inside(new Stepsize.methods.Csawg(v), %s, v.w0, v.plannings)"


def objective(name):
    known = explore.OBJECTIVES[name]
    return f"Stepsize.objectives.{known['function']}({json.dumps(known['parameters'])})"


def same(a, b):
    return np.array_equal(np.array(a, float), np.array(b, float), equal_nan=True)


def settings(count, seed=0):
    """Random settings of a planning step; the last of the step sizes diverge."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield {
            "step_size": float(rng.choice([1e-4, 5e-4, 0.001, 0.0015, 0.003, 0.01])),
            "window": int(rng.choice([1, 2, 3, 10, 30])),
            "planning_steps": int(rng.integers(1, 7)),
            "correction_steps": int(rng.integers(0, 6)),
            "w0": rng.uniform(-1.5, 1.5, 2).round(2).tolist(),
            "objective": str(rng.choice(["rosenbrock", "bowl", "turned bowl"])),
            "plannings": int(rng.integers(1, 5)),
        }


# ---- inside a planning step ----------------------------------------------------------------------


def test_the_page_s_inner_points_are_those_that_the_package_asks_for():
    kinds, diverged = set(), 0
    for s in settings(60):
        names = ("step_size", "window", "planning_steps", "correction_steps")
        method = Csawg(**{name: s[name] for name in names})
        watched = Recorder(explore._named(s["objective"]))
        iterations = method.window * (s["plannings"] + 1)
        with np.errstate(all="ignore"):
            trace = minimize(method, watched, s["w0"], iterations=iterations)
        asked = [w for kind, w in watched.asked if kind == "grad"]
        run = page(INSIDE % objective(s["objective"]), **s)
        assert same(run["points"], [*asked, trace.w[-1]]), s
        assert len(run["stages"]) == len(run["points"]) == trace.grad_evals[-1] + 1
        # the step sizes of the stage that fills the buffers are those that the method used
        learned = [
            stage["alpha"]
            for stage, after in zip(run["stages"], run["stages"][1:], strict=False)
            if stage["kind"] == "descend" and after["kind"] == "leap"
        ]
        used = trace.step_size[1:][np.diff(trace.grad_evals) > 1]
        assert same(learned, used) and len(learned) == s["plannings"]
        kinds.update(stage["kind"] for stage in run["stages"])
        diverged += bool(trace.diverged)
    assert kinds == {"start", "descend", "leap", "correct"} and 0 < diverged < 40


def test_the_stages_are_the_package_s():
    for s in settings(20, seed=1):
        own = {k: s.pop(k) for k in ("step_size", "window", "planning_steps", "correction_steps")}
        mine = explore.planning_step(Csawg(**own), **s).run
        run = page(INSIDE % objective(s["objective"]), **own, **s)
        for ours, theirs in zip(mine.stages, run["stages"], strict=True):
            assert same(ours.pop("alpha"), theirs.pop("alpha")) and ours == theirs
        for ours, theirs in zip(mine.pairs, run["pairs"], strict=True):
            assert all(same(ours[k], theirs[k]) for k in ours)


def test_the_first_pairs_by_hand():
    # The example of Csawg: from 16, gradient descent goes to 12 and 9; one pair, slope 3/16.
    run = page(
        "Steps.inside(new Stepsize.methods.Csawg(v), Stepsize.objectives.quadratic(v), v.w0, 1)",
        step_size=0.25,
        window=1,
        curvature=[1.0, 4.0],
        w0=[16.0, 1.0],
    )
    assert [w[0] for w in run["points"]] == [16, 12, 9, 7.3125]
    assert [stage["kind"] for stage in run["stages"]] == ["start", "descend", "descend", "leap"]
    (pair,) = run["pairs"]
    assert (pair["g"][0], pair["d"][0], run["stages"][2]["alpha"][0]) == (16, 3, 0.1875)


def test_stepping_by_button_and_key(show):  # noqa: F811
    explorer = explore.planning_step(Csawg(0.001, 3, 5, 10))
    window = show(explorer)
    assert said(window) == explorer.lines()
    window.get_by_role("button", name="next", exact=True).click()
    at = explorer.setting["at"] + 1
    assert said(window) == explorer.replaced(at=at).lines()
    for _ in range(3):
        window.get_by_role("button", name="back").click()
    assert said(window) == explorer.replaced(at=at - 3).lines()
    window.get_by_role("button", name="to the next planning").click()
    lines = said(window)
    assert "step sizes learned" in lines[1] and "gradient step 9 of the main loop" in lines[0]
    window.get_by_role("button", name="next", exact=True).press("Enter")
    assert "planning 2, leap 1 of 5" in said(window)[0]
    slider = window.get_by_label("gradient evaluations")
    slider.press("Home")
    assert said(window) == explorer.replaced(at=0).lines()
    assert said(window)[0] == "Start at (-1, 0), error 2.24; no gradient is evaluated yet."
    slider.press("End")
    assert said(window) == explorer.replaced(at=10_000).lines()


def test_its_knobs(show):  # noqa: F811
    explorer = explore.planning_step(Csawg(0.001, 3, 5, 10), at=40)
    window = show(explorer)
    assert said(window) == explorer.lines()
    turned = {}
    for name, key, value in (
        ("window", "ArrowRight", 4),
        ("planning steps", "ArrowLeft", 4),
        ("correction steps", "Home", 0),
        ("step size", "ArrowRight", 0.0011),
    ):
        window.get_by_label(name, exact=True).press(key)
        turned[name.replace(" ", "_")] = value
        assert said(window) == explorer.replaced(**turned, at=40).lines(), turned
    window.get_by_label("step size", exact=True).press("End")
    assert "a place that is not finite" in " ".join(said(window))
    window.get_by_role("button", name="Reset").click()
    assert said(window) == explorer.lines()


def test_only_plain_planning_is_shown():
    for method in (Csawg(0.001, 3, pairing="derived"), Csawg(0.001, 3, reuse_gradient=True)):
        with pytest.raises(ValueError, match="published pairing and fresh gradients"):
            explore.planning_step(method)


# ---- what all have in common ---------------------------------------------------------------------

ALL = {"planning-step": explore.planning_step}


@pytest.mark.parametrize("name", ALL)
def test_a_cell_gets_the_same_page_each_time(name):
    text = ALL[name]().html()
    assert text == ALL[name]().html() and f'data-explorer="{name}"' in text
    explorer = ALL[name]()
    assert '<img alt="' in text and explorer.summary().endswith(" ".join(explorer.lines()))


@pytest.mark.parametrize("name", ALL)
def test_alive_narrow_dark_and_named(show, name):  # noqa: F811
    explorer = ALL[name]()
    window = show(explorer, color_scheme="light")
    assert said(window) == explorer.lines()
    pictures = []
    for scheme in ("light", "dark", "light"):
        window.emulate_media(color_scheme=scheme)
        two_frames(window)
        pictures.append(window.locator(".map canvas").evaluate("c => c.toDataURL()"))
    assert pictures[0] == pictures[2] != pictures[1]
    for width in (320, 390, 1280):
        window.set_viewport_size({"width": width, "height": 800})
        two_frames(window)
        assert window.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    for control in window.locator("figure.explorer :is(input, select)").all():
        assert control.evaluate("i => i.labels.length && i.labels[0].textContent.trim()")
    for control in window.locator("figure.explorer button").all():
        assert control.inner_text().strip() or control.get_attribute("aria-label")
    assert window.locator("figure.explorer output").get_attribute("aria-live") == "polite"
    window.emulate_media(media="print")
    assert window.locator("figure.explorer > img").is_visible()
    assert window.locator(".explorer-body").is_hidden()


@pytest.mark.parametrize("name", ALL)
def test_without_scripts_the_picture_stands(show, name):  # noqa: F811
    explorer = ALL[name]()
    window = show(explorer, java_script_enabled=False)
    picture = window.locator("figure.explorer > img")
    assert picture.is_visible() and picture.get_attribute("alt") == explorer.summary()
    assert window.locator("figcaption").inner_text() == explorer.question


@pytest.mark.parametrize("name", ALL)
def test_each_widget_control_answers_as_the_explorer_does(name):
    live = LiveSteps(ALL[name]())
    assert set(live.controls) == set(live.explorer.knobs())
    for key, control in live.controls.items():
        before = live.explorer
        if hasattr(control, "options"):
            values = [o[1] if isinstance(o, tuple) else o for o in control.options]
            value = values[(values.index(control.value) + 1) % len(values)]
        else:
            value = control.value - 1
        picture = bytes(live.image.value)
        control.value = value
        wanted = before.replaced(**{key: value})
        assert live.explorer.setting == wanted.setting
        assert re.sub("&#x27;", "'", live.readout.value) == "<br>".join(wanted.lines())
        assert bytes(live.image.value) != picture


def test_the_script_is_light():
    assert SCRIPT.stat().st_size < 20_000
