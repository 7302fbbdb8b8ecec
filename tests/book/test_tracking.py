"""Facts of the chapter on tracking, and a short version of its long run."""

import numpy as np
import pytest

from experiments import grids
from experiments import tracking as tr
from stepsize import GradientDescent, RateTracking, track


def test_error_of_lms_by_hand():
    # alpha = 1/2, sigma = r = 1: P = P/4 + 1/4 + 1, so P = 5/3 and the error is 8/3
    assert tr.lms_mse(0.5, 1.0) == pytest.approx(8 / 3)
    assert tr.lms_mse(0.5, 2.0, noise=2.0) == pytest.approx(32 / 3)


def test_error_of_lms_by_simulation():
    trace = track(GradientDescent(0.5), RateTracking(drift=(1.0, 1.0)), 20_000, runs=10)
    assert trace.mse(1000).mean() == pytest.approx(8 / 3, rel=0.02)


def test_normalized_step_by_hand():
    # eta = 1.5 and sigma = 1.5: the error at 3/4 is 4, and 1.5 / sqrt(4) = 3/4
    assert tr.normalized_step(1.5, 1.5) == pytest.approx(0.75)
    alpha = tr.normalized_step(0.7, 0.4, noise=3.0)
    assert alpha == pytest.approx(0.7 / np.sqrt(tr.lms_mse(alpha, 0.4, 3.0)))


def test_the_oracle_uses_the_gain_of_each_segment():
    seen = tr.follow(GradientDescent(0.5), RateTracking(segment=100), segments=3, runs=2)
    best = tr.oracle(seen, RateTracking(segment=100))
    np.testing.assert_allclose(best.step_size, seen.gain)
    np.testing.assert_array_equal(best.drift, seen.drift)


def test_the_stored_sweep_begins_as_it_does_now():
    rows = grids.read(tr.TABLE, texts=("method",))
    for name, method in (tr.CHOSEN | tr.FORGETFUL).items():
        then = [row["first"] for row in rows if row["method"] == name and row["segment"] == 0]
        now = track(method, tr.PUBLISHED, 2_500, runs=tr.RUNS, average=2_500).loss[0]
        np.testing.assert_allclose(then, 2 * now, rtol=1e-5, err_msg=name)


def test_ranks_of_the_stored_sweep():
    over = {name: tr.excess(tr.stored()[name]).mean() for name in ("SGD", "RMSProp", "IDBD")}
    assert 0 < over["IDBD"] < over["SGD"] < over["RMSProp"]
    assert tr.stored()["SGD"].correlation == 0
