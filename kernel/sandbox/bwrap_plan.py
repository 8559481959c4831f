"""What bubblewrap is told: from a `SandboxSpec` to the plan that `launcher.py` executes. Pure: reads no file, starts nothing.

Stand-ins in the argument list are resolved by the launcher: {"bind": host path} to where the path is reachable,
{"data": text} and {"file": path} to a descriptor of the content.
"""

import marshal
import math
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass

from kernel.errors import InvalidArgumentError
from kernel.sandbox.backend import Limits, Mount, SandboxSpec
from kernel.sandbox.cgroups import Capabilities

Word = str | dict[str, str]
#: A folder on the host, which one it must be where that is known, a place in it where something is mounted, and that place in a sentence.
Point = tuple[str, tuple[int, int] | None, str, str]

GUEST_UID = 1000
UID_BASE = 1_900_000_000  # a range that neither distributions, systemd nor subordinate ids use
UID_SPAN = 60_000
HELPER_PROCESSES = 24  # bubblewrap, the supervisor and one shim for each running call
SUPERVISOR_GUEST_PATH = "/run/aether/supervisor.py"
LONGEST_COMMAND_S = 3600
SHARED_MEMORY_BYTES = 256 << 20
SMALL_TMPFS_BYTES = 16 << 20
DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
SYSTEM_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
ETC_ALWAYS = ("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "mime.types", "terminfo", "magic",
              "bash.bashrc", "profile", "inputrc", "services", "protocols", "debian_version", "os-release", "python3",
              "python3.11", "java-11-openjdk", "java-17-openjdk", "fonts", "vim", "nanorc", "gai.conf")  # fmt: skip
ETC_NETWORK = ("ssl", "pki", "ca-certificates", "ca-certificates.conf", "crypto-policies")
ETC_GRAPHICAL = ("X11/app-defaults", "X11/rgb.txt", "X11/cursors", "xdg/openbox", "gtk-2.0", "gtk-3.0", "gtk-4.0")
FONT_CACHE = "/var/cache/fontconfig"  # without it every program with windows reads all fonts anew: a third of a second
DEVICE_NODES = re.compile(
    r"/dev/(?:nvidia\d+|nvidiactl|nvidia-uvm|nvidia-uvm-tools|nvidia-caps/nvidia-cap\d+|dri/renderD\d+|kfd)", re.ASCII
)
DESCRIPTIONS = re.compile(r"/sys/devices(?:/[\w:-][\w:.,@+-]*)+", re.ASCII)
DESCRIPTION_LINKS = re.compile(r"/sys/(?:dev/char/\d+:\d+|class/drm/renderD\d+|class/kfd/kfd)", re.ASCII)
SLIRP_RESOLVER = "nameserver 10.0.2.3\n"
RESERVED_GUEST_ROOTS = ("/proc", "/dev", "/sys", "/run", "/usr", "/etc", "/bin", "/sbin", "/lib", "/lib64", "/boot")


@dataclass(frozen=True, slots=True)
class Machine:
    """What the host offers to a sandbox.

    bwrap: path of bubblewrap. can_disable_userns: its version is 0.8 or later. filter_path: seccomp filter, or "".
    python: interpreter inside. python_prefix: host folder to show for it, or "" when it lies in /usr.
    system_links: {"/bin": "usr/bin"} for links of the host's root, {"/bin": ""} for a real folder.
    etc_entries: names of ETC_ALWAYS, ETC_NETWORK and ETC_GRAPHICAL that exist. binds_descriptors: it can bind a folder that is open.
    """

    bwrap: str
    can_disable_userns: bool
    filter_path: str
    python: str
    python_prefix: str
    system_links: Mapping[str, str]
    etc_entries: tuple[str, ...]
    binds_descriptors: bool = False


@dataclass(frozen=True, slots=True)
class Network:
    """Which network a sandbox gets: none, or one of its own; never the host's, whose local services trust who reaches them."""

    kind: str  # "none" | "own"


def host_uid(pid: int) -> int:
    """The unprivileged host uid of an agent when Aether runs as root."""
    return UID_BASE + pid % UID_SPAN


def guest_home(spec: SandboxSpec) -> str:
    """The home as seen inside."""
    return f"/home/{spec.uid_name}"


def environment(spec: SandboxSpec, home: str) -> dict[str, str]:
    """What a command sees, the spec's own values last."""
    base = {
        "HOME": home,
        "USER": spec.uid_name,
        "LOGNAME": spec.uid_name,
        "SHELL": "/bin/bash",
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "PATH": DEFAULT_PATH,
    }
    return base | dict(spec.env)


def check_spec(spec: SandboxSpec) -> None:
    """Raise InvalidArgumentError when a name or a path of the spec cannot be used."""
    name = spec.uid_name
    if not (name.isascii() and name.replace("_", "").replace("-", "").isalnum() and len(name) <= 32):
        raise InvalidArgumentError(f"{name!r} cannot be the name of a user.", "Use letters, digits, - and _.")
    for path in (spec.home, spec.tmp, *(mount.host_path for mount in spec.mounts)):
        _check_path(path)
    for mount in spec.mounts:
        check_mount(mount)
    for device in spec.devices:
        _check_path(device.host_path)
        if not DEVICE_NODES.fullmatch(device.guest_path):
            raise InvalidArgumentError(f"{device.guest_path[:200]} is not the node of a GPU.")
    for folder in spec.descriptions:
        _check_path(folder.host_path)
        named = all(DESCRIPTION_LINKS.fullmatch(path) and DESCRIPTIONS.fullmatch(target) for path, target in folder.links)
        if not named or not DESCRIPTIONS.fullmatch(folder.guest_path):
            raise InvalidArgumentError(f"{folder.guest_path[:200]} does not describe a GPU.")


def check_mount(mount: Mount) -> None:
    """Raise InvalidArgumentError for a guest path that would cover part of the system or is not absolute."""
    _check_path(mount.host_path)
    _check_path(mount.guest_path)
    guest = posixpath.normpath(mount.guest_path)
    if guest != mount.guest_path or guest in ("/", "//", "/home", "/tmp", "/var"):
        raise InvalidArgumentError(f"Nothing can be mounted at {mount.guest_path}.", "Name a folder such as ~/work.")
    if any(guest == root or guest.startswith(root + "/") for root in RESERVED_GUEST_ROOTS):
        raise InvalidArgumentError(f"{guest} belongs to the system.", "Mount below the home, /mnt or /workspace.")


def _check_path(path: str) -> None:
    if not path.startswith("/") or "\0" in path or len(path) > 4000:
        raise InvalidArgumentError(f"{path[:200]!r} is not an absolute path.")


def resource_limits(
    limits: Limits, *, strict_memory: bool, strict_cpu: bool, count_processes: bool
) -> dict[str, int]:
    """Resource limits by the names of the `resource` module.

    strict_memory: no control group bounds memory, so bound each process's data (never RLIMIT_AS: Node reserves far more
    than it uses). strict_cpu: none bounds the processor, so no single process gets more of it than the agent's cores give in the
    longest time that a command may take. count_processes: RLIMIT_NPROC counts per user namespace (Linux 5.14 and later).
    """
    chosen = {
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": limits.max_file_bytes,
        "RLIMIT_NOFILE": limits.open_files,
    }
    if strict_memory:
        chosen["RLIMIT_DATA"] = 4 * limits.memory_bytes
    if strict_cpu:
        chosen["RLIMIT_CPU"] = max(1, math.ceil(limits.cpu_cores * LONGEST_COMMAND_S))
    if count_processes:
        chosen["RLIMIT_NPROC"] = limits.max_processes + HELPER_PROCESSES
    return chosen


def unenforced(limits: Limits, able: Capabilities) -> str:
    """A sentence about the limits that this machine's control groups do not enforce; "" where they enforce all."""
    missing = []
    if not able.cpu:
        missing.append(f"its commands may use more than {limits.cpu_cores:g} cores at a time, at a lower priority than yours")
    if not able.memory:
        missing.append("memory is measured and not bounded, so that it may be exceeded for a moment")
    return f"Without control groups {' and '.join(missing)}." if missing else ""


def arguments(spec: SandboxSpec, machine: Machine, network: Network, info_fd: int) -> list[Word]:
    """Bubblewrap's options; later ones lie over earlier ones."""
    words: list[Word] = ["--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try"]
    words += ["--unshare-net"]
    if machine.can_disable_userns:
        words += ["--disable-userns"]
    words += ["--die-with-parent", "--uid", str(GUEST_UID), "--gid", str(GUEST_UID), "--hostname", f"aether-{spec.pid}"]
    words += ["--cap-drop", "ALL", "--clearenv", "--setenv", "PATH", DEFAULT_PATH, "--setenv", "LANG", "C.UTF-8"]
    words += _system(machine) + _etc(spec, machine, network)
    words += ["--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", "--dev", "/dev"]
    for device in spec.devices:
        words += ["--dev-bind", device.host_path, device.guest_path]
    for folder in spec.descriptions:
        words += ["--ro-bind", folder.host_path, folder.guest_path]
        for path, target in folder.links:
            words += ["--symlink", target, path]
    words += ["--size", str(SHARED_MEMORY_BYTES), "--perms", "1777", "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
    words += ["--size", str(SMALL_TMPFS_BYTES), "--tmpfs", "/run"]
    words += ["--bind", {"bind": spec.tmp}, "/tmp", "--dir", "/var", "--symlink", "../tmp", "/var/tmp"]
    if spec.graphical:
        words += ["--ro-bind-try", FONT_CACHE, FONT_CACHE]
    words += ["--perms", "0755", "--dir", "/home", "--bind", {"bind": spec.home}, guest_home(spec)]
    for mount in sorted(spec.mounts, key=lambda each: each.guest_path.count("/")):  # one within another lies over it
        words += ["--ro-bind" if mount.read_only else "--bind", {"bind": mount.host_path}, mount.guest_path]
    words += ["--perms", "0444", "--ro-bind-data", {"file": _supervisor_path()}, SUPERVISOR_GUEST_PATH]
    words += ["--remount-ro", "/run"]
    words += ["--remount-ro", "/", "--chdir", guest_home(spec)]
    if machine.filter_path:
        words += ["--seccomp", {"file": machine.filter_path}]
    return [*words, "--info-fd", str(info_fd)]


def _supervisor_path() -> str:
    return posixpath.join(posixpath.dirname(posixpath.abspath(__file__)), "supervisor.py")


def _system(machine: Machine) -> list[Word]:
    words: list[Word] = ["--ro-bind", "/usr", "/usr"]
    for path, target in machine.system_links.items():
        words += ["--symlink", target, path] if target else ["--ro-bind", path, path]
    if machine.python_prefix:
        words += ["--ro-bind", {"bind": machine.python_prefix}, machine.python_prefix]
    return words


def _etc(spec: SandboxSpec, machine: Machine, network: Network) -> list[Word]:
    words: list[Word] = ["--perms", "0755", "--dir", "/etc"]
    wanted = ETC_ALWAYS + (ETC_NETWORK if network.kind != "none" else ()) + (ETC_GRAPHICAL if spec.graphical else ())
    for name in wanted:
        if name in machine.etc_entries:
            words += ["--ro-bind", f"/etc/{name}", f"/etc/{name}"]
    user, home = spec.uid_name, guest_home(spec)
    files = {
        "passwd": f"{user}:x:{GUEST_UID}:{GUEST_UID}:{user}:{home}:/bin/bash\n"
        "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
        "group": f"{user}:x:{GUEST_UID}:\nnogroup:x:65534:\n",
        "hosts": f"127.0.0.1 localhost aether-{spec.pid}\n::1 localhost\n",
        "hostname": f"aether-{spec.pid}\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
    }
    if network.kind == "own":
        files["resolv.conf"] = SLIRP_RESOLVER
    for name, text in files.items():
        words += ["--perms", "0644", "--ro-bind-data", {"data": text}, f"/etc/{name}"]
    return words


def binds(spec: SandboxSpec, machine: Machine) -> list[tuple[str, str]]:
    """What a launcher under root stages: (host path, "own" | "map" | "read" | "plain"), each path once."""
    found = {spec.home: "own", spec.tmp: "own"}
    for mount in spec.mounts:
        if found.get(mount.host_path, "read") == "read":
            found[mount.host_path] = "read" if mount.read_only else "map"
    if machine.python_prefix:
        found.setdefault(machine.python_prefix, "plain")
    return list(found.items())


def kept(spec: SandboxSpec) -> dict[str, tuple[int, int]]:
    """Which folder each host path must be at the start, where that is known."""
    return {mount.host_path: mount.identity for mount in spec.mounts if mount.identity is not None}


def mount_points(spec: SandboxSpec) -> tuple[Point, ...]:
    """What is mounted within the agent's own folders, and within other mounts: no part of such a place may be a link."""
    home = guest_home(spec)
    around: dict[str, tuple[str, tuple[int, int] | None]] = {home: (spec.home, None), "/tmp": (spec.tmp, None)}
    around |= {mount.guest_path: (mount.host_path, mount.identity) for mount in spec.mounts}
    found: list[Point] = []
    for mount in spec.mounts:
        holders = [guest for guest in around if mount.guest_path.startswith(f"{guest}/")]
        if holders:
            holder = max(holders, key=len)
            shown = f"~{mount.guest_path.removeprefix(home)}" if mount.guest_path.startswith(f"{home}/") else mount.guest_path
            found.append((*around[holder], mount.guest_path[len(holder) + 1 :], shown))
    return tuple(found)


def plan(
    words: list[Word],
    command: tuple[str, ...],
    *,
    bwrap: str,
    uid: int | None,
    staged: list[tuple[str, str]],
    staging_folder: str,
    control_groups: tuple[str, ...],
    groups: tuple[int, ...] = (),
    known: Mapping[str, tuple[int, int]] | None = None,
    points: tuple[Point, ...] = (),
    mounts: tuple[tuple[str, str], ...] = (),
    binds_descriptors: bool = False,
) -> bytes:
    """The launcher's plan. uid: drop to it (Aether runs as root), with `groups` besides; None keeps the caller's. known: see `kept`.

    points: see `mount_points`. mounts: (host path, guest path) of the folders in which sockets are covered.
    """
    return marshal.dumps(
        {
            "arguments": words,
            "command": command,
            "bwrap": bwrap,
            "uid": uid,
            "binds": staged,
            "staging_folder": staging_folder,
            "control_groups": control_groups,
            "groups": groups,
            "kept": dict(known or {}),
            "points": points,
            "mounts": mounts,
            "binds_descriptors": binds_descriptors,
            "oom_score": 300,
        },
        2,
    )
