"""One size after the other for a terminal that shows a shell's prompt.

A shell that is told of another size goes up by as many rows as its prompt took at the size that it had seen before, clears from there and
draws it again. Where the screen has got yet another size when that arrives, it clears output and leaves parts of the prompt. So the next
size waits until the shell has answered the one before; of the sizes in between only the newest is applied. Pure: whoever owns the screen
(`kernel.tty.screen`, the window's session) applies the sizes, keeps the timer, and says what it has parsed.
"""

from __future__ import annotations

from collections.abc import Callable

Size = tuple[int, int]
#: An answer ends where nothing comes for so long, and where something came that was no prompt (a search in the history is none).
QUIET_S, UNSURE_S = 0.008, 0.04
#: A shell that is told of a size and does not answer is waited for so long; one that is not told, because nobody finds the time, so long.
PATIENCE_S, MOST_S = 0.15, 1.0


class SizeSteps:
    """The sizes of one terminal.

    size: what it has, in columns and lines. apply: change the size of screen and program; whether the program will draw a prompt
    again for it. wake_after: call `on_time` after so many seconds, once, and not at the time that was said before. now: seconds on a
    clock that never goes back. prompts: how many prompts the screen has been shown so far (`Marks.prompts`).
    """

    def __init__(
        self,
        size: Size,
        apply: Callable[[int, int], bool],
        wake_after: Callable[[float], None],
        now: Callable[[], float],
        prompts: Callable[[], int],
    ) -> None:
        self._apply, self._wake_after, self._now, self._count = apply, wake_after, now, prompts
        self._size = self._wanted = size
        self._awaits = False
        self._applied_at = 0.0
        self._told_at: float | None = None
        self._output_at: float | None = None
        self._prompts = 0  # when the size was applied

    @property
    def size(self) -> Size:
        """The last one that was applied."""
        return self._size

    @property
    def wanted(self) -> Size:
        """The one that is to be had."""
        return self._wanted

    @property
    def pending(self) -> bool:
        """Whether a size waits."""
        return self._wanted != self._size

    def want(self, columns: int, lines: int) -> None:
        """Have this size: now, or in place of the one that waits."""
        if (columns, lines) != self._wanted:
            self._wanted = (columns, lines)
            self.on_time()

    def on_time(self) -> None:
        """Apply the size that waits, where its time has come."""
        if not self.pending:
            return
        left = self._left_s()
        if left > 0:
            self._wake_after(left)
        else:
            self.apply_now()

    def apply_now(self) -> None:
        """Apply the size that waits, whatever the program does."""
        if not self.pending:
            return
        self._size = self._wanted
        self._applied_at = self._now()
        self._told_at = self._output_at = None
        self._prompts = self._count()
        self._awaits = self._apply(*self._size)

    def stop_waiting(self) -> None:
        """Somebody else applies sizes from now on: the one that waits is applied, and no answer is expected."""
        self.apply_now()
        self._awaits = False

    def expect_answer(self) -> None:
        """A prompt shows after all: it is drawn again for the size that was applied."""
        self._awaits = True
        self._prompts = self._count()

    def note_told(self) -> None:
        """The program has been told of the size that was applied."""
        if self._told_at is None:
            self._told_at = self._now()
            self.on_time()

    def note_output(self) -> None:
        """Output was parsed."""
        if self._awaits:
            self._output_at = self._now()
            if self.pending:
                self._wake_after(max(0.0, self._left_s()))

    def _left_s(self) -> float:
        if not self._awaits:
            return 0.0
        due = self._applied_at + MOST_S if self._told_at is None else self._told_at + PATIENCE_S
        if self._told_at is not None and self._output_at is not None:
            due = min(due, self._output_at + (QUIET_S if self._count() != self._prompts else UNSURE_S))
        return due - self._now()
