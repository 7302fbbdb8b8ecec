"""The README's code runs and says what its comments say; its links lead somewhere."""

import ast
import json
import re

import numpy as np
import pytest
from toc import ROOT

from experiments.__main__ import told
from stepsize import GradientDescent, minimize, rosenbrock

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_code_runs_and_its_comments_are_true():
    first, own_loop, network, explorers = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
    names = {}
    exec(compile(first, "README.md", "exec"), names)
    trace, sweep = names["trace"], names["sweep"]
    assert trace.first(error=0.0) == 80
    assert trace.grad_evals[80] == 465
    assert sweep.error[-1].shape == (2, 3)

    names.update(w=np.array([-1.0, 0.0]), oracle=rosenbrock())
    exec(compile(own_loop, "README.md", "exec"), names)
    one = minimize(GradientDescent(1e-3), rosenbrock(), [-1, 0], iterations=1)
    np.testing.assert_array_equal(names["w"], one.w[-1])

    page = json.loads((ROOT / "book" / "use_it.ipynb").read_text(encoding="utf-8"))
    sources = ["".join(cell["source"]) for cell in page["cells"]]
    assert any(network in source for source in sources)  # whose lines run in tests/frameworks

    exec(compile(explorers, "README.md", "exec"), names)
    last = ast.parse(explorers).body[1:]
    played = [eval(ast.unparse(line), names) for line in last]
    assert [explorer.name for explorer in played] == ["valley", "sensitivity"]
    assert not any(trace.diverged for trace in played[0].traces)


@pytest.mark.parametrize("link", re.findall(r"\]\((?!https?:)([^)]+)\)", TEXT))
def test_links_lead_somewhere(link):
    assert (ROOT / link).exists()


def test_the_verdicts_on_record_are_told():
    assert told(TEXT) == TEXT, "python -m experiments --readme, run in book/, writes them"
