"""The account of the person's shells: told before they are shown, taken off before their number is another's."""

import logging
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernel.errors import StorageError
from kernel.store.connection import Statement
from kernel.store.database import Database
from kernel.store.repositories.shells import ShellRepository, ShellSession
from kernel.tasks import Scope
from kernel.tty import leftovers, shell_sessions
from kernel.tty.guardian import Guardian
from kernel.tty.sessions import read_row
from kernel.tty.shell_sessions import ShellSessions
from tests.fakes.clock import ManualClock


class Told(Guardian):
    """A guardian without a process."""

    def __init__(self) -> None:
        self.guarded: dict[int, int] = {}

    def guard(self, session: int, started: int) -> None:
        self.guarded[session] = started

    def release(self, session: int) -> None:
        self.guarded.pop(session)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    made = Database(tmp_path / "a.db", ManualClock())
    await made.open()
    yield made
    await made.close()


async def test_a_shell_is_on_the_account_while_it_is_open(database: Database) -> None:
    repository, guardian = ShellRepository(database), Told()
    sessions = ShellSessions(repository, guardian, Scope("test"))
    row = read_row(os.getpid())
    assert row is not None
    await sessions.keep(os.getpid(), "token")
    assert guardian.guarded == {os.getpid(): row.started}
    assert await repository.list() == (
        ShellSession("token", os.getpid(), row.started, leftovers.boot_id(), os.getpid(), row.started),
    )
    sessions.release("token")
    sessions.release("token")
    assert guardian.guarded == {}
    await repository.drop("nothing")
    assert await repository.list() == ()


async def test_where_there_is_no_proc_nothing_is_kept(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell_sessions, "read_row", lambda pid: None)
    monkeypatch.setattr(leftovers, "process_table", lambda: None)
    repository, guardian = ShellRepository(database), Told()
    sessions = ShellSessions(repository, guardian, Scope("test"))
    await sessions.keep(os.getpid(), "token")
    sessions.release("token")
    assert (guardian.guarded, await repository.list()) == ({}, ())
    assert leftovers.end_leftovers([ShellSession("token", 100, 1, leftovers.boot_id(), 1, 1)]) == 0


async def test_damaged_rows_are_left_out(database: Database) -> None:
    sql = "INSERT INTO shell_sessions (token, session, started, boot, owner, owner_started) VALUES (?, ?, ?, ?, ?, ?)"
    good = ShellSession("good", 100, 1, "boot", 1, 1)
    await ShellRepository(database).put(good)
    await database.write((Statement(sql, ("bad", "many", 1, "boot", 1, 1)), Statement(sql, ("worse", 1, 1, b"\xff", 1, 1))))
    assert await ShellRepository(database).list() == (good,)


class FullDisk(ShellRepository):
    """Nothing can be written."""

    async def put(self, shell: ShellSession) -> None:
        raise StorageError("The disk is full.")


@pytest.mark.expects_records
async def test_on_a_full_disk_a_shell_opens_all_the_same(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    guardian = Told()
    sessions = ShellSessions(FullDisk(database), guardian, Scope("test"))
    with caplog.at_level(logging.WARNING):
        await sessions.keep(os.getpid(), "token")
    assert list(guardian.guarded) == [os.getpid()]


@pytest.mark.expects_records
async def test_without_its_program_the_guardian_lets_shells_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("kernel.tty.guardian.start_apart", refused)
    before = len(os.listdir("/dev/fd"))
    guardian = Guardian()
    guardian.guard(1_000_000_000, 1)
    guardian.release(1_000_000_000)
    await guardian.close()
    assert guardian.pid is None
    assert len(os.listdir("/dev/fd")) == before
