"""LossGrad: a parabola along the step tells whether the step was too long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from stepsize.checks import Method, Oracle, at_least_one, check, nonnegative, per_run
from stepsize.methods.arithmetic import inner

__all__ = ["LossGrad"]


@dataclass(frozen=True)
class LossGrad(Method):
    r"""Shorten the next step where this one passed the minimum of a parabola
    (Yao, Section 2.4; Wójcik et al. 2019).

    .. math:: w_{k+1} &= w_k - h_k g_k \\
              r_k &= \frac{f(w_{k+1}) - f(w_k) + h_k \lVert g_k \rVert^2}
                          {h_k \lVert g_k \rVert^2} \\
              h_{k+1} &= \begin{cases} h_k / c & r_k > 1/2 \\ c\,h_k & \text{else} \end{cases}

    The numerator is e_k, the error of the linearized loss. The parabola through f(w_k) with
    slope :math:`-\lVert g_k \rVert^2` and through f(w_{k+1}) still falls at h_k if r_k < 1/2.

    Parameters
    ----------
    step_size : float or array of shape (*runs,)
        The first step size, h_0.
    factor : float or array of shape (*runs,)
        By how much it changes a step, c, at least 1.

    Notes
    -----
    One gradient and two losses a step (a framework that gets f(w_k) with its gradient pays
    one extra), no memory beyond h. The step is taken whatever it does to the loss. Where r_k is
    0/0, at a zero gradient, or not a number, h stays as it is. The authors' code adds 1e-25 to
    the denominator and lengthens the step in both cases: at a minimizer h then grows without
    bound. A step to an infinite loss shortens the next.

    Examples
    --------
    >>> bowl = quadratic([1.0, 4.0], minimizer=[1.0, -2.0])
    >>> method = LossGrad(step_size=0.25, factor=2.0)
    >>> trace = minimize(method, bowl, w0=[3.0, -1.0], iterations=2)
    >>> trace.w[1:]
    array([[ 2.5 , -2.  ],
           [ 1.75, -2.  ]])

    The loss fell from 4 to 1.125, while 4 - 20/4 = -1 was promised: r = 2.125 / 5 < 1/2, so
    the second step has the size 0.5.
    """

    step_size: ArrayLike
    factor: ArrayLike = 1.05

    class State(NamedTuple):
        step_size: ArrayLike
        h: ArrayLike  # the next step size

    def __post_init__(self):
        check(self, step_size=nonnegative, factor=per_run(at_least_one))

    def init(self, w: np.ndarray) -> State:
        h = self.step_size + np.zeros_like(w)
        return self.State(step_size=h, h=h)

    def step(self, w: np.ndarray, state: State, oracle: Oracle) -> tuple[np.ndarray, State]:
        h, g = state.h, oracle.grad(w)
        after = w - h * g
        promised = inner(g, h * g)
        loss_after = np.array(oracle.loss(after))  # a copy: the next answer may come in its place
        error = loss_after - oracle.loss(w) + promised
        # r > 1/2 without the division; neither holds for NaN
        too_long = error > promised / 2
        too_short = (error <= promised / 2) & (promised > 0)
        kept_or_longer = np.where(too_short, h * self.factor, h)
        return after, self.State(step_size=h, h=np.where(too_long, h / self.factor, kept_or_longer))
