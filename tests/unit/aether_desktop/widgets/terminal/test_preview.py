"""A terminal on a card: its last lines as the terminal itself paints them, or a whole screen in small."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSizeF
from PySide6.QtGui import QImage

from aether_desktop.theme.tokens import DARK
from aether_desktop.widgets.terminal.atlases import Atlases
from aether_desktop.widgets.terminal.colours import Scheme
from aether_desktop.widgets.terminal.painter import ScreenPainter
from aether_desktop.widgets.terminal.preview import FONT_PX, MOST_BLANK, MOST_CELLS, TerminalPreview, last_rows
from kernel.term import Terminal

pytestmark = [pytest.mark.usefixtures("qapp"), pytest.mark.feature("MC01")]
SCHEME = Scheme.of(DARK.terminal)
ROOM = QSizeF(300, 100)


@pytest.fixture(scope="module")
def atlases(qapp: object) -> Atlases:
    return Atlases()


def screen(data: bytes, columns: int = 40, lines: int = 10) -> Terminal:
    terminal = Terminal(columns, lines)
    terminal.feed(data)
    return terminal


def texts(terminal: Terminal, count: int = 8, *, to_cursor: bool = False) -> list[str]:
    return [terminal.clusters.expand(row.text).rstrip() for row in last_rows(terminal, count, to_cursor=to_cursor)[1]]


def finished(preview: TerminalPreview, terminal: Terminal, *, running: bool = False) -> QImage:
    picture = preview.picture(terminal, ROOM, running=running)
    while not preview.complete:
        picture = preview.picture(terminal, ROOM, running=running)
    assert picture is not None
    return picture.image


def test_the_last_lines_are_taken_from_the_screen_and_its_history() -> None:
    many = screen(b"".join(b"line %d\r\n" % n for n in range(50)))
    assert texts(many, 3) == ["line 47", "line 48", "line 49"]
    assert texts(many, 3, to_cursor=True) == ["line 48", "line 49", ""]
    assert len(texts(many, 30)) == 30
    assert len(texts(many, 90)) == 50
    assert texts(screen(b"a\r\n\r\nb\r\n\r\n\r\n")) == ["a", "", "b"]
    assert texts(screen(b"a\r\n\r\nb\x1b[1;2H"), to_cursor=True) == ["a", "", "b"]
    assert texts(screen(b"a\x1b[?25l\r\n\r\n"), to_cursor=True) == ["a"]


def test_nothing_printed_is_no_picture(atlases: Atlases) -> None:
    preview = TerminalPreview(atlases, 1.0, SCHEME)
    for data in (b"", b"\r\n\r\n", b"gone\x1b[2J\x1b[H"):
        assert preview.picture(screen(data), ROOM, running=True) is None
        assert preview.complete


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_lines_look_exactly_as_in_the_terminal(atlases: Atlases, ratio: float) -> None:
    data = "\x1b[31;1mred\x1b[0m \x1b[44;4mline\x1b[0m ┌─┐ 日本 e\u0301 👩‍👩‍👧 \x1b[7mback\x1b[0m\r\n\x1b[3;38;2;1;200;3mtrue".encode()
    terminal = screen(data)
    image = finished(TerminalPreview(atlases, ratio, SCHEME), terminal)
    assert image.devicePixelRatio() == ratio
    itself = ScreenPainter(Atlases().get(FONT_PX, ratio), SCHEME)
    itself.paint(terminal, terminal.rows, patient=True)
    assert image.width() == itself.image.width()
    both = min(image.height(), itself.image.height())
    assert image.copy(0, 0, image.width(), both) == itself.image.copy(0, 0, image.width(), both)


def test_the_cursor_shows_where_the_next_text_comes(atlases: Atlases) -> None:
    preview = TerminalPreview(atlases, 1.0, SCHEME)
    cell = atlases.get(FONT_PX, 1.0).geometry
    picture = preview.picture(screen(b"one\r\n$ "), ROOM, running=True)
    assert picture is not None
    assert picture.cursor is not None
    assert (picture.cursor.left(), picture.cursor.top()) == (2 * cell.width, cell.height)
    for data, running in ((b"one\r\n$ ", False), (b"one\x1b[?25l", True)):
        picture = preview.picture(screen(data), ROOM, running=running)
        assert picture is not None
        assert picture.cursor is None
    above = preview.picture(screen(b"\x1b[9;1Hlast\x1b[1;1H"), QSizeF(300, 2 * cell.height), running=True)
    assert above is not None
    assert above.cursor is None


def test_a_program_that_fills_its_screen_shows_whole_and_lines_come_back(atlases: Atlases) -> None:
    preview = TerminalPreview(atlases, 1.0, SCHEME)
    terminal = screen(b"before\r\n")
    before = finished(preview, terminal).copy()
    terminal.feed(b"\x1b[?1049h\x1b[2J\x1b[41m   ")
    picture = preview.picture(terminal, ROOM, running=True)
    assert picture is not None
    assert picture.whole
    assert (picture.image.width(), picture.image.height()) == (80, 40)
    terminal.feed(b"\x1b[?1049l")
    assert finished(preview, terminal) == before


def test_a_screen_too_large_to_show_whole_shows_its_last_lines(atlases: Atlases) -> None:
    terminal = Terminal(1000, MOST_CELLS // 1000 + 1)
    terminal.feed(b"\x1b[?1049h\x1b[Hword")
    picture = TerminalPreview(atlases, 1.0, SCHEME).picture(terminal, ROOM, running=True)
    assert picture is not None
    assert not picture.whole


@pytest.mark.parametrize("alternate", [b"", b"\x1b[?1049h"])
def test_colours_that_the_program_changes_show_at_once(atlases: Atlases, alternate: bytes) -> None:
    preview = TerminalPreview(atlases, 1.0, SCHEME)
    terminal = screen(alternate + b"\x1b[42mpaper\x1b[0m word ")
    finished(preview, terminal)
    for colours in (b"\x1b]11;#102030\x07\x1b]4;2;#ff00ff\x07\x1b]12;#abcdef\x07", b"\x1b[?5h", b"\x1b]111\x07\x1b]104\x07\x1b[?5l"):
        terminal.feed(colours)
        old, fresh = finished(preview, terminal), finished(TerminalPreview(atlases, 1.0, SCHEME), terminal)
        assert old == fresh, colours
    assert preview.picture(terminal, ROOM, running=True)[3] == 0xABCDEF  # type: ignore[index] # ink of the cursor


def test_the_paper_around_it_is_the_program_s(atlases: Atlases) -> None:
    preview = TerminalPreview(atlases, 1.0, SCHEME)
    for data, paper in ((b"x", SCHEME.background), (b"x\x1b]11;#102030\x07", 0x102030), (b"x\x1b[?5h", SCHEME.foreground)):
        picture = preview.picture(screen(data), ROOM, running=True)
        assert picture is not None
        assert picture.paper == paper


def test_previews_that_have_no_room_for_all_their_glyphs_are_finished_side_by_side() -> None:
    atlases, fresh = Atlases(), Atlases()
    atlas = atlases.get(FONT_PX, 1.0)
    atlas.most_tiles = 1000
    texts = ["".join(chr(first + number) for number in range(1000)) for first in (0x4E00, 0x6E00)]
    shown = [(TerminalPreview(atlases, 1.0, SCHEME), screen(text.encode(), columns=400)) for text in texts]
    for _ in range(30):
        for preview, terminal in shown:
            assert preview.picture(terminal, ROOM, running=False) is not None
        if all(preview.complete for preview, _ in shown):
            break
    assert all(preview.complete for preview, _ in shown)
    for preview, terminal in shown:
        assert finished(preview, terminal) == finished(TerminalPreview(fresh, 1.0, SCHEME), terminal)


def test_blank_lines_without_end_are_not_all_looked_at() -> None:
    terminal = Terminal(40, 10)
    terminal.feed(b"long ago\r\n" + b"\r\n" * (MOST_BLANK - 20))
    assert texts(terminal) == ["long ago"]
    terminal.feed(b"\r\n" * 60)
    assert texts(terminal) == []
