"""Claims about the space of two step sizes and the paths across it (Degris, Fig. 1)."""

from __future__ import annotations

from functools import cache

import numpy as np

from experiments.claims import Measured, agrees, claim
from experiments.flipping_sweeps import adam, rmsprop
from stepsize.checks import per_weight
from stepsize.methods import IDBD, GradientDescent
from stepsize.runs import track
from stepsize.streams import WeightFlipping
from stepsize.theory import flipping_best, flipping_errors, flipping_normalized

# the relevant input is the first here and the second in the paper
STREAM = WeightFlipping(inputs=2, relevant=1, flip_probability=0.5)
STEPS = (0.03, 0.06, 0.3)  # of RMSProp and Adam; the paper's three are not known
GAMMA = 0.001
STARTS = ((0.05, 0.05), (0.3, 0.3), (0.1, 0.4), (0.02, 0.25))  # of IDBD: (relevant, irrelevant)
THETA = 0.004


@cache
def loss(relevant, irrelevant):
    """The exact mean squared error at two step sizes."""
    return float(flipping_errors(STREAM, [relevant, irrelevant]).sum())


@cache
def best(alike=False):
    """The best step size of the relevant weight, or of both alike, and its error."""
    return flipping_best(STREAM, alike)


def normalized(eta):
    """The step sizes at which normalization rests, shape (2, etas)."""
    return flipping_normalized(STREAM, eta)


@cache
def normalizing(momentum=False, examples=4000, runs=40):
    """RMSProp or Adam with three step sizes."""
    eta = np.array(STEPS)[:, None]
    method = adam(eta, GAMMA, 0.1) if momentum else rmsprop(eta, GAMMA)
    return track(method, STREAM, examples, runs=runs, record=20)


@cache
def optimizing(start=STARTS[0], theta=THETA, examples=12_000, runs=40):
    """IDBD from one pair of step sizes."""
    method = IDBD(per_weight(start), theta)
    return track(method, STREAM, examples, runs=runs, record=400)


def path(trace):
    """Median step sizes over the runs, from the first recorded step on: (rows, 2, *settings)."""
    return np.median(trace.step_size[1:], axis=-1)


def gap(path):
    """Distances of step sizes (rows, 2, ...) from the best pair."""
    return np.hypot(path[:, 0] - best()[0], path[:, 1])


@claim(
    "degris-fig1-optimum",
    where="Fig. 1",
    statement="The best pair of step sizes is zero for the constant weight and about 0.33 for the "
    "one that flips.",
    published="(0, 0.33)",
    rule="the exact optimum, rounded to two digits; a second, constrained search agrees that "
    "every step size above zero for the constant weight costs",
    methods=("GradientDescent",),
)
def _():
    a, least = best()
    worse = all(loss(a, b) > least for b in (0.001, 0.01, 0.1))
    return Measured(
        f"(0, {a:.3f}), with mean squared error {least:.3f}",
        agrees(worse and round(a, 2) == 0.33),
        "From second moments, without a simulation.",
    )


@claim(
    "degris-fig1-one-number",
    where="Section 1",
    statement="A larger step size need not mean faster learning.",
    rule="on the diagonal of Fig. 1 the error rises beyond some stable step size",
    methods=("GradientDescent",),
)
def _():
    a, least = best(alike=True)
    larger = loss(0.4, 0.4)
    return Measured(
        f"one step size for both weights: {least:.3f} at {a:.3f}, {larger:.3f} at 0.4",
        agrees(np.isfinite(larger) and larger > 1.1 * least),
        "Both are stable; the larger one overshoots.",
    )


@claim(
    "degris-fig1-rmsprop-misses",
    where="Fig. 1, left",
    statement="With none of three step sizes does RMSProp reach the optimum.",
    rule="all three end at least 0.1 from it; and so does every step size in the limit of slow "
    "averages",
    methods=("RMSProp",),
)
def _():
    ends = gap(path(normalizing())[-50:]).mean(axis=0)
    limit = normalized(np.linspace(0.01, 0.4, 79))
    nearest = np.hypot(limit[0] - best()[0], limit[1]).min()
    return Measured(
        f"they end {', '.join(f'{d:.2f}' for d in ends)} away; the nearest of all, {nearest:.2f}",
        agrees(min(*ends, nearest) > 0.1),
        "Normalization moves both step sizes at once, and the one of the constant weight more.",
    )


@claim(
    "degris-fig1-rmsprop-lower",
    where="Fig. 1, left",
    statement="With the two lower step sizes RMSProp ends farther from the optimum than it began.",
    rule="median distance after the first flip, at sample 20, against the last thousand; partly: "
    "for one of the two",
    methods=("RMSProp",),
)
def _():
    distances = gap(path(normalizing()))
    farther = (distances[-50:].mean(axis=0) > distances[0])[:2]
    words = "; ".join(
        f"{eta:g}: {a:.3f} to {b:.3f}"
        for eta, a, b in zip(STEPS, distances[0], distances[-50:].mean(axis=0))
    )
    return Measured(
        words,
        agrees(farther.all(), farther.any()),
        "By a little: averages of few squared gradients are usually too small, so the step sizes "
        "begin too large.",
    )


@claim(
    "degris-fig1-rmsprop-diagonal",
    where="Fig. 1, left",
    statement="Both step sizes of RMSProp move together, along the diagonal.",
    rule="correlation of the logarithms along each path above 0.8, and ratio of the two between "
    "0.9 and 1.1; partly: the first alone",
    methods=("RMSProp",),
)
def _():
    p = np.log(path(normalizing()))
    ratio = np.exp(p[-50:, 1] - p[-50:, 0]).mean(axis=0)
    together = [np.corrcoef(p[:, 0, i], p[:, 1, i])[0, 1] for i in range(len(STEPS))]
    return Measured(
        f"correlations {', '.join(f'{c:.2f}' for c in together)}; the constant weight's step size "
        f"is {', '.join(f'{r:.2f}' for r in ratio)} times the other's",
        agrees(
            min(together) > 0.8 and max(abs(ratio - 1)) < 0.1,
            partly=min(together) > 0.8,
        ),
        "They move together, but beside the diagonal, on the side that is farther from the "
        "optimum: a relevant input has larger gradients.",
    )


@claim(
    "degris-fig1-adam",
    where="Fig. 1, left",
    statement="Adam, not shown, does much the same.",
    rule="Adam with gamma_m = 0.1 ends at least 0.1 from the optimum with every step size, its two "
    "step sizes correlated above 0.8 and the constant weight's the larger, as RMSProp's",
    methods=("Adam", "RMSProp"),
)
def _():
    p = path(normalizing(momentum=True))
    ends = gap(p[-50:]).mean(axis=0)
    ratios = (p[-50:, 1] / p[-50:, 0]).mean(axis=0)
    logs = np.log(p)
    together = [np.corrcoef(logs[:, 0, i], logs[:, 1, i])[0, 1] for i in range(len(STEPS))]
    return Measured(
        f"Adam ends {', '.join(f'{d:.2f}' for d in ends)} away, with ratios "
        f"{', '.join(f'{r:.2f}' for r in ratios)} and correlations of at least {min(together):.2f}",
        agrees(min(ends) > 0.1 and min(together) > 0.8 and min(ratios) > 1),
        "Momentum changes the errors, and with them how far the path goes, not where it may go.",
    )


@claim(
    "degris-s4-away",
    where="Abstract and Section 4",
    statement="Normalization can move the step sizes away from better ones.",
    rule="the exact error at the median step sizes rises from sample 20 to the end, for at least "
    "one of the three",
    methods=("RMSProp",),
)
def _():
    p = path(normalizing())
    pairs = [(loss(*p[0, :, i]), loss(*p[-50:, :, i].mean(axis=0))) for i in range(len(STEPS))]
    return Measured(
        "; ".join(f"{eta:g}: {a:.3f} to {b:.3f}" for eta, (a, b) in zip(STEPS, pairs)),
        agrees(any(a < b for a, b in pairs)),
        "Normalization never asks which way the error falls.",
    )


@claim(
    "degris-fig1-idbd",
    where="Fig. 1, right",
    statement="From any start IDBD's step sizes always move toward the optimum.",
    rule="from four starts: the exact error at the median step sizes never rises by more than "
    "0.005 between records, ends within a tenth of the least, and the distance never grows by more "
    "than 0.02; partly: the first two",
    methods=("IDBD",),
)
def _():
    paths = [path(optimizing(start)) for start in STARTS]
    errors = np.array([[loss(*row) for row in p] for p in paths])
    distance = np.array([gap(np.vstack([start, p])) for start, p in zip(STARTS, paths)])
    downhill = np.diff(errors, axis=1).max() < 0.005 and errors[:, -1].max() < 1.1 * best()[1]
    return Measured(
        f"errors end {errors[:, -1].min():.3f} to {errors[:, -1].max():.3f}, the least is "
        f"{best()[1]:.3f}; "
        f"distances end {distance[:, -1].min():.2f} to {distance[:, -1].max():.2f}, largest growth "
        f"{np.diff(distance, axis=1).max():.3f}",
        agrees(downhill and np.diff(distance, axis=1).max() < 0.02, downhill),
        f"With theta = {THETA}. The medians go downhill; single runs with a larger theta do not.",
    )


@claim(
    "degris-fig1-idbd-beats",
    where="Fig. 1",
    statement="Optimizing step sizes beats normalizing them on this problem.",
    rule="IDBD's error, median of 40 runs, below tuned SGD's and below RMSProp's at the best of "
    "20 step sizes, after 4,000 samples",
    methods=("IDBD", "RMSProp", "GradientDescent"),
)
def _():
    idbd = np.median(optimizing().mse(4000))
    etas = np.linspace(0.02, 0.4, 20)
    swept = track(rmsprop(etas[:, None], 0.01), STREAM, 4000, runs=20).mse(1000)
    rms = np.nanmin(np.median(swept, axis=1))
    return Measured(
        f"IDBD {idbd:.3f}, RMSProp {rms:.3f}, tuned SGD {best(True)[1]:.3f}, least {best()[1]:.3f}",
        agrees(idbd < min(rms, best(True)[1])),
        "RMSProp at its best equals one tuned step size: it cannot leave the diagonal.",
    )


def on_surface(alpha, runs=20, examples=5000):
    """The error of LMS at a pair of step sizes by simulation: mean and standard error."""
    mse = track(GradientDescent(per_weight(alpha)), STREAM, examples, runs=runs).mse(500)
    return mse.mean(), mse.std(ddof=1) / np.sqrt(runs)
