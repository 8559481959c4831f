"""What the menu bar says of the kernel and the agents.

``ShellStatus`` is the frozen picture; ``StatusModel`` is the Protocol of whatever knows it. ``StatusFeed`` is the plain
implementation: the bootstrap connects a store to its ``set_status``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from PySide6.QtCore import QObject, Signal, SignalInstance


class KernelState(StrEnum):
    """How the kernel is."""

    STARTING = "starting"
    READY = "ready"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class ShellStatus:
    """Counts of agents and the state of the kernel; ``kernel_detail`` says why it is as it is."""

    kernel: KernelState = KernelState.STARTING
    kernel_detail: str = ""
    needs_you: int = 0
    running: int = 0


class StatusModel(Protocol):
    """Knows the status and says when it changes."""

    @property
    def status(self) -> ShellStatus:
        """The present status."""

    @property
    def status_changed(self) -> SignalInstance:
        """Emitted with the new ``ShellStatus``."""


class StatusFeed(QObject):
    """A status model that is told its status."""

    status_changed = Signal(object)
    """Emitted with the new ``ShellStatus``."""

    def __init__(self, status: ShellStatus | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._status = status or ShellStatus()

    @property
    def status(self) -> ShellStatus:
        """The present status."""
        return self._status

    def set_status(self, status: ShellStatus) -> None:
        """Change the status; says so only if it differs."""
        if status != self._status:
            self._status = status
            self.status_changed.emit(status)
