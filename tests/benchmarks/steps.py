"""Time per step and run in the valley, for single runs and for batches.

The best of three; nothing is asserted, since clocks differ.
"""

import time

import numpy as np

from stepsize import Csawg, GradientDescent, HeavyBall, Nesterov, minimize, rosenbrock

METHODS = [
    GradientDescent(step_size=1e-3),
    HeavyBall(step_size=1e-3, momentum=0.9),
    Nesterov(step_size=1e-3, momentum=0.9),
    Csawg(step_size=1e-3, window=10, planning_steps=5, correction_steps=10),
]


def seconds(method, runs, iterations):
    w0 = np.repeat([[-1.0], [0.0]], runs, axis=1)
    best = np.inf
    for _ in range(3):
        start = time.perf_counter()
        minimize(method, rosenbrock(), w0, iterations=iterations, record=None)
        best = min(best, time.perf_counter() - start)
    return best


print(f"{'ns per step and run':<20}" + "".join(f"{runs:>10,}" for runs in (1, 32, 1000, 160_000)))
for method in METHODS:
    cells = []
    for runs in (1, 32, 1000, 160_000):
        iterations = 10 if runs > 1000 else 1000
        cells.append(1e9 * seconds(method, runs, iterations) / (runs * iterations))
    print(f"{type(method).__name__:<20}" + "".join(f"{cell:>10,.0f}" for cell in cells))
