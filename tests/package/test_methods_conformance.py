"""What every method must do, whatever it computes: for every row of the table of cases."""

import inspect
import re
from dataclasses import asdict, fields, replace

import numpy as np
import pytest
from cases import BAD, CASES, VARIED

import stepsize
from stepsize import (
    GradientDescent,
    Objective,
    least_squares,
    methods,
    minimize,
    per_weight,
    quadratic,
    rosenbrock,
    track,
)

each = pytest.mark.parametrize("method", VARIED, ids=repr)
each_class = pytest.mark.parametrize("cls", CASES, ids=lambda cls: cls.__name__)
in_dimensions = pytest.mark.parametrize("d", [1, 2, 20])


def bowl(d):
    return quadratic(np.linspace(1.0, 4.0, d), minimizer=np.linspace(1.0, -2.0, d))


def starts(d, *runs):
    """Points around the minimizer, at a distance of about 2.5 whatever d."""
    away = np.random.default_rng(d).uniform(-3, 3, (d, *runs)) * np.sqrt(2 / d)
    return bowl(d).minimizer.reshape(d, *[1] * len(runs)) + away


def agree(d, actual, expected):
    """Bit for bit where sums have a fixed order, to rounding where they have not."""
    if d < 8:
        np.testing.assert_array_equal(actual, expected)
    else:
        np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12)


def loop(method, objective, w, n):
    """A user's own loop, in which nobody may write to the weights."""
    state = method.init(w)
    yield w, state
    for _ in range(n):
        w.flags.writeable = False
        w, state = method.step(w, state, objective)
        yield w, state


# ---- the table itself ---------------------------------------------------------------------------


def test_every_method_has_joined():
    assert {cls.__name__ for cls in CASES} == set(methods.__all__)
    assert set(methods.__all__) <= set(stepsize.__all__)


@each_class
def test_every_hyper_parameter_is_varied_and_matters(cls):
    plain, *variations = CASES[cls].varied
    for field in fields(cls):
        value = getattr(plain, field.name)
        varied = [m for m in variations if getattr(m, field.name) != value]
        assert varied, f"no variation changes {field.name}"
        different = []
        for method in varied:
            back = {field.name: value}
            other = replace(method, **back) if valid(method, **back) else plain
            runs = [minimize(m, bowl(2), [3.0, -2.5], iterations=20).w for m in (method, other)]
            different.append(not np.array_equal(*runs))
        assert any(different), f"{field.name} changes nothing"


def valid(method, **changes):
    try:
        replace(method, **changes)
    except ValueError:
        return False
    return True


# ---- runs ---------------------------------------------------------------------------------------


@each
@in_dimensions
def test_a_batch_is_its_single_runs(method, d):
    w0 = starts(d, 2, 3)
    n = 25 if d < 8 else 10  # beyond, those of Polyak's that are chaotic lose digits
    batch = minimize(method, bowl(d), w0, iterations=n)
    assert batch.w.shape == batch.step_size.shape == (n + 1, d, 2, 3)
    for i, j in np.ndindex(2, 3):
        single = minimize(method, bowl(d), w0[:, i, j], iterations=n)
        agree(d, batch.w[..., i, j], single.w)
        agree(d, batch.step_size[..., i, j], single.step_size)


@each
def test_a_batch_is_its_single_runs_in_the_valley(method):
    w0 = starts(2, 5) / 3
    batch = minimize(method, rosenbrock(), w0, iterations=25)
    for i in range(5):
        single = minimize(method, rosenbrock(), w0[:, i], iterations=25)
        np.testing.assert_array_equal(batch.w[..., i], single.w)


@each_class
@in_dimensions
def test_a_sweep_is_its_single_runs(cls, d):
    for method in CASES[cls].varied:
        for field in fields(cls):
            value = getattr(method, field.name)
            if not isinstance(value, float):
                continue
            less = {field.name: 0.75 * value}
            values = [value, 0.75 * value if valid(method, **less) else 1.25 * value]
            w0 = starts(d)
            sweep = replace(method, **{field.name: np.array(values)})
            trace = minimize(sweep, bowl(d), w0, iterations=15)
            assert trace.w.shape == (16, d, 2)
            for i, v in enumerate(values):
                one = replace(method, **{field.name: v})
                single = minimize(one, bowl(d), w0, iterations=15)
                agree(d, trace.w[..., i], single.w)
                agree(d, trace.step_size[..., i], single.step_size)


@each
def test_an_overflowing_run_is_kept_and_marked_and_the_others_go_on(method):
    inner = bowl(2)

    def beyond(f, w):
        return np.where(np.abs(w).max(axis=0) > 100, np.inf, f(w))

    cliff = Objective(
        lambda w: beyond(inner.loss, w),
        lambda w: beyond(inner.grad, w),
        minimizer=inner.minimizer,
        curvature=inner.curvature,
        hvp=inner.hvp,
    )
    w0 = np.array([[3.0, 200.0, 1.0], [-1.0, 5.0, 1.0]])
    trace = minimize(method, cliff, w0, iterations=25)
    assert trace.w.shape == (26, 2, 3)
    assert trace.diverged.tolist() == [False, True, False]
    for i in (0, 2):
        single = minimize(method, inner, w0[:, i], iterations=25)
        np.testing.assert_array_equal(trace.w[..., i], single.w)


@each
def test_a_huge_start_disturbs_nobody(method):
    w0 = np.array([[3.0, 1e300, 1.0], [-1.0, -1e300, 1.0]])
    trace = minimize(method, bowl(2), w0, iterations=25)
    for i in (0, 2):
        single = minimize(method, bowl(2), w0[:, i], iterations=25)
        np.testing.assert_array_equal(trace.w[..., i], single.w)


@each
@in_dimensions
@pytest.mark.parametrize("height", [0.0, 5.0])
def test_where_the_gradient_is_zero_the_weights_stay(method, d, height):
    level = bowl(d)
    raised = Objective(
        lambda w: level.loss(w) + height,
        level.grad,
        minimizer=level.minimizer,
        curvature=level.curvature,
        hvp=level.hvp,
    )
    w0 = level.minimizer
    for w, state in loop(method, raised, w0.copy(), 25):
        np.testing.assert_array_equal(w, w0)
        used = ~np.isnan(state.step_size)
        assert np.isfinite(np.asarray(state.step_size)[used]).all()


@each
def test_a_weight_without_gradient_stays(method):
    valley = quadratic([2.0, 0.0], minimizer=[1.0, 0.0])
    trace = minimize(method, valley, [3.0, 7.0], iterations=25)
    assert np.isfinite(trace.w).all()
    assert (trace.w[:, 1] == 7.0).all()
    assert trace.loss[-1] < trace.loss[0]


@each
def test_the_loss_goes_down(method):
    trace = minimize(method, bowl(2), [3.0, -1.0], iterations=60)
    assert trace.loss[-1] < trace.loss[0] / 2
    assert np.isfinite(trace.w).all()


# ---- the protocol -------------------------------------------------------------------------------


@each
@in_dimensions
@pytest.mark.parametrize("runs", [(), (3,), (2, 3)])
def test_a_loop_of_ones_own(method, d, runs):
    """No write to the weights, no warning, a step size of a shape that fits, no memory."""
    objective, w0 = bowl(d), starts(d, *runs)
    before, seen = w0.copy(), []
    for w, state in loop(method, objective, w0, 25):
        assert w.shape == w0.shape and w.dtype == float
        assert np.broadcast_shapes(np.shape(state.step_size), w.shape) == w.shape
        seen.append((w, w.copy()))
    for w, copy in seen:
        np.testing.assert_array_equal(w, copy)
    np.testing.assert_array_equal(w0, before)
    again = [w for w, _ in loop(method, objective, before, 25)]
    np.testing.assert_array_equal(again, [w for w, _ in seen])


@each_class
def test_arrays_handed_over_are_left_alone(cls):
    plain = CASES[cls].plain
    given = {
        name: np.array([value, value])
        for name, value in asdict(plain).items()
        if isinstance(value, float)
    }
    copies = {name: array.copy() for name, array in given.items()}
    w0 = np.array([[3.0, 1.0], [-1.0, 2.0]])
    method = replace(plain, **given)
    minimize(method, bowl(2), w0, iterations=25)
    assert w0.tolist() == [[3.0, 1.0], [-1.0, 2.0]]
    for name, array in given.items():
        np.testing.assert_array_equal(array, copies[name])
        np.testing.assert_array_equal(getattr(method, name), copies[name])
        array += 1  # what the user does later does not reach the method
        np.testing.assert_array_equal(getattr(method, name), copies[name])


@each
@pytest.mark.parametrize("budget", [7, 40])
def test_budgets(method, budget):
    trace = minimize(method, bowl(2), [3.0, -1.0], grad_evals=budget)
    assert trace.grad_evals[-1] <= budget
    longer = minimize(method, bowl(2), [3.0, -1.0], iterations=int(trace.iterations[-1]) + 1)
    assert longer.grad_evals[-1] > budget
    np.testing.assert_array_equal(longer.w[:-1], trace.w)


@each
def test_step_sizes_are_finite_and_not_negative(method):
    trace = minimize(method, bowl(2), [3.0, -1.0], iterations=60)
    used = trace.step_size[~np.isnan(trace.step_size)]
    assert len(used) and np.isfinite(used).all() and (used >= 0).all()
    if not CASES[type(method)].rests:
        assert not np.isnan(trace.step_size[1:]).any()


@pytest.mark.parametrize("method", [m for m in VARIED if hasattr(m, "step_size")], ids=repr)
def test_step_sizes_per_weight(method):
    value = method.step_size
    for runs in ((), (3,), (2, 3)):
        w0 = starts(2, *runs)
        same = replace(method, step_size=per_weight([value, value]))
        plain = minimize(method, bowl(2), w0, iterations=25)
        trace = minimize(same, bowl(2), w0, iterations=25)
        np.testing.assert_array_equal(trace.w, plain.w)
        np.testing.assert_array_equal(trace.step_size, plain.step_size)
        other = replace(method, step_size=per_weight([value, value / 2]))
        first = minimize(other, bowl(2), w0, iterations=1).w[1] - w0
        half = (plain.w[1] - w0) / 2
        np.testing.assert_allclose(first[1], half[1], rtol=1e-12, atol=1e-15)
        np.testing.assert_array_equal(first[0], 2 * half[0])
    wrong = replace(method, step_size=per_weight([0.1, 0.1, 0.1]))
    with pytest.raises(ValueError, match="step_size must have 2 values"):
        minimize(wrong, bowl(2), [3.0, -1.0], iterations=1)


@each
def test_online(method):
    rng = np.random.default_rng(1)
    A = rng.standard_normal((30, 2))
    line = least_squares(A, A @ [1.0, -2.0] + 0.1 * rng.standard_normal(30))
    trace = track(method, line.batches(5), examples=60, w0=np.zeros((2, 3)))
    assert trace.w.shape == (2, 2, 3) and np.isfinite(trace.w).all()
    whole = track(method, line.batches(30), examples=12, w0=np.zeros(2))
    assert line.loss(whole.w[-1]) < line.loss(np.zeros(2))


# ---- what is refused and what is said -----------------------------------------------------------


@each_class
def test_bad_values_are_refused_by_name(cls):
    plain = CASES[cls].plain
    for field in fields(cls):
        for value in BAD[field.name]:
            with pytest.raises(ValueError, match=rf"\b{field.name} must"):
                replace(plain, **{field.name: value})


@each_class
def test_methods_are_equal_by_value(cls):
    plain, *rest = CASES[cls].varied
    assert plain == replace(plain) and hash(plain) == hash(replace(plain))
    assert plain != type("Other", (cls,), {})(**asdict(plain)) and plain != 1
    for method in rest:
        assert method != plain and method == replace(method)
    for field in fields(cls):
        values = {
            v: None for m in CASES[cls].varied if isinstance(v := getattr(m, field.name), float)
        }
        if len(values) > 1:
            a, b, *_ = values
            sweep, same, *others = (
                replace(plain, **{field.name: v}) for v in ([a, a], [a, a], [a, b], [[a, a]], a)
            )
            assert (sweep == same) is True and (sweep != same) is False
            assert hash(sweep) == hash(same) and sweep not in others


def test_methods_with_values_per_weight_are_equal_by_value():
    one, same, other = (GradientDescent(per_weight(v)) for v in ([1, 2], [1, 2], [1, 3]))
    assert one == same and hash(one) == hash(same) and one != other
    assert one != GradientDescent([1, 2]) and GradientDescent(per_weight([1])) != GradientDescent(1)


@each_class
def test_it_cannot_be_changed(cls):
    plain = CASES[cls].plain
    with pytest.raises(AttributeError):
        setattr(plain, fields(cls)[0].name, 0.5)


@each_class
def test_the_docstring_says_it_all(cls):
    parts = re.split(r"\n(\w+)\n-+\n", inspect.getdoc(cls))
    sections = dict(zip(parts[1::2], parts[2::2]))
    assert {"Parameters", "Notes", "Examples"} <= set(sections)
    assert ".. math::" in parts[0]
    documented = re.findall(r"^(\w+(?:, \w+)*) : ", sections["Parameters"], re.M)
    names = [name for line in documented for name in line.split(", ")]
    assert names == [field.name for field in fields(cls)]
    assert ">>>" in sections["Examples"]
    assert re.search(r"gradient", sections["Notes"]), "what does a step cost?"
