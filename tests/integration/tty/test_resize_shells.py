"""Windows that change their size while a command is typed: bash, zsh and fish draw their prompts again, and no output above is lost."""

import asyncio
import os
import re
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernel.term import PromptMark, Terminal
from kernel.tty.backend import ShellSpec
from kernel.tty.manager import TtyManager
from kernel.tty.posix import PosixPtyBackend

SHELLS = {"bash": "/bin/bash", "zsh": "/usr/bin/zsh", "fish": "/usr/bin/fish"}
ONE_LINE = {
    ".bashrc": "PS1='$ '\n",
    ".zshrc": "PROMPT='$ '\n",
    ".config/fish/config.fish": "set fish_greeting\nfunction fish_prompt\n  echo -n '$ '\nend\n",
}
_TOP = "[" + "top " * 18 + "]"
TWO_LINES = {
    ".bashrc": f"PS1='{_TOP}\\n$ '\n",
    ".zshrc": f"PROMPT=$'{_TOP}\\n$ '\nRPROMPT=right\n",
    ".config/fish/config.fish": (
        f"set fish_greeting\nfunction fish_prompt\n  echo '{_TOP}'\n  echo -n '$ '\nend\n"
        "function fish_right_prompt\n  echo -n right\nend\n"
    ),
}
TYPED = "echo " + "abcdefghi " * 12
#: Nothing more is on its way from a shell that sleeps and of which nothing was read for so long (seconds).
_QUIET = 0.08
#: However loaded the machine is, a shell answers within so many seconds.
_PATIENCE = 30
WIDTHS = {
    "60": [60],
    "40": [40],
    "140": [140],
    "dragged smaller and back": [*range(96, 50, -9), *range(56, 100, 9)],
    "dragged larger and back": [*range(104, 145, 8), *range(140, 100, -8)],
}


class Window:
    """A shell in a home of its own, and the screen that shows it."""

    def __init__(self, manager: TtyManager, tty_id: str, columns: int, lines: int) -> None:
        self.manager, self.tty_id = manager, tty_id
        self.channel = manager.subscribe(tty_id, replay=False)
        self.terminal = Terminal(columns, lines)
        self.prompts = 0
        self.drawn = b""

    async def _read(self, timeout_s: float = _PATIENCE) -> bool:
        try:
            data = await asyncio.wait_for(self.channel.read(), timeout_s)
        except TimeoutError:
            return False
        self.drawn += data
        self.terminal.feed(data)
        self.prompts += sum(isinstance(event, PromptMark) and event.kind == "B" for event in self.terminal.take_events())
        return bool(data)

    @property
    def _asleep(self) -> bool:
        """Whether the shell waits; one that was interrupted while it draws does not."""
        pid = self.manager.get(self.tty_id).host_pid
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"

    async def quiet(self) -> None:
        """Wait until the shell draws no more."""
        async with asyncio.timeout(_PATIENCE):
            while await self._read(_QUIET) or not self._asleep:
                pass

    async def draws(self) -> None:
        """Wait until the shell has drawn something and draws no more."""
        assert await self._read()
        await self.quiet()

    async def shows(self, text: str) -> None:
        """Wait until ``text`` is at the end of what the screen shows, wherever its lines break."""
        async with asyncio.timeout(_PATIENCE):
            while not "".join(self.lines()).replace(" ", "").removesuffix("right").endswith(text.replace(" ", "")):
                await self._read()

    async def run(self, command: str) -> None:
        """Type ``command`` and wait for the next prompt."""
        before = self.prompts
        self.type(command + "\r")
        async with asyncio.timeout(_PATIENCE):
            while self.prompts == before:
                await self._read()
        await self.quiet()

    def type(self, text: str) -> None:
        self.manager.input(self.tty_id, text.encode())

    async def resize(self, columns: int, lines: int = 24) -> None:
        self.drawn = b""
        self.terminal.resize(columns, lines)
        self.manager.resize(self.tty_id, columns, lines)
        await self.draws()

    def lines(self) -> list[str]:
        every = [*self.terminal.history_text(), *self.terminal.display]
        return [line.rstrip() for line in every if line.strip()]

    def whole_lines(self) -> list[str]:
        """Every line as it was before it was broken into rows."""
        found = [""]
        for row in [*self.terminal.history, *self.terminal.rows]:
            found[-1] += self.terminal.clusters.expand(row.text)
            if not row.wrapped:
                found.append("")
        return [line.rstrip() for line in found if line.strip()]

    def outputs(self, count: int) -> list[int]:
        """How often each line of ``seq count`` is there."""
        lines = self.lines()
        return [lines.count(str(number)) for number in range(1, count + 1)]


@pytest.fixture
async def manager() -> AsyncIterator[TtyManager]:
    made = TtyManager(PosixPtyBackend())
    yield made
    await made.close_all()


async def typing(
    manager: TtyManager, home: Path, monkeypatch: pytest.MonkeyPatch, shell: str, files: dict[str, str], *, count: int = 12
) -> Window:
    """A window of 100 x 24 with the output of ``seq count`` and a long command that was not entered."""
    for name, text in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setenv("SHELL", SHELLS[shell])
    monkeypatch.setenv("HOME", str(home))
    for name in ("ZDOTDIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    info = await manager.open_shell(ShellSpec(columns=100, lines=24))
    window = Window(manager, info.tty_id, 100, 24)
    async with asyncio.timeout(_PATIENCE):
        while not window.prompts:
            await window._read()
    await window.quiet()
    await window.run(f"seq 1 {count}")
    window.type(TYPED)
    await window.shows(TYPED)
    await window.quiet()
    return window


@pytest.mark.feature("TT02")
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("path", WIDTHS.values(), ids=WIDTHS.keys())
async def test_a_typed_command_and_all_output_are_there_once_after_changes_of_width(
    manager: TtyManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str, path: list[int]
) -> None:
    window = await typing(manager, tmp_path, monkeypatch, shell, ONE_LINE)
    before, marks = window.lines(), window.terminal.screen.prompt_marks
    for columns in path:
        await window.resize(columns)
        assert window.outputs(12) == [1] * 12
    await window.resize(100)
    await window.shows(TYPED)
    assert window.lines() == before
    assert window.terminal.screen.prompt_marks == marks


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("columns", [60, 140])
async def test_a_prompt_of_two_lines_at_the_end_of_a_full_screen(
    manager: TtyManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str, columns: int
) -> None:
    window = await typing(manager, tmp_path, monkeypatch, shell, TWO_LINES, count=40)
    before = window.lines()
    for size in [(columns, 24), (columns, 9), (100, 24)]:
        await window.resize(*size)
        assert window.outputs(40) == [1] * 40
    await window.shows(TYPED)
    assert window.lines() == before


@pytest.mark.parametrize("shell", SHELLS)
async def test_a_window_without_room_for_the_prompt(
    manager: TtyManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    window = await typing(manager, tmp_path, monkeypatch, shell, TWO_LINES, count=40)
    await window.resize(1, 1)
    await window.resize(100)
    await window.shows(TYPED)
    assert window.outputs(40) == [1] * 40


@pytest.mark.parametrize("shell", SHELLS)
async def test_a_command_of_several_lines(
    manager: TtyManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    window = await typing(manager, tmp_path, monkeypatch, shell, ONE_LINE)
    window.type("\x15for i in a b\rdo " + TYPED)
    await window.shows(TYPED)
    await window.quiet()
    before = window.lines()
    for columns in (60, 140, 100):
        await window.resize(columns)
        assert window.outputs(12) == [1] * 12
    await window.shows(TYPED)
    assert window.lines() == before


#: Prompts of bash. In the last one readline takes what has no width for text; it fits nevertheless.
PROMPTS = {
    "two lines": [_TOP, "$ "],
    "three lines": [_TOP, "of it", "$ "],
    "a long last line": [_TOP, "[" + "last " * 23 + "] $ "],
    "as wide as the window": ["=" * 100, "$ "],
    "colours": [r"\[\e[31m\]" + _TOP, r"\[\e[32m\]$\[\e[m\] "],
    "colours that are taken for text": [r"\e[31m" + _TOP, r"\e[32m$\e[m "],
}
COMMANDS = {
    "none": ("", [""]),
    "short": ("ls -l", ["ls -l"]),
    "long": (TYPED, [TYPED]),
    "long with the cursor at its start": (TYPED + "\x01", [TYPED]),
    "several lines": ("for i in " + "a " * 50 + "\rdo " + TYPED, ["for i in " + "a " * 50, "> do " + TYPED]),
    "one that fills the row": ("x" * 98, ["x" * 98]),
}
_WIDTH = re.compile(r"\\\[|\\\]|\\e\[[0-9]*m")


async def typing_in_bash(
    manager: TtyManager, home: Path, monkeypatch: pytest.MonkeyPatch, prompt: list[str], command: str
) -> tuple[Window, list[str]]:
    """A window of 100 x 30 in which a command was typed at a prompt, and the lines that it shows from the output above on."""
    ps1 = "\\n".join(prompt)
    window = await typing(manager, home, monkeypatch, "bash", {".bashrc": f"PS1='{ps1}'\nPS2='> '\n"}, count=3)
    await window.resize(100, 30)
    window.type("\x15" + COMMANDS[command][0])
    await window.draws()
    *above, last = [_WIDTH.sub("", line) for line in prompt]
    typed = COMMANDS[command][1]
    return window, ["1", "2", "3", *[line.rstrip() for line in [*above, last + typed[0], *typed[1:]]]]


def below_output(window: Window, prompt: list[str], expected: list[str]) -> list[str]:
    """The lines from the output on; where readline breaks what is drawn again itself, joined as they are expected."""
    lines = window.whole_lines()
    found = lines[lines.index("1") :]
    end = 3 + len(prompt) - 1
    assert found[:end] == expected[:end]
    return [*found[:end], "".join(found[end:]).replace(" ", "")]


@pytest.mark.feature("TT02")
@pytest.mark.parametrize(
    ("prompt", "command"), [*[("two lines", command) for command in COMMANDS], ("three lines", "long"), ("a long last line", "long")]
)
async def test_bash_draws_the_last_line_again_and_those_above_are_whole_at_every_width(
    manager: TtyManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prompt: str, command: str
) -> None:
    window, expected = await typing_in_bash(manager, tmp_path, monkeypatch, PROMPTS[prompt], command)
    joined = [*expected[: 2 + len(PROMPTS[prompt])], "".join(expected[2 + len(PROMPTS[prompt]) :]).replace(" ", "")]
    for size in [(60, 30), (140, 30), (41, 30), (41, 26), (100, 30)]:
        await window.resize(*size)
        assert below_output(window, PROMPTS[prompt], expected) == joined
    assert window.whole_lines()[-len(expected) :] == expected


@pytest.mark.parametrize("prompt", PROMPTS)
async def test_a_drag_narrow_wide_and_narrow_again_leaves_each_row_of_a_bash_prompt_once(
    manager: TtyManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prompt: str
) -> None:
    window, expected = await typing_in_bash(manager, tmp_path, monkeypatch, PROMPTS[prompt], "short")
    for columns in [*range(94, 50, -11), *range(50, 140, 22), *range(140, 60, -19), 100]:
        await window.resize(columns, 30)
        assert below_output(window, PROMPTS[prompt], expected)
    assert window.whole_lines()[-len(expected) :] == expected


async def test_several_sizes_before_bash_sees_any_of_them(
    manager: TtyManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, expected = await typing_in_bash(manager, tmp_path, monkeypatch, PROMPTS["two lines"], "long")
    pid = manager.get(window.tty_id).host_pid
    assert pid is not None
    for sizes in ([90, 70, 45], [60, 120, 140], [30, 150, 100]):
        os.kill(pid, signal.SIGSTOP)
        for columns in sizes:
            window.terminal.resize(columns, 30)
            manager._find(window.tty_id).pty.resize(columns, 30)  # `TtyManager.resize` would wait for the answer
        os.kill(pid, signal.SIGCONT)
        await window.draws()
        assert window.whole_lines()[-len(expected) :] == expected


async def test_bash_draws_nothing_above_its_last_line_again(
    manager: TtyManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the terminal counts on, in every version."""
    window, _ = await typing_in_bash(manager, tmp_path, monkeypatch, PROMPTS["three lines"], "short")
    for size in [(50, 30), (140, 30), (140, 20)]:
        await window.resize(*size)
        assert b"$ \x1b]133;B\x07ls -l" in window.drawn
        assert b"top" not in window.drawn and b"of it" not in window.drawn and b"133;A" not in window.drawn


def bash_version() -> str:
    """Major and minor."""
    asked = [SHELLS["bash"], "-c", 'echo "${BASH_VERSINFO[0]}.${BASH_VERSINFO[1]}"']
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


async def test_what_bash_clears_and_draws_again(manager: TtyManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the terminal counts on, byte by byte: every row of the last line is cleared from its end upwards."""
    if (version := bash_version()) != "5.2":
        pytest.skip(f"these are the bytes of bash 5.2, not of {version}")
    window, _ = await typing_in_bash(manager, tmp_path, monkeypatch, PROMPTS["three lines"], "long")
    for columns, rows in [(50, 2), (140, 3)]:
        await window.resize(columns, 30)
        assert window.drawn == b"\r\x1b[K" + b"\r\x1b[A\x1b[K" * (rows - 1) + b"\r$ \x1b]133;B\x07" + TYPED.encode()
    await window.resize(100, 30)
    await window.resize(100, 20)
    cleared = b"\r\x1b[K\r\x1b[A\x1b[K\r"
    assert window.drawn == cleared + b"$ \x1b]133;B\x07" + TYPED.encode(), "the same where only the height is another one"
    window.type("\x01")
    await window.draws()
    await window.resize(50, 20)
    assert window.drawn.startswith(b"\r\r\n" + cleared + b"$ \x1b]133;B\x07"), "it goes down to the end of what was typed before"
    window.type("\x15for i in a\rdo ls")
    await window.shows("> do ls")
    await window.quiet()
    await window.resize(100, 20)
    assert window.drawn == b"\r\x1b[K\r> \x1b]133;B\x07do ls"


async def test_a_prompt_of_one_line_is_marked_anew_each_time(
    manager: TtyManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = await typing(manager, tmp_path, monkeypatch, "bash", ONE_LINE)
    await window.resize(60)
    assert b"\x1b]133;A;redraw=last\x07$ \x1b]133;B\x07" in window.drawn
    assert [mark.last_line for mark in window.terminal.screen.prompt_marks if mark.kind == "A"] == [True, True]
