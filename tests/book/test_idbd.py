"""What the chapter on IDBD rests on: the exchangeable parts, and the two exact lines."""

import numpy as np
import pytest

from experiments import idbd
from stepsize import IDBD, Autostep, GradientDescent, WeightFlipping, track
from stepsize.theory import kalman_gain

STREAM = WeightFlipping(inputs=4, relevant=2, flip_every=5)


def both(one, other, stream=STREAM, examples=300):
    return [track(m, stream, examples, runs=3, record=1) for m in (one, other)]


@pytest.mark.parametrize(
    "whole, parts",
    [
        (IDBD(0.1, 0.02), idbd.Parts(0.1, 0.02)),
        (IDBD(0.6, 0.02), idbd.Parts(0.6, 0.02)),  # the rectifier acts
        (Autostep(0.1, 0.05, 50.0), idbd.Parts(0.1, 0.05, "plain", True, True, 50.0)),
        (Autostep(0.9, 0.05), idbd.Parts(0.9, 0.05, "plain", True, True)),  # so does the bound
    ],
)
def test_the_parts_make_the_whole(whole, parts):
    a, b = both(whole, parts, examples=60)
    np.testing.assert_allclose(a.w, b.w, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(a.step_size[1:], b.step_size[1:], rtol=1e-8)


def test_of_one_weight_every_trace_is_the_whole_derivative():
    one = WeightFlipping(inputs=1, relevant=1)
    plain, whole, total = (
        track(idbd.Parts(0.1, 0.02, t), one, 200).w[-1] for t in ("plain", "matrix", "sum")
    )
    np.testing.assert_allclose(plain, whole, rtol=1e-10)
    np.testing.assert_allclose(plain, total, rtol=1e-10)


@pytest.mark.parametrize("trace", ["matrix", "sum"])
def test_traces_are_derivatives_of_the_weights(trace):
    # central differences by beta of the final weights, step sizes constant (theta = 0)
    n, change = 25, 1e-5
    samples = [s for s, _ in zip(STREAM.samples(seed=1), range(n))]

    def run(alpha):
        method, w = idbd.Parts(alpha, 0.0, trace), np.zeros(4)
        state = method.init(w)
        for sample in samples:
            w, state = method.step(w, state, Held(sample))
        return w, state.h

    alpha = np.array([0.1, 0.2, 0.05, 0.15])
    h = run(alpha)[1]
    for i in range(4):
        turn = np.exp(change * (np.arange(4) == i if trace == "matrix" else np.ones(4)))
        slope = (run(alpha * turn)[0] - run(alpha / turn)[0]) / (2 * change)
        np.testing.assert_allclose(h[i] if trace == "matrix" else h, slope, rtol=1e-6, atol=1e-9)


class Held:
    """A sample as track hands it to a method."""

    def __init__(self, sample):
        self.oracle, self.grad, self.curvature = sample, sample.grad, sample.curvature


def test_delta_bar_delta_by_hand():
    # x = 1, y = 1: error 1, no average yet: w = 1/2. Error 1/2 agrees: alpha 0.6, w = 0.8, bar
    # = -0.3 (0.5) - 0.7 (0.3) = -0.36. y = 0: gradient 0.8 disagrees: alpha 0.6 * 0.75 = 0.45
    method = idbd.DeltaBarDelta(0.5, up=0.1, down=0.25, decay=0.7)
    trace = track(method, [([1.0], 1.0), ([1.0], 1.0), ([1.0], 0.0)], 3, record=1)
    np.testing.assert_allclose(trace.step_size[1:, 0], [0.5, 0.6, 0.45])
    np.testing.assert_allclose(trace.w[1:, 0], [0.5, 0.8, 0.8 - 0.45 * 0.8])


def test_the_last_move_alone_by_hand():
    # h is the last move: 1/2, then 1/2 e^0.025 times error 1/2
    samples = [([1.0], 1.0)] * 3
    steps = track(idbd.Parts(0.5, 0.1, "last"), samples, 3, record=1).step_size[1:, 0]
    second = 0.5 * np.exp(0.1 * 0.5 * 0.5)
    error = 0.5 - second * 0.5
    np.testing.assert_allclose(steps, [0.5, second, second * np.exp(0.1 * error * second * 0.5)])


@pytest.mark.parametrize("drift", [0.2, 1.0, 3.0])
def test_the_exact_error_is_least_at_the_kalman_gain(drift):
    best = float(kalman_gain(drift))
    near = np.array([best - 1e-4, best, min(best + 1e-4, 1.0)])
    assert idbd.lms_mse(near, drift).argmin() == 1
    stream = idbd.RateTracking(drift=(drift, drift))
    measured = track(GradientDescent(0.4), stream, 4000, runs=20).mse(500).mean()
    assert measured == pytest.approx(idbd.lms_mse(0.4, drift), rel=0.05)


def test_true_meta_gradients_add_up_to_that_of_a_common_change():
    alpha, e = np.array([0.01, 0.04]), 1e-4
    errors = [
        idbd.flipping_errors(idbd.STREAM, np.ones((20, 1)) * alpha * np.exp(s)).sum(axis=0)
        for s in (-e, e)
    ]
    total = np.array([5, 15]) @ idbd.true_meta_gradient(alpha)
    np.testing.assert_allclose(total, (errors[0] - errors[1]) / (4 * e), rtol=1e-5)


@pytest.mark.parametrize("d, limit", [(1, 2.0), (2, 1.0), (5, 0.4), (20, 0.1)])
def test_lms_is_stable_up_to_a_sum_of_two(d, limit):
    # by hand: the error of a repeated sample is multiplied by 1 - d alpha
    assert idbd.convergent(d, (0.5 * limit, 0.97 * limit, 1.03 * limit)).tolist() == [1, 1, 0]


def test_the_published_bound_is_neither_necessary_nor_sufficient():
    assert idbd.convergent(1, (1.5,)).all()
    assert not idbd.convergent(3, (0.9,)).any()
