"""Claims about convergence rates (Yao, Section 2.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from experiments import bounds
from experiments.arrival import until
from experiments.papers import chain
from stepsize import theory
from stepsize.checks import check, nonnegative
from stepsize.methods import GradientDescent, HeavyBall, Nesterov
from stepsize.methods.arithmetic import inner, ratio
from stepsize.objectives import Objective, logistic_regression, quadratic
from stepsize.runs import minimize

CONDITIONS = (10.0, 100.0, 1000.0, 10_000.0)
LEVEL = 1e-6  # of the starting error
ROUNDING = 1e-13  # in losses near one


# ---- two methods that this chapter needs -------------------------------------------------------


@dataclass(frozen=True)
class ConjugateGradients:
    """Conjugate gradients (Hestenes and Stiefel 1952), for quadratics.

    A gradient a trial step away from the start tells the curvature along a direction, so a step
    costs one gradient, and the first one more. Every step is a combination of gradients seen.
    """

    class State(NamedTuple):
        step_size: np.ndarray
        start: np.ndarray
        first: np.ndarray | None = None  # the gradient there
        gradient: np.ndarray | None = None
        direction: np.ndarray | None = None

    def init(self, w):
        return self.State(np.full_like(w, np.nan), start=w.copy())

    def step(self, w, state, oracle):
        if state.first is None:
            g = oracle.grad(w).copy()
            state = state._replace(first=g, gradient=g, direction=-g)
        g, p = state.gradient, state.direction
        bend = oracle.grad(state.start + p) - state.first  # Q p
        alpha = ratio(inner(g, g), inner(p, bend))
        g_next = g + alpha * bend
        p_next = ratio(inner(g_next, g_next), inner(g, g)) * p - g_next
        state = state._replace(
            step_size=alpha + np.zeros_like(w), gradient=g_next, direction=p_next
        )
        return w + alpha * p, state


@dataclass(frozen=True)
class LocallyNormalized:
    """Gradient descent whose step size is one over the local smoothness (Mei et al. 2021).

    ``smoothness(w, g, oracle)`` gives it for each run.
    """

    smoothness: Callable
    scale: float = 1.0

    class State(NamedTuple):
        step_size: np.ndarray

    def __post_init__(self):
        check(self, scale=nonnegative)

    def init(self, w):
        return self.State(np.full_like(w, np.nan))

    def step(self, w, state, oracle):
        g = oracle.grad(w)
        alpha = self.scale * ratio(1.0, self.smoothness(w, g, oracle))
        return w - alpha * g, self.State(alpha + np.zeros_like(w))


# ---- losses ------------------------------------------------------------------------------------


class Problem(NamedTuple):
    """A loss with what is known of it, and starts of shape (d, runs)."""

    objective: Objective
    mu: float
    L: float
    starts: np.ndarray


# |w| with a round bottom: slope at most one, curvature at most one
HUBER = Objective(
    lambda w: np.where(np.abs(w) < 1, w * w / 2, np.abs(w) - 0.5).sum(axis=0),
    lambda w: np.clip(w, -1, 1),
    minimizer=[0.0],
)

# not convex, but PL and 8-smooth (Karimi et al. 2016; their mu is 1/32)
HILLY = Objective(
    lambda w: (w * w + 3 * np.sin(w) ** 2).sum(axis=0),
    lambda w: 2 * w + 3 * np.sin(2 * w),
    minimizer=[0.0],
)
HILLY_MU, HILLY_L = 0.175, 8.0

# curvature 25, but 1 between 1 and 2 (Lessard et al. 2016)
BENT = Objective(
    lambda w: np.select(
        [w < 1, w < 2],
        [12.5 * w * w, w * w / 2 + 24 * w - 12],
        12.5 * w * w - 24 * w + 36,
    ).sum(axis=0),
    lambda w: np.select([w < 1, w < 2], [25 * w, w + 24], 25 * w - 24),
    minimizer=[0.0],
)

QUARTIC = Objective(
    lambda w: ((w * w) ** 2).sum(axis=0),
    lambda w: 4 * w * w * w,
    minimizer=np.zeros(10),
    curvature=lambda w: 12 * w * w,
)

REWARDS = np.array([1.0, 0.8, 0.0])


def policy(w):
    """Softmax."""
    z = np.exp(w - w.max(axis=0))
    return z / z.sum(axis=0)


def _bandit():
    """What a softmax policy over three arms earns less than the best arm; not convex."""

    def loss(w):
        lost = 1 - REWARDS.reshape(-1, *[1] * (w.ndim - 1))
        return (policy(w) * lost).sum(axis=0)

    def grad(w):
        p = policy(w)
        r = REWARDS.reshape(-1, *[1] * (w.ndim - 1))
        return -p * (r - (p * r).sum(axis=0))

    return Objective(loss, grad, minimum=0.0, dim=3)


BANDIT = _bandit()


def log_bowl(condition, d=20):
    """A bowl with curvatures spread evenly in their logarithm between 1 and ``condition``."""
    return quadratic(np.geomspace(1.0, condition, d))


def _logistic(l2):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(60, 4))
    y = (X @ [2.0, -1.0, 0.5, 0.0] + rng.logistic(size=60) > 0).astype(int)
    L = np.linalg.eigvalsh(X.T @ X / len(X)).max() / 4 + l2
    return Problem(logistic_regression(X, y, l2), l2, L, 3 * rng.normal(size=(4, 20)))


@cache
def strongly_convex():
    """Smooth and strongly convex losses, by name."""
    starts = 3 * np.random.default_rng(1).normal(size=(20, 20))
    starts[1:, 0] = 0.0  # along the flattest direction
    return {
        "bowl": Problem(log_bowl(100.0), 1.0, 100.0, starts),
        "logistic with penalty": _logistic(0.01),
        "bent": Problem(BENT, 1.0, 25.0, np.linspace(-5, 5, 101)[None]),
    }


@cache
def convex():
    """Smooth convex losses."""
    return {
        "Huber": Problem(HUBER, 0.0, 1.0, np.array([[0.5, 2.0, 10.0, 100.0]])),
        "logistic": _logistic(0.0),
        "chain": Problem(chain(*SMOOTH_CHAIN)[0], 0.0, 1.0, np.zeros((601, 1))),
        **strongly_convex(),
    }


@cache
def polyak_lojasiewicz():
    """Smooth losses that obey the PL condition."""
    hilly = Problem(HILLY, HILLY_MU, HILLY_L, np.linspace(-10, 10, 201)[None])
    return {**strongly_convex(), "hilly": hilly}


# ---- runs --------------------------------------------------------------------------------------


def parameters(mu, L):
    """Each method with its constants for a mu-strongly convex, L-smooth loss."""
    return {
        "GD, 1/L": GradientDescent(1 / L),
        "GD, best": GradientDescent(theory.best_gradient_descent(mu, L)),
        "Nesterov": Nesterov(*theory.nesterov_parameters(mu, L)),
        "heavy ball": HeavyBall(*theory.best_heavy_ball(mu, L)),
    }


def rates(mu, L):
    """What theory says of each: the factor of the distance an iteration on quadratics."""
    root = np.sqrt(mu / L)
    return {
        "GD, 1/L": 1 - mu / L,
        "GD, best": (L - mu) / (L + mu),
        "Nesterov": 1 - root,
        "heavy ball": bounds.first_order_limit(mu, L),
    }


def needed(rate, level=LEVEL):
    """Iterations until a geometric sequence of that rate is at the level."""
    return np.log(level) / np.log(rate)


@cache
def evaluations(name, condition, runs=10):
    """Gradient evaluations to 1e-6 of the starting error on a bowl, per random start."""
    method = parameters(1.0, condition)[name]
    starts = np.random.default_rng(0).normal(size=(20, runs))
    polynomial = 1.0 if name.startswith("GD") else 1.5  # double roots add a factor like k
    limit = int(polynomial * needed(rates(1.0, condition)[name])) + 20
    every = max(1, limit // 1000)
    trace = minimize(method, log_bowl(condition), starts, iterations=limit, record=every)
    return until(trace, LEVEL * trace.error[0]).astype(int)


@cache
def accelerated(name, schedule="constant", iterations=300):
    """A run of Nesterov on a problem, and the losses f(y_k) above the minimum."""
    p = convex()[name]
    momentum = "increasing"
    if schedule == "constant":
        momentum = theory.nesterov_parameters(p.mu, p.L)[1]
    trace = minimize(Nesterov(1 / p.L, momentum), p.objective, p.starts, iterations=iterations)
    return trace, gaps_after_gradient_step(trace)


def gaps_after_gradient_step(trace):
    """f(y_k) - f*: Nesterov's iterates are x_k, and y_{k+1} is a gradient step from x_k."""
    x = np.moveaxis(trace.w[:-1], 0, 1)
    y = x - trace.method.step_size * trace.objective.grad(x)
    losses = np.concatenate([trace.loss[:1], trace.objective.loss(y)])
    return losses - trace.objective.minimum


CHAIN = 200, 1.0, 100.0  # weights, mu and L: q^200 is below rounding, so it is nearly endless
SMOOTH_CHAIN = 601, 0.0, 1.0


@cache
def on_chain(method, size=CHAIN, iterations=150):
    """A method on Nesterov's chain, from the origin."""
    return minimize(method, chain(*size)[0], np.zeros(size[0]), iterations=iterations)


CYCLE = np.array([792, -2208, 2592]) / 1225  # of heavy ball with p = 4/9 and step size 1/9


@cache
def cycling():
    """Heavy ball at its best parameters for curvatures 1 to 25, on a loss that has no others."""
    method = HeavyBall(*theory.best_heavy_ball(1.0, 25.0))
    return minimize(method, BENT, np.linspace(-5, 5, 1001)[None], iterations=300, record=None)


def steepest(w, g, oracle):
    """Local smoothness of a loss whose Hessian is diagonal and shrinks along the step."""
    return oracle.curvature(w).max(axis=0)


def six_gradients(w, g, oracle):
    """Local smoothness of the bandit over a step, as multiple of the gradient's length."""
    return 6 * np.sqrt(inner(g, g))


BANDIT_L = 2.5  # softmax policies with rewards in [0, 1] are 5/2-smooth
STEPS = {
    "quartic": np.array([0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.45, 0.49, 0.55, 0.6]),
    "bandit": np.array([1 / BANDIT_L, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 1000.0]),
}


@cache
def starts_of(name, runs=50):
    """Random starts of shape (d, runs) on the quartic or the bandit."""
    rng = np.random.default_rng(0)
    return rng.uniform(-1, 1, (10, runs)) if name == "quartic" else 2 * rng.normal(size=(3, runs))


@cache
def non_uniform(name, method, iterations=1000):
    """A method on the quartic or the bandit from 50 random starts."""
    objective = {"quartic": QUARTIC, "bandit": BANDIT}[name]
    return minimize(method, objective, starts_of(name), iterations=iterations)


def increasing_schedule(step_size):
    return Nesterov(step_size, "increasing")


@cache
def tuned(name, method_of):
    """The constant step size of the grid with the least 90 percent quantile of the final loss.

    Returns it and the losses of its runs, shape (n + 1, runs).
    """
    objective = {"quartic": QUARTIC, "bandit": BANDIT}[name]
    starts = starts_of(name)[:, None]
    trace = minimize(method_of(STEPS[name][:, None]), objective, starts, iterations=1000)
    ends = np.nan_to_num(trace.loss[-1], nan=np.inf)
    best = np.quantile(ends, 0.9, axis=1, method="higher").argmin()
    return float(STEPS[name][best]), trace.loss[:, best]


def small(x, level=1e-8):
    """A number in words that rounding does not change."""
    return f"{x:.0e}" if x > level else f"less than {level:.0e}".replace("e-0", "e-")


def exponent(losses, first=100, last=1000):
    """p of a loss that falls like k^-p, from the median run."""
    a, b = np.median(losses[first]), np.median(losses[last])
    return float(np.log(a / b) / np.log(last / first))


# ---- the definitions ---------------------------------------------------------------------------


def yao_rates_smoothness():
    steps = np.geomspace(1e-3, 1.0, 7)[:, None]
    starts = np.broadcast_to(np.linspace(0.9, 2.1, 7), (1, 1, 7))
    kink = Objective(
        lambda w: (np.abs(w) + w * w / 2).sum(axis=0),
        lambda w: np.sign(w) + w,
        minimizer=[0.0],
    )
    rounded = Objective(
        lambda w: HUBER.loss(10 * w) / 10 + (w * w / 2).sum(axis=0),
        lambda w: HUBER.grad(10 * w) + w,
        minimizer=[0.0],
    )
    # at two times: an iterate may pass close by and leave again
    ends = [
        minimize(GradientDescent(steps), f, starts, iterations=4000, record=3901).error[-2:]
        for f in (kink, rounded)
    ]
    stalled = (ends[0].max(axis=(0, 2)) / steps[:, 0]).min()
    best = ends[1].max(axis=(0, 2)).min()
    return stalled > 0.1 and best < 1e-8, (
        f"with the kink the farthest start ends at least {stalled:.2f} step sizes away; "
        f"rounded off, the best step size ends {small(best)} away"
    )


def yao_rates_pl():
    least = {name: least_pl(p) for name, p in polyak_lojasiewicz().items()}
    return all(least[name] >= 1 - 1e-6 for name in strongly_convex()), (
        "|f'|^2 over 2 mu (f - f*) at least "
        + ", ".join(f"{v:.2f} ({n})" for n, v in least.items())
    )


def least_pl(problem, points=20_000, radius=10.0):
    """The least |f'|^2 / (2 mu (f - f*)) over random points about the minimizer."""
    f, rng = problem.objective, np.random.default_rng(2)
    direction = rng.normal(size=(f.dim, points))
    direction[1:, : points // 2] = 0.0  # half of them along the first weight, a bowl's flattest
    away = radius * rng.uniform(size=points) / np.sqrt(inner(direction, direction))
    w = f.minimizer[:, None] + direction * away
    g = f.grad(w)
    return float((inner(g, g) / (2 * problem.mu * (f.loss(w) - f.minimum))).min())


# ---- gradient descent --------------------------------------------------------------------------


def yao_rates_gradient_norm():
    printed, repaired = gradient_norms()
    far = huber_stays(1000)
    return (max(printed, 1000 * far) <= 1, repaired <= 1 + 1e-9), (
        f"up to {printed:,.0f} times 1/k; at most {repaired:.2f} times 2L(f(w_0) - f*)/k; on "
        f"Huber's loss from w_0 = 1001 the squared gradient is {far:g} for 1,000 iterations"
    )


@cache
def gradient_norms(iterations=300):
    """The largest least |f'|^2 so far over 1/k and over 2L(f(w_0) - f*)/k."""
    printed = repaired = 0.0
    for p in {**convex(), **polyak_lojasiewicz()}.values():
        t = minimize(GradientDescent(1 / p.L), p.objective, p.starts, iterations=iterations)
        g = p.objective.grad(np.moveaxis(t.w[:-1], 0, 1))
        least = np.minimum.accumulate(inner(g, g), axis=0)
        times_k = (least * np.arange(1, iterations + 1)[:, None]).max(axis=0)
        allowed = 2 * p.L * (t.loss[0] - p.objective.minimum)
        printed = max(printed, times_k.max())
        repaired = max(repaired, ratio(times_k, allowed).max())
    return float(printed), float(repaired)


def huber_stays(k):
    """The least squared gradient of k iterations of GD on Huber's loss from k + 1."""
    t = minimize(GradientDescent(1.0), HUBER, [k + 1.0], iterations=k)
    return float((HUBER.grad(t.w.T) ** 2).min())


def yao_rates_gd_step():
    worst = {name: slowest_step(p) for name, p in polyak_lojasiewicz().items()}
    return min(worst.values()) >= 1 - 1e-6, (
        "least digits a step, in those of 1 - mu/L: "
        + ", ".join(f"{digits:.2f} ({name})" for name, digits in worst.items())
    )


def slowest_step(problem, iterations=300):
    """The least log of f - f* that a step gains, over log(1 - mu/L)."""
    f = problem.objective
    t = minimize(GradientDescent(1 / problem.L), f, problem.starts, iterations=iterations)
    gap = t.loss - f.minimum
    seen = gap[:-1] > 1e-6  # rounding is far below
    factor = np.where(seen, gap[1:] / np.where(seen, gap[:-1], 1), 0)
    return float(np.log(factor.max()) / np.log(1 - problem.mu / problem.L))


def yao_rates_gd_linear():
    digits = {"1/L": [], "2/(L + mu)": []}
    for c in CONDITIONS[:3]:
        steps = np.array([1 / c, theory.best_gradient_descent(1.0, c)])
        first, last = int(4 * c), int(6 * c)
        trace = minimize(
            GradientDescent(steps), log_bowl(c), np.ones(20), iterations=last, record=first // 2
        )
        rate = (trace.loss[-1] / trace.loss[-2]) ** (1 / np.diff(trace.iterations)[-1])
        for shares, r in zip(digits.values(), rate, strict=True):
            shares.append(float(np.log(r) / np.log(1 - 1 / c)))
    shares = digits["1/L"]
    return (all(abs(s - 1) < 0.1 for s in shares), min(shares) > 1), (
        "digits of the loss in those of 1 - mu/L: "
        + ", ".join(f"{min(v):.2f} to {max(v):.2f} with {step}" for step, v in digits.items())
    )


# ---- Nesterov's accelerated gradient -----------------------------------------------------------


def yao_rates_agd_faster():
    times = {
        c: np.median(evaluations("GD, best", c)) / np.median(evaluations("Nesterov", c))
        for c in CONDITIONS
    }
    faster = all(
        (evaluations("Nesterov", c) < evaluations("GD, best", c)).all() for c in CONDITIONS
    )
    return faster, ", ".join(f"{t:.1f} times fewer at {c:g}" for c, t in times.items())


def yao_rates_agd_convex():
    worst = {name: convex_share(name)[0] for name in convex()}
    gd = on_chain(GradientDescent(1.0), SMOOTH_CHAIN, 300)
    bound = bounds.nesterov_bound(gd.iterations, 1.0, gd.error[0])
    late = float((gd.loss / bound)[-1])
    return max(worst.values()) <= 1 and late > 1, (
        f"at most {max(worst.values()):.2f} of the bound (loss: {max(worst, key=worst.get)}); "
        f"GD on the chain {late:.1f} times the bound after 300 steps"
    )


@cache
def convex_share(name):
    """The largest f(y_k) - f* over Nesterov's bound, and over 2L/k^2, for k >= 1."""
    p = convex()[name]
    trace, gaps = accelerated(name, "increasing")
    gaps = gaps - ROUNDING * np.maximum(1, np.abs(p.objective.minimum))
    k = trace.iterations[1:, None]
    bound = bounds.nesterov_bound(k, p.L, trace.error[0])
    return float(ratio(gaps[1:], bound).max()), float((gaps[1:] * k**2 / (2 * p.L)).max())


def yao_rates_agd_constant():
    worst = {name: convex_share(name) for name in convex()}
    printed = max(p for _, p in worst.values())
    return (printed <= 1, max(b for b, _ in worst.values()) <= 1), (
        f"up to {printed:,.0f} times 2L/k^2"
    )


def yao_rates_agd_strong():
    shares = {name: least_constant(name) for name in strongly_convex()}
    return max(shares.values()) <= 1, (
        "least C_0 that would do, in units of mu/2: "
        + ", ".join(f"{c:.2f} ({name})" for name, c in shares.items())
    )


def least_constant(name):
    """The least C_0 / (mu / 2) >= 0 with which the linear bound holds on the runs of a problem."""
    p = convex()[name]
    trace, gaps = accelerated(name)
    k = trace.iterations[:, None]
    power = (1 - np.sqrt(p.mu / p.L)) ** k
    need = (gaps - ROUNDING) / power - (trace.loss[0] - p.objective.minimum)
    return max(0.0, float(ratio(need, p.mu / 2 * trace.error[0] ** 2 + 0 * need).max()))


def yao_rates_constant_momentum():
    apart, better = 0.0, 0.0
    momentum = np.linspace(0, 0.9999, 20_001)
    for c in CONDITIONS:
        curvature = np.geomspace(1, c, 50)[:, None]
        rate = theory.nesterov_rate(curvature, *theory.nesterov_parameters(1.0, c)).max()
        apart = max(apart, abs(rate - (1 - c**-0.5)))
        others = theory.nesterov_rate(curvature[:1], 1 / c, momentum).min()
        better = max(better, rate - others)
    return apart < 1e-6 and better < 1e-6, (
        f"the rate is off by {small(apart, 1e-6)}, and none of 20,001 others is better by more"
    )


def yao_rates_recurrent_schedule():
    ends = []
    for c in CONDITIONS:
        target = theory.nesterov_parameters(1.0, c)[1]
        at, from_one, from_small = (recurrent(a, 1 / c) for a in (c**-0.5, 0.99, 1.1 / c))
        ends.append(
            [abs(at - target).max(), abs(from_one[-1] - target), abs(from_small[-1] - target)]
        )
    stays, *tends = np.max(ends, axis=0)
    return stays < 1e-12 and max(tends) < 1e-9, (
        f"departs by {small(stays, 1e-12)}; from other starts {small(max(tends), 1e-9)} away after "
        "3,000 steps"
    )


def recurrent(a, q, steps=3000):
    """Momenta of Nesterov's recurrence a'^2 = (1 - a') a^2 + q a', from a, with q = mu/L."""
    momenta = np.empty(steps)
    for i in range(steps):
        b = a * a - q
        after = (np.sqrt(b * b + 4 * a * a) - b) / 2
        momenta[i] = a * (1 - a) / (a * a + after)
        a = after
    return momenta


def yao_rates_needs_constants():
    lost = {guess: wrong_mu(guess, 1e4) for guess in (0.1, 10.0)}
    _, momentum = theory.nesterov_parameters(1.0, 1e4)
    rises = theory.nesterov_rate(1e4, 3 / 1e4, momentum)
    return all(t > 1 for t in lost.values()) and rises > 1, (
        "at condition number 10^4, iterations in those of the bound: "
        + ", ".join(f"{t:.1f} (mu times {g:g})" for g, t in lost.items())
        + f"; L a third: {rises:.2f} an iteration; with the right ones "
        f"{wrong_mu(1.0, 1e4):.2f} on a bowl"
    )


def wrong_mu(guess, condition):
    """Iterations for a factor of f - f* in those of 1 - sqrt(mu/L), if mu is taken for guess."""
    curvature = np.geomspace(1, condition, 200)
    _, momentum = theory.nesterov_parameters(guess, condition)
    rate = theory.nesterov_rate(curvature, 1 / condition, momentum).max()
    return float(np.log(1 - condition**-0.5) / np.log(rate**2))


# ---- the limit ---------------------------------------------------------------------------------


def yao_rates_lower_bound():
    mu, L = CHAIN[1:]
    printed = 1 - np.sqrt(mu / L)
    rate, loss_rate = {}, {}
    for name, method in chain_methods().items():
        t = on_chain(method)
        rate[name] = float((t.error[50] / t.error[0]) ** (1 / 50))
        loss_rate[name] = float((t.loss[50] / t.loss[0]) ** (1 / 50))
    _, distance, _ = chain(*CHAIN)
    least = float((distance[50] / distance[0]) ** (1 / 50))
    return (min(rate.values()) >= printed, min(loss_rate.values()) >= printed), (
        f"limit {printed:.3f}; distance: "
        + ", ".join(f"{r:.3f} ({n})" for n, r in rate.items())
        + f"; least possible {least:.3f}. Loss: "
        + ", ".join(f"{r:.3f} ({n})" for n, r in loss_rate.items())
    )


def chain_methods():
    """Span methods that know mu and L, and conjugate gradients, which need neither."""
    mu, L = CHAIN[1:]
    names = ("GD, best", "Nesterov", "heavy ball")
    known = {name: parameters(mu, L)[name] for name in names}
    return {**known, "conjugate gradients": ConjugateGradients()}


def yao_rates_tight():
    times = {
        c: needed(1 - c**-0.5) / needed(bounds.first_order_limit(1.0, c) ** 2) for c in CONDITIONS
    }
    return (all(t < 1.1 for t in times.values()), max(times.values()) <= 4), (
        ", ".join(f"{t:.2f} times at {c:g}" for c, t in times.items())
    )


def yao_rates_dimension():
    steps = {d: cg_steps(d) for d in (2, 5)}
    at_rate = needed(1 - 1000**-0.5)
    return steps[2] >= at_rate, (
        "steps to 1e-6 of the error: "
        + ", ".join(f"{n} (d = {d})" for d, n in steps.items())
        + f"; by that rate {at_rate:.0f}"
    )


def cg_steps(d, condition=1000.0):
    """The most steps to 1e-6 of the error that conjugate gradients need from ten starts."""
    starts = np.random.default_rng(0).normal(size=(d, 10))
    t = minimize(ConjugateGradients(), log_bowl(condition, d), starts, iterations=60)
    return int((t.error > LEVEL * t.error[0]).sum(axis=0).max())


# ---- beyond the textbook -----------------------------------------------------------------------


def yao_rates_heavy_ball():
    end = cycling()
    lost = end.error[-1] > 0.1
    nesterov = accelerated("bent")[1][-1].max()
    # iterations on bowls in those that the printed rate promises
    share = [
        float(np.median(evaluations("heavy ball", c))) / needed(1 - c**-0.5) for c in CONDITIONS
    ]
    return (max(share) <= 1 and not lost.any(), max(share) <= 1), (
        f"bowls: {min(share):.2f} to {max(share):.2f} of the promised iterations; beyond, "
        f"from {lost.mean():.0%} of 1,001 starts it circles through "
        + ", ".join(f"{x:.2f}" for x in CYCLE)
        + f" for ever; Nesterov's loss ends {small(nesterov, 1e-20)} above zero"
    )


def yao_rates_local():
    quartic = non_uniform("quartic", LocallyNormalized(steepest), 150)
    bandit = non_uniform("bandit", LocallyNormalized(six_gradients))
    factors = [
        float((t.loss[last] / t.loss[first]).max() ** (1 / (last - first)))
        for t, first, last in ((quartic, 50, 150), (bandit, 500, 1000))
    ]
    powers = [exponent(tuned(name, GradientDescent)[1]) for name in STEPS]
    accelerated_power = exponent(tuned("quartic", increasing_schedule)[1])
    return max(factors) < 0.99 and max(powers) < 2.1, (
        f"factors {factors[0]:.3f} and {factors[1]:.3f} an iteration at worst; tuned GD "
        + " and ".join(f"k^-{p:.1f}" for p in powers)
        + f", Nesterov on the quartic k^-{accelerated_power:.1f}"
    )
