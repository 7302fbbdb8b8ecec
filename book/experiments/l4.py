"""Claims about L4, the linearized loss aimed at an estimate of its minimum (Yao, Section 2.3)."""

from __future__ import annotations

from functools import cache

import numpy as np

from experiments.minibatches import BATCH, EXAMPLES, KINDS, data, gaps, losses, on_batches
from experiments.minibatches import tuned as tune
from experiments.papers import BOWL_START, VALLEY, VALLEY_START
from experiments.polyak import CONVEX, around
from stepsize.methods import L4, Polyak
from stepsize.methods.arithmetic import inner
from stepsize.objectives import Objective, quadratic
from stepsize.runs import minimize

BOWLS = {kappa: quadratic([float(kappa), 1.0], minimizer=[1.0, 1.0]) for kappa in (10, 100, 1000)}
NOISY = ("least squares, noisy", "logistic, overlapping")
DIRECTIONS = ("gradient", "momentum", "adam")


def known(**kwargs):
    """L4 along the gradient that knows f* = 0."""
    return L4("gradient", minimum=0.0, eps=0.0, **kwargs)


def lowest(losses, forget_time=1000.0, initial_factor=0.75):
    """L4's L, step by step, from the losses it met."""
    L = [initial_factor * losses[0]]
    for f in losses[1:]:
        L.append(min((1 + 1 / forget_time) * L[-1], f))
    return np.array(L)


def band(values):
    """The 95 percent quantile over the 5 percent quantile."""
    low, high = np.quantile(values, [0.05, 0.95])
    return high / low


@cache
def bands(name, kind, setting=0):
    """The band of the step sizes in the second half of each run."""
    traces = on_batches(name, kind)
    steps = [t.step_size.reshape(*t.step_size.shape[:2], -1)[:, 0, setting] for t in traces]
    return np.array([band(a[len(a) // 2 :]) for a in steps])


@cache
def at_latest_loss(kind, setting):
    """In what share of the steps L is the loss of the batch at hand; median over the seeds."""
    forget_time = (1000.0, 0.9)[setting]
    shares = []
    for trace in on_batches("L4 gradient", kind):
        f = trace.loss[:, setting]
        shares.append((lowest(f, forget_time) == f)[1:].mean())
    return np.median(shares)


def above_start(name, kind, size=BATCH):
    """How many runs in their second half meet a loss above the one they started from."""
    loss = losses(name, kind, size)
    return int((loss[:, loss.shape[1] // 2 :].max(axis=1) > loss[:, 0]).sum())


def yao_eq4():
    factors = []
    for objective in (CONVEX["bowl"], CONVEX["least squares"], CONVEX["logistic"], VALLEY):
        w = objective.minimizer + 0.5
        f, g = objective.loss(w), objective.grad(w)
        error = [
            objective.loss(w - a * g) - (f - a * inner(g, g))
            for a in np.array([1e-3, 5e-4]) / np.sqrt(inner(g, g))
        ]
        factors.append(error[0] / error[1])
    return np.allclose(factors, 4, rtol=0.05), (
        f"halving the step divides the error by {min(factors):.2f} to {max(factors):.2f}"
    )


def yao_sec2_3_small_steps():
    missed = {}
    for fraction in (1.0, 0.15):
        off = []
        for bowl in BOWLS.values():
            f = minimize(known(fraction=fraction), bowl, BOWL_START, iterations=100).loss
            off.append(np.median(f[1:] / f[:-1] - (1 - fraction)))
        missed[fraction] = max(off)
    return (missed[1.0] < 0.05, missed[0.15] < 0.1), (
        f"off by up to {missed[1.0]:.0%} of the gap with the whole step, {missed[0.15]:.0%} with "
        "the fraction 0.15 (medians over 100 steps)"
    )


def yao_sec2_3_argmin():
    rng = np.random.default_rng(0)
    g, v = rng.standard_normal((2, 5, 1000))
    f, f_star = rng.uniform(1, 2, 1000), rng.uniform(-1, 1, 1000)
    alpha = (f - f_star) / inner(g, v)
    factors = np.linspace(0, 2, 201)[:, None]
    missed = np.abs(f_star - (f - factors * alpha * inner(g, v)))
    right = bool((missed.argmin(axis=0) == 100).all())
    negative = (alpha < 0).mean()
    return right, (
        f"{'always' if right else 'not always'} least there; for random directions {negative:.0%} "
        "of the step sizes are negative"
    )


def yao_sec2_3_post_update_loss():
    ratio = []
    for kappa, bowl in ((1, quadratic([1.0, 1.0], minimizer=[1.0, 1.0])), *BOWLS.items()):
        trace = minimize(known(fraction=1.0), bowl, BOWL_START, iterations=20)
        g = bowl.grad(trace.w[:-1].T)
        best = inner(g, g) / inner(g, np.array([[kappa], [1.0]]) * g)
        ratio.append(np.median(trace.step_size[1:, 0] / best))
    near = np.abs(np.array(ratio) - 1) < 0.1
    return (near.all(), near.any()), (
        "median step over the best along the ray: "
        + ", ".join(f"{r:.2f} (condition {k})" for k, r in zip((1, *BOWLS), ratio))
    )


def yao_sec2_3_equals_polyak():
    def same(objective, w0):
        m = objective.minimum
        a = minimize(Polyak(m), objective, w0, iterations=200).w
        b = minimize(L4("gradient", fraction=1, minimum=m, eps=0), objective, w0, iterations=200).w
        return bool((a == b).all())

    convex = [same(o, o.minimizer + 1.0) for o in CONVEX.values()]
    valley = same(VALLEY, VALLEY_START)
    return all(convex), (
        f"the same on {sum(convex)} of {len(convex)} convex losses"
        + (", and in the valley, which is not" if valley else ", not in the valley")
    )


def star():
    """|w| (1 - exp(-|w|)): not convex beyond 2, but every tangent lies below f* at w* = 0."""

    def grad(w):
        x = np.abs(w)
        return np.sign(w) * (1 - np.exp(-x) + x * np.exp(-x))

    return Objective(lambda w: np.abs(w[0]) * (1 - np.exp(-np.abs(w[0]))), grad, [0.0])


def yao_sec2_3_bridge():
    def holds(objective):
        e, gap, g = around(objective)
        return bool((inner(e, g) >= gap - 1e-9 * np.abs(gap)).all())

    curved = np.diff(star().grad(np.linspace(2.1, 4, 50)[None])[0])
    other = holds(star()) and bool((curved < 0).all())
    convex = all(holds(objective) for objective in CONVEX.values())
    return (convex and not other and not holds(VALLEY), convex and not holds(VALLEY)), (
        f"eq. 3 holds on {'all' if convex else 'not all'} convex losses, "
        f"{'also' if other else 'not'} on |w|(1 - exp(-|w|)), "
        f"{'and' if holds(VALLEY) else 'but not'} in the valley; neither is convex"
    )


def yao_sec2_3_first_order():
    rises, promised = [], True
    for objective, w0 in (*((b, BOWL_START) for b in BOWLS.values()), (VALLEY, VALLEY_START)):
        trace = minimize(known(fraction=1.0), objective, w0, iterations=100)
        g = objective.grad(trace.w[:-1].T)
        line = trace.loss[:-1] - trace.step_size[1:, 0] * inner(g, g)
        promised &= bool((line <= 1e-9 * trace.loss[:-1]).all())
        rises.append((np.diff(trace.loss) > 0).mean())
    return promised, (
        "the line "
        + ("always" if promised else "not always")
        + " falls to f*; the loss itself rises in "
        + ", ".join(f"{r:.0%}" for r in rises)
        + " of the steps (conditions 10, 100, 1,000; valley)"
    )


def yao_sec2_3_details():
    bowl, w, aims = quadratic([1.0, 4.0]), np.array(BOWL_START), {}
    for direction in ("momentum", "adam"):
        method = L4(direction)
        _, state = method.step(w, method.init(w), bowl)
        aims[direction] = float(state.estimate / bowl.loss(w))
    return (all(aim == 1 for aim in aims.values()), len(aims) == 2), (
        "first aimed at: "
        + ", ".join(f"{aim:.3f} of the first loss ({name})" for name, aim in aims.items())
    )


def yao_sec2_3_lowest_not_reached():
    below = {
        kind: np.mean(
            [
                t.loss[:, 0].min() < (data(kind, s).minimum or 0.0) - 1e-12
                for s, t in enumerate(on_batches("L4 gradient", kind))
            ]
        )
        for kind in KINDS
    }
    return (min(below.values()) == 1, max(below.values()) == 1), (
        "runs whose lowest loss is below the least on all data: "
        + ", ".join(f"{b:.0%} ({kind})" for kind, b in below.items())
    )


def yao_sec2_3_forget():
    ours, printed = ([at_latest_loss(kind, setting) for kind in KINDS] for setting in (0, 1))
    worse = {
        k: np.median(g[:, 1]) / np.median(g[:, 0]) for k in NOISY for g in [gaps("L4 gradient", k)]
    }
    return max(printed) < 0.5, (
        f"a factor of {1 + 1 / 0.9:.2f} a step: L is the latest loss in {min(printed):.0%} to "
        f"{max(printed):.0%} of the steps ({min(ours):.0%} to {max(ours):.0%} with 1 + 1/1000); "
        "the final gap is "
        + " and ".join(f"{w:.0f}" for w in worse.values())
        + " times larger with noise"
    )


def yao_sec2_3_variance():
    with_it = {k: np.median(bands("L4 gradient", k)) for k in KINDS}
    without = {k: np.median(bands("L4 zero", k)) for k in KINDS}
    wider = [with_it[k] / without[k] for k in KINDS]
    return (min(wider) >= 2, np.sum(np.array(wider) > 1) >= 3), (
        "95 % quantile over 5 %: "
        + ", ".join(f"{with_it[k]:.1f}, without {without[k]:.1f} ({k})" for k in KINDS)
    )


def yao_sec2_3_unstable():
    total = len(KINDS) * len(on_batches("L4 gradient", NOISY[0]))
    counts = {d: sum(above_start(f"L4 {d}", kind) for kind in KINDS) for d in DIRECTIONS}
    whole = sum(above_start("L4 gradient", kind, EXAMPLES) for kind in NOISY)
    ratio = [
        np.median(gaps("L4 gradient", k)[:, 0]) / np.median(tune("constant", k)[0]) for k in NOISY
    ]
    return (counts["gradient"] > 0, whole > 0), (
        "runs on batches of ten that rise above their start: "
        + ", ".join(f"{n} ({d})" for d, n in counts.items())
        + f" of {total}; gradient, all data at once: {'some' if whole else 'none'} of {total // 2} "
        "(a chaotic number). With noise, on batches, its final "
        f"gap is {min(ratio):.0f} to {max(ratio):.0f} times that of the tuned constant"
    )


def yao_footnote2():
    parabola = quadratic([1.0])
    there = minimize(L4("gradient"), parabola, [0.0], iterations=3)
    method = L4("gradient", fraction=1.0, minimum=0.0)
    with_it = minimize(method, parabola, [1.0], iterations=60).loss[-1]
    without = minimize(known(fraction=1.0), parabola, [1.0], iterations=60).loss[-1]
    return bool(np.isfinite(there.w).all()) and np.isfinite(without), (
        f"finite at the minimizer; on a parabola 60 steps with f* known end at a loss of "
        f"{with_it:.0e} with it, {without:.0e} without"
    )
