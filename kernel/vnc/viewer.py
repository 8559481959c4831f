"""`DesktopViewer`: somebody who looks at an agent's desktop, from before it has started until it has ended.

Made by the owner of the desktops for each window; the window's thread takes what changed, everything else happens on the kernel's loop. It
connects when it is started and each time it is told that there is a desktop (again), never by itself.
"""

import asyncio
import contextlib
import socket
import threading
from collections import deque
from collections.abc import Awaitable, Callable

from kernel.errors import AetherError
from kernel.rfb.client import RfbClient
from kernel.rfb.damage import Damage
from kernel.rfb.framebuffer import Cursor, Framebuffer, Rect
from kernel.tasks import Scope
from kernel.vnc.connection import ENDED, Budget, Connection

HANDSHAKE_S = 5.0
#: A desktop that is started anew is there again within this: its end is told where it is not.
PATIENCE_S = 1.0
SILENT = "The desktop's server does not answer."
DEAF = "The desktop's server sends pictures, but takes nothing that it is sent."
#: A server that takes nothing gets nothing new pressed; what is pressed is still released. One that answers all the same what it did not
#: take is given up at twice as much.
MAX_UNSENT_BYTES = 16 << 10
MAX_KEYS = 64
RESTLESS = "The desktop changes its size all the time."
MOST_SIZES_A_SECOND = 20

Connect = Callable[[], Awaitable[socket.socket]]


class DesktopViewer:
    """One viewer.

    connect: makes a connection, or raises AetherError with what a person is told. scope: owns the viewer's task. on_changed: called on the
    kernel's loop when there is damage to take or anything else changed, once until `take_damage` was called. budget: of the loop's time,
    shared with other viewers.

    `picture`, `cursor`, `problem`, `ended` and `take_damage` are for any thread, the rest is for the kernel's loop. Take the damage before
    `picture`: a picture of another size may come between, and then all of it is damage of the next call.
    """

    def __init__(self, connect: Connect, scope: Scope, on_changed: Callable[[], None], budget: Budget) -> None:
        self._connect = connect
        self._budget = budget
        self._scope = scope
        self._on_changed = on_changed
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._damage = Damage()
        self._told = False
        self._picture: Framebuffer | None = None
        self._cursor: Cursor | None = None
        self._problem = ""
        self._ended = False
        self._closed = False
        self._watched = True
        self._client: RfbClient | None = None
        self._connection: Connection | None = None
        self._late: asyncio.TimerHandle | None = None
        self._parting: asyncio.TimerHandle | None = None
        self._updates = 0
        self._asked = False
        self._keys: set[int] = set()
        self._pointer = (0, 0, 0)
        self._sizes: deque[float] = deque(maxlen=MOST_SIZES_A_SECOND)
        self._task: asyncio.Task[None] | None = None

    @property
    def picture(self) -> Framebuffer | None:
        """The screen, also the last one of a desktop that is gone; None until there was one. Another object when its size has changed."""
        return self._picture

    @property
    def cursor(self) -> Cursor | None:
        """The pointer's shape; None while the server has not told."""
        return self._cursor

    @property
    def problem(self) -> str:
        """Why there is no picture, or why it stands still; empty while it shows what is, and while it is connecting for the first time."""
        return self._problem

    @property
    def ended(self) -> bool:
        """Whether no picture will come any more."""
        return self._ended

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def take_damage(self) -> tuple[Rect, ...]:
        """The parts of `picture` that changed since the last call; lets the server be asked for the next. Never blocks for long."""
        with self._lock:
            taken = self._damage.take()
            self._told = False
        if taken:
            with contextlib.suppress(RuntimeError):  # the loop is closed: there is nobody left to ask
                self._loop.call_soon_threadsafe(self._ask)
        return taken

    def start(self) -> None:
        """Connect for the first time."""
        self.renew()

    def renew(self) -> None:
        """There is a desktop (again): connect anew, whatever there was before."""
        if self._ended or self._closed or self._scope.closed or self._is_connecting():
            return
        self._drop()
        self._task = self._scope.spawn(self._meet(), name="desktop-viewer")

    def end(self, problem: str) -> None:
        """There will be no desktop any more. problem: says so to a person."""
        if not self._closed and not self._ended:
            self._drop()
            self._ended = True
            self._tell(problem)

    def close(self) -> None:
        """Look no longer; nothing is told any more. What is held is released, and the picture given back. Safe to repeat."""
        self._closed = True
        self._release()
        self._drop()
        self._picture = None
        with self._lock:
            self._damage.take()

    def set_watched(self, watched: bool) -> None:
        """Whether anybody sees the picture (at first: yes). While nobody does, none is asked for and nothing stays pressed."""
        self._watched = watched
        if watched:
            self._ask()
        else:
            self._release()
        self._read_on()

    def point(self, x: int, y: int, buttons: int) -> None:
        """Move the pointer to a pixel with these buttons held: 1 left, 2 middle, 4 right, 8 and 16 wheel up and down."""
        buttons &= 0xFF
        _, _, held = self._pointer
        releases = buttons != held and not buttons & ~held
        if releases or self._takes_input():
            self._pointer = (x, y, buttons)
            self._send(lambda client: client.pointer(x, y, buttons))

    def press(self, keysym: int, down: bool) -> None:
        """Press or release a key by its X keysym; pressing again is its repetition. Only what was pressed is released."""
        if down and self._takes_input() and len(self._keys | {keysym}) <= MAX_KEYS:
            self._keys.add(keysym)
        elif down or keysym not in self._keys:
            return
        else:
            self._keys.discard(keysym)
        self._send(lambda client: client.key(keysym, down))

    def _is_connecting(self) -> bool:
        """Whether this runs in the task that connects, and that was not called off."""
        return self._task is not None and asyncio.current_task() is self._task

    async def _meet(self) -> None:
        try:
            made = await self._connect()
        except (AetherError, OSError) as error:
            if self._is_connecting():
                self._tell(str(error))
            return
        if not self._is_connecting():
            made.close()  # it came though it was called off
            return
        self._client = RfbClient()
        self._connection = Connection(made, self._client, self._budget, self._on_fed, self._on_lost)
        self._late = self._loop.call_later(HANDSHAKE_S, self._on_lost, SILENT)

    def _drop(self) -> None:
        """Give up the connection, or the way to one."""
        if self._task is not None:
            self._task.cancel()
        for timer in (self._late, self._parting):
            if timer is not None:
                timer.cancel()
        if self._connection is not None:
            self._connection.close()
        self._task = self._late = self._parting = self._connection = self._client = None
        self._updates = 0
        self._asked = False
        self._keys.clear()
        self._pointer = (0, 0, 0)

    def _on_lost(self, reason: str) -> None:
        self._drop()
        if reason == ENDED:
            self._parting = self._loop.call_later(PATIENCE_S, self._tell, reason)
        else:
            self._tell(reason)

    def _on_fed(self) -> None:
        client = self._client
        if client is None or client.framebuffer is None:
            return
        if self._late is not None:
            self._late.cancel()
            self._late = None
        if client.updates != self._updates:
            self._updates = client.updates
            self._asked = False
            self._publish(client, client.framebuffer)
        self._ask()
        self._read_on()

    def _publish(self, client: RfbClient, picture: Framebuffer) -> None:
        """Show what an update has brought: pixels, another size, another pointer, or nothing."""
        damage = client.take_damage()
        if client.cursor is not self._cursor:
            self._cursor = client.cursor
            self._notify()
        if not damage:
            return
        self._problem = ""
        renewed = picture is not self._picture
        if renewed and self._is_restless():
            self._on_lost(RESTLESS)
            return
        self._picture = picture
        with self._lock:
            if renewed:
                self._damage.replace(picture.whole)
            for rect in damage:
                self._damage.add(rect)
        self._notify()

    def _is_restless(self) -> bool:
        """Count another size; whether there were too many within a second: each costs memory and a whole picture."""
        now = self._loop.time()
        self._sizes.append(now)
        return len(self._sizes) == MOST_SIZES_A_SECOND and now - self._sizes[0] < 1

    def _ask(self) -> None:
        """Ask for the next update, once, when somebody looks and has taken the last: the server sends no faster than that."""
        client, connection = self._client, self._connection
        if client is None or connection is None or client.framebuffer is None or self._asked or self._damage or not self._watched:
            return
        if connection.unsent_bytes > 2 * MAX_UNSENT_BYTES:
            self._on_lost(DEAF)
            return
        self._asked = True
        self._send(lambda client: client.request_update(incremental=self._updates > 0))
        self._read_on()

    def _read_on(self) -> None:
        """Read what was asked for while somebody looks, and nothing else: what a server sends besides costs nothing."""
        client, connection = self._client, self._connection
        if client is not None and connection is not None:
            connection.set_reading(client.framebuffer is None or (self._asked and self._watched))

    def _takes_input(self) -> bool:
        connection = self._connection
        return connection is not None and self._watched and connection.unsent_bytes <= MAX_UNSENT_BYTES

    def _release(self) -> None:
        """Let go of every key and button that is held."""
        x, y, held = self._pointer
        if held:
            self.point(x, y, 0)
        for keysym in tuple(self._keys):
            self.press(keysym, False)

    def _send(self, say: Callable[[RfbClient], None]) -> None:
        if self._client is not None and self._connection is not None:
            say(self._client)
            self._connection.flush()

    def _tell(self, problem: str) -> None:
        if not self._closed:
            self._problem = problem
            self._notify()

    def _notify(self) -> None:
        with self._lock:
            first = not self._told
            self._told = True
        if first:
            self._on_changed()
