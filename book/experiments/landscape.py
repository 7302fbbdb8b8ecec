"""Claims about the space of two step sizes and the paths across it (Degris, Fig. 1)."""

from __future__ import annotations

from functools import cache

import numpy as np

from experiments.flipping_sweeps import adam, rmsprop
from experiments.grids import column
from experiments.papers import TWO_WEIGHTS as STREAM
from stepsize.checks import per_weight
from stepsize.explore.landscape import best, normalized
from stepsize.methods import IDBD, GradientDescent
from stepsize.runs import track
from stepsize.theory import flipping_errors

STEPS = (0.03, 0.06, 0.3)  # of RMSProp and Adam; the paper's three are not known
GAMMA = 0.001
STARTS = ((0.05, 0.05), (0.3, 0.3), (0.1, 0.4), (0.02, 0.25))  # of IDBD: (relevant, irrelevant)
THETA, LARGE = 0.004, 0.01


@cache
def loss(relevant, irrelevant):
    """The exact mean squared error at two step sizes."""
    return float(flipping_errors(STREAM, [relevant, irrelevant]).sum())


@cache
def normalizing(momentum=False, examples=4000, runs=40):
    """RMSProp or Adam with three step sizes."""
    eta = column(*STEPS)
    method = adam(eta, GAMMA, 0.1) if momentum else rmsprop(eta, GAMMA)
    return track(method, STREAM, examples, runs=runs, record=20)


@cache
def optimizing(start=STARTS[0], theta=THETA, examples=12_000, runs=40):
    """IDBD from one pair of step sizes."""
    method = IDBD(per_weight(start), theta)
    return track(method, STREAM, examples, runs=runs, record=400)


class From(IDBD):
    """IDBD from pairs of step sizes: the first axis of the runs."""

    def init(self, w):
        state = super().init(w)
        alpha = np.transpose(STARTS)[..., None] + np.zeros_like(w)
        return state._replace(step_size=alpha, beta=np.log(alpha))


@cache
def lower(examples=8_000, runs=25):
    """The share of single runs that end with less error than they began, for two thetas."""
    method = From(meta_step_size=np.full((len(STARTS), 1), LARGE))
    large = track(method, STREAM, examples, runs=runs, record=None).step_size[-1]
    small = np.stack([optimizing(start).step_size[-1] for start in STARTS], axis=1)
    first = np.array([loss(*start) for start in STARTS])[:, None]
    return {
        theta: float((flipping_errors(STREAM, last).sum(axis=0) < first).mean())
        for theta, last in ((THETA, small), (LARGE, large))
    }


def path(trace):
    """Median step sizes over the runs, from the first recorded step on: (rows, 2, *settings)."""
    return np.median(trace.step_size[1:], axis=-1)


def gap(path):
    """Distances of step sizes (rows, 2, ...) from the best pair."""
    return np.hypot(path[:, 0] - best()[0], path[:, 1])


def degris_fig1_optimum():
    a, least = best()
    worse = all(loss(a, b) > least for b in (0.001, 0.01, 0.1))
    return worse and round(a, 2) == 0.33, f"(0, {a:.3f}), with mean squared error {least:.3f}"


def degris_fig1_one_number():
    a, least = best(alike=True)
    larger = loss(0.4, 0.4)
    return np.isfinite(larger) and larger > 1.1 * least, (
        f"one step size for both weights: {least:.3f} at {a:.3f}, {larger:.3f} at 0.4"
    )


def degris_fig1_rmsprop_misses():
    ends = gap(path(normalizing())[-50:]).mean(axis=0)
    limit = normalized(np.linspace(0.01, 0.4, 79))
    nearest = np.hypot(limit[0] - best()[0], limit[1]).min()
    return min(*ends, nearest) > 0.1, (
        f"they end {', '.join(f'{d:.2f}' for d in ends)} away; the nearest of all, {nearest:.2f}"
    )


def degris_fig1_rmsprop_lower():
    distances = gap(path(normalizing()))
    single = gap(normalizing().step_size[1:])
    farther = (single[-50:].mean(axis=0) > single[0]).mean(axis=1)
    words = "; ".join(
        f"{eta:g}: {a:.3f} to {b:.3f}, farther in {n:.0%} of the runs"
        for eta, a, b, n in zip(STEPS, distances[0], distances[-50:].mean(axis=0), farther)
    )
    return (min(farther[:2]) > 0.9, min(farther[:2]) > 0.5), words


def degris_fig1_rmsprop_diagonal():
    p = np.log(path(normalizing()))
    ratio = np.exp(p[-50:, 1] - p[-50:, 0]).mean(axis=0)
    together = [np.corrcoef(p[:, 0, i], p[:, 1, i])[0, 1] for i in range(len(STEPS))]
    return (min(together) > 0.8 and max(abs(ratio - 1)) < 0.1, min(together) > 0.8), (
        f"correlations {', '.join(f'{c:.2f}' for c in together)}; the constant weight's step size "
        f"is {', '.join(f'{r:.2f}' for r in ratio)} times the other's"
    )


def degris_fig1_adam():
    p = path(normalizing(momentum=True))
    ends = gap(p[-50:]).mean(axis=0)
    ratios = (p[-50:, 1] / p[-50:, 0]).mean(axis=0)
    logs = np.log(p)
    together = [np.corrcoef(logs[:, 0, i], logs[:, 1, i])[0, 1] for i in range(len(STEPS))]
    return min(ends) > 0.1 and min(together) > 0.8 and min(ratios) > 1, (
        f"Adam ends {', '.join(f'{d:.2f}' for d in ends)} away, with ratios "
        f"{', '.join(f'{r:.2f}' for r in ratios)} and correlations of at least {min(together):.2f}"
    )


def degris_s4_away():
    p = path(normalizing())
    pairs = [(loss(*p[0, :, i]), loss(*p[-50:, :, i].mean(axis=0))) for i in range(len(STEPS))]
    return any(a < b for a, b in pairs), (
        "; ".join(f"{eta:g}: {a:.3f} to {b:.3f}" for eta, (a, b) in zip(STEPS, pairs))
    )


def degris_fig1_idbd():
    paths = [path(optimizing(start)) for start in STARTS]
    errors = np.array([[loss(*row) for row in p] for p in paths])
    distance = np.array([gap(np.vstack([start, p])) for start, p in zip(STARTS, paths)])
    downhill = np.diff(errors, axis=1).max() < 0.005 and errors[:, -1].max() < 1.1 * best()[1]
    nearer = np.diff(distance, axis=1).max() < 0.02
    single = lower()
    return (downhill and nearer and min(single.values()) == 1, downhill), (
        f"medians of 40 runs: errors end {errors[:, -1].min():.3f} to {errors[:, -1].max():.3f}, "
        f"the least is {best()[1]:.3f}; "
        f"distances end {distance[:, -1].min():.2f} to {distance[:, -1].max():.2f}, largest growth "
        f"{np.diff(distance, axis=1).max():.3f}; single runs that end with less error than they "
        "began: " + ", ".join(f"{n:.0%} (theta = {theta:g})" for theta, n in single.items())
    )


def degris_fig1_idbd_beats():
    idbd = np.median(optimizing().mse(4000))
    etas = np.linspace(0.02, 0.4, 20)
    swept = track(rmsprop(column(*etas), 0.01), STREAM, 4000, runs=20).mse(1000)
    rms = np.nanmin(np.median(swept, axis=1))
    return idbd < min(rms, best(True)[1]), (
        f"IDBD {idbd:.3f}, RMSProp {rms:.3f}, tuned SGD {best(True)[1]:.3f}, least {best()[1]:.3f}"
    )


def on_surface(alpha, runs=20, examples=5000):
    """The error of LMS at a pair of step sizes by simulation: mean and standard error."""
    mse = track(GradientDescent(per_weight(alpha)), STREAM, examples, runs=runs).mse(500)
    return mse.mean(), mse.std(ddof=1) / np.sqrt(runs)
