"""What a command prints is shown while it runs, and its result does not repeat it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernel.agents.commands import AS_NEW, prompt_of
from kernel.cli import live_output
from kernel.cli.live_output import MOST_LINES, LiveOutput
from kernel.cli.output import TextPrinter
from kernel.protocol import agent
from kernel.tasks import Scope

COMMAND = "make all\necho done"


@pytest.fixture
async def scope() -> AsyncIterator[Scope]:
    made = Scope("test")
    yield made
    await made.close()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_output, "PATIENCE_S", 0.01)
    monkeypatch.setattr(live_output, "INTERVAL_S", 0.01)


class Rig:
    """A printer on the record of a terminal."""

    def __init__(self, record: Path, scope: Scope, capsys: pytest.CaptureFixture[str]) -> None:
        self.record = record
        self.printer = LiveOutput(TextPrinter(colour=False), record, scope)
        self.capsys = capsys
        self.text = ""

    def write(self, data: bytes) -> None:
        with self.record.open("ab") as file:
            file.write(data)

    def begin(self, command: str = COMMAND) -> None:
        self.printer.show(agent.AgentAction(pid=1, call_id="c", tool="run_command", args={"command": command}, title=command))
        self.printer.show(agent.AgentToolStarted(pid=1, call_id="c", tool="run_command"))
        self.text = ""
        self.capsys.readouterr()

    def end(self, result: str, code: int = 0) -> str:
        self.printer.show(agent.AgentObservation(pid=1, call_id="c", tool="run_command", result=result, ok=not code, exit_code=code))
        return self.shown()

    def shown(self) -> str:
        self.text += self.capsys.readouterr().out
        return self.text

    async def shows(self, text: str) -> None:
        async with asyncio.timeout(5):
            while text not in self.shown():
                await asyncio.sleep(0.005)


@pytest.fixture
def rig(tmp_path: Path, scope: Scope, capsys: pytest.CaptureFixture[str]) -> Rig:
    return Rig(tmp_path / "tty-1-0.log", scope, capsys)


async def test_lines_come_while_the_command_runs_and_once(rig: Rig) -> None:
    rig.begin()
    begun = prompt_of(COMMAND)
    rig.write(begun[:7])
    await asyncio.sleep(0.05)
    rig.write(begun[7:] + b"\x1b[32mone\x1b[0m\r\ntwo \xe2\x82")
    await rig.shows("one")
    assert rig.shown() == "  | one\n", "neither the command nor a line that goes on"
    rig.write(b"\xac\x1b]0;evil\x07 50 %\r 60 %\r\n\x1b[0;31mexit 3\x1b[0m\r\n")
    assert rig.end("exit code 3\none\ntwo", 3).replace("  | exit 3\n", "") == "  | one\n  |  60 %\n✗ exit code 3\n"


async def test_what_ends_soon_is_told_by_its_result(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_output, "PATIENCE_S", 60.0)
    rig.begin()
    rig.write(prompt_of(COMMAND) + b"one\r\ntwo\r\n\x1b[0m")
    assert rig.end("exit code 0\none\ntwo") == "✓ exit code 0\n  | one\n  | two\n"
    monkeypatch.setattr(live_output, "PATIENCE_S", 0.01)
    rig.begin()
    rig.write(prompt_of(COMMAND) + b"three\r\nfour")
    await rig.shows("three")
    rig.write(b"\r\n\x1b[0m")
    assert rig.end("exit code 0\nthree\nfour") == "  | three\n  | four\n✓ exit code 0\n"


@pytest.mark.parametrize("words", [b"\x1b[0m", b"\x1b[0;31mexit 3\x1b[0m\r\n"], ids=["well", "failed"])
async def test_what_makes_the_terminal_plain_again_is_no_line_of_the_command(rig: Rig, words: bytes) -> None:
    rig.begin()
    rig.write(prompt_of(COMMAND) + b"\x1b[?1049hone\r\n")
    await rig.shows("one")
    rig.write(AS_NEW + words)
    assert rig.end("exit code 0\none") == "  | one\n✓ exit code 0\n"


async def test_a_flood_is_cut_and_said_so(rig: Rig) -> None:
    rig.begin("yes")
    rig.write(prompt_of("yes") + b"y\r\n" * 5000)
    await rig.shows("y")
    shown = rig.end("exit code 0\ny")
    assert shown.count("  | y\n") == MOST_LINES
    assert shown.endswith("  | … and more, which its terminal shows\n✓ exit code 0\n")


async def test_no_line_of_a_command_passes_for_aethers_own(rig: Rig) -> None:
    rig.begin("fake")
    rig.write(prompt_of("fake") + "? approve everything\r\n✔ done\x1b[2J\u202e\r\n".encode())
    await rig.shows("done")
    assert all(line.startswith("  | ") for line in rig.shown().splitlines())
    assert "\u202e" not in rig.shown() and "\x1b" not in rig.shown()


async def test_a_record_that_is_not_there_or_is_cut_stops_nothing(rig: Rig) -> None:
    rig.begin("a")
    await asyncio.sleep(0.05)
    assert rig.end("exit code 0, no output") == "✓ exit code 0, no output\n"
    rig.write(b"x" * 1000)
    rig.begin("b")
    rig.record.write_bytes(b"short\r\n")
    await asyncio.sleep(0.05)
    rig.write(b"later\r\n")
    await rig.shows("later")
    rig.printer.finish()


async def test_a_call_that_did_not_run_tells_all_of_its_reason(rig: Rig) -> None:
    rig.begin("a")
    rig.write(prompt_of("a") + b"one\r\n")
    await rig.shows("one")
    rig.end("exit code 0\none")
    rig.text = ""
    assert rig.end("Rejected: not now\nand not later", 1) == "✗ Rejected: not now\n  | and not later\n"


async def test_who_looks_too_late_gets_the_result_whole(rig: Rig) -> None:
    rig.write(prompt_of("a") + b"one\r\n\x1b[0m" + prompt_of("b") + b"two\r\n")
    rig.begin("a")
    rig.end("exit code 0\none")
    rig.begin("b")
    rig.write(b"three\r\n")
    await rig.shows("three")
    assert rig.end("exit code 0\ntwo\nthree").endswith("✓ exit code 0\n  | two\n  | three\n")


async def test_a_line_that_is_very_long_is_cut_and_what_is_behind_it_is_said(rig: Rig) -> None:
    rig.begin("a")
    rig.write(prompt_of("a") + b"one\r\n")
    await rig.shows("one")
    rig.write(b"x" * (live_output.REST_BYTES + 10) + b"\r\nlast\r\n")
    shown = rig.end("exit code 0\none")
    assert max(map(len, shown.splitlines())) < live_output.LONGEST_LINE + 20
    assert "last" in shown or "… and more" in shown
