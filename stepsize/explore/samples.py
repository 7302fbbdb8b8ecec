"""The samples of the explorers' streams, drawn alike here and on the page, to the last bit."""

from __future__ import annotations

from functools import lru_cache, wraps

import numpy as np

from stepsize.methods import GradientDescent

__all__ = ["draw", "late", "normals", "remembered", "uniforms"]

PROBLEMS = ("weights that flip", "a level that drifts")
INPUTS, RELEVANT = 20, 5  # of the first problem, as in Sutton 1992
SEGMENT = 1000  # examples between two draws of the level's drift
SHAPE = {"inputs": INPUTS, "relevant": RELEVANT, "segment": SEGMENT}
SCALES = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]
SEEDS = list(range(1, 21))
CONSTANTS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)


def uniforms(seed, stream, n):
    """Numbers in [0, 1) that any engine draws alike: the generator mulberry32.

    Its state is a counter, so that all of them come at once; ``stream`` says where it starts.
    """
    u32 = np.uint32
    first = u32((8 * seed + stream + 1) * 0x9E3779B9 & 0xFFFFFFFF)
    a = first + np.arange(1, n + 1, dtype=u32) * u32(0x6D2B79F5)
    t = (a ^ a >> u32(15)) * (a | u32(1))
    t = t ^ (t + (t ^ t >> u32(7)) * (t | u32(61)))
    return (t ^ t >> u32(14)) / 2.0**32


@lru_cache(maxsize=16)  # a move of most knobs asks for the same ones
def normals(seed, stream, n):
    """About normal, and the same bits everywhere: twelve uniform numbers less their mean."""
    return np.add.accumulate(uniforms(seed, stream, 12 * n).reshape(n, 12), axis=1)[:, -1] - 6


@lru_cache(maxsize=16)
def draw(
    problem,
    flip_every,
    drift,
    noise,
    scale,
    seed,
    n,
    inputs=INPUTS,
    relevant=RELEVANT,
    flip_probability=1.0,
    spread=0.0,
):
    """Inputs (n, d), targets (n,) and the weights behind them (n, d), in units of ``scale``.

    ``spread`` multiplies each input of the first problem by the root of one less or more of it.
    """
    if problem == PROBLEMS[1]:
        x = np.ones((n, 1))
        sigma = drift * uniforms(seed, 1, -(-n // SEGMENT))[np.arange(n) // SEGMENT]
        steps = sigma * normals(seed, 2, n)
        weights = np.add.accumulate(np.append(0.0, steps[:-1]))[:, None]
    else:
        x = normals(seed, 0, n * inputs).reshape(n, inputs)
        if spread:
            below = uniforms(seed, 2, n * inputs).reshape(n, inputs) < 0.5
            x = x * np.sqrt(np.where(below, 1 - spread, 1 + spread))
        flips = (n - 1) // flip_every
        chosen = (relevant / flip_probability * uniforms(seed, 1, flips)).astype(int)
        when, flipped = flip_every * np.arange(1, flips + 1), chosen < relevant
        weights = np.ones((n, inputs))
        weights[when[flipped], chosen[flipped]] = -1.0
        weights = np.multiply.accumulate(weights, axis=0)
        weights[:, relevant:] = 0.0
    clean = np.add.accumulate(x * weights, axis=1)[:, -1]
    return x, scale * (clean + noise * normals(seed, 3, n)), scale * weights


def late(trace):
    """The mean squared error over the second half."""
    with np.errstate(all="ignore"):
        return trace.mse(len(trace.loss) // 2)


def remembered(tuned):
    """What a search for the best gradient descent has found; edit the method, and it is redone."""
    found = lru_cache(maxsize=64)(lambda code, *problem: tuned(*problem))
    return wraps(tuned)(lambda *problem: found(GradientDescent.step.__code__, *problem))
