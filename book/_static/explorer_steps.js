// Three explorers that look inside one method: a planning step, two-step rates, one ray.
//
// First their arithmetic (globalThis.Steps), which tests hold against the package; then what is
// drawn, with the kit of explorers.js. Each says the same as its twin in stepsize/_steps.py.
"use strict";

globalThis.Steps = (() => {
const inner = (a, b) => a[0] * b[0] + a[1] * b[1];
const ratio = (a, b) => (b !== 0 ? a / b : 0);

// ---- inside planning: every gradient evaluation, from points[n - 1] to points[n], is a stage --

function inside(method, objective, w0, plannings) {
  const { window: K, correction_steps: M } = method, asked = [];
  const watched = { ...objective, grad: (w) => (asked.push(w), objective.grad(w)) };
  const trace = Stepsize.minimize(method, watched, w0, { iterations: K * (plannings + 1) });
  const points = [...asked, trace.w[trace.w.length - 1]], main = [], pairs = [];
  const stages = [{ kind: "start", k: 0, planning: 1, from: 0, to: 0, alpha: [0, 0] }];
  let planning = 1, from = 0, sum_1 = [0, 0], sum_2 = [0, 0];
  for (let k = 1; k < trace.w.length; k++) {
    const before = trace.grad_evals[k - 1], after = trace.grad_evals[k];
    const w = points[before + 1], g = objective.grad(points[before]);
    main.push({ w, g });
    if (k > K) {
      const s = main[k - 1 - K];
      pairs.push({ ...s, d: s.w.map((x, i) => x - w[i]), later: w });
      sum_1 = sum_1.map((a, i) => a + s.g[i] * (s.w[i] - w[i]));
      sum_2 = sum_2.map((a, i) => a + s.g[i] * s.g[i]);
    }
    const alpha = sum_1.map((a, i) => ratio(a, sum_2[i]));
    const common = { k, planning, from, to: pairs.length, alpha };
    stages.push({ kind: "descend", ...common });
    for (let i = 0; i < after - before - 1; i++) {
      const m = i % (1 + M), leap = Math.floor(i / (1 + M)) + 1;
      stages.push({ kind: m ? "correct" : "leap", m, leap, ...common });
    }
    if (after > before + 1) {
      planning += 1;
      from = pairs.length;
      sum_1 = [0, 0];
      sum_2 = [0, 0];
    }
  }
  return { points, stages, pairs, main: main.map(({ w }) => w), trace };
}

// ---- rates: e_{k+1} = b e_k - c e_{k-1} in a direction of given curvature ----------------------

const TWO_STEPS = {
  GradientDescent: (al) => [1 - al, 0],
  HeavyBall: (al, p) => [1 + p - al, p],
  Nesterov: (al, p) => [(1 + p) * (1 - al), p * (1 - al)],
};

function eigenvalues(name, curvature, step_size, momentum) {
  const [b, c] = TWO_STEPS[name](step_size * curvature, momentum);
  if (name === "GradientDescent") return [[b, 0]];
  const inside = b * b - 4 * c, root = Math.sqrt(Math.abs(inside));
  if (inside < 0) return [[b / 2, root / 2], [b / 2, -root / 2]];
  return [[(b + root) / 2, 0], [(b - root) / 2, 0]];
}

function rate(name, curvature, step_size, momentum) {
  const [b, c] = TWO_STEPS[name](step_size * curvature, momentum), inside = b * b - 4 * c;
  if (name === "GradientDescent") return Math.abs(b);
  return inside < 0 ? Math.sqrt(Math.abs(c)) : (Math.abs(b) + Math.sqrt(Math.max(inside, 0))) / 2;
}

// Step size and momentum of the least rate on curvatures mu to 1.
function best(name, mu) {
  const root = Math.sqrt(name === "Nesterov" ? 3 / mu + 1 : mu);
  if (name === "HeavyBall") return [4 / ((1 + root) * (1 + root)), ((1 - root) / (1 + root)) ** 2];
  return name === "Nesterov" ? [4 / (3 + mu), (root - 2) / (root + 2)] : [2 / (1 + mu), 0];
}

function rates({ method, condition, step_size, momentum }, iterations) {
  const mu = 1 / condition, at = (a, p) => Math.max(rate(method, 1, a, p), rate(method, mu, a, p));
  const run = new Stepsize.methods[method]({ step_size, momentum });
  const bowl = Stepsize.objectives.quadratic({ curvature: [1, mu], minimizer: [0, 0] });
  const { error } = Stepsize.minimize(run, bowl, [1, 1], { iterations });
  let last = 0; // the last row before overflow or underflow
  while (last < iterations && error[last + 1] > 1e-250 && error[last + 1] < 1e250) last += 1;
  // Errors oscillate: the largest of the last quarter over the largest of the one before.
  const q = Math.floor(last / 4), largest = (i) => Math.max(...error.slice(i * q, (i + 1) * q));
  const measured = q ? (largest(3) / largest(2)) ** (1 / q) : 0;
  const optimum = best(method, mu);
  return { mu, at, error, q, measured, predicted: at(step_size, momentum), optimum, least: at(...optimum) };
}

// ---- one ray: w - t g ------------------------------------------------------------------------

function ray(objective, w, alpha, { fraction, target, factor }) {
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
  return {
    f, g, s, point, loss, aim, next, r: ratio(error, promised), curvature: ratio(error, alpha * alpha),
    polyak: ratio(f, s), l4: ratio(fraction * (f - aim), s), exact: s ? high : 0,
  };
}

return { inside, eigenvalues, rate, rates, best, ray };
})();

(() => {
if (!Stepsize.kit) return; // an engine without a page
const { el, whole, number, slider, choice, button, readout, Plot, Contours, ticks, power, redrawn } = Stepsize.kit;

const clean = (x) => number(x + 0); // no -0
const finite = (w) => w.every(Number.isFinite);
const place = (w) => (finite(w) ? `(${clean(w[0])}, ${clean(w[1])})` : "a place that is not finite");
const named = ({ function: f, parameters }) => Stepsize.objectives[f](parameters);

function arrow(plot, from, to, colour, width) {
  if (!finite([...from, ...to])) return;
  plot.line(2, (i) => (i ? to : from), { colour, width, dash: [] });
  const x = plot.px(to[0]), y = plot.py(to[1]);
  const u = x - plot.px(from[0]), v = y - plot.py(from[1]), length = Math.hypot(u, v);
  if (length < 2) return;
  const size = Math.min(3 + 2.5 * width, length), a = (u / length) * size, b = (v / length) * size;
  plot.clipped((c) => {
    c.fillStyle = colour;
    c.beginPath();
    c.moveTo(x, y);
    c.lineTo(x - a - b / 2, y - b + a / 2);
    c.lineTo(x - a + b / 2, y - b - a / 2);
    c.fill();
  });
}

// A sign at a point, with words beside it.
function sign(plot, [x, y], text, colour, words = "", size = 15) {
  if (!finite([x, y])) return;
  plot.clipped((c) => {
    Object.assign(c, { fillStyle: colour, textAlign: "center", textBaseline: "middle", font: `${size}px sans-serif` });
    c.fillText(text, plot.px(x), plot.py(y));
    const right = plot.px(x) > plot.area.left + 0.75 * plot.area.width;
    Object.assign(c, { textAlign: right ? "right" : "left", font: "11px sans-serif", lineWidth: 3, strokeStyle: plot.paper });
    const at = [plot.px(x) + (right ? -9 : 9), plot.py(y) + (text === "★" ? 13 : -6)];
    if (words) c.strokeText(words, ...at);
    c.fillText(words, ...at);
  });
}

// Contours at fourteen levels of the logarithm between what a view holds.
function landscape(plot, contours, key, objective, [x, y]) {
  let low = Infinity, high = -Infinity;
  for (let i = 0; i < 64; i++) {
    const u = (i % 8) / 7, v = Math.floor(i / 8) / 7;
    const h = Math.log10(objective.loss([x[0] + u * (x[1] - x[0]), y[0] + v * (y[1] - y[0])]));
    if (h > -40) [low, high] = [Math.min(low, h), Math.max(high, h)];
  }
  plot.frame({
    x, y, xTicks: ticks(...x, 4), yTicks: ticks(...y, 4), xLabel: "w₁", yLabel: "w₂",
    // at fewer pixels than the screen's, for a view that changes under a slider
    under: () => contours.draw(Object.create(plot, { dpr: { value: 0.7 * plot.dpr } }), JSON.stringify([key, x, y]),
      (w) => (7 * (Math.log10(objective.loss(w)) - low)) / (high - low || 1) - 3),
  });
  sign(plot, objective.minimizer, "★", plot.ink, "", 20);
}

const wider = (values, least, share = 0.12) => {
  const low = Math.min(...values), high = Math.max(...values);
  const middle = (low + high) / 2, half = Math.max((0.5 + share) * (high - low), least);
  return [middle - half, middle + half];
};

// What all three have in common: plots, words, buttons and controls, one below the other.
function assemble(controls, buttons, labels) {
  const body = el("div", { class: "explorer-body" }), plots = el("div", { class: "explorer-plots" });
  const { node, say } = readout();
  const made = labels.map((label, i) => new Plot(plots, label, i ? "curve" : "map"));
  const row = el("div", { class: "explorer-buttons" }, ...buttons);
  body.append(row, plots, node, el("div", { class: "explorer-controls" }, ...controls.map((c) => c.node)));
  return { body, say, plots: made };
}

// ---- inside a planning step --------------------------------------------------------------------

Stepsize.explorers["planning-step"] = (figure, { setting, objectives, knobs, colours }) => {
  let state = { ...setting }, run;
  const objective = named(objectives[setting.objective]), { view } = objectives[setting.objective];
  const compute = () => {
    run = Steps.inside(new Stepsize.methods.Csawg(state), objective, state.w0, state.plannings);
    state.at = Math.min(state.at, run.points.length - 1);
    stops.splice(0, Infinity, ...run.points.keys());
  };
  const ask = redrawn(figure, draw);
  const go = (n) => {
    state.at = Math.max(0, Math.min(stops.length - 1, n));
    made.at.set(state.at);
    ask();
  };
  const renew = () => {
    compute();
    go(state.at);
  };
  const full = (i) => run.stages[i].kind === "leap" && run.stages[i].m === 0 && run.stages[i].leap === 1;
  const next = () => {
    let n = state.at + 2;
    while (n < run.points.length && !full(n)) n += 1;
    go(n - 1);
  };
  const buttons = [
    button("Reset", () => {
      state = { ...setting };
      for (const name of Object.keys(knobs)) made[name].set(state[name]);
      renew();
    }),
    button("back", () => go(state.at - 1)),
    button("next", () => go(state.at + 1)),
    button("to the next planning", next),
  ];
  const stops = []; // one for each evaluation, as many as the run has
  compute();
  const made = { at: slider("gradient evaluations", stops, state.at, go, whole) };
  for (const [name, values] of Object.entries(knobs)) {
    made[name] = slider(name.replaceAll("_", " "), values, state[name], (value) => {
      state[name] = value;
      renew();
    });
  }
  const { body, say, plots: [map, ...fits] } = assemble(Object.values(made), buttons, [
    "Contours of the loss with the path, the pairs in the buffers, leaps and corrections",
    "Decrease of w₁ against its gradient, and the line whose slope is its step size",
    "Decrease of w₂ against its gradient, and the line whose slope is its step size",
  ]);
  const contours = []; // of each planning

  function words() {
    const n = state.at, stage = run.stages[n], w = run.points[n], { window: K, planning_steps: P, correction_steps: M } = state;
    const away = Math.hypot(w[0] - objective.minimizer[0], w[1] - objective.minimizer[1]);
    const to = `to ${place(w)}${finite(w) ? `, error ${number(away)}` : ""}`;
    let what = `Gradient evaluation ${whole(n)} of ${whole(run.points.length - 1)}: `;
    const { kind, k, leap, m, planning } = stage;
    if (kind === "start") what = `Start ${to.replace("to", "at")}; no gradient is evaluated yet.`;
    else if (kind === "descend") what += `gradient step ${whole(k)} of the main loop ${to}.`;
    else if (kind === "leap") what += `planning ${planning}, leap ${leap} of ${P} ${to}.`;
    else what += `planning ${planning}, correcting step ${m} of ${M} after leap ${leap} ${to}.`;
    const pairs = stage.to - stage.from, alpha = place(stage.alpha);
    if (k <= K) return [what, `The buffers hold ${k} of ${K} weights and gradients; no pair yet.`];
    const so = pairs < K ? `${pairs} of ${K} pairs; step sizes so far` : `${K} of ${K} pairs; step sizes learned`;
    return [what, `The buffers hold ${so} ${alpha}.`];
  }

  function draw() {
    if (!body.clientWidth) return;
    const { stages, points, pairs } = run, n = state.at, stage = stages[n];
    const held = pairs.slice(stage.from, stage.to);
    const first = stages.findIndex((s) => s.planning === stage.planning);
    let last = first;
    while (last + 1 < stages.length && stages[last + 1].planning === stage.planning) last += 1;
    const cycle = pairs.slice(stages[first].from, stages[last].to);
    const seen = [...points.slice(first, last + 1), ...cycle.flatMap((p) => [p.w, p.later])].filter(finite);
    const box = view.map(([a, b], i) => wider(seen.map((w) => Math.max(a - 1, Math.min(b + 1, w[i]))), 1e-4));
    landscape(map, (contours[stage.planning] ||= new Contours()), state.objective, objective, box);
    const look = Object.fromEntries(Object.entries(colours).map(([k, c]) => [k, map.legible(c, 0)]));
    map.line(n + 1, (i) => (finite(points[i]) ? points[i] : null), { colour: look.pair, width: 0.7, dash: [] });
    for (const { w, later } of held) arrow(map, w, later, look.pair, 3);
    for (let i = first; i <= n; i++) {
      const { kind } = stages[i];
      if (kind === "leap") arrow(map, points[i - 1], points[i], look.leap, 1.8);
      if (kind === "correct") sign(map, points[i], "×", look.correct, "", 14);
      else if (kind === "leap") sign(map, points[i], "■", map.ink, "", 9);
      else sign(map, points[i], "●", look.main, "", 9);
    }
    sign(map, points[n], "◯", map.ink, "", 17);
    fits.forEach((plot, i) => {
      const name = i ? "w₂" : "w₁", ok = cycle.filter((p) => finite([p.g[i], p.d[i]]));
      const x = wider([0, ...ok.map((p) => p.g[i])], 1e-300), y = wider([0, ...ok.map((p) => p.d[i])], 1e-300);
      plot.frame({
        x, y, xTicks: ticks(...x, 4).map(([v]) => [v, clean(v)]), yTicks: ticks(...y, 4).map(([v]) => [v, clean(v)]),
        xLabel: `gradient of ${name}`, yLabel: `decrease of ${name}`,
      });
      if (held.length) {
        plot.line(2, (k) => [x[k], stage.alpha[i] * x[k]], { colour: look.leap, width: 1.8, dash: [] });
        plot.names([{ text: `slope ${clean(stage.alpha[i])}`, y: y[1], colour: look.leap }]);
      }
      for (const p of held) sign(plot, [p.g[i], p.d[i]], "■", look.pair, "", 9);
    });
    say(words());
  }

  ask();
  return body;
};

// ---- momentum and rates --------------------------------------------------------------------------

Stepsize.explorers.rates = (figure, { setting, methods, knobs, labels, colours, iterations }) => {
  let state = { ...setting };
  const ask = redrawn(figure, draw), made = {};
  const take = (changes) => {
    Object.assign(state, changes);
    for (const name of Object.keys(changes)) made[name].set(state[name]);
    ask();
  };
  const toBest = () => {
    const [step_size, momentum] = Steps.best(state.method, 1 / state.condition);
    take({ step_size, momentum });
  };
  for (const [name, values] of Object.entries(knobs)) {
    made[name] = slider(labels[name], values, state[name], (v) => take({ [name]: v }));
  }
  made.method = choice("method", Object.entries(methods), state.method, (v) => take({ method: v }));
  const { body, say, plots: [plane, curve, errors] } = assemble(Object.values(made), [
    button("Reset", () => take(setting)),
    button("to the best", toBest),
  ], [
    "Eigenvalues of the two-step matrix in the complex plane, with the unit circle",
    "Predicted rate against momentum, or the step size of gradient descent",
    "Error of a run on a logarithmic axis, and the predicted slope",
  ]);
  const star = button("★", toBest, { class: "start", style: "cursor: pointer; line-height: 0.7", "aria-label": "the best; press to go there" });
  curve.box.append(star);
  const axis = () => (state.method === "GradientDescent" ? "step_size" : "momentum");
  curve.canvas.addEventListener("click", (event) => {
    const values = knobs[axis()], at = curve.point(event)[0];
    take({ [axis()]: values.reduce((a, b) => (Math.abs(b - at) < Math.abs(a - at) ? b : a)) });
  });

  const complex = ([a, b]) => (b ? `${clean(a)} ± ${number(b)}i` : clean(a));
  function words({ mu, predicted, measured, q, optimum, least }) {
    const { method, step_size, momentum } = state;
    const both = (curvature) => {
      const [a, b] = Steps.eigenvalues(method, curvature, step_size, momentum);
      return complex(a) + (b && !a[1] ? ` and ${complex(b)}` : "");
    };
    const run = q ? `measured ${measured.toFixed(4)} between iterations ${2 * q} and ${4 * q}` : "the run ends at once";
    return [
      `Predicted rate ${predicted.toFixed(4)} an iteration, ${run}${predicted < 1 ? "" : "; it does not converge"}.`,
      `Eigenvalues at curvature 1: ${both(1)}; at ${number(mu)}: ${both(mu)}.`,
      `Best for condition number ${whole(state.condition)}: step size ${number(optimum[0])}` +
        `${method === "GradientDescent" ? "" : `, momentum ${number(optimum[1])}`}, rate ${least.toFixed(4)}.`,
    ];
  }

  function draw() {
    if (!body.clientWidth) return;
    const { method, step_size: a, momentum: p } = state, result = Steps.rates(state, iterations);
    const { mu, at, error, predicted, optimum, least } = result;
    const main = plane.legible(colours[method], 0), grey = plane.legible("#808080", 0);
    const thin = { colour: grey, width: 1, dash: [4, 3] }, thick = { colour: main, width: 1.8, dash: [] };
    const wide = (1.3 * (plane.box.clientWidth - 74)) / (plane.box.clientHeight - 46);
    const x = [-wide, wide], y = [-1.3, 1.3];
    plane.frame({ x, y, xTicks: ticks(...x), yTicks: ticks(...y), xLabel: "real part", yLabel: "imaginary part" });
    const circle = (r, look) => plane.line(129, (i) => [r * Math.cos((i * Math.PI) / 64), r * Math.sin((i * Math.PI) / 64)], look);
    circle(1, { ...thin, colour: plane.ink, dash: [] });
    circle(predicted, thin);
    const at_ = (curvature) => Steps.eigenvalues(method, curvature, a, p);
    for (let i = 1; i < 80; i++) for (const z of at_(mu ** (i / 80))) plane.dots([z], { colour: grey }, 1);
    at_(1).forEach((z, i) => sign(plane, z, "●", main, i ? "" : "curvature 1"));
    at_(mu).forEach((z, i) => sign(plane, z, "■", plane.ink, i ? "" : number(mu)));

    const over = axis(), end = over === "momentum" ? 1 : 4;
    curve.frame({
      x: [0, end], y: [0, 1.2], xTicks: ticks(0, end), yTicks: ticks(0, 1.2, 4),
      xLabel: over === "momentum" ? `momentum, at step size ${number(a)}` : labels.step_size, yLabel: "rate",
    });
    curve.line(401, (i) => [(end * i) / 400, over === "momentum" ? at(a, i / 400) : at(i / 100, 0)], thick);
    curve.line(2, (i) => [i ? end : 0, 1], { ...thin, dash: [] });
    sign(curve, [over === "momentum" ? p : a, predicted], "●", main, "here");
    star.style.left = `${curve.px(over === "momentum" ? optimum[1] : optimum[0])}px`;
    star.style.top = `${curve.py(least)}px`;

    const logs = error.map(Math.log10).map((e) => (Math.abs(e) < 300 ? e : NaN));
    const ends = logs.filter(Number.isFinite), slope = Math.log10(predicted);
    const range = [Math.max(-40, Math.floor(Math.min(...ends))), Math.min(40, Math.ceil(Math.max(...ends) + 0.1))];
    errors.frame({
      x: [0, iterations], y: range, xTicks: ticks(0, iterations), xLabel: "iteration", yLabel: "error",
      yTicks: ticks(...range, 5).filter(([k]) => Number.isInteger(k)).map(([k]) => [k, power(k)]),
    });
    errors.line(2, (i) => [i * iterations, logs[0] + i * iterations * slope], thin);
    errors.line(logs.length, (i) => (Number.isFinite(logs[i]) ? [i, logs[i]] : null), thick);
    say(words(result));
  }
  return body;
};

// ---- one ray --------------------------------------------------------------------------------------

Stepsize.explorers.ray = (figure, { setting, objectives, knobs, labels, colours }) => {
  let state = structuredClone(setting), objective;
  const ask = redrawn(figure, draw), made = {}, contours = new Contours(), grid = (k) => Math.round(20 * k) / 20;
  const take = (changes) => {
    Object.assign(state, changes);
    const { view } = objectives[state.objective];
    objective = named(objectives[state.objective]);
    state.w = state.w.map((x, i) => Number(Math.min(view[i][1], Math.max(view[i][0], x)).toFixed(2)));
    for (const name of Object.keys(made)) made[name].set(state[name] ?? state.w["xy".indexOf(name)]);
    ask();
  };
  const range = Array.from({ length: 161 }, (_, i) => grid(i / 20 - 4));
  made.step_size = slider(labels.step_size, knobs.step_size, state.step_size, (v) => take({ step_size: v }));
  made.fraction = slider(labels.fraction, knobs.fraction, state.fraction, (v) => take({ fraction: v }));
  made.x = slider("w₁", range, state.w[0], (v) => take({ w: [v, state.w[1]] }));
  made.y = slider("w₂", range, state.w[1], (v) => take({ w: [state.w[0], v] }));
  made.objective = choice("objective", Object.entries(objectives).map(([k, o]) => [k, o.title]), state.objective,
    (v) => take({ objective: v }));
  const { body, say, plots: [map, curve] } = assemble(Object.values(made), [
    button("Reset", () => take(structuredClone(setting))),
    ...["exact", "polyak", "l4"].map((k) => button(labels[k], () => take({ step_size: result()[k] }))),
  ], ["Contours of the loss, the point and its ray", "The loss along the ray, its tangent and LossGrad's parabola"]);
  const result = () => Steps.ray(objective, state.w, state.step_size, state);
  const marker = button("", () => {}, { class: "start" });
  map.box.append(marker);
  curve.box.style.aspectRatio = 1.2; // alone beside the map
  marker.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] }[event.key];
    if (!way) return;
    event.preventDefault();
    take({ w: state.w.map((x, i) => x + 0.05 * way[i]) });
  });
  // A press moves at once, and drags on; a finger drags the marker only, and taps elsewhere.
  const follow = (handle, plot, move) => {
    handle.addEventListener("pointerdown", (event) => {
      if (event.button || (event.pointerType === "touch" && handle !== marker)) return;
      event.preventDefault();
      handle.setPointerCapture(event.pointerId);
      move(plot.point(event));
    });
    handle.addEventListener("pointermove", (event) => {
      if (handle.hasPointerCapture(event.pointerId)) move(plot.point(event));
    });
    handle.addEventListener("click", (event) => event.detail && move(plot.point(event)));
  };
  for (const handle of [marker, map.canvas]) follow(handle, map, (w) => take({ w }));
  follow(curve.canvas, curve, ([t]) => take({ step_size: Math.max(0, Number(t.toPrecision(3))) }));

  function words({ f, s, loss, r, next, polyak, l4, exact, aim }) {
    const { step_size: t, fraction, w } = state;
    if (s === 0) return [`The gradient at ${place(w)} is zero: no step size moves it.`];
    const size = next > t ? "longer" : next < t ? "shorter" : "the same";
    const at = (a) => `${number(a)}, loss ${number(loss(a))}`;
    return [
      `From ${place(w)} with step size ${number(t)}: loss ${number(f)} becomes ${number(loss(t))}, the tangent ` +
        `promised ${clean(f - t * s)}; r = ${clean(r)}, LossGrad's next step is ${size}.`,
      `Step sizes: exact minimizer ${at(exact)}; Polyak ${at(polyak)}; L4, ${number(fraction)} of the way ` +
        `to ${number(aim)}, ${at(l4)}.`,
    ];
  }

  function draw() {
    if (!body.clientWidth) return;
    const found = result(), { f, s, point, loss, aim, curvature, polyak, l4, exact } = found, { step_size: t, w } = state;
    const look = Object.fromEntries(Object.entries(colours).map(([k, c]) => [k, map.legible(c, 0)]));
    landscape(map, contours, state.objective, objective, objectives[state.objective].view);
    const steps = [["lossgrad", t, "●"], ["exact", exact, "★"], ["polyak", polyak, "■"], ["l4", l4, "▲"]];
    const far = Math.max(...steps.map(([, a]) => a)), most = 4 * Math.max(polyak, exact);
    const x = [0, 1.15 * Math.min(far, most) || 1], line = (colour, dash, width = 1.5) => ({ colour, dash, width });
    map.line(101, (i) => point((i / 100) * x[1]), line(map.ink, [], 1));
    for (const [k, a, shape] of steps) sign(map, point(a), shape, look[k], "", 11);
    marker.style.left = `${map.px(w[0])}px`;
    marker.style.top = `${map.py(w[1])}px`;
    marker.setAttribute("aria-label", `point ${place(w)}; arrow keys move it`);

    const y = [-0.15 * f, 1.3 * f || 1];
    curve.frame({
      x, y, xTicks: ticks(...x, 4).map(([v]) => [v, clean(v)]), yTicks: ticks(...y, 4).map(([v]) => [v, clean(v)]),
      xLabel: labels.step_size, yLabel: "loss",
    });
    const graph = (height, how) => curve.line(201, (i) => [(i / 200) * x[1], height((i / 200) * x[1])], how);
    graph(loss, line(curve.ink, [], 2));
    graph((a) => f - a * s, line(look.l4, [6, 3]));
    graph((a) => f - a * s + curvature * a * a, line(look.lossgrad, [2, 3]));
    graph(() => aim, line(look.l4, [1, 3], 1));
    for (const [k, a, shape] of steps) sign(curve, [a, k === "l4" ? f - a * s : loss(a)], shape, look[k], labels[k], 12);
    sign(curve, [polyak, f - polyak * s], "□", look.polyak, "", 12);
    say(words(found));
  }

  take({});
  return body;
};
})();
