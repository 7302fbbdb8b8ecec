"""What the chapter on hypergradient descent rests on."""

import numpy as np
import pytest

from experiments import hypergradient as hg
from stepsize import HypergradientDescent, Objective, minimize, quadratic, rosenbrock
from stepsize.theory import kalman_gain


def test_whole_derivative_is_k_times_the_last_step_s_on_a_turned_bowl():
    whole, one = hg.derivatives(hg.BOWL, hg.BOWL_START, 0.004, 12)
    assert whole / one == pytest.approx(np.arange(1, 13), rel=1e-5)


def test_whole_derivative_is_that_of_the_loss():
    alpha, h, valley = 0.001, 1e-8, rosenbrock()

    def end(a):
        w = np.array([-1.0, 0.0])
        for _ in range(20):
            w = w - a * valley.grad(w)
        return valley.loss(w)

    whole, _ = hg.derivatives(valley, (-1.0, 0.0), alpha, 20)
    assert whole[-1] == pytest.approx((end(alpha + h) - end(alpha - h)) / (2 * h), rel=1e-4)


@pytest.mark.parametrize(
    "multiplicative, power", [(False, 3), (True, 0)], ids=["additive", "multiplicative"]
)
def test_meta_step_size_goes_with_the_cube_of_the_loss_or_not_at_all(multiplicative, power):
    c, bowl = 4.0, quadratic([1.0, 10.0], minimizer=[1.0, -2.0])
    loud = Objective(lambda w: c * bowl.loss(w), lambda w: c * bowl.grad(w))

    def path(objective, step, eta):
        method = HypergradientDescent(step, eta, multiplicative=multiplicative)
        return minimize(method, objective, [3.0, -1.0], iterations=30).w

    assert path(loud, 0.01 / c, 1e-3 / c**power) == pytest.approx(path(bowl, 0.01, 1e-3))
    assert path(loud, 0.01 / c, 1e-3 / c ** (power + 1)) != pytest.approx(path(bowl, 0.01, 1e-3))


def test_small_meta_step_size_never_overshoots():
    # 0.1 + 0.5 * 0.9 = 0.55, and every later product is smaller
    trace = minimize(HypergradientDescent(0.1, 0.5), quadratic([1.0]), [1.0], iterations=300)
    assert trace.step_size[2, 0] == pytest.approx(0.55)
    assert (trace.w >= 0).all() and trace.step_size[-1, 0] < 0.8


def test_successive_errors_are_uncorrelated_at_the_kalman_gain():
    # by hand: w and the level differ by e, e' = (1 - a) e - a n + d and delta = e + n, so that
    # E delta' delta = (1 - a) V - a R with the stationary V = (a^2 R + Q) / (1 - (1 - a)^2)
    for drift in (0.25, 1.0, 2.0):
        a, noise = kalman_gain(drift), 1.0
        variance = (a * a * noise + drift**2) / (1 - (1 - a) ** 2)
        assert (1 - a) * variance - a * noise == pytest.approx(0, abs=1e-12)


def test_an_exact_zero_makes_straight_bowls_easy():
    straight, turned = (hg.evaluations(1000, turned) for turned in (False, True))
    assert straight["GD"] == pytest.approx(turned["GD"], rel=0.05)
    assert straight["HD"] < 0.1 * turned["HD"] < 0.1 * turned["GD"]
