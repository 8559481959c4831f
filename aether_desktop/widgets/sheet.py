"""A question or a form over a window, in place of a modal dialog with its own event loop.

The parent is dimmed and cannot be clicked; Escape dismisses, Return presses the default button, Tab stays inside, and so does the
keyboard whatever happens behind it (``key_hold``). Page Up and Down, Home and End scroll what has no room. The answer
comes as the signal ``finished`` or from ``await sheet.wait_answer()``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractSlider, QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget
from shiboken6 import isValid

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.tokens import RADIUS, SPACE
from aether_desktop.widgets.button import Button, ButtonKind
from aether_desktop.widgets.card_frame import paint_card
from aether_desktop.widgets.key_hold import KeyHold
from aether_desktop.widgets.label import Label

DISMISSED = ""
"""The answer when the sheet was closed without a button."""

_MARGIN_PX = 24
_MOST_CONTENT_PX = 420
_LEAST_CONTENT_PX = 24
_TIGHT_PX = 420
_ROOMY_PX = 320
"""Over a parent this high every sheet has room, since its content scrolls."""


_SCROLLING = {
    Qt.Key.Key_PageUp: QAbstractSlider.SliderAction.SliderPageStepSub,
    Qt.Key.Key_PageDown: QAbstractSlider.SliderAction.SliderPageStepAdd,
    Qt.Key.Key_Up: QAbstractSlider.SliderAction.SliderSingleStepSub,
    Qt.Key.Key_Down: QAbstractSlider.SliderAction.SliderSingleStepAdd,
    Qt.Key.Key_Home: QAbstractSlider.SliderAction.SliderToMinimum,
    Qt.Key.Key_End: QAbstractSlider.SliderAction.SliderToMaximum,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One button: the ``key`` that is emitted, its text, its kind; the default one is pressed by Return."""

    key: str
    text: str
    kind: ButtonKind = "normal"
    default: bool = False


class _SheetCard(QWidget):
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        tokens = tokens_of(self)
        paint_card(painter, self, tokens.surface1, tokens.line_strong, RADIUS.large)


class Sheet(QWidget):
    """Covers ``parent`` until it is answered; deletes itself afterwards.

    Over a parent that is too low for it, it covers the whole native window instead; it still goes with the parent.
    """

    finished = Signal(str)
    """Emitted once with the key of the pressed button, or ``DISMISSED``."""

    def __init__(
        self,
        parent: QWidget,
        title: str,
        text: str = "",
        *,
        content: QWidget | None = None,
        answers: Sequence[Answer] = (Answer("ok", "OK", "primary", default=True),),
        width_px: int = 420,
        dismissable: bool = True,
    ) -> None:
        """Build the sheet hidden; call ``open``. ``content`` is put between text and buttons and is owned by it."""
        super().__init__(parent)
        self._width_px = width_px
        self._dismissable = dismissable
        self._answered = False
        self._previous_focus: QWidget | None = None
        self._hold = KeyHold(self, self._first_focus)
        self._buttons: dict[str, Button] = {}
        self._default_key = next((answer.key for answer in answers if answer.default), DISMISSED)
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.hide()
        self._card = _SheetCard(self)
        self._column = column = QVBoxLayout(self._card)
        column.setSpacing(SPACE.md)
        column.addWidget(Label(title, "lead", wrap=True))
        if text:
            column.addWidget(Label(text, "secondary", wrap=True))
        self._content: QScrollArea | None = None
        self._content_px = 0
        if content is not None:
            self._content = _scrollable(content)
            self._content_px = self._content.minimumHeight()
            column.addWidget(self._content, 1)
        column.addLayout(self._button_row(answers))
        parent.installEventFilter(self)

    def open(self) -> None:
        """Show the sheet over its parent and give it the keyboard."""
        self._previous_focus = self.window().focusWidget()
        self._find_room()
        self._place()
        self.show()
        self.raise_()
        self._hold.begin()
        self._first_focus().setFocus(Qt.FocusReason.PopupFocusReason)

    def button(self, key: str) -> Button:
        """Return the button of an answer, for example to disable it while a form is not valid.

        Raises KeyError for a key that has no button.
        """
        return self._buttons[key]

    def answer(self, key: str) -> None:
        """Finish with ``key``; does nothing the second time."""
        if self._answered:
            return
        self._answered = True
        self._hold.end()
        self.hide()
        # What had the keyboard may be gone by now: a row of a list that was filled anew, for example.
        if self._previous_focus is not None and isValid(self._previous_focus):
            self._previous_focus.setFocus(Qt.FocusReason.PopupFocusReason)
        self.finished.emit(key)
        self.deleteLater()

    async def wait_answer(self) -> str:
        """Open the sheet and return the key that it was answered with."""
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.finished.connect(lambda key: None if future.done() else future.set_result(key))
        self.destroyed.connect(lambda: None if future.done() else future.cancel())
        self.open()
        return await future

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Cover the parent when it changes its size."""
        if watched is self.parent() and event.type() is QEvent.Type.Resize:
            self._place()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape dismisses, Return presses the default button; no key goes on to the page below, where it would mean something else."""
        event.accept()
        if event.key() == Qt.Key.Key_Escape:
            if self._dismissable:
                self.answer(DISMISSED)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            default = self._buttons.get(self._default_key)
            if default is not None and default.isEnabled():
                self.answer(self._default_key)
        elif self._content is not None and event.key() in _SCROLLING:
            self._content.verticalScrollBar().triggerAction(_SCROLLING[Qt.Key(event.key())])

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Keep releases from the page below, as presses are."""
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The page below does not scroll."""
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The page below opens no menu."""
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Swallow clicks beside the card."""
        event.accept()

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Keep Tab inside the sheet."""
        chain = [child for child in self._card.findChildren(QWidget) if _takes_focus(child)]
        if not chain:
            return True
        current = self.window().focusWidget()
        index = chain.index(current) if current in chain else -1
        chain[(index + (1 if forward else -1)) % len(chain)].setFocus(
            Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
        )
        return True

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Dim what lies below."""
        QPainter(self).fillRect(self.rect(), QColor(tokens_of(self).scrim))

    def _first_focus(self) -> QWidget:
        text = next((child for child in self._card.findChildren(QWidget) if _wants_text(child)), None)
        default = self._buttons.get(self._default_key)
        return text or (default if default is not None and default.isEnabled() else self)

    def _button_row(self, answers: Sequence[Answer]) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(SPACE.sm)
        row.addStretch(1)
        for answer in answers:
            button = Button(answer.text, answer.kind, key_hint="↵" if answer.default else "", parent=self._card)
            button.clicked.connect(lambda _checked=False, key=answer.key: self.answer(key))
            self._buttons[answer.key] = button
            row.addWidget(button)
        return row

    def _find_room(self) -> None:
        parent, window = self.parentWidget(), self.window()
        if parent is None or parent is window or parent.height() >= min(_ROOMY_PX, self._card.sizeHint().height() + 16):
            return
        parent.removeEventFilter(self)
        parent.destroyed.connect(self._on_parent_gone)
        self.setParent(window)
        window.installEventFilter(self)

    def _on_parent_gone(self) -> None:
        self.hide()
        self.deleteLater()

    def _place(self) -> None:
        parent = self.parentWidget()
        if parent is None:
            return
        self.setGeometry(parent.rect())
        width = min(self._width_px, max(200, self.width() - 2 * _MARGIN_PX))
        side = SPACE.xl if width >= _TIGHT_PX else SPACE.lg
        self._column.setContentsMargins(side, side - 4, side, side - 4)
        layout = self._column
        if self._content is not None:
            # Where there is no room the content scrolls: the buttons always show.
            self._content.setMinimumHeight(0)
            layout.invalidate()
            room = self.height() - 16 - max(layout.totalMinimumHeightForWidth(width), layout.totalMinimumSize().height())
            self._content.setMinimumHeight(max(_LEAST_CONTENT_PX, min(self._content_px, room)))
        wanted = layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else 0
        height = min(max(wanted, self._card.sizeHint().height()), max(120, self.height() - 16))
        self._card.setGeometry((self.width() - width) // 2, max(8, (self.height() - height) * 2 // 5), width, height)


def _scrollable(content: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(content)
    # setWidget turns the content's background on; the card's own shall be seen.
    content.setAutoFillBackground(False)
    area.viewport().setAutoFillBackground(False)
    wanted = max(content.sizeHint().height(), content.minimumSizeHint().height())
    area.setMinimumHeight(min(wanted, _MOST_CONTENT_PX))
    growing = (QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Ignored)
    if content.sizePolicy().verticalPolicy() not in growing:
        area.setMaximumHeight(wanted)
    return area


def _takes_focus(widget: QWidget) -> bool:
    return bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) and widget.isEnabled() and widget.isVisible()


def _wants_text(widget: QWidget) -> bool:
    return _takes_focus(widget) and widget.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)
