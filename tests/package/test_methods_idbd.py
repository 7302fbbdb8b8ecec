"""IDBD and Autostep: plain twins, exact laws of scale, pathologies, the numbers of Sutton 1992."""

from math import exp, log

import numpy as np
import pytest

from stepsize import (
    IDBD,
    Autostep,
    GradientDescent,
    RateTracking,
    WeightFlipping,
    minimize,
    quadratic,
    rosenbrock,
    track,
)

STREAM = WeightFlipping(inputs=6, relevant=3, flip_every=10)


# ---- by hand -----------------------------------------------------------------------------------


def test_idbd_by_hand():
    # x = 1, y = 1:  error 1;  beta stays log 1/2;            w = h = 1/2
    # x = 2, y = 2:  error 1;  beta + 0.1 * 2 * 1/2 = + 0.1;  alpha x^2 = 2 e^0.1 > 1: h forgets
    # x = 1, y = 0:  error -w; beta - 0.1 * w * h
    trace = track(IDBD(0.5, 0.1), [([1.0], 1.0), ([2.0], 2.0), ([1.0], 0.0)], 3, record=1)
    alpha_2 = 0.5 * exp(0.1)
    w_2, h_2 = 0.5 + 2 * alpha_2, 2 * alpha_2
    alpha_3 = alpha_2 * exp(-0.1 * w_2 * h_2)
    np.testing.assert_allclose(trace.step_size[1:, 0], [0.5, alpha_2, alpha_3], rtol=1e-14)
    np.testing.assert_allclose(trace.w[:, 0], [0, 0.5, w_2, w_2 - alpha_3 * w_2], rtol=1e-14)


def test_autostep_by_hand():
    # x = 1, y = 1: error 1;   q = v = 0, so alpha stays 1/2;  w = h = 1/2
    # x = 1, y = 1: error 1/2; q = 1/4 = v; alpha e^0.1;       w + alpha/2, h = 1/2
    # x = 1, y = w: error 0;   q = 0; v (1 - alpha/4);         h (1 - alpha)
    # x = 1, y = w + 1/2: q = h/2 is less than v, which goes alpha/4 of the way to it
    w_2 = 0.5 + 0.5 * exp(0.1) / 2
    pairs = [([1.0], y) for y in (1.0, 1.0, w_2, w_2 + 0.5)]
    trace = track(Autostep(0.5, 0.1, tau=4.0), pairs, 4, record=1)
    alpha = 0.5 * exp(0.1)
    q, v = 0.5 * 0.5 * (1 - alpha), 0.25 * (1 - alpha / 4)
    assert q < v
    v += alpha * (q - v) / 4
    alpha_4 = alpha * exp(0.1 * q / v)
    np.testing.assert_allclose(trace.step_size[1:, 0], [0.5, alpha, alpha, alpha_4], rtol=1e-13)
    np.testing.assert_allclose(trace.w[1:, 0], [0.5, w_2, w_2, w_2 + alpha_4 / 2], rtol=1e-13)


def test_autostep_forgets_all_of_a_trace_at_its_bound():
    # error 1: w = h = 1/2. x = 2, y = 2: error 1, q = 1 = v; M leaves alpha = 1/4, alpha x^2 = 1,
    # so h = 0 + 1/4 * 2 * 1 = 1/2, and w = 1. x = 1, y = 2: error 1, q = 1/2
    trace = track(Autostep(0.5, 0.1, tau=4.0), [([1.0], 1.0), ([2.0], 2.0), ([1.0], 2.0)], 3)
    v = 1 + 0.25 * (0.5 - 1) / 4
    np.testing.assert_allclose(trace.step_size[-1], 0.25 * exp(0.1 * 0.5 / v), rtol=1e-13)


# ---- the algorithms as their papers write them, one number at a time ---------------------------


def idbd(samples, alpha, theta):
    """Sutton 1992, Fig. 2."""
    n = len(samples[0][0])
    w, h, beta = [0.0] * n, [0.0] * n, [log(alpha)] * n
    alphas = [alpha] * n
    for x, y in samples:
        delta = y - sum(w[i] * x[i] for i in range(n))
        for i in range(n):
            beta[i] += theta * delta * x[i] * h[i]
            alphas[i] = exp(beta[i])
            w[i] += alphas[i] * delta * x[i]
            h[i] = h[i] * max(1 - alphas[i] * x[i] ** 2, 0.0) + alphas[i] * delta * x[i]
    return w, alphas


def autostep(samples, alpha, mu, tau):
    """Mahmood et al. 2012, Table 1."""
    n = len(samples[0][0])
    w, h, v, alphas = [0.0] * n, [0.0] * n, [0.0] * n, [alpha] * n
    for x, y in samples:
        delta = y - sum(w[i] * x[i] for i in range(n))
        for i in range(n):
            q = delta * x[i] * h[i]
            v[i] = max(abs(q), v[i] + alphas[i] * x[i] ** 2 * (abs(q) - v[i]) / tau)
            if v[i] != 0:
                alphas[i] *= exp(mu * q / v[i])
        M = max(sum(alphas[i] * x[i] ** 2 for i in range(n)), 1.0)
        for i in range(n):
            alphas[i] /= M
            w[i] += alphas[i] * delta * x[i]
            h[i] = h[i] * (1 - alphas[i] * x[i] ** 2) + alphas[i] * delta * x[i]
    return w, alphas


def pairs_of(stream, n, seed=0):
    return [(s.x.tolist(), float(s.y)) for s, _ in zip(stream.samples(seed), range(n))]


@pytest.mark.parametrize("stream", [WeightFlipping(), STREAM, RateTracking(segment=100)], ids=repr)
@pytest.mark.parametrize("alpha, theta", [(0.05, 0.01), (0.02, 0.001), (0.01, 0.03)])
def test_idbd_is_its_plain_twin(stream, alpha, theta):
    w, alphas = idbd(pairs_of(stream, 500), alpha, theta)
    trace = track(IDBD(alpha, theta), stream, 500)
    np.testing.assert_allclose(trace.w[-1], w, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(trace.step_size[-1], alphas, rtol=1e-12)


@pytest.mark.parametrize("stream", [WeightFlipping(), STREAM, RateTracking(segment=100)], ids=repr)
@pytest.mark.parametrize(
    "alpha, mu, tau", [(0.05, 0.01, 1e4), (0.95, 0.1, 1e4), (0.05, 0.05, 10.0)]
)
def test_autostep_is_its_plain_twin(stream, alpha, mu, tau):
    w, alphas = autostep(pairs_of(stream, 500), alpha, mu, tau)
    trace = track(Autostep(alpha, mu, tau), stream, 500)
    np.testing.assert_allclose(trace.w[-1], w, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(trace.step_size[-1], alphas, rtol=1e-12)


@pytest.mark.parametrize("method", [IDBD, Autostep])
def test_a_batch_is_its_single_runs(method):
    alphas, thetas = np.array([0.02, 0.1]).reshape(2, 1, 1), np.array([0.003, 0.03]).reshape(2, 1)
    batch = track(method(alphas, thetas), STREAM, 300, runs=3, record=100)
    assert batch.w.shape == (4, 6, 2, 2, 3)
    for i, alpha in enumerate(alphas.flat):
        for j, theta in enumerate(thetas.flat):
            single = track(method(alpha, theta), STREAM, 300, record=100)
            np.testing.assert_array_equal(batch.w[:, :, i, j, 0], single.w)
            np.testing.assert_array_equal(batch.step_size[:, :, i, j, 0], single.step_size)


# ---- laws of scale -----------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [0.1, 0.25, 4.0, 10.0, 1000.0])
def test_idbd_on_larger_targets_is_idbd_with_a_smaller_meta_step_size(scale):
    """Targets c times as large make w, h and delta c times as large and g h c^2 times, so that
    theta / c^2 gives the same step sizes: exactly if c is a power of two, whose products round
    alike."""
    plain = track(IDBD(0.05, 0.01), STREAM, 2000, record=100)
    larger = WeightFlipping(inputs=6, relevant=3, flip_every=10, scale=scale)
    scaled = track(IDBD(0.05, 0.01 / scale**2), larger, 2000, record=100)
    if scale in (0.25, 4.0):
        np.testing.assert_array_equal(scaled.step_size, plain.step_size)
        np.testing.assert_array_equal(scaled.w, scale * plain.w)
    np.testing.assert_allclose(scaled.step_size, plain.step_size, rtol=1e-9)
    np.testing.assert_allclose(scaled.w / scale, plain.w, rtol=1e-9, atol=1e-9)
    unscaled = track(IDBD(0.05, 0.01), larger, 2000)
    assert not np.allclose(unscaled.step_size[-1], plain.step_size[-1], rtol=0.1)


@pytest.mark.parametrize("scale", [1e-4, 0.1, 4.0, 1000.0])
def test_autostep_does_not_see_the_scale_of_the_targets(scale):
    plain = track(Autostep(), STREAM, 2000, record=100)
    larger = WeightFlipping(inputs=6, relevant=3, flip_every=10, scale=scale)
    scaled = track(Autostep(), larger, 2000, record=100)
    if scale == 4.0:
        np.testing.assert_array_equal(scaled.step_size, plain.step_size)
    np.testing.assert_allclose(scaled.step_size, plain.step_size, rtol=1e-9)
    np.testing.assert_allclose(scaled.w / scale, plain.w, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("method", [IDBD, Autostep])
@pytest.mark.parametrize("scale", [0.1, 4.0, 10.0])
def test_larger_inputs_need_only_a_smaller_first_step_size(method, scale):
    """With inputs a times as large and the same targets, alpha / a^2 makes g h the same."""
    pairs = pairs_of(STREAM, 1000)
    larger = [([scale * x_i for x_i in x], y) for x, y in pairs]
    plain = track(method(0.05, 0.01), pairs, 1000, record=100)
    scaled = track(method(0.05 / scale**2, 0.01), larger, 1000, record=100)
    np.testing.assert_allclose(scaled.step_size * scale**2, plain.step_size, rtol=1e-9)
    np.testing.assert_allclose(scaled.w * scale, plain.w, rtol=1e-9, atol=1e-9)


# ---- special cases and pathologies -------------------------------------------------------------


@pytest.mark.parametrize("method", [IDBD, Autostep])
def test_without_meta_step_size_it_is_lms(method):
    trace = track(method(0.02, 0.0), STREAM, 500, runs=2)
    lms = track(GradientDescent(0.02), STREAM, 500, runs=2)
    np.testing.assert_allclose(trace.w, lms.w, rtol=0, atol=1e-12)


@pytest.mark.parametrize("method", [IDBD, Autostep])
def test_a_step_size_of_zero_stays_zero(method):
    trace = track(method(0.0), STREAM, 50, runs=2)
    assert (trace.step_size[-1] == 0).all() and (trace.w == 0).all()


@pytest.mark.parametrize("method", [IDBD, Autostep])
def test_zero_inputs_change_nothing(method):
    one, silence = ([1.0, 0.0], 1.0), ([0.0, 0.0], 5.0)
    short = track(method(0.3, 0.1), [one, one, one], 3)
    long = track(method(0.3, 0.1), [one, silence, one, silence, one], 5)
    np.testing.assert_array_equal(long.w[-1], short.w[-1])
    np.testing.assert_array_equal(long.step_size[-1], short.step_size[-1])
    np.testing.assert_allclose(long.step_size[-1, 1], 0.3, rtol=1e-15)  # never learned about


def test_rectifier_empties_the_trace():
    # alpha x^2 = 0.5 * 4 = 2: h keeps nothing of what it was, then is 0 after an error of zero,
    # so the next error, however large, moves no step size
    pairs = [([1.0], 1.0), ([2.0], 1.0), ([1.0], 100.0)]
    method = IDBD(0.5, 0.1)
    trace = track(method, pairs, 3, record=1)
    assert trace.prediction_error[1] == 0.0
    np.testing.assert_allclose(trace.step_size[1:, 0], 0.5, rtol=1e-15)
    # with alpha x^2 below one h would have lasted
    pairs[1] = ([1.0], 0.5)
    trace = track(method, pairs, 3, record=1)
    assert trace.prediction_error[1] == 0.0
    # h = 0.5 (1 - 0.5), error 100 - 0.5
    np.testing.assert_allclose(trace.step_size[3, 0], 0.5 * exp(0.1 * 99.5 * 0.25), rtol=1e-13)


def test_idbd_overflows_in_its_own_run_only():
    thetas = np.array([[0.003], [10.0]])
    trace = track(IDBD(0.05, thetas), STREAM, 2000, runs=3)
    assert trace.diverged.tolist() == [[False] * 3, [True] * 3]
    alone = track(IDBD(0.05, 0.003), STREAM, 2000, runs=3)
    np.testing.assert_array_equal(trace.w[:, :, 0], alone.w)


def test_autostep_never_overshoots_a_sample():
    """With sum(alpha x^2) <= 1 the error after a step has the sign of the error before it."""
    trace = track(Autostep(1.0, meta_step_size=0.5), STREAM, 500, record=1)
    x = np.array([sample.x for sample, _ in zip(STREAM.samples(), range(500))])
    y = np.array([sample.y for sample, _ in zip(STREAM.samples(), range(500))])
    assert ((trace.step_size[1:] * x**2).sum(axis=1) <= 1 + 1e-12).all()
    after = y - (trace.w[1:] * x).sum(axis=1)
    left = after / trace.prediction_error
    assert (left >= -1e-9).all() and (left <= 1 + 1e-9).all()
    assert (left < 1e-9).any()  # the bound was reached


def test_autostep_survives_what_idbd_does_not():
    wild = track(Autostep(0.05, [[0.01], [1.0], [10.0]]), STREAM, 2000, runs=3)
    assert not wild.diverged.any()


@pytest.mark.parametrize("method", [IDBD(0.05, 0.01), Autostep(0.05, 0.05)], ids=repr)
def test_a_bowl_is_descended(method):
    bowl = quadratic([1.0, 4.0], minimizer=[1.0, -2.0])
    trace = minimize(method, bowl, [3.0, -1.0], iterations=500)
    assert trace.error[-1] < 1e-6
    assert (trace.step_size[-1] > 0.05).all()  # steps all in one direction: they were too short
    assert trace.curvature_evals[-1] == trace.grad_evals[-1] == 500


@pytest.mark.parametrize("method", [IDBD(1e-4, 1e-6), Autostep(1e-4, 1e-3)], ids=repr)
def test_negative_curvature_is_no_error(method):
    valley = rosenbrock()
    assert (valley.curvature(np.array([0.0, 1.0])) < 0).any()
    trace = minimize(method, valley, [0.0, 1.0], iterations=100)
    assert np.isfinite(trace.w).all() and trace.loss[-1] < trace.loss[0]


# ---- what it is for ----------------------------------------------------------------------------


def test_sutton_1992_errors():
    """After 20,000 samples, over 10,000: the best LMS has about 3.5, IDBD about 1.5.

    Measured over 100 runs, median and 5% to 95%: LMS at best, with 0.035, 3.37 (3.25 to 3.47);
    IDBD with theta = 0.01, 1.54 (1.49 to 1.58).
    """
    stream = WeightFlipping()
    lms = track(GradientDescent([[0.02], [0.03], [0.035], [0.04], [0.05]]), stream, 30_000, runs=5)
    errors = np.median(lms.mse(20_000), axis=1)
    assert np.argmin(errors) in (1, 2, 3)
    assert 3.2 < errors.min() < 3.6
    learned = track(IDBD(0.05, meta_step_size=0.01), stream, 30_000, runs=5)
    assert 1.4 < np.median(learned.mse(20_000)) < 1.65


def test_sutton_1992_step_sizes():
    """After 250,000 samples with a small theta, about 0.13 for the relevant and 0 for the others.

    Measured over 30 runs with theta = 0.001, median and 5% to 95%: 0.130 (0.128 to 0.134) and
    0.0075 (0.0075 to 0.0076), still falling. After 50,000, as here: 0.118 and 0.020.
    """
    trace = track(IDBD(0.05, meta_step_size=0.001), WeightFlipping(), 50_000, runs=5, record=25_000)
    relevant, others = trace.step_size[1:, :5].mean(axis=1), trace.step_size[1:, 5:].mean(axis=1)
    assert 0.11 < np.median(relevant[1]) < 0.125
    assert 0.019 < np.median(others[1]) < 0.021
    assert (relevant[0] < relevant[1]).all() and (others[0] > others[1]).all()
