"""Planning safely: the acceptance in short, trials, and the beginnings of the stored tables."""

import numpy as np
import pytest

from experiments import plan_safely as ps
from experiments.arrival import until
from experiments.papers import VALLEY, VALLEY_START, plan_again
from stepsize import Csawg, minimize, quadratic

FEW = ps.STARTS[:, ::25]  # 100 of 2,500


@pytest.mark.parametrize("window", [2, 5, 10, 17, 40])
def test_no_start_is_lost_and_plain_planning_is_not_slower(window):
    plain, lost = ps.outcomes(plan_again(window), FEW)
    safe, gone = ps.outcomes(ps.safe(window), FEW)
    assert lost.any() and not gone.any()
    assert np.mean(np.isfinite(safe)) >= 0.99
    arrive = np.isfinite(plain)
    assert np.median(safe[arrive] / plain[arrive]) <= 1.05


@pytest.mark.parametrize("window, zero", [(10, (79, 465)), (2, (17, 458))])
def test_the_published_counts_stay(window, zero):
    run = minimize(ps.safe(window), VALLEY, VALLEY_START, grad_evals=500)
    k = int(run.first(error=0.0))
    assert (k - 1, run.grad_evals[k]) == zero


def test_more_weights():
    for dim in (5, 10, 20):
        safe = ps.ends(ps.safe(10), dim, runs=8)
        assert np.median(safe) < np.median(ps.ends(ps.VALLEY_GD, dim, runs=8))


def test_logistic_regression_never_ends_above_its_start():
    assert ps.rises(lambda K, step: ps.safe(K, step_size=step), (2, 10), budget=600).max() <= 1
    assert ps.rises(lambda K, step: plan_again(K, step_size=step), (2, 10), budget=600).max() > 1


def test_trials_with_neutral_settings_are_csawg_with_and_without_its_safeguard():
    never, leap = (
        minimize(ps.trial(10, VALLEY, when=when), VALLEY, FEW[:, ::5], grad_evals=1000)
        for when in ("never", "leap")
    )
    plain, safe = (
        minimize(make(10), VALLEY, FEW[:, ::5], grad_evals=1000) for make in (plan_again, ps.safe)
    )
    assert np.array_equal(never.w, plain.w, equal_nan=True) and np.array_equal(leap.w, safe.w)


def test_free_edges():
    # r (1 + r) = 1 is the golden ratio; r (1 + r + r^2) = 1 for K = 1: 0.543689
    assert ps.free_edge(10, 1, even=True) == pytest.approx((1 + 5**0.5) / 2)
    assert ps.free_edge(1, 1) == pytest.approx(1.543689, abs=1e-6)
    for r, fires in ((0.53, False), (0.56, True)):
        given = {"step_size": 1 + r, "window": 1, "correction_steps": 1}
        assert (ps.refused(quadratic([1.0]), [1.0], 100, **given)[0] is not None) == fires


def test_stored_tables_begin_as_they_are_made():
    stored = next(r for r in ps.windows() if r["window"] == 10)
    assert {k: pytest.approx(v, rel=1e-5) for k, v in ps.window_row(10).items()} == stored
    row = next(r for r in ps.trials() if r["trial"].startswith("**"))
    run = minimize(ps.trial(5, VALLEY), VALLEY, VALLEY_START, grad_evals=ps.BUDGET)
    assert row["zero 5"] == until(run, 0.0)


def test_maps_are_those_of_the_method():
    maps = np.load(ps.DATA / "plan_safely_basins.npz")
    assert maps["plain"].shape == maps["safe"].shape == (400, 400)
    assert not (maps["safe"] == ps.LOST).any()
    few = slice(None, None, 57)
    w0 = ps.starts(400)[:, few, few]
    for name, make in (("plain", plan_again), ("safe", ps.safe)):
        every = minimize(make(10), VALLEY, w0, grad_evals=ps.BUDGET, record=10)
        near = every.error <= ps.LEVEL
        found = np.where(near.any(axis=0), near.argmax(axis=0), ps.NEVER)
        found[every.diverged] = ps.LOST
        assert np.array_equal(found, maps[name][few, few])


def test_a_safeguard_that_rounds_needs_more_than_the_loss():
    # at f* = 1 errors below 1e-8 make no difference to the loss; single planning goes on
    high = quadratic([1.0, 30.0], minimizer=[1.0, 2.0])
    lifted = ps.Objective(lambda w: high.loss(w) + 1, high.grad, minimizer=[1.0, 2.0])
    safe = minimize(Csawg(0.03, 2, safeguard="leap"), lifted, [3.0, -1.0], grad_evals=150)
    plain = minimize(Csawg(0.03, 2), lifted, [3.0, -1.0], grad_evals=150)
    assert safe.error[-1] < 1e-12 and until(safe, 1e-12) <= 1.1 * until(plain, 1e-12)
