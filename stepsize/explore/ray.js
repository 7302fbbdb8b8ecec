// One ray: the loss along the gradient, and what four rules make of it. Arithmetic and words are
// those of ray.py.
"use strict";

// The loss along w - alpha g, and the step sizes of the rules.
Stepsize.ray = (objective, w, alpha, { fraction, target, factor }) => {
  const inner = (a, b) => a[0] * b[0] + a[1] * b[1], ratio = (a, b) => (b !== 0 ? a / b : 0);
  const f = objective.loss(w), g = objective.grad(w), s = inner(g, g);
  const point = (t) => w.map((x, i) => x - t * g[i]), loss = (t) => objective.loss(point(t));
  const slope = (t) => -inner(objective.grad(point(t)), g);
  let low = 0, high = 2 ** -20; // the exact minimizer: the first place where the slope turns
  while (slope(high) < 0 && high < 2 ** 20) [low, high] = [high, 1.25 * high];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (slope(middle) < 0) low = middle;
    else high = middle;
  }
  const promised = inner(g, g.map((x) => alpha * x)), error = loss(alpha) - f + promised;
  const next = error > promised / 2 ? alpha / factor : promised > 0 ? alpha * factor : alpha;
  const aim = target * f;
  const steps = { lossgrad: alpha, exact: s ? high : 0, polyak: ratio(f, s), l4: ratio(fraction * (f - aim), s) };
  const end = 1.15 * Math.min(Math.max(...Object.values(steps)), 4 * Math.max(steps.polyak, steps.exact)) || 1;
  return {
    f, g, s, aim, r: ratio(error, promised), curvature: ratio(error, alpha * alpha), next, longer: Math.sign(next - alpha), steps,
    losses: Object.fromEntries(Object.entries(steps).map(([name, t]) => [name, loss(t)])),
    curve: Array.from({ length: 201 }, (_, i) => [(i / 200) * end, loss((i / 200) * end)]),
  };
};

Stepsize.explorers.ray = (figure, data) => {
  const { Contours, draggable, marker, number, objective: named, panel, placed, stroke } = Stepsize.kit;
  const { legible, place, surface } = Stepsize.surfaces;
  const { colours, names, aim, knobs } = data, contours = new Contours();
  let objective, view, w;
  const changed = () => {
    ({ view } = Stepsize.catalogue.objectives[state.objective]);
    objective = named(state.objective);
    placed(state, knobs, view, 0.01);
    w = [state.x, state.y];
  };
  const result = () => Stepsize.ray(objective, w, state.step_size, { ...aim, ...state });
  const to = (name) => [names[name], () => ({ step_size: result().steps[name] })];
  const { state, take, body, say, settled, plots: [map, along] } = panel(figure, data, {
    draw, changed, buttons: Object.fromEntries(["exact", "polyak", "l4"].map(to)),
  });

  const handle = marker(map, () => w, ([x, y]) => take({ x, y }));
  draggable(along, ([t]) => take({ step_size: Number(t.toPrecision(3)) }));

  function words({ f, s, r, longer, steps, losses, aim }) {
    const { step_size: t, fraction } = state, at = (name) => `${number(steps[name])}, loss ${number(losses[name])}`;
    if (s === 0) return [`The gradient at ${place(w)} is zero: no step size moves it.`];
    return [
      `From ${place(w)} with step size ${number(t)}: loss ${number(f)} becomes ${number(losses.lossgrad)}, the tangent ` +
        `promised ${number(f - t * s)}; r = ${number(r)}, LossGrad's next step is ` +
        `${["shorter", "the same", "longer"][longer + 1]}.`,
      `Step sizes: exact minimizer ${at("exact")}; Polyak ${at("polyak")}; L4, ${number(fraction)} of the way ` +
        `to ${number(aim)}, ${at("l4")}.`,
    ];
  }

  function draw() {
    const found = settled(result()), { f, g, s, aim, curvature, steps, losses, curve } = found;
    const look = legible(map, colours), point = (t) => w.map((x, i) => x - t * g[i]), [end] = curve.at(-1);
    const more = surface(map, contours, objective, view);
    map.line(101, (i) => point((i / 100) * end), stroke(map.ink, 1));
    handle.show("point");

    const x = [0, end], y = [-0.15 * f, 1.3 * f || 1];
    along.frame({ x, y, xLabel: knobs.step_size[0], yLabel: "loss; dashed: tangent" });
    const graph = (height, look) => along.line(201, (i) => [(i / 200) * end, height((i / 200) * end)], look);
    along.line(curve.length, (i) => curve[i], stroke(along.ink, 2));
    graph((a) => f - a * s, stroke(look.l4, 1.5, [6, 3]));
    graph((a) => f - a * s + curvature * a * a, stroke(look.lossgrad, 1.5, [2, 3]));
    graph(() => aim, stroke(look.l4, 1, [1, 3]));
    const marks = Object.entries({ lossgrad: "●", exact: "★", polyak: "■", l4: "▲" }).map(([k, shape]) => {
      const a = steps[k], at = [a, k === "l4" ? f - a * s : losses[k]];
      map.sign(point(a), shape, look[k]);
      along.sign(at, shape, look[k], 12);
      return { text: names[k], at, colour: look[k] };
    });
    along.sign([steps.polyak, f - steps.polyak * s], "□", look.polyak, 12);
    along.names(marks);
    say(found.lines ?? words(found));
    return more;
  }

  take(data.setting);
  return body;
};
