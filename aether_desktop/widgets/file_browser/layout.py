"""The parts of the file browser and their places: path, search, list, text, and the line that says how much there is."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QHeaderView, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.tokens import SPACE
from aether_desktop.widgets.button import Button, IconButton
from aether_desktop.widgets.empty_state import EmptyState
from aether_desktop.widgets.file_browser.file_model import FileModel
from aether_desktop.widgets.file_browser.names import count_text, shown_name, size_text
from aether_desktop.widgets.file_browser.path_bar import PathBar
from aether_desktop.widgets.file_browser.text_pane import TextPane
from aether_desktop.widgets.label import ElidedLabel
from aether_desktop.widgets.search_field import SearchField
from kernel.protocol.records import FileStat

_SIDE_BY_SIDE_PX = 620
_LEAST_LIST_PX = 146
_LOW_PX = 210
_LOWEST_PX = 112
_STACKED_PX = 320
_LEAST_LOW_LIST_PX = 24
_FOOT_MARGINS = (SPACE.lg, SPACE.xs, SPACE.lg, SPACE.xs + 2)
_SEARCH_FROM_PX = 540


class FilesLayout(QWidget):
    """Holds the parts; ``place`` puts list and text into it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.path = PathBar()
        self.search = SearchField("Search this folder", width_px=190)
        self.search.setToolTip("Search this folder (Ctrl+F)")
        self.new_button = IconButton("folder-add", "New folder", shortcut="Ctrl+Shift+N")
        self.more_button = IconButton("more", "More actions")
        self.empty = EmptyState("folder", "This folder is empty")
        self.empty.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.empty.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.failure = EmptyState("alert", "", "", "Try again")
        for button in self.failure.findChildren(Button):
            self.failure.setFocusProxy(button)
        self.status = ElidedLabel("", "caption")
        self._text_wanted = False
        self.pages = QStackedWidget()
        self.pages.setMinimumHeight(_LEAST_LIST_PX)
        self.halves = QSplitter(Qt.Orientation.Horizontal)
        self.halves.setChildrenCollapsible(False)

    def place(self, table: QWidget, text: TextPane) -> None:
        """Lay everything out."""
        for page in (table, self.empty, self.failure):
            self.pages.addWidget(page)
        self.halves.addWidget(self.pages)
        self.halves.addWidget(text)
        self.halves.setStretchFactor(0, 3)
        self.halves.setStretchFactor(1, 2)
        self.halves.setSizes([540, 360])
        self._head = top = QHBoxLayout()
        top.setContentsMargins(SPACE.md, SPACE.sm, SPACE.md, SPACE.sm)
        top.setSpacing(SPACE.sm)
        top.addWidget(self.path, 1)
        for widget in (self.search, self.new_button, self.more_button):
            top.addWidget(widget)
        self._foot = foot = QHBoxLayout()
        foot.setContentsMargins(*_FOOT_MARGINS)
        foot.addWidget(self.status)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        column.addLayout(top)
        column.addWidget(self.halves, 1)
        column.addLayout(foot)
        self.path.typing_began.connect(lambda: self._stand_beside(wanted=False))
        self.path.typing_ended.connect(self._arrange_head)
        self.search.installEventFilter(self)
        text.reading_wanted.connect(self._show_text)

    def turn_to(self, page: QWidget) -> None:
        """Show the list or what is there in its place; the keyboard goes along."""
        if self.pages.currentWidget() is page:
            return
        focused = self.focusWidget()
        had_focus = focused is not None and self.pages.isAncestorOf(focused)
        self.pages.setCurrentWidget(page)
        if had_focus:
            page.setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put list and text beside or above each other; where it is low, the list has the room of all else that can be missed."""
        super().resizeEvent(event)
        self._set_low(self.height() < _LOW_PX)
        self._share()
        wide = self.width() >= _SIDE_BY_SIDE_PX
        self.halves.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)
        self.show_search(wanted=False)

    def _set_low(self, low: bool) -> None:
        self.pages.setMinimumHeight(_LEAST_LOW_LIST_PX if low else _LEAST_LIST_PX)
        self.status.setVisible(not low)
        for header in self.pages.findChildren(QHeaderView):
            header.setVisible(not low)
        self._foot.setContentsMargins(*((0, 0, 0, 0) if low else _FOOT_MARGINS))

    @property
    def reading(self) -> bool:
        """Whether a text stands in the place of the list, for want of room for both."""
        return self.pages.isHidden()

    def leave_text(self) -> bool:
        """Go back to the list from a text that stands in its place; whether there was one."""
        if not self.reading:
            return False
        self._text_wanted = False
        self._share()
        page = self.pages.currentWidget()
        if page is not None:
            page.setFocus()
        return True

    def _show_text(self) -> None:
        """Show the text, in the list's place where there is no room for both."""
        self._text_wanted = True
        self._share()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape leads from a text that has the list's place to the list."""
        if event.key() != Qt.Key.Key_Escape or not self.leave_text():
            super().keyPressEvent(event)

    def _share(self) -> None:
        """List and text where there is room for both; else the text while it is wanted or written in, or the list."""
        text, focus = self.halves.widget(1), self.focusWidget()
        if text is None:
            return
        low = self.height() < _LOW_PX or (self.height() < _STACKED_PX and self.width() < _SIDE_BY_SIDE_PX)
        if low and not self.pages.isHidden() and focus is not None and text.isAncestorOf(focus):
            self._text_wanted = True
        self._text_wanted = self._text_wanted and low
        text.setVisible(self._text_wanted or not low)
        self.pages.setVisible(not self._text_wanted)
        self.path.set_leads_back(self.reading)

    def show_search(self, *, wanted: bool) -> None:
        """Show the search field; where there is little room only while it is ``wanted`` or in use."""
        used = wanted or bool(self.search.text()) or self.search.hasFocus()
        self.search.setVisible(used or self.width() >= _SEARCH_FROM_PX)
        self._stand_beside(wanted=self.height() < _LOWEST_PX and not used and not self.path.typing)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The search field gives its room back when the keyboard has left it empty."""
        if watched is self.search and event.type() is QEvent.Type.FocusOut:
            QTimer.singleShot(0, self, self._arrange_head)
        return super().eventFilter(watched, event)

    def _arrange_head(self) -> None:
        self.show_search(wanted=False)

    def _stand_beside(self, *, wanted: bool) -> None:
        """In the lowest window the way up and the menu stand beside the list, which has all the height."""
        low = self.height() < _LOW_PX
        self.path.set_small(wanted)
        self.new_button.setVisible(not wanted)
        if wanted:
            self.search.hide()
        self._column.setDirection(QBoxLayout.Direction.RightToLeft if wanted else QBoxLayout.Direction.TopToBottom)
        self._head.setDirection(QBoxLayout.Direction.TopToBottom if wanted else QBoxLayout.Direction.LeftToRight)
        side, above = (SPACE.xs, 2) if wanted else (SPACE.md, 0 if low else SPACE.sm)
        self._head.setContentsMargins(side, above, side, above)
        self._head.setSpacing(0 if wanted else SPACE.sm)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the background and the lines around the list."""
        painter = QPainter(self)
        tokens = tokens_of(self)
        painter.fillRect(self.rect(), QColor(tokens.surface0))
        for y in (self.halves.geometry().top() - 1, self.halves.geometry().bottom() + 1):
            painter.fillRect(0, y, self.width(), 1, QColor(tokens.line))


def nothing_text(model: FileModel) -> tuple[str, str]:
    """Why no file is shown, and what to do: a sentence and an explanation."""
    hidden = len(model.entries)
    if model.query:
        return f"Nothing here matches “{shown_name(model.query)[:60]}”", "Escape clears the search."
    if hidden:
        return "Only hidden files are here", f"Ctrl+H shows {count_text(hidden, 'item')}."
    return "This folder is empty", "Files that agents write here appear by themselves."


def status_text(model: FileModel, selected: Sequence[FileStat]) -> str:
    """How much is in the folder, and how much of it is selected."""
    if not model.entries:
        return ""
    text = count_text(model.rowCount(), "item")
    if selected:
        size = sum(entry.size for entry in selected if entry.type == "file")
        text += f", {len(selected):,} selected" + (f", {size_text(size)}" if size else "")
    hidden = 0 if model.shows_hidden else sum(1 for entry in model.entries if entry.is_hidden)
    return f"{text}, {hidden:,} hidden" if hidden else text
