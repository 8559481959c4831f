"""What the agent asks, over its window: the exact command or the diff of the file, what it can harm, and the answers.

Enter or Y approves once, A always for this agent (absent where that cannot be said once for all), D or N refuses with a reason. Keys
count only when the panel itself has the focus and has been on the screen for a moment, so that nothing typed for something else answers.
"""

from __future__ import annotations

import re
import time

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QSyntaxHighlighter, QTextCharFormat, QTextDocument
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.fonts import mono_font
from aether_desktop.theme.tokens import DARK, RADIUS, SPACE, TYPE
from aether_desktop.widgets.button import Button
from aether_desktop.widgets.label import Label
from aether_desktop.widgets.phase_dot import PhaseDot
from kernel.protocol.records import Approval

SETTLE_S = 0.4
SHOWN_LINES = 14
CHARACTERS = 40_000
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


class ApprovalPanel(QWidget):
    """Shows one question at a time; hidden without one."""

    approved = Signal(str, str)
    """Approval id, scope (``once`` or ``always``)."""
    rejected = Signal(str, str)
    """Approval id, reason."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._approval: Approval | None = None
        self._shown_at = 0.0
        self._title = Label("", "lead")
        self._risk = Label("", "tertiary")
        self._countdown = Label("", "tertiary")
        self._what = QPlainTextEdit()
        self._what.setReadOnly(True)
        self._what.setFont(mono_font(TYPE.label))
        self._what.setAccessibleName("What exactly it wants to do")
        self._what.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self._diff = _DiffColours(self._what.document())
        self._reason = QLineEdit()
        self._reason.setPlaceholderText("Reason, told to the agent (optional)")
        self._reason.setAccessibleName("Reason of a refusal")
        self._reason.returnPressed.connect(self._reject)
        self._always = Button("Always for this agent…", "quiet", key_hint="A")
        self._deny = Button("Deny", key_hint="D")
        self._approve = Button("Approve", "attention", key_hint="↵")
        self._always.clicked.connect(lambda: self._approve_with("always"))
        self._deny.clicked.connect(self._reject)
        self._approve.clicked.connect(lambda: self._approve_with("once"))
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._show_countdown)
        self._lay_out()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("The agent asks")
        self.hide()

    @property
    def approval(self) -> Approval | None:
        """What is asked now."""
        return self._approval

    def show_approval(self, approval: Approval | None) -> None:
        """Ask this, or nothing."""
        if approval == self._approval:
            return
        had_focus = self.isAncestorOf(self.window().focusWidget()) if self.window().focusWidget() else False
        self._approval = approval
        self.setVisible(approval is not None)
        if approval is None:
            self._tick.stop()
            parent = self.parentWidget()
            if had_focus and parent is not None:
                parent.setFocus()
            return
        self._shown_at = time.monotonic()
        self._title.setText(approval.action)
        self._risk.setText(" · ".join(part for part in (approval.risk, approval.details.get("cwd", "")) if part))
        self._what.setPlainText(visible(_what(approval)))
        self._diff.enabled = "diff" in approval.details
        self._diff.rehighlight()
        lines = min(SHOWN_LINES, max(1, self._what.document().blockCount()))
        self._what.setFixedHeight(int(self._what.fontMetrics().lineSpacing() * lines + 20))
        self._always.setVisible(bool(approval.always))
        self._always.setToolTip(f"Allows {approval.always} from now on, without asking (A)")
        self._always.setText(f"Always allow {approval.always}"[:60] if approval.always else "")
        self._reason.clear()
        self._show_countdown()
        if approval.expires_at:
            self._tick.start()
        if not isinstance(self.window().focusWidget(), (QLineEdit, QPlainTextEdit)):
            self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Answer by one key, once the panel has been seen."""
        if time.monotonic() - self._shown_at < SETTLE_S or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
            return
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Y):
            self._approve_with("once")
        elif key == Qt.Key.Key_A and self._always.isVisible():
            self._approve_with("always")
        elif key in (Qt.Key.Key_D, Qt.Key.Key_N):
            self._reject()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The amber frame: nothing else on the screen is as loud."""
        tokens = tokens_of(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        glow = QColor(tokens.phase("waiting").mark)
        glow.setAlpha(50)
        area = QRectF(self.rect()).adjusted(14, 4, -14, -8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(glow)
        painter.drawRoundedRect(area.adjusted(-4, -4, 4, 4), RADIUS.large, RADIUS.large)
        painter.setPen(QColor(tokens.phase("waiting").mark))
        painter.setBrush(QColor(tokens.surface1))
        painter.drawRoundedRect(area, RADIUS.medium, RADIUS.medium)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(SPACE.sm)
        head.addWidget(PhaseDot("waiting"))
        head.addWidget(self._title)
        head.addWidget(self._risk, 1)
        head.addWidget(self._countdown)
        foot = QHBoxLayout()
        foot.setSpacing(SPACE.sm)
        foot.addWidget(self._always)
        foot.addWidget(self._reason, 1)
        foot.addWidget(self._deny)
        foot.addWidget(self._approve)
        column = QVBoxLayout(self)
        column.setContentsMargins(28, 18, 28, 22)
        column.setSpacing(SPACE.sm)
        column.addLayout(head)
        column.addWidget(self._what)
        column.addLayout(foot)

    def _approve_with(self, scope: str) -> None:
        if self._approval is not None:
            self.approved.emit(self._approval.approval_id, scope)

    def _reject(self) -> None:
        if self._approval is not None:
            self.rejected.emit(self._approval.approval_id, self._reason.text().strip())

    def _show_countdown(self) -> None:
        if self._approval is None or not self._approval.expires_at:
            self._countdown.setText("")
            return
        left = max(0, int(self._approval.expires_at - time.time()))
        self._countdown.setText(f"refused in {left // 60}:{left % 60:02d}")


class _DiffColours(QSyntaxHighlighter):
    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self.enabled = False

    def highlightBlock(self, text: str) -> None:
        """Green for lines that come, red for lines that go."""
        if not self.enabled or not text or text.startswith(("+++", "---")):
            return
        word = {"+": "completed", "-": "failed", "@": "thinking"}.get(text[0])
        if word is not None:
            look = QTextCharFormat()
            look.setForeground(QColor(DARK.phase(word).mark))
            self.setFormat(0, len(text), look)


def _what(approval: Approval) -> str:
    details = approval.details
    for name in ("command", "diff", "url", "reason"):
        if details.get(name):
            more = f"\n{details['call']}" if name == "reason" and details.get("call") else ""
            return details[name][:CHARACTERS] + more
    return "\n".join(f"{name}: {value}" for name, value in details.items())[:CHARACTERS]


def visible(text: str) -> str:
    """Text whose control and direction-changing characters can be seen, so that nothing hides in a command."""
    return _HIDDEN.sub(lambda match: f"⟨U+{ord(match.group()):04X}⟩", text)
