"""Barzilai and Borwein's step size: a secant along the last step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from stepsize.checks import Method, Oracle, check, nonnegative, one_of
from stepsize.methods.arithmetic import inner, ratio

__all__ = ["BarzilaiBorwein"]


@dataclass(frozen=True)
class BarzilaiBorwein(Method):
    r"""The step size that fits the last change of the gradient (Barzilai and Borwein 1988).

    .. math:: \alpha_k = \frac{s^\top s}{s^\top y} \ \text{(long)} \quad\text{or}\quad
              \alpha_k = \frac{s^\top y}{y^\top y} \ \text{(short)}, \qquad
              s = w_k - w_{k-1}, \quad y = g_k - g_{k-1}

    and :math:`w_{k+1} = w_k - \alpha_k g_k`. It is learned from update experience, as Csawg's
    is: one number, from the last step alone.

    Parameters
    ----------
    step_size : float or array of shape (*runs,)
        The first step size, alpha_0.
    variant : "long" or "short"
        Whether :math:`1/\alpha` fits y by s, or :math:`\alpha` fits s by y, in least squares.
        The long step size is never shorter where both are positive.

    Notes
    -----
    One gradient a step, two vectors of memory. The loss may rise on the way: the method is not
    monotone, and beyond quadratics it is safe only with a line search, which this has not.
    Where s.y is zero, or a denominator, the last step size is used again. Where the curvature
    along s is negative, so is the step size.

    Examples
    --------
    >>> bowl = quadratic([1.0, 4.0], minimizer=[1.0, -2.0])
    >>> trace = minimize(BarzilaiBorwein(0.25), bowl, w0=[5.0, -1.0], iterations=2)
    >>> trace.w[1:], trace.step_size[1:, 0]
    (array([[ 4. , -2. ],
           [ 2.8, -2. ]]), array([0.25, 0.4 ]))

    The first step is s = (-1, -1) and changes the gradient by y = (-1, -4): s.s / s.y = 2/5.
    """

    step_size: ArrayLike
    variant: str = "long"

    class State(NamedTuple):
        step_size: ArrayLike
        previous: np.ndarray  # w_{k-1}
        gradient: np.ndarray  # g_{k-1}

    def __post_init__(self):
        check(self, step_size=nonnegative, variant=one_of("long", "short"))

    def init(self, w: np.ndarray) -> State:
        zero = np.zeros_like(w)  # with s = 0 the first step keeps the given step size
        return self.State(self.step_size + zero, previous=w.copy(), gradient=zero)

    def step(self, w: np.ndarray, state: State, oracle: Oracle) -> tuple[np.ndarray, State]:
        g = oracle.grad(w)
        s, y = w - state.previous, g - state.gradient
        sy = inner(s, y)
        above, below = (inner(s, s), sy) if self.variant == "long" else (sy, inner(y, y))
        known = (sy != 0) & (below != 0)
        alpha = np.where(known, ratio(above, below), state.step_size)
        return w - alpha * g, self.State(alpha, previous=w.copy(), gradient=g.copy())
