"""Csawg's time and memory against gradient descent's, for up to a million weights.

Memory is the peak of what the run allocates, in vectors of d numbers. Of those Csawg needs
2 K and a few.
"""

import time
import tracemalloc

import numpy as np

from stepsize import Csawg, GradientDescent, minimize, quadratic

WINDOW = 10
ITERATIONS = 3 * WINDOW


def bowl(d):
    return quadratic(np.geomspace(1.0, 1000.0, d), minimizer=np.ones(d))


def measured(method, d):
    """Seconds an iteration, and the peak in vectors."""
    objective, w0 = bowl(d), np.zeros(d)
    best = np.inf
    for _ in range(3):
        start = time.process_time()
        minimize(method, objective, w0, iterations=ITERATIONS, record=None)
        best = min(best, time.process_time() - start)
    tracemalloc.start()
    minimize(method, objective, w0, iterations=ITERATIONS, record=None)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return best / ITERATIONS, peak / w0.nbytes


print(f"Csawg with K = {WINDOW} against gradient descent, {ITERATIONS} iterations")
print(f"{'d':>10}{'GD us':>10}{'Csawg us':>10}{'ratio':>8}{'GD vectors':>12}{'Csawg vectors':>15}")
for d in (2, 100, 10_000, 100_000, 1_000_000):
    plain = measured(GradientDescent(5e-4), d)
    plan = measured(Csawg(5e-4, window=WINDOW), d)
    print(
        f"{d:>10,}{1e6 * plain[0]:>10,.0f}{1e6 * plan[0]:>10,.0f}{plan[0] / plain[0]:>8.1f}"
        f"{plain[1]:>12,.1f}{plan[1]:>15,.1f}"
    )
