"""Facts of the chapter on convergence rates: the two methods it adds, its losses, its numbers."""

import numpy as np
import pytest

from experiments import bounds, rates
from experiments.papers import chain
from stepsize import GradientDescent, HeavyBall, Recorder, minimize, quadratic, theory


def slope(objective, w, h=1e-6):
    """The gradient by central differences, one weight at a time."""
    steps = h * np.eye(len(w))
    return np.array([(objective.loss(w + s) - objective.loss(w - s)) / (2 * h) for s in steps])


@pytest.mark.parametrize(
    "objective, w",
    [
        (rates.HUBER, [0.4]),
        (rates.HUBER, [-3.0]),
        (rates.HILLY, [2.3]),
        (rates.BENT, [0.5]),
        (rates.BENT, [1.5]),
        (rates.BENT, [2.5]),
        (rates.QUARTIC, np.linspace(-1, 1, 10)),
        (rates.BANDIT, [0.3, -1.0, 2.0]),
    ],
)
def test_gradients(objective, w):
    w = np.asarray(w, dtype=float)
    assert np.allclose(objective.grad(w), slope(objective, w), atol=1e-6)


def test_bent_loss_has_no_jump():
    for knee in (1.0, 2.0):
        below, above = (np.array([knee + h]) for h in (-1e-9, 1e-9))
        assert rates.BENT.loss(below) == pytest.approx(rates.BENT.loss(above), abs=1e-6)
        assert rates.BENT.grad(below)[0] == pytest.approx(rates.BENT.grad(above)[0], abs=1e-6)


def test_hilly_obeys_pl_with_its_constant_and_hardly_more():
    w = np.linspace(-10, 10, 200_001)
    w = w[np.abs(w) > 1e-3]
    least = (rates.HILLY.grad(w[None])[0] ** 2 / (2 * rates.HILLY.loss(w[None]))).min()
    assert rates.HILLY_MU <= least < 1.01 * rates.HILLY_MU
    curvature = 2 + 6 * np.cos(2 * w)
    assert curvature.min() < 0 < curvature.max() <= rates.HILLY_L


def test_conjugate_gradients_solve_in_as_many_steps_as_curvatures():
    bowl = quadratic([1.0, 7.0, 30.0], minimizer=[1.0, 2.0, 3.0])
    watched = Recorder(bowl)
    trace = minimize(rates.ConjugateGradients(), watched, [5.0, -1.0, 0.5], iterations=3)
    assert trace.error[2] > 1e-3 and trace.error[3] < 1e-12
    assert trace.grad_evals[-1] == 4  # one a step and one to begin with
    # the first step is the steepest descent's: exact along the gradient
    g = bowl.grad(trace.w[0])
    assert trace.step_size[1, 0] == pytest.approx(g @ g / (g @ (np.array([1.0, 7.0, 30.0]) * g)))


def test_conjugate_gradients_have_the_least_loss_of_the_chain():
    objective, _, least = chain(40, 1.0, 60.0)
    trace = minimize(rates.ConjugateGradients(), objective, np.zeros(40), iterations=20)
    assert np.allclose(trace.loss, least[:21], rtol=1e-9)


@pytest.mark.parametrize("name", ["Nesterov", "heavy ball", "GD, best"])
def test_no_span_method_is_below_the_limit_on_the_chain(name):
    _, distance, loss = chain(*rates.CHAIN)
    trace = rates.on_chain(rates.chain_methods()[name])
    k = trace.iterations
    assert (trace.error >= distance[k] * (1 - 1e-9)).all()
    assert (trace.loss >= loss[k] * (1 - 1e-9)).all()


def test_normalized_step_by_hand():
    # 1/2 of w/3 from 0.6, the largest; 12 * 0.36 = 4.32, 4 * 0.216 = 0.864, 4 * 0.027 = 0.108
    w0 = np.zeros(10)
    w0[:2] = 0.6, 0.3
    method = rates.LocallyNormalized(rates.steepest, scale=0.5)
    trace = minimize(method, rates.QUARTIC, w0, iterations=1)
    assert np.allclose(trace.w[1, :2], [0.5, 0.3 - 0.5 * 0.108 / 4.32])
    assert trace.step_size[1, 0] == pytest.approx(0.5 / 4.32)
    six = minimize(
        rates.LocallyNormalized(rates.six_gradients), rates.BANDIT, [0.0] * 3, iterations=4
    )
    assert np.allclose(np.linalg.norm(np.diff(six.w, axis=0), axis=1), 1 / 6)
    with pytest.raises(ValueError, match="scale"):
        rates.LocallyNormalized(rates.steepest, scale=-1.0)


def test_bandits_smoothness_holds_along_the_steps():
    trace = rates.non_uniform("bandit", rates.LocallyNormalized(rates.six_gradients))
    g = trace.objective.grad(np.moveaxis(trace.w[:-1], 0, 1))
    # a step of 1/beta lowers the loss by at least |g|^2 / (2 beta), with beta = 6 |g|
    promised = np.sqrt((g * g).sum(axis=0)) / 12
    falls = -np.diff(trace.loss, axis=0)
    seen = trace.loss[:-1] > 1e-12
    assert (falls >= promised * (1 - 1e-9))[seen].all()


def test_heavy_ball_circles_through_lessards_points():
    method = HeavyBall(*theory.best_heavy_ball(1.0, 25.0))
    trace = minimize(method, rates.BENT, [3.3], iterations=600)
    assert np.allclose(trace.w[-3:, 0], trace.w[-6:-3, 0], atol=1e-12)
    assert np.allclose(np.sort(trace.w[-3:, 0]), np.sort(rates.CYCLE), atol=1e-12)
    assert (rates.cycling().error[-1] > 0.1).mean() == pytest.approx(0.124, abs=0.005)


def test_huber_keeps_its_slope():
    # from k + 1 the steps are of length one: after k of them the weight is 1, the slope still 1
    trace = minimize(GradientDescent(1.0), rates.HUBER, [8.0], iterations=7)
    assert np.array_equal(trace.w[:, 0], np.arange(8.0, 0.0, -1))
    assert rates.huber_stays(50) == 1.0


def test_recurrence_by_hand():
    # q = 1/4, a = 1: a'^2 = (1 - a') + a'/4, so a' = (-3/8 + sqrt(9/64 + 1)); momentum 0
    momenta = rates.recurrent(1.0, 0.25, steps=2)
    after = -3 / 8 + np.sqrt(9 / 64 + 1)
    b = after**2 - 0.25
    third = (np.sqrt(b * b + 4 * after**2) - b) / 2
    assert momenta[0] == 0.0
    assert momenta[1] == pytest.approx(after * (1 - after) / (after**2 + third))


def test_wrong_mu_by_the_rule_of_the_exercise():
    right = rates.wrong_mu(1.0, 1e4)
    assert rates.wrong_mu(0.04, 1e4) / right == pytest.approx(5, rel=0.05)  # 1/sqrt
    assert rates.wrong_mu(25.0, 1e4) / right == pytest.approx(10, rel=0.15)  # 2 sqrt


def test_bandit_is_as_smooth_as_it_says():
    rng = np.random.default_rng(0)
    x, y = 3 * rng.normal(size=(2, 3, 5000))
    y = x + 0.1 * y
    turns = np.linalg.norm(rates.BANDIT.grad(x) - rates.BANDIT.grad(y), axis=0)
    assert (turns <= rates.BANDIT_L * np.linalg.norm(x - y, axis=0)).all()


@pytest.mark.parametrize("mu, L", [(0.0, 2.0), (1.0, 50.0)])
def test_chain_has_the_curvatures_and_the_bounds_that_it_says(mu, L):
    objective, distance, loss = chain(7, mu, L)
    A = np.stack([objective.grad(e) for e in np.eye(7)]) - objective.grad(np.zeros(7))
    assert mu < np.linalg.eigvalsh(A).min() and np.linalg.eigvalsh(A).max() < L
    assert np.allclose(objective.grad(objective.minimizer), 0, atol=1e-13)
    for k in range(8):
        w = np.zeros(7)
        w[:k] = objective.minimizer[:k]  # nearest
        assert np.linalg.norm(w - objective.minimizer) == pytest.approx(distance[k], abs=1e-14)
        w[:k] = np.linalg.solve(A[:k, :k], -objective.grad(np.zeros(7))[:k])  # lowest
        assert objective.loss(w) == pytest.approx(loss[k], abs=1e-14)


def test_chain_in_closed_form():
    _, _, loss = chain(9, 0.0, 8.0)  # L/8 (1/(k+1) - 1/(d+1))
    assert np.allclose(loss, 1 / np.arange(1, 11) - 1 / 10)
    _, distance, _ = chain(80, 1.0, 9.0)  # nearly endless: a factor of 1/2 a weight
    assert np.allclose(distance[:40] / distance[0], 0.5 ** np.arange(40), rtol=1e-9)


def test_bounds_over_classes_by_hand():
    # 2 * 3 * 2^2 / 4^2; (1 - 1/3)^2 * (5 + 1/2 * 2 * 3^2); (3 - 1)/(3 + 1)
    assert bounds.nesterov_bound(3, L=3.0, distance=2.0) == 1.5
    bound = bounds.nesterov_linear_bound(2, mu=2.0, L=18.0, gap=5.0, distance=3.0)
    assert bound == pytest.approx(4 / 9 * 14)
    assert bounds.first_order_limit(1.0, 9.0) == 0.5
