"""One writer, group commit, and what the disk refuses."""

import asyncio
import gc
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from kernel.errors import DiskFullError, InvalidArgumentError, StorageError
from kernel.store.connection import Connection, Statement
from kernel.store.database import Database
from tests.fakes.clock import ManualClock

TABLES = {
    "processes",
    "agent_logs",
    "file_metadata",
    "kernel_metrics",
    "snapshots",
    "shared_mounts",
    "shared_mount_members",
    "users",
    "transcript",
    "ipc_messages",
}


def day(name: str, tokens: object) -> Statement:
    return Statement("INSERT INTO token_days (day, tokens) VALUES (?, ?)", (name, tokens))


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    made = Database(tmp_path / "a.db", ManualClock())
    assert await made.open() is None
    yield made
    await made.close()


async def days(database: Database) -> list[str]:
    return [row[0] for row in await database.query("SELECT day FROM token_days ORDER BY day")]


@pytest.mark.feature("ST02")
async def test_the_tables_and_the_journal_mode(database: Database) -> None:
    names = {row[0] for row in await database.query("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert names >= TABLES
    assert (await database.query("PRAGMA journal_mode"))[0][0] == "wal"


async def test_groups_that_wait_together_stand_and_fall_alone(database: Database) -> None:
    good = [database.write((day(f"d{number}", number),)) for number in range(50)]
    bad = database.write((day("bad", 1), Statement("INSERT INTO nowhere VALUES (1)")))
    twice = database.write((day("d7", 1),))
    results = await asyncio.gather(*good[:25], bad, *good[25:], twice, return_exceptions=True)
    failed = [result for result in results if result is not None]
    assert all(isinstance(result, StorageError) for result in failed)
    assert len(failed) == 2
    assert await days(database) == sorted(f"d{number}" for number in range(50))


@pytest.mark.parametrize("value", ["\ud800", 2**70])
async def test_what_cannot_be_stored_is_refused_and_the_writer_goes_on(database: Database, value: object) -> None:
    results = await asyncio.gather(
        database.write((day("a", 1),)), database.write((day("x", value),)), database.write((day("b", 2),)), return_exceptions=True
    )
    assert isinstance(results[1], InvalidArgumentError)
    assert await days(database) == ["a", "b"]
    with pytest.raises(InvalidArgumentError):
        await database.query("SELECT ?", (value,))
    await database.write((day("c", 3),))
    assert await days(database) == ["a", "b", "c"]


@pytest.mark.feature("ST01")
async def test_no_fault_in_a_commit_keeps_those_waiting_who_write(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where there is no memory, which is no error of the database's."""
    commit_all = Connection.commit_all

    async def fail(self: Connection, statements: Sequence[Statement]) -> None:
        monkeypatch.setattr(Connection, "commit_all", commit_all)
        raise MemoryError

    monkeypatch.setattr(Connection, "commit_all", fail)
    async with asyncio.timeout(5):
        with pytest.raises(StorageError, match="refused: MemoryError"):
            await database.write([day("lost", 1)])
        await database.write([day("kept", 1)])
    assert await days(database) == ["kept"]


@pytest.mark.feature("ST01")
async def test_what_write_returned_for_is_there_for_another_process(database: Database, tmp_path: Path) -> None:
    await database.write((day("seen", 1),))
    other = sqlite3.connect(tmp_path / "a.db")
    assert other.execute("SELECT day FROM token_days").fetchall() == [("seen",)]
    other.close()


async def test_a_full_disk_is_said_and_nothing_of_the_group_stays(database: Database) -> None:
    pages = (await database.query("PRAGMA page_count"))[0][0]
    writer = database._writer
    assert writer is not None
    await writer.execute(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(DiskFullError, match="is full"):
        await database.write((day("first", 1), Statement("INSERT INTO transcript VALUES (1, 1, ?)", ("x" * 100_000,))))
    assert await days(database) == []
    await writer.execute("PRAGMA max_page_count=1000000")
    await database.write((day("after", 1),))
    assert await days(database) == ["after"]


@pytest.mark.expects_records
@pytest.mark.parametrize("damage", ["header", "middle", "empty-header"])
async def test_a_damaged_file_is_kept_aside(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "a.db"
    first = Database(path, ManualClock())
    await first.open()
    for number in range(200):
        await first.write((Statement("INSERT INTO transcript VALUES (1, ?, ?)", (number, "y" * 500)),))
    await first.close()
    content = bytearray(path.read_bytes())
    if damage == "header":
        content[:100] = b"z" * 100
    elif damage == "middle":
        content[4096:40_960] = b"\xff" * (40_960 - 4096)
    else:
        content[:16] = b"\0" * 16
    path.write_bytes(content)
    second = Database(path, ManualClock(77.0))
    notice = await second.open()
    assert notice is not None
    assert "aether" not in notice
    kept = tmp_path / "a.db.damaged-77"
    assert kept.name in notice
    assert kept.read_bytes() == bytes(content)
    assert await days(second) == []
    await second.write((day("new", 1),))
    await second.close()


@pytest.mark.expects_records
@pytest.mark.parametrize(
    ("damage", "lost"),
    [
        ("DROP TABLE processes", "the table processes"),
        ("DROP TABLE shell_sessions", "the table shell_sessions"),
        ("ALTER TABLE transcript RENAME TO elsewhere", "the table transcript"),
        ("ALTER TABLE token_days RENAME COLUMN tokens TO coins", "the column tokens of the table token_days"),
    ],
)
async def test_a_file_that_lacks_a_part_of_its_form_is_kept_aside(tmp_path: Path, damage: str, lost: str) -> None:
    path = tmp_path / "a.db"
    first = Database(path, ManualClock())
    await first.open()
    await first.write((day("kept", 1),))
    await first.close()
    connection = sqlite3.connect(path)
    connection.execute(damage)
    connection.commit()
    connection.close()
    second = Database(path, ManualClock(77.0))
    notice = await second.open()
    assert notice is not None
    assert f"{lost} is missing" in notice
    assert "a.db.damaged-77" in notice
    await second.write((day("new", 1),))
    await second.close()
    kept = sqlite3.connect(tmp_path / "a.db.damaged-77")
    assert kept.execute("SELECT count(*) FROM token_days").fetchone() == (1,)
    kept.close()


async def test_a_table_that_is_there_besides_harms_nobody(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    first = Database(path, ManualClock())
    await first.open()
    await first.close()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE somebodys (x)")
    connection.execute("ALTER TABLE token_days ADD COLUMN note TEXT")
    connection.commit()
    connection.close()
    second = Database(path, ManualClock())
    assert await second.open() is None
    await second.close()


async def test_an_empty_file_is_a_new_database(tmp_path: Path) -> None:
    (tmp_path / "a.db").touch()
    database = Database(tmp_path / "a.db", ManualClock())
    assert await database.open() is None
    await database.close()


async def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "a.db")
    connection.execute("CREATE TABLE later (x)")
    connection.execute("PRAGMA user_version=9999")
    connection.commit()
    connection.close()
    database = Database(tmp_path / "a.db", ManualClock())
    with pytest.raises(StorageError, match="newer Aether"):
        await database.open()
    connection = sqlite3.connect(tmp_path / "a.db")
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("later",)]
    connection.close()


async def test_a_folder_in_its_place_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "a.db").mkdir()
    with pytest.raises(StorageError):
        await Database(tmp_path / "a.db", ManualClock()).open()


async def test_an_opening_that_is_cancelled_ends_with_its_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite's thread would answer a loop that has ended meanwhile, and print that nobody was there."""
    begun, may_go_on = threading.Event(), threading.Event()
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def slow(*words: Any) -> sqlite3.Connection:
        begun.set()
        assert may_go_on.wait(10)
        return connect(*words)

    monkeypatch.setattr(sqlite3, "connect", slow)
    opening = asyncio.get_running_loop().create_task(Database(tmp_path / "a.db", ManualClock()).open())
    assert await asyncio.to_thread(begun.wait, 10)
    opening.cancel()
    done, _ = await asyncio.wait((opening,), timeout=0.2)
    may_go_on.set()
    assert not done, "its thread still opens the file"
    with pytest.raises(asyncio.CancelledError):
        await opening


@pytest.mark.feature("EV10")
@pytest.mark.expects_records
@pytest.mark.parametrize("with_log", [True, False])
async def test_an_emptied_file_is_kept_aside_and_said_so(tmp_path: Path, with_log: bool) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"")
    if with_log:
        (tmp_path / "a.db-wal").write_bytes(b"what was not in the file yet")
    database = Database(path, ManualClock(), was_used=lambda: True)
    notice = str(await database.open())
    assert "the file is empty" in notice
    (kept,) = [found for found in tmp_path.glob("a.db.damaged-*") if not found.name.endswith("-wal")]
    assert kept.name in notice and kept.read_bytes() == b""
    if with_log:
        assert kept.with_name(f"{kept.name}-wal").read_bytes() == b"what was not in the file yet"
    await database.write((day("d", 1),))
    await database.close()


@pytest.mark.feature("EV10")
@pytest.mark.expects_records
@pytest.mark.parametrize("with_log", [True, False])
async def test_a_file_that_is_gone_is_said_where_agents_have_worked(tmp_path: Path, with_log: bool) -> None:
    if with_log:
        (tmp_path / "a.db-wal").write_bytes(b"what was not in the file yet")
    database = Database(tmp_path / "a.db", ManualClock(), was_used=lambda: True)
    notice = str(await database.open())
    assert "was not there" in notice
    assert [found.read_bytes() for found in tmp_path.glob("a.db.damaged-*-wal")] == [b"what was not in the file yet"] * with_log
    assert ("is kept as a.db.damaged-" in notice) is with_log
    await database.close()
    again = Database(tmp_path / "a.db", ManualClock(), was_used=lambda: True)
    assert await again.open() is None
    await again.close()


async def test_where_no_agent_ever_worked_an_empty_file_is_a_new_one(tmp_path: Path) -> None:
    """A first start that was killed in its first milliseconds leaves one."""
    (tmp_path / "a.db").write_bytes(b"")
    database = Database(tmp_path / "a.db", ManualClock())
    assert await database.open() is None
    await database.close()
    assert [found.name for found in tmp_path.iterdir()] == ["a.db"]


@pytest.mark.feature("ST02")
async def test_a_database_that_another_program_holds_is_said_with_what_to_do(database: Database, tmp_path: Path) -> None:
    """Also where whoever wrote has gone meanwhile: the refusal is nobody's then, and no warning of Python's."""
    warned: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: warned.append(str(context["message"])))
    assert database._writer is not None
    await database._writer.execute("PRAGMA busy_timeout=20")
    with closing(sqlite3.connect(tmp_path / "a.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        leaving = asyncio.ensure_future(database.write((day("a", 1),)))
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(StorageError, match=r"is locked by another program.*End the program"):
            await database.write((day("b", 1),))
    del leaving
    gc.collect()
    assert not warned
    await database.write((day("c", 1),))
    assert await days(database) == ["c"]
