"""Networks: every derivative against one from elsewhere, tasks by what they promise."""

import pickle
from itertools import islice

import numpy as np
import pytest

from stepsize import (
    IDBD,
    Adam,
    GradientDescent,
    Network,
    Polyak,
    Recorder,
    Tasks,
    least_squares,
    logistic_regression,
    minimize,
    quadratic,
    track,
)

RNG = np.random.default_rng(4)
X = RNG.standard_normal((9, 3))
LABELS, REAL = RNG.integers(4, size=9), RNG.standard_normal((9, 4))
NETWORKS = [Network(s, f) for s in ((3, 4), (3, 5, 4), (3, 5, 6, 4)) for f in ("relu", "tanh")]
each = pytest.mark.parametrize("network", NETWORKS, ids=repr)
both = pytest.mark.parametrize("y", [LABELS, REAL], ids=["labels", "real"])


def weights(network, *runs):
    return 0.7 * RNG.standard_normal((network.dim, *runs))


def slopes(f, w, h=1e-6):
    """The derivative by each weight, weights first."""
    return np.stack([(f(w + h * e) - f(w - h * e)) / (2 * h) for e in np.eye(len(w))])


# ---- the loss and its derivatives ---------------------------------------------------------------


def by_hand(network, w, x, y):
    """The loss of one example, a unit at a time."""
    a, start = x, 0
    for k, (before, after) in enumerate(zip(network.sizes, network.sizes[1:])):
        rows = [w[start + i * before : start + (i + 1) * before] for i in range(after)]
        start += before * after
        z = [sum(p * q for p, q in zip(row, a)) + w[start + i] for i, row in enumerate(rows)]
        start += after
        last = k + 2 == len(network.sizes)
        a = z if last else [max(u, 0) if network.activation == "relu" else np.tanh(u) for u in z]
    if np.ndim(y) == 0:
        return -np.log(np.exp(a[y]) / sum(np.exp(u) for u in a))
    return sum((u - v) ** 2 for u, v in zip(a, y)) / 2


@each
@both
def test_the_loss_a_unit_at_a_time(network, y):
    w = weights(network)
    expected = np.mean([by_hand(network, w, *example) for example in zip(X, y)])
    assert network.objective(X, y).loss(w) == pytest.approx(expected, rel=1e-13)


@each
@both
def test_derivatives_against_finite_differences(network, y):
    f = network.objective(X, y)
    for w in (weights(network), network.init(3)):
        v = RNG.standard_normal(network.dim)
        np.testing.assert_allclose(f.grad(w), slopes(f.loss, w), rtol=1e-6, atol=1e-8)
        ahead, behind = f.grad(w + 1e-6 * v), f.grad(w - 1e-6 * v)
        np.testing.assert_allclose(f.hvp(w, v), (ahead - behind) / 2e-6, rtol=1e-6, atol=1e-8)


@each
@both
def test_curvature_is_the_diagonal_of_the_gauss_newton_matrix(network, y):
    w = weights(network)
    J = slopes(lambda w: network.activations(w, X)[-1], w)  # (d, n, outputs)
    H = np.broadcast_to(np.eye(4), (9, 4, 4))
    if y is LABELS:
        p = np.exp(network.activations(w, X)[-1])
        p /= p.sum(axis=1, keepdims=True)
        H = np.stack([np.diag(q) - np.outer(q, q) for q in p])
    expected = np.einsum("dnk,nkl,dnl->d", J, H, J) / 9
    np.testing.assert_allclose(network.objective(X, y).curvature(w), expected, rtol=1e-6, atol=1e-9)


def test_a_tiny_network_by_sympy():
    sympy = pytest.importorskip("sympy")
    network = Network([1, 2, 2], "tanh")
    w = sympy.symbols(f"w:{network.dim}")
    a = [sympy.tanh(w[0] * sympy.Rational(3, 2) + w[2]), sympy.tanh(w[1] * 1.5 + w[3])]
    z = [w[4] * a[0] + w[5] * a[1] + w[8], w[6] * a[0] + w[7] * a[1] + w[9]]
    loss = sympy.log(sympy.exp(z[0]) + sympy.exp(z[1])) - z[1]  # the label is 1
    at, v = weights(network), RNG.standard_normal(network.dim)
    known = dict(zip(w, at))
    f = network.objective([[1.5]], [1])
    assert f.loss(at) == pytest.approx(float(loss.subs(known)), rel=1e-13)
    slope = [float(loss.diff(x).subs(known)) for x in w]
    np.testing.assert_allclose(f.grad(at), slope, rtol=1e-12)
    H = np.array(sympy.hessian(loss, w).subs(known), dtype=float)
    np.testing.assert_allclose(f.hvp(at, v), H @ v, rtol=1e-11)


def test_a_network_without_hidden_units_is_a_regression():
    w, v = RNG.standard_normal((2, 4))
    ones = np.column_stack([X, np.ones(9)])
    line = least_squares(ones, REAL[:, 0])
    f = Network([3, 1]).objective(X, REAL[:, 0])
    for name, at in (("loss", [w]), ("grad", [w]), ("curvature", [w]), ("hvp", [w, v])):
        expected = getattr(line, name)(*at)
        np.testing.assert_allclose(getattr(f, name)(*at), expected, rtol=1e-12, err_msg=name)
    # of two classes only the difference of the outputs counts
    two, margin = Network([3, 2]).objective(X, LABELS % 2), logistic_regression(ones, LABELS % 2)
    pair = np.concatenate([0 * w[:3], w[:3], [0, w[3]]])
    assert two.loss(pair) == pytest.approx(margin.loss(w), rel=1e-13)
    np.testing.assert_allclose(two.grad(pair)[3:6], margin.grad(w)[:3], rtol=1e-12)
    np.testing.assert_allclose(two.curvature(pair)[3:6], margin.curvature(w)[:3], rtol=1e-12)


def test_outputs_beyond_what_exp_can_hold():
    f = Network([1, 2]).objective([[1.0]], [0])
    w = np.array([1000.0, -1000.0, 0.0, 0.0])
    assert f.loss(w) == 0 and f.loss(-w) == 2000
    assert f.grad(-w).tolist() == [-1, 1, -1, 1]
    assert np.isfinite(f.curvature(w)).all() and np.isfinite(f.hvp(w, w)).all()


@each
@both
def test_runs_one_by_one_and_in_their_precision(network, y):
    f = network.objective(X, y)
    w, v = weights(network, 2, 3), weights(network, 2, 3)
    for name, at in (("loss", [w]), ("grad", [w]), ("curvature", [w]), ("hvp", [w, v])):
        ask, least = getattr(f, name), 1e-12
        among = ask(*at)
        for i, j in np.ndindex(2, 3):
            alone = ask(*(x[:, i, j] for x in at))
            np.testing.assert_allclose(among[..., i, j], alone, rtol=1e-9, atol=least)
        single = ask(*(x.astype(np.float32) for x in at))
        assert single.dtype == np.float32
        np.testing.assert_allclose(single, among, rtol=1e-3, atol=1e-5)
    outputs = network.activations(w, X)
    assert [a.shape for a in outputs] == [(9, size, 2, 3) for size in network.sizes[1:]]
    np.testing.assert_allclose(outputs[-1][..., 1, 2], network.activations(w[:, 1, 2], X)[-1])


@both
def test_each_run_may_have_its_own_data(y):
    network = NETWORKS[2]
    w, v, rows = weights(network, 2, 3), weights(network, 2, 3), RNG.integers(9, size=(5, 3))
    data = np.moveaxis(X[rows], 1, -1), np.moveaxis(y[rows], 1, -1)
    for k, ask in enumerate(network.functions(*data)):
        for r in range(3):
            one = network.functions(X[rows[:, r]], y[rows[:, r]])[k]
            at = (w, v) if k == 3 else (w,)
            expected = one(*(x[..., r] for x in at))
            np.testing.assert_allclose(ask(*at)[..., r], expected, rtol=1e-9, atol=1e-12)


@both
def test_minibatches_are_oracles(y):
    network, size = NETWORKS[3], 3
    f, w, v = network.objective(X, y), weights(NETWORKS[3]), weights(NETWORKS[3])
    batches = list(islice(f.batches(size, seed=2), 3))  # one pass
    for name, at in (("loss", [w]), ("grad", [w]), ("curvature", [w]), ("hvp", [w, v])):
        mean = np.mean([getattr(b, name)(*at) for b in batches], axis=0)
        np.testing.assert_allclose(mean, getattr(f, name)(*at), rtol=1e-10, atol=1e-13)
    trace = track(Adam(0.05), f.batches(size), 90, w0=network.init(0))
    assert trace.loss[-30:].mean() < 0.5 * trace.loss[:3].mean()


# ---- weights ------------------------------------------------------------------------------------


def test_first_weights():
    network = Network([50, 40, 10])
    w = network.init(5, runs=20)
    assert network.dim == 50 * 40 + 40 + 40 * 10 + 10 and w.shape == (network.dim, 20)
    (W1, b1), (W2, b2) = network.layers(w)
    assert W1.shape == (40, 50, 20) and b1.shape == (40, 20) and W2.shape == (10, 40, 20)
    assert not b1.any() and not b2.any()
    assert W1.var() == pytest.approx(2 / 50, rel=0.03) and W2.var() == pytest.approx(
        2 / 40, rel=0.05
    )
    np.testing.assert_array_equal(network.init(5), w[:, 0])
    np.testing.assert_array_equal(network.init(5, runs=3), w[:, :3])
    assert (network.init(6) != w[:, 0]).mean() > 0.9 and (w[:, 1] != w[:, 0]).mean() > 0.9
    np.testing.assert_array_equal(network.init(5, 2, np.float32), w[:, :2].astype(np.float32))
    assert Network([50, 40, 10], "tanh").init(5).var() == pytest.approx(w[:, 0].var() / 2)


def test_layers_of_anything():
    network = Network([2, 3, 1])
    (W, b), (last, c) = network.layers(np.arange(13.0))
    assert W.tolist() == [[0, 1], [2, 3], [4, 5]] and b.tolist() == [6, 7, 8]
    assert last.tolist() == [[9, 10, 11]] and c.tolist() == [12]


def test_networks_compare_and_are_pickled():
    network = Network([3, 4], "tanh")
    assert network == Network((3, 4), "tanh") and hash(network) == hash(Network((3, 4), "tanh"))
    assert network != Network([3, 4]) and network != Network([3, 5], "tanh")
    f = pickle.loads(pickle.dumps(network.objective(X, LABELS)))
    w = weights(network)
    np.testing.assert_array_equal(f.grad(w), network.objective(X, LABELS).grad(w))
    assert f.dim == network.dim and pickle.loads(pickle.dumps(network)) == network


def test_data_that_change_later_change_nothing():
    network, data, labels = Network([3, 4]), X.copy(), LABELS.copy()
    f, stream = network.objective(data, labels), Tasks(network, data, labels)
    w, copy = weights(network), pickle.loads(pickle.dumps(stream))
    before = f.loss(w)
    data[:], labels[:] = 0.0, 0
    assert f.loss(w) == before and stream == copy


def test_methods_run_on_it():
    network = Network([3, 6, 4])
    f, w0 = network.objective(X, LABELS), network.init(0, runs=2)
    trace = minimize(GradientDescent([[0.1], [0.3]]), f, w0, iterations=40)
    assert trace.w.shape == (41, network.dim, 2, 2) and (trace.loss[-1] < 0.6 * trace.loss[0]).all()
    for method in (IDBD(0.05, 1e-3), Polyak(0.0, max_step=1.0)):
        ended = minimize(method, f, w0.astype(np.float32), iterations=40)
        assert ended.w.dtype == np.float32 and (ended.loss[-1] < ended.loss[0]).all()


# ---- Hessian-vector products count --------------------------------------------------------------


class Curious:
    """A method that asks for a gradient and two products."""

    def init(self, w):
        return GradientDescent(0.0).init(w)

    def step(self, w, state, oracle):
        g = oracle.grad(w)
        return w - 0.1 * oracle.hvp(w, oracle.hvp(w, g)), state


def test_a_product_is_charged_as_a_gradient():
    bowl = quadratic([2.0, 3.0])
    watched = Recorder(bowl)
    trace = minimize(Curious(), watched, [1.0, 1.0], grad_evals=10)
    assert trace.grad_evals.tolist() == [0, 3, 6, 9] and trace.iterations[-1] == 3
    assert trace.w[1].tolist() == pytest.approx([1 - 0.1 * 8, 1 - 0.1 * 27])  # H H g
    assert [kind for kind, _ in watched.asked[:3]] == ["grad", "hvp", "hvp"]


def test_products_of_a_plain_oracle_are_checked():
    class Plain:
        loss, grad = quadratic([2.0, 2.0]).loss, quadratic([2.0, 2.0]).grad

    with pytest.raises(ValueError, match=r"needs hvp\(w, v\), which Plain does not have"):
        minimize(Curious(), Plain(), [1.0, 1.0], iterations=1)
    Plain.hvp = staticmethod(lambda w, v: 2 * v)
    assert minimize(Curious(), Plain(), [1.0, 1.0], iterations=1).w[-1][0] == pytest.approx(0.2)
    Plain.hvp = staticmethod(lambda w, v: v.sum())
    with pytest.raises(ValueError, match=r"hvp must return shape \(2,\), got \(\)"):
        minimize(Curious(), Plain(), [1.0, 1.0], iterations=1)
    Plain.hvp = staticmethod(lambda w, v: v.__imul__(2))
    with pytest.raises(ValueError, match="hvp must leave"):
        minimize(Curious(), Plain(), [1.0, 1.0], iterations=1)
    Plain.hvp = staticmethod(lambda w, v: 2 * v + w.mean())
    with pytest.raises(ValueError, match="hvp does not treat runs"):
        minimize(Curious(), Plain(), [[1.0, 2.0], [1.0, 2.0]], iterations=1)


# ---- what is refused ----------------------------------------------------------------------------

TEN = Network([3, 10])
WRONG = [
    (lambda: Network([3]), r"sizes must be at least two positive integers.*got \[3\]"),
    (lambda: Network(3), "sizes must be at least two positive integers.*got 3"),
    (lambda: Network("34"), "sizes must be at least two positive integers"),
    (lambda: Network([3, 0]), "sizes must be at least two positive integers"),
    (lambda: Network([3, 2.5]), "sizes must be at least two positive integers"),
    (lambda: Network([3, 4], "sigmoid"), "activation must be one of 'relu', 'tanh', got 'sigmoid'"),
    (lambda: TEN.init(-1), "seed must be a non-negative integer, got -1"),
    (lambda: TEN.init(0, 0), "runs must be a positive integer, got 0"),
    (lambda: TEN.init(0, dtype=int), "dtype must be float32 or float64, got <class 'int'>"),
    (lambda: TEN.layers(np.zeros(7)), r"w must have shape \(40, \*runs\), got \(7,\)"),
    (lambda: TEN.activations(np.zeros(7), X), r"w must have shape \(40, \*runs\), got \(7,\)"),
    (lambda: TEN.activations(np.zeros(40), X.T), r"X must have shape \(n, 3\), got \(3, 9\)"),
    (lambda: TEN.objective(X.T, LABELS), r"X must have shape \(n, 3\), got \(3, 9\)"),
    (lambda: TEN.objective(X[:0], LABELS[:0]), r"X must have shape \(n, 3\), got \(0, 3\)"),
    (lambda: TEN.objective(X / 0, LABELS), "X must be finite"),
    (lambda: TEN.objective(X * 1j, LABELS), "X must be a number or an array of numbers"),
    (lambda: TEN.objective(X, LABELS[:5]), r"y must be 9 labels.*from 0 to 9.*got shape \(5,\)"),
    (lambda: TEN.objective(X, LABELS - 4), "y must be 9 labels.*got -"),
    (lambda: TEN.objective(X, LABELS + 9), "y must be 9 labels.*got 1"),
    (lambda: Network([3, 1]).objective(X, LABELS * 0), "y must be 9 labels of at least two"),
    (lambda: TEN.objective(X, REAL), r"y must have shape \(9, 10\).*got floats of shape \(9, 4\)"),
    (lambda: TEN.objective(X, REAL[:, 0]), r"y must have shape \(9, 10\).*of shape \(9,\)"),
    (lambda: TEN.objective(X, list("abcdefghi")), "y must be a number or an array of numbers"),
    (lambda: TEN.objective(X, [[1], [1, 2]]), "y must be a number or an array of numbers"),
    (lambda: TEN.objective(X, np.ma.masked_equal(LABELS, 1)), "y must be a number or an array"),
    (lambda: Network([3, 4]).objective(X, REAL / 0), "y must be finite"),
    (lambda: TEN.objective(X, LABELS).grad(np.zeros(7)), r"w must have shape \(40,\)"),
    (lambda: TEN.objective(X, LABELS).hvp(np.zeros(40), np.zeros(3)), "v must have the shape of w"),
    (lambda: TEN.objective(X, LABELS).batches(10), "size must be at most 9, got 10"),
    (lambda: Tasks(3, X, LABELS), "network must be a Network, got int"),
    (lambda: Tasks(TEN, X, LABELS, "weights"), "change must be one of 'inputs', 'labels'"),
    (lambda: Tasks(TEN, X, LABELS, every=0), "every must be a positive integer"),
    (lambda: Tasks(TEN, X, LABELS, size=0), "size must be a positive integer"),
    (lambda: Tasks(TEN, X[:, :2], LABELS), r"X must have shape \(n, 3\), got \(9, 2\)"),
    (lambda: Tasks(Network([3, 4]), X, REAL, "labels"), "y must be integer labels"),
    (lambda: Tasks(TEN, X, LABELS, "classes", classes=1), "classes must be from 2 to 4.*got 1"),
    (lambda: Tasks(TEN, X, LABELS, "classes", classes=5), "classes must be from 2 to 4.*got 5"),
]


@pytest.mark.parametrize("wrong, message", WRONG, ids=[message[:40] for _, message in WRONG])
def test_what_is_refused_is_named(wrong, message):
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=message):
        wrong()


# ---- tasks --------------------------------------------------------------------------------------

MANY = np.arange(60.0).reshape(20, 3)  # each number tells its example and its input
CALLED = np.arange(20) % 5


def seen(stream, n, runs=2, seed=0):
    """What a network that answers its inputs' numbers is shown: (n, examples, inputs, runs)."""
    shown = []
    for x, y, hidden in stream.chunks(np.random.SeedSequence(seed).spawn(runs), n):
        shown.extend([x, y, [hidden(i)["order"] for i in range(n)]])
        return shown


def test_inputs_change_places():
    x, y, order = seen(Tasks(Network([3, 5]), MANY, CALLED, "inputs", every=4, size=6), 12)
    assert x.shape == (12, 6, 3, 2) and y.shape == (12, 6, 2)
    places = set()
    for t, r in np.ndindex(12, 2):
        example, place = np.divmod(x[t, :, :, r], 3)
        assert (example == example[:, :1]).all() and (place == order[t][:, r]).all()
        assert (CALLED[example[:, 0].astype(int)] == y[t, :, r]).all()
        assert (order[t] == order[t - t % 4]).all()
        places.add(tuple(place[0]))
    assert len(places) > 2 and len(np.unique(x)) > 50


def test_labels_change():
    x, y, order = seen(Tasks(Network([3, 5]), MANY, CALLED, "labels", every=4, size=6), 12)
    for t, r in np.ndindex(12, 2):
        example = x[t, :, 0, r].astype(int) // 3
        assert (x[t, :, :, r] == MANY[example]).all()
        assert (order[t][CALLED[example], r] == y[t, :, r]).all()
        assert sorted(order[t][:, r]) == [0, 1, 2, 3, 4]
    assert len({tuple(o[:, r]) for o in order for r in range(2)}) > 3


def test_classes_take_turns():
    stream = Tasks(Network([3, 2]), MANY, CALLED + 3, "classes", every=4, size=6)
    x, y, order = seen(stream, 16)
    for t, r in np.ndindex(16, 2):
        example = x[t, :, 0, r].astype(int) // 3
        assert (order[t][y[t, :, r], r] == CALLED[example] + 3).all()
    for r in range(2):  # two of five, then two others, then anew
        turns = [set(order[t][:, r]) for t in (0, 4, 8, 12)]
        assert all(len(turn) == 2 for turn in turns)
        assert not turns[0] & turns[1] and not turns[2] & turns[3]


@pytest.mark.parametrize("change", ["inputs", "labels", "classes"])
def test_runs_have_their_own_and_chunks_change_nothing(change):
    stream = Tasks(Network([3, 6, 5]), MANY / 60, CALLED, change, every=7, size=2)
    three = track(Adam(0.01), stream, 40, runs=3, seed=9, record=10)
    first = track(Adam(0.01), stream, 40, runs=1, seed=9, record=10)
    np.testing.assert_allclose(first.loss[:, 0], three.loss[:, 0], rtol=1e-12)
    np.testing.assert_array_equal(first.order[..., 0], three.order[..., 0])
    np.testing.assert_array_equal(three.w[0], stream.network.init(9, runs=3))
    alone = track(Adam(0.01), stream, 40, seed=9)
    np.testing.assert_allclose(alone.loss, three.loss[:, 0], rtol=1e-12)
    assert (three.loss[:, 0] != three.loss[:, 1]).any()
    # on from the middle of a task, with other chunks
    half = track(Adam(0.01), stream, 17, runs=3, seed=9)
    rest = track(Adam(0.01), stream, 23, runs=3, seed=9, w0=half.w[-1], state=half.state)
    np.testing.assert_array_equal(rest.w[-1], three.w[-1])
    # settings share data and first weights
    swept = track(GradientDescent([[0.1], [0.2]]), stream, 20, runs=3, seed=9)
    once = track(GradientDescent(0.2), stream, 20, runs=3, seed=9)
    np.testing.assert_allclose(swept.loss[:, 1], once.loss, rtol=1e-12)
    other = track(Adam(0.01), stream, 5, runs=3, seed=9, w0=three.w[-1].astype(np.float32))
    assert other.w.dtype == other.loss.dtype == np.float32


def test_tasks_are_learned_and_lost():
    rng = np.random.default_rng(0)
    centres, y = rng.standard_normal((4, 8)), rng.integers(4, size=200)
    data = centres[y] + 0.1 * rng.standard_normal((200, 8))
    stream = Tasks(Network([8, 16, 4]), data, y, "labels", every=300)
    loss = track(GradientDescent(0.05), stream, 900, runs=4, seed=1).loss.reshape(3, 300, 4)
    assert (loss[:, -50:].mean(axis=1) < 0.3).all()  # each task is learned by its end
    assert (loss[1:, :10].mean(axis=(1, 2)) > 1).all()  # and the next begins badly


def test_real_targets_go_with_their_inputs():
    stream = Tasks(Network([3, 2]), MANY, MANY[:, :2] * 10, every=5, size=4)
    x, y, order = seen(stream, 10)
    assert y.shape == (10, 4, 2, 2)
    for t, r in np.ndindex(10, 2):
        back = np.argsort(order[t][:, r])
        assert (y[t, :, :, r] == 10 * x[t][:, back, r][:, :2]).all()
    trace = track(GradientDescent(1e-5), stream, 10, runs=2)
    assert np.isfinite(trace.loss).all()


def test_streams_of_tasks_compare_and_are_pickled():
    one, two = (Tasks(Network([3, 5]), MANY, CALLED, every=every) for every in (5, 6))
    assert one == Tasks(Network([3, 5]), MANY.copy(), CALLED, every=5) and one != two
    assert hash(one) == hash(pickle.loads(pickle.dumps(one)))
    assert one != Tasks(Network([3, 5]), MANY + 1, CALLED, every=5)
    sample = next(one.samples(seed=3))
    w = Network([3, 5]).init(3)
    assert sample.loss(w).shape == () and sample.hvp(w, w).shape == w.shape
