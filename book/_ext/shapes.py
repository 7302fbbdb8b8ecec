"""Let docstrings say ``(d, *runs)`` in plain text: the star there starts no emphasis."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # where autodoc finds the experiments


def escape_stars(app, what, name, obj, options, lines):
    def escape(match):
        return match[0] if match[0].startswith("``") else "\\" + match[0]

    for i, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            lines[i] = re.sub(r"``.*?``|\*(?=\w+[,)])", escape, line)


def setup(app):
    # Before napoleon, which comes at 500.
    app.connect("autodoc-process-docstring", escape_stars, priority=400)
    return {"parallel_read_safe": True}
