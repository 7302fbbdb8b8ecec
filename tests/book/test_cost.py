"""What the chapter on cost rests on: the count of operations, what a state needs, the table."""

import numpy as np
import pytest

from experiments import cost
from stepsize import IDBD, Adam, Autostep, Csawg, GradientDescent, HypergradientDescent, methods


def test_tally_counts_elements_by_hand():
    # 3 products, 3 roots, 3 quotients, a sum of 3, and 3 additions in place
    x = np.array([1.0, 4.0, 9.0]).view(cost.Tally)
    cost.Tally.counts.update(fast=0, slow=0)
    y = np.sqrt(x * x)
    np.divide(y, x, out=np.zeros_like(y), where=x != 4.0)  # and 3 comparisons
    total = np.add.reduce(y, axis=0)
    y += 1.0
    assert cost.Tally.counts == {"fast": 12, "slow": 6}
    assert total == 14.0 and (np.asarray(y) == [2.0, 5.0, 10.0]).all()


def test_tally_goes_on_where_something_is_added_in_place():
    y, x = np.ones(3), np.ones(3).view(cost.Tally)
    cost.Tally.counts.update(fast=0, slow=0)
    y += x  # 3 additions, and 3 more
    y += 1.0
    assert cost.Tally.counts == {"fast": 6, "slow": 0} and y.tolist() == [3.0, 3.0, 3.0]


@pytest.mark.parametrize(
    "name, fast, slow",
    [
        ("GradientDescent", 5, 0),  # w x, sum, delta x, alpha g, w - move
        ("HeavyBall", 8, 0),  # w - previous, p delta, +
        ("IDBD", 14, 1),  # x x; theta g, h, beta; exp; alpha c, 1 -, max, h *, h -
    ],
)
def test_arithmetic_by_hand(name, fast, slow):
    assert cost.arithmetic(name) == cost.arithmetic(name, d=80) == (fast, slow)


@pytest.mark.parametrize(
    "method, numbers",
    [
        (GradientDescent(0.002), 0),
        (HypergradientDescent(0.002, 1e-9), 1),  # the last gradient; alpha is one for all
        (HypergradientDescent(0.002, 1e-9, momentum=0.5, trace_decay=0.5), 2),
        (Adam(0.002), 2),
        (Adam(0.002, beta1=0.0, beta2=0.0), 0),  # no memory
        (IDBD(0.002, 1e-6), 2),
        (Autostep(0.002), 3),
        (Csawg(0.002, window=5), 12),
    ],
)
def test_needed_numbers(method, numbers):
    assert cost.needed(method) == numbers


def test_counting_does_not_change_a_run():
    method = cost.methods(40)["Autostep"]
    pairs = list(cost.samples(40, 20))
    tallied = [(x.view(cost.Tally), y) for x, y in pairs]
    plain, counted = (
        cost.walk(method, w, method.init(w), p)[0]
        for w, p in ((np.zeros(40), pairs), (np.zeros(40).view(cost.Tally), tallied))
    )
    assert (plain == np.asarray(counted)).all()


def test_the_table_has_methods_at_every_size():
    times = cost.times()
    assert set(cost.methods(1)) == set(methods.__all__)
    measured = set(times) - {""}  # one that is new joins when all are measured again
    assert {"GradientDescent", "Adam", "IDBD", "Csawg"} < measured <= set(methods.__all__)
    for name in measured:
        assert set(times[name]) == {10, 100, 1_000, 10_000, 100_000, 1_000_000}
        assert all(0 < low <= median <= high for median, low, high in times[name].values())
