"""Which program has a terminal in its foreground: what would be interrupted if the terminal were closed now.

Linux tells through the terminal's process group and /proc, for shells in a sandbox too (their numbers are the host's here).
Elsewhere nothing is known. Blocking for one or a few small files.
"""

import contextlib
import dataclasses
import os
from dataclasses import dataclass

NAME_CHARS = 64
COMMAND_CHARS = 512


@dataclass(frozen=True, slots=True)
class Foreground:
    """A program in the foreground. shell: it is the terminal's own program, so nothing else runs in front of it.

    background: how many other processes live in its session, besides the terminal's own program: jobs that a shell started.
    """

    name: str
    command: str
    shell: bool
    background: int = 0


def foreground(descriptor: int) -> Foreground | None:
    """The program in the foreground of the terminal with this master; None where nothing is known or the end has come."""
    try:
        group = os.tcgetpgrp(descriptor)
    except OSError:
        return None
    if group <= 0:
        return None
    for pid in (group, *_members(group)):
        found = _described(pid)
        if found is not None:
            return dataclasses.replace(found, background=_background(pid, group))
    return None


def _described(pid: int) -> Foreground | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as source:
            head, _, tail = source.read(4096).rpartition(b")")
        fields = tail.split()
        if fields[0] in (b"Z", b"X"):
            return None
        with open(f"/proc/{pid}/cmdline", "rb") as source:
            command = source.read(4 * COMMAND_CHARS).replace(b"\0", b" ").decode("utf-8", "replace").strip()
    except (OSError, IndexError):
        return None
    name = head.partition(b"(")[2].decode("utf-8", "replace")
    return Foreground(_printable(name)[:NAME_CHARS], _printable(command)[:COMMAND_CHARS], fields[3] == str(pid).encode())


def _background(pid: int, group: int) -> int:
    """How many live in a process's session who are neither its leader nor in the group in front."""
    count = 0
    with contextlib.suppress(OSError):
        session = os.getsid(pid)
        for name in os.listdir("/proc"):
            if name.isdigit() and int(name) != session:
                with contextlib.suppress(OSError, IndexError), open(f"/proc/{name}/stat", "rb") as source:
                    state, _, own_group, own_session = source.read(4096).rpartition(b")")[2].split()[:4]
                    count += own_session == b"%d" % session and own_group != b"%d" % group and state not in (b"Z", b"X")
    return count


def _members(group: int) -> list[int]:
    """Further processes of a group whose leader has gone."""
    found = []
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):
            if name.isdigit():
                with contextlib.suppress(OSError, ProcessLookupError):
                    if os.getpgid(int(name)) == group and int(name) != group:
                        found.append(int(name))
    return found


def _printable(text: str) -> str:
    return "".join([char if char.isprintable() else "?" for char in text])
