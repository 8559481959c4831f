"""The bar to find text in a terminal: a field, two switches, a count, and where to go. It knows nothing of terminals.

One looks backwards in a terminal, so Return goes to the older match. A click leaves the keyboard in the field.

Made by `finding`, which listens to its signals.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.fonts import mono_font, tabular_ui_font
from aether_desktop.theme.tokens import RADIUS, SPACE, TYPE
from aether_desktop.widgets.button import IconButton, PaintedButton, tooltip_with_shortcut
from aether_desktop.widgets.card_frame import paint_card
from aether_desktop.widgets.focus_ring import paint_focus_ring
from aether_desktop.widgets.label import ElidedLabel, Label

FIELD_PX = 200
STATUS_PX = 108
SWITCH_PX = 26


class TextSwitch(PaintedButton):
    """A small switch that shows a few characters, such as ".*"."""

    def __init__(self, text: str, name: str, shortcut: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setText(text)
        self.setCheckable(True)
        self.setAccessibleName(name)
        self.setToolTip(tooltip_with_shortcut(name, shortcut))
        self.setFixedSize(SWITCH_PX, SWITCH_PX)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Filled when it is on."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = tokens_of(self)
        area = QRectF(self.rect())
        if self.isChecked() or self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.accent_fill if self.isChecked() else tokens.surface3))
            painter.drawRoundedRect(area, RADIUS.small, RADIUS.small)
        painter.setFont(mono_font(TYPE.label))
        painter.setPen(QColor(tokens.on_accent if self.isChecked() else tokens.text2))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self.text())
        paint_focus_ring(painter, self, area, RADIUS.small)


class FindBar(QWidget):
    """Says what the person looks for and where they want to go."""

    query_changed = Signal()
    """The text, or a switch."""
    next_wanted = Signal()
    previous_wanted = Signal()
    closed = Signal()
    question_wanted = Signal()
    """The key that goes to a question."""
    resized = Signal()
    """It needs another height."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Find in the terminal")
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.field = QLineEdit(self)
        self.field.setPlaceholderText("Find")
        self.field.setAccessibleName("Find in the terminal")
        self.field.setFont(mono_font(TYPE.label))
        self.field.setMaxLength(1000)
        self.field.setMinimumWidth(60)
        self.field.setMaximumWidth(FIELD_PX)
        self.case = TextSwitch("Aa", "Match case", "Alt+C", self)
        self.regex = TextSwitch(".*", "Regular expression", "Alt+R", self)
        self.status = ElidedLabel("", "tertiary", parent=self)
        self.status.setFont(tabular_ui_font(TYPE.label))
        self.status.setFixedWidth(STATUS_PX)
        self.previous = IconButton("chevron-up", "Previous match", shortcut="Return", size_px=SWITCH_PX, parent=self)
        self.next = IconButton("chevron-down", "Next match", shortcut="Shift+Return", size_px=SWITCH_PX, parent=self)
        self.close_button = IconButton("close", "Close", shortcut="Esc", size_px=SWITCH_PX, parent=self)
        self.problem = Label("", "error", wrap=True, parent=self)
        self.problem.setVisible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE.sm, SPACE.xs + 2, SPACE.sm, SPACE.xs + 2)
        column.setSpacing(SPACE.xs)
        row = QHBoxLayout()
        row.setSpacing(SPACE.xs)
        column.addLayout(row)
        column.addWidget(self.problem)
        row.addWidget(self.field, 1)
        for widget in (self.case, self.regex, self.status, self.previous, self.next, self.close_button):
            row.addWidget(widget)
        self._keep_keyboard()
        # The field would take Alt+C for a letter.
        self.field.installEventFilter(self)
        self.field.textChanged.connect(self.query_changed)
        self.case.toggled.connect(self.query_changed)
        self.regex.toggled.connect(self.query_changed)
        self.next.clicked.connect(self.next_wanted)
        self.previous.clicked.connect(self.previous_wanted)
        self.close_button.clicked.connect(self.closed)

    def show_status(self, text: str, *, wrong: bool = False) -> None:
        """Show the count, or (wrong) what is the matter with the pattern."""
        self.status.setText("" if wrong else text)
        self.problem.setText(text if wrong else "")
        if self.problem.isVisibleTo(self) != wrong:
            self.problem.setVisible(wrong)
            self.resized.emit()
        self.field.setProperty("invalid", wrong)
        self.field.style().unpolish(self.field)
        self.field.style().polish(self.field)

    def event(self, event: QEvent) -> bool:
        """Its keys come before the window's shortcuts."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._action(event):
            event.accept()
            return True
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The bar's keys come before the field's."""
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            return self._act(event)
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return goes back and F3 on, with Shift the other way; Escape closes; Alt+C and Alt+R switch. Nothing goes on to the terminal."""
        if not self._act(event):
            event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click beside the buttons is none on the terminal below."""
        event.accept()

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes round inside of the bar: the terminal below would keep it for the program."""
        chain = [self.field, self.case, self.regex, self.previous, self.next, self.close_button]
        current = self.window().focusWidget()
        index = next((number for number, widget in enumerate(chain) if widget is current), -1 if forward else 0)
        reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
        chain[(index + (1 if forward else -1)) % len(chain)].setFocus(reason)
        return True

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The card."""
        painter = QPainter(self)
        tokens = tokens_of(self)
        paint_card(painter, self, tokens.surface2, tokens.line_strong, RADIUS.medium)

    def _keep_keyboard(self) -> None:
        """Buttons take the keyboard by Tab only; a click anywhere else, which the terminal would take it at, gives it to the field."""
        for button in (self.case, self.regex, self.previous, self.next, self.close_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setFocusProxy(self.field)

    def _act(self, event: QKeyEvent) -> bool:
        """Do what a key stands for; False when it stands for nothing here."""
        action = self._action(event)
        if action == "close":
            self.closed.emit()
        elif action == "next":
            self.next_wanted.emit()
        elif action == "previous":
            self.previous_wanted.emit()
        elif action == "case":
            self.case.toggle()
        elif action == "regex":
            self.regex.toggle()
        elif action == "question":
            self.question_wanted.emit()
        return bool(action)

    @staticmethod
    def _action(event: QKeyEvent) -> str:
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.key() == Qt.Key.Key_Escape:
            return "close"
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if shift and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                return "question"
            return "next" if shift else "previous"
        if event.key() == Qt.Key.Key_F3:
            return "previous" if shift else "next"
        if event.modifiers() == Qt.KeyboardModifier.AltModifier:
            return {Qt.Key.Key_C: "case", Qt.Key.Key_R: "regex"}.get(Qt.Key(event.key()), "")
        return ""
