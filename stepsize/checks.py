"""What a value must be, and the error a user sees when it is something else.

A kind takes the name and the value of an argument and returns the value in the form that
the arithmetic wants (a float, or a read-only float64 array over runs), or raises a
``ValueError`` that names the argument, what was given and what would do.
"""

from __future__ import annotations

import copy
import numbers
from dataclasses import fields, replace
from functools import wraps
from typing import Protocol

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import ArrayLike

__all__ = ["Bent", "ByValue", "Curved", "Method", "Oracle", "PerWeight", "check", "per_weight"]

FLOAT = np.dtype(float)


class ByValue:
    """What methods and streams are: equal if their fields are, arrays value by value."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "__eq__" not in vars(cls):  # in the class itself, where dataclass leaves them alone
            cls.__eq__, cls.__hash__ = ByValue.__eq__, ByValue.__hash__

    def __eq__(self, other):
        return self._values() == other._values() if type(other) is type(self) else NotImplemented

    def __hash__(self):
        return hash((type(self), self._values()))

    def _values(self):
        values = (getattr(self, field.name) for field in fields(self))
        return tuple(
            (v.shape, *v.ravel().tolist()) if isinstance(v, np.ndarray) else v for v in values
        )


class Oracle(Protocol):
    """What a method asks at ``w``: f, of shape ``runs``, and f', of the shape of ``w``."""

    def loss(self, w: np.ndarray) -> ArrayLike: ...
    def grad(self, w: np.ndarray) -> ArrayLike: ...


class Curved(Oracle, Protocol):
    """An oracle that also knows the diagonal of f'', or what stands for it."""

    def curvature(self, w: np.ndarray) -> ArrayLike: ...


class Bent(Oracle, Protocol):
    """An oracle that also knows f'' times a vector."""

    def hvp(self, w: np.ndarray, v: np.ndarray) -> ArrayLike: ...


class Method(ByValue):
    """What methods are besides: ``init`` and ``step`` refuse weights that do not fit, and calculate
    in their precision.
    """

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        for name in {"init", "step"} & set(vars(cls)):
            setattr(cls, name, fitting(vars(cls)[name]))


def fitting(function):
    """The function of a method, for weights that are looked at first."""

    @wraps(function)
    def fitted(self, w, *args, **kwargs):
        return function(fit(self, w), w, *args, **kwargs)

    fitted.unchecked = function
    return fitted


def unchecked(step):
    """The step of a method for weights that are known to fit it."""
    return step.unchecked.__get__(step.__self__) if hasattr(step, "unchecked") else step


def fields_of(method):
    """What a method holds, by name, in a dict or in slots."""
    held = object.__getstate__(method) or {}
    return held if isinstance(held, dict) else {**(held[0] or {}), **held[1]}


def broadcasts(shape, whole):
    """Whether an array of that shape broadcasts to the whole."""
    return len(shape) <= len(whole) and all(n in (1, m) for n, m in zip(shape[::-1], whole[::-1]))


def fit(method, w):
    """The method for weights that it fits: its numbers have their precision."""
    if not isinstance(w, np.ndarray) or w.dtype.kind != "f" or w.ndim == 0:
        got = f"{w.dtype} of shape {w.shape}" if isinstance(w, np.ndarray) else type(w).__name__
        raise ValueError(
            "w must be an array of floats of shape (d,) or (d, *runs), such as start(method, w0) "
            f"makes, got {got}"
        )
    cast = {}
    for name, value in fields_of(method).items():
        if isinstance(value, PerWeight) and len(value.values) != len(w):
            raise ValueError(f"{name} must have {len(w)} values, one per weight, got {value}")
        if isinstance(value, np.ndarray) and not broadcasts(value.shape, w.shape[1:]):
            raise ValueError(
                f"{name} has shape {value.shape}, one value a run, and w of shape {w.shape} has "
                f"the runs {w.shape[1:]}: start(method, w0) spreads w to all runs; for one value "
                "per weight use per_weight([...])"
            )
        if w.dtype is not FLOAT and isinstance(value, (float, np.ndarray, PerWeight)):
            value = np.float64(value) if isinstance(value, float) else value
            cast[name] = value.astype(w.dtype)
    method = copy.copy(method) if cast else method
    for name, value in cast.items():
        object.__setattr__(method, name, value)
    return method


class PerWeight(NDArrayOperatorsMixin):
    """One value for each weight, which arithmetic lines up with the weights."""

    def __init__(self, values):
        self.values = values

    def __repr__(self):
        return f"per_weight({self.values.tolist()})"

    def __eq__(self, other):
        return isinstance(other, PerWeight) and np.array_equal(self.values, other.values)

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(tuple(self.values.tolist()))

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if method != "__call__":
            return NotImplemented
        ndim = max((np.ndim(x) for x in inputs if not isinstance(x, PerWeight)), default=0)
        inputs = [x.like(ndim) if isinstance(x, PerWeight) else x for x in inputs]
        result = ufunc(*inputs, **kwargs)
        return PerWeight(result) if ndim == 0 else result

    def astype(self, dtype):
        """The same values in another precision."""
        return PerWeight(self.values.astype(dtype))

    def like(self, ndim):
        """The values as an array of ``ndim`` axes whose first runs over the weights."""
        return self.values.reshape(-1, *[1] * (ndim - 1)) if ndim > 1 else self.values


def per_weight(values: ArrayLike) -> PerWeight:
    """One value for each weight, to stand where a hyper-parameter takes one number.

    An array hyper-parameter ranges over *runs*. To give every weight a value of its own,
    say so; a length is never guessed at.

    Parameters
    ----------
    values : array of shape (d,)
        The value for each weight. All runs share them.

    Examples
    --------
    >>> bowl = quadratic([1.0, 4.0], minimizer=[1.0, -2.0])
    >>> method = GradientDescent(step_size=per_weight([1.0, 0.25]))
    >>> minimize(method, bowl, w0=[3.0, -1.0], iterations=1).w[-1]
    array([ 1., -2.])

    Each step size is the inverse of its curvature, so one step reaches the minimizer.
    """
    values = _numbers("values", values)
    if np.ndim(values) != 1:
        raise ValueError(f"values must have shape (d,), got shape {np.shape(values)}")
    return PerWeight(np.asarray(values))


def real(name, value, kinds="biuf", dtype=FLOAT):
    """An array of floats: nothing complex, nothing masked, nothing that NumPy would guess at.

    With ``dtype=None`` floats keep their precision.
    """
    masked = isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value)
    try:
        array = None if masked else np.asarray(value)
    except ValueError:  # ragged
        array = None
    if array is None or array.dtype.kind not in kinds:
        raise ValueError(f"{name} must be a number or an array of numbers, got {value!r}")
    if dtype is None:
        dtype = array.dtype.newbyteorder("=") if array.dtype.kind == "f" else FLOAT
    return array.astype(dtype, copy=False)


def answer(name, value, shape, hint="", dtype=FLOAT):
    """What a function of that name returned, as floats of the shape that it must have."""
    kind = np.ndarray if shape else dtype.type
    if type(value) is kind and value.dtype is dtype and value.shape == shape:
        return value
    array = real(f"what {name} returns", value, dtype=dtype)
    if array.shape != shape:
        raise ValueError(f"{name} must return shape {shape}, got {array.shape}{hint}")
    return array[()]


def _numbers(name, value, dtype=FLOAT):
    """A float, or a read-only array of floats; PerWeight passes through."""
    if isinstance(value, PerWeight):
        return value
    array = np.array(real(name, value, "iuf", dtype))
    if array.size == 0:
        raise ValueError(f"{name} must be a number or an array of numbers, got {value!r}")
    if array.ndim == 0:
        return float(array)
    array.flags.writeable = False
    return array


def every(word, must, good):
    """A kind of that name: numbers all of which are good."""

    def kind(name, value):
        value = _numbers(name, value)
        values = value.values if isinstance(value, PerWeight) else np.asarray(value)
        with np.errstate(invalid="ignore"):
            bad = ~good(values)
        if bad.any():
            raise ValueError(f"{name} must be {must}, got {values[bad].flat[0]:g}")
        return value

    kind.__name__ = word
    return kind


# step sizes and noise are nonnegative; momentum and the decays of running averages are rates
number = every("number", "a number (infinity will do)", lambda v: ~np.isnan(v))
finite = every("finite", "finite", np.isfinite)
nonnegative = every("nonnegative", "finite and not negative", lambda v: np.isfinite(v) & (v >= 0))
positive = every("positive", "finite and positive", lambda v: np.isfinite(v) & (v > 0))
at_least_one = every("at_least_one", "finite and at least 1", lambda v: np.isfinite(v) & (v >= 1))
cap = every("cap", "positive (infinity means no bound)", lambda v: v > 0)
rate = every("rate", "in [0, 1)", lambda v: (v >= 0) & (v < 1))
fraction = every("fraction", "in [0, 1]", lambda v: (v >= 0) & (v <= 1))


def whole(name, value, least, must, most=np.inf):
    """A single whole number within bounds."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise ValueError(f"{name} must be {must}, got {value!r}")
    if value != value or abs(value) == np.inf or int(value) != value or not least <= value <= most:
        raise ValueError(f"{name} must be {must}, got {value!r}")
    return int(value)


def count(name, value):
    """A single whole number, at least one."""
    return whole(name, value, 1, "a positive integer")


def count_or_zero(name, value):
    """A single whole number, at least zero."""
    return whole(name, value, 0, "a non-negative integer")


def flag(name, value):
    """True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def one_of(*choices):
    """A kind: exactly one of the given values."""

    def kind(name, value):
        if not isinstance(value, str) or value not in choices:
            raise ValueError(
                f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}"
            )
        return value

    return _made(kind, also=choices)


def _made(kind, of=None, also=()):
    """A kind with what it is made of: another, and what it allows besides."""
    kind.of, kind.also = of, also
    return kind


def single(kind):
    """A kind: a single number of that kind."""

    def one(name, value):
        value = kind(name, value)
        if not isinstance(value, float):
            raise ValueError(f"{name} must be a single number, got {value!r}")
        return value

    return _made(one, kind)


def or_word(kind, *words):
    """A kind: what ``kind`` allows, or one of the given words."""

    def either(name, value):
        if not isinstance(value, str):
            return kind(name, value)
        if value not in words:
            known = " or ".join(map(repr, words))
            raise ValueError(f"{name} must be a number or {known}, got {value!r}")
        return value

    return _made(either, kind, words)


def per_run(kind):
    """A kind: what ``kind`` allows, but nothing per weight."""

    def one_each(name, value):
        if isinstance(value, PerWeight):
            raise ValueError(f"{name} must be a number or an array over runs, got {value}")
        return kind(name, value)

    return _made(one_each, kind)


def optional(kind):
    """A kind: None, or what ``kind`` allows."""
    return _made(lambda name, value: None if value is None else kind(name, value), kind, (None,))


_KINDS = {}  # of the fields of each class


def check(method, **kinds):
    """Check the fields of a frozen dataclass and store them in the form the arithmetic wants."""
    _KINDS.setdefault(type(method), {}).update(kinds)
    for name, kind in kinds.items():
        object.__setattr__(method, name, kind(name, getattr(method, name)))


def kinds_of(method):
    """The kinds that a method's fields were checked by, by name."""
    if type(method) not in _KINDS:  # it was made elsewhere, and unpickled here
        replace(method)
    return dict(_KINDS.get(type(method), {}))


def able(name, value, what, *asked):
    """An object that has these methods; a class is not one of its objects."""
    if isinstance(value, type) or not all(callable(getattr(value, a, None)) for a in asked):
        got = f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__
        raise ValueError(f"{name} must be {what}, got {got}")


def point(name, value, dim=None):
    """One finite value for each weight, as an array of shape (d,)."""
    array = np.atleast_1d(np.asarray(finite(name, value)))
    if array.ndim != 1 or dim not in (None, len(array)):
        d = "d" if dim is None else dim
        raise ValueError(f"{name} must have shape ({d},), got {array.shape}")
    return array


def starting_point(w0, dim=None, name="w0"):
    """``w0`` as a float array of shape (d,) or (d, *runs), of the precision that it has."""
    w = np.array(_numbers(name, w0, None))
    d = "d" if dim is None else dim
    if w.ndim == 0 or (dim is not None and w.shape[0] != dim):
        raise ValueError(
            f"{name} must have shape ({d},) or ({d}, *runs), components first, got shape {w.shape}"
        )
    if not np.isfinite(w).all():
        raise ValueError(f"{name} must be finite, got {w[~np.isfinite(w)].flat[0]}")
    return w
