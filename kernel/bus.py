"""The kernel's events: typed publish and subscribe on the kernel's loop.

The bus stamps each event with its sequence number and time, calls listeners inside the kernel, and fills the bounded queues of
clients outside. A listener's error never reaches the publisher or another listener. Bulk data (terminal bytes, pictures)
must not go through here.
"""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from kernel.clock import Clock
from kernel.errors import TimeoutExceededError
from kernel.log import get_logger
from kernel.principal import Principal
from kernel.protocol.base import Event

E = TypeVar("E", bound=Event)
Listener = Callable[[Any], None]
Visibility = Callable[[Event, Principal], bool]
SUBSCRIPTION_CAPACITY = 50_000

_log = get_logger(__name__)


class Subscription:
    """A client's bounded queue of the events that its principal may see.

    Filled on the kernel's loop, emptied by `take` on any one thread. When it is full the oldest events go and the client is
    told of the gap, so that it asks for a snapshot again.
    """

    def __init__(self, principal: Principal, capacity: int, on_readable: Callable[[], None] | None) -> None:
        self.principal = principal
        self._events: deque[Event] = deque(maxlen=capacity)
        self._capacity = capacity
        self._on_readable = on_readable
        self._gap = False

    def put(self, event: Event) -> None:
        """Called by the bus."""
        if len(self._events) >= self._capacity:
            self._gap = True
        self._events.append(event)
        if self._on_readable is not None:
            self._on_readable()

    def take(self) -> tuple[list[Event], bool]:
        """All waiting events in order, and whether older ones were lost."""
        taken: list[Event] = []
        gap, self._gap = self._gap, False
        while self._events:
            taken.append(self._events.popleft())
        return taken, gap

    def __len__(self) -> int:
        return len(self._events)


class EventBus:
    """Publishes events to listeners by type and to subscriptions by principal.

    visible: says whether a principal may see an event; the same rule as for commands.
    """

    def __init__(self, clock: Clock, visible: Visibility | None = None) -> None:
        self._clock = clock
        self._visible = visible or (lambda event, principal: True)
        self._listeners: dict[type[Event], list[Listener]] = {}
        self._subscriptions: list[Subscription] = []
        self._sequence = itertools.count(1)
        self._last = 0

    @property
    def last_seq(self) -> int:
        """The sequence number of the newest event."""
        return self._last

    def set_visibility(self, visible: Visibility) -> None:
        """Set the rule that filters events by principal (bootstrap calls this once)."""
        self._visible = visible

    def on(self, kind: type[E], listener: Callable[[E], None]) -> Callable[[], None]:
        """Call `listener` for each event of `kind` and its subclasses (`Event` is all); returns its own remover."""
        listeners = self._listeners.setdefault(kind, [])
        listeners.append(listener)

        def off() -> None:
            if listener in listeners:
                listeners.remove(listener)

        return off

    def once(self, kind: type[E], listener: Callable[[E], None]) -> Callable[[], None]:
        """Like `on`, for the next event only."""

        def relay(event: E) -> None:
            off()
            listener(event)

        off = self.on(kind, relay)
        return off

    async def wait(
        self, kind: type[E], predicate: Callable[[E], bool] = lambda event: True, *, timeout_s: float = 30.0
    ) -> E:
        """The next event of `kind` that satisfies `predicate`. Raises TimeoutExceededError."""
        found: asyncio.Future[E] = asyncio.get_running_loop().create_future()

        def check(event: E) -> None:
            if not found.done() and predicate(event):
                found.set_result(event)

        off = self.on(kind, check)
        try:
            async with asyncio.timeout(timeout_s):
                return await found
        except TimeoutError as error:
            raise TimeoutExceededError(f"No {kind.__name__} came within {timeout_s:g} s.") from error
        finally:
            off()

    def subscribe(
        self,
        principal: Principal,
        *,
        capacity: int = SUBSCRIPTION_CAPACITY,
        on_readable: Callable[[], None] | None = None,
    ) -> Subscription:
        """A queue of what the principal may see; `on_readable` is called on the kernel's thread at each event."""
        subscription = Subscription(principal, capacity, on_readable)
        self._subscriptions.append(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Forget a subscription; its waiting events stay with it."""
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)

    def publish(self, event: E) -> E:
        """Stamp the event and hand it to everybody who may see it; returns the stamped one."""
        self._last = next(self._sequence)
        stamped = msgspec.structs.replace(
            event, seq=self._last, timestamp=event.timestamp if event.timestamp else self._clock.now()
        )
        for kind in type(stamped).__mro__:
            for listener in tuple(self._listeners.get(kind, ())):
                self._call(listener, stamped)
        for subscription in tuple(self._subscriptions):
            if self._visible(stamped, subscription.principal):
                subscription.put(stamped)
        return stamped

    def statistics(self) -> dict[str, int]:
        """How many listeners and subscriptions there are, and what waits in them."""
        return {
            "listeners": sum(len(listeners) for listeners in self._listeners.values()),
            "subscriptions": len(self._subscriptions),
            "waiting": sum(len(subscription) for subscription in self._subscriptions),
        }

    def _call(self, listener: Listener, event: Event) -> None:
        try:
            listener(event)
        except Exception:  # noqa: BLE001  # edge: one listener's fault must not reach another
            _log.exception("a listener of %s failed", type(event).__name__)
