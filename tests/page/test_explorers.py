"""The explorers in a real browser: by mouse, finger and keyboard, with no way out."""

import dataclasses
import html
import itertools
import json
import re

import pytest
from matplotlib.figure import Figure
from page.helpers import KINDS, of_every_kind, picture, said, two_frames
from toc import ROOT

import stepsize
from experiments.papers import PUBLISHED
from stepsize import (
    IDBD,
    L4,
    Csawg,
    GradientDescent,
    Nesterov,
    Polyak,
    StochasticPolyak,
    explore,
)
from stepsize.explore.catalogue import renewed
from stepsize.explore.digits import number
from stepsize.explore.page import FILES, catalogue_script


def words(methods, **setting):
    """What the package says of the same setting."""
    return explore.valley(methods, **setting).lines()


def card(page, name):
    return page.locator("fieldset").filter(
        has=page.locator("legend", has_text=re.compile(f"^{name}$"))
    )


def value_of(slider):
    return float(slider.get_attribute("aria-valuetext").replace(",", ""))


GD, PLANNED = GradientDescent(0.001), Csawg(0.001, 10, planning_steps=5, correction_steps=10)


def test_it_comes_alive_and_says_the_published_counts(show):
    page = show(explore.valley([GD, PLANNED]))
    assert page.locator("figure.explorer.live > img").is_hidden()
    lines = said(page)
    assert lines == words([GD, PLANNED])
    assert "error exactly 0 at iteration 79 (counting from 0), 465 gradient evaluations" in lines[1]


def test_presets_are_the_published_settings_and_reset_returns(show):
    page = show(explore.valley([GD], presets=PUBLISHED))
    first = said(page)
    for figure, setting in PUBLISHED.items():
        page.get_by_role("button", name=figure, exact=True).click()
        assert said(page) == words(**setting)
        page.get_by_role("button", name="Reset").click()
        assert said(page) == first


def test_a_slider_changes_the_number_to_the_package_s(show):
    page = show(explore.valley([GD, PLANNED]))
    first = said(page)
    slider = card(page, "GD").get_by_label("step size")
    for _ in range(3):
        slider.press("ArrowRight")
    assert value_of(slider) == 0.0013
    lines = said(page)
    assert lines == words([GradientDescent(0.0013), PLANNED]) != first

    window = page.get_by_label("window")
    window.fill("1")  # the second stop
    assert value_of(window) == 2
    assert said(page)[1] == words([GradientDescent(0.0013), Csawg(0.001, 2, 5, 10)])[1]


def test_the_budget_and_the_axes(show):
    page = show(explore.valley([GD], grad_evals=100))
    budget = page.get_by_label("gradient evaluations")
    budget.press("End")
    assert value_of(budget) == 20_000
    assert said(page) == words([GD], grad_evals=20_000)
    curves = page.locator(".curve canvas")
    before = [curves.nth(i).evaluate("c => c.toDataURL()") for i in range(2)]
    page.get_by_label("horizontal axis").select_option("iterations")
    page.get_by_label("step sizes of").select_option("w₂")
    two_frames(page)
    after = [curves.nth(i).evaluate("c => c.toDataURL()") for i in range(2)]
    assert before[0] != after[0] and before[1] != after[1]


def start_of(page):
    two_frames(page)
    label = page.locator("button.start").get_attribute("aria-label")
    return [float(v) for v in re.search(r"\((.*), (.*)\)", label).groups()]


def test_click_and_drag_move_the_starting_point(show):
    page = show(explore.valley([GD, PLANNED]))
    box = page.locator(".map canvas").bounding_box()
    marker = page.locator("button.start").bounding_box()
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.4 * box["height"])
    lines, clicked = said(page), start_of(page)
    assert clicked != [-1, 0]
    assert lines == words([GD, PLANNED], w0=clicked)
    moved = page.locator("button.start").bounding_box()
    middle = moved["x"] + moved["width"] / 2, moved["y"] + moved["height"] / 2
    assert abs(middle[0] - box["x"] - 0.5 * box["width"]) < 2

    # The marker itself, dragged back to where it was and there a little further.
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(marker["x"] + 60, marker["y"] + 40, steps=5)
    page.mouse.move(marker["x"] + marker["width"] / 2, marker["y"] + marker["height"] / 2, steps=5)
    page.mouse.up()
    x, y = start_of(page)
    assert abs(x + 1) < 0.02 and abs(y) < 0.02
    assert said(page) == words([GD, PLANNED], w0=[x, y])


def test_a_finger_moves_the_starting_point(show):
    page = show(explore.valley([GD]), has_touch=True, viewport={"width": 390, "height": 800})
    box = page.locator(".map canvas").bounding_box()
    page.touchscreen.tap(box["x"] + 0.6 * box["width"], box["y"] + 0.3 * box["height"])
    assert said(page) == words([GD], w0=start_of(page)) != words([GD])


def test_arrow_keys_move_the_starting_point(show):
    page = show(explore.valley([GD]))
    marker = page.locator("button.start")
    marker.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowUp", "ArrowLeft", "ArrowDown"):
        marker.press(key)
    assert start_of(page) == [-0.95, 0.25]
    assert said(page) == words([GD], w0=[-0.95, 0.25])
    slider = page.get_by_label("start, w₁")
    assert value_of(slider) == -0.95
    slider.press("ArrowLeft")
    assert start_of(page) == [-1, 0.25]
    for _ in range(20):
        marker.press("Shift+ArrowDown")
    assert start_of(page) == [-1, explore.OBJECTIVES["rosenbrock"]["view"][1][0]]


def test_a_key_may_come_before_the_first_frame(show):
    held = """
      const frame = requestAnimationFrame, held = [];
      requestAnimationFrame = (draw) => held.push(draw);
      window.release = () => {
        requestAnimationFrame = frame;
        held.forEach((draw) => frame(draw));
      };
    """
    page = show(explore.valley([GD]), script=held)
    page.wait_for_selector("figure.explorer.live")
    page.locator("button.start").press("ArrowRight")
    page.evaluate("release()")
    assert start_of(page) == [-0.95, 0]


def test_methods_come_and_go(show):
    page = show(explore.valley([GD]))
    page.get_by_role("button", name="add a method").click()
    page.get_by_role("button", name="add a method").click()
    assert page.locator("legend").all_inner_texts() == ["GD", "heavy ball", "Nesterov"]
    momentum = card(page, "Nesterov").get_by_label("momentum")
    momentum.press("End")
    assert momentum.get_attribute("aria-valuetext") == "increasing"
    assert said(page)[2] == words([Nesterov(0.001, "increasing")])[0]
    card(page, "heavy ball").get_by_label("method", exact=True).select_option("Csawg")
    assert page.evaluate("document.activeElement.tagName") == "SELECT"
    assert said(page)[1] == words([Csawg(0.001, 10)])[0]
    card(page, "GD").get_by_label("remove this method").click()
    page.get_by_role("button", name="add a method").click()
    page.get_by_role("button", name="add a method").click()
    assert page.get_by_role("button", name="add a method").count() == 0
    assert page.locator("legend").count() == 4


def test_pairing_and_reuse_exclude_each_other(show):
    page = show(explore.valley([Csawg(0.001, 5)]))
    pairing, reuse = page.get_by_label("pairing"), page.get_by_label("reuse gradient")
    reuse.check()
    assert said(page) == words([Csawg(0.001, 5, reuse_gradient=True)])
    pairing.select_option("derived")
    assert not reuse.is_checked()
    assert said(page) == words([Csawg(0.001, 5, pairing="derived")])
    reuse.check()
    assert pairing.input_value() == "published"


def test_twins_are_told_apart_and_divergence_is_said(show):
    methods = [GradientDescent(0.001), GradientDescent(0.1)]
    page = show(explore.valley(methods))
    assert said(page) == words(methods)
    assert page.locator("legend").all_inner_texts() == ["GD step size 0.001", "GD step size 0.1"]
    swatches = page.locator("legend svg")
    first, second = (swatches.nth(i).inner_html() for i in range(2))
    assert first != second
    assert "diverged, not finite from iteration" in said(page)[1]


# All lines that a plot draws, and the texts of names, which alone have a line width of 3.
PENS = """
const drawn = (window.drawn = new Map()), pen = CanvasRenderingContext2D.prototype;
const listen = (name, hear) => {
  const draw = pen[name];
  pen[name] = function (...args) {
    if (!drawn.has(this)) drawn.set(this, { lines: [], texts: [], path: [] });
    hear.call(this, drawn.get(this), args);
    return draw.apply(this, args);
  };
};
listen("clearRect", (all) => Object.assign(all, { lines: [], texts: [] }));
listen("beginPath", (all) => (all.path = []));
listen("moveTo", (all, at) => all.path.push([at]));
listen("lineTo", (all, at) => all.path.at(-1)?.push(at));
listen("stroke", function (all) {
  if (this.lineWidth > 1) all.lines.push(...all.path.map((points) => [this.strokeStyle, points]));
});
listen("strokeText", function (all, [text, x, y]) {
  all.texts.push([this.fillStyle, text, x, y, this.measureText(text).width]);
});
"""
# Names with a line of another colour within them, by steps of half a pixel along each line.
CROSSED = """() => {
  const found = [], all = [];
  for (const { lines, texts } of drawn.values()) {
    for (const [own, text, x, y, width] of texts) {
      all.push(text);
      for (const [colour, points] of lines) {
        for (let i = 1; i < points.length; i++) {
          const [[a, b], [u, v]] = [points[i - 1], points[i]];
          const n = Math.ceil(2 * Math.hypot(u - a, v - b));
          for (let k = 0; k <= n; k++) {
            const px = a + (k / n) * (u - a), py = b + (k / n) * (v - b);
            if (px > x && px < x + width && Math.abs(py - y) < 4) found.push([text, colour, own]);
          }
        }
      }
    }
  }
  return [all, found.slice(0, 3)];
}"""


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("figure", PUBLISHED)
def test_a_name_stands_on_no_line(show, figure, width):
    page = show(
        explore.valley(**PUBLISHED[figure]),
        script=PENS,
        viewport={"width": width, "height": 900},
    )
    said(page)
    names, crossed = page.evaluate(CROSSED)
    methods = len(PUBLISHED[figure]["methods"])
    assert len(names) == methods if width == 1280 else 0 < len(names) <= methods
    assert crossed == []


def test_objectives(show):
    page = show(explore.valley([GD, PLANNED]))
    for objective in reversed(explore.OBJECTIVES):
        page.get_by_label("objective").focus()
        page.get_by_label("objective").select_option(objective)
        assert said(page) == words([GD, PLANNED], objective=objective)
        assert page.evaluate("document.activeElement.selectedOptions[0].value") == objective


@of_every_kind
def test_light_and_dark(show, kind):
    page = show(KINDS[kind](), color_scheme="light")
    pictures = []
    for scheme in ("light", "dark", "light"):
        page.emulate_media(color_scheme=scheme)
        two_frames(page)
        pictures.append(picture(page))
    assert pictures[0] == pictures[2] != pictures[1]


def test_the_book_s_theme_switch_is_followed(show):
    page = show(explore.valley([GD]))
    said(page)
    before = page.locator(".map canvas").evaluate("c => c.toDataURL()")
    dark = "--pst-color-background: #14181e; --pst-color-text-base: #ced6dd"
    page.add_style_tag(content=f'[data-theme="dark"] {{ {dark} }}')
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    said(page)
    assert page.locator(".map canvas").evaluate("c => c.toDataURL()") != before


@of_every_kind
def test_no_sideways_scroll(show, kind):
    page = show(KINDS[kind]())
    for width in (320, 390, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        two_frames(page)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_four_methods_need_no_sideways_scroll(show):
    page = show(explore.valley(**PUBLISHED["Fig. 7a"]), viewport={"width": 320, "height": 800})
    two_frames(page)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@of_every_kind
def test_without_scripts_the_picture_stands(show, kind):
    explorer = KINDS[kind]()
    page = show(explorer, java_script_enabled=False)
    shown = page.locator("figure.explorer > img")
    assert shown.is_visible() and shown.bounding_box()["width"] > 300
    assert shown.get_attribute("alt") == explorer.summary()
    assert page.locator("figcaption").inner_text() == explorer.question
    assert page.locator("input, select, button").count() == 0


@of_every_kind
def test_paper_shows_the_reader_s_setting(show, kind):
    page = show(KINDS[kind](), color_scheme="dark")
    first = said(page)
    page.locator(".explorer-front input").first.press("ArrowLeft")
    lines = said(page)
    assert lines != first
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("figure.explorer > img").is_hidden()
    assert (
        page.locator(".explorer-body :is(button:not(.start), input, select)")
        .filter(visible=True)
        .count()
        == 0
    )
    assert page.locator("output > span").all_inner_texts() == lines
    for canvas in page.locator(".plot canvas").all():
        assert canvas.is_visible()
        # dark on nothing, and nothing but a paler halo is light
        ink = canvas.evaluate(DARKEST)
        assert ink == 0, "the ink of the night on white paper"
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    two_frames(page)
    assert page.locator(".plot canvas").first.evaluate(DARKEST) > 100


# The least red of all opaque pixels, which those of text are.
DARKEST = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, 20);
  let least = 255;
  for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 250) least = Math.min(least, data[i]);
  return least;
}"""


@of_every_kind
def test_another_pixel_ratio_is_drawn_anew(show, kind):
    page = show(KINDS[kind](), viewport=None, no_viewport=True)  # Playwright's would hold it
    screen = page.context.new_cdp_session(page)
    for height, ratio in enumerate((1, 2, 1.25), 900):  # Chromium looks at the ratio with the size
        now = {"width": 1000, "height": height, "deviceScaleFactor": ratio, "mobile": False}
        screen.send("Emulation.setDeviceMetricsOverride", now)
        page.wait_for_function(SHARP, arg=ratio)


SHARP = """ratio => devicePixelRatio === ratio
  && [...document.querySelectorAll(".plot canvas")].every(
    canvas => canvas.width === Math.round(ratio * canvas.clientWidth))"""


# Each look at the clock takes 20 ms: longer than a frame's share of what is to be computed.
SLOW = """{ let now = 0; performance.now = () => (now += 20); }"""


@of_every_kind
def test_however_slow_the_clock_it_is_drawn(show, kind):
    short = {
        "landscape": lambda: explore.landscape(examples=1000),
        "sensitivity": lambda: explore.sensitivity(
            IDBD(), "meta_step_size", "weights that flip", budget=100
        ),
    }
    explorer = {**KINDS, **short}[kind]()
    page = show(explorer, script=SLOW)
    lines = said(page)
    assert lines and explorer.summary().endswith(" ".join(lines))


@of_every_kind
def test_an_address_that_is_none_is_none(show, kind):
    page = show(KINDS[kind](), fragment="%")
    lines = said(page)
    assert lines and KINDS[kind]().summary().endswith(" ".join(lines))


def test_without_scripts_a_line_says_what_is_missing(show):
    page = show(explore.rates(), java_script_enabled=False)
    assert "need scripts" in page.locator("figure.explorer noscript").inner_text()


CONTROLS = ".explorer-body :is(button, input, select, summary)"


@of_every_kind
def test_every_control_has_a_name_and_the_readout_is_announced(show, kind):
    page = show(KINDS[kind]())
    two_frames(page)
    for control in page.locator(".explorer-body :is(input, select)").all():
        assert control.evaluate("i => i.labels.length && i.labels[0].textContent.trim()")
    for control in page.locator(".explorer-body button").all():
        assert control.inner_text().strip() or control.get_attribute("aria-label")
    for canvas in page.locator(".plot canvas").all():
        assert canvas.get_attribute("role") == "img" and canvas.get_attribute("aria-label")
    assert page.locator("figure.explorer output").get_attribute("aria-live") == "polite"


@of_every_kind
def test_the_keyboard_alone_reaches_and_turns_everything(show, kind):
    page = show(KINDS[kind]())
    two_frames(page)
    seen = page.locator(CONTROLS).filter(visible=True)
    focused, turned = "document.activeElement", 0
    for i in range(seen.count()):
        page.keyboard.press("Tab")
        # in the order of the page
        assert seen.nth(i).evaluate(f"node => node === {focused}"), seen.nth(i).inner_text()
        is_slider = page.evaluate(f"{focused}.type === 'range'")
        if not is_slider and page.evaluate(f"{focused}.tagName !== 'SELECT'"):
            continue
        value = page.evaluate(f"{focused}.value")
        keys = ("ArrowLeft", "ArrowRight") if is_slider else ("ArrowUp", "ArrowDown")
        for key in keys:
            page.keyboard.press(key)
            two_frames(page)
            turned += page.evaluate(f"{focused}.value") != value
            value = page.evaluate(f"{focused}.value")
        # what was turned keeps the focus, and the rest is still there behind it
        assert seen.nth(i).evaluate(f"node => node === {focused}")
    assert turned > 2
    page.get_by_role("button", name="Reset").focus()
    page.keyboard.press("Enter")
    two_frames(page)
    assert KINDS[kind]().summary().endswith(" ".join(said(page)))


def test_a_name_that_no_script_knows_keeps_its_picture(show):
    explorer = explore.valley([GD])
    explorer.name = "of another day"
    page = show(explorer)
    assert page.locator("figure.explorer > img").is_visible()


def test_basins_are_of_the_last_method(show):
    plan = Csawg(0.001, 5, planning_steps=5, correction_steps=10)
    page = show(explore.valley([GD, plan], basins=True))
    page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    page.add_script_tag(
        content="""function dark() { // the share of the map that is more red than green by far
          const canvas = document.querySelector("figure canvas"), { width, height } = canvas;
          const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
          let count = 0;
          for (let i = 0; i < data.length; i += 4) {
            const [r, g, b, a] = data.slice(i, i + 4);
            if (a > 100 && r > 1.5 * g && b > g && r < 200) count += 1;
          }
          return count / (width * height);
        }"""
    )
    page.wait_for_function("dark() > 0.1")  # as published a quarter of the starts is lost
    assert said(page) == words([GD, plan], basins=True)
    page.get_by_label("safeguard").select_option("leap")
    page.wait_for_function("dark() < 0.01")
    assert said(page) == words([GD, dataclasses.replace(plan, safeguard="leap")], basins=True)


def test_a_choice_may_be_none(show):
    plan = Csawg(0.001, 5, planning_steps=5, correction_steps=10)
    page = show(explore.valley([plan]))
    page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    for title, safeguard in (("leap", "leap"), ("none", None)):
        page.get_by_label("safeguard").select_option(title)
        assert said(page) == words([dataclasses.replace(plan, safeguard=safeguard)])


def test_the_catalogue_is_the_package_s():
    file = next(file for file in FILES if file.name == "catalogue.js")
    command = "from stepsize.explore.page import catalogue_script as c; print(c(), end='')"
    assert file.read_text("utf-8") == catalogue_script(), (
        f'write it anew: python -c "{command}" > {file.relative_to(ROOT)}'
    )


def test_time_goes_back_and_plays(show):
    page = show(explore.valley([GD], grad_evals=1000))
    first, time = said(page), page.get_by_label("time")
    time.fill("100")  # half way
    two_frames(page)
    assert time.get_attribute("aria-valuetext") == "50 %"
    trace = explore.valley([GD], grad_evals=500).traces[0]
    there = number(trace.error[-1])
    assert said(page) == [f"GD: error {there} at 500 gradient evaluations, 500 iterations."]
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").click()
    assert 100 <= int(time.input_value()) < 200
    page.get_by_label("step size", exact=True).press("ArrowRight")  # a change shows the whole
    page.get_by_label("step size", exact=True).press("ArrowLeft")
    assert said(page) == first and time.input_value() == "200"


def test_where_motion_is_not_wanted_time_goes_by_steps(show):
    page = show(explore.valley([GD]), reduced_motion="reduce")
    two_frames(page)
    button, time = page.get_by_role("button", name="Step"), page.get_by_label("time")
    seen = []
    for _ in range(3):
        button.click()
        seen.append(time.input_value())
    two_frames(page)
    assert seen == ["0", "10", "20"] == [*seen[:2], time.input_value()]


def a_copied_link_leads_back(page, lines, first):
    """What is copied leads a fresh page to these lines; Reset says the first."""
    page.get_by_role("button", name="Copy link").click()
    assert "carries the setting" in page.locator("span[role=status]").inner_text()
    address = page.url
    page.get_by_role("button", name="Reset").click()
    assert said(page) == first
    page.goto("about:blank")
    page.goto(address)
    assert said(page) == lines


def test_a_link_carries_the_whole_setting(show):
    methods = [Polyak(0.0), L4("adam", minimum=None), StochasticPolyak(growth=2.0), PLANNED]
    explorer = explore.valley(methods, "turned bowl", [0.5, 2], 300, over="iterations", weight=2)
    page = show(explore.valley([GD]))
    first = said(page)
    page.evaluate(f"location.hash = {json.dumps(explorer.link())}")
    page.wait_for_timeout(50)
    assert said(page) == words(methods, objective="turned bowl", w0=[0.5, 2], grad_evals=300)
    assert page.get_by_label("horizontal axis").input_value() == "iterations"
    assert page.get_by_label("step sizes of").input_value() == "w₂"

    # what is copied leads a fresh page to the same
    page.get_by_label("planning steps").press("ArrowRight")
    lines = said(page)
    a_copied_link_leads_back(page, lines, first)


@pytest.mark.parametrize(
    "bad",
    [
        "objective=hill&x=0&y=0&grad_evals=10&methods=GradientDescent",
        "objective=bowl&w=0&grad_evals=10&methods=GradientDescent",
        "objective=bowl&x=0&y=x&grad_evals=10&methods=GradientDescent",
        "objective=bowl&x=0&y=0&grad_evals=10&methods=Magic",
        "objective=bowl&x=0&y=0&grad_evals=10&methods=GradientDescent,speed=1",
        "objective=bowl&x=0&y=0&grad_evals=10&methods=GradientDescent,step_size=fast",
        "objective=bowl&methods=Adam;Adam;Adam;Adam;Adam",
        "objective=bowl&methods=",
        "",
    ],
)
def test_a_link_to_nothing_changes_nothing(show, bad):
    page = show(explore.valley([GD]))
    first = said(page)
    page.evaluate(f"location.hash = {json.dumps('#valley?' + bad)}")
    page.wait_for_timeout(50)
    assert said(page) == first
    assert "does not know" in page.locator("span[role=status]").inner_text()


ELSEWHERE = {  # another setting of each kind
    "valley": lambda: explore.valley([Polyak(0.0), PLANNED], "camel", [1.0, -1.5], 100),
    "planning-step": lambda: explore.planning_step(Csawg(0.0015, 4, 3, 2), at=30),
    "rates": lambda: explore.rates("Nesterov", 40, step_size=1.2, momentum=0.7),
    "ray": lambda: explore.ray((2.5, 1.5), "turned bowl", 0.002, 0.5),
    "track": lambda: explore.track("Autostep", "a level that drifts", noise=1.0, examples=1000),
    "sensitivity": lambda: explore.sensitivity(L4(), "fraction", "bowl", budget=200, scale=2.0),
    "landscape": lambda: explore.landscape("RMSProp", step_size=0.1, seed=3, examples=2000),
}


@of_every_kind
def test_a_link_leads_to_the_setting_and_the_page_writes_the_same(show, kind):
    there = ELSEWHERE[kind]()
    page = show(KINDS[kind]())
    first = said(page)
    page.evaluate(f"location.hash = {json.dumps(there.link())}")
    page.wait_for_timeout(50)
    lines = said(page)
    assert there.summary().endswith(" ".join(lines)) and lines != first
    a_copied_link_leads_back(page, lines, first)


@of_every_kind
@pytest.mark.parametrize(
    "bad", ["", "speed=1", "seed=x&window=&method=Magic&x=left&step_size=fast"]
)
def test_a_link_to_nowhere_changes_nothing(show, kind, bad):
    page = show(KINDS[kind]())
    first = said(page)
    page.evaluate(f"location.hash = '#{kind}?{bad}'")
    page.wait_for_timeout(50)
    assert said(page) == first
    assert "does not know" in page.locator("span[role=status]").inner_text()


def test_the_playground_s_links_lead_somewhere(show):
    cells = json.loads((ROOT / "book" / "playground.ipynb").read_text("utf-8"))["cells"]
    outputs = [output["data"] for cell in cells for output in cell.get("outputs", [])]
    listed = "".join(line for data in outputs for line in data.get("text/markdown", []))
    links = [html.unescape(link) for link in re.findall('href="([^"]*)"', listed)]
    assert len(links) == 5
    page = show(explore.valley([GradientDescent(0.0001)]))
    seen = [said(page)]
    for link in links:
        page.evaluate(f"location.hash = {json.dumps(link)}")
        page.wait_for_timeout(50)
        seen.append(said(page))
        assert page.locator("span[role=status]").inner_text() == ""
    assert all(one != other for one, other in itertools.pairwise(seen))


def test_a_link_cannot_ask_for_the_impossible(show):
    page = show(explore.valley([GD]))
    text = "objective=bowl&x=-99&y=0.5&grad_evals=1e12&methods=Csawg,window=1e9,step_size=-4"
    page.evaluate(f"location.hash = {json.dumps('#valley?' + text)}")
    page.wait_for_timeout(50)
    assert start_of(page) == [-1.5, 0.5]
    lines = said(page)
    assert lines == words([Csawg(1e-5, 1000)], objective="bowl", w0=[-1.5, 0.5], grad_evals=20_000)


@pytest.mark.parametrize("name", explore.METHODS)
def test_every_method_can_be_chosen(show, name):
    page = show(explore.valley([GradientDescent(0.0005)], grad_evals=50))
    page.get_by_label("method", exact=True).select_option(name)
    lines = said(page)
    cls = getattr(stepsize, name)
    assert lines == words([renewed(cls, GradientDescent(0.0005))], grad_evals=50)
    for summary in page.locator("details:not([open]) > summary").all():
        summary.click()
    for field in dataclasses.fields(cls):
        assert page.get_by_label(field.name.replace("_", " "), exact=True).is_visible()


def test_one_class_several_windows_are_told_apart(show):
    page = show(explore.valley(**PUBLISHED["Fig. 5a"]))
    said(page)
    swatches = page.locator("legend svg")
    assert len({swatches.nth(i).inner_html() for i in range(4)}) == 4
    dashes = [line.get_linestyle() for line in drawn(**PUBLISHED["Fig. 5a"])]
    assert len({str(d) for d in dashes[1:]}) == 3


def drawn(**setting):
    """The lines of the errors in the static picture."""
    explorer = explore.valley(**setting)
    axes = Figure().subplots(3)
    explorer.draw(*axes)
    return axes[0].lines


def test_the_script_s_data_is_the_call_s():
    explorer = explore.valley([PLANNED], w0=[0.5, 1], grad_evals=77, over="iterations", weight=2)
    text = explorer.html()
    again = explore.valley([PLANNED], "rosenbrock", [0.5, 1], 77, over="iterations", weight=2)
    assert text == again.html()
    data = json.loads(html.unescape(re.search(r"data-setting='([^']*)'", text)[1]))
    assert data["setting"] == {
        "methods": "Csawg,step_size=0.001,window=10,planning_steps=5,correction_steps=10",
        "objective": "rosenbrock",
        "grad_evals": 77,
        "x": 0.5,
        "y": 1.0,
        "over": "iterations",
        "weight": "w₂",
    }
