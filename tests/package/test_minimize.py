"""Running a method: budgets, counting, recording, runs on trailing axes, bad input."""

import copy
import pickle
import sys
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest

from stepsize import (
    IDBD,
    Csawg,
    GradientDescent,
    HeavyBall,
    Objective,
    Recorder,
    minimize,
    per_weight,
    quadratic,
    rosenbrock,
    runs,
    track,
)

BOWL = quadratic([1.0, 4.0], minimizer=[1.0, -2.0])
START = [3.0, -1.0]
PLAN = Csawg(1e-3, window=3, planning_steps=2, correction_steps=4)


def test_rows_by_hand():
    # gradient (2, 4) at the start, (1.5, 0) after one step of 1/4
    trace = minimize(GradientDescent(0.25), BOWL, START, iterations=2)
    assert trace.w.tolist() == [[3, -1], [2.5, -2], [2.125, -2]]
    assert trace.iterations.tolist() == trace.grad_evals.tolist() == [0, 1, 2]
    assert trace.loss_evals.tolist() == trace.curvature_evals.tolist() == [0, 0, 0]
    assert trace.loss.tolist() == [2 + 2, 1.125, 0.6328125]
    assert trace.error.tolist() == [np.sqrt(5), 1.5, 1.125]
    assert np.isnan(trace.step_size[0]).all() and (trace.step_size[1:] == 0.25).all()
    assert not trace.diverged


def test_counting_a_planning():
    # 3 + 3 iterations, then 2 (1 + 4) evaluations for the planning that the sixth makes
    trace = minimize(PLAN, rosenbrock(), [-1, 0], iterations=9)
    assert trace.grad_evals.tolist() == [0, 1, 2, 3, 4, 5, 16, 17, 18, 29]
    assert trace.learned_iterations.tolist() == [6, 9]
    assert trace.learned.shape == (2, 2)


@pytest.mark.parametrize("budget, iterations", [(5, 5), (15, 5), (16, 6), (28, 8), (29, 9)])
def test_the_iteration_that_would_exceed_the_budget_is_not_part_of_the_trace(budget, iterations):
    trace = minimize(PLAN, rosenbrock(), [-1, 0], grad_evals=budget)
    assert trace.iterations[-1] == iterations
    assert trace.grad_evals[-1] <= budget
    whole = minimize(PLAN, rosenbrock(), [-1, 0], iterations=iterations)
    np.testing.assert_array_equal(trace.w, whole.w)
    np.testing.assert_array_equal(trace.step_size, whole.step_size)


@pytest.mark.parametrize("budget", [{"iterations": 23}, {"grad_evals": 61}])
@pytest.mark.parametrize("record", [1, 2, 5, 23, 100, None])
def test_thinning_keeps_every_nth_and_the_ends(record, budget):
    whole = minimize(PLAN, rosenbrock(), [-1, 0], **budget)
    thin = minimize(PLAN, rosenbrock(), [-1, 0], record=record, learned=True, **budget)
    n = whole.iterations[-1]
    rows = sorted({0, n, *(range(0, n + 1, record) if record else ())})
    assert thin.iterations.tolist() == rows
    for name in ("w", "step_size", "grad_evals", "loss_evals", "loss", "error"):
        np.testing.assert_array_equal(getattr(thin, name), getattr(whole, name)[rows])
    np.testing.assert_array_equal(thin.learned, whole.learned)
    np.testing.assert_array_equal(thin.learned_iterations, whole.learned_iterations)


def test_learned_step_sizes_of_a_thinned_run_must_be_asked_for():
    with pytest.raises(ValueError, match="pass learned=True"):
        _ = minimize(PLAN, rosenbrock(), [-1, 0], iterations=9, record=4).learned


def test_runs_are_the_broadcast_of_starts_and_hyper_parameters():
    starts = np.random.default_rng(1).normal(size=(2, 3))
    method = HeavyBall([[1e-3], [1e-4]], momentum=[0.1, 0.5, 0.9])
    trace = minimize(method, rosenbrock(), starts, iterations=20)
    assert trace.w.shape == (21, 2, 2, 3)
    assert trace.loss.shape == trace.error.shape == (21, 2, 3)
    assert trace.diverged.shape == (2, 3)
    for i, step_size in enumerate([1e-3, 1e-4]):
        for j, momentum in enumerate([0.1, 0.5, 0.9]):
            alone = minimize(
                HeavyBall(step_size, momentum), rosenbrock(), starts[:, j], iterations=20
            )
            np.testing.assert_array_equal(trace.w[:, :, i, j], alone.w)
            np.testing.assert_array_equal(trace.error[:, i, j], alone.error)


def test_one_start_is_expanded_to_the_hyper_parameters():
    trace = minimize(GradientDescent([0.005, 0.01]), BOWL, START, iterations=1)
    assert trace.w.shape == (2, 2, 2)
    assert trace.w[0].T.tolist() == [START, START]


def test_per_weight_is_not_a_sweep():
    trace = minimize(GradientDescent(per_weight([1.0, 0.25])), BOWL, START, iterations=1)
    assert trace.w[-1].tolist() == [1, -2]
    many = np.full((2, 3, 4), [[[3.0]], [[-1.0]]])
    trace = minimize(GradientDescent(per_weight([1.0, 0.25])), BOWL, many, iterations=1)
    assert (trace.w[-1] == np.array([1.0, -2.0])[:, None, None]).all()
    assert trace.step_size[-1, :, 2, 3].tolist() == [1.0, 0.25]


def test_a_run_that_overflows_is_kept_and_the_others_go_on():
    trace = minimize(GradientDescent([0.25, 1e9, 0.1]), rosenbrock(), [-1, 0.1], iterations=60)
    assert trace.diverged.tolist() == [True, True, True] or trace.diverged[1]
    bowl = minimize(GradientDescent([0.25, 1e9]), BOWL, START, iterations=60)
    assert bowl.diverged.tolist() == [False, True]
    alone = minimize(GradientDescent(0.25), BOWL, START, iterations=60)
    np.testing.assert_array_equal(bowl.w[:, :, 0], alone.w)
    assert not np.isfinite(bowl.error[-1, 1]) and not np.isfinite(bowl.loss[-1, 1])


def test_first_and_at():
    trace = minimize(GradientDescent([0.25, 0.0]), BOWL, START, iterations=40)
    # one step leaves 1.5, and each further one three quarters of it
    assert trace.first(error=1.5).tolist() == [1, -1]
    assert trace.first(error=1.5 * 0.75).tolist() == [2, -1]
    assert trace.first(loss=1e9).tolist() == [0, 0]
    plan = minimize(PLAN, rosenbrock(), [-1, 0], iterations=9)
    assert [plan.at(grad_evals=n) for n in (0, 5, 15, 16, 17, 10**9)] == [0, 5, 5, 6, 7, 9]


@pytest.mark.parametrize("bad", [-1, 2.5, "many", None, np.nan, np.inf, True, [3]])
def test_a_budget_that_is_read_must_be_one(bad):
    trace = minimize(GradientDescent(0.25), BOWL, START, iterations=4)
    with pytest.raises(ValueError, match="grad_evals must be a non-negative integer, got"):
        trace.at(grad_evals=bad)


@pytest.mark.parametrize("name", ["loss", "error"])
def test_a_level_that_is_read_must_be_one(name):
    trace = minimize(GradientDescent([[0.25], [0.1]]), BOWL, np.ones((2, 3)), iterations=4)
    for bad in (np.nan, "low", True, 1j, [None] * 3, per_weight([1.0, 2.0])):
        with pytest.raises(ValueError, match=f"^{name} must be"):
            trace.first(**{name: bad})
    for shape in ((2,), (3, 1), (1, 2, 3)):
        with pytest.raises(ValueError, match=rf"{name} must be a number or fit the runs \(2, 3\)"):
            trace.first(**{name: np.ones(shape)})
    levels = np.array([[100.0], [-1.0]])
    assert trace.first(**{name: levels}).tolist() == [[0, 0, 0], [-1, -1, -1]]


def test_error_does_not_underflow_to_a_false_zero():
    tiny = np.array([1e-200, 0.0])
    trace = minimize(GradientDescent(0.0), quadratic([1.0, 1.0]), tiny, iterations=1)
    assert trace.error.tolist() == [1e-200, 1e-200]
    assert trace.first(error=0.0) == -1
    far = minimize(GradientDescent(0.0), quadratic([1.0, 1.0]), [3e200, 4e200], iterations=1)
    assert far.error[-1] == pytest.approx(5e200)


def test_recorder_sees_the_inner_points_and_changes_nothing():
    watched = Recorder(rosenbrock())
    trace = minimize(PLAN, watched, [-1, 0], iterations=6)
    plain = minimize(PLAN, rosenbrock(), [-1, 0], iterations=6)
    np.testing.assert_array_equal(trace.w, plain.w)
    assert [kind for kind, _ in watched.asked] == ["grad"] * 16
    np.testing.assert_array_equal([w for _, w in watched.asked][:6], trace.w[:6])
    _ = trace.loss
    assert len(watched.asked) == 16


@pytest.mark.parametrize(
    "twin", [copy.copy, copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))]
)
def test_a_recorder_can_be_copied(twin):
    watched = Recorder(WATCHED)
    minimize(GradientDescent(0.25), watched, START, iterations=2)
    other = twin(watched)
    assert [w.tolist() for _, w in other.asked] == [w.tolist() for _, w in watched.asked]
    assert other.dim == 2 and not hasattr(other, "curvature")


class Watched:
    dim = 2

    def loss(self, w):
        return (w * w).sum(axis=0)

    def grad(self, w):
        return 2 * w


WATCHED = Watched()


def test_looking_costs_the_method_nothing():
    asked = []

    def loss(w):
        asked.append(w)
        return (w * w).sum(axis=0)

    trace = minimize(GradientDescent(0.1), Objective(loss, lambda w: 2 * w), [1.0], iterations=5)
    assert trace.loss_evals[-1] == 0 and not asked
    assert trace.loss[0] == 1


def test_an_oracle_need_not_be_an_objective():
    class Oracle:
        def grad(self, w):
            return w

    trace = minimize(GradientDescent(0.5), Oracle(), [1.0, 2.0], iterations=1)
    assert trace.w[-1].tolist() == [0.5, 1.0]
    with pytest.raises(ValueError, match="does not know"):
        _ = trace.error


def test_a_method_needs_only_init_and_step():
    class State(NamedTuple):
        step_size: float

    @dataclass(frozen=True)
    class Sign:
        step_size: float

        def init(self, w):
            return State(self.step_size)

        def step(self, w, state, oracle):
            return w - self.step_size * np.sign(oracle.grad(w)), state

    trace = minimize(Sign(0.5), BOWL, START, iterations=2)
    assert trace.w[-1].tolist() == [2, -2]


def test_a_method_may_keep_its_numbers_in_slots():
    class Slim:
        __slots__ = ("step_size",)

        def __init__(self, step_size):
            self.step_size = np.array(step_size)

        def init(self, w):
            return GradientDescent.State(self.step_size)

        def step(self, w, state, oracle):
            return w - self.step_size * oracle.grad(w), state

    @dataclass(frozen=True, slots=True)
    class Slimmer:
        step_size: np.ndarray
        init, step = Slim.init, Slim.step

    for cls in (Slim, Slimmer):
        trace = minimize(cls(np.array([0.25, 0.125])), BOWL, START, iterations=1)
        assert trace.w[-1].tolist() == [[2.5, 2.75], [-2, -1.5]]


class InPlace(GradientDescent):
    """Two gradients a step, and the new weights where the old ones were."""

    def step(self, w, state, oracle):
        for _ in range(2):
            w -= self.step_size * oracle.grad(w)
        return w, state


class InPlaceAndAnew(InPlace):
    def step(self, w, state, oracle):
        w, state = super().step(w, state, oracle)
        return w.copy(), state


@pytest.mark.parametrize("method", [InPlace(0.25), InPlaceAndAnew(0.25)], ids=repr)
@pytest.mark.parametrize("budget", [{"grad_evals": 5}, {"iterations": 2}])
@pytest.mark.parametrize("record", [1, 2, 10, None])
def test_a_method_may_overwrite_the_weights(method, budget, record):
    trace = minimize(method, BOWL, START, record=record, **budget)
    plain = minimize(GradientDescent(0.25), BOWL, START, iterations=4)
    assert trace.grad_evals[[0, -1]].tolist() == [0, 4]
    np.testing.assert_array_equal(trace.w, plain.w[trace.grad_evals])


@pytest.mark.parametrize("method", [InPlace(0.25), InPlaceAndAnew(0.25)], ids=repr)
def test_a_method_may_overwrite_the_weights_online(method):
    class Twice(GradientDescent):
        def step(self, w, state, oracle):
            w, _ = super().step(w, state, oracle)
            return super().step(w, state, oracle)

    pairs = [([1.0, 0.5], 1.0), ([0.5, 2.0], -1.0), ([1.0, 1.0], 2.0)]
    trace, plain = (track(m, pairs, 3, record=1) for m in (method, Twice(0.25)))
    np.testing.assert_array_equal(trace.w, plain.w)
    np.testing.assert_array_equal(trace.prediction_error, plain.prediction_error)


@pytest.mark.parametrize(
    "after, message",
    [
        (lambda w: w[:1], r"step must return shape \(2,\), got \(1,\)"),
        (lambda w: w.sum(), r"step must return shape \(2,\), got \(\)"),
        (lambda w: w * 1j, "what step returns must be a number or an array of numbers"),
    ],
)
@pytest.mark.parametrize("budget", [{"iterations": 5}, {"grad_evals": 5}])
def test_a_step_that_returns_no_weights(after, message, budget):
    class Odd(GradientDescent):
        def step(self, w, state, oracle):
            oracle.grad(np.zeros(2))
            return after(w), state

    with pytest.raises(ValueError, match=message):
        minimize(Odd(0.1), BOWL, START, record=None, **budget)
    with pytest.raises(ValueError, match=f"{message}|^w must"):
        track(Odd(0.1), [BOWL] * 5, 5, w0=START)


def test_a_budget_that_bounds_nothing_is_refused():
    @dataclass(frozen=True)
    class Idle(GradientDescent):
        def step(self, w, state, oracle):
            return w, state

    with pytest.raises(ValueError, match="grad_evals bounds nothing"):
        minimize(Idle(0.1), BOWL, START, grad_evals=10)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"w0": [1.0, 2.0, 3.0]}, r"w0 must have shape \(2,\) or \(2, \*runs\).*got shape \(3,\)"),
        ({"w0": 3.0}, "w0 must have shape"),
        ({"w0": []}, "w0 must be a number or an array of numbers"),
        ({"w0": "here"}, "w0 must be a number or an array of numbers"),
        ({"w0": [1.0, np.inf]}, "w0 must be finite, got inf"),
        ({"w0": [1.0, np.nan]}, "w0 must be finite, got nan"),
        ({"iterations": None}, "exactly one of iterations and grad_evals"),
        ({"grad_evals": 10}, "exactly one of iterations and grad_evals"),
        ({"iterations": 0}, "iterations must be a positive integer, got 0"),
        ({"iterations": 2.5}, "iterations must be a positive integer, got 2.5"),
        ({"iterations": True}, "iterations must be a positive integer, got True"),
        ({"iterations": None, "grad_evals": -1}, "grad_evals must be a positive integer"),
        ({"record": 0}, "record must be a positive integer, got 0"),
        ({"progress": "no"}, "progress must be True or False, got 'no'"),
        ({"learned": 1}, "learned must be True or False, got 1"),
        ({"w0": np.ma.masked_array([1.0, 2.0], [True, False])}, "w0 must be a number or an array"),
        ({"w0": [1.0, 2j]}, "w0 must be a number or an array"),
        ({"method": BOWL, "objective": GradientDescent(0.1)}, "method must be .* got Objective"),
        ({"method": GradientDescent}, "method must be .* got the class GradientDescent"),
        ({"objective": GradientDescent(0.1)}, "objective must be .* got GradientDescent"),
        ({"objective": Watched}, "objective must be .* got the class Watched"),
        ({"iterations": 10**15}, r"2 rows of shape \(2,\) do not fit .* a larger record="),
        ({"method": GradientDescent(per_weight([1, 2, 3]))}, "step_size must have 2 values"),
        (
            {"method": GradientDescent([1, 2, 3]), "w0": np.zeros((2, 2))},
            r"w0 \(2,\) and of the hyper-parameters \(step_size \(3,\)\) do not broadcast",
        ),
    ],
)
def test_bad_input(change, message):
    call = {"method": GradientDescent(0.1), "objective": BOWL, "w0": START, "iterations": 5}
    with pytest.raises(ValueError, match=message):
        minimize(**{**call, **change})


class Wrong:
    def loss(self, w):
        return w

    def grad(self, w):
        return w[:1]


def test_an_oracle_that_returns_a_wrong_shape():
    with pytest.raises(ValueError, match=r"grad must return shape \(2,\), got \(1,\)"):
        minimize(GradientDescent(0.1), Wrong(), START, iterations=1)


def test_nothing_is_printed(capsys):
    minimize(GradientDescent(1e9), BOWL, START, iterations=50)
    assert capsys.readouterr() == ("", "")


def test_progress_is_shown_on_request(capsys):
    pytest.importorskip("tqdm")
    minimize(GradientDescent(0.1), BOWL, START, iterations=50, progress=True)
    assert "50" in capsys.readouterr().err


def test_progress_without_tqdm(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match=r"pip install 'stepsize\[explore\]'"):
        minimize(GradientDescent(0.1), BOWL, START, iterations=5, progress=True)


@dataclass(frozen=True)
class Breaks(GradientDescent):
    error: type = KeyboardInterrupt

    def step(self, w, state, oracle):
        if oracle.grads == 3:
            raise self.error("stop")
        return super().step(w, state, oracle)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
@pytest.mark.parametrize(
    "run",
    [
        lambda method: minimize(method, BOWL, START, iterations=9, progress=True),
        lambda method: minimize(method, BOWL, START, grad_evals=9, progress=True),
        lambda method: track(method, [([1.0, 2.0], 1.0)] * 9, 9, progress=True),
    ],
)
def test_the_bar_shows_how_far_it_came_and_is_closed_whatever_happens(error, run, monkeypatch):
    bars = []

    class Bar:
        def __init__(self, total, unit):
            self.total, self.unit, self.n, self.open = total, unit, 0, True
            bars.append(self)

        def update(self, more):
            self.n += more

        def close(self):
            self.open = False

    monkeypatch.setattr(runs, "progress_bar", Bar)
    if error is KeyboardInterrupt:
        assert run(Breaks(0.1, error)).grad_evals[-1] == 3
    else:
        with pytest.raises(error):
            run(Breaks(0.1, error))
    run(GradientDescent(0.1))
    assert [(bar.n, bar.total, bar.open) for bar in bars] == [(3, 9, False), (9, 9, False)]


def test_traces_are_compared_as_the_runs_that_they_are():
    one, other = (minimize(IDBD([0.1, 0.2]), BOWL, START, iterations=3) for _ in range(2))
    assert one == one and one != other and len({one, other}) == 2
    one, other = (track(IDBD(), [([1.0], 1.0)], 1) for _ in range(2))
    assert one == one and one != other and len({one, other}) == 2


def test_a_trace_says_what_it_is():
    trace = minimize(GradientDescent([0.1, 1e9]), BOWL, START, iterations=60)
    assert repr(trace) == (
        "Trace(GradientDescent, 60 iterations, 60 gradient evaluations, d = 2, runs (2,), "
        "1 diverged)"
    )
