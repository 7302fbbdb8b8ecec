"""Which knobs matter: invariances, sensitivity and cost of every method, measured alike."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from experiments.papers import BOWL_START, VALLEY, VALLEY_START
from stepsize import methods
from stepsize.methods.arithmetic import leaves
from stepsize.objectives import Objective, least_squares, logistic_regression, quadratic
from stepsize.runs import distance, minimize, track

# ---- every method --------------------------------------------------------------------------------

REQUIRED = {"step_size": 0.05, "meta_step_size": 1e-3, "window": 5, "minimum": 0.0}
"""Values of hyper-parameters without a default."""

MAIN = ("step_size", "fraction", "scale", "minimum")
"""A method's main knob is the first of these that it has."""

VARIANTS = {
    "HypergradientDescent multiplicative": ("HypergradientDescent", {"multiplicative": True}),
    "L4 adam": ("L4", {"direction": "adam"}),
    "Csawg planning five times": ("Csawg", {"planning_steps": 5, "correction_steps": 10}),
}
"""Variants that behave differently enough to be listed: their class and what is changed."""

METAS = {"HypergradientDescent multiplicative": 0.02, "AdamHD": 1e-7}  # their authors' values


@dataclass(frozen=True)
class DoG:
    r"""Distance over gradients (Ivgi et al. 2023): no step size, a first reach instead.

    .. math:: \alpha_k = \frac{\max(\epsilon, \max_{j \le k} \lVert w_j - w_0 \rVert)}
              {\sqrt{\sum_{j \le k} \lVert g_j \rVert^2}}
    """

    reach: ArrayLike = 1e-3

    class State(NamedTuple):
        step_size: ArrayLike
        start: np.ndarray
        far: ArrayLike  # the largest distance from the start
        squares: ArrayLike  # the sum of the squared gradient norms

    def init(self, w):
        none = np.zeros_like(w[0])
        return self.State(
            np.full_like(w, np.nan), start=w.copy(), far=self.reach + none, squares=none
        )

    def step(self, w, state, oracle):
        g = oracle.grad(w)
        far = np.maximum(state.far, distance(w - state.start))
        squares = state.squares + (g * g).sum(axis=0)
        alpha = np.divide(far, np.sqrt(squares), out=np.zeros_like(far), where=squares > 0)
        return w - alpha * g, self.State(alpha + 0 * w, state.start, far, squares)


def everything():
    """Name to instance: every public method, with the variants, each with its defaults."""
    found = {name: _instance(name) for name in methods.__all__}
    for name, (cls, changes) in VARIANTS.items():
        found[name] = replace(found[cls], **changes)
    for name, meta in METAS.items():
        found[name] = replace(found[name], meta_step_size=meta)
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def _instance(name):
    cls = getattr(methods, name)
    needed = inspect.signature(cls).parameters.values()
    return cls(**{p.name: REQUIRED[p.name] for p in needed if p.default is p.empty})


def main_knob(method):
    """The name of the main knob."""
    names = [f.name for f in fields(method)]
    return next((name for name in (*MAIN, "reach") if name in names), None)


# ---- invariances ---------------------------------------------------------------------------------

CURVATURE = np.array([[2.0, 0.7, 0.1], [0.7, 1.0, 0.2], [0.1, 0.2, 3.0]])
BOWL = quadratic(CURVATURE, minimizer=[1.0, -2.0, 0.5])
START = np.array([3.0, -1.0, 0.0])
STEPS, TOLERANCE = 12, 1e-9
TURN, _ = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))


class Change(NamedTuple):
    """A problem stated otherwise: factor f(T u + shift) + offset, as a function of u."""

    T: np.ndarray = np.eye(3)
    shift: float = 0.0
    factor: float = 1.0
    offset: float = 0.0

    def problem(self, f=BOWL):
        return Objective(
            lambda u: self.factor * f.loss(self.T @ u + self.shift) + self.offset,
            lambda u: self.factor * (self.T.T @ f.grad(self.T @ u + self.shift)),
            curvature=lambda u: self.factor * np.diag(self.T.T @ CURVATURE @ self.T),
            hvp=lambda u, v: self.factor * (self.T.T @ CURVATURE @ self.T @ v),
            vectorized=False,
        )

    def deviation(self, method, other=None):
        """The largest distance between the walk and the changed one, brought back; relative."""
        u = np.linalg.solve(self.T, START - self.shift)
        there = minimize(other or method, self.problem(), u, iterations=STEPS).w
        here = minimize(method, BOWL, START, iterations=STEPS).w
        with np.errstate(all="ignore"):
            gap = abs(there @ self.T.T + self.shift - here).max() / max(1.0, abs(here).max())
        return float(np.nan_to_num(gap, nan=np.inf))


CHANGES = {
    "origin moved": Change(shift=2.0),
    "targets negated": Change(T=-np.eye(3)),
    "space turned": Change(T=TURN),
    "loss times 4": Change(factor=4.0),
    "loss plus 5": Change(offset=5.0),
    "one weight times 4": Change(T=np.diag([4.0, 1.0, 1.0])),
}
"""What is changed in the statement of a problem."""


def without_units(method):
    """The same with its epsilons at zero: they have units, and every table would be of them."""
    return replace(
        method, **{f.name: 0.0 for f in fields(method) if ("_" + f.name).endswith("_eps")}
    )


@cache
def invariances():
    """Name to change to deviation, for every method."""
    return {
        name: {change: how.deviation(without_units(m)) for change, how in CHANGES.items()}
        for name, m in everything().items()
    }


# A knob's unit: the powers of the weights' unit and of the loss's unit in it.
LENGTH_BY_SLOPE, LENGTH, BARE = (2, -1), (1, 0), (0, 0)
UNITS = {
    **{
        (name, "step_size"): LENGTH
        for name in ("AdaGrad", "Adam", "AdamHD", "MetaOptimize", "RMSProp")
    },
    ("AdamHD", "meta_step_size"): (2, -1),
    ("HypergradientDescent", "meta_step_size"): (4, -3),
    ("HypergradientDescent multiplicative", "meta_step_size"): BARE,
    ("IDBD", "meta_step_size"): (0, -1),
    ("SMD", "meta_step_size"): (0, -1),
    ("Autostep", "meta_step_size"): BARE,
    ("Polyak", "minimum"): (0, 1),
    ("StochasticPolyak", "minimum"): (0, 1),
}


def unit(name, knob):
    """The unit of a knob; step sizes are a length by a slope unless stated otherwise."""
    return UNITS.get((name, knob), LENGTH_BY_SLOPE if knob == "step_size" else BARE)


def in_other_units(name, method, weights, loss):
    """The method for a problem whose weights and loss are measured in other units."""
    factors = {
        f.name: weights ** unit(name, f.name)[0] * loss ** unit(name, f.name)[1]
        for f in fields(method)
    }
    changed = {k: getattr(method, k) * c for k, c in factors.items() if c != 1.0}
    return replace(method, **changed)


@cache
def undone(weights=4.0, loss=3.0):
    """Name to deviation when all weights and the loss change units, and every knob with them."""
    change = Change(T=np.eye(3) / weights, factor=loss)
    return {
        name: change.deviation(m, in_other_units(name, m, weights, loss))
        for name, m in ((name, without_units(m)) for name, m in everything().items())
    }


# ---- sensitivity ---------------------------------------------------------------------------------

BUDGET = 300  # gradient evaluations
VALUES = np.logspace(-5, 2, 29)  # four a decade
WORST, BEST = 10.0, 1e-12  # what is kept of a ratio of losses: divergence counts as ten


@cache
def problems():
    """Name to (objective whose minimum is zero, start, size of the batches or None)."""
    rng = np.random.default_rng(5)
    X = rng.standard_normal((60, 4)) * [3.0, 1.0, 0.5, 0.2]
    logistic = logistic_regression(X, X @ [0.5, -1, 1, 2] + rng.standard_normal(60) > 0, l2=1e-3)
    A = rng.standard_normal((100, 5)) * np.linspace(0.5, 1.5, 5)
    noisy = least_squares(A, A @ rng.standard_normal(5) + 0.3 * rng.standard_normal(100))
    bowl = quadratic([100.0, 1.0], minimizer=[1.0, 1.0], rotation=0.5)
    return {
        "turned bowl": (bowl, BOWL_START, None),
        "valley": (VALLEY, VALLEY_START, None),
        "logistic": (_lowered(logistic), (0.0,) * 4, None),
        "minibatches": (noisy, (0.0,) * 5, 5),
    }


def _lowered(f):
    known = {"curvature": f.curvature, "hvp": f.hvp}
    return Objective(lambda w: f.loss(w) - f.minimum, f.grad, f.minimizer, 0.0, **known)


def turned_to(method, values, f0=1.0):
    """The method with its main knob at the given values; Polyak's is in units of the first loss."""
    knob = main_knob(method)
    return replace(method, **{knob: -f0 * values if knob == "minimum" else values})


def progress(method, problem):
    """The loss above the minimum after the budget, as a share of the first, one a run.

    On minibatches the mean over the last tenth of the iterations.
    """
    f, w0, size = problems()[problem]
    start = f.loss(np.array(w0)) - f.minimum
    if size is None:
        trace = minimize(method, f, w0, grad_evals=BUDGET, record=None)
        rows = trace.w[-1:]
    else:
        trace = track(method, f.batches(size), BUDGET, w0=w0, record=1)
        n = np.searchsorted(trace.grad_evals, BUDGET, side="right")
        rows = trace.w[n - max(1, n // 10) : n]
    with np.errstate(all="ignore"):
        last = np.mean([f.loss(w) for w in rows], axis=0) - f.minimum
        return np.clip(np.nan_to_num(last / start, nan=WORST), BEST, WORST)


@cache
def curve(name, problem):
    """Progress over the values of the main knob."""
    method = {**everything(), "DoG": DoG()}[name]
    f, w0, _ = problems()[problem]
    return progress(turned_to(method, VALUES, f.loss(np.array(w0)) - f.minimum), problem)


@cache
def rival(problem):
    """Progress of gradient descent with the best of 141 constant step sizes."""
    step_sizes = np.logspace(-5, 2, 141)
    return float(progress(turned_to(everything()["GradientDescent"], step_sizes), problem).min())


def width(name, problem, factor=10.0):
    """For how many decades of its knob a method ends within a factor of the rival."""
    good = curve(name, problem) <= factor * rival(problem)
    return float(good.sum() * np.log10(VALUES[1] / VALUES[0]))


def knobs(method):
    """Names of the knobs that can be turned by a factor: numbers that are not zero or infinite."""
    return [
        f.name
        for f in fields(method)
        if isinstance(value := getattr(method, f.name), (int, float))
        and not isinstance(value, bool)
        and 0 < value < np.inf
    ]


BY_ONE = (
    *("momentum", "decay", "trace_decay", "beta1", "beta2", "meta_beta1", "meta_beta2"),
    *("minimum_factor", "initial_factor", "least_factor", "factor"),
)


def turned(knob, value, factor):
    """The value of a knob that is off by a factor; of rates and factors, the distance to one."""
    if knob in BY_ONE:
        return max(0.0, 1 + (value - 1) * factor)
    return max(1, round(value * factor)) if isinstance(value, int) else value * factor


@cache
def regrets(name, problem):
    """Knob to decades of loss lost if it is off by ten in the worse direction.

    The main knob has its best value otherwise.
    """
    method, ends = everything()[name], curve(name, problem)
    if main_knob(method) == "minimum":
        return {}
    best = turned_to(method, float(VALUES[ends.argmin()]))
    tried, together = [(k, c) for k in knobs(best) for c in (0.1, 10)], {}
    for i, (knob, c) in enumerate(tried):  # counts one by one, the rest as runs of one method
        value = getattr(best, knob)
        if not isinstance(value, int):
            column = together.setdefault(knob, np.full(len(tried), value))
            column[i] = turned(knob, value, c)
    last = progress(replace(best, **together), problem)
    for i, (knob, c) in enumerate(tried):
        if isinstance(value := getattr(best, knob), int):
            last[i] = progress(replace(best, **{knob: turned(knob, value, c)}), problem)
    lost = np.log10(last / ends.min()).reshape(-1, 2).max(axis=1)
    return dict(zip(knobs(best), lost.tolist(), strict=True))


# ---- cost ----------------------------------------------------------------------------------------


class Cost(NamedTuple):
    """Per step: evaluations of each kind; and the numbers kept for each weight."""

    grads: float
    losses: float
    curvatures: float
    kept: float


@cache
def cost(name, d=1000, steps=50):
    """What a method asks for, counted by the run, and what its state holds, counted in it."""
    method, f = everything()[name], quadratic(np.linspace(1.0, 2.0, d))
    trace = minimize(method, f, np.ones(d), iterations=steps)
    asked = (trace.grad_evals, trace.loss_evals, trace.curvature_evals)
    return Cost(*(float(n[-1] / steps) for n in asked), kept(method, f, d))


def kept(method, f, d):
    """Numbers per weight in the state after a few steps, the step size it reports included."""
    w = np.ones(d)
    state = method.init(w)
    with np.errstate(all="ignore"):  # some diverge
        for _ in range(12):
            w, state = method.step(w, state, f)
    arrays = {id(v): v for v in leaves(state) if isinstance(v, np.ndarray)}
    return sum(a.size for a in arrays.values()) // d


# ---- the claims ----------------------------------------------------------------------------------


def yao_sec1_too_small_too_large():
    found = {}
    for problem in problems():
        ends = curve("GradientDescent", problem)
        i = int(ends.argmin())
        found[problem] = ends[i - 4] / ends[i], ends[i + 4] / ends[i], ends[i + 4]
    least = min(min(a, b) for a, b, _ in found.values())
    each = "; ".join(f"{k}: {a:.0e} and {b:.0e} times" for k, (a, b, _) in found.items())
    risen = sum(end > 1 for _, _, end in found.values())
    return (
        least > 2,
        least > 1,
    ), f"{each}; too large ends above the start on {risen} of {len(found)}"


def yao_sec1_most_important():
    first, total = 0, 0
    for name, method in everything().items():
        if main_knob(method) == "step_size" and len(knobs(method)) > 1:
            by_knob = median_regrets(name)
            total += 1
            first += max(by_knob, key=by_knob.get) == "step_size"
    return (first > total / 2, first > 0), f"{first} of {total} methods"


def median_regrets(name):
    """Knob to decades lost in the median over the problems."""
    each = [regrets(name, problem) for problem in problems()]
    return {knob: float(np.median([r[knob] for r in each])) for knob in each[0]}
