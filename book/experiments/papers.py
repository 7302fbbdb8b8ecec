"""The papers' experiments as they set them up, run once and shared by figures and claims."""

from __future__ import annotations

from functools import cache

import numpy as np

from stepsize.methods import Adam, Csawg, GradientDescent, HeavyBall, Nesterov, RMSProp
from stepsize.objectives import Objective, quadratic, rosenbrock
from stepsize.runs import minimize
from stepsize.streams import WeightFlipping

BOWL = quadratic([1000.0, 1.0], minimizer=[1.0, 1.0])
BOWL_START = (-1.0, 2.0)
BOWL_GD = GradientDescent(step_size=0.00099)
BOWL_STEP = 0.0009  # of the gradient descent inside Csawg

VALLEY = rosenbrock()
VALLEY_START = (-1.0, 0.0)
VALLEY_STEP = 0.001  # of gradient descent, alone and inside Csawg
VALLEY_STEPS = (0.0005, VALLEY_STEP, 0.0015, 0.002)  # from which the paper selects it
VALLEY_GD = GradientDescent(VALLEY_STEP)
VALLEY_CURVATURES = np.linalg.eigvalsh([[802.0, -400.0], [-400.0, 200.0]])  # of f'' at (1, 1)
SPEED_UPS = {2: 400, 5: 320, 10: 133}  # Fig. 5a: window to GD's error over Csawg's

PLAN_AGAIN = {"planning_steps": 5, "correction_steps": 10}  # Figs 2, 7 and 8

SEARCH = {
    "RMSProp": (RMSProp, (0.0005, 0.001, 0.0015, 0.01), (0.8, 0.9, 0.99)),
    "HeavyBall": (HeavyBall, (0.0015,), (0.8, 0.9)),
    "Adam": (Adam, (0.005, 0.01), (0.9, 0.99, 0.999), (0.99, 0.999, 0.9999)),
}
"""The search of Section 4 (Fig. 9): the class, then the values of its first hyper-parameters."""

FLIPPING = WeightFlipping()  # Sutton 1992; Degris, Fig. 2
RELEVANT = np.arange(FLIPPING.inputs) < FLIPPING.relevant
# Degris, Fig. 1; the relevant input is the first here and the second in the paper
TWO_WEIGHTS = WeightFlipping(inputs=2, relevant=1, flip_probability=0.5)


@cache
def on_bowl(method, iterations=10_000):
    """Fig. 3a and 4: a method on the convex bowl."""
    return minimize(method, BOWL, BOWL_START, iterations=iterations)


@cache
def in_valley(method, grad_evals=10_000):
    """Figs 5 to 9: a method in Rosenbrock's valley."""
    return minimize(method, VALLEY, VALLEY_START, grad_evals=grad_evals)


def bowl_csawg(window, **kwargs):
    return Csawg(step_size=BOWL_STEP, window=window, **kwargs)


def valley_csawg(window, step_size=VALLEY_STEP, **kwargs):
    return Csawg(step_size=step_size, window=window, **kwargs)


def plan_again(window, **kwargs):
    """Csawg of Figs 7 and 8: five planned steps, ten corrections each."""
    return valley_csawg(window, **{**PLAN_AGAIN, **kwargs})


def rmsprop(step_size, decay):
    """RMSProp as Degris has it: Adam without momentum, eps inside the root."""
    return Adam(step_size, beta1=0.0, beta2=decay, eps_inside=True)


def disturbed(start, runs=100, size=1e-13, seed=0):
    """Copies of a starting point, each disturbed by relative rounding noise of a size.

    Returns an array of shape (d, runs) whose first run is undisturbed.
    """
    start = np.array(start, dtype=float)[:, None]
    noise = size * np.random.default_rng(seed).standard_normal((len(start), runs))
    noise[:, 0] = 0.0
    return start + noise


@cache
def chain(d, mu, L):
    """Nesterov's worst function: weights in a row, each tied to its neighbours, the first pulled.

    Its curvatures lie between mu and L. From the origin, k gradients reach k weights at most.
    Returns the objective and two arrays over k = 0, ..., d: the least distance to the
    minimizer, and the least loss above the minimum, of any point whose weights beyond the k-th
    are zero.
    """
    c = (L - mu) / 4

    def product(w):
        """A w for the tridiagonal A."""
        v = (2 * c + mu) * w
        v[1:] -= c * w[:-1]
        v[:-1] -= c * w[1:]
        return v

    A, pull = product(np.eye(d)), c * np.eye(d)[0]
    minimizer = np.linalg.solve(A, pull)

    def grad(w):
        g = product(w)
        g[0] -= c
        return g

    def loss(w):
        e = w - minimizer.reshape(-1, *[1] * (w.ndim - 1))
        return 0.5 * (e * product(e)).sum(axis=0)

    def tails(v):
        return np.append(np.cumsum(v[::-1] ** 2)[::-1], 0.0)

    # the least loss of the first k weights is -1/2 |y_1..k|^2, where R y = pull and A = R R^T
    y = np.linalg.solve(np.linalg.cholesky(A), pull)
    return Objective(loss, grad, minimizer), np.sqrt(tails(minimizer)), tails(y) / 2


_ROOT = 1000**0.5  # of the bowl's condition number

PUBLISHED = {
    "Fig. 3a": {
        "methods": [
            BOWL_GD,
            HeavyBall(4 / (_ROOT + 1) ** 2, momentum=((_ROOT - 1) / (_ROOT + 1)) ** 2),
            Nesterov(0.001, momentum=(_ROOT - 1) / (_ROOT + 1)),
            bowl_csawg(2),
        ],
        "objective": "bowl",
        "w0": BOWL_START,
        "grad_evals": 2000,
    },
    "Fig. 3b": {
        "methods": [bowl_csawg(10)],
        "objective": "bowl",
        "w0": BOWL_START,
        "grad_evals": 2000,
    },
    "Fig. 5a": {
        "methods": [VALLEY_GD, *map(valley_csawg, (2, 5, 10))],
        "w0": VALLEY_START,
        "grad_evals": 10_000,
        "weight": 2,
    },
    "Fig. 6": {
        "methods": [VALLEY_GD, valley_csawg(2)],
        "w0": VALLEY_START,
        "grad_evals": 10_000,
    },
    "Fig. 7a": {
        "methods": [VALLEY_GD, *map(plan_again, (2, 10, 100))],
        "w0": VALLEY_START,
        "grad_evals": 1000,
    },
    "Fig. 9": {
        "methods": [
            valley_csawg(10),
            HeavyBall(0.0015, momentum=0.9),
            RMSProp(0.001, decay=0.9),
            Adam(0.01, beta1=0.9, beta2=0.999),
        ],
        "w0": VALLEY_START,
        "grad_evals": 10_000,
        "over": "iterations",
    },
}
"""Settings of Yao's figures, as arguments of ``explore.valley``. Where the paper gives no step size
and momentum (heavy ball, Nesterov) they are the best for the bowl's condition number. Of Fig. 9's
many settings there is one a method."""


def published(*names):
    """Some of :data:`PUBLISHED`, or all: presets for an explorer."""
    return {name: PUBLISHED[name] for name in names or PUBLISHED}
