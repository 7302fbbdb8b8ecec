"""Stochastic gradients: small data sets on minibatches, and noise that is added."""

from __future__ import annotations

from functools import cache

import numpy as np

from stepsize.methods import L4, GradientDescent, HeavyBall, StochasticPolyak
from stepsize.objectives import least_squares, logistic_regression
from stepsize.runs import track


class Noisy:
    """An oracle whose gradients carry independent normal noise."""

    def __init__(self, objective, noise, seed=0):
        self.objective, self.noise = objective, noise
        self.minimizer, self.dim = objective.minimizer, objective.dim
        self.random = np.random.default_rng(seed)

    def loss(self, w):
        return self.objective.loss(w)

    def grad(self, w):
        return self.objective.grad(w) + self.noise * self.random.standard_normal(w.shape)


EXAMPLES, INPUTS, BATCH, STEPS, SEEDS = 100, 10, 10, 200, 8
KINDS = {
    "least squares, interpolated": ("least squares", 0.0),
    "least squares, noisy": ("least squares", 1.0),
    "logistic, separable": ("logistic", 0.0),
    "logistic, overlapping": ("logistic", 2.0),
}
"""Data sets: the model and the noise in its targets."""
STEP_SIZES = tuple(10.0 ** (k / 4) for k in range(-8, 5))  # from which a constant is tuned
METHODS = {
    "constant": GradientDescent(STEP_SIZES),
    "momentum": HeavyBall(tuple(10.0 ** (k / 4) for k in range(-12, 5)), momentum=0.9),
    # c = 1/2, then c = 1; without a cap, then with eight
    "SPS": StochasticPolyak(
        scale=np.repeat([0.5, 1.0], 9), max_step=np.tile([np.inf, *(2.0 ** np.arange(-6, 2))], 2)
    ),
    "SPS growing": StochasticPolyak(growth=2 ** (BATCH / EXAMPLES)),  # as its authors have it
    # the original's forgetting time, and the one that Yao prints
    "L4 gradient": L4("gradient", forget_time=[1000.0, 0.9]),
    "L4 momentum": L4("momentum", forget_time=[1000.0, 0.9]),
    "L4 adam": L4("adam", forget_time=[1000.0, 0.9]),
    "L4 zero": L4("gradient", minimum=0.0),  # no estimate: every batch can reach zero
}
"""Methods by name; each of their settings is a run."""


@cache
def data(kind, seed):
    """A data set: Gaussian inputs of unequal scale, targets from one linear model plus noise."""
    model, noise = KINDS[kind]
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((EXAMPLES, INPUTS)) * np.linspace(0.5, 1.5, INPUTS)
    y = X @ rng.standard_normal(INPUTS) + noise * rng.standard_normal(EXAMPLES)
    return least_squares(X, y) if model == "least squares" else logistic_regression(X, y > 0)


@cache
def on_batches(name, kind):
    """Runs on minibatches of ten, one a seed; the seed draws the data and their order."""
    return [
        track(METHODS[name], data(kind, s).batches(BATCH, s), STEPS, w0=np.zeros(INPUTS), record=1)
        for s in range(SEEDS)
    ]


@cache
def gaps(name, kind):
    """Loss on all the data above its minimum, after the last step: (seeds, *settings).

    Rounding hides what is below 1e-16, and what has overflowed is infinite.
    """
    with np.errstate(all="ignore"):
        gap = [
            objective.loss(trace.w[-1]) - (objective.minimum or 0.0)
            for objective, trace in (
                (data(kind, s), t) for s, t in enumerate(on_batches(name, kind))
            )
        ]
    return np.maximum(np.nan_to_num(gap, nan=np.inf, posinf=np.inf), 1e-16)


@cache
def losses(name, kind, size=BATCH):
    """Loss on all the data along the runs, first settings only: (seeds, steps + 1)."""
    out = []
    with np.errstate(all="ignore"):
        for s in range(SEEDS):
            objective = data(kind, s)
            if size == BATCH:
                w = on_batches(name, kind)[s].w
            else:
                stream = objective.batches(size, s)
                w = track(METHODS[name], stream, STEPS, w0=np.zeros(INPUTS), record=1).w
            w = w.reshape(*w.shape[:2], -1)[:, :, 0]
            out.append(np.nan_to_num(objective.loss(w.T), nan=np.inf, posinf=np.inf))
    return np.array(out)


def tuned(name, kind):
    """Gaps with the setting whose median over the seeds is least, and that setting's number."""
    all_gaps = gaps(name, kind)
    best = np.median(all_gaps, axis=0).argmin()
    return all_gaps[:, best], int(best)
