"""An agent's status and how it is counted are one."""

from __future__ import annotations

from itertools import product
from typing import get_args

from aether_desktop.models.agent_status import Group, status_of
from aether_desktop.stores.reducers.process import ProcessView
from kernel.protocol.ids import AgentPhase
from kernel.protocol.process import standing_of
from tests.fakes.kernel_client import make_approval, make_info

GROUPS = {"working": Group.ACTIVE, "needs_you": Group.NEEDS_YOU, "idle": Group.IDLE}


def test_a_living_agent_is_grouped_as_it_is_counted_everywhere_else() -> None:
    for phase, state, interrupted, asks in product(
        get_args(AgentPhase), ("created", "running", "sleeping", "stopped"), (False, True), (False, True)
    ):
        info = make_info(1, agent_phase=phase, state=state, interrupted=interrupted)
        view = ProcessView(info=info, approval=make_approval(1) if asks else None)
        assert status_of(view).group is GROUPS[standing_of(info, asks)], info


def test_the_word_says_why_it_stands_still() -> None:
    words = [
        status_of(ProcessView(info=make_info(1, **changes))).word
        for changes in (
            {"interrupted": True, "state": "stopped"},
            {"state": "stopped"},
            {"agent_phase": "waiting"},
            {"agent_phase": "booting"},
            {"agent_phase": "executing"},
        )
    ]
    assert words == ["interrupted", "paused", "waiting", "starting", "executing"]
