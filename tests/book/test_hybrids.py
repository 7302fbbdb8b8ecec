"""Facts of the chapter on hybrids, and a short version of its long run."""

import dataclasses

import numpy as np
import pytest

from experiments import hybrids as hy
from stepsize import Adam, NormalizedMetaIDBD, WeightFlipping, track

SAMPLES = [([1.0], 1.0), ([1.0], 1.0), ([1.0], 1.0)]


def test_normalized_meta_gradient_by_hand():
    # from w = 0 with alpha = 1/2: w = h = 1/2; then q = 1/4, v = q^2/2, corrected for its start
    # (1 - 1/4, the second of two averages with decay 1/2) v = 1/24, and q / sqrt(v) = sqrt(3/2)
    method = NormalizedMetaIDBD(0.5, meta_step_size=0.1, decay=0.5)
    trace = track(method, SAMPLES[:2], examples=2, record=1)
    assert trace.step_size[1, 0] == 0.5
    assert trace.step_size[2, 0] == pytest.approx(0.5 * np.exp(0.1 * np.sqrt(1.5)))


def test_bound_shortens_one_step_and_can_be_written_back():
    samples = [([2.0], 1.0), ([0.5], 1.0)]
    ends = {}
    for bound in hy.BOUNDS:
        method = hy.BOUNDS[bound](1.0, meta_step_size=0.0)
        ends[bound] = track(method, samples, examples=2, record=1).step_size[1:, 0]
    np.testing.assert_allclose(ends["step"], [0.25, 1.0])  # the first is bounded by 1/x^2
    np.testing.assert_allclose(ends["written"], [0.25, 0.25])
    np.testing.assert_allclose(ends["none"], [1.0, 1.0])


def test_normalized_gradient_without_learning_is_rmsprop():
    # theta = 0: Adam without momentum, whose average has the same correction
    for decay in (0.9, 0.99):
        a = track(hy.NormalizedGradientIDBD(0.05, 0.0, decay), WeightFlipping(), 500)
        b = track(Adam(0.05, 0.0, decay, eps=0.0), WeightFlipping(), 500)
        np.testing.assert_allclose(a.prediction_error, b.prediction_error, rtol=1e-9)


def test_trace_of_the_normalized_gradient_decays_with_the_curvature():
    # first g = u = -1, v = 1/2 and w = h = 1/2; then g = -1/2 and
    v2 = 0.5 * 0.5 + 0.5 * 0.25
    n = np.sqrt(v2 / 0.75)
    u = -0.5 / n
    alpha = 0.5 * np.exp(0.1 * -u * 0.5)
    w = 0.5 - alpha * u
    h = 0.5 * (1 - alpha / n) - alpha * u
    u3 = -(1 - w) / np.sqrt((0.5 * v2 + 0.5 * (1 - w) ** 2) / 0.875)
    trace = track(hy.NormalizedGradientIDBD(0.5, 0.1, 0.5), SAMPLES, examples=3, record=1)
    assert trace.w[2, 0] == pytest.approx(w)
    assert trace.step_size[3, 0] == pytest.approx(alpha * np.exp(-0.1 * u3 * h))


def method_of(row):
    """The method of a row of the tables, with the knobs that stand there."""
    settings = (hy.METHODS | hy.BOUNDED)[row["method"]]
    return dataclasses.replace(settings, **{k: row[k] for k in hy.KNOBS if row[k] != ""})


def beginning(row, stream):
    """The median error of the first samples, computed now."""
    trace = track(method_of(row), stream, hy.BLOCK, runs=100, average=hy.BLOCK)
    return 2 * np.median(trace.loss[0])


@pytest.mark.parametrize("problem", ["flipping", "tracking", "targets x 10", "inputs x 10"])
def test_the_stored_sweep_begins_as_it_does_now(problem):
    for name in hy.METHODS:
        row = hy.stored()[problem, name, "own"]
        now = beginning(row, hy.PROBLEMS[problem])
        assert now == pytest.approx(row["first"], rel=1e-3), name


def test_the_stored_runs_with_noise_begin_as_they_do_now():
    for name in hy.METHODS | hy.BOUNDED:
        row = hy.noisy()[1.0, name]
        now = beginning(row, hy.NOISY["noise 1"])
        assert now == pytest.approx(row["first"], rel=1e-3), name


def test_chosen_settings_are_those_of_the_table():
    for problem, methods in hy.CHOSEN.items():
        for name, method in methods.items():
            row = hy.stored()[problem, name, "own"]
            assert row["step_size"] == pytest.approx(method.step_size, rel=0.01)


def test_outcome_counts():
    errors = np.array([1.0, 2.0, 3.0, np.inf, 5.0])
    found = hy.outcome(errors, np.array([2.0, 2.0, 2.0, 2.0, 9.0]))
    assert (found.median, found.diverged, found.worse) == (3.0, 1, 2)
