"""What is on its way to a receiver: being recorded, so that nobody may be shown it yet, and neither may its receiver end.

Used by the queues of messages between processes and by those of what people say. Holds no message once it is recorded or refused.
"""

import asyncio
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Arrivals(Generic[T]):
    """The items of one receiver that are being recorded, in the order in which they came."""

    def __init__(self) -> None:
        self._items: list[T] = []
        self._changed: asyncio.Future[None] | None = None

    def expect(self, item: T) -> None:
        """One more is being recorded."""
        self._items.append(item)

    def settle(self, item: T) -> None:
        """It is recorded, or never will be; nothing happens where that was said already."""
        left = [other for other in self._items if other is not item]
        if len(left) < len(self._items):
            self._items = left
            if self._changed is not None:
                self._changed.set_result(None)
                self._changed = None

    async def settled(self) -> None:
        """Wait until nothing is being recorded; returns without giving up its turn where nothing is."""
        while self._items:
            if self._changed is None:
                self._changed = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._changed)

    def __iter__(self) -> Iterator[T]:
        return iter(tuple(self._items))

    def __len__(self) -> int:
        return len(self._items)
