"""The screen of an agent's record: any number of viewers parse their own from the file, and nobody types.

Made by `Terminals.view`.
"""

from collections.abc import Callable

from kernel.agents.console import Console
from kernel.term import Terminal
from kernel.tty.feeding import Feeding
from kernel.tty.screen import clear_history, reset

COLUMNS, LINES = 100, 30


class ConsoleScreen:
    """Implements `ScreenSource` over a `Console`.

    recent_bytes: begin that far before the end, 0 for the whole record. scrollback: lines of history that it keeps.
    """

    def __init__(
        self, console: Console, on_readable: Callable[[], None], recent_bytes: int, scrollback: int = 10_000
    ) -> None:
        self._console = console
        self._terminal = Terminal(COLUMNS, LINES, scrollback=scrollback, window_operations=False)
        self._feeding = Feeding(self._terminal)
        self._position = max(console.start, console.end - recent_bytes) if recent_bytes else console.start
        self._begun = self._position == console.start
        self._stop = console.listen(on_readable)

    @property
    def terminal(self) -> Terminal:
        """See `ScreenSource.terminal`."""
        return self._terminal

    @property
    def ended(self) -> bool:
        """A record can grow at any time: the agent may be resumed."""
        return False

    def parse(self, max_bytes: int) -> int:
        """See `ScreenSource.parse`."""
        data, end = self._console.read(self._position, max_bytes)
        size = len(data)
        if not self._begun and data:
            # From the middle of the record: what is left of the first line could be half a sequence.
            data = data[data.find(b"\n") + 1 :]
            self._begun = True
        left = len(data) - self._feeding.feed(data, max_bytes)
        if not left:
            self._terminal.let_go()  # whoever only looks waits for nothing
        self._terminal.take_reply()
        self._position = end - left
        return size - left

    def resize(self, columns: int, lines: int) -> None:
        """See `ScreenSource.resize`."""
        self._terminal.resize(columns, lines)

    def clear_history(self) -> None:
        """See `ScreenSource.clear_history`."""
        clear_history(self._terminal)

    def reset(self) -> None:
        """See `ScreenSource.reset`."""
        reset(self._terminal)

    def release(self) -> None:
        """See `ScreenSource.release`."""
        self._stop()
