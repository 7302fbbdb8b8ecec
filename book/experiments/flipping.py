"""Claims about weights that flip (Degris, Fig. 2; Sutton 1992)."""

from __future__ import annotations

from functools import cache
from itertools import islice

import numpy as np
from scipy.optimize import minimize as scipy_minimize

from experiments.flipping_sweeps import (
    RELEVANT,
    STREAM,
    Oracle,
    adam,
    best_constant,
    read,
    rmsprop,
)
from experiments.grids import column
from stepsize.methods import IDBD, Autostep, GradientDescent
from stepsize.runs import track
from stepsize.theory import flipping_errors

WARM, MEASURED = 20_000, 10_000  # samples, as Sutton has them
THETAS = (0.005, 0.01)


@cache
def sutton(runs=100):
    """IDBD with two meta step sizes, as Sutton 1992 runs it."""
    method = IDBD(0.05, column(*THETAS))
    return track(method, STREAM, WARM + MEASURED, runs=runs, record=500)


@cache
def after_warm_up():
    """IDBD's errors on the samples that Sutton measures: (thetas, runs); infinite if lost."""
    return np.nan_to_num(sutton().mse(WARM), nan=np.inf)


def best_row(name):
    """The setting of a method with the least median in the stored table."""
    return min(read()[name], key=lambda row: row["median"])


def tuned(name):
    """The method of that row."""
    row = best_row(name)
    decays = [float(x) for x in row["decays"].split()]
    make = {"Oracle": Oracle, "RMSProp": rmsprop, "Adam": adam, "GradientDescent": GradientDescent}
    if name in make:
        return make[name](row["knob"], *decays)
    return {"IDBD": IDBD, "Autostep": Autostep}[name](meta_step_size=row["knob"])


@cache
def short(name, examples=5000, runs=60):
    """A short run of a tuned method: every 500th step sizes are kept."""
    return track(tuned(name), STREAM, examples, runs=runs, record=500)


def mean_error(name):
    """In the stored table, at the best setting."""
    return best_row(name)["mean"]


def step_sizes(trace, setting=...):
    """Step sizes of relevant and of idle weights, pooled over weights: two of (rows, pooled)."""
    steps = trace.step_size[1:][:, :, setting] if setting is not ... else trace.step_size[1:]
    return [steps[:, mask].reshape(len(steps), -1) for mask in (RELEVANT, ~RELEVANT)]


@cache
def best_vector(starts=3):
    """The best of all constant vectors, searched from random ones: vectors and exact errors."""
    rng, found = np.random.default_rng(0), []

    def error_and_slope(alpha):
        e = 1e-7
        around = flipping_errors(STREAM, alpha[:, None] + e * np.eye(20, 21)).sum(axis=0)
        return around[20], (around[:20] - around[20]) / e

    for _ in range(starts):
        start = rng.uniform(0.001, 0.05, 20)
        end = scipy_minimize(
            error_and_slope, start, jac=True, method="L-BFGS-B", bounds=[(0, 0.2)] * 20
        )
        found.append((end.x, end.fun))
    return found


@cache
def normalized_ratio():
    """Idle over relevant step size where normalization rests, at the best of single step sizes."""
    e = flipping_errors(STREAM, np.full(20, best_constant()[0]))
    return float(np.sqrt((e.sum() + 2 * e[0]) / (e.sum() + 2 * e[-1])))


def recursive_least_squares(forgetting, examples=2000, runs=10):
    """The mean squared error of RLS, a second-order method, after 500 samples."""
    P = np.zeros((runs, 20, 20)) + np.eye(20)
    w, errors = np.zeros((runs, 20)), []
    for sample in islice(STREAM.samples(runs=runs), examples):
        x = sample.x.T
        Px = np.einsum("rij,rj->ri", P, x)
        scale = forgetting + (Px * x).sum(axis=1)
        delta = sample.y - (w * x).sum(axis=1)
        w = w + Px * (delta / scale)[:, None]
        # the product first: P stays symmetric to the last bit, without which rounding grows
        P = (P - Px[:, :, None] * Px[:, None, :] / scale[:, None, None]) / forgetting
        errors.append(delta**2)
    return np.mean(errors[500:])


def degris_fig2_slightly_worse():
    sgd = mean_error("GradientDescent")
    ratios = [mean_error(name) / sgd for name in ("RMSProp", "Adam")]
    return min(ratios) > 1 and max(ratios) < 1.15, (
        f"RMSProp {ratios[0]:.3f} and Adam {ratios[1]:.3f} times the error of SGD"
    )


def degris_fig2_oracle():
    oracle = mean_error("Oracle")
    ratios = [mean_error(name) / oracle for name in ("RMSProp", "Adam")]
    return min(ratios) > 2, (
        f"RMSProp {ratios[0]:.2f} and Adam {ratios[1]:.2f} times the oracle's {oracle:.3f}"
    )


def degris_fig2_idbd():
    row = best_safe()
    rivals = {name: mean_error(name) for name in ("GradientDescent", "RMSProp", "Adam")}
    return (row["high"] < min(rivals.values()), row["median"] < min(rivals.values())), (
        f"IDBD {row['median']:.2f} ({row['low']:.2f} to {row['high']:.2f}) with theta = "
        f"{row['knob']:g}, no run worse than SGD; rivals "
        f"{', '.join(f'{e:.2f}' for e in rivals.values())}"
    )


def best_safe():
    """The row of IDBD with the least median of those with no run worse than tuned SGD."""
    return min((row for row in read()["IDBD"] if row["worse"] == 0), key=lambda r: r["median"])


def degris_fig2_constant_vector():
    alpha, oracle = best_constant(relevant_only=True)
    ends = [error for _, error in best_vector()]
    return (min(ends) > oracle - 1e-6 and max(ends) < 1.001 * oracle, min(ends) > oracle - 1e-6), (
        f"search {', '.join(f'{e:.4f}' for e in ends)}; oracle {oracle:.4f} at {alpha:.4f}"
    )


def degris_fig2_idbd_oracle():
    row = best_safe()
    oracle = best_constant(relevant_only=True)[1]
    ratio = row["median"] / oracle
    return 1 <= ratio < 1.15, (
        f"{row['median']:.3f} with theta = {row['knob']:g}, {ratio:.2f} times {oracle:.3f}"
    )


def degris_s4_same_step_size():
    exact = normalized_ratio()
    row = best_row("RMSProp")
    ran = row["irrelevant"] / row["relevant"]
    return (max(ran, exact) < 1.05, max(ran, exact) < 1.2), (
        f"idle inputs get {ran:.3f} times the step size of relevant ones; {exact:.3f} by moments"
    )


def degris_fig2_separates():
    relevant, idle = (s[-1] for s in step_sizes(sutton(), 0))
    return (
        (relevant > 0.05).mean() >= 0.95 and (idle < 0.025).mean() >= 0.95,
        np.median(relevant) > 0.05 > np.median(idle),
    ), (
        f"from 0.05 to {np.median(relevant):.3f} ({(relevant > 0.05).mean():.0%} above) and "
        f"{np.median(idle):.4f} ({(idle < 0.025).mean():.0%} below half)"
    )


def degris_s6_second_order():
    errors = {f: recursive_least_squares(f) for f in (0.9, 0.93, 0.96)}
    forgetting = min(errors, key=errors.get)
    ratio = errors[forgetting] / best_constant()[1]
    return (abs(ratio - 1) < 0.05, abs(ratio - 1) < 0.2), (
        f"RLS {errors[forgetting]:.2f} with a forgetting factor of {forgetting:g}, {ratio:.2f} "
        "times tuned SGD"
    )


def sutton_1992_lms():
    alpha, error = best_constant()
    return abs(error / 3.5 - 1) < 0.05, f"{error:.3f} at {alpha:.4f}, exactly"


def sutton_1992_idbd():
    errors = after_warm_up()
    medians = np.median(errors, axis=1)
    i = int(medians.argmin())
    low, high = np.quantile(errors[i], [0.05, 0.95], method="nearest")
    return abs(medians[i] / 1.5 - 1) < 0.05, (
        f"{medians[i]:.2f} ({low:.2f} to {high:.2f}) with theta = {THETAS[i]:g}"
    )


def sutton_1992_asymptote():
    (row,) = (row for row in read()["IDBD"] if row["knob"] == 0.001)
    return abs(row["relevant"] - 0.13) < 0.01 and row["irrelevant"] < 0.01, (
        f"{row['relevant']:.4f} and {row['irrelevant']:.4f}; the best constant one for the "
        f"relevant weights is {best_constant(True)[0]:.4f}"
    )
