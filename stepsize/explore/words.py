"""Results in words. The page's scripts say the same in the same words."""

from __future__ import annotations

import dataclasses
import re

import numpy as np

from stepsize.explore import figures
from stepsize.explore.catalogue import LEVEL
from stepsize.explore.digits import number

__all__ = ["labels", "outcome", "point"]


def point(w):
    if not np.isfinite(w).all():
        return "a place that is not finite"
    return f"({number(w[0] + 0.0)}, {number(w[1] + 0.0)})"  # no -0


def labels(runners):
    """The name of each method, and of those of one name what differs: words if these do, or all."""
    found = []
    for method in runners:
        name = figures.look(method)["label"]
        alike = [other for other in runners if figures.look(other)["label"] == name]
        short = [_told(other, alike, only_words=True) for other in alike]
        only_words = len(set(short)) == len(alike)
        label = f"{name} {_told(method, alike, only_words)}".strip()
        same = sum(re.sub(r" \(\d+\)$", "", other) == label for other in found)
        found.append(f"{label} ({same + 1})" if same else label)
    return found


def _told(method, alike, only_words):
    """What a method has that others of its name have not; what is off is not said."""
    told = []
    for field in dataclasses.fields(method):
        value, plain = getattr(method, field.name), field.name.replace("_", " ")
        is_flag, is_word = isinstance(value, bool), isinstance(value, str)
        if len({repr(getattr(other, field.name)) for other in alike}) == 1:
            continue
        if is_flag or is_word:
            told.append(value if is_word else plain if value else "")
        elif not only_words:
            is_number = value is None or isinstance(value, (int, float))
            told.append(f"{plain} {number(value) if is_number else value}")
    return ", ".join(filter(None, told))


def outcome(label, trace):
    """What a run came to, in a sentence. Iterations count from zero, as the papers do."""
    if trace.diverged:
        row = int(np.argmin(np.isfinite(trace.w).all(axis=1)))
        return (
            f"{label}: diverged, not finite from iteration {row - 1:,} on (counting from 0), "
            f"{trace.grad_evals[row]:,} gradient evaluations."
        )
    after = (
        f"after {trace.grad_evals[-1]:,} gradient evaluations, {trace.iterations[-1]:,} iterations"
    )
    if trace.objective.minimizer is None:
        return f"{label}: loss {number(trace.loss[-1])} {after}."
    text = f"{label}: error {number(trace.error[-1])} {after}"
    arrived, zero = trace.first(error=LEVEL), trace.first(error=0.0)
    if arrived < 0:
        return f"{text}; never below {number(LEVEL)}."
    text += f"; first below {number(LEVEL)} after {trace.grad_evals[arrived]:,}"
    if zero > 0:
        text += (
            f"; error exactly 0 at iteration {zero - 1:,} (counting from 0), "
            f"{trace.grad_evals[zero]:,} gradient evaluations"
        )
    return text + "."
