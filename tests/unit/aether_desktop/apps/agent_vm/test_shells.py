"""The person's shells in an agent's sandbox are not closed over a program without a question."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from aether_desktop.apps.agent_vm.view import AgentView
from aether_desktop.widgets.sheet import Sheet
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
    view.terminals._tabs.tabCloseRequested.emit(1)
    await wait_until(lambda: _question(view) is not None)
    sheet = _question(view)
    assert sheet is not None and len(view.terminals.shells) == 1
    sheet.answer("end")
    await settle()
    assert not view.terminals.shells
    assert [sent.tty_id for sent in world.client.sent(TtyClose)] == ["tty-7-1"]


async def test_the_record_stays(world: World, make_view: MakeView) -> None:
    view = await make_view()
    view.terminals._tabs.tabCloseRequested.emit(0)
    await settle()
    assert view.terminals._tabs.count() == 1
