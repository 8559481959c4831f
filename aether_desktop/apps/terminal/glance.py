"""What a terminal showed when somebody last looked: whether there is news since. Called by the tabs of the terminal app. Pure: no Qt.

A shell draws its prompt again for another size, and a program may write what is there already: that is no news.
"""

from __future__ import annotations

from typing import NamedTuple

from kernel.term import Terminal

#: So many rows tell one state from another.
_MOST_ROWS = 200


class Glance(NamedTuple):
    """The newest lines, whatever their width, and where the cursor was in lines of this width. whole: they are all that there were."""

    text: str
    whole: bool
    columns: int
    line: int

    @classmethod
    def at(cls, terminal: Terminal) -> Glance:
        """What a terminal shows now."""
        oldest, newest = terminal.history_dropped, terminal.history_dropped + len(terminal.history)
        cursor = newest + terminal.cursor.y
        first = max(oldest, cursor - _MOST_ROWS)
        rows = (terminal.absolute_row(line) for line in range(first, newest + terminal.lines))
        lines = [row.text if row.wrapped else row.text.rstrip() + "\n" for row in rows if row is not None]
        return cls(terminal.clusters.expand("".join(lines)).rstrip("\n"), first == oldest, terminal.columns, cursor)

    def is_outdated_by(self, now: Glance) -> bool:
        """Whether there is news."""
        if self.columns == now.columns and self.line != now.line:
            return True
        if self.whole and (now.whole or len(now.text) > len(self.text)):
            return self.text != now.text
        # Narrower rows hold less: what both have is compared.
        size = min(len(self.text), len(now.text))
        return self.text[len(self.text) - size :] != now.text[len(now.text) - size :]
