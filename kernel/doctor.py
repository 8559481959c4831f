"""What this machine offers to Aether, and how to get what is missing.

Blocking looks at files, programs and sockets; called in a thread by `aether doctor` and the first-run page. Finds out, never installs.
"""

import asyncio
import contextlib
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from kernel.display import NONE, trouble_with
from kernel.errors import AetherError, StorageError
from kernel.paths import Paths
from kernel.protocol.records import MetricsSample, SystemCheck
from kernel.protocol.system import KernelStatusReply
from kernel.sandbox.backend import Probe
from kernel.sandbox.gpu import Gpu, GpuSource, measured
from kernel.store.place import require_files
from kernel.tasks import Scope
from kernel.version import VERSION
from kernel.vnc.display import REMEDY, SERVER, missing, window_manager
from kernel.vnc.manager import find_program

DOCKER_SOCKET = "/var/run/docker.sock"
LOW_DISK_BYTES = 1 << 30
DATABASE_CHECK_S = 20.0
#: What terminals show besides Latin letters, and fontconfig's code for it.
SCRIPTS = {"emoji": "und-zsye", "Chinese": "zh-cn", "Japanese": "ja", "Korean": "ko"}
KEY_NAMES = {"GEMINI_API_KEY": "Gemini", "OPENAI_API_KEY": "OpenAI", "ANTHROPIC_API_KEY": "Anthropic"}


def machine_checks(
    sandbox: Probe, paths: Paths, environ: Mapping[str, str] | None = None, gpus: GpuSource | None = None
) -> tuple[SystemCheck, ...]:
    """Every check of the machine itself, most important first. Providers are the registry's to check. gpus: None for one of its own."""
    env = os.environ if environ is None else environ
    return (
        _sandbox(sandbox),
        _folder(paths),
        _database(paths),
        _docker(env),
        _gpu(GpuSource() if gpus is None else gpus),
        _desktops(sandbox),
        *_keys(env),
        _fonts(),
        _display(env),
        _tray(env),
    )


async def without_kernel(paths: Paths, problem: AetherError, environ: Mapping[str, str] | None = None) -> KernelStatusReply:
    """What can be found out where no kernel can be started; `problem` is why."""
    from kernel.sandbox.bubblewrap import BubblewrapBackend
    from kernel.sandbox.host import HostBackend
    from kernel.sandbox.manager import SandboxManager

    scope = Scope("doctor")
    sandboxes = SandboxManager((BubblewrapBackend(scope), HostBackend(scope)), scope)
    try:
        probe = await sandboxes.detect()
    finally:
        await sandboxes.close()
        await scope.close()
    checks = await asyncio.to_thread(machine_checks, probe, paths, environ)
    started = SystemCheck(name="Kernel", ok=False, detail=problem.message, remedy=problem.hint, required=True)
    load = MetricsSample(timestamp=time.time(), process_count=0, cpu_percent=0.0, memory_mb=0.0)
    return KernelStatusReply(version=VERSION, uptime=0.0, metrics=load, root=str(paths.root), checks=(started, *checks))


def _sandbox(probe: Probe) -> SystemCheck:
    details = "; ".join(f"{name}: {value}" for name, value in probe.details.items())
    return SystemCheck(
        name="Sandbox",
        ok=probe.confinement != "none",
        detail=f"{probe.reason} {details}".strip(),
        remedy=probe.remedy,
        required=True,
    )


def _folder(paths: Paths) -> SystemCheck:
    try:
        usage = shutil.disk_usage(paths.root)
        writable = os.access(paths.root, os.W_OK)
    except OSError as error:
        return SystemCheck(name="Folder", ok=False, detail=f"{paths.root}: {error.strerror}", required=True)
    free = f"{usage.free / 2**30:.1f} GB free"
    if not writable:
        return SystemCheck(
            name="Folder",
            ok=False,
            detail=f"{paths.root} cannot be written.",
            remedy="Mend its permissions, or set AETHER_FS_ROOT to another folder.",
            required=True,
        )
    return SystemCheck(
        name="Folder",
        ok=usage.free > LOW_DISK_BYTES,
        detail=f"{paths.root}, {free}",
        remedy="" if usage.free > LOW_DISK_BYTES else "Free some space.",
        required=True,
    )


def _database(paths: Paths) -> SystemCheck:
    """All of the file is read, which a start does not do with a large one."""
    try:
        require_files(paths.database)
        there = paths.database.exists()
    except StorageError as error:
        return SystemCheck(name="Database", ok=False, detail=error.message, remedy=error.hint, required=True)
    except OSError as error:
        return SystemCheck(
            name="Database",
            ok=False,
            detail=f"{paths.database} cannot be looked at: {error.strerror}",
            remedy="Run this as the user whose folder it is, or set AETHER_FS_ROOT to a folder of your own.",
            required=True,
        )
    if not there:
        return SystemCheck(name="Database", ok=True, detail="none yet", required=True)
    remedy = "Aether sets a damaged file aside at its next start and begins a new one; copy the file now if you want to keep it."
    ends_at = time.monotonic() + DATABASE_CHECK_S
    try:
        with contextlib.closing(sqlite3.connect(f"{paths.database.as_uri()}?mode=ro", uri=True, timeout=2.0)) as connection:
            connection.set_progress_handler(lambda: int(time.monotonic() > ends_at), 10_000)
            found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
            # A blob may be valid in SQLite's own binary JSON, which Aether does not write.
            whole = " AND ".join(f"(typeof({name}) = 'text' AND json_valid({name}))" for name in ("info", "config", "run"))
            unreadable = f"SELECT count(*) FROM processes WHERE NOT ({whole})"
            damaged = int(connection.execute(unreadable).fetchone()[0])
    except sqlite3.Error as error:
        if "interrupted" in str(error):
            return SystemCheck(name="Database", ok=True, detail=f"too large to be read through in {DATABASE_CHECK_S:g} s", required=True)
        if "unable to open" in str(error):
            remedy = "It could not be looked at, which says nothing of what is in it: make its folder writable, and look again."
        return SystemCheck(name="Database", ok=False, detail=f"{paths.database}: {error}", remedy=remedy, required=True)
    if found != "ok":
        return SystemCheck(name="Database", ok=False, detail=f"{paths.database}: {found}", remedy=remedy, required=True)
    size = f"{paths.database.stat().st_size / 2**20:.1f} MB"
    if damaged:
        detail = f"{size}; {damaged} runs have a damaged record and are shown as ended"
        return SystemCheck(name="Database", ok=False, detail=detail, remedy="Nothing needs to be done; their logs can be read.")
    return SystemCheck(name="Database", ok=True, detail=f"{size}, whole", required=True)


def _docker(env: Mapping[str, str]) -> SystemCheck:
    host = env.get("DOCKER_HOST", f"unix://{DOCKER_SOCKET}")
    path = host.removeprefix("unix://")
    if not host.startswith("unix://"):
        return SystemCheck(name="Docker", ok=True, detail=f"configured at {host.split('@')[-1]}")
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(1.0)
            client.connect(path)
    except OSError:
        if shutil.which("docker"):
            detail, remedy = "installed, but its engine does not answer", "Start it with `sudo service docker start`"
        else:
            detail, remedy = "not found", "Install it with `sudo apt-get install docker.io`"
        return SystemCheck(name="Docker", ok=False, detail=detail, remedy=f"{remedy}; Aether works without it.")
    return SystemCheck(name="Docker", ok=True, detail=f"the engine answers at {path}")


def _gpu(source: GpuSource) -> SystemCheck:
    found = source.find()
    if not found.gpus:
        return SystemCheck(name="GPU", ok=False, detail="none found", remedy="Not needed; local models run faster with one.")
    rows = source.measure() if any(gpu.driver == "nvidia" for gpu in found.gpus) else None
    if found.missing:
        found = source.find()  # asking the driver makes the nodes that it can
    detail = "; ".join(_in_words(gpu) for gpu in measured(found.gpus, rows or ()))
    if not any(gpu.usable for gpu in found.gpus):
        return SystemCheck(name="GPU", ok=False, detail=f"{detail}: {found.trouble}", remedy=found.remedy)
    return SystemCheck(name="GPU", ok=True, detail=detail)


def _desktops(sandbox: Probe) -> SystemCheck:
    """Whether agents can have graphical desktops."""
    name = "Graphical desktops"
    if sandbox.confinement == "none":
        return SystemCheck(name=name, ok=False, detail="only confined agents can have one", remedy=sandbox.remedy)
    if missing(find_program):
        return SystemCheck(name=name, ok=False, detail=f"{SERVER} is not installed", remedy=f"{REMEDY} Agents without one work as ever.")
    manager = window_manager(find_program) or "no window manager: windows have no frames until one is installed (apt install openbox)"
    return SystemCheck(name=name, ok=True, detail=f"{SERVER} with {manager}")


def _in_words(gpu: Gpu) -> str:
    size = "" if gpu.memory_total_bytes is None else f", {gpu.memory_total_bytes >> 30} GB"
    return f"{gpu.name} ({gpu.node}){size}"


def _keys(env: Mapping[str, str]) -> tuple[SystemCheck, ...]:
    found = [name for variable, name in KEY_NAMES.items() if env.get(variable)]
    missing = [variable for variable, name in KEY_NAMES.items() if not env.get(variable)]
    detail = f"set: {', '.join(found)}" if found else "none set"
    remedy = f"Set {' or '.join(missing)} to use those models; none is needed for local ones." if missing else ""
    return (SystemCheck(name="Cloud keys", ok=bool(found), detail=detail, remedy=remedy),)


def _fonts() -> SystemCheck:
    bundled = Path(__file__).resolve().parent.parent / "resources" / "fonts"
    count = len([path for path in bundled.rglob("*") if path.suffix in (".ttf", ".otf")]) if bundled.is_dir() else 0
    if sys.platform in ("win32", "darwin"):
        return SystemCheck(name="Fonts", ok=count > 0, detail=f"{count} bundled; the system's own have other scripts")
    languages = _font_languages()
    missing = [name for name, language in SCRIPTS.items() if language not in languages]
    detail = f"{count} bundled; {'none for ' + ', '.join(missing) if missing else 'emoji, Chinese, Japanese and Korean found'}"
    remedy = "Install `fontconfig`, `fonts-noto-color-emoji` and `fonts-wqy-microhei` (or `fonts-noto-cjk`)." if missing else ""
    return SystemCheck(name="Fonts", ok=count > 0 and not missing, detail=detail, remedy=remedy)


def _font_languages() -> set[str]:
    """The languages that fontconfig knows a font for, by their codes; none where it cannot be asked."""
    try:
        listed = subprocess.run(["fc-list", ":", "lang"], capture_output=True, text=True, errors="replace", timeout=5, check=False)
    except (OSError, subprocess.SubprocessError):
        return set()
    return set(re.split(r"[|\s]|:lang=", listed.stdout))


def _display(env: Mapping[str, str]) -> SystemCheck:
    if sys.platform in ("win32", "darwin"):
        return SystemCheck(name="Display", ok=True, detail="native")
    trouble = trouble_with(env)
    if not trouble:
        detail = env.get("WAYLAND_DISPLAY") or env.get("DISPLAY") or env.get("QT_QPA_PLATFORM", "found")
        return SystemCheck(name="Display", ok=True, detail=detail)
    remedy = "Without one, use `aether run --role Coder --goal \"...\"`."
    return SystemCheck(name="Display", ok=False, detail="none" if trouble == NONE else trouble, remedy=remedy)


def _tray(env: Mapping[str, str]) -> SystemCheck:
    if sys.platform in ("win32", "darwin"):
        return SystemCheck(name="Tray", ok=True, detail="native")
    remedy = "Without one Aether minimises its window instead of hiding it. On GNOME, add the AppIndicator extension."
    probe = shutil.which("busctl")
    if probe is None or not env.get("DBUS_SESSION_BUS_ADDRESS"):
        return SystemCheck(name="Tray", ok=False, detail="no session bus", remedy=remedy)
    try:
        listed = subprocess.run(
            [probe, "--user", "--no-pager", "list"], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        return SystemCheck(name="Tray", ok=False, detail=str(error), remedy=remedy)
    found = "org.kde.StatusNotifierWatcher" in listed.stdout
    return SystemCheck(name="Tray", ok=found, detail="found" if found else "no tray on this desktop", remedy="" if found else remedy)
