"""Claims about cost: what each method must remember and compute for a weight and a sample."""

from __future__ import annotations

from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path
from typing import ClassVar

import numpy as np

from experiments.grids import read
from experiments.idbd import Parts
from stepsize import methods as every
from stepsize import minimize, quadratic
from stepsize.streams import LinearSample

TABLE = Path(__file__).parents[1] / "data" / "cost.csv"
WINDOW = 10


CHANGED = {"L4": {"direction": "adam"}}  # from a method's defaults


def methods(d):
    """Every method with step sizes that are stable on d inputs of variance 1 (a few samples)."""
    values = {"step_size": 0.1 / d, "meta_step_size": 1e-9, "window": WINDOW, "minimum": 0.0}
    found = {}
    for name in every.__all__:
        cls = getattr(every, name)
        given = {f.name for f in fields(cls) if f.default is MISSING or f.name == "step_size"}
        found[name] = cls(**{key: values[key] for key in given}, **CHANGED.get(name, {}))
    return found


def samples(d, n, seed=0):
    """Linear samples with a fixed target and a little noise."""
    rng = np.random.default_rng(seed)
    target = rng.standard_normal(d) / np.sqrt(d)
    for _ in range(n):
        x = rng.standard_normal(d)
        yield x, float(x @ target) + 0.1 * float(rng.standard_normal())


def walk(method, w, state, pairs):
    """The weights and the state after learning from some samples, held as :func:`track` does."""
    with np.errstate(all="ignore"):
        for x, y in pairs:
            sample = LinearSample.unchecked(x, y)
            sample.hold(w)
            w, state = method.step(w, state, sample)
    return w, state


# ---- memory -------------------------------------------------------------------------------------


def needed(method, d=40, before=24, after=30):
    """How many numbers a weight the state must remember: those whose change changes what follows.

    What is kept only to be reported is not needed, and a number that all weights share is counted
    as none a weight.
    """
    w, rng = np.zeros(d), np.random.default_rng(1)
    pairs = list(samples(d, before + after))
    w, state = walk(method, w, method.init(w), pairs[:before])
    plain = walk(method, w, state, pairs[before:])[0]
    numbers = 0
    for name, value in state._asdict().items():
        if np.size(value) < d or np.ptp(value) == 0 or np.isnan(value).all():
            continue
        turned = state._replace(**{name: value * rng.uniform(1.1, 1.2, np.shape(value))})
        if (walk(method, w, turned, pairs[before:])[0] != plain).any():
            numbers += np.size(value) / d
    return numbers


def asked(method, steps=20):
    """Gradients, losses and curvatures a step, after as many steps to begin with."""
    bowl = quadratic(np.ones(40), minimizer=np.ones(40))
    trace = minimize(method, bowl, np.zeros(40), iterations=2 * steps, record=steps)
    counts = trace.grad_evals, trace.loss_evals, trace.curvature_evals
    return tuple(float(n[2] - n[1]) / steps for n in counts)


# ---- arithmetic ---------------------------------------------------------------------------------

SLOW = ("divide", "sqrt", "exp", "log")


class Tally(np.ndarray):
    """An array that counts what is computed with it, element by element."""

    counts: ClassVar = {"fast": 0, "slow": 0}

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **kwargs):
        plain = [np.asarray(x) if isinstance(x, Tally) else x for x in inputs]
        if out is not None:
            kwargs["out"] = tuple(np.asarray(x) for x in out)
        if "where" in kwargs:
            kwargs["where"] = np.asarray(kwargs["where"])
        result = getattr(ufunc, method)(*plain, **kwargs)
        size = max(np.size(result), *(np.size(x) for x in plain))
        Tally.counts["slow" if ufunc.__name__ in SLOW else "fast"] += size
        return result.view(Tally) if np.ndim(result) else result


@cache
def arithmetic(name, d=40, steps=40, start=20):
    """Elementwise operations a weight and a sample: (fast, slow), gradient included.

    Slow are division, root, exponential and logarithm.
    """
    method = methods(d)[name]
    pairs = [(x.view(Tally), y) for x, y in samples(d, start + steps)]
    w = np.zeros(d).view(Tally)
    w, state = walk(method, w, method.init(w), pairs[:start])
    Tally.counts.update(fast=0, slow=0)
    walk(method, w, state, pairs[start:])
    return tuple(Tally.counts[k] / (d * steps) for k in ("fast", "slow"))


# ---- time ---------------------------------------------------------------------------------------


@cache
def times():
    """Measured times as multiples of gradient descent's: method to {d: (median, low, high)}, and
    under "" what was measured with."""
    table = {"": TABLE.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")}
    for row in read(TABLE):
        values = row["ratio"], row["low"], row["high"]
        table.setdefault(row["method"], {})[int(row["d"])] = values
    return table


# ---- the claims ---------------------------------------------------------------------------------

RIVALS = ("IDBD", "RMSProp", "Adam")


def degris_cost_same():
    sizes = (40, 400)
    memory = {n: [needed(methods(d)[n], d) for d in sizes] for n in RIVALS}
    work = {n: [arithmetic(n, d) for d in sizes] for n in RIVALS}
    same_order = all(v[0] == v[1] for v in memory.values()) and all(
        np.allclose(*v, rtol=0.05) for v in work.values()
    )
    alike = len({v[0] for v in memory.values()}) == 1 == len({v[0] for v in work.values()})
    return (same_order and alike, same_order), (
        "; ".join(
            f"{n}: {memory[n][0]:g} numbers to remember and "
            f"{work[n][0][0]:.0f} + {work[n][0][1]:.0f} operations a weight"
            for n in RIVALS
        )
    )


def degris_cost_sgd():
    sizes = (40, 400)
    memory = [needed(every.IDBD(0.1 / d, 1e-6), d) for d in sizes]
    whole = [np.size(Parts(0.1, trace="matrix").init(np.zeros(d)).h) / d for d in sizes]
    work = [sum(arithmetic("IDBD", d)) for d in sizes]
    plain = sum(arithmetic("GradientDescent"))
    return memory[0] == memory[1] and np.allclose(*work, rtol=0.05) and whole[1] > 9 * whole[0], (
        f"IDBD: {memory[0]:g} and {memory[1]:g} numbers and {work[0]:.0f} and {work[1]:.0f} "
        f"operations a weight (SGD: none and {plain:.0f}); the whole derivative: {whole[0]:g} and "
        f"{whole[1]:g} numbers"
    )
