"""A terminal's one screen: parsed by the kernel while nobody looks, by the window that looks at it otherwise.

Programs ask their terminal questions, so somebody must parse at any time, and only one may. Output waits in a bounded inbox;
who holds the `ScreenLease` takes from it, on any thread, and where nobody else wants the output reads it without the loop's help;
without a lease the kernel's loop does all, a slice a turn. Made by `TtyManager`.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable

from kernel.errors import ConflictError
from kernel.term import Terminal
from kernel.term.modes import Modes
from kernel.term.size_steps import SizeSteps
from kernel.term.snapshot import snapshot
from kernel.tty.channel import ByteChannel
from kernel.tty.feeding import Feeding

SCROLLBACK = 10_000
SLICE_BYTES = 16 << 10
#: What programs draw again for a new size begins with controls and goes on at once; those that stand alone so long stand alone.
HELD_S = 0.1
#: RIS, and before it what leaves VT52 mode, which has no RIS, and ends a string that goes on.
RESET = b"\x1b<\x1bc"
ScreenChange = Callable[[Terminal], None]


def clear_history(terminal: Terminal) -> None:
    """Forget the lines that scrolled off."""
    terminal.history.clear()


def reset(terminal: Terminal) -> None:
    """Begin anew, as with RIS."""
    terminal.feed(RESET)
    terminal.take_reply()


class LiveModes(Modes):
    """The modes of a terminal that somebody uses: the wheel scrolls a pager unless its program says otherwise (mode 1007)."""

    def reset(self) -> None:
        """All modes to their defaults."""
        super().reset()
        self.private[1007] = True


class LiveScreen:
    """The screen of one terminal. Constructed on the kernel's loop.

    reply: takes, on the loop, what the terminal answers to its program. on_room: called, on any thread, when a full inbox has
    room again. on_lease: called on the loop when somebody has taken the parsing over or given it back.
    on_change: called on the loop with what the owner of a lease has changed by hand, for those who show a copy.
    on_size: called on the loop when it has another size: the pty is to be told.
    """

    def __init__(
        self,
        columns: int,
        lines: int,
        *,
        reply: Callable[[bytes], None],
        on_room: Callable[[], None],
        on_lease: Callable[[], None],
        on_change: Callable[[ScreenChange], None],
        on_size: Callable[[int, int], None],
        scrollback: int = SCROLLBACK,
    ) -> None:
        self.terminal = Terminal(columns, lines, scrollback=scrollback, window_operations=False)
        self.terminal.screen.modes = LiveModes()
        #: Size of the pty. The owner of a lease may show the screen in another one until it gives it back.
        self._size = (columns, lines)
        #: The size that the owner of a lease is to show next, if any; set on the loop and taken on the owner's thread, each in one step.
        self._asked: deque[tuple[int, int]] = deque(maxlen=1)
        self._sized_by_owner = False
        self._loop = asyncio.get_running_loop()
        self._reply = reply
        self._on_lease = on_lease
        self._on_change = on_change
        self._on_size = on_size
        self._sizes = SizeSteps(self._size, self._apply_size, self._step_after, time.monotonic, lambda: self.terminal.screen.marks.prompts)
        self._stepping: asyncio.TimerHandle | None = None
        self._take: Callable[[int], bytes] | None = None
        self._lock = threading.Lock()
        self._lease: ScreenLease | None = None
        self._scheduled = False
        self._left = b""
        self._held_at = 0.0
        self._feeding = Feeding(self.terminal)
        self._inbox = ByteChannel(
            lossless=True, on_room=on_room, on_close=lambda _: None, on_readable=self._on_readable
        )

    @property
    def full(self) -> bool:
        """Whether the program has to wait until somebody has parsed."""
        return self._inbox.full

    @property
    def leased(self) -> bool:
        """Whether somebody else than the kernel parses."""
        return self._lease is not None

    def put(self, data: bytes) -> None:
        """Output of the program. On the loop."""
        self._inbox.put(data)

    def end(self) -> None:
        """The program is gone; what waits is parsed still."""
        self._inbox.end()

    def close(self) -> None:
        """The terminal is gone: what waits is dropped."""
        self._forget_step()
        with self._lock:
            self._left = b""
        self._inbox.close()

    def lease(self, on_readable: Callable[[], None]) -> "ScreenLease":
        """Take the parsing over. On the loop; raises ConflictError while another one has it.

        on_readable: called on the loop when there is something to parse after there was nothing, and at the end.
        """
        if self._lease is not None:
            raise ConflictError("Another window shows this terminal.", "Close it there first.")
        self._sizes.stop_waiting()
        self._lease = ScreenLease(self, on_readable)
        self._on_lease()
        return self._lease

    def read_by(self, take: Callable[[int], bytes] | None) -> None:
        """Have the owner of the lease read what is not in the inbox: `take` gives at most so many bytes. None: no longer.

        On the loop; when it returns, no earlier `take` is under way.
        """
        with self._lock:
            self._take = take

    def note_waiting(self) -> None:
        """There is something to take. On the loop."""
        self._on_readable()

    def resize(self, columns: int, lines: int) -> None:
        """Have another size, for the pty too, which `on_size` tells of: now, or once a shell has drawn its prompt for the last one.

        On the loop. The owner of a lease sees to that by itself, and follows when it parses, unless it has chosen its own size.
        """
        self._catch_up()
        self._sizes.want(columns, lines)

    def copy(self) -> tuple[bytes, bytes]:
        """What makes a new terminal of the pty's size like this one, and what waits to be parsed. On the loop."""
        with self._lock:
            shown = (self.terminal.columns, self.terminal.lines)
            made = snapshot(self.terminal)
            if not self.terminal.modes.alternate_scroll:
                made = b"\x1b[?1007l" + made
            waiting = self._left + self._inbox.peek()
        if shown != self._size:
            made = _size_request(*shown) + made + _size_request(*self._size)
        return made, waiting

    def parse(self, max_bytes: int) -> int:
        """Feed what waits, at most `max_bytes` and for a slice's time; how many bytes it was. On the thread of the owner."""
        with self._lock:
            self._follow_size()
            data = self._left or self._inbox.take(max_bytes)
            if not data and self._take is not None:
                data = self._take(max_bytes)
            if not data:
                return self._let_go()
            done = self._feeding.feed(data, max_bytes)
            self._left = data[done:]
            if self.terminal.holds and not self._loop.is_closed():
                self._held_at = time.monotonic()
                self._loop.call_soon_threadsafe(self._loop.call_later, HELD_S, self._on_readable)
            answer = self.terminal.take_reply()
        if answer and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._reply, answer)
        return done

    def _follow_size(self) -> None:
        try:
            asked = self._asked.pop()
        except IndexError:
            return
        if not self._sized_by_owner and asked != (self.terminal.columns, self.terminal.lines):
            self.terminal.resize(*asked)

    def _let_go(self) -> int:
        """Do what waited long enough for more; 1 where there was something."""
        early = time.monotonic() - self._held_at < 0.9 * HELD_S and not self._inbox.ended
        if early or not self.terminal.holds:
            return 0
        self.terminal.let_go()
        return 1

    @property
    def ended(self) -> bool:
        """Whether the program is gone and everything was parsed."""
        return self._inbox.ended and not (self._left or self.terminal.holds)

    def _give_back(self, lease: "ScreenLease") -> None:
        if self._lease is lease:
            self._lease = None
            self._asked.clear()
            self._sized_by_owner = False
            self._on_lease()
            self._restore_size()
            self._on_readable()

    def _show_in(self, columns: int, lines: int) -> None:
        with self._lock:
            # What the pty is told for it arrives later and may be out of date by then.
            self._sized_by_owner = True
            self._asked.clear()
            if (self.terminal.columns, self.terminal.lines) != (columns, lines):
                self.terminal.resize(columns, lines)

    def _change(self, change: ScreenChange) -> None:
        with self._lock:
            change(self.terminal)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._on_change, change)

    def _restore_size(self) -> None:
        """Show the pty's size again, whatever a program or an owner wished."""
        with self._lock:
            if (self.terminal.columns, self.terminal.lines) != self._size:
                self.terminal.resize(*self._size)

    def _apply_size(self, columns: int, lines: int) -> bool:
        """See `SizeSteps`: the owner of a lease hears the answer, so none is awaited here."""
        self._size = (columns, lines)
        drawn_again = self._lease is None and self.terminal.screen.at_prompt
        if self._lease is None:
            self._restore_size()
        elif not self._sized_by_owner:
            self._asked.append(self._size)
            self._lease.on_readable()
        self._on_size(columns, lines)
        self._sizes.note_told()
        return drawn_again

    def _step_after(self, seconds: float) -> None:
        self._forget_step()
        self._stepping = self._loop.call_later(seconds, self._on_step)

    def _forget_step(self) -> None:
        if self._stepping is not None:
            self._stepping.cancel()
            self._stepping = None

    def _on_step(self) -> None:
        self._stepping = None
        self._catch_up()
        self._sizes.on_time()

    def _on_readable(self) -> None:
        if self._lease is not None:
            self._lease.on_readable()
        elif not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._parse_a_slice)

    def _parse_a_slice(self) -> None:
        self._scheduled = False
        self._catch_up()
        self._sizes.on_time()  # in a flood the timer may find no turn

    def _catch_up(self) -> None:
        """Parse a slice of what waits. Before the size changes, so that what was drawn for the one before finds the screen at that."""
        if self._lease is None and self.parse(SLICE_BYTES):
            self.terminal.take_events()
            self._restore_size()
            self._sizes.note_output()
            self._on_readable()


class ScreenLease:
    """The right to parse a screen, and the screen."""

    def __init__(self, screen: LiveScreen, on_readable: Callable[[], None]) -> None:
        self._screen = screen
        self.on_readable = on_readable

    @property
    def terminal(self) -> Terminal:
        """The screen with its history. Only the owner's thread touches it."""
        return self._screen.terminal

    @property
    def ended(self) -> bool:
        """Whether nothing will come any more."""
        return self._screen.ended

    def parse(self, max_bytes: int) -> int:
        """See `LiveScreen.parse`. 0 means that nothing waits; `on_readable` tells when that changes."""
        return self._screen.parse(max_bytes)

    def resize(self, columns: int, lines: int) -> None:
        """Change the size of the screen; the pty is told by tty.resize."""
        self._screen._show_in(columns, lines)

    def clear_history(self) -> None:
        """Forget the lines that scrolled off, here and in every copy."""
        self._screen._change(clear_history)

    def reset(self) -> None:
        """Begin anew, as with RIS, here and in every copy."""
        self._screen._change(reset)

    def release(self) -> None:
        """Give the screen back to the kernel. On the loop."""
        self._screen._give_back(self)


def _size_request(columns: int, lines: int) -> bytes:
    """What a program writes to have another size."""
    return b"\x1b[8;%d;%dt" % (lines, columns)
