"""`aether` where its surroundings are hostile or broken: closed streams, full devices, strange files, early answers."""

import asyncio
import os
import pty
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.scripts import call, turn, write_script

PROJECT = Path(__file__).resolve().parents[3]


def aether(root: Path, line: str) -> subprocess.CompletedProcess[str]:
    """Run a shell line in which `aether` is the command."""
    env = {**os.environ, "AETHER_FS_ROOT": str(root), "PYTHONPATH": str(PROJECT)}
    script = f'aether() {{ "{sys.executable}" -m kernel.cli.main "$@"; }}; {line}'
    return subprocess.run(["bash", "-c", script], env=env, capture_output=True, text=True, timeout=50, check=False)


@pytest.mark.feature("CF01")
def test_closed_and_full_streams_are_no_crash(tmp_path: Path) -> None:
    model = write_script(tmp_path, turn("hi", call("complete", summary="done")))
    deploy = f"aether run --role Coder --goal x --yes --model {model}"
    for redirect in ("<&-", ">&-", "2>&-"):
        done = aether(tmp_path / "root", f"{deploy} {redirect}")
        assert done.returncode == 0, (redirect, done.stderr)
        assert "Traceback" not in done.stderr
    full = aether(tmp_path / "root", f"{deploy} >/dev/full")
    assert full.returncode == 1
    assert "disk is full" in full.stderr
    assert "Traceback" not in full.stderr


@pytest.mark.feature("EV10")
def test_a_damaged_database_is_said_on_the_command_line(tmp_path: Path) -> None:
    root = tmp_path / "root"
    assert aether(root, "aether ps").returncode == 0
    found = next(root.rglob("aether.db"))
    for beside in found.parent.glob("aether.db-*"):
        beside.unlink()
    found.write_bytes(b"rubbish" * 1000)
    done = aether(root, "aether ps -a")
    assert "was damaged" in done.stderr
    assert "is kept as" in done.stderr


@pytest.mark.feature("EV10")
def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    root = tmp_path / "root"
    assert aether(root, "aether ps").returncode == 0
    with sqlite3.connect(next(root.rglob("aether.db"))) as connection:
        connection.execute("PRAGMA user_version=51")
    done = aether(root, "aether ps")
    assert done.returncode == 1
    assert "newer Aether" in done.stderr


@pytest.mark.parametrize("path", ["/dev/zero", "fifo"])
def test_an_endless_script_is_refused(tmp_path: Path, path: str) -> None:
    os.mkfifo(tmp_path / "fifo")
    script = path if path.startswith("/") else tmp_path / path
    done = aether(tmp_path / "root", f"aether run --role Coder --goal x --yes --model scripted:{script}")
    assert done.returncode == 1
    assert "is no file" in done.stdout + done.stderr


@pytest.mark.parametrize("words", ["--goal x --max-steps 99999999999999999999", "--goal $'\\xff'"])
def test_what_cannot_be_meant_is_wrong_usage(tmp_path: Path, words: str) -> None:
    done = aether(tmp_path / "root", f"aether run --role Coder {words}")
    assert done.returncode == 2, done.stderr


@pytest.mark.feature("AP01")
async def test_an_answer_typed_before_its_question_does_not_count(tmp_path: Path) -> None:
    """Two lines pasted at the first question answer that one only."""
    model = write_script(
        tmp_path,
        turn("first", call("run_command", command="rm -rf one")),
        turn("second", call("run_command", command="rm -rf two")),
        turn("", call("complete", summary="end")),
    )
    env = {**os.environ, "AETHER_FS_ROOT": str(tmp_path / "root"), "PYTHONPATH": str(PROJECT)}
    words = ("run", "--role", "Coder", "--goal", "x", "--ask", "--model", model)
    master, slave = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kernel.cli.main", *words, env=env, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
    )
    os.close(slave)
    os.set_blocking(master, False)
    seen = b""
    asked = 0
    try:
        async with asyncio.timeout(30):
            while asked < 2:
                await asyncio.sleep(0.05)
                try:
                    seen += os.read(master, 65536)
                except BlockingIOError:
                    continue
                if seen.count(b"Allow it?") > asked:
                    asked += 1
                    if asked == 1:
                        os.write(master, b"y\ny\n")
        await asyncio.sleep(0.5)
        assert process.returncode is None, "the second question still waits"
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(10):
            while process.returncode is None:
                await asyncio.sleep(0.05)
                try:
                    seen += os.read(master, 65536)
                except (BlockingIOError, OSError):
                    continue
        assert process.returncode == 130
    finally:
        os.close(master)
        if process.returncode is None:
            process.kill()
            await process.wait()
