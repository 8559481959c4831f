"""Observable state for widgets: each store holds frozen pictures and says what changed with one signal.

Events become state in ``reducers`` (pure functions); a store only keeps the result and says which keys changed, at most once
for each batch of events. No store is polled. Made once by the bootstrap through ``build_stores``.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from aether_desktop.bridge.client import KernelClient
from aether_desktop.stores.kernel import KernelStore
from aether_desktop.stores.llm import LlmStore
from aether_desktop.stores.processes import ProcessStore

if TYPE_CHECKING:
    from aether_desktop.stores.journal import JournalStores


@dataclass(frozen=True, slots=True)
class Stores:
    """All stores of one kernel."""

    processes: ProcessStore
    llm: LlmStore
    kernel: KernelStore
    journals: JournalStores

    async def attach(self) -> None:
        """Take the first snapshots, or new ones. Raises AetherError when the kernel does not answer."""
        await asyncio.gather(self.processes.attach(), self.kernel.attach(), self.llm.refresh())


def build_stores(client: KernelClient, parent: QObject) -> Stores:
    """The stores of ``client``, owned by ``parent``; nothing is asked of the kernel before ``attach``."""
    from aether_desktop.stores.journal import JournalStores

    return Stores(
        processes=ProcessStore(client, parent),
        llm=LlmStore(client, parent),
        kernel=KernelStore(client, parent),
        journals=JournalStores(client),
    )
