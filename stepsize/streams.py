"""Online problems: samples without end, whose best weights move.

A stream is a frozen dataclass with the number of ``inputs`` of a sample and
``chunks(seeds, size)``, which draws the samples of many runs, each from a seed of its own. How
samples are cut into chunks never changes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from stepsize.checks import (
    FLOAT,
    ByValue,
    check,
    count,
    count_or_zero,
    finite,
    fraction,
    nonnegative,
    one_of,
    optional,
    real,
    single,
)
from stepsize.networks import Network
from stepsize.objectives import Minibatch

__all__ = ["LinearSample", "RateTracking", "Tasks", "WeightFlipping"]


class LinearSample:
    r"""One sample for a linear unit: an oracle whose loss is half the squared prediction error.

    .. math:: \delta(w) = y - w^\top x, \quad f(w) = \tfrac12 \delta^2, \quad
              f'(w) = -\delta\, x, \quad f''(w) = x^2 \ \text{(its diagonal)}

    Parameters
    ----------
    x : array of shape (d,) or (d, *runs)
        The input.
    y : float or array of shape (*runs,)
        The target.

    Notes
    -----
    On linear samples :class:`GradientDescent` is LMS. Degris pays the loss delta**2 and steps
    along delta x; the factor of two is left out here as there.

    Examples
    --------
    >>> sample = LinearSample(x=[1.0, 2.0], y=4.0)
    >>> w = np.array([1.0, 0.5])
    >>> sample.prediction_error(w), sample.loss(w)
    (np.float64(2.0), np.float64(2.0))
    >>> sample.grad(w), sample.curvature(w)
    (array([-2., -4.]), array([1., 4.]))
    """

    __slots__ = ("_error", "_w", "_x", "x", "y")

    def __init__(self, x: ArrayLike, y: ArrayLike) -> None:
        try:
            self.x, self.y = real("x", x), real("y", y)[()]
        except ValueError as error:
            raise ValueError(f"x and y must be numbers, got x={x!r}, y={y!r}") from error
        if self.x.ndim == 0 or len(self.x) == 0:
            raise ValueError(f"x must have shape (d,) or (d, *runs), got shape {self.x.shape}")
        self._x, self._w = self.x, None
        _ = self.runs  # x and y must fit

    @classmethod
    def unchecked(cls, x: np.ndarray, y: np.ndarray) -> LinearSample:
        """The same from arrays that are known to fit; a stream makes millions."""
        sample = object.__new__(cls)
        sample.x, sample.y, sample._x, sample._w = x, y, x, None
        return sample

    def __repr__(self):
        return f"LinearSample(x={self.x!r}, y={self.y!r})"

    @property
    def runs(self) -> tuple[int, ...]:
        """The shape of the runs for which there are data."""
        try:
            return np.broadcast_shapes(self.x.shape[1:], np.shape(self.y))
        except ValueError:
            raise ValueError(
                f"y must have the runs of x, {self.x.shape[1:]}, got shape {np.shape(self.y)}"
            ) from None

    def _input(self, w):
        """x with the precision and the shape of w, or one that broadcasts to it."""
        if self._x.shape == w.shape and self._x.dtype is w.dtype:
            return self._x
        x = self.x.astype(w.dtype, copy=False)
        if len(x) != len(w):
            raise ValueError(f"w must have {len(x)} weights, one per input, got {len(w)}")
        return x if x.ndim >= w.ndim else x.reshape(len(x), *[1] * (w.ndim - x.ndim), *x.shape[1:])

    def prediction_error(self, w: np.ndarray) -> np.ndarray:
        """The prediction error delta, shape ``runs``."""
        if w is self._w:
            return self._error
        error = self.y - np.add.reduce(self._input(w) * w, axis=0)
        return error if w.dtype is FLOAT else error.astype(w.dtype)

    def hold(self, w: np.ndarray) -> np.ndarray:
        """The prediction error at ``w``, kept for further questions about this very array.

        Only for a ``w`` that nobody changes while the sample is in use.
        """
        if self._x.shape != w.shape or self._x.dtype is not w.dtype:
            spread = np.empty_like(w)  # once, for products without broadcasting are faster
            spread[...] = self._input(w)
            self._x = spread
        self._w, self._error = None, self.prediction_error(w)
        self._w = w
        return self._error

    def loss(self, w: np.ndarray) -> np.ndarray:
        """The loss delta**2 / 2, shape ``runs``."""
        delta = self.prediction_error(w)
        return 0.5 * (delta * delta)

    def grad(self, w: np.ndarray) -> np.ndarray:
        """The gradient -delta x, shape (d, *runs)."""
        return -self.prediction_error(w) * self._input(w)

    def curvature(self, w: np.ndarray) -> np.ndarray:
        """The diagonal of the Hessian, x**2, shape (d, *runs)."""
        x = self._input(w)
        return np.multiply(x, x, out=np.empty_like(w))

    def hvp(self, w: np.ndarray, v: np.ndarray) -> np.ndarray:
        """The Hessian times v, x (x.v), shape (d, *runs)."""
        x = self._input(w)
        return x * np.add.reduce(x * v, axis=0)


class Stream(ByValue):
    """What the online problems share. Those of this package are linear, but for :class:`Tasks`."""

    linear = True
    sample = staticmethod(LinearSample.unchecked)  # from x and y of a run or of many

    @property
    def dim(self) -> int:
        """The number of weights."""
        return self.inputs

    def first_weights(self, seed: int, runs: int | None) -> np.ndarray:
        """The first weights, where none are given."""
        return np.zeros(self.dim)

    def samples(self, seed: int = 0, runs: int | None = None) -> Iterator:
        """Samples without end, for a loop of your own.

        Parameters
        ----------
        seed : int
            Run r has the r-th child of this seed, here as in :func:`track`.
        runs : int or None
            How many runs; None for one without an axis of its own.

        Returns
        -------
        iterator of LinearSample, or of other oracles
        """
        return iter(Drawn(self, seed, runs))


class Drawn:
    """The samples of a stream, drawn in chunks; and what it hides, at the latest of them."""

    def __init__(self, stream, seed, runs, size=4096, skip=0):
        seed, runs = count_or_zero("seed", seed), optional(count)("runs", runs)
        self.stream = stream
        self.seed, self.skip = seed, skip
        self.runs = () if runs is None else (runs,)
        # samples drawn at a time: at most 2 MB of inputs, which stay in the processor's cache
        self.size = max(1, min(size, 4096, 2**18 // (stream.inputs * (runs or 1))))

    def __iter__(self):
        seeds = np.random.SeedSequence(self.seed).spawn(*(self.runs or (1,)))
        skip = self.skip
        for x, y, hidden in self.stream.chunks(seeds, self.size):
            self._hidden = hidden
            x, y = x.reshape(x.shape[:-1] + self.runs), y.reshape(y.shape[:-1] + self.runs)
            skipped = min(skip, len(y))
            skip -= skipped
            for i in range(skipped, len(y)):
                self._i = i
                yield self.stream.sample(x[i], y[i])

    def hidden(self):
        """What the stream knows about the latest sample and a method does not."""
        return {
            name: np.array(values).reshape(values.shape[:-1] + self.runs)
            for name, values in self._hidden(self._i).items()
        }


def _generators(seeds, n):
    """``n`` lists of generators, one a run in each.

    A sequence that is drawn by a generator of its own is the same however it is cut into chunks.
    """
    drawn = [[np.random.default_rng(child) for child in seed.spawn(n)] for seed in seeds]
    return [list(one) for one in zip(*drawn)]


@dataclass(frozen=True)
class WeightFlipping(Stream):
    r"""A linear target of which a few weights flip their sign now and then (Sutton 1992; Degris,
    Figs 1, 2 and 4).

    .. math:: y_t = \sum_{i \le m} s_t(i)\, x_t(i) + N(0, \mathit{noise}^2), \qquad
              x_t(i) \sim N(0, 1), \qquad s_t(i) = \pm \mathit{scale}

    Every ``flip_every`` samples one of the m relevant weights is chosen at random and flips. The
    weights of the other inputs are zero for ever. In both papers there is no noise: all error
    comes from flips.

    Parameters
    ----------
    inputs : int
        The number of inputs, d.
    relevant : int
        How many of them matter, m: the first ones.
    flip_every : int
        Samples between flips.
    scale : float
        The size of the relevant target weights.
    flip_probability : float
        Probability that the chosen weight does flip. 1 in Sutton 1992; 0.5 in Degris, Fig. 1,
        which is ``WeightFlipping(inputs=2, relevant=1, flip_probability=0.5)`` with its two
        inputs in the other order.
    input_scale : float or array of shape (inputs,)
        Standard deviation of the inputs.
    noise : float
        Standard deviation of the noise on the target.

    Notes
    -----
    ``trace.target`` has the target weights. With noise, inputs and weights are as without.

    Examples
    --------
    >>> stream = WeightFlipping(inputs=3, relevant=2, flip_every=10)
    >>> trace = track(GradientDescent(0.1), stream, examples=100, record=50)
    >>> trace.examples, trace.target.shape
    (array([  0,  50, 100]), (3, 3))
    >>> np.abs(trace.target[-1])
    array([1., 1., 0.])
    """

    inputs: int = 20
    relevant: int = 5
    flip_every: int = 20
    scale: float = 1.0
    flip_probability: float = 1.0
    input_scale: float = 1.0
    noise: float = 0.0

    def __post_init__(self):
        check(
            self,
            inputs=count,
            relevant=count,
            flip_every=count,
            scale=single(finite),
            flip_probability=single(fraction),
            input_scale=nonnegative,
            noise=single(nonnegative),
        )
        if self.relevant > self.inputs:
            raise ValueError(f"relevant must be at most inputs, {self.inputs}, got {self.relevant}")
        if np.shape(self.input_scale) != (self.inputs,) and not isinstance(self.input_scale, float):
            raise ValueError(
                f"input_scale must be a number or have shape ({self.inputs},), "
                f"got shape {np.shape(self.input_scale)}"
            )

    def chunks(self, seeds: list, size: int) -> Iterator[tuple]:
        """The samples of one run a seed, ``size`` at a time, without end.

        Yields
        ------
        x : array of shape (size, d, runs)
        y : array of shape (size, runs)
        hidden : callable
            ``hidden(i)`` is a dict of what belongs to sample i of the chunk.
        """
        d, m, runs = self.inputs, self.relevant, range(len(seeds))
        inputs, signs, chosen, flipped, noises = _generators(seeds, 5)
        target = np.stack([self.scale * (2.0 * rng.integers(2, size=m) - 1) for rng in signs], -1)
        start = 0
        while True:
            x = np.empty((size, d, len(seeds)))
            for r in runs:
                x[:, :, r] = inputs[r].standard_normal((size, d))
            if np.any(self.input_scale != 1.0):
                x *= np.reshape(self.input_scale, (-1, 1))
            # a sign for each sample, weight and run; their running product is the target
            sign = np.ones((size, m, len(seeds)))
            when = np.flatnonzero(np.arange(start, start + size) % self.flip_every == 0)
            for r in runs:
                flips = flipped[r].random(len(when)) < self.flip_probability
                sign[when, chosen[r].integers(m, size=len(when)), r] = np.where(flips, -1.0, 1.0)
            sign[0] *= target
            target_of = np.multiply.accumulate(sign, axis=0)
            # accumulate adds in order: the same bits for one run and for many
            y = np.add.accumulate(x[:, :m] * target_of, axis=1)[:, -1]
            if self.noise:
                y = y + self.noise * np.stack([rng.standard_normal(size) for rng in noises], -1)
            yield x, y, lambda i, targets=target_of: {"target": self._padded(targets[i])}
            target, start = target_of[-1], start + size

    def _padded(self, relevant):
        """The target weights, those of irrelevant inputs too."""
        zeros = np.zeros((self.inputs - self.relevant, relevant.shape[1]))
        return np.concatenate([relevant, zeros])


@dataclass(frozen=True)
class RateTracking(Stream):
    r"""A level that drifts at a changing rate, seen through noise (Degris, Fig. 3).

    .. math:: y_t = z_t + N(0, \mathit{noise}^2), \qquad z_{t+1} = z_t + N(0, \sigma_t^2),
              \qquad x_t = 1, \quad z_0 = 0

    Every ``segment`` samples the drift sigma is drawn anew, uniformly from a range.

    Parameters
    ----------
    noise : float
        Standard deviation of the noise on the target.
    drift : pair of float
        The least and the largest drift sigma. Equal ones keep it constant.
    segment : int
        Samples between two draws of the drift.

    Notes
    -----
    ``trace.target`` has the level z, ``trace.drift`` the drift. The best step size, in a
    segment's long run, is :func:`stepsize.theory.kalman_gain`.

    Examples
    --------
    >>> stream = RateTracking(drift=(0.5, 0.5))
    >>> trace = track(GradientDescent(0.39), stream, examples=20_000, seed=3)
    >>> trace.mse(1000)  # the best step size is 0.390, and the best mse 1.640
    np.float64(1.6...)
    """

    noise: float = 1.0
    drift: tuple = (0.0, 3.0)
    segment: int = 50_000
    inputs = 1

    def __post_init__(self):
        check(self, noise=single(nonnegative), segment=count)
        pair = np.shape(np.array(self.drift, dtype=object)) == (2,)
        drift = tuple(nonnegative("drift", self.drift).tolist()) if pair else ()
        if not pair or drift[0] > drift[1]:
            raise ValueError(f"drift must be a pair (least, largest), got {self.drift!r}")
        object.__setattr__(self, "drift", drift)

    def chunks(self, seeds: list, size: int) -> Iterator[tuple]:
        """The samples of one run a seed, ``size`` at a time, without end.

        Yields
        ------
        x : array of shape (size, 1, runs)
        y : array of shape (size, runs)
        hidden : callable
            ``hidden(i)`` is a dict of what belongs to sample i of the chunk.
        """
        runs = range(len(seeds))
        noises, walks, drifts = _generators(seeds, 3)
        x = np.ones((size, 1, len(seeds)))
        x.flags.writeable = False  # it serves all chunks
        sigma, z = np.zeros(len(seeds)), np.zeros(len(seeds))
        start = 0
        while True:
            segment = np.arange(start, start + size) // self.segment
            new = np.count_nonzero(np.arange(start, start + size) % self.segment == 0)
            fresh = np.stack([rng.uniform(*self.drift, size=new) for rng in drifts], -1)
            # the drift that goes on from the last chunk stands before those that begin in this one
            ongoing = np.concatenate([sigma[None], fresh])
            sigmas = ongoing[segment - segment[-1] + new]
            walk = np.stack([rng.standard_normal(size) for rng in walks], -1)
            zs = np.add.accumulate(np.concatenate([z[None], sigmas * walk]))
            noise = np.stack([noises[r].standard_normal(size) for r in runs], -1)
            yield (
                x,
                zs[:-1] + self.noise * noise,
                lambda i, zs=zs, sigmas=sigmas: {"target": zs[i : i + 1], "drift": sigmas[i]},
            )
            sigma, z, start = sigmas[-1], zs[-1], start + size


@dataclass(frozen=True)
class Tasks(Stream):
    r"""Tasks for a network, one after the other: what it has learned is wrong again and again.

    Parameters
    ----------
    network : Network
    X : array of shape (n, inputs)
        The examples.
    y : array of shape (n,) of integers, or of floats, as ``network.objective`` takes them
    change : "inputs", "labels" or "classes"
        What a new task is: another permutation of the inputs; another label for each class; or
        other classes, ``classes`` at a time, which are labelled 0, 1, ... in a drawn order.
        Classes come back when all have had their turn.
    every : int
        Samples a task.
    size : int
        Examples a sample: one, or a minibatch. They are drawn with replacement.
    classes : int
        How many there are in a task of classes.

    Notes
    -----
    Each run draws examples and tasks of its own, and starts from first weights of its own,
    ``network.init`` with the same seed. ``trace.order`` has the permutation: unit i sees input
    ``order[i]``, class c is called ``order[c]``, label i means class ``order[i]``.

    Examples
    --------
    >>> network, X, y = Network([2, 3]), np.eye(2)[[0, 0, 1]], [0, 1, 2]
    >>> trace = track(GradientDescent(0.1), Tasks(network, X, y, "labels", every=5), 10, record=5)
    >>> trace.w.shape, sorted(trace.order[-1].tolist())
    ((3, 9), [0, 1, 2])
    """

    network: Network
    X: np.ndarray
    y: np.ndarray
    change: str = "inputs"
    every: int = 1000
    size: int = 1
    classes: int = 2
    linear = False

    def __post_init__(self):
        check(
            self,
            change=one_of("inputs", "labels", "classes"),
            every=count,
            size=count,
            classes=count,
        )
        if not isinstance(self.network, Network):
            raise ValueError(f"network must be a Network, got {type(self.network).__name__}")
        classes = np.inf if self.change == "classes" else None
        X, y = self.network.checked(self.X, self.y, classes)
        object.__setattr__(self, "X", X)
        object.__setattr__(self, "y", y)
        if self.change != "inputs" and y.dtype.kind != "i":
            raise ValueError(f"y must be integer labels for a change of {self.change}, got floats")
        there, outputs = len(np.unique(y)), self.network.sizes[-1]
        if self.change == "classes" and not 2 <= self.classes <= min(there, outputs):
            raise ValueError(
                f"classes must be from 2 to {min(there, outputs)}, for y has {there} classes and "
                f"the network {outputs} outputs, got {self.classes}"
            )

    @property
    def inputs(self) -> int:
        """The numbers that a sample holds."""
        return self.network.sizes[0] * self.size

    @property
    def dim(self) -> int:
        return self.network.dim

    def first_weights(self, seed: int, runs: int | None) -> np.ndarray:
        return self.network.init(seed, runs)

    def sample(self, x: np.ndarray, y: np.ndarray) -> Minibatch:
        """The oracle of some examples."""
        return Minibatch(*self.network.functions(x, y))

    def chunks(self, seeds: list, size: int) -> Iterator[tuple]:
        """The samples of one run a seed, ``size`` at a time, without end.

        Yields
        ------
        x : array of shape (size, examples, inputs, runs)
        y : array of shape (size, examples, runs) or (size, examples, outputs, runs)
        hidden : callable
            ``hidden(i)`` is a dict of what belongs to sample i of the chunk.
        """
        examples, tasks = _generators(seeds, 2)
        orders = [self._orders(rng) for rng in tasks]
        order, start = [None for _ in seeds], 0
        while True:
            x = np.empty((len(seeds), size, self.size, self.X.shape[1]), self.X.dtype)
            y = np.empty((len(seeds), size, self.size, *self.y.shape[1:]), self.y.dtype)
            first, seen = start // self.every, []
            for r, rng in enumerate(examples):
                drawn, mine = rng.random((size, self.size)), []
                for task in range(first, (start + size - 1) // self.every + 1):
                    if task * self.every >= start:
                        order[r] = next(orders[r])
                    mine.append(order[r])
                    here = slice(max(task * self.every - start, 0), (task + 1) * self.every - start)
                    x[r, here], y[r, here] = self._task(order[r], drawn[here])
                seen.append(mine)
            x, y, seen = (np.moveaxis(a, 0, -1) for a in (x, y, np.array(seen)))

            def hidden(i, seen=seen, start=start, first=first):
                return {"order": seen[(start + i) // self.every - first]}

            yield x, y, hidden
            start += size

    def _orders(self, rng):
        """The permutation of each task."""
        if self.change == "classes":
            there = np.unique(self.y)
            while True:
                order = rng.permutation(there)
                for k in range(0, len(there) - self.classes + 1, self.classes):
                    yield order[k : k + self.classes]
        n = self.network.sizes[0 if self.change == "inputs" else -1]
        while True:
            yield rng.permutation(n)

    def _task(self, order, drawn):
        """The examples of a task that numbers from 0 to 1 point at."""
        if self.change != "classes":
            rows = (drawn * len(self.X)).astype(int)
            if self.change == "inputs":
                return self.X[rows][..., order], self.y[rows]
            return self.X[rows], order[self.y[rows]]
        pool = np.flatnonzero(np.isin(self.y, order))
        rows = pool[(drawn * len(pool)).astype(int)]
        return self.X[rows], np.argmax(self.y[rows][..., None] == order, axis=-1)
