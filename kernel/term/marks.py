"""Where the shell's prompts are (OSC 133): the marks kept, by absolute lines, and what moves and erases them. Pure.

A mark goes with the row that it is on. The marks of a command (A its prompt, B what was typed, C its output, D the end of that) go
with its prompt: without it the others would be taken for those of the command before.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from kernel.term.events import PromptMark

#: The oldest of more go.
MOST_MARKS = 10_000
#: What is drawn at a prompt leaves fewer. Whoever prints more may have them moved at each line feed.
MOST_ON_LINE = 8


class Marks:
    """The marks of one screen, oldest and uppermost first.

    version: another one after each change of what is kept or where. prompts: how many were drawn to their ends so far.
    """

    def __init__(self) -> None:
        #: The lines of marks are kept beside them, so that moving many is a matter of numbers: a mark's own may be an earlier one.
        self._marks: list[PromptMark] = []
        self._lines: list[int] = []
        self.version = 0
        self.prompts = 0

    def __len__(self) -> int:
        return len(self._marks)

    def add(self, mark: PromptMark, *, also: bool = False) -> None:
        """Keep ``mark`` and forget those it replaces: below it, of its kind on its line, and of all kinds there when a prompt begins.

        The end of a command whose other marks are gone is not kept. ``also``: those on its line stay, as far as there are not too many,
        and it is kept in any case.
        """
        self.version += 1
        self.prompts += mark.kind == "B"
        while self._lines and (
            self._lines[-1] > mark.line or (not also and self._lines[-1] == mark.line and replaces(mark, self._at(-1)))
        ):
            self._cut_at(len(self._lines) - 1)
        if not also and mark.kind == "D" and replaces(mark, self._at(-1) if self._marks else None):
            return
        self._append(mark, mark.line)
        if len(self._marks) > MOST_MARKS:
            self._drop_first(len(self._marks) - MOST_MARKS)

    def between(self, first: int, end: int) -> list[PromptMark]:
        """Return the marks of the lines ``first`` to ``end`` (exclusive); those above ``first`` are gone for good."""
        if self._lines and self._lines[0] < first:
            self._drop_first(bisect_left(self._lines, first))
            if self._marks and self._marks[0].kind == "D":
                self._drop_first(1)
        return [self._at(index) for index in range(bisect_left(self._lines, end))]

    def erase(self, first: int, end: int, *, at_start: bool = False) -> None:
        """The rows ``first`` to ``end`` (exclusive) were erased: forget the commands whose prompts were there.

        The output of one whose prompt is still there, or its end, begins or ends where the erased rows begin. ``at_start``: the row
        ``first`` showed nothing, and its marks were just made.
        """
        lines = self._lines
        start = at = bisect_left(lines, first)
        if start == len(lines) or lines[start] >= end:
            return
        self.version += 1
        inside: list[PromptMark] = []
        gone = False
        while at < len(lines):
            mark, line = self._marks[at], lines[at]
            just_made = at_start and line == first
            if mark.kind == "A":
                gone = line < end and not just_made
            if line >= end and not gone:
                break
            at += 1
            if not gone and (just_made or mark.kind != "B"):
                inside.append(mark)
        if len(inside) > MOST_ON_LINE:
            inside = _newest_of_each_kind(inside)
        self._marks[start:at] = inside
        lines[start:at] = [first] * len(inside)

    def cut(self, end: int) -> None:
        """The rows from ``end`` on are gone."""
        self.version += 1
        self._cut_at(bisect_left(self._lines, end))

    def move_up(self, first: int, end: int, count: int) -> None:
        """``count`` rows from the row ``end`` on came in above the row ``first``, and the rows below them are gone.

        Their commands go with them, and not what belongs to one whose prompt is above ``end``. Where a command from above ``first``
        goes on below it none do: its output and its end would be taken for theirs.
        """
        self.version += 1
        marks, lines = self._marks, self._lines
        start, stop = bisect_left(lines, first), bisect_left(lines, end)
        goes_on = marks[start].kind != "A" if start < stop else start > 0 and marks[start - 1].kind != "D"
        moved, moved_end = stop, stop if goes_on else bisect_left(lines, end + count)
        while moved < moved_end and marks[moved].kind != "A":
            moved += 1
        marks[start:] = [*marks[moved:moved_end], *marks[start:stop]]
        lines[start:] = [
            *[line - end + first for line in lines[moved:moved_end]],
            *[line + count for line in lines[start:stop]],
        ]

    def scroll(self, first: int, end: int, count: int) -> None:
        """The rows ``first`` to ``end`` (exclusive) moved by ``count`` lines, up if positive; those that left are gone."""
        self.version += 1
        if count > 0:
            self.erase(first, min(first + count, end))
        else:
            self.erase(max(first, end + count), end)
        lines = self._lines
        start, stop = bisect_left(lines, first), bisect_left(lines, end)
        if start < stop and first <= lines[start] - count and lines[stop - 1] - count < end:
            lines[start:stop] = [line - count for line in lines[start:stop]]
        else:
            lines[start:stop] = [min(max(first, line - count), end - 1) for line in lines[start:stop]]

    def clear(self) -> None:
        """Forget all."""
        self.version += 1
        self._cut_at(0)

    def _at(self, index: int) -> PromptMark:
        """The mark with the line that it is on."""
        mark, line = self._marks[index], self._lines[index]
        if mark.line != line:
            mark = self._marks[index] = replace(mark, line=line)
        return mark

    def _append(self, mark: PromptMark, line: int) -> None:
        """Keep one more, below all others or on the lowest one's line, where too many are thinned out."""
        self._marks.append(mark)
        self._lines.append(line)
        start = bisect_left(self._lines, line)
        if len(self._lines) - start > MOST_ON_LINE:
            self._marks[start:] = _newest_of_each_kind(self._marks[start:])
            self._lines[start:] = [line] * (len(self._marks) - start)

    def _cut_at(self, index: int) -> None:
        del self._marks[index:], self._lines[index:]

    def _drop_first(self, count: int) -> None:
        del self._marks[:count], self._lines[:count]

    def edited_prompt(self, line: int, goes_on: Callable[[int], bool]) -> int | None:
        """Return the first line of what the shell draws again for another size while the cursor is on ``line``; None for nothing.

        The newest mark at or above the cursor tells: at a prompt it is that of its beginning or its end. ``goes_on`` tells whether
        the row of an absolute line goes on in the next one.
        """
        marks, lines = self._marks, self._lines
        at = bisect_right(lines, line) - 1
        if at < 0 or marks[at].kind not in "AB":
            return None
        newest = at
        while at > 0 and marks[at].kind == "B":
            at -= 1
        first = lines[at if marks[at].kind == "A" else newest]
        if not marks[at].last_line:
            return first
        last = lines[newest] if marks[newest].kind == "B" else line
        while last > first and goes_on(last - 1):
            last -= 1
        return last

    def at_prompt(self, line: int) -> bool:
        """Whether the shell draws a prompt again for another size while the cursor is on ``line``."""
        at = bisect_right(self._lines, line) - 1
        return at >= 0 and self._marks[at].kind in "AB"

    def prompt_start(self, line: int, goes_on: Callable[[int], bool]) -> int | None:
        """Return that line, or that of a prompt that is about to be drawn, where the cursor is on ``line``."""
        at = bisect_right(self._lines, line) - 1
        if at >= 0 and self._marks[at].kind == "D" and self._lines[at] == line:
            return line
        return self.edited_prompt(line, goes_on)

    def rows(self, first: int, end: int) -> list[tuple[PromptMark, int]]:
        """Return the marks of the absolute lines ``first`` to ``end`` (exclusive) with their rows, counted from ``first``."""
        return [(mark, mark.line - first) for mark in self.between(first, end)] if self._marks else []

    def put(self, placed: Sequence[tuple[PromptMark, int]]) -> None:
        """Lines were rewrapped: keep these marks and no others, at the absolute lines given with them."""
        self.clear()
        for mark, line in placed:
            self._append(mark, line)


def _newest_of_each_kind(marks: list[PromptMark]) -> list[PromptMark]:
    return list({mark.kind: mark for mark in reversed(marks)}.values())[::-1]


def replaces(mark: PromptMark, above: PromptMark | None) -> bool:
    """Whether ``mark`` and the one before it cannot both be kept where one command follows the other."""
    if mark.kind == "D":
        return above is None or above.kind == "D"
    return above is not None and above.line == mark.line and (mark.kind == above.kind or (mark.kind == "A" and above.kind == "B"))
