"""An agent's terminal as a record."""

import asyncio
import errno
import os
from pathlib import Path

import pytest

from kernel.agents import console as module
from kernel.agents.commands import plain
from kernel.agents.console import KEEP_BYTES, Consoles
from kernel.tty.screen import RESET


async def test_what_is_written_can_be_read_from_any_place(tmp_path: Path) -> None:
    consoles = Consoles(tmp_path / "terminals")
    console = consoles.get("tty-1-0")
    assert console.read(0, 10) == (b"", 0)
    woken: list[int] = []
    off = console.listen(lambda: woken.append(1))
    await console.write(b"one\r\n")
    await console.write(b"two\r\n")
    off()
    await console.write(b"three")
    assert len(woken) == 2
    assert console.read(0, 5) == (b"one\r\n", 5)
    assert console.read(5, 100) == (b"two\r\nthree", 15)
    assert console.read(15, 100) == (b"", 15)
    consoles.close()
    again = Consoles(tmp_path / "terminals")
    assert again.get("tty-1-0").read(0, 100)[0] == b"one\r\ntwo\r\nthree"
    again.close()


async def test_the_newest_megabytes_are_kept_and_a_late_reader_is_reset(tmp_path: Path) -> None:
    consoles = Consoles(tmp_path)
    console = consoles.get("tty-1-0")
    line = b"x" * 999 + b"\n"
    for _ in range(9_000):
        await console.write(line)
    assert (tmp_path / "tty-1-0.log").stat().st_size <= module.CUT_AT_BYTES
    data, position = console.read(0, 100)
    assert data == RESET
    assert position == console.start > 0
    read = 0
    while True:
        data, position = console.read(position, 1 << 20)
        if not data:
            break
        assert data.startswith((b"x", b"\n"))
        read += len(data)
    assert read >= KEEP_BYTES - len(line)
    assert position == 9_000_000
    consoles.close()


async def test_while_the_disk_is_full_it_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.01)
    consoles = Consoles(tmp_path)
    console = consoles.get("tty-1-0")
    real_write, taken = os.write, iter([3, -1, -1])

    def write(fd: int, data: bytes) -> int:
        room = next(taken, None)
        if room is None:
            return real_write(fd, data)
        if room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real_write(fd, bytes(data)[:room])

    monkeypatch.setattr(module.os, "write", write)
    await asyncio.wait_for(console.write(b"all of it"), 5)
    monkeypatch.undo()
    assert console.read(0, 100)[0] == b"all of it"
    consoles.close()


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("10%\r20%\r100%\n", "100%\n"),
        ("a\r\nb", "a\nb"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("bell\x07 null\x00", "bell null"),
        ("\x1bPq secret \x1b\\seen", "seen"),
        ("cut \x1b[3", "cut "),
        ("\x9b31mred\x9b0m \x9d0;title\x9cx\x85y", "red xy"),
        ("\x1b]0;x\x9crest", "rest"),
        ("\x1b]0;no end\nline", "\nline"),
        ("\x1bPq#0;2;0 no end\n\x1b[mline", "\nline"),
        ("ok \x1bknot a string here\r\nnext", "ok not a string here\nnext"),
        ("\x1bPq\x1a seen\r\nnext", " seen\nnext"),
        ("ok\x1b]0;t\x18 seen\r\nmore\x07end", "ok seen\nmoreend"),
        ("\x9d\x18a\x90\x1ab\x9b3\x18c", "abc"),
        ("abc\r\r\ndef\r\r\n", "abc\ndef\n"),
        ("50%\r", "50%"),
        ("\x1b(B\x1b[mafter tput sgr0\x1b7\x1b8\x1b=\x1b>", "after tput sgr0"),
    ],
)
def test_output_without_control_sequences(raw: str, text: str) -> None:
    assert plain(raw) == text


async def test_a_folder_that_finds_no_room_is_waited_for_like_any_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a disk without inodes: the agent begins, and its first words wait."""
    monkeypatch.setattr(module, "RETRY_S", 0.01)
    make = Path.mkdir
    refused: list[Path] = []
    told: list[str] = []

    def mkdir(path: Path, *words: object, **options: object) -> None:
        if len(refused) < 3:
            refused.append(path)
            raise OSError(errno.ENOSPC, "No space left on device")
        make(path, *words, **options)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(Path, "mkdir", mkdir)
    consoles = Consoles(tmp_path / "terminals", told.append)
    console = consoles.get("tty-1-0")
    assert console.read(0, 10) == (b"", 0) and console.end == 0
    async with asyncio.timeout(5):
        await console.write(b"one")
    assert told == ["tty-1-0"] and set(refused) == {tmp_path / "terminals"}
    assert console.read(0, 10) == (b"one", 3)
    assert (tmp_path / "terminals").stat().st_mode & 0o777 == 0o700
    consoles.close()
