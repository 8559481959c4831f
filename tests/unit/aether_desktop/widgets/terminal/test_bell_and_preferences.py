"""The bell, zoom, colours and the menu."""

from __future__ import annotations

import asyncio

import pytest
from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from aether_desktop.theme.manager import ThemeChoice, ThemeManager
from aether_desktop.theme.motion import set_reduced_motion
from aether_desktop.theme.tokens import DARK, LIGHT, contrast
from aether_desktop.widgets.terminal.colours import Scheme
from aether_desktop.widgets.terminal.preferences import TerminalPreferences
from aether_desktop.widgets.terminal.schemes import SCHEMES
from kernel.protocol.system import SettingsChanged, SettingsSet
from tests.fakes.kernel_client import FakeKernelClient
from tests.unit.aether_desktop.widgets.terminal.conftest import Rig

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
KEYPAD = Qt.KeyboardModifier.KeypadModifier


@pytest.mark.feature("TT01")
def test_the_bell_flashes_and_a_flood_of_bells_once(rig: Rig) -> None:
    set_reduced_motion(False)
    rung: list[bool] = []
    rig.view.parts.bell.rung.connect(lambda: rung.append(True))
    rig.feed(b"\x07" * 100)
    rig.feed(b"\x07")
    assert rung == [True] and rig.view.parts.bell.flashing
    before = rig.view.grab().toImage().pixel(1, 100)
    QTest.qWait(200)
    assert not rig.view.parts.bell.flashing
    assert rig.view.grab().toImage().pixel(1, 100) != before


def test_nothing_flashes_where_nothing_moves(rig: Rig) -> None:
    set_reduced_motion(True)
    rung: list[bool] = []
    rig.view.parts.bell.rung.connect(lambda: rung.append(True))
    rig.feed(b"\x07")
    assert rung == [True] and not rig.view.parts.bell.flashing


def test_keys_and_wheel_zoom_all_terminals(rig: Rig) -> None:
    preferences, start = rig.view.preferences, rig.view.font_px
    rig.key(Qt.Key.Key_Plus, CTRL | SHIFT)
    assert rig.view.font_px == start + 1 == preferences.font_px
    rig.key(Qt.Key.Key_Minus, CTRL)
    rig.key(Qt.Key.Key_Minus, CTRL | KEYPAD)
    assert rig.view.font_px == start - 1
    rig.key(Qt.Key.Key_ParenRight, CTRL | SHIFT)
    assert rig.view.font_px == start
    rig.key(Qt.Key.Key_Equal, CTRL)
    assert rig.view.font_px == start + 1
    rig.key(Qt.Key.Key_0, CTRL)
    assert rig.view.font_px == start
    preferences.set_font_px(500)
    assert rig.view.font_px == 48
    preferences.set_font_px(-5)
    assert rig.view.font_px == 6
    assert not rig.typed


def test_undo_of_the_shell_is_no_zoom(rig: Rig) -> None:
    start = rig.view.font_px
    rig.key(Qt.Key.Key_Underscore, CTRL | SHIFT)
    assert rig.view.font_px == start
    assert bytes(rig.typed) == b"\x1f"


@pytest.mark.feature("TT06")
def test_colours_are_chosen_and_told_to_programs(rig: Rig) -> None:
    rig.view.preferences.set_theme("Solarized Light")
    assert rig.view.scheme.background == 0xFDF6E3
    assert rig.view.grab().toImage().pixel(2, 2) & 0xFFFFFF == 0xFDF6E3
    rig.feed(b"\x1b]11;?\x07")
    assert b"fdfd/f6f6/e3e3" in rig.source.replies
    rig.view.preferences.set_theme("no such theme")
    assert rig.view.preferences.theme == "Solarized Light"


def test_the_desktops_theme_is_followed_unless_the_person_chose(rig: Rig, theme: ThemeManager) -> None:
    theme.choose(ThemeChoice.LIGHT)
    assert rig.view.scheme == Scheme.of(LIGHT.terminal)
    rig.view.preferences.set_theme("Nord")
    theme.choose(ThemeChoice.DARK)
    assert rig.view.scheme == SCHEMES["Nord"]


@pytest.mark.feature("TT06")
@pytest.mark.parametrize("name", sorted(SCHEMES))
def test_every_scheme_is_whole_and_readable(name: str) -> None:
    scheme = SCHEMES[name]
    assert len(scheme.ansi) == 16
    assert contrast(f"#{scheme.foreground:06x}", f"#{scheme.background:06x}") >= 4.0
    # The selection lies behind text: it must differ from the paper, and leave text readable.
    assert contrast(f"#{scheme.foreground:06x}", f"#{scheme.selection:06x}") >= 2.5
    assert scheme.selection != scheme.background


def test_tokyo_night_is_what_the_desktop_has() -> None:
    assert Scheme.of(DARK.terminal) == SCHEMES["Tokyo Night"]


async def test_the_choice_is_kept_where_the_kernel_has_a_place_for_it(theme: ThemeManager) -> None:
    client = FakeKernelClient()
    client.settings |= {"terminal.theme": "Nord", "terminal.font_px": 15}
    parent = QObject()
    preferences = TerminalPreferences(parent, client)
    await preferences.load()
    assert (preferences.theme, preferences.font_px) == ("Nord", 15)
    preferences.set_theme("auto")
    preferences.set_font_px(16)
    await asyncio.sleep(0)
    assert [(sent.name, sent.value) for sent in client.sent(SettingsSet)] == [("terminal.theme", "auto"), ("terminal.font_px", 16)]


@pytest.mark.feature("TT06")
async def test_a_change_in_the_settings_reaches_open_terminals_at_once(theme: ThemeManager) -> None:
    client = FakeKernelClient()
    client.settings |= {"terminal.theme": "auto", "terminal.font_px": 13}
    parent = QObject()
    preferences = TerminalPreferences(parent, client)
    await preferences.load()
    changes: list[tuple[str, int]] = []
    preferences.changed.connect(lambda: changes.append((preferences.theme, preferences.font_px)))
    client.publish(SettingsChanged(name="terminal.theme", value="Nord"), SettingsChanged(name="terminal.font_px", value=17))
    assert changes == [("Nord", 17)]
    for name, value in (("terminal.font_px", 17), ("terminal.font_px", "big"), ("terminal.font_px", True), ("terminal.theme", "no such")):
        client.publish(SettingsChanged(name=name, value=value))
    client.publish(SettingsChanged(name="agents.max_steps", value=3))
    assert changes == [("Nord", 17)]


async def test_an_older_word_does_not_undo_a_newer_choice(theme: ThemeManager) -> None:
    """Zooming by the wheel is faster than the kernel keeps."""
    client = FakeKernelClient()
    client.settings |= {"terminal.theme": "auto", "terminal.font_px": 13}
    parent = QObject()
    preferences = TerminalPreferences(parent, client)
    await preferences.load()
    preferences.set_font_px(14)
    preferences.set_font_px(15)
    client.publish(SettingsChanged(name="terminal.font_px", value=14))
    assert preferences.font_px == 15
    await asyncio.sleep(0)
    client.publish(SettingsChanged(name="terminal.font_px", value=16))
    assert preferences.font_px == 16


async def test_wrong_values_and_a_kernel_without_a_place_are_borne(theme: ThemeManager) -> None:
    client = FakeKernelClient()
    client.settings |= {"terminal.theme": 7, "terminal.font_px": 9000}
    parent = QObject()
    preferences = TerminalPreferences(parent, client)
    await preferences.load()
    assert (preferences.theme, preferences.font_px) == ("auto", 48)
    bare = FakeKernelClient()
    other = TerminalPreferences(parent, bare)
    await other.load()
    other.set_theme("Nord")
    await asyncio.sleep(0)
    assert bare.sent(SettingsSet) == []


def entries(menu: QMenu) -> dict[str, bool]:
    return {action.text().split("\t")[0]: action.isEnabled() for action in menu.actions() if not action.isSeparator()}


def test_the_menu_offers_what_can_be_done(rig: Rig) -> None:
    rig.feed("https://a.org\r\n")
    menu = rig.view.parts.menu.build(rig.cell(3, 0))
    offered = entries(menu)
    assert list(offered)[:2] == ["Open This Link…", "Copy"]
    assert not offered["Copy"] and not offered["Clear Scrollback"] and offered["Reset"] and offered["Colours"]
    away = entries(rig.view.parts.menu.build(QPoint(300, 200)))
    assert "Open This Link…" not in away


def test_a_record_offers_nothing_that_types(record: Rig) -> None:
    offered = entries(record.view.parts.menu.build(QPoint(30, 30)))
    assert "Paste" not in offered and "Reset" not in offered and "Find…" in offered


def test_the_menu_key_opens_it(rig: Rig) -> None:
    asked: list[QPoint] = []
    rig.view.parts.menu.open = asked.append  # type: ignore[method-assign]
    rig.key(Qt.Key.Key_Menu)
    rig.key(Qt.Key.Key_F10, SHIFT)
    assert len(asked) == 2 and not rig.typed


def test_history_is_cleared_and_a_broken_screen_reset(rig: Rig) -> None:
    rig.feed("".join(f"line {n}\r\n" for n in range(200)))
    rig.key(Qt.Key.Key_Delete, CTRL | SHIFT)
    assert len(rig.view.terminal.history) == 0
    rig.feed("\x1b(0\x1b[7mqqq")
    rig.view.commands.run("reset")
    rig.feed("qqq")
    assert rig.view.terminal.display[0].startswith("qqq")
    assert rig.source.changed_by_hand == ["clear_history", "reset"], "the screen's owner does it, under its lock"
