"""A step changes nothing that it was given and keeps nothing that may change under it."""

import copy

import numpy as np
import pytest
from cases import VARIED

from stepsize import Objective, minimize, quadratic, track
from stepsize.methods.arithmetic import leaves

each = pytest.mark.parametrize("method", VARIED, ids=repr)
BOWL = quadratic([1.0, 4.0], minimizer=[1.0, -2.0])
STARTS = {"one run": np.array([3.0, -2.5]), "three": np.array([[3.0, 1.5, 0.0], [-2.5, -1.0, 0.0]])}
in_runs = pytest.mark.parametrize("w0", STARTS.values(), ids=STARTS)
N = 25


def equal(one, other):
    one, other = leaves(one), leaves(other)
    same = (a is b or np.array_equal(a, b, equal_nan=True) for a, b in zip(one, other))
    return len(one) == len(other) and all(same)


def frozen(x):
    """The same, in which nobody may write."""
    for leaf in leaves(x):
        if isinstance(leaf, np.ndarray):
            leaf.flags.writeable = False
    return x


class Frozen:
    """An oracle whose answers nobody may write to."""

    def __init__(self, inner=BOWL):
        self.loss, self.grad, self.curvature, self.hvp = (
            lambda *at, f=f: frozen(np.array(f(*at)))
            for f in (inner.loss, inner.grad, inner.curvature, inner.hvp)
        )


class Refilling:
    """An oracle that answers every question of a kind with one and the same array."""

    def __init__(self, inner=BOWL):
        self.inner, self.answers = inner, {}

    def loss(self, w):
        return self.answer("loss", w)

    def grad(self, w):
        return self.answer("grad", w)

    def curvature(self, w):
        return self.answer("curvature", w)

    def hvp(self, w, v):
        return self.answer("hvp", w, v)

    def answer(self, name, w, *v):
        value = getattr(self.inner, name)(w, *v)
        buffer = self.answers.setdefault((name, w.shape), np.empty_like(value))
        buffer[...] = value
        return buffer


def walk(method, w, oracle, n=N, state=None):
    """All (w, state) of a user's own loop."""
    state = method.init(w) if state is None else state
    yield w, state
    for _ in range(n):
        w, state = method.step(w, state, oracle)
        yield w, state


def points(method, w0):
    return minimize(method, BOWL, w0, iterations=N).w


@each
@in_runs
def test_nothing_that_it_was_given_is_written_to(method, w0):
    w = frozen(w0.copy())
    state = frozen(method.init(w))
    for row in points(method, w0)[1:]:
        w, state = map(frozen, method.step(w, state, Frozen()))
        np.testing.assert_array_equal(w, row)


@each
@in_runs
def test_the_same_weights_and_state_give_the_same_step(method, w0):
    for w, state in walk(method, w0, BOWL):
        before = copy.deepcopy((w, state))
        one, other = (method.step(w, state, BOWL) for _ in range(2))
        assert equal(one, other) and equal((w, state), before)


@each
@in_runs
def test_a_run_can_branch(method, w0):
    trunk = list(walk(method, w0, BOWL))
    w, state = trunk[N // 2]
    with np.errstate(all="ignore"):  # where Csawg's pairs are of two bowls it may run away
        elsewhere = list(walk(method, w, quadratic([1.0, 4.0]), state=state))
    assert not equal(elsewhere[-1], trunk[N // 2 + N // 2])
    for there, here in zip(walk(method, w, BOWL, N // 2, state), trunk[N // 2 :]):
        assert equal(there, here)


@each
@in_runs
def test_the_state_is_a_named_tuple_that_shares_no_memory(method, w0):
    oracle = Refilling()
    for w, state in walk(method, w0, oracle):
        after, new = method.step(w, state, oracle)
        for s in (state, new):
            assert isinstance(s, tuple) and s._fields[0] == "step_size"
            arrays = [x for x in leaves(s) if isinstance(x, np.ndarray)]
            assert all(type(x) in (int, float, type(None)) or np.isreal(x).all() for x in leaves(s))
            for other in (w, after, *oracle.answers.values()):
                assert not any(np.shares_memory(x, other) for x in arrays)


@each
@in_runs
def test_an_oracle_may_refill_its_answers(method, w0):
    rows = points(method, w0)
    for row, (w, _) in zip(rows, walk(method, w0, Refilling()), strict=True):
        np.testing.assert_array_equal(w, row)
    trace = minimize(method, Refilling(), w0, iterations=N)
    np.testing.assert_array_equal(trace.w, rows)
    np.testing.assert_array_equal(trace.loss, [BOWL.loss(row) for row in rows])
    refilling = Refilling()
    known = {"curvature": refilling.curvature, "hvp": refilling.hvp}
    own = Objective(refilling.loss, refilling.grad, **known)
    np.testing.assert_array_equal(minimize(method, own, w0, iterations=N).w, rows)
    one_by_one = Objective(refilling.loss, refilling.grad, **known, vectorized=False)
    np.testing.assert_array_equal(minimize(method, one_by_one, w0, iterations=N).w, rows)
    online = track(method, [refilling] * N, N, w0=w0, record=1)
    np.testing.assert_array_equal(online.w, rows)


@each
@in_runs
def test_a_caller_may_write_where_the_weights_were(method, w0):
    w, state = w0.copy(), method.init(w0)
    for row in points(method, w0)[1:]:
        after, state = method.step(w, state, BOWL)
        w[...] = after
        after[...] = np.nan
        np.testing.assert_array_equal(w, row)
    w = w0.copy()
    state = method.init(w)
    w[...] = np.nan
    np.testing.assert_array_equal(method.step(w0, state, BOWL)[0], points(method, w0)[1])
