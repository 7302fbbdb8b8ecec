"""From an expression to a loss with its derivatives, without executing any text.

A typed expression is parsed into Python's syntax tree, of which only a short list of nodes
is understood; SymPy differentiates what they build; and the derivatives are evaluated by
walking SymPy's tree. Nothing is ever compiled or evaluated as code.
"""

from __future__ import annotations

import ast
import math
from functools import reduce

import numpy as np

from stepsize.extras import extra

with extra("sympy"):
    import sympy

__all__ = ["CONSTANTS", "FUNCTIONS", "derivatives", "parse"]

FUNCTIONS = {
    name: (getattr(sympy, "Abs" if name == "abs" else name), numpy_function)
    for name, numpy_function in {
        "abs": np.abs,
        "sqrt": np.sqrt,
        "exp": np.exp,
        "log": np.log,
        "sin": np.sin,
        "cos": np.cos,
        "tan": np.tan,
        "sinh": np.sinh,
        "cosh": np.cosh,
        "tanh": np.tanh,
        "atan": np.arctan,
    }.items()
}
"""The functions that a typed expression may use: name, SymPy's function, NumPy's function."""

CONSTANTS = {"pi": sympy.pi, "e": sympy.E}

MAX_LENGTH = 1000  # characters
MAX_EXPONENT = 32  # in absolute value
MAX_SIZE = 1e300  # of any number that appears

_BINARY = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}


def _weights(symbols):
    """The declared weights as real SymPy symbols."""
    if isinstance(symbols, str):
        symbols = symbols.replace(",", " ").split()
    try:
        names = [s.name if isinstance(s, sympy.Symbol) else s for s in symbols]
    except TypeError:
        names = []
    good = all(isinstance(n, str) and n.isidentifier() for n in names)
    taken = [n for n in names if n in FUNCTIONS or n in CONSTANTS]
    if not names or not good or taken or len(set(names)) != len(names):
        raise ValueError(
            "symbols must be distinct names such as 'x y', none of them the name of a function "
            f"or constant, got {symbols!r}"
        )
    return [s if isinstance(s, sympy.Symbol) else sympy.Symbol(s, real=True) for s in symbols]


def parse(text, symbols):
    """A SymPy expression from text.

    Parameters
    ----------
    text : str
        Numbers, the declared symbols, ``+ - * / **``, :data:`FUNCTIONS`, ``pi`` and ``e``.
        An exponent is a number of at most 32 in absolute value.
    symbols : str or sequence of str or sympy.Symbol
        The names that may occur.

    Raises
    ------
    ValueError
        For anything else; the message names the part that is not understood.
    """
    weights = {w.name: w for w in _weights(symbols)}
    if not isinstance(text, str) or len(text) > MAX_LENGTH or not text.strip():
        raise ValueError(
            f"expression must be a text of 1 to {MAX_LENGTH} characters, got "
            f"{len(text) if isinstance(text, str) else type(text).__name__}"
        )
    try:
        tree = ast.parse(text.strip(), mode="eval")
        return sympy.sympify(_build(tree.body, weights))
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"expression is not well formed: {text!r}") from error
    except ZeroDivisionError as error:
        raise ValueError(f"expression divides by zero: {text!r}") from error


def _refuse(node, why):
    raise ValueError(f"expression: {ast.unparse(node)!r} {why}")


def _build(node, weights):
    match node:
        case ast.Constant(value=bool() | complex() | str() | bytes() | None):
            _refuse(node, "is not a number")
        case ast.Constant(value=int() | float() as value):
            if not abs(value) < MAX_SIZE:
                _refuse(node, "is not a finite real number")
            return sympy.Integer(value) if isinstance(value, int) else sympy.Float(value)
        case ast.Name(id=name):
            if name in weights:
                return weights[name]
            if name in CONSTANTS:
                return CONSTANTS[name]
            known = ", ".join([*weights, *CONSTANTS])
            _refuse(node, f"is not declared; the names are {known}")
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_build(operand, weights)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _build(operand, weights)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(node, _build(left, weights), _build(right, weights))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _sane(node, _BINARY[type(op)](_build(left, weights), _build(right, weights)))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
            symbolic, numerical = FUNCTIONS[name]
            argument = _build(argument, weights)
            if argument.is_number:  # in floats first: SymPy would try exp(exp(exp(9))) exactly
                with np.errstate(all="ignore"):
                    _sane(node, sympy.Float(numerical(float(argument))))
            return _sane(node, symbolic(argument))
    _refuse(node, f"is not understood; use + - * / ** and {', '.join(FUNCTIONS)}")


def _power(node, base, exponent):
    if not (exponent.is_number and abs(float(exponent)) <= MAX_EXPONENT):
        _refuse(node, f"has an exponent that is not a number of at most {MAX_EXPONENT}")
    if base.is_number and base != 0 and abs(float(exponent) * math.log(abs(float(base)))) > 690:
        _refuse(node, "is not a finite real number")
    return _sane(node, base**exponent)


def _sane(node, value):
    """Refuse a number that is not real, or too large for floating point, as soon as it appears."""
    if value.is_number:
        try:
            size = abs(float(value))
        except (TypeError, OverflowError, ValueError):
            size = math.nan
        if not size < MAX_SIZE:
            _refuse(node, "is not a finite real number")
    elif value.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
        _refuse(node, "is not finite")
    return value


_NUMPY = {sympy_function: numpy_function for sympy_function, numpy_function in FUNCTIONS.values()}
_NUMPY[sympy.sign] = np.sign


def _evaluator(expression, weights):
    """A function of ``w`` of shape (d, *runs) that walks the expression."""
    place = {weight: i for i, weight in enumerate(weights)}
    missing = expression.free_symbols - set(weights)
    if missing:
        names = ", ".join(sorted(s.name for s in missing))
        raise ValueError(f"expression: {names} not declared in symbols")

    def build(e):
        if e in place:
            i = place[e]
            return lambda w: w[i]
        if e.is_number:
            value = float(e)
            return lambda w: value
        parts = [build(a) for a in e.args]
        if e.is_Add:
            return lambda w: reduce(np.add, [p(w) for p in parts])
        if e.is_Mul:
            return lambda w: reduce(np.multiply, [p(w) for p in parts])
        if e.is_Pow:
            base, exponent = e.args
            f = parts[0]
            if exponent == 2:
                return lambda w: np.square(f(w))
            if exponent == -1:
                return lambda w: np.divide(1.0, f(w))
            if exponent == sympy.Rational(1, 2):
                return lambda w: np.sqrt(f(w))
            if base == sympy.E:
                return lambda w: np.exp(parts[1](w))
            return lambda w: np.power(f(w), parts[1](w))
        if e.func in _NUMPY and len(parts) == 1:
            function, f = _NUMPY[e.func], parts[0]
            return lambda w: function(f(w))
        raise ValueError(f"expression: {e} has no numerical form here")

    value = build(expression)
    return lambda w: value(w) + np.zeros(np.shape(w)[1:])


def derivatives(expression, symbols):
    """(loss, grad, curvature, d) of an expression, as functions of ``w`` (d, *runs)."""
    weights = _weights(symbols)
    if isinstance(expression, str):
        expression = parse(expression, weights)
    elif not isinstance(expression, sympy.Expr):
        raise ValueError(f"expression must be a text or a SymPy expression, got {expression!r}")
    first = [_derivative(expression, w) for w in weights]
    second = [_derivative(g, w) for g, w in zip(first, weights, strict=True)]
    loss = _evaluator(expression, weights)
    grads = [_evaluator(g, weights) for g in first]
    curvatures = [_evaluator(c, weights) for c in second]
    return (
        loss,
        lambda w: np.stack([g(w) for g in grads]),
        lambda w: np.stack([c(w) for c in curvatures]),
        len(weights),
    )


def _derivative(expression, weight):
    # |x| has a second derivative only as a distribution: zero wherever it is one at all
    return sympy.diff(expression, weight).replace(sympy.DiracDelta, lambda *_: sympy.Integer(0))
