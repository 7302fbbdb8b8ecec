// Track it: a method that learns its step sizes on a moving target, beside tuned SGD.
// Words are those of track.py.
"use strict";

Stepsize.explorers.track = (figure, data) => {
  const { whole, number, player, logarithmic, panel, stroke } = Stepsize.kit;
  const { methods, online, catalogue: { methods: rows } } = Stepsize, { constants, shape, blocks, knobs } = data;
  let kept = "", samples, rivals, best, run;

  const level = () => state.problem === knobs.problem[1][1];
  const changed = () => {
    controls.flip_every.node.hidden = level();
    controls.drift.node.hidden = !level();
    run = null;
    playback.reset();
  };
  const playback = player(() => redraw());
  const { state, controls, take, redraw, body, say, settled, plots: [steps, errors, weights] } = panel(figure, data, {
    draw, changed, tools: [playback.node],
  });

  // Whether all is computed; a frame's share of it is done.
  function advance() {
    const { method, meta_step_size, step_size, ...rest } = state, key = JSON.stringify(rest);
    if (key !== kept) {
      // Samples take frames of their own, since their inputs are kept; those of many take two.
      const most = samples?.key === key ? state.examples : Math.min(4000, state.examples);
      samples = Object.assign(online.samples({ ...state, examples: most }, shape), { key });
      if (most < state.examples) return false;
      rivals = constants.map((a) => new online.Run(new methods.GradientDescent({ step_size: a }), samples));
      best = null;
      kept = key;
      return false;
    }
    run ||= new online.Run(new methods[method]({ meta_step_size, step_size }), samples);
    const until = performance.now() + 10;
    for (const one of [run, ...(best === null ? rivals : [])]) {
      while (!one.advance(50)) if (performance.now() > until) return false;
    }
    best ??= rivals.reduce((least, { late }, i) => (late < rivals[least].late ? i : least), 0);
    return true;
  }

  // What the runs have come to, of lines as many points as there are pixels: step sizes move slowly.
  function results() {
    const n = samples.length, every = Math.ceil(n / 500), size = Math.max(1, Math.floor(n / blocks));
    const means = ({ squares }) => Array.from({ length: Math.floor(n / size) }, (_, b) =>
      squares.slice(b * size, (b + 1) * size).reduce((p, q) => p + q, 0) / size);
    return {
      every, step_size: run.step_size.filter((_, k) => k % every === 0), best: constants[best],
      last: run.step_size.at(-1), errors: means(run), rival: means(rivals[best]), late: [run.late, rivals[best].late],
      weight: run.w.slice(1).map((w) => w[0]), target: samples.map(({ target }) => target[0]),
    };
  }

  function words({ every, step_size, last: final, best, late, weight }, shown) {
    const { label } = rows[state.method], n = whole(state.examples);
    const last = shown < state.examples ? step_size[Math.floor((shown - 1) / every)] : final;
    const sgd = `SGD with its best constant step size, ${number(best)}: mean squared error ${number(late[1])}.`;
    if (!Number.isFinite(weight[shown - 1])) return [`${label}: diverged.`, sgd];
    const mean = (a) => number(a.reduce((x, y) => x + y, 0) / a.length), { relevant } = shape;
    const when = shown < state.examples ? `after ${whole(shown)} of ${n} examples`
      : `mean squared error ${number(late[0])} over the second half of ${n} examples; at the end`;
    return [`${label}: ${when} the step size is ` + (level() ? `${number(last[0])}.`
      : `${mean(last.slice(0, relevant))} on average where the input matters, ` +
        `${mean(last.slice(relevant))} elsewhere.`), sgd];
  }

  function draw() {
    const ended = advance(), found = settled(ended ? results() : undefined);
    if (!found) return true;
    const n = state.examples, shown = Math.max(1, Math.round(playback.share * n));
    const { label, colour } = rows[state.method];
    const own = stroke(errors.legible(colour)), other = stroke(errors.ink, 0.6);
    const sgd = stroke(errors.legible(rows.GradientDescent.colour), 1.6, [6, 3]);
    const x = [0, n], common = { x, xLabel: "examples" };
    const { every, step_size: sizes, best: chosen, weight, target } = found, count = Math.ceil(shown / every);
    const { height, ...axis } = logarithmic([chosen].concat(...sizes));
    steps.frame({ ...common, ...axis, yLabel: "step sizes (grey: idle inputs)" });
    for (let i = sizes[0].length - 1; i >= 0; i--) {
      steps.line(count, (k) => [k * every, height(sizes[k][i])], i < shape.relevant ? { ...own, width: 1 } : other);
    }
    steps.line(2, (k) => [k * n, height(chosen)], sgd);

    const size = Math.max(1, Math.floor(n / blocks));
    const both = [[found.rival, sgd, `SGD ${number(chosen)}`], [found.errors, own, label]];
    const { height: at, ...range } = logarithmic(both.flatMap(([m]) => m));
    errors.frame({ ...common, ...range, yLabel: "squared error" });
    for (const [m, look] of both) {
      errors.line(Math.min(m.length, Math.ceil(shown / size)), (b) => [size * (b + 0.5), at(m[b])], look);
    }
    errors.names(both.map(([m, { colour }, text]) => ({ text, colour, at: [n, at(m.at(-1)) ?? range.y[1]] })));

    let low = -state.scale, high = state.scale;
    for (const v of [...target, ...weight]) {
      if (Math.abs(v) < 1e3 * state.scale) [low, high] = [Math.min(low, v), Math.max(high, v)];
    }
    const room = 0.3 * (high - low) || 1, y = [low - room, high + room];
    weights.frame({ ...common, y, yLabel: "w₁ (grey: its target)" });
    weights.line(shown, (k) => [k, target[k]], other);
    weights.line(shown, (k) => [k, weight[k]], { ...own, width: 1 });
    say(shown === n && found.lines ? found.lines : words(found, shown), playback.playing);
    return !ended;
  }

  take(data.setting);
  return body;
};
