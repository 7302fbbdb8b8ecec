"""What a reader drags: one object, two homes.

A notebook cell ends with an explorer. In a live notebook it is a set of widgets that call this
package, with any method and any objective. In the built page the same cell is a figure that
``book/_static/explorers.js`` brings to life with the twins in ``methods.js``: it needs no kernel
and no network, and everything it starts from (setting, ranges, colours) comes from here.
"""

from __future__ import annotations

import dataclasses
import re
from functools import cached_property

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.ticker import LogLocator, MaxNLocator

from stepsize import figures, objectives
from stepsize._explorer import (
    Explorer,
    Sheet,
    as_json,
    as_png,
    as_svg,
    book_style,
    literal,
    number,
    power,
)
from stepsize.checks import count, one_of, starting_point
from stepsize.methods import Csawg, GradientDescent
from stepsize.runs import minimize, runs_of

__all__ = ["KNOBS", "OBJECTIVES", "PAGE_METHODS", "Explorer", "Valley", "valley"]


def _decades(first, last, mantissas):
    """Round numbers: the mantissas times 10**first, ..., 10**last, and 10**(last + 1)."""
    numbers = [float(f"{m}e{k}") for k in range(first, last + 1) for m in mantissas]
    return [*numbers, float(f"1e{last + 1}")]


_FINE = [m / 10 for m in (*range(10, 20), *range(20, 50, 2), *range(50, 100, 5))]
_COARSE = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
_COUNTS = [*range(1, 10), *map(int, _decades(1, 2, _COARSE))]
_RATES = [*(k / 20 for k in range(18)), *(k / 100 for k in range(90, 100)), 0.995, 0.999]

_STEP_SIZES = -5, -1, _FINE
_ROUND = [0.0, *_decades(-12, 0, [1])]
_TWENTIETHS = [k / 20 for k in range(21)]
_FACTORS = [1.0, 1.01, 1.02, 1.05, 1.1, 1.2, 1.5, 2.0, 3.0]
_MINIMA = [-10.0, -1.0, -0.1, 0.0, 0.001, 0.01, 0.1, 1.0, 10.0]

KNOBS = {
    "step_size": _decades(*_STEP_SIZES),
    "momentum": _RATES,
    "Nesterov.momentum": [*_RATES, "increasing"],
    "window": _COUNTS,
    "planning_steps": [*range(1, 21)],
    "correction_steps": [*range(21), 30, 50],
    "pairing": ["published", "derived"],
    "reuse_gradient": [False, True],
    "minimum": _MINIMA,
    "L4.minimum": [*_MINIMA, None],
    "max_step": [*_decades(-5, 1, [1, 2, 5]), np.inf],
    "scale": [0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.5, 2.0, 3.0, 5.0],
    "eps": _ROUND,
    "growth": [*_FACTORS, None],
    "direction": ["momentum", "adam", "gradient"],
    "fraction": _TWENTIETHS,
    "minimum_factor": _TWENTIETHS,
    "initial_factor": _TWENTIETHS,
    "forget_time": [*_decades(0, 4, [1, 2, 5]), np.inf],
    "direction_eps": _ROUND,
    "beta1": _RATES,
    "beta2": [*_RATES, 0.9999],
    "decay": _RATES,
    "eps_inside": [False, True],
    "bias_correction": [False, True],
    "factor": _FACTORS,
    "meta_step_size": [0.0, *_decades(-12, 0, [1, 2, 5])],
    # in units of a step size over a squared gradient, which differ from loss to loss
    "HypergradientDescent.meta_step_size": [0.0, *_decades(-12, 0, [1, 2, 5])],
    "AdamHD.meta_step_size": [0.0, *_decades(-12, 0, [1, 2, 5])],
    "trace_decay": _RATES,
    "multiplicative": [False, True],
    "variant": ["long", "short"],
    "tau": _decades(0, 5, [1, 2, 5]),
}
"""The values that a reader can give to a hyper-parameter, by its name, or by class and name.

Numbers make a slider (a word or None after them is its last stop), words alone a choice,
``[False, True]`` a checkbox. A setting's own value is always among the stops.
"""

PAGE_METHODS = [
    *("GradientDescent", "HeavyBall", "Nesterov", "Csawg", "Polyak", "StochasticPolyak", "L4"),
    *("LossGrad", "AdaGrad", "RMSProp", "Adam", "HypergradientDescent", "AdamHD"),
    *("BarzilaiBorwein", "IDBD", "Autostep"),
]
"""The methods that the static page knows."""


def _beale():
    """Beale's function: plateaus, and steep walls beyond them."""

    def residuals(w):
        x, y = w
        u = (1 - y, 1 - y * y, 1 - y * y * y)
        return u, (1.5 - x * u[0], 2.25 - x * u[1], 2.625 - x * u[2])

    def loss(w):
        _, r = residuals(w)
        return r[0] * r[0] + r[1] * r[1] + r[2] * r[2]

    def grad(w):
        (x, y), (u, r) = w, residuals(w)
        along_x = -2 * (r[0] * u[0] + r[1] * u[1] + r[2] * u[2])
        return np.stack([along_x, 2 * x * (r[0] + 2 * y * r[1] + 3 * y * y * r[2])])

    def curvature(w):
        (x, y), (u, r) = w, residuals(w)
        along_y = 2 * x * x * (1 + 4 * y * y + 9 * y * y * y * y)
        return np.stack(
            [
                2 * (u[0] * u[0] + u[1] * u[1] + u[2] * u[2]),
                along_y + 2 * x * (2 * r[1] + 6 * y * r[2]),
            ]
        )

    return objectives.Objective(loss, grad, [3.0, 0.5], 0.0, curvature)


def _camel():
    """The camel with three humps: two local minima beside the one at the origin."""

    def loss(w):
        x, y = w
        q = x * x
        return q * (2 - 1.05 * q + q * q / 6) + x * y + y * y

    def grad(w):
        x, y = w
        q = x * x
        return np.stack([x * (4 - 4.2 * q + q * q) + y, x + 2 * y])

    def curvature(w):
        q = w[0] * w[0]
        return np.stack([4 - 12.6 * q + 5 * q * q, np.full_like(q, 2.0)])

    return objectives.Objective(loss, grad, [0.0, 0.0], 0.0, curvature)


_FUNCTIONS = {
    "rosenbrock": objectives.rosenbrock,
    "quadratic": objectives.quadratic,
    "beale": _beale,
    "camel": _camel,
}

# The turned bowls have their large curvature along (1, 1) and along (4, 3).
OBJECTIVES = {
    "rosenbrock": {
        "title": "Rosenbrock's valley",
        "function": "rosenbrock",
        "parameters": {},
        "view": [[-1.8, 1.8], [-0.8, 2.2]],
    },
    "bowl": {
        "title": "bowl, curvatures 1000 and 1",
        "function": "quadratic",
        "parameters": {"curvature": [1000.0, 1.0], "minimizer": [1.0, 1.0]},
        "view": [[-1.5, 3.5], [-0.5, 2.5]],
    },
    "turned bowl": {
        "title": "the bowl turned by 45 degrees",
        "function": "quadratic",
        "parameters": {
            "curvature": [[500.5, 499.5], [499.5, 500.5]],
            "minimizer": [1.0, 1.0],
        },
        "view": [[-1.5, 3.5], [-1.0, 3.0]],
    },
    "tilted bowl": {
        "title": "bowl, curvatures 100 and 1, turned by 37 degrees",
        "function": "quadratic",
        "parameters": {
            "curvature": [[64.36, 47.52], [47.52, 36.64]],
            "minimizer": [1.0, 1.0],
        },
        "view": [[-1.5, 3.5], [-1.0, 3.0]],
    },
    "beale": {
        "title": "Beale's function",
        "function": "beale",
        "parameters": {},
        "view": [[-1.0, 4.5], [-2.0, 2.0]],
    },
    "camel": {
        "title": "the camel with three humps",
        "function": "camel",
        "parameters": {},
        "view": [[-2.5, 2.5], [-2.0, 2.0]],
    },
}
"""The objectives that both homes know by name, and the part of the plane to show."""

_MOST = 4  # methods at once
_WINDOWS = [1, 2, 3, 5, 10, 20, 50, 100, 300, 1000]  # with a shade on the page
_FRESH = {  # of a method that a reader adds
    "step_size": 0.001,
    "window": 10,
    "minimum": 0.0,
    "HypergradientDescent.meta_step_size": 1e-9,
    "AdamHD.meta_step_size": 1e-7,
}
_BUDGETS = [*map(int, _decades(1, 3, _COARSE)), 20_000]
_LEVEL = 1e-8  # an error that counts as arrived
_OVER = ("gradient evaluations", "iterations")
_VIEW = [[-2.0, 2.0], [-2.0, 2.0]]  # of an objective that has no name

# ---- what a reader can set ----------------------------------------------------------------------


def _own(cls, name, known):
    """The key of a hyper-parameter in a table: with its class, if there is such an entry."""
    own = f"{cls.__name__}.{name}"
    return own if own in known else name


def stops(method, name):
    """The values offered for a hyper-parameter, its own among them; None if it cannot be moved."""
    value = getattr(method, name)
    known = KNOBS.get(_own(type(method), name, KNOBS))
    if known is not None:
        if value in known:
            return known
        numbers = [v for v in known if v is not None and not isinstance(v, str)]
        words = known[len(numbers) :]
        return [*sorted([*numbers, value]), *words] if _is_number(value) else None
    if isinstance(value, bool):
        return [False, True]
    if _is_number(value) and value > 0:  # three decades to either side
        return sorted({float(f"{value * 10 ** (k / 10):.2g}") for k in range(-30, 31)} | {value})
    return None


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and np.isfinite(value)


def renewed(cls, old):
    """A method of another class, with the values that the old one had under the same names.

    None if it needs a value that nobody knows.
    """
    values = {}
    for field in dataclasses.fields(cls):
        name, fresh = field.name, _own(cls, field.name, _FRESH)
        same = _own(cls, name, KNOBS) == _own(type(old), name, KNOBS)
        if same and hasattr(old, name):
            values[name] = getattr(old, name)
        elif field.default is dataclasses.MISSING:
            if fresh not in _FRESH:
                return None
            values[name] = _FRESH[fresh]
    try:
        return cls(**values)
    except ValueError:
        return None


# ---- words: the page says the same in the same words ---------------------------------------------


def _labels(runners):
    """The name of each method, with a number where two are the same."""
    labels = []
    for method in runners:
        label = figures.look(method)["label"]
        same = sum(re.sub(r" \(\d+\)$", "", other) == label for other in labels)
        labels.append(f"{label} ({same + 1})" if same else label)
    return labels


_DASHES = {"-": [], "--": [6, 3], ":": [2, 3], "-.": [8, 3, 2, 3]}


def _looks(runners):
    """Colour and dashes: each further one of a class has the next dashes, and is darker."""
    found, seen, dashes = [], [], list(_DASHES)
    for method in runners:
        look, rank = figures.look(method), seen.count(type(method))
        seen.append(type(method))
        colour = (1 - 0.25 * rank) * np.array(to_rgb(look["color"]))
        dash = dashes[(dashes.index(look["ls"]) + rank) % len(dashes)]
        found.append({"color": colour, "ls": dash})
    return found


def _words(label, trace):
    """What a run came to, in a sentence. Iterations count from zero, as the papers do."""
    if trace.diverged:
        row = int(np.argmin(np.isfinite(trace.w).all(axis=1)))
        return (
            f"{label}: diverged, not finite from iteration {row - 1:,} on (counting from 0), "
            f"{trace.grad_evals[row]:,} gradient evaluations."
        )
    after = (
        f"after {trace.grad_evals[-1]:,} gradient evaluations, {trace.iterations[-1]:,} iterations"
    )
    if trace.objective.minimizer is None:
        return f"{label}: loss {number(trace.loss[-1])} {after}."
    text = f"{label}: error {number(trace.error[-1])} {after}"
    arrived, zero = trace.first(error=_LEVEL), trace.first(error=0.0)
    if arrived < 0:
        return f"{text}; never below {number(_LEVEL)}."
    text += f"; first below {number(_LEVEL)} after {trace.grad_evals[arrived]:,}"
    if zero > 0:
        text += (
            f"; error exactly 0 at iteration {zero - 1:,} (counting from 0), "
            f"{trace.grad_evals[zero]:,} gradient evaluations"
        )
    return text + "."


# ---- one picture, for the widget and for pages without scripts -----------------------------------

_WEIGHTS = ("w₁", "w₂")  # and not as formulas, which take longer to set than all else to draw
_LINEAR = 1e-3  # step sizes are drawn linearly below, logarithmically above, with their sign


def _signed_log(a):
    return np.sign(a) * np.log10(1 + np.abs(a) / _LINEAR)


def _signed_power(t):
    return np.sign(t) * _LINEAR * (10.0 ** np.abs(t) - 1)


class _Picture:
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
            [axes.plot([], [])[0] for axes in (self.errors, self.steps)] for _ in range(_MOST)
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
        self.paths = [self.map.plot([], [])[0] for _ in range(_MOST)]
        (self.start,) = self.map.plot([], [], "o", ms=8, mfc="white", mec="black", zorder=7)
        self.still = None

    @book_style()
    def show(self, traces, over, weight):
        """Put these runs in place of the last ones."""
        labels = _labels([trace.method for trace in traces])
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
        looks = _looks([trace.method for trace in traces])
        for trace, height, label, look, path, (error, step) in zip(
            traces, heights, labels, looks, self.paths, self.curves, strict=False
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


# ---- explorers -----------------------------------------------------------------------------------


def _named(name):
    """An objective that both homes know."""
    known = OBJECTIVES[name]
    return _FUNCTIONS[known["function"]](**known["parameters"])


def _has_twin(method):
    plain = all(
        value is None or isinstance(value, (int, float, str)) for value in vars(method).values()
    )
    return plain and type(method).__name__ in PAGE_METHODS


def as_text(method):
    """A method as the page's script reads it: its class, and what is not as the class has it."""
    fields = dataclasses.fields(method)
    given = {f.name: getattr(method, f.name) for f in fields}
    told = [f"{f.name}={literal(given[f.name])}" for f in fields if f.default != given[f.name]]
    return ",".join([type(method).__name__, *told])


def _as_page_look(name, windows):
    """Colour, dash and label, and Csawg's colour by window, as the page's script needs them."""
    colour, line, label = figures.LOOKS[name]
    style = {"colour": colour, "dash": list(_DASHES).index(line), "label": label}
    if name == "Csawg":
        style["windows"] = {w: figures.look(Csawg(0.001, w))["color"] for w in windows}
    return style


_RULES = [  # arguments of _decades for lists, or parts of them
    _STEP_SIZES,
    *((first, last, [1, 2, 5]) for first, last in ((-12, 0), (-5, 1), (0, 5), (0, 4))),
    *((1, last, _COARSE) for last in (3, 2)),
]


def _by_rule(values, told):
    """A list in short: what it begins with by the name of that, or a part of it as decades."""
    for name, other in told.items():
        if len(other) > 2 and values[: len(other)] == other:
            return [{"like": name}, *values[len(other) :]]
    for rule in _RULES:
        stops = _decades(*rule)
        for i in range(len(values) - len(stops) + 1):
            if values[i : i + len(stops)] == stops:
                return [*values[:i], {"decades": rule}, *values[i + len(stops) :]]
    return values


def catalogue():
    """The text of ``book/_static/catalogue.js``: all that the page's explorers know by name.

    A test holds the file against it, and says how to write it anew.
    """
    told, knobs = {}, {}
    for name, values in KNOBS.items():
        knobs[name] = _by_rule(values, told)
        told.setdefault(name, values)
    data = {
        "objectives": OBJECTIVES,
        "dashes": list(_DASHES.values()),
        "styles": {name: _as_page_look(name, _WINDOWS) for name in PAGE_METHODS},
        "knobs": knobs,
        "fresh": _FRESH,
        "level": _LEVEL,
        "most": _MOST,
    }
    entries = ",\n".join(f"  {name}: {as_json(value)}" for name, value in data.items())
    return _CATALOGUE.replace("ENTRIES", re.sub(r"\.0\b", "", entries))


_CATALOGUE = """\
// What the explorers know by name, written by stepsize.explore.catalogue().
"use strict";

Stepsize.catalogue = {
ENTRIES,
};
{
  // Lists in full: { like } stands for those of another name, { decades } for what _decades makes.
  const { knobs } = Stepsize.catalogue;
  const part = (value) => {
    if (value?.like) return knobs[value.like];
    if (!value?.decades) return value;
    const [first, last, mantissas] = value.decades, stops = [];
    for (let k = first; k <= last; k++) stops.push(...mantissas.map((m) => Number(`${m}e${k}`)));
    return [...stops, Number(`1e${last + 1}`)];
  };
  for (const [name, values] of Object.entries(knobs)) knobs[name] = values.flatMap(part);
}
"""


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
        if not 1 <= len(runners) <= _MOST:
            raise ValueError(f"methods must be one to {_MOST} methods, got {len(runners)}")
        for method in runners:
            if runs_of(method, ()) != ():
                raise ValueError(f"methods must be single runs, got an array in {method!r}")
        self.methods = runners
        self.objective_name = None
        if isinstance(objective, str):
            self.objective_name = one_of(*OBJECTIVES)("objective", objective)
            view = view or OBJECTIVES[objective]["view"]
            objective = _named(objective)
        if objective.dim not in (None, 2):
            raise ValueError(f"objective must have two weights, got {objective.dim}")
        self.objective, self.view = objective, view or _VIEW
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
        names = ", ".join(_labels(self.methods))
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
        lines = map(_words, _labels(self.methods), self.traces)
        x, y = map(number, self.w0)
        return " ".join(
            [f"Contours of the loss with paths from ({x}, {y}), errors, step sizes.", *lines]
        )

    def svg(self):
        picture = _Picture()
        picture.show_objective(self.objective, self.view)
        picture.show(self.traces, self.over, self.weight)
        return picture.svg()

    def data(self):
        """What the page's script starts from; None where the page has no twin to run."""
        if self.objective_name is None or not all(map(_has_twin, self.methods)):
            return None
        knobs = {
            "methods": ("", None),
            "objective": ("objective", list(OBJECTIVES)),
            "grad_evals": ("gradient evaluations", _BUDGETS),
            "x": ("start, w₁", []),  # of the view
            "y": ("start, w₂", []),
            "over": ("horizontal axis", _OVER),
            "weight": ("step sizes of", _WEIGHTS),
        }
        presets = {name: _flat(**preset) for name, preset in self.presets.items()}
        own = self.methods, self.objective_name, self.w0, self.grad_evals, self.over, self.weight
        return {"setting": _flat(*own), "knobs": knobs, "presets": presets, "plots": self.plots}

    @cached_property
    def widget(self):
        """The controls and the picture as one ipywidget."""
        from stepsize._live import LiveValley

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
):
    """Methods side by side on a loss of two weights: paths, errors, step sizes.

    Parameters
    ----------
    methods : list of one to four methods
        The first setting, and the one to which "Reset" returns. Gradient descent and Csawg
        with repeated planning unless given.
    objective : str or Objective
        A name in :data:`OBJECTIVES`, or any objective of two weights; the built page shows
        only a static picture of the latter.
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
    return Valley(methods, objective, w0, grad_evals, over, weight, presets, question, view)


from stepsize._landscape import landscape  # noqa: E402  (they need the lists above)
from stepsize._sensitivity import sensitivity  # noqa: E402
from stepsize._steps import planning_step, rates, ray  # noqa: E402
from stepsize._track import track  # noqa: E402

__all__ += ["landscape", "planning_step", "rates", "ray", "sensitivity", "track"]
