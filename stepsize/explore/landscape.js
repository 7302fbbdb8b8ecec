// The landscape of two step sizes. Samples and words are those of landscape.py.
"use strict";

// The exact error of LMS with step size a for a constant weight and b for one that flips every n
// samples with probability 1/2: theory.flipping_errors, its linear equations solved.
Stepsize.landscape = (n) => ([a, b]) => {
  const share = (v) => v / (2 * (1 - v)), room = 1 - share(a) - share(b);
  if (!(a < 1 && b < 1 && room > 0)) return Infinity;
  return (b ? -Math.expm1(n * Math.log1p(-b)) / (n * b) : 1) / ((1 - b) * room);
};

Stepsize.explorers.landscape = (figure, data) => {
  const { made, shape, edge, best, single, rest, level, blocks } = data, every = shape.flip_every;
  const { whole, number, marker, Contours, panel, stroke } = Stepsize.kit, contours = new Contours();
  const { online, methods, catalogue: { methods: rows } } = Stepsize;
  const error = Stepsize.landscape(every), text = (v) => (v < Infinity ? number(v) : "not finite");
  const marks = [["★ best pair", ...best], ["◆ best single", ...single]];
  const names = ["α₁, constant", "α₂, flipping"];
  const at = () => [state.alpha_1, state.alpha_2];
  let samples, run;

  const changed = (changes) => {
    for (const name in controls) controls[name].node.hidden = made[state.method].without.includes(name);
    start.node.hidden = controls.alpha_1.node.hidden;
    run = null;
    if ("seed" in changes || "examples" in changes) samples = null;
  };
  const { state, controls, take, body, say, settled, plots: [map, steps, errors] } = panel(figure, data, { draw, changed });
  const start = marker(map, at, (pair) => {
    const [alpha_1, alpha_2] = pair.map((v) => Number(Math.min(edge, Math.max(0.01, v)).toFixed(2)));
    if (!start.node.hidden) take({ alpha_1, alpha_2 });
  }, 0.01);

  // What the run has come to: step sizes, their exact errors, and measured ones of blocks of samples.
  function results(size) {
    const path = run.step_size.slice(every - 1).map(([b, a]) => [a, b]), { squares } = run;
    const mean = (_, i) => squares.slice(i * size, (i + 1) * size).reduce((a, b) => a + b) / size;
    return { path, error: path.map(error), means: Array.from({ length: Math.floor(squares.length / size) }, mean) };
  }

  function draw() {
    if (!samples) return (samples = online.samples({ ...shape, ...state }, shape)); // in a frame of its own
    if (!run) {
      const { twin, given } = made[state.method], step_size = at().reverse();
      run = new online.Run(new methods[twin]({ ...state, ...given }), samples);
      Object.assign(run.state, { step_size, beta: step_size.map(Math.log) });
    }
    let more = true; // than a frame's share
    const until = performance.now() + 8;
    do more = !run.advance(100);
    while (more && performance.now() < until);
    const n = state.examples, { ink } = map, y = [0, edge], high = [0, 1.5], size = Math.floor(n / blocks);
    const found = settled(results(size), !more), { path, means, lines } = found, last = path.at(-1);
    const thin = stroke(ink, 0.8);
    const own = stroke(map.legible(rows[state.method].colour), 1.6);
    map.frame({
      x: y, y, xLabel: names[0], yLabel: names[1],
      under: () => (more = contours.draw(map, 0, (w) => 4 * Math.sqrt(Math.abs(Math.log(error(w) / best[2]))) - 3) || more),
    });
    map.line(rest.length, (i) => rest[i], stroke(ink, 1.4, [2, 3]));
    map.line(path.length, (i) => path[i], own);
    map.dots([last], own, 5);
    map.context.textAlign = "left";
    for (const [text, a, b] of [...marks, ["unstable", 0.46, 0.56]]) {
      map.context.fillText(text, map.px(a) - 5, map.py(b));
    }
    start.show("start");

    const frame = { x: [0, n], xLabel: "samples" };
    const graph = (plot, of, look) => plot.line(path.length, (k) => [every + k, of(path[k])], look);
    steps.frame({ ...frame, y, yLabel: "step sizes" });
    [thin, own].forEach((look, i) => graph(steps, (pair) => pair[i], look));
    steps.names([thin, own].map(({ colour }, i) => ({ colour, text: names[i], at: [every + path.length, last[i]] })));

    errors.frame({ ...frame, y: high, yLabel: "error; thin: measured" });
    errors.line(means.length, (i) => [size * (i + 0.5), means[i]], thin);
    errors.line(path.length, (k) => [every + k, found.error[k]], own);
    marks.forEach(([,,, e], i) => errors.line(2, (k) => [k * n, e], stroke(ink, 1, [6 * i, 3 * i])));
    errors.names(marks.map(([text,,, e]) => ({ text, at: [n, e], colour: ink })));
    if (lines) say(lines);
    if (more || lines) return more;
    const [[from, e], [to, f]] = [path[0], last].map((pair) => [pair.map(text).join(", "), text(error(pair))]);
    say([`${state.method}: step sizes (constant, flipping) from (${from}) at sample ${every} to ` +
      `(${to}) at sample ${whole(n)}.`, `The exact error went from ${e} to ${f}. ${level}`]);
  }
  take(data.setting);
  return body;
};
