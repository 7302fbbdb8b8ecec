"""The ledger in a browser: linked, filtered, sorted, whole without script."""

from experiments import claims

CLAIMS = claims.all_claims()
ROWS = "table.ledger tbody tr"


def visible(page):
    return page.eval_on_selector_all(ROWS, "rows => rows.filter(r => !r.hidden).map(r => r.id)")


def test_page_links_every_row_to_its_claim(page_of, built_book):
    page = page_of("book/ledger")
    links = page.eval_on_selector_all(
        f"{ROWS} td:first-child a", "links => links.map(a => a.getAttribute('href'))"
    )
    assert len(links) == len(CLAIMS)
    for link in links:
        name, _, fragment = link.partition("#")
        text = (built_book / "book" / name).read_text(encoding="utf-8")
        assert f'id="{fragment}"' in text or f"id='{fragment}'" in text, link


def test_link_arrives_at_the_row(page_of):
    page = page_of("book/valley#claim-yao-fig5a-k5")
    assert "320" in page.text_content(":target")


def test_filters(page_of):
    page = page_of("book/ledger")
    chosen = page.locator(".ledger-filters select")
    papers = {c.id for c in CLAIMS if c.paper == "Sutton 1992"}
    chosen.nth(0).select_option("Sutton 1992")
    assert set(visible(page)) == papers
    chosen.nth(0).select_option("")
    chosen.nth(1).select_option("valley")
    assert set(visible(page)) == {c.id for c in CLAIMS if c.chapter == "valley"}
    chosen.nth(4).select_option("Csawg")
    both = {c.id for c in CLAIMS if c.chapter == "valley" and "Csawg" in c.methods}
    assert set(visible(page)) == both
    assert page.text_content(".ledger-filters output").startswith(f"{len(both)} of {len(CLAIMS)}")
    for i in (1, 4):
        chosen.nth(i).select_option("")
    chosen.nth(2).select_option(claims.NOT)
    assert page.text_content(".ledger-filters output").endswith(f" {claims.NOT}")
    chosen.nth(2).select_option("")
    chosen.nth(3).select_option("theorem")
    assert set(visible(page)) == {c.id for c in CLAIMS if c.kind == "theorem"}
    chosen.nth(3).select_option("")
    page.fill(".ledger-filters input", "nelder 185")
    assert "yao-conclusion-nelder-mead" in visible(page)
    assert len(visible(page)) < len(CLAIMS) / 10


def test_headings_sort_up_down_and_back(page_of):
    page = page_of("book/ledger")
    before = visible(page)
    button = page.locator("table.ledger th button").first
    button.click()
    up = visible(page)
    button.click()
    down = visible(page)
    button.click()
    assert up == down[::-1] != before
    assert sorted(up) == sorted(before) and up[0].startswith("book")
    assert visible(page) == before


def test_table_is_whole_without_script(page_of):
    page = page_of("book/ledger", java_script_enabled=False)
    assert page.locator(ROWS).count() == len(CLAIMS)
    assert page.locator(".ledger-filters").count() == 0
    assert page.locator(ROWS).last.is_visible()


def test_phone_scrolls_downwards_only(page_of):
    page = page_of("book/ledger", width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
