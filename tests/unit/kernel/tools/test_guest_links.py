"""Where an agent's paths lead: through its links, and no look at what others own."""

from pathlib import Path

import pytest

from kernel.tools.command_reach import Place, harm
from kernel.tools.command_risk import classify
from kernel.tools.command_rules import standing
from kernel.tools.guest_links import MOST_LOOKS, GuestLinks, shown
from kernel.vfs.agent_files import FileMount

HOME = "/home/agent_1"


@pytest.fixture
def mounts(tmp_path: Path) -> tuple[FileMount, ...]:
    for name in ("home/sub/deep", "tmp", "work/docs", "fixed"):
        (tmp_path / name).mkdir(parents=True)
    home = tmp_path / "home"
    (home / "here").symlink_to("work")
    (home / "absolute").symlink_to(f"{HOME}/work/docs")
    (home / "sub/up").symlink_to("../work")
    (home / "sub/deep/top").symlink_to("../..")
    (home / "twice").symlink_to("sub/up")
    (home / "own").symlink_to("sub")
    (home / "round").symlink_to("round")
    (home / "dangling").symlink_to("nothing/there")
    (tmp_path / "tmp/h").symlink_to(HOME)
    (tmp_path / "work/back").symlink_to(HOME)
    found = (
        FileMount(HOME, home, shared=False), FileMount("/tmp", tmp_path / "tmp", shared=False),
        FileMount(f"{HOME}/work", tmp_path / "work"), FileMount("/mnt/fixed", tmp_path / "fixed", read_only=True),
    )  # fmt: skip
    return tuple(sorted(found, key=lambda mount: -len(mount.guest_path)))


@pytest.mark.parametrize(
    ("path", "leads"),
    [
        (f"{HOME}/a/b", f"{HOME}/a/b"),
        (f"{HOME}//./a/../b", f"{HOME}/b"),
        (f"{HOME}/here/x", f"{HOME}/work/x"),
        (f"{HOME}/absolute/x", f"{HOME}/work/docs"),
        (f"{HOME}/sub/up/x", f"{HOME}/work/x"),
        (f"{HOME}/twice/x", f"{HOME}/work/x"),
        (f"{HOME}/sub/deep/top/work/x", f"{HOME}/work/x"),
        (f"{HOME}/own/x", f"{HOME}/sub/x"),
        (f"{HOME}/own/../x", f"{HOME}/x"),
        (f"{HOME}/own/deep/../../x", f"{HOME}/x"),
        (f"{HOME}/work/../x", f"{HOME}/x"),
        (f"{HOME}/here/../x", f"{HOME}/x"),
        ("/tmp/h/work/x", f"{HOME}/work/x"),
        (f"{HOME}/work/back/x", f"{HOME}/work/back"),
        (f"{HOME}/dangling/x", f"{HOME}/nothing/there/x"),
        ("/usr/bin/ls", "/usr/bin/ls"),
        ("/../..", "/"),
        (f"{HOME}/round/x", None),
        ("/mnt/fixed/x", None),
        ("/proc/self/cwd/x", None),
        ("/dev/fd/3", None),
        ("/dev/null", "/dev/null"),
        (f"{HOME}/a\x00b", None),
        (f"{HOME}/\udc80\ud800", None),
        (f"{HOME}/{'n' * 300}", None),
        ("/usr/" + "n/" * 3000, None),
    ],
)
def test_a_path_leads_where_the_sandbox_would_go(mounts: tuple[FileMount, ...], path: str, leads: str | None) -> None:
    assert GuestLinks(mounts).follow(path) == leads


def test_what_a_pattern_may_stand_for_is_where_the_links_of_its_folder_lead(mounts: tuple[FileMount, ...], tmp_path: Path) -> None:
    links = GuestLinks(mounts)
    assert links.among(f"{HOME}/sub", False) == (f"{HOME}/work",)
    assert sorted(links.among(f"{HOME}/sub", True) or ()) == [HOME, f"{HOME}/work"]
    assert links.among("/tmp", True) == (HOME,)
    assert links.among(f"{HOME}/work", True) == links.among(f"{HOME}/none", True) == links.among("/usr", True) == ()
    assert links.among(HOME, False) is None, "one of its links leads in a circle"
    (tmp_path / "many").mkdir()
    for number in range(50):
        (tmp_path / f"many/{number}").mkdir()
    few = GuestLinks((FileMount(HOME, tmp_path / "many", shared=False),))
    few._looks = 49
    assert few.among(HOME, False) is None


@pytest.mark.feature("PM04")
@pytest.mark.parametrize(("command", "asks"), [("cp a sub/*", True), ("mv a sub/u?", True), ("rm */up/x", True), ("cp a deep/*", False)])
def test_a_pattern_that_may_be_a_link_into_a_shared_folder_asks(mounts: tuple[FileMount, ...], command: str, asks: bool) -> None:
    links = GuestLinks(mounts)
    place = Place(HOME, (HOME,), (f"{HOME}/work",), links.follow, links.among)
    words = command.split()
    assert bool(harm(words, words, place)) is asks
    assert standing(command, place).rule == "", "what a pattern stands for is never surely outside"


def test_one_judgement_looks_at_so_many_names_only(mounts: tuple[FileMount, ...]) -> None:
    links = GuestLinks(mounts)
    assert all(links.follow(f"{HOME}/{number}") for number in range(MOST_LOOKS))
    assert links.follow(f"{HOME}/b") is None


@pytest.mark.feature("PM04")
@pytest.mark.parametrize(
    "path", ["here/x", "absolute", "absolute/x", "sub/up/x", "twice/x", "/tmp/h/work/x", "sub/deep/top/work/x", "round/x"]
)
def test_a_link_into_a_shared_folder_is_that_folder(mounts: tuple[FileMount, ...], path: str) -> None:
    place = Place(HOME, (HOME,), (f"{HOME}/work",), GuestLinks(mounts).follow)
    assert classify(f"cp a {path}", place).risk == "low"
    assert standing(f"rm {path}", place).rule != "run_command(rm *)"
    assert standing(f"cd {path}; rm a", place).rule == ""
    assert standing("rm own/a", place).rule == "run_command(rm *)"


def test_what_lies_in_the_home_is_named_from_there() -> None:
    assert [shown(path, HOME) for path in (f"{HOME}/work", HOME, "/home/agent_10/work", "/mnt")] == [
        "~/work", HOME, "/home/agent_10/work", "/mnt"]  # fmt: skip
