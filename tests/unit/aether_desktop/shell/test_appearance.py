"""The theme and its setting are the same, whoever changes which."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject

from aether_desktop.shell.appearance import Appearance
from aether_desktop.theme.manager import ThemeChoice, ThemeManager
from aether_desktop.theme.motion import motion_reduced
from aether_desktop.theme.tokens import LIGHT
from kernel.errors import UnavailableError
from kernel.protocol.system import SettingsChanged, SettingsReply, SettingsSet
from tests.fakes.kernel_client import FakeKernelClient
from tests.unit.aether_desktop.apps.conftest import settle


class Rig:
    """The appearance over a fake kernel."""

    def __init__(self, theme: ThemeManager) -> None:
        self.theme = theme
        self.client = FakeKernelClient()
        self.errors: list[BaseException] = []
        self.owner = QObject()
        self.appearance = Appearance(self.client, theme, self.errors.append, self.owner)

    def tell(self, name: str, value: object) -> None:
        self.client.publish(SettingsChanged(name=name, value=value))

    @property
    def kept(self) -> list[object]:
        return [sent.value for sent in self.client.sent(SettingsSet) if sent.name == "desktop.theme"]


@pytest.fixture
def rig(theme: ThemeManager) -> Iterator[Rig]:
    made = Rig(theme)
    yield made
    made.owner.deleteLater()


@pytest.mark.feature("DS11")
async def test_a_theme_chosen_by_another_client_is_shown_at_once_and_not_sent_back(rig: Rig) -> None:
    rig.tell("desktop.theme", "light")
    assert rig.theme.tokens is LIGHT
    rig.tell("desktop.theme", "system")
    assert rig.theme.choice is ThemeChoice.SYSTEM
    await settle()
    assert rig.kept == []


async def test_a_choice_made_here_is_kept_also_where_it_looks_the_same(rig: Rig) -> None:
    rig.theme.choose(ThemeChoice.LIGHT)
    await settle()
    rig.theme.choose(ThemeChoice.SYSTEM)
    await settle()
    rig.theme.choose(ThemeChoice.SYSTEM)
    await settle()
    assert rig.kept == ["light", "system"]


async def test_what_is_told_of_an_older_choice_does_not_undo_the_newer_one(rig: Rig) -> None:
    answered = asyncio.Event()

    async def answer(_command: SettingsSet) -> SettingsReply:
        await answered.wait()
        return SettingsReply(values={})

    rig.client.answer(SettingsSet, answer)
    rig.theme.choose(ThemeChoice.LIGHT)
    rig.theme.choose(ThemeChoice.DARK)
    await settle()
    rig.tell("desktop.theme", "light")
    assert rig.theme.choice is ThemeChoice.DARK
    answered.set()
    await settle()
    rig.tell("desktop.theme", "light")
    assert rig.theme.choice is ThemeChoice.LIGHT


async def test_motion_follows_its_setting(rig: Rig) -> None:
    rig.tell("desktop.reduced_motion", True)
    assert motion_reduced()


@pytest.mark.parametrize("value", ["blue", None, 3, ["dark"], ""])
async def test_a_value_that_is_unknown_changes_nothing(rig: Rig, value: object) -> None:
    rig.theme.set_reduced_motion(False)
    before = rig.theme.choice
    rig.tell("desktop.theme", value)
    rig.tell("desktop.reduced_motion", value)
    assert rig.theme.choice is before
    assert not motion_reduced()


async def test_a_choice_that_cannot_be_kept_is_said(rig: Rig) -> None:
    rig.client.answer(SettingsSet, UnavailableError("The disk is full."))
    rig.theme.choose(ThemeChoice.LIGHT)
    await settle()
    assert [str(error) for error in rig.errors] == ["The disk is full."]
