"""Every control of the settings does what it says, with real keys and clicks."""

from __future__ import annotations

import asyncio
from typing import get_args

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLabel, QLineEdit
from shiboken6 import isValid

from aether_desktop.apps.settings.fields import GROUPS, Field, parse, shown
from aether_desktop.apps.settings.view import SettingsView
from aether_desktop.theme.manager import ThemeChoice
from aether_desktop.theme.motion import motion_reduced
from aether_desktop.widgets.finding_row import FindingRow
from aether_desktop.widgets.terminal.schemes import SCHEMES
from kernel.config import DesktopSize
from kernel.errors import InvalidArgumentError
from kernel.protocol.records import ModelInfo, ProviderInfo
from kernel.protocol.system import LlmChoose, LlmList, LlmPullProgress, SettingsChanged, SettingsReply, SettingsSet
from tests.fakes.app_context import World
from tests.unit.aether_desktop.apps.conftest import settle


async def opened(world: World) -> SettingsView:
    world.client.settings |= {"terminal.theme": "auto", "terminal.font_px": 13, "terminal.scrollback": 10_000}
    world.client.settings["sandbox.desktop_size"] = "1280x800"
    view = SettingsView(world.context)
    view.resize(700, 900)
    view.show()
    view.activateWindow()
    await settle()
    return view


def kept(world: World) -> list[tuple[str, object]]:
    return [(sent.name, sent.value) for sent in world.client.sent(SettingsSet)]


async def test_the_theme_changes_at_once(world: World) -> None:
    view = await opened(world)
    QTest.mouseClick(view.theme, Qt.MouseButton.LeftButton, pos=view.theme.segment_rect("light").center().toPoint())
    await settle()
    assert world.context.theme.choice is ThemeChoice.LIGHT
    world.context.theme.choose(ThemeChoice.DARK)
    assert view.theme.current == "dark"
    view.close()


async def test_motion_is_turned_off_at_once(world: World) -> None:
    world.context.theme.set_reduced_motion(False)
    view = await opened(world)
    QTest.keyClick(view.motion, Qt.Key.Key_Space)
    await settle()
    assert motion_reduced()
    assert kept(world) == [("desktop.reduced_motion", True)]
    view.close()


async def test_every_setting_shows_its_value_and_is_kept_when_it_is_changed(world: World) -> None:
    view = await opened(world)
    for field in (field for group in GROUPS for field in group.fields):
        widget = view.inputs[field.name]
        value = world.client.settings[field.name]
        assert widget.accessibleName() == field.label
        assert [label.text() for label in view.findChildren(QLabel) if label.buddy() is widget] == [field.label]
        if isinstance(widget, QLineEdit):
            assert widget.text() == shown(value)
            widget.setFocus()
            widget.selectAll()
            number = "1" if field.least < 2 else "24" if field.most < 600 else "600"
            QTest.keyClicks(widget, "http://localhost:9" if field.kind == "text" else number)
            QTest.keyClick(widget, Qt.Key.Key_Return)
        elif isinstance(widget, QCheckBox):
            assert widget.isChecked() is value
            QTest.keyClick(widget, Qt.Key.Key_Space)
        elif isinstance(widget, QComboBox):
            QTest.keyClick(widget, Qt.Key.Key_Down)
        await settle()
        changed = world.client.settings[field.name]
        assert changed != value or shown(value) == "1", field.name
    view.close()


def test_every_size_of_a_desktop_is_offered() -> None:
    fields = {field.name: field for group in GROUPS for field in group.fields}
    assert tuple(value for value, _ in fields["sandbox.desktop_size"].choices) == get_args(DesktopSize)


async def test_what_is_wrong_is_said_and_not_sent(world: World) -> None:
    view = await opened(world)
    steps = view.inputs["agents.max_steps"]
    assert isinstance(steps, QLineEdit)
    steps.setFocus()
    steps.setText("lots")
    QTest.keyClick(steps, Qt.Key.Key_Return)
    assert view.rows["agents.max_steps"].problem == "A whole number from 1 to 100,000."
    assert kept(world) == []
    steps.setText("7")
    QTest.keyClick(steps, Qt.Key.Key_Return)
    await settle()
    assert view.rows["agents.max_steps"].problem == ""
    assert kept(world) == [("agents.max_steps", 7)]
    view.close()


async def test_a_refusal_of_the_kernel_stands_beside_the_field(world: World) -> None:
    world.client.answer(SettingsSet, InvalidArgumentError("It cannot be.", "Try less."))
    view = await opened(world)
    steps = view.inputs["agents.max_steps"]
    assert isinstance(steps, QLineEdit)
    steps.setFocus()
    steps.setText("99")
    QTest.keyClick(steps, Qt.Key.Key_Return)
    await settle()
    assert view.rows["agents.max_steps"].problem == "It cannot be. Try less."
    view.close()


@pytest.mark.feature("LP08")
async def test_models_and_their_servers_are_live(world: World) -> None:
    world.client.models = [ModelInfo(id="ollama/q", provider="ollama", name="q")]
    world.client.providers = [
        ProviderInfo(name="lmstudio", kind="openai", base_url="http://x", available=False, reason="refused", remedy="Start it."),
        ProviderInfo(name="ollama", kind="ollama", base_url="http://y", available=True, model_count=1),
    ]
    view = await opened(world)
    names = [row.accessibleName() for row in view.findChildren(FindingRow)]
    assert names[0].startswith("Ollama: found. http://y, 1 model")
    assert view.refresh.isVisible()
    assert "Start it." in names[1]
    view.model.setFocus()
    QTest.keyClick(view.model, Qt.Key.Key_Down)
    await settle()
    assert world.client.sent(LlmChoose)[0].model == "ollama/q"
    QTest.mouseClick(view.refresh, Qt.MouseButton.LeftButton)
    await settle()
    assert world.client.sent(LlmList)[-1].refresh
    view.close()


async def test_a_setting_that_the_kernel_does_not_know_is_not_shown(world: World) -> None:
    del world.client.settings["agents.pacing_s"]
    view = await opened(world)
    assert view.rows["agents.pacing_s"].isHidden()
    assert not view.rows["agents.max_steps"].isHidden()
    view.close()


async def test_what_was_typed_is_kept_though_the_window_is_closed_at_once(world: World) -> None:
    """A field says that it is left when its window closes, and nothing of the window is there any more when the answer comes."""
    view = await opened(world)
    answered = asyncio.Event()

    async def slow(command: SettingsSet) -> SettingsReply:
        await answered.wait()
        world.client.settings[command.name] = command.value
        return SettingsReply(values=dict(world.client.settings))

    world.client.answer(SettingsSet, slow)
    steps = view.inputs["agents.max_steps"]
    steps.setFocus()
    assert isinstance(steps, QLineEdit)
    steps.selectAll()
    QTest.keyClicks(steps, "77")
    view.hide()
    view.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not isValid(view)
    await settle()
    answered.set()
    await settle()
    assert world.client.settings["agents.max_steps"] == 77
    assert world.notices == []


async def test_a_refusal_after_the_window_is_gone_is_a_notice(world: World) -> None:
    view = await opened(world)
    world.client.answer(SettingsSet, InvalidArgumentError("It cannot be.", "Try less."))
    view._keep("agents.max_steps", 7)
    view.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    await settle()
    assert [notice.title for notice in world.notices] == ["It cannot be."]


@pytest.mark.feature("LP04")
async def test_the_list_of_models_is_filled_anew_only_when_it_changed(world: World) -> None:
    """The progress of a model that is fetched comes many times a second; an open list must not jump."""
    world.client.models = [ModelInfo(id=f"ollama/{name}", provider="ollama", name=name) for name in "abc"]
    view = await opened(world)
    resets: list[object] = []
    view.model.model().rowsRemoved.connect(lambda *_: resets.append("removed"))
    view.model.model().rowsInserted.connect(lambda *_: resets.append("inserted"))
    view.model.model().modelReset.connect(lambda: resets.append("reset"))
    view.model.showPopup()
    view.model.view().setCurrentIndex(view.model.model().index(2, 0))
    for done in range(5):
        world.client.publish(LlmPullProgress(model="gemma4:e2b", status="Downloading", completed=done, total=9))
    await settle()
    assert resets == []
    assert view.model.view().currentIndex().row() == 2
    view.model.hidePopup()
    world.client.models.pop()
    await world.stores.llm.refresh()
    assert view.model.count() == 4
    view.close()


@pytest.mark.feature("TT06")
async def test_the_look_of_terminals_is_chosen_here(world: World) -> None:
    view = await opened(world)
    colours, size = view.inputs["terminal.theme"], view.inputs["terminal.font_px"]
    assert isinstance(colours, QComboBox)
    assert isinstance(size, QLineEdit)
    assert [colours.itemData(index) for index in range(colours.count())] == ["auto", *SCHEMES]
    colours.setFocus()
    QTest.keyClick(colours, Qt.Key.Key_Down)
    size.setFocus()
    size.setText("49")
    QTest.keyClick(size, Qt.Key.Key_Return)
    assert view.rows["terminal.font_px"].problem == "A whole number from 6 to 48."
    size.setText("15")
    QTest.keyClick(size, Qt.Key.Key_Return)
    await settle()
    assert kept(world) == [("terminal.theme", "Tokyo Night"), ("terminal.font_px", 15)]
    view.close()


async def test_what_is_changed_elsewhere_shows_at_once(world: World) -> None:
    view = await opened(world)
    size = view.inputs["terminal.font_px"]
    assert isinstance(size, QLineEdit)
    world.client.publish(SettingsChanged(name="terminal.font_px", value=18), SettingsChanged(name="other.thing", value=[]))
    assert size.text() == "18"
    view.close()
    view.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    world.client.publish(SettingsChanged(name="terminal.font_px", value=19))


async def test_a_turn_of_the_wheel_changes_no_choice(world: World) -> None:
    view = await opened(world)
    mode = view.inputs["approvals.mode"]
    assert isinstance(mode, QComboBox)
    mode.setFocus()
    centre = QPointF(mode.rect().center())
    wheel = QWheelEvent(
        centre, QPointF(mode.mapToGlobal(centre.toPoint())), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(mode, wheel)
    await settle()
    assert mode.currentData() == "ask"
    assert kept(world) == []
    view.close()


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("whole", "1 000", 1000), ("whole", "1.5", None), ("whole", "", None), ("number", "0.25", 0.25),
        ("number", "nan", None), ("number", "1e400", None), ("text", "", ""), ("text", "ftp://x", None),
        ("text", " https://x ", "https://x"), ("text", "http://" + "x" * 3000, None),
    ],
)  # fmt: skip
def test_what_is_typed_is_read(kind: str, text: str, value: object) -> None:
    field = Field("a.b", "A", kind)  # type: ignore[arg-type] # one of the kinds
    read, problem = parse(field, text)
    assert read == value
    assert bool(problem) is (value is None)
