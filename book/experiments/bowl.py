"""Claims about planning on the convex bowl (Yao, Section 3, Figs 3 and 4, and the conclusion)."""

from __future__ import annotations

from functools import cache

import numpy as np

from experiments.arrival import until
from experiments.papers import BOWL, BOWL_GD, BOWL_START, BOWL_STEP, bowl_csawg, disturbed, on_bowl
from stepsize import theory
from stepsize.methods import BarzilaiBorwein, Csawg, GradientDescent, HeavyBall, Nesterov
from stepsize.objectives import quadratic
from stepsize.runs import minimize

MU, L = 1.0, 1000.0
WINDOWS = (2, 10, 100, 1000)
LEVEL = 1e-8  # an error that counts as arrived
NESTEROV = Nesterov(*theory.nesterov_parameters(MU, L))
HEAVY_BALL = HeavyBall(*theory.best_heavy_ball(MU, L))
BARZILAI_BORWEIN = BarzilaiBorwein(BOWL_STEP)
STEEP, FLAT = 0, 1  # the weights of curvature 1000 and 1; the text calls FLAT component one


def csawg(window):
    """A run of Fig. 3a, on until the buffers have drained."""
    return on_bowl(bowl_csawg(window), 12_000 if window >= 1000 else 4000)


def turned(degrees):
    """The bowl turned about its minimizer."""
    return quadratic([L, MU], minimizer=[1.0, 1.0], rotation=np.deg2rad(degrees))


def evaluations(trace, level=LEVEL):
    """Gradient evaluations until the error is at or below a level; infinity if it never is."""
    return until(trace, level)


STEPS = np.array([0.3, 0.5, 0.7, 0.9, 1.0, 1.2, 1.4, 1.6, 1.8, 1.9, 1.98, 1.999]) / L
_H, _P = np.meshgrid(np.linspace(0.4, 4, 31) / L, np.linspace(0.8, 0.98, 37))
FAMILIES = {
    "GD": [GradientDescent(np.append(STEPS, theory.best_gradient_descent(MU, L)))],
    "Nesterov": [Nesterov(_H, _P), Nesterov(*theory.best_nesterov(MU, L)), NESTEROV],
    "heavy ball": [HeavyBall(_H, _P), HEAVY_BALL],
    "Csawg, published pairing": [Csawg(STEPS, window=K) for K in (1, 2, 3, 5, 10)],
    "Csawg, derived pairing": [Csawg(STEPS, window=K, pairing="derived") for K in (1, 2, 3, 5, 10)],
    "Barzilai-Borwein": [BarzilaiBorwein(STEPS, v) for v in ("long", "short")],
}
"""What each method may choose from: arrays are settings that run side by side."""


@cache
def tuned(family, degrees=0, budget=None):
    """The fewest gradient evaluations to an error of 1e-8 over all settings of a family."""
    budget = budget or {"GD": 10_000, "Nesterov": 500, "heavy ball": 500}.get(family, 2000)
    traces = (minimize(m, turned(degrees), BOWL_START, grad_evals=budget) for m in FAMILIES[family])
    return float(min(np.min(evaluations(trace)) for trace in traces))


def spoken(evals, budget=2000):
    return f"{evals:.0f}" if np.isfinite(evals) else f"none within {budget}"


def rate_between(trace, first, last):
    """Factor of the error an iteration."""
    return float((trace.error[last] / trace.error[first]) ** (1 / (last - first)))


# ---- the theoretical lines ---------------------------------------------------------------------


def yao_convex_gd_rate():
    rate = rate_between(on_bowl(BOWL_GD), 1000, 9000)
    best = on_bowl(GradientDescent(theory.best_gradient_descent(MU, L)))
    better = rate_between(best, 1000, 9000)
    near = abs(rate - 0.999) < 1e-4
    return (near and better > rate - 1e-4, near), (
        f"{rate:.5f} an iteration with 0.00099; {better:.5f} with 2/(L + mu)"
    )


def yao_fig3a_gd_line():
    trace = on_bowl(BOWL_GD)
    line = trace.error[0] * (1 - MU / L) ** trace.iterations
    apart = float(np.abs(np.log10(trace.error / line)).max())
    return apart < 0.5, (
        f"at most {apart:.2f} decades apart while the error falls by "
        f"{np.log10(trace.error[0] / trace.error[-1]):.1f}"
    )


def yao_convex_nesterov_rate():
    radius = float(theory.nesterov_rate(np.array([MU, L]), *vars(NESTEROV).values()).max())
    run = rate_between(on_bowl(NESTEROV), 300, 800)
    best = float(theory.nesterov_rate(np.array([MU, L]), *theory.best_nesterov(MU, L)).max())
    return max(abs(radius - 0.968), abs(run - 0.968)) < 0.005, (
        f"{radius:.4f}; in a run {run:.4f}; best on quadratics {best:.4f}"
    )


def yao_convex_heavy_ball_rate():
    ends = np.array([MU, L])
    best = float(theory.heavy_ball_rate(ends, *theory.best_heavy_ball(MU, L)).max())
    momentum = np.linspace(0.8, 0.999, 2000)
    held = theory.heavy_ball_rate(ends[:, None], 1 / L, momentum).max(axis=0).min()
    return (abs(best - 0.968) < 0.005, abs(held - 0.968) < 0.005), (
        f"{best:.4f} at its best parameters; {held:.3f} if its step size is held to 1/L"
    )


def yao_conclusion_tight():
    run = on_bowl(HEAVY_BALL)
    limit = np.log(LEVEL / run.error[0]) / np.log(1 - np.sqrt(MU / L))
    heavy_ball = evaluations(run)
    best = evaluations(on_bowl(BARZILAI_BORWEIN, 100))
    fastest = min(heavy_ball, best)
    return (fastest >= limit, fastest > limit / 2), (
        f"1e-8 by that rate in {limit:.0f} gradients; heavy ball {heavy_ball:.0f}, "
        f"Barzilai-Borwein {best:.0f}"
    )


# ---- Fig. 3a -----------------------------------------------------------------------------------


def yao_fig3a_step():
    a, b = on_bowl(GradientDescent(BOWL_STEP)).error[-1], on_bowl(BOWL_GD).error[-1]
    return a > b, f"{a:.1e} against {b:.1e} at 10,000 iterations"


def yao_fig3a_k2_best():
    at = {K: (int(csawg(K).first(error=LEVEL)), int(csawg(K).first(error=0.0))) for K in WINDOWS}
    others = [int(on_bowl(m).first(error=LEVEL)) for m in (BOWL_GD, NESTEROV)]
    best = min(at, key=lambda K: at[K][0]) == min(at, key=lambda K: at[K][1]) == 2
    each = ", ".join(f"K = {K} {a}" for K, (a, _) in at.items())
    return best and all(n < 0 or n > at[2][0] for n in others), (
        f"iterations to 1e-8: {each}; K = 1, which the paper did not try, "
        f"{csawg(1).first(error=LEVEL)}"
    )


def yao_fig3a_k2_zero():
    starts = minimize(bowl_csawg(2), BOWL, disturbed(BOWL_START), iterations=500)
    below = starts.first(error=0.0) > 0
    zero = csawg(2).first(error=0.0)
    return below.all(), (
        f"iteration {zero - 1}, counted from zero, and {csawg(2).grad_evals[zero]} gradient "
        f"evaluations; below 500 from {below.mean():.0%} of the starts"
    )


def yao_fig3a_all_zero():
    first = {K: int(csawg(K).first(error=0.0)) for K in WINDOWS[1:]}
    each = ", ".join(f"K = {K} {n}" for K, n in first.items())
    return min(first.values()) > 0, f"iterations: {each}"


def yao_fig3a_slower_first():
    nesterov = on_bowl(NESTEROV)
    until = {
        K: int(np.flatnonzero(csawg(K).error[:1200] > nesterov.error[:1200])[-1]) for K in WINDOWS
    }
    overtakes = [until[K] < 1199 for K in WINDOWS[1:]]
    zero = nesterov.first(error=0.0)
    each = ", ".join(
        f"{k} (K = {K})" if k < 1199 else f"{zero} at least (K = {K})" for K, k in until.items()
    )
    return (all(overtakes), any(overtakes) and until[10] > 100), f"behind until iteration {each}"


def yao_fig3a_orders():
    run = csawg(2)
    early, late = rate_between(run, 20, 120), rate_between(run, 280, 380)
    traces = {"Csawg": run, "Nesterov": on_bowl(NESTEROV), "heavy ball": on_bowl(HEAVY_BALL)}
    need = {name: evaluations(trace) for name, trace in traces.items()}
    digits = np.log(late) / np.log(1 - np.sqrt(MU / L))
    orders = digits > 10 and need["Csawg"] < need["heavy ball"] / 10
    each = ", ".join(f"{name} {n:.0f}" for name, n in need.items())
    return (orders, need["Csawg"] < need["Nesterov"]), (
        f"K = 2: {early:.3f} an iteration at first, {late:.3f} near the end; evaluations to 1e-8: "
        f"{each}"
    )


def yao_abstract_surpass():
    by_rate = np.log(LEVEL / np.sqrt(5)) / np.log(1 - np.sqrt(MU / L))
    need = {
        degrees: evaluations(minimize(bowl_csawg(2), turned(degrees), BOWL_START, grad_evals=2000))
        for degrees in (0, 10, 45)
    }
    wins = [n < by_rate for n in need.values()]
    each = ", ".join(f"{spoken(n)} at {degrees} degrees" for degrees, n in need.items())
    return (all(wins), wins[0]), f"that rate: {by_rate:.0f}; K = 2: {each}"


def yao_convex_tuned():
    def wins(degrees):
        best = tuned("Csawg, published pairing", degrees)
        return best < min(tuned("GD", degrees), tuned("Nesterov", degrees))

    each = "; ".join(f"{f}: {spoken(tuned(f))}" for f in FAMILIES)
    csawg, derived, nesterov, ball = (
        spoken(tuned(f, 45))
        for f in ("Csawg, published pairing", "Csawg, derived pairing", "Nesterov", "heavy ball")
    )
    return (wins(0) and wins(45), wins(0)), (
        f"{each}; turned by 45 degrees: Csawg {csawg} (derived pairing {derived}), Nesterov "
        f"{nesterov}, heavy ball {ball}"
    )


# ---- Fig. 3b -----------------------------------------------------------------------------------


def jumps(trace):
    """The displacements of the leaps and those of all other steps, each (steps, d)."""
    # learned rows are the iterates after the leap; the gradient step is part of them
    rows = trace.learned_iterations
    moves = np.diff(trace.w, axis=0)
    gd = -trace.method.step_size * trace.objective.grad(trace.w[:-1].T).T
    return (moves - gd)[rows - 1], gd


def yao_fig3b_leaps():
    trace = csawg(10)
    leaps, steps = jumps(trace)
    rows = trace.learned_iterations
    far = trace.error[rows] > 1e-12
    before = trace.w[rows] - leaps - 1.0
    nearer = np.linalg.norm(before, axis=1)[far] > trace.error[rows][far]
    share = np.abs(leaps).sum(axis=0) / (np.abs(leaps).sum(axis=0) + np.abs(steps).sum(axis=0))
    return nearer.all() and share[FLAT] > 0.5 > share[STEEP], (
        f"{nearer.mean():.0%} of {far.sum()} leaps come nearer; leaps are {share[FLAT]:.0%} of the "
        f"flat weight's way, {share[STEEP]:.2%} of the steep one's"
    )


def turns(trace, weight, level=LEVEL):
    """How often a weight steps across the minimizer while it is farther away than a level."""
    e = trace.w[:, weight] - trace.objective.minimizer[weight]
    return int(((e[1:] * e[:-1] < 0) & (np.abs(e[1:]) > level)).sum())


def yao_fig3b_smooth():
    run = csawg(10)
    others = {
        "GD": on_bowl(BOWL_GD),
        "GD at 2/(L + mu)": on_bowl(GradientDescent(theory.best_gradient_descent(MU, L))),
        "Nesterov": on_bowl(NESTEROV),
        "heavy ball": on_bowl(HEAVY_BALL),
        "Barzilai-Borwein": on_bowl(BARZILAI_BORWEIN, 100),
    }
    crossings = {name: turns(t, STEEP) + turns(t, FLAT) for name, t in others.items()}
    ours = turns(run, STEEP) + turns(run, FLAT)
    rivals = [n <= 1 and evaluations(others[m]) <= evaluations(run) for m, n in crossings.items()]
    each = ", ".join(f"{name} {n}" for name, n in crossings.items())
    return (ours == 0 and not any(rivals), ours == 0), f"crossings: Csawg K10 {ours}, {each}"


# ---- Fig. 4 ------------------------------------------------------------------------------------


def yao_fig4_rise_fall():
    good, follows = [], []
    for K in WINDOWS:
        t = csawg(K)
        alpha = t.learned[:, FLAT]
        far = t.error[t.learned_iterations] > 1e-11
        peak = int(alpha.argmax())
        good.append((np.diff(alpha[far]) > 0).all() and (alpha[peak + 1 :] == 0).all())
        predicted = theory.csawg_plannings(MU, BOWL_STEP, K, far.sum()).step_size
        follows.append(np.abs(alpha[far] / predicted - 1).max())
    return (all(good), any(good)), (
        f"so for {sum(good)} of {len(WINDOWS)} windows; until then within {max(follows):.0e} of "
        "the closed form"
    )


def yao_fig4_peak_one():
    peaks = [float(csawg(K).learned[:, FLAT].max()) for K in WINDOWS]
    peak, even = peaks_elsewhere()
    share = np.mean(peak == 1)
    where = "those with an even last bit" if np.array_equal(peak == 1, even) else "not by last bit"
    each = ", ".join(f"{p:.17g}" for p in peaks)
    return (min(peaks) == max(peaks) == 1.0 and share > 0.9, min(peaks) == 1.0), (
        f"peaks {each}; exactly one at {share:.0%} of 1,000 random minimizers, {where}"
    )


@cache
def peaks_elsewhere(window=2, curvature=1.0):
    """For 1,000 minimizers: peak times curvature, and whether the minimizer's last bit is even."""
    w_star = np.random.default_rng(0).uniform(0.1, 2.0, 1000)
    bowl = quadratic(np.full(1000, curvature), minimizer=w_star)  # 1,000 weights, each a problem
    trace = minimize(
        bowl_csawg(window), bowl, w_star + 1.0, iterations=1000, record=None, learned=True
    )
    return trace.learned.max(axis=0) * curvature, w_star.view(np.int64) % 2 == 0


def yao_fig4_peak_meaning():
    left = []
    for K in WINDOWS:
        t = csawg(K)
        peak = t.learned_iterations[t.learned[:, FLAT].argmax()]
        left.append(int(peak - t.first(error=0.0)))
    run = csawg(2)
    g = BOWL.grad(run.w.T).T[:, FLAT]
    each = ", ".join(map(str, left))
    return min(left) <= 0, (
        f"the peak comes {each} iterations after the error is zero; g = w - w* holds in "
        f"{np.mean(g == run.w[:, FLAT] - 1.0):.0%} of all iterations"
    )


def yao_fig4_k1000():
    trace = csawg(1000)
    alpha = trace.learned[:, FLAT]
    where, later = np.flatnonzero(np.round(alpha, 2) == 0.97), np.flatnonzero(alpha == 1.0)
    found = len(where) > 0 and len(later) > 0 and later[0] > where[0]
    at = trace.learned_iterations
    return found, ", ".join(f"{a:.4g} at {i}" for i, a in zip(at, alpha, strict=True) if a)


def yao_fig4_zero():
    late = []
    for K in WINDOWS:
        t = csawg(K)
        last = t.learned_iterations[(t.learned != 0).any(axis=1)][-1]
        late.append(int(last - t.first(error=0.0)) // K)
    each = ", ".join(f"{n} (K = {K})" for n, K in zip(late, WINDOWS, strict=True))
    return max(late) <= 2, f"last nonzero step size, in plannings after error zero: {each}"


def yao_fig4_component_two():
    spread, counts = [], []
    for K in WINDOWS:
        steep, flat = csawg(K).learned.T
        used = steep[steep != 0]
        spread.append(used.max() / used.min() - 1)
        counts.append((len(used), int(np.count_nonzero(flat))))
    each = ", ".join(f"{a}/{b} (K = {K})" for (a, b), K in zip(counts, WINDOWS, strict=True))
    return max(spread) < 0.1 and all(a < b for a, b in counts), (
        f"plannings with a step size, second against first: {each}; K = 2 begins with "
        f"{csawg(2).learned[0, STEEP]:.3g}, spread at most {max(spread):.0%}"
    )


def yao_fig4_difficulty():
    def dense(objective):
        t = minimize(bowl_csawg(10), objective, BOWL_START, iterations=800)
        return np.count_nonzero(t.learned, axis=0)

    bowl, ten = dense(BOWL), dense(turned(10))
    told = [n[STEEP] < n[FLAT] / 5 for n in (bowl, ten)]
    return (all(told), told[0]), (
        f"plannings with a step size in 800 iterations of K = 10, steep and flat weight: "
        f"{bowl[STEEP]} and {bowl[FLAT]}; turned by 10 degrees {ten[STEEP]} and {ten[FLAT]}"
    )
