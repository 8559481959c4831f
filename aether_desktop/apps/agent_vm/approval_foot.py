"""The answers below what an agent asks: the reason to deny, "always", Deny and Approve. Owned and told what to show by the approval panel.

It says what was pressed and never answers: whether a press counts is the panel's to judge.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QSizePolicy, QWidget

from aether_desktop.theme.tokens import SPACE
from aether_desktop.widgets.button import Button
from aether_desktop.widgets.explained import explain
from aether_desktop.widgets.shown_text import exact_line

ALWAYS_CHARACTERS = 42
ALLOWED_CHARACTERS = 300
DENY_WITH_REASON = "Refuse; the reason, if you typed one, is told to the agent (D or N goes to the reason, Enter there refuses)"


class ApprovalFoot(QWidget):
    """One row of answers; in a narrow window two, in a low one the reason takes the place of the others while it is typed."""

    approve_pressed = Signal()
    """Approve, once."""
    always_pressed = Signal()
    """Approve, now and from now on."""
    deny_pressed = Signal()
    """Deny, or go to the reason first."""
    reason_entered = Signal()
    """Enter in the reason."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Without a question: nothing is allowed always."""
        super().__init__(parent)
        self._allowed = ""
        self._readable = True
        self._sent = False
        self._reason_shown = True
        self._narrow = False
        self._tight = False
        self.reason = QLineEdit()
        self.reason.setPlaceholderText("Reason; Enter denies")
        self.reason.setAccessibleName("Reason to deny, told to the agent")
        self.reason.setToolTip("Told to the agent when you deny (D or N comes here, Enter denies, Escape goes back)")
        self.reason.returnPressed.connect(self.reason_entered)
        self.always = Button("", "quiet", key_hint="A")
        self.deny = Button("Deny", key_hint="D", tooltip=DENY_WITH_REASON)
        self.approve = Button("Approve", "attention", key_hint="↵", tooltip="Let it do this once (Enter or Y)")
        self.always.clicked.connect(lambda: self.always_pressed.emit())
        self.deny.clicked.connect(lambda: self.deny_pressed.emit())
        self.approve.clicked.connect(lambda: self.approve_pressed.emit())
        # As high as its answers: what room is left over is not its own.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(SPACE.sm)
        self._grid.setVerticalSpacing(SPACE.sm)
        self._place()

    @property
    def reason_text(self) -> str:
        """What is typed as the reason, "" for none."""
        return self.reason.text().strip()

    @property
    def reason_shown(self) -> bool:
        """Whether the field of the reason is there."""
        return self._reason_shown

    @property
    def always_words(self) -> str:
        """What "always" allows, in words."""
        return self.always.accessibleName()

    @property
    def always_said(self) -> bool:
        """Whether the button has room for all that it allows."""
        return self.always.text() == self.always_words

    def ask(self, allowed: str, *, readable: bool) -> None:
        """Take answers to another question. allowed: what "always" would allow, "" for nothing that can be said once for all.

        readable: whether the question shows whole; otherwise it can only be denied.
        """
        self._allowed = exact_line(allowed, ALLOWED_CHARACTERS)
        self._readable = readable
        self.reason.clear()
        self.set_sent(False)

    def set_sent(self, sent: bool) -> None:
        """An answer is on its way: no second one goes after it."""
        self._sent = sent
        for widget in (self.deny, self.reason):
            widget.setEnabled(not sent)
        self.approve.setEnabled(not sent and self._readable)
        self._show_always()

    def fit(self, *, narrow: bool, tight: bool) -> None:
        """Lay out for a window that is narrow, or low."""
        if (narrow, tight) != (self._narrow, self._tight):
            self._narrow, self._tight = narrow, tight
            self._place()

    def show_reason(self, shown: bool) -> None:
        """In a low window the field takes the place of what approves."""
        self._reason_shown = shown
        self.reason.setVisible(shown)
        self.approve.setVisible(not (shown and self._tight))
        self._show_always()

    def _place(self) -> None:
        for widget in (self.always, self.reason, self.deny, self.approve):
            self._grid.removeWidget(widget)
        if self._narrow and not self._tight:
            self._grid.addWidget(self.reason, 0, 0, 1, 4)
        else:
            self._grid.addWidget(self.reason, 1, 1)
        self._grid.addWidget(self.always, 1, 0)
        self._grid.addWidget(self.deny, 1, 2)
        self._grid.addWidget(self.approve, 1, 3)
        self._grid.setColumnStretch(1, 1)
        self._show_always()

    def _show_always(self) -> None:
        self.always.setVisible(bool(self._allowed) and self._readable and not (self._tight and self._reason_shown))
        self.always.setEnabled(not self._sent)
        words = f"Always allow {self._allowed}"
        short = words if len(words) <= ALWAYS_CHARACTERS else f"{words[:ALWAYS_CHARACTERS]}…"
        self.always.setText("Always…" if self._narrow else short)
        self.always.setAccessibleName(words)
        explain(self.always, f"Allows {self._allowed} for this agent from now on, without asking (A)")
