"""What a run begins with: weights that fit the method, in the precision that they have."""

from dataclasses import dataclass, fields, replace

import numpy as np
import pytest
from cases import CASES, VARIED

from stepsize import (
    Csawg,
    GradientDescent,
    Objective,
    RateTracking,
    WeightFlipping,
    least_squares,
    logistic_regression,
    minimize,
    per_weight,
    quadratic,
    rosenbrock,
    start,
    track,
)
from stepsize.methods.arithmetic import leaves

each = pytest.mark.parametrize("method", VARIED, ids=repr)
PRECISIONS = [np.float16, np.float32, np.longdouble]
in_precisions = pytest.mark.parametrize("dtype", PRECISIONS)
BOWL = quadratic([1.0, 4.0], minimizer=[1.0, -2.0])
TURNED = quadratic([1.0, 4.0], minimizer=[1.0, -2.0], rotation=0.3)


# ---- start ---------------------------------------------------------------------------------------


@each
@pytest.mark.parametrize("w0", [[3, -1], [3.0, -1.0], np.float32([[3.0, 1.0], [-1.0, 2.0]])])
def test_a_loop_of_ones_own_is_a_run(method, w0):
    w, state = start(method, w0)
    rows = [w]
    for _ in range(12):
        w, state = method.step(w, state, BOWL)
        rows.append(w)
    trace = minimize(method, BOWL, w0, iterations=12)
    np.testing.assert_array_equal(rows, trace.w)
    assert {row.dtype for row in rows} == {trace.w.dtype}


def test_runs_are_spread():
    w, state = start(GradientDescent([[0.1], [0.2]]), np.arange(6).reshape(2, 3))
    assert w.shape == state.step_size.shape == (2, 2, 3) and w.dtype == float
    assert (w == np.arange(6).reshape(2, 1, 3)).all()
    w[...] = 0.0  # an array of one's own


@pytest.mark.parametrize("w0", [3.0, [], [1.0, np.nan], "here", [1j, 2.0]])
def test_no_start(w0):
    with pytest.raises(ValueError, match="w0 must"):
        start(GradientDescent(0.1), w0)


# ---- what does not fit ---------------------------------------------------------------------------


@pytest.mark.parametrize("cls", CASES, ids=lambda cls: cls.__name__)
def test_one_value_a_run_is_never_one_a_weight(cls):
    plain, w = CASES[cls].plain, np.array([3.0, -1.0])
    state = plain.init(w)
    for field in fields(cls):
        value = getattr(plain, field.name)
        if not isinstance(value, float):
            continue
        sweep = replace(plain, **{field.name: [value, value]})
        message = rf"{field.name} has shape \(2,\), one value a run, and w of shape \(2,\) has the "
        with pytest.raises(ValueError, match=message + r"runs \(\): start\(method, w0\) spreads"):
            sweep.init(w)
        with pytest.raises(ValueError, match=message):
            sweep.step(w, state, BOWL)
        two = start(sweep, w)[0]
        assert two.shape == (2, 2) and sweep.step(two, sweep.init(two), BOWL)[0].shape == (2, 2)
        for runs in ((3,), (2, 3)):
            with pytest.raises(ValueError, match=rf"{field.name} has shape \(2,\)"):
                sweep.init(np.ones((2, *runs)))
        assert sweep.init(np.ones((2, 3, 2))) is not None


def test_one_value_per_weight_for_other_weights():
    method, w = GradientDescent(per_weight([0.1, 0.2, 0.3])), np.ones(2)
    for call in (lambda: method.init(w), lambda: method.step(w, None, BOWL)):
        with pytest.raises(ValueError, match="step_size must have 2 values, one per weight"):
            call()


@each
@pytest.mark.parametrize(
    "w, got",
    [
        (np.array([3, -1]), r"int64 of shape \(2,\)"),
        (np.array([True, False]), r"bool of shape \(2,\)"),
        (np.array([1j, 2j]), r"complex128 of shape \(2,\)"),
        (np.array(3.0), r"float64 of shape \(\)"),
        ([3.0, -1.0], "list"),
        (3.0, "float"),
    ],
)
def test_weights_that_are_no_floats(method, w, got):
    message = rf"w must be an array of floats of shape \(d,\) or .*start\(method, w0\).*, got {got}"
    with pytest.raises(ValueError, match=message):
        method.init(w)
    with pytest.raises(ValueError, match=message):
        method.step(w, method.init(np.array([3.0, -1.0])), BOWL)


def test_a_method_made_of_another_is_held_to_it_too():
    class Mine(Csawg):
        def step(self, w, state, oracle):
            return super().step(w, state, oracle)

    with pytest.raises(ValueError, match="step_size has shape"):
        Mine([0.1, 0.2], 2).init(np.ones(2))
    mine, plain = (minimize(cls(0.1, 2), BOWL, [3, -1], iterations=9) for cls in (Mine, Csawg))
    np.testing.assert_array_equal(mine.w, plain.w)


# ---- precision -----------------------------------------------------------------------------------


def of_precision(dtype, state):
    """Whether nothing in a state is of another precision."""
    numbers = [x for x in leaves(state) if isinstance(x, np.generic | np.ndarray)]
    return all(x.dtype == dtype for x in numbers if x.dtype != bool)


@each
@in_precisions
@pytest.mark.parametrize(
    "objective", [BOWL, TURNED, rosenbrock()], ids=["bowl", "turned", "valley"]
)
def test_a_run_keeps_the_precision_of_its_start(method, dtype, objective):
    w0 = np.array([[1.5, 1.25], [-1.0, 1.0]], dtype)
    trace = minimize(method, objective, w0, iterations=8, learned=True)
    for name in ("w", "step_size", "loss", "error", "learned"):
        assert getattr(trace, name).dtype == dtype, name
    w, state = start(method, w0)
    with np.errstate(all="ignore"):
        for _ in range(8):
            w, state = method.step(w, state, objective)
            assert w.dtype == dtype and of_precision(dtype, state), state
    np.testing.assert_array_equal(w, trace.w[-1])


@each
def test_single_precision_is_double_precision_to_its_digits(method):
    w0 = np.array([3.0, -1.5])
    double, single = (minimize(method, TURNED, w.T, iterations=6) for w in (w0, np.float32(w0)))
    np.testing.assert_allclose(single.w, double.w, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(single.loss, double.loss, rtol=1e-2, atol=1e-5)
    if not isinstance(method, GradientDescent):
        assert (single.w != double.w).any()


@pytest.mark.parametrize("cls", CASES, ids=lambda cls: cls.__name__)
def test_a_sweep_in_single_precision_is_its_single_runs(cls):
    w0 = np.float32([3.0, -1.5])
    for method in CASES[cls].varied:
        for field in fields(cls):
            value = getattr(method, field.name)
            if not isinstance(value, float) or value == 0:
                continue
            sweep = replace(method, **{field.name: [value, value]})
            trace, alone = (minimize(m, BOWL, w0, iterations=12) for m in (sweep, method))
            assert trace.w.dtype == np.float32
            np.testing.assert_array_equal(trace.w[..., 1], alone.w)
            np.testing.assert_array_equal(trace.step_size[..., 1], alone.step_size)


@each
@in_precisions
def test_online_runs_keep_it_too(method, dtype):
    for stream in (WeightFlipping(inputs=3, relevant=2, flip_every=5), RateTracking(segment=5)):
        trace = track(method, stream, 12, runs=2, w0=np.zeros(stream.inputs, dtype), record=1)
        assert trace.w.dtype == trace.step_size.dtype == trace.prediction_error.dtype == dtype
    rng = np.random.default_rng(1)
    A = rng.standard_normal((30, 2))
    for problem in (least_squares(A, A @ [1.0, -2.0]), logistic_regression(A, A[:, 0] > 0, 0.1)):
        trace = track(method, problem.batches(5), 6, w0=np.zeros((2, 3), dtype), record=1)
        assert trace.w.dtype == trace.loss.dtype == dtype


def test_values_per_weight_and_other_byte_orders():
    w0 = np.array([3.0, -1.0], ">f4")
    trace = minimize(GradientDescent(per_weight([1.0, 0.25])), BOWL, w0, iterations=1)
    assert trace.w.dtype == np.float32 and trace.w[-1].tolist() == [1, -2]


def test_a_method_of_ones_own_is_cast_too():
    @dataclass(frozen=True, slots=True)
    class Slim:
        step_size: np.ndarray

        def init(self, w):
            return GradientDescent.State(self.step_size)

        def step(self, w, state, oracle):
            return w - self.step_size * oracle.grad(w), state

    trace = minimize(Slim(np.array([0.25, 0.125])), BOWL, np.float32([3, -1]), iterations=1)
    assert trace.w.dtype == np.float32 and trace.state.step_size.dtype == np.float32
    assert trace.w[1].tolist() == [[2.5, 2.75], [-2, -1.5]]


def test_functions_of_ones_own_are_asked_and_heard_in_that_precision():
    asked = set()

    def grad(w):
        asked.add(w.dtype)
        return (2.0 * w).astype(float)

    own = Objective(lambda w: (w.astype(float) ** 2).sum(axis=0), grad)
    w0 = np.float32([[3.0, 1.0], [0.1, 0.2]])
    trace = minimize(GradientDescent([0.1, 0.2]), own, w0, iterations=3)
    assert asked == {np.dtype(np.float32)} and trace.w.dtype == trace.loss.dtype == np.float32
