"""Deploying an agent with real keys and clicks."""

from __future__ import annotations

import asyncio
from itertools import combinations

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QTextDocumentFragment
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from aether_desktop.apps.mission_control.deploy_form import DeployForm
from aether_desktop.apps.on_screen import on_screen
from aether_desktop.widgets.choice import Choice
from kernel.errors import LimitReachedError, NotFoundError, UnavailableError
from kernel.protocol.process import ProcessInfoGet, ProcessInfoReply, ProcessSpawn, SpawnReply
from kernel.protocol.records import GOAL_LIMIT_CHARACTERS, AgentConfig, ModelInfo, SandboxConfig, WorkspaceMount
from kernel.protocol.system import LlmChanged, LlmList, SettingsGet, SettingsReply, SettingsSet
from tests.fakes.kernel_client import make_info
from tests.unit.aether_desktop.apps.conftest import settle, wait_until
from tests.unit.aether_desktop.apps.mission_control.conftest import MakePage, Page

CTRL = Qt.KeyboardModifier.ControlModifier
Key = Qt.Key


async def opened(page: Page) -> DeployForm:
    page.view.grid.setFocus()
    page.press(Key.Key_D)
    await settle()
    form = page.view.deploy_desk.form
    assert form is not None
    assert form.goal.hasFocus()
    return form


@pytest.mark.feature("MC05")
async def test_a_goal_and_ctrl_enter_deploy_and_open_the_agents_window(page: Page) -> None:
    form = await opened(page)
    page.type("Write a haiku")
    page.press(Key.Key_Return)
    page.type("about rain")
    page.press(Key.Key_Return, CTRL)
    await settle()
    (sent,) = page.world.client.sent(ProcessSpawn)
    assert sent.config.goal == "Write a haiku\nabout rain"
    assert page.world.opened == [("agent-vm", {"pid": "7"}, "7", "Coder · 7")]
    assert page.view.deploy_desk.sheet is None
    assert form is not page.view.deploy_desk.form


@pytest.mark.feature("MC05")
async def test_the_last_values_are_remembered_and_the_goal_is_not(page: Page) -> None:
    page.world.client.settings["desktop.deploy"] = {"role": "Tester", "max_steps": "12", "network": True}
    form = await opened(page)
    assert form.role.currentData() == "Tester"
    assert form.numbers["max_steps"].text() == "12"
    assert form.network.isChecked()
    page.type("Again")
    form.approval.setCurrentIndex(form.approval.findData("edits"))
    page.click(page.view.deploy_desk.sheet.button("deploy"))  # type: ignore[union-attr] # it is open
    await settle()
    (kept,) = page.world.client.sent(SettingsSet)
    assert kept.name == "desktop.deploy"
    assert (kept.value["role"], kept.value["approval"]) == ("Tester", "edits")
    assert "goal" not in kept.value
    again = await opened(page)
    assert again.approval.currentData() == "edits"
    assert again.goal.toPlainText() == ""


async def test_what_is_wrong_is_said_and_nothing_is_sent(page: Page) -> None:
    form = await opened(page)
    form.numbers["memory_mb"].setText("4")
    page.press(Key.Key_Return, CTRL)
    assert form._problems["goal"].text() == "Say what the agent shall do."
    assert "16 to" in form._limit_problems.text()
    assert form.goal.hasFocus()
    page.type("Now there is one")
    assert form._problems["goal"].text() == ""
    assert page.world.client.sent(ProcessSpawn) == []


async def test_a_goal_that_is_too_long_is_refused_with_a_sentence(page: Page) -> None:
    form = await opened(page)
    form.goal.setPlainText("x" * (GOAL_LIMIT_CHARACTERS + 1))
    page.press(Key.Key_Return, CTRL)
    assert "at most 100,000" in form._problems["goal"].text()
    assert page.world.client.sent(ProcessSpawn) == []


async def test_while_it_is_sent_it_is_not_sent_again(page: Page) -> None:
    answer: asyncio.Future[SpawnReply] = asyncio.get_running_loop().create_future()

    async def slowly(_command: ProcessSpawn) -> SpawnReply:
        return await answer

    page.world.client.answer(ProcessSpawn, slowly)
    await opened(page)
    page.type("Once")
    page.press(Key.Key_Return, CTRL)
    page.press(Key.Key_Return, CTRL)
    await settle()
    sheet = page.view.deploy_desk.sheet
    assert sheet is not None
    button = sheet.button("deploy")
    assert not button.isEnabled()
    assert button.toolTip() == "The agent is being made."
    answer.set_result(SpawnReply(pid=70, tty_id="tty-70-0"))
    await settle()
    assert len(page.world.client.sent(ProcessSpawn)) == 1
    assert page.world.opened[-1][2] == "70"


async def test_a_refusal_leaves_the_dialog_with_what_was_typed(page: Page) -> None:
    page.world.client.answer(ProcessSpawn, LimitReachedError("There are 4096 processes already.", "Stop some."))
    form = await opened(page)
    page.type("One more")
    page.press(Key.Key_Return, CTRL)
    await settle()
    assert form.goal.toPlainText() == "One more"
    assert page.view.deploy_desk.sheet is not None
    assert page.view.deploy_desk.sheet.button("deploy").isEnabled()
    assert page.world.notices[-1].detail == "Stop some."


async def test_a_goal_that_was_not_sent_is_there_the_next_time(page: Page) -> None:
    await opened(page)
    page.type("Half a thought")
    page.press(Key.Key_Escape)
    await settle()
    form = await opened(page)
    assert form.goal.toPlainText() == "Half a thought"


@pytest.mark.feature("MC05")
async def test_what_was_chosen_while_the_settings_were_read_stays_chosen(page: Page) -> None:
    settings: asyncio.Future[SettingsReply] = asyncio.get_running_loop().create_future()

    async def slowly(_command: SettingsGet) -> SettingsReply:
        return await settings

    page.world.client.answer(SettingsGet, slowly)
    form = await opened(page)
    page.type("Typed")
    form.role.setCurrentIndex(form.role.findData("Tester"))
    form.network.setChecked(True)
    form.numbers["max_steps"].setText("7")
    kept = {"role": "Analyst", "max_steps": "12", "memory_mb": "512", "network": False}
    settings.set_result(SettingsReply(values={**page.world.client.settings, "desktop.deploy": kept}))
    await settle()
    values = form.values()
    assert (values.goal, values.role, values.network, values.max_steps) == ("Typed", "Tester", True, "7")
    assert values.memory_mb == "512", "what nobody touched is as it was last time"


@pytest.mark.feature("MC05")
async def test_the_dialog_begins_with_what_the_settings_say_at_each_opening(page: Page) -> None:
    page.world.client.settings.update({"approvals.mode": "deny", "agents.max_steps": 80, "sandbox.memory_mb": 4096})
    form = await opened(page)
    assert form.approval.currentData() == "deny"
    assert form.numbers["max_steps"].placeholderText() == "80"
    assert form.numbers["memory_mb"].placeholderText() == "4096"
    assert form.numbers["token_budget"].placeholderText() == "no limit"
    page.press(Key.Key_Escape)
    await settle()
    page.world.client.settings.update({"approvals.mode": "edits", "agents.token_budget": 9000})
    form = await opened(page)
    assert form.approval.currentData() == "edits"
    assert form.numbers["token_budget"].placeholderText() == "9000"


async def test_models_that_cannot_be_listed_do_not_keep_the_settings_away(page: Page) -> None:
    page.world.client.settings["desktop.deploy"] = {"role": "Tester"}
    page.world.client.answer(LlmList, UnavailableError("No answer."))
    form = await opened(page)
    assert form.role.currentData() == "Tester"
    assert [notice.title for notice in page.world.notices] == ["No answer."]


async def test_a_goal_survives_the_window_in_which_it_was_typed(page: Page, make_page: MakePage) -> None:
    await opened(page)
    page.type("Half a thought")
    page.window.close()
    page.window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    another = make_page()
    form = await opened(another)
    assert form.goal.toPlainText() == "Half a thought"
    another.press(Key.Key_Return, CTRL)
    await settle()
    assert another.world.stores.processes.draft_goal == ""


@pytest.mark.feature("LP08")
async def test_the_models_are_live_and_can_be_looked_for_again(page: Page) -> None:
    form = await opened(page)
    assert [form.model.itemData(row) for row in range(form.model.count())] == ["", "heuristic"]
    page.world.client.models = [ModelInfo(id="ollama/q", provider="ollama", name="q", context_length=8192)]
    page.click(form.refresh)
    await settle()
    assert page.world.client.sent(LlmList)[-1].refresh
    assert [form.model.itemData(row) for row in range(form.model.count())] == ["", "ollama/q", "heuristic"]
    form.model.setFocus()
    QTest.keyClick(form.model, Key.Key_Down)
    assert form.source.text() == "From Ollama, 8k tokens of context"
    form.goal.setFocus()
    page.type("Use it")
    page.world.client.publish(LlmChanged(chosen=""))
    await settle()
    page.press(Key.Key_Return, CTRL)
    await settle()
    assert page.world.client.sent(ProcessSpawn)[0].config.model == "ollama/q"


Q = ModelInfo(id="ollama/q", provider="ollama", name="q", context_length=8192)
R = ModelInfo(id="lmstudio/r", provider="lmstudio", name="r")


def offered(form: DeployForm) -> list[str]:
    return [form.model.itemData(row) for row in range(form.model.count())]


@pytest.mark.feature("LP08")
async def test_opening_the_dialog_looks_for_models_and_a_look_takes_nothing_away(page: Page) -> None:
    page.world.client.models = [Q]
    form = await opened(page)
    assert page.world.client.sent(LlmList)[-1].refresh, "in the background, by itself"
    assert form.refresh.isEnabled()
    form.model.setFocus()
    QTest.keyClick(form.model, Key.Key_Down)
    form.goal.setFocus()
    page.type("Typed")
    form.numbers["max_steps"].setText("7")
    page.world.client.models = [R]
    await page.world.stores.llm.refresh(search=True)
    assert offered(form) == ["", "lmstudio/r", "heuristic", "ollama/q"]
    assert form.source.text() == "It does not answer now."
    page.world.client.models = [R, Q]
    await page.world.stores.llm.refresh(search=True)
    assert offered(form) == ["", "lmstudio/r", "ollama/q", "heuristic"]
    assert form.source.text() == "From Ollama, 8k tokens of context"
    assert form.goal.hasFocus()
    values = form.values()
    assert (values.model, values.goal, values.max_steps) == ("ollama/q", "Typed", "7")


@pytest.mark.feature("LP08")
async def test_an_open_list_keeps_its_lines_until_it_is_closed(page: Page) -> None:
    page.world.client.models = [Q]
    form = await opened(page)
    form.model.showPopup()
    page.world.client.models = [R, Q]
    await page.world.stores.llm.refresh(search=True)
    assert offered(form) == ["", "ollama/q", "heuristic"]
    view = form.model.view()
    spot = view.visualRect(view.model().index(1, 0)).center()
    QTest.mouseMove(view.viewport(), spot)
    QTest.qWait(QApplication.doubleClickInterval() + 20)  # Qt takes an earlier release for the end of the click that opened it
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, spot)
    assert form.values().model == "ollama/q"
    await wait_until(lambda: offered(form) == ["", "lmstudio/r", "ollama/q", "heuristic"])
    assert form.model.currentData() == "ollama/q"


@pytest.mark.feature("LP08")
async def test_the_list_is_looked_at_only_while_it_shows(page: Page) -> None:
    form = await opened(page)
    store = page.world.stores.llm
    assert on_screen(form)
    cover = QWidget(page.window)
    cover.setGeometry(page.window.rect())
    cover.show()
    assert not on_screen(form), "another window lies over it"
    cover.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert on_screen(form)
    page.press(Key.Key_Escape)
    await settle()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not on_screen(form) and not store._watchers
    asked = len(page.world.client.sent(LlmList))
    store._again.stop()
    store._again.timeout.emit()
    await settle()
    assert len(page.world.client.sent(LlmList)) == asked and not store._again.isActive()


@pytest.mark.feature("MC06")
async def test_history_opens_runs_on_their_timeline_and_deploys_them_again(page: Page) -> None:
    page.view.grid.setFocus()
    page.press(Key.Key_H)
    history = page.view.history
    await wait_until(lambda: history.model.rowCount() == 6)
    assert history.isVisible()
    page.type("p95")
    await wait_until(lambda: history.model.rowCount() == 1)
    rect = history.list.visualRect(history.model.index(0))
    page.click(history.list.viewport(), rect.center())
    assert page.world.opened == [("agent-vm", {"pid": "4", "tab": "timeline"}, "4", "Analyst · 4")]
    from aether_desktop.apps.mission_control.history_panel import again_area

    page.click(history.list.viewport(), again_area(rect.toRectF()).center().toPoint())
    await settle()
    assert page.view.deploy_desk.form is not None
    assert page.view.deploy_desk.form.goal.toPlainText() == "Why did p95 rise?"


@pytest.mark.feature("MC06")
async def test_a_run_deployed_again_has_everything_that_it_was_deployed_with(page: Page) -> None:
    folders = (WorkspaceMount(host_path="/", read_only=True), WorkspaceMount(host_path="/usr", guest_path="usr"))
    config = AgentConfig(
        role="Analyst", goal="Again", tools=("read_file",), token_budget=9000, sandbox=SandboxConfig(mounts=folders)
    )
    page.world.client.answer(ProcessInfoGet, ProcessInfoReply(info=make_info(4), config=config))
    page.world.client.settings["desktop.deploy"] = {"folder": "/etc", "memory_mb": "99"}
    page.view.history.deploy_again.emit(make_info(4))
    await settle()
    form = page.view.deploy_desk.form
    assert form is not None
    assert form.goal.toPlainText() == "Again"
    page.press(Key.Key_Return, CTRL)
    await settle()
    assert page.world.client.sent(ProcessSpawn)[0].config == config


async def test_a_run_that_is_not_known_any_more_is_not_deployed_again(page: Page) -> None:
    page.world.client.answer(ProcessInfoGet, NotFoundError("There was never a process 4.", "Refresh."))
    page.view.history.deploy_again.emit(make_info(4))
    await settle()
    assert page.view.deploy_desk.form is None
    assert page.world.notices[0].title == "There was never a process 4."


async def test_history_by_keyboard(page: Page) -> None:
    page.press(Key.Key_H)
    await wait_until(lambda: page.view.history.model.rowCount() == 6)
    page.press(Key.Key_Down)
    page.press(Key.Key_Down)
    page.press(Key.Key_Return)
    assert page.world.opened[-1][2] == "5"
    page.press(Key.Key_Escape)
    assert page.view.history.isHidden()
    assert page.view.grid.hasFocus()


async def test_history_in_a_small_window_takes_the_place_of_the_agents(page: Page) -> None:
    page.window.resize(500, 400)
    page.press(Key.Key_H)
    await settle()
    assert page.view.stack.isHidden()
    assert page.view.history.width() == page.view.width()
    page.press(Key.Key_Escape)
    assert not page.view.stack.isHidden()


@pytest.mark.feature("MC05")
async def test_nothing_of_the_dialog_is_cut_in_the_smallest_desktop(page: Page) -> None:
    page.window.resize(480, 360)
    await settle()
    form = await opened(page)
    form.show_gpus(("A GPU",))
    assert form.gpu.isVisible() and form.graphical.isVisible()
    await settle()
    viewport = form.parentWidget()
    assert viewport is not None and form.minimumSizeHint().width() <= form.width() <= viewport.width()
    assert all(isinstance(box, Choice) for box in (form.role, form.model, form.approval))


@pytest.mark.feature("MC05")
async def test_what_waits_for_the_person_is_said_as_it_is(page: Page) -> None:
    form = await opened(page)
    form.approval.setCurrentIndex(form.approval.findData("ask"))
    assert form.approval_text.text() == "Writes, risky commands and the network wait."
    told = " ".join(QTextDocumentFragment.fromHtml(form.approval.toolTip()).toPlainText().split())
    assert "harmless command in its own home runs unasked" in told
    assert "every command asks but plain reading" in told
    form.approval.setCurrentIndex(form.approval.findData("yes"))
    assert form.approval.toolTip() == ""


@pytest.mark.feature("MC05", "DS01")
@pytest.mark.parametrize("width", [300, 340, 420, 520, 700, 1000])
async def test_every_field_is_whole_and_is_reached_by_tab_in_a_narrow_window(page: Page, width: int) -> None:
    form = await opened(page)
    form.show_gpus(("A card",))
    sheet = page.view.deploy_desk.sheet
    assert sheet is not None
    surface = sheet.parentWidget()
    assert surface is not None
    surface.resize(width, 420)
    page.view.deploy_desk._submit()  # what is wrong is said, and takes room
    await settle()
    area = form.parentWidget()
    assert area is not None and form.width() <= area.width()
    fields = [
        form.goal, form.role, form.model, form.refresh, form.approval, form.network, form.folder, form.choose_folder, form.read_only,
        form.gpu, form.graphical, *form.numbers.values(),
    ]  # fmt: skip
    places = [QRect(field.mapTo(form, QPoint()), field.size()) for field in fields]
    assert all(form.rect().contains(place) for place in places), places
    assert not any(one.intersects(other) for one, other in combinations(places, 2))
    assert all(place.width() >= field.minimumSizeHint().width() for place, field in zip(places, fields, strict=True))
    form.goal.setFocus()
    for field in fields:
        assert field.hasFocus(), field.accessibleName()
        seen = QRect(field.mapTo(area, QPoint()), field.size())
        assert area.rect().contains(seen) or seen.height() > area.height(), (field.accessibleName(), seen, area.rect())
        page.press(Key.Key_Tab)
        await settle()
