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
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
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


class Window:
    """A page of the browser through which one test after the other looks, for a new one is dear.

    It is turned to what a test wants to see; what it cannot be turned to gets a page of its own.
    Whatever it asks of anybody but those allowed, and whatever it complains of, is trouble.
    """

    def __init__(self, browser):
        self.browser = browser
        self.allowed, self.trouble, self.others = (), [], []
        self.page = self.new()

    def new(self, **options):
        page = self.browser.new_context(**options).new_page()
        page.on("request", self.asked)
        page.on("console", lambda m: m.type == "error" and self.trouble.append(f"says: {m.text}"))
        page.on("pageerror", lambda error: self.trouble.append(f"fails: {error}"))
        return page

    def asked(self, request):
        if not request.url.startswith((*self.allowed, "data:", "blob:", "about:")):
            self.trouble.append(f"asks for {request.url}")

    def look_at(self, url, allowed, viewport, color_scheme="light", reduced_motion=None, **options):
        self.allowed = (allowed,)
        page = self.page
        if options:
            page = self.new(viewport=viewport, **options)
            self.others.append(page.context)
        elif viewport:
            page.set_viewport_size(viewport)
        motion = reduced_motion or "no-preference"
        page.emulate_media(media="null", color_scheme=color_scheme, reduced_motion=motion)
        page.goto(url)
        return page

    def clear(self):
        """Leave nothing to the next, and fail if there was any trouble."""
        if self.page.url != "about:blank":
            self.page.mouse.move(0, 0)
            self.page.mouse.up()
            self.page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
            self.page.goto("about:blank")
        for context in self.others:
            context.close()
        self.others, trouble, self.trouble = [], self.trouble, []
        assert not trouble, "\n".join(trouble)


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


@pytest.fixture(scope="module")
def window(browser):
    """The window of a module's tests."""
    return Window(browser)


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


@pytest.fixture(scope="module")
def in_the_book(window, built_book, server):
    """How ``page_of`` opens a page, for fixtures that keep one open for several tests."""

    def open_page(name, *, width=1280, height=900, dark=False, disk=False, **options):
        base = built_book.as_uri() if disk else server
        path, _, fragment = name.partition("#")
        page = window.look_at(
            f"{base}/{path}.html" + (f"#{fragment}" if fragment else ""),
            base,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            **options,
        )
        page.evaluate("() => window.MathJax?.startup?.promise.then(() => true)")
        return page

    return open_page


@pytest.fixture
def page_of(window, in_the_book):
    """``page_of("book/planning", width=390, dark=True, disk=True)`` opens that page.

    ``disk`` reads it from ``file:`` instead of the local server; further keywords are those of
    Playwright's ``new_context``. It returns Playwright's page once its mathematics is set. The
    test fails in the end if the page asked anybody else for anything, or reported an error.
    """
    yield in_the_book
    window.clear()


UNFOLD = """addEventListener("DOMContentLoaded", () => new MutationObserver(() => {
  for (const more of document.querySelectorAll(".explorer-more:not([open])")) more.open = true;
}).observe(document.body, { childList: true, subtree: true }));
"""


@pytest.fixture
def show(window, tmp_path):
    """``show(explorer)`` opens it from disk; the test fails on errors and outside requests.

    What waits behind "more" is unfolded, unless ``folded``; ``script`` runs before the page's own.
    """

    def open_page(explorer, *, folded=False, script="", fragment="", **options):
        file = tmp_path / f"{len(list(tmp_path.iterdir()))}.html"
        script = script if folded else UNFOLD + script
        file.write_text(page_with(explorer, script=script), encoding="utf-8")
        url = f"{file.as_uri()}#{fragment}"
        return window.look_at(
            url, "file:", **{"viewport": {"width": 1000, "height": 900}, **options}
        )

    yield open_page
    window.clear()
