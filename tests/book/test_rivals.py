"""The rivals that the papers do not race, by hand."""

import numpy as np
import pytest

from experiments.rivals import Averaged, Secant
from stepsize import HeavyBall, Objective, minimize, quadratic

BOWL = quadratic([4.0, 1.0], minimizer=[1.0, -2.0])


def test_secant_of_each_weight_ends_a_separable_bowl_in_two():
    trace = minimize(Secant(0.1), BOWL, [3.0, 5.0], iterations=2)
    np.testing.assert_allclose(trace.step_size[-1], [1 / 4, 1.0], rtol=1e-12)
    np.testing.assert_allclose(trace.w[-1], BOWL.minimizer, atol=1e-12)


def test_secant_takes_the_given_step_size_where_it_finds_none():
    # negative curvature, and none
    slope = Objective(lambda w: w[1] - w[0] ** 2 / 2, lambda w: np.stack([-w[0], 0 * w[1] + 1]))
    trace = minimize(Secant(0.1), slope, [1.0, 1.0], iterations=2)
    assert trace.step_size[-1].tolist() == [0.1, 0.1]


@pytest.mark.parametrize("share", [0.25, 1.0])
def test_averages_of_heavy_balls_iterates(share):
    ball = minimize(HeavyBall(0.1, 0.5), BOWL, [3.0, 5.0], iterations=3).w[1:]
    trace = minimize(Averaged(0.1, 0.5, share=share), BOWL, [3.0, 5.0], iterations=3)
    average = ball[0]
    for k in (1, 2):
        average = average + (ball[k] - average) / (1 + share * k)
    np.testing.assert_allclose(trace.w[-1], average, rtol=1e-12)
    if share == 1.0:
        np.testing.assert_allclose(average, ball.mean(axis=0), rtol=1e-12)
