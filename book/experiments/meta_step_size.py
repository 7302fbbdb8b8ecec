"""Claims about the meta step size and the scale of the targets (Degris, Fig. 4)."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from experiments.grids import column
from stepsize.methods import IDBD, Autostep, GradientDescent
from stepsize.runs import track
from stepsize.streams import WeightFlipping

SCALES = (0.1, 1.0, 10.0)  # of the target weights, as published
THETAS = 10.0 ** np.arange(-7, 1.1, 0.5)
STEP_SIZES = 10.0 ** np.arange(-3, -0.9, 0.2)
MUS = 10.0 ** np.arange(-4, 0.1, 0.5)
FIRST_STEP = 0.05  # of IDBD and Autostep, at every scale
EXAMPLES = 6_000
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

    @property
    def best(self):
        """The knob with the least median."""
        return float(self.knob[np.argmin(np.median(self.mse, axis=1))])


def scores(name, scale, examples=EXAMPLES, runs=10, seed=0, knob=None, block=1000):
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
        )


quick = cache(scores)  # shared by figures and claims


def exponent(scales, bests):
    """The slope of log10 of the best knob over log10 of the scale."""
    return float(np.polyfit(np.log10(scales), np.log10(bests), 1)[0])


@cache
def one_run_each(runs=40):
    """The best meta step size of each of many single runs at scale one."""
    found = scores("IDBD", 1.0, runs=runs, seed=5, knob=10.0 ** np.arange(-3, -0.9, 0.5))
    return found.knob[np.argmin(found.mse, axis=0)]


def listed(bests):
    return ", ".join(f"{best:.2g}" for best in bests)


def degris_fig4_orders():
    bests = [quick("IDBD", scale).best for scale in SCALES]
    orders = float(np.log10(bests[0] / bests[-1]))
    singles = np.log10(one_run_each())
    apart = 4 + singles[:, None] - singles
    return (abs(orders - 5) < 0.25, orders >= 3), (
        f"{orders:.2f} orders (best: {listed(bests)}); with one run for each scale on data of its "
        f"own, {apart.min():.1f} to {apart.max():.1f}"
    )


def degris_fig4_sgd():
    found = [quick("SGD", scale) for scale in SCALES]
    kept = np.isfinite(found[1].mse)
    off = max(np.abs(other.mse / found[1].mse - 1)[kept].max() for other in found)
    same, tolerance = len({other.best for other in found}) == 1, 1e-9
    return (same and off < tolerance, same), (
        f"{found[1].best:.2g} at all scales; errors agree to {tolerance:g}: {off < tolerance}"
    )


def degris_fig4_sensitive():
    home, sgd = quick("IDBD", 1.0), quick("SGD", 1.0)
    reference = float(np.median(sgd.mse, axis=1).min())
    at = int(np.argmin(np.abs(home.knob - home.best)))
    errors = [quick("IDBD", scale).mse[at] for scale in SCALES]
    small, tuned_here = (float(np.median(e)) for e in errors[:2])
    failed = float((errors[2] > reference).mean())
    kept = (reference - small) / (reference - tuned_here)
    return (failed > 0.5 and kept < 0.5, failed > 0.5 or kept < 0.5), (
        f"carried to scale 10, {100 * failed:.0f} % of runs are worse than SGD; carried to 0.1, "
        f"{100 * max(kept, 0):.0f} % of the advantage is left"
    )


def degris_sec7_autostep():
    found = [quick("Autostep", scale) for scale in SCALES]
    kept = (found[1].mse < NOTHING).all(axis=1)
    off = max(np.abs(other.mse / found[1].mse - 1)[kept].max() for other in found)
    tolerance = 1e-6
    return (off < tolerance, len({other.best for other in found}) == 1), (
        f"best mu {found[1].best:.2g} at all scales; errors agree to {tolerance:g}: "
        f"{off < tolerance}"
    )
