"""What people tell an agent while it works: queue, steer, interrupt, as three distinct verbs.

steer is given before the next step; queue when the present work is done (or where the agent would end); interrupt aborts what runs now
and is given at once. What is still being recorded is given to nobody; it keeps the run from ending. Owned by one agent's loop.
"""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from kernel.arrivals import Arrivals
from kernel.protocol.ids import MessageMode


class Said(NamedTuple):
    """A message: its id, its text, and when it is to be given."""

    message_id: str
    text: str
    mode: MessageMode


class Inbox:
    """Messages that were not given to the model yet. stored: those that an earlier kernel left, see `without`."""

    def __init__(self, stored: tuple[tuple[str, ...], ...] = ()) -> None:
        left = [_restored(item) for item in stored]
        self._steering: deque[Said] = deque(said for said in left if said.mode != "queue")
        self._queued: deque[Said] = deque(said for said in left if said.mode == "queue")
        self._arriving: Arrivals[Said] = Arrivals()
        self._abort: Callable[[], None] | None = None
        self.interrupted = False
        self.closed = False

    def expect(self, said: Said, *, abort: bool = True) -> None:
        """A message is being recorded; an `interrupt` aborts the running call now (abort False: what runs is ended in another way)."""
        self._arriving.expect(said)
        if said.mode == "interrupt":
            self.interrupted = True
            if abort and self._abort is not None:
                self._abort()

    def put(self, said: Said) -> None:
        """Take a recorded message in."""
        self._arriving.settle(said)
        (self._queued if said.mode == "queue" else self._steering).append(said)

    def withdraw(self, said: Said) -> None:
        """A message will never be recorded."""
        self._arriving.settle(said)

    async def settled(self) -> None:
        """Wait until no message is being recorded."""
        await self._arriving.settled()

    def close(self) -> None:
        """The run is over: whoever wants to say something is told so. Called in the same turn that finds nothing waiting."""
        self.closed = True

    def on_interrupt(self, abort: Callable[[], None] | None) -> None:
        """Set what aborts the running call; None when nothing runs."""
        self._abort = abort
        if abort is not None and self.interrupted:
            abort()

    def take_steering(self) -> Said | None:
        """The next that is to be said before the next step, or None."""
        self.interrupted = False
        return self._steering.popleft() if self._steering else None

    def take_queued(self) -> Said | None:
        """The next queued message, or None."""
        return self._queued.popleft() if self._queued else None

    @property
    def steering(self) -> bool:
        """Whether something is to be said before the next step."""
        return bool(self._steering)

    @property
    def holds(self) -> bool:
        """Whether there are messages, recorded and not given yet, that keep the run from ending."""
        return bool(self._steering or self._queued)

    @property
    def pending(self) -> tuple[Said, ...]:
        """Everything that was not given yet, also what is being recorded."""
        return (*self._steering, *self._queued, *self._arriving)


def without(stored: tuple[tuple[str, ...], ...], said: Said) -> tuple[tuple[str, ...], ...]:
    """The stored messages, (id, text, mode) each, but for one that its model is given in the same commit."""
    position = next((index for index, item in enumerate(stored) if item[0] == said.message_id), len(stored))
    return stored[:position] + stored[position + 1 :]


def _restored(item: tuple[str, ...]) -> Said:
    """A stored message; an older Aether stored no mode."""
    message_id, text, mode = (*item, "queue")[:3]
    return Said(message_id, text, "steer" if mode in ("steer", "interrupt") else "queue")
