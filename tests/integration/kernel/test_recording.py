"""What is shown of a process is what is in the store, also while nothing can be written."""

import asyncio
import sqlite3

import pytest

from kernel.errors import StorageError
from kernel.protocol import agent, process, system
from tests.fakes.scripts import call, turn
from tests.integration.kernel.conftest import Bench

DONE = turn("Done.", call("complete", summary="It is done."))
HELD = turn("", call("run_command", command="touch begun; while [ ! -e go ]; do sleep 0.02; done"))


async def begun(bench: Bench, pid: int) -> None:
    async with asyncio.timeout(20):
        while not (bench.home(pid) / "begun").exists():
            await asyncio.sleep(0.02)


@pytest.mark.feature("ST01", "PR06")
async def test_a_change_is_shown_when_it_is_in_the_store(bench: Bench) -> None:
    pid = await bench.deploy(HELD, DONE)
    await begun(bench, pid)
    database = sqlite3.connect(bench.root / "var/kernel/aether.db", isolation_level=None)
    database.execute("BEGIN IMMEDIATE")  # nobody else can write now
    stopping = asyncio.get_running_loop().create_task(bench.execute(process.ProcessSignal(pid=pid, signal="SIGSTOP")))
    await asyncio.sleep(0.5)
    listed = (await bench.execute(process.ProcessList())).processes[0]
    asked = (await bench.execute(process.ProcessInfoGet(pid=pid))).info
    (row,) = database.execute("SELECT state FROM processes WHERE pid = ?", (pid,)).fetchone()
    assert (listed.state, asked.state, row) == ("running", "running", "running")
    database.execute("ROLLBACK")
    database.close()
    await stopping
    assert (await bench.execute(process.ProcessList())).processes[0].state == "stopped"
    await bench.execute(process.ProcessSignal(pid=pid, signal="SIGCONT"))
    (bench.home(pid) / "go").touch()
    assert (await bench.ended(pid)).code == 0


@pytest.mark.expects_records
async def test_a_damaged_store_ends_the_work_with_a_sentence(bench: Bench) -> None:
    """It is not waited for, as a full disk is; what is in the store stands."""
    pid = await bench.deploy(HELD, DONE)
    await begun(bench, pid)
    database = sqlite3.connect(bench.root / "var/kernel/aether.db", isolation_level=None)
    database.execute("ALTER TABLE agent_logs RENAME TO lost")
    (bench.home(pid) / "go").touch()
    updated = await bench.wait(process.ProcessUpdated, pid, lambda event: event.info.interrupted)
    assert updated.info.state == "stopped"
    notice = bench.of(pid, agent.AgentNotice)[-1]
    assert "no such table" in notice.message
    assert notice.hint
    database.execute("ALTER TABLE lost RENAME TO agent_logs")
    database.close()
    await bench.execute(process.ProcessResume(pid=pid))
    assert (await bench.ended(pid)).code == 0


@pytest.mark.expects_records
@pytest.mark.feature("PR12")
async def test_a_message_that_cannot_be_recorded_is_in_no_queue(bench: Bench) -> None:
    pid = await bench.deploy(HELD, turn("", call("check_messages")), DONE)
    await begun(bench, pid)
    for number in range(100):
        await bench.execute(system.IpcSend(from_pid=0, to_pid=pid, channel="c", payload=number))
    database = sqlite3.connect(bench.root / "var/kernel/aether.db", isolation_level=None)
    database.execute("ALTER TABLE ipc_messages RENAME TO lost")
    with pytest.raises(StorageError, match="no such table"):
        await bench.execute(system.IpcSend(from_pid=0, to_pid=pid, channel="c", payload="unrecorded"))
    database.execute("ALTER TABLE lost RENAME TO ipc_messages")
    database.close()
    (bench.home(pid) / "go").touch()
    await bench.ended(pid)
    told = [event.message_id for event in bench.of(pid, system.IpcDelivered)]
    assert told == [event.message.id for event in bench.of(pid, system.IpcMessageSent)]
    assert len(told) == 100
