"""Run a method on a problem and keep what happened."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from stepsize.checks import (
    able,
    answer,
    broadcasts,
    count,
    count_or_zero,
    fields_of,
    fit,
    flag,
    number,
    optional,
    per_run,
    point,
    starting_point,
    unchecked,
    whole,
)
from stepsize.extras import extra
from stepsize.methods.arithmetic import leaves
from stepsize.objectives import HINT, Minibatch, Objective, one_by_one
from stepsize.streams import Drawn, LinearSample

__all__ = ["Recorder", "StreamTrace", "Trace", "minimize", "start", "track"]


@dataclass(frozen=True, eq=False)
class Trace:
    """What :func:`minimize` did. Axis 0 counts the recorded rows, of which row 0 is ``w0``.

    Attributes
    ----------
    w : array of shape (n+1, d, *runs)
        The iterates.
    iterations : array of shape (n+1,)
        Their numbers, 0 for ``w0``. (Yao counts one lower: "iteration 79" is the 80th.)
    grad_evals, loss_evals, curvature_evals : arrays of shape (n+1,)
        What the method had asked the oracle by then, per run; a Hessian-vector product is one
        more gradient.
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
    state
        What the method remembers after the last row. With it and ``trace.w[-1]`` another run goes
        on as if this one had not stopped.
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
    state: Any = field(repr=False)
    _learned: tuple | None = field(default=None, repr=False)

    def __repr__(self):
        runs = self.w.shape[2:]
        return (
            f"Trace({type(self.method).__name__}, {self.iterations[-1]} iterations, "
            f"{self.grad_evals[-1]} gradient evaluations, d = {self.w.shape[1]}, runs {runs}, "
            f"{int(np.sum(self.diverged))} diverged)"
        )

    @cached_property
    def diverged(self) -> np.ndarray:
        return ~np.isfinite(self.w[-1]).all(axis=0)

    @cached_property
    def loss(self) -> np.ndarray:
        with np.errstate(all="ignore"):
            if not plain(self.objective):
                return self.objective.loss(np.moveaxis(self.w, 0, 1))
            held = Held(self.objective)  # asked as in the run: it need not know of further axes
            losses = np.stack([np.array(held.loss(row)) for row in self.w])
            held.hold()
            return losses

    @cached_property
    def error(self) -> np.ndarray:
        minimizer = getattr(self.objective, "minimizer", None)
        if minimizer is None:
            raise ValueError(
                "the error is the distance to the minimizer, which this objective does not know: "
                "pass minimizer= to it, or read trace.loss"
            )
        minimizer = point("minimizer", minimizer, self.w.shape[1]).astype(self.w.dtype)
        return distance(self.w - minimizer.reshape(-1, *[1] * (self.w.ndim - 2)), axis=1)

    @property
    def learned(self) -> np.ndarray:
        return self._all_learned[1]

    @property
    def learned_iterations(self) -> np.ndarray:
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

    def to_dict(self) -> dict[str, np.ndarray]:
        """What there is a row of, as arrays by name: for pandas, xarray or ``numpy.savez``."""
        names = [*ROWS, "iterations"]
        names += ["loss"] * hasattr(self.objective, "loss")
        names += ["error"] * (getattr(self.objective, "minimizer", None) is not None)
        return {name: getattr(self, name) for name in names}

    def first(self, *, error: ArrayLike | None = None, loss: ArrayLike | None = None) -> np.ndarray:
        """The first recorded iteration with an error (or a loss) at or below a level, per run.

        Parameters
        ----------
        error, loss : float or array of shape (*runs,)
            The level. Give either this or that.

        Returns
        -------
        array of shape (*runs,) of int
            Its number; -1 where the level was never reached.
        """
        if (error is None) == (loss is None):
            raise ValueError(f"give one of error and loss, got error={error}, loss={loss}")
        name, level = ("loss", loss) if error is None else ("error", error)
        level, runs = per_run(number)(name, level), self.w.shape[2:]
        if not broadcasts(np.shape(level), runs):
            raise ValueError(
                f"{name} must be a number or fit the runs {runs}, got {np.shape(level)}"
            )
        reached = getattr(self, name) <= level
        iteration = self.iterations[np.argmax(reached, axis=0)]
        return np.where(reached.any(axis=0), iteration, -1)[()]

    def at(self, *, grad_evals: int) -> int:
        """The last recorded row within a budget of gradient evaluations: an index."""
        grad_evals = count_or_zero("grad_evals", grad_evals)
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

    def __init__(self, objective: Any) -> None:
        self.objective = objective
        self.asked: list[tuple[str, np.ndarray]] = []

    def __getattr__(self, name):
        if name == "objective" or name.startswith("__"):  # a copy in the making has none yet
            raise AttributeError(name)
        value = getattr(self.objective, name)
        if name not in ("loss", "grad", "curvature", "hvp"):
            return value

        def ask(w, *v):
            self.asked.append((name, np.array(w)))
            return value(w, *v)

        return ask


class Counted:
    """An oracle that counts the questions. A Hessian-vector product counts as a gradient."""

    def __init__(self, oracle=None):
        self.oracle = oracle
        self.grads = self.losses = self.curvatures = 0

    def counts(self):
        return self.grads, self.losses, self.curvatures

    def loss(self, w):
        self.losses += 1
        return self.oracle.loss(w)

    def grad(self, w):
        self.grads += 1
        return self.oracle.grad(w)

    def curvature(self, w):
        self.curvatures += 1
        return self.oracle.curvature(w)

    def hvp(self, w, v):
        self.grads += 1
        return self.oracle.hvp(w, v)


def unwatched(oracle):
    """The oracle that a :class:`Recorder` watches."""
    return oracle.objective if isinstance(oracle, Recorder) else oracle


def plain(oracle):
    """Whether nobody has checked what it answers: it is none of the package's own."""
    return not isinstance(unwatched(oracle), (Objective, Minibatch, LinearSample))


class Held:
    """A plain oracle that may read ``w`` and not write to it, and whose answers are checked."""

    def __init__(self, oracle=None):
        self.oracle, self.first = oracle, {}

    def loss(self, w):
        return self.ask("loss", w, w.shape[1:])

    def grad(self, w):
        return self.ask("grad", w, w.shape)

    def curvature(self, w):
        return self.ask("curvature", w, w.shape)

    def hvp(self, w, v):
        return self.ask("hvp", w, w.shape, v)

    def ask(self, name, w, shape, *v):
        function = getattr(self.oracle, name, None)
        if function is None:
            whose, given = type(self.oracle).__name__, "w, v" if v else "w"
            raise ValueError(f"this needs {name}({given}), which {whose} does not have")
        value = reading(name, function, w, shape, f": {HINT}", *v)
        if name not in self.first:
            again, v = getattr(unwatched(self.oracle), name), [x.copy() for x in v]
            self.first[name] = (lambda w: again(w, *v)), w.copy(), np.array(value)
        return value

    def hold(self):
        """Hold each run in the first answers against itself after the runs between have moved.

        To be called after the last question, so that noise is the same with and without it.
        """
        for name, (function, w, value) in self.first.items():
            odd = np.arange(w[0].size).reshape(w.shape[1:]) % 2 == 1
            if not odd.any():
                return
            points = w, np.where(odd, w + 0.5, w), np.where(odd, w, w - 0.5)
            try:
                answers = [np.array(reading(name, function, x, value.shape)) for x in points]
            except Exception:  # there may be points that it refuses
                continue
            among = np.where(odd, answers[2], answers[1])
            one_by_one(name, value, answers[0], among, np.stack(answers))


def reading(name, function, w, shape, hint="", *v):
    """What a function answers that may read ``w`` (and ``v``) and not write to it."""
    views = [x.view() for x in (w, *v)]
    for view in views:
        view.setflags(write=False)
    try:
        return answer(name, function(*views), shape, hint, w.dtype)
    except ValueError as error:
        if "read-only" in str(error):
            raise ValueError(f"{name} must leave the w that it is given alone: {error}") from error
        raise


def runs_of(method, shape, data=()):
    """The shape of the runs: ``shape`` and that of the data, and every array hyper-parameter."""
    arrays = {k: v.shape for k, v in fields_of(method).items() if isinstance(v, np.ndarray)}
    try:
        return np.broadcast_shapes(shape, data, *arrays.values())
    except ValueError:
        given = ", ".join(f"{name} {shape}" for name, shape in arrays.items())
        of_data = f", of the data {data}" if data else ""
        raise ValueError(
            f"the runs of w0 {shape}{of_data} and of the hyper-parameters ({given}) do not "
            "broadcast; for one value per weight use per_weight([...])"
        ) from None


def begin(method, w, data=(), state=None):
    """The weights expanded to all runs, the method in their precision, and its state there."""
    what = "a method with init(w) and step(w, state, oracle), such as GradientDescent(0.1)"
    able("method", method, what, "init", "step")
    runs = runs_of(method, w.shape[1:], data)
    w = w.reshape(len(w), *[1] * (len(runs) - w.ndim + 1), *w.shape[1:])
    w = np.array(np.broadcast_to(w, (len(w), *runs)))
    method = fit(method, w)
    with np.errstate(all="ignore"):
        first = method.init(w)
    if state is None:
        return w, method, first
    arrays = [leaf for leaf in leaves(state) if isinstance(leaf, np.ndarray)]
    shapes = {np.shape(leaf) for leaf in leaves(first)}
    fits = [a.shape in shapes or broadcasts(a.shape, w.shape) for a in arrays]
    if type(state) is not type(first) or not all(fits):
        raise ValueError(
            f"state must be of {type(method).__name__} for w of shape {w.shape}, such as the "
            f"trace.state of a run that ended there, got {type(state).__qualname__}"
        )
    if any(a.dtype.kind == "f" and a.dtype != w.dtype for a in arrays):
        raise ValueError(f"state must have the precision of w0, {w.dtype}, and has another")
    return w, method, state


def start(method: Any, w0: ArrayLike) -> tuple[np.ndarray, Any]:
    """What :func:`minimize` begins with, for a loop of your own.

    Parameters
    ----------
    method
        Any object with ``init(w) -> state`` and ``step(w, state, oracle) -> (w, state)``.
    w0 : array of shape (d,) or (d, *runs)
        Where to start. Floats keep their precision, and integers become floats.

    Returns
    -------
    w : array of shape (d, *runs)
        ``w0``, expanded to the runs of the method's array hyper-parameters.
    state
        What the method remembers there.

    Examples
    --------
    >>> method, bowl = GradientDescent([0.1, 0.25]), quadratic([1.0, 4.0], minimizer=[1.0, -2.0])
    >>> w, state = start(method, [3, -1])
    >>> for _ in range(2):
    ...     w, state = method.step(w, state, bowl)
    >>> w
    array([[ 2.62 ,  2.125],
           [-1.64 , -2.   ]])
    """
    w, _, state = begin(method, starting_point(w0))
    return w, state


ROWS = ("w", "step_size", "grad_evals", "loss_evals", "curvature_evals")


class Rows:
    """Rows of one shape in one array that grows by doubling."""

    def __init__(self, shape, capacity, dtype=float):
        self.array = room((capacity, *shape), dtype)
        self.length = 0

    def append(self, row):
        if self.length == len(self.array):
            grown = room((2 * self.length, *self.array.shape[1:]), self.array.dtype)
            grown[: self.length] = self.array
            self.array = grown
        self.array[self.length] = row
        self.length += 1

    def done(self, n):
        return self.array if n == len(self.array) else self.array[:n].copy()


def room(shape, dtype=float, thinned_by="record=, or record=None"):
    """An array to be filled."""
    try:
        return np.empty(shape, dtype)
    except (MemoryError, ValueError):
        rows = f"{shape[0]:,} rows of shape {shape[1:]}"
        raise ValueError(f"{rows} do not fit in memory: give a larger {thinned_by}") from None


class Recording:
    """What a run keeps: a row of every n-th step and of the last; and its bar of progress."""

    def __init__(self, w, every, steps, budget=None, *, learned=False, progress=None, hidden=None):
        self.every, self.hidden = every or np.inf, hidden
        rows = int((steps or min(budget, 1023)) // self.every) + 2
        self.w, self.step_size = Rows(w.shape, rows, w.dtype), Rows(w.shape, rows, w.dtype)
        self.counts, self.facts = array("q"), []
        self.learned = (Rows((), 64, int), Rows(w.shape, 64, w.dtype)) if learned else None
        self.next = 0  # the step of which it wants to hear
        self.each = learned or progress is not None  # whether of every one
        self.bar = None if progress is None else progress_bar(steps or budget, progress)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.bar is not None:
            self.bar.close()

    def step(self, k, w, step_size, counts):
        """Take note of step k."""
        w = answer("step", w, self.w.array.shape[1:], "", self.w.array.dtype)
        if k % self.every == 0:
            self.keep(k, w, step_size, counts)
        if self.learned is not None and not np.isnan(step_size).all():
            for rows, row in zip(self.learned, (k, step_size)):
                rows.append(row)
        if self.bar is not None:
            self.bar.update((counts[0] if self.bar.unit == "grad" else k) - self.bar.n)
        self.next = k + 1  # the first is looked at, whether it is kept or not
        if k and not self.each:
            self.next = k - k % self.every + self.every

    def keep(self, k, w, step_size, counts):
        """Keep a row, and its numbers when all of it is there."""
        self.w.append(w)
        self.step_size.append(step_size)
        if self.hidden is not None:
            self.facts.append(self.hidden())
        self.counts.extend((k, *counts))

    def all_learned(self):
        """When the method learned step sizes, and which, where that was asked for."""
        if self.learned is None:
            return None
        return tuple(rows.done(self.learned[1].length) for rows in self.learned)

    def done(self, number, k, w, step_size, counts):
        """What a trace is made of, by name; ``number`` is what it calls k, which is now the last.

        An interruption may have left more of a row than its numbers.
        """
        if self.counts[-4] != k:
            w = answer("step", w, self.w.array.shape[1:], "", self.w.array.dtype)
            self.keep(k, w, step_size, counts)
        counts = np.frombuffer(self.counts, dtype=np.int64).reshape(-1, 4).T
        arrays = dict(zip((number, *ROWS[2:]), np.ascontiguousarray(counts)))
        rows = {name: getattr(self, name).done(len(counts[0])) for name in ROWS[:2]}
        return {**rows, **arrays}


def _used(step_size):
    """Which rows hold a step size at all."""
    return ~np.isnan(step_size).all(axis=tuple(range(1, step_size.ndim)))


def progress_bar(total, unit):
    """A progress bar of tqdm."""
    with extra("explore"):
        from tqdm.auto import tqdm
    return tqdm(total=total, unit=unit)


def minimize(
    method: Any,
    objective: Any,
    w0: ArrayLike,
    *,
    iterations: int | None = None,
    grad_evals: int | None = None,
    record: int | None = 1,
    progress: bool = False,
    learned: bool = False,
    state: Any = None,
    callback: Callable[[int, np.ndarray, Any], object] | None = None,
) -> Trace:
    """Run a method on an objective.

    Parameters
    ----------
    method
        Any object with ``init(w) -> state`` and ``step(w, state, oracle) -> (w, state)``.
    objective : Objective or any oracle
        Has ``loss(w)`` and ``grad(w)`` and perhaps ``curvature(w)``, ``hvp(w, v)``, ``minimizer``.
        One that is not an Objective may read ``w`` and not write to it; after several runs it is
        asked a few times more whether it treats them one by one.
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
    state
        What the method remembers at ``w0``, to go on with a run: ``trace.state`` of one that ended
        there. Iterations and evaluations are counted from zero again.
    callback : callable
        ``callback(k, w, state)`` is called after iteration k. It ends the run by raising
        ``StopIteration``.

    Returns
    -------
    Trace
        Up to the last whole iteration where a callback or the keyboard interrupts the run.

    Raises
    ------
    ValueError
        If ``w0`` is not finite or has a wrong shape, if neither or both of the budgets are
        given, if the oracle returns a wrong shape or no real numbers, or treats runs together.

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
    learned, progress = flag("learned", learned), flag("progress", progress)
    w = starting_point(w0, getattr(objective, "dim", None))
    w, fitted, state = begin(method, w, state=state)
    if callback is not None:
        able("callback", callback, "a function of k, w and state", "__call__")
    asked = "loss" if hasattr(objective, "loss") else "grad"
    able("objective", objective, "an oracle with loss(w) and grad(w), such as rosenbrock()", asked)

    held = Held(objective)
    oracle = Counted(held if plain(objective) else objective)
    unit = ("step" if iterations else "grad") if progress else None
    recording = Recording(w, record, iterations, grad_evals, learned=learned, progress=unit)
    step, still = unchecked(fitted.step), False
    with recording, np.errstate(all="ignore"):
        k, counts = 0, oracle.counts()
        recording.step(k, w, np.nan, counts)
        try:
            while iterations is None or k < iterations:
                handed = w if still else w.copy("K")
                after, new = step(handed, state, oracle)
                still = still or (k == 0 and left_alone(handed, w, after))
                if grad_evals is not None:
                    if oracle.grads > grad_evals:
                        break
                    if oracle.grads == counts[0]:
                        raise ValueError(
                            "grad_evals bounds nothing: the method asked for no gradient; "
                            "give iterations="
                        )
                w, state, k, counts = after, new, k + 1, oracle.counts()
                if k == recording.next:
                    recording.step(k, w, state.step_size, counts)
                if callback is not None and told_to_stop(callback, k, w, state):
                    break
            held.hold()
        except KeyboardInterrupt:
            pass

    return Trace(
        method=method,
        objective=unwatched(objective),
        state=state,
        _learned=recording.all_learned(),
        **recording.done("iterations", k, w, state.step_size, counts),
    )


def left_alone(handed, w, after):
    """Whether a method, which need not be of this package, wrote nothing to what it was handed."""
    return after is not handed and np.array_equal(handed, w)


def told_to_stop(callback, k, w, state):
    """Whether a callback ends the run."""
    try:
        callback(k, w, state)
    except StopIteration:
        return True
    return False


class StreamState(NamedTuple):
    """What goes on with a run online: what the method remembers, and where the stream stands."""

    method: Any
    position: int  # how many of its examples have gone by


@dataclass(frozen=True, eq=False)
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
    order : array of shape (rows, inputs or classes, *seeds)
        Likewise the permutation that makes the task, where the stream has tasks.
    grad_evals, loss_evals, curvature_evals : arrays of shape (rows,)
        What the method had asked the oracles by then, per run.
    diverged : array of shape (*runs,)
        Whether the last weights are not finite.
    average : int
        How many examples share one entry of ``loss``.
    state
        What the method remembers after the last row, and the position of the stream:
        ``track(..., w0=trace.w[-1], state=trace.state)`` goes on as if it had not stopped.
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
    state: Any = field(repr=False)
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
    def diverged(self) -> np.ndarray:
        return ~np.isfinite(self.w[-1]).all(axis=0)

    @property
    def prediction_error(self) -> np.ndarray:
        if not self._linear:
            raise ValueError("only linear samples have prediction errors: read trace.loss")
        if self.average > 1:
            raise ValueError(
                f"prediction errors were not kept: run with average=1, not {self.average}"
            )
        return self._kept

    @property
    def loss(self) -> np.ndarray:
        if not self._linear or self.average > 1:
            return self._kept
        with np.errstate(all="ignore"):
            return 0.5 * (self._kept * self._kept)

    @property
    def target(self) -> np.ndarray:
        return self._fact("target")

    @property
    def drift(self) -> np.ndarray:
        return self._fact("drift")

    @property
    def order(self) -> np.ndarray:
        return self._fact("order")

    def _fact(self, name):
        if name not in self._hidden:
            raise ValueError(f"{type(self.stream).__name__} tells no {name}")
        return self._hidden[name]

    def to_dict(self) -> dict[str, np.ndarray]:
        """The rows, and what was kept of each example, as arrays by name."""
        names = [*ROWS, "examples", *self._hidden, "loss"]
        names += ["prediction_error"] * (self._linear and self.average == 1)
        return {name: self._hidden.get(name, getattr(self, name)) for name in names}

    def mse(self, start: int = 0, stop: int | None = None) -> np.ndarray:
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
        n, m = len(self._kept) * self.average, self.average
        within = (-n, f"a whole number from {-n} to {n}", n)
        start = whole("start", start, *within)
        stop = n if stop is None else whole("stop", stop, *within)
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
    method: Any,
    stream: Any,
    examples: int,
    *,
    runs: int | None = None,
    seed: int = 0,
    w0: ArrayLike | None = None,
    record: int | None = None,
    average: int = 1,
    progress: bool = False,
    state: StreamState | None = None,
    callback: Callable[[int, np.ndarray, Any], object] | None = None,
) -> StreamTrace:
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
    state
        To go on with a run from its last weights, its ``trace.state``. The stream begins where
        that run left it: what has gone by is drawn again, unless an iterator has let it go.
        Examples and evaluations are counted from zero again.
    callback : callable
        ``callback(k, w, state)`` is called after example k. It ends the run by raising
        ``StopIteration``.

    Returns
    -------
    StreamTrace
        Up to the last whole example where a callback or the keyboard interrupts the run.

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
    seed, progress = count_or_zero("seed", seed), flag("progress", progress)
    if examples % average:
        raise ValueError(f"average must divide examples, {examples}, got {average}")
    if state is not None and not isinstance(state, StreamState):
        raise ValueError(
            f"state must be the trace.state of a run online, got {type(state).__qualname__}"
        )
    if callback is not None:
        able("callback", callback, "a function of k, w and state", "__call__")
    state, position = state or (None, 0)
    samples, hidden, linear, w, data = _begin(stream, examples, position, runs, seed, w0)
    w, fitted, state = begin(method, w, data, state)

    oracle, held = Counted(), Held()
    kept = room((examples // average, *w.shape[1:]), w.dtype, "average=")
    if average > 1:
        kept[:] = 0.0
    unit = "example" if progress else None
    recording = Recording(w, record, examples, progress=unit, hidden=hidden)
    step, still = unchecked(fitted.step), False
    with recording, np.errstate(all="ignore"):
        k, counts = 0, oracle.counts()
        try:
            while k < examples:
                sample = next(samples, None)
                if sample is None:
                    raise ValueError(f"the stream ended after {k} of {examples} examples")
                if k == 0:
                    recording.step(k, w, np.nan, counts)
                oracle.oracle = sample
                if not linear and plain(sample):
                    held.oracle, oracle.oracle = sample, held
                if linear:
                    # an error holds for the whole step where the method leaves w alone
                    error = sample.hold if still else sample.prediction_error
                    value = answer("prediction_error", error(w), w.shape[1:], "", w.dtype)
                if not linear or average > 1:
                    value = answer("loss", oracle.oracle.loss(w), w.shape[1:], "", w.dtype)
                if average == 1:
                    kept[k] = value
                else:
                    kept[k // average] += value
                handed = w if still else w.copy("K")
                after, new = step(handed, state, oracle)
                still = still or (k == 0 and left_alone(handed, w, after))
                w, state, k, counts = after, new, k + 1, oracle.counts()
                if k == recording.next:
                    recording.step(k, w, state.step_size, counts)
                if callback is not None and told_to_stop(
                    callback, k, w, StreamState(state, position + k)
                ):
                    break
            held.hold()
        except KeyboardInterrupt:
            if not recording.counts:
                raise
        if k < examples:
            kept = kept[: k // average].copy()
        if average > 1:
            kept /= average

    rows = recording.done("examples", k, w, state.step_size, counts)
    facts = recording.facts[: len(rows["w"])]
    return StreamTrace(
        method=method,
        stream=stream,
        state=StreamState(state, position + k),
        average=average,
        _linear=linear,
        _kept=kept,
        _hidden={name: np.stack([fact[name] for fact in facts]) for name in facts[0]},
        **rows,
    )


def _begin(stream, examples, position, runs, seed, w0):
    """The samples, what they hide, whether they are linear, the first weights, the data's runs."""
    if hasattr(stream, "chunks"):
        w = stream.first_weights(seed, runs) if w0 is None else starting_point(w0, stream.dim)
        drawn = Drawn(stream, seed, runs, size=position + examples, skip=position)
        return iter(drawn), drawn.hidden, stream.linear, w, drawn.runs
    if runs is not None:
        raise ValueError(
            "runs needs a stream that draws data for each, such as WeightFlipping(); give the "
            "x of an iterable, or w0, the shape (d, *runs)"
        )
    samples = _oracles(stream)
    if not hasattr(stream, "__next__"):  # it begins anew
        samples = islice(samples, position, None)
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
    return chain([first], samples), dict, linear, w, first.runs if linear else ()


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
