"""Least squares, logistic regression and their minibatches."""

from itertools import islice

import numpy as np
import pytest

from stepsize import GradientDescent, LinearSample, least_squares, logistic_regression, track

RNG = np.random.default_rng(8)
X = RNG.standard_normal((40, 3)) * [1.0, 2.0, 0.5] + [0.0, 1.0, -1.0]
LABELS = (RNG.random(40) < 1 / (1 + np.exp(-X @ [1.0, -0.5, 0.3]))).astype(int)
PROBLEMS = {
    "line": least_squares(X, X @ [1.0, 2.0, 3.0] + RNG.standard_normal(40)),
    "logistic": logistic_regression(X, LABELS),
    "penalized": logistic_regression(X, LABELS, l2=0.3),
}
each = pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)


def slopes(f, w, h=1e-6):
    return np.stack([(f(w + h * e) - f(w - h * e)) / (2 * h) for e in np.eye(len(w))])


# ---- the whole loss -----------------------------------------------------------------------------


@each
@pytest.mark.parametrize("part", ["whole", "batch"])
def test_gradient_and_curvature_are_derivatives(problem, part):
    f = problem if part == "whole" else next(iter(problem.batches(7, seed=1)))
    for w in RNG.standard_normal((5, 3)):
        np.testing.assert_allclose(f.grad(w), slopes(f.loss, w), rtol=1e-6, atol=1e-8)
        H = slopes(f.grad, w)
        np.testing.assert_allclose(f.curvature(w), np.diag(H), rtol=1e-6)
        np.testing.assert_allclose(f.hvp(w, 2 * w), H @ (2 * w), rtol=1e-5)


@each
@pytest.mark.parametrize("part", ["whole", "batch"])
def test_runs_are_treated_one_by_one(problem, part):
    f = problem if part == "whole" else next(iter(problem.batches(7)))
    w = RNG.standard_normal((3, 4, 2))
    for i, j in np.ndindex(4, 2):
        one = w[:, i, j]
        np.testing.assert_allclose(f.loss(w)[i, j], f.loss(one), rtol=1e-13)
        np.testing.assert_allclose(f.grad(w)[:, i, j], f.grad(one), rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(f.curvature(w)[:, i, j], f.curvature(one), rtol=1e-12)
        np.testing.assert_allclose(f.hvp(w, w)[:, i, j], f.hvp(one, one), rtol=1e-11)


@each
def test_scipy_finds_the_same_minimizer(problem):
    optimize = pytest.importorskip("scipy.optimize")
    found = optimize.minimize(problem.loss, np.zeros(3), jac=problem.grad, tol=1e-10)
    np.testing.assert_allclose(problem.minimizer, found.x, rtol=1e-6)
    # the order of sums is the processor's
    assert abs(problem.grad(problem.minimizer)).max() < 1e-13
    assert problem.minimum == problem.loss(problem.minimizer) <= found.fun * (1 + 1e-14)


def test_least_squares_by_hand():
    # residuals at (0, 1): -1, -1, -4, so 18/(2 * 3); columns (1, 1, 1) and (0, 1, 2)
    f = least_squares([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], [1.0, 2.0, 6.0])
    w = np.array([0.0, 1.0])
    assert f.loss(w) == 3.0
    assert f.grad(w).tolist() == [-2.0, -3.0]
    assert f.curvature(w).tolist() == [1.0, 5 / 3]
    assert f.examples == 3 and f.dim == 2


def test_logistic_regression_by_hand():
    # margins at w = log 3: log 3 three times and -log 3; the wrong class has 1/4 and 3/4
    f = logistic_regression([[1.0]] * 4, [1, 1, 1, 0], l2=0.5)
    w = np.array([np.log(3.0)])
    penalty = 0.25 * np.log(3.0) ** 2
    assert f.loss(w) == pytest.approx((3 * np.log(4 / 3) + np.log(4)) / 4 + penalty, rel=1e-14)
    assert f.grad(w) == pytest.approx([(-3 / 4 + 3 / 4) / 4 + 0.5 * np.log(3.0)], rel=1e-14)
    assert f.curvature(w) == pytest.approx([3 / 16 + 0.5], rel=1e-14)


def test_large_margins_keep_their_digits():
    f = logistic_regression([[1.0], [-1.0]], [1, 0])  # both margins are w
    for w in (50.0, 700.0):
        at = np.array([w])
        np.testing.assert_allclose(f.loss(at), np.exp(-w), rtol=1e-12)
        np.testing.assert_allclose(f.grad(at), [-np.exp(-w)], rtol=1e-12)
        np.testing.assert_allclose(f.curvature(at), [np.exp(-w)], rtol=1e-12)
        np.testing.assert_allclose([f.loss(-at), f.grad(-at)[0]], [w, -1.0], rtol=1e-12)
    assert f.loss(np.array([-1e4])) == 1e4


def test_where_there_is_no_minimizer():
    apart = logistic_regression(X, X @ [1.0, -0.5, 0.3] > 0)
    assert apart.minimizer is None and apart.minimum == 0.0 and apart.dim == 3
    held = logistic_regression(X, X @ [1.0, -0.5, 0.3] > 0, l2=1e-6)
    assert held.minimizer is not None and held.minimum > 0
    touching = logistic_regression([[-1.0, 0], [0, 1], [0, 1], [1, 0], [0, 1]], [0, 0, 1, 1, 1])
    assert touching.minimizer is None and touching.minimum is None


def test_of_many_minimizers_the_shortest():
    twice = np.c_[X, X[:, 0]]
    for whole, doubled in (
        (PROBLEMS["logistic"], logistic_regression(twice, LABELS)),
        (least_squares(X, X[:, 0] + 1), least_squares(twice, X[:, 0] + 1)),
    ):
        first, *rest = whole.minimizer
        np.testing.assert_allclose(doubled.minimizer, [first / 2, *rest, first / 2], rtol=1e-9)


# ---- minibatches --------------------------------------------------------------------------------


@each
def test_a_pass_visits_every_example_once(problem):
    w = RNG.standard_normal(3)
    for size, batches in ((8, 5), (40, 1)):
        one_pass = list(islice(problem.batches(size), batches))
        np.testing.assert_allclose(np.mean([b.loss(w) for b in one_pass]), problem.loss(w))
        np.testing.assert_allclose(np.mean([b.grad(w) for b in one_pass], axis=0), problem.grad(w))


def visits(size, seed, n):
    """Which examples are in the first n batches: example j alone moves weight j."""
    identity = least_squares(np.eye(5), np.ones(5))
    batches = islice(identity.batches(size, seed), n)
    return [np.flatnonzero(batch.grad(np.zeros(5))).tolist() for batch in batches]


def test_the_last_batch_of_a_pass_holds_what_is_left():
    seen = visits(2, 0, 6)
    assert [len(batch) for batch in seen] == [2, 2, 1, 2, 2, 1]
    for one_pass in (seen[:3], seen[3:]):
        assert sorted(j for batch in one_pass for j in batch) == [0, 1, 2, 3, 4]
    assert seen[:3] != seen[3:]


def test_the_seed_says_which():
    assert visits(2, 3, 9) == visits(2, 3, 9)
    assert visits(2, 3, 9) != visits(2, 4, 9)
    batches = PROBLEMS["line"].batches(4, seed=2)
    w = np.ones(3)
    first, again = ([b.loss(w) for b in islice(batches, 30)] for _ in range(2))
    assert first == again


def test_batches_of_one_are_samples():
    A, b = np.array([[1.0, 2.0], [3.0, -1.0]]), np.array([1.0, 0.5])
    w = np.array([0.3, -0.2])
    seen = {float(batch.loss(w)): batch for batch in islice(least_squares(A, b).batches(1), 2)}
    for x, y in zip(A, b):
        sample = LinearSample(x, y)
        batch = seen[float(sample.loss(w))]
        np.testing.assert_allclose(batch.grad(w), sample.grad(w), rtol=1e-15)
        np.testing.assert_allclose(batch.curvature(w), sample.curvature(w), rtol=1e-15)


def test_track_runs_them():
    problem = PROBLEMS["line"]
    trace = track(GradientDescent(0.05), problem.batches(8, seed=1), examples=400, w0=np.zeros(3))
    w = np.zeros(3)
    for batch in islice(problem.batches(8, seed=1), 400):
        w = w - 0.05 * batch.grad(w)
    np.testing.assert_allclose(trace.w[-1], w, rtol=1e-12)
    assert np.linalg.norm(w - problem.minimizer) < 0.5 < np.linalg.norm(problem.minimizer)


# ---- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: least_squares([1.0, 2.0], [1.0, 2.0]), r"A must have shape \(n, d\).*\(2,\)"),
        (lambda: least_squares([[1.0], [2.0]], [1.0]), r"b must have shape \(2,\).*\(1,\)"),
        (lambda: least_squares([[np.nan]], [1.0]), "A must be finite"),
        (lambda: least_squares([[1.0]], ["x"]), "b must be a number or an array"),
        (lambda: least_squares(np.zeros((0, 2)), []), "A must be a number or an array"),
        (lambda: logistic_regression([[1.0], [2.0]], [-1, 1]), "y must hold only 0 and 1, got -1"),
        (lambda: logistic_regression([[1.0], [2.0]], [0.5, 1]), "y must hold .* got 0.5"),
        (lambda: logistic_regression([[1.0], [2.0]], [[0], [1]]), r"y must have shape \(2,\)"),
        (lambda: logistic_regression([[1.0, np.inf]], [1]), "X must be finite"),
        (lambda: logistic_regression([[1.0]], [1], l2=-1.0), "l2 must be finite and not negative"),
        (lambda: logistic_regression([[1.0]], [1], l2=[0.1, 1.0]), "l2 must be a single number"),
        (lambda: PROBLEMS["line"].batches(0), "size must be a positive integer"),
        (lambda: PROBLEMS["line"].batches(41), "size must be at most 40, got 41"),
        (lambda: PROBLEMS["line"].batches(2.5), "size must be a positive integer"),
        (lambda: PROBLEMS["line"].batches(4, seed=-1), "seed must be a non-negative integer"),
    ],
)
def test_bad_input(make, message):
    with pytest.raises(ValueError, match=message):
        make()
