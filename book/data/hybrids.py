"""Who wins where: every method tuned on every problem, then 100 fresh runs.

    python book/data/hybrids.py

A few minutes. "own" is the setting tuned on the problem itself, "carried" the one tuned on the
problem at scale 1; ``first`` is the median error of the first 500 samples.
"""

import pathlib

import numpy as np

from experiments import grids
from experiments import hybrids as hy

rows = []
for problem in hy.PROBLEMS:
    for name in hy.METHODS:
        for how, where in (("own", problem), ("carried", hy.HOME[problem])):
            method = hy.tuned(name, where)
            if name in hy.CHOSEN.get(problem, {}):
                for knob, value in vars(hy.CHOSEN[problem][name]).items():
                    got = getattr(method, knob)
                    assert got == value or np.isclose(got, value, rtol=0.01), f"chosen: {method}"
            errors, first = hy.errors(method, problem, 20_000, runs=100, seed=0)
            if name == "SGD" and how == "own":
                reference = errors
            found = hy.outcome(errors, reference)
            knobs = {knob: getattr(method, knob, "") for knob in hy.KNOBS}
            rows.append(
                {
                    **{"problem": problem, "method": name, "setting": how},
                    **knobs,
                    **found._asdict(),
                    "first": float(np.median(first)),
                }
            )
            print(*rows[-1].values(), flush=True)
grids.write(pathlib.Path(__file__).with_suffix(".csv"), rows)
