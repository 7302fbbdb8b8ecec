"""The figures' helpers: looks, labels that do not touch, curves that show an exact zero."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from stepsize import Csawg, GradientDescent, Objective, explore, methods, minimize, quadratic
from stepsize.explore import figures
from stepsize.explore.catalogue import METHODS


@pytest.fixture(autouse=True)
def closed():
    with plt.rc_context():
        yield
    plt.close("all")


def test_every_method_has_its_own_look():
    assert set(METHODS) == set(methods.__all__)
    looks = [(row.colour, row.dash) for row in METHODS.values()]
    assert len(set(looks)) == len(looks) and {dash for _, dash in looks} <= set(figures.DASHES)
    names = [row.label for row in METHODS.values()]
    assert len(set(names)) == len(names)
    assert figures.look("Adam") == {"color": "#222222", "ls": "-", "label": "Adam"}


def test_windows_have_their_own_shade_and_name():
    looks = [figures.look(Csawg(0.1, K)) for K in (2, 5, 10, 100, 1000)]
    assert len({look["color"] for look in looks}) == 5
    assert looks[0]["label"] == "Csawg K2"
    assert figures.look(Csawg(0.1, 2, planning_steps=5))["label"] == "Csawg-p5 K2"


def test_contours_are_the_same_where_the_last_bits_are_others(monkeypatch):
    levels = []
    for noise in (0.0, 1e-13, -1e-13):
        with monkeypatch.context() as patched:
            exact = np.geomspace
            patched.setattr(np, "geomspace", lambda *given: (1 + noise) * exact(*given))  # noqa: B023
            ax = figures.contours(plt.subplots()[1], quadratic([1.0, 4.0]), (-3, 3), (-4, 2))
        levels.append(ax.collections[0].levels.tolist())
    assert levels[0] == levels[1] == levels[2] and len(levels[0]) == 14


def test_a_stranger_is_drawn_too():
    class Mine:
        pass

    assert figures.look(Mine())["label"] == "Mine"


@pytest.mark.parametrize("values", [[0.1, 0.1, 0.1], [0.0, 0.5, 0.51, 0.52, 1.0], [0.3]])
def test_labels_lie_apart_and_in_order(values):
    moved = figures._apart(values, gap=0.05)
    assert np.all(np.diff(moved) > 0.05 - 1e-12)
    assert np.mean(moved) == pytest.approx(np.mean(values))


def test_labels_that_have_room_stay():
    assert figures._apart([0.1, 0.5, 0.9], gap=0.05) == pytest.approx([0.1, 0.5, 0.9])


def test_an_exact_zero_is_marked_at_the_foot():
    ax = plt.subplots()[1]
    bowl = quadratic([1.0, 1.0])
    trace = minimize(GradientDescent(1.0), bowl, [0.25, 0.0], iterations=9)
    figures.error_axes(ax)
    figures.curve(ax, trace)
    assert trace.error[-1] == 0
    marks = [line for line in ax.get_lines() if line.get_marker() == "v"]
    assert [m.get_xdata()[0] for m in marks] == [trace.first(error=0.0)]


def test_a_loss_that_is_the_same_everywhere_has_no_contours():
    objective = Objective(lambda w: 0 * w[0] + 3, lambda w: 0 * w)
    ax = figures.contours(plt.subplots()[1], objective, (-3, 3), (-4, 2))
    assert ax.get_xlim() == (-3, 3) and len(ax.collections) == 0
    assert explore.valley([GradientDescent(0.1)], objective).html().startswith("<figure")


def test_contours_and_path_draw_what_they_say():
    ax = plt.subplots()[1]
    bowl = quadratic([1.0, 4.0], minimizer=[1.0, -2.0])
    figures.use()
    figures.contours(ax, bowl, (-3, 3), (-4, 2), points=30)
    trace = minimize(GradientDescent(0.1), bowl, [3.0, -1.0], iterations=10)
    line = figures.path(ax, trace, every=5)
    assert line.get_xdata().tolist() == trace.w[::5, 0].tolist()
    figures.label_lines(ax, [line])
    assert ax.texts[-1].get_text() == "GD"
