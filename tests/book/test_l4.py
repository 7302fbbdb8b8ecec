"""What the chapter on L4 rests on."""

import numpy as np
import pytest

from experiments import l4, minibatches
from stepsize import L4, Polyak, minimize, quadratic, rosenbrock, track


@pytest.mark.parametrize(
    "objective, start",
    [(quadratic([10.0, 1.0], minimizer=[1.0, 1.0]), [-1.0, 2.0]), (rosenbrock(), [-1.0, 0.0])],
)
def test_along_the_gradient_it_is_polyaks(objective, start):
    known = L4("gradient", fraction=1.0, minimum=0.0, eps=0.0)
    a = minimize(known, objective, start, iterations=300).w
    assert (a == minimize(Polyak(0.0), objective, start, iterations=300).w).all()


def test_lowest_by_hand():
    # 3/4 of 8 is 6; raised to 12 but the loss is 5; to 10, loss 20: 10; to 20, loss 30: 20
    np.testing.assert_allclose(l4.lowest([8.0, 5.0, 20.0, 30.0], forget_time=1.0), [6, 5, 10, 20])


@pytest.mark.parametrize("setting, forget_time", [(0, 1000.0), (1, 0.9)])
def test_lowest_is_what_the_method_aims_at(setting, forget_time):
    kind = "least squares, noisy"
    trace = minibatches.on_batches("L4 gradient", kind)[0]
    L = l4.lowest(trace.loss[:, setting], forget_time)
    stream = minibatches.data(kind, 0).batches(minibatches.BATCH, 0)
    for k, batch in zip(range(50), stream):
        w = trace.w[k, :, setting]
        g = batch.grad(w)
        alpha = 0.15 * (batch.loss(w) - 0.9 * L[k]) / (g @ g + 1e-12)
        np.testing.assert_allclose(trace.step_size[k + 1, 0, setting], alpha, rtol=1e-9)


def test_on_a_falling_loss_every_step_is_one_and_a_half_percent_of_polyaks():
    for curvature in (1.0, 50.0):
        trace = minimize(L4("gradient"), quadratic([curvature]), [2.0], iterations=300)
        factor = (trace.w[101:] / trace.w[100:-1]).ravel()
        np.testing.assert_allclose(factor, 1 - 0.15 * 0.1 / 2, rtol=1e-8)


def test_the_printed_constant_forgets_everything():
    for kind in minibatches.KINDS:
        assert l4.at_latest_loss(kind, 1) > 0.8
        assert l4.at_latest_loss(kind, 0) < 0.2


def test_it_explodes_without_noise_and_only_for_want_of_the_minimum():
    whole = minibatches.data("logistic, overlapping", 0)
    w0 = np.zeros(minibatches.INPUTS)
    estimated = minimize(L4(), whole, w0, iterations=250)
    known = minimize(L4(minimum=whole.minimum), whole, w0, iterations=250)
    assert estimated.loss[-1] > 1e6 * estimated.loss[0]
    assert known.loss[-1] - whole.minimum < 1e-6


def test_runs_on_batches_are_runs_of_single_settings():
    kind = "logistic, overlapping"
    alone = track(
        L4("gradient", forget_time=0.9),
        minibatches.data(kind, 2).batches(minibatches.BATCH, 2),
        minibatches.STEPS,
        w0=np.zeros(minibatches.INPUTS),
    )
    together = minibatches.on_batches("L4 gradient", kind)[2]
    np.testing.assert_allclose(alone.w[-1], together.w[-1][:, 1], rtol=1e-8)


def test_star_is_not_convex_and_its_tangents_lie_below_at_the_minimizer():
    w = np.linspace(-5, 5, 41)[None]
    objective = l4.star()
    f, g = objective.loss(w), objective.grad(w)
    np.testing.assert_allclose(  # the gradient is the derivative
        g[0], (objective.loss(w + 1e-6) - objective.loss(w - 1e-6)) / 2e-6, atol=1e-5
    )
    assert (f - w[0] * g[0] <= 1e-12).all()
    assert objective.grad(np.array([[2.5]]))[0, 0] > objective.grad(np.array([[3.5]]))[0, 0]
