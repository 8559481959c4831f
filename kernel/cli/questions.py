"""What `aether run --ask` asks, and where the answers come from.

A terminal is asked; what was typed before a question was seen is no answer to it. A pipe or a file holds an answer a line. Where both
have come to their end, the agent waits for `aether approve` or `aether reject` from anywhere else. `run` calls it; it decides nothing.
"""

import asyncio
import contextlib
import os
import stat
import sys
import termios

from kernel.cli.connection import Connection
from kernel.cli.marked_text import marked
from kernel.cli.output import Printer
from kernel.errors import AetherError
from kernel.protocol.process import ApprovalRequired, ProcessApprove, ProcessReject
from kernel.protocol.shown_text import exact_line, visible
from kernel.tasks import Scope

_CHUNK = 4096
_LONGEST_LINE = 16 << 10
_ALWAYS_CHARACTERS = 300


class Questions:
    """One question at a time; one that was answered elsewhere is withdrawn.

    descriptor: where the answers are read, standard input.
    """

    def __init__(self, connection: Connection, printer: Printer, scope: Scope, descriptor: int) -> None:
        self._connection = connection
        self._printer = printer
        self._scope = scope
        self._lines = _Lines(descriptor)
        self._turn = asyncio.Lock()
        self._open: dict[str, asyncio.Task[None]] = {}
        self._known: set[str] = set()

    def ask(self, event: ApprovalRequired) -> None:
        """Put a question, once."""
        approval_id = event.approval.approval_id
        if approval_id in self._known:
            return
        self._known.add(approval_id)
        self._open[approval_id] = self._scope.spawn(self._ask(event), name="ask")

    def withdraw(self, approval_id: str) -> None:
        """The answer came, from here or from elsewhere."""
        task = self._open.pop(approval_id, None)
        if task is not None:
            task.cancel()

    async def _ask(self, event: ApprovalRequired) -> None:
        async with self._turn:
            if self._lines.interactive:
                words = exact_line(event.approval.always, _ALWAYS_CHARACTERS)
                always = f" / a = always: {words}" if words else ""
                self._printer.say(f"Allow it?  y = once{always} / n [reason] = no")
            line = await self._lines.next()
            if line is None:
                pid = event.pid
                self._printer.say(f"Waiting for an answer: `aether approve {pid}`, or `aether reject {pid}` with a reason.")
                return
            await self._answer(event, line)

    async def _answer(self, event: ApprovalRequired, line: str) -> None:
        """Anything but a yes is a no, with that reason."""
        word, _, rest = line.strip().partition(" ")
        pid, approval_id = event.pid, event.approval.approval_id
        self._open.pop(approval_id, None)  # what follows must not be cut off by its own consequence
        try:
            if word.lower() in ("y", "yes"):
                await self._connection.execute(ProcessApprove(pid=pid, approval_id=approval_id))
            elif word.lower() in ("a", "always") and event.approval.always:
                await self._connection.execute(ProcessApprove(pid=pid, approval_id=approval_id, scope="always"))
            else:
                reason = rest if word.lower() in ("n", "no", "") else line.strip()
                await self._connection.execute(ProcessReject(pid=pid, approval_id=approval_id, reason=reason))
        except AetherError as error:
            print(f"aether: {marked(visible(str(error)))}", file=sys.stderr)


class _Lines:
    """Lines of a descriptor, without a thread that outlives the run."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.interactive = os.isatty(descriptor)
        self._rest = b""

    async def next(self) -> str | None:
        """The next line, or None at the end. A terminal's end is an empty line: the person is there, but says nothing."""
        if self.interactive:
            termios.tcflush(self._descriptor, termios.TCIFLUSH)
            return (await self._read()).decode(errors="replace")
        while b"\n" not in self._rest:
            piece = await self._read()
            if not piece or len(self._rest) > _LONGEST_LINE:
                # Whoever sends so much without a line end answers no question.
                line, self._rest = self._rest, b""
                return None if len(line) > _LONGEST_LINE else line.decode(errors="replace") or None
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode(errors="replace")

    async def _read(self) -> bytes:
        mode = os.fstat(self._descriptor).st_mode
        if not self.interactive and not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
            await asyncio.sleep(0)  # files and devices never make a reader wait, and cannot be watched
            with contextlib.suppress(OSError):  # open for writing only
                return os.read(self._descriptor, _CHUNK)
            return b""
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        loop.add_reader(self._descriptor, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(self._descriptor)
        with contextlib.suppress(OSError):  # a terminal that was hung up
            return os.read(self._descriptor, _CHUNK)
        return b""
