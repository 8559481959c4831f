"""The real processes of an agent, over the button that counts them: read when it opens and, while it is open, every two seconds."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from aether_desktop.theme.fonts import mono_font
from aether_desktop.theme.tokens import SPACE, TYPE
from aether_desktop.widgets.label import Label
from aether_desktop.widgets.popover import SHADOW_PX, Popover, widest
from aether_desktop.widgets.shown_text import exact_line, plain_tooltip
from kernel.protocol.records import ChildProcess

WIDTH_PX = 540
LEAST_WIDTH_PX = 280
CELL_PADDING_PX = 18
ROW_PX = 24
HEAD_PX = 36
MOST_ROWS = 9
READ_AGAIN_MS = 2_000
COMMAND_CHARACTERS = 300
COLUMNS = ("PID", "Command", "CPU", "Memory", "State")
STATES = {"R": "running", "S": "sleeping", "D": "disk", "T": "stopped", "t": "traced", "Z": "ended", "X": "ended", "I": "idle"}
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class ProcessesPopover(Popover):
    """Closes with Escape or a click beside it; arrows move, Ctrl+C copies a line."""

    wanted = Signal()
    """The list should be read now."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._most_wide = WIDTH_PX + 2 * SHADOW_PX
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
            f"QTreeWidget::item:selected {{ background: palette(highlight); color: palette(highlighted-text); border: none; }}"
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
        self._again = QTimer(self)
        self._again.setInterval(READ_AGAIN_MS)
        self._again.timeout.connect(self.wanted)
        self._fit(())

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
        self._fit(children)
        if children and self.isVisible():
            self.table.setFocus()

    def open_above(self, button: QWidget) -> None:
        """Show it above the button, inside of the screen; ``wanted`` says when the list should be read."""
        self._most_wide = max(LEAST_WIDTH_PX, min(WIDTH_PX + 2 * SHADOW_PX, widest(button.window())))
        self._fit(())
        super().open_above(button)
        self._again.start()
        self.wanted.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies the chosen line."""
        item = self.table.currentItem()
        if event.matches(QKeySequence.StandardKey.Copy) and item is not None:
            QGuiApplication.clipboard().setText("  ".join(item.text(column) for column in range(len(COLUMNS))))
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Read no more."""
        self._again.stop()
        super().closeEvent(event)

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

    def _fit(self, children: Sequence[ChildProcess]) -> None:
        """As wide as its longest line and as high as its lines, within bounds; it grows and never shrinks while it is open."""
        rows = max(2, min(MOST_ROWS, len(children)))
        metrics = QFontMetrics(self.table.font())
        longest = max((metrics.horizontalAdvance(child.command or child.name) for child in children), default=0)
        header = self.table.header()
        others = sum(header.sectionSizeHint(column) for column in range(len(COLUMNS)) if column != 1) if children else 0
        others = max(others, sum(self.table.sizeHintForColumn(column) for column in range(len(COLUMNS)) if column != 1))
        wanted = longest + CELL_PADDING_PX + others + 2 * SPACE.sm + 2 * SHADOW_PX
        least = self.width() if self.isVisible() else LEAST_WIDTH_PX
        self.setFixedWidth(min(self._most_wide, max(least, LEAST_WIDTH_PX, wanted)))
        self.setFixedHeight(HEAD_PX + ROW_PX * rows + SPACE.md + 4 + 2 * SHADOW_PX)
        if self.isVisible():
            self.place()
