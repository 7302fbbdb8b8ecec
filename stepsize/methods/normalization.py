"""Step sizes normalized by the size of past gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from stepsize.checks import Method, Oracle, check, flag, nonnegative, rate
from stepsize.methods.arithmetic import ratio

__all__ = ["AdaGrad", "Adam", "RMSProp"]


def root(v, eps, eps_inside):
    """The square root, with eps inside or outside."""
    return np.sqrt(v + eps) if eps_inside else np.sqrt(v) + eps


@dataclass(frozen=True)
class AdaGrad(Method):
    r"""Divide by the root of the sum of all squared gradients (Duchi et al. 2011).

    .. math:: s_k(i) = \sum_{j \le k} g_j(i)^2, \qquad
              w_{k+1}(i) = w_k(i) - \frac{\alpha}{\sqrt{s_k(i)} + \epsilon}\, g_k(i)

    Parameters
    ----------
    step_size : float or array of shape (*runs,)
        The length of the first step of each weight, alpha.
    eps : float or array of shape (*runs,)
        Added to the root.

    Notes
    -----
    One gradient a step, one vector of memory. ``state.step_size`` is
    :math:`\alpha / (\sqrt{s} + \epsilon)`, one per weight. Where that denominator is zero (only
    with ``eps=0``) the step size is zero; a weight without gradients has the step size
    alpha/eps and stays. Gradients beyond 1e154 overflow the square: the step size is zero from
    then on. PyTorch iterates the same; optax starts the sum at 0.1 and has eps inside the root.

    Examples
    --------
    >>> bowl = quadratic([1.0, 4.0], minimizer=[1.0, -2.0])
    >>> trace = minimize(AdaGrad(step_size=0.1), bowl, w0=[3.0, -1.0], iterations=1)
    >>> trace.w[-1], trace.step_size[-1]
    (array([ 2.9, -1.1]), array([0.05 , 0.025]))

    The gradient is (2, 4): each weight goes 0.1, whatever its gradient.
    """

    step_size: ArrayLike
    eps: ArrayLike = 1e-10

    class State(NamedTuple):
        step_size: ArrayLike
        s: np.ndarray  # sum of the squared gradients

    def __post_init__(self):
        check(self, step_size=nonnegative, eps=nonnegative)

    def init(self, w: np.ndarray) -> State:
        return self.State(step_size=np.full_like(w, np.nan), s=np.zeros_like(w))

    def step(self, w: np.ndarray, state: State, oracle: Oracle) -> tuple[np.ndarray, State]:
        g = oracle.grad(w)
        s = state.s + g * g
        alpha = ratio(self.step_size, np.sqrt(s) + self.eps)
        return w - alpha * g, self.State(alpha, s)


@dataclass(frozen=True)
class RMSProp(Method):
    r"""Divide by the root of the running average of the squared gradient (Hinton's lecture).

    .. math:: v_k = \rho\, v_{k-1} + (1 - \rho)\, g_k^2, \quad v_{-1} = 0, \qquad
              w_{k+1} = w_k - \frac{\alpha}{\sqrt{v_k} + \epsilon}\, g_k

    for each weight on its own.

    Parameters
    ----------
    step_size : float or array of shape (*runs,)
        The numerator of the step sizes, alpha.
    decay : float or array of shape (*runs,)
        The decay rho of the average, in [0, 1); Degris's 1 - gamma.
    eps : float or array of shape (*runs,)
        Keeps the denominator from zero.
    eps_inside : bool
        :math:`\sqrt{v + \epsilon}`, as Degris writes it, in place of
        :math:`\sqrt{v} + \epsilon`.

    Notes
    -----
    One gradient a step, one vector of memory. ``state.step_size`` is alpha over the root, one
    per weight. The average starts at zero and is not corrected for it, so the first step
    sizes are too long by up to :math:`1/\sqrt{1 - \rho}`; ``Adam(beta1=0, beta2=rho)`` is the
    corrected version, which Degris means by RMSProp. Where the denominator is zero (only with
    ``eps=0``) the step size is zero; a weight without gradients has the step size alpha/eps and
    stays. Gradients beyond 1e154 overflow the square: the step size is zero from then on.
    PyTorch iterates the same, with 0.99 for rho; optax has eps inside the root unless told
    otherwise; others start the average at one.

    Examples
    --------
    >>> bowl = quadratic([1.0, 4.0], minimizer=[1.0, -2.0])
    >>> method = RMSProp(step_size=0.1, decay=0.75)
    >>> trace = minimize(method, bowl, w0=[3.0, -1.0], iterations=1)
    >>> trace.w[-1], trace.step_size[-1]
    (array([ 2.8, -1.2]), array([0.1 , 0.05]))

    The gradient is (2, 4), so v is (1, 4): both weights go 0.2, twice the step size, because
    the average starts at zero.
    """

    step_size: ArrayLike
    decay: ArrayLike = 0.9
    eps: ArrayLike = 1e-8
    eps_inside: bool = False

    class State(NamedTuple):
        step_size: ArrayLike
        v: np.ndarray  # average of the squared gradients

    def __post_init__(self):
        check(self, step_size=nonnegative, decay=rate, eps=nonnegative, eps_inside=flag)

    def init(self, w: np.ndarray) -> State:
        return self.State(step_size=np.full_like(w, np.nan), v=np.zeros_like(w))

    def step(self, w: np.ndarray, state: State, oracle: Oracle) -> tuple[np.ndarray, State]:
        g = oracle.grad(w)
        v = self.decay * state.v + (1 - self.decay) * (g * g)
        alpha = ratio(self.step_size, root(v, self.eps, self.eps_inside))
        return w - alpha * g, self.State(alpha, v)


@dataclass(frozen=True)
class Adam(Method):
    r"""Momentum over the root of the average squared gradient (Kingma and Ba 2015;
    Yao, Section 2.5).

    .. math:: m_k &= \beta_1 m_{k-1} + (1 - \beta_1) g_k, \qquad
                  v_k = \beta_2 v_{k-1} + (1 - \beta_2) g_k^2 \\
              w_{k+1} &= w_k - \alpha\,\frac{\hat m_k}{\sqrt{\hat v_k} + \epsilon}

    for each weight on its own, with :math:`\hat m_k = m_k / (1 - \beta_1^{k+1})` and
    :math:`\hat v_k = v_k / (1 - \beta_2^{k+1})`: averages that start at zero, corrected for it.

    Parameters
    ----------
    step_size : float or array of shape (*runs,)
        The numerator of the step sizes, alpha.
    beta1 : float or array of shape (*runs,)
        The decay of the average gradient, in [0, 1); zero turns momentum off.
    beta2 : float or array of shape (*runs,)
        The decay of the average squared gradient, in [0, 1).
    eps : float or array of shape (*runs,)
        Keeps the denominator from zero.
    bias_correction : bool
        Whether to divide by :math:`1 - \beta^{k+1}`; without it, and with ``beta1=0``, this is
        RMSProp.
    eps_inside : bool
        :math:`\sqrt{\hat v + \epsilon}`, as Degris writes it, in place of
        :math:`\sqrt{\hat v} + \epsilon`.

    Notes
    -----
    One gradient a step, two vectors of memory. ``state.step_size`` is alpha over the root, one
    per weight; it multiplies :math:`\hat m`. Where the denominator is zero (only with
    ``eps=0``) the step size is zero; a weight without gradients has the step size alpha/eps and
    stays. Gradients beyond 1e154 overflow the square: the step size is zero from then on.
    Yao prints the averages with 1/(1 - beta) in front and without the correction; the factor
    is 1 - beta. PyTorch and optax iterate the same as this.

    Examples
    --------
    >>> bowl = quadratic([1.0, 4.0], minimizer=[1.0, -2.0])
    >>> trace = minimize(Adam(step_size=0.1), bowl, w0=[3.0, -1.0], iterations=1)
    >>> trace.w[-1], trace.step_size[-1]
    (array([ 2.9, -1.1]), array([0.05 , 0.025]))

    Corrected for the bias, the first averages are the gradient (2, 4) and its square: each
    weight goes 0.1.
    """

    step_size: ArrayLike = 1e-3
    beta1: ArrayLike = 0.9
    beta2: ArrayLike = 0.999
    eps: ArrayLike = 1e-8
    bias_correction: bool = True
    eps_inside: bool = False

    class State(NamedTuple):
        step_size: ArrayLike
        m: np.ndarray  # average of the gradients
        v: np.ndarray  # average of their squares
        beta1_k: ArrayLike  # beta1**k, as a running product: the same bits everywhere
        beta2_k: ArrayLike

    def __post_init__(self):
        check(
            self,
            step_size=nonnegative,
            beta1=rate,
            beta2=rate,
            eps=nonnegative,
            bias_correction=flag,
            eps_inside=flag,
        )

    def init(self, w: np.ndarray) -> State:
        zero = np.zeros_like(w)
        return self.State(np.full_like(w, np.nan), m=zero, v=zero, beta1_k=1.0, beta2_k=1.0)

    def step(self, w: np.ndarray, state: State, oracle: Oracle) -> tuple[np.ndarray, State]:
        g = oracle.grad(w)
        m = self.beta1 * state.m + (1 - self.beta1) * g
        v = self.beta2 * state.v + (1 - self.beta2) * (g * g)
        beta1_k, beta2_k = state.beta1_k * self.beta1, state.beta2_k * self.beta2
        m_hat, v_hat = m, v
        if self.bias_correction:
            m_hat, v_hat = m / (1 - beta1_k), v / (1 - beta2_k)
        alpha = ratio(self.step_size, root(v_hat, self.eps, self.eps_inside))
        return w - alpha * m_hat, self.State(alpha, m, v, beta1_k, beta2_k)
