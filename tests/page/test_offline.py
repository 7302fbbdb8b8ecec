"""The built pages load nothing from the network."""

import re
from html.parser import HTMLParser

import pytest
from toc import toc_pages


class Resources(HTMLParser):
    """What a page makes a browser fetch without being asked."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "link" and attributes.get("rel") not in ("canonical", "next", "prev", "search"):
            self.found.append(attributes.get("href"))
        elif tag != "a":
            self.found.append(attributes.get("src"))


@pytest.mark.parametrize("name", toc_pages())
def test_page_needs_no_network(built_book, name):
    resources = Resources()
    resources.feed((built_book / f"{name}.html").read_text(encoding="utf-8"))
    outside = [url for url in resources.found if url and re.match(r"(https?:)?//", url)]
    assert not outside


def test_style_sheets_need_no_network(built_book):
    for path in (built_book / "_static").rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        outside = re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)\"']*", text)
        assert not outside, path


def test_links_to_what_is_carried_lead_there(built_book):
    page = built_book / "book" / "use_it.html"
    links = re.findall(r'href="(\.\./files/[^"]+)"', page.read_text(encoding="utf-8"))
    there = {file.name for file in (built_book / "files").iterdir()}
    assert {(page.parent / link).resolve().name for link in links} == there
    assert all((page.parent / link).is_file() for link in links) and len(there) >= 10


@pytest.mark.parametrize("words", ["learning rate", "which method", "warmup", "schedule"])
def test_search_finds_what_a_reader_asks_for(page_of, words):
    page = page_of("search")
    page.goto(f"{page.url}?q={words.replace(' ', '+')}")
    results = page.locator("#search-results ul.search li a")
    results.first.wait_for()
    assert results.count() > 0
