"""The terminals that the window shows, one session each, however many widgets look at it.

A session owns the screen while anybody looks, and has it parsed by the `TerminalSchedule`. Widgets read rows, send keys and
hear what happened; none of them touches the kernel.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import math
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from shiboken6 import isValid

from aether_desktop.bridge.client import KernelClient, TerminalFeed
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.stores.terminal_schedule import TerminalSchedule
from kernel.errors import AetherError, LimitReachedError, NotFoundError
from kernel.protocol.tty import TtyInput, TtyResize
from kernel.term import Terminal
from kernel.term.size_steps import SizeSteps

_log = logging.getLogger("aether.desktop.terminals")
COLUMNS, LINES = 100, 30
#: Nobody has said yet how large it is to be.
NO_SIZE = (0, 0)
INTERRUPT = b"\x03"
PASTE_END = "\x1b[201~"
#: Longest that a program may hold the picture with synchronized output.
SYNCHRONIZED_S = 0.15
#: Input goes out in pieces, so that a long paste neither holds the kernel up nor is refused as a whole.
INPUT_PIECE_CHARS = 64 << 10
INPUT_WAIT_S = 0.05
PREVIEW_BYTES = 64 << 10
#: What is parsed in one go, and what a session parses in a second until it is known.
LEAST_SLICE_BYTES, MOST_SLICE_BYTES = 512, 128 << 10
FIRST_RATE = 8_000_000.0
#: Since the last picture; more is a flood.
FLOOD_BYTES = 32 << 10
#: Parsed before the size changes: what a shell drew for the one before.
CATCH_UP_BYTES = 4 << 10


class TerminalSession(QObject):
    """One terminal for all of its viewers. Made by `TerminalStore.open`; every opening is matched by a `release`."""

    changed = Signal()
    """What the screen shows changed."""
    told = Signal(object)
    """A `kernel.term.events.TermEvent`."""
    resized = Signal()
    """The screen has another size than before, whoever changed it; its lines may have other numbers."""
    arrived = Signal()
    """The kernel has handed the screen over: `terminal` is the real one from now on."""
    finished = Signal()
    """The program ended and all of its output is parsed, or the terminal could not be opened."""

    def __init__(self, client: KernelClient, tty_id: str, schedule: TerminalSchedule, store: TerminalStore) -> None:
        super().__init__(store)
        self.tty_id = tty_id
        self.viewers = 0
        self._client = client
        self._schedule = schedule
        self._store = store
        self._tasks = TaskOwner(self)
        self._blank = Terminal(COLUMNS, LINES)
        self._input: deque[TtyInput] = deque()
        self._deaf = False
        self._arrived = False
        self._speaker: Callable[[], QObject | None] = _nobody
        self._sender: asyncio.Task[None] | None = None
        self._tells = False
        self._seen_size = (COLUMNS, LINES)
        #: How long the last change of size took, in seconds.
        self.size_cost_s = 0.0
        self._stepping = QTimer(self)
        self._stepping.setSingleShot(True)
        self._stepping.setTimerType(Qt.TimerType.PreciseTimer)
        self._stepping.timeout.connect(self._on_step)
        self._sizes = SizeSteps(NO_SIZE, self._change_size, self._step_after, time.monotonic, self._count_prompts)
        self._shown_at = 0.0
        self._held_since = 0.0
        self._rate = FIRST_RATE
        self._unshown_bytes = 0
        self._over = False
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._show)
        self._feed: TerminalFeed = client.open_terminal(tty_id, self._on_readable, recent_bytes=store.recent_bytes)

    @property
    def terminal(self) -> Terminal:
        """The screen; a blank one until the kernel has handed over the real one."""
        return self._feed.terminal or self._blank

    @property
    def has_arrived(self) -> bool:
        """Whether `terminal` is the real one."""
        return self._arrived

    @property
    def ended(self) -> bool:
        """Whether nothing will come any more."""
        return self._over

    def write(self, data: bytes) -> None:
        """Type; kept in order, and kept while the program does not read."""
        if not data or self._over:
            return
        self._schedule.note_typing(self)
        if data == INTERRUPT and self._deaf:
            data += self._drop_input()
        self._input.extend(self._pieces(data))
        if self._sender is None or self._sender.done():
            self._sender = self._tasks.spawn(self._send(), name="type into a terminal")

    def resize(self, columns: int, lines: int, *, tell: bool) -> None:
        """Make the terminal this large: now, or in a moment, where a shell still draws its prompt for the size before.

        tell: there is a program that has to know.
        """
        if not self._over:
            # Who only looks at a size that another view tells of takes nothing back.
            self._tells = tell or (self._tells and (columns, lines) == self._sizes.wanted)
            self._catch_up()
            self._sizes.want(columns, lines)

    def restore_size(self) -> None:
        """The program changed the size of its screen: change it back."""
        self._apply_size()

    def clear_history(self) -> None:
        """Forget the lines that scrolled off, for every viewer."""
        self._feed.clear_history()
        self._schedule.add(self)

    def reset(self) -> None:
        """Begin anew, as with RIS, for every viewer."""
        self._feed.reset()
        self._schedule.add(self)

    def focus(self, viewer: QObject | None, *, focused: bool) -> None:
        """Whether the person's keys go to one of its viewers: then it is parsed before others.

        viewer: the one, which speaks for it from now on; None for one that asks nothing.
        """
        self._schedule.focus(self if focused else None)
        if focused and viewer is not None:
            self._speaker = weakref.ref(viewer)

    def speaks_through(self, viewer: QObject) -> bool:
        """Whether a viewer is the one that asks its program's questions: the last that had the focus, else the first that wants to."""
        speaker = self._speaker()
        if speaker is None or not isValid(speaker):
            self._speaker = weakref.ref(viewer)
            return True
        return speaker is viewer

    def leave(self, viewer: QObject) -> None:
        """A viewer looks at something else."""
        if self._speaker() is viewer:
            self._speaker = _nobody

    def release(self) -> None:
        """A viewer looks no more."""
        self.viewers -= 1
        if self.viewers <= 0:
            self._store.forget(self)

    def close(self) -> None:
        """Give the screen back to the kernel."""
        self._over = True
        self._later.stop()
        self._stepping.stop()
        self._schedule.remove(self)
        self._feed.close()
        self.deleteLater()

    def parse(self, seconds: float) -> bool:
        """See `Parsing.parse`."""
        wanted = min(max(int(self._rate * seconds), LEAST_SLICE_BYTES), MOST_SLICE_BYTES)
        started = time.perf_counter()
        done = self._feed.parse(wanted)
        if done >= LEAST_SLICE_BYTES:
            self._rate = (self._rate + done / (time.perf_counter() - started)) / 2
        self._note_parsed(done)
        return done > 0

    def settle(self, *, waiting: bool) -> None:
        """See `Parsing.settle`."""
        self._note_size()
        for event in self.terminal.take_events():
            self.told.emit(event)
        now = time.monotonic()
        if self.terminal.modes.synchronized_output:
            self._held_since = self._held_since or now
            left = self._held_since + SYNCHRONIZED_S - now
        else:
            self._held_since = 0.0
            flooding = waiting or self._unshown_bytes > FLOOD_BYTES
            left = self._shown_at + self._schedule.repaint_interval_s(self, flooding=flooding) - now
        if left <= 0:
            self._show()
        elif not self._later.isActive():
            self._later.start(max(1, round(left * 1000)))
        if not waiting:
            self._check_end()

    def _show(self) -> None:
        self._later.stop()
        self._shown_at = time.monotonic()
        self._unshown_bytes = 0
        self.changed.emit()

    def _drop_input(self) -> bytes:
        """Forget what waits, as a terminal does at an interrupt; what has to be sent all the same: the end of a paste."""
        pasting = any(not piece.base64 and PASTE_END in piece.data for piece in self._input)
        self._input.clear()
        return PASTE_END.encode() if pasting else b""

    def _pieces(self, data: bytes) -> Iterator[TtyInput]:
        """Commands for bytes; those of mouse reports need not be text."""
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            yield TtyInput(tty_id=self.tty_id, data=base64.b64encode(data).decode(), base64=True)
            return
        for at in range(0, len(text), INPUT_PIECE_CHARS):
            yield TtyInput(tty_id=self.tty_id, data=text[at : at + INPUT_PIECE_CHARS])

    def _on_readable(self) -> None:
        if not self._arrived and self._feed.terminal is not None:
            self._arrived = True
            if self._tells and self.terminal.screen.at_prompt:
                self._sizes.expect_answer()
            self.arrived.emit()
        self._apply_size()
        self._schedule.add(self)

    def _change_size(self, columns: int, lines: int) -> bool:
        """See `SizeSteps`."""
        started = time.perf_counter()
        drawn_again = self._tells and self.terminal.screen.at_prompt
        self._apply_size()
        if self._tells:
            told = TtyResize(tty_id=self.tty_id, cols=columns, rows=lines)
            self._tasks.spawn(self._tell(told), name="resize a terminal")
        self.changed.emit()
        self.size_cost_s = time.perf_counter() - started
        return drawn_again

    async def _tell(self, told: TtyResize) -> None:
        with contextlib.suppress(AetherError):  # it has ended: nobody answers
            await self._client.execute(told)
        if not self._over:
            self._sizes.note_told()

    def _apply_size(self) -> None:
        terminal, size = self._feed.terminal, self._sizes.size
        if terminal is not None and size not in (NO_SIZE, (terminal.columns, terminal.lines)):
            self._feed.resize(*size)
        self._note_size()

    def _note_size(self) -> None:
        size = (self.terminal.columns, self.terminal.lines)
        if size != self._seen_size:
            self._seen_size = size
            self.resized.emit()

    def _step_after(self, seconds: float) -> None:
        self._stepping.start(math.ceil(seconds * 1000))

    def _on_step(self) -> None:
        self._catch_up()
        self._sizes.on_time()

    def _catch_up(self) -> None:
        done = self._feed.parse(CATCH_UP_BYTES) if self._arrived else 0
        if done:
            self._note_parsed(done)
            self._schedule.add(self)  # viewers are told of it, and the rest comes

    def _count_prompts(self) -> int:
        return self.terminal.screen.marks.prompts

    def _note_parsed(self, size: int) -> None:
        self._unshown_bytes += size
        if size:
            self._sizes.note_output()

    def _check_end(self) -> None:
        if self._feed.ended and not self._over:
            self._over = True
            self.finished.emit()

    async def _send(self) -> None:
        while self._input and not self._over:
            try:
                await self._client.execute(self._joined())
            except LimitReachedError:
                self._deaf = True
                await asyncio.sleep(INPUT_WAIT_S)
                self._deaf = False
                continue
            except NotFoundError:
                self._input.clear()
                return
            except AetherError as error:
                _log.warning("what was typed into a terminal was refused: %s", error)
            self._input.popleft()

    def _joined(self) -> TtyInput:
        """The first piece with those behind it that fit, so that quick keys and mouse reports make one way, not many."""
        first = self._input.popleft()
        while self._input and not first.base64 and not self._input[0].base64:
            if len(first.data) + len(self._input[0].data) > INPUT_PIECE_CHARS:
                break
            first = TtyInput(tty_id=self.tty_id, data=first.data + self._input.popleft().data)
        self._input.appendleft(first)
        return first


def _nobody() -> None:
    """No viewer speaks for a session."""


class HeldSession:
    """The session that a widget looks at; outlives the widget by a moment, so that its destruction can release it."""

    def __init__(self) -> None:
        self._session: TerminalSession | None = None

    def replace(self, session: TerminalSession | None) -> None:
        """Hold another one, or none; the one before is released."""
        before, self._session = self._session, session
        if before is not None:
            before.release()


class TerminalStore(QObject):
    """Sessions by terminal.

    recent_bytes: begin an agent's record that far before its end, 0 for all of it; a store of previews says `PREVIEW_BYTES`.
    """

    def __init__(
        self, client: KernelClient, schedule: TerminalSchedule, parent: QObject | None = None, *, recent_bytes: int = 0
    ) -> None:
        super().__init__(parent)
        self.recent_bytes = recent_bytes
        self._client = client
        self._schedule = schedule
        self._sessions: dict[str, TerminalSession] = {}

    def open(self, tty_id: str) -> TerminalSession:
        """Look at a terminal. `release` the session when done."""
        session = self._sessions.get(tty_id)
        if session is None:
            session = self._sessions[tty_id] = TerminalSession(self._client, tty_id, self._schedule, self)
        session.viewers += 1
        return session

    def forget(self, session: TerminalSession) -> None:
        """Nobody looks at it any more."""
        if self._sessions.get(session.tty_id) is session:
            del self._sessions[session.tty_id]
        session.close()
