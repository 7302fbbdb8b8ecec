"""Any method of this package on a PyTorch model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from typing import Any

import numpy as np

from stepsize.checks import able, answer
from stepsize.extras import extra
from stepsize.objectives import quadratic

with extra("torch"):
    import torch

__all__ = ["Optimizer"]


class Optimizer(torch.optim.Optimizer):
    """A method of this package as an optimizer of PyTorch.

    Parameters
    ----------
    params : iterable of tensors or of dicts
        The parameters, or groups of them. The weights of a group are one vector, and a group may
        have its own ``lr`` and hyper-parameters.
    method : GradientDescent, Adam, L4, Csawg, ...
        It runs in NumPy, in the precision of the parameters.
    curvature : callable
        For methods that need it, such as IDBD: ``curvature(params)`` gives the diagonal of the
        Hessian, or what stands for it, as a tensor for each of a group's parameters.
    hvp : callable
        For methods that need it, such as SMD: ``hvp(params, v)`` gives the Hessian times ``v``,
        which is a tensor for each parameter, likewise.

    Notes
    -----
    ``lr`` is the method's step size; where the method has none, or learns it from a first one,
    changes of ``lr`` multiply the step. ``step()`` serves methods that ask for one gradient. Others
    need ``step(closure)``, and the closure zeroes the gradients, calls ``backward`` and returns the
    loss. All groups step from one common point.

    Examples
    --------
    >>> x = torch.tensor([3.0, -1.0], requires_grad=True)
    >>> optimizer = Optimizer([x], Polyak(minimum=0.0))
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = (x[0] - 1) ** 2 / 2 + 2 * (x[1] + 2) ** 2
    ...     loss.backward()
    ...     return loss
    >>> loss = optimizer.step(closure)
    >>> loss.item(), x.tolist()
    (4.0, [2.5999..., -1.7999...])
    """

    kind = reads = None  # of state, and whether a step takes its size from the method: found out

    def __init__(
        self,
        params: Iterable,
        method: Any,
        curvature: Callable[[list], Iterable] | None = None,
        hvp: Callable[[list, list], Iterable] | None = None,
    ) -> None:
        able("method", method, "a method such as Adam(1e-3)", "init", "step")
        self.method, self.curvature, self.hvp = method, curvature, hvp
        values = plain_fields(method)
        super().__init__(params, {"lr": values.get("step_size", 1.0), **values})

    def __getstate__(self) -> dict:
        own = {name: getattr(self, name) for name in ("method", "curvature", "hvp")}
        return {**super().__getstate__(), **own}

    def add_param_group(self, param_group: dict) -> None:
        known = {"params", "param_names", "lr", *plain_fields(self.method)} - {"step_size"}
        if not set(param_group) <= known:
            odd = sorted(set(param_group) - known)
            raise ValueError(f"a group may have {', '.join(sorted(known))}, got {odd}")
        if "step_size" in self.defaults and "lr" in param_group:
            param_group["step_size"] = param_group["lr"]  # the first one
        super().add_param_group(param_group)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take a step, and return the loss where it began if there is a closure."""
        closure = None if closure is None else torch.enable_grad()(closure)
        loss = None if closure is None else closure()
        groups = [g for g in self.param_groups if any(p.grad is not None for p in g["params"])]
        more = {"curvature": self.curvature, "hvp": self.hvp}
        points = [Point(group["params"], closure, loss, more) for group in groups]
        ends = []
        for group, point in zip(groups, points):
            try:
                ends.append(self._end(group, point))
            finally:  # the next group, or another try, asks the closure from where this one began
                point.move(point.w)
        for point, (w, kept, state) in zip(points, ends):
            point.move(w)
            kept["state"] = state
        return loss

    def _end(self, group, point):
        """Where a group's step ends, and what is kept of it where."""
        w, kept = point.w, self.state[max(point.params, key=lambda p: p.dtype.itemsize)]
        values = {name: group[name] for name in plain_fields(self.method)}
        method, first = replace(self.method, **values), values.get("step_size", 1.0)
        scale = group["lr"] / first if first else 1.0
        with np.errstate(all="ignore"):
            if self.kind is None or "state" not in kept:
                state = method.init(w)
                self.kind = type(state)
                self.reads = "step_size" in values and reads_step_size(method, w, state)
            if "state" in kept:
                state = self.kind(*each(kept["state"], array))
            if self.reads:
                method, scale = replace(method, step_size=group["lr"]), 1.0
            end, state = method.step(w, state, point)
        end = end if scale == 1.0 else w + w.dtype.type(scale) * (end - w)
        return end, kept, each(state, tensor)


def plain_fields(method):
    """The hyper-parameters that a group may have of its own: those that are no arrays."""
    values = {field.name: getattr(method, field.name) for field in fields(method)}
    return {k: v for k, v in values.items() if v is None or isinstance(v, (int, float, str))}


def reads_step_size(method, w, state):
    """Whether a step takes its size from the method, and not from what has been learned."""
    bowl, one = quadratic(np.ones(len(w))), np.ones_like(w)
    a, b = (replace(method, step_size=s).step(one, state, bowl)[0] for s in (0.25, 0.5))
    return (a != b).any()


class Point:
    """What is known of a group's parameters where a step begins; elsewhere the closure is asked."""

    def __init__(self, params, closure, loss, more):
        self.params, self.closure, self.more = params, closure, more
        self.w = self.here = flat(params)
        self.first = self.latest = self.w, loss, self.gradient()

    def gradient(self):
        return flat(torch.zeros_like(p) if p.grad is None else p.grad for p in self.params)

    def move(self, w):
        if w is not self.here:
            for p, part in zip(self.params, self.parts(w)):
                p.copy_(part)
            self.here = w

    def parts(self, w):
        """A tensor of the shape of each parameter."""
        parts = torch.from_numpy(w).split([p.numel() for p in self.params])
        return [part.view_as(p).to(p) for p, part in zip(self.params, parts)]

    def at(self, w, what):
        if self.closure is None and (w is not self.w or what == "the loss"):
            raise ValueError(
                f"the method asks for {what}: call step(closure), with a closure that zeroes the "
                "gradients, calls backward and returns the loss"
            )
        if w is not self.w and w is not self.latest[0]:
            self.move(w)
            self.latest = w, self.closure(), self.gradient()
        return self.first if w is self.w else self.latest

    def loss(self, w):
        loss = self.at(w, "the loss")[1]
        loss = loss.item() if isinstance(loss, torch.Tensor) else loss
        return answer("closure", loss, (), dtype=self.w.dtype)

    def grad(self, w):
        return self.at(w, "more than one gradient")[2]

    def curvature(self, w):
        return self.ask("curvature", w)

    def hvp(self, w, v):
        return self.ask("hvp", w, self.parts(v))

    def ask(self, name, w, *v):
        if self.more[name] is None:
            raise ValueError(f"the method asks for its {name}: give Optimizer a {name}=")
        self.move(w)
        with torch.enable_grad():
            value = flat(self.more[name](self.params, *v))
        return answer(name, value, self.w.shape, dtype=self.w.dtype)


def flat(tensors):
    """One vector of many tensors."""
    return torch.cat([t.detach().reshape(-1) for t in tensors]).cpu().numpy()


def each(x, turn):
    """A state in plain tuples, its leaves turned."""
    return tuple(each(part, turn) for part in x) if isinstance(x, tuple) else turn(x)


def tensor(x):
    return torch.from_numpy(np.array(x)) if isinstance(x, (np.ndarray, np.generic)) else x


def array(x):
    return x.cpu().numpy()[()] if isinstance(x, torch.Tensor) else x
