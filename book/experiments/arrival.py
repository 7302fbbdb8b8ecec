"""When a run arrives: gradient evaluations to a level of the error, infinite if it never does."""

from __future__ import annotations

import numpy as np


def until(trace, level):
    """Evaluations until the error is at or below a level for the first time, one a run."""
    reached = trace.error <= level
    return np.where(reached.any(axis=0), trace.grad_evals[reached.argmax(axis=0)], np.inf)[()]


def for_good(trace, level):
    """Evaluations from which the error stays at or below a level, one a run."""
    above = ~(trace.error <= level)
    row = len(above) - above[::-1].argmax(axis=0)  # after the last one above
    found = trace.grad_evals[np.minimum(row, len(above) - 1)]
    return np.where(above[-1], np.inf, np.where(above.any(axis=0), found, 0))[()]
