"""Claims about IDBD: derivation, trace, rectifier (Yao, Section 2.6; Degris, Section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from experiments.grids import column, mse
from experiments.papers import FLIPPING as STREAM
from experiments.papers import RELEVANT
from experiments.tracking import lms_mse
from stepsize.methods import IDBD, Adam, Autostep, GradientDescent, HypergradientDescent
from stepsize.methods.arithmetic import TINY
from stepsize.runs import track
from stepsize.streams import RateTracking, WeightFlipping
from stepsize.theory import flipping_errors, kalman_gain

# ---- IDBD in parts, and its relatives -----------------------------------------------------------


class State(NamedTuple):
    """Step sizes, their logarithms, the trace, and the size of the meta-gradient."""

    step_size: np.ndarray
    beta: np.ndarray
    h: np.ndarray
    v: np.ndarray


@dataclass(frozen=True)
class Parts:
    """IDBD in parts that can be exchanged.

    ``trace`` says what stands for the derivative of w by beta: "rectified" as in IDBD, "plain"
    as in Autostep, the "last" move alone; "sum" is Schraudolph's for linear samples, the exact
    derivative by a change of all beta alike; "matrix" is the whole derivative, d x d numbers.
    ``normalize`` and ``bound`` are Autostep's two changes.
    """

    step_size: ArrayLike = 0.05
    meta_step_size: ArrayLike = 0.01
    trace: str = "rectified"
    normalize: bool = False
    bound: bool = False
    tau: float = 1e4

    def init(self, w):
        alpha, zero = self.step_size + np.zeros_like(w), np.zeros_like(w)
        h = np.zeros((len(w), *w.shape)) if self.trace == "matrix" else zero
        return State(alpha, np.log(alpha), h, v=zero)

    def step(self, w, state, oracle):
        g, c = oracle.grad(w), oracle.curvature(w)
        alpha, beta, h, v = state
        # h[i] is the derivative of all weights by beta[i] if it is a matrix
        q = -np.einsum("j...,ij...->i...", g, h) if self.trace == "matrix" else -g * h
        if self.normalize:
            size = np.abs(q)
            v = np.maximum(size, v + alpha * c * (size - v) / self.tau)
            q = q / np.maximum(v, TINY[v.dtype])
        beta = beta + self.meta_step_size * q
        alpha = np.exp(beta)
        if self.bound:
            total = np.maximum((alpha * c).sum(axis=0), 1.0)
            alpha = alpha / total
            beta = beta - np.log(total)
        move = alpha * g
        if self.trace == "matrix":
            x = oracle.oracle._input(w)
            h = h - alpha * x * np.einsum("j...,ij...->i...", x, h)[:, None]
            h[np.arange(len(w)), np.arange(len(w))] -= move
        elif self.trace == "sum":
            # the loss is a parabola: the change of its gradient along h is Hessian times h
            h = h - (alpha * (oracle.oracle.grad(w + h) - g) + move)
        else:
            kept = {
                "rectified": np.maximum(1.0 - alpha * c, 0.0),
                "plain": 1.0 - alpha * c,
                "last": 0.0,
            }[self.trace]
            h = h * kept - move
        return w - move, State(alpha, beta, h, v)


@dataclass(frozen=True)
class DeltaBarDelta:
    """Jacobs 1988: add ``up`` to a step size whose gradient agrees with the average of those
    before, multiply it by 1 - ``down`` if it disagrees."""

    step_size: ArrayLike = 0.05
    up: ArrayLike = 0.001
    down: ArrayLike = 0.1
    decay: ArrayLike = 0.7

    class State(NamedTuple):
        step_size: np.ndarray
        bar: np.ndarray  # the average gradient

    def init(self, w):
        return self.State(self.step_size + np.zeros_like(w), bar=np.zeros_like(w))

    def step(self, w, state, oracle):
        g = oracle.grad(w)
        alpha, agree = state.step_size, state.bar * g
        alpha = np.where(agree > 0, alpha + self.up, alpha)
        alpha = np.where(agree < 0, alpha * (1 - self.down), alpha)
        bar = (1 - self.decay) * g + self.decay * state.bar
        return w - alpha * g, self.State(alpha, bar)


# ---- experiments --------------------------------------------------------------------------------


THETAS = (0.003, 0.01, 0.015, 0.02, 0.03, 0.04)
RELATIVES = {
    "constant": GradientDescent(column(0.02, 0.025, 0.03, 0.034, 0.04)),
    "HD": HypergradientDescent(0.034, column(1e-7, 1e-6, 1e-5, 1e-4)),
    "delta-bar-delta": DeltaBarDelta(
        0.05,
        column(*np.tile([0.0003, 0.001, 0.003, 0.006], 3)),
        column(*np.repeat([0.03, 0.06, 0.1], 4)),
    ),
    "IDBD, last move only": Parts(0.05, column(0.01, 0.02, 0.03, 0.05, 0.08), "last"),
    "IDBD": IDBD(0.05, column(*THETAS)),
    "SMD": Parts(0.05, column(*THETAS), "sum"),
    "whole derivative": Parts(0.05, column(0.01, 0.02), "matrix"),
    "Autostep": Autostep(0.05, column(0.01, 0.03, 0.06, 0.1, 0.2)),
}
"""Each method with the grid from which its knobs are chosen."""


@cache
def relatives(examples=2500, runs=16):
    """Each relative with the knobs whose worst run is best on Sutton's problem, and its errors
    and last step sizes on other data, over the second half: name to (chosen, errors, steps)."""
    results = {}
    for name, method in RELATIVES.items():
        tuning = track(method, STREAM, examples, runs=runs, seed=1)
        i = mse(tuning, examples // 2).max(axis=1).argmin()
        knobs = {k: v[i, 0] if isinstance(v, np.ndarray) else v for k, v in vars(method).items()}
        best = type(method)(**knobs)
        trace = track(best, STREAM, examples, runs=runs, seed=2)
        results[name] = best, mse(trace, examples // 2), np.median(trace.step_size[-1], axis=1)
    return results


@cache
def meta_gradient(stream, alpha, examples=3000, runs=20, warm=300):
    """The mean of delta x h for constant step sizes, all weights alike: (d, settings, runs)."""
    alpha = column(*alpha)
    w = np.zeros((stream.inputs, len(alpha), runs))
    h, total = np.zeros_like(w), np.zeros_like(w)
    for k, sample in zip(range(examples), stream.samples(seed=3, runs=runs)):
        x = sample.x[:, None]
        step = (sample.y - (x * w).sum(axis=0)) * x
        if k >= warm:
            total += step * h
        h = h * np.maximum(1 - alpha * x * x, 0) + alpha * step
        w += alpha * step
    return total / (examples - warm)


def true_meta_gradient(alpha, change=1e-4):
    """What it should be on Sutton's problem: minus half the derivative of the exact error by the
    logarithm of one step size, of a relevant and of an irrelevant weight: (2, settings)."""
    alike = np.broadcast_to(np.array(alpha), (STREAM.inputs, len(alpha)))

    def error(i, factor):
        turned = alike.copy()
        turned[i] *= np.exp(factor)
        return flipping_errors(STREAM, turned).sum(axis=0)

    return np.stack([(error(i, -change) - error(i, change)) / (4 * change) for i in (0, -1)])


@cache
def convergent(d, alpha, random=False, examples=300, runs=20):
    """Whether LMS forgets its start, for each constant step size: all inputs 1, or of random sign
    (in the mean of the squared error over runs)."""
    rng = np.random.default_rng(0)
    signs = rng.choice([-1.0, 1.0], size=(examples, d, runs)) if random else np.ones((1, d, 1))
    e = np.ones((d, len(alpha), signs.shape[-1]))
    e *= rng.uniform(0.5, 1.5, size=(d, 1, 1))
    with np.errstate(all="ignore"):
        for k in range(examples):
            x = signs[k % len(signs)][:, None]
            delta = (x * e).sum(axis=0)
            if k == 0:
                first = (delta**2).mean(axis=-1)
            e = e - column(*alpha) * x * delta
        return (delta**2).mean(axis=-1) < first


ABLATION = {
    "neither": {},
    "normalized": {"normalize": True},
    "bounded": {"bound": True},
    "both: Autostep": {"normalize": True, "bound": True},
}


@cache
def ablated(part, scales=(1.0,), step_sizes=(0.05,), theta=0.02, examples=2000, runs=12):
    """Autostep's two changes, each alone, for target weights of several sizes, or several first
    step sizes: median errors in units of the squared size."""
    sizes = column(*scales)
    samples = ((s.x[:, None], sizes * s.y) for s in STREAM.samples(seed=4, runs=runs))
    method = Parts(column(*step_sizes), theta, "plain", **ABLATION[part])
    return np.median(mse(track(method, samples, examples), examples // 2) / sizes**2, axis=1)


RECTIFIER_THETAS = {1: (0.1, 0.3, 1.0, 3.0), 20: (0.03, 0.05, 0.07, 0.1)}


@cache
def rectifying(trace, inputs, examples=1500, runs=60):
    """How many runs diverge with meta step sizes that are too large: (settings,)."""
    stream = WeightFlipping(inputs, relevant=max(1, inputs // 4))
    method = Parts(0.05, column(*RECTIFIER_THETAS[inputs]), trace)
    return track(method, stream, examples, runs=runs, seed=2, average=100).diverged.sum(axis=1)


@cache
def step_sizes_above(theta=0.02, examples=4000, runs=20):
    """How often alpha x^2 exceeded 1 in some weight, and its sum 2, along runs of IDBD."""
    over = np.zeros(2)
    w, method = np.zeros((STREAM.inputs, runs)), IDBD(0.05, theta)
    state = method.init(w)
    for _, sample in zip(range(examples), STREAM.samples(seed=1, runs=runs)):
        w, state = method.step(w, state, sample)
        ax = state.step_size * sample.x**2
        over += (ax > 1).any(axis=0).mean(), (ax.sum(axis=0) > 2).mean()
    return over / examples


# ---- the rule -----------------------------------------------------------------------------------


def walk(method, examples=500, seed=0, stream=STREAM):
    """Along a run: gradient, trace before the step, beta before and after, move, trace after."""
    w = np.zeros(stream.inputs)
    state = method.init(w)
    for _, sample in zip(range(examples), stream.samples(seed=seed)):
        before, g = state, sample.grad(w)
        after, state = method.step(w, state, sample)
        yield sample, g, before.h, before.beta, state.beta, after - w, state.h
        w = after


def yao_idbd_momentum():
    samples = [([1.0, 1.0], 1.0), ([1.0, 1.0], 1.0), ([1.0, 0.0], 1.0)]
    moves = []
    for method in (IDBD(0.1, 0.1), Adam(0.1)):
        w = track(method, samples, 3, record=1).w
        moves.append(abs(w[3, 1] - w[2, 1]))
    return (moves[0] > 0, moves[0] == 0 < moves[1]), (
        f"a weight whose input, hence gradient, is 0 moves by {moves[0]:g} under IDBD and by "
        f"{moves[1]:.3f} under Adam"
    )


def yao_idbd_only_knob():
    first = (0.001, 0.01, 0.05, 0.1)
    errors = np.median(mse(track(IDBD(column(*first), 0.01), STREAM, 4000, runs=15)), axis=1)
    errors = dict(zip(first, errors))
    return max(errors.values()) < 1.1 * min(errors.values()), (
        ", ".join(f"{e:.1f} from α = {a:g}" for a, e in errors.items())
    )


def yao_idbd_positive():
    trace = track(IDBD(0.05, column(0.003, 0.01, 0.02, 0.03)), STREAM, 3000, runs=20, record=10)
    least = np.nanmin(trace.step_size)
    return least > 0, f"least step size {least:.1g}"


def yao_idbd_direction():
    same = all(
        (np.sign(later - beta) == np.sign(-g * h)).all()
        for _, g, h, beta, later, *_ in walk(IDBD(0.05, 0.01))
    )
    return same, "in every weight at every step" if same else "not always"


def degris_idbd_too_short():
    signs = []
    for drift in (0.3, 0.7, 1.0):
        best = float(kalman_gain(drift))
        meta = meta_gradient(RateTracking(drift=(drift, drift)), (0.7 * best, 1.3 * best))[0]
        signs.append(meta.mean(axis=-1) / (meta.std(axis=-1) / np.sqrt(meta.shape[-1])))
    low, high = np.array(signs).T
    return (low > 3).all() and (high < -3).all(), (
        f"below the best: {low.min():.0f} standard errors or more above zero; above it: "
        f"{-high.max():.0f} or more below"
    )


# ---- the derivation -----------------------------------------------------------------------------


def yao_idbd_descends():
    drift, steps = 0.7, (0.2, 0.35, 0.7, 0.85)
    one = meta_gradient(RateTracking(drift=(drift, drift)), steps)[0].mean(axis=-1)
    a, e = np.array(steps), 1e-4
    slope = (lms_mse(a * (1 - e), drift) - lms_mse(a * (1 + e), drift)) / (4 * e)
    single = np.abs(one / slope - 1).max()
    alphas = (0.01, 0.02, 0.03, 0.05)
    many = meta_gradient(STREAM, alphas).mean(axis=-1)
    many = np.stack([many[RELEVANT].mean(axis=0), many[~RELEVANT].mean(axis=0)])
    ratio = many / true_meta_gradient(alphas)
    return (max(single, np.abs(ratio - 1).max()) < 0.1, single < 0.1), (
        f"one weight: within {single:.0%}; 20 weights: {ratio[0].min():.0%} to "
        f"{ratio[0].max():.0%} of the true derivative for relevant weights, {ratio[1].min():.0%} "
        f"to {ratio[1].max():.0%} for the others"
    )


def yao_idbd_diagonal():
    samples = [([1.0, 2.0], 1.0), ([1.0, -1.0], 2.0)]
    alphas = np.array([[0.1, 0.11], [0.1, 0.1]])  # (weight, run)
    other = []
    for n in (1, 2):
        w = np.zeros((2, 2))
        for x, y in samples[:n]:
            x = np.array(x)
            w = w + alphas * (y - x @ w) * x[:, None]
        other.append(abs(w[1, 1] - w[1, 0]))
    return (other[0] == other[1] == 0, other[0] == 0), (
        f"α(1) from 0.1 to 0.11 changes w(2) by {other[0]:g} after one step and by {other[1]:.3f} "
        "after two"
    )


def yao_idbd_expansion():
    rng = np.random.default_rng(0)
    x, w, alpha = rng.normal(size=(3, 4, 1000))
    alpha, y = np.abs(alpha), rng.normal(size=1000)
    new = w + alpha * (y - (x * w).sum(axis=0)) * x
    others = (x * w).sum(axis=0) - x * w
    kept = (1 - alpha * x * x) * w - alpha * others * x
    printed, with_input = (np.abs(kept + alpha * y * z - new).max() for z in (1.0, x))
    return printed < 1e-12, (
        f"off by up to {printed:.1f} as printed; by less than 1e-12 with y* x(i)"
        if with_input < 1e-12
        else f"off by {printed:.1e} and {with_input:.1e}"
    )


# ---- the trace ----------------------------------------------------------------------------------


def yao_idbd_trace():
    total, off = np.zeros(STREAM.inputs), 0.0
    method = IDBD(0.05, 0.01)
    for sample, _g, _h, _b, beta, move, h in walk(method):
        total = total * np.maximum(1 - np.exp(beta) * sample.x**2, 0) + move
        off = max(off, np.abs(total - h).max())
    return off < 1e-12, "the same to 1e-12" if off < 1e-12 else f"off by {off:.1e}"


def shares(scale, alpha=0.02, examples=1000):
    """The sum of the weights with which h sums gradients, and errors over inputs: two numbers."""
    x2 = np.square(scale * np.random.default_rng(0).standard_normal((examples, 200)))
    on_gradients, on_fits = np.zeros(200), np.zeros(200)
    for c in x2:
        keep = np.maximum(1 - alpha / scale**2 * c, 0)
        on_gradients = keep * on_gradients + alpha / scale**2
        on_fits = keep * on_fits + alpha / scale**2 * c
    return np.median(on_gradients), np.median(on_fits)


def degris_idbd_average():
    sums = np.array([shares(s) for s in (0.5, 1.0, 2.0)])
    good = np.abs(sums - 1) < 0.1
    return (good[:, 0].all(), good[:, 0].any()), (
        f"weights of gradients sum to {sums[0, 0]:.2f}, {sums[1, 0]:.2f} and {sums[2, 0]:.2f}; "
        f"those of δ/x to {sums[0, 1]:.2f}, {sums[1, 1]:.2f} and {sums[2, 1]:.2f}"
    )


def degris_idbd_discount():
    rng = np.random.default_rng(0)
    alpha, x = 10 ** rng.uniform(-6, 6, size=(2, 10_000))
    keep = np.maximum(1 - alpha * x * x, 0)
    zero = (keep == 0).mean()
    return keep.min() >= 0 and keep.max() <= 1, (
        f"from {keep.min():g} to {keep.max():g}; 0 in {zero:.0%} of the cases"
    )


# ---- the rectifier and stability ----------------------------------------------------------------


def yao_idbd_necessary():
    above = (1.2, 1.5, 1.9, 2.1)
    good = [a for a, c in zip(above, convergent(1, above)) if c]
    return not good, (
        f"x = 1: of the step sizes {', '.join(map(str, above))}, those up to "
        f"{max(good, default=0)} converge"
    )


def yao_idbd_sufficient():
    dims = (1, 2, 3, 5, 20)
    table = np.array([convergent(d, (1.0, 0.5)) for d in dims])
    limits = [max((d for d, c in zip(dims, col) if c), default=0) for col in table.T]
    return (table.all(), table[1:].any()), (
        f"α = 1/x²: converges up to {limits[0]} input; α = 1/(2x²): up to {limits[1]} inputs"
    )


def yao_idbd_relu_step():
    one, two = step_sizes_above()
    return (one == 0, two == 0), (
        f"some αx² above 1 in {one:.1%} of the samples, their sum above 2 in {two:.1%}"
    )


def yao_idbd_relu_diverge():
    counts = {
        d: [int(rectifying(t, d).sum()) for t in ("rectified", "plain")] for d in RECTIFIER_THETAS
    }
    more = [without > 1.5 * with_it for with_it, without in counts.values()]
    return (all(more), any(more)), (
        "diverged with and without the rectifier: "
        + "; ".join(
            f"{a} and {b} of 240 with {d} {'weight' if d == 1 else 'weights'}"
            for d, (a, b) in counts.items()
        )
    )


def yao_idbd_printed():
    eta, beta = 0.01, np.full(STREAM.inputs, np.log(0.05))
    w = h = np.zeros(STREAM.inputs)
    halves = []
    for sample, _ in zip(STREAM.samples(), range(500)):
        x = sample.x
        delta = sample.y - w @ x
        slope = ((delta - 1e-3 * x) ** 2 - (delta + 1e-3 * x) ** 2) / 2e-3  # of delta^2, by w(i)
        halves.append(np.median(delta * x / slope))
        beta = beta + eta * (delta * x) * h
        alpha = np.exp(beta)
        w = w + alpha * delta * x
        h = h * np.maximum(1 - alpha * x * x, 0) + alpha * delta * x
    off = np.abs(track(IDBD(0.05, eta), STREAM, 500).w[-1] - w).max()
    ratio = float(np.median(halves))
    return (off < 1e-12 and abs(ratio - 1) < 1e-6, off < 1e-12), (
        f"{'the same walk' if off < 1e-12 else f'off by {off:.0e}'}; δ x is {ratio:.2f} times the "
        "gradient of δ²"
    )
