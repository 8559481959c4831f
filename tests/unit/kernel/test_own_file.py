"""Only regular files are opened, and nothing else keeps anybody waiting."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kernel.own_file import open_file, other_than_a_file, read_file
from tests.unit.kernel.store.test_place import KINDS

#: What a link may lead to that is there: the rest is for those to judge who open it.
PRESENT = {name: KINDS[name] for name in ("pipe", "folder", "socket", "device", "link to a pipe")}
FLAGS = [os.O_RDONLY, os.O_WRONLY | os.O_APPEND | os.O_CREAT]


@pytest.mark.feature("ST01")
@pytest.mark.parametrize("flags", FLAGS, ids=["to read", "to write"])
@pytest.mark.parametrize("kind", PRESENT)
def test_what_is_no_file_is_named_and_not_opened(tmp_path: Path, kind: str, flags: int) -> None:
    make, words = PRESENT[kind]
    path = tmp_path / "file"
    make(path)
    open_before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match=words.removeprefix("is ")) as refused:
        open_file(path, flags)
    assert refused.value.strerror == f"it {words}"
    assert other_than_a_file(path) == words.removeprefix("is ")
    assert len(os.listdir("/proc/self/fd")) == open_before


def _make_pipe_late(path: Path) -> Callable[[Path], str]:
    def look(_path: Path) -> str:
        os.mkfifo(path)
        return ""

    return look


@pytest.mark.parametrize("flags", FLAGS, ids=["to read", "to write"])
def test_what_takes_its_place_right_after_the_look_is_not_taken_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: int
) -> None:
    path = tmp_path / "file"
    monkeypatch.setattr("kernel.own_file.other_than_a_file", _make_pipe_late(path))
    open_before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError):
        open_file(path, flags)
    assert len(os.listdir("/proc/self/fd")) == open_before


def test_a_file_and_a_link_to_one_are_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 100_000)
    (tmp_path / "link").symlink_to("file")
    assert read_file(tmp_path / "link") == read_file(tmp_path / "file") == b"x" * 100_000
    assert other_than_a_file(tmp_path / "link") == ""
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "nothing")
    os.close(open_file(tmp_path / "new", os.O_WRONLY | os.O_CREAT))
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600
