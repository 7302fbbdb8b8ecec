"""How many digits a number has: three for a reader, six in a file, all where it must be equal."""

from __future__ import annotations

import numpy as np

__all__ = ["number", "portable", "rounded"]


def number(x):
    """Three significant digits: 0.0123, 465, 1.2e-9."""
    if x is None:
        return "none"
    if isinstance(x, str):
        return x
    text = f"{float(x):.2e}"
    value = float(text)
    if value == 0 or not np.isfinite(value) or 1e-4 <= abs(value) < 1e6:
        return f"{value:g}"
    mantissa, exponent = text.split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def rounded(value, digits=6):
    """The same with so many significant digits, also inside lists and tables.

    The last digits of what is computed (a power, a root of an equation) are the processor's own. A
    file that is to be the same everywhere cannot hold them.
    """
    if isinstance(value, dict):
        return {key: rounded(one, digits) for key, one in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [rounded(one, digits) for one in value]
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value


_SET = ("setting", "knobs", "presets", "shape")


def portable(data):
    """What a page starts from: to the bit where the package must start from the same."""
    return {name: value if name in _SET else rounded(value) for name, value in data.items()}
