// The explorers of the pages: they recompute in the page, from a server or from a disk.
//
// A figure.explorer comes with a static picture and, in data-setting, everything it starts from
// (stepsize/explore.py writes it). First a small kit that all explorers share, then one function
// for each, registered by the name in data-explorer. The arithmetic is in methods.js.
"use strict";

(() => {
// ---- kit: elements and words -----------------------------------------------------------------

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

const whole = (n) => n.toLocaleString("en");

// Three significant digits, as in the package's own words: 0.0123, 465, 1.2e-9.
function number(x) {
  if (typeof x === "string") return x;
  const value = Number(x.toPrecision(3)), size = Math.abs(value);
  if (size === 0 || !(size < 1e-4 || size >= 1e6)) return String(value);
  return value.toExponential().replace("e+", "e");
}

// ---- kit: controls; each is { node, set(value) } and calls change(value) ---------------------

let ids = 0;

function labelled(label, input, ...more) {
  input.id = `explorer-${++ids}`;
  return el("div", { class: "control" }, el("label", { for: input.id }, label), input, ...more);
}

// A slider over a list of numbers, to which a value given from outside is added; words may
// follow the numbers as its last stops.
function slider(label, values, value, change, show = number) {
  let stops;
  const shown = el("span", { class: "value", "aria-hidden": "true" });
  const input = el("input", { type: "range", min: 0, step: 1 });
  const tell = (v) => {
    shown.textContent = show(v);
    input.setAttribute("aria-valuetext", show(v));
  };
  const set = (v) => {
    const after = values.findIndex((other) => typeof other === "string" || other > v);
    stops = values.slice();
    if (!values.includes(v)) stops.splice(after < 0 ? values.length : after, 0, v);
    input.max = stops.length - 1;
    input.value = stops.indexOf(v);
    tell(v);
  };
  input.addEventListener("input", () => {
    tell(stops[input.value]);
    change(stops[input.value]);
  });
  set(value);
  return { node: labelled(label, input, shown), set };
}

function choice(label, options, value, change) {
  const input = el("select", { onchange: () => change(input.value) });
  for (const [key, text] of options) input.append(el("option", { value: key }, text));
  const set = (v) => (input.value = v);
  set(value);
  return { node: labelled(label, input), set };
}

function checkbox(label, value, change) {
  const input = el("input", { type: "checkbox", onchange: () => change(input.checked) });
  const set = (v) => (input.checked = v);
  set(value);
  return { node: labelled(label, input), set };
}

const button = (text, onclick, attributes = {}) =>
  el("button", { type: "button", onclick, ...attributes }, text);

// What the kind of values asks for: a checkbox, a choice or a slider.
function knob(label, values, value, change) {
  if (typeof values[0] === "boolean") return checkbox(label, value, change);
  if (typeof values[0] === "string") return choice(label, values.map((v) => [v, v]), value, change);
  return slider(label, values, value, change);
}

// ---- kit: plots ------------------------------------------------------------------------------

const raised = (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)];
const power = (k) => "10" + String(k).replace(/./g, raised);

// Round numbers, about `count` of them, between two ends.
function ticks(low, high, count = 5) {
  const raw = (high - low) / count, unit = 10 ** Math.floor(Math.log10(raw));
  const step = unit * [1, 2, 5, 10].find((m) => m * unit >= raw);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9) + 0; k * step <= high + 1e-9 * step; k++) { // + 0: no -0
    found.push([k * step, String(Number((k * step).toPrecision(6)))]);
  }
  return found;
}

class Plot {
  constructor(parent, label, kind) {
    this.canvas = el("canvas", { role: "img", "aria-label": label });
    this.box = el("div", { class: `plot ${kind}` }, this.canvas);
    parent.append(this.box);
    this.context = this.canvas.getContext("2d");
  }

  // The colours of text and background.
  get ink() {
    return getComputedStyle(this.box).color;
  }

  get paper() {
    return getComputedStyle(this.box).backgroundColor;
  }

  // A colour moved towards the ink: by a share, and until it stands out from the paper (contrast 3).
  legible(colour, share) {
    const parts = (text) => text.match(/[\d.]+/g).slice(0, 3).map(Number);
    const light = (rgb) => {
      const [r, g, b] = rgb.map((v) => (v / 255) ** 2.2);
      return 0.05 + 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ink = parts(this.ink), paper = light(parts(this.paper));
    const own = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
    for (; ; share += 0.1) {
      const mixed = own.map((v, k) => Math.round(v + share * (ink[k] - v))), ratio = light(mixed) / paper;
      if (share >= 1 || Math.max(ratio, 1 / ratio) >= 3) return `rgb(${mixed})`;
    }
  }

  // Clear, and draw axes for the ranges x and y, which are [low, high]; ticks are [at, text].
  frame({ x, y, xTicks, yTicks, xLabel, yLabel, under }) {
    const c = this.context, dpr = window.devicePixelRatio || 1;
    const width = this.box.clientWidth, height = this.box.clientHeight;
    if (this.canvas.width !== Math.round(width * dpr)) this.canvas.width = Math.round(width * dpr);
    if (this.canvas.height !== Math.round(height * dpr)) this.canvas.height = Math.round(height * dpr);
    const area = { left: 54, top: 8, width: width - 74, height: height - 46 };
    Object.assign(this, { area, x, y, dpr });
    c.setTransform(dpr, 0, 0, dpr, 0, 0);
    c.clearRect(0, 0, width, height);
    if (under) under(this);
    c.font = `11px ${getComputedStyle(this.box).fontFamily}`;
    c.fillStyle = c.strokeStyle = this.ink;
    c.lineWidth = 1;
    const rule = (alpha, left, top, width, height) => {
      c.globalAlpha = alpha;
      c.fillRect(left, top, width, height);
      c.globalAlpha = 1;
    };
    const bottom = area.top + area.height;
    c.textAlign = "center";
    c.textBaseline = "top";
    for (const [at, text] of xTicks) {
      const px = Math.round(this.px(at));
      rule(under ? 0 : 0.12, px, area.top, 1, area.height);
      rule(0.6, px, bottom, 1, 4);
      c.fillText(text, px, bottom + 6);
    }
    c.fillText(xLabel, area.left + area.width / 2, bottom + 22);
    c.textAlign = "right";
    c.textBaseline = "middle";
    for (const [at, text] of yTicks) {
      const py = Math.round(this.py(at));
      rule(under ? 0 : 0.12, area.left, py, area.width, 1);
      rule(0.6, area.left - 4, py, 4, 1);
      c.fillText(text, area.left - 6, py);
    }
    c.save();
    c.translate(8, area.top + area.height / 2);
    c.rotate(-Math.PI / 2);
    c.textAlign = "center";
    c.fillText(yLabel, 0, 0);
    c.restore();
    c.globalAlpha = 0.6;
    c.strokeRect(area.left + 0.5, area.top + 0.5, area.width, area.height);
    c.globalAlpha = 1;
  }

  px(x) {
    return this.area.left + ((x - this.x[0]) / (this.x[1] - this.x[0])) * this.area.width;
  }

  py(y) {
    return this.area.top + ((this.y[1] - y) / (this.y[1] - this.y[0])) * this.area.height;
  }

  // The point of the plane under a pointer.
  point(event) {
    const box = this.canvas.getBoundingClientRect(), { area } = this;
    const u = (event.clientX - box.left - area.left) / area.width;
    const v = (event.clientY - box.top - area.top) / area.height;
    const inside = (t) => Math.min(1, Math.max(0, t));
    return [
      this.x[0] + inside(u) * (this.x[1] - this.x[0]),
      this.y[1] - inside(v) * (this.y[1] - this.y[0]),
    ];
  }

  clipped(draw) {
    const { context: c, area } = this;
    c.save();
    c.beginPath();
    c.rect(area.left, area.top, area.width, area.height);
    c.clip();
    draw(c);
    c.restore();
  }

  // A line through n points; at(i) returns [x, y] or null where there is a gap. Points closer
  // than half a pixel to the one before are left out.
  line(n, at, { colour, dash, width }) {
    this.clipped((c) => {
      Object.assign(c, { strokeStyle: colour, lineWidth: width, lineJoin: "round" });
      c.setLineDash(dash);
      c.beginPath();
      let pen = false, x0, y0;
      const limit = (v) => Math.max(-1e4, Math.min(1e4, v));
      for (let i = 0; i < n; i++) {
        const at_i = at(i);
        if (!at_i) {
          pen = false;
          continue;
        }
        const x = limit(this.px(at_i[0])), y = limit(this.py(at_i[1]));
        if (pen && i < n - 1 && Math.abs(x - x0) < 0.5 && Math.abs(y - y0) < 0.5) continue;
        if (pen) c.lineTo(x, y);
        else c.moveTo(x, y);
        [pen, x0, y0] = [true, x, y];
      }
      c.stroke();
    });
  }

  dots(points, { colour }, size) {
    this.clipped((c) => {
      c.fillStyle = colour;
      for (const [x, y] of points) c.fillRect(this.px(x) - size, this.py(y) - size, 2 * size, 2 * size);
    });
  }

  // Texts at the right edge beside the heights where their lines end, pushed apart.
  names(entries) {
    const c = this.context, { area } = this, gap = 13;
    const last = area.top + area.height - 8;
    const rows = entries
      .map(({ text, y, colour }) => ({ text, colour, at: Math.min(last, this.py(y) + 9) }))
      .sort((a, b) => a.at - b.at);
    for (let i = 1; i < rows.length; i++) rows[i].at = Math.max(rows[i].at, rows[i - 1].at + gap);
    for (let i = rows.length - 1, floor = last; i >= 0; i--, floor -= gap) {
      rows[i].at = Math.min(rows[i].at, floor);
    }
    Object.assign(c, { textAlign: "right", textBaseline: "middle", lineWidth: 3, lineJoin: "round" });
    c.strokeStyle = this.paper;
    for (const { text, at, colour } of rows) {
      c.fillStyle = colour;
      c.strokeText(text, area.left + area.width - 5, at);
      c.fillText(text, area.left + area.width - 5, at);
    }
  }
}

// A height field as bands of ink with a line at every half, drawn per pixel. It is kept until
// the key, the size or the theme changes.
class Contours {
  draw(plot, key, height) {
    const { area, dpr, ink, context } = plot;
    const w = Math.round(area.width * dpr), h = Math.round(area.height * dpr);
    const now = JSON.stringify([key, w, h, ink]);
    if (now !== this.key) {
      this.key = now;
      this.canvas = this.render(plot, w, h, height);
    }
    context.drawImage(this.canvas, area.left, area.top, area.width, area.height);
  }

  render({ x, y, ink }, w, h, height) {
    // The field at every other pixel, and between by bilinear interpolation.
    const every = 2, columns = Math.ceil(w / every) + 2, rows = Math.ceil(h / every) + 2;
    const coarse = new Float32Array(columns * rows);
    for (let j = 0, n = 0; j < rows; j++) {
      const v = y[1] - ((j * every) / h) * (y[1] - y[0]);
      for (let i = 0; i < columns; i++, n++) {
        coarse[n] = Math.max(-99, 2 * height([x[0] + ((i * every) / w) * (x[1] - x[0]), v]));
      }
    }
    const canvas = el("canvas", { width: w, height: h }), context = canvas.getContext("2d");
    const image = context.createImageData(w, h), pixels = new Uint32Array(image.data.buffer);
    const [red, green, blue] = ink.match(/[\d.]+/g).map(Number);
    const colour = red | (green << 8) | (blue << 16);
    for (let j = 0, n = 0; j < h; j++) {
      const row = Math.floor(j / every), q = j / every - row;
      for (let i = 0; i < w; i++, n++) {
        const column = Math.floor(i / every), p = i / every - column, at = row * columns + column;
        const a = coarse[at], b = coarse[at + 1], c = coarse[at + columns], d = coarse[at + columns + 1];
        const level = (1 - q) * (a + p * (b - a)) + q * (c + p * (d - c));
        const along = (1 - q) * (b - a) + q * (d - c), down = (1 - p) * (c - a) + p * (d - b);
        const slope = Math.sqrt(along * along + down * down) / every;
        const away = Math.abs(level - Math.round(level)) / slope; // pixels to the next line
        const line = Math.max(0, 1.2 - away) * Math.max(0, Math.min(1, 2 - 4 * slope)); // none where crowded
        const band = Math.max(0, Math.min(1, (level + 6) / 14)); // the deeper, the less ink
        pixels[n] = colour | (Math.min(255, 33 * band + 56 * line) << 24);
      }
    }
    context.putImageData(image, 0, 0);
    return canvas;
  }
}

// Draw at most once a frame, and again when size, theme or pixels change.
function redrawn(figure, draw) {
  let asked = false;
  const ask = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  };
  new ResizeObserver(ask).observe(figure);
  new MutationObserver(ask).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", ask);
  return ask;
}

const explorers = {};
// ---- valley: up to four methods on a plane ----------------------------------------------------

explorers.valley = (figure, { setting, presets, defaults, objectives, styles, knobs, fresh, lists }) => {
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
    slots.forEach(({ legend, swatch }, i) => {
      legend.textContent = names[i];
      swatchOf(swatch, looks[i]);
    });
    const lines = traces.map((trace, i) => words(names[i], trace));
    if (lines.join() !== spoken) output.replaceChildren(...lines.map((line) => el("span", {}, line)));
    spoken = lines.join();
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

  function swatchOf(canvas, { colour, dash, width }) {
    const c = canvas.getContext("2d");
    c.clearRect(0, 0, 56, 12);
    Object.assign(c, { strokeStyle: colour, lineWidth: 2 * width });
    c.setLineDash(dash.map((d) => 2 * d));
    c.beginPath();
    c.moveTo(0, 6);
    c.lineTo(56, 6);
    c.stroke();
  }

  // -- the page

  const output = el("output", { "aria-live": "polite" });
  let spoken = "";
  const buttons = el("div", { class: "explorer-buttons" }, button("Reset", () => take(setting)));
  for (const [name, preset] of Object.entries(presets)) {
    buttons.append(button(name, () => take({ ...defaults, ...preset })));
  }
  body.append(buttons, plots, output, top, cards);
  rebuild();
  return body;
};

// ---- start -----------------------------------------------------------------------------------

// A figure comes alive as a whole or keeps its static picture; each in a task of its own.
function enliven(figure) {
  const make = explorers[figure.dataset.explorer];
  if (!make) return;
  const body = make(figure, JSON.parse(figure.dataset.setting));
  figure.insertBefore(body, figure.querySelector("figcaption"));
  figure.classList.add("live");
}

function all() {
  for (const figure of document.querySelectorAll("figure.explorer[data-explorer]")) {
    setTimeout(enliven, 0, figure);
  }
}
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", all);
else all();
})();
