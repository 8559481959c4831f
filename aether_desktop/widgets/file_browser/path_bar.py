"""Where one is: back, forward, up, and a button for each folder on the way; Ctrl+L turns them into a field to type a path in."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QStackedWidget, QWidget

from aether_desktop.theme.fonts import ui_font
from aether_desktop.theme.tokens import SPACE, TYPE
from aether_desktop.widgets.button import Button, IconButton
from aether_desktop.widgets.file_browser.names import crumbs, shown_name
from aether_desktop.widgets.label import Label
from aether_desktop.widgets.shown_text import plain_tooltip

_CRUMB_PX = 180
_PATH_LIMIT = 4096


class _Crumbs(QWidget):
    """Buttons of the folders; those at the beginning that do not fit are behind one with an ellipsis."""

    wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._parts: Sequence[tuple[str, str]] = ()
        self._shown: tuple[tuple[str, str], ...] | None = None
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(120, 30)

    def set_parts(self, parts: Sequence[tuple[str, str]]) -> None:
        self._parts = parts
        self._fill()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fill()

    def _fill(self) -> None:
        shown = self._that_fit()
        if shown == self._shown:
            return
        self._shown = shown
        while (item := self._row.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for number, (text, path) in enumerate(shown):
            if number:
                self._row.addWidget(Label("›", "tertiary"))
            self._row.addWidget(self._part(text, path, last=number == len(shown) - 1))
        self._row.addStretch(1)

    def _part(self, text: str, path: str, *, last: bool) -> QWidget:
        if last:
            here = Label(text)
            here.setFont(ui_font(TYPE.label, QFont.Weight.DemiBold))
            here.setContentsMargins(SPACE.sm, 0, SPACE.sm, 0)
            here.setAccessibleName(f"Here: {path}")
            return here
        button = Button(text.replace("&", "&&"), "quiet", tooltip=plain_tooltip(shown_name(path)))
        button.setAccessibleName(f"Folder {path}")
        button.clicked.connect(lambda: self.wanted.emit(path))
        return button

    def _that_fit(self) -> tuple[tuple[str, str], ...]:
        metrics = QFontMetrics(ui_font(TYPE.label, QFont.Weight.DemiBold))
        fitting: list[tuple[str, str]] = []
        room = self.width()
        for text, path in reversed(self._parts):
            most = _CRUMB_PX if fitting else min(_CRUMB_PX, max(24, room - 2 * SPACE.md - 56))
            cut = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, most)
            room -= metrics.horizontalAdvance(cut) + 2 * SPACE.md + 14
            if fitting and room < (0 if len(fitting) + 1 == len(self._parts) else 44):
                return (("…", path), *fitting)
            fitting.insert(0, (cut, path))
        return tuple(fitting)


class _PathField(QLineEdit):
    """A path to go to; Escape gives up."""

    given_up = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.given_up.emit()
        else:
            super().keyPressEvent(event)


class PathBar(QWidget):
    """The buttons and the path."""

    back_wanted = Signal()
    forward_wanted = Signal()
    up_wanted = Signal()
    path_wanted = Signal(str)
    """Go to a path; with what was clicked or typed."""
    typing_began = Signal()
    """A path will be typed: the field needs room."""
    typing_ended = Signal()
    """The field is gone: the keyboard belongs to the list again."""

    def __init__(self) -> None:
        super().__init__()
        self.back = IconButton("back", "Back", shortcut="Alt+Left")
        self.forward = IconButton("forward", "Forward", shortcut="Alt+Right")
        self.up = IconButton("arrow-up-line", "The folder above", shortcut="Alt+Up")
        self._below_top = False
        self._leads_back = False
        self._crumbs = _Crumbs()
        self.field = _PathField()
        self.field.setAccessibleName("Go to path")
        self.field.setMaxLength(_PATH_LIMIT)
        self._stack = QStackedWidget()
        self._stack.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._stack.addWidget(self._crumbs)
        self._stack.addWidget(self.field)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE.xs)
        for button in (self.back, self.forward, self.up):
            row.addWidget(button)
        row.addWidget(self._stack, 1)
        self.back.clicked.connect(self.back_wanted)
        self.forward.clicked.connect(self.forward_wanted)
        self.up.clicked.connect(self.up_wanted)
        self._crumbs.wanted.connect(self.path_wanted)
        self.field.returnPressed.connect(self._on_typed)
        self.field.given_up.connect(self._stop_typing)

    def show_path(self, path: str, top: str, *, back: bool, forward: bool) -> None:
        """Show where one is and where one can go."""
        self._crumbs.set_parts(crumbs(path, top))
        self.field.setText(path)
        self.back.setEnabled(back)
        self.forward.setEnabled(forward)
        self._below_top = path != top
        self._enable_up()

    def set_leads_back(self, leads_back: bool) -> None:
        """Whether the way up leads from a text back to the list for now, even from the highest folder."""
        self._leads_back = leads_back
        self._enable_up()

    def _enable_up(self) -> None:
        self.up.setEnabled(self._below_top or self._leads_back)

    def set_small(self, small: bool) -> None:
        """Be the way up alone; the keys lead the other ways."""
        for widget in (self.back, self.forward, self._stack):
            widget.setVisible(not small)

    @property
    def typing(self) -> bool:
        """Whether a path is being typed."""
        return self._stack.currentWidget() is self.field

    def begin_typing(self) -> None:
        """Show the path as text to change."""
        self.typing_began.emit()
        self._stack.setCurrentWidget(self.field)
        self.field.selectAll()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _on_typed(self) -> None:
        path = self.field.text().strip()
        self._stop_typing()
        if path:
            self.path_wanted.emit(path)

    def _stop_typing(self) -> None:
        self._stack.setCurrentWidget(self._crumbs)
        self.typing_ended.emit()
