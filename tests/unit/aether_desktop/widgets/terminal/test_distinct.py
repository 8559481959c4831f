"""Distinct values are numpy's own, without the time that numpy takes for its first ones."""

import subprocess
import sys

import numpy as np
import pytest

from aether_desktop.widgets.terminal.distinct import distinct

LOADS = """import sys, numpy as np
from aether_desktop.widgets.terminal.distinct import distinct
distinct(np.array([3, 1, 3], np.int64))
sys.exit("numpy.ma" in sys.modules)
"""


@pytest.mark.feature("TT01")
@pytest.mark.parametrize("kind", [np.int64, np.uint32])
@pytest.mark.parametrize("values", [[], [5], [7, 7, 7], [3, 1, 2, 3, 0, 1], list(range(50, 0, -1))])
def test_each_value_once_by_rising_size(kind: type[np.int64] | type[np.uint32], values: list[int]) -> None:
    assert distinct(np.array(values, kind)).tolist() == sorted(set(values))
    assert distinct(np.array(values, kind)).dtype == kind


@pytest.mark.feature("TT01")
def test_nothing_is_loaded_for_it() -> None:
    assert subprocess.run([sys.executable, "-c", LOADS], check=False).returncode == 0
