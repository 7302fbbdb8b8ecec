"""Hypergradient descent: gradient descent on the step size, one step back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from stepsize.checks import Method, Oracle, check, flag, nonnegative, rate
from stepsize.methods.arithmetic import inner, ratio

__all__ = ["AdamHD", "HypergradientDescent"]


@dataclass(frozen=True)
class HypergradientDescent(Method):
    r"""Lengthen the step while successive gradients agree (Yao, Section 2.7; Baydin et al. 2018).

    .. math:: \alpha_k = \alpha_{k-1} + \eta\, g_k^\top h_{k-1}, \qquad
              w_{k+1} = w_k - \alpha_k d_k

    with the direction :math:`d_k = \mu d_{k-1} + g_k` and the trace of past directions
    :math:`h_k = \lambda h_{k-1} + d_k`, both zero before the first step. Without momentum and
    trace, h is the last gradient: :math:`-g_k^\top g_{k-1}` is the derivative of f(w_k) by the
    step size that led there.

    Parameters
    ----------
    step_size : float or array of shape (*runs,)
        The first step size, alpha_0.
    meta_step_size : float or array of shape (*runs,)
        The rate at which it changes, eta. The additive rule's has the unit of alpha over a
        squared gradient; the multiplicative rule's has none.
    momentum : float or array of shape (*runs,)
        The momentum rate mu, in [0, 1).
    trace_decay : float or array of shape (*runs,)
        How long past directions are remembered, lambda, in [0, 1): the trace version, which
        the paper calls interesting to explore.
    multiplicative : bool
        Whether alpha is multiplied by :math:`1 + \eta \cos(g_k, h_{k-1})` instead.

    Notes
    -----
    One gradient a step; one vector of memory, two with momentum or trace. The new alpha is
    used at once, as in the paper and in the authors' code. Nothing keeps the additive rule's
    alpha positive: after an overshoot it may be negative, and the step then ascends; the next
    product is usually positive again. The multiplicative rule keeps the sign if eta < 1; its
    cosine is taken as zero where a norm is. A step size given per weight gets the same change
    in every weight.

    Examples
    --------
    >>> bowl = quadratic([1.0, 4.0], minimizer=[1.0, -2.0])
    >>> method = HypergradientDescent(step_size=0.1, meta_step_size=0.01)
    >>> trace = minimize(method, bowl, w0=[3.0, -1.0], iterations=2)
    >>> trace.w[1:], trace.step_size[1:, 0]
    (array([[ 2.8   , -1.4   ],
           [ 2.3824, -1.9568]]), array([0.1  , 0.232]))

    The gradients are (2, 4) and (1.8, 2.4) with product 13.2, so the second step size is
    0.1 + 0.01 * 13.2.
    """

    step_size: ArrayLike
    meta_step_size: ArrayLike
    momentum: ArrayLike = 0.0
    trace_decay: ArrayLike = 0.0
    multiplicative: bool = False

    class State(NamedTuple):
        step_size: ArrayLike
        d: np.ndarray  # the last direction
        h: np.ndarray  # the trace of directions

    def __post_init__(self):
        check(
            self,
            step_size=nonnegative,
            meta_step_size=nonnegative,
            momentum=rate,
            trace_decay=rate,
            multiplicative=flag,
        )

    def init(self, w: np.ndarray) -> State:
        zero = np.zeros_like(w)
        return self.State(self.step_size + zero, d=zero, h=zero)

    def step(self, w: np.ndarray, state: State, oracle: Oracle) -> tuple[np.ndarray, State]:
        g, h = oracle.grad(w), state.h
        if self.multiplicative:
            cosine = ratio(inner(g, h), np.sqrt(inner(g, g)) * np.sqrt(inner(h, h)))
            alpha = state.step_size * (1 + self.meta_step_size * cosine)
        else:
            alpha = state.step_size + self.meta_step_size * inner(g, h)
        d = self.momentum * state.d + g
        return w - alpha * d, self.State(alpha, d, self.trace_decay * h + d)


@dataclass(frozen=True)
class AdamHD(Method):
    r"""Adam whose step size descends its own hypergradient (Baydin et al. 2018).

    .. math:: \alpha_k = \alpha_{k-1} + \eta\, g_k^\top u_{k-1}, \qquad
              w_{k+1} = w_k - \alpha_k u_k, \qquad
              u_k = \frac{\sqrt{1 - \beta_2^{k+1}}}{\sqrt{v_k} + \epsilon}
              \cdot \frac{m_k}{1 - \beta_1^{k+1}}

    with Adam's averages m and v of the gradient and its square, and u zero before the first
    step.

    Parameters
    ----------
    step_size : float or array of shape (*runs,)
        The first step size, alpha_0.
    meta_step_size : float or array of shape (*runs,)
        The rate at which it changes, eta.
    beta1, beta2 : float or array of shape (*runs,)
        The decays of the two averages, in [0, 1).
    eps : float or array of shape (*runs,)
        Added to the root of the *uncorrected* second moment, as in the authors' code; in their
        paper, and in :class:`Adam`, it is added after the correction.

    Notes
    -----
    One gradient a step, three vectors of memory. ``state.alpha`` is the learned step size;
    ``state.step_size`` what multiplies the corrected average gradient, one per weight, as in
    :class:`Adam`. Nothing keeps alpha positive. Where a denominator is zero (only with
    ``eps=0``) that weight's step size is zero.

    Examples
    --------
    >>> bowl = quadratic([1.0, 4.0], minimizer=[1.0, -2.0])
    >>> method = AdamHD(step_size=0.1, meta_step_size=0.01, beta1=0.0, beta2=0.0)
    >>> trace = minimize(method, bowl, w0=[3.0, -1.0], iterations=2)
    >>> trace.w[1:]
    array([[ 2.9  , -1.1  ],
           [ 2.745, -1.255]])

    Without memory u is the sign of the gradient. The second gradient is (1.9, 3.6), so alpha
    becomes 0.1 + 0.01 * 5.5.
    """

    step_size: ArrayLike
    meta_step_size: ArrayLike
    beta1: ArrayLike = 0.9
    beta2: ArrayLike = 0.999
    eps: ArrayLike = 1e-8

    class State(NamedTuple):
        step_size: ArrayLike
        alpha: ArrayLike  # the learned step size
        u: np.ndarray  # the last direction
        m: np.ndarray  # average of the gradients
        v: np.ndarray  # average of their squares
        beta1_k: ArrayLike  # beta1**k
        beta2_k: ArrayLike

    def __post_init__(self):
        check(
            self,
            step_size=nonnegative,
            meta_step_size=nonnegative,
            beta1=rate,
            beta2=rate,
            eps=nonnegative,
        )

    def init(self, w: np.ndarray) -> State:
        zero = np.zeros_like(w)
        none, alpha = np.full_like(w, np.nan), self.step_size + zero
        return self.State(none, alpha, u=zero, m=zero, v=zero, beta1_k=1.0, beta2_k=1.0)

    def step(self, w: np.ndarray, state: State, oracle: Oracle) -> tuple[np.ndarray, State]:
        g = oracle.grad(w)
        alpha = state.alpha + self.meta_step_size * inner(g, state.u)
        m = self.beta1 * state.m + (1 - self.beta1) * g
        v = self.beta2 * state.v + (1 - self.beta2) * (g * g)
        beta1_k, beta2_k = state.beta1_k * self.beta1, state.beta2_k * self.beta2
        scale = ratio(np.sqrt(1 - beta2_k), np.sqrt(v) + self.eps)
        u = scale * (m / (1 - beta1_k))
        return w - alpha * u, self.State(alpha * scale, alpha, u, m, v, beta1_k, beta2_k)
