"""Why planning works: the recursion's edges, the least of span methods, the chain."""

import numpy as np
import pytest

from experiments import why_planning_works as why
from experiments.planning import support
from stepsize import Csawg, minimize, quadratic


@pytest.mark.parametrize("window, edge", [(1, 1.5), (3, 1.7390), (5, 1.8231)])
def test_odd_windows_diverge_from_the_root_on(window, edge):
    r = why.edge(window) - 1
    assert r**window * (1 + 2 * r) == pytest.approx(1) and 1 + r == pytest.approx(edge, abs=5e-5)
    near = np.array([edge - 0.01, edge + 0.01])
    below, above = minimize(Csawg(near, window), quadratic([1.0]), [1.0], grad_evals=3000).error[-1]
    assert below < 1e-2 and above > 10


def test_even_windows_and_corrections_that_make_them_even():
    assert why.edge(2) == why.edge(1, corrections=1) == 2.0
    assert minimize(Csawg(1.99, 1, 1, 1), quadratic([1.0]), [1.0], grad_evals=3000).error[-1] < 1e-3


def test_algorithm_2_by_hand_in_plain_numbers():
    # the example of Csawg: 16 -> 12 -> 9, step size 3/16, leap to 117/16
    learned, errors = why.plain(1.0, 0.25, (1, 1, 0), 1)
    assert learned == [3 / 16] and errors == [117 / 256]


def test_the_least_error_of_span_methods_with_one_gradient():
    # minimize the mean of (1 - a lambda)^2: 1 - mean(lambda)^2 / mean(lambda^2)
    lam = why.nodes(50, 10.0)
    least = np.sqrt(1 - lam.mean() ** 2 / (lam**2).mean())
    assert why.least_error(50, 10.0)[1] == pytest.approx(least, rel=1e-12)


def test_turning_keeps_curvatures():
    objective, start = why.slightly_turned(5.0, d=12)
    H = np.stack([objective.grad(e) for e in np.eye(12)])
    assert np.linalg.eigvalsh(H) == pytest.approx(np.sort(why.nodes(12)))
    assert np.linalg.norm(start) == pytest.approx(12**0.5)
    off = H - np.diag(np.diag(H))
    assert 0 < np.abs(off).max() < 0.2 * why.CONDITION


@pytest.mark.parametrize("method", why.CHAIN_CSAWG[::7])
def test_one_gradient_reaches_one_more_weight_of_the_chain(method):
    trace = why.on_chain(method)
    assert (support(trace.w) <= trace.grad_evals).all()
    assert support(trace.w)[-1] > 2  # and they do go on
