"""Claims that belong to no chapter: about the papers' setting, and about what is not run here."""

from __future__ import annotations

import numpy as np

from stepsize.claims import Measured, agrees, claim
from stepsize.claims._experiments import BOWL, BOWL_START
from stepsize.methods import BarzilaiBorwein, GradientDescent
from stepsize.runs import minimize


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
