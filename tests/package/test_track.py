"""Learning online: what a run keeps, whose data it sees, settings and seeds, bad input."""

import sys
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest
from cases import CASES

import stepsize
from stepsize import (
    IDBD,
    Csawg,
    GradientDescent,
    LinearSample,
    LossGrad,
    Objective,
    RateTracking,
    StochasticPolyak,
    WeightFlipping,
    least_squares,
    minimize,
    per_weight,
    quadratic,
    track,
)

SMALL = WeightFlipping(inputs=4, relevant=2, flip_every=5)
PAIRS = [([1.0, 0.0], 1.0), ([1.0, 2.0], 3.0), ([0.0, 1.0], 0.5)]


def same(one, other):
    for name in ("w", "step_size", "examples", "loss", "prediction_error", "diverged"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def test_rows_by_hand():
    # errors 1, then 3 - 0.5 = 2.5, then 0.5 - 2.5; w goes by half of error times input
    trace = track(GradientDescent(0.5), PAIRS, examples=3, record=1)
    assert trace.prediction_error.tolist() == [1.0, 2.5, -2.0]
    assert trace.loss.tolist() == [0.5, 3.125, 2.0]
    assert trace.w.tolist() == [[0, 0], [0.5, 0], [1.75, 2.5], [1.75, 1.5]]
    assert trace.examples.tolist() == trace.grad_evals.tolist() == [0, 1, 2, 3]
    assert trace.loss_evals.tolist() == trace.curvature_evals.tolist() == [0, 0, 0, 0]
    assert np.isnan(trace.step_size[0]).all() and (trace.step_size[1:] == 0.5).all()
    assert not trace.diverged
    assert trace.mse() == (1 + 6.25 + 4) / 3
    assert trace.mse(1, 2) == 6.25 and trace.mse(-1) == 4 and trace.mse(stop=-1) == 7.25 / 2
    assert repr(trace) == "StreamTrace(GradientDescent, 3 examples, d = 2, runs (), 0 diverged)"


def test_lms_is_the_plain_loop():
    samples = SMALL.samples(seed=3)
    w, errors = [0.0] * 4, []
    for _ in range(300):
        sample = next(samples)
        x, delta = sample.x.tolist(), float(sample.y)
        for i in range(4):
            delta -= w[i] * x[i]
        errors.append(delta)
        w = [w[i] + 0.1 * delta * x[i] for i in range(4)]
    trace = track(GradientDescent(0.1), SMALL, examples=300, seed=3)
    np.testing.assert_allclose(trace.prediction_error, errors, rtol=0, atol=1e-12)
    np.testing.assert_allclose(trace.w[-1], w, rtol=0, atol=1e-12)


# ---- runs, settings and seeds ------------------------------------------------------------------


@pytest.mark.parametrize("stream", [SMALL, RateTracking(segment=50)], ids=repr)
@pytest.mark.parametrize("cls", [GradientDescent, IDBD])
def test_settings_and_seeds_are_single_runs(cls, stream):
    settings = np.array([[0.02], [0.1], [0.3]])
    whole = track(cls(settings), stream, 200, runs=5, record=50)
    assert whole.w.shape == (5, stream.inputs, 3, 5)
    assert whole.prediction_error.shape == whole.loss.shape == (200, 3, 5)
    assert whole.mse(100).shape == whole.diverged.shape == (3, 5)
    assert whole.target.shape == (5, stream.inputs, 5)
    alone = track(cls(0.1), stream, 200, record=50)
    for name in ("w", "step_size", "prediction_error", "loss"):
        np.testing.assert_array_equal(getattr(whole, name)[..., 1, 0], getattr(alone, name))
    np.testing.assert_array_equal(whole.target[..., 0], alone.target)
    # one setting, all seeds; and all settings, one seed
    same(track(cls(settings), stream, 200, runs=1, record=50), Part(whole, np.s_[..., :1]))
    same(track(cls(0.3), stream, 200, runs=5, record=50), Part(whole, np.s_[..., 2, :]))
    same(track(cls(settings[:, 0]), stream, 200, record=50), Part(whole, np.s_[..., 0]))


class Part:
    """Some of the runs of a trace."""

    def __init__(self, trace, part):
        for name in ("w", "step_size", "loss", "prediction_error", "diverged"):
            setattr(self, name, getattr(trace, name)[part])
        self.examples = trace.examples


def test_many_inputs_agree_to_rounding():
    whole = track(IDBD(meta_step_size=[[0.001], [0.003]]), WeightFlipping(), 2000, runs=3)
    alone = track(IDBD(meta_step_size=0.003), WeightFlipping(), 2000)
    np.testing.assert_allclose(whole.w[..., 1, 0], alone.w, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("stream", [SMALL, RateTracking(segment=50)], ids=["flipping", "rate"])
@pytest.mark.parametrize("method", [case.plain for case in CASES.values()], ids=repr)
def test_every_method_runs_on_streams_as_it_is(method, stream):
    trace = track(method, stream, 60, runs=3, record=20)
    assert trace.w.shape == trace.step_size.shape == (4, stream.inputs, 3)
    assert np.isfinite(trace.w).all() and (trace.w[-1] != 0).any()
    alone = track(method, stream, 60, record=20)
    np.testing.assert_array_equal(trace.w[..., 0], alone.w)
    np.testing.assert_array_equal(trace.prediction_error[:, 0], alone.prediction_error)


def test_every_method_sees_the_same_data():
    still = track(GradientDescent(0.0), SMALL, 100, runs=3, record=10)
    for method in (GradientDescent(0.1), IDBD(), Csawg(0.01, window=3)):
        trace = track(method, SMALL, 100, runs=3, record=10)
        np.testing.assert_array_equal(trace.target, still.target)
        # with the data of `still`, whose errors are the targets, the first error is the same
        np.testing.assert_array_equal(trace.prediction_error[0], still.prediction_error[0])


def test_seed_matters_and_nothing_else_is_random():
    one, again, other = (track(IDBD(), SMALL, 50, seed=seed) for seed in (1, 1, 2))
    same(one, again)
    assert not (one.prediction_error == other.prediction_error).any()


def test_start():
    trace = track(GradientDescent([0.1, 0.2]), SMALL, 3, runs=2, w0=[1.0, 2.0, 3.0, 4.0])
    assert (trace.w[0].T == [1, 2, 3, 4]).all() and trace.w.shape == (2, 4, 2)
    w0 = np.arange(12.0).reshape(4, 3)
    trace = track(GradientDescent([[0.1], [0.2]]), SMALL, 3, runs=3, w0=w0)
    assert (trace.w[0] == w0[:, None]).all()
    assert (track(GradientDescent(0.1), SMALL, 3).w[0] == 0).all()


def test_one_setting_for_each_seed():
    trace = track(GradientDescent([0.1, 0.2]), SMALL, 50, runs=2)
    first, _ = (track(GradientDescent(a), SMALL, 50, runs=2) for a in (0.1, 0.2))
    assert trace.w.shape == (2, 4, 2)
    np.testing.assert_array_equal(trace.w[..., 0], first.w[..., 0])
    assert (trace.w[-1, :, 1] != first.w[-1, :, 1]).all()


def test_values_per_weight():
    frozen = track(GradientDescent(per_weight([0.1, 0.1, 0.0, 0.0])), SMALL, 50, runs=2)
    assert (frozen.w[-1, 2:] == 0).all() and (frozen.w[-1, :2] != 0).all()


# ---- what is kept ------------------------------------------------------------------------------


@pytest.mark.parametrize("record", [1, 7, 25, 50, 100, None])
def test_thinning_keeps_every_nth_and_the_ends(record):
    whole = track(IDBD(), SMALL, 50, runs=2, record=1)
    some = track(IDBD(), SMALL, 50, runs=2, record=record)
    rows = sorted({*range(0, 51, record or 50), 50})
    assert some.examples.tolist() == rows
    for name in ("w", "step_size", "target", "grad_evals", "curvature_evals"):
        np.testing.assert_array_equal(getattr(some, name), getattr(whole, name)[rows])
    np.testing.assert_array_equal(some.prediction_error, whole.prediction_error)


def test_step_sizes_led_to_the_weights_beside_them():
    trace = track(IDBD(0.05, meta_step_size=0.1), SMALL, 30, record=1)
    x = np.array([next_.x for next_, _ in zip(SMALL.samples(), range(30))])
    moved = trace.step_size[1:] * trace.prediction_error[:, None] * x
    np.testing.assert_allclose(np.diff(trace.w, axis=0), moved, rtol=1e-9, atol=1e-15)


def test_hidden_rows_belong_to_the_last_example_learned_from():
    n, record = 9000, 4  # several chunks
    stream = RateTracking(noise=0.0, drift=(0.5, 2.0), segment=1000)
    trace = track(GradientDescent(0.0), stream, n, record=record)
    last = np.maximum(trace.examples - 1, 0)
    np.testing.assert_array_equal(trace.target[:, 0], trace.prediction_error[last])
    assert trace.drift.shape == (n // record + 1,)
    assert len(np.unique(trace.drift)) == 9
    changes = trace.examples[1:][np.diff(trace.drift) != 0]
    assert changes.tolist() == [1000 * i + record for i in range(1, 9)]


def test_counts_are_what_the_method_asks():
    trace = track(LossGrad(0.1), SMALL, 10, runs=3, record=5)
    per_step = minimize(LossGrad(0.1), quadratic([1.0, 2.0]), [1.0, 1.0], iterations=10, record=5)
    np.testing.assert_array_equal(trace.grad_evals, per_step.grad_evals)
    np.testing.assert_array_equal(trace.loss_evals, per_step.loss_evals)
    assert trace.loss_evals[-1] >= 10
    assert track(StochasticPolyak(), SMALL, 10).loss_evals.tolist() == [0, 10]
    assert track(IDBD(), SMALL, 10).curvature_evals.tolist() == [0, 10]


@pytest.mark.parametrize("bad", [201, -201, 2.5, "all", True, np.nan, [1]])
def test_what_a_mean_is_taken_over(bad):
    trace = track(GradientDescent(0.1), SMALL, 200)
    assert trace.mse(-200, 200) == trace.mse(0) == trace.mse()
    with pytest.raises(ValueError, match="start must be a whole number from -200 to 200, got"):
        trace.mse(bad)
    with pytest.raises(ValueError, match="stop must be a whole number from -200 to 200, got"):
        trace.mse(0, bad)


@pytest.mark.parametrize("average", [10, 50, 200])
def test_means_of_losses_in_place_of_errors(average):
    whole = track(IDBD([0.01, 0.1]), SMALL, 200)
    means = track(IDBD([0.01, 0.1]), SMALL, 200, average=average)
    np.testing.assert_array_equal(means.w, whole.w)
    expected = whole.loss.reshape(200 // average, average, 2).mean(axis=1)
    np.testing.assert_allclose(means.loss, expected, rtol=1e-12)
    np.testing.assert_allclose(means.mse(), whole.mse(), rtol=1e-12)
    np.testing.assert_allclose(means.mse(200 - average), whole.mse(200 - average), rtol=1e-12)
    with pytest.raises(ValueError, match="prediction errors were not kept: run with average=1"):
        means.prediction_error  # noqa: B018
    with pytest.raises(ValueError, match=f"start and stop must be multiples of {average}"):
        means.mse(1)


def test_overflowing_runs_are_kept_and_marked():
    trace = track(GradientDescent([0.05, 3.0]), SMALL, 5000, runs=2, w0=np.ones((4, 2)))
    assert trace.diverged.tolist() == [False, True]
    alone = track(GradientDescent(0.05), SMALL, 5000, runs=2, w0=np.ones((4, 2)))
    np.testing.assert_array_equal(trace.w[..., 0], alone.w[..., 0])
    assert np.isfinite(trace.mse()[0]) and not np.isfinite(trace.mse()[1])


def test_what_a_stream_does_not_tell():
    trace = track(GradientDescent(0.1), SMALL, 3)
    with pytest.raises(ValueError, match="WeightFlipping tells no drift"):
        trace.drift  # noqa: B018
    with pytest.raises(ValueError, match="list tells no target"):
        track(GradientDescent(0.1), PAIRS, 3).target  # noqa: B018


def test_progress_is_shown(capsys):
    pytest.importorskip("tqdm")
    shown = track(GradientDescent(0.1), SMALL, 20, progress=True)
    assert "20/20" in capsys.readouterr().err
    same(shown, track(GradientDescent(0.1), SMALL, 20))


def test_progress_without_tqdm(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match=r"pip install 'stepsize\[explore\]'"):
        track(GradientDescent(0.1), SMALL, 20, progress=True)


# ---- iterables ---------------------------------------------------------------------------------


@pytest.mark.parametrize("wrap", [list, iter, tuple])
def test_any_iterable_of_pairs(wrap):
    trace = track(GradientDescent([0.5, 0.25]), wrap(PAIRS), examples=3)
    assert trace.w.shape == (2, 2, 2)
    assert trace.prediction_error[:, 0].tolist() == [1.0, 2.5, -2.0]


def test_samples_of_a_stream_are_a_stream():
    trace = track(IDBD(), SMALL.samples(seed=5, runs=3), 100)
    same(trace, track(IDBD(), SMALL, 100, seed=5, runs=3))
    pairs = ((sample.x, sample.y) for sample in SMALL.samples(seed=5, runs=3))
    same(trace, track(IDBD(), pairs, 100))


def test_pairs_may_have_runs():
    x, y = np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]]), np.array([1.0, 2.0, 3.0])
    trace = track(GradientDescent([[0.1], [0.2]]), [(x, y), (x, y)], examples=2)
    assert trace.prediction_error[0].tolist() == [[1, 2, 3]] * 2
    # 3 - 0.1 * 3 * 3^2 and 3 - 0.2 * 3 * 3^2
    np.testing.assert_allclose(trace.prediction_error[1, :, 2], [0.3, -2.4])
    targets_only = track(GradientDescent(0.1), [([1.0, 0.0], y)], examples=1)
    assert targets_only.prediction_error.tolist() == [[1, 2, 3]]


def test_oracles_of_any_kind():
    bowl = quadratic([1.0, 4.0], minimizer=[1.0, -2.0])
    online = track(IDBD(0.1), iter([bowl] * 20), 20, w0=[[3.0, 2.0], [-1.0, 0.0]], record=1)
    offline = minimize(IDBD(0.1), bowl, [[3.0, 2.0], [-1.0, 0.0]], iterations=20)
    np.testing.assert_array_equal(online.w, offline.w)
    np.testing.assert_array_equal(online.step_size, offline.step_size)
    np.testing.assert_array_equal(online.loss, offline.loss[:-1])
    assert online.loss_evals[-1] == 0  # the record's own losses are not counted
    means = track(IDBD(0.1), iter([bowl] * 20), 20, w0=[[3.0, 2.0], [-1.0, 0.0]], average=4)
    np.testing.assert_allclose(means.loss, online.loss.reshape(5, 4, 2).mean(axis=1), rtol=1e-12)
    for ask in (lambda: online.prediction_error, online.mse):
        with pytest.raises(ValueError, match=r"only linear samples .* read trace.loss"):
            ask()


def test_minibatches():
    rng = np.random.default_rng(0)
    A = rng.standard_normal((12, 2))
    line = least_squares(A, A @ [1.0, -2.0])
    trace = track(GradientDescent(0.5), line.batches(3, seed=1), 300, w0=np.zeros(2))
    np.testing.assert_allclose(trace.w[-1], [1.0, -2.0], atol=1e-9)
    assert trace.loss.shape == (300,) and trace.loss[-1] < 1e-12


def test_what_a_stream_gives_is_not_changed():
    class Meddler:
        def init(self, w):
            return self.State(np.zeros_like(w))

        class State(NamedTuple):
            step_size: np.ndarray

        def step(self, w, state, oracle):
            g = oracle.grad(w)
            g *= 0.5  # an answer belongs to the one who asked
            return w - g, state

    trace = track(Meddler(), PAIRS, 3)
    np.testing.assert_array_equal(
        trace.prediction_error, track(GradientDescent(0.5), PAIRS, 3).prediction_error
    )


# ---- bad input ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class NeedsCurvature:
    class State(NamedTuple):
        step_size: np.ndarray

    def init(self, w):
        return self.State(np.zeros_like(w))

    def step(self, w, state, oracle):
        oracle.curvature(w)
        return w, state


def error(match, stream=SMALL, method=GradientDescent(0.1), **kwargs):  # noqa: B008
    kwargs = {"examples": 5, **kwargs}
    with pytest.raises(ValueError, match=match):
        track(method, stream, **kwargs)


@pytest.mark.parametrize("bad", [0, -1, 2.5, True, "many", [3], float("nan"), None])
def test_whole_numbers(bad):
    error("examples must be a positive integer", examples=bad)
    error("average must be a positive integer", average=bad)
    if bad is not None:
        error("runs must be a positive integer", runs=bad)
        error("record must be a positive integer", record=bad)
    if bad != 0 or bad is True:
        error("seed must be a non-negative integer", seed=bad)


def test_bad_arguments():
    error("progress must be True or False, got 1", progress=1)
    error("seed must be a non-negative integer, got -1", PAIRS, seed=-1)
    error("method must be .* got WeightFlipping", method=SMALL)
    error("method must be .* got the class IDBD", method=IDBD)
    error(r"rows of shape \(\) do not fit in memory: give a larger average=", examples=10**17)
    error("give a larger record=", examples=10**17, average=10**17, record=1)
    error("average must divide examples, 5, got 3", average=3)
    error(r"w0 must have shape \(4,\) or \(4, \*runs\)", w0=[1.0, 2.0])
    error("w0 must be finite, got nan", w0=[1.0, 2.0, 3.0, np.nan])
    error(
        r"of w0 \(\), of the data \(2,\) and of the hyper-parameters \(step_size \(3,\)\) do not",
        method=GradientDescent([0.1, 0.2, 0.3]),
        runs=2,
    )
    error("do not broadcast", w0=np.zeros((4, 3)), runs=2, method=GradientDescent([0.1] * 2))
    error("step_size must have 4 values", method=GradientDescent(per_weight([0.1, 0.2])))


def test_bad_streams():
    error("stream must be a stream such as WeightFlipping", quadratic([1.0, 2.0]))
    error("stream must be a stream such as WeightFlipping", 3)
    error(r"must give pairs \(x, y\), or oracles with loss and grad, got float", [1.0, 2.0])
    error(r"must give pairs \(x, y\), or oracles .*, got ndarray", np.ones((3, 2)))
    error("runs needs a stream that draws data for each", PAIRS, runs=2)
    error("w0 must be given", [quadratic([1.0, 2.0])])
    error("the stream ended after 0 of 5 examples", [])
    error("the stream ended after 3 of 5 examples", iter(PAIRS))
    error("the stream ended after 3 of 5 examples", PAIRS)
    error("w0 must have shape", PAIRS, w0=[1.0, 2.0, 3.0])
    error("w0 must have shape", [quadratic([1.0, 2.0])], w0=[1.0, 2.0, 3.0])


def test_pairs_of_changing_shape():
    error("w must have 2 weights|w must have 3 weights", [PAIRS[0], ([1.0, 2.0, 3.0], 1.0)])
    error("prediction_error must return shape", [PAIRS[0], ([1.0, 2.0], [1.0, 2.0])])
    error("y must have the runs of x", [(np.ones((2, 3)), np.ones(2))])
    error("x and y must be numbers", [(["one", "two"], 1.0)])


def test_curvature_that_the_oracle_does_not_know():
    unknown = Objective(lambda w: (w * w).sum(axis=0), lambda w: 2 * w)
    for method in (IDBD(), NeedsCurvature()):
        error("does not know its curvature", [unknown] * 5, method, w0=[1.0, 2.0])

    class Plain:
        def loss(self, w):
            return (w * w).sum(axis=0)

        def grad(self, w):
            return 2 * w

    error(r"needs curvature\(w\), which Plain does not have", [Plain()] * 5, IDBD(), w0=[1.0])


def test_wrong_answers_of_an_oracle():
    class Wrong:
        def loss(self, w):
            return w

        def grad(self, w):
            return w

    error(r"loss must return shape \(\), got \(2,\)", [Wrong()] * 5, w0=[1.0, 2.0])


def test_public_names():
    assert {"track", "StreamTrace", "LinearSample", "WeightFlipping", "RateTracking"} <= set(
        stepsize.__all__
    )
    assert stepsize.LinearSample is LinearSample
