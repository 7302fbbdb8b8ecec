"""LossGrad's parabola and the variants of its chapter, by hand."""

import numpy as np
import pytest

from experiments import lossgrad as measured
from experiments.arrival import for_good
from stepsize import LossGrad, minimize, quadratic, rosenbrock


def test_parabola_by_hand():
    # f = 2 w^2 at w = 1 with step size 0.1: gradient 4, promised 0.4, reached 0.72
    bowl, one = quadratic([4.0]), np.array([1.0])
    assert measured.linearization_error(bowl, one, 0.1) == pytest.approx(0.32)
    # q(t) = 2 - 16 t + 32 t^2, which is the loss itself
    assert measured.parabola(bowl, one, 0.1, 0.3) == pytest.approx(2 - 4.8 + 2.88)
    assert measured.slope(bowl, one, 0.1, 0.3) == pytest.approx(-16 + 64 * 0.3)
    assert measured.line_minima(bowl, one) == 0.25


def test_sign_rule_shortens_on_a_convex_loss_where_lossgrad_lengthens():
    bowl = quadratic([4.0])
    for method, second in ((LossGrad, 0.2), (measured.SignRule, 0.05)):
        assert minimize(method(0.1, 2.0), bowl, [1.0], iterations=2).step_size[2, 0] == second


def test_authors_guard_at_the_minimizer():
    # 1/2 lands on the minimizer of w^2; there 0/0: kept by the package, lengthened by the guard
    bowl = quadratic([2.0])
    for method, step_sizes in (
        (LossGrad, [0.5, 1.0, 1.0, 1.0]),
        (measured.AuthorsGuard, [0.5, 1.0, 2.0, 4.0]),
    ):
        trace = minimize(method(0.5, 2.0), bowl, [1.0], iterations=4)
        assert trace.step_size[1:, 0].tolist() == step_sizes and trace.w[-1, 0] == 0


def test_refusing_stays_and_shortens():
    # 3/4 of curvature 4 throws 1 to -2; refused, halved to 3/8: 1 to -1/2
    trace = minimize(measured.Refusing(0.75, 2.0), quadratic([4.0]), [1.0], iterations=2)
    assert trace.w[:, 0].tolist() == [1.0, 1.0, -0.5]


def test_authors_factor_loses_every_run_in_the_valley():
    trace = minimize(
        LossGrad(1e-3), rosenbrock(), measured.valley_starts(20), iterations=2000, record=None
    )
    assert trace.diverged.all()


def test_rounding_of_the_loss_sends_the_step_size_to_zero():
    """A minimum of one leaves differences of losses no digits; a minimum of zero does."""
    start = measured.bowl_starts()[:, 0]
    for bowl, low, high in (
        (measured.BOWL10, 1e-3, 1.0),
        (measured.raised(measured.BOWL10, 1.0), 0.0, 1e-20),
    ):
        trace = minimize(LossGrad(1e-3), bowl, start, iterations=2000)
        assert low < trace.step_size[-1, 0] < high


def test_for_good_is_the_last_crossing():
    # 1 -> -2 -> 4 with step size 3/4 on curvature 4: grows; with 3/8: halves
    growing, halving = (
        minimize(LossGrad(h, 1.0), quadratic([4.0]), [1.0], iterations=3) for h in (0.75, 0.375)
    )
    assert for_good(growing, 3.0) == np.inf
    assert for_good(halving, 0.3) == 2 == halving.first(error=0.3)
