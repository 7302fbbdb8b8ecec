"""What the chapter on Polyak's step size rests on."""

import numpy as np
import pytest

from experiments import polyak
from stepsize import Polyak, StochasticPolyak, least_squares, minimize, quadratic


@pytest.mark.parametrize("dim", [1, 2, 9, 40])
def test_the_guarantee_is_met_on_the_largest_weight(dim):
    # by hand: each step zeroes one weight, the loss stays 1/sqrt(d) until the last
    trace = polyak.path(dim)
    np.testing.assert_allclose(trace.loss[:dim], dim**-0.5, rtol=1e-15)
    assert trace.loss[dim] == 0
    assert ((trace.w == 0).sum(axis=1) == np.arange(dim + 1)).all()


def test_largest_names_the_first_of_the_largest():
    w = np.array([[1.0, -3.0], [-2.0, 3.0], [2.0, 0.0]])
    objective = polyak.largest(3)
    np.testing.assert_array_equal(objective.loss(w), [2.0, 3.0])
    np.testing.assert_array_equal(objective.grad(w), [[0, -1], [-1, 0], [0, 0]])


def test_linear_programming_finds_the_least_absolute_deviations():
    objective = polyak.absolute_deviations()
    rng = np.random.default_rng(1)
    near = objective.minimizer[:, None] + 0.01 * rng.standard_normal((10, 200))
    assert (objective.loss(near) > objective.minimum).all()
    # a subgradient at w has the loss above its tangent everywhere
    w, g = near[:, 0], objective.grad(near[:, 0])
    assert (objective.loss(near) >= objective.loss(w) + g @ (near - w[:, None]) - 1e-12).all()


@pytest.mark.parametrize("curvature", [[3.0], [10.0, 1.0], [100.0, 7.0, 0.1]])
def test_the_best_step_on_a_bowl_is_twice_polyaks(curvature):
    e = np.arange(1.0, len(curvature) + 1)
    g = np.array(curvature) * e
    gap = 0.5 * e @ g
    assert e @ g / (g @ g) == pytest.approx(2 * gap / (g @ g))
    assert polyak.share(e, gap, g) == pytest.approx(0.75)
    trace = minimize(Polyak(0.0), quadratic(curvature), e, iterations=1)
    left = (trace.error[0] ** 2 - trace.error[1] ** 2) / ((e @ g) ** 2 / (g @ g))
    assert left == pytest.approx(0.75)


def test_true_and_bound_by_hand():
    # e = (1, 2), f = (4 + 4)/2 = 4, g = (4, 2), alpha = 1/5: 5 + 20/25 - 16/5; 5 + 4/5 - 8/5
    e, g = np.array([1.0, 2.0]), np.array([4.0, 2.0])
    true, bound = polyak.true_and_bound(e, 4.0, g, 0.2)
    assert (true, bound) == pytest.approx((2.6, 4.2))


@pytest.mark.parametrize("low_by", [1e-2, 1.0])
def test_too_low_a_minimum_doubles_an_angle(low_by):
    # w = sqrt(2 delta) cot(theta) goes to sqrt(2 delta) cot(2 theta)
    theta, unit = 0.3, np.sqrt(2 * low_by)
    trace = minimize(Polyak(-low_by), quadratic([1.0]), [unit / np.tan(theta)], iterations=6)
    np.testing.assert_allclose(
        trace.w[:, 0], unit / np.tan(theta * 2.0 ** np.arange(7)), rtol=1e-10
    )


def test_too_high_a_minimum_is_reached_from_above():
    bowl = quadratic([10.0, 1.0], minimizer=[1.0, 1.0])
    loss = minimize(Polyak(0.3), bowl, [-1.0, 2.0], iterations=300).loss
    assert (loss >= 0.3 - 1e-12).all()
    assert loss[-1] == pytest.approx(0.3)


def test_samples_of_one_weight_shrink_by_the_samples_constants():
    # a draw zeroes one of ten weights: of the squared error 9/10 is left, in the mean
    error = polyak.decay(polyak.unit_vectors())
    assert error[1] == pytest.approx(9)
    assert error[10] / 10 == pytest.approx(0.9**10, rel=0.02)


def test_interpolated_batches_obey_their_bound():
    errors, bounds = polyak.strong_batches("least squares, interpolated")
    assert (errors[:, :50] <= bounds[:, :50] * (1 + 1e-9)).all()
    assert (errors[:, 100] < 1e-9 * errors[:, 0]).all()


def test_sps_with_half_takes_twice_the_step():
    rng = np.random.default_rng(3)
    line = least_squares(rng.standard_normal((8, 3)), rng.standard_normal(8))
    one = minimize(Polyak(line.minimum), line, np.ones(3), iterations=1)
    two = minimize(StochasticPolyak(line.minimum), line, np.ones(3), iterations=1)
    assert two.step_size[1, 0] == pytest.approx(2 * one.step_size[1, 0], rel=1e-14)
