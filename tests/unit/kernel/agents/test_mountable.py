"""Which folders can be a workspace."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kernel.agents.mountable import check_mount, check_nesting, guest_folder, refuse_own
from kernel.errors import AetherError, InvalidArgumentError, PermissionDeniedError
from kernel.paths import Paths
from kernel.protocol.records import WorkspaceMount


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(tmp_path / "above/root")
    made.create()
    (made.homes / "agent_1").mkdir()
    (made.shared / "team").mkdir()
    (tmp_path / "project").mkdir()
    return made


@pytest.mark.feature("FS04", "FS09")
@pytest.mark.parametrize(
    "inner", [".", "var", "var/kernel", "var/kernel/run", "home", "home/agent_1", "etc", "tmp", "shared", "shared/team", "var/../home"]
)
@pytest.mark.parametrize("linked", [False, True])
def test_nothing_of_aethers_own_folder_is_one(paths: Paths, tmp_path: Path, inner: str, linked: bool) -> None:
    folder = paths.root / inner
    if linked:
        (tmp_path / "project/innocent").symlink_to(folder)
        folder = tmp_path / "project/innocent"
    with pytest.raises(PermissionDeniedError, match="lies among Aether's own files; an agent must not see them") as refused:
        check_mount(WorkspaceMount(host_path=str(folder)), paths)
    assert refused.value.hint == f"Choose a folder outside of {paths.root}."
    assert "leads to" not in refused.value.message or linked or ".." in inner or inner == "."


def test_nor_is_what_holds_it(paths: Paths, tmp_path: Path) -> None:
    (tmp_path / "project/link").symlink_to(tmp_path / "above")
    for folder in (tmp_path, tmp_path / "above", Path("/"), tmp_path / "project/link"):
        with pytest.raises(PermissionDeniedError, match="holds Aether's own files"):
            check_mount(WorkspaceMount(host_path=str(folder)), paths)


def test_a_folder_beside_it_is_one_also_through_a_link_that_lies_within(paths: Paths, tmp_path: Path) -> None:
    (paths.root / "out").symlink_to(tmp_path / "project")
    (tmp_path / "above/root2").mkdir()
    for folder in (tmp_path / "project", paths.root / "out", tmp_path / "above/root2"):
        check_mount(WorkspaceMount(host_path=str(folder)), paths)


def test_a_root_that_is_a_link_is_known_by_both_names(paths: Paths, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(paths.root)
    for root, folder in ((paths.root, tmp_path / "alias/var"), (tmp_path / "alias", paths.root / "var")):
        with pytest.raises(PermissionDeniedError, match="among Aether's own"):
            check_mount(WorkspaceMount(host_path=str(folder)), Paths(root))


def test_a_link_that_is_turned_around_later_is_seen(paths: Paths, tmp_path: Path) -> None:
    link = tmp_path / "project/link"
    link.symlink_to(tmp_path / "project")
    check_mount(WorkspaceMount(host_path=str(link)), paths)
    refuse_own(link, paths)
    link.unlink()
    link.symlink_to(paths.state)
    with pytest.raises(PermissionDeniedError):
        refuse_own(link, paths)


@pytest.mark.parametrize("name", [" ", "relative", "./x", "~nobody-of-that-name/x", "/no/such/folder", "/etc/passwd", "/a\x00b", "/x/loop"])
def test_what_is_no_folder_is_refused_with_a_sentence(paths: Paths, tmp_path: Path, name: str) -> None:
    if name == "/x/loop":
        (tmp_path / "loop").symlink_to("loop")
        name = str(tmp_path / "loop")
    with pytest.raises(InvalidArgumentError) as refused:
        check_mount(WorkspaceMount(host_path=name), paths)
    assert refused.value.message.endswith(".") and "None" not in refused.value.message
    assert isinstance(refused.value, AetherError)


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("work", "/home/agent_7/work"), ("work/", "/home/agent_7/work"), ("./work//sub/.", "/home/agent_7/work/sub"),
        ("~/work", "/home/agent_7/work"),
        ("/mnt//data/", "/mnt/data"), ("//mnt", "/mnt"), ("~", "/home/agent_7"), (".", "/home/agent_7"),
    ],
)  # fmt: skip
def test_where_it_is_seen_is_one_name(name: str, seen: str) -> None:
    assert guest_folder(WorkspaceMount(host_path="/x", guest_path=name), "/home/agent_7") == seen


@pytest.mark.feature("FS09")
@pytest.mark.parametrize("name", [".", "./", "~", "~/", "~/.", "/", "//", "/home", "/home/agent_3/", "/tmp", "/tmp/."])
def test_nothing_is_mounted_over_what_is_the_agents_own(paths: Paths, tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidArgumentError, match="the agent's own"):
        check_mount(WorkspaceMount(host_path=str(tmp_path / "project"), guest_path=name), paths)
    below = WorkspaceMount(host_path=str(tmp_path / "project"), guest_path=f"{name}/work")
    if not name.startswith("/home"):
        check_mount(below, paths)
        return
    with pytest.raises(InvalidArgumentError, match="which home the agent gets is not known"):
        check_mount(below, paths)


@pytest.mark.feature("FS09")
def test_what_is_kept_is_the_real_path(paths: Paths, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "project")
    kept = check_mount(WorkspaceMount(host_path=str(tmp_path / "link"), guest_path="w", read_only=True), paths)
    assert kept == WorkspaceMount(host_path=str(tmp_path / "project"), guest_path="w", read_only=True)


def test_a_real_path_that_is_no_text_cannot_be_kept(paths: Paths, tmp_path: Path) -> None:
    os.mkdir(os.fsencode(tmp_path) + b"/\xff")
    os.symlink(b"\xff", os.fsencode(tmp_path) + b"/link")
    with pytest.raises(InvalidArgumentError, match="whose name is no text"):
        check_mount(WorkspaceMount(host_path=str(tmp_path / "link")), paths)


@pytest.mark.parametrize("linked", [False, True])
def test_no_name_leads_through_what_the_system_makes_up(paths: Paths, tmp_path: Path, linked: bool) -> None:
    opened = os.open(tmp_path / "project", os.O_RDONLY)
    try:
        for name in (f"/proc/self/root{tmp_path}/project", f"/proc/{os.getpid()}/fd/{opened}", f"/dev/fd/{opened}"):
            if linked:
                (tmp_path / "link").unlink(missing_ok=True)
                (tmp_path / "link").symlink_to(name)
                name = str(tmp_path / "link")
            with pytest.raises(PermissionDeniedError, match="which is what the system makes up"):
                check_mount(WorkspaceMount(host_path=name), paths)
    finally:
        os.close(opened)


@pytest.mark.feature("FS09")
@pytest.mark.parametrize(
    ("source", "at", "refused"),
    [
        ("above/root", "project/sub", True),  # the root below the folder
        ("above/root/home", "project/sub", True),
        ("above/root/var", "project", True),  # something of it as the folder
        ("above/root/var", "", True),  # the folder lies in what is bound
        ("above", "project", True),  # what holds it
        ("", "project/sub/deep", True),
        ("other", "project/sub", False),
        ("above/root2", "project", False),
        ("above/root", "projects", False),
    ],
)
def test_bind_mounts_are_seen_in_the_table(paths: Paths, tmp_path: Path, source: str, at: str, refused: bool) -> None:
    table = tmp_path / "mountinfo"
    mounted = tmp_path / at if at else tmp_path
    folder = tmp_path / "project"
    lines = ["1 0 8:1 / / rw - ext4 a rw"]
    if not at:  # all of the test's folders by another name; Aether's own root is mounted for itself
        lines += [f"2 1 8:1 /x/root/var {mounted} rw - ext4 a rw", f"3 2 8:1 /x/root {paths.root} rw - ext4 a rw"]
    else:
        lines.append(f"2 1 8:1 {tmp_path / source} {mounted} rw - ext4 a rw")
    table.write_text("\n".join(lines))
    mount = WorkspaceMount(host_path=str(folder))
    if not refused:
        assert check_mount(mount, paths, table=table) == mount
        return
    with pytest.raises(PermissionDeniedError, match="shows Aether's own files by a bind mount"):
        check_mount(mount, paths, table=table)


_BIND = """
import subprocess, sys
from pathlib import Path
from kernel.agents.mountable import check_mount
from kernel.errors import PermissionDeniedError
from kernel.paths import Paths
from kernel.protocol.records import WorkspaceMount
base = Path(sys.argv[1])
for source, at, folder in (("above/root", "project/sub", "project"), ("above/root/var", "project", "project/kernel"),
                           ("above/root", "project", "project"), ("above", "project", "project"), ("above/root/etc", "project", "project"),
                           ("above", "project", "project/root")):
    (base / at).mkdir(exist_ok=True)
    check_mount(WorkspaceMount(host_path=str(base / "project")), Paths(base / "above/root"))
    subprocess.run(["mount", "--bind", str(base / source), str(base / at)], check=True)
    try:
        check_mount(WorkspaceMount(host_path=str(base / folder)), Paths(base / "above/root"))
    except PermissionDeniedError as error:
        print(error.message)
    else:
        sys.exit(f"{source} at {at} was let in")
    finally:
        subprocess.run(["umount", str(base / at)], check=True)
"""


@pytest.mark.feature("FS09")
def test_real_bind_mounts_of_aethers_folders_are_refused(paths: Paths, tmp_path: Path) -> None:
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no mounts of its own can be made here")
    command = ["unshare", "-rm", sys.executable, "-c", _BIND, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[4])
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 6 and all("Aether's own files" in line for line in done.stdout.splitlines())


def _nested(tmp_path: Path, *guests: str) -> list[WorkspaceMount]:
    """Folders of a person that are mounted at these places, the first one with what the test has made in it."""
    mounts = []
    for number, guest in enumerate(guests):
        folder = tmp_path / ("project" if not number else f"other{number}")
        folder.mkdir(exist_ok=True)
        mounts.append(WorkspaceMount(host_path=str(folder), guest_path=guest))
    return mounts


@pytest.mark.feature("FS09")
@pytest.mark.parametrize("inner", ["work/a/b", "~/work/a/b", "~/./work//a/b/"])
@pytest.mark.parametrize("turned", [False, True])
def test_a_mount_within_another_needs_its_folder_there(tmp_path: Path, inner: str, turned: bool) -> None:
    mounts = _nested(tmp_path, "work", inner)
    given = mounts[::-1] if turned else mounts
    with pytest.raises(InvalidArgumentError) as refused:
        check_nesting(given)
    said = f"there is no a/b in {tmp_path}/project, which is mounted around it."
    assert refused.value.message == f"{tmp_path}/other1 cannot be mounted at {inner}: {said}"
    assert refused.value.hint == f"Make the folder {tmp_path}/project/a/b first, or choose a place outside of work."
    assert list((tmp_path / "project").iterdir()) == []
    (tmp_path / "project/a/b").mkdir(parents=True)
    check_nesting(given)


@pytest.mark.parametrize("what", ["a link to a folder", "a file"])
def test_nor_may_a_link_or_a_file_be_where_another_is_mounted(tmp_path: Path, what: str) -> None:
    mounts = _nested(tmp_path, "/mnt/Work", "/mnt/Work/a/b")
    (tmp_path / "elsewhere/b").mkdir(parents=True)
    if what == "a file":
        (tmp_path / "project/a").write_text("x")
    else:
        (tmp_path / "project/a").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidArgumentError, match="project/a is a link or no folder") as refused:
        check_nesting(mounts)
    assert refused.value.hint == "Choose a place outside of /mnt/Work."


def test_it_is_the_innermost_folder_that_must_have_the_place(tmp_path: Path) -> None:
    mounts = _nested(tmp_path, "work", "work/a", "work/a/b")
    (tmp_path / "project/a/b").mkdir(parents=True)
    with pytest.raises(InvalidArgumentError, match=r"there is no b in .*/other1"):
        check_nesting(mounts)
    (tmp_path / "other1/b").mkdir()
    check_nesting(mounts)


def test_beside_each_other_nothing_is_needed_and_at_one_place_there_is_one(tmp_path: Path) -> None:
    check_nesting(_nested(tmp_path, "work", "work2", "/work", "w/work"))
    with pytest.raises(InvalidArgumentError, match=r"project and .*/other1 cannot both be mounted at ~/work/"):
        check_nesting(_nested(tmp_path, "work", "~/work/"))
