"""What all explorers share: two homes, the style of their pictures, numbers in words."""

from __future__ import annotations

import base64
import html
import io
import json
import re
from contextlib import contextmanager, suppress
from urllib.parse import quote

import numpy as np
from matplotlib import rc_context, rcParams
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from PIL import Image

from stepsize import figures

__all__ = ["Explorer", "Sheet", "as_json", "as_png", "as_svg", "book_style", "number", "power"]


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


def as_json(data):
    """JSON on one line. It has no infinity, but every reader takes 1e999 for one."""
    return json.dumps(data, separators=(",", ":")).replace("Infinity", "1e999")


def literal(value):
    """A value as JavaScript writes it."""
    words = {None: "null", True: "true", False: "false", np.inf: "Infinity"}
    is_word = value is None or isinstance(value, bool) or value == np.inf
    return words[value] if is_word else str(value)


class Explorer:
    """What a notebook cell ends with: widgets where a kernel runs, a page's explorer elsewhere.

    An explorer has a ``name``, which is that of its function in ``explorers.js``; a
    ``question``, the caption; and ``data()``, ``svg()``, ``summary()`` and ``widget``.
    """

    name = None

    def html(self):
        """The figure that a page's script brings to life, with a static picture inside."""
        data = self.data()
        alive = ""
        if data is not None:
            text = html.escape(as_json(data), quote=False)
            quoted = text.replace("'", "&#39;")
            alive = f" data-explorer=\"{self.name}\" data-setting='{quoted}'"
        picture = base64.b64encode(self.svg().encode()).decode()
        return (
            f'<figure class="explorer"{alive}>\n'
            f'<img alt="{html.escape(self.summary())}" src="data:image/svg+xml;base64,{picture}">\n'
            f"<figcaption>{html.escape(self.question)}</figcaption>\n"
            "</figure>"
        )

    def link(self):
        """The part of an address, from "#" on, that carries what a reader can set.

        On a page it goes to the first explorer of this kind. The rest (an objective that cannot be
        chosen, a start that cannot be moved) is as that one has it.
        """
        data = self.data()
        if data is None:
            raise ValueError("a link needs a method and an objective that the page knows by name")
        words = {name: literal(data["setting"][name]) for name in data["knobs"]}
        return f"#{self.name}?" + "&".join(f"{k}={quote(v, safe=',;=')}" for k, v in words.items())

    def _repr_mimebundle_(self, include=None, exclude=None):
        bundle = {"text/plain": repr(self), "text/html": self.html()}
        if _in_kernel():
            with suppress(ImportError):  # ipywidgets
                bundle = {**self.widget._repr_mimebundle_(), **bundle}
        return bundle


def _in_kernel():
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return getattr(get_ipython(), "kernel", None) is not None
