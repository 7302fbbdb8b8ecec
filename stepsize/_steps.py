"""Three explorers that look inside one method: a planning step, two-step rates, one ray.

``book/_static/explorer_steps.js`` says the same on the page, in the same words.
"""

from __future__ import annotations

from functools import cached_property
from types import SimpleNamespace

import numpy as np

from stepsize import figures, methods, theory
from stepsize._explorer import Explorer, Sheet, as_svg, book_style, number
from stepsize.checks import count, one_of, starting_point
from stepsize.methods import L4, Csawg, Polyak
from stepsize.methods.arithmetic import inner, ratio
from stepsize.objectives import quadratic
from stepsize.runs import Recorder, minimize

__all__ = ["planning_step", "rates", "ray"]

_GREY, _GREEN, _PINK = figures.GREY, "#1B8A3A", "#C2188B"
_ORANGE = figures.LOOKS["Csawg"][0]
_BOXES = (0.07, 0.13, 0.41, 0.84), (0.58, 0.6, 0.39, 0.37), (0.58, 0.12, 0.39, 0.34)


def _point(w):
    if not np.isfinite(w).all():
        return "a place that is not finite"
    return f"({number(w[0] + 0.0)}, {number(w[1] + 0.0)})"  # no -0


class _Steps(Explorer):
    """An explorer of one setting: knobs that change it, a picture of it, and what it says."""

    intro = ""
    boxes = _BOXES  # of its axes, in shares of the figure
    plots = ()  # what each of its axes shows, in words

    def __init__(self, question, **setting):
        self.question, self.setting = question, setting

    def __repr__(self):
        return f"{self.name} explorer: {' '.join(self.lines())}"

    def summary(self):
        """The picture in words: its alternative text."""
        return " ".join([self.intro, *self.lines()])

    def replaced(self, **changes):
        """The same explorer with another setting."""
        return type(self)(self.question, **{**self.setting, **changes})

    def data(self):
        return {"setting": self.setting, "knobs": self.knobs(), "plots": self.plots}

    def work(self):
        """All that takes long before there are words and a picture, in parts.

        Each ends with a ``yield``, where a live notebook attends to other things. What is
        computed is kept by the explorer.
        """
        return iter(())

    @book_style()
    def svg(self):
        sheet = Sheet(*self.boxes)
        self.draw(*sheet.axes)
        return as_svg(sheet.figure)

    def png(self, sheet=None):
        return (sheet or Sheet(*self.boxes)).png(self.draw)

    @cached_property
    def widget(self):
        """The controls and the picture as one ipywidget."""
        from stepsize._live import LiveSteps

        return LiveSteps(self).box


# ---- inside a planning step ----------------------------------------------------------------------


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


class PlanningStep(_Steps):
    """See :func:`stepsize.explore.planning_step`, which makes it."""

    name = "planning-step"
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
        super().__init__(question, **setting)
        s = self.setting
        own = {k: s[k] for k in ("step_size", "window", "planning_steps", "correction_steps")}
        objective = known._named(s["objective"])
        self.run = inside(Csawg(**own), objective, s["w0"], s["plannings"])
        self.objective, last = objective, len(self.run.points) - 1
        if at is None:  # the end of the first planning
            at = s["window"] * 2 + s["planning_steps"] * (1 + s["correction_steps"])
        s["at"] = min(at, last)

    def replaced(self, **changes):
        other = super().replaced(**changes)
        if "at" not in changes:  # where another run is lost, its last place is shown
            finite = np.flatnonzero(np.isfinite(other.run.points).all(axis=1))
            other.setting["at"] = min(other.setting["at"], int(finite[-1]))
        return other

    def knobs(self):
        names = ("window", "planning_steps", "correction_steps", "step_size")
        knobs = {name: (name.replace("_", " "), known.KNOBS[name]) for name in names}
        return {"at": ("gradient evaluations", range(len(self.run.points))), **knobs}

    def lines(self):
        """What the last gradient evaluation did, and what the buffers hold."""
        n, K = self.setting["at"], self.setting["window"]
        stage, w = self.run.stages[n], self.run.points[n]
        with np.errstate(all="ignore"):
            error = np.hypot(*(w - self.objective.minimizer))
        to = f"to {_point(w)}" + (f", error {number(error)}" if np.isfinite(w).all() else "")
        kind, p = stage["kind"], f"planning {stage['planning']}"
        what = f"Gradient evaluation {n:,} of {len(self.run.points) - 1:,}: "
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
        alpha = _point(alpha) if np.isfinite(alpha).all() else "are not finite"
        if stage["k"] <= K:
            held = f"{stage['k']} of {K} weights and gradients"
            return [what, f"The buffers hold {held}; no pair yet."]
        if pairs < K:
            return [what, f"The buffers hold {pairs} of {K} pairs; step sizes so far {alpha}."]
        return [what, f"The buffers hold {K} of {K} pairs; step sizes learned {alpha}."]

    def draw(self, left, *fits):
        n, run = self.setting["at"], self.run
        stage = run.stages[n]
        pairs = run.pairs[stage["from"] : stage["to"]]
        cycle = [i for i, other in enumerate(run.stages) if other["planning"] == stage["planning"]]
        seen = np.array([*run.points[cycle], *(p[k] for p in pairs for k in ("w", "later"))])
        view = np.array(known.OBJECTIVES[self.setting["objective"]]["view"])
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
):
    """Csawg by hand: buffers fill, step sizes are learned, leaps and corrections follow.

    Parameters
    ----------
    method : Csawg
        With the published pairing and fresh gradients; that of Fig. 2 unless given.
    objective : str
        A name in :data:`OBJECTIVES`.
    w0 : array of shape (2,)
        Where it starts.
    plannings : int
        How many plannings there are to step through.
    at : int
        The gradient evaluation that is shown first; the end of the first planning unless given.
    question : str
        The caption.

    Examples
    --------
    >>> from stepsize import explore
    >>> explore.planning_step(Csawg(0.001, 10), at=21).lines()[1]
    'The buffers hold 10 of 10 pairs; step sizes learned (0.000257, 0.000296).'
    """
    method = Csawg(0.001, 3, planning_steps=5, correction_steps=10) if method is None else method
    if not isinstance(method, Csawg) or method.pairing != "published" or method.reuse_gradient:
        raise ValueError(
            f"method must be Csawg with the published pairing and fresh gradients, got {method!r}"
        )
    one_of(*known.OBJECTIVES)("objective", objective)
    names = ("step_size", "window", "planning_steps", "correction_steps")
    return PlanningStep(
        question,
        at=at,
        **{name: getattr(method, name) for name in names},
        objective=objective,
        w0=starting_point(w0, 2).tolist(),
        plannings=count("plannings", plannings),
    )


# ---- momentum and rates --------------------------------------------------------------------------

_ITERATIONS = 400
_RATE_METHODS = {
    "GradientDescent": (
        lambda c, a, p: theory.gradient_descent_rate(c, a),
        "best_gradient_descent",
    ),
    "HeavyBall": (theory.heavy_ball_rate, "best_heavy_ball"),
    "Nesterov": (theory.nesterov_rate, "best_nesterov"),
}


def eigenvalues(name, curvature, step_size, momentum):
    """Those of the two-step matrix in the direction of a curvature; gradient descent has one."""
    al, p = step_size * curvature, momentum
    if name == "GradientDescent":
        return np.array([1 - al])
    b, c = (1 + p - al, p) if name == "HeavyBall" else ((1 + p) * (1 - al), p * (1 - al))
    inside = b * b - 4 * c
    root = np.sqrt(abs(inside)) * (1j if inside < 0 else 1)
    return np.array([(b + root) / 2, (b - root) / 2])


class Rates(_Steps):
    """See :func:`stepsize.explore.rates`, which makes it."""

    name = "rates"
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
        own = {"step_size": s["step_size"]}
        if s["method"] != "GradientDescent":
            own["momentum"] = s["momentum"]
        self.mu = 1 / s["condition"]
        with np.errstate(all="ignore"):
            self.trace = minimize(
                cls(**own), quadratic([1.0, self.mu]), [1, 1], iterations=_ITERATIONS
            )
        best = getattr(theory, _RATE_METHODS[s["method"]][1])(self.mu, 1.0)
        self.best = best if isinstance(best, tuple) else (best, 0.0)
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
        rate = _RATE_METHODS[self.setting["method"]][0]
        return np.maximum(rate(1.0, step_size, momentum), rate(self.mu, step_size, momentum))

    def knobs(self):
        return {
            "step_size": ("step size × L", [k / 20 for k in range(1, 81)]),
            "momentum": ("momentum", known.KNOBS["momentum"]),
            "condition": (
                "condition number",
                [*range(2, 11), *known._decades(1, 3, known._COARSE)[1:]],
            ),
            "method": ("method", list(_RATE_METHODS)),
        }

    def lines(self):
        """Rates, eigenvalues and the optimum."""
        s, mu = self.setting, self.mu

        def both(curvature):
            z = eigenvalues(s["method"], curvature, s["step_size"], s["momentum"])
            if z[0].imag:
                return f"{number(z[0].real + 0.0)} ± {number(z[0].imag)}i"
            return " and ".join(number(v + 0.0) for v in z.real)

        run = "the run ends at once"
        if q := self.quarter:
            run = f"measured {self.measured:.4f} between iterations {2 * q} and {4 * q}"
        run += "" if self.predicted < 1 else "; it does not converge"
        best = f"step size {number(self.best[0])}"
        if s["method"] != "GradientDescent":
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
            z = eigenvalues(s["method"], curvature, s["step_size"], s["momentum"])
            plane.plot(z.real, z.imag, marker, color=colour, label=f"curvature {number(curvature)}")
        plane.set(xlabel="real part", ylabel="imaginary part", xlim=(-1.3, 1.3), ylim=(-1.3, 1.3))
        plane.set_aspect("equal")
        plane.legend(loc="lower left", fontsize=8)
        descent = s["method"] == "GradientDescent"
        x = np.linspace(0, 4 if descent else 0.999, 401)
        step, momentum = (x, 0.0) if descent else (s["step_size"], x)
        curve.plot(x, self.rate(step, momentum), color=look["color"])
        curve.plot(
            s["step_size" if descent else "momentum"], self.predicted, "o", color=look["color"]
        )
        curve.plot(self.best[not descent], self.least, "*", ms=12, color="black")
        curve.set(xlabel="step size × L" if descent else "momentum", ylabel="rate", ylim=(0, 1.2))
        k = np.arange(_ITERATIONS + 1)
        with np.errstate(all="ignore"):
            for y, how in (
                (self.trace.error, {"color": look["color"]}),
                (self.trace.error[0] * self.predicted**k, {"color": _GREY, "ls": "--", "lw": 1}),
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

    Examples
    --------
    >>> from stepsize import explore
    >>> explore.rates("GradientDescent", condition=3.0).lines()[0]
    'Predicted rate 0.5000 an iteration, measured 0.5000 between iterations 200 and 400.'
    """
    one_of(*_RATE_METHODS)("method", method)
    if not condition >= 1:
        raise ValueError(f"condition must be at least 1, got {condition!r}")
    best = getattr(theory, _RATE_METHODS[method][1])(1 / condition, 1.0)
    best = best if isinstance(best, tuple) else (best, 0.0)
    return Rates(
        question,
        step_size=float(best[0] if step_size is None else step_size),
        momentum=float(best[1] if momentum is None else momentum),
        condition=float(condition),
        method=method,
    )


# ---- one ray -------------------------------------------------------------------------------------

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


class Ray(_Steps):
    """See :func:`stepsize.explore.ray`, which makes it."""

    name = "ray"
    boxes = _BOXES[0], (0.58, 0.13, 0.39, 0.84)
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
        self.objective = known._named(s["objective"])
        view = np.transpose(known.OBJECTIVES[s["objective"]]["view"])
        s["x"], s["y"] = (round(float(v), 2) for v in np.clip([s["x"], s["y"]], *view))
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
        view = known.OBJECTIVES[self.setting["objective"]]["view"]
        x, y = ([k / 100 for k in range(round(100 * a), round(100 * b) + 1)] for a, b in view)
        return {
            "x": ("w₁", x),
            "y": ("w₂", y),
            "step_size": ("step size", known.KNOBS["step_size"]),
            "fraction": ("L4's fraction", [k / 20 for k in range(1, 21)]),
            "objective": ("objective", list(_RAY_OBJECTIVES)),
        }

    def lines(self):
        s, at = self.setting, _point(self.w)
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
        t, f, s = self.setting["step_size"], self.f, self.slope
        view = known.OBJECTIVES[self.setting["objective"]]["view"]
        figures.contours(left, self.objective, *view, points=80)
        left.set(xlabel="w₁", ylabel="w₂")
        left.plot(*self.w, "o", ms=8, mfc="white", mec="black", zorder=7)
        if not s:
            return
        steps = {"lossgrad": t, **self.steps}
        most = 4 * max(steps["polyak"], steps["exact"])
        x = np.linspace(0, 1.15 * min(max(steps.values()), most), 201)
        points = self.w[:, None] - x * self.g[:, None]
        left.plot(*points, color="black", lw=0.8)
        curve.plot(x, self.objective.loss(points), color="black")
        curve.plot(x, f - x * s, "--", color=_RAY_COLOURS["l4"], lw=1.2)
        curve.plot(x, f - x * s + self.curvature * x * x, ":", color=_RAY_COLOURS["lossgrad"])
        curve.axhline(_AIM["target"] * f, color=_RAY_COLOURS["l4"], lw=0.8, ls=":")
        for name, a in steps.items():
            look = {"color": _RAY_COLOURS[name], "marker": _RAY_MARKS[name], "ls": "", "ms": 6}
            height = f - a * s if name == "l4" else self.loss(a)
            left.plot(*(self.w - a * self.g), **look)
            curve.plot(a, height, label=_RAY_LABELS[name], **look)
        curve.plot(steps["polyak"], 0, "s", mfc="none", mec=_RAY_COLOURS["polyak"])
        curve.set(xlim=(0, x[-1]), ylim=(-0.15 * f, 1.3 * f), xlabel="step size", ylabel="loss")
        curve.legend(loc="upper right", fontsize=8)

    def data(self):
        data = super().data()
        places = {name: (data["knobs"][name][0], []) for name in "xy"}  # of the view
        return {
            **data,
            "knobs": {**data["knobs"], **places},
            "aim": _AIM,
            "names": _RAY_LABELS,
            "colours": _RAY_COLOURS,
        }


_RAY_OBJECTIVES = ("rosenbrock", "bowl", "turned bowl")  # their least loss is zero
_RAY_LABELS = {"lossgrad": "tried", "exact": "exact minimizer", "polyak": "Polyak", "l4": "L4"}
_RAY_MARKS = {"lossgrad": "o", "exact": "*", "polyak": "s", "l4": "^"}
_RAY_COLOURS = {
    "lossgrad": figures.LOOKS["LossGrad"][0],
    "exact": _GREEN,
    "polyak": figures.LOOKS["Polyak"][0],
    "l4": figures.LOOKS["L4"][0],
}


def ray(
    w=(-0.5, 0.8),
    objective="rosenbrock",
    step_size=0.001,
    fraction=0.15,
    *,
    question="Drag the point and the step size: which of the rules comes nearest to the least loss "
    "along the gradient, and where do they all fail?",
):
    """One step from a point: the loss along the gradient, and what four rules make of it.

    Parameters
    ----------
    w : array of shape (2,)
        The point, rounded to hundredths.
    objective : "rosenbrock", "bowl" or "turned bowl"
        Their least loss is zero, which is what Polyak's step size supposes.
    step_size : float
        The step that is tried, through whose loss LossGrad's parabola goes.
    fraction : float
        How far L4 goes towards its target, 0.675 times the loss in its first step.
    question : str
        The caption.

    Examples
    --------
    Along an axis of a bowl the exact minimizer is the inverse of the curvature, Polyak's its half.

    >>> from stepsize import explore
    >>> steps = explore.ray([3, 1], "bowl").steps
    >>> round(steps["exact"], 12), steps["polyak"]
    (0.001, 0.0005)
    """
    one_of(*_RAY_OBJECTIVES)("objective", objective)
    x, y = starting_point(w, 2)
    return Ray(
        question,
        x=x,
        y=y,
        step_size=float(step_size),
        fraction=float(fraction),
        objective=objective,
    )


from stepsize import explore as known  # noqa: E402  (which needs all of the above)
