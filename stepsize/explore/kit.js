// What explorers share. Each, Stepsize.explorers.NAME = (figure, data) => body, makes what takes the place
// of a figure's static picture from its data-setting.
"use strict";

(() => {
const { objectives, stops, methods: rows } = Stepsize.catalogue;

// What a notebook does in another way, in notebook.js.
const home = { readout, knob, linked, plainly, exact: new Set(), observed, asking, start, ...Stepsize.notebook };

// ---- elements and words

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

const { format: whole } = new Intl.NumberFormat("en");

// Three significant digits, as in the package's own words: 0.0123, 465, 1.2e-9.
function number(x) {
  if (x === null) return "none";
  if (typeof x === "string") return x;
  const value = Number(x.toPrecision(3)), size = Math.abs(value);
  if (size === 0 || !(size < 1e-4 || size >= 1e6)) return String(value);
  return value.toExponential().replace("e+", "e");
}

// ---- controls; each is { node, set(value) } and calls change(value)

function labelled(label, input, ...more) {
  input.id = `explorer-${Math.random()}`;
  return el("div", { class: `control ${input.type}` }, el("label", { for: input.id }, label), ...more, input);
}

// Numbers, and perhaps words or null after them, with a value at its place.
function having(values, v) {
  if (values.includes(v)) return values;
  const after = values.findIndex((other) => typeof other !== "number" || other > v);
  const at = after < 0 ? values.length : after;
  return [...values.slice(0, at), v, ...values.slice(at)];
}

function readout() {
  const node = el("span", { class: "value", "aria-hidden": "true" });
  return { node, tell: (text) => (node.textContent = text) };
}

// A slider over such a list, with a value from outside.
function slider(label, values, value, change) {
  let stops;
  const show = (v) => (v >= 1e4 && v < Infinity ? whole(v) : number(v));
  const take = (v) => {
    tell(v);
    change(v);
  };
  const shown = home.readout(label, take);
  const input = el("input", { type: "range", min: 0, step: 1, oninput: () => take(stops[input.value]) });
  const tell = (v) => {
    shown.tell(show(v), v);
    input.setAttribute("aria-valuetext", show(v));
  };
  const set = (v) => {
    stops = having(values, v);
    input.max = stops.length - 1;
    input.value = stops.indexOf(v);
    tell(v);
  };
  set(value);
  return { node: labelled(label, input, shown.node), set };
}

const titleOf = (word) => objectives[word]?.title ?? rows[word]?.label ?? word?.replaceAll("_", " ") ?? "none";

// A choice between words, and null for none of them, shown with their titles.
function choice(label, words, value, change, titled = titleOf) {
  const input = el("select", { onchange: () => change(words[input.selectedIndex]) });
  let offered;
  const set = (v) => {
    if (offered !== words.join()) input.replaceChildren(...words.map((w) => el("option", { value: w }, titled(w))));
    offered = words.join();
    input.selectedIndex = words.indexOf(v);
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

// What the kind of values asks for.
function knob(label, values, value, change) {
  if (typeof values[0] === "boolean") return checkbox(label, value, change);
  if (typeof values[0] === "string") return choice(label, values, value, change);
  return slider(label, values, value, change);
}

// A button that plays (steps, where motion is not wanted) and a slider for the time: share, from 0 to 1,
// is to be shown. reset() goes to the end.
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

// A button that puts a setting, write(), into the address and on the clipboard; read(text) says whether it
// is one. The second figure of a kind reads "#kind-2?text".
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
      status.textContent += " The link is copied.";
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

// ---- plots

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

// The same between two exponents; a short axis has doubles and fives.
function powers(low, high) {
  const every = Math.ceil((high - low) / 6), short = high - low < 2.5, found = [];
  for (let k = every * Math.floor(low / every); k <= high; k += every) {
    for (const m of short ? [1, 2, 5] : [1]) {
      found.push([k + Math.log10(m), short ? number(m * 10 ** k) : power(k)]);
    }
  }
  return found.filter(([at]) => at >= low && at <= high);
}

// A logarithmic axis, within two exponents, for some values: height(value) is a place on it or null; zero
// has a line below.
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

// Colours as [red, green, blue], from "rgb(1, 2, 3)" or "#010203".
const channels = (text) => (text[0] === "#" ? [1, 3, 5].map((i) => parseInt(text.slice(i, i + 2), 16))
  : text.match(/[\d.]+/g).slice(0, 3).map(Number));
const mixed = (one, other, share) => one.map((v, k) => Math.round(v + share * (other[k] - v)));

// The relative luminance of the web's guidelines.
function light(colour) {
  const [r, g, b] = colour.map((v) => (v <= 10 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// What of the line from (x, y) to (u, v) lies in a box, as [x, y, u, v]; null if nothing does.
function clipped(x, y, u, v, { left, top, right, bottom }) {
  let from = 0, to = 1;
  for (const [away, room] of [[x - u, x - left], [u - x, right - x], [y - v, y - top], [v - y, bottom - y]]) {
    if (away < 0) from = Math.max(from, room / away);
    else if (away > 0) to = Math.min(to, room / away);
    else if (room < 0) return null;
  }
  return from > to ? null : [x + from * (u - x), y + from * (v - y), x + to * (u - x), y + to * (v - y)];
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

  // A colour as dark, or at night as light, as is legible (contrast 4.5) also on contours; and more by
  // a share.
  legible(colour, share = 0) {
    const paper = channels(this.paper), ground = light(mixed(paper, channels(this.ink), 0.08));
    const night = light(paper) < 0.18;
    const by = (part) => mixed(channels(colour), night ? [255, 255, 255] : [0, 0, 0], Math.min(1, part));
    let least = 0;
    const ratio = () => (light(by(least)) + 0.05) / (ground + 0.05);
    while (least < 1 && Math.max(ratio(), 1 / ratio()) < 4.6) least += 0.05;
    return `rgb(${by(least + share)})`;
  }

  // Clear, and draw axes for the ranges x and y, which are [low, high]; ticks are [at, text].
  // What is under them is drawn first.
  frame({ x, y, xTicks, yTicks, xLabel, yLabel, under }) {
    const c = this.context, dpr = window.devicePixelRatio || 1, style = getComputedStyle(this.box);
    const width = this.box.clientWidth, height = this.box.clientHeight, narrow = width < 240;
    if (this.canvas.width !== Math.round(width * dpr)) this.canvas.width = Math.round(width * dpr);
    if (this.canvas.height !== Math.round(height * dpr)) this.canvas.height = Math.round(height * dpr);
    const left = narrow ? 34 : 42, area = { left, top: 20, width: width - left - 12, height: height - 58 };
    Object.assign(area, { right: left + area.width, bottom: 20 + area.height });
    Object.assign(this, { area, x, y, dpr, lines: [] });
    c.setTransform(dpr, 0, 0, dpr, 0, 0);
    c.clearRect(0, 0, width, height);
    if (under) under(this);
    c.font = `11px ${style.fontFamily}`;
    c.fillStyle = c.strokeStyle = style.color;
    c.lineWidth = 1;
    const rule = (alpha, left, top, width, height) => {
      c.globalAlpha = alpha;
      c.fillRect(left, top, width, height);
      c.globalAlpha = 1;
    };
    const faint = under ? 0 : 0.12;
    Object.assign(c, { textAlign: "center", textBaseline: "top" });
    let free = 0;
    for (const [at, text] of xTicks ?? ticks(...x, Math.max(2, Math.round(area.width / 60)))) {
      const px = Math.round(this.px(at)), half = c.measureText(text).width / 2;
      rule(faint, px, area.top, 1, area.height);
      rule(0.6, px, area.bottom, 1, 4);
      if (px - half < free) continue;
      c.fillText(text, Math.min(px, width - half), area.bottom + 6);
      free = px + half + 6;
    }
    c.fillText(xLabel, area.left + area.width / 2, area.bottom + 22, width);
    Object.assign(c, { textAlign: "right", textBaseline: "middle" });
    for (const [at, text] of yTicks ?? ticks(...y, Math.max(2, Math.round(area.height / 45)))) {
      const py = Math.round(this.py(at));
      rule(faint, area.left, py, area.width, 1);
      rule(0.6, area.left - 4, py, 4, 1);
      c.fillText(text, area.left - 6, py, area.left - 6);
    }
    Object.assign(c, { textAlign: "left" });
    c.fillText(yLabel, 2, 8, width);
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

  // The pixels [x, y, x, y, ...] of n points at(i), [x, y]; NaN where that is null or not finite, a gap.
  pixels(n, at) {
    const found = new Float64Array(2 * n), limit = (v) => Math.max(-1e9, Math.min(1e9, v));
    for (let i = 0; i < n; i++) {
      const point = at(i), gap = !Number.isFinite((point?.[1] ?? NaN) + point?.[0]);
      found[2 * i] = gap ? NaN : limit(this.px(point[0]));
      found[2 * i + 1] = gap ? NaN : limit(this.py(point[1]));
    }
    return found;
  }

  // What is seen of a line through points, as lists like theirs. Of many points those in one column of
  // pixels become one stroke.
  seen(points) {
    const { area } = this, found = [], n = points.length / 2, column = n > 2 * area.width ? 1 / this.dpr : 0;
    const room = { left: area.left - 4, right: area.right + 4, top: area.top - 4, bottom: area.bottom + 4 };
    let run, x, y, pen = false; // the list that goes on from (x, y), if there is one
    const to = (u, v) => {
      const piece = clipped(x, y, u, v, room);
      if (!piece) run = null;
      else {
        if (!run || piece[0] !== x || piece[1] !== y) found.push((run = [piece[0], piece[1]]));
        run.push(piece[2], piece[3]);
        if (piece[2] !== u || piece[3] !== v) run = null;
      }
      [x, y] = [u, v];
    };
    let left, low, high, last;
    const upright = () => {
      if (!pen || high - low < 0.5) return;
      const first = y, end = last;
      if (high - low > Math.abs(end - first) + 0.5) {
        const up = end - low < high - end;
        to(left, up ? high : low);
        to(left, up ? low : high);
      }
      to(left, end);
    };
    for (let i = 0; i < n; i++) {
      const px = points[2 * i], py = points[2 * i + 1], gap = Number.isNaN(px);
      if (pen && !gap && Math.abs(px - left) < column) {
        low = Math.min(low, py);
        high = Math.max(high, py);
        last = py;
        continue;
      }
      upright();
      if (gap) run = null;
      else if (pen) to(px, py);
      else [x, y] = [px, py];
      pen = !gap;
      left = px;
      low = high = last = py;
    }
    upright();
    return found;
  }

  stroke(runs, { colour, dash, width, alpha = 1 }) {
    this.lines.push(...runs);
    this.clipped((c) => {
      // On a sheet of its own, for faint lines add up.
      const pen = alpha < 1 ? this.sheet() : c;
      Object.assign(pen, { strokeStyle: colour, lineWidth: width, lineJoin: "round" });
      pen.setLineDash(dash);
      pen.beginPath();
      for (const run of runs) {
        pen.moveTo(run[0], run[1]);
        for (let i = 2; i < run.length; i += 2) pen.lineTo(run[i], run[i + 1]);
      }
      pen.stroke();
      if (pen === c) return;
      c.globalAlpha = alpha;
      c.drawImage(pen.canvas, 0, 0, this.canvas.width / this.dpr, this.canvas.height / this.dpr);
    });
  }

  // An empty canvas of this size.
  sheet() {
    const { canvas: { width, height }, dpr } = this, sheet = (this.other ??= el("canvas").getContext("2d"));
    Object.assign(sheet.canvas, { width, height }); // which empties it
    sheet.setTransform(dpr, 0, 0, dpr, 0, 0);
    return sheet;
  }

  line(n, at, look) {
    this.stroke(this.seen(this.pixels(n, at)), look);
  }

  // The same where it may go to and fro: the farther the fainter, at last dots.
  path(n, at, look) {
    const runs = this.seen(this.pixels(n, at)), { area } = this;
    let length = 0;
    for (const run of runs) {
      for (let i = 2; i < run.length; i += 2) length += Math.hypot(run[i] - run[i - 2], run[i + 1] - run[i - 1]);
    }
    const alpha = Math.max(0.1, Math.min(1, (4 * (area.width + area.height)) / length)), dotted = alpha < 0.5;
    this.stroke(runs, dotted ? { ...look, alpha, width: 1, dash: [] } : { ...look, alpha });
    const every = Math.ceil(n / 1000);
    if (dotted) this.dots(Array.from({ length: Math.ceil(n / every) }, (_, i) => at(i * every)), look, 1);
  }

  // A line that may jump to and fro: where it does, the band in which it jumps and its middle.
  band(n, at, look) {
    const { area, context: c } = this, wide = 4, columns = [], points = this.pixels(n, at);
    const columnOf = (i) => Math.floor((points[2 * i] - area.left) / wide);
    for (let i = 0; i < n; i++) {
      const y = Math.max(area.top - 4, Math.min(area.bottom + 4, points[2 * i + 1]));
      if (y === y) (columns[columnOf(i)] ??= []).push(y); // and is no gap
    }
    const ways = columns.map((ys) => ys.reduce((sum, y, i) => sum + (i && Math.abs(y - ys[i - 1])), 0));
    columns.forEach((ys) => ys.sort((a, b) => a - b));
    const bands = columns.map((ys, k) => {
      const around = columns.slice(Math.max(0, k - 4), k + 5), way = ways.slice(Math.max(0, k - 4), k + 5);
      const extent = Math.max(...around.map((all) => all.at(-1))) - Math.min(...around.map((all) => all[0]));
      if (ys.length < 3 || way.reduce((sum, v) => sum + v) < 2 * extent) return null; // a steep line
      const [low, high] = [0.05, 0.95].map((share) => ys[Math.round(share * (ys.length - 1))]);
      const middle = ys.reduce((sum, y) => sum + y) / ys.length;
      return high - low > 8 ? [low, middle, high] : null;
    });
    const middles = [];
    this.clipped(() => {
      Object.assign(c, { fillStyle: look.colour, globalAlpha: 0.25 });
      for (let i = 0; i < bands.length; i++) {
        if (!bands[i]) continue;
        const first = i, x = (k) => area.left + wide * (k + 0.5);
        for (; bands[i]; i++) this.lines.push([x(i), bands[i][0], x(i), bands[i][2]]);
        const shown = bands.slice(first, i);
        c.beginPath();
        shown.forEach(([low], k) => c.lineTo(x(first + k), low));
        for (let k = shown.length - 1; k >= 0; k--) c.lineTo(x(first + k), shown[k][2] + 1);
        c.fill();
        if (shown.length > 1) middles.push(shown.flatMap(([, middle], k) => [x(first + k), middle]));
      }
    });
    for (let i = 0; i < n; i++) if (bands[columnOf(i)]) points[2 * i] = points[2 * i + 1] = NaN;
    this.stroke(this.seen(points), look);
    this.stroke(middles, { ...look, width: 1.2 });
  }

  dots(points, { colour }, size) {
    this.clipped((c) => {
      c.fillStyle = colour;
      for (const [x, y] of points) c.fillRect(this.px(x) - size, this.py(y) - size, 2 * size, 2 * size);
    });
  }

  // A sign at a point, turned if need be.
  sign([x, y], text, colour, size = 11, turn = 0) {
    if (!Number.isFinite(x + y)) return;
    const px = this.px(x), py = this.py(y), half = size / 2;
    for (const at of [py - half, py, py + half]) this.lines.push([px - half, at, px + half, at]);
    this.clipped((c) => {
      Object.assign(c, { fillStyle: colour, textBaseline: "middle" });
      c.font = `${size}px sans-serif`;
      c.textAlign = turn ? "right" : "center";
      c.translate(px, py);
      c.rotate(turn);
      c.fillText(text, 0, 0);
    });
  }

  // Texts by places [x, y], such as the ends of lines, each in the nearest room that nothing needs, short
  // or left out where there is none; a thin line leads to one that is not near.
  names(entries) {
    const c = this.context, { area } = this, cell = 3, small = area.width < 200, tall = small ? 4 : 5;
    const columns = Math.floor(area.width / cell), rows = Math.floor(area.height / cell);
    const taken = new Uint8Array(columns * rows);
    const take = (x, y) => {
      const i = Math.floor((x - area.left) / cell), j = Math.floor((y - area.top) / cell);
      if (i >= 0 && i < columns && j >= 0 && j < rows) taken[j * columns + i] = 1;
    };
    for (const run of this.lines) {
      for (let i = 2; i < run.length; i += 2) {
        const [x, y, u, v] = run.slice(i - 2, i + 2), n = Math.ceil(Math.max(Math.abs(u - x), Math.abs(v - y)) / 2);
        for (let k = 0; k <= n; k++) take(x + (k / n || 0) * (u - x), y + (k / n || 0) * (v - y));
      }
    }
    // How much is taken on the way to the place.
    const between = (i, j, wide, endX, endY) => {
      const x = Math.max(i, Math.min(i + wide, endX)), y = j + tall / 2;
      let found = 0;
      for (let k = 1; k < 8; k++) {
        const [column, row] = [x + (k / 8) * (endX - x), y + (k / 8) * (endY - y)].map(Math.floor);
        if (column < columns && row < rows) found += taken[row * columns + column];
      }
      return found;
    };
    c.save();
    Object.assign(c, { textAlign: "left", textBaseline: "middle", lineWidth: 3, lineJoin: "round" });
    if (small) c.font = c.font.replace("11px", "10px");
    c.strokeStyle = this.paper;
    const isFree = (i, j, wide) => {
      for (let k = j * columns + i; k < (j + tall) * columns; k += columns) {
        const next = taken.indexOf(1, k);
        if (next >= 0 && next < k + wide) return false;
      }
      return true;
    };
    const room = (wide, endX, endY) => {
      let best, least = Infinity;
      for (let j = 0; j + tall <= rows; j++) {
        for (let i = 0; i + wide <= columns; i++) {
          const away = Math.abs(j + tall / 2 - endY) + 0.6 * Math.max(0, endX - i - wide, i - endX);
          if (away >= least) continue;
          if (!isFree(i, j, wide)) continue;
          const all = away + 6 * between(i, j, wide, endX, endY);
          if (all < least) [best, least] = [[i, j], all];
        }
      }
      return best;
    };
    for (const { text, short, at: [x, y], colour } of entries) {
      if (!Number.isFinite(x + y)) continue;
      const px = this.px(x), py = Math.max(area.top, Math.min(area.bottom, this.py(y)));
      const endX = (px - area.left) / cell, endY = (py - area.top) / cell;
      let told, size, wide, place;
      for (told of [text, short]) {
        if (!told) break;
        size = c.measureText(told).width;
        wide = Math.ceil(size / cell) + 2;
        if ((place = room(wide, endX, endY))) break;
      }
      if (!place) continue;
      const [i, j] = place, left = area.left + cell * (i + 1), middle = area.top + cell * (j + tall / 2);
      const fromX = Math.max(left, Math.min(left + size, px)), fromY = Math.max(middle - 5, Math.min(middle + 5, py));
      for (let k = j * columns + i; k < (j + tall) * columns; k += columns) taken.fill(1, k, k + wide);
      c.fillStyle = colour;
      if (Math.hypot(fromX - px, fromY - py) > 12) {
        this.stroke([[fromX, fromY, px, py]], stroke(colour, 0.8));
      }
      c.strokeText(told, left, middle);
      c.fillText(told, left, middle);
    }
    c.restore();
  }
}

// move([x, y]) gets the place to which a pointer drags: a mouse from anywhere; a finger, which may be
// scrolling, drags the marker and taps elsewhere.
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

// A round button on a plot, moved by dragging or by arrow keys, with Shift five times as far.
function marker(plot, place, move, step = 0.05) {
  const keys = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
  const node = button("", null, { class: "start", onkeydown: (event) => {
    const way = keys[event.key], size = event.shiftKey ? 5 * step : step;
    if (!way) return;
    event.preventDefault();
    move(place().map((v, i) => v + size * way[i]));
  } });
  const show = (name, at = place()) => {
    node.style.left = `${plot.px(at[0])}px`;
    node.style.top = `${plot.py(at[1])}px`;
    node.setAttribute("aria-label", `${name} (${at.map(number).join(", ")}); arrow keys move it`);
  };
  plot.box.append(node);
  draggable(plot, move, node);
  return { node, show };
}

// A height field as bands of ink with lines between, kept until key, size or theme change.
// draw returns true while there is more to do.
class Contours {
  draw(plot, key, height) {
    const { area, dpr, ink, context } = plot;
    const w = Math.round(area.width * dpr), h = Math.round(area.height * dpr);
    const now = JSON.stringify([key, w, h, ink]);
    if (now !== this.key) this.work = this.render(plot, w, h, height);
    this.key = now;
    const until = performance.now() + 10;
    while (this.work) { // one part at least, whatever the clock does
      if (this.work.next().done) this.work = null;
      if (performance.now() > until) break;
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
    const [red, green, blue] = channels(ink);
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
        pixels[n] = colour | (Math.min(255, 20 * band + 60 * line) << 24);
      }
    }
    context.putImageData(image, 0, 0);
  }
}

// How a line is drawn, and that for a legend.
const stroke = (colour, width = 1.8, dash = []) => ({ colour, width, dash });
const swatch = ({ colour, dash, width }) => `<svg aria-hidden="true" width="28" height="6"><path d="M0 3h28" ` +
  `stroke="${colour}" stroke-width="${width}" stroke-dasharray="${dash}"></path></svg>`;

// ---- what has a name

const built = {};

function objective(name) {
  const { function: f, parameters } = objectives[name];
  return (built[name] ||= Stepsize.objectives[f](parameters));
}

// The values that a hyper-parameter of a method can be given.
const valuesOf = (name, p) => stops[rows[name].knobs[p]];

// A method with the last one's values where they mean the same.
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

// The same of a word from anywhere: at least the first number, at most the last.
function within(values, word) {
  const value = plainly(values, word), numbers = values.filter((v) => typeof v === "number");
  if (values.includes(value)) return value;
  if (!numbers.length || word === "" || Number.isNaN(value)) throw new RangeError(word);
  const inside = Math.min(Math.max(value, numbers[0]), numbers.at(-1));
  return numbers.every(Number.isInteger) ? Math.round(inside) : inside;
}

// Whether only the kernel holds a value.
const held = (value) => String(value)[0] === "~";

// A method as text, "Csawg,step_size=0.001,window=10", and back; what it does not tell is as usual.
const methodText = ({ name, parameters }) =>
  [name, ...Object.entries(parameters).map(([p, v]) => `${p}=${v}`)].join();

function methodOf(text, read = home.plainly) {
  const [name, ...pairs] = text.split(","), { parameters } = renewed(within(Object.keys(rows), name));
  for (const [p, word] of pairs.map((pair) => pair.split("="))) {
    parameters[within(Object.keys(parameters), p)] = read(valuesOf(name, p), word);
  }
  return { name, parameters };
}

// Keep state.x and state.y inside a view, at hundredths, and give their sliders its stops.
function placed(state, knobs, view, step) {
  for (const [axis, [low, high]] of [["x", view[0]], ["y", view[1]]]) {
    const hundredths = (v) => Number(v.toFixed(2)), n = Math.round((high - low) / step);
    knobs[axis][1].splice(0, Infinity, ...Array.from({ length: n + 1 }, (_, k) => hundredths(low + k * step)));
    if (!home.exact.has(state[axis])) state[axis] = hundredths(Math.min(high, Math.max(low, state[axis])));
  }
}

// ---- the parts of an explorer

// Draw anew for another size, ratio or theme, and for paper.
function observed(figure, redraw, draw) {
  new ResizeObserver(redraw).observe(figure);
  const ratio = () => {
    matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener("change", ratio, { once: true });
    redraw();
  };
  ratio();
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  for (const event of ["beforeprint", "afterprint"]) {
    addEventListener(event, () => {
      figure.classList.toggle("printed", event === "beforeprint"); // black on white
      draw();
    });
  }
}

// The whole of an explorer with a flat setting: plots, words, buttons, tools (more nodes), and a control
// for each of knobs, { name: [label, values] }: those of `front` beside the plots, the rest behind "more".
// Without values texts[name] has { write(), read(text) } for the link. take(changes) changes the state,
// tells changed(changes), and has controls and picture follow: draw() once a frame at most, and again
// while it returns true. settled(own, done) is what to draw; twin() says whether a script can compute it.
function panel(figure, { setting, knobs, plots, front = [] }, options) {
  const { draw, changed, buttons = {}, tools = [], texts = {} } = options;
  const state = {}, controls = {};
  let asked = false;
  const redraw = () => {
    if (asked) return;
    asked = true;
    figure.setAttribute("aria-busy", "true");
    requestAnimationFrame(() => {
      asked = false;
      if (drawn()) redraw();
      else if (!asked) figure.removeAttribute("aria-busy");
    });
  };
  const drawn = () => body.clientWidth && draw(); // no width: folded away

  const take = (changes) => {
    Object.assign(state, changes);
    changed(changes);
    for (const [name, { set }] of Object.entries(controls)) set(state[name]);
    kernel.ask();
    redraw();
  };
  for (const [name, [label, values]] of Object.entries(knobs)) {
    if (values) controls[name] = home.knob(label, values, setting[name], (value) => take({ [name]: value }));
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
  const words = el("output");
  let said;
  const say = (lines, quiet, looks = []) => { // quiet: shown, but not announced
    const spans = lines.map((line, i) => {
      const span = el("span", {}, line);
      if (looks[i]) span.insertAdjacentHTML("afterbegin", swatch(looks[i]));
      return span;
    });
    words.setAttribute("aria-live", quiet ? "off" : "polite");
    const text = spans.map((span) => span.outerHTML).join();
    if (text !== said) words.replaceChildren(...spans);
    said = text;
  };
  const part = (name, ...nodes) => el("div", { class: `explorer-${name}` }, ...nodes);
  const ways = Object.entries({ Reset: () => setting, ...buttons })
    .map(([text, changes]) => button(text, () => take(changes())));
  const ahead = front.filter((name) => controls[name]);
  const rest = Object.keys(controls).filter((name) => !ahead.includes(name));
  const nodes = (names) => names.map((name) => controls[name].node);
  const parts = {
    plots: part("plots"),
    front: part("front", ...nodes(ahead)),
    tools: part("tools", part("buttons", ...ways), ...tools),
    more: el("details", { class: "explorer-more" },
      el("summary", {}, `more: ${rest.map((name) => knobs[name][0]).join(", ")}`),
      part("controls", ...nodes(rest)), part("buttons", ...home.linked(figure, write, read))),
  };
  const kernel = home.asking(figure, { ...options, knobs, all, redraw, controls, words });
  const body = part("body", part("main", parts.plots, words), part("side", parts.front, parts.tools, parts.more));
  const drawings = plots.map((label, i) => new Plot(parts.plots, label, i ? "curve" : "map"));
  home.observed(figure, redraw, drawn);
  return { state, controls, take, redraw, body, say, parts, plots: drawings, ...kernel };
}

function asking() {
  return { ask() {}, twin: () => true, settled: (own) => own };
}

Stepsize.kit = {
  el, whole, number, having, choice, knob, labelled, button, player, Contours,
  logarithmic, draggable, marker, stroke, swatch, objective, renewed, valuesOf, within,
  methodText, methodOf, held, placed, panel,
};

// ---- start

// A figure comes alive as a whole or not at all; each in a task of its own.
function all() {
  const figures = [...document.querySelectorAll("figure.explorer[data-explorer]")];
  const next = () => {
    const figure = figures.shift(), make = Stepsize.explorers[figure?.dataset.explorer];
    if (!figure) return;
    requestAnimationFrame(() => setTimeout(next));
    if (!make) return;
    figure.append(make(figure, JSON.parse(figure.dataset.setting)));
    figure.classList.add("live");
  };
  setTimeout(next);
}
function start() {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", all);
  else all();
}
home.start();
})();
