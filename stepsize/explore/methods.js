// The package's arithmetic in any engine: each class and function is the twin of its namesake, the same
// operations in the same order, float for float under test, but for Math.exp of IDBD and Autostep.
"use strict";

globalThis.Stepsize = (() => {
// ---- objectives: { minimizer, loss(w), grad(w), curvature(w), hvp(w, v) }

function rosenbrock() {
  const residual = ([x, y]) => y - x * x;
  return {
    minimizer: [1, 1],
    loss(w) {
      const r = residual(w), e = w[0] - 1;
      return e * e + 100 * (r * r);
    },
    grad(w) {
      const [x] = w, r = residual(w);
      return [2 * (x - 1) - 400 * x * r, 200 * r];
    },
    curvature(w) {
      const [x] = w;
      return [2 - 400 * residual(w) + 800 * x * x, 200];
    },
    hvp(w, v) {
      const [x] = w, [c, d] = this.curvature(w);
      return [c * v[0] - 400 * x * v[1], d * v[1] - 400 * x * v[0]];
    },
  };
}

// curvature: the eigenvalues, or the rows of a matrix.
function quadratic({ curvature, minimizer = curvature.map(() => 0) }) {
  const isMatrix = Array.isArray(curvature[0]);
  const hvp = (w, v) => {
    if (!isMatrix) return v.map((x, i) => curvature[i] * x);
    return curvature.map((row) => {
      let total = row[0] * v[0];
      for (let j = 1; j < row.length; j++) total += row[j] * v[j];
      return total;
    });
  };
  const grad = (w) => hvp(w, w.map((x, i) => x - minimizer[i]));
  const loss = (w) => {
    const g = grad(w);
    return 0.5 * w.reduce((total, x, i) => total + (x - minimizer[i]) * g[i], 0);
  };
  return { minimizer, loss, grad, hvp, curvature: () => curvature.map((row, i) => (isMatrix ? row[i] : row)) };
}

function beale() {
  const residuals = ([x, y]) => {
    const u = [1 - y, 1 - y * y, 1 - y * y * y];
    return { u, r: [1.5 - x * u[0], 2.25 - x * u[1], 2.625 - x * u[2]] };
  };
  return {
    minimizer: [3, 0.5],
    loss(w) {
      const { r } = residuals(w);
      return r[0] * r[0] + r[1] * r[1] + r[2] * r[2];
    },
    grad(w) {
      const [x, y] = w, { u, r } = residuals(w);
      return [
        -2 * (r[0] * u[0] + r[1] * u[1] + r[2] * u[2]),
        2 * x * (r[0] + 2 * y * r[1] + 3 * y * y * r[2]),
      ];
    },
    curvature(w) {
      const [x, y] = w, { u, r } = residuals(w);
      return [
        2 * (u[0] * u[0] + u[1] * u[1] + u[2] * u[2]),
        2 * x * x * (1 + 4 * y * y + 9 * y * y * y * y) + 2 * x * (2 * r[1] + 6 * y * r[2]),
      ];
    },
    hvp(w, v) {
      const [x, y] = w, { u, r } = residuals(w), [c, d] = this.curvature(w);
      const e = r.map((a, i) => a - x * u[i]), across = 2 * (e[0] + 2 * y * e[1] + 3 * y * y * e[2]);
      return [c * v[0] + across * v[1], d * v[1] + across * v[0]];
    },
  };
}

function camel() {
  return {
    minimizer: [0, 0],
    loss([x, y]) {
      const q = x * x;
      return q * (2 - 1.05 * q + q * q / 6) + x * y + y * y;
    },
    grad([x, y]) {
      const q = x * x;
      return [x * (4 - 4.2 * q + q * q) + y, x + 2 * y];
    },
    curvature([x]) {
      const q = x * x;
      return [4 - 12.6 * q + 5 * q * q, 2];
    },
    hvp(w, v) {
      const [c, d] = this.curvature(w);
      return [c * v[0] + v[1], d * v[1] + v[0]];
    },
  };
}

// ---- methods: init(w) -> state, step(w, state, oracle) -> w; the state is updated

const everywhere = (value, w) => w.map(() => value);
const descend = (w, alpha, g) => w.map((x, i) => x - alpha * g[i]); // one step size for all
const descendEach = (w, alpha, g) => w.map((x, i) => x - alpha[i] * g[i]);
const inner = (a, b) => a.reduce((total, x, i) => total + x * b[i], 0);
const ratio = (a, b) => (b !== 0 ? a / b : 0);
// A running average: decay times the old, the rest of the new.
const average = (decay, old, fresh) => old.map((x, i) => decay * x + (1 - decay) * fresh[i]);
const squares = (g) => g.map((x) => x * x);
const root = (v, eps, inside) => (inside ? Math.sqrt(v + eps) : Math.sqrt(v) + eps);

// Hyper-parameters become fields, in the package's order.
const REQUIRED = undefined;
class Method {
  constructor(given) {
    Object.assign(this, new.target.defaults, given);
  }
  // What is known before the first step: a step size, and what the method remembers besides.
  init(w) {
    return { step_size: everywhere(this.step_size ?? NaN, w), ...this.memory(w, everywhere(0, w)) };
  }
  memory() {
    return {};
  }
}

// Methods that keep running averages of the gradient and its square, from zero on.
class Moments extends Method {
  memory(w, zero) {
    return { m: zero, v: zero, beta1_k: 1, beta2_k: 1 };
  }
  observe(g, state) {
    const { beta1, beta2 } = this;
    state.beta1_k *= beta1;
    state.beta2_k *= beta2;
    state.m = average(beta1, state.m, g);
    state.v = average(beta2, state.v, squares(g));
  }
}

class GradientDescent extends Method {
  static defaults = { step_size: REQUIRED };
  step(w, state, oracle) {
    return descend(w, this.step_size, oracle.grad(w));
  }
}

class HeavyBall extends Method {
  static defaults = { step_size: REQUIRED, momentum: 0.9 };
  memory(w) {
    return { previous: w };
  }
  step(w, state, oracle) {
    const { step_size, momentum } = this, { previous } = state, g = oracle.grad(w);
    state.previous = w;
    return w.map((x, i) => x - step_size * g[i] + momentum * (x - previous[i]));
  }
}

class Nesterov extends Method {
  static defaults = { step_size: REQUIRED, momentum: 0.9 };
  memory(w) {
    return { y: w, t: 1 };
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

class Csawg extends Method {
  static defaults = {
    step_size: REQUIRED, window: REQUIRED, planning_steps: 1, correction_steps: 0, pairing: "published",
    reuse_gradient: false, safeguard: null,
  };
  memory(w, zero) {
    const none = everywhere(NaN, w);
    return { k: 0, weights: [], grads: [], sum_1: zero, sum_2: zero, late: null, doubt: null, none };
  }
  step(w, state, oracle) {
    let g;
    [w, g] = this.gradient(w, state, oracle);
    w = descend(w, this.step_size, g);
    this.remember(w, g, state);
    state.step_size = state.none;
    if (state.k % this.window === 0 && state.k > this.window) w = this.plan(w, g, state, oracle);
    return w;
  }
  // The gradient at w, which also settles a doubt, and which the derived pairing files.
  gradient(w, state, oracle) {
    let g = oracle.grad(w);
    if (state.doubt !== null) {
      const { start, before } = state.doubt, sum = before.map((a, i) => a + g[i]);
      if (!(inner(sum, w.map((x, i) => x - start[i])) <= 0)) [w, g] = [start, before];
      state.doubt = null;
    }
    if (state.late !== null) state.grads[state.late] = g;
    state.late = null;
    return [w, g];
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
    let alpha = (state.step_size = sum_1.map((a, i) => ratio(a, sum_2[i])));
    let f = this.safeguard === null ? null : oracle.loss(w);
    for (let p = 0; p < this.planning_steps; p++) {
      if (!this.reuse_gradient) {
        const landed = w;
        [w, g] = this.gradient(w, state, oracle);
        if (this.safeguard !== null && !w.every((x, i) => x === landed[i])) alpha = everywhere(this.step_size, w);
      }
      const start = w, before = g;
      w = descendEach(w, alpha, g);
      for (let m = 0; m < this.correction_steps; m++) {
        g = oracle.grad(w);
        w = descend(w, this.step_size, g);
      }
      if (this.safeguard === null) continue;
      const trial = oracle.loss(w);
      const tied = !this.reuse_gradient && Math.abs(trial - f) <= 64 * Number.EPSILON * Math.abs(f);
      if (tied || trial <= f) f = trial;
      else [w, g, alpha] = [start, before, everywhere(this.step_size, w)];
      state.doubt = tied ? { start, before } : null;
    }
    state.sum_1 = everywhere(0, w);
    state.sum_2 = everywhere(0, w);
    return w;
  }
}

class Polyak extends Method {
  static defaults = { minimum: REQUIRED, max_step: Infinity };
  step(w, state, oracle) {
    const g = oracle.grad(w);
    const alpha = Math.min(ratio(oracle.loss(w) - this.minimum, inner(g, g)), this.max_step);
    state.step_size = everywhere(alpha, w);
    return descend(w, alpha, g);
  }
}

class StochasticPolyak extends Method {
  static defaults = { minimum: 0, scale: 0.5, max_step: Infinity, eps: 0, growth: null };
  memory() {
    return { last: Infinity };
  }
  step(w, state, oracle) {
    const g = oracle.grad(w);
    let alpha = ratio(oracle.loss(w) - this.minimum, this.scale * inner(g, g) + this.eps);
    alpha = Math.min(alpha, this.max_step);
    if (this.growth !== null) alpha = Math.min(alpha, this.growth * state.last);
    if (alpha > 0) state.last = alpha;
    state.step_size = everywhere(alpha, w);
    return descend(w, alpha, g);
  }
}

class L4 extends Moments {
  static defaults = {
    direction: "momentum", fraction: 0.15, minimum_factor: 0.9, initial_factor: 0.75, forget_time: 1000,
    minimum: null, beta1: 0.9, beta2: 0.999, direction_eps: 1e-4, eps: 1e-12,
  };
  memory(w, zero) {
    return { lowest: null, ...super.memory(w, zero) };
  }
  step(w, state, oracle) {
    const f = oracle.loss(w), g = oracle.grad(w);
    const [g_hat, v] = this.directions(g, state);
    let estimate = this.minimum;
    if (estimate === null) {
      const lowest = state.lowest === null ? this.initial_factor * f : Math.min(state.lowest, f);
      estimate = this.minimum_factor * lowest;
      state.lowest = (1 + 1 / this.forget_time) * lowest;
    }
    const alpha = ratio(this.fraction * (f - estimate), inner(g_hat, v) + this.eps);
    state.step_size = everywhere(alpha, w);
    return descend(w, alpha, v);
  }
  directions(g, state) {
    if (this.direction === "gradient") return [g, g];
    this.observe(g, state);
    const g_hat = state.m.map((x) => x / (1 - state.beta1_k));
    if (this.direction === "momentum") return [g_hat, g_hat];
    const size = state.v.map((x) => Math.sqrt(x / (1 - state.beta2_k)) + this.direction_eps);
    return [g_hat, g_hat.map((x, i) => ratio(x, size[i]))];
  }
}

class LossGrad extends Method {
  static defaults = { step_size: REQUIRED, factor: 1.05 };
  memory() {
    return { h: this.step_size };
  }
  step(w, state, oracle) {
    const { h } = state, g = oracle.grad(w), after = descend(w, h, g);
    const promised = inner(g, g.map((x) => h * x));
    const error = oracle.loss(after) - oracle.loss(w) + promised;
    if (error > promised / 2) state.h = h / this.factor;
    else if (error <= promised / 2 && promised > 0) state.h = h * this.factor;
    state.step_size = everywhere(h, w);
    return after;
  }
}

class AdaGrad extends Method {
  static defaults = { step_size: REQUIRED, eps: 1e-10 };
  memory(w, zero) {
    return { s: zero };
  }
  step(w, state, oracle) {
    const g = oracle.grad(w);
    state.s = state.s.map((s, i) => s + g[i] * g[i]);
    state.step_size = state.s.map((s) => ratio(this.step_size, Math.sqrt(s) + this.eps));
    return descendEach(w, state.step_size, g);
  }
}

class RMSProp extends Method {
  static defaults = { step_size: REQUIRED, decay: 0.9, eps: 1e-8, eps_inside: false };
  memory(w, zero) {
    return { v: zero };
  }
  step(w, state, oracle) {
    const g = oracle.grad(w);
    state.v = average(this.decay, state.v, squares(g));
    state.step_size = state.v.map((v) => ratio(this.step_size, root(v, this.eps, this.eps_inside)));
    return descendEach(w, state.step_size, g);
  }
}

class Adam extends Moments {
  static defaults = {
    step_size: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, bias_correction: true, eps_inside: false,
  };
  step(w, state, oracle) {
    this.observe(oracle.grad(w), state);
    let { m, v } = state;
    if (this.bias_correction) {
      m = m.map((x) => x / (1 - state.beta1_k));
      v = v.map((x) => x / (1 - state.beta2_k));
    }
    state.step_size = v.map((x) => ratio(this.step_size, root(x, this.eps, this.eps_inside)));
    return descendEach(w, state.step_size, m);
  }
}

class HypergradientDescent extends Method {
  static defaults = {
    step_size: REQUIRED, meta_step_size: REQUIRED, momentum: 0, trace_decay: 0, multiplicative: false,
  };
  memory(w, zero) {
    return { alpha: this.step_size, d: zero, h: zero };
  }
  step(w, state, oracle) {
    const g = oracle.grad(w), { h } = state;
    if (this.multiplicative) {
      const cosine = ratio(inner(g, h), Math.sqrt(inner(g, g)) * Math.sqrt(inner(h, h)));
      state.alpha *= 1 + this.meta_step_size * cosine;
    } else {
      state.alpha += this.meta_step_size * inner(g, h);
    }
    const d = (state.d = state.d.map((x, i) => this.momentum * x + g[i]));
    state.h = h.map((x, i) => this.trace_decay * x + d[i]);
    state.step_size = everywhere(state.alpha, w);
    return descend(w, state.alpha, d);
  }
}

class AdamHD extends Moments {
  static defaults = { step_size: REQUIRED, meta_step_size: REQUIRED, beta1: 0.9, beta2: 0.999, eps: 1e-8 };
  memory(w, zero) {
    return { alpha: this.step_size, u: zero, ...super.memory(w, zero) };
  }
  step(w, state, oracle) {
    const g = oracle.grad(w);
    const alpha = (state.alpha += this.meta_step_size * inner(g, state.u));
    this.observe(g, state);
    const scale = state.v.map((v) => ratio(Math.sqrt(1 - state.beta2_k), Math.sqrt(v) + this.eps));
    state.u = scale.map((s, i) => s * (state.m[i] / (1 - state.beta1_k)));
    state.step_size = scale.map((s) => alpha * s);
    return descend(w, alpha, state.u);
  }
}

class BarzilaiBorwein extends Method {
  static defaults = { step_size: REQUIRED, variant: "long" };
  memory(w, zero) {
    return { alpha: this.step_size, previous: w, gradient: zero };
  }
  step(w, state, oracle) {
    const g = oracle.grad(w), minus = (a, b) => a.map((x, i) => x - b[i]);
    const s = minus(w, state.previous), y = minus(g, state.gradient), sy = inner(s, y);
    const [above, below] = this.variant === "long" ? [inner(s, s), sy] : [sy, inner(y, y)];
    if (sy !== 0 && below !== 0) state.alpha = above / below;
    state.previous = w;
    state.gradient = g;
    state.step_size = everywhere(state.alpha, w);
    return descend(w, state.alpha, g);
  }
}

class IDBD extends Method {
  static defaults = { step_size: 0.05, meta_step_size: 0.01 };
  memory(w, zero) {
    return { beta: everywhere(Math.log(this.step_size), w), h: zero };
  }
  step(w, state, oracle) {
    const g = oracle.grad(w), c = oracle.curvature(w), { h } = state;
    state.beta = state.beta.map((b, i) => b - this.meta_step_size * g[i] * h[i]);
    const alpha = (state.step_size = state.beta.map(Math.exp));
    state.h = h.map((x, i) => x * Math.max(1 - alpha[i] * c[i], 0) - alpha[i] * g[i]);
    return descendEach(w, alpha, g);
  }
}

class Autostep extends Method {
  static defaults = { step_size: 0.05, meta_step_size: 0.01, tau: 1e4 };
  memory(w, zero) {
    return { v: zero, h: zero };
  }
  step(w, state, oracle) {
    const g = oracle.grad(w), c = oracle.curvature(w), { h } = state;
    const q = g.map((x, i) => -x * h[i]);
    const v = (state.v = state.v.map((x, i) => {
      const size = Math.abs(q[i]);
      return Math.max(size, x + state.step_size[i] * c[i] * (size - x) / this.tau);
    }));
    const moved = state.step_size.map((a, i) =>
      a * Math.exp(this.meta_step_size * (q[i] / Math.max(v[i], Number.MIN_VALUE))));
    const M = Math.max(inner(moved, c), 1);
    const alpha = (state.step_size = moved.map((a) => a / M));
    state.h = h.map((x, i) => x * (1 - alpha[i] * c[i]) - alpha[i] * g[i]);
    return descendEach(w, alpha, g);
  }
}

class NormalizedMetaIDBD extends Method {
  static defaults = { step_size: 0.05, meta_step_size: 0.01, decay: 0.999 };
  memory(w, zero) {
    return { beta: everywhere(Math.log(this.step_size), w), h: zero, v: zero, decay_k: 1 };
  }
  step(w, state, oracle) {
    const g = oracle.grad(w), c = oracle.curvature(w), { h } = state;
    state.decay_k *= this.decay;
    const q = g.map((x, i) => -x * h[i]);
    const v = (state.v = state.v.map((x, i) => x * this.decay + (1 - this.decay) * (q[i] * q[i])));
    const mean = v.map((x) => Math.max(x / (1 - state.decay_k), Number.MIN_VALUE));
    state.beta = state.beta.map((b, i) => b + this.meta_step_size * (q[i] / Math.sqrt(mean[i])));
    const moved = state.beta.map((b) => Math.exp(b)), M = Math.max(inner(moved, c), 1);
    const alpha = (state.step_size = moved.map((a) => a / M));
    state.h = h.map((x, i) => x * Math.max(1 - alpha[i] * c[i], 0) - alpha[i] * g[i]);
    return descendEach(w, alpha, g);
  }
}

class SMD extends Method {
  static defaults = { step_size: REQUIRED, meta_step_size: REQUIRED, trace_decay: 0.99, least_factor: 0.5 };
  memory(w, zero) {
    return { v: zero };
  }
  step(w, state, oracle) {
    const { v } = state, g = oracle.grad(w), Hv = oracle.hvp(w, v);
    const p = (state.step_size = state.step_size.map((x, i) =>
      x * Math.max(this.least_factor, 1 - this.meta_step_size * g[i] * v[i])));
    state.v = v.map((x, i) => this.trace_decay * (x - p[i] * Hv[i]) - p[i] * g[i]);
    return descendEach(w, p, g);
  }
}

class MetaOptimize extends Moments {
  static defaults = {
    step_size: 1e-3, meta_step_size: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, trace_decay: 0.9999,
    meta_beta1: 0.9, meta_beta2: 0.99,
  };
  memory(w, zero) {
    return { alpha: this.step_size, h: zero, n: 0, ...super.memory(w, zero) };
  }
  step(w, state, oracle) {
    const { alpha, h, n } = state, { meta_beta1: c, meta_beta2: rho } = this;
    const g = oracle.grad(w), q = inner(h, g);
    this.observe(g, state);
    const scale = state.v.map((v) => ratio(1, Math.sqrt(v / (1 - state.beta2_k)) + this.eps));
    const move = w.map((x, i) => alpha * (scale[i] * (state.m[i] / (1 - state.beta1_k))));
    state.h = h.map((x, i) => this.trace_decay * x - move[i]);
    state.alpha = alpha * Math.exp(-this.meta_step_size * Math.sign(c * n + (1 - c) * q));
    state.n = rho * n + (1 - rho) * q;
    state.step_size = scale.map((s) => alpha * s);
    return w.map((x, i) => x - move[i]);
  }
}

// ---- runs

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
// budget the iteration that would exceed it is not part of the trace. advance(steps) goes on for
// so many iterations at most, and says whether the run has come to its end.
class Run {
  constructor(method, objective, w0, { iterations = Infinity, gradEvals = Infinity }) {
    Object.assign(this, { method, objective, iterations, gradEvals });
    const oracle = (this.oracle = { grads: 0, losses: 0, curvature: objective.curvature });
    oracle.grad = (w) => {
      oracle.grads += 1;
      return objective.grad(w);
    };
    oracle.hvp = (w, v) => {
      oracle.grads += 1;
      return objective.hvp(w, v);
    };
    oracle.loss = (w) => {
      oracle.losses += 1;
      return objective.loss(w);
    };
    this.w = w0.slice();
    this.state = method.init(this.w);
    this.trace = { w: [], step_size: [], grad_evals: [], loss_evals: [], loss: [], error: [] };
    this.record(everywhere(NaN, w0));
  }
  record(step_size) {
    const { trace, oracle, objective, w } = this;
    trace.w.push(w);
    trace.step_size.push(step_size);
    trace.grad_evals.push(oracle.grads);
    trace.loss_evals.push(oracle.losses);
    trace.loss.push(objective.loss(w));
    trace.error.push(distance(w, objective.minimizer));
  }
  advance(steps = Infinity) {
    for (; steps > 0; steps--) {
      if (this.trace.w.length > this.iterations) return true;
      const { grads } = this.oracle;
      this.w = this.method.step(this.w, this.state, this.oracle);
      if (this.oracle.grads > this.gradEvals) return true;
      if (this.iterations === Infinity && this.oracle.grads === grads) throw Error("asked for no gradient");
      this.record(this.state.step_size);
    }
    return false;
  }
}

function minimize(method, objective, w0, limits) {
  const run = new Run(method, objective, w0, limits);
  run.advance();
  return run.trace;
}

return {
  objectives: { rosenbrock, quadratic, beale, camel },
  methods: {
    GradientDescent, HeavyBall, Nesterov, Csawg, Polyak, StochasticPolyak, L4, LossGrad, AdaGrad,
    RMSProp, Adam, HypergradientDescent, AdamHD, BarzilaiBorwein, IDBD, Autostep, NormalizedMetaIDBD,
    SMD, MetaOptimize,
  },
  Run,
  minimize,
  distance,
  explorers: {}, // by name; each file adds its own
};
})();
