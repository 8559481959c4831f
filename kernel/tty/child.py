"""Starting processes of the host without anything of ours, and reaping them.

Used by `posix` for shells and by `guardian`.
"""

import contextlib
import os
import signal
from collections.abc import Mapping, Sequence


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


def start_apart(argv: Sequence[str], environment: Mapping[str, str], standard_input: int | None = None) -> Child:
    """In a session of its own, with no descriptor of ours and every signal as a new terminal has it.

    Whoever started us in the background or with nohup ignores signals that a shell's programs must be able to be ended by.
    standard_input: a descriptor of ours to read from, else nothing. Raises OSError.
    """
    actions: list[tuple[int, ...] | tuple[int, int, str, int, int]] = []
    if standard_input is not None:
        actions.append((os.POSIX_SPAWN_DUP2, standard_input, 0))
    actions += [
        (os.POSIX_SPAWN_OPEN, descriptor, os.devnull, os.O_RDWR, 0)
        for descriptor in ((0, 1, 2) if standard_input is None else (1, 2))
    ]
    actions += [(os.POSIX_SPAWN_CLOSE, descriptor) for descriptor in _handed_on()]
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
            if descriptor > 2 and os.get_inheritable(descriptor):
                found.append(descriptor)
    return tuple(found)
