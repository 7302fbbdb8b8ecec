"""The page's script against the package: every float equal, for whatever the script knows.

The cases come from the script's own lists of methods and objectives, and from the knobs that a
reader can turn. What is added there is tested here, or a test fails that says what is missing.
"""

import dataclasses
import json
import math
import re

import numpy as np
import pytest
import quickjs
from cases import CASES
from page.helpers import engine

import stepsize
from experiments.papers import PUBLISHED
from stepsize import explore, objectives
from stepsize.explore import catalogue
from stepsize.explore.page import catalogue_script, scripts

RUNS = 80  # of each method
# The last bit of the exponential is the engine's own: few iterations, and this near.
NEAR = 1e-9


JS = engine("valley")
METHODS = json.loads(JS.eval("text(Object.keys(Stepsize.methods))"))
PAGE_OBJECTIVES = json.loads(JS.eval("text(Object.keys(Stepsize.objectives))"))


def bowl(rng):
    """A bowl by its eigenvalues, or by a matrix, of up to seven weights."""
    d = int(rng.integers(1, 8))
    curvature = 10 ** rng.uniform(-2, 3, d)
    if d > 1 and rng.random() < 0.5:
        turn, _ = np.linalg.qr(rng.standard_normal((d, d)))
        curvature = (turn * curvature) @ turn.T
        curvature = (curvature + curvature.T) / 2
    given = {"curvature": curvature.tolist()}
    if rng.random() < 0.8:
        given["minimizer"] = rng.standard_normal(d).round(2).tolist()
    return given, d


def plane(rng):
    """A function of two weights, without parameters."""
    return {}, 2


DRAW = {"quadratic": bowl, "rosenbrock": plane, "beale": plane, "camel": plane}


def on_page(method, parameters, objective, given, w0, budget):
    call = {
        "method": method,
        "parameters": parameters,
        "objective": objective,
        "given": given,
        "w0": w0,
        "budget": {"gradEvals" if k == "grad_evals" else k: v for k, v in budget.items()},
    }
    # JSON has no infinity, but both sides read 1e999 as one
    call = json.dumps(call).replace("Infinity", "1e999")
    return json.loads(JS.eval(f"run({json.dumps(call)})"))


def in_package(method, parameters, objective, given, w0, budget):
    return stepsize.minimize(
        getattr(stepsize, method)(**parameters),
        getattr(objectives, objective)(**given),
        w0,
        **budget,
    )


def assert_equal(*setting):
    page, package = on_page(*setting), in_package(*setting)
    for name, values in page.items():
        wanted = getattr(package, name)
        values = np.array(values, dtype=float)
        assert values.shape == wanted.shape, (name, setting)
        near = NEAR if case(setting[0]).functions else 0
        assert np.allclose(values, wanted, near, 0, equal_nan=True), (name, setting)
    return package


def case(method):
    return CASES[getattr(stepsize, method)]


def knob(method, name):
    return catalogue.knob(catalogue.fresh(getattr(stepsize, method)), name)[1]


def settings(method, seed=0):
    """Random settings of a method: values of all its knobs, objectives, starts and budgets."""
    rng = np.random.default_rng([seed, *method.encode()])
    cls = getattr(stepsize, method)
    names = [field.name for field in dataclasses.fields(cls)]
    while True:
        parameters = {name: rng.choice(np.array(knob(method, name), object)) for name in names}
        if parameters.get("window", 0) > 30 and rng.random() < 0.8:
            continue  # a short run does not plan
        try:
            cls(**parameters)
        except ValueError:
            continue
        objective = str(rng.choice(PAGE_OBJECTIVES))
        given, d = DRAW[objective](rng)
        w0 = rng.uniform(-2, 2, d).round(int(rng.integers(0, 4))).tolist()
        most = 10 if case(method).functions else 250
        budget = {str(rng.choice(["iterations", "grad_evals"])): int(rng.integers(1, most))}
        yield method, parameters, objective, given, w0, budget


def test_the_lists_agree():
    assert sorted(METHODS) == sorted(explore.METHODS)
    assert sorted(PAGE_OBJECTIVES) == sorted(DRAW), "an objective of the page has no case in DRAW"
    assert {known["function"] for known in explore.OBJECTIVES.values()} <= set(PAGE_OBJECTIVES)


def test_the_catalogue_s_knobs_are_the_package_s():
    context = engine("valley")
    context.eval(catalogue_script())
    page = json.loads(context.eval("text(Stepsize.catalogue)"))
    for name, row in page["methods"].items():
        assert list(row["knobs"]) == [f.name for f in dataclasses.fields(getattr(stepsize, name))]
        for parameter, title in row["knobs"].items():
            assert page["stops"][title] == knob(name, parameter)
    assert json.loads(context.eval("text(Stepsize.catalogue.objectives)")) == explore.OBJECTIVES


def test_only_the_exempt_need_more_than_a_root():
    text = scripts("valley")[0].read_text(encoding="utf-8")
    rounded_alike = {"sqrt", "abs", "min", "max", "sign"}
    for method in METHODS:
        source = text[text.index(f"class {method} ") :].split("\n}\n")[0]
        others = set(re.findall(r"Math\.(\w+)", source)) - rounded_alike
        assert "**" not in source
        assert others == case(method).functions, method


@pytest.mark.parametrize("objective", PAGE_OBJECTIVES)
def test_losses_gradients_and_curvatures(objective):
    rng = np.random.default_rng(0)
    for _ in range(50):
        given, d = DRAW[objective](rng)
        w = rng.uniform(-3, 3, d)
        call = f"ask({json.dumps(objective)}, {json.dumps(given)}, {json.dumps(w.tolist())})"
        page, package = json.loads(JS.eval(call)), getattr(objectives, objective)(**given)
        g = package.grad(w)
        answers = g, package.curvature(w), package.hvp(w, g)
        assert page == [package.loss(w), *(answer.tolist() for answer in answers)]


@pytest.mark.parametrize("method", METHODS)
def test_names_and_defaults_are_the_package_s(method):
    page = json.loads(JS.eval(f"text({{...new Stepsize.methods.{method}({{}})}})"))
    fields = dataclasses.fields(getattr(stepsize, method))
    assert list(page) == [field.name for field in fields]
    for field in fields:
        required = field.default is dataclasses.MISSING
        assert page[field.name] == (None if required else field.default)
        assert knob(method, field.name), f"no knob for {field.name}"


@pytest.mark.parametrize("method", METHODS)
def test_every_float_is_the_package_s(method):
    drawn = settings(method)
    seen = {"objectives": set(), "budgets": set(), "diverged": set(), "parameters": {}}
    moved = 0
    for _ in range(RUNS):
        setting = next(drawn)
        trace = assert_equal(*setting)
        seen["objectives"].add(setting[2])
        seen["budgets"].update(setting[5])
        seen["diverged"].add(bool(trace.diverged))
        moved += len(trace.learned) > 0
        for name, value in setting[1].items():
            seen["parameters"].setdefault(name, set()).add(value)
    # the draw has gone everywhere it should
    assert seen["objectives"] == set(PAGE_OBJECTIVES)
    assert seen["budgets"] == {"iterations", "grad_evals"}
    assert seen["diverged"] >= ({True, False} if case(method).runs_away else {False})
    assert moved > RUNS / 3  # Csawg has planned
    for name, values in seen["parameters"].items():
        choices = knob(method, name)
        words = {v for v in choices if isinstance(v, (str, bool))}
        assert words <= values and len(values) >= min(10, len(choices)), name


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("far", [1e60, 1e100, 1e160])
def test_what_overflows_does_so_on_the_page(method, far):
    # 100 (far**2)**2 or its gradient is beyond the largest number, or what comes of them is
    given = vars(catalogue.fresh(getattr(stepsize, method)))
    trace = assert_equal(method, given, "rosenbrock", {}, [far, far], {"iterations": 6})
    assert trace.diverged or method != "GradientDescent"


@pytest.mark.parametrize("figure", PUBLISHED)
def test_published_settings(figure):
    setting = explore.valley(**PUBLISHED[figure])
    known = explore.OBJECTIVES[setting.objective_name]
    for method in setting.methods:
        assert_equal(
            type(method).__name__,
            vars(method),
            known["function"],
            known["parameters"],
            setting.w0.tolist(),
            {"grad_evals": min(setting.grad_evals, 2000)},
        )


@pytest.mark.parametrize(("window", "iteration", "evaluations"), [(10, 79, 465), (2, 17, 458)])
def test_published_counts(window, iteration, evaluations):
    # Yao, Fig. 7a, whose iterations count from zero.
    planned = {"step_size": 0.001, "window": window, "planning_steps": 5, "correction_steps": 10}
    page = on_page("Csawg", planned, "rosenbrock", {}, [-1, 0], {"grad_evals": 500})
    row = page["error"].index(0)
    assert (row - 1, page["grad_evals"][row]) == (iteration, evaluations)


@pytest.mark.parametrize("size", [1e-300, 1e-170, 1e170, 1e300])
def test_tiny_and_huge_errors(size):
    # Squares of these underflow or overflow; the distance does not.
    given = {"curvature": [1.0, 2.0]}
    trace = assert_equal(
        "GradientDescent",
        {"step_size": 0.0},
        "quadratic",
        given,
        [3 * size, 4 * size],
        {"iterations": 1},
    )
    assert math.isclose(trace.error[-1], 5 * size)


def test_a_method_that_asks_for_no_gradient_is_refused():
    JS.eval(
        "const idle = { init: () => ({ step_size: [0, 0] }), step: (w) => w };"
        "const rest = (budget) =>"
        "  Stepsize.minimize(idle, Stepsize.objectives.rosenbrock(), [0, 0], budget);"
    )
    with pytest.raises(quickjs.JSException, match="asked for no gradient"):
        JS.eval("rest({ gradEvals: 5 })")
    assert JS.eval("rest({ iterations: 5 }).w.length") == 6
