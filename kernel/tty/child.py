"""Starting processes of the host without anything of ours, and reaping them.

Used by `posix` for shells, by `guardian` and by `relay`.
"""

import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from types import MappingProxyType

#: The first descriptor that has no meaning of its own.
FIRST_OTHER = 3
_NONE: Mapping[int, int] = MappingProxyType({})


class Child:
    """A process that we started, until it is reaped. returncode: None before that."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> None:
        """Reap it where it has ended."""
        if self.returncode is None:
            try:
                reaped, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                reaped, status = self.pid, 0
            if reaped:
                self.returncode = os.waitstatus_to_exitcode(status)


def start_apart(argv: Sequence[str], environment: Mapping[str, str], descriptors: Mapping[int, int] = _NONE) -> Child:
    """In a session of its own, with no descriptor of ours and every signal as a new terminal has it.

    Whoever started us in the background or with nohup ignores signals that a shell's programs must be able to be ended by.
    descriptors: ours by the numbers that they have there; of 0 to 2 what is not among them is nothing. Raises OSError.
    """
    actions: list[tuple[int, ...] | tuple[int, int, str, int, int]] = [
        (os.POSIX_SPAWN_DUP2, ours, theirs) for theirs, ours in sorted(descriptors.items())
    ]
    actions += [
        (os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(FIRST_OTHER) if number not in descriptors
    ]
    actions += [(os.POSIX_SPAWN_CLOSE, number) for number in _handed_on() if number not in descriptors]
    signals = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
    pid = os.posix_spawn(
        argv[0], list(argv), dict(environment), file_actions=actions, setsid=True, setsigmask=(), setsigdef=signals
    )
    return Child(pid)


def _handed_on() -> tuple[int, ...]:
    """Descriptors that a new process would get; Python makes none, libraries may."""
    found = []
    for name in os.listdir("/dev/fd"):
        descriptor = int(name)
        with contextlib.suppress(OSError):
            if descriptor >= FIRST_OTHER and os.get_inheritable(descriptor):
                found.append(descriptor)
    return tuple(found)
