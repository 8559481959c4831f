"""The GPU in the deploy dialog and in the metrics bar: there where the machine has one, and nowhere else."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication

from aether_desktop.apps.mission_control.metrics_bar import Figure, GpuWatch, gpu_figure
from kernel.errors import UnavailableError
from kernel.protocol.process import ProcessSpawn
from kernel.protocol.records import AgentConfig, GpuInfo, SandboxConfig
from kernel.protocol.system import KernelStatus, KernelStatusReply, SettingsSet
from tests.fakes.app_context import World
from tests.unit.aether_desktop.apps.conftest import settle
from tests.unit.aether_desktop.apps.mission_control.conftest import MakePage, Page, page_on_machine

H200 = GpuInfo(name="NVIDIA H200", memory_used_mb=4096, memory_total_mb=143_771)
CTRL = Qt.KeyboardModifier.ControlModifier
Key = Qt.Key


def shown(page: Page) -> dict[str, str]:
    return {figure.label: figure.value for figure in page.view.metrics._figures}


@pytest.mark.feature("MC05")
async def test_a_switch_gives_the_gpu_and_is_remembered(world: World, make_page: MakePage) -> None:
    page = await page_on_machine(world, make_page, H200)
    form = await page.deploy_form()
    assert form.gpu.isVisible() and not form.gpu.isChecked()
    assert form.gpu.accessibleName() == "May use the GPU" and "NVIDIA H200" in form.gpu.toolTip()
    page.type("Train it")
    form.gpu.setFocus()
    page.press(Key.Key_Space)
    page.press(Key.Key_Return, CTRL)
    await settle()
    (sent,) = world.client.sent(ProcessSpawn)
    assert sent.config.sandbox.gpu
    assert world.client.sent(SettingsSet)[0].value["gpu"] is True
    assert (await page.deploy_form()).gpu.isChecked()


@pytest.mark.feature("MC05")
@pytest.mark.parametrize("gpus", [(), (GpuInfo(name="NVIDIA H200", usable=False),)], ids=["none", "one that agents may not open"])
async def test_without_one_there_is_no_switch_and_none_is_asked_for(
    world: World, make_page: MakePage, gpus: tuple[GpuInfo, ...]
) -> None:
    world.client.settings["desktop.deploy"] = {"gpu": True}
    page = await page_on_machine(world, make_page, *gpus)
    form = await page.deploy_form()
    assert not form.gpu.isVisible()
    page.type("Go")
    page.press(Key.Key_Return, CTRL)
    await settle()
    assert not world.client.sent(ProcessSpawn)[0].config.sandbox.gpu


async def test_a_run_that_had_one_is_not_deployed_again_without_a_word(world: World, make_page: MakePage) -> None:
    page = await page_on_machine(world, make_page)
    config = AgentConfig(role="Coder", goal="Again", sandbox=SandboxConfig(gpu=True))
    form = await page.deploy_form(config)
    assert form.gpu.isVisible() and form.gpu.isChecked()
    assert "no GPU" in form.gpu.toolTip()
    world.client.answer(ProcessSpawn, UnavailableError("A GPU was asked for.", "Deploy it without."))
    page.press(Key.Key_Return, CTRL)
    await settle()
    assert world.client.sent(ProcessSpawn)[0].config.sandbox.gpu
    assert page.view.deploy_desk.form is form


@pytest.mark.feature("MC02")
def test_memory_is_that_of_all_gpus_where_somebody_measures_it() -> None:
    assert gpu_figure(()) is None
    assert gpu_figure((H200,)) == Figure("4.0 / 140 GB", "GPU memory", 5)
    assert gpu_figure((H200, H200)) == Figure("8.0 / 281 GB", "memory of 2 GPUs", 5)
    assert gpu_figure((H200, GpuInfo(name="Intel GPU"))) == Figure("2", "GPUs", 5)
    assert gpu_figure((GpuInfo(name="Intel GPU"),)) == Figure("1", "GPU", 5)


@pytest.mark.feature("MC02")
async def test_the_bar_shows_the_gpu_and_asks_only_while_it_is_seen(world: World, make_page: MakePage) -> None:
    page = await page_on_machine(world, make_page, H200)
    assert shown(page)["GPU memory"] == "4.0 / 140 GB"
    watch = page.view.findChild(GpuWatch)
    assert watch is not None and watch._timer.isActive()
    asked = len(world.client.sent(KernelStatus))
    full = GpuInfo(name="NVIDIA H200", memory_used_mb=100_000, memory_total_mb=143_771)
    world.client.answer(KernelStatus, KernelStatusReply(version="1", uptime=5.0, metrics=world.client.metrics, root="/x", gpus=(full,)))
    watch._timer.timeout.emit()
    await settle()
    assert shown(page)["GPU memory"] == "98 / 140 GB"
    assert "98 / 140 GB GPU memory" in page.view.metrics.accessibleName()
    assert len(world.client.sent(KernelStatus)) == asked + 1
    page.window.hide()
    QApplication.sendEvent(page.view.metrics, QEvent(QEvent.Type.Hide))
    assert not watch._timer.isActive()
    world.stores.kernel.changed.emit()  # the kernel's load: no word of the GPUs
    assert shown(page)["GPU memory"] == "98 / 140 GB"
    world.client.answer(KernelStatus, UnavailableError("The kernel has ended."))
    page.window.show()
    await settle()
    assert shown(page)["GPU memory"] == "98 / 140 GB"


@pytest.mark.feature("MC02")
async def test_without_one_the_bar_shows_nothing_and_never_asks(world: World, make_page: MakePage) -> None:
    page = await page_on_machine(world, make_page)
    assert not any("GPU" in label for label in shown(page))
    watch = page.view.findChild(GpuWatch)
    assert watch is not None and not watch._timer.isActive()
    assert len(world.client.sent(KernelStatus)) == 1
