"""An ``AppContext`` for tests: fake kernel, real stores and theme, and a window that remembers what it was told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from aether_desktop.apps.context import AppContext
from aether_desktop.stores import Stores
from aether_desktop.stores.kernel import KernelStore
from aether_desktop.stores.llm import LlmStore
from aether_desktop.stores.processes import ProcessStore
from aether_desktop.theme.manager import ThemeManager
from aether_desktop.widgets.notice import Notice
from aether_desktop.widgets.terminal.factory import TerminalFactory
from aether_desktop.widgets.window_handle import CloseGuard
from tests.fakes.kernel_client import FakeKernelClient

T = TypeVar("T")


def run_now(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that waits for nothing outside of the fakes."""
    with asyncio.Runner() as runner:
        return runner.run(work)


class FakeWindow:
    """A ``WindowHandle`` without a window."""

    def __init__(self) -> None:
        self.window_id = "test"
        self.title = ""
        self.subtitle = ""
        self.widgets: tuple[QWidget, ...] = ()
        self.guard: CloseGuard | None = None
        self.arguments: tuple[tuple[str, str], ...] = ()
        self.states: dict[str, str] = {}
        self.attention = False
        self.floor = ""
        self.raised = 0
        self.close_requests = 0

    def set_title(self, title: str, subtitle: str = "") -> None:
        self.title, self.subtitle = title, subtitle

    def set_title_widgets(self, widgets: Sequence[QWidget]) -> None:
        self.widgets = tuple(widgets)

    def set_close_guard(self, guard: CloseGuard | None) -> None:
        self.guard = guard

    def set_arguments(self, arguments: Sequence[tuple[str, str]]) -> None:
        self.arguments = tuple(arguments)

    def state(self, key: str) -> str:
        return self.states.get(key, "")

    def set_state(self, key: str, value: str) -> None:
        self.states[key] = value

    def set_attention(self, wanted: bool) -> None:
        self.attention = wanted

    def set_floor(self, colour: str) -> None:
        self.floor = colour

    def raise_window(self) -> None:
        self.raised += 1

    def request_close(self) -> bool:
        self.close_requests += 1
        return True


@dataclass
class World:
    """Everything around an app under test."""

    client: FakeKernelClient
    context: AppContext
    window: FakeWindow
    opened: list[tuple[str, dict[str, str], str, str]] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    notice_actions: list[Callable[[], None] | None] = field(default_factory=list)

    @property
    def stores(self) -> Stores:
        return self.context.stores


def make_world(
    theme: ThemeManager, parent: QObject, client: FakeKernelClient | None = None, arguments: dict[str, str] | None = None
) -> World:
    """Stores over a fake kernel (not attached yet) and a context whose windows and notices are kept in lists."""
    fake = client or FakeKernelClient()
    window = FakeWindow()
    stores = Stores(
        processes=ProcessStore(fake, parent),
        llm=LlmStore(fake, parent),
        kernel=KernelStore(fake, parent),
        journals=None,  # type: ignore[arg-type] # apps that read journals bring their own
    )
    opened: list[tuple[str, dict[str, str], str, str]] = []
    notices: list[Notice] = []
    actions: list[Callable[[], None] | None] = []

    def open_window(app_id: str, arguments: Any = (), *, key: str = "", title: str = "") -> None:
        opened.append((app_id, dict(arguments), key, title))

    def notify(notice: Notice, on_action: Callable[[], None] | None = None) -> None:
        notices.append(notice)
        actions.append(on_action)

    context = AppContext(
        client=fake,
        stores=stores,
        window=window,
        arguments=arguments or {},
        open_window=open_window,
        notify=notify,
        theme=theme,
        terminals=TerminalFactory(fake, parent),
    )
    return World(fake, context, window, opened, notices, actions)


async def attach(world: World) -> None:
    """Take the first snapshots."""
    await asyncio.gather(
        world.stores.processes.attach(), world.stores.kernel.attach(), world.stores.llm.refresh()
    )


def framed(content: QWidget, window: FakeWindow) -> QWidget:
    """The content below a row of its title bar widgets, as in a window."""
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    row = QHBoxLayout()
    row.setContentsMargins(12, 7, 12, 7)
    row.addStretch(1)
    for widget in window.widgets:
        row.addWidget(widget)
    column.addLayout(row)
    column.addWidget(content, 1)
    return page
