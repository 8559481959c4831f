"""The tty commands through a real kernel: shells of this machine and of an agent's sandbox."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from kernel.errors import AetherError, InvalidArgumentError, LimitReachedError, NotFoundError
from kernel.principal import Principal
from kernel.protocol import tty
from kernel.protocol.process import ProcessSignal
from kernel.protocol.system import SettingsSet
from kernel.term import Terminal
from kernel.tty import manager as manager_module
from kernel.tty.posix import AdoptedPty
from tests.fakes.scripts import call, turn
from tests.integration.kernel.conftest import Bench, bench, make_bench  # noqa: F401 - fixtures

WORKING = turn("I wait.", call("run_command", command="sleep 300"))


class Shown:
    """A terminal as a window shows it."""

    def __init__(self, bench: Bench, tty_id: str) -> None:  # noqa: F811 - the argument is the fixture's value
        self.source: Any = bench.kernel.view_terminal(tty_id, lambda: None, 0)

    async def until(self, text: str) -> Terminal:
        terminal: Terminal = self.source.terminal
        async with asyncio.timeout(20):
            while True:
                while self.source.parse(1 << 16):
                    pass
                if any(text in line for line in terminal.display):
                    return terminal
                await asyncio.sleep(0.01)


async def eventually(bench: Bench, tty_id: str, name: str) -> tty.TtyForegroundReply:  # noqa: F811 - as above
    async with asyncio.timeout(20):
        while True:
            found: tty.TtyForegroundReply = await bench.execute(tty.TtyForeground(tty_id=tty_id))
            # A program that has just been started has a name before it has arguments.
            if found.name == name and (found.command or found.shell):
                return found
            await asyncio.sleep(0.02)


@pytest.mark.feature("TT03", "TT05")
async def test_shells_of_this_machine(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811 - fixture
    monkeypatch.setenv("SHELL", "/bin/bash")
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / "work"
    folder.mkdir()
    first = await bench.execute(tty.TtyOpen(pid=0, cols=90, rows=20, cwd=str(folder)))
    second = await bench.execute(tty.TtyOpen(pid=0, cwd="/no/such/folder"))
    listed = (await bench.execute(tty.TtyList())).terminals
    assert [record.tty_id for record in listed] == [first.tty_id, second.tty_id]
    assert listed[0] == tty.TtyRecord(tty_id=first.tty_id, pid=0, title="Terminal", cols=90, rows=20, host=True)
    for opened, place in ((first, folder), (second, tmp_path)):
        await bench.execute(tty.TtyInput(tty_id=opened.tty_id, data="echo in:$PWD:; stty size\n"))
        await Shown(bench, opened.tty_id).until(f"in:{place}:")
    assert (await eventually(bench, first.tty_id, "bash")).shell
    await bench.execute(tty.TtyInput(tty_id=first.tty_id, data="sleep 300\n"))
    assert (await eventually(bench, first.tty_id, "sleep")).command == "sleep 300"
    await bench.execute(tty.TtyInput(tty_id=second.tty_id, data="exit 5\n"))
    ended = await bench.wait(tty.TtyClosed, 0)
    assert (ended.tty_id, ended.exit_code, ended.host, ended.title) == (second.tty_id, 5, True, "Terminal")
    assert not (await bench.execute(tty.TtyList(pid=0))).terminals[1].running
    await bench.execute(tty.TtyClose(tty_id=first.tty_id))
    closed = await bench.wait(tty.TtyClosed, 0, lambda event: event.tty_id == first.tty_id)
    assert closed.exit_code == 129
    assert [record.tty_id for record in (await bench.execute(tty.TtyList())).terminals] == [second.tty_id]
    assert await bench.execute(tty.TtyForeground(tty_id=second.tty_id)) == tty.TtyForegroundReply()
    opened_events = bench.of(0, tty.TtyOpened)
    assert [(event.title, event.cols, event.rows, event.host) for event in opened_events] == [
        ("Terminal", 90, 20, True),
        ("Terminal", 120, 36, True),
    ]


@pytest.mark.feature("TT04", "AA02")
async def test_a_shell_beside_an_agent(bench: Bench) -> None:  # noqa: F811 - fixture
    pid = await bench.deploy(WORKING)
    async with asyncio.timeout(20):
        while True:
            try:
                opened = await bench.execute(tty.TtyOpen(pid=pid, cwd="Documents"))
                break
            except AetherError:
                await asyncio.sleep(0.05)
    shown = Shown(bench, opened.tty_id)
    await bench.execute(tty.TtyInput(tty_id=opened.tty_id, data="echo in:$PWD:$(whoami)\n"))
    terminal = await shown.until(f"in:/home/agent_{pid}/Documents:agent_{pid}")
    assert terminal.cwd.endswith(f"/home/agent_{pid}/Documents")
    assert (await eventually(bench, opened.tty_id, "bash")).shell
    await bench.execute(tty.TtyInput(tty_id=opened.tty_id, data="sleep 301\n"))
    assert not (await eventually(bench, opened.tty_id, "sleep")).shell
    record = (await bench.execute(tty.TtyList(pid=pid))).terminals[0]
    assert (record.host, record.pid, record.title) == (False, pid, "Shell")
    for outside in ("/etc", "../agent_55", "/home/agent_99", "Documents/../../x"):
        with pytest.raises(InvalidArgumentError):
            await bench.execute(tty.TtyOpen(pid=pid, cwd=outside))
    stranger = Principal(uid="stranger")
    assert (await bench.kernel.execute(tty.TtyList(), stranger)).terminals == ()
    with pytest.raises(NotFoundError):
        await bench.kernel.execute(tty.TtyForeground(tty_id=opened.tty_id), stranger)
    await bench.execute(ProcessSignal(pid=pid, signal="SIGKILL"))
    closed = await bench.wait(tty.TtyClosed, pid)
    assert (closed.host, closed.tty_id) == (False, opened.tty_id)


@pytest.mark.feature("TT04")
async def test_a_shell_for_which_there_is_no_room_leaves_nothing_beside_its_agent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch  # noqa: F811 - fixture
) -> None:
    pid = await bench.deploy(WORKING)
    closed: list[AdoptedPty] = []
    really_close = AdoptedPty.close

    async def close(pty: AdoptedPty) -> None:
        await really_close(pty)
        closed.append(pty)

    monkeypatch.setattr(AdoptedPty, "close", close)
    monkeypatch.setattr(manager_module, "MAX_TERMINALS", 0)
    async with asyncio.timeout(20):
        while not closed:
            with pytest.raises(AetherError) as refused:
                await bench.execute(tty.TtyOpen(pid=pid))
            await asyncio.sleep(0.05)
    assert isinstance(refused.value, LimitReachedError)


async def test_the_scrollback_setting_counts_for_terminals_opened_later(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811 - fixture
    monkeypatch.setenv("SHELL", "/bin/sh")
    monkeypatch.setenv("ENV", "")
    await bench.execute(SettingsSet(name="terminal.scrollback", value=50))
    opened = await bench.execute(tty.TtyOpen(pid=0))
    await bench.execute(tty.TtyInput(tty_id=opened.tty_id, data="seq 500; echo do''ne\n"))
    terminal = await Shown(bench, opened.tty_id).until("done")
    assert len(terminal.history) == 50
    with pytest.raises(InvalidArgumentError):
        await bench.execute(SettingsSet(name="terminal.scrollback", value=10_000_000))
