"""What the person chose for all terminals: size of the font and colours. Shared by all views of the window.

Kept through the kernel's settings `terminal.font_px` and `terminal.theme` where it has them; otherwise for as long as Aether runs.
A change that is made elsewhere, in the settings' window or by another client, is in force at once. Made by `TerminalFactory`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal

from aether_desktop.bridge.client import KernelClient
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.theme.tokens import TYPE, Tokens
from aether_desktop.widgets.terminal.colours import Scheme
from aether_desktop.widgets.terminal.geometry import LARGEST_PX, SMALLEST_PX
from aether_desktop.widgets.terminal.schemes import AUTOMATIC, SCHEMES
from kernel.protocol.base import Event
from kernel.protocol.system import SettingsChanged, SettingsGet, SettingsSet

FONT_SETTING = "terminal.font_px"
THEME_SETTING = "terminal.theme"
DEFAULT_FONT_PX = TYPE.body


class TerminalPreferences(QObject):
    """Font and colours. client: where they are kept; None keeps them nowhere."""

    changed = Signal()

    def __init__(self, parent: QObject, client: KernelClient | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._tasks = TaskOwner(self)
        self._known: frozenset[str] = frozenset()
        self._loaded = False
        self._font_px = DEFAULT_FONT_PX
        self._theme = AUTOMATIC
        self._writing = 0
        if client is not None:
            unsubscribe = client.subscribe(self._on_events)
            self.destroyed.connect(lambda: unsubscribe())

    @property
    def font_px(self) -> int:
        """Size of the font in logical pixels."""
        return self._font_px

    @property
    def theme(self) -> str:
        """A name of `SCHEMES`, or AUTOMATIC."""
        return self._theme

    def scheme(self, tokens: Tokens) -> Scheme:
        """The colours in force under a theme of the desktop."""
        return SCHEMES[self._theme] if self._theme in SCHEMES else Scheme.of(tokens.terminal)

    async def load(self) -> None:
        """Take over what the kernel has kept; asks it once."""
        if self._loaded or self._client is None:
            return
        self._loaded = True
        values = (await self._client.execute(SettingsGet())).values
        self._known = frozenset(values)
        self._take(values)

    def set_font_px(self, font_px: int) -> None:
        """Zoom all terminals, between 6 and 48 px."""
        font_px = _bounded(font_px)
        if font_px != self._font_px:
            self._font_px = font_px
            self._keep(FONT_SETTING, font_px)
            self.changed.emit()

    def set_theme(self, theme: str) -> None:
        """Choose the colours: a name of `SCHEMES`, or AUTOMATIC."""
        if theme != self._theme and (theme in SCHEMES or theme == AUTOMATIC):
            self._theme = theme
            self._keep(THEME_SETTING, theme)
            self.changed.emit()

    def _take(self, values: Mapping[str, Any]) -> None:
        """Put in force what the kernel says; what is not known here stays as it is."""
        before = self._font_px, self._theme
        font_px, theme = values.get(FONT_SETTING), values.get(THEME_SETTING)
        if isinstance(font_px, int) and not isinstance(font_px, bool):
            self._font_px = _bounded(font_px)
        if isinstance(theme, str) and (theme in SCHEMES or theme == AUTOMATIC):
            self._theme = theme
        if (self._font_px, self._theme) != before:
            self.changed.emit()

    def _on_events(self, events: Sequence[Event]) -> None:
        told = {event.name: event.value for event in events if isinstance(event, SettingsChanged)}
        # While a choice of this window is on its way, what is told is older than it.
        if told and not self._writing:
            self._take(told)

    def _keep(self, name: str, value: object) -> None:
        if self._client is not None and name in self._known:
            self._writing += 1
            self._tasks.spawn(self._write(self._client, name, value), name="keep a preference")

    async def _write(self, client: KernelClient, name: str, value: object) -> None:
        try:
            await client.execute(SettingsSet(name=name, value=value))
        finally:
            self._writing -= 1


def _bounded(font_px: int) -> int:
    return max(SMALLEST_PX, min(LARGEST_PX, font_px))
