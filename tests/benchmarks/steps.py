"""Time per step and run in the valley, for single runs and for batches.

Beside the package's methods stand gradient descent as a bare NumPy loop, which records nothing,
and PyTorch's SGD where it is installed. The best of three; nothing is asserted, for clocks
differ. Times are of the processor; the ratios are against the bare loop of the same run.
"""

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cases import CASES

from stepsize import minimize, rosenbrock

VALLEY = rosenbrock()
RUNS = (1, 32, 1000, 160_000)


def bare(w, iterations):
    x, y = w
    for _ in range(iterations):
        r = y - x * x
        x, y = x - 1e-3 * (2 * (x - 1) - 400 * x * r), y - 1e-3 * (200 * r)


def packaged(method):
    return lambda w, iterations: minimize(method, VALLEY, w, iterations=iterations, record=None)


def torch_sgd(w, iterations):
    import torch

    w = torch.tensor(w, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=1e-3)
    for _ in range(iterations):
        optimizer.zero_grad()
        ((w[0] - 1) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2).sum().backward()
        optimizer.step()


def nanoseconds(walk):
    """Per step and run, for each number of runs."""
    cells = []
    for runs in RUNS:
        w0 = np.array([-1.0, 0.0]) if runs == 1 else np.repeat([[-1.0], [0.0]], runs, axis=1)
        iterations = 10 if runs > 1000 else 500
        best = np.inf
        for _ in range(3):
            start = time.process_time()
            walk(w0, iterations)
            best = min(best, time.process_time() - start)
        cells.append(1e9 * best / (runs * iterations))
    return cells


def row(name, cells):
    print(f"{name:<28}" + "".join(f"{cell:>12,.0f}" for cell in cells), end="")
    print("".join(f"{cell / base:>9.1f}" for cell, base in zip(cells, baseline)))


baseline = nanoseconds(bare)
print(f"{'':<28}{'ns per step and run':>{12 * len(RUNS)}}{'ratio to bare NumPy':>{9 * len(RUNS)}}")
print(f"{'runs':<28}" + "".join(f"{n:>12,}" for n in RUNS) + "".join(f"{n:>9,}" for n in RUNS))
row("bare NumPy", baseline)
try:
    row("PyTorch SGD", nanoseconds(torch_sgd))
except ImportError:
    print("PyTorch SGD                 not installed")
for method in (method for case in CASES.values() for method in case.valley):
    name = type(method).__name__
    if getattr(method, "planning_steps", 1) > 1:
        name += f", {method.planning_steps} planning steps"
    row(name, nanoseconds(packaged(method)))
