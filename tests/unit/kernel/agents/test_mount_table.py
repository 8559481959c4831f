"""Where folders really lie."""

from pathlib import Path, PurePosixPath

import pytest

from kernel.agents.mount_table import MountTable, Place

TABLE = rb"""21 1 8:1 / / rw - ext4 /dev/sda1 rw
22 21 8:2 / /home rw - ext4 /dev/sda2 rw
23 21 8:2 /u/my\040notes /mnt/notes rw - ext4 /dev/sda2 rw
24 21 0:30 / /mnt/covered rw - tmpfs none rw
25 21 8:2 /late /mnt/covered rw - ext4 /dev/sda2 rw
broken
26 21 8:3 none relative rw
"""


@pytest.fixture
def table(tmp_path: Path) -> MountTable:
    (tmp_path / "mountinfo").write_bytes(TABLE)
    return MountTable(tmp_path / "mountinfo")


@pytest.mark.parametrize(
    ("folder", "places"),
    [
        ("/home/u", [("8:2", "/u")]),
        ("/etc", [("8:1", "/etc")]),
        ("/homes", [("8:1", "/homes")]),
        ("/mnt/notes/a", [("8:2", "/u/my notes/a")]),
        ("/mnt/covered/x", [("8:2", "/late/x")]),
        ("/mnt", [("8:2", "/u/my notes"), ("0:30", "/"), ("8:2", "/late"), ("8:1", "/mnt")]),
    ],
)
def test_a_folder_lies_where_it_is_mounted_from_and_shows_what_is_mounted_below(
    table: MountTable, folder: str, places: list[tuple[str, str]]
) -> None:
    assert list(table.places(Path(folder))) == [Place(device, PurePosixPath(path)) for device, path in places]


def test_where_there_is_no_table_nothing_is_known(tmp_path: Path) -> None:
    assert MountTable(tmp_path / "none").places(Path("/")) == ()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("/a", "/a/b", True), ("/a/b", "/a", True), ("/a", "/a", True), ("/a", "/ab", False), ("/", "/a", True)],
)
def test_places_overlap_where_one_holds_the_other(one: str, other: str, same: bool) -> None:
    assert Place("8:1", PurePosixPath(one)).overlaps(Place("8:1", PurePosixPath(other))) is same
    assert not Place("8:1", PurePosixPath(one)).overlaps(Place("8:2", PurePosixPath(other)))
