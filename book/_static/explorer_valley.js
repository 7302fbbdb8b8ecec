// The valley: up to four methods on a plane, their paths, errors and step sizes.
"use strict";

(() => {
const { el, whole, number, slider, choice, knob, button, readout, Plot, Contours, ticks, power, swatch, redrawn } =
  Stepsize.kit;

Stepsize.explorers.valley = (figure, { setting, presets, defaults, objectives, styles, knobs, fresh, lists }) => {
  const methods = Object.keys(styles);
  let state = structuredClone(setting);
  const slots = []; // of each method: its run, kept while its key stays, and its legend
  const built = {};
  const body = el("div", { class: "explorer-body" });
  const ask = redrawn(figure, draw);
  const change = (name) => (value) => {
    state[name] = value;
    ask();
  };

  // -- arithmetic

  function objective(name) {
    const { function: f, parameters } = objectives[name];
    return (built[name] ||= Stepsize.objectives[f](parameters));
  }

  function run(slot, { name, parameters }) {
    const key = JSON.stringify([name, parameters, state.objective, state.w0, state.grad_evals]);
    if (slot.key === key) return slot.trace;
    const method = new Stepsize.methods[name](parameters);
    slot.trace = Stepsize.minimize(method, objective(state.objective), state.w0, {
      gradEvals: state.grad_evals,
    });
    slot.key = key;
    return slot.trace;
  }

  // -- words

  function labels() {
    const found = [];
    for (const { name, parameters: p } of state.methods) {
      let { label } = styles[name];
      if (p.planning_steps > 1) label += `-p${p.planning_steps}`;
      if (p.window) label += ` K${p.window}`;
      const same = found.filter((other) => other.replace(/ \(\d+\)$/, "") === label).length;
      found.push(same ? `${label} (${same + 1})` : label);
    }
    return found;
  }

  function words(label, { w, error, grad_evals }) {
    const n = w.length - 1;
    if (!w[n].every(Number.isFinite)) {
      const row = w.findIndex((point) => !point.every(Number.isFinite));
      return `${label}: diverged, not finite from iteration ${whole(row - 1)} on (counting from 0), ` +
        `${whole(grad_evals[row])} gradient evaluations.`;
    }
    let text = `${label}: error ${number(error[n])} after ${whole(grad_evals[n])} gradient evaluations, ` +
      `${whole(n)} iterations`;
    const arrived = error.findIndex((e) => e <= lists.level), zero = error.indexOf(0);
    if (arrived < 0) return `${text}; never below ${number(lists.level)}.`;
    text += `; first below ${number(lists.level)} after ${whole(grad_evals[arrived])}`;
    if (zero > 0) {
      text += `; error exactly 0 at iteration ${whole(zero - 1)} (counting from 0), ` +
        `${whole(grad_evals[zero])} gradient evaluations`;
    }
    return `${text}.`;
  }

  // -- controls

  const grid = (axis) => {
    const [low, high] = objectives[state.objective].view[axis];
    return Array.from({ length: Math.round((high - low) * 20) + 1 }, (_, k) => Math.round(low * 20 + k) / 20);
  };
  const top = el("div", { class: "explorer-controls" });
  const cards = el("div", { class: "explorer-methods" });
  let controls = {};

  function buildControls() {
    controls = {
      objective: choice("objective", Object.entries(objectives).map(([k, o]) => [k, o.title]),
        state.objective, (value) => {
          state.objective = value;
          start(state.w0);
          rebuild();
          top.querySelector("select").focus();
        }),
      grad_evals: slider("gradient evaluations", lists.grad_evals, state.grad_evals,
        change("grad_evals"), whole),
      x: slider("start, w₁", grid(0), state.w0[0], (v) => start([v, state.w0[1]])),
      y: slider("start, w₂", grid(1), state.w0[1], (v) => start([state.w0[0], v])),
      over: choice("horizontal axis", lists.over.map((v) => [v, v]), state.over, change("over")),
      weight: choice("step sizes of", [[1, "w₁"], [2, "w₂"]], state.weight, (v) => {
        state.weight = Number(v);
        ask();
      }),
    };
    top.replaceChildren(...Object.values(controls).map((control) => control.node));
  }

  function card(slot, index) {
    const method = state.methods[index], { name, parameters } = method;
    const made = {};
    for (const p of Object.keys(parameters)) {
      const values = knobs[`${name}.${p}`] || knobs[p];
      made[p] = knob(p.replaceAll("_", " "), values, parameters[p], (value) => {
        parameters[p] = value;
        // The derived pairing needs the fresh gradient.
        if (p === "pairing" && value === "derived") made.reuse_gradient.set((parameters.reuse_gradient = false));
        if (p === "reuse_gradient" && value) made.pairing.set((parameters.pairing = "published"));
        ask();
      });
    }
    slot.legend = el("span");
    slot.swatch = el("canvas", { width: 56, height: 12, "aria-hidden": "true" });
    const which = choice("method", methods.map((m) => [m, styles[m].label]), name, (value) => {
      state.methods[index] = renewed(value, parameters);
      rebuild();
      cards.children[index].querySelector("select").focus();
    });
    if (state.methods.length > 1) {
      which.node.append(button("×", () => {
        state.methods.splice(index, 1);
        slots.splice(index, 1);
        rebuild();
        cards.querySelector("select").focus();
      }, { class: "remove", title: "remove", "aria-label": "remove this method" }));
    }
    const legend = el("legend", {}, slot.swatch, slot.legend);
    return el("fieldset", {}, legend, which.node, ...Object.values(made).map((m) => m.node));
  }

  // Another method with the values that the last one had under the same names.
  function renewed(name, parameters) {
    const own = { ...new Stepsize.methods[name]({}) };
    for (const p of Object.keys(own)) {
      own[p] ??= fresh[p];
      if (typeof own[p] === typeof parameters[p]) own[p] = parameters[p];
    }
    return { name, parameters: own };
  }

  function rebuild() {
    buildControls();
    while (slots.length < state.methods.length) slots.push({});
    slots.length = state.methods.length;
    cards.replaceChildren(...slots.map(card));
    if (slots.length < lists.most) {
      cards.append(button("add a method", () => {
        const last = state.methods[state.methods.length - 1];
        const unused = methods.find((m) => !state.methods.some((method) => method.name === m));
        state.methods.push(renewed(unused || last.name, last.parameters));
        rebuild();
        cards.children[slots.length - 1].querySelector("select").focus();
      }, { class: "add" }));
    }
    ask();
  }

  const take = (other) => {
    state = structuredClone(other);
    rebuild();
  };

  // -- plots

  const plots = el("div", { class: "explorer-plots" });
  const map = new Plot(plots, "Contours of the loss with the path of each method", "map");
  const errors = new Plot(plots, "Error of each method on a logarithmic axis", "curve");
  const steps = new Plot(plots, "Step sizes that each method used", "curve");
  const contours = new Contours();
  const marker = button("", () => {}, { class: "start" });
  map.box.append(marker);

  function start(w0) {
    const { view } = objectives[state.objective];
    state.w0 = w0.map((v, i) => Number(Math.min(view[i][1], Math.max(view[i][0], v)).toFixed(2)));
    controls.x.set(state.w0[0]);
    controls.y.set(state.w0[1]);
    ask();
  }

  marker.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] }[event.key];
    if (!way) return;
    event.preventDefault();
    const size = event.shiftKey ? 0.25 : 0.05;
    start(state.w0.map((v, i) => v + size * way[i]));
  });
  const follow = (event) => start(map.point(event));
  marker.addEventListener("pointerdown", (event) => marker.setPointerCapture(event.pointerId));
  marker.addEventListener("pointermove", (event) => {
    if (marker.hasPointerCapture(event.pointerId)) follow(event);
  });
  map.canvas.addEventListener("click", follow);
  map.canvas.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch" || event.button) return; // a finger may be scrolling
    event.preventDefault();
    follow(event);
    marker.focus({ preventScroll: true });
    marker.setPointerCapture(event.pointerId);
  });

  // Step sizes are drawn linearly below a thousandth, logarithmically above, with their sign.
  const signed = (a) => Math.sign(a) * Math.log10(1 + Math.abs(a) / 1e-3);

  function draw() {
    if (!body.clientWidth) return;
    const traces = slots.map((slot, i) => run(slot, state.methods[i])), names = labels();
    const seen = {};
    const looks = state.methods.map(({ name, parameters }) => {
      const { colour, dash, windows } = styles[name], own = windows?.[parameters.window] || colour;
      const again = (seen[own] = (seen[own] ?? -1) + 1);
      // The same look once more: nearer to the ink, and dashed.
      return { colour: map.legible(own, 0.35 * again), dash: again ? [6 / again, 3] : dash, width: 1.8 };
    });
    drawMap(traces, looks);
    drawCurves(traces, looks, names);
    slots.forEach(({ legend }, i) => {
      legend.textContent = names[i];
      swatch(slots[i].swatch, looks[i]);
    });
    const lines = traces.map((trace, i) => words(names[i], trace));
    output.say(lines);
  }

  function drawMap(traces, looks) {
    const { view: [x, y] } = objectives[state.objective], { loss, minimizer } = objective(state.objective);
    map.frame({
      x, y, xTicks: ticks(...x), yTicks: ticks(...y), xLabel: "w₁", yLabel: "w₂",
      under: (plot) => contours.draw(plot, state.objective, (w) => Math.log10(loss(w))),
    });
    traces.forEach(({ w }, i) => {
      map.line(w.length, (k) => (w[k].every(Number.isFinite) ? w[k] : null), looks[i]);
    });
    map.clipped((c) => {
      c.fillStyle = map.ink;
      c.font = "20px sans-serif";
      c.textAlign = "center";
      c.textBaseline = "middle";
      c.fillText("★", map.px(minimizer[0]), map.py(minimizer[1]));
    });
    const [a, b] = state.w0;
    marker.style.left = `${map.px(a)}px`;
    marker.style.top = `${map.py(b)}px`;
    marker.setAttribute("aria-label", `starting point (${number(a)}, ${number(b)}); arrow keys move it`);
  }

  function drawCurves(traces, looks, names) {
    const xs = traces.map((t) => (state.over === lists.over[0] ? t.grad_evals : t.w.map((_, k) => k)));
    const x = [0, Math.max(1, ...xs.map((values) => values[values.length - 1]))];
    const common = { x, xTicks: ticks(...x).map(([v]) => [v, whole(v)]), xLabel: state.over };

    let low = Infinity, high = -Infinity, zero = false;
    for (const { error } of traces) {
      for (const e of error) {
        if (e > 0 && e < low) low = e;
        if (e > high && e < Infinity) high = e;
        if (e === 0) zero = true;
      }
    }
    const bottom = Math.floor(Math.log10(Math.max(low, 1e-17))) - (zero ? 1 : 0);
    const y = [bottom, Math.max(bottom + 1, Math.ceil(Math.log10(Math.min(high, 1e3))))];
    const every = Math.ceil((y[1] - y[0]) / 6);
    const yTicks = [];
    for (let k = y[1]; k >= y[0]; k--) if (k % every === 0 && !(zero && k === bottom)) yTicks.push([k, power(k)]);
    if (zero) yTicks.push([bottom, "0"]);
    errors.frame({ ...common, y, yTicks, yLabel: "error" });
    const height = (e) => (e === 0 ? bottom : Math.log10(e));
    traces.forEach(({ error }, i) => {
      const at = (k) => (error[k] < Infinity ? [xs[i][k], height(error[k])] : null);
      errors.line(error.length, at, looks[i]);
      const first = error.indexOf(0);
      if (first > 0) errors.dots([[xs[i][first], bottom]], looks[i], 4);
    });
    errors.names(traces.map(({ error }, i) => {
      const last = error[error.length - 1];
      return { text: names[i], colour: looks[i].colour, y: last < Infinity ? height(last) : y[1] };
    }));

    const used = traces.map(({ step_size }, i) => {
      const points = [];
      step_size.forEach((alpha, k) => {
        const a = alpha[state.weight - 1];
        if (Number.isFinite(a)) points.push([xs[i][k], signed(a)]);
      });
      return points;
    });
    const range = [-0.1, signed(0.01)];
    for (const points of used) {
      for (const [, a] of points) {
        range[0] = Math.max(-6, Math.min(range[0], a - 0.1));
        range[1] = Math.min(6, Math.max(range[1], a + 0.2));
      }
    }
    const marks = [0.01, 0.1, 1, 10, 100].flatMap((a) => [-a, a]).concat(0);
    if (range[1] - range[0] < 3) marks.push(-0.001, 0.001);
    steps.frame({
      ...common, y: range, yLabel: `step size of ${state.weight === 1 ? "w₁" : "w₂"}`,
      yTicks: marks
        .filter((a) => signed(a) >= range[0] && signed(a) <= range[1])
        .map((a) => [signed(a), number(a)]),
    });
    used.forEach((points, i) => {
      const many = points.length > 150 && state.methods[i].name === "Csawg";
      steps.line(points.length, (k) => points[k], many ? { ...looks[i], width: 0.4, dash: [] } : looks[i]);
      if (many || points.length < 60) steps.dots(points, looks[i], many ? 0.8 : 1.8);
    });
  }

  // -- the page

  const output = readout();
  const buttons = el("div", { class: "explorer-buttons" }, button("Reset", () => take(setting)));
  for (const [name, preset] of Object.entries(presets)) {
    buttons.append(button(name, () => take({ ...defaults, ...preset })));
  }
  body.append(buttons, plots, output.node, top, cards);
  rebuild();
  return body;
};
})();
