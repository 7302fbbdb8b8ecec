"""Claims about descent and single-step planning in Rosenbrock's valley (Yao, Section 3)."""

from __future__ import annotations

from functools import cache

import numpy as np

from experiments.papers import (
    SPEED_UPS,
    VALLEY,
    VALLEY_CURVATURES,
    VALLEY_GD,
    VALLEY_START,
    VALLEY_STEP,
    VALLEY_STEPS,
    disturbed,
    in_valley,
    plan_again,
    valley_csawg,
)
from experiments.planning import gradient_steps, plannings
from stepsize.methods import GradientDescent
from stepsize.runs import distance, minimize

BUDGET = 10_000  # gradient evaluations at which the caption of Fig. 5a compares
LONG = 20_000  # iterations over which it selects the step size of gradient descent
WINDOWS = SPEED_UPS
BEST = 0.0015  # the fastest stable step size of the paper's grid, as we measured
FINER = (0.0016, 0.0017, 0.0018, 0.0019, 0.00199)
TRIED = (2, 3, 4, 5, 10, 11, 20)  # windows


@cache
def descents(step_sizes=VALLEY_STEPS):
    """Gradient descent with several step sizes, one a run."""
    return minimize(GradientDescent(step_sizes), VALLEY, VALLEY_START, grad_evals=LONG)


def descent_error(step_size, grad_evals=BUDGET):
    """The error of gradient descent with one step size of the paper's grid."""
    return descents().error[grad_evals, VALLEY_STEPS.index(step_size)]


@cache
def around(window, step_size=VALLEY_STEP, runs=500, **kwargs):
    """Errors at the budget of Csawg from starts that differ by rounding noise of 1e-13."""
    method = valley_csawg(window, step_size, **kwargs)
    starts = disturbed(VALLEY_START, runs)
    return minimize(method, VALLEY, starts, grad_evals=BUDGET, record=None).error[-1]


@cache
def by_window(runs=20):
    """For each window tried, errors at the budget: with 0.001 and 0.0015, over disturbed starts."""
    starts = disturbed(VALLEY_START, runs)
    steps = np.array([[VALLEY_STEP], [BEST]])
    return {
        K: minimize(valley_csawg(K, steps), VALLEY, starts, grad_evals=BUDGET, record=None).error[
            -1
        ]
        for K in TRIED
    }


def spread(errors, rival):
    """How often the rival's error is that of the runs: 5, 50, 95 percent quantiles; runs lost."""
    kept = np.isfinite(errors)
    return np.quantile(rival / errors[kept], [0.05, 0.5, 0.95]), int((~kept).sum())


def speed_up(window):
    """The claim about the speed-up of one window in the caption of Fig. 5a."""
    published = WINDOWS[window]
    errors = around(window)
    (low, median, high), lost = spread(errors, descent_error(VALLEY_STEP))
    alone = descent_error(VALLEY_STEP) / errors[0]
    return (abs(median / published - 1) < 0.05 and lost == 0, low <= published <= high), (
        f"{alone:.0f}; over {len(errors)} starts that differ by 1e-13: median {median:.0f}, "
        f"90 % band {low:.0f} to {high:.0f}, {lost} diverged"
    )


def yao_fig5a_k2():
    return speed_up(2)


def yao_fig5a_k5():
    return speed_up(5)


def yao_fig5a_k10():
    return speed_up(10)


def yao_fig5a_gd_step_size():
    trace = descents()
    rises = (np.diff(trace.loss, axis=0) > 0).sum(axis=0)
    ends = list(zip(VALLEY_STEPS, trace.error[-1], rises))
    _, best = min((error, a) for a, error, up in ends if up == 0)
    return best == VALLEY_STEP, "; ".join(
        f"{a:g}: error {error:.1e}, loss rises in {up} steps" for a, error, up in ends
    )


def yao_fig5a_over_best_gd():
    best = {K: descent_error(BEST) / np.nanmedian(around(K)) for K in WINDOWS}
    tuned = {K: descents(FINER).error[BUDGET].min() / np.nanmedian(around(K)) for K in WINDOWS}
    return all(abs(best[K] / published - 1) < 0.1 for K, published in WINDOWS.items()), (
        f"{'/'.join(f'{r:.0f}' for r in best.values())} over GD with {BEST:g}; "
        f"{'/'.join(f'{r:.1f}' for r in tuned.values())} over GD tuned on a finer grid"
    )


def yao_fig5a_unoptimal_step_size():
    rival = descents().error[BUDGET].min()
    ratios = {K: spread(around(K), rival)[0] for K in WINDOWS}
    medians = {K: np.nanmedian(by_window()[K], axis=1) for K in WINDOWS}  # two step sizes
    better = all(with_15 < with_10 for with_10, with_15 in medians.values())
    lost = {K: int((~np.isfinite(around(K))).sum()) for K in WINDOWS}
    ahead = better and all(r[0] >= 2 for r in ratios.values())
    return (ahead and not any(lost.values()), ahead), (
        f"{'/'.join(f'{r[1]:.1f}' for r in ratios.values())} times below the lowest GD of the grid "
        f"(0.002, not stable for longer); diverged {'/'.join(map(str, lost.values()))} of 500"
    )


def yao_sec3_k2_fastest():
    medians = {K: np.nanmedian(errors, axis=1) for K, errors in by_window().items()}
    best = [min(TRIED, key=lambda K, i=i: medians[K][i]) for i in (0, 1)]
    lost = sum(int(np.isnan(by_window()[K][i]).sum()) for i, K in enumerate(best))
    three = [min(WINDOWS, key=lambda K, i=i: medians[K][i]) for i in (0, 1)]
    return (best == three == [2, 2], three[0] == 2), (
        f"of K = 2, 5, 10: K = {three[0]} with 0.001, K = {three[1]} with 0.0015; "
        f"of {len(TRIED)} windows from 2 to 20: K = {best[0]} and K = {best[1]}, with {lost} runs "
        "lost"
    )


@cache
def chaotic(runs=50):
    """Single-step planning with K = 2, from disturbed starts: no run of it stands for the rest."""
    starts = disturbed(VALLEY_START, runs)
    return minimize(valley_csawg(2), VALLEY, starts, grad_evals=BUDGET, record=10, learned=True)


def middle(values, digits=".1f"):
    """Median and 90 percent band in words."""
    low, half, high = np.nanquantile(values, [0.05, 0.5, 0.95])
    return f"{half:{digits}} ({low:{digits}} to {high:{digits}})"


def late_rate(trace):
    """The decay of the error per gradient evaluation over the second half of the budget."""
    first, last = trace.at(grad_evals=BUDGET // 2), trace.at(grad_evals=BUDGET)
    evals = trace.grad_evals[last] - trace.grad_evals[first]
    return np.log(trace.error[first] / trace.error[last]) / evals


def yao_sec3_more_than_two_times():
    csawg = late_rate(chaotic())
    rate = csawg / late_rate(in_valley(VALLEY_GD))
    over_best = np.nanmedian(csawg) / -np.log(1 - BEST * VALLEY_CURVATURES[0])
    half = np.nanmedian(rate)
    return (half > 4, half > 2), (
        f"{middle(rate)} times per evaluation, {half * 1.5:.1f} per iteration; against GD with "
        f"{BEST:g} {over_best:.1f} times"
    )


def leaps(window):
    """Where each planning of a run starts and ends, and where K plain steps would have gone."""
    trace = in_valley(valley_csawg(window))
    start, leapt = (w.T for w in plannings(trace)[:2])
    plain = gradient_steps(VALLEY, start, VALLEY_STEP, window)
    return trace, trace.learned_iterations, start, leapt, plain


def yao_sec3_accurate_predictions():
    wrong, longer = {}, {}
    for K in WINDOWS:
        _, _, start, leapt, plain = leaps(K)
        length = distance(plain - start)
        wrong[K] = np.median(distance(leapt - plain) / length)
        longer[K] = np.median(distance(leapt - start) / length)
    each = ", ".join(f"{wrong[K]:.0%} (K = {K})" for K in WINDOWS)
    return (wrong[2] < 0.1, wrong[2] < min(wrong[5], wrong[10])), (
        f"median error {each} of the distance; K = 2 leaps {longer[2]:.1f} times as far as two "
        "steps"
    )


def yao_sec3_shoots_across():
    def crossings(w):
        side = np.sign(w[:, 1] - w[:, 0] ** 2)[len(w) // 2 :]
        return (side[1:] != side[:-1]).mean()

    share = {K: crossings(in_valley(valley_csawg(K)).w) for K in WINDOWS}
    gd = [crossings(descents().w[:BUDGET, :, VALLEY_STEPS.index(a)]) for a in (VALLEY_STEP, BEST)]
    each = ", ".join(f"{share[K]:.0%} (K = {K})" for K in WINDOWS)
    return min(share.values()) >= 0.1, (
        f"{each}; GD {gd[0]:.0%} with 0.001, {gd[1]:.0%} with {BEST:g}"
    )


def yao_sec3_narrow_valley():
    def condition(ratio):
        low, high = np.linalg.eigvalsh([[2 + 8 * ratio, -4 * ratio], [-4 * ratio, 2 * ratio]])
        return high / low

    at = {ratio: condition(ratio) for ratio in (1, 10, 100)}
    each = ", ".join(f"{c:.0f} (ratio {r})" for r, c in at.items())
    return at[100] > 1000 and at[1] < at[10] < at[100], each


def late_range(trace):
    """The range of alpha(2) over its mean, in the last fifth of each run."""
    late = trace.learned[trace.learned_iterations > 0.8 * trace.iterations[-1], 1]
    return np.ptp(late, axis=0) / late.mean(axis=0)


def settled(window, step_size=VALLEY_STEP):
    """That of the run from the paper's start."""
    return late_range(in_valley(valley_csawg(window, step_size)))


def yao_fig5b_k5_converges():
    range_ = settled(5)
    return range_ < 0.01, (
        f"range {range_:.1e} of the mean; with step size 0.0015: {settled(5, BEST):.1f}"
    )


def yao_fig5b_k2_does_not_converge():
    with np.errstate(invalid="ignore"):
        range_ = np.abs(late_range(chaotic()))
    kept = ~chaotic().diverged
    moving = (range_[kept] > 0.1).mean()
    return (moving > 0.9, moving > 0.5), (
        f"in {moving:.0%} of {kept.sum()} runs; range {middle(range_[kept])} of the mean"
    )


def yao_fig5b_k10_does_not_converge():
    range_ = settled(10)
    return range_ > 0.01, (
        f"range {range_:.1e} of the mean; with step size 0.0015: {settled(10, BEST):.1f}"
    )


def yao_fig5b_negative():
    share = {K: (in_valley(valley_csawg(K)).learned[:, 1] < 0).mean() for K in (5, 10)}
    shares = (chaotic().learned[:, 1] < 0).mean(axis=0)[~chaotic().diverged]
    least, half = np.quantile(shares, [0.05, 0.5])
    each = ", ".join(f"{n:.1%} (K = {K})" for K, n in share.items())
    return (least > 0.03 and half > 10 * max(share.values()), half > 0.03), (
        f"{middle(shares, '.1%')} of the plannings; {each}"
    )


def yao_sec3_smooth_convergence():
    error = in_valley(valley_csawg(2)).error
    rise = np.diff(error) / error[:-1]
    lost = int((~np.isfinite(around(2))).sum())
    return (lost == 0 and rise.max() < 0.01, np.mean(rise < 0) > 0.9), (
        f"the error rises in {np.mean(rise > 0):.1%} of the steps, once by {rise.max():.0%}, "
        f"last in iteration {np.flatnonzero(rise > 0)[-1]:,}; {lost} of 500 disturbed runs "
        "diverge"
    )


def yao_fig6_bigger_steps():
    levels = (1.5, 1.0, 0.5, 0.1)
    gd, csawg = (
        np.diff([trace.first(error=e) / 20 for e in levels])
        for trace in (in_valley(VALLEY_GD), in_valley(valley_csawg(2)))
    )
    return ((csawg < gd).all(), csawg.sum() < gd.sum()), (
        f"points between the errors {', '.join(f'{e:g}' for e in levels)}: GD "
        f"{', '.join(f'{n:.0f}' for n in gd)}; Csawg K = 2 {', '.join(f'{n:.0f}' for n in csawg)}"
    )


def off_track(window):
    """The share of leaps that end farther from the floor, and of those that come back as close.

    Back means before the next leap, at most as far as before this one.
    """
    trace, k, start, leapt, _ = leaps(window)
    before, after, back = (
        np.abs(y - x * x)[:-1] for x, y in (start, leapt, trace.w[np.append(k[1:], 1) - 1].T)
    )
    off = after > before
    return off.mean(), (back <= before)[off].mean()


def yao_fig6_off_track():
    shares = {K: off_track(K) for K in WINDOWS}
    rare = [off < 0.25 for off, _ in shares.values()]
    close = [back > 0.9 for _, back in shares.values()]
    return (all(rare + close), any(rare + close)), (
        "off: "
        + ", ".join(f"{off:.0%} of the leaps (K = {K})" for K, (off, _) in shares.items())
        + "; as close again before the next leap: "
        + ", ".join(f"{back:.0%}" for _, back in shares.values())
    )


def yao_footnote4_counts():
    gd = in_valley(VALLEY_GD)
    traces = {K: in_valley(valley_csawg(K)) for K in WINDOWS}
    plans = all(t.grad_evals[-1] == t.iterations[-1] + len(t.learned) for t in traces.values())
    each = ", ".join(f"{t.iterations[-1]:,} iterations (K = {K})" for K, t in traces.items())
    return (gd.grad_evals == gd.iterations).all() and plans, f"{each} in {BUDGET:,} evaluations"


def yao_abstract_gd_10000():
    trace = descents()
    error, loss = (
        {a: f"{n:,} ({a:g})" for a, n in zip(VALLEY_STEPS, trace.first(**level)) if n >= 0}
        for level in ({"error": 1e-3}, {"loss": 1e-3})
    )
    near = np.abs(trace.first(error=1e-3) / 10_000 - 1) < 0.2
    each = ", ".join(error.get(a, f"more than {LONG:,} ({a:g})") for a in VALLEY_STEPS)
    return (near[VALLEY_STEPS.index(VALLEY_STEP)], near.any()), (
        f"distance 1e-3: {each}; loss 1e-3: {', '.join(loss.values())}"
    )


def asked(method, objective, start, **options):
    """The points at which a SciPy method asks for the loss, shape (d, evaluations)."""
    from scipy.optimize import minimize as scipy_minimize

    points = []

    def loss(w):
        points.append(w.copy())
        return objective.loss(w)

    jac = None if method == "Nelder-Mead" else objective.grad
    with np.errstate(all="ignore"):
        scipy_minimize(loss, start, jac=jac, method=method, options=options)
    return np.transpose(points)


@cache
def search(method, start, simplex=None, level=1e-10):
    """Function evaluations with which a SciPy method reaches a level in loss and in distance."""
    options = {"xatol": 0, "fatol": 0, "maxfev": 600} if method == "Nelder-Mead" else {"gtol": 0}
    if simplex is not None:
        options["initial_simplex"] = simplex
    points = asked(method, VALLEY, start, **options)
    found = VALLEY.loss(points), distance(points - VALLEY.minimizer[:, None])
    return tuple(int((seen <= level).argmax()) + 1 for seen in found)


def regular_simplex(corner, side=1.0):
    """Three points at equal distances, the first a given corner."""
    p, q = (np.sqrt(3) + 1) / np.sqrt(8) * side, (np.sqrt(3) - 1) / np.sqrt(8) * side
    x, y = corner
    return (corner, (x + p, y + q), (x + q, y + p))


def yao_conclusion_nelder_mead():
    ours = search("Nelder-Mead", VALLEY_START)
    classic = search("Nelder-Mead", (-1.2, 1.0))
    regular = search("Nelder-Mead", (-1.0, 1.0), regular_simplex((-1.0, 1.0)))
    near = [abs(n / 185 - 1) < 0.1 for n in (*ours, *classic, *regular)]
    return (near[1], any(near)), (
        "loss/distance: "
        f"{ours[0]}/{ours[1]} from (-1, 0), {classic[0]}/{classic[1]} from (-1.2, 1), "
        f"{regular[0]}/{regular[1]} from (-1, 1) with a regular simplex of side 1"
    )


def yao_conclusion_similar_rate():
    def evals(trace):
        rows = trace.first(loss=1e-10), trace.first(error=1e-10)
        return tuple(int(trace.grad_evals[n]) if n >= 0 else None for n in rows)

    again = evals(in_valley(plan_again(10), 1000))
    once = evals(in_valley(valley_csawg(5), LONG))
    simplex = search("Nelder-Mead", VALLEY_START)
    bfgs = search("BFGS", VALLEY_START)
    factor = max(a / s for a, s in zip(again, simplex))
    return (factor < 2, factor < 3), (
        f"loss/distance: repeated planning (K = 10) {again[0]}/{again[1]}, single-step planning "
        f"(K = 5) {once[0]:,}/more than {LONG:,}; Nelder-Mead {simplex[0]}/{simplex[1]}, "
        f"BFGS {bfgs[0]}/{bfgs[1]}"
    )
