"""The two operations that the methods share."""

import numpy as np


def inner(a, b):
    """The inner product over the weights, one a run."""
    return (a * b).sum(axis=0)


def ratio(a, b):
    """``a / b``, and zero where ``b`` is zero; of the shape of ``b``."""
    return np.divide(a, b, out=np.zeros_like(b), where=b != 0)[()]
