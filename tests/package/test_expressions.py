"""Typed expressions: what is understood, what is refused, and that no text is ever executed."""

import builtins
import math

import numpy as np
import pytest

from stepsize import Objective, rosenbrock

sympy = pytest.importorskip("sympy")
from stepsize.expressions import FUNCTIONS, MAX_EXPONENT, parse  # noqa: E402


def test_rosenbrock_from_text_and_from_sympy():
    x, y = sympy.symbols("x y", real=True)
    w = np.random.default_rng(0).normal(size=(2, 40))
    for f in (
        Objective.from_sympy("(x - 1)**2 + 100*(y - x**2)**2", "x y", minimizer=[1, 1]),
        Objective.from_sympy((x - 1) ** 2 + 100 * (y - x**2) ** 2, [x, y], minimizer=[1, 1]),
    ):
        assert f.loss(w) == pytest.approx(rosenbrock().loss(w))
        assert f.grad(w) == pytest.approx(rosenbrock().grad(w))
        assert f.curvature(w) == pytest.approx(rosenbrock().curvature(w))
        assert f.minimum == 0


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_means_what_python_means(name):
    exact = abs if name == "abs" else getattr(math, name)
    f = Objective.from_sympy(f"{name}(x)", "x")
    assert f.loss(np.array([0.7])) == pytest.approx(exact(0.7))
    slope = (exact(0.7 + 1e-6) - exact(0.7 - 1e-6)) / 2e-6
    assert f.grad(np.array([0.7])) == pytest.approx([slope], rel=1e-6)


def test_arithmetic_follows_pythons_precedence():
    f = Objective.from_sympy("-x**2 + 6/3*y - +2*-1.5e0 + 2**-1 + pi - e", "x, y")
    assert f.loss(np.array([3.0, 5.0])) == pytest.approx(
        -9 + 10 + 3 + 0.5 + math.pi - math.e, rel=1e-14
    )


def test_a_constant_gradient_has_the_right_shape():
    f = Objective.from_sympy("3*x + 1", "x y")
    assert f.grad(np.zeros((2, 4))).tolist() == [[3.0] * 4, [0.0] * 4]
    assert f.curvature(np.zeros((2, 4))).tolist() == [[0.0] * 4] * 2


REFUSED = [
    "__import__('os').system('true')",
    "().__class__",
    "x.real",
    "x[0]",
    "[x]",
    "x, y",
    "x; y",
    "x = 1",
    "(x := 1)",
    "lambda: 1",
    "x if y else 1",
    "x < y",
    "x // y",
    "x % y",
    "x @ y",
    "x & y",
    "not x",
    "'a'",
    "f'{x}'",
    "True",
    "None",
    "1j",
    "...",
    "z",
    "gamma(x)",
    "eval(x)",
    "exp(x, y)",
    "exp(x=y)",
    "exp(*x)",
    "x**y",
    "2**x",
    f"x**{MAX_EXPONENT + 1}",
    "9**9**9",
    "((9**30)**30)**30",
    "exp(exp(exp(exp(9))))",
    "1e999",
    "9" * 400,
    "1/0",
    "0**-1",
    "log(0)",
    "sqrt(-1)",
    "",
    "   ",
    "x +",
    "(" * 501 + "x" + ")" * 501,
    "x+" * 600 + "x",
]


@pytest.mark.parametrize("text", REFUSED, ids=lambda t: t[:24])
def test_refused_with_a_value_error(text):
    with pytest.raises(ValueError, match="expression"):
        Objective.from_sympy(text, "x y")


def test_no_text_reaches_eval_or_exec(monkeypatch):
    parse("x + 1", "x")  # imports are done

    def never(*args, **kwargs):
        raise AssertionError("text was executed")

    for name in ("eval", "exec"):
        monkeypatch.setattr(builtins, name, never)
    f = Objective.from_sympy("(x - 1)**2 + exp(y)*sin(x)", "x y")
    assert f.grad(np.array([1.0, 0.0])) == pytest.approx([math.cos(1), math.sin(1)])
    for text in REFUSED:
        with pytest.raises(ValueError):
            Objective.from_sympy(text, "x y")


@pytest.mark.parametrize("symbols", ["", "x x", "sin y", "pi", "1x", ["x", 2], 7, ["x y"]])
def test_bad_symbols(symbols):
    with pytest.raises(ValueError, match="symbols must be distinct names"):
        Objective.from_sympy("x", symbols)


def test_an_undeclared_symbol_of_an_expression():
    with pytest.raises(ValueError, match="b not declared"):
        Objective.from_sympy(sympy.Symbol("a") + sympy.Symbol("b"), [sympy.Symbol("a")])


def test_neither_text_nor_expression():
    with pytest.raises(ValueError, match="a text or a SymPy expression"):
        Objective.from_sympy(3, "x")
