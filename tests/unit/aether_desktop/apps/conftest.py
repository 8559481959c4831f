"""A world around an app: theme, fake kernel, real stores."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from aether_desktop.theme.manager import ThemeChoice, ThemeManager
from tests.fakes.app_context import World, make_world
from tests.fakes.kernel_client import FakeKernelClient


@pytest.fixture
def theme(qapp: QApplication, tmp_path: Path) -> Iterator[ThemeManager]:
    manager = ThemeManager(qapp, ThemeChoice.DARK, reduced_motion=True, home=tmp_path)
    yield manager
    manager.setParent(None)


@pytest.fixture
def client() -> FakeKernelClient:
    return FakeKernelClient()


@pytest.fixture
def world(theme: ThemeManager, client: FakeKernelClient) -> Iterator[World]:
    parent = QObject()
    yield make_world(theme, parent, client)
    parent.deleteLater()


async def settle() -> None:
    """Let tasks and Qt's posted events run until both rest for a few turns."""
    for _ in range(8):
        QApplication.processEvents()
        await asyncio.sleep(0)


async def wait_until(condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
    """Wait for a condition, with tasks and Qt's timers running."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it never came to be"
        QApplication.processEvents()
        await asyncio.sleep(0.002)
