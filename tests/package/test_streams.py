"""Streams: samples as oracles, how they are drawn, and the optima that are known in closed form."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsize import (
    GradientDescent,
    LinearSample,
    RateTracking,
    WeightFlipping,
    per_weight,
    track,
)
from stepsize.theory import kalman_gain

STREAMS = [
    WeightFlipping(inputs=3, relevant=2, flip_every=7, scale=2.0, flip_probability=0.6),
    WeightFlipping(input_scale=0.1),
    WeightFlipping(inputs=4, relevant=1, noise=0.3),
    RateTracking(noise=0.5, drift=(0.1, 2.0), segment=9),
]
each_stream = pytest.mark.parametrize("stream", STREAMS, ids=repr)


def draw(stream, n, runs=1, size=None, seed=0):
    """x (n, d, runs), y (n, runs) and the hidden values of n samples, drawn ``size`` at a time."""
    seeds = np.random.SeedSequence(seed).spawn(runs)
    xs, ys, hidden = [], [], []
    for x, y, knows in stream.chunks(seeds, size or n):
        xs.extend(x)
        ys.extend(y)
        hidden.extend(knows(i) for i in range(len(y)))
        if len(ys) >= n:
            break
    facts = {name: np.array([h[name] for h in hidden[:n]]) for name in hidden[0]}
    return np.array(xs[:n]), np.array(ys[:n]), facts


# ---- one sample --------------------------------------------------------------------------------


def test_sample_by_hand():
    # y - w.x = 4 - (1 + 1) = 2
    sample, w = LinearSample([1.0, 2.0], 4.0), np.array([1.0, 0.5])
    assert sample.prediction_error(w) == 2.0
    assert sample.loss(w) == 2.0
    assert sample.grad(w).tolist() == [-2.0, -4.0]
    assert sample.curvature(w).tolist() == [1.0, 4.0]
    assert sample.hvp(w, np.array([3.0, 1.0])).tolist() == [5.0, 10.0]  # x.v = 5


@given(st.integers(1, 7), st.integers(0, 2**31))
def test_runs_do_not_mix(d, seed):
    rng = np.random.default_rng(seed)
    x, y, w = rng.normal(size=(d, 5)), rng.normal(size=5), rng.normal(size=(d, 3, 5))
    together = LinearSample(x, y)
    for s in range(3):
        for r in range(5):
            alone, w_r = LinearSample(x[:, r], y[r]), w[:, s, r].copy()
            for ask in ("loss", "grad", "curvature", "prediction_error"):
                answer = getattr(together, ask)(w)[..., s, r]
                np.testing.assert_array_equal(answer, getattr(alone, ask)(w_r))


def test_one_input_serves_all_runs():
    sample, w = LinearSample([1.0, 2.0], [4.0, 5.0]), np.array([[1.0, 1.0], [0.5, 0.0]])
    assert sample.runs == (2,)
    assert sample.prediction_error(w).tolist() == [2.0, 4.0]
    assert sample.grad(w).tolist() == [[-2.0, -4.0], [-4.0, -8.0]]
    assert sample.curvature(w).tolist() == [[1.0, 1.0], [4.0, 4.0]]
    assert sample.hvp(w, w).tolist() == [[2.0, 1.0], [4.0, 2.0]]


def test_weights_changed_in_place_get_a_fresh_answer():
    sample, w = LinearSample([1.0], 1.0), np.array([0.0])
    assert sample.grad(w) == -1.0
    w += 1.0
    assert sample.grad(w) == 0.0


@pytest.mark.parametrize("runs", [(), (4,), (2, 4)])
def test_holding_changes_no_answer(runs):
    rng = np.random.default_rng(0)
    x, y, w = rng.normal(size=(3, 4)[: 1 + bool(runs)]), rng.normal(), rng.normal(size=(3, *runs))
    free, held, other = LinearSample(x, y), LinearSample(x, y), w + 1
    delta = held.hold(w)
    np.testing.assert_array_equal(delta, free.prediction_error(w))
    for ask in ("loss", "grad", "curvature", "prediction_error"):
        for point in (w, other):
            np.testing.assert_array_equal(getattr(held, ask)(point), getattr(free, ask)(point))


@pytest.mark.parametrize(
    "x, y, message",
    [
        (1.0, 1.0, r"x must have shape \(d,\)"),
        ([], 1.0, r"x must have shape \(d,\)"),
        ([1.0, 2.0], "one", "x and y must be numbers"),
        ([[1.0, 2.0]], [1.0, 2.0, 3.0], r"y must have the runs of x, \(2,\), got shape \(3,\)"),
    ],
)
def test_bad_sample(x, y, message):
    with pytest.raises(ValueError, match=message):
        LinearSample(x, y)


def test_weights_must_be_as_many_as_inputs():
    with pytest.raises(ValueError, match="w must have 2 weights, one per input, got 3"):
        LinearSample([1.0, 2.0], 1.0).grad(np.zeros(3))


# ---- how samples are drawn ---------------------------------------------------------------------


@each_stream
@pytest.mark.parametrize("size", [1, 5, 7, 64, 1000])
def test_chunks_do_not_change_the_data(stream, size):
    x, y, facts = draw(stream, 100, runs=3)
    x_, y_, facts_ = draw(stream, 100, runs=3, size=size)
    np.testing.assert_array_equal(x_, x)
    np.testing.assert_array_equal(y_, y)
    for name, values in facts.items():
        np.testing.assert_array_equal(facts_[name], values)


@each_stream
def test_run_zero_of_many_is_run_zero_alone(stream):
    many, alone = draw(stream, 200, runs=50), draw(stream, 200)
    np.testing.assert_array_equal(many[0][..., 0], alone[0][..., 0])
    np.testing.assert_array_equal(many[1][..., 0], alone[1][..., 0])


@each_stream
def test_runs_and_seeds_have_data_of_their_own(stream):
    _, y, _ = draw(stream, 50, runs=2)
    _, other, _ = draw(stream, 50, runs=2, seed=1)
    assert not np.any(y[5:, 0] == y[5:, 1])
    assert not np.any(y[5:] == other[5:])


@each_stream
def test_samples_are_those_that_track_sees(stream):
    n = 5000  # more than one chunk
    trace = track(GradientDescent(0.0), stream, n, runs=2, seed=3)
    samples = list(islice(stream.samples(seed=3, runs=2), n))
    np.testing.assert_array_equal([s.y for s in samples], trace.prediction_error)
    x, _, _ = draw(stream, n, runs=2, seed=3)
    np.testing.assert_array_equal([s.x for s in samples], x)  # later ones have not overwritten it


def test_inputs_that_all_samples_share_cannot_be_changed():
    sample = next(RateTracking().samples())
    with pytest.raises(ValueError, match="read-only"):
        sample.x[:] = 2.0


def test_a_single_run_has_no_axis_of_its_own():
    sample = next(WeightFlipping().samples())
    assert sample.x.shape == (20,) and sample.runs == ()


# ---- weights that flip -------------------------------------------------------------------------


def test_inputs_are_standard_normal():
    x, _, _ = draw(WeightFlipping(inputs=4, relevant=1), 50_000)
    x = x[..., 0]
    # standard errors are 1/sqrt(n) = 0.0045, of the fourth moment sqrt(96/n) = 0.044
    np.testing.assert_allclose(x.mean(axis=0), 0.0, atol=0.02)
    np.testing.assert_allclose(x.T @ x / len(x), np.eye(4), atol=0.03)
    np.testing.assert_allclose((x**4).mean(axis=0), 3.0, atol=0.2)


def test_input_scale():
    plain, _, _ = draw(WeightFlipping(inputs=3, relevant=1), 10)
    scaled, _, _ = draw(WeightFlipping(inputs=3, relevant=1, input_scale=2.0), 10)
    each, y, facts = draw(WeightFlipping(inputs=3, relevant=1, input_scale=[5.0, 1.0, 0.0]), 10)
    np.testing.assert_array_equal(scaled, 2 * plain)
    np.testing.assert_array_equal(each, plain * np.array([[5.0], [1.0], [0.0]]))
    np.testing.assert_array_equal(y, each[:, 0] * facts["target"][:, 0])


def test_one_relevant_weight_flips_every_twenty_samples():
    x, y, facts = draw(WeightFlipping(scale=0.5), 2000, runs=3)
    target = facts["target"]
    assert target.shape == (2000, 20, 3)
    assert (np.abs(target[:, :5]) == 0.5).all() and (target[:, 5:] == 0).all()
    changes = (np.diff(target, axis=0) != 0).sum(axis=1)
    every = np.arange(1, 2000) % 20 == 0
    assert (changes[every] == 1).all() and (changes[~every] == 0).all()
    np.testing.assert_allclose(y, (x * target).sum(axis=1), rtol=1e-12, atol=1e-12)


def test_each_relevant_weight_flips_as_often_and_starts_at_random():
    _, _, facts = draw(WeightFlipping(inputs=5, flip_every=1), 2000, runs=20)
    flips = (np.diff(facts["target"], axis=0) != 0).sum(axis=0)
    # about 400 of 2000 each, with a standard deviation of sqrt(2000 * 4/25) = 18
    assert flips.min() > 320 and flips.max() < 480
    start = facts["target"][0]
    assert 25 < (start > 0).sum() < 75  # of 100


def test_flip_probability():
    stream = WeightFlipping(inputs=2, relevant=1, flip_every=10, flip_probability=0.25)
    _, _, facts = draw(stream, 20_000)
    flips = (np.diff(facts["target"][:, 0, 0]) != 0).sum()
    assert 420 < flips < 580  # 1999 chances, 500 expected, standard deviation 19
    _, _, never = draw(WeightFlipping(flip_probability=0.0), 100)
    assert (np.diff(never["target"], axis=0) == 0).all()


def test_noise_on_the_target():
    x, y, facts = draw(WeightFlipping(), 20_000, runs=2)
    noisy_x, noisy_y, noisy_facts = draw(WeightFlipping(noise=0.5), 20_000, runs=2)
    np.testing.assert_array_equal(noisy_x, x)
    np.testing.assert_array_equal(noisy_facts["target"], facts["target"])
    noise = noisy_y - y
    # standard errors: 0.5/sqrt(n) = 0.0035 of the mean, 0.5/sqrt(2n) = 0.0025 of the deviation
    np.testing.assert_allclose(noise.mean(axis=0), 0.0, atol=0.014)
    np.testing.assert_allclose(noise.std(axis=0), 0.5, atol=0.01)
    assert abs(np.corrcoef(noise.T)[0, 1]) < 0.03
    assert abs(np.corrcoef(noise[:, 0], y[:, 0])[0, 1]) < 0.03


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"noise": -0.5}, "noise must be finite and not negative, got -0.5"),
        ({"noise": [0.5, 1.0]}, "noise must be a single number"),
        ({"inputs": 4}, "relevant must be at most inputs, 4, got 5"),
        ({"inputs": 0}, "inputs must be a positive integer, got 0"),
        ({"inputs": 2.5}, "inputs must be a positive integer, got 2.5"),
        ({"relevant": 0}, "relevant must be a positive integer"),
        ({"flip_every": 0}, "flip_every must be a positive integer, got 0"),
        ({"flip_probability": 1.5}, r"flip_probability must be in \[0, 1\], got 1.5"),
        ({"flip_probability": [0.5, 0.5]}, "flip_probability must be a single number"),
        ({"scale": float("nan")}, "scale must be finite, got nan"),
        ({"scale": [1.0, 2.0]}, "scale must be a single number"),
        ({"input_scale": -1.0}, "input_scale must be finite and not negative, got -1"),
        ({"input_scale": per_weight([1.0] * 20)}, "input_scale must be a number or have shape"),
        ({"input_scale": [1.0, 2.0]}, r"input_scale must be a number or have shape \(20,\)"),
    ],
)
def test_bad_weight_flipping(wrong, message):
    with pytest.raises(ValueError, match=message):
        WeightFlipping(**wrong)


# ---- a drifting rate ---------------------------------------------------------------------------


def test_level_walks_at_the_drift_of_its_segment():
    stream = RateTracking(noise=2.0, drift=(0.5, 3.0), segment=5000)
    x, y, facts = draw(stream, 20_000, runs=2, size=1024)
    assert (x == 1).all() and x.shape == (20_000, 1, 2)
    z, drift = facts["target"][:, 0], facts["drift"]
    assert (z[0] == 0).all()
    segments = drift.reshape(4, 5000, 2)
    assert (segments == segments[:, :1]).all()  # constant in each, and another one in the next
    assert len(np.unique(segments[:, 0])) == 8
    assert ((drift >= 0.5) & (drift <= 3.0)).all()
    # 5000 steps a segment: relative standard error of a standard deviation is 1/sqrt(2n) = 0.01
    steps = np.diff(z, axis=0, append=np.nan) / drift
    for part in steps[:-1].reshape(-1)[:9998], steps[5000:10_000, 1]:
        assert np.std(part) == pytest.approx(1.0, rel=0.05)
    noise = y - z
    assert np.std(noise) == pytest.approx(2.0, rel=0.03)
    assert abs(np.mean(noise)) < 0.05


def test_drift_is_uniform_over_its_range():
    _, _, facts = draw(RateTracking(drift=(1.0, 3.0), segment=1), 4000)
    drift = facts["drift"][:, 0]
    # mean 2, standard deviation 2/sqrt(12)
    assert np.mean(drift) == pytest.approx(2.0, abs=0.05)
    assert np.std(drift) == pytest.approx(2 / np.sqrt(12), rel=0.05)


def test_without_drift_and_noise_nothing_moves():
    _, y, _ = draw(RateTracking(noise=0.0, drift=(0.0, 0.0)), 100)
    assert (y == 0).all()


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"noise": -1.0}, "noise must be finite and not negative, got -1"),
        ({"noise": [1.0, 2.0]}, "noise must be a single number"),
        ({"drift": (3.0, 0.0)}, r"drift must be a pair \(least, largest\), got \(3.0, 0.0\)"),
        ({"drift": ()}, r"drift must be a pair \(least, largest\), got \(\)"),
        ({"drift": 1.0}, r"drift must be a pair \(least, largest\), got 1.0"),
        ({"drift": (float("nan"), 2.0)}, "drift must be finite and not negative, got nan"),
        ({"drift": (-1.0, 2.0)}, "drift must be finite and not negative, got -1"),
        ({"segment": 0}, "segment must be a positive integer, got 0"),
    ],
)
def test_bad_rate_tracking(wrong, message):
    with pytest.raises(ValueError, match=message):
        RateTracking(**wrong)


# ---- the Kalman gain ---------------------------------------------------------------------------


@given(st.floats(0.1, 10), st.floats(0.1, 10))
def test_gain_is_where_the_filter_settles(drift, noise):
    """Against the filter's own recursion: K = P/(P + r^2), then P <- (1 - K) P + sigma^2."""
    P = noise**2
    for _ in range(2000):
        K = P / (P + noise**2)
        P = (1 - K) * P + drift**2
    assert kalman_gain(drift, noise) == pytest.approx(K, rel=1e-9)


def test_gain_is_the_equation_of_the_paper():
    sigma = np.linspace(0.01, 3, 50)
    paper = (-(sigma**2) + np.sqrt(sigma**4 + 4 * sigma**2)) / 2
    np.testing.assert_allclose(kalman_gain(sigma), paper, rtol=1e-10)


def test_gain_at_the_ends():
    assert kalman_gain(0.0) == 0.0
    assert kalman_gain(1.0, noise=0.0) == 1.0
    assert kalman_gain(1e9) == pytest.approx(1.0, abs=1e-15)
    assert kalman_gain(1e-9) == pytest.approx(1e-9)  # sigma / r
    assert np.isnan(kalman_gain(0.0, noise=0.0))


def test_gain_refuses_negative_numbers():
    with pytest.raises(ValueError, match="drift must be finite and not negative, got -1"):
        kalman_gain(-1.0)
    with pytest.raises(ValueError, match="noise must be finite and not negative, got -1"):
        kalman_gain(1.0, noise=-1.0)


@pytest.mark.parametrize("drift, noise", [(0.5, 1.0), (1.5, 2.0)])
def test_gain_is_the_best_constant_step_size_of_lms(drift, noise):
    """And the exact error of any constant step size is what LMS measures."""
    gain = kalman_gain(drift, noise)
    alphas = gain * np.array([0.5, 0.8, 1.0, 1.25, 1.6])
    stream = RateTracking(noise=noise, drift=(drift, drift))
    mse = track(GradientDescent(alphas[:, None]), stream, 4000, runs=100).mse(500)
    # P = (1 - a)^2 P + a^2 r^2 + sigma^2 for the variance P of z - w
    P = (alphas**2 * noise**2 + drift**2) / (2 * alphas - alphas**2)
    error = mse.std(axis=1, ddof=1) / 10
    assert (np.abs(mse.mean(axis=1) - (noise**2 + P)) < 4 * error).all()
    assert noise**2 + P[2] == pytest.approx(noise**2 / (1 - gain))
    assert np.argmin(mse.mean(axis=1)) == 2


# ---- by value, and what samples may be ---------------------------------------------------------


def test_streams_are_equal_by_value():
    scaled = [WeightFlipping(2, 1, input_scale=scale) for scale in ([1, 2], [1, 2], [1, 3])]
    assert scaled[0] == scaled[1] != scaled[2] and len(set(scaled)) == 2
    assert WeightFlipping() == WeightFlipping() != WeightFlipping(inputs=19)
    assert RateTracking() == RateTracking(drift=[0, 3]) != RateTracking(noise=0.5)


@pytest.mark.parametrize("bad", [None, 1j, "one", [1.0, None]])
def test_samples_are_of_real_numbers(bad):
    for x, y in (([1.0, 2.0], bad), ([1.0, bad], 1.0)):
        with pytest.raises(ValueError, match="x and y must be numbers, got x="):
            LinearSample(x, y)
    with pytest.raises(ValueError, match="x and y must be numbers, got x="):
        LinearSample(np.ma.masked_array([1.0, 2.0], [True, False]), 1.0)


def test_samples_of_integers_and_booleans_are_floats():
    sample = LinearSample([True, False, True], np.int64(3))
    assert sample.grad(np.array([1.0, 1.0, 1.0])).tolist() == [-1, 0, -1]
