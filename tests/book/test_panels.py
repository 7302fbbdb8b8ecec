"""Wide figures for narrow screens: their panels are found, and what they share is kept."""

import importlib.util
import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.image import imread
from toc import ROOT

from stepsize.explore import figures

spec = importlib.util.spec_from_file_location("panels", ROOT / "book" / "_ext" / "panels.py")
panels = importlib.util.module_from_spec(spec)
spec.loader.exec_module(panels)


@pytest.fixture(autouse=True)
def style():
    with plt.rc_context():
        figures.use()
        yield
    plt.close("all")


def picture(fig):
    file = io.BytesIO()
    fig.savefig(file, dpi=100)
    file.seek(0)
    return imread(file)


def wide(columns, **options):
    fig, axes = plt.subplots(1, columns, figsize=(4.5 * columns, 4), **options)
    for ax in axes:
        ax.plot([0, 1], [0, 1], color="#0072B2", label="a line")
        ax.set(xlabel="time", ylabel="error", title="Two words")
    return fig


@pytest.mark.parametrize("columns", [2, 3])
@pytest.mark.parametrize("shared", [False, True])
def test_panels_stand_below_each_other(columns, shared):
    image = picture(wide(columns, sharey=shared))
    narrow = panels.stacked(image)
    assert len(narrow) == columns * len(image)
    assert narrow.shape[1] < 1.2 * image.shape[1] / columns
    # each has the numbers of its scale: left of its axis stands as much as left of the first
    ink = narrow.mean(axis=2) < 128
    left = [part[:, :60].sum() for part in np.split(ink, columns)]
    assert min(left) > 0.5 * max(left)


def test_a_legend_of_all_is_kept_once_and_whole():
    fig = wide(2)
    bare = panels.stacked(picture(fig))
    handles, labels = fig.axes[0].get_legend_handles_labels()
    fig.legend(3 * handles, 3 * labels, loc="outside lower center", ncols=3)
    image = picture(fig)
    narrow = panels.stacked(image)
    assert len(narrow) < 2 * len(image) == len(bare)
    last = narrow[-(2 * len(image) - len(narrow)) :]
    assert (np.ptp(last.astype(int), axis=2) > 60).any()


def test_one_panel_stays_as_it_is():
    fig, ax = plt.subplots(figsize=(7, 4))
    points = ax.scatter([0, 1], [0, 1], c=[0, 1])
    ax.set(xlabel="two words", ylabel="two words", title="Some more words than one")
    assert panels.stacked(picture(fig)) is None
    fig.colorbar(points)
    assert panels.stacked(picture(fig)) is None
