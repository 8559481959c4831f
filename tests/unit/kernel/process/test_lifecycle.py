"""The state machine of a process."""

import itertools
from typing import get_args

import pytest

from kernel.errors import ConflictError
from kernel.process.lifecycle import ALIVE, TRANSITIONS, advance, effect_of, exit_code_of, state_for
from kernel.protocol.ids import AgentPhase, ProcessState, Signal

STATES: tuple[ProcessState, ...] = get_args(ProcessState)
SIGNALS: tuple[Signal, ...] = get_args(Signal)
ALLOWED = {
    ("created", "running"),
    ("created", "stopped"),
    ("created", "zombie"),
    ("running", "sleeping"),
    ("running", "stopped"),
    ("running", "zombie"),
    ("sleeping", "running"),
    ("sleeping", "stopped"),
    ("sleeping", "zombie"),
    ("stopped", "running"),
    ("stopped", "sleeping"),
    ("stopped", "created"),
    ("stopped", "zombie"),
    ("zombie", "dead"),
}


@pytest.mark.feature("PR01", "PR02")
@pytest.mark.parametrize(("current", "wanted"), tuple(itertools.product(STATES, STATES)))
def test_only_these_changes_are_allowed(current: ProcessState, wanted: ProcessState) -> None:
    if current == wanted or (current, wanted) in ALLOWED:
        assert advance(current, wanted) == wanted
    else:
        with pytest.raises(ConflictError, match=f"is {current} cannot become {wanted}"):
            advance(current, wanted)


def test_every_state_is_reached_and_the_dead_stay_dead() -> None:
    assert set(TRANSITIONS) == set(STATES)
    assert set().union(*TRANSITIONS.values()) == set(STATES)
    assert TRANSITIONS["dead"] == frozenset()


@pytest.mark.feature("PR06")
@pytest.mark.parametrize(("state", "signal"), tuple(itertools.product(STATES, SIGNALS)))
def test_what_a_signal_does(state: ProcessState, signal: Signal) -> None:
    if state not in ALIVE:
        with pytest.raises(ConflictError, match="has ended"):
            effect_of(signal, state)
        return
    expected = {
        "SIGKILL": "kill",
        "SIGTERM": "terminate",
        "SIGINT": "terminate",
        "SIGSTOP": "ignore" if state == "stopped" else "stop",
        "SIGCONT": "continue" if state == "stopped" else "ignore",
    }.get(signal, "deliver")
    assert effect_of(signal, state) == expected


@pytest.mark.feature("PR07")
def test_exit_codes_as_a_shell_has_them() -> None:
    assert [exit_code_of(signal) for signal in ("SIGINT", "SIGKILL", "SIGTERM")] == [130, 137, 143]


def test_the_state_that_goes_with_a_phase() -> None:
    asleep = {phase for phase in get_args(AgentPhase) if state_for(phase) == "sleeping"}
    assert asleep == {"waiting", "idle"}
