"""The sheet that explorers draw on: one style, small files, few ticks."""

from __future__ import annotations

import io
import re
from contextlib import contextmanager

import numpy as np
from matplotlib import rc_context, rcParams
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from PIL import Image

from stepsize.explore import figures

__all__ = ["Sheet", "as_png", "as_svg", "book_style", "power"]

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power(x, _=None):
    """A power of ten beside an axis: not as a formula, which takes long to set."""
    return "10" + str(round(np.log10(x))).translate(_RAISED) if x > 0 else ""


_DECIMALS = re.compile(r"-?\d+\.\d+")


def _tenth(number):
    return f"{float(number[0]):.1f}".removesuffix(".0")


@contextmanager
def book_style():
    with rc_context():
        figures.use()
        rcParams.update(
            {
                "figure.constrained_layout.use": False,  # it costs more than the drawing
                "font.size": 9,
                "font.sans-serif": ["DejaVu Sans"],
                "svg.fonttype": "none",
                "svg.hashsalt": "explorer",
                "path.simplify_threshold": 0.5,
            }
        )
        yield


def as_svg(figure):
    """The text of an SVG, the same on every machine: coordinates to a tenth of a point."""
    file = io.StringIO()
    with book_style():
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>|\s+", " ", text[text.index("<svg") :], flags=re.S)
    return re.sub(r"<[^>]*>", lambda tag: _DECIMALS.sub(_tenth, tag[0]), text)


def as_png(canvas):
    """The bytes of a PNG of what is on a canvas, packed fast rather than small."""
    file = io.BytesIO()
    Image.fromarray(np.asarray(canvas.buffer_rgba())).save(file, "png", compress_level=1)
    return file.getvalue()


class Sheet:
    """A figure to draw on again and again.

    Making axes and their ticks takes longer than drawing what is on them. So the axes stay, with
    their scales and labels; only what was drawn on them goes.
    """

    @book_style()
    def __init__(self, *boxes):
        self.figure = Figure(figsize=(9, 4), dpi=90)
        FigureCanvasAgg(self.figure)
        self.axes = [self.figure.add_axes(box) for box in boxes]

    @book_style()
    def png(self, draw):
        """The bytes of a PNG of what ``draw(*axes)`` draws."""
        for ax in self.axes:
            legend = [ax.get_legend()] if ax.get_legend() else []
            for old in [*ax.lines, *ax.collections, *ax.images, *ax.patches, *ax.texts, *legend]:
                old.remove()
            ax.relim()
            ax.autoscale(True)
        draw(*self.axes)
        for ax in self.axes:
            ax.autoscale_view()  # whatever the limits were while it was drawn
            _few_ticks(ax.xaxis)
            _few_ticks(ax.yaxis)
        self.figure.canvas.draw()
        return as_png(self.figure.canvas)


def _few_ticks(axis):
    """They take most of the time to draw. Those that a drawing chose itself stay."""
    low, high = sorted(axis.get_view_interval())
    if not axis.isDefault_majloc:
        return
    if axis.get_scale() == "linear":
        axis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    elif axis.get_scale() == "log" and high > 100 * low:
        axis.set_major_locator(LogLocator(numticks=5))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(power)
