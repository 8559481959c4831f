"""The window that is shown when there can be no desktop: what happened and what to do, and nothing else."""

from __future__ import annotations

import sys

from PySide6.QtWidgets import QApplication, QMessageBox

from kernel.errors import AetherError


def show_failure(error: AetherError) -> int:
    """Show the error and wait until it is read. Returns the exit code 1."""
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    box = QMessageBox(QMessageBox.Icon.Critical, "Aether", error.message)
    box.setInformativeText(error.hint)
    box.finished.connect(lambda _result: app.exit(1))
    box.open()
    return int(app.exec())  # the application's own loop, not a dialog's
