// The valley: up to four methods on a plane, their paths, errors and step sizes.
"use strict";

(() => {
const {
  el, whole, number, slider, choice, knob, button, readout, player, linked, Plot, Contours, ticks, power,
  swatch, redrawn, objective, renewed, knobOf, within,
} = Stepsize.kit;
const { defaults, objectives, styles, dashes, knobs, lists, presets } = Stepsize.catalogue;
const methods = Object.keys(styles);
const FOLDED = 6; // knobs of a method beyond these are folded away

Stepsize.explorers.valley = (figure, { setting, presets: offered }) => {
  let state = structuredClone(setting);
  const slots = []; // of each method: its run, kept while its key stays, and its legend
  const body = el("div", { class: "explorer-body" });
  const redraw = redrawn(figure, draw);
  let time = 1, playing = false; // the share of the runs that is shown
  const ask = () => {
    time = 1;
    playback.reset();
    redraw();
  };
  const change = (name) => (value) => {
    state[name] = value;
    ask();
  };

  // -- arithmetic

  // Go on with the runs for some milliseconds; whether all have ended.
  function advance(milliseconds) {
    const until = performance.now() + milliseconds;
    return slots.map((slot, i) => {
      const { name, parameters } = state.methods[i];
      const key = Object.values(parameters).concat(name, state.objective, state.w0, state.grad_evals).join();
      if (slot.key !== key) {
        const method = new Stepsize.methods[name](parameters);
        slot.run = new Stepsize.Run(method, objective(state.objective), state.w0, {
          gradEvals: state.grad_evals,
        });
        slot.ended = false;
        slot.key = key;
      }
      while (!slot.ended && performance.now() < until) slot.ended = slot.run.advance(10);
      return slot.ended;
    }).every(Boolean);
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

  // What a run has come to on the way.
  function wordsAt(label, { w, error, grad_evals }, row) {
    const at = w[row].every(Number.isFinite) ? `error ${number(error[row])}` : "diverged";
    return `${label}: ${at} at ${whole(grad_evals[row])} gradient evaluations, ${whole(row)} iterations.`;
  }

  // -- the setting as text: its link

  function write() {
    const { objective, w0, grad_evals, over, weight } = state;
    const parts = Object.entries({ objective, w0: w0.join(), grad_evals, over, weight });
    for (const { name, parameters } of state.methods) {
      parts.push(["method", [name, ...Object.entries(parameters).map(([p, v]) => `${p}=${v}`)].join()]);
    }
    return parts.map(([key, value]) => `${key}=${encodeURI(value)}`).join("&");
  }

  function read(text) {
    const given = new URLSearchParams(text);
    const known = (list, value) => {
      if (!list.includes(value)) throw new RangeError(value);
      return value;
    };
    const finite = (word) => {
      if (word.trim() === "" || !Number.isFinite(Number(word))) throw new RangeError(word);
      return Number(word);
    };
    try {
      const w0 = given.get("w0").split(",").map(finite);
      known([2], w0.length);
      const other = {
        objective: known(Object.keys(objectives), given.get("objective")),
        w0,
        grad_evals: within(lists.grad_evals, given.get("grad_evals")),
        over: known(lists.over, given.get("over") ?? defaults.over),
        weight: known([1, 2], Number(given.get("weight") ?? defaults.weight)),
        methods: given.getAll("method").map((method) => {
          const [name, ...pairs] = method.split(","), { parameters } = renewed(known(methods, name));
          for (const [p, word] of pairs.map((pair) => pair.split("="))) {
            parameters[known(Object.keys(parameters), p)] = within(knobs[knobOf(name, p)], word);
          }
          return { name, parameters };
        }),
      };
      known([1, 2, 3, 4].slice(0, lists.most), other.methods.length);
      state = other;
    } catch {
      return false;
    }
    start(state.w0);
    rebuild();
    return true;
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
      made[p] = knob(p.replaceAll("_", " "), knobs[knobOf(name, p)], parameters[p], (value) => {
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
      state.methods[index] = renewed(value, method);
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
    const nodes = Object.values(made).map((m) => m.node), card = el("fieldset", {}, legend, which.node);
    card.append(...nodes.splice(0, FOLDED));
    if (nodes.length) {
      const more = el("details", {}, el("summary", {}, "more"), ...nodes);
      more.open = slot.open;
      more.addEventListener("toggle", () => (slot.open = more.open));
      card.append(more);
    }
    return card;
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
        state.methods.push(renewed(unused || last.name, last));
        rebuild();
        cards.children[slots.length - 1].querySelector("select").focus();
      }, { class: "add" }));
    }
    ask();
  }

  const take = (other) => {
    state = structuredClone(other);
    for (const method of state.methods) {
      method.parameters = { ...new Stepsize.methods[method.name](method.parameters) };
    }
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

  function lookOf() {
    const seen = {};
    return state.methods.map(({ name, parameters: { window: w } }) => {
      const { colour, dash, windows } = styles[name];
      const own = windows ? windows[Object.keys(windows).find((k) => k >= w)] : colour;
      const rank = (seen[name] = (seen[name] ?? -1) + 1);
      // Each further one of a class has the next dashes, and is nearer to the ink.
      return { colour: map.legible(own, 0.25 * rank), dash: dashes[(dash + rank) % dashes.length], width: 1.8 };
    });
  }

  function draw() {
    const ended = advance(24);
    const traces = slots.map(({ run }) => run.trace), names = labels(), looks = lookOf();
    const xs = traces.map((t) => (state.over === lists.over[0] ? t.grad_evals : t.w.map((_, k) => k)));
    const end = Math.max(1, ...xs.map((values) => values[values.length - 1]));
    const rows = xs.map((values) => lastBelow(values, time * end)); // shown of each run
    drawMap(traces, looks, rows);
    drawCurves(traces, looks, names, xs, end, rows);
    slots.forEach(({ legend }, i) => {
      legend.textContent = names[i];
      swatch(slots[i].swatch, looks[i]);
    });
    if (!ended) return true;
    if (playing) return false;
    output.say(traces.map((t, i) => (time < 1 ? wordsAt(names[i], t, rows[i]) : words(names[i], t))));
    return false;
  }

  // The last row of sorted numbers that is not above a limit.
  function lastBelow(values, limit) {
    let low = 0, high = values.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (values[middle] <= limit) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  function drawMap(traces, looks, rows) {
    const { view: [x, y] } = objectives[state.objective], { loss, minimizer } = objective(state.objective);
    map.frame({
      x, y, xTicks: ticks(...x), yTicks: ticks(...y), xLabel: "w₁", yLabel: "w₂",
      under: (plot) => contours.draw(plot, state.objective, (w) => Math.log10(loss(w))),
    });
    traces.forEach(({ w }, i) => {
      const at = (k) => (Number.isFinite(w[k][0]) && Number.isFinite(w[k][1]) ? w[k] : null);
      map.line(rows[i] + 1, at, looks[i]);
      if (time < 1 && at(rows[i])) map.dots([w[rows[i]]], looks[i], 4);
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

  function drawCurves(traces, looks, names, xs, end, rows) {
    const x = [0, end];
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
      errors.line(rows[i] + 1, at, looks[i]);
      const first = error.indexOf(0);
      if (first > 0 && first <= rows[i]) errors.dots([[xs[i][first], bottom]], looks[i], 4);
    });
    errors.names(traces.map(({ error }, i) => {
      const last = error[rows[i]];
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
      const until = xs[i][rows[i]], shown = points.filter(([at]) => at <= until);
      steps.line(shown.length, (k) => shown[k], many ? { ...looks[i], width: 0.4, dash: [] } : looks[i]);
      if (many || points.length < 60) steps.dots(shown, looks[i], many ? 0.8 : 1.8);
    });
  }

  // -- the page

  const output = readout();
  const playback = player((share, moving) => {
    [time, playing] = [share, moving];
    redraw();
  });
  const buttons = el("div", { class: "explorer-buttons" }, button("Reset", () => take(setting)));
  for (const name of offered) {
    buttons.append(button(name, () => take({ ...defaults, ...presets[name] })));
  }
  buttons.append(...linked(figure, write, read));
  body.append(buttons, plots, playback.node, output.node, top, cards);
  rebuild();
  return body;
};
})();
