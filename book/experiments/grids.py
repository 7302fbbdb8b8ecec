"""Grids of settings for streams: tuned on some seeds, judged on others."""

from __future__ import annotations

import csv
from dataclasses import replace
from itertools import product

import numpy as np


def column(*values):
    """Settings as an axis before that of the seeds."""
    return np.array(values)[:, None]


def combinations(*knobs):
    """All combinations of the knobs' values, for each knob of shape (settings, 1)."""
    return np.array(list(product(*knobs))).T[..., None]


def grid(cls, fixed=None, **knobs):
    """A method with every combination of the knobs' values: runs of shape (settings, 1)."""
    return cls(**dict(zip(knobs, combinations(*knobs.values()))), **(fixed or {}))


def setting(method, i):
    """The method with the i-th setting of its grid alone."""
    arrays = {k: v for k, v in vars(method).items() if isinstance(v, np.ndarray)}
    return replace(method, **{k: float(v[i, 0]) for k, v in arrays.items()})


def best(scores, over_runs=np.median):
    """The setting with the least median over the runs; a run that is not finite is the worst."""
    return int(np.argmin(over_runs(np.where(np.isfinite(scores), scores, np.inf), axis=-1)))


def mse(trace, start=0):
    """The mean squared error from a sample on, infinite where a run diverged."""
    errors = trace.mse(start)
    return np.where(np.isfinite(errors) & ~trace.diverged, errors, np.inf)


def read(path, texts=()):
    """The rows of a stored CSV as dictionaries; what looks like a number is one, but for texts."""

    def value(name, text):
        try:
            return text if name in texts else float(text)
        except ValueError:
            return text

    with open(path, encoding="utf-8", newline="") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return [{name: value(name, text) for name, text in row.items()} for row in rows]


def write(path, rows, digits=6):
    """Store rows, floats with so many digits."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow(
                {k: f"{v:.{digits}g}" if isinstance(v, float) else v for k, v in row.items()}
            )
