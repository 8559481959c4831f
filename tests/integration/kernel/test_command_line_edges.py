"""`aether` where its surroundings are hostile or broken: closed streams, full devices, strange files, early answers."""

import asyncio
import os
import pty
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.cli import main
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


@pytest.mark.feature("CF01")
def test_what_python_would_trip_over_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    closed = aether(tmp_path / "root", "aether run --role Coder --goal - <&-")
    assert (closed.returncode, "standard input is closed" in closed.stderr) == (2, True), closed.stderr
    gone = aether(tmp_path / "root", f"cd '{tmp_path}/gone' && rmdir ../gone && aether run --role Coder --goal x --workdir .")
    assert (gone.returncode, "the current folder is gone" in gone.stderr) == (2, True), gone.stderr
    words = aether(tmp_path / "root", "aether send 4 $'bad \\xff'")
    assert (words.returncode, "not valid UTF-8" in words.stderr) == (2, True), words.stderr
    assert "Traceback" not in closed.stderr + gone.stderr + words.stderr
    assert "never retrieved" not in words.stderr


@pytest.mark.feature("CF01")
def test_output_that_was_still_to_be_written_is_said_as_any_other(tmp_path: Path) -> None:
    done = aether(tmp_path / "root", "PYTHONUNBUFFERED= aether ps >/dev/full")
    assert done.returncode == 1
    assert done.stderr.strip() == "aether: the output could not be written: its disk is full"


@pytest.mark.feature("CF01")
def test_a_full_disk_behind_something_else_is_not_blamed_on_the_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(words: list[str]) -> int:
        os.write(os.open("/dev/full", os.O_WRONLY | os.O_CLOEXEC), b"x")
        return 0

    monkeypatch.setattr(main, "_subcommand", refuse)
    assert main.main(["ps"]) == 1
    said = capsys.readouterr().err
    assert "disk is full" in said and "the output" not in said and "Free some space" in said


@pytest.mark.feature("CF01")
@pytest.mark.parametrize("most", [7, 10, 14])
def test_a_descriptor_too_many_is_a_sentence(tmp_path: Path, most: int) -> None:
    done = aether(tmp_path / "root", f"ulimit -n {most}; aether ps")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert done.stderr.startswith("aether: "), done.stderr


@pytest.mark.feature("CF01")
def test_an_instance_that_was_stopped_is_not_waited_for(tmp_path: Path) -> None:
    """As by Ctrl+Z on `aether serve`."""
    env = {**os.environ, "AETHER_FS_ROOT": str(tmp_path / "root"), "PYTHONPATH": str(PROJECT)}
    words = [sys.executable, "-m", "kernel.cli.main", "serve"]
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as serving:
        try:
            assert serving.stdout is not None and b"serves" in serving.stdout.readline()
            serving.send_signal(signal.SIGSTOP)
            done = aether(tmp_path / "root", "aether ps & aether send 1 x & aether logs 1 -f & wait")
            assert done.stderr.count("does not answer") == 3
            assert "Traceback" not in done.stderr
            serving.send_signal(signal.SIGCONT)
            assert aether(tmp_path / "root", "aether ps").returncode == 0
        finally:
            serving.send_signal(signal.SIGCONT)
            serving.terminate()


@pytest.fixture
def few_files(tmp_path: Path) -> Iterator[Path]:
    """A file system that takes 64 files however small; skips the test where this user may not mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=50m,nr_inodes=64", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"mounting needs root: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.feature("EV10")
@pytest.mark.parametrize("left", [2, 8, 10, 11, 12])
def test_a_disk_that_takes_no_further_file_is_said_in_a_sentence(few_files: Path, tmp_path: Path, left: int) -> None:
    """Wherever on the way to an agent's first step they run out; none is left behind that never began."""
    model = write_script(tmp_path, turn("hi", call("complete", summary="done")))
    assert aether(few_files, "aether ps").returncode == 0
    (few_files / "many").mkdir()
    for number in range(os.statvfs(few_files).f_ffree - left):
        (few_files / "many" / str(number)).touch()
    done = aether(few_files, f"aether run --role Coder --goal x --yes --model {model}")
    said = done.stdout + done.stderr
    assert "failed inside Aether" not in said and "the output" not in said and "Traceback" not in said, said
    assert done.returncode == 0 or "No space left" in said or "disk is full" in said
    shutil.rmtree(few_files / "many")
    assert "booting" not in aether(few_files, "aether ps -a").stdout
