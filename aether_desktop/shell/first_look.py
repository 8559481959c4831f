"""What the desktop reads before it shows anything, and again at a refresh: the settings, the agents, the kernel, the models.

Called by the bootstrap. One part that cannot be read is said and leaves the others alone: no missing answer keeps the desktop closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from aether_desktop.bridge.client import KernelClient
from aether_desktop.stores import Stores
from kernel.errors import AetherError
from kernel.protocol.system import SettingsGet


async def first_look(
    client: KernelClient, stores: Stores, take: Callable[[Mapping[str, Any]], None], on_error: Callable[[BaseException], None]
) -> bool:
    """Have the settings put in force and fill the stores. True where the first steps were never answered.

    take: puts settings in force. on_error: is told what failed.
    """
    settings: Mapping[str, Any] = {}
    try:
        settings = (await client.execute(SettingsGet())).values
    except AetherError as error:
        on_error(error)
    take(settings)
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
