"""Finding the kernel: the running instance by its control socket, else one of our own for the time of the command.

Both are a `Connection`: execute a command, follow the events. Our own kernel holds the instance lock and serves the socket too, so that
a second command joins it instead of disturbing it. Of a running instance it is asked for a sign of life, at the joining and whenever an
answer takes long: one that is stopped (Ctrl+Z) would leave the command waiting for ever. One that ends says so; what it had not begun
then is asked of the next.
"""

import asyncio
import itertools
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from kernel.cli.own_kernel import own_kernel
from kernel.errors import AetherError, InvalidArgumentError, LeavingError, NotFoundError, UnavailableError
from kernel.gateway.control import SUBSCRIBE
from kernel.gateway.instance import InstanceLock, control_socket, silence_of
from kernel.paths import Paths, default_root
from kernel.protocol import codec
from kernel.protocol.base import Command, Event, reply_type
from kernel.protocol.process import ProcessInfoGet, ProcessListed
from kernel.protocol.system import KernelStatus, ResponseError, ResponseOk
from kernel.tasks import Scope

R = TypeVar("R")
CONNECT_RETRIES = 40
CONNECT_RETRY_S = 0.05
MOST_MOVES = 2
ANSWER_LIMIT = 256 * 1024 * 1024
LIFE_S = 10.0
_ENDED = "The instance of Aether that this command talked to has ended."
_OTHER_WORDS = "The Aether that runs is of another version, and its answer cannot be read here: {}."
_AGAIN = "Agents that ran are listed as interrupted: `aether ps`, then `aether resume PID`."


class Connection(Protocol):
    """A kernel, wherever it runs."""

    @property
    def owns_kernel(self) -> bool:
        """Whether it is one of this process."""
        ...

    async def execute(self, command: Command[R]) -> R:
        """Carry out a command. Raises AetherError."""
        ...

    def events(self) -> AbstractAsyncContextManager[AsyncIterator[Event]]:
        """The events from the moment of entering on. A `ProcessListed` that nobody asked for says that some before it were lost."""
        ...


@asynccontextmanager
async def connect(root: Path | None = None, *, stays: bool = False, hurry: asyncio.Event | None = None) -> AsyncIterator[Connection]:
    """The kernel on `root` (default: this user's). Raises AetherError when there can be none.

    stays: a kernel of our own lasts long enough to take up interrupted agents, where the settings say so. hurry: set where a kernel of our
    own is to end at once, whoever has joined it; an exception that is no `Exception` does the same.
    """
    paths = Paths(root or default_root(dict(os.environ)))
    paths.create()
    async with AsyncExitStack() as held:

        async def find() -> Connection:
            return await _find(paths, held, stays=stays, hurry=hurry)

        yield _Found(await find(), find)


async def _find(paths: Paths, held: AsyncExitStack, *, stays: bool, hurry: asyncio.Event | None) -> Connection:
    """The kernel that there is now, or one of our own. held: owns what is found. Raises AetherError."""
    lock = InstanceLock(paths.runtime / "lock")
    trouble: AetherError | None = None
    for _ in range(CONNECT_RETRIES):
        if lock.acquire():
            held.callback(lock.release)
            return await held.enter_async_context(own_kernel(paths, stays=stays, hurry=hurry))
        joined = await _join(control_socket(paths.runtime), lambda: silence_of(paths.root, paths.state))
        if joined is not None:
            held.push_async_callback(joined.close)
            refusal = await joined.refusal()
            if refusal is None:
                return joined
            trouble = refusal  # it ends just now, say: the next one may be ours
            await joined.close()
        await asyncio.sleep(CONNECT_RETRY_S)
    raise trouble or silence_of(paths.root, paths.state)


@asynccontextmanager
async def events_with(connection: Connection, begin: Callable[[], Awaitable[R]]) -> AsyncIterator[tuple[AsyncIterator[Event], R]]:
    """What `begin` gives by its commands, and the events from before it on; of the next instance, where one leaves before it began them."""
    for last in (False,) * MOST_MOVES + (True,):
        async with AsyncExitStack() as held:
            events = await held.enter_async_context(connection.events())
            try:
                begun = await begin()
            except LeavingError:
                if last:
                    raise
                continue
            yield events, begun
            return


class _Found:
    """The kernel that was found, or the next one where it left before it began what it is asked.

    Nothing is asked again that may have been begun, nor under events that are followed: those of the next kernel are others.
    """

    def __init__(self, first: Connection, find: Callable[[], Awaitable[Connection]]) -> None:
        self._now = first
        self._find = find
        self._moves = 0
        self._asked = 0
        self._followed = 0

    @property
    def owns_kernel(self) -> bool:
        return self._now.owns_kernel

    async def execute(self, command: Command[R]) -> R:
        return await self._somewhere(lambda: self._now.execute(command))

    @asynccontextmanager
    async def events(self) -> AsyncIterator[AsyncIterator[Event]]:
        async with AsyncExitStack() as held:
            events = await self._somewhere(lambda: held.enter_async_context(self._now.events()))
            self._followed += 1
            try:
                yield events
            finally:
                self._followed -= 1

    async def _somewhere(self, ask: Callable[[], Awaitable[R]]) -> R:
        self._asked += 1
        try:
            while True:
                try:
                    return await ask()
                except LeavingError:
                    if self.owns_kernel or self._followed or self._asked > 1 or self._moves == MOST_MOVES:
                        raise
                    self._moves += 1
                    self._now = await self._find()
        finally:
            self._asked -= 1


class _Joined:
    """The running instance, by its socket. silence: what to raise where it does not answer."""

    owns_kernel = False

    def __init__(
        self, path: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, silence: Callable[[], UnavailableError]
    ) -> None:
        self._path = path
        self._writer = writer
        self._silence = silence
        self._session = secrets.token_hex(4)  # a command's id becomes a message's id, so two clients must never choose the same
        self._ids = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._heard = 0  # how many lines came
        self._leaving: LeavingError | None = None  # nothing is begun any more that it has not answered
        self._scope = Scope("control-client")
        self._scope.spawn(self._read(reader), name="read")

    async def execute(self, command: Command[R]) -> R:
        """An answer may take long (a full disk, a large history) as long as the instance shows that it lives."""
        with self._asked(command) as answer:
            heard = self._heard
            while not (await asyncio.wait((answer,), timeout=LIFE_S))[0]:
                if self._heard == heard:
                    await self.require_life()
                heard = self._heard
            try:
                reply: R = msgspec.convert(answer.result(), reply_type(type(command)))
            except msgspec.ValidationError as error:
                raise UnavailableError(_OTHER_WORDS.format(error), "End it (close its window) and start it again.") from error
            return reply

    async def refusal(self) -> AetherError | None:
        """Why it takes no command, None where it does. Raises UnavailableError where it is silent."""
        try:
            with self._asked(KernelStatus()) as answer:
                await self._first_of(answer)
                error = answer.exception()
        except LeavingError as left:  # it went between its greeting and the question
            return left
        return error if isinstance(error, AetherError) else None

    async def require_life(self) -> None:
        """Have an answer to what every kernel answers at once. Raises UnavailableError where none comes."""
        with self._asked(KernelStatus()) as answer:
            await self._first_of(answer)
            answer.result()

    async def _first_of(self, answer: "asyncio.Future[Any]") -> None:
        if not (await asyncio.wait((answer,), timeout=LIFE_S))[0]:
            raise self._silence()

    @asynccontextmanager
    async def events(self) -> AsyncIterator[AsyncIterator[Event]]:
        try:
            reader, writer = await asyncio.open_unix_connection(str(self._path), limit=ANSWER_LIMIT)
        except OSError as error:
            raise LeavingError(_ENDED, _AGAIN) from error
        try:
            writer.write(SUBSCRIBE + b"\n")
            events = _read_events(reader)
            try:
                await asyncio.wait_for(_greeted(events), LIFE_S)
            except TimeoutError:
                raise self._silence() from None
            yield events
        finally:
            writer.close()

    async def close(self) -> None:
        """Leave; the instance runs on."""
        self._writer.close()
        await self._scope.close()

    @contextmanager
    def _asked(self, command: Command[Any]) -> Iterator["asyncio.Future[Any]"]:
        """Send a command; what is given is its answer, wanted until this is left. Raises UnavailableError, InvalidArgumentError."""
        if self._leaving is not None:
            raise self._leaving
        identity = f"{self._session}-{next(self._ids)}"
        try:
            line = codec.encode(msgspec.structs.replace(command, id=identity)) + b"\n"
        except ValueError as error:
            raise InvalidArgumentError(f"This cannot be sent: {error}.", "Text must be valid Unicode.") from error
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(_looked_at)
        self._waiting[identity] = answer
        try:
            self._writer.write(line)  # what the socket does not take at once goes out while the answer is waited for
            yield answer
        finally:
            self._waiting.pop(identity, None)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            async for answer in _read_events(reader):
                self._heard += 1
                if isinstance(answer, ResponseOk) and (future := self._waiting.pop(answer.id, None)):
                    future.set_result(answer.data)
                elif isinstance(answer, ResponseError):
                    self._fail(answer)
        finally:
            self._leaving = self._leaving or LeavingError(_ENDED, _AGAIN)
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(UnavailableError(_ENDED, _AGAIN))

    def _fail(self, answer: ResponseError) -> None:
        """Hand a refusal to whom it concerns; one without an id concerns whatever waits."""
        identities = (answer.id,) if answer.id else tuple(self._waiting)
        error = _error_from(answer)
        if isinstance(error, LeavingError) and not answer.id:
            self._leaving = error
        for identity in identities:
            future = self._waiting.pop(identity, None)
            if future is not None and not future.done():
                future.set_exception(error)


async def exit_of(connection: Connection, pid: int) -> int | None:
    """The exit code of an agent whose end may have been among events that were lost; None while it lives."""
    info = (await connection.execute(ProcessInfoGet(pid=pid))).info
    return info.exit_code if info.state in ("zombie", "dead") else None


async def _read_events(reader: asyncio.StreamReader) -> AsyncIterator[Event]:
    """Until the instance ends. What a newer or older instance says in words unknown here is passed over."""
    while True:
        try:
            line = await reader.readline()
        except (ConnectionError, ValueError):
            return
        if not line:
            return
        try:
            yield codec.decode_event(line)
        except AetherError:
            continue


async def _greeted(events: AsyncIterator[Event]) -> None:
    """Pass over what every subscriber is told first, up to what there is: nothing was lost before that. Raises AetherError."""
    async for event in events:
        if isinstance(event, ResponseError):
            raise _error_from(event)
        if isinstance(event, ProcessListed):
            return


async def _join(path: Path, silence: Callable[[], UnavailableError]) -> _Joined | None:
    try:
        reader, writer = await asyncio.open_unix_connection(str(path), limit=ANSWER_LIMIT)
    except OSError:
        return None
    return _Joined(path, reader, writer, silence)


def _looked_at(answer: "asyncio.Future[Any]") -> None:
    """A refusal may come when whoever asked has left: that is no fault to be warned of."""
    if not answer.cancelled():
        answer.exception()


def _error_from(answer: ResponseError) -> AetherError:
    kinds: dict[str, type[AetherError]] = {kind.code: kind for kind in (NotFoundError, LeavingError)}
    return kinds.get(answer.code, AetherError)(answer.error, answer.hint)
