"""The real processes of an agent, over the button that counts them: read when it opens and, while it is open, every two seconds."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QColor, QGuiApplication, QKeyEvent, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.fonts import mono_font
from aether_desktop.theme.tokens import SPACE, TYPE
from aether_desktop.widgets.label import Label
from aether_desktop.widgets.shown_text import exact_line, plain_tooltip
from kernel.protocol.records import ChildProcess

WIDTH_PX = 540
LEAST_WIDTH_PX = 280
ROW_PX = 24
HEAD_PX = 36
MOST_ROWS = 9
READ_AGAIN_MS = 2_000
COMMAND_CHARACTERS = 300
COLUMNS = ("PID", "Command", "CPU", "Memory", "State")
STATES = {"R": "running", "S": "sleeping", "D": "disk", "T": "stopped", "t": "traced", "Z": "ended", "X": "ended", "I": "idle"}
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class ProcessesPopover(QFrame):
    """Closes with Escape or a click beside it; arrows move, Ctrl+C copies a line."""

    wanted = Signal()
    """The list should be read now."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName("Processes of the agent")
        self.table = QTreeWidget()
        self.table.setHeaderLabels(list(COLUMNS))
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        self.table.setAllColumnsShowFocus(True)
        self.table.setAccessibleName("Processes of the agent")
        self.table.setFont(mono_font(TYPE.caption))
        self.table.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.setStyleSheet(
            f"QTreeWidget, QTreeWidget:focus {{ background: transparent; border: none; }}"
            f"QTreeWidget::item {{ height: {ROW_PX}px; padding: 0 8px; }}"
            f"QHeaderView {{ background: transparent; }} QHeaderView::section {{ background: transparent; padding: 6px 11px; }}"
        )
        header = self.table.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(56)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        for number in (0, 2, 3):
            self.table.headerItem().setTextAlignment(number, _RIGHT)
        self.said = Label("Reading…", "secondary")
        self.said.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE.sm, SPACE.xs, SPACE.sm, SPACE.sm)
        column.setSpacing(0)
        column.addWidget(self.said, 1)
        column.addWidget(self.table, 1)
        self.table.hide()
        self._corner = QPoint()
        self._again = QTimer(self)
        self._again.setInterval(READ_AGAIN_MS)
        self._again.timeout.connect(self.wanted)
        self._resize_to(1)

    def show_processes(self, children: Sequence[ChildProcess]) -> None:
        """Fill the table, the busiest first; the line that was chosen stays chosen."""
        chosen = self.table.currentItem()
        pid = chosen.text(0) if chosen is not None else ""
        place = self.table.verticalScrollBar().value()
        self.table.clear()
        for child in sorted(children, key=lambda item: (-item.cpu_percent, item.pid)):
            item = self._item(child)
            if item.text(0) == pid:
                self.table.setCurrentItem(item)
        first = self.table.topLevelItem(0)
        if first is not None and not self.table.selectedItems():
            self.table.setCurrentItem(first)
        self.table.verticalScrollBar().setValue(place)
        self.said.setText("It runs no process now.")
        self.said.setVisible(not children)
        self.table.setVisible(bool(children))
        self._resize_to(len(children))
        if children and self.isVisible():
            self.table.setFocus()

    def open_above(self, button: QWidget) -> None:
        """Show it above the button, inside of the screen; ``wanted`` says when the list should be read."""
        window = button.window()
        self.setFixedWidth(max(LEAST_WIDTH_PX, min(WIDTH_PX, window.width() - 2 * SPACE.lg)))
        self._corner = button.mapToGlobal(QPoint(button.width(), -4))
        self._place()
        self.show()
        self.setFocus()
        self._again.start()
        self.wanted.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies the chosen line."""
        item = self.table.currentItem()
        if event.matches(QKeySequence.StandardKey.Copy) and item is not None:
            QGuiApplication.clipboard().setText("  ".join(item.text(column) for column in range(len(COLUMNS))))
        elif event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Read no more."""
        self._again.stop()
        super().closeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Another theme has another ground."""
        super().changeEvent(event)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A card."""
        tokens = tokens_of(self)
        painter = QPainter(self)
        painter.setPen(QColor(tokens.line_strong))
        painter.setBrush(QColor(tokens.surface2))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _item(self, child: ChildProcess) -> QTreeWidgetItem:
        words = exact_line(child.command or child.name, COMMAND_CHARACTERS)
        state = STATES.get(child.state, exact_line(child.state, 20))
        cells = [str(child.pid), words, f"{child.cpu_percent:.0f} %", f"{child.memory_mb:,.0f} MB", state]
        item = QTreeWidgetItem(self.table, cells)
        item.setToolTip(1, plain_tooltip(words))
        item.setData(0, int(Qt.ItemDataRole.AccessibleTextRole), f"Process {cells[0]}: {', '.join(cells[1:])}")
        for column in (0, 2, 3):
            item.setTextAlignment(column, _RIGHT)
        return item

    def _resize_to(self, rows: int) -> None:
        self.setFixedHeight(HEAD_PX + ROW_PX * max(2, min(MOST_ROWS, rows)) + SPACE.md + 4)
        if self.isVisible():
            self._place()

    def _place(self) -> None:
        area = QRect(self._corner.x() - self.width(), self._corner.y() - self.height(), self.width(), self.height())
        screen = self.screen().availableGeometry()
        self.move(max(screen.left(), min(area.left(), screen.right() - area.width())), max(screen.top(), area.top()))
