"""The tabs of shells: moved by dragging, closed with the middle button, renamed by a double click, with dots for what was missed.

It knows nothing of shells; the terminal app and the agent's window listen to it.
"""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QMouseEvent, QPainter, QPixmap
from PySide6.QtWidgets import QLineEdit, QTabBar, QWidget

from aether_desktop.theme.current import tokens_of
from aether_desktop.widgets.button import IconButton

DOT_PX = 8
WIDEST_PX = 220
NARROWEST_PX = 112
MOST_NAME_CHARS = 60


class Missed(Enum):
    """What happened in a tab while another one showed."""

    NOTHING = ""
    OUTPUT = "new output"
    BELL = "the bell rang"


class ShellTabBar(QTabBar):
    """Says what the person wants with a tab."""

    close_wanted = Signal(int)
    renamed = Signal(int, str)
    """A tab's new name; "" takes the program's title again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor: QLineEdit | None = None
        self.setMovable(True)
        self.setExpanding(False)
        self.setDrawBase(False)
        self.setElideMode(Qt.TextElideMode.ElideRight)
        self.setIconSize(QSize(DOT_PX, DOT_PX))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Shells")

    def show_missed(self, index: int, missed: Missed) -> None:
        """Mark what happened in a tab."""
        tokens = tokens_of(self)
        colours = {Missed.OUTPUT: tokens.accent, Missed.BELL: tokens.phase("waiting").mark}
        self.setTabIcon(index, _dot(QColor(colours[missed])) if missed in colours else QIcon())
        name = self.tabText(index).replace("&&", "&")
        self.setAccessibleTabName(index, f"{name}, {missed.value}" if missed.value else name)

    def edit_name(self, index: int) -> None:
        """Let the person type another name."""
        self._finish_edit(keep=False)
        self._editor = editor = QLineEdit(self.tabText(index).replace("&&", "&"), self)
        editor.setAccessibleName("Name of the tab")
        editor.setMaxLength(MOST_NAME_CHARS)
        editor.setProperty("tab", index)
        editor.setGeometry(self.tabRect(index).adjusted(2, 2, -2, -2))
        editor.setStyleSheet("padding: 0 6px; min-height: 0;")
        editor.selectAll()
        editor.returnPressed.connect(lambda: self._finish_edit(keep=True))
        editor.installEventFilter(self)
        editor.show()
        editor.setFocus()

    def tabInserted(self, index: int) -> None:
        """Each tab has a button to close it."""
        super().tabInserted(index)
        button = IconButton("close", "Close tab", shortcut="Ctrl+Shift+W", size_px=20, parent=self)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda: self._on_close_button(button))
        self.setTabButton(index, QTabBar.ButtonPosition.RightSide, button)

    def tabSizeHint(self, index: int) -> QSize:
        """As wide as its title, within bounds."""
        hint = super().tabSizeHint(index)
        return QSize(max(NARROWEST_PX, min(WIDEST_PX, hint.width())), hint.height())

    def minimumTabSizeHint(self, index: int) -> QSize:
        """Room for an ellipsis and the button."""
        return QSize(NARROWEST_PX, super().minimumTabSizeHint(index).height())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The middle button closes."""
        index = self.tabAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.MiddleButton and index >= 0:
            self.close_wanted.emit(index)
            return
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Rename."""
        index = self.tabAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and index >= 0:
            self.edit_name(index)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Escape leaves the name as it was; going elsewhere keeps what was typed."""
        if watched is self._editor:
            if event.type() is QEvent.Type.ShortcutOverride:
                event.accept()
            elif event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
                self._finish_edit(keep=False)
                return True
            elif event.type() is QEvent.Type.FocusOut:
                self._finish_edit(keep=True)
        return False

    def _finish_edit(self, *, keep: bool) -> None:
        editor, self._editor = self._editor, None
        if editor is None:
            return
        index, name = editor.property("tab"), editor.text().strip()
        editor.removeEventFilter(self)
        editor.hide()
        editor.deleteLater()
        if keep and index < self.count() and name != self.tabText(index).replace("&&", "&"):
            self.renamed.emit(index, name)

    def _on_close_button(self, button: IconButton) -> None:
        for index in range(self.count()):
            if self.tabButton(index, QTabBar.ButtonPosition.RightSide) is button:
                self.close_wanted.emit(index)
                return


def _dot(colour: QColor) -> QIcon:
    pixmap = QPixmap(2 * DOT_PX, 2 * DOT_PX)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(QRectF(1, 1, DOT_PX - 2, DOT_PX - 2))
    painter.end()
    return QIcon(pixmap)
