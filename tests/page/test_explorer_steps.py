"""The explorers that look inside one method: their arithmetic, page, words and widgets."""

import json
import re

import numpy as np
import pytest
from page.helpers import engine, said, two_frames

from stepsize import L4, Csawg, LossGrad, Polyak, Recorder, explore, minimize, theory
from stepsize.explore.catalogue import named
from stepsize.explore.rates import eigenvalues

JS = engine("planning-step", "rates", "ray")


def page(expression, **values):
    """What the page's script makes of an expression in these values."""
    text = json.dumps(json.dumps(values))
    return json.loads(JS.eval(f"{{ const v = JSON.parse({text}); text({expression}) }}"))


INSIDE = "Stepsize.inside(new Stepsize.methods.Csawg(v), %s, v.w0, v.plannings)"


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
        watched = Recorder(named(s["objective"]))
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
        mine = explore.planning_step(Csawg(**own), **s).found
        run = page(INSIDE % objective(s["objective"]), **own, **s)
        for ours, theirs in zip(mine.stages, run["stages"], strict=True):
            assert same(ours.pop("alpha"), theirs.pop("alpha")) and ours == theirs
        for ours, theirs in zip(mine.pairs, run["pairs"], strict=True):
            assert all(same(ours[k], theirs[k]) for k in ours)


def test_the_first_pairs_by_hand():
    # The example of Csawg: from 16, gradient descent goes to 12 and 9; one pair, slope 3/16.
    run = page(
        INSIDE % "Stepsize.objectives.quadratic(v)",
        plannings=1,
        step_size=0.25,
        window=1,
        curvature=[1.0, 4.0],
        w0=[16.0, 1.0],
    )
    assert [w[0] for w in run["points"]] == [16, 12, 9, 7.3125]
    assert [stage["kind"] for stage in run["stages"]] == ["start", "descend", "descend", "leap"]
    (pair,) = run["pairs"]
    assert (pair["g"][0], pair["d"][0], run["stages"][2]["alpha"][0]) == (16, 3, 0.1875)


def test_stepping_by_button_and_key(show):
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


def test_its_knobs(show):
    explorer = explore.planning_step(Csawg(0.001, 3, 5, 10), at=40)
    window = show(explorer)
    first = said(window)
    assert first == explorer.lines()
    for name, key, value in (
        ("window", "ArrowRight", 4),
        ("planning steps", "ArrowLeft", 4),
        ("correction steps", "Home", 0),
        ("step size", "ArrowRight", 0.0011),
    ):
        window.get_by_label(name, exact=True).press(key)
        explorer = explorer.replaced(**{name.replace(" ", "_"): value})
        assert said(window) == explorer.lines(), name
    # a run that is lost is shown at its last place, and can be followed further
    window.get_by_label("step size", exact=True).press("End")
    explorer = explorer.replaced(step_size=1.0)
    assert said(window) == explorer.lines() and explorer.setting["at"] < 40
    window.get_by_label("gradient evaluations").press("End")
    assert said(window) == explorer.replaced(at=10_000).lines()
    assert "a place that is not finite" in " ".join(said(window))
    window.get_by_role("button", name="Reset").click()
    assert said(window) == first


def test_only_plain_planning_is_shown():
    for other in ({"pairing": "derived"}, {"reuse_gradient": True}, {"safeguard": "leap"}):
        with pytest.raises(ValueError, match="published pairing, fresh gradients"):
            explore.planning_step(Csawg(0.001, 3, **other))


# ---- momentum and rates --------------------------------------------------------------------------

RATES = {
    "GradientDescent": lambda c, a, p: theory.gradient_descent_rate(c, a),
    "HeavyBall": theory.heavy_ball_rate,
    "Nesterov": theory.nesterov_rate,
}


def bowls(count, seed=0):
    rng = np.random.default_rng(seed)
    for method in list(RATES) * count:
        yield {
            "method": method,
            "condition": float(10 ** rng.uniform(0.1, 4)),
            "step_size": float(rng.uniform(0.01, 4)),
            "momentum": float(rng.uniform(0, 1)),
        }


def test_rates_are_those_of_the_theory():
    outcomes = set()
    for s in bowls(60):
        mu, a, p = 1 / s["condition"], s["step_size"], s["momentum"]
        found = page(
            "[1, v.mu].map((c) => Stepsize.rates.rate(v.method, c, v.step_size, v.momentum))",
            **s,
            mu=mu,
        )
        wanted = [RATES[s["method"]](c, a, p) for c in (1.0, mu)]
        assert same(found, wanted), s
        # the eigenvalues are those of the matrix, by linear algebra
        for c, rate in zip((1.0, mu), wanted, strict=True):
            given = {**s, "c": c}
            z = page("Stepsize.rates.eigenvalues(v.method, v.c, v.step_size, v.momentum)", **given)
            z = np.array(z) @ [1, 1j]
            assert same([z.real, z.imag], [(m := eigenvalues(s["method"], c, a, p)).real, m.imag])
            assert np.isclose(np.abs(z).max(), rate, rtol=1e-12)
            if len(z) == 2:
                b, d = {
                    "HeavyBall": (1 + p - a * c, p),
                    "Nesterov": ((1 + p) * (1 - a * c), p * (1 - a * c)),
                }[s["method"]]
                matrix = np.linalg.eigvals([[b, -d], [1, 0]])
                assert np.allclose(np.sort_complex(matrix), np.sort_complex(z), atol=1e-6)
                outcomes.add(bool(z[0].imag))
    assert outcomes == {True, False}


def test_the_marked_optimum_is_the_theory_s_and_no_neighbour_is_better():
    for condition in (1.5, 10.0, 1234.0):
        mu = 1 / condition
        for method in RATES:
            step_size, momentum = page("Stepsize.rates.best(v.method, v.mu)", method=method, mu=mu)
            explorer = explore.rates(method, condition)
            assert np.allclose(explorer.best, [step_size, momentum], rtol=1e-15, atol=0)
            for a in (0.99 * step_size, 1.01 * step_size):
                for p in (momentum, 0.99 * momentum, 1.01 * momentum):
                    assert explorer.rate(a, p) >= explorer.least - 1e-12


def test_the_measured_rate_is_the_package_s():
    near = 0
    for s in bowls(40, seed=1):
        found = page("Stepsize.rates.rates(v, 400)", **s)
        mine = explore.rates(**s)
        assert same(found["error"], mine.trace.error), s
        assert found["predicted"] == mine.predicted and found["q"] == mine.quarter
        assert np.isclose(found["measured"], mine.measured, rtol=1e-12)
        near += abs(np.log(mine.measured / mine.predicted)) < 0.01
    assert near > 110  # of 120; double roots lag behind


def test_rates_of_a_bowl_worked_by_hand():
    # Heavy ball's best for 9: 4/(1 + 1/3)^2 = 9/4 and ((1 - 1/3)/(1 + 1/3))^2 = 1/4.
    explorer = explore.rates("HeavyBall", 9)
    assert np.allclose(explorer.best, [2.25, 0.25]) and np.isclose(explorer.least, 0.5)
    assert explorer.lines()[2] == (
        "Best for condition number 9: step size 2.25, momentum 0.25, rate 0.5000."
    )


def test_the_optimum_can_be_clicked(show):
    explorer = explore.rates("HeavyBall", 100, step_size=3.0, momentum=0.8)
    window = show(explorer)
    assert said(window) == explorer.lines()
    best = dict(zip(("step_size", "momentum"), explorer.best, strict=True))
    window.locator("button.start").click()
    assert said(window) == explorer.replaced(**best).lines()
    window.get_by_role("button", name="Reset").click()
    assert said(window) == explorer.lines()
    window.get_by_role("button", name="to the best").press("Enter")
    assert said(window) == explorer.replaced(**best).lines()


def test_momentum_condition_and_method(show):
    explorer = explore.rates("HeavyBall", 100, step_size=3.0, momentum=0.8)
    window = show(explorer)
    two_frames(window)
    window.get_by_label("momentum", exact=True).press("ArrowRight")
    window.get_by_label("condition number").press("ArrowRight")
    window.get_by_label("step size × L").press("ArrowRight")
    changes = {"momentum": 0.85, "condition": 120.0, "step_size": 3.05}
    assert said(window) == explorer.replaced(**changes).lines()
    for method in ("GradientDescent", "Nesterov"):
        window.get_by_label("method").select_option(method)
        assert said(window) == explorer.replaced(**changes, method=method).lines()
    window.get_by_label("step size × L").press("End")
    assert "does not converge" in said(window)[0]


# ---- one ray -------------------------------------------------------------------------------------


def test_the_steps_along_a_ray_are_the_package_s():
    rng, longer = np.random.default_rng(0), set()
    for _ in range(200):
        name = str(rng.choice(["rosenbrock", "bowl", "turned bowl"]))
        w = rng.uniform(-0.5, 1.8, 2).round(2).tolist()
        t, fraction = float(10 ** rng.uniform(-5, -1)), float(rng.uniform(0.05, 1))
        call = f"Stepsize.ray({objective(name)}, v.w, v.t, v)"
        found = page(call, w=w, t=t, fraction=fraction, target=0.9 * 0.75, factor=1.05)
        f = named(name)

        def first(method):
            return minimize(method, f, w, iterations=1).step_size[1, 0]  # noqa: B023

        assert found["steps"]["polyak"] == first(Polyak(minimum=0.0))
        l4 = first(L4("gradient", fraction=fraction, eps=0.0))
        assert np.isclose(found["steps"]["l4"], l4, rtol=1e-15, atol=0)
        two = minimize(LossGrad(t), f, w, iterations=2)
        assert found["next"] == two.step_size[2, 0]
        longer.add(bool(found["next"] > t))
        mine = explore.ray(w, name, t, fraction)
        assert found["steps"]["exact"] == mine.steps["exact"]
        assert (found["f"], found["s"], found["r"]) == (mine.f, mine.slope, mine.r)
        if name != "rosenbrock":  # g.g / g.Hg by the bowl's own curvature
            g = f.grad(np.array(w))
            hg = f.grad(np.array(f.minimizer) + g)
            assert np.isclose(found["steps"]["exact"], g @ g / (g @ hg), rtol=1e-9)
        else:
            t = found["steps"]["exact"]
            along = f.loss(
                np.array(w)[:, None] - f.grad(np.array(w))[:, None] * t * [0.999, 1, 1.001]
            )
            assert along[1] <= along[0] and along[1] <= along[2]
    assert longer == {True, False}


def test_drag_click_and_keys(show):
    explorer = explore.ray()
    window = show(explorer)
    assert said(window) == explorer.lines()
    marker = window.locator("button.start")
    marker.press("ArrowRight")
    marker.press("ArrowUp")
    assert said(window) == explorer.replaced(x=-0.45, y=0.85).lines()
    box = window.locator(".map canvas").bounding_box()
    across = lambda u, v: (box["x"] + u * box["width"], box["y"] + v * box["height"])  # noqa: E731

    def where():
        two_frames(window)
        label = marker.get_attribute("aria-label")
        return [float(x) for x in re.search(r"\((.*), (.*)\)", label).groups()]

    window.mouse.move(*across(0.4, 0.4))
    window.mouse.down()
    window.mouse.move(*across(0.5, 0.3), steps=4)
    window.mouse.up()
    x, y = where()
    assert said(window) == explorer.replaced(x=x, y=y).lines() and [x, y] != [-0.45, 0.85]
    for name in ("exact minimizer", "Polyak", "L4"):
        window.get_by_role("button", name=name, exact=True).click()
        step = explorer.replaced(x=x, y=y).steps[
            {"exact minimizer": "exact"}.get(name, name.lower())
        ]
        assert said(window) == explorer.replaced(x=x, y=y, step_size=step).lines()
    box = window.locator(".curve canvas").bounding_box()
    window.mouse.click(*across(0.5, 0.5))
    slider = window.get_by_label("step size", exact=True)
    two_frames(window)
    step = float(slider.get_attribute("aria-valuetext"))
    assert said(window) == explorer.replaced(x=x, y=y, step_size=step).lines()


def test_a_finger_taps_the_plane(show):
    explorer = explore.ray()
    window = show(explorer, has_touch=True, viewport={"width": 390, "height": 800})
    two_frames(window)
    box = window.locator(".map canvas").bounding_box()
    window.touchscreen.tap(box["x"] + 0.6 * box["width"], box["y"] + 0.3 * box["height"])
    assert said(window) != explorer.lines()


def test_its_other_knobs(show):
    explorer = explore.ray()
    window = show(explorer)
    two_frames(window)
    for key in ("ArrowRight", "ArrowRight"):
        window.get_by_label("L4's fraction").press(key)
    assert said(window) == explorer.replaced(fraction=0.25).lines()
    window.get_by_label("objective").select_option("bowl")
    assert said(window) == explorer.replaced(fraction=0.25, objective="bowl").lines()
    at = explore.ray((1, 1), "bowl")
    assert (
        said(show(at)) == at.lines() == ["The gradient at (1, 1) is zero: no step size moves it."]
    )


# ---- what all have in common ---------------------------------------------------------------------

ALL = {"planning-step": explore.planning_step, "rates": explore.rates, "ray": explore.ray}


@pytest.mark.parametrize("name", ALL)
def test_a_cell_gets_the_same_page_each_time(name):
    text = ALL[name]().html()
    assert text == ALL[name]().html() and f'data-explorer="{name}"' in text
    explorer = ALL[name]()
    assert '<img alt="' in text and explorer.summary().endswith(" ".join(explorer.lines()))
