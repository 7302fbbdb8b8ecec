// The samples of streams and runs on them, drawn alike here and in samples.py, to the last bit.
"use strict";

Stepsize.online = (() => {
// Uniform numbers that any engine draws alike: mulberry32.
function uniforms(seed, stream) {
  let a = Math.imul(8 * seed + stream + 1, 0x9e3779b9);
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// About normal: twelve uniform numbers less their mean.
function normals(seed, stream) {
  const uniform = uniforms(seed, stream);
  return () => {
    let total = 0;
    for (let i = 0; i < 12; i++) total += uniform();
    return total - 6;
  };
}

let drawn = {}; // the inputs of the last seed and shape

function samples({ problem, flip_every, drift, noise, scale, seed, examples }, shape) {
  const { inputs, relevant, segment, flip_probability = 1, spread = 0 } = shape;
  const level = problem === "a level that drifts", found = [];
  if (drawn.seed !== seed || drawn.shape !== shape) {
    const normal = normals(seed, 0), sign = uniforms(seed, 2);
    const mixed = () => normal() * Math.sqrt(sign() < 0.5 ? 1 - spread : 1 + spread);
    drawn = { seed, shape, x: [], input: spread ? mixed : normal };
  }
  const choose = uniforms(seed, 1), walk = normals(seed, 2), blur = normals(seed, 3);
  let target = level ? [0] : Array.from({ length: inputs }, (_, i) => (i < relevant ? 1 : 0)), sigma;
  for (let t = 0; t < examples; t++) {
    if (level && t % segment === 0) sigma = drift * choose();
    if (!level && t > 0 && t % flip_every === 0) {
      const i = Math.floor((relevant / flip_probability) * choose());
      target = target.slice();
      if (i < relevant) target[i] = -target[i];
    }
    const x = level ? [1] : (drawn.x[t] ||= target.map(drawn.input));
    const clean = x.reduce((total, value, i) => total + value * target[i], 0);
    found.push({ x, y: scale * (clean + noise * blur()), target: target.map((v) => scale * v) });
    if (level) target = [target[0] + sigma * walk()];
  }
  return found;
}

// advance goes on by so many samples at most and says whether that is the end.
class Run {
  constructor(method, data) {
    const w = data[0].x.map(() => 0);
    Object.assign(this, { method, data, state: method.init(w), w: [w], step_size: [], squares: [] });
  }
  advance(steps = Infinity) {
    for (; steps > 0; steps--) {
      const k = this.squares.length;
      if (k === this.data.length) return true;
      const { x, y } = this.data[k], w = this.w[k];
      const miss = (at) => y - x.reduce((total, value, i) => total + value * at[i], 0), delta = miss(w);
      const grad = (d) => x.map((v) => -d * v);
      const oracle = {
        loss: (at) => miss(at) * miss(at) / 2,
        grad: (at) => grad(at === w ? delta : miss(at)),
        curvature: () => x.map((v) => v * v),
        hvp: (at, v) => {
          const along = x.reduce((total, value, i) => total + value * v[i], 0);
          return x.map((value) => value * along);
        },
      };
      this.w.push(this.method.step(w, this.state, oracle));
      this.squares.push(delta * delta);
      this.step_size.push(this.state.step_size);
    }
    return false;
  }
  get late() {
    const half = this.squares.slice(this.squares.length >> 1);
    return half.reduce((a, b) => a + b, 0) / half.length;
  }
}

return { uniforms, normals, samples, Run };
})();
