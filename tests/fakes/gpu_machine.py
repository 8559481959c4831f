"""A machine's /dev, /sys and /proc with GPUs in a folder: its nodes are links to harmless devices, which a sandbox can really bind."""

from pathlib import Path

NVIDIA_SMI = "NVIDIA H200, 4096, 143771\n"


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


def add_rendering(root: Path, number: int, driver: str, vendor: str = "0x1002", **facts: int) -> None:
    """A card with a render node; facts: files of its device, such as mem_info_vram_total."""
    add_node(root, f"dri/renderD{number}")
    device = root / f"sys/class/drm/renderD{number}/device"
    device.mkdir(parents=True)
    (device / "driver").symlink_to(f"../../../bus/pci/drivers/{driver}")
    (device / "vendor").write_text(f"{vendor}\n")
    for name, value in facts.items():
        (device / name).write_text(f"{value}\n")


def add_node(root: Path, name: str, to: str = "/dev/null") -> None:
    """One device node."""
    path = root / "dev" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(to)
