"""Temporal differences on a random walk: IDBD on their oracle is TIDBD(0)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from experiments import grids
from experiments.grids import column
from stepsize.methods import IDBD, GradientDescent, HypergradientDescent
from stepsize.runs import track

STATES = 11  # in a row, with an end on either side
REWARD_FLIPS = 1_000  # samples, where the walk is not stationary


class TDSample:
    """One transition: the gradient of TD(0), with the next state's value held fixed."""

    def __init__(self, x, after, reward):
        self.x, self.after, self.reward = x, after, reward

    def delta(self, w):
        return self.reward + ((self.after - self.x) * w).sum(axis=0)

    def loss(self, w):
        return 0.5 * self.delta(w) ** 2

    def grad(self, w):
        return -self.delta(w) * self.x

    def curvature(self, w):
        return self.x * self.x + np.zeros_like(w)


def walk(samples, runs, distractors, flips, seed):
    """Random walks from the middle: transitions, and the sign of the reward at the right end.

    A state has an input of its own; each distractor is a coin that falls anew at every step.
    """
    rng = np.random.default_rng(seed)
    at = np.full(runs, STATES // 2)
    eye = np.vstack([np.eye(STATES), np.zeros((1, STATES))])

    def inputs(states):
        coins = rng.integers(2, size=(distractors, runs)) * (states < STATES)
        return np.vstack([eye[states].T, coins])[:, None]

    x = inputs(at)
    for k in range(samples):
        sign = 1.0 - 2.0 * (k // REWARD_FLIPS % 2) if flips else 1.0
        moved = at + 2 * rng.integers(2, size=runs) - 1
        ended = (moved < 0) | (moved >= STATES)
        reward = sign * ((moved >= STATES) * 1.0 - (moved < 0))
        after = inputs(np.where(ended, STATES, moved))
        yield TDSample(x, after, reward)
        at = np.where(ended, STATES // 2, moved)
        x = np.where(ended, inputs(at), after)


METHODS = {
    "constant": GradientDescent(column(*np.geomspace(0.002, 0.25, 8))),
    "one adapted": HypergradientDescent(
        0.05, column(*np.geomspace(1e-4, 0.3, 8)), multiplicative=True
    ),
    "TIDBD": IDBD(0.05, column(*np.geomspace(1e-3, 3.0, 8))),
}
PROBLEMS = {"as it is": (0, False), "with distractors, reward flipping": (20, True)}
SAMPLES, RUNS, BLOCK = 20_000, 60, 200  # one half of the runs to tune, the other to judge
TABLE = Path(__file__).parents[1] / "data" / "temporal.csv"


def learn(method, problem, samples):
    """A method on the walks: a row each ``BLOCK`` samples."""
    steps = walk(samples, RUNS, *PROBLEMS[problem], seed=0)
    w0 = np.zeros((STATES + PROBLEMS[problem][0], 1, RUNS))
    return track(method, steps, samples, w0=w0, record=BLOCK, average=BLOCK)


def value_error(trace, problem):
    """Root mean squared error of the states' values, second half, for each setting and run."""
    late = trace.examples > trace.examples[-1] // 2
    w, k = trace.w[late], trace.examples[late]
    true = 2 * np.arange(1, STATES + 1) / (STATES + 1) - 1
    flipped = PROBLEMS[problem][1] & ((k - 1) // REWARD_FLIPS % 2 == 1)
    # a distractor is heads half of the time
    value = w[:, :STATES] + 0.5 * w[:, STATES:].sum(axis=1, keepdims=True)
    with np.errstate(all="ignore"):
        off = value - np.outer(1 - 2.0 * flipped, true)[:, :, None, None]
        error = np.sqrt((off**2).mean(axis=(0, 1)))
    return np.where(np.isfinite(error), error, np.inf)


@cache
def stored():
    """The rows of the table by problem and method."""
    rows = grids.read(TABLE, texts=("problem", "method"))
    return {(row["problem"], row["method"]): row for row in rows}
