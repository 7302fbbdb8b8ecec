"""A random walk by temporal differences: a constant step size, one adapted, and TIDBD's.

    python book/data/temporal.py

About a minute. The setting that is best in half of the runs is judged in the other half; ``first``
is its mean squared error of prediction over the first 200 samples of all runs.
"""

import numpy as np

from experiments import grids
from experiments import temporal as td

rows = []
for problem in td.PROBLEMS:
    for name, method in td.METHODS.items():
        trace = td.learn(method, problem, td.SAMPLES)
        tried, judged = np.split(td.value_error(trace, problem), 2, axis=1)
        best = int(np.median(tried, axis=1).argmin())
        low, median, high = np.quantile(judged[best], [0.1, 0.5, 0.9], method="nearest")
        knob = "step_size" if name == "constant" else "meta_step_size"
        rows.append(
            {
                **{"problem": problem, "method": name},
                "setting": best,
                "knob": float(getattr(method, knob)[best, 0]),
                **{"low": float(low), "median": float(median), "high": float(high)},
                "first": float(2 * trace.loss[0, best].mean()),
            }
        )
        print(*rows[-1].values(), flush=True)
grids.write(td.TABLE, rows)
