"""What the page's scripts read: settings, methods as text, and the catalogue."""

from __future__ import annotations

import dataclasses
import json
import re

import numpy as np

from stepsize.explore import figures
from stepsize.explore.catalogue import (
    COARSE,
    DASHES,
    FRESH,
    KNOBS,
    LEVEL,
    LOOKS,
    MOST,
    OBJECTIVES,
    PAGE_METHODS,
    STEP_SIZES,
    WINDOWS,
    decades,
)
from stepsize.methods import Csawg

__all__ = ["as_json", "as_text", "catalogue_script", "literal"]


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


def _as_page_look(name, windows):
    """Colour, dash and label, and Csawg's colour by window, as the page's script needs them."""
    colour, line, label = LOOKS[name]
    style = {"colour": colour, "dash": list(DASHES).index(line), "label": label}
    if name == "Csawg":
        style["windows"] = {w: figures.look(Csawg(0.001, w))["color"] for w in windows}
    return style


_RULES = [  # arguments of _decades for lists, or parts of them
    STEP_SIZES,
    *((first, last, [1, 2, 5]) for first, last in ((-12, 0), (-5, 1), (0, 5), (0, 4))),
    *((1, last, COARSE) for last in (3, 2)),
]


def _by_rule(values, told):
    """A list in short: what it begins with by the name of that, or a part of it as decades."""
    for name, other in told.items():
        if len(other) > 2 and values[: len(other)] == other:
            return [{"like": name}, *values[len(other) :]]
    for rule in _RULES:
        stops = decades(*rule)
        for i in range(len(values) - len(stops) + 1):
            if values[i : i + len(stops)] == stops:
                return [*values[:i], {"decades": rule}, *values[i + len(stops) :]]
    return values


def catalogue_script():
    """The text of ``book/_static/catalogue.js``: all that the page's explorers know by name.

    A test holds the file against it, and says how to write it anew.
    """
    told, knobs = {}, {}
    for name, values in KNOBS.items():
        knobs[name] = _by_rule(values, told)
        told.setdefault(name, values)
    data = {
        "objectives": OBJECTIVES,
        "dashes": list(DASHES.values()),
        "styles": {name: _as_page_look(name, WINDOWS) for name in PAGE_METHODS},
        "knobs": knobs,
        "fresh": FRESH,
        "level": LEVEL,
        "most": MOST,
    }
    entries = ",\n".join(f"  {name}: {as_json(value)}" for name, value in data.items())
    return _CATALOGUE.replace("ENTRIES", re.sub(r"\.0\b", "", entries))


_CATALOGUE = """\
// What the explorers know by name, written by stepsize.explore.page.catalogue_script().
"use strict";

Stepsize.catalogue = {
ENTRIES,
};
{
  // Lists in full: { like } stands for those of another name, { decades } for what _decades makes.
  const { knobs } = Stepsize.catalogue;
  const part = (value) => {
    if (value?.like) return knobs[value.like];
    if (!value?.decades) return value;
    const [first, last, mantissas] = value.decades, stops = [];
    for (let k = first; k <= last; k++) stops.push(...mantissas.map((m) => Number(`${m}e${k}`)));
    return [...stops, Number(`1e${last + 1}`)];
  };
  for (const [name, values] of Object.entries(knobs)) knobs[name] = values.flatMap(part);
}
"""
