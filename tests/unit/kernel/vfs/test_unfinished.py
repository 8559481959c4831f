"""What a kill leaves half written is removed at the next start; nothing else ever is."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kernel.paths import Paths
from kernel.vfs import carrying, unfinished
from kernel.vfs.homes import Homes
from kernel.vfs.tree import Tree
from kernel.vfs.unfinished import Kind, Unfinished, temporary_name

PROJECT = Path(__file__).resolve().parents[4]
#: Ends itself at the moment in which a file is written and has not yet its name.
KILLED = """
import os, signal, sys
from pathlib import Path
from kernel.vfs.tree import Tree
from kernel.vfs.unfinished import Unfinished

os.rename = lambda *_words, **_more: os.kill(os.getpid(), signal.SIGKILL)
Tree(Path(sys.argv[1]), unfinished=Unfinished(Path(sys.argv[2]))).write("inner/file", b"half")
"""


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    made = tmp_path / "notes"
    made.mkdir()
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "somebodys"
    made.mkdir()
    return made


def leave(notes: Path, folder: Path, make: Callable[[Path], object], kind: Kind = "file") -> Path:
    """What a process leaves that notes and makes something and is killed then."""
    name = temporary_name()
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with Unfinished(notes).noted(fd, name, kind):
            make(folder / name)
    finally:
        os.close(fd)
    return folder / name


def sweep(notes: Path) -> None:
    """As a start does."""
    mine = Unfinished(notes)
    mine.sweep(mine.left())


def make_tree(path: Path) -> None:
    (path / "a" / "b").mkdir(parents=True)
    (path / "a" / "file").write_text("x")


@pytest.mark.feature("FS05")
def test_a_file_that_a_kill_cut_goes_and_what_it_would_have_replaced_stays(notes: Path, folder: Path) -> None:
    (folder / "inner").mkdir()
    (folder / "inner" / "file").write_text("before")
    env = {**os.environ, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run([sys.executable, "-c", KILLED, str(folder), str(notes)], env=env, timeout=30, check=False)
    assert done.returncode == -signal.SIGKILL
    left = [path for path in (folder / "inner").iterdir() if path.name != "file"]
    assert [path.read_bytes() for path in left] == [b"half"]
    sweep(notes)
    assert os.listdir(folder / "inner") == ["file"] and os.listdir(notes) == []
    assert (folder / "inner" / "file").read_text() == "before"


@pytest.mark.feature("FS05")
def test_a_folder_goes_with_all_in_it(notes: Path, folder: Path) -> None:
    left = leave(notes, folder, make_tree, "folder")
    assert left.exists() and os.listdir(notes) == [left.name]
    sweep(notes)
    assert os.listdir(folder) == os.listdir(notes) == []


def test_nothing_is_noted_once_it_is_done_or_has_failed(notes: Path, folder: Path) -> None:
    seen: list[list[str]] = []
    tree = Tree(folder, unfinished=Unfinished(notes))
    tree.write("a/file", b"x")
    carrying.copy(tree, "a", tree, "new/copy", lambda: bool(seen.append(os.listdir(notes))))
    assert (folder / "new" / "copy" / "file").read_bytes() == b"x"
    assert len(seen) == 1 and len(seen[0]) == 1 and seen[0][0] not in os.listdir(folder / "new")
    with pytest.raises(Exception, match="was not finished"):
        carrying.copy(tree, "a", tree, "new/other", lambda: True)
    assert os.listdir(notes) == [] and os.listdir(folder / "new") == ["copy"]


def test_what_is_written_for_an_agent_is_noted_where_only_aether_enters(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "root")
    paths.create()
    home = Homes(paths).of(7)
    assert home.unfinished is not None
    left = leave(paths.unfinished, tmp_path, Path.touch)
    assert home.unfinished.left() == (left.name,)
    assert paths.unfinished.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (make_tree, "file"),
        (Path.touch, "folder"),
        (os.mkfifo, "file"),
        (lambda path: path.symlink_to("/etc"), "folder"),
        (lambda path: path.symlink_to("/etc/hostname"), "file"),
    ],
    ids=["a folder", "a file", "a pipe", "a link to a folder", "a link to a file"],
)
def test_what_is_something_else_than_was_noted_stays(
    notes: Path, folder: Path, make: Callable[[Path], object], kind: Kind
) -> None:
    left = leave(notes, folder, make, kind)
    sweep(notes)
    assert os.path.lexists(left) and os.listdir(notes) == []


@pytest.mark.parametrize("how", ["another folder", "a link"])
def test_what_has_the_name_in_another_folder_stays(notes: Path, folder: Path, how: str) -> None:
    left = leave(notes, folder, Path.touch)
    moved = folder.rename(folder.with_name("moved"))
    if how == "a link":
        folder.symlink_to(moved)
    else:
        folder.mkdir()
        left.touch()
    sweep(notes)
    assert left.exists() and (moved / left.name).exists() and os.listdir(notes) == []


def test_a_folder_that_is_gone_and_a_note_that_is_none_stop_nothing(notes: Path, folder: Path) -> None:
    gone = folder / "gone"
    gone.mkdir()
    leave(notes, gone, Path.touch).unlink()
    gone.rmdir()
    identity = f"{folder.stat().st_dev} {folder.stat().st_ino}".encode()
    wrong = (b"file %s\n\0" % identity, b"other %s\n%s" % (identity, os.fsencode(folder)))
    for text in (b"", b"x", b"file 1\n/", b"file a b\n/", b"\xff", *wrong):
        (notes / temporary_name()).write_bytes(text)
    (notes / "else").write_text("no note")
    left = leave(notes, folder, Path.touch)
    sweep(notes)
    assert not left.exists() and os.listdir(notes) == ["else"]


def test_where_nothing_can_be_noted_files_are_written_all_the_same(tmp_path: Path, folder: Path) -> None:
    tree = Tree(folder, unfinished=Unfinished(tmp_path / "nowhere"))
    assert tree.write("file", b"x")
    assert os.listdir(folder) == ["file"]
    assert Unfinished(tmp_path / "nowhere").left() == ()


def test_one_start_looks_at_so_many_at_most(notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unfinished, "MAX_SWEPT", 3)
    for _ in range(5):
        (notes / temporary_name()).touch()
    sweep(notes)
    assert len(os.listdir(notes)) == 2
