"""The person's shells in an agent's sandbox are not closed over a program without a question."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget

from aether_desktop.apps.agent_vm.view import AgentView
from aether_desktop.widgets.sheet import Sheet
from aether_desktop.widgets.terminal.closing import Running, closing_question
from kernel.protocol.tty import TtyClose, TtyForeground, TtyForegroundReply, TtyOpen, TtyOpenReply
from tests.fakes.app_context import World
from tests.unit.aether_desktop.apps.agent_vm.conftest import PID, MakeView
from tests.unit.aether_desktop.apps.conftest import settle, wait_until

MAKE = TtyForegroundReply(name="make <all>", command="make all")
IDLE = TtyForegroundReply(name="bash", shell=True)


async def _with_shell(world: World, make_view: MakeView, runs: TtyForegroundReply) -> AgentView:
    world.client.answer(TtyOpen, TtyOpenReply(tty_id="tty-7-1"))
    world.client.answer(TtyForeground, runs)
    view: AgentView = await make_view()
    view.controls.shell_requested.emit()
    await wait_until(lambda: bool(view.terminals.shells) and view.terminals.shells[0].view.session is not None)
    assert world.client.sent(TtyOpen)[0].pid == PID
    return view


def _question(view: AgentView) -> Sheet | None:
    sheets: list[Any] = [sheet for sheet in view.findChildren(Sheet) if sheet.isVisible()]
    return sheets[0] if sheets else None


@pytest.mark.feature("VM01")
async def test_closing_the_window_asks_while_a_program_runs_in_a_shell(world: World, make_view: MakeView) -> None:
    view = await _with_shell(world, make_view, MAKE)
    closed: list[bool] = []
    view.show_tab("timeline")
    assert world.window.guard is not None
    assert not world.window.guard(lambda: closed.append(True))
    await wait_until(lambda: _question(view) is not None)
    assert not closed
    sheet = _question(view)
    assert sheet is not None and sheet.accessibleName() == "make <all> is running"
    QTest.keyClick(sheet, Qt.Key.Key_Return)
    await settle()
    assert not closed and not world.client.sent(TtyClose), "the safe answer is the nearest"
    assert not world.window.guard(lambda: closed.append(True))
    await wait_until(lambda: _question(view) is not None)
    sheet = _question(view)
    assert sheet is not None
    sheet.answer("end")
    await settle()
    assert closed == [True]


async def test_idle_shells_end_with_the_window(world: World, make_view: MakeView) -> None:
    view = await _with_shell(world, make_view, IDLE)
    closed: list[bool] = []
    assert world.window.guard is not None
    assert not world.window.guard(lambda: closed.append(True))
    await wait_until(lambda: closed == [True])
    assert _question(view) is None


async def test_a_window_without_shells_closes_at_once(world: World, make_view: MakeView) -> None:
    await make_view()
    assert world.window.guard is not None
    assert world.window.guard(lambda: None)


@pytest.mark.feature("VM01")
async def test_closing_a_tab_asks_while_a_program_runs_in_it(world: World, make_view: MakeView) -> None:
    view = await _with_shell(world, make_view, MAKE)
    view.terminals.bar.close_wanted.emit(1)
    await wait_until(lambda: _question(view) is not None)
    sheet = _question(view)
    assert sheet is not None and len(view.terminals.shells) == 1
    sheet.answer("end")
    await settle()
    assert not view.terminals.shells
    assert [sent.tty_id for sent in world.client.sent(TtyClose)] == ["tty-7-1"]


async def test_the_record_stays(world: World, make_view: MakeView) -> None:
    view = await make_view()
    view.terminals.bar.close_wanted.emit(0)
    await settle()
    assert view.terminals.bar.count() == 1


def _looks_away(view: AgentView) -> QWidget:
    """A button elsewhere in the native window, next in the order of Tab."""
    other = QPushButton("1 needs you", view.window())
    other.show()
    QWidget.setTabOrder(view.terminals.shells[-1].view, other)
    return other


@pytest.mark.feature("VM01")
@pytest.mark.parametrize("number", [1, 2])
async def test_the_keyboard_stays_in_the_window_when_a_shell_ends(world: World, make_view: MakeView, number: int) -> None:
    view = await _with_shell(world, make_view, IDLE)
    view.controls.shell_requested.emit()
    await wait_until(lambda: len(view.terminals.shells) == 2)
    view.terminals.bar.setCurrentIndex(number)
    shell = view.terminals.shells[number - 1]
    other = _looks_away(view)
    shell.view.setFocus()
    shell.finished.emit()
    (left,) = view.terminals.shells
    assert left.view.hasFocus()
    left.finished.emit()
    assert view.terminals.record.hasFocus() and not other.hasFocus()
    assert not view.terminals.bar.isVisible()


async def test_a_shell_that_ends_behind_takes_no_keyboard(world: World, make_view: MakeView) -> None:
    view = await _with_shell(world, make_view, IDLE)
    view.controls._box.setFocus()
    view.terminals.shells[0].finished.emit()
    assert view.controls._box.hasFocus()


@pytest.mark.feature("VM01")
async def test_a_shell_is_closed_and_left_by_key(world: World, make_view: MakeView) -> None:
    view = await _with_shell(world, make_view, IDLE)
    shell = view.terminals.shells[0].view
    assert shell.hasFocus() and view.terminals.bar.currentIndex() == 1
    QTest.keyClick(shell, Qt.Key.Key_PageUp, Qt.KeyboardModifier.ControlModifier)
    assert view.terminals.record.hasFocus()
    QTest.keyClick(view.terminals.record, Qt.Key.Key_PageDown, Qt.KeyboardModifier.ControlModifier)
    assert shell.hasFocus()
    QTest.keyClick(shell, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    await wait_until(lambda: not view.terminals.shells)
    assert view.terminals.record.hasFocus()


async def test_jobs_in_the_background_are_asked_about(world: World, make_view: MakeView) -> None:
    view = await _with_shell(world, make_view, TtyForegroundReply(name="bash", shell=True, background=1))
    view.terminals.close_tab()
    await wait_until(lambda: _question(view) is not None)
    sheet = _question(view)
    assert sheet is not None and sheet.accessibleName() == "1 program still runs in the background here"
    sheet.answer("keep")
    assert view.terminals.shells


def test_what_the_question_says() -> None:
    assert closing_question([Running("vim")]) == ("vim is running", "Closing ends it; what is not saved is lost.")
    assert closing_question([Running("vim", 1)]) == (
        "vim is running",
        "1 program more runs in the background. Closing ends them; what is not saved is lost.",
    )
    title, text = closing_question([Running(name, 2) for name in "abcde"], "The agent goes on.")
    assert title == "5 programs are running"
    assert text == (
        "a, b, c, d and 1 more, and 10 programs in the background. Closing ends them; what is not saved is lost. The agent goes on."
    )
