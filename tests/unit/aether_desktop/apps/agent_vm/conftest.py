"""An agent's window over a fake kernel, as the tests of its parts want it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QWidget

from aether_desktop.apps.agent_vm.view import AgentView
from aether_desktop.stores.journal import JournalStores
from kernel.protocol.fs import FileList, FsLs
from tests.fakes.app_context import World, attach, framed
from tests.fakes.kernel_client import make_info
from tests.unit.aether_desktop.apps.conftest import settle

PID = 7
MakeView = Callable[..., Any]


@pytest.fixture
def make_view(world: World) -> Iterator[MakeView]:
    windows: list[QWidget] = []

    async def make(*, journal: list[dict[str, Any]] | None = None, size: tuple[int, int] = (900, 700), **info: Any) -> AgentView:
        world.client.processes = [make_info(PID, **info)]
        world.client.journals[PID] = journal or []
        world.client.answer(FsLs, FileList(path=f"/home/agent_{PID}", entries=()))
        stores = dataclasses.replace(world.stores, journals=JournalStores(world.client))
        context = dataclasses.replace(world.context, stores=stores)
        await attach(world)
        view = AgentView(context, PID)
        window = framed(view, world.window)
        windows.append(window)
        window.resize(*size)
        window.show()
        window.activateWindow()
        await settle()
        return view

    yield make
    for window in windows:
        window.close()
        window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
