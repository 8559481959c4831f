"""SQL of processes: the table that survives, and the history of runs.

Called by the process manager and the history commands. Only `info`, `config` and `run` hold the truth; the other columns are
there to be searched.
"""

from typing import Any

import msgspec

from kernel.protocol.base import Record
from kernel.protocol.records import AgentConfig, ProcessInfo
from kernel.store.database import Database, Statement

SEARCH_CHARACTERS = 2_000


class RunRecord(Record, frozen=True, kw_only=True, rename="camel"):
    """What an agent's loop must find again after an interruption, beside its transcript.

    rules: what its person allowed always. active_s: seconds that it was at work. queued: (message id, text, mode) not given to it yet.
    thought_step: the last step whose thought is recorded; None in runs that an older Aether began.
    """

    step: int = 0
    thought_step: int | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    active_s: float = 0.0
    rules: tuple[str, ...] = ()
    token_budget: int | None = None
    time_budget_s: float | None = None
    max_steps: int = 0
    queued: tuple[tuple[str, ...], ...] = ()


class StoredProcess(Record, frozen=True, kw_only=True, rename="camel"):
    """One row."""

    info: ProcessInfo
    config: AgentConfig
    run: RunRecord


class ProcessRepository:
    """Rows of `processes`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def next_pid(self) -> int:
        """A pid that no run ever had."""
        rows = await self._database.query(
            "SELECT max(coalesce((SELECT max(pid) FROM processes), 0), "
            "coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'processes'), 0))"
        )
        return int(rows[0][0]) + 1

    @staticmethod
    def save(info: ProcessInfo, config: AgentConfig, run: RunRecord) -> Statement:
        """The statement that writes the whole row."""
        return Statement(
            "INSERT INTO processes (pid, owner_uid, state, created_at, ended_at, search, info, config, run) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (pid) DO UPDATE SET state = excluded.state, "
            "ended_at = excluded.ended_at, info = excluded.info, config = excluded.config, run = excluded.run",
            (
                info.pid,
                info.owner_uid,
                info.state,
                info.created_at,
                info.ended_at,
                _search_text(info),
                msgspec.json.encode(info).decode(),
                msgspec.json.encode(config).decode(),
                msgspec.json.encode(run).decode(),
            ),
        )

    @staticmethod
    def save_state(info: ProcessInfo, run: RunRecord) -> Statement:
        """The statement that writes what changes while it runs."""
        return Statement(
            "UPDATE processes SET state = ?, ended_at = ?, info = ?, run = ? WHERE pid = ?",
            (info.state, info.ended_at, msgspec.json.encode(info).decode(), msgspec.json.encode(run).decode(), info.pid),
        )

    async def get(self, pid: int) -> StoredProcess | None:
        """One run, whatever its state."""
        rows = await self._database.query("SELECT info, config, run FROM processes WHERE pid = ?", (pid,))
        return _stored(rows[0]) if rows else None

    async def not_dead(self) -> tuple[StoredProcess, ...]:
        """The runs that were not over when they were last written, by rising pid."""
        rows = await self._database.query("SELECT info, config, run FROM processes WHERE state <> 'dead' ORDER BY pid")
        return tuple(_stored(row) for row in rows)

    async def page(self, owner_uid: str | None, before_pid: int, limit: int, query: str) -> tuple[ProcessInfo, ...]:
        """Runs, newest first. owner_uid None: everybody's. query: each of its words must occur."""
        where, parameters = _where(owner_uid, before_pid, query)
        rows = await self._database.query(
            f"SELECT info FROM processes {where} ORDER BY pid DESC LIMIT ?", (*parameters, limit)
        )
        return tuple(msgspec.json.decode(row[0], type=ProcessInfo) for row in rows)

    async def count(self, owner_uid: str | None, query: str) -> int:
        """How many runs match."""
        where, parameters = _where(owner_uid, 0, query)
        rows = await self._database.query(f"SELECT count(*) FROM processes {where}", parameters)
        return int(rows[0][0])

    async def count_dead(self) -> tuple[tuple[str, int | None, int], ...]:
        """(owner, exit code, how many) of the runs that are dead."""
        rows = await self._database.query(
            "SELECT owner_uid, json_extract(info, '$.exitCode') AS code, count(*) FROM processes WHERE state = 'dead' "
            "GROUP BY owner_uid, code"
        )
        return tuple((str(owner), code, int(runs)) for owner, code, runs in rows)

    async def owner_of(self, pid: int) -> str | None:
        """The user that a run belongs to; None where there is no such run."""
        rows = await self._database.query("SELECT owner_uid FROM processes WHERE pid = ?", (pid,))
        return str(rows[0][0]) if rows else None


def _stored(row: Any) -> StoredProcess:
    return StoredProcess(
        info=msgspec.json.decode(row[0], type=ProcessInfo),
        config=msgspec.json.decode(row[1], type=AgentConfig),
        run=msgspec.json.decode(row[2], type=RunRecord),
    )


def _search_text(info: ProcessInfo) -> str:
    return f"{info.pid} {info.name} {info.role} {info.model} {info.goal}".casefold()[:SEARCH_CHARACTERS]


def _where(owner_uid: str | None, before_pid: int, query: str) -> tuple[str, tuple[Any, ...]]:
    clauses: list[str] = []
    parameters: list[Any] = []
    if owner_uid is not None:
        clauses.append("owner_uid = ?")
        parameters.append(owner_uid)
    if before_pid:
        clauses.append("pid < ?")
        parameters.append(before_pid)
    for word in query.casefold().split()[:10]:
        clauses.append("instr(search, ?) > 0")
        parameters.append(word)
    return (f"WHERE {' AND '.join(clauses)}" if clauses else ""), tuple(parameters)
