"""Temporal differences on a random walk, by hand, and the stored sweep's beginning."""

from itertools import islice

import numpy as np
import pytest

from experiments import grids
from experiments import temporal as td
from stepsize import IDBD, GradientDescent, track


def test_one_transition_by_hand():
    # from state 0 to state 1 with reward 1/2: delta = 1/2 + 2 - 1, and w_0 moves by 0.1 delta
    sample = td.TDSample(np.array([1.0, 0.0]), np.array([0.0, 1.0]), 0.5)
    w, _ = GradientDescent(0.1).step(np.array([1.0, 2.0]), None, sample)
    np.testing.assert_allclose(w, [1.15, 2.0])


def test_idbd_on_it_is_tidbd_by_hand():
    # two samples x = 1, x' = 0, reward 1, alpha = 1/2, theta = 1: w = h = 1/2, then beta grows by
    # delta x h = 1/4
    sample = td.TDSample(np.ones(1), np.zeros(1), 1.0)
    trace = track(IDBD(0.5, 1.0), [sample] * 2, 2, w0=np.zeros(1), record=1)
    assert trace.step_size[2, 0] == pytest.approx(0.5 * np.exp(0.25))


def test_walks_step_by_one_and_pay_at_the_ends():
    steps = list(islice(td.walk(500, 3, 2, False, seed=1), 500))
    at = np.array([s.x[: td.STATES, 0].argmax(axis=0) for s in steps])
    for k, s in enumerate(steps[:-1]):
        ended = s.after.sum(axis=(0, 1)) == 0
        assert (s.after[: td.STATES].sum(axis=(0, 1)) == ~ended).all()
        assert (np.abs(s.reward) == ended).all()
        assert (np.abs(at[k + 1] - at[k])[~ended] == 1).all()
        assert (at[k + 1][ended] == td.STATES // 2).all()
        assert (np.sign(at[k] - td.STATES // 2)[ended] == s.reward[ended]).all()


@pytest.mark.parametrize("problem, name", list(td.stored()))
def test_the_stored_sweep_begins_as_it_does_now(problem, name):
    row = td.stored()[problem, name]
    method = grids.setting(td.METHODS[name], int(row["setting"]))
    now = 2 * td.learn(method, problem, td.BLOCK).loss[0].mean()
    assert now == pytest.approx(row["first"], rel=1e-5)
