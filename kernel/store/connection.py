"""One connection to the SQLite file, on a thread of its own; a whole commit is one visit to that thread.

Opened by `Database`. What is here knows nothing of tables. A visit costs more than most statements do, so a group is not written
statement by statement.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosqlite

from kernel.log import get_logger
from kernel.tasks import Scope

Parameters = Sequence[Any]
ROWS_AT_ONCE = 64
PRAGMAS = ("busy_timeout=5000", "synchronous=NORMAL", "foreign_keys=ON", "journal_size_limit=16777216")

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement with its parameters."""

    sql: str
    parameters: Parameters = ()


class Connection(aiosqlite.Connection):
    """aiosqlite's, and `commit_all`."""

    async def commit_all(self, statements: Sequence[Statement]) -> None:
        """Carry out the statements in order and commit them together.

        Raises sqlite3.Error, OverflowError, UnicodeError or MemoryError; then nothing of them was written. Where the wait is cancelled
        they are carried out all the same.
        """
        await self._execute(self._commit_all, statements)  # type: ignore[no-untyped-call]  # the library types only what is public

    def _commit_all(self, statements: Sequence[Statement]) -> None:
        """On the connection's thread, which goes on with it while the loop's lets go of the connection."""
        connection = self._conn
        if connection.in_transaction:  # a rollback failed before: what it left must not be committed with these
            connection.rollback()
        try:
            for sql, rows in _merge(statements):
                connection.executemany(sql, rows)
            connection.commit()
        except BaseException:
            _roll_back(connection)
            raise


def _roll_back(connection: sqlite3.Connection) -> None:
    try:
        connection.rollback()
    except sqlite3.Error:
        _log.exception("a rollback failed")


async def connect(path: Path) -> Connection:
    """A connection to the file, which is made where it is missing. Raises sqlite3.Error."""
    refused: list[sqlite3.Error] = []

    def open_file() -> sqlite3.Connection:
        """A refusal is told afterwards: the library's thread would outlive it, and answer a loop that has ended meanwhile."""
        try:
            return sqlite3.connect(path)
        except sqlite3.Error as error:
            refused.append(error)
            return sqlite3.connect(":memory:")

    connection = Connection(open_file, ROWS_AT_ONCE)
    await _open(connection)
    if refused:
        await connection.close()
        raise refused[0]
    connection.row_factory = sqlite3.Row
    connection.text_factory = _as_text
    try:
        for pragma in PRAGMAS:
            await connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        await connection.close()  # its thread would keep the whole process from ending
        raise
    return connection


async def _open(connection: Connection) -> None:
    """Wait until it is open. Where the wait is cancelled it is closed first: its thread would answer a loop that has ended."""

    async def wait() -> None:
        await connection

    opening = Scope("opening").spawn(wait(), name="connection", awaited=True)
    try:
        await asyncio.shield(opening)
    except asyncio.CancelledError:
        await asyncio.wait((opening,))
        await connection.close()
        raise


def _as_text(content: bytes) -> str:
    """Damaged text is still text: sqlite3 itself would give up the whole answer for one byte of it."""
    return content.decode("utf-8", errors="replace")


def _merge(statements: Sequence[Statement]) -> list[tuple[str, list[Parameters]]]:
    """Neighbours with the same SQL become one executemany; their order is kept."""
    merged: list[tuple[str, list[Parameters]]] = []
    for statement in statements:
        if merged and merged[-1][0] == statement.sql:
            merged[-1][1].append(statement.parameters)
        else:
            merged.append((statement.sql, [statement.parameters]))
    return merged
