"""The explorers' widgets: what a script asks the kernel, with the package's own answers."""

import json
import re
import sys
from dataclasses import dataclass
from urllib.parse import urlencode

import numpy as np
import pytest

from experiments.papers import PUBLISHED
from stepsize import (
    Csawg,
    GradientDescent,
    HeavyBall,
    Nesterov,
    Objective,
    Polyak,
    checks,
    explore,
    minimize,
    per_weight,
    quadratic,
    rosenbrock,
)
from stepsize.explore import explorer as shared
from stepsize.explore.catalogue import fresh, named, renewed, stops
from stepsize.explore.page import as_text, classes, literal, method_of

pytest.importorskip("anywidget")
from stepsize.explore.widget import Widget, packed, view

GD, PLANNED = GradientDescent(0.001), Csawg(0.001, 10, planning_steps=5, correction_steps=10)


@dataclass(frozen=True)
class Shrinking(GradientDescent):
    """A method of a reader's own."""

    shrink: float = 0.5
    loud: bool = False
    table: tuple = (1, 2)

    def step(self, w, state, oracle):
        if self.loud:
            raise RuntimeError("so loud")
        return super().step(w, state, oracle)


def unpacked(value, buffers):
    """What the script makes of an answer."""
    if isinstance(value, list):
        return [unpacked(one, buffers) for one in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"buffer", "shape"}:
        return np.frombuffer(buffers[value["buffer"]]).reshape(value["shape"])
    if set(value) == {"number"}:
        return float(value["number"].replace("Infinity", "inf"))
    return {name: unpacked(one, buffers) for name, one in value.items()}


class Script:
    """What a script does with a widget: it starts from data, changes the setting and asks."""

    def __init__(self, explorer):
        self.widget, self.explorer = Widget(explorer), explorer
        self.data = explorer.live()
        self.setting = {name: self.data["setting"][name] for name in self.data["knobs"]}

    def ask(self, **changes):
        """Its words, and the results as arrays; what is refused comes back as it is."""
        self.setting |= changes
        words = {name: literal(value) for name, value in self.setting.items()}
        answer, buffers = self.widget.answer({"number": "7", "setting": urlencode(words)})
        assert answer.pop("number") == "7"
        if "error" in answer:
            return answer
        return answer["lines"], unpacked(answer["found"], buffers)


# ---- every kind ----------------------------------------------------------------------------------

KINDS = {
    "valley": {"grad_evals": 300},
    "planning_step": {"method": Csawg(0.001, 3, planning_steps=5, correction_steps=10)},
    "rates": {"step_size": 3.0, "momentum": 0.8},
    "ray": {},
    "track": {"examples": 500},
    "sensitivity": {"budget": 100},
    "landscape": {"examples": 500},
}
each = pytest.mark.parametrize("name", KINDS)


def another(values, value):
    """A value that a knob offers and does not have."""
    values = list(values)
    return values[(values.index(value) + 1) % len(values)] if value in values else values[0]


def same(one, other):
    """Equal, arrays number by number."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, (np.ndarray, float)):
        return np.array_equal(one, np.asarray(other, float), equal_nan=True)
    return one == other


@each
def test_every_knob_is_answered_as_a_fresh_explorer_would(name):
    script = Script(getattr(explore, name)(**KINDS[name]))
    moved = 0
    for knob, (_, values) in script.data["knobs"].items():
        if not values or isinstance(values, str):
            continue
        before = dict(script.setting)
        value = another(values, before[knob])
        if knob == "knob":  # whose value is another one
            script.setting.pop("value")
        lines, found = script.ask(**{knob: value})
        fresh = script.explorer.replaced(**script.setting)
        assert lines == fresh.lines() and same(fresh.run(), found), knob
        moved += 1
        script.setting = before
    assert moved >= 2


REFUSED = {
    "valley": ({"grad_evals": 0}, "grad_evals must be a positive integer, got 0"),
    "planning_step": ({"window": 0}, "window must be a positive integer, got 0"),
    "rates": ({"momentum": -1.0}, "momentum must be in [0, 1), got -1"),
    "ray": ({"fraction": -1.0}, "fraction must be in [0, 1], got -1"),
    "track": ({"examples": "many"}, "examples must be a positive integer, got 'many'"),
    "sensitivity": ({"value": -1.0}, "step_size must be finite and not negative, got -1"),
    "landscape": ({"alpha_1": 0.7}, "alpha_1 must be between 0.01 and 0.6, got 0.7"),
}


@each
def test_what_is_refused_is_named(name):
    script = Script(getattr(explore, name)(**KINDS[name]))
    change, message = REFUSED[name]
    argument = message.split()[0]
    assert script.ask(**change) == {"error": message, "name": argument, "place": None}


@pytest.mark.parametrize(
    ("name", "far", "words"),
    [
        ("valley", {"methods": "GradientDescent,step_size=1"}, "GD: diverged"),
        ("planning_step", {"step_size": 1.0, "at": 60}, "a place that is not finite"),
        ("rates", {"step_size": 4.0}, "it does not converge"),
        ("ray", {"step_size": 0.1}, "LossGrad's next step is shorter"),
        ("track", {"scale": 100.0, "meta_step_size": 0.1}, "IDBD: diverged."),
        ("sensitivity", {"value": 1.0}, ": diverged."),
        ("landscape", {"alpha_1": 0.6, "alpha_2": 0.6}, "went from not finite"),
    ],
)
def test_a_setting_that_goes_too_far_is_answered(name, far, words, capfd):
    lines, found = Script(getattr(explore, name)(**KINDS[name])).ask(**far)
    assert words in " ".join(lines) and found
    assert capfd.readouterr() == ("", "")


def test_numbers_travel_to_the_bit():
    given = {
        "few": np.array([np.nan, -np.inf, 0.1]),
        "many": np.random.default_rng(0).normal(size=(3, 50)),
        "deep": [{"whole": np.int64(3), "none": None, "word": "w", "last": (np.float64(1e-300),)}],
    }
    buffers = []
    text = json.dumps(packed(given, buffers), allow_nan=False)
    again = unpacked(json.loads(text), buffers)
    assert len(buffers) == 1 and np.array_equal(again["many"], given["many"])
    assert np.array_equal(again["few"], given["few"], equal_nan=True)
    assert again["deep"] == [{"whole": 3, "none": None, "word": "w", "last": [1e-300]}]


# ---- what only a notebook has --------------------------------------------------------------------


def test_the_runs_are_the_package_s():
    script = Script(explore.valley([GD, PLANNED]))
    lines, found = script.ask(x=0.5, y=1.234567, grad_evals=200)
    for method, run in zip((GD, PLANNED), found["traces"], strict=True):
        trace = minimize(method, rosenbrock(), [0.5, 1.234567], grad_evals=200)
        assert all(same(run[k], getattr(trace, k)) for k in ("w", "step_size", "error"))
        assert same(run["grad_evals"], trace.grad_evals)
    assert lines[0].startswith("GD: error") and found["measure"] == "error" and "map" not in found


def test_a_method_of_one_s_own_has_knobs_and_runs():
    method = Shrinking(0.1, table=(3,))
    values = stops(method, "shrink")
    assert min(values) == 0.0005 and max(values) == 500 and 0.5 in values
    explorer = explore.valley([method], view=((-3, 3), (-3, 3)))
    assert not explorer.twin
    script = Script(explorer)
    row = script.data["methods"]["Shrinking"]
    assert row["fresh"] == {"step_size": 0.1, "shrink": 0.5, "loud": False, "table": "~0"}
    assert row["stops"]["shrink"] == values and row["stops"]["loud"] == [False, True]
    assert row["stops"]["table"] is None
    own = "Shrinking,step_size=0.001,shrink=0.25,loud=false,table=~0"
    lines, found = script.ask(methods=f"{own};HeavyBall,step_size=0.001,momentum=0.9")
    assert [line.split(":")[0] for line in lines] == found["labels"] == ["Shrinking", "heavy ball"]
    wanted = minimize(Shrinking(0.001), rosenbrock(), [-1, 0], grad_evals=1000)
    assert same(found["traces"][0]["w"], wanted.w)
    # what it raises is said beside it
    refused = script.ask(methods="GradientDescent,step_size=0.001;" + own.replace("false", "true"))
    assert refused == {"error": "RuntimeError: so loud", "name": None, "place": 1}
    assert renewed(HeavyBall, method) == HeavyBall(0.1)


def test_values_that_no_text_can_tell_are_held():
    method, held = GradientDescent(per_weight([0.001, 0.002])), []
    assert as_text(method, held) == "GradientDescent,step_size=~0"
    assert method_of("GradientDescent,step_size=~0", classes([]), held) == method
    with pytest.raises(ValueError, match="a text cannot tell"):
        as_text(method)
    script = Script(explore.valley([method]))
    wanted = minimize(method, rosenbrock(), [-1, 0], grad_evals=1000)
    assert same(script.ask()[1]["traces"][0]["w"], wanted.w)


@pytest.mark.parametrize("name", sorted(classes([])))
def test_a_method_is_the_same_after_its_text(name):
    cls = classes([])[name]
    assert method_of(as_text(fresh(cls)), {name: cls}) == fresh(cls)


def test_an_objective_of_one_s_own_has_a_map():
    bowl = Objective.from_sympy("(x - 1)**2 + 3*y**2", "x y")
    explorer = explore.valley([GradientDescent(0.1)], bowl, presets={"the valley": {}})
    script = Script(explorer)
    assert script.data["knobs"]["objective"][1][-2:] == ["as given", "an expression in x and y"]
    lines, found = script.ask()
    assert lines == ["GD: loss 4.93e-32 after 1,000 gradient evaluations, 1,000 iterations."]
    assert found["measure"] == "loss above the least seen" and found["map"]["minimizer"] is None
    # logarithms of heights above the least on the grid, (1, 0) itself
    heights = found["map"]["heights"]
    assert found["map"]["name"] == "as given" and heights.shape == (161, 161)
    assert heights[80, [0, 160]] == pytest.approx(np.log10([9.0, 1.0]))
    # a named objective has its own, and the given one is still offered
    assert "map" not in script.ask(objective="bowl")[1]
    assert script.ask(objective="as given")[0] == lines


def test_a_typed_formula():
    script = Script(explore.valley([GradientDescent(0.001)]))
    typed = script.ask(objective="an expression in x and y")[1]["traces"][0]["w"]
    assert np.allclose(typed, script.ask(objective="rosenbrock")[1]["traces"][0]["w"], rtol=1e-9)
    script.ask(objective="an expression in x and y")
    for bad in ("", "x +", "__import__('os').system('ls')", "x**2 + z"):
        assert script.ask(expression=bad)["name"] == "expression", bad
    refused = script.ask(expression="log(x - 100)")
    assert refused["place"] in ("expression", 0)
    lines, found = script.ask(
        expression="x**2 + y**2 + 1e-3*x", methods="GradientDescent,step_size=0.1"
    )
    assert found["map"]["name"] == "x**2 + y**2 + 1e-3*x" and "loss -2.5e-7" in lines[0]


def test_an_impossible_pair_of_knobs_is_said_beside_its_method():
    script = Script(explore.valley([GD, PLANNED]))
    both = "Csawg,step_size=0.001,window=10,pairing=derived,reuse_gradient=true"
    refused = script.ask(methods=f"GradientDescent,step_size=0.001;{both}")
    assert refused["place"] == 1 and "pairing" in refused["error"]
    blind = Objective(lambda w: (w * w).sum(axis=0), lambda w: 2 * w, dim=2)
    refused = Script(explore.valley([GD], blind)).ask(methods="GradientDescent,step_size=0.1;IDBD")
    assert refused["place"] == 1 and "curvature" in refused["error"]


def test_presets_may_have_what_no_page_has():
    bowl = quadratic([1.0, 4.0])
    own = {"methods": [Shrinking(0.1)], "objective": bowl}
    explorer = explore.valley([GD], presets={**PUBLISHED, "own": own})
    assert set(explorer.data()["presets"]) == set(PUBLISHED)
    script = Script(explorer)
    preset = script.data["presets"]["own"]
    lines, found = script.ask(**preset)
    wanted = minimize(Shrinking(0.1), bowl, [-1, 0], grad_evals=1000)
    assert lines[0].startswith("Shrinking: error") and same(found["traces"][0]["w"], wanted.w)


def test_sensitivity_of_what_no_page_has():
    bowl = quadratic([1.0, 2.0, 4.0])
    script = Script(explore.sensitivity(Shrinking(0.1), "shrink", bowl, w0=[1, 1, 1], budget=20))
    assert (
        not script.explorer.twin and script.data["methods"]["Shrinking"]["fresh"]["shrink"] == 0.5
    )
    lines, found = script.ask(value=5.0)
    assert "Shrinking with step size 0.1, shrink 5: error" in lines[0]
    wanted = minimize(Shrinking(0.1), bowl, [1, 1, 1], grad_evals=20).error[-1]
    assert np.allclose(found["errors"], wanted) and found["values"] == list(
        stops(Shrinking(0.1), "shrink")
    )
    assert script.ask(problem="weights that flip")[0][0].startswith("Shrinking with")
    script.setting |= {"with": "Adam", "method": "Adam", "knob": "beta2", "problem": "as given"}
    assert script.ask(value=0.9)[0][0].startswith("Adam with beta2 0.9")


@pytest.mark.parametrize(
    "explorer", [explore.track(examples=500), explore.sensitivity(HeavyBall(0.001), budget=100)]
)
def test_an_edited_method_is_run_again_where_it_is_the_rival(explorer, monkeypatch):
    before, step = explorer.replaced().run(), GradientDescent.step
    monkeypatch.setattr(GradientDescent, "step", lambda self, *given: step(self, *given))
    assert same(explorer.replaced().run(), before)
    calm = GradientDescent(0.0)  # stays where it is, whatever its step size
    monkeypatch.setattr(GradientDescent, "step", lambda self, *given: step(calm, *given))
    assert not same(explorer.replaced().run(), before)


# ---- in a cell -----------------------------------------------------------------------------------


class Kernel:
    """As much of a notebook's kernel as a cell's output asks for."""

    def __init__(self, cell, request):
        self.kernel = self
        self.request = {"metadata": {"cellId": cell}, "header": {"msg_id": request}}

    def get_parent(self):
        return self.request


@pytest.fixture
def cell(monkeypatch):
    """``cell(name, request)``: from now on that cell of a notebook is executed."""
    import IPython

    def execute(name, request):
        monkeypatch.setattr(IPython, "get_ipython", lambda: Kernel(name, request))

    monkeypatch.setattr(shared, "_in_kernel", lambda: True)
    return execute


WIDGET = "application/vnd.jupyter.widget-view+json"


def test_a_cell_gets_widget_page_and_words(monkeypatch, cell):
    explorer = explore.valley([GD, PLANNED])
    with monkeypatch.context() as patched:
        patched.setattr(shared, "_in_kernel", lambda: False)
        outside = explorer._repr_mimebundle_()
    assert set(outside) == {"text/plain", "text/html"}
    cell("a", "1")
    inside = explorer._repr_mimebundle_()
    assert set(inside) == {*outside, WIDGET}
    assert {k: inside[k] for k in outside} == outside
    assert outside["text/plain"] == ("valley explorer: GD, Csawg-p5 K10; 1000 gradient evaluations")
    # no address, nothing that counts up: another object gives the same
    assert explore.valley([GD, PLANNED])._repr_mimebundle_()["text/html"] == inside["text/html"]
    assert "<script" not in inside["text/html"]


def test_what_a_cell_showed_before_is_closed(cell):
    from ipywidgets.widgets.widget import _instances

    first, explorer = set(_instances), explore.rates()
    cell("a", "1")
    view(explorer), view(explorer)  # two outputs of one execution
    cell("b", "2")
    kept = view(explorer)[WIDGET]["model_id"]
    most = len(set(_instances) - first)
    for request in range(3, 20):
        cell("a", str(request))
        view(explorer)
        view(explorer)
    assert len(set(_instances) - first) == most
    assert kept in _instances


def test_without_anywidget_the_picture_remains_and_what_is_missing_is_said(monkeypatch):
    monkeypatch.setattr(shared, "_in_kernel", lambda: True)
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "stepsize.explore.widget", raising=False)
    explorer = explore.valley([GD])
    bundle = explorer._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    picture, missing = (
        explorer.html(),
        "<p>anywidget is not installed: pip install 'stepsize[explore]'</p>",
    )
    assert bundle["text/html"] == picture + missing


# ---- all of them ---------------------------------------------------------------------------------


def test_kinds_give_knobs():
    @dataclass(frozen=True)
    class Mine:
        rate: float = 0.5
        patience: int = 3
        bound: str = "step"
        most: float | None = None
        even: int | None = 2

        def __post_init__(self):
            bound = checks.one_of("step", "none")
            most = checks.optional(checks.per_run(checks.cap))
            checks.check(self, rate=checks.rate, patience=checks.count, bound=bound, most=most)
            checks.check(self, even=checks.optional(lambda name, value: 2 * (value // 2)))

    assert max(stops(Mine(), "even")) == 2000  # of a kind of its own: three decades
    given = {name: stops(Mine(), name) for name in ("rate", "patience", "bound", "most")}
    assert given["rate"] == stops(HeavyBall(0.1, 0.5), "momentum")
    assert given["patience"] == stops(Csawg(0.1, 3), "window")
    assert given["bound"] == ["step", "none"]
    assert given["most"] == [*stops(Polyak(0.0), "max_step"), None]
    for name, values in given.items():  # each is one that the kind allows
        assert all(getattr(Mine(**{name: value}), name) == value for value in values)


def test_a_setting_s_own_value_is_a_stop():
    assert 0.00099 in stops(GradientDescent(0.00099), "step_size")
    momentum = stops(Nesterov(0.001, 0.9387), "momentum")
    assert momentum[-1] == "increasing" and momentum[:-1] == sorted(momentum[:-1])


def test_what_has_no_twin_is_a_still_picture():
    bowl = Objective.from_sympy("(x - 1)**2 + y**2", "x y", minimizer=[1, 0])
    each = GradientDescent(per_weight([0.001, 0.002]))
    for page in (explore.valley([GD], bowl).html(), explore.valley([each]).html()):
        assert "data-explorer" not in page and "data-setting" not in page
        assert '<figure class="explorer">' in page and '<img alt="' in page


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"methods": []}, "methods must be one to 4 methods, got 0"),
        ({"methods": [GD] * 5}, "methods must be one to 4 methods, got 5"),
        ({"methods": [GradientDescent([0.1, 0.2])]}, "methods must be single runs"),
        ({"objective": "hill"}, "objective must be one of 'rosenbrock', 'bowl'"),
        ({"w0": [1, 2, 3]}, r"w0 must have shape \(2,\)"),
        ({"w0": [[1, 2], [3, 4]]}, r"w0 must have shape \(2,\), got \(2, 2\)"),
        ({"grad_evals": 0}, "grad_evals must be a positive integer, got 0"),
        ({"over": "time"}, "over must be one of 'gradient evaluations', 'iterations'"),
        ({"weight": 3}, "weight must be 1 or 2, got 3"),
        ({"presets": ["Fig. 3a"]}, "presets must be a dict"),
        ({"objective": rosenbrock(3)}, "objective must have two weights, got 3"),
    ],
)
def test_what_a_call_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        explore.valley(**arguments)


def test_the_still_picture_rounds_places_and_no_text():
    picture = explore.valley([GD, PLANNED]).svg()
    assert not re.search(r"<[^>]*\d\.\d\d[^>]*>", picture)
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", picture)
    assert {"0.01", "0.1", "w₂", "gradient evaluations"} <= {text.strip() for text in texts}


def test_the_named_bowl_is_the_experiments_bowl():
    from experiments.papers import BOWL, VALLEY

    points = np.random.default_rng(0).uniform(-2, 2, (2, 50))
    for name, objective in (("bowl", BOWL), ("rosenbrock", VALLEY)):
        assert np.array_equal(named(name).grad(points), objective.grad(points))


def test_the_turned_bowl_is_turned_by_45_degrees():
    turned = quadratic([1000.0, 1.0], [1.0, 1.0], rotation=np.pi / 4)
    points = np.random.default_rng(0).uniform(-2, 2, (2, 50))
    assert np.allclose(named("turned bowl").grad(points), turned.grad(points))


def test_a_choice_may_be_none():
    script = Script(explore.valley([Csawg(0.001, 5)]))
    for word, held in (("leap", "leap"), ("null", None)):
        script.ask(methods=f"Csawg,step_size=0.001,window=5,safeguard={word}")
        moved = script.explorer.moved(urlencode(script.setting))
        assert moved.methods[0].safeguard == held
