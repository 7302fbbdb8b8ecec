"""The explorer of methods side by side on a loss of two weights."""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator

from stepsize.checks import count, finite, flag, one_of, starting_point
from stepsize.explore import figures
from stepsize.explore.catalogue import (
    COARSE,
    MOST,
    OBJECTIVES,
    VIEW,
    decades,
    has_twin,
    named,
    stops,
)
from stepsize.explore.digits import number
from stepsize.explore.explorer import Explorer, is_slider
from stepsize.explore.page import as_text, classes, method_of, own_rows
from stepsize.explore.sheet import Sheet, as_svg, book_style, power
from stepsize.explore.words import labels, outcome
from stepsize.methods import Csawg, GradientDescent
from stepsize.objectives import Objective
from stepsize.runs import minimize, runs_of

__all__ = ["Valley", "valley"]

_BUDGETS = [*map(int, decades(1, 3, COARSE)), 20_000]
_OVER = ("gradient evaluations", "iterations")
_WEIGHTS = ("w₁", "w₂")  # and not as formulas, which take longer to set than all else to draw
_GIVEN, _TYPED = "as given", "an expression in x and y"
_LINEAR = 1e-3  # step sizes are drawn linearly below, logarithmically above, with their sign


def _signed_log(a):
    return np.sign(a) * np.log10(1 + np.abs(a) / _LINEAR)


def _signed_power(t):
    return np.sign(t) * _LINEAR * (10.0 ** np.abs(t) - 1)


@lru_cache(maxsize=8)
def _typed(expression):
    return Objective.from_sympy(expression, "x y")


class _Given:
    """What only a notebook has: objectives and methods of one's own, by name."""

    def __init__(self, explorers):
        self.objectives, self.held = {}, []  # what no text can tell
        for other in explorers:
            same = [name for name, (f, _) in self.objectives.items() if f is other.objective]
            if other.objective_name is None:
                number = len(self.objectives) + 1
                name = same[0] if same else _GIVEN if number == 1 else f"{_GIVEN} ({number})"
                self.objectives[name] = other.objective, other.view
                other.objective_name = name
        self.methods = [method for other in explorers for method in other.methods]
        self.classes = classes(self.methods)


class Valley(Explorer):
    """See :func:`valley`, which makes it."""

    name = "valley"
    front = ("x", "y")
    basins = False
    plots = (
        "Contours of the loss with the path of each method",
        "Error of each method on a logarithmic axis",
        "Step sizes that each method used",
    )
    # errors and step sizes of the runs; last, to be drawn above them, the map with their paths
    boxes = (0.56, 0.6, 0.41, 0.37), (0.56, 0.13, 0.41, 0.37), (0.065, 0.13, 0.41, 0.84)
    expression = "(x - 1)**2 + 100*(y - x**2)**2"  # until a reader types another one

    def __init__(self, runners, objective, w0, grad_evals, over, weight, presets, question, view):
        if runners is None:
            planning = Csawg(0.001, 10, planning_steps=5, correction_steps=10)
            runners = [GradientDescent(0.001), planning]
        runners = list(runners)
        if not 1 <= len(runners) <= MOST:
            raise ValueError(f"methods must be one to {MOST} methods, got {len(runners)}")
        for method in runners:
            if runs_of(method, ()) != ():
                raise ValueError(f"methods must be single runs, got an array in {method!r}")
        self.methods = runners
        self.objective_name = None
        if isinstance(objective, str):
            self.objective_name = one_of(*OBJECTIVES)("objective", objective)
            view = view or OBJECTIVES[objective]["view"]
            objective = named(objective)
        if objective.dim not in (None, 2):
            raise ValueError(f"objective must have two weights, got {objective.dim}")
        self.objective, self.view = objective, view or VIEW
        self.w0 = starting_point(w0, 2)
        if self.w0.ndim != 1:
            raise ValueError(f"w0 must have shape (2,), got {self.w0.shape}")
        self.grad_evals = count("grad_evals", grad_evals)
        self.over = one_of(*_OVER)("over", over)
        if weight not in (1, 2):
            raise ValueError(f"weight must be 1 or 2, got {weight!r}")
        self.weight = weight
        if not isinstance(presets or {}, dict):
            raise ValueError(f"presets must be a dict of settings by name, got {presets!r}")
        self.presets = {name: valley(**preset) for name, preset in (presets or {}).items()}
        self.question = question

    def __repr__(self):
        names = ", ".join(labels(self.methods))
        return f"valley explorer: {names}; {self.grad_evals} gradient evaluations"

    # ---- what is computed ------------------------------------------------------------------------

    @cached_property
    def traces(self):
        """One run for each method."""
        return [self._trace(place) for place in range(len(self.methods))]

    def _trace(self, place):
        method = self.methods[place]
        try:
            return minimize(method, self.objective, self.w0, grad_evals=self.grad_evals)
        except Exception as problem:
            problem.place = place
            raise

    @property
    def measure(self):
        return "error" if self.objective.minimizer is not None else "loss above the least seen"

    @property
    def heights(self):
        """What is drawn of each run by that name."""
        if self.objective.minimizer is not None:
            return [trace.error for trace in self.traces]
        losses = np.concatenate([trace.loss for trace in self.traces])
        least = np.min(losses[np.isfinite(losses)], initial=np.inf)
        return [trace.loss - least for trace in self.traces]

    def lines(self):
        """What each run came to."""
        x, y = map(number, self.w0)
        start = f"From ({x}, {y}): " if self.basins else ""
        return [start + outcome(*run) for run in zip(labels(self.methods), self.traces)]

    def summary(self):
        """The picture in words: its alternative text."""
        x, y = map(number, self.w0)
        start = f"Contours of the loss with paths from ({x}, {y}), errors, step sizes."
        return " ".join([start, *self.lines()])

    def run(self):
        """The runs, and a map of the loss where no script knows it."""
        columns = "w", "step_size", "grad_evals"
        found = {
            "traces": [
                {**{name: getattr(trace, name) for name in columns}, "error": height}
                for trace, height in zip(self.traces, self.heights)
            ],
            "labels": labels(self.methods),
            "measure": self.measure,
        }
        if self.objective_name not in OBJECTIVES:
            named = self.expression if self.objective_name == _TYPED else self.objective_name
            found["map"] = {
                "name": named,
                "heights": self._map(),
                "view": self.view,
                "minimizer": self.objective.minimizer,
            }
        return found

    def _map(self):
        """The logarithm of the loss above its least, over the view."""
        try:
            f = figures.heights(self.objective, *self.view, points=161)[-1]
        except Exception as problem:
            problem.place = "expression" if self.objective_name == _TYPED else "objective"
            raise
        return np.log10(np.maximum(f, figures.lowest(f))).filled(np.nan)

    # ---- what is drawn ---------------------------------------------------------------------------

    @book_style()
    def svg(self):
        sheet = Sheet(*self.boxes)
        self.draw(*sheet.axes)
        return as_svg(sheet.figure)

    def draw(self, errors, steps, plane):
        """Errors, step sizes and paths of the runs."""
        names, heights = labels(self.methods), self.heights
        positive = [h[(h > 0) & np.isfinite(h)] for h in heights]
        low = max(min((h.min() for h in positive if len(h)), default=1e-3), 1e-17)
        high = min(max((h.max() for h in positive if len(h)), default=1.0), 1e3)
        figures.contours(plane, self.objective, *self.view, points=120)
        plane.set(xlabel="w₁", ylabel="w₂")
        errors.set_yscale("log")
        errors.yaxis.set_major_formatter(power)
        steps.set_yscale("function", functions=(_signed_log, _signed_power))
        end, extent = 1, [0.0, 0.01]
        for trace, height, label, look in zip(
            self.traces, heights, names, figures.looks(self.methods)
        ):
            x = trace.grad_evals if self.over == _OVER[0] else trace.iterations
            alpha = trace.step_size[:, self.weight - 1]
            used = np.isfinite(alpha)
            changes = np.count_nonzero(np.diff(alpha[used]))
            plane.plot(*trace.w.T, **look)
            # a zero dives out of sight below the axis
            errors.plot(x, np.where(height == 0, low / 1e3, height), label=label, **look)
            steps.plot(x[used], alpha[used], lw=min(1.8, 300 / max(changes, 1)), **look)
            end = max(end, x[-1])
            extent = [*extent, *alpha[used]]
        plane.plot(*self.w0, "o", ms=8, mfc="white", mec="black", zorder=7)
        for axes in (errors, steps):
            axes.minorticks_off()
            axes.xaxis.set_major_locator(MaxNLocator(4))
        errors.yaxis.set_major_locator(LogLocator(numticks=5))
        errors.tick_params(labelbottom=False)
        errors.set(xlim=(0, end), ylim=(low / 3, high * 3), ylabel=self.measure)
        steps.set(
            xlim=(0, end), xlabel=self.over, ylabel=f"step size of {_WEIGHTS[self.weight - 1]}"
        )
        low, high = np.clip(_signed_log(np.array([min(extent), max(extent)])), -6, 6)
        powers = range(-3 if high - low < 2.7 else -2, 3)
        marks = [0.0, *(sign * 10.0**k for sign in (-1, 1) for k in powers)]
        steps.set_yticks(marks, [number(mark) for mark in marks])
        steps.set_ylim(*_signed_power(np.array([low - 0.1, high + 0.2])))
        errors.legend(loc="lower left", fontsize=8)

    # ---- what a reader sets ----------------------------------------------------------------------

    @property
    def twin(self):
        """Whether the page's script can run all of it."""
        return self.objective_name in OBJECTIVES and all(map(has_twin, self.methods))

    def knobs(self):
        """Label and values of what can be moved, by name."""
        return {
            "methods": ("", None),
            "objective": ("objective", list(OBJECTIVES)),
            "grad_evals": ("gradient evaluations", _BUDGETS),
            "x": ("start, w₁", []),  # of the view
            "y": ("start, w₂", []),
            "over": ("horizontal axis", _OVER),
            "weight": ("step sizes of", _WEIGHTS),
        }

    def fronts(self):
        own = {
            f"{i}.{name}": is_slider(values)
            for i, method in enumerate(self.methods, 1)
            for name in vars(method)
            if (values := stops(method, name)) is not None
        }
        return {**super().fronts(), **own}

    def flat(self, held=None):
        """The setting as the page's script takes it."""
        x, y = map(float, self.w0)
        return {
            "methods": ";".join(as_text(method, held) for method in self.methods),
            "objective": self.objective_name,
            "grad_evals": self.grad_evals,
            "x": x,
            "y": y,
            "over": self.over,
            "weight": _WEIGHTS[self.weight - 1],
        }

    @property
    def parts(self):
        return ("basins",) if self.basins else ()

    def data(self):
        """What the page's script starts from."""
        presets = {name: other.flat() for name, other in self.presets.items() if other.twin}
        return {
            "setting": self.flat(),
            "knobs": self.knobs(),
            "presets": presets,
            "plots": self.plots,
            "basins": self.basins,
        }

    @cached_property
    def given(self):
        return _Given([self, *self.presets.values()])

    def live(self):
        """The same for a notebook, which has more methods and objectives."""
        given, typed = self.given, {"expression": self.expression}
        views = {**{name: view for name, (_, view) in given.objectives.items()}, _TYPED: VIEW}
        knobs = self.knobs()
        title, names = knobs["objective"]
        knobs["objective"] = title, [*names, *views]
        every = {name: other.flat(given.held) for name, other in self.presets.items()}
        return {
            "setting": {**self.flat(given.held), **typed},
            "knobs": {**knobs, "expression": (_TYPED, "text")},
            "presets": every,
            "plots": self.plots,
            "objectives": {name: {"title": name, "view": view} for name, view in views.items()},
            "methods": own_rows(given.methods, given.held),
        }

    def replaced(self, **changes):
        """The explorer of another setting, in the words of the script."""
        given = self.given
        s = {**self.flat(given.held), "expression": self.expression, **changes}
        runners = []
        for place, text in enumerate(s["methods"].split(";")):
            try:
                runners.append(method_of(text, given.classes, given.held))
            except Exception as problem:
                problem.place = place
                raise
        name = one_of(*OBJECTIVES, *given.objectives, _TYPED)("objective", s["objective"])
        objective, view = given.objectives.get(name, (name, None))
        if name == _TYPED:
            objective = _typed(s["expression"])
        start = finite("x", s["x"]), finite("y", s["y"])
        weight = _WEIGHTS.index(one_of(*_WEIGHTS)("weight", s["weight"])) + 1
        other = Valley(
            *(runners, objective, start, s["grad_evals"], s["over"], weight),
            *(None, self.question, view),
        )
        other.objective_name, other.expression, other.given = name, s["expression"], given
        return other


def valley(
    methods=None,
    objective="rosenbrock",
    w0=(-1.0, 0.0),
    grad_evals=1000,
    *,
    over="gradient evaluations",
    weight=1,
    presets=None,
    question="Drag the starting point: which method needs the fewest gradient evaluations from "
    "there, and which one does a small change of its step size ruin?",
    view=None,
    front=None,
    basins=False,
):
    """Methods side by side on a loss of two weights: paths, errors, step sizes.

    Parameters
    ----------
    methods : list of one to four methods
        The first setting, and the one to which "Reset" returns. Gradient descent and Csawg
        with repeated planning unless given.
    objective : str or Objective
        A name in :data:`~stepsize.explore.catalogue.OBJECTIVES`, or any objective of two
        weights; the built page shows only a static picture of the latter.
    w0 : array of shape (2,)
        Where all methods start.
    grad_evals : int
        The budget of each method.
    over : "gradient evaluations" or "iterations"
        The horizontal axis of errors and step sizes.
    weight : 1 or 2
        Whose step sizes are drawn.
    presets : dict, optional
        Settings by name, each the arguments of this function: a button for each.
    question : str
        The caption.
    view : ((left, right), (low, high)), optional
        The part of the plane to show; that of a named objective is known.
    front : list of str, optional
        The names of the knobs beside the picture, a slider among them; the others are folded away.
        ``"2.window"`` is that of the second method. The start unless given.
    basins : bool
        Whether the page darkens the starts from which the last method does not come below an
        error of 1e-8 within the budget: a map that it makes anew with every change.

    Returns
    -------
    Explorer
        An object to end a notebook cell with.

    Examples
    --------
    >>> explorer = valley()
    >>> explorer
    valley explorer: GD, Csawg-p5 K10; 1000 gradient evaluations
    >>> int(explorer.traces[1].first(error=0.0))
    80
    """
    explorer = Valley(methods, objective, w0, grad_evals, over, weight, presets, question, view)
    explorer.basins = flag("basins", basins)
    return explorer.with_front(front)
