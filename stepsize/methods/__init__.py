"""The methods: one class each, in the notation of the paper it comes from.

A method is a frozen dataclass of hyper-parameters with ``init(w) -> state`` and
``step(w, state, oracle) -> (w, state)``. The state is a named tuple that always has ``step_size``,
the one just used. ``step`` is pure: it changes nothing that it was handed, and the state keeps no
array that others may write to later, so that the same ``(w, state)`` gives the same step again.
"""

from stepsize.methods.barzilai_borwein import BarzilaiBorwein
from stepsize.methods.csawg import Csawg
from stepsize.methods.descent import GradientDescent, HeavyBall, Nesterov
from stepsize.methods.hybrid import NormalizedMetaIDBD
from stepsize.methods.hypergradient import AdamHD, HypergradientDescent
from stepsize.methods.idbd import IDBD, Autostep
from stepsize.methods.l4 import L4
from stepsize.methods.lossgrad import LossGrad
from stepsize.methods.meta_descent import SMD, MetaOptimize
from stepsize.methods.normalization import AdaGrad, Adam, RMSProp
from stepsize.methods.polyak import Polyak, StochasticPolyak

__all__ = [
    "IDBD",
    "L4",
    "SMD",
    "AdaGrad",
    "Adam",
    "AdamHD",
    "Autostep",
    "BarzilaiBorwein",
    "Csawg",
    "GradientDescent",
    "HeavyBall",
    "HypergradientDescent",
    "LossGrad",
    "MetaOptimize",
    "Nesterov",
    "NormalizedMetaIDBD",
    "Polyak",
    "RMSProp",
    "StochasticPolyak",
]
