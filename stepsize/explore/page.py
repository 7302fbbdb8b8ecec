"""The page's scripts, and what they read and write: settings, methods as text, the catalogue."""

from __future__ import annotations

import dataclasses
import json
import re
from contextlib import suppress
from pathlib import Path

import numpy as np

from stepsize import methods
from stepsize.explore import figures
from stepsize.explore.catalogue import (
    LEVEL,
    METHODS,
    MOST,
    OBJECTIVES,
    fresh,
    has_twin,
    knob,
    stops,
)

__all__ = [
    "FILES",
    "HERE",
    "STYLE",
    "as_json",
    "as_text",
    "catalogue_script",
    "classes",
    "literal",
    "meant",
    "method_of",
    "own_rows",
    "scripts",
]

HERE = Path(__file__).parent
STYLE = HERE / "explorers.css"
FILES = [*sorted(HERE.glob("*.js")), STYLE]
_SHARED = ("methods", "catalogue", "kit")
_OWN = {
    "valley": ("valley",),
    "basins": ("basins",),
    "planning-step": ("surface", "planning_step"),
    "ray": ("surface", "ray"),
    "rates": ("rates",),
    "track": ("samples", "track"),
    "landscape": ("samples", "landscape"),
    "sensitivity": ("samples", "sensitivity"),
}


def scripts(*kinds):
    """The files that explorers of these kinds and their parts need, in the order of loading."""
    own = [name for kind in kinds for name in _OWN.get(kind, ())]
    names = dict.fromkeys([*_SHARED, *own] if own else [])
    return [HERE / f"{name}.js" for name in names]


def as_json(data):
    """JSON on one line. It has no infinity, but every reader takes 1e999 for one."""
    return json.dumps(data, separators=(",", ":")).replace("Infinity", "1e999")


_WORDS = {"null": None, "true": True, "false": False, "Infinity": np.inf}


def literal(value):
    """A value as JavaScript writes it."""
    words = {other: word for word, other in _WORDS.items()}
    is_word = value is None or isinstance(value, bool) or value == np.inf
    return words[value] if is_word else str(value)


def meant(word):
    """The value that JavaScript writes so; any other word means itself."""
    if word in _WORDS:
        return _WORDS[word]
    for kind in (int, float):
        with suppress(ValueError):
            return kind(word)
    return word


def as_text(method, held=None):
    """A method as the page's script reads it: its class, and what is not as the class has it.

    What cannot be a word of a text is put into the list ``held``, and the text tells its place.
    """
    fields = [field for field in dataclasses.fields(method) if field.init]
    given = {f.name: getattr(method, f.name) for f in fields}
    told = [f"{f.name}={_word(given[f.name], held)}" for f in fields if f.default != given[f.name]]
    return ",".join([type(method).__name__, *told])


def method_of(text, known, held=()):
    """The method of such a text; ``known`` has the classes by name."""
    name, *pairs = text.split(",")
    words = dict(pair.split("=", 1) for pair in pairs)
    is_held = {field: word.startswith("~") for field, word in words.items()}
    return known[name](
        **{k: held[int(w[1:])] if is_held[k] else meant(w) for k, w in words.items()}
    )


def _word(value, held):
    plain = value is None or isinstance(value, (bool, int, float))
    if plain or (isinstance(value, str) and meant(value) == value and not set(value) & set(",;=~")):
        return literal(value)
    if held is None:
        raise ValueError(f"a text cannot tell {value!r}")
    if value not in held:
        held.append(value)
    return f"~{held.index(value)}"


def classes(given):
    """The classes of methods that a notebook offers, by name: those given and the package's."""
    offered = {name: getattr(methods, name) for name in methods.__all__}
    own = {type(method).__name__: type(method) for method in given}
    return {**{name: cls for name, cls in offered.items() if fresh(cls)}, **own}


def own_rows(given, held):
    """A row, as in the catalogue, of each class that a notebook offers and no script can run.

    Its ``fresh`` are the values of all its fields, its ``stops`` those of its knobs.
    """
    first = {type(method): method for method in reversed(given)}
    every = [first.get(cls) or fresh(cls) for cls in classes(given).values()]
    return {type(m).__name__: _own_row(m, held) for m in every if not has_twin(m, values=False)}


def _own_row(method, held):
    names = [field.name for field in dataclasses.fields(method) if field.init]
    words = {name: meant(_word(getattr(method, name), held)) for name in names}
    return {
        **_look(type(method).__name__),
        "fresh": words,
        "knobs": {name: knob(method, name)[0] for name in names},
        "stops": {name: stops(method, name) for name in names},
    }


def _look(name):
    look = figures.look(name)
    return {
        "label": look["label"],
        "colour": look["color"],
        "dash": figures.DASHES.index(look["ls"]),
    }


def catalogue_script():
    """The text of ``catalogue.js``: all that the page's explorers know by name.

    A test holds the file against it, and says how to write it anew.
    """
    values = {}
    data = {
        "objectives": OBJECTIVES,
        "dashes": [_DASHES[dash] for dash in figures.DASHES],
        "stops": values,
        "methods": {name: _row(name, values) for name in METHODS},
        "level": LEVEL,
        "most": MOST,
    }
    entries = "".join(f"  {name}: {_lines(value)},\n" for name, value in data.items())
    return _SCRIPT.format(entries)


def _row(name, values):
    """A method's row; its knobs name their values, which are put among the others."""
    method = fresh(getattr(methods, name))
    fields = dataclasses.fields(method)
    needed = [f.name for f in fields if f.default is dataclasses.MISSING]
    knobs = {f.name: knob(method, f.name) for f in fields}
    values.update(knobs.values())
    data = {
        **_look(name),
        "fresh": {name: getattr(method, name) for name in needed},
        "knobs": {name: title for name, (title, _) in knobs.items()},
    }
    if "window" in knobs:
        shades = {w: dataclasses.replace(method, window=w) for w in _WINDOWS}
        data["windows"] = {w: figures.look(shade)["color"] for w, shade in shades.items()}
    return data


def _lines(value):
    """A value as JavaScript, a table with a row a line."""
    if not isinstance(value, dict):
        return json.dumps(value)
    rows = [f"    {json.dumps(k)}: {json.dumps(v)},\n" for k, v in value.items()]
    return re.sub(r"\b(\d+)\.0\b", r"\1", "{\n" + "".join(rows) + "  }")


_WINDOWS = [1, 2, 3, 5, 10, 20, 50, 100, 300, 1000]  # with a shade of their own
_DASHES = {"-": [], "--": [6, 3], ":": [2, 3], "-.": [8, 3, 2, 3]}

_SCRIPT = """\
// What the explorers know by name, written by stepsize.explore.page.catalogue_script().
"use strict";

Stepsize.catalogue = {{
{}}};
"""
