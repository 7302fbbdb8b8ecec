"""What a reader drags: one object, two homes.

A notebook cell ends with an explorer. In a live notebook it is a set of widgets that call this
package, with any method and any objective. In the built page the same cell is a figure that
``book/_static/explorers.js`` brings to life with the twins in ``methods.js``: it needs no kernel
and no network, and everything it shows at first (setting, ranges, colours) comes from here.
"""

from __future__ import annotations

import base64
import dataclasses
import html
import io
import json
import re
from functools import cached_property

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import stepsize.methods
from stepsize.checks import count, one_of, starting_point
from stepsize.methods import Csawg, GradientDescent, HeavyBall, Nesterov
from stepsize.objectives import Objective, quadratic, rosenbrock
from stepsize.runs import minimize

__all__ = ["KNOBS", "OBJECTIVES", "PAGE_METHODS", "PUBLISHED", "Explorer", "Valley", "valley"]


def _decades(first, last, mantissas):
    """Round numbers: the mantissas times 10**first, ..., 10**last, and 10**(last + 1)."""
    numbers = [float(f"{m}e{k}") for k in range(first, last + 1) for m in mantissas]
    return [*numbers, float(f"1e{last + 1}")]


_FINE = [m / 10 for m in (*range(10, 20), *range(20, 50, 2), *range(50, 100, 5))]
_COARSE = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
_STEPS = _decades(-5, -1, _FINE)
_COUNTS = [*range(1, 10), *(int(v) for v in _decades(1, 2, _COARSE))]
_RATES = [*(k / 20 for k in range(18)), *(k / 100 for k in range(90, 100)), 0.995, 0.999]

KNOBS = {
    "step_size": _STEPS,
    "momentum": _RATES,
    "Nesterov.momentum": [*_RATES, "increasing"],
    "window": _COUNTS,
    "planning_steps": [*range(1, 21)],
    "correction_steps": [*range(21), 30, 50],
    "pairing": ["published", "derived"],
    "reuse_gradient": [False, True],
}
"""The values that a reader can give to a hyper-parameter, by its name, or by class and name.

Numbers make a slider, words a choice, ``[False, True]`` a checkbox; a word after numbers is the
alternative to the slider. A setting's own value is always among them.
"""

PAGE_METHODS = ["GradientDescent", "HeavyBall", "Nesterov", "Csawg"]
"""The methods that the static page knows."""

_FRESH = {"step_size": 0.001, "window": 10}  # of a method that a reader adds
_BUDGETS = [int(v) for v in _decades(1, 3, _COARSE)] + [20_000]
_LEVEL = 1e-8  # an error that counts as arrived
_OVER = ("gradient evaluations", "iterations")

# The bowl turned by 45 degrees has curvature 1000 along (1, 1) and 1 along (1, -1).
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
        "title": "bowl, curvatures 1000 and 1, turned by 45 degrees",
        "function": "quadratic",
        "parameters": {
            "curvature": [[500.5, 499.5], [499.5, 500.5]],
            "minimizer": [1.0, 1.0],
        },
        "view": [[-1.5, 3.5], [-1.0, 3.0]],
    },
}
"""The objectives that both homes know by name, and the part of the plane to show."""

_FUNCTIONS = {"rosenbrock": rosenbrock, "quadratic": quadratic}

PUBLISHED = {
    "Fig. 3a": {
        "objective": "bowl",
        "w0": [-1.0, 2.0],
        "grad_evals": 2000,
        "methods": [
            GradientDescent(0.00099),
            HeavyBall(4 / (1000**0.5 + 1) ** 2, momentum=((1000**0.5 - 1) / (1000**0.5 + 1)) ** 2),
            Nesterov(0.001, momentum=(1000**0.5 - 1) / (1000**0.5 + 1)),
            Csawg(0.0009, window=2),
        ],
    },
    "Fig. 3b": {
        "objective": "bowl",
        "w0": [-1.0, 2.0],
        "grad_evals": 2000,
        "methods": [Csawg(0.0009, window=10)],
    },
    "Fig. 5a": {
        "objective": "rosenbrock",
        "w0": [-1.0, 0.0],
        "grad_evals": 10_000,
        "methods": [GradientDescent(0.001), *(Csawg(0.001, window=K) for K in (2, 5, 10))],
        "weight": 2,
    },
    "Fig. 6": {
        "objective": "rosenbrock",
        "w0": [-1.0, 0.0],
        "grad_evals": 10_000,
        "methods": [GradientDescent(0.001), Csawg(0.001, window=2)],
    },
    "Fig. 7a": {
        "objective": "rosenbrock",
        "w0": [-1.0, 0.0],
        "grad_evals": 1000,
        "methods": [
            GradientDescent(0.001),
            *(Csawg(0.001, K, planning_steps=5, correction_steps=10) for K in (2, 10, 100)),
        ],
    },
}
"""Settings of Yao's figures, as arguments of :func:`valley`."""
