"""A database that a failing disk has changed: everything that can be read is shown, and Aether starts."""

import sqlite3
from pathlib import Path

import msgspec
import pytest

from kernel.bootstrap import build_kernel
from kernel.bus import EventBus
from kernel.cli import doctor
from kernel.clock import SystemClock
from kernel.doctor import machine_checks, without_kernel
from kernel.errors import StorageError
from kernel.paths import Paths
from kernel.principal import LOCAL_USER
from kernel.protocol import codec
from kernel.protocol.agent import AgentToolStarted
from kernel.protocol.process import ProcessList
from kernel.protocol.records import AgentConfig, IPCMessage, ProcessInfo
from kernel.protocol.system import HistoryProcesses, KernelStatus
from kernel.sandbox.backend import Probe
from kernel.store.connection import Statement
from kernel.store.database import Database
from kernel.store.journal import Journal
from kernel.store.repositories.messages import MessageRepository
from kernel.store.repositories.processes import ProcessRepository, RunRecord
from tests.fakes.scripts import call, turn
from tests.integration.kernel.conftest import MakeBench

pytestmark = pytest.mark.expects_records
DONE = turn("Done.", call("complete", summary="done"))
DAMAGES = [b"", b"{", b"\xff\xfe\x00", b'{"pid": "x", "step": "x"}', b"[" * 5000, b'{"pid": 2, "step": []}']


async def fill(paths: Paths) -> None:
    """Four runs, two of which are not over, and two messages."""
    paths.create()
    database = Database(paths.database, SystemClock())
    processes = ProcessRepository(database)
    await database.open()
    for pid in (1, 2, 3, 4):
        info = ProcessInfo(
            pid=pid,
            uid=f"agent_{pid}",
            owner_uid=LOCAL_USER.uid,
            name="n",
            command="",
            state="dead" if pid % 2 else "running",
            cwd="",
            created_at=float(pid),
        )
        await database.write((processes.save(info, AgentConfig(role="Coder", goal="g"), RunRecord()),))
    for number in ("a", "b"):
        message = IPCMessage(
            id=number, from_pid=2, from_uid="agent_2", to_pid=4, to_uid="agent_4", channel="c", payload=number, timestamp=1.0
        )
        await database.write((MessageRepository.put(message),))
    await database.close()


def damage(paths: Paths, sql: str, value: bytes | None) -> None:
    connection = sqlite3.connect(paths.database)
    connection.execute(sql, (value,) if "?" in sql else ())
    connection.commit()
    connection.close()


@pytest.mark.feature("ST01")
@pytest.mark.parametrize("column", ["info", "config", "run"])
@pytest.mark.parametrize("value", DAMAGES)
async def test_a_damaged_run_is_reported_once_and_hides_no_other(tmp_path: Path, column: str, value: bytes) -> None:
    paths = Paths(tmp_path / "root")
    await fill(paths)
    damage(paths, f"UPDATE processes SET {column} = ? WHERE pid = 2", value)
    damage(paths, f"UPDATE processes SET {column} = CAST(? AS TEXT) WHERE pid = 3", value)
    damage(paths, "UPDATE ipc_messages SET body = ? WHERE id = 'a'", value)
    for reported in (True, False):
        kernel = build_kernel(paths.root, {}, has_window=False)
        await kernel.start()
        try:
            notices = (await kernel.execute(KernelStatus(), LOCAL_USER)).notices
            assert any("shown as ended: 2." in notice for notice in notices) is reported
            living = (await kernel.execute(ProcessList(), LOCAL_USER)).processes
            assert [info.pid for info in living] == [4]
            shown = (await kernel.execute(HistoryProcesses(limit=10), LOCAL_USER)).processes
            assert [info.pid for info in shown] == [4, 3, 2, 1]
            assert shown[2].state == "dead"
        finally:
            await kernel.stop()


@pytest.mark.feature("ST03")
@pytest.mark.parametrize("value", DAMAGES)
async def test_a_damaged_entry_keeps_its_place_in_the_log(tmp_path: Path, value: bytes) -> None:
    paths = Paths(tmp_path / "root")
    await fill(paths)
    database, bus = Database(paths.database, SystemClock()), EventBus(SystemClock())
    await database.open()
    journal = Journal(database, bus, SystemClock())
    await journal.open()
    await journal.record(*(AgentToolStarted(pid=4, step=1, tool="think", call_id=f"c{number}") for number in range(3)))
    await database.write((Statement("UPDATE agent_logs SET body = ? WHERE log_id = 2", (value,)),))
    page, total, _ = await journal.page(4)
    assert [entry["logId"] for entry in page] == [1, 2, 3]
    assert (len(page), total) == (3, 3)
    assert all(codec.decode_event(msgspec.json.encode(entry)) for entry in page)
    assert await journal.tool_started(4, 1, "c2")
    await database.close()


async def test_a_file_whose_rows_cannot_be_fetched_is_set_aside(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "root")
    await fill(paths)
    damage(paths, "DROP TABLE processes", None)
    connection = sqlite3.connect(paths.database)
    connection.execute("PRAGMA writable_schema=ON")
    connection.execute("CREATE TABLE processes (pid, info, config, run, state, owner_uid)")
    connection.execute("UPDATE sqlite_master SET rootpage = 99999 WHERE name = 'processes'")
    connection.commit()
    connection.close()
    database = Database(paths.database, SystemClock())
    processes = ProcessRepository(database)
    notice = await database.open()
    assert notice is not None and "kept as" in notice
    assert await processes.not_dead() == ()
    await database.close()


async def test_damage_in_a_large_file_is_noticed_in_what_a_start_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernel.store.database.FULL_CHECK_BYTES", 0)
    paths = Paths(tmp_path / "root")
    await fill(paths)
    connection = sqlite3.connect(paths.database)
    page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'token_days'").fetchone()[0]
    connection.close()
    with paths.database.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\x0a\xff\xff\xff\xff\xff\xff\xff")
    database = Database(paths.database, SystemClock())
    notice = await database.open()
    await database.close()
    assert notice is not None and "kept as" in notice


@pytest.mark.feature("ST01")
async def test_doctor_answers_where_no_kernel_can_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = Paths(tmp_path / "root")
    await fill(paths)
    damage(paths, "PRAGMA user_version=9999", None)
    monkeypatch.setenv("AETHER_FS_ROOT", str(paths.root))
    status = await doctor._told(lambda status: None)
    found = {check.name: check for check in status.checks}
    assert "newer Aether" in found["Kernel"].detail
    assert found["Database"].ok
    assert "Sandbox" in found


def test_doctor_reads_all_of_the_database(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "root")
    paths.create()
    probe = Probe(True, "bubblewrap", "works")

    def look() -> tuple[bool, str]:
        found = next(check for check in machine_checks(probe, paths, {}) if check.name == "Database")
        return found.ok, found.detail

    assert look() == (True, "none yet")
    paths.database.write_bytes(b"SQLite format 3\0" + b"\xff" * 9000)
    assert look()[0] is False


async def test_what_doctor_says_without_a_kernel_says_why(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "root")
    paths.create()
    status = await without_kernel(paths, StorageError("It broke.", "Mend it."), {})
    assert (status.checks[0].detail, status.checks[0].remedy) == ("It broke.", "Mend it.")
    assert not any("private file" in check.remedy or check.name == "Keyring" for check in status.checks)


@pytest.mark.feature("EV10")
@pytest.mark.parametrize(("how", "said"), [("emptied", "the file is empty"), ("gone", "was not there")])
async def test_a_lost_database_is_said_and_its_pids_are_not_given_again(
    make_bench: MakeBench, how: str, said: str
) -> None:
    before = await make_bench()
    pid = await before.deploy(DONE)
    await before.ended(pid)
    await before.kernel.stop()
    path = Paths(before.root).database
    for found in path.parent.glob("aether.db*"):
        found.unlink()
    if how == "emptied":
        path.touch()
    after = await make_bench()
    notices = (await after.execute(KernelStatus())).notices
    assert any(said in notice for notice in notices)
    assert await after.deploy(DONE) == pid + 1
