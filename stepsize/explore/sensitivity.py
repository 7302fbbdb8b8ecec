"""The explorer of one knob: the final error over all its values, beside a tuned constant.

``sensitivity.js`` runs the same on the page and says the same words.
"""

from __future__ import annotations

import dataclasses
from functools import cached_property

import numpy as np

from stepsize.checks import count, count_or_zero, one_of, positive, single, starting_point
from stepsize.explore import catalogue, figures, samples
from stepsize.explore.digits import number
from stepsize.explore.explorer import OneSetting
from stepsize.explore.page import as_text, classes, method_of, own_rows
from stepsize.methods import Csawg, GradientDescent
from stepsize.objectives import Objective
from stepsize.runs import minimize, runs_of, track

__all__ = ["sensitivity"]

_GIVEN = "as given"
STREAMS = {  # all but the scale, the seed and the length
    samples.PROBLEMS[0]: {"flip_every": 20, "drift": 0.0, "noise": 0.0},
    samples.PROBLEMS[1]: {"flip_every": 1, "drift": 1.0, "noise": 1.0},
}
_BUDGETS = [100, 200, 500, 1000, 2000, 5000]


@dataclasses.dataclass(frozen=True)
class _Problem:
    """What a method is tried on: a loss at equal gradient evaluations, or a stream of examples."""

    name: str
    w0: tuple
    budget: int
    scale: float
    seed: int
    given: Objective | None = None

    @property
    def streams(self):
        return self.name in STREAMS

    @property
    def constants(self):
        """The constant step sizes of gradient descent, of which the best is the rival."""
        return np.array(samples.CONSTANTS if self.streams else catalogue.KNOBS["step_size"])

    @property
    def objective(self):
        f, s = self.given if self.name == _GIVEN else catalogue.named(self.name), self.scale
        return Objective(
            lambda w: s * f.loss(w),
            lambda w: s * f.grad(w),
            f.minimizer,
            curvature=lambda w: s * f.curvature(w),
            hvp=lambda w, v: s * f.hvp(w, v),
        )

    def run(self, method):
        with np.errstate(all="ignore"):
            if not self.streams:
                return minimize(
                    method, self.objective, self.w0, grad_evals=self.budget, record=None
                )
            own = {**STREAMS[self.name], "scale": self.scale, "seed": self.seed}
            x, y, _ = samples.draw(self.name, **own, n=self.budget)
            return track(method, zip(x, y, strict=True), self.budget)

    def final(self, trace):
        """The error that counts, one for each run; infinite where the run diverged."""
        error = samples.late(trace) / self.scale**2 if self.streams else trace.error[-1]
        return np.where(np.isfinite(error), error, np.inf)


def sweep(problem, method, knob, values):
    """The final error at each of the values: numbers that need not be whole in one batch."""
    alike = [isinstance(v, float) for v in values]
    errors = np.empty(len(values))
    if any(alike):
        batch = np.array([v for v, one in zip(values, alike, strict=True) if one])
        errors[alike] = problem.final(problem.run(dataclasses.replace(method, **{knob: batch})))
    for i in np.flatnonzero(np.logical_not(alike)):
        errors[i] = problem.final(problem.run(dataclasses.replace(method, **{knob: values[i]})))
    return errors


def _problem(name, given, w0, budget, scale, seed):
    one_of(*catalogue.OBJECTIVES, *STREAMS, *[_GIVEN] * (given is not None))("problem", name)
    if name not in STREAMS:
        w0 = starting_point(w0, len(given.minimizer) if name == _GIVEN else 2).tolist()
    return _Problem(
        name,
        w0=tuple(w0),
        budget=count("budget", budget),
        scale=single(positive)("scale", scale),
        seed=count_or_zero("seed", seed),
        given=given,
    )


@samples.remembered
def rival(problem):
    """The best constant step size of gradient descent, found by trying them all, and its error."""
    errors = problem.final(problem.run(GradientDescent(problem.constants)))
    best = int(np.argmin(errors))
    return float(problem.constants[best]), float(errors[best])


def knobs_of(method, first=None):
    """The hyper-parameters that are numbers, with the values that they can be given."""
    plain = [k for k, v in vars(method).items() if v is None or isinstance(v, (int, float, str))]
    offered = {name: catalogue.stops(method, name, first) for name in plain}
    return {
        name: tuple(values)
        for name, values in offered.items()
        if values and not isinstance(values[0], (bool, str))
    }


def _words(value):
    return ("no", "yes")[value] if isinstance(value, bool) else number(value)


class Sensitivity(OneSetting):
    """See :func:`sensitivity`, which makes it."""

    name = "sensitivity"
    front = ("value", "scale", "method")
    plots = ("Final error over the values of the knob",)
    boxes = ((0.09, 0.13, 0.89, 0.84),)
    intro = (
        "The final error over all values of a knob, the present one marked, and gradient descent "
        "with its best constant step size as a dashed level."
    )

    def __init__(self, question, method, knob, problem, wanted=None):
        self.question, self.method, self.knob, self.problem = question, method, knob, problem
        self.wanted = wanted or knob  # which a method may lack that stands in between
        self.given, self.held = [method], []  # what no text can tell
        self.setting = {
            "method": type(method).__name__,
            "knob": knob,
            "value": getattr(method, knob),
            "problem": problem.name,
            **{name: getattr(problem, name) for name in ("budget", "scale", "seed")},
        }

    def replaced(self, **changes):
        known, given = classes(self.given), self.problem.given
        method = method_of(changes.pop("with", as_text(self.method, self.held)), known, self.held)
        wanted = changes.pop("knob", self.wanted)
        if "method" in changes:
            name = one_of(*known)("method", changes.pop("method"))
            method = catalogue.renewed(known[name], method) or method
        offered = knobs_of(method)
        knob = wanted if wanted in offered else next(iter(offered))
        if "value" in changes:
            method = dataclasses.replace(method, **{knob: changes.pop("value")})
        own = {name: getattr(self.problem, name) for name in ("w0", "budget", "scale", "seed")}
        problem = _problem(changes.pop("problem", self.problem.name), given, **{**own, **changes})
        other = type(self)(self.question, method, knob, problem, wanted)
        other.given, other.held = self.given, self.held
        return other

    @property
    def values(self):
        """All values of the knob, in order."""
        first = self.given[0]
        return knobs_of(self.method, first if type(first) is type(self.method) else None)[self.knob]

    @cached_property
    def errors(self):
        """The final error at each of them."""
        return sweep(self.problem, self.method, self.knob, self.values)

    @property
    def here(self):
        """Which of them is the present one."""
        return self.values.index(getattr(self.method, self.knob))

    @property
    def look(self):
        return figures.look(type(self.method).__name__)

    def knobs(self):
        own = type(self.method).__name__
        names = [*catalogue.METHODS, *{own}.difference(catalogue.METHODS)]
        problems = [*catalogue.OBJECTIVES, *STREAMS]
        return {
            "method": ("method", names),
            "knob": ("knob", list(knobs_of(self.method))),
            "value": (self.knob.replace("_", " "), self.values),
            "problem": ("problem", problems + [_GIVEN] * (self.problem.given is not None)),
            "budget": ("budget", _BUDGETS),
            "scale": ("scale", samples.SCALES),
            "seed": ("seed", samples.SEEDS),
        }

    def lines(self):
        """The result in words."""
        problem, errors = self.problem, self.errors
        what, on = "error", f" after {problem.budget:,} gradient evaluations"
        if problem.streams:
            what, on = "squared error", f" over the second half of {problem.budget:,} examples"

        def said(error, more=""):
            return f"{what} {number(error)}{more}" if error < np.inf else "diverged"

        fields = dataclasses.fields(self.method)
        given = {f.name: getattr(self.method, f.name) for f in fields}
        told = ", ".join(
            f"{f.name.replace('_', ' ')} {_words(given[f.name])}"
            for f in fields
            if f.name == self.knob or f.default != given[f.name]
        )
        best = int(np.argmin(errors))
        constant, level = rival(problem)
        good = np.count_nonzero((errors <= level) & np.isfinite(errors))
        values = f"{len(errors)} values of {self.knob.replace('_', ' ')}"
        found = f"All {values} diverge. None does"
        if errors[best] < np.inf:
            at = f"{_words(self.values[best])}, {said(errors[best])}"
            found = f"Best of {values}: {at}. {good} of them do"
        return [
            f"{self.look['label']} with {told}: {said(errors[self.here], on)}.",
            f"{found} as well as gradient descent with the best of {len(problem.constants)} "
            f"constant step sizes, {number(constant)}: {said(level)}.",
        ]

    def draw(self, axes):
        problem, errors, values = self.problem, self.errors, self.values
        look = self.look
        constant, level = rival(problem)
        gd = {**figures.look(GradientDescent(1.0)), "ls": "--", "label": f"GD {number(constant)}"}
        seen = errors[np.isfinite(errors) & (errors > 0)]
        low = np.min(seen, initial=max(level, 1e-17)) / 3  # where zeros are drawn
        high = min(np.max(seen, initial=level), 1e3 * max(level, 1e-17))
        shown = np.where(np.isfinite(errors), np.clip(errors, low, 9 * high), np.nan)
        axes.plot(shown, color=look["color"], label=look["label"])
        axes.axhline(max(level, low), **gd)
        axes.plot(self.here, shown[self.here], "o", ms=9, color=look["color"])
        lost = np.flatnonzero(~np.isfinite(errors))
        axes.plot(lost, np.full(len(lost), 2 * high), "x", ms=4, color=look["color"])
        if 0 in errors:
            axes.annotate(
                "0", (0, low), (-4, 0), ("axes fraction", "data"), "offset points", ha="right"
            )
        marks = _marks(values)
        axes.set_xticks(marks, [_words(values[i]) for i in marks])
        what = "squared error / scale²" if problem.streams else "final error"
        axes.set(yscale="log", xlabel=self.knob.replace("_", " "), ylabel=what)
        axes.set(xlim=(-0.5, len(values) - 0.5), ylim=(0.7 * low, 3 * high))
        axes.legend(loc="upper left", fontsize=8)

    @property
    def twin(self):
        """Whether the page's script can run all of it."""
        return self.problem.name != _GIVEN and catalogue.has_twin(self.method)

    def run(self):
        constant, level = rival(self.problem)
        return {
            "values": self.values,
            "errors": self.errors,
            "constant": constant,
            "level": level,
        }

    def data(self):
        known = {name: (name, []) for name in ("method", "value")}  # from the catalogue
        method = as_text(self.method, self.held)
        return {
            "setting": {"with": method, "w0": self.problem.w0, **self.setting},
            "knobs": {"with": ("", None), **self.knobs(), **known},
            "plots": self.plots,
            "streams": STREAMS,
            "constants": samples.CONSTANTS,
            "shape": samples.SHAPE,
        }

    def live(self):
        return {**self.data(), "methods": own_rows(self.given, self.held)}


def _marks(values):
    """Which of the values to write beside the axis: the round ones, about six."""
    found = [i for i, v in enumerate(values) if v is None or isinstance(v, str) or _round(v)]
    if len(found) < 4:
        found = list(range(len(values)))
    return found[:: -(-len(found) // 7)]


def _round(value):
    """Whether a number is zero, infinite or a power of ten."""
    return value == 0 or not np.isfinite(value) or float(f"{value:.2e}"[:4]) == 1.0


def sensitivity(
    method=None,
    knob=None,
    problem="rosenbrock",
    *,
    w0=(-1.0, 0.0),
    budget=1000,
    scale=1.0,
    seed=1,
    question="Drag along the knob: on how wide a part does the method do as well as the best "
    "constant step size, and where does that part go when the scale changes?",
    front=None,
):
    """A method's final error over all the values of one knob, at equal budget.

    Parameters
    ----------
    method : method
        Csawg with repeated planning unless given. Its other knobs stay as they are.
    knob : str
        The hyper-parameter that is swept, the first that is a number unless given.
    problem : str or Objective
        A name in :data:`~stepsize.explore.catalogue.OBJECTIVES`, or ``"weights that flip"`` or
        ``"a level that drifts"``, the problems of :func:`track`, or any objective of known
        minimizer; the built page shows only a static picture of the latter.
    w0 : array of shape (d,)
        Where all runs start on an objective; on a stream they start at zero.
    budget : int
        Gradient evaluations, or examples of a stream.
    scale : float
        The unit: what the loss, or the targets of a stream, are multiplied by.
    seed : int
        Of the samples.
    question : str
        The caption.
    front : list of str, optional
        The names of the knobs beside the picture, a slider among them; the others are folded away.

    Returns
    -------
    Explorer
        An object to end a notebook cell with. ``values`` are those of the knob and ``errors`` what
        came out: the distance from the minimizer at the end, or the mean squared error over the
        second half of the examples, divided by the scale squared.

    Notes
    -----
    The rival is gradient descent with the constant step size that is best in hindsight, on the same
    problem and budget: of all stops of the slider, or on a stream of 15 between 0.001 and 1.

    Examples
    --------
    >>> from stepsize import explore
    >>> explorer = explore.sensitivity(HeavyBall(0.001), "momentum", "bowl")
    >>> explorer.values[int(np.argmin(explorer.errors))]
    0.94
    """
    method = Csawg(0.001, 10, planning_steps=5, correction_steps=10) if method is None else method
    if runs_of(method, ()) != ():
        raise ValueError(f"method must be a single run, got an array in {method!r}")
    offered = knobs_of(method)
    if not offered:
        raise ValueError(f"method must have a knob that is a number, got {method!r}")
    knob = next(iter(offered)) if knob is None else one_of(*offered)("knob", knob)
    given = None
    if not isinstance(problem, str):
        if problem.minimizer is None:
            raise ValueError("problem must be an objective that knows its minimizer")
        given, problem = problem, _GIVEN
    own = {"w0": w0, "budget": budget, "scale": scale, "seed": seed}
    explorer = Sensitivity(question, method, knob, _problem(problem, given, **own))
    return explorer.with_front(front)
