"""Grids of settings for streams: tuned on some seeds, judged on others."""

from __future__ import annotations

import csv
from dataclasses import replace
from itertools import product

import numpy as np


def grid(cls, fixed=None, **knobs):
    """A method with every combination of the knobs' values: runs of shape (settings, 1)."""
    columns = np.array(list(product(*knobs.values()))).T[..., None]
    return cls(**dict(zip(knobs, columns)), **(fixed or {}))


def setting(method, i):
    """The method with the i-th setting of its grid alone."""
    arrays = {k: v for k, v in vars(method).items() if isinstance(v, np.ndarray)}
    return replace(method, **{k: float(v[i, 0]) for k, v in arrays.items()})


def best(scores, over_runs=np.median):
    """The setting with the least median over the runs; a run that is not finite is the worst."""
    return int(np.argmin(over_runs(np.where(np.isfinite(scores), scores, np.inf), axis=-1)))


def describe(method, *names):
    """The values of some knobs in a few characters."""
    return ", ".join(f"{name} {getattr(method, name):.2g}" for name in names)


def read(path):
    """The rows of a stored CSV as dictionaries, numbers as floats."""

    def number(text):
        try:
            return float(text)
        except ValueError:
            return text

    with open(path, encoding="utf-8") as file:
        return [{k: number(v) for k, v in row.items()} for row in csv.DictReader(file)]


def write(path, rows):
    """Store rows, floats with six digits."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()})
