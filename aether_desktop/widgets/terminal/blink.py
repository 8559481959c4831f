"""The beat of a view's cursor and of blinking text. It rests when nobody types, so that an idle window sleeps."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

INTERVAL_MS = 530
MOST_CHANGES = 40


class Blink(QObject):
    """Says when what blinks shows and when not."""

    changed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._off = False
        self._changes = 0
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self._beat)

    @property
    def off(self) -> bool:
        """Whether what blinks is hidden now."""
        return self._off

    def restart(self, *, active: bool) -> None:
        """Show, and go on from there; active: blink at all."""
        self._changes = 0
        if active:
            self._timer.start()
        else:
            self._timer.stop()
        if self._off:
            self._off = False
            self.changed.emit()

    def stop(self) -> None:
        """Show, and rest."""
        self.restart(active=False)

    def _beat(self) -> None:
        self._changes += 1
        if self._changes >= MOST_CHANGES and self._off:
            self.stop()
            return
        self._off = not self._off
        self.changed.emit()
