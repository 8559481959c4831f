"""A machine's /dev, /sys and /proc with GPUs in a folder: its nodes are links to harmless devices, which a sandbox can really bind."""

import os
from collections.abc import Sequence
from pathlib import Path

from kernel.sandbox.nvml import Measured

H200 = Measured(0, "NVIDIA H200", 4096 << 20, 143771 << 20)


def says_h200(addresses: Sequence[str] | None) -> tuple[Measured, ...]:
    """What the driver of a machine with one card says."""
    return (H200,)


def add_nvidia(root: Path, *minors: int, names: bool = True) -> None:
    """Cards as NVIDIA's driver shows them; names False: its list of names is hidden, as in some containers."""
    for name in ("nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset"):
        add_node(root, name)
    for minor in minors:
        add_node(root, f"nvidia{minor}")
        if names:
            card = root / f"proc/driver/nvidia/gpus/0000:{minor:02x}:00.0"
            card.mkdir(parents=True)
            (card / "information").write_text(f"Model: \t\t NVIDIA H200\nIRQ:   \t\t 57\nDevice Minor: \t {minor}\n")


def add_rendering(root: Path, number: int, driver: str, vendor: str = "0x1002", part: str = "", **facts: int) -> None:
    """A card with a render node; part: of a card on the bus, such as virtio0. facts: files of its device, such as mem_info_vram_total."""
    add_node(root, f"dri/renderD{number}")
    device = root / f"sys/devices/pci0000:00/0000:{number - 100:02x}:00.0" / part
    node = device / f"drm/renderD{number}"
    node.mkdir(parents=True)
    (node / "device").symlink_to("../..")
    add_link(root / f"sys/class/drm/renderD{number}", node)
    (device / "driver").symlink_to(f"../../../bus/pci/drivers/{driver}")
    (device / "vendor").write_text(f"{vendor}\n")
    for name, value in facts.items():
        (device / name).write_text(f"{value}\n")


def add_compute_node(root: Path) -> None:
    """What ROCm computes through."""
    add_node(root, "kfd")
    folder = root / "sys/devices/virtual/kfd/kfd"
    (folder / "topology").mkdir(parents=True)
    add_link(root / "sys/class/kfd/kfd", folder)


def add_power(root: Path, minor: int, status: str, control: str = "auto") -> None:
    """Whether one of NVIDIA's cards sleeps, and whether it may."""
    power = root / f"sys/bus/pci/devices/0000:{minor:02x}:00.0/power"
    power.mkdir(parents=True, exist_ok=True)
    (power / "runtime_status").write_text(f"{status}\n")
    (power / "control").write_text(f"{control}\n")


def add_link(path: Path, to: Path) -> None:
    """A relative link, as /sys has them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(os.path.relpath(to, path.parent))


def add_node(root: Path, name: str, to: str = "/dev/null") -> None:
    """One device node."""
    path = root / "dev" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(to)
