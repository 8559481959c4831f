"""SQL of processes: the table that survives, and the history of runs.

Called by the process manager and the history commands. Only `info`, `config` and `run` hold the truth; the other columns are
there to be searched.
"""

from typing import Any

import msgspec

from kernel.protocol.base import Record
from kernel.protocol.records import AgentConfig, ProcessInfo
from kernel.store.connection import Statement
from kernel.store.database import Database, Finding
from kernel.store.rows import decoded

SEARCH_CHARACTERS = 2_000
NAMED_RUNS = 5
LARGEST_INTEGER = (1 << 63) - 1  # that SQLite takes


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


_DAMAGED = "(The record of this run is damaged.)"


class StoredProcess(Record, frozen=True, kw_only=True, rename="camel"):
    """One row."""

    info: ProcessInfo
    config: AgentConfig
    run: RunRecord


class ProcessRepository:
    """Rows of `processes`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.at_opening(self._look)

    async def _look(self) -> Finding:
        """Runs that were not over and whose record cannot be read: they cannot go on, so they count as ended. Their rows stay."""
        rows = await self._database.query("SELECT pid, info, config, run FROM processes WHERE state <> 'dead' ORDER BY pid")
        damaged = [int(row[0]) for row in rows if _stored(row) is None]
        if not damaged:
            return Finding()
        named = ", ".join(map(str, damaged[:NAMED_RUNS])) + (" and others" if len(damaged) > NAMED_RUNS else "")
        notice = f"Damaged in the database: the records of these runs, which cannot go on and are shown as ended: {named}."
        ended = "UPDATE processes SET state = 'dead', ended_at = max(ended_at, created_at) WHERE pid = ?"
        return Finding(notice, tuple(Statement(ended, (pid,)) for pid in damaged))

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
        """One run, whatever its state; None also where its record is damaged."""
        if not 0 <= pid <= LARGEST_INTEGER:
            return None
        rows = await self._database.query("SELECT pid, info, config, run FROM processes WHERE pid = ?", (pid,))
        return _stored(rows[0]) if rows else None

    async def not_dead(self) -> tuple[StoredProcess, ...]:
        """The runs that were not over when they were last written, by rising pid."""
        rows = await self._database.query("SELECT pid, info, config, run FROM processes WHERE state <> 'dead' ORDER BY pid")
        return tuple(stored for stored in map(_stored, rows) if stored is not None)

    async def page(self, owner_uid: str | None, before_pid: int, limit: int, query: str) -> tuple[ProcessInfo, ...]:
        """Runs, newest first. owner_uid None: everybody's. query: each of its words must occur.

        A run whose record is damaged is shown with what its other columns say.
        """
        where, parameters = _where(owner_uid, before_pid, query)
        rows = await self._database.query(
            f"SELECT pid, info, owner_uid, created_at, ended_at, state, config FROM processes {where} ORDER BY pid DESC LIMIT ?",
            (*parameters, limit),
        )
        return tuple(map(_shown, rows))

    async def count(self, owner_uid: str | None, query: str) -> int:
        """How many runs match."""
        where, parameters = _where(owner_uid, 0, query)
        rows = await self._database.query(f"SELECT count(*) FROM processes {where}", parameters)
        return int(rows[0][0])

    async def count_dead(self) -> tuple[tuple[str, int | None, int], ...]:
        """(owner, exit code, how many) of the runs that are dead."""
        rows = await self._database.query(
            "SELECT owner_uid, CASE WHEN json_valid(info) THEN json_extract(info, '$.exitCode') END AS code, count(*) "
            "FROM processes WHERE state = 'dead' GROUP BY owner_uid, code"
        )
        return tuple((str(owner), code if isinstance(code, int) else None, int(runs)) for owner, code, runs in rows)

    async def owner_of(self, pid: int) -> str | None:
        """The user that a run belongs to; None where there is no such run."""
        if not 0 <= pid <= LARGEST_INTEGER:
            return None
        rows = await self._database.query("SELECT owner_uid FROM processes WHERE pid = ?", (pid,))
        return str(rows[0][0]) if rows else None


def _stored(row: Any) -> StoredProcess | None:
    """From (pid, info, config, run)."""
    what = f"run {row[0]}"
    info, config, run = decoded(row[1], ProcessInfo, what), decoded(row[2], AgentConfig, what), decoded(row[3], RunRecord, what)
    if info is None or config is None or run is None:
        return None
    return StoredProcess(info=info, config=config, run=run)


def _shown(row: Any) -> ProcessInfo:
    """From (pid, info, owner, creation, end, state, config). What is over by its row is over, whatever it says of itself."""
    info = decoded(row[1], ProcessInfo, f"run {row[0]}")
    if info is None:
        return _damaged(row)
    if row[5] == "dead" and info.state != "dead":
        over = _seconds(row[4]) or info.created_at
        return msgspec.structs.replace(info, state="dead", agent_phase="failed", interrupted=False, ended_at=over, summary=_DAMAGED)
    return info


def _damaged(row: Any) -> ProcessInfo:
    """A stand-in, with what it was deployed with where that can be read."""
    config = decoded(row[6], AgentConfig, f"run {row[0]}")
    return ProcessInfo(
        pid=int(row[0]),
        uid=f"agent_{row[0]}",
        owner_uid=str(row[2]),
        name=(config.name if config else "") or f"agent_{row[0]}",
        command="",
        state="dead",
        agent_phase="failed",
        cwd="",
        created_at=_seconds(row[3]),
        ended_at=_seconds(row[4]) or _seconds(row[3]),
        role=config.role if config else "Assistant",
        goal=f"{_DAMAGED} {config.goal if config else ''}".strip(),
        summary=_DAMAGED,
    )


def _seconds(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


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
