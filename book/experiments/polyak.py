"""Claims about Polyak's step size (Yao, Section 2.2 and the conclusion), and its experiments."""

from __future__ import annotations

from functools import cache

import numpy as np

from experiments.arrival import until
from experiments.minibatches import INPUTS, KINDS, SEEDS, STEPS, data
from experiments.papers import VALLEY, in_valley
from stepsize.methods import GradientDescent, HeavyBall, Nesterov, Polyak, StochasticPolyak
from stepsize.methods.arithmetic import inner
from stepsize.objectives import Objective, quadratic
from stepsize.runs import distance, minimize, track


def cone(dim=2):
    """The distance to the origin: convex, with a corner at its minimizer."""

    def grad(w):
        length = distance(w)
        return w / np.where(length > 0, length, 1.0)

    return Objective(distance, grad, np.zeros(dim), minimum=0.0)


def largest(dim):
    """max |w_i|: of the weights that are largest, the subgradient names the first."""

    def grad(w):
        i = np.abs(w).argmax(axis=0)[None]
        g = np.zeros_like(w)
        np.put_along_axis(g, i, np.sign(np.take_along_axis(w, i, 0)), 0)
        return g

    return Objective(lambda w: np.abs(w).max(axis=0), grad, np.zeros(dim), minimum=0.0)


@cache
def absolute_deviations(examples=40, inputs=10, seed=0):
    """Mean absolute residuals of a noisy linear model; the minimum by linear programming."""
    from scipy.optimize import linprog

    rng = np.random.default_rng(seed)
    A = rng.standard_normal((examples, inputs))
    b = A @ rng.standard_normal(inputs) + 0.5 * rng.standard_normal(examples)
    eye, cost = np.eye(examples), np.r_[np.zeros(inputs), np.full(examples, 1 / examples)]
    best = linprog(
        cost,
        A_ub=np.block([[A, -eye], [-A, -eye]]),
        b_ub=np.r_[b, -b],
        bounds=[(None, None)] * inputs + [(0, None)] * examples,
    )

    def residual(w):
        return np.tensordot(A, w, axes=1) - b.reshape(-1, *[1] * (w.ndim - 1))

    return Objective(
        lambda w: np.abs(residual(w)).mean(axis=0),
        lambda w: np.tensordot(A.T, np.sign(residual(w)), axes=1) / examples,
        minimizer=best.x[:inputs],
    )


CONVEX = {
    "cone": cone(5),
    "largest weight": largest(5),
    "bowl": quadratic([10.0, 5.0, 2.0, 1.0, 0.5]),
    "absolute deviations": absolute_deviations(),
    "least squares": data("least squares, noisy", 0),
    "logistic": data("logistic, overlapping", 0),
}


def around(objective, points=1000, seed=0):
    """Random points about the minimizer: e = w - w*, the gap f - f*, the gradient."""
    w_star = objective.minimizer[:, None]
    rng = np.random.default_rng(seed)
    e = rng.standard_normal((len(w_star), points)) * 10 ** rng.uniform(-1, 1, points)
    return e, objective.loss(w_star + e) - objective.minimum, objective.grad(w_star + e)


def true_and_bound(e, gap, g, alpha):
    """The squared distance after a step (eq. 2), and the upper bound on it (eqs 2 and 3)."""
    before, length = inner(e, e), alpha * alpha * inner(g, g)
    return before + length - 2 * alpha * inner(e, g), before + length - 2 * alpha * gap


def share(e, gap, g):
    """How much of the largest reduction of the squared distance along -g Polyak's step makes."""
    alpha, best = gap / inner(g, g), inner(e, g) ** 2 / inner(g, g)
    return (2 * alpha * inner(e, g) - alpha * alpha * inner(g, g)) / best


@cache
def from_corner(objective):
    """Polyak's step size with the right f*, from one beside the minimizer in every weight."""
    w0 = objective.minimizer + 1.0
    return minimize(Polyak(objective.minimum), objective, w0, iterations=200)


def yao_eq2():
    worst = 0.0
    for objective in CONVEX.values():
        e, gap, g = around(objective)
        after = e - gap / inner(g, g) * g
        true, _ = true_and_bound(e, gap, g, gap / inner(g, g))
        worst = max(worst, (np.abs(inner(after, after) - true) / inner(e, e)).max())
    return worst < 1e-12, (
        f"differs by less than 1e-12 on {len(CONVEX)} losses, 1,000 points each"
        if worst < 1e-12
        else f"differs by {worst:.0e}"
    )


def yao_eq3():
    slack = []
    for objective in CONVEX.values():
        e, gap, g = around(objective)
        slack.append(((inner(e, g) - gap) / (inner(e, g) + gap)).min())
    e, gap, g = around(VALLEY)
    broken = (inner(e, g) < gap).mean()
    return min(slack) > -1e-9 and broken > 0, (
        f"holds at all points of {len(CONVEX)} convex losses; broken at {broken:.0%} of the points "
        "in Rosenbrock's valley"
    )


def yao_sec2_2_upper_bound():
    factors = np.linspace(0, 3, 301)[:, None]
    above, least = True, []
    for objective in CONVEX.values():
        e, gap, g = around(objective)
        w0 = objective.minimizer[:, None] + e
        alpha = minimize(Polyak(objective.minimum), objective, w0, iterations=1).step_size[1, 0]
        true, bound = true_and_bound(e, gap, g, factors * alpha)
        above &= bool((bound >= true - 1e-9 * inner(e, e)).all())
        least.append(np.ptp(factors[bound.argmin(axis=0), 0]) == 0)
        least.append(factors[bound.argmin(axis=0), 0].max() == 1)
    return above and all(least), (
        "the bound is "
        + ("never below the distance" if above else "below the distance somewhere")
        + ", and least at "
        + ("the package's step size" if all(least) else "another step size")
    )


def yao_sec2_2_distance_falls():
    e, gap, g = around(VALLEY)
    against = inner(e, g) < 0
    true, _ = true_and_bound(e, gap, g, np.geomspace(1e-6, 10, 15)[:, None])
    grows = bool((true > inner(e, e))[:, against].all())
    falls = all(
        (true_and_bound(*p, p[1] / inner(p[2], p[2]))[0] < inner(p[0], p[0])).all()
        for p in (around(objective) for objective in CONVEX.values())
    )
    return grows and falls and against.any(), (
        f"valley: negative at {against.mean():.0%} of the points, where the distance "
        + ("grows with all 15 step sizes" if grows else "does not always grow")
        + "; convex losses: it "
        + ("falls" if falls else "does not fall")
        + " at all points"
    )


def path(dim):
    """Polyak's way down max |w_i| from the unit vector of equal weights."""
    w0 = np.full(dim, dim**-0.5)
    return minimize(Polyak(0.0), largest(dim), w0, iterations=dim)


def yao_sec2_2_rate():
    worst = {}
    for d in (16, 256):
        trace = path(d)
        k = trace.iterations[:-1]
        worst[d] = (np.minimum.accumulate(trace.loss)[:-1] * np.sqrt(k + 1)).max()
    lad = absolute_deviations()
    trace = minimize(Polyak(lad.minimum), lad, np.zeros(10), iterations=500)
    G = distance(lad.grad(trace.w.T)).max()
    best = np.minimum.accumulate(trace.loss - lad.minimum)
    ratio = (best * np.sqrt(trace.iterations + 1)).max() / (G * trace.error[0])
    spent = []
    for objective in CONVEX.values():
        trace = from_corner(objective)
        g = objective.grad(trace.w.T)
        terms = trace.step_size[1:, 0] ** 2 * inner(g, g)[:-1]
        spent.append(terms.sum() / trace.error[0] ** 2)
    return max(*worst.values(), ratio, *spent) < 1 + 1e-9, (
        "largest ratio of gap and bound: "
        + ", ".join(f"{r:.3f} (max |w_i|, d = {d})" for d, r in worst.items())
        + f", {ratio:.2f} (absolute deviations); of the sum and |w_0 - w*|^2: {max(spent):.2f}"
    )


def yao_sec2_2_sps():
    whole = data("least squares, noisy", 0)
    a = minimize(Polyak(whole.minimum), whole, np.zeros(INPUTS), iterations=50)
    sps = StochasticPolyak(whole.minimum, scale=1.0)
    b = minimize(sps, whole, np.zeros(INPUTS), iterations=50)
    same = bool((a.w == b.w).all())
    return same, f"{'the same' if same else 'other'} iterates over 50 steps"


def yao_sec2_7_minimizes_distance():
    got = {name: np.median(share(*around(objective))) for name, objective in CONVEX.items()}
    return min(got.values()) > 0.99, (
        "median share of the largest reduction: "
        + ", ".join(f"{s:.0%} ({name})" for name, s in got.items())
    )


def yao_sec3_polyak_convexity():
    e, gap, g = around(VALLEY)
    true, bound = true_and_bound(e, gap, g, gap / inner(g, g))
    trace = in_valley(Polyak(0.0))
    rises = (np.diff(trace.error) > 0).mean()
    convex = all(
        share(*around(objective)).min() > 0 and (np.diff(t.error) <= 1e-7 * t.error[0]).all()
        for objective in CONVEX.values()
        for t in (from_corner(objective),)
    )
    return convex and (bound < true).any() and rises > 0, (
        f"valley: the bound is wrong at {(bound < true).mean():.0%} of the points, the distance "
        f"rises in {rises:.0%} of 10,000 steps, and still ends "
        + ("below 1e-8" if trace.error[-1] < 1e-8 else f"at {trace.error[-1]:.0e}")
    )


def decay(trace):
    """Mean over runs of the squared error, at each recorded row, from w* = 0."""
    return inner(np.moveaxis(trace.w, 1, 0), np.moveaxis(trace.w, 1, 0)).mean(axis=-1)


@cache
def unit_vectors(dim=10, steps=50, runs=2000, seed=0):
    """SPS on samples w_i^2/2, i drawn with replacement: their mean has L = mu = 1/d."""
    rng = np.random.default_rng(seed)
    x = np.eye(dim)[:, rng.integers(dim, size=(steps, runs))]  # (dim, steps, runs)
    pairs = [(x[:, k], np.zeros(runs)) for k in range(steps)]
    return track(StochasticPolyak(), pairs, steps, w0=np.ones(dim), record=1)


@cache
def strong_batches(kind, size=20):
    """SPS on batches that are strongly convex each; squared errors, and the bound with L of each.

    Per seed and row: |w - w*|^2, and the running product of 1 - mu_i/L_i of the batches met.
    """
    errors, bounds = [], []
    for s in range(SEEDS):
        objective = data(kind, s)
        trace = track(
            StochasticPolyak(),
            objective.batches(size, s),
            STEPS,
            w0=np.zeros(INPUTS),
            record=1,
        )
        e = trace.w - objective.minimizer
        rates = []
        for _, batch in zip(range(STEPS), objective.batches(size, s)):
            Q = batch.grad(np.eye(INPUTS)) - batch.grad(np.zeros((INPUTS, 1)))
            eigenvalues = np.linalg.eigvalsh((Q + Q.T) / 2)
            rates.append(1 - eigenvalues[0] / eigenvalues[-1])
        errors.append((e * e).sum(axis=1))
        bounds.append(np.cumprod([errors[-1][0], *rates]))
    return np.array(errors), np.array(bounds)


def yao_conclusion_sps_linear():
    fell = {}
    for kind in list(KINDS)[:2]:
        errors, bounds = strong_batches(kind)
        fell[kind] = np.median(errors[:, -1] / errors[:, 0])
        if kind.endswith("interpolated"):
            within = bool((errors <= bounds * (1 + 1e-6) + 1e-24).all())
    ok = [f < 1e-12 for f in fell.values()]
    inside = "within" if within else "outside"
    return (all(ok) and within, any(ok) and within), (
        f"after {STEPS} batches the squared error is "
        + ", ".join(
            f"{'below 1e-12' if f < 1e-12 else f'{f:.1g}'} of the first ({kind})"
            for kind, f in fell.items()
        )
        + f"; interpolated runs stay {inside} the product of 1 - mu_i/L_i"
    )


def yao_conclusion_sps_constants():
    error = decay(unit_vectors())
    rate = (error[20] / error[0]) ** (1 / 20)
    return rate < 1e-6, (
        f"samples w_i^2/2 in ten dimensions, mu = L = 1/10: factor {rate:.2f} a step, where "
        "1 - mu/L = 0"
    )


def yao_conclusion_polyak_optimal():
    dims, lowest, ours = (16, 256), {}, {}
    for d in dims:
        w0, objective = np.full(d, d**-0.5), largest(d)
        grid = d**-0.5 * 2.0 ** np.arange(-4, 4)
        ours[d] = path(d).loss[d - 1] * np.sqrt(d)
        runs = [
            minimize(method(grid), objective, w0, iterations=d - 1).loss
            for method in (GradientDescent, HeavyBall, Nesterov)
        ]
        lowest[d] = min(loss.min() for loss in runs) * np.sqrt(d)
    return all(abs(ours[d] - 1) < 1e-9 and lowest[d] > 1 - 1e-9 for d in dims), (
        "gap over G R / sqrt(d): "
        + ", ".join(f"Polyak {ours[d]:.3f}, best of others {lowest[d]:.3f} (d = {d})" for d in dims)
    )


def yao_conclusion_agd_over_polyak():
    counts = {}
    w0 = np.random.default_rng(0).standard_normal((20, 20))
    for kappa in (100, 1000):
        bowl = quadratic(np.geomspace(1, kappa, 20))
        root = kappa**0.5
        n = []
        for method in (Polyak(0.0), Nesterov(1 / kappa, momentum=(root - 1) / (root + 1))):
            trace = minimize(method, bowl, w0, iterations=int(60 * root))
            n.append(np.median(until(trace, 1e-6 * trace.error[0])))
        counts[kappa] = n
    return all(n < p for p, n in counts.values()), (
        "Polyak/Nesterov: "
        + ", ".join(
            f"≈ {p:.0f}/{n:.0f}" if np.isfinite(p) else f"more than {60 * k**0.5:.0f}/{n:.0f}"
            for k, (p, n) in counts.items()
        )
    )
