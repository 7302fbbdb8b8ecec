"""Step-size planning: learn a diagonal step size from past updates, then leap with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from stepsize.checks import (
    Method,
    Oracle,
    check,
    count,
    count_or_zero,
    flag,
    nonnegative,
    one_of,
    optional,
)
from stepsize.methods.arithmetic import add_product, inner, ratio

__all__ = ["SAFEGUARDS", "Csawg"]

SAFEGUARDS = ("leap",)  # the recommended one first


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
    safeguard : None or "leap"
        None, as published: learned step sizes are trusted. "leap": an application with its
        corrections counts only if the loss is not above that where it began. After the first
        that does not count, the rest of the planning is gradient descent from there. Where the
        two losses differ by rounding alone, the gradients at both places decide; the later one
        is the next that is asked for anyway.

    Notes
    -----
    One gradient an iteration and ``planning_steps * (1 + correction_steps)`` more each K
    iterations. Memory: two vectors for each of the last K updates, and two sums. Where all
    gradients of a weight in the window were zero, its learned step size is zero (Algorithm 1's
    rule, kept for Algorithm 2). Learned step sizes may be negative or large. ``state.step_size``
    holds them in the iterations that plan and NaN in the others. The safeguard asks for
    ``planning_steps + 1`` losses a planning and for no gradient.

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
    safeguard: str | None = None

    class State(NamedTuple):
        step_size: ArrayLike  # the learned step sizes if this iteration planned
        k: int  # iterations of gradient descent so far
        updates: tuple  # the last K pairs (w_s, g_s), the oldest first
        sum_1: np.ndarray  # numerator of eq. 9 over the pairs seen since the last planning
        sum_2: np.ndarray  # its denominator
        doubt: tuple | None  # where a leap began, the gradient there, and where it is in doubt

    def __post_init__(self):
        check(
            self,
            step_size=nonnegative,
            window=count,
            planning_steps=count,
            correction_steps=count_or_zero,
            pairing=one_of("published", "derived"),
            reuse_gradient=flag,
            safeguard=optional(one_of(*SAFEGUARDS)),
        )
        if self.reuse_gradient and self.pairing == "derived":
            raise ValueError(
                'reuse_gradient=True must go with pairing="published": the derived pairing needs '
                "the gradient at the weight from which planning starts"
            )

    def init(self, w: np.ndarray) -> State:
        zero = np.zeros_like(w)
        return self.State(np.nan, k=0, updates=(), sum_1=zero, sum_2=zero, doubt=None)

    def step(self, w: np.ndarray, state: State, oracle: Oracle) -> tuple[np.ndarray, State]:
        w, g, state = self._gradient(w, state, oracle)
        w = w - self.step_size * g
        state = self._remember(w, g, state)
        if state.k % self.window == 0 and state.k > self.window:
            return self._plan(w, g, state, oracle)
        return w, state

    def _gradient(self, w, state, oracle):
        """The gradient at w, which also settles a doubt, and which the derived pairing files."""
        g = oracle.grad(w)
        if state.doubt is not None:
            start, before, doubt = state.doubt
            # on a quadratic, twice the difference of the losses
            back = doubt & ~(inner(before + g, w - start) <= 0)
            w, g = np.where(back, start, w), np.where(back, before, g)
            state = state._replace(doubt=None)
        if state.k and state.updates[-1][1] is None:
            *older, (w_s, _) = state.updates
            state = state._replace(updates=(*older, (w_s, g.copy())))
        return w, g, state

    def _remember(self, w, g, state):
        _, k, updates, sum_1, sum_2, _ = state
        if k >= self.window:  # w is w_{s+K} of the oldest pair
            (w_s, g_s), *updates = updates
            sum_1 = add_product(sum_1, g_s, w_s - w)
            sum_2 = add_product(sum_2, g_s, g_s)
        g_s = g.copy() if self.pairing == "published" else None  # the gradient at w is yet to come
        updates = (*updates, (w.copy(), g_s))
        return self.State(np.nan, k + 1, updates, sum_1, sum_2, None)

    def _plan(self, w, g, state, oracle):
        alpha = step = ratio(state.sum_1, state.sum_2)
        f = oracle.loss(w) if self.safeguard else None
        for _ in range(self.planning_steps):
            if not self.reuse_gradient:
                landed = w
                w, g, state = self._gradient(w, state, oracle)
                if self.safeguard:
                    step = self._where((w == landed).all(axis=0), step)
            start, before = w, g.copy() if self.safeguard else g
            w = w - step * g
            for _ in range(self.correction_steps):
                g = oracle.grad(w)
                w = w - self.step_size * g
            if self.safeguard:
                trial = oracle.loss(w)
                tied = np.abs(trial - f) <= 64 * np.finfo(w.dtype).eps * np.abs(f)
                tied = tied & (not self.reuse_gradient)  # that gradient is not start's
                good = tied | (trial <= f)
                w, g = np.where(good, w, start), np.where(good, g, before)
                f, step = np.where(good, trial, f), self._where(good, step)
                state = state._replace(doubt=(start, before, tied))
        zero = np.zeros_like(w)
        return w, state._replace(step_size=alpha, sum_1=zero, sum_2=zero)

    def _where(self, good, step):
        """The step sizes of the next leap: gradient descent's where one was taken back."""
        return np.where(good, step, self.step_size * np.ones_like(step))
