"""What shows where there can be no desktop."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from aether_desktop.failure import failure_box
from kernel.errors import StorageError

HOSTILE = '/tmp/<img src="/etc/hostname"><a href="http://evil.example/">Repair</a>'


def test_the_name_of_a_folder_is_never_read_as_markup(qtbot: QtBot) -> None:
    box = failure_box(StorageError(f"Aether cannot write to {HOSTILE}.", f"Look at {HOSTILE}."))
    qtbot.addWidget(box)
    box.show()
    words = {label.text(): label for label in box.findChildren(QLabel) if label.text()}
    assert set(words) == {f"Aether cannot write to {HOSTILE}.", f"Look at {HOSTILE}."}
    for label in words.values():
        assert label.textFormat() is Qt.TextFormat.PlainText


def test_what_would_not_show_is_made_visible(qtbot: QtBot) -> None:
    box = failure_box(StorageError("Aether cannot write to /tmp/a\u202egpj.exe."))
    qtbot.addWidget(box)
    assert "\u202e" not in box.text()
