"""Links with mouse and keyboard: shown, looked at, opened."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from aether_desktop.widgets.terminal.ask_bar import AskBar
from tests.unit.aether_desktop.widgets.terminal.conftest import Rig

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def opened(rig: Rig) -> list[str]:
    addresses: list[str] = []
    rig.view.parts.links.opener = lambda address: not addresses.append(address)
    return addresses


def ctrl_click(rig: Rig, column: int, line: int = 0) -> None:
    QTest.mouseClick(rig.view, Qt.MouseButton.LeftButton, CTRL, rig.cell(column, line))


def asked(bar: AskBar) -> str:
    address = bar.question.address
    assert address is not None
    return address.before + address.host + address.after


def test_a_link_under_the_pointer_says_where_it_leads(rig: Rig) -> None:
    rig.feed("go \x1b]8;;https://a.org/%20x<b>\x1b\\here\x1b]8;;\x1b\\\r\n")
    QTest.mouseMove(rig.view, rig.cell(4, 0))
    links = rig.view.parts.links
    assert links.hovered is not None and rig.view.cursor().shape() == Qt.CursorShape.PointingHandCursor
    assert "https://<b>a.org</b>/ x&lt;b&gt;" in rig.view.toolTip()
    QTest.mouseMove(rig.view, rig.cell(20, 0))
    assert links.hovered is None and rig.view.toolTip() == ""
    assert rig.view.cursor().shape() == Qt.CursorShape.IBeamCursor


def test_what_cannot_be_opened_is_no_link(rig: Rig) -> None:
    rig.feed("\x1b]8;;javascript:alert(1)\x1b\\here\x1b]8;;\x1b\\\r\n")
    QTest.mouseMove(rig.view, rig.cell(1, 0))
    assert rig.view.parts.links.hovered is None
    ctrl_click(rig, 1)
    assert rig.view.parts.bars.bar is None


@pytest.mark.feature("TT01")
def test_ctrl_click_asks_and_opens_only_when_told_so(rig: Rig, opened: list[str]) -> None:
    rig.feed("see https://a.org/x now\r\n")
    ctrl_click(rig, 8)
    bar = rig.view.parts.bars.bar
    assert bar is not None and asked(bar) == "https://a.org/x" and bar.hasFocus()
    rig.settle()
    assert bar.button("").hasFocus()
    rig.key(Qt.Key.Key_Escape)
    assert opened == [] and rig.view.hasFocus()
    ctrl_click(rig, 8)
    rig.settle()
    rig.key(Qt.Key.Key_Tab)
    rig.key(Qt.Key.Key_Return)
    assert opened == ["https://a.org/x"]
    assert not rig.typed


def test_a_plain_click_selects_and_opens_nothing(rig: Rig, opened: list[str]) -> None:
    rig.feed("https://a.org/x\r\n")
    QTest.mouseClick(rig.view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, rig.cell(3, 0))
    assert rig.view.parts.bars.bar is None and opened == []


def test_the_keyboard_reaches_every_link_that_shows(rig: Rig, opened: list[str]) -> None:
    rig.feed("https://a.org\r\nhttps://b.org\r\n")
    rig.key(Qt.Key.Key_U, CTRL | SHIFT)
    bars = rig.view.parts.bars
    assert bars.bar is not None and asked(bars.bar) == "https://b.org"
    bars.bar.answer("other")
    assert bars.bar is not None and asked(bars.bar) == "https://a.org"
    bars.bar.answer("copy")
    assert QGuiApplication.clipboard().text() == "https://a.org" and opened == []


def test_what_is_copied_is_what_would_be_opened(rig: Rig, opened: list[str]) -> None:
    rig.feed("\x1b]8;;https://evil.org\\@example.org/\x1b\\here\x1b]8;;\x1b\\\r\n")
    for answer in ("copy", "open"):
        ctrl_click(rig, 1)
        assert rig.view.parts.bars.bar is not None
        rig.view.parts.bars.bar.answer(answer)
    assert [QGuiApplication.clipboard().text()] == opened == ["https://evil.org%5C@example.org/"]


def test_an_address_that_nothing_here_opens_is_said_and_can_be_copied(rig: Rig) -> None:
    rig.view.parts.links.opener = lambda _address: False
    rig.feed("https://a.org/x\r\nmailto:a@b.org\r\n")
    bars = rig.view.parts.bars
    for line, program, address in ((0, "no web browser", "https://a.org/x"), (1, "no mail program", "mailto:a@b.org")):
        ctrl_click(rig, 9, line)
        assert bars.bar is not None
        bars.bar.answer("open")
        assert bars.bar is not None and program in bars.bar.question.title and bars.bar.hasFocus()
        bars.bar.answer("copy")
        assert bars.bar is None and QGuiApplication.clipboard().text() == address and rig.view.hasFocus()


def test_of_a_file_only_its_folder_is_shown_and_only_of_this_machine(rig: Rig, opened: list[str], tmp_path: Path) -> None:
    (tmp_path / "run.desktop").write_text("x")
    rig.feed(f"\x1b]8;;file://{tmp_path}/run.desktop\x1b\\file\x1b]8;;\x1b\\\r\n")
    ctrl_click(rig, 1)
    bar = rig.view.parts.bars.bar
    assert bar is not None and "open" not in bar._by_key
    bar.answer("")
    rig.view.parts.links.files_are_here = True
    ctrl_click(rig, 1)
    bar = rig.view.parts.bars.bar
    assert bar is not None
    bar.answer("open")
    assert opened == [f"file://{tmp_path}"]


def test_a_program_that_takes_the_mouse_gets_plain_clicks(rig: Rig) -> None:
    rig.feed("https://a.org\r\n\x1b[?1000h\x1b[?1006h")
    QTest.mouseClick(rig.view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, rig.cell(3, 0))
    assert bytes(rig.typed) == b"\x1b[<0;4;1M\x1b[<0;4;1m"
