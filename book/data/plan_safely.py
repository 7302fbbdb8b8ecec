"""The safeguard's tables and maps, each part in a file of its own; what is there is not made again.

    python book/data/plan_safely.py

About half an hour. Delete a file to have it made anew.
"""

import pathlib

import numpy as np

from experiments import grids
from experiments import plan_safely as ps
from experiments.papers import plan_again

HERE = pathlib.Path(__file__).with_suffix("")


def part(name, make, write):
    """Make one file, under another name until it is whole."""
    file = pathlib.Path(f"{HERE}_{name}")
    if not file.exists():
        unfinished = file.with_stem(file.stem + "_unfinished")
        write(unfinished, make())
        unfinished.rename(file)
    print(file.name, flush=True)


def arrays(file, named):
    with open(file, "wb") as opened:
        np.savez_compressed(opened, **named)


def both(make):
    return {"plain": make(plan_again), "safe": make(ps.safe)}


def basins():
    return both(lambda family: ps.basin(family(10), 400))


def settings():
    shares = both(ps.settings_map)
    return {name: np.round(100 * share).astype(np.uint8) for name, share in shares.items()}


part("windows.csv", lambda: [ps.window_row(K) for K in ps.WINDOWS], grids.write)
part("basins.npz", basins, arrays)
part("trials.csv", lambda: [ps.trial_row(name) for name in ps.TRIALS], grids.write)
part("turned.csv", lambda: [r for K in (2, 10) for r in ps.rotation_rows(K)], grids.write)
part("noise.csv", ps.noise_rows, grids.write)
part("settings.npz", settings, arrays)
