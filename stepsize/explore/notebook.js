// The other home of the explorers, a notebook: the script sends the setting, the kernel answers with
// what is drawn. Read before the kit, and by no page; widget.py is the kernel's side of it.
"use strict";

Stepsize.notebook = (() => {
const REST = 40; // milliseconds without a change after which a knob has come to rest

// What widget.py has packed: the numbers of large arrays are in the buffers.
function unpacked(value, buffers) {
  if (Array.isArray(value)) return value.map((one) => unpacked(one, buffers));
  if (value === null || typeof value !== "object") return value;
  if ("number" in value) return Number(value.number);
  if ("buffer" in value) {
    const { buffer, byteOffset, byteLength } = buffers[value.buffer];
    return shaped(Array.from(new Float64Array(buffer.slice(byteOffset, byteOffset + byteLength))), value.shape);
  }
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, unpacked(one, buffers)]));
}

function shaped(numbers, [n, ...shape]) {
  if (!shape.length) return numbers;
  const size = numbers.length / n;
  return Array.from({ length: n }, (_, i) => shaped(numbers.slice(i * size, (i + 1) * size), shape));
}

// Where two results part: the names and places on the way there, or null. What only one has is no matter,
// and of the last digits those that exp and log leave to the processor.
function parting(one, other) {
  if (typeof one === "number" && typeof other === "number") {
    const near = Math.abs(one - other) <= 1e-6 * Math.max(Math.abs(one), Math.abs(other)) + 1e-12;
    return near || Object.is(one, other) || one === other ? null : [];
  }
  if (Array.isArray(one) && Array.isArray(other) && one.length !== other.length) return [];
  if (one === null || other === null || typeof one !== "object" || typeof other !== "object") {
    return typeof one === typeof other && one !== other ? [] : null;
  }
  for (const name of Object.keys(one)) {
    const found = name in other ? parting(one[name], other[name]) : null;
    if (found) return [name, ...found];
  }
  return null;
}

// A line to the kernel for one view of an explorer. One question is out at a time; what is asked
// meanwhile waits, the last one alone.
function line(model) {
  const me = String(Math.random());
  let sent = 0, out = null, next = null, due = false, timer;
  const go = () => {
    due = true;
    if (out || !next) return;
    out = { ...next, number: `${me} ${++sent}` };
    next = null;
    model.send({ number: out.number, setting: out.setting });
  };
  const hear = ({ number, lines, found, ...problem }, buffers) => {
    if (number !== out?.number) return;
    const { setting, answered } = out;
    out = null;
    if (due) go();
    answered(setting, found && mapped({ ...unpacked(found, buffers), lines }), problem);
  };
  model.on("msg:custom", hear);
  return {
    // answered(setting, found, problem): found is undefined where there is a problem, { error, name, place }.
    ask(setting, rest, answered) {
      next = { setting, answered };
      due = false;
      clearTimeout(timer);
      timer = setTimeout(go, rest);
    },
    close() {
      clearTimeout(timer);
      model.off("msg:custom", hear);
    },
  };
}

// Numbers that a reader has typed, which are to stay as they are.
const exact = new Set();

// The number beside a slider can be typed.
function readout(label, take) {
  let before;
  const node = entry(() => {
    const text = node.value.replaceAll(",", "").trim();
    const value = text === "inf" ? Infinity : text === "" ? NaN : Number(text);
    if (Number.isNaN(value)) return (node.value = before);
    exact.add(value);
    take(value);
  });
  Object.assign(node, { className: "value", ariaLabel: `${label}, as a number` });
  return { node, tell: (text, value) => (node.value = before = exact.has(value) ? String(value) : text) };
}

// A field for a text. A notebook keeps the key Enter from it.
function entry(changed) {
  const node = Object.assign(document.createElement("input"), { type: "text", autocomplete: "off", spellcheck: false });
  node.addEventListener("change", changed);
  node.addEventListener("keydown", ({ key }) => key === "Enter" && node.dispatchEvent(new Event("change", { bubbles: true })));
  return node;
}

// What a word of a method means; some are the kernel's own.
function plainly(values, word) {
  const same = values?.find((v) => String(v) === word), value = Number(word);
  return same !== undefined ? same : Number.isNaN(value) ? word : value;
}

// A control, which may be for a text.
function knob(label, values, value, change) {
  if (values !== "text") return Stepsize.kit.knob(label, values, value, change);
  const input = entry(() => change(input.value)), set = (v) => (input.value = v);
  set(value);
  return { node: Stepsize.kit.labelled(label, input), set };
}

// A link in the same notebook, "#kind?setting", sets the first explorer of the kind; the address is not ours.
function linked(figure, write, read) {
  const { explorer: kind } = figure.dataset;
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(`a[href*="#${kind}?"]`), place = link?.closest(".jp-Notebook") ?? document;
    if (!link || place.querySelector(`figure.live[data-explorer="${kind}"]`) !== figure) return;
    event.preventDefault();
    event.stopPropagation();
    read(link.hash.slice(kind.length + 2));
    figure.scrollIntoView({ block: "nearest" });
  }, { capture: true, signal: figure.signal });
  return [];
}

// Draw anew for another size, pixel ratio or theme, until the view is left.
function observed(figure, redraw) {
  const { signal } = figure, themes = new MutationObserver(redraw), sizes = new ResizeObserver(redraw);
  sizes.observe(figure);
  themes.observe(document.body, { attributeFilter: ["data-jp-theme-name"] });
  signal.addEventListener("abort", () => [themes, sizes].forEach((one) => one.disconnect()));
  const ratio = () => {
    const now = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    now.addEventListener("change", ratio, { once: true, signal });
    redraw();
  };
  ratio();
}

// What the kit needs for a panel. Its present setting, all(), is asked for whenever it says ask(); twin() says whether
// the script can compute it as well; slots are the methods of a valley, each with its legend and its controls, made.
function asking(figure, { knobs, all, redraw, slots, controls, words }) {
  const setting = () => new URLSearchParams(all()).toString();
  // A complaint belongs to a knob of a method, to a method, or to one of the panel's controls.
  const beside = ({ name, place }) => {
    const { legend, made } = slots?.[place] ?? {};
    return made?.[name]?.node ?? legend ?? (controls[place] ?? controls[name])?.node ?? words;
  };
  const { methods = {}, objectives = {} } = figure.own;
  const twin = () => {
    const now = Object.fromEntries(all()), texts = (now.methods ?? now.with ?? "").split(";");
    return !((now.objective ?? now.problem) in objectives) &&
      !texts.some((text) => text.includes("~") || text.split(",")[0] in methods);
  };
  const make = (name, role) => Object.assign(document.createElement("p"), { className: `explorer-${name}`, role });
  const status = make("differs", "status"), alert = make("refused", "alert");
  let kept = null; // the last answer
  let suspect = false; // what was typed has to please the kernel before anything is drawn of it
  figure.addEventListener("change", ({ target }) => (suspect ||= target.matches("input.value")), true);
  const own = () => !suspect && twin();
  const answered = (of, found, problem) => {
    const present = of === setting();
    if (present) {
      alert.remove();
      alert.textContent = problem.error ?? "";
      if (!found) beside(problem).after(alert);
      for (let fold = alert.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    }
    if (!found || (!present && own())) return; // late: the picture is that of a later setting
    suspect &&= !present;
    kept = { of, found };
    redraw();
  };
  return {
    twin,
    ask() {
      const { expression, objective } = controls;
      if (expression) expression.node.hidden = objective.node.lastChild.value !== knobs.expression[0];
      figure.line.ask(setting(), own() ? REST : 0, answered);
    },
    // What is to be drawn: the kernel's result for the present setting, until then what the script has got
    // to (`done` says whether that is all); where it has nothing, the kernel's last.
    settled(computed, done = true) {
      if (!status.isConnected) words.after(status);
      const present = kept?.of === setting();
      figure.dataset.drawn = present ? "kernel" : own() ? "script" : "before";
      if (!own()) return kept?.found;
      if (!present) {
        status.textContent = "";
        return computed;
      }
      if (done && computed) kept.parted ??= parting(computed, kept.found) ?? [];
      status.textContent = kept.parted?.length ? `The package gives another result than the script of this explorer ` +
        `(${kept.parted.join(", ")}). What is shown is the package's.` : "";
      return kept.found;
    },
  };
}

// Classes and objectives that only the kernel has: they have a row, and nothing here can run them.
function adopt({ methods = {}, objectives = {} }) {
  const { methods: rows, stops } = Stepsize.catalogue;
  for (const [name, row] of Object.entries(methods)) {
    for (const [p, values] of Object.entries(row.stops)) {
      if (!(row.knobs[p] in stops)) stops[(row.knobs[p] = `${name}.${p}`)] = values;
    }
    rows[name] = row;
    Stepsize.methods[name] = class {
      static defaults = row.fresh;
      constructor(given) {
        Object.assign(this, row.fresh, given);
      }
    };
  }
  Stepsize.objectives.own = () => undefined;
  for (const [name, row] of Object.entries(objectives)) {
    Stepsize.catalogue.objectives[name] = { ...row, function: "own" };
  }
}

// An objective that only the kernel has gets a loss to draw contours of, between heights on a grid over its view.
function mapped(found) {
  if (!found.map) return found;
  const { name, heights: grid, minimizer, view: [x, y] } = found.map;
  const n = grid.length - 1, all = grid.flat().filter(Number.isFinite);
  const low = Math.min(...all), span = Math.max(...all) - low || 1;
  const at = (v, [from, to]) => Math.min(n - 1e-9, Math.max(0, (n * (v - from)) / (to - from)));
  const loss = ([a, b]) => {
    const i = at(a, x), j = at(b, y), p = i % 1, q = j % 1, [one, other] = [grid[Math.floor(j)], grid[Math.floor(j) + 1]];
    const mixed = (row) => (1 - p) * row[Math.floor(i)] + p * row[Math.floor(i) + 1];
    return 10 ** ((7 * ((1 - q) * mixed(one) + q * mixed(other) - low)) / span - 3);
  };
  return { ...found, map: { name, loss, minimizer: minimizer ?? [] } };
}

function render({ model, el }) {
  el.innerHTML = model.get("figure");
  const figure = el.firstElementChild, left = new AbortController();
  figure.signal = left.signal;
  figure.line = line(model);
  // Or the notebook takes letters and arrows for itself.
  figure.addEventListener("focusin", ({ target }) => target.setAttribute("data-lm-suppress-shortcuts", true));
  const data = (figure.own = JSON.parse(figure.dataset.setting));
  adopt(data);
  for (const name of ["x", "y"]) exact.add(data.setting[name]);
  figure.append(Stepsize.explorers[figure.dataset.explorer](figure, data));
  figure.classList.add("live");
  return () => {
    left.abort();
    figure.line.close();
  };
}

return { render, asking, exact, knob, linked, observed, plainly, readout, start() {} };
})();
