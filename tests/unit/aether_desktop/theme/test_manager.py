"""A change of theme reaches palette, style sheet and painting code; motion can be turned off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from aether_desktop.theme import motion
from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.manager import ThemeChoice, ThemeManager, system_prefers_dark, system_reduces_motion
from aether_desktop.theme.tokens import DARK, LIGHT


@pytest.fixture
def manager(qapp: QApplication, tmp_path: Path) -> Iterator[ThemeManager]:
    theme = ThemeManager(qapp, ThemeChoice.DARK, reduced_motion=True, home=tmp_path)
    yield theme
    theme.choose(ThemeChoice.DARK)
    theme.setParent(None)


@pytest.mark.feature("DS11")
def test_a_change_of_theme_is_seen_by_painting_code_and_palette(manager: ThemeManager, qtbot: QtBot) -> None:
    label = QLabel("text")
    label.setStyleSheet("background: transparent")
    qtbot.addWidget(label)
    seen: list[object] = []
    manager.theme_changed.connect(seen.append)

    manager.choose(ThemeChoice.LIGHT)

    assert seen == [LIGHT]
    assert tokens_of(label) is LIGHT
    assert QApplication.palette().color(QPalette.ColorRole.Text).name() == LIGHT.text1
    assert LIGHT.surface2 in QApplication.instance().styleSheet()  # type: ignore[union-attr] # the fixture made it


def test_choosing_the_same_theme_again_says_nothing(manager: ThemeManager) -> None:
    seen: list[object] = []
    manager.theme_changed.connect(seen.append)
    manager.choose(ThemeChoice.DARK)
    assert seen == []


def test_toggle_goes_there_and_back(manager: ThemeManager) -> None:
    manager.toggle()
    assert manager.tokens is LIGHT
    manager.toggle()
    assert manager.tokens is DARK


def test_motion_is_off_where_the_person_wants_less(manager: ThemeManager) -> None:
    manager.set_reduced_motion(True)
    assert manager.reduced_motion
    assert motion.duration_ms(160) == 0
    manager.set_reduced_motion(False)
    assert motion.duration_ms(160) == 160
    manager.set_reduced_motion(True)


@pytest.mark.parametrize(
    ("text", "dark", "still"),
    [
        ("[Settings]\ngtk-enable-animations=0\ngtk-application-prefer-dark-theme=0\n", False, True),
        ("[Settings]\ngtk-enable-animations=1\ngtk-application-prefer-dark-theme=1\n", True, False),
        ("not an ini file", True, False),
        ("[Settings]\n[Settings]\ngtk-enable-animations = false", True, True),
    ],
)
def test_the_systems_wishes_are_read(tmp_path: Path, text: str, dark: bool, still: bool) -> None:
    settings = tmp_path / ".config" / "gtk-3.0" / "settings.ini"
    settings.parent.mkdir(parents=True)
    settings.write_text(text)
    assert system_prefers_dark(tmp_path) is dark
    assert system_reduces_motion(tmp_path) is still


def test_without_settings_of_the_system_it_is_dark_and_moves(tmp_path: Path) -> None:
    assert system_prefers_dark(tmp_path)
    assert not system_reduces_motion(tmp_path)
