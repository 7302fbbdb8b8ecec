"""Every method against a plain twin: the paper's lines, with Python's numbers and growing lists.

A twin takes the hyper-parameters, an oracle that speaks in lists, and the first weights, and
yields the weights after each step. It knows nothing of arrays, runs or memory.
"""

from itertools import islice
from math import exp, inf, log, sqrt

import numpy as np
import pytest
from cases import CASES, Dice

from stepsize import methods, minimize, quadratic, rosenbrock


def total(values):
    """Their sum, one after the other: that of floats is compensated since Python 3.12."""
    result = 0.0
    for value in values:
        result += value
    return result


def dot(a, b):
    return total(x * y for x, y in zip(a, b))


def descend(w, alpha, g):
    """w - alpha g, with one alpha."""
    return [x - alpha * y for x, y in zip(w, g)]


# ---- gradient descent and its accelerations (Yao, Sections 2.1 and 4) ---------------------------


def gradient_descent(oracle, w, *, step_size):
    while True:
        w = descend(w, step_size, oracle.grad(w))
        yield w


def heavy_ball(oracle, w, *, step_size, momentum):
    delta = [0.0 for _ in w]
    while True:
        after = [x - step_size * g + momentum * d for x, g, d in zip(w, oracle.grad(w), delta)]
        delta = [a - b for a, b in zip(after, w)]
        w = after
        yield w


def nesterov(oracle, w, *, step_size, momentum):
    x, y, t = w, w, 1.0
    while True:
        gamma = momentum
        if momentum == "increasing":
            t_next = (1 + sqrt(1 + 4 * t * t)) / 2
            gamma, t = (t - 1) / t_next, t_next
        y_next = descend(x, step_size, oracle.grad(x))
        x = [a + gamma * (a - b) for a, b in zip(y_next, y)]
        y = y_next
        yield x


# ---- step-size planning (Yao, Algorithms 1 and 2) -----------------------------------------------


def csawg(
    oracle,
    w,
    *,
    step_size,
    window,
    planning_steps,
    correction_steps,
    pairing,
    reuse_gradient,
    safeguard,
):
    K = window
    B1, B2 = [], []
    k = 0
    while True:
        k += 1
        g_k = oracle.grad(w)
        w = descend(w, step_size, g_k)
        # what stands beside w_k: the gradient used in the step, or the gradient at w_k
        beside = g_k if pairing == "published" else oracle.grad(w)
        if k <= K:
            B1.append((w, beside))
        else:
            B2.append((w, beside))
        if len(B2) == K:
            sum_1, sum_2 = [0.0 for _ in w], [0.0 for _ in w]
            for (w_s, g_s), (w_sK, _) in zip(B1, B2):
                for i in range(len(w)):
                    sum_1[i] += g_s[i] * (w_s[i] - w_sK[i])
                    sum_2[i] += g_s[i] * g_s[i]
            alpha = [a / b if b != 0 else 0.0 for a, b in zip(sum_1, sum_2)]
            for _ in range(planning_steps):
                if not reuse_gradient:
                    g_k = oracle.grad(w)
                start, g_start = w, g_k
                w = [w[i] - alpha[i] * g_k[i] for i in range(len(w))]
                for _ in range(correction_steps):
                    g_k = oracle.grad(w)
                    w = descend(w, step_size, g_k)
                if safeguard == "leap":
                    # losses that differ by rounding leave it to the slope, where that is known
                    f, f_start = oracle.loss(w), oracle.loss(start)
                    tied = not reuse_gradient and abs(f - f_start) <= 2**-46 * abs(f_start)
                    ends = [a + b for a, b in zip(g_start, oracle.grad(w))]
                    rise = dot(ends, [a - b for a, b in zip(w, start)])
                    if not tied and not f <= f_start:
                        w, g_k, alpha = start, g_start, [step_size for _ in w]
                    elif tied and not rise <= 0:
                        w, g_k = start, g_start
            B1, B2 = B2, []
        yield w


# ---- the functional approach (Yao, Sections 2.2 to 2.4) -----------------------------------------


def polyak(oracle, w, *, minimum, max_step):
    while True:
        g = oracle.grad(w)
        w = descend(w, min((oracle.loss(w) - minimum) / dot(g, g), max_step), g)
        yield w


def stochastic_polyak(oracle, w, *, minimum, scale, max_step, eps, growth):
    last = inf
    while True:
        g = oracle.grad(w)
        alpha = min((oracle.loss(w) - minimum) / (scale * dot(g, g) + eps), max_step)
        if growth is not None:
            alpha = min(alpha, growth * last)
        last = alpha
        w = descend(w, alpha, g)
        yield w


def l4(
    oracle,
    w,
    *,
    direction,
    fraction,
    minimum_factor,
    initial_factor,
    forget_time,
    minimum,
    beta1,
    beta2,
    direction_eps,
    eps,
):
    lowest, gradients = None, []
    while True:
        f, g = oracle.loss(w), oracle.grad(w)
        gradients.append(g)
        k = len(gradients)
        # the averages as sums over the whole past
        g_hat, v = g, g
        if direction != "gradient":
            weights = [(1 - beta1) * beta1 ** (k - 1 - s) for s in range(k)]
            g_hat = [dot(weights, past) / (1 - beta1**k) for past in zip(*gradients)]
            v = g_hat
        if direction == "adam":
            weights = [(1 - beta2) * beta2 ** (k - 1 - s) for s in range(k)]
            second = [
                dot(weights, [x * x for x in past]) / (1 - beta2**k) for past in zip(*gradients)
            ]
            v = [m / (sqrt(s) + direction_eps) for m, s in zip(g_hat, second)]
        if minimum is None:
            lowest = initial_factor * f if k == 1 else min(lowest, f)
            target = minimum_factor * lowest
            lowest *= 1 + 1 / forget_time
        else:
            target = minimum
        w = descend(w, fraction * (f - target) / (dot(g_hat, v) + eps), v)
        yield w


def lossgrad(oracle, w, *, step_size, factor):
    h = step_size
    while True:
        g = oracle.grad(w)
        after = descend(w, h, g)
        linear = h * dot(g, g)
        if linear != 0:
            r = (oracle.loss(after) - oracle.loss(w) + linear) / linear
            h = h / factor if r > 0.5 else h * factor
        w = after
        yield w


# ---- normalization (Yao, Section 2.5) -----------------------------------------------------------


def adagrad(oracle, w, *, step_size, eps):
    gradients = []
    while True:
        gradients.append(oracle.grad(w))
        roots = [sqrt(total(x * x for x in past)) for past in zip(*gradients)]
        w = [x - step_size / (r + eps) * g for x, r, g in zip(w, roots, gradients[-1])]
        yield w


def rmsprop(oracle, w, *, step_size, decay, eps, eps_inside):
    gradients = []
    while True:
        gradients.append(oracle.grad(w))
        k = len(gradients)
        weights = [(1 - decay) * decay ** (k - 1 - s) for s in range(k)]
        v = [dot(weights, [x * x for x in past]) for past in zip(*gradients)]
        roots = [sqrt(x + eps) if eps_inside else sqrt(x) + eps for x in v]
        w = [x - step_size * g / r for x, g, r in zip(w, gradients[-1], roots)]
        yield w


def adam(oracle, w, *, step_size, beta1, beta2, eps, bias_correction, eps_inside):
    gradients = []
    while True:
        gradients.append(oracle.grad(w))
        k = len(gradients)
        first = [(1 - beta1) * beta1 ** (k - 1 - s) for s in range(k)]
        second = [(1 - beta2) * beta2 ** (k - 1 - s) for s in range(k)]
        if bias_correction:  # weights that sum to one
            first = [x / total(first) for x in first]
            second = [x / total(second) for x in second]
        m = [dot(first, past) for past in zip(*gradients)]
        v = [dot(second, [x * x for x in past]) for past in zip(*gradients)]
        roots = [sqrt(x + eps) if eps_inside else sqrt(x) + eps for x in v]
        w = [x - step_size * a / r for x, a, r in zip(w, m, roots)]
        yield w


# ---- hypergradients and Barzilai-Borwein (Yao, Section 2.7; Baydin et al.) ----------------------


def hypergradient_descent(
    oracle, w, *, step_size, meta_step_size, momentum, trace_decay, multiplicative
):
    alpha, gradients, directions = step_size, [], []
    while True:
        g = oracle.grad(w)
        gradients.append(g)
        if directions:
            n = len(directions)
            trace = [
                total(trace_decay ** (n - 1 - s) * d for s, d in enumerate(past))
                for past in zip(*directions)
            ]
            product = dot(g, trace)
            if multiplicative:
                alpha *= 1 + meta_step_size * product / sqrt(dot(g, g) * dot(trace, trace))
            else:
                alpha += meta_step_size * product
        k = len(gradients)
        d = [total(momentum ** (k - 1 - s) * x for s, x in enumerate(p)) for p in zip(*gradients)]
        directions.append(d)
        w = descend(w, alpha, d)
        yield w


def adam_hd(oracle, w, *, step_size, meta_step_size, beta1, beta2, eps):
    """The loop of the authors' code: the product uses what the step before left behind."""
    alpha, t = step_size, 0
    m, v = [0.0 for _ in w], [0.0 for _ in w]
    while True:
        g = oracle.grad(w)
        t += 1
        if t > 1:
            h = dot(g, [a / (sqrt(b) + eps) for a, b in zip(m, v)])
            h *= sqrt(1 - beta2 ** (t - 1)) / (1 - beta1 ** (t - 1))
            alpha += meta_step_size * h
        m = [beta1 * a + (1 - beta1) * x for a, x in zip(m, g)]
        v = [beta2 * b + (1 - beta2) * x * x for b, x in zip(v, g)]
        step = alpha * sqrt(1 - beta2**t) / (1 - beta1**t)
        w = [x - step * a / (sqrt(b) + eps) for x, a, b in zip(w, m, v)]
        yield w


def barzilai_borwein(oracle, w, *, step_size, variant):
    g = oracle.grad(w)
    alpha = step_size
    while True:
        after = descend(w, alpha, g)
        g_after = oracle.grad(after)
        s = [a - b for a, b in zip(after, w)]
        y = [a - b for a, b in zip(g_after, g)]
        if dot(s, y) * dot(y, y) != 0:
            alpha = dot(s, s) / dot(s, y) if variant == "long" else dot(s, y) / dot(y, y)
        w, g = after, g_after
        yield w


# ---- Sutton 1992; Mahmood et al. 2012, Table 1; delta x = -g and x^2 = the curvature ------------


def idbd(oracle, w, *, step_size, meta_step_size):
    beta, h = [log(step_size) for _ in w], [0.0 for _ in w]
    while True:
        g, c = oracle.grad(w), oracle.curvature(w)
        after = []
        for i in range(len(w)):
            beta[i] += meta_step_size * -g[i] * h[i]
            alpha = exp(beta[i])
            after.append(w[i] + alpha * -g[i])
            h[i] = h[i] * max(1 - alpha * c[i], 0) + alpha * -g[i]
        w = after
        yield w


def autostep(oracle, w, *, step_size, meta_step_size, tau):
    alpha, h, v = ([x for _ in w] for x in (step_size, 0.0, 0.0))
    while True:
        g, c = oracle.grad(w), oracle.curvature(w)
        for i in range(len(w)):
            q = -g[i] * h[i]
            v[i] = max(abs(q), v[i] + alpha[i] * c[i] * (abs(q) - v[i]) / tau)
            if v[i] != 0:
                alpha[i] *= exp(meta_step_size * q / v[i])
        M = max(dot(alpha, c), 1)
        alpha = [a / M for a in alpha]
        w = [x - a * y for x, a, y in zip(w, alpha, g)]
        h = [b * (1 - a * e) - a * y for b, a, e, y in zip(h, alpha, c, g)]
        yield w


def normalized_meta_idbd(oracle, w, *, step_size, meta_step_size, decay):
    beta, h, v, k = [log(step_size) for _ in w], [0.0 for _ in w], [0.0 for _ in w], 0
    while True:
        g, c, k = oracle.grad(w), oracle.curvature(w), k + 1
        for i in range(len(w)):
            q = -g[i] * h[i]
            v[i] = decay * v[i] + (1 - decay) * q * q
            if v[i] != 0:
                beta[i] += meta_step_size * q / sqrt(v[i] / (1 - decay**k))
        M = max(dot([exp(b) for b in beta], c), 1)
        alpha = [exp(b) / M for b in beta]
        w = [x - a * y for x, a, y in zip(w, alpha, g)]
        h = [b * max(1 - a * e, 0) - a * y for b, a, e, y in zip(h, alpha, c, g)]
        yield w


# ---- Schraudolph 1999 with delta = -g; Sharifnassab et al. 2025 ---------------------------------


def smd(oracle, w, *, step_size, meta_step_size, trace_decay, least_factor):
    p, v = [step_size for _ in w], [0.0 for _ in w]
    while True:
        delta, Hv = [-x for x in oracle.grad(w)], oracle.hvp(w, v)
        for i in range(len(w)):
            p[i] *= max(least_factor, 1 + meta_step_size * delta[i] * v[i])
            v[i] = trace_decay * (v[i] - p[i] * Hv[i]) + p[i] * delta[i]
        w = [x + a * d for x, a, d in zip(w, p, delta)]
        yield w


def meta_optimize(oracle, w, *, step_size, meta_step_size, trace_decay, **given):
    beta, n, k = log(step_size), 0.0, 0
    h, m, v = ([0.0 for _ in w] for _ in range(3))
    beta1, beta2, c, rho = (given[k] for k in ("beta1", "beta2", "meta_beta1", "meta_beta2"))
    while True:
        g, k, alpha = oracle.grad(w), k + 1, exp(beta)
        q = dot(h, g)
        after = []
        for i in range(len(w)):
            m[i] = beta1 * m[i] + (1 - beta1) * g[i]
            v[i] = beta2 * v[i] + (1 - beta2) * g[i] ** 2
            u = m[i] / (1 - beta1**k) / (sqrt(v[i] / (1 - beta2**k)) + given["eps"])
            after.append(w[i] - alpha * u)
            h[i] = trace_decay * h[i] - alpha * u
        lion = c * n + (1 - c) * q
        beta -= meta_step_size * ((lion > 0) - (lion < 0))
        n = rho * n + (1 - rho) * q
        w = after
        yield w


def twin_of(name):
    """The function of that name, but for capitals and underscores."""
    return {key.replace("_", ""): value for key, value in globals().items()}[name.lower()]


class Lists:
    """An objective that takes and gives lists."""

    def __init__(self, objective):
        self.objective = objective

    def loss(self, w):
        return float(self.objective.loss(np.array(w)))

    def grad(self, w):
        return self.objective.grad(np.array(w)).tolist()

    def curvature(self, w):
        return self.objective.curvature(np.array(w)).tolist()

    def hvp(self, w, v):
        return self.objective.hvp(np.array(w), np.array(v)).tolist()


def problem(rng):
    d = int(rng.integers(1, 8))
    objective = quadratic(rng.uniform(0.2, 3.0, d), minimizer=rng.standard_normal(d))
    return objective, objective.minimizer + rng.standard_normal(d)


def follow(name, given, objective, w0, n):
    """What the class and the twin make of the same problem, as long as it stays in bounds."""
    trace = minimize(getattr(methods, name)(**given), objective, w0, iterations=n)
    twin = twin_of(name)(Lists(objective), [float(x) for x in w0], **given)
    expected = []
    with np.errstate(all="ignore"):
        for w in islice(twin, n):
            expected.append(w)
            if not max(map(abs, w)) < 1e30:
                break
    return trace.w[1 : 1 + len(expected)], np.array(expected)


@pytest.mark.parametrize("name", methods.__all__)
def test_the_twin_walks_the_same_way(name):
    dice, case = Dice(len(name)), CASES[getattr(methods, name)]
    for _ in range(40):
        given = case.draw(dice)
        actual, expected = follow(name, given, *problem(dice.rng), n=30)
        if case.exact:
            np.testing.assert_array_equal(actual, expected, err_msg=str(given))
        else:
            np.testing.assert_allclose(actual, expected, rtol=1e-11, atol=1e-12, err_msg=str(given))


@pytest.mark.parametrize("name", [cls.__name__ for cls, case in CASES.items() if case.exact])
def test_in_the_valley_to_the_last_bit(name):
    dice = Dice(len(name))
    for _ in range(10):
        given = CASES[getattr(methods, name)].draw(dice)
        if "step_size" in given:
            given["step_size"] = 0.01 * given["step_size"]
        actual, expected = follow(name, given, rosenbrock(), dice.rng.uniform(-1, 1, 2), n=30)
        np.testing.assert_array_equal(actual, expected, err_msg=str(given))


def test_draws_cover_every_hyper_parameter():
    dice = Dice(0)
    for cls, case in CASES.items():
        drawn = [case.draw(dice) for _ in range(40)]
        assert set(drawn[0]) == set(cls.__dataclass_fields__)
        for field in drawn[0]:
            assert len({given[field] for given in drawn}) > 1, (cls, field)


@pytest.mark.parametrize("pairing, window", [("published", 2), ("published", 10), ("derived", 3)])
def test_algorithm_2_in_the_valley(pairing, window):
    given = {
        "step_size": 1e-3,
        "window": window,
        "planning_steps": 5,
        "correction_steps": 10,
        "pairing": pairing,
        "reuse_gradient": False,
        "safeguard": None,
    }
    actual, expected = follow("Csawg", given, rosenbrock(), np.array([-1.0, 0.0]), n=90)
    np.testing.assert_array_equal(actual, expected)
