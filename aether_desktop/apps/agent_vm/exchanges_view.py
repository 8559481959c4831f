"""The tab "Model": every call of the agent to a language model, with what was sent and what was answered.

Read from the kernel when the tab comes to the front, then live; some seconds after it has gone from there they are let go.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from aether_desktop.apps.agent_vm.exchange_bodies import ExchangeDetail
from aether_desktop.apps.agent_vm.exchange_list import ExchangeList
from aether_desktop.apps.agent_vm.exchange_model import ExchangeModel
from aether_desktop.apps.agent_vm.exchanges import ExchangeLine
from aether_desktop.bridge.client import KernelClient
from aether_desktop.theme.tokens import SPACE
from aether_desktop.widgets.empty_state import EmptyState
from aether_desktop.widgets.label import ElidedLabel
from aether_desktop.widgets.shown_text import exact_line
from kernel.protocol.records import ProcessInfo

BESIDE_FROM_PX = 620
BELOW_FROM_PX = 380
LIST_PX = 300
HINT_CHARACTERS = 300
HEURISTIC = "heuristic"
KEPT_HIDDEN_MS = 10_000
"""Somebody who goes to another tab for a moment finds everything as it was."""


class ExchangesView(QWidget):
    """The list and the chosen call: beside it, below it, or in its place, as there is room."""

    def __init__(self, client: KernelClient, pid: int) -> None:
        super().__init__()
        self._info: ProcessInfo | None = None
        self._alone = False
        self._looks = False
        self._chosen = ""
        self.model = ExchangeModel(client, pid, self)
        self.list = ExchangeList(self.model, self)
        self.detail = ExchangeDetail()
        self.said = ElidedLabel("", "caption")
        self.said.setContentsMargins(SPACE.md, SPACE.sm, SPACE.md, 0)
        self._empty = EmptyState("network", "")
        self._failed = EmptyState("alert", "", action="Try again")
        self._failed.action_requested.connect(self.model.load)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE.xs)
        column.addWidget(self.said)
        column.addWidget(self.list, 1)
        self._left = left
        self.splitter = QSplitter()
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(left)
        self.splitter.addWidget(self.detail)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([LIST_PX, 2 * LIST_PX])
        self._pages = QStackedWidget()
        for page in (QWidget(), self._empty, self._failed, self.splitter):
            self._pages.addWidget(page)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._pages)
        self._connect()
        self.show_process(None)

    def show_process(self, info: ProcessInfo | None) -> None:
        """What an empty list says depends on what the agent is and did."""
        self._info = info
        self._empty.set_text(*_nothing(info))

    def showEvent(self, event: QShowEvent) -> None:
        """Read the calls when they are looked at."""
        super().showEvent(event)
        self.hidden_for.stop()
        if not self.model.loaded:
            self.model.load()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks any more."""
        super().hideEvent(event)
        self.hidden_for.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """List and call beside each other, below each other, or one of them."""
        super().resizeEvent(event)
        self._share_room()

    def _connect(self) -> None:
        self.hidden_for = QTimer(self)
        self.hidden_for.setSingleShot(True)
        self.hidden_for.setInterval(KEPT_HIDDEN_MS)
        self.hidden_for.timeout.connect(self.model.release)
        self.model.changed.connect(self._on_changed)
        self.list.chosen.connect(self._on_chosen)
        self.list.opened.connect(self._look)
        self.list.clicked.connect(lambda _index: self._look() if self._alone else None)
        self.detail.left.connect(self._go_back)
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self._find)

    def _on_changed(self) -> None:
        error = self.model.error
        count = self.model.rowCount()
        if error is not None and not self.model.loaded:
            self._failed.set_text("The calls cannot be shown", exact_line(f"{error.message} {error.hint}", HINT_CHARACTERS))
            self._show_page(self._failed)
            return
        if not self.model.loaded:
            return
        forgotten = f" · {self.model.forgotten:,} older ones are no longer kept" if self.model.forgotten else ""
        self.said.setText(f"{count:,} call{'' if count == 1 else 's'}{forgotten}")
        first = self._pages.currentWidget() is not self.splitter
        chosen = self._chosen  # a list that gets the keyboard while it is shown would choose its first row
        self._show_page(self.splitter if count else self._empty)
        if count and (first or not self.list.currentIndex().isValid()):
            row = self.model.row_of(chosen)
            if row is None:
                self.list.choose_last()
            else:
                self.list.setCurrentIndex(self.model.index(row))
            self._share_room()

    def _show_page(self, page: QWidget) -> None:
        had_keyboard = self.isAncestorOf(self.focusWidget()) if self.focusWidget() is not None else False
        self._pages.setCurrentWidget(page)
        self._aim_focus()
        if had_keyboard or self.hasFocus():
            self.setFocus()

    def _on_chosen(self, line: ExchangeLine | None) -> None:
        if line is not None:
            self._chosen = line.exchange.id
            self.detail.show_line(line)

    def _look(self) -> None:
        """Read the chosen call."""
        self._looks = True
        self._share_room()
        self.detail.look()

    def _go_back(self) -> None:
        self._looks = False
        self._share_room()
        self.list.setFocus()

    def _find(self) -> None:
        if self._pages.currentWidget() is self.splitter:
            self._looks = True
            self._share_room()
            self.detail.open_find()

    def _share_room(self) -> None:
        beside = self.width() >= BESIDE_FROM_PX
        self._alone = not beside and self.height() < BELOW_FROM_PX
        orientation = Qt.Orientation.Horizontal if beside else Qt.Orientation.Vertical
        if orientation is not self.splitter.orientation():
            self.splitter.setOrientation(orientation)
            self.splitter.setSizes([LIST_PX, 2 * LIST_PX] if beside else [LIST_PX, LIST_PX + 60])
        self._left.setVisible(not (self._alone and self._looks))
        self.detail.setVisible(not self._alone or self._looks)
        self.detail.set_alone(self._alone)
        self._aim_focus()

    def _aim_focus(self) -> None:
        shown = self._pages.currentWidget() is self.splitter
        reads = self._alone and self._looks
        self.setFocusProxy((self.detail.shown_text if reads else self.list) if shown else self._pages)


def _nothing(info: ProcessInfo | None) -> tuple[str, str]:
    """What an empty list says: the sentence and the explanation."""
    if info is not None and info.model.partition("/")[0] == HEURISTIC:
        return "No model is asked", "The built-in heuristic brain works without one: nothing goes over the network."
    if info is not None and (info.input_tokens or info.exit_code is not None):
        detail = "Calls are kept in memory until Aether ends. What this agent did before is in its timeline."
        return "No call since Aether was started", detail
    detail = "Each call appears here when its answer is complete: what was sent, what came back, and how long it took."
    if info is not None and info.step and info.agent_phase == "thinking":
        return "The first answer is not complete yet", detail
    return "This agent has not asked a model yet", detail
