"""Facts of the chapter on the meta step size, and a short version of its long run."""

import numpy as np

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


def test_short_version_of_the_long_run():
    # a tenth of the length: the best theta moves two orders for each factor of ten
    bests = [ms.scores("IDBD", scale, 2_000, runs=5, block=500).best for scale in (0.1, 1.0, 10.0)]
    np.testing.assert_allclose(np.diff(np.log10(bests)), [-2, -2])
