"""From an expression to a loss with its derivatives, without executing any text.

A typed expression is parsed into Python's syntax tree, of which only a short list of nodes
is understood. It becomes a list of NumPy's operations just as they were typed, for x/x is
not 1 at zero; a SymPy expression becomes one, too. The chain rule adds the operations of the
derivatives. Nothing is ever compiled or evaluated as code.
"""

from __future__ import annotations

import ast
import math
import unicodedata
from functools import cache, partial, reduce

import numpy as np

from stepsize.extras import extra

with extra("sympy"):
    import sympy

__all__ = ["CONSTANTS", "FUNCTIONS", "derivatives", "parse"]

# What makes v of a and b: NumPy's function, and the derivatives of v by a and by b.
_CALLS = {
    "abs": (np.abs, lambda do, v, a: [do("sign", a)]),
    "sqrt": (np.sqrt, lambda do, v, a: [do("/", 0.5, v)]),
    "exp": (np.exp, lambda do, v, a: [v]),
    "log": (np.log, lambda do, v, a: [do("/", 1.0, a)]),
    "sin": (np.sin, lambda do, v, a: [do("cos", a)]),
    "cos": (np.cos, lambda do, v, a: [do("negative", do("sin", a))]),
    "tan": (np.tan, lambda do, v, a: [do("+", 1.0, do("square", v))]),
    "sinh": (np.sinh, lambda do, v, a: [do("cosh", a)]),
    "cosh": (np.cosh, lambda do, v, a: [do("sinh", a)]),
    "tanh": (np.tanh, lambda do, v, a: [do("-", 1.0, do("square", v))]),
    "atan": (np.arctan, lambda do, v, a: [do("/", 1.0, do("+", 1.0, do("square", a)))]),
}
_OPERATIONS = _CALLS | {
    "+": (np.add, lambda do, v, a, b: [1.0, 1.0]),
    "-": (np.subtract, lambda do, v, a, b: [1.0, -1.0]),
    "*": (np.multiply, lambda do, v, a, b: [b, a]),
    "/": (np.divide, lambda do, v, a, b: [do("/", 1.0, b), do("negative", do("/", v, b))]),
    "**": (
        np.power,
        lambda do, v, a, b: [
            do("*", b, do("**", a, do("-", b, 1.0))),
            do("*", v, do("log", a)),
        ],
    ),
    "square": (np.square, lambda do, v, a: [do("*", 2.0, a)]),
    "negative": (np.negative, lambda do, v, a: [-1.0]),
    "sign": (np.sign, lambda do, v, a: []),  # a distribution: zero wherever it has a value
}
FUNCTIONS = {name: function for name, (function, _) in _CALLS.items()}
"""The functions that a typed expression may use: name, NumPy's function."""

CONSTANTS = {"pi": math.pi, "e": math.e}

MAX_LENGTH = 1000  # characters
MAX_DEPTH = 100  # of nesting
MAX_WORK = 20_000  # operations that differentiating passes and adds
MAX_EXPONENT = 32  # in absolute value
MAX_SIZE = 1e300  # of any number that appears

_BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
_SYMPY = {getattr(sympy, "Abs" if name == "abs" else name): name for name in [*FUNCTIONS, "sign"]}


# Python reads other letters of one kind as the same, ϵ as ε for instance.
_name = partial(unicodedata.normalize, "NFKC")


def _weights(symbols):
    """The declared weights as real SymPy symbols."""
    if isinstance(symbols, str):
        symbols = symbols.replace(",", " ").split()
    try:
        names = [_name(s.name if isinstance(s, sympy.Symbol) else s) for s in symbols]
    except TypeError:
        names = []
    good = all(n.isidentifier() for n in names)
    taken = [n for n in names if n in FUNCTIONS or n in CONSTANTS]
    if not names or not good or taken or len(set(names)) != len(names):
        raise ValueError(
            "symbols must be distinct names such as 'x y', none of them the name of a function "
            f"or constant, got {symbols!r}"
        )
    return [s if isinstance(s, sympy.Symbol) else sympy.Symbol(s, real=True) for s in symbols]


class _Steps:
    """Operations, each on what earlier ones gave; what is asked for twice is done once.

    A step is known by its place in the list. The weights have the first places.
    """

    def __init__(self, dim):
        self.steps = [("weight",)] * dim
        self.places = {}
        self.values = {}  # of the steps that are numbers
        self.passed = 0  # by the chain rule

    def do(self, operation, *operands):
        """The place of an operation on places, or on numbers, which are floats here."""
        operands = [self.number(o) if isinstance(o, float) else o for o in operands]
        match operation, *map(self.values.get, operands):
            case "*", 1, _:
                return operands[1]
            case "*" | "/" | "**", _, 1:
                return operands[0]
            case "**", _, 0:
                return self.number(1.0)
            case "**", _, -1:
                return self.do("/", 1.0, operands[0])
            case "**", _, (2 | 0.5) as exponent:
                return self.do("square" if exponent == 2 else "sqrt", operands[0])
        if any(o not in self.values for o in operands):
            return self._place(operation, *operands)
        with np.errstate(all="ignore"):
            return self.number(float(_OPERATIONS[operation][0](*map(self.values.get, operands))))

    def number(self, value):
        place = self._place("number", value.hex())
        self.values[place] = value
        return place

    def _place(self, *step):
        if step not in self.places:
            self.places[step] = len(self.steps)
            self.steps.append(step)
        return self.places[step]

    def needed(self, targets):
        """The (place, operation, operands) that the targets need, numbers apart, in order."""
        found, stack = set(), list(targets)
        while stack:
            place = stack.pop()
            if place not in found and place not in self.values:
                found.add(place)
                stack += self.steps[place][1:]
        return [(place, *self.steps[place]) for place in sorted(found)]

    def slope(self, target, weight):
        """The place of the derivative of a step by a weight."""
        slopes, steps = {weight: self.number(1.0)}, self.needed([target])
        self.passed += len(steps)
        if self.passed + len(self.steps) > MAX_WORK:
            raise ValueError(f"expression takes more than {MAX_WORK} operations to differentiate")
        for place, operation, *operands in steps:
            if any(o in slopes for o in operands):
                rises = _OPERATIONS[operation][1](self.do, place, *operands)
                ways = [self.do("*", r, slopes[o]) for r, o in zip(rises, operands) if o in slopes]
                if ways:
                    slopes[place] = reduce(lambda a, b: self.do("+", a, b), ways)
        return slopes.get(target, self.number(0.0))

    def function(self, loss, *others):
        """A function of ``w`` (d, *runs) to (1 + others, *runs): all NaN where the loss is NaN."""
        targets = [loss, *others]
        plan, later = [], set(targets)
        for place, operation, *operands in reversed(self.needed(targets)):
            if operands:
                plan.append((place, _OPERATIONS[operation][0], operands, {*operands} - later))
                later.update(operands)

        def evaluate(w):
            known = self.values | dict(enumerate(w))
            for place, operation, operands, last in reversed(plan):
                known[place] = operation(*[known[o] for o in operands])
                for o in last:  # large arrays are soon in the way
                    del known[o]
            rows = [known[target] + np.zeros(np.shape(w)[1:]) for target in targets]
            return np.where(np.isnan(rows[0]), np.nan, rows)

        return evaluate


def parse(text, symbols):
    """The steps of a text: operations, and the place of the last of them.

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
        For anything else; the message names the part that is not understood, or the bound.
    """
    names = {_name(weight.name): place for place, weight in enumerate(_weights(symbols))}
    if not isinstance(text, str) or len(text) > MAX_LENGTH or not text.strip():
        raise ValueError(
            f"expression must be a text of 1 to {MAX_LENGTH} characters, got "
            f"{len(text) if isinstance(text, str) else type(text).__name__}"
        )
    text = text.strip()
    try:
        nodes = [(ast.parse(text, mode="eval").body, 0)]
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        why = getattr(error, "msg", "") or str(error) or "nested too deeply"
        raise ValueError(f"expression is not well formed ({why}): {text!r}") from error
    for node, depth in nodes:  # from the root to the leaves; a sum is as deep as its deepest term
        if depth > MAX_DEPTH:
            raise ValueError(f"expression is nested more than {MAX_DEPTH} deep")
        match node:
            case ast.BinOp():
                nodes += [(node.left, depth), (node.right, depth + 1)]
            case ast.UnaryOp():
                nodes += [(node.operand, depth + 1)]
            case ast.Call():
                nodes += [(argument, depth + 1) for argument in node.args]
    steps, places = _Steps(len(names)), {}
    for node, _ in reversed(nodes):
        try:
            places[node] = place = _read(node, steps, names, places)
            if not abs(steps.values.get(place, 0)) < MAX_SIZE:
                raise ValueError("is not a finite real number")
        except ValueError as why:
            part = ast.get_source_segment(text, node)
            raise ValueError(f"expression: {part!r} {why}") from None
    return steps, place


def _read(node, steps, names, places):
    """The place of a node whose parts have theirs."""
    match node:
        case ast.Constant(value=bool() | complex() | str() | bytes() | None):
            raise ValueError("is not a number")
        case ast.Constant(value=int() | float() as value):
            # a number out of bounds is refused as infinity: float(10**400) is an OverflowError
            return steps.number(float(value) if value < MAX_SIZE else math.inf)
        case ast.Name(id=name):
            if name in names:
                return names[name]
            if name in CONSTANTS:
                return steps.number(CONSTANTS[name])
            raise ValueError(f"is not declared; the names are {', '.join([*names, *CONSTANTS])}")
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return steps.do("negative", places[operand])
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return places[operand]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            operation, value = _BINARY[type(op)], steps.values.get(places[right])
            if operation == "/" and value == 0:
                raise ValueError("divides by zero")
            if operation == "**" and (value is None or abs(value) > MAX_EXPONENT):
                raise ValueError(f"has an exponent that is not a number of at most {MAX_EXPONENT}")
            return steps.do(operation, places[left], places[right])
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
            return steps.do(name, places[argument])
    raise ValueError(f"is not understood; use + - * / ** and {', '.join(FUNCTIONS)}")


def _translate(expression, weights):
    """The steps of a SymPy expression, and the place of the last of them."""
    steps = _Steps(len(weights))

    @cache
    def place(e):
        if e in weights:
            return weights.index(e)
        if e.is_Symbol:
            raise ValueError(f"expression: {e} not declared in symbols")
        if e.is_number:
            try:
                return steps.number(float(e))
            except (TypeError, OverflowError) as error:
                raise ValueError(f"expression: {e} is not a finite real number") from error
        parts = [place(part) for part in e.args]
        if e.is_Add or e.is_Mul:
            return reduce(lambda a, b: steps.do("+" if e.is_Add else "*", a, b), parts)
        if e.is_Pow:
            return steps.do("**", *parts)
        if e.func in _SYMPY and len(parts) == 1:
            return steps.do(_SYMPY[e.func], *parts)
        raise ValueError(f"expression: {e} has no numerical form here")

    return steps, place(expression)


def derivatives(expression, symbols):
    """(loss, grad, curvature, hvp, d) of an expression, as functions of ``w`` (d, *runs).

    >>> valley = Objective.from_sympy("(x - 1)**2 + 100*(y - x**2)**2", "x y")
    >>> w = np.array([-1.0, 0.0])
    >>> valley.grad(w), valley.curvature(w)
    (array([-404., -200.]), array([1202.,  200.]))
    """
    weights = _weights(symbols)
    if isinstance(expression, str):
        steps, loss = parse(expression, weights)
    elif isinstance(expression, sympy.Expr):
        steps, loss = _translate(expression, weights)
    else:
        raise ValueError(f"expression must be a text or a SymPy expression, got {expression!r}")
    first = [steps.slope(loss, weight) for weight in range(len(weights))]
    second = [steps.slope(rise, weight) for weight, rise in enumerate(first)]
    value, grad, curvature = (steps.function(loss, *rows) for rows in ([], first, second))

    @cache
    def hessian():  # only where it is asked for
        return steps.function(loss, *(steps.slope(f, j) for f in first for j in range(len(first))))

    def hvp(w, v):
        return (hessian()(w)[1:].reshape(len(w), *w.shape) * v).sum(axis=1)

    return lambda w: value(w)[0], lambda w: grad(w)[1:], lambda w: curvature(w)[1:], hvp, len(first)
