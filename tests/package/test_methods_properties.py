"""What the methods' formulas promise: invariances, identities, and how each of them breaks."""

from dataclasses import replace

import numpy as np
import pytest
from cases import CASES

from stepsize import (
    L4,
    AdaGrad,
    Adam,
    AdamHD,
    BarzilaiBorwein,
    Csawg,
    GradientDescent,
    HeavyBall,
    HypergradientDescent,
    LossGrad,
    Nesterov,
    Objective,
    Polyak,
    RMSProp,
    StochasticPolyak,
    logistic_regression,
    minimize,
    per_weight,
    quadratic,
    rosenbrock,
)

RNG = np.random.default_rng(3)
DENSE = quadratic([[2.0, 0.7, 0.1], [0.7, 1.0, 0.2], [0.1, 0.2, 3.0]], minimizer=[1.0, -2.0, 0.5])
START = np.array([3.0, -1.0, 0.0])
N = 12

SEEN = [seen for case in CASES.values() for seen in case.seen]
each = pytest.mark.parametrize("seen", SEEN, ids=lambda seen: repr(seen.method))


def moved(f, T, shift=0.0, factor=1.0):
    """factor f(T u + shift), as a function of u."""
    shift = np.broadcast_to(shift, (len(T),))
    return Objective(
        lambda u: factor * f.loss(T @ u + shift),
        lambda u: factor * (T.T @ f.grad(T @ u + shift)),
        curvature=lambda u: factor * np.diag(T.T @ DENSE_HESSIAN @ T),
        hvp=lambda u, v: factor * (T.T @ DENSE_HESSIAN @ T @ v),
        vectorized=False,
    )


DENSE_HESSIAN = np.stack([DENSE.grad(DENSE.minimizer + e) for e in np.eye(3)])


def walks(method, other, T, shift=0.0, factor=1.0):
    """The walk on the dense bowl, and the one in the moved coordinates, brought back."""
    there = moved(DENSE, T, shift, factor)
    u = minimize(other, there, np.linalg.solve(T, START - shift), iterations=N).w
    with np.errstate(all="ignore"):  # some diverge
        return minimize(method, DENSE, START, iterations=N).w, u @ T.T + shift


def same(method, other, *args, **kwargs):
    a, b = walks(method, other, *args, **kwargs)
    return np.allclose(a, b, rtol=1e-6, atol=1e-6)


# ---- invariances --------------------------------------------------------------------------------


@each
def test_where_the_origin_lies_does_not_matter(seen):
    assert same(seen.method, seen.method, np.eye(3), shift=np.array([2.0, -3.0, 1.0]))


@each
def test_which_methods_see_a_rotation(seen):
    turn, _ = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))
    assert same(seen.method, seen.method, turn) is seen.turns


@each
def test_which_methods_see_the_scale_of_the_loss(seen):
    assert same(seen.method, seen.method, np.eye(3), factor=4.0) is (not seen.units)


@each
def test_what_undoes_the_scale_of_the_loss(seen):
    """The units: a step size is weights squared over a loss, and so on."""
    c = 4.0
    divided = {name: getattr(seen.method, name) / c**n for name, n in seen.units.items()}
    assert same(seen.method, replace(seen.method, **divided), np.eye(3), factor=c)


@each
def test_what_undoes_the_scale_of_each_weight(seen):
    """Learned step sizes follow the squares, the normalized ones the scales."""
    scales = np.array([4.0, 1.0, 0.25])
    assert not same(seen.method, seen.method, np.diag(scales))
    if seen.power is not None:
        each_its_own = per_weight(seen.method.step_size / scales**seen.power)
        assert same(seen.method, replace(seen.method, step_size=each_its_own), np.diag(scales))


def test_csawg_leaps_do_not_see_the_scale_of_each_weight():
    """Given the same walk of descent, the learned step sizes scale with the weights squared."""
    scales = np.array([8.0, 0.5, 0.125])
    plan = Csawg(0.1, window=3)
    there = replace(plan, step_size=per_weight(0.1 / scales**2))
    learned = minimize(plan, DENSE, START, iterations=6).step_size[-1]
    moved_ = moved(DENSE, np.diag(scales))
    scaled = minimize(there, moved_, START / scales, iterations=6).step_size[-1]
    np.testing.assert_allclose(scaled * scales**2, learned, rtol=1e-12)


# ---- identities ---------------------------------------------------------------------------------


def equal(a, b, objective=DENSE, w0=START, n=30):
    a, b = (minimize(m, objective, w0, iterations=n).w for m in (a, b))
    np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13)


def test_one_method_is_another():
    equal(HeavyBall(0.1, momentum=0.0), GradientDescent(0.1))
    equal(Nesterov(0.1, momentum=0.0), GradientDescent(0.1))
    equal(HypergradientDescent(0.1, 0.0), GradientDescent(0.1))
    equal(HypergradientDescent(0.1, 0.0, momentum=0.6), HeavyBall(0.1, momentum=0.6))
    equal(HypergradientDescent(0.1, 0.0, multiplicative=True), GradientDescent(0.1))
    equal(LossGrad(0.1, factor=1.0), GradientDescent(0.1))
    equal(AdamHD(0.1, 0.0, eps=0.0), Adam(0.1, eps=0.0))
    equal(Adam(0.1, beta1=0.0, beta2=0.8, bias_correction=False), RMSProp(0.1, decay=0.8))
    equal(StochasticPolyak(scale=1.0), Polyak(0.0), n=10)
    equal(L4("gradient", fraction=1.0, minimum=0.0, eps=0.0), Polyak(0.0), n=10)
    equal(L4("momentum", minimum=0.0, beta1=0.0), L4("gradient", minimum=0.0))


def test_the_first_steps_of_the_normalized():
    """alpha times the sign; for RMSProp 1/sqrt(1 - decay) times that, for its average lags."""
    signs = np.sign(DENSE.grad(START))
    for method, length in (
        (Adam(0.1, eps=0.0), 0.1),
        (AdamHD(0.1, 1.0, eps=0.0), 0.1),
        (AdaGrad(0.1, eps=0.0), 0.1),
        (RMSProp(0.1, decay=0.99, eps=0.0), 1.0),
    ):
        first = minimize(method, DENSE, START, iterations=1).w[1]
        np.testing.assert_allclose(START - first, length * signs, rtol=1e-12)


@pytest.mark.parametrize("momentum", [0.0, 0.7])
@pytest.mark.parametrize("objective", [DENSE, rosenbrock(3)], ids=["bowl", "valley"])
def test_the_hypergradient_is_the_derivative_by_the_step_size(objective, momentum):
    """alpha_1 - alpha_0 = -eta d/d alpha of f after the step, by finite differences."""

    def after(alpha, cls, **given):
        return objective.loss(minimize(cls(alpha, **given), objective, START, iterations=1).w[1])

    for cls, given in (
        (HypergradientDescent, {"momentum": momentum}),
        (AdamHD, {"beta1": momentum, "eps": 0.3}),
    ):
        w = START
        method = cls(1e-2, meta_step_size=1e-7, **given)
        state = method.init(w)
        w, state = method.step(w, state, objective)
        _, state = method.step(w, state, objective)
        learned = state.alpha[0] if cls is AdamHD else state.step_size[0]
        rest = {"meta_step_size": 0.0, **given}
        slope = (after(1e-2 + 1e-6, cls, **rest) - after(1e-2 - 1e-6, cls, **rest)) / 2e-6
        np.testing.assert_allclose((learned - 1e-2) / 1e-7, -slope, rtol=1e-5)


def test_the_multiplicative_rule_moves_by_the_cosine():
    trace = minimize(
        HypergradientDescent(0.05, 0.3, multiplicative=True), DENSE, START, iterations=2
    )
    g, h = DENSE.grad(trace.w[1]), DENSE.grad(trace.w[0])
    cosine = g @ h / (np.linalg.norm(g) * np.linalg.norm(h))
    np.testing.assert_allclose(trace.step_size[2], 0.05 * (1 + 0.3 * cosine), rtol=1e-13)


@pytest.mark.parametrize("objective", [DENSE, quadratic([1.0, 50.0, 0.1])], ids=["dense", "long"])
def test_polyak_never_moves_away_from_the_minimizer(objective):
    """On a convex loss with the exact f*: the bound from which the step size comes."""
    trace = minimize(
        Polyak(0.0), objective, START + RNG.standard_normal((8, 3, 1))[0], iterations=60
    )
    assert (np.diff(trace.error, axis=0) <= 1e-12).all()
    wrong = minimize(Polyak(-0.5), objective, START, iterations=60)
    assert np.diff(wrong.error).max() > 0.01


def test_polyak_on_logistic_regression():
    X = RNG.standard_normal((60, 3))
    f = logistic_regression(X, RNG.random(60) < 1 / (1 + np.exp(-X @ [2.0, -1.0, 0.5])))
    trace = minimize(Polyak(f.minimum), f, np.zeros(3), iterations=200)
    assert (np.diff(trace.error) <= 1e-12).all()
    assert trace.error[-1] < 1e-3 * trace.error[0]


def test_in_one_dimension_sps_is_newton_and_barzilai_borwein_the_secant():
    parabola = quadratic([3.0], minimizer=[2.0])
    assert minimize(StochasticPolyak(), parabola, [5.0], iterations=1).error[-1] < 1e-15
    cubic = Objective(lambda w: (w**4 / 4 - w)[0], lambda w: w**3 - 1, minimizer=[1.0])
    for variant in ("long", "short"):
        w = minimize(BarzilaiBorwein(0.1, variant=variant), cubic, [2.0], iterations=6).w[:, 0]
        g = w**3 - 1
        secant = w[1:-1] - g[1:-1] * (w[1:-1] - w[:-2]) / (g[1:-1] - g[:-2])
        np.testing.assert_allclose(w[2:], secant, rtol=1e-12)


def test_barzilai_borwein_step_sizes_are_inverse_curvatures():
    bowl = quadratic([1.0, 5.0, 20.0])
    long = minimize(BarzilaiBorwein(0.01), bowl, START, iterations=25)
    short = minimize(BarzilaiBorwein(0.01, variant="short"), bowl, START, iterations=25)
    for trace in (long, short):
        used = trace.step_size[2:, 0]
        assert used.min() >= 1 / 20 - 1e-12 and used.max() <= 1 + 1e-12
    # from the same two points the long one is longer
    assert long.step_size[2, 0] > short.step_size[2, 0]
    assert np.diff(long.loss).max() > 0  # not monotone
    assert long.loss[-1] < 1e-6 * long.loss[0]


def test_adagrad_never_lengthens_a_step_size():
    trace = minimize(AdaGrad(0.5), DENSE, START, iterations=50)
    assert (np.diff(trace.step_size[1:], axis=0) <= 0).all()


# ---- how they break -----------------------------------------------------------------------------


def test_polyak_with_a_wrong_minimum():
    bowl = quadratic([1.0, 4.0])
    high = minimize(Polyak(1.0), bowl, [3.0, -1.0], iterations=200)
    assert (high.loss >= 1.0).all()  # the tangent plane lies below a convex loss
    np.testing.assert_allclose(high.loss[-1], 1.0)
    below = minimize(Polyak(1.0), bowl, [0.5, 0.1], iterations=200)
    assert below.step_size[1, 0] < 0  # from below it climbs to the level
    np.testing.assert_allclose(below.loss[-1], 1.0)
    low = minimize(Polyak(-1.0), bowl, [3.0, -1.0], iterations=200)
    assert low.step_size[50:].max() > 10 * 1.0  # far too long for a curvature of 1
    assert low.error[50:].max() > 1.0


def test_a_norm_that_underflows_has_step_size_zero():
    bowl = quadratic([1.0, 4.0])
    for method in (Polyak(-1.0), StochasticPolyak(minimum=-1.0)):
        trace = minimize(method, bowl, [1e-170, 0.0], iterations=3)
        assert (trace.w == [1e-170, 0.0]).all() and (trace.step_size[1:] == 0).all()


def test_sps_recovers_from_a_zero_gradient():
    method, f = StochasticPolyak(growth=1.5), quadratic([1.0, 4.0])
    flat = Objective(lambda w: np.float64(1.0), lambda w: np.zeros(2), vectorized=False)
    w = np.array([3.0, -1.0])
    state = method.init(w)
    sizes = []
    for oracle in (f, flat, f):
        w, state = method.step(w, state, oracle)
        sizes.append(float(state.step_size))
    assert sizes[1] == 0.0 and 0 < sizes[2] <= 1.5 * sizes[0]


def test_l4_where_its_denominator_is_zero():
    flat = Objective(lambda w: np.float64(1.0), lambda w: np.zeros(2), vectorized=False)
    for direction in ("momentum", "adam", "gradient"):
        method = L4(direction, eps=0.0, direction_eps=0.0)
        trace = minimize(method, flat, [3.0, -1.0], iterations=5)
        assert (trace.w == [3.0, -1.0]).all() and (trace.step_size[1:] == 0).all()


def test_l4_on_a_loss_below_zero():
    """The target 0.9 L lies above L: it climbs until the loss reaches it."""
    below = Objective(lambda w: (w * w).sum(axis=0) / 2 - 10, lambda w: w, minimizer=[0.0, 0.0])
    trace = minimize(L4("gradient"), below, [1.0, 1.0], iterations=5)
    assert (trace.step_size[1:] < 0).all() and trace.loss[-1] > trace.loss[0]
    known = minimize(L4("gradient", minimum=-10.0), below, [1.0, 1.0], iterations=5)
    assert (known.step_size[1:] > 0).all() and known.loss[-1] < known.loss[0]


def test_l4_forgets_a_lucky_batch():
    """One batch with a tiny loss pulls the target down; raising it takes tau steps."""
    method = L4("gradient", forget_time=10.0)
    w, estimates = np.array([3.0]), []
    state = method.init(w)
    for scale in [1.0, 1e-3, *[1.0] * 30]:
        batch = Objective(lambda w, s=scale: 8 * s + 0 * w[0], lambda w, s=scale: s * w)
        _, state = method.step(w, state, batch)
        estimates.append(float(state.estimate))
    assert estimates[0] == 0.9 * 0.75 * 8
    np.testing.assert_allclose(estimates[1:], 0.9 * 8e-3 * 1.1 ** np.arange(31), rtol=1e-12)


@pytest.mark.parametrize(
    "after, h",
    [
        (np.nan, 1.0),  # not a number: kept
        (np.inf, 0.5),  # beyond all bounds: shorter
        (4.6, 0.5),  # 5 - 1/2 was the boundary
        (4.5, 2.0),
        (4.4, 2.0),
    ],
)
def test_lossgrad_after_each_kind_of_loss(after, h):
    method, w = LossGrad(1.0, factor=2.0), np.array([5.0])
    state = method.init(w)

    class Oracle:
        def loss(self, at):
            return np.float64(5.0 if at[0] == 5.0 else after)

        def grad(self, at):
            return np.ones(1)

    w, state = method.step(w, state, Oracle())
    assert w.tolist() == [4.0]  # the step is taken all the same
    assert state.h.tolist() == [h] and state.step_size.tolist() == [1.0]


def test_lossgrad_keeps_its_step_size_at_the_minimizer():
    trace = minimize(LossGrad(0.3), quadratic([1.0, 4.0]), [0.0, 0.0], iterations=1000)
    assert (trace.step_size[1:] == 0.3).all()


def test_lossgrad_settles_where_the_parabola_is_the_loss():
    """On a parabola r = h c / 2, so h rises and falls around one over the curvature."""
    trace = minimize(LossGrad(1e-3, factor=1.1), quadratic([4.0]), [1.0], iterations=150)
    late = trace.step_size[-40:, 0]
    assert late.min() >= 0.25 / 1.1**2 and late.max() <= 0.25 * 1.1**2


def test_hypergradient_descent_with_too_large_a_meta_step_size():
    eta = np.array([1e-7, 1e-5, 1.0])
    trace = minimize(
        HypergradientDescent(1e-3, eta), quadratic([1.0, 40.0]), [3.0, -1.0], iterations=400
    )
    assert trace.diverged.tolist() == [False, False, True]
    assert (trace.step_size[1:, :, 0] > 0).all()
    # after an overshoot alpha is negative, and nothing hides it
    assert np.nanmin(trace.step_size[:, :, 2]) < 0


def test_the_multiplicative_rule_keeps_the_sign():
    trace = minimize(
        HypergradientDescent(1e-3, 0.9, multiplicative=True),
        quadratic([1.0, 40.0]),
        [3.0, -1.0],
        iterations=400,
    )
    assert (trace.step_size[1:] > 0).all()


def test_adam_where_the_gradient_is_gone():
    """It rolls on with what it remembers; without memory it stays, whatever eps."""
    step = Objective(lambda w: w[0], lambda w: np.where(w > 0, 1.0, 0.0), vectorized=False)
    rolling = minimize(Adam(0.1, beta1=0.9), step, [0.05], iterations=20).w[:, 0]
    assert (np.diff(rolling)[:12] < 0).all()
    still = minimize(Adam(0.1, beta1=0.0, beta2=0.0, eps=0.0), step, [0.05], iterations=20)
    assert (still.w[1:] == 0.05 - 0.1).all() and (still.step_size[2:] == 0).all()
    never = minimize(Adam(0.1), step, [-1.0], iterations=20)
    assert (never.w == -1.0).all()
    np.testing.assert_allclose(never.step_size[1:], 0.1 / 1e-8)


def test_epsilon_decides_for_small_gradients():
    slope = Objective(lambda w: 1e-20 * w[0], lambda w: np.full(1, 1e-20), vectorized=False)
    for cls in (Adam, RMSProp, AdaGrad):
        full = minimize(cls(0.1, eps=0.0), slope, [1.0], iterations=1).w[1, 0]
        none = minimize(cls(0.1, eps=1e-8), slope, [1.0], iterations=1).w[1, 0]
        assert full < 0.9 + 1e-9 and none == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize(
    "method", [AdaGrad(0.1), RMSProp(0.1), Adam(0.1), AdamHD(0.1, 1e-3)], ids=repr
)
def test_squares_that_overflow_stop_the_normalized(method):
    cliff = Objective(lambda w: w[0], lambda w: np.full(1, 1e200), vectorized=False)
    trace = minimize(method, cliff, [1.0], iterations=5)
    assert (trace.w == 1.0).all() and (trace.step_size[1:] == 0).all()


def test_barzilai_borwein_where_the_curvature_is_negative_or_none():
    hill = Objective(lambda w: -(w * w).sum(axis=0) / 2, lambda w: -w)
    trace = minimize(BarzilaiBorwein(0.1), hill, [1.0, 2.0], iterations=2)
    np.testing.assert_allclose(trace.step_size[2], -1.0)  # it goes to the maximum
    slope = Objective(lambda w: w.sum(axis=0), lambda w: np.ones_like(w))
    for variant in ("long", "short"):
        trace = minimize(BarzilaiBorwein(0.1, variant=variant), slope, [1.0, 2.0], iterations=5)
        np.testing.assert_allclose(trace.step_size[1:], 0.1)


def test_a_loss_that_is_no_number_ends_the_estimate_of_l4():
    method, w = L4("gradient"), np.array([5.0])
    state = method.init(w)
    for loss in (1.0, np.nan, 1.0, 1.0):
        batch = Objective(lambda w, f=loss: f + 0 * w[0], lambda w: np.ones_like(w))
        _, state = method.step(w, state, batch)
    assert np.isnan(state.estimate) and np.isnan(state.step_size)
