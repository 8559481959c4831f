"""Where a shell's prompts are (OSC 133): the way from one to the next, and how each command ended. Pure.

Lines are absolute. A change of width moves lines, so places are then counted in logical lines. Owned by `prompt_marks`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace

from kernel.term import Terminal
from kernel.term.events import PromptMark

MOST_MARKS = 2000


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt. line: where it begins. output: the first line of what its command printed. end: the line behind that. exit_code:
    None for unknown."""

    line: int
    output: int | None = None
    end: int | None = None
    exit_code: int | None = None


LogicalPlaces = tuple[tuple[Prompt, int | None, int | None, int | None], ...]


class Prompts:
    """The prompts of one terminal, oldest first."""

    def __init__(self) -> None:
        self._prompts: list[Prompt] = []

    def __len__(self) -> int:
        return len(self._prompts)

    @property
    def running(self) -> bool:
        """Whether the shell has said that a command runs."""
        return bool(self._prompts) and self._prompts[-1].output is not None and self._prompts[-1].end is None

    def note(self, mark: PromptMark) -> None:
        """Take a mark in."""
        if mark.kind == "A":
            while self._prompts and self._prompts[-1].line >= mark.line:
                self._prompts.pop()
            self._prompts.append(Prompt(mark.line))
            del self._prompts[:-MOST_MARKS]
        elif self._prompts and mark.kind == "C":
            self._prompts[-1] = replace(self._prompts[-1], output=max(mark.line, self._prompts[-1].line))
        elif self._prompts and mark.kind == "D" and self._prompts[-1].output is not None:
            self._prompts[-1] = replace(self._prompts[-1], end=mark.line, exit_code=mark.exit_code)

    def trim(self, terminal: Terminal) -> None:
        """Forget those whose lines are gone, and those below the screen's end (the program cleared it)."""
        first = terminal.history_dropped
        last = first + len(terminal.history) + terminal.lines
        gone = bisect_left(self._prompts, first, key=_line)
        del self._prompts[:gone]
        del self._prompts[bisect_left(self._prompts, last, key=_line) :]

    def clear(self) -> None:
        """Forget all."""
        self._prompts.clear()

    def before(self, line: int) -> Prompt | None:
        """The last prompt above a line."""
        index = bisect_left(self._prompts, line, key=_line)
        return self._prompts[index - 1] if index else None

    def after(self, line: int) -> Prompt | None:
        """The first prompt below a line."""
        index = bisect_right(self._prompts, line, key=_line)
        return self._prompts[index] if index < len(self._prompts) else None

    def between(self, first: int, last: int) -> list[Prompt]:
        """Prompts on the lines first..last."""
        return self._prompts[bisect_left(self._prompts, first, key=_line) : bisect_right(self._prompts, last, key=_line)]

    def last_output(self) -> Prompt | None:
        """The newest prompt whose command printed something and ended."""
        found = (p for p in reversed(self._prompts) if p.output is not None and p.end is not None and p.end > p.output)
        return next(found, None)

    def to_logical(self, terminal: Terminal) -> LogicalPlaces:
        """Their lines as numbers of logical lines of history and screen, for `from_logical`."""
        starts = _logical_starts(terminal) if self._prompts else []

        def number(line: int | None) -> int | None:
            """The logical line that a line belongs to."""
            return None if line is None else bisect_right(starts, line) - 1

        return tuple((prompt, number(prompt.line), number(prompt.output), number(prompt.end)) for prompt in self._prompts)

    def from_logical(self, terminal: Terminal, places: LogicalPlaces) -> None:
        """Take their places after a change of width that pushed nothing out of the history."""
        starts = _logical_starts(terminal) if places else []

        def line(number: int | None) -> int | None:
            """The first line of a logical line."""
            return starts[number] if number is not None and 0 <= number < len(starts) else None

        moved = ((prompt, line(first), line(output), line(end)) for prompt, first, output, end in places)
        self._prompts = [
            replace(prompt, line=first, output=output, end=end) for prompt, first, output, end in moved if first is not None
        ]


def _line(prompt: Prompt) -> int:
    return prompt.line


def _logical_starts(terminal: Terminal) -> list[int]:
    base = terminal.history_dropped
    wrapped = [row.wrapped for row in terminal.history] + [row.wrapped for row in terminal.rows]
    return [base + at for at in range(len(wrapped)) if not at or not wrapped[at - 1]]
