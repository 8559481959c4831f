"""Messages that programs want shown (OSC 9, OSC 777): bounded, and not more often than a person can read. Called by `view`."""

from __future__ import annotations

import time
from collections import deque

from aether_desktop.apps.terminal.titles import one_line
from aether_desktop.widgets.notice import Notice

PAUSE_S = 3.0
MOST_IN_A_WHILE = 10
WHILE_S = 300.0
MOST_TEXT_CHARS = 300


class Messages:
    """Lets through what a window's programs may say."""

    def __init__(self) -> None:
        self._said: deque[float] = deque(maxlen=MOST_IN_A_WHILE)

    def notice(self, tab: str, title: str, text: str, *, now: float | None = None) -> Notice | None:
        """The message to show; None when the programs have said enough. tab: where it comes from. now: seconds."""
        now = time.monotonic() if now is None else now
        if not (title.strip() or text.strip()) or (self._said and now - self._said[-1] < PAUSE_S):
            return None
        if len(self._said) == MOST_IN_A_WHILE and now - self._said[0] < WHILE_S:
            return None
        self._said.append(now)
        head = one_line(title) or one_line(text)
        body = one_line(text)[:MOST_TEXT_CHARS] if one_line(title) else ""
        return Notice(f"{one_line(tab)}: {head}", body)
