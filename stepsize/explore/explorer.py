"""What all explorers share: two homes, a link, and for most one setting that knobs change."""

from __future__ import annotations

import base64
import html
from functools import cached_property
from typing import ClassVar
from urllib.parse import parse_qsl, quote

from stepsize.explore.digits import portable
from stepsize.explore.page import as_json, literal, meant
from stepsize.explore.sheet import Sheet, as_svg, book_style

__all__ = ["Explorer", "OneSetting", "is_slider"]

_MISSING = "<noscript>Its knobs are missing here: they need scripts, but no network.</noscript>\n"


class Explorer:
    """What a notebook cell ends with: a figure that a script of the page brings to life.

    In a notebook the script asks this object's kernel what to draw; elsewhere it computes that
    itself, with a twin of the package's arithmetic.

    An explorer has a ``name``, that of its script; a ``question``, the caption; and

    ``data()``
        What the script starts from: the setting, the knobs that change it, and what else it needs.
    ``live()``
        The same for a notebook, where more may be set.
    ``replaced(**changes)``
        The explorer of another setting.
    ``run()``
        What the script draws, by name: numbers, words and arrays.
    ``lines()``
        The same in words.
    ``svg()``, ``summary()``
        The static picture, and that in words.
    """

    name = None
    twin = True  # whether the script can compute all of this itself
    parts = ()  # what of the scripts it needs besides that of its name
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

    def live(self):
        return self.data()

    def html(self, live=False):
        """The figure, with a static picture inside; a script brings it to life if it can run it."""
        marked = ""
        if live or self.twin:
            data = self.live() if live else portable(self.data())
            text = html.escape(as_json({**data, "front": self.front}), quote=False)
            quoted = text.replace("'", "&#39;")
            parts = "".join(f' data-part="{part}"' for part in self.parts)
            marked = f" data-explorer=\"{self.name}\"{parts} data-setting='{quoted}'"
        picture = base64.b64encode(self._svg.encode()).decode()
        return (
            f'<figure class="explorer"{marked}>\n'
            f"<figcaption>{html.escape(self.question)}</figcaption>\n"
            f'<img alt="{html.escape(self.summary())}" src="data:image/svg+xml;base64,{picture}">\n'
            f"{_MISSING if marked else ''}</figure>"
        )

    @cached_property
    def _svg(self):
        return self.svg()

    def link(self):
        """The part of an address, from "#" on, that carries what a reader can set.

        On a page it goes to the first explorer of this kind. The rest (an objective that cannot be
        chosen, a start that cannot be moved) is as that one has it.
        """
        if not self.twin:
            raise ValueError("a link needs a method and an objective that the page knows by name")
        data = self.data()
        words = {name: literal(data["setting"][name]) for name in data["knobs"]}
        return f"#{self.name}?" + "&".join(f"{k}={quote(v, safe=',;=')}" for k, v in words.items())

    def moved(self, link):
        """The explorer of what a reader has set, as a link has it after the "?"."""
        given = dict(parse_qsl(link, keep_blank_values=True))
        return self.replaced(**{name: meant(word) for name, word in given.items()})

    def _repr_mimebundle_(self, include=None, exclude=None):
        bundle = {"text/plain": repr(self), "text/html": self.html()}
        if _in_kernel():
            try:
                from stepsize.explore.widget import view
            except ImportError as missing:
                bundle["text/html"] += f"<p>{html.escape(str(missing), quote=False)}</p>"
            else:
                bundle = {**view(self), **bundle}
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
    kinds: ClassVar = {}  # what a part of the setting must be, by name
    boxes = (0.07, 0.13, 0.41, 0.84), (0.58, 0.6, 0.39, 0.37), (0.58, 0.12, 0.39, 0.34)
    plots = ()  # what each of its axes (boxes in shares of the figure) shows, in words

    def __init__(self, question, **setting):
        self.question = question
        checked = {name: kind(name, setting[name]) for name, kind in self.kinds.items()}
        self.setting = {**setting, **checked}

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

    @book_style()
    def svg(self):
        sheet = Sheet(*self.boxes)
        self.draw(*sheet.axes)
        return as_svg(sheet.figure)
