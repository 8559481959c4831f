"""Bundled files are found in a source tree and in a frozen application."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from aether_desktop.assets import resource, resources_root


def test_fonts_are_found_in_the_source_tree() -> None:
    assert resource("fonts", "Inter-Regular.otf").is_file()


def test_a_frozen_application_has_its_own_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    assert resources_root() == tmp_path / "resources"
