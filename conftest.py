"""The names that every docstring's example may use."""

import numpy as np
import pytest

import stepsize


@pytest.fixture(autouse=True)
def public_names(doctest_namespace):
    doctest_namespace["np"] = np
    doctest_namespace.update((name, getattr(stepsize, name)) for name in stepsize.__all__)
