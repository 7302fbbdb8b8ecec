"""Deterministic problems: a loss, its gradient and, where it is known, its curvature.

Everything here is component-first: weights ``w`` have shape (d,) or (d, *runs), a gradient
has the shape of ``w`` and a loss the shape ``runs``.
"""

from __future__ import annotations

import numpy as np

from stepsize.checks import finite, starting_point

__all__ = ["Objective", "least_squares", "logistic_regression", "quadratic", "rosenbrock"]


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
        If a function returns a wrong shape, or treats runs together (a sum without
        ``axis=0``, say) though it is declared vectorized.

    Examples
    --------
    >>> cone = Objective(lambda w: np.hypot(*w), lambda w: w / np.hypot(*w), minimizer=[0, 0])
    >>> cone.loss(np.array([3.0, 4.0])), cone.grad(np.array([3.0, 4.0]))
    (np.float64(5.0), array([0.6, 0.8]))
    """

    def __init__(
        self, loss, grad, minimizer=None, minimum=None, curvature=None, vectorized=True, *, dim=None
    ):
        for name, function in (("loss", loss), ("grad", grad)):
            if not callable(function):
                raise ValueError(f"{name} must be callable, got {function!r}")
        self._functions = {"loss": loss, "grad": grad, "curvature": curvature}
        self._checked = set()
        self.vectorized = bool(vectorized)
        self.dim = dim
        self.minimizer = None
        if minimizer is not None:
            self.minimizer = np.atleast_1d(finite("minimizer", minimizer))
            if self.minimizer.ndim != 1:
                raise ValueError(f"minimizer must have shape (d,), got {self.minimizer.shape}")
            self.dim = len(self.minimizer)
        if minimum is None and self.minimizer is not None:
            minimum = self.loss(self.minimizer)
        self.minimum = None if minimum is None else float(minimum)

    def loss(self, w):
        """The loss f(w), shape ``runs``."""
        return self._call("loss", w)

    def grad(self, w):
        """The gradient f'(w), shape (d, *runs)."""
        return self._call("grad", w)

    def curvature(self, w):
        """The diagonal of the Hessian f''(w), shape (d, *runs).

        Raises
        ------
        ValueError
            If the objective does not know its curvature.
        """
        if self._functions["curvature"] is None:
            raise ValueError(
                "this objective does not know its curvature: pass curvature= to Objective, "
                "or make it with Objective.from_sympy"
            )
        return self._call("curvature", w)

    def _call(self, name, w):
        w = np.asarray(w, dtype=float)
        if (name, len(w)) not in self._checked:
            self._check(name, w)
        return self._evaluate(name, w)

    def _evaluate(self, name, w):
        function = self._functions[name]
        if self.vectorized or w.ndim == 1:
            return np.asarray(function(w), dtype=float)[()]
        each = w.reshape(len(w), -1)
        values = np.stack([function(each[:, i]) for i in range(each.shape[1])], axis=-1)
        return values.reshape(values.shape[:-1] + w.shape[1:])

    def _check(self, name, w):
        """Hold one column against the same column among others, before the first answer."""
        starting_point(np.zeros(len(w)), self.dim)
        self._checked.add((name, len(w)))
        one = w.reshape(len(w), -1)[:, :1]
        if one.shape[1] == 0:
            return
        with np.errstate(all="ignore"):
            alone = np.asarray(self._evaluate(name, one[:, 0]))
            want = () if name == "loss" else one[:, 0].shape
            if alone.shape != want:
                self._checked.discard((name, len(w)))
                raise ValueError(
                    f"{name} must return shape {want} for w of shape {one[:, 0].shape}, "
                    f"got {alone.shape}"
                )
            runs = 3 if len(w) == 2 else 2  # never d, so that no axis passes for another
            batch = np.stack([one + 0.5] * (runs - 1) + [one], axis=2)  # (d, 1, runs)
            hint = "use sums over axis=0, or Objective(..., vectorized=False)"
            try:
                both = np.asarray(self._evaluate(name, batch))
            except Exception as error:
                self._checked.discard((name, len(w)))
                raise ValueError(f"{name} fails on w of shape {batch.shape}: {hint}") from error
            right = both.shape == (*want, 1, runs) and np.allclose(
                both[..., 0, -1], alone, rtol=1e-6, atol=1e-12, equal_nan=True
            )
        if not right:
            self._checked.discard((name, len(w)))
            raise ValueError(f"{name} does not treat runs on trailing axes one by one: {hint}")

    @classmethod
    def from_sympy(cls, expression, symbols, minimizer=None):
        """An objective whose gradient and curvature SymPy derives from one expression.

        Parameters
        ----------
        expression : str or sympy.Expr
            The loss. A string may hold numbers, the declared symbols, ``+ - * / **`` and
            the functions of :data:`stepsize.expressions.FUNCTIONS`; it is parsed, never
            executed.
        symbols : str or sequence of str or sympy.Symbol
            The weights in order, ``"x y"`` for instance.
        minimizer : array of shape (d,), optional
            Where the loss is least.

        Raises
        ------
        ValueError
            If the text is not such an expression, or a symbol in it is not declared.

        Examples
        --------
        >>> valley = Objective.from_sympy("(x - 1)**2 + 100*(y - x**2)**2", "x y")
        >>> w = np.array([-1.0, 0.0])
        >>> valley.grad(w), valley.curvature(w)
        (array([-404., -200.]), array([1202.,  200.]))
        """
        from stepsize.expressions import derivatives  # SymPy takes a while to import

        loss, grad, curvature, dim = derivatives(expression, symbols)
        return cls(loss, grad, minimizer, curvature=curvature, dim=dim)


def _column(values, w):
    """``values`` of shape (d,) lined up with ``w`` of shape (d, *runs)."""
    return values.reshape(-1, *[1] * (w.ndim - 1))


def quadratic(curvature, minimizer=None, rotation=0.0):
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
    w_star = np.zeros(d) if minimizer is None else np.atleast_1d(finite("minimizer", minimizer))
    if w_star.shape != (d,):
        raise ValueError(f"minimizer must have shape ({d},), got {w_star.shape}")
    rotation = finite("rotation", rotation)
    if rotation != 0.0:
        if d < 2:
            raise ValueError("rotation needs at least two weights, curvature has one")
        R = np.eye(d)
        c, s = np.cos(rotation), np.sin(rotation)
        R[:2, :2] = [[c, -s], [s, c]]
        Q = R @ (np.diag(Q) if Q.ndim == 1 else Q) @ R.T

    if Q.ndim == 1:

        def grad(w):
            return _column(Q, w) * (w - _column(w_star, w))

        diagonal = Q
    else:

        def grad(w):
            e = w - _column(w_star, w)
            if d < 8:  # a fixed order of summation: the same bits alone and in a batch
                total = Q[:, :1].reshape(-1, *[1] * (w.ndim - 1)) * e[0]
                for j in range(1, d):
                    total = total + _column(Q[:, j], w) * e[j]
                return total
            return np.tensordot(Q, e, axes=1)

        diagonal = np.diag(Q)

    def loss(w):
        return 0.5 * ((w - _column(w_star, w)) * grad(w)).sum(axis=0)

    def curvature_of(w):
        return np.broadcast_to(_column(diagonal, w), w.shape)

    return Objective(loss, grad, w_star, minimum=0.0, curvature=curvature_of)


def rosenbrock(dim=2):
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
    if isinstance(dim, bool) or int(dim) != dim or dim < 2:
        raise ValueError(f"dim must be an integer of at least 2, got {dim!r}")

    def loss(w):
        x = w[:-1]
        r = w[1:] - x * x
        e = x - 1
        return (e * e + 100 * (r * r)).sum(axis=0)

    def grad(w):
        x = w[:-1]
        r = w[1:] - x * x
        g = np.empty_like(w)
        g[:-1] = 2 * (x - 1) - 400 * x * r
        g[-1] = 0.0
        g[1:] += 200 * r
        return g

    def curvature(w):
        x = w[:-1]
        c = np.zeros_like(w)
        c[:-1] = 2 - 400 * (w[1:] - x * x) + 800 * x * x
        c[1:] += 200
        return c

    return Objective(loss, grad, np.ones(int(dim)), minimum=0.0, curvature=curvature)
