"""The explorer of one step along one gradient.

``ray.js`` says the same on the page, in the same words.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from stepsize.checks import finite, fraction, nonnegative, one_of, single, starting_point
from stepsize.explore import catalogue, figures
from stepsize.explore.digits import number
from stepsize.explore.explorer import OneSetting
from stepsize.explore.words import point
from stepsize.methods import L4, Polyak
from stepsize.methods.arithmetic import inner
from stepsize.runs import minimize

__all__ = ["ray"]

_OBJECTIVES = ("rosenbrock", "bowl", "turned bowl")  # their least loss is zero
_LABELS = {"lossgrad": "tried", "exact": "exact minimizer", "polyak": "Polyak", "l4": "L4"}
_MARKS = {"lossgrad": "o", "exact": "*", "polyak": "s", "l4": "^"}
_COLOURS = {
    "lossgrad": figures.look("LossGrad")["color"],
    "exact": figures.GREEN,
    "polyak": figures.look("Polyak")["color"],
    "l4": figures.look("L4")["color"],
}

_AIM = {
    "target": 0.9 * 0.75,
    "factor": 1.05,
}  # L4's first target, a share of the loss; LossGrad's c


def least_along(objective, w, g):
    """The exact minimizer: the first step size at which the slope along w - t g turns."""

    def slope(t):
        return -inner(objective.grad(w - t * g), g)

    low, high = 0.0, 2.0**-20
    while slope(high) < 0 and high < 2.0**20:
        low, high = high, 1.25 * high
    for _ in range(60):
        middle = (low + high) / 2
        if slope(middle) < 0:
            low = middle
        else:
            high = middle
    return high


class Ray(OneSetting):
    """See :func:`stepsize.explore.ray`, which makes it."""

    name = "ray"
    front = ("step_size", "x", "y")
    kinds: ClassVar = {
        "x": single(finite),
        "y": single(finite),
        "step_size": single(nonnegative),
        "fraction": single(fraction),
        "objective": one_of(*_OBJECTIVES),
    }
    boxes = OneSetting.boxes[0], (0.58, 0.13, 0.39, 0.84)
    plots = (
        "Contours of the loss, the point and its ray",
        "The loss along the ray, its tangent and LossGrad's parabola",
    )
    intro = (
        "Left, contours of the loss with a point and the ray of its steps. Right, along the ray, "
        "the loss (solid), its tangent (dashed), and LossGrad's parabola (dotted) through the loss "
        "at the step size that is tried, with the exact minimizer, Polyak's and L4's step."
    )

    def __init__(self, question, **setting):
        super().__init__(question, **setting)
        s = self.setting
        self.objective = catalogue.named(s["objective"])
        w, t = np.array([s["x"], s["y"]]), s["step_size"]
        f, g = self.objective.loss(w), self.objective.grad(w)
        self.w, self.f, self.g, self.slope = w, f, g, inner(g, g)
        with np.errstate(all="ignore"):
            promised = inner(g, t * g)
            error = self.loss(t) - f + promised
            self.r = float(error / promised) if promised else 0.0
            self.curvature = float(error / (t * t)) if t else 0.0
            self.longer = int(np.sign(promised / 2 - error)) if promised else 0
        # the package's own first steps
        self.steps = {"exact": 0.0, "polyak": 0.0, "l4": 0.0}
        if self.slope:
            first = {
                "polyak": Polyak(minimum=0.0),
                "l4": L4("gradient", fraction=s["fraction"], eps=0.0),
            }
            self.steps = {
                name: float(minimize(method, self.objective, w, iterations=1).step_size[1, 0])
                for name, method in first.items()
            }
            self.steps["exact"] = least_along(self.objective, w, g)

    def loss(self, t):
        return self.objective.loss(self.w - t * self.g)

    def knobs(self):
        view = catalogue.OBJECTIVES[self.setting["objective"]]["view"]
        x, y = ([k / 100 for k in range(round(100 * a), round(100 * b) + 1)] for a, b in view)
        return {
            "x": ("w₁", x),
            "y": ("w₂", y),
            "step_size": ("step size", catalogue.KNOBS["step_size"]),
            "fraction": ("L4's fraction", [k / 20 for k in range(1, 21)]),
            "objective": ("objective", list(_OBJECTIVES)),
        }

    @property
    def tried(self):
        """The step size that is tried, and those of the rules."""
        return {"lossgrad": self.setting["step_size"], **self.steps}

    @property
    def curve(self):
        """The loss along the ray, as far as the steps go that are not far off."""
        most = 4 * max(self.steps["polyak"], self.steps["exact"])
        x = np.linspace(0, 1.15 * min(max(self.tried.values()), most) or 1.0, 201)
        return x, self.objective.loss(self.w[:, None] - x * self.g[:, None])

    def run(self):
        return {
            "f": self.f,
            "g": self.g,
            "s": self.slope,
            "r": self.r,
            "curvature": self.curvature,
            "longer": self.longer,
            "aim": _AIM["target"] * self.f,
            "steps": self.tried,
            "losses": {name: self.loss(t) for name, t in self.tried.items()},
            "curve": np.transpose(self.curve),
        }

    def lines(self):
        s, at = self.setting, point(self.w)
        if not self.slope:
            return [f"The gradient at {at} is zero: no step size moves it."]
        t, f = s["step_size"], self.f
        size = {1: "longer", -1: "shorter", 0: "the same"}[self.longer]

        def step(name):
            return f"{number(self.steps[name])}, loss {number(self.loss(self.steps[name]))}"

        return [
            f"From {at} with step size {number(t)}: loss {number(f)} becomes "
            f"{number(self.loss(t))}, the tangent "
            f"promised {number(f - t * self.slope + 0.0)}; r = {number(self.r + 0.0)}, "
            f"LossGrad's next step is {size}.",
            f"Step sizes: exact minimizer {step('exact')}; Polyak {step('polyak')}; L4, "
            f"{number(s['fraction'])} of the way to {number(_AIM['target'] * f)}, {step('l4')}.",
        ]

    def draw(self, left, curve):
        f, s = self.f, self.slope
        view = catalogue.OBJECTIVES[self.setting["objective"]]["view"]
        figures.contours(left, self.objective, *view, points=80)
        left.set(xlabel="w₁", ylabel="w₂")
        left.plot(*self.w, "o", ms=8, mfc="white", mec="black", zorder=7)
        if not s:
            return
        x, losses = self.curve
        left.plot(*(self.w[:, None] - x * self.g[:, None]), color="black", lw=0.8)
        curve.plot(x, losses, color="black")
        curve.plot(x, f - x * s, "--", color=_COLOURS["l4"], lw=1.2)
        curve.plot(x, f - x * s + self.curvature * x * x, ":", color=_COLOURS["lossgrad"])
        curve.axhline(_AIM["target"] * f, color=_COLOURS["l4"], lw=0.8, ls=":")
        for name, a in self.tried.items():
            look = {"color": _COLOURS[name], "marker": _MARKS[name], "ls": "", "ms": 6}
            height = f - a * s if name == "l4" else self.loss(a)
            left.plot(*(self.w - a * self.g), **look)
            curve.plot(a, height, label=_LABELS[name], **look)
        curve.plot(self.steps["polyak"], 0, "s", mfc="none", mec=_COLOURS["polyak"])
        curve.set(xlim=(0, x[-1]), ylim=(-0.15 * f, 1.3 * f), xlabel="step size", ylabel="loss")
        curve.legend(loc="upper right", fontsize=8)

    def data(self):
        data = super().data()
        places = {name: (data["knobs"][name][0], []) for name in "xy"}  # of the view
        return {
            **data,
            "knobs": {**data["knobs"], **places},
            "aim": _AIM,
            "names": _LABELS,
            "colours": _COLOURS,
        }


def ray(
    w=(-0.5, 0.8),
    objective="rosenbrock",
    step_size=0.001,
    fraction=0.15,
    *,
    question="Drag the point and the step size: which of the rules comes nearest to the least loss "
    "along the gradient, and where do they all fail?",
    front=None,
):
    """One step from a point: the loss along the gradient, and what four rules make of it.

    Parameters
    ----------
    w : array of shape (2,)
        The point, rounded to hundredths and inside the part of the plane that is shown.
    objective : "rosenbrock", "bowl" or "turned bowl"
        Their least loss is zero, which is what Polyak's step size supposes.
    step_size : float
        The step that is tried, through whose loss LossGrad's parabola goes.
    fraction : float
        How far L4 goes towards its target, 0.675 times the loss in its first step.
    question : str
        The caption.
    front : list of str, optional
        The names of the knobs beside the picture, a slider among them; the others are folded away.

    Examples
    --------
    Along an axis of a bowl the exact minimizer is the inverse of the curvature, Polyak's its half.

    >>> from stepsize import explore
    >>> steps = explore.ray([3, 1], "bowl").steps
    >>> round(steps["exact"], 12), steps["polyak"]
    (0.001, 0.0005)
    """
    view = np.transpose(catalogue.OBJECTIVES[one_of(*_OBJECTIVES)("objective", objective)]["view"])
    x, y = np.clip(starting_point(w, 2, name="w"), *view).round(2).tolist()
    own = {"x": x, "y": y, "step_size": step_size, "fraction": fraction, "objective": objective}
    return Ray(question, **own).with_front(front)
