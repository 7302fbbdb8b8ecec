"""Claims about meta-gradients (Yao, Section 2.8), and the small MAML of its chapter."""

from __future__ import annotations

from functools import cache

import numpy as np

from experiments.hypergradient import off_from_slope
from stepsize.methods import IDBD, GradientDescent, HypergradientDescent
from stepsize.objectives import quadratic
from stepsize.runs import minimize
from stepsize.streams import LinearSample

INPUTS, RELEVANT = 20, 5  # as in Sutton's stream
NOISE = 0.5  # standard deviation of the noise in the targets
SEEDS = 6
TASKS = 12  # drawn in each iteration of meta-training
SHOTS = (5, 10, 20)  # samples of a task from which it is learned
ALPHAS = np.geomspace(0.02, 1.3, 13)  # from which fixed inner step sizes are tuned
MAML_ALPHAS = ALPHAS[5:10]  # for which MAML learns initial weights
META_STEP = 0.3  # of the initial weights; falls as 1 / (1 + k / 20)
META_META = 0.1  # of the logarithms of learned step sizes
ITERATIONS = 150


# ---- tasks: linear regression, 20 inputs of which five matter ------------------------------------


def tasks(rng, shape, mean=1.0, spread=1.0):
    """Target weights of many tasks: those of the relevant inputs vary, the others are zero."""
    c = np.zeros((*shape, INPUTS))
    c[..., :RELEVANT] = mean + spread * rng.standard_normal((*shape, RELEVANT))
    return c


def samples(rng, c, shots):
    """Inputs (*tasks, shots, inputs) and noisy targets (*tasks, shots)."""
    x = rng.standard_normal((*c.shape[:-1], shots, INPUTS))
    noise = NOISE * rng.standard_normal(x.shape[:-1])
    return x, (x @ c[..., None])[..., 0] + noise


def times(x, v):
    """The Hessian of a task's half mean squared error, applied to a vector."""
    return (np.swapaxes(x, -1, -2) @ (x @ v[..., None]))[..., 0] / x.shape[-2]


def gradient(data, w):
    x, y = data
    miss = (x @ w[..., None])[..., 0] - y
    return (np.swapaxes(x, -1, -2) @ miss[..., None])[..., 0] / x.shape[-2]


def excess(w, c):
    """The expected loss above the noise: half the squared distance to the task's weights."""
    return 0.5 * ((w - c) ** 2).sum(axis=-1)


# ---- one chain rule ------------------------------------------------------------------------------


def meta_gradients(theta, alpha, support, query, first_order=False):
    """The query loss after one inner step: its derivatives by where and how long the step is.

    The inner step is u = theta - alpha g(theta) on the support samples; alpha may be one number
    or one a weight.
    """
    g = gradient(support, theta)
    u = theta - alpha * g
    g_query = gradient(query, u)
    by_theta = g_query if first_order else g_query - times(support[0], alpha * g_query)
    by_alpha = -g_query * g  # HD's product, component by component
    return by_theta, by_alpha


LEARNERS = ("joint", "first-order MAML", "MAML", "MAML, one step size", "MAML, step sizes")


@cache
def meta_train(shots, fresh=True, seed=0):
    """Meta-train all learners on the same tasks; (theta, alpha) of each, by seed.

    Joint training and fixed-alpha MAML learn theta only, MAML for each alpha of the grid. With
    ``fresh=False`` the meta-loss is taken on the samples of the inner step.
    """
    rng = np.random.default_rng([seed, shots])
    zero = np.zeros((SEEDS, 1, INPUTS))
    start = np.log(np.full((SEEDS, 1, 1), 0.1))
    state = {"joint": [zero, None]}
    for alpha in MAML_ALPHAS if fresh else ():
        for name in ("first-order MAML", "MAML"):
            state[name, alpha] = [zero, np.full((SEEDS, 1, 1), alpha)]
    state["MAML, one step size"] = [zero, np.exp(start)]
    state["MAML, step sizes"] = [zero, np.exp(start + zero)]
    for k in range(ITERATIONS):
        c = tasks(rng, (SEEDS, TASKS))
        support, query = (samples(rng, c, shots) for _ in range(2))
        if not fresh:
            query = support
        step = META_STEP / (1 + k / 20)
        for name, (theta, alpha) in state.items():
            many = np.broadcast_to(theta, c.shape)
            if name == "joint":
                both = gradient(support, many) + gradient(query, many)
                state[name][0] = theta - step * both.mean(axis=1, keepdims=True) / 2
                continue
            first_order = name[0] == "first-order MAML"
            by_theta, by_alpha = meta_gradients(many, alpha, support, query, first_order)
            state[name][0] = theta - step * by_theta.mean(axis=1, keepdims=True)
            if name in LEARNERS:
                slope = by_alpha.mean(axis=1, keepdims=True)
                if alpha.shape[-1] == 1:
                    slope = slope.sum(axis=-1, keepdims=True)
                size = META_META * np.clip(alpha * slope, -5, 5)  # the early ones are large
                state[name][1] = alpha * np.exp(-size)
    return state


def test_error(theta, alpha, shots, seed, tasks_=100, mean=1.0, spread=1.0):
    """Mean error over new tasks after one step from each task's own samples, by seed."""
    rng = np.random.default_rng([seed, shots, 7])
    c = tasks(rng, (SEEDS, tasks_), mean, spread)
    data = samples(rng, c, shots)
    many = np.broadcast_to(theta, c.shape)
    return excess(many - alpha * gradient(data, many), c).mean(axis=1)


def tuned_error(theta, shots, **kwargs):
    """The same with the inner step size that is best on other tasks than those of the test."""
    validated = [test_error(theta, a, shots, 1, **kwargs).mean() for a in ALPHAS]
    return test_error(theta, ALPHAS[int(np.argmin(validated))], shots, 2, **kwargs)


@cache
def solved_error(shots, start=0.0, inputs=INPUTS):
    """The same when a task is learned to the end, by regression that is drawn towards a start.

    The penalty is tuned like the step sizes. With only the relevant inputs and their mean, no
    method does better: it is the mean of the posterior.
    """

    def error(penalty, seed):
        rng = np.random.default_rng([seed, shots, 7])
        c = tasks(rng, (SEEDS, 100))
        x, y = samples(rng, c, shots)
        x, c = x[..., :inputs], c[..., :inputs]
        t = np.swapaxes(x, -1, -2)
        away = y - start * x[..., :RELEVANT].sum(axis=-1)
        v = np.linalg.solve(t @ x + penalty * np.eye(inputs), t @ away[..., None])[..., 0]
        v[..., :RELEVANT] += start
        return excess(v, c).mean(axis=1)

    grid = 10.0 ** np.arange(-1, 1.6, 0.5)
    return error(grid[int(np.argmin([error(r, 1).mean() for r in grid]))], 2)


@cache
def results(shots, fresh=True):
    """Test errors of every learner, by seed; ``scratch`` starts each task at zero."""
    state = meta_train(shots, fresh)
    found = {"scratch": tuned_error(np.zeros(INPUTS), shots)}
    found["joint"] = tuned_error(state["joint"][0], shots)
    for name in LEARNERS[1:3] if fresh else ():
        every = [s for key, s in state.items() if key[0] == name]
        at = int(np.argmin([test_error(*s, shots, 1).mean() for s in every]))
        found[name] = test_error(*every[at], shots, 2)
    for name in LEARNERS[3:]:
        found[name] = test_error(*state[name], shots, 2)
    return found


def weights_of_tasks(curvature, alpha, steps=1, first_order=False):
    """How much a task of a curvature counts in MAML's initial weight, in one dimension."""
    power = steps if first_order else 2 * steps
    return curvature * (1 - alpha * curvature) ** power


def idbd_derivative(inputs, examples=50, size=0.02, seed=0):
    """IDBD's trace h and the derivative of each weight by the logarithm of its own step size."""
    rng = np.random.default_rng(seed)
    data = [
        LinearSample(x, x.sum() + rng.standard_normal())
        for x in rng.standard_normal((examples, inputs))
    ]
    method, w = IDBD(size, meta_step_size=0.0), np.zeros(inputs)
    state = method.init(w)
    for sample in data:
        w, state = method.step(w, state, sample)

    def end(log_alpha):
        v = np.zeros(inputs)
        for sample in data:
            v = v - np.exp(log_alpha) * sample.grad(v)
        return v

    exact, h = np.empty(inputs), 1e-5
    for i in range(inputs):
        shift = h * np.eye(inputs)[i]
        exact[i] = (end(np.log(size) + shift) - end(np.log(size) - shift))[i] / (2 * h)
    return state.h, exact


# ---- claims --------------------------------------------------------------------------------------


def yao_maml_one_task():
    bowl, alpha, w = quadratic([1.0, 4.0]), 0.25, np.array([1.0, 1.0])
    g = bowl.grad(w)
    meta = (1 - alpha * np.array([1.0, 4.0])) * bowl.grad(w - alpha * g)
    angle = np.degrees(np.arccos(meta @ g / np.sqrt(meta @ meta * (g @ g))))
    still = meta[1] == 0 != g[1]
    return angle < 1e-6 and not still, (
        f"bowl with curvatures 1 and 4, alpha = 1/4: gradient {g}, MAML's {meta}, "
        f"{angle:.0f}° apart"
    )


def yao_maml_descent():
    rng = np.random.default_rng(0)
    c = tasks(rng, (6,))
    support, query = samples(rng, c, 5), samples(rng, c, 5)
    theta, alpha = rng.standard_normal(INPUTS), 0.1
    x, y = query

    def meta_loss(theta):
        u = theta - alpha * gradient(support, np.broadcast_to(theta, c.shape))
        return 0.5 * (((x @ u[..., None])[..., 0] - y) ** 2).mean(axis=-1).sum()

    numeric = np.array(
        [(meta_loss(theta + s) - meta_loss(theta - s)) / 2e-4 for s in 1e-4 * np.eye(INPUTS)]
    )
    many = np.broadcast_to(theta, c.shape)
    off = {}
    for first_order in (False, True):
        by_theta, _ = meta_gradients(many, alpha, support, query, first_order)
        gap = by_theta.sum(axis=0) - numeric
        off[first_order] = np.sqrt(gap @ gap / (numeric @ numeric))
    return off[False] < 1e-6, (
        f"equal to differences; without the Hessian (first-order MAML) off by {off[True]:.0%}"
        if off[False] < 1e-6
        else f"off by {off[False]:.1e}"
    )


def yao_maml_same_samples():
    name = LEARNERS[-1]
    ratio = {k: results(k, False)[name].mean() / results(k)[name].mean() for k in SHOTS}
    good = [r < 1.05 for r in ratio.values()]
    return (all(good), any(good)), (
        "error over that with fresh samples: "
        + ", ".join(f"{r:.2f} ({k} shots)" for k, r in ratio.items())
    )


def yao_meta_one_loss():
    off = off_from_slope(19)
    return off < 1e-6, "equal in 19 steps in the valley" if off < 1e-6 else f"off by {off:.1e}"


def yao_meta_any_parameter():
    bowl = quadratic([1.0, 10.0])

    def meta_loss(p):
        step, momentum, x, y = p
        w, move = np.array([x, y]), np.zeros(2)
        for _ in range(5):
            move = momentum * move - step * bowl.grad(w)
            w = w + move
        return bowl.loss(w)

    falls = {}
    for name, who, meta_step in (
        ("step size", [0], 0.001),
        ("momentum", [1], 0.01),
        ("initial weights", [2, 3], 0.3),
    ):
        p = np.array([0.05, 0.1, 2.0, 1.0])
        before = meta_loss(p)
        for _ in range(200):
            slope = np.zeros(4)
            for i in who:
                s = 1e-6 * np.eye(4)[i]
                slope[i] = (meta_loss(p + s) - meta_loss(p - s)) / 2e-6
            p = p - meta_step * slope
        falls[name] = meta_loss(p) / before
    return all(x < 0.95 for x in falls.values()), (
        "meta-loss falls to " + ", ".join(f"{x:.0%} ({n})" for n, x in falls.items())
    )


def yao_meta_similarity():
    gains = {}
    theta = np.zeros(INPUTS)
    theta[:RELEVANT] = 1.0  # the tasks' mean, whatever their spread
    for spread in (0.3, 1.0, 4.0):
        ends = [tuned_error(w, 10, spread=spread).mean() for w in (theta, 0 * theta)]
        gains[spread] = 1 - ends[0] / ends[1]
    order = list(gains.values())
    return order == sorted(order, reverse=True) and order[-1] < 0.1, (
        "; ".join(f"spread {s:g}: {g:.0%} less error" for s, g in gains.items())
    )


def yao_meta_few_samples():
    few, joint = results(5)[LEARNERS[-1]].mean(), solved_error(5, 1.0).mean()
    scratch = {k: solved_error(k).mean() for k in SHOTS}
    return (few < scratch[10], few < scratch[5]), (
        f"error {few:.2f} from 5 samples; regression from scratch "
        + ", ".join(f"{x:.2f} ({k})" for k, x in scratch.items())
        + f"; drawn to the tasks' mean {joint:.2f} (5)"
    )


def yao_conclusion_only_samples():
    method, w, sample = IDBD(0.05, 0.1), np.array([0.5]), LinearSample([1.0], 2.0)
    chosen = []
    for h in (0.5, -0.5):
        state = method.init(w)._replace(h=np.array([h]))
        chosen.append(method.step(w, state, sample)[1].step_size[0])
    return chosen[0] == chosen[1], f"step sizes {chosen[0]:.4f} and {chosen[1]:.4f}"


@cache
def carried(tasks_=6, level=1e-6):
    """Gradients that HD needs on each of a row of bowls, afresh and with the last step size."""
    rng = np.random.default_rng(0)
    needed = np.zeros((2, tasks_), dtype=int)
    first = 0.002
    for k in range(tasks_):
        bowl = quadratic([1.0, 20.0], minimizer=rng.standard_normal(2), rotation=rng.uniform(0, 3))
        w0 = bowl.minimizer + np.array([1.0, 1.0])
        for row, step in enumerate((0.002, first)):
            trace = minimize(
                HypergradientDescent(step, 0.02, multiplicative=True), bowl, w0, iterations=2000
            )
            needed[row, k] = trace.grad_evals[trace.first(error=level)]
        first = float(np.exp(np.log(trace.step_size[1 : needed[1, k] + 1, 0]).mean()))
    best = GradientDescent(2 / 21)
    trace = minimize(best, bowl, w0, iterations=2000)
    # one constant step size for the last bowl, the best for its curvatures
    return needed, int(trace.grad_evals[trace.first(error=level)])
