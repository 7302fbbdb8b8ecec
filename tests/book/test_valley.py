"""What the chapter on the valley rests on: published numbers and the law by which leaps grow."""

import numpy as np
import pytest

from experiments import valley
from stepsize import Csawg, GradientDescent, Objective, minimize, rosenbrock

START = (-1.0, 0.0)


def gradient(x, y):
    return 2 * (x - 1) - 400 * x * (y - x * x), 200 * (y - x * x)


def algorithm_1(step, K, evaluations):
    """Yao's Algorithm 1 with two lists as buffers; the error when the budget is spent."""
    w, first, second, spent = list(START), [], [], 0
    while spent < evaluations:
        g = gradient(*w)
        spent += 1
        w = [w[i] - step * g[i] for i in (0, 1)]
        (first if len(first) < K else second).append((w, g))
        if len(second) == K:
            if spent + 1 > evaluations:
                break
            pairs = list(zip(first, second))
            fresh = gradient(*w)
            spent += 1
            for_both = []
            for i in (0, 1):
                top = sum(g_s[i] * (w_s[i] - later[i]) for (w_s, g_s), (later, _) in pairs)
                bottom = sum(g_s[i] ** 2 for (_, g_s), _ in pairs)
                for_both.append(top / bottom if bottom else 0.0)
            w = [w[i] - for_both[i] * fresh[i] for i in (0, 1)]
            first, second = second, []
    return np.hypot(w[0] - 1, w[1] - 1)


def descent(step, iterations):
    w = START
    for _ in range(iterations):
        g = gradient(*w)
        w = (w[0] - step * g[0], w[1] - step * g[1])
    return np.hypot(w[0] - 1, w[1] - 1)


def test_published_ratio_of_k10_comes_out_of_the_paper_s_own_words():
    ratio = descent(0.001, 10_000) / algorithm_1(0.001, 10, 10_000)
    assert round(ratio) == 133  # as printed
    trace = minimize(Csawg(0.001, window=10), rosenbrock(), START, grad_evals=10_000)
    assert descent(0.001, 10_000) / trace.error[-1] == pytest.approx(ratio, rel=1e-6)


@pytest.mark.parametrize("window, published, within", [(5, 320, 0.02), (10, 133, 0.01)])
def test_published_speed_ups(window, published, within):
    trace = minimize(Csawg(0.001, window), rosenbrock(), START, grad_evals=10_000)
    assert descent(0.001, 10_000) / trace.error[-1] == pytest.approx(published, rel=within)


def test_published_speed_up_of_k2_is_one_draw_of_a_wide_band():
    errors = valley.around(2)
    (low, median, high), lost = valley.spread(errors, descent(0.001, 10_000))
    assert low < 400 < high and high > 1.2 * low and 380 < median < 460
    assert 0 < lost < len(errors) / 10


def test_evaluations_include_those_of_planning():
    # n iterations plan at 2K, 3K, ...: n // K - 1 times, one evaluation each
    for window in (2, 5, 10):
        trace = minimize(Csawg(0.001, window), rosenbrock(), START, iterations=1000)
        assert trace.grad_evals[-1] == 1000 + 1000 // window - 1


def test_gd_is_stable_below_two_over_the_largest_curvature_and_not_above():
    largest = 501 + np.sqrt(250601)  # of the Hessian ((802, -400), (-400, 200)) at (1, 1)
    start = 1 + 1e-6 * np.array([[0.9], [-0.4]])
    steps = np.array([0.99, 1.01]) * 2 / largest
    ends = minimize(GradientDescent(steps), rosenbrock(), start * [1, 1], iterations=2000).error
    assert ends[-1, 0] < ends[0, 0] < 1e-3 < ends[-1, 1]


@pytest.mark.parametrize("pairing", ["published", "derived"])
def test_leaps_grow_by_k_steps_on_a_slope(pairing):
    slope = Objective(lambda w: 3 * w[0], lambda w: np.full_like(w, 3.0))
    trace = minimize(Csawg(0.01, window=3, pairing=pairing), slope, [0.0], iterations=18)
    assert trace.learned[:, 0] == pytest.approx([0.03, 0.06, 0.09, 0.12, 0.15])


def test_simplex_is_regular_and_the_conclusion_s_count_is_one_of_the_loss():
    corners = np.array(valley.regular_simplex((-1.0, 1.0)))
    sides = [np.hypot(*(corners[i] - corners[j])) for i, j in ((0, 1), (0, 2), (1, 2))]
    assert sides == pytest.approx([1, 1, 1])
    loss, error = valley.search("Nelder-Mead", (-1.0, 1.0), tuple(map(tuple, corners)))
    assert loss == 185 < error


def test_step_size_settles_for_k5_and_k10_but_not_for_k2():
    assert max(valley.settled(5), valley.settled(10)) < 1e-3 < 1 < valley.settled(2)
