"""The small pictures of terminals."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor

from aether_desktop.theme.tokens import DARK
from aether_desktop.widgets.terminal.atlases import Atlases
from aether_desktop.widgets.terminal.colours import Scheme
from aether_desktop.widgets.terminal.miniature import Miniature
from kernel.term import Terminal

pytestmark = [pytest.mark.usefixtures("qapp"), pytest.mark.feature("MC01")]
SCHEME = Scheme.of(DARK.terminal)


def make(ratio: float = 1.0) -> Miniature:
    return Miniature(Atlases().small(ratio), SCHEME)


@pytest.mark.parametrize(("ratio", "size"), [(1.0, (80, 40)), (1.5, (120, 60)), (2.0, (160, 80))])
def test_a_cell_is_two_by_four_pixels(ratio: float, size: tuple[int, int]) -> None:
    image = make(ratio).picture(Terminal(40, 10))
    assert (image.width(), image.height()) == size
    assert image.devicePixelRatio() == ratio


def test_papers_are_exact_and_ink_shows_where_it_is() -> None:
    terminal = Terminal(10, 3)
    terminal.feed(b"\x1b[41m  \x1b[0m\r\n\x1b[38;2;0;255;0m##\x1b[0m\r\n\x1b[4mab")
    image = make().picture(terminal)
    assert QColor(image.pixel(1, 1)).rgb() & 0xFFFFFF == SCHEME.ansi[1]
    assert image.pixel(10, 1) & 0xFFFFFF == SCHEME.background
    green = [QColor(image.pixel(x, y)) for x in range(4) for y in range(4, 8)]
    assert max(colour.green() for colour in green) > 150
    assert all(colour.green() >= colour.red() for colour in green)
    # A line under text would be all that a cell of four pixels shows.
    underlined = Terminal(10, 3)
    underlined.feed(b"\x1b[4m  ")
    assert make().picture(underlined).pixel(1, 3) & 0xFFFFFF == SCHEME.background


def test_wide_characters_and_clusters_take_two_cells() -> None:
    terminal = Terminal(10, 1)
    terminal.feed("中👩‍👧x".encode())
    image = make().picture(terminal)
    lit = [any(image.pixel(x, y) & 0xFFFFFF != SCHEME.background for y in range(4)) for x in range(20)]
    assert all(any(lit[2 * cell : 2 * cell + 2]) for cell in range(5))
    assert not any(lit[10:])


def test_it_follows_its_terminal_and_its_size() -> None:
    terminal = Terminal(10, 2)
    miniature = make()
    before = miniature.picture(terminal).copy()
    terminal.feed(b"\x1b[42m    ")
    assert miniature.picture(terminal) != before
    terminal.resize(30, 4)
    assert miniature.picture(terminal).width() == 60


def test_without_time_a_row_is_drawn_at_a_time() -> None:
    terminal = Terminal(10, 6)
    miniature = make()
    miniature.picture(terminal, budget_s=60)
    terminal.feed(b"\r\n".join([b"##########"] * 6))
    blank = miniature.picture(Terminal(10, 6), budget_s=60).copy()
    seen = []
    for shown in range(1, 7):
        picture = miniature.picture(terminal, budget_s=0)
        seen.append([y for y in range(6) if picture.copy(0, 4 * y, 20, 4) != blank.copy(0, 4 * y, 20, 4)])
        assert miniature.complete == (shown == 6)
    assert seen == [list(range(shown)) for shown in range(1, 7)]


def test_a_costly_picture_comes_in_parts() -> None:
    terminal = Terminal(60, 20)
    terminal.feed("".join(f"\x1b[{y + 1};1H" + "".join(chr(0x4E00 + 30 * y + x) for x in range(30)) for y in range(20)).encode())
    whole, parts = make(), make()
    expected = whole.picture(terminal, budget_s=60).copy()
    assert whole.complete
    first = parts.picture(terminal, budget_s=0).copy()
    assert not parts.complete
    assert first != expected
    calls = 1
    while not parts.complete:
        assert calls < 20
        parts.picture(terminal, budget_s=0)
        calls += 1
    assert calls > 2
    assert parts.picture(terminal) == expected
