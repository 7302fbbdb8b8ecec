"""Oracles of one's own: what they may answer, what they may not, and what a run does about it."""

from types import SimpleNamespace

import numpy as np
import pytest

from stepsize import (
    IDBD,
    GradientDescent,
    HeavyBall,
    Objective,
    Polyak,
    Recorder,
    minimize,
    quadratic,
    track,
)

ALONE = "use sums over axis=0, or Objective\\(loss, grad, vectorized=False\\)"
SWEEP = GradientDescent([0.1, 0.2, 0.3])


def squares(w):
    return (w * w).sum(axis=0)


def oracle(loss=squares, grad=lambda w: 2 * w, **more):
    return SimpleNamespace(loss=loss, grad=grad, **more)


# ---- runs one by one ---------------------------------------------------------------------------


def test_a_loss_of_one_run_is_read_row_by_row():
    mine = oracle(lambda w: 0.5 * np.sum(w**2), lambda w: w)
    trace = minimize(GradientDescent(0.5), mine, [3.0, 4.0], iterations=3)
    # half of 25, and a quarter of it after each step
    assert trace.loss.tolist() == [12.5, 3.125, 0.78125, 0.1953125]
    assert trace.first(loss=1.0) == 2
    with pytest.raises(ValueError, match=rf"loss must return shape \(3,\), got \(\): {ALONE}"):
        _ = minimize(SWEEP, mine, [3.0, 4.0], iterations=3).loss


COUPLED = {
    "norm": lambda w: 2 * w / np.linalg.norm(w),
    "mean": lambda w: 2 * w - w.mean(axis=-1, keepdims=True),
    "largest": lambda w: w / np.abs(w).max(),
}


@pytest.mark.parametrize("grad", COUPLED.values(), ids=COUPLED)
@pytest.mark.parametrize("w0", [[3.0, 4.0], [[0.0, 3.0, 1.0], [0.0, 4.0, -1.0]]])
def test_a_gradient_that_couples_runs_is_refused(grad, w0):
    with pytest.raises(ValueError, match=f"grad does not treat runs .* one by one: {ALONE}"):
        minimize(SWEEP, oracle(grad=grad), w0, iterations=3)
    with pytest.raises(ValueError, match=f"grad does not treat runs .* one by one: {ALONE}"):
        track(SWEEP, [oracle(grad=grad)] * 3, 3, w0=w0)


def test_a_loss_that_couples_runs_is_refused_when_it_is_first_read():
    mine = oracle(lambda w: squares(w) - squares(w).min())
    trace = minimize(SWEEP, mine, [3.0, 4.0], iterations=3)
    with pytest.raises(ValueError, match=f"loss does not treat runs .* one by one: {ALONE}"):
        _ = trace.loss
    with pytest.raises(ValueError, match=f"loss does not treat runs .* one by one: {ALONE}"):
        minimize(Polyak(0.0), mine, np.ones((2, 3)), iterations=3)


def test_one_parameter_a_run_is_no_coupling():
    slope = np.array([1.0, 2.0, 4.0])
    trace = minimize(
        GradientDescent(0.125),
        oracle(lambda w: slope * squares(w) / 2, lambda w: slope * w),
        np.ones((1, 3)),
        iterations=2,
    )
    # factors 7/8, 3/4 and 1/2 a step
    assert trace.w[:, 0].T.tolist() == [[1, 7 / 8, 49 / 64], [1, 3 / 4, 9 / 16], [1, 1 / 2, 1 / 4]]
    assert trace.loss[:, 2].tolist() == [2, 0.5, 0.125]


def test_noise_is_not_coupling_and_loses_no_draw():
    rng, again = (np.random.default_rng(3) for _ in range(2))
    mine = oracle(grad=lambda w: 2 * w + rng.normal(size=w.shape))
    trace = minimize(SWEEP, mine, [3.0, 4.0], iterations=4)
    w = np.array([[3.0] * 3, [4.0] * 3])
    for row in trace.w:
        np.testing.assert_array_equal(row, w)
        w = w - SWEEP.step_size * (2 * w + again.normal(size=w.shape))


def test_beside_the_path_an_oracle_may_know_nothing():
    def grad(w):
        if (w > 3).any():
            raise ArithmeticError("too far")
        return 2 * w

    trace = minimize(SWEEP, oracle(grad=grad), [3.0], iterations=1)
    np.testing.assert_allclose(trace.w[-1], [[2.4, 1.8, 1.2]])


# ---- reading and not writing -------------------------------------------------------------------


def meddling(w):
    w -= 1
    return squares(w)


@pytest.mark.parametrize("runs", [(), (3,)])
def test_an_oracle_may_not_write_to_the_weights(runs):
    w0 = np.full((2, *runs), 3.0)
    with pytest.raises(ValueError, match="loss must leave the w that it is given alone"):
        minimize(Polyak(0.0), oracle(meddling), w0, iterations=3)
    trace = minimize(HeavyBall(0.1), oracle(meddling), w0, iterations=3)
    with pytest.raises(ValueError, match="loss must leave the w that it is given alone"):
        _ = trace.loss
    with pytest.raises(ValueError, match="loss must leave the w that it is given alone"):
        track(GradientDescent(0.1), [oracle(meddling)], 1, w0=w0)


def test_an_error_of_its_own_comes_through():
    def loss(w):
        raise ValueError("no such data")

    with pytest.raises(ValueError, match=r"^no such data$"):
        minimize(Polyak(0.0), oracle(loss), [3.0], iterations=1)


# ---- kinds of answers --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [
        lambda g: g.tolist(),
        lambda g: g.astype(int),
        lambda g: g.astype(np.float32),
        lambda g: np.ma.masked_array(g),
        lambda g: tuple(g),
    ],
    ids=["list", "int", "float32", "nothing masked", "tuple"],
)
def test_answers_become_floats(kind):
    mine = oracle(grad=lambda w: kind(np.array([6.0, 8.0])), loss=lambda w: int(w @ w))
    trace = minimize(Polyak(0.0), mine, [3.0, 4.0], iterations=1)
    # 25 over 100 times the gradient
    assert trace.w[-1].tolist() == [1.5, 2.0]
    with_objective = Objective(mine.loss, mine.grad, vectorized=False)
    batch = minimize(Polyak([0.0, 5.0]), with_objective, [3.0, 4.0], iterations=1)
    np.testing.assert_allclose(batch.w[-1], [[1.5, 1.8], [2.0, 2.4]])


REFUSED = {
    "complex": lambda w: w * (1 + 1j),
    "masked": lambda w: np.ma.masked_array(w, mask=[True, False]),
    "text": lambda w: ["1", "2"],
    "nothing": lambda w: [None, 1.0],
    "ragged": lambda w: [[1.0], [1.0, 2.0]],
}


@pytest.mark.parametrize("grad", REFUSED.values(), ids=REFUSED)
def test_answers_that_are_no_real_numbers(grad):
    message = "what grad returns must be a number or an array of numbers, got"
    with pytest.raises(ValueError, match=message):
        minimize(GradientDescent(0.1), oracle(grad=grad), [3.0, 4.0], iterations=1)
    with pytest.raises(ValueError, match=message):
        Objective(squares, grad).grad(np.array([3.0, 4.0]))
    with pytest.raises(ValueError, match="what loss returns must be a number"):
        _ = minimize(GradientDescent(0.1), oracle(lambda w: 1j), [3.0], iterations=1).loss


def test_a_minimizer_of_another_length():
    near = minimize(GradientDescent(0.1), oracle(minimizer=[0, 0]), [3.0, 4.0], iterations=1)
    assert near.error[0] == 5
    short = minimize(GradientDescent(0.1), oracle(minimizer=[0]), [3.0, 4.0], iterations=1)
    with pytest.raises(ValueError, match=r"minimizer must have shape \(2,\), got \(1,\)"):
        _ = short.error


def test_questions_that_it_cannot_answer():
    blind = SimpleNamespace(grad=lambda w: 2 * w)
    with pytest.raises(ValueError, match=r"needs loss\(w\), which SimpleNamespace does not have"):
        minimize(Polyak(0.0), blind, [3.0], iterations=1)
    with pytest.raises(ValueError, match=r"needs loss\(w\), which SimpleNamespace does not have"):
        _ = minimize(GradientDescent(0.1), blind, [3.0], iterations=1).loss
    with pytest.raises(ValueError, match=r"needs curvature\(w\), which"):
        minimize(IDBD(), oracle(), [3.0], iterations=1)
    with pytest.raises(ValueError, match=r"needs curvature\(w\), which"):
        minimize(IDBD(), Recorder(oracle()), [3.0], iterations=1)


def test_a_recorder_sees_what_the_method_asks_and_nothing_else():
    watched = Recorder(oracle())
    trace = minimize(SWEEP, watched, [3.0, 4.0], iterations=2)
    assert [kind for kind, _ in watched.asked] == ["grad"] * 2
    assert trace.loss.shape == (3, 3) and len(watched.asked) == 2


def test_it_is_asked_as_often_as_the_method_says():
    bowl = quadratic([1.0, 4.0])
    mine = SimpleNamespace(loss=bowl.loss, grad=bowl.grad, curvature=bowl.curvature)
    for method in (GradientDescent([0.1, 0.2]), Polyak(0.0), IDBD(0.1)):
        one, other = (minimize(method, f, [[3.0], [1.0]], iterations=5) for f in (mine, bowl))
        for name in ("w", "step_size", "loss", "grad_evals", "loss_evals", "curvature_evals"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
