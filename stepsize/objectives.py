"""Deterministic problems: a loss, its gradient and, where it is known, its curvature.

Everything here is component-first: weights ``w`` have shape (d,) or (d, *runs), a gradient
has the shape of ``w`` and a loss the shape ``runs``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from stepsize.checks import (
    FLOAT,
    answer,
    count,
    count_or_zero,
    finite,
    flag,
    nonnegative,
    optional,
    point,
    real,
    single,
    starting_point,
    whole,
)

__all__ = [
    "Objective",
    "beale",
    "camel",
    "least_squares",
    "logistic_regression",
    "quadratic",
    "rosenbrock",
]


HINT = "use sums over axis=0, or Objective(loss, grad, vectorized=False)"


def one_by_one(name, alone, again, among, every):
    """Refuse an answer that other runs change; one that differs at one point is only noisy."""
    noisy = not np.array_equal(alone, again, equal_nan=True)
    coarse = max(np.finfo(alone.dtype).eps / np.finfo(float).eps, 1.0)
    near = {"rtol": 1e-6 * np.sqrt(coarse), "atol": 1e-12 * coarse, "equal_nan": True}
    near["atol"] *= np.abs(every[np.isfinite(every)]).max(initial=1.0)
    if not noisy and not np.allclose(among, alone, **near):
        raise ValueError(f"{name} does not treat runs on trailing axes one by one: {HINT}")


class Objective:
    r"""A function to minimize, with its gradient: an oracle that every method can ask.

    Parameters
    ----------
    loss : callable
        ``loss(w) -> (*runs)`` for ``w`` of shape (d, *runs).
    grad : callable
        ``grad(w) -> (d, *runs)``.
    minimizer : array of shape (d,), optional
        Where the loss is least, w*. Errors are Euclidean distances to it.
    minimum : float, optional
        The least loss, f*. Computed from ``minimizer`` if that is given.
    curvature : callable, optional
        ``curvature(w) -> (d, *runs)``, the diagonal of the Hessian.
    hvp : callable, optional
        ``hvp(w, v) -> (d, *runs)``, the Hessian times v.
    vectorized : bool
        Whether the functions accept trailing axes. If not, they are called once a run with
        ``w`` of shape (d,). What is said here is checked at the first call.

    Attributes
    ----------
    minimizer : array of shape (d,) or None
        As given; None where it is not known.
    minimum : float or None
        The loss at the minimizer; None where it is not known.
    dim : int or None
        The number of weights, where the minimizer or the constructor tells it.

    Raises
    ------
    ValueError
        If a function returns a wrong shape or no real numbers, changes the ``w`` that it is
        given, or treats runs together (a sum without ``axis=0``, say) though it is declared
        vectorized. A function whose answers differ at one point is noisy, and not compared.

    Notes
    -----
    Functions of JAX and PyTorch take one point at a time: ``vectorized=False``. Objectives can be
    pickled, except where Python cannot pickle their functions: lambdas, and functions in functions.

    Examples
    --------
    >>> cone = Objective(lambda w: np.hypot(*w), lambda w: w / np.hypot(*w), [0, 0])
    >>> cone.loss(np.array([3.0, 4.0])), cone.grad(np.array([3.0, 4.0]))
    (np.float64(5.0), array([0.6, 0.8]))
    """

    def __init__(
        self,
        loss: Callable,
        grad: Callable,
        minimizer: ArrayLike | None = None,
        minimum: float | None = None,
        curvature: Callable | None = None,
        vectorized: bool = True,
        *,
        dim: int | None = None,
        hvp: Callable | None = None,
    ) -> None:
        self._functions = {"loss": loss, "grad": grad, "curvature": curvature, "hvp": hvp}
        for name, function in self._functions.items():
            if not callable(function) and (name in ("loss", "grad") or function is not None):
                raise ValueError(f"{name} must be callable, got {function!r}")
        self._checked, self._made = set(), None
        self.vectorized = flag("vectorized", vectorized)
        self.dim = optional(count)("dim", dim)
        self.minimizer = None
        if minimizer is not None:
            self.minimizer = point("minimizer", minimizer, self.dim)
            self.dim = len(self.minimizer)
        self.minimum = optional(single(finite))("minimum", minimum)
        if minimum is None and self.minimizer is not None:
            self.minimum = float(self.loss(self.minimizer))

    def made_by(self, function: Callable, *args: Any) -> Self:
        """The same, pickled as the call that makes it: closures cannot be."""
        self._made = function, args
        return self

    def __reduce_ex__(self, protocol):
        if self._made is None:
            return super().__reduce_ex__(protocol)
        known = {k: v for k, v in vars(self).items() if not k.startswith("_functions")}
        return *self._made, known

    def loss(self, w: np.ndarray) -> np.ndarray:
        """The loss f(w), shape ``runs``."""
        return self._call("loss", w)

    def grad(self, w: np.ndarray) -> np.ndarray:
        """The gradient f'(w), shape (d, *runs)."""
        return self._call("grad", w)

    def curvature(self, w: np.ndarray) -> np.ndarray:
        """The diagonal of the Hessian f''(w), shape (d, *runs).

        Raises
        ------
        ValueError
            If the objective does not know its curvature.
        """
        self._known("curvature")
        return self._call("curvature", w)

    def hvp(self, w: np.ndarray, v: np.ndarray) -> np.ndarray:
        """The Hessian f''(w) times v, shape (d, *runs); a run counts it as a gradient.

        Raises
        ------
        ValueError
            If the objective does not know it.
        """
        self._known("hvp")
        v = real("v", v, dtype=None)
        if v.shape != np.shape(w):
            raise ValueError(f"v must have the shape of w, {np.shape(w)}, got {v.shape}")
        return self._call("hvp", w, v)

    def _known(self, name):
        if self._functions[name] is None:
            raise ValueError(
                f"this objective does not know its {name}: pass {name}= to Objective, "
                "or make it with Objective.from_sympy"
            )

    def _call(self, name, w, *v):
        if type(w) is not np.ndarray or w.dtype is not FLOAT:
            w = real("w", w, dtype=None)
        if (name, w.shape[:1]) not in self._checked:
            self._check(name, w, *v)
        return self._evaluate(name, w, *v)

    def _evaluate(self, name, *points):
        function, w = self._functions[name], points[0]
        runs = w.shape[1:]
        if self.vectorized or not runs:
            return answer(name, function(*points), runs if name == "loss" else w.shape, "", w.dtype)
        each = zip(*(point.reshape(len(w), -1).T for point in points))
        values = np.stack([np.array(self._evaluate(name, *one)) for one in each], axis=-1)
        return values.reshape(values.shape[:-1] + runs)

    def _check(self, name, w, *v):
        """Hold one column against the same column among others, before the first answer."""
        starting_point(np.zeros(w.shape[:1]), self.dim, "w")
        one = w.reshape(len(w), -1)[:, :1]
        if one.shape[1] == 0:
            return
        with np.errstate(all="ignore"):
            given = one[:, 0].copy()
            v = [np.ones_like(given) for _ in v]
            alone = np.array(self._evaluate(name, given, *v))
            if not np.array_equal(given, one[:, 0], equal_nan=True):
                raise ValueError(f"{name} must not change the w that it is given, but a copy")
            if self.vectorized:
                again = np.array(self._evaluate(name, given, *v))
                others = [one + 0.5, one / 2] + [one + 0.5] * (len(w) == 3)
                # never d runs, so that no axis passes for another
                batch = np.stack([*others, one], axis=2)  # (d, 1, runs)
                try:
                    both = self._evaluate(name, batch, *(np.ones_like(batch) for _ in v))
                except Exception as error:
                    raise ValueError(
                        f"{name} fails on w of shape {batch.shape} ({error}): {HINT}"
                    ) from error
                one_by_one(name, alone, again, both[..., 0, -1], both)
        self._checked.add((name, w.shape[:1]))

    @classmethod
    def from_sympy(
        cls, expression: Any, symbols: Any, minimizer: ArrayLike | None = None
    ) -> Objective:
        """An objective whose derivatives come from one expression.

        Parameters
        ----------
        expression : str or sympy.Expr
            The loss. A string may hold numbers, the declared symbols, ``+ - * / **`` and
            the functions of :data:`stepsize.expressions.FUNCTIONS`; it is parsed, never
            executed. The loss is what the text says in floating point: ``x/x`` is NaN at
            zero, which SymPy makes 1. Where the loss is NaN its derivatives are, too.
        symbols : str or sequence of str or sympy.Symbol
            The weights in order, ``"x y"`` for instance.
        minimizer : array of shape (d,), optional
            Where the loss is least.

        Raises
        ------
        ValueError
            If the text is not such an expression, a symbol in it is not declared, or it is
            too long, too deep or has too many derivatives; the message says which.
        ImportError
            Without SymPy, which ``pip install 'stepsize[sympy]'`` brings. An example is at
            :func:`stepsize.expressions.derivatives`.
        """
        from stepsize.expressions import derivatives  # SymPy takes a while to import

        loss, grad, curvature, hvp, dim = derivatives(expression, symbols)
        objective = cls(loss, grad, minimizer, curvature=curvature, dim=dim, hvp=hvp)
        symbols = symbols if isinstance(symbols, str) else tuple(symbols)
        return objective.made_by(cls.from_sympy, expression, symbols)


def _column(values, w):
    """``values`` of shape (d,) in the precision of ``w`` of shape (d, *runs), lined up with it."""
    values = values.astype(w.dtype, copy=False)
    return values if w.ndim == 1 else values.reshape(-1, *[1] * (w.ndim - 1))


def quadratic(
    curvature: ArrayLike, minimizer: ArrayLike | None = None, rotation: float = 0.0
) -> Objective:
    r"""A convex bowl (Yao, Section 3).

    .. math:: f(w) = \tfrac12 (w - w^\star)^\top Q (w - w^\star)

    Parameters
    ----------
    curvature : array of shape (d,) or (d, d)
        The eigenvalues of Q, or Q itself (symmetric, positive semi-definite).
    minimizer : array of shape (d,), optional
        w*; the origin unless given.
    rotation : float
        Angle in radians by which the bowl is turned in the plane of the first two weights.

    Examples
    --------
    >>> bowl = quadratic([10.0, 1.0], minimizer=[1.0, 1.0])
    >>> bowl.loss(np.array([-1.0, 2.0])), bowl.grad(np.array([-1.0, 2.0]))
    (np.float64(20.5), array([-20.,   1.]))
    """
    Q = np.asarray(finite("curvature", curvature))
    if Q.ndim not in (1, 2) or (Q.ndim == 2 and Q.shape[0] != Q.shape[1]):
        raise ValueError(f"curvature must have shape (d,) or (d, d), got {Q.shape}")
    if Q.ndim == 2 and not np.allclose(Q, Q.T):
        raise ValueError("curvature must be a symmetric matrix, got one that is not")
    if np.min(Q if Q.ndim == 1 else np.linalg.eigvalsh(Q)) < -1e-12 * np.abs(Q).max():
        raise ValueError("curvature must not be negative in any direction: a bowl has a minimum")
    d = len(Q)
    w_star = np.zeros(d) if minimizer is None else point("minimizer", minimizer, d)
    rotation = single(finite)("rotation", rotation)
    if rotation != 0.0:
        if d < 2:
            raise ValueError("rotation needs at least two weights, curvature has one")
        R = np.eye(d)
        c, s = np.cos(rotation), np.sin(rotation)
        R[:2, :2] = [[c, -s], [s, c]]
        Q = R @ (np.diag(Q) if Q.ndim == 1 else Q) @ R.T

    if Q.ndim == 1:

        def hvp(w, v):
            return _column(Q, v) * v

        diagonal = Q
    else:
        first, *rest = Q.T

        def hvp(w, v):
            if d < 8:  # a fixed order of summation: the same bits alone and in a batch
                total = _column(first, v) * v[0]
                for column, x in zip(rest, v[1:], strict=True):
                    total = total + _column(column, v) * x
                return total
            return _product(Q, v)

        diagonal = np.diag(Q)

    def grad(w):
        return hvp(w, w - _column(w_star, w))

    def loss(w):
        return 0.5 * ((w - _column(w_star, w)) * grad(w)).sum(axis=0)

    def curvature_of(w):
        return np.broadcast_to(_column(diagonal, w), w.shape)

    bowl = Objective(loss, grad, w_star, 0.0, curvature_of, hvp=hvp)
    return bowl.made_by(quadratic, Q, w_star)


def rosenbrock(dim: int = 2) -> Objective:
    r"""Rosenbrock's curved valley (Yao, Section 3), and its chain of valleys for d > 2.

    .. math:: f(w) = \sum_{i=1}^{d-1} (w_i - 1)^2 + 100\,(w_{i+1} - w_i^2)^2

    The minimizer is (1, ..., 1), the minimum 0. For d >= 4 there is a second, local minimum
    near (-1, 1, ..., 1).

    Parameters
    ----------
    dim : int
        The number of weights, at least two.

    Notes
    -----
    The residual ``w[i+1] - w[i]**2`` is evaluated first, so that it is exactly zero on the
    valley's floor; expanded gradients lose such zeros.

    Examples
    --------
    >>> valley = rosenbrock()
    >>> valley.loss(np.array([-1.0, 0.0])), valley.grad(np.array([-1.0, 0.0]))
    (np.float64(104.0), array([-404., -200.]))
    """
    dim = whole("dim", dim, 2, "an integer of at least 2")

    def parts(w):  # of two weights the numbers themselves, which are fast
        return w if dim == 2 else (w[:-1], w[1:])

    def loss(w):
        x, y = parts(w)
        r = y - x * x
        e = x - 1
        f = e * e + 100 * (r * r)
        return f if dim == 2 else f.sum(axis=0)

    def grad(w):
        x, y = parts(w)
        r = y - x * x
        slope = 2 * (x - 1) - 400 * x * r
        g = np.empty_like(w)
        if dim == 2:
            g[0], g[1] = slope, 200 * r
        else:
            g[:-1], g[-1] = slope, 0.0
            g[1:] += 200 * r
        return g

    def curvature(w):
        x = w[:-1]
        c = np.zeros_like(w)
        c[:-1] = 2 - 400 * (w[1:] - x * x) + 800 * x * x
        c[1:] += 200
        return c

    def hvp(w, v):
        product = curvature(w) * v
        product[:-1] -= 400 * w[:-1] * v[1:]
        product[1:] -= 400 * w[:-1] * v[:-1]
        return product

    valley = Objective(loss, grad, np.ones(dim), 0.0, curvature, hvp=hvp)
    return valley.made_by(rosenbrock, dim)


def beale() -> Objective:
    r"""Beale's function: plateaus, and steep walls beyond them.

    .. math:: f(w) = (1.5 - w_1 (1 - w_2))^2 + (2.25 - w_1 (1 - w_2^2))^2
              + (2.625 - w_1 (1 - w_2^3))^2

    The minimizer is (3, 0.5), the minimum 0.

    Examples
    --------
    >>> f = beale()
    >>> f.loss(np.array([1.0, 0.0])), f.grad(np.array([1.0, 0.0]))
    (np.float64(4.453125), array([-6.75,  1.  ]))

    The three roots are 0.5, 1.25 and 1.625 there; minus twice their sum is the first slope.
    """

    def residuals(w):
        x, y = w
        u = (1 - y, 1 - y * y, 1 - y * y * y)
        return u, (1.5 - x * u[0], 2.25 - x * u[1], 2.625 - x * u[2])

    def loss(w):
        _, r = residuals(w)
        return r[0] * r[0] + r[1] * r[1] + r[2] * r[2]

    def grad(w):
        (x, y), (u, r) = w, residuals(w)
        along_x = -2 * (r[0] * u[0] + r[1] * u[1] + r[2] * u[2])
        return np.stack([along_x, 2 * x * (r[0] + 2 * y * r[1] + 3 * y * y * r[2])])

    def curvature(w):
        (x, y), (u, r) = w, residuals(w)
        along_y = 2 * x * x * (1 + 4 * y * y + 9 * y * y * y * y)
        return np.stack(
            [
                2 * (u[0] * u[0] + u[1] * u[1] + u[2] * u[2]),
                along_y + 2 * x * (2 * r[1] + 6 * y * r[2]),
            ]
        )

    def hvp(w, v):
        (x, y), (u, r) = w, residuals(w)
        e = [a - x * b for a, b in zip(r, u)]
        across = 2 * (e[0] + 2 * y * e[1] + 3 * y * y * e[2])
        return curvature(w) * v + across * v[::-1]

    return Objective(loss, grad, [3.0, 0.5], 0.0, curvature, hvp=hvp).made_by(beale)


def camel() -> Objective:
    r"""The camel with three humps: two local minima beside the one at the origin.

    .. math:: f(w) = 2 w_1^2 - 1.05\, w_1^4 + \tfrac16 w_1^6 + w_1 w_2 + w_2^2

    The minimizer is (0, 0), the minimum 0; the others lie near (1.75, -0.87) and (-1.75, 0.87).

    Examples
    --------
    >>> f = camel()
    >>> f.loss(np.array([2.0, -1.0])), f.grad(np.array([2.0, -1.0]))
    (np.float64(0.866...), array([5.4, 0. ]))

    The terms of the loss are 8, -16.8, 10.667, -2 and 1.
    """

    def loss(w):
        x, y = w
        q = x * x
        return q * (2 - 1.05 * q + q * q / 6) + x * y + y * y

    def grad(w):
        x, y = w
        q = x * x
        return np.stack([x * (4 - 4.2 * q + q * q) + y, x + 2 * y])

    def curvature(w):
        q = w[0] * w[0]
        return np.stack([4 - 12.6 * q + 5 * q * q, np.full_like(q, 2.0)])

    def hvp(w, v):
        return curvature(w) * v + v[::-1]

    return Objective(loss, grad, [0.0, 0.0], 0.0, curvature, hvp=hvp).made_by(camel)


class DataObjective(Objective):
    """The mean of a loss over n examples, from which minibatches can be drawn.

    Attributes
    ----------
    examples : int
        How many there are, n.
    """

    def __init__(self, functions, examples, **known):
        self._functions_of = functions  # rows -> (loss, grad, curvature, hvp)
        self.examples = examples
        loss, grad, curvature, hvp = functions(slice(None))
        super().__init__(loss, grad, curvature=curvature, hvp=hvp, **known)

    def batches(self, size: int, seed: int = 0) -> Batches:
        """Minibatches without end, for :func:`track`.

        Each pass shuffles the examples anew and visits each of them once; the last batch of a
        pass holds what is left. All runs see the same batches, and iterating again gives the
        same batches again.

        Parameters
        ----------
        size : int
            How many examples a batch holds, at most ``examples``.
        seed : int
            Of the order.

        Returns
        -------
        iterable of oracles
            Each with ``loss``, ``grad``, ``curvature`` and ``hvp`` of the mean over its examples
            (and the whole penalty, where there is one): unbiased estimates of the full ones.
        """
        size = count("size", size)
        if size > self.examples:
            raise ValueError(f"size must be at most {self.examples}, got {size}")
        return Batches(self, size, count_or_zero("seed", seed))


@dataclass(frozen=True)
class Batches:
    """See :func:`stepsize.least_squares`."""

    objective: DataObjective
    size: int
    seed: int

    def __iter__(self) -> Iterator[Minibatch]:
        rng, n = np.random.default_rng(self.seed), self.objective.examples
        while True:
            order = rng.permutation(n)
            for start in range(0, n, self.size):
                yield Minibatch(*self.objective._functions_of(order[start : start + self.size]))


@dataclass(frozen=True)
class Minibatch:
    """An oracle for a few examples."""

    loss: Callable
    grad: Callable
    curvature: Callable
    hvp: Callable


def _examples(name, X, target_name, y):
    """Inputs of shape (n, d) and targets of shape (n,)."""
    X, y = np.asarray(finite(name, X)), np.asarray(finite(target_name, y))
    if X.ndim != 2:
        raise ValueError(f"{name} must have shape (n, d), examples first, got {X.shape}")
    if y.shape != X.shape[:1]:
        raise ValueError(f"{target_name} must have shape ({len(X)},) like {name}, got {y.shape}")
    return X, y


def _product(M, w):
    """M @ w for ``w`` of shape (d, *runs), in its precision."""
    product = (M @ w.reshape(len(w), -1)).reshape(len(M), *w.shape[1:])
    return product.astype(w.dtype, copy=False)


def least_squares(A: ArrayLike, b: ArrayLike) -> DataObjective:
    r"""Linear regression: half the mean squared error over n examples.

    .. math:: f(w) = \frac{1}{2n} \lVert A w - b \rVert^2

    Parameters
    ----------
    A : array of shape (n, d)
        The inputs, one example a row. No intercept is added: give a column of ones for it.
    b : array of shape (n,)
        The targets.

    Returns
    -------
    Objective
        With ``batches(size, seed)``, an endless stream of minibatches. Batches of one are
        the samples of LMS.

    Notes
    -----
    The minimizer is LAPACK's; where there are many, the shortest, and errors are distances to
    that one. Sums over examples are the library's: a batch of runs agrees with single runs
    to rounding, not bit for bit.

    Examples
    --------
    >>> line = least_squares(A=[[1, 0], [1, 1], [1, 2]], b=[1.0, 2.0, 6.0])
    >>> line.minimizer.round(12), round(line.minimum, 12)
    (array([0.5, 2.5]), 0.25)
    >>> line.grad(np.array([0.0, 1.0]))
    array([-2., -3.])

    At (0, 1) the residuals are (-1, -1, -4): their sum is -6, and -1 - 2 * 4 = -9.
    """
    A, b = _examples("A", A, "b", b)

    def functions(rows):
        X, y = A[rows], b[rows]

        def residual(w):
            return _product(X, w) - _column(y, w)

        def loss(w):
            r = residual(w)
            return (r * r).sum(axis=0) / (2 * len(X))

        def grad(w):
            return _product(X.T, residual(w)) / len(X)

        def curvature(w):
            return np.broadcast_to(_column((X * X).mean(axis=0), w), w.shape)

        def hvp(w, v):
            return _product(X.T, _product(X, v)) / len(X)

        return loss, grad, curvature, hvp

    line = DataObjective(functions, len(A), minimizer=np.linalg.lstsq(A, b)[0])
    return line.made_by(least_squares, A, b)


def logistic_regression(X: ArrayLike, y: ArrayLike, l2: float = 0.0) -> DataObjective:
    r"""Logistic regression: the mean negative log-likelihood over n examples.

    .. math:: f(w) = \frac1n \sum_j \log\bigl(1 + e^{-s_j x_j^\top w}\bigr)
              + \frac{\lambda}{2} \lVert w \rVert^2, \qquad s_j = 2 y_j - 1

    Parameters
    ----------
    X : array of shape (n, d)
        The inputs, one example a row. No intercept is added: give a column of ones for it
        (which is then penalized like the rest).
    y : array of shape (n,)
        The classes, 0 or 1.
    l2 : float
        The penalty, lambda.

    Returns
    -------
    Objective
        With ``batches(size, seed)``, an endless stream of minibatches.

    Notes
    -----
    The minimizer comes from Newton's method, to rounding. If a plane through the origin
    separates the classes and there is no penalty, there is none: ``minimizer`` is None and
    ``minimum`` the infimum, 0. If the classes touch only in such a plane, both are None. Sums over
    examples are the library's: a batch of runs agrees with single runs to rounding, not bit for
    bit. No logarithm or exponential overflows.

    Examples
    --------
    >>> coin = logistic_regression(X=[[1.0], [1.0], [1.0], [1.0]], y=[1, 1, 1, 0])
    >>> coin.minimizer
    array([1.09861229])

    The odds are 3 to 1, and log(3) is 1.0986.
    """
    if isinstance(y, np.ndarray) and y.dtype.kind == "b":
        y = y.astype(float)
    X, y = _examples("X", X, "y", y)
    if not np.isin(y, (0, 1)).all():
        raise ValueError(f"y must hold only 0 and 1, got {y[~np.isin(y, (0, 1))][0]:g}")
    l2 = single(nonnegative)("l2", l2)

    def functions(rows):
        Z = X[rows] * (2 * y[rows] - 1)[:, None]  # margins are Z @ w

        def loss(w):
            fit = np.logaddexp(0, -_product(Z, w)).mean(axis=0)
            return fit + l2 / 2 * (w * w).sum(axis=0)

        def grad(w):
            wrong = np.exp(-np.logaddexp(0, _product(Z, w)))  # probability of the other class
            return -_product(Z.T, wrong) / len(Z) + l2 * w

        def variance(w):
            m = _product(Z, w)
            return np.exp(-np.logaddexp(0, m) - np.logaddexp(0, -m))

        def curvature(w):
            return _product((Z * Z).T, variance(w)) / len(Z) + l2

        def hvp(w, v):
            return _product(Z.T, variance(w) * _product(Z, v)) / len(Z) + l2 * v

        return loss, grad, curvature, hvp

    known = _newton(X * (2 * y - 1)[:, None], l2)
    model = DataObjective(functions, len(X), dim=X.shape[1], **known)
    return model.made_by(logistic_regression, X, y, l2)


def _newton(Z, l2):
    """The minimizer of the logistic loss, or what is known if there is none."""
    n, d = Z.shape

    def loss(w):
        return np.logaddexp(0, -(Z @ w)).mean() + l2 / 2 * (w @ w)

    w = np.zeros(d)
    for _ in range(100):
        m = Z @ w
        if l2 == 0 and (m > 0).all():  # w separates; longer is always better
            return {"minimum": 0.0}
        wrong = np.exp(-np.logaddexp(0, m))
        g = -(Z.T @ wrong) / n + l2 * w
        H = (Z.T * np.exp(-np.logaddexp(0, m) - np.logaddexp(0, -m))) @ Z / n + l2 * np.eye(d)
        step = np.linalg.lstsq(H, g)[0]
        # the tolerance lets full steps through where the loss is flat to rounding
        while loss(w - step) > loss(w) * (1 + 1e-12):
            step = step / 2
        w = w - step
        if np.abs(step).max() <= 4 * np.finfo(float).eps * np.abs(w).max():
            break
    settled = np.abs(step).max() <= 1e-9 * (1 + np.abs(w).max())
    if settled and (l2 > 0 or np.linalg.matrix_rank(H) == np.linalg.matrix_rank(Z)):
        return {"minimizer": w}
    return {}
