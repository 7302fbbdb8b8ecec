"""What has a name: methods with their looks and knobs, and objectives.

The page's scripts know the same by the same names, from ``book/_static/catalogue.js``.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from stepsize import objectives

__all__ = ["KNOBS", "LOOKS", "OBJECTIVES", "PAGE_METHODS", "has_twin", "named", "renewed", "stops"]

LOOKS = {
    # colours after Okabe and Ito, told apart by the colour-blind; dashes and words besides
    "GradientDescent": ("#0072B2", "-", "GD"),
    "HeavyBall": ("#009E73", "--", "heavy ball"),
    "Nesterov": ("#56B4E9", "-.", "Nesterov"),
    "Csawg": ("#D55E00", "-", "Csawg"),
    "Polyak": ("#CC79A7", "-", "Polyak"),
    "StochasticPolyak": ("#CC79A7", "--", "SPS"),
    "L4": ("#8C6BB1", "-.", "L4"),
    "LossGrad": ("#A6761D", "-", "LossGrad"),
    "AdaGrad": ("#B8860B", ":", "AdaGrad"),
    "RMSProp": ("#C99700", "--", "RMSProp"),
    "Adam": ("#222222", "-", "Adam"),
    "AdamHD": ("#666666", "-.", "Adam-HD"),
    "HypergradientDescent": ("#7A5195", "--", "HD"),
    "IDBD": ("#C2185B", "-", "IDBD"),
    "Autostep": ("#E7298A", "--", "Autostep"),
    "BarzilaiBorwein": ("#4D9221", ":", "Barzilai-Borwein"),
}
"""Class name to (colour, dash, name in figures)."""

DASHES = {"-": [], "--": [6, 3], ":": [2, 3], "-.": [8, 3, 2, 3]}  # on the page


def decades(first, last, mantissas):
    """Round numbers: the mantissas times 10**first, ..., 10**last, and 10**(last + 1)."""
    numbers = [float(f"{m}e{k}") for k in range(first, last + 1) for m in mantissas]
    return [*numbers, float(f"1e{last + 1}")]


_FINE = [m / 10 for m in (*range(10, 20), *range(20, 50, 2), *range(50, 100, 5))]
COARSE = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
_COUNTS = [*range(1, 10), *map(int, decades(1, 2, COARSE))]
_RATES = [*(k / 20 for k in range(18)), *(k / 100 for k in range(90, 100)), 0.995, 0.999]

STEP_SIZES = -5, -1, _FINE
_ROUND = [0.0, *decades(-12, 0, [1])]
_TWENTIETHS = [k / 20 for k in range(21)]
_FACTORS = [1.0, 1.01, 1.02, 1.05, 1.1, 1.2, 1.5, 2.0, 3.0]
_MINIMA = [-10.0, -1.0, -0.1, 0.0, 0.001, 0.01, 0.1, 1.0, 10.0]

KNOBS = {
    "step_size": decades(*STEP_SIZES),
    "momentum": _RATES,
    "Nesterov.momentum": [*_RATES, "increasing"],
    "window": _COUNTS,
    "planning_steps": [*range(1, 21)],
    "correction_steps": [*range(21), 30, 50],
    "pairing": ["published", "derived"],
    "reuse_gradient": [False, True],
    "minimum": _MINIMA,
    "L4.minimum": [*_MINIMA, None],
    "max_step": [*decades(-5, 1, [1, 2, 5]), np.inf],
    "scale": [0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.5, 2.0, 3.0, 5.0],
    "eps": _ROUND,
    "growth": [*_FACTORS, None],
    "direction": ["momentum", "adam", "gradient"],
    "fraction": _TWENTIETHS,
    "minimum_factor": _TWENTIETHS,
    "initial_factor": _TWENTIETHS,
    "forget_time": [*decades(0, 4, [1, 2, 5]), np.inf],
    "direction_eps": _ROUND,
    "beta1": _RATES,
    "beta2": [*_RATES, 0.9999],
    "decay": _RATES,
    "eps_inside": [False, True],
    "bias_correction": [False, True],
    "factor": _FACTORS,
    "meta_step_size": [0.0, *decades(-12, 0, [1, 2, 5])],
    # in units of a step size over a squared gradient, which differ from loss to loss
    "HypergradientDescent.meta_step_size": [0.0, *decades(-12, 0, [1, 2, 5])],
    "AdamHD.meta_step_size": [0.0, *decades(-12, 0, [1, 2, 5])],
    "trace_decay": _RATES,
    "multiplicative": [False, True],
    "variant": ["long", "short"],
    "tau": decades(0, 5, [1, 2, 5]),
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
WINDOWS = [1, 2, 3, 5, 10, 20, 50, 100, 300, 1000]  # with a shade on the page
FRESH = {  # of a method that a reader adds
    "step_size": 0.001,
    "window": 10,
    "minimum": 0.0,
    "HypergradientDescent.meta_step_size": 1e-9,
    "AdamHD.meta_step_size": 1e-7,
}
_BUDGETS = [*map(int, decades(1, 3, COARSE)), 20_000]
LEVEL = 1e-8  # an error that counts as arrived
VIEW = [[-2.0, 2.0], [-2.0, 2.0]]  # of an objective that has no name

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
        name, fresh = field.name, _own(cls, field.name, FRESH)
        same = _own(cls, name, KNOBS) == _own(type(old), name, KNOBS)
        if same and hasattr(old, name):
            values[name] = getattr(old, name)
        elif field.default is dataclasses.MISSING:
            if fresh not in FRESH:
                return None
            values[name] = FRESH[fresh]
    try:
        return cls(**values)
    except ValueError:
        return None


def named(name):
    """An objective that both homes know."""
    known = OBJECTIVES[name]
    return getattr(objectives, known["function"])(**known["parameters"])


def has_twin(method):
    plain = all(
        value is None or isinstance(value, (int, float, str)) for value in vars(method).values()
    )
    return plain and type(method).__name__ in PAGE_METHODS
