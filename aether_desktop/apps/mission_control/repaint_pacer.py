"""Spreads repaints that are not urgent over frames: a few cards a frame, each in its turn.

Fifty agents that talk at once would otherwise have every visible card painted in one frame. No timer runs while nobody waits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer

FRAME_MS: Final = 20
CARDS_A_FRAME: Final = 2


class RepaintPacer(QObject):
    """``repaint(pid)`` is called for each waiting agent; it says whether that cost anything (the card is visible)."""

    def __init__(self, repaint: Callable[[int], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._repaint = repaint
        self._waiting: dict[int, None] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self._on_frame)

    def add(self, pid: int) -> None:
        """Have an agent's card painted soon."""
        self._waiting[pid] = None
        if not self._timer.isActive():
            self._timer.start()

    def _on_frame(self) -> None:
        painted = 0
        for pid in tuple(self._waiting):
            if painted >= CARDS_A_FRAME:
                self._timer.start()
                return
            del self._waiting[pid]
            painted += self._repaint(pid)
