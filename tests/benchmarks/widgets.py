"""What an event of the live widgets costs: a control is moved, the answer computed and drawn.

Medians over about 20 stops of one slider, in milliseconds of the processor and of the clock. The
ratio is to the bare computation, without any picture: the runs and the words of the same settings.
Nothing is asserted, since clocks differ. In a kernel the work of an event is cut into parts; the
longest one is what a reader may have to wait for before something else is attended to.
"""

import asyncio
import statistics
import time

from experiments.papers import PUBLISHED
from stepsize import explore, minimize
from stepsize.explore import samples
from stepsize.explore.live import LiveSteps, LiveValley
from stepsize.explore.track import tuned

EVENTS = 20


def milliseconds(call, arguments):
    """Medians of the processor's time and of the clock's; the first call warms up."""
    spent = []
    for argument in arguments:
        cpu, wall = time.process_time(), time.perf_counter()
        call(argument)
        spent.append((time.process_time() - cpu, time.perf_counter() - wall))
    return [1e3 * statistics.median(column) for column in zip(*spent[1:], strict=True)]


def forget():
    for cached in (samples.draw, tuned, samples.normals):
        cached.cache_clear()


def stops(control):
    """What the slider comes by, to either side of where it stands."""
    if hasattr(control, "options"):
        values = [stop for _, stop in control.options]
    else:
        values = list(range(control.min, control.max + 1))
    middle = values.index(control.value)
    return [v for v in values[max(0, middle - EVENTS // 2) :] if v != control.value][: EVENTS + 1]


def longest(live, control, values):
    """The median of the longest part of an event, where a loop runs."""
    parts, go_on = [], live.go_on

    def timed(*args):
        start = time.perf_counter()
        go_on(*args)
        parts[-1].append(1e3 * (time.perf_counter() - start))

    live.go_on = timed

    async def kernel():
        for value in values:
            parts.append([])
            control.value = value
            while live.working:
                await asyncio.sleep(0)

    asyncio.run(kernel())
    del live.go_on
    return statistics.median(map(max, parts[1:]))


def steps(explorer, name):
    live = LiveSteps(explorer)
    control = live.controls[name]
    values = stops(control)
    forget()
    event = milliseconds(lambda value: setattr(control, "value", value), values)
    forget()
    bare = milliseconds(lambda value: explorer.replaced(**{name: value}).lines(), values)
    forget()
    return *event, longest(live, control, values), bare[0]


def valley(grad_evals, name):
    explorer = explore.valley(**{**PUBLISHED["Fig. 7a"], "grad_evals": grad_evals})
    live = LiveValley(explorer)
    slider = live.controls["x"] if name == "x" else live.slots[2][name]
    values = [k / 100 for k in range(-90, -69)] if name == "x" else stops(slider)
    event = milliseconds(lambda value: setattr(slider, "value", value), values)
    methods = live.methods if name == "x" else live.methods[2:3]

    def compute(_):
        for method in methods:
            minimize(method, live.objective, [-0.8, 0.0], grad_evals=grad_evals)

    return *event, event[1], milliseconds(compute, values)[0]


CASES = {
    "valley, 4 methods, 1,000 evaluations: step size": lambda: valley(1000, "step_size"),
    "valley, 4 methods, 1,000 evaluations: start": lambda: valley(1000, "x"),
    "valley, 4 methods, 2,000 evaluations: step size": lambda: valley(2000, "step_size"),
    "valley, 4 methods, 2,000 evaluations: start": lambda: valley(2000, "x"),
    "planning step: gradient evaluation": lambda: steps(explore.planning_step(), "at"),
    "planning step: step size": lambda: steps(explore.planning_step(), "step_size"),
    "rates: momentum": lambda: steps(explore.rates(), "momentum"),
    "ray: step size": lambda: steps(explore.ray(), "step_size"),
    "ray: point": lambda: steps(explore.ray(), "x"),
    "track, IDBD, 4,000 examples: meta step size": lambda: steps(explore.track(), "meta_step_size"),
    "track, IDBD, 4,000 examples: scale": lambda: steps(explore.track(), "scale"),
    "track, IDBD, 4,000 examples: seed": lambda: steps(explore.track(), "seed"),
    "track, Autostep, 4,000 examples: meta step size": lambda: steps(
        explore.track("Autostep"), "meta_step_size"
    ),
    "sensitivity: step size": lambda: steps(explore.sensitivity(), "value"),
    "landscape: start": lambda: steps(explore.landscape(), "alpha_1"),
}

if __name__ == "__main__":
    print(f"{'median of an event, ms':<50}   CPU  wall  longest part  bare CPU  ratio")
    for case, measure in CASES.items():
        cpu, wall, part, bare = measure()
        print(f"{case:<50}{cpu:>6.0f}{wall:>6.0f}{part:>14.0f}{bare:>10.1f}{cpu / bare:>7.1f}")
