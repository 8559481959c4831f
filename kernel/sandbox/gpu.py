"""The machine's GPUs: which device nodes they have, whether an agent could open them, their names, and how full their memory is.

`GpuSource` looks (blocking, called in a thread); `GpuMonitor` answers the kernel's loop and keeps a measurement for a moment, since
`nvidia-smi` is slow and wakes a sleeping card: it runs only after somebody asked. Binding the nodes is `bwrap_plan`'s. Nothing here opens a
device. What a driver says is bounded and printable before it gets further.
"""

import asyncio
import dataclasses
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kernel.clock import Clock
from kernel.errors import UnavailableError
from kernel.log import get_logger
from kernel.sandbox.backend import Device
from kernel.tasks import Scope

MEASURED_EVERY_S = 3.0
MEASUREMENT_LASTS_S = 30.0
AFTER_FAILURE_S = 60.0
QUERY_TIMEOUT_S = 5.0
NAME_CHARACTERS = 100
MOST_GPUS = 64
MEBIBYTE = 1 << 20
QUERY = ("--query-gpu=name,memory.used,memory.total", "--format=csv,noheader,nounits")
PROGRAM_PLACES = ("/usr/bin", "/usr/local/nvidia/bin", "/usr/lib/wsl/lib")
# nvidia-modeset sets screens and nvidia-caps divides the card: neither is for computing.
NVIDIA_SHARED = ("nvidiactl", "nvidia-uvm", "nvidia-uvm-tools")
NO_GPU_DRIVERS = frozenset({"vgem", "vkms"})  # render nodes of the kernel's own tests
VENDORS = {"0x1002": "AMD GPU", "0x8086": "Intel GPU", "0x10de": "NVIDIA GPU", "0x1af4": "Virtual GPU"}

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU. node: its own device node as agents see it. driver: the kernel's name for what drives it.

    usable: whether agents can open it. Memory is in bytes; None where nobody says.
    """

    name: str
    node: str
    driver: str
    usable: bool
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What there is now. devices: the nodes that an agent with a GPU is shown. refused: nodes that it could not open."""

    gpus: tuple[Gpu, ...] = ()
    devices: tuple[Device, ...] = ()
    refused: tuple[str, ...] = ()
    remedy: str = ""

    def require(self) -> None:
        """Raise UnavailableError where there is nothing that an agent could use, with what to do."""
        if any(gpu.usable for gpu in self.gpus):
            return
        if self.gpus:
            nodes = ", ".join(self.refused[:4])
            raise UnavailableError(f"There is a GPU, but agents may not open it ({nodes}).", self.remedy)
        raise UnavailableError(
            "A GPU was asked for, and this machine has none that Aether can find.",
            "Deploy it without a GPU, or install the GPU's driver; `aether doctor` shows what was found.",
        )


def query_nvidia() -> str | None:
    """What nvidia-smi says of names and memory, None where there is no such program or it fails. Blocks for at most some seconds."""
    program = shutil.which("nvidia-smi") or shutil.which("nvidia-smi", path=os.pathsep.join(PROGRAM_PLACES))
    if program is None:
        return None
    environment = {"PATH": os.defpath, "LC_ALL": "C"}
    try:
        process = subprocess.Popen(
            [program, *QUERY], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
    except OSError as error:
        _log.info("nvidia-smi cannot be run: %s", error)
        return None
    try:
        output, _ = process.communicate(timeout=QUERY_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        with suppress(subprocess.TimeoutExpired):  # a driver that hangs keeps its asker from ending: it is not waited for
            process.communicate(timeout=1.0)
        return None
    return output.decode(errors="replace") if process.returncode == 0 else None


def parse_nvidia(text: str) -> tuple[tuple[str, int | None, int | None], ...]:
    """(name, bytes used, bytes in all) of each card, from lines such as `NVIDIA H200, 4, 143771`; what is no number is None."""
    rows = []
    for line in text.splitlines()[:MOST_GPUS]:
        fields = [field.strip() for field in line.rsplit(",", 2)]
        if len(fields) == 3 and (name := _name(fields[0])):
            rows.append((name, _mebibytes(fields[1]), _mebibytes(fields[2])))
    return tuple(rows)


class GpuSource:
    """Looks at the machine. root: where /dev, /sys and /proc are. drops_rights: whether agents run as users of their own, as under root.

    query: asks the NVIDIA driver, see `query_nvidia`.
    """

    def __init__(
        self, root: Path = Path("/"), *, drops_rights: bool | None = None, query: Callable[[], str | None] = query_nvidia
    ) -> None:
        self._root = root
        self._drops_rights = os.geteuid() == 0 if drops_rights is None and hasattr(os, "geteuid") else bool(drops_rights)
        self._query = query

    def find(self) -> Found:
        """The GPUs and their nodes. Blocks for a moment; runs no program and raises nothing."""
        shown: dict[str, Device] = {}
        refused: dict[str, os.stat_result] = {}

        def take(guest_path: str) -> bool:
            device, found = self._device(guest_path)
            if device is not None:
                shown[guest_path] = device
            elif found is not None:
                refused[guest_path] = found
            return device is not None

        gpus = [*self._nvidia(take), *self._rendering(take)]
        if any(gpu.driver == "amdgpu" for gpu in gpus):
            take("/dev/kfd")
        return Found(tuple(gpus[:MOST_GPUS]), tuple(shown.values()), tuple(refused), self._remedy(refused))

    def measure(self) -> tuple[tuple[str, int | None, int | None], ...]:
        """See `parse_nvidia`; empty where the driver says nothing. Blocks for up to `QUERY_TIMEOUT_S`."""
        return parse_nvidia(self._query() or "")

    def _nvidia(self, take: Callable[[str], bool]) -> list[Gpu]:
        nodes = [node for node in self._named("dev", r"nvidia\d+") if self._device(f"/dev/{node}")[1] is not None]
        if not nodes:
            return []
        shared = {name: take(f"/dev/{name}") for name in NVIDIA_SHARED}
        names = self._nvidia_names()
        return [
            Gpu(
                name=names.get(node.removeprefix("nvidia"), "NVIDIA GPU"),
                node=f"/dev/{node}",
                driver="nvidia",
                usable=take(f"/dev/{node}") and shared["nvidiactl"],
            )
            for node in nodes
        ]

    def _nvidia_names(self) -> dict[str, str]:
        """{minor number: name}, as the driver lists its cards."""
        names = {}
        for folder in self._named("proc/driver/nvidia/gpus", r"[0-9a-fA-F:.]+"):
            lines = (line.partition(":") for line in self._text(f"proc/driver/nvidia/gpus/{folder}/information").splitlines())
            facts = {key.strip(): value.strip() for key, _, value in lines}
            if name := _name(facts.get("Model", "")):
                names[facts.get("Device Minor", "")] = name
        return names

    def _rendering(self, take: Callable[[str], bool]) -> list[Gpu]:
        """Cards with a render node; one of NVIDIA's is a GPU by its other nodes already."""
        gpus = []
        for node in self._named("dev/dri", r"renderD\d+"):
            facts = f"sys/class/drm/{node}/device"
            driver = self._driver(facts)
            if driver in NO_GPU_DRIVERS or self._device(f"/dev/dri/{node}")[1] is None:
                continue
            usable = take(f"/dev/dri/{node}")
            if driver == "nvidia":
                continue
            name = _name(self._text(f"{facts}/product_name")) or VENDORS.get(self._text(f"{facts}/vendor").strip(), "GPU")
            used, total = (_number(self._text(f"{facts}/mem_info_vram_{what}")) for what in ("used", "total"))
            gpus.append(Gpu(name, f"/dev/dri/{node}", driver, usable, used, total))
        return gpus

    def _driver(self, facts: str) -> str:
        try:
            return os.path.basename(os.readlink(self._root / facts / "driver"))
        except OSError:
            return ""

    def _device(self, guest_path: str) -> tuple[Device | None, os.stat_result | None]:
        """(the device where an agent can open it, what it is where it is there)."""
        path = self._root / guest_path[1:]
        try:
            real = os.path.realpath(path, strict=True)
            found = os.stat(real)
        except OSError:
            return None, None
        if not stat.S_ISCHR(found.st_mode):
            return None, None
        if not self._drops_rights:
            return (Device(real, guest_path) if os.access(real, os.R_OK | os.W_OK) else None), found
        if found.st_mode & 0o006 == 0o006:
            return Device(real, guest_path), found
        if found.st_mode & 0o060 == 0o060 and found.st_gid:  # never root's own group
            return Device(real, guest_path, found.st_gid), found
        return None, found

    def _remedy(self, refused: dict[str, os.stat_result]) -> str:
        if not refused:
            return ""
        path, found = next(iter(refused.items()))
        if self._drops_rights or found.st_mode & 0o060 != 0o060 or not found.st_gid:
            return f"Let others open it: `sudo chmod a+rw {path}`, and a udev rule that does so at each start."
        return f"Join its group: `sudo usermod -aG {_group_name(found.st_gid)} $USER`, then log in again."

    def _named(self, folder: str, pattern: str) -> list[str]:
        """The entries of a folder whose whole name fits, in the order of their numbers."""
        try:
            names = os.listdir(self._root / folder)
        except OSError:
            return []
        fitting = [name for name in names if re.fullmatch(pattern, name)]
        return sorted(fitting, key=lambda name: (len(name), name))[:MOST_GPUS]

    def _text(self, path: str) -> str:
        try:
            with open(self._root / path, "rb") as file:
                return file.read(4096).decode(errors="replace")
        except OSError:
            return ""


class GpuMonitor:
    """Answers for the kernel's loop. scope: owner of the measurements."""

    def __init__(self, source: GpuSource, clock: Clock, scope: Scope) -> None:
        self._source = source
        self._clock = clock
        self._scope = scope
        self._rows: tuple[tuple[str, int | None, int | None], ...] = ()
        self._measured_at = float("-inf")
        self._due_at = float("-inf")
        self._measuring: asyncio.Task[None] | None = None

    async def find(self) -> Found:
        """The GPUs and their nodes now, without figures of NVIDIA's memory."""
        return await asyncio.to_thread(self._source.find)

    async def read(self) -> tuple[Gpu, ...]:
        """The GPUs with the last measurement. An older one is taken anew meanwhile: who asks again gets it; nobody waits for it."""
        gpus = (await self.find()).gpus
        if any(gpu.driver == "nvidia" for gpu in gpus):
            self._measure_again()
        return self._with_measurement(gpus)

    async def settled(self) -> None:
        """Wait for a measurement that is being taken."""
        if self._measuring is not None:
            await asyncio.wait((self._measuring,))

    def _measure_again(self) -> None:
        busy = self._measuring is not None and not self._measuring.done()
        if not busy and self._clock.monotonic() >= self._due_at and not self._scope.closed:
            self._measuring = self._scope.spawn(self._measure(), name="gpus")

    async def _measure(self) -> None:
        rows = await asyncio.to_thread(self._source.measure)
        now = self._clock.monotonic()
        self._due_at = now + (MEASURED_EVERY_S if rows else AFTER_FAILURE_S)
        if rows:
            self._rows, self._measured_at = rows, now

    def _with_measurement(self, gpus: tuple[Gpu, ...]) -> tuple[Gpu, ...]:
        """NVIDIA's cards as the driver counts them; where it counts others than there are nodes, nothing is guessed."""
        own = [gpu for gpu in gpus if gpu.driver == "nvidia"]
        fresh = self._clock.monotonic() - self._measured_at <= MEASUREMENT_LASTS_S
        if not fresh or len(self._rows) != len(own):
            return gpus
        rows = iter(self._rows)
        return tuple(_measured(gpu, *next(rows)) if gpu.driver == "nvidia" else gpu for gpu in gpus)


def _measured(gpu: Gpu, name: str, used: int | None, total: int | None) -> Gpu:
    return dataclasses.replace(gpu, name=name, memory_used_bytes=used, memory_total_bytes=total)


def _name(text: str) -> str:
    """A card's name as one short printable line, or ""."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())[:NAME_CHARACTERS]


def _number(text: str) -> int | None:
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 19 else None


def _mebibytes(text: str) -> int | None:
    number = _number(text)
    return None if number is None else number * MEBIBYTE


def _group_name(gid: int) -> str:
    import grp

    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
