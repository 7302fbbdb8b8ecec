"""The explorer of the landscape of two step sizes, and of the paths across it.

``landscape.js`` draws the same samples and says the same words on the page.
"""

from __future__ import annotations

from dataclasses import fields
from functools import cache, cached_property
from typing import ClassVar

import numpy as np

from stepsize.checks import (
    count_or_zero,
    finite,
    nonnegative,
    one_of,
    per_weight,
    rate,
    single,
    whole,
)
from stepsize.explore import figures, samples
from stepsize.explore.digits import number, rounded
from stepsize.explore.explorer import OneSetting
from stepsize.methods import IDBD, Adam, Autostep
from stepsize.runs import track as run
from stepsize.streams import LinearSample, WeightFlipping
from stepsize.theory import flipping_errors

__all__ = ["landscape"]

_START = ("alpha_1", "alpha_2")
# The class of each, and what is given. RMSProp is Adam without momentum, as in Degris.
_METHODS = {
    "IDBD": (IDBD, {}),
    "Autostep": (Autostep, {}),
    "RMSProp": (Adam, {"beta1": 0.0, "eps_inside": True}),
    "Adam": (Adam, {"beta1": 0.9, "eps_inside": True}),
}
_EDGE = 0.6  # of the map
_BLOCKS = 40  # of errors, of which the mean is drawn
# Twelve uniform numbers have the fourth moment 2.9; spread so, it is 3 as that of a normal input,
# and the landscape is exact for these samples, too.
SHAPE = {
    "inputs": 2,
    "relevant": 1,
    "flip_every": 20,
    "flip_probability": 0.5,
    "spread": 1 / np.sqrt(29),  # a power would not have the same bits everywhere
    "noise": 0.0,
    "scale": 1.0,
}
_KNOBS = {
    "method": ("method", list(_METHODS)),
    "alpha_1": ("start of α₁, constant", [k / 100 for k in range(1, 61)]),
    "alpha_2": ("start of α₂, flipping", [k / 100 for k in range(1, 61)]),
    "meta_step_size": (
        "meta step size",
        [0.0, 0.0005, 0.001, 0.002, 0.004, 0.006, 0.01, 0.02, 0.05, 0.1],
    ),
    "step_size": ("step size η", [0.01, 0.02, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4]),
    "beta2": ("decay β₂", [0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999]),
    "seed": ("seed", list(range(1, 21))),
    "examples": ("samples", [1000, 2000, 4000, 8000, 12000]),
}


def _made(name):
    """How the page makes a method: its twin, what is given, and the knobs that it is without."""
    cls, given = _METHODS[name]
    learns = "meta_step_size" in {field.name for field in fields(cls)}  # from a start of its own
    without = ["step_size", "beta2"] if learns else [*_START, "meta_step_size"]
    return {"twin": cls.__name__, "given": given, "without": without}


# the relevant input is the first here and the second in the paper
STREAM = WeightFlipping(inputs=2, relevant=1, flip_probability=0.5)


@cache
def best(alike=False):
    """The best step size of the weight that flips, or of both alike, and the exact error."""
    low, high = 0.0, 1.0
    for _ in range(8):  # the error falls and rises: look closer around the least of a grid
        grid = np.linspace(low, high, 41)
        errors = flipping_errors(STREAM, np.stack([grid, alike * grid])).sum(axis=0)
        i = int(np.argmin(errors))
        low, high = grid[max(i - 1, 0)], grid[min(i + 1, 40)]
    return float(grid[i]), float(errors[i])


def normalized(eta, sweeps=400):
    """The step sizes at which normalization rests: each eta over the root of its own
    E[delta^2 x^2], which depends on both. Shape (2, etas)."""
    alpha = np.full((2, len(eta)), 0.1)
    for _ in range(sweeps):  # damped, for larger step sizes mean larger errors
        e = flipping_errors(STREAM, alpha)
        alpha = 0.7 * alpha + 0.3 * eta / np.sqrt(e.sum(axis=0) + 2 * e)
    return alpha


@cache
def _known():
    """The best pair and the best single step size, each with its error; where normalization rests;
    and the errors on a grid."""
    (a, least), (both, single) = best(), best(alike=True)
    rest = normalized(np.geomspace(0.005, 0.62, 25))[::-1].T.round(4)
    axis = np.linspace(0, _EDGE, 121)
    return (0.0, a, least), (both, both, single), rest, axis, error(np.meshgrid(axis, axis))


def error(alpha):
    """The exact mean squared error of LMS at step sizes, shape (2, *shape), of the constant weight
    and of the one that flips; infinite where these are not finite."""
    alpha = np.where(np.isfinite(alpha), alpha, 1.0)
    return flipping_errors(STREAM, alpha[::-1]).sum(axis=0)


def _text(x):
    return number(x) if np.isfinite(x) else "not finite"


def _level():
    (_, a, least), (both, _, single), *_ = _known()
    return (
        f"The least is {number(least)}, at (0, {number(a)}); with one step size for both weights "
        f"it is {number(single)}, at {number(both)}."
    )


def _start(name, value):
    value = single(nonnegative)(name, value)
    if not 0.01 <= value <= _EDGE:
        raise ValueError(f"{name} must be between 0.01 and {_EDGE}, got {value:g}")
    return value


def _examples(name, value):
    return whole(name, value, 100, "a whole number and at least 100")


class Landscape(OneSetting):
    """See :func:`landscape`, which makes it."""

    name = "landscape"
    front = ("alpha_1", "alpha_2", "meta_step_size", "step_size", "beta2")
    kinds: ClassVar = {
        "method": one_of(*_METHODS),
        "alpha_1": _start,
        "alpha_2": _start,
        "meta_step_size": single(nonnegative),
        "step_size": single(nonnegative),
        "beta2": single(rate),
        "seed": count_or_zero,
        "examples": _examples,
    }
    plots = "Error over step sizes, and a path", "Step sizes over samples", "Error over samples"
    intro = (
        "Left, contours of the mean squared error over the step sizes of the constant weight and "
        "of the one that flips, blank where LMS is unstable; a star at the least error, a diamond "
        "at the best single step size, dots where normalization can rest, and the path of the "
        "method from a circle to a square. Right, its two step sizes and errors over samples."
    )

    @cached_property
    def trace(self):
        """The run of the method. Its first weight is the one that flips."""
        s = self.setting
        x, y, _ = samples.draw(
            "weights that flip", drift=0.0, seed=s["seed"], n=s["examples"], **SHAPE
        )
        own = {name: s[name] for name in self.knobs() if name in ("step_size", "beta2")}
        if "alpha_1" in self.knobs():
            own["step_size"] = per_weight([s["alpha_2"], s["alpha_1"]])
            own["meta_step_size"] = s["meta_step_size"]
        cls, given = _METHODS[s["method"]]
        method = cls(**own, **given)
        with np.errstate(all="ignore"):
            return run(method, map(LinearSample.unchecked, x, y), len(y), w0=[0.0, 0.0], record=1)

    @property
    def path(self):
        """Step sizes of the constant weight and of the one that flips, from the first chance to
        flip on: before it, normalization has hardly seen an error to divide by."""
        return self.trace.step_size[SHAPE["flip_every"] :, ::-1]

    @property
    def means(self):
        """The mean squared error of each block of samples, and their middles."""
        n = self.setting["examples"]
        size = n // _BLOCKS
        squares = self.trace.prediction_error[: n // size * size] ** 2
        mean = squares.reshape(-1, size).mean(axis=1)
        return size * (np.arange(len(mean)) + 0.5), mean

    def run(self):
        return {"path": self.path, "error": error(self.path.T), "means": self.means[1]}

    def lines(self):
        """The result in words."""
        s, ends = self.setting, self.path[[0, -1]]
        start, end = (f"({', '.join(map(_text, pair))})" for pair in ends)
        before, after = map(_text, error(ends.T))
        return [
            f"{s['method']}: step sizes (constant, flipping) from {start} at "
            f"sample {SHAPE['flip_every']} to {end} at sample {s['examples']:,}.",
            f"The exact error went from {before} to {after}. {_level()}",
        ]

    def draw(self, plane, steps, errors):
        """The map, the step sizes and the errors, as on the page."""
        best, single, rest, axis, grid = _known()
        s, n, path = self.setting, self.setting["examples"], self.path
        colour = figures.look(s["method"])["color"]
        levels = best[2] * np.exp((np.arange(1, 15) / 8) ** 2)
        grid = np.ma.masked_invalid(grid)
        plane.contour(axis, axis, grid, rounded(levels), colors="#9aa5b1", linewidths=0.7)
        plane.plot(*rest.T, ":", color="black", lw=1.4)
        plane.plot(*path.T, color=colour, lw=1)
        if "alpha_1" in self.knobs():
            plane.plot(s["alpha_1"], s["alpha_2"], "o", mfc="white", mec="black", ms=8, zorder=6)
        plane.plot(*path[-1], "s", color=colour, mec="black", zorder=6)
        for (a, b, _), mark, size, text in (
            (best, "*", 13, "best pair"),
            (single, "D", 5, "best single"),
        ):
            plane.plot(a, b, mark, color="black", ms=size, clip_on=False, zorder=7)
            plane.text(a + 0.02, b, text, va="center")
        plane.text(0.46, 0.56, "unstable", va="center")
        labels = {"xlabel": "α₁, of the constant weight", "ylabel": "α₂, of the flipping weight"}
        plane.set(xlim=(0, _EDGE), ylim=(0, _EDGE), **labels)
        plane.grid(False)
        every = max(1, n // 400)
        at, few = np.arange(n + 1 - len(path), n + 1)[::every], path[::every]
        steps.plot(at, few[:, 0], color="black", lw=0.8)
        steps.plot(at, few[:, 1], color=colour)
        steps.set(ylim=(0, _EDGE), xlim=(0, n), ylabel="step sizes; thin: α₁")
        errors.plot(*self.means, color="black", lw=0.8)
        errors.plot(at, np.minimum(error(few.T), 9), color=colour)
        for (_, _, level), style, text in ((best, "-", "best pair"), (single, "--", "best single")):
            errors.axhline(level, color="black", lw=1, ls=style)
            side = "top" if style == "-" else "bottom"
            errors.text(n, level, text, ha="right", va=side, fontsize=8)
        labels = {"xlabel": "samples", "ylabel": "error; thin: measured"}
        errors.set(ylim=(0, 1.5), xlim=(0, n), **labels)

    def knobs(self):
        """Label and values of what can be moved, by name."""
        without = _made(self.setting["method"])["without"]
        return {name: knob for name, knob in _KNOBS.items() if name not in without}

    def data(self):
        best, single, rest, *_ = _known()
        return {
            **super().data(),
            "knobs": _KNOBS,
            "made": {name: _made(name) for name in _METHODS},
            "shape": SHAPE,
            "edge": _EDGE,
            "blocks": _BLOCKS,
            "best": best,
            "single": single,
            "rest": rest.tolist(),
            "level": _level(),
        }


def landscape(
    method="IDBD",
    start=(0.3, 0.1),
    *,
    meta_step_size=0.004,
    step_size=0.06,
    beta2=0.999,
    seed=1,
    examples=8000,
    question="Drag the start: which methods take the two step sizes downhill to the star, and "
    "which cannot turn towards it?",
    front=None,
):
    """The path of two step sizes across the landscape of their exact error.

    One of two target weights flips with probability 1/2 every 20 samples, the other is zero for
    ever: ``WeightFlipping(inputs=2, relevant=1, flip_probability=0.5)``.

    Parameters
    ----------
    method : "IDBD", "Autostep", "RMSProp" or "Adam"
        What changes the step sizes. RMSProp is Adam without momentum, as in Degris.
    start : pair of float
        First step sizes of IDBD and Autostep: of the constant weight and of the one that flips,
        between 0.01 and 0.6. RMSProp and Adam have no say in theirs.
    meta_step_size : float
        That of IDBD or Autostep.
    step_size, beta2 : float
        Of RMSProp and Adam: eta, and how much the average of squared gradients keeps.
    seed, examples : int
        Of the samples, which are drawn alike here and on the page; their inputs have the second
        and the fourth moment of a normal one, on which the exact error depends.
    question : str
        The caption.
    front : list of str, optional
        The names of the knobs beside the picture, a slider among them; the others are folded away.

    Returns
    -------
    Explorer
        An object to end a notebook cell with. ``trace`` is the run, ``path`` its step sizes.

    Examples
    --------
    >>> from stepsize import explore
    >>> explorer = explore.landscape("RMSProp", examples=1000)
    >>> explorer.path[-1]  # larger for the weight that needs none
    array([0.0622..., 0.0400...])
    """
    pair = np.asarray(finite("start", start))
    if pair.shape != (2,) or not ((pair >= 0.01) & (pair <= _EDGE)).all():
        raise ValueError(f"start must be two step sizes between 0.01 and {_EDGE}, got {start!r}")
    return Landscape(
        question,
        method=method,
        **dict(zip(_START, pair.tolist(), strict=True)),
        meta_step_size=meta_step_size,
        step_size=step_size,
        beta2=beta2,
        seed=seed,
        examples=examples,
    ).with_front(front)
