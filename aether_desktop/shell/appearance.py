"""The settings of the desktop's looks and the theme, kept the same: a choice made here is kept, one made elsewhere is shown at once.

Made by the bootstrap. A choice of the person wins over what is told while it is on its way to the kernel; what is taken over from
the kernel is never sent back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject

from aether_desktop.bridge.client import KernelClient
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.theme.manager import ThemeChoice, ThemeManager
from kernel.protocol.base import Event
from kernel.protocol.system import SettingsChanged, SettingsSet

THEME_SETTING = "desktop.theme"
MOTION_SETTING = "desktop.reduced_motion"
_THEMES = tuple(choice.value for choice in ThemeChoice)


class Appearance(QObject):
    """Between the kernel's settings and the ``ThemeManager``."""

    def __init__(
        self, client: KernelClient, theme: ThemeManager, on_error: Callable[[BaseException], None], parent: QObject
    ) -> None:
        """``on_error`` is told of a choice that could not be kept."""
        super().__init__(parent)
        self._client = client
        self._theme = theme
        self._tasks = TaskOwner(self, on_error)
        self._writing = 0
        self._taking = False
        theme.choice_changed.connect(self._on_choice)
        unsubscribe = client.subscribe(self._on_events)
        self.destroyed.connect(lambda: unsubscribe())

    def take(self, values: Mapping[str, Any]) -> None:
        """Put in force what the kernel says; what is not among ``values`` or unknown stays as it is."""
        if isinstance(reduced := values.get(MOTION_SETTING), bool):
            self._theme.set_reduced_motion(True if reduced else None)
        chosen = values.get(THEME_SETTING)
        if chosen in _THEMES and not self._writing:
            self._taking = True
            try:
                self._theme.choose(ThemeChoice(chosen))
            finally:
                self._taking = False

    def _on_events(self, events: Sequence[Event]) -> None:
        told = {event.name: event.value for event in events if isinstance(event, SettingsChanged)}
        if told:
            self.take(told)

    def _on_choice(self, choice: ThemeChoice) -> None:
        if not self._taking and self._client.connected:
            self._writing += 1
            self._tasks.spawn(self._keep(choice), name="keep the theme")

    async def _keep(self, choice: ThemeChoice) -> None:
        try:
            await self._client.execute(SettingsSet(name=THEME_SETTING, value=choice.value))
        finally:
            self._writing -= 1
