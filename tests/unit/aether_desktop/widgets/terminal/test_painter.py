"""The picture of a screen: each cell in its place and colours, and nothing made anew that did not change."""

from __future__ import annotations

import random

import numpy as np
import pytest
from PySide6.QtGui import QColor

from aether_desktop.theme.tokens import DARK
from aether_desktop.widgets.terminal.atlas import GLYPHS_A_FRAME, TileAtlas
from aether_desktop.widgets.terminal.colours import Scheme
from aether_desktop.widgets.terminal.geometry import cell_geometry
from aether_desktop.widgets.terminal.glyphs import GlyphSource
from aether_desktop.widgets.terminal.painter import FRAME_BUDGET_S, ScreenPainter
from aether_desktop.widgets.terminal.styles import Style
from kernel.term import Terminal

pytestmark = [pytest.mark.usefixtures("qapp"), pytest.mark.feature("TT01")]
SCHEME = Scheme.of(DARK.terminal)


@pytest.fixture(scope="module")
def atlas(qapp_cls: type, qapp: object) -> TileAtlas:
    return TileAtlas(GlyphSource(cell_geometry(13, 1.0)))


def picture(atlas: TileAtlas, terminal: Terminal, painter: ScreenPainter | None = None) -> np.ndarray:
    """Pixels as (lines, columns, height, width)."""
    painter = painter or ScreenPainter(atlas, SCHEME)
    painter.paint(terminal, list(terminal.rows), patient=True)
    cell = atlas.geometry
    pixels = np.frombuffer(painter.image.constBits(), np.uint32).reshape(
        terminal.lines, cell.height, terminal.columns, cell.width
    )
    return pixels.transpose(0, 2, 1, 3) & 0xFFFFFF


def screen(data: str, columns: int = 20, lines: int = 4) -> Terminal:
    terminal = Terminal(columns, lines)
    terminal.feed(data.encode())
    return terminal


def test_an_empty_cell_is_paper_and_a_letter_has_ink(atlas: TileAtlas) -> None:
    cells = picture(atlas, screen("A"))
    assert (cells[0, 1] == SCHEME.background).all()
    assert (cells[0, 0] != SCHEME.background).any()
    assert cells[0, 0, 0, 0] == SCHEME.background


def test_colours_reverse_dim_hidden_and_the_programs_palette(atlas: TileAtlas) -> None:
    terminal = screen(
        "\x1b[41m \x1b[0;48;5;200m \x1b[0;48;2;1;2;3m \x1b[0;7m \x1b[0;8mX\x1b[0;2m█\x1b[0;1;31m█\x1b[0;31m█"
    )
    cells = picture(atlas, terminal)
    assert (cells[0, 0] == SCHEME.ansi[1]).all()
    assert (cells[0, 1] == 0xFF00D7).all()
    assert (cells[0, 2] == 0x010203).all()
    assert (cells[0, 3] == SCHEME.foreground).all()
    assert (cells[0, 4] == SCHEME.background).all()
    assert cells[0, 5, 3, 3] not in (SCHEME.foreground, SCHEME.background)
    assert (cells[0, 6] == SCHEME.ansi[9]).all()
    assert (cells[0, 7] == SCHEME.ansi[1]).all()
    painter = ScreenPainter(atlas, SCHEME)
    picture(atlas, terminal, painter)
    terminal.feed(b"\x1b]4;1;rgb:12/34/56\x07")
    assert (picture(atlas, terminal, painter)[0, 0] == 0x123456).all()


def test_wide_characters_take_two_cells_and_clusters_one_picture(atlas: TileAtlas) -> None:
    cells = picture(atlas, screen("日x👩‍👩‍👧y"))
    for column in (0, 1, 2, 3, 4, 5):
        assert (cells[0, column] != SCHEME.background).any(), column
    assert (cells[0, 6] == SCHEME.background).all()


@pytest.mark.parametrize("pair", ["한글", "漢字", "かな", "é–", "🦊🚀"])
def test_letters_of_other_scripts_are_no_boxes(atlas: TileAtlas, pair: str) -> None:
    """What no font has is drawn as the same box whatever it is."""
    cells = picture(atlas, screen(f"{pair[0]}\r\n{pair[1]}\r\n\u0378"))
    one, other, box = (cells[line, :2] for line in range(3))
    assert (one != other).any() and (one != box).any() and (other != box).any()


def test_lines_of_neighbouring_cells_meet(atlas: TileAtlas) -> None:
    cells = picture(atlas, screen("──\r\n┌┐\r\n└┘"))
    row = np.concatenate((cells[0, 0], cells[0, 1]), axis=1)
    assert (row == SCHEME.foreground).all(axis=1).sum() >= 1
    left = np.concatenate((cells[1, 0], cells[2, 0]), axis=0)
    middle = atlas.geometry.height
    assert (left[middle - 2 : middle + 2] == SCHEME.foreground).any(axis=1).all()


@pytest.mark.parametrize("style", ["4", "4:2", "4:3", "4:4", "4:5", "9", "53", "21"])
def test_each_line_style_draws_in_its_colour(atlas: TileAtlas, style: str) -> None:
    cells = picture(atlas, screen(f"\x1b[{style};58:2::1:200:3m  "))
    colour = SCHEME.foreground if style in ("9", "53") else 0x01C803
    assert colour in cells[0, 0]
    assert colour in cells[0, 1]
    assert (cells[0, 2] == SCHEME.background).all()


def test_only_changed_rows_are_made_anew(atlas: TileAtlas) -> None:
    terminal = screen("one\r\ntwo\r\nthree")
    painter = ScreenPainter(atlas, SCHEME)
    assert painter.paint(terminal, list(terminal.rows)) == ([0, 1, 2, 3], True)
    assert painter.paint(terminal, list(terminal.rows)) == ([], True)
    terminal.feed(b"\x1b[2;1Hx")
    assert painter.paint(terminal, list(terminal.rows)) == ([1], True)


def test_a_partial_repaint_equals_a_whole_one(atlas: TileAtlas) -> None:
    generator = random.Random(5)
    terminal = Terminal(40, 12)
    painter = ScreenPainter(atlas, SCHEME)
    for _ in range(60):
        pieces = ["abc ", f"\x1b[3{generator.randrange(8)}m", "日本", "\r\n", f"\x1b[{generator.randrange(12)};{generator.randrange(40)}H",
                  "\x1b[7m", "\x1b[0m", "é🎉", "\x1b[2K", "\x1b[?5h", "\x1b[?5l", "─┼═"]  # fmt: skip
        terminal.feed("".join(generator.choices(pieces, k=8)).encode())
        assert (picture(atlas, terminal, painter) == picture(atlas, terminal)).all()


def test_many_new_glyphs_are_spread_over_frames(atlas: TileAtlas) -> None:
    fresh = TileAtlas(GlyphSource(cell_geometry(9, 1.0)))
    painter = ScreenPainter(fresh, SCHEME)
    terminal = Terminal(80, 20)
    terminal.feed("".join(chr(0x4E00 + number) for number in range(2 * GLYPHS_A_FRAME)).encode())
    _, complete = painter.paint(terminal, list(terminal.rows))
    assert not complete
    frames = 1
    while not complete:
        _, complete = painter.paint(terminal, list(terminal.rows))
        frames += 1
    assert frames <= 5
    assert (picture(fresh, terminal, painter) == picture(fresh, terminal)).all()


def test_glyphs_that_were_forgotten_to_make_room_are_drawn_in_later_frames() -> None:
    atlas = TileAtlas(GlyphSource(cell_geometry(9, 1.0)))
    atlas.most_tiles = 5 * GLYPHS_A_FRAME
    atlas.styles.intern(Style(ink=0xFFFFFF, paper=0))
    keys = np.arange(0xA1, 0xA1 + 2 * atlas.most_tiles)
    first, second = keys[: atlas.most_tiles], keys[atlas.most_tiles :]
    assert atlas.find(first, patient=True)[1] and atlas.find(second, patient=True)[1]
    # Now there are more glyphs than may be, and with the first of them all are forgotten.
    frames = [atlas.find(first[: 2 * GLYPHS_A_FRAME], patient=False)[1]]
    while not frames[-1]:
        frames.append(atlas.find(first[: 2 * GLYPHS_A_FRAME], patient=False)[1])
    assert frames == [False, True]


def test_the_atlas_stays_bounded_and_right_when_it_is_full() -> None:
    atlas = TileAtlas(GlyphSource(cell_geometry(40, 2.0)))
    painter = ScreenPainter(atlas, SCHEME)
    terminal = Terminal(100, 40)
    for shade in range(12):
        lines = "\r\n".join("".join(f"\x1b[48;2;{shade};{y};{x}m " for x in range(100)) for y in range(40))
        terminal.feed(f"\x1b[H{lines}".encode())
        cells = picture(atlas, terminal, painter)
        assert cells[39, 0, 0, 0] == shade << 16 | 39 << 8
        assert cells[0, 99, 0, 0] == shade << 16 | 99
    assert atlas.tiles.nbytes <= 80 << 20


def test_blinking_text_is_hidden_half_of_the_time(atlas: TileAtlas) -> None:
    terminal = screen("\x1b[5mblink\x1b[0m\r\nsteady")
    painter = ScreenPainter(atlas, SCHEME)
    painter.paint(terminal, list(terminal.rows), patient=True)
    changed, _ = painter.paint(terminal, list(terminal.rows), blink_off=True, patient=True)
    assert changed == [0]
    row = np.frombuffer(painter.image.constBits(), np.uint32).reshape(painter.image.height(), -1)[
        : atlas.geometry.height
    ]
    assert (row & 0xFFFFFF == SCHEME.background).all()


def test_text_blinks_whatever_else_was_drawn_before_it_and_a_beat_looks_at_no_other(atlas: TileAtlas) -> None:
    terminal = screen("".join(f"\x1b[38;2;0;{n >> 8};{n & 255}mx" for n in range(3000)) + "\x1b[0;5mblink\x1b[0m")
    attributes = terminal.attributes
    used = {ord(char) for row in terminal.rows for char in row.attrs}
    attributes.free([number for number in range(2, len(attributes)) if number not in used])
    assert len(attributes) < max(ord(char) for row in terminal.rows for char in row.attrs), "numbers above the free ones"
    painter = ScreenPainter(atlas, SCHEME)
    rows = list(terminal.rows)
    painter.paint(terminal, rows, patient=True)
    blinking = next(y for y, line in enumerate(terminal.display) if "blink" in line)
    looked: list[int | str] = []
    get = type(attributes).__getitem__

    class Watched(type(attributes)):  # type: ignore[misc]
        def __getitem__(self, attr: int | str) -> object:
            looked.append(attr)
            return get(self, attr)

    attributes.__class__ = Watched
    changed, _ = painter.paint(terminal, rows, blink_off=True, patient=True)
    assert changed == [blinking]
    assert len(looked) < 100


def test_a_cell_in_the_cursors_colours(atlas: TileAtlas) -> None:
    terminal = screen("日b")
    painter = ScreenPainter(atlas, SCHEME)
    image = painter.tile(terminal, terminal.rows[0], 0, ink=0x000001, paper=0xFFFFFE)
    assert (image.width(), image.height()) == (2 * atlas.geometry.width, atlas.geometry.height)
    assert image.pixelColor(0, 0) == QColor("#fffffe")
    assert painter.tile(terminal, terminal.rows[0], 2, ink=0, paper=1).width() == atlas.geometry.width


@pytest.mark.parametrize("size", [(1, 1), (1000, 500), (2, 1)])
def test_extreme_sizes(atlas: TileAtlas, size: tuple[int, int]) -> None:
    terminal = Terminal(*size)
    terminal.feed("x日é\r\n".encode() * 3)
    painter = ScreenPainter(atlas, SCHEME)
    painter.paint(terminal, list(terminal.rows))
    assert painter.image.width() == size[0] * atlas.geometry.width


def test_private_characters_controls_and_lone_surrogates_are_harmless(atlas: TileAtlas) -> None:
    terminal = Terminal(20, 2)
    terminal.feed("\U00100000\U0010fffd\ue0b0\ufffe".encode() + b"\xff\xfe\x80" + "\u202e\u200b".encode())
    picture(atlas, terminal)


def test_what_takes_longer_than_a_frame_is_painted_over_several_each_going_on_where_the_last_stopped(atlas: TileAtlas) -> None:
    terminal = screen("first\r\nsecond\r\nthird\r\nfourth")
    painter = ScreenPainter(atlas, SCHEME)
    steps = [painter.paint(terminal, list(terminal.rows), patient=True, budget_s=0) for _ in range(5)]
    assert steps == [([0], False), ([1], False), ([2], False), ([3], True), ([], True)]
    assert (picture(atlas, terminal, painter) == picture(atlas, terminal)).all()
    # What changes all the time at the top keeps nothing below from being painted.
    shown = []
    for number in range(6):
        terminal.feed(f"\x1b[H\x1b[3{number}mA\r\nB\r\nC\r\nD".encode())
        shown += painter.paint(terminal, list(terminal.rows), patient=True, budget_s=0)[0]
    assert shown == [0, 1, 2, 3, 0, 1]


def test_what_was_never_painted_is_paper(atlas: TileAtlas) -> None:
    terminal = screen("\x1b[41m" + "x" * 80)
    painter = ScreenPainter(atlas, SCHEME)
    painter.paint(terminal, list(terminal.rows), patient=True, budget_s=0)
    pixels = np.frombuffer(painter.image.constBits(), np.uint32).reshape(painter.image.height(), -1) & 0xFFFFFF
    height = atlas.geometry.height
    assert (pixels[height:] == SCHEME.background).all() and (pixels[:height] != SCHEME.background).any()


def test_there_is_time_for_all_that_was_seen_before(atlas: TileAtlas) -> None:
    terminal = screen("".join(f"line {number}\r\n" for number in range(60)), columns=80, lines=50)
    painter = ScreenPainter(atlas, SCHEME)
    painter.paint(terminal, list(terminal.rows), patient=True)
    terminal.feed(b"line 7\r\n")
    assert painter.paint(terminal, list(terminal.rows), budget_s=60) == (list(range(49)), True)


def distinct_glyphs(columns: int, lines: int) -> Terminal:
    """No character twice."""
    return screen("".join(chr(0x4E00 + number) for number in range(columns // 2 * lines - 1)), columns, lines)


def frames_of(painter: ScreenPainter, terminal: Terminal, most: int) -> int:
    """How many frames it takes to paint all; fails where it is more than so many."""
    for frame in range(1, most + 1):
        if painter.paint(terminal, list(terminal.rows), budget_s=FRAME_BUDGET_S)[1]:
            return frame
    raise AssertionError("it never comes to an end")


def test_rows_with_more_new_glyphs_than_a_frame_draws_come_to_an_end_in_an_atlas_without_room_for_all() -> None:
    atlas = TileAtlas(GlyphSource(cell_geometry(9, 1.0)))
    atlas.most_tiles = 2 * GLYPHS_A_FRAME * 4
    terminal = distinct_glyphs(3 * GLYPHS_A_FRAME, 12)
    painter = ScreenPainter(atlas, SCHEME)
    # A row takes two frames: one that is too short for it, one that waits.
    assert frames_of(painter, terminal, 2 * terminal.lines + 1) > terminal.lines
    fresh = TileAtlas(GlyphSource(cell_geometry(9, 1.0)))
    assert (picture(atlas, terminal, painter) == picture(fresh, terminal)).all()


def test_a_row_that_has_new_glyphs_each_time_keeps_no_other_from_being_painted() -> None:
    atlas = TileAtlas(GlyphSource(cell_geometry(9, 1.0)))
    columns = 3 * GLYPHS_A_FRAME
    terminal = screen("", columns, 4)
    painter = ScreenPainter(atlas, SCHEME)
    shown: set[int] = set()
    for number in range(8):
        text = "".join(chr(0x4E00 + number * columns // 2 + at) for at in range(columns // 2))
        terminal.feed(f"\x1b[H{text}\x1b[2;1Ha{number}\x1b[3;1Hb{number}\x1b[4;1Hc{number}".encode())
        shown.update(painter.paint(terminal, list(terminal.rows), budget_s=FRAME_BUDGET_S)[0])
    assert shown == {0, 1, 2, 3}


def test_no_more_cells_are_looked_up_at_once_than_the_atlas_has_tiles_for(monkeypatch: pytest.MonkeyPatch) -> None:
    atlas = TileAtlas(GlyphSource(cell_geometry(9, 1.0)))
    atlas.most_tiles = 400
    terminal = screen("".join(f"\x1b[48;2;{y};{x};9m " for y in range(40) for x in range(100)), 100, 40)
    sizes: list[int] = []
    find = atlas.find
    monkeypatch.setattr(atlas, "find", lambda keys, **given: sizes.append(len(keys)) or find(keys, **given))
    painter = ScreenPainter(atlas, SCHEME)
    while not painter.paint(terminal, list(terminal.rows), budget_s=60)[1]:
        pass
    assert max(sizes) == 400 and sum(sizes) == 4000
    fresh = TileAtlas(GlyphSource(cell_geometry(9, 1.0)))
    assert (picture(atlas, terminal, painter) == picture(fresh, terminal)).all()
