"""Whether the kernel is still heard of: it tells its load every few seconds, so a long silence means that it hangs or has ended.

Made by the bootstrap, which hands it every batch of events and shows what it says in the menu bar.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

SILENCE_MS = 30_000


class KernelWatch(QObject):
    """Counts the time since the last sign of life, from the first one on."""

    changed = Signal()
    """The kernel fell silent, or is heard of again."""

    def __init__(self, parent: QObject | None = None, *, silence_ms: int = SILENCE_MS) -> None:
        """``silence_ms``: after how long without a sign of life it counts as silent."""
        super().__init__(parent)
        self._silent = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(silence_ms)
        self._timer.timeout.connect(self._on_silence)

    @property
    def silent(self) -> bool:
        """Whether nothing was heard for too long; never before the first sign of life."""
        return self._silent

    def heard(self) -> None:
        """There was a sign of life."""
        self._timer.start()
        if self._silent:
            self._silent = False
            self.changed.emit()

    def _on_silence(self) -> None:
        self._silent = True
        self.changed.emit()
