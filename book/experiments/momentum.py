"""Claims about momentum, RMSProp and Adam (Yao, Section 2.5, eqs 5, 6 and 10)."""

from __future__ import annotations

from functools import cache

import numpy as np

from experiments.papers import VALLEY, VALLEY_START
from stepsize.methods import AdaGrad, Adam, GradientDescent, HeavyBall, RMSProp
from stepsize.objectives import Objective, quadratic
from stepsize.runs import minimize
from stepsize.theory import heavy_ball_rate

# ---- the printed forms, line by line ------------------------------------------------------------


def eq5(objective, w, alpha, p, iterations):
    """Iterates of eq. 5."""
    ws, delta = [w], np.zeros_like(w)
    for _ in range(iterations):
        ws.append(ws[-1] - (alpha * objective.grad(ws[-1]) - p * delta))
        delta = ws[-1] - ws[-2]
    return np.array(ws)


def eq6(objective, w, alpha, p, iterations):
    """Iterates and changes of eq. 6."""
    ws, deltas = [w], [np.zeros_like(w)]
    for _ in range(iterations):
        deltas.append(p * deltas[-1] - alpha * objective.grad(ws[-1]))
        ws.append(ws[-1] + deltas[-1])
    return np.array(ws), np.array(deltas[1:])


def discounted(values, rate):
    """The sum of all values so far, each discounted by its age."""
    total, sums = np.zeros_like(values[0]), []
    for value in values:
        total = rate * total + value
        sums.append(total)
    return np.array(sums)


class Decoupled:
    """AdamW's decay: beside the method's step, each weight loses a share of itself."""

    def __init__(self, method, decay):
        self.method, self.decay = method, decay
        self.init = method.init

    def step(self, w, state, oracle):
        after, state = self.method.step(w, state, oracle)
        return after - self.method.step_size * self.decay * w, state


# ---- problems -----------------------------------------------------------------------------------

# two wells, the left one deeper
WELLS = Objective(
    lambda w: ((w * w - 1) ** 2 + 0.3 * w).sum(axis=0), lambda w: 4 * w * (w * w - 1) + 0.3
)


class NoisyGradients:
    """An oracle whose gradients carry noise of a given size for each weight.

    The second half of the runs has the noise of the first with the other sign.
    """

    def __init__(self, objective, size, seed=0):
        self.objective, self.rng = objective, np.random.default_rng(seed)
        self.size = np.array(size)[:, None]

    def loss(self, w):
        return self.objective.loss(w)

    def grad(self, w):
        half = self.rng.choice([-1.0, 1.0], (len(w), w.shape[1] // 2))
        return self.objective.grad(w) + self.size * np.concatenate([half, -half], axis=1)


NOTHING = Objective(lambda w: 0 * w.sum(axis=0), lambda w: 0 * w)
SMOOTH = Objective(lambda w: np.sqrt(1 + w * w).sum(axis=0), lambda w: w / np.sqrt(1 + w * w))


def penalized(objective, l2):
    """The loss with the penalty l2/2 |w|^2."""
    return Objective(
        lambda w: objective.loss(w) + l2 / 2 * (w * w).sum(axis=0),
        lambda w: objective.grad(w) + l2 * w,
    )


@cache
def from_well(method, right):
    """Share of 100 starts on one side that end in the well of the other side."""
    start = np.linspace(0.3, 2.0, 100)[None] * (1 if right else -1)
    end = minimize(method, WELLS, start, iterations=1000, record=None).w[-1, 0]
    return (end < 0).mean() if right else (end > 0).mean()


@cache
def shrinkage():
    """By how much pure decay shrinks two weights whose gradients are noise of size 1 and 100.

    Returns, by method, the shares lost in 300 steps (L2 penalty and decoupled decay in rows,
    weights in columns), against the same noise without decay.
    """
    lost, l2, start, noise = {}, 0.1, np.ones((2, 20)), (1.0, 100.0)
    for method in (Adam(0.01, beta2=0.99), GradientDescent(0.01)):
        cases = (
            (method, NOTHING),
            (method, penalized(NOTHING, l2)),
            (Decoupled(method, l2), NOTHING),
        )
        free, *decayed = (
            minimize(rule, NoisyGradients(f, noise), start, iterations=300).w[-1]
            for rule, f in cases
        )
        lost[type(method).__name__] = np.array([(free - end).mean(axis=1) for end in decayed])
    return lost


@cache
def gradient_norms(method, iterations=4000, runs=200):
    """Expected squared gradient on a smooth loss with bounded noisy gradients, and its slope.

    The slope is that of its logarithm over the last nine tenths of the logarithm of time.
    """
    oracle = NoisyGradients(SMOOTH, (1.0,))
    trace = minimize(method, oracle, np.full((1, runs), 2.0), iterations=iterations, record=10)
    k, g = trace.iterations[1:], SMOOTH.grad(trace.w[1:, 0])
    squared = (g * g).mean(axis=1)
    late = k >= iterations // 10
    return k, squared, np.polyfit(np.log(k[late]), np.log(squared[late]), 1)[0]


# ---- momentum -----------------------------------------------------------------------------------


def yao_eq5_eq6():
    start = np.array(VALLEY_START)
    five, (six, _) = (f(VALLEY, start, 0.001, 0.9, 1000) for f in (eq5, eq6))
    ours = minimize(HeavyBall(0.001, 0.9), VALLEY, start, iterations=1000).w
    off = max(np.abs(five - six).max(), np.abs(five - ours).max())
    return off < 1e-12, "differ by rounding only" if off < 1e-12 else f"differ by {off:.0e}"


def yao_eq6_sum():
    ws, deltas = eq6(VALLEY, np.array(VALLEY_START), 0.001, 0.9, 200)
    g = np.array([VALLEY.grad(w) for w in ws[:-1]])
    ages = np.subtract.outer(np.arange(200), np.arange(200))
    direct = -0.001 * np.tensordot(np.where(ages >= 0, 0.9 ** np.maximum(ages, 0), 0.0), g, 1)
    off = np.abs(deltas - direct).max() / np.abs(deltas).max()
    weights = (0.9 ** np.arange(200)).sum()
    return (off < 1e-12 and abs(weights - 1) < 0.1, off < 1e-12), (
        f"{'agrees to rounding' if off < 1e-12 else f'off by {off:.0e}'}; the weights sum to "
        f"{weights:.1f}"
    )


def yao_momentum_minima():
    ball, plain = HeavyBall(0.02, 0.9), GradientDescent(0.02)
    out, back = from_well(ball, True), from_well(ball, False)
    gd = from_well(plain, True)
    return out > 0 and gd == 0, (
        f"leaves the shallow well from {out:.0%} of 100 starts, GD from {gd:.0%}; leaves the deep "
        f"well from {back:.0%}"
    )


def yao_momentum_components():
    curvature = np.array([1.0, 5.0, 30.0])
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0]
    bowl = quadratic(turn @ np.diag(curvature) @ turn.T)
    start = np.array([1.0, -2.0, 0.5])
    method = HeavyBall(0.03, 0.7)
    turned = minimize(method, bowl, turn @ start, iterations=200).w @ turn
    alone = np.concatenate(
        [
            minimize(method, quadratic([c]), [s], iterations=200).w
            for c, s in zip(curvature, start, strict=True)
        ],
        axis=1,
    )
    off = np.abs(turned - alone).max()
    return off < 1e-10, "agrees to rounding" if off < 1e-10 else f"off by {off:.0e}"


GOLDEN = ((5**0.5 - 1) / 2) ** 2
"""Where the printed interval of momentum begins to be too wide: 0.382."""


@cache
def printed_interval(n=400):
    """On a grid of x = αλ in (0, 1) and p in the printed interval: is momentum faster?

    Returns x (n,), and a mask (n, n) over x and p = (1 − √x) (1, ..., n)/n.
    """
    x = (np.arange(n) + 0.5)[:, None] / n
    p = (1 - np.sqrt(x)) * np.arange(1, n + 1) / n
    return x[:, 0], heavy_ball_rate(x, 1.0, p) < (1 - x)


def yao_momentum_qian():
    x, faster = printed_interval()
    first = x[~faster.all(axis=1)]
    where = f"all of it for αk below {first[0]:.2f}" if first.size else "all of it"
    return (faster.all(), faster.mean() > 0.5), (
        f"faster on {faster.mean():.0%} of the interval; {where}"
    )


def yao_momentum_ode():
    x, p = np.meshgrid((np.arange(200) + 0.5) / 200, (np.arange(200) + 0.5) / 200)
    # slow root of p z^2 + (1 - p) z + x = 0, against z = -x without the first term
    inside = (1 - p) ** 2 - 4 * p * x
    decay = (1 - p - np.sqrt(np.maximum(inside, 0))) / (2 * p)
    same = (decay > x) == (heavy_ball_rate(x, 1.0, p) < 1 - x)
    return (same.mean() > 0.95, same.mean() > 0.7), f"agree on {same.mean():.0%}"


def yao_eq10_delta():
    start = np.array(VALLEY_START)
    five = eq5(VALLEY, start, 0.0005, 0.5, 1000)
    ten = minimize(HeavyBall(0.0005, 0.5), VALLEY, start, iterations=1000).w
    # w' = w - a g + p (w' - w), solved for w'
    other = minimize(GradientDescent(0.0005 / (1 - 0.5)), VALLEY, start, iterations=1000).w
    same, apart = np.abs(five - ten).max() < 1e-12, np.abs(other - ten).max()
    return (same and apart < 1e-12, same), (
        f"{'the same' if same else 'different'}; read with eq. 6's Δ_k up to {apart:.1f} away"
    )


# ---- Adam ---------------------------------------------------------------------------------------


@cache
def averages(beta1=0.9, beta2=0.999, iterations=500):
    """Adam in the valley: its m and v as kept, and discounted sums of the same gradients."""
    method, w = Adam(0.01, beta1, beta2), np.array(VALLEY_START)
    state, gs, kept = method.init(w), [], []
    for _ in range(iterations):
        gs.append(VALLEY.grad(w))
        w, state = method.step(w, state, VALLEY)
        kept.append((state.m, state.v))
    m, v = np.array(kept).swapaxes(0, 1)
    gs = np.array(gs)
    return m, v, discounted(gs, beta1), discounted(gs * gs, beta2)


def _normalizer(name, kept, sums, beta):
    printed, right = sums / (1 - beta), sums * (1 - beta)
    scale = np.abs(kept).max()
    off, times = np.abs(right - kept).max() / scale, np.median(printed / kept)
    as_printed = np.abs(printed - kept).max() / scale
    return as_printed < 1e-12, (
        f"{times:,.0f} times Adam's {name}; with the factor 1 − β "
        f"{'it agrees' if off < 1e-12 else 'it does not agree'}"
    )


def yao_adam_mk():
    m, v, first, second = averages()
    found = _normalizer("m", m, first, 0.9), _normalizer("v", v, second, 0.999)
    return all(same for same, _ in found), "; ".join(words for _, words in found)


def yao_adam_update():
    m, v, first, second = averages()
    own = m / np.sqrt(v)
    printed = (first / 0.1) / np.sqrt(second / 0.001)
    right = (first * 0.1) / np.sqrt(second * 0.001)
    ratio = np.median(printed / own)
    return (np.allclose(printed, own, rtol=1e-9), np.allclose(right, own, rtol=1e-9)), (
        f"the printed steps are {ratio:.3f} times as long"
    )


def yao_adam_beta1():
    ws, deltas = eq6(VALLEY, np.array(VALLEY_START), 0.001, 0.9, 300)
    m, ms = np.zeros(2), []
    for w in ws[:-1]:
        m = 0.9 * m + (1 - 0.9) * VALLEY.grad(w)
        ms.append(m)
    off = np.abs(-(1 - 0.9) * deltas / 0.001 - ms).max() / np.abs(ms).max()
    return off < 1e-12, "equal to rounding" if off < 1e-12 else f"off by {off:.0e}"


def yao_adam_is_sum():
    def run(method):
        return minimize(method, VALLEY, VALLEY_START, iterations=1000).w

    def without(corrected):
        no_momentum = Adam(0.001, beta1=0.0, beta2=0.9, bias_correction=corrected)
        rms = (run(no_momentum) == run(RMSProp(0.001, 0.9))).all()
        eps = 1e12  # dwarfs the root: no normalization is left
        flat = Adam(0.001 * eps / (1 - 0.9), beta1=0.9, eps=eps, bias_correction=corrected)
        ball = np.abs(run(flat) - run(HeavyBall(0.001, 0.9))).max() < 1e-6
        return rms and ball

    published, plain = without(True), without(False)
    return (published, plain), (
        f"bias correction on: {'equal' if published else 'not equal'}; off: "
        f"{'equal' if plain else 'not equal'}"
    )


def yao_adam_cost():
    curvature = np.array([1.0, 7.0, 50.0])
    together = minimize(Adam(0.1), quadratic(curvature), np.ones(3), iterations=200).w
    alone = np.concatenate(
        [minimize(Adam(0.1), quadratic([c]), [1.0], iterations=200).w for c in curvature], axis=1
    )
    numbers = []
    for d in (10, 1000):
        _, state = Adam(0.1).step(np.ones(d), Adam(0.1).init(np.ones(d)), quadratic(np.ones(d)))
        numbers.append(sum(np.size(x) for x in state if np.ndim(x)) / d)
    return (together == alone).all() and numbers == [3.0, 3.0], (
        f"{'identical' if (together == alone).all() else 'not identical'}; {numbers[0]:g} and "
        f"{numbers[1]:g} numbers a weight (m, v and the step size)"
    )


def yao_adam_step_size():
    trace = minimize(Adam(0.01), VALLEY, VALLEY_START, iterations=500)
    steps, g = -np.diff(trace.w, axis=0), np.array([VALLEY.grad(w) for w in trace.w[:-1]])
    count = np.arange(1, 501)[:, None]
    m_hat = discounted(g, 0.9) * 0.1 / (1 - 0.9**count)
    average = np.abs(trace.step_size[1:] * m_hat - steps).max() < 1e-12
    against = np.mean(steps * g < 0)
    return (average and against == 0, average), (
        f"exact for the averaged gradient: {'yes' if average else 'no'}; {against:.0%} of the "
        "steps go up the current gradient"
    )


def yao_adamw_l2():
    (l2, decoupled), (plain, plain_decoupled) = shrinkage().values()
    same = np.abs(l2 / decoupled - 1).max() < 0.01
    under_gd = np.abs(plain / plain_decoupled - 1).max() < 1e-6
    return (same, np.abs(l2 / decoupled - 1).max() < 0.1), (
        f"lost by weights with gradient noise 1 and 100: L₂ under Adam {l2[0]:.0%} and "
        f"{l2[1]:.1%}, AdamW {decoupled[0]:.0%} and {decoupled[1]:.0%}; GD "
        f"{'the same either way' if under_gd else 'different'}"
    )


# ---- the conclusion -----------------------------------------------------------------------------


def yao_sec5_adagrad():
    bowl, start = quadratic([1.0, 10.0]), [1.0, 1.0]
    target = minimize(AdaGrad(0.1), bowl, start, iterations=300).w
    g = bowl.grad(np.array(start))
    literal = 1.0 * 0.0 + (1 - 1.0) * g * g  # v stays zero
    gaps = []
    for delta in (1e-4, 1e-6):
        near = RMSProp(0.1 * delta**0.5, decay=1 - delta, eps=0.0)
        gaps.append(np.abs(minimize(near, bowl, start, iterations=300).w - target).max())
    comes = gaps[1] < gaps[0] / 50
    return (literal.max() > 0, comes), (
        f"at β₂ = 1 its average stays {literal.max():g}; with decay 1 − δ and step size α√δ the "
        f"paths differ by {gaps[0]:.0e} at δ = 1e-4, {gaps[1]:.0e} at 1e-6"
    )


def yao_sec5_defossez():
    slopes = [gradient_norms(m)[2] for m in (AdaGrad(1.0), Adam(0.01))]
    return max(slopes) < -0.8, (
        f"slope {slopes[0]:.1f} for AdaGrad, {slopes[1] + 0.0:.1f} for Adam with constant α"
    )
