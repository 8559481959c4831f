"""Ends what an Aether that died left of its host shells. Called by `shell_sessions` at the next start.

Only processes of a session that is proven to be the recorded one are signalled. A session's number cannot become another's while
anybody is in it, so one proof is enough for all its members. Programs that made a session of their own are let be. Closing a
terminal takes them along while their parents live; after a death of Aether those have been hung up, and with them the links to
follow are gone. Does nothing where there is no /proc.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from pathlib import Path

from kernel.store.repositories.shells import ShellSession
from kernel.tty.sessions import END, HANG_UP, POLL_S, Row, parents_first, process_table, read_row

#: In the environment of every host shell and so of what runs in it; no secret.
VARIABLE = "AETHER_TERMINAL_ID"
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
GRACE_S = 0.3
KILL_ROUNDS = 50
MAX_ENVIRONMENT_BYTES = 4 << 20

Carries = Callable[[int, str], bool]


def boot_id() -> str:
    """The name of the system's run since it was started; "" where there is none."""
    try:
        return BOOT_ID.read_text("ascii").strip()
    except (OSError, UnicodeError):
        return ""


def carries(pid: int, token: str) -> bool:
    """Whether a process was started with a shell's token in its environment."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as source:
            found = b"\0" + source.read(MAX_ENVIRONMENT_BYTES) + b"\0"
    except OSError:
        return False
    return f"\0{VARIABLE}={token}\0".encode() in found


def proven_members(shell: ShellSession, table: Mapping[int, Row], known: Set[Row], carry: Carries) -> tuple[Row, ...]:
    """Everybody in a recorded session, ended processes too; () where the number may be another session's by now.

    Proof is the leader with its recorded start. Where the leader is gone: a member that carries the token, or one of `known`,
    the members of an earlier look, while nobody in it is older than the leader.
    """
    members = tuple(row for row in table.values() if row.session == shell.session)
    leader = table.get(shell.session)
    if leader is not None:
        return members if leader.started == shell.started else ()
    if any(row.started < shell.started for row in members):
        return ()
    ids = {(row.pid, row.started) for row in known}
    proven = any((row.pid, row.started) in ids or carry(row.pid, shell.token) for row in members)
    return members if proven else ()


def is_left(shell: ShellSession, table: Mapping[int, Row], boot: str, own_session: int) -> bool:
    """Whether a record can be of a session that nobody owns any more: its Aether is gone, and we are not in it ourselves."""
    owner = table.get(shell.owner)
    owned = owner is not None and owner.alive and owner.started == shell.owner_started
    return bool(shell.boot == boot and shell.token) and shell.session > 1 and shell.session != own_session and not owned


def end_leftovers(shells: Iterable[ShellSession]) -> int:
    """SIGHUP to all of the recorded sessions, SIGKILL after 0.3 s; how many processes were there. Blocks until they are gone."""
    boot, table = boot_id(), process_table()
    if not boot or table is None:
        return 0
    own = os.getsid(0)
    hunt = _Hunt([shell for shell in shells if is_left(shell, table, boot, own)])
    found = hunt.look()
    count = len(found)
    _signal(found, HANG_UP)
    until = time.monotonic() + GRACE_S
    while hunt.look() and time.monotonic() < until:
        time.sleep(POLL_S)
    for _ in range(KILL_ROUNDS):
        found = hunt.look()
        if not found:
            break
        _signal(found, END)
        time.sleep(POLL_S)
    return count


class _Hunt:
    """Looks for the members of some sessions, again and again. What was proven once stays so while one of those seen then lives."""

    def __init__(self, shells: list[ShellSession]) -> None:
        self._known: dict[ShellSession, frozenset[Row]] = dict.fromkeys(shells, frozenset())

    def look(self) -> list[Row]:
        """Those that live now, parents first."""
        if not self._known:
            return []
        table = process_table() or {}
        for shell, known in self._known.items():
            self._known[shell] = frozenset(proven_members(shell, table, known, carries))
        return parents_first(row for members in self._known.values() for row in members if row.alive)


def _signal(rows: Sequence[Row], signals: tuple[int, ...]) -> None:
    """All rows get the first signal, then all the next."""
    for signum in signals:
        for row in rows:
            with contextlib.suppress(OSError):
                _signal_same(row, signum)


def _signal_same(row: Row, signum: int) -> None:
    """Signal a process unless its number has become another's. Raises OSError when it is gone or not ours to signal."""
    descriptor = os.pidfd_open(row.pid) if hasattr(os, "pidfd_open") else None
    try:
        now = read_row(row.pid)
        if now is None or (now.started, now.session) != (row.started, row.session):
            return
        if descriptor is None:
            os.kill(row.pid, signum)
        else:
            signal.pidfd_send_signal(descriptor, signum)
    finally:
        if descriptor is not None:
            os.close(descriptor)
