"""Give each page the scripts and the style of what is on it: explorers, from the package."""

import re
import shutil
from pathlib import Path

from stepsize.explore import page

FIGURE = '<figure class="explorer"'


def copy(app):
    if app.builder.format == "html":
        folder = Path(app.outdir) / "_static" / "explorers"
        folder.mkdir(parents=True, exist_ok=True)
        for file in page.FILES:
            shutil.copy(file, folder)


def load(app, pagename, templatename, context, doctree):
    body = context.get("body") or ""
    if FIGURE in body:
        # The theme takes its contents out of the way of what is wider than the text.
        context["body"] = body.replace(FIGURE, '<figure class="explorer full-width"')
        app.add_css_file(f"explorers/{page.STYLE.name}")
    for file in page.scripts(*re.findall(r'data-(?:explorer|part)="([\w-]+)"', body)):
        app.add_js_file(f"explorers/{file.name}")
    if re.search(r"<table class=.[^>]*\bledger\b", body):
        app.add_js_file("ledger.js")


def setup(app):
    app.connect("builder-inited", copy)
    app.connect("html-page-context", load)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
