"""What a command of an agent prints, line by line while it runs: nobody waits minutes before an empty screen for a build.

Stands between the events and the printer for people. Reads the agent's terminal from its record (`kernel.agents.console`), since output is
no event; a command that ends soon is told of by its result alone.
"""

import asyncio
import contextlib
import os
import re
from pathlib import Path

from msgspec import structs

from kernel.agents.commands import AS_NEW, prompt_of
from kernel.agents.console import record_name
from kernel.cli.output import Printer, TextPrinter
from kernel.paths import Paths, default_root
from kernel.protocol import agent
from kernel.protocol.base import Event
from kernel.protocol.shown_text import cut, printed
from kernel.tasks import Scope

PATIENCE_S = 1.0
INTERVAL_S = 0.2
READ_BYTES, REST_BYTES = 64 * 1024, 1024 * 1024
MOST_LINES, LONGEST_LINE = 400, 10_000
"""Lines of one command, characters of a line; a flood is better looked at elsewhere."""
_EPILOGUE = re.compile(rb"(?:" + re.escape(AS_NEW) + rb")?\x1b\[0(?:;31m[^\r\n]*\x1b\[0)?m(?:\r\n)?\Z")


class LiveOutput:
    """A `Printer` that shows output too.

    printer: shows everything. record: the file of the agent's terminal, which may not be there yet. scope: owner of what reads on.
    fresh: the agent has only just begun, so that nothing in the record is of before.
    """

    def __init__(self, printer: TextPrinter, record: Path, scope: Scope, *, fresh: bool = False) -> None:
        self._printer = printer
        self._record = record
        self._scope = scope
        self._position = 0 if fresh else self._end_of_record()
        self._command = ""
        self._task: asyncio.Task[None] | None = None
        self._begun = b""  # what its terminal shows of the command itself, and comes before all output
        self._rest = b""
        self._lines = 0
        self._left_out = False
        self._whole = True

    def show(self, event: Event) -> None:
        """One event; a result whose output was shown already is its first line."""
        if isinstance(event, agent.AgentAction) and event.tool == "run_command":
            self._command = str(event.args.get("command", ""))
        elif isinstance(event, agent.AgentToolStarted) and event.tool == "run_command":
            self._begin()
        elif isinstance(event, agent.AgentObservation) and event.tool == "run_command":
            event = self._ended(event)
        self._printer.show(event)

    def say(self, text: str) -> None:
        """A word of Aether's own."""
        self._printer.say(text)

    def finish(self) -> None:
        """Print no more."""
        self._stop()
        self._printer.finish()

    def _begin(self) -> None:
        self._stop()
        self._begun, self._rest, self._lines = prompt_of(self._command), b"", 0
        self._whole, self._left_out = True, False
        self._task = self._scope.spawn(self._follow(), name="live-output")

    def _stop(self) -> bool:
        """Read no more; whether a command was followed."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        return task is not None

    async def _follow(self) -> None:
        await asyncio.sleep(PATIENCE_S)
        with contextlib.suppress(OSError):  # nobody reads any more, which the next event finds as well
            while True:
                more = self._print_more()
                await asyncio.sleep(0 if more else INTERVAL_S)

    def _ended(self, event: agent.AgentObservation) -> agent.AgentObservation:
        """The result, without what was shown; all of it for a call that did not run, and where parts of its output were missed."""
        shown = self._stop() and self._lines > 0
        if shown:
            self._print_rest()
        self._position = self._end_of_record()
        return structs.replace(event, result=event.result.split("\n", 1)[0]) if shown and self._whole else event

    def _print_more(self) -> bool:
        """Print the whole lines that came since; whether anything came."""
        data = self._read(READ_BYTES) if self._lines < MOST_LINES else b""
        self._rest += data
        if self._begun.startswith(self._rest) and self._begun != self._rest:
            return False  # of the command's own lines some are still to come
        self._whole = self._whole and self._rest.startswith(self._begun)  # else this looks too late: the record has gone on
        self._rest, self._begun = self._rest.removeprefix(self._begun), b""
        *lines, self._rest = self._rest.split(b"\n")
        self._rest = self._rest[-READ_BYTES:]
        self._print(lines)
        return bool(data)

    def _print_rest(self) -> None:
        """Print what there is to the end, but for the words about the end itself, which the result has too."""
        data = self._read(REST_BYTES)
        rest = _EPILOGUE.sub(b"", self._rest + data)
        lines = rest.removesuffix(b"\n").split(b"\n") if rest.strip() else []
        self._print(lines)
        if self._left_out or len(data) == REST_BYTES:
            self._printer.show_output("… and more, which its terminal shows")

    def _print(self, lines: list[bytes]) -> None:
        self._left_out = self._left_out or self._lines + len(lines) > MOST_LINES
        for line in lines[: MOST_LINES - self._lines]:
            self._lines += 1
            self._printer.show_output(cut(printed(line.decode("utf-8", "replace")).rstrip(), LONGEST_LINE))

    def _read(self, limit: int) -> bytes:
        """The next bytes of the record; what was cut from it meanwhile is passed over."""
        try:
            with self._record.open("rb") as file:
                if os.fstat(file.fileno()).st_size < self._position:
                    self._position = os.fstat(file.fileno()).st_size
                file.seek(self._position)
                data = file.read(limit)
        except OSError:
            return b""
        self._position += len(data)
        return data

    def _end_of_record(self) -> int:
        try:
            return self._record.stat().st_size
        except OSError:
            return 0


def with_output(printer: Printer, pid: int, scope: Scope, *, fresh: bool = False) -> Printer:
    """The printer of an agent's run, which shows what commands print where it prints for people. fresh: see `LiveOutput`."""
    if not isinstance(printer, TextPrinter):
        return printer
    record = Paths(default_root(dict(os.environ))).terminals / record_name(f"tty-{pid}-0")
    return LiveOutput(printer, record, scope, fresh=fresh)
