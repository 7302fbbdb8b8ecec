"""Claims about LossGrad (Yao, Section 2.4)."""

from __future__ import annotations

from functools import cache

import numpy as np

from experiments.papers import VALLEY
from stepsize.methods import GradientDescent, LossGrad
from stepsize.methods.arithmetic import inner
from stepsize.objectives import Objective, logistic_regression, quadratic
from stepsize.runs import minimize

# ---- the parabola along the ray -----------------------------------------------------------------


def linearization_error(objective, w, alpha):
    """e: the loss after a gradient step less what the tangent promised."""
    g = objective.grad(w)
    return objective.loss(w - alpha * g) - (objective.loss(w) - alpha * inner(g, g))


def parabola(objective, w, alpha, t):
    """q(t): LossGrad's quadratic through the losses at 0 and at alpha."""
    g = objective.grad(w)
    e = linearization_error(objective, w, alpha)
    return objective.loss(w) - t * inner(g, g) + e * (t / alpha) ** 2


def slope(objective, w, alpha, t):
    """q'(t), by a central difference, which is exact for a parabola up to rounding."""
    d = alpha / 4
    above, below = (parabola(objective, w, alpha, t + s * d) for s in (1, -1))
    return (above - below) / (2 * d)


def points(n=2000, seed=0):
    """Random weights in the valley (2, n) and step sizes (n,) from far too short to too long."""
    rng = np.random.default_rng(seed)
    return rng.uniform(-1.5, 1.5, (2, n)), np.exp(rng.uniform(np.log(1e-5), np.log(0.1), n))


def next_factor(method, objective, w, alpha):
    """What the method multiplies its step size by after one step from w."""
    two = minimize(type(method)(alpha, method.factor), objective, w, iterations=2)
    return two.step_size[2, 0] / two.step_size[1, 0]


# ---- variants -----------------------------------------------------------------------------------


class SignRule(LossGrad):
    """Shorten after every positive e_k: the paper's sentence taken at its word."""

    def step(self, w, state, oracle):
        after, new = super().step(w, state, oracle)
        e = linearization_error(oracle, w, state.h)
        h = np.where(e > 0, state.h / self.factor, np.where(e < 0, state.h * self.factor, state.h))
        return after, new._replace(h=h)


class AuthorsGuard(LossGrad):
    """The published code's rule for zeros: 1e-25 in the denominator, longer unless r > 1/2."""

    def step(self, w, state, oracle):
        h, g = state.h, oracle.grad(w)
        after, promised = w - h * g, inner(g, h * g)
        r = (oracle.loss(after) - oracle.loss(w) + promised) / (promised + 1e-25)
        return after, self.State(h, np.where(r > 0.5, h / self.factor, h * self.factor))


class Refusing(LossGrad):
    """LossGrad that stays where it is when a step would raise the loss: an ablation."""

    def step(self, w, state, oracle):
        after, new = super().step(w, state, oracle)
        falls = oracle.loss(after) <= oracle.loss(w)
        h = np.where(falls, new.h, state.h / self.factor)
        return np.where(falls, after, w), new._replace(h=h)


# ---- problems -----------------------------------------------------------------------------------

CURVATURES = np.geomspace(1, 100, 10)
BOWL10 = quadratic(CURVATURES)
FACTORS = (1.01, 1.02, 1.05, 1.1, 1.2, 1.5, 2.0)


# wells and hills: convex in places, concave in others
WAVES = Objective(lambda w: (1 - np.cos(w)).sum(axis=0), np.sin, np.zeros(2))


def bowl_starts(runs=20):
    return np.random.default_rng(0).standard_normal((10, runs))


def valley_starts(runs=100):
    rng = np.random.default_rng(1)
    return rng.uniform([[-1.5], [-0.5]], [[1.5], [1.5]], size=(2, runs))


@cache
def logistic():
    """A logistic regression on 100 noisy examples of 5 inputs."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100, 5))
    y = X @ rng.standard_normal(5) + rng.standard_normal(100) > 0
    return logistic_regression(X, y, l2=0.01)


def raised(objective, by):
    """The same loss, everywhere higher by a number."""
    return Objective(lambda w: objective.loss(w) + by, objective.grad, objective.minimizer)


def arrival(method, objective, w0, iterations, error=1e-6):
    """Iterations until the error, infinite where it was not reached."""
    first = minimize(method, objective, w0, iterations=iterations).first(error=error)
    return np.where(first < 0, np.inf, first)


@cache
def on_bowl10(factor=1.05, step_size=1e-3, iterations=1000):
    return minimize(LossGrad(step_size, factor), BOWL10, bowl_starts(), iterations=iterations)


@cache
def tuned_descent():
    """The best constant step size on BOWL10, and its median iterations to error 1e-6."""
    grid = np.linspace(0.8, 1, 21) * 2 / CURVATURES.max()
    first = arrival(GradientDescent(grid), BOWL10, bowl_starts()[..., None], 1000)
    median = np.median(first, axis=0)
    return grid[median.argmin()], median.min()


def line_minima(objective, w):
    """Of a quadratic loss, the step size to the lowest point along the gradient."""
    g = objective.grad(w)
    return inner(g, g) / inner(g, objective.grad(w + g) - g)


# ---- claims -------------------------------------------------------------------------------------


def yao_lossgrad_minimizes():
    trace = on_bowl10()
    w, h = trace.w[:400], trace.step_size[1:401, 0]
    lowest = np.stack([line_minima(BOWL10, x) for x in w])
    near = np.abs(np.log(h / lowest))[100:] < np.log(trace.method.factor)
    # at the very boundary rounding decides, so leave out steps within 1e-6 of it
    clear = np.abs(h / lowest - 1)[:-1] > 1e-6
    towards = ((h[1:] > h[:-1]) == (lowest > h)[:-1])[clear]
    return (near.mean() > 0.9, towards.mean() > 0.999), (
        f"{near.mean():.0%} of the step sizes within 5% of it; {towards.mean():.1%} of the changes "
        "are towards it"
    )


def yao_lossgrad_ends():
    w, alpha = points()
    g = VALLEY.grad(w)
    # on the scale of the terms, whose difference q is
    scale = VALLEY.loss(w) + alpha * inner(g, g) + VALLEY.loss(w - alpha * g)
    off = max(
        (np.abs(parabola(VALLEY, w, alpha, t) - VALLEY.loss(w - t * g)) / scale).max()
        for t in (0 * alpha, alpha)
    )
    return off < 1e-12, "equal to rounding at both ends" if off < 1e-12 else f"differs by {off:.1e}"


def yao_lossgrad_between():
    w, _ = points(200)
    g = VALLEY.grad(w)

    def errors(alpha):
        t = np.linspace(0, alpha, 41)[:, None]
        true = np.stack([VALLEY.loss(w - s * g) for s in t])
        q = np.stack([parabola(VALLEY, w, alpha, s) for s in t])
        line = VALLEY.loss(w) - t * inner(g, g)
        return np.abs(q - true).max(axis=0), np.abs(line - true).max(axis=0)

    (q1, line1), (q2, line2) = errors(2e-5), errors(1e-5)
    quadratic_order, linear_order = np.median(q1 / q2), np.median(line1 / line2)
    x = bowl_starts(50)
    gx = BOWL10.grad(x)
    on_bowl = np.abs(parabola(BOWL10, x, 0.01, 0.004) - BOWL10.loss(x - 0.004 * gx)).max()
    good = 7 < quadratic_order < 9 and 3.5 < linear_order < 4.5
    exact = on_bowl < 1e-10 * np.abs(BOWL10.loss(x)).max()
    return (good and not exact, good), (
        f"half the step, 1/{quadratic_order:.0f} of the error (linear: 1/{linear_order:.0f}); on a "
        f"bowl {'no error' if exact else f'{on_bowl:.0e}'}"
    )


def yao_lossgrad_sign():
    rng = np.random.default_rng(2)
    w = rng.standard_normal((10, 2000))
    alpha = line_minima(BOWL10, w) * np.exp(rng.uniform(-2, 2, 2000))
    e = linearization_error(BOWL10, w, alpha)
    too_long = alpha > line_minima(BOWL10, w)
    right = ((e > 0) == too_long).mean()
    stuck = minimize(SignRule(1e-3), BOWL10, bowl_starts(), iterations=1000, record=None)
    return (right > 0.95, right > 0.8), (
        f"right in {right:.0%}; e_k > 0 in {(e > 0).mean():.0%}, of the too short steps in "
        f"{(e[~too_long] > 0).mean():.0%}; as a rule it ends with error "
        f"{np.median(stuck.error[-1]):.1g} where LossGrad "
        f"has {np.median(on_bowl10().error[-1]):.0e}"
    )


def yao_lossgrad_careful():
    w, alpha = points()
    w, alpha = 2 * w, 100 * alpha
    grows = next_factor(LossGrad(1.0, 1.05), WAVES, w, alpha) > 1
    by_sign = linearization_error(WAVES, w, alpha) < 0
    return grows.sum() < by_sign.sum(), (
        f"LossGrad increases in {grows.sum()}, the sign rule in {by_sign.sum()}; only the latter "
        f"in {(by_sign & ~grows).sum()}"
    )


def yao_lossgrad_boundary():
    w, alpha = points()
    g2 = inner(VALLEY.grad(w), VALLEY.grad(w))
    r = linearization_error(VALLEY, w, alpha) / (alpha * g2)
    q_slope = slope(VALLEY, w, alpha, alpha)
    # rounding of the losses, divided by the step over which they are compared
    scale = g2 * (1 + np.abs(r)) + VALLEY.loss(w) / alpha
    off = np.abs(q_slope - g2 * (2 * r - 1)) / scale
    same = (next_factor(LossGrad(1.0, 1.05), VALLEY, w, alpha) > 1) == (q_slope < 0)
    return same.all() and off.max() < 1e-9, (
        f"{same.sum()} of {same.size}; largest difference "
        f"{'below 1e-9' if off.max() < 1e-9 else f'{off.max():.0e}'}"
    )


def yao_lossgrad_factor():
    words, spread = [], []
    for name, problem, start, h in (
        ("bowl", BOWL10, bowl_starts(), 1e-3),
        ("logistic regression", logistic(), np.zeros((5, 1)), 0.1),
    ):
        first = arrival(LossGrad(h, np.array(FACTORS)), problem, start[..., None], 800)
        medians = np.median(first, axis=0)
        best, worst = medians.argmin(), medians.argmax()
        spread.append(medians[worst] / medians[best])
        words.append(
            f"{name}: {medians[best]:.0f} with c = {FACTORS[best]:g}, "
            f"{medians[worst]:.0f} with {FACTORS[worst]:g}"
        )
    return max(spread) > 2, "; ".join(words)
