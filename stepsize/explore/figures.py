"""The book's figures: one style, one colour and dash per method, the figures that recur."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb

from stepsize.explore.catalogue import METHODS, Row
from stepsize.explore.digits import rounded

__all__ = [
    "DASHES",
    "contours",
    "curve",
    "error_axes",
    "label_lines",
    "look",
    "looks",
    "path",
    "use",
]

GREY, GREEN = "#6b6b6b", "#1B8A3A"
DASHES = ["-", "--", ":", "-."]  # each further line of one colour has the next
# a window's shade: the longer it looks ahead, the darker
_WINDOWS = LinearSegmentedColormap.from_list(
    "windows", ["#F0932B", "#D55E00", "#9C2A10", "#4A0D0D"]
)


def use():
    """Switch matplotlib to the book's style."""
    plt.rcParams.update(
        {
            "figure.figsize": (6.4, 3.8),
            "figure.dpi": 100,
            "savefig.dpi": 140,
            "figure.facecolor": "white",
            "figure.constrained_layout.use": True,
            "font.size": 11,
            "axes.titlesize": 12,
            "axes.titlelocation": "left",
            "axes.titleweight": "bold",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": GREY,
            "axes.labelcolor": "#222222",
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": "#e3e3e3",
            "grid.linewidth": 0.7,
            "xtick.color": "#444444",
            "ytick.color": "#444444",
            "lines.linewidth": 1.8,
            "lines.solid_capstyle": "round",
            "legend.frameon": False,
            "legend.fontsize": 10,
            "image.cmap": "cividis",
        }
    )


def look(method):
    """Colour, dash and label of a method, or of the class of a name, as keywords for ``ax.plot``.

    One that has no row in the catalogue gets grey and its class name; Csawg's shade and label
    follow its window and its planning steps.
    """
    name = method if isinstance(method, str) else type(method).__name__
    row = METHODS.get(name, Row(name, GREY))
    colour, label = row.colour, row.label
    window = getattr(method, "window", None)
    if window is not None:
        colour = to_hex(_WINDOWS(min(np.log10(window) / 3, 1.0)))
        steps = f"-p{method.planning_steps}" if method.planning_steps > 1 else ""
        label = f"{label}{steps} K{window}"
    return {"color": colour, "ls": row.dash, "label": label}


def looks(runners):
    """Colour and dashes: each further one of a class has the next dashes, and is darker."""
    found, seen = [], []
    for method in runners:
        line, rank = look(method), seen.count(type(method))
        seen.append(type(method))
        colour = (1 - 0.25 * rank) * np.array(to_rgb(line["color"]))
        dash = DASHES[(DASHES.index(line["ls"]) + rank) % len(DASHES)]
        found.append({"color": colour, "ls": dash})
    return found


def curve(ax, trace, y="error", x="iterations", **kwargs):
    """One curve of a trace, in the method's look; where it drops to exactly zero, a mark.

    No logarithmic axis can show a zero: a dotted line leads to a triangle at the foot of the
    axes, whose limits are those set before (see :func:`error_axes`).

    Parameters
    ----------
    ax : matplotlib axes
    trace : Trace of a single run
    y : "error" or "loss"
    x : "iterations", "grad_evals" or "loss_evals"
    """
    style = {**look(trace.method), **kwargs}
    xs, ys = getattr(trace, x), getattr(trace, y)
    zero = np.argmax(ys == 0) if (ys == 0).any() else None
    (line,) = ax.plot(xs, np.where(ys > 0, ys, np.nan), **style)
    if zero:
        foot = ax.get_ylim()[0]
        mark = {"color": style["color"], "zorder": 5}
        ax.plot(xs[zero - 1 : zero + 1], [ys[zero - 1], foot], ls=":", lw=1.2, **mark)
        at_foot = ax.get_xaxis_transform()  # whatever becomes of the limits
        ax.plot(xs[zero], 0, "v", ms=7, clip_on=False, transform=at_foot, **mark)
    return line


def error_axes(ax, x="iterations", y="error", floor=1e-16):
    """Labels and a logarithmic axis for error or loss."""
    names = {
        "iterations": "iteration",
        "grad_evals": "gradient evaluations",
        "loss_evals": "loss evaluations",
        "error": r"error $\|w_k - w^\star\|$",
        "loss": r"loss $f(w_k) - f^\star$",
    }
    ax.set_yscale("log")
    ax.set_ylim(bottom=floor)
    ax.set_xlabel(names[x])
    ax.set_ylabel(names[y])
    return ax


def label_lines(ax, lines=None, gap=0.055, pad=0.015, **kwargs):
    """Write each line's label at its right end, moved apart where they would touch.

    Parameters
    ----------
    gap : float
        Least distance between two labels, in axes heights.
    """
    lines = [
        line
        for line in (lines or ax.get_lines())
        if not line.get_label().startswith("_") and np.isfinite(line.get_ydata()).any()
    ]
    x1, low_high = ax.get_xlim()[1], ax.get_ylim()
    to_axes = ax.transData + ax.transAxes.inverted()
    ends = []
    for line in lines:
        x, y = np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)
        seen = np.isfinite(x) & np.isfinite(y) & (x <= x1)
        if not seen.any():
            continue
        last = np.flatnonzero(seen)[-1]
        height = to_axes.transform((x[last], np.clip(y[last], *sorted(low_high))))[1]
        ends.append([height, to_axes.transform((x[last], y[last]))[0], line])
    ends.sort(key=lambda e: e[0])
    heights = _apart([e[0] for e in ends], gap)
    for (was, where, line), height in zip(ends, heights, strict=True):
        ax.annotate(
            line.get_label(),
            (where, was),
            xycoords="axes fraction",
            xytext=(max(where, 0.0) + pad, height),
            textcoords="axes fraction",
            color=line.get_color(),
            va="center",
            fontsize=10,
            annotation_clip=False,
            **kwargs,
        )


def _apart(values, gap):
    """Sorted values moved as little as needed to lie ``gap`` apart (isotonic regression)."""
    pools = []
    for i, v in enumerate(values):
        pools.append([v - i * gap, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            b, n = pools.pop()
            a, m = pools.pop()
            pools.append([(a * m + b * n) / (m + n), m + n])
    flat = [v for v, n in pools for _ in range(n)]
    return [v + i * gap for i, v in enumerate(flat)]


def heights(objective, xlim, ylim, points):
    """A grid, x and y, and the loss there above its least; masked where it is not finite."""
    x, y = np.meshgrid(np.linspace(*xlim, points), np.linspace(*ylim, points))
    with np.errstate(all="ignore"):
        f = np.ma.masked_invalid(objective.loss(np.stack([x, y])))
    if f.count() == 0:
        raise ValueError("the loss is not finite anywhere between xlim and ylim")
    return x, y, f - (objective.minimum if objective.minimum is not None else f.min())


def lowest(f):
    """The least of such heights that is told from zero."""
    return max(np.quantile(f.compressed(), 0.005), 1e-12)


def contours(ax, objective, xlim, ylim, levels=14, points=240):
    """Contours of a loss of two weights, equally spaced in its logarithm, and its minimizer."""
    x, y, f = heights(objective, xlim, ylim, points)
    low, high = lowest(f), f.max()
    if high > low:  # and not the same everywhere
        spaced = rounded(np.geomspace(low, high, levels))
        ax.contour(x, y, f, levels=spaced, colors="#9aa5b1", linewidths=0.7, zorder=1)
    if objective.minimizer is not None:
        ax.plot(*objective.minimizer, marker="*", ms=13, color="#111111", mec="white", zorder=6)
    ax.set(xlim=xlim, ylim=ylim, xlabel="$w_1$", ylabel="$w_2$")
    ax.grid(False)
    return ax


def path(ax, trace, every=1, **kwargs):
    """The iterates of a single run in the plane of its two weights."""
    style = {"marker": ".", "ms": 4, "lw": 0.9, **look(trace.method), "ls": "-", **kwargs}
    x, y = trace.w[::every].T
    (line,) = ax.plot(x, y, **style)
    return line
