"""The SQLite file: one writing connection with group commit, one reading connection, migrations, rescue of a corrupt file.

Owned by the kernel; the repositories and the journal call `write` and `query`. WAL with synchronous=NORMAL: what `write` has
returned for survives the death of the process. Nobody else opens the file for writing while a kernel has it.
"""

import asyncio
import errno
import sqlite3
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal

from kernel.clock import Clock
from kernel.errors import AetherError, DiskFullError, InvalidArgumentError, StorageError
from kernel.log import get_logger
from kernel.store.connection import Connection, Parameters, Statement, connect
from kernel.store.place import BESIDE, has_room, require_files
from kernel.tasks import Scope

MAX_BATCH = 2_000
ROOM_BYTES = 1 << 20
FULL_CHECK_BYTES = 64 * 1024 * 1024
GROWING = ("agent_logs", "transcript")
PARTS = "SELECT made.name, part.name FROM sqlite_master AS made JOIN pragma_table_info(made.name) AS part WHERE made.type = 'table'"

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a repository found in its rows at opening. notice: a sentence for people or "". mending: what is to be written."""

    notice: str = ""
    mending: tuple[Statement, ...] = ()


OpeningCheck = Callable[[], Awaitable[Finding]]


@dataclass(slots=True)
class _Pending:
    statements: tuple[Statement, ...]
    done: asyncio.Future[None]


class Database:
    """Open with `open`, write in atomic groups, read with `query`, `close` at the end.

    was_used: whether agents have worked here before, so that a file must be there and hold something. Blocks; may raise StorageError.
    """

    def __init__(self, path: Path, clock: Clock, was_used: Callable[[], bool] = lambda: False) -> None:
        self._path = path
        self._clock = clock
        self._was_used = was_used
        self._writer: Connection | None = None
        self._reader: Connection | None = None
        self._queue: asyncio.Queue[_Pending] = asyncio.Queue()
        self._scope = Scope("database")
        self._idle = asyncio.Event()
        self._idle.set()
        self._checks: list[OpeningCheck] = []

    def at_opening(self, check: "OpeningCheck") -> None:
        """Let a repository look at its rows when the file is opened; a file whose rows cannot be fetched is set aside."""
        self._checks.append(check)

    async def open(self) -> str | None:
        """Open or create the file. Returns sentences about what was damaged, such as a file set aside. Raises StorageError."""
        notice: str | None = None
        try:
            lost = self._lost()
            if lost == "gone":
                notice = self._begin_again()
            found = await self._open_checked(emptied=lost == "emptied")
        except StorageError as error:
            await self._close_connections()
            if not isinstance(error.__cause__, sqlite3.DatabaseError) or not _is_corruption(error.__cause__):
                raise
            kept = self._set_aside()
            notice = f"The database was damaged ({error.__cause__}); it is kept as {kept.name} and a new one was started."
            _log.error("%s", notice)
            found = await self._open_checked()
        self._scope.spawn(self._write_forever(), name="writer")
        for finding in found:
            await self.write(finding.mending)
        return " ".join(filter(None, (notice, *(finding.notice for finding in found)))) or None

    def _lost(self) -> Literal["", "gone", "emptied"]:
        """What became of the file that agents before left; a first start that was killed may leave an empty one, and loses nothing."""
        require_files(self._path)
        try:
            held = self._path.stat().st_size if self._path.exists() else -1
        except OSError as error:
            raise _storage_error(self._path, error) from error
        if held > 0 or not self._was_used():
            return ""
        return "gone" if held < 0 else "emptied"

    def _begin_again(self) -> str:
        """Say that the file was not there; what SQLite had beside it would be removed with the next one, so it is kept."""
        beside = any(self._path.with_name(self._path.name + suffix).exists() for suffix in BESIDE)
        kept = f" What was left beside it is kept as {self._set_aside().name}-*." if beside else ""
        notice = (
            "The database was not there although agents have worked here, so a new one was begun: "
            f"their runs are not listed any more, their homes are still there.{kept}"
        )
        _log.error("%s", notice)
        return notice

    async def _open_checked(self, *, emptied: bool = False) -> list["Finding"]:
        try:
            if emptied:
                raise sqlite3.DatabaseError("malformed: the file is empty")
            await self._open_connections()
        except (sqlite3.DatabaseError, OSError) as error:
            raise _storage_error(self._path, error) from error
        return [await check() for check in self._checks]

    async def close(self) -> None:
        """Write what waits, then close both connections."""
        await self._idle.wait()
        await self._scope.close()
        await self._close_connections()

    async def write(self, statements: Iterable[Statement]) -> None:
        """Carry out the statements as one atomic group; returns when they are committed.

        Groups that wait at the same time share a commit. Raises StorageError, or InvalidArgumentError for a value that SQLite
        cannot hold; then nothing of the group was written. Cancelling the wait does not take the group back.
        """
        await asyncio.shield(self.submit(statements))

    def submit(self, statements: Iterable[Statement]) -> "asyncio.Future[None]":
        """Like `write`, for a caller that wants to know of the commit even where its own task is cancelled meanwhile."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.add_done_callback(_looked_at)
        self._idle.clear()
        self._queue.put_nowait(_Pending(tuple(statements), done))
        return done

    def has_room(self) -> bool:
        """Whether the disk that holds the file has some: a small write may succeed in a full one, within what the file has already."""
        return has_room(self._path.parent, ROOM_BYTES)

    async def query(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """The rows of a SELECT as of the last commit. Raises StorageError."""
        assert self._reader is not None, "the database is not open"
        try:
            return list(await self._reader.execute_fetchall(sql, parameters))
        except sqlite3.Error as error:
            raise _storage_error(self._path, error) from error
        except (OverflowError, UnicodeError) as error:
            raise _unstorable(error) from error

    async def _open_connections(self) -> None:
        require_files(self._path)
        if not has_room(self._path.parent):  # reading might do, but the first thing that a kernel writes would wait unseen
            raise sqlite3.OperationalError("database or disk is full")
        self._writer = await connect(self._path)
        await self._writer.execute("PRAGMA journal_mode=WAL")
        await self._check()
        await _migrate(self._writer)
        self._reader = await connect(self._path)
        await self._reader.execute("PRAGMA query_only=ON")

    async def _check(self) -> None:
        """Raise DatabaseError for a damaged file, and for one that lacks what its form has.

        Of a large file the tables that grow without end are not read through: starting must be short.
        """
        assert self._writer is not None
        tables = [str(row[0]) for row in await self._writer.execute_fetchall("SELECT name FROM sqlite_master WHERE type = 'table'")]
        checks = ["PRAGMA quick_check(1)"]
        if self._path.stat().st_size > FULL_CHECK_BYTES:
            checks = [f"PRAGMA quick_check({table})" for table in tables if table not in GROWING and table.isidentifier()]
        for check in checks:
            rows = list(await self._writer.execute_fetchall(check))
            if rows and rows[0][0] != "ok":
                raise sqlite3.DatabaseError(f"malformed: {rows[0][0]}")
        lost = await _lost_parts(self._writer)
        if lost:
            raise sqlite3.DatabaseError(f"malformed: {lost} is missing")

    async def _close_connections(self) -> None:
        for connection in (self._reader, self._writer):
            if connection is not None:
                await connection.close()
        self._reader = self._writer = None

    def _set_aside(self) -> Path:
        stamp = int(self._clock.now())
        kept = self._path.with_name(f"{self._path.name}.damaged-{stamp}")
        for suffix in ("", *BESIDE):
            source = self._path.with_name(self._path.name + suffix)
            if source.exists():
                source.rename(kept.with_name(kept.name + suffix))
        return kept

    async def _write_forever(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while len(batch) < MAX_BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            await self._write_batch(batch)
            if self._queue.empty():
                self._idle.set()

    async def _write_batch(self, batch: list[_Pending]) -> None:
        error = await self._commit([statement for group in batch for statement in group.statements])
        if error is None:
            _resolve(batch, None)
        elif len(batch) == 1:
            _resolve(batch, _unstorable(error) if isinstance(error, (OverflowError, UnicodeError)) else _storage_error(self._path, error))
        else:
            for group in batch:
                await self._write_batch([group])

    async def _commit(self, statements: list[Statement]) -> Exception | None:
        assert self._writer is not None
        try:
            await self._writer.commit_all(statements)
        except Exception as error:  # noqa: BLE001  # edge: whatever it is (no memory, say), who waits is told and the next is written
            return error
        return None


async def _lost_parts(connection: Connection) -> str:
    """The first table or column that a file of this form must have and has not, in words; "" where all is there.

    The form is a number in the file, and the migrations up to it are never edited: what they make and the file lacks was lost. Of a
    form that only a newer version knows nothing can be told.
    """
    rows = list(await connection.execute_fetchall("PRAGMA user_version"))
    form = int(rows[0][0])
    if not form or form > _migrations()[-1][0]:
        return ""
    found = {(str(row[0]), str(row[1])) for row in await connection.execute_fetchall(PARTS)}
    missing = sorted(await asyncio.to_thread(_parts_of, form) - found)
    if not missing:
        return ""
    table, column = missing[0]
    return f"the column {column} of the table {table}" if table in {name for name, _ in found} else f"the table {table}"


def _parts_of(form: int) -> set[tuple[str, str]]:
    """(table, column) of everything that the migrations up to `form` make. Blocks."""
    connection = sqlite3.connect(":memory:")
    try:
        for number, sql in _migrations():
            if number <= form:
                connection.executescript(sql)
        return {(str(table), str(column)) for table, column in connection.execute(PARTS)}
    finally:
        connection.close()


async def _migrate(connection: Connection) -> None:
    """Apply the numbered SQL files that the file has not seen; each in one transaction."""
    rows = list(await connection.execute_fetchall("PRAGMA user_version"))
    current = int(rows[0][0])
    migrations = _migrations()
    if current > migrations[-1][0]:
        raise StorageError(
            f"The database was written by a newer Aether (its form is {current}, this one knows {migrations[-1][0]}).",
            "Install the newer version again; nothing was changed.",
        )
    for number, sql in migrations:
        if number > current:
            await connection.executescript(f"BEGIN;\n{sql}\nPRAGMA user_version={number};\nCOMMIT;")


def _migrations() -> list[tuple[int, str]]:
    folder = resources.files("kernel.store") / "migrations"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [(int(file.name[:4]), file.read_text("utf-8")) for file in files]


def _resolve(batch: list[_Pending], error: AetherError | None) -> None:
    for group in batch:
        if group.done.done():
            continue
        if error is None:
            group.done.set_result(None)
        else:
            group.done.set_exception(error)


def _looked_at(done: "asyncio.Future[None]") -> None:
    """Whoever waited may have gone before the refusal came: that is no fault to be warned of."""
    if not done.cancelled():
        done.exception()


def _is_corruption(error: sqlite3.DatabaseError) -> bool:
    text = str(error).lower()
    return "json" not in text and any(word in text for word in ("malformed", "not a database", "corrupt", "file is encrypted"))


def _storage_error(path: Path, error: Exception) -> StorageError:
    text = str(error) or type(error).__name__
    # SQLite says "disk I/O error" where it could not make its shared memory on a full disk.
    full = "full" in text or getattr(error, "errno", None) == errno.ENOSPC or ("disk I/O" in text and not has_room(path.parent))
    if full:
        return DiskFullError(
            f"The disk that holds {path.parent} is full; nothing can be saved.",
            "Free some space: Aether goes on by itself as soon as there is room.",
        )
    if "readonly" in text or "read-only" in text:
        return StorageError(
            f"{path} cannot be written: {text}.", "Mend its permissions or set AETHER_FS_ROOT to another folder."
        )
    if "locked" in text:
        return StorageError(
            f"The database {path} is locked by another program.",
            f"End the program that has it open (`fuser {path}` finds it), and try again.",
        )
    return StorageError(f"The database {path} refused: {text}.", "`aether doctor` checks it.")


def _unstorable(error: Exception) -> InvalidArgumentError:
    return InvalidArgumentError(f"A value cannot be stored: {error}.", "Numbers have at most 64 bits; text must be valid Unicode.")
