"""The page's scripts, and what they read: settings, methods as text, the catalogue."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import numpy as np

from stepsize import methods
from stepsize.explore import figures
from stepsize.explore.catalogue import LEVEL, METHODS, MOST, OBJECTIVES, fresh, knob

__all__ = ["FILES", "STYLE", "as_json", "as_text", "catalogue_script", "literal", "scripts"]

_HERE = Path(__file__).parent
STYLE = _HERE / "explorers.css"
FILES = [*sorted(_HERE.glob("*.js")), STYLE]
_SHARED = ("methods", "catalogue", "kit")
_OWN = {
    "valley": ("valley",),
    "planning-step": ("planning_step",),
    "ray": ("ray",),
    "rates": ("rates",),
    "track": ("samples", "track"),
    "landscape": ("samples", "landscape"),
    "sensitivity": ("samples", "sensitivity"),
}


def scripts(*kinds):
    """The files that explorers of these kinds need, in the order in which they are loaded."""
    own = [name for kind in kinds for name in _OWN.get(kind, ())]
    names = dict.fromkeys([*_SHARED, *own] if own else [])
    return [_HERE / f"{name}.js" for name in names]


def as_json(data):
    """JSON on one line. It has no infinity, but every reader takes 1e999 for one."""
    return json.dumps(data, separators=(",", ":")).replace("Infinity", "1e999")


def literal(value):
    """A value as JavaScript writes it."""
    words = {None: "null", True: "true", False: "false", np.inf: "Infinity"}
    is_word = value is None or isinstance(value, bool) or value == np.inf
    return words[value] if is_word else str(value)


def as_text(method):
    """A method as the page's script reads it: its class, and what is not as the class has it."""
    fields = dataclasses.fields(method)
    given = {f.name: getattr(method, f.name) for f in fields}
    told = [f"{f.name}={literal(given[f.name])}" for f in fields if f.default != given[f.name]]
    return ",".join([type(method).__name__, *told])


def catalogue_script():
    """The text of ``catalogue.js``: all that the page's explorers know by name.

    A test holds the file against it, and says how to write it anew.
    """
    stops = {}
    data = {
        "objectives": OBJECTIVES,
        "dashes": [_DASHES[dash] for dash in figures.DASHES],
        "stops": stops,
        "methods": {name: _row(name, stops) for name in METHODS},
        "level": LEVEL,
        "most": MOST,
    }
    entries = "".join(f"  {name}: {_lines(value)},\n" for name, value in data.items())
    return _SCRIPT.format(entries)


def _row(name, stops):
    """A method's row; its knobs name their values, which are put among the stops."""
    row, method = METHODS[name], fresh(getattr(methods, name))
    fields = dataclasses.fields(method)
    needed = [f.name for f in fields if f.default is dataclasses.MISSING]
    knobs = {f.name: knob(method, f.name) for f in fields}
    stops.update(knobs.values())
    data = {
        "label": row.label,
        "colour": row.colour,
        "dash": figures.DASHES.index(row.dash),
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
