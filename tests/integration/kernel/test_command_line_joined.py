"""Commands that join the kernel of another one: nobody is cut off when that is done, and what was not begun is asked again."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.fakes.scripts import call, turn
from tests.integration.kernel.test_command_line import DONE, RUN, SLEEP, Finished, Shell, _until, aether

__all__ = ["aether"]


def _held(flag: Path) -> dict[str, object]:
    """A turn that lasts until a file is there, in the folder that is mounted."""
    return turn("", call("run_command", command=f"while [ ! -e ~/work/{flag.name} ]; do sleep 0.05; done"))


async def _interrupted(shell: Shell, folder: Path, *turns: dict[str, object]) -> None:
    """Agent 1, interrupted in its first turn; the others are still to come."""
    words = ("run", "--role", "Coder", "--goal", "first", "--yes", "--json", "--workdir", str(folder))
    holder = await shell.start(*words, "--model", shell.script(SLEEP, *turns, name="first"))
    await _until(holder, "agent.toolStarted")
    holder.kill()
    await holder.wait()


async def _join(shell: Shell, folder: Path, flag: Path) -> asyncio.subprocess.Process:
    """`aether run` of an agent that works until the flag is there."""
    words = (*RUN, "--json", "--workdir", str(folder), "--model", shell.script(_held(flag), DONE, name="second"))
    joined = await shell.start(*words)
    await _until(joined, "agent.toolStarted")
    return joined


async def _finish(process: asyncio.subprocess.Process) -> Finished:
    async with asyncio.timeout(30):
        out, err = await process.communicate()
    assert process.returncode is not None and b"Traceback" not in err, err.decode()
    return Finished(process.returncode, out, err)


async def _said(process: asyncio.subprocess.Process, words: str) -> str:
    """What a command says on standard error, up to a line with these words."""
    assert process.stderr is not None
    said = ""
    async with asyncio.timeout(20):
        while words not in said:
            line = await process.stderr.readline()
            assert line, f"it ended with {said!r}"
            said += line.decode()
    return said


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "mine"
    made.mkdir()
    made.chmod(0o755)
    return made


@pytest.mark.feature("CF01")
async def test_an_agent_that_joined_a_resumed_one_is_waited_for(aether: Shell, folder: Path) -> None:
    await _interrupted(aether, folder, _held(folder / "one"), DONE)
    owner = await aether.start("resume", "1", "--json")
    await _until(owner, "agent.toolStarted")
    joined = await _join(aether, folder, folder / "two")
    (folder / "one").touch()
    assert "waiting for 1 other agent that runs in this process" in await _said(owner, "waiting for")
    third = await aether("ps")
    assert "1 active" in third.out, "the instance is there for further commands meanwhile"
    (folder / "two").touch()
    assert (await _finish(joined)).lines()[-1]["code"] == 0
    ended = await _finish(owner)
    assert (ended.code, ended.lines()[-1]["pid"]) == (0, 1)
    assert "interrupted" not in (await aether("ps", "-a")).out


@pytest.mark.feature("CF01")
async def test_an_agent_that_joined_a_command_that_follows_is_waited_for(aether: Shell, folder: Path) -> None:
    await _interrupted(aether, folder, DONE)
    owner = await aether.start("logs", "1", "-f", "--json")
    await _until(owner, "agent.toolStarted")
    joined = await _join(aether, folder, folder / "two")
    assert (await aether("resume", "1")).code == 0
    assert "waiting for 1 other agent" in await _said(owner, "waiting for")
    (folder / "two").touch()
    assert (await _finish(joined)).code == 0
    assert (await _finish(owner)).code == 0


@pytest.mark.feature("CF01")
async def test_ctrl_c_ends_the_waiting_for_others(aether: Shell, folder: Path) -> None:
    await _interrupted(aether, folder, _held(folder / "one"), DONE)
    owner = await aether.start("resume", "1", "--json")
    await _until(owner, "agent.toolStarted")
    joined = await _join(aether, folder, folder / "two")
    (folder / "one").touch()
    await _said(owner, "waiting for")
    owner.send_signal(signal.SIGINT)
    assert (await _finish(owner)).code == 130
    cut = await _finish(joined)
    assert cut.code == 1 and "`aether resume 2`" in cut.err
    assert "interrupted" in (await aether("ps")).out


@pytest.mark.feature("CF01")
async def test_an_instance_that_is_ended_while_it_is_joined_is_followed_by_the_next(aether: Shell, folder: Path) -> None:
    """The joiner is stopped between its sign of life and its first command; the one that it has joined ends meanwhile."""
    serving = await aether.start("serve")
    assert serving.stdout is not None and await serving.stdout.readline()
    script = f"""
import os, signal, sys
from kernel.cli import connection
found = connection._find
async def find(*words, **named):
    joined = await found(*words, **named)
    connection._find = found
    print("found", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
    return joined
connection._find = find
from kernel.cli.main import main
sys.exit(main({[*RUN, "--json", "--model", aether.script(DONE)]!r}))
"""
    pipe = asyncio.subprocess.PIPE
    joiner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, env=aether.env, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe, limit=1 << 24
    )
    aether.processes.append(joiner)
    await _said(joiner, "found")
    serving.terminate()
    assert (await _finish(serving)).code == 0
    os.kill(joiner.pid, signal.SIGCONT)
    ended = await _finish(joiner)
    assert ended.code == 0, ended.err
    assert [event["type"] for event in ended.lines()].count("process.spawned") == 1
