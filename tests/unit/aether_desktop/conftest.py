"""What tests of the desktop share: no window outlives its test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication


@pytest.fixture(autouse=True)
def no_window_stays() -> Iterator[None]:
    """Windows that a test left open go with it: each one would be styled anew with every theme of the tests after it."""
    yield
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        return
    for window in application.topLevelWidgets():
        if window.parent() is None:
            window.close()
            window.deleteLater()
    application.sendPostedEvents(None, QEvent.Type.DeferredDelete)
