"""What an agent prints is drawn on the screen of its record and does not act on it."""

from pathlib import Path

import pytest

from kernel.agents import console as record
from kernel.agents.console import Consoles
from kernel.agents.console_screen import COLUMNS, LINES, ConsoleScreen


async def test_output_neither_resizes_its_screen_nor_asks_it_for_checksums(tmp_path: Path) -> None:
    consoles = Consoles(tmp_path / "terminals")
    console = consoles.get("tty-1-0")
    screen = ConsoleScreen(console, lambda: None, recent_bytes=0)
    await console.write(b"\x1b[8;3;5t\x1b[?40h\x1b[?3hfirst\x1b]2;mine\x07")
    screen.parse(1 << 16)
    assert (screen.terminal.columns, screen.terminal.lines) == (COLUMNS, LINES)
    answered: list[bytes] = []
    take = screen.terminal.take_reply

    def taken() -> bytes:
        answered.append(take())
        return answered[-1]

    screen.terminal.take_reply = taken  # type: ignore[method-assign]  # it throws the answers away
    await console.write(b"\x1b[1;1;1;1;30;100*y\x1b[21t\x1b[6n")
    screen.parse(1 << 16)
    assert b"".join(answered) == b"\x1b[1;6R"
    screen.release()
    consoles.close()


#: States in which ESC c alone means nothing, or is a part of something else; the last is none of them.
DEAF = {
    "VT52": b"\x1b[?2l",
    "VT52 inside of a cursor's place": b"\x1b[?2l\x1bY",
    "VT52 on the alternate screen": b"\x1b[?1049h\x1b[?2l",
    "a title that goes on": b"\x1b]0;mine",
    "a picture that goes on": b"\x1bPqmine",
    "a string that has all but ended": b"\x1b]0;mine\x1b",
    "half a sequence": b"\x1b[3",
    "bytes for text": b"\x1b%@",
    "nothing": b"",
}


@pytest.mark.feature("TT01")
@pytest.mark.parametrize("left", DEAF.values(), ids=DEAF.keys())
async def test_a_reset_begins_anew_whatever_goes_on(tmp_path: Path, left: bytes) -> None:
    consoles = Consoles(tmp_path / "terminals")
    console = consoles.get("tty-1-0")
    screen = ConsoleScreen(console, lambda: None, recent_bytes=0)
    await console.write(b"old\r\n" * 50 + b"\x1b(0" + left)
    screen.parse(1 << 16)
    screen.reset()
    assert len(screen.terminal.history) == 0 and not "".join(screen.terminal.display).strip()
    await console.write("qqq \x1b[1mé".encode())
    screen.parse(1 << 16)
    assert screen.terminal.display[0].rstrip() == "qqq é"
    screen.release()
    consoles.close()


@pytest.mark.parametrize("left", DEAF.values(), ids=DEAF.keys())
async def test_who_is_late_for_what_was_cut_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: bytes) -> None:
    monkeypatch.setattr(record, "KEEP_BYTES", 20)
    monkeypatch.setattr(record, "CUT_AT_BYTES", 400)
    consoles = Consoles(tmp_path / "terminals")
    console = consoles.get("tty-1-0")
    screen = ConsoleScreen(console, lambda: None, recent_bytes=0)
    await console.write(b"old\r\n\x1b(0" + left)
    screen.parse(1 << 16)
    await console.write(b"gone\r\n" * 100 + b"last one\r\nqqq")
    while screen.parse(1 << 16):
        pass
    assert [line.rstrip() for line in screen.terminal.display[:3]] == ["gone", "last one", "qqq"]
    screen.release()
    consoles.close()
