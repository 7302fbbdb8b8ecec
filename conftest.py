"""The names that every docstring's example may use."""

from importlib.util import find_spec

import numpy as np
import pytest

import stepsize

collect_ignore = [] if find_spec("torch") else ["stepsize/torch.py"]


@pytest.fixture(autouse=True)
def public_names(doctest_namespace):
    doctest_namespace["np"] = np
    doctest_namespace.update((name, getattr(stepsize, name)) for name in stepsize.__all__)
