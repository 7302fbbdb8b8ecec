"""What Csawg's plannings do: where they start and lead, and what their steps span."""

from __future__ import annotations

import numpy as np

from experiments.papers import chain
from stepsize.methods import Csawg
from stepsize.runs import Recorder, minimize


def plannings(trace):
    """Each single planning of a Csawg trace: weights before and after, gradient, step sizes.

    All have shape (plannings, d).
    """
    k, grad = trace.learned_iterations, trace.objective.grad
    last = trace.w[k - 1].T
    before = last - trace.method.step_size * grad(last)
    return before.T, trace.w[k], grad(before).T, trace.learned


def gradient_steps(objective, w, step_size, steps):
    """w after so many steps of gradient descent."""
    for _ in range(steps):
        w = w - step_size * objective.grad(w)
    return w


def support(w):
    """The number of the last weight that is not zero, per row."""
    return np.array([np.flatnonzero(row).max(initial=-1) + 1 for row in w])


def beyond_the_limit(methods, size):
    """Runs on Nesterov's chain, until they have asked for almost as many gradients as weights.

    Returns the least error, in units of the least that is possible for first-order methods, and
    how many times a weight beyond the k-th had moved after k gradients.
    """
    objective, limit, _ = chain(*size)
    least, wider = np.inf, 0
    for method in methods:
        trace = minimize(method, objective, np.zeros(size[0]), grad_evals=size[0])
        rows = np.isfinite(trace.error) & (trace.grad_evals < size[0])
        evaluations = trace.grad_evals[rows]
        least = min(least, (trace.error[rows] / limit[evaluations]).min())
        wider += int((support(trace.w[rows]) > evaluations).sum())
    return least, wider


def out_of_span(objective, start):
    """The share of w_2 - w_0 that no combination of the gradients asked for can make (K = 1)."""
    watched = Recorder(objective)
    t = minimize(Csawg(0.8 / 16, window=1), watched, start, iterations=2)
    G = np.stack([objective.grad(w) for _, w in watched.asked], axis=1)
    move = t.w[-1] - t.w[0]
    rest = move - G @ np.linalg.lstsq(G, move, rcond=None)[0]
    return float(np.linalg.norm(rest) / np.linalg.norm(move))
