"""The machine's GPUs: which device nodes they have, whether an agent could use them, their names, and how full their memory is.

`GpuSource` looks (blocking, called in a thread); `GpuMonitor` answers the kernel's loop and keeps a measurement for a moment, since asking
NVIDIA's driver keeps a card awake: it is asked only after somebody asked here, and never about a card that sleeps. Binding the nodes is
`bwrap_plan`'s. Nothing here opens a device.
"""

import asyncio
import dataclasses
import os
import re
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from kernel.clock import Clock
from kernel.errors import UnavailableError
from kernel.sandbox.backend import Device, SystemFolder
from kernel.sandbox.nvml import MOST_GPUS, Measured, Nvml, printable_name
from kernel.tasks import Scope

MEASURED_EVERY_S = 3.0
MEASURED_EVERY_SLEEPY_S = 30.0  # a card that may sleep by itself does so when it was left alone for a while
MEASUREMENT_LASTS_S = 45.0
AFTER_FAILURE_S = 60.0
MOST_PARTS = 512
# nvidia-modeset sets screens: it is not for computing.
NVIDIA_NEEDED = ("nvidiactl", "nvidia-uvm")
NVIDIA_SHARED = (*NVIDIA_NEEDED, "nvidia-uvm-tools")
NO_GPU_DRIVERS = frozenset({"vgem", "vkms"})  # render nodes of the kernel's own tests
VENDORS = {"0x1002": "AMD GPU", "0x8086": "Intel GPU", "0x10de": "NVIDIA GPU", "0x1af4": "Virtual GPU"}
MAKE_NODES = "Run `sudo nvidia-modprobe -u -c=0`, or `nvidia-smi` once, and try again."
SHOW_SYS = "Where Aether itself runs in a container, /sys of the machine must be seen there."


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU. node: its own device node as agents see it. driver: the kernel's name for what drives it.

    usable: whether agents can open and use it. Memory is in bytes; None where nobody says.
    """

    name: str
    node: str
    driver: str
    usable: bool
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What there is now. devices: the nodes that an agent with a GPU is shown. descriptions: what /sys says of them, which it sees too.

    refused: nodes that it could not open. missing: nodes that computing needs and that are not there.
    trouble: why a GPU is not usable, or "". remedy: what to do about it.
    """

    gpus: tuple[Gpu, ...] = ()
    devices: tuple[Device, ...] = ()
    descriptions: tuple[SystemFolder, ...] = ()
    refused: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    trouble: str = ""
    remedy: str = ""

    def require(self) -> None:
        """Raise UnavailableError where there is nothing that an agent could use, with what to do."""
        if any(gpu.usable for gpu in self.gpus):
            return
        if self.gpus:
            raise UnavailableError(f"There is a GPU, but {self.trouble}.", self.remedy)
        raise UnavailableError(
            "A GPU was asked for, and this machine has none that Aether can find.",
            "Deploy it without a GPU, or install the GPU's driver; `aether doctor` shows what was found.",
        )


@dataclass(frozen=True, slots=True)
class _Card:
    """One of NVIDIA's cards as its driver lists it. address: its place on the PCI bus."""

    name: str
    address: str


@dataclass(slots=True)
class _Look:
    """What one look has found so far."""

    shown: dict[str, Device] = field(default_factory=dict)
    descriptions: list[SystemFolder] = field(default_factory=list)
    refused: dict[str, os.stat_result] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    undescribed: list[str] = field(default_factory=list)


class GpuSource:
    """Looks at the machine. root: where /dev, /sys and /proc are. drops_rights: whether agents run as users of their own, as under root.

    query: asks the NVIDIA driver, see `Nvml`.
    """

    def __init__(
        self,
        root: Path = Path("/"),
        *,
        drops_rights: bool | None = None,
        query: Callable[[Sequence[str] | None], tuple[Measured, ...]] | None = None,
    ) -> None:
        self._root = Path(os.path.realpath(root))
        self._drops_rights = os.geteuid() == 0 if drops_rights is None and hasattr(os, "geteuid") else bool(drops_rights)
        self._query = Nvml() if query is None else query

    def find(self) -> Found:
        """The GPUs and their nodes. Blocks for a moment; asks no driver and raises nothing."""
        look = _Look()
        gpus = [*self._nvidia(look), *self._rendering(look)]
        if any(gpu.driver == "amdgpu" and gpu.usable for gpu in gpus):
            self._take_compute_node(look)
        trouble, remedy = self._trouble(look)
        return Found(
            gpus=tuple(gpus[:MOST_GPUS]),
            devices=tuple(look.shown.values()),
            descriptions=tuple(look.descriptions),
            refused=tuple(look.refused),
            missing=tuple(look.missing),
            trouble=trouble,
            remedy=remedy,
        )

    def measure(self) -> tuple[Measured, ...] | None:
        """What NVIDIA's driver says of its cards that are awake; empty where it says nothing, None where all of them sleep.

        Blocks for up to `QUERY_TIMEOUT_S`.
        """
        listed = [card.address for card in self._nvidia_cards().values()]
        awake = [address for address in listed if self._power(address, "runtime_status") != "suspended"]
        if listed and not awake:
            return None
        return self._query(awake or None)

    def may_sleep(self) -> bool:
        """Whether one of NVIDIA's cards goes to sleep when it is left alone, as in most laptops."""
        return any(self._power(card.address, "control") == "auto" for card in self._nvidia_cards().values())

    def _nvidia(self, look: _Look) -> list[Gpu]:
        nodes = [node for node in self._named("dev", r"nvidia\d+") if self._device(f"/dev/{node}")[1] is not None]
        cards = self._nvidia_cards()
        if not nodes:  # the driver is loaded, and nobody has used it since
            nodes = [f"nvidia{minor}" for minor in cards]
        if not nodes:
            return []
        shared = {name: self._take(look, f"/dev/{name}", needed=name in NVIDIA_NEEDED) for name in NVIDIA_SHARED}
        ready = all(shared[name] for name in NVIDIA_NEEDED)
        gpus = []
        for node in nodes:
            own = self._take(look, f"/dev/{node}", needed=True)
            card = cards.get(node.removeprefix("nvidia"))
            name = card.name if card is not None and card.name else "NVIDIA GPU"
            gpus.append(Gpu(name=name, node=f"/dev/{node}", driver="nvidia", usable=own and ready))
        self._take_parts(look)
        return gpus

    def _take_parts(self, look: _Look) -> None:
        """The nodes through which the parts of a divided card (MIG) are opened, but not the one that divides it."""
        lines = self._text("proc/driver/nvidia/capabilities/mig/config").splitlines()
        dividing = next((line.partition(":")[2].strip() for line in lines if line.startswith("DeviceFileMinor")), "1")
        for node in self._named("dev/nvidia-caps", r"nvidia-cap\d+", MOST_PARTS):
            device, _ = self._device(f"/dev/nvidia-caps/{node}", write=False)
            if device is not None and node != f"nvidia-cap{dividing}":
                look.shown[device.guest_path] = device

    def _nvidia_cards(self) -> dict[str, _Card]:
        """{minor number: card}, as the driver lists its cards."""
        cards = {}
        for folder in self._named("proc/driver/nvidia/gpus", r"[0-9a-fA-F:.]+"):
            lines = (line.partition(":") for line in self._text(f"proc/driver/nvidia/gpus/{folder}/information").splitlines())
            facts = {key.strip(): value.strip() for key, _, value in lines}
            if _number(minor := facts.get("Device Minor", "")) is not None:
                cards[minor] = _Card(printable_name(facts.get("Model", "")), folder.lower())
        return cards

    def _power(self, address: str, what: str) -> str:
        return self._text(f"sys/bus/pci/devices/{address}/power/{what}").strip()

    def _rendering(self, look: _Look) -> list[Gpu]:
        """Cards with a render node; one of NVIDIA's is a GPU by its other nodes already."""
        gpus = []
        for node in self._named("dev/dri", r"renderD\d+"):
            facts = f"sys/class/drm/{node}/device"
            driver = self._driver(facts)
            device, found = self._device(f"/dev/dri/{node}")
            if driver in NO_GPU_DRIVERS or found is None:
                continue
            description = self._description_of(node, found)
            usable = description is not None and self._take(look, f"/dev/dri/{node}")
            if usable and description is not None:
                look.descriptions.append(description)
            elif device is not None and driver != "nvidia":
                look.undescribed.append(f"/dev/dri/{node}")
            elif device is None:
                look.refused[f"/dev/dri/{node}"] = found
            if driver == "nvidia":
                continue
            name = printable_name(self._text(f"{facts}/product_name")) or VENDORS.get(self._text(f"{facts}/vendor").strip(), "GPU")
            used, total = (_number(self._text(f"{facts}/mem_info_vram_{what}")) for what in ("used", "total"))
            gpus.append(Gpu(name, f"/dev/dri/{node}", driver, usable, used, total))
        return gpus

    def _description_of(self, node: str, found: os.stat_result) -> SystemFolder | None:
        """The card's own folder in /sys, and the two names under which drivers in programs look for its render node."""
        own = self._in_devices(f"sys/class/drm/{node}")
        card = self._in_devices(f"sys/class/drm/{node}/device")
        if card is not None and card.rpartition("/")[2].startswith("virtio"):
            card = card.rpartition("/")[0]  # the card on the bus, of which the virtual one is a part
        if own is None or card is None or not own.startswith(f"{card}/"):
            return None
        number = f"{os.major(found.st_rdev)}:{os.minor(found.st_rdev)}"
        links = ((f"/sys/dev/char/{number}", own), (f"/sys/class/drm/{node}", own))
        return SystemFolder(str(self._root / card[1:]), card, links)

    def _take_compute_node(self, look: _Look) -> None:
        """/dev/kfd, through which ROCm computes, with the list of processors that it reads."""
        folder = self._in_devices("sys/class/kfd/kfd")
        if folder is not None and self._take(look, "/dev/kfd"):
            look.descriptions.append(SystemFolder(str(self._root / folder[1:]), folder, (("/sys/class/kfd/kfd", folder),)))

    def _in_devices(self, path: str) -> str | None:
        """Where in /sys/devices a name of /sys leads, as an absolute path of the machine; None where it leads anywhere else."""
        try:
            real = os.path.realpath(self._root / path, strict=True)
        except OSError:
            return None
        inside = f"/{os.path.relpath(real, self._root)}"
        return inside if inside.startswith("/sys/devices/") and os.path.isdir(real) else None

    def _driver(self, facts: str) -> str:
        try:
            return os.path.basename(os.readlink(self._root / facts / "driver"))
        except OSError:
            return ""

    def _take(self, look: _Look, guest_path: str, *, needed: bool = False) -> bool:
        """Show a node to agents where they can open it; needed: it is noted where there is none."""
        device, found = self._device(guest_path)
        if device is not None:
            look.shown[guest_path] = device
        elif found is not None:
            look.refused[guest_path] = found
        elif needed:
            look.missing.append(guest_path)
        return device is not None

    def _device(self, guest_path: str, *, write: bool = True) -> tuple[Device | None, os.stat_result | None]:
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
            return (Device(real, guest_path) if os.access(real, os.R_OK | (os.W_OK if write else 0)) else None), found
        rights = 6 if write else 4
        if found.st_mode & rights == rights:
            return Device(real, guest_path), found
        if found.st_mode & (rights << 3) == rights << 3 and found.st_gid:  # never root's own group
            return Device(real, guest_path, found.st_gid), found
        return None, found

    def _trouble(self, look: _Look) -> tuple[str, str]:
        """(why a GPU is not usable, what to do), both "" where nothing is wrong."""
        if look.missing:
            there = "is not there" if len(look.missing) == 1 else "are not there"
            return f"{', '.join(look.missing[:4])} {there}, without which nothing computes on it", MAKE_NODES
        if look.refused:
            return f"agents may not open it ({', '.join(list(look.refused)[:4])})", self._remedy(look.refused)
        if look.undescribed:
            return f"/sys does not describe {', '.join(look.undescribed[:4])}, which programs need to use it", SHOW_SYS
        return "", ""

    def _remedy(self, refused: dict[str, os.stat_result]) -> str:
        path, found = next(iter(refused.items()))
        if self._drops_rights or found.st_mode & 0o060 != 0o060 or not found.st_gid:
            return f"Let others open it: `sudo chmod a+rw {path}`, and a udev rule that does so at each start."
        return f"Join its group: `sudo usermod -aG {_group_name(found.st_gid)} $USER`, then log in again."

    def _named(self, folder: str, pattern: str, most: int = MOST_GPUS) -> list[str]:
        """The entries of a folder whose whole name fits, in the order of their numbers."""
        try:
            names = os.listdir(self._root / folder)
        except OSError:
            return []
        fitting = [name for name in names if re.fullmatch(pattern, name)]
        return sorted(fitting, key=lambda name: (len(name), name))[:most]

    def _text(self, path: str) -> str:
        with suppress(OSError), open(self._root / path, "rb") as file:
            return file.read(4096).decode(errors="replace")
        return ""


class GpuMonitor:
    """Answers for the kernel's loop. source: looks at the machine. scope: owner of the measurements."""

    def __init__(self, source: GpuSource, clock: Clock, scope: Scope) -> None:
        self.source = source
        self._clock = clock
        self._scope = scope
        self._rows: tuple[Measured, ...] = ()
        self._measured_at = float("-inf")
        self._due_at = float("-inf")
        self._measuring: asyncio.Task[None] | None = None

    async def find(self) -> Found:
        """The GPUs and their nodes now, without figures of NVIDIA's memory."""
        return await asyncio.to_thread(self.source.find)

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
        rows, sleepy = await asyncio.to_thread(lambda: (self.source.measure(), self.source.may_sleep()))
        now = self._clock.monotonic()
        if rows is None:
            self._due_at = now + MEASURED_EVERY_S
            return
        self._due_at = now + ((MEASURED_EVERY_SLEEPY_S if sleepy else MEASURED_EVERY_S) if rows else AFTER_FAILURE_S)
        if rows:
            self._rows, self._measured_at = rows, now

    def _with_measurement(self, gpus: tuple[Gpu, ...]) -> tuple[Gpu, ...]:
        """NVIDIA's cards with what the driver said of them."""
        if self._clock.monotonic() - self._measured_at > MEASUREMENT_LASTS_S:
            return gpus
        return measured(gpus, self._rows)


def measured(gpus: Sequence[Gpu], rows: Sequence[Measured]) -> tuple[Gpu, ...]:
    """The GPUs with what NVIDIA's driver said of those that are its."""
    by_node = {f"/dev/nvidia{row.minor}": row for row in rows}
    return tuple(_with(gpu, by_node.get(gpu.node)) for gpu in gpus)


def _with(gpu: Gpu, row: Measured | None) -> Gpu:
    if row is None:
        return gpu
    return dataclasses.replace(
        gpu, name=row.name or gpu.name, memory_used_bytes=row.used_bytes, memory_total_bytes=row.total_bytes
    )


def _number(text: str) -> int | None:
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 19 else None


def _group_name(gid: int) -> str:
    import grp

    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
