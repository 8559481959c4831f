"""Saves the layout a moment after it last changed, and at the end.

The timer runs only while there is something to save.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from aether_desktop.shell.layout import LayoutRecord, LayoutStore

_DELAY_MS = 800


class LayoutKeeper(QObject):
    """Between whoever knows the layout and whatever keeps it."""

    def __init__(self, store: LayoutStore, snapshot: Callable[[], LayoutRecord], parent: QObject) -> None:
        """``snapshot`` returns the present layout."""
        super().__init__(parent)
        self._store = store
        self._snapshot = snapshot
        self._saved: LayoutRecord | None = None
        self._suspended = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self.save_now)

    def load(self) -> LayoutRecord:
        """Return the kept layout."""
        self._saved = self._store.load()
        return self._saved

    def note_change(self) -> None:
        """Save soon."""
        if not self._suspended:
            self._timer.start()

    def save_now(self) -> None:
        """Save if the layout differs from the saved one."""
        self._timer.stop()
        layout = self._snapshot()
        if not self._suspended and layout != self._saved:
            self._saved = layout
            self._store.save(layout)

    def stop(self) -> None:
        """Save for the last time: closing windows after this is not remembered."""
        self.save_now()
        self._suspended = True
        self._timer.stop()
