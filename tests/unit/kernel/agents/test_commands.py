"""What a command leaves in force on its agent's terminal ends with it: what comes after it shows as on a new one."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from types import SimpleNamespace
from typing import cast

import pytest

from kernel.agents.commands import AS_NEW, SandboxCommands, prompt_of
from kernel.sandbox.backend import ExecRequest, Execution, ExitStatus, Limits, Sandbox
from kernel.term import Terminal
from kernel.term.snapshot import snapshot
from kernel.term.state import SavedCursor

COLUMNS, LINES = 40, 8
ENDED, FAILED, TIMED_OUT = ExitStatus(code=0), ExitStatus(code=3), ExitStatus(code=137, timed_out=True)
#: The kernel ends before its command does, or somebody stops the agent: nothing is written behind the output.
NOTHING = None
HOME, CLEARED = b"\x1b[H", b"\x1b[H\x1b[2J"


class Ending:
    """An `Execution` that prints chunks and ends with a status, or is cancelled."""

    def __init__(self, chunks: Iterable[bytes], status: ExitStatus | None) -> None:
        self._chunks = iter(chunks)
        self._status = status

    async def read(self) -> bytes:
        chunk = next(self._chunks, b"")
        if not chunk and self._status is None:
            raise asyncio.CancelledError
        return chunk

    async def wait(self) -> ExitStatus:
        assert self._status is not None
        return self._status

    async def kill(self) -> None: ...

    def close(self) -> None: ...


class Rig:
    """The commands of one agent, and what its terminal is written."""

    def __init__(self) -> None:
        self.record = b""
        self._next: Execution | None = None
        self._commands = SandboxCommands(self._sandbox, self._pass, self)

    async def write(self, data: bytes) -> None:
        self.record += data

    async def run(self, *chunks: bytes, status: ExitStatus | None = ENDED, command: str = "make") -> None:
        self._next = cast(Execution, Ending(chunks, status))
        with suppress(asyncio.CancelledError):
            await self._commands.run(command, cwd="/", timeout_s=1.0)

    @property
    def terminal(self) -> Terminal:
        """A new one that is fed the record."""
        terminal = Terminal(COLUMNS, LINES, window_operations=False)
        terminal.feed(self.record)
        return terminal

    async def _pass(self) -> None: ...

    async def _sandbox(self) -> Sandbox:
        return cast(Sandbox, SimpleNamespace(spec=SimpleNamespace(limits=Limits()), execute=self._execute))

    async def _execute(self, request: ExecRequest) -> Execution:
        assert self._next is not None
        return self._next


def whole(terminal: Terminal) -> bytes:
    """All of a terminal but what is left on the screen that does not show, and where its cursor was."""
    terminal.feed(b"\x1b[?1047h\x1b[?1047l")
    terminal.screen.other_saved_cursor = SavedCursor()
    return snapshot(terminal)


def looks(terminal: Terminal) -> object:
    """What of a terminal can be seen: lines, which of them go on, colours and the cursor."""
    rows = [*terminal.history, *terminal.rows]
    colours = [tuple(terminal.attributes[attr] for attr in row.attrs) for row in rows]
    return [(row.text, row.wrapped) for row in rows], colours, terminal.cursor.x, terminal.cursor.y, terminal.cursor.hidden


LEFT = {
    "the alternate screen": (b"\x1b[?1049h\x1b[Hediting\x1b[5;9H", b""),
    "the alternate screen, in a loop": (b"\x1b[?1049h\x1b[?1049h", b""),
    "the alternate screen as older programs ask for it": (b"\x1b7\x1b[?47h\x1b[Hediting", b""),
    "the alternate screen, cleared with it": (b"\x1b7\x1b[?1047h\x1b[Hediting", b""),
    "the alternate screen, locked": (b"\x1b[?1049h\x1b[?1046l", b""),
    "the alternate screen with margins, origin and keys of its own": (b"\x1b[?1049h\x1b[3;5r\x1b[?6h\x1b[>1u\x1b(0q", b""),
    "the alternate screen, entered with origin and drawing": (b"\x1b[?6h\x1b(0\x1b[7m\x1b[?1049hq", HOME),
    "line drawing": (b"\x1b(0", b""),
    "line drawing in G1": (b"\x1b)0\x0e", b""),
    "G2 locked in": (b"\x1b*0\x1bn", b""),
    "a national set": (b"\x1b[?42h\x1b(K", b""),
    "a single shift": (b"\x1b*0\x1bN", b""),
    "VT52": (b"\x1b[?2l", b""),
    "VT52, drawing": (b"\x1b[?2l\x1bF", b""),
    "VT52 inside of a cursor's place": (b"\x1b[?2l\x1bY", b""),
    "VT52 on the alternate screen": (b"\x1b[?1049h\x1b[?2l", b""),
    "margins": (b"\x1b[2;4r", HOME),
    "margins at the sides": (b"\x1b[?69h\x1b[5;9s", HOME),
    "origin": (b"\x1b[2;4r\x1b[?6h", b"\x1b[2;1H"),
    "locked lines": (b"\x1bl", b""),
    "insertion": (b"\x1b[4h", b""),
    "a line feed that returns": (b"\x1b[20h", b""),
    "no wrapping": (b"\x1b[?7l", b""),
    "wrapping backwards": (b"\x1b[?45h\x1b[?1045h", b""),
    "tabs that wrap": (b"\x1b[?41h", b""),
    "a hidden cursor": (b"\x1b[?25l", b""),
    "a cursor of another shape": (b"\x1b[5 q", b""),
    "a mouse": (b"\x1b[?1003h\x1b[?1006h\x1b[?1016h\x1b[?1005h\x1b[?1015h", b""),
    "an old mouse": (b"\x1b[?9h", b""),
    "brackets and focus": (b"\x1b[?2004h\x1b[?1004h\x1b[?1007h", b""),
    "a repaint that goes on": (b"\x1b[?2026h", b""),
    "application keys": (b"\x1b[?1h\x1b=\x1b[?67h\x1b[?1035l\x1b[?8l", b""),
    "keyboard protocols": (b"\x1b[>5u\x1b[>4;2m", b""),
    "reverse video": (b"\x1b[?5h", b""),
    "ink like paper": (b"\x1b]4;0;#123456;7;#123456\x07\x1b]5;0;#123456\x07\x1b]10;#123456;#123456;#123456\x07", b""),
    "selections that do not show": (b"\x1b]17;#123456\x07\x1b]19;#123456\x07", b""),
    "bytes for text": (b"\x1b%@", b""),
    "bytes for text, drawn from another set": (b"\x1b%@\x1b*0\x1b}", b""),
    "a title that goes on": (b"\x1b]0;what is to come", b""),
    "a title that has all but ended": (b"\x1b]0;what is to come\x1b", b""),
    "a picture that goes on": (b"\x1bPq#0;2;0;0;0", b""),
    "a picture beyond all bounds": (b"\x1bPq" + b"#" * (1 << 20) + b"##", b""),
    "a message that goes on": (b"\x1b_what is to come", b""),
    "a sequence that goes on": (b"\x1b[3", b""),
    "a sequence that has begun": (b"\x1b", b""),
    "a title": (b"\x1b]2;mine\x07\x1b]1;mine\x07", b""),
    "titles in hexadecimal": (b"\x1b[>0;1t\x1b]2;61\x07", b""),
    "protected cells": (b'\x1b[1"q', b""),
    "a protected area": (b"\x1bV", b""),
    "erasing that does nothing": (b'\x1b[1"q\x1b[2"q', b""),
    "132 columns": (b"\x1b[?40h\x1b[?3h", CLEARED),
    "another level": (b'\x1b[61"p', b""),
    "8-bit controls": (b"\x1b G", b""),
    "a control of one character": ("\x9b4h".encode(), b""),
    "no tab stops": (b"\x1b[3g", b""),
    "rectangles of attributes": (b"\x1b[2*x", b""),
    "a link": (b"\x1b]8;;http://localhost/\x07", b""),
    "colours": (b"\x1b[1;4;7;8;31;44m", b""),
    "a prompt": (b"\x1b]133;A\x07", b""),
    "a saved cursor": (b"\x1b[H\x1b7\x1b[4;1H", b"\x1b[4;1H"),
}


@pytest.mark.feature("TT01")
@pytest.mark.parametrize("status", [ENDED, FAILED, TIMED_OUT, NOTHING], ids=["ended", "failed", "timed out", "nothing"])
@pytest.mark.parametrize(("left", "alike"), LEFT.values(), ids=LEFT.keys())
async def test_what_a_command_leaves_in_force_ends_with_it(left: bytes, alike: bytes, status: ExitStatus | None) -> None:
    """alike: what shows of it once it has ended."""
    screens = []
    for one in (left, alike):
        rig = Rig()
        await rig.run(b"".join(b"line %d\n" % number for number in range(12)))
        await rig.run(b"one\ntwo\n" + one, status=status)
        await rig.run(b"lqqk [4] \t{|}\n\x1b[2K\x1b[?Jlast\n" * 2, command="ls")
        screens.append(rig.terminal)
    ended, expected = screens
    assert ended.display == expected.display and "lqqk [4]        {|}" in "".join(ended.display)
    assert ended.history_text() == expected.history_text() and "line 0" in ended.history_text()[1]
    # The prompt of a shell that was in force once is remembered as one that has ended.
    assert [mark.kind for mark in ended.screen.prompt_marks] in ([], ["A", "D"])
    ended.screen.marks.clear()
    ended.modes.private[3] = False  # without effect on a record, and taking it back would erase the screen
    assert ended.modes.private == expected.modes.private and ended.modes.ansi == expected.modes.ansi
    assert whole(ended) == whole(expected)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
async def test_what_stays_is_found_wherever_its_chunks_end(size: int) -> None:
    for left in (b"\x1b[?25l", b"\x1b[31m\x1b]8;;x\x07", "\x9b?25l".encode(), b"\x0e"):
        rig = Rig()
        await rig.run(*(left[at : at + size] for at in range(0, len(left), size)))
        assert rig.record.endswith(AS_NEW + b"\x1b[0m"), left


@pytest.mark.parametrize("output", [b"", b"text\n", b"\x1b[1;38:5:3mtext\x1b[m\n", "Grün – ➜\n".encode(), b"1 %\r2 %\b\t\x0f\x07"])
async def test_behind_text_and_colours_only_the_pen_is_reset(output: bytes) -> None:
    rig = Rig()
    await rig.run(output)
    shown = output.replace(b"\n", b"\r\n")
    assert rig.record == prompt_of("make") + shown + b"\x1b[0m"


FULL = "x" * COLUMNS
ORDINARY = ["", "text", "text\n", "a\nb", FULL[1:], FULL, f"{FULL}\n", f"{FULL}y", FULL * 2, f"{FULL[1:]}漢", "漢" * (COLUMNS // 2)]
ORDINARY += ["50 %\r60 %", "1 %\r", "\t" * 9, "abc\b\b", "\x1b[31;44mred", f"\x1b[7m{FULL}", f"{FULL}\x1b[K", "a\x1b[3A\x1b[4Gb", "e\u0301"]


@pytest.mark.feature("TT01")
@pytest.mark.parametrize("above", [0, 1, 3 * LINES])
@pytest.mark.parametrize("status", [ENDED, FAILED], ids=["ended", "failed"])
@pytest.mark.parametrize("output", ORDINARY)
async def test_ordinary_output_looks_as_if_nothing_were_undone(output: str, status: ExitStatus, above: int) -> None:
    rig = Rig()
    await rig.run(b"line\n" * above, command="seq")
    await rig.run(output.encode(), status=status)
    await rig.run(b"more\n", command="ls")
    plain = Terminal(COLUMNS, LINES)
    plain.feed(rig.record.replace(AS_NEW, b""))
    assert looks(rig.terminal) == looks(plain)
    assert "➜ ls" in "".join(line.rstrip() for line in plain.display)


@pytest.mark.parametrize("output", [b"text", FULL.encode(), b"\x1b[5;7H", b"\x1b[5;40H", b"\n\n"])
def test_nothing_moves_where_nothing_was_left(output: bytes) -> None:
    once = Terminal(COLUMNS, LINES)
    once.feed(b"\r\n".join([b"line"] * 20) + b"\r\n" + output + AS_NEW)
    before = looks(once)
    once.feed(AS_NEW)
    assert looks(once) == before


@pytest.mark.feature("TT01")
@pytest.mark.parametrize("left", [b"\x1b[?47h", b"\x1b[?1047h\x1b[2J", b"\x1b[?1049l"])
async def test_a_screen_that_was_not_saved_is_left_for_the_place_where_the_command_began(left: bytes) -> None:
    rig = Rig()
    await rig.run(b"old\n")
    await rig.run(left + b"\x1b[Hmenu\x1b[8;20Hstatus" * left.endswith(b"h"), status=TIMED_OUT, command="mc")
    await rig.run(b"new\n", command="ls")
    assert [line.rstrip() for line in rig.terminal.display[:6]] == ["➜ make", "old", "➜ mc", "timed out", "➜ ls", "new"]


async def test_what_came_behind_a_prompt_wraps_for_another_size() -> None:
    rig = Rig()
    await rig.run(b"\x1b]133;A\x07")
    await rig.run(b"a line that is longer than a half\n", command="cat")
    terminal = rig.terminal
    terminal.resize(COLUMNS // 2, LINES)
    assert [line.rstrip() for line in terminal.display[:4]] == ["➜ make", "➜ cat", "a line that is longe", "r than a half"]


@pytest.mark.parametrize("resized", [(COLUMNS - 10, LINES), (COLUMNS + 10, LINES), (COLUMNS, LINES + 3)])
@pytest.mark.parametrize("output", [b"text", b"text\n", b"long " * 30])
async def test_a_prompt_after_another_size_draws_nothing_again(output: bytes, resized: tuple[int, int]) -> None:
    """The first output after a change of size may be a shell's that draws its prompt anew."""
    rig = Rig()
    await rig.run(b"line\n" * 12)
    await rig.run(output)
    terminal, plain = rig.terminal, Terminal(COLUMNS, LINES)
    plain.feed(rig.record.replace(AS_NEW, b""))
    following = prompt_of("ls") + b"more\r\n"
    for one, prompt in ((terminal, following), (plain, following.replace(AS_NEW, b""))):
        one.resize(*resized)
        one.feed(prompt)
    assert looks(terminal) == looks(plain)


def test_there_is_not_much_of_it() -> None:
    """It is before each command in the record."""
    assert len(AS_NEW) < 300
    terminal = Terminal(COLUMNS, LINES)
    terminal.feed(AS_NEW)
    assert not terminal.take_reply() and not terminal.unfinished_input() and not terminal.holds
