"""Commands in a sandbox: output, exit codes, input, environment, deadlines, terminals. The same for every backend."""

import asyncio
import os
import signal
import time

import pytest

from kernel.errors import InvalidArgumentError, LimitReachedError
from kernel.sandbox.backend import ExecRequest
from kernel.sandbox.supervised import SupervisedSandbox
from tests.integration.sandbox.workbench import Workbench, is_alive, run

DAEMON = """
import os, sys, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
for name in list(os.environ): del os.environ[name]
os.closerange(0, 3)
open(sys.argv[1], 'w').write(str(os.getpid()))
import signal
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT): signal.signal(number, signal.SIG_IGN)
time.sleep(300)
"""


async def test_output_of_both_streams_and_the_exit_code(any_bench: Workbench) -> None:
    sandbox = any_bench.make()
    done = await run(sandbox, "sh", "-c", "echo out; echo err >&2; exit 37")
    assert done.output == "out\nerr\n"
    assert (done.status.code, done.status.signal) == (37, None)


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGKILL, 137), (signal.SIGINT, 130)])
@pytest.mark.feature("PR07")
async def test_a_signal_is_an_exit_code_of_128_and_more(confined: Workbench, signum: int, code: int) -> None:
    done = await run(confined.make(), "sh", "-c", f"kill -{int(signum)} $$")
    assert (done.status.code, done.status.signal) == (code, signum)


async def test_missing_program_and_folder_say_so(confined: Workbench) -> None:
    sandbox = confined.make()
    missing = await run(sandbox, "no-such-program")
    assert missing.status.code == 127
    assert "no-such-program: No such file" in missing.output
    lost = await run(sandbox, "true", cwd="/nowhere")
    assert lost.status.code == 127
    assert "/nowhere" in lost.output
    unable = await run(sandbox, "/etc/passwd")
    assert unable.status.code == 126


async def test_input_is_read_to_its_end(any_bench: Workbench) -> None:
    sandbox = any_bench.make()
    content = os.urandom(300_000)
    done = await run(sandbox, "sh", "-c", "wc -c; cat </dev/stdin | wc -c", stdin=content)
    assert done.output.split()[0] == "300000"
    assert (await run(sandbox, "cat")).output == ""


async def test_environment_is_exactly_the_specified(confined: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_HOST", "x")
    done = await run(confined.make(), "/usr/bin/env", "-0")
    names = {entry.partition("=")[0] for entry in done.output.split("\0") if entry}
    assert names == {"HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "PATH"}
    assert "HOME=/home/agent_7\0" in done.output
    assert "TERM=xterm-256color\0" in done.output


async def test_output_devices_can_be_opened(confined: Workbench) -> None:
    done = await run(confined.make(), "sh", "-c", "echo a >/dev/stdout; echo b >/dev/stderr")
    assert done.output == "a\nb\n"


async def test_signals_have_their_default_action(any_bench: Workbench) -> None:
    done = await run(any_bench.make(), "sh", "-c", "grep -E 'SigIgn|SigBlk' /proc/self/status")
    values = [int(line.split()[1], 16) for line in done.output.splitlines()]
    # Signals 32 and 33 are the C library's own: no program can ignore or reset them.
    assert [value & ~(0b11 << 31) for value in values] == [0, 0]


@pytest.mark.parametrize(
    "request_",
    [
        ExecRequest((), "/tmp"),
        ExecRequest(("",), "/tmp"),
        ExecRequest(("a\0b",), "/tmp"),
        ExecRequest(("a",), "relative"),
        ExecRequest(("a",), "/tmp", env={"A=B": "c"}),
        ExecRequest(("a",), "/tmp", pty=True, stdin=b"x"),
        ExecRequest(("a",), "/tmp", pty=True, columns=0),
        ExecRequest(("a",), "/tmp", deadline_s=0),
        ExecRequest(("a", "x" * 200_000), "/tmp"),
    ],
)
async def test_bad_requests_are_refused(confined: Workbench, request_: ExecRequest) -> None:
    with pytest.raises(InvalidArgumentError):
        await confined.make().execute(request_)


async def test_strange_text_survives(any_bench: Workbench) -> None:
    text = "emoji 🦊 \u202ertl \u0000".replace("\0", "") + "'\"\\\n\t"
    done = await run(any_bench.make(), "printf", "%s", text)
    assert done.output == text


async def test_background_process_survives_and_shares_the_sandbox(any_bench: Workbench) -> None:
    sandbox = any_bench.make()
    script = "cd /tmp && exec /usr/bin/python3 -u -m http.server --bind 127.0.0.1 0 >port.txt 2>&1"
    if sandbox.confinement == "none":
        script = script.replace("/tmp", sandbox.spec.tmp)
    started = await run(sandbox, "sh", "-c", f"({script}) & sleep 0.1; echo started")
    assert started.output == "started\n"
    tmp = sandbox.spec.tmp if sandbox.confinement == "none" else "/tmp"
    fetch = (
        "import re, time, urllib.request\n"
        "for _ in range(100):\n"
        f"    found = re.search(r'port (\\d+)', open('{tmp}/port.txt').read())\n"
        "    if found: break\n"
        "    time.sleep(0.05)\n"
        "print(urllib.request.urlopen('http://127.0.0.1:' + found[1] + '/port.txt').status)"
    )
    assert (await run(sandbox, "/usr/bin/python3", "-c", fetch)).output.strip() == "200"


async def test_reading_ends_with_the_command_although_a_child_holds_the_pipe(any_bench: Workbench) -> None:
    sandbox = any_bench.make()
    begun = time.monotonic()
    done = await run(sandbox, "sh", "-c", "while :; do echo more; sleep 0.01; done & echo first")
    assert done.output.startswith("first") or done.output.endswith("first\n")
    assert time.monotonic() - begun < 10
    # Its output is still taken from it, so that it neither blocks nor dies of SIGPIPE.
    await asyncio.sleep(0.3)
    assert "while" in (await run(sandbox, "sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")).output


async def test_deadline_ends_the_whole_tree_and_says_so(any_bench: Workbench) -> None:
    sandbox = any_bench.make()
    await sandbox.start()
    before = set(sandbox.host_pids())
    pid_file = f"{sandbox.home_path}/pid"
    script = f"/usr/bin/python3 -c \"$1\" {pid_file}; trap '' TERM; sleep 300 & sleep 300"
    done = await run(sandbox, "sh", "-c", script, "sh", DAEMON, deadline_s=0.6)
    assert done.status.timed_out
    assert done.status.code == 137
    assert 0.5 < done.status.duration_s < 5
    assert os.path.exists(os.path.join(sandbox.spec.home, "pid")), "the daemon must have been running"
    assert {pid for pid in sandbox.host_pids() if is_alive(pid)} <= before


async def test_kill_of_one_call_leaves_the_others(any_bench: Workbench) -> None:
    sandbox = any_bench.make()
    # Of this test alone: an unconfined command sees the processes of every other test as well.
    ended, stays = f"300.{os.getpid()}1", f"300.{os.getpid()}2"
    first = await sandbox.execute(ExecRequest(("sleep", ended), sandbox.home_path))
    second = await sandbox.execute(ExecRequest(("sleep", stays), sandbox.home_path))
    await first.kill()
    assert (await first.wait()).signal == signal.SIGKILL
    listing = (await run(sandbox, "sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")).output
    assert f"sleep {stays}" in listing
    assert f"sleep {ended}" not in listing
    await second.kill(signal.SIGTERM)
    assert (await second.wait()).code == 143


async def _rested(sandbox: SupervisedSandbox) -> list[int]:
    """Its processes once those that only started others have ended."""
    before: list[int] = []
    while before != (now := [pid for pid in sandbox.host_pids() if is_alive(pid)]):
        before = now
        await asyncio.sleep(0.5)
    return now


async def test_kill_of_a_call_finds_daemons_without_marker(any_bench: Workbench) -> None:
    sandbox = any_bench.make()
    pid_file = f"{sandbox.home_path}/pid"
    request = ExecRequest(("/usr/bin/python3", "-c", DAEMON, pid_file), sandbox.home_path)
    call = await sandbox.execute(request)
    assert (await call.wait()).code == 0
    while not os.path.exists(os.path.join(sandbox.spec.home, "pid")):
        await asyncio.sleep(0.01)
    before = await _rested(sandbox)
    await call.kill()
    after = [pid for pid in sandbox.host_pids() if is_alive(pid)]
    assert len(after) == len(before) - 2  # the daemon and its shim


async def test_a_cancelled_reader_does_not_end_the_command(confined: Workbench) -> None:
    sandbox = confined.make()
    call = await sandbox.execute(ExecRequest(("sh", "-c", "sleep 0.3; echo late"), sandbox.home_path))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await call.read()
    assert await call.read() == b"late\n"


async def test_output_given_up_does_not_block_the_command(confined: Workbench) -> None:
    sandbox = confined.make()
    call = await sandbox.execute(ExecRequest(("sh", "-c", "head -c 3000000 /dev/zero"), sandbox.home_path))
    call.close()
    async with asyncio.timeout(10):
        assert (await call.wait()).code == 0


async def test_flood_is_held_back(confined: Workbench) -> None:
    sandbox = confined.make()
    call = await sandbox.execute(ExecRequest(("yes",), sandbox.home_path, deadline_s=1.0))
    async with asyncio.timeout(10):
        status = await call.wait()
    assert status.timed_out
    size = 0
    while piece := await call.read():
        size += len(piece)
    assert 0 < size <= 1 << 20


async def test_terminal_of_a_command(any_bench: Workbench) -> None:
    sandbox = any_bench.make()
    request = ExecRequest(("sh", "-c", "tty; stty size; exec cat"), sandbox.home_path, pty=True, columns=90, lines=20)
    call = await sandbox.execute(request)
    master = call.master_fd
    assert master is not None
    text = b""
    try:
        async with asyncio.timeout(5):
            while b"20 90" not in text:
                await asyncio.sleep(0.01)
                text += read_available(master)
            assert b"/dev/pts/" in text
            os.write(master, b"\x03")
            assert (await call.wait()).code == 130
    finally:
        os.close(master)


async def test_a_full_process_table_is_said(confined: Workbench) -> None:
    sandbox = confined.make()
    filler = "import os, time\nwhile True:\n    try:\n        if not os.fork(): time.sleep(300)\n    except OSError: time.sleep(1)"
    await sandbox.execute(ExecRequest(("/usr/bin/python3", "-c", filler), sandbox.home_path))
    calls = []
    with pytest.raises(LimitReachedError):
        async with asyncio.timeout(20):
            while True:
                calls.append(await sandbox.execute(ExecRequest(("sleep", "300"), sandbox.home_path)))
                await asyncio.sleep(0.01)


def read_available(descriptor: int) -> bytes:
    """What a terminal has to say now."""
    try:
        return os.read(descriptor, 65536)
    except (BlockingIOError, OSError):
        return b""
