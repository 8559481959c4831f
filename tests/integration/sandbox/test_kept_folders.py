"""A sandbox shows the folder that was mounted, or does not begin."""

import os
from pathlib import Path

import pytest

from kernel.errors import UnavailableError
from kernel.sandbox.backend import Mount
from tests.integration.sandbox.workbench import Workbench, run


def kept(folder: Path, guest: str = "/mnt/project", *, read_only: bool = False) -> Mount:
    found = os.stat(folder)
    return Mount(str(folder), guest, read_only, (found.st_dev, found.st_ino))


@pytest.mark.feature("FS09")
async def test_a_kept_folder_is_shown_also_twice_and_no_descriptor_of_it_is_left(confined: Workbench, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "mine").write_text("mine\n")
    sandbox = confined.make(mounts=(kept(project), kept(project, "/mnt/again", read_only=True)))
    script = "cat mine && echo new > new && cat /mnt/again/new && ! touch /mnt/again/x 2>&- && ls -l /proc/self/fd /proc/1/fd"
    done = await run(sandbox, "/bin/sh", "-c", script, cwd="/mnt/project")
    assert done.output.startswith("mine\nnew\n") and done.status.code == 0
    assert str(project) not in done.output and "/mnt" not in done.output
    assert (project / "new").read_text() == "new\n"


@pytest.mark.feature("FS09")
@pytest.mark.parametrize("change", ["link", "link above", "link to itself", "replaced", "gone"])
async def test_a_folder_that_is_another_one_by_now_keeps_the_sandbox_from_beginning(
    confined: Workbench, tmp_path: Path, change: str
) -> None:
    project = tmp_path / "above/project"
    project.mkdir(parents=True)
    (tmp_path / "private/project").mkdir(parents=True)
    sandbox = confined.make(mounts=(kept(project),))
    if change == "link above":
        (tmp_path / "above").rename(tmp_path / "moved")
        (tmp_path / "above").symlink_to(tmp_path / "private")
    else:
        project.rename(tmp_path / "above/old")
    if change == "link":
        project.symlink_to(tmp_path / "private")
    elif change == "link to itself":
        project.symlink_to(tmp_path / "above/old")
    elif change == "replaced":
        project.mkdir()
    said = {"gone": "No such file", "replaced": "another folder than before"}.get(change, "in it is no folder or a link now")
    with pytest.raises(UnavailableError, match=said):
        await sandbox.start()


@pytest.mark.feature("FS09")
async def test_a_sandbox_that_begins_again_looks_again(confined: Workbench, tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "other").mkdir()
    sandbox = confined.make(mounts=(kept(tmp_path / "project"),))
    assert (await run(sandbox, "/bin/true")).status.code == 0
    await sandbox.set_mounts((*sandbox.spec.mounts, kept(tmp_path / "other", "/mnt/other")))
    (tmp_path / "project").rename(tmp_path / "old")
    (tmp_path / "project").symlink_to("/etc")
    with pytest.raises(UnavailableError, match="a link now"):
        await run(sandbox, "/bin/true")


@pytest.mark.feature("FS09")
@pytest.mark.parametrize("turned", [False, True])
async def test_a_folder_that_is_mounted_within_another_shows_in_whichever_order_they_are_given(
    confined: Workbench, tmp_path: Path, turned: bool
) -> None:
    outer, inner = tmp_path / "outer", tmp_path / "inner"
    (outer / "a/in").mkdir(parents=True)
    (outer / "a/in/hidden").write_text("hidden")
    inner.mkdir()
    (inner / "mine").write_text("mine\n")
    home = "/home/agent_7/work"
    mounts = (kept(outer, home), kept(inner, f"{home}/a/in", read_only=True))
    sandbox = confined.make(mounts=mounts[::-1] if turned else mounts)
    done = await run(sandbox, "/bin/sh", "-c", f"cat {home}/a/in/mine; ls {home}/a/in; touch {home}/a/new; touch {home}/a/in/new 2>&-")
    assert done.output == "mine\nmine\n" and done.status.code == 1
    assert (outer / "a/new").exists() and not (inner / "new").exists()
    assert [path.name for path in (outer / "a/in").iterdir()] == ["hidden"]


@pytest.mark.feature("FS09")
@pytest.mark.parametrize("place", ["missing", "link"])
async def test_nothing_is_made_in_somebodys_folder_for_what_is_mounted_within(confined: Workbench, tmp_path: Path, place: str) -> None:
    outer, inner, elsewhere = tmp_path / "outer", tmp_path / "inner", tmp_path / "elsewhere"
    for folder in (outer, inner, elsewhere):
        folder.mkdir()
    if place == "link":
        (outer / "a").symlink_to(elsewhere)
    sandbox = confined.make(mounts=(kept(outer, "/mnt/outer"), kept(inner, "/mnt/outer/a/in")))
    said = "a in it is no folder or a link" if place == "link" else f"there is no a/in in {outer}; make it"
    with pytest.raises(UnavailableError, match=f"nothing can be mounted at /mnt/outer/a/in: {said}"):
        await sandbox.start()
    assert len(list(outer.iterdir())) == (place == "link") and list(elsewhere.iterdir()) == []
