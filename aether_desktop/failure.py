"""The window that is shown when there can be no desktop: what happened and what to do, and nothing else."""

from __future__ import annotations

import sys

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMessageBox

from aether_desktop.widgets.shown_text import visible
from kernel.errors import AetherError


def show_failure(error: AetherError) -> int:
    """Show the error and wait until it is read. Returns the exit code 1."""
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    box = failure_box(error)
    box.finished.connect(lambda _result: app.exit(1))
    box.open()
    return int(app.exec())  # the application's own loop, not a dialog's


def failure_box(error: AetherError) -> QMessageBox:
    """The error in a box, not yet open. Its words hold names of folders: they are shown as they are, never read as HTML."""
    box = QMessageBox()
    box.setIcon(QMessageBox.Icon.Critical)
    box.setWindowTitle("Aether")
    # Before the words: without it Qt guesses, and reads what looks like HTML as HTML, links and pictures included.
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(visible(error.message))
    box.setInformativeText(visible(error.hint))
    return box
