"""What a terminal showed when somebody last looked: whether there is news since. Called by the tabs of the terminal app. Pure: no Qt.

For another size a shell draws its prompt again, and a full-screen program all it shows; a program may write what is there already: that is
no news.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import NamedTuple

from kernel.term import Terminal
from kernel.term.reflow import text_length

#: So many rows tell one state from another.
_MOST_ROWS = 200


class Glance(NamedTuple):
    """The newest lines, whatever their width, and where the cursor was in them. whole: they are all that there were."""

    text: str
    whole: bool
    size: tuple[int, int]
    line: int
    full_screen: bool

    @classmethod
    def at(cls, terminal: Terminal) -> Glance:
        """What a terminal shows now."""
        oldest, newest = terminal.history_dropped, terminal.history_dropped + len(terminal.history)
        cursor = newest + terminal.cursor.y
        first = max(oldest, cursor - _MOST_ROWS)
        found = (terminal.absolute_row(line) for line in range(first, newest + terminal.lines))
        rows = [row for row in found if row is not None]
        lines = [
            row.text[: text_length(row, below, terminal.attributes)] if row.wrapped else row.text.rstrip() + "\n"
            for row, below in zip_longest(rows, rows[1:])
        ]
        text = terminal.clusters.expand("".join(lines)).rstrip("\n")
        size = (terminal.columns, terminal.lines)
        return cls(text, first == oldest, size, cursor, terminal.screen.on_alternate)

    def is_outdated_by(self, now: Glance) -> bool:
        """Whether there is news."""
        if not self.text and self.line == 0:
            return False  # it had not even shown its first prompt
        if self.size == now.size:
            return self.text != now.text or (self.line != now.line and not now.full_screen)
        if self.full_screen and now.full_screen:
            return False
        # What stands at the right edge has moved.
        before, after = "".join(self.text.split()), "".join(now.text.split())
        if self.whole and (now.whole or len(after) > len(before)):
            return before != after
        # Narrower rows hold less: what both have is compared.
        size = min(len(before), len(after))
        return before[len(before) - size :] != after[len(after) - size :]
