"""An agent's window with real keys and clicks, over a fake kernel."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from aether_desktop.apps.agent_vm.approval_panel import SETTLE_S, visible
from aether_desktop.apps.agent_vm.view import AgentView
from aether_desktop.models.journal_model import ROW_ROLE
from aether_desktop.stores.journal import JournalStores
from aether_desktop.theme.tokens import DARK
from kernel.protocol import agent, codec, process
from kernel.protocol.base import JournalEvent
from kernel.protocol.fs import FileList, FsLs
from tests.fakes.app_context import World, attach, framed
from tests.fakes.kernel_client import make_approval, make_info
from tests.unit.aether_desktop.apps.conftest import settle, wait_until

PID = 7
MakeView = Callable[..., Any]


def _told(*events: JournalEvent) -> list[dict[str, Any]]:
    return [codec.to_builtins(event) for event in events]


def _thought(log_id: int, text: str, step: int = 0, **changes: Any) -> agent.AgentThought:
    return agent.AgentThought(pid=PID, log_id=log_id, step=step or log_id, timestamp=1.0, thought=text, **changes)


@pytest.fixture
def make_view(world: World) -> Iterator[MakeView]:
    windows: list[QWidget] = []

    async def make(*, journal: list[dict[str, Any]] | None = None, size: tuple[int, int] = (900, 700), **info: Any) -> AgentView:
        world.client.processes = [make_info(PID, **info)]
        world.client.journals[PID] = journal or []
        world.client.answer(FsLs, FileList(path=f"/home/agent_{PID}", entries=()))
        stores = dataclasses.replace(world.stores, journals=JournalStores(world.client))
        context = dataclasses.replace(world.context, stores=stores)
        await attach(world)
        view = AgentView(context, PID)
        window = framed(view, world.window)
        windows.append(window)
        window.resize(*size)
        window.show()
        window.activateWindow()
        await settle()
        return view

    yield make
    for window in windows:
        window.close()
        window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _rows(view: AgentView) -> list[Any]:
    model = view.timeline.list.model()
    return [model.index(row, 0).data(ROW_ROLE) for row in range(model.rowCount())]


@pytest.mark.feature("VM04", "TM01")
async def test_four_views_and_history_then_live(world: World, make_view: MakeView) -> None:
    view = await make_view(journal=_told(_thought(1, "First."), _thought(2, "Second.")))
    assert [row.text for row in _rows(view)] == ["First.", "Second."]
    world.client.publish(_thought(3, "Third."))
    await wait_until(lambda: len(_rows(view)) == 3)
    for key in ("terminal", "logs", "files", "timeline"):
        view.show_tab(key)
        assert view.tabs.current == key
    assert world.window.title == f"Coder · {PID}"


@pytest.mark.feature("WB02")
async def test_streamed_words_grow_and_become_the_thought(world: World, make_view: MakeView) -> None:
    view = await make_view()
    for number, (kind, text) in enumerate([("reasoning", "hm "), ("text", "I will "), ("text", "look.")], 1):
        world.client.publish(agent.AgentThinkingChunk(pid=PID, log_id=number, step=1, kind=kind, content=text))
    await wait_until(lambda: bool(_rows(view)) and _rows(view)[0].text == "I will look.")
    (row,) = _rows(view)
    assert (row.running, row.details) == (True, "hm ")
    world.client.publish(_thought(4, "I will look.", step=1, reasoning="hm "))
    await wait_until(lambda: not _rows(view)[0].running)
    assert len(_rows(view)) == 1


@pytest.mark.feature("WB03")
async def test_a_tool_call_and_its_result_are_one_card_that_expands(world: World, make_view: MakeView) -> None:
    view = await make_view()
    world.client.publish(
        agent.AgentAction(pid=PID, log_id=1, step=1, call_id="c", tool="run_command", args={"command": "ls"}, title="ls")
    )
    await wait_until(lambda: bool(_rows(view)))
    assert _rows(view)[0].running
    world.client.publish(
        agent.AgentObservation(pid=PID, log_id=2, step=1, call_id="c", tool="run_command", result="a\nb", exit_code=0)
    )
    await wait_until(lambda: not _rows(view)[0].running)
    (row,) = _rows(view)
    assert row.title == "run_command · exit 0"
    assert '"command":"ls"' in row.details
    timeline = view.timeline.list
    index = timeline.model().index(0, 0)
    before = timeline.sizeHintForIndex(index).height()
    timeline.setCurrentIndex(index)
    QTest.keyClick(timeline, Qt.Key.Key_Return)
    assert timeline.sizeHintForIndex(index).height() > before
    QTest.keyClick(timeline, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert "run_command" in QApplication.clipboard().text()


@pytest.mark.feature("TM02")
async def test_scrolling_up_stops_following_and_latest_goes_back(world: World, make_view: MakeView) -> None:
    view = await make_view(journal=_told(*(_thought(number, f"Thought {number}\n" * 3) for number in range(1, 80))))
    timeline = view.timeline.list
    bar = timeline.verticalScrollBar()
    await wait_until(lambda: bar.maximum() > 0 and bar.value() == bar.maximum())
    bar.setValue(bar.maximum() // 2)
    assert not timeline.following
    assert view.timeline._latest.isVisible()
    before = bar.value()
    world.client.publish(_thought(100, "New."))
    await wait_until(lambda: len(_rows(view)) == 80)
    await settle()
    assert bar.value() == before
    QTest.mouseClick(view.timeline._latest, Qt.MouseButton.LeftButton)
    await wait_until(lambda: bar.value() == bar.maximum())
    assert timeline.following


async def test_older_pages_come_at_the_top(world: World, make_view: MakeView) -> None:
    view = await make_view(journal=_told(*(_thought(number, f"Thought {number}") for number in range(1, 1001))))
    timeline = view.timeline.list
    await wait_until(lambda: timeline.model().rowCount() == 400)
    timeline.verticalScrollBar().setValue(0)
    await wait_until(lambda: timeline.model().rowCount() == 800)
    await wait_until(lambda: timeline.verticalScrollBar().value() > 0)


@pytest.mark.feature("VM02")
async def test_the_log_has_a_colour_for_each_kind(world: World, make_view: MakeView) -> None:
    view = await make_view(
        journal=_told(
            _thought(1, "Thinking."),
            agent.AgentAction(pid=PID, log_id=2, step=1, call_id="c", tool="run_command", args={}, title="ls"),
            agent.AgentObservation(pid=PID, log_id=3, step=1, call_id="c", tool="run_command", result="fine", exit_code=0),
            agent.AgentFileCreated(pid=PID, log_id=4, step=1, path="/home/agent_7/a", content=""),
        )
    )
    view.show_tab("logs")
    document = view.logs._text.document()
    colours = []
    block = document.begin()
    while block.isValid():
        colours.append(block.begin().fragment().charFormat().foreground().color().name())
        block = block.next()
    assert colours == [DARK.phase(word).mark for word in ("thinking", "observing", "executing")]
    QTest.keyClicks(view.logs._search, "Created")
    await wait_until(lambda: view.logs.plain_text().count("\n") == 0 and "Created" in view.logs.plain_text())


@pytest.mark.feature("VM01")
async def test_the_terminal_shows_the_record_with_its_colours(world: World, make_view: MakeView) -> None:
    world.client.screens["tty-7-0"] = b"\x1b[32mok\x1b[0m passed\r\n"
    view = await make_view(tty_id="tty-7-0")
    view.show_tab("terminal")
    record = view.terminals.record
    await wait_until(lambda: record.terminal.display[0].startswith("ok passed"))
    assert record.terminal.buffer[0][0].fg == "green"
    world.client.terminals["tty-7-0"].feed(b"more\r\n")
    await wait_until(lambda: record.terminal.display[1].startswith("more"))
    assert not record.grab().isNull()


@pytest.mark.feature("AP05")
async def test_the_question_lies_over_the_window_and_one_key_answers(world: World, make_view: MakeView) -> None:
    world.client.approvals = [make_approval(PID)]
    view = await make_view(agent_phase="waiting", state="sleeping")
    assert view.approval.isVisible()
    assert world.window.attention
    QTest.keyClick(view.approval, Qt.Key.Key_Return)
    assert not world.client.sent(process.ProcessApprove), "a key that comes too early was meant for something else"
    time.sleep(SETTLE_S)
    QTest.keyClick(view.approval, Qt.Key.Key_Return)
    await settle()
    (sent,) = world.client.sent(process.ProcessApprove)
    assert (sent.pid, sent.scope) == (PID, "once")


async def test_a_refusal_carries_its_reason(world: World, make_view: MakeView) -> None:
    world.client.approvals = [make_approval(PID)]
    view = await make_view(agent_phase="waiting", state="sleeping")
    QTest.keyClicks(view.approval._reason, "keep it")
    QTest.mouseClick(view.approval._deny, Qt.MouseButton.LeftButton)
    await settle()
    assert [sent.reason for sent in world.client.sent(process.ProcessReject)] == ["keep it"]
    assert not world.client.sent(process.ProcessApprove)


async def test_a_question_answered_elsewhere_goes_away(world: World, make_view: MakeView) -> None:
    approval = make_approval(PID)
    world.client.approvals = [approval]
    view = await make_view(agent_phase="waiting", state="sleeping")
    world.client.publish(
        process.ApprovalAnswered(pid=PID, log_id=9, approval_id=approval.approval_id, call_id="", approved=True, by="cli")
    )
    await wait_until(lambda: not view.approval.isVisible())


def test_nothing_hides_in_a_command() -> None:
    assert visible("rm\u202e x\x1b[2K\r") == "rm⟨U+202E⟩ x⟨U+001B⟩[2K⟨U+000D⟩"
    assert visible("plain\n\ttext é 日本") == "plain\n\ttext é 日本"


@pytest.mark.feature("VM03", "AL09")
async def test_pause_steer_and_the_emergency_stop(world: World, make_view: MakeView) -> None:
    view = await make_view()
    QTest.mouseClick(view.controls._pause, Qt.MouseButton.LeftButton)
    QTest.keyClicks(view.controls._box, "look left")
    QTest.keyClick(view.controls._box, Qt.Key.Key_Return)
    QTest.keyClick(view, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    await settle()
    assert [sent.signal for sent in world.client.sent(process.ProcessSignal)] == ["SIGSTOP", "SIGKILL"]
    (said,) = world.client.sent(process.ProcessSend)
    assert (said.text, said.mode) == ("look left", "steer")


async def test_stopping_asks_first(world: World, make_view: MakeView) -> None:
    view = await make_view()
    QTest.mouseClick(view.controls._stop, Qt.MouseButton.LeftButton)
    await settle()
    assert not world.client.sent(process.ProcessSignal)


async def test_an_interrupted_agent_offers_to_resume(world: World, make_view: MakeView) -> None:
    view = await make_view(state="stopped", interrupted=True)
    assert view.banner.isVisible()
    view.banner.resume_requested.emit()
    await settle()
    assert world.client.sent(process.ProcessResume)


async def test_the_unconfined_are_named(world: World, make_view: MakeView) -> None:
    view = await make_view(confinement="none")
    assert "Not confined" in view.banner._text.text()


async def test_a_small_window_still_works(world: World, make_view: MakeView) -> None:
    world.client.approvals = [make_approval(PID)]
    view = await make_view(agent_phase="waiting", state="sleeping", size=(420, 360))
    assert view.approval.isVisible()
    assert not view.grab().isNull()
