"""The long runs of the chapter on weights that flip, in short; and facts that it states."""

import numpy as np
import pytest

from experiments import flipping as fl
from experiments import flipping_sweeps as long
from experiments import grids
from stepsize.runs import track
from stepsize.streams import WeightFlipping
from stepsize.theory import flipping_errors


@pytest.fixture(scope="module")
def rows():
    return long.long_runs(examples=4000, runs=10, after=200, tuning=(1000, 4))


def test_short_runs_repeat_the_stored_table(rows):
    stored = {(name, row["knob"]): row for name, rs in long.read().items() for row in rs}
    assert {(row["method"], row["knob"]) for row in rows} == set(stored)
    for row in rows:
        if row["method"] in ("GradientDescent", "RMSProp", "Adam", "Oracle"):  # soon stationary
            # 4,000 samples of 10 runs; the decays are chosen anew
            assert row["median"] == pytest.approx(
                stored[row["method"], row["knob"]]["median"], rel=0.12
            )


def test_rows_count_failures(rows):
    worst = next(row for row in rows if (row["method"], row["knob"]) == ("GradientDescent", 0.07))
    assert worst["worse"] == 10 and worst["low"] <= worst["median"] <= worst["high"]
    assert all(row["worse"] == 0 for row in rows if row["method"] == "Oracle")


def test_table_survives_the_file(rows, tmp_path):
    path = tmp_path / "table.csv"
    grids.write(path, rows, digits=4)
    again = [row for rs in long.read(path).values() for row in rs]
    for row, read in zip(rows, again, strict=True):
        assert read["method"] == row["method"] and read["decays"] == row["decays"]
        assert read["median"] == pytest.approx(row["median"], rel=1e-3)


@pytest.mark.parametrize("name", long.read())
def test_the_stored_sweep_begins_as_it_does_now(name):
    row = fl.best_row(name)
    now = track(fl.tuned(name), long.STREAM, 1_000, runs=int(row["runs"]), average=1_000).mse()
    assert np.median(now) == pytest.approx(row["first"], rel=1e-3)


def test_measured_sgd_and_oracle_are_the_exact_ones():
    for name, mask in (("GradientDescent", np.ones(20)), ("Oracle", 1.0 * long.RELEVANT)):
        for row in long.read()[name][:5]:
            exact = flipping_errors(long.STREAM, row["knob"] * mask).sum()
            assert row["mean"] == pytest.approx(exact, rel=0.005)


def test_oracle_moves_only_what_matters():
    trace = track(long.Oracle(0.1), long.STREAM, 50, runs=2)
    assert (trace.w[-1, 5:] == 0).all() and (trace.w[-1, :5] != 0).all()


def test_every_setting_is_tried():
    assert grids.combinations([1, 2], [3, 4, 5]).shape == (2, 6, 1)


def test_recursive_least_squares_fits_a_linear_target(monkeypatch):
    """Without flips it is exact after as many samples as inputs."""
    monkeypatch.setattr(fl, "STREAM", WeightFlipping(flip_probability=0.0))
    assert fl.recursive_least_squares(0.95, examples=1000, runs=2) < 1e-12
