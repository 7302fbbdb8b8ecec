"""Every trajectory of Yao's Figs 3 to 9, with the searches behind them, in one process.

Runs that differ only in numbers are one batch.
"""

import time
from itertools import product

import numpy as np

from stepsize import (
    Adam,
    Csawg,
    GradientDescent,
    HeavyBall,
    Nesterov,
    RMSProp,
    minimize,
    quadratic,
    rosenbrock,
)

BOWL = quadratic([1000.0, 1.0], minimizer=[1.0, 1.0]), [-1.0, 2.0]
VALLEY = rosenbrock(), [-1.0, 0.0]
ROOT = np.sqrt(1000.0)  # of the bowl's condition number


def settings(**values):
    """The product of lists as arrays over runs."""
    columns = np.array(list(product(*values.values()))).T
    return dict(zip(values, columns))


def figure_3_and_4():
    yield GradientDescent(0.00099), BOWL, {"iterations": 20_000}
    yield Nesterov(1e-3, momentum=(ROOT - 1) / (ROOT + 1)), BOWL, {"iterations": 2000}
    best = {"step_size": 4 / (ROOT + 1) ** 2, "momentum": ((ROOT - 1) / (ROOT + 1)) ** 2}
    yield HeavyBall(**best), BOWL, {"iterations": 2000}
    for window in (2, 10, 100, 1000):
        yield Csawg(0.0009, window), BOWL, {"iterations": 20_000}


def figure_5_and_6():
    yield GradientDescent([0.0005, 0.001, 0.0015, 0.002]), VALLEY, {"iterations": 20_000}
    for window in (2, 5, 10):
        yield Csawg([0.001, 0.0015], window), VALLEY, {"grad_evals": 20_000}


def figure_7_and_8():
    for window in (2, 5, 10, 100):
        plan = Csawg(0.001, window, planning_steps=5, correction_steps=10)
        yield plan, VALLEY, {"iterations": 1000}


def figure_9():
    rmsprop = settings(step_size=[0.0005, 0.001, 0.0015, 0.01], decay=[0.8, 0.9, 0.99])
    adam = settings(step_size=[0.005, 0.01], beta1=[0.9, 0.99, 0.999], beta2=[0.99, 0.999, 0.9999])
    for method in (
        RMSProp(**rmsprop),
        HeavyBall(0.0015, momentum=[0.8, 0.9]),
        Adam(**adam),
        GradientDescent([0.0005, 0.001, 0.0015, 0.002]),
        Csawg(0.001, 10),
        Csawg(0.001, 10, planning_steps=5, correction_steps=10),
    ):
        yield method, VALLEY, {"grad_evals": 10_000}


total = 0.0
print(f"{'':<20}{'runs':>6}{'steps':>12}{'seconds':>10}")
for figure in (figure_3_and_4, figure_5_and_6, figure_7_and_8, figure_9):
    runs = steps = 0
    start = time.process_time()
    for method, (objective, w0), budget in figure():
        trace = minimize(method, objective, w0, **budget)
        count = int(np.prod(trace.w.shape[2:]))
        runs, steps = runs + count, steps + count * int(trace.iterations[-1])
        _ = trace.error
    seconds = time.process_time() - start
    total += seconds
    name = figure.__name__.replace("_", " ")
    print(f"{name:<20}{runs:>6}{steps:>12,}{seconds:>10.2f}")
print(f"{'together':<20}{'':>18}{total:>10.2f}")
