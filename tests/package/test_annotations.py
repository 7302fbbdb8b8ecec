"""What type checkers and editors are told."""

import inspect

import pytest

import stepsize
from stepsize import methods, objectives, runs, streams, theory


def functions():
    """The public functions, and those of public classes."""
    for module in (stepsize, methods, objectives, runs, streams, theory):
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.isfunction(thing):
                yield f"{module.__name__}.{name}", thing
            elif inspect.isclass(thing):
                for part, value in vars(thing).items():
                    value = getattr(value, "fget", getattr(value, "func", value))
                    value = getattr(value, "__func__", value)
                    if inspect.isfunction(value) and (part[0] != "_" or part == "__init__"):
                        yield f"{name}.{part}", value


@pytest.mark.parametrize(
    "function", [pytest.param(f, id=name) for name, f in dict(functions()).items()]
)
def test_signatures_are_annotated(function):
    signature = inspect.signature(function)
    said = function.__annotations__
    missing = [name for name in signature.parameters if name not in said and name != "self"]
    assert set(missing) <= {"cls"} and "return" in said
