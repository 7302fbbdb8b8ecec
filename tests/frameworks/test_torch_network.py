"""A network and its derivatives against PyTorch's."""

import numpy as np
import pytest

from stepsize import Network, minimize
from stepsize.methods import GradientDescent

torch = pytest.importorskip("torch")

RNG = np.random.default_rng(2)
X, LABELS, REAL = (
    RNG.standard_normal((11, 4)),
    RNG.integers(3, size=11),
    RNG.standard_normal((11, 3)),
)
LOSSES = {
    "labels": (LABELS, torch.nn.functional.cross_entropy),
    "real": (REAL, lambda z, y: 0.5 * ((z - y) ** 2).sum(dim=1).mean()),
}
each = pytest.mark.parametrize("y, criterion", LOSSES.values(), ids=LOSSES)
sizes = pytest.mark.parametrize("sizes", [(4, 3), (4, 6, 3), (4, 6, 5, 3)], ids=str)
activations = pytest.mark.parametrize("activation", ["relu", "tanh"])


def model_of(network, w):
    """The same network, its weights from the flat vector in the order of parameters()."""
    shape = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh}[network.activation]
    layers = [torch.nn.Linear(*pair).double() for pair in zip(network.sizes, network.sizes[1:])]
    parts = [part for layer in layers for part in (layer, shape())][:-1]
    model = torch.nn.Sequential(*parts)
    torch.nn.utils.vector_to_parameters(torch.tensor(w), model.parameters())
    return model


@each
@sizes
@activations
def test_loss_gradient_and_products(y, criterion, sizes, activation):
    network = Network(sizes, activation)
    f, w, v = network.objective(X, y), *RNG.standard_normal((2, network.dim))
    model = model_of(network, w)
    loss = criterion(model(torch.tensor(X)), torch.tensor(y))
    assert f.loss(w) == pytest.approx(loss.item(), rel=1e-12)
    grads = torch.autograd.grad(loss, list(model.parameters()), create_graph=True)
    g = torch.cat([part.reshape(-1) for part in grads])
    np.testing.assert_allclose(f.grad(w), g.detach(), rtol=1e-10, atol=1e-13)
    products = torch.autograd.grad(g @ torch.tensor(v), list(model.parameters()))
    Hv = torch.cat([part.reshape(-1) for part in products])
    np.testing.assert_allclose(f.hvp(w, v), Hv, rtol=1e-9, atol=1e-12)


@each
@sizes
@activations
def test_the_diagonal_of_gauss_newton(y, criterion, sizes, activation):
    network = Network(sizes, activation)
    w = RNG.standard_normal(network.dim)
    model = model_of(network, w)

    def outputs(*params):
        names = [name for name, _ in model.named_parameters()]
        return torch.func.functional_call(model, dict(zip(names, params)), torch.tensor(X))

    J = torch.autograd.functional.jacobian(outputs, tuple(model.parameters()))
    J = torch.cat([part.reshape(11, 3, -1) for part in J], dim=2)
    z = outputs(*model.parameters()).detach()
    # the Hessian of the sum over the examples' losses, by the outputs of each
    H = torch.autograd.functional.hessian(lambda z: 11 * criterion(z, torch.tensor(y)), z)
    H = torch.stack([H[i, :, i, :] for i in range(11)])
    expected = torch.einsum("nkd,nkl,nld->d", J, H, J) / 11
    np.testing.assert_allclose(
        network.objective(X, y).curvature(w), expected, rtol=1e-9, atol=1e-12
    )


def test_a_run_is_pytorchs():
    network = Network([4, 8, 3])
    w = network.init(0)
    model = model_of(network, w)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    for _ in range(30):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(torch.tensor(X)), torch.tensor(LABELS)).backward()
        optimizer.step()
    trace = minimize(GradientDescent(0.2), network.objective(X, LABELS), w, iterations=30)
    theirs = torch.nn.utils.parameters_to_vector(model.parameters()).detach()
    np.testing.assert_allclose(trace.w[-1], theirs, rtol=1e-9, atol=1e-12)
