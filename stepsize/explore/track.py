"""The explorer of methods that track a moving target, sample by sample.

``track.js`` draws the same samples and says the same words on the page.
"""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

import numpy as np
from matplotlib.ticker import LogLocator

from stepsize.checks import count, count_or_zero, nonnegative, one_of, single
from stepsize.explore import catalogue, figures, samples
from stepsize.explore.digits import number
from stepsize.explore.explorer import OneSetting
from stepsize.methods import IDBD, Autostep, GradientDescent
from stepsize.runs import track as run
from stepsize.streams import LinearSample

__all__ = ["track"]

_METHODS = {"IDBD": IDBD, "Autostep": Autostep}
_BLOCKS = 80  # of errors, of which the mean is drawn

_KNOBS = {
    "method": list(_METHODS),
    "meta_step_size": [0.0, *catalogue.decades(-6, -1, [1, 2, 5])],
    "step_size": catalogue.decades(-4, -1, [1, 2, 5]),
    "problem": list(samples.PROBLEMS),
    "flip_every": [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000],
    "drift": [0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0],
    "noise": [0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0],
    "scale": samples.SCALES,
    "seed": samples.SEEDS,
    "examples": [500, 1000, 2000, 4000, 8000],
}


def _stream(data):
    """The samples as oracles, new for each run; their arrays are known to fit."""
    x, y, _ = samples.draw(*data)
    return map(LinearSample.unchecked, x, y)


@samples.remembered
def tuned(*data):
    """The constant step size with the least late error on these very samples, and its run."""
    constants, n = np.array(samples.CONSTANTS), len(samples.draw(*data)[1])
    with np.errstate(all="ignore"):
        every = samples.late(run(GradientDescent(constants), _stream(data), n))
    best = constants[int(np.nanargmin(np.where(np.isfinite(every), every, np.inf)))]
    return float(best), run(GradientDescent(best), _stream(data), n)


def blocks(trace):
    """The mean squared error of blocks of examples, and their middles."""
    size = max(1, len(trace.loss) // _BLOCKS)
    with np.errstate(all="ignore"):
        squares = trace.prediction_error[: len(trace.loss) // size * size] ** 2
        mean = squares.reshape(-1, size).mean(axis=1)
    return size * (np.arange(len(mean)) + 0.5), mean


class Track(OneSetting):
    """See :func:`track`, which makes it."""

    name = "track"
    front = ("meta_step_size", "step_size", "scale")
    kinds: ClassVar = {
        "method": one_of(*_METHODS),
        "meta_step_size": single(nonnegative),
        "step_size": single(nonnegative),
        "problem": one_of(*samples.PROBLEMS),
        "flip_every": count,
        "drift": single(nonnegative),
        "noise": single(nonnegative),
        "scale": single(nonnegative),
        "seed": count_or_zero,
        "examples": count,
    }
    plots = (
        "Step sizes over examples",
        "Squared errors over examples",
        "The first weight and its target over examples",
    )
    intro = "Step sizes, errors and one tracked weight over examples."

    @property
    def data_setting(self):
        names = ("problem", "flip_every", "drift", "noise", "scale", "seed", "examples")
        return tuple(self.setting[name] for name in names)

    @cached_property
    def trace(self):
        """The run of the method, as first shown."""
        s = self.setting
        method = _METHODS[s["method"]](s["step_size"], s["meta_step_size"])
        with np.errstate(all="ignore"):
            return run(method, _stream(self.data_setting), s["examples"], record=1)

    def run(self):
        trace, (best, rival) = self.trace, tuned(*self.data_setting)
        target = samples.draw(*self.data_setting)[2]
        every = -(-len(target) // 500)  # as many points of a line as there are pixels
        return {
            "every": every,
            "step_size": trace.step_size[1::every],
            "last": trace.step_size[-1],
            "late": [samples.late(trace), samples.late(rival)],
            "best": best,
            "errors": blocks(trace)[1],
            "rival": blocks(rival)[1],
            "weight": trace.w[1:, 0],
            "target": target[:, 0],
        }

    def lines(self):
        """The result in words."""
        n, trace = self.setting["examples"], self.trace
        best, rival = tuned(*self.data_setting)
        label = figures.look(trace.method)["label"]
        sgd = (
            f"SGD with its best constant step size, {number(best)}: "
            f"mean squared error {number(samples.late(rival))}."
        )
        if trace.diverged:
            return [f"{label}: diverged.", sgd]
        last = trace.step_size[-1]
        text = (
            f"{label}: mean squared error {number(samples.late(trace))} over the second half of "
            f"{n:,} examples; at the end the step size is "
        )
        if len(last) == 1:
            return [f"{text}{number(last[0])}.", sgd]
        matter, other = (
            number(part.mean()) for part in (last[: samples.RELEVANT], last[samples.RELEVANT :])
        )
        return [f"{text}{matter} on average where the input matters, {other} elsewhere.", sgd]

    def draw(self, steps, errors, weights):
        """Step sizes, errors and the first weight, as on the page."""
        trace, (best, rival) = self.trace, tuned(*self.data_setting)
        look, gd = figures.look(trace.method), figures.look(rival.method)
        every = max(1, len(trace.examples) // 200)
        at, alpha = trace.examples[1::every], trace.step_size[1::every]
        for i in reversed(range(alpha.shape[1])):
            colour = look["color"] if i < samples.RELEVANT else figures.GREY
            steps.plot(at, alpha[:, i], color=colour, lw=0.8)
        steps.axhline(best, color=gd["color"], ls="--")
        steps.set(yscale="log", xlabel="examples", ylabel="step sizes")
        for one, style in ((rival, {**gd, "ls": "--"}), (trace, look)):
            middle, mean = blocks(one)
            errors.plot(middle, np.where(mean > 0, mean, np.nan), **style)
        errors.set(yscale="log", ylabel="squared error")
        for axes in (steps, errors):
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter(lambda v, _: number(v))
            axes.minorticks_off()
        errors.legend([f"SGD {number(best)}", look["label"]], fontsize=8)
        target = samples.draw(*self.data_setting)[2]
        weights.plot(target[::every, 0], color=figures.GREY, lw=0.8)
        weights.lines[0].set_xdata(np.arange(len(target))[::every])
        weights.plot(at, trace.w[1::every, 0], color=look["color"], lw=1)
        weights.set(xlabel="examples", ylabel="w₁ and its target")

    def knobs(self):
        """Label and values of what can be moved, by name."""
        return {name: (name.replace("_", " "), values) for name, values in _KNOBS.items()}

    def data(self):
        own = {"constants": samples.CONSTANTS, "shape": samples.SHAPE, "blocks": _BLOCKS}
        return {**super().data(), **own}


def track(
    method="IDBD",
    problem="weights that flip",
    *,
    meta_step_size=0.01,
    step_size=0.05,
    flip_every=20,
    drift=1.0,
    noise=0.0,
    scale=1.0,
    seed=1,
    examples=4000,
    question="Which inputs earn long steps, and what becomes of that when the targets are "
    "measured in another unit?",
    front=None,
):
    """A method that learns its step sizes on a moving target, beside tuned SGD.

    Parameters
    ----------
    method : "IDBD" or "Autostep"
        What learns.
    problem : "weights that flip" or "a level that drifts"
        Sutton's 20 inputs of which five matter, or one level seen through noise whose drift
        changes every 1,000 examples.
    meta_step_size, step_size : float
        Those of the method; the latter is the first step size.
    flip_every : int
        Examples between flips.
    drift : float
        The largest standard deviation of a step of the level.
    noise : float
        Standard deviation of the noise on the targets, before scaling.
    scale : float
        The unit of the targets: they are multiplied by it, noise and all.
    seed, examples : int
        Of the samples, which are drawn alike here and on the page; their "normal" numbers are
        sums of twelve uniform ones.
    question : str
        The caption.
    front : list of str, optional
        The names of the knobs beside the picture, a slider among them; the others are folded away.

    Returns
    -------
    Explorer
        An object to end a notebook cell with. ``trace`` is the method's run.

    Notes
    -----
    SGD has the constant step size, of 15 between 0.001 and 1, with the least error over the
    second half of the same samples: tuned in hindsight.

    Examples
    --------
    >>> from stepsize import explore
    >>> explore.track(examples=500, seed=2).trace.w.shape
    (501, 20)
    """
    return Track(
        question,
        method=method,
        meta_step_size=meta_step_size,
        step_size=step_size,
        problem=problem,
        flip_every=flip_every,
        drift=drift,
        noise=noise,
        scale=scale,
        seed=seed,
        examples=examples,
    ).with_front(front)
