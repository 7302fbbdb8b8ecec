"""The landscape explorer: the page's surface, samples and runs are the package's, and its words."""

import json
import sys

import numpy as np
import pytest
from page.helpers import engine, said

from experiments.landscape import STREAM
from stepsize import GradientDescent, explore
from stepsize import track as run
from stepsize.checks import per_weight
from stepsize.explore.digits import portable
from stepsize.explore.landscape import SHAPE, error
from stepsize.explore.samples import draw
from stepsize.theory import flipping_errors

METHODS = ("IDBD", "Autostep", "RMSProp", "Adam")


@pytest.fixture(scope="module")
def js():
    return engine("landscape")


def on_page(js, expression, explorer):
    js.eval(f"var {{ setting, made, shape }} = {json.dumps(portable(explorer.data()))}")
    js.eval("var data = Stepsize.online.samples({ ...shape, ...setting }, shape)")
    return json.loads(js.eval(f"JSON.stringify({expression})"))


def samples(explorer, **shape):
    given = {**SHAPE, **shape}
    s = explorer.setting
    return draw("weights that flip", drift=0.0, seed=s["seed"], n=s["examples"], **given)[:2]


def test_the_surface_is_the_exact_error(js):
    pairs = np.random.default_rng(0).uniform(0, 0.7, (2, 600))
    pairs[0, :20] = 0  # a constant weight that stays
    pairs[1, 20:40] = 0  # a flipping one that does
    pairs[:, 40] = 0
    pairs[1, 41:44] = 1e-12, 1e-69, 5e-324  # one that has nearly vanished
    wanted = flipping_errors(STREAM, pairs[::-1]).sum(axis=0)
    every = explore.landscape().data()["shape"]["flip_every"]
    assert every == STREAM.flip_every
    got = json.loads(
        js.eval(
            f"JSON.stringify({json.dumps(pairs.T.tolist())}.map(Stepsize.landscape({every})),"
            "(_, v) => (v === Infinity ? 'unstable' : v))"
        )
    )
    got = np.array([np.inf if v == "unstable" else v for v in got])
    assert 100 < np.isinf(wanted).sum() < 500
    assert np.array_equal(np.isinf(got), np.isinf(wanted))
    assert np.allclose(got, wanted, rtol=1e-9, atol=0)


@pytest.mark.parametrize("seed", [1, 2, 20])
def test_the_samples_are_the_same_to_the_bit(js, seed):
    explorer = explore.landscape(seed=seed, examples=2500)
    page = on_page(js, "data.map(({ x, y }) => [x, y])", explorer)
    x, y = samples(explorer)
    assert np.array_equal([row[0] for row in page], x)
    assert np.array_equal([row[1] for row in page], y)
    # the target is the first input or its negative, and each is held for twenty samples
    sign = np.round(y / x[:, 0])
    assert set(sign) == {-1.0, 1.0} and np.allclose(y, sign * x[:, 0])
    flips = np.flatnonzero(np.diff(sign)) + 1
    assert (flips % 20 == 0).all() and 40 < len(flips) < 85  # of 124 chances


@pytest.mark.parametrize("method", METHODS)
def test_the_runs_are_the_same_to_rounding(js, method):
    explorer = explore.landscape(method, (0.25, 0.08), examples=300, step_size=0.1, beta2=0.99)
    page = on_page(
        js,
        """(() => {
          const { twin, given } = made[setting.method];
          const method = new Stepsize.methods[twin]({ ...setting, ...given });
          const run = new Stepsize.online.Run(method, data);
          const step_size = [setting.alpha_2, setting.alpha_1];
          Object.assign(run.state, { step_size, beta: step_size.map(Math.log) });
          run.advance(100);
          run.advance();
          return [run.w, run.step_size, run.squares];
        })()""",
        explorer,
    )
    trace = explorer.trace
    wanted = trace.w, trace.step_size[1:], trace.prediction_error**2
    for got, want in zip(page, wanted, strict=True):
        assert np.allclose(got, want, rtol=1e-9, atol=1e-12)
    assert np.array_equal(explorer.path, trace.step_size[20:, ::-1])


def at_constant(pair, runs=40, **shape):
    """The mean squared error on the explorer's own samples, in standard errors from the exact."""
    every = [samples(explore.landscape(seed=s, examples=4000), **shape) for s in range(runs)]
    x, y = (np.stack(part, axis=-1) for part in zip(*every, strict=True))
    method = GradientDescent(per_weight(pair[::-1]))
    mse = run(method, zip(x, y, strict=True), len(y)).mse(500)
    return (mse.mean() - error(pair)) / (mse.std(ddof=1) / np.sqrt(runs))


@pytest.mark.parametrize("pair", [(0.0, 0.333), (0.1, 0.1), (0.3, 0.1), (0.1, 0.5)])
def test_the_landscape_is_that_of_these_samples(pair):
    assert abs(at_constant(pair)) < 3.5


def test_it_would_not_be_without_the_fourth_moment_of_a_normal():
    x, _ = samples(explore.landscape(examples=100_000))
    assert abs(np.mean(x**2) - 1) < 0.01 and abs(np.mean(x**4) - 3) < 0.06
    assert at_constant((0.1, 0.5), spread=0.0) < -3.5


def test_a_start_is_where_the_path_starts():
    still = explore.landscape("IDBD", (0.2, 0.4), meta_step_size=0.0, examples=200)
    assert np.allclose(still.path, (0.2, 0.4))
    assert "from (0.2, 0.4) at sample 20 to (0.2, 0.4) at sample 200" in still.lines()[0]
    there = f"{error((0.2, 0.4)):.3g}"
    assert f"went from {there} to {there}." in still.lines()[1]


def test_what_lies_beyond_the_edge_has_no_number():
    still = explore.landscape("IDBD", (0.6, 0.6), meta_step_size=0.0, examples=200)
    assert still.lines()[1].startswith("The exact error went from not finite to not finite. ")
    assert error((np.nan, 0.1)) == np.inf


def test_it_comes_alive_and_says_what_the_package_says(show):
    explorer = explore.landscape(examples=1000)
    page = show(explorer)
    assert said(page) == explorer.lines()
    alternative = page.locator("figure.explorer > img").get_attribute("alt")
    assert alternative.endswith(" ".join(explorer.lines()))
    page.get_by_label("start of α₁").press("ArrowRight")
    page.get_by_label("meta step size").press("ArrowRight")
    changed = {"alpha_1": 0.31, "meta_step_size": 0.006}
    assert said(page) == explorer.replaced(**changed).lines()
    for method in METHODS[1:]:
        page.get_by_label("method").select_option(method)
        assert said(page) == explorer.replaced(**changed, method=method).lines()
    page.get_by_label("step size η").press("ArrowRight")
    page.get_by_label("decay").press("ArrowLeft")
    page.get_by_label("seed").press("ArrowRight")
    page.get_by_role("slider", name="samples").press("ArrowRight")
    changed |= {"method": "Adam", "step_size": 0.1, "beta2": 0.998, "seed": 2, "examples": 2000}
    assert said(page) == explorer.replaced(**changed).lines()
    page.get_by_role("button", name="Reset").click()
    assert said(page) == explorer.lines()


def start_of(page):
    return page.get_by_role("button", name="start (")


def test_the_start_is_moved_by_keys_mouse_and_finger(show):
    explorer = explore.landscape(examples=1000)
    page = show(explorer, has_touch=True)
    said(page)
    moved = {"alpha_1": 0.3, "alpha_2": 0.1}
    for key, name, by in (("ArrowUp", "alpha_2", 1), ("ArrowLeft", "alpha_1", -1)):
        start_of(page).press(key)
        moved[name] = round(moved[name] + by / 100, 2)
        assert said(page) == explorer.replaced(**moved).lines()
    page.evaluate(  # several keys within a frame
        """() => { for (let i = 0; i < 5; i++) document.activeElement.dispatchEvent(
          new KeyboardEvent("keydown", { key: "ArrowRight" })) }"""
    )
    moved["alpha_1"] = round(moved["alpha_1"] + 0.05, 2)
    assert said(page) == explorer.replaced(**moved).lines()
    for _ in range(4):  # and no farther than to the edge
        start_of(page).press("Shift+ArrowDown")
        two = said(page)
    assert two == explorer.replaced(**moved | {"alpha_2": 0.01}).lines()

    page.get_by_role("button", name="Reset").click()
    said(page)
    box = page.locator(".map canvas").bounding_box()
    left, top = box["x"] + 42, box["y"] + 20  # of the area inside the axes
    width, height = box["width"] - 54, box["height"] - 58

    def place(alpha_1, alpha_2):
        return left + alpha_1 / 0.6 * width, top + (1 - alpha_2 / 0.6) * height

    page.mouse.move(*place(0.3, 0.1))
    page.mouse.down()
    page.mouse.move(*place(0.2, 0.3), steps=5)
    page.mouse.up()
    assert said(page) == explorer.replaced(alpha_1=0.2, alpha_2=0.3).lines()
    page.touchscreen.tap(*place(0.4, 0.2))
    assert said(page) == explorer.replaced(alpha_1=0.4, alpha_2=0.2).lines()
    assert start_of(page).get_attribute("aria-label").startswith("start (0.4, 0.2)")
    assert page.get_by_label("start of α₂").get_attribute("aria-valuetext") == "0.2"


def test_normalization_has_no_start(show):
    explorer = explore.landscape("RMSProp", examples=1000)
    page = show(explorer)
    lines = said(page)
    assert lines == explorer.lines()
    assert page.locator("button.start").is_hidden()
    for label in ("start of α₁", "start of α₂", "meta step size"):
        assert page.get_by_label(label).is_hidden()
    page.locator(".map canvas").click(position={"x": 200, "y": 150})
    assert said(page) == lines
    page.get_by_label("method").select_option("IDBD")
    said(page)
    assert start_of(page).is_visible()
    for label in ("step size η", "decay"):
        assert page.get_by_label(label).is_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_needs_no_scroll(show, scheme):
    page = show(
        explore.landscape(examples=500),
        viewport={"width": 390, "height": 800},
        color_scheme=scheme,
    )
    said(page)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    # where LMS is unstable the map is blank
    context = "document.querySelector('.map canvas').getContext('2d')"
    assert page.evaluate(f"{context}.getImageData(340, 30, 1, 1).data[3]") == 0
    assert page.evaluate(f"{context}.getImageData(300, 190, 1, 1).data[3]") > 0


def test_the_page_is_the_same_where_the_last_bits_are_others(monkeypatch):
    module = sys.modules["stepsize.explore.landscape"]
    page = explore.landscape(examples=500).html()
    found = module._known()

    def nearly(value):
        return value * (1 + 1e-13) if isinstance(value, float) else tuple(map(nearly, value))

    monkeypatch.setattr(module, "_known", lambda: (*map(nearly, found[:2]), *found[2:]))
    assert explore.landscape(examples=500).html() == page
    assert explore.landscape().data()["single"] != found[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "Csawg"}, "method must be one of 'IDBD', 'Autostep', 'RMSProp', 'Adam'"),
        ({"start": (0.1, 0.7)}, "start must be two step sizes between 0.01 and 0.6"),
        ({"start": (0.0, 0.1)}, "start must be two step sizes between 0.01 and 0.6"),
        ({"start": 0.1}, "start must be two step sizes"),
        ({"start": (0.1, 0.1, 0.1)}, "start must be two step sizes"),
        ({"meta_step_size": -1}, "meta_step_size"),
        ({"step_size": -1}, "step_size"),
        ({"beta2": 1.0}, r"beta2 must be in \[0, 1\)"),
        ({"seed": -1}, "seed"),
        ({"examples": 99}, "examples must be a whole number and at least 100, got 99"),
    ],
)
def test_what_a_call_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        explore.landscape(**arguments)
