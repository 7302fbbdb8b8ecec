"""Step sizes that descend on the loss themselves: IDBD, and Autostep that frees it of its scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from stepsize.checks import Curved, Method, check, nonnegative, positive
from stepsize.methods.arithmetic import TINY

__all__ = ["IDBD", "Autostep"]


@dataclass(frozen=True)
class IDBD(Method):
    r"""Incremental delta-bar-delta: each weight's step size by stochastic gradient descent on
    the same loss (Sutton 1992; Yao, Section 2.6; Degris, Section 4).

    With the gradient :math:`g = -\delta x` and the curvature :math:`c = x^2` of a linear sample,

    .. math:: \beta &\leftarrow \beta - \theta\, g\, h \\
              \alpha &\leftarrow e^{\beta} \\
              w &\leftarrow w - \alpha\, g \\
              h &\leftarrow h\, (1 - \alpha\, c)^+ - \alpha\, g

    in this order, component by component; :math:`(\cdot)^+` is zero for negative numbers.

    Parameters
    ----------
    step_size : float or array of shape (*runs,)
        The first step size of every weight, alpha. Zero stays zero.
    meta_step_size : float or array of shape (*runs,)
        The step size of the step sizes, theta (Yao's eta). In units of one over the loss: for
        targets c times as large, theta must be c**2 times smaller.

    Notes
    -----
    One gradient and one curvature a step; three vectors of memory. It runs on every oracle with
    ``curvature``. Without the rectifier's help a large step makes h overshoot; with it, h
    forgets. Neither keeps the weights stable: alpha may still exceed every bound, and a run
    that overflows ends as NaN.

    Examples
    --------
    >>> sample = ([1.0], 1.0)
    >>> trace = track(IDBD(0.5, 0.1), [sample, sample], examples=2, record=1)
    >>> trace.w[:, 0]
    array([0.        , 0.5       , 0.756...])
    >>> trace.step_size[:, 0]
    array([    nan, 0.5       , 0.512...])

    The first error is 1 and leaves w = h = 0.5. The second is 0.5: beta grows by 0.1 * 0.5 * 0.5
    to log(0.5) + 0.025, and w by 0.5 exp(0.025) * 0.5.
    """

    step_size: ArrayLike = 0.05
    meta_step_size: ArrayLike = 0.01

    class State(NamedTuple):
        step_size: np.ndarray  # alpha
        beta: np.ndarray  # its logarithm
        h: np.ndarray  # the trace: how w depends on beta

    def __post_init__(self):
        check(self, step_size=nonnegative, meta_step_size=nonnegative)

    def init(self, w: np.ndarray) -> State:
        alpha = self.step_size + np.zeros_like(w)
        with np.errstate(divide="ignore"):
            return self.State(alpha, beta=np.log(alpha), h=np.zeros_like(w))

    def step(self, w: np.ndarray, state: State, oracle: Curved) -> tuple[np.ndarray, State]:
        g, c, h = oracle.grad(w), oracle.curvature(w), state.h
        beta = state.beta - self.meta_step_size * g * h
        alpha = np.exp(beta)
        move = alpha * g
        h = h * np.maximum(1.0 - alpha * c, 0.0)
        h -= move
        return w - move, self.State(alpha, beta, h)


@dataclass(frozen=True)
class Autostep(Method):
    r"""IDBD whose meta-gradient is normalized and whose step cannot overshoot (Mahmood et al.
    2012, Table 1).

    With :math:`g = -\delta x` and :math:`c = x^2`,

    .. math:: q &= -g\, h \\
              v &\leftarrow \max\bigl(|q|,\; v + \tfrac1\tau\, \alpha\, c\, (|q| - v)\bigr) \\
              \alpha &\leftarrow \alpha\, e^{\mu q / v} \quad \text{where } v \ne 0 \\
              \alpha &\leftarrow \alpha / M, \qquad M = \max\Bigl(\sum_i \alpha_i c_i,\; 1\Bigr) \\
              w &\leftarrow w - \alpha\, g \\
              h &\leftarrow h\, (1 - \alpha\, c) - \alpha\, g

    Parameters
    ----------
    step_size : float or array of shape (*runs,)
        The first step size of every weight, alpha. Zero stays zero.
    meta_step_size : float or array of shape (*runs,)
        The most by which log(alpha) may change in a step before the division by M, mu.
    tau : float or array of shape (*runs,)
        How slowly v forgets: its rate is alpha c / tau.

    Notes
    -----
    One gradient and one curvature a step; three vectors of memory. Multiplying all targets by
    a number changes no step size. After the division by M the sum of alpha c is at most one, so
    that a step on a linear sample never overshoots its target. A curvature may be negative away
    from linear samples; then M bounds less, and v may grow faster than the formula meant.

    Examples
    --------
    >>> sample = ([1.0], 1.0)
    >>> trace = track(Autostep(0.5, 0.1), [sample, sample], examples=2, record=1)
    >>> trace.w[:, 0]
    array([0.        , 0.5       , 0.776...])
    >>> trace.step_size[:, 0]
    array([    nan, 0.5       , 0.552...])

    The first error is 1 and leaves w = h = 0.5. The second is 0.5, so q = 0.25, and v is that
    too: the step size is multiplied by exp(0.1).
    """

    step_size: ArrayLike = 0.05
    meta_step_size: ArrayLike = 0.01
    tau: ArrayLike = 1e4

    class State(NamedTuple):
        step_size: np.ndarray  # alpha
        v: np.ndarray  # the running size of what moves log(alpha)
        h: np.ndarray

    def __post_init__(self):
        check(self, step_size=nonnegative, meta_step_size=nonnegative, tau=positive)

    def init(self, w: np.ndarray) -> State:
        zero = np.zeros_like(w)
        return self.State(self.step_size + zero, v=zero, h=zero)

    def step(self, w: np.ndarray, state: State, oracle: Curved) -> tuple[np.ndarray, State]:
        g, c = oracle.grad(w), oracle.curvature(w)
        alpha, v, h = state
        q = -g * h
        size = np.abs(q)
        v = np.maximum(size, v + alpha * c * (size - v) / self.tau)
        alpha = alpha * np.exp(self.meta_step_size * (q / np.maximum(v, TINY[v.dtype])))
        alpha /= np.maximum(np.add.reduce(alpha * c, axis=0), 1.0)
        move = alpha * g
        h = h * (1.0 - alpha * c)
        h -= move
        return w - move, self.State(alpha, v, h)
