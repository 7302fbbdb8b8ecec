r"""Closed forms that experiments are held against.

On a quadratic every method of this module treats the eigen-directions of the curvature one by
one. So each formula speaks of one direction with curvature :math:`\lambda > 0` and of the error
:math:`e = w - w^\star` in it; a bowl's rate is the largest over its curvatures,
:math:`\mu` to :math:`L`.

A **rate** here is a factor of the *distance* to the minimizer an iteration, in the long run. The
loss is a square: it shrinks by the rate squared.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from stepsize.checks import count, count_or_zero, flag, nonnegative, one_of, real
from stepsize.streams import WeightFlipping

__all__ = [
    "CsawgPlannings",
    "best_gradient_descent",
    "best_heavy_ball",
    "best_nesterov",
    "csawg_limit",
    "csawg_plannings",
    "csawg_work",
    "flipping_errors",
    "gradient_descent_rate",
    "heavy_ball_rate",
    "kalman_gain",
    "nesterov_parameters",
    "nesterov_rate",
]


# ---- gradient descent and momentum -------------------------------------------------------------


def gradient_descent_rate(curvature: ArrayLike, step_size: ArrayLike) -> np.ndarray:
    r"""Rate of gradient descent, :math:`|1 - \alpha\lambda|`.

    Parameters
    ----------
    curvature : float or array
        The curvature, lambda.
    step_size : float or array
        The step size, alpha.

    Examples
    --------
    >>> from stepsize.theory import gradient_descent_rate
    >>> gradient_descent_rate(np.array([1.0, 4.0]), 0.25)
    array([0.75, 0.  ])
    """
    return np.abs(1 - np.multiply(step_size, curvature))


def _two_step_rate(b, c):
    r"""Spectral radius of the two-step matrix of e_{k+1} = b e_k - c e_{k-1}.

    Its eigenvalues solve z^2 - b z + c = 0: a complex pair of modulus sqrt(c), or two real roots.
    """
    inside = b * b - 4 * c
    real = (np.abs(b) + np.sqrt(np.maximum(inside, 0))) / 2
    return np.where(inside < 0, np.sqrt(np.abs(c)), real)[()]


def heavy_ball_rate(curvature: ArrayLike, step_size: ArrayLike, momentum: ArrayLike) -> np.ndarray:
    r"""Rate of heavy ball: the spectral radius of its two-step matrix.

    .. math:: \begin{pmatrix} e_{k+1} \\ e_k \end{pmatrix} =
              \begin{pmatrix} 1 + p - \alpha\lambda & -p \\ 1 & 0 \end{pmatrix}
              \begin{pmatrix} e_k \\ e_{k-1} \end{pmatrix}

    Parameters
    ----------
    curvature, step_size, momentum : float or array
        The curvature lambda, the step size alpha and the momentum rate p; they broadcast.

    Examples
    --------
    >>> from stepsize.theory import best_heavy_ball, heavy_ball_rate
    >>> step_size, momentum = best_heavy_ball(1.0, 9.0)
    >>> step_size, momentum
    (0.25, 0.25)
    >>> heavy_ball_rate(np.array([1.0, 4.0, 9.0]), step_size, momentum)
    array([0.5, 0.5, 0.5])
    """
    alpha_lambda, p = np.multiply(step_size, curvature), real("momentum", momentum)
    return _two_step_rate(1 + p - alpha_lambda, p)


def nesterov_rate(curvature: ArrayLike, step_size: ArrayLike, momentum: ArrayLike) -> np.ndarray:
    r"""Rate of Nesterov's accelerated gradient, likewise.

    .. math:: e_{k+1} = (1 + \gamma)(1 - \alpha\lambda)\, e_k
              - \gamma\,(1 - \alpha\lambda)\, e_{k-1}

    Parameters
    ----------
    curvature, step_size, momentum : float or array
        The curvature lambda, the step size alpha and the rate gamma; they broadcast.

    Examples
    --------
    >>> from stepsize.theory import nesterov_parameters, nesterov_rate
    >>> step_size, momentum = nesterov_parameters(1.0, 9.0)
    >>> print(f"{nesterov_rate(1.0, step_size, momentum):.6f}")  # 1 - sqrt(1/9)
    0.666667
    """
    rho, gamma = 1 - np.multiply(step_size, curvature), real("momentum", momentum)
    return _two_step_rate((1 + gamma) * rho, gamma * rho)


def best_gradient_descent(mu: float, L: float) -> float:
    r"""The step size :math:`2/(L + \mu)`, whose rate :math:`(L - \mu)/(L + \mu)` is the least."""
    return 2 / (L + mu)


def best_heavy_ball(mu: float, L: float) -> tuple[float, float]:
    r"""Polyak's step size and momentum, the best on quadratics.

    .. math:: \alpha = \frac{4}{(\sqrt L + \sqrt\mu)^2}, \qquad
              p = \Bigl(\frac{\sqrt L - \sqrt\mu}{\sqrt L + \sqrt\mu}\Bigr)^2, \qquad
              \text{rate } \sqrt p
    """
    a, b = np.sqrt(L), np.sqrt(mu)
    return float(4 / (a + b) ** 2), float(((a - b) / (a + b)) ** 2)


def nesterov_parameters(mu: float, L: float) -> tuple[float, float]:
    r"""The paper's step size :math:`1/L` and momentum (Yao, Section 2.1).

    .. math:: \gamma = \frac{\sqrt L - \sqrt\mu}{\sqrt L + \sqrt\mu}, \qquad
              \text{rate } 1 - \sqrt{\mu/L}
    """
    a, b = np.sqrt(L), np.sqrt(mu)
    return 1 / L, float((a - b) / (a + b))


def best_nesterov(mu: float, L: float) -> tuple[float, float]:
    r"""Step size and momentum that are best on quadratics (Lessard et al. 2016, Prop. 1).

    .. math:: \alpha = \frac{4}{3L + \mu}, \qquad
              \gamma = \frac{\sqrt{3\kappa + 1} - 2}{\sqrt{3\kappa + 1} + 2}, \qquad
              \text{rate } 1 - \frac{2}{\sqrt{3\kappa + 1}}, \quad \kappa = L/\mu
    """
    root = np.sqrt(3 * L / mu + 1)
    return 4 / (3 * L + mu), float((root - 2) / (root + 2))


# ---- Csawg -------------------------------------------------------------------------------------


class CsawgPlannings(NamedTuple):
    """Plannings 1, 2, ... of Csawg in one direction: see :func:`csawg_plannings`."""

    step_size: np.ndarray
    """The learned step sizes, alpha_n."""
    factor: np.ndarray
    """What a leap multiplies the error by, q_n."""
    window: np.ndarray
    """What a window, K steps and the planning, multiplies the error by, B_{n+1}."""
    error: np.ndarray
    """e / e_0 after the planning, so after (n + 1) K iterations."""
    grad_evals: np.ndarray
    """The gradients asked for by then."""


def csawg_plannings(
    curvature: ArrayLike,
    step_size: ArrayLike,
    window: int,
    plannings: int,
    planning_steps: int = 1,
    correction_steps: int = 0,
    pairing: str = "published",
    reuse_gradient: bool = False,
) -> CsawgPlannings:
    r"""Csawg (Yao, Algorithms 1 and 2) on a quadratic, exactly: one recursion for every variant.

    With :math:`\rho = 1 - \gamma\lambda` a step of gradient descent multiplies the error by rho
    and a leap of planning n by :math:`q_n`. The errors of a pair of planning n have one ratio
    :math:`B_n`, whatever its place in the window: K steps lie between them and, but for the
    first, the planning before. So the sums of eq. 9 cancel, and

    .. math:: B_1 = \rho^K, \qquad q_n = (1 - c) + c\,B_n, \qquad
              B_{n+1} = \rho^K (\rho^M q_n)^P,

    where :math:`c = \rho` for the published pairing, and 1 for the derived one and for the
    published one with the gradient at hand. That gradient is as old as the one beside
    :math:`w_s`, and the two delays cancel. The learned step size is
    :math:`\alpha_n = (1 - B_n)/\lambda`, times rho for the published pairing, and the error
    :math:`e_0 B_1 \cdots B_{n+1}`. Where c is one, :math:`B_n = \rho^{b_n}` with
    the whole numbers :math:`b_1 = K, b_{n+1} = K + P M + P\,b_n`.

    Parameters
    ----------
    curvature, step_size : float or array
        lambda > 0 and the step size of gradient descent, gamma; they broadcast.
    window, plannings : int
        K, and how many plannings.
    planning_steps, correction_steps, pairing, reuse_gradient
        P, M and the variant, as in :class:`stepsize.Csawg`.

    Returns
    -------
    CsawgPlannings
        Arrays whose first axis has length ``plannings``.

    Notes
    -----
    With ``reuse_gradient`` and no corrections all leaps of a planning go along one gradient:
    :math:`B_{n+1} = \rho^K (1 - P (1 - q_n))`, which grows where :math:`P |\rho|^K > 1`.

    Examples
    --------
    The example of :class:`stepsize.Csawg`: from 16 to 7.3125 with a step size of 3/16.

    >>> from stepsize.theory import csawg_plannings
    >>> first = csawg_plannings(1.0, step_size=0.25, window=1, plannings=1)
    >>> first.step_size, 16 * first.error, first.grad_evals
    (array([0.1875]), array([7.3125]), array([3]))
    """
    one_of("published", "derived")("pairing", pairing)
    K, P = count("window", window), count("planning_steps", planning_steps)
    M, reuse = count_or_zero("correction_steps", correction_steps), flag("reuse", reuse_gradient)
    n = np.arange(1, count("plannings", plannings) + 1)
    rho = 1 - np.multiply(step_size, curvature)
    late = rho if pairing == "published" else 1.0
    c = 1.0 if reuse else late
    B, q = [rho**K], []
    for _ in n:
        q.append((1 - c) + c * B[-1])
        leaps = 1 - P * (1 - q[-1]) if reuse and M == 0 else (rho**M * q[-1]) ** P
        B.append(rho**K * leaps)
    B = np.array(B)
    return CsawgPlannings(
        step_size=late * (1 - B[:-1]) / curvature,
        factor=np.array(q),
        window=B[1:],
        error=np.cumprod(B, axis=0)[1:],
        grad_evals=K * (n + 1) + P * (M + (not reuse)) * n,
    )


def csawg_work(
    grad_evals: int,
    window: int,
    planning_steps: int = 1,
    correction_steps: int = 0,
    reuse_gradient: bool = False,
) -> int:
    r"""How many steps of gradient descent Csawg's are worth in a slow direction.

    As long as that number times :math:`\gamma\lambda` is small, every variant multiplies the
    error by :math:`(1 - \gamma\lambda)^W` with :math:`W = b_1 + \dots + b_{n+1}` from
    :func:`csawg_plannings`; the derived pairing does so always. One leap a planning without
    corrections, after :math:`N = (n + 1)(K + 1) - 1` evaluations, is worth

    .. math:: W = \frac{K (n + 1)(n + 2)}{2} = \frac{K (N + 1)(N + K + 2)}{2 (K + 1)^2} .

    Examples
    --------
    >>> from stepsize.theory import csawg_work
    >>> csawg_work(29, window=2)  # nine plannings: 2 (1 + 2 + ... + 10)
    110
    """
    K, P, M = window, planning_steps, correction_steps
    b = work = spent = K
    while (spent := spent + P * (M + (not reuse_gradient)) + K) <= grad_evals:
        b = K + P * M + P * b
        work += b
    return work


def csawg_limit(
    curvature: ArrayLike,
    step_size: ArrayLike,
    window: int,
    planning_steps: int = 1,
    correction_steps: int = 0,
) -> np.ndarray:
    r"""What a window of the published pairing multiplies the error by in the long run, B_infinity.

    It is where the recursion of :func:`csawg_plannings` rests, and Csawg converges where it is
    below one in size. For one leap a planning

    .. math:: B_\infty = \frac{\rho^{K+M} (1 - \rho)}{1 - \rho^{K+M+1}},

    about :math:`1/(K + M + 1)` for small :math:`\gamma\lambda`. Odd K + M can diverge
    below 2/lambda, even ones cannot. Where c is one there is no such floor: :math:`B_n` goes to
    zero.

    Examples
    --------
    >>> from stepsize.theory import csawg_limit
    >>> print(f"{csawg_limit(1.0, 1.9, window=1):.4f} {csawg_limit(1.0, 1.9, window=2):.4f}")
    -9.0000 0.8901

    These are -0.9 * 1.9 / (1 - 0.81) and 0.81 * 1.9 / (1 + 0.729).
    """
    rho, s = 1 - np.multiply(step_size, curvature), window + correction_steps
    if planning_steps == 1:
        return rho**s * (1 - rho) / (1 - rho ** (s + 1))
    most = 10_000  # plannings, from which on nothing moves
    settings = curvature, step_size, window, most, planning_steps, correction_steps
    with np.errstate(all="ignore"):
        return csawg_plannings(*settings).window[-1]


# ---- weights that flip -------------------------------------------------------------------------


def flipping_errors(stream: WeightFlipping, step_size: ArrayLike) -> np.ndarray:
    r"""The exact mean squared error of LMS with constant step sizes on weights that flip, in parts.

    With :math:`v = w^\star - w` the prediction error is :math:`\delta = v^\top x`. For
    independent standard normal inputs :math:`E[x^4] = 3`, so the second moments
    :math:`m(i) = E[v(i)^2]` go on by themselves,

    .. math:: m(i) \leftarrow \bigl(1 - 2\alpha(i) + 2\alpha(i)^2\bigr)\, m(i)
              + \alpha(i)^2 \Bigl(r^2 + \sum_j m(j)\Bigr),

    where r is the target's noise, and between flips nothing is approximated. A weight that flips,
    with probability p, changes :math:`v s` by 2, s being the sign of its target. Hence :math:`m(i)`
    grows by :math:`4 p\,(1 - u)` on average, where :math:`u = E[v s]` before the chance to flip; u
    becomes :math:`(1 - 2p)\, u + 2p` then, and shrinks by :math:`1 - \alpha(i)` a step. These are
    linear equations for what repeats from flip to flip. Their error stays finite where

    .. math:: \alpha(i) < 1 \quad\text{and}\quad
              \sum_i \frac{\alpha(i)}{2\,(1 - \alpha(i))} < 1 .

    Parameters
    ----------
    stream : WeightFlipping
        The problem. Inputs of another scale than 1 are as well: only :math:`\alpha(i)` times the
        variance matters.
    step_size : array of shape (d,) or (d, *runs)
        One step size for each weight. A weight with the step size zero stays at zero.

    Returns
    -------
    array of shape (d, *runs)
        The long-run mean of :math:`(v(i)\, x(i))^2`. **The sum over i is the mean squared error**,
        but for the noise's square. Infinite where LMS is unstable in the mean square.

    Examples
    --------
    The best step sizes in Sutton's problem for all weights alike, and for the five that matter:

    >>> from stepsize.theory import flipping_errors
    >>> alike, oracle = np.full(20, 0.034), np.where(np.arange(20) < 5, 0.1375, 0.0)
    >>> step_size = np.stack([alike, oracle], axis=1)
    >>> flipping_errors(WeightFlipping(), step_size).sum(axis=0)
    array([3.353..., 1.371...])
    """
    step_size = nonnegative("step_size", step_size)
    d, variance = stream.inputs, np.broadcast_to(np.square(stream.input_scale), stream.inputs)
    if len(step_size) != d:
        raise ValueError(f"step_size must have {d} rows, one per input, got {len(step_size)}")
    a = np.moveaxis(step_size, 0, -1) * variance  # runs first, as numpy.linalg wants them
    matters = np.arange(d) < stream.relevant
    p = np.where(matters, stream.flip_probability / stream.relevant, 0.0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        stable = (a < 1).all(axis=-1) & ((a / (2 * (1 - a))).sum(axis=-1) < 1)
        # below 1e-8 rounding would eat the equations; their limit is what zero gives
        kept = np.where(stable[..., None] & (a >= 1e-8), a, 0.0)
        shrunk = (1 - kept) ** stream.flip_every
        u = np.where(p > 0, 2 * p / (1 - (1 - 2 * p) * shrunk), 0.0)  # right after a chance
    size = stream.scale**2 * variance
    jump = 4 * p * (1 - u * shrunk) * size

    one = np.eye(d)
    step = (1 - 2 * kept + 2 * kept**2)[..., None] * one + (kept**2)[..., None]
    period, total = np.broadcast_to(one, step.shape), np.zeros(step.shape)
    noise, driven = (kept**2 * stream.noise**2)[..., None], 0.0
    for _ in range(stream.flip_every):
        driven = driven + total @ noise
        total, period = total + period, period @ step
    jump = jump + (total @ noise)[..., 0]
    # m = period m + jump right after a chance; a weight that never learns keeps what it had
    never = kept == 0
    m = np.linalg.solve(
        one - period + never[..., None] * one,
        np.where(never, matters * size, jump)[..., None],
    )
    errors = (total @ m + driven)[..., 0] / stream.flip_every
    return np.moveaxis(np.where(stable[..., None], errors, np.inf), -1, 0)


# ---- a drifting level ---------------------------------------------------------------------------


def kalman_gain(drift: ArrayLike, noise: ArrayLike = 1.0) -> np.ndarray:
    r"""The best constant step size for a level that drifts and is seen through noise
    (Sutton 1981; Degris, eq. 2).

    A level takes Gaussian steps of standard deviation :math:`\sigma`, the drift, and is seen
    through noise of standard deviation :math:`r`, as in :class:`stepsize.RateTracking`. In the
    long run the Kalman filter is LMS with the step size that solves
    :math:`r^2 \alpha^2 + \sigma^2 \alpha = \sigma^2`,

    .. math:: \alpha^\star = \frac{-\sigma^2 + \sqrt{\sigma^4 + 4 r^2 \sigma^2}}{2 r^2}
                          = \frac{2\sigma}{\sigma + \sqrt{\sigma^2 + 4 r^2}} .

    The right form is the one computed: it loses no digits and allows r = 0, where the step size
    is one. The least mean squared prediction error is :math:`r^2 / (1 - \alpha^\star)`.

    Parameters
    ----------
    drift : float or array
        Standard deviation of the level's steps, sigma.
    noise : float or array
        Standard deviation of the noise, r. (In Degris, 1.)

    Returns
    -------
    float or array
        NaN where drift and noise are both zero: there is nothing to weigh.

    Examples
    --------
    >>> from stepsize.theory import kalman_gain
    >>> kalman_gain(1.5), kalman_gain(3.0, noise=2.0)
    (np.float64(0.75), np.float64(0.75))

    With sigma = 3/2: sqrt(9/4 + 4) = 5/2, so the step size is 3 / (3/2 + 5/2).
    """
    drift, noise = nonnegative("drift", drift), nonnegative("noise", noise)
    with np.errstate(invalid="ignore"):
        return np.divide(2 * drift, drift + np.hypot(drift, 2 * noise))
