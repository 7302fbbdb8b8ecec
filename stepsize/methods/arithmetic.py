"""What the methods share: three operations, and what a state is made of."""

import numpy as np

# max(v, TINY[v.dtype]) is v for every v but zero
TINY = {
    np.dtype(t): np.nextafter(t(0), t(1)) for t in (np.float16, np.float32, float, np.longdouble)
}


def inner(a, b):
    """The inner product over the weights, one a run."""
    return (a * b).sum(axis=0)


def add_product(total, a, b):
    """``total + a * b``, added where the product stands: no slower than ``total += a * b``."""
    product = a * b
    product += total
    return product


def ratio(a, b):
    """``a / b``, and zero where ``b`` is zero; of the shape of ``b``."""
    return np.divide(a, b, out=np.zeros_like(b), where=b != 0)[()]


def leaves(state):
    """The numbers and arrays of a state, which may hold tuples of them."""
    if isinstance(state, tuple):
        return [leaf for part in state for leaf in leaves(part)]
    return [state]
