"""The past, as people page through it."""

import pytest

from kernel.principal import Principal
from kernel.protocol import process, system
from tests.fakes.scripts import call, turn
from tests.integration.kernel.conftest import Bench, MakeBench

DONE = turn("Done.", call("complete", summary="done"))


@pytest.mark.feature("ST03", "ST01")
async def test_runs_are_paged_and_searched(make_bench: MakeBench) -> None:
    first = await make_bench()
    pids = [
        await first.deploy(DONE, goal=f"count the GEESE in field {name}", role="Analyst")
        for name in ("ada", "bea", "cia", "dea", "eva")
    ]
    for pid in pids:
        await first.ended(pid)
    await first.kernel.stop()
    bench = await make_bench()
    live = await bench.deploy(turn("", call("run_command", command="sleep 60")), goal="watch the ducks")
    newest = await bench.execute(system.HistoryProcesses(limit=3))
    assert [info.pid for info in newest.processes] == [live, pids[4], pids[3]]
    assert newest.total == 6
    assert newest.processes[0].state in ("created", "running")
    older = await bench.execute(system.HistoryProcesses(before_pid=pids[3], limit=10))
    assert [info.pid for info in older.processes] == [pids[2], pids[1], pids[0]]
    found = await bench.execute(system.HistoryProcesses(query="geese analyst dea"))
    assert ([info.pid for info in found.processes], found.total) == ([pids[3]], 1)
    for odd in ("%", "' OR 1=1 --", '"', "*", "\U0001f680", "geese%"):
        assert (await bench.execute(system.HistoryProcesses(query=odd))).total == 0
    await bench.kernel.stop()


@pytest.mark.feature("MC02", "ST03")
async def test_every_run_that_ended_is_counted_by_how_it_ended(make_bench: MakeBench) -> None:
    first = await make_bench()
    forever = turn("", call("run_command", command="sleep 60"))
    done, stopped = await first.deploy(DONE), await first.deploy(forever)
    failed = await first.deploy(model="scripted:/there/is/no/such/file.json")
    await first.execute(process.ProcessSignal(pid=stopped, signal="SIGTERM"))
    codes = [(await first.ended(pid)).code for pid in (done, failed, stopped)]
    listed = await first.execute(process.ProcessList())
    expected = process.RunCounts().after(codes[0]).after(codes[1]).after(codes[2])
    assert (expected.completed, expected.failed, expected.stopped) == (1, 1, 1)
    assert listed.ended == expected, "zombies count"
    for pid in (done, failed, stopped):
        await first.wait(process.ProcessReaped, pid)
    assert (await first.execute(process.ProcessList())).ended == expected
    await first.kernel.stop()
    bench = await make_bench()
    running = await bench.deploy(forever)
    assert (await bench.execute(process.ProcessList())).ended == expected
    somebody = await bench.kernel.execute(process.ProcessList(), Principal("somebody"))
    assert somebody.ended == process.RunCounts()
    await bench.execute(process.ProcessSignal(pid=running, signal="SIGKILL"))
    assert (await bench.execute(process.ProcessList())).ended.stopped == 2
    await bench.kernel.stop()


@pytest.mark.feature("ST03")
async def test_a_runs_journal_is_the_events_that_were_shown(bench: Bench) -> None:
    pid = await bench.deploy(turn("Look.", call("list_files")), DONE)
    await bench.ended(pid)
    page = await bench.execute(system.HistoryLogs(pid=pid, limit=100))
    shown = {event.log_id for event in bench.events if getattr(event, "log_id", 0)}
    assert {event["logId"] for event in page.events} <= shown
    assert page.events[-1]["type"] == "process.exit"
    assert (page.first_index, page.total) == (0, len(page.events))


@pytest.mark.feature("ST02", "ST03", "ST01")
async def test_files_that_agents_wrote_are_remembered(make_bench: MakeBench) -> None:
    first = await make_bench()
    one = await first.deploy(
        turn("", call("write_file", path="a.txt", content="12345"), call("write_file", path="b", content="")), DONE
    )
    await first.ended(one)
    two = await first.deploy(turn("", call("write_file", path="/tmp/c", content="x")), DONE)
    await first.ended(two)
    await first.kernel.stop()
    bench = await make_bench()
    everything = (await bench.execute(system.HistoryFiles())).files
    assert everything[0].path == "/tmp/c"
    hers = (await bench.execute(system.HistoryFiles(owner=f"agent_{one}"))).files
    assert sorted((item.path, item.size, item.pid) for item in hers) == [
        (f"/home/agent_{one}/a.txt", 5, one),
        (f"/home/agent_{one}/b", 0, one),
    ]
    assert all(item.modified_at > 0 for item in hers)
    assert (await bench.kernel.execute(system.HistoryFiles(), Principal("somebody"))).files == ()
    assert len((await bench.execute(system.HistoryFiles(limit=1))).files) == 1
    await bench.kernel.stop()


@pytest.mark.feature("ST03", "EV09")
async def test_the_load_is_kept(bench: Bench) -> None:
    await bench.kernel.bus.wait(system.KernelMetrics, timeout_s=10)
    samples = (await bench.execute(system.HistoryMetrics())).samples
    assert samples
    assert samples[-1].memory_mb > 10
    assert (await bench.execute(system.HistoryMetrics(since=samples[-1].timestamp))).samples == ()
