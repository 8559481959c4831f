"""The contract of a pseudo-terminal, whatever system stands behind it.

Frozen records and Protocols only. `TtyManager` owns terminals through these; `posix` and `windows` implement them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from kernel.tty.foreground import Foreground

DEFAULT_COLUMNS, DEFAULT_LINES = 120, 36
MAX_COLUMNS, MAX_LINES = 2000, 2000


def _empty() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ShellSpec:
    """A program to run on a new terminal of the host.

    argv: program and arguments; () is the person's own shell. cwd: a host folder; "" is the person's home.
    env: added to the person's environment.
    """

    argv: tuple[str, ...] = ()
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=_empty)
    columns: int = DEFAULT_COLUMNS
    lines: int = DEFAULT_LINES


OnData = Callable[[bytes], bool]
OnExit = Callable[[int | None], None]


class Outcome(Protocol):
    """How a command ended."""

    @property
    def code(self) -> int:
        """Its exit code, 128 + n for signal n."""
        ...


class RunningCommand(Protocol):
    """A command that runs on a terminal which a sandbox opened (`kernel.sandbox.backend.Execution`)."""

    @property
    def master_fd(self) -> int | None:
        """The terminal's master, which becomes ours."""
        ...

    async def wait(self) -> Outcome:
        """How it ended."""
        ...

    async def kill(self) -> None:
        """End it with everything that it started."""
        ...


class DirectOutput(Protocol):
    """Output that one other thread can take by itself (`kernel.tty.master.Master`)."""

    def hand_over(self, on_waiting: Callable[[], None]) -> None:
        """Let one other thread have the output by `take`. on_waiting: called on the loop when there is some after `take` found none."""
        ...

    def take_back(self) -> None:
        """Read on the loop again. The other thread must not be in `take`."""
        ...

    def take(self, max_bytes: int) -> bytes:
        """Output, at most `max_bytes`; b"" when there is none now. On the other thread."""
        ...


class Pty(Protocol):
    """A live terminal.

    Output goes to `on_data` on the kernel's loop; when that answers False, reading stops until `resume_reading`. The end is
    told once through `on_exit` with the exit code (128 + n for signal n, None where it is not ours to know).
    """

    @property
    def pid(self) -> int | None:
        """The host's number of the program, None where it is not ours."""
        ...

    @property
    def direct(self) -> DirectOutput | None:
        """Reading by whoever owns the screen; None where only the loop can read."""
        ...

    def start_reading(self, on_data: OnData, on_exit: OnExit) -> None:
        """Begin to hand over output."""
        ...

    def resume_reading(self) -> None:
        """There is room again."""
        ...

    def write(self, data: bytes) -> None:
        """Queue input for the program. Raises LimitReachedError when 1 MiB waits that the program does not read."""
        ...

    def resize(self, columns: int, lines: int) -> None:
        """Change the size; the program gets SIGWINCH."""
        ...

    def foreground(self) -> Foreground | None:
        """The program in the foreground; None where nothing is known. Blocks for a look at the process table."""
        ...

    async def close(self) -> None:
        """End the program with everything in its session, and give back the descriptors. Safe to repeat."""
        ...


class PtyBackend(Protocol):
    """Opens terminals of the host."""

    async def open(self, spec: ShellSpec) -> Pty:
        """A program on a new terminal. Raises NotFoundError (no such program or folder) or UnavailableError."""
        ...
