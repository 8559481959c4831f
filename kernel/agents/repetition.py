"""Notices an agent that goes in circles, pure: the same tool with the same arguments again and again, a short cycle of calls, or
nothing at all."""

from collections import deque

import msgspec

from kernel.providers.base import ToolCall

LONGEST_CYCLE = 3
EMPTY_ANSWERS = 3


class RepetitionGuard:
    """Fed with each call; `limit` equal rounds in a row are a loop."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._empty = 0
        self._recent: deque[str] = deque(maxlen=limit * LONGEST_CYCLE)

    def note(self, call: ToolCall) -> bool:
        """Remember a call; True when it closes a loop."""
        self._empty = 0
        self._recent.append(f"{call.name} {msgspec.json.encode(call.arguments, order='sorted').decode()}")
        return any(self._cycles(length) for length in range(1, LONGEST_CYCLE + 1))

    def note_answer(self, *, empty: bool) -> bool:
        """Remember whether an answer held a word or a call; True when `EMPTY_ANSWERS` in a row held neither."""
        self._empty = self._empty + 1 if empty else 0
        return self._empty >= EMPTY_ANSWERS

    def reset(self) -> None:
        """Forget what was seen (a person said to go on)."""
        self._recent.clear()

    def _cycles(self, length: int) -> bool:
        needed = self._limit * length
        if len(self._recent) < needed:
            return False
        window = list(self._recent)[-needed:]
        return all(window[index] == window[index % length] for index in range(needed))
