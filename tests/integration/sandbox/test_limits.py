"""What one agent may use, tried with small bombs. Every bomb is bounded: small limits, short deadlines."""

import asyncio
import dataclasses
import os
import time
from pathlib import Path

import pytest

from kernel.sandbox.backend import ExecRequest
from tests.integration.sandbox.conftest import make_workbench
from tests.integration.sandbox.workbench import SMALL, Workbench, run, run_python


async def test_fork_bomb_is_bounded_and_ended(bench: Workbench) -> None:
    limits = dataclasses.replace(SMALL, max_processes=40)
    sandbox = bench.make(limits=limits)
    bomb = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"
    call = await sandbox.execute(ExecRequest(("/usr/bin/python3", "-c", bomb), sandbox.home_path, deadline_s=1.5))
    most = 0
    while not call.exited:
        most = max(most, len(await asyncio.to_thread(sandbox.host_pids)))
        await asyncio.sleep(0.05)
    status = await call.wait()
    assert status.timed_out
    assert 20 < most <= 40 + 24 + 4
    assert (await run(sandbox, "echo", "alive")).output == "alive\n"


async def test_memory_bomb_is_ended_and_said(bench: Workbench) -> None:
    limits = dataclasses.replace(SMALL, memory_bytes=96 << 20)
    sandbox = bench.make(limits=limits)
    bomb = "import time\nkept = []\nwhile True:\n    kept.append(b'x' * (4 << 20))\n    time.sleep(0.01)"
    done = await run_python(sandbox, bomb)
    assert done.status.code != 0
    assert done.status.oom_killed or "MemoryError" in done.output
    assert (await run(sandbox, "echo", "alive")).output == "alive\n"


async def test_without_control_groups_no_process_gets_more_of_the_processor_than_its_cores_give(tmp_path: Path) -> None:
    async for bench in make_workbench("rlimits", tmp_path):
        sandbox = bench.make(limits=dataclasses.replace(SMALL, cpu_cores=0.0002))
        done = await run(sandbox, "sh", "-c", "ulimit -t; while :; do :; done", deadline_s=20)
        assert (done.output, done.status.timed_out) == ("1\n", False)
        assert done.status.code != 0
        assert "Without control groups" in sandbox.confinement_note
        assert (await run(sandbox, "echo", "alive")).output == "alive\n"


@pytest.mark.parametrize("folder", ["~", "/tmp"])
async def test_disk_fill_is_ended_and_said(bench: Workbench, folder: str) -> None:
    limits = dataclasses.replace(SMALL, disk_bytes=24 << 20, max_file_bytes=8 << 20)
    sandbox = bench.make(limits=limits)
    script = f"cd {folder}; for i in $(seq 100); do head -c 4000000 /dev/zero > f$i || exit 9; sleep 0.05; done"
    done = await run(sandbox, "sh", "-c", script)
    assert done.status.quota_exceeded
    assert done.status.code == 137
    used = sum(f.stat().st_size for place in (sandbox.spec.home, sandbox.spec.tmp) for f in os.scandir(place))
    assert used < 160 << 20


async def test_an_agent_above_its_quota_can_clear_up_but_take_no_more(bench: Workbench) -> None:
    sandbox = bench.make(limits=dataclasses.replace(SMALL, disk_bytes=4 << 20))
    Path(sandbox.spec.home, "big").write_bytes(os.urandom(6 << 20))
    Path(sandbox.spec.home, "more").write_bytes(os.urandom(6 << 20))
    done = await run(sandbox, "sh", "-c", "sleep 1.2; rm big more; sleep 0.6; echo cleared")
    assert (done.output, done.status.quota_exceeded) == ("cleared\n", False)
    Path(sandbox.spec.home, "big").write_bytes(os.urandom(6 << 20))
    done = await run(sandbox, "sh", "-c", "sleep 0.6; cat big > third; sleep 10")
    assert done.status.quota_exceeded


async def test_one_file_cannot_grow_past_its_limit(bench: Workbench) -> None:
    done = await run(bench.make(), "sh", "-c", "head -c 100000000 /dev/zero > big; stat -c %s big")
    assert int(done.output.split()[-1]) == SMALL.max_file_bytes


async def test_shared_memory_and_small_folders_are_bounded(confined: Workbench) -> None:
    sandbox = confined.make(limits=dataclasses.replace(SMALL, memory_bytes=1 << 30, max_file_bytes=1 << 30))
    sizes = "import os\nfor p in ('/dev/shm', '/run'): print(os.statvfs(p).f_blocks * os.statvfs(p).f_frsize)"
    shared, small = map(int, (await run_python(sandbox, sizes)).output.split())
    assert shared == 256 << 20
    assert small == 16 << 20


async def test_open_files_are_bounded(bench: Workbench) -> None:
    script = (
        "kept = []\nwhile True:\n    try: kept.append(open('/dev/null'))\n    except OSError: break\nprint(len(kept))"
    )
    assert int((await run_python(bench.make(), script)).output) <= SMALL.open_files


async def test_a_hidden_folder_counts(bench: Workbench) -> None:
    """A folder that its owner made unreadable is measured all the same."""
    limits = dataclasses.replace(SMALL, disk_bytes=16 << 20)
    sandbox = bench.make(limits=limits)
    script = "mkdir h; head -c 30000000 /dev/zero > h/f; chmod 000 h; sleep 10"
    assert (await run(sandbox, "sh", "-c", script)).status.quota_exceeded


async def test_deleted_files_that_are_still_open_count(bench: Workbench) -> None:
    sandbox = bench.make(limits=dataclasses.replace(SMALL, disk_bytes=16 << 20))
    script = (
        "import os, time\n"
        "kept = []\n"
        "for n in range(8):\n"
        "    kept.append(open(f'f{n}', 'wb'))\n"
        "    os.unlink(f'f{n}')\n"
        "    kept[-1].write(bytes(4_000_000))\n"
        "    kept[-1].flush()\n"
        "time.sleep(10)\n"
    )
    assert (await run_python(sandbox, script)).status.quota_exceeded


async def test_nobody_takes_the_disk_in_one_call(confined: Workbench) -> None:
    """Programs that ask for room in advance get it by writing, which the quota's watch can follow."""
    script = (
        "import errno, os\n"
        "file = os.open('big', os.O_RDWR | os.O_CREAT)\n"
        "os.posix_fallocate(file, 0, 1 << 20)\n"
        "print(os.fstat(file).st_size)\n"
        "import ctypes\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "print(libc.fallocate(file, 1, ctypes.c_long(0), ctypes.c_long(1 << 30)), errno.errorcode[ctypes.get_errno()])\n"
    )
    assert (await run_python(confined.make(), script)).output.split() == ["1048576", "-1", "ENOTSUP"]


async def test_cpu_share_is_held(confined: Workbench) -> None:
    probe = await confined.backend.probe()
    if probe.details["cpu limit"] != "control group":
        pytest.skip("this machine has no control group for CPU")
    sandbox = confined.make(limits=dataclasses.replace(SMALL, cpu_cores=0.2))
    await sandbox.start()
    script = (
        "import time\nend = time.monotonic() + 1.5\nwhile time.monotonic() < end: pass\n"
        "print(time.process_time() / 1.5)"
    )
    begun = time.monotonic()
    share = float((await run_python(sandbox, script)).output)
    assert share < 0.35, f"{share} of a core in {time.monotonic() - begun:.1f} s"


async def test_at_the_process_limit_a_command_still_runs_and_can_end_the_others(bench: Workbench) -> None:
    """What needs no further process, as `kill` of a shell; its exit code, a signal and a deadline are as ever."""
    sandbox = bench.make(limits=dataclasses.replace(SMALL, max_processes=24))
    fill = (
        "import subprocess, sys\nkept = []\n"
        "try:\n    while True: kept.append(subprocess.Popen(['sleep', '60']))\n"
        "except OSError: print(len(kept), flush=True)"
    )
    filled = await run(sandbox, "/usr/bin/python3", "-c", fill)
    assert int(filled.output) > 8
    said = await run(sandbox, "sh", "-c", "echo ok; exit 7")
    assert (said.output, said.status.code, said.status.signal) == ("ok\n", 7, None)
    late = await run(sandbox, "sleep", "30", deadline_s=0.5)
    assert late.status.timed_out
    refused = await run(sandbox, "sh", "-c", "sleep 0; echo after")
    assert "fork" in refused.output, "the shell itself says what is missing"
    named = "for p in /proc/[0-9]*; do read name < $p/comm && [ $name = sleep ] && kill -9 ${p#/proc/}; done; echo killed"
    assert "killed\n" in (await run(sandbox, "sh", "-c", named)).output
    assert (await run(sandbox, "sh", "-c", "sleep 0; echo free")).output == "free\n"
