"""Claims about the meta step size and the scale of the targets (Degris, Fig. 4)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from experiments import grids
from experiments.grids import column
from stepsize.methods import IDBD, Autostep, GradientDescent
from stepsize.runs import track
from stepsize.streams import WeightFlipping

SCALES = (0.1, 1.0, 10.0)  # of the target weights, as published
THETAS = 10.0 ** np.arange(-7, 1.1, 0.5)
STEP_SIZES = 10.0 ** np.arange(-3, -0.9, 0.2)
MUS = 10.0 ** np.arange(-4, 0.1, 0.5)
FIRST_STEP = 0.05  # of IDBD and Autostep, at every scale
TABLE = Path(__file__).parents[1] / "data" / "meta_step_size.csv"
NOTHING = 5.0  # the error of weights that stay zero: a block that is worse is a burst


def sweep(name, knob):
    """A method with every value of its knob."""
    knob = column(*knob)
    return {
        "SGD": lambda: GradientDescent(knob),
        "IDBD": lambda: IDBD(FIRST_STEP, knob),
        "Autostep": lambda: Autostep(FIRST_STEP, knob),
    }[name]()


KNOBS = {"SGD": STEP_SIZES, "IDBD": THETAS, "Autostep": MUS}


def targets(scale):
    """Sutton's flipping weights, as large as ``scale``."""
    return WeightFlipping(scale=scale)


class Scores(NamedTuple):
    """Mean squared error over all samples, in units of the squared scale of the targets."""

    knob: np.ndarray  # (settings,)
    mse: np.ndarray  # (settings, runs), infinite where a run diverged
    step_size: np.ndarray  # the last ones, (d, settings, runs)
    worst: np.ndarray  # the worst block of samples after the first fifth, (settings, runs)
    first: np.ndarray  # the error of the first block, (settings, runs)

    @property
    def best(self):
        """The knob with the least median."""
        return float(self.knob[np.argmin(np.median(self.mse, axis=1))])


def scores(name, scale, examples=200_000, runs=10, seed=0, knob=None, block=1000):
    """Run a method with every value of its knob on targets of a scale."""
    knob = KNOBS[name] if knob is None else np.asarray(knob)
    trace = track(sweep(name, knob), targets(scale), examples, runs=runs, seed=seed, average=block)
    with np.errstate(all="ignore"):
        blocks = 2 * trace.loss / scale**2
        blocks = np.where(np.isfinite(blocks) & ~trace.diverged, blocks, np.inf)
        return Scores(
            knob,
            blocks.mean(axis=0),
            trace.step_size[-1],
            blocks[len(blocks) // 5 :].max(axis=0),
            2 * trace.loss[0] / scale**2,
        )


@cache
def stored(name, scale):
    """The rows of the table's sweep for a method and a scale: 200,000 samples, ten runs."""
    return [
        row
        for row in grids.read(TABLE, texts=("experiment", "method"))
        if (row["experiment"], row["method"], row["scale"]) == ("scales", name, scale)
    ]


def best(name, scale):
    """The row with the least median."""
    return min(stored(name, scale), key=lambda row: row["median"])


def exponent(scales, bests):
    """The slope of log10 of the best knob over log10 of the scale."""
    return float(np.polyfit(np.log10(scales), np.log10(bests), 1)[0])


@cache
def one_run_each(runs=40):
    """The best meta step size of each of many single runs at scale one."""
    found = scores("IDBD", 1.0, 6_000, runs, seed=5, knob=10.0 ** np.arange(-3, -0.9, 0.5))
    return found.knob[np.argmin(found.mse, axis=0)]


def listed(bests):
    return ", ".join(f"{best:.2g}" for best in bests)


def degris_fig4_orders():
    bests = [best("IDBD", scale)["knob"] for scale in SCALES]
    orders = float(np.log10(bests[0] / bests[-1]))
    return (abs(orders - 5) < 0.25, orders >= 3), f"{orders:.2f} orders (best: {listed(bests)})"


def agreement(name):
    """How far medians over the squared scale differ between scales, where none is a burst."""
    rows = [[row["median"] for row in stored(name, scale)] for scale in SCALES]
    kept = np.max(rows, axis=0) < NOTHING
    return float(np.ptp(np.array(rows)[:, kept], axis=0).max())


def degris_fig4_sgd():
    same = {best("SGD", scale)["knob"] for scale in SCALES}
    off, tolerance = agreement("SGD"), 1e-4
    return (len(same) == 1 and off < tolerance, len(same) == 1), (
        f"{listed(same)}; medians over the squared scale agree to {tolerance:g}: {off < tolerance}"
    )


def degris_fig4_sensitive():
    home, sgd = best("IDBD", 1.0), best("SGD", 1.0)["median"]
    at = stored("IDBD", 1.0).index(home)
    small, large = (stored("IDBD", scale)[at] for scale in SCALES[::2])
    failed = large["worse"] / large["runs"]
    kept = (sgd - small["median"]) / (sgd - home["median"])
    return (failed > 0.5 and kept < 0.5, failed > 0.5 or kept < 0.5), (
        f"carried to scale 10, {100 * failed:.0f} % of runs are worse than SGD; carried to 0.1, "
        f"{100 * max(kept, 0):.0f} % of the advantage is left"
    )


def degris_sec7_autostep():
    same = {best("Autostep", scale)["knob"] for scale in SCALES}
    off, tolerance = agreement("Autostep"), 1e-4
    return (off < tolerance and len(same) == 1, len(same) == 1), (
        f"best mu {listed(same)}; medians over the squared scale agree to {tolerance:g}: "
        f"{off < tolerance}"
    )


def yao_sec2_6_autostep_knob():
    rows = {scale: stored("Autostep", scale) for scale in SCALES}
    least = {scale: best("Autostep", scale)["median"] for scale in SCALES}
    good = [row["knob"] for row in rows[1.0] if row["median"] < 1.1 * least[1.0]]
    same = len({best("Autostep", scale)["knob"] for scale in SCALES}) == 1
    return (len(good) == len(MUS) and same, same), (
        f"{len(good)} of {len(MUS)} values within a tenth of the best, {listed(good)}, at every "
        "scale"
    )
