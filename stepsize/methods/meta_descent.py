"""Step sizes by the chain rule through the whole past: with the Hessian, and without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from stepsize.checks import Bent, Method, Oracle, check, fraction, nonnegative, rate
from stepsize.methods.arithmetic import inner, ratio

__all__ = ["SMD", "MetaOptimize"]


@dataclass(frozen=True)
class SMD(Method):
    r"""Stochastic meta-descent: IDBD for any loss, with the whole Hessian (Schraudolph 1999).

    .. math:: p &\leftarrow p\, \max(\varrho,\; 1 - \mu\, g\, v) \\
              w &\leftarrow w - p\, g \\
              v &\leftarrow \lambda v - p\, (g + \lambda H v)

    component by component, with the gradient g and the Hessian H where the step begins. The trace
    v is how w depends on log p.

    Parameters
    ----------
    step_size : float or array of shape (*runs,)
        The first step size of every weight, p.
    meta_step_size : float or array of shape (*runs,)
        The step size of the step sizes, mu, in units of one over the loss.
    trace_decay : float or array of shape (*runs,)
        How long the past counts, lambda, in [0, 1).
    least_factor : float or array of shape (*runs,)
        The least by which p is multiplied in a step, rho, in [0, 1]; 1/2 in the paper.

    Notes
    -----
    One gradient and one Hessian-vector product a step, which count as two gradients; two vectors of
    memory. Nothing bounds p from above. The paper has the Gauss-Newton matrix as an option in
    place of H: give the oracle that ``hvp``. Where H is diagonal and lambda one, this is
    :class:`IDBD` without the rectifier and to first order in mu.

    Examples
    --------
    >>> bowl = quadratic([1.0, 4.0], minimizer=[1.0, -2.0])
    >>> method = SMD(step_size=0.1, meta_step_size=0.5, trace_decay=0.5)
    >>> trace = minimize(method, bowl, w0=[3.0, -1.0], iterations=2)
    >>> trace.w[1:], trace.step_size[2]
    (array([[ 2.8   , -1.4   ],
           [ 2.5876, -1.7552]]), array([0.118, 0.148]))

    The first gradient (2, 4) leaves v = (-0.2, -0.4). The second is (1.8, 2.4), so p grows by the
    factors 1 + 0.5 * 1.8 * 0.2 and 1 + 0.5 * 2.4 * 0.4.
    """

    step_size: ArrayLike
    meta_step_size: ArrayLike
    trace_decay: ArrayLike = 0.99
    least_factor: ArrayLike = 0.5

    class State(NamedTuple):
        step_size: np.ndarray  # p
        v: np.ndarray

    def __post_init__(self):
        check(
            self,
            step_size=nonnegative,
            meta_step_size=nonnegative,
            trace_decay=rate,
            least_factor=fraction,
        )

    def init(self, w: np.ndarray) -> State:
        zero = np.zeros_like(w)
        return self.State(self.step_size + zero, v=zero)

    def step(self, w: np.ndarray, state: State, oracle: Bent) -> tuple[np.ndarray, State]:
        p, v = state
        g, H_v = oracle.grad(w), oracle.hvp(w, v)
        p = p * np.maximum(self.least_factor, 1.0 - self.meta_step_size * g * v)
        move = p * g
        return w - move, self.State(p, self.trace_decay * (v - p * H_v) - move)


@dataclass(frozen=True)
class MetaOptimize(Method):
    r"""One step size for Adam, learned without Hessians (Sharifnassab, Salehkaleybar and Sutton
    2025): base Adam, meta Lion.

    .. math:: q &= h^\top g \\
              w &\leftarrow w - \alpha\, u \\
              h &\leftarrow \gamma\, h - \alpha\, u \\
              \log\alpha &\leftarrow \log\alpha
                  - \eta\, \mathrm{sign}\bigl(c\, n + (1 - c)\, q\bigr) \\
              n &\leftarrow \rho\, n + (1 - \rho)\, q

    with Adam's direction u, see :class:`Adam`. The trace h is how w depends on log alpha, if the
    gradients did not change with w.

    Parameters
    ----------
    step_size : float or array of shape (*runs,)
        The first step size, alpha.
    meta_step_size : float or array of shape (*runs,)
        How far log(alpha) moves in a step, eta.
    beta1, beta2, eps : float or array of shape (*runs,)
        Adam's.
    trace_decay : float or array of shape (*runs,)
        How much later losses count, gamma, in [0, 1).
    meta_beta1, meta_beta2 : float or array of shape (*runs,)
        Lion's, c and rho, in [0, 1).

    Notes
    -----
    One gradient a step; three vectors of memory. A step size given per weight gets the same factor
    in every weight. ``state.alpha`` is the next step size; ``state.step_size`` what multiplied the
    corrected average gradient, one per weight. The paper's weight decay kappa is left out: a
    penalty is the problem's. It also has other bases, metas, and blocks of weights with a step
    size each; its published package puts g for the average gradient into h.

    Examples
    --------
    >>> bowl = quadratic([1.0, 4.0], minimizer=[1.0, -2.0])
    >>> method = MetaOptimize(step_size=0.1, meta_step_size=0.5, beta1=0.0, beta2=0.0)
    >>> trace = minimize(method, bowl, w0=[3.0, -1.0], iterations=3)
    >>> trace.w[1:, 0]
    array([2.9       , 2.8       , 2.635...])

    Without memory u is the sign of the gradient. After the first step h is (-0.1, -0.1), which the
    second gradient (1.9, 3.6) finds good: the third step is 0.1 exp(0.5).
    """

    step_size: ArrayLike = 1e-3
    meta_step_size: ArrayLike = 1e-3
    beta1: ArrayLike = 0.9
    beta2: ArrayLike = 0.999
    eps: ArrayLike = 1e-8
    trace_decay: ArrayLike = 0.9999
    meta_beta1: ArrayLike = 0.9
    meta_beta2: ArrayLike = 0.99

    class State(NamedTuple):
        step_size: ArrayLike
        alpha: np.ndarray  # the next step size
        h: np.ndarray  # the trace: how w depends on log(alpha)
        n: ArrayLike  # average of the meta-gradients
        m: np.ndarray  # average of the gradients
        v: np.ndarray  # average of their squares
        beta1_k: ArrayLike  # beta1**k
        beta2_k: ArrayLike

    def __post_init__(self):
        steps = ("step_size", "meta_step_size", "eps")
        rates = ("beta1", "beta2", "trace_decay", "meta_beta1", "meta_beta2")
        check(self, **dict.fromkeys(steps, nonnegative), **dict.fromkeys(rates, rate))

    def init(self, w: np.ndarray) -> State:
        zero = np.zeros_like(w)
        none, alpha = np.full_like(w, np.nan), self.step_size + zero
        return self.State(none, alpha, h=zero, n=0.0, m=zero, v=zero, beta1_k=1.0, beta2_k=1.0)

    def step(self, w: np.ndarray, state: State, oracle: Oracle) -> tuple[np.ndarray, State]:
        g, (_, alpha, h, n, m, v, beta1_k, beta2_k) = oracle.grad(w), state
        m = self.beta1 * m + (1 - self.beta1) * g
        v = self.beta2 * v + (1 - self.beta2) * (g * g)
        beta1_k, beta2_k = beta1_k * self.beta1, beta2_k * self.beta2
        scale = ratio(1.0, np.sqrt(v / (1 - beta2_k)) + self.eps)
        move = alpha * (scale * (m / (1 - beta1_k)))
        q = inner(h, g)
        h = self.trace_decay * h - move
        sign = np.sign(self.meta_beta1 * n + (1 - self.meta_beta1) * q)
        n = self.meta_beta2 * n + (1 - self.meta_beta2) * q
        after = alpha * np.exp(-self.meta_step_size * sign)
        return w - move, self.State(alpha * scale, after, h, n, m, v, beta1_k, beta2_k)
