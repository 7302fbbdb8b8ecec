"""The sensitivity explorer: the sweep is the package's runs, and the page says the same."""

import dataclasses
import re

import numpy as np
import pytest
from page.helpers import said

from stepsize import (
    IDBD,
    L4,
    Adam,
    Autostep,
    Csawg,
    GradientDescent,
    HeavyBall,
    LossGrad,
    Objective,
    Polyak,
    explore,
    minimize,
    per_weight,
    quadratic,
)
from stepsize.explore.catalogue import named
from stepsize.explore.sensitivity import STREAMS, rival

FLIPS, LEVEL = STREAMS
SETTINGS = {
    "planning": {},
    "a whole number": {"method": Csawg(0.001, 7), "knob": "window"},
    "a value between stops": {"method": HeavyBall(0.00123, 0.9), "problem": "bowl"},
    "no number": {"method": L4(), "knob": "minimum", "problem": "turned bowl", "budget": 200},
    "an infinite stop": {"method": Polyak(0.0), "knob": "max_step", "problem": "camel"},
    "scaled": {"method": Adam(0.01), "problem": "beale", "scale": 20.0, "w0": [0.5, 1.0]},
    "losses": {"method": LossGrad(0.001), "problem": "tilted bowl", "scale": 0.1},
    "flips": {"method": IDBD(), "knob": "meta_step_size", "problem": FLIPS, "budget": 500},
    "a level": {"method": Autostep(), "problem": LEVEL, "budget": 500, "seed": 3, "scale": 5.0},
    "losses of samples": {
        "method": Polyak(0.0),
        "knob": "max_step",
        "problem": LEVEL,
        "budget": 200,
    },
}


@pytest.mark.parametrize("name", SETTINGS)
def test_the_page_says_what_the_package_says(show, name):
    explorer = explore.sensitivity(**SETTINGS[name])
    assert said(show(explorer)) == explorer.lines()


@pytest.mark.parametrize("name", ["planning", "a whole number", "no number", "scaled", "flips"])
def test_a_sweep_is_single_runs(name):
    explorer = explore.sensitivity(**SETTINGS[name])
    problem, values = explorer.problem, explorer.values
    for i in range(0, len(values), 9):
        method = dataclasses.replace(explorer.method, **{explorer.knob: values[i]})
        single = problem.final(problem.run(method))
        assert explorer.errors[i] == pytest.approx(float(single), rel=1e-9, abs=0)


def test_a_sweep_without_a_scale_is_plain_minimize():
    explorer = explore.sensitivity(HeavyBall(0.001), problem="bowl", budget=200)
    bowl = named("bowl")
    for i in (0, 50, 90):
        method = HeavyBall(explorer.values[i])
        assert explorer.errors[i] == minimize(method, bowl, [-1, 0], grad_evals=200).error[-1]


def test_the_rival_is_the_best_of_its_constants():
    explorer = explore.sensitivity(GradientDescent(0.001))
    errors = explorer.errors  # gradient descent's own sweep
    best = explorer.values[int(np.argmin(errors))], errors.min()
    assert rival(explorer.problem) == best


def test_what_diverged_is_infinite_and_said():
    explorer = explore.sensitivity(GradientDescent(1.0))
    assert np.isinf(explorer.errors[-1])
    assert explorer.lines()[0] == "GD with step size 1: diverged."
    lost = explore.sensitivity(IDBD(), "meta_step_size", budget=200)
    assert np.isinf(lost.errors).all()
    assert lost.lines()[1].startswith("All 41 values of meta step size diverge. None does as well")


def test_the_best_meta_step_size_of_idbd_moves_by_the_square_and_autostep_s_does_not():
    given = {"knob": "meta_step_size", "problem": FLIPS, "budget": 2000}
    for method, factor in ((IDBD(), 100.0), (Autostep(), 1.0)):
        at_1, at_10 = (explore.sensitivity(method, scale=s, **given) for s in (1.0, 10.0))
        best = [e.values[int(np.argmin(e.errors))] for e in (at_1, at_10)]
        assert best[0] == pytest.approx(factor * best[1])
        assert at_1.errors.min() == pytest.approx(at_10.errors.min(), rel=1e-9)


def test_polyak_does_not_care_for_the_unit_of_the_loss():
    at_1, at_4 = (explore.sensitivity(Polyak(0.0), "max_step", scale=s) for s in (1.0, 4.0))
    assert at_1.errors[-1] == at_4.errors[-1]


def test_keys_choices_drags_and_reset(show):
    explorer = explore.sensitivity(HeavyBall(0.001), "momentum", "bowl", budget=200)
    page = show(explorer)
    first = said(page)
    page.get_by_role("slider", name="momentum").press("ArrowRight")
    explorer = explorer.replaced(value=0.91)
    assert said(page) == explorer.lines() != first
    page.get_by_label("knob", exact=True).select_option("step_size")
    explorer = explorer.replaced(knob="step_size")
    assert said(page) == explorer.lines()
    page.get_by_label("method", exact=True).select_option("Adam")
    explorer = explorer.replaced(method="Adam")
    assert said(page) == explorer.lines() and explorer.method == Adam(0.001)
    page.get_by_label("scale").press("ArrowLeft")
    page.get_by_label("budget").press("ArrowRight")
    explorer = explorer.replaced(scale=0.5, budget=500)
    assert said(page) == explorer.lines()
    page.get_by_label("problem", exact=True).select_option(LEVEL)
    explorer = explorer.replaced(problem=LEVEL)
    assert said(page) == explorer.lines()
    page.get_by_label("seed").press("ArrowRight")
    assert said(page) == explorer.replaced(seed=2).lines()
    page.get_by_role("button", name="Reset").click()
    assert said(page) == first


def test_a_mouse_drags_along_the_knob_a_finger_taps_and_keys_step(show):
    explorer = explore.sensitivity(budget=200)
    page = show(explorer, has_touch=True)
    said(page)
    box = page.locator(".map canvas").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.3 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], middle, steps=4)
    page.mouse.up()
    slider = page.get_by_role("slider", name="step size")
    value = float(slider.get_attribute("aria-valuetext"))
    assert 1e-3 < value < 0.1
    assert said(page) == explorer.replaced(value=value).lines()
    page.touchscreen.tap(box["x"] + 0.8 * box["width"], middle)
    tapped = float(slider.get_attribute("aria-valuetext"))
    assert tapped > 2 * value
    assert said(page) == explorer.replaced(value=tapped).lines()
    marker = page.locator("button.start")
    marker.press("ArrowRight")
    moved = explorer.values[explorer.values.index(tapped) + 1]
    assert said(page) == explorer.replaced(value=moved).lines()
    assert marker.get_attribute("aria-label") == f"step size {moved:g}; arrow keys move it"


def test_a_phone_needs_no_scroll_and_only_streams_have_a_seed(show):
    page = show(explore.sensitivity(budget=100), viewport={"width": 390, "height": 800})
    said(page)
    assert page.get_by_label("seed").is_hidden()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_an_objective_of_one_s_own_keeps_its_picture(show):
    explorer = explore.sensitivity(
        GradientDescent(0.1), problem=quadratic([1.0, 2.0, 4.0]), w0=[1, 1, 1]
    )
    assert not explorer.twin and np.isfinite(explorer.errors).any()
    with pytest.raises(ValueError, match="a link needs a method and an objective"):
        explorer.link()
    assert show(explorer).locator("figure.explorer > img").is_visible()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"knob": "momentum"}, "knob must be one of 'step_size', 'window'"),
        ({"problem": "none"}, "problem must be one of 'rosenbrock'"),
        ({"problem": Objective(np.sum, np.sign)}, "problem must be .* knows its minimizer"),
        ({"method": GradientDescent([0.1, 0.2])}, "method must be a single run"),
        ({"method": GradientDescent(per_weight([0.1, 0.2]))}, "method must have a knob"),
        ({"budget": 0}, "budget must be a positive integer, got 0"),
        ({"scale": 0.0}, "scale must be"),
        ({"w0": [1, 2, 3]}, "w0"),
    ],
)
def test_what_a_call_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        explore.sensitivity(**arguments)


def test_the_summary_tells_what_the_picture_shows():
    explorer = explore.sensitivity()
    assert re.search("present one marked.* error 0 after 1,000", explorer.summary())
