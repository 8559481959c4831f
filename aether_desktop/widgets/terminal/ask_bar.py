"""A question over a terminal: not modal, never in the way of typing, answered by mouse or keyboard.

What a program asks for (to write the clipboard) must not take the keyboard, or typing ahead would answer it; what the person
began (a paste, a link) does take it, with the harmless answer first. No question takes an answer before it was there for a moment:
what was meant for something else, or for the question before it, answers nothing. Shown through `BarHost`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.fonts import mono_font
from aether_desktop.theme.icons import paint_icon
from aether_desktop.theme.tokens import RADIUS, SPACE, TYPE
from aether_desktop.widgets.button import Button, ButtonKind
from aether_desktop.widgets.card_frame import paint_card
from aether_desktop.widgets.label import ElidedLabel, Label
from aether_desktop.widgets.single_shot import single_shot
from aether_desktop.widgets.terminal.address_text import Address, AddressText

DISMISSED = ""
MARGIN_PX = 10
WIDEST_PX = 640
ICON_PX = 18
MOST_LINES = 5
#: How long a question must show before it can be answered; Escape, which is no, works at once.
SETTLE_MS = 400
_PRESSING = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
#: So long the cursor's row lies under a question before the question makes room: output and a resize pass faster.
REST_MS = 150
#: Questions of programs that wait behind the one shown; more are refused unseen.
MOST_WAITING = 1


@dataclass(frozen=True, slots=True)
class BarAnswer:
    """One button. key: what is reported. kind: what pressing means."""

    key: str
    text: str
    kind: ButtonKind = "normal"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    lines: shown as they are, in the terminal's font, one row each. address: the same over several rows, its host whole. warning: a
    sentence about what is suspicious. answers: the first is the harmless one and gets the keyboard.
    """

    title: str
    lines: tuple[str, ...] = ()
    detail: str = ""
    warning: str = ""
    icon: str = "question"
    answers: tuple[BarAnswer, ...] = (BarAnswer(DISMISSED, "Close"),)
    address: Address | None = None


class AskBar(QWidget):
    """One question on the screen; deletes itself when answered."""

    answered = Signal(str)
    """Once: the key of a button, or DISMISSED."""

    def __init__(self, question: Question, parent: QWidget) -> None:
        super().__init__(parent)
        self.question = question
        self._done = False
        self.had_focus = False
        self.setAccessibleName(" ".join(part for part in (question.title, question.warning, question.detail) if part))
        self.setCursor(Qt.CursorShape.ArrowCursor)
        # A click on its text is no answer, and leaves the keyboard where it is.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self._settling = single_shot(self, SETTLE_MS, self._settle)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE.md + ICON_PX + SPACE.sm, SPACE.sm + 2, SPACE.md, SPACE.sm + 2)
        column.setSpacing(SPACE.xs)
        title = Label(question.title, wrap=True)
        column.addWidget(title)
        lines = [ElidedLabel(line) for line in question.lines[:MOST_LINES]]
        for line in lines:
            line.setFont(mono_font(TYPE.label))
            column.addWidget(line)
        self._address = AddressText(question.address, MOST_LINES) if question.address is not None else None
        if self._address is not None:
            column.addWidget(self._address)
        told = [Label(question.warning, "attention", wrap=True), Label(question.detail, "caption", wrap=True)]
        told = [label for label in told if label.text()]
        for note in told:
            column.addWidget(note)
        column.addSpacing(SPACE.xs)
        self._by_key = {answer.key: self._button(answer) for answer in question.answers}
        self._rows = QGridLayout()
        self._rows.setSpacing(SPACE.sm)
        self._in_rows: list[list[Button]] = []
        column.addLayout(self._rows)
        buttons = list(self._by_key.values())
        self._chosen = buttons[0]
        self._less_important: list[QWidget] = (
            [*reversed(lines), *reversed(told)]
            if self._address is None
            else [title, *reversed(buttons[2:]), *reversed(told), *buttons[1:2]]
        )

    def answer(self, key: str) -> None:
        """Give the answer; does nothing the second time."""
        if not self._done:
            self._done = True
            self.had_focus = self._has_keyboard()
            self.hide()
            self.answered.emit(key)
            self.deleteLater()

    def button(self, key: str) -> Button:
        """The button of an answer. Raises KeyError."""
        return self._by_key[key]

    @property
    def settled(self) -> bool:
        """Whether it takes answers."""
        return self._chosen.isEnabled()

    @property
    def in_use(self) -> bool:
        """Whether the person is about to answer: their pointer or the keyboard is on it."""
        return self.underMouse() or self._has_keyboard()

    def settle_anew(self) -> None:
        """It is elsewhere: a click that was meant for what was there answers nothing."""
        self._enable(False)
        self._settling.start()

    def take_focus(self) -> None:
        """Give the keyboard to the harmless answer; to the bar until it takes one."""
        (self._chosen if self.settled else self).setFocus(Qt.FocusReason.PopupFocusReason)

    def showEvent(self, event: QShowEvent) -> None:
        """Nobody has seen it yet."""
        super().showEvent(event)
        focused = self.window().focusWidget()
        if focused is not None and self.isAncestorOf(focused):
            self.setFocusProxy(None)  # type: ignore[arg-type] # Qt takes none for none; its stub does not
            self.setFocus()
        self.settle_anew()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A click beside the button that has the keyboard leaves it there; a key that is held presses no button."""
        if event.type() is QEvent.Type.FocusIn and isinstance(watched, Button):
            self._chosen = watched
            self.setFocusProxy(watched)
        return isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress and event.isAutoRepeat() and event.key() in _PRESSING

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape is no; arrows go from answer to answer."""
        if event.key() == Qt.Key.Key_Escape:
            self.answer(DISMISSED)
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Right)
        else:
            event.accept()

    def event(self, event: QEvent) -> bool:
        """Its keys are not the window's shortcuts."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            event.accept()
            return True
        return super().event(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab stays inside."""
        chain = self._shown_buttons()
        current = next((number for number, button in enumerate(chain) if button is self._chosen), -1 if forward else 0)
        self._chosen = chain[(current + (1 if forward else -1)) % len(chain)]
        if self.settled:
            self._chosen.setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The card and its icon."""
        painter = QPainter(self)
        tokens = tokens_of(self)
        paint_card(painter, self, tokens.surface2, tokens.line_strong, RADIUS.medium)
        shade = tokens.phase("waiting").text if self.question.warning else tokens.text2
        paint_icon(painter, QRectF(SPACE.md, SPACE.sm + 3, ICON_PX, ICON_PX), self.question.icon, QColor(shade))

    def height_for(self, width: int, room: int) -> int:
        """How tall it is at a width. room: the most that shows.

        To an address gives way what is around its host, then what else there is, in the end the answers that it is needed for. Where
        there is none, what is asked and all answers stay: lines give way, the last one first, then what is said about them.
        """
        for widget in self._less_important:
            widget.setVisible(True)
        least = min(MOST_LINES, self._address.rows_of_host(self._inner(width))) if self._address is not None else MOST_LINES
        height = self._height_in_rows(width, range(MOST_LINES, least - 1, -1), room)
        for widget in self._less_important:
            if height > room:
                widget.setVisible(False)
                height = self._height_at(width)
        return height if height <= room else self._height_in_rows(width, range(least, 0, -1), room)

    def _has_keyboard(self) -> bool:
        focused = self.window().focusWidget()
        return focused is not None and (focused is self or self.isAncestorOf(focused))

    def _settle(self) -> None:
        self._enable(True)
        if self.hasFocus():
            self.take_focus()

    def _enable(self, enabled: bool) -> None:
        for button in self._by_key.values():
            button.setEnabled(enabled)

    def _height_in_rows(self, width: int, rows: Iterable[int], room: int) -> int:
        """The height with the first number of rows that has room; with the last one where none has."""
        height = 0
        for count in rows:
            if self._address is not None:
                self._address.set_most_rows(count)
            height = self._height_at(width)
            if height <= room:
                break
        return height

    def _inner(self, width: int) -> int:
        layout = self.layout()
        margins = layout.contentsMargins() if layout is not None else self.contentsMargins()
        return width - margins.left() - margins.right()

    def _height_at(self, width: int) -> int:
        layout = self.layout()
        if layout is None:
            return self.sizeHint().height()
        self._place_buttons(self._inner(width))
        layout.invalidate()
        wanted = layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else -1
        return wanted if wanted > 0 else self.sizeHint().height()

    def _shown_buttons(self) -> list[Button]:
        return [button for button in self._by_key.values() if not button.isHidden()]

    def _button(self, answer: BarAnswer) -> Button:
        button = Button(answer.text, answer.kind, parent=self)
        button.clicked.connect(lambda: self.answer(answer.key))
        button.installEventFilter(self)
        button.setEnabled(False)
        return button

    def _place_buttons(self, width: int) -> None:
        """In as many rows as they need."""
        rows: list[list[Button]] = [[]]
        left = width
        for button in self._shown_buttons():
            wanted = button.sizeHint().width() + SPACE.sm
            if rows[-1] and wanted > left + SPACE.sm:
                rows.append([])
                left = width
            rows[-1].append(button)
            left -= wanted
        if rows == self._in_rows:
            return
        self._in_rows = rows
        while self._rows.count():
            self._rows.takeAt(0)
        for number, buttons in enumerate(rows):
            row = QHBoxLayout()
            row.setSpacing(SPACE.sm)
            for button in buttons:
                row.addWidget(button)
            row.addStretch(1)
            self._rows.addLayout(row, number, 0)


class BarHost(QObject):
    """Shows questions over one widget, one at a time, at the edge that the cursor is farther from when it is asked.

    It goes to the other edge where the cursor comes to rest under it: nobody types blind. Not while output or a resize moves the
    cursor, nor while pointer or keyboard are on the question: one that jumped then could not be answered. cursor: where the cursor
    is, empty where it does not show. give_back: takes the keyboard when a question is over.
    """

    def __init__(self, view: QWidget, cursor: Callable[[], QRect], give_back: Callable[[], None]) -> None:
        super().__init__(view)
        self._view = view
        self._cursor = cursor
        self._give_back = give_back
        self._bar: AskBar | None = None
        self._at_bottom = False
        self._covered = QRect()
        self._resting = single_shot(self, REST_MS, self._make_room)
        self._on_answer: Callable[[str], None] = _nothing
        self._waiting: deque[tuple[Question, Callable[[str], None]]] = deque()
        view.installEventFilter(self)

    @property
    def bar(self) -> AskBar | None:
        """The question that shows."""
        return self._bar

    def ask(self, question: Question, on_answer: Callable[[str], None], *, focus: bool) -> bool:
        """Ask. focus: the person began it, so it comes at once (an older question is dismissed) and gets the keyboard.

        Returns False when too many questions of programs wait already.
        """
        if self._bar is not None and not focus:
            if len(self._waiting) >= MOST_WAITING:
                return False
            self._waiting.append((question, on_answer))
            return True
        older, then = self._bar, self._on_answer
        self._show(question, on_answer, focus=focus)
        if older is not None:
            # What waits goes on waiting: it comes when the new question is answered.
            older.answer(DISMISSED)
            then(DISMISSED)
        return True

    def dismiss(self) -> None:
        """Answer what shows with no."""
        if self._bar is not None:
            self._bar.answer(DISMISSED)

    def clear(self) -> None:
        """Dismiss everything: the terminal is another one."""
        self._waiting.clear()
        self.dismiss()

    def take_focus(self) -> bool:
        """Go to the question by keyboard; False when there is none."""
        if self._bar is None:
            return False
        self._bar.take_focus()
        return True

    def watch_cursor(self) -> None:
        """The cursor may have moved: make room for it where it stays in one row under the question."""
        cursor = self._cursor()
        if not self._hides(cursor):
            self._resting.stop()
        elif not self._resting.isActive() or cursor.top() != self._covered.top():
            self._covered = cursor
            self._resting.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in place, and make room when the person has left the question."""
        if watched is self._view and event.type() is QEvent.Type.Resize:
            self._place()
            self._resting.stop()
            self.watch_cursor()
        elif event.type() is (QEvent.Type.FocusIn if watched is self._view else QEvent.Type.Leave):
            self.watch_cursor()
        return False

    def _show(self, question: Question, on_answer: Callable[[str], None], *, focus: bool) -> None:
        self._bar = bar = AskBar(question, self._view)
        self._on_answer = on_answer
        bar.answered.connect(lambda key: self._on_answered(bar, key))
        bar.installEventFilter(self)
        cursor = self._cursor()
        self._at_bottom = not cursor.isEmpty() and cursor.center().y() < self._view.height() / 2
        self._place()
        bar.show()
        bar.raise_()
        if focus:
            bar.take_focus()
        self.watch_cursor()

    def _on_answered(self, bar: AskBar, key: str) -> None:
        if bar is not self._bar:
            return
        on_answer = self._on_answer
        self._bar, self._on_answer = None, _nothing
        if bar.had_focus:
            self._give_back()
        on_answer(key)
        if self._waiting and self._bar is None:
            question, then = self._waiting.popleft()
            self._show(question, then, focus=False)

    def _place(self) -> None:
        if self._bar is None:
            return
        view = self._view
        width = max(120, min(WIDEST_PX, view.width() - 2 * MARGIN_PX))
        height = self._bar.height_for(width, view.height() - 2 * MARGIN_PX)
        self._bar.setGeometry((view.width() - width) // 2, self._top(height, at_bottom=self._at_bottom), width, height)

    def _top(self, height: int, *, at_bottom: bool) -> int:
        room = self._view.height() - height
        # In a very small window the buttons at the bottom are what must show.
        return min(max(0, room - MARGIN_PX if at_bottom else MARGIN_PX), room)

    def _hides(self, cursor: QRect) -> bool:
        """Whether the question lies over the cursor's row and would not at the other edge."""
        if self._bar is None or cursor.isEmpty():
            return False
        height = self._bar.height()

        def over(at_bottom: bool) -> bool:
            top = self._top(height, at_bottom=at_bottom)
            return top <= cursor.bottom() and cursor.top() < top + height

        return over(self._at_bottom) and not over(not self._at_bottom)

    def _make_room(self) -> None:
        if self._bar is None or self._bar.in_use or not self._hides(self._cursor()):
            return
        self._at_bottom = not self._at_bottom
        self._place()
        self._bar.settle_anew()


def _nothing(_key: str) -> None:
    """No question shows."""
