"""Which folders can be a workspace."""

from pathlib import Path

import pytest

from kernel.agents.mountable import check_mount, guest_folder, refuse_own
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
    check_mount(WorkspaceMount(host_path=str(tmp_path / "project"), guest_path=f"{name}/work"), paths)
