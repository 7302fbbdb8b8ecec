"""The exact errors of constant step sizes, and facts of the chapter on their landscape."""

import numpy as np
import pytest

from experiments import landscape as ls
from stepsize import GradientDescent, WeightFlipping, per_weight, track
from stepsize.theory import flipping_errors


@pytest.mark.parametrize(
    "stream, alpha",
    [
        (ls.STREAM, (1 / 3, 0.0)),
        (WeightFlipping(inputs=2, relevant=1), (0.05, 0.3)),
        (WeightFlipping(inputs=3, relevant=2, flip_every=7, scale=2.0), (0.1, 0.25, 0.02)),
        (WeightFlipping(inputs=2, relevant=2, input_scale=[2.0, 0.5]), (0.05, 0.5)),
        (WeightFlipping(inputs=2, relevant=1, input_scale=[2.0, 0.5], noise=1.5), (0.05, 0.5)),
    ],
)
def test_exact_error_against_runs(stream, alpha):
    mse = track(GradientDescent(per_weight(alpha)), stream, 10_000, runs=20).mse(500)
    error = mse.std(ddof=1) / np.sqrt(20)
    exact = flipping_errors(stream, alpha).sum() + stream.noise**2
    assert abs(mse.mean() - exact) < 4 * error
    assert error < 0.05 * exact


def test_error_of_one_flip_by_hand():
    """One weight, flipped at each sample with certainty: v s <- (1 - a) v s + 2."""
    a = 0.25
    stream = WeightFlipping(inputs=1, relevant=1, flip_every=1)
    u = 2 / (1 + (1 - a))  # u = 2 - (1 - a) u after a flip: the sign flips too
    # m = (1 - 2a + 3a^2) m + 4 - 4 (1 - a) u
    m = 4 * (1 - (1 - a) * u) / (2 * a - 3 * a * a)
    assert flipping_errors(stream, [a]).sum() == pytest.approx(m)


def test_stability_ends_where_lms_does():
    """For equal step sizes at 2 / (d + 2)."""
    edge = 2 / 22
    inside, outside = (
        flipping_errors(WeightFlipping(), np.full(20, edge * c)).sum() for c in (0.999, 1.001)
    )
    assert np.isfinite(inside) and inside > 50 and outside == np.inf
    assert flipping_errors(WeightFlipping(), np.full(20, 1.5)).sum() == np.inf


def test_weights_that_never_learn_keep_their_error():
    assert (
        flipping_errors(WeightFlipping(scale=3.0), np.zeros(20)).tolist() == [9.0] * 5 + [0.0] * 15
    )


def test_runs_trail():
    alpha = np.random.default_rng(0).uniform(0, 0.6, (2, 3, 4))
    together = flipping_errors(ls.STREAM, alpha)
    for i in np.ndindex(3, 4):
        np.testing.assert_allclose(
            together[(..., *i)], flipping_errors(ls.STREAM, alpha[(..., *i)])
        )


def test_step_sizes_must_fit():
    with pytest.raises(ValueError, match="step_size must have 20 rows, one per input, got 3"):
        flipping_errors(WeightFlipping(), np.zeros(3))
    with pytest.raises(ValueError, match="step_size must be finite and not negative"):
        flipping_errors(WeightFlipping(), np.full(20, -0.1))


def test_the_diamond_of_the_paper():
    axis = np.linspace(0, 0.6, 61)
    errors = flipping_errors(ls.STREAM, np.array(np.meshgrid(axis, axis, indexing="ij"))).sum(
        axis=0
    )
    i, j = np.unravel_index(errors.argmin(), errors.shape)
    assert (axis[i], axis[j]) == pytest.approx((0.33, 0.0))


def test_normalization_rests_where_the_runs_do():
    """And on the wrong side of the diagonal."""
    ends = np.exp(np.log(ls.path(ls.normalizing())[-100:]).mean(axis=0))
    np.testing.assert_allclose(ends, ls.normalized(np.array(ls.STEPS)), rtol=0.05)
    assert (ends[0] < ends[1]).all()


@pytest.mark.parametrize("tiny", [1e-9, 1e-69, 5e-324])
def test_the_exact_error_of_a_step_size_that_has_nearly_vanished_is_its_limit(tiny):
    stream = WeightFlipping(inputs=2, relevant=1, flip_probability=0.5)
    at_zero = flipping_errors(stream, [0.0, 0.01])
    assert flipping_errors(stream, [tiny, 0.01]) == pytest.approx(at_zero, rel=1e-7)
    near = flipping_errors(stream, [2e-8, 0.01])  # above the bound: by the equations
    assert near == pytest.approx(at_zero, rel=1e-6)
