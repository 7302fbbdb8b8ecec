"""Momentum and Adam: hand calculations, and the facts of the chapter."""

import numpy as np
import pytest

from experiments import momentum as measured
from stepsize import Adam, GradientDescent, HeavyBall, minimize, quadratic
from stepsize.theory import heavy_ball_rate


def test_three_steps_of_momentum_by_hand():
    # gradient w, step size 0.2, p = 0.5: changes -0.2, -0.16 - 0.1, -0.108 - 0.13
    wanted = [1, 0.8, 0.54, 0.302]
    one, bowl = np.array([1.0]), quadratic([1.0])
    assert measured.eq5(bowl, one, 0.2, 0.5, 3)[:, 0] == pytest.approx(wanted)
    weights, changes = measured.eq6(bowl, one, 0.2, 0.5, 3)
    assert weights[:, 0] == pytest.approx(wanted)
    assert changes[:, 0] == pytest.approx([-0.2, -0.26, -0.238])


def test_discounted_by_hand():
    assert measured.discounted(np.array([[1.0], [2.0], [4.0]]), 0.5)[:, 0].tolist() == [
        1,
        2.5,
        5.25,
    ]


@pytest.mark.parametrize(
    "x, p, faster",
    [
        (0.25, 0.5, True),  # the end of the printed interval: root 0.7071 < 0.75
        (0.64, 0.2, False),  # likewise, root of p 0.4472 > 0.36
        (0.64, 0.12, True),  # below (1 - x)^2 = 0.1296
        (0.64, 0.04, True),  # the best, (1 - 0.8)^2
    ],
)
def test_when_momentum_helps(x, p, faster):
    assert (heavy_ball_rate(x, 1.0, p) < 1 - x) == faster


def test_printed_interval_fails_from_the_golden_ratio_on():
    x, faster = measured.printed_interval()
    assert faster[x < 0.38].all() and not faster[x > 0.385].all(axis=1).any()
    assert pytest.approx(0.381966, abs=1e-6) == measured.GOLDEN


def test_momentum_helps_where_the_printed_interval_is_empty():
    # x = 1.5: 0.5 a step without momentum; with p = 0.1 a complex pair of modulus root 0.1
    assert heavy_ball_rate(1.5, 1.0, 0.0) == 0.5
    assert heavy_ball_rate(1.5, 1.0, 0.1) == pytest.approx(0.1**0.5)


def test_decoupled_decay_by_hand():
    # bowl of curvature 1 from 2: gradient step to 1.8, less 0.1 * 0.5 * 2
    method = measured.Decoupled(GradientDescent(0.1), 0.5)
    assert minimize(method, quadratic([1.0]), [2.0], iterations=1).w[-1, 0] == pytest.approx(1.7)
    penalty = measured.penalized(quadratic([1.0]), 0.5)
    after = minimize(GradientDescent(0.1), penalty, [2.0], iterations=1).w[-1, 0]
    assert after == pytest.approx(1.7)
    # Adam's first step has length 0.1 whatever the penalty adds to the gradient
    for rule, loss, wanted in (
        (Adam(0.1), penalty, 1.9),
        (measured.Decoupled(Adam(0.1), 0.5), quadratic([1.0]), 1.8),
    ):
        assert minimize(rule, loss, [2.0], iterations=1).w[-1, 0] == pytest.approx(wanted)


def test_decay_shrinks_as_the_chapter_says():
    adam, descent = measured.shrinkage().values()
    # 300 steps of 1 - 0.01 * 0.1, for noise that cancels over the runs
    assert descent == pytest.approx(1 - 0.999**300, rel=1e-6)
    (penalty_1, penalty_100), decoupled = adam
    assert penalty_1 > 50 * penalty_100 and decoupled == pytest.approx(1 - 0.999**300, rel=0.1)


def test_printed_factors():
    m, v, first, second = measured.averages()
    assert first[-1] / 0.1 == pytest.approx(100 * m[-1])
    assert second[-1] / 0.001 == pytest.approx(1e6 * v[-1])


def test_momentum_leaves_either_well():
    ball = HeavyBall(0.02, 0.9)
    assert 0.2 < measured.from_well(ball, True) < 0.4
    assert 0.1 < measured.from_well(ball, False) < 0.3
    assert measured.from_well(GradientDescent(0.02), True) == 0
