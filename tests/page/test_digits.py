"""How many digits a number has, for a reader and in a file."""

import numpy as np
import pytest

from stepsize.explore.digits import number, portable, rounded


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.012345, "0.0123"),
        (465.4, "465"),
        (1.2e-9, "1.2e-9"),
        (123456.0, "123000"),
        (1e6, "1e6"),
        (-0.5, "-0.5"),
        (np.inf, "inf"),
        (None, "none"),
        ("increasing", "increasing"),
    ],
)
def test_three_for_a_reader(value, text):
    assert number(value) == text


def test_six_in_a_file_but_for_what_is_set():
    third = 1 / 3
    assert rounded({"a": [third, 7, "word"], "b": (np.float64(2e10 / 3), None, np.inf)}) == {
        "a": [0.333333, 7, "word"],
        "b": [6666670000.0, None, np.inf],
    }
    assert rounded(np.array([third]), digits=3) == [0.333]
    data = {"setting": {"x": third}, "best": third}
    assert portable(data) == {"setting": {"x": third}, "best": 0.333333}
