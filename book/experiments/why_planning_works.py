"""Claims of this book on why planning works: one recursion, what it says, and where it ends."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np

from experiments.claims import ANSWERED
from experiments.papers import chain
from experiments.planning import beyond_the_limit
from stepsize import theory
from stepsize.methods import Csawg, GradientDescent, HeavyBall
from stepsize.objectives import quadratic
from stepsize.runs import minimize

VARIANTS = {
    "published": {},
    "derived": {"pairing": "derived"},
    "published, gradient at hand": {"reuse_gradient": True},
}


# ---- the recursion, against Algorithm 2 in many digits --------------------------------------


def plain(curvature, step_size, counts, plannings, pairing="published", reuse_gradient=False):
    """Algorithm 2 by the letter in one weight, from 1, in the digits of its numbers.

    Returns the learned step sizes and the errors after each planning.
    """
    K, P, M = counts
    e, pairs, learned, errors = 1 + 0 * curvature, [], [], []
    for k in range(1, (plannings + 1) * K + 1):
        g = curvature * e
        e = e - step_size * g
        pairs.append((e, g if pairing == "published" else curvature * e))
        if k % K or k == K:
            continue
        old, new = pairs[-2 * K : -K], pairs[-K:]
        top = sum(g * (w - later) for (w, g), (later, _) in zip(old, new))
        alpha = top / sum(g * g for _, g in old)
        at_hand = curvature * (e / (1 - step_size * curvature))
        for _ in range(P):
            e = e - alpha * (at_hand if reuse_gradient else curvature * e)
            for _ in range(M):
                at_hand = curvature * e
                e = e - step_size * at_hand
        learned.append(alpha)
        errors.append(e)
    return learned, errors


def digits_apart(digits=60):
    """The largest relative difference between Algorithm 2 and the recursion, and the settings."""
    from mpmath import mp, mpf

    worst, settings = mpf(0), 0
    with mp.workdps(digits):
        for x, K, (P, M), variant in product(
            ("0.0009", "0.3", "1.7"), (1, 2, 5), ((1, 0), (1, 3), (2, 1)), VARIANTS.values()
        ):
            lam, gamma = mpf(2) / 5, mpf(x) / (mpf(2) / 5)
            learned, errors = plain(lam, gamma, (K, P, M), 3, **variant)
            rho = 1 - gamma * lam
            late = 1 if "pairing" in variant else rho
            c = 1 if variant else rho
            B, error, settings = rho**K, rho**K, settings + 1
            for alpha, e in zip(learned, errors):
                worst = max(worst, abs(alpha / (late * (1 - B) / lam) - 1))
                B = rho**K * (rho**M * (1 - c + c * B)) ** P
                error *= B
                if abs(error) > mpf(10) ** (-digits // 2):  # the others have lost their digits
                    worst = max(worst, abs(e / error - 1))
    return float(worst), settings


def book_recursion():
    far, settings = digits_apart()
    worst = 0.0
    for counts, variant in product(((2, 1, 0), (3, 2, 1), (10, 5, 10)), VARIANTS.values()):
        run = minimize(Csawg(0.001, *counts, **variant), quadratic([0.4]), [1.0], iterations=40)
        n = len(run.learned)
        said = theory.csawg_plannings(0.4, 0.001, counts[0], n, *counts[1:], **variant)
        kept = np.abs(said.error) > 1e-12
        worst = max(worst, np.abs(run.learned[kept, 0] / said.step_size[kept] - 1).max())
    return far < 1e-25 and worst < 1e-9, (
        f"{settings} settings at 60 digits: relative difference below {far:.0e}; the package in "
        f"double precision: below {worst:.0e}"
    )


def book_at_hand():
    bowl, start = quadratic([1000.0, 30.0, 1.0]), [1.0, -2.0, 3.0]
    worst = 0.0
    for K, M in ((1, 0), (2, 0), (5, 1), (10, 10)):
        at_hand, derived = (
            minimize(Csawg(0.0009, K, 1, M, **VARIANTS[v]), bowl, start, iterations=20 * K)
            for v in ("published, gradient at hand", "derived")
        )
        scale = np.abs(derived.w).max(axis=1, keepdims=True)
        worst = max(worst, (np.abs(at_hand.w - derived.w) / np.maximum(scale, 1e-100)).max())
    saved = derived.grad_evals[-1] - at_hand.grad_evals[-1]
    return worst < 1e-9 and saved == len(derived.learned), (
        f"the weights agree to {worst:.0e}; one evaluation a leap is saved"
    )


# ---- orders -------------------------------------------------------------------------------------


@cache
def order(leaps, cubic, digits=6000):
    """The last quotient of logarithms of errors, on w^2/2 + cubic w^3/6; derived pairing, K = 1."""
    from mpmath import log, mp, mpf

    with mp.workdps(digits):
        grad = lambda e: e + cubic * e * e / 2  # noqa: E731
        e, before, errors = mpf(1) / 8, None, []
        while not errors or abs(errors[-1]) > mpf(10) ** (-digits // 3):
            e -= grad(e) / 2
            pair = e, grad(e)
            if before is not None:
                alpha = before[1] * (before[0] - e) / before[1] ** 2
                for _ in range(leaps):
                    e -= alpha * grad(e)
                errors.append(e)
            before = pair
        return float(log(abs(errors[-1])) / log(abs(errors[-2])))


def smooth_order(leaps):
    """What leading terms say of the order near a minimizer with a third derivative."""
    return (1 + np.sqrt(1 + 4 * leaps)) / 2


def book_orders():
    square = {P: order(P, 0) for P in (2, 3, 5)}
    smooth = {P: order(P, 1) for P in (2, 3, 5)}
    good = all(abs(square[P] - P) < 0.02 for P in square)
    near = all(abs(smooth[P] / smooth_order(P) - 1) < 0.02 for P in smooth)
    spoken = ", ".join(f"{P}: {square[P]:.2f} and {smooth[P]:.2f}" for P in square)
    return good and near, f"leaps: order on w²/2, and with w³/6 added: {spoken}"


# ---- stability ----------------------------------------------------------------------------------


def edge(window, corrections=0):
    """Where single published planning begins to diverge, in 1/lambda: r^s (1 + 2 r) = 1."""
    s = window + corrections
    if s % 2 == 0:
        return 2.0
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if middle**s * (1 + 2 * middle) < 1 else (low, middle)
    return 1 + low


def book_parity():
    line, words, good = quadratic([1.0]), [], True
    for K in range(1, 9):
        x = edge(K)
        near = np.array([x - 0.02, min(x + 0.02, 1.999)])
        inside, outside = minimize(Csawg(near, K), line, [1.0], grad_evals=1500).error[-1]
        good &= inside < 1e-2 and (outside > 10 if K % 2 else outside < 1)
        words += [f"{K}: {x:.3f}"] if K % 2 else []
    derived = [
        minimize(Csawg(1.99, K, pairing="derived"), line, [1.0], grad_evals=1500).error[-1]
        for K in range(1, 9)
    ]
    return good and max(derived) < 1e-3, (
        f"odd windows diverge from γλ = {', '.join(words)} on, even ones and the derived pairing "
        "nowhere below 2"
    )


# ---- what evaluations are worth -----------------------------------------------------------------


def worth(window, x, evaluations, **variant):
    """Gradient steps that a run's work amounts to, and the evaluations it took."""
    run = minimize(Csawg(x, window, **variant), quadratic([1.0]), [1.0], grad_evals=evaluations)
    k = run.learned_iterations[-1]
    return np.log(run.error[k]) / np.log1p(-x), int(run.grad_evals[k])


def book_square():
    off = {"derived": 0.0, "published": 0.0}
    for pairing, K in product(off, (1, 2, 3, 10)):
        steps, N = worth(K, 1e-5, 200, pairing=pairing)
        law = K * (N + 1) * (N + K + 2) / (2 * (K + 1) ** 2)
        off[pairing] = max(off[pairing], abs(steps / law - 1))
    steps, N = worth(1, 1e-5, 200, reuse_gradient=True)
    off["at hand"] = abs(steps / (N * (N + 1) / 2) - 1)
    return max(off.values()) < 0.005 and off["derived"] < 1e-6, (
        f"γλ = 1e-5, N to 200: within {off['derived']:.0e} (derived), {off['published']:.1%} "
        f"(published); {off['at hand']:.0e} with the gradient at hand and K = 1, where it is "
        "N (N + 1)/2"
    )


def book_two():
    rates = {K: theory.csawg_limit(1.0, 1e-6, K) ** (1 / (K + 1)) for K in range(1, 11)}
    law = {K: (K + 1) ** (-1 / (K + 1)) for K in rates}
    best = min(rates, key=rates.get)
    far = max(abs(rates[K] / law[K] - 1) for K in rates)
    return best == 2 and far < 1e-4, (
        f"an evaluation keeps {rates[1]:.4f}, {rates[2]:.4f}, {rates[3]:.4f} and {rates[10]:.4f} "
        "for K = 1, 2, 3, 10"
    )


# ---- rounding, and smooth functions -------------------------------------------------------------


def book_rounding():
    ulp, seen, broken = 2.0**-52, 0, 0
    for pairing, K in product(("published", "derived"), (1, 2, 3)):
        w0 = np.linspace(1.5, 2.5, 20)[None]
        bowl = quadratic([1.0], minimizer=[1.0])
        run = minimize(Csawg(0.0009, K, pairing=pairing), bowl, w0, iterations=1200)
        m = (run.w[run.learned_iterations, 0] - 1) / ulp
        still = np.abs(m) * 0.0009 < 0.5
        for units, rests in zip(m.T, still.T):
            first = int(rests.argmax()) + 2 if rests.any() else len(units)
            for a, b, c in zip(units[first - 2 :], units[first - 1 :], units[first:]):
                if a:
                    seen += 1
                    broken += abs(c - b * b / a) > 0.5 + 1e-6 * abs(b * b / a)
    return broken == 0, f"{seen:,} plannings at a standstill, {broken} break the rule"


def hessian_average(H, step_size, window, errors, factors, pairing):
    """The learned step sizes as averages of inverse curvatures.

    ``errors``: of shape (K, d), the mean squares along the eigenvectors count; ``factors``: what a
    window keeps of each.
    """
    lam, V = np.linalg.eigh(H)
    along = ((errors @ V) ** 2).sum(axis=0)
    share = V**2 * lam**2 * along
    late = 1 - step_size * lam if pairing == "published" else np.ones_like(lam)
    share = share / late**2
    return (share * (late * (1 - factors) / lam)).sum(axis=1) / share.sum(axis=1)


def book_average():
    """Equal errors in all directions and planning that lands: the sparse approximate inverse."""
    d, rng = 4, np.random.default_rng(0)
    R = np.linalg.qr(rng.standard_normal((d, d)))[0]
    H = R @ np.diag([1.0, 3.0, 10.0, 30.0]) @ R.T
    E = rng.standard_normal((d, 200_000))
    G = H @ E
    measured = (G * E).sum(axis=1) / (G * G).sum(axis=1)
    said = hessian_average(H, 0.01, 1, np.linalg.cholesky(np.eye(d)), np.zeros(d), "derived")
    inverse = np.diag(H) / (H * H).sum(axis=1)
    off = max(np.abs(measured / inverse - 1).max(), np.abs(said / inverse - 1).max())
    turned = quadratic([1000.0, 1.0], rotation=np.pi / 4).curvature(np.zeros(2))
    fair = turned[0] / (turned[0] ** 2 + 499.5**2)
    return off < 0.02 and fair < 1.01 / 1000, (
        f"within {off:.1%} of h_ii / Σ h_ij²; on the bowl turned by 45 degrees {fair * 1000:.3f}/L"
    )


# ---- beyond every span method -------------------------------------------------------------------

MANY, CONDITION = 1000, 1000.0
LEVELS = (1e-1, 1e-3, 1e-6, 1e-8, 1e-12, 1e-16)


def nodes(d=MANY, condition=CONDITION):
    """Curvatures at the Chebyshev nodes of [1, condition]."""
    middle, half = (condition + 1) / 2, (condition - 1) / 2
    return middle + half * np.cos((2 * np.arange(1, d + 1) - 1) * np.pi / (2 * d))


@cache
def least_error(d=MANY, condition=CONDITION):
    """The least relative error of any span method after N = 0, 1, ..., d - 1 gradients, exactly.

    From errors that are all alike, over :func:`nodes`. Chebyshev's polynomials are orthogonal
    there, so the best residual polynomial follows from Christoffel's function.
    """
    t = (condition + 1) / (condition - 1)
    log_T = np.arange(d) * np.arccosh(t)
    T_squared = ((np.exp(log_T) + np.exp(-log_T)) / 2) ** 2
    return 1 / np.sqrt(1 + 2 * np.append(0, np.cumsum(T_squared[1:])))


def gradients_to(error, grad_evals):
    """The first count of gradients at which the error is below each level, or infinity."""
    return [
        float(grad_evals[np.argmax(error <= level)]) if (error <= level).any() else np.inf
        for level in LEVELS
    ]


ALIGNED = {
    "published, K = 2, $0.9/L$ (as in the paper)": (0.9, 2, 1, {}),
    "published, K = 1, $1/L$": (1.0, 1, 1, {}),
    "derived, K = 1, $1.9/L$": (1.9, 1, 1, {"pairing": "derived"}),
    "gradient at hand, K = 1, $1.9/L$": (1.9, 1, 1, {"reuse_gradient": True}),
    "derived, K = 1, four leaps, $0.9/L$": (0.9, 1, 4, {"pairing": "derived"}),
}


@cache
def aligned():
    """Gradients to each level on 1,000 aligned weights, by the recursion."""
    found = {"least of any span method": gradients_to(least_error(), np.arange(MANY))}
    for name, (x, K, P, variant) in ALIGNED.items():
        run = theory.csawg_plannings(nodes(), x / CONDITION, K, 1500, P, **variant)
        error = np.sqrt((run.error**2).mean(axis=1))
        found[name] = gradients_to(error, run.grad_evals)
    return found


def secant_error():
    """Relative error after two gradients and a secant step in each weight."""
    lam, e = nodes(), np.ones(MANY)
    after = e - lam * e / CONDITION
    secant = (e - after) / (lam * e - lam * after)
    return float(np.abs(after - secant * lam * after).max())


def book_beyond_span():
    found = aligned()
    span, *_ = found.values()
    hand, four = (found[name] for name in list(ALIGNED)[-2:])
    paper = found[next(iter(ALIGNED))]
    # the package itself
    x, K, P, variant = ALIGNED["gradient at hand, K = 1, $1.9/L$"]
    run = minimize(
        Csawg(x / CONDITION, K, P, **variant), quadratic(nodes()), np.ones(MANY), grad_evals=200
    )
    own = gradients_to(run.error / np.sqrt(MANY), run.grad_evals)
    ahead = all(a < b for a, b in zip(hand, span)) and all(a < b for a, b in zip(four, span))
    return ahead and own == hand and paper[-1] > span[-1] and secant_error() < 1e-12, (
        f"to 1e-16: any span method {span[-1]:.0f}, gradient at hand {hand[-1]:.0f}, four leaps "
        f"{four[-1]:.0f}, the paper's own setting {paper[-1]:.0f}; the secant in each weight 2, to "
        f"{secant_error():.0e}"
    )


def slightly_turned(degrees, d=MANY, seed=0):
    """The same quadratic with its axes turned by at most so many degrees, and its even start."""
    A = np.random.default_rng(seed).standard_normal((d, d))
    angles, U = np.linalg.eigh(1j * (A - A.T))
    angles = angles / np.abs(angles).max() * np.deg2rad(degrees)
    R = ((U * np.exp(-1j * angles)) @ U.conj().T).real
    H = R @ np.diag(nodes(d)) @ R.T
    return quadratic((H + H.T) / 2), R @ np.ones(d)


@cache
def turned_rows(d=200, degrees=1.0, budget=2000):
    """Gradients to 1e-8 of the start with the axes turned slightly, and whether a run diverged."""
    objective, start = slightly_turned(degrees, d)
    methods = {
        "gradient descent": GradientDescent(1 / CONDITION),
        "heavy ball": HeavyBall(*theory.best_heavy_ball(1.0, CONDITION)),
        "published": Csawg(0.9 / CONDITION, 2),
        "derived": Csawg(0.9 / CONDITION, 2, pairing="derived"),
        "four leaps": Csawg(0.9 / CONDITION, 1, 4, pairing="derived"),
        "published, safe": Csawg(0.9 / CONDITION, 2, safeguard="leap"),
        "derived, safe": Csawg(0.9 / CONDITION, 2, pairing="derived", safeguard="leap"),
    }
    rows = {}
    for name, method in methods.items():
        run = minimize(method, objective, start, grad_evals=budget)
        error = run.error / np.sqrt(d)
        rows[name] = gradients_to(error, run.grad_evals)[3], not error[-1] < 1e20
    return rows


def book_turned():
    rows = turned_rows()
    gone = [name for name, (_, lost) in rows.items() if lost]
    slow = {name: need for name, (need, lost) in rows.items() if np.isfinite(need)}
    return set(gone) == {"published", "derived", "four leaps"}, (
        f"200 weights turned by at most one degree: {', '.join(gone)} diverge; to 1e-8 "
        + ", ".join(f"{name} {need:.0f}" for name, need in slow.items())
    )


CHAIN = 100, 1.0, 100.0  # weights, mu and L
CHAIN_CSAWG = tuple(
    Csawg(step_size=step / CHAIN[2], window=K, planning_steps=P, correction_steps=M)
    for K in (2, 5, 10, 20)
    for step in (0.25, 0.5, 1.0, 1.9)
    for P, M in ((1, 0), (1, 10), (2, 10), (5, 10), (2, 20), (1, 50))
)


@cache
def on_chain(method):
    """A method on the chain from the origin, for as many evaluations as there are weights."""
    return minimize(method, chain(*CHAIN)[0], np.zeros(CHAIN[0]), grad_evals=CHAIN[0])


def yao_sec5_lower_bound():
    least, wider = beyond_the_limit(CHAIN_CSAWG, CHAIN)
    span, *found = aligned().values()
    best = min(need[-1] for need in found)
    answered = least >= 1 - 1e-9 and wider == 0 and best < span[-1]
    return ANSWERED if answered else False, (
        f"least error on the chain {least:.2f} times the bound in {len(CHAIN_CSAWG)} runs, {wider} "
        f"weights beyond the k-th after k gradients; on 1,000 aligned weights {best:.0f} gradients "
        f"to 1e-16 where any span method needs {span[-1]:.0f}"
    )
