"""Bounds over classes of losses: what methods are held against and need not attain."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def nesterov_bound(k: ArrayLike, L: float, distance: float) -> np.ndarray:
    r"""Nesterov's bound on the loss at y_k, for L-smooth convex losses and the schedule of 1983.

    .. math:: f(y_k) - f^\star \le \frac{2L \lVert w_0 - w^\star \rVert^2}{(k + 1)^2}

    Examples
    --------
    >>> from experiments.bounds import nesterov_bound
    >>> nesterov_bound(9, L=2.0, distance=5.0)
    1.0
    """
    return 2 * L * distance**2 / (k + 1) ** 2


def nesterov_linear_bound(
    k: ArrayLike, mu: float, L: float, gap: float, distance: float
) -> np.ndarray:
    r"""Likewise for mu-strongly convex losses and the constant momentum (Yao, Section 2.1).

    .. math:: f(y_k) - f^\star \le \Bigl(1 - \sqrt{\mu/L}\Bigr)^k
              \Bigl(f(w_0) - f^\star + \tfrac{\mu}{2} \lVert w_0 - w^\star \rVert^2\Bigr)

    Parameters
    ----------
    gap, distance : float or array
        The loss at the start above the least, and the start's distance to the minimizer.

    Examples
    --------
    >>> from experiments.bounds import nesterov_linear_bound
    >>> nesterov_linear_bound(2, mu=1.0, L=4.0, gap=6.0, distance=2.0)
    np.float64(2.0)
    """
    return (1 - np.sqrt(mu / L)) ** k * (gap + mu / 2 * distance**2)


def first_order_limit(mu: float, L: float) -> float:
    r"""The best rate of the distance that span methods can have in many dimensions.

    .. math:: \lVert w_k - w^\star \rVert \ge
              \Bigl(\frac{\sqrt L - \sqrt\mu}{\sqrt L + \sqrt\mu}\Bigr)^k
              \lVert w_0 - w^\star \rVert

    on an endless chain of weights, for every method whose steps are combinations of the
    gradients seen (Nesterov 2018, Theorem 2.1.13). It is heavy ball's rate on quadratics.
    """
    a, b = np.sqrt(L), np.sqrt(mu)
    return float((a - b) / (a + b))
