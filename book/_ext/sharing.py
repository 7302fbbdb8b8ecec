"""Tell whoever shares a page what it is, and readers where the sources are, if the build knows.

``STEPSIZE_REPOSITORY`` is the address of the repository, ``STEPSIZE_SITE`` that of the pages.
Without them nothing points outside.
"""

import html
import os
import re
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxRole

PICTURE = "_static/headline.png"


def repository():
    return os.environ.get("STEPSIZE_REPOSITORY", "").rstrip("/")


def buttons(app, config):
    """The theme's links to the sources and to a new issue, for the hosts that it knows."""
    if any(host in repository() for host in ("github", "gitlab", "bitbucket")):
        config.html_theme_options.update(
            repository_url=repository(), use_repository_button=True, use_issues_button=True
        )


def describe(app, pagename, templatename, context, doctree):
    """A description and a card, of the page's first paragraph."""
    if doctree is None:
        return
    first = next((p.astext() for p in doctree.findall(nodes.paragraph)), "")
    what = html.escape(" ".join(first.split())[:300])
    title = html.escape(next(doctree.findall(nodes.title)).astext())
    site = os.environ.get("STEPSIZE_SITE", "").rstrip("/")
    base = f"{site}/" if site else "../" * pagename.count("/")
    card = {"title": title, "description": what, "type": "article", "image": base + PICTURE}
    if site:
        card["url"] = f"{site}/{pagename}.html"
    context["metatags"] = (
        context.get("metatags", "")
        + f'<meta name="description" content="{what}" />\n'
        + '<meta name="twitter:card" content="summary_large_image" />\n'
        + "".join(f'<meta property="og:{k}" content="{v}" />\n' for k, v in card.items())
    )


def front(app, exception):
    """Give the address of the whole book, which only leads to its first page, that one's card."""
    if exception is None and app.builder.format == "html":
        first = f"{app.config.root_doc}.html"
        text = Path(app.outdir, first).read_text(encoding="utf-8")
        card = "".join(re.findall(r'<meta (?:name="(?:desc|twit)|property="og:).*>\n', text))
        Path(app.outdir, "index.html").write_text(
            f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
            f"<title>{html.escape(app.config.html_title)}</title>\n"
            f'{card.replace("../", "")}<meta http-equiv="Refresh" content="0; url={first}">\n'
            f'<a href="{first}">{html.escape(app.config.html_title)}</a>\n',
            encoding="utf-8",
        )


class Report(SphinxRole):
    """A link to where errors are reported, or the words alone where the build knows no place."""

    def run(self):
        if repository():
            return [nodes.reference("", self.text, refuri=f"{repository()}/issues/new")], []
        return [nodes.inline("", self.text)], []


def setup(app):
    app.add_role("report", Report())
    app.connect("config-inited", buttons)
    app.connect("html-page-context", describe)
    app.connect("build-finished", front, priority=900)  # after the one that it replaces
    return {"parallel_read_safe": True, "parallel_write_safe": True}
