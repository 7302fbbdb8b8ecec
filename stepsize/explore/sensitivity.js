// Sensitivity: the final error over all values of one knob, beside tuned gradient descent.
"use strict";

Stepsize.explorers.sensitivity = (figure, data) => {
  const {
    having, held, logarithmic, marker, methodOf, methodText, number, objective, panel, renewed, stroke,
    valuesOf, whole, within,
  } = Stepsize.kit;
  const { methods, online, catalogue } = Stepsize, { methods: rows } = catalogue;
  const { streams, constants, shape, knobs: { method: [, names], knob: [, own], value: [, stops] } } = data;
  let method, keys = []; // own: the method's knobs that are numbers; stops: all values of the present one
  let problem, rivals, sweep, first, wanted; // rivals and sweep: runs that become final errors

  const like = () => [method.name, state.knob, state.problem].join(); // what curves can be compared
  const isStream = () => state.problem in streams;
  const candidates = () => (isStream() ? constants : catalogue.stops.step_size);
  const known = (e) => (typeof e === "number" ? e : Infinity);
  const least = (errors) => errors.reduce((best, e, i) => (known(e) < known(errors[best]) ? i : best), 0);
  const present = () => stops.indexOf(state.value);
  const shared = () => JSON.stringify([state.problem, state.budget, state.scale, state.seed]);
  const swept = () => shared() + JSON.stringify([method.name, { ...method.parameters, [state.knob]: 0 }, state.knob, stops]);

  // A run that keeps its end alone, and ends where it is not finite.
  class End extends Stepsize.Run {
    record() {
      this.last = this.w;
    }
    advance(steps) {
      return super.advance(steps) || !this.w.every(Number.isFinite);
    }
  }

  function prepare() {
    const { scale: s } = state;
    if (isStream()) return online.samples({ ...state, ...streams[state.problem], examples: state.budget }, shape);
    const f = objective(state.problem);
    return {
      minimizer: f.minimizer, loss: (w) => s * f.loss(w), grad: (w) => f.grad(w).map((g) => s * g),
      curvature: (w) => f.curvature(w).map((c) => s * c), hvp: (w, v) => f.hvp(w, v).map((x) => s * x),
    };
  }

  function start(name, parameters) {
    const one = new methods[name](parameters);
    if (isStream()) return new online.Run(one, problem);
    return new End(one, problem, state.w0, { gradEvals: state.budget });
  }

  // The error that counts, infinite where the run diverged.
  function final(run) {
    const error = isStream() ? run.late / state.scale ** 2 : Stepsize.distance(run.last, problem.minimizer);
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

  // Go on for a frame's share of what is to be computed; whether all is.
  function advance() {
    const { knob } = state, { name, parameters } = method, until = performance.now() + 12, of = shared(), at = swept();
    if (keys[0] !== of) {
      problem = prepare();
      rivals = candidates().map(() => null);
      sweep = null;
      keys = [of];
      return false; // samples take a frame of their own
    }
    if (keys[1] !== at) sweep = stops.map(() => null);
    keys[1] = at;
    return finish(rivals, (i) => start("GradientDescent", { step_size: candidates()[i] }), until) &&
      finish(sweep, (i) => start(name, { ...parameters, [knob]: stops[i] }), until);
  }

  const plain = (name) => name.replaceAll("_", " ");
  const word = (v) => (v === Infinity ? "inf" : typeof v === "boolean" ? (v ? "yes" : "no") : number(v));

  function words({ errors: sweep, constant, level }) {
    const { knob, budget } = state, { name, parameters: p } = method, best = least(sweep);
    const [what, on] = isStream() ? ["squared error", ` over the second half of ${whole(budget)} examples`]
      : ["error", ` after ${whole(budget)} gradient evaluations`];
    const said = (error, more = "") => (error < Infinity ? `${what} ${number(error)}${more}` : "diverged");
    const told = Object.keys(p).filter((q) => q === knob || p[q] !== methods[name].defaults[q])
      .map((q) => `${plain(q)} ${word(p[q])}`).join(", ");
    const good = sweep.filter((error) => error <= level && error < Infinity).length;
    return [
      `${rows[name].label} with ${told}: ${said(sweep[present()], on)}.`,
      (sweep[best] < Infinity ? `Best of ${stops.length} values of ${plain(knob)}: ${word(stops[best])}, ` +
        `${said(sweep[best])}. ${good} of them do` : `All ${stops.length} values of ${plain(knob)} diverge. None does`) +
        ` as well as gradient descent with the best of ${candidates().length} ` +
        `constant step sizes, ${number(constant)}: ${said(level)}.`,
    ];
  }

  const refill = (list, values) => list.splice(0, Infinity, ...values);
  refill(names, Object.keys(rows));
  refill(own, [data.setting.knob]); // a word, hence a choice
  const changed = (changes) => {
    if (changes.with) method = methodOf(changes.with);
    wanted = changes.knob ?? wanted;
    if (state.method !== method.name) method = renewed(state.method, method);
    const { name, parameters } = method;
    refill(own, Object.keys(parameters).filter((p) => typeof valuesOf(name, p)?.[0] === "number" && !held(parameters[p])));
    state.knob = own.includes(wanted) ? wanted : own[0];
    if ("value" in changes) parameters[state.knob] = changes.value;
    state.value = parameters[state.knob];
    refill(stops, having(valuesOf(name, state.knob), state.value));
    controls.value.node.firstChild.textContent = plain(state.knob);
    controls.seed.node.hidden = !isStream();
  };
  const link = { write: () => methodText(method), read: (text) => methodText(methodOf(text, within)) };
  const { state, controls, take, body, say, settled, twin, plots: [plot] } =
    panel(figure, data, { draw, changed, texts: { with: link } });
  const here = marker(plot, () => [present(), 0], ([i]) =>
    take({ value: stops[Math.max(0, Math.min(stops.length - 1, Math.round(i)))] }), 1);

  // The values to write beside the axis: about six round ones.
  function marks() {
    const all = stops.map((v, i) => [i, word(v)]);
    const round = all.filter(([i]) => !/^([2-9]|1\.)/.test(Number(stops[i]).toExponential()));
    const found = round.length < 4 ? all : round;
    return found.filter((_, i) => i % Math.ceil(found.length / 7) === 0);
  }

  function draw() {
    const points = (errors) => errors.map((e, i) => [i, e]).filter(([, e]) => typeof e === "number");
    const ended = !twin() || advance(), best = twin() && least(rivals);
    const found = settled(twin() && sweep && {
      values: [...stops], errors: sweep, constant: candidates()[best], level: known(rivals[best]),
    }, ended);
    if (!found) return twin(); // the last picture stays
    const { values, errors, constant, level } = found;
    const shown = points(errors), x = [-0.5, values.length - 0.5];
    const complete = ended || found.lines, of = swept();
    if (complete && (first?.like !== like() || first.of === of)) first = { like: like(), of, values, errors };
    const before = first?.like === like() && first.of !== of
      ? points(first.errors).map(([i, e]) => [values.indexOf(first.values[i]), e]).filter(([i]) => i >= 0) : [];
    const { height, ...axis } = logarithmic([...shown, ...before].map(([, e]) => e).concat(level),
      Math.log10(1e3 * (level || 1)));
    plot.frame({
      x, ...axis, xTicks: marks(), xLabel: plain(state.knob), yLabel: isStream() ? "squared error / scale²" : "final error",
    });
    const line = stroke(plot.legible(rows[method.name].colour)), then = stroke(plot.legible("#808080"), 1.4, [2, 3]);
    const gd = stroke(plot.legible(rows.GradientDescent.colour), 1.6, [6, 3]);
    const graph = (points, look) => plot.line(points.length, (k) => [points[k][0], height(points[k][1])], look);
    graph(before, then);
    graph(x.map((end) => [end, level]), gd);
    graph(shown, line);
    const top = axis.y[1], edge = (e) => Math.min(height(e) ?? top, top);
    plot.clipped((c) => {
      Object.assign(c, { fillStyle: line.colour, font: "10px sans-serif", textAlign: "center", textBaseline: "top" });
      for (const [i, e] of shown) if (e === Infinity) c.fillText("×", plot.px(i), plot.area.top);
    });
    const names = [{ text: `GD ${number(constant)}`, colour: gd.colour, at: [x[1], edge(level)] }];
    const ends = (points) => points.findLast(([, e]) => e < Infinity);
    for (const [text, end, { colour }] of [[rows[method.name].label, ends(shown), line], ["at first", ends(before), then]]) {
      if (end) names.push({ text, colour, at: [end[0], edge(end[1])] });
    }
    plot.names(names);
    const i = present();
    here.show("", [i, edge(known(errors[i]))]);
    here.node.setAttribute("aria-label", `${plain(state.knob)} ${word(stops[i])}; arrow keys move it`);
    if (complete) say(found.lines ?? words(found));
    return !ended;
  }

  take(data.setting);
  return body;
};
