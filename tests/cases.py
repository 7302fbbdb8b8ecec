"""One table of cases: what tests and benchmarks know of each method besides its formulas.

A new method joins with one row in ``CASES``; a hyper-parameter of a new name joins with a line in
``BAD``, which says what it refuses.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf, nan

import numpy as np

from stepsize import per_weight
from stepsize.methods import (
    IDBD,
    L4,
    SMD,
    AdaGrad,
    Adam,
    AdamHD,
    Autostep,
    BarzilaiBorwein,
    Csawg,
    GradientDescent,
    HeavyBall,
    HypergradientDescent,
    LossGrad,
    MetaOptimize,
    Nesterov,
    NormalizedMetaIDBD,
    Polyak,
    RMSProp,
    StochasticPolyak,
)
from stepsize.methods.csawg import SAFEGUARDS


class Dice:
    """Random hyper-parameters, each from a range in which it does something."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def uniform(self, low, high):
        return float(self.rng.uniform(low, high))

    def whole(self, low, high):
        return int(self.rng.integers(low, high))

    def choose(self, *values):
        return values[self.whole(0, len(values))]

    def yes(self):
        return self.choose(False, True)

    def step(self):
        return {"step_size": self.uniform(0.01, 0.3)}

    def betas(self):
        return {"beta1": self.uniform(0, 0.95), "beta2": self.uniform(0, 0.999)}


@dataclass(frozen=True)
class Seen:
    """A method whose epsilons are zero, for they have units, and what it sees of its problem."""

    method: object
    # c times the loss is undone when these are divided by such powers of c; nothing: it sees none
    units: dict = field(default_factory=lambda: {"step_size": 1})
    # each weight s times smaller is undone by a step size per weight, s to this power times smaller
    power: int | None = None
    turns: bool = True  # whether a rotation of the problem rotates its walk


@dataclass(frozen=True)
class Case:
    """A row of the table."""

    # a plain instance, then as many as it takes to change each hyper-parameter once
    varied: list
    seen: list  # of Seen
    valley: list  # as the benchmarks run it in Rosenbrock's valley
    draw: Callable  # from Dice, all hyper-parameters
    exact: bool = False  # its plain twin agrees to the last bit
    rests: bool = False  # some iterations use no step size
    runs_away: bool = False  # some settings that a reader can choose overflow
    functions: frozenset = frozenset()  # what the page's twin needs beyond roots: inexact

    @property
    def plain(self):
        return self.varied[0]


CASES = {
    GradientDescent: Case(
        varied=[GradientDescent(0.2), GradientDescent(0.05)],
        seen=[Seen(GradientDescent(0.1), power=2)],
        valley=[GradientDescent(1e-3)],
        draw=Dice.step,
        exact=True,
        runs_away=True,
    ),
    HeavyBall: Case(
        varied=[HeavyBall(0.1), HeavyBall(0.2, momentum=0.5)],
        seen=[Seen(HeavyBall(0.1, momentum=0.6), power=2)],
        valley=[HeavyBall(1e-3)],
        draw=lambda dice: {**dice.step(), "momentum": dice.uniform(0, 0.95)},
        exact=True,
        runs_away=True,
    ),
    Nesterov: Case(
        varied=[
            Nesterov(0.1),
            Nesterov(0.2, momentum=0.5),
            Nesterov(0.1, momentum="increasing"),
        ],
        seen=[Seen(Nesterov(0.1, momentum=0.6), power=2)],
        valley=[Nesterov(1e-3)],
        draw=lambda dice: {
            **dice.step(),
            "momentum": dice.choose(dice.uniform(0, 0.95), "increasing"),
        },
        exact=True,
        runs_away=True,
    ),
    Csawg: Case(
        varied=[
            Csawg(0.1, window=2),
            Csawg(0.05, window=3, planning_steps=2, correction_steps=4),
            Csawg(0.1, window=2, pairing="derived"),
            Csawg(0.1, window=2, reuse_gradient=True),
            # several leaps along one gradient raise the loss
            Csawg(0.1, 1, planning_steps=4, reuse_gradient=True, safeguard="leap"),
            Csawg(0.05, window=2, correction_steps=1, safeguard="leap"),
        ],
        seen=[
            Seen(Csawg(0.1, window=2, planning_steps=2, correction_steps=1), power=2, turns=False)
        ],
        valley=[
            Csawg(1e-3, window=10),
            Csawg(1e-3, window=10, planning_steps=5, correction_steps=10),
        ],
        draw=lambda dice: {
            **dice.step(),
            "window": dice.whole(1, 6),
            "planning_steps": dice.whole(1, 4),
            "correction_steps": dice.whole(0, 5),
            **dice.choose(
                {"pairing": "published", "reuse_gradient": False},
                {"pairing": "published", "reuse_gradient": True},
                {"pairing": "derived", "reuse_gradient": False},
            ),
            "safeguard": dice.choose(None, *SAFEGUARDS),
        },
        exact=True,
        rests=True,
        runs_away=True,
    ),
    AdaGrad: Case(
        varied=[AdaGrad(0.5), AdaGrad(0.2, eps=0.1), AdaGrad(0.5, eps=0.0)],
        seen=[Seen(AdaGrad(0.3, eps=0.0), units={}, power=1, turns=False)],
        valley=[AdaGrad(0.1)],
        draw=lambda dice: {**dice.step(), "eps": dice.uniform(0, 0.1)},
    ),
    RMSProp: Case(
        varied=[
            RMSProp(0.05),
            RMSProp(0.1, decay=0.5, eps=0.1),
            RMSProp(0.1, eps=0.1, eps_inside=True),
            RMSProp(0.1, eps=0.0),
        ],
        seen=[Seen(RMSProp(0.05, eps=0.0), units={}, power=1, turns=False)],
        valley=[RMSProp(1e-3)],
        draw=lambda dice: {
            **dice.step(),
            "decay": dice.uniform(0, 0.99),
            "eps": dice.uniform(1e-3, 0.1),
            "eps_inside": dice.yes(),
        },
    ),
    Adam: Case(
        varied=[
            Adam(0.05),
            Adam(0.1, beta1=0.5, beta2=0.9, eps=0.1),
            Adam(0.05, eps=0.1, eps_inside=True),
            Adam(0.05, bias_correction=False),
            Adam(0.05, beta1=0.0, beta2=0.0, eps=0.0),
        ],
        seen=[Seen(Adam(0.05, eps=0.0), units={}, power=1, turns=False)],
        valley=[Adam(1e-3)],
        draw=lambda dice: {
            **dice.step(),
            **dice.betas(),
            "eps": dice.uniform(1e-3, 0.1),
            "bias_correction": dice.yes(),
            "eps_inside": dice.yes(),
        },
    ),
    Polyak: Case(
        varied=[Polyak(0.0), Polyak(-0.05), Polyak(0.0, max_step=0.2)],
        seen=[Seen(Polyak(0.0), units={})],
        valley=[Polyak(0.0)],
        draw=lambda dice: {
            "minimum": dice.uniform(-0.2, 0.0),
            "max_step": dice.choose(inf, dice.uniform(0.01, 0.3)),
        },
        exact=True,
    ),
    StochasticPolyak: Case(
        varied=[
            StochasticPolyak(),
            StochasticPolyak(minimum=-0.05, scale=1.0, eps=0.1),
            StochasticPolyak(max_step=0.1, growth=1.05),
            StochasticPolyak(growth=1.05),
        ],
        seen=[Seen(StochasticPolyak(growth=1.3), units={})],
        valley=[StochasticPolyak()],
        draw=lambda dice: {
            "minimum": dice.uniform(-0.2, 0.0),
            "scale": dice.uniform(0.5, 2.0),
            "max_step": dice.choose(inf, dice.uniform(0.03, 0.9)),
            "eps": dice.uniform(0, 0.5),
            "growth": dice.choose(None, dice.uniform(1, 1.5)),
        },
        exact=True,
    ),
    L4: Case(
        varied=[
            L4(),
            L4("adam", fraction=0.1, minimum_factor=0.5, beta2=0.9, direction_eps=0.1),
            L4("gradient", fraction=0.5, minimum=-0.1, eps=0.1),
            L4(initial_factor=0.5, forget_time=5.0, beta1=0.5),
            L4(eps=0.0),
        ],
        seen=[
            Seen(L4(eps=0.0), units={}),
            Seen(L4("gradient", eps=0.0), units={}),
            Seen(L4("adam", eps=0.0, direction_eps=0.0), units={}, turns=False),
        ],
        valley=[L4("adam")],
        draw=lambda dice: {
            "direction": dice.choose("momentum", "adam", "gradient"),
            "fraction": dice.uniform(0.05, 0.3),
            "minimum_factor": dice.uniform(0.5, 1.0),
            "initial_factor": dice.uniform(0.3, 1.0),
            "forget_time": dice.choose(inf, dice.uniform(5, 1000)),
            "minimum": dice.choose(None, dice.uniform(-0.2, 0.0)),
            "direction_eps": dice.uniform(1e-4, 0.1),
            "eps": dice.uniform(0, 0.1),
            **dice.betas(),
        },
    ),
    LossGrad: Case(
        varied=[LossGrad(0.1), LossGrad(0.2, factor=1.5)],
        seen=[Seen(LossGrad(0.1, factor=1.2))],
        valley=[LossGrad(1e-3)],
        draw=lambda dice: {**dice.step(), "factor": dice.uniform(1, 1.5)},
        exact=True,
    ),
    HypergradientDescent: Case(
        varied=[
            HypergradientDescent(0.05, 1e-3),
            HypergradientDescent(0.1, 1e-4, momentum=0.5, trace_decay=0.5),
            HypergradientDescent(0.05, 0.1, multiplicative=True),
        ],
        seen=[
            Seen(
                HypergradientDescent(0.05, 1e-3, momentum=0.3, trace_decay=0.3),
                units={"step_size": 1, "meta_step_size": 3},
            ),
            Seen(HypergradientDescent(0.05, 0.1, multiplicative=True)),
        ],
        valley=[HypergradientDescent(1e-3, 1e-9)],
        draw=lambda dice: {
            "step_size": dice.uniform(0.003, 0.1),
            "meta_step_size": dice.uniform(0, 1e-3),
            "momentum": dice.choose(0.0, dice.uniform(0, 0.8)),
            "trace_decay": dice.choose(0.0, dice.uniform(0, 0.8)),
            "multiplicative": dice.yes(),
        },
        runs_away=True,
    ),
    AdamHD: Case(
        varied=[AdamHD(0.05, 1e-4), AdamHD(0.02, 1e-3, beta1=0.5, beta2=0.9, eps=0.1)],
        seen=[Seen(AdamHD(0.05, 1e-3, eps=0.0), units={"meta_step_size": 1}, turns=False)],
        valley=[AdamHD(1e-3, 1e-9)],
        draw=lambda dice: {
            **dice.step(),
            **dice.betas(),
            "meta_step_size": dice.uniform(0, 1e-3),
            "eps": dice.uniform(1e-3, 0.1),
        },
    ),
    BarzilaiBorwein: Case(
        varied=[BarzilaiBorwein(0.1), BarzilaiBorwein(0.05, variant="short")],
        seen=[Seen(BarzilaiBorwein(0.1)), Seen(BarzilaiBorwein(0.1, variant="short"))],
        valley=[BarzilaiBorwein(1e-3)],
        draw=lambda dice: {**dice.step(), "variant": dice.choose("long", "short")},
        exact=True,
    ),
    IDBD: Case(
        varied=[IDBD(), IDBD(0.1, meta_step_size=0.002)],
        seen=[
            Seen(
                IDBD(0.05, meta_step_size=0.01),
                units={"step_size": 1, "meta_step_size": 1},
                power=2,
                turns=False,
            )
        ],
        valley=[IDBD(1e-3, 1e-9)],
        draw=lambda dice: {**dice.step(), "meta_step_size": dice.uniform(0, 0.05)},
        functions=frozenset({"exp", "log"}),
    ),
    Autostep: Case(
        varied=[Autostep(), Autostep(0.1, meta_step_size=0.05, tau=10.0)],
        seen=[Seen(Autostep(0.05, meta_step_size=0.05), power=2, turns=False)],
        valley=[Autostep(1e-3)],
        draw=lambda dice: {
            **dice.step(),
            "meta_step_size": dice.uniform(0, 0.1),
            "tau": dice.uniform(1, 100),
        },
        functions=frozenset({"exp"}),
    ),
    NormalizedMetaIDBD: Case(
        varied=[NormalizedMetaIDBD(), NormalizedMetaIDBD(0.1, meta_step_size=0.05, decay=0.9)],
        seen=[Seen(NormalizedMetaIDBD(0.05, meta_step_size=0.05), power=2, turns=False)],
        valley=[NormalizedMetaIDBD(1e-3)],
        draw=lambda dice: {
            **dice.step(),
            "meta_step_size": dice.uniform(0, 0.1),
            "decay": dice.uniform(0, 0.999),
        },
        functions=frozenset({"exp", "log"}),
    ),
    SMD: Case(
        varied=[SMD(0.1, 0.01), SMD(0.05, 0.2, trace_decay=0.5), SMD(0.3, 0.01, least_factor=1.0)],
        seen=[
            Seen(
                SMD(0.05, 0.02, trace_decay=0.9),
                units={"step_size": 1, "meta_step_size": 1},
                power=2,
                turns=False,
            )
        ],
        valley=[SMD(1e-3, 1e-6)],
        draw=lambda dice: {
            **dice.step(),
            "meta_step_size": dice.uniform(0, 0.05),
            "trace_decay": dice.uniform(0, 0.999),
            "least_factor": dice.uniform(0, 1),
        },
        exact=True,
        runs_away=True,
    ),
    MetaOptimize: Case(
        varied=[
            MetaOptimize(0.05, 0.01),
            MetaOptimize(0.1, 0.05, beta1=0.5, beta2=0.9, eps=0.1),
            MetaOptimize(0.1, 0.1, trace_decay=0.5),
            MetaOptimize(0.1, 0.1, meta_beta1=0.2),
            MetaOptimize(0.1, 0.1, meta_beta2=0.5),
        ],
        seen=[Seen(MetaOptimize(0.05, 0.02, eps=0.0), units={}, power=1, turns=False)],
        valley=[MetaOptimize()],
        draw=lambda dice: {
            **dice.step(),
            **dice.betas(),
            "meta_step_size": dice.uniform(0, 0.1),
            "eps": dice.uniform(1e-3, 0.1),
            "trace_decay": dice.uniform(0, 0.9999),
            "meta_beta1": dice.uniform(0, 0.95),
            "meta_beta2": dice.uniform(0, 0.99),
        },
        functions=frozenset({"exp"}),
    ),
}
VARIED = [method for case in CASES.values() for method in case.varied]

STEP = [-0.1, nan, inf, "long", None, [0.1, -0.1], []]
RATE = [1.0, -0.1, nan, "high", None]
FLAG = [1, None, "yes"]
COUNT = [0, -1, 1.5, nan, True, [2, 3], None]
BAD = {
    "step_size": STEP,
    "meta_step_size": STEP,
    "momentum": [*RATE, "decreasing"],
    "trace_decay": RATE,
    "beta1": RATE,
    "beta2": RATE,
    "meta_beta1": RATE,
    "meta_beta2": RATE,
    "decay": RATE,
    "eps": STEP,
    "direction_eps": STEP,
    "eps_inside": FLAG,
    "bias_correction": FLAG,
    "multiplicative": FLAG,
    "reuse_gradient": FLAG,
    "window": COUNT,
    "planning_steps": COUNT,
    "correction_steps": [-1, 0.5, nan, None],
    "pairing": ["literal", None, 1],
    "safeguard": ["loss", True, 1],
    "variant": ["longest", None],
    "direction": ["rmsprop", None],
    "minimum": [nan, inf, "low", per_weight([0.0, 0.0])],
    "max_step": [0.0, -1.0, nan, None, per_weight([1.0, 1.0])],
    "scale": [0.0, -1.0, inf, None],
    "growth": [0.9, nan, inf],
    "factor": [0.9, nan, inf, None, per_weight([2.0, 2.0])],
    "fraction": STEP,
    "least_factor": [-0.1, 1.1, nan, None],
    "minimum_factor": [-0.1, 1.1, nan, None],
    "initial_factor": STEP,
    "forget_time": [0.0, -1.0, nan, None],
    "tau": [0.0, -1.0, inf, nan, None],
}
