"""Claims about the closed form of the step size (Yao, Section 3, eqs 8 and 9, Fig. 1)."""

from __future__ import annotations

from functools import cache

import numpy as np

from experiments.claims import Measured, agrees, claim
from experiments.papers import (
    BOWL,
    BOWL_START,
    BOWL_STEP,
    PLAN_AGAIN,
    VALLEY,
    VALLEY_GD,
    VALLEY_START,
    bowl_csawg,
    disturbed,
    in_valley,
    valley_csawg,
)
from stepsize.methods import Csawg, GradientDescent
from stepsize.objectives import quadratic
from stepsize.runs import minimize

# ---- step sizes that know the answer ------------------------------------------------------------


def expectation(x, p):
    """The mean over samples, which are on axis 0 and have probabilities p."""
    return np.tensordot(p, x, axes=1)


def ideal(e, g, p):
    """Eq. 9: the best step size of each component, for errors e = w - w* and gradients g."""
    return expectation(g * e, p) / expectation(g * g, p)


def samples(n=5, d=3, cases=100, seed=0):
    """Random finite distributions of errors and gradients (n, d, cases), one p for all."""
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.1, 1.0, n)
    return rng.normal(size=(n, d, cases)), rng.normal(size=(n, d, cases)), p / p.sum()


# ---- the ablation: no negative step sizes -------------------------------------------------------


class NonNegativeCsawg(Csawg):
    """Csawg with its learned step sizes clipped at zero: an ablation, not the paper's."""

    def _plan(self, w, g, state, oracle):
        # the denominator is a sum of squares, so the numerator carries the sign
        state.sum_1 = np.maximum(state.sum_1, 0.0)
        return super()._plan(w, g, state, oracle)


STARTS = ("rounding noise", "noise of 1%", "random")
WINDOWS = (2, 5, 10)


def starts(runs=50):
    """Starts of shape (2, 3, runs): the paper's, disturbed by 1e-13 or 1e-2, and a box."""
    box = np.random.default_rng(1).uniform([[-1.5], [-0.5]], [[1.5], [1.5]], size=(2, runs))
    near = [disturbed(VALLEY_START, runs, size) for size in (1e-13, 1e-2)]
    return np.stack([*near, box], axis=1)


@cache
def ablation(cls, window, again=False):
    """Csawg with or without negative step sizes from all the starts; the ends only."""
    options, budget = (PLAN_AGAIN, 1000) if again else ({}, 10_000)
    return minimize(
        cls(VALLEY_GD.step_size, window, **options),
        VALLEY,
        starts(),
        grad_evals=budget,
        record=None,
        learned=True,
    )


@cache
def descent_from_starts():
    return minimize(VALLEY_GD, VALLEY, starts(), grad_evals=10_000, record=None)


def final_error(trace):
    """Errors at the end, infinite where the run diverged."""
    return np.where(trace.diverged, np.inf, trace.error[-1])


class Noisy:
    """An objective whose gradients carry Gaussian noise: an oracle for stochastic descent."""

    def __init__(self, objective, noise, seed):
        self.objective, self.noise = objective, noise
        self.minimizer = objective.minimizer
        self.rng = np.random.default_rng(seed)

    def loss(self, w):
        return self.objective.loss(w)

    def grad(self, w):
        return self.objective.grad(w) + self.noise * self.rng.standard_normal(w.shape)


@cache
def on_noisy_bowl(method, noise=5.0, runs=400):
    """400 runs of 200 noisy gradients on a bowl of curvatures 1 and 4, from (3, 2)."""
    bowl = Noisy(quadratic([1.0, 4.0]), noise, seed=0)
    start = np.outer([3.0, 2.0], np.ones(runs))
    return minimize(method, bowl, start, grad_evals=200, record=None, learned=True)


def plannings(trace):
    """Each single planning of a Csawg trace: weights before and after, gradient, step sizes.

    All have shape (plannings, d).
    """
    k = trace.learned_iterations
    grad = trace.objective.grad
    last = trace.w[k - 1].T
    before = last - trace.method.step_size * grad(last)
    return before.T, trace.w[k], grad(before).T, trace.learned


def gradient_steps(objective, w, step_size, steps):
    """w after so many steps of gradient descent."""
    for _ in range(steps):
        w = w - step_size * objective.grad(w)
    return w


def length(x, axis=0):
    return np.sqrt((x * x).sum(axis=axis))


# ---- eqs 8 and 9 --------------------------------------------------------------------------------


@claim(
    "yao-eq8",
    where="Section 3, eq. 8",
    statement="The expected squared error after a step is the one before it less 2 E e'αg − g'α²g.",
    rule="both sides agree to 1e-12 on random finite distributions as printed; partly if only "
    "with the last term under the expectation too",
)
def _():
    e, g, p = samples()
    alpha = np.random.default_rng(1).normal(size=e.shape[1:])
    after = expectation(((e - alpha * g) ** 2).sum(axis=1), p)
    before, cross = expectation((e**2).sum(axis=1), p), expectation((e * alpha * g).sum(axis=1), p)
    square = (alpha**2 * g**2).sum(axis=1)
    averaged = np.abs(before - 2 * cross + expectation(square, p) - after).max()
    printed = np.abs(before - 2 * cross + square - after).max()
    return Measured(
        "no difference with the last term averaged, up to "
        f"{printed:.0f} without (100 random distributions)",
        agrees(printed < 1e-12, partly=averaged < 1e-12),
        "The printed last term lacks its expectation. With it the expansion is exact, provided "
        "that α does not depend on the sample.",
    )


@claim(
    "yao-eq9",
    where="Section 3, eq. 9",
    statement="The best step size of component i is E g(i)(w(i) − w*(i)) / E g(i)².",
    rule="agrees to 1e-10 with a least-squares solver on random finite distributions, and a "
    "step size 1% off is worse in each",
)
def _():
    e, g, p = samples()
    root = np.sqrt(p)
    alpha = ideal(e, g, p)
    solved = np.array(
        [
            [
                np.linalg.lstsq((root * g[:, i, c])[:, None], root * e[:, i, c], rcond=None)[0][0]
                for c in range(e.shape[2])
            ]
            for i in range(e.shape[1])
        ]
    )

    def error(a):
        return expectation((e - a * g) ** 2, p)

    off = np.abs(alpha - solved).max()
    best = all((error(alpha * f) > error(alpha)).all() for f in (0.99, 1.01))
    return Measured(
        f"equals the least-squares slope in {alpha.size} cases"
        if off < 1e-10
        else f"differs from the least-squares slope by {off:.1e}",
        agrees(off < 1e-10 and best),
        "It is the slope of the line through the origin that predicts the error from the gradient.",
    )


@claim(
    "yao-eq9-any-loss",
    where="Section 3, below eq. 9",
    statement="Eq. 9 assumes no more of the loss than a derivative; convexity is not needed.",
    rule="from 1000 random points of the non-convex valley one step of eq. 9 never ends farther "
    "from the minimizer",
)
def _():
    w = np.random.default_rng(0).uniform(-2, 2, size=(2, 1000))
    g, e = VALLEY.grad(w), w - VALLEY.minimizer[:, None]
    after = length(e - ideal(e[None], g[None], np.ones(1)) * g)
    return Measured(
        f"farther in {int((after > length(e)).sum())} of 1000; largest distance after the step "
        f"below {10.0 ** np.ceil(np.log10(after.max())):.0e}",
        agrees((after <= length(e)).all()),
        "Without noise eq. 9 is the answer divided by the gradient: it steps onto w* itself.",
    )


@claim(
    "yao-eq9-needs-minimizer",
    where="Section 3, below eq. 9",
    statement="Eq. 9 cannot be computed without knowing the minimizer.",
    rule="two losses with the same gradient at the same weight have different best step sizes",
)
def _():
    w = np.array([3.0])
    losses = quadratic([1.0], minimizer=[1.0]), quadratic([4.0], minimizer=[2.5])
    g = [f.grad(w)[0] for f in losses]
    alpha = [((w - f.minimizer) / f.grad(w))[0] for f in losses]
    return Measured(
        f"gradient {g[0]:g} for both, step sizes {alpha[0]:g} and {alpha[1]:g}",
        agrees(g[0] == g[1] and alpha[0] != alpha[1]),
        "The gradient at one point does not tell how far the minimizer is.",
    )


@claim(
    "yao-eq9-sensitivity",
    where="Section 3, below eq. 9",
    statement="Dividing by the squared gradient, not by its root, makes the step size more "
    "sensitive to the gradient's magnitude.",
    rule="multiply the gradients by c: the step size of eq. 9 goes with a lower power of c than "
    "that of a method that divides by the root",
    methods=("RMSProp", "Adam"),
)
def _():
    e, g, p = samples()
    c = 1e-3

    def power(step_size):
        return np.median(np.log(step_size(c * g) / step_size(g)) / np.log(c))

    squared = power(lambda g: ideal(e, g, p))
    root = power(lambda g: 1 / np.sqrt(expectation(g * g, p)))
    return Measured(
        f"power {squared:.2f} for eq. 9, {root:.2f} for the root",
        agrees(squared < root - 0.1),
        "The numerator of eq. 9 holds a gradient too, so both go with 1/c. Near the minimum of a "
        "bowl eq. 9 even stays at 1/curvature while the root's step size grows without bound.",
    )


@claim(
    "yao-eq9-vsgd",
    where="Section 3, below eq. 9",
    statement="For a quadratic with a diagonal Hessian, v-SGD has the squared gradient in its "
    "denominator too.",
    rule="on such a quadratic with gradient noise, (E g)² / (h E g²) equals eq. 9 to 1e-12",
)
def _():
    rng = np.random.default_rng(0)
    h, e, noise = rng.uniform(0.1, 10, (3, 200))
    g = np.stack([h * e + noise, h * e - noise])  # equally likely
    p = np.array([0.5, 0.5])
    vsgd = expectation(g, p) ** 2 / (h * expectation(g * g, p))
    off = np.abs(vsgd / ideal(np.stack([e, e]), g, p) - 1).max()
    return Measured(
        "v-SGD's step size is eq. 9's" if off < 1e-12 else f"off by a factor 1 + {off:.1e}",
        agrees(off < 1e-12),
        "There the error is the mean gradient over the curvature h; v-SGD estimates h and so does "
        "without the minimizer.",
    )


@claim(
    "yao-eq9-idbd",
    where="Section 3, below eq. 9",
    statement="IDBD's bound 1/x² is the inverse of the squared gradient.",
    rule="the squared gradient of linear samples equals x² to 1e-12",
    methods=("IDBD",),
)
def _():
    rng = np.random.default_rng(0)
    x, error = rng.normal(size=(2, 1000))
    g = -error * x
    ratio = g * g / (x * x)
    return Measured(
        f"squared gradient over x² from {np.quantile(ratio, 0.1):.2f} to "
        f"{np.quantile(ratio, 0.9):.1f} (middle 80% of 1000 unit-normal samples)",
        agrees(np.abs(ratio - 1).max() < 1e-12),
        "The gradient is −δx and its square δ²x²; x² is the curvature of the sample's loss.",
    )


# ---- the sampled loss ---------------------------------------------------------------------------


@claim(
    "yao-sampled-loss",
    where="Section 3, sampled loss",
    statement="The empirical loss α'Gα − 2α'b is minimized by α = G⁻¹b.",
    rule="the first step sizes that Csawg learns with the derived pairing agree to 1e-9 with a "
    "least-squares solver on the same pairs",
    methods=("Csawg",),
)
def _():
    K = 5
    csawg = valley_csawg(K, pairing="derived")
    trace = minimize(csawg, VALLEY, VALLEY_START, iterations=2 * K)
    w = [VALLEY_START]
    for _ in range(2 * K):
        w.append(gradient_steps(VALLEY, np.array(w[-1]), VALLEY_GD.step_size, 1))
    w = np.array(w[1:])
    g, d = VALLEY.grad(w[:K].T), (w[:K] - w[K:]).T
    slope = [np.linalg.lstsq(g[i][:, None], d[i], rcond=None)[0][0] for i in range(2)]
    off = np.abs(trace.learned[0] / slope - 1).max()
    return Measured(
        "the same to rounding" if off < 1e-9 else f"relative difference {off:.1e}",
        agrees(off < 1e-9),
        "One regression through the origin per weight: displacement over K steps on gradient.",
    )


@claim(
    "yao-algorithm1-pairs",
    where="Section 3, Algorithm 1",
    statement="Algorithm 1 is this minimization with the most recent updates as the samples.",
    rule="the first step sizes of Algorithm 1 as printed are G⁻¹b, with g_s the gradient at w_s, "
    "within 1%",
    methods=("Csawg",),
)
def _():
    w = [gradient_steps(BOWL, np.array(BOWL_START), BOWL_STEP, k) for k in (1, 2, 3, 4)]
    g = np.array([BOWL.grad(x) for x in w[:2]])
    d = np.array([w[0] - w[2], w[1] - w[3]])
    defined = (g * d).sum(axis=0) / (g * g).sum(axis=0)
    ratio, same = (
        minimize(bowl_csawg(2, pairing=pairing), BOWL, BOWL_START, iterations=4).learned[0]
        / defined
        for pairing in ("published", "derived")
    )
    return Measured(
        f"on the bowl of Fig. 3, K = 2: {ratio[0]:.2f} times G⁻¹b in component 1, "
        f"{ratio[1]:.4f} times in component 2",
        agrees(np.abs(ratio - 1).max() < 0.01),
        "The buffers store the gradient that led to w_s, taken one step earlier. "
        + (
            "With the gradient at w_s the two agree."
            if np.abs(same - 1).max() < 1e-9
            else "Another pairing differs too."
        ),
    )


class Elements(np.ndarray):
    """An array that counts the elements its arithmetic computes, all instances together."""

    count = 0

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        def plain(x):
            return x.view(np.ndarray) if isinstance(x, Elements) else x

        given = kwargs.pop("out", None)
        if given is not None:
            kwargs["out"] = tuple(map(plain, given))
        kwargs["where"] = plain(kwargs.get("where", True))
        result = getattr(ufunc, method)(*map(plain, inputs), **kwargs)
        Elements.count += np.size(result)
        return given[0] if given is not None else np.asarray(result).view(Elements)


@claim(
    "yao-diagonal-cost",
    where="Section 3, sampled loss and expressiveness",
    statement="Learning and applying the diagonal step size takes time and memory of order d.",
    published="O(d)",
    rule="elements computed per weight and iteration, and numbers stored per weight, are the same "
    "for d = 10, 100 and 1000",
    methods=("Csawg",),
)
def _():
    work, memory, window = [], [], 5
    for d in (10, 100, 1000):
        bowl, method = quadratic(np.linspace(1, 2, d)), Csawg(0.1, window)
        w = np.ones(d).view(Elements)
        state = method.init(w)
        Elements.count = 0
        for _ in range(20):
            w, state = method.step(w, state, bowl)
        work.append(Elements.count / 20 / d)
        memory.append(sum(x.size for x in vars(state).values() if isinstance(x, np.ndarray)) / d)
    return Measured(
        f"{work[0]:.1f} elements per weight and iteration, {memory[0]:.0f} numbers kept per weight "
        f"(K = {window}), at every d",
        agrees(np.ptp(work) < 0.01 * work[0] and np.ptp(memory) == 0),
        "The two buffers hold 2K numbers per weight: linear in d, but with 2K above d they are "
        "larger than the full matrix that the diagonal avoids.",
    )


@claim(
    "yao-zero-denominator",
    where="Section 3, Zero gradient component",
    statement="A zero denominator means that all the gradients in the experience were zero.",
    rule="replicates if no gradients other than zero give a zero denominator in double precision; "
    "partly if only gradients below 1e-150 do",
    methods=("Csawg",),
)
def _():
    def steps(size):
        trace = minimize(Csawg(0.1, 2), quadratic([1.0, 1.0]), [size, 1.0], iterations=4)
        return trace.learned[0, 0]

    tiny, small = steps(1e-170), steps(1e-150)
    return Measured(
        f"gradients near 1e-170 give the step size {tiny:g}, near 1e-150 {small:.3f}",
        agrees(tiny != 0, partly=small != 0),
        "True of real numbers. In double precision the square of a gradient below 1e-162 is zero.",
    )


@claim(
    "yao-multistep-model",
    where="Abstract; Section 3, Step-size Planning; Fig. 1 left",
    statement="The learned step size is a multi-step model that predicts future updates.",
    rule="a planned leap ends within 20% of the distance from K steps of gradient descent: for the "
    "median planning in the valley; partly if for the first planning on a bowl",
    methods=("Csawg",),
)
def _():
    K, many = 10, 100

    def miss(method, objective, start, number):
        trace = minimize(method, objective, start, iterations=K * (number + 1))
        before, after, _, _ = (x.T for x in plannings(trace))
        there = gradient_steps(objective, before, method.step_size, K)
        return np.median(length(after - there) / length(before - there))

    bowl = miss(bowl_csawg(K, pairing="derived"), BOWL, BOWL_START, 1)
    valley = {
        pairing: miss(valley_csawg(K, pairing=pairing), VALLEY, VALLEY_START, many)
        for pairing in ("published", "derived")
    }
    return Measured(
        f"K = 10: misses by {bowl:.0%} of the way on the bowl (derived pairing, first planning); "
        f"in the valley by {valley['published']:.0%} (published) and {valley['derived']:.0%} "
        f"(derived), medians of the first {many} plannings",
        agrees(max(valley.values()) < 0.2, partly=bowl < 0.2),
        "On a separable bowl the model is exact. Later windows contain the previous leap, so the "
        "model learned from them looks farther than K steps.",
    )


# ---- negative step sizes ------------------------------------------------------------------------


@claim(
    "yao-negative-occur",
    where="Section 3, Negative Step-size",
    statement="The step sizes that Csawg learns are negative at some moments.",
    rule="some learned step size in the valley is below zero for K = 2",
    methods=("Csawg",),
)
def _():
    learned = in_valley(valley_csawg(2)).learned
    negative = learned < 0
    return Measured(
        f"K = 2: {negative.mean():.1%} of the step sizes, {negative.any(axis=1).mean():.1%} of "
        f"{len(learned):,} plannings",
        agrees(negative.any()),
        "Most of them after the first twenty plannings, when descent is already in the valley."
        if negative[20:].sum() > negative[:20].sum()
        else "Most of them in the first twenty plannings.",
    )


@claim(
    "yao-reduction-identity",
    where="Section 3, Negative Step-size",
    statement="With eq. 9's step sizes the expected squared error falls by E g'α²g, so negative "
    "step sizes reduce it too.",
    rule="holds to 1e-12 at eq. 9 on random finite distributions, negative step sizes among them",
)
def _():
    e, g, p = samples()
    alpha = ideal(e, g, p)

    def gap(a):
        real = expectation(e**2 - (e - a * g) ** 2, p)
        said = expectation(a**2 * g**2, p)
        return real, said

    real, said = gap(alpha)
    half_real, half_said = gap(alpha / 2)
    twice_real, twice_said = gap(2 * alpha)
    return Measured(
        f"exact with {np.mean(alpha < 0):.0%} negative; the real fall is "
        f"{np.median(half_real / half_said):.0f} times the formula's at half of eq. 9's step size, "
        f"{abs(np.median(twice_real / twice_said)):.0f} times at twice",
        agrees(np.abs(real - said).max() < 1e-12),
        "Per component it holds at eq. 9 and at zero, and nowhere else.",
    )


@claim(
    "yao-reduction-csawg",
    where="Section 3, Negative Step-size",
    statement="For Csawg, which does not know w*, the intuition is similar: negative step sizes "
    "still reduce the error.",
    rule="K = 2 in the valley: the negative step sizes bring their component nearer to the "
    "minimizer in more than half of the cases",
    methods=("Csawg",),
)
def _():
    before, after, _, alpha = plannings(in_valley(valley_csawg(2)))
    farther = np.abs(after - 1) > np.abs(before - 1)
    negative = alpha < 0
    return Measured(
        f"{farther[negative].mean():.0%} of {negative.sum()} negative step sizes moved their "
        f"component away from the minimizer, {farther[~negative].mean():.0%} of the others",
        agrees(farther[negative].mean() < 0.5),
        "A step helps if it has the sign of eq. 9's and is less than twice as long. The learned "
        "negative ones mostly have the wrong sign.",
    )


@claim(
    "yao-negative-convergence",
    where="Section 3, Negative Step-size",
    statement="Negative step sizes do not prevent Csawg from reducing errors and guaranteeing "
    "convergence.",
    rule="no run of the ablation diverges, and none on a one-dimensional bowl on which gradient "
    "descent converges; partly if runs that diverge do so without negative step sizes too",
    methods=("Csawg",),
)
def _():
    def diverged(cls):
        return int(ablation(cls, 5, True).diverged[0].sum())

    with_, without = diverged(Csawg), diverged(NonNegativeCsawg)
    bowl = quadratic([1.0])
    gd, csawg = (
        minimize(m, bowl, [1.0], iterations=60).error[-1]
        for m in (GradientDescent(1.9), Csawg(1.9, window=1))
    )
    return Measured(
        f"repeated planning, K = 5, in the valley: {with_} of 50 runs diverge, {without} with "
        f"negative step sizes clipped; bowl ½w², step size 1.9, K = 1: error {csawg:.0e} after 60 "
        f"iterations, gradient descent {gd:.0e}",
        agrees(with_ == 0 and csawg < 1, partly=with_ > 0 and with_ <= without),
        "There is no guarantee: negative step sizes are what makes these runs diverge.",
    )


@claim(
    "yao-negative-stochastic",
    where="Section 3, Negative Step-size",
    statement="With a poor stochastic gradient, negative step sizes can speed up convergence.",
    rule="an adverse sample is used better with a negative step size, and Csawg on a noisy bowl "
    "ends nearer (median of 400 runs) with them than without; partly if only the first",
    methods=("Csawg",),
)
def _():
    e, g, p = np.ones(2), np.array([3.0, -1.0]), np.array([0.5, 0.5])
    knows = e / g  # a step size for each sample
    left, clipped = (expectation((e - a * g) ** 2, p) for a in (knows, np.maximum(knows, 0)))
    one = ideal(e, g, p)
    ends = [
        np.median(final_error(on_noisy_bowl(cls(0.05, 2)))) for cls in (Csawg, NonNegativeCsawg)
    ]
    return Measured(
        f"step size per sample: squared error left {left:g}, clipped {clipped:g}; but eq. 9's one "
        f"step size is {one:g}; Csawg K = 2, noisy bowl: error {ends[0]:.1f} with negative ones, "
        f"{ends[1]:.2f} without",
        agrees(left < clipped and ends[0] < ends[1], partly=left < clipped),
        "It needs a step size that knows which sample is adverse. Eq. 9 averages over samples and "
        "Csawg over a window, and there the negative ones are noise.",
    )


@claim(
    "yao-negative-deterministic",
    where="Section 3, Negative Step-size",
    statement="In a deterministic example, momentarily negative step sizes lead to much faster "
    "learning than gradient descent.",
    rule="Csawg K = 2 is over 10 times nearer than gradient descent at 10,000 evaluations, and "
    "clipping its step sizes at zero makes the median run farther; partly if only the first",
    methods=("Csawg", "GradientDescent"),
)
def _():
    gd = final_error(descent_from_starts())[0]
    ratio, clipped = (
        np.median(gd / final_error(ablation(cls, 2))[0]) for cls in (Csawg, NonNegativeCsawg)
    )
    return Measured(
        f"{ratio:.0f} times nearer than gradient descent, {clipped:.0f} times with negative step "
        "sizes clipped (medians of 50 starts disturbed by 1e-13)",
        agrees(ratio > 10 and clipped < ratio, partly=ratio > 10),
        "The run with negative step sizes is much faster, but not because of them.",
    )


# ---- the diagonal -------------------------------------------------------------------------------


def turning(g, d):
    """The rotation and scaling of the plane that takes g to d: a full matrix."""
    (a, b), (c, s) = g, d
    x, y = (a * c + b * s) / (a * a + b * b), (a * s - b * c) / (a * a + b * b)
    return np.array([[x, -y], [y, x]])


@claim(
    "yao-diagonal-any-direction",
    where="Section 3, expressiveness; Fig. 1 right",
    statement="A diagonal takes a gradient without zero components to a vector of any direction "
    "and length, as a full rotation and scaling does.",
    rule="the image is the wanted vector to 1e-12 in 1000 random cases for d = 2, 10 and 1000, "
    "the orthogonal and the opposite direction included",
)
def _():
    rng = np.random.default_rng(0)
    off = 0.0
    for d in (2, 10, 1000):
        g, wanted = rng.normal(size=(2, d, 1000))
        wanted[:, 0] = -g[:, 0]
        orthogonal = wanted[:, 1]
        orthogonal -= g[:, 1] * (g[:, 1] @ orthogonal) / (g[:, 1] @ g[:, 1])
        image = wanted / g * g
        off = max(off, (length(image - wanted) / length(wanted)).max())
    g, wanted = rng.normal(size=(2, 2))
    full = length(turning(g, wanted) @ g - wanted)
    return Measured(
        "reached in all 3000 cases; in the plane the rotation and scaling give the same image"
        if max(off, full) < 1e-12
        else f"misses by {max(off, full):.1e}",
        agrees(max(off, full) < 1e-12),
        "Divide the wanted vector by the gradient, component by component. Beyond the gradient's "
        "own orthant some of the entries must be negative.",
    )


@claim(
    "yao-diagonal-same-power",
    where="Section 3, expressiveness",
    statement="Zero components aside, the diagonal has the same power of transformation as a full "
    "matrix for step-size planning.",
    rule="the diagonal fits any two pairs of vectors in the plane as well as a full matrix does "
    "(residual below 1e-9), and nothing is lost where a component is zero; partly if it fits one",
    methods=("Csawg",),
)
def _():
    rng = np.random.default_rng(0)
    g, wanted = rng.normal(size=(2, 2, 2, 1000))  # (pair, component, case) each
    single = length(g[0] * (wanted[0] / g[0]) - wanted[0]).max()
    alpha = (g * wanted).sum(axis=0) / (g * g).sum(axis=0)
    left = np.sqrt(((wanted - alpha * g) ** 2).sum((0, 1)) / (wanted**2).sum((0, 1)))
    floor = np.array([0.5, 0.25])  # on the valley's floor
    lost = floor[1] - VALLEY.minimizer[1] if VALLEY.grad(floor)[1] == 0 else 0.0
    return Measured(
        f"one pair: exact; two random pairs: {np.median(left):.0%} of the length is left over "
        f"(median), by a full matrix nothing; on the valley's floor at (0.5, 0.25) the second "
        f"gradient component is 0 and w₂ is {abs(lost):g} from its minimizer",
        agrees(np.median(left) < 1e-9 and lost == 0, partly=single < 1e-9),
        "It has d numbers to fit one vector of d components, one vector at a time. Csawg fits K at "
        "once, which works as far as they are alike.",
    )
