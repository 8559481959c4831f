"""The output of a running command in its row, as it comes."""

from __future__ import annotations

import pytest
from PySide6.QtTest import QAbstractItemModelTester

from aether_desktop.apps.agent_vm.live_output import SHOWN_LINES, output_of
from kernel.protocol import agent, process
from kernel.term import Terminal
from tests.fakes.app_context import World
from tests.fakes.kernel_client import make_approval
from tests.unit.aether_desktop.apps.agent_vm.conftest import PID, MakeView
from tests.unit.aether_desktop.apps.conftest import wait_until


def record(*texts: str) -> Terminal:
    terminal = Terminal(20, 6)
    terminal.feed("".join(texts).replace("\n", "\r\n").encode())
    return terminal


def test_only_what_the_last_command_printed() -> None:
    terminal = record("➜ first\n", "old\n", "➜ second\n  of two lines\n", "new\nlines\n")
    assert output_of(terminal, 2) == "new\nlines"


def test_wrapped_lines_are_one_and_an_arrow_in_them_is_no_prompt() -> None:
    terminal = record("➜ cat\n", "x" * 20 + "➜ not a prompt\n")
    assert output_of(terminal, 1) == "x" * 20 + "➜ not a prompt"


def test_of_much_the_end() -> None:
    terminal = record("➜ seq 300\n", "".join(f"{number}\n" for number in range(1, 301)))
    lines = output_of(terminal, 1).split("\n")
    assert lines[-1] == "300"
    assert len(lines) <= SHOWN_LINES


def test_nothing_before_the_first_prompt() -> None:
    assert output_of(record("words\n"), 1) == ""


@pytest.mark.feature("WB03")
async def test_it_shows_while_the_command_runs_and_gives_way_to_the_result(world: World, make_view: MakeView) -> None:
    view = await make_view(state="running", agent_phase="executing", tty_id="tty-7-0")
    world.client.publish(
        agent.AgentAction(pid=PID, step=1, log_id=1, call_id="c", tool="run_command", title="make", args={"command": "make"}),
        agent.AgentToolStarted(pid=PID, step=1, log_id=2, call_id="c", tool="run_command"),
    )
    world.client.terminals["tty-7-0"].feed("➜ make\r\ncompiling \x1b[32mone\x1b[0m\r\n".encode())
    await wait_until(lambda: view.journal.rows[-1].live == "compiling one")
    world.client.terminals["tty-7-0"].feed(b"compiling two\r\n")
    await wait_until(lambda: view.journal.rows[-1].live == "compiling one\ncompiling two")
    world.client.publish(
        agent.AgentObservation(
            pid=PID, step=1, log_id=3, call_id="c", tool="run_command", result="exit code 0\ncompiling one\ncompiling two", exit_code=0
        )
    )
    await wait_until(lambda: view.journal.rows[-1].result is not None)
    assert view.journal.rows[-1].live == ""


@pytest.mark.feature("EV10")
async def test_a_command_that_was_asked_about_goes_behind_its_question_and_its_output_shows(world: World, make_view: MakeView) -> None:
    view = await make_view(state="running", agent_phase="executing", tty_id="tty-7-0")
    model = view.timeline.list.model()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    approval = make_approval(PID)
    call = {"pid": PID, "step": 1, "call_id": "c", "tool": "run_command"}
    world.client.publish(
        agent.AgentAction(**call, log_id=1, title="make", args={"command": "make"}, timestamp=11.0),
        process.ApprovalRequired(
            pid=PID, log_id=2, step=1, action="asks", details={"command": "make"}, approval=approval, timestamp=12.0
        ),
    )
    await wait_until(lambda: model.rowCount() == 2)
    view.timeline.list.setCurrentIndex(model.index(0, 0))
    world.client.publish(
        process.ApprovalAnswered(
            pid=PID, log_id=3, approval_id=approval.approval_id, call_id="c", approved=True, by="local", timestamp=30.0
        ),
        agent.AgentToolStarted(**call, log_id=4, timestamp=30.5),
    )
    await wait_until(lambda: model.data(model.index(0, 0)).startswith("Approved"))
    assert model.data(model.index(1, 0)).startswith("run_command")
    assert view.timeline.list.currentIndex().row() == 1, "the person's row is the same one"
    world.client.terminals["tty-7-0"].feed("➜ make\r\ncompiling\r\n".encode())
    await wait_until(lambda: view.journal.rows[-1].live == "compiling")
    await wait_until(lambda: not view.timeline.list._settle.isActive())
    tops = [view.timeline.list.visualRect(model.index(row, 0)) for row in range(2)]
    assert tops[0].bottom() < tops[1].top() + 1
