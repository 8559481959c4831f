"""The desktop with its real apps: windows, small, menus, switcher, snapping, a detached window, shortcuts, about and boot splash."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QDateTime, QPoint, QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap, QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from aether_desktop.apps.agent_vm.view import AgentView
from aether_desktop.apps.mission_control.view import MissionControl
from aether_desktop.shell.app_registry import DEFAULT_MANIFESTS, AppRegistry
from aether_desktop.shell.desktop_search import DesktopSearch
from aether_desktop.shell.geometry import Zone
from aether_desktop.shell.layout import MemoryLayoutStore
from aether_desktop.shell.main_window import MainWindow
from aether_desktop.shell.person_actions import PersonActions, about_page
from aether_desktop.shell.splash import BootSplash
from aether_desktop.shell.status import KernelState, ShellStatus, StatusFeed
from aether_desktop.shell.window_frame import WindowFrame
from aether_desktop.stores.journal import JournalStores
from aether_desktop.theme.manager import ThemeManager
from aether_desktop.widgets.file_browser import FilesView
from aether_desktop.widgets.sheet import Answer, Sheet
from aether_desktop.widgets.terminal.view import TerminalView
from kernel.protocol.fs import FileContent, FileList, FsLs, FsRead, FsStat
from kernel.protocol.tty import TtyOpen, TtyOpenReply
from tests.fakes.app_context import World, attach, make_world, run_now
from tests.fakes.kernel_client import NOW, FakeKernelClient
from tests.visual.scene import in_both_themes
from tests.visual.scenes import agent_vm, files, mission_control, terminal

PID = agent_vm.PID
Work = Callable[[MainWindow], Coroutine[Any, Any, None]]


class _NoTasks:
    """After a picture's loop has ended what would be sent to the kernel is dropped."""

    def spawn(self, work: Coroutine[Any, Any, Any], *, name: str) -> None:
        work.close()


def client_at_work() -> FakeKernelClient:
    """Four agents at work, one of them asking, two of before; a home folder; shells with a build in them."""
    client = mission_control.six()
    client.settings["desktop.first_run_done"] = True
    client.settings |= {"terminal.theme": "auto", "terminal.font_px": 13, "terminal.scrollback": 10_000}
    client.journals[PID] = agent_vm.numbered(*agent_vm.look_events())
    client.answer(FsLs, FileList(path=files.HOME, entries=files.PROJECT))
    client.answer(FsStat, files.PROJECT[5])
    client.answer(FsRead, FileContent(path=f"{files.HOME}/router.py", content=files.PROGRAM, size=len(files.PROGRAM)))
    numbers = itertools.count(1)
    client.answer(TtyOpen, lambda _command: TtyOpenReply(tty_id=f"tty_{next(numbers)}"))
    client.screens["tty_1"] = terminal.build_log().encode()
    return client


def desktop(theme: ThemeManager) -> MainWindow:
    """An empty desktop with the real apps, over a kernel that is only an answer book."""
    client = client_at_work()
    world = make_world(theme, theme, client)
    stores = replace(world.stores, journals=JournalStores(client))
    status = StatusFeed(ShellStatus(KernelState.READY, needs_you=len(client.approvals), running=4), theme)

    def make_context(_manifest: Any, handle: Any, arguments: Any) -> object:
        return replace(world.context, stores=stores, window=handle, arguments=dict(arguments))

    window = MainWindow(
        AppRegistry(DEFAULT_MANIFESTS), status, MemoryLayoutStore(), theme, make_context, logging.getLogger("visual")
    )
    PersonActions(window, client, stores)
    window.menu_bar.show_time(QDateTime.fromString("2026-11-20T10:41:00", Qt.DateFormat.ISODate))
    window.menu_bar._minute.stop()  # else a picture that is made at the turn of a minute shows the real time
    window.set_badge("mission-control", "1")
    window.world = world  # type: ignore[attr-defined] # the scene's own handle
    return window


def settle(work: Work) -> Callable[[QWidget], None]:
    """Do ``work`` on a loop, let everything arrive, and let nothing of it go on afterwards."""

    def run(widget: QWidget) -> None:
        window = _main(widget)
        run_now(_settled(window, work))

    return run


async def _settled(window: MainWindow, work: Work) -> None:
    world: World = window.world  # type: ignore[attr-defined] # see desktop
    await attach(world)
    for view in world.stores.processes.all():
        await world.stores.processes._tell(view.pid)
    await work(window)
    await _rest(window)
    mission_control.told(world.client)
    await _rest(window)
    world.context.terminals.tasks = _NoTasks()  # type: ignore[assignment] # no loop runs later
    for shown in _all(window, TerminalView):
        if shown.session is not None:
            shown.session._tasks = _NoTasks()


async def _rest(window: MainWindow) -> None:
    schedule = window.world.context.terminals.schedule  # type: ignore[attr-defined] # see desktop
    for _ in range(30):
        QApplication.processEvents()
        while schedule.busy:
            schedule._turn()
        await asyncio.sleep(0.001)
    for page in _all(window, MissionControl):
        page._previews._tell()
    for shown in _all(window, TerminalView):
        shown.refresh(patient=True)


def _all(window: MainWindow, kind: type[Any]) -> list[Any]:
    found: list[Any] = []
    for frame in window.windows.windows:
        found += frame.findChildren(kind)
    return found


def _main(widget: QWidget) -> MainWindow:
    window = getattr(widget, "desktop_window", widget)
    assert isinstance(window, MainWindow)
    return window


def _placed(window: MainWindow, frame: WindowFrame | None, rect: QRect) -> WindowFrame:
    assert frame is not None
    if window.width() > 1000:
        frame.normal_rect = rect
        frame.setGeometry(rect)
    return frame


async def open_windows(window: MainWindow) -> None:
    _placed(window, window.open_window("mission-control"), QRect(24, 52, 850, 610))
    agent = window.open_window("agent-vm", (("pid", str(PID)), ("tab", "timeline")), key=str(PID))
    _placed(window, agent, QRect(560, 118, 692, 566))
    await _rest(window)
    for view in _all(window, AgentView):
        view.timeline.list.delegate.clock_of = time.gmtime


async def drag_to_the_left_edge(window: MainWindow) -> None:
    await open_windows(window)
    bar = window.windows.windows[0].title_bar
    QTest.mousePress(bar, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(200, 20))
    for x in (600, 300, 100, 2):
        QTest.mouseMove(bar, bar.mapFromGlobal(window.mapToGlobal(QPoint(x, 400))))


async def open_more(window: MainWindow) -> None:
    _placed(window, window.open_window("files", (("path", files.HOME),)), QRect(40, 70, 760, 520))
    for view in _all(window, FilesView):
        view.model._now = lambda: NOW
        view._watch.follow = lambda _folder: None
    _placed(window, window.open_window("terminal"), QRect(80, 100, 720, 500))
    await open_windows(window)


async def snap_three(window: MainWindow) -> None:
    await open_more(window)
    by_app = {frame.spec.app_id: frame for frame in window.windows.windows}
    window.windows.close_now(by_app["files"])
    for app_id, zone in (("terminal", Zone.BOTTOM_RIGHT), ("agent-vm", Zone.TOP_RIGHT), ("mission-control", Zone.LEFT)):
        window.windows.snap(by_app[app_id], zone)


async def hold_the_switcher(window: MainWindow) -> None:
    await open_more(window)
    await _rest(window)
    QTest.keyPress(window, Qt.Key.Key_Tab, Qt.KeyboardModifier.ControlModifier)


async def search(window: MainWindow) -> None:
    _placed(window, window.open_window("mission-control"), QRect(24, 52, 850, 610))
    await _rest(window)
    found = DesktopSearch(window, window.world.client, window.world.stores)  # type: ignore[attr-defined] # see desktop
    found.panel.open()
    found.panel.field.setFocus()


def open_context_menu(widget: QWidget) -> None:
    window = _main(widget)
    picture_of_menu(window, lambda: window.desktop.menu_requested.emit(QPoint(0, 0)))


def picture_of_menu(window: QWidget, open_it: Callable[[], object]) -> None:
    """Open a menu that is a child of ``window`` and lay its picture over it."""
    open_it()
    menu = window.findChild(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly)
    assert menu is not None
    picture = QPixmap(menu.size())
    picture.fill(Qt.GlobalColor.transparent)
    menu.render(picture, QPoint(), QRegion(), QWidget.RenderFlag.DrawChildren)
    menu.close()
    _Picture(window, picture).move(60, 120)


class _Picture(QWidget):
    """A popup is a window of its own; its picture is laid over the desktop's."""

    def __init__(self, parent: QWidget, picture: QPixmap) -> None:
        super().__init__(parent)
        self._picture = picture
        self.resize(picture.size())
        self.show()

    def paintEvent(self, _event: QPaintEvent) -> None:
        QPainter(self).drawPixmap(0, 0, self._picture)


def focus_the_dock(widget: QWidget) -> None:
    window = _main(widget)
    window.activateWindow()
    window.focus_dock()


def show_shortcuts(widget: QWidget) -> None:
    _main(widget).show_shortcuts()


def show_about(widget: QWidget) -> None:
    facts = (("Version", "0.1.0"), ("Files", "/home/ada/.local/share/aether"), ("Python", "3.11.7"), ("Qt", "6.9.0"))
    content = about_page(facts)
    answers = (Answer("close", "Close", "primary", default=True),)
    Sheet(widget, "About Aether", content=content, answers=answers, width_px=460).open()


def detached(theme: ThemeManager) -> QWidget:
    """A window that is a native one of its own."""
    window = desktop(theme)
    window.resize(1280, 800)
    window.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    window.show()

    async def open_and_detach(main: MainWindow) -> None:
        await open_more(main)
        frame = next(frame for frame in main.windows.windows if frame.spec.app_id == "agent-vm")
        main.windows.detach(frame, QRect(100, 100, 760, 560))

    settle(open_and_detach)(window)
    frame = next(frame for frame in window.windows.windows if frame.detached)
    frame.desktop_window = window  # type: ignore[attr-defined] # keeps it for as long as the picture is made
    frame.prepare_to_quit = window.prepare_to_quit  # type: ignore[attr-defined] # what ends a scene calls it
    return frame


def splash(_theme: ThemeManager) -> QWidget:
    surface = QWidget()
    BootSplash(surface).set_progress("Opening the store", 0.45)
    return surface


SCENES = (
    *in_both_themes("desktop-windows", desktop, (1280, 800), settle(open_windows), "DS11"),
    *in_both_themes("desktop-small", desktop, (800, 600), settle(open_windows), "DS11"),
    *in_both_themes("desktop-smallest", desktop, (480, 360), settle(open_windows)),
    *in_both_themes("desktop-menu", desktop, (700, 500), open_context_menu, "DS06"),
    *in_both_themes("search", desktop, (1100, 760), settle(search), "DS07"),
    *in_both_themes("search-smallest", desktop, (480, 360), settle(search), "DS07"),
    *in_both_themes("snap-preview", desktop, (1280, 800), settle(drag_to_the_left_edge), "DS01"),
    *in_both_themes("snapped", desktop, (1280, 800), settle(snap_three), "DS01"),
    *in_both_themes("switcher", desktop, (1280, 800), settle(hold_the_switcher), "DS01"),
    *in_both_themes("detached", detached, (760, 560), feature="DS01"),
    *in_both_themes("dock-focus", desktop, (900, 800), focus_the_dock, "DS03"),
    *in_both_themes("shortcuts", desktop, (900, 640), show_shortcuts),
    *in_both_themes("shortcuts-smallest", desktop, (480, 360), show_shortcuts),
    *in_both_themes("about", desktop, (900, 640), show_about),
    *in_both_themes("splash", splash, (900, 600), feature="DS10"),
)
