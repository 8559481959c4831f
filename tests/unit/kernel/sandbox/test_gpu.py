"""What is found of a machine's GPUs, what is asked of the driver and when, and what is said where there is none."""

import os
import stat
import threading
from pathlib import Path

import pytest

from kernel.errors import UnavailableError
from kernel.sandbox import gpu
from kernel.sandbox.backend import Device
from kernel.sandbox.gpu import Gpu, GpuMonitor, GpuSource, parse_nvidia, query_nvidia
from kernel.tasks import Scope
from tests.fakes.clock import ManualClock
from tests.fakes.gpu_machine import NVIDIA_SMI, add_node, add_nvidia, add_rendering

GIB = 1 << 30


def source(root: Path, said: str | None = None, *, drops_rights: bool = True) -> GpuSource:
    return GpuSource(root, drops_rights=drops_rights, query=lambda: said)


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
    add_node(tmp_path, "kfd")
    found = source(tmp_path).find()
    assert found.gpus == (
        Gpu("AMD GPU", "/dev/dri/renderD128", "amdgpu", True, GIB, 16 * GIB),
        Gpu("Intel GPU", "/dev/dri/renderD129", "i915", True),
    )
    assert [device.guest_path for device in found.devices] == ["/dev/dri/renderD128", "/dev/dri/renderD129", "/dev/kfd"]


def test_nvidias_render_node_is_no_second_gpu(tmp_path: Path) -> None:
    add_nvidia(tmp_path, 0)
    add_rendering(tmp_path, 128, "nvidia", "0x10de")
    found = source(tmp_path).find()
    assert len(found.gpus) == 1
    assert "/dev/dri/renderD128" in [device.guest_path for device in found.devices]


def test_who_may_open_a_node_as_its_modes_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_rendering(tmp_path, 128, "i915")
    real = os.stat("/dev/null")

    def with_mode(mode: int, gid: int) -> None:
        fields = list(real)
        fields[0], fields[5] = stat.S_IFCHR | mode, gid
        monkeypatch.setattr(gpu.os, "stat", lambda path: os.stat_result(fields))

    with_mode(0o660, 44)
    assert source(tmp_path).find().devices == (Device("/dev/null", "/dev/dri/renderD128", 44),)
    with_mode(0o660, 0)  # root's own group is nothing to lend
    found = source(tmp_path).find()
    assert (found.devices, found.refused, found.gpus[0].usable) == ((), ("/dev/dri/renderD128",), False)
    with pytest.raises(UnavailableError, match=r"may not open it \(/dev/dri/renderD128\).*sudo chmod a\+rw /dev/dri/renderD128"):
        found.require()


def test_an_ordinary_user_is_told_which_group_to_join(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_rendering(tmp_path, 128, "i915")
    fields = list(os.stat("/dev/null"))
    fields[0], fields[5] = stat.S_IFCHR | 0o660, 54_321
    monkeypatch.setattr(gpu.os, "stat", lambda path: os.stat_result(fields))
    monkeypatch.setattr(gpu.os, "access", lambda path, mode: False)
    found = source(tmp_path, drops_rights=False).find()
    with pytest.raises(UnavailableError, match=r"sudo usermod -aG 54321 \$USER"):
        found.require()


def test_without_the_control_node_a_card_is_not_usable(tmp_path: Path) -> None:
    add_node(tmp_path, "nvidia0")
    with pytest.raises(UnavailableError):
        source(tmp_path).find().require()


def test_what_the_driver_says_is_bounded_and_never_trusted() -> None:
    assert parse_nvidia(NVIDIA_SMI) == (("NVIDIA H200", 4096 << 20, 143771 << 20),)
    assert parse_nvidia("NVIDIA Orin, Rev A, [N/A], [N/A]\n") == (("NVIDIA Orin, Rev A", None, None),)
    assert parse_nvidia("x\x1b[2J" * 500 + ", 1, 99999999999999999999\n, 1, 2\nno card\n")[0][1:] == (1 << 20, None)
    assert "\x1b" not in parse_nvidia("a\x1b[2J, 1, 2")[0][0]
    assert len(parse_nvidia("x, 1, 2\n" * 10_000)) == gpu.MOST_GPUS


def test_nvidia_smi_is_run_without_the_environment_and_not_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text('#!/bin/sh\necho "$SECRET$1, 1, 2"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("SECRET", "leaked")
    assert query_nvidia() == "--query-gpu=name,memory.used,memory.total, 1, 2\n"
    program.write_text("#!/bin/sh\nexit 9\n")
    assert query_nvidia() is None
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setattr(gpu, "QUERY_TIMEOUT_S", 0.05)
    assert query_nvidia() is None


class Driver:
    """Counts how often it is asked, and on which thread."""

    def __init__(self, said: str | None) -> None:
        self.said = said
        self.asked: list[int] = []

    def __call__(self) -> str | None:
        self.asked.append(threading.get_ident())
        return self.said


async def test_the_driver_is_asked_only_after_somebody_asked_seldom_and_off_the_loop(tmp_path: Path) -> None:
    add_nvidia(tmp_path, 0)
    driver, clock, scope = Driver(NVIDIA_SMI), ManualClock(), Scope("test")
    monitor = GpuMonitor(GpuSource(tmp_path, drops_rights=True, query=driver), clock, scope)
    await monitor.find()
    assert not driver.asked
    (first,) = await monitor.read()  # answered at once, with what is known
    assert first.memory_used_bytes is None
    await monitor.settled()
    (second,) = await monitor.read()
    assert (second.memory_used_bytes, second.memory_total_bytes) == (4096 << 20, 143771 << 20)
    await monitor.settled()
    assert len(driver.asked) == 1
    assert driver.asked[0] != threading.get_ident()
    await clock.advance(gpu.MEASURED_EVERY_S)
    await monitor.read()
    await monitor.settled()
    assert len(driver.asked) == 2
    driver.said = None  # it fails: what it said is shown for a while, and it is left in peace
    await clock.advance(gpu.MEASURED_EVERY_S)
    await monitor.read()
    await monitor.settled()
    await clock.advance(gpu.MEASURED_EVERY_S)
    assert (await monitor.read())[0].memory_used_bytes is not None
    assert len(driver.asked) == 3
    await clock.advance(gpu.MEASUREMENT_LASTS_S)
    assert (await monitor.read())[0].memory_used_bytes is None
    assert len(driver.asked) == 3
    await scope.close()


async def test_a_driver_that_counts_other_cards_is_not_guessed_at(tmp_path: Path) -> None:
    add_nvidia(tmp_path, 0, 1, names=False)
    scope = Scope("test")
    monitor = GpuMonitor(GpuSource(tmp_path, drops_rights=True, query=Driver(NVIDIA_SMI)), ManualClock(), scope)
    await monitor.read()
    await monitor.settled()
    assert [(one.name, one.memory_used_bytes) for one in await monitor.read()] == [("NVIDIA GPU", None)] * 2
    await scope.close()


async def test_a_machine_without_nvidia_runs_no_program(tmp_path: Path) -> None:
    add_rendering(tmp_path, 128, "i915", "0x8086")
    driver, scope = Driver(NVIDIA_SMI), Scope("test")
    monitor = GpuMonitor(GpuSource(tmp_path, drops_rights=True, query=driver), ManualClock(), scope)
    assert [one.name for one in await monitor.read()] == ["Intel GPU"]
    await monitor.settled()
    assert not driver.asked
    await scope.close()
