"""Finding out what this machine offers to a bubblewrap sandbox: programs, system folders, namespaces.

Reads the file system and runs short programs; every function blocks and belongs in a thread. Used by the backends once, at
their probe.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from kernel.sandbox.bwrap_plan import ETC_ALWAYS, ETC_GRAPHICAL, ETC_NETWORK, SYSTEM_LINKS, Machine

PYTHONS = ("/usr/bin/python3", "/usr/local/bin/python3")
PYTHON_CHECK = "import ctypes, fcntl, json, resource, sys, termios; sys.exit(sys.version_info < (3, 9))"
STAGING_FOLDERS = ("/mnt", "/media", "/srv", "/opt")
RUN_TIMEOUT_S = 15.0


def find_bwrap() -> str | None:
    """Path of bubblewrap; None where it is not installed."""
    return shutil.which("bwrap", path="/usr/bin:/usr/local/bin:/bin")


def bwrap_version(path: str) -> tuple[int, ...]:
    """Its version, () when it does not say."""
    code, output = run((path, "--version"))
    match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", output) if code == 0 else None
    return tuple(int(part) for part in match.groups(default="0")) if match else ()


def filter_path(own_network: bool, machine: str = "") -> str:
    """The shipped seccomp filter for this processor; "" where there is none."""
    name = machine or platform.machine()
    name = {"amd64": "x86_64", "arm64": "aarch64"}.get(name.lower(), name)
    path = Path(__file__).with_name(f"seccomp_{name}_{'network' if own_network else 'strict'}.bpf")
    return str(path) if path.exists() else ""


def find_python() -> tuple[str, str] | None:
    """(interpreter, folder to show inside or "") of a Python 3.9 or later that can run the supervisor."""
    for path in PYTHONS:
        if os.access(path, os.X_OK) and run((path, "-I", "-S", "-c", PYTHON_CHECK))[0] == 0:
            return path, ""
    prefix = os.path.realpath(sys.base_prefix)
    own = os.path.join(prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")
    if os.access(own, os.X_OK):
        return own, "" if prefix == "/usr" else prefix
    return None


def describe(bwrap: str, python: tuple[str, str]) -> Machine:
    """Everything that the plan of a sandbox needs to know of this machine."""
    links: dict[str, str] = {}
    for name in SYSTEM_LINKS:
        path = f"/{name}"
        if os.path.islink(path):
            links[path] = os.readlink(path).lstrip("/")
        elif os.path.isdir(path):
            links[path] = ""
    entries = tuple(name for name in ETC_ALWAYS + ETC_NETWORK + ETC_GRAPHICAL if os.path.exists(f"/etc/{name}"))
    return Machine(
        bwrap=bwrap,
        can_disable_userns=bwrap_version(bwrap) >= (0, 8),
        filter_path="",
        python=python[0],
        python_prefix=python[1],
        system_links=links,
        etc_entries=entries,
        binds_descriptors="--ro-bind-fd" in run((bwrap, "--help"))[1],
    )


def staging_folder() -> str:
    """An existing folder that a private mount namespace may cover."""
    for folder in STAGING_FOLDERS:
        if os.path.isdir(folder) and not os.path.islink(folder):
            return folder
    return "/tmp"


def counts_processes_by_namespace(release: str = "") -> bool:
    """Whether RLIMIT_NPROC counts per user namespace (Linux 5.14) and not all that the person runs."""
    match = re.match(r"(\d+)\.(\d+)", release or platform.release())
    return match is not None and (int(match[1]), int(match[2])) >= (5, 14)


def run(argv: tuple[str, ...]) -> tuple[int, str]:
    """(exit code, output) of a short program in an empty environment; (-1, reason) when it could not be run.

    Ctrl+C in Aether's terminal is not for it: bubblewrap would end, and what it has just made, the first process of a namespace and deaf to
    such signals, would wait for it for ever.
    """
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=RUN_TIMEOUT_S,
            check=False,
            env={},
            cwd="/",
            start_new_session=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return -1, str(error)
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")
