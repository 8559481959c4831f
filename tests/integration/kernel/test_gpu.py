"""A GPU from the command that asks for it to the device node that a command of the agent opens."""

import asyncio
import threading
from pathlib import Path

import pytest

from kernel.errors import UnavailableError
from kernel.protocol import agent, process, system
from kernel.protocol.records import GpuInfo, SandboxConfig
from kernel.sandbox.gpu import GpuSource
from kernel.sandbox.nvml import Measured
from tests.fakes.gpu_machine import H200, add_node, add_nvidia, says_h200
from tests.fakes.scripts import call, turn
from tests.integration.kernel.conftest import Bench, MakeBench

LOOK = turn("", call("run_command", command="ls /dev | grep nvidia | tr '\\n' ' '; echo x > /dev/nvidia0 && echo opened"))
DONE = turn("Done.", call("complete", summary="done"))
WAITING = turn("", call("run_command", command="while [ ! -e go ]; do sleep 0.02; done"))


def machine(folder: Path) -> GpuSource:
    add_nvidia(folder, 0)
    return GpuSource(folder, query=says_h200)


def observed(bench: Bench, pid: int) -> str:
    return str(bench.of(pid, agent.AgentObservation)[0].result)


@pytest.mark.feature("MC05")
async def test_an_agent_that_was_given_the_gpu_opens_it_and_another_does_not_see_it(make_bench: MakeBench, tmp_path: Path) -> None:
    bench = await make_bench(gpus=machine(tmp_path / "machine"))
    given = await bench.deploy(LOOK, DONE, sandbox=SandboxConfig(gpu=True))
    other = await bench.deploy(LOOK, DONE)
    assert (await bench.ended(given)).code == (await bench.ended(other)).code == 0
    assert observed(bench, given).split()[-5:] == ["nvidia-uvm", "nvidia-uvm-tools", "nvidia0", "nvidiactl", "opened"]
    assert "nvidia-uvm" not in observed(bench, other) and "opened" not in observed(bench, other)
    infos = {info.pid: info for info in (await bench.execute(system.HistoryProcesses())).processes}
    assert (infos[given].gpu, infos[other].gpu) == (True, False)
    await bench.kernel.stop()


async def test_where_there_is_none_the_deployment_is_refused_with_what_to_do(make_bench: MakeBench, tmp_path: Path) -> None:
    bench = await make_bench(gpus=GpuSource(tmp_path / "empty"))
    with pytest.raises(UnavailableError, match="none that Aether can find"):
        await bench.deploy(DONE, sandbox=SandboxConfig(gpu=True))
    assert (await bench.execute(process.ProcessList())).processes == ()
    assert (await bench.execute(system.KernelStatus())).gpus == ()
    await bench.kernel.stop()


async def test_an_agent_that_is_taken_up_has_its_gpu_again(make_bench: MakeBench, tmp_path: Path) -> None:
    gpus = machine(tmp_path / "machine")
    first = await make_bench(gpus=gpus)
    pid = await first.deploy(WAITING, LOOK, DONE, sandbox=SandboxConfig(gpu=True))
    await first.wait(agent.AgentToolStarted, pid)
    await first.kernel.stop()
    second = await make_bench(gpus=gpus)
    await second.execute(process.ProcessResume(pid=pid))
    assert (await second.ended(pid)).code == 0
    assert any("opened" in event.result for event in second.of(pid, agent.AgentObservation))
    await second.kernel.stop()


async def test_one_whose_gpu_is_gone_is_told_so(make_bench: MakeBench, tmp_path: Path) -> None:
    folder = tmp_path / "machine"
    bench = await make_bench(gpus=machine(folder))
    asking = turn("", call("write_file", path="a", content="b"))
    pid = await bench.deploy(asking, LOOK, DONE, sandbox=SandboxConfig(gpu=True), approval="ask")
    await bench.wait(process.ApprovalRequired, pid)
    (folder / "dev/nvidia0").unlink()
    await bench.execute(process.ProcessApprove(pid=pid))
    await bench.ended(pid)
    assert any("/dev/nvidia0 is not there" in event.result for event in bench.of(pid, agent.AgentObservation))
    await bench.kernel.stop()


@pytest.mark.feature("MC02")
async def test_the_status_names_the_gpus_and_their_memory(make_bench: MakeBench, tmp_path: Path) -> None:
    bench = await make_bench(gpus=machine(tmp_path / "machine"))
    (info,) = (await bench.execute(system.KernelStatus())).gpus
    assert (info.name, info.usable) == ("NVIDIA H200", True)
    async with asyncio.timeout(20):  # each answer lets the kernel go on; a measurement is there after a few
        while info.memory_used_mb is None:
            info = (await bench.execute(system.KernelStatus())).gpus[0]
    assert info == GpuInfo(name="NVIDIA H200", usable=True, memory_used_mb=4096, memory_total_mb=143771)
    await bench.kernel.stop()


@pytest.mark.feature("MC05")
async def test_the_doctor_looks_where_the_kernel_looks_and_a_driver_makes_its_nodes_when_it_is_asked(
    make_bench: MakeBench, tmp_path: Path
) -> None:
    folder, helper = tmp_path / "machine", tmp_path / "nvidia-modprobe"
    add_nvidia(folder, 0)
    for node in (folder / "dev").iterdir():
        node.unlink()

    asked = threading.Lock()  # the kernel's own measurement may ask at the same time

    def makes_nodes(addresses: object) -> tuple[Measured, ...]:
        with asked:
            for name in ("nvidiactl", "nvidia-uvm", "nvidia0"):
                if helper.exists() and not (folder / "dev" / name).exists():
                    add_node(folder, name)
        return (H200,)

    bench = await make_bench(gpus=GpuSource(folder, query=makes_nodes))
    checks = {check.name: check for check in (await bench.execute(system.KernelStatus(checks=True))).checks}
    assert not checks["GPU"].ok
    assert checks["GPU"].detail.startswith("NVIDIA H200 (/dev/nvidia0), 140 GB: /dev/nvidiactl, /dev/nvidia-uvm, /dev/nvidia0 are not")
    assert "nvidia-modprobe -u -c=0" in checks["GPU"].remedy
    helper.touch()
    checks = {check.name: check for check in (await bench.execute(system.KernelStatus(checks=True))).checks}
    assert (checks["GPU"].ok, checks["GPU"].detail) == (True, "NVIDIA H200 (/dev/nvidia0), 140 GB")
    await bench.kernel.stop()
