"""In which order the members of a session are signalled."""

import os
import signal

import pytest

from kernel.tty import sessions
from kernel.tty.sessions import END, HANG_UP, Row, end_session, session_members, signal_session

#: A shell, a script in it whose number is the smallest since numbers began anew, its command, and one with a session of its own.
SHELL, SCRIPT = Row(32760, 1, 32760, 500, b"S"), Row(301, 32760, 32760, 600, b"S")
COMMAND, APART = Row(300, 301, 32760, 600, b"R"), Row(16, 301, 16, 700, b"S")
ENDED, STRANGER = Row(303, 301, 32760, 650, b"Z"), Row(8, 1, 8, 400, b"S")
PARENTS_FIRST = (32760, 301, 16)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """What is signalled in a table without the command; whoever is killed is gone."""
    table = {row.pid: row for row in (STRANGER, APART, SCRIPT, ENDED, SHELL)}
    told: list[tuple[int, int]] = []

    def kill(pid: int, signum: int) -> None:
        told.append((pid, signum))
        if signum == signal.SIGKILL:
            del table[pid]

    monkeypatch.setattr(sessions, "process_table", lambda: dict(table))
    monkeypatch.setattr(os, "kill", kill)
    return told


def test_the_oldest_come_first_whatever_their_numbers(sent: list[tuple[int, int]]) -> None:
    assert session_members(32760) == PARENTS_FIRST
    assert sessions.parents_first([COMMAND, SCRIPT, SHELL]) == [SHELL, COMMAND, SCRIPT], "born in one tick: by number"


def test_hanging_up_wakes_who_is_stopped_and_stops_nobody(sent: list[tuple[int, int]]) -> None:
    signal_session(32760, HANG_UP)
    assert sent == [(pid, signum) for signum in (signal.SIGHUP, signal.SIGCONT) for pid in PARENTS_FIRST]


def test_nobody_is_killed_before_everybody_is_stopped(sent: list[tuple[int, int]]) -> None:
    assert end_session(32760, 5.0)
    assert sent == [(pid, signum) for signum in (signal.SIGSTOP, signal.SIGKILL) for pid in PARENTS_FIRST]


def test_who_came_meanwhile_is_ended_too(sent: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([[SHELL], [SHELL, SCRIPT], [SCRIPT], [SCRIPT], [SCRIPT]])
    monkeypatch.setattr(sessions, "process_table", lambda: {row.pid: row for row in next(looks, [])})
    monkeypatch.setattr(os, "kill", lambda pid, signum: sent.append((pid, signum)))
    monkeypatch.setattr(sessions, "POLL_S", 0.0)
    assert end_session(32760, 5.0)
    assert [pid for pid, signum in sent if signum == signal.SIGKILL][:2] == [32760, 301]


def test_what_cannot_be_ended_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "process_table", lambda: {SHELL.pid: SHELL})
    monkeypatch.setattr(os, "kill", lambda pid, signum: None)
    assert not end_session(32760, 0.0)
    assert END[-1] == signal.SIGKILL
