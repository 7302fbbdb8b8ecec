"""What arguments may be, one value per weight, and errors that name the argument."""

from dataclasses import dataclass

import numpy as np
import pytest

from stepsize import per_weight
from stepsize.checks import (
    cap,
    check,
    count,
    count_or_zero,
    finite,
    flag,
    fraction,
    nonnegative,
    number,
    one_of,
    optional,
    or_word,
    positive,
    rate,
    single,
    whole,
)


def test_per_weight_lines_up_with_the_weights():
    values = per_weight([1.0, 10.0])
    w = np.arange(6.0).reshape(2, 3)
    assert (values * w).tolist() == [[0, 1, 2], [30, 40, 50]]
    assert (w - values).tolist() == [[-1, 0, 1], [-7, -6, -5]]
    assert (values * np.ones((2, 2, 2)))[1].tolist() == [[10, 10], [10, 10]]
    assert (values * np.array([2.0, 3.0])).tolist() == [2, 30]
    assert np.maximum(np.full((2, 3), 5.0), values)[:, 0].tolist() == [5, 10]


def test_per_weight_compares_by_value():
    one, same, other = (per_weight(v) for v in ([0.0, 2.0], [-0.0, 2.0], [0.0, 3.0]))
    assert (one == same) is True and (one != same) is False and hash(one) == hash(same)
    assert (one == other) is False and (one != other) is True
    assert one != 2.0 and one != [0.0, 2.0] and per_weight([2.0]) != per_weight([2.0, 2.0])


def test_per_weight_stays_so_among_numbers():
    values = 2 * per_weight([1.0, 2.0]) + 1
    assert repr(values) == "per_weight([3.0, 5.0])"
    assert repr(np.sqrt(per_weight([4.0, 9.0]))) == "per_weight([2.0, 3.0])"
    assert repr(-values / 2) == "per_weight([-1.5, -2.5])"


@pytest.mark.parametrize(
    "kind, good, bad, must",
    [
        (finite, [-1, 0, 2.5], [np.inf, np.nan], "finite"),
        (number, [-1, np.inf], [np.nan], "a number"),
        (nonnegative, [0, 1e300], [-1e-300, np.inf, np.nan], "finite and not negative"),
        (positive, [1e-300], [0, -1, np.inf, np.nan], "finite and positive"),
        (cap, [1, np.inf], [0, -1, np.nan], "positive"),
        (rate, [0, 0.999], [1, -0.1, np.nan], r"in \[0, 1\)"),
        (fraction, [0, 1], [1.1, -0.1, np.nan], r"in \[0, 1\]"),
    ],
)
def test_numbers(kind, good, bad, must):
    for value in good:
        assert kind("x", value) == value and type(kind("x", value)) is float
        assert kind("x", [value, value]).tolist() == [value, value]
        assert kind("x", per_weight([value])).values.tolist() == [value] if value < 1e308 else True
    for value in bad:
        for given in (value, [good[0], value]):
            with pytest.raises(ValueError, match=f"^x must be {must}.*got {value:g}"):
                kind("x", given)
    masked = np.ma.masked_array([1.0, 2.0], [False, True])
    for given in ("many", None, [[1], [1, 2]], object(), 1j, [good[0], 1j], True, masked, []):
        with pytest.raises(ValueError, match=r"^x must be a number or an array of numbers, got"):
            kind("x", given)


@pytest.mark.parametrize(
    "kind, good, bad",
    [
        (count, [1, 7, 3.0, np.int64(2)], [0, -1, 2.5, True, [2], np.nan, np.inf, "2", None]),
        (count_or_zero, [0, 7], [-1, 2.5, False, [0], "0", None]),
        (flag, [True, False, np.True_], [0, 1, "yes", None]),
        (one_of("a", "b"), ["a", "b"], ["c", None, 1, ["a"]]),
        (optional(count), [None, 3], [0, "x"]),
        (single(finite), [-1.5, 3], [np.inf, [1.0], [1.0, 2.0], per_weight([1.0]), None]),
        (
            lambda n, v: whole(n, v, -2, "small", 2),
            [-2, 2, 1.0],
            [-3, 3, 0.5, np.nan, [[1], [1, 2]]],
        ),
        (or_word(rate, "up"), [0.5, "up"], [1.0, "down", None]),
    ],
)
def test_single_values(kind, good, bad):
    for value in good:
        assert kind("x", value) == value
    for value in bad:
        with pytest.raises(ValueError, match=r"^x must be .*, got"):
            kind("x", value)


def test_arrays_are_copies_that_nobody_can_write():
    given = np.array([1.0, 2.0])

    @dataclass(frozen=True)
    class Method:
        step_size: object

        def __post_init__(self):
            check(self, step_size=nonnegative)

    method = Method(given)
    given[0] = -5.0
    assert method.step_size.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        method.step_size[0] = 3.0


@pytest.mark.parametrize("values", [3.0, [[1.0, 2.0]], "abc"])
def test_per_weight_wants_one_axis(values):
    with pytest.raises(ValueError, match="values must"):
        per_weight(values)
