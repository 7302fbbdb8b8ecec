"""A safeguard for planning: what is asked of it, which trials failed, and claims of this book."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from experiments import grids
from experiments.arrival import until
from experiments.minibatches import Noisy
from experiments.papers import PLAN_AGAIN, VALLEY, VALLEY_GD, VALLEY_START, plan_again
from stepsize import theory
from stepsize.methods import Csawg, GradientDescent
from stepsize.methods.arithmetic import inner, ratio
from stepsize.methods.csawg import SAFEGUARDS
from stepsize.objectives import Objective, logistic_regression, quadratic, rosenbrock
from stepsize.runs import minimize

DATA = Path(__file__).parents[1] / "data"
BUDGET = 5000  # gradients
LEVEL = 1e-8
VIEW = (-2.0, 2.0), (-1.0, 3.0)
WINDOWS = range(2, 41)
FEW = (2, 3, 5, 10, 17, 28, 40)


def starts(n):
    """A grid of n times n starts around the valley."""
    return np.stack(np.meshgrid(*(np.linspace(*side, n) for side in VIEW)))


STARTS = starts(50).reshape(2, -1)


def safe(window, **kwargs):
    """Repeated planning as published, with the recommended safeguard."""
    return plan_again(window, safeguard=SAFEGUARDS[0], **kwargs)


# ---- what is asked of a safeguard ---------------------------------------------------------------


def outcomes(method, w0=STARTS):
    """Gradients until the valley's runs arrive, and which runs diverge."""
    trace = minimize(method, VALLEY, w0, grad_evals=BUDGET)
    return until(trace, LEVEL), trace.diverged


def window_row(window):
    """A row of the stored table: the published method and the safe one from 2,500 starts."""
    plain, lost = outcomes(plan_again(window))
    found, gone = outcomes(safe(window))
    both = found[np.isfinite(plain)] / plain[np.isfinite(plain)]
    return {
        "window": window,
        "plain arrive": float(np.isfinite(plain).mean()),
        "plain diverge": int(lost.sum()),
        "arrive": float(np.isfinite(found).mean()),
        "diverge": int(gone.sum()),
        "median": float(np.median(found)),
        "ratio": float(np.median(both)),
        "ratio 95 %": float(np.quantile(both, 0.95, method="nearest")),
        "slower": float(np.mean(both > 1)),
    }


@cache
def windows():
    """The stored table, a row a window."""
    return grids.read(DATA / "plan_safely_windows.csv")


def box(dim, runs=200):
    """Starts for Rosenbrock's function in more weights."""
    return np.random.default_rng(dim).uniform(-1.5, 1.5, (dim, runs))


def ends(method, dim, runs=200):
    """Losses after 5,000 gradients on Rosenbrock's function, infinite where lost."""
    loss = minimize(method, rosenbrock(dim), box(dim, runs), grad_evals=BUDGET, record=None).loss
    return np.where(np.isfinite(loss[-1]), loss[-1], np.inf)


@cache
def classes():
    """Two classes of 80 points, with six features of unlike scales; and the curvature's bound."""
    rng = np.random.default_rng(5)
    X = rng.standard_normal((80, 6)) @ rng.standard_normal((6, 6)) * np.geomspace(0.2, 3, 6)
    X = np.column_stack([X, np.ones(80)])
    y = X @ rng.standard_normal(7) + 2 * rng.standard_normal(80) > 0
    problem = logistic_regression(X, y)
    return problem, float(np.linalg.eigvalsh(X.T @ X / len(X))[-1] / 4)


FRACTIONS = np.array([0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9, 1, 1.2, 1.4, 1.6, 1.8, 1.9, 1.99, 1.999])


def rises(make, windows=(2, 3, 5, 10), budget=1200):
    """The largest loss at the end over that at the start; ``make(window, step_size)``."""
    problem, L = classes()
    w0 = np.random.default_rng(1).standard_normal((7, 1)) * np.ones(len(FRACTIONS))
    worst = []
    for window in windows:
        run = minimize(make(window, FRACTIONS / L), problem, w0, grad_evals=budget, record=None)
        worst.append(np.where(np.isfinite(run.loss[-1]), run.loss[-1], np.inf) / run.loss[0])
    return np.array(worst)


# ---- safeguards on trial ------------------------------------------------------------------------


@dataclass(frozen=True)
class Trial(Csawg):
    """Csawg with a safeguard on trial. What it judges by is looked up and not counted.

    judge : the loss, or another function of the weights that ought to fall.
    when : "leap" judges each leap with its corrections, "landing" each before them, "planning" all
        at their end, "never" none.
    factor : how many times larger it may be than where the leap or the planning began.
    shorten : what the learned step sizes are multiplied by after a refusal; 0 means descent.
    radius : the longest leap, in lengths of the descent since the last planning.
    least, most : bounds of the learned step sizes.
    """

    judge: Callable = VALLEY.loss
    when: str = "leap"
    factor: float = 1.0
    shorten: float = 0.0
    radius: float = np.inf
    least: float = -np.inf
    most: float = np.inf

    def _plan(self, w, g, state, oracle):
        alpha = ratio(state.sum_1, state.sum_2)
        step, begin = np.clip(alpha, self.least, self.most), w
        way = np.sqrt(inner(w - state.updates[0][0], w - state.updates[0][0]))
        for _ in range(self.planning_steps):
            start, move = w, step * oracle.grad(w)
            if np.isfinite(self.radius):
                length = np.sqrt(inner(move, move))
                move = move * np.minimum(1, self.radius * ratio(way * np.ones_like(length), length))
            w = w - move
            if self.when == "landing":
                w, step = self._better(w, start, step)
            for _ in range(self.correction_steps):
                w = w - self.step_size * oracle.grad(w)
            if self.when == "leap":
                w, step = self._better(w, start, step)
        if self.when == "planning":
            w, _ = self._better(w, begin, step)
        zero = np.zeros_like(w)
        return w, state._replace(step_size=alpha, sum_1=zero, sum_2=zero)

    def _better(self, w, start, step):
        good = self.judge(w) <= self.factor * self.judge(start)
        shorter = self.shorten * step if self.shorten else self.step_size * np.ones_like(step)
        return np.where(good, w, start), np.where(good, step, shorter)


def steepness(objective):
    """The squared norm of the gradient as what ought to fall."""
    return lambda w: inner(objective.grad(w), objective.grad(w))


TRIALS = {
    "none, as published": {"when": "never"},
    "**each leap with its corrections**": {},
    "... or halve the step sizes after a refusal": {"shorten": 0.5},
    "... or twice the loss may pass": {"factor": 2.0},
    "... or ten times": {"factor": 10.0},
    "the whole planning": {"when": "planning"},
    "a leap before its corrections": {"when": "landing"},
    "the gradient's norm, each leap": {"judge": steepness},
    "no negative step size": {"when": "never", "least": 0.0},
    "no step size above 1": {"when": "never", "least": -1.0, "most": 1.0},
    "no leap longer than the descent before it": {"when": "never", "radius": 1.0},
    "no leap longer than 0.3 of it": {"when": "never", "radius": 0.3},
}


def trial(window, objective, step_size=0.001, **rule):
    """A trial for an objective, with the published setting."""
    judge = rule.get("judge", lambda objective: objective.loss)(objective)
    return Trial(step_size, window, **{**PLAN_AGAIN, **rule, "judge": judge})


def trial_row(name):
    """A row of the stored table of trials."""
    rule = TRIALS[name]
    found = {K: outcomes(trial(K, VALLEY, **rule)) for K in FEW}
    plain = outcomes(plan_again(10))[0]
    arrive = np.isfinite(plain)
    zeros = []
    for K in (10, 2, 5):
        run = minimize(trial(K, VALLEY, **rule), VALLEY, VALLEY_START, grad_evals=BUDGET)
        zeros.append(float(until(run, 0.0)))
    problem, _ = classes()
    rise = rises(lambda K, step: trial(K, problem, step, **rule), windows=(2, 3, 10))
    return {
        "trial": name,
        "diverge": sum(int(lost.sum()) for _, lost in found.values()),
        "arrive": float(np.isfinite(found[10][0]).mean()),
        "least arrive": float(min(np.isfinite(first).mean() for first, _ in found.values())),
        "ratio": float(np.median(found[10][0][arrive] / plain[arrive])),
        **{f"zero {K}": zero for K, zero in zip((10, 2, 5), zeros)},
        "ten weights": float(np.median(ends(trial(10, rosenbrock(10), **rule), 10))),
        "logistic": float(rise.max()),
    }


@cache
def trials():
    """The stored table of trials."""
    return grids.read(DATA / "plan_safely_trials.csv", texts=("trial",))


# ---- maps ---------------------------------------------------------------------------------------

NEVER, LOST = 255, 254


def basin(method, n, rows=20):
    """For n times n starts the windows until arrival, as small whole numbers; NEVER, or LOST."""
    grid, found = starts(n), np.full((n, n), NEVER, np.uint8)
    for i in range(0, n, rows):
        every = method.window  # arrivals are looked for after plannings
        trace = minimize(method, VALLEY, grid[:, i : i + rows], grad_evals=BUDGET, record=every)
        near = trace.error <= LEVEL
        found[i : i + rows][near.any(axis=0)] = near.argmax(axis=0)[near.any(axis=0)]
        found[i : i + rows][trace.diverged] = LOST
    return found


STEP_SIZES = np.geomspace(1e-4, 3e-3, 60)
MAP_WINDOWS = np.arange(1, 61)


def settings_map(make, runs=16):
    """The share of starts that arrive, and that are lost: windows by step sizes."""
    w0 = STARTS[:, :: len(STARTS[0]) // runs][:, None, :runs]
    share = np.zeros((2, len(MAP_WINDOWS), len(STEP_SIZES)))
    for i, K in enumerate(MAP_WINDOWS):
        arrived, lost = outcomes(make(int(K), step_size=STEP_SIZES[:, None]), w0)
        share[:, i] = np.isfinite(arrived).mean(axis=1), lost.mean(axis=1)
    return share


def turned_valley(degrees):
    """The valley turned about its minimizer."""
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))

    def turn(u, s):
        return np.stack([c * u[0] - s * u[1], s * u[0] + c * u[1]])

    return Objective(
        loss=lambda w: VALLEY.loss(turn(w - 1, -s) + 1),
        grad=lambda w: turn(VALLEY.grad(turn(w - 1, -s) + 1), s),
        minimizer=[1.0, 1.0],
    ), lambda w: turn(w - 1, s) + 1


ANGLES = np.arange(0, 46)


def rotation_rows(window, runs=256):
    """Share that arrives and median gradients as the valley is turned, plain and safe."""
    rows = []
    w0 = STARTS[:, :: len(STARTS[0]) // runs][:, :runs]
    for degrees in ANGLES:
        valley, turn = turned_valley(degrees)
        row = {"window": window, "degrees": int(degrees)}
        for name, make in (("plain", plan_again), ("safe", safe)):
            trace = minimize(make(window), valley, turn(w0), grad_evals=BUDGET)
            first = until(trace, LEVEL)
            row[name] = float(np.isfinite(first).mean())
            row[f"{name} median"] = float(np.median(first))
        rows.append(row)
    return rows


NOISE = (0.0, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)


def noise_rows(runs=100):
    """Losses after 5,000 gradients as the gradient gets noisier: gradient descent, plain, safe."""
    rows = []
    w0 = STARTS[:, :: len(STARTS[0]) // runs][:, :runs]
    for size in NOISE:
        row = {"noise": size}
        methods = {"GD": VALLEY_GD, "plain": plan_again(10), "safe": safe(10)}
        for name, method in methods.items():
            end = minimize(method, Noisy(VALLEY, size), w0, grad_evals=BUDGET, record=None).w[-1]
            loss = VALLEY.loss(end)
            row[name] = float(np.median(np.where(np.isfinite(loss), loss, np.inf)))
            row[f"{name} lost"] = int((~np.isfinite(loss)).sum())
        rows.append(row)
    return rows


# ---- the two theorems ---------------------------------------------------------------------------


def free_edge(window, corrections, even=False):
    """Where the published pairing stops being free: gamma L = 1 + r with r^M (1 + r + r^(K+1)) = 1.

    ``even``: for even K and P M the last term is not needed.
    """
    low, high = 0.0, 1.0
    for _ in range(60):
        r = (low + high) / 2
        rise = r**corrections * (1 + r + (0 if even else r ** (window + 1)))
        low, high = (r, high) if rise <= 1 else (low, r)
    return 1 + low


def refused(objective, w0, grad_evals, **given):
    """The first iteration at which the safe run leaves the published one; None if it never does.

    Also the last errors of the two.
    """
    plain, guarded = (
        minimize(Csawg(**given, safeguard=s), objective, w0, grad_evals=grad_evals)
        for s in (None, SAFEGUARDS[0])
    )
    rows = min(len(plain.w), len(guarded.w))
    apart = np.flatnonzero((plain.w[:rows] != guarded.w[:rows]).any(axis=1))
    return (int(apart[0]) if len(apart) else None), float(plain.error[-1]), float(guarded.error[-1])


@cache
def free_runs(problems=60, runs=10):
    """How many of the runs within the theorem's bounds end on the published method's bits."""
    rng, same = np.random.default_rng(0), 0
    for i in range(problems):
        d, K, P, M = (int(rng.integers(1, most)) for most in (6, 12, 6, 12))
        lam, star = 10 ** rng.uniform(-3, 3, d), rng.standard_normal(d) * (i % 3 > 0)
        variant, top = {}, 1.0
        if i % 4 == 0:
            variant, top = {"pairing": "derived"}, 1.98
        elif i % 4 == 1:
            variant, top, M = {"reuse_gradient": True}, 1.98, max(M, 1)
        elif i % 4 == 2:
            M = max(M, 1)
            top = free_edge(K, M)
        gamma = float(rng.uniform(0.05, top) / lam.max())
        w0 = star[:, None] + rng.standard_normal((d, runs))
        ends = [
            minimize(
                Csawg(gamma, K, P, M, **variant, safeguard=s),
                quadratic(lam, minimizer=star),
                w0,
                grad_evals=600,
                record=None,
            ).w[-1]
            for s in (None, SAFEGUARDS[0])
        ]
        same += int((ends[0] == ends[1]).all(axis=0).sum())
    return same, problems * runs


def rough():
    """|w|^(3/2), whose gradient is not Lipschitz at its minimizer."""
    return Objective(
        lambda w: (np.abs(w) ** 1.5).sum(axis=0),
        lambda w: 1.5 * np.sign(w) * np.sqrt(np.abs(w)),
        minimizer=[0.0],
    )


def theirs_fires(x, D, window=2):
    """Whether the safeguard of safeguarded Anderson acceleration fires in one slow direction.

    It accepts while the residual is at most D (n + 1)^-(1 + 1e-6) times that at the start, n the
    acceptances so far.
    """
    error = theory.csawg_plannings(1.0, x, window, 4000, pairing="derived").error
    n = np.arange(len(error))
    return bool((error > D * (n + 1.0) ** -(1 + 1e-6)).any())


# ---- claims of this book ------------------------------------------------------------------------


def book_safe_never_diverges():
    rows = windows()
    lost, plain = sum(r["diverge"] for r in rows), [r["plain diverge"] / 2500 for r in rows]
    least = min(r["arrive"] for r in rows)
    return lost == 0 and least >= 0.99 and len(rows) == len(WINDOWS), (
        f"{lost:.0f} of {2500 * len(rows):,} runs diverge, at least {least:.2%} arrive at each "
        f"window; without a safeguard {min(plain):.0%} to {max(plain):.0%} diverge"
    )


def book_safe_costs_nothing():
    rows = windows()
    ratio, tail = max(r["ratio"] for r in rows), max(r["ratio 95 %"] for r in rows)
    slower = max(r["slower"] for r in rows)
    return ratio <= 1.05, (
        f"median ratio at most {ratio:.2f} at every window, 95 % quantile at most {tail:.2f}; at "
        f"most {slower:.1%} of the starts need more"
    )


def book_safe_published_counts():
    found = {}
    for K in (10, 2, 5):
        run = minimize(safe(K), VALLEY, VALLEY_START, grad_evals=BUDGET)
        k = int(run.first(error=0.0))
        found[K] = k - 1, int(run.grad_evals[k])
    good = found[10] == (79, 465) and found[2] == (17, 458) and found[5][0] > 0
    return good, ", ".join(f"K = {K}: {a} / {b}" for K, (a, b) in found.items())


def book_safe_dimensions():
    words, good = [], True
    for dim in (5, 10, 20):
        own, gd, plain = (
            float(np.median(ends(method, dim, runs=40)))
            for method in (safe(10), VALLEY_GD, plan_again(10))
        )
        good &= own < gd and np.isinf(plain)
        words.append(f"{dim} weights: {own:.0e} against {gd:.0e}")
    return good, "; ".join(words) + "; plain planning always diverges"


def book_safe_logistic():
    worst = rises(lambda K, step: safe(K, step_size=step))
    plain = rises(lambda K, step: plan_again(K, step_size=step))
    return worst.max() <= 1 and (plain > 1).mean() > 0.5, (
        f"largest loss at the end over that at the start {worst.max():.2g} with the safeguard; "
        f"without, {np.mean(plain > 1):.0%} of the runs end above their start"
    )


def book_theorem_safe():
    line = quadratic([1.0])
    at_edge = minimize(Csawg(2.0, 1, safeguard="leap"), line, [1.0], grad_evals=200).error
    beyond = minimize(Csawg(2.1, 1, safeguard="leap"), line, [1.0], grad_evals=400).error[-1]
    below = Objective(lambda w: w[0], lambda w: np.ones_like(w), minimizer=[0.0])
    endless = minimize(Csawg(1.0, 1, safeguard="leap"), below, [0.0], grad_evals=100).w[-1, 0]
    stuck = minimize(Csawg(1.0, 1, safeguard="leap"), rough(), [9 / 16], iterations=100).error
    problem, L = classes()
    rising = []
    for gamma, K in ((0.5 / L, 2), (1.9 / L, 3), (1.9 / L, 10)):
        run = minimize(safe(K, step_size=gamma), problem, np.ones(7), grad_evals=1500)
        rising.append(float((np.diff(run.loss) / run.loss[:-1]).max()))
    good = max(rising) < 1e-12 and (at_edge == 1).all() and beyond > 1e3
    return good and endless < -50 and (stuck == 9 / 16).all(), (
        f"logistic regression: no iteration raises the loss by more than a relative "
        f"{max(max(rising), 0):.0e}; with step size 2/L, without a lower bound, and on |w|^(3/2) "
        "it never gets anywhere"
    )


def book_theorem_free():
    same, runs = free_runs()
    fires = {
        "turned": refused(
            quadratic([1000.0, 1.0], rotation=np.pi / 4), [1.0, 2.0], 200, step_size=9e-4, window=1
        ),
        "above 1/L": refused(quadratic([1.0]), [1.0], 40, step_size=1.3, window=1),
        "several leaps along one gradient": refused(
            *(quadratic([1.0]), [1.0], 40),
            **{"step_size": 0.1, "window": 1, "planning_steps": 2, "reuse_gradient": True},
        ),
    }
    return same == runs and all(k is not None for k, *_ in fires.values()), (
        f"{same:,} of {runs:,} runs end on the published method's bits; outside it fires: "
        + ", ".join(f"{name} at iteration {k}" for name, (k, *_) in fires.items())
    )


def book_safe_anderson():
    found = {(D, x): theirs_fires(x, D) for D in (10, 100) for x in (1e-2, 1e-3, 1e-4, 1e-5)}
    free = {D: [x for x in (1e-2, 1e-3, 1e-4, 1e-5) if not found[D, x]] for D in (10, 100)}
    return free == {10: [1e-2], 100: [1e-2, 1e-3, 1e-4]}, "; ".join(
        f"D = {D}: free at γμ = {', '.join(f'{x:g}' for x in xs)}, not below"
        for D, xs in free.items()
    )


def book_safe_batch():
    w0, counts = STARTS[:, ::100], set()
    batch = minimize(safe(5), VALLEY, w0, grad_evals=800)
    plain = minimize(plan_again(5), VALLEY, w0, grad_evals=800)
    equal = True
    for i in range(0, w0.shape[1], 5):
        single = minimize(safe(5), VALLEY, w0[:, i], grad_evals=800)
        counts.add(tuple(single.grad_evals))
        equal &= np.array_equal(single.w, batch.w[..., i])
    differ = int((batch.w[-1] != plain.w[-1]).any(axis=0).sum())
    asked = counts == {tuple(batch.grad_evals)} and (batch.grad_evals == plain.grad_evals).all()
    return equal and asked and 0 < differ < w0.shape[1], (
        f"{differ} of {w0.shape[1]} runs refuse something; all ask alike, and as plain Csawg does, "
        "and each is its single run bit for bit"
    )


def book_safe_trials():
    rows = {r["trial"]: r for r in trials()}
    own = rows["**each leap with its corrections**"]
    early, norm = rows["a leap before its corrections"], rows["the gradient's norm, each leap"]
    bounds = [r for name, r in rows.items() if name.startswith("no ")]
    good = own["diverge"] == 0 and own["arrive"] >= 0.99 and own["zero 10"] == 465
    bad = np.isinf(early["zero 10"]) and norm["arrive"] < 0.9
    return good and bad and all(r["arrive"] < 0.9 for r in bounds), (
        f"judged before its corrections no published count is left; by the gradient's norm "
        f"{norm['arrive']:.0%} arrive; with bounds "
        + ", ".join(f"{r['arrive']:.0%}" for r in bounds)
    )


def book_safe_fails():
    w0 = STARTS[:, ::25]
    short = minimize(safe(10, step_size=1e-4), VALLEY, w0, grad_evals=BUDGET, record=None)
    long = minimize(safe(10, step_size=2e-3), VALLEY, w0, grad_evals=BUDGET, record=None)
    gd = minimize(GradientDescent(2e-3), VALLEY, w0, grad_evals=BUDGET, record=None)
    arrive = np.mean(short.error[-1] <= LEVEL)
    return arrive == 0 and (long.diverged == gd.diverged).mean() > 0.98, (
        f"step size 0.0001: {arrive:.0%} arrive; 0.002: {np.mean(long.diverged):.0%} diverge, of "
        f"gradient descent {np.mean(gd.diverged):.0%}"
    )
