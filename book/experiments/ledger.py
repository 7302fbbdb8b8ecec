"""Claims that belong to no chapter: about the papers' setting."""

from __future__ import annotations

import numpy as np

from experiments import temporal
from experiments.cost import Tally
from experiments.flipping_sweeps import best_constant
from experiments.grids import column
from experiments.idbd import Parts
from experiments.minibatches import Noisy
from experiments.papers import (
    BOWL,
    BOWL_GD,
    BOWL_START,
    BOWL_STEP,
    FLIPPING,
    VALLEY,
    VALLEY_GD,
    VALLEY_START,
    VALLEY_STEP,
    bowl_csawg,
    in_valley,
    on_bowl,
    valley_csawg,
)
from experiments.rivals import Averaged
from experiments.valley import asked
from stepsize.checks import per_weight
from stepsize.methods import (
    IDBD,
    Adam,
    Autostep,
    BarzilaiBorwein,
    Csawg,
    GradientDescent,
    RMSProp,
)
from stepsize.objectives import least_squares, quadratic
from stepsize.runs import distance, minimize, track


def yao_sec1_not_noticed():
    descent = minimize(GradientDescent(BOWL_STEP), BOWL, BOWL_START, iterations=2)
    a, b, c = descent.w
    aitken = np.abs(a - (b - a) ** 2 / (c - 2 * b + a) - BOWL.minimizer).max()
    learned = minimize(BarzilaiBorwein(BOWL_STEP), BOWL, BOWL_START, iterations=100)
    needed = int(learned.grad_evals[learned.first(error=1e-8)])
    return aitken > 1e-8 and needed > 1000, (
        f"on the bowl of Fig. 3: Aitken {'below' if aitken < 1e-8 else 'above'} 1e-8 after 2 "
        f"gradients, Barzilai-Borwein after {needed}"
    )


def yao_sec1_sgd():
    steps = np.geomspace(1e-4, 0.019, 9)[:, None]
    bowl = quadratic([100.0, 1.0])
    start = np.outer([1.0, 2.0], np.ones(100))
    momenta = np.array([0.0, 0.8, 0.95])[:, None, None]
    ball = Averaged(steps, momenta, share=np.array([0.5, 1.0])[:, None, None, None])

    def best(method, noise):
        trace = minimize(method, Noisy(bowl, noise), start, grad_evals=500, record=None)
        error = np.where(np.isfinite(trace.error[-1]), trace.error[-1], np.inf)
        return np.median(error, axis=-1).min()

    ratios = {}
    for noise in (0.01, 0.1, 1.0):
        csawg = min(best(Csawg(steps, window=K), noise) for K in (2, 5, 10))
        ratios[noise] = csawg / best(GradientDescent(steps), noise), csawg / best(ball, noise)
    descent, averaged = np.transpose(list(ratios.values())) < 0.9
    return (descent.all() and averaged.all(), descent.any()), (
        "error over that of descent, and of averaged momentum: "
        + ", ".join(f"{a:.2g} and {b:.2g} (noise {noise:g})" for noise, (a, b) in ratios.items())
    )


def yao_sec3_unbiased():
    rng = np.random.default_rng(0)
    data = least_squares(rng.standard_normal((60, 4)), rng.standard_normal(60))
    w = np.ones(4)
    batches = iter(data.batches(10))
    mean = np.mean([next(batches).grad(w) for _ in range(6)], axis=0)
    gap = np.abs(mean - data.grad(w)).max()
    return gap < 1e-12, f"differ by {'less' if gap < 1e-12 else 'more'} than 1e-12"


def yao_sec3_planned_at_times():
    good = []
    for K in (2, 5, 10):
        trace = in_valley(valley_csawg(K))
        k = trace.learned_iterations
        n = np.arange(1, len(trace.w))
        between = np.setdiff1d(n, k)
        g = VALLEY.grad(trace.w[between - 1].T).T
        good.append((k == np.arange(2 * K, len(trace.w), K)).all())
        good.append(np.array_equal(trace.w[between], trace.w[between - 1] - VALLEY_STEP * g))
    return all(good), "so for all three windows" if all(good) else "not so"


def yao_sec3_hessian_vector():
    rng = np.random.default_rng(0)
    (x, y), v = w, d = rng.uniform(-2, 2, (2, 2, 100))
    exact = np.array(
        [
            (2 - 400 * (y - 3 * x * x)) * v[0] - 400 * x * v[1],
            -400 * x * v[0] + 200 * v[1],
        ]
    )
    step = 1e-5
    found = (VALLEY.grad(w + step * d) - VALLEY.grad(w - step * d)) / (2 * step)
    off = np.abs(found / exact - 1).max()
    return off < 1e-6, f"off by {'less' if off < 1e-6 else 'more'} than 1e-6"


def yao_sec3_bfgs_low_rank():
    from scipy.optimize import minimize as scipy_minimize

    M = np.random.default_rng(0).standard_normal((8, 8))
    Q = M @ M.T + np.eye(8)
    found = scipy_minimize(
        lambda w: w @ Q @ w / 2,
        np.ones(8),
        jac=lambda w: Q @ w,
        method="BFGS",
        options={"gtol": 1e-10},
    )
    rank = int(np.linalg.matrix_rank(found.hess_inv))
    return rank < 8, f"rank {rank} of 8"


def yao_sec2_6_autostep_beta():
    method = Autostep(step_size=0.001, meta_step_size=0.01)
    trace = track(method, FLIPPING, examples=3000, runs=5, record=1)
    largest = np.diff(np.log(trace.step_size[1:]), axis=0).max() / 0.01
    return (largest > 1.01, largest > 0.9), (
        f"largest update: {largest:.3f} times the meta step size"
    )


def yao_sec2_6_autostep_sum():
    worst, shares = [], []
    for start in (0.001, 1.0):
        method = Autostep(step_size=start, meta_step_size=0.01)
        trace = track(method, FLIPPING, examples=1000, record=1)
        samples = FLIPPING.samples()
        x = np.array([s.x for s, _ in zip(samples, range(1000))])
        share = (trace.step_size[1:] * x * x).sum(axis=1)
        worst.append(share.max())
        shares.append(np.isclose(share, 1.0).mean())
    return (max(worst) < 1 + 1e-9 and min(shares) == 1, max(worst) < 1 + 1e-9), (
        f"share of the error corrected: at most {max(worst):.3f}; all of it in {shares[0]:.0%} of "
        f"the steps (from step sizes of 0.001) and {shares[1]:.0%} (from 1)"
    )


def yao_conclusion_heuristic_search():
    def evaluations(objective, start, most=400):
        points = asked("Nelder-Mead", objective, start, xatol=0, fatol=0, maxfev=most)
        near = distance(points - objective.minimizer[:, None]) < 1e-3
        return int(near.argmax()) + 1 if near.any() else np.inf

    search = evaluations(VALLEY, VALLEY_START), evaluations(BOWL, BOWL_START)
    descent = [
        int(minimize(gd, objective, start, iterations=20_000).first(error=1e-3))
        for gd, objective, start in ((VALLEY_GD, VALLEY, VALLEY_START), (BOWL_GD, BOWL, BOWL_START))
    ]
    wide = quadratic(np.geomspace(1.0, 1000.0, 20), minimizer=np.ones(20))
    corners = evaluations(wide, np.zeros(20), descent[1])
    slide = minimize(BOWL_GD, wide, np.zeros(20), iterations=20_000).first(error=1e-3)
    two = all(s < d / 10 for s, d in zip(search, descent))
    return (two and corners < slide / 10, two), (
        f"valley {search[0]} against {descent[0]:,}, bowl {search[1]} against {descent[1]:,}; bowl "
        f"of 20 weights {corners if np.isfinite(corners) else f'over {descent[1]:,}'} against "
        f"{slide:,}"
    )


def degris_rmsprop_adam():
    def path(method):
        return track(method, FLIPPING, examples=200, record=1).w

    rmsprop = path(RMSProp(0.01, decay=0.99))
    with_it, without = (
        np.abs(path(Adam(0.01, beta1=0.0, beta2=0.99, bias_correction=c)) - rmsprop).max()
        for c in (True, False)
    )
    return (with_it < 1e-12, without < 1e-12), (
        f"paths up to {with_it:.2f} apart; without bias correction "
        f"{'less' if without < 1e-12 else 'more'} than 1e-12"
    )


def yao_sec2_6_tidbd():
    words, better = [], []
    for problem in temporal.PROBLEMS:
        found = {name: temporal.stored()[problem, name]["median"] for name in temporal.METHODS}
        better.append(found["TIDBD"] < min(found["constant"], found["one adapted"]))
        each = ", ".join(f"{name} {error:.3f}" for name, error in found.items())
        words.append(f"{problem}: {each}")
    return (all(better), any(better)), "error of the values, " + "; ".join(words)


def yao_conclusion_across_tasks():
    task = {"examples": 1_000, "runs": 20, "seed": 2}
    before = track(IDBD(0.05, 0.005), FLIPPING, 10_000, runs=5, seed=1, record=None)
    steps = np.median(before.step_size[-1], axis=-1)
    starts = {"learned": per_weight(steps), "fresh": 0.05, "turned": per_weight(steps[::-1])}
    error = {
        name: track(IDBD(start, 0.005), FLIPPING, **task).mse().mean()
        for name, start in starts.items()
    }
    longest = on_bowl(bowl_csawg(10), 2_000).learned.max(axis=0)
    other = quadratic([1000.0, 1.0], minimizer=[-2.0, 3.0])
    planned, plain = (
        int(minimize(gd, other, (0.5, -1.0), iterations=20_000).first(error=1e-8))
        for gd in (GradientDescent(per_weight(longest)), BOWL_GD)
    )
    helps = error["learned"] < 0.75 * error["fresh"], planned < plain / 10
    return (all(helps), any(helps)), (
        f"flipping, the first 1,000 samples: {error['learned']:.1f} with the step sizes of another "
        f"run, {error['fresh']:.1f} without, {error['turned']:.1f} where other inputs matter; "
        f"another bowl with the longest step sizes planned: {planned:,} evaluations, GD {plain:,}"
    )


def operations(width):
    """Elementwise operations of a network's value, and of its gradient by back-propagation."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(width)
    first, second = (rng.standard_normal((2, width, width)) / width).view(Tally)

    def value():
        hidden = np.tanh(first @ x)
        return hidden, second @ hidden

    def gradient():
        hidden, out = value()  # the loss is half the squared length of what comes out
        back = (second.T @ out) * (1 - hidden * hidden)
        return np.multiply.outer(back, x), np.multiply.outer(out, hidden)

    found = []
    for ask in (value, gradient):
        before = sum(Tally.counts.values())
        ask()
        found.append(sum(Tally.counts.values()) - before)
    return found


def yao_sec5_gradient_cost():
    ratio = {}
    for width in (10, 100, 500):
        value, gradient = operations(width)
        ratio[width] = gradient / value
    return ratio[500] > 5, "arithmetic of a gradient over that of a value: " + ", ".join(
        f"{r:.2f} (width {d})" for d, r in ratio.items()
    )


def yao_sec3_r_operator():
    found = track(Parts(0.05, column(0.01, 0.02), trace="sum"), FLIPPING, 6_000, runs=10)
    error, constant = np.median(found.mse(3_000), axis=1).min(), best_constant()[1]
    return error >= constant, (
        f"stochastic meta-descent {error:.2f}, SGD with its best constant step size {constant:.2f}"
    )


def random_search(adapts, samples=4_000, d=10, seed=0):
    """Distance to the minimum of a sphere that random steps reach, if each must go down."""
    rng = np.random.default_rng(seed)
    w, length, failed = np.ones(d), 0.1, 0
    for _ in range(samples):
        u = rng.standard_normal(d)
        u /= np.linalg.norm(u)
        tried = [w + a * length * u for a in ((1.0, 1.5) if adapts else (1.0,))]
        best = min(tried, key=lambda v: v @ v)
        if best @ best < w @ w:
            length *= 1.5 if adapts and best is not tried[0] else 1.0
            w, failed = best, 0
        else:
            failed += 1
            if adapts and failed == 10:
                length, failed = length / 1.5, 0
    return float(np.linalg.norm(w))


def yao_sec1_random_search():
    fixed, adapted = random_search(False), random_search(True)
    return (max(fixed, adapted) < 1e-6, adapted < 1e-6), (
        f"fixed length {fixed:.2g}, adapted {adapted:.0e} from the minimum of a sphere of ten "
        "weights"
    )
