"""The state machine of a process, pure: which change is allowed, and what a signal means in a state.

    created -> running <-> sleeping -> zombie -> dead
    created/running/sleeping <-> stopped, and every living state -> zombie

Called by the manager alone; holds no state.
"""

from typing import Literal

from kernel.errors import ConflictError
from kernel.protocol.ids import AgentPhase, ProcessState, Signal

ALIVE: frozenset[ProcessState] = frozenset({"created", "running", "sleeping", "stopped"})
TRANSITIONS: dict[ProcessState, frozenset[ProcessState]] = {
    "created": frozenset({"running", "stopped", "zombie"}),
    "running": frozenset({"sleeping", "stopped", "zombie"}),
    "sleeping": frozenset({"running", "stopped", "zombie"}),
    "stopped": frozenset({"running", "sleeping", "created", "zombie"}),
    "zombie": frozenset({"dead"}),
    "dead": frozenset(),
}
SIGNAL_NUMBERS: dict[Signal, int] = {
    "SIGINT": 2,
    "SIGKILL": 9,
    "SIGUSR1": 10,
    "SIGUSR2": 12,
    "SIGTERM": 15,
    "SIGCONT": 18,
    "SIGSTOP": 19,
}
HOLDING: frozenset[Signal] = frozenset({"SIGSTOP", "SIGCONT"})
Effect = Literal["terminate", "kill", "stop", "continue", "deliver", "ignore"]
REAP_AFTER_EXIT_S = 2.0
REAP_AFTER_SIGNAL_S = 1.0


def advance(current: ProcessState, wanted: ProcessState) -> ProcessState:
    """`wanted` where the change is allowed (staying is). Raises ConflictError."""
    if wanted == current or wanted in TRANSITIONS[current]:
        return wanted
    raise ConflictError(f"A process that is {current} cannot become {wanted}.")


def effect_of(signal: Signal, state: ProcessState) -> Effect:
    """What a signal does to a process in `state`. Raises ConflictError for one that has ended."""
    if state not in ALIVE:
        raise ConflictError("The process has ended already.", "Its log and files are still in the history.")
    if signal == "SIGKILL":
        return "kill"
    if signal in ("SIGTERM", "SIGINT"):
        return "terminate"
    if signal == "SIGSTOP":
        return "ignore" if state == "stopped" else "stop"
    if signal == "SIGCONT":
        return "continue" if state == "stopped" else "ignore"
    return "deliver"


def exit_code_of(signal: Signal) -> int:
    """128 + n, as a shell reports it."""
    return 128 + SIGNAL_NUMBERS[signal]


def state_for(phase: AgentPhase) -> ProcessState:
    """The state that an agent in this phase is in, while nothing has stopped it."""
    return "sleeping" if phase in ("waiting", "idle") else "running"
