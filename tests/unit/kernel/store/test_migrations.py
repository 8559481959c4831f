"""Each migration, tried on a store of the version before it with a row in every table; and one that is interrupted."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from kernel.errors import StorageError
from kernel.store import database as database_module
from kernel.store.database import Database
from kernel.store.repositories.shells import ShellRepository, ShellSession
from tests.fakes.clock import ManualClock

MIGRATIONS = database_module._migrations()
PROJECT = Path(__file__).resolve().parents[4]
LATEST = MIGRATIONS[-1][0]
VALUES = {"INTEGER": 7, "REAL": 1.5, "TEXT": "words", "BLOB": b"{}"}
#: Opens a store and is killed in the middle of its migration to version 2: `python -c DYING FILE SQL`.
DYING = """import asyncio, os, pathlib, sys
from kernel.clock import SystemClock
from kernel.store import database
connect = database.connect
async def connect_and_die_later(path):
    connection = await connect(path)
    await connection.create_function("die", 0, lambda: os.kill(os.getpid(), 9))
    return connection
database.connect = connect_and_die_later
database._migrations = lambda: [(2, sys.argv[2])]
asyncio.run(database.Database(pathlib.Path(sys.argv[1]), SystemClock()).open())
"""
Rows = dict[str, list[tuple[object, ...]]]


def tables(connection: sqlite3.Connection) -> list[str]:
    return [str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]


def rows(path: Path) -> Rows:
    with closing(sqlite3.connect(path)) as connection:
        return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables(connection)}


def store_of(version: int, path: Path) -> Rows:
    """A store as an Aether of that version left it, with a row in each of its tables, which are returned."""
    with closing(sqlite3.connect(path)) as connection:
        for number, sql in MIGRATIONS:
            if number <= version:
                connection.executescript(sql)
        connection.execute(f"PRAGMA user_version={version}")
        for table in tables(connection):
            kinds = [row[2] for row in connection.execute(f"PRAGMA table_info({table})")]
            connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(kinds))})", [VALUES[kind] for kind in kinds])
        connection.commit()
    return rows(path)


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_the_numbers_are_those_that_were_given_in_turn() -> None:
    assert [number for number, _ in MIGRATIONS] == list(range(1, LATEST + 1))


@pytest.mark.feature("ST02")
@pytest.mark.parametrize("version", range(1, LATEST))
async def test_a_store_of_each_version_opens_and_keeps_its_rows(tmp_path: Path, version: int) -> None:
    path = tmp_path / "a.db"
    before = store_of(version, path)
    database = Database(path, ManualClock())
    assert await database.open() is None
    await database.close()
    after = rows(path)
    assert {table: after[table] for table in before} == before
    assert all(before.values())
    assert version_of(path) == LATEST


async def test_version_2_remembers_shells(tmp_path: Path) -> None:
    assert "shell_sessions" not in store_of(1, tmp_path / "a.db")
    database = Database(tmp_path / "a.db", ManualClock())
    await database.open()
    repository, shell = ShellRepository(database), ShellSession("token", 100, 5000, "boot", 90, 4000)
    assert await repository.list() == ()
    await repository.put(shell)
    assert await repository.list() == (shell,)
    await database.close()


async def _opens_after(path: Path, before: Rows) -> None:
    """The store is still that of version 1, and the next start brings it up to date."""
    assert (version_of(path), rows(path)) == (1, before)
    database = Database(path, ManualClock())
    assert await database.open() is None
    await database.close()
    after = rows(path)
    assert after.pop("shell_sessions") == []
    assert after == before
    assert list(path.parent.glob("*.damaged-*")) == []


async def test_a_migration_that_fails_half_way_leaves_the_store_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.db"
    before = store_of(1, path)
    broken = [(2, MIGRATIONS[1][1] + "\nDELETE FROM users;\nINSERT INTO nowhere VALUES (1);")]
    with monkeypatch.context() as patch:
        patch.setattr(database_module, "_migrations", lambda: [MIGRATIONS[0], *broken])
        with pytest.raises(StorageError, match="nowhere"):
            await Database(path, ManualClock()).open()
    await _opens_after(path, before)


async def test_a_death_in_the_middle_of_a_migration_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    """So much is written that it is on the disk already, though not committed."""
    path = tmp_path / "a.db"
    before = store_of(1, path)
    numbers = "WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n LIMIT 2000) SELECT value FROM n"
    filling = f"INSERT INTO transcript SELECT 8, value, zeroblob(4096) FROM ({numbers});"
    script = f"{MIGRATIONS[1][1]}\nDELETE FROM users;\n{filling}\nSELECT die();"
    ended = subprocess.run((sys.executable, "-c", DYING, str(path), script), cwd=PROJECT, check=False, timeout=30)
    assert ended.returncode == -signal.SIGKILL
    assert path.with_name("a.db-wal").stat().st_size > 4_000_000
    await _opens_after(path, before)
