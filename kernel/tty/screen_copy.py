"""A second look at a terminal's screen: a copy of its own that follows the bytes and answers nothing.

Made by `TtyManager.view` where the screen has an owner already. It begins with a snapshot and is fed with the same bytes as the
owner; what changes beside the bytes (a size, or what the owner clears by hand) changes here behind those that had come by then.
"""

from collections import deque
from collections.abc import Callable

from kernel.term import Terminal
from kernel.tty.channel import ByteChannel
from kernel.tty.feeding import Feeding
from kernel.tty.screen import SCROLLBACK, LiveModes, ScreenChange, clear_history, reset


class ScreenCopy:
    """Implements `ScreenSource` over a channel that begins with a snapshot.

    columns, lines: the size that the snapshot is for. on_readable: told on the loop of a change of size, as by the channel of
    bytes. `follow` and `follow_change` are called on the kernel's loop, all else on one other thread.
    """

    def __init__(
        self,
        channel: ByteChannel,
        snapshot_bytes: int,
        columns: int,
        lines: int,
        on_readable: Callable[[], None],
        scrollback: int = SCROLLBACK,
    ) -> None:
        self._channel = channel
        self._on_readable = on_readable
        self._snapshot_bytes = snapshot_bytes
        self._terminal = Terminal(columns, lines, scrollback=scrollback)
        self._terminal.screen.modes = LiveModes()
        self._size = (columns, lines)
        self._feeding = Feeding(self._terminal)
        self._left = b""
        self._taken = 0
        self._changes: deque[tuple[int, Callable[[], None]]] = deque()

    @property
    def terminal(self) -> Terminal:
        """See `ScreenSource.terminal`."""
        return self._terminal

    @property
    def ended(self) -> bool:
        """See `ScreenSource.ended`."""
        return self._channel.ended and not self._left

    def follow(self, columns: int, lines: int) -> None:
        """The pty has another size from here on."""
        self._changes.append((self._channel.put_bytes, lambda: self._set_size(columns, lines)))
        self._on_readable()

    def follow_change(self, change: ScreenChange) -> None:
        """The owner of the screen has changed it by hand."""
        self._changes.append((self._channel.put_bytes, lambda: change(self._terminal)))
        self._on_readable()

    def parse(self, max_bytes: int) -> int:
        """See `ScreenSource.parse`."""
        self._apply_changes()
        if self._changes:
            max_bytes = min(max_bytes, self._changes[0][0] - self._taken)
        if not self._settled:
            max_bytes = min(max_bytes, self._snapshot_bytes - self._taken)
        data = self._left or self._channel.take(max_bytes)
        done = self._feeding.feed(data, max_bytes)
        self._left = data[done:]
        if done:
            self._taken += done
            if not self._left:
                self._terminal.let_go()  # whoever only looks waits for nothing
            self._terminal.take_reply()
            self._apply_changes()
        return done

    def resize(self, columns: int, lines: int) -> None:
        """A copy has the size of the terminal, whoever looks at it."""

    def clear_history(self) -> None:
        """Forget the lines that scrolled off, here alone."""
        clear_history(self._terminal)

    def reset(self) -> None:
        """Begin anew, here alone."""
        reset(self._terminal)

    def release(self) -> None:
        """See `ScreenSource.release`."""
        self._left = b""
        self._channel.close()

    def _set_size(self, columns: int, lines: int) -> None:
        self._size = (columns, lines)

    def _apply_changes(self) -> None:
        while self._changes and self._changes[0][0] <= self._taken:
            self._changes.popleft()[1]()
        if not self._settled:
            return
        # What the program prints must do here what it does to the terminal, which keeps its size.
        self._terminal.screen.window_operations = False
        if (self._terminal.columns, self._terminal.lines) != self._size:
            self._terminal.resize(*self._size)

    @property
    def _settled(self) -> bool:
        """Whether the snapshot was taken whole; inside of it the size may be another one for a while."""
        return self._taken >= self._snapshot_bytes
