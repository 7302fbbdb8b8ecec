"""Write reference_values.json: what other implementations make of the same problems.

PyTorch and optax differentiate the losses themselves. The tests need neither of them, for they
read the file; where they are installed, the tests also hold the file against them. The methods
that neither has come from the repositories of their authors, and L4 from an independent port,
for its authors' code needs TensorFlow 1. These files must lie in one directory, unchanged:

    gbaydin/hypergradient-descent   a6f82e7   hypergrad/sgd_hd.py, hypergrad/adam_hd.py
    IssamLaradji/sps                108e256   sps/sps.py
    bartwojcik/lossgrad             5b039d8   lossgrad.py
    iovdin/l4-pytorch               98889e4   l4.py

To make the file again:

    python -m venv other && other/bin/pip install torch==2.13.0 optax==0.2.8 jax==0.10.2
    other/bin/python tests/package/make_reference_values.py DIRECTORY
"""

import json
import sys
import warnings
from pathlib import Path

PATH = Path(__file__).with_name("reference_values.json")
KEPT = [1, 2, 3, 8, 20]  # the iterations that are stored

# losses that both libraries can differentiate; w is a vector of theirs
OBJECTIVES = {
    "bowl": lambda w: ((w[0] - 1) ** 2 + 4 * (w[1] + 2) ** 2) / 2 + (w[2] - 0.5) ** 2,
    "valley": lambda w: (w[0] - 1) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2,
}
STARTS = {"bowl": [3.0, -1.0, 0.0], "valley": [-1.0, 0.5]}


def torch_cases(objective):
    """Pairs of our method and its optimizer in PyTorch."""
    from torch.optim import SGD, Adagrad, Adam, RMSprop

    step = {"bowl": 0.05, "valley": 1e-3}[objective]
    for momentum in (0.3, 0.8):
        ours = {"step_size": step, "momentum": momentum}
        yield "HeavyBall", ours, lambda p, m=momentum: SGD(p, lr=step, momentum=m)
        yield (
            "Nesterov",
            ours,
            lambda p, m=momentum: SGD(p, lr=step, momentum=m, nesterov=True),
        )
    yield "AdaGrad", {"step_size": 0.3}, lambda p: Adagrad(p, lr=0.3)
    yield (
        "AdaGrad",
        {"step_size": 0.3, "eps": 0.2},
        lambda p: Adagrad(p, lr=0.3, eps=0.2),
    )
    for decay, eps in ((0.9, 1e-8), (0.6, 0.2)):
        yield (
            "RMSProp",
            {"step_size": 0.02, "decay": decay, "eps": eps},
            lambda p, d=decay, e=eps: RMSprop(p, lr=0.02, alpha=d, eps=e),
        )
    for beta1, beta2, eps in ((0.9, 0.999, 1e-8), (0.6, 0.8, 0.2)):
        yield (
            "Adam",
            {"step_size": 0.05, "beta1": beta1, "beta2": beta2, "eps": eps},
            lambda p, b1=beta1, b2=beta2, e=eps: Adam(p, lr=0.05, betas=(b1, b2), eps=e),
        )


def torch_walk(objective, optimizer):
    import torch

    w = torch.tensor(STARTS[objective], dtype=torch.float64, requires_grad=True)
    optimizer = optimizer([w])
    rows = []
    for _ in range(KEPT[-1]):
        optimizer.zero_grad()
        OBJECTIVES[objective](w).backward()
        optimizer.step()
        rows.append(w.detach().tolist())
    return rows


def optax_cases(objective):
    """Pairs of our method and its transformation in optax."""
    import optax

    step = {"bowl": 0.05, "valley": 1e-3}[objective]
    yield (
        "HeavyBall",
        {"step_size": step, "momentum": 0.7},
        lambda: optax.sgd(step, momentum=0.7),
    )
    yield (
        "Nesterov",
        {"step_size": step, "momentum": 0.7},
        lambda: optax.sgd(step, momentum=0.7, nesterov=True),
    )
    yield (
        "AdaGrad",
        {"step_size": 0.3, "eps": 0.0},
        lambda: optax.adagrad(0.3, initial_accumulator_value=0.0, eps=0.0),
    )
    for inside in (False, True):
        yield (
            "RMSProp",
            {"step_size": 0.02, "decay": 0.7, "eps": 0.3, "eps_inside": inside},
            lambda i=inside: optax.rmsprop(0.02, decay=0.7, eps=0.3, eps_in_sqrt=i),
        )
        yield (
            "Adam",
            {"step_size": 0.05, "beta1": 0.7, "beta2": 0.9, "eps": 0.3, "eps_inside": inside},
            lambda i=inside: optax.adam(0.05, b1=0.7, b2=0.9, eps=0.3 * (not i), eps_root=0.3 * i),
        )
    yield (
        "Adam",
        {"step_size": 0.02, "beta1": 0.0, "beta2": 0.7, "eps": 0.3, "bias_correction": False},
        lambda: optax.rmsprop(0.02, decay=0.7, eps=0.3, eps_in_sqrt=False),
    )
    for minimum, cap in ((0.0, float("inf")), (-0.2, float("inf")), (0.0, 0.002)):
        yield (
            "Polyak",
            {"minimum": minimum, "max_step": cap},
            lambda f=minimum, c=cap: optax.polyak_sgd(c, f_min=f),
        )
    # It scales the gradient first, by 1/2, and takes the step size of that: 1/2 is our scale,
    # and its eps and its cap count on the other side of it.
    yield (
        "StochasticPolyak",
        {"minimum": -0.1, "scale": 0.5, "eps": 0.8, "max_step": 0.25},
        lambda: optax.polyak_sgd(0.5, scaling=0.5, f_min=-0.1, eps=0.4),
    )


def optax_walk(objective, transformation):
    import jax
    import optax

    jax.config.update("jax_enable_x64", True)
    value_and_grad = jax.value_and_grad(OBJECTIVES[objective])
    rule = transformation()
    w = jax.numpy.array(STARTS[objective])
    state = rule.init(w)
    rows = []
    for _ in range(KEPT[-1]):
        value, g = value_and_grad(w)
        more = {"value": value} if isinstance(rule, optax.GradientTransformationExtraArgs) else {}
        update, state = rule.update(g, state, w, **more)
        w = optax.apply_updates(w, update)
        rows.append(w.tolist())
    return rows


def authors_cases(objective):
    """Pairs of our method and the authors' own, as a function of weights and a closure."""
    import torch
    from adam_hd import AdamHD
    from l4 import L4
    from lossgrad import LossgradOptimizer
    from sgd_hd import SGDHD
    from sps import Sps

    step, meta = {"bowl": (0.05, 1e-3), "valley": (5e-4, 1e-10)}[objective]
    for momentum in (0, 0.6):

        def sgd_hd(w, loss, momentum=momentum):
            optimizer = SGDHD([w], lr=step, momentum=momentum, hypergrad_lr=meta)
            return lambda: optimizer.step(loss)

        ours = {"step_size": step, "meta_step_size": meta, "momentum": momentum}
        yield "HypergradientDescent", ours, sgd_hd
    for betas, eps in (((0.9, 0.999), 1e-8), ((0.6, 0.8), 0.2)):

        def adam_hd(w, loss, betas=betas, eps=eps):
            optimizer = AdamHD([w], lr=0.02, betas=betas, eps=eps, hypergrad_lr=1e-4)
            return lambda: optimizer.step(loss)

        ours = {"step_size": 0.02, "meta_step_size": 1e-4, "eps": eps}
        yield "AdamHD", {**ours, "beta1": betas[0], "beta2": betas[1]}, adam_hd

    def capped(w, loss):
        optimizer = Sps([w], c=2.0, eta_max=0.3, adapt_flag="constant", eps=0.1)
        return lambda: optimizer.step(loss)

    yield "StochasticPolyak", {"scale": 2.0, "max_step": 0.3, "eps": 0.1}, capped

    def smooth(w, loss):  # its first step size is far below the limit that it starts from
        optimizer = Sps([w], n_batches_per_epoch=10, gamma=2.0, init_step_size=1e3)
        return lambda: optimizer.step(loss)

    yield "StochasticPolyak", {"eps": 1e-8, "growth": 2 ** (1 / 10)}, smooth

    def lossgrad(w, loss):
        class Net:
            def parameters(self):
                return [w]

            def __call__(self, X):
                return w

        sgd = torch.optim.SGD([w], lr=step)
        rule = LossgradOptimizer(sgd, Net(), lambda w, y: OBJECTIVES[objective](w), c=1.2)
        return lambda: rule.step(None, None, loss())

    yield "LossGrad", {"step_size": step, "factor": 1.2}, lossgrad

    def l4_adam(w, loss):
        rule = L4(torch.optim.Adam([w], lr=1.0, eps=1e-4), alpha=0.2, gamma=0.8, tau=0.05)
        return lambda: rule.step(loss().reshape(1))

    ours = {"direction": "adam", "fraction": 0.2, "minimum_factor": 0.8, "forget_time": 20.0}
    yield "L4", ours, l4_adam


def authors_walk(objective, make):
    import torch

    w = torch.tensor(STARTS[objective], dtype=torch.float64, requires_grad=True)

    def loss():
        w.grad = None
        value = OBJECTIVES[objective](w)
        value.backward()
        return value.detach()

    step = make(w, loss)
    rows = []
    for _ in range(KEPT[-1]):
        step()
        rows.append(w.detach().tolist())
    return rows


LIBRARIES = {
    "torch": (torch_cases, torch_walk),
    "optax": (optax_cases, optax_walk),
    "authors": (authors_cases, authors_walk),
}


def values(library):
    """The walks of one library, as they are stored."""
    cases, walk = LIBRARIES[library]
    for objective in OBJECTIVES:
        for method, parameters, theirs in cases(objective):
            rows = walk(objective, theirs)
            # JSON has no infinity; these keep their default
            finite = {k: v for k, v in parameters.items() if v != float("inf")}
            yield {
                "by": library,
                "method": method,
                "parameters": finite,
                "objective": objective,
                "w": [rows[k - 1] for k in KEPT],
            }


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.path.insert(0, sys.argv[1])
    warnings.simplefilter("ignore")  # the authors call PyTorch in ways that it now discourages
    import jax
    import optax
    import torch

    versions = {module.__name__: module.__version__ for module in (torch, optax, jax)}
    stored = {
        "versions": {name: version.split("+")[0] for name, version in versions.items()},
        "iterations": KEPT,
        "starts": STARTS,
        "values": [case for library in LIBRARIES for case in values(library)],
    }
    text = json.dumps(stored)
    for mark in ('{"by"', '"values"', '"starts"', '"iterations"'):
        text = text.replace(mark, "\n" + mark)
    PATH.write_text(text + "\n", encoding="utf-8")
