"""The lines that the page "Use it" gives to be copied do what it says, and so do the README's."""

import json
import re

import numpy as np
import pytest
from toc import ROOT

from experiments import cost
from stepsize import L4, Adam, Objective, minimize, rosenbrock

torch = pytest.importorskip("torch")

from stepsize.torch import Optimizer  # noqa: E402

CELLS = json.loads((ROOT / "book" / "use_it.ipynb").read_text("utf-8"))["cells"]
PAGE = "\n".join("".join(c["source"]) for c in CELLS if c["cell_type"] == "markdown")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


def block(words):
    """The only block of the page with these words, ready to run."""
    (found,) = [b for b in BLOCKS if words in b]
    return compile(found, "use_it", "exec")


@pytest.fixture
def names():
    """What the page has by then, or what a reader has."""
    generator = torch.Generator().manual_seed(1)
    X = torch.randn(50, 3, generator=generator)
    model = torch.nn.Linear(3, 1)
    torch.nn.init.zeros_(model.weight)
    return {
        "Objective": Objective,
        "torch": torch,
        "model": model,
        "X": X,
        "y": X @ torch.tensor([[1.0], [-2.0], [0.5]]),
        "loss_function": torch.nn.functional.mse_loss,
        "trace": minimize(L4(), rosenbrock(), [-1, 0], iterations=5),
    }


def test_functions_of_jax_and_pytorch(names):
    pytest.importorskip("jax")
    known = minimize(Adam([0.01, 0.1]), rosenbrock(), [-1.0, 0.0], iterations=50)
    for words, near in (("jax.grad", 1e-3), ("autograd.grad", 1e-12)):
        exec(block(words), names)
        trace = minimize(Adam([0.01, 0.1]), names["valley"], [-1.0, 0.0], iterations=50)
        np.testing.assert_allclose(trace.w, known.w, rtol=near, atol=near)


def test_eight_lines_train_a_model_and_it_goes_on_from_a_file(names, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    eight, saving = block("loss_function"), block("torch.save")
    exec(eight, names)
    first = names["loss"].item()
    for _ in range(80):
        names["optimizer"].step(names["closure"])
    exec(saving, names)
    on = [names["optimizer"].step(names["closure"]).item() for _ in range(5)]
    assert on[-1] < first / 2

    again = dict(names, model=torch.nn.Linear(3, 1))
    exec(eight, again)  # elsewhere, later
    saved = torch.load("run.pt", weights_only=True)
    again["model"].load_state_dict(saved["model"])
    again["optimizer"].load_state_dict(saved["optimizer"])
    assert [again["optimizer"].step(again["closure"]).item() for _ in range(5)] == on


def test_three_methods_train_the_network(names, monkeypatch):
    pytest.importorskip("matplotlib").use("Agg")
    from matplotlib import pyplot

    drawn = []
    monkeypatch.setattr(pyplot, "semilogy", lambda values, label: drawn.append((label, values)))
    monkeypatch.setattr(pyplot, "legend", lambda: None)
    exec(block("def train"), names)
    assert [label for label, _ in drawn] == ["L4", "HypergradientDescent", "Csawg"]
    for label, values in drawn:
        assert len(values) == 200 and values[-1] < values[0] / 3, label


def test_a_trace_for_pandas_and_xarray(names):
    pandas, xarray = (pytest.importorskip(name) for name in ("pandas", "xarray"))
    names |= {"pandas": pandas, "xarray": xarray}
    exec(block("DataFrame"), names)
    table, cube, trace = names["table"], names["cube"], names["trace"]
    assert {"iterations", "grad_evals", "loss_evals", "loss", "error"} <= set(table.columns)
    np.testing.assert_array_equal(table["loss"], trace.loss)
    np.testing.assert_array_equal(cube["w"].isel(weight=1), trace.w[:, 1])
    assert cube["step_size"].dims == ("row", "weight")

    names["trace"] = sweep = minimize(Adam([0.01, 0.1, 0.2]), rosenbrock(), [-1, 0], iterations=5)
    exec(block("DataFrame"), names)
    np.testing.assert_array_equal(names["cube"]["error"].isel(run=2), sweep.error[:, 2])
    assert names["cube"]["w"].dims == ("row", "weight", "run")


@pytest.mark.parametrize("name", cost.methods(4))
def test_the_table_says_who_needs_a_closure(name):
    method = cost.methods(4)[name]
    w = torch.ones(4, dtype=torch.float64, requires_grad=True)
    optimizer = Optimizer([w], method, curvature=lambda params: [torch.ones(4).double()])

    def train():
        for _ in range(25):
            optimizer.zero_grad()
            (w @ w / 2).backward()
            optimizer.step()

    if cost.asked(method)[:2] == (1, 0):
        train()
    else:
        with pytest.raises(ValueError, match=r"call step\(closure\)"):
            train()
