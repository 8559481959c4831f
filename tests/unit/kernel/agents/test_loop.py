"""How a run ends: not before what is said to it is decided, and without asking the model for nothing."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from kernel.agents.agent import Outcome
from kernel.agents.inbox import Inbox, Said
from kernel.agents.loop import _completed

SAID = Said("1", "look left", "steer")


class Peers:
    """Other agents whose message is being recorded while this agent wants to end."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self.meanwhile = meanwhile

    async def settled(self, pid: int) -> None:
        await asyncio.sleep(0)
        self.meanwhile()
        self.meanwhile = lambda: None

    def waiting(self, pid: int) -> tuple[()]:
        return ()


def ending_agent(inbox: Inbox, meanwhile: Callable[[], None]) -> Any:
    async def record(*events: object, **rest: object) -> None:
        pass

    return SimpleNamespace(
        pid=1,
        inbox=inbox,
        peers=Peers(meanwhile),
        tools=SimpleNamespace(names=("check_messages",)),
        mail_told_of="",
        run=SimpleNamespace(step=1),
        shortfall=lambda: "",
        close_to_messages=inbox.close,
        record=record,
    )


async def ends(agent: Any) -> "asyncio.Task[Outcome | None]":
    """Its end, as far as it comes by itself."""
    ending = asyncio.get_running_loop().create_task(_completed(agent, "done"))
    for _ in range(5):
        await asyncio.sleep(0)
    return ending


@pytest.mark.parametrize("mode", ["queue", "steer", "interrupt"])
async def test_what_is_refused_while_a_run_ends_costs_no_further_turn(mode: Any) -> None:
    inbox, said = Inbox(), SAID._replace(mode=mode)
    ending = await ends(ending_agent(inbox, lambda: inbox.expect(said)))
    assert not ending.done()
    inbox.withdraw(said)
    assert await ending == Outcome(0, "done")
    assert inbox.closed


async def test_what_is_said_while_a_run_ends_is_given_before_the_end() -> None:
    inbox = Inbox()
    ending = await ends(ending_agent(inbox, lambda: inbox.expect(SAID)))
    inbox.put(SAID)
    assert await ending is None
    assert inbox.take_steering() == SAID
