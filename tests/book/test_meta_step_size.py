"""Facts of the chapter on the meta step size, and a short version of its long run."""

import numpy as np
import pytest

from experiments import meta_step_size as ms
from stepsize import IDBD, Autostep, WeightFlipping, track


def run(method, scale):
    return track(method, WeightFlipping(scale=scale), 1_000, seed=2)


def test_targets_times_four_with_theta_over_sixteen():
    one, four = run(IDBD(0.05, 0.02), 1.0), run(IDBD(0.05, 0.02 / 16), 4.0)
    np.testing.assert_array_equal(four.prediction_error, 4 * one.prediction_error)


def test_the_same_theta_is_another_method():
    one, four = run(IDBD(0.05, 0.02), 1.0), run(IDBD(0.05, 0.02), 4.0)
    assert not np.allclose(four.prediction_error, 4 * one.prediction_error)


def test_autostep_does_not_see_the_scale():
    one, four = run(Autostep(0.05, 0.02, 500.0), 1.0), run(Autostep(0.05, 0.02, 500.0), 4.0)
    np.testing.assert_array_equal(four.prediction_error, 4 * one.prediction_error)


@pytest.mark.parametrize("name", ms.KNOBS)
def test_the_stored_sweep_begins_as_it_does_now(name):
    for scale in ms.SCALES:
        rows, now = ms.stored(name, scale), ms.scores(name, scale, 1_000)
        np.testing.assert_allclose([row["knob"] for row in rows], now.knob, rtol=1e-5)
        then = [row["first"] for row in rows]
        np.testing.assert_allclose(then, np.median(now.first, axis=1), rtol=1e-5)


def test_best_of_the_stored_sweep():
    bests = [ms.best("IDBD", scale)["knob"] for scale in ms.SCALES]
    np.testing.assert_allclose(np.diff(np.log10(bests)), [-2, -2])
