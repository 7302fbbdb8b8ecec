"""Weights that flip: the sweeps of Degris, Fig. 2, shared by the chapter, its claims and its table.

``python -m experiments.flipping_sweeps`` repeats the long runs, in a few minutes, and writes
``book/data/flipping.csv``.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar

from experiments import grids, papers
from experiments.grids import column, combinations
from experiments.papers import FLIPPING as STREAM
from experiments.papers import RELEVANT
from stepsize.methods import IDBD, Adam, Autostep, GradientDescent
from stepsize.runs import track
from stepsize.theory import flipping_errors

TABLE = Path(__file__).parents[1] / "data" / "flipping.csv"

# the horizontal axis of Fig. 2, for each method
STEPS = (0.005, 0.01, 0.02, 0.035, 0.05, 0.07)
ORACLE_STEPS = (0.02, 0.05, 0.1, 0.14, 0.18, 0.22)
NORMALIZED = (0.01, 0.02, 0.04, 0.06, 0.09, 0.14, 0.2)
THETAS = (0.0003, 0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03)
MUS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.2)
# from which the decays of RMSProp and Adam are chosen anew for each step size
GAMMAS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
GAMMA_MS = (0.1, 0.5, 0.9)


class Oracle(GradientDescent):
    """Gradient descent that is told which inputs matter: the step sizes of the others are zero."""

    def init(self, w):
        alpha = self.step_size + np.zeros_like(w)
        alpha[~RELEVANT] = 0.0
        return self.State(alpha)

    def step(self, w, state, oracle):
        return w - state.step_size * oracle.grad(w), state


def rmsprop(step_size, gamma):
    return papers.rmsprop(step_size, 1 - np.asarray(gamma))


def adam(step_size, gamma, gamma_m):
    return Adam(step_size, 1 - np.asarray(gamma_m), 1 - np.asarray(gamma), eps_inside=True)


@cache
def best_constant(relevant_only=False):
    """The best constant step size, of all weights or of the relevant ones, and its exact error."""
    mask = RELEVANT if relevant_only else np.ones(STREAM.inputs)
    found = minimize_scalar(
        lambda a: flipping_errors(STREAM, a * mask).sum(),
        bounds=(0.001, 0.08 + 0.1 * relevant_only),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return float(found.x), float(found.fun)


def chosen(make, etas, *others, examples, runs, seed=1):
    """For each eta, the setting of the other grids with the least median error, on other data."""
    grid = combinations(etas, *others)
    errors = np.median(track(make(*grid), STREAM, examples, runs=runs, seed=seed).mse(), axis=-1)
    by_eta = np.nan_to_num(errors, nan=np.inf).reshape(len(etas), -1)
    rest = grid[1:, :, 0].reshape(len(others), len(etas), -1)
    return [rest[:, i, j] for i, j in enumerate(by_eta.argmin(axis=1))]


def long_runs(examples=200_000, runs=100, after=50_000, tuning=(20_000, 20)):
    """Every method of Fig. 2 at every knob: rows of the table.

    Errors are means over all ``examples``, ``first`` is the median of those of the first 1,000; the
    step sizes are those ``after`` so many more.
    """
    tune = {"examples": tuning[0], "runs": tuning[1]}
    gammas = chosen(rmsprop, NORMALIZED, GAMMAS, **tune)
    both = chosen(adam, NORMALIZED, GAMMAS, GAMMA_MS, **tune)
    methods = {
        "GradientDescent": (STEPS, None, GradientDescent(column(*STEPS)), 0),
        "RMSProp": (NORMALIZED, gammas, rmsprop(column(*NORMALIZED), np.array(gammas)), 0),
        "Adam": (NORMALIZED, both, adam(column(*NORMALIZED), *np.array(both).T[..., None]), 0),
        "Oracle": (ORACLE_STEPS, None, Oracle(column(*ORACLE_STEPS)), 0),
        "IDBD": (THETAS, None, IDBD(meta_step_size=column(*THETAS)), after),
        "Autostep": (MUS, None, Autostep(meta_step_size=column(*MUS)), after),
    }
    rows, rival = [], None
    for name, (knobs, decays, method, more) in methods.items():
        trace = track(method, STREAM, examples + more, runs=runs, average=examples // 200)
        errors, last = trace.mse(0, examples), trace.step_size[-1]
        if rival is None:  # tuned SGD, on the same data
            rival = errors[np.median(errors, axis=1).argmin()]
        for i, knob in enumerate(knobs):
            finite = np.where(np.isfinite(errors[i]), errors[i], np.inf)
            low, median, high = np.quantile(finite, [0.05, 0.5, 0.95], method="nearest")
            rows.append(
                {
                    "method": name,
                    "knob": knob,
                    "decays": "" if decays is None else " ".join(f"{x:g}" for x in decays[i]),
                    "median": median,
                    "low": low,
                    "high": high,
                    "mean": finite.mean(),
                    "worse": int((finite > rival).sum()),
                    "diverged": int((~np.isfinite(errors[i])).sum()),
                    "first": np.median(trace.mse(0, examples // 200)[i]),
                    "relevant": np.nanmedian(last[RELEVANT, i]),
                    "irrelevant": np.nanmedian(last[~RELEVANT, i]),
                    "runs": runs,
                    "examples": examples,
                }
            )
    return rows


@cache
def read(path=TABLE):
    """The rows of the stored table by method: a dict of lists of dicts."""
    table = {}
    for row in grids.read(path, texts=("method", "decays")):
        table.setdefault(row["method"], []).append(row)
    return table


if __name__ == "__main__":
    grids.write(TABLE, long_runs(), digits=4)
