"""Polyak's step size, and its version for stochastic gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from stepsize.checks import (
    Method,
    Oracle,
    at_least_one,
    cap,
    check,
    finite,
    nonnegative,
    optional,
    per_run,
    positive,
)
from stepsize.methods.arithmetic import inner, ratio

__all__ = ["Polyak", "StochasticPolyak"]


@dataclass(frozen=True)
class Polyak(Method):
    r"""Step to where the tangent plane meets the minimum (Yao, eq. 1).

    .. math:: \alpha_k = \frac{f(w_k) - f^\star}{\lVert g_k \rVert^2},
              \qquad w_{k+1} = w_k - \alpha_k g_k

    Parameters
    ----------
    minimum : float or array of shape (*runs,)
        The loss at the minimizer, f*. With too low a guess the steps stay too long; with too
        high a guess the walk ends at that level, to which negative steps climb from below.
    max_step : float or array of shape (*runs,)
        Upper bound on the step size. The paper has none: infinity.

    Notes
    -----
    One loss and one gradient a step, no memory. Where the squared norm of the gradient is
    zero (in double precision, for norms below about 1e-162) the step size is zero. A loss or
    a gradient that is not finite ends the run. optax and jaxopt cap the step size at 1 unless
    told otherwise, and optax stops where the squared norm is below 2e-16.

    Examples
    --------
    >>> bowl = quadratic([1.0, 4.0], minimizer=[1.0, -2.0])
    >>> trace = minimize(Polyak(minimum=0.0), bowl, w0=[3.0, -1.0], iterations=1)
    >>> trace.w[-1], trace.step_size[-1]
    (array([ 2.6, -1.8]), array([0.2, 0.2]))

    The loss was 4 and the squared gradient norm 20, so the step size is 4/20.
    """

    minimum: ArrayLike
    max_step: ArrayLike = np.inf

    class State(NamedTuple):
        step_size: ArrayLike

    def __post_init__(self):
        check(self, minimum=per_run(finite), max_step=per_run(cap))

    def init(self, w: np.ndarray) -> State:
        return self.State(step_size=np.full(w.shape[1:], np.nan, w.dtype))

    def step(self, w: np.ndarray, state: State, oracle: Oracle) -> tuple[np.ndarray, State]:
        g = oracle.grad(w)
        alpha = ratio(oracle.loss(w) - self.minimum, inner(g, g))
        alpha = np.minimum(alpha, self.max_step)
        return w - alpha * g, self.State(alpha)


@dataclass(frozen=True)
class StochasticPolyak(Method):
    r"""Polyak's step size on the sampled loss: SPS (Loizou et al. 2021).

    .. math:: \alpha_k = \min\Bigl\{\frac{f_k(w_k) - f_k^\star}{c\,\lVert g_k \rVert^2
              + \epsilon},\ \alpha_{\max},\ \rho\,\alpha_{k-1}\Bigr\},
              \qquad w_{k+1} = w_k - \alpha_k g_k

    Parameters
    ----------
    minimum : float or array of shape (*runs,)
        The least value of each sampled loss, f_k*: zero if the model can interpolate.
    scale : float or array of shape (*runs,)
        The constant c. With 1/2 the step is twice Polyak's, which on a parabola in one
        dimension is Newton's.
    max_step : float or array of shape (*runs,)
        Upper bound on the step size, for noise that does not vanish at the minimizer.
    eps : float or array of shape (*runs,)
        Added to the denominator.
    growth : float or array of shape (*runs,), optional
        The step size may grow by at most this factor a step, rho; at least 1. The authors
        use 2 ** (1 / batches in a pass). The first step size is not limited by it.

    Notes
    -----
    One loss and one gradient a step, no memory beyond the last step size. Where the
    denominator is zero the step size is zero, and ``growth`` counts from the last step size
    that was not. A sampled loss below ``minimum`` makes the step negative. The authors' code
    adds 1e-8 to the denominator, starts ``growth`` from a step size of 1, sets negative step
    sizes to zero, and after one zero gradient its growing version stays at zero. The
    ``scaling`` of optax stands where c stands, not before the fraction.

    Examples
    --------
    >>> bowl = quadratic([1.0, 4.0], minimizer=[1.0, -2.0])
    >>> trace = minimize(StochasticPolyak(), bowl, w0=[3.0, -1.0], iterations=1)
    >>> trace.w[-1], trace.step_size[-1]
    (array([ 2.2, -2.6]), array([0.4, 0.4]))

    The loss was 4 and the squared gradient norm 20, so the step size is 4 / (20 / 2).
    """

    minimum: ArrayLike = 0.0
    scale: ArrayLike = 0.5
    max_step: ArrayLike = np.inf
    eps: ArrayLike = 0.0
    growth: ArrayLike | None = None

    class State(NamedTuple):
        step_size: ArrayLike
        last: ArrayLike  # the last step size that was not zero

    def __post_init__(self):
        check(
            self,
            minimum=per_run(finite),
            scale=per_run(positive),
            max_step=per_run(cap),
            eps=per_run(nonnegative),
            growth=optional(per_run(at_least_one)),
        )

    def init(self, w: np.ndarray) -> State:
        none = np.full(w.shape[1:], np.nan, w.dtype)
        return self.State(step_size=none, last=np.full_like(none, np.inf))

    def step(self, w: np.ndarray, state: State, oracle: Oracle) -> tuple[np.ndarray, State]:
        g = oracle.grad(w)
        alpha = ratio(oracle.loss(w) - self.minimum, self.scale * inner(g, g) + self.eps)
        alpha = np.minimum(alpha, self.max_step)
        if self.growth is not None:
            alpha = np.minimum(alpha, self.growth * state.last)
        return w - alpha * g, self.State(alpha, last=np.where(alpha > 0, alpha, state.last))
