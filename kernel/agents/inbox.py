"""What people tell an agent while it works: queue, steer, interrupt, as three distinct verbs.

steer is given before the next step; queue when the present work is done (or where the agent would end); interrupt aborts what runs now
and is given at once. Owned by one agent's loop.
"""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from kernel.protocol.ids import MessageMode


class Said(NamedTuple):
    """A message: its id and its text."""

    message_id: str
    text: str


class Inbox:
    """Messages that were not given to the model yet."""

    def __init__(self, queued: tuple[tuple[str, str], ...] = ()) -> None:
        self._steering: deque[Said] = deque()
        self._queued: deque[Said] = deque(Said(*item) for item in queued)
        self._abort: Callable[[], None] | None = None
        self.interrupted = False
        self.closed = False

    def put(self, said: Said, mode: MessageMode) -> None:
        """Take a message in; `interrupt` aborts the running call."""
        if mode == "queue":
            self._queued.append(said)
            return
        self._steering.append(said)
        if mode == "interrupt":
            self.interrupted = True
            if self._abort is not None:
                self._abort()

    def withdraw(self, said: Said) -> None:
        """Take back a message that could not be recorded, unless it was given already."""
        for waiting in (self._steering, self._queued):
            if said in waiting:
                waiting.remove(said)

    def close(self) -> None:
        """The run is over: whoever wants to say something is told so. Called in the same turn that finds nothing waiting."""
        self.closed = True

    def on_interrupt(self, abort: Callable[[], None] | None) -> None:
        """Set what aborts the running call; None when nothing runs."""
        self._abort = abort
        if abort is not None and self.interrupted:
            abort()

    def take_steering(self) -> tuple[Said, ...]:
        """What is to be said before the next step."""
        taken = tuple(self._steering)
        self._steering.clear()
        self.interrupted = False
        return taken

    def take_queued(self) -> Said | None:
        """The next queued message, or None."""
        return self._queued.popleft() if self._queued else None

    @property
    def queued(self) -> tuple[Said, ...]:
        """What waits for the present work to be done."""
        return tuple(self._queued)

    @property
    def pending(self) -> tuple[Said, ...]:
        """Everything that was not given yet, to be kept over an interruption of Aether."""
        return (*self._steering, *self._queued)
