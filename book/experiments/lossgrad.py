"""Claims about LossGrad (Yao, Section 2.4)."""

from __future__ import annotations

from functools import cache

import numpy as np

from experiments.claims import Measured, agrees, claim
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


def for_good(trace, error=1e-6):
    """The iteration from which a run stays at or below an error, infinite if it does not."""
    above = trace.error > error
    last = len(above) - np.argmax(above[::-1], axis=0)
    return np.where(above[-1], np.inf, last)


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


@claim(
    "yao-lossgrad-minimizes",
    where="Section 2.4",
    statement="LossGrad, like L4, minimizes the loss after the step.",
    rule="on the bowl, after the first 100 iterations, more than 9 in 10 step sizes within the "
    "factor c of the lowest point along the gradient; partly if the step size only ever "
    "moves towards that point",
    methods=("LossGrad",),
)
def _():
    trace = on_bowl10()
    w, h = trace.w[:400], trace.step_size[1:401, 0]
    lowest = np.stack([line_minima(BOWL10, x) for x in w])
    near = np.abs(np.log(h / lowest))[100:] < np.log(trace.method.factor)
    # at the very boundary rounding decides, so leave out steps within 1e-6 of it
    clear = np.abs(h / lowest - 1)[:-1] > 1e-6
    towards = ((h[1:] > h[:-1]) == (lowest > h)[:-1])[clear]
    return Measured(
        f"{near.mean():.0%} of the step sizes within 5% of it; {towards.mean():.1%} of the changes "
        "are towards it",
        agrees(near.mean() > 0.9, partly=towards.mean() > 0.999),
        "It asks on which side of the minimum of a parabola the step ended and moves the next "
        "step size by a fixed factor. That is one comparison a step, not a minimization.",
    )


@claim(
    "yao-lossgrad-ends",
    where="Section 2.4",
    statement="The quadratic q(t) equals the loss along the gradient at t = 0 and at t = α.",
    rule="both to 1e-12 of the terms of q at 2000 random points of the valley",
)
def _():
    w, alpha = points()
    g = VALLEY.grad(w)
    # on the scale of the terms, whose difference q is
    scale = VALLEY.loss(w) + alpha * inner(g, g) + VALLEY.loss(w - alpha * g)
    off = max(
        (np.abs(parabola(VALLEY, w, alpha, t) - VALLEY.loss(w - t * g)) / scale).max()
        for t in (0 * alpha, alpha)
    )
    return Measured(
        "equal to rounding at both ends" if off < 1e-12 else f"differs by {off:.1e}",
        agrees(off < 1e-12),
        "Its slope at 0 is the true slope too: three conditions, three coefficients.",
    )


@claim(
    "yao-lossgrad-between",
    where="Section 2.4",
    statement="Between 0 and α the quadratic has an error, and for a smooth loss it is a good "
    "approximation.",
    rule="halving α divides the largest error by about 8 (between 7 and 9) in the valley, that of "
    "the linearization by about 4 (between 3.5 and 4.5); partly if the error is zero for a "
    "quadratic loss",
)
def _():
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
    return Measured(
        f"half the step, 1/{quadratic_order:.0f} of the error (linear: 1/{linear_order:.0f}); on a "
        f"bowl {'no error' if exact else f'{on_bowl:.0e}'}",
        agrees(good and not exact, partly=good),
        "The error is of third order. On a quadratic loss there is none, so the sentence needs "
        "'in general'.",
    )


@claim(
    "yao-lossgrad-sign",
    where="Section 2.4",
    statement="A positive e_k says that the step size should shrink, a negative one that it should "
    "grow.",
    rule="the sign of e_k agrees with the side of the lowest point along the gradient in more than "
    "95% of 2000 random steps on the bowl; partly above 80%",
    methods=("LossGrad",),
)
def _():
    rng = np.random.default_rng(2)
    w = rng.standard_normal((10, 2000))
    alpha = line_minima(BOWL10, w) * np.exp(rng.uniform(-2, 2, 2000))
    e = linearization_error(BOWL10, w, alpha)
    too_long = alpha > line_minima(BOWL10, w)
    right = ((e > 0) == too_long).mean()
    stuck = minimize(SignRule(1e-3), BOWL10, bowl_starts(), iterations=1000, record=None)
    return Measured(
        f"right in {right:.0%}; e_k > 0 in {(e > 0).mean():.0%}, of the too short steps in "
        f"{(e[~too_long] > 0).mean():.0%}; as a rule it ends with error "
        f"{np.median(stuck.error[-1]):.1g} where LossGrad "
        f"has {np.median(on_bowl10().error[-1]):.0e}",
        agrees(right > 0.95, partly=right > 0.8),
        "A convex loss lies above its tangents: e_k is never negative, whether the step was too "
        "long or too short. What tells is whether e_k exceeds half the promise.",
    )


@claim(
    "yao-lossgrad-careful",
    where="Section 2.4",
    statement="LossGrad increases the step size more carefully than the sign of e_k would.",
    rule="in 2000 random steps on a loss with wells and hills LossGrad increases in fewer cases "
    "than the sign does",
    methods=("LossGrad",),
)
def _():
    w, alpha = points()
    w, alpha = 2 * w, 100 * alpha
    grows = next_factor(LossGrad(1.0, 1.05), WAVES, w, alpha) > 1
    by_sign = linearization_error(WAVES, w, alpha) < 0
    return Measured(
        f"LossGrad increases in {grows.sum()}, the sign rule in {by_sign.sum()}; only the latter "
        f"in {(by_sign & ~grows).sum()}",
        agrees(grows.sum() < by_sign.sum()),
        "The other way round: e_k < 0 implies r < 1/2, so LossGrad increases wherever the sign "
        "does, and for 0 < e_k up to half the promise besides. It is decreasing that it does "
        "more carefully.",
    )


@claim(
    "yao-lossgrad-slope",
    where="Section 2.4",
    statement="LossGrad increases the step size where q'(α) is negative and else decreases it.",
    rule="in each of 2000 random steps in the valley",
    methods=("LossGrad",),
)
def _():
    w, alpha = points()
    grows = next_factor(LossGrad(1.0, 1.05), VALLEY, w, alpha) > 1
    same = grows == (slope(VALLEY, w, alpha, alpha) < 0)
    return Measured(
        f"{same.sum()} of {same.size}",
        agrees(same.all()),
        "A parabola that still falls at α has its minimum beyond.",
    )


@claim(
    "yao-lossgrad-boundary",
    where="Section 2.4",
    statement="The boundary q'(α) = 0 is where e_k is half of α‖f'(w_k)‖², the published r = 1/2.",
    published="1/2",
    rule="q'(α) = ‖g‖² (2r − 1) to 1e-9 of its terms at 2000 random points of the valley",
)
def _():
    w, alpha = points()
    g2 = inner(VALLEY.grad(w), VALLEY.grad(w))
    r = linearization_error(VALLEY, w, alpha) / (alpha * g2)
    q_slope = slope(VALLEY, w, alpha, alpha)
    # rounding of the losses, divided by the step over which they are compared
    scale = g2 * (1 + np.abs(r)) + VALLEY.loss(w) / alpha
    off = np.abs(q_slope - g2 * (2 * r - 1)) / scale
    return Measured(
        f"largest difference {'below 1e-9' if off.max() < 1e-9 else f'{off.max():.0e}'}",
        agrees(off.max() < 1e-9),
        "q'(t) = −‖g‖² + 2 e_k t/α², which at t = α is ‖g‖² (2r − 1).",
    )


@claim(
    "yao-lossgrad-factor",
    where="Section 2.4",
    statement="The factor of increase and decrease requires tuning.",
    rule="over factors from 1.01 to 2 the worst median iteration count to error 1e-6 is more than "
    "twice the best, on the bowl or on a logistic regression",
    methods=("LossGrad",),
)
def _():
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
    return Measured(
        "; ".join(words),
        agrees(max(spread) > 2),
        "It sets how fast the step size finds its place, and how far it swings when it has.",
    )
