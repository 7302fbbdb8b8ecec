"""Functions of JAX in a run."""

import numpy as np
import pytest

from stepsize import IDBD, L4, Adam, Csawg, Objective, minimize, quadratic, track

jax = pytest.importorskip("jax")
BOWL = quadratic([1.0, 4.0], minimizer=[1.0, -2.0])


def loss(w):
    return 0.5 * (w[0] - 1) ** 2 + 2 * (w[1] + 2) ** 2


@pytest.mark.parametrize("method", [Adam([0.1, 0.2]), L4(), Csawg(0.1, 2), IDBD()], ids=repr)
def test_an_objective_from_a_function(method):
    own = Objective(
        loss,
        jax.grad(loss),
        curvature=lambda w: jax.numpy.diag(jax.hessian(loss)(w)),
        vectorized=False,
    )
    trace, known = (minimize(method, f, [3.0, -1.0], iterations=20) for f in (own, BOWL))
    # JAX calculates in single precision unless told otherwise
    np.testing.assert_allclose(trace.w, known.w, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(trace.loss, known.loss, rtol=1e-3, atol=1e-4)


def test_a_function_of_many_runs():
    many = jax.jit(jax.vmap(jax.value_and_grad(loss), in_axes=-1, out_axes=-1))
    own = Objective(lambda w: many(w.reshape(2, -1))[0].reshape(w.shape[1:]), gradient(many))
    w0 = np.float32([[3.0, 0.0, 1.0], [-1.0, 2.0, 0.0]])
    trace, known = (minimize(Adam(0.1), f, w0, iterations=20) for f in (own, BOWL))
    assert trace.w.dtype == np.float32
    np.testing.assert_allclose(trace.w, known.w, rtol=1e-4, atol=1e-4)
    online = track(Adam(0.1), [own] * 20, 20, w0=w0, record=1)
    np.testing.assert_array_equal(online.w, trace.w)


def gradient(many):
    return lambda w: many(w.reshape(2, -1))[1].reshape(w.shape)
