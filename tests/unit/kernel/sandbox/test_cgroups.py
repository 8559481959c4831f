"""Reading where control groups are, and writing limits, over folders that stand in for the kernel's."""

import os
from pathlib import Path

import pytest

from kernel.sandbox.backend import Limits
from kernel.sandbox.cgroups import ControlGroups, Group, Hierarchies, parse_hierarchies, remove_stale
from kernel.sandbox.processes import start_time

MIXED_MOUNTS = """proc /proc proc rw 0 0
cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,relatime,cpu,cpuacct 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0
broken
"""
MIXED_MEMBERSHIP = "4:memory:/own/here\n2:cpu,cpuacct:/\n0::/deep/own\nbroken\n"


def test_mixed_hierarchies() -> None:
    found = parse_hierarchies(MIXED_MOUNTS, MIXED_MEMBERSHIP)
    assert found.unified == Path("/sys/fs/cgroup/unified")
    assert found.unified_own == Path("/sys/fs/cgroup/unified/deep/own")
    assert found.v1_own == {"cpu": Path("/sys/fs/cgroup/cpu,cpuacct"), "memory": Path("/sys/fs/cgroup/memory/own/here")}


def test_pure_version_two_and_nothing() -> None:
    found = parse_hierarchies("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n", "0::/user.slice/app\n")
    assert found.unified_own == Path("/sys/fs/cgroup/user.slice/app")
    assert parse_hierarchies("", "") == Hierarchies()


def test_limits_of_version_two(tmp_path: Path) -> None:
    group = Group(tmp_path, {}, frozenset({"memory", "pids", "cpu"}))
    group.apply(Limits(memory_bytes=5000, cpu_cores=0.5, max_processes=10), 3)
    assert (tmp_path / "memory.max").read_text() == "5000"
    assert (tmp_path / "memory.swap.max").read_text() == "0"
    assert (tmp_path / "pids.max").read_text() == "13"
    assert (tmp_path / "cpu.max").read_text() == "50000 100000"
    (tmp_path / "memory.events").write_text("low 0\noom 4\noom_kill 3\n")
    (tmp_path / "memory.current").write_text("77\n")
    (tmp_path / "cgroup.procs").write_text("12\n13\nx\n")
    assert group.oom_kills() == 3
    assert group.memory_bytes() == 77
    assert group.pids() == (12, 13)
    assert group.join_files == (str(tmp_path / "cgroup.procs"),)


def test_limits_of_version_one(tmp_path: Path) -> None:
    folders = {name: tmp_path / name for name in ("memory", "pids", "cpu")}
    for folder in folders.values():
        folder.mkdir()
    group = Group(None, folders, frozenset())
    group.apply(Limits(memory_bytes=5000, cpu_cores=2, max_processes=10), 3)
    assert (folders["memory"] / "memory.limit_in_bytes").read_text() == "5000"
    assert (folders["pids"] / "pids.max").read_text() == "13"
    assert (folders["cpu"] / "cpu.cfs_quota_us").read_text() == "200000"
    assert not group.freeze()
    assert not group.kill()
    assert len(group.join_files) == 3


def test_nothing_usable_is_nothing(tmp_path: Path) -> None:
    groups = ControlGroups(None, frozenset(), {})
    assert groups.create("a", Limits(), 0) is None
    able = groups.capabilities
    assert not (able.memory or able.pids or able.cpu or able.freeze or able.kill)
    unreachable = Hierarchies(tmp_path / "absent", tmp_path / "absent" / "own", {"memory": tmp_path / "absent"})
    assert ControlGroups.detect(unreachable).create("a", Limits(), 0) is None


def test_stale_groups_are_told_by_pid_and_start_time(tmp_path: Path) -> None:
    mine = f"aether-{os.getpid()}-{start_time(os.getpid())}"
    for name in (mine, f"aether-{os.getpid()}-1", "aether-999999999-5", "aether-x-1", "other"):
        (tmp_path / name).mkdir()
    remove_stale(tmp_path)
    # Where the kernel is not behind it the kill file stays, and so does the folder; what matters is who was chosen.
    chosen = {path.name for path in tmp_path.iterdir() if (path / "cgroup.kill").exists()}
    assert chosen == {f"aether-{os.getpid()}-1", "aether-999999999-5"}


@pytest.mark.parametrize("text", ["", "max", "-1", "abc"])
def test_unreadable_numbers_are_zero(tmp_path: Path, text: str) -> None:
    (tmp_path / "memory.current").write_text(text)
    assert Group(tmp_path, {}, frozenset({"memory"})).memory_bytes() == 0
