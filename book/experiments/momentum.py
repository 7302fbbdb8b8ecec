"""Claims about momentum, RMSProp and Adam (Yao, Section 2.5, eqs 5, 6 and 10)."""

from __future__ import annotations

from functools import cache

import numpy as np

from experiments.claims import Measured, agrees, claim
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


@claim(
    "yao-eq5-eq6",
    where="Section 2.5, eqs 5 and 6",
    statement="The two ways of writing momentum are exactly equivalent.",
    rule="both written out and HeavyBall agree to 1e-12 over 1000 iterations in the valley",
    methods=("HeavyBall",),
)
def _():
    start = np.array(VALLEY_START)
    five, (six, _) = (f(VALLEY, start, 0.001, 0.9, 1000) for f in (eq5, eq6))
    ours = minimize(HeavyBall(0.001, 0.9), VALLEY, start, iterations=1000).w
    off = max(np.abs(five - six).max(), np.abs(five - ours).max())
    return Measured(
        "differ by rounding only" if off < 1e-12 else f"differ by {off:.0e}",
        agrees(off < 1e-12),
        "Put Δ_k of eq. 6 into w_{k+1} = w_k + Δ_k. In floating point the last bits differ, for "
        "eq. 5 gets Δ by subtraction.",
    )


@claim(
    "yao-eq6-sum",
    where="Section 2.5",
    statement="The change Δ_k is −α times the sum of past gradients, discounted by p per "
    "iteration.",
    rule="agrees to 1e-12 of the largest change over 200 iterations in the valley",
    methods=("HeavyBall",),
)
def _():
    ws, deltas = eq6(VALLEY, np.array(VALLEY_START), 0.001, 0.9, 200)
    g = np.array([VALLEY.grad(w) for w in ws[:-1]])
    ages = np.subtract.outer(np.arange(200), np.arange(200))
    direct = -0.001 * np.tensordot(np.where(ages >= 0, 0.9 ** np.maximum(ages, 0), 0.0), g, 1)
    off = np.abs(deltas - direct).max() / np.abs(deltas).max()
    return Measured(
        "agrees to rounding" if off < 1e-12 else f"off by {off:.0e}",
        agrees(off < 1e-12),
        "Unrolled from Δ_{−1} = 0; the weights sum to (1 − p^{k+1})/(1 − p), so it is an average "
        "only up to that factor.",
    )


@claim(
    "yao-momentum-minima",
    where="Section 2.5",
    statement="Gradient descent with momentum can skip local minima.",
    rule="from a double well's shallow side heavy ball ends in the deep well from some of 100 "
    "starts, and gradient descent with the same step size from none",
    methods=("HeavyBall", "GradientDescent"),
)
def _():
    ball, plain = HeavyBall(0.02, 0.9), GradientDescent(0.02)
    out, back = from_well(ball, True), from_well(ball, False)
    gd = from_well(plain, True)
    return Measured(
        f"leaves the shallow well from {out:.0%} of 100 starts, GD from {gd:.0%}; leaves the deep "
        f"well from {back:.0%}",
        agrees(out > 0 and gd == 0),
        "It can, since it arrives with speed. The text does not say that it skips good minima too: "
        "it rolls out of the deep well as well, only less often.",
    )


@claim(
    "yao-momentum-components",
    where="Section 2.5",
    statement="After a linear change of variables each component of w converges on its own, with "
    "its eigenvalue of the Hessian.",
    rule="on a bowl turned at random heavy ball in the eigenbasis agrees to 1e-10 with one-weight "
    "runs",
    methods=("HeavyBall",),
)
def _():
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
    return Measured(
        "agrees to rounding" if off < 1e-10 else f"off by {off:.0e}",
        agrees(off < 1e-10),
        "The gradient of a quadratic is linear, and a rotation commutes with the two-step "
        "recursion.",
    )


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


@claim(
    "yao-momentum-qian",
    where="Section 2.5",
    statement="With p between 0 and 1 − √(αk) the component of eigenvalue k converges faster than "
    "without momentum.",
    published="p ∈ [0, 1 − √(αk)]",
    rule="the spectral radius of the two-step matrix is below 1 − αk for every αk in (0, 1) and "
    "every p > 0 of the interval; partly if for more than half of them",
    methods=("HeavyBall",),
)
def _():
    x, faster = printed_interval()
    first = x[~faster.all(axis=1)]
    where = f"all of it for αk below {first[0]:.2f}" if first.size else "all of it"
    return Measured(
        f"faster on {faster.mean():.0%} of the interval; {where}",
        agrees(faster.all(), partly=faster.mean() > 0.5),
        "Faster is exactly 0 < p < (1 − αk)². The printed interval lies within it only for αk up "
        "to ((√5 − 1)/2)² = 0.38, misses a part of it below, and is empty for αk > 1, where "
        "momentum still helps. The best p is (1 − √(αk))².",
    )


@claim(
    "yao-momentum-ode",
    where="Section 2.5",
    statement="Momentum speeds up gradient descent by improving the eigenvalues of the underlying "
    "differential equation.",
    rule="over αk in (0, 1), p in (0, 1) the equation m w'' + (1 − p)/α w' + f' = 0, m = p/α, and "
    "the two-step matrix agree in more than 95% on whether momentum helps; partly above 70%",
)
def _():
    x, p = np.meshgrid((np.arange(200) + 0.5) / 200, (np.arange(200) + 0.5) / 200)
    # slow root of p z^2 + (1 - p) z + x = 0, against z = -x without the first term
    inside = (1 - p) ** 2 - 4 * p * x
    decay = (1 - p - np.sqrt(np.maximum(inside, 0))) / (2 * p)
    same = (decay > x) == (heavy_ball_rate(x, 1.0, p) < 1 - x)
    return Measured(
        f"agree on {same.mean():.0%}",
        agrees(same.mean() > 0.95, partly=same.mean() > 0.7),
        "The equation says p < 1/(1 + 2αk), the iteration p < (1 − αk)²: the same for small αk "
        "(both 1 − 2αk), not for the large steps at which one would run.",
    )


@claim(
    "yao-eq10-delta",
    where="Section 2.5 and Section 4, eqs 5, 6 and 10",
    statement="Heavy ball (eq. 10) adds p Δ_k, and eq. 5 adds p Δ_{k−1}, both meaning "
    "w_k − w_{k−1}.",
    rule="eq. 10 with its own Δ_k agrees with eq. 5 to 1e-12; partly if reading it with the Δ_k of "
    "eq. 6 gives another method",
    methods=("HeavyBall", "GradientDescent"),
)
def _():
    start = np.array(VALLEY_START)
    five = eq5(VALLEY, start, 0.0005, 0.5, 1000)
    ten = minimize(HeavyBall(0.0005, 0.5), VALLEY, start, iterations=1000).w
    # w' = w - a g + p (w' - w), solved for w'
    other = minimize(GradientDescent(0.0005 / (1 - 0.5)), VALLEY, start, iterations=1000).w
    same, apart = np.abs(five - ten).max() < 1e-12, np.abs(other - ten).max()
    return Measured(
        f"{'the same' if same else 'different'}; read with eq. 6's Δ_k up to {apart:.1f} away",
        agrees(same and apart < 1e-12, partly=same),
        "The index has moved by one. With Δ_k = w_{k+1} − w_k of eq. 6, eq. 10 would be implicit, "
        "and solving it gives gradient descent with step size α/(1 − p): no momentum at all.",
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
    return Measured(
        f"{times:,.0f} times Adam's {name}; with the factor 1 − β "
        f"{'it agrees' if off < 1e-12 else 'it does not agree'}",
        agrees(as_printed < 1e-12),
        "The weights β^{k−s} sum to almost 1/(1 − β), so an average needs the factor 1 − β. "
        "Printed is its inverse: too large by 1/(1 − β)².",
    )


@claim(
    "yao-adam-mk",
    where="Section 2.5",
    statement="Adam's m_k is 1/(1 − β₁) times the discounted sum of gradients.",
    published="1/(1 − β₁)",
    rule="agrees with the m that Adam keeps, to 1e-12 of the largest",
    methods=("Adam",),
)
def _():
    m, _, sums, _ = averages()
    return _normalizer("m", m, sums, 0.9)


@claim(
    "yao-adam-vk",
    where="Section 2.5",
    statement="Adam's v_k is 1/(1 − β₂) times the discounted sum of squared gradients.",
    published="1/(1 − β₂)",
    rule="agrees with the v that Adam keeps, to 1e-12 of the largest",
    methods=("Adam",),
)
def _():
    _, v, _, sums = averages()
    return _normalizer("v", v, sums, 0.999)


@claim(
    "yao-adam-update",
    where="Section 2.5",
    statement="Adam steps by α m_k/√v_k with these two averages.",
    rule="the printed quotient equals that of Adam's own averages to 1e-9; partly if it does with "
    "the factors 1 − β, without ε and bias correction",
    methods=("Adam",),
)
def _():
    m, v, first, second = averages()
    own = m / np.sqrt(v)
    printed = (first / 0.1) / np.sqrt(second / 0.001)
    right = (first * 0.1) / np.sqrt(second * 0.001)
    ratio = np.median(printed / own)
    return Measured(
        f"the printed steps are {ratio:.3f} times as long",
        agrees(np.allclose(printed, own, rtol=1e-9), partly=np.allclose(right, own, rtol=1e-9)),
        "The wrong factors cancel only in part: (1 − β₂)/(1 − β₁)² is left, 0.1 at the defaults. "
        "Adam also corrects both averages for their start at zero and adds ε below.",
    )


@claim(
    "yao-adam-beta1",
    where="Section 2.5",
    statement="Normalized by 1 − p, the change of gradient descent with momentum is Adam's average "
    "with β₁ = p.",
    rule="−(1 − p) Δ_k/α equals m_k (without bias correction) to 1e-12 on the same gradients",
    methods=("HeavyBall", "Adam"),
)
def _():
    ws, deltas = eq6(VALLEY, np.array(VALLEY_START), 0.001, 0.9, 300)
    m, ms = np.zeros(2), []
    for w in ws[:-1]:
        m = 0.9 * m + (1 - 0.9) * VALLEY.grad(w)
        ms.append(m)
    off = np.abs(-(1 - 0.9) * deltas / 0.001 - ms).max() / np.abs(ms).max()
    return Measured(
        "equal to rounding" if off < 1e-12 else f"off by {off:.0e}",
        agrees(off < 1e-12),
        "To normalize is to multiply by 1 − p here; the printed m_k divides.",
    )


@claim(
    "yao-adam-is-sum",
    where="Section 2.5",
    statement="Adam is momentum plus RMSprop.",
    published="ADAM is Momentum + RMSprop",
    rule="without momentum Adam is RMSProp bit for bit, without normalization heavy ball to 1e-6, "
    "as they are; partly if only once bias correction is off",
    methods=("Adam", "RMSProp", "HeavyBall"),
)
def _():
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
    return Measured(
        f"bias correction on: {'equal' if published else 'not equal'}; off: "
        f"{'equal' if plain else 'not equal'}",
        agrees(published, partly=plain),
        "Both parts are there. The third, the correction of averages that start at zero, is in "
        "neither and sets the first steps.",
    )


@claim(
    "yao-adam-cost",
    where="Section 2.5",
    statement="Adam works on each component by itself, and its cost is linear.",
    rule="each weight of a separable loss moves bit for bit as it would alone, and the state holds "
    "three numbers a weight for 10 and for 1000 weights",
    methods=("Adam",),
)
def _():
    curvature = np.array([1.0, 7.0, 50.0])
    together = minimize(Adam(0.1), quadratic(curvature), np.ones(3), iterations=200).w
    alone = np.concatenate(
        [minimize(Adam(0.1), quadratic([c]), [1.0], iterations=200).w for c in curvature], axis=1
    )
    numbers = []
    for d in (10, 1000):
        _, state = Adam(0.1).step(np.ones(d), Adam(0.1).init(np.ones(d)), quadratic(np.ones(d)))
        numbers.append(sum(np.size(x) for x in state if np.ndim(x)) / d)
    return Measured(
        f"{'identical' if (together == alone).all() else 'not identical'}; {numbers[0]:g} and "
        f"{numbers[1]:g} numbers a weight (m, v and the step size)",
        agrees((together == alone).all() and numbers == [3.0, 3.0]),
        "Which is also why it depends on the axes in which the weights are written.",
    )


@claim(
    "yao-adam-step-size",
    where="Section 2.5",
    statement="α/√v_k(i) can be viewed as the step size of component i.",
    rule="multiplied with Adam's corrected average of gradients it gives the step to 1e-12; partly "
    "if multiplied with the gradient it does not",
    methods=("Adam",),
)
def _():
    trace = minimize(Adam(0.01), VALLEY, VALLEY_START, iterations=500)
    steps, g = -np.diff(trace.w, axis=0), np.array([VALLEY.grad(w) for w in trace.w[:-1]])
    count = np.arange(1, 501)[:, None]
    m_hat = discounted(g, 0.9) * 0.1 / (1 - 0.9**count)
    average = np.abs(trace.step_size[1:] * m_hat - steps).max() < 1e-12
    against = np.mean(steps * g < 0)
    return Measured(
        f"exact for the averaged gradient: {'yes' if average else 'no'}; {against:.0%} of the "
        "steps go up the current gradient",
        agrees(average and against == 0, partly=average),
        "A step size for the average, not for the gradient: divided by the gradient, the step "
        "may have either sign.",
    )


@claim(
    "yao-adamw-l2",
    where="Section 2.5",
    statement="AdamW is a variant of Adam that applies L₂ regularization.",
    rule="under Adam an L₂ penalty and AdamW's decay shrink each of two weights alike (within "
    "1%); partly if within 10%",
    methods=("Adam", "GradientDescent"),
)
def _():
    (l2, decoupled), (plain, plain_decoupled) = shrinkage().values()
    same = np.abs(l2 / decoupled - 1).max() < 0.01
    under_gd = np.abs(plain / plain_decoupled - 1).max() < 1e-6
    return Measured(
        f"lost by weights with gradient noise 1 and 100: L₂ under Adam {l2[0]:.0%} and "
        f"{l2[1]:.1%}, AdamW {decoupled[0]:.0%} and {decoupled[1]:.0%}; GD "
        f"{'the same either way' if under_gd else 'different'}",
        agrees(same, partly=np.abs(l2 / decoupled - 1).max() < 0.1),
        "AdamW takes the decay out of the gradient, so that it is not normalized. Only for "
        "gradient descent is that the same as an L₂ penalty.",
    )


# ---- the conclusion -----------------------------------------------------------------------------


@claim(
    "yao-sec5-adagrad",
    where="Section 5",
    statement="AdaGrad is similar to RMSProp with β₂ = 1.",
    rule="RMSProp's recursion with 1 in place of its decay moves as AdaGrad; partly if RMSProp "
    "with decay 1 − δ and step size α√δ comes to AdaGrad as δ goes to 0",
    methods=("AdaGrad", "RMSProp"),
)
def _():
    bowl, start = quadratic([1.0, 10.0]), [1.0, 1.0]
    target = minimize(AdaGrad(0.1), bowl, start, iterations=300).w
    g = bowl.grad(np.array(start))
    literal = 1.0 * 0.0 + (1 - 1.0) * g * g  # v stays zero
    gaps = []
    for delta in (1e-4, 1e-6):
        near = RMSProp(0.1 * delta**0.5, decay=1 - delta, eps=0.0)
        gaps.append(np.abs(minimize(near, bowl, start, iterations=300).w - target).max())
    comes = gaps[1] < gaps[0] / 50
    return Measured(
        f"at β₂ = 1 its average stays {literal.max():g}; with decay 1 − δ and step size α√δ the "
        f"paths differ by {gaps[0]:.0e} at δ = 1e-4, {gaps[1]:.0e} at 1e-6",
        agrees(literal.max() > 0, partly=comes),
        "An average that keeps everything and takes in nothing is not a sum. The likeness holds in "
        "the limit, with the step size scaled along.",
    )


@claim(
    "yao-sec5-defossez",
    where="Section 5",
    statement="The expected gradient norm of Adam and AdaGrad falls at the rate O(log t / t).",
    published="O(log t / t)",
    rule="the slope of log E‖f'‖² over log t is below −0.8 for both, on a smooth loss with bounded "
    "noisy gradients",
    methods=("Adam", "AdaGrad"),
)
def _():
    slopes = [gradient_norms(m)[2] for m in (AdaGrad(1.0), Adam(0.01))]
    return Measured(
        f"slope {slopes[0]:.1f} for AdaGrad, {slopes[1] + 0.0:.1f} for Adam with constant α",
        agrees(max(slopes) < -0.8),
        "Défossez et al. prove O(log t/√t) for the squared norm, and for Adam with α and 1 − β₂ "
        "chosen from the number of steps. With constants Adam stays at a noise floor.",
    )
