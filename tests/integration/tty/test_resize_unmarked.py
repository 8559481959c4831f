"""Windows that change their size at prompts without marks, as of a shell that somebody starts inside of another: no output is lost."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from tests.integration.tty.test_resize_storms import KernelOwner, Owner, WindowOwner, settled, until, whole_lines

_TOP = "[" + "top " * 10 + "]"
_COMMAND = "echo " + "abcdefghi " * 12
_BASH = "exec bash --norc --noprofile"
#: How each is started from the marked shell, and what it is told first.
SHELLS = {
    "bash": (_BASH, "PS1='{}$ '"),
    "bash without bracketed paste": (_BASH, "bind 'set enable-bracketed-paste off'; PS1='{}$ '"),
    "zsh": ("exec zsh -f", "PROMPT=$'{}$ '"),
    "fish": ("exec fish", "function fish_prompt; printf '{}$ '; end; function fish_right_prompt; end"),
}
OUTPUT = [f"L{number:02}:" + "abcdefghij" * (number % 3 * 5) + "." for number in range(40)]


@pytest.fixture(params=[KernelOwner, WindowOwner], ids=["kernel", "window"])
async def owner(request: pytest.FixtureRequest, qapp: QApplication) -> AsyncIterator[Owner]:
    made: Owner = request.param()
    yield made
    await made.close()


async def begin(owner: Owner, home: Path, monkeypatch: pytest.MonkeyPatch, shell: str, top: str, typed: str) -> None:
    """A shell of 100 x 30 without marks, output and a command that was not entered."""
    (home / "output").write_text("\n".join(OUTPUT) + "\n")
    (home / ".bashrc").write_text("PS1='outer$ '\n")
    (home / ".config" / "fish").mkdir(parents=True)
    (home / ".config" / "fish" / "config.fish").write_text("set fish_greeting\n")
    monkeypatch.setenv("SHELL", "/bin/bash")
    monkeypatch.setenv("HOME", str(home))
    for name in ("ZDOTDIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    await owner.open(100, 30)
    start, setup = SHELLS[shell]
    await until(lambda: any(line.startswith("outer$") for line in whole_lines(owner.terminal)))
    owner.type(f" {start}\r")
    await settled(owner)
    owner.type(setup.format(top + "\\n" if top else "") + "\r")
    await settled(owner)
    owner.type(" clear; cat ~/output\r")
    await until(lambda: OUTPUT[-1] in whole_lines(owner.terminal))
    await settled(owner)
    owner.type(typed)
    await until(lambda: shown(owner) == (OUTPUT, (top + "$" + typed).replace(" ", "")))
    await settled(owner)


def shown(owner: Owner) -> tuple[list[str], str]:
    """The lines of output, and what is below them, joined."""
    lines = whole_lines(owner.terminal)
    numbered = [index for index, line in enumerate(lines) if line[:1] == "L" and line[3:4] == ":"]
    return [lines[index] for index in numbered], "".join(lines[numbered[-1] + 1 :]) if numbered else ""


@pytest.mark.feature("TT02")
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("top", ["", _TOP], ids=["one line", "two lines"])
async def test_storms_of_sizes(owner: Owner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str, top: str) -> None:
    """Seeded by the shell's name. The first sizes are far enough from each other for each to be answered."""
    await begin(owner, tmp_path, monkeypatch, shell, top, _COMMAND)
    before = shown(owner)
    generator = random.Random(shell)
    for columns in (60, 140, 45, 190):
        owner.resize(columns, 30)
        await settled(owner)
        assert shown(owner) == before
    for _step in range(8):
        owner.resize(generator.randint(45, 200), generator.randint(20, 60))
        QApplication.processEvents()
    await settled(owner)
    assert shown(owner)[0] == OUTPUT
    owner.resize(120, 40)
    await settled(owner)
    assert shown(owner) == before


async def test_controls_after_a_size_that_nothing_follows_are_done_soon(
    owner: Owner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They wait for what a program draws again behind them; one that erases its line and says no more draws nothing."""
    await begin(owner, tmp_path, monkeypatch, "bash", "", "")
    (tmp_path / "busy").write_text("trap \"printf '\\r\\033[K'\" WINCH\nprintf 'busy now'\nwhile :; do sleep 0.05; done\n")
    owner.type(" sh ~/busy\r")
    await until(lambda: "busynow" in whole_lines(owner.terminal))
    owner.resize(100, 25)
    await until(lambda: "busynow" not in whole_lines(owner.terminal))
    assert not owner.terminal.holds
    owner.type("\x03")
    await settled(owner)


async def test_who_clears_the_screen_clears_nothing_that_came_back_to_it(
    owner: Owner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`top` paints the main screen from its top. Lines of the history that a taller screen shows again are not its own."""
    await begin(owner, tmp_path, monkeypatch, "bash", "", "")
    owner.type(" top -d 100\r")
    await until(lambda: any("loadaverage" in line for line in whole_lines(owner.terminal)))
    await settled(owner)
    kept = shown(owner)[0]
    assert len(kept) > 5
    for lines in (45, 20, 50):
        owner.resize(100, lines)
        await settled(owner)
    assert shown(owner)[0] == kept
    owner.type("q")
    await settled(owner)
