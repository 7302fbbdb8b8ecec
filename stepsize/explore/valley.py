"""The explorer of methods side by side on a loss of two weights."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator

from stepsize.checks import count, flag, one_of, starting_point
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
from stepsize.explore.page import as_text
from stepsize.explore.sheet import Sheet, as_png, as_svg, book_style, power
from stepsize.explore.words import labels, outcome
from stepsize.methods import Csawg, GradientDescent
from stepsize.runs import minimize, runs_of

__all__ = ["Valley", "valley"]

_BUDGETS = [*map(int, decades(1, 3, COARSE)), 20_000]
_OVER = ("gradient evaluations", "iterations")
_WEIGHTS = ("w₁", "w₂")  # and not as formulas, which take longer to set than all else to draw
_LINEAR = 1e-3  # step sizes are drawn linearly below, logarithmically above, with their sign


def _signed_log(a):
    return np.sign(a) * np.log10(1 + np.abs(a) / _LINEAR)


def _signed_power(t):
    return np.sign(t) * _LINEAR * (10.0 ** np.abs(t) - 1)


class Picture:
    """The map with its paths, the errors and the step sizes: one figure that is used again."""

    @book_style()
    def __init__(self):
        boxes = (0.065, 0.13, 0.41, 0.84), (0.56, 0.6, 0.41, 0.37), (0.56, 0.13, 0.41, 0.37)
        sheet = Sheet(*boxes)
        self.figure, (self.map, self.errors, self.steps) = sheet.figure, sheet.axes
        self.errors.set_yscale("log")
        self.errors.yaxis.set_major_formatter(power)
        self.steps.set_yscale("function", functions=(_signed_log, _signed_power))
        for axes in (self.errors, self.steps):  # few ticks: they take most of the time to draw
            axes.minorticks_off()
            axes.xaxis.set_major_locator(MaxNLocator(4))
        self.errors.yaxis.set_major_locator(LogLocator(numticks=5))
        self.errors.tick_params(labelbottom=False)
        self.curves = [
            [axes.plot([], [])[0] for axes in (self.errors, self.steps)] for _ in range(MOST)
        ]

    @book_style()
    def show_objective(self, objective, view):
        axes = self.figure.add_axes(self.map.get_position())
        try:
            figures.contours(axes, objective, *view, points=120)
        except ValueError:
            axes.remove()
            raise
        self.map.remove()
        self.map = axes
        self.map.set(xlabel="w₁", ylabel="w₂")
        self.paths = [self.map.plot([], [])[0] for _ in range(MOST)]
        (self.start,) = self.map.plot([], [], "o", ms=8, mfc="white", mec="black", zorder=7)
        self.still = None

    @book_style()
    def show(self, traces, over, weight):
        """Put these runs in place of the last ones."""
        names = labels([trace.method for trace in traces])
        known = all(trace.objective.minimizer is not None for trace in traces)
        heights = [trace.error if known else trace.loss for trace in traces]
        if not known:
            losses = np.concatenate(heights)
            least = np.min(losses[np.isfinite(losses)], initial=np.inf)
            heights = [loss - least for loss in heights]
        positive = [h[(h > 0) & np.isfinite(h)] for h in heights]
        low = max(min((h.min() for h in positive if len(h)), default=1e-3), 1e-17)
        high = min(max((h.max() for h in positive if len(h)), default=1.0), 1e3)

        end, extent = 1, [0.0, 0.01]
        looks = figures.looks([trace.method for trace in traces])
        for trace, height, label, look, path, (error, step) in zip(
            traces, heights, names, looks, self.paths, self.curves, strict=False
        ):
            look = {**look, "label": label}
            x = trace.grad_evals if over == _OVER[0] else trace.iterations
            alpha = trace.step_size[:, weight - 1]
            used = np.isfinite(alpha)
            path.set(data=trace.w.T, **look)
            # a zero dives out of sight below the axis
            error.set(data=(x, np.where(height == 0, low / 1e3, height)), **look)
            step.set(data=(x[used], alpha[used]), **look)
            changes = np.count_nonzero(np.diff(alpha[used]))
            step.set_linewidth(min(1.8, 300 / max(changes, 1)))
            end = max(end, x[-1])
            extent = [*extent, *alpha[used]]
        for path, pair in zip(self.paths[len(traces) :], self.curves[len(traces) :], strict=True):
            for line in (path, *pair):
                line.set(data=([], []), label="")
        self.start.set_data(traces[0].w[0].reshape(2, 1))
        self.errors.set(ylabel="error" if known else "loss above the least seen")
        self.errors.set(xlim=(0, end), ylim=(low / 3, high * 3))
        self.steps.set(xlim=(0, end), xlabel=over, ylabel=f"step size of {_WEIGHTS[weight - 1]}")
        low, high = np.clip(_signed_log(np.array([min(extent), max(extent)])), -6, 6)
        powers = range(-3 if high - low < 2.7 else -2, 3)
        marks = [0.0, *(sign * 10.0**k for sign in (-1, 1) for k in powers)]
        self.steps.set_yticks(marks, [number(mark) for mark in marks])
        self.steps.set_ylim(*_signed_power(np.array([low - 0.1, high + 0.2])))
        self.errors.legend(loc="lower left", fontsize=8)

    def svg(self):
        return as_svg(self.figure)

    @book_style()
    def png(self):
        """The bytes of a PNG, fast: what only a new objective changes is drawn once."""
        canvas, moving = self.figure.canvas, [*self.paths, self.start, self.errors, self.steps]
        if self.still is None:
            for artist in moving:
                artist.set_visible(False)
            canvas.draw()
            self.still = canvas.copy_from_bbox(self.figure.bbox)
            for artist in moving:
                artist.set_visible(True)
        canvas.restore_region(self.still)
        for artist in moving:
            artist.axes.draw_artist(artist)
        return as_png(canvas)


def _flat(methods, objective="rosenbrock", w0=None, grad_evals=None, over=_OVER[0], weight=1):
    """The arguments of :func:`valley` as the page's script takes them."""
    x, y = map(float, w0)
    return {
        "methods": ";".join(map(as_text, methods)),
        "objective": objective,
        "grad_evals": grad_evals,
        "x": x,
        "y": y,
        "over": over,
        "weight": _WEIGHTS[weight - 1],
    }


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
        self.presets = presets or {}
        self.question = question

    def __repr__(self):
        names = ", ".join(labels(self.methods))
        return f"valley explorer: {names}; {self.grad_evals} gradient evaluations"

    @cached_property
    def traces(self):
        """One run for each method, as first shown."""
        return [
            minimize(method, self.objective, self.w0, grad_evals=self.grad_evals)
            for method in self.methods
        ]

    def summary(self):
        """The picture in words: its alternative text."""
        lines = map(outcome, labels(self.methods), self.traces)
        x, y = map(number, self.w0)
        return " ".join(
            [f"Contours of the loss with paths from ({x}, {y}), errors, step sizes.", *lines]
        )

    def svg(self):
        picture = self.picture()
        picture.show_objective(self.objective, self.view)
        picture.show(self.traces, self.over, self.weight)
        return picture.svg()

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

    def preset(self, name):
        """The explorer of a preset."""
        return valley(**self.presets[name])

    def picture(self):
        """An empty picture, to show objectives and runs on."""
        return Picture()

    def data(self):
        """What the page's script starts from; None where the page has no twin to run."""
        if self.objective_name is None or not all(map(has_twin, self.methods)):
            return None
        presets = {name: _flat(**preset) for name, preset in self.presets.items()}
        own = self.methods, self.objective_name, self.w0, self.grad_evals, self.over, self.weight
        return {
            "setting": _flat(*own),
            "knobs": self.knobs(),
            "presets": presets,
            "plots": self.plots,
            "basins": self.basins,
        }

    @cached_property
    def widget(self):
        """The controls and the picture as one ipywidget."""
        from stepsize.explore.live import LiveValley

        return LiveValley(self).box


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
