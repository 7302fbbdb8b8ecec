"""The explorer of momentum and rates on a bowl of two curvatures.

``rates.js`` says the same on the page, in the same words.
"""

from __future__ import annotations

from dataclasses import fields
from typing import ClassVar

import numpy as np

from stepsize import methods, theory
from stepsize.checks import at_least_one, nonnegative, one_of, rate, single
from stepsize.explore import catalogue, figures
from stepsize.explore.digits import number, rounded
from stepsize.explore.explorer import OneSetting
from stepsize.objectives import quadratic
from stepsize.runs import minimize

__all__ = ["rates"]

_GREY = figures.GREY
_ITERATIONS = 400
_STEP_SIZE = "step size × L"
# The rate at a curvature, a step size and a momentum; the best of both on curvatures mu to L; and
# in e_{k+1} = b e_k - c e_{k-1} what b and c are at step size times curvature and momentum.
_METHODS = {
    "GradientDescent": (
        lambda curvature, step_size, _: theory.gradient_descent_rate(curvature, step_size),
        lambda mu, L: (theory.best_gradient_descent(mu, L), 0.0),
        lambda al, _: (1 - al,),
    ),
    "HeavyBall": (
        theory.heavy_ball_rate,
        theory.best_heavy_ball,
        lambda al, p: (1 + p - al, p),
    ),
    "Nesterov": (
        theory.nesterov_rate,
        theory.best_nesterov,
        lambda al, p: ((1 + p) * (1 - al), p * (1 - al)),
    ),
}


def eigenvalues(name, curvature, step_size, momentum):
    """Those of the two-step matrix in the direction of a curvature; gradient descent has one."""
    b, *c = _METHODS[name][2](step_size * curvature, momentum)
    if not c:
        return np.array([b])
    inside = b * b - 4 * c[0]
    root = np.sqrt(abs(inside)) * (1j if inside < 0 else 1)
    return np.array([(b + root) / 2, (b - root) / 2])


class Rates(OneSetting):
    """See :func:`stepsize.explore.rates`, which makes it."""

    name = "rates"
    front = ("momentum", "step_size", "condition")
    kinds: ClassVar = {
        "method": one_of(*_METHODS),
        "condition": single(at_least_one),
        "step_size": single(nonnegative),
        "momentum": single(rate),
    }
    plots = (
        "Eigenvalues of the two-step matrix in the complex plane, with the unit circle",
        "Predicted rate against momentum, or the step size of gradient descent",
        "Error of a run on a logarithmic axis, and the predicted slope",
    )
    intro = (
        "Left, the eigenvalues of the two-step matrix in the complex plane with the unit circle, "
        "for the largest curvature (circles) and the least (squares). Right, the predicted rate "
        "against the momentum with the optimum marked, and the error of a run beside its slope."
    )

    def __init__(self, question, **setting):
        super().__init__(question, **setting)
        s = self.setting
        cls = getattr(methods, s["method"])
        self.with_momentum = "momentum" in {field.name for field in fields(cls)}
        own = {"step_size": s["step_size"]}
        if self.with_momentum:
            own["momentum"] = s["momentum"]
        self.mu = 1 / s["condition"]
        with np.errstate(all="ignore"):
            self.trace = minimize(
                cls(**own), quadratic([1.0, self.mu]), [1, 1], iterations=_ITERATIONS
            )
        self.best = _METHODS[s["method"]][1](self.mu, 1.0)
        self.predicted, self.least = self.rate(s["step_size"], s["momentum"]), self.rate(*self.best)
        error = self.trace.error
        usable = (error > 1e-250) & (error < 1e250)  # before overflow or underflow
        last = _ITERATIONS if usable.all() else int(np.argmin(usable)) - 1
        # errors oscillate: the largest of the last quarter over the largest of the one before
        q = self.quarter = last // 4
        largest = [error[i * q : (i + 1) * q].max(initial=0) for i in (2, 3)]
        self.measured = (largest[1] / largest[0]) ** (1 / q) if q else 0.0

    def rate(self, step_size, momentum):
        """The predicted one on the bowl: the larger of its two directions'."""
        rate = _METHODS[self.setting["method"]][0]
        return np.maximum(rate(1.0, step_size, momentum), rate(self.mu, step_size, momentum))

    def knobs(self):
        return {
            "step_size": (_STEP_SIZE, [k / 20 for k in range(1, 81)]),
            "momentum": ("momentum", catalogue.RATES),
            "condition": (
                "condition number",
                [*range(2, 11), *catalogue.decades(1, 3, catalogue.COARSE)[1:]],
            ),
            "method": ("method", list(_METHODS)),
        }

    @property
    def curve(self):
        """The predicted rate over all momenta, or over the step sizes of gradient descent."""
        s, x = self.setting, np.linspace(0, 1 if self.with_momentum else 4, 401)
        return x, self.rate(s["step_size"], x) if self.with_momentum else self.rate(x, 0.0)

    def eigenvalues(self, curvature):
        s = self.setting
        return eigenvalues(s["method"], curvature, s["step_size"], s["momentum"])

    def run(self):
        every = [self.eigenvalues(self.mu ** (i / 80)) for i in range(81)]
        return {
            "mu": self.mu,
            "error": self.trace.error,
            "q": self.quarter,
            "measured": self.measured,
            "predicted": self.predicted,
            "optimum": self.best,
            "least": self.least,
            "curve": np.transpose(self.curve),
            "eigenvalues": [np.stack([z.real, z.imag], axis=1) for z in every],
        }

    def lines(self):
        """Rates, eigenvalues and the optimum."""
        s, mu = self.setting, self.mu

        def both(curvature):
            z = self.eigenvalues(curvature)
            if z[0].imag:
                return f"{number(z[0].real + 0.0)} ± {number(z[0].imag)}i"
            return " and ".join(number(v + 0.0) for v in z.real)

        run = "the run ends at once"
        if q := self.quarter:
            run = f"measured {self.measured:.4f} between iterations {2 * q} and {4 * q}"
        run += "" if self.predicted < 1 else "; it does not converge"
        best = f"step size {number(self.best[0])}"
        if self.with_momentum:
            best += f", momentum {number(self.best[1])}"
        return [
            f"Predicted rate {self.predicted:.4f} an iteration, {run}.",
            f"Eigenvalues at curvature 1: {both(1.0)}; at {number(mu)}: {both(mu)}.",
            f"Best for condition number {s['condition']:,.0f}: {best}, rate {self.least:.4f}.",
        ]

    def draw(self, plane, curve, errors):
        s = self.setting
        look = figures.look(self.trace.method)
        turn = np.exp(2j * np.pi * np.linspace(0, 1, 129))
        plane.plot(turn.real, turn.imag, color="black", lw=1)
        plane.plot(self.predicted * turn.real, self.predicted * turn.imag, "--", color=_GREY, lw=1)
        for curvature, marker, colour in ((1.0, "o", look["color"]), (self.mu, "s", "black")):
            z = self.eigenvalues(curvature)
            plane.plot(z.real, z.imag, marker, color=colour, label=f"curvature {number(curvature)}")
        plane.set(xlabel="real part", ylabel="imaginary part", xlim=(-1.3, 1.3), ylim=(-1.3, 1.3))
        plane.set_aspect("equal")
        plane.legend(loc="lower left", fontsize=8)
        here, label = ("momentum", "momentum") if self.with_momentum else ("step_size", _STEP_SIZE)
        curve.plot(*self.curve, color=look["color"])
        curve.plot(s[here], self.predicted, "o", color=look["color"])
        curve.plot(self.best[self.with_momentum], self.least, "*", ms=12, color="black")
        curve.set(xlabel=label, ylabel="rate", ylim=(0, 1.2))
        k = np.arange(_ITERATIONS + 1)
        with np.errstate(all="ignore"):
            for y, how in (
                (self.trace.error, {"color": look["color"]}),
                (
                    self.trace.error[0] * self.predicted**k,
                    {"color": _GREY, "ls": "--", "lw": 1},
                ),
            ):
                errors.plot(k, np.where((y > 1e-40) & (y < 1e40), y, np.nan), **how)
        errors.set(yscale="log", xlabel="iteration", ylabel="error")

    def data(self):
        return {**super().data(), "iterations": _ITERATIONS}


def rates(
    method="HeavyBall",
    condition=100.0,
    step_size=None,
    momentum=None,
    *,
    question="Move the momentum: where do the eigenvalues leave the real line, and why is that the "
    "best place?",
    front=None,
):
    """Rates on a bowl of two curvatures, L = 1 and 1/condition: eigenvalues, prediction, run.

    Parameters
    ----------
    method : "GradientDescent", "HeavyBall" or "Nesterov"
    condition : float
        The condition number of the bowl.
    step_size, momentum : float, optional
        The best for this condition number unless given.
    question : str
        The caption.
    front : list of str, optional
        The names of the knobs beside the picture, a slider among them; the others are folded away.

    Examples
    --------
    >>> from stepsize import explore
    >>> explore.rates("GradientDescent", condition=3.0).lines()[0]
    'Predicted rate 0.5000 an iteration, measured 0.5000 between iterations 200 and 400.'
    """
    one_of(*_METHODS)("method", method)
    condition = single(at_least_one)("condition", condition)
    best = rounded(_METHODS[method][1](1 / condition, 1.0), digits=12)
    return Rates(
        question,
        step_size=float(best[0]) if step_size is None else step_size,
        momentum=float(best[1]) if momentum is None else momentum,
        condition=condition,
        method=method,
    ).with_front(front)
