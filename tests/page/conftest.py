"""The built book in a real browser, with no way out of this machine."""

import functools
import os
import shutil
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from page.helpers import page_with
from toc import ROOT

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def built_book():
    """The directory of the built pages."""
    html = ROOT / "_build" / "html"
    if not (html / "index.html").is_file():
        if os.environ.get("CI") or os.environ.get("STEPSIZE_REQUIRE_BOOK"):
            pytest.fail("the book is not built: _build/html/index.html is missing")
        pytest.skip("the book is not built: run make book, or make test")
    return html


# One a module, for the event loop that it keeps open would trouble the notebooks' tests.
@pytest.fixture(scope="module")
def browser():
    """A headless Chromium under Playwright."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


UNFOLD = """addEventListener("DOMContentLoaded", () => new MutationObserver(() => {
  for (const more of document.querySelectorAll(".explorer-more:not([open])")) more.open = true;
}).observe(document.body, { childList: true, subtree: true }));
"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server(built_book):
    """The address of a web server with the built pages."""
    handler = functools.partial(Quiet, directory=built_book)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


@pytest.fixture
def page_of(browser, built_book, server):
    """``page_of("book/planning", width=390, dark=True, disk=True)`` opens that page.

    ``disk`` reads it from ``file:`` instead of the local server; further keywords are those of
    Playwright's ``new_context``. It returns Playwright's page once its mathematics is set. The
    test fails in the end if the page asked anybody else for anything, or reported an error.
    """
    contexts, trouble = [], []

    def open_page(name, *, width=1280, height=900, dark=False, disk=False, **options):
        base = built_book.as_uri() if disk else server
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            **options,
        )
        contexts.append(context)

        def gate(route):
            if route.request.url.startswith((base, "data:", "blob:")):
                route.continue_()
            else:
                trouble.append(f"{name} asks for {route.request.url}")
                route.abort()

        def listen(message):
            if message.type == "error":
                trouble.append(f"{name} reports: {message.text}")

        context.route("**/*", gate)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: trouble.append(f"{name} fails: {error}"))
        path, _, fragment = name.partition("#")
        page.goto(f"{base}/{path}.html" + (f"#{fragment}" if fragment else ""))
        page.evaluate("() => window.MathJax?.startup?.promise.then(() => true)")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not trouble, "\n".join(trouble)


@pytest.fixture
def show(browser, tmp_path):
    """``show(explorer)`` opens it from disk; the test fails on errors and outside requests.

    What waits behind "more" is unfolded, unless ``folded``; ``script`` runs before the page's own.
    """
    contexts, trouble = [], []

    def open_page(explorer, *, folded=False, script="", fragment="", **options):
        file = tmp_path / "page.html"
        file.write_text(page_with(explorer), encoding="utf-8")
        context = browser.new_context(**{"viewport": {"width": 1000, "height": 900}, **options})
        contexts.append(context)
        context.add_init_script(script if folded else UNFOLD + script)

        def gate(route):
            if route.request.url.startswith(("file:", "data:")):
                route.continue_()
            else:
                trouble.append(f"asks for {route.request.url}")
                route.abort()

        context.route("**/*", gate)
        page = context.new_page()
        page.on("console", lambda m: m.type == "error" and trouble.append(m.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.goto(f"{file.as_uri()}#{fragment}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not trouble, "\n".join(trouble)
