"""The graphical desktop in the deploy dialog: offered where the machine can give one, and nowhere else."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocumentFragment

from aether_desktop.apps.mission_control.deploy_form import DESKTOP_IN_FULL, DeployForm
from kernel.errors import UnavailableError
from kernel.protocol.process import ProcessSpawn
from kernel.protocol.records import AgentConfig, GpuInfo, SandboxConfig
from kernel.protocol.system import SettingsSet
from tests.fakes.app_context import World
from tests.unit.aether_desktop.apps.conftest import settle
from tests.unit.aether_desktop.apps.mission_control.conftest import MakePage, page_on_machine, say_machine

PROBLEM = "Xvnc is not installed. Install the package <tigervnc-standalone-server>."
HAD_ONE = AgentConfig(role="Coder", goal="Again", sandbox=SandboxConfig(graphical=True))
CTRL = Qt.KeyboardModifier.ControlModifier
Key = Qt.Key


def tooltip(form: DeployForm) -> str:
    return " ".join(QTextDocumentFragment.fromHtml(form.graphical.toolTip()).toPlainText().split())


@pytest.mark.feature("MC05", "VN06")
async def test_a_switch_gives_a_desktop_and_is_remembered(world: World, make_page: MakePage) -> None:
    page = await page_on_machine(world, make_page)
    form = await page.deploy_form()
    assert form.graphical.isVisible() and not form.graphical.isChecked()
    assert form.graphical.text() == form.graphical.accessibleName() == "Graphical desktop"
    assert tooltip(form) == form.graphical.accessibleDescription() == DESKTOP_IN_FULL
    page.type("Draw it")
    form.graphical.setFocus()
    page.press(Key.Key_Space)
    page.press(Key.Key_Return, CTRL)
    await settle()
    (sent,) = world.client.sent(ProcessSpawn)
    assert sent.config.sandbox.graphical and not sent.config.sandbox.gpu
    assert world.client.sent(SettingsSet)[0].value["graphical"] is True
    assert (await page.deploy_form()).graphical.isChecked()


@pytest.mark.feature("MC05", "VN06")
async def test_left_off_no_desktop_is_asked_for(world: World, make_page: MakePage) -> None:
    page = await page_on_machine(world, make_page)
    await page.deploy_form()
    page.type("Go")
    page.press(Key.Key_Return, CTRL)
    await settle()
    assert not world.client.sent(ProcessSpawn)[0].config.sandbox.graphical


@pytest.mark.feature("MC05", "VN06")
async def test_where_there_can_be_none_there_is_no_switch_and_none_is_asked_for(world: World, make_page: MakePage) -> None:
    world.client.settings["desktop.deploy"] = {"graphical": True}
    page = await page_on_machine(world, make_page, desktop_problem=PROBLEM)
    form = await page.deploy_form()
    assert form.graphical.isChecked() and not form.graphical.isVisible()
    page.type("Go")
    page.press(Key.Key_Return, CTRL)
    await settle()
    assert not world.client.sent(ProcessSpawn)[0].config.sandbox.graphical


@pytest.mark.feature("VN06")
async def test_a_run_that_had_one_is_not_deployed_again_without_a_word(world: World, make_page: MakePage) -> None:
    page = await page_on_machine(world, make_page, desktop_problem=PROBLEM)
    form = await page.deploy_form(HAD_ONE)
    assert form.graphical.isVisible() and form.graphical.isChecked()
    assert tooltip(form) == form.graphical.accessibleDescription() == PROBLEM
    world.client.answer(ProcessSpawn, UnavailableError("A desktop was asked for.", "Deploy it without."))
    page.press(Key.Key_Return, CTRL)
    await settle()
    assert world.client.sent(ProcessSpawn)[0].config.sandbox.graphical
    assert page.view.deploy_desk.form is form


@pytest.mark.feature("VN06")
async def test_a_run_that_had_none_is_copied_without_one(world: World, make_page: MakePage) -> None:
    world.client.settings["desktop.deploy"] = {"graphical": True}
    page = await page_on_machine(world, make_page)
    form = await page.deploy_form(AgentConfig(role="Coder", goal="Again"))
    assert form.graphical.isVisible() and not form.graphical.isChecked()


@pytest.mark.feature("VN06")
async def test_it_is_offered_only_once_the_kernel_has_said_so(world: World, make_page: MakePage) -> None:
    page = make_page()  # the kernel has not told its status
    form = await page.deploy_form()
    assert world.stores.kernel.status is None
    assert form.graphical.isHidden()
    say_machine(world)
    await world.stores.kernel.attach()
    await settle()
    assert form.graphical.isVisible()
    say_machine(world, desktop_problem=PROBLEM)
    await world.stores.kernel.attach()
    await settle()
    assert form.graphical.isHidden()


@pytest.mark.feature("VN06")
async def test_what_the_person_chose_is_kept_when_the_remembered_values_come_late(world: World, make_page: MakePage) -> None:
    page = await page_on_machine(world, make_page)
    world.client.settings["desktop.deploy"] = {"graphical": True}
    page.view.deploy_desk.open()
    form = page.view.deploy_desk.form
    assert form is not None
    form.graphical.click()
    form.graphical.click()
    await settle()
    assert not form.graphical.isChecked()


@pytest.mark.feature("MC05")
async def test_the_dialog_is_as_high_as_all_that_the_machine_can_give(world: World, make_page: MakePage) -> None:
    page = await page_on_machine(world, make_page, GpuInfo(name="A card"))
    form = await page.deploy_form()
    area = form.parentWidget()
    assert form.gpu.isVisible() and form.graphical.isVisible()
    assert area is not None and form.height() <= area.height(), "nothing has to be scrolled"
