"""Whether and how long things move.

The person's wish for less motion is kept as a property of the QApplication, as the palette is, so that any widget can
read it without being handed a manager. Written by ``ThemeManager`` alone.
"""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEasingCurve

_PROPERTY = "aether_reduced_motion"

EASING = QEasingCurve.Type.OutCubic


def set_reduced_motion(reduced: bool) -> None:
    """Turn all motion of the desktop off (True) or on (False)."""
    application = QCoreApplication.instance()
    if application is not None:
        application.setProperty(_PROPERTY, reduced)


def motion_reduced() -> bool:
    """Return True where nothing should move."""
    application = QCoreApplication.instance()
    return application is None or bool(application.property(_PROPERTY))


def duration_ms(wanted_ms: int) -> int:
    """Return ``wanted_ms``, or 0 where motion is off; a Qt animation of 0 ms jumps to its end at once."""
    return 0 if motion_reduced() else wanted_ms
