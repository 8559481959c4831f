"""What the window calls an agent's state, where it turns to, and what becomes of a message."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocumentFragment
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from aether_desktop.apps.agent_vm.processes_popover import ProcessesPopover
from aether_desktop.apps.agent_vm.view import AgentView
from aether_desktop.stores.reducers.timeline import Row
from kernel.errors import ConflictError
from kernel.protocol import agent, process
from kernel.protocol.base import Empty
from kernel.protocol.records import ChildProcess
from tests.fakes.app_context import World
from tests.fakes.kernel_client import make_approval
from tests.unit.aether_desktop.apps.agent_vm.conftest import PID, MakeView
from tests.unit.aether_desktop.apps.conftest import settle, wait_until


def _rows(view: AgentView) -> list[Row]:
    return list(view.journal.rows)


@pytest.mark.feature("VM03", "EV10")
async def test_a_message_that_was_refused_is_not_lost(world: World, make_view: MakeView) -> None:
    view = await make_view()
    world.client.answer(process.ProcessSend, ConflictError("It is ending."))
    QTest.keyClicks(view.controls._box, "look left")
    QTest.keyClick(view.controls._box, Qt.Key.Key_Return)
    QTest.keyClick(view.controls._box, Qt.Key.Key_Return)
    assert view.controls._box.isReadOnly() and view.controls._box.text() == "look left"
    await settle()
    assert len(world.client.sent(process.ProcessSend)) == 1, "sent once while it is on its way"
    assert [notice.title for notice in world.notices] == ["It is ending."]
    assert view.controls._box.text() == "look left" and not view.controls._box.isReadOnly()
    world.client.answer(process.ProcessSend, Empty())
    QTest.keyClick(view.controls._box, Qt.Key.Key_Return)
    await settle()
    assert view.controls._box.text() == ""
    first, second = world.client.sent(process.ProcessSend)
    assert first.id and first.id != second.id


@pytest.mark.parametrize(
    ("info", "word", "phase"),
    [
        ({"state": "dead", "exit_code": 143, "agent_phase": "failed"}, "stopped", "stopped"),
        ({"state": "dead", "exit_code": 1, "agent_phase": "failed"}, "failed", "failed"),
        ({"state": "dead", "exit_code": 0, "agent_phase": "completed"}, "completed", "completed"),
        ({"state": "stopped", "interrupted": True}, "interrupted", "stopped"),
    ],
)
async def test_words_and_colours_are_those_of_mission_control(
    world: World, make_view: MakeView, info: dict[str, Any], word: str, phase: str
) -> None:
    view = await make_view(**info)
    assert view.controls.status.split(" · ")[0] == word
    assert view.banner._dot.phase == phase


@pytest.mark.parametrize(("info", "word"), [({"state": "created", "agent_phase": "booting"}, "starting"), ({"state": "stopped"}, "paused")])
async def test_a_living_agent_has_the_words_of_mission_control(
    world: World, make_view: MakeView, info: dict[str, Any], word: str
) -> None:
    assert (await make_view(**info)).controls.status.startswith(word)


async def test_the_title_hides_nothing_and_is_told_once(world: World, make_view: MakeView) -> None:
    told: list[tuple[str, str]] = []
    world.window.set_title = lambda title, subtitle="": told.append((title, subtitle))  # type: ignore[method-assign] # counts
    view = await make_view(name="R&D\u202ereversed", goal="Fix\u202e it\nnow")
    for step in range(3):
        world.client.publish(agent.AgentStepStarted(pid=PID, log_id=step + 1, step=step, max_steps=9))
    await settle()
    assert told == [(f"R&D⟨U+202E⟩reversed · {PID}", "Fix⟨U+202E⟩ it now")]
    assert "step 2/9" in view.controls.status


async def test_a_process_in_the_list_is_no_html(world: World) -> None:
    popover = ProcessesPopover()
    command = 'python -c "<script>alert(1)</script>"'
    popover.show_processes((ChildProcess(pid=1, ppid=0, name="p", command=command, cpu_percent=0, memory_mb=1, state="R"),))
    assert QTextDocumentFragment.fromHtml(popover.table.topLevelItem(0).toolTip(1)).toPlainText() == command


def _outside(view: AgentView) -> QLineEdit:
    """Another window's field on the same desktop."""
    field = QLineEdit(view.window())
    field.show()
    return field


@pytest.mark.feature("MC06")
async def test_a_window_that_is_opened_for_its_question_turns_to_the_timeline(world: World, make_view: MakeView) -> None:
    world.client.approvals = [make_approval(PID)]
    view = await make_view(agent_phase="waiting", state="sleeping")
    view.show_tab("files")
    _outside(view).setFocus()
    view.setFocus()
    assert view.tabs.current == "timeline"
    view.show_tab("logs")
    view.logs.list.setFocus()
    QTest.keyClick(view.logs.list, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.focusWidget() is view.approval
    assert view.tabs.current == "logs", "who is in the window already stays where they are"


async def test_a_window_without_a_question_keeps_its_page(world: World, make_view: MakeView) -> None:
    view = await make_view()
    view.show_tab("files")
    _outside(view).setFocus()
    view.setFocus()
    assert view.tabs.current == "files"


@pytest.mark.feature("EV10")
async def test_a_message_is_one_bubble_that_is_confirmed_once_the_agent_was_given_it(world: World, make_view: MakeView) -> None:
    view = await make_view()
    QTest.keyClicks(view.controls._box, "look left")
    QTest.keyClick(view.controls._box, Qt.Key.Key_Return)
    await settle()
    (sent,) = world.client.sent(process.ProcessSend)
    said = agent.AgentUserMessage(pid=PID, log_id=1, step=1, message_id=sent.id, text=sent.text, mode=sent.mode)
    world.client.publish(said)
    await wait_until(lambda: len(_rows(view)) == 1)
    assert _rows(view)[0].running, "recorded, not yet given to the model"
    pending = view.timeline.list.viewport().grab().toImage()
    world.client.publish(msgspec.structs.replace(said, log_id=2, delivered=True))
    await wait_until(lambda: not _rows(view)[0].running)
    assert [row.text for row in _rows(view)] == ["look left"], "shown once"
    assert view.timeline.list.viewport().grab().toImage() != pending, "and it shows"
