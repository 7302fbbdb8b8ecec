"""The published length of Degris, Fig. 4: each method's knob over four scales of targets.

    python book/data/meta_step_size.py

A few minutes. Ten runs of 200,000 samples for each setting; then 100 runs of 50,000 samples of IDBD
near its best meta step size, to count the rare ones that go wrong. ``first`` is the median error of
the first 1,000 samples.
"""

import pathlib

import numpy as np

from experiments import grids
from experiments import meta_step_size as ms

LOW, HIGH = 0.1, 0.9


def row(experiment, name, scale, i, found, reference):
    mse = found.mse[i]
    low, middle, high = np.quantile(mse, [LOW, 0.5, HIGH], method="nearest")
    return {
        "experiment": experiment,
        "method": name,
        "scale": scale,
        "knob": float(found.knob[i]),
        "runs": mse.size,
        "low": float(low),
        "median": float(middle),
        "high": float(high),
        "mean": float(mse.mean()),
        "diverged": int(np.isinf(mse).sum()),
        "bursts": int((found.worst[i] > ms.NOTHING).sum()),
        "worse": int((mse > reference).sum()),
        "first": float(np.median(found.first[i])),
    }


rows = []
for scale in (0.1, 1.0, 10.0, 100.0):
    for name in ms.KNOBS:
        knob = ms.THETAS / scale**2 if name == "IDBD" and scale == 100 else ms.KNOBS[name]
        found = ms.scores(name, scale, 200_000, runs=10, knob=knob)
        if name == "SGD":
            reference = np.median(found.mse, axis=1).min()
        rows += [row("scales", name, scale, i, found, reference) for i in range(len(found.knob))]
        print(scale, name, found.best, flush=True)

step = ms.scores("SGD", 1.0, 50_000, runs=100)
reference = step.mse[np.argmin(np.median(step.mse, axis=1))]
for name, knob in (("IDBD", 10 ** np.arange(-3.5, -0.9, 0.25)), ("Autostep", ms.MUS)):
    found = ms.scores(name, 1.0, 50_000, runs=100, knob=knob)
    rows += [row("runs", name, 1.0, i, found, reference) for i in range(len(knob))]
grids.write(pathlib.Path(__file__).with_suffix(".csv"), rows)
