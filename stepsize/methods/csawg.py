"""Step-size planning: learn a diagonal step size from past updates, then leap with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from stepsize.checks import Method, Oracle, check, count, count_or_zero, flag, nonnegative, one_of
from stepsize.methods.arithmetic import add_product, ratio

__all__ = ["Csawg"]


@dataclass(frozen=True)
class Csawg(Method):
    r"""Component step-size adaptation from weight differences and squared gradients
    (Yao, Algorithms 1 and 2, eq. 9).

    Gradient descent with step size gamma runs all the time. Its last 2K updates
    :math:`(w_s, g_s)` are K pairs that lie K steps apart; every K iterations they give one
    step size per weight, a K-step model of descent itself, and the weights leap with it:

    .. math:: \alpha(i) = \frac{\sum_s g_s(i)\,\bigl(w_s(i) - w_{s+K}(i)\bigr)}{\sum_s g_s(i)^2},
              \qquad w(i) \leftarrow w(i) - \alpha(i)\, f'(w)(i)

    Parameters
    ----------
    step_size : float or array of shape (*runs,)
        The step size of gradient descent, gamma.
    window : int
        How many steps ahead a planned step looks, K. The first planning follows iteration 2K.
    planning_steps : int
        How often the learned step sizes are applied at one planning, P (1: Algorithm 1).
    correction_steps : int
        Gradient steps after each application, M (0: Algorithm 1).
    pairing : "published" or "derived"
        Which gradient stands beside w_s. "published", as Algorithm 1 reads: g_s is the
        gradient used in the step to w_s, so taken one step earlier. "derived", as eq. 9
        reads: the gradient at w_s itself, which the next evaluation gives for nothing.
    reuse_gradient : bool
        Project with the gradient evaluated last instead of a fresh one at the present weight.
        It saves one evaluation an application; the papers' counts need the fresh one.

    Notes
    -----
    One gradient an iteration and ``planning_steps * (1 + correction_steps)`` more each K
    iterations. Memory: two vectors for each of the last K updates, and two sums. Where all
    gradients of a weight in the window were zero, its learned step size is zero (Algorithm 1's
    rule, kept for Algorithm 2). Learned step sizes may be negative or large. ``state.step_size``
    holds them in the iterations that plan and NaN in the others.

    Raises
    ------
    ValueError
        ``pairing="derived"`` with ``reuse_gradient=True``: the gradient at the last weight of
        a window is the fresh one.

    Examples
    --------
    >>> bowl = quadratic([1.0, 4.0], minimizer=[0.0, 0.0])
    >>> trace = minimize(Csawg(0.25, window=1), bowl, w0=[16.0, 1.0], iterations=2)
    >>> trace.w
    array([[16.    ,  1.    ],
           [12.    ,  0.    ],
           [ 7.3125,  0.    ]])

    Gradient descent goes to 12 and 9. The pair (w_1 = 12, g_1 = 16) and w_2 = 9 gives the
    step size 16 (12 - 9) / 16^2 = 3/16, and the leap from 9 goes to 9 - 9 * 3/16.
    """

    step_size: ArrayLike
    window: int
    planning_steps: int = 1
    correction_steps: int = 0
    pairing: str = "published"
    reuse_gradient: bool = False

    class State(NamedTuple):
        step_size: ArrayLike  # the learned step sizes if this iteration planned
        k: int  # iterations of gradient descent so far
        updates: tuple  # the last K pairs (w_s, g_s), the oldest first
        sum_1: np.ndarray  # numerator of eq. 9 over the pairs seen since the last planning
        sum_2: np.ndarray  # its denominator

    def __post_init__(self):
        check(
            self,
            step_size=nonnegative,
            window=count,
            planning_steps=count,
            correction_steps=count_or_zero,
            pairing=one_of("published", "derived"),
            reuse_gradient=flag,
        )
        if self.reuse_gradient and self.pairing == "derived":
            raise ValueError(
                'reuse_gradient=True must go with pairing="published": the derived pairing needs '
                "the gradient at the weight from which planning starts"
            )

    def init(self, w: np.ndarray) -> State:
        zero = np.zeros_like(w)
        return self.State(np.nan, k=0, updates=(), sum_1=zero, sum_2=zero)

    def step(self, w: np.ndarray, state: State, oracle: Oracle) -> tuple[np.ndarray, State]:
        g, state = self._gradient(w, state, oracle)
        w = w - self.step_size * g
        state = self._remember(w, g, state)
        if state.k % self.window == 0 and state.k > self.window:
            return self._plan(w, g, state, oracle)
        return w, state

    def _gradient(self, w, state, oracle):
        """The gradient at w, which the derived pairing also files beside w."""
        g = oracle.grad(w)
        if state.k and state.updates[-1][1] is None:
            *older, (w_s, _) = state.updates
            state = state._replace(updates=(*older, (w_s, g.copy())))
        return g, state

    def _remember(self, w, g, state):
        _, k, updates, sum_1, sum_2 = state
        if k >= self.window:  # w is w_{s+K} of the oldest pair
            (w_s, g_s), *updates = updates
            sum_1 = add_product(sum_1, g_s, w_s - w)
            sum_2 = add_product(sum_2, g_s, g_s)
        g_s = g.copy() if self.pairing == "published" else None  # the gradient at w is yet to come
        return self.State(np.nan, k + 1, (*updates, (w.copy(), g_s)), sum_1, sum_2)

    def _plan(self, w, g, state, oracle):
        alpha = ratio(state.sum_1, state.sum_2)
        for _ in range(self.planning_steps):
            if not self.reuse_gradient:
                g, state = self._gradient(w, state, oracle)
            w = w - alpha * g
            for _ in range(self.correction_steps):
                g = oracle.grad(w)
                w = w - self.step_size * g
        zero = np.zeros_like(w)
        return w, state._replace(step_size=alpha, sum_1=zero, sum_2=zero)
