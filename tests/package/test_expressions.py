"""Typed expressions: what is understood, what is refused, and that no text is ever executed."""

import builtins
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepsize import Objective, rosenbrock

sympy = pytest.importorskip("sympy")
import mpmath  # noqa: E402

from stepsize.expressions import (  # noqa: E402
    CONSTANTS,
    FUNCTIONS,
    MAX_DEPTH,
    MAX_EXPONENT,
    MAX_LENGTH,
    parse,
)


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
        assert f.hvp(w, w[::-1]) == pytest.approx(rosenbrock().hvp(w, w[::-1]))
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


# What each gives in floating point at -1, 0 and 2.
AS_TYPED = {
    "sqrt(x)*sqrt(x)": [math.nan, 0, 2],
    "x**0.5 * x**0.5": [math.nan, 0, 2],
    "sqrt(x)**2": [math.nan, 0, 2],
    "(x**2)**0.5": [1, 0, 2],
    "x/x": [1, math.nan, 1],
    "abs(x)/abs(x)": [1, math.nan, 1],
    "x**3/x**2": [-1, math.nan, 2],
    "exp(log(x))": [math.nan, 0, 2],
    "log(exp(x))": [-1, 0, 2],
    "log(x) + log(x)": [math.nan, -math.inf, math.log(4)],
    "0*log(x)": [math.nan, math.nan, 0],
    "log(x) - log(x)": [math.nan, math.nan, 0],
    "1/(1/x)": [-1, 0, 2],
    "1/(x - x)": [math.inf] * 3,
    "x**0": [1, 1, 1],
    "x/3*3 - x": [0, 0, 0],
    "1e16 + x - 1e16": [0, 0, 2],
}


@pytest.mark.parametrize("text", AS_TYPED)
def test_a_loss_is_what_was_typed(text):
    f, w = Objective.from_sympy(text, "x"), np.array([[-1.0, 0.0, 2.0]])
    with np.errstate(all="ignore"):
        loss, grad, curvature = f.loss(w), f.grad(w)[0], f.curvature(w)[0]
        assert loss == pytest.approx(AS_TYPED[text], rel=1e-15, abs=0, nan_ok=True)
        for one, many in zip(w[0], loss):  # alone as among others
            assert f.loss([one]) == pytest.approx(many, rel=1e-15, nan_ok=True)
    assert np.isnan(grad[np.isnan(loss)]).all() and np.isnan(curvature[np.isnan(loss)]).all()


def test_differences_of_infinities_are_no_numbers():
    f = Objective.from_sympy("x - x", "x y")
    with np.errstate(all="ignore"):
        assert np.isnan([f.loss([np.inf, 0.0]), *f.grad([np.inf, 0.0])]).all()
    assert f.loss([1e308, 0.0]) == 0


def test_one_weight_at_a_border_leaves_the_others_their_slopes():
    f = Objective.from_sympy("sqrt(x) + x*y + y**2", "x y")
    with np.errstate(divide="ignore"):
        assert f.grad([0.0, 3.0]).tolist() == [np.inf, 6]
        assert f.curvature([0.0, 3.0]).tolist() == [-np.inf, 2]


@pytest.mark.parametrize("inner", FUNCTIONS)
@pytest.mark.parametrize("outer", FUNCTIONS)
def test_functions_of_functions(outer, inner):
    f = Objective.from_sympy(f"{outer}({inner}(x)) + {outer}(y*x)", "x y")
    F, G = (abs if name == "abs" else getattr(mpmath, name) for name in (outer, inner))
    for x in (0.7, 2.3):
        if outer in ("sqrt", "log") and G(x) < 0:
            continue
        w, exact = np.array([x, 1.5]), lambda x: F(G(x)) + F(1.5 * x)
        slope, bend = mpmath.diff(exact, x), mpmath.diff(exact, x, 2)
        assert f.loss(w) == pytest.approx(float(exact(x)), rel=1e-12)
        assert f.grad(w)[0] == pytest.approx(float(slope), rel=1e-9, abs=1e-9)
        assert f.curvature(w)[0] == pytest.approx(float(bend), rel=1e-4, abs=1e-4)


def test_absolute_values_have_signs_for_slopes():
    edge = Objective.from_sympy("abs(x)", "x")
    assert edge.grad([[-2.0, 0.0, 3.0]]).tolist() == [[-1, 0, 1]]
    assert edge.curvature([[-2.0, 0.0, 3.0]]).tolist() == [[0, 0, 0]]
    # |log x| at 1/2: -1/x and 1/x**2; |sqrt x|: 1/(2 sqrt x) and -1/(4 x**1.5)
    f = Objective.from_sympy("abs(log(x)) + abs(sqrt(y))", "x y")
    assert f.grad([0.5, 4.0]).tolist() == [-2, 0.25]
    assert f.curvature([0.5, 4.0]).tolist() == [4, -1 / 32]


def test_powers_and_quotients():
    # by hand at x = 2, y = 4
    for text, slopes, bends in [
        ("x**3", [12, 0], [12, 0]),
        ("x**-2*y", [-1, 0.25], [1.5, 0]),
        ("y**1.5", [0, 3], [0, 0.375]),
        ("x/y", [0.25, -0.125], [0, 0.0625]),
        ("-x*y/(x + y)", [-4 / 9, -1 / 9], [4 / 27, 1 / 27]),
        ("(2*x + 3*y)**2", [64, 96], [8, 18]),
    ]:
        f = Objective.from_sympy(text, "x y")
        assert f.grad([2.0, 4.0]) == pytest.approx(slopes, rel=1e-14), text
        assert f.curvature([2.0, 4.0]) == pytest.approx(bends, rel=1e-14), text


def test_sympy_expressions_beyond_what_can_be_typed():
    # x**y at (2, 3): 12 and 8 log 2, then 12 and 8 log(2)**2; signs are level
    x, y = sympy.symbols("x y")
    f = Objective.from_sympy(x**y + sympy.sign(x) + sympy.Abs(y), [x, y])
    assert f.loss([2.0, 3.0]) == 12
    assert f.grad([2.0, 3.0]) == pytest.approx([12, 8 * math.log(2) + 1])
    assert f.curvature([2.0, 3.0]) == pytest.approx([12, 8 * math.log(2) ** 2])
    f = Objective.from_sympy(2**x, [x])
    assert f.grad([3.0]) == pytest.approx([8 * math.log(2)])


@pytest.mark.parametrize("value", [sympy.I, sympy.zoo], ids=str)
def test_a_sympy_expression_with_a_number_that_is_not_real(value):
    x = sympy.Symbol("x", real=True)
    with pytest.raises(ValueError, match="is not a finite real number"):
        Objective.from_sympy(value * x, [x])


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
    "x/0",
    "x/(1 - 1)",
    "0**-1",
    "log(0)",
    "sqrt(-1)",
    "",
    "   ",
    "x +",
    "(" * 501 + "x" + ")" * 501,
    "(" * 300 + "x" + ")" * 300,
    "-" * 999 + "x",
    "sin(" * 150 + "x" + ")" * 150,
    "(" + "x+" * 400 + "x)**y",
    "x + \ud800",
    "x\0",
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


def nested(opening, closing, n):
    return opening * n + "x" + closing * n


LETTERS = [chr(c) for c in range(ord("А"), ord("А") + 100)]  # of Cyrillic


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("x" * (MAX_LENGTH + 1), f"1 to {MAX_LENGTH} characters"),
        (nested("sin(", ")", MAX_DEPTH + 1), f"nested more than {MAX_DEPTH} deep"),
        (nested("-", "", MAX_DEPTH + 1), f"nested more than {MAX_DEPTH} deep"),
        (nested("(", ")", 250), "too many nested parentheses"),
        (nested("x**", "", 300), "not well formed|nested more than"),
        (f"x**(2*{MAX_EXPONENT})", f"a number of at most {MAX_EXPONENT}"),
        ("9" * 301 + "*x", "not a finite real number"),
        ("*".join(LETTERS), "more than 20000 operations"),
    ],
)
def test_whatever_is_refused_is_told_its_bound(text, bound):
    with pytest.raises(ValueError, match=f"^expression.*({bound})"):
        Objective.from_sympy(text, ["x", *LETTERS])


@pytest.mark.parametrize(
    "text",
    [
        nested("abs(log(", "))", 15),
        nested("sin(", ")", MAX_DEPTH - 1),
        nested("(", ")**2", 20),
        nested("1/(x + ", ")", 40),
        nested("exp(-", ")", 40),
        "sqrt(-x**2)",
        "*".join(["(x + y)"] * 100),
        "/".join(["x"] * 500),
        "+".join(["x"] * 500),
    ],
    ids=lambda text: text[:12],
)
def test_within_the_bounds_derivatives_stay_small(text):
    # SymPy's derivative of the first had millions of terms; here are at most 14 operations for one
    steps, loss = parse(text, "x y")
    before = len(steps.steps)
    steps.slope(steps.slope(loss, 0), 0)
    assert len(steps.steps) <= 15 * before
    f = Objective.from_sympy(text, "x y")
    with np.errstate(all="ignore"):
        assert f.grad(np.ones((2, 3))).shape == f.curvature(np.ones((2, 3))).shape == (2, 3)


# Numbers are arrays to the oracle, as Python's own powers may differ from NumPy's in the last bit.
NUMBERS = {"ZERO": "0.0", "HALF": "0.5", "TWO": "2.0", "LARGE": "1e9", "SMALL": "1e-9"}
SAFE = FUNCTIONS | {name: np.full(7, float(value)) for name, value in (NUMBERS | CONSTANTS).items()}

formulas = st.recursive(
    st.sampled_from(["x", "y", *CONSTANTS, *NUMBERS]),
    lambda part: st.one_of(
        st.tuples(st.sampled_from(list(FUNCTIONS)), part).map("{0[0]}({0[1]})".format),
        st.tuples(part, st.sampled_from("+-*/"), part).map("({0[0]} {0[1]} {0[2]})".format),
        st.tuples(part, st.sampled_from(["0", "1", "2", "3", "-1", "0.5", "-2.5", "32"])).map(
            "({0[0]})**{0[1]}".format
        ),
        part.map("-({})".format),
    ),
    max_leaves=30,
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(text=formulas)
def test_numpy_agrees_with_every_loss(text):
    w = np.array([[-2.5, -0.7, 0.0, 0.3, 1.0, 4.0, np.inf], [1.0, 0.0, 2.0, -1.5, 1e200, 0.1, 1]])
    with np.errstate(all="ignore"):
        try:
            typed = re.sub("[A-Z]+", lambda name: NUMBERS[name[0]], text)
            f = Objective.from_sympy(typed, "x y")
        except ValueError as error:
            assert str(error).startswith("expression")
            return
        loss = eval(text, SAFE, {"x": w[0], "y": w[1]}) + np.zeros(7)
        np.testing.assert_allclose(f.loss(w), loss, rtol=1e-13)
        lost = np.isnan(loss)
        assert np.isnan(f.grad(w)[:, lost]).all() and np.isnan(f.curvature(w)[:, lost]).all()


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    text=st.one_of(
        st.text(max_size=80),
        st.lists(
            st.sampled_from(
                [*FUNCTIONS, *"xy()[]{}+-*/,.:=~'\"\\\n#0 9", "**", "1e308", "lambda", "if"]
            ),
            max_size=60,
        ).map("".join),
        st.tuples(
            st.sampled_from(
                ["sin(", "abs(log(", "-", "x**", "x*", "(", "1/(x-", "exp(", "x+", "(("]
            ),
            st.integers(1, 400),
            st.sampled_from([")", "))", "", ")**2", "*y)"]),
        ).map(lambda t: (t[0] * t[1] + "x" + t[2] * t[1])[:MAX_LENGTH]),
    )
)
def test_nothing_but_value_errors(text):
    try:
        f = Objective.from_sympy(text, "x y")
    except ValueError as error:
        assert "expression" in str(error)
        return
    with np.errstate(all="ignore"):
        assert f.loss([0.5, 2.0]).shape == () and f.grad([0.5, 2.0]).shape == (2,)


def test_names_that_python_reads_as_one():
    f = Objective.from_sympy("ϕ**2 + φ", "φ")
    assert f.grad([3.0]).tolist() == [7]
    assert Objective.from_sympy("ϵ**2", "ϵ").grad([3.0]).tolist() == [6]


@pytest.mark.parametrize("symbols", ["", "x x", "ϵ ε", "sin y", "pi", "1x", ["x", 2], 7, ["x y"]])
def test_bad_symbols(symbols):
    with pytest.raises(ValueError, match="symbols must be distinct names"):
        Objective.from_sympy("x", symbols)


def test_an_undeclared_symbol_of_an_expression():
    with pytest.raises(ValueError, match="b not declared"):
        Objective.from_sympy(sympy.Symbol("a") + sympy.Symbol("b"), [sympy.Symbol("a")])


def test_neither_text_nor_expression():
    with pytest.raises(ValueError, match="a text or a SymPy expression"):
        Objective.from_sympy(3, "x")
