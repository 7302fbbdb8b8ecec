"""Print in the light theme's colours, whichever theme the page is read in."""

import re
from pathlib import Path

RULE = re.compile(r"([^{};/]*)(\{[^{}]*\})")  # the selectors begin behind a comment
BETWEEN_SELECTORS = re.compile(r",(?![^()]*\))")
LIGHT, DARK = (re.compile(rf"\[data-theme=([\"']?){theme}\1\]") for theme in ("light", "dark"))


def on_paper(css):
    """The style sheet with its dark rules for screens only, and its light ones for all paper."""

    def rewrite(match):
        selectors, body = BETWEEN_SELECTORS.split(match[1]), match[2]
        dark = [s for s in selectors if DARK.search(s)]
        light = [LIGHT.sub('[data-theme="dark"]', s) for s in selectors if LIGHT.search(s)]
        rest = [s for s in selectors if s not in dark]
        return (
            (",".join(rest) + body if rest else "")
            + (f"@media screen{{{','.join(dark)}{body}}}" if dark else "")
            + (f"@media print{{{','.join(light)}{body}}}" if light else "")
        )

    return RULE.sub(rewrite, css)


def rewrite_styles(app, exception):
    if exception is None and app.builder.format == "html":
        for sheet in Path(app.outdir, "_static").rglob("*.css"):
            text = sheet.read_text(encoding="utf-8")
            if "data-theme" in text:
                sheet.write_text(on_paper(text), encoding="utf-8")


def setup(app):
    # After the theme, which writes the colours of code at the same event.
    app.connect("build-finished", rewrite_styles, priority=900)
    return {"parallel_read_safe": True}
