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
  const { state, controls, take, redraw, body, say, plots: [steps, errors, weights] } = panel(figure, data, {
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

  function words(shown) {
    const { label } = rows[state.method], last = run.step_size[shown - 1], n = whole(samples.length);
    const sgd = `SGD with its best constant step size, ${number(constants[best])}: ` +
      `mean squared error ${number(rivals[best].late)}.`;
    if (!run.w[shown].every(Number.isFinite)) return [`${label}: diverged.`, sgd];
    const mean = (a) => number(a.reduce((x, y) => x + y, 0) / a.length), { relevant } = shape;
    const when = shown < samples.length ? `after ${whole(shown)} of ${n} examples`
      : `mean squared error ${number(run.late)} over the second half of ${n} examples; at the end`;
    return [`${label}: ${when} the step size is ` + (level() ? `${number(last[0])}.`
      : `${mean(last.slice(0, relevant))} on average where the input matters, ` +
        `${mean(last.slice(relevant))} elsewhere.`), sgd];
  }

  function draw() {
    if (!advance()) return true;
    const n = samples.length, shown = Math.max(1, Math.round(playback.share * n)), rival = rivals[best];
    const { label, colour } = rows[state.method];
    const own = stroke(errors.legible(colour)), other = stroke(errors.ink, 0.6);
    const sgd = stroke(errors.legible(rows.GradientDescent.colour), 1.6, [6, 3]);
    const x = [0, n], common = { x, xLabel: "examples" };
    // As many points of a line as there are pixels: step sizes move slowly.
    const every = Math.ceil(n / 500), count = Math.ceil(shown / every);

    const chosen = constants[best], sizes = run.step_size.filter((_, k) => k % every === 0);
    const { height, ...axis } = logarithmic([chosen].concat(...sizes));
    steps.frame({ ...common, ...axis, yLabel: "step sizes (grey: idle inputs)" });
    for (let i = samples[0].x.length - 1; i >= 0; i--) {
      steps.line(count, (k) => [k * every, height(sizes[k][i])], i < shape.relevant ? { ...own, width: 1 } : other);
    }
    steps.line(2, (k) => [k * n, height(chosen)], sgd);

    const size = Math.max(1, Math.floor(n / blocks));
    const means = (squares) => Array.from({ length: Math.floor(n / size) }, (_, b) =>
      squares.slice(b * size, (b + 1) * size).reduce((p, q) => p + q, 0) / size);
    const both = [[means(rival.squares), sgd, `SGD ${number(chosen)}`], [means(run.squares), own, label]];
    const { height: at, ...range } = logarithmic(both.flatMap(([m]) => m));
    errors.frame({ ...common, ...range, yLabel: "squared error" });
    for (const [m, look] of both) {
      errors.line(Math.min(m.length, Math.ceil(shown / size)), (b) => [size * (b + 0.5), at(m[b])], look);
    }
    errors.names(both.map(([m, { colour }, text]) => ({ text, colour, at: [n, at(m.at(-1)) ?? range.y[1]] })));

    let low = -state.scale, high = state.scale;
    for (const v of [...samples.map(({ target }) => target[0]), ...run.w.map((w) => w[0])]) {
      if (Math.abs(v) < 1e3 * state.scale) [low, high] = [Math.min(low, v), Math.max(high, v)];
    }
    const room = 0.3 * (high - low) || 1, y = [low - room, high + room];
    weights.frame({ ...common, y, yLabel: "w₁ (grey: its target)" });
    weights.line(shown, (k) => [k, samples[k].target[0]], other);
    weights.line(shown, (k) => [k, run.w[k + 1][0]], { ...own, width: 1 });
    say(words(shown), playback.playing);
    return false;
  }

  take(data.setting);
  return body;
};
