"""A whole commit is one visit to the connection's thread; what cannot be written leaves nothing behind."""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from kernel.store import connection as module
from kernel.store.connection import Connection, Statement, connect

INSERT = "INSERT INTO made VALUES (?, ?)"
HELD = "INSERT INTO made VALUES (?, wait())"


@pytest_asyncio.fixture
async def connection(tmp_path: Path) -> AsyncIterator[Connection]:
    opened = await connect(tmp_path / "a.db")
    await opened.execute("CREATE TABLE made (id INTEGER PRIMARY KEY, word TEXT)")
    await opened.commit()
    yield opened
    await opened.close()


async def held(connection: Connection) -> tuple[threading.Event, threading.Event]:
    """(set once `HELD` is carried out, lets it go on)."""
    begun, left = threading.Event(), threading.Event()

    def wait() -> str:
        begun.set()
        assert left.wait(5)
        return "waited"

    await connection.create_function("wait", 0, wait)
    return begun, left


async def words(connection: Connection) -> list[str]:
    return [str(row["word"]) for row in await connection.execute_fetchall("SELECT word FROM made ORDER BY id")]


@pytest.mark.feature("ST01")
async def test_statements_of_many_kinds_are_one_visit_in_their_order(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits: list[Callable[..., Any]] = []
    execute = connection._execute

    async def counted(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        visits.append(function)
        return await execute(function, *arguments, **named)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(connection, "_execute", counted)
    statements = [Statement(INSERT, (number, f"w{number}")) for number in range(3)]
    statements += [
        Statement("UPDATE made SET word = 'changed' WHERE id = ?", (1,)),
        Statement("DELETE FROM made WHERE id = 0"),
    ]
    await connection.commit_all([*statements, Statement(INSERT, (9, "last"))])
    assert len(visits) == 1
    assert await words(connection) == ["changed", "w2", "last"]


@pytest.mark.feature("ST01")
@pytest.mark.parametrize(
    "wrong",
    [
        Statement("INSERT INTO nowhere VALUES (1)"),
        Statement(INSERT, (2**70, "large")),
        Statement(INSERT, (7, "\ud800")),
    ],
)
async def test_nothing_of_a_group_stays_that_cannot_be_written_whole(connection: Connection, wrong: Statement) -> None:
    with pytest.raises((sqlite3.Error, OverflowError, UnicodeError)):
        await connection.commit_all([Statement(INSERT, (1, "before")), wrong, Statement(INSERT, (2, "behind"))])
    assert not connection.in_transaction
    assert await words(connection) == []
    await connection.commit_all([Statement(INSERT, (3, "after"))])
    assert await words(connection) == ["after"]


@pytest.mark.feature("ST01")
async def test_what_could_not_be_rolled_back_is_not_committed_with_the_next_group(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as failing:
        failing.setattr(module, "_roll_back", lambda connection: None)
        with pytest.raises(sqlite3.Error):
            await connection.commit_all([Statement(INSERT, (1, "before")), Statement("INSERT INTO nowhere VALUES (1)")])
    assert connection.in_transaction
    await connection.commit_all([Statement(INSERT, (3, "after"))])
    assert await words(connection) == ["after"]


@pytest.mark.feature("ST01")
async def test_who_leaves_in_the_middle_of_a_commit_leaves_it_whole(connection: Connection) -> None:
    begun, left = await held(connection)
    statements = [Statement(INSERT, (1, "before")), Statement(HELD, (2,)), Statement(INSERT, (3, "behind"))]
    writing = asyncio.get_running_loop().create_task(connection.commit_all(statements))
    assert await asyncio.to_thread(begun.wait, 5)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    left.set()
    assert await words(connection) == ["before", "waited", "behind"]
    assert not connection.in_transaction


@pytest.mark.feature("ST01")
async def test_a_connection_that_is_let_go_of_meanwhile_writes_to_its_end(connection: Connection, tmp_path: Path) -> None:
    begun, left = await held(connection)
    statements = [Statement(HELD, (2,)), Statement(INSERT, (3, "behind"))]
    writing = asyncio.get_running_loop().create_task(connection.commit_all(statements))
    assert await asyncio.to_thread(begun.wait, 5)
    closing = asyncio.get_running_loop().create_task(connection.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.sleep(0)
    left.set()
    with pytest.raises(asyncio.CancelledError):
        await closing
    await writing
    with contextlib.closing(sqlite3.connect(tmp_path / "a.db")) as other:
        assert other.execute("SELECT word FROM made ORDER BY id").fetchall() == [("waited",), ("behind",)]


@pytest.mark.feature("ST01")
async def test_what_is_no_error_of_the_database_leaves_nothing_behind_either(connection: Connection) -> None:
    with pytest.raises(TypeError):
        await connection.commit_all([Statement(INSERT, (1, "before")), Statement(7, ())])  # type: ignore[arg-type]  # the fault
    assert not connection.in_transaction
    assert await words(connection) == []
