"""Claims about repeated planning (Yao, Section 4: Algorithm 2, Figs 2, 7 and 8; Section 5)."""

from __future__ import annotations

from functools import cache

import numpy as np

from experiments.claims import NOT, Measured, agrees, claim
from experiments.papers import (
    PLAN_AGAIN,
    VALLEY,
    VALLEY_GD,
    VALLEY_START,
    VALLEY_STEPS,
    chain,
    disturbed,
    in_valley,
    valley_csawg,
)
from stepsize.methods import Csawg, GradientDescent
from stepsize.runs import Recorder, minimize

BUDGET = 1500  # gradient evaluations; K = 100 has reached zero and drained its buffers
PUBLISHED = (2, 10, 100)  # the windows of Figs 7a and 8
FOURTH, FIFTH = 3, 4  # the plannings, from zero, that look like Fig. 2's middle and right panels

# Rosenbrock's curvatures at the minimum: eigenvalues of [[802, -400], [-400, 200]].
SMALL, LARGE = 501 - np.sqrt(501.0**2 - 400), 501 + np.sqrt(501.0**2 - 400)


def again(window, budget=BUDGET, **kwargs):
    """A run of Figs 7 and 8: five planned steps, ten corrections each."""
    return in_valley(valley_csawg(window, **{**PLAN_AGAIN, **kwargs}), budget)


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
    """The measurement of a claim about zero errors where a run has none; otherwise None."""
    for K in windows:
        if zero(again(K)) is None:
            return Measured(f"K = {K}: {words(again(K))}", NOT, "Its error is never zero.")


@cache
def inner_points(window, planning):
    """The points inside one planning, shape (P, M + 2, d).

    Row p holds where leap p starts, where it lands, and each correcting step after it.
    """
    method = valley_csawg(window, **PLAN_AGAIN)
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

    Shape (plannings, 2), for GD's step sizes 0.001 and 0.0015.
    """
    points = np.array([inner_points(window, planning) for planning in range(plannings)])
    reached = np.linalg.norm(points[:, -1, -1] - VALLEY.minimizer, axis=1)
    gd, starts = GradientDescent(np.array([0.001, 0.0015])), points[:, 0, 0].T[..., None]
    return minimize(gd, VALLEY, starts, iterations=9000).first(error=reached[:, None])


WINDOWS = range(2, 101, 3)


@cache
def windows():
    """Evaluations to zero error for each of WINDOWS; -1 where the run diverges."""
    runs = [again(window, 1200) for window in WINDOWS]
    return np.array([-1 if t.diverged else (zero(t) or (0, 0))[1] for t in runs])


CHAIN = 100, 1.0, 100.0  # weights, mu and L


@cache
def on_chain(method):
    """A method on the chain from the origin, for as many evaluations as there are weights."""
    return minimize(method, chain(*CHAIN)[0], np.zeros(CHAIN[0]), grad_evals=CHAIN[0])


def support(w):
    """The number of the last weight that is not zero, per row."""
    return np.array([np.flatnonzero(row).max(initial=-1) + 1 for row in w])


CHAIN_CSAWG = tuple(
    Csawg(step_size=step / CHAIN[2], window=K, planning_steps=P, correction_steps=M)
    for K in (2, 5, 10, 20)
    for step in (0.25, 0.5, 1.0, 1.9)
    for P, M in ((1, 0), (1, 10), (2, 10), (5, 10), (2, 20), (1, 50))
)


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


@claim(
    "yao-fn5-evaluations",
    where="footnote 5",
    statement="A planning costs 55 gradient evaluations: 5 projections and 50 correcting steps.",
    published="55",
    rule="the evaluations of every iteration that plans, less its online step, are 55",
    methods=("Csawg",),
)
def _():
    costs = {
        int(cost) - 1
        for K in PUBLISHED
        for cost in np.diff(again(K).grad_evals)[again(K).learned_iterations - 1]
    }
    return Measured(
        ", ".join(map(str, sorted(costs))),
        agrees(costs == {55}),
        "Each leap asks for a fresh gradient; the gradient of the online step comes on top.",
    )


@claim(
    "yao-alg2-gradient",
    where="Algorithm 2",
    statement="Leaps and correcting steps are written with g_k, the gradient of the main loop.",
    published="79 / 465, 17 / 458",
    rule="leaping with the gradient at hand gives the published counts",
    methods=("Csawg",),
)
def _():
    traces = [again(K, reuse_gradient=True) for K in (10, 2)]
    stale = [zero(trace) for trace in traces]
    return Measured(
        ", ".join(map(words, traces)),
        agrees(stale == [(79, 465), (17, 458)], partly=[n and n[0] for n in stale] == [79, 17]),
        "The same iterations but fewer evaluations, 50 a planning: the printed counts and "
        "footnote 5 need a fresh gradient for each leap and for each correcting step.",
    )


@claim(
    "yao-alg2-division",
    where="Algorithm 2",
    statement="The learned step size is sum_1 / sum_2 for every component; unlike Algorithm 1, "
    "Algorithm 2 has no case for sum_2 = 0.",
    rule="sum_2 is not zero at any planning of Fig. 8",
    methods=("Csawg",),
)
def _():
    first = {}
    for K in PUBLISHED:
        trace = again(K)
        for k in trace.learned_iterations:
            g = VALLEY.grad(trace.w[k - 2 * K : k - K].T)  # the gradients in B_1
            if (g == 0).all(axis=1).any():
                first[K] = int(k) - 1
                break
    return Measured(
        "0/0 at iteration " + ", ".join(f"{k} (K = {K})" for K, k in first.items()),
        agrees(not first),
        "Two windows after the error is zero all gradients in the first buffer are zero, and 0/0 "
        "is NaN. Algorithm 1's rule, a step size of zero, gives the drop to zero of Fig. 8.",
    )


# ---- Fig. 2 and the need for corrections -------------------------------------------------------


@claim(
    "yao-sec4-naive",
    where="Section 4",
    statement="Applying the learned step sizes several times in a row, without correcting steps, "
    "does not work well in a straightforward sense.",
    rule="more than half of the runs over P = 2, 5, 10, K = 2, 5, 10, 100 and the step sizes of "
    "Fig. 5a diverge within 1,000 evaluations, and none of P = 1 at step size 0.001 does",
    methods=("Csawg",),
)
def _():
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
    return Measured(
        f"{count} of {total} runs diverge",
        agrees(count > total / 2 and not once),
        "Each leap multiplies the distance to the valley's floor by about minus step size times "
        "the large curvature, and the next leap starts from there.",
    )


@claim(
    "yao-fig2-middle",
    where="Fig. 2, middle",
    statement="At the third planning the step sizes move the weights mainly to the right, and the "
    "first leap goes out of the valley.",
    rule="the third planning's first leap has a slope below 0.1 and ends 10 times farther from the "
    "floor; partly, if the fourth's (the third counted from zero) does",
    methods=("Csawg",),
)
def _():
    def right(planning):
        start, end = inner_points(3, planning)[0, :2]
        slope = abs((end - start)[1] / (end - start)[0])
        return slope, abs(off_floor(end)), abs(off_floor(end)) > 10 * abs(off_floor(start))

    (slope3, off3, out3), (slope4, off4, out4) = right(2), right(3)
    return Measured(
        f"third: slope {slope3:.2f}, off by {off3:.3f}; "
        f"fourth: slope {slope4:.2f}, off by {off4:.2f}",
        agrees(slope3 < 0.1 and out3, partly=slope4 < 0.1 and out4),
        "The picture described is the fourth planning of K = 3, the third if one counts from zero "
        "as the paper does with iterations.",
    )


@claim(
    "yao-fig2-right",
    where="Fig. 2, right",
    statement="At the next planning both step sizes are significantly positive, the leaps go up "
    "and to the right, and the corrections stay close to the squares.",
    rule="both step sizes above 0.1, every leap up and right, corrections shorter than half of "
    "those of the planning before",
    methods=("Csawg",),
)
def _():
    alpha = again(3).learned[FIFTH]
    points = inner_points(3, FIFTH)
    leaps = points[:, 1] - points[:, 0]

    def corrections(p):
        return np.linalg.norm(p[:, -1] - p[:, 1], axis=1).max()

    now, before = corrections(points), corrections(inner_points(3, FOURTH))
    return Measured(
        f"step sizes {alpha[0]:.2f} and {alpha[1]:.2f}; "
        f"longest correction {now:.2f} after {before:.2f}",
        agrees((alpha > 0.1).all() and (leaps > 0).all() and now < before / 2),
        "The buffers now hold a jump along the valley, so both components point along it.",
    )


@claim(
    "yao-fig2-back",
    where="Section 4",
    statement="The correcting steps bring the weights back to the valley after each leap.",
    rule="after each of the ten leaps of Fig. 2 ten corrections leave less than a tenth of the "
    "height above the floor",
    methods=("Csawg",),
)
def _():
    points = np.concatenate([inner_points(3, FOURTH), inner_points(3, FIFTH)])
    share = np.abs(off_floor(points[:, -1])) / np.abs(off_floor(points[:, 1]))
    return Measured(
        f"at most {100 * share.max():.0f} percent of the height is left",
        agrees(share.max() < 0.1, partly=share.max() < 0.5),
        "Across the valley the curvature is large, so gradient descent with step size 0.001 is "
        "fast there; along the valley it barely moves.",
    )


@claim(
    "yao-fig2-thousands",
    where="Section 4",
    statement="The 55 evaluations of one planning (Fig. 2, middle) make a progress that would take "
    "gradient descent thousands.",
    published="thousands",
    rule="GD with step size 0.001 from the same point needs 2,000 or more for the same error; "
    "partly, if it does for the next planning",
    methods=("Csawg", "GradientDescent"),
)
def _():
    middle, right = gd_equivalent(3)[[FOURTH, FIFTH], 0]
    return Measured(
        f"{middle:,} (middle), {right:,} (right)",
        agrees(middle >= 2000, partly=right >= 2000),
        "Several hundred for the planning that the sentence is about, thousands for the next ones.",
    )


# ---- Fig. 7 ------------------------------------------------------------------------------------


def published_zero(window, published):
    if found := never_zero(window):
        return found
    first, evaluations = zero(again(window))
    method = valley_csawg(window, **PLAN_AGAIN)
    noisy = minimize(method, VALLEY, disturbed(VALLEY_START), grad_evals=evaluations)
    same = noisy.first(error=0.0) == first + 1
    return Measured(
        f"{first} / {evaluations}",
        agrees((first, evaluations) == published and same.mean() > 0.9, partly=evaluations < 500),
        f"Counted from zero. {same.sum()} of {same.size} starts disturbed by 1e-13 give the same.",
    )


@claim(
    "yao-fig7a-k10",
    where="Fig. 7a, caption",
    statement="Csawg with K = 10 and five planned steps reaches zero error at iteration 79 with "
    "465 gradient evaluations.",
    published="79 / 465",
    rule="equal, also for 90 percent of starts disturbed by 1e-13",
    methods=("Csawg",),
)
def _():
    return published_zero(10, (79, 465))


@claim(
    "yao-fig7a-k2",
    where="Fig. 7a, caption",
    statement="Csawg with K = 2 and five planned steps reaches zero error at iteration 17 with 458 "
    "gradient evaluations.",
    published="17 / 458",
    rule="equal, also for 90 percent of starts disturbed by 1e-13",
    methods=("Csawg",),
)
def _():
    return published_zero(2, (17, 458))


@claim(
    "yao-abstract-below-500",
    where="Abstract, Section 5",
    statement="On Rosenbrock's function repeated planning reaches zero error below 500 gradient "
    "evaluations.",
    published="below 500",
    rule="for all windows of Fig. 7a; partly, if for some",
    methods=("Csawg",),
)
def _():
    counts = {K: zero(again(K)) for K in PUBLISHED}
    below = [n is not None and n[1] < 500 for n in counts.values()]
    measured = windows()
    return Measured(
        ", ".join(f"K = {K}: {n[1] if n else 'never':,}" for K, n in counts.items()),
        agrees(all(below), partly=any(below)),
        f"So for K = 2 and 10. Of the {len(measured)} windows 2, 5, ..., 98, "
        f"{np.sum((measured > 0) & (measured < 500))} stay below 500, "
        f"{np.sum(measured >= 500)} take longer and {np.sum(measured < 0)} diverge, also K = 5.",
    )


@claim(
    "yao-sec4-faster",
    where="Section 4, Fig. 7a",
    statement="Several planned steps with corrections accelerate Csawg tremendously.",
    rule="at 1,100 evaluations (K = 100 takes 1,030 to zero error) the error is 1,000 times below "
    "single planning's for K = 2, 10, 100; partly, if for some",
    methods=("Csawg",),
)
def _():
    better = {}
    for K in PUBLISHED:
        once = in_valley(valley_csawg(K), BUDGET)
        more = again(K)
        early, late = ((once.at(grad_evals=n), more.at(grad_evals=n)) for n in (465, 1100))
        better[K] = [bool(more.error[j] * 1000 < once.error[i]) for i, j in (early, late)]
    one = in_valley(valley_csawg(10, correction_steps=10), 2000)
    needs = int(one.grad_evals[one.first(error=1e-8)])
    return Measured(
        ", ".join(
            f"K = {K}: {'yes' if b else 'no'}" + ", already at 465" * a
            for K, (a, b) in better.items()
        ),
        agrees(all(b for _, b in better.values()), partly=any(b for _, b in better.values())),
        "For these windows; others diverge. The corrections do much of it: one leap with "
        f"ten corrections already takes K = 10 below 1e-8 in {needs:,} evaluations.",
    )


@claim(
    "yao-sec4-stable",
    where="Section 4",
    statement="The correcting steps stabilize repeated planning.",
    rule="the runs with windows 2, 5, ..., 98 all converge; partly, if more do than without "
    "corrections",
    methods=("Csawg",),
)
def _():
    with_them = np.mean(windows() > 0)
    without = np.mean([not again(K, 1200, correction_steps=0).diverged for K in WINDOWS])
    return Measured(
        f"{100 * with_them:.0f} percent of windows converge, "
        f"without corrections {100 * without:.0f}",
        agrees(with_them == 1, partly=with_them > without),
        "Necessary, and no guarantee: K = 5 and most windows between 44 and 90 diverge from the "
        "paper's own start with its own step size.",
    )


@claim(
    "yao-fig7a-stairs",
    where="Fig. 7a",
    statement="With K = 100 the first planning, at iteration 200, does not reduce the error much; "
    "the second and the following three are steep stairs.",
    rule="planning 1 follows iteration 200 with a factor below 1.2, plannings 2 to 5 each have a "
    "factor above 1.5 and larger than the one before",
    methods=("Csawg",),
)
def _():
    trace = again(100)
    at = trace.learned_iterations[:5]
    factors = trace.error[at - 1] / trace.error[at]
    return Measured(
        f"first at {at[0]}; factors " + ", ".join(f"{f:.3g}" for f in factors),
        agrees(
            at[0] == 200
            and factors[0] < 1.2
            and factors[1] > 1.5
            and (np.diff(factors[1:]) > 0).all()
        ),
        "Each window contains the jump of the planning before it, so each learns a longer step.",
    )


@claim(
    "yao-fig7a-flat",
    where="Fig. 7a",
    statement="Between the stairs the online gradient descent reduces the error only slowly.",
    rule="100 online steps reduce the error by less than a factor of 1.2",
    methods=("Csawg",),
)
def _():
    trace = again(100)
    at = trace.learned_iterations[:5]
    factors = trace.error[at[:-1]] / trace.error[at[1:] - 1]
    return Measured(
        f"factors {factors.min():.2f} to {factors.max():.2f}",
        agrees(factors.max() < 1.2),
        "Along the valley the curvature is below one, and the step size 0.001.",
    )


@claim(
    "yao-fig7a-first-1000",
    where="Section 4",
    statement="In the first 1,000 iterations single-step Csawg's advantage over gradient descent "
    "has not shown up yet.",
    rule="at 1,000 gradient evaluations GD's error is at most 1.1 times Csawg's for K = 2, 5, 10; "
    "partly, if at most 5 times",
    methods=("Csawg", "GradientDescent"),
)
def _():
    gd = in_valley(VALLEY_GD, 1000).error[-1]
    ratios = [gd / in_valley(valley_csawg(K), 1000).error[-1] for K in (2, 5, 10)]
    return Measured(
        ", ".join(f"{r:.1f}" for r in ratios) + " times below GD for K = 2, 5, 10",
        agrees(max(ratios) <= 1.1, partly=max(ratios) <= 5),
        "A small advantage is there already; it is small beside the hundreds of Fig. 5a.",
    )


@claim(
    "yao-fig7b-leaps",
    where="Fig. 7b",
    statement="With several planned steps even K = 2 makes large leaps towards the minimum.",
    rule="its longest iteration is longer than any of single planning with K = 2 in 10,000 "
    "evaluations, the start left out",
    methods=("Csawg",),
)
def _():
    def longest(trace):
        moves = np.diff(trace.w[trace.method.window * 2 :], axis=0)
        return np.linalg.norm(moves, axis=1).max()

    more, once = longest(again(2)), longest(in_valley(valley_csawg(2)))
    return Measured(
        f"{more:.2f} against {once:.2f}",
        agrees(more > once),
        "Five leaps are added up in one iteration.",
    )


# ---- Fig. 8 ------------------------------------------------------------------------------------


def peaks(window, **kwargs):
    return np.max(again(window, **kwargs).learned, axis=0)


@claim(
    "yao-fig8-peaks",
    where="Fig. 8",
    statement="The peaks of both step sizes are close to 2.5 for all windows.",
    published="2.5",
    rule="within 1 percent of 2.5, both components, K = 2, 10, 100",
    methods=("Csawg",),
)
def _():
    all_of = np.array([peaks(K) for K in PUBLISHED])
    return Measured(
        f"{all_of.min():.4f} to {all_of.max():.4f}",
        agrees(np.abs(all_of / 2.5 - 1).max() < 0.01),
        f"It is the inverse of the valley's small curvature less the online step size, "
        f"1/{SMALL:.4f} - 0.001 = {1 / SMALL - 0.001:.4f}; the derived pairing does not subtract.",
    )


@claim(
    "yao-fig8-above-one",
    where="Fig. 8",
    statement="With several planned steps the learned step sizes can exceed one.",
    rule="they do for every window of Fig. 8",
    methods=("Csawg",),
)
def _():
    lowest = min(peaks(K).min() for K in PUBLISHED)
    return Measured(
        f"largest step sizes from {lowest:.2f} up",
        agrees(lowest > 1),
        "Nothing stops them at one: the peak is a property of the objective.",
    )


@claim(
    "yao-fig8-trend",
    where="Fig. 8",
    statement="The step sizes increase in the beginning and then drop to zero quickly.",
    rule="both rise from every planning to the next up to zero error, then are zero within two "
    "plannings; partly, if so for the first component",
    methods=("Csawg",),
)
def _():
    if found := never_zero(*PUBLISHED):
        return found
    rises = np.array(
        [
            (
                np.diff(
                    again(K).learned[again(K).learned_iterations <= zero(again(K))[0] + 1], axis=0
                )
            ).min(axis=0)
            for K in PUBLISHED
        ]
    )
    return Measured(
        f"least rise between plannings: {rises[:, 0].min():.3f} (first component), "
        f"{rises[:, 1].min():.3f} (second)",
        agrees((rises > 0).all(), partly=(rises[:, 0] > 0).all()),
        "The first component only ever rises; the second takes a step back on the way for K = 2.",
    )


@claim(
    "yao-fig8-drop",
    where="Fig. 8",
    statement="The step sizes drop to zero almost when the weights reach the minimizer.",
    rule="within the two plannings that the buffers need to drain",
    methods=("Csawg",),
)
def _():
    if found := never_zero(*PUBLISHED):
        return found
    late = []
    for K in PUBLISHED:
        trace = again(K)
        gone = trace.learned_iterations[(trace.learned == 0).all(axis=1)][0]
        late.append((int(gone) - 1 - zero(trace)[0]) / K)
    return Measured(
        "later by " + ", ".join(f"{n:.0f} K" for n in late),
        agrees(max(late) <= 2),
        "Exactly two windows later. At zero error the step sizes are still at 2.5, and the "
        "largest of all comes after it; for K = 100 the delay is 200 iterations.",
    )


@claim(
    "yao-fig8-similar",
    where="Fig. 8",
    statement="The step sizes of the two components have a similar pattern.",
    rule="their ratio lies between 1/2 and 2 in every planning before the drop; partly, if in more "
    "than half",
    methods=("Csawg",),
)
def _():
    alpha = np.concatenate([again(K).learned for K in PUBLISHED])
    alpha = alpha[(alpha != 0).all(axis=1)]
    close = np.abs(np.log2(np.abs(alpha[:, 1] / alpha[:, 0]))) < 1
    close &= alpha[:, 0] * alpha[:, 1] > 0
    return Measured(
        f"in {close.sum()} of {close.size} plannings",
        agrees(close.all(), partly=close.mean() > 0.5),
        "Similar once the path runs up the right branch of the valley, not before it.",
    )


@claim(
    "yao-fig8-negative",
    where="Section 4",
    statement="In the first few plannings the second step size can be negative.",
    rule="it is for some window of Fig. 8 in the first three plannings, and never later",
    methods=("Csawg",),
)
def _():
    early = {K: again(K).learned[:3, 1].min() for K in PUBLISHED}
    later = min(again(K).learned[3:, 1].min() for K in PUBLISHED)
    return Measured(
        ", ".join(f"K = {K}: {a:.4f}" for K, a in early.items()),
        agrees(min(early.values()) < 0 and later >= 0),
        "The path first climbs to the valley's floor and then descends along it: the window's "
        "gradients are of the climb, its differences of the descent.",
    )


@claim(
    "yao-sec4-trust",
    where="Section 4",
    statement="A learned step size that says go up is to be trusted more than the gradient.",
    rule="every planning with a negative step size, for K = 2, 3, 5, 100, ends closer to the "
    "minimizer than GD does with the same 55 evaluations; partly, if some do",
    methods=("Csawg", "GradientDescent"),
)
def _():
    ahead = {}
    for K in (2, 3, 5, 100):
        for planning, alpha in enumerate(again(K).learned[:4]):
            if alpha.min() < 0:
                points = inner_points(K, planning)
                gd = minimize(VALLEY_GD, VALLEY, points[0, 0], iterations=55)
                error = np.linalg.norm(points[-1, -1] - VALLEY.minimizer)
                ahead.setdefault(K, []).append(bool(error < gd.error[-1]))
    flat = [a for some in ahead.values() for a in some]
    return Measured(
        "; ".join(f"K = {K}: {sum(a)} of {len(a)} ahead" for K, a in ahead.items()),
        agrees(all(flat), partly=any(flat)),
        "It matters little while the step sizes are small; at K = 5 one of "
        f"{again(5).learned[3, 1]:.1f} throws the run out of the valley for good.",
    )


# ---- Section 5 ---------------------------------------------------------------------------------


@claim(
    "yao-sec5-span",
    where="Section 5",
    statement="Csawg is not first-order in the sense of the span: its iterates leave the span of "
    "the gradients.",
    rule="on a bowl of four weights an iterate does not lie in the span of all gradients so far",
    methods=("Csawg",),
)
def _():
    out, _, k = leaves_span()
    return Measured(
        f"at iteration {k - 1}: {out:.2g} of the move is outside",
        agrees(out > 1e-6),
        "True by the definition: a diagonal matrix turns a gradient out of the span.",
    )


def leaves_span():
    """Share of w_k - w_0 outside the span of the gradients, at Csawg's first planning (K = 1)."""
    from stepsize.objectives import quadratic

    bowl = Recorder(quadratic([1.0, 2.0, 4.0, 8.0, 16.0]))
    trace = minimize(Csawg(0.05, window=1), bowl, np.ones(5), iterations=2)
    gradients = np.array([bowl.objective.grad(w) for _, w in bowl.asked]).T  # g_0, g_1, fresh
    move = trace.w[-1] - trace.w[0]
    fit = gradients @ np.linalg.lstsq(gradients, move, rcond=None)[0]
    return np.linalg.norm(move - fit) / np.linalg.norm(move), gradients.shape[1], 2


@claim(
    "yao-sec5-powers",
    where="Section 5",
    statement="Repeated planning adds as basis vectors the powers of the diagonal step size times "
    "one gradient.",
    published="alpha^s g for s = 1, ..., p",
    rule="the sum of two leaps lies in the span of alpha g and alpha^2 g, without and with "
    "corrections",
    methods=("Csawg",),
)
def _():
    ranks = [leap_outside_powers(corrections) for corrections in (0, 1)]
    return Measured(
        "; ".join(f"rank {a}, with the leaps {b}" for a, b in ranks),
        agrees(all(a == b for a, b in ranks)),
        "Exact arithmetic on a bowl of four weights. Each leap asks for a fresh gradient, so the "
        "second adds alpha H alpha g, not alpha^2 g; in two weights any two vectors would do.",
    )


@claim(
    "yao-sec5-lower-bound",
    where="Section 5",
    statement="The paper asks, as an open question, whether Csawg, not being first-order, could be "
    "faster than the limit for first-order methods.",
    rule="on Nesterov's chain some run gets below the lower bound for first-order methods before "
    "it has asked for as many gradients as there are weights",
    methods=("Csawg",),
)
def _():
    _, bound, _ = chain(*CHAIN)
    least, wider = np.inf, 0
    for method in CHAIN_CSAWG:
        trace = on_chain(method)
        rows = np.isfinite(trace.error) & (trace.grad_evals < CHAIN[0])
        evaluations = trace.grad_evals[rows]
        least = min(least, (trace.error[rows] / bound[evaluations]).min())
        wider += int(np.sum(support(trace.w[rows]) > evaluations))
    return Measured(
        f"least error {least:.2f} times the bound in {len(CHAIN_CSAWG)} runs",
        agrees(least < 1 - 1e-9),
        "A diagonal keeps zeros zero, so k gradients reach k weights at most, and the proof of "
        f"the bound holds word for word (weights beyond: {wider}). In two weights it says "
        "nothing after two gradients.",
    )
