"""Freezing, continuing, terminating and killing whole agents."""

import asyncio
import os
import signal
import time

import psutil
import pytest

from kernel.errors import ConflictError
from kernel.sandbox import call as call_module
from kernel.sandbox.backend import ExecRequest
from kernel.sandbox.processes import process_table
from kernel.sandbox.supervised import SupervisedSandbox
from tests.integration.sandbox.workbench import Workbench, is_alive, run

COUNTER = """
import time
number = 0
while True:
    number += 1
    with open('count', 'w') as target: target.write(str(number))
    time.sleep(0.005)
"""


async def counting(sandbox: SupervisedSandbox) -> None:
    """Start two processes that count into files, one of them a daemon in a session of its own."""
    for folder in ("a", "b"):
        prefix = ["setsid", "-f"] if folder == "b" else []
        script = f'mkdir -p {folder}; cd {folder}; exec "$@"'
        argv = ("sh", "-c", script, "sh", *prefix, "/usr/bin/python3", "-c", COUNTER)
        await sandbox.execute(ExecRequest(argv, sandbox.home_path))
    while not await counts(sandbox):
        await asyncio.sleep(0.01)


async def counts(sandbox: SupervisedSandbox) -> tuple[int, ...]:
    """What has been counted so far; () until both count."""
    texts = []
    for folder in ("a", "b"):
        try:
            with open(f"{sandbox.spec.home}/{folder}/count") as source:
                texts.append(source.read())
        except OSError:
            return ()
    return tuple(int(text or 0) for text in texts)


@pytest.mark.feature("PR06", "PR08")
async def test_freeze_stops_every_process_and_thaw_continues(any_bench: Workbench) -> None:
    sandbox = any_bench.make()
    await counting(sandbox)
    await sandbox.freeze()
    assert sandbox.frozen
    before = await counts(sandbox)
    await asyncio.sleep(0.2)
    assert await counts(sandbox) == before
    with pytest.raises(ConflictError):
        await run(sandbox, "true")
    await sandbox.thaw()
    async with asyncio.timeout(5):
        while not all(now > old for now, old in zip(await counts(sandbox), before, strict=True)):
            await asyncio.sleep(0.01)
    assert (await run(sandbox, "echo", "on")).output == "on\n"


async def test_a_deadline_stands_still_while_frozen(any_bench: Workbench) -> None:
    sandbox = any_bench.make()
    call = await sandbox.execute(ExecRequest(("sleep", "0.6"), sandbox.home_path, deadline_s=1.0))
    await sandbox.freeze()
    await asyncio.sleep(1.2)
    await sandbox.thaw()
    status = await call.wait()
    assert (status.code, status.timed_out) == (0, False)


@pytest.mark.feature("PR08")
async def test_a_command_that_is_killed_while_frozen_ends_when_the_others_go_on(any_bench: Workbench) -> None:
    sandbox = any_bench.make()
    await counting(sandbox)
    call = await sandbox.execute(ExecRequest(("sleep", "300"), sandbox.home_path))
    await sandbox.freeze()
    async with asyncio.timeout(2):
        await call.kill()
    assert not call.exited
    before = await counts(sandbox)
    await sandbox.thaw()
    async with asyncio.timeout(5):
        assert (await call.wait()).code == 137
        await call.wait_gone()
        while not all(now > old for now, old in zip(await counts(sandbox), before, strict=True)):
            await asyncio.sleep(0.01)


@pytest.mark.feature("PR08")
async def test_a_start_and_an_end_that_a_freeze_holds_up_do_not_lose_the_sandbox(
    any_bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The freeze comes between what was asked for and its confirmation, and lasts longer than that may take."""
    monkeypatch.setattr(call_module, "START_CONFIRM_S", 0.5)
    monkeypatch.setattr(call_module, "KILL_CONFIRM_S", 0.5)
    sandbox = any_bench.make()
    running = await sandbox.execute(ExecRequest(("sleep", "300"), sandbox.home_path))
    identity = sandbox.identity()
    await asyncio.to_thread(os.kill, identity[0] if identity else 0, signal.SIGSTOP)  # so that nothing is confirmed at once
    supervisors = [pid for pid in sandbox.host_pids() if "supervisor.py" in " ".join(psutil.Process(pid).cmdline())]
    for pid in supervisors:
        os.kill(pid, signal.SIGSTOP)
    loop = asyncio.get_running_loop()
    starting = loop.create_task(sandbox.execute(ExecRequest(("echo", "begun"), sandbox.home_path, deadline_s=30)))
    ending = loop.create_task(running.kill())
    await asyncio.sleep(0.1)
    await sandbox.freeze()
    await asyncio.sleep(1.2)
    assert not starting.done()
    await sandbox.thaw()
    for pid in (*supervisors, identity[0] if identity else 0):
        os.kill(pid, signal.SIGCONT)
    async with asyncio.timeout(10):
        assert await (await starting).read() == b"begun\n"
        await ending
    assert sandbox.identity() == identity


@pytest.mark.feature("PR07")
@pytest.mark.parametrize("frozen", [False, True])
async def test_kill_leaves_nothing(any_bench: Workbench, frozen: bool) -> None:
    sandbox = any_bench.make()
    await counting(sandbox)
    call = await sandbox.execute(ExecRequest(("sleep", "300"), sandbox.home_path))
    pids = sandbox.host_pids()
    assert len(pids) >= 5
    if frozen:
        await sandbox.freeze()
    begun = time.monotonic()
    await sandbox.kill()
    assert time.monotonic() - begun < 5
    assert [pid for pid in pids if is_alive(pid)] == []
    assert (await call.wait()).code == 137
    assert await call.read() == b""
    assert sandbox.identity() is None
    with pytest.raises(ConflictError):
        await run(sandbox, "true")
    await sandbox.kill()


@pytest.mark.feature("PR07")
async def test_terminate_lets_commands_end_themselves(any_bench: Workbench) -> None:
    sandbox = any_bench.make()
    script = "trap 'echo bye > farewell; exit 0' TERM; echo ready; while :; do sleep 0.02; done"
    call = await sandbox.execute(ExecRequest(("sh", "-c", script), sandbox.home_path))
    assert await call.read() == b"ready\n"
    begun = time.monotonic()
    await sandbox.terminate(grace_s=5.0)
    assert time.monotonic() - begun < 4
    assert (await call.wait()).code == 0
    with open(f"{sandbox.spec.home}/farewell") as source:
        assert source.read() == "bye\n"


async def test_terminate_does_not_wait_for_those_who_ignore_it(any_bench: Workbench) -> None:
    sandbox = any_bench.make()
    script = "trap '' TERM HUP INT; echo ready; while :; do sleep 0.02; done"
    call = await sandbox.execute(ExecRequest(("sh", "-c", script), sandbox.home_path))
    assert await call.read() == b"ready\n"
    pids = sandbox.host_pids()
    await sandbox.freeze()
    await sandbox.terminate(grace_s=0.2)
    assert (await call.wait()).signal == signal.SIGKILL
    assert [pid for pid in pids if is_alive(pid)] == []


async def test_freeze_by_signal_skips_no_process(tmp_path: object, any_bench: Workbench) -> None:
    """Processes that fork all the time are stopped too."""
    sandbox = any_bench.make()
    script = "while :; do sh -c 'sh -c true; sleep 0.01' & sleep 0.02; done"
    await sandbox.execute(ExecRequest(("sh", "-c", script), sandbox.home_path))
    await asyncio.sleep(0.2)
    await sandbox.freeze()
    first = {pid: process_table()[pid].cpu_ticks for pid in sandbox.host_pids()}
    await asyncio.sleep(0.3)
    second = {pid: process_table()[pid].cpu_ticks for pid in sandbox.host_pids()}
    assert first == second
    await sandbox.thaw()
