"""Every page of the built book, wide and narrow, light and dark, from a server and from disk."""

import pytest
from toc import toc_pages


def check(page, width, theme):
    page.emulate_media(color_scheme=theme)
    page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)
    page.set_viewport_size({"width": width, "height": 900})
    beyond = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert beyond <= 0, f"{beyond} px beyond a window of {width} px"


@pytest.mark.parametrize("name", toc_pages())
@pytest.mark.parametrize("disk", [False, True], ids=["server", "disk"])
def test_page(page_of, name, disk):
    # A page is loaded once wide and light, once narrow and dark, and turned to the rest.
    width, theme, other = (390, "dark", "light") if disk else (1280, "light", "dark")
    page = page_of(name, width=width, dark=disk, disk=disk)
    check(page, width, theme)
    check(page, width, other)

    raw = page.locator("main .math:not(:has(mjx-container))")
    assert raw.count() == 0, f"not typeset: {raw.all_inner_texts()}"
    wrong = page.locator('mjx-container:has(mjx-merror, mjx-mtext[style*="color: red"])')
    assert wrong.count() == 0, f"not understood: {wrong.all_text_contents()}"

    images = page.evaluate(
        "[...document.querySelectorAll('main img')].map(i => [i.src, i.alt, i.naturalWidth])"
    )
    for source, alternative, pixels in images:
        assert alternative.strip(), f"no alternative text: {source[-80:]}"
        assert alternative != source.rpartition("/")[2], f"a file name for a text: {alternative}"
        assert pixels > 0, f"image not found: {source[-80:]}"
