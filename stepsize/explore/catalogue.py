"""What has a name: methods and objectives, a row each, and the values that a reader may give.

The page's scripts know the same by the same names, from ``catalogue.js``.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from stepsize import checks, methods, objectives

__all__ = [
    "FRESH",
    "KINDS",
    "KNOBS",
    "METHODS",
    "OBJECTIVES",
    "Row",
    "fresh",
    "has_twin",
    "named",
    "renewed",
    "stops",
]


def decades(first, last, mantissas):
    """Round numbers: the mantissas times 10**first, ..., 10**last, and 10**(last + 1)."""
    numbers = [float(f"{m}e{k}") for k in range(first, last + 1) for m in mantissas]
    return [*numbers, float(f"1e{last + 1}")]


_FINE = [m / 10 for m in (*range(10, 20), *range(20, 50, 2), *range(50, 100, 5))]
COARSE = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
RATES = [*(k / 20 for k in range(18)), *(k / 100 for k in range(90, 100)), 0.995, 0.999]
TWENTIETHS = [k / 20 for k in range(21)]

KINDS = {
    checks.flag: [False, True],
    checks.count: [*range(1, 10), *map(int, decades(1, 2, COARSE))],
    checks.count_or_zero: [*range(21), 30, 50],
    checks.rate: RATES,
    checks.fraction: TWENTIETHS,
    checks.at_least_one: [1.0, 1.01, 1.02, 1.05, 1.1, 1.2, 1.5, 2.0, 3.0],
    checks.finite: [-10.0, -1.0, -0.1, 0.0, 0.001, 0.01, 0.1, 1.0, 10.0],
    checks.nonnegative: [0.0, *decades(-12, 0, [1, 2, 5])],
    checks.positive: decades(0, 5, [1, 2, 5]),
    checks.cap: [*decades(-5, 1, [1, 2, 5]), np.inf],
}
"""The values of a slider by what a hyper-parameter may be."""

KNOBS = {"step_size": decades(-5, -1, _FINE), "beta2": [*RATES, 0.9999]}
"""Those of hyper-parameters that their kind does not serve, by name; see also the rows."""

FRESH = {"step_size": 0.001, "window": 10, "minimum": 0.0}
"""What a method that a reader adds is given where its class has no default, by name."""


@dataclasses.dataclass(frozen=True)
class Row:
    """A method in figures and explorers.

    Attributes
    ----------
    label : str
        Its name in figures.
    colour : str
        Of its lines.
    dash : str
        Of its lines, as matplotlib writes it.
    fresh : dict
        First values of hyper-parameters for which neither the class nor :data:`FRESH` serves.
    knobs : dict
        Values of sliders where neither :data:`KNOBS` nor those of the kind serve. What has an entry
        in either is in units of the method's own: another method's value is not taken over.
    """

    label: str
    colour: str
    dash: str = "-"
    fresh: dict = dataclasses.field(default_factory=dict)
    knobs: dict = dataclasses.field(default_factory=dict)


_SCALES = [0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.5, 2.0, 3.0, 5.0]

# Colours after Okabe and Ito, told apart by the colour-blind; dashes and words besides.
METHODS = {
    "GradientDescent": Row("GD", "#0072B2"),
    "HeavyBall": Row("heavy ball", "#009E73", "--"),
    "Nesterov": Row("Nesterov", "#56B4E9", "-."),
    "Csawg": Row("Csawg", "#D55E00", knobs={"planning_steps": [*range(1, 21)]}),
    "Polyak": Row("Polyak", "#CC79A7"),
    "StochasticPolyak": Row("SPS", "#CC79A7", "--", knobs={"scale": _SCALES}),
    "L4": Row(
        *("L4", "#8C6BB1", "-."),
        knobs={
            "fraction": TWENTIETHS,
            "initial_factor": TWENTIETHS,
            "forget_time": [*decades(0, 4, [1, 2, 5]), np.inf],
        },
    ),
    "LossGrad": Row("LossGrad", "#A6761D"),
    "AdaGrad": Row("AdaGrad", "#B8860B", ":"),
    "RMSProp": Row("RMSProp", "#C99700", "--"),
    "Adam": Row("Adam", "#222222"),
    "HypergradientDescent": Row("HD", "#7A5195", "--", fresh={"meta_step_size": 1e-9}),
    "AdamHD": Row("Adam-HD", "#666666", "-.", fresh={"meta_step_size": 1e-7}),
    "BarzilaiBorwein": Row("Barzilai-Borwein", "#4D9221", ":"),
    "IDBD": Row("IDBD", "#C2185B"),
    "Autostep": Row("Autostep", "#E7298A", "--"),
    "NormalizedMetaIDBD": Row("normalized IDBD", "#8B1A3D", "-."),
    "SMD": Row("SMD", "#006D5B", ":", fresh={"meta_step_size": 1e-6}),
    "MetaOptimize": Row("MetaOptimize", "#3B4CC0", "-."),
}
"""The methods by the names of their classes, in the order in which they are offered."""

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

MOST = 4  # methods at once
LEVEL = 1e-8  # an error that counts as arrived
VIEW = [[-2.0, 2.0], [-2.0, 2.0]]  # of an objective that has no name


def named(name):
    """An objective that both homes know."""
    known = OBJECTIVES[name]
    return getattr(objectives, known["function"])(**known["parameters"])


def has_twin(method, values=True):
    """Whether the page can run a method: one of its own, and ``values`` without arrays."""
    name = type(method).__name__
    plain = (v is None or isinstance(v, (int, float, str)) for v in vars(method).values())
    own = name in METHODS and type(method) is getattr(methods, name)
    return own and (not values or all(plain))


# ---- what a reader can set ----------------------------------------------------------------------


def fresh(cls):
    """A method as a reader adds it; None if it needs a value that nobody knows."""
    row = METHODS.get(cls.__name__)
    given = {**FRESH, **(row.fresh if row else {})}
    needed = {f.name for f in dataclasses.fields(cls) if f.default is dataclasses.MISSING}
    return cls(**{name: given[name] for name in needed}) if needed <= given.keys() else None


def renewed(cls, old):
    """A method of another class, with the values of the old one that mean the same.

    None if it needs a value that nobody knows.
    """
    new = fresh(cls)
    if new is None:
        return None
    names = [f.name for f in dataclasses.fields(cls) if hasattr(old, f.name)]
    same = [name for name in names if knob(new, name)[0] == knob(old, name)[0]]
    try:
        return dataclasses.replace(new, **{name: getattr(old, name) for name in same})
    except ValueError:
        return None


def knob(method, name):
    """A title for the values that a hyper-parameter can be given, and these; None if unknown.

    Hyper-parameters of one name mean the same where their titles are the same.
    """
    cls = type(method).__name__
    row, kind = METHODS.get(cls), checks.kinds_of(method).get(name)
    title, values = name, KNOBS.get(name)
    if values is None and kind is not None:
        title, values = _of(kind)
    if row and name in (*row.fresh, *row.knobs):
        title, values = f"{cls}.{name}", row.knobs.get(name, values)
    return title, values


def _of(kind):
    """The same of a kind: that of what it is made of, and what it allows besides."""
    if not hasattr(kind, "also"):
        return kind.__name__, KINDS.get(kind)
    title, values = _of(kind.of) if kind.of else ("", [])
    title = " or ".join(filter(None, [title, *map(str, kind.also)]))
    return title, None if values is None else [*values, *kind.also]


def stops(method, name, first=None):
    """The values offered for a hyper-parameter, its own among them; None if it cannot be moved.

    Where none are known they lie around the value that it has, or that the ``first`` method had.

    Numbers make a slider (a word or None after them is its last stop), words alone a choice,
    ``[False, True]`` a checkbox.
    """
    value, (_, known) = getattr(method, name), knob(method, name)
    if known is not None:
        if value in known:
            return known
        numbers = [v for v in known if v is not None and not isinstance(v, str)]
        words = known[len(numbers) :]
        return [*sorted([*numbers, value]), *words] if _is_number(value) else None
    if isinstance(value, bool):
        return [False, True]
    middle = getattr(first or method, name)
    if _is_number(value) and _is_number(middle) and middle > 0:  # three decades to either side
        return sorted({float(f"{middle * 10 ** (k / 10):.2g}") for k in range(-30, 31)} | {value})
    return None


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and np.isfinite(value)
