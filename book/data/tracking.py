"""The published length of Degris, Fig. 3: tune each method, run the best of each.

    python book/data/tracking.py

A few minutes. Settings are chosen on 150,000 samples of other seeds; the table has a row for each
method, run and segment of the 1,000,000 samples that follow; ``first`` is the error of the first
2,500.
"""

import pathlib

import numpy as np

from experiments import grids
from experiments import tracking as tr

rows, best = [], None
for name, method in (tr.CHOSEN | tr.FORGETFUL).items():
    if name in tr.GRIDS:
        found, _ = tr.tune(name)
        for knob, value in vars(method).items():
            assert np.isclose(getattr(found, knob), value, rtol=0.01), f"CHOSEN must be {found}"
    print(name, method, flush=True)
    seen = tr.follow(method, tr.PUBLISHED, segments=20)
    best = best or tr.oracle(seen, tr.PUBLISHED)  # all see the same data
    for segment in range(20):
        for run in range(tr.RUNS):
            at = segment, run
            rows.append(
                {
                    "method": name,
                    "run": run,
                    "segment": segment,
                    "drift": float(seen.drift[at]),
                    "step_size": float(seen.step_size[at]),
                    "mse": float(seen.mse[at]),
                    "first": "" if segment else float(seen.first[at]),
                    "oracle": float(best.mse[at]),
                }
            )
grids.write(pathlib.Path(__file__).with_suffix(".csv"), rows)
