"""The output of a running command in its row, as it comes."""

from __future__ import annotations

import pytest

from aether_desktop.apps.agent_vm.live_output import SHOWN_LINES, output_of
from kernel.protocol import agent
from kernel.term import Terminal
from tests.fakes.app_context import World
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
