"""What the agent asks, over its window: the exact command or the diff of the file, what it can harm, and the answers.

Enter or Y approves once, A always for this agent (absent where that cannot be said once for all). D or N goes to the reason, where Enter
refuses with what is typed, if anything, and Escape comes back. In a low window the reason takes the place of the other answers.

Nothing answers a question that nobody has seen yet. Keys count only while the panel itself has the keyboard and had it for a moment, so
that nothing typed for something else answers (``settling``); it takes the keyboard only from its own window, never from a field that
somebody types into, and never while keys are pressed: then it glows and waits for Ctrl+Enter. Under a sheet nothing answers. What is
approved is shown whole or cannot be approved. An answer is given once; one that was refused can be given again.
"""

from __future__ import annotations

import time

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from aether_desktop.apps.agent_vm.approval_foot import ApprovalFoot
from aether_desktop.apps.agent_vm.approval_text import MOST_CHARACTERS, AskedText, asked_of, length_of
from aether_desktop.apps.agent_vm.recent_keys import RecentKeys
from aether_desktop.apps.agent_vm.settling import Settling
from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.tokens import RADIUS, SPACE
from aether_desktop.widgets.key_hold import hold_over
from aether_desktop.widgets.label import ElidedLabel, Label
from aether_desktop.widgets.phase_dot import PhaseDot
from aether_desktop.widgets.shown_text import exact_line
from aether_desktop.widgets.terminal.view import TerminalView
from kernel.protocol.records import Approval

#: How the keyboard comes to a question that the person turned to.
DELIBERATE = frozenset(
    (Qt.FocusReason.ShortcutFocusReason, Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.MouseFocusReason)
)
_ANSWERING = (Qt.Key.Key_Y, Qt.Key.Key_A, Qt.Key.Key_D, Qt.Key.Key_N)
SHOWN_LINES = 14
NARROW_PX = 560
SHARE_OF_WINDOW = 0.42
TITLE_CHARACTERS = 300
MARGINS = (30, 18, 30, 24)
TIGHT_REST_PX = 104
TIGHT_TITLE_PX = 124
NO_LIMIT_PX = 16_777_215
TIGHT_MARGINS = (12, 9, 12, 11)


class ApprovalPanel(QWidget):
    """Shows one question at a time; hidden without one."""

    approved = Signal(str, str)
    """Approval id, scope (``once`` or ``always``)."""
    rejected = Signal(str, str)
    """Approval id, reason."""
    left = Signal()
    """The question is gone and had the keyboard."""

    def __init__(self, keys: RecentKeys, parent: QWidget | None = None) -> None:
        """keys: says whether somebody presses keys in the panel's window just now."""
        super().__init__(parent)
        self._keys = keys
        self._approval: Approval | None = None
        self._sent = False
        self._readable = True
        self._tight = False
        self._narrow = False
        self._settling = Settling(keys, self)
        self._settling.changed.connect(self._show_keys)
        self._title = ElidedLabel("", "body")
        self._title.setStyleSheet("font-weight: 600;")
        self._risk = ElidedLabel("", "tertiary", mode=Qt.TextElideMode.ElideMiddle)
        self._length = ElidedLabel("", "attention")
        self._elsewhere = Label("", "caption")
        self._countdown = ElidedLabel("", "caption")
        self._what = AskedText()
        self._scope = Label("", wrap=True)
        self._scope.hide()
        self.foot = ApprovalFoot()
        self.foot.reason_entered.connect(self._reject_from_reason)
        self.foot.always_pressed.connect(self._approve_always)
        self.foot.deny_pressed.connect(self._deny_pressed)
        self.foot.approve_pressed.connect(lambda: self._approve_with("once"))
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._show_countdown)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.timeout.connect(self.updateGeometry)
        self._lay_out()
        # Commands run from left to right, in every language.
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.hide()

    @property
    def approval(self) -> Approval | None:
        """What is asked now."""
        return self._approval

    def show_approval(self, approval: Approval | None) -> None:
        """Ask this, or nothing."""
        if approval == self._approval:
            return
        focus = QApplication.focusWidget()
        had_focus = focus is not None and (focus is self or self.isAncestorOf(focus))
        self._approval = approval
        self.setVisible(approval is not None)
        if approval is None:
            self._tick.stop()
            if had_focus:
                self.left.emit()
            return
        self._settling.ask()
        self._fill(approval)
        self._show_countdown()
        if approval.expires_at:
            self._tick.start()
        if self._may_take_focus(focus):
            self.setFocus()

    def set_tight(self, tight: bool) -> None:
        """Be as low as a question can be: its command, and the buttons."""
        if tight != self._tight:
            self._tight = tight
            self._fit_foot()
            self.foot.show_reason(not tight)
            self._show_scope("")
            # The risk is as much worth reading as who asks.
            self._title.setMaximumWidth(TIGHT_TITLE_PX if tight else NO_LIMIT_PX)
            self._column.setContentsMargins(*(TIGHT_MARGINS if tight else MARGINS))
            self._column.setSpacing(4 if tight else 10)
            self._fit_text()
            self.update()

    def answer_again(self, approval_id: str) -> None:
        """The answer to this question was refused: it can be given again."""
        if self._approval is not None and self._approval.approval_id == approval_id:
            self._set_sent(False)
            self._settling.ask()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Answer by one key, once the panel has been seen and by somebody who is not typing something else."""
        modified = event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier)
        early = not self._settling.takes_keys
        key = event.key()
        if key == Qt.Key.Key_Escape and (self.foot.reason.hasFocus() or not self._scope.isHidden()):
            self._go_back()
        elif early or event.isAutoRepeat() or modified:
            if early and not self.foot.reason.hasFocus():
                _put_off(self._settling, event)
            super().keyPressEvent(event)
        elif self.foot.reason.hasFocus():
            event.accept()  # a field passes on what it has no use for, Enter among it; here that must not approve
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Y):
            self._approve_with("once")
        elif key == Qt.Key.Key_A and self.foot.always.isVisible():
            self._approve_always()
        elif key in (Qt.Key.Key_D, Qt.Key.Key_N):
            self._begin_to_reject()
        else:
            if _is_text(event) and key not in _ANSWERING:
                self._settling.wait_for_keys()
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """What came while the window was hidden has been seen by nobody."""
        super().showEvent(event)
        self._settling.ask()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """A key that is still held from elsewhere does not answer."""
        self._settling.wait_for_keys(meant=event.reason() in DELIBERATE)
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show that keys go elsewhere."""
        self._show_keys()
        super().focusOutEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lines wrap anew; a narrow window has the reason in a row of its own."""
        super().resizeEvent(event)
        self._narrow = self.width() < NARROW_PX
        self._fit_foot()
        self._fit_text()
        # The layout that gives this size now does not hear that another height is wanted for it.
        self._again.start()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The amber frame: nothing else on the screen is as loud."""
        tokens = tokens_of(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        mark = QColor(tokens.phase("waiting").mark)
        glow = QColor(mark)
        glow.setAlpha(64 if self.hasFocus() else 26)
        area = QRectF(self.rect()).adjusted(16.5, 6.5, -16.5, -10.5)
        if self._tight:
            area = QRectF(self.rect()).adjusted(4.5, 4.5, -4.5, -4.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(glow)
        painter.drawRoundedRect(area.adjusted(-4, -4, 4, 4), RADIUS.medium + 4, RADIUS.medium + 4)
        painter.setPen(QPen(mark, 1.6 if self.hasFocus() else 1.0))
        painter.setBrush(QColor(tokens.surface1))
        painter.drawRoundedRect(area, RADIUS.medium, RADIUS.medium)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(SPACE.sm)
        head.addWidget(PhaseDot("waiting"))
        head.addWidget(self._title)
        head.addWidget(self._risk, 1)
        head.addWidget(self._length)
        head.addWidget(self._elsewhere)
        head.addWidget(self._countdown)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(*MARGINS)
        column.setSpacing(10)
        column.addLayout(head)
        column.addWidget(self._what)
        column.addWidget(self._scope)
        column.addWidget(self.foot)
        self._show_keys()

    def _fit_foot(self) -> None:
        self.foot.fit(narrow=self._narrow, tight=self._tight)
        self._show_keys()

    def _fill(self, approval: Approval) -> None:
        details = approval.details
        title = exact_line(approval.action, TITLE_CHARACTERS)
        self._title.setText(title)
        self.setAccessibleName(f"The agent asks: {title}")
        place = exact_line(details.get("path", "") or details.get("cwd", "") or details.get("host", ""), TITLE_CHARACTERS)
        counts = f"+{details['added']} −{details['removed']}" if "added" in details and "removed" in details else ""
        parts = (exact_line(approval.risk, TITLE_CHARACTERS), "" if place in title else place, counts)
        self._risk.setText(" · ".join(part for part in parts if part))
        self._fill_text(asked_of(approval), diff="diff" in details)
        self.foot.ask(approval.always, readable=self._readable)
        self._sent = False
        self.foot.show_reason(not self._tight)
        self._show_scope("")
        self._show_keys()

    def _fill_text(self, asked: str, *, diff: bool) -> None:
        """All of it: what cannot be read to its end cannot be approved."""
        self._readable = len(asked) <= MOST_CHARACTERS
        length = length_of(asked)
        self._length.setText(length if self._readable else f"{length}: too long to be approved")
        self._what.show_asked(asked if self._readable else asked[:MOST_CHARACTERS] + "…", diff=diff)
        self._what.setAccessibleDescription(length)
        self._fit_text()

    def _set_sent(self, sent: bool) -> None:
        """An answer is on its way: no second one goes after it."""
        focus = QApplication.focusWidget()
        if sent and focus is not None and self.isAncestorOf(focus):
            self.setFocus()
        self._sent = sent
        self.foot.set_sent(sent)

    def _show_keys(self) -> None:
        """Where the keys go: into the panel, or to something else, from where Ctrl+Enter leads here; and whether they answer yet."""
        self._elsewhere.setText("Keys answer once you rest" if self.hasFocus() else "Ctrl+Enter answers")
        self._elsewhere.setVisible(not self._narrow and (not self.hasFocus() or self._settling.waits_for_rest))
        self.update()

    def _fit_text(self) -> None:
        """As many lines as the text has, as far as the window has room; the rest scrolls."""
        parent = self.parentWidget()
        line = self._what.fontMetrics().lineSpacing()
        room = int(parent.height() * SHARE_OF_WINDOW) if parent is not None else line * SHOWN_LINES
        wanted = max(1, int(self._what.document().size().height()))
        lines = (parent.height() - TIGHT_REST_PX) // line if self._tight and parent is not None else room // line - 4
        shown = max(1, min(wanted, SHOWN_LINES, lines))
        self._length.setVisible(shown < wanted or not self._readable)
        policy = Qt.ScrollBarPolicy.ScrollBarAsNeeded if shown < wanted else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self._what.setVerticalScrollBarPolicy(policy)
        height = line * shown + 20
        if height != self._what.height() or self._what.minimumHeight() != height:
            self._what.setFixedHeight(height)

    def _may_take_focus(self, focus: QWidget | None) -> bool:
        """Not from another window, not from somebody who types, and not between two keys that are meant for something else."""
        if not self._keys.at_rest:
            return False
        if focus is None:
            return True
        parent = self.parentWidget()
        inside = parent is not None and (focus is parent or parent.isAncestorOf(focus))
        return inside and not isinstance(focus, (QLineEdit, QPlainTextEdit, TerminalView))

    def _approve_with(self, scope: str) -> None:
        if self._approval is not None and self._readable and self._may_answer():
            self._set_sent(True)
            self.approved.emit(self._approval.approval_id, scope)

    def _approve_always(self) -> None:
        """Where the button has no room for what it allows, that is said first, and the second time it counts."""
        if not self.foot.always_said and self._scope.isHidden():
            self._show_scope(f"{self.foot.always_words}? A again does.")
            self._settling.ask()
        else:
            self._approve_with("always")

    def _show_scope(self, text: str) -> None:
        """What is always allowed, in words; "" shows none. In a low window in the place of what is asked now."""
        self._scope.setText(text)
        self._scope.setVisible(bool(text))
        self._what.setVisible(not (text and self._tight))
        self._again.start()

    def _deny_pressed(self) -> None:
        """In a low window the field comes first."""
        if self.foot.reason_shown:
            self._reject()
        else:
            self._begin_to_reject()

    def _begin_to_reject(self) -> None:
        """A reason helps the agent to do better: the person is asked for one."""
        if self._approval is not None and self._may_answer():
            self._show_scope("")
            self.foot.show_reason(True)
            self.foot.reason.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _go_back(self) -> None:
        """To the question itself."""
        if self.foot.reason.hasFocus():
            self.setFocus()
            self.foot.show_reason(not self._tight)
        self._show_scope("")

    def _reject_from_reason(self) -> None:
        """Not a question that has only just taken the place of another."""
        if self._settling.takes_keys:
            self._reject()

    def _reject(self) -> None:
        if self._approval is not None and self._may_answer():
            self._set_sent(True)
            self.rejected.emit(self._approval.approval_id, self.foot.reason_text)

    def _may_answer(self) -> bool:
        """Once, not what nobody has seen, and never from below a sheet, whose keys are meant for it."""
        return not self._sent and self._settling.takes_clicks and hold_over(self) is None

    def _show_countdown(self) -> None:
        expires_at = self._approval.expires_at if self._approval is not None else 0.0
        self._countdown.setVisible(bool(expires_at))
        left = max(0, int(expires_at - time.time()))
        self._countdown.setText(f"denied in {left // 60}:{left % 60:02d}")


def _is_text(event: QKeyEvent) -> bool:
    """Whether a key writes something where there is a field; Enter and the keys that scroll do not."""
    return not event.isAutoRepeat() and bool(event.text()) and event.text().isprintable()


def _put_off(settling: Settling, event: QKeyEvent) -> None:
    """A key came too early: somebody types, or is impatient."""
    if event.key() in _ANSWERING:
        settling.put_off()
    elif _is_text(event):
        settling.wait_for_keys()
