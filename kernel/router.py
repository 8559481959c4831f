"""From a command to its handler: authorisation and error translation, here and nowhere else.

Handlers are registered by bootstrap with the rule of who may send the command. Every command is checked against its declared
shape again, so that a client inside the process cannot send what the codec would refuse. A command that was begun is the kernel's: it
goes to its end also where its client goes away or stops waiting, so no handler is left half done.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeVar

from kernel.errors import (
    WHERE_RUNS_ARE,
    AetherError,
    ConflictError,
    InvalidArgumentError,
    LeavingError,
    PermissionDeniedError,
    UnavailableError,
    UnknownCommandError,
    no_process,
)
from kernel.log import get_logger
from kernel.principal import Principal
from kernel.protocol import codec
from kernel.protocol.base import Command, tag_of
from kernel.protocol.process import ProcessSpawn
from kernel.protocol.system import ResponseError, ResponseOk
from kernel.tasks import Scope

C = TypeVar("C", bound=Command[Any])
R = TypeVar("R")
Handler = Callable[[Any, Principal], Awaitable[Any]]
Access = Literal["anyone", "owner", "admin"]
OwnerOf = Callable[[int], str | None]
SETTLE_S = 2.5

_log = get_logger(__name__)


class Router:
    """One table: command type -> (handler, who may).

    owner_of: the uid of the user that owns a pid, None where there is no such process. "owner" rules look at the
    command's `pid` (or `from_pid`); pid 0 is the kernel's own and an administrator's. scope: owns what is being carried out.
    """

    def __init__(self, owner_of: OwnerOf, scope: Scope) -> None:
        self._owner_of = owner_of
        self._scope = scope
        self._on_processes: set[asyncio.Task[Any]] = set()
        self._ending = False
        self._handlers: dict[type[Command[Any]], tuple[Handler, Access]] = {}

    def register(self, command: type[C], handler: Callable[[C, Principal], Awaitable[Any]], access: Access) -> None:
        """Let `handler` carry out `command` for those whom `access` admits."""
        if command in self._handlers:
            raise ValueError(f"{tag_of(command)} has a handler already")
        self._handlers[command] = (handler, access)

    @property
    def commands(self) -> frozenset[type[Command[Any]]]:
        """The command types that have a handler."""
        return frozenset(self._handlers)

    async def execute(self, command: Command[R], principal: Principal) -> R:
        """Carry out a command. Raises AetherError, whatever happens inside."""
        if type(command) not in self._handlers:
            raise UnknownCommandError(f"This kernel does not know {type(command).__name__}.")
        return await self._carry_out(_validated(command), principal)

    async def settle(self) -> None:
        """Before a shutdown: take nothing more, let what is done to a process come to its end where that is soon, cancel the rest."""
        self._ending = True
        if self._on_processes:
            await asyncio.wait(tuple(self._on_processes), timeout=SETTLE_S)
        await self._scope.close()

    async def _carry_out(self, command: Command[R], principal: Principal) -> R:
        """A command that the codec has read. Raises AetherError."""
        entry = self._handlers.get(type(command))
        if entry is None:
            raise UnknownCommandError(f"This kernel does not know {tag_of(command)}.")
        handler, access = entry
        self._authorise(command, access, principal)
        if self._ending:
            raise LeavingError("Aether is ending, so it takes no command any more.", "Start it again.")
        task: asyncio.Task[R] = self._scope.spawn(_handled(handler, command, principal), name=tag_of(command), awaited=True)
        if access == "owner" or isinstance(command, ProcessSpawn):
            self._on_processes.add(task)
            task.add_done_callback(self._on_processes.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            asking = asyncio.current_task()
            if not task.cancelled() or (asking is not None and asking.cancelling()):
                raise
            raise _broken_off(command) if self._ending else _aborted(command) from None

    async def respond(self, data: bytes | str, principal: Principal) -> ResponseOk | ResponseError:
        """Carry out a command in JSON; every outcome is an answer with the command's id."""
        try:
            command = codec.decode_command(data)
        except AetherError as error:
            identity = "parse_error" if error.code == "parse_error" else _claimed_id(data)
            return ResponseError(id=identity, error=error.message, code=error.code, hint=error.hint)
        try:
            reply = await self._carry_out(command, principal)
        except AetherError as error:
            return ResponseError(id=command.id, error=error.message, code=error.code, hint=error.hint)
        return ResponseOk(id=command.id, data=codec.to_builtins(reply))

    def _authorise(self, command: Command[Any], access: Access, principal: Principal) -> None:
        if access == "anyone" or principal.is_admin:
            self._require_process(command, access)
            return
        if access == "admin":
            raise PermissionDeniedError("Only an administrator may do this.")
        pid = _subject(command)
        owner = self._owner_of(pid)
        if owner is None:
            raise no_process(pid)
        if not principal.may_see(owner):
            raise PermissionDeniedError(f"Process {pid} belongs to somebody else.")

    def _require_process(self, command: Command[Any], access: Access) -> None:
        if access != "owner":
            return
        pid = _subject(command)
        if pid != 0 and self._owner_of(pid) is None:
            raise no_process(pid)


async def _handled(handler: Handler, command: Command[R], principal: Principal) -> R:
    try:
        reply: R = await handler(command, principal)
    except AetherError:
        raise
    except Exception as error:  # edge: a handler's fault becomes one sentence for the client
        _log.exception("%s failed", tag_of(command))
        raise AetherError(f"{tag_of(command)} failed inside Aether: {error}.", "The log has the details; please report it.") from error
    return reply


def _broken_off(command: Command[Any]) -> UnavailableError:
    return UnavailableError(f"Aether is ending, and {tag_of(command)} was broken off.", "Start it again, and look how far that had come.")


def _aborted(command: Command[Any]) -> ConflictError:
    return ConflictError(f"{tag_of(command)} was aborted: what it is about ended meanwhile.", WHERE_RUNS_ARE)


def _subject(command: Command[Any]) -> int:
    pid = getattr(command, "pid", getattr(command, "from_pid", getattr(command, "owner_pid", None)))
    if not isinstance(pid, int):
        raise InvalidArgumentError(f"{tag_of(command)} names no process.")
    return pid


def _validated(command: Command[R]) -> Command[R]:
    """The command as the codec would read it from outside. Raises InvalidArgumentError."""
    try:
        return codec.decode_command(codec.encode(command))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidArgumentError(f"{tag_of(command)} cannot be sent: {error}.") from error


def _claimed_id(data: bytes | str) -> str:
    """The id in a refused command, so that its sender can match the answer."""
    import msgspec

    if len(data) > codec.MAX_MESSAGE_BYTES:
        return ""
    try:
        raw = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "parse_error"
    claimed = raw.get("id", "") if isinstance(raw, dict) else ""
    return claimed[:200] if isinstance(claimed, str) else ""
