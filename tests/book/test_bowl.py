"""Facts of the chapter on the convex bowl: published counts, and what the peaks are made of."""

import numpy as np
import pytest

from experiments import bowl
from experiments.minibatches import Noisy
from experiments.papers import BOWL, BOWL_START, bowl_csawg, disturbed, on_bowl
from stepsize import Csawg, minimize, quadratic


@pytest.mark.parametrize(
    "window, iteration, evaluations",
    [(2, 414, 620), (10, 920, 1011), (100, 2900, 2928), (1000, 9000, 9008)],
)
def test_error_is_zero_and_stays_so(window, iteration, evaluations):
    run = bowl.csawg(window)
    assert run.first(error=0.0) == iteration
    assert run.grad_evals[iteration] == evaluations
    assert evaluations == iteration + iteration // window - 1  # one a planning, none at K
    assert not run.error[iteration:].any()


@pytest.mark.parametrize("window", [2, 10, 100, 1000])
def test_peak_is_one_then_zero(window):
    run = bowl.csawg(window)
    step_size = run.learned[:, bowl.FLAT]
    peak = step_size.argmax()
    assert step_size[peak] == 1.0
    assert not step_size[peak + 1 :].any()
    # one planning after the error became zero, so with a gradient of zero
    assert run.learned_iterations[peak] - run.first(error=0.0) == window


def test_published_value_of_the_longest_window():
    # Fig. 4's caption: about 0.97
    run = bowl.csawg(1000)
    at_5000 = run.learned[run.learned_iterations == 5000, bowl.FLAT]
    assert at_5000 == pytest.approx([0.97], abs=0.005)


def test_rounding_noise_in_the_start_changes_nothing():
    run = minimize(bowl_csawg(2), BOWL, disturbed(BOWL_START), iterations=500)
    assert (run.first(error=0.0) == 414).all()


def test_last_bit_of_the_minimizer_decides():
    even, odd = 0.75, np.nextafter(0.75, 1.0)
    for minimizer, peak in ((even, 1.0), (odd, 0.5)):
        run = minimize(
            bowl_csawg(2), quadratic([1.0], minimizer=[minimizer]), [2.0], iterations=600
        )
        assert run.learned.max() == peak
        assert (run.error[-1] == 0) == (peak == 1.0)


def test_turning_the_bowl_takes_the_gain_away():
    flat, turned = (
        bowl.evaluations(minimize(bowl_csawg(2), bowl.turned(d), BOWL_START, grad_evals=2000))
        for d in (0, 45)
    )
    assert flat == 437 and turned == np.inf
    derived = minimize(
        bowl_csawg(2, pairing="derived"), bowl.turned(45), BOWL_START, grad_evals=2000
    )
    assert bowl.evaluations(derived) > 2 * bowl.evaluations(on_bowl(bowl.NESTEROV))


def test_noise_is_reproducible_and_has_the_size_asked_for():
    w = np.zeros((2, 4000))
    first, again = (Noisy(BOWL, 0.5, seed=3).grad(w) - BOWL.grad(w) for _ in range(2))
    assert np.array_equal(first, again)
    assert first.std() == pytest.approx(0.5, rel=0.03)


def test_leaps_and_steps_add_up_to_the_way():
    run = minimize(Csawg(0.0009, window=3), BOWL, BOWL_START, iterations=30)
    leaps, steps = bowl.jumps(run)
    assert np.allclose(leaps.sum(axis=0) + steps.sum(axis=0), run.w[-1] - run.w[0])
    # the first leap by hand, for the flat weight: rho = 0.9991, alpha = rho (1 - rho^3)
    rho = 0.9991
    assert leaps[0, 1] == pytest.approx(-rho * (1 - rho**3) * rho**6, rel=1e-9)
