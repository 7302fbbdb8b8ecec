"""Normalize the meta-gradient, optimize the step sizes: the book's hybrid of Adam and IDBD."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from stepsize.checks import Curved, Method, check, nonnegative, rate
from stepsize.methods.arithmetic import TINY

__all__ = ["NormalizedMetaIDBD"]


@dataclass(frozen=True)
class NormalizedMetaIDBD(Method):
    r"""IDBD whose meta-gradient is normalized and whose steps do not overshoot (this book, the
    chapter "Normalize and optimize"; the question is Degris's, Section 8).

    With :math:`g = -\delta x` and :math:`c = x^2`,

    .. math:: q &= -g\, h \\
              v &\leftarrow \gamma\, v + (1 - \gamma)\, q^2, \qquad
                  \hat v = v / (1 - \gamma^k) \\
              \beta &\leftarrow \beta + \mu\, q / \sqrt{\hat v} \\
              \alpha &\leftarrow e^\beta / M, \qquad
                  M = \max\Bigl(\sum_i e^{\beta_i} c_i,\; 1\Bigr) \\
              w &\leftarrow w - \alpha\, g \\
              h &\leftarrow h\, (1 - \alpha\, c)^+ - \alpha\, g

    Parameters
    ----------
    step_size : float or array of shape (*runs,)
        The first step size of every weight, alpha. Zero stays zero.
    meta_step_size : float or array of shape (*runs,)
        About how far log(alpha) moves in a step, mu.
    decay : float or array of shape (*runs,)
        How slowly the average square of q forgets, gamma, in [0, 1).

    Notes
    -----
    One gradient and one curvature a step; four vectors of memory. Multiplying all targets by a
    number changes no step size. It is :class:`Autostep` with Adam's normalizer in the place of
    the slow maximum; M bounds the one step and is not written back into beta. Where q has always
    been zero, beta rests.

    Examples
    --------
    >>> sample = ([1.0], 1.0)
    >>> trace = track(NormalizedMetaIDBD(0.5, 0.1, decay=0.0), [sample] * 2, examples=2, record=1)
    >>> trace.w[:, 0]
    array([0.        , 0.5       , 0.776...])
    >>> trace.step_size[:, 0]
    array([    nan, 0.5       , 0.552...])

    The first error is 1 and leaves w = h = 0.5. The second is 0.5, so q = 0.25 is its own root
    mean square: the step size is multiplied by exp(0.1).
    """

    step_size: ArrayLike = 0.05
    meta_step_size: ArrayLike = 0.01
    decay: ArrayLike = 0.999

    class State(NamedTuple):
        step_size: np.ndarray  # alpha, after the bound
        beta: np.ndarray
        h: np.ndarray  # the trace: how w depends on beta
        v: np.ndarray  # the running average of q squared
        decay_k: ArrayLike  # decay**k

    def __post_init__(self):
        check(self, step_size=nonnegative, meta_step_size=nonnegative, decay=rate)

    def init(self, w: np.ndarray) -> State:
        zero = np.zeros_like(w)
        alpha = self.step_size + zero
        with np.errstate(divide="ignore"):
            return self.State(alpha, np.log(alpha), h=zero, v=zero, decay_k=1.0)

    def step(self, w: np.ndarray, state: State, oracle: Curved) -> tuple[np.ndarray, State]:
        g, c = oracle.grad(w), oracle.curvature(w)
        h = state.h
        q = -g * h
        decay_k = state.decay_k * self.decay
        v = state.v * self.decay + (1.0 - self.decay) * (q * q)
        u = q / np.sqrt(np.maximum(v / (1.0 - decay_k), TINY[v.dtype]))
        beta = state.beta + self.meta_step_size * u
        alpha = np.exp(beta)
        alpha = alpha / np.maximum(np.add.reduce(alpha * c, axis=0), 1.0)
        move = alpha * g
        h = h * np.maximum(1.0 - alpha * c, 0.0) - move
        return w - move, self.State(alpha, beta, h, v, decay_k)
