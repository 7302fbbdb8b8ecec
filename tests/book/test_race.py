"""What the race rests on: the search of Fig. 9, heavy ball's oscillation, RMSProp's circle."""

import numpy as np
import pytest

from experiments import race
from experiments.arrival import for_good
from stepsize import Adam, HeavyBall, RMSProp, minimize, quadratic, rosenbrock

START = (-1.0, 0.0)


def test_the_search_is_the_text_s():
    assert [len(race.settings(name)) for name in ("RMSProp", "HeavyBall", "Adam")] == [12, 2, 18]


def test_heavy_ball_by_hand():
    """Eq. 10 in three lines; 1,051 steps to an error of 1e-3 with p = 0.9."""
    w = before = np.array(START)
    for _ in range(1051):
        x, y = w
        g = np.array([2 * (x - 1) - 400 * x * (y - x * x), 200 * (y - x * x)])
        w, before = w - 0.0015 * g + 0.9 * (w - before), w
    assert np.hypot(*(w - 1)) <= 1e-3 < np.hypot(*(before - 1))
    assert race.reaches(race.errors("HeavyBall", (0.0015, 0.9)), 1e-3) == 1051


@pytest.mark.parametrize("factor, oscillates", [(0.99, False), (1.005, True)])
def test_the_edge_of_oscillation(factor, oscillates):
    """mu is the smaller eigenvalue of ((802, -400), (-400, 200)), 501 - sqrt(250601)."""
    step, mu = 0.001, 501 - np.sqrt(250601)
    edge = (1 - np.sqrt(step * mu)) ** 2
    assert race.oscillating_from(step) == pytest.approx(edge, rel=1e-9)
    bowl = quadratic([mu])
    w = minimize(HeavyBall(step, edge * factor), bowl, [1.0], iterations=5000).w[:, 0]
    assert bool(w.min() < -1e-12) is oscillates


@pytest.mark.parametrize("decay", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("curvature", [1.0, 50.0])
def test_rmsprop_circles_at_half_its_step_size(decay, curvature):
    w = minimize(RMSProp(0.02, decay), quadratic([curvature]), [1.0], iterations=6000).w[-2:, 0]
    np.testing.assert_allclose(np.sort(w), [-0.01, 0.01], rtol=0.02)


def test_a_large_eps_turns_normalization_off():
    eps, p = 1e8, 0.8
    flat = Adam(0.001 * eps / (1 - p), beta1=p, beta2=0.99, eps=eps, bias_correction=False)
    a, b = (minimize(m, rosenbrock(), START, iterations=500).w for m in (flat, HeavyBall(0.001, p)))
    np.testing.assert_allclose(a, b, atol=1e-5)


def test_only_the_largest_step_size_of_rmsprop_stays_behind_descent():
    last = race.searched("RMSProp")[race.ITERATIONS].reshape(4, 3)
    ahead = last < race.descent(0.0015)[-1]
    assert ahead[:3].all() and not ahead[3].any()


def test_arrival_is_for_good():
    """Errors 1, 0, 1, 0, 0 at 1, 2, ... evaluations: it arrives at the fourth row."""

    class Trace:
        error = np.array([[1, 1], [0, 1], [1, 1], [0, 0], [0, 1.0]])
        grad_evals = np.array([0, 10, 20, 30, 40])

    assert for_good(Trace, race.LEVEL).tolist() == [30.0, np.inf]


def test_cooled_rmsprop_halves_its_step_size():
    """On a slope the normalized step is alpha, halved every 5 iterations once v has settled."""
    slope = race.CooledRMSProp(0.1, decay=0.0, eps=0.0, half=5.0)
    f = quadratic([1e-3], minimizer=[1e6])
    steps = np.diff(minimize(slope, f, [0.0], iterations=11).w[:, 0])
    np.testing.assert_allclose(steps, 0.1 * 0.5 ** (np.arange(11) / 5), rtol=1e-6)


def test_tuned_csawg_beats_tuned_momentum_and_loses_to_barzilai_borwein():
    csawg, ball, bb = (
        race.tuned(n).evaluations for n in ("Csawg", "heavy ball", "Barzilai-Borwein")
    )
    assert bb < csawg < ball / 2
