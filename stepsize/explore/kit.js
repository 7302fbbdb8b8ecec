// The kit of the explorers, which recompute in the page, from a server or from a disk.
//
// A figure.explorer comes with a static picture and, in data-setting, everything it starts from
// (explorer.py writes it). Each explorer is one function in a file of its own, NAME.js beside NAME.py,
//
//   Stepsize.explorers.NAME = (figure, data) => body
//
// where NAME is the figure's data-explorer, and body takes the place of the picture. Arithmetic is
// in methods.js, what has a name in catalogue.js, and what the functions share in Stepsize.kit.
"use strict";

(() => {
const { objectives, stops, methods: rows } = Stepsize.catalogue;

// ---- kit: elements and words

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

const english = new Intl.NumberFormat("en"); // kept: to make one takes longer than to use it
const whole = (n) => english.format(n);

// Three significant digits, as in the package's own words: 0.0123, 465, 1.2e-9.
function number(x) {
  if (x === null) return "none";
  if (typeof x === "string") return x;
  const value = Number(x.toPrecision(3)), size = Math.abs(value);
  if (size === 0 || !(size < 1e-4 || size >= 1e6)) return String(value);
  return value.toExponential().replace("e+", "e");
}

// ---- kit: controls; each is { node, set(value) } and calls change(value)

let ids = 0;

function labelled(label, input, ...more) {
  input.id = `explorer-${++ids}`;
  return el("div", { class: "control" }, el("label", { for: input.id }, label), input, ...more);
}

// Numbers, after which words or null may follow, with a value at its place among them.
function having(values, v) {
  if (values.includes(v)) return values;
  const after = values.findIndex((other) => typeof other !== "number" || other > v);
  const at = after < 0 ? values.length : after;
  return [...values.slice(0, at), v, ...values.slice(at)];
}

// A slider over such a list, to which a value given from outside is added.
function slider(label, values, value, change) {
  let stops;
  const show = (v) => (v >= 1e4 && v < Infinity ? whole(v) : number(v));
  const shown = el("span", { class: "value", "aria-hidden": "true" });
  const input = el("input", { type: "range", min: 0, step: 1 });
  const tell = (v) => {
    shown.textContent = show(v);
    input.setAttribute("aria-valuetext", show(v));
  };
  const set = (v) => {
    stops = having(values, v);
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

const titleOf = (word) => objectives[word]?.title ?? rows[word]?.label ?? word.replaceAll("_", " ");

// A choice between words, shown with their titles.
function choice(label, words, value, change, titled = titleOf) {
  const input = el("select", { onchange: () => change(input.value) });
  let offered;
  const set = (v) => {
    if (offered !== words.join()) input.replaceChildren(...words.map((w) => el("option", { value: w }, titled(w))));
    offered = words.join();
    input.value = v;
  };
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
  if (typeof values[0] === "string") return choice(label, values, value, change);
  return slider(label, values, value, change);
}

// A button that plays (or steps, where motion is not wanted) and a slider for the time: share is what is
// to be shown, from 0 to 1. reset() goes to the end in silence.
function player(change) {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const shown = el("span", { class: "value", "aria-hidden": "true" });
  const input = el("input", { type: "range", min: 0, max: 200, oninput: () => move(input.value / 200) });
  const me = { node: labelled("time", input, shown), reset: () => show(1) };
  let before;
  const frame = (now) => {
    if (!me.playing) return;
    move(me.share + (now - (before ?? now)) / 6000, true);
    before = now;
    requestAnimationFrame(frame);
  };
  const play = button("", () => {
    const { share, playing } = me;
    if (playing || still.matches) return move(playing ? share : share < 1 ? share + 0.05 : 0);
    before = undefined;
    move(share < 1 ? share : 0, true);
    requestAnimationFrame(frame);
  });
  function show(share, playing = false) {
    me.share = Math.min(1, share);
    me.playing = playing && share < 1;
    play.textContent = me.playing ? "Pause" : still.matches ? "Step" : "Play";
    input.value = Math.round(200 * me.share);
    shown.textContent = `${Math.round(100 * me.share)} %`;
    input.setAttribute("aria-valuetext", shown.textContent);
  }
  function move(share, playing) {
    show(share, playing);
    change();
  }
  me.node.classList.add("player");
  me.node.prepend(play);
  show(1);
  return me;
}

// A button that puts a setting, write(), into the address and on the clipboard. read(text) says whether
// it is one; the first figure of a kind reads "#kind?text", the second "#kind-2?text".
function linked(figure, write, read) {
  const kind = figure.dataset.explorer;
  const all = [...document.querySelectorAll(`figure[data-explorer="${kind}"]`)];
  const place = all.indexOf(figure), start = `#${kind}${place > 0 ? `-${place + 1}` : ""}?`;
  const status = el("span", { role: "status" });
  const copy = button("Copy link", async () => {
    history.replaceState(null, "", start + write());
    status.textContent = "The address of this page now carries the setting.";
    try {
      await navigator.clipboard.writeText(location.href);
      status.textContent = "The link is copied; the address of this page carries the setting, too.";
    } catch {} // no clipboard: the address has it
  });
  const follow = () => {
    if (!location.hash.startsWith(start)) return;
    status.textContent = read(location.hash.slice(start.length))
      ? "" : "The link holds a setting that this page does not know.";
    figure.scrollIntoView({ block: "nearest" });
  };
  addEventListener("hashchange", follow);
  setTimeout(follow);
  return [copy, status];
}

// ---- kit: plots

const raised = (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)];
const power = (k) => "10" + String(k).replace(/./g, raised);

// Round numbers, about `count` of them, between two ends, with their texts.
function ticks(low, high, count = 5) {
  const raw = (high - low) / count, unit = 10 ** Math.floor(Math.log10(raw));
  const step = unit * [1, 2, 5, 10].find((m) => m * unit >= raw);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9) + 0; k * step <= high + 1e-9 * step; k++) { // + 0: no -0
    const v = Number((k * step).toPrecision(6));
    found.push([k * step, Math.abs(v) >= 1e6 ? number(v) : Number.isInteger(v) ? whole(v) : String(v)]);
  }
  return found;
}

// The same for a logarithmic axis between two exponents; a short one has doubles and fives.
function powers(low, high) {
  const every = Math.ceil((high - low) / 6), short = high - low < 2.5, found = [];
  for (let k = every * Math.floor(low / every); k <= high; k += every) {
    for (const m of short ? [1, 2, 5] : [1]) {
      found.push([k + Math.log10(m), short ? number(m * 10 ** k) : power(k)]);
    }
  }
  return found.filter(([at]) => at >= low && at <= high);
}

// A logarithmic axis for a frame around what is finite and positive among some values, within two
// exponents. height(value) is its place on it, null where it has none; zero has a line below.
function logarithmic(values, most = 300, fewest = -17) {
  let least = Infinity, largest = 0, zero = false;
  for (const v of values) {
    if (v > 0 && v < least) least = v;
    if (v > largest && v < Infinity) largest = v;
    if (v === 0) zero = true;
  }
  const log = (v) => Math.max(fewest, Math.log10(v));
  let low = Math.min(most, log(least));
  const high = Math.max(low, Math.min(most, log(largest))) + 0.4, yTicks = powers(low - 0.1, high);
  if (zero) yTicks.push([(low -= 1), "0"]);
  const height = (v) => (v === 0 ? low : v > 0 && v < Infinity ? log(v) : null);
  return { y: [low - 0.1, high], yTicks, height };
}

class Plot {
  constructor(parent, label, kind) {
    this.canvas = el("canvas", { role: "img", "aria-label": label });
    this.box = el("div", { class: `plot ${kind}` }, this.canvas);
    parent.append(this.box);
    this.context = this.canvas.getContext("2d");
  }

  get ink() {
    return getComputedStyle(this.box).color;
  }

  get paper() {
    return getComputedStyle(this.box).backgroundColor;
  }

  // A colour moved towards the ink: by a share, and until it stands out from the paper (contrast 3).
  legible(colour, share = 0) {
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
  frame({ x, y, xTicks = ticks(...x), yTicks = ticks(...y, 4), xLabel, yLabel, under }) {
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
    const bottom = area.top + area.height, faint = under ? 0 : 0.12;
    Object.assign(c, { textAlign: "center", textBaseline: "top" });
    for (const [at, text] of xTicks) {
      const px = Math.round(this.px(at));
      rule(faint, px, area.top, 1, area.height);
      rule(0.6, px, bottom, 1, 4);
      c.fillText(text, px, bottom + 6);
    }
    c.fillText(xLabel, area.left + area.width / 2, bottom + 22);
    Object.assign(c, { textAlign: "right", textBaseline: "middle" });
    for (const [at, text] of yTicks) {
      const py = Math.round(this.py(at));
      rule(faint, area.left, py, area.width, 1);
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

  point(event) {
    const box = this.canvas.getBoundingClientRect(), { area } = this;
    const between = ([low, high], share) => low + Math.min(1, Math.max(0, share)) * (high - low);
    return [
      between(this.x, (event.clientX - box.left - area.left) / area.width),
      between(this.y, 1 - (event.clientY - box.top - area.top) / area.height),
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

  // A line through n points; at(i) returns [x, y], with a gap where they are not finite, or null.
  // Of many, those in one column of pixels become one upright stroke, which they would fill.
  line(n, at, { colour, dash, width }) {
    this.clipped((c) => {
      Object.assign(c, { strokeStyle: colour, lineWidth: width, lineJoin: "round" });
      c.setLineDash(dash);
      c.beginPath();
      const limit = (v) => Math.max(-1e4, Math.min(1e4, v)), column = n > 2 * this.area.width ? 1 / this.dpr : 0;
      let pen = false, left, first, low, high, x, y;
      const upright = () => {
        if (!pen || high - low < 0.5) return;
        if (high - low > Math.abs(y - first) + 0.5) { // it goes beyond its ends
          const up = y - low < high - y;
          c.lineTo(left, up ? high : low);
          c.lineTo(left, up ? low : high);
        }
        c.lineTo(x, y);
      };
      for (let i = 0; i < n; i++) {
        const point = at(i), gap = !Number.isFinite((point?.[1] ?? NaN) + point?.[0]);
        const px = gap ? 0 : limit(this.px(point[0])), py = gap ? 0 : limit(this.py(point[1]));
        if (pen && !gap && Math.abs(px - left) < column) {
          low = Math.min(low, py);
          high = Math.max(high, py);
        } else {
          upright();
          if (!gap) c[pen ? "lineTo" : "moveTo"](px, py);
          pen = !gap;
          left = px;
          first = low = high = py;
        }
        [x, y] = [px, py];
      }
      upright();
      c.stroke();
    });
  }

  dots(points, { colour }, size) {
    this.clipped((c) => {
      c.fillStyle = colour;
      for (const [x, y] of points) c.fillRect(this.px(x) - size, this.py(y) - size, 2 * size, 2 * size);
    });
  }

  // A sign at a point, turned if need be, with words beside it.
  sign([x, y], text, colour, size = 11, words = "", turn = 0) {
    if (!Number.isFinite(x + y)) return;
    const px = this.px(x), py = this.py(y), right = px > this.area.left + 0.75 * this.area.width;
    this.clipped((c) => {
      Object.assign(c, { fillStyle: colour, strokeStyle: this.paper, lineWidth: 3, textBaseline: "middle" });
      if (words) {
        c.font = "11px sans-serif";
        c.textAlign = right ? "right" : "left";
        const at = [px + (right ? -9 : 9), py + (text === "★" ? 13 : -6)];
        c.strokeText(words, ...at);
        c.fillText(words, ...at);
      }
      c.font = `${size}px sans-serif`;
      c.textAlign = turn ? "right" : "center";
      c.translate(px, py);
      c.rotate(turn);
      c.fillText(text, 0, 0);
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

// move([x, y]) gets the place on a plot to which a pointer drags: a mouse from anywhere; a finger,
// which may be scrolling, drags the marker and taps elsewhere.
function draggable(plot, move, marker) {
  const { box } = plot, to = (event) => move(plot.point(event));
  box.addEventListener("pointerdown", (event) => {
    if (event.button || (event.pointerType === "touch" && event.target !== marker)) return;
    event.preventDefault(); // it would take the focus away
    marker?.focus({ preventScroll: true });
    box.setPointerCapture(event.pointerId);
    to(event);
  });
  box.addEventListener("pointermove", (event) => box.hasPointerCapture(event.pointerId) && to(event));
  box.addEventListener("click", (event) => event.detail && to(event)); // not that of a key
}

// A round button on a plot to drag, or to move by arrow keys: by so much, with Shift five times that.
function marker(plot, move, step = 0.05) {
  let place;
  const keys = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
  const node = button("", null, { class: "start", onkeydown: (event) => {
    const way = keys[event.key], size = event.shiftKey ? 5 * step : step;
    if (!way) return;
    event.preventDefault();
    move((place = place.map((v, i) => v + size * way[i]))); // the next key may come before a frame
  } });
  const show = (at, name) => {
    place = at;
    node.style.left = `${plot.px(at[0])}px`;
    node.style.top = `${plot.py(at[1])}px`;
    node.setAttribute("aria-label", `${name} (${at.map(number).join(", ")}); arrow keys move it`);
  };
  plot.box.append(node);
  draggable(plot, move, node);
  return { node, show };
}

// A height field as bands of ink with a line at every half, kept until key, size or theme change.
// draw returns true while there is more to do than fits into a frame.
class Contours {
  draw(plot, key, height) {
    const { area, dpr, ink, context } = plot;
    const w = Math.round(area.width * dpr), h = Math.round(area.height * dpr);
    const now = JSON.stringify([key, w, h, ink]);
    if (now !== this.key) this.work = this.render(plot, w, h, height);
    this.key = now;
    for (const until = performance.now() + 10; this.work && performance.now() < until; ) {
      if (this.work.next().done) this.work = null;
    }
    context.drawImage(this.canvas, area.left, area.top, area.width, area.height);
    return Boolean(this.work);
  }

  *render({ x, y, ink }, w, h, height) {
    // The field at every other pixel, and between by bilinear interpolation.
    const every = 2, columns = Math.ceil(w / every) + 2, rows = Math.ceil(h / every) + 2;
    const coarse = new Float32Array(columns * rows);
    const canvas = (this.canvas = el("canvas", { width: w, height: h })), context = canvas.getContext("2d");
    for (let j = 0, n = 0; j < rows; j++) {
      if (j % 20 === 0) yield;
      const v = y[1] - ((j * every) / h) * (y[1] - y[0]);
      for (let i = 0; i < columns; i++, n++) {
        coarse[n] = Math.max(-99, 2 * height([x[0] + ((i * every) / w) * (x[1] - x[0]), v]));
      }
    }
    const image = context.createImageData(w, h), pixels = new Uint32Array(image.data.buffer);
    const [red, green, blue] = ink.match(/[\d.]+/g).map(Number);
    const colour = red | (green << 8) | (blue << 16);
    for (let j = 0, n = 0; j < h; j++) {
      if (j % 40 === 0) yield;
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
  }
}

// How a line is drawn, and the same as a picture for a legend.
const stroke = (colour, width = 1.8, dash = []) => ({ colour, width, dash });
const swatch = ({ colour, dash, width }) => `<svg aria-hidden="true" width="28" height="6"><path d="M0 3h28" ` +
  `stroke="${colour}" stroke-width="${width}" stroke-dasharray="${dash}"></path></svg>`;

// What is legible of colours by name.
const legible = (plot, colours) =>
  Object.fromEntries(Object.entries(colours).map(([name, colour]) => [name, plot.legible(colour)]));

// A place on a plane, in words.
const place = (w) =>
  w.every(Number.isFinite) ? `(${w.map(number).join(", ")})` : "a place that is not finite";

// Contours at fourteen levels of the logarithm between what a view holds, with fewer pixels than
// the screen's, for a view may change under a slider.
function surface(plot, contours, objective, [x, y]) {
  const height = (w) => Math.log10(objective.loss(w)), at = ([a, b], i) => a + (i / 7) * (b - a);
  const seen = Array.from({ length: 64 }, (_, i) => height([at(x, i % 8), at(y, i >> 3)]));
  const low = Math.min(...seen.filter((h) => h > -40)), span = Math.max(...seen) - low || 1;
  let more;
  plot.frame({
    x, y, xTicks: ticks(...x, 4), xLabel: "w₁", yLabel: "w₂",
    under: () => (more = contours.draw(Object.create(plot, { dpr: { value: 0.7 * plot.dpr } }),
      JSON.stringify([low, x, y]), (w) => (7 * (height(w) - low)) / span - 3)),
  });
  plot.sign(objective.minimizer, "★", plot.ink, 20);
  return more;
}

// ---- kit: what has a name

const built = {};

function objective(name) {
  const { function: f, parameters } = objectives[name];
  return (built[name] ||= Stepsize.objectives[f](parameters));
}

// The values that a hyper-parameter of a method can be given.
const valuesOf = (name, p) => stops[rows[name].knobs[p]];

// A method with the values that the last one had where they mean the same.
function renewed(name, last) {
  const { fresh, knobs } = rows[name], own = { ...new Stepsize.methods[name](fresh) };
  const same = (p) => last && p in last.parameters && rows[last.name].knobs[p] === knobs[p];
  for (const p of Object.keys(own).filter(same)) own[p] = last.parameters[p];
  return { name, parameters: own };
}

// What a word means for a knob with these values: one of them, or else a number.
function plainly(values, word) {
  const same = values.find((v) => String(v) === word);
  return same === undefined ? Number(word) : same;
}

// The same of a word that may come from anywhere: at least the first number, at most the last.
function within(values, word) {
  const value = plainly(values, word), numbers = values.filter((v) => typeof v === "number");
  if (values.includes(value)) return value;
  if (!numbers.length || word === "" || Number.isNaN(value)) throw new RangeError(word);
  const inside = Math.min(Math.max(value, numbers[0]), numbers.at(-1));
  return numbers.every(Number.isInteger) ? Math.round(inside) : inside;
}

// A method as text, "Csawg,step_size=0.001,window=10", and back; what it does not tell is as usual.
const methodText = ({ name, parameters }) =>
  [name, ...Object.entries(parameters).map(([p, v]) => `${p}=${v}`)].join();

function methodOf(text, read = plainly) {
  const [name, ...pairs] = text.split(","), { parameters } = renewed(within(Object.keys(rows), name));
  for (const [p, word] of pairs.map((pair) => pair.split("="))) {
    parameters[within(Object.keys(parameters), p)] = read(valuesOf(name, p), word);
  }
  return { name, parameters };
}

// Keep a point, state.x and state.y, inside a view, at hundredths, and give its sliders their places.
function placed(state, knobs, view, step) {
  for (const [axis, [low, high]] of [["x", view[0]], ["y", view[1]]]) {
    const hundredths = (v) => Number(v.toFixed(2)), n = Math.round((high - low) / step);
    knobs[axis][1].splice(0, Infinity, ...Array.from({ length: n + 1 }, (_, k) => hundredths(low + k * step)));
    state[axis] = hundredths(Math.min(high, Math.max(low, state[axis])));
  }
}

// ---- kit: the parts of an explorer

// The whole of an explorer with a flat setting: buttons, plots, what stands `above` the words, words, and
// a control for each of knobs, { name: [label, values] }; where there are no values texts[name] has
// { write(), read(text) } for the link. take(changes) changes the state, tells changed(changes), and has
// controls and picture follow: draw() once a frame at most, again when size or theme change, and while it
// returns true, for more is to be computed. Until then the figure is busy.
function panel(figure, { setting, knobs, plots }, { draw, changed, buttons = {}, above = [], texts = {} }) {
  const state = {}, controls = {};
  let asked = false;
  const redraw = () => {
    if (asked) return;
    asked = true;
    figure.setAttribute("aria-busy", "true");
    requestAnimationFrame(() => {
      asked = false;
      if (body.clientWidth && draw()) redraw(); // no width: in print, or folded away
      else if (!asked) figure.removeAttribute("aria-busy");
    });
  };
  new ResizeObserver(redraw).observe(figure);
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

  const take = (changes) => {
    Object.assign(state, changes);
    changed(changes);
    for (const [name, { set }] of Object.entries(controls)) set(state[name]);
    redraw();
  };
  for (const [name, [label, values]] of Object.entries(knobs)) {
    if (values) controls[name] = knob(label, values, setting[name], (value) => take({ [name]: value }));
  }
  const all = () => Object.keys(knobs).map((name) => [name, texts[name] ? texts[name].write() : state[name]]);
  const write = () => all().map(([name, value]) => `${name}=${encodeURI(value)}`).join("&");
  const read = (text) => {
    const before = Object.fromEntries(all()), given = [...new URLSearchParams(text)];
    try {
      for (const [name, word] of [...given, ...given]) { // twice, for what one may be depends on others
        take({ [name]: texts[name] ? texts[name].read(word) : within(knobs[name][1], word) });
      }
      return text !== "";
    } catch {
      take(before);
      return false;
    }
  };
  const words = el("output"), grid = el("div", { class: "explorer-plots" });
  let said;
  const say = (lines, quiet) => { // quiet: shown, but not announced
    words.setAttribute("aria-live", quiet ? "off" : "polite");
    if (lines.join() !== said) words.replaceChildren(...lines.map((line) => el("span", {}, line)));
    said = lines.join();
  };
  const part = (name, nodes) => el("div", { class: `explorer-${name}` }, ...nodes);
  const ways = Object.entries({ Reset: () => setting, ...buttons })
    .map(([text, changes]) => button(text, () => take(changes())));
  const body = part("body", [
    part("buttons", [...ways, ...linked(figure, write, read)]), grid, ...above, words,
    part("controls", Object.values(controls).map(({ node }) => node)),
  ]);
  return {
    state, controls, take, redraw, body, say,
    plots: plots.map((label, i) => new Plot(grid, label, i ? "curve" : "map")),
  };
}

Stepsize.kit = {
  el, whole, number, having, choice, knob, button, player, Contours,
  ticks, logarithmic, draggable, marker, stroke, swatch, legible, place, surface, objective, renewed, valuesOf, within,
  methodText, methodOf, placed, panel,
};

// ---- start

// A figure comes alive as a whole or keeps its static picture; each in a task of its own.
function all() {
  const figures = [...document.querySelectorAll("figure.explorer[data-explorer]")];
  const next = () => {
    const figure = figures.shift(), make = Stepsize.explorers[figure?.dataset.explorer];
    if (!figure) return;
    requestAnimationFrame(() => setTimeout(next));
    if (!make) return;
    figure.querySelector("figcaption").before(make(figure, JSON.parse(figure.dataset.setting)));
    figure.classList.add("live");
  };
  setTimeout(next);
}
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", all);
else all();
})();
