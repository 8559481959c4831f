"""The desktop in an agent's window: shown, paused, waiting, in trouble, ended; beside six tabs in the smallest window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget

from aether_desktop.apps.agent_vm.view import AgentView
from aether_desktop.shell.geometry import MIN_SIZE
from aether_desktop.theme.manager import ThemeChoice, ThemeManager
from tests.fakes.kernel_client import FakeDesktopFeed, FakeKernelClient
from tests.visual.desktop_picture import desktop_picture
from tests.visual.scene import Scene, in_both_themes
from tests.visual.scenes.agent_vm import (
    COMPLETED,
    PID,
    SIZE,
    SMALLEST,
    completed_events,
    show,
    streaming_events,
    window,
)

LACKS = "The desktop of agent 1042 has ended: Fatal server error: no screens found. It starts again at the agent's next command."
WIDE = (1320, 1090)
"""A desktop on which the picture has all its pixels."""


def desktop(
    change: Callable[[FakeDesktopFeed], None], *, at: QSize | None = None, events: Any = streaming_events, **info: Any
) -> Callable[[ThemeManager], QWidget]:
    """The agent's window with the desktop in front. change: what happens to its screen."""

    def after(view: AgentView, client: FakeKernelClient) -> None:
        assert view.desktop is not None
        change(client.desktops[PID])
        view.desktop.view._take()  # now, and not with the next frame

    return window(events, tab="desktop", after=after, at=at, graphical=True, **info)


def has_picture(feed: FakeDesktopFeed) -> None:
    """Programs run on it."""
    feed.show(desktop_picture())


def has_nothing(_feed: FakeDesktopFeed) -> None:
    """It is being started."""


def is_in_trouble(feed: FakeDesktopFeed) -> None:
    """Its server has ended, after it has shown something."""
    feed.show(desktop_picture())
    feed.tell(LACKS)


def has_ended(feed: FakeDesktopFeed) -> None:
    """So has its agent."""
    feed.show(desktop_picture())
    feed.ended = True
    feed.tell("The agent has ended.")


SCENES = (
    *in_both_themes("agent-desktop", desktop(has_picture), SIZE, show, "VN03"),
    Scene("agent-desktop-whole", desktop(has_picture), WIDE, ThemeChoice.DARK, show, "VN03"),
    *in_both_themes("agent-desktop-paused", desktop(has_picture, state="stopped", cpu_percent=0.0), SIZE, show, "VN03"),
    *in_both_themes("agent-desktop-waiting", desktop(has_nothing), SIZE, show, "VN03"),
    *in_both_themes("agent-desktop-problem", desktop(is_in_trouble), SIZE, show, "VN03"),
    *in_both_themes("agent-desktop-ended", desktop(has_ended, events=completed_events, **COMPLETED), SIZE, show, "VN03"),
    *in_both_themes("agent-desktop-smallest", desktop(has_picture, at=MIN_SIZE), SMALLEST, show, "VN03"),
    Scene("agent-desktop-smallest-problem", desktop(is_in_trouble, at=MIN_SIZE), SMALLEST, ThemeChoice.DARK, show, "VN03"),
)
