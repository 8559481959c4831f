"""The plan of a sandbox: order of the options, what is hidden, what is refused."""

import dataclasses
import marshal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import InvalidArgumentError
from kernel.sandbox.backend import Limits, Mount, SandboxSpec, SystemFolder
from kernel.sandbox.bwrap_plan import (
    UID_BASE,
    UID_SPAN,
    Machine,
    Network,
    Word,
    arguments,
    binds,
    check_spec,
    environment,
    guest_home,
    host_uid,
    kept,
    mount_points,
    plan,
    resource_limits,
    unenforced,
)
from kernel.sandbox.cgroups import Capabilities

MACHINE = Machine(
    bwrap="/usr/bin/bwrap",
    can_disable_userns=True,
    filter_path="/opt/filter.bpf",
    python="/usr/bin/python3",
    python_prefix="",
    system_links={"/bin": "usr/bin", "/lib64": ""},
    etc_entries=("ld.so.cache", "ssl"),
)
SPEC = SandboxSpec(pid=7, uid_name="agent_7", home="/secret/host/home", tmp="/secret/host/tmp")


def pairs(words: list[Word], option: str, count: int) -> list[tuple[Word, ...]]:
    """The operands of every occurrence of an option."""
    return [tuple(words[at + 1 : at + 1 + count]) for at, word in enumerate(words) if word == option]


def test_every_namespace_is_its_own() -> None:
    words = arguments(SPEC, MACHINE, Network("none"), 5)
    for option in ("user", "ipc", "pid", "net", "uts"):
        assert f"--unshare-{option}" in words
    assert words.index("--unshare-user") < words.index("--disable-userns")
    assert ("ALL",) in pairs(words, "--cap-drop", 1)
    assert words.index("--clearenv") < words.index("--setenv")
    assert "--die-with-parent" in words
    assert "--new-session" not in words
    assert "--as-pid-1" not in words


def test_what_programs_with_windows_read_of_the_system_is_shown_to_agents_with_a_desktop_alone() -> None:
    machine = dataclasses.replace(MACHINE, etc_entries=("ld.so.cache", "ssl", "xdg/openbox"))
    shown = ("/etc/xdg/openbox", "/etc/xdg/openbox"), ("/var/cache/fontconfig", "/var/cache/fontconfig")
    plain, graphical = (
        arguments(dataclasses.replace(SPEC, graphical=graphical), machine, Network("none"), 5) for graphical in (False, True)
    )
    assert shown[0] in pairs(graphical, "--ro-bind", 2) and shown[1] in pairs(graphical, "--ro-bind-try", 2)
    assert shown[0] not in pairs(plain, "--ro-bind", 2) and pairs(plain, "--ro-bind-try", 2) == []


def test_the_system_is_sealed_after_everything_is_in_place() -> None:
    words = arguments(SPEC, MACHINE, Network("none"), 5)
    assert words[words.index("--remount-ro", words.index({"bind": SPEC.home})) + 1] == "/run"
    sealed = [operands[0] for operands in pairs(words, "--remount-ro", 1)]
    assert sealed == ["/dev", "/run", "/"]
    assert ("/proc/sys", "/proc/sys") in pairs(words, "--ro-bind", 2)
    assert words.index("--proc") < words.index("/proc/sys")


def test_host_paths_are_stand_ins_and_only_the_launcher_knows_them() -> None:
    mounts = (Mount("/secret/host/w", "/home/agent_7/work", False), Mount("/secret/host/r", "/mnt/r", True))
    words = arguments(dataclasses.replace(SPEC, mounts=mounts), MACHINE, Network("none"), 5)
    assert not any(isinstance(word, str) and "/secret" in word for word in words)
    assert ({"bind": "/secret/host/w"}, "/home/agent_7/work") in pairs(words, "--bind", 2)
    assert ({"bind": "/secret/host/r"}, "/mnt/r") in pairs(words, "--ro-bind", 2)


@pytest.mark.feature("FS09")
@pytest.mark.parametrize("turned", [False, True])
def test_what_is_mounted_within_another_mount_lies_over_it_however_they_are_named(turned: bool) -> None:
    names = ("/home/agent_7/work", "/home/agent_7/work/a/b", "/home/agent_7/work/a", "/mnt/long/name/of/a/place")
    mounts = tuple(Mount(f"/p{number}", guest, number == 1, (1, number)) for number, guest in enumerate(names))
    spec = dataclasses.replace(SPEC, mounts=mounts[::-1] if turned else mounts)
    words = arguments(spec, MACHINE, Network("none"), 5)
    places = [words.index(name) for name in ("/home/agent_7", names[0], names[2], names[1])]
    assert places == sorted(places)
    assert ({"bind": "/p1"}, names[1]) in pairs(words, "--ro-bind", 2)


def test_each_mount_point_is_looked_at_in_what_it_lies_in() -> None:
    mounts = (
        Mount("/x", "/home/agent_7/work/a/b", False, (1, 3)),
        Mount("/w", "/home/agent_7/work", False, (1, 2)),
        Mount("/s", "/home/agent_7/shared/s", False),
        Mount("/t", "/tmp/t", False, (1, 4)),
        Mount("/m", "/mnt/m", False, (1, 5)),
        Mount("/n", "/mnt/m/n", False, (1, 6)),
    )
    points = mount_points(dataclasses.replace(SPEC, mounts=mounts))
    assert points == (
        ("/w", (1, 2), "a/b", "~/work/a/b"),
        (SPEC.home, None, "work", "~/work"),
        (SPEC.home, None, "shared/s", "~/shared/s"),
        (SPEC.tmp, None, "t", "/tmp/t"),
        ("/m", (1, 5), "n", "/mnt/m/n"),
    )


@pytest.mark.parametrize(
    ("kind", "resolver", "certificates"), [("none", "", False), ("own", "10.0.2.3", True)]
)
def test_network_brings_resolver_and_certificates(kind: str, resolver: str, certificates: bool) -> None:
    words = arguments(SPEC, MACHINE, Network(kind), 5)
    assert "--unshare-net" in words
    assert ("/etc/ssl" in words) == certificates
    found = [data for data, path in pairs(words, "--ro-bind-data", 2) if path == "/etc/resolv.conf"]
    assert bool(found) == certificates
    assert all(isinstance(data, dict) and resolver in data["data"] for data in found)


def test_older_machines() -> None:
    old = dataclasses.replace(
        MACHINE, can_disable_userns=False, filter_path="", python_prefix="/opt/py", system_links={"/lib64": ""}
    )
    words = arguments(SPEC, old, Network("none"), 5)
    assert "--disable-userns" not in words
    assert "--seccomp" not in words
    assert ("/lib64", "/lib64") in pairs(words, "--ro-bind", 2)
    assert ({"bind": "/opt/py"}, "/opt/py") in pairs(words, "--ro-bind", 2)
    assert binds(SPEC, old) == [(SPEC.home, "own"), (SPEC.tmp, "own"), ("/opt/py", "plain")]


def test_environment() -> None:
    found = environment(dataclasses.replace(SPEC, env={"LANG": "de_DE.UTF-8", "EXTRA": "1"}), guest_home(SPEC))
    assert found["HOME"] == "/home/agent_7"
    assert found["LANG"] == "de_DE.UTF-8"
    assert set(found) == {"HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "PATH", "EXTRA"}


def test_limits_by_name() -> None:
    found = resource_limits(Limits(max_processes=10), strict_memory=True, strict_cpu=True, count_processes=True)
    assert "RLIMIT_AS" not in found
    assert found["RLIMIT_DATA"] == 4 << 30
    assert found["RLIMIT_NPROC"] > 10
    assert found["RLIMIT_CPU"] == 3600
    assert resource_limits(Limits(cpu_cores=0.5), strict_memory=False, strict_cpu=True, count_processes=False)["RLIMIT_CPU"] == 1800
    loose = resource_limits(Limits(), strict_memory=False, strict_cpu=False, count_processes=False)
    assert loose.keys() == {"RLIMIT_CORE", "RLIMIT_FSIZE", "RLIMIT_NOFILE"}


def test_what_no_control_group_enforces_is_said() -> None:
    assert unenforced(Limits(), Capabilities(memory=True, pids=True, cpu=True)) == ""
    assert "more than 2 cores" in unenforced(Limits(cpu_cores=2), Capabilities(memory=True))
    assert "memory is measured" in unenforced(Limits(), Capabilities(cpu=True))


def test_each_agent_has_an_unprivileged_uid() -> None:
    found = {host_uid(pid) for pid in range(1000)}
    assert len(found) == 1000
    assert all(UID_BASE <= uid < UID_BASE + UID_SPAN for uid in found)


def test_plan_is_of_plain_values() -> None:
    text = plan(
        ["--x", {"bind": "/a"}],
        ("p",),
        bwrap="b",
        uid=None,
        staged=[("/a", "own")],
        staging_folder="/mnt",
        control_groups=(),
    )
    assert marshal.loads(text)["arguments"] == ["--x", {"bind": "/a"}]


def test_the_launcher_is_told_which_folders_were_kept() -> None:
    mounts = (Mount("/p", "/mnt/p", False, (1, 2)), Mount("/shared", "/mnt/s", False))
    known = kept(dataclasses.replace(SPEC, mounts=mounts))
    assert known == {"/p": (1, 2)}
    text = plan([], (), bwrap="b", uid=None, staged=[], staging_folder="/mnt", control_groups=(), known=known, binds_descriptors=True)
    loaded = marshal.loads(text)
    assert (loaded["kept"], loaded["binds_descriptors"]) == ({"/p": (1, 2)}, True)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "root:x", "ä", "x" * 33, "a\n"])
def test_names_that_would_break_the_user_file(name: str) -> None:
    with pytest.raises(InvalidArgumentError):
        check_spec(dataclasses.replace(SPEC, uid_name=name))


@given(st.text(max_size=40))
def test_no_guest_path_covers_the_system(path: str) -> None:
    spec = dataclasses.replace(SPEC, mounts=(Mount("/x", path, False),))
    try:
        check_spec(spec)
    except InvalidArgumentError:
        return
    assert path.startswith("/")
    assert ".." not in path.split("/")
    assert path.split("/")[1] not in ("proc", "dev", "sys", "run", "usr", "etc", "bin", "sbin", "lib", "lib64")


CARD = "/sys/devices/pci0000:00/0000:00:02.0"


@pytest.mark.parametrize(
    ("guest", "links"),
    [
        ("/sys", ()),
        ("/sys/devices", ()),
        ("/sys/devices/../class", ()),
        ("/sys/kernel/debug", ()),
        (CARD, (("/sys/dev/char/226:128", "/etc"),)),
        (CARD, (("/sys/kernel/x", CARD),)),
        (CARD, (("/sys/dev/char/226:128/../../../../etc", CARD),)),
    ],
)
def test_what_describes_no_device_is_not_shown(guest: str, links: tuple[tuple[str, str], ...]) -> None:
    check_spec(dataclasses.replace(SPEC, descriptions=(SystemFolder(CARD, CARD, (("/sys/dev/char/226:128", f"{CARD}/drm/renderD128"),)),)))
    with pytest.raises(InvalidArgumentError):
        check_spec(dataclasses.replace(SPEC, descriptions=(SystemFolder("/x", guest, links),)))
