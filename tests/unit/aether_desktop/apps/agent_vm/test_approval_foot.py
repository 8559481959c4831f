"""The row of answers shows what can be answered, and says what was pressed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocumentFragment
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from aether_desktop.apps.agent_vm.approval_foot import ALWAYS_CHARACTERS, ApprovalFoot

ALLOWED = "git status in its sandbox"


@pytest.fixture
def foot(qtbot: QtBot) -> ApprovalFoot:
    made = ApprovalFoot()
    qtbot.addWidget(made)
    made.ask(ALLOWED, readable=True)
    made.show()
    return made


def _shown(foot: ApprovalFoot) -> set[str]:
    return {name for name in ("reason", "always", "deny", "approve") if not getattr(foot, name).isHidden()}


def test_each_answer_says_itself_once(foot: ApprovalFoot) -> None:
    pressed: list[str] = []
    foot.approve_pressed.connect(lambda: pressed.append("approve"))
    foot.always_pressed.connect(lambda: pressed.append("always"))
    foot.deny_pressed.connect(lambda: pressed.append("deny"))
    foot.reason_entered.connect(lambda: pressed.append("reason"))
    for button in (foot.approve, foot.always, foot.deny):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    QTest.keyClicks(foot.reason, "  not here ")
    QTest.keyClick(foot.reason, Qt.Key.Key_Return)
    assert pressed == ["approve", "always", "deny", "reason"]
    assert foot.reason_text == "not here"


@pytest.mark.parametrize(
    ("allowed", "readable", "always", "approve"),
    [(ALLOWED, True, True, True), ("", True, False, True), (ALLOWED, False, False, False)],
    ids=["both", "not once for all", "only denied"],
)
def test_what_can_be_answered(foot: ApprovalFoot, allowed: str, readable: bool, always: bool, approve: bool) -> None:
    foot.ask(allowed, readable=readable)
    assert foot.always.isVisible() is always
    assert foot.approve.isEnabled() is approve
    assert foot.deny.isEnabled() and foot.reason.isEnabled()


def test_nothing_is_pressed_while_an_answer_is_on_its_way_and_a_new_question_begins_anew(foot: ApprovalFoot) -> None:
    answers = (foot.reason, foot.always, foot.deny, foot.approve)
    foot.reason.setText("not here")
    foot.set_sent(True)
    assert not any(widget.isEnabled() for widget in answers)
    foot.ask(ALLOWED, readable=True)
    assert all(widget.isEnabled() for widget in answers) and foot.reason_text == ""


def test_a_narrow_foot_has_the_reason_in_a_row_of_its_own_and_says_less_of_always(foot: ApprovalFoot) -> None:
    foot.resize(1200, foot.sizeHint().height())
    assert foot.always_said
    wide = foot.sizeHint().height()
    foot.fit(narrow=True, tight=False)
    assert not foot.always_said and ALLOWED in foot.always_words
    assert foot.sizeHint().height() > wide
    foot.fit(narrow=True, tight=True)
    assert foot.sizeHint().height() == wide
    foot.fit(narrow=False, tight=False)
    assert foot.always_said


def test_in_a_low_foot_the_reason_takes_the_place_of_what_approves(foot: ApprovalFoot) -> None:
    foot.fit(narrow=False, tight=True)
    foot.show_reason(False)
    assert _shown(foot) == {"always", "deny", "approve"} and not foot.reason_shown
    foot.show_reason(True)
    assert _shown(foot) == {"reason", "deny"} and foot.reason_shown
    foot.fit(narrow=False, tight=False)
    foot.show_reason(True)
    assert _shown(foot) == {"reason", "always", "deny", "approve"}


def test_long_words_are_cut_on_the_button_alone_and_none_is_markup(foot: ApprovalFoot) -> None:
    allowed = "rm in <b>its</b> sandbox, " + "and so on " * 20
    foot.ask(allowed, readable=True)
    assert not foot.always_said and len(foot.always.text()) == ALWAYS_CHARACTERS + 1
    assert "<b>its</b>" in QTextDocumentFragment.fromHtml(foot.always.toolTip()).toPlainText()
