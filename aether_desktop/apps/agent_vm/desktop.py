"""The agent's graphical desktop as a page of its window: its screen, or why there is none, and what one can do with it."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from aether_desktop.apps.agent_vm.control_bar import ALIVE
from aether_desktop.apps.agent_vm.key_help import LEAVE_KEYS
from aether_desktop.bridge.client import KernelClient
from aether_desktop.theme.tokens import SPACE
from aether_desktop.widgets.empty_state import EmptyState
from aether_desktop.widgets.label import ElidedLabel
from aether_desktop.widgets.shown_text import exact_line
from aether_desktop.widgets.vnc.view import DesktopView
from kernel.protocol.records import ProcessInfo

USE = (
    f"Click into it to use it yourself; {LEAVE_KEYS} gives the keyboard back. "
    "A right click beside its windows opens its menu. The agent sees what you do there."
)
PAUSED = "The agent is paused: its desktop stands still, and takes no keys and no mouse."
NOT_YET = ("Its desktop is not there yet", "It shows here as soon as it has started.")
NOT_WHILE_PAUSED = ("Its desktop waits with the agent", "The agent is paused; what is on its desktop shows here when it goes on.")
PROBLEM_CHARACTERS = 400
LEAST_WITH_HINT_PX = 180


class DesktopPage(QWidget):
    """Shows the desktop of the agent ``pid`` while the page is in front."""

    def __init__(self, client: KernelClient, pid: int) -> None:
        super().__init__()
        self._lives = True
        self.view = DesktopView(lambda on_changed: client.open_desktop(pid, on_changed), self)
        self.view.told.connect(self._on_told)
        self.waiting = EmptyState("agent", *NOT_YET)
        self.problem = EmptyState("alert", "There is no picture of its desktop", "", "Look again")
        self.problem.action_requested.connect(self._look_again)
        self.gone = EmptyState("agent", "Its desktop ended with it", "What it wrote to files is under Files.")
        self.hint = ElidedLabel(USE, "caption")
        self.hint.setContentsMargins(SPACE.md, SPACE.xs, SPACE.md, SPACE.xs)
        place = QWidget()
        # All lie over each other, the view below: it follows the desktop only while it is visible itself.
        self._layers = QStackedLayout(place)
        self._layers.setStackingMode(QStackedLayout.StackingMode.StackAll)
        for layer in (self.view, self.waiting, self.problem, self.gone):
            self._layers.addWidget(layer)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(place, 1)
        column.addWidget(self.hint)
        self.setFocusProxy(self.view)
        self._on_told()

    def show_process(self, info: ProcessInfo) -> None:
        """A paused agent's desktop takes no input; that of one that has ended is gone."""
        lives = info.state in ALIVE and not info.interrupted
        paused = lives and info.state == "stopped"
        if lives and not self._lives:  # it was resumed: what is looked at is the desktop of its run before
            self.view.look_again()
            self._on_told()
        self._lives = lives
        self.view.set_taking(lives and not paused)
        self.hint.setText(PAUSED if paused else USE)
        self.waiting.set_text(*(NOT_WHILE_PAUSED if paused else NOT_YET))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """See QWidget."""
        super().resizeEvent(event)
        self._show_hint()

    def _show_hint(self) -> None:
        self.hint.setVisible(self.view.picture is not None and not self.view.problem and self.height() >= LEAST_WITH_HINT_PX)

    def _look_again(self) -> None:
        self.view.look_again()
        self.view.setFocus()
        self._on_told()

    def _on_told(self) -> None:
        """Bring what there is to the front."""
        view = self.view
        if view.ended:
            front: QWidget = self.gone
        elif view.problem:
            self.problem.set_text("There is no picture of its desktop", exact_line(view.problem, PROBLEM_CHARACTERS))
            front = self.problem
        else:
            front = view if view.picture is not None else self.waiting
        for layer in (self.waiting, self.problem, self.gone):
            layer.setVisible(layer is front)
        front.raise_()  # and not `setCurrentWidget`, which would give the keyboard away
        self._show_hint()
