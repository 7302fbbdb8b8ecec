"""Claims about hypergradient descent (Yao, Section 2.7), and the runs of its chapter."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from experiments.claims import Measured, agrees, claim
from experiments.minibatches import data
from experiments.papers import VALLEY, VALLEY_START
from stepsize.methods import IDBD, AdamHD, GradientDescent, HypergradientDescent
from stepsize.objectives import quadratic
from stepsize.runs import minimize, track
from stepsize.streams import LinearSample, RateTracking, WeightFlipping
from stepsize.theory import kalman_gain

SEEDS = 10  # of the streams
DATA_SETS = 8
DECAYS = (0.0, 0.5, 0.9, 0.99)  # of the trace; 0 is the latest gradient alone
BOWL = quadratic([100.0, 1.0], minimizer=[1.0, 1.0], rotation=0.5)
BOWL_START = (-1.0, 2.0)
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
        error = minimize(method, bowl, w0, iterations=7 * condition).error
        there = error <= level * error[0]
        n = np.where(there.any(axis=0), there.argmax(axis=0), np.inf)
        return np.median(n, axis=-1).min()

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
    return track(method, WeightFlipping(), examples, runs=SEEDS).mse(examples // 2)


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

HD = {"where": "Section 2.7", "methods": ("HypergradientDescent",)}
HD_IDBD = {"where": "Section 2.7", "methods": ("HypergradientDescent", "IDBD")}


@claim(
    "yao-hd-derivative",
    statement="The gradient of E(alpha) = f(w_k(alpha)), with one step's influence only, makes "
    "the step size change by eta times the product of the last two gradients.",
    rule="the change equals minus eta times a central difference of the loss",
    **HD,
)
def _():
    eta, worst, h = 1e-8, 0.0, 1e-7
    trace = in_valley(HypergradientDescent(1e-4, eta), iterations=100)
    for k in range(1, 100):
        w, alpha = trace.w[k - 1], trace.step_size[k, 0]
        g = VALLEY.grad(w)
        slope = (VALLEY.loss(w - (alpha + h) * g) - VALLEY.loss(w - (alpha - h) * g)) / (2 * h)
        change = trace.step_size[k + 1, 0] - alpha
        worst = max(worst, abs(change + eta * slope) / (eta * g @ g))
    return Measured(
        f"equal to within {1e-6:g} of eta times the squared gradient, 99 steps in the valley"
        if worst < 1e-6
        else f"off by up to {worst:.1e} of eta times the squared gradient",
        agrees(worst < 1e-6),
        "The derivative is taken at the step that led to w_k; the new step size serves the next.",
    )


@claim(
    "yao-hd-one-step",
    statement="The weights from which the last step began may be taken not to depend on the "
    "step size: the three lines of the expansion are equal.",
    rule="the derivative with all earlier steps is the one-step derivative; partly: they have "
    "the same sign in every iteration",
    **HD,
)
def _():
    total, one = derivatives(BOWL, BOWL_START, 0.005, 40)
    ratio = total / one
    long, short = derivatives(VALLEY, VALLEY_START, 0.001, 500)
    share = (np.sign(long) == np.sign(short)).mean()
    k = np.arange(1, 41)
    grows = np.allclose(ratio, k, rtol=1e-4)
    return Measured(
        f"on a bowl the whole derivative is {ratio[0]:.0f}, {ratio[1]:.0f}, ..., {ratio[-1]:.0f} "
        f"times the one-step one; in the valley the signs agree in {share:.0%} of 500 steps",
        agrees(np.allclose(ratio, 1), partly=grows and share == 1),
        "At step k of a constant step size on any quadratic it is exactly k times as large: an "
        "approximation, harmless for the sign there but not in general.",
    )


@claim(
    "yao-hd-acute",
    statement="If two successive gradients are at an acute angle, the step size increases.",
    rule="the change has the sign of the product in every step, for both rules",
    **HD,
)
def _():
    right, obtuse, total = 0, 0, 0
    for method in tuned(on_bowl)[1:]:
        trace = on_bowl(method, iterations=200)
        g = BOWL.grad(trace.w[:200].T)
        product, change = (g[:, 1:] * g[:, :-1]).sum(axis=0), np.diff(trace.step_size[1:, 0])
        right += (np.sign(change) == np.sign(product)).sum()
        obtuse += (product < 0).sum()
        total += len(product)
    return Measured(
        f"{right} of {total} steps, {obtuse} of them after an obtuse angle",
        agrees(right == total and obtuse > 0),
        "And where the angle is obtuse it decreases.",
    )


@claim(
    "yao-hd-same-side",
    statement="The step size increases while the weight stays on the same side of the minimum, "
    "until finally it overshoots and the step size decreases.",
    rule="for one weight, the change has the sign of e_k e_(k-1), and every run overshoots; "
    "partly: the first holds",
    **HD,
)
def _():
    bowl = quadratic([1.0], minimizer=[1.0])
    eta = np.array([0.1, 0.3, 0.5, 2.0])
    trace = minimize(HypergradientDescent(0.1, eta), bowl, [[2.0]], iterations=200)
    e, change = trace.w[:, 0] - 1, np.diff(trace.step_size[1:, 0], axis=0)
    same = e[1:-1] * e[:-2]
    seen = np.abs(eta * same) > 1e-14  # below, the change is lost in rounding
    rule = (np.sign(change) == np.sign(same))[seen].all()
    crosses = (same < 0).any(axis=0)
    return Measured(
        "; ".join(
            f"eta {a:g}: " + ("overshoots" if c else f"never, alpha stops at {s:.2f}")
            for a, c, s in zip(eta, crosses, trace.step_size[-1, 0])
        ),
        agrees(rule and crosses.all(), partly=rule),
        "With a small eta the gradients are spent before the step size is long enough for that.",
    )


@claim(
    "yao-hd-second-order",
    statement="HD may be viewed as a second-order method.",
    rule="on bowls of condition 10 to 1000 the evaluations grow by less than half; partly: "
    "by less than a tenth of gradient descent's growth (multiplicative, tuned)",
    **HD,
)
def _():
    counts = {c: evaluations(c) for c in CONDITIONS}
    growth = {m: counts[1000][m] / counts[10][m] for m in ("GD", "HD")}
    return Measured(
        "; ".join(
            f"condition {c}: HD ≈ {n['HD']:.0f}, GD {n['GD']:.0f}" for c, n in counts.items()
        ),
        agrees(growth["HD"] < 1.5, partly=growth["HD"] < growth["GD"] / 10),
        "One number is learned about curvature, that along the last gradient. Newton's method "
        "takes one step on each of these bowls.",
    )


@claim(
    "yao-hd-cheap",
    statement="HD is efficient to compute.",
    rule="as many gradients and losses as gradient descent, and one vector more of memory",
    **HD,
)
def _():
    method = HypergradientDescent(1e-3, 1e-6)
    trace = on_bowl(method, iterations=100)
    _, state = method.step(np.ones(1000), method.init(np.ones(1000)), quadratic(np.ones(1000)))
    vectors = {id(a) for a in (state.d, state.h)}
    return Measured(
        f"{trace.grad_evals[-1]} gradients and {trace.loss_evals[-1]} losses in 100 steps",
        agrees(trace.grad_evals[-1] == 100 and trace.loss_evals[-1] == 0 and len(vectors) <= 2),
        "What is kept is the last gradient; the trace version and momentum keep one more.",
    )


@claim(
    "yao-hd-generic-update",
    where="Section 2.7",
    statement="HD extends to other gradient methods that have a step size.",
    rule="Adam-HD's change equals minus eta times a central difference of the loss",
    methods=("AdamHD",),
)
def _():
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
    return Measured(
        "equal in 50 steps in the valley" if worst < 1e-4 else f"off by {worst:.1e}",
        agrees(worst < 1e-4),
        "The last gradient is replaced by the direction that multiplied the step size.",
    )


@claim(
    "yao-hd-idbd-only-history",
    statement="Apart from one step size a weight against one for all, IDBD and HD differ only in "
    "that IDBD uses a recent history of gradient correlations and HD the latest.",
    rule="with one weight and some constant decay HD's trace gives IDBD's step sizes; partly: "
    "the step sizes stay within 20 percent",
    **HD_IDBD,
)
def _():
    far = one_weight()
    nearest = {name: np.nanmin(far[m]) for name, m in (("additive", False), ("mult.", True))}
    least = min(nearest.values())
    return Measured(
        "one weight, best decay and meta step size: typical distance "
        + ", ".join(f"{np.expm1(x):.0%} ({name})" for name, x in nearest.items()),
        agrees(least < 1e-9, partly=least < np.log(1.2)),
        "IDBD also works on log(alpha), weighs each past gradient with its step size, and forgets "
        "by (1 - alpha x²)+ rather than by a constant.",
    )


@claim(
    "yao-hd-extends-idbd",
    statement="In this sense HD is an extension of IDBD beyond the linear case.",
    rule="in the linear case, on Sutton's flipping weights, tuned HD comes within 10 percent of "
    "tuned IDBD",
    **HD_IDBD,
)
def _():
    idbd = np.median(idbd_flipping()[1], axis=-1).min()
    hd = min(np.nanmin(np.median(sweep(flipping, m)[1], axis=-1)) for m in (False, True))
    constant = np.median(constants(flipping)[1])
    return Measured(
        f"median squared error: IDBD {idbd:.2f}, HD {hd:.2f}, constant step size {constant:.2f}",
        agrees(hd < 1.1 * idbd),
        "One step size for all weights is where IDBD's advantage is lost. HD does extend to any "
        "differentiable loss; it does not contain IDBD.",
    )


@claim(
    "yao-hd-cross-correlation",
    statement="With a step size for each weight, IDBD's correlation is componentwise: products of "
    "different components do not enter.",
    rule="changing another weight's trace leaves a weight's step size unchanged to the bit",
    **HD_IDBD,
)
def _():
    rng, method, same = np.random.default_rng(0), IDBD(0.05, 0.01), 0
    for _ in range(100):
        w, h, x = rng.standard_normal((3, 2))
        alphas = []
        for other in (h[1], 10 * h[1]):
            state = method.init(w)
            state.h = np.array([h[0], other])
            _, state = method.step(w, state, LinearSample(x, 1.0))
            alphas.append(state.step_size.copy())
        same += alphas[0][0] == alphas[1][0] and alphas[0][1] != alphas[1][1]
    return Measured(
        f"unchanged in {same} of 100 random cases",
        agrees(same == 100),
        "It is no difference to HD, though: an inner product holds no such products either, it "
        "only adds the componentwise ones up.",
    )


@claim(
    "yao-hd-trace-robust",
    statement="Recent gradient correlations should be more robust than the latest only, above all "
    "with stochastic gradients.",
    rule="on three noisy problems and for both rules, some decay has more meta step sizes that do "
    "about as well as the tuned constant (flipping weights: a tenth worse; minibatches: three "
    "times the loss above the minimum); partly: in some of the six cases",
    **HD,
)
def _():
    parts, better = [], []
    for run in NOISY:
        for multiplicative in (False, True):
            count, _ = as_good(run, multiplicative)
            better.append(count[1:].max() > count[0])
            rule = "mult." if multiplicative else "additive"
            parts.append(f"{NOISY[run].name}, {rule}: {'/'.join(map(str, count))}")
    return Measured(
        f"settings as good, decay {'/'.join(f'{d:g}' for d in DECAYS)}: " + "; ".join(parts),
        agrees(all(better), partly=any(better)),
        "The trace widens the range of workable meta step sizes in some places, not everywhere, "
        "and it is one more number to choose.",
    )


@claim(
    "yao-hd-polyak",
    statement="HD, which minimizes f(w_k(alpha)), is connected to Polyak's step size, which "
    "minimizes the distance of w_k(alpha) to the minimizer.",
    rule="the step size that minimizes f along the ray is Polyak's where f and distance have the "
    "same minimizer, on a round bowl; partly: it is that of the distance",
    methods=("HypergradientDescent", "Polyak"),
    where="Section 2.7",
)
def _():
    bowl, w = quadratic([2.0, 2.0], minimizer=[1.0, -2.0]), np.array([3.0, 1.0])
    g, e = bowl.grad(w), w - bowl.minimizer
    line = g @ g / (2 * g @ g)  # where the next gradient is orthogonal
    distance = e @ g / (g @ g)
    polyak = bowl.loss(w) / (g @ g)
    orthogonal = abs(bowl.grad(w - line * g) @ g) < 1e-12
    return Measured(
        f"least loss at {line:g}, least distance at {distance:g}, Polyak's {polyak:g}",
        agrees(orthogonal and np.isclose(line, polyak), partly=np.isclose(line, distance)),
        "Polyak's minimizes an upper bound of the distance and on quadratics is half as long.",
    )


@claim(
    "yao-hd-finds-gain",
    statement="The correlation of successive gradients is a guide to the step size.",
    rule="tracking a drifting level, HD's average step size is within 5 percent of the Kalman "
    "gain for drifts of 0.5, 1 and 2",
    **HD,
)
def _():
    off = {d: np.median(settled(d)[0]) / kalman_gain(d) - 1 for d in (0.5, 1.0, 2.0)}
    return Measured(
        "; ".join(f"drift {d:g}: {x:+.1%}" for d, x in off.items()),
        agrees(all(abs(x) < 0.05 for x in off.values())),
        "At the best gain successive prediction errors are uncorrelated, and the rule stops there.",
    )
