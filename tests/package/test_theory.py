"""Closed forms against eigenvalues by NumPy, hand calculations and runs of the methods."""

import numpy as np
import pytest

from stepsize import Csawg, GradientDescent, HeavyBall, Nesterov, minimize, quadratic, theory

VARIANTS = [{}, {"pairing": "derived"}, {"reuse_gradient": True}]  # of Csawg
MU, L = 1.0, 1000.0
CURVATURES = np.geomspace(MU, L, 7)


def test_rates_are_of_real_numbers():
    for rate in (theory.heavy_ball_rate, theory.nesterov_rate):
        for bad in (0.5j, None, "fast", np.ma.masked_array([0.5, 0.6], [True, False])):
            with pytest.raises(ValueError, match="momentum must be a number or an array"):
                rate(1.0, 0.1, bad)


@pytest.mark.parametrize("step_size, momentum", [(0.0009, 0.3), (0.0019, 0.97), (0.003, 0.88)])
def test_rates_are_spectral_radii(step_size, momentum):
    for curvature in CURVATURES:
        rho = 1 - step_size * curvature
        heavy_ball = [[rho + momentum, -momentum], [1, 0]]
        nesterov = [[(1 + momentum) * rho, -momentum * rho], [1, 0]]
        for rate, matrix in (
            (theory.heavy_ball_rate, heavy_ball),
            (theory.nesterov_rate, nesterov),
        ):
            radius = np.abs(np.linalg.eigvals(matrix)).max()
            assert rate(curvature, step_size, momentum) == pytest.approx(radius, rel=1e-12)


def worst(rate, *parameters):
    return rate(CURVATURES, *parameters).max()


def test_best_parameters_have_the_rates_of_the_textbook():
    root = np.sqrt(MU / L)
    assert worst(theory.gradient_descent_rate, 1 / L) == pytest.approx(1 - MU / L)
    assert worst(theory.gradient_descent_rate, theory.best_gradient_descent(MU, L)) == (
        pytest.approx((L - MU) / (L + MU))
    )
    # double roots: a rounding error of 1e-16 moves them by 1e-8
    assert worst(theory.nesterov_rate, *theory.nesterov_parameters(MU, L)) == pytest.approx(
        1 - root, abs=1e-7
    )
    assert worst(theory.nesterov_rate, *theory.best_nesterov(MU, L)) == pytest.approx(
        1 - 2 / np.sqrt(3001), abs=1e-7
    )
    assert worst(theory.heavy_ball_rate, *theory.best_heavy_ball(MU, L)) == pytest.approx(
        (1 - root) / (1 + root), abs=1e-7
    )


@pytest.mark.parametrize(
    "rate, best",
    [
        (theory.heavy_ball_rate, theory.best_heavy_ball),
        (theory.nesterov_rate, theory.best_nesterov),
    ],
)
def test_no_neighbour_is_better_than_the_best(rate, best):
    step_size, momentum = best(MU, L)
    least = worst(rate, step_size, momentum)
    for a in np.linspace(0.5, 1.2, 15):
        for b in np.linspace(0.9, 1.04, 15):
            assert worst(rate, a * step_size, b * momentum) >= least - 1e-7


def test_best_step_size_of_gradient_descent():
    best = theory.best_gradient_descent(MU, L)
    least = worst(theory.gradient_descent_rate, best)
    for a in (0.98, 0.999, 1.001, 1.02):
        assert worst(theory.gradient_descent_rate, a * best) > least


@pytest.mark.parametrize(
    "method, rate, parameters",
    [
        (GradientDescent, theory.gradient_descent_rate, (0.0016,)),
        (HeavyBall, theory.heavy_ball_rate, (0.0016, 0.7)),
        (Nesterov, theory.nesterov_rate, (0.0011, 0.8)),
    ],
)
def test_runs_converge_at_the_rate(method, rate, parameters):
    trace = minimize(method(*parameters), quadratic([MU, L]), [1.0, 1.0], iterations=1500)
    measured = (trace.error[1500] / trace.error[1000]) ** (1 / 500)
    assert measured == pytest.approx(max(rate(MU, *parameters), rate(L, *parameters)), abs=1e-6)


def test_first_plannings_by_hand():
    # rho = 1/2, K = 1. Published: q = 1/2 + B/2 and B' = q/2 from B = 1/2: 3/4, 11/16, 43/64.
    published = theory.csawg_plannings(2.0, step_size=0.25, window=1, plannings=3)
    assert np.array_equal(published.factor, [3 / 4, 11 / 16, 43 / 64])
    assert np.array_equal(published.step_size, [1 / 8, 5 / 32, 21 / 128])
    assert np.array_equal(published.window, [3 / 8, 11 / 32, 43 / 128])
    assert published.error[0] == 1 / 2 * 1 / 2 * 3 / 4
    assert theory.csawg_limit(2.0, 0.25, window=1) == 1 / 3
    # Derived: q = B gives 1/2, 1/4, 1/8; errors 2^-3, 2^-6, 2^-10.
    derived = theory.csawg_plannings(2.0, 0.25, window=1, plannings=3, pairing="derived")
    assert np.array_equal(derived.factor, [1 / 2, 1 / 4, 1 / 8])
    assert np.array_equal(derived.error, [2.0**-3, 2.0**-6, 2.0**-10])
    # two leaps, one correction each: b = 1, 1 + 2 + 2, 3 + 10; after 1, 1 + 5, 1 + 5 + 13
    repeated = theory.csawg_plannings(2.0, 0.25, 1, 2, 2, 1, pairing="derived")
    assert np.array_equal(repeated.error, [2.0**-6, 2.0**-19])
    assert np.array_equal(repeated.grad_evals, [2 + 4, 3 + 8])
    # at hand: two leaps along one gradient, 1 - 2 (1 - 1/2) = 0
    along = theory.csawg_plannings(2.0, 0.25, 1, 1, 2, reuse_gradient=True)
    assert along.error[0] == 0 and along.step_size[0] == 1 / 8 and along.grad_evals[0] == 2


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(
    "counts", [(1, 1, 0), (2, 1, 0), (7, 1, 0), (7, 1, 3), (3, 2, 1), (4, 3, 2)]
)
@pytest.mark.parametrize("curvature", [1.0, 30.0, 700.0, 1900.0])  # the last: rho < 0
def test_csawg_runs_as_the_closed_form(variant, counts, curvature):
    window = counts[0]
    method = Csawg(0.001, *counts, **variant)
    trace = minimize(method, quadratic([curvature]), [3.0], iterations=10 * window)
    expected = theory.csawg_plannings(curvature, 0.001, window, 9, *counts[1:], **variant)
    rows = window * np.arange(2, 11)
    assert np.array_equal(trace.grad_evals[rows], expected.grad_evals)
    # 1 - lambda alpha is computed to 1e-16: a smaller factor comes out as rounding
    exact = np.logical_and.accumulate(np.abs(expected.factor) > 1e-6)
    rows = rows[exact]
    assert np.allclose(trace.step_size[rows, 0], expected.step_size[exact], rtol=1e-9, atol=0)
    assert np.allclose(trace.w[rows, 0], 3 * expected.error[exact], rtol=1e-8, atol=0)
    assert exact.sum() >= (1 if curvature > 100 else 4)


@pytest.mark.parametrize("counts", [(1, 1, 0), (2, 1, 0), (10, 1, 3), (10, 5, 10)])
@pytest.mark.parametrize("variant", VARIANTS)
def test_what_evaluations_are_worth(counts, variant):
    run = theory.csawg_plannings(1.0, 1e-9, counts[0], 4, *counts[1:], **variant)
    for error, grad_evals in zip(run.error, run.grad_evals):
        own = {"reuse_gradient": variant.get("reuse_gradient", False)}
        assert -np.log(error) / 1e-9 == pytest.approx(
            theory.csawg_work(grad_evals, *counts, **own), rel=1e-3
        )
        assert theory.csawg_work(grad_evals - 1, *counts, **own) < -np.log(error) / 1e-9


def test_the_limit_is_where_the_recursion_rests():
    for step_size, *counts in ((0.5, 2, 1, 0), (1.9, 1, 1, 1), (0.3, 3, 2, 1), (1.5, 2, 5, 10)):
        limit = theory.csawg_limit(1.0, step_size, *counts)
        q = step_size + (1 - step_size) * limit
        rho, (K, P, M) = 1 - step_size, counts
        assert limit == pytest.approx(rho**K * (rho**M * q) ** P, rel=1e-12)
        run = theory.csawg_plannings(1.0, step_size, K, 500, P, M)
        assert run.window[-1] == pytest.approx(limit, rel=1e-9)
