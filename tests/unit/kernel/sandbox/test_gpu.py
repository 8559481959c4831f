"""What is found of a machine's GPUs, what is asked of the driver and when, and what is said where there is none."""

import os
import stat
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from kernel.errors import UnavailableError
from kernel.sandbox import gpu
from kernel.sandbox.backend import Device, SystemFolder
from kernel.sandbox.gpu import Gpu, GpuMonitor, GpuSource
from kernel.sandbox.nvml import Measured
from kernel.tasks import Scope
from tests.fakes.clock import ManualClock
from tests.fakes.gpu_machine import H200, add_compute_node, add_node, add_nvidia, add_power, add_rendering, says_h200

GIB = 1 << 30
REAL_STAT = os.stat
NULL = os.stat("/dev/null")


def source(root: Path, *, drops_rights: bool = True) -> GpuSource:
    return GpuSource(root, drops_rights=drops_rights, query=says_h200)


def test_without_one_it_says_what_to_do(tmp_path: Path) -> None:
    found = source(tmp_path).find()
    assert found == gpu.Found()
    with pytest.raises(UnavailableError, match=r"none that Aether can find.*without a GPU"):
        found.require()


@pytest.mark.feature("MC05")
def test_of_nvidia_exactly_the_nodes_for_computing_are_shown(tmp_path: Path) -> None:
    add_nvidia(tmp_path, 0, 10, 2)
    (tmp_path / "dev/nvidia3").mkdir()  # no device
    found = source(tmp_path).find()
    assert [one.node for one in found.gpus] == ["/dev/nvidia0", "/dev/nvidia2", "/dev/nvidia10"]
    assert {one.name for one in found.gpus} == {"NVIDIA H200"}
    assert all(one.usable and one.driver == "nvidia" for one in found.gpus)
    expected = ["nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia0", "nvidia2", "nvidia10"]
    assert found.devices == tuple(Device("/dev/null", f"/dev/{name}") for name in expected)
    found.require()


def test_a_driver_without_cards_and_one_that_hides_their_names(tmp_path: Path) -> None:
    for name in ("nvidiactl", "nvidia-uvm"):
        add_node(tmp_path, name)
    assert source(tmp_path).find() == gpu.Found()
    add_node(tmp_path, "nvidia0")
    assert [one.name for one in source(tmp_path).find().gpus] == ["NVIDIA GPU"]


def test_cards_with_a_render_node_are_named_and_measured_by_the_kernel(tmp_path: Path) -> None:
    add_rendering(tmp_path, 128, "amdgpu", mem_info_vram_used=GIB, mem_info_vram_total=16 * GIB)
    add_rendering(tmp_path, 129, "i915", "0x8086")
    add_rendering(tmp_path, 130, "vgem")
    add_compute_node(tmp_path)
    found = source(tmp_path).find()
    assert found.gpus == (
        Gpu("AMD GPU", "/dev/dri/renderD128", "amdgpu", True, GIB, 16 * GIB),
        Gpu("Intel GPU", "/dev/dri/renderD129", "i915", True),
    )
    assert [device.guest_path for device in found.devices] == ["/dev/dri/renderD128", "/dev/dri/renderD129", "/dev/kfd"]
    amd, intel, kfd = ("/sys/devices/pci0000:00/0000:1c:00.0", "/sys/devices/pci0000:00/0000:1d:00.0", "/sys/devices/virtual/kfd/kfd")
    number = f"{os.major(NULL.st_rdev)}:{os.minor(NULL.st_rdev)}"
    assert found.descriptions == (
        SystemFolder(f"{tmp_path}{amd}", amd, tuple((name, f"{amd}/drm/renderD128") for name in names(number, 128))),
        SystemFolder(f"{tmp_path}{intel}", intel, tuple((name, f"{intel}/drm/renderD129") for name in names(number, 129))),
        SystemFolder(f"{tmp_path}{kfd}", kfd, (("/sys/class/kfd/kfd", kfd),)),
    )


def names(number: str, render: int) -> tuple[str, str]:
    """Where programs look for a render node in /sys."""
    return f"/sys/dev/char/{number}", f"/sys/class/drm/renderD{render}"


def test_a_virtual_card_is_described_by_the_card_on_the_bus(tmp_path: Path) -> None:
    add_rendering(tmp_path, 128, "virtio_gpu", "0x1af4", part="virtio0")
    (description,) = source(tmp_path).find().descriptions
    assert description.guest_path == "/sys/devices/pci0000:00/0000:1c:00.0"
    assert description.links[0][1] == "/sys/devices/pci0000:00/0000:1c:00.0/virtio0/drm/renderD128"


@pytest.mark.parametrize("leads", ["nowhere", "out"])
def test_what_programs_could_not_find_out_about_is_not_usable(tmp_path: Path, leads: str) -> None:
    """libdrm looks every node up in /sys: without it a node that opens is of no use."""
    add_rendering(tmp_path, 128, "amdgpu")
    add_compute_node(tmp_path)
    link = tmp_path / "sys/class/drm/renderD128"
    link.unlink()
    if leads == "out":
        link.symlink_to("/etc")
    found = source(tmp_path).find()
    assert [one.usable for one in found.gpus] == [False]
    assert (found.devices, found.descriptions) == ((), ())
    with pytest.raises(UnavailableError, match=r"/sys does not describe /dev/dri/renderD128"):
        found.require()


def test_a_compute_node_without_its_list_of_processors_is_left_out(tmp_path: Path) -> None:
    add_rendering(tmp_path, 128, "amdgpu")
    add_node(tmp_path, "kfd")
    found = source(tmp_path).find()
    assert [device.guest_path for device in found.devices] == ["/dev/dri/renderD128"]
    assert found.gpus[0].usable



def test_nvidias_render_node_is_no_second_gpu(tmp_path: Path) -> None:
    add_nvidia(tmp_path, 0)
    add_rendering(tmp_path, 128, "nvidia", "0x10de")
    found = source(tmp_path).find()
    assert len(found.gpus) == 1
    assert "/dev/dri/renderD128" in [device.guest_path for device in found.devices]


def pretend(monkeypatch: pytest.MonkeyPatch, nodes: dict[str, tuple[int, int]]) -> None:
    """Give device nodes other rights and another group; what they are is the machine's own."""

    def faked(path: Any, *rest: Any, **options: Any) -> os.stat_result:
        found = REAL_STAT(path, *rest, **options)
        if path not in nodes:
            return found
        fields = list(found)
        fields[0], fields[5] = stat.S_IFCHR | nodes[path][0], nodes[path][1]
        return os.stat_result(fields, {"st_rdev": found.st_rdev})

    monkeypatch.setattr(os, "stat", faked)


def test_who_may_open_a_node_as_its_modes_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_rendering(tmp_path, 128, "i915")
    pretend(monkeypatch, {"/dev/null": (0o660, 44)})
    assert source(tmp_path).find().devices == (Device("/dev/null", "/dev/dri/renderD128", 44),)
    pretend(monkeypatch, {"/dev/null": (0o660, 0)})  # root's own group is nothing to lend
    found = source(tmp_path).find()
    assert (found.devices, found.refused, found.gpus[0].usable) == ((), ("/dev/dri/renderD128",), False)
    with pytest.raises(UnavailableError, match=r"may not open it \(/dev/dri/renderD128\).*sudo chmod a\+rw /dev/dri/renderD128"):
        found.require()


def test_an_ordinary_user_is_told_which_group_to_join(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_rendering(tmp_path, 128, "i915")
    pretend(monkeypatch, {"/dev/null": (0o660, 54_321)})
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    found = source(tmp_path, drops_rights=False).find()
    with pytest.raises(UnavailableError, match=r"sudo usermod -aG 54321 \$USER"):
        found.require()


@pytest.mark.parametrize("missing", ["nvidiactl", "nvidia-uvm"])
def test_without_a_node_that_computing_needs_a_card_is_not_usable(tmp_path: Path, missing: str) -> None:
    add_nvidia(tmp_path, 0)
    (tmp_path / "dev" / missing).unlink()
    found = source(tmp_path).find()
    assert (found.gpus[0].usable, found.missing) == (False, (f"/dev/{missing}",))
    with pytest.raises(UnavailableError, match=rf"/dev/{missing} is not there.*nvidia-modprobe -u -c=0"):
        found.require()


def test_a_driver_that_nobody_has_used_yet_has_cards_without_nodes(tmp_path: Path) -> None:
    add_nvidia(tmp_path, 0)
    for node in (tmp_path / "dev").iterdir():
        node.unlink()
    found = source(tmp_path).find()
    assert found.gpus == (Gpu("NVIDIA H200", "/dev/nvidia0", "nvidia", False),)
    with pytest.raises(UnavailableError, match=r"/dev/nvidiactl, /dev/nvidia-uvm, /dev/nvidia0 are not there.*nvidia-smi"):
        found.require()


def test_of_a_divided_card_the_parts_are_shown_but_not_what_divides_it(tmp_path: Path) -> None:
    add_nvidia(tmp_path, 0)
    for number in (1, 2, 30, 31):
        add_node(tmp_path, f"nvidia-caps/nvidia-cap{number}")
    config = tmp_path / "proc/driver/nvidia/capabilities/mig/config"
    config.parent.mkdir(parents=True)
    config.write_text("DeviceFileMinor: 1\nDeviceFileMode: 256\nDeviceFileModify: 1\n")
    shown = [device.guest_path for device in source(tmp_path).find().devices]
    assert shown[-3:] == [f"/dev/nvidia-caps/nvidia-cap{number}" for number in (2, 30, 31)]
    assert len(shown) == 7


def test_a_part_may_be_opened_by_who_may_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_node(tmp_path, "nvidia0")
    for number in (2, 3):
        add_node(tmp_path, f"nvidia-caps/nvidia-cap{number}", to=f"/dev/{'zero' if number == 2 else 'full'}")
    pretend(monkeypatch, {"/dev/zero": (0o444, 0), "/dev/full": (0o400, 0)})
    shown = [device.guest_path for device in source(tmp_path).find().devices]
    assert shown == ["/dev/nvidia0", "/dev/nvidia-caps/nvidia-cap2"]


class Driver:
    """Remembers what it was asked about, and on which threads."""

    def __init__(self, *said: Measured) -> None:
        self.said = said
        self.threads: list[int] = []
        self.asked: list[tuple[str, ...] | None] = []

    def __call__(self, addresses: Sequence[str] | None) -> tuple[Measured, ...]:
        self.threads.append(threading.get_ident())
        self.asked.append(None if addresses is None else tuple(addresses))
        return self.said


class Watched:
    """A monitor of a machine, and who is asked."""

    def __init__(self, root: Path, *said: Measured) -> None:
        self.driver, self.clock, self.scope = Driver(*said), ManualClock(), Scope("test")
        self.monitor = GpuMonitor(GpuSource(root, drops_rights=True, query=self.driver), self.clock, self.scope)

    async def read(self) -> tuple[Gpu, ...]:
        """What is known now; what it asks for meanwhile is measured when this returns."""
        gpus = await self.monitor.read()
        await self.monitor.settled()
        return gpus


async def test_the_driver_is_asked_only_after_somebody_asked_seldom_and_off_the_loop(tmp_path: Path) -> None:
    add_nvidia(tmp_path, 0)
    watched = Watched(tmp_path, H200)
    driver, clock = watched.driver, watched.clock
    await watched.monitor.find()
    assert not driver.asked
    (first,) = await watched.read()  # answered at once, with what is known
    assert first.memory_used_bytes is None
    (second,) = await watched.read()
    assert (second.memory_used_bytes, second.memory_total_bytes) == (4096 << 20, 143771 << 20)
    assert driver.asked == [("0000:00:00.0",)]
    assert driver.threads[0] != threading.get_ident()
    await clock.advance(gpu.MEASURED_EVERY_S)
    await watched.read()
    assert len(driver.asked) == 2
    driver.said = ()  # it fails: what it said is shown for a while, and it is left in peace
    await clock.advance(gpu.MEASURED_EVERY_S)
    await watched.read()
    await clock.advance(gpu.MEASURED_EVERY_S)
    assert (await watched.read())[0].memory_used_bytes is not None
    assert len(driver.asked) == 3
    await clock.advance(gpu.MEASUREMENT_LASTS_S - gpu.MEASURED_EVERY_S)
    assert (await watched.read())[0].memory_used_bytes is None
    assert len(driver.asked) == 3
    await watched.scope.close()


async def test_a_card_that_sleeps_is_not_asked_about_and_one_that_may_is_left_alone_for_a_while(tmp_path: Path) -> None:
    add_nvidia(tmp_path, 0, 1)
    add_power(tmp_path, 0, "suspended")
    add_power(tmp_path, 1, "suspended")
    watched = Watched(tmp_path, Measured(1, "Second", 1, 2))
    await watched.read()
    assert not watched.driver.asked
    add_power(tmp_path, 1, "active")
    await watched.clock.advance(gpu.MEASURED_EVERY_S)
    await watched.read()
    assert watched.driver.asked == [("0000:01:00.0",)]
    assert [one.memory_used_bytes for one in await watched.read()] == [None, 1]
    await watched.clock.advance(gpu.MEASURED_EVERY_SLEEPY_S - 1)
    await watched.read()
    assert len(watched.driver.asked) == 1
    await watched.clock.advance(1)
    await watched.read()
    assert len(watched.driver.asked) == 2
    await watched.scope.close()


async def test_what_the_driver_says_belongs_to_the_card_that_it_names(tmp_path: Path) -> None:
    """It counts by the bus, the nodes by when they were made: the number of the node decides, and nothing is guessed."""
    add_nvidia(tmp_path, 0, 1, 2)
    watched = Watched(tmp_path, Measured(2, "Third", 3, 30), Measured(0, "First", 1, 10), Measured(7, "Elsewhere", 9, 90))
    await watched.read()
    assert [(one.name, one.memory_used_bytes) for one in await watched.read()] == [("First", 1), ("NVIDIA H200", None), ("Third", 3)]
    await watched.scope.close()


async def test_where_the_cards_are_not_listed_the_driver_is_asked_about_all(tmp_path: Path) -> None:
    add_nvidia(tmp_path, 0, names=False)
    watched = Watched(tmp_path, H200)
    await watched.read()
    assert watched.driver.asked == [None]
    await watched.scope.close()


async def test_a_machine_without_nvidia_asks_nobody(tmp_path: Path) -> None:
    add_rendering(tmp_path, 128, "i915", "0x8086")
    watched = Watched(tmp_path, H200)
    assert [one.name for one in await watched.read()] == ["Intel GPU"]
    assert not watched.driver.asked
    await watched.scope.close()
