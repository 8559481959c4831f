"""The owner of every live terminal: opens, feeds, resizes, closes, and hands each one's bytes to whoever looks.

Made by `bootstrap`; runs on the kernel's loop. A terminal's bytes go into its `LiveScreen` and into one `ByteChannel` for each
further reader, which begins with a snapshot of the screen and its history. It publishes nothing: `on_event` tells the kernel,
which does.
"""

import asyncio
import dataclasses
import sys
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from kernel.errors import InvalidArgumentError, LimitReachedError, NotFoundError
from kernel.log import get_logger
from kernel.tty.backend import (
    DEFAULT_COLUMNS,
    DEFAULT_LINES,
    MAX_COLUMNS,
    MAX_LINES,
    Pty,
    PtyBackend,
    ShellSpec,
)
from kernel.tty.channel import ByteChannel
from kernel.tty.foreground import Foreground
from kernel.tty.openings import Openings
from kernel.tty.precedence import Precedence
from kernel.tty.screen import SCROLLBACK, LiveScreen, ScreenChange, ScreenLease
from kernel.tty.screen_copy import ScreenCopy
from kernel.tty.shell_sessions import ShellSessions

MAX_TERMINALS = 500
MAX_CHANNELS = 64
#: Output taken in smaller pieces than this is no flood, and not counted.
FLOOD_PIECE_BYTES = 4 << 10
_log = get_logger(__name__)


class TtyEvent(StrEnum):
    """What happened to a terminal."""

    OPENED = "opened"
    RESIZED = "resized"
    EXITED = "exited"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class TtyInfo:
    """A terminal as others see it. owner_pid: the agent's pid, None for the person's own. exit_code: None while it runs."""

    tty_id: str
    owner_pid: int | None
    host_pid: int | None
    title: str
    columns: int
    lines: int
    running: bool
    exit_code: int | None = None


OnEvent = Callable[[TtyEvent, TtyInfo], None]


class _Terminal:
    """One live terminal: its pty, its screen, and who else reads it."""

    def __init__(self, info: TtyInfo, pty: Pty, screen: LiveScreen) -> None:
        self.info = info
        self.pty = pty
        self.screen = screen
        self.precedence = Precedence(pty.pid)
        self._loop = asyncio.get_running_loop()
        self._read_by_owner = False
        self.channels: set[ByteChannel] = set()
        self.copies: dict[ByteChannel, ScreenCopy] = {}

    def on_data(self, data: bytes) -> bool:
        """Hand on; False when the screen or a lossless reader is full."""
        self.screen.put(data)
        for channel in tuple(self.channels):
            channel.put(data)
        self.precedence.note_output(len(data))
        return not self.held_up

    @property
    def held_up(self) -> bool:
        return self.screen.full or any(channel.full for channel in self.channels)

    def forget(self, channel: ByteChannel) -> None:
        """A reader has gone."""
        self.channels.discard(channel)
        self.copies.pop(channel, None)
        self.choose_reader()

    def choose_reader(self, *, shared: bool = False) -> None:
        """The owner of the screen reads by itself where nobody else wants the output. shared: somebody will in a moment."""
        direct = self.pty.direct
        alone = self.screen.leased and self.info.running and not (self.channels or shared)
        if direct is None or alone == self._read_by_owner:
            return
        self._read_by_owner = alone
        self.screen.read_by(self._take if alone else None)
        if alone:
            direct.hand_over(self.screen.note_waiting)
        else:
            direct.take_back()

    def _take(self, max_bytes: int) -> bytes:
        """On the thread of the screen's owner."""
        direct = self.pty.direct
        data = direct.take(max_bytes) if direct is not None else b""
        if len(data) >= FLOOD_PIECE_BYTES and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.precedence.note_output, len(data))
        return data


class TtyManager:
    """Owns the terminals by id.

    backend: opens host shells. on_event: told, on the loop, what happened. scrollback: lines of history that a terminal
    opened now keeps.
    """

    def __init__(
        self,
        backend: PtyBackend,
        on_event: OnEvent | None = None,
        scrollback: Callable[[], int] = lambda: SCROLLBACK,
    ) -> None:
        self._backend = backend
        self._scrollback = scrollback
        self._on_event = on_event
        self._loop = asyncio.get_running_loop()
        self._terminals: dict[str, _Terminal] = {}
        self._openings = Openings()

    async def open_shell(self, spec: ShellSpec, *, owner_pid: int | None = None, title: str = "") -> TtyInfo:
        """A program of the host on a new terminal.

        Cancelled, it closes again what was opened. Raises InvalidArgumentError (size), NotFoundError (program, folder),
        LimitReachedError, UnavailableError.
        """
        self._check(spec.columns, spec.lines)
        name = title or (spec.argv[0] if spec.argv else "shell")
        pty = await self._openings.run(self._backend.open(spec))
        return self._adopt(pty, owner_pid, name, spec.columns, spec.lines)  # in the same turn: what it prints has not been read yet

    def adopt(
        self,
        pty: Pty,
        *,
        owner_pid: int | None,
        title: str,
        columns: int = DEFAULT_COLUMNS,
        lines: int = DEFAULT_LINES,
    ) -> TtyInfo:
        """A terminal that already lives: an `AdoptedPty` over a sandbox's command, whose `wait_exit` the caller spawns.

        columns, lines: the size that it was started with. Closing it ends the command's whole tree. Raises
        InvalidArgumentError, LimitReachedError, UnavailableError; then the pty is the caller's to close.
        """
        self._check(columns, lines)
        return self._adopt(pty, owner_pid, title, columns, lines)

    def list(self, owner_pid: int | None = None) -> tuple[TtyInfo, ...]:
        """All terminals, or those of one agent, oldest first."""
        found = (terminal.info for terminal in self._terminals.values())
        return tuple(info for info in found if owner_pid is None or info.owner_pid == owner_pid)

    def get(self, tty_id: str) -> TtyInfo:
        """One terminal. Raises NotFoundError."""
        return self._find(tty_id).info

    def input(self, tty_id: str, data: bytes) -> None:
        """Type into a terminal. Raises NotFoundError, or LimitReachedError when the program does not read."""
        terminal = self._find(tty_id)
        if terminal.info.running:
            terminal.pty.write(data)

    def resize(self, tty_id: str, columns: int, lines: int) -> TtyInfo:
        """Change the size, at most 2000 x 2000: see `LiveScreen.resize`. Raises NotFoundError or InvalidArgumentError."""
        _check_size(columns, lines)
        terminal = self._find(tty_id)
        terminal.screen.resize(columns, lines)
        return terminal.info

    async def foreground(self, tty_id: str) -> Foreground | None:
        """The program that would be interrupted by closing a terminal; None where nothing is known. Raises NotFoundError."""
        terminal = self._find(tty_id)
        return await asyncio.to_thread(terminal.pty.foreground) if terminal.info.running else None

    def lease(self, tty_id: str, on_readable: Callable[[], None]) -> ScreenLease:
        """Take over the screen of a terminal: see `LiveScreen.lease`. Raises NotFoundError or ConflictError."""
        return self._find(tty_id).screen.lease(on_readable)

    def view(self, tty_id: str, on_readable: Callable[[], None]) -> ScreenLease | ScreenCopy:
        """The screen of a terminal for one more viewer: the screen itself, or a copy where it has an owner.

        on_readable: called on the loop when there is something to parse after there was nothing. Raises NotFoundError, or
        LimitReachedError at 64 copies.
        """
        terminal = self._find(tty_id)
        if not terminal.screen.leased:
            return terminal.screen.lease(on_readable)
        info = terminal.info
        self._share(terminal)
        made, waiting = terminal.screen.copy()
        channel = self._open_channel(terminal, made + waiting, lossless=True, on_readable=on_readable)
        copy = ScreenCopy(channel, len(made), info.columns, info.lines, on_readable, self._scrollback())
        terminal.copies[channel] = copy
        return copy

    def subscribe(
        self,
        tty_id: str,
        *,
        replay: bool = True,
        lossless: bool = True,
        on_readable: Callable[[], None] | None = None,
    ) -> ByteChannel:
        """The bytes of a terminal from now on, after a snapshot (replay) that brings a new terminal of its size up to date.

        lossless: a viewer that does not take holds the program up past 1 MiB; otherwise its oldest bytes are dropped and
        counted, but never the snapshot. on_readable: see `ByteChannel`. Raises NotFoundError, or LimitReachedError at 64 viewers.
        """
        terminal = self._find(tty_id)
        self._share(terminal)
        head = b"".join(terminal.screen.copy()) if replay else b""
        return self._open_channel(terminal, head, lossless=lossless, on_readable=on_readable)

    @staticmethod
    def _share(terminal: _Terminal) -> None:
        """One more viewer is to get the output, from now on through the loop."""
        if len(terminal.channels) >= MAX_CHANNELS:
            raise LimitReachedError(f"{MAX_CHANNELS} viewers look at this terminal already.", "Close some of them.")
        terminal.choose_reader(shared=True)

    def _open_channel(
        self, terminal: _Terminal, head: bytes, *, lossless: bool, on_readable: Callable[[], None] | None
    ) -> ByteChannel:
        tty_id = terminal.info.tty_id
        channel = ByteChannel(
            lossless=lossless,
            on_room=lambda: self._from_any_thread(lambda: self._resume(tty_id)),
            on_close=lambda closed: self._from_any_thread(lambda: terminal.forget(closed)),
            on_readable=on_readable,
            head=head,
        )
        if terminal.info.running:
            terminal.channels.add(channel)
        else:
            channel.end()
        return channel

    async def close(self, tty_id: str) -> None:
        """End a terminal with everything that runs on it. Raises NotFoundError."""
        terminal = self._find(tty_id)
        await terminal.pty.close()
        if terminal.info.running:
            self._on_exit(tty_id, None)
        if self._terminals.pop(tty_id, None) is not None:
            terminal.screen.close()
            self._tell(TtyEvent.CLOSED, terminal.info)

    async def close_owner(self, owner_pid: int) -> None:
        """Close all terminals of an agent."""
        for info in self.list(owner_pid):
            if info.tty_id in self._terminals:
                await self.close(info.tty_id)

    async def close_all(self) -> None:
        """Close everything for good, all at the same time, also what is just being opened; what fails is logged."""
        await self._openings.close()
        ids = tuple(self._terminals)
        for result in await asyncio.gather(*(self.close(tty_id) for tty_id in ids), return_exceptions=True):
            if isinstance(result, Exception):
                _log.error("a terminal could not be closed: %r", result)

    def _check(self, columns: int, lines: int) -> None:
        _check_size(columns, lines)
        self._openings.check()
        if len(self._terminals) + len(self._openings) >= MAX_TERMINALS:
            raise LimitReachedError(f"{MAX_TERMINALS} terminals are open.", "Close some of them.")

    def _adopt(self, pty: Pty, owner_pid: int | None, title: str, columns: int, lines: int) -> TtyInfo:
        tty_id = f"tty_{uuid.uuid4().hex[:12]}"
        info = TtyInfo(tty_id, owner_pid, pty.pid, title, columns, lines, running=True)
        terminal = _Terminal(info, pty, self._screen(tty_id, columns, lines))
        self._terminals[tty_id] = terminal
        self._tell(TtyEvent.OPENED, info)
        pty.start_reading(terminal.on_data, lambda code: self._on_exit(tty_id, code))
        return info

    def _screen(self, tty_id: str, columns: int, lines: int) -> LiveScreen:
        return LiveScreen(
            columns,
            lines,
            reply=lambda answer: self._answer(tty_id, answer),
            on_room=lambda: self._from_any_thread(lambda: self._resume(tty_id)),
            on_lease=lambda: self._on_lease(tty_id),
            on_change=lambda change: self._on_change(tty_id, change),
            on_size=lambda columns, lines: self._on_size(tty_id, columns, lines),
            scrollback=self._scrollback(),
        )

    def _on_lease(self, tty_id: str) -> None:
        terminal = self._terminals.get(tty_id)
        if terminal is not None:
            terminal.choose_reader()

    def _on_change(self, tty_id: str, change: ScreenChange) -> None:
        terminal = self._terminals.get(tty_id)
        for copy in tuple(terminal.copies.values()) if terminal is not None else ():
            copy.follow_change(change)

    def _on_size(self, tty_id: str, columns: int, lines: int) -> None:
        terminal = self._terminals.get(tty_id)
        if terminal is not None:
            if terminal.info.running:
                terminal.pty.resize(columns, lines)
            for copy in tuple(terminal.copies.values()):
                copy.follow(columns, lines)
            self._change(terminal, TtyEvent.RESIZED, columns=columns, lines=lines)

    def _answer(self, tty_id: str, answer: bytes) -> None:
        """What a terminal says to its program; a program that does not listen loses it, as with any terminal."""
        terminal = self._terminals.get(tty_id)
        if terminal is not None and terminal.info.running:
            with suppress(LimitReachedError):
                terminal.pty.write(answer)

    def _on_exit(self, tty_id: str, code: int | None) -> None:
        terminal = self._terminals.get(tty_id)
        if terminal is None or not terminal.info.running:
            return
        for channel in tuple(terminal.channels):
            channel.end()
        terminal.channels.clear()
        terminal.screen.end()
        terminal.precedence.forget()
        terminal.screen.read_by(None)
        self._change(terminal, TtyEvent.EXITED, running=False, exit_code=code)

    def _resume(self, tty_id: str) -> None:
        terminal = self._terminals.get(tty_id)
        if terminal is not None and terminal.info.running and not terminal.held_up:
            terminal.pty.resume_reading()

    def _from_any_thread(self, action: Callable[[], None]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(action)

    def _change(self, terminal: _Terminal, event: TtyEvent, **changes: int | bool | None) -> None:
        terminal.info = dataclasses.replace(terminal.info, **changes)  # type: ignore[arg-type]  # names are ours
        self._tell(event, terminal.info)

    def _tell(self, event: TtyEvent, info: TtyInfo) -> None:
        if self._on_event is not None:
            self._on_event(event, info)

    def _find(self, tty_id: str) -> _Terminal:
        terminal = self._terminals.get(tty_id)
        if terminal is None:
            raise NotFoundError(f"There is no terminal {tty_id[:64]}.")
        return terminal


def _check_size(columns: int, lines: int) -> None:
    if not (1 <= columns <= MAX_COLUMNS and 1 <= lines <= MAX_LINES):
        raise InvalidArgumentError(f"A terminal has 1 to {MAX_COLUMNS} columns and 1 to {MAX_LINES} lines.")


def default_backend(sessions: ShellSessions | None = None) -> PtyBackend:
    """The backend for this system. sessions: takes care that nothing of a shell outlives this process, where the system allows it."""
    if sys.platform == "win32":
        from kernel.tty.windows import WindowsPtyBackend

        return WindowsPtyBackend()
    from kernel.tty.posix import PosixPtyBackend

    return PosixPtyBackend(sessions)
