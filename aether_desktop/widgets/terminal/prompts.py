"""Where a shell's prompts are (OSC 133): the way from one to the next, and how each command ended. Pure.

Lines are absolute. Made by `prompt_marks` of the marks that the terminal keeps.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace

from kernel.term.events import PromptMark


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt. line: where it begins. output: the first line of what its command printed. end: the line behind that. exit_code:
    None for unknown."""

    line: int
    output: int | None = None
    end: int | None = None
    exit_code: int | None = None


class Prompts:
    """The prompts of one terminal, oldest first. marks: in the order of their lines."""

    def __init__(self, marks: Iterable[PromptMark] = ()) -> None:
        self._prompts: list[Prompt] = []
        for mark in marks:
            self._note(mark)

    def __len__(self) -> int:
        return len(self._prompts)

    @property
    def running(self) -> bool:
        """Whether the shell has said that a command runs."""
        return bool(self._prompts) and self._prompts[-1].output is not None and self._prompts[-1].end is None

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

    def _note(self, mark: PromptMark) -> None:
        if mark.kind == "A":
            while self._prompts and self._prompts[-1].line >= mark.line:
                self._prompts.pop()
            self._prompts.append(Prompt(mark.line))
        elif self._prompts and mark.kind == "C":
            self._prompts[-1] = replace(self._prompts[-1], output=max(mark.line, self._prompts[-1].line))
        elif self._prompts and mark.kind == "D" and self._prompts[-1].output is not None:
            self._prompts[-1] = replace(self._prompts[-1], end=mark.line, exit_code=mark.exit_code)


def _line(prompt: Prompt) -> int:
    return prompt.line
