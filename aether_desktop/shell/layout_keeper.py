"""Saves the layout a moment after a change, and at the end; nothing before the remembered one was put in force.

The timer runs only while there is something to save. A change while it runs does not put it off: windows that change all the time,
such as those of agents at work, would keep the layout from ever being saved.
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
        self._keeping = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self.save_now)

    def load(self) -> LayoutRecord:
        """Return the kept layout; it is read once."""
        if self._saved is None:
            self._saved = self._store.load()
        return self._saved

    def begin(self) -> None:
        """From now on the windows are what is to be remembered."""
        self.load()
        self._keeping = True

    def note_change(self) -> None:
        """Save soon."""
        if self._keeping and not self._timer.isActive():
            self._timer.start()

    def save_now(self) -> None:
        """Save if the layout differs from the saved one."""
        self._timer.stop()
        if not self._keeping:
            return
        layout = self._snapshot()
        if layout != self._saved:
            self._saved = layout
            self._store.save(layout)

    def stop(self) -> None:
        """Save for the last time: closing windows after this is not remembered."""
        self.save_now()
        self._keeping = False
