"""What the launcher makes of a plan before bubblewrap is executed."""

import os
from pathlib import Path

import pytest

from kernel.sandbox import launcher


def identity(folder: Path) -> tuple[int, int]:
    found = os.stat(folder)
    return found.st_dev, found.st_ino


@pytest.mark.parametrize("by_descriptor", [True, False])
def test_a_kept_folder_is_bound_by_descriptor_where_that_is_possible(tmp_path: Path, by_descriptor: bool) -> None:
    path = str(tmp_path)
    words = ["--bind", {"bind": path}, "/a", "--ro-bind", {"bind": path}, "/b", "--bind", {"bind": "/plain"}, "/c"]
    before = set(os.listdir("/proc/self/fd"))
    made = launcher.resolve(words, {}, {path: identity(tmp_path)}, by_descriptor)
    assert made[6:] == ["--bind", "/plain", "/c"]
    if not by_descriptor:
        assert made[:6] == ["--bind", path, "/a", "--ro-bind", path, "/b"]
        assert set(os.listdir("/proc/self/fd")) == before
        return
    assert [made[at] for at in (0, 2, 3, 5)] == ["--bind-fd", "/a", "--ro-bind-fd", "/b"]
    first, second = int(made[1]), int(made[4])
    assert first != second  # bubblewrap closes each
    for descriptor in (first, second):
        assert os.get_inheritable(descriptor) and os.readlink(f"/proc/self/fd/{descriptor}") == path
        os.close(descriptor)


def test_what_is_staged_was_looked_at_already(tmp_path: Path) -> None:
    path = str(tmp_path)
    assert launcher.resolve(["--bind", {"bind": path}, "/a"], {path: "/mnt/0"}, {path: (0, 0)}, True) == ["--bind", "/mnt/0", "/a"]


@pytest.mark.parametrize(
    ("change", "said"),
    [("link", "kept in it is no folder or a link now"), ("gone", "No such file"), ("replaced", "another folder than before")],
)
def test_a_kept_folder_that_is_another_one_is_not_opened(tmp_path: Path, change: str, said: str) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    known = identity(folder)
    os.close(launcher.open_kept(str(folder), known))
    folder.rename(tmp_path / "old")
    if change == "link":
        folder.symlink_to("old")
    elif change == "replaced":
        folder.mkdir()
    before = len(os.listdir("/proc/self/fd"))
    for by_descriptor in (True, False):
        with pytest.raises(OSError, match=said):
            launcher.resolve(["--bind", {"bind": str(folder)}, "/a"], {}, {str(folder): known}, by_descriptor)
    assert len(os.listdir("/proc/self/fd")) == before


def test_no_part_of_a_mount_point_may_be_a_link(tmp_path: Path) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    (home / "shared/w").mkdir(parents=True)
    elsewhere.mkdir()

    def look(*points: str) -> None:
        launcher.require_points([(str(home), None, point, f"~/{point}") for point in points])

    look("work", "shared/w", "shared/new/deep")
    (home / "shared").rename(home / "q")
    (home / "shared").symlink_to(elsewhere)
    with pytest.raises(OSError, match="nothing can be mounted at ~/shared/w: shared in it is no folder or a link; remove it"):
        look("work", "shared/w")
    (home / "work").symlink_to("q")
    with pytest.raises(OSError, match="~/work: work in it"):
        look("work")
    assert list(elsewhere.iterdir()) == []


@pytest.mark.feature("FS09")
def test_in_a_folder_that_was_kept_the_place_for_another_must_be_there(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "a/inner").mkdir(parents=True)
    found = os.stat(project)
    points = [(str(project), (found.st_dev, found.st_ino), "a/inner", "~/work/a/inner")]
    before = len(os.listdir("/proc/self/fd"))
    launcher.require_points(points)
    (project / "a/inner").rmdir()
    with pytest.raises(OSError, match=f"nothing can be mounted at ~/work/a/inner: there is no a/inner in {project}; make it"):
        launcher.require_points(points)
    (project / "a/inner").symlink_to(tmp_path)
    with pytest.raises(OSError, match="inner in it is no folder or a link"):
        launcher.require_points(points)
    project.rename(tmp_path / "old")
    project.mkdir()
    with pytest.raises(OSError, match="another folder than before"):
        launcher.require_points(points)
    assert len(os.listdir("/proc/self/fd")) == before
    assert list(project.iterdir()) == []
