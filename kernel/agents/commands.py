"""An agent's commands: run in its sandbox, shown in its terminal as they run, with the exact exit code.

Implements the tools' `CommandRunner`. Each command is its own process tree with its own deadline; nothing is typed into a shell and no
echoed marker is read.
"""

import asyncio
import codecs
import re
from collections.abc import Awaitable, Callable
from typing import Protocol

from kernel.sandbox.backend import ExecRequest, Execution, ExitStatus, Sandbox
from kernel.tools.base import CommandOutcome

OUTPUT_CHARACTERS = 200_000
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[@-Z\\-_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]")


class ConsoleSink(Protocol):
    """The agent's terminal, as far as a command needs it."""

    async def write(self, data: bytes) -> None:
        """Show bytes; they are kept before they are shown."""
        ...


class SandboxCommands:
    """Runs commands for one agent.

    sandbox: gives the agent's sandbox, started when first needed. passage: returns when the agent does not stand still.
    """

    def __init__(
        self, sandbox: Callable[[], Awaitable[Sandbox]], passage: Callable[[], Awaitable[None]], console: ConsoleSink
    ) -> None:
        self._sandbox = sandbox
        self._passage = passage
        self._console = console

    async def run(self, command: str, *, cwd: str, timeout_s: float) -> CommandOutcome:
        """Run a shell command to its end or deadline; cancelling ends its whole tree."""
        await self._console.write(prompt_of(command))
        sandbox = await self._sandbox()
        await self._passage()  # it may have been stopped while its sandbox started
        shell = ("/bin/sh", "-c", command)
        execution = await sandbox.execute(ExecRequest(argv=shell, cwd=cwd, deadline_s=timeout_s))
        output = _Output()
        try:
            while chunk := await execution.read():
                output.add(chunk)
                await self._console.write(chunk.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
            status = await execution.wait()
        except BaseException:
            await asyncio.shield(_end(execution))
            raise
        finally:
            execution.close()
        note = _note(status, sandbox.spec.limits.memory_bytes >> 20)
        await self._console.write(_epilogue(status, note))
        return CommandOutcome(
            output=output.text(),
            exit_code=status.code,
            timed_out=status.timed_out,
            note=note,
            duration_s=status.duration_s,
        )


class _Output:
    """Head and tail of what a command prints, decoded across chunk borders."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._head = ""
        self._tail = ""
        self._dropped = 0

    def add(self, chunk: bytes) -> None:
        text = self._decoder.decode(chunk)
        room = OUTPUT_CHARACTERS // 2 - len(self._head)
        if room > 0:
            self._head += text[:room]
            text = text[room:]
        self._tail += text
        excess = len(self._tail) - OUTPUT_CHARACTERS
        if excess > OUTPUT_CHARACTERS:
            cut = len(self._tail) - OUTPUT_CHARACTERS // 2
            self._dropped += cut
            self._tail = self._tail[cut:]

    def text(self) -> str:
        gap = f"\n[... {self._dropped:,} characters left out ...]\n" if self._dropped else ""
        return plain(f"{self._head}{gap}{self._tail}").rstrip("\n")


def plain(text: str) -> str:
    """Output without terminal control sequences, for models and logs."""
    text = _ESCAPES.sub("", text)
    lines = [line.rsplit("\r", 1)[-1] for line in text.replace("\r\n", "\n").split("\n")]
    return _CONTROLS.sub("", "\n".join(lines)).replace("\x1b", "")


def prompt_of(command: str) -> bytes:
    """What the terminal shows of a command itself, before its output."""
    shown = plain(command).replace("\n", "\r\n  ")
    return f"\x1b[0;32m➜\x1b[0m {shown}\r\n".encode("utf-8", errors="replace")


def _epilogue(status: ExitStatus, note: str) -> bytes:
    if status.code == 0 and not note:
        return b"\x1b[0m"
    words = note or f"exit {status.code}"
    return f"\x1b[0;31m{words}\x1b[0m\r\n".encode()


def _note(status: ExitStatus, memory_mb: int) -> str:
    if status.timed_out:
        return "timed out"
    if status.quota_exceeded:
        return "ended: its disk quota is used up"
    if status.oom_killed:
        return f"the memory limit of {memory_mb:,} MB was reached, so what used most of it was ended"
    return ""


async def _end(execution: Execution) -> None:
    await execution.kill()
