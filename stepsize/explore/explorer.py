"""What all explorers share: two homes, a link, and for most one setting that knobs change."""

from __future__ import annotations

import base64
import html
from contextlib import suppress
from functools import cached_property
from urllib.parse import quote

from stepsize.explore.digits import portable
from stepsize.explore.page import as_json, literal
from stepsize.explore.sheet import Sheet, as_svg, book_style

__all__ = ["Explorer", "OneSetting", "is_slider"]

_MISSING = "<noscript>Its knobs are missing here: they need scripts, but no network.</noscript>\n"


class Explorer:
    """What a notebook cell ends with: widgets where a kernel runs, a page's explorer elsewhere.

    An explorer has a ``name``, which is that of its function in a script; a
    ``question``, the caption; and ``data()``, ``svg()``, ``summary()`` and ``widget``.
    """

    name = None
    front = ()  # which of its knobs stand beside the picture; the others wait behind "more"

    def with_front(self, names):
        """This explorer with other knobs beside the picture, unless there are no names."""
        if names is not None:
            known = self.fronts()
            unknown = [name for name in names if name not in known]
            if unknown:
                raise ValueError(f"front must name knobs among {', '.join(known)}, got {unknown}")
            if not any(map(known.get, names)):
                raise ValueError(f"front must name a slider, got {names!r}")
            self.front = tuple(names)
        return self

    def fronts(self):
        """Whether a knob is a slider, by its name, of all that can stand beside the picture."""
        knobs = self.knobs().items()
        return {name: is_slider(values) for name, (_, values) in knobs if values is not None}

    def html(self):
        """The figure that a page's script brings to life, with a static picture inside."""
        data = self.data()
        alive = ""
        if data is not None:
            text = html.escape(as_json(portable({**data, "front": self.front})), quote=False)
            quoted = text.replace("'", "&#39;")
            alive = f" data-explorer=\"{self.name}\" data-setting='{quoted}'"
        picture = base64.b64encode(self.svg().encode()).decode()
        return (
            f'<figure class="explorer"{alive}>\n'
            f"<figcaption>{html.escape(self.question)}</figcaption>\n"
            f'<img alt="{html.escape(self.summary())}" src="data:image/svg+xml;base64,{picture}">\n'
            f"{_MISSING if alive else ''}</figure>"
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


def is_slider(values):
    return not values or not isinstance(values[0], (bool, str))


def _in_kernel():
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return getattr(get_ipython(), "kernel", None) is not None


class OneSetting(Explorer):
    """An explorer of one setting: knobs that change it, a picture of it, and what it says."""

    intro = ""
    boxes = (0.07, 0.13, 0.41, 0.84), (0.58, 0.6, 0.39, 0.37), (0.58, 0.12, 0.39, 0.34)
    plots = ()  # what each of its axes (boxes in shares of the figure) shows, in words

    def __init__(self, question, **setting):
        self.question, self.setting = question, setting

    def __repr__(self):
        return f"{self.name} explorer: {' '.join(self.lines())}"

    def summary(self):
        """The picture in words: its alternative text."""
        return " ".join([self.intro, *self.lines()])

    def replaced(self, **changes):
        """The same explorer with another setting."""
        return type(self)(self.question, **{**self.setting, **changes})

    def data(self):
        return {"setting": self.setting, "knobs": self.knobs(), "plots": self.plots}

    def work(self):
        """All that takes long before there are words and a picture, in parts.

        Each ends with a ``yield``, where a live notebook attends to other things. What is
        computed is kept by the explorer.
        """
        return iter(())

    @book_style()
    def svg(self):
        sheet = Sheet(*self.boxes)
        self.draw(*sheet.axes)
        return as_svg(sheet.figure)

    def png(self, sheet=None):
        return (sheet or Sheet(*self.boxes)).png(self.draw)

    @cached_property
    def widget(self):
        """The controls and the picture as one ipywidget."""
        from stepsize.explore.live import LiveSteps

        return LiveSteps(self).box
