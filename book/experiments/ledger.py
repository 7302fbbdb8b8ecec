"""Claims that belong to no chapter: about the papers' setting, and about what is not run here."""

from __future__ import annotations

import numpy as np

from experiments.claims import UNTESTABLE, Measured, agrees, claim
from experiments.papers import (
    BOWL,
    BOWL_START,
    VALLEY,
    VALLEY_GD,
    VALLEY_START,
    in_valley,
    valley_csawg,
)
from stepsize.methods import Adam, Autostep, BarzilaiBorwein, Csawg, GradientDescent, RMSProp
from stepsize.objectives import least_squares, quadratic
from stepsize.runs import minimize, track
from stepsize.streams import WeightFlipping


def not_run(id, where, statement, why):
    """Register a claim that no run here can decide, with the reason."""

    @claim(id, where=where, statement=statement, rule="no run of this package can decide it")
    def _():
        return Measured("–", UNTESTABLE, why)


@claim(
    "yao-sec1-not-noticed",
    where="Section 1; Section 5",
    statement="That past updates can accelerate gradient descent is not noticed by the literature "
    "yet; updates are normally not considered as data.",
    rule="replicates if neither Aitken's formula of 1926, which sees three iterates of gradient "
    "descent and no gradient, nor Barzilai and Borwein's step of 1988, learned from the last "
    "update, is ten times as fast as gradient descent on the paper's bowl",
    methods=("BarzilaiBorwein", "GradientDescent"),
)
def _():
    descent = minimize(GradientDescent(0.0009), BOWL, BOWL_START, iterations=2)
    a, b, c = descent.w
    aitken = np.abs(a - (b - a) ** 2 / (c - 2 * b + a) - BOWL.minimizer).max()
    learned = minimize(BarzilaiBorwein(0.0009), BOWL, BOWL_START, iterations=100)
    needed = int(learned.grad_evals[learned.first(error=1e-8)])
    return Measured(
        f"on the bowl of Fig. 3: Aitken {'below' if aitken < 1e-8 else 'above'} 1e-8 after 2 "
        f"gradients, Barzilai-Borwein after {needed}",
        agrees(aitken > 1e-8 and needed > 1000),
        "Extrapolation, Anderson mixing and the secant methods, BFGS among them, learn from past "
        "updates. New is a diagonal learned from windows and applied now and then.",
    )


@claim(
    "yao-sec1-sgd",
    where="Title; Section 1; Section 3",
    statement="The experience of stochastic updates can be used to accelerate the convergence of "
    "stochastic gradient descent.",
    rule="on a bowl with condition number 100, at 500 evaluations and each with its best step size "
    "of one grid: the median error of Csawg with K = 2, 5 or 10 is below that of descent for three "
    "levels of noise; partly: for some",
    methods=("Csawg", "GradientDescent"),
)
def _():
    steps = np.geomspace(1e-4, 0.019, 9)[:, None]
    bowl = quadratic([100.0, 1.0])
    start = np.outer([1.0, 2.0], np.ones(100))

    def best(method, noise):
        rng = np.random.default_rng(0)

        class Noisy:
            minimizer, loss = bowl.minimizer, staticmethod(bowl.loss)

            @staticmethod
            def grad(w):
                return bowl.grad(w) + noise * rng.standard_normal(w.shape)

        trace = minimize(method, Noisy(), start, grad_evals=500, record=None)
        error = np.where(np.isfinite(trace.error[-1]), trace.error[-1], np.inf)
        return np.median(error, axis=1).min()

    ratios = {
        noise: min(best(Csawg(steps, window=K), noise) for K in (2, 5, 10))
        / best(GradientDescent(steps), noise)
        for noise in (0.01, 0.1, 1.0)
    }
    ahead = [ratio < 0.9 for ratio in ratios.values()]
    return Measured(
        "error over that of descent: "
        + ", ".join(f"{ratio:.2g} (noise {noise:g})" for noise, ratio in ratios.items()),
        agrees(all(ahead), partly=any(ahead)),
        "The learned step sizes multiply a noisy gradient, and are noisy themselves. All figures "
        "of the paper are without noise.",
    )


@claim(
    "yao-sec3-unbiased",
    where="Section 3",
    statement="The setting E f = F covers minibatches: the mean of the samples' gradients is the "
    "gradient of the whole loss.",
    rule="equal to 1e-12 over one pass of 60 examples in batches of 10",
)
def _():
    rng = np.random.default_rng(0)
    data = least_squares(rng.standard_normal((60, 4)), rng.standard_normal(60))
    w = np.ones(4)
    batches = iter(data.batches(10))
    mean = np.mean([next(batches).grad(w) for _ in range(6)], axis=0)
    gap = np.abs(mean - data.grad(w)).max()
    return Measured(
        f"differ by {'less' if gap < 1e-12 else 'more'} than 1e-12",
        agrees(gap < 1e-12),
        "A pass that visits each example once, in batches of equal size.",
    )


@claim(
    "yao-sec3-planned-at-times",
    where="Section 3, Step-size Planning",
    statement="The step sizes are not adapted constantly: a planned one is applied every K "
    "iterations, and a constant one in between.",
    rule="K = 2, 5 and 10 in the valley: plannings after iterations 2K, 3K, 4K, ... and no others; "
    "in all others the weights move by 0.001 times the gradient",
    methods=("Csawg",),
)
def _():
    good = []
    for K in (2, 5, 10):
        trace = in_valley(valley_csawg(K))
        k = trace.learned_iterations
        n = np.arange(1, len(trace.w))
        between = np.setdiff1d(n, k)
        g = VALLEY.grad(trace.w[between - 1].T).T
        good.append((k == np.arange(2 * K, len(trace.w), K)).all())
        good.append(np.array_equal(trace.w[between], trace.w[between - 1] - 0.001 * g))
    return Measured(
        "so for all three windows" if all(good) else "not so",
        agrees(all(good)),
        "The buffers need 2K iterations first.",
    )


@claim(
    "yao-sec3-hessian-vector",
    where="Section 3, expressiveness",
    statement="A product of the Hessian with a vector needs no Hessian: a finite difference of "
    "gradients gives it.",
    rule="within 1e-6 of the product with the explicit Hessian at 100 points of the valley",
)
def _():
    rng = np.random.default_rng(0)
    (x, y), v = w, d = rng.uniform(-2, 2, (2, 2, 100))
    exact = np.array(
        [
            (2 - 400 * (y - 3 * x * x)) * v[0] - 400 * x * v[1],
            -400 * x * v[0] + 200 * v[1],
        ]
    )
    step = 1e-5
    found = (VALLEY.grad(w + step * d) - VALLEY.grad(w - step * d)) / (2 * step)
    off = np.abs(found / exact - 1).max()
    return Measured(
        f"off by {'less' if off < 1e-6 else 'more'} than 1e-6",
        agrees(off < 1e-6),
        "At the price of one or two more gradients, as the paper says: of sweeps through the data.",
    )


@claim(
    "yao-sec3-bfgs-low-rank",
    where="Section 3, expressiveness",
    statement="BFGS is a low-rank approximation of the Hessian, of the kind called truncated "
    "Newton or Hessian-free.",
    rule="replicates if on a quadratic in 8 weights its matrix stays of lower rank than 8",
)
def _():
    from scipy.optimize import minimize as scipy_minimize

    M = np.random.default_rng(0).standard_normal((8, 8))
    Q = M @ M.T + np.eye(8)
    found = scipy_minimize(
        lambda w: w @ Q @ w / 2,
        np.ones(8),
        jac=lambda w: Q @ w,
        method="BFGS",
        options={"gtol": 1e-10},
    )
    rank = int(np.linalg.matrix_rank(found.hess_inv))
    return Measured(
        f"rank {rank} of 8",
        agrees(rank < 8),
        "Each update is of rank two; the matrix is full and keeps d^2 numbers. Truncated Newton "
        "and Hessian-free methods keep none and solve with products; what BFGS learns from is the "
        "very experience of updates that the paper plans with.",
    )


@claim(
    "yao-sec2.6-autostep-beta",
    where="Section 2.6",
    statement="Autostep's first change to IDBD is to normalize the update of beta by a running "
    "average of its past updates.",
    rule="replicates if an update is ever longer than the meta step size, as those of an average "
    "would be after a burst; partly: the updates are normalized, and none is longer",
    methods=("Autostep",),
)
def _():
    method = Autostep(step_size=0.001, meta_step_size=0.01)
    trace = track(method, WeightFlipping(), examples=3000, runs=5, record=1)
    largest = np.diff(np.log(trace.step_size[1:]), axis=0).max() / 0.01
    return Measured(
        f"largest update: {largest:.3f} times the meta step size",
        agrees(largest > 1.01, partly=largest > 0.9),
        "It is a running maximum that decays slowly: a burst raises it at once, so that no update "
        "is longer than the meta step size.",
    )


@claim(
    "yao-sec2.6-autostep-sum",
    where="Section 2.6",
    statement="Autostep's second change is to divide the step sizes by their sum weighted with "
    "x^2, so that the error is reduced without overshoot.",
    rule="the error after the step never has the other sign, and the division takes place always; "
    "partly: only the former",
    methods=("Autostep",),
)
def _():
    worst, shares = [], []
    for start in (0.001, 1.0):
        method = Autostep(step_size=start, meta_step_size=0.01)
        trace = track(method, WeightFlipping(), examples=1000, record=1)
        samples = WeightFlipping().samples()
        x = np.array([s.x for s, _ in zip(samples, range(1000))])
        share = (trace.step_size[1:] * x * x).sum(axis=1)
        worst.append(share.max())
        shares.append(np.isclose(share, 1.0).mean())
    return Measured(
        f"share of the error corrected: at most {max(worst):.3f}; all of it in {shares[0]:.0%} of "
        f"the steps (from step sizes of 0.001) and {shares[1]:.0%} (from 1)",
        agrees(max(worst) < 1 + 1e-9 and min(shares) == 1, partly=max(worst) < 1 + 1e-9),
        "It divides only where the sum exceeds one. Always to divide would correct all of the "
        "error at every sample, however small the step sizes.",
    )


@claim(
    "yao-conclusion-heuristic-search",
    where="Section 5",
    statement="On ill-conditioned or non-convex problems gradient descent is much slower than "
    "heuristic search.",
    rule="to the distance 1e-3 on the paper's two problems: Nelder-Mead needs less than a tenth of "
    "the evaluations of gradient descent as the paper sets it",
    methods=("GradientDescent",),
)
def _():
    from scipy.optimize import minimize as scipy_minimize

    def evaluations(objective, start):
        seen = []

        def loss(w):
            seen.append(np.hypot(*(w - objective.minimizer)))
            return objective.loss(w)

        options = {"xatol": 0, "fatol": 0, "maxfev": 400}
        scipy_minimize(loss, start, method="Nelder-Mead", options=options)
        return int((np.array(seen) < 1e-3).argmax()) + 1

    search = evaluations(VALLEY, VALLEY_START), evaluations(BOWL, BOWL_START)
    descent = (
        int(minimize(VALLEY_GD, VALLEY, VALLEY_START, iterations=20_000).first(error=1e-3)),
        int(
            minimize(GradientDescent(0.00099), BOWL, BOWL_START, iterations=20_000).first(
                error=1e-3
            )
        ),
    )
    return Measured(
        f"valley {search[0]} against {descent[0]:,}, bowl {search[1]} against {descent[1]:,}",
        agrees(all(s < d / 10 for s, d in zip(search, descent))),
        "In two weights. The simplex has one corner more than there are weights, which is what "
        "keeps it from many.",
    )


@claim(
    "degris-rmsprop-adam",
    where="Sections 2 and 4",
    statement="RMSProp is Adam with its momentum switched off.",
    rule="the same path over 200 samples with Adam as defined, bias correction included; partly: "
    "only without it",
    methods=("RMSProp", "Adam"),
)
def _():
    def path(method):
        return track(method, WeightFlipping(), examples=200, record=1).w

    rmsprop = path(RMSProp(0.01, decay=0.99))
    with_it, without = (
        np.abs(path(Adam(0.01, beta1=0.0, beta2=0.99, bias_correction=c)) - rmsprop).max()
        for c in (True, False)
    )
    return Measured(
        f"paths up to {with_it:.2f} apart; without bias correction "
        f"{'less' if without < 1e-12 else 'more'} than 1e-12",
        agrees(with_it < 1e-12, partly=without < 1e-12),
        "Adam also corrects the average of squares for its start at zero, which shortens the first "
        "steps. The difference fades with the memory of the average.",
    )


for words in (
    (
        "yao-sec1-network-quality",
        "Section 1",
        "The experience of updates matters because it can improve the quality of neural networks.",
        "About networks of another size. The paper has no such experiment either, and leaves it "
        "to future work.",
    ),
    (
        "yao-sec1-generalization",
        "Section 1",
        "The step size influences how well the solution generalizes.",
        "The works cited train deep networks. All losses here are training losses.",
    ),
    (
        "yao-sec2.6-tidbd",
        "Section 2.6",
        "IDBD extended to temporal differences, and Metatrace, are better than constant and scalar "
        "step sizes in reinforcement learning.",
        "Results of other papers on problems that this package does not have.",
    ),
    (
        "yao-sec2.8-practice",
        "Section 2.8",
        "Gradient descent on a differentiable goal makes systems that are easier to train, test "
        "and maintain than rule-based ones.",
        "A judgement about practice, which no measurement here can weigh.",
    ),
    (
        "yao-sec3-large-scale",
        "Abstract; Section 3; Section 5",
        "Step-size planning scales to deep learning and can save more computation there, where "
        "gradients cost much more than function values.",
        "An expectation of the paper. Order d it is, as another row measures; the speed on large "
        "networks is open, and turned bowls and noise speak against it.",
    ),
    (
        "yao-sec3-curvature-methods",
        "Section 3, expressiveness",
        "K-FAC, Krylov subspaces and orthogonal rotations approximate curvature usefully for large "
        "networks.",
        "Results of other papers at another scale.",
    ),
    (
        "yao-conclusion-linear-dyna",
        "Section 5",
        "Linear Dyna's planning is consistent where the model's spectral radius is below one, and "
        "faster than temporal differences.",
        "A theorem and experiments of Sutton et al. (2008), about Markov decision processes.",
    ),
    (
        "yao-conclusion-adam-proof",
        "Section 5",
        "Adam's convergence follows from a lower bound on the correlation of its update with the "
        "true gradient.",
        "A proof by other authors (their Lemma 5.1); a run could only agree with it.",
    ),
    (
        "yao-conclusion-geometric",
        "Section 5",
        "A method with line search has the optimal rate too, with a simpler proof.",
        "The method of Bubeck et al. (2015) is not in this package, and simplicity is a judgement.",
    ),
    (
        "yao-conclusion-across-tasks",
        "Section 5",
        "The experience of updates on one task can help with another.",
        "A question that the paper leaves open, without a method to run.",
    ),
    (
        "degris-sec1-deep-networks",
        "Abstract; Sections 1 and 8",
        "For deep networks neither normalization nor IDBD alone is enough.",
        "All problems of the paper, and here, are linear.",
    ),
    (
        "degris-sec5-extensions",
        "Sections 5 and 7",
        "IDBD extends to classification, temporal differences, layered networks and all "
        "hyper-parameters.",
        "Results of the papers cited; the facts that we have of this one name no experiment.",
    ),
    (
        "degris-sec6-adagain",
        "Section 6",
        "AdaGain, with RMSProp, beats other methods in a continual setting.",
        "A result of Jacobsen et al. (2019) on problems that this package does not have.",
    ),
    (
        "degris-sec6-parallel",
        "Section 6",
        "Several step sizes can be run in parallel and weighed, as in MetaGrad.",
        "Named as related work, without a statement about the problems here.",
    ),
    (
        "degris-sec6-variance-reduction",
        "Section 6",
        "Variance reduction needs a stationary expected loss.",
        "SVRG and SAGA return to the samples of a finite set. In the streams here no sample comes "
        "back, so there is nothing to run.",
    ),
    (
        "degris-sec1-schedules",
        "Sections 1 and 8",
        "A good method for step sizes could replace schedules and sweeps outside continual "
        "learning.",
        "About methods yet to be found.",
    ),
):
    not_run(*words)
