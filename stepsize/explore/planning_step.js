// Inside a planning step of Csawg. Arithmetic and words are those of planning_step.py.
"use strict";

// Every gradient evaluation, from points[n - 1] to points[n], is a stage.
Stepsize.inside = (method, objective, w0, plannings) => {
  const ratio = (a, b) => (b !== 0 ? a / b : 0);
  const { window: K, correction_steps: M } = method, points = [], main = [], pairs = [];
  const watched = { ...objective, grad: (w) => (points.push(w), objective.grad(w)) };
  const run = new Stepsize.Run(method, watched, w0, { iterations: K * (plannings + 1) });
  const stages = [{ kind: "start", k: 0, planning: 1, from: 0, to: 0, alpha: [0, 0] }];
  let planning = 1, from = 0;
  for (let k = 1; k <= K * (plannings + 1); k++) {
    const before = points.length;
    run.advance(1);
    const w = points[before + 1] ?? run.w, later = points.length - before - 1, { state } = run;
    main.push({ w, g: objective.grad(points[before]) });
    if (k > K) {
      const s = main[k - 1 - K];
      pairs.push({ ...s, d: s.w.map((x, i) => x - w[i]), later: w });
    }
    // A planning leaves its step sizes, the main loop the sums that they come from.
    const alpha = later ? state.step_size : state.sum_1.map((a, i) => ratio(a, state.sum_2[i]));
    const common = { k, planning, from, to: pairs.length, alpha };
    stages.push({ kind: "descend", ...common });
    for (let i = 0; i < later; i++) {
      const m = i % (1 + M), leap = Math.floor(i / (1 + M)) + 1;
      stages.push({ kind: m ? "correct" : "leap", m, leap, ...common });
    }
    if (later) [planning, from] = [planning + 1, pairs.length];
  }
  return { points: [...points, run.w], stages, pairs };
};

Stepsize.explorers["planning-step"] = (figure, data) => {
  const { Contours, number, objective: named, panel, stroke, whole } = Stepsize.kit;
  const { legible, place, surface } = Stepsize.surfaces;
  const finite = (w) => w.every(Number.isFinite);
  const { colours, setting: { objective: name }, knobs: { at: [, stops] } } = data, contours = [];
  const { view } = Stepsize.catalogue.objectives[name], objective = named(name);
  let run, kept; // contours: one for each planning; stops: one for each evaluation
  const changed = (changes) => {
    const key = JSON.stringify({ ...state, at: 0 });
    if (key !== kept) {
      run = Stepsize.inside(new Stepsize.methods.Csawg(state), objective, state.w0, state.plannings);
      stops.splice(0, Infinity, ...run.points.keys());
      if (kept && !("at" in changes)) state.at = Math.min(state.at, run.points.findLastIndex(finite));
    }
    kept = key;
    state.at = Math.max(0, Math.min(stops.length - 1, state.at));
  };
  const next = () => {
    const found = run.stages.findIndex(({ kind, leap }, n) => n > state.at + 1 && kind === "leap" && leap === 1);
    return { at: (found < 0 ? stops.length : found) - 1 };
  };
  const { state, take, body, say, settled, plots: [map, ...fits] } = panel(figure, data, { draw, changed, buttons: {
    back: () => ({ at: state.at - 1 }), next: () => ({ at: state.at + 1 }), "to the next planning": next,
  } });

  function arrow(plot, from, to, colour, width) {
    plot.line(2, (i) => (i ? to : from), stroke(colour, width));
    const turn = Math.atan2(plot.py(to[1]) - plot.py(from[1]), plot.px(to[0]) - plot.px(from[0]));
    plot.sign(to, "▶", colour, 5 + 2.5 * width, turn || 1e-9);
  }

  function wider(values, least) {
    const low = Math.min(...values), high = Math.max(...values), half = Math.max(0.62 * (high - low), least);
    return [(low + high) / 2 - half, (low + high) / 2 + half];
  }

  function words() {
    const { at, window: K, planning_steps, correction_steps } = state, w = run.points[at];
    const { kind, k, leap, m, planning, from, to: end, alpha } = run.stages[at];
    const away = Math.hypot(...w.map((x, i) => x - objective.minimizer[i]));
    const to = `to ${place(w)}${finite(w) ? `, error ${number(away)}` : ""}.`;
    const what = {
      descend: `gradient step ${whole(k)} of the main loop ${to}`,
      leap: `planning ${planning}, leap ${leap} of ${planning_steps} ${to}`,
      correct: `planning ${planning}, correcting step ${m} of ${correction_steps} after leap ${leap} ${to}`,
    }[kind];
    const held = k <= K ? `${k} of ${K} weights and gradients; no pair yet`
      : `${end - from} of ${K} pairs; step sizes ${end - from < K ? "so far" : "learned"} ` +
        (finite(alpha) ? place(alpha) : "are not finite");
    return [
      what ? `Gradient evaluation ${whole(at)} of ${whole(stops.length - 1)}: ${what}`
        : `Start ${to.replace("to", "at").slice(0, -1)}; no gradient is evaluated yet.`,
      `The buffers hold ${held}.`,
    ];
  }

  function draw() {
    const { stages, points, pairs, lines } = settled(run), n = Math.min(state.at, points.length - 1);
    const { planning, from, to, alpha } = stages[n];
    const cycle = [...stages.keys()].filter((i) => stages[i].planning === planning), first = cycle[0];
    const all = pairs.slice(from, stages[cycle.at(-1)].to), held = pairs.slice(from, to);
    const seen = [...cycle.map((i) => points[i]), ...all.flatMap((p) => [p.w, p.later])].filter(finite);
    const more = surface(map, (contours[planning] ||= new Contours()), objective,
      view.map(([a, b], i) => wider(seen.map((w) => Math.max(a - 1, Math.min(b + 1, w[i]))), 1e-4)));
    const look = legible(map, colours);
    map.line(n + 1, (i) => points[i], stroke(look.pair, 0.7));
    for (const { w, later } of held) arrow(map, w, later, look.pair, 3);
    for (let i = first; i <= n; i++) {
      const { kind } = stages[i];
      if (kind === "leap") arrow(map, points[i - 1], points[i], look.leap, 1.8);
      if (kind === "leap") map.sign(points[i], "■", map.ink, 9);
      else if (kind === "correct") map.sign(points[i], "×", look.correct, 14);
      else map.sign(points[i], "●", look.main, 9);
    }
    map.sign(points[n], "◯", map.ink, 17);
    fits.forEach((plot, i) => {
      const ok = all.filter((p) => finite([p.g[i], p.d[i]])), name = i ? "w₂" : "w₁";
      const [x, y] = ["g", "d"].map((v) => wider([0, ...ok.map((p) => p[v][i])], ok.length ? 1e-300 : 1));
      plot.frame({ x, y, xLabel: `gradient of ${name}`, yLabel: `decrease of ${name}` });
      for (const p of held) plot.sign([p.g[i], p.d[i]], "■", look.pair, 9);
      if (!held.length || !Number.isFinite(alpha[i])) return;
      plot.line(2, (k) => [x[k], alpha[i] * x[k]], stroke(look.leap));
      plot.names([{ text: `slope ${number(alpha[i])}`, at: [x[1], alpha[i] * x[1]], colour: look.leap }]);
    });
    say(lines ?? words());
    return more;
  }
  take(data.setting);
  return body;
};
