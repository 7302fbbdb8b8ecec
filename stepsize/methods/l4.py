"""L4: the linearized loss, aimed a little below the lowest loss seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from stepsize.checks import (
    Method,
    Oracle,
    cap,
    check,
    finite,
    fraction,
    nonnegative,
    one_of,
    optional,
    per_run,
    rate,
)
from stepsize.methods.arithmetic import inner, ratio

__all__ = ["L4"]


@dataclass(frozen=True)
class L4(Method):
    r"""Choose the step size at which the linearized loss falls to a target
    (Yao, Section 2.3; Rolinek and Martius 2018).

    .. math:: \alpha_k = \lambda\,\frac{f(w_k) - \gamma L_k}{\hat g_k^\top v_k + \epsilon},
              \qquad w_{k+1} = w_k - \alpha_k v_k

    where :math:`\hat g` is the running average of the gradients, corrected for its bias, and
    :math:`L` follows the lowest loss: :math:`L_0 = \gamma_0 f(w_0)`, then
    :math:`L_k = \min\{(1 + 1/\tau) L_{k-1}, f(w_k)\}`.

    Parameters
    ----------
    direction : "momentum", "adam" or "gradient"
        The direction v: the averaged gradient; the same divided by the root of Adam's second
        moment; or the last gradient, which then also stands for the average.
    fraction : float or array of shape (*runs,)
        How much of the step to the target is taken, lambda; the paper's alpha.
    minimum_factor : float or array of shape (*runs,)
        How much of the lowest loss is thought to remain, gamma, in [0, 1].
    initial_factor : float or array of shape (*runs,)
        How much of the first loss is taken for the lowest, gamma_0.
    forget_time : float or array of shape (*runs,)
        The lowest loss is raised by the factor 1 + 1/tau a step; infinity remembers for good.
        (Yao's text puts 0.9, which is gamma, here; the original has 1000.)
    minimum : float or array of shape (*runs,), optional
        A known f*, which then replaces gamma L. With ``direction="gradient"``,
        ``fraction=1`` and ``eps=0`` that is Polyak's step size.
    beta1, beta2 : float or array of shape (*runs,)
        Decays of the averages of the gradient and of its square.
    direction_eps : float or array of shape (*runs,)
        Added to the root in Adam's direction.
    eps : float or array of shape (*runs,)
        Added to the denominator of the step size.

    Notes
    -----
    One loss and one gradient a step; one vector of memory, two for "adam". The state has
    ``estimate``, the target of the last step. The estimate supposes a loss that is never
    negative: for one that is, gamma L lies *above* L, and steps may turn negative; give
    ``minimum``. Where a denominator is zero (only with ``eps=0``) the step size is zero, and a
    component of Adam's direction with a zero denominator is zero. A loss that is not a number
    makes the estimate NaN for good.

    Examples
    --------
    >>> bowl = quadratic([1.0, 4.0], minimizer=[1.0, -2.0])
    >>> trace = minimize(L4(), bowl, w0=[3.0, -1.0], iterations=1)
    >>> trace.w[-1], trace.step_size[-1]
    (array([ 2.9805, -1.039 ]), array([0.00975, 0.00975]))

    The loss was 4, so L is 3 and the target 2.7; the squared gradient norm was 20, and
    0.15 (4 - 2.7) / 20 = 0.00975.
    """

    direction: str = "momentum"
    fraction: ArrayLike = 0.15
    minimum_factor: ArrayLike = 0.9
    initial_factor: ArrayLike = 0.75
    forget_time: ArrayLike = 1000.0
    minimum: ArrayLike | None = None
    beta1: ArrayLike = 0.9
    beta2: ArrayLike = 0.999
    direction_eps: ArrayLike = 1e-4
    eps: ArrayLike = 1e-12

    class State(NamedTuple):
        step_size: ArrayLike
        estimate: ArrayLike  # of f*, in the step just taken
        lowest: ArrayLike | None  # L for the next step; None before the first loss
        m: np.ndarray  # average of the gradients
        v: np.ndarray  # average of their squares
        beta1_k: ArrayLike  # beta1**k
        beta2_k: ArrayLike

    def __post_init__(self):
        check(
            self,
            direction=one_of("momentum", "adam", "gradient"),
            fraction=per_run(nonnegative),
            minimum_factor=per_run(fraction),
            initial_factor=per_run(nonnegative),
            forget_time=per_run(cap),
            minimum=optional(per_run(finite)),
            beta1=per_run(rate),
            beta2=per_run(rate),
            direction_eps=per_run(nonnegative),
            eps=per_run(nonnegative),
        )

    def init(self, w: np.ndarray) -> State:
        none, zero = np.full(w.shape[1:], np.nan, w.dtype), np.zeros_like(w)
        return self.State(none, none, lowest=None, m=zero, v=zero, beta1_k=1.0, beta2_k=1.0)

    def step(self, w: np.ndarray, state: State, oracle: Oracle) -> tuple[np.ndarray, State]:
        f, g = oracle.loss(w), oracle.grad(w)
        g_hat, v, state = self._directions(g, state)
        if self.minimum is None:
            first = state.lowest is None
            lowest = self.initial_factor * f if first else np.minimum(state.lowest, f)
            estimate = self.minimum_factor * lowest
            state = state._replace(lowest=(1 + 1 / self.forget_time) * lowest)
        else:
            estimate = self.minimum
        alpha = ratio(self.fraction * (f - estimate), inner(g_hat, v) + self.eps)
        return w - alpha * v, state._replace(step_size=alpha, estimate=estimate)

    def _directions(self, g, state):
        """The estimate of the gradient, the direction, and the state with their averages."""
        if self.direction == "gradient":
            return g, g, state
        beta1_k = state.beta1_k * self.beta1
        m = self.beta1 * state.m + (1 - self.beta1) * g
        state = state._replace(m=m, beta1_k=beta1_k)
        g_hat = m / (1 - beta1_k)
        if self.direction == "momentum":
            return g_hat, g_hat, state
        beta2_k = state.beta2_k * self.beta2
        v = self.beta2 * state.v + (1 - self.beta2) * (g * g)
        state = state._replace(v=v, beta2_k=beta2_k)
        return g_hat, ratio(g_hat, np.sqrt(v / (1 - beta2_k)) + self.direction_eps), state
