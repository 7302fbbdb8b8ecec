"""Runs that stop and go on: states handed back, callbacks, interruptions, pickles, plain arrays."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from cases import VARIED

from stepsize import (
    IDBD,
    Adam,
    Csawg,
    GradientDescent,
    HeavyBall,
    LinearSample,
    LossGrad,
    Objective,
    RateTracking,
    WeightFlipping,
    beale,
    camel,
    least_squares,
    logistic_regression,
    methods,
    minimize,
    per_weight,
    quadratic,
    rosenbrock,
    start,
    track,
)
from stepsize.methods.arithmetic import leaves

each = pytest.mark.parametrize("method", VARIED, ids=repr)
BOWL = quadratic([1.0, 4.0], minimizer=[1.0, -2.0])
W0 = np.array([[3.0, 1.5, 0.0], [-2.5, -1.0, 0.0]])
FLIPPING = WeightFlipping(inputs=4, relevant=2, flip_every=5)
TRACKING = RateTracking(segment=7)
PLAN = Csawg(1e-3, window=3, planning_steps=2, correction_steps=4)
RNG = np.random.default_rng(1)
X = RNG.standard_normal((30, 2))
LINE = least_squares(X, X @ [1.0, -2.0] + 0.1 * RNG.standard_normal(30))


def same(one, other, *names):
    for name in names:
        a, b = getattr(one, name), getattr(other, name)
        np.testing.assert_array_equal(a, b, err_msg=name, strict=True)


def same_state(one, other):
    assert type(one) is type(other)
    for a, b in zip(leaves(one), leaves(other), strict=True):
        np.testing.assert_array_equal(a, b)


# ---- going on ------------------------------------------------------------------------------------


@each
@pytest.mark.parametrize("w0", [W0[:, 0], W0, np.float32(W0)], ids=["one", "three", "single"])
@pytest.mark.parametrize("cut", [1, 7, 12])
def test_two_runs_are_one(method, w0, cut):
    whole = minimize(method, BOWL, w0, iterations=20)
    first = minimize(method, BOWL, w0, iterations=cut, record=5)
    then = minimize(method, BOWL, first.w[-1], iterations=20 - cut, state=first.state)
    np.testing.assert_array_equal(then.w, whole.w[cut:])
    np.testing.assert_array_equal(then.step_size[1:], whole.step_size[cut + 1 :])
    np.testing.assert_array_equal(then.grad_evals, whole.grad_evals[cut:] - whole.grad_evals[cut])
    np.testing.assert_array_equal(then.loss_evals, whole.loss_evals[cut:] - whole.loss_evals[cut])
    same_state(then.state, whole.state)


@pytest.mark.parametrize("budget", [15, 17, 30])
def test_a_budget_ends_before_the_iteration_that_exceeds_it_and_so_does_the_state(budget):
    whole = minimize(PLAN, rosenbrock(), [-1, 0], iterations=30)
    first = minimize(PLAN, rosenbrock(), [-1, 0], grad_evals=budget)
    k = first.iterations[-1]
    then = minimize(PLAN, rosenbrock(), first.w[-1], iterations=30 - k, state=first.state)
    np.testing.assert_array_equal(then.w, whole.w[k:])


def test_sweeps_and_values_per_weight_go_on():
    for method in (Adam(0.1, beta1=[[0.5], [0.9]], beta2=[0.8, 0.9]), LossGrad(per_weight([1, 2]))):
        whole = minimize(method, BOWL, [3, -1], iterations=9)
        first = minimize(method, BOWL, [3, -1], iterations=4)
        then = minimize(method, BOWL, first.w[-1], iterations=5, state=first.state)
        np.testing.assert_array_equal(then.w, whole.w[4:])


@each
@pytest.mark.parametrize("stream", [FLIPPING, TRACKING], ids=["flipping", "tracking"])
@pytest.mark.parametrize("runs", [None, 3])
def test_two_runs_online_are_one(method, stream, runs):
    options = {"runs": runs, "seed": 5}
    whole = track(method, stream, 40, record=1, **options)
    first = track(method, stream, 13, **options)
    then = track(method, stream, 27, record=1, w0=first.w[-1], state=first.state, **options)
    for name in ("w", "target", "examples"):
        expected = getattr(whole, name)[13:] - (13 if name == "examples" else 0)
        np.testing.assert_array_equal(getattr(then, name)[1:], expected[1:])
    np.testing.assert_array_equal(then.w[0], whole.w[13])
    np.testing.assert_array_equal(then.prediction_error, whole.prediction_error[13:])
    assert then.state.position == whole.state.position == 40
    same_state(then.state, whole.state)


def test_chunks_do_not_matter_where_a_run_goes_on():
    whole = track(IDBD(), RateTracking(segment=1000), 9000, seed=2)
    first = track(IDBD(), RateTracking(segment=1000), 8900, seed=2)
    then = track(IDBD(), RateTracking(segment=1000), 100, seed=2, w0=first.w[-1], state=first.state)
    np.testing.assert_array_equal(then.prediction_error, whole.prediction_error[8900:])


@pytest.mark.parametrize("wrap", [list, iter, tuple])
def test_an_iterable_begins_anew_and_an_iterator_stands_where_it_was_left(wrap):
    pairs = [([1.0, k], float(k)) for k in range(10)]
    whole = track(IDBD(), pairs, 10, record=1)
    stream = wrap(pairs)
    first = track(IDBD(), stream, 4)
    then = track(IDBD(), stream, 6, w0=first.w[-1], state=first.state, record=1)
    np.testing.assert_array_equal(then.w, whole.w[4:])


def test_minibatches_go_on():
    whole = track(Adam(0.1), LINE.batches(7, seed=3), 30, w0=np.zeros(2), record=1)
    first = track(Adam(0.1), LINE.batches(7, seed=3), 11, w0=np.zeros(2))
    again = LINE.batches(7, seed=3)
    then = track(Adam(0.1), again, 19, w0=first.w[-1], state=first.state, record=1)
    np.testing.assert_array_equal(then.w, whole.w[11:])
    np.testing.assert_array_equal(then.loss, whole.loss[11:])


def test_other_hyper_parameters_from_here_on():
    first = minimize(HeavyBall(0.1), BOWL, W0, iterations=5)
    slower = replace(HeavyBall(0.1), step_size=0.01)
    then = minimize(slower, BOWL, first.w[-1], iterations=1, state=first.state)
    expected = first.w[-1] - 0.01 * BOWL.grad(first.w[-1]) + 0.9 * (first.w[-1] - first.w[-2])
    np.testing.assert_array_equal(then.w[-1], expected)


@pytest.mark.parametrize(
    "state, message",
    [
        (minimize(Adam(), BOWL, W0, iterations=2).state, "state must be of HeavyBall .*Adam.State"),
        (minimize(HeavyBall(0.1), BOWL, W0[:, :2], iterations=2).state, "state must be of Heavy"),
        (minimize(HeavyBall(0.1), BOWL, np.float32(W0), iterations=2).state, "precision of w0"),
        (3, "state must be of HeavyBall"),
    ],
)
def test_a_state_that_does_not_fit(state, message):
    with pytest.raises(ValueError, match=message):
        minimize(HeavyBall(0.1), BOWL, W0, iterations=2, state=state)


def test_a_state_of_another_kind_of_run():
    offline = minimize(IDBD(), BOWL, W0, iterations=2).state
    with pytest.raises(
        ValueError, match=r"state must be the trace\.state of a run online, got IDBD"
    ):
        track(IDBD(), FLIPPING, 3, state=offline)
    online = track(IDBD(), FLIPPING, 3)
    with pytest.raises(
        ValueError, match=r"state must be of IDBD for w of shape .*, got StreamState"
    ):
        minimize(IDBD(), BOWL, W0, iterations=2, state=online.state)
    with pytest.raises(ValueError, match=r"state must be of Adam .*got IDBD\.State"):
        track(Adam(), FLIPPING, 3, w0=online.w[-1], state=online.state)


# ---- stopping ------------------------------------------------------------------------------------


@pytest.mark.parametrize("record", [1, 3, None])
@pytest.mark.parametrize("budget", [{"iterations": 20}, {"grad_evals": 60}])
def test_a_callback_sees_every_iteration_and_ends_the_run(record, budget):
    seen = []

    def callback(k, w, state):
        seen.append((k, w.copy(), state))
        if k == 7:
            raise StopIteration

    options = {"record": record, "learned": True}
    trace = minimize(PLAN, rosenbrock(), [-1, 0], callback=callback, **budget, **options)
    plain = minimize(PLAN, rosenbrock(), [-1, 0], iterations=7, **options)
    same(trace, plain, *plain.to_dict(), "learned", "learned_iterations")
    same_state(trace.state, plain.state)
    assert [k for k, *_ in seen] == list(range(1, 8))
    every = minimize(PLAN, rosenbrock(), [-1, 0], iterations=7)
    np.testing.assert_array_equal([w for _, w, _ in seen], every.w[1:])
    _, w, state = seen[3]
    then = minimize(PLAN, rosenbrock(), w, iterations=3, state=state)
    np.testing.assert_array_equal(then.w, every.w[4:])


@pytest.mark.parametrize("average", [1, 2, 5])
def test_a_callback_online(average):
    seen = []

    def callback(k, w, state):
        seen.append((w, state))
        if k == 7:
            raise StopIteration

    options = {"average": average, "record": 3}
    trace = track(IDBD(), FLIPPING, 20, callback=callback, **options)
    plain = track(IDBD(), FLIPPING, 7, record=3)
    same(trace, plain, "w", "step_size", "examples", "target", "grad_evals", "curvature_evals")
    kept = 7 // average
    losses = plain.loss[: kept * average].reshape(kept, average).mean(axis=1)
    np.testing.assert_allclose(trace.loss, losses, rtol=1e-12)
    np.testing.assert_allclose(trace.mse(), 2 * losses.mean(), rtol=1e-12)
    w, state = seen[3]
    then = track(IDBD(), FLIPPING, 3, w0=w, state=state)
    np.testing.assert_array_equal(then.w[-1], plain.w[-1])


class Interrupted:
    """An oracle that the keyboard interrupts at a question."""

    def __init__(self, inner, at):
        self.inner, self.left = inner, at

    def ask(self, name, *at):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        return getattr(self.inner, name)(*at)

    def loss(self, w):
        return self.inner.loss(w)

    def grad(self, w):
        return self.ask("grad", w)

    def curvature(self, w):
        return self.ask("curvature", w)

    def hvp(self, w, v):
        return self.ask("hvp", w, v)


@each
@pytest.mark.parametrize("record", [1, 4, None])
@pytest.mark.parametrize("budget", [{"iterations": 50}, {"grad_evals": 50}])
def test_what_the_keyboard_interrupts_is_kept_up_to_the_last_whole_iteration(
    method, record, budget
):
    trace = minimize(method, Interrupted(BOWL, 15), W0, record=record, **budget)
    k = int(trace.iterations[-1])
    assert 0 < k < 15
    plain = minimize(method, BOWL, W0, iterations=k, record=record)
    same(trace, plain, *trace.to_dict())
    same_state(trace.state, plain.state)


def test_what_the_keyboard_interrupts_online():
    oracle = Interrupted(BOWL, 15)
    trace = track(IDBD(), [oracle] * 20, 20, w0=W0)
    plain = track(IDBD(), [BOWL] * 7, 7, w0=W0)
    same(trace, plain, "w", "examples", "loss", "curvature_evals")
    same_state(trace.state, plain.state)


@pytest.mark.parametrize("error", [StopIteration, ZeroDivisionError])
def test_errors_of_oracles_and_callbacks_come_through(error):
    def broken(*_):
        raise error("of its own")

    with pytest.raises(error):
        minimize(GradientDescent(0.1), Objective(broken, broken), W0, iterations=3)
    with pytest.raises(ZeroDivisionError):
        minimize(GradientDescent(0.1), BOWL, W0, iterations=3, callback=lambda k, w, s: k // 0)
    for run in (
        lambda: minimize(GradientDescent(0.1), BOWL, W0, iterations=3, callback=1),
        lambda: track(GradientDescent(0.1), FLIPPING, 3, callback=1),
    ):
        with pytest.raises(ValueError, match="callback must be a function of k, w and state"):
            run()


# ---- pickles -------------------------------------------------------------------------------------


def twin(thing):
    return pickle.loads(pickle.dumps(thing))


@each
def test_methods_and_states_can_be_pickled(method):
    assert twin(method) == method
    trace = minimize(method, BOWL, W0, iterations=7)
    same_state(twin(trace.state), trace.state)
    then = minimize(twin(method), BOWL, trace.w[-1], iterations=3, state=twin(trace.state))
    np.testing.assert_array_equal(then.w[-1], minimize(method, BOWL, W0, iterations=10).w[-1])


def slope(w):
    return 2 * w


def square(w):
    return (w * w).sum(axis=0)


OBJECTIVES = {
    "bowl": BOWL,
    "turned": quadratic([1.0, 4.0], minimizer=[1.0, -2.0], rotation=0.3),
    "matrix": quadratic([[2.0, 1.0], [1.0, 3.0]]),
    "valley": rosenbrock(),
    "chain": rosenbrock(3),
    "beale": beale(),
    "camel": camel(),
    "line": LINE,
    "logistic": logistic_regression(X, X[:, 0] > 0, l2=0.1),
    "separable": logistic_regression(X, X[:, 0] > 0),
    "functions": Objective(square, slope, vectorized=False),
}


@pytest.mark.parametrize("objective", OBJECTIVES.values(), ids=OBJECTIVES)
def test_objectives_can_be_pickled(objective):
    d = objective.dim or 2
    trace = minimize(GradientDescent(1e-3), objective, np.ones((d, 2)) / 2, iterations=3)
    other = twin(trace)
    same(other, trace, *trace.to_dict())
    for name in ("minimizer", "minimum", "dim", "vectorized"):
        np.testing.assert_array_equal(
            np.array(getattr(other.objective, name), float),
            np.array(getattr(objective, name), float),
        )
    again = minimize(other.method, other.objective, np.ones((d, 2)) / 2, iterations=3)
    np.testing.assert_array_equal(again.w, trace.w)


def test_a_typed_loss_can_be_pickled():
    pytest.importorskip("sympy")
    typed = Objective.from_sympy("(x - 1)**2 + y**4", "x y", minimizer=[1, 0])
    w = np.array([0.5, 0.25])
    assert twin(typed).loss(w) == typed.loss(w) and twin(typed).minimizer.tolist() == [1, 0]
    np.testing.assert_array_equal(twin(typed).curvature(w), typed.curvature(w))


def test_what_is_pickled_is_what_it_was_made_of():
    A = X.copy()
    line = least_squares(A, X[:, 0])
    A[...] = 0
    np.testing.assert_array_equal(twin(line).grad(np.ones(2)), line.grad(np.ones(2)))


def test_own_lambdas_cannot_be_pickled():
    with pytest.raises((AttributeError, pickle.PicklingError), match="lambda"):
        twin(Objective(lambda w: square(w), slope))


def test_streams_and_their_traces_can_be_pickled():
    for stream in (FLIPPING, TRACKING, LINE.batches(7, seed=3)):
        w0 = np.zeros(getattr(stream, "inputs", 2))
        trace = twin(track(IDBD(), stream, 20, w0=w0, record=5))
        then = track(IDBD(), trace.stream, 10, w0=trace.w[-1], state=trace.state)
        whole = track(IDBD(), stream, 30, w0=w0)
        np.testing.assert_array_equal(then.w[-1], whole.w[-1])
        np.testing.assert_array_equal(trace.loss, whole.loss[:20])


def test_samples_can_be_pickled():
    sample = LinearSample([1.0, 2.0], 3.0)
    sample.hold(np.ones(2))
    assert twin(sample).grad(np.ones(2)).tolist() == sample.grad(np.ones(2)).tolist()


# ---- plain arrays --------------------------------------------------------------------------------


def test_a_trace_as_arrays():
    trace = minimize(PLAN, rosenbrock(), W0, iterations=9, record=4)
    arrays = trace.to_dict()
    assert list(arrays) == [
        "w",
        "step_size",
        "grad_evals",
        "loss_evals",
        "curvature_evals",
        "iterations",
        "loss",
        "error",
    ]
    for name, array in arrays.items():
        assert type(array) is np.ndarray and len(array) == 4
        assert array is getattr(trace, name)


def test_what_is_not_known_is_no_array():
    class Blind:
        def grad(self, w):
            return 2 * w

    assert (
        set(minimize(GradientDescent(0.1), Blind(), W0, iterations=1).to_dict())
        & {
            "loss",
            "error",
        }
        == set()
    )


def test_a_trace_online_as_arrays():
    arrays = track(IDBD(), TRACKING, 20, record=5).to_dict()
    assert {k: len(v) for k, v in arrays.items() if k in ("w", "examples", "target", "drift")} == {
        "w": 5,
        "examples": 5,
        "target": 5,
        "drift": 5,
    }
    assert len(arrays["loss"]) == len(arrays["prediction_error"]) == 20
    means = track(IDBD(), TRACKING, 20, average=4).to_dict()
    assert len(means["loss"]) == 5 and "prediction_error" not in means


def test_start_gives_a_state_to_go_on_from():
    for name in methods.__all__:
        method = next(m for m in VARIED if type(m).__name__ == name)
        w, state = start(method, W0)
        one, other = (minimize(method, BOWL, w, iterations=5, state=s) for s in (state, None))
        np.testing.assert_array_equal(one.w, other.w)
