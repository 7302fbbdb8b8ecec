"""Claims about single-step planning in Rosenbrock's valley (Yao, Figs 5 and 6)."""

from __future__ import annotations

from stepsize.claims import Measured, agrees, claim
from stepsize.claims._experiments import VALLEY_GD, in_valley, valley_csawg

BUDGET = 10_000


def ratio(window, budget=BUDGET):
    """How many times closer to the minimizer Csawg is than GD at a budget."""
    gd, csawg = in_valley(VALLEY_GD, budget), in_valley(valley_csawg(window), budget)
    return gd.error[-1] / csawg.error[-1]


@claim(
    "yao-fig5a-k5",
    where="Fig. 5a, caption",
    statement="At 10,000 gradient evaluations the error of Csawg with K = 5 is 320 times below GD's.",
    published="320",
    rule="within 2 percent of the published ratio",
    methods=("Csawg", "GradientDescent"),
)
def _():
    r = ratio(5)
    return Measured(
        f"{r:.0f}",
        agrees(abs(r / 320 - 1) < 0.02, partly=r > 10),
        "The ratio comes out as printed, with the published pairing and a fresh gradient.",
    )
