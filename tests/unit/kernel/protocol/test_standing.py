"""How living agents are counted: one definition for the process list, `aether ps`, the menu bar and Mission Control."""

from typing import get_args

import msgspec
import pytest

from aether_desktop.models.agent_order import count
from aether_desktop.models.agent_status import status_of
from aether_desktop.stores.reducers.process import ProcessView
from kernel.protocol.ids import AgentPhase, ProcessState
from kernel.protocol.process import LivingCounts, count_living
from kernel.protocol.records import ProcessInfo
from tests.fakes.kernel_client import make_approval, make_info

EVERY = [
    msgspec.structs.replace(make_info(1), state=state, agent_phase=phase, interrupted=interrupted)
    for state in get_args(ProcessState)
    for phase in get_args(AgentPhase)
    for interrupted in (False, True)
]


@pytest.mark.feature("MC02")
@pytest.mark.parametrize("asks", [False, True], ids=["", "asks"])
def test_mission_control_counts_every_agent_as_the_kernel_does(asks: bool) -> None:
    approval = make_approval(1) if asks else None
    for info in EVERY:
        if info.state in ("zombie", "dead"):
            info = msgspec.structs.replace(info, exit_code=1)
        living = count_living([info], [approval] if approval else [])
        shown = count([status_of(ProcessView(info=info, approval=approval)).group])
        assert (living.working, living.needs_you, living.idle) == (shown.active, shown.needs_you, shown.idle), info


def test_paused_waiting_and_ended_agents_are_not_at_work() -> None:
    def agent(pid: int, **fields: object) -> ProcessInfo:
        return msgspec.structs.replace(make_info(pid), **fields)

    listed = [
        agent(1, state="running", agent_phase="thinking"),
        agent(2, state="sleeping", agent_phase="waiting"),
        agent(3, state="sleeping", agent_phase="waiting"),
        agent(4, state="stopped", agent_phase="executing"),
        agent(5, state="stopped", interrupted=True),
        agent(6, state="zombie", agent_phase="completed"),
    ]
    assert count_living(listed, [make_approval(2)]) == LivingCounts(working=1, needs_you=1, idle=3)
