"""Changes to files that are being carried out right now, whichever window began them: found by whoever must not cut them short.

`FileWork` makes a `WorkUnderWay` for as long as it works; the shell asks before the application ends.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal


class WorkUnderWay(QObject):
    """One change to several files. Belongs to the application, so that it outlives the window that it was begun in."""

    changed = Signal()
    """``text`` is another one, or it is ``over``."""

    def __init__(self) -> None:
        super().__init__(QCoreApplication.instance())
        self.text = ""
        self.over = False

    def say(self, text: str) -> None:
        """What is being done, with how much of it is done."""
        self.text = text
        self.changed.emit()

    def end(self) -> None:
        """It is over; the object deletes itself."""
        self.setParent(None)
        self.over = True
        self.changed.emit()
        self.deleteLater()


def work_under_way() -> Sequence[WorkUnderWay]:
    """What is being carried out, the oldest first."""
    application = QCoreApplication.instance()
    found = application.findChildren(WorkUnderWay, options=Qt.FindChildOption.FindDirectChildrenOnly) if application else []
    return tuple(found)
