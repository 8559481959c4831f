"""Operations below one folder, with the kernel's own resolver and with the walk for systems without it."""

import errno
import os
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from kernel.errors import AetherError, InvalidArgumentError, NotFoundError, PermissionDeniedError
from kernel.protocol.records import FileStat
from kernel.vfs import confinement, removal
from kernel.vfs.agent_files import AgentFiles, FileMount
from kernel.vfs.confinement import NO_FOLDER
from kernel.vfs.homes import Home
from kernel.vfs.tree import Tree


@pytest.fixture(params=["openat2", "walk"])
def tree(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    if request.param == "walk":

        def missing(*arguments: object) -> int:
            raise OSError(errno.ENOSYS, "no openat2")

        monkeypatch.setattr(confinement, "_openat2", missing)
    (tmp_path / "root").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("secret")
    return Tree(tmp_path / "root")


def names(entries: tuple[FileStat, ...]) -> list[str]:
    return [entry.name for entry in entries]


@pytest.mark.feature("FS05", "FS06")
def test_the_verbs(tree: Tree, tmp_path: Path) -> None:
    assert tree.write("a/b/file", b"one") is True
    assert tree.write("/a//b/./file", b"two") is False
    assert tree.read("a/b/file") == b"two"
    tree.mkdir("a/z", recursive=False)
    tree.mkdir("a/z", recursive=True)
    assert names(tree.list("a")) == ["b", "z"]
    tree.move("a/b/file", "a/z/moved")
    assert tree.stat("a/z/moved").size == 3
    tree.remove("a")
    assert tree.list("") == ()
    assert (tmp_path / "root").is_dir()


@pytest.mark.feature("FS04")
@pytest.mark.parametrize(
    "path", ["../outside/secret", "a/../../outside/secret", "link/secret", "file-link", "absolute", "deep/link/secret"]
)
def test_nothing_outside_is_touched(tree: Tree, tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    (root / "link").symlink_to("../outside")
    (root / "file-link").symlink_to("../outside/secret")
    (root / "absolute").symlink_to(tmp_path / "outside/secret")
    (root / "deep").mkdir()
    (root / "deep/link").symlink_to(tmp_path / "outside")
    for attempt in (
        lambda: tree.read(path),
        lambda: tree.write(path, b"x"),
        lambda: tree.mkdir(f"{path}/x", recursive=True),
        lambda: tree.list(path),
        lambda: tree.move(path + "/x", "stolen"),
        lambda: tree.host_folder(path),
    ):
        with pytest.raises(AetherError):
            attempt()
    assert (tmp_path / "outside/secret").read_text() == "secret"
    assert os.listdir(tmp_path / "outside") == ["secret"]


def test_a_link_that_appears_meanwhile_is_not_followed(tree: Tree, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "folder").mkdir()
    tree.write("folder/x", b"1")
    (root / "folder/x").unlink()
    (root / "folder").rmdir()
    (root / "folder").symlink_to("../outside")
    with pytest.raises(AetherError):
        tree.write("folder/secret", b"2")
    assert (tmp_path / "outside/secret").read_text() == "secret"


def test_a_read_only_tree_refuses_changes(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("1")
    tree = Tree(tmp_path, read_only=True)
    assert tree.read("x") == b"1"
    for attempt in (
        lambda: tree.write("x", b"2"),
        lambda: tree.mkdir("d", recursive=True),
        lambda: tree.remove("x"),
        lambda: tree.move("x", "y"),
    ):
        with pytest.raises(PermissionDeniedError, match="read-only"):
            attempt()


def test_permission_bits_are_kept_and_descriptors_are_given_back(tree: Tree, tmp_path: Path) -> None:
    tree.write("run.sh", b"#!/bin/sh")
    (tmp_path / "root/run.sh").chmod(0o755)
    before = len(os.listdir("/proc/self/fd"))
    for number in range(50):
        tree.write("run.sh", b"%d" % number)
        tree.read("run.sh")
        tree.list("")
        with pytest.raises(NotFoundError):
            tree.read("none")
    assert len(os.listdir("/proc/self/fd")) == before
    assert (tmp_path / "root/run.sh").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("path", ["a\x00b", "x" * 300, "a/" * 2100])
def test_impossible_paths_are_refused(tree: Tree, path: str) -> None:
    with pytest.raises(InvalidArgumentError):
        tree.read(path)


def test_removal_of_what_is_deep_closed_and_linked(tmp_path: Path) -> None:
    top = tmp_path / "top"
    current = top
    for _ in range(30):
        current.mkdir()
        (current / "file").write_text("x")
        (current / "link").symlink_to("/etc")
        (current / "side").mkdir(mode=0o500)
        current = current / "d"
    fd = os.open(tmp_path, os.O_RDONLY)
    removal.remove(fd, "top")
    os.close(fd)
    assert os.listdir(tmp_path) == []


def agent(tmp_path: Path, *mounts: FileMount) -> AgentFiles:
    for name in ("home", "tmp"):
        (tmp_path / name).mkdir(exist_ok=True)
    return AgentFiles(Home(7, "agent_7", tmp_path / "home", tmp_path / "tmp", "/home/agent_7"), mounts)


@pytest.mark.feature("FS09")
@pytest.mark.parametrize(
    ("path", "guest"),
    [
        ("a", "/home/agent_7/a"),
        ("~", "/home/agent_7"),
        ("~/a/../b", "/home/agent_7/b"),
        ("./a//b/", "/home/agent_7/a/b"),
        ("/tmp/x", "/tmp/x"),
        ("../agent_7/x", "/home/agent_7/x"),
    ],
)
def test_an_agents_names_for_its_files(tmp_path: Path, path: str, guest: str) -> None:
    assert agent(tmp_path).locate(path).guest_path == guest


@pytest.mark.feature("FS09")
@pytest.mark.parametrize(
    "path", ["/", "/etc/passwd", "/home/agent_70/x", "/home/agent_7x", "/tmpx", "..", "~root/x/../../../..", "../../.."]
)
def test_what_an_agent_does_not_see(tmp_path: Path, path: str) -> None:
    with pytest.raises((PermissionDeniedError, NotFoundError)):
        place = agent(tmp_path).locate(path)
        place.tree.read(place.relative)


@pytest.mark.parametrize(("path", "guest"), [(".", "/home/agent_7"), ("/tmp/", "/tmp"), ("sub", "sub")])
async def test_who_reads_a_folder_is_told_which(tmp_path: Path, path: str, guest: str) -> None:
    files = agent(tmp_path)
    (tmp_path / "home/sub").mkdir()
    with pytest.raises(InvalidArgumentError, match=f"^{guest} is a folder"):
        await files.read(path)


async def test_a_mount_hides_what_lies_under_it(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    files = agent(tmp_path, FileMount("/home/agent_7/work", tmp_path / "project", read_only=True))
    (tmp_path / "project/given").write_text("given")
    assert await files.read("work/given") == b"given"
    with pytest.raises(PermissionDeniedError, match="read-only"):
        await files.write("work/new", b"x")
    await files.write("workshop", b"not below the mount")
    assert (tmp_path / "home/workshop").exists()


@pytest.mark.feature("FS09")
async def test_what_is_mounted_is_listed_once_with_and_without_its_mount_point(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project/given").write_text("given")
    mounts = [FileMount(f"/home/agent_7/{name}", tmp_path / "project") for name in ("work", "deep/.in", "gone")]
    mounts[2] = FileMount("/home/agent_7/gone", tmp_path / "nowhere")
    files = agent(tmp_path, *mounts)
    (tmp_path / "home/a").write_text("x")
    (tmp_path / "home/deep").mkdir()
    for _ in range(2):
        assert [(entry.path, entry.type) for entry in await files.list(".")] == [
            ("/deep", "directory"),
            ("/work", "directory"),
            ("/a", "file"),
        ]
        hidden = await files.list("~/deep")
        assert [(entry.path, entry.name, entry.is_hidden) for entry in hidden] == [("/deep/.in", ".in", True)]
        assert [entry.name for entry in await files.list("work")] == ["given"]
        (tmp_path / "home/work").mkdir(exist_ok=True)  # as the first command makes it
        (tmp_path / "home/deep/.in").mkdir(exist_ok=True)


@pytest.mark.feature("FS04")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a second name of somebody else's file")
def test_a_hard_link_to_somebody_elses_file_is_not_read(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 12345, 12345)
    theirs = tmp_path / "theirs"
    theirs.write_text("secret")
    os.link(theirs, home / "innocent")
    private = Tree(home, private=True)
    with pytest.raises(PermissionDeniedError, match="second name"):
        private.read("innocent")
    assert Tree(home).read("innocent") == b"secret"  # what people mount themselves is theirs to judge
    private.write("innocent", b"mine")
    assert (private.read("innocent"), theirs.read_text()) == (b"mine", "secret")


def test_the_agents_own_second_names_are_read(tmp_path: Path) -> None:
    """`git clone` and package managers make them."""
    private = Tree(tmp_path, private=True)
    private.write("one", b"text")
    os.link(tmp_path / "one", tmp_path / "two")
    assert private.read("two") == b"text"


@pytest.mark.feature("FS04")
def test_a_folder_that_keeps_turning_into_a_link_leads_nowhere(tree: Tree, tmp_path: Path) -> None:
    """Somebody else exchanges the folder for a link out of the tree, again and again, while it is used."""
    real, link, place = tmp_path / "root/real", tmp_path / "root/link", tmp_path / "root/place"
    real.mkdir()
    (real / "secret").write_text("harmless")
    link.symlink_to(tmp_path / "outside")
    over = threading.Event()

    def exchange() -> None:
        made = 0
        while not over.is_set():
            for other in (real, link):
                try:
                    other.rename(place)
                except OSError:  # the writer has made a folder of this name meanwhile
                    made += 1
                    place.rename(tmp_path / f"root/made{made}")
                else:
                    place.rename(other)

    thread = threading.Thread(target=exchange)
    thread.start()
    read = 0
    try:
        for number in range(400):
            with suppress(AetherError):
                assert tree.read("place/secret") == b"harmless"
                read += 1
            with suppress(AetherError):
                tree.write(f"place/new{number}", b"x")
    finally:
        over.set()
        thread.join()
    assert read > 0
    assert [path.name for path in (tmp_path / "outside").iterdir()] == ["secret"]
    assert (tmp_path / "outside/secret").read_text() == "secret"


def test_a_kept_folder_is_opened_only_while_it_is_that_folder(tmp_path: Path) -> None:
    folder = tmp_path / "above/kept"
    folder.mkdir(parents=True)
    (folder / "a").write_text("mine")
    found = os.stat(folder)
    tree = Tree(folder, identity=(found.st_dev, found.st_ino))
    assert tree.read("a") == b"mine"
    (tmp_path / "above").rename(tmp_path / "moved")
    with pytest.raises(NotFoundError, match="it is not there any more"):
        tree.read("a")
    (tmp_path / "above").symlink_to("moved")  # also where it leads to the same folder: who makes links is not to be trusted
    with pytest.raises(PermissionDeniedError, match="above in it is a link now"):
        tree.list("")
    (tmp_path / "above").unlink()
    (folder).mkdir(parents=True)
    with pytest.raises(PermissionDeniedError, match="another folder"):
        tree.write("a", b"x")
    assert not (folder / "a").exists()
    folder.rmdir()
    folder.write_text("")
    with pytest.raises(PermissionDeniedError, match="kept in it is no folder now"):
        tree.survey("")
    descriptors = len(os.listdir("/proc/self/fd"))
    with pytest.raises(PermissionDeniedError):
        tree.list("")
    assert len(os.listdir("/proc/self/fd")) == descriptors


def test_a_mount_that_was_never_looked_at_is_not_used(tmp_path: Path) -> None:
    files = agent(tmp_path, FileMount("/home/agent_7/work", tmp_path, identity=NO_FOLDER))
    with pytest.raises(PermissionDeniedError, match="another folder"):
        files.locate("work/x").tree.read("x")
