"""Claims about repeated planning (Yao, Section 4: Algorithm 2, Figs 2, 7 and 8; Section 5)."""

from __future__ import annotations

from functools import cache

import numpy as np

from experiments.papers import (
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
from experiments.planning import out_of_span
from stepsize.methods import Csawg, GradientDescent
from stepsize.objectives import quadratic
from stepsize.runs import Recorder, minimize

BUDGET = 1500  # gradient evaluations; K = 100 has reached zero and drained its buffers
PUBLISHED = (2, 10, 100)  # the windows of Figs 7a and 8
FOURTH, FIFTH = 3, 4  # the plannings, from zero, that look like Fig. 2's middle and right panels

SMALL = VALLEY_CURVATURES[0]


def again(window, budget=BUDGET, **kwargs):
    """A run of Figs 7 and 8."""
    return in_valley(plan_again(window, **kwargs), budget)


def zero(trace):
    """Iteration, counted from zero as the paper does, and evaluations of the first zero error."""
    k = trace.first(error=0.0)
    return (int(k) - 1, int(trace.grad_evals[k])) if k > 0 else None


def words(trace):
    """What became of a run: iteration and evaluations of zero error, or why there is none."""
    if trace.diverged:
        return "diverges"
    found = zero(trace)
    return f"{found[0]} / {found[1]}" if found else f"error {trace.error[-1]:.1e}"


def never_zero(*windows):
    """What a claim about zero errors returns where a run has none; otherwise None."""
    for K in windows:
        if zero(again(K)) is None:
            return False, f"K = {K}: {words(again(K))}"


@cache
def inner_points(window, planning):
    """The points inside one planning, shape (P, M + 2, d).

    Row p holds where leap p starts, where it lands, and each correcting step after it.
    """
    method = plan_again(window)
    watched = Recorder(VALLEY)
    trace = minimize(method, watched, VALLEY_START, iterations=(planning + 2) * window)
    k = trace.learned_iterations[planning]
    first = trace.grad_evals[k - 1] + 1  # the online step's own gradient comes first
    asked = np.array([w for _, w in watched.asked[first : trace.grad_evals[k]]])
    rows = asked.reshape(method.planning_steps, method.correction_steps + 1, -1)
    ends = np.concatenate([rows[1:, 0], trace.w[k : k + 1]])
    return np.concatenate([rows, ends[:, None]], axis=1)


def off_floor(w):
    """Height above the valley's floor w_2 = w_1^2, for points on the last axis."""
    return w[..., 1] - w[..., 0] ** 2


@cache
def gd_equivalent(window, plannings=6):
    """How many steps GD needs from where a planning starts to be as close as where it ends.

    Shape (plannings, 2), for the step sizes 0.001 and 0.0015.
    """
    points = np.array([inner_points(window, planning) for planning in range(plannings)])
    reached = np.linalg.norm(points[:, -1, -1] - VALLEY.minimizer, axis=1)
    gd, starts = GradientDescent(np.array(VALLEY_STEPS[1:3])), points[:, 0, 0].T[..., None]
    return minimize(gd, VALLEY, starts, iterations=9000).first(error=reached[:, None])


WINDOWS = range(2, 101, 3)


@cache
def windows():
    """Evaluations to zero error for each of WINDOWS; -1 where the run diverges."""
    runs = [again(window, 1200) for window in WINDOWS]
    return np.array([-1 if t.diverged else (zero(t) or (0, 0))[1] for t in runs])


def leaps_and_powers(start, alpha, curvature, steps, corrections, step_size):
    """Sum of P leaps on a bowl, and the powers alpha^s g of the conclusion, as columns.

    Plain arithmetic, so that exact numbers (SymPy's) give exact vectors.
    """
    w = list(start)
    g = [q * x for q, x in zip(curvature, w, strict=True)]
    powers = [[a**s * x for a, x in zip(alpha, g, strict=True)] for s in range(1, steps + 1)]
    for _ in range(steps):
        w = [x - a * q * x for a, q, x in zip(alpha, curvature, w, strict=True)]
        for _ in range(corrections):
            w = [x - step_size * q * x for q, x in zip(curvature, w, strict=True)]
    return [x - y for x, y in zip(start, w, strict=True)], powers


def leap_outside_powers(corrections):
    """Rank of the powers alone, and with the leaps, in exact arithmetic; d = 4, P = 2."""
    from sympy import Matrix, Rational

    curvature, alpha = (1, 2, 3, 5), (Rational(1, 2), Rational(1, 3), Rational(1, 7), -1)
    leaps, powers = leaps_and_powers(
        (1, 1, 1, 1), alpha, curvature, 2, corrections, Rational(1, 10)
    )
    return Matrix(powers).rank(), Matrix([*powers, leaps]).rank()


# ---- Algorithm 2 and footnote 5 ----------------------------------------------------------------


def yao_fn5_evaluations():
    costs = {
        int(cost) - 1
        for K in PUBLISHED
        for cost in np.diff(again(K).grad_evals)[again(K).learned_iterations - 1]
    }
    return costs == {55}, ", ".join(map(str, sorted(costs)))


def yao_alg2_gradient():
    traces = [again(K, reuse_gradient=True) for K in (10, 2)]
    stale, printed = [zero(trace) for trace in traces], [(79, 465), (17, 458)]
    same = [n and n[0] for n in stale] == [n[0] for n in printed]
    return (stale == printed, same), ", ".join(map(words, traces))


def yao_alg2_division():
    first = {}
    for K in PUBLISHED:
        trace = again(K)
        for k in trace.learned_iterations:
            g = VALLEY.grad(trace.w[k - 2 * K : k - K].T)  # the gradients in B_1
            if (g == 0).all(axis=1).any():
                first[K] = int(k) - 1
                break
    return not first, "0/0 at iteration " + ", ".join(f"{k} (K = {K})" for K, k in first.items())


# ---- Fig. 2 and the need for corrections -------------------------------------------------------


def yao_sec4_naive():
    gone = [
        minimize(
            Csawg(np.array(VALLEY_STEPS), window=K, planning_steps=P),
            VALLEY,
            VALLEY_START,
            grad_evals=1000,
            record=None,
        ).diverged
        for P in (2, 5, 10)
        for K in (2, 5, 10, 100)
    ]
    count, total = int(np.sum(gone)), int(np.size(gone))
    once = any(in_valley(valley_csawg(K), BUDGET).diverged for K in (2, 5, 10, 100))
    return count > total / 2 and not once, f"{count} of {total} runs diverge"


def yao_fig2_middle():
    def right(planning):
        start, end = inner_points(3, planning)[0, :2]
        slope = abs((end - start)[1] / (end - start)[0])
        return slope, abs(off_floor(end)), abs(off_floor(end)) > 10 * abs(off_floor(start))

    (slope3, off3, out3), (slope4, off4, out4) = right(2), right(3)
    return (slope3 < 0.1 and out3, slope4 < 0.1 and out4), (
        f"third: slope {slope3:.2f}, off by {off3:.3f}; fourth: slope {slope4:.2f}, off by "
        f"{off4:.2f}"
    )


def yao_fig2_right():
    alpha = again(3).learned[FIFTH]
    points = inner_points(3, FIFTH)
    leaps = points[:, 1] - points[:, 0]

    def corrections(p):
        return np.linalg.norm(p[:, -1] - p[:, 1], axis=1).max()

    now, before = corrections(points), corrections(inner_points(3, FOURTH))
    return (alpha > 0.1).all() and (leaps > 0).all() and now < before / 2, (
        f"step sizes {alpha[0]:.2f} and {alpha[1]:.2f}; "
        f"longest correction {now:.2f} after {before:.2f}"
    )


def yao_fig2_back():
    points = np.concatenate([inner_points(3, FOURTH), inner_points(3, FIFTH)])
    share = (np.abs(off_floor(points[:, -1])) / np.abs(off_floor(points[:, 1]))).max()
    return (share < 0.1, share < 0.5), f"at most {100 * share:.0f} percent of the height is left"


def yao_fig2_thousands():
    middle, right = gd_equivalent(3)[[FOURTH, FIFTH], 0]
    return (middle >= 2000, right >= 2000), f"{middle:,} (middle), {right:,} (right)"


# ---- Fig. 7 ------------------------------------------------------------------------------------


def published_zero(window, published):
    if found := never_zero(window):
        return found
    first, evaluations = zero(again(window))
    method = plan_again(window)
    noisy = minimize(method, VALLEY, disturbed(VALLEY_START), grad_evals=evaluations)
    same = noisy.first(error=0.0) == first + 1
    good = (first, evaluations) == published and same.mean() > 0.9
    return (good, evaluations < 500), (
        f"{first} / {evaluations}; the same from {same.sum()} of {same.size} starts disturbed by "
        "1e-13"
    )


def yao_fig7a_k10():
    return published_zero(10, (79, 465))


def yao_fig7a_k2():
    return published_zero(2, (17, 458))


def yao_abstract_below_500():
    counts = {K: zero(again(K)) for K in PUBLISHED}
    below = [n is not None and n[1] < 500 for n in counts.values()]
    told = ", ".join(f"K = {K}: {n[1] if n else 'never':,}" for K, n in counts.items())
    n = windows()
    return (all(below), any(below)), (
        f"{told}; of the {len(n)} windows 2, 5, ..., 98, {np.sum((n > 0) & (n < 500))} stay below "
        f"500, {np.sum(n >= 500)} take longer and {np.sum(n < 0)} diverge"
    )


def yao_sec4_faster():
    told, better = [], []
    for K in PUBLISHED:
        once, more = in_valley(valley_csawg(K), BUDGET), again(K)
        rows = ((once.at(grad_evals=n), more.at(grad_evals=n)) for n in (465, 1100))
        early, late = (bool(more.error[j] * 1000 < once.error[i]) for i, j in rows)
        told.append(f"K = {K}: {'yes' if late else 'no'}" + ", already at 465" * early)
        better.append(late)
    one = in_valley(valley_csawg(10, correction_steps=10), 2000)
    return (all(better), any(better)), (
        f"{', '.join(told)}; one leap with ten corrections takes K = 10 below 1e-8 in "
        f"{one.grad_evals[one.first(error=1e-8)]:,} evaluations"
    )


def yao_sec4_stable():
    with_them = np.mean(windows() > 0)
    without = np.mean([not again(K, 1200, correction_steps=0).diverged for K in WINDOWS])
    return (with_them == 1, with_them > without), (
        f"{100 * with_them:.0f} percent of windows converge, without corrections "
        f"{100 * without:.0f}"
    )


def yao_fig7a_stairs():
    trace = again(100)
    at = trace.learned_iterations[:5]
    factors = trace.error[at - 1] / trace.error[at]
    stairs = factors[1] > 1.5 and (np.diff(factors[1:]) > 0).all()
    told = ", ".join(f"{f:.3g}" for f in factors)
    return at[0] == 200 and factors[0] < 1.2 and stairs, f"first at {at[0]}; factors {told}"


def yao_fig7a_flat():
    trace = again(100)
    at = trace.learned_iterations[:5]
    factors = trace.error[at[:-1]] / trace.error[at[1:] - 1]
    return factors.max() < 1.2, f"factors {factors.min():.2f} to {factors.max():.2f}"


def yao_fig7a_first_1000():
    gd = in_valley(VALLEY_GD, 1000).error[-1]
    ratios = [gd / in_valley(valley_csawg(K), 1000).error[-1] for K in (2, 5, 10)]
    told = ", ".join(f"{r:.1f}" for r in ratios)
    return (max(ratios) <= 1.1, max(ratios) <= 5), f"{told} times below GD for K = 2, 5, 10"


def yao_fig7b_leaps():
    def longest(trace):
        moves = np.linalg.norm(np.diff(trace.w, axis=0), axis=1)[trace.method.window * 2 :]
        k = moves.argmax() + trace.method.window * 2
        return moves.max(), trace.error[k + 1] / trace.error[k]

    (more, left), (once, _) = longest(again(2)), longest(in_valley(valley_csawg(2)))
    return more > once and left < 1, (
        f"{more:.2f} against {once:.2f}; {left:.0%} of the distance is left"
    )


# ---- Fig. 8 ------------------------------------------------------------------------------------


def peaks(window, **kwargs):
    return np.max(again(window, **kwargs).learned, axis=0)


def yao_fig8_peaks():
    all_of = np.array([peaks(K) for K in PUBLISHED])
    return np.abs(all_of / 2.5 - 1).max() < 0.01, (
        f"{all_of.min():.4f} to {all_of.max():.4f}; 1/{SMALL:.4f} - 0.001 = "
        f"{1 / SMALL - VALLEY_STEP:.4f}"
    )


def yao_fig8_above_one():
    lowest = min(peaks(K).min() for K in PUBLISHED)
    return lowest > 1, f"largest step sizes from {lowest:.2f} up"


def yao_fig8_trend():
    if found := never_zero(*PUBLISHED):
        return found
    rises = []
    for K in PUBLISHED:
        trace = again(K)
        rising = trace.learned[trace.learned_iterations <= zero(trace)[0] + 1]
        rises.append(np.diff(rising, axis=0).min(axis=0))
    first, second = np.min(rises, axis=0)
    return (min(first, second) > 0, first > 0), (
        f"least rise between plannings: {first:.3f} (first component), {second:.3f} (second)"
    )


def yao_fig8_drop():
    if found := never_zero(*PUBLISHED):
        return found
    late = []
    for K in PUBLISHED:
        trace = again(K)
        gone = trace.learned_iterations[(trace.learned == 0).all(axis=1)][0]
        late.append((int(gone) - 1 - zero(trace)[0]) / K)
    return max(late) <= 2, "later by " + ", ".join(f"{n:.0f} K" for n in late)


def yao_fig8_similar():
    alpha = np.concatenate([again(K).learned for K in PUBLISHED])
    alpha = alpha[(alpha != 0).all(axis=1)]
    close = np.abs(np.log2(np.abs(alpha[:, 1] / alpha[:, 0]))) < 1
    close &= alpha[:, 0] * alpha[:, 1] > 0
    return (close.all(), close.mean() > 0.5), f"in {close.sum()} of {close.size} plannings"


def yao_fig8_negative():
    early = {K: again(K).learned[:3, 1].min() for K in PUBLISHED}
    later = min(again(K).learned[3:, 1].min() for K in PUBLISHED)
    told = ", ".join(f"K = {K}: {a:.4f}" for K, a in early.items())
    return min(early.values()) < 0 and later >= 0, told


def yao_sec4_trust():
    ahead = {}
    for K in (2, 3, 5, 100):
        for planning, alpha in enumerate(again(K).learned[:4]):
            if alpha.min() < 0:
                points = inner_points(K, planning)
                gd = minimize(VALLEY_GD, VALLEY, points[0, 0], iterations=55)
                error = np.linalg.norm(points[-1, -1] - VALLEY.minimizer)
                ahead.setdefault(K, []).append(bool(error < gd.error[-1]))
    flat = [a for some in ahead.values() for a in some]
    told = "; ".join(f"K = {K}: {sum(a)} of {len(a)} ahead" for K, a in ahead.items())
    return (all(flat), any(flat)), told


# ---- Section 5 ---------------------------------------------------------------------------------


def yao_sec5_span():
    out = out_of_span(quadratic([1.0, 2.0, 4.0, 8.0, 16.0]), np.ones(5))
    return out > 1e-6, f"at iteration 1: {out:.2g} of the move is outside"


def yao_sec5_powers():
    ranks = [leap_outside_powers(corrections) for corrections in (0, 1)]
    told = "; ".join(f"rank {a}, with the leaps {b}" for a, b in ranks)
    return all(a == b for a, b in ranks), told
