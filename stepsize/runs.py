"""Run a method on a problem and keep what happened."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from stepsize.checks import PerWeight, count, optional, starting_point

__all__ = ["Recorder", "Trace", "minimize"]


@dataclass(frozen=True)
class Trace:
    """What :func:`minimize` did. Axis 0 counts the recorded rows, of which row 0 is ``w0``.

    Attributes
    ----------
    w : array of shape (n+1, d, *runs)
        The iterates.
    iterations : array of shape (n+1,)
        Their numbers, 0 for ``w0``. (Yao counts one lower: "iteration 79" is the 80th.)
    grad_evals, loss_evals, curvature_evals : arrays of shape (n+1,)
        What the method had asked the oracle by then, per run.
    step_size : array of shape (n+1, d, *runs)
        The step size that led to each row; NaN where none was used, so in row 0.
    diverged : array of shape (*runs,)
        Whether the last iterate is not finite.
    loss : array of shape (n+1, *runs)
        f at each row. Computed when first read; it costs the method nothing.
    error : array of shape (n+1, *runs)
        Euclidean distance to the minimizer, scaled so that it is zero only at the minimizer.
    learned, learned_iterations : arrays of shape (m, d, *runs) and (m,)
        The step sizes that were used at all (for Csawg: one row a planning), and when.
    method, objective
        What was run on what.
    """

    method: object
    objective: object
    w: np.ndarray
    iterations: np.ndarray
    grad_evals: np.ndarray
    loss_evals: np.ndarray
    curvature_evals: np.ndarray
    step_size: np.ndarray
    _learned: tuple | None = field(default=None, repr=False)

    def __repr__(self):
        runs = self.w.shape[2:]
        return (
            f"Trace({type(self.method).__name__}, {self.iterations[-1]} iterations, "
            f"{self.grad_evals[-1]} gradient evaluations, d = {self.w.shape[1]}, runs {runs}, "
            f"{int(np.sum(self.diverged))} diverged)"
        )

    @cached_property
    def diverged(self):
        return ~np.isfinite(self.w[-1]).all(axis=0)

    @cached_property
    def loss(self):
        with np.errstate(all="ignore"):
            return np.asarray(self.objective.loss(np.moveaxis(self.w, 0, 1)))

    @cached_property
    def error(self):
        minimizer = getattr(self.objective, "minimizer", None)
        if minimizer is None:
            raise ValueError(
                "the error is the distance to the minimizer, which this objective does not know: "
                "pass minimizer= to it, or read trace.loss"
            )
        return distance(self.w - minimizer.reshape(-1, *[1] * (self.w.ndim - 2)), axis=1)

    @property
    def learned(self):
        return self._all_learned[1]

    @property
    def learned_iterations(self):
        return self._all_learned[0]

    @cached_property
    def _all_learned(self):
        if self._learned is not None:
            return self._learned
        if np.any(np.diff(self.iterations) > 1):
            raise ValueError(
                "not every iteration was recorded: pass learned=True to minimize to keep all "
                "the step sizes"
            )
        used = _used(self.step_size)
        return self.iterations[used], self.step_size[used]

    def first(self, *, error=None, loss=None):
        """The first recorded iteration with an error (or a loss) at or below a level, per run.

        Returns
        -------
        array of shape (*runs,) of int
            Its number; -1 where the level was never reached.
        """
        if (error is None) == (loss is None):
            raise ValueError(f"give one of error and loss, got error={error}, loss={loss}")
        reached = self.loss <= loss if error is None else self.error <= error
        number = self.iterations[np.argmax(reached, axis=0)]
        return np.where(reached.any(axis=0), number, -1)[()]

    def at(self, *, grad_evals):
        """The last recorded row within a budget of gradient evaluations: an index."""
        return int(np.searchsorted(self.grad_evals, grad_evals, side="right")) - 1


def distance(difference, axis=0):
    """The Euclidean norm along an axis, without overflow or underflow of the squares."""
    with np.errstate(all="ignore"):
        largest = np.abs(difference).max(axis=axis, keepdims=True)
        scale = np.where((largest > 0) & np.isfinite(largest), largest, 1.0)
        ratio = difference / scale
        return np.sqrt((ratio * ratio).sum(axis=axis)) * np.squeeze(scale, axis=axis)


class Recorder:
    """An oracle that notes every point at which it is asked, in ``asked``.

    Pass it to :func:`minimize` in place of the objective to see the inner points of a method
    that plans or looks ahead.

    Examples
    --------
    >>> watched = Recorder(quadratic([1.0, 4.0], minimizer=[1.0, -2.0]))
    >>> trace = minimize(GradientDescent(step_size=0.25), watched, w0=[3.0, -1.0], iterations=1)
    >>> watched.asked
    [('grad', array([ 3., -1.]))]
    """

    def __init__(self, objective):
        self.objective = objective
        self.asked = []

    def __getattr__(self, name):
        return getattr(self.objective, name)

    def loss(self, w):
        self.asked.append(("loss", np.array(w)))
        return self.objective.loss(w)

    def grad(self, w):
        self.asked.append(("grad", np.array(w)))
        return self.objective.grad(w)

    def curvature(self, w):
        self.asked.append(("curvature", np.array(w)))
        return self.objective.curvature(w)


class Counted:
    """An oracle that counts the questions, and refuses answers of a wrong shape."""

    def __init__(self, oracle):
        self.oracle = oracle
        self.losses = self.grads = self.curvatures = 0

    def loss(self, w):
        self.losses += 1
        return self._right("loss", self.oracle.loss(w), w.shape[1:])

    def grad(self, w):
        self.grads += 1
        return self._right("grad", self.oracle.grad(w), w.shape)

    def curvature(self, w):
        self.curvatures += 1
        if not hasattr(self.oracle, "curvature"):
            raise ValueError(
                f"this method needs curvature(w), which {type(self.oracle).__name__} does not have"
            )
        return self._right("curvature", self.oracle.curvature(w), w.shape)

    @staticmethod
    def _right(name, answer, shape):
        if np.shape(answer) != shape:
            raise ValueError(
                f"the oracle's {name} must return shape {shape}, got {np.shape(answer)}"
            )
        return answer


def runs_of(method, shape):
    """The shape of the runs: ``shape`` broadcast with every array hyper-parameter."""
    arrays = {k: v.shape for k, v in vars(method).items() if isinstance(v, np.ndarray)}
    try:
        return np.broadcast_shapes(shape, *arrays.values())
    except ValueError:
        given = ", ".join(f"{name} {shape}" for name, shape in arrays.items())
        raise ValueError(
            f"the runs of w0 {shape} and of the hyper-parameters ({given}) do not broadcast; "
            "for one value per weight use per_weight([...])"
        ) from None


def spread(w, method, runs=()):
    """``w`` expanded to the runs: a fresh array of shape (d, *runs)."""
    d = len(w)
    for name, value in vars(method).items():
        if isinstance(value, PerWeight) and len(value.values) != d:
            raise ValueError(f"{name} must have {d} values, one per weight, got {value}")
    runs = runs_of(method, np.broadcast_shapes(w.shape[1:], runs))
    w = w.reshape(d, *[1] * (len(runs) - w.ndim + 1), *w.shape[1:])
    return np.array(np.broadcast_to(w, (d, *runs)))


class Rows:
    """Rows of one shape in one array that grows by doubling."""

    def __init__(self, shape, capacity, dtype=float):
        self.array = np.empty((capacity, *shape), dtype)
        self.length = 0

    def append(self, row):
        if self.length == len(self.array):
            grown = np.empty((2 * self.length, *self.array.shape[1:]), self.array.dtype)
            grown[: self.length] = self.array
            self.array = grown
        self.array[self.length] = row
        self.length += 1

    def done(self):
        return self.array if self.length == len(self.array) else self.array[: self.length].copy()


def _used(step_size):
    """Which rows hold a step size at all."""
    return ~np.isnan(step_size).all(axis=tuple(range(1, step_size.ndim)))


def progress_bar(total, unit):
    """A progress bar of tqdm."""
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        raise ValueError("progress=True needs the package tqdm: pip install tqdm") from error
    return tqdm(total=total, unit=unit)


def minimize(
    method,
    objective,
    w0,
    *,
    iterations=None,
    grad_evals=None,
    record=1,
    progress=False,
    learned=False,
):
    """Run a method on an objective.

    Parameters
    ----------
    method
        Any object with ``init(w) -> state`` and ``step(w, state, oracle) -> (w, state)``.
    objective : Objective or any oracle
        Has ``loss(w)`` and ``grad(w)`` and perhaps ``curvature(w)``, ``minimizer``.
    w0 : array of shape (d,) or (d, *runs)
        Where to start. It is expanded to the runs of the method's array hyper-parameters.
    iterations : int
        How many steps. Give either this or ``grad_evals``.
    grad_evals : int
        Budget of gradient evaluations. The iteration that would exceed it is not part of the
        trace.
    record : int or None
        Keep every n-th iterate and the last; None keeps the first and the last only.
    progress : bool
        Show a progress bar.
    learned : bool
        Keep every step size that the method learned, whatever ``record`` says.

    Returns
    -------
    Trace

    Raises
    ------
    ValueError
        If ``w0`` is not finite or has a wrong shape, if neither or both of the budgets are
        given, if the oracle returns a wrong shape.

    Notes
    -----
    A run that overflows is kept and marked in ``trace.diverged``; the others go on.

    Examples
    --------
    >>> bowl = quadratic([1.0, 4.0], minimizer=[1.0, -2.0])
    >>> trace = minimize(GradientDescent(step_size=[0.1, 0.25]), bowl, [3.0, -1.0], iterations=2)
    >>> trace.w.shape
    (3, 2, 2)
    >>> trace.w[-1]
    array([[ 2.62 ,  2.125],
           [-1.64 , -2.   ]])
    """
    if (iterations is None) == (grad_evals is None):
        raise ValueError(
            "give exactly one of iterations and grad_evals, "
            f"got iterations={iterations}, grad_evals={grad_evals}"
        )
    iterations = optional(count)("iterations", iterations)
    grad_evals = optional(count)("grad_evals", grad_evals)
    record = optional(count)("record", record)
    w = spread(starting_point(w0, getattr(objective, "dim", None)), method)

    oracle = Counted(objective)
    every = record or np.inf
    capacity = 2 if record is None else (iterations or min(grad_evals, 1023)) // record + 2
    ws, steps = Rows(w.shape, capacity), Rows(w.shape, capacity)
    counts = Rows((4,), capacity, dtype=int)
    kept = (Rows((), 64, dtype=int), Rows(w.shape, 64)) if learned else None

    def keep(k, w, step_size, counted):
        ws.append(w)
        steps.append(step_size)
        counts.append((k, *counted))

    bar = (
        progress_bar(iterations or grad_evals, "step" if iterations else "grad")
        if progress
        else None
    )
    with np.errstate(all="ignore"):
        state = method.init(w)
        keep(0, w, np.nan, (0, 0, 0))
        k, pending, before = 0, None, 0
        while iterations is None or k < iterations:
            after, state = method.step(w, state, oracle)
            if grad_evals is not None:
                if oracle.grads > grad_evals:
                    break
                if oracle.grads == before:
                    raise ValueError(
                        "grad_evals bounds nothing: the method asked for no gradient; "
                        "give iterations="
                    )
            w, k = after, k + 1
            counted = (oracle.grads, oracle.losses, oracle.curvatures)
            if k % every == 0:
                keep(k, w, state.step_size, counted)
                pending = None
            elif k == iterations:
                pending = (k, w, state.step_size, counted)
            elif iterations is None:
                # the next step may exceed the budget and reuse the state's arrays
                pending = (k, w, np.array(state.step_size), counted)
            if kept is not None and not np.isnan(state.step_size).all():
                kept[0].append(k)
                kept[1].append(state.step_size)
            if bar is not None:
                bar.update(1 if iterations else oracle.grads - before)
            before = oracle.grads
        if pending is not None:
            keep(*pending)
    if bar is not None:
        bar.close()

    k, grads, losses, curvatures = np.ascontiguousarray(counts.done().T)
    return Trace(
        method=method,
        objective=objective.objective if isinstance(objective, Recorder) else objective,
        w=ws.done(),
        iterations=k,
        grad_evals=grads,
        loss_evals=losses,
        curvature_evals=curvatures,
        step_size=steps.done(),
        _learned=None if kept is None else (kept[0].done(), kept[1].done()),
    )
