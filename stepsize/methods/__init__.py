"""The methods: one class each, in the notation of the paper it comes from.

A method is a frozen dataclass of hyper-parameters with ``init(w) -> state`` and
``step(w, state, oracle) -> (w, state)``. The state always has ``step_size``, the one just
used, and ``step`` never changes the ``w`` it was handed.
"""

from stepsize.methods.csawg import Csawg
from stepsize.methods.descent import GradientDescent, HeavyBall, Nesterov

__all__ = ["Csawg", "GradientDescent", "HeavyBall", "Nesterov"]
