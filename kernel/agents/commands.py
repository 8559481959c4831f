"""An agent's commands: run in its sandbox, shown in its terminal as they run, with the exact exit code.

Implements the tools' `CommandRunner`. Each command is its own process tree with its own deadline; nothing is typed into a shell and no
echoed marker is read.
"""

import asyncio
import codecs
import re
from collections.abc import Awaitable, Callable
from typing import Protocol

from kernel.protocol.shown_text import visible
from kernel.sandbox.backend import ExecRequest, Execution, ExitStatus, Sandbox
from kernel.tools.base import CommandOutcome

OUTPUT_CHARACTERS = 200_000
#: Control sequences and strings, with 7 or 8 bits; what of one is not ended, of a string at most the line; and other escapes. A string
#: stops at the next introducer as well: looked for to the end from each, ends that are nowhere cost the square of the length.
_SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*(?:[@-~\x18\x1a]|\Z)"
    r"|(?:\x1b\]|\x9d)(?:[^\x07\x18\x1a\x1b\x80-\x9f]*(?:[\x07\x18\x1a\x9c]|\x1b\\)|[^\x07\x18\x1a\x1b\x80-\x9f\n]*)"
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])(?:[^\x18\x1a\x1b\x80-\x9f]*(?:[\x18\x1a\x9c]|\x1b\\)|[^\x18\x1a\x1b\x80-\x9f\n]*)"
    r"|\x1b[ -/]*[0-Z\\-~]"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
#: More than text and colours, so that something of it may stay in force. A part of a sequence counts: chunks end anywhere.
_MAY_STAY = re.compile(rb"\x1b(?!\[[0-9;:]*m)|\x0e|\xc2(?:[\x80-\x9f]|\Z)")
#: Undoes whatever a command may leave behind, and neither moves the cursor nor erases anything where it left nothing. Not a reset: that
#: would take the history. The first two end what is unfinished, VT52 mode and single bytes, in which the rest means nothing.
AS_NEW = b"".join(
    (
        b"\x1b<\x1b%G",
        b'\x1b[64;1"p\x1b[20l',  # DECSCL resets margins, origin, insertion, character sets, pen, link, protection, cursor and keys
        b"\x1b[?45h \x1b[D",  # a full line goes on in the next one now, as it would with the prompt: restoring the cursor forgets that
        b"\x1b[?1046h\x1b7\x1b[?1049l",  # saved on the main screen it is restored as it is, on the other one as it was when that began
        b"\x1b[!p\x1b]133;D\x07",  # what was restored with it, and the mark of a prompt, behind which all lines would be cut, not wrapped
        b"\x1b[?8;1035h\x1b[?5;40;41;67;1000;1004;1005;1006;1007;1015;1016;1045;2004;2026l",
        b"\x1b[?5W\x1b[*x\x1b[>T\x1b]0;\x07",
        b"\x1b]104\x07\x1b]105\x07\x1b]110\x07\x1b]111\x07\x1b]112\x07\x1b]117\x07\x1b]119\x07",
    )
)


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
        await self._console.write(_epilogue(status, note, may_stay=output.may_stay))
        return CommandOutcome(
            output=output.text(),
            exit_code=status.code,
            timed_out=status.timed_out,
            note=note,
            duration_s=status.duration_s,
        )


class _Output:
    """Head and tail of what a command prints, decoded across chunk borders.

    may_stay: whether it holds what may stay in force behind it.
    """

    def __init__(self) -> None:
        self.may_stay = False
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._head = ""
        self._tail = ""
        self._dropped = 0

    def add(self, chunk: bytes) -> None:
        self.may_stay = self.may_stay or _MAY_STAY.search(chunk) is not None
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
    lines = [line.rstrip("\r").rsplit("\r", 1)[-1] for line in _SEQUENCES.sub("", text).split("\n")]
    return _CONTROLS.sub("", "\n".join(lines))


def prompt_of(command: str) -> bytes:
    """What the terminal shows of a command itself, before its output; what could hide a part of it is written out.

    The same for each command, whatever is before it: that may have ended with the kernel, and who reads the record looks for this. Its
    last part keeps the cursor, which goes back to there, and not over older lines, where a command leaves a screen that it never saved.
    """
    shown = visible(command).replace("\n", "\r\n  ")
    return AS_NEW + f"\x1b[0;32m➜\x1b[0m {shown}\r\n\x1b7".encode("utf-8", errors="replace")


def _epilogue(status: ExitStatus, note: str, *, may_stay: bool) -> bytes:
    """The last words on a command. They would not be seen on the screen of a program that was ended, nor would who looks see the rest."""
    undone = AS_NEW if may_stay else b""
    if status.code == 0 and not note:
        return undone + b"\x1b[0m"
    words = note or f"exit {status.code}"
    return undone + f"\x1b[0;31m{words}\x1b[0m\r\n".encode()


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
