"""A copy is whole under its name, or it is not there."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from kernel.errors import AetherError, UnavailableError
from kernel.vfs import carrying
from kernel.vfs.tree import Tree
from kernel.vfs.unfinished import temporary_name

FILES = ("a", "b/c", "b/d/e", "z")


def never() -> bool:
    return False


@pytest.fixture
def source(tmp_path: Path) -> Tree:
    for name in FILES:
        path = tmp_path / "from" / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "from" / "folder" / "empty").mkdir()
    (tmp_path / "to" / "inner").mkdir(parents=True)
    return Tree(tmp_path / "from")


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_while_a_folder_is_copied_its_name_is_not_there(source: Tree, tmp_path: Path) -> None:
    seen: list[list[str]] = []

    def look() -> bool:
        seen.append(names(tmp_path / "to" / "inner"))
        return False

    carrying.copy(source, "folder", Tree(tmp_path / "to"), "inner/new", look)
    assert len(seen) == len(FILES)
    for found in seen:
        assert re.fullmatch(r"\.aether-[0-9a-f]{16}\.part", found[0]), found
        assert not any(name.startswith("new") for name in found)
    assert names(tmp_path / "to" / "inner" / "new") == names(tmp_path / "from" / "folder")
    assert [path.name for path in (tmp_path / "to" / "inner").iterdir()] == ["new"]


@pytest.mark.parametrize("at", range(len(FILES)))
@pytest.mark.parametrize("work", [carrying.copy, carrying.move])
def test_a_stop_leaves_nothing_of_it_and_the_source_whole(
    source: Tree, tmp_path: Path, at: int, work: Callable[[Tree, str, Tree, str, carrying.Stopped], object]
) -> None:
    asked = 0

    def stopped() -> bool:
        nonlocal asked
        asked += 1
        return asked > at

    with pytest.raises(UnavailableError, match="not finished"):
        work(source, "folder", Tree(tmp_path / "to"), "inner/new", stopped)
    assert names(tmp_path / "to") == ["inner"]
    assert all((tmp_path / "from" / "folder" / name).read_text() == name for name in FILES)


def test_a_name_that_is_taken_meanwhile_is_not_replaced(source: Tree, tmp_path: Path) -> None:
    def take() -> bool:
        (tmp_path / "to" / "new").mkdir(exist_ok=True)
        (tmp_path / "to" / "new" / "other").write_text("other")
        return False

    with pytest.raises(AetherError):
        carrying.copy(source, "folder", Tree(tmp_path / "to"), "new", take)
    assert names(tmp_path / "to") == ["inner", "new", "new/other"]


def test_into_a_folder_that_is_there_come_whole_files_only(source: Tree, tmp_path: Path) -> None:
    (tmp_path / "to" / "new" / "b").mkdir(parents=True)
    (tmp_path / "to" / "new" / "b" / "c").write_text("before")
    answers = iter((False, False, True))
    with pytest.raises(UnavailableError):
        carrying.copy(source, "folder", Tree(tmp_path / "to"), "new", lambda: next(answers))
    found = {path: (tmp_path / "to" / "new" / path).read_text() for path in names(tmp_path / "to" / "new") if path in FILES}
    assert found == {"a": "a", "b/c": "b/c"}
    carrying.copy(source, "folder", Tree(tmp_path / "to"), "new", never)
    assert names(tmp_path / "to" / "new") == names(tmp_path / "from" / "folder")


def test_what_is_not_whole_is_hidden(tmp_path: Path) -> None:
    (tmp_path / temporary_name()).touch()
    (entry,) = Tree(tmp_path).list("")
    assert entry.is_hidden
