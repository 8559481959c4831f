"""Recordings of xterm.js and Alacritty replay to the same screen; skipped where they are not beside the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracles import recordings

pytestmark = pytest.mark.skipif(not recordings.FOLDER.is_dir(), reason=recordings.MISSING)


@pytest.mark.feature("TT01")
@pytest.mark.parametrize("path", recordings.fixtures(), ids=lambda path: path.stem)
def test_xtermjs_fixture_shows_the_recorded_text(path: Path) -> None:
    assert recordings.fixture_difference(path) == ""


@pytest.mark.feature("TT01")
@pytest.mark.parametrize("folder", recordings.grids(), ids=lambda path: path.name)
def test_alacritty_recording_gives_the_recorded_grid(folder: Path) -> None:
    assert recordings.grid_difference(folder) == ""
