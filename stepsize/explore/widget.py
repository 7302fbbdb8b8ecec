"""An explorer in a notebook: the page's own script, which asks this package what to draw."""

from __future__ import annotations

import re

import numpy as np

from stepsize.explore.page import HERE, STYLE, scripts
from stepsize.extras import extra

with extra("explore"):
    import anywidget
    import traitlets

__all__ = ["Widget", "packed", "view"]

_FEW = 100  # numbers that travel as text


def _module(*kinds):
    """The classic scripts that an explorer needs as one module, with a name of its own."""
    methods, catalogue, *others = (file.read_text("utf-8") for file in scripts(*kinds))
    notebook = (HERE / "notebook.js").read_text("utf-8")
    rest = "\n".join([catalogue, notebook, *others])
    return (
        f"const Stepsize = (() => {{\nconst globalThis = {{}};\n{methods}\n"
        f"return globalThis.Stepsize;\n}})();\n{rest}\n"
        "export default { render: Stepsize.notebook.render };\n"
    )


class Widget(anywidget.AnyWidget):
    """The live figure of an explorer.

    The script sends ``{"number": n, "setting": text}``, the text as in a link; the answer is
    ``{"number": n, "lines": words, "found": results}``, or ``{"number": n, "error": text}`` with
    the ``name`` of the argument and the ``place`` of the method that it is of.
    """

    _css = STYLE.read_text("utf-8") + (HERE / "notebook.css").read_text("utf-8")
    figure = traitlets.Unicode().tag(sync=True)

    def __init__(self, explorer):
        self.explorer, self._esm = explorer, _module(explorer.name, *explorer.parts)
        super().__init__(figure=explorer.html(live=True))
        self.on_msg(lambda _, question, buffers: self.send(*self.answer(question)))

    def answer(self, question):
        """What is sent back: what JSON can hold, and the buffers of its arrays."""
        buffers = []
        try:
            explorer = self.explorer.moved(question["setting"])
            found = {"lines": explorer.lines(), "found": packed(explorer.run(), buffers)}
        except (Exception, KeyboardInterrupt) as problem:  # a reader's own code may raise anything
            found, buffers = _refusal(problem), []
        return {"number": question["number"], **found}, buffers

    def close(self):
        self.layout.close()
        super().close()


def _refusal(problem):
    text, name = str(problem) or type(problem).__name__, None
    if isinstance(problem, ValueError):
        name = re.match(r"\w*", text)[0]
    else:
        text = f"{type(problem).__name__}: {text}"
    return {"error": text, "name": name, "place": getattr(problem, "place", None)}


def packed(value, buffers):
    """The same for JSON: of a large array its shape, and among the buffers its numbers."""
    if isinstance(value, dict):
        return {name: packed(one, buffers) for name, one in value.items()}
    if isinstance(value, np.ndarray) and value.size > _FEW:
        buffers.append(np.ascontiguousarray(value, float).tobytes())
        return {"buffer": len(buffers) - 1, "shape": list(value.shape)}
    if isinstance(value, (np.ndarray, np.generic)):
        return packed(value.tolist(), buffers)
    if isinstance(value, (list, tuple)):
        return [packed(one, buffers) for one in value]
    if isinstance(value, float) and not np.isfinite(value):
        return {"number": repr(value).replace("inf", "Infinity")}
    return value


_shown = {}  # by a notebook's cell: the request that showed widgets there last, and these


def view(explorer):
    """What shows a new widget in a notebook. The last ones of the same cell are closed."""
    from IPython import get_ipython

    widget = Widget(explorer)
    request = get_ipython().kernel.get_parent()
    cell, number = request.get("metadata", {}).get("cellId"), request["header"]["msg_id"]
    if cell is not None:
        last, widgets = _shown.get(cell, (None, []))
        if last != number:
            for one in widgets:
                one.close()
            widgets = []
        _shown[cell] = number, [*widgets, widget]
    bundle = widget._repr_mimebundle_()
    return bundle[0] if isinstance(bundle, tuple) else bundle
