"""A started supervisor seen from outside, and what starts one.

`Launcher` is what bubblewrap and the plain host implement for `SupervisedSandbox`; the functions kill, freeze and measure
what a launcher started. Those that block say so and belong in a thread.
"""

import asyncio
import contextlib
import dataclasses
import signal
import socket
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from kernel.sandbox.backend import Confinement, SandboxSpec
from kernel.sandbox.cgroups import Group
from kernel.sandbox.child import Child
from kernel.sandbox.processes import (
    ProcessRow,
    continue_all,
    kill_identified,
    process_table,
    proportional_bytes,
    signal_pids,
    start_time,
    stop_tree,
    tree_rows,
)
from kernel.sandbox.quota import UNCOUNTABLE, disk_bytes, unlinked_bytes

END_TIMEOUT_S = 10.0


@dataclasses.dataclass(frozen=True, slots=True)
class Launched:
    """A started supervisor. child: the process that Aether started. root_pid: killing it ends everything inside.

    helper_depth: commands are at least so many generations below `child`. kill_root: SIGKILL to the root is enough to end
    every process (a PID namespace); otherwise the whole tree is killed one by one.
    """

    child: Child
    root_pid: int
    root_started: int
    helper_depth: int
    kill_root: bool
    companions: tuple[Child, ...] = ()


class Launcher(Protocol):
    """Starts a supervisor, confined in its own way."""

    @property
    def confinement(self) -> Confinement:
        """How strong it is."""
        ...

    def note(self, spec: SandboxSpec) -> str:
        """What is weaker than it could be; empty where nothing is."""
        ...

    def home_path(self, spec: SandboxSpec) -> str:
        """The home as commands see it."""
        ...

    def host_path(self, spec: SandboxSpec, path: str) -> str:
        """What the supervisor is told for a path as seen inside."""
        ...

    def host_uid(self, spec: SandboxSpec) -> int | None:
        """The host's uid of its commands where it is not Aether's own."""
        ...

    def environment(self, spec: SandboxSpec) -> dict[str, str]:
        """What every command sees."""
        ...

    async def launch(self, spec: SandboxSpec, ends: "Ends", group: Group | None) -> Launched:
        """Start it. Raises UnavailableError, OSError or TimeoutError; what it printed to `ends.errors` explains them."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Ends:
    """What a launcher connects; both descriptors stay the caller's.

    control: the supervisor's end of the link. errors: a file for complaints. child_ended: told, on the loop, the return code
    of the process that Aether started.
    """

    control: socket.socket
    errors: int
    child_ended: Callable[[int], None]


class Freezer:
    """Stops and continues everything that was launched: by control group where it can, else process by process."""

    def __init__(self) -> None:
        self._stopped: tuple[ProcessRow, ...] = ()

    async def freeze(self, launched: Launched, group: Group | None) -> None:
        """Return when every process has stopped."""
        if group is not None and await asyncio.to_thread(group.freeze):
            return
        self._stopped = await asyncio.to_thread(stop_tree, lambda: tree_rows(launched.root_pid))

    async def thaw(self, group: Group | None) -> None:
        """Let every process go on that we stopped; what an agent stopped itself stays so."""
        if group is not None:
            await asyncio.to_thread(group.thaw)
        stopped, self._stopped = self._stopped, ()
        await asyncio.to_thread(continue_all, stopped)


async def end(launched: Launched, group: Group | None) -> None:
    """Kill every process, frozen ones too, reap ours, and return when none is left."""
    killed = await asyncio.to_thread(_kill_all, launched, group)
    for child in (launched.child, *launched.companions):
        await _reap(child)
    await asyncio.to_thread(_wait_gone, ((launched.root_pid, launched.root_started), *killed))


def all_pids(launched: Launched, group: Group | None) -> tuple[int, ...]:
    """Every process, helpers included, in order of number. Blocks."""
    found = {row.pid for row in tree_rows(launched.child.pid)}
    found.update(companion.pid for companion in launched.companions if not companion.ended)
    found.update(group.pids() if group is not None else ())
    return tuple(sorted(found))


def kill_largest(launched: Launched) -> None:
    """End the command that uses most memory, as the system's own out-of-memory killer would. Blocks."""
    rows = sorted(_commands(launched), key=lambda row: row.memory_bytes)
    if rows:
        signal_pids([rows[-1].pid], signal.SIGKILL)


def measure(spec: SandboxSpec, launched: Launched | None, group: Group | None) -> tuple[int, int | None]:
    """(room left on disk, memory in use or None where a control group bounds it) in bytes. Blocks."""
    room = spec.limits.disk_bytes - disk_bytes((spec.home, spec.tmp), UNCOUNTABLE)
    if launched is not None:
        room -= unlinked_bytes(all_pids(launched, group), spec.home)
    if launched is None or (group is not None and group.memory_bytes() is not None):
        return room, None
    return room, _memory_in_use(launched, spec.limits.memory_bytes)


def _memory_in_use(launched: Launched, limit: int) -> int:
    """Bytes that all processes use; shared pages are told apart only when the quick sum is past `limit`. Blocks."""
    rows = tree_rows(launched.child.pid)
    resident = sum(row.memory_bytes for row in rows)
    return resident if resident <= limit else sum(proportional_bytes(row) for row in rows)


def _commands(launched: Launched) -> Iterator[ProcessRow]:
    """The agent's own processes, without helpers."""
    table = process_table()
    level = {launched.child.pid}
    depth = 0
    while level:
        depth += 1
        level = {row.pid for row in table.values() if row.ppid in level}
        if depth >= launched.helper_depth:
            yield from (table[pid] for pid in level)


def _kill_all(launched: Launched, group: Group | None) -> tuple[tuple[int, int], ...]:
    """SIGKILL to every process; (pid, start time) of those that nobody else waits for. Blocks for a few file operations."""
    killed: list[ProcessRow] = []
    if launched.kill_root:
        kill_identified(launched.root_pid, launched.root_started)
    elif not (group is not None and group.kill()) and not launched.child.ended:
        stop_tree(lambda: tree_rows(launched.root_pid))
        killed = tree_rows(launched.root_pid)
        signal_pids([row.pid for row in reversed(killed)], signal.SIGKILL)
    for companion in launched.companions:
        companion.send_signal(signal.SIGKILL)
    if group is not None:
        group.thaw()
    return tuple((row.pid, row.start_time) for row in killed)


def _wait_gone(killed: tuple[tuple[int, int], ...]) -> None:
    """The process that Aether started may end a moment before the others of its tree, or the first one of the namespace. Blocks."""
    end = time.monotonic() + END_TIMEOUT_S
    for pid, started in killed:
        while start_time(pid) == started and time.monotonic() < end:
            time.sleep(0.002)


async def _reap(child: Child) -> None:
    try:
        async with asyncio.timeout(END_TIMEOUT_S / 2):
            await child.wait()
    except TimeoutError:
        child.send_signal(signal.SIGKILL)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_TIMEOUT_S / 2):
                await child.wait()
