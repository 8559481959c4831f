"""Runs searches in a `search_worker` process: never in the way of the window, ended when they take too long. Owned by `finding`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec
from PySide6.QtCore import QCoreApplication, QObject, QProcess, QTimer, Signal

TIME_LIMIT_MS = 2000
#: With more than so many matches no further lines are searched.
MOST_MATCHES = 10_000
MOST_PATTERN_CHARS = 1000
#: The process is not kept longer than this without a search.
IDLE_MS = 60_000
MOST_ANSWER_BYTES = 8 << 20
GONE_MS = 500


class Request(msgspec.Struct, frozen=True):
    """See `search_worker`."""

    id: int
    pattern: str
    ignore_case: bool
    first: int
    near: tuple[int, int]
    limit: int
    lines: list[str]


class Answer(msgspec.Struct, frozen=True):
    """See `search_worker`."""

    id: int
    matches: list[tuple[int, int, int]]
    searched: tuple[int, int]
    error: str


@dataclass(frozen=True, slots=True)
class Found:
    """Matches as (index of the line, start, end), oldest first.

    searched: the first and last line that were searched; the others have more matches than are looked for at once. error: why there are
    none, as a sentence for a person.
    """

    matches: tuple[tuple[int, int, int], ...] = ()
    searched: tuple[int, int] = (0, -1)
    error: str = ""


class SearchClient(QObject):
    """One search at a time; a new one ends the one before."""

    found = Signal(object)
    """`Found`, for the last search asked for."""

    def __init__(self, parent: QObject, *, time_limit_ms: int = TIME_LIMIT_MS) -> None:
        super().__init__(parent)
        running = self._running = _Running()
        self.destroyed.connect(lambda: running.end(wait=True))
        self._number = 0
        self._busy = False
        self._answer = bytearray()
        self._limit = QTimer(self)
        self._limit.setSingleShot(True)
        self._limit.setInterval(time_limit_ms)
        self._limit.timeout.connect(self._on_too_long)
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(IDLE_MS)
        self._idle.timeout.connect(self.cancel)
        self._decoder = msgspec.json.Decoder(Answer)

    @property
    def busy(self) -> bool:
        """Whether a search runs."""
        return self._busy

    def search(self, pattern: str, lines: list[str], *, ignore_case: bool, near: tuple[int, int], first: int = 0) -> None:
        """Search lines for a regular expression. first: number of the first line. near: of those to begin with, first and last."""
        if self._busy:
            self.cancel()
        if len(pattern) > MOST_PATTERN_CHARS:
            self.found.emit(Found(error=f"A pattern has at most {MOST_PATTERN_CHARS:,} characters"))
            return
        process = self._running.process or self._start()
        self._number += 1
        self._busy = True
        self._answer.clear()
        request = Request(self._number, pattern, ignore_case, first, near, MOST_MATCHES, lines)
        process.write(msgspec.json.encode(request) + b"\n")
        self._idle.stop()
        self._limit.start()

    def cancel(self) -> None:
        """End the search and its process."""
        self._limit.stop()
        self._idle.stop()
        self._busy = False
        self._running.end()

    def _start(self) -> QProcess:
        process = self._running.process = QProcess(QCoreApplication.instance())
        process.setProgram(sys.executable)
        process.setArguments(["-I", "-S", "-X", "utf8", str(Path(__file__).with_name("search_worker.py"))])
        process.setStandardErrorFile(QProcess.nullDevice())
        process.readyReadStandardOutput.connect(self._on_output)
        process.finished.connect(self._on_gone)
        process.errorOccurred.connect(self._on_gone)
        process.start()
        return process

    def _on_output(self) -> None:
        process = self._running.process
        if process is None or self.sender() is not process:
            return
        self._answer += process.readAllStandardOutput().data()
        if len(self._answer) > MOST_ANSWER_BYTES:
            self._fail("There is too much of it")
        elif self._answer.endswith(b"\n"):
            self._finish(bytes(self._answer))

    def _finish(self, data: bytes) -> None:
        try:
            answer = self._decoder.decode(data)
        except msgspec.MsgspecError:
            self._fail("The search broke off")
            return
        if answer.id != self._number or not self._busy:
            return
        self._busy = False
        self._limit.stop()
        self._idle.start()
        self.found.emit(Found(tuple(answer.matches), answer.searched, answer.error))

    def _on_too_long(self) -> None:
        self._fail("This pattern takes too long; make it simpler")

    def _on_gone(self, *_: object) -> None:
        if self.sender() is not self._running.process:
            return
        if self._busy:
            self._fail("The search could not be run")
        else:
            self.cancel()

    def _fail(self, text: str) -> None:
        self.cancel()
        self.found.emit(Found(error=text))


class _Running:
    """The process of a client; outlives the client by a moment, so that its destruction can end it."""

    def __init__(self) -> None:
        self.process: QProcess | None = None

    def end(self, *, wait: bool = False) -> None:
        """Kill it; the application keeps what is left of it until it is gone. wait: the application may end at once."""
        process, self.process = self.process, None
        if process is not None and process.state() != QProcess.ProcessState.NotRunning:
            process.finished.connect(process.deleteLater)
            process.kill()
            if wait:
                process.waitForFinished(GONE_MS)
        elif process is not None:
            process.deleteLater()
