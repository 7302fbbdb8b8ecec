"""Processor time of a sample for every method, as a multiple of gradient descent's.

``python tests/benchmarks/cost.py --write`` also writes ``book/data/cost.csv``. Each method takes
turns with gradient descent on the same samples, so that both see the same load; the table has the
median of the ratios and their range. Nothing is asserted, since clocks differ.
"""

import csv
import datetime
import platform
import sys
import time

import numpy as np

from experiments.cost import TABLE, WINDOW, methods, samples, walk

SIZES = (10, 100, 1_000, 10_000, 100_000, 1_000_000)
TURNS = 5


def seconds(method, d, pairs):
    w = np.zeros(d)
    w, state = walk(method, w, method.init(w), pairs[: 2 * WINDOW])  # rings filled, pages touched
    start = time.process_time()
    for _ in range(max(1, 4000 // (d + 400))):
        w, state = walk(method, w, state, pairs)
    return time.process_time() - start


def measured():
    for d in SIZES:
        pairs = list(samples(d, 2 * WINDOW))
        for name, method in methods(d).items():
            plain = methods(d)["GradientDescent"]
            ratios = [seconds(method, d, pairs) / seconds(plain, d, pairs) for _ in range(TURNS)]
            yield {
                "method": name,
                "d": d,
                "ratio": f"{np.median(ratios):.2f}",
                "low": f"{min(ratios):.2f}",
                "high": f"{max(ratios):.2f}",
            }


rows = list(measured())
print(f"{'times gradient descent':<22}" + "".join(f"{d:>12,}" for d in SIZES))
for name in methods(1):
    cells = (row["ratio"] for row in rows if row["method"] == name)
    print(f"{name:<22}" + "".join(f"{cell:>12}" for cell in cells))
if "--write" in sys.argv:
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        file.write(
            f"# {datetime.date.today()}, Python {platform.python_version()}, NumPy "
            f"{np.__version__}, {TURNS} turns\n"
        )
        table = csv.DictWriter(file, rows[0], lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
