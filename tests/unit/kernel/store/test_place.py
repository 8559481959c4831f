"""What lies where the database belongs is said before anything of it is opened."""

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from kernel import doctor
from kernel.errors import StorageError
from kernel.paths import Paths
from kernel.store.database import Database
from kernel.store.place import BESIDE, require_files
from tests.fakes.clock import ManualClock


def make_socket(path: Path) -> None:
    here = os.open(path.parent, os.O_PATH)
    try:  # a socket's name may not be as long as the path of a test's folder
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(f"/proc/self/fd/{here}/{path.name}")
    finally:
        os.close(here)


def make_link_to_pipe(path: Path) -> None:
    os.mkfifo(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


KINDS: dict[str, tuple[Callable[[Path], None], str]] = {
    "pipe": (os.mkfifo, "is a pipe and not a file"),
    "folder": (Path.mkdir, "is a folder and not a file"),
    "socket": (make_socket, "is a socket and not a file"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "is a link to a device and not to a file"),
    "link to a pipe": (make_link_to_pipe, "is a link to a pipe and not to a file"),
    "dangling link": (lambda path: path.symlink_to("nowhere/x"), "is a link to nowhere/x, which is missing"),
    "circle": (lambda path: path.symlink_to(path), "is a link that leads round in a circle"),
}


@pytest.mark.feature("ST01")
@pytest.mark.parametrize("suffix", ["", *BESIDE])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_is_named_with_what_to_do(tmp_path: Path, kind: str, suffix: str) -> None:
    database = tmp_path / "my-aether.db"
    if suffix:
        database.touch()
    make, words = KINDS[kind]
    make(tmp_path / f"my-aether.db{suffix}")
    with pytest.raises(StorageError) as refused:
        require_files(database)
    assert f"my-aether.db{suffix} {words}" in refused.value.message
    assert "everything named my-aether.db*" in refused.value.hint


def test_nothing_a_file_and_a_link_to_a_file_are_as_they_should_be(tmp_path: Path) -> None:
    require_files(tmp_path / "nowhere" / "a.db")
    require_files(tmp_path / "a.db")
    (tmp_path / "other-disk").mkdir()
    (tmp_path / "other-disk" / "real.db").touch()
    (tmp_path / "a.db").symlink_to(tmp_path / "other-disk" / "real.db")
    require_files(tmp_path / "a.db")
    os.mkfifo(tmp_path / "other-disk" / "real.db-wal")
    with pytest.raises(StorageError, match=r"real\.db-wal is a pipe"):
        require_files(tmp_path / "a.db")


def test_the_name_that_a_link_has_may_be_any_bytes(tmp_path: Path) -> None:
    os.symlink(b"\xff" * 250, tmp_path / "a.db")
    with pytest.raises(StorageError) as refused:
        require_files(tmp_path / "a.db")
    assert "\ufffd" * 200 + ", which is missing" in refused.value.message


@pytest.mark.parametrize("kind", KINDS)
async def test_neither_the_start_nor_the_doctor_opens_it(tmp_path: Path, kind: str) -> None:
    paths = Paths(tmp_path)
    paths.create()
    make, words = KINDS[kind]
    make(paths.database)
    before = sorted(paths.state.iterdir())
    with pytest.raises(StorageError, match=words):
        await Database(paths.database, ManualClock()).open()
    found = doctor._database(paths)
    assert not found.ok and found.required
    assert words in found.detail
    assert "Put the right file back" in found.remedy
    assert sorted(paths.state.iterdir()) == before


async def test_a_file_that_cannot_be_opened_leaves_no_thread_that_outlives_the_loop(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with pytest.raises(StorageError, match="unable to open"):
        await Database(tmp_path / "nowhere" / "a.db", ManualClock()).open()
    for thread in set(threading.enumerate()) - before:
        thread.join(5)  # its last answer has been given: it ends without the loop
        assert not thread.is_alive()
