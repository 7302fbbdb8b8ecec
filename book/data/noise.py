"""Weights that flip under noise: every method tuned at every noise, then 100 fresh runs.

    python book/data/noise.py

A few minutes. ``excess`` is the median error less the noise's square, which nobody can foresee;
``first`` the median error of the first 500 samples.
"""

import pathlib

import numpy as np

from experiments import grids
from experiments import hybrids as hy

rows = []
for noise, problem in zip(hy.NOISES, hy.NOISY):
    for name in hy.METHODS | hy.BOUNDED:
        method = hy.tuned(name, problem)
        errors, first = hy.errors(method, problem, 20_000, runs=100, seed=0)
        if name == "SGD":
            reference = errors
        found = hy.outcome(errors, reference)
        rows.append(
            {
                **{"noise": noise, "method": name},
                **{knob: getattr(method, knob, "") for knob in hy.KNOBS},
                **found._asdict(),
                "excess": found.median - noise**2,
                "first": float(np.median(first)),
            }
        )
        print(*rows[-1].values(), flush=True)
grids.write(pathlib.Path(__file__).with_suffix(".csv"), rows)
