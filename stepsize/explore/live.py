"""The explorers' widgets: the same controls as on the page, calling the package."""

from __future__ import annotations

import asyncio
import dataclasses
import html

from stepsize import methods
from stepsize.explore.catalogue import MOST, OBJECTIVES, VIEW, named, renewed, stops
from stepsize.explore.digits import number
from stepsize.explore.sheet import Sheet
from stepsize.explore.words import labels, outcome
from stepsize.extras import extra
from stepsize.objectives import Objective
from stepsize.runs import minimize

with extra("explore"):
    import ipywidgets as widgets

_TYPED = "an expression in x and y"
_GIVEN = "as given"
_NONE = "none"  # for None, which a slider takes for no choice
_LOOK = {"style": {"description_width": "11em"}, "layout": {"width": "27em"}}


def knob(label, values, value):
    """What the kind of values asks for: a checkbox, a choice or a slider."""
    if isinstance(values[0], bool):
        return widgets.Checkbox(value, description=label, **_LOOK)
    kind = widgets.Dropdown if isinstance(values[0], str) else widgets.SelectionSlider
    return kind(
        options=[(number(v), _NONE if v is None else v) for v in values],
        value=_NONE if value is None else value,
        description=label,
        **_LOOK,
    )


def _row(children):
    return widgets.HBox(children, layout={"flex_flow": "row wrap"})


class LiveValley:
    """The widgets of :class:`stepsize.explore.valley.Valley`. What is not valid changes no picture.

    Attributes
    ----------
    box
        The whole, to display.
    controls : dict
        The widgets that belong to all methods, by name.
    slots : list of dict
        Those of each method, by name; ``"method"`` is its class.
    readout, error
        HTML widgets: the result in words, and what is wrong with the expression.
    """

    def __init__(self, explorer):
        self.explorer = explorer
        self.picture = explorer.picture()
        self.image = widgets.Image(format="png", layout={"max_width": "100%"})
        self.readout = widgets.HTML()
        self.error = widgets.HTML()
        self.cards = widgets.VBox()
        self.top = widgets.VBox()
        buttons = [self._button("Reset", lambda: self.take(explorer))]
        for name in explorer.presets:
            buttons.append(self._button(name, lambda n=name: self.take(explorer.preset(n))))
        self.box = widgets.VBox(
            [
                _row(buttons),
                self.image,
                self.readout,
                self.top,
                self.cards,
                widgets.HTML(f"<em>{html.escape(explorer.question)}</em>"),
            ]
        )
        self.take(explorer)

    @staticmethod
    def _button(text, action):
        button = widgets.Button(description=text, layout={"width": "auto"})
        button.on_click(lambda _: action())
        return button

    def take(self, explorer):
        """Show the setting of an explorer."""
        self.objective, self.runs = explorer.objective, {}
        self.methods = list(explorer.methods)
        self._build_controls(explorer)
        self._build_cards()
        self.picture.show_objective(explorer.objective, explorer.view)
        self.update()

    # ---- controls --------------------------------------------------------------------------------

    def _build_controls(self, explorer):
        knobs = explorer.knobs()
        names = [(known["title"], name) for name, known in OBJECTIVES.items()]
        if explorer.objective_name is None:
            names.append((_GIVEN, _GIVEN))
            self.given = explorer.objective, explorer.view
        names.append((_TYPED, _TYPED))
        budgets = sorted({*knobs["grad_evals"][1], explorer.grad_evals})
        (left, right), (low, high) = explorer.view
        self.controls = {
            "objective": widgets.Dropdown(
                options=names,
                value=explorer.objective_name or _GIVEN,
                description="objective",
                **_LOOK,
            ),
            "expression": widgets.Text(
                "(x - 1)**2 + 100*(y - x**2)**2",
                description="expression",
                continuous_update=False,
                disabled=True,
                **_LOOK,
            ),
            "grad_evals": widgets.SelectionSlider(
                options=[(f"{n:,}", n) for n in budgets],
                value=explorer.grad_evals,
                description="gradient evaluations",
                **_LOOK,
            ),
            "x": self._start("start, w₁", left, right, explorer.w0[0]),
            "y": self._start("start, w₂", low, high, explorer.w0[1]),
            "over": widgets.Dropdown(
                options=knobs["over"][1],
                value=explorer.over,
                description="horizontal axis",
                **_LOOK,
            ),
            "weight": widgets.Dropdown(
                options=[("w₁", 1), ("w₂", 2)],
                value=explorer.weight,
                description="step sizes of",
                **_LOOK,
            ),
        }
        for name, control in self.controls.items():
            changed = (
                self._objective_changed if name in ("objective", "expression") else self.update
            )
            control.observe(lambda _, changed=changed: changed(), "value")
        objective, expression, *others = self.controls.values()
        self.top.children = [
            _row([objective, expression, self.error]),
            _row(others),
        ]

    @staticmethod
    def _start(label, low, high, value):
        return widgets.FloatSlider(
            float(value),
            min=min(low, value),
            max=max(high, value),
            step=0.01,
            description=label,
            **_LOOK,
        )

    def _build_cards(self):
        self.slots = [self._card(i) for i in range(len(self.methods))]
        margin = {"margin": "0.5em 1em 0.5em 0"}
        cards = [widgets.VBox(list(slot.values()), layout=margin) for slot in self.slots]
        if len(self.methods) < MOST:
            cards.append(self._button("add a method", self._add))
        self.cards.children = [_row(cards)]

    def _card(self, index):
        method = self.methods[index]
        classes = {type(m).__name__: type(m) for m in (*self.methods, *self.explorer.methods)}
        classes |= {name: getattr(methods, name) for name in methods.__all__}
        offered = [name for name, cls in classes.items() if renewed(cls, method) is not None]
        own = type(method).__name__
        slot = {
            "method": widgets.Dropdown(
                options=sorted({*offered, own}), value=own, description="method", **_LOOK
            )
        }
        slot["method"].observe(
            lambda change: self._replace(index, renewed(classes[change.new], method)), "value"
        )
        for field in dataclasses.fields(method):
            values = stops(method, field.name)
            if values is None:
                continue
            label = field.name.replace("_", " ")
            control = knob(label, values, getattr(method, field.name))
            control.observe(
                lambda change, name=field.name: self._turn(index, name, change), "value"
            )
            slot[field.name] = control
        slot["error"] = widgets.HTML()
        if len(self.methods) > 1:
            slot["remove"] = self._button("remove", lambda: self._remove(index))
        return slot

    # ---- what happens ----------------------------------------------------------------------------

    def _turn(self, index, name, change):
        error = self.slots[index]["error"]
        value = None if change.new == _NONE else change.new
        try:
            self.methods[index] = dataclasses.replace(self.methods[index], **{name: value})
            error.value = ""
        except ValueError as problem:
            error.value = _alert(problem)
        else:
            self.update()

    def _replace(self, index, method):
        self.methods[index] = method
        self._build_cards()
        self.update()

    def _add(self):
        self.methods.append(self.methods[-1])
        self._build_cards()
        self.update()

    def _remove(self, index):
        del self.methods[index]
        self._build_cards()
        self.update()

    def _objective_changed(self):
        name, expression = self.controls["objective"].value, self.controls["expression"]
        expression.disabled = name != _TYPED
        try:
            if name == _TYPED:
                objective, view = Objective.from_sympy(expression.value, "x y"), VIEW
            elif name == _GIVEN:
                objective, view = self.given
            else:
                objective, view = named(name), OBJECTIVES[name]["view"]
            self.picture.show_objective(objective, view)
        except ValueError as problem:
            self.error.value = _alert(problem)
            return
        self.error.value = ""
        self.objective, self.runs = objective, {}
        self.update()

    def _run(self, index):
        method, budget = self.methods[index], self.controls["grad_evals"].value
        w0 = self.controls["x"].value, self.controls["y"].value
        key = method, budget, w0
        if key not in self.runs:
            if len(self.runs) > 20:
                self.runs.clear()
            self.runs[key] = minimize(method, self.objective, w0, grad_evals=budget)
        return self.runs[key]

    def update(self):
        """Run the methods and show what came out, or what is wrong."""
        traces = []
        for index, slot in enumerate(self.slots):
            try:
                traces.append(self._run(index))
                slot["error"].value = ""
            except ValueError as problem:
                slot["error"].value = _alert(problem)
                return
        self.traces = traces
        self.picture.show(traces, self.controls["over"].value, self.controls["weight"].value)
        self.image.value = self.picture.png()
        lines = map(outcome, labels(self.methods), traces)
        self.readout.value = "<br>".join(map(html.escape, lines))


class LiveSteps:
    """Controls, picture and words of one of these explorers, for a live notebook.

    What is not valid is said, and changes neither picture nor words.

    Attributes
    ----------
    explorer
        That of the present setting.
    shown
        That of the picture: the same, unless there is work in progress.
    controls : dict
        The widgets, by the name of what they change.
    readout, error
        HTML widgets: the result in words, and what is wrong with the last change.
    """

    def __init__(self, explorer):
        self.explorer, self.working = explorer, False
        self.sheet, self.offered, self.controls = Sheet(*explorer.boxes), {}, {}
        self.image = widgets.Image(format="png", layout={"max_width": "100%"})
        self.readout, self.error = widgets.HTML(), widgets.HTML()
        self.row = _row([])
        question = widgets.HTML(f"<em>{html.escape(explorer.question)}</em>")
        self.box = widgets.VBox([self.image, self.readout, self.error, self.row, question])
        self.show(explorer)

    def turn(self, name, value):
        """A control was moved."""
        if self.explorer.setting[name] == value:
            return
        try:
            self.explorer = self.explorer.replaced(**{name: value})
        except ValueError as problem:
            self.refuse(problem)
        else:
            if not self.working:
                self.go_on(self.explorer, self.explorer.work())

    def go_on(self, explorer, work):
        """Part after part, then the picture, then whatever was asked for meanwhile."""
        self.working = False
        try:
            for _ in work:
                if (loop := _running_loop()) is not None:
                    loop.call_soon(self.go_on, explorer, work)
                    self.working = True
                    return
            self.show(explorer)
        except ValueError as problem:
            if explorer is self.explorer:
                self.refuse(problem)
        if self.explorer is not self.shown:
            self.go_on(self.explorer, self.explorer.work())

    def show(self, explorer):
        picture, lines = explorer.png(self.sheet), explorer.lines()
        self.image.value, self.readout.value = picture, "<br>".join(map(html.escape, lines))
        self.error.value, self.shown = "", explorer
        if explorer is self.explorer:
            self.show_controls()

    def refuse(self, problem):
        """Say what is wrong, and stay with what is shown."""
        self.error.value, self.explorer = _alert(problem), self.shown
        self.show_controls()

    def show_controls(self):
        """Every control offers and shows what the explorer has."""
        knobs = self.explorer.knobs()
        for name, (label, values) in knobs.items():
            value = self.explorer.setting[name]
            offer, stops = self.offered.get(name, (None, ()))
            if offer != (label, values) or value not in stops:
                stops = values if value in values else sorted([*values, value])
                self.offered[name] = (label, values), stops
                self.controls[name] = self.control(name, label, stops, value)
            self.controls[name].value = _NONE if value is None else value
        children = tuple(self.controls[name] for name in knobs)
        if self.row.children != children:
            self.row.children = children

    def control(self, name, label, stops, value):
        if isinstance(stops, range):
            control = widgets.IntSlider(value, 0, stops.stop - 1, description=label, **_LOOK)
        else:
            control = knob(label, stops, value)
        control.observe(
            lambda change: self.turn(name, None if change.new == _NONE else change.new), "value"
        )
        return control


def _running_loop():
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _alert(problem):
    return f'<span role="alert" style="color: #b3261e">{html.escape(str(problem))}</span>'
