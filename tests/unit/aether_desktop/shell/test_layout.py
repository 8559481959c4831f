"""The layout survives a restart, a crash while writing, and any file that somebody put there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QRect, Qt, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aether_desktop.shell.geometry import Zone
from aether_desktop.shell.layout import JsonLayoutStore, LayoutRecord, MemoryLayoutStore, NativePlace, WindowRecord
from aether_desktop.shell.layout_keeper import LayoutKeeper
from aether_desktop.shell.native_place import first_place, place_of, remembered_place
from tests.unit.aether_desktop.shell.conftest import MakeDesktop

LAYOUT = LayoutRecord(
    windows=(
        WindowRecord("files", x=10, y=40, width=700, height=500),
        WindowRecord("agent-vm", "7", (("pid", "7"),), 90, 60, 1000, 700, Zone.LEFT, minimised=True),
    ),
    wallpaper="ember",
)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    store = JsonLayoutStore(tmp_path / "state" / "layout.json")
    assert store.load() == LayoutRecord()
    store.save(LAYOUT)
    assert store.load() == LAYOUT
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["layout.json"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"windows": 3}',
        b'{"windows": [{"app_id": 1}]}',
        b'{"windows": [{"app_id": "a", "zone": "nowhere"}]}',
        b'{"windows": [{"app_id": "a", "x": 1e400}]}',
        b" " * (2 << 20),
    ],
)
def test_a_broken_file_is_no_layout(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "layout.json"
    path.write_bytes(data)
    assert JsonLayoutStore(path).load() == LayoutRecord()


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/zero")], ids=["pipe", "folder", "device"])
def test_what_is_no_file_is_no_layout_and_keeps_nobody_waiting(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "layout.json")
    open_before = len(os.listdir("/proc/self/fd"))
    assert JsonLayoutStore(tmp_path / "layout.json").load() == LayoutRecord()
    assert len(os.listdir("/proc/self/fd")) == open_before


def test_windows_with_absurd_places_are_left_out(tmp_path: Path) -> None:
    store = JsonLayoutStore(tmp_path / "layout.json")
    store.save(LayoutRecord(windows=(WindowRecord("a", x=10**7), WindowRecord("b"), WindowRecord(""))))
    assert [window.app_id for window in store.load().windows] == ["b"]


def test_a_layout_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    JsonLayoutStore(tmp_path / "file" / "layout.json").save(LAYOUT)


def test_a_failure_while_replacing_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = JsonLayoutStore(tmp_path / "layout.json")
    store.save(LAYOUT)

    def fail(_descriptor: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    store.save(LayoutRecord())
    assert store.load() == LAYOUT
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.feature("DS01")
def test_the_desktop_comes_back_as_it_was(make_desktop: MakeDesktop) -> None:
    store = MemoryLayoutStore()
    before = make_desktop(store)
    before.restore()
    files = before.open_window("files")
    agent = before.open_window("agent-vm", (("pid", "7"),), key="7")
    terminal = before.open_window("terminal")
    assert files is not None
    assert agent is not None
    assert terminal is not None
    files.setGeometry(50, 60, 640, 420)
    files.normal_rect = QRect(50, 60, 640, 420)
    before.windows.snap(agent, Zone.RIGHT)
    before.windows.minimise(terminal)
    before.windows.activate(files)
    before.choose_wallpaper("lagoon")
    before.prepare_to_quit()

    after = make_desktop(store)
    assert after.restore()
    assert after.wallpaper == "lagoon"
    assert [frame.window_id for frame in after.windows.windows][:2] == ["files", "agent-vm:7"]
    again = {frame.spec.app_id: frame for frame in after.windows.windows}
    assert again["files"].geometry() == QRect(50, 60, 640, 420)
    assert again["agent-vm"].zone is Zone.RIGHT
    assert again["agent-vm"].arguments == (("pid", "7"),)
    assert again["terminal"].isHidden()
    assert after.windows.active is again["files"]


def test_a_layout_with_an_app_that_is_gone_opens_the_rest(make_desktop: MakeDesktop) -> None:
    store = MemoryLayoutStore(LayoutRecord(windows=(WindowRecord("was-removed"), WindowRecord("files"))))
    desktop = make_desktop(store)
    desktop.restore()
    assert [frame.window_id for frame in desktop.windows.windows] == ["files"]
    assert "was-removed" in desktop.notices.shown[0].title


def test_changes_are_saved_a_moment_later_and_only_once(make_desktop: MakeDesktop, qtbot: QtBot) -> None:
    saved: list[LayoutRecord] = []

    class Recorder(MemoryLayoutStore):
        def save(self, layout: LayoutRecord) -> None:
            saved.append(layout)

    desktop = make_desktop(Recorder())
    desktop.restore()
    desktop.open_app("files")
    desktop.open_app("mission-control")
    qtbot.waitUntil(lambda: bool(saved), timeout=3000)
    assert [window.app_id for window in saved[-1].windows] == ["files", "mission-control"]
    assert len(saved) == 1


def test_a_window_that_never_rests_does_not_keep_the_layout_from_being_saved(qtbot: QtBot) -> None:
    """An agent at work changes its window many times a second."""
    saved: list[LayoutRecord] = []

    class Recorder(MemoryLayoutStore):
        def save(self, layout: LayoutRecord) -> None:
            saved.append(layout)

    owner = QObject()
    keeper = LayoutKeeper(Recorder(), lambda: LAYOUT, owner)
    keeper.begin()
    busy = QTimer(owner)
    busy.timeout.connect(keeper.note_change)
    busy.start(50)
    qtbot.waitUntil(lambda: bool(saved), timeout=3000)
    assert saved == [LAYOUT]


@pytest.mark.feature("DS01")
def test_a_title_that_stays_the_same_is_no_change(make_desktop: MakeDesktop) -> None:
    frame = make_desktop().open_window("files")
    assert frame is not None
    changes: list[str] = []
    frame.content_changed.connect(lambda: changes.append(frame.title_bar.title))
    frame.set_title("Coder · 7", "Count the words")
    for _ in range(5):
        frame.set_title("Coder · 7", "Count the words")
        frame.set_arguments((("pid", "7"),))
    assert changes == ["Coder · 7", "Coder · 7"]
    frame.set_title("Coder · 7", "Write the report")
    assert len(changes) == 3


@pytest.mark.feature("DS01")
def test_an_end_before_the_windows_were_there_keeps_the_layout_of_the_last_time(make_desktop: MakeDesktop, tmp_path: Path) -> None:
    """Closed while the splash was shown, or after a kernel that could not start."""
    store = JsonLayoutStore(tmp_path / "layout.json")
    store.save(LAYOUT)
    desktop = make_desktop(store)
    desktop.put_in_place([QRect(0, 0, 1920, 1080)], QRect(0, 0, 1920, 1080))
    desktop.save_layout()
    desktop.close()
    desktop.prepare_to_quit()
    assert store.load() == LAYOUT


@pytest.mark.feature("DS01")
def test_the_native_window_comes_back_in_its_place(make_desktop: MakeDesktop, qtbot: QtBot) -> None:
    store = MemoryLayoutStore()
    before = make_desktop(store)
    before.restore()
    before.setGeometry(210, 120, 900, 640)
    qtbot.waitUntil(lambda: store.layout.native == NativePlace(210, 120, 900, 640), timeout=3000)
    before.setWindowState(Qt.WindowState.WindowMaximized)
    before.prepare_to_quit()
    assert store.layout.native == NativePlace(210, 120, 900, 640, maximised=True)
    screens = [QRect(0, 0, 1920, 1080)]
    after = make_desktop(store)
    after.put_in_place(screens, screens[0])
    assert after.isMaximized()
    assert place_of(after) == NativePlace(210, 120, 900, 640, maximised=True)


@pytest.mark.parametrize(
    "place", [NativePlace(5000, 40, 900, 700), NativePlace(-9000, -9000, 900, 700), NativePlace(10, 10, 50_000, 50_000)]
)
def test_a_native_window_whose_screen_is_gone_comes_back_on_one_that_is_there(place: NativePlace) -> None:
    screens = [QRect(0, 30, 1280, 770), QRect(1280, 0, 1920, 1080)]
    rect = remembered_place(place, screens)
    assert any(screen.contains(rect) for screen in screens)


def test_the_first_place_is_the_middle_or_the_whole_of_a_small_screen() -> None:
    assert first_place(QRect(0, 0, 1920, 1080)) == (QRect(240, 90, 1440, 900), False)
    assert first_place(QRect(0, 0, 1280, 800)) == (QRect(0, 0, 1280, 800), True)


@pytest.mark.parametrize("native", ['{"x": 1e9, "y": 0, "width": 900, "height": 700}', '{"width": -4, "height": 9}', "null", "{}"])
def test_an_absurd_native_place_is_none(tmp_path: Path, native: str) -> None:
    path = tmp_path / "layout.json"
    path.write_text('{"windows": [{"app_id": "files"}], "native": ' + native + "}")
    layout = JsonLayoutStore(path).load()
    assert layout.native is None
    assert len(layout.windows) == (0 if "1e9" in native else 1)


def test_the_place_of_a_detached_window_is_kept_without_anything_else_changing(make_desktop: MakeDesktop, qtbot: QtBot) -> None:
    store = MemoryLayoutStore()
    desktop = make_desktop(store)
    desktop.restore()
    frame = desktop.open_app("files")
    assert frame is not None
    desktop.windows.detach(frame)
    desktop.save_layout()
    frame.setGeometry(60, 70, 640, 480)
    qtbot.waitUntil(lambda: [(w.x, w.y, w.width, w.height) for w in store.load().windows] == [(60, 70, 640, 480)], timeout=3000)


def test_a_detached_window_comes_back_detached(make_desktop: MakeDesktop) -> None:
    store = MemoryLayoutStore()
    before = make_desktop(store)
    before.restore()
    frame = before.open_window("files")
    assert frame is not None
    before.windows.detach(frame)
    place = frame.geometry()
    before.prepare_to_quit()
    after = make_desktop(store)
    after.restore()
    restored = after.windows.windows[0]
    assert restored.detached
    assert restored.isWindow()
    assert restored.size() == place.size()


@pytest.mark.feature("DS01")
@pytest.mark.parametrize(
    "place", [(1300, 700, 900, 650), (-5000, -5000, 400, 300), (99_999, 10, 99_999, 99_999), (0, 0, 0, 0), (-90, -90, -5, -5)]
)
@pytest.mark.parametrize("zone", list(Zone))
def test_windows_come_back_within_reach_on_a_smaller_screen(
    make_desktop: MakeDesktop, place: tuple[int, int, int, int], zone: Zone
) -> None:
    x, y, width, height = place
    record = WindowRecord("files", x=x, y=y, width=width, height=height, zone=zone)
    desktop = make_desktop(MemoryLayoutStore(LayoutRecord(windows=(record,))), (640, 480))
    assert desktop.restore()
    (frame,) = desktop.windows.windows
    bar = QRect(frame.pos(), frame.title_bar.size())
    seen = bar.intersected(desktop.work_area())
    assert seen.width() >= 96
    assert bar.top() >= desktop.work_area().top()
    assert frame.isVisible()


@pytest.mark.parametrize("place", [(5000, 40, 700, 500), (-9000, -9000, 700, 500), (10, 10, 50_000, 50_000)])
def test_a_detached_window_whose_screen_is_gone_comes_back_on_one_that_is_there(
    make_desktop: MakeDesktop, place: tuple[int, int, int, int]
) -> None:
    x, y, width, height = place
    record = WindowRecord("files", x=x, y=y, width=width, height=height, detached=True)
    desktop = make_desktop(MemoryLayoutStore(LayoutRecord(windows=(record,))))
    desktop.restore()
    (frame,) = desktop.windows.windows
    assert frame.detached
    assert any(screen.availableGeometry().contains(frame.geometry()) for screen in QApplication.screens())


def test_a_broken_file_does_not_keep_the_desktop_from_starting(make_desktop: MakeDesktop, tmp_path: Path) -> None:
    path = tmp_path / "layout.json"
    path.write_bytes(b'{"windows": [{"app_id": "files", "zone": 7}]')
    store = JsonLayoutStore(path)
    desktop = make_desktop(store)
    assert not desktop.restore()
    desktop.open_app("files")
    desktop.prepare_to_quit()
    assert [window.app_id for window in store.load().windows] == ["files"]
