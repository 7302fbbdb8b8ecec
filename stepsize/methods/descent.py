"""Gradient descent and its two classic accelerations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from stepsize.checks import Method, Oracle, check, nonnegative, or_word, rate

__all__ = ["GradientDescent", "HeavyBall", "Nesterov"]


@dataclass(frozen=True)
class GradientDescent(Method):
    r"""Gradient descent; on linear samples, LMS.

    .. math:: w_{k+1} = w_k - \alpha f'(w_k)

    Parameters
    ----------
    step_size : float or array of shape (*runs,)
        The step size, alpha. It must stay below 2/L where L is the largest curvature.

    Notes
    -----
    One gradient a step.

    Examples
    --------
    >>> bowl = quadratic([1.0, 4.0], minimizer=[1.0, -2.0])
    >>> minimize(GradientDescent(0.25), bowl, w0=[3.0, -1.0], iterations=1).w[-1]
    array([ 2.5, -2. ])

    The gradient is (2, 4): the steeper weight is done in one step, the other keeps 3/4.
    """

    step_size: ArrayLike

    class State(NamedTuple):
        step_size: ArrayLike

    def __post_init__(self):
        check(self, step_size=nonnegative)

    def init(self, w: np.ndarray) -> State:
        return self.State(step_size=self.step_size + np.zeros_like(w))

    def step(self, w: np.ndarray, state: State, oracle: Oracle) -> tuple[np.ndarray, State]:
        return w - self.step_size * oracle.grad(w), state


@dataclass(frozen=True)
class HeavyBall(Method):
    r"""Gradient descent with Polyak's momentum (Yao, eq. 10).

    .. math:: w_{k+1} = w_k - \alpha f'(w_k) + p\,\Delta_k, \qquad \Delta_k = w_k - w_{k-1},
              \quad \Delta_0 = 0

    Parameters
    ----------
    step_size : float or array of shape (*runs,)
        The step size, alpha.
    momentum : float or array of shape (*runs,)
        The momentum rate p, in [0, 1).

    Notes
    -----
    One gradient a step; one more vector of memory. With a constant step size it is what
    PyTorch's SGD with ``momentum`` iterates (there the sum of gradients is kept, and the
    step size multiplies it, which differs when the step size changes on the way).

    Examples
    --------
    >>> bowl = quadratic([1.0, 4.0], minimizer=[1.0, -2.0])
    >>> minimize(HeavyBall(0.25, momentum=0.5), bowl, w0=[3.0, -1.0], iterations=2).w
    array([[ 3.   , -1.   ],
           [ 2.5  , -2.   ],
           [ 1.875, -2.5  ]])

    The second step has gradient (1.5, 0) and momentum 0.5 (-0.5, -1).
    """

    step_size: ArrayLike
    momentum: ArrayLike = 0.9

    class State(NamedTuple):
        step_size: ArrayLike
        previous: np.ndarray  # w_{k-1}

    def __post_init__(self):
        check(self, step_size=nonnegative, momentum=rate)

    def init(self, w: np.ndarray) -> State:
        return self.State(self.step_size + np.zeros_like(w), previous=w.copy())

    def step(self, w: np.ndarray, state: State, oracle: Oracle) -> tuple[np.ndarray, State]:
        delta = w - state.previous
        after = w - self.step_size * oracle.grad(w) + self.momentum * delta
        return after, state._replace(previous=w.copy())


@dataclass(frozen=True)
class Nesterov(Method):
    r"""Nesterov's accelerated gradient, the sequence x_k of Yao, Section 2.1.

    .. math:: y_{k+1} = x_k - \alpha f'(x_k), \qquad
              x_{k+1} = y_{k+1} + \gamma_k (y_{k+1} - y_k), \quad y_0 = x_0

    Parameters
    ----------
    step_size : float or array of shape (*runs,)
        The step size alpha, 1/L in the paper.
    momentum : float, array of shape (*runs,) or "increasing"
        The rate gamma in [0, 1); ``(sqrt(L) - sqrt(mu)) / (sqrt(L) + sqrt(mu))`` is best
        for a mu-strongly convex, L-smooth loss. ``"increasing"`` is the schedule of 1983 for
        convex losses: gamma_k = (t_k - 1) / t_{k+1} with t_0 = 1 and
        t_{k+1} = (1 + sqrt(1 + 4 t_k^2)) / 2.

    Notes
    -----
    One gradient a step. The iterates are the points x_k where gradients are taken, as in
    PyTorch's and optax's Nesterov momentum; the theory bounds f(y_k). The state has ``y``.

    Examples
    --------
    >>> bowl = quadratic([1.0, 4.0], minimizer=[1.0, -2.0])
    >>> minimize(Nesterov(0.25, momentum=0.5), bowl, [3.0, -1.0], iterations=1).w[-1]
    array([ 2.25, -2.5 ])

    The gradient step goes to (2.5, -2) and the momentum half as far again.
    """

    step_size: ArrayLike
    momentum: ArrayLike | str = 0.9

    class State(NamedTuple):
        step_size: ArrayLike
        y: np.ndarray  # the point after the gradient step, y_k
        t: float  # the 1983 schedule's t_k

    def __post_init__(self):
        check(self, step_size=nonnegative, momentum=or_word(rate, "increasing"))

    def init(self, w: np.ndarray) -> State:
        return self.State(self.step_size + np.zeros_like(w), y=w.copy(), t=1.0)

    def step(self, w: np.ndarray, state: State, oracle: Oracle) -> tuple[np.ndarray, State]:
        t, gamma = state.t, self.momentum
        if isinstance(gamma, str):
            t = (1 + math.sqrt(1 + 4 * state.t * state.t)) / 2
            gamma = (state.t - 1) / t
        y = w - self.step_size * oracle.grad(w)
        return y + gamma * (y - state.y), state._replace(y=y, t=t)
