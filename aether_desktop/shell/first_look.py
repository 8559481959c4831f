"""What the desktop reads before it shows anything, and again at a refresh: the settings, the agents, the kernel, the models.

Called by the bootstrap. One part that cannot be read is said and leaves the others alone: no missing answer keeps the desktop closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from aether_desktop.bridge.client import KernelClient
from aether_desktop.stores import Stores
from aether_desktop.theme.manager import ThemeChoice, ThemeManager
from kernel.errors import AetherError
from kernel.protocol.system import SettingsGet

_THEMES = frozenset(choice.value for choice in ThemeChoice)


async def first_look(
    client: KernelClient, stores: Stores, theme: ThemeManager, on_error: Callable[[BaseException], None]
) -> bool:
    """Put the settings in force and fill the stores. True where the first steps were never answered; ``on_error`` is told what failed."""
    settings: Mapping[str, Any] = {}
    try:
        settings = (await client.execute(SettingsGet())).values
    except AetherError as error:
        on_error(error)
    theme.set_reduced_motion(True if settings.get("desktop.reduced_motion") else None)
    chosen = settings.get("desktop.theme")
    if chosen in _THEMES:
        theme.choose(ThemeChoice(chosen))
    await attach_all(stores, on_error)
    return settings.get("desktop.first_run_done") is False


async def attach_all(stores: Stores, on_error: Callable[[BaseException], None]) -> None:
    """Take new snapshots of everything; ``on_error`` is told of each that failed."""
    results = await asyncio.gather(
        stores.processes.attach(), stores.kernel.attach(), stores.llm.refresh(), return_exceptions=True
    )
    for result in results:
        if isinstance(result, Exception):
            on_error(result)
