"""Where the shell's prompts are (OSC 133): the marks kept, by absolute lines, and what moves and erases them. Pure.

A mark goes with the row that it is on. The marks of a command (A its prompt, B what was typed, C its output, D the end of that) go
with its prompt: without it the others would be taken for those of the command before.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from kernel.term.events import PromptMark
from kernel.term.history import Stored
from kernel.term.rows import Row

#: The oldest of more go.
MOST_MARKS = 10_000


class Marks:
    """The marks of one screen, oldest and uppermost first.

    version: another one after each change of what is kept or where. prompts: how many were drawn to their ends so far.
    """

    def __init__(self) -> None:
        self._marks: list[PromptMark] = []
        self.version = 0
        self.prompts = 0

    def __len__(self) -> int:
        return len(self._marks)

    def add(self, mark: PromptMark, *, also: bool = False) -> None:
        """Keep ``mark`` and forget those it replaces: below it, of its kind on its line, and of all kinds there when a prompt begins.

        The end of a command whose other marks are gone is not kept. ``also``: those on its line stay, and it is kept in any case.
        """
        self.version += 1
        self.prompts += mark.kind == "B"
        marks = self._marks
        while marks and (marks[-1].line > mark.line or (not also and marks[-1].line == mark.line and replaces(mark, marks[-1]))):
            marks.pop()
        if not also and mark.kind == "D" and replaces(mark, marks[-1] if marks else None):
            return
        marks.append(mark)
        if len(marks) > MOST_MARKS:
            del marks[: len(marks) - MOST_MARKS]

    def between(self, first: int, end: int) -> list[PromptMark]:
        """Return the marks of the lines ``first`` to ``end`` (exclusive); those above ``first`` are gone for good."""
        if self._marks and self._marks[0].line < first:
            del self._marks[: bisect_left(self._marks, first, key=_line)]
            if self._marks and self._marks[0].kind == "D":
                del self._marks[0]
        return self._marks[: bisect_left(self._marks, end, key=_line)]

    def erase(self, first: int, end: int, *, at_start: bool = False) -> None:
        """The rows ``first`` to ``end`` (exclusive) were erased: forget the commands whose prompts were there.

        The output of one whose prompt is still there, or its end, begins or ends where the erased rows begin. ``at_start``: the row
        ``first`` showed nothing, and its marks were just made.
        """
        marks = self._marks
        start = bisect_left(marks, first, key=_line)
        if start == len(marks) or marks[start].line >= end:
            return
        self.version += 1
        kept, gone = marks[:start], False
        for mark in marks[start:]:
            inside = mark.line < end
            if mark.kind == "A":
                gone = inside and not (at_start and mark.line == first)
            if gone or (inside and mark.kind == "B" and not (at_start and mark.line == first)):
                continue
            kept.append(replace(mark, line=first) if inside and mark.line > first else mark)
        self._marks = kept

    def cut(self, end: int) -> None:
        """The rows from ``end`` on are gone."""
        self.version += 1
        del self._marks[bisect_left(self._marks, end, key=_line) :]

    def move_up(self, first: int, end: int, count: int) -> None:
        """``count`` rows from the row ``end`` on came in above the row ``first``, and the rows below them are gone.

        Their commands go with them, and not what belongs to one whose prompt is above ``end``. Where a command from above ``first``
        goes on below it none do: its output and its end would be taken for theirs.
        """
        self.version += 1
        marks = self._marks
        start, stop = bisect_left(marks, first, key=_line), bisect_left(marks, end, key=_line)
        goes_on = marks[start].kind != "A" if start < stop else start > 0 and marks[start - 1].kind != "D"
        moved = [] if goes_on else marks[stop : bisect_left(marks, end + count, key=_line)]
        while moved and moved[0].kind != "A":
            del moved[0]
        marks[start:] = [
            *[replace(mark, line=mark.line - end + first) for mark in moved],
            *[replace(mark, line=mark.line + count) for mark in marks[start:stop]],
        ]

    def scroll(self, first: int, end: int, count: int) -> None:
        """The rows ``first`` to ``end`` (exclusive) moved by ``count`` lines, up if positive; those that left are gone."""
        self.version += 1
        if count > 0:
            self.erase(first, min(first + count, end))
        else:
            self.erase(max(first, end + count), end)
        start, stop = bisect_left(self._marks, first, key=_line), bisect_left(self._marks, end, key=_line)
        moved = [replace(mark, line=min(max(first, mark.line - count), end - 1)) for mark in self._marks[start:stop]]
        self._marks[start:stop] = moved

    def clear(self) -> None:
        """Forget all."""
        self.version += 1
        self._marks.clear()

    def edited_prompt(self, line: int, goes_on: Callable[[int], bool]) -> int | None:
        """Return the first line of what the shell draws again for another size while the cursor is on ``line``; None for nothing.

        The newest mark at or above the cursor tells: at a prompt it is that of its beginning or its end. ``goes_on`` tells whether
        the row of an absolute line goes on in the next one.
        """
        marks = self._marks
        at = bisect_right(marks, line, key=_line) - 1
        if at < 0 or marks[at].kind not in "AB":
            return None
        newest = at
        while at > 0 and marks[at].kind == "B":
            at -= 1
        first = marks[at if marks[at].kind == "A" else newest].line
        if not marks[at].last_line:
            return first
        last = marks[newest].line if marks[newest].kind == "B" else line
        while last > first and goes_on(last - 1):
            last -= 1
        return last

    def at_prompt(self, line: int) -> bool:
        """Whether the shell draws a prompt again for another size while the cursor is on ``line``."""
        at = bisect_right(self._marks, line, key=_line) - 1
        return at >= 0 and self._marks[at].kind in "AB"

    def prompt_start(self, line: int, goes_on: Callable[[int], bool]) -> int | None:
        """Return that line, or that of a prompt that is about to be drawn, where the cursor is on ``line``."""
        at = bisect_right(self._marks, line, key=_line) - 1
        if at >= 0 and self._marks[at].kind == "D" and self._marks[at].line == line:
            return line
        return self.edited_prompt(line, goes_on)

    def place(self, items: Sequence[Stored], first: int, cursor: int, columns: int) -> list[tuple[PromptMark, int, int]]:
        """Return each mark with its logical line, counted from that of the row ``cursor``, and its cell in it.

        ``items`` are the rows from the absolute line ``first`` on, ``columns`` wide, or as wide as they were before they were cut.
        """
        if not self._marks:
            return []
        starts = _logical_starts(items)
        here = bisect_right(starts, cursor) - 1
        placed = []
        for mark in self.between(first, first + len(items)):
            number = bisect_right(starts, mark.line - first) - 1
            start, end = starts[number], mark.line - first
            placed.append((mark, number - here, sum([_width(item, columns) for item in items[start:end]])))
        return placed

    def take_places(
        self, placed: list[tuple[PromptMark, int, int]], items: Sequence[Stored], first: int, cursor: int, columns: int
    ) -> None:
        """Move the marks to where their places are now, in the same terms; those that are nowhere are forgotten."""
        self.clear()
        if not placed:
            return
        starts = _logical_starts(items)
        here = bisect_right(starts, cursor) - 1
        for mark, distance, cell in placed:
            number = here + distance
            if 0 <= number < len(starts):
                end = starts[number + 1] if number + 1 < len(starts) else len(items)
                self._marks.append(replace(mark, line=first + min(starts[number] + cell // columns, end - 1)))


def replaces(mark: PromptMark, above: PromptMark | None) -> bool:
    """Whether ``mark`` and the one before it cannot both be kept where one command follows the other."""
    if mark.kind == "D":
        return above is None or above.kind == "D"
    return above is not None and above.line == mark.line and (mark.kind == above.kind or (mark.kind == "A" and above.kind == "B"))


def _line(mark: PromptMark) -> int:
    return mark.line


def _width(item: Stored, columns: int) -> int:
    return len(item.text) if isinstance(item, Row) else columns


def _logical_starts(items: Sequence[Stored]) -> list[int]:
    """The indices at which logical lines begin."""
    return [
        index for index in range(len(items)) if index == 0 or not (isinstance(above := items[index - 1], Row) and above.wrapped)
    ]
