"""The explorer of a planning step of Csawg, gradient evaluation by gradient evaluation.

``planning_step.js`` says the same on the page, in the same words.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import ClassVar

import numpy as np

from stepsize.checks import count, count_or_zero, one_of, starting_point
from stepsize.explore import catalogue, figures
from stepsize.explore.digits import number
from stepsize.explore.explorer import OneSetting
from stepsize.explore.words import point
from stepsize.methods import Csawg
from stepsize.methods.arithmetic import ratio
from stepsize.runs import Recorder, minimize

__all__ = ["planning_step"]

_GREY, _GREEN, _PINK = figures.GREY, figures.GREEN, "#C2188B"
_ORANGE = figures.look("Csawg")["color"]
_NUMBERS = ("step_size", "window", "planning_steps", "correction_steps")  # of the method


def inside(method, objective, w0, plannings):
    """A run of Csawg, gradient evaluation by gradient evaluation.

    ``points[n]`` is where the method stands after n of them, ``stages[n]`` what the n-th did;
    ``pairs`` are those that the step sizes are learned from. A stage's are from its ``from`` to
    its ``to``; ``alpha`` is what they say so far.
    """
    K, M = method.window, method.correction_steps
    watched = Recorder(objective)
    with np.errstate(all="ignore"):
        trace = minimize(method, watched, w0, iterations=K * (plannings + 1))
        points = [w for kind, w in watched.asked if kind == "grad"] + [trace.w[-1]]
        stages = [{"kind": "start", "k": 0, "planning": 1, "from": 0, "to": 0, "alpha": [0, 0]}]
        main, pairs, planning, first = [], [], 1, 0
        sum_1, sum_2 = np.zeros(2), np.zeros(2)
        for k in range(1, len(trace.w)):
            before, after = trace.grad_evals[k - 1 : k + 1]
            w, g = points[before + 1], objective.grad(points[before])
            main.append((w, g))
            if k > K:
                w_s, g_s = main[k - 1 - K]
                pairs.append({"w": w_s, "g": g_s, "d": w_s - w, "later": w})
                sum_1, sum_2 = sum_1 + g_s * (w_s - w), sum_2 + g_s * g_s
            common = {"k": k, "planning": planning, "from": first, "to": len(pairs)}
            common["alpha"] = ratio(sum_1, sum_2).tolist()
            stages.append({"kind": "descend", **common})
            for i in range(after - before - 1):
                leap, m = divmod(i, 1 + M)
                kind = "correct" if m else "leap"
                stages.append({"kind": kind, "m": m, "leap": leap + 1, **common})
            if after > before + 1:
                planning, first = planning + 1, len(pairs)
                sum_1, sum_2 = np.zeros(2), np.zeros(2)
    return SimpleNamespace(points=np.array(points), stages=stages, pairs=pairs, trace=trace)


class PlanningStep(OneSetting):
    """See :func:`stepsize.explore.planning_step`, which makes it."""

    name = "planning-step"
    front = ("at", "planning_steps", "correction_steps")
    kinds: ClassVar = {
        "objective": one_of(*catalogue.OBJECTIVES),
        "plannings": count,
        "at": count_or_zero,
    }
    plots = (
        "Contours of the loss with the path, the pairs in the buffers, leaps and corrections",
        "Decrease of w₁ against its gradient; the slope of the line is its step size",
        "Decrease of w₂ against its gradient; the slope of the line is its step size",
    )
    intro = (
        "Left, the path on the contours of the loss: pairs of weights one window apart (grey "
        "arrows), leaps (green arrows to squares), correcting steps (crosses). Right, for each "
        "weight, the decrease of each pair against its gradient, and a line through the origin "
        "whose slope is the learned step size."
    )

    def __init__(self, question, *, at=None, **setting):
        if at is None:  # the end of the first planning
            leaps = setting["planning_steps"] * (1 + setting["correction_steps"])
            at = 2 * setting["window"] + leaps
        super().__init__(question, at=at, **setting)
        s = self.setting
        own = {k: s[k] for k in _NUMBERS}
        self.method = Csawg(**own)
        objective = catalogue.named(s["objective"])
        self.found = inside(self.method, objective, s["w0"], s["plannings"])
        self.objective, last = objective, len(self.found.points) - 1
        s["at"] = min(s["at"], last)

    def replaced(self, **changes):
        other = super().replaced(**changes)
        if "at" not in changes:  # where another run is lost, its last place is shown
            finite = np.flatnonzero(np.isfinite(other.found.points).all(axis=1))
            other.setting["at"] = min(other.setting["at"], int(finite[-1]))
        return other

    def knobs(self):
        names = (*_NUMBERS[1:], *_NUMBERS[:1])
        knobs = {n: (n.replace("_", " "), catalogue.knob(self.method, n)[1]) for n in names}
        return {"at": ("gradient evaluations", range(len(self.found.points))), **knobs}

    def run(self):
        found = self.found
        return {"points": found.points, "stages": found.stages, "pairs": found.pairs}

    def lines(self):
        """What the last gradient evaluation did, and what the buffers hold."""
        n, K = self.setting["at"], self.setting["window"]
        stage, w = self.found.stages[n], self.found.points[n]
        with np.errstate(all="ignore"):
            error = np.hypot(*(w - self.objective.minimizer))
        to = f"to {point(w)}" + (f", error {number(error)}" if np.isfinite(w).all() else "")
        kind, p = stage["kind"], f"planning {stage['planning']}"
        what = f"Gradient evaluation {n:,} of {len(self.found.points) - 1:,}: "
        if kind == "start":
            what = f"Start {to.replace('to', 'at', 1)}; no gradient is evaluated yet."
        elif kind == "descend":
            what += f"gradient step {stage['k']:,} of the main loop {to}."
        elif kind == "leap":
            what += f"{p}, leap {stage['leap']} of {self.setting['planning_steps']} {to}."
        else:
            M = self.setting["correction_steps"]
            what += f"{p}, correcting step {stage['m']} of {M} after leap {stage['leap']} {to}."
        pairs, alpha = stage["to"] - stage["from"], np.array(stage["alpha"])
        alpha = point(alpha) if np.isfinite(alpha).all() else "are not finite"
        if stage["k"] <= K:
            held = f"{stage['k']} of {K} weights and gradients"
            return [what, f"The buffers hold {held}; no pair yet."]
        if pairs < K:
            return [what, f"The buffers hold {pairs} of {K} pairs; step sizes so far {alpha}."]
        return [what, f"The buffers hold {K} of {K} pairs; step sizes learned {alpha}."]

    def draw(self, left, *fits):
        n, run = self.setting["at"], self.found
        stage = run.stages[n]
        pairs = run.pairs[stage["from"] : stage["to"]]
        cycle = [i for i, other in enumerate(run.stages) if other["planning"] == stage["planning"]]
        seen = np.array([*run.points[cycle], *(p[k] for p in pairs for k in ("w", "later"))])
        view = np.array(catalogue.OBJECTIVES[self.setting["objective"]]["view"])
        seen = seen[np.isfinite(seen).all(axis=1)]
        seen = np.clip(seen, view[:, 0] - 1, view[:, 1] + 1) if len(seen) else view.T
        middle, half = (seen.max(axis=0) + seen.min(axis=0)) / 2, np.ptp(seen, axis=0) / 2
        half = np.maximum(1.15 * half, 1e-4)
        figures.contours(left, self.objective, *zip(middle - half, middle + half), points=60)
        left.set(xlabel="w₁", ylabel="w₂")
        left.plot(*run.points[: n + 1].T, color=_GREY, lw=0.7)
        for p in pairs:
            _arrow(left, p["w"], p["later"], _GREY, 2.5)
        steps = [i for i in cycle if i <= n]
        for kinds, marker, colour in (
            (("start", "descend"), "o", _ORANGE),
            (("correct",), "x", _PINK),
            (("leap",), "s", "black"),
        ):
            chosen = [i for i in steps if run.stages[i]["kind"] in kinds]
            left.plot(*run.points[chosen].T, marker, color=colour, ms=4)
            if kinds == ("leap",):
                for i in chosen:
                    _arrow(left, run.points[i - 1], run.points[i], _GREEN, 1.6)
        left.plot(*run.points[n], "o", ms=10, mfc="none", mec="black")
        for i, ax in enumerate(fits):
            g, d = ([float(p[k][i]) for p in pairs] for k in "gd")
            ax.plot(g, d, "s", color=_GREY, ms=4)
            ax.axline((0, 0), slope=stage["alpha"][i], color=_GREEN, lw=1.4)
            name = "w₁" if i == 0 else "w₂"
            ax.set(xlabel=f"gradient of {name}", ylabel=f"decrease of {name}")
            slope = f"slope {number(stage['alpha'][i])}"
            ax.text(0.03, 0.92, slope, color=_GREEN, transform=ax.transAxes, va="top")

    def data(self):
        data = super().data()
        label, _ = data["knobs"]["at"]
        return {
            **data,
            "knobs": {**data["knobs"], "at": (label, [])},  # which the page knows from its run
            "colours": {"main": _ORANGE, "leap": _GREEN, "correct": _PINK, "pair": _GREY},
        }


def _arrow(ax, start, end, colour, width):
    if np.isfinite([*start, *end]).all():
        style = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "color": colour, "lw": width}
        ax.annotate("", end, start, arrowprops=style, annotation_clip=False)


def planning_step(
    method=None,
    objective="rosenbrock",
    w0=(-1.0, 0.0),
    plannings=6,
    *,
    at=None,
    question="Step through it: when do the learned step sizes leap out of the valley, and when "
    "along it?",
    front=None,
):
    """Csawg by hand: buffers fill, step sizes are learned, leaps and corrections follow.

    Parameters
    ----------
    method : Csawg
        With the published pairing, fresh gradients and no safeguard; that of Fig. 2 unless given.
    objective : str
        A name in :data:`~stepsize.explore.catalogue.OBJECTIVES`.
    w0 : array of shape (2,)
        Where it starts.
    plannings : int
        How many plannings there are to step through.
    at : int
        The gradient evaluation that is shown first; the end of the first planning unless given.
    question : str
        The caption.
    front : list of str, optional
        The names of the knobs beside the picture, a slider among them; the others are folded away.

    Examples
    --------
    >>> from stepsize import explore
    >>> explore.planning_step(Csawg(0.001, 10), at=21).lines()[1]
    'The buffers hold 10 of 10 pairs; step sizes learned (0.000257, 0.000296).'
    """
    method = Csawg(0.001, 3, planning_steps=5, correction_steps=10) if method is None else method
    numbers = {name: getattr(method, name, None) for name in _NUMBERS}
    if not isinstance(method, Csawg) or method != Csawg(**numbers):
        raise ValueError(
            "method must be Csawg with the published pairing, fresh gradients and no safeguard, "
            f"got {method!r}"
        )
    return PlanningStep(
        question,
        at=at,
        **numbers,
        objective=objective,
        w0=starting_point(w0, 2).tolist(),
        plannings=plannings,
    ).with_front(front)
