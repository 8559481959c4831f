"""`python -m tests.benchmarks.history`: 100,000 events opened in the real window, and pages of them and of 10,000 runs from the kernel."""

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from kernel.clock import SystemClock
from kernel.principal import LOCAL_USER
from kernel.protocol import codec
from kernel.protocol.agent import AgentAction, AgentObservation, AgentThought, AgentToolStarted
from kernel.protocol.base import JournalEvent, tag_of
from kernel.protocol.records import AgentConfig, ProcessInfo
from kernel.protocol.system import HistoryLogs, HistoryProcesses
from kernel.store.connection import Statement
from kernel.store.database import Database
from kernel.store.journal import INSERT
from kernel.store.repositories.processes import ProcessRepository, RunRecord
from tests.benchmarks.figures import finish, median, report, running_kernel
from tests.benchmarks.transcript import measure

EVENTS = 100_000
RUNS = 10_000
PAGE = 200


def _info(pid: int) -> ProcessInfo:
    return ProcessInfo(
        pid=pid,
        uid=f"agent_{pid}",
        owner_uid="local",
        name="Coder",
        command="agent",
        state="dead",
        agent_phase="completed",
        cwd=f"/home/agent_{pid}",
        created_at=1_700_000_000.0 + pid,
        ended_at=1_700_000_100.0 + pid,
        goal=f"Goal number {pid}: make the router keep the order of commands",
        exit_code=0,
    )


async def _fill(root: Path) -> None:
    async with running_kernel(root):
        pass
    database = Database(root / "var/kernel/aether.db", SystemClock())
    await database.open()
    config = AgentConfig(role="Coder", goal="x")
    await database.write(ProcessRepository.save(_info(pid), config, RunRecord()) for pid in range(1, RUNS + 1))
    for start in range(0, EVENTS, 10_000):
        await database.write(_rows(start, 10_000))
    await database.close()


def _rows(start: int, count: int) -> list[Statement]:
    rows = []
    for number in range(start + 1, start + count + 1):
        event = _event(number)
        rows.append(Statement(INSERT, (number, 1, event.step, event.timestamp, tag_of(event), codec.encode(event).decode())))
    return rows


def _event(number: int) -> JournalEvent:
    """The events of a step follow each other as an agent makes them: a thought, a call, its start, its result."""
    step, part = divmod(number - 1, 4)
    call_id, at = f"c{step}", 1_700_000_000.0 + number
    if part == 0:
        return AgentThought(pid=1, log_id=number, step=step, timestamp=at, thought=f"Thought {number} " + "x" * 80)
    if part == 1:
        title = f"python3 build.py --part {step}"
        args = {"command": title}
        return AgentAction(pid=1, log_id=number, step=step, timestamp=at, call_id=call_id, tool="run_command", args=args, title=title)
    if part == 2:
        return AgentToolStarted(pid=1, log_id=number, step=step, timestamp=at, call_id=call_id, tool="run_command")
    result = f"exit code 0\nBuilt part {step} in 1.2 s\n" + "y" * 60
    return AgentObservation(
        pid=1, log_id=number, step=step, timestamp=at, call_id=call_id, tool="run_command", result=result, exit_code=0, duration_s=1.2
    )


async def _measure_kernel(root: Path) -> None:
    async with running_kernel(root) as (kernel, _):
        opened, scrolled, listed = [], [], []
        for _ in range(5):
            started = time.perf_counter()
            page = await kernel.execute(HistoryLogs(pid=1, limit=PAGE), LOCAL_USER)
            events = [codec.event_from_builtins(raw) for raw in page.events]
            opened.append((time.perf_counter() - started) * 1000)
            assert page.total == EVENTS and len(events) == PAGE
            started = time.perf_counter()
            await kernel.execute(HistoryLogs(pid=1, index=EVENTS // 2, limit=PAGE), LOCAL_USER)
            scrolled.append((time.perf_counter() - started) * 1000)
            started = time.perf_counter()
            runs = await kernel.execute(HistoryProcesses(limit=PAGE), LOCAL_USER)
            listed.append((time.perf_counter() - started) * 1000)
            assert runs.total == RUNS
        report("transcript_100k_first_page", median(opened), "ms", 50, middle_page=round(median(scrolled), 1))
        report("runs_10k_first_page", median(listed), "ms", 150)


def main() -> None:
    """Fill a store; read its pages from the kernel, then open and scroll the agent's window on it."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        asyncio.run(_fill(root))
        asyncio.run(_measure_kernel(root))
        measure(QApplication(sys.argv[:1]), root, pid=1, events=EVENTS)


if __name__ == "__main__":
    main()
    finish()
