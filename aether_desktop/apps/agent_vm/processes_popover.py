"""The real processes of an agent, over the button that counts them: read when it opens."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from aether_desktop.stores.reducers.shown_text import one_line, visible
from aether_desktop.theme.fonts import mono_font
from aether_desktop.theme.tokens import SPACE, TYPE
from aether_desktop.widgets.label import Label
from kernel.protocol.records import ChildProcess

WIDTH_PX = 520
HEIGHT_PX = 240
COLUMNS = ("PID", "Command", "CPU", "Memory", "State")
COMMAND_CHARACTERS = 300


class ProcessesPopover(QFrame):
    """Closes with Escape or a click beside it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.table = QTreeWidget()
        self.table.setHeaderLabels(list(COLUMNS))
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        self.table.setAccessibleName("Processes of the agent")
        self.table.setFont(mono_font(TYPE.caption))
        header = self.table.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.said = Label("Reading…", "secondary")
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE.sm, SPACE.sm, SPACE.sm, SPACE.sm)
        column.addWidget(self.said)
        column.addWidget(self.table, 1)
        self.resize(WIDTH_PX, HEIGHT_PX)

    def show_processes(self, children: Sequence[ChildProcess]) -> None:
        """Fill the table; the busiest first."""
        self.table.clear()
        for child in sorted(children, key=lambda item: -item.cpu_percent):
            words = one_line(visible(child.command or child.name), COMMAND_CHARACTERS)
            cells = [str(child.pid), words, f"{child.cpu_percent:.0f} %", f"{child.memory_mb:.0f} MB", child.state]
            item = QTreeWidgetItem(self.table, cells)
            item.setToolTip(1, words)
        self.said.setText("It runs no process now." if not children else "")
        self.said.setVisible(not children)
        self.table.setVisible(bool(children))

    def open_above(self, button: QWidget) -> None:
        """Show it above the button, inside of the screen."""
        corner = button.mapToGlobal(QPoint(button.width() - self.width(), -self.height() - 4))
        screen = button.screen().availableGeometry()
        self.move(max(screen.left(), corner.x()), max(screen.top(), corner.y()))
        self.show()
        self.table.setFocus()
