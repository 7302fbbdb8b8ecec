"""Take out of the theme's pages what fails from a disk: fonts are fetched again, across origins."""

import re
from pathlib import Path


def drop_preloads(app, exception):
    if exception is None and app.builder.format == "html":
        for page in Path(app.outdir).rglob("*.html"):
            text = page.read_text(encoding="utf-8")
            page.write_text(re.sub(r'<link rel="preload"[^>]*>\s*', "", text), encoding="utf-8")


def setup(app):
    app.connect("build-finished", drop_preloads)
    return {"parallel_read_safe": True}
