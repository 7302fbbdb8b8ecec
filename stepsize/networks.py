"""A multilayer perceptron as a problem: the loss of all its weights, written as one flat vector."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from stepsize.checks import ByValue, check, count, count_or_zero, one_of, optional, real
from stepsize.objectives import DataObjective

__all__ = ["Network"]

# phi, its slope by its value a, how that changes as a does; variance of first weights times inputs
ACTIVATIONS = {
    "relu": (lambda z: np.maximum(z, 0), lambda a: a > 0, lambda a, R_a: 0, 2.0),
    "tanh": (np.tanh, lambda a: 1 - a * a, lambda a, R_a: -2 * a * R_a, 1.0),
}


@dataclass(frozen=True)
class Network(ByValue):
    r"""A multilayer perceptron.

    .. math:: a_0 = x, \qquad z_l = W_l a_{l-1} + b_l, \qquad a_l = \phi(z_l)

    and the last z is the output. The weights are one vector: :math:`W_1` row by row, then
    :math:`b_1`, :math:`W_2` and so on, as ``model.parameters()`` gives them in PyTorch.

    Parameters
    ----------
    sizes : sequence of int
        How many inputs, units of each hidden layer, and outputs. Two make a linear model.
    activation : "relu" or "tanh"
        The function of the hidden units, phi.

    Examples
    --------
    >>> network = Network([1, 2, 1])
    >>> w = np.array([1.0, -1.0, 0.0, 0.0, 3.0, 5.0, 0.5])
    >>> network.activations(w, [[2.0]])[-1]
    array([[6.5]])

    The hidden units see 2 and -2 and answer 2 and 0; 3 * 2 + 5 * 0 + 0.5 is 6.5.
    """

    sizes: tuple
    activation: str = "relu"

    def __post_init__(self):
        try:
            sizes = tuple(count("sizes", size) for size in self.sizes)
        except (TypeError, ValueError):
            sizes = ()
        if len(sizes) < 2 or isinstance(self.sizes, str):
            raise ValueError(
                "sizes must be at least two positive integers, the inputs first and the outputs "
                f"last, such as (64, 32, 10), got {self.sizes!r}"
            )
        object.__setattr__(self, "sizes", sizes)
        check(self, activation=one_of(*ACTIVATIONS))

    @property
    def dim(self) -> int:
        """The number of weights, d."""
        return sum((before + 1) * after for before, after in zip(self.sizes, self.sizes[1:]))

    def init(self, seed: int, runs: int | None = None, dtype: type = float) -> np.ndarray:
        """First weights: normal with variance 2 (tanh: 1) over a unit's inputs; biases are zero.

        Parameters
        ----------
        seed : int
            Run r has the r-th child of this seed: its weights do not depend on the number of runs.
        runs : int or None
            How many runs; None for one without an axis of its own.
        dtype : float, "float32" or "float64"

        Returns
        -------
        array of shape (d,) or (d, runs)
        """
        seed, runs = count_or_zero("seed", seed), optional(count)("runs", runs)
        if getattr(dtype, "__name__", str(dtype)) not in ("float", "float32", "float64"):
            raise ValueError(f"dtype must be float32 or float64, got {dtype!r}")
        w = np.zeros((runs or 1, self.dim)).T  # each run in one piece, as products want it
        for r, child in enumerate(np.random.SeedSequence(seed).spawn(runs or 1)):
            rng = np.random.default_rng(child)
            for W, _ in self.layers(w[:, r]):
                scale = math.sqrt(ACTIVATIONS[self.activation][3] / W.shape[1])
                W[...] = scale * rng.standard_normal(W.shape)
        return (w if runs else w[:, 0]).astype(dtype)

    def layers(self, w: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """W (outputs, inputs, *runs) and b (outputs, *runs) of each layer: parts of ``w``."""
        w = real("w", w, dtype=None)
        if w.shape[:1] != (self.dim,):
            raise ValueError(f"w must have shape ({self.dim}, *runs), got {w.shape}")
        return [(w[W].reshape(*shape, *w.shape[1:]), w[b]) for W, b, shape in self._places()]

    def _places(self):
        """Where W and b of each layer stand among the weights, and the shape of W."""
        start = 0
        for before, after in zip(self.sizes, self.sizes[1:]):
            middle, end = start + before * after, start + (before + 1) * after
            yield slice(start, middle), slice(middle, end), (after, before)
            start = end

    def activations(self, w: np.ndarray, X: ArrayLike) -> list[np.ndarray]:
        """What the units of each layer answer to ``X`` of shape (n, inputs): arrays of shape
        (n, units, *runs), of which the last are the outputs.
        """
        self.layers(w)  # refuses weights that do not fit
        a = self._forward(self._leading(w), self._inputs(X).astype(w.dtype))
        return [np.moveaxis(one, (-2, -1), (0, 1)) for one in a[1:]]

    def objective(self, X: ArrayLike, y: ArrayLike) -> DataObjective:
        r"""The mean loss over n examples, from which minibatches can be drawn.

        Parameters
        ----------
        X : array of shape (n, inputs)
        y : array of shape (n,) of integers, or (n, outputs) or, for one output, (n,) of floats
            Labels make it the softmax cross-entropy :math:`-\log p_y`, :math:`p \propto e^z`;
            real targets, half the squared error :math:`\frac12 \lVert z - y \rVert^2`.

        Returns
        -------
        Objective
            With ``batches(size, seed)``. ``curvature`` is the diagonal of the Gauss-Newton matrix,
            the Hessian without the network's second derivatives: never negative, it costs a
            backward pass an output. ``hvp`` is of the Hessian itself, and costs two gradients.

        Examples
        --------
        >>> line = Network([1, 1]).objective([[1.0], [2.0]], [1.0, 4.0])
        >>> w = np.array([1.0, 0.0])
        >>> line.loss(w), line.grad(w), line.curvature(w)
        (np.float64(1.0), array([-2., -1.]), array([2.5, 1. ]))

        The errors are 0 and 2; the mean of x * x is 2.5.
        """
        X, y = self.checked(X, y)

        def functions(rows):
            return self.functions(X[rows], y[rows])

        return DataObjective(functions, len(X), dim=self.dim).made_by(self.objective, X, y)

    def checked(
        self, X: ArrayLike, y: ArrayLike, classes: float | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and labels (of so many classes; None: an output each) or targets, checked."""
        X = self._inputs(X)
        return X, self._targets(y, len(X), classes or self.sizes[-1])

    def functions(self, X: np.ndarray, y: np.ndarray) -> tuple[Callable, ...]:
        """Loss, gradient, curvature and Hessian-vector product for examples that are checked.

        Runs may have data each, X (n, inputs, *runs) and y (n, *runs). Inside, runs lead.
        """
        labels = y.dtype.kind == "i"
        X, y = leading(X, 2), leading(y, 1 if labels else 2)
        n, (_, slope, bend, _) = X.shape[-2], ACTIVATIONS[self.activation]

        def forward(w):
            layers = self._leading(w)
            return layers, self._forward(layers, X.astype(w.dtype, copy=False))

        def softmax(z):
            """The probabilities, and log(sum(exp(z)))."""
            top = z.max(axis=-1, keepdims=True)
            e = np.exp(z - top)
            total = e.sum(axis=-1, keepdims=True)
            return e / total, np.log(total) + top

        def target(z):
            return y[..., None] == np.arange(z.shape[-1]) if labels else y.astype(z.dtype)

        def error(z):  # the derivative by the outputs
            return ((softmax(z)[0] if labels else z) - target(z)) / n

        def loss(w):
            z = forward(w)[1][-1]
            if labels:
                each = softmax(z)[1][..., 0] - np.where(target(z), z, 0).sum(axis=-1)
                return each.mean(axis=-1)
            return 0.5 * ((z - target(z)) ** 2).sum(axis=(-2, -1)) / n

        def grad(w):
            layers, a = forward(w)
            delta, parts = error(a[-1]), []
            for k in reversed(range(len(layers))):
                parts.append((turned(delta) @ a[k], delta.sum(axis=-2)))
                if k:
                    delta = (delta @ layers[k][0]) * slope(a[k])
            return self._trailing(parts, w)

        def curvature(w):
            # The Hessian by the outputs is S S^T: its columns go back each, their squares add up
            layers, a = forward(w)
            eye, parts = np.eye(self.sizes[-1], dtype=w.dtype), []
            S = np.broadcast_to(eye, (*a[-1].shape, len(eye)))
            if labels:  # diag(p) - p p^T, for S^T = diag(s) - s p^T with s the root of p
                p = softmax(a[-1])[0]
                S = np.sqrt(p)[..., None] * (eye - p[..., None, :])
            S = np.moveaxis(S, -2, 0)  # (columns, *runs, n, outputs)
            for k in reversed(range(len(layers))):
                squares = (S * S).sum(axis=0) / n
                parts.append((turned(squares) @ (a[k] * a[k]), squares.sum(axis=-2)))
                if k:
                    S = (S @ layers[k][0]) * slope(a[k])
            return self._trailing(parts, w)

        def hvp(w, v):
            # R is the derivative along v of what the gradient goes through (Pearlmutter 1994).
            layers, a = forward(w)
            ahead, R_a = self._leading(v), [np.zeros_like(a[0])]
            for k, ((W, _), (V, c)) in enumerate(zip(layers, ahead)):
                R_z = a[k] @ turned(V) + c[..., None, :] + R_a[k] @ turned(W)
                R_a.append(slope(a[k + 1]) * R_z if k + 1 < len(layers) else R_z)
            delta, R, parts = error(a[-1]), R_a[-1] / n, []
            if labels:
                p = softmax(a[-1])[0]
                R = p * (R - (p * R).sum(axis=-1, keepdims=True))
            for k in reversed(range(len(layers))):
                parts.append((turned(R) @ a[k] + turned(delta) @ R_a[k], R.sum(axis=-2)))
                if k:
                    W, V = layers[k][0], ahead[k][0]
                    R = (R @ W + delta @ V) * slope(a[k]) + (delta @ W) * bend(a[k], R_a[k])
                    delta = (delta @ W) * slope(a[k])
            return self._trailing(parts, w)

        return loss, grad, curvature, hvp

    def _leading(self, w):
        """W and b of each layer, runs first."""
        runs, w = w.shape[1:], np.ascontiguousarray(np.moveaxis(w, 0, -1))
        return [(w[..., W].reshape(*runs, *shape), w[..., b]) for W, b, shape in self._places()]

    def _trailing(self, parts, w):
        """One vector of the shape of ``w`` from W and b of each layer, the last layer first."""
        flat = np.empty_like(w)
        for (W, b, _), (by_W, by_b) in zip(self._places(), reversed(parts)):
            flat[W] = np.moveaxis(by_W.reshape(*by_b.shape[:-1], -1), -1, 0)
            flat[b] = np.moveaxis(by_b, -1, 0)
        return flat

    def _forward(self, layers, X):
        """What goes into each layer, and the outputs."""
        a = [X]
        for W, b in layers:
            z = a[-1] @ turned(W) + b[..., None, :]
            a.append(z if len(a) == len(layers) else ACTIVATIONS[self.activation][0](z))
        return a

    def _inputs(self, X):
        X = finite("X", X)
        if X.ndim != 2 or X.shape[1] != self.sizes[0] or len(X) == 0:
            raise ValueError(f"X must have shape (n, {self.sizes[0]}), got {X.shape}")
        return X

    def _targets(self, y, n, classes):
        given, y = y, finite("y", y)
        if np.asarray(given).dtype.kind in "biu":
            y = y.astype(np.int64)
            odd = [*y[(y < 0) | (y >= classes)].flat]
            if y.shape != (n,) or odd or classes < 2:
                raise ValueError(
                    f"y must be {n} labels of at least two classes, from 0 to {classes - 1}, or "
                    f"floats for the squared error, got {odd[0] if odd else f'shape {y.shape}'}"
                )
            return y
        if y.shape != (n, self.sizes[-1]) and (y.shape != (n,) or self.sizes[-1] > 1):
            wanted = f"shape ({n}, {self.sizes[-1]}), or be {n} integer labels"
            raise ValueError(f"y must have {wanted}, got floats of shape {y.shape}")
        return y.reshape(n, -1)


def finite(name, values):
    """A copy of finite floats in the precision that they have, which nobody writes to."""
    values = np.array(real(name, values, dtype=None))
    values.flags.writeable = False
    if not np.isfinite(values).all():
        raise ValueError(f"{name} must be finite, got {values[~np.isfinite(values)].flat[0]:g}")
    return values


def leading(x, own):
    """Runs first: the last ``own`` axes are the array's own."""
    return np.moveaxis(x, tuple(range(own)), tuple(range(-own, 0)))


def turned(x):
    """The transpose of the last two axes."""
    return np.swapaxes(x, -1, -2)
