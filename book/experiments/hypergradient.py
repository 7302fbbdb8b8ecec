"""Claims about hypergradient descent (Yao, Section 2.7), and the runs of its chapter."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from experiments.arrival import until
from experiments.minibatches import data
from experiments.papers import BOWL_START, FLIPPING, VALLEY, VALLEY_START
from stepsize.methods import IDBD, AdamHD, GradientDescent, HypergradientDescent
from stepsize.objectives import quadratic
from stepsize.runs import minimize, track
from stepsize.streams import LinearSample, RateTracking
from stepsize.theory import kalman_gain

SEEDS = 10  # of the streams
DATA_SETS = 8
DECAYS = (0.0, 0.5, 0.9, 0.99)  # of the trace; 0 is the latest gradient alone
BOWL = quadratic([100.0, 1.0], minimizer=[1.0, 1.0], rotation=0.5)
CONDITIONS = (10, 100, 1000)
META_STEPS = 10.0 ** np.arange(-2.5, 0, 0.5)  # of the multiplicative rule, on bowls
ADDITIVE_STEPS = 10.0 ** np.arange(-9, -2, 0.5)  # of the additive rule, likewise
SETTLE = RateTracking(drift=(0.5, 0.5))


# ---- deterministic problems ----------------------------------------------------------------------


def on_bowl(method, iterations=500, **kwargs):
    return minimize(method, BOWL, BOWL_START, iterations=iterations, **kwargs)


def in_valley(method, iterations=1000, **kwargs):
    return minimize(method, VALLEY, VALLEY_START, iterations=iterations, **kwargs)


STEPS = {on_bowl: np.geomspace(2e-4, 0.03, 60), in_valley: np.geomspace(2e-5, 3e-3, 60)}
"""Constant step sizes from which gradient descent is tuned."""


def best(error):
    """The place of the least error, counting what has overflowed as infinite."""
    return int(np.nan_to_num(error, nan=np.inf).argmin())


@cache
def tuned(run):
    """Gradient descent, additive and multiplicative HD, each at its best setting of a problem.

    HD begins at a tenth of the tuned constant step size.
    """
    a = STEPS[run]
    descent = GradientDescent(a[best(run(GradientDescent(a), record=None).error[-1])])
    found = [descent]
    for multiplicative, grid in ((False, ADDITIVE_STEPS), (True, META_STEPS)):
        first = descent.step_size / 10
        sweep = HypergradientDescent(first, grid, multiplicative=multiplicative)
        eta = grid[best(run(sweep, record=None).error[-1])]
        found.append(HypergradientDescent(first, eta, multiplicative=multiplicative))
    return tuple(found)


@cache
def evaluations(condition, turned=True, dim=10, level=1e-6, starts=5):
    """Gradients until the error is a millionth, from random starts: medians by method.

    Bowls whose curvatures are spaced evenly in their logarithm, at random angles or along the
    axes. Gradient descent has its best step size; HD begins at a tenth of it, with its best meta
    step size of the grid.
    """
    rng, curvature = np.random.default_rng(0), np.geomspace(1, condition, dim)
    axes = np.linalg.qr(rng.standard_normal((dim, dim)))[0]
    bowl = quadratic((axes * curvature) @ axes.T if turned else curvature, minimizer=np.ones(dim))
    w0 = 1 + rng.standard_normal((dim, starts))
    step = 2 / (1 + condition)

    def needed(method, w0):
        trace = minimize(method, bowl, w0, iterations=7 * condition)
        return np.median(until(trace, level * trace.error[0]), axis=-1).min()

    return {
        "GD": needed(GradientDescent(step), w0),
        "HD": needed(
            HypergradientDescent(step / 10, META_STEPS[:, None], multiplicative=True),
            w0[:, None],
        ),
    }


@cache
def derivatives(objective, start, step_size, iterations):
    """The derivative of f(w_k) by a step size that all steps share, and HD's one-step one."""
    trace = minimize(GradientDescent(step_size), objective, start, iterations=iterations)
    h, total, one = np.zeros(len(start)), [], []
    for w, after in pairwise(trace.w):
        g, g_after = objective.grad(w), objective.grad(after)
        shift = 1e-6 * h  # a difference quotient serves where the Hessian is not at hand
        turned = (objective.grad(w + shift) - objective.grad(w - shift)) / 2e-6
        h = h - step_size * turned - g
        total.append(g_after @ h)
        one.append(-(g_after @ g))
    return np.array(total), np.array(one)


# ---- noisy problems ------------------------------------------------------------------------------


def flipping(method, examples=4000):
    """Mean squared error over the second half of Sutton's stream, (*settings, seeds)."""
    return track(method, FLIPPING, examples, runs=SEEDS).mse(examples // 2)


def on_batches(kind, method, steps=300):
    """Loss above its minimum, mean over the second half of the steps, (*settings, seeds)."""
    gaps = []
    for seed in range(DATA_SETS):
        objective = data(kind, seed)
        trace = track(method, objective.batches(10, seed), steps, w0=np.zeros(10), record=10)
        w = np.moveaxis(trace.w[len(trace.w) // 2 :], 1, 0)
        with np.errstate(all="ignore"):
            gaps.append((objective.loss(w) - objective.minimum).mean(axis=0).squeeze(-1))
    return np.moveaxis(gaps, 0, -1)


def regression(method):
    return on_batches("least squares, noisy", method)


def classification(method):
    return on_batches("logistic, overlapping", method)


class Noisy(NamedTuple):
    """How a noisy problem is swept."""

    name: str
    step_sizes: np.ndarray  # from which the constant is tuned
    meta_step_sizes: np.ndarray  # of the additive rule, over 1 - decay: the trace is an average
    slack: float  # a result up to so many times the tuned constant's counts as good


NOISY = {
    flipping: Noisy(
        "flipping weights", np.geomspace(1e-3, 0.1, 17), 10.0 ** np.arange(-7, -2.9, 0.5), 1.1
    ),
    regression: Noisy(
        "least squares", np.geomspace(2e-3, 1, 17), 10.0 ** np.arange(-4, 0.1, 0.5), 3
    ),
    classification: Noisy(
        "logistic", np.geomspace(2e-2, 10, 17), 10.0 ** np.arange(-3, 1.1, 0.5), 3
    ),
}
NOISY_META_STEPS = 10.0 ** np.arange(-4, -0.4, 0.5)  # of the multiplicative rule


@cache
def constants(run):
    """The tuned constant step size, and its results by seed."""
    steps = NOISY[run].step_sizes
    results = run(GradientDescent(steps[:, None]))
    at = best(np.median(results, axis=-1))
    return steps[at], results[at]


@cache
def sweep(run, multiplicative):
    """Meta step sizes, and the results of HD with each: (meta step sizes, decays, seeds)."""
    grid, decays = (
        (NOISY_META_STEPS if multiplicative else NOISY[run].meta_step_sizes),
        np.array(DECAYS),
    )
    eta = grid[:, None] * (1 - decays * (not multiplicative))
    method = HypergradientDescent(
        constants(run)[0] / 10,
        eta[..., None],
        trace_decay=np.broadcast_to(decays, eta.shape)[..., None],
        multiplicative=multiplicative,
    )
    return grid, run(method)


@cache
def idbd_flipping():
    """IDBD on the flipping weights: meta step sizes, and results by seed."""
    grid = 10.0 ** np.arange(-4, -1.4, 0.5)
    return grid, flipping(IDBD(0.05, grid[:, None]))


def as_good(run, multiplicative):
    """For each decay: how many meta step sizes do about as well as the tuned constant (within
    the problem's slack), and the best of them in units of its result."""
    limit = np.median(constants(run)[1])
    middle = np.nan_to_num(np.median(sweep(run, multiplicative)[1], axis=-1), nan=np.inf)
    return (middle <= NOISY[run].slack * limit).sum(axis=0), middle.min(axis=0) / limit


@cache
def settled(drift, examples=6000):
    """The average step size of the second half, by trace decay (0 and 0.9) and seed."""
    decays = np.array([[0.0], [0.9]])
    method = HypergradientDescent(0.05, 1e-3 * (1 - decays), trace_decay=decays)
    stream = RateTracking(drift=(drift, drift))
    trace = track(method, stream, examples, runs=SEEDS, record=20)
    half = len(trace.examples) // 2
    return trace.step_size[half:, 0].mean(axis=0)


@cache
def one_weight(examples=2000):
    """How far HD's step sizes stay from IDBD's with one weight: median distance of logarithms,
    by multiplicative, decay and meta step size."""
    idbd = track(IDBD(0.05, 1e-3), SETTLE, examples, record=1).step_size[1:]
    decays = np.array(DECAYS)[:, None]
    far = {}
    for multiplicative, grid in (
        (False, 10.0 ** np.arange(-7, -3, 0.25)),
        (True, 10.0 ** np.arange(-5, -1, 0.25)),
    ):
        method = HypergradientDescent(
            0.05,
            grid + 0 * decays,
            trace_decay=decays + 0 * grid,
            multiplicative=multiplicative,
        )
        steps = track(method, SETTLE, examples, record=1).step_size[1:, 0]
        with np.errstate(all="ignore"):
            far[multiplicative] = np.median(np.abs(np.log(steps / idbd[..., None])), axis=0)
    return far


# ---- claims --------------------------------------------------------------------------------------


def off_from_slope(steps):
    """How far HD's changes in the valley are, at most, from minus eta times the loss's derivative
    by the step size of the last update: in units of eta times the squared gradient."""
    eta, worst, h = 1e-8, 0.0, 1e-7
    trace = in_valley(HypergradientDescent(1e-4, eta), iterations=steps + 1)
    for k in range(1, steps + 1):
        w, alpha = trace.w[k - 1], trace.step_size[k, 0]
        g = VALLEY.grad(w)
        slope = (VALLEY.loss(w - (alpha + h) * g) - VALLEY.loss(w - (alpha - h) * g)) / (2 * h)
        change = trace.step_size[k + 1, 0] - alpha
        worst = max(worst, abs(change + eta * slope) / (eta * g @ g))
    return worst


def yao_hd_derivative():
    off = off_from_slope(99)
    return off < 1e-6, (
        f"equal to within {1e-6:g} of eta times the squared gradient, 99 steps in the valley"
        if off < 1e-6
        else f"off by up to {off:.1e} of eta times the squared gradient"
    )


def yao_hd_one_step():
    total, one = derivatives(BOWL, BOWL_START, 0.005, 40)
    ratio = total / one
    long, short = derivatives(VALLEY, VALLEY_START, 0.001, 500)
    share = (np.sign(long) == np.sign(short)).mean()
    k = np.arange(1, 41)
    grows = np.allclose(ratio, k, rtol=1e-4)
    return (np.allclose(ratio, 1), grows and share == 1), (
        f"on a bowl the whole derivative is {ratio[0]:.0f}, {ratio[1]:.0f}, ..., {ratio[-1]:.0f} "
        f"times the one-step one; in the valley the signs agree in {share:.0%} of 500 steps"
    )


def yao_hd_acute():
    right, obtuse, total = 0, 0, 0
    for method in tuned(on_bowl)[1:]:
        trace = on_bowl(method, iterations=200)
        g = BOWL.grad(trace.w[:200].T)
        product, change = (g[:, 1:] * g[:, :-1]).sum(axis=0), np.diff(trace.step_size[1:, 0])
        right += (np.sign(change) == np.sign(product)).sum()
        obtuse += (product < 0).sum()
        total += len(product)
    return right == total and obtuse > 0, (
        f"{right} of {total} steps, {obtuse} of them after an obtuse angle"
    )


def yao_hd_same_side():
    bowl = quadratic([1.0], minimizer=[1.0])
    eta = np.array([0.1, 0.3, 0.5, 2.0])
    trace = minimize(HypergradientDescent(0.1, eta), bowl, [[2.0]], iterations=200)
    e, change = trace.w[:, 0] - 1, np.diff(trace.step_size[1:, 0], axis=0)
    same = e[1:-1] * e[:-2]
    seen = np.abs(eta * same) > 1e-14  # below, the change is lost in rounding
    rule = (np.sign(change) == np.sign(same))[seen].all()
    crosses = (same < 0).any(axis=0)
    return (rule and crosses.all(), rule), (
        "; ".join(
            f"eta {a:g}: " + ("overshoots" if c else f"never, alpha stops at {s:.2f}")
            for a, c, s in zip(eta, crosses, trace.step_size[-1, 0])
        )
    )


def yao_hd_second_order():
    counts = {c: evaluations(c) for c in CONDITIONS}
    growth = {m: counts[1000][m] / counts[10][m] for m in ("GD", "HD")}
    return (growth["HD"] < 1.5, growth["HD"] < growth["GD"] / 10), (
        "; ".join(f"condition {c}: HD ≈ {n['HD']:.0f}, GD {n['GD']:.0f}" for c, n in counts.items())
    )


def yao_hd_cheap():
    method = HypergradientDescent(1e-3, 1e-6)
    trace = on_bowl(method, iterations=100)
    _, state = method.step(np.ones(1000), method.init(np.ones(1000)), quadratic(np.ones(1000)))
    vectors = {id(a) for a in (state.d, state.h)}
    return trace.grad_evals[-1] == 100 and trace.loss_evals[-1] == 0 and len(vectors) <= 2, (
        f"{trace.grad_evals[-1]} gradients and {trace.loss_evals[-1]} losses in 100 steps"
    )


def yao_hd_generic_update():
    eta, h, worst = 1e-6, 1e-6, 0.0
    method, w = AdamHD(1e-2, eta), np.array(VALLEY_START)
    state = method.init(w)
    w_after, state = method.step(w, state, VALLEY)
    for _ in range(50):
        u, alpha = state.u, state.alpha[0]
        slope = (VALLEY.loss(w - (alpha + h) * u) - VALLEY.loss(w - (alpha - h) * u)) / (2 * h)
        w = w_after
        w_after, state = method.step(w, state, VALLEY)
        change = (state.alpha[0] - alpha) / eta
        worst = max(worst, abs(change + slope) / max(abs(slope), 1))
    return worst < 1e-4, (
        "equal in 50 steps in the valley" if worst < 1e-4 else f"off by {worst:.1e}"
    )


def yao_hd_idbd_only_history():
    far = one_weight()
    nearest = {name: np.nanmin(far[m]) for name, m in (("additive", False), ("mult.", True))}
    least = min(nearest.values())
    return (least < 1e-9, least < np.log(1.2)), (
        "one weight, best decay and meta step size: typical distance "
        + ", ".join(f"{np.expm1(x):.0%} ({name})" for name, x in nearest.items())
    )


def yao_hd_extends_idbd():
    idbd = np.median(idbd_flipping()[1], axis=-1).min()
    hd = min(np.nanmin(np.median(sweep(flipping, m)[1], axis=-1)) for m in (False, True))
    constant = np.median(constants(flipping)[1])
    return hd < 1.1 * idbd, (
        f"median squared error: IDBD {idbd:.2f}, HD {hd:.2f}, constant step size {constant:.2f}"
    )


def yao_hd_cross_correlation():
    rng, method, same = np.random.default_rng(0), IDBD(0.05, 0.01), 0
    for _ in range(100):
        w, h, x = rng.standard_normal((3, 2))
        alphas = []
        for other in (h[1], 10 * h[1]):
            state = method.init(w)._replace(h=np.array([h[0], other]))
            _, state = method.step(w, state, LinearSample(x, 1.0))
            alphas.append(state.step_size)
        same += alphas[0][0] == alphas[1][0] and alphas[0][1] != alphas[1][1]
    return same == 100, f"unchanged in {same} of 100 random cases"


def yao_hd_trace_robust():
    parts, better = [], []
    for run in NOISY:
        for multiplicative in (False, True):
            count, _ = as_good(run, multiplicative)
            better.append(count[1:].max() > count[0])
            rule = "mult." if multiplicative else "additive"
            parts.append(f"{NOISY[run].name}, {rule}: {'/'.join(map(str, count))}")
    return (all(better), any(better)), (
        f"settings as good, decay {'/'.join(f'{d:g}' for d in DECAYS)}: " + "; ".join(parts)
    )


def yao_hd_polyak():
    bowl, w = quadratic([2.0, 2.0], minimizer=[1.0, -2.0]), np.array([3.0, 1.0])
    g, e = bowl.grad(w), w - bowl.minimizer
    line = g @ g / (2 * g @ g)  # where the next gradient is orthogonal
    distance = e @ g / (g @ g)
    polyak = bowl.loss(w) / (g @ g)
    orthogonal = abs(bowl.grad(w - line * g) @ g) < 1e-12
    return (orthogonal and np.isclose(line, polyak), np.isclose(line, distance)), (
        f"least loss at {line:g}, least distance at {distance:g}, Polyak's {polyak:g}"
    )


def yao_hd_finds_gain():
    off = {d: np.median(settled(d)[0]) / kalman_gain(d) - 1 for d in (0.5, 1.0, 2.0)}
    return all(abs(x) < 0.05 for x in off.values()), (
        "; ".join(f"drift {d:g}: {x:+.1%}" for d, x in off.items())
    )
