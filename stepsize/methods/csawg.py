"""Step-size planning: learn a diagonal step size from past updates, then leap with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from stepsize.checks import ByValue, check, count, count_or_zero, flag, nonnegative, one_of

__all__ = ["Csawg"]


class CsawgState:
    """What Csawg remembers: two K-by-d rings and a few vectors."""

    def __init__(self, w, window):
        self.k = 0  # iterations of gradient descent so far
        self.weights = np.empty((window, *w.shape))  # w_s, overwritten by w_{s+K}
        self.grads = np.empty((window, *w.shape))  # g_s, overwritten by g_{s+K}
        self.sum_1 = np.zeros_like(w)  # numerator of eq. 9 over the pairs seen so far
        self.sum_2 = np.zeros_like(w)  # its denominator
        self.late = None  # derived pairing: the slot that waits for the gradient at its weight
        self.none = np.full_like(w, np.nan)
        self.step_size = self.none  # the learned step sizes if this iteration planned


@dataclass(frozen=True)
class Csawg(ByValue):
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
    iterations. Memory: two K-by-d arrays and a few vectors. Where all gradients of a weight
    in the window were zero, its learned step size is zero (Algorithm 1's rule, kept for
    Algorithm 2). Learned step sizes may be negative or large. ``state.step_size`` holds them
    in the iterations that plan and NaN in the others.

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

    def init(self, w):
        return CsawgState(w, self.window)

    def step(self, w, state, oracle):
        g = self._gradient(w, state, oracle)
        w = w - self.step_size * g
        self._remember(w, g, state)
        state.step_size = state.none
        if state.k % self.window == 0 and state.k > self.window:
            w = self._plan(w, g, state, oracle)
        return w, state

    def _gradient(self, w, state, oracle):
        """The gradient at w, which the derived pairing also files beside w."""
        g = oracle.grad(w)
        if state.late is not None:
            slot, state.late = state.late, None
            state.grads[slot] = g
        return g

    def _remember(self, w, g, state):
        slot = state.k % self.window
        if state.k >= self.window:  # the later half of a pair: w is w_{s+K}
            g_s = state.grads[slot]
            state.sum_1 += g_s * (state.weights[slot] - w)
            state.sum_2 += g_s * g_s
        state.weights[slot] = w
        state.grads[slot] = g
        if self.pairing == "derived":
            state.late = slot
        state.k += 1

    def _plan(self, w, g, state, oracle):
        alpha = np.divide(state.sum_1, state.sum_2, out=np.zeros_like(w), where=state.sum_2 != 0)
        state.step_size = alpha
        for _ in range(self.planning_steps):
            if not self.reuse_gradient:
                g = self._gradient(w, state, oracle)
            w = w - alpha * g
            for _ in range(self.correction_steps):
                g = oracle.grad(w)
                w = w - self.step_size * g
        state.sum_1 = np.zeros_like(w)
        state.sum_2 = np.zeros_like(w)
        return w
