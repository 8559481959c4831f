"""A timer that goes off once each time it is started."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


def single_shot(owner: QObject, interval_ms: int, slot: Callable[[], object]) -> QTimer:
    """A timer, not yet started, that calls ``slot`` once after each start; it ends with ``owner``. Starting it again begins anew."""
    timer = QTimer(owner)
    timer.setSingleShot(True)
    timer.setInterval(interval_ms)
    timer.timeout.connect(slot)
    return timer
