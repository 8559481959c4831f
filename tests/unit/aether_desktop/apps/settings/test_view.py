"""Every control of the settings does what it says, with real keys and clicks."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit

from aether_desktop.apps.settings.fields import GROUPS, Field, parse, shown
from aether_desktop.apps.settings.view import SettingsView
from aether_desktop.theme.manager import ThemeChoice
from aether_desktop.theme.motion import motion_reduced
from aether_desktop.widgets.finding_row import FindingRow
from kernel.errors import InvalidArgumentError
from kernel.protocol.records import ModelInfo, ProviderInfo
from kernel.protocol.system import LlmChoose, LlmList, SettingsSet
from tests.fakes.app_context import World
from tests.unit.aether_desktop.apps.conftest import settle


async def opened(world: World) -> SettingsView:
    view = SettingsView(world.context)
    view.resize(700, 900)
    view.show()
    view.activateWindow()
    await settle()
    return view


def kept(world: World) -> list[tuple[str, object]]:
    return [(sent.name, sent.value) for sent in world.client.sent(SettingsSet)]


async def test_the_theme_changes_at_once_and_is_kept(world: World) -> None:
    view = await opened(world)
    QTest.mouseClick(view.theme, Qt.MouseButton.LeftButton, pos=view.theme.segment_rect("light").center().toPoint())
    await settle()
    assert world.context.theme.choice is ThemeChoice.LIGHT
    assert kept(world) == [("desktop.theme", "light")]
    world.context.theme.choose(ThemeChoice.DARK)
    assert view.theme.current == "dark"
    view.close()


async def test_motion_is_turned_off_at_once(world: World) -> None:
    world.context.theme.set_reduced_motion(False)
    view = await opened(world)
    QTest.mouseClick(view.motion, Qt.MouseButton.LeftButton, pos=view.motion.rect().center() - view.motion.rect().center() / 1.2)
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
        if isinstance(widget, QLineEdit):
            assert widget.text() == shown(value)
            widget.setFocus()
            widget.selectAll()
            QTest.keyClicks(widget, "http://localhost:9" if field.kind == "text" else "1" if field.least < 2 else "600")
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


async def test_what_is_wrong_is_said_and_not_sent(world: World) -> None:
    view = await opened(world)
    steps = view.inputs["agents.max_steps"]
    assert isinstance(steps, QLineEdit)
    steps.setFocus()
    steps.setText("lots")
    QTest.keyClick(steps, Qt.Key.Key_Return)
    assert view._problems["agents.max_steps"].text() == "A whole number from 1 to 100,000."
    assert kept(world) == []
    steps.setText("7")
    QTest.keyClick(steps, Qt.Key.Key_Return)
    await settle()
    assert view._problems["agents.max_steps"].isHidden()
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
    assert view._problems["agents.max_steps"].text() == "It cannot be. Try less."
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
    assert view.inputs["agents.pacing_s"].isHidden()
    assert not view.inputs["agents.max_steps"].isHidden()
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
