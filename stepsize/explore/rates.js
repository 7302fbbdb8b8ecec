// Momentum and rates. Arithmetic and words are those of rates.py.
"use strict";

// e_{k+1} = b e_k - c e_{k-1} in a direction of given curvature.
Stepsize.rates = (() => {
const TWO_STEPS = {
  GradientDescent: (al) => [1 - al, 0],
  HeavyBall: (al, p) => [1 + p - al, p],
  Nesterov: (al, p) => [(1 + p) * (1 - al), p * (1 - al)],
};

function eigenvalues(name, curvature, step_size, momentum) {
  const [b, c] = TWO_STEPS[name](step_size * curvature, momentum);
  if (name === "GradientDescent") return [[b, 0]];
  const inside = b * b - 4 * c, root = Math.sqrt(Math.abs(inside));
  if (inside < 0) return [[b / 2, root / 2], [b / 2, -root / 2]];
  return [[(b + root) / 2, 0], [(b - root) / 2, 0]];
}

function rate(name, curvature, step_size, momentum) {
  const [b, c] = TWO_STEPS[name](step_size * curvature, momentum), inside = b * b - 4 * c;
  if (name === "GradientDescent") return Math.abs(b);
  return inside < 0 ? Math.sqrt(Math.abs(c)) : (Math.abs(b) + Math.sqrt(Math.max(inside, 0))) / 2;
}

// Step size and momentum of the least rate on curvatures mu to 1.
function best(name, mu) {
  const root = Math.sqrt(name === "Nesterov" ? 3 / mu + 1 : mu);
  if (name === "HeavyBall") return [4 / ((1 + root) * (1 + root)), ((1 - root) / (1 + root)) ** 2];
  return name === "Nesterov" ? [4 / (3 + mu), (root - 2) / (root + 2)] : [2 / (1 + mu), 0];
}

function rates({ method, condition, step_size, momentum }, iterations) {
  const mu = 1 / condition, at = (a, p) => Math.max(rate(method, 1, a, p), rate(method, mu, a, p));
  const run = new Stepsize.methods[method]({ step_size, momentum });
  const bowl = Stepsize.objectives.quadratic({ curvature: [1, mu], minimizer: [0, 0] });
  const { error } = Stepsize.minimize(run, bowl, [1, 1], { iterations });
  let last = 0; // the last row before overflow or underflow
  while (last < iterations && error[last + 1] > 1e-250 && error[last + 1] < 1e250) last += 1;
  // Errors oscillate: the largest of the last quarter over the largest of the one before.
  const q = Math.floor(last / 4), largest = (i) => Math.max(...error.slice(i * q, (i + 1) * q));
  const measured = q ? (largest(3) / largest(2)) ** (1 / q) : 0;
  const optimum = best(method, mu), learned = method !== "GradientDescent";
  const curve = Array.from({ length: 401 }, (_, i) => (learned ? [i / 400, at(step_size, i / 400)] : [i / 100, at(i / 100, 0)]));
  const spectrum = Array.from({ length: 81 }, (_, i) => eigenvalues(method, mu ** (i / 80), step_size, momentum));
  return {
    mu, error, q, measured, predicted: at(step_size, momentum), optimum, least: at(...optimum), curve, eigenvalues: spectrum,
  };
}

return { eigenvalues, rate, rates, best };
})();

Stepsize.explorers.rates = (figure, data) => {
  const { button, logarithmic, number, panel, stroke, whole } = Stepsize.kit;
  const { iterations, knobs } = data;
  const best = () => {
    const [step_size, momentum] = Stepsize.rates.best(state.method, 1 / state.condition);
    return { step_size, momentum };
  };
  const { state, take, body, say, settled, plots: [plane, rate, errors] } = panel(figure, data, {
    draw, changed: () => {}, buttons: { "to the best": best },
  });
  const star = button("★", () => take(best()), {
    class: "start", style: "line-height: 0.7", "aria-label": "the best; press to go there",
  });
  rate.box.append(star);

  function words({ mu, predicted, measured, q, optimum, least, eigenvalues }) {
    const { method, condition } = state;
    const both = (z) => {
      const [[re, im]] = z;
      return im ? `${number(re)} ± ${number(im)}i` : z.map(([a]) => number(a)).join(" and ");
    };
    const run = q ? `measured ${measured.toFixed(4)} between iterations ${2 * q} and ${4 * q}` : "the run ends at once";
    const also = method !== "GradientDescent" ? `, momentum ${number(optimum[1])}` : "";
    return [
      `Predicted rate ${predicted.toFixed(4)} an iteration, ${run}${predicted < 1 ? "" : "; it does not converge"}.`,
      `Eigenvalues at curvature 1: ${both(eigenvalues[0])}; at ${number(mu)}: ${both(eigenvalues[80])}.`,
      `Best for condition number ${whole(condition)}: step size ${number(optimum[0])}${also}, rate ${least.toFixed(4)}.`,
    ];
  }

  function draw() {
    const { method, step_size: a, momentum: p } = state, result = settled(Stepsize.rates.rates(state, iterations));
    const { mu, error, predicted, optimum, least, curve, eigenvalues } = result, momentum = method !== "GradientDescent";
    const main = plane.legible(Stepsize.catalogue.methods[method].colour), thin = stroke(plane.legible("#808080"), 1, [4, 3]);
    const wide = (1.3 * (plane.box.clientWidth - 54)) / (plane.box.clientHeight - 58), x = [-wide, wide], y = [-1.3, 1.3];
    plane.frame({ x, y, xLabel: "real part", yLabel: "imaginary part" });
    const circle = (r, look) =>
      plane.line(129, (i) => [r * Math.cos((i * Math.PI) / 64), r * Math.sin((i * Math.PI) / 64)], look);
    circle(1, stroke(plane.ink, 1));
    circle(predicted, thin);
    for (const z of eigenvalues.slice(1, 80)) plane.dots(z, thin, 1);
    const both = [[1, "●", main, eigenvalues[0]], [mu, "■", plane.ink, eigenvalues[80]]];
    for (const [, sign, colour, all] of both) for (const z of all) plane.sign(z, sign, colour, 15);
    plane.names(both.map(([c,, colour, [at]]) => ({ text: `curvature ${number(c)}`, at, colour })));

    const end = momentum ? 1 : 4;
    rate.frame({
      x: [0, end], y: [0, 1.2], yLabel: "rate",
      xLabel: momentum ? `momentum, at step size ${number(a)}` : knobs.step_size[0],
    });
    rate.line(curve.length, (i) => curve[i], stroke(main));
    rate.line(2, (i) => [i * end, 1], thin);
    const here = [momentum ? p : a, predicted];
    rate.sign(here, "●", main, 15);
    rate.names([{ text: "here", at: here, colour: main }]);
    star.style.left = `${rate.px(optimum[Number(momentum)])}px`;
    star.style.top = `${rate.py(least)}px`;

    const { height, ...axis } = logarithmic(error, 40, -40);
    errors.frame({ x: [0, iterations], ...axis, xLabel: "iteration", yLabel: "error" });
    errors.line(2, (i) => [i * iterations, height(error[0]) + i * iterations * Math.log10(predicted)], thin);
    errors.line(error.length, (i) => [i, height(error[i])], stroke(main));
    say(result.lines ?? words(result));
  }
  take(data.setting);
  return body;
};
