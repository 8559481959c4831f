"""`aether` where something else lies in the database's place, with and without the rest of an older one beside it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kernel.paths import Paths
from tests.unit.kernel.store.test_place import KINDS

PROJECT = Path(__file__).resolve().parents[3]
COMMANDS = ("run --role Coder --goal x --yes --model heuristic", "ps", "doctor")
NO_ANSWER_S = 50


def aether(root: Path, words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "AETHER_FS_ROOT": str(root), "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "kernel.cli.main", *words.split()]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=NO_ANSWER_S, check=False)


def older_data(paths: Paths) -> None:
    """What is left where somebody took the database alone away."""
    for name in ("aether.db-wal", "aether.db-shm", "aether.db.bak", "aether.db.damaged-77"):
        (paths.state / name).write_bytes(b"older")
    (paths.homes / "agent_1").mkdir()
    (paths.homes / "agent_1" / "work.txt").write_text("kept")


@pytest.mark.feature("ST01")
@pytest.mark.parametrize("older", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_one_sentence_and_exit_status_1_at_once_and_nothing_is_touched(tmp_path: Path, kind: str, older: bool) -> None:
    paths = Paths(tmp_path / "root")
    paths.create()
    if older:
        older_data(paths)
    make, words = KINDS[kind]
    make(paths.database)
    there = {path: path.lstat().st_ino for path in (*paths.state.glob("aether.db*"), *paths.homes.rglob("*"))}
    for command in COMMANDS:
        done = aether(paths.root, command)
        assert done.returncode == 1, (command, done.stdout, done.stderr)
        assert f"aether.db {words}" in done.stdout + done.stderr
        assert "Put the right file back" in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        if command != "doctor":
            assert len(done.stderr.splitlines()) == 2, done.stderr
    assert {path: path.lstat().st_ino for path in there} == there
    if older:
        assert (paths.state / "aether.db-wal").read_bytes() == b"older"


def test_what_is_said_to_do_helps(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "root")
    paths.create()
    older_data(paths)
    os.mkfifo(paths.database)
    assert aether(paths.root, "ps").returncode == 1
    (tmp_path / "away").mkdir()
    for path in paths.state.glob("aether.db*"):
        path.rename(tmp_path / "away" / path.name)
    done = aether(paths.root, "ps")
    assert done.returncode == 0 and done.stderr.startswith("aether: The database was not there although agents have worked here")
