"""The methods against implementations that we did not write."""

import json

import numpy as np
import pytest
from package.make_reference_values import PATH, values

from stepsize import methods, minimize, quadratic, rosenbrock

STORED = json.loads(PATH.read_text(encoding="utf-8"))
OBJECTIVES = {
    "bowl": quadratic([1.0, 4.0, 2.0], minimizer=[1.0, -2.0, 0.5]),
    "valley": rosenbrock(),
}


def name(case):
    parameters = ", ".join(f"{k}={v}" for k, v in case["parameters"].items())
    return f"{case['by']}-{case['objective']}-{case['method']}({parameters})"


@pytest.mark.parametrize("case", STORED["values"], ids=name)
def test_the_stored_walks(case):
    method = getattr(methods, case["method"])(**case["parameters"])
    start = STORED["starts"][case["objective"]]
    n = STORED["iterations"][-1]
    trace = minimize(method, OBJECTIVES[case["objective"]], start, iterations=n)
    np.testing.assert_allclose(trace.w[STORED["iterations"]], case["w"], rtol=1e-9, atol=1e-12)


def test_each_library_has_its_say():
    by = {library: set() for library in ("torch", "optax", "authors")}
    for case in STORED["values"]:
        by[case["by"]].add(case["method"])
    shared = {"HeavyBall", "Nesterov", "AdaGrad", "RMSProp", "Adam"}
    assert by == {
        "torch": shared,
        "optax": shared | {"Polyak", "StochasticPolyak"},
        "authors": {"HypergradientDescent", "AdamHD", "StochasticPolyak", "LossGrad", "L4"},
    }


@pytest.mark.parametrize("library", ["torch", "optax"])
def test_the_file_is_what_the_library_says(library):
    pytest.importorskip(library)
    stored = [case for case in STORED["values"] if case["by"] == library]
    fresh = list(values(library))
    assert len(fresh) == len(stored)
    for now, then in zip(fresh, stored):
        np.testing.assert_allclose(now.pop("w"), then["w"], rtol=1e-9, atol=1e-12)
        assert now == {k: v for k, v in then.items() if k != "w"}
