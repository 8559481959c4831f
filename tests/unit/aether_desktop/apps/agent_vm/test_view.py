"""An agent's window with real keys and clicks, over a fake kernel."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QListView, QWidget

from aether_desktop.apps.agent_vm.key_help import WINDOW
from aether_desktop.apps.agent_vm.processes_popover import ProcessesPopover
from aether_desktop.apps.agent_vm.settling import SETTLE_S
from aether_desktop.apps.agent_vm.timeline_delegate import KEPT_LAYOUTS
from aether_desktop.apps.agent_vm.timeline_layout import lay_out
from aether_desktop.apps.agent_vm.view import AgentView
from aether_desktop.models.journal_model import ROW_ROLE
from aether_desktop.stores.journal import KEPT_PAGES, LONGEST_TAIL, NEWEST, PAGE
from aether_desktop.theme.tokens import DARK
from aether_desktop.widgets.sheet import Sheet
from kernel.protocol import agent, codec, process
from kernel.protocol.base import JournalEvent
from kernel.protocol.records import ChildProcess
from kernel.protocol.system import HistoryLogs
from tests.fakes.app_context import World
from tests.fakes.kernel_client import make_approval, make_info
from tests.unit.aether_desktop.apps.agent_vm.conftest import PID, MakeView
from tests.unit.aether_desktop.apps.conftest import settle, wait_until


def _told(*events: JournalEvent) -> list[dict[str, Any]]:
    return [codec.to_builtins(event) for event in events]


def _thought(log_id: int, text: str, step: int = 0, **changes: Any) -> agent.AgentThought:
    return agent.AgentThought(pid=PID, log_id=log_id, step=step or log_id, timestamp=1.0, thought=text, **changes)


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
    assert row.result is not None
    assert (row.title, row.text, row.result.title, row.result.text) == ("run_command", "ls", "Result · exit 0", "a\nb")
    assert '"command": "ls"' in row.details
    timeline = view.timeline.list
    index = timeline.model().index(0, 0)
    before = timeline.sizeHintForIndex(index).height()
    timeline.setCurrentIndex(index)
    QTest.keyClick(timeline, Qt.Key.Key_Return)
    assert timeline.sizeHintForIndex(index).height() > before
    QTest.keyClick(timeline, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    for words in ("run_command", "Result · exit 0", '"command": "ls"'):
        assert words in QApplication.clipboard().text()
    expanded = timeline.sizeHintForIndex(index).height()
    QTest.mouseClick(timeline.viewport(), Qt.MouseButton.LeftButton, pos=timeline.visualRect(index).topLeft() + QPoint(60, 16))
    assert timeline.sizeHintForIndex(index).height() < expanded, "a click on the title folds it again"


@pytest.mark.feature("WB03")
async def test_a_tool_that_runs_has_a_spinner_and_one_that_waits_for_an_answer_has_none(world: World, make_view: MakeView) -> None:
    view = await make_view()
    world.client.publish(agent.AgentAction(pid=PID, log_id=1, step=1, call_id="c", tool="run_command", args={}, title="make"))
    await settle()
    assert (_rows(view)[0].running, _rows(view)[0].started) == (True, False)
    world.client.publish(agent.AgentToolStarted(pid=PID, log_id=2, step=1, call_id="c", tool="run_command"))
    await settle()
    assert _rows(view)[0].started


async def test_written_lines_stand_beside_the_call_that_wrote_them(world: World, make_view: MakeView) -> None:
    view = await make_view()
    world.client.publish(
        agent.AgentAction(pid=PID, log_id=1, step=1, call_id="c", tool="write_file", args={"path": "a.py"}, title="a.py"),
        agent.AgentFileCreated(pid=PID, log_id=2, step=1, path="/home/agent_7/a.py", content="x", added_lines=14, removed_lines=6),
        agent.AgentFileCreated(pid=PID, log_id=3, step=1, path="/home/agent_7/b.py", content="x", added_lines=1),
    )
    await settle()
    assert [(row.kind, row.added, row.removed) for row in _rows(view)] == [("tool", 14, 6), ("file", 1, 0)]


async def test_reasoning_is_folded_and_opens(world: World, make_view: MakeView) -> None:
    view = await make_view(journal=_told(_thought(1, "So it is.", reasoning="First this.\nThen that.\n" * 5, duration_s=12.0)))
    timeline = view.timeline.list
    index = timeline.model().index(0, 0)
    assert _rows(view)[0].title == "Thought · 12 s"
    folded = timeline.sizeHintForIndex(index).height()
    timeline.setCurrentIndex(index)
    QTest.keyClick(timeline, Qt.Key.Key_Return)
    assert timeline.sizeHintForIndex(index).height() > folded + 100


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


async def test_a_long_journal_opens_at_its_end_and_scrolls_anywhere(world: World, make_view: MakeView) -> None:
    view = await make_view(journal=_told(*(_thought(number, f"Thought {number}") for number in range(1, 5001))))
    timeline = view.timeline.list
    bar = timeline.verticalScrollBar()
    assert len(world.client.sent(HistoryLogs)) == 1, "only the newest page is read"
    assert _rows(view)[-1].text == "Thought 5000"
    bar.setValue(0)
    await wait_until(lambda: _rows(view)[0].text == "Thought 1")
    assert not timeline.following
    bar.setValue(bar.maximum() // 2)
    await wait_until(lambda: _rows(view)[timeline._visible_rows().start].kind == "thought")
    middle = _rows(view)[timeline._visible_rows().start]
    assert 1500 < middle.step < 3500, "what was gone to is what is shown"
    assert len(view.journal._pages) <= KEPT_PAGES


async def test_what_is_looked_at_stays_while_a_page_comes_above_it(world: World, make_view: MakeView) -> None:
    view = await make_view(journal=_told(*(_thought(number, f"Thought {number}") for number in range(1, 601))))
    timeline = view.timeline.list
    first = next(index for index, row in enumerate(_rows(view)) if row.text == f"Thought {601 - NEWEST}")
    timeline.scrollTo(timeline.model().index(first, 0), QListView.ScrollHint.PositionAtTop)
    top = _rows(view)[timeline._visible_rows().start].text
    count = view.journal.row_count
    view.journal.want_page((600 - NEWEST) // PAGE - 1)
    await wait_until(lambda: view.journal.row_count >= count + PAGE - 1)
    assert _rows(view)[timeline._visible_rows().start].text == top


async def test_a_call_and_its_result_on_both_sides_of_a_gap(world: World, make_view: MakeView) -> None:
    last = 400 - NEWEST
    call = agent.AgentAction(pid=PID, log_id=last, step=9, call_id="c", tool="run_command", args={}, title="ls")
    came = agent.AgentObservation(pid=PID, log_id=last + 1, step=9, call_id="c", tool="run_command", result="fine", exit_code=0)
    before = [_thought(number, f"{number}", step=number + 1000) for number in range(1, last)]
    after = [_thought(number, f"{number}", step=number + 1000) for number in range(last + 2, 401)]
    view = await make_view(journal=_told(*before, call, came, *after))
    assert [(row.kind, row.hidden) for row in _rows(view)[:1]] == [("gap", last)]
    assert _rows(view)[1].result is not None and _rows(view)[1].text == ""
    view.journal.want_page((last - 1) // PAGE)
    await wait_until(lambda: not _rows(view)[1].running and _rows(view)[1].kind == "thought")
    (joined,) = [row for row in _rows(view) if row.kind == "tool"]
    assert (joined.text, joined.result.title) == ("ls", "Result · exit 0")


@pytest.mark.feature("VM02")
async def test_the_log_has_a_line_an_entry_and_a_colour_for_each_kind(world: World, make_view: MakeView) -> None:
    approval = make_approval(PID)
    view = await make_view(
        journal=_told(
            _thought(1, "Thinking."),
            agent.AgentAction(pid=PID, log_id=2, step=1, call_id="c", tool="run_command", args={}, title="ls"),
            process.ApprovalRequired(pid=PID, log_id=3, step=1, action="asks", details={"command": "ls"}, approval=approval),
            agent.AgentObservation(pid=PID, log_id=4, step=1, call_id="c", tool="run_command", result="fine", exit_code=0),
            agent.AgentObservation(pid=PID, log_id=5, step=1, call_id="d", tool="run_command", result="bad", ok=False, exit_code=1),
        )
    )
    view.show_tab("logs")
    await settle()
    words = [view.logs.model.line(row).word for row in range(view.logs.model.rowCount())]
    assert words == ["thinking", "executing", "waiting", "observing", "failed"]
    picture = view.logs.list.viewport().grab().toImage()
    for row, word in enumerate(words):
        area = view.logs.list.visualRect(view.logs.model.index(row, 0))
        seen = {picture.pixelColor(x, y).name() for x in range(80, 220) for y in range(area.top(), area.bottom())}
        assert DARK.phase(word).mark in seen


@pytest.mark.feature("VM02")
async def test_the_log_is_filtered_and_searched_to_its_beginning(world: World, make_view: MakeView) -> None:
    events: list[JournalEvent] = [_thought(number, f"Thought {number}") for number in range(1, 3001)]
    events[4] = agent.AgentNotice(pid=PID, log_id=5, step=5, kind="error", message="The needle broke.")
    view = await make_view(journal=_told(*events))
    view.show_tab("logs")
    assert view.logs.model.rowCount() == 3000
    QTest.keyClicks(view.logs._search, "NEEDLE")
    await wait_until(lambda: view.logs.plain_text() == "The needle broke." and not view.logs.model.searching)
    world.client.publish(_thought(3001, "Another needle."))
    world.client.publish(_thought(3002, "Hay."))
    await settle()
    assert view.logs.plain_text().splitlines() == ["The needle broke.", "thought  Another needle."]
    QTest.keyClick(view.logs._search, Qt.Key.Key_Escape)
    await wait_until(lambda: view.logs.model.rowCount() == 3002)
    problems = view.logs._filter.segment_rect("problems").center().toPoint()
    QTest.mouseClick(view.logs._filter, Qt.MouseButton.LeftButton, pos=problems)
    await wait_until(lambda: view.logs.plain_text() == "The needle broke.")


async def test_the_log_reads_the_page_that_is_looked_at(world: World, make_view: MakeView) -> None:
    view = await make_view(journal=_told(*(_thought(number, f"Thought {number}") for number in range(1, 2001))))
    view.show_tab("logs")
    await settle()
    assert view.logs.model.line(3).label == "…"
    await wait_until(lambda: view.logs.model.line(3).text == "Thought 4")


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
    _let_time_pass(view)
    QTest.keyClick(view.approval, Qt.Key.Key_Return)
    await settle()
    (sent,) = world.client.sent(process.ProcessApprove)
    assert (sent.pid, sent.scope) == (PID, "once")


def _let_time_pass(view: AgentView) -> None:
    """The panel has been looked at for long enough."""
    assert view.approval._settling._keys_at - time.monotonic() <= SETTLE_S
    view.approval._settling.be_ready()


@pytest.mark.feature("AP05")
@pytest.mark.parametrize(("key", "answer"), [(Qt.Key.Key_Y, "once"), (Qt.Key.Key_A, "always"), (Qt.Key.Key_D, ""), (Qt.Key.Key_N, "")])
async def test_each_key_has_its_answer(world: World, make_view: MakeView, key: Qt.Key, answer: str) -> None:
    world.client.approvals = [make_approval(PID)]
    view = await make_view(agent_phase="waiting", state="sleeping")
    _let_time_pass(view)
    QTest.keyClick(view.approval, key)
    if not answer:
        QTest.keyClick(view.approval.foot.reason, Qt.Key.Key_Return)
    await settle()
    assert [sent.scope for sent in world.client.sent(process.ProcessApprove)] == ([answer] if answer else [])
    assert len(world.client.sent(process.ProcessReject)) == (0 if answer else 1)


@pytest.mark.feature("AP05")
async def test_always_is_absent_where_it_cannot_be_said(world: World, make_view: MakeView) -> None:
    world.client.approvals = [make_approval(PID, always="")]
    view = await make_view(agent_phase="waiting", state="sleeping")
    assert not view.approval.foot.always.isVisible()
    _let_time_pass(view)
    QTest.keyClick(view.approval, Qt.Key.Key_A)
    await settle()
    assert not world.client.sent(process.ProcessApprove)


@pytest.mark.feature("AP05")
async def test_a_question_does_not_take_the_keyboard_from_who_types(world: World, make_view: MakeView) -> None:
    view = await make_view()
    view.controls._box.setFocus()
    approval = make_approval(PID)
    world.client.publish(
        process.ApprovalRequired(pid=PID, log_id=3, step=1, action=approval.action, details=approval.details, approval=approval)
    )
    await wait_until(view.approval.isVisible)
    assert QApplication.focusWidget() is view.controls._box
    _let_time_pass(view)
    QTest.keyClicks(QApplication.focusWidget(), "yes and no")
    assert view.controls._box.text() == "yes and no"
    assert not world.client.sent(process.ProcessApprove)
    QTest.keyClick(view.controls._box, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.focusWidget() is view.approval, "Ctrl+Enter goes to the question"
    QTest.keyClick(view.approval, Qt.Key.Key_Y)
    assert not world.client.sent(process.ProcessApprove), "and the clock of a new look begins"


@pytest.mark.feature("AP05")
async def test_a_file_is_asked_for_with_its_diff_in_colour(world: World, make_view: MakeView) -> None:
    diff = "--- a\n+++ a\n@@ -1 +1 @@\n-old\n+new\n"
    details = {"path": "a", "diff": diff, "added": "1", "removed": "1"}
    world.client.approvals = [make_approval(PID, kind="file", tool="write_file", action="Coder wants to change a file", details=details)]
    view = await make_view(agent_phase="waiting", state="sleeping")
    document = view.approval._what.document()
    colours = {}
    block = document.begin()
    while block.isValid():
        for span in block.layout().formats():
            colours[block.text()] = span.format.foreground().color().name()
        block = block.next()
    assert colours["-old"] == DARK.phase("failed").mark
    assert colours["+new"] == DARK.phase("completed").mark
    assert "+1 −1" in view.approval._risk.text()


async def test_a_budget_or_a_loop_asks_with_its_reason(world: World, make_view: MakeView) -> None:
    details = {"reason": "It has made the same call again and again.", "call": "{'command': 'ls'}"}
    world.client.approvals = [make_approval(PID, kind="loop", action="Coder repeats itself. Go on?", details=details, always="")]
    view = await make_view(agent_phase="waiting", state="sleeping")
    assert view.approval._what.toPlainText() == "It has made the same call again and again.\n{'command': 'ls'}"


async def test_a_refusal_carries_its_reason(world: World, make_view: MakeView) -> None:
    world.client.approvals = [make_approval(PID)]
    view = await make_view(agent_phase="waiting", state="sleeping")
    view.approval._settling.be_ready()
    QTest.keyClicks(view.approval.foot.reason, "keep it")
    QTest.mouseClick(view.approval.foot.deny, Qt.MouseButton.LeftButton)
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


@pytest.mark.feature("VM03", "AL09")
async def test_pause_steer_and_the_emergency_stop(world: World, make_view: MakeView) -> None:
    view = await make_view()
    QTest.mouseClick(view.controls._pause, Qt.MouseButton.LeftButton)
    QTest.keyClicks(view.controls._box, "look left")
    QTest.keyClick(view.controls._box, Qt.Key.Key_Return)
    await settle()
    assert view.controls._box.text() == "", "it was taken"
    for _ in range(2):
        assert "SIGKILL" not in [sent.signal for sent in world.client.sent(process.ProcessSignal)], "the first time it asks"
        QTest.keyClick(view, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
        await settle()
    assert [sent.signal for sent in world.client.sent(process.ProcessSignal)] == ["SIGSTOP", "SIGKILL"]
    (said,) = world.client.sent(process.ProcessSend)
    assert (said.text, said.mode) == ("look left", "steer")


async def test_the_processes_of_the_agent_are_listed(world: World, make_view: MakeView) -> None:
    view = await make_view(children=1)
    assert view.controls.processes_button.accessibleName() == "1 process"
    children = (ChildProcess(pid=31, ppid=30, name="make", command="make -j2", cpu_percent=94.0, memory_mb=12.0, state="R"),)
    world.client.answer(process.ProcessInfoGet, process.ProcessInfoReply(info=make_info(PID), children=children))
    QTest.mouseClick(view.controls.processes_button, Qt.MouseButton.LeftButton)
    await settle()
    popover = view.findChild(ProcessesPopover)
    assert popover is not None
    item = popover.table.topLevelItem(0)
    assert [item.text(column) for column in range(5)] == ["31", "make -j2", "94 %", "12 MB", "running"]
    assert popover.table.currentItem() is item
    QTest.keyClick(popover.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == "31  make -j2  94 %  12 MB  running"
    world.client.answer(process.ProcessInfoGet, process.ProcessInfoReply(info=make_info(PID), children=()))
    popover.wanted.emit()
    await wait_until(lambda: popover.said.isVisible() and popover.table.topLevelItemCount() == 0)
    QTest.keyClick(popover, Qt.Key.Key_Escape)
    assert not popover.isVisible()


async def test_the_list_of_processes_opens_from_the_keyboard(world: World, make_view: MakeView) -> None:
    view = await make_view(children=0)
    QTest.keyClick(view.timeline.list, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    await settle()
    popover = view.findChild(ProcessesPopover)
    assert popover is not None and popover.said.text() == "It runs no process now."
    popover.close()


async def test_killing_asks_and_the_safe_answer_is_the_nearest(world: World, make_view: MakeView) -> None:
    view = await make_view()
    QTest.mouseClick(view.controls._kill, Qt.MouseButton.LeftButton)
    await settle()
    sheet = view.findChild(Sheet)
    assert sheet is not None and QApplication.focusWidget() is sheet.button("keep")
    QTest.keyClick(sheet.button("keep"), Qt.Key.Key_Return)
    await settle()
    assert not world.client.sent(process.ProcessSignal)


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


@pytest.mark.parametrize(("mode", "said"), [("ask", "each one asks first"), ("yes", "none asks: it was deployed so")])
async def test_the_unconfined_are_named(world: World, make_view: MakeView, mode: str, said: str) -> None:
    view = await make_view(confinement="none", approval=mode)
    assert "Not confined" in view.banner.text and said in view.banner.text


async def test_a_small_window_still_works(world: World, make_view: MakeView) -> None:
    world.client.approvals = [make_approval(PID)]
    view = await make_view(agent_phase="waiting", state="sleeping", size=(420, 360))
    await wait_until(lambda: view.approval.height() >= view.approval.minimumSizeHint().height())
    await settle()
    for button in (view.approval.foot.deny, view.approval.foot.approve, view.controls._kill, view.controls._pause):
        assert button.isVisible()
        area = QRect(button.mapTo(view, QPoint(0, 0)), button.size())
        assert view.rect().contains(area) and button.height() >= 24
    assert view.controls._pause.accessibleName() == "Pause"


async def test_what_is_read_stays_when_the_live_end_is_shortened(world: World, make_view: MakeView) -> None:
    view = await make_view(journal=_told(*(_thought(number, f"Thought {number}") for number in range(1, 301))))
    timeline, journal = view.timeline.list, view.journal
    for number in range(301, 301 + LONGEST_TAIL - NEWEST + 1):
        world.client.journals[PID].extend(_told(_thought(number, f"Thought {number}")))
        if number == 500:
            await settle()
            first = next(index for index, row in enumerate(_rows(view)) if row.text == "Thought 450")
            timeline.scrollTo(timeline.model().index(first, 0), QListView.ScrollHint.PositionAtTop)
            assert not timeline.following
        world.client.publish(_thought(number, f"Thought {number}"))
    await wait_until(lambda: journal._tail_first > 450)
    await settle()
    assert _rows(view)[timeline._visible_rows().start].text == "Thought 450"
    texts = [row.text for row in _rows(view) if row.kind == "thought"]
    assert texts == sorted(texts, key=lambda text: int(text.split()[1])), "nothing twice, nothing out of order"
    assert len(texts) == len(set(texts))


async def test_a_long_output_is_counted_and_its_beginning_shown(world: World, make_view: MakeView) -> None:
    output = "\n".join(f"{number:>6} line" for number in range(1, 10_001))
    view = await make_view(
        journal=_told(
            agent.AgentAction(pid=PID, log_id=1, step=1, call_id="c", tool="run_command", args={}, title="seq"),
            agent.AgentObservation(pid=PID, log_id=2, step=1, call_id="c", tool="run_command", result=output, exit_code=0),
        )
    )
    (row,) = _rows(view)
    assert row.result.lines == 10_000 and row.result.text.startswith("     1 line")
    timeline = view.timeline.list
    index = timeline.model().index(0, 0)
    assert timeline.sizeHintForIndex(index).height() < 220
    QTest.keyClick(timeline, Qt.Key.Key_Home)
    timeline.setCurrentIndex(index)
    QTest.keyClick(timeline, Qt.Key.Key_Space)
    assert 2_000 < timeline.sizeHintForIndex(index).height() < 20_000


async def test_an_empty_window_keeps_the_keyboard(world: World, make_view: MakeView) -> None:
    view = await make_view()
    view.setFocus()
    assert view.timeline._empty.isVisible()
    assert QApplication.focusWidget() is view.timeline.list


@pytest.mark.parametrize("size", [(300, 200), (300, 320), (420, 230)])
@pytest.mark.parametrize("asks", [True, False])
async def test_everything_that_matters_lies_inside_of_the_smallest_window(
    world: World, make_view: MakeView, size: tuple[int, int], asks: bool
) -> None:
    world.client.approvals = [make_approval(PID)] if asks else []
    view = await make_view(agent_phase="waiting", state="sleeping")
    view.setParent(None)
    frame = QWidget()
    view.setParent(frame)
    frame.resize(size[0], size[1] - 84)
    view.setGeometry(frame.rect())
    view.show()
    frame.show()
    await settle()
    await wait_until(lambda: not asks or view.approval.foot.approve.mapTo(view, QPoint(0, 30)).y() <= view.height())
    assert view.size() == frame.size(), "the content is not larger than its window"
    panel, bar = view.approval, view.controls
    wanted = (panel.foot.deny, panel.foot.approve) if asks else (bar._pause, bar._box, bar._stop, bar._kill)
    for widget in wanted:
        area = QRect(widget.mapTo(view, QPoint(0, 0)), widget.size())
        assert view.rect().contains(area) and area.height() >= 24 and area.width() >= 24
        assert view.childAt(area.center()) is widget
    if asks:
        area = QRect(panel._what.mapTo(view, QPoint(0, 0)), panel._what.size())
        assert area.height() >= 24 and not area.intersects(QRect(panel.foot.approve.mapTo(view, QPoint(0, 0)), panel.foot.approve.size()))
    frame.close()
    frame.deleteLater()


async def test_a_row_is_laid_out_once_for_its_size_and_its_picture(
    make_view: MakeView, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice, at widths that differ by a few px, was half of what a frame of scrolling cost."""
    laid: list[tuple[str, int]] = []

    def note(row: Any, width: int, *, expanded: bool) -> Any:
        laid.append((row.key, width))
        return lay_out(row, width, expanded=expanded)

    view = await make_view(journal=_told(*(_thought(number, f"Thought {number} " * 9) for number in range(1, 60))))
    timeline = view.timeline.list
    timeline.delegate._layouts.clear()
    monkeypatch.setattr("aether_desktop.apps.agent_vm.timeline_delegate.lay_out", note)
    for _ in range(3):
        timeline.doItemsLayout()
        timeline.viewport().grab()
    assert {width for _, width in laid} == {timeline.viewport().width()}
    assert len(laid) == len({key for key, _ in laid}) == timeline.model().rowCount()


async def test_layouts_of_rows_that_are_gone_are_forgotten_and_the_others_kept(make_view: MakeView) -> None:
    view = await make_view(journal=_told(*(_thought(number, f"Thought {number}") for number in range(1, 40))))
    delegate = view.timeline.list.delegate
    row = view.journal.row(3)
    kept = delegate.layout_of(row, 700)
    for number in range(KEPT_LAYOUTS + 5):
        delegate.layout_of(msgspec.structs.replace(row, key=f"gone-{number}"), 700)
    assert len(delegate._layouts) < KEPT_LAYOUTS
    assert delegate.layout_of(row, 700) is kept


async def test_the_list_of_keys_names_every_one_of_the_window(make_view: MakeView) -> None:
    view = await make_view()
    bound = {shortcut.key().toString() for shortcut in view.findChildren(QShortcut) if shortcut.parent() in (view, view.tabs)}
    assert bound == {keys for _, keys in WINDOW}


async def test_the_window_remembers_its_tab_as_its_state_and_opens_with_it(world: World, make_view: MakeView) -> None:
    view = await make_view()
    assert view.tabs.current == "timeline"
    QTest.mouseClick(view.tabs, Qt.MouseButton.LeftButton, pos=view.tabs.segment_rect("files").center().toPoint())
    assert world.window.state("tab") == "files"
    assert "tab" not in dict(world.window.arguments)
    again = await make_view()
    assert again.tabs.current == "files"


@pytest.mark.feature("DS01", "VM04")
async def test_the_smallest_window_shows_files_and_not_only_what_is_around_them(make_view: MakeView) -> None:
    # A window of 300 x 200 px without its title bar, which has two rows then.
    view = await make_view(state="dead", exit_code=0, agent_phase="completed", size=(300, 116))
    view.show_tab("files")
    await settle()
    pages = view.files.pages
    assert pages.height() > 2 * 28, "some rows of 28 px"
    assert view.files.path.geometry().left() > pages.mapTo(view.files, pages.rect().topRight()).x()
    assert view.files.height() + view.controls.height() <= view.height()
    view.window().resize(900, 700)
    await settle()
    assert view.files.status.isVisible() and view.banner.height() > 20
