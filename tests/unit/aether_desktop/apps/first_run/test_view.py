"""The first start: look, choose, deploy, with real clicks over a fake kernel."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from aether_desktop.apps.first_run.model_panel import AWAY, pull_text
from aether_desktop.apps.first_run.view import ASKING, SAMPLE_GOAL, FirstRun, state_of
from aether_desktop.stores.reducers.llm import PullState
from aether_desktop.widgets.finding_row import FindingRow
from kernel.errors import UnavailableError
from kernel.protocol.ids import ApprovalMode
from kernel.protocol.process import ProcessSpawn, SpawnReply
from kernel.protocol.records import ModelInfo, ProviderInfo, SystemCheck
from kernel.protocol.system import (
    KernelStatus,
    LlmChoose,
    LlmList,
    LlmPull,
    LlmPullCancel,
    LlmPullProgress,
    SettingsSet,
)
from tests.fakes.app_context import World
from tests.unit.aether_desktop.apps.conftest import settle, wait_until

OLLAMA = ProviderInfo(name="ollama", kind="ollama", base_url="http://127.0.0.1:11434", available=True)
QWEN = ModelInfo(id="ollama/qwen3:8b", provider="ollama", name="qwen3:8b")


def click(widget: object) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


async def shown(world: World) -> FirstRun:
    view = FirstRun(world.context)
    view.resize(720, 1200)
    view.show()
    await settle()
    return view


def options(view: FirstRun) -> list[str]:
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return [button.text() for button in view.models.findChildren(QRadioButton)]


async def test_what_was_found_is_listed_what_is_wrong_first(world: World) -> None:
    world.client.checks = (
        SystemCheck(name="Fonts", ok=True, detail="8 bundled"),
        SystemCheck(name="GPU", ok=False, detail="none", remedy="Not needed."),
        SystemCheck(name="Sandbox", ok=False, detail="missing", remedy="Install bubblewrap.", required=True),
    )
    view = await shown(world)
    assert [sent.checks for sent in world.client.sent(KernelStatus)] == [True]
    rows = view.findChildren(FindingRow)
    assert [row.state for row in rows] == ["wrong", "missing", "found"]
    assert "Install bubblewrap." in rows[0].accessibleName()
    assert view._looking.isHidden()
    assert state_of(world.client.checks[2]) == "wrong"
    view.close()


async def test_without_a_model_one_click_deploys_the_sample(world: World) -> None:
    view = await shown(world)
    assert options(view) == ["Go on without a model"]
    click(view.deploy)
    click(view.deploy)
    await settle()
    (sent,) = world.client.sent(ProcessSpawn)
    assert (sent.config.role, sent.config.goal, sent.config.model) == ("Researcher", SAMPLE_GOAL, "heuristic")
    assert world.client.settings["desktop.first_run_done"] is True
    assert world.client.sent(LlmChoose)[-1].model == "heuristic"
    assert world.opened == [("agent-vm", {"pid": "1"}, "1", "Researcher · 1")]
    assert world.window.close_requests == 1
    view.close()


@pytest.mark.feature("LP08")
async def test_a_found_model_is_ticked_and_another_can_be_chosen(world: World) -> None:
    world.client.models, world.client.providers = [QWEN], [OLLAMA]
    view = await shown(world)
    assert options(view) == ["qwen3:8b", "Go on without a model"]
    assert view.models.wanted == QWEN.id
    other = view.models.findChildren(QRadioButton)[1]
    QTest.mouseClick(other, Qt.MouseButton.LeftButton, pos=QPoint(10, other.height() // 2))
    await settle()
    assert world.client.sent(LlmChoose)[-1].model == "heuristic"
    click(view.deploy)
    await settle()
    assert world.client.sent(ProcessSpawn)[0].config.model == "heuristic"
    view.close()


async def test_the_arrow_keys_go_on_through_the_models(world: World) -> None:
    third = ModelInfo(id="ollama/other:1b", provider="ollama", name="other:1b")
    world.client.models, world.client.providers = [QWEN, third], [OLLAMA]
    view = await shown(world)
    view.activateWindow()
    view.models.findChildren(QRadioButton)[0].setFocus()
    for wanted in (third.id, "heuristic"):
        focus = QApplication.focusWidget()
        assert isinstance(focus, QRadioButton)
        QTest.keyClick(focus, Qt.Key.Key_Down)
        await settle()
        assert world.client.sent(LlmChoose)[-1].model == view.models.wanted == wanted
    world.client.models = [QWEN]
    await world.context.stores.llm.refresh(search=True)
    await settle()
    focus = QApplication.focusWidget()
    assert isinstance(focus, QRadioButton) and focus.property("model_id") == "heuristic", "a list that is filled anew keeps the keyboard"
    view.close()


@pytest.mark.feature("LP08")
async def test_the_page_looks_for_models_and_shows_those_that_come_and_go(world: World) -> None:
    silent = replace(OLLAMA, available=False, reason="No connection.", remedy="ollama serve")
    world.client.providers = [silent]
    world.client.checks = (SystemCheck(name="Models: ollama", ok=False, detail="No connection.", remedy="ollama serve"),)
    view = await shown(world)
    assert world.client.sent(LlmList)[-1].refresh, "in the background, by itself"
    assert options(view) == ["Go on without a model"]
    world.client.models, world.client.providers = [QWEN], [replace(OLLAMA, model_count=1)]
    await world.context.stores.llm.refresh(search=True)
    await settle()
    assert (options(view), view.models.wanted) == (["qwen3:8b", "Go on without a model"], QWEN.id), "nobody had chosen"
    row = next(row for row in view.findChildren(FindingRow) if "ollama" in row.accessibleName() and row.state == "found")
    assert "1 model(s) http://127.0.0.1:11434" in row.accessibleName()
    view.close()


@pytest.mark.feature("LP08")
async def test_the_chosen_model_stays_chosen_while_its_server_is_away(world: World) -> None:
    other = ModelInfo(id="lmstudio/r", provider="lmstudio", name="r")
    world.client.models, world.client.providers = [QWEN, other], [OLLAMA]
    view = await shown(world)
    click(view.models.findChildren(QRadioButton)[1])
    await settle()
    world.client.models = [QWEN]
    view.models.findChildren(QRadioButton)[1].setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)
    await world.context.stores.llm.refresh(search=True)
    await settle()
    assert options(view) == ["qwen3:8b", "lmstudio/r", "Go on without a model"]
    assert view.models.wanted == other.id
    assert any(label.text() == AWAY for label in view.models.findChildren(QLabel))
    click(view.skip)
    await settle()
    assert [sent.model for sent in world.client.sent(LlmChoose)] == [other.id], "leaving the page chooses nothing else"
    view.close()


@pytest.mark.feature("LP08")
async def test_nothing_moves_away_under_the_pointer(world: World) -> None:
    view = await shown(world)
    place = view.deploy.mapTo(view, QPoint(0, 0))
    view.deploy.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, True)
    world.client.models, world.client.providers = [QWEN], [OLLAMA]
    await world.context.stores.llm.refresh(search=True)
    await settle()
    assert options(view) == ["Go on without a model"] and view.deploy.mapTo(view, QPoint(0, 0)) == place
    view.deploy.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)
    await wait_until(lambda: options(view) == ["qwen3:8b", "Go on without a model"])
    view.close()


async def test_a_long_name_of_a_model_ends_in_an_ellipsis_and_widens_nothing(world: World) -> None:
    name = "a-very-long-name-of-a-model/" * 7
    world.client.models, world.client.providers = [ModelInfo(id="ollama/x", provider="ollama", name=name)], [OLLAMA]
    view = await shown(world)
    view.resize(420, 900)
    await settle()
    button = view.models.findChildren(QRadioButton)[0]
    assert "…" in button.text() and button.accessibleName() == name
    assert button.width() <= view.width() - 40
    assert button.fontMetrics().horizontalAdvance(button.text()) <= button.width() - 20
    view.close()


async def test_tab_goes_from_the_top_of_the_page_down(world: World) -> None:
    world.client.models, world.client.providers = [QWEN], [OLLAMA]
    view = FirstRun(world.context)
    window = QWidget()
    before, behind = QPushButton("before"), QPushButton("behind")
    column = QVBoxLayout(window)
    for widget in (before, view, behind):
        column.addWidget(widget)
    window.resize(720, 1200)
    window.show()
    window.activateWindow()
    await settle()
    before.setFocus()
    reached: list[QWidget] = []
    for _ in range(5):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        reached.append(QApplication.focusWidget())
    names = [widget.property("text") or widget.accessibleName() for widget in reached]
    assert names == ["qwen3:8b", "Fetch gemma4:e2b", "Deploy a sample agent", "Open Mission Control", "Look again"]
    window.close()


@pytest.mark.feature("LP04")
async def test_the_recommended_model_is_fetched_with_progress_and_can_be_cancelled(world: World) -> None:
    world.client.providers = [OLLAMA]
    view = await shown(world)
    assert view.models.pull.text() == "Fetch gemma4:e2b"
    assert view.models.pull.isEnabled()
    click(view.models.pull)
    await settle()
    assert world.client.sent(LlmPull)[0].model == "gemma4:e2b"
    world.client.publish(LlmPullProgress(model="gemma4:e2b", status="Downloading", completed=1, total=4))
    assert view.models.progress.isVisible()
    assert view.models.progress.fraction == 0.25
    click(view.models.cancel)
    await settle()
    assert world.client.sent(LlmPullCancel)[0].model == "gemma4:e2b"
    assert view.models.pull.isVisible()
    view.close()


async def test_without_ollama_nothing_can_be_fetched_and_the_remedy_is_there(world: World) -> None:
    silent = ProviderInfo(name="ollama", kind="ollama", base_url="", available=False, remedy="Start it: ollama serve")
    world.client.providers = [silent]
    view = await shown(world)
    assert not view.models.pull.isEnabled()
    assert "ollama serve" in view.models.pull_text.text()
    view.close()


async def test_a_deployment_that_fails_leaves_the_page(world: World) -> None:
    world.client.answer(ProcessSpawn, UnavailableError("The disk is full.", "Free some space."))
    view = await shown(world)
    click(view.deploy)
    await settle()
    assert world.notices[-1].title == "The disk is full."
    assert view.deploy.isEnabled()
    assert world.client.settings["desktop.first_run_done"] is False
    assert world.window.close_requests == 0
    view.close()


async def test_it_can_be_left_for_mission_control(world: World) -> None:
    view = await shown(world)
    click(view.skip)
    await settle()
    assert world.opened[0][0] == "mission-control"
    assert world.client.settings["desktop.first_run_done"] is True
    view.close()


async def test_closing_it_is_an_answer_too_and_is_given_once(world: World) -> None:
    view = await shown(world)
    assert world.window.guard is not None
    assert world.window.guard(lambda: None)
    await settle()
    assert world.client.settings["desktop.first_run_done"] is True
    assert world.window.guard(lambda: None)
    await settle()
    assert len(world.client.sent(SettingsSet)) == 1
    assert world.client.sent(ProcessSpawn) == [] and world.opened == []
    view.close()


async def test_without_a_kernel_it_is_closed_without_a_word(world: World) -> None:
    view = await shown(world)
    world.client.absence = UnavailableError("The disk is full.", "Free some space.")
    assert world.window.guard is not None and world.window.guard(lambda: None)
    await settle()
    assert world.client.sent(SettingsSet) == [] and world.notices == []
    view.close()


async def test_ctrl_enter_deploys_only_with_the_keyboard_on_this_page(world: World) -> None:
    """Another form in the same native window has the keys too: the dialog that deploys an agent."""
    native, form = QWidget(), QPlainTextEdit()
    row = QHBoxLayout(native)
    view = FirstRun(world.context)
    row.addWidget(view)
    row.addWidget(form)
    native.resize(1200, 700)
    native.show()
    native.activateWindow()
    await settle()
    form.setFocus()
    QTest.keyClick(form, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    await settle()
    assert world.client.sent(ProcessSpawn) == []
    view.skip.setFocus()
    QTest.keyClick(view.skip, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    await settle()
    assert len(world.client.sent(ProcessSpawn)) == 1
    native.close()


async def test_what_was_decided_is_carried_out_though_the_window_is_closed(world: World) -> None:
    started = asyncio.Event()

    async def slow(_command: ProcessSpawn) -> SpawnReply:
        await started.wait()
        return SpawnReply(pid=9, tty_id="tty-9-0")

    world.client.answer(ProcessSpawn, slow)
    view = await shown(world)
    click(view.deploy)
    await settle()
    view.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    started.set()
    await settle()
    assert world.client.settings["desktop.first_run_done"] is True
    assert world.opened == [("agent-vm", {"pid": "9"}, "9", "Researcher · 9")]
    assert world.notices == []


async def test_the_keyboard_is_on_the_first_agent_not_on_a_download(world: World) -> None:
    world.client.providers = [OLLAMA]
    view = await shown(world)
    view.activateWindow()
    view.setFocus()
    assert QApplication.focusWidget() is view.deploy
    view.close()


@pytest.mark.feature("AP06")
@pytest.mark.parametrize("mode", ["ask", "edits", "yes", "deny"])
async def test_the_sample_asks_as_the_settings_say(world: World, mode: ApprovalMode) -> None:
    world.client.settings["approvals.mode"] = mode
    view = await shown(world)
    assert view.asking.text() == ASKING[mode]
    click(view.deploy)
    await settle()
    assert world.client.sent(ProcessSpawn)[0].config.approval == mode
    view.close()


def test_the_pull_is_said_in_words() -> None:
    pull = PullState(model="m", status="Downloading", completed=1_200_000_000, total=4_800_000_000)
    assert pull_text(pull) == "Downloading, 1.2 GB of 4.8 GB (25%)"
    assert "disk full" in pull_text(PullState(model="m", done=True, error="disk full"))
    turned = PullState(model="m", status="a\u202eb", done=True, error="odd \u202e words. Pull again.")
    assert pull_text(turned) == "m could not be fetched: odd ⟨U+202E⟩ words. Pull again."
    assert pull_text(replace(turned, error="")) == "a⟨U+202E⟩b"


async def test_without_a_kernel_the_page_says_why_nothing_is_offered(world: World) -> None:
    refusal = UnavailableError("The disk is full; nothing can be saved.", "Free some space.")
    world.client.absence = refusal
    world.client.answer(LlmList, refusal)
    world.client.answer(KernelStatus, refusal)
    said = [label.text() for label in (await shown(world)).models.findChildren(QLabel)]
    assert "The disk is full; nothing can be saved. Free some space." in said
    assert "Looking for models…" not in said
