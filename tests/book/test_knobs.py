"""The tables of the chapter on knobs: who sees what, units, widths and costs."""

import numpy as np
import pytest

from experiments import knobs
from stepsize import GradientDescent, HypergradientDescent, methods, minimize, quadratic

# Which of the changes each method sees; the origin and the targets' sign none does, and every
# method sees the scale of a single weight.
SEES = {
    "AdaGrad": {"turn"},
    "Adam": {"turn"},
    "AdamHD": {"turn", "scale"},
    "Autostep": {"turn", "scale"},
    "BarzilaiBorwein": {"scale"},
    "Csawg": {"turn", "scale"},
    "Csawg planning five times": {"turn", "scale"},
    "GradientDescent": {"scale"},
    "HeavyBall": {"scale"},
    "HypergradientDescent": {"scale"},
    "HypergradientDescent multiplicative": {"scale"},
    "IDBD": {"turn", "scale"},
    "L4": {"offset"},
    "L4 adam": {"turn", "offset"},
    "LossGrad": {"scale"},
    "Nesterov": {"scale"},
    "Polyak": {"offset"},
    "RMSProp": {"turn"},
    "StochasticPolyak": {"offset"},
}
NAMES = {"space turned": "turn", "loss times 4": "scale", "loss plus 5": "offset"}


def test_every_public_method_is_in_the_tables():
    assert set(methods.__all__) <= set(knobs.everything())
    assert set(knobs.invariances()) == set(knobs.everything())


@pytest.mark.parametrize("name", SEES)
def test_what_each_method_sees(name):
    row = knobs.invariances()[name]
    seen = {change for change, d in row.items() if d > knobs.TOLERANCE}
    assert "one weight times 4" in seen and not seen & {"origin moved", "targets negated"}
    assert {NAMES[change] for change in seen if change in NAMES} == SEES[name]


def test_the_tolerance_lies_in_a_gap():
    found = np.array([d for row in knobs.invariances().values() for d in row.values()])
    assert not ((found > 1e-13) & (found < 1e-8)).any()


@pytest.mark.parametrize("name", knobs.everything())
def test_every_knob_converted_by_its_unit_gives_the_same_walk(name):
    assert knobs.undone()[name] < knobs.TOLERANCE


def test_a_wrong_unit_is_seen():
    change = knobs.Change(factor=3.0)
    method = HypergradientDescent(0.05, 1e-3)
    assert change.deviation(method, HypergradientDescent(0.05 / 3, 1e-3 / 27)) < 1e-12
    assert change.deviation(method, HypergradientDescent(0.05 / 3, 1e-3 / 9)) > 1e-6


def test_dog_by_hand():
    """f = w^2/2 from 2 with reach 0.5: 0.5/2 times 2; then 0.5/sqrt(4 + 2.25) times 1.5."""
    w = minimize(knobs.DoG(0.5), quadratic([1.0]), [2.0], iterations=2).w[:, 0]
    np.testing.assert_allclose(w, [2.0, 1.5, 1.5 - 0.5 / 2.5 * 1.5])


def test_dog_walks_alike_in_any_unit_of_the_loss():
    assert knobs.Change(factor=7.0).deviation(knobs.DoG(0.1)) < 1e-12
    assert knobs.Change(T=knobs.TURN).deviation(knobs.DoG(0.1)) < 1e-12


@pytest.mark.parametrize(
    "knob, value, factor, result",
    [
        ("step_size", 0.2, 10, 2.0),
        ("momentum", 0.99, 10, 0.9),
        ("momentum", 0.9, 10, 0.0),
        ("beta2", 0.9, 0.1, 0.99),
        ("factor", 1.05, 10, 1.5),
        ("window", 5, 0.1, 1),
        ("window", 5, 10, 50),
    ],
)
def test_turning_a_knob(knob, value, factor, result):
    assert knobs.turned(knob, value, factor) == pytest.approx(result)


def test_progress_of_descent_on_the_bowl():
    """Curvatures 100 and 1: after n steps the losses shrink by (1 - a c)^(2 n)."""
    R = np.array([[np.cos(0.5), -np.sin(0.5)], [np.sin(0.5), np.cos(0.5)]])
    first = np.array([100.0, 1.0]) * (R.T @ [-2.0, 1.0]) ** 2  # in the bowl's own axes
    left = first * (1 - 0.015 * np.array([100.0, 1.0])) ** (2 * knobs.BUDGET)
    found = knobs.progress(GradientDescent(0.015), "turned bowl")
    assert found == pytest.approx(left.sum() / first.sum(), rel=1e-6)


def test_costs():
    assert knobs.cost("GradientDescent") == (1, 0, 0, 1)
    assert knobs.cost("Adam")[:3] == (1, 0, 0) and knobs.cost("IDBD").curvatures == 1
    # 50 steps with K = 5 plan 9 times, and each planning asks for 1, or 5 times 11, gradients
    assert knobs.cost("Csawg").grads == pytest.approx((50 + 9) / 50)
    assert knobs.cost("Csawg planning five times").grads == pytest.approx((50 + 9 * 55) / 50)
