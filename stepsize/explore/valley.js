// The valley: up to four methods on a plane, their paths, errors and step sizes.
"use strict";

Stepsize.explorers.valley = (figure, data) => {
  const {
    el, whole, number, choice, knob, button, player, Contours, logarithmic, marker, swatch, objective, renewed, valuesOf,
    within, methodText, methodOf, held, placed, panel, stroke,
  } = Stepsize.kit;
  const { objectives, methods: rows, dashes, level, most } = Stepsize.catalogue;
  const FOLDED = 6; // knobs of a method beyond these are folded away
  const slots = []; // of each method: its run, kept while its key stays, and its legend
  const contours = new Contours(), playback = player(() => redraw());
  const basins = Stepsize.basins?.({ level }); // of the last method
  let methods, filling, late = 1;

  // Go on with the runs for some milliseconds; whether all have ended.
  function advance(milliseconds) {
    const until = performance.now() + milliseconds;
    slots.forEach((slot, i) => {
      const { name, parameters } = methods[i];
      const key = Object.values(parameters).concat(name, state.objective, state.x, state.y, state.grad_evals).join();
      if (slot.key !== key) {
        const method = new Stepsize.methods[name](parameters), limits = { gradEvals: state.grad_evals };
        slot.run = new Stepsize.Run(method, objective(state.objective), [state.x, state.y], limits);
        slot.ended = false;
        slot.key = key;
      }
    });
    for (const slot of slots) {
      while (!slot.ended) {
        slot.ended = slot.run.advance(10);
        if (performance.now() > until) return slots.every(({ ended }) => ended);
      }
    }
    return true;
  }

  const plain = (name) => name.replaceAll("_", " ");

  function nameOf({ name, parameters: p }) {
    let { label } = rows[name];
    if (p.planning_steps > 1) label += `-p${p.planning_steps}`;
    if (p.window) label += ` K${p.window}`;
    return label;
  }

  // What a method has that others of its name have not, but for one knob; what is off is not said.
  function told({ parameters }, alike, onlyWords, but) {
    const found = [];
    for (const [p, value] of Object.entries(parameters)) {
      if (p === but || alike.every((other) => other.parameters[p] === value)) continue;
      if (typeof value === "string") found.push(value);
      else if (typeof value === "boolean") found.push(value ? plain(p) : "");
      else if (!onlyWords) found.push(`${plain(p)} ${number(value)}`);
    }
    return found.filter(Boolean).join(", ");
  }

  // The name of each method, and of those of one name what differs.
  function labels() {
    const found = [];
    for (const method of methods) {
      const alike = methods.filter((other) => nameOf(other) === nameOf(method));
      const onlyWords = new Set(alike.map((other) => told(other, alike, true))).size === alike.length;
      const label = `${nameOf(method)} ${told(method, alike, onlyWords)}`.trim();
      const same = found.filter((other) => other.replace(/ \(\d+\)$/, "") === label).length;
      found.push(same ? `${label} (${same + 1})` : label);
    }
    return found;
  }

  // What of a name tells a method from others of its class.
  const apart = (name, method) => name.slice(rows[method.name].label.length).replace(/^[- ]/, "");

  function words(label, { w, error, grad_evals }) {
    const n = w.length - 1;
    if (!w[n].every(Number.isFinite)) {
      const row = w.findIndex((point) => !point.every(Number.isFinite));
      return `${label}: diverged, not finite from iteration ${whole(row - 1)} on (counting from 0), ` +
        `${whole(grad_evals[row])} gradient evaluations.`;
    }
    const text = `${label}: error ${number(error[n])} after ${whole(grad_evals[n])} gradient evaluations, ` +
      `${whole(n)} iterations`;
    const arrived = error.findIndex((e) => e <= level), zero = error.indexOf(0);
    if (arrived < 0) return `${text}; never below ${number(level)}.`;
    return `${text}; first below ${number(level)} after ${whole(grad_evals[arrived])}` + (zero > 0
      ? `; error exactly 0 at iteration ${whole(zero - 1)} (counting from 0), ` +
        `${whole(grad_evals[zero])} gradient evaluations.` : ".");
  }

  const from = () => (data.basins ? `From (${number(state.x)}, ${number(state.y)}): ` : "");

  function wordsAt(label, { w, error, grad_evals }, row, measure) {
    const at = w[row].every(Number.isFinite) ? `${measure} ${number(error[row])}` : "diverged";
    return `${label}: ${at} at ${whole(grad_evals[row])} gradient evaluations, ${whole(row)} iterations.`;
  }

  const changed = (changes) => {
    placed(state, data.knobs, objectives[state.objective].view, 0.05);
    if (changes.methods) {
      methods = changes.methods.split(";").map((text) => methodOf(text));
      rebuild();
    }
    playback.reset();
  };
  const link = {
    write: () => methods.map(methodText).join(";"),
    read: (text) => {
      const all = text.split(";").map((part) => methodText(methodOf(part, within)));
      if (all.length > most) throw new RangeError(text);
      return all.join(";");
    },
  };
  const { state, controls, take, redraw, body, say, settled, twin, parts, plots: [map, errors, steps] } = panel(figure, data, {
    draw, changed, slots, tools: [playback.node], texts: { methods: link },
    buttons: Object.fromEntries(Object.entries(data.presets).map(([name, preset]) => [name, () => preset])),
  });
  const cards = el("div", { class: "explorer-methods" });
  const handle = marker(map, () => [state.x, state.y], ([x, y]) => take({ x, y }));
  parts.more.querySelector("summary").append(", methods");
  parts.more.append(cards);

  // Build all cards anew, and go on with the one of a method.
  function rebuild(index) {
    while (slots.length < methods.length) slots.push({});
    slots.length = methods.length;
    cards.replaceChildren(...slots.map(card));
    ahead();
    if (slots.length < most) {
      cards.append(button("add a method", () => {
        const last = methods[slots.length - 1];
        const unused = Object.keys(rows).find((m) => !methods.some(({ name }) => name === m));
        methods.push(renewed(unused || last.name, last));
        rebuild(slots.length);
      }, { class: "add" }));
    }
    cards.children[index]?.querySelector("select").focus();
    if (index >= 0) take({});
  }

  // Put the front knobs beside the plots; those of a method, "2.window", tell its name.
  function ahead() {
    const found = data.front.map((name) => {
      const [index, p] = name.split(".");
      return p ? slots[index - 1]?.made[p]?.node : controls[name].node;
    }).filter(Boolean);
    const isRange = (node) => node.lastChild.type === "range";
    const last = Object.values(slots.at(-1).made).map(({ node }) => node);
    if (!found.some(isRange)) found.unshift(...last.filter(isRange).slice(0, 1));
    parts.front.replaceChildren(...found);
  }

  function card(slot, index) {
    const method = methods[index], { name, parameters } = method, made = {};
    for (const p of Object.keys(parameters)) {
      if (!valuesOf(name, p) || held(parameters[p])) continue;
      made[p] = knob(plain(p), valuesOf(name, p), parameters[p], (value) => {
        parameters[p] = value;
        // The derived pairing needs the fresh gradient.
        if (p === "pairing" && value === "derived") made.reuse_gradient.set((parameters.reuse_gradient = false));
        if (p === "reuse_gradient" && value) made.pairing.set((parameters.pairing = "published"));
        take({});
      });
    }
    slot.made = made;
    slot.legend = el("legend");
    const which = choice("method", Object.keys(rows), name, (value) => {
      methods[index] = renewed(value, method);
      rebuild(index);
    });
    if (methods.length > 1) {
      which.node.append(button("×", () => {
        methods.splice(index, 1);
        slots.splice(index, 1);
        rebuild(0);
      }, { class: "remove", title: "remove", "aria-label": "remove this method" }));
    }
    const nodes = Object.values(made).map((m) => m.node);
    const card = el("fieldset", {}, slot.legend, which.node, ...nodes.splice(0, FOLDED));
    if (nodes.length) {
      const more = el("details", { ontoggle: () => (slot.open = more.open) }, el("summary", {}, "more"), ...nodes);
      more.open = slot.open;
      card.append(more);
    }
    return card;
  }

  // Step sizes are drawn linearly below a thousandth, logarithmically above, with their sign.
  const signed = (a) => Math.sign(a) * Math.log10(1 + Math.abs(a) / 1e-3);

  function lookOf() {
    const seen = {};
    return methods.map(({ name, parameters: { window: w } }) => {
      const { colour, dash, windows } = rows[name];
      const own = windows ? windows[Object.keys(windows).find((k) => k >= w)] : colour;
      const rank = (seen[name] = (seen[name] ?? -1) + 1);
      // Each further one of a class has the next dashes and more contrast.
      return stroke(map.legible(own, 0.2 * rank), 1.8, dashes[(dash + rank) % dashes.length]);
    });
  }

  function draw() {
    const ended = !twin() || advance(late % 4 ? 12 : 2);
    if (ended) late = 1;
    else if (late++ % 4) return true; // while runs go on, one frame in four is drawn
    const { share, playing } = playback;
    const found = settled(twin() && { traces: slots.map(({ run }) => run.trace) }, ended);
    const shape = objective(state.objective) ?? found?.map;
    if (found?.traces.length !== methods.length || !shape) return false; // the kernel is asked for it
    const { traces, lines, measure = "error" } = found, names = found.labels ?? labels(), looks = lookOf();
    const xs = traces.map((t) => (state.over === "gradient evaluations" ? t.grad_evals : t.w.map((_, k) => k)));
    const end = Math.max(1, ...xs.map((values) => values.at(-1)));
    const rows = xs.map((values) => lastBelow(values, share * end)); // shown of each run
    const more = drawMap(traces, shape, looks, rows, share) || !ended;
    drawErrors(found, looks, names, xs, end, rows);
    drawSteps(traces, looks, xs, end, rows);
    slots.forEach(({ legend, made }, i) => {
      const name = nameOf(methods[i]), alike = methods.filter((other) => nameOf(other) === name);
      const write = (node, text) => node.innerHTML !== text && (node.innerHTML = text);
      write(legend, swatch(looks[i]) + names[i]);
      for (const [p, { node }] of Object.entries(made)) { // in front with the name of its run
        const whose = `${name} ${told(methods[i], alike, false, p)}`.trim();
        const ahead = node.parentNode === parts.front ? `${swatch(looks[i])}${whose}: ` : "";
        write(node.querySelector("label"), ahead + plain(p));
      }
    });
    const said = share === 1 && lines ? lines
      : traces.map((t, i) => from() + (share < 1 ? wordsAt(names[i], t, rows[i], measure) : words(names[i], t)));
    if (!more) say(said, playing, looks);
    return more || filling;
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

  function drawMap(traces, { loss, minimizer, name = state.objective }, looks, rows, share) {
    const { view: [x, y] } = objectives[state.objective];
    let more;
    map.frame({
      x, y, xLabel: "w₁", yLabel: "w₂",
      under: (plot) => {
        filling = data.basins && basins(plot, methods.at(-1), objective(state.objective), state.grad_evals);
        more = contours.draw(plot, name, (w) => Math.log10(loss(w)));
      },
    });
    traces.forEach(({ w }, i) => {
      map.path(rows[i] + 1, (k) => w[k], looks[i]);
      if (share < 1) map.dots([w[rows[i]]], looks[i], 4);
    });
    map.sign(minimizer, "★", map.ink, 20);
    handle.show("starting point");
    return more;
  }

  function drawErrors({ traces, measure = "error" }, looks, names, xs, end, rows) {
    const { height, ...axis } = logarithmic([].concat(...traces.map(({ error }) => error)), 3);
    errors.frame({ x: [0, end], xLabel: state.over, ...axis, yLabel: measure });
    traces.forEach(({ error }, i) => {
      errors.band(rows[i] + 1, (k) => [xs[i][k], height(error[k])], looks[i]);
      const first = error.indexOf(0);
      if (first > 0 && first <= rows[i]) errors.dots([[xs[i][first], height(0)]], looks[i], 4);
    });
    errors.names(traces.map(({ error }, i) => {
      let k = rows[i]; // the last that has a place
      while (k > 0 && height(error[k]) === null) k -= 1;
      const at = [xs[i][k], height(error[k]) ?? axis.y[1]];
      return { text: names[i], short: apart(names[i], methods[i]), colour: looks[i].colour, at };
    }));
  }

  function drawSteps(traces, looks, xs, end, rows) {
    const i = state.weight === "w₁" ? 0 : 1, y = [-0.1, signed(0.01)];
    const used = traces.map(({ step_size }, n) => { // the rows with a step size
      const shown = [];
      let low = Infinity, high = -Infinity, count = 0;
      for (let k = 0; k < step_size.length; k++) {
        const a = step_size[k][i];
        if (!Number.isFinite(a)) continue;
        if (a < low) low = a;
        if (a > high) high = a;
        count += 1;
        if (k <= rows[n]) shown.push(k);
      }
      y[0] = Math.max(-6, Math.min(y[0], signed(low) - 0.1));
      y[1] = Math.min(6, Math.max(y[1], signed(high) + 0.2));
      return { count, shown };
    });
    const marks = [0.01, 0.1, 1, 10, 100].flatMap((a) => [-a, a]).concat(0);
    if (y[1] - y[0] < 3) marks.push(-0.001, 0.001);
    const yTicks = marks.map((a) => [signed(a), number(a)]).filter(([v]) => v >= y[0] && v <= y[1]);
    steps.frame({ x: [0, end], xLabel: state.over, y, yTicks, yLabel: `step size of ${state.weight}` });
    traces.forEach(({ step_size }, n) => {
      const { count, shown } = used[n], at = (j) => [xs[n][shown[j]], signed(step_size[shown[j]][i])];
      steps.band(shown.length, at, looks[n]);
      if (count < 60) steps.dots(shown.map((_, j) => at(j)), looks[n], 1.8);
    });
  }

  take(data.setting);
  return body;
};
