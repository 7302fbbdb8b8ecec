"""What a reader drags: one object, two homes.

A notebook cell ends with an explorer. In a live notebook it is a set of widgets that call this
package, with any method and any objective. In the built page the same cell is a figure that
``kit.js`` brings to life with the twins in ``methods.js``: it needs no kernel
and no network, and everything it starts from (setting, ranges, colours) comes from here.
"""

from stepsize.extras import extra

with extra("explore"):
    import matplotlib  # noqa: F401

from stepsize.explore.catalogue import METHODS, OBJECTIVES
from stepsize.explore.explorer import Explorer
from stepsize.explore.landscape import landscape
from stepsize.explore.planning_step import planning_step
from stepsize.explore.rates import rates
from stepsize.explore.ray import ray
from stepsize.explore.sensitivity import sensitivity
from stepsize.explore.track import track
from stepsize.explore.valley import Valley, valley

__all__ = [
    "METHODS",
    "OBJECTIVES",
    "Explorer",
    "Valley",
    "landscape",
    "planning_step",
    "rates",
    "ray",
    "sensitivity",
    "track",
    "valley",
]
