"""The page's script against the package: every float equal, for whatever the script knows.

The cases come from the script's own lists of methods and objectives, and from the knobs that a
reader can turn. What is added there is tested here, or a test fails that says what is missing.
"""

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest
import quickjs

import stepsize
from stepsize import explore, objectives

SCRIPT = Path(__file__).resolve().parent.parent / "book" / "_static" / "methods.js"
RUNS = 80  # of each method

# JSON of JavaScript turns what is not finite into null; Python reads these words as they are.
HELPERS = """
const text = (x) => Array.isArray(x) ? "[" + x.map(text) + "]"
  : x && typeof x === "object"
    ? "{" + Object.entries(x).map(([k, v]) => JSON.stringify(k) + ":" + text(v)) + "}"
  : typeof x === "number" ? String(x) : JSON.stringify(x) ?? "null";
const run = (call) => {
  const { method, parameters, objective, given, w0, budget } = JSON.parse(call);
  return text(Stepsize.minimize(
    new Stepsize.methods[method](parameters), Stepsize.objectives[objective](given), w0, budget));
};
"""


def engine():
    context = quickjs.Context()
    context.eval(SCRIPT.read_text(encoding="utf-8"))
    context.eval(HELPERS)
    return context


JS = engine()
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


def valley(rng):
    d = int(rng.choice([2, 2, 2, 3, 7]))
    return ({"dim": d} if d > 2 else {}), d


DRAW = {"quadratic": bowl, "rosenbrock": valley}


def on_page(method, parameters, objective, given, w0, budget):
    call = {
        "method": method,
        "parameters": parameters,
        "objective": objective,
        "given": given,
        "w0": w0,
        "budget": {"gradEvals" if k == "grad_evals" else k: v for k, v in budget.items()},
    }
    return json.loads(JS.eval(f"run({json.dumps(json.dumps(call))})"))


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
        assert np.array_equal(values, wanted, equal_nan=True), (name, setting)
    return package


def knob(method, name):
    return explore.KNOBS.get(f"{method}.{name}", explore.KNOBS.get(name))


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
        budget = {str(rng.choice(["iterations", "grad_evals"])): int(rng.integers(1, 250))}
        yield method, parameters, objective, given, w0, budget


def test_the_lists_agree():
    assert sorted(METHODS) == sorted(explore.PAGE_METHODS)
    assert sorted(PAGE_OBJECTIVES) == sorted(DRAW), "an objective of the page has no case in DRAW"
    assert {known["function"] for known in explore.OBJECTIVES.values()} <= set(PAGE_OBJECTIVES)


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
    assert seen["diverged"] == {True, False}
    assert moved > RUNS / 3  # Csawg has planned
    for name, values in seen["parameters"].items():
        choices = knob(method, name)
        words = {v for v in choices if isinstance(v, (str, bool))}
        assert words <= values and len(values) >= min(10, len(choices)), name


@pytest.mark.parametrize("figure", explore.PUBLISHED)
def test_published_settings(figure):
    setting = explore.valley(**explore.PUBLISHED[figure])
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
