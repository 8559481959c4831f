"""A window that was closed leaves nothing behind: no reader of terminals, no listener that would wake a dead widget."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QWidget
from pytestqt.exceptions import capture_exceptions

from aether_desktop.apps.first_run.app import create as create_first_run
from aether_desktop.apps.mission_control.app import create as create_mission_control
from aether_desktop.apps.settings.app import create as create_settings
from aether_desktop.theme.manager import ThemeChoice
from kernel.protocol.agent import AgentThinkingChunk
from kernel.protocol.system import KernelMetrics, LlmChanged
from tests.fakes.app_context import World, attach
from tests.fakes.kernel_client import make_approval, make_info
from tests.unit.aether_desktop.apps.conftest import settle


@pytest.mark.parametrize("create", [create_mission_control, create_first_run, create_settings])
async def test_a_closed_window_hears_nothing(world: World, create: Callable[..., QWidget]) -> None:
    world.client.processes = [make_info(1)]
    world.client.approvals = [make_approval(1)]
    await attach(world)
    listeners = world.client.listeners
    view = create(world.context)
    view.resize(800, 600)
    view.show()
    await settle()
    view.close()
    view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    await settle()
    assert world.client.listeners == listeners
    assert all(feed.closed for feed in world.client.terminals.values())
    with capture_exceptions() as raised:
        world.client.publish(
            AgentThinkingChunk(pid=1, step=1, kind="text", content="x"),
            LlmChanged(),
            KernelMetrics(process_count=1, cpu_percent=1, memory_mb=1),
        )
        world.context.theme.choose(ThemeChoice.LIGHT)
        await settle()
    assert raised == []
