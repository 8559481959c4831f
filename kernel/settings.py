"""The settings in force: who reads them asks here, who changes one says so here.

Answers settings.get and settings.set; keeps the file. The tree itself and its checks are `kernel.config`.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

from kernel import config as tree
from kernel.config import Config
from kernel.principal import Principal
from kernel.protocol.system import SettingsChanged, SettingsGet, SettingsReply, SettingsSet


class Settings:
    """Holds the one current `Config`.

    path: the file of the person's choices. saved: what the file holds, where the environment makes `config` differ from it:
    what the environment says is in force but never written.
    """

    def __init__(self, config: Config, path: Path, saved: Config | None = None) -> None:
        self._config = config
        self._saved = saved or config
        self._path = path
        self._writing = asyncio.Lock()
        self._listeners: list[Callable[[Config], None]] = []
        self._publish: Callable[[SettingsChanged], object] | None = None

    def current(self) -> Config:
        """The tree as it is now."""
        return self._config

    def on_change(self, listener: Callable[[Config], None]) -> None:
        """Call `listener` with the tree after each change."""
        self._listeners.append(listener)

    def publish_to(self, publish: Callable[[SettingsChanged], object]) -> None:
        """Tell every window and client of each change as well."""
        self._publish = publish

    async def change(self, name: str, value: object) -> None:
        """Change one and keep it. Raises InvalidArgumentError, StorageError (then nothing changed)."""
        async with self._writing:
            changed = tree.change(self._config, name, value)
            saved = tree.change(self._saved, name, value)
            await asyncio.to_thread(tree.save, saved, self._path)
            self._config, self._saved = changed, saved
        for listener in self._listeners:
            listener(changed)
        if self._publish is not None:
            self._publish(SettingsChanged(name=name, value=tree.flatten(changed)[name]))

    async def handle_get(self, command: SettingsGet, principal: Principal) -> SettingsReply:
        """settings.get: as they are once the changes that were asked for before are kept or refused."""
        async with self._writing:
            return SettingsReply(values=tree.flatten(self._config))

    async def handle_set(self, command: SettingsSet, principal: Principal) -> SettingsReply:
        """settings.set."""
        await self.change(command.name, command.value)
        return SettingsReply(values=tree.flatten(self._config))
