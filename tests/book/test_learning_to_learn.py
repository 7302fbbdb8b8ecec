"""What the chapter on meta-gradients rests on."""

import numpy as np
import pytest

from experiments import learning_to_learn as ll


def loss(theta, alpha, support, query):
    """The query loss after the inner step, one task, written with loops."""
    (xs, ys), (xq, yq) = support, query
    g = sum((x @ theta - y) * x for x, y in zip(xs, ys)) / len(ys)
    u = theta - alpha * g
    return sum((x @ u - y) ** 2 for x, y in zip(xq, yq)) / (2 * len(yq))


@pytest.mark.parametrize("alpha", [0.2, np.linspace(0.01, 0.3, ll.INPUTS)], ids=["one", "each"])
def test_meta_gradients_are_those_of_the_loss_after_the_step(alpha):
    rng = np.random.default_rng(3)
    c = ll.tasks(rng, ())
    support, query = ll.samples(rng, c, 4), ll.samples(rng, c, 7)
    theta, h = rng.standard_normal(ll.INPUTS), 1e-5
    by_theta, by_alpha = ll.meta_gradients(theta, alpha, support, query)
    for i in (0, 7, 19):
        s = h * np.eye(ll.INPUTS)[i]
        up, down = (loss(theta + t, alpha, support, query) for t in (s, -s))
        assert by_theta[i] == pytest.approx((up - down) / (2 * h), rel=1e-6)
        up, down = (loss(theta, alpha + t, support, query) for t in (s, -s))
        assert by_alpha[i] == pytest.approx((up - down) / (2 * h), rel=1e-6)


def test_weights_of_tasks_by_hand():
    # curvature 2, step 0.25: the error is halved, the loss quartered
    assert ll.weights_of_tasks(2.0, 0.25) == 0.5
    assert ll.weights_of_tasks(2.0, 0.25, first_order=True) == 1.0
    assert ll.weights_of_tasks(2.0, 0.25, steps=2) == 0.125
    assert ll.weights_of_tasks(2.0, 0.75, first_order=True) == -1.0


def test_trace_of_idbd_is_exact_for_one_weight_only():
    for inputs, exact in ((1, True), (5, False)):
        h, derivative = ll.idbd_derivative(inputs)
        assert (h == pytest.approx(derivative, rel=1e-6)) is exact
