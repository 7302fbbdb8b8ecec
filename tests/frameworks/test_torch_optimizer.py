"""The methods as PyTorch's optimizers, against PyTorch's own and against runs in NumPy."""

import copy
import pickle

import numpy as np
import pytest
from cases import CASES, VARIED

torch = pytest.importorskip("torch")

from torch.optim import SGD, Adagrad, RMSprop  # noqa: E402
from torch.optim import Adam as TorchAdam  # noqa: E402
from torch.optim.lr_scheduler import LambdaLR, OneCycleLR, StepLR  # noqa: E402

from stepsize import (  # noqa: E402
    IDBD,
    L4,
    SMD,
    AdaGrad,
    Adam,
    BarzilaiBorwein,
    Csawg,
    GradientDescent,
    HeavyBall,
    HypergradientDescent,
    LossGrad,
    Nesterov,
    Objective,
    Polyak,
    RMSProp,
    least_squares,
    minimize,
    quadratic,
)
from stepsize.torch import Optimizer  # noqa: E402

RNG = np.random.default_rng(1)
X, Y = (torch.tensor(RNG.standard_normal((64, n))) for n in (5, 3))
STEPS = 60
each = pytest.mark.parametrize("method", VARIED, ids=repr)


class Training:
    """A small network, an optimizer of its parameters, and perhaps a scheduler."""

    def __init__(self, make, schedule=None, dtype=torch.float64, with_closure=True):
        torch.manual_seed(1)
        layers = torch.nn.Linear(5, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3)
        self.model = torch.nn.Sequential(*layers).to(dtype)
        self.optimizer = make(self.model.parameters())
        self.scheduler = schedule and schedule(self.optimizer)
        self.with_closure, self.dtype, self.losses = with_closure, dtype, []

    def closure(self):
        self.optimizer.zero_grad()
        loss = ((self.model(X.to(self.dtype)) - Y.to(self.dtype)) ** 2).mean()
        loss.backward()
        return loss

    def run(self, steps=STEPS):
        for _ in range(steps):
            if self.with_closure:
                self.losses.append(self.optimizer.step(self.closure).item())
            else:
                self.closure()
                self.optimizer.step()
            if self.scheduler:
                self.scheduler.step()
        return self

    @property
    def w(self):
        return np.concatenate([p.detach().numpy().ravel() for p in self.model.parameters()])

    def save(self):
        parts = self.model, self.optimizer, self.scheduler
        return [part and copy.deepcopy(part.state_dict()) for part in parts]

    def load(self, saved):
        for part, state in zip((self.model, self.optimizer, self.scheduler), saved):
            if part:
                part.load_state_dict(state)
        return self


def ones(params):
    return [torch.ones_like(p) for p in params]


def same(params, v):
    return v


def ours(method):
    return lambda params: Optimizer(params, method, curvature=ones, hvp=same)


def halved(optimizer):
    return StepLR(optimizer, step_size=10, gamma=0.5)


def warm(optimizer):
    return LambdaLR(optimizer, lambda k: min((k + 1) / 10, 1.0))


def cycle(optimizer):
    return OneCycleLR(optimizer, max_lr=0.05, total_steps=STEPS + 1, cycle_momentum=False)


# ---- against PyTorch -----------------------------------------------------------------------------

PAIRS = {
    "Adam": (Adam(1e-2), lambda p: TorchAdam(p, lr=1e-2)),
    "Adam, other": (
        Adam(1e-2, beta1=0.5, beta2=0.9, eps=1e-3),
        lambda p: TorchAdam(p, lr=1e-2, betas=(0.5, 0.9), eps=1e-3),
    ),
    "AdaGrad": (AdaGrad(0.1), lambda p: Adagrad(p, lr=0.1)),
    "RMSProp": (RMSProp(1e-2, decay=0.99), lambda p: RMSprop(p, lr=1e-2)),
    "SGD": (GradientDescent(0.05), lambda p: SGD(p, lr=0.05)),
    "momentum": (HeavyBall(0.05, 0.8), lambda p: SGD(p, lr=0.05, momentum=0.8)),
    "Nesterov": (Nesterov(0.05, 0.8), lambda p: SGD(p, lr=0.05, momentum=0.8, nesterov=True)),
    # whose direction is PyTorch's sum of gradients, which a changing step size multiplies whole
    "momentum, sum": (
        HypergradientDescent(0.05, 0.0, momentum=0.8),
        lambda p: SGD(p, lr=0.05, momentum=0.8),
    ),
}
SCHEDULES = {"constant": None, "halved": halved, "warm": warm, "cycle": cycle}


# PyTorch's momentum keeps the sum of gradients, which differs when lr changes
PAPERS = "momentum", "Nesterov"
BOTH = [(p, s) for p in PAIRS for s in SCHEDULES if s == "constant" or p not in PAPERS]


@pytest.mark.parametrize("with_closure", [True, False])
@pytest.mark.parametrize("pair, schedule", BOTH)
def test_as_pytorch_does(pair, schedule, with_closure):
    (method, theirs), schedule = PAIRS[pair], SCHEDULES[schedule]
    a = Training(theirs, schedule, with_closure=with_closure).run()
    b = Training(ours(method), schedule, with_closure=with_closure).run()
    np.testing.assert_allclose(b.w, a.w, rtol=0, atol=1e-10)
    np.testing.assert_allclose(b.losses, a.losses, rtol=0, atol=1e-10)
    assert abs(a.w - Training(theirs).w).max() > 1e-2


def test_heavy_ball_under_a_schedule_is_the_papers():
    run = Training(ours(HeavyBall(0.05, 0.8)), halved)
    walk, rates = [run.w], []
    for _ in range(25):
        before = run.closure() and [p.grad for p in run.model.parameters()]
        g = np.concatenate([x.numpy().ravel() for x in before])
        rates.append(run.optimizer.param_groups[0]["lr"])
        expected = walk[-1] - rates[-1] * g + 0.8 * (walk[-1] - walk[max(len(walk) - 2, 0)])
        walk.append(run.run(1).w)
        np.testing.assert_allclose(walk[-1], expected, rtol=0, atol=1e-14)
    assert rates[0] == 0.05 and rates[-1] == 0.0125


def test_groups_as_pytorch_has_them():
    def groups(model_parameters, **names):
        first, *rest = list(model_parameters)
        return [{"params": [first], "lr": 0.02, **names}, {"params": rest}]

    a = Training(lambda p: TorchAdam(groups(p, betas=(0.5, 0.9)), lr=1e-2), halved).run()
    b = Training(lambda p: Optimizer(groups(p, beta1=0.5, beta2=0.9), Adam(1e-2)), halved).run()
    np.testing.assert_allclose(b.w, a.w, rtol=0, atol=1e-10)
    rates = [[g["lr"] for g in run.optimizer.param_groups] for run in (a, b)]
    assert rates[0] == rates[1] != [0.02, 1e-2]


def test_parameters_without_a_gradient_stay():
    run = Training(ours(Adam(1e-2)))
    run.model[0].weight.requires_grad_(False)
    before = run.w
    run.run(5)
    n = run.model[0].weight.numel()
    np.testing.assert_array_equal(run.w[:n], before[:n])
    assert (run.w[n:] != before[n:]).all()
    idle = torch.nn.Parameter(torch.ones(2))
    optimizer = Optimizer([idle], Adam(1e-2))
    optimizer.step()
    assert idle.tolist() == [1, 1] and not optimizer.state


# ---- against NumPy -------------------------------------------------------------------------------

A = RNG.standard_normal((30, 4))
LINE = least_squares(A, A @ [1.0, -2.0, 0.5, 3.0] + 0.1 * RNG.standard_normal(30))


def line(params):
    """The line's loss of two parameters, with the gradients of NumPy in place."""
    w = np.concatenate([p.detach().numpy().ravel() for p in params])
    g = torch.tensor(LINE.grad(w)).split([p.numel() for p in params])
    for p, part in zip(params, g):
        p.grad = part.reshape(p.shape)
    return torch.tensor(LINE.loss(w))


@each
def test_as_in_numpy_to_the_bit(method):
    params = [torch.zeros(2, 1).double().requires_grad_(), torch.zeros(2).double().requires_grad_()]

    def curvature(params):
        return torch.tensor(LINE.curvature(np.zeros(4))).split(2)

    def shaped(params):
        return [c.reshape(p.shape) for c, p in zip(curvature(params), params)]

    def product(params, v):
        along = np.concatenate([part.numpy().ravel() for part in v])
        parts = torch.tensor(LINE.hvp(np.zeros(4), along)).split(2)
        return [part.reshape(p.shape) for part, p in zip(parts, params)]

    optimizer, asked = Optimizer(params, method, curvature=shaped, hvp=product), []

    def closure():
        asked.append(1)
        return line(params)

    trace = minimize(method, LINE, np.zeros(4), iterations=25)
    for before, row in zip(trace.w, trace.w[1:]):
        assert optimizer.step(closure).item() == LINE.loss(before)
        w = np.concatenate([p.detach().numpy().ravel() for p in params])
        np.testing.assert_array_equal(w, row)
    # one call a step, and one more for each further point at which it asks for a gradient
    extra = sum({LossGrad: 25, SMD: 0}.get(type(method), n - 25) for n in trace.grad_evals[-1:])
    assert len(asked) == 25 + extra


@pytest.mark.parametrize("cls", CASES, ids=lambda cls: cls.__name__)
def test_in_single_precision(cls):
    run = Training(ours(CASES[cls].plain), dtype=torch.float32).run(5)
    assert all(p.dtype == torch.float32 for p in run.model.parameters())
    (state,) = run.optimizer.state.values()
    tensors = [x for x in leaves(state["state"]) if isinstance(x, torch.Tensor)]
    assert tensors and all(x.dtype == torch.float32 for x in tensors)


def leaves(x):
    return [leaf for part in x for leaf in leaves(part)] if isinstance(x, tuple) else [x]


def test_learned_step_sizes_and_methods_without_one_are_multiplied():
    for method in (HypergradientDescent(0.05, 1e-3), L4(), BarzilaiBorwein(0.05), IDBD(0.05)):
        run, plain = (Training(ours(method)) for _ in range(2))
        (group,) = run.optimizer.param_groups
        assert group["lr"] == getattr(method, "step_size", 1.0)
        start = run.w
        group["lr"] *= 0.5
        np.testing.assert_allclose(run.run(1).w - start, (plain.run(1).w - start) / 2, rtol=1e-9)


def test_a_group_begins_with_its_own_step_size():
    x, y = (torch.tensor([1.0], dtype=torch.float64, requires_grad=True) for _ in range(2))
    optimizer = Optimizer([{"params": [x]}, {"params": [y], "lr": 0.25}], LossGrad(0.5))

    def closure():
        optimizer.zero_grad()
        loss = (x**2 + y**2).sum() / 2
        loss.backward()
        return loss

    optimizer.step(closure)
    assert (x.item(), y.item()) == (0.5, 0.75)


def test_groups_step_from_one_point():
    # x y: each group sees the other where the step began, also at the points it asks about
    x, y = (torch.tensor([v], dtype=torch.float64, requires_grad=True) for v in (2.0, 3.0))
    seen = []

    def closure():
        seen.append((x.item(), y.item()))
        optimizer.zero_grad()
        loss = (x * y).sum()
        loss.backward()
        return loss

    optimizer = Optimizer([{"params": [x]}, {"params": [y]}], LossGrad(0.5))
    optimizer.step(closure)
    assert (x.item(), y.item()) == (2 - 1.5, 3 - 1.0)
    assert seen == [(2, 3), (0.5, 3), (2, 2)]


# ---- stopping and going on -----------------------------------------------------------------------


@each
def test_it_goes_on_to_the_bit_from_a_file(method, tmp_path):
    whole = Training(ours(method), halved).run()
    first = Training(ours(method), halved).run(25)
    torch.save(first.save(), tmp_path / "saved.pt")
    saved = torch.load(tmp_path / "saved.pt", weights_only=True)
    then = Training(ours(method), halved).load(saved).run(STEPS - 25)
    np.testing.assert_array_equal(then.w, whole.w)
    first.run(3)  # what was saved is not what goes on
    again = Training(ours(method), halved).load(saved).run(STEPS - 25)
    np.testing.assert_array_equal(again.w, whole.w)


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
def test_it_can_be_copied(twin):
    run = Training(ours(Csawg(0.05, 3))).run(7)
    other = twin(run.optimizer)
    assert other.method == run.optimizer.method and (other.curvature, other.hvp) == (ones, same)
    run.closure()
    (group,) = other.param_groups
    for copied, p in zip(group["params"], run.model.parameters()):
        copied.grad = p.grad
    for optimizer in (other, run.optimizer):
        optimizer.step()
    assert all(map(torch.equal, group["params"], run.model.parameters()))


def test_an_interrupted_step_is_none():
    def three_steps(stop):
        parts = [torch.tensor([1.0], dtype=torch.float64, requires_grad=True) for _ in range(2)]
        optimizer, calls = Optimizer([{"params": [x]} for x in parts], LossGrad(0.1)), []

        def closure():
            calls.append(1)
            if len(calls) == stop:
                raise KeyboardInterrupt
            optimizer.zero_grad()
            loss = sum(k * (x**2).sum() for k, x in enumerate(parts, 1))
            loss.backward()
            return loss

        for k in range(3):
            before = [x.item() for x in parts]
            try:
                optimizer.step(closure)
            except KeyboardInterrupt:
                assert k == 1 and [x.item() for x in parts] == before
                optimizer.step(closure)
        return [x.item() for x in parts]

    # never, and at either group's inner point of the second step
    assert three_steps(0) == three_steps(5) == three_steps(6) != [1.0, 1.0]


# ---- what it says --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "method, what",
    [
        (Polyak(0.0), "the loss"),
        (L4(), "the loss"),
        (LossGrad(0.1), "the loss"),
        (Csawg(0.01, 1), "more than one gradient"),
    ],
)
def test_what_needs_a_closure_says_so(method, what):
    run = Training(ours(method), with_closure=False)
    with pytest.raises(ValueError, match=rf"asks for {what}: call step\(closure\), with a closure"):
        run.run(3)


def test_what_needs_a_curvature_says_so():
    run = Training(lambda params: Optimizer(params, IDBD()))
    with pytest.raises(ValueError, match="asks for its curvature: give Optimizer a curvature="):
        run.run(1)


def test_a_curvature_by_autograd():
    def parts(params):
        (w,) = params
        return w @ (torch.tensor([0.5, 2.0]) * w) + w[0] ** 3

    def diagonal(params):
        (g,) = torch.autograd.grad(parts(params), params, create_graph=True)
        return [
            torch.stack(
                [torch.autograd.grad(g[i], params, retain_graph=True)[0][i] for i in (0, 1)]
            )
        ]

    w = torch.tensor([2.0, -1.0], requires_grad=True)
    optimizer = Optimizer([w], IDBD(0.05, 0.1), curvature=diagonal)
    for _ in range(10):
        optimizer.zero_grad()
        parts([w]).backward()
        optimizer.step()
    known = Objective(
        lambda w: 0.5 * w[0] ** 2 + 2 * w[1] ** 2 + w[0] ** 3,
        lambda w: np.stack([w[0] + 3 * w[0] ** 2, 4 * w[1]]),
        curvature=lambda w: np.stack([1 + 6 * w[0], 4 + 0 * w[1]]),
    )
    trace = minimize(IDBD(0.05, 0.1), known, [2.0, -1.0], iterations=10)
    np.testing.assert_allclose(w.detach(), trace.w[-1], rtol=1e-5)


def test_a_hessian_vector_product_by_autograd():
    def loss(w):
        return w @ (torch.tensor([0.5, 2.0]) * w) + w[0] ** 2 * w[1]

    def product(params, v):
        grads = torch.autograd.grad(loss(*params), params, create_graph=True)
        return torch.autograd.grad(grads, params, v)

    w, method = torch.tensor([2.0, -1.0], requires_grad=True), SMD(0.02, 0.01, trace_decay=0.9)
    optimizer = Optimizer([w], method, hvp=product)
    for _ in range(10):
        optimizer.zero_grad()
        loss(w).backward()
        optimizer.step()
    known = Objective(
        lambda w: 0.5 * w[0] ** 2 + 2 * w[1] ** 2 + w[0] ** 2 * w[1],
        lambda w: np.stack([w[0] + 2 * w[0] * w[1], 4 * w[1] + w[0] ** 2]),
        hvp=lambda w, v: np.stack(
            [(1 + 2 * w[1]) * v[0] + 2 * w[0] * v[1], 4 * v[1] + 2 * w[0] * v[0]]
        ),
    )
    trace = minimize(method, known, [2.0, -1.0], iterations=10)
    np.testing.assert_allclose(w.detach(), trace.w[-1], rtol=1e-5)
    with pytest.raises(ValueError, match="asks for its hvp: give Optimizer a hvp="):
        Optimizer([w], method).step()


@pytest.mark.parametrize("wrong", [[torch.ones(3)], [torch.ones(1) * 1j]])
def test_a_wrong_curvature_or_loss_is_named(wrong):
    w = torch.ones(1, requires_grad=True)
    optimizer = Optimizer([w], IDBD(), curvature=lambda params: wrong)
    w.sum().backward()
    with pytest.raises(ValueError, match="curvature"):
        optimizer.step()
    with pytest.raises(ValueError, match="what closure returns must be a number"):
        Optimizer([w], L4()).step(lambda: None)


def test_a_step_size_may_begin_at_zero():
    # the product of the first two gradients is 1, so that a step size of 0.1 is learned
    learned = HypergradientDescent(0.0, 0.1), [1.0, 1.0, 0.9]
    for method, expected in ((GradientDescent(0.0), [1.0, 1.0, 1.0]), learned):
        w = torch.tensor([1.0], dtype=torch.float64, requires_grad=True)
        optimizer, walk = Optimizer([w], method), [1.0]
        for _ in range(2):
            w.grad = w.detach().clone()
            optimizer.step()
            walk.append(w.item())
        assert walk == expected


def test_what_a_group_cannot_have():
    x = torch.ones(1, requires_grad=True)
    for name in ("weight_decay", "step_size"):
        with pytest.raises(ValueError, match=f"a group may have .*got ..{name}.."):
            Optimizer([{"params": [x], name: 0.1}], Adam())
    with pytest.raises(ValueError, match="beta1 must be in"):
        optimizer = Optimizer([{"params": [x], "beta1": 2.0}], Adam())
        x.sum().backward()
        optimizer.step()
    with pytest.raises(ValueError, match="method must be a method such as"):
        Optimizer([x], torch.optim.Adam)


# ---- functions of PyTorch in a run ---------------------------------------------------------------


def test_an_objective_from_a_function():
    def loss(w):
        return ((w - torch.tensor([1.0, -2.0])) ** 2 * torch.tensor([0.5, 2.0])).sum()

    def grad(w):
        w = torch.tensor(w, requires_grad=True)
        return torch.autograd.grad(loss(w), w)[0]

    own = Objective(lambda w: loss(torch.tensor(w)), grad, vectorized=False)
    bowl = quadratic([1.0, 4.0], minimizer=[1.0, -2.0])
    for method in (Adam([0.1, 0.2]), L4(), Csawg(0.1, 2)):
        trace, known = (minimize(method, f, [3.0, -1.0], iterations=20) for f in (own, bowl))
        np.testing.assert_allclose(trace.w, known.w, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(trace.loss, known.loss, rtol=1e-9, atol=1e-12)
