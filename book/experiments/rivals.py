"""Rivals that the papers do not race: a secant for each weight, and momentum with averaging."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from stepsize.methods import HeavyBall


class SecantState(NamedTuple):
    step_size: np.ndarray
    w: np.ndarray
    g: np.ndarray


@dataclass(frozen=True)
class Secant:
    """The secant of each weight along the last step; the first step size where that is no step.

    Zero and negative curvatures, and the first step, take the step size that is given.
    """

    step_size: ArrayLike

    def init(self, w):
        nothing = np.full_like(w, np.nan)
        return SecantState(self.step_size + np.zeros_like(w), nothing, nothing)

    def step(self, w, state, oracle):
        g = oracle.grad(w)
        with np.errstate(all="ignore"):
            alpha = (w - state.w) / (g - state.g)
        alpha = np.where((alpha > 0) & np.isfinite(alpha), alpha, self.step_size)
        return w - alpha * g, SecantState(alpha, w, g)


class AveragedState(NamedTuple):
    step_size: np.ndarray
    ball: HeavyBall.State
    w: np.ndarray  # where heavy ball is
    k: int


@dataclass(frozen=True)
class Averaged(HeavyBall):
    """Heavy ball, of whose iterates the last ``share`` is averaged (Polyak and Juditsky 1992).

    The average is a running one: the k-th iterate has the weight 1 / (1 + share k) in it.
    """

    share: ArrayLike = 0.5

    def init(self, w):
        ball = super().init(w)
        return AveragedState(ball.step_size, ball, w, 0)

    def step(self, w, state, oracle):
        at, ball = super().step(state.w, state.ball, oracle)
        average = w + (at - w) / (1 + self.share * state.k)
        return average, AveragedState(ball.step_size, ball, at, state.k + 1)
