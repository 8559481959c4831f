"""Who may do what, how errors become answers, and that what was begun goes to its end."""

import asyncio
from typing import Any

import msgspec
import pytest

from kernel.errors import (
    AetherError,
    ConflictError,
    InvalidArgumentError,
    LeavingError,
    NotFoundError,
    PermissionDeniedError,
    UnavailableError,
    UnknownCommandError,
)
from kernel.principal import Principal
from kernel.protocol import codec, process, system
from kernel.protocol.base import Empty
from kernel.protocol.records import AgentConfig
from kernel.router import Router
from kernel.tasks import Scope

ADMIN, ALICE, BOB = Principal("root", "admin"), Principal("alice"), Principal("bob")
KILL = process.ProcessSignal(id="1", pid=7, signal="SIGKILL")
SPAWN = process.ProcessSpawn(config=AgentConfig(role="Coder", goal="do it"))


class Spy:
    """A handler that remembers who came."""

    def __init__(self, error: Exception | None = None) -> None:
        self.seen: list[tuple[Any, Principal]] = []
        self.error = error

    async def __call__(self, command: Any, principal: Principal) -> Empty:
        self.seen.append((command, principal))
        if self.error is not None:
            raise self.error
        return Empty()


def router(spy: Spy) -> Router:
    made = Router({7: "alice", 8: "bob"}.get, Scope("commands"))
    made.register(process.ProcessSignal, spy, "owner")
    made.register(system.IpcSend, spy, "owner")
    made.register(process.ProcessList, spy, "anyone")
    made.register(system.KernelShutdown, spy, "admin")
    return made


@pytest.mark.parametrize("who", [ADMIN, ALICE])
async def test_the_owner_and_an_administrator_may(who: Principal) -> None:
    spy = Spy()
    assert await router(spy).execute(KILL, who) == Empty()
    assert spy.seen == [(KILL, who)]


@pytest.mark.parametrize(
    ("command", "who", "error"),
    [
        (KILL, BOB, PermissionDeniedError),
        (process.ProcessSignal(pid=9, signal="SIGKILL"), BOB, NotFoundError),
        (process.ProcessSignal(pid=9, signal="SIGKILL"), ADMIN, NotFoundError),
        (process.ProcessSignal(pid=0, signal="SIGKILL"), BOB, NotFoundError),
        (system.IpcSend(from_pid=7, to_pid=8), BOB, PermissionDeniedError),
        (system.KernelShutdown(), ALICE, PermissionDeniedError),
        (system.KernelStatus(), ADMIN, UnknownCommandError),
    ],
)
async def test_nobody_else_may_and_the_handler_is_not_asked(command: Any, who: Principal, error: type[AetherError]) -> None:
    spy = Spy()
    with pytest.raises(error):
        await router(spy).execute(command, who)
    assert spy.seen == []


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "command",
    [
        process.ProcessSignal(pid=7, signal="SIGWINCH"),  # type: ignore[arg-type]  # what a program inside could send by mistake
        process.ProcessSignal(pid="7", signal="SIGKILL"),  # type: ignore[arg-type]  # likewise
        system.IpcSend(from_pid=7, to_pid=8, payload=object()),
        system.IpcSend(from_pid=7, to_pid=8, payload=nested(100_000)),
        system.IpcSend(from_pid=7, to_pid=8, payload="\ud800"),
        system.IpcSend(from_pid=7, to_pid=8, payload={"a": float("nan")}, channel="c" * 201),
    ],
)
async def test_inside_the_process_too_only_what_the_codec_takes_is_sent(command: Any) -> None:
    spy = Spy()
    with pytest.raises(InvalidArgumentError):
        await router(spy).execute(command, ADMIN)
    assert spy.seen == []


@pytest.mark.expects_records
async def test_a_handlers_fault_is_one_sentence() -> None:
    spy = Spy(ZeroDivisionError("division by zero"))
    with pytest.raises(AetherError, match=r"process\.list failed inside Aether"):
        await router(spy).execute(process.ProcessList(), ALICE)


@pytest.mark.feature("EV01", "EV12")
async def test_answers_carry_the_commands_id() -> None:
    made = router(Spy())
    fine = await made.respond(b'{"type":"process.list","id":"a"}', ALICE)
    assert isinstance(fine, system.ResponseOk)
    assert (fine.id, fine.data) == ("a", {})
    refused = await made.respond(codec.encode(msgspec.structs.replace(KILL, id="b")), BOB)
    assert isinstance(refused, system.ResponseError)
    assert (refused.id, refused.code) == ("b", "permission_denied")
    huge = await made.respond(b'{"type":"process.list","id":"c"}' + b" " * codec.MAX_MESSAGE_BYTES, ALICE)
    assert isinstance(huge, system.ResponseError)
    assert (huge.id, huge.code) == ("", "invalid_argument")


class Slow:
    """A handler of two halves: the second begins when it is let go on."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.finished = asyncio.Event()

    async def __call__(self, command: Any, principal: Principal) -> Empty:
        self.begun.set()
        await self.go_on.wait()
        self.finished.set()
        return Empty()


def slow_router(slow: Slow) -> Router:
    made = Router({7: "alice"}.get, Scope("commands"))
    made.register(process.ProcessSignal, slow, "owner")
    made.register(process.ProcessList, slow, "anyone")
    made.register(process.ProcessSpawn, slow, "anyone")
    return made


@pytest.mark.parametrize("command", [KILL, process.ProcessList()])
async def test_what_was_begun_goes_on_when_its_client_goes_away(command: Any) -> None:
    slow = Slow()
    asking = asyncio.get_running_loop().create_task(slow_router(slow).execute(command, ALICE))
    await slow.begun.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    slow.go_on.set()
    await asyncio.wait_for(slow.finished.wait(), 5)


@pytest.mark.parametrize("command", [KILL, SPAWN])
async def test_a_shutdown_lets_what_is_done_to_a_process_come_to_its_end_and_takes_nothing_more(command: Any) -> None:
    slow = Slow()
    made = slow_router(slow)
    asking = asyncio.get_running_loop().create_task(made.execute(command, ALICE))
    await slow.begun.wait()
    settling = asyncio.get_running_loop().create_task(made.settle())
    await asyncio.sleep(0)
    with pytest.raises(LeavingError, match="is ending"):
        await made.execute(KILL, ALICE)
    assert not settling.done()
    slow.go_on.set()
    await settling
    assert await asking == Empty()


@pytest.mark.parametrize("command", [KILL, process.ProcessList()])
async def test_a_shutdown_waits_for_ever_for_nobody(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernel.router.SETTLE_S", 0.05)
    slow = Slow()
    made = slow_router(slow)
    asking = asyncio.get_running_loop().create_task(made.execute(command, ALICE))
    await slow.begun.wait()
    await made.settle()
    with pytest.raises(UnavailableError, match=r"is ending, and .* was broken off") as broken_off:
        await asking
    assert not isinstance(broken_off.value, LeavingError), "part of it may have been done, so it is not to be asked for again"
    assert not slow.finished.is_set()


async def test_a_handler_that_was_aborted_is_answered() -> None:
    """A run that ends takes with it what was asked of it; whoever asked hears of it."""

    async def aborted(command: Any, principal: Principal) -> Empty:
        raise asyncio.CancelledError

    made = Router({7: "alice"}.get, Scope("commands"))
    made.register(process.ProcessSignal, aborted, "owner")
    with pytest.raises(ConflictError, match=r"process\.signal was aborted"):
        await made.execute(KILL, ALICE)


def test_two_handlers_for_one_command_are_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"process\.list"):
        router(Spy()).register(process.ProcessList, Spy(), "anyone")
