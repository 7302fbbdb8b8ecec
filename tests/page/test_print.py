"""Pages on paper: printed from the dark they are what they are printed from the light."""

import pytest
from page.helpers import at_rest

PAGES = ["book/bowl", "book/api"]

# Of each visible element of the article that has text of its own: what it is and its colours.
LOOKS = """() => {
  const parse = colour => {
    const [r, g, b, alpha = 1] = colour.match(/[\\d.]+/g).map(Number);
    return [r, g, b, alpha];
  };
  const behind = element => {
    if (!element) return [255, 255, 255];
    const [r, g, b, alpha] = parse(getComputedStyle(element).backgroundColor);
    if (alpha === 1) return [r, g, b];
    const below = behind(element.parentElement);
    return [r, g, b].map((value, i) => alpha * value + (1 - alpha) * below[i]);
  };
  const luminance = rgb => rgb.map(value => value / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + [0.2126, 0.7152, 0.0722][i] * v, 0);
  const looks = [];
  for (const element of document.querySelectorAll("main *")) {
    const written = element.matches("mjx-container, img, summary") ||
      [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!written || !element.checkVisibility() || !element.getClientRects().length) continue;
    const style = getComputedStyle(element), ground = behind(element);
    const [ink, paper] = [luminance(parse(style.color).slice(0, 3)), luminance(ground)];
    looks.push({
      what: `${element.tagName.toLowerCase()}.${element.className}`,
      text: element.textContent.trim().slice(0, 40),
      contrast: (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05),
      ground,
      style: [style.color, style.borderColor, style.filter, style.padding, style.boxShadow],
    });
  }
  return looks;
}"""


@pytest.mark.parametrize("name", PAGES)
def test_printed_from_the_dark_as_from_the_light(page_of, name):
    page = page_of(name, dark=True)
    for figure in page.locator("figure.explorer[data-explorer]").all():
        figure.scroll_into_view_if_needed()
        figure.locator(".explorer-body").wait_for()
        at_rest(figure)
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    looks = page.evaluate(LOOKS)
    assert {"h1", "h2", "p", "a", "span"} <= {look["what"].partition(".")[0] for look in looks}
    assert not [look for look in looks if look["contrast"] < 4.5]
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    assert looks == page.evaluate(LOOKS)
