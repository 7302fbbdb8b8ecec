// The package's arithmetic for pages without a kernel: objectives, methods, minimize.
//
// Every class and function here is the twin of its namesake in stepsize/, with the same
// parameters and the same operations in the same order, using only + - * / and Math.sqrt, which
// IEEE 754 rounds alike everywhere. So each float equals the package's; the test of the page's
// arithmetic holds every entry of `objectives` and `methods` against it.
//
// Weights are plain arrays of numbers. No drawing, no document: this file runs in any engine.
"use strict";

globalThis.Stepsize = (() => {
// ---- objectives: { minimizer, loss(w), grad(w) } -------------------------------------------

function rosenbrock({ dim = 2 } = {}) {
  return {
    minimizer: Array(dim).fill(1),
    loss(w) {
      let total = 0;
      for (let i = 0; i + 1 < dim; i++) {
        const r = w[i + 1] - w[i] * w[i], e = w[i] - 1;
        total += e * e + 100 * (r * r);
      }
      return total;
    },
    grad(w) {
      const g = [];
      let before = 0; // 200 r of the valley that ends in this weight
      for (let i = 0; i + 1 < dim; i++) {
        const x = w[i], r = w[i + 1] - x * x;
        g.push(2 * (x - 1) - 400 * x * r + before);
        before = 200 * r;
      }
      g.push(0 + before);
      return g;
    },
  };
}

// curvature: the eigenvalues, or the rows of a matrix (rotated ones come as numbers, because
// sines differ between engines in the last bit).
function quadratic({ curvature, minimizer = curvature.map(() => 0) }) {
  const isMatrix = Array.isArray(curvature[0]);
  const grad = (w) => {
    const e = w.map((x, i) => x - minimizer[i]);
    if (!isMatrix) return e.map((x, i) => curvature[i] * x);
    return curvature.map((row) => {
      let total = row[0] * e[0];
      for (let j = 1; j < row.length; j++) total += row[j] * e[j];
      return total;
    });
  };
  const loss = (w) => {
    const g = grad(w);
    return 0.5 * w.reduce((total, x, i) => total + (x - minimizer[i]) * g[i], 0);
  };
  return { minimizer, loss, grad };
}

// ---- methods: init(w) -> state, step(w, state, oracle) -> w; the state is updated -------------

const everywhere = (value, w) => w.map(() => value);
const descend = (w, alpha, g) => w.map((x, i) => x - alpha * g[i]);

class GradientDescent {
  constructor({ step_size }) {
    Object.assign(this, { step_size });
  }
  init(w) {
    return { step_size: everywhere(this.step_size, w) };
  }
  step(w, state, oracle) {
    return descend(w, this.step_size, oracle.grad(w));
  }
}

class HeavyBall {
  constructor({ step_size, momentum = 0.9 }) {
    Object.assign(this, { step_size, momentum });
  }
  init(w) {
    return { step_size: everywhere(this.step_size, w), previous: w };
  }
  step(w, state, oracle) {
    const { step_size, momentum } = this, { previous } = state, g = oracle.grad(w);
    state.previous = w;
    return w.map((x, i) => x - step_size * g[i] + momentum * (x - previous[i]));
  }
}

class Nesterov {
  constructor({ step_size, momentum = 0.9 }) {
    Object.assign(this, { step_size, momentum });
  }
  init(w) {
    return { step_size: everywhere(this.step_size, w), y: w, t: 1 };
  }
  step(w, state, oracle) {
    let gamma = this.momentum;
    if (gamma === "increasing") {
      const t = (1 + Math.sqrt(1 + 4 * state.t * state.t)) / 2;
      gamma = (state.t - 1) / t;
      state.t = t;
    }
    const before = state.y;
    const y = (state.y = descend(w, this.step_size, oracle.grad(w)));
    return y.map((x, i) => x + gamma * (x - before[i]));
  }
}

class Csawg {
  constructor({
    step_size, window, planning_steps = 1, correction_steps = 0,
    pairing = "published", reuse_gradient = false,
  }) {
    Object.assign(this, {
      step_size, window, planning_steps, correction_steps, pairing, reuse_gradient,
    });
  }
  init(w) {
    const none = everywhere(NaN, w), zero = everywhere(0, w);
    return {
      k: 0, weights: [], grads: [], sum_1: zero, sum_2: zero, late: null, none, step_size: none,
    };
  }
  step(w, state, oracle) {
    const g = this.gradient(w, state, oracle);
    w = descend(w, this.step_size, g);
    this.remember(w, g, state);
    state.step_size = state.none;
    if (state.k % this.window === 0 && state.k > this.window) w = this.plan(w, g, state, oracle);
    return w;
  }
  // The gradient at w, which the derived pairing also files beside w.
  gradient(w, state, oracle) {
    const g = oracle.grad(w);
    if (state.late !== null) state.grads[state.late] = g;
    state.late = null;
    return g;
  }
  remember(w, g, state) {
    const slot = state.k % this.window;
    if (state.k >= this.window) { // the later half of a pair: w is w_{s+K}
      const w_s = state.weights[slot], g_s = state.grads[slot];
      state.sum_1 = state.sum_1.map((a, i) => a + g_s[i] * (w_s[i] - w[i]));
      state.sum_2 = state.sum_2.map((a, i) => a + g_s[i] * g_s[i]);
    }
    state.weights[slot] = w;
    state.grads[slot] = g;
    if (this.pairing === "derived") state.late = slot;
    state.k += 1;
  }
  plan(w, g, state, oracle) {
    const { sum_1, sum_2 } = state;
    const alpha = (state.step_size = sum_1.map((a, i) => (sum_2[i] !== 0 ? a / sum_2[i] : 0)));
    for (let p = 0; p < this.planning_steps; p++) {
      if (!this.reuse_gradient) g = this.gradient(w, state, oracle);
      const g_p = g;
      w = w.map((x, i) => x - alpha[i] * g_p[i]);
      for (let m = 0; m < this.correction_steps; m++) {
        g = oracle.grad(w);
        w = descend(w, this.step_size, g);
      }
    }
    state.sum_1 = everywhere(0, w);
    state.sum_2 = everywhere(0, w);
    return w;
  }
}

// ---- runs ------------------------------------------------------------------------------------

// The Euclidean distance, without overflow or underflow of the squares.
function distance(w, minimizer) {
  let largest = 0, total = 0;
  for (let i = 0; i < w.length; i++) largest = Math.max(largest, Math.abs(w[i] - minimizer[i]));
  const scale = largest > 0 && largest < Infinity ? largest : 1;
  for (let i = 0; i < w.length; i++) {
    const ratio = (w[i] - minimizer[i]) / scale;
    total += ratio * ratio;
  }
  return Math.sqrt(total) * scale;
}

// One run. Row 0 is w0, with step size NaN. Give either iterations or gradEvals; within a
// budget the iteration that would exceed it is not part of the trace.
function minimize(method, objective, w0, { iterations = Infinity, gradEvals = Infinity }) {
  const oracle = {
    grads: 0,
    losses: 0,
    grad(w) {
      this.grads += 1;
      return objective.grad(w);
    },
    loss(w) {
      this.losses += 1;
      return objective.loss(w);
    },
  };
  let w = w0.slice();
  const state = method.init(w);
  const trace = { w: [w], step_size: [everywhere(NaN, w)], grad_evals: [0], loss_evals: [0] };
  while (trace.w.length <= iterations) {
    const before = oracle.grads;
    w = method.step(w, state, oracle);
    if (oracle.grads > gradEvals) break;
    if (iterations === Infinity && oracle.grads === before) {
      throw new Error("gradEvals bounds nothing: the method asked for no gradient");
    }
    trace.w.push(w);
    trace.step_size.push(state.step_size);
    trace.grad_evals.push(oracle.grads);
    trace.loss_evals.push(oracle.losses);
  }
  trace.loss = trace.w.map(objective.loss);
  trace.error = trace.w.map((row) => distance(row, objective.minimizer));
  return trace;
}

return {
  objectives: { rosenbrock, quadratic },
  methods: { GradientDescent, HeavyBall, Nesterov, Csawg },
  minimize,
};
})();
