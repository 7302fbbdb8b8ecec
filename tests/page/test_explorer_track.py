"""The tracking explorer: the page's samples and runs are the package's, and so are its words."""

import json

import numpy as np
import pytest
from page.helpers import engine, said

from stepsize import IDBD, Autostep, GradientDescent, explore
from stepsize import track as run
from stepsize.explore import figures, samples
from stepsize.explore.track import tuned

PROBLEMS = explore.track().knobs()["problem"][1]


@pytest.fixture(scope="module")
def js():
    return engine("track")


def on_page(js, expression, setting, explorer):
    given = json.dumps(setting), json.dumps(explorer.data()["shape"])
    js.eval(f"var data = Stepsize.online.samples({given[0]}, {given[1]})")
    return json.loads(js.eval(f"JSON.stringify({expression})"))


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("seed", [1, 2, 20])
def test_the_samples_are_the_same_to_the_bit(js, problem, seed):
    explorer = explore.track(
        problem=problem, seed=seed, examples=2500, noise=0.5, scale=3.0, flip_every=7, drift=0.3
    )
    page = on_page(js, "data.map(({x, y, target}) => [x, y, target])", explorer.setting, explorer)
    x, y, target = samples.draw(*explorer.data_setting)
    assert np.array_equal([row[0] for row in page], x)
    assert np.array_equal([row[1] for row in page], y)
    assert np.array_equal([row[2] for row in page], target)


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("method", ["IDBD", "Autostep", "GradientDescent"])
def test_the_runs_are_the_same_to_rounding(js, problem, method):
    explorer = explore.track(problem=problem, examples=300, noise=1.0, drift=0.5)
    parameters = {"step_size": 0.03}
    if method != "GradientDescent":
        parameters["meta_step_size"] = 0.005
    made = f"new Stepsize.online.Run(new Stepsize.methods.{method}({json.dumps(parameters)}), data)"
    page = on_page(
        js,
        f"(() => {{ const run = {made}; run.advance(100); run.advance();"
        "return [run.w, run.step_size, run.squares, run.late]; })()",
        explorer.setting,
        explorer,
    )
    x, y, _ = samples.draw(*explorer.data_setting)
    cls = {"IDBD": IDBD, "Autostep": Autostep}.get(method, GradientDescent)
    trace = run(cls(**parameters), zip(x, y, strict=True), len(y), record=1)
    wanted = trace.w, trace.step_size[1:], trace.prediction_error**2, trace.mse(len(y) // 2)
    for got, want in zip(page, wanted, strict=True):
        assert np.allclose(got, want, rtol=1e-9, atol=1e-12)


def test_the_generator_is_the_known_one():
    # mulberry32 written out, one number after the other
    a, found = (8 * 5 + 2 + 1) * 0x9E3779B9 & 0xFFFFFFFF, []
    for _ in range(4):
        a = (a + 0x6D2B79F5) & 0xFFFFFFFF
        t = (a ^ a >> 15) * (a | 1) & 0xFFFFFFFF
        t ^= (t + ((t ^ t >> 7) * (t | 61) & 0xFFFFFFFF)) & 0xFFFFFFFF
        found.append((t ^ t >> 14) / 2**32)
    assert samples.uniforms(5, 2, 4).tolist() == found


def test_the_numbers_are_about_normal_and_differ_between_streams():
    z, other = samples.normals(1, 0, 100_000), samples.normals(1, 1, 100_000)
    assert abs(z.mean()) < 0.02 and abs(z.std() - 1) < 0.02
    assert abs(np.mean(z**4) - 2.9) < 0.1  # twelve uniforms: 3 - 1.2 / 12
    assert abs(np.corrcoef(z, other)[0, 1]) < 0.02


def test_weights_flip_one_at_a_time_and_only_those_that_matter():
    _, _, target = samples.draw(PROBLEMS[0], 20, 0.0, 0.0, 2.0, 3, 1000)
    changes = (np.diff(target, axis=0) != 0).sum(axis=1)
    assert np.flatnonzero(changes).tolist() == list(range(19, 980, 20))
    assert changes.max() == 1
    assert set(np.abs(target[:, :5]).ravel()) == {2.0} and not target[:, 5:].any()


def test_the_tuned_constant_is_the_best_of_its_grid():
    explorer = explore.track(examples=500, seed=4)
    best, trace = tuned(*explorer.data_setting)
    x, y, _ = samples.draw(*explorer.data_setting)
    for constant in samples.CONSTANTS[:10]:
        rival = run(GradientDescent(constant), zip(x, y, strict=True), 500)
        assert trace.mse(250) <= rival.mse(250)
    assert best in samples.CONSTANTS


def test_autostep_does_not_care_for_the_unit():
    at_1, at_100 = (explore.track("Autostep", scale=s, examples=500) for s in (1.0, 100.0))
    assert np.allclose(at_1.trace.step_size[1:], at_100.trace.step_size[1:])


@pytest.mark.parametrize("problem", PROBLEMS)
def test_it_comes_alive_and_says_what_the_package_says(show, problem):
    explorer = explore.track(problem=problem, noise=0.5, examples=1000)
    page = show(explorer)
    assert said(page) == explorer.lines()
    alternative = page.locator("figure.explorer > img").get_attribute("alt")
    assert alternative.endswith(" ".join(explorer.lines()))
    page.get_by_label("meta step size").press("ArrowRight")
    page.get_by_label("scale").press("ArrowRight")
    changed = {"meta_step_size": 0.02, "scale": 2.0}
    assert said(page) == explorer.replaced(**changed).lines()
    page.get_by_label("method").select_option("Autostep")
    assert said(page) == explorer.replaced(**changed, method="Autostep").lines()
    page.get_by_label("seed").press("ArrowRight")
    assert said(page) == explorer.replaced(**changed, method="Autostep", seed=2).lines()
    page.get_by_role("button", name="Reset").click()
    assert said(page) == explorer.lines()
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").click()
    assert int(page.get_by_label("time").input_value()) < 200


def test_knobs_follow_the_problem_and_a_phone_needs_no_scroll(show):
    page = show(explore.track(examples=500), viewport={"width": 390, "height": 800})
    said(page)
    assert page.get_by_label("flip every").is_visible() and page.get_by_label("drift").is_hidden()
    page.get_by_label("problem").select_option(PROBLEMS[1])
    said(page)
    assert page.get_by_label("flip every").is_hidden() and page.get_by_label("drift").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_divergence_is_said(show):
    explorer = explore.track(scale=100.0, meta_step_size=0.1, examples=500)
    label = figures.look(explorer.trace.method)["label"]
    assert explorer.lines()[0] == f"{label}: diverged."
    assert said(show(explorer)) == explorer.lines()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "Adam"}, "method must be one of 'IDBD', 'Autostep'"),
        ({"problem": "none"}, "problem must be one of 'weights that flip'"),
        ({"flip_every": 0}, "flip_every must be a positive integer, got 0"),
        ({"noise": -1}, "noise"),
        ({"examples": 0}, "examples must be a positive integer"),
    ],
)
def test_what_a_call_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        explore.track(**arguments)
