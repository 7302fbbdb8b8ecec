"""Objectives: values by hand, derivatives against finite differences, errors that help."""

from importlib.util import find_spec

import numpy as np
import pytest

from stepsize import (
    GradientDescent,
    Objective,
    beale,
    camel,
    least_squares,
    minimize,
    objectives,
    quadratic,
    rosenbrock,
)

RNG = np.random.default_rng(5)


def finite_difference(f, w, h=1e-6):
    columns = [(f(w + h * e) - f(w - h * e)) / (2 * h) for e in np.eye(len(w))]
    return np.stack(columns)


PROBLEMS = {
    "bowl": quadratic([3.0, 0.5], minimizer=[1.0, -2.0]),
    "turned bowl": quadratic([3.0, 0.5], minimizer=[1.0, -2.0], rotation=0.7),
    "matrix": quadratic([[2.0, 0.3], [0.3, 1.0]], minimizer=[0.1, 0.2]),
    "line": quadratic([2.0], minimizer=[1.0]),
    "wide bowl": quadratic(np.arange(1.0, 13.0), minimizer=np.arange(12.0), rotation=0.3),
    "valley": rosenbrock(),
    "long valley": rosenbrock(5),
    "plateaus": beale(),
    "three humps": camel(),
}
if find_spec("sympy"):
    PROBLEMS["expression"] = Objective.from_sympy(
        "x**4 + exp(-y)*sin(x*y) + y**2/(1 + x**2) + sqrt(4 + x) + log(5 + y) + 0.5*pi", "x y"
    )


@pytest.mark.parametrize("name", PROBLEMS)
def test_gradient_and_curvature_are_derivatives_of_the_loss(name):
    f = PROBLEMS[name]
    for w in RNG.normal(size=(5, f.dim)):
        assert f.grad(w) == pytest.approx(finite_difference(f.loss, w), rel=1e-5, abs=1e-5)
        H, v = finite_difference(f.grad, w), RNG.normal(size=f.dim)
        assert f.curvature(w) == pytest.approx(np.diag(H), rel=1e-5, abs=1e-4)
        assert f.hvp(w, v) == pytest.approx(H @ v, rel=1e-5, abs=1e-3)


@pytest.mark.parametrize("name", PROBLEMS)
def test_runs_are_treated_one_by_one(name):
    f = PROBLEMS[name]
    w, v = RNG.normal(size=(2, f.dim, 3, 4))
    exact = {"rtol": 0, "atol": 0} if f.dim < 8 else {"rtol": 1e-12, "atol": 1e-12}
    for i, j in np.ndindex(3, 4):
        np.testing.assert_allclose(f.loss(w)[i, j], f.loss(w[:, i, j]), **exact)
        np.testing.assert_allclose(f.grad(w)[:, i, j], f.grad(w[:, i, j]), **exact)
        np.testing.assert_allclose(f.curvature(w)[:, i, j], f.curvature(w[:, i, j]), **exact)
        alone = f.hvp(w[:, i, j], v[:, i, j])
        np.testing.assert_allclose(f.hvp(w, v)[:, i, j], alone, **exact)


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_minimizer_is_stationary_and_least(name):
    f = PROBLEMS[name]
    if f.minimizer is None:
        pytest.skip("no minimizer is known")
    assert np.all(f.grad(f.minimizer) == 0)
    assert f.loss(f.minimizer) == f.minimum
    assert np.all(f.loss(f.minimizer[:, None] + RNG.normal(size=(f.dim, 50))) > f.minimum)


def test_rosenbrock_by_hand():
    # at (-1, 0): residual 0 - 1 = -1, loss (-2)^2 + 100; slope 2(-2) - 400(-1)(-1), 200(-1)
    f = rosenbrock()
    w = np.array([-1.0, 0.0])
    assert f.loss(w) == 104
    assert f.grad(w).tolist() == [-404, -200]
    # 2 - 400 r + 800 x^2 = 2 + 400 + 800
    assert f.curvature(w).tolist() == [1202, 200]


@pytest.mark.parametrize(
    ("name", "expression", "minimizer"),
    [
        ("beale", "(1.5-x+x*y)**2 + (2.25-x+x*y**2)**2 + (2.625-x+x*y**3)**2", [3, 0.5]),
        ("camel", "2*x**2 - 1.05*x**4 + x**6/6 + x*y + y**2", [0, 0]),
    ],
)
def test_classic_functions_are_those_of_the_books(name, expression, minimizer):
    pytest.importorskip("sympy")
    ours, typed = getattr(objectives, name)(), Objective.from_sympy(expression, "x y")
    points = RNG.uniform(-3, 3, (2, 50))
    for question in ("loss", "grad", "curvature"):
        assert np.allclose(getattr(ours, question)(points), getattr(typed, question)(points))
    assert ours.minimizer.tolist() == minimizer and ours.loss(ours.minimizer) == 0
    assert np.all(ours.loss(points) > 0)


def test_rosenbrock_keeps_the_zeros_of_the_valleys_floor():
    x = RNG.normal(size=1000)
    g = rosenbrock().grad(np.stack([x, x * x]))
    assert np.all(g[1] == 0)
    assert np.all(g[0] == 2 * (x - 1))


def test_rotation_turns_the_bowl_counterclockwise():
    # by 90 degrees the first axis becomes the second: the eigenvalues change places
    turned = quadratic([3.0, 0.5], rotation=np.pi / 2)
    assert turned.curvature(np.zeros(2)) == pytest.approx([0.5, 3.0])
    # by 45 degrees the steep axis points along (1, 1): f = 3/2 |w|^2 there
    turned = quadratic([3.0, 0.5], rotation=np.pi / 4)
    assert turned.loss(np.array([1.0, 1.0])) == pytest.approx(3.0)
    assert turned.loss(np.array([1.0, -1.0])) == pytest.approx(0.5)


def test_functions_that_take_one_run_are_looped_over():
    f = Objective(lambda w: w @ w, lambda w: 2 * w, vectorized=False)
    w = RNG.normal(size=(3, 4, 2))
    assert f.loss(w) == pytest.approx((w * w).sum(axis=0))
    assert f.grad(w) == pytest.approx(2 * w)


@pytest.mark.parametrize(
    "loss, grad",
    [
        (lambda w: (w * w).sum(), lambda w: 2 * w),  # a sum over everything
        (lambda w: (w * w).sum(axis=0), lambda w: w @ np.eye(2)),  # mixes the runs
        (lambda w: (w * w).sum(axis=0), lambda w: 2 * w / np.sqrt((w * w).sum())),
        (lambda w: (w * w).sum(axis=0), lambda w: 2 * w / np.abs(w).max()),
        (lambda w: (w * w).sum(axis=0) - (w * w).sum(axis=0).min(), lambda w: 2 * w),
    ],
)
def test_a_function_that_mixes_runs_is_refused_at_once(loss, grad):
    f = Objective(loss, grad)
    with pytest.raises(ValueError, match="vectorized=False"):
        f.loss(np.array([1.0, 2.0]))
        f.grad(np.array([1.0, 2.0]))


@pytest.mark.parametrize("vectorized", [True, False])
def test_noise_is_not_coupling(vectorized):
    rng = np.random.default_rng(0)
    f = Objective(
        lambda w: (w * w).sum(axis=0),
        lambda w: 2 * w + rng.normal(size=w.shape),
        vectorized=vectorized,
    )
    trace = minimize(GradientDescent([0.1, 0.2]), f, [3.0, 4.0], iterations=300)
    assert 0 < np.abs(trace.w[-100:]).mean() < 1


def test_a_function_that_changes_the_weights_is_refused():
    def loss(w):
        w -= 1
        return (w * w).sum(axis=0)

    for f in (Objective(loss, loss), Objective(loss, loss, vectorized=False)):
        w = np.array([[3.0, 1.0], [4.0, 1.0]])
        with pytest.raises(ValueError, match="loss must not change the w that it is given"):
            f.loss(w)
        assert w.tolist() == [[3, 1], [4, 1]]


def test_answers_and_weights_become_floats():
    f = Objective(
        lambda w: int(w @ w), lambda w: [2, 4], curvature=lambda w: [2, 2], vectorized=False
    )
    for w in ([1, 2], np.array([1, 2]), [[1, 1], [2, 2]]):
        for answer in (f.loss(w), f.grad(w), f.curvature(w)):
            assert answer.dtype == float
    assert f.grad([[1, 1], [2, 2]]).tolist() == [[2, 2], [4, 4]]


@pytest.mark.parametrize(
    "w", [[1.0, 2j], np.ma.masked_array([1.0, 2.0], [True, False]), [1.0, None], "ab"]
)
def test_weights_that_are_no_real_numbers(w):
    for f in (rosenbrock(), quadratic([1.0, 2.0])):
        with pytest.raises(ValueError, match=r"^w must be a number or an array of numbers"):
            f.grad(w)
    with pytest.raises(ValueError, match=r"^w must have shape \(2,\) or \(2, \*runs\).*shape \(\)"):
        rosenbrock().loss(3.0)
    with pytest.raises(ValueError, match=r"^w must have shape \(2,\).* got shape \(3,\)"):
        rosenbrock().loss(np.ones(3))


def test_rounding_is_not_coupling():
    # the gradient at the minimizer is rounding error of numbers about 1e13
    A = RNG.normal(size=(50, 3)) * 1e6
    line = least_squares(A, A @ [1.0, 2.0, 3.0] + 1e6 * RNG.normal(size=50))
    assert np.abs(line.grad(line.minimizer)).max() < 1


def test_a_wrong_shape_is_refused():
    f = Objective(lambda w: (w * w).sum(axis=0), lambda w: w[:1])
    with pytest.raises(ValueError, match=r"grad must return shape \(2,\).*got \(1,\)"):
        f.grad(np.array([1.0, 2.0]))


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Objective(1, lambda w: w), "loss must be callable"),
        (lambda: Objective(np.sum, np.sum, curvature=1), "curvature must be callable, got 1"),
        (lambda: Objective(np.sum, np.sum, vectorized="no"), "vectorized must be True or False"),
        (lambda: Objective(np.sum, np.sum, minimum="1"), "minimum must be a number"),
        (lambda: Objective(np.sum, np.sum, minimum=1j), "minimum must be a number"),
        (lambda: Objective(np.sum, np.sum, minimum=[1.0, 2.0]), "minimum must be a single number"),
        (lambda: Objective(np.sum, np.sum, minimum=np.nan), "minimum must be finite, got nan"),
        (lambda: Objective(np.sum, np.sum, dim=2.5), "dim must be a positive integer"),
        (lambda: Objective(np.sum, np.sum, [1.0], dim=2), r"minimizer must have shape \(2,\)"),
        (lambda: Objective.from_sympy("x**2", "x y", [0.0]), r"minimizer must have shape \(2,\)"),
        (lambda: quadratic([1.0, 2.0], rotation=[0.1, 0.2]), "rotation must be a single number"),
        (lambda: rosenbrock("two"), "dim must be an integer of at least 2"),
        (lambda: rosenbrock(np.nan), "dim must be an integer of at least 2"),
        (lambda: quadratic(3.0), r"curvature must have shape \(d,\) or \(d, d\)"),
        (lambda: quadratic([[1.0, 2.0], [0.0, 1.0]]), "symmetric"),
        (lambda: quadratic([1.0, -1.0]), "must not be negative"),
        (lambda: quadratic([1.0, np.nan]), "curvature must be finite"),
        (lambda: quadratic([1.0, 2.0], minimizer=[1.0]), r"minimizer must have shape \(2,\)"),
        (lambda: quadratic([1.0], rotation=0.1), "at least two weights"),
        (lambda: rosenbrock(1), "dim must be an integer of at least 2"),
        (lambda: rosenbrock(2.5), "dim must be an integer of at least 2"),
    ],
)
def test_bad_input(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_unknown_curvature_is_an_error_that_helps():
    f = Objective(lambda w: (w * w).sum(axis=0), lambda w: 2 * w)
    with pytest.raises(ValueError, match="does not know its curvature: pass curvature="):
        f.curvature(np.zeros(2))
    with pytest.raises(ValueError, match="does not know its hvp: pass hvp= to Objective"):
        f.hvp(np.zeros(2), np.zeros(2))


def test_a_product_is_held_to_what_a_gradient_is_held_to():
    given = {"loss": lambda w: (w * w).sum(axis=0), "grad": lambda w: 2 * w}
    assert Objective(**given, hvp=lambda w, v: 2 * v).hvp([1.0], [3.0]).tolist() == [6]
    each = Objective(**given, hvp=lambda w, v: [2 * x for x in v], vectorized=False)
    assert each.hvp(np.ones((2, 3)), np.ones((2, 3))).tolist() == [[2.0] * 3] * 2
    mixed = Objective(**given, hvp=lambda w, v: v * w.sum())
    with pytest.raises(ValueError, match="hvp does not treat runs on trailing axes one by one"):
        mixed.hvp(np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"hvp must return shape \(2,\), got \(\)"):
        Objective(**given, hvp=lambda w, v: 1.0).hvp(np.ones(2), np.ones(2))
    with pytest.raises(ValueError, match="hvp must be callable, got 1"):
        Objective(**given, hvp=1)


def test_the_minimum_follows_from_the_minimizer():
    f = Objective(lambda w: ((w - 1) ** 2).sum(axis=0) + 7, lambda w: 2 * (w - 1), minimizer=[1, 1])
    assert f.minimum == 7
    assert f.dim == 2
