// Sensitivity: the final error over all values of one knob, beside tuned gradient descent.
//
// The runs and the words are those of stepsize/_sensitivity.py.
"use strict";

Stepsize.explorers.sensitivity = (figure, { setting, lists, streams, constants, shape }) => {
  const {
    assemble, button, choice, knobOf, number, objective, power, redrawn, renewed, slider, ticks, whole,
  } = Stepsize.kit;
  const { methods, online, catalogue: { knobs, objectives, styles } } = Stepsize;
  const full = ({ name, parameters }) => ({ name, parameters: { ...new methods[name](parameters) } });
  let state, stops; // stops: the values of the knob, the present one among them
  let problem, rivals, level, keys = []; // what depends on the problem alone
  let run, rival, sweep, first; // errors of the sweep by stop; those of the first setting

  // -- runs: each { advance(steps), final }

  // A run on an objective that keeps its end alone; where it is not finite it ends.
  class End extends Stepsize.Run {
    record() {
      this.last = this.w;
    }
    advance(steps) {
      return super.advance(steps) || !this.w.every(Number.isFinite);
    }
    get final() {
      return Stepsize.distance(this.last, this.objective.minimizer);
    }
  }

  const isStream = () => state.problem in streams;

  function start(name, parameters, Kind = End) {
    const method = new methods[name](parameters);
    if (isStream()) return new online.Run(method, problem);
    return new Kind(method, problem, state.w0, { gradEvals: state.budget });
  }

  function prepare() {
    const { scale: s } = state;
    if (isStream()) return online.samples({ ...state, ...streams[state.problem], examples: state.budget }, shape);
    const f = objective(state.problem);
    return {
      minimizer: f.minimizer, loss: (w) => s * f.loss(w), grad: (w) => f.grad(w).map((g) => s * g),
      curvature: (w) => f.curvature(w).map((c) => s * c),
    };
  }

  // The error that counts, infinite where the run diverged.
  function final(one) {
    const error = isStream() ? one.late / state.scale ** 2 : one.final;
    return Number.isFinite(error) ? error : Infinity;
  }

  // Runs become their final errors, every 16th first, as long as there is time; whether all have.
  function finish(errors, make, until) {
    for (let gap = 16; gap >= 1; gap /= 2) {
      for (let i = 0; i < errors.length; i += gap) {
        errors[i] ??= make(i);
        while (typeof errors[i] === "object") {
          if (errors[i].advance(50)) errors[i] = final(errors[i]);
          if (performance.now() > until) return false;
        }
      }
    }
    return true;
  }

  // What a key is the key of is computed anew when it changes.
  function changed(i, ...parts) {
    const key = JSON.stringify(parts), is = keys[i] !== key;
    keys[i] = key;
    return is;
  }

  // Go on for a frame's share of what is to be computed; whether all is.
  function advance() {
    const { name, parameters, knob, problem: on, budget, scale, seed } = state;
    const until = performance.now() + 12, { [knob]: value, ...others } = parameters;
    if (changed(0, on, budget, scale, seed)) {
      problem = prepare();
      rivals = candidates().map(() => null);
      [level, rival, run, sweep, keys] = [null, null, null, null, [keys[0]]];
      return false; // samples take a frame of their own
    }
    if (changed(1, name, parameters, knob)) run = start(name, parameters, Stepsize.Run);
    if (changed(2, name, others, knob, stops)) sweep = stops.map(() => null);
    const descend = (i, Kind) => start("GradientDescent", { step_size: candidates()[i] }, Kind);
    const whole = (one) => {
      while (!one.advance(50)) if (performance.now() > until) return false;
      return true;
    };
    if (!whole(run) || !finish(rivals, descend, until)) return false;
    rival ??= descend(least(rivals), Stepsize.Run);
    if (!whole(rival)) return false;
    level = rivals[least(rivals)];
    const other = (i) => start(name, { ...others, [knob]: stops[i] });
    if (!finish(sweep, other, until)) return false;
    first ??= { knob, stops, sweep, key: keys[2] + keys[0] };
    return true;
  }

  const candidates = () => (isStream() ? constants : knobs.step_size);
  const least = (errors) => errors.reduce((best, e, i) => (e < errors[best] ? i : best), 0);

  // -- words

  const plain = (name) => name.replaceAll("_", " ");
  const word = (v) => (v === Infinity ? "inf" : typeof v === "boolean" ? (v ? "yes" : "no") : number(v));

  function words() {
    const { name, parameters: p, knob, budget } = state, { defaults } = methods[name], best = least(sweep);
    const [what, on] = isStream() ? ["squared error", `over the second half of ${whole(budget)} examples`]
      : ["error", `after ${whole(budget)} gradient evaluations`];
    const said = (error) => (error < Infinity ? `${what} ${number(error)}` : "diverged");
    const told = Object.keys(p).filter((q) => q === knob || p[q] !== defaults[q])
      .map((q) => `${plain(q)} ${word(p[q])}`).join(", ");
    const good = sweep.filter((error) => error <= level && error < Infinity).length;
    return [
      `${styles[name].label} with ${told}: ${said(sweep[stops.indexOf(p[knob])])} ${on}.`,
      `Best of ${stops.length} values of ${plain(knob)}: ${word(stops[best])}, ${said(sweep[best])}. ` +
        `${good} of them do as well as gradient descent with the best of ${candidates().length} ` +
        `constant step sizes, ${number(candidates()[least(rivals)])}: ${said(level)}.`,
    ];
  }

  // -- controls

  const made = {}, ask = redrawn(figure, draw);
  const offered = ({ name, parameters }) => Object.keys(parameters).filter((p) =>
    typeof knobs[knobOf(name, p)][0] === "number");

  function take(changes, focus) {
    state = { ...state, ...changes };
    const { name, parameters } = state, own = offered(state);
    if (!own.includes(state.knob)) [state.knob] = own;
    const { knob } = state, known = knobs[knobOf(name, knob)], value = parameters[knob];
    const after = known.findIndex((v) => typeof v !== "number" || v > value);
    stops = known.slice();
    if (!known.includes(value)) stops.splice(after < 0 ? known.length : after, 0, value);
    if ("value" in changes) return ask();
    Object.assign(made, {
      name: choice("method", Object.entries(styles).map(([k, { label }]) => [k, label]), name, (v) =>
        take(renewed(v, state), "name")),
      knob: choice("knob", own.map((p) => [p, plain(p)]), knob, (v) => take({ knob: v }, "knob")),
      value: slider(plain(knob), known, value, move),
      problem: choice("problem", [
        ...Object.entries(objectives).map(([k, { title }]) => [k, title]), ...Object.keys(streams).map((k) => [k, k]),
      ], state.problem, (v) => take({ problem: v }, "problem")),
    });
    for (const [k, values] of Object.entries(lists)) {
      made[k] = slider(k, values, state[k], (v) => ((state[k] = v), ask()));
    }
    made.seed.node.hidden = !isStream();
    top.replaceChildren(...Object.values(made).map(({ node }) => node));
    if (focus) made[focus].node.querySelector("select").focus();
    ask();
  }

  const move = (value) => take({ parameters: { ...state.parameters, [state.knob]: value }, value });
  const reset = () => take({ ...setting, ...full(setting) });

  const { body, top, say, plots: [curve, errors] } = assemble({}, [button("Reset", reset)], [
    "Final error over the values of the knob", "Errors on the way",
  ]);
  errors.box.style.aspectRatio = 1.2; // alone beside the other

  // A mouse drags along the knob; a finger taps, for it may be scrolling.
  const follow = (event) => {
    const i = Math.round(curve.point(event)[0]);
    if (stops[i] === state.parameters[state.knob] || !(i in stops)) return;
    made.value.set(stops[i]);
    move(stops[i]);
  };
  curve.canvas.addEventListener("click", follow);
  curve.canvas.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch" && !event.button) curve.canvas.setPointerCapture(event.pointerId);
  });
  curve.canvas.addEventListener("pointermove", (event) =>
    curve.canvas.hasPointerCapture(event.pointerId) && follow(event));

  // -- plots

  // A logarithmic axis around what is finite and positive, up to `most`; zero has a line below.
  function axis(values, most = Infinity) {
    const logs = values.filter((v) => v > 0 && v < Infinity).map((v) => Math.max(-17, Math.log10(v)));
    let low = logs.length ? Math.min(...logs) : -1;
    const high = Math.max(low, Math.min(most, Math.max(...logs))), yTicks = [];
    const span = high - low, every = Math.ceil(span / 6) || 1;
    for (let k = Math.floor(low); k <= high + 1; k += every) {
      for (const m of span < 1.5 ? [1, 2, 5] : [1]) yTicks.push([k + Math.log10(m), span > 5 ? power(k) : number(m * 10 ** k)]);
    }
    if (values.includes(0)) yTicks.push([(low -= 1), "0"]);
    const y = [low - 0.15, high + 0.4];
    const height = (v) => (v === 0 ? low : v > 0 && v < Infinity ? Math.max(-17, Math.log10(v)) : null);
    return { y, height, yTicks: yTicks.filter(([v, text]) => v < y[1] && (text === "0" || v > low + 0.3)) };
  }

  // The values to write beside the axis: the round ones, about six.
  function marks() {
    const round = (v) => typeof v !== "number" || v === Infinity || /^[01]e/.test(v.toExponential());
    let found = stops.map((v, i) => [i, word(v)]).filter(([i]) => round(stops[i]));
    if (found.length < 4) found = stops.map((v, i) => [i, word(v)]);
    return found.filter((_, i) => i % Math.ceil(found.length / 7) === 0);
  }

  // What a run came to on the way: [evaluations, error] or the middles and means of blocks.
  function course(one) {
    if (!isStream()) return one.trace.error.map((e, k) => [one.trace.grad_evals[k], e]);
    const size = Math.max(1, Math.floor(one.squares.length / 80)), found = [];
    for (let k = 0; k + size <= one.squares.length; k += size) {
      let total = 0;
      for (let i = k; i < k + size; i++) total += one.squares[i];
      found.push([k + size / 2, total / size / state.scale ** 2]);
    }
    return found;
  }

  function draw() {
    const ended = advance(), { name, knob, budget } = state, { colour } = styles[name], { label } = styles[name];
    if (!sweep) return true; // the last picture stays
    const own = { colour: curve.legible(colour, 0), dash: [], width: 1.8 };
    const gd = { colour: curve.legible(styles.GradientDescent.colour, 0), dash: [6, 3], width: 1.6 };
    const then = { colour: curve.ink, dash: [2, 3], width: 1 };
    const done = sweep.map((e, i) => (typeof e === "number" ? [i, e] : null)).filter(Boolean);
    const before = first && first.knob === knob && first.key !== keys[2] + keys[0]
      ? first.stops.map((v, i) => [stops.indexOf(v), first.sweep[i]]).filter(([i]) => i >= 0) : [];
    const rows = [...done, ...before].map(([, e]) => e).concat(level ?? []);
    const { height, ...scale } = axis(rows, Math.log10(1e3 * (level || 1)));
    const x = [-0.5, stops.length - 0.5];
    curve.frame({
      x, ...scale, xTicks: marks(), xLabel: plain(knob), yLabel: isStream() ? "squared error / scale²" : "final error",
    });
    const graph = (plot, points, h, look) =>
      plot.line(points.length, (k) => ((v) => (v === null ? null : [points[k][0], v]))(h(points[k][1])), look);
    graph(curve, before, height, then);
    if (level !== null) curve.line(2, (i) => [x[i], height(level) ?? NaN], gd);
    graph(curve, done, height, own);
    // crosses for what diverged, and the present value as a disk
    const here = sweep[stops.indexOf(state.parameters[knob])];
    curve.clipped((c) => {
      const put = (text, i, y) => c.fillText(text, curve.px(i), y);
      Object.assign(c, { fillStyle: own.colour, font: "10px sans-serif", textAlign: "center", textBaseline: "middle" });
      for (const [i, e] of done) if (e === Infinity) put("×", i, curve.area.top + 6);
      c.font = "17px sans-serif";
      if (typeof here === "number") {
        put("●", stops.indexOf(state.parameters[knob]), height(here) === null ? curve.area.top + 6
          : Math.max(curve.area.top + 6, curve.py(height(here))));
      }
    });
    const named = [{ text: `GD ${number(candidates()[least(rivals)])}`, colour: gd.colour, of: level }];
    if (before.length) named.push({ text: "at first", colour: then.colour, of: before[0][1] });
    curve.names(named.map((one) => ({ ...one, y: height(one.of) ?? scale.y[1] })));

    const both = [[rival, gd], [run, own]].filter(([one]) => one).map(([one, look]) => [course(one), look]);
    const side = axis(both.flatMap(([points]) => points.map(([, e]) => e)), 3);
    errors.frame({
      x: [0, budget], xTicks: ticks(0, budget, 4).map(([v]) => [v, whole(v)]), y: side.y, yTicks: side.yTicks,
      xLabel: isStream() ? "examples" : "gradient evaluations", yLabel: isStream() ? "squared error / scale²" : "error",
    });
    for (const [points, look] of both) graph(errors, points, side.height, look);
    errors.names(both.map(([points, look], i) => ({
      text: i ? label : named[0].text, colour: look.colour, y: side.height(points[points.length - 1][1]) ?? side.y[1],
    })));
    if (!ended) return true;
    say(words());
  }

  reset();
  return body;
};
