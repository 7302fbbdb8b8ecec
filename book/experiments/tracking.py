"""Claims about following a level whose rate of drift changes (Degris, eq. 2 and Fig. 3)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from experiments import grids
from experiments.grids import best, grid, setting
from experiments.papers import rmsprop
from stepsize.methods import IDBD, Adam, Autostep, GradientDescent
from stepsize.runs import track
from stepsize.streams import RateTracking
from stepsize.theory import kalman_gain

PUBLISHED = RateTracking()  # sigma from U(0, 3), anew every 50,000 samples
SHORT = RateTracking(segment=4_000)
# 36 settings each; a step size of SGD beyond 1 is never right here
GRIDS = {
    "SGD": grid(GradientDescent, step_size=np.linspace(0.3, 1.0, 36)),
    # with Adam's correction for the start, as the paper defines it
    "RMSProp": grid(rmsprop, step_size=np.linspace(0.4, 3.6, 9), decay=(0.9, 0.99, 0.999, 0.9999)),
    "Adam": grid(
        Adam,
        {"eps_inside": True},
        step_size=np.linspace(0.6, 3.6, 6),
        beta1=(0.1, 0.5),
        beta2=(0.9, 0.99, 0.9999),
    ),
    "IDBD": grid(IDBD, meta_step_size=np.geomspace(1e-5, 10**-1.5, 12), step_size=(0.05, 0.5, 1.0)),
    "Autostep": grid(
        Autostep, meta_step_size=np.geomspace(1e-4, 10**-0.25, 12), tau=(1e2, 1e3, 1e4)
    ),
}
RUNS = 10
TABLE = Path(__file__).parents[1] / "data" / "tracking.csv"


def lms_mse(step_size, drift, noise=1.0):
    """The mean squared prediction error of a constant step size in the long run."""
    a = step_size
    return noise**2 + (drift**2 + a**2 * noise**2) / (a * (2 - a))


class Oracle:
    """SGD with the Kalman gain of each segment, which no learner knows."""

    class State(NamedTuple):
        step_size: np.ndarray
        k: int

    def __init__(self, gains, segment):
        # a list: an array hyper-parameter would make runs of its own
        self.gains, self.segment = list(gains), segment

    def init(self, w):
        return self.State(np.full_like(w, np.nan), 0)

    def step(self, w, state, oracle):
        alpha = np.broadcast_to(self.gains[state.k // self.segment], w.shape)
        return w - alpha * oracle.grad(w), self.State(alpha, state.k + 1)


class Segments(NamedTuple):
    """What a method did in each segment of each run: arrays of shape (segments, runs)."""

    drift: np.ndarray
    gain: np.ndarray  # the best step size
    step_size: np.ndarray  # the mean over the segment's second half
    mse: np.ndarray  # over the whole segment
    first: np.ndarray | None = None  # over the segment's first twentieth

    @property
    def correlation(self):
        """Of the method's step size with the best one; zero if it never moves."""
        if np.ptp(self.step_size) < 1e-12:
            return 0.0
        return float(np.corrcoef(self.gain.ravel(), self.step_size.ravel())[0, 1])

    @property
    def slope(self):
        """Of the line through the method's step size over the best one; likewise."""
        if np.ptp(self.step_size) < 1e-12:
            return 0.0
        return float(np.polyfit(self.gain.ravel(), self.step_size.ravel(), 1)[0])


def follow(method, stream, segments, seed=0, runs=RUNS, rows=20):
    """Run a method for some segments of a stream."""
    every = stream.segment // rows
    trace = track(
        method,
        stream,
        segments * stream.segment,
        runs=runs,
        seed=seed,
        record=every,
        average=every,
    )
    drift = trace.drift[1::rows]
    steps = trace.step_size[1:, 0].reshape(segments, rows, *trace.w.shape[2:])
    errors = 2 * trace.loss.reshape(segments, rows, *trace.w.shape[2:])
    return Segments(
        drift,
        kalman_gain(drift),
        steps[:, rows // 2 :].mean(axis=1),
        errors.mean(axis=1),
        errors[:, 0],
    )


def oracle(like, stream, seed=0):
    """The errors of the oracle on the data that ``like`` saw."""
    segments, runs = like.gain.shape
    return follow(Oracle(like.gain, stream.segment), stream, segments, seed, runs)


def tune(name, stream=PUBLISHED, segments=3, seed=1):
    """The best setting of a grid, by the median over the runs of the mean squared error."""
    scores = follow(GRIDS[name], stream, segments, seed).mse.mean(axis=0)
    return setting(GRIDS[name], best(scores)), scores


# what tune() chose at the published length (book/data/tracking.py asserts it)
CHOSEN = {
    "SGD": GradientDescent(0.8),
    "RMSProp": rmsprop(2.0, 0.9999),
    "Adam": Adam(2.4, 0.1, 0.9999, eps_inside=True),
    "IDBD": IDBD(1.0, 8.11e-4),
    "Autostep": Autostep(0.05, 0.0534, 1e4),
}
# the same step size with memories that are shorter than a tenth of a segment
FORGETFUL = {f"RMSProp, decay {decay:g}": rmsprop(2.0, decay) for decay in (0.9, 0.99, 0.999)}


@cache
def stored():
    """What the methods did at the published length, and ``"oracle"``, from the table."""
    table = {}
    for row in grids.read(TABLE, texts=("method",)):
        table.setdefault(row["method"], []).append(row)

    def column(name, key):
        return np.array([row[key] for row in table[name]]).reshape(-1, RUNS)

    drift = column("SGD", "drift")
    gain = kalman_gain(drift)
    found = {
        name: Segments(drift, gain, column(name, "step_size"), column(name, "mse"))
        for name in table
    }
    return {**found, "oracle": Segments(drift, gain, gain, column("SGD", "oracle"))}


def excess(seen, best=None):
    """By how much the error over all samples exceeds the oracle's, for each run."""
    best = best or stored()["oracle"]
    return seen.mse.mean(axis=0) / best.mse.mean(axis=0) - 1


def normalized_step(eta, drift, noise=1.0):
    """The step size of RMSProp in the long run, which solves alpha^2 error(alpha) = eta^2.

    That is 2 noise^2 alpha^2 + (drift^2 + eta^2) alpha = 2 eta^2.
    """
    b = np.square(drift) + eta**2
    return 4 * eta**2 / (b + np.sqrt(b**2 + 16 * noise**2 * eta**2))


def words(seen):
    over = 100 * np.quantile(excess(seen), [0.0, 0.5, 1.0])
    return (
        f"correlation {seen.correlation:+.2f}, slope {seen.slope:+.2f}, error "
        f"{over[1]:.1f} % above the oracle's ({over[0]:.1f} to {over[2]:.1f} in {RUNS} runs)"
    )


def degris_eq2():
    drift = np.linspace(0.1, 3.0, 30)
    formula = (-(drift**2) + np.sqrt(drift**4 + 4 * drift**2)) / 2
    tried = np.linspace(0.001, 1.999, 2000)[:, None]
    exact = (lms_mse(tried, drift) >= lms_mse(formula, drift)).all()
    seen = stored()["oracle"]
    off = np.abs(seen.mse.mean() / lms_mse(seen.gain, seen.drift).mean() - 1)
    return (exact and off < 0.02, exact), (
        f"none of 2,000 step sizes is better for any of 30 drifts: {exact}; simulated error "
        f"{100 * off:.2f} % from the prediction"
    )


def degris_fig3_sgd():
    seen = stored()["SGD"]
    behind = int((excess(seen) > excess(stored()["IDBD"])).sum())
    return (excess(seen).min() > 0 and behind >= 9, excess(seen).min() > 0), (
        f"{words(seen)}; behind IDBD in {behind}"
    )


def degris_fig3_rmsprop():
    values = [stored()[name].correlation for name in FORGETFUL]
    chosen = stored()["RMSProp"]
    return (max(*values, chosen.correlation) < -0.5, max(values) < -0.5), (
        ", ".join(f"{name[9:]}: {value:+.2f}" for name, value in zip(FORGETFUL, values))
        + f"; chosen: {words(chosen)}"
    )


def degris_fig3_reason():
    name = "RMSProp, decay 0.99"
    seen, eta = stored()[name], FORGETFUL[name].step_size
    falls = np.diff(normalized_step(eta, np.linspace(0.05, 3.0, 50))).max()
    off = np.abs(seen.step_size / normalized_step(eta, seen.drift) - 1).mean()
    return (falls < 0 and off < 0.03, falls < 0), (
        f"the solution falls everywhere (largest change {falls:.4f}); measured step sizes "
        f"{100 * off:.1f} % from it"
    )


def degris_fig3_idbd():
    seen, sgd = stored()["IDBD"], stored()["SGD"]
    better = int((seen.mse.mean(axis=0) < sgd.mse.mean(axis=0)).sum())
    good = seen.correlation > 0.9 and 0.8 < seen.slope < 1.2
    return (good and better >= 9, seen.correlation > 0.5), (
        f"{words(seen)}; better than SGD in {better} of {RUNS} runs"
    )
