"""Distinct values are numpy's own, without the time that numpy takes for its first ones."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from aether_desktop.widgets.terminal.distinct import distinct

PROJECT = Path(__file__).resolve().parents[5]
#: Paints colours, wide characters and a cluster, and says what numpy loaded for it.
LOADS = """import sys, numpy
before = set(sys.modules)
from PySide6.QtWidgets import QApplication
app = QApplication([])
from aether_desktop.theme.tokens import DARK
from aether_desktop.widgets.terminal.atlas import TileAtlas
from aether_desktop.widgets.terminal.colours import Scheme
from aether_desktop.widgets.terminal.miniature import Miniature, SmallGlyphs
from kernel.term import Terminal
terminal = Terminal(40, 4)
terminal.feed("a\\x1b[31mb\\x1b[0m\u6f22 e\u0301 \U0001f469\u200d\U0001f4bb".encode())
Miniature(TileAtlas(SmallGlyphs(1.0)), Scheme.of(DARK.terminal)).picture(terminal, budget_s=60)
print([name for name in sys.modules if name.startswith("numpy.ma") and name not in before])
"""


@pytest.mark.feature("TT01")
@pytest.mark.parametrize("kind", [np.int64, np.uint32])
@pytest.mark.parametrize("values", [[], [5], [7, 7, 7], [3, 1, 2, 3, 0, 1], list(range(50, 0, -1))])
def test_each_value_once_by_rising_size(kind: type[np.int64] | type[np.uint32], values: list[int]) -> None:
    assert distinct(np.array(values, kind)).tolist() == sorted(set(values))
    assert distinct(np.array(values, kind)).dtype == kind


@pytest.mark.feature("TT01")
def test_nothing_is_loaded_for_a_picture() -> None:
    done = subprocess.run([sys.executable, "-c", LOADS], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
