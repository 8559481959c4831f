"""An address is shown with its host whole, at every width."""

from __future__ import annotations

import re

import pytest
from PySide6.QtWidgets import QApplication

from aether_desktop.widgets.terminal.address_text import Address, Piece, cells_of, fitted, lines_of
from aether_desktop.widgets.terminal.ask_bar import MARGIN_PX
from aether_desktop.widgets.terminal.links import Links
from tests.unit.aether_desktop.widgets.terminal.conftest import Rig

LONG = Address("https://", "accounts.google.com-" + "signin-" * 9 + "x.evil.io", "/" + "z" * 30)


def host_of(lines: list[list[Piece]]) -> str:
    return "".join(piece.text for line in lines for piece in line if piece.host)


@pytest.mark.parametrize("columns", [8, 30, 33, 82, 90, 200])
@pytest.mark.parametrize(
    "address",
    [
        LONG,
        Address("https://accounts.google.com" + "x" * 1900 + "@", "evil.io", "/"),
        Address("https://accounts.google.com@", "evil.io", "/" + "z" * 1900),
        Address("https://" + "u" * 900 + "@", "evil.io", "/" + "日本語" * 200),
        Address("https://", "a.evil.io", "/日本語" * 20),
    ],
)
@pytest.mark.parametrize("rows", [1, 5])
def test_the_host_is_whole_or_its_end_is(address: Address, columns: int, rows: int) -> None:
    lines = lines_of(fitted(address, columns, rows), columns)
    assert 1 <= len(lines) <= rows
    for line in lines:
        assert all(piece.column + cells_of(piece.text) <= columns for piece in line)
    shown = host_of(lines)
    if len(address.host) <= columns * rows:
        assert shown == address.host
    else:
        assert shown.startswith("…") and address.host.endswith(shown[1:]) and len(shown) == columns * rows


def test_what_has_room_is_shown_to_its_last_character() -> None:
    lines = lines_of(fitted(LONG, 40, 5), 40)
    assert "".join(piece.text for line in lines for piece in line) == LONG.before + LONG.host + LONG.after
    assert [sum(cells_of(piece.text) for piece in line) for line in lines][:-1] == [40] * (len(lines) - 1)


@pytest.mark.parametrize("size", [401, 420, 1021, 1390, 1400, 1410, 1900, 12_000])
@pytest.mark.parametrize("written", ["z", "日", "z日本"])
def test_how_much_is_left_out_is_counted_where_there_is_room(size: int, written: str) -> None:
    after = "/" + (written * size)[:size]
    shown = fitted(Address("https://", "a.org", after), 80, 5)
    start, count, end = re.fullmatch(r"([^…]*)… ([\d,]+) characters …([^…]*)", shown.after, re.DOTALL).groups()  # type: ignore[union-attr]
    assert after.startswith(start) and after.endswith(end) and start and end
    assert int(count.replace(",", "")) == len(after) - len(start) - len(end)
    assert shown.before == "https://" and 400 - 20 <= cells_of("https://a.org" + shown.after) <= 400


@pytest.mark.parametrize(("width", "height"), [(700, 400), (300, 200), (300, 100), (200, 120), (120, 60)])
def test_in_every_window_the_host_shows_where_it_can_be_opened(rig: Rig, width: int, height: int) -> None:
    rig.view.resize(width, height)
    rig.feed("\x1b]8;;https://accounts.google.com.signin.security-check.evil.io/x\x1b\\https://google.com sign in\x1b]8;;\x1b\\\r\n")
    links: Links = rig.view.parts.links
    links.ask_newest()
    rig.settle()
    QApplication.processEvents()
    bar = rig.view.parts.bars.bar
    assert bar is not None and bar._address is not None
    text = bar._address
    shown = host_of(text.shown(text.width()))
    assert shown.removeprefix("…").endswith("evil.io")
    assert text.height() >= text.heightForWidth(text.width())
    shown_buttons = [button for answer in bar.question.answers if (button := bar.button(answer.key)).isVisible()]
    assert shown_buttons[0] is bar.button("") and shown_buttons[0].hasFocus()
    for button in shown_buttons:
        assert button.width() >= button.sizeHint().width()
        assert rig.view.rect().contains(button.geometry().translated(bar.pos()))
    if width >= 300 and height >= 200:
        assert shown == "accounts.google.com.signin.security-check.evil.io"
        assert len(shown_buttons) >= 2 and bar.geometry().top() >= 0 and bar.geometry().bottom() <= rig.view.height() - MARGIN_PX
    assert not bar.button("open").isVisible() or rig.view.rect().contains(text.geometry().translated(bar.pos()))
    rig.view.resize(900, 600)
    QApplication.processEvents()
    assert all(bar.button(answer.key).isVisible() for answer in bar.question.answers) and bar.button("").hasFocus()
