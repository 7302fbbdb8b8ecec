"""The closed form of the step size: hand calculations, and what the chapter's tools must do."""

import numpy as np
import pytest

from experiments import closed_form as cf
from stepsize import Csawg, GradientDescent, minimize, quadratic, rosenbrock


def test_ideal_step_size_by_hand():
    # e = 1, gradients 3 and -1: (3 - 1)/2 over (9 + 1)/2; three to one: (9 - 1)/4 over (27 + 1)/4
    e, g = np.ones(2), np.array([3.0, -1.0])
    assert cf.ideal(e, g, np.array([0.5, 0.5])) == 0.2
    assert cf.ideal(e, g, np.array([0.75, 0.25])) == pytest.approx(2 / 7, rel=1e-15)
    assert cf.ideal(-e, g, np.array([0.5, 0.5])) == -0.2


def test_learned_step_size_by_hand():
    # (w - 3)^2 with step size 1/4 from 7: 5, 4, 3.5, 3.25, with gradients 4, 2, 1 at the first 3.
    # derived: (4 (5 - 3.5) + 2 (4 - 3.25)) / (16 + 4); published, gradients 8 and 4: 15 / 80
    for pairing, alpha in (("derived", 7.5 / 20), ("published", 15 / 80)):
        method = Csawg(0.25, window=2, pairing=pairing)
        trace = minimize(method, quadratic([2.0], minimizer=[3.0]), [7.0], iterations=4)
        assert trace.learned[0, 0] == alpha


def test_clipping_removes_negative_step_sizes_and_nothing_else():
    published, clipped = (
        minimize(cls(0.001, window=2), rosenbrock(), [-1.0, 0.0], iterations=200)
        for cls in (Csawg, cf.NonNegativeCsawg)
    )
    negative = (published.learned < 0).any(axis=1)
    first = np.flatnonzero(negative)[0]
    assert 0 < first < len(negative) and (clipped.learned >= 0).all()
    assert (clipped.learned[:first] == published.learned[:first]).all()
    assert (clipped.learned[first] == np.maximum(published.learned[first], 0)).all()


def test_plannings_are_found_again():
    trace = minimize(Csawg(0.25, window=1), quadratic([1.0, 4.0]), [16.0, 1.0], iterations=2)
    before, after, gradient, alpha = cf.plannings(trace)
    # the example of the docstring: from (9, 0) with gradient (9, 0) and step size 3/16
    assert before.tolist() == [[9.0, 0.0]] and gradient.tolist() == [[9.0, 0.0]]
    assert alpha.tolist() == [[3 / 16, 0.0]] and after.tolist() == [[7.3125, 0.0]]


def test_turning_is_a_rotation_times_a_scale():
    A = cf.turning([3.0, 4.0], [-8.0, 6.0])  # a quarter turn, twice as long
    assert np.allclose(A, [[0, -2], [2, 0]])


def test_negative_share_with_window_two():
    """A few percent of the step sizes, not a large part of them."""
    learned = minimize(Csawg(0.001, 2), rosenbrock(), [-1.0, 0.0], grad_evals=10_000).learned
    assert len(learned) == 3332  # 10,000 = 2 n + (n - 1) + a rest of one
    assert 0.03 < (learned < 0).mean() < 0.06


def test_wrong_sign_makes_the_published_pairing_diverge():
    """q = 1 - 1.9 = -0.9 learns q (1 - q) = -1.71, though gradient descent converges."""
    one = quadratic([1.0])
    trace = minimize(Csawg(1.9, window=1), one, [1.0], iterations=60)
    assert trace.learned[0, 0] == pytest.approx(-1.71)
    assert trace.error[-1] > 1e50
    assert minimize(GradientDescent(1.9), one, [1.0], iterations=60).error[-1] < 2e-3


def test_scaling_the_loss_scales_the_learned_step_sizes_only():
    # 3 is no power of two: equal to rounding while the runs are short
    bowl, steep = quadratic([1.0, 4.0]), quadratic([3.0, 12.0])
    plain = minimize(Csawg(0.1, 2), bowl, [3.0, 1.0], iterations=8)
    scaled = minimize(Csawg(0.1 / 3, 2), steep, [3.0, 1.0], iterations=8)
    assert np.allclose(scaled.w, plain.w, rtol=1e-12)
    assert np.allclose(scaled.learned, plain.learned / 3, rtol=1e-12)
