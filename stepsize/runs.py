"""Run a method on a problem and keep what happened."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

import numpy as np

from stepsize.checks import PerWeight, count, optional, starting_point
from stepsize.streams import Drawn, LinearSample

__all__ = ["Recorder", "StreamTrace", "Trace", "minimize", "track"]


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
    >>> trace = minimize(GradientDescent(0.25), watched, [3.0, -1.0], iterations=1)
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
        return self.right("loss", self.oracle.loss(w), w.shape[1:])

    def grad(self, w):
        self.grads += 1
        return self.right("grad", self.oracle.grad(w), w.shape)

    def curvature(self, w):
        self.curvatures += 1
        if not hasattr(self.oracle, "curvature"):
            raise ValueError(
                f"this method needs curvature(w), which {type(self.oracle).__name__} does not have"
            )
        return self.right("curvature", self.oracle.curvature(w), w.shape)

    @staticmethod
    def right(name, answer, shape):
        if np.shape(answer) != shape:
            raise ValueError(
                f"the oracle's {name} must return shape {shape}, got {np.shape(answer)}"
            )
        return answer


def runs_of(method, shape, data=()):
    """The shape of the runs: ``shape`` and that of the data, and every array hyper-parameter."""
    arrays = {k: v.shape for k, v in vars(method).items() if isinstance(v, np.ndarray)}
    try:
        return np.broadcast_shapes(shape, data, *arrays.values())
    except ValueError:
        given = ", ".join(f"{name} {shape}" for name, shape in arrays.items())
        of_data = f", of the data {data}" if data else ""
        raise ValueError(
            f"the runs of w0 {shape}{of_data} and of the hyper-parameters ({given}) do not "
            "broadcast; for one value per weight use per_weight([...])"
        ) from None


def spread(w, method, data=()):
    """``w`` expanded to all runs, those of the data too: a fresh array of shape (d, *runs)."""
    d = len(w)
    for name, value in vars(method).items():
        if isinstance(value, PerWeight) and len(value.values) != d:
            raise ValueError(f"{name} must have {d} values, one per weight, got {value}")
    runs = runs_of(method, w.shape[1:], data)
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
    >>> method = GradientDescent(step_size=[0.1, 0.25])
    >>> trace = minimize(method, bowl, w0=[3.0, -1.0], iterations=2)
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


@dataclass(frozen=True)
class StreamTrace:
    """What :func:`track` did. Axis 0 counts examples in some arrays, recorded rows in others.

    Attributes
    ----------
    prediction_error : array of shape (n, *runs)
        delta = y - w.x of each example, before the step. For linear samples only.
    loss : array of shape (n, *runs)
        The loss of each example before the step; with ``average=m``, means over m at a time.
    examples : array of shape (rows,)
        How many examples had been learned from at each recorded row: 0 first.
    w, step_size : arrays of shape (rows, d, *runs)
        The weights, and the step sizes that led to them (NaN where none were used, so in row 0).
    target : array of shape (rows, d, *seeds)
        The target weights behind the last example learned from (in row 0, behind the first to
        come), where the stream knows them. ``seeds`` is (runs,) or empty: settings share data.
    drift : array of shape (rows, *seeds)
        Likewise the drift, where the stream has one.
    grad_evals, loss_evals, curvature_evals : arrays of shape (rows,)
        What the method had asked the oracles by then, per run.
    diverged : array of shape (*runs,)
        Whether the last weights are not finite.
    average : int
        How many examples share one entry of ``loss``.
    method, stream
        What was run on what.
    """

    method: object
    stream: object
    examples: np.ndarray
    w: np.ndarray
    step_size: np.ndarray
    grad_evals: np.ndarray
    loss_evals: np.ndarray
    curvature_evals: np.ndarray
    average: int
    _linear: bool = field(repr=False)
    _kept: np.ndarray = field(repr=False)  # prediction errors, or losses
    _hidden: dict = field(repr=False)

    def __repr__(self):
        return (
            f"StreamTrace({type(self.method).__name__}, {self.examples[-1]} examples, "
            f"d = {self.w.shape[1]}, runs {self.w.shape[2:]}, "
            f"{int(np.sum(self.diverged))} diverged)"
        )

    @cached_property
    def diverged(self):
        return ~np.isfinite(self.w[-1]).all(axis=0)

    @property
    def prediction_error(self):
        if not self._linear:
            raise ValueError("only linear samples have prediction errors: read trace.loss")
        if self.average > 1:
            raise ValueError(
                f"prediction errors were not kept: run with average=1, not {self.average}"
            )
        return self._kept

    @property
    def loss(self):
        if not self._linear or self.average > 1:
            return self._kept
        with np.errstate(all="ignore"):
            return 0.5 * (self._kept * self._kept)

    @property
    def target(self):
        return self._fact("target")

    @property
    def drift(self):
        return self._fact("drift")

    def _fact(self, name):
        if name not in self._hidden:
            raise ValueError(f"{type(self.stream).__name__} tells no {name}")
        return self._hidden[name]

    def mse(self, start=0, stop=None):
        """The mean squared prediction error of the examples from ``start`` up to ``stop``.

        Parameters
        ----------
        start, stop : int
            The first example and the one after the last, counted from zero, or from the end if
            negative. With ``average=m`` they are multiples of m.

        Returns
        -------
        array of shape (*runs,)
        """
        if not self._linear:
            raise ValueError("only linear samples have prediction errors: read trace.loss")
        n, m = int(self.examples[-1]), self.average
        first, last, _ = slice(start, stop).indices(n)
        if first >= last or first % m or last % m:
            raise ValueError(
                f"start and stop must be multiples of {m} with start before stop, of {n} "
                f"examples, got start={start}, stop={stop}"
            )
        kept = self._kept[first // m : last // m]
        with np.errstate(all="ignore"):
            if m > 1:
                return 2.0 * kept.mean(axis=0)
            return np.einsum("t...,t...->...", kept, kept)[()] / len(kept)


def track(
    method,
    stream,
    examples,
    *,
    runs=None,
    seed=0,
    w0=None,
    record=None,
    average=1,
    progress=False,
):
    """Run a method online: one sample, one step.

    Parameters
    ----------
    method
        Any object with ``init(w) -> state`` and ``step(w, state, oracle) -> (w, state)``.
    stream : WeightFlipping, RateTracking or an iterable
        An iterable gives pairs (x, y), which make linear samples, x of shape (d,) or (d, *runs)
        and y of shape () or (*runs,); or it gives oracles, such as ``objective.batches(size)``.
    examples : int
        How many samples to learn from.
    runs : int or None
        How many seeds. They become the last axis of the runs: settings of shape (10, 1) and
        ``runs=30`` make runs of shape (10, 30), and all settings see the same data. None is
        one seed without an axis of its own. Only for streams that draw their data.
    seed : int
        Run r has the r-th child of this seed: its data do not depend on the number of runs.
    w0 : array of shape (d,) or (d, *runs)
        Where to start: zeros unless given. An iterable of oracles needs it.
    record : int or None
        Keep weights and step sizes after every n-th example, and at both ends; None keeps the
        ends only. Errors are kept for every example whatever this says.
    average : int
        Keep one mean loss for so many examples instead of every prediction error. For long
        runs of many settings, whose errors would fill the memory.
    progress : bool
        Show a progress bar.

    Returns
    -------
    StreamTrace

    Raises
    ------
    ValueError
        If an argument is wrong, if the iterable ends too early, or if the method asks for a
        curvature that an oracle does not know.

    Notes
    -----
    A run that overflows is kept and marked as diverged; the others go on. The record of errors
    and losses is the run's own and is not counted as evaluations.

    Examples
    --------
    >>> method = GradientDescent(step_size=[0.01, 0.04])
    >>> trace = track(method, WeightFlipping(), examples=4000)
    >>> trace
    StreamTrace(GradientDescent, 4000 examples, d = 20, runs (2,), 0 diverged)
    >>> trace.mse(2000)
    array([4.10..., 3.39...])

    Pairs make a stream too. The first error is 1; half of it is left after the first step:

    >>> pairs = [([1.0], 1.0), ([1.0], 1.0)]
    >>> track(GradientDescent(0.5), pairs, examples=2).prediction_error
    array([1. , 0.5])
    """
    examples, average = count("examples", examples), count("average", average)
    runs, record = optional(count)("runs", runs), optional(count)("record", record)
    if examples % average:
        raise ValueError(f"average must divide examples, {examples}, got {average}")
    samples, hidden, linear, w = _begin(method, stream, examples, runs, seed, w0)

    every = record or examples
    ws, steps = (Rows(w.shape, examples // every + 2) for _ in range(2))
    counts, facts = Rows((4,), examples // every + 2, dtype=int), []
    kept = np.zeros((examples // average, *w.shape[1:]))
    oracle = Counted(None)

    def keep(k, w, step_size):
        ws.append(w)
        steps.append(step_size)
        counts.append((k, oracle.grads, oracle.losses, oracle.curvatures))
        facts.append(hidden())

    bar = progress_bar(examples, "example") if progress else None
    with np.errstate(all="ignore"):
        state = method.init(w)
        for k in range(examples):
            sample = next(samples, None)
            if sample is None:
                raise ValueError(f"the stream ended after {k} of {examples} examples")
            if k == 0:
                keep(0, w, np.nan)
            if linear:
                delta = Counted.right("prediction_error", sample.hold(w), w.shape[1:])
            if linear and average == 1:
                kept[k] = delta
            else:
                kept[k // average] += Counted.right("loss", sample.loss(w), w.shape[1:])
            oracle.oracle = sample
            w, state = method.step(w, state, oracle)
            if (k + 1) % every == 0 or k + 1 == examples:
                keep(k + 1, w, state.step_size)
            if bar is not None:
                bar.update(1)
        if average > 1:
            kept /= average
    if bar is not None:
        bar.close()

    k, grads, losses, curvatures = np.ascontiguousarray(counts.done().T)
    return StreamTrace(
        method=method,
        stream=stream,
        examples=k,
        w=ws.done(),
        step_size=steps.done(),
        grad_evals=grads,
        loss_evals=losses,
        curvature_evals=curvatures,
        average=average,
        _linear=linear,
        _kept=kept,
        _hidden={name: np.stack([fact[name] for fact in facts]) for name in facts[0]},
    )


def _begin(method, stream, examples, runs, seed, w0):
    """The samples, what they hide, whether they are linear, and the first weights."""
    if hasattr(stream, "chunks"):
        w = np.zeros(stream.inputs) if w0 is None else starting_point(w0, stream.inputs)
        w = spread(w, method, () if runs is None else (runs,))
        drawn = Drawn(stream, seed, runs, size=examples)
        return iter(drawn), drawn.hidden, True, w
    if runs is not None:
        raise ValueError(
            "runs needs a stream that draws data for each, such as WeightFlipping(); give the "
            "x of an iterable, or w0, the shape (d, *runs)"
        )
    samples = _oracles(stream)
    first = next(samples, None)
    if first is None:
        raise ValueError(f"the stream ended after 0 of {examples} examples")
    linear = isinstance(first, LinearSample)
    if linear:
        w = np.zeros(len(first.x)) if w0 is None else starting_point(w0, len(first.x))
    elif w0 is None:
        raise ValueError("w0 must be given: oracles do not say how many weights there are")
    else:
        w = starting_point(w0, getattr(first, "dim", None))
    w = spread(w, method, first.runs if linear else ())
    return chain([first], samples), dict, linear, w


def _oracles(stream):
    """The oracles of an iterable; a pair (x, y) is a linear sample."""
    if not hasattr(stream, "__iter__"):
        raise ValueError(
            "stream must be a stream such as WeightFlipping(), or an iterable of pairs (x, y) or "
            f"of oracles, got {type(stream).__name__}"
        )
    for item in stream:
        if isinstance(item, (tuple, list)) and len(item) == 2:
            yield LinearSample(*item)
        elif hasattr(item, "loss") and hasattr(item, "grad"):
            yield item
        else:
            raise ValueError(
                "a stream must give pairs (x, y), or oracles with loss and grad, "
                f"got {type(item).__name__}"
            )
