"""The names that every docstring's example may use."""

import numpy as np
import pytest

import stepsize
import stepsize.explore  # before its parts, which are parts of it alone


@pytest.fixture(autouse=True)
def public_names(doctest_namespace):
    doctest_namespace["np"] = np
    doctest_namespace.update((name, getattr(stepsize, name)) for name in stepsize.__all__)
