"""Prompt marks, exit statuses and the working directory from real shells; the person's own files come first and stay."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernel.term import CwdChanged, PromptMark, Terminal
from kernel.tty.backend import ShellSpec
from kernel.tty.manager import TtyManager
from kernel.tty.posix import PosixPtyBackend

FILES = {
    "nothing": {},
    "bashrc": {".bashrc": "PS1='mine> '\nPROMPT_COMMAND='seen=$?'\n"},
    "profile": {
        ".bash_profile": "export FROM_PROFILE=1\n. ~/.bashrc\n",
        ".bashrc": "PS1='mine> '\nseen() { last=$?; }\nPROMPT_COMMAND=(seen 'true')\n",
    },
    "prompt made anew": {".bashrc": "again() { PS1='mine> '; PS0=; }\nPROMPT_COMMAND='again; '\n"},
    "strict": {".bashrc": "set -u\nPS1='mine> '\n"},
}


class Shell:
    """A shell in a home of its own, and the screen that shows it."""

    def __init__(self, manager: TtyManager, tty_id: str) -> None:
        self.manager, self.tty_id = manager, tty_id
        self.channel = manager.subscribe(tty_id, replay=False)
        self.terminal = Terminal(120, 36)
        self.marks: list[PromptMark] = []
        self.folders: list[str] = []

    async def prompt(self, count: int) -> None:
        """Wait for so many prompts in all."""
        async with asyncio.timeout(20):
            while sum(mark.kind == "B" for mark in self.marks) < count:
                self.terminal.feed(await self.channel.read())
                for event in self.terminal.take_events():
                    if isinstance(event, PromptMark):
                        self.marks.append(event)
                    if isinstance(event, CwdChanged) and self.folders[-1:] != [event.uri]:
                        self.folders.append(event.uri)

    def type(self, text: str) -> None:
        self.manager.input(self.tty_id, text.encode())

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.terminal.display)


@pytest.fixture
async def manager() -> AsyncIterator[TtyManager]:
    made = TtyManager(PosixPtyBackend())
    yield made
    await made.close_all()


async def open_shell(
    manager: TtyManager, home: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], shell: str = "/bin/bash"
) -> Shell:
    home.mkdir(exist_ok=True)
    for name, text in files.items():
        (home / name).write_text(text)
    monkeypatch.setenv("SHELL", shell)
    monkeypatch.setenv("HOME", str(home))
    return Shell(manager, (await manager.open_shell(ShellSpec())).tty_id)


@pytest.mark.parametrize("files", FILES.values(), ids=FILES.keys())
async def test_marks_and_exit_statuses(
    manager: TtyManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str]
) -> None:
    home = tmp_path / "home"
    shell = await open_shell(manager, home, monkeypatch, files)
    await shell.prompt(1)
    shell.type("(exit 41)\n")
    await shell.prompt(2)
    shell.type("echo status=$?\n")
    await shell.prompt(3)
    shell.type("\n")
    await shell.prompt(4)
    assert "status=41" in shell.text
    kinds = "".join(mark.kind for mark in shell.marks)
    assert kinds == "AB" + "CDAB" * 2 + "AB"
    assert [mark.exit_code for mark in shell.marks if mark.kind == "D"] == [41, 0]
    lines = [mark.line for mark in shell.marks if mark.kind == "A"]
    assert lines == sorted(set(lines))
    assert shell.text.count("mine>") == (4 if files else 0)
    assert set(os.listdir(home)) <= {*files, ".bash_history"}
    assert all((home / name).read_text() == text for name, text in files.items())


async def test_the_person_s_prompt_command_sees_the_status(
    manager: TtyManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = await open_shell(manager, tmp_path / "home", monkeypatch, FILES["bashrc"])
    await shell.prompt(1)
    shell.type("(exit 7)\n")
    await shell.prompt(2)
    shell.type("echo seen=$seen prompt='\\$?'; PS1='[$?] '\n")
    await shell.prompt(3)
    assert "seen=7" in shell.text
    shell.type("(exit 9)\n")
    await shell.prompt(4)
    assert "[9]" in shell.text


async def test_the_profile_is_read_as_by_a_login_shell(
    manager: TtyManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = await open_shell(manager, tmp_path / "home", monkeypatch, FILES["profile"])
    await shell.prompt(1)
    shell.type("echo from=$FROM_PROFILE $last; ls -l /proc/$$/fd | grep -c pipe\n")
    await shell.prompt(2)
    assert "from=1" in shell.text
    assert "\n0\n" in shell.text, "no descriptor of the set-up is left"


async def test_the_working_directory_is_told(manager: TtyManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "a folder é%"
    folder.mkdir()
    shell = await open_shell(manager, tmp_path / "home", monkeypatch, {})
    await shell.prompt(1)
    shell.type(f"cd '{folder}'\n")
    await shell.prompt(2)
    shell.type("true\n")
    await shell.prompt(3)
    assert [uri.partition("file://")[2].partition("/")[2] for uri in shell.folders] == [
        str(tmp_path / "home")[1:],
        str(tmp_path)[1:] + "/a%20folder%20%C3%A9%25",
    ]


OTHERS = {
    "zsh": ("zsh", {".zshrc": "PS1='mine> '\n", ".zshenv": "export SEEN=env\n"}),
    "zsh whose theme makes the prompt anew": ("zsh", {".zshrc": "precmd() { PS1='mine> '; }\n", ".zshenv": "export SEEN=env\n"}),
    "zsh whose files replace the hooks": (
        "zsh",
        {".zshrc": "PS1='mine> '\nprecmd_functions=()\npreexec_functions=()\n", ".zshenv": "export SEEN=env\n"},
    ),
    "zsh with its files elsewhere": (
        "zsh",
        {".zshenv": "export SEEN=env ZDOTDIR=$HOME/dots\n", "dots/.zshrc": "PS1='mine> '\n"},
    ),
    "fish": (
        "fish",
        {".config/fish/config.fish": "set -gx SEEN env\nset fish_greeting\nfunction fish_prompt; echo -n 'mine> '; end\n"},
    ),
}


@pytest.mark.parametrize(("program", "files"), OTHERS.values(), ids=OTHERS.keys())
async def test_other_shells_are_marked_too(
    manager: TtyManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, files: dict[str, str]
) -> None:
    path = shutil.which(program)
    assert path is not None, f"{program} is missing; `make test` installs it"
    home = tmp_path / "home"
    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    (tmp_path / "a folder é%").mkdir()
    shell = await open_shell(manager, home, monkeypatch, {}, path)
    await shell.prompt(1)
    shell.type("sh -c 'exit 41'\n")
    await shell.prompt(2)
    shell.type("echo status=$status seen=$SEEN; cd '../a folder é%'\n")
    await shell.prompt(3)
    shell.type("true\n")
    await shell.prompt(4)
    assert "status=41 seen=env" in shell.text
    assert [mark.exit_code for mark in shell.marks if mark.kind == "D"] == [41, 0, 0]
    lines = [mark.line for mark in shell.marks if mark.kind == "A"]
    assert len(set(lines)) == 4
    assert shell.text.count("mine>") == 4
    told = [uri.partition("file://")[2].partition("/")[2] for uri in shell.folders]
    assert told[0] == str(home)[1:]
    assert told[-1] == str(tmp_path)[1:] + "/a%20folder%20%C3%A9%25"
    assert all((home / name).read_text() == text for name, text in files.items())


@pytest.mark.parametrize("program", ["bash", "zsh", "fish"])
async def test_a_folder_that_a_program_told_lasts_until_the_next_prompt(
    manager: TtyManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    path = shutil.which(program)
    assert path is not None
    shell = await open_shell(manager, tmp_path / "home", monkeypatch, {".zshrc": "PS1='mine> '\n"}, path)
    await shell.prompt(1)
    shell.type("printf '\\033]7;file:///usr/lib\\a'\n")
    await shell.prompt(2)
    told = [uri.partition("file://")[2].partition("/")[2] for uri in shell.folders]
    assert told == [str(tmp_path / "home")[1:], "usr/lib", str(tmp_path / "home")[1:]]


async def test_other_shells_start_unmarked(
    manager: TtyManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELL", "/bin/sh")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ENV", "")
    info = await manager.open_shell(ShellSpec())
    channel = manager.subscribe(info.tty_id, replay=False)
    manager.input(info.tty_id, b"echo $0; exit\n")
    seen = b"".join([piece async for piece in channel])
    assert b"\x1b]133" not in seen
    assert b"sh" in seen


async def test_which_program_is_in_the_foreground(
    manager: TtyManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = await open_shell(manager, tmp_path / "home", monkeypatch, {})
    await shell.prompt(1)
    waiting = await manager.foreground(shell.tty_id)
    assert waiting is not None
    assert (waiting.name, waiting.shell) == ("bash", True)
    shell.type("sleep 300\n")
    async with asyncio.timeout(10):
        while (found := await manager.foreground(shell.tty_id)) is None or found.command != "sleep 300":  # without one while it begins
            await asyncio.sleep(0.02)
    assert (found.name, found.command, found.shell, found.background) == ("sleep", "sleep 300", False, 0)
    shell.type("\x1a")
    await shell.prompt(2)
    shell.type("sleep 301 & sleep 302 | sleep 303 &\n")
    await shell.prompt(3)
    busy = await manager.foreground(shell.tty_id)
    assert busy is not None
    assert (busy.shell, busy.background) == (True, 4)
    shell.type("kill %2 %3; wait %2 %3; true\n")
    await shell.prompt(4)
    stopped = await manager.foreground(shell.tty_id)
    assert stopped is not None
    assert (stopped.shell, stopped.background) == (True, 1)
    manager.input(shell.tty_id, b"exit\nexit\n")
    async with asyncio.timeout(10):
        while manager.get(shell.tty_id).running:
            await asyncio.sleep(0.02)
    assert await manager.foreground(shell.tty_id) is None


async def test_bash_says_what_it_draws_again_and_prompts_that_are_marked_stay_untouched(
    manager: TtyManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = await open_shell(manager, tmp_path / "home", monkeypatch, {".bashrc": "set -u\nPS1='mine> '\nPS2='more> '\n"})
    await shell.prompt(1)
    assert [(mark.kind, mark.last_line) for mark in shell.marks] == [("A", True), ("B", False)]
    shell.type("for i in a\n")
    await shell.prompt(2)
    assert [(mark.kind, mark.line) for mark in shell.marks] == [("A", 0), ("B", 0), ("B", 1)]
    shell.type("do true; done\n")
    await shell.prompt(3)
    own = r"PS1='\[\e]133;A\a\]own> \[\e]133;B\a\]' PS2='and> '"
    shell.type(own + "\n")
    await shell.prompt(4)
    shell.type("echo \"<$PS1$PS2>\"\n")
    await shell.prompt(5)
    assert r"<\[\e]133;A\a\]own> \[\e]133;B\a\]and> >" in shell.text
    assert not shell.marks[-2].last_line
