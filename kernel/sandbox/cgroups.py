"""Control groups: limits, freezing and killing of whole agents, in whatever form the machine offers.

`ControlGroups.detect` finds by trying what is writable: version 2 with controllers, version 1 controllers, a version 2
tree without controllers (freezing and killing only), any mixture, or nothing. Every call here blocks for a few file
operations and belongs in a thread. Only `aether-*` folders made by this module are ever touched.
"""

import contextlib
import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kernel.log import get_logger
from kernel.sandbox.backend import Limits
from kernel.sandbox.processes import start_time

MOUNTS_FILE = "/proc/self/mounts"
MEMBERSHIP_FILE = "/proc/self/cgroup"
LIMITING = ("memory", "pids", "cpu")
V1_WANTED = (*LIMITING, "freezer")
CPU_PERIOD_US = 100_000
FREEZE_WAIT_S = 2.0
REMOVE_WAIT_S = 3.0
_BASE_NAME = re.compile(r"^aether-(\d+)-(\d+)$")
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Hierarchies:
    """Where control groups are mounted, with the path of our own group below each mount."""

    unified: Path | None = None
    unified_own: Path | None = None
    v1_own: Mapping[str, Path] = field(default_factory=dict)


def parse_hierarchies(mounts: str, membership: str) -> Hierarchies:
    """From the texts of /proc/self/mounts and /proc/self/cgroup. Unknown lines are skipped."""
    own: dict[str, str] = {}
    for line in membership.splitlines():
        parts = line.split(":", 2)
        if len(parts) == 3:
            for controller in parts[1].split(","):
                own[controller] = parts[2].lstrip("/")
    unified: Path | None = None
    v1: dict[str, Path] = {}
    for line in mounts.splitlines():
        parts = line.split(" ")
        if len(parts) < 4:
            continue
        point = Path(parts[1].replace("\\040", " "))
        if parts[2] == "cgroup2":
            unified = point
        elif parts[2] == "cgroup":
            for controller in parts[3].split(","):
                if controller in V1_WANTED and controller in own:
                    v1[controller] = point / own[controller]
    return Hierarchies(unified, unified / own.get("", "") if unified else None, v1)


def own_hierarchies() -> Hierarchies:
    """This process's, as the kernel tells them now."""
    return parse_hierarchies(_read(Path(MOUNTS_FILE)), _read(Path(MEMBERSHIP_FILE)))


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the found control groups can do."""

    memory: bool = False
    pids: bool = False
    cpu: bool = False
    freeze: bool = False
    kill: bool = False


class Group:
    """The control group of one sandbox: one folder for each hierarchy."""

    def __init__(self, unified: Path | None, v1: Mapping[str, Path], controllers: frozenset[str]) -> None:
        self._unified = unified
        self._v1 = dict(v1)
        self._controllers = controllers

    @property
    def join_files(self) -> tuple[str, ...]:
        """Writing "0" to each of these puts a process and all its children under the group."""
        folders = [*([self._unified] if self._unified else []), *dict.fromkeys(self._v1.values())]
        return tuple(str(folder / "cgroup.procs") for folder in folders)

    def apply(self, limits: Limits, helper_processes: int) -> None:
        """Write the limits; what the machine does not know is skipped."""
        quota = max(1000, int(limits.cpu_cores * CPU_PERIOD_US))
        processes = str(limits.max_processes + helper_processes)
        if self._unified and self._controllers:
            _write(self._unified / "memory.max", str(limits.memory_bytes))
            _write(self._unified / "memory.swap.max", "0")
            _write(self._unified / "pids.max", processes)
            _write(self._unified / "cpu.max", f"{quota} {CPU_PERIOD_US}")
        if "memory" in self._v1:
            _write(self._v1["memory"] / "memory.limit_in_bytes", str(limits.memory_bytes))
            _write(self._v1["memory"] / "memory.memsw.limit_in_bytes", str(limits.memory_bytes))
        if "pids" in self._v1:
            _write(self._v1["pids"] / "pids.max", processes)
        if "cpu" in self._v1:
            _write(self._v1["cpu"] / "cpu.cfs_period_us", str(CPU_PERIOD_US))
            _write(self._v1["cpu"] / "cpu.cfs_quota_us", str(quota))

    def oom_kills(self) -> int:
        """How many processes the memory limit has killed so far."""
        if self._unified and "memory" in self._controllers:
            return _counter(self._unified / "memory.events", "oom_kill")
        if "memory" in self._v1:
            return _counter(self._v1["memory"] / "memory.oom_control", "oom_kill")
        return 0

    def memory_bytes(self) -> int | None:
        """Memory in use, page cache included; None where no memory controller is."""
        if self._unified and "memory" in self._controllers:
            return _number(self._unified / "memory.current")
        if "memory" in self._v1:
            return _number(self._v1["memory"] / "memory.usage_in_bytes")
        return None

    def pids(self) -> tuple[int, ...]:
        """Every process in the group."""
        for folder in ([self._unified] if self._unified else []) + list(self._v1.values()):
            text = _read(folder / "cgroup.procs")
            return tuple(int(word) for word in text.split() if word.isdigit())
        return ()

    def freeze(self) -> bool:
        """Stop every process; False where this machine's groups cannot, or did not within two seconds."""
        if self._unified and (self._unified / "cgroup.freeze").exists():
            return _write(self._unified / "cgroup.freeze", "1") and self._wait_frozen()
        if "freezer" in self._v1:
            return _write(self._v1["freezer"] / "freezer.state", "FROZEN") and self._wait_frozen()
        return False

    def thaw(self) -> None:
        """Let every process go on."""
        if self._unified:
            _write(self._unified / "cgroup.freeze", "0")
        if "freezer" in self._v1:
            _write(self._v1["freezer"] / "freezer.state", "THAWED")

    def kill(self) -> bool:
        """SIGKILL to every process at once, frozen or not; False where the groups cannot."""
        return self._unified is not None and _write(self._unified / "cgroup.kill", "1")

    def remove(self) -> bool:
        """Remove the folders once the last process is gone; False when one is still there after three seconds."""
        folders = {folder for folder in (self._unified, *self._v1.values()) if folder is not None}
        end = time.monotonic() + REMOVE_WAIT_S
        while folders:
            folders = {folder for folder in folders if not _remove(folder)}
            if folders and time.monotonic() > end:
                _log.warning("control groups %s could not be removed", sorted(map(str, folders)))
                return False
            if folders:
                time.sleep(0.005)
        return True

    def _wait_frozen(self) -> bool:
        end = time.monotonic() + FREEZE_WAIT_S
        while time.monotonic() < end:
            if self._unified and _counter(self._unified / "cgroup.events", "frozen") == 1:
                return True
            if not self._unified and _read(self._v1["freezer"] / "freezer.state").strip() == "FROZEN":
                return True
            time.sleep(0.001)
        return False


class ControlGroups:
    """The folder of this Aether process in each usable hierarchy; makes a `Group` for each sandbox."""

    def __init__(self, unified: Path | None, controllers: frozenset[str], v1: Mapping[str, Path]) -> None:
        self._unified = unified
        self._controllers = controllers
        self._v1 = dict(v1)
        self._count = 0

    @classmethod
    def detect(cls, hierarchies: Hierarchies | None = None) -> "ControlGroups":
        """Find what is writable, by writing. Leftover groups of dead Aether processes are killed and removed."""
        found = hierarchies or own_hierarchies()
        name = f"aether-{os.getpid()}-{start_time(os.getpid()) or 0}"
        unified, controllers = _detect_unified(found, name)
        v1: dict[str, Path] = {}
        for controller, own in found.v1_own.items():
            if controller in controllers or (controller == "freezer" and unified is not None):
                continue
            remove_stale(own)
            if _usable(own / name):
                v1[controller] = own / name
        return cls(unified, controllers, v1)

    @classmethod
    def none(cls) -> "ControlGroups":
        """As on a machine without any."""
        return cls(None, frozenset(), {})

    @property
    def capabilities(self) -> Capabilities:
        """What groups made here can do."""
        able = self._controllers | self._v1.keys()
        can_kill = self._unified is not None and (self._unified / "cgroup.kill").exists()
        freeze = self._unified is not None or "freezer" in self._v1
        return Capabilities("memory" in able, "pids" in able, "cpu" in able, freeze, can_kill)

    def create(self, label: str, limits: Limits, helper_processes: int) -> Group | None:
        """A group with limits; None where the machine has no usable control groups."""
        if self._unified is None and not self._v1:
            return None
        self._count += 1
        name = f"{label}-{self._count}"
        folders: dict[str, Path] = {}
        unified = self._unified / name if self._unified else None
        try:
            if unified and self._unified:
                self._unified.mkdir(exist_ok=True)
                for controller in self._controllers:  # anew where another owner of the same folder has removed it
                    _write(self._unified / "cgroup.subtree_control", f"+{controller}")
                unified.mkdir(exist_ok=True)
            for controller, base in self._v1.items():
                folders[controller] = base / name
                folders[controller].mkdir(parents=True, exist_ok=True)
        except OSError as error:
            _log.warning("no control group for %s: %s", label, error)
            Group(unified, folders, self._controllers).remove()
            return None
        group = Group(unified, folders, self._controllers)
        group.apply(limits, helper_processes)
        return group

    def close(self) -> None:
        """Remove our own folders; groups still in use keep theirs."""
        for folder in {folder for folder in (self._unified, *self._v1.values()) if folder is not None}:
            _remove(folder)


FindGroups = Callable[[], ControlGroups]


def _detect_unified(found: Hierarchies, name: str) -> tuple[Path | None, frozenset[str]]:
    """The nearest group of version 2, going up from our own, below which limits work; else one that at least freezes."""
    if found.unified is None or found.unified_own is None:
        return None, frozenset()
    freezing: Path | None = None
    for parent in (found.unified_own, *found.unified_own.parents):
        remove_stale(parent)
        if _usable(parent / name):
            folder = parent / name
            available = set(_read(folder / "cgroup.controllers").split()) & set(LIMITING)
            if "memory" in available or "pids" in available:
                enabled = {c for c in available if _write(folder / "cgroup.subtree_control", f"+{c}")}
                if enabled:
                    if freezing is not None:
                        _remove(freezing)
                    return folder, frozenset(enabled)
            if freezing is None and (folder / "cgroup.freeze").exists():
                freezing = folder
            else:
                _remove(folder)
        if parent == found.unified:
            break
    return freezing, frozenset()


def _usable(folder: Path) -> bool:
    """Make a group and let a process enter it."""
    try:
        folder.mkdir(exist_ok=True)
        script = 'echo 0 > "$0/cgroup.procs"'
        done = subprocess.run(
            ["/bin/sh", "-c", script, str(folder)], capture_output=True, timeout=5, check=False, env={}
        )
    except (OSError, subprocess.SubprocessError):
        _remove(folder)
        return False
    if done.returncode != 0:
        _remove(folder)
    return done.returncode == 0


def remove_stale(parent: Path) -> int:
    """Kill and remove the groups of Aether processes that are gone; returns how many there were."""
    count = 0
    try:
        names = [entry.name for entry in os.scandir(parent) if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return 0
    for name in names:
        match = _BASE_NAME.match(name)
        if match is None or start_time(int(match[1])) == int(match[2]):
            continue
        _write(parent / name / "cgroup.kill", "1")
        with contextlib.suppress(OSError):
            for entry in tuple(os.scandir(parent / name)):
                if entry.is_dir(follow_symlinks=False):
                    Group(Path(entry.path), {}, frozenset()).remove()
        _remove(parent / name)
        count += 1
    return count


def _write(path: Path, text: str) -> bool:
    try:
        with path.open("w") as target:
            target.write(text)
    except OSError:
        return False
    return True


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _number(path: Path) -> int:
    text = _read(path).strip()
    return int(text) if text.isdigit() else 0


def _counter(path: Path, key: str) -> int:
    for line in _read(path).splitlines():
        name, _, value = line.partition(" ")
        if name == key and value.strip().isdigit():
            return int(value)
    return 0


def _remove(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
