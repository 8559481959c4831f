"""What root makes in somebody's folder belongs to that folder's owner; what it replaces keeps its own."""

import os
from pathlib import Path

import pytest

from kernel.vfs.tree import Tree

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
OWNER, OTHER = 1_900_000_007, 1_900_000_008


def owners(path: Path) -> tuple[int, int]:
    return path.stat().st_uid, path.stat().st_gid


def test_new_files_and_folders_are_the_folder_s_owner_s(tmp_path: Path) -> None:
    os.chown(tmp_path, OWNER, OWNER)
    tree = Tree(tmp_path)
    tree.write("a/b/file", b"x")
    tree.mkdir("c", recursive=False)
    assert {owners(tmp_path / name) for name in ("a", "a/b", "a/b/file", "c")} == {(OWNER, OWNER)}


def test_a_replaced_file_keeps_its_owner_and_bits(tmp_path: Path) -> None:
    os.chown(tmp_path, OWNER, OWNER)
    (tmp_path / "file").write_text("before")
    (tmp_path / "file").chmod(0o640)
    os.chown(tmp_path / "file", OTHER, OTHER)
    Tree(tmp_path).write("file", b"after")
    assert owners(tmp_path / "file") == (OTHER, OTHER)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


def test_a_folder_of_its_own_stays_its_own(tmp_path: Path) -> None:
    Tree(tmp_path).write("a/file", b"x")
    assert owners(tmp_path / "a/file") == owners(tmp_path)
