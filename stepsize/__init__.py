"""Step-size adaptation: the methods of two papers under one interface.

>>> csawg = Csawg(step_size=1e-3, window=10, planning_steps=5, correction_steps=10)
>>> trace = minimize(csawg, rosenbrock(), w0=[-1, 0], grad_evals=1000)
>>> int(trace.first(error=0.0))
80
"""

from stepsize.checks import per_weight
from stepsize.methods import *
from stepsize.methods import __all__ as _methods
from stepsize.networks import Network
from stepsize.objectives import (
    Objective,
    beale,
    camel,
    least_squares,
    logistic_regression,
    quadratic,
    rosenbrock,
)
from stepsize.runs import Recorder, StreamTrace, Trace, minimize, start, track
from stepsize.streams import LinearSample, RateTracking, Tasks, WeightFlipping

__all__ = [
    *_methods,
    "LinearSample",
    "Network",
    "Objective",
    "RateTracking",
    "Recorder",
    "StreamTrace",
    "Tasks",
    "Trace",
    "WeightFlipping",
    "beale",
    "camel",
    "least_squares",
    "logistic_regression",
    "minimize",
    "per_weight",
    "quadratic",
    "rosenbrock",
    "start",
    "track",
]
__version__ = "0.2.0"
