"""What an agent prints is drawn on the screen of its record and does not act on it."""

from pathlib import Path

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
