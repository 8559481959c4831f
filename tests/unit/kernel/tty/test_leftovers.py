"""Which processes are proven to be of a shell that an earlier run left."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.store.repositories.shells import ShellSession
from kernel.tty.leftovers import is_left, proven_members
from kernel.tty.sessions import Row, parse_stat

SHELL = ShellSession("token", 100, 5000, "boot", owner=90, owner_started=4000)
LEADER = Row(100, 90, 100, 5000, b"S")
JOB = Row(101, 100, 100, 5001, b"S")
ORPHAN = Row(102, 1, 100, 5002, b"R")
STRANGER = Row(200, 1, 200, 5003, b"S")
OWNER = Row(90, 1, 80, 4000, b"S")


def found(*rows: Row, carriers: tuple[int, ...] = (), known: frozenset[Row] = frozenset()) -> set[int]:
    table = {row.pid: row for row in rows}
    return {row.pid for row in proven_members(SHELL, table, known, lambda pid, token: token == "token" and pid in carriers)}


def test_a_leader_with_the_recorded_start_proves_its_session() -> None:
    assert found(LEADER, JOB, ORPHAN, STRANGER) == {100, 101, 102}


def test_an_ended_leader_that_nobody_has_reaped_still_holds_the_number() -> None:
    assert found(Row(100, 90, 100, 5000, b"Z"), ORPHAN) == {100, 102}


def test_a_number_that_has_become_another_leader_s_proves_nothing() -> None:
    assert found(Row(100, 1, 100, 9000, b"S"), Row(101, 100, 100, 9001, b"S"), carriers=(100, 101)) == set()


def test_a_number_that_has_become_a_member_of_another_session_proves_nothing() -> None:
    assert found(Row(100, 1, 70, 9000, b"S"), carriers=(100,)) == set()


def test_without_a_leader_one_member_with_the_token_proves_the_session() -> None:
    assert found(JOB, ORPHAN, STRANGER, carriers=(102,)) == {101, 102}
    assert found(JOB, ORPHAN, STRANGER, carriers=(200,)) == set()
    assert found(JOB, ORPHAN) == set()


def test_without_a_leader_a_member_that_is_older_than_it_refutes_the_session() -> None:
    assert found(JOB, Row(103, 1, 100, 4999, b"S"), carriers=(101,)) == set()


def test_what_was_proven_stays_so_while_one_of_the_proven_lives() -> None:
    born_since = Row(104, 101, 100, 6000, b"S")
    assert found(JOB, born_since, known=frozenset({JOB})) == {101, 104}
    assert found(Row(101, 1, 100, 7000, b"S"), known=frozenset({JOB})) == set()
    assert found(born_since, known=frozenset({JOB})) == set()


def test_a_record_of_this_boot_whose_aether_is_gone_is_left() -> None:
    assert is_left(SHELL, {}, "boot", 7)
    assert is_left(SHELL, {90: Row(90, 1, 80, 4001, b"S")}, "boot", 7)
    assert is_left(SHELL, {90: Row(90, 1, 80, 4000, b"Z")}, "boot", 7)


@pytest.mark.parametrize(
    ("shell", "boot", "own"),
    [
        (SHELL, "another boot", 7),
        (SHELL, "boot", 100),
        (ShellSession("token", 1, 5000, "boot", 90, 4000), "boot", 7),
        (ShellSession("token", 0, 5000, "boot", 90, 4000), "boot", 7),
        (ShellSession("token", -5, 5000, "boot", 90, 4000), "boot", 7),
        (ShellSession("", 100, 5000, "boot", 90, 4000), "boot", 7),
    ],
    ids=["rebooted", "we are in it", "init", "the system", "negative", "no token"],
)
def test_other_records_are_not(shell: ShellSession, boot: str, own: int) -> None:
    assert not is_left(shell, {}, boot, own)


def test_the_shells_of_an_aether_that_runs_are_not() -> None:
    """The record came with a copy of its folder."""
    assert not is_left(SHELL, {90: OWNER}, "boot", 7)


@given(st.binary(max_size=15).filter(lambda name: b"\0" not in name))
def test_a_line_of_the_table_whatever_the_program_is_called(name: bytes) -> None:
    line = b"42 (%s) T 7 41 40 0 -1 4194304 1 0 0 0 11 31 0 0 20 0 1 0 12345 1000 3 18446744073709551615 0" % name
    assert parse_stat(line) == Row(42, 7, 40, 12345, b"T")


@given(st.binary(max_size=60))
def test_no_line_is_too_strange(line: bytes) -> None:
    row = parse_stat(line)
    assert row is None or isinstance(row.pid, int)
