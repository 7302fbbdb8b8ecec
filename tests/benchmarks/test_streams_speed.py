"""Time per sample online: one call for all settings and seeds against a call for each run.

The best of three over a part of the samples; nothing is asserted, since clocks differ.
"""

import time

import numpy as np

from stepsize import IDBD, Autostep, GradientDescent, RateTracking, WeightFlipping, track

SETTINGS, SEEDS, SAMPLES = 10, 30, 2000
SIZES = np.geomspace(1e-4, 3e-3, SETTINGS)


def microseconds(method, stream, runs=None):
    """Per sample, all runs together."""
    best = np.inf
    for _ in range(3):
        start = time.perf_counter()
        track(method, stream, SAMPLES, runs=runs)
        best = min(best, time.perf_counter() - start)
    return 1e6 * best / SAMPLES


print(f"{SETTINGS} settings x {SEEDS} seeds, us a sample      together  one by one  ratio")
for stream in (WeightFlipping(), RateTracking()):
    for method in (
        lambda size: GradientDescent(size),
        lambda size: IDBD(meta_step_size=size),
        lambda size: Autostep(meta_step_size=size),
    ):
        together = microseconds(method(SIZES[:, None]), stream, SEEDS)
        alone = SETTINGS * SEEDS * microseconds(method(SIZES[0]), stream)
        name = f"{type(stream).__name__}, {type(method(0.1)).__name__}"
        print(f"{name:<38}{together:>12.1f}{alone:>12.0f}{alone / together:>7.0f}")
