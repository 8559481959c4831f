"""What is selected or found is seen to be, whatever colours its cells have."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from aether_desktop.theme.tokens import DARK, LIGHT
from aether_desktop.widgets.terminal.atlases import Atlases
from aether_desktop.widgets.terminal.colours import Scheme, readable
from aether_desktop.widgets.terminal.highlights import Highlight, HighlightPapers, Kind, highlighted
from aether_desktop.widgets.terminal.painter import ScreenPainter
from aether_desktop.widgets.terminal.schemes import SCHEMES
from aether_desktop.widgets.terminal.styles import Style
from kernel.term import Terminal
from kernel.term.selection import Position, Span
from tests.unit.aether_desktop.widgets.terminal.conftest import Rig

pytestmark = [pytest.mark.usefixtures("qapp"), pytest.mark.feature("TT02")]
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def change(first: int, second: int) -> int:
    return max(abs((first >> shift & 255) - (second >> shift & 255)) for shift in (16, 8, 0))


KINDS = [kind for kind in Kind if kind is not Kind.PLAIN]
CUBE = [red << 16 | green << 8 | blue for red in range(0, 256, 51) for green in range(0, 256, 51) for blue in range(0, 256, 51)]
GREYS = [grey * 0x010101 for grey in range(0, 256, 5)]
#: What is seen to change, in the channel that changes most.
SEEN = 30


def papers_of(name: str) -> HighlightPapers:
    tokens = LIGHT if name == "light" else DARK
    return HighlightPapers.of(SCHEMES.get(name) or Scheme.of(tokens.terminal), tokens)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [*SCHEMES, "dark", "light"])
def test_every_paper_of_every_scheme_changes_and_letters_can_be_read_on_it(name: str, kind: Kind) -> None:
    papers = papers_of(name)
    scheme = papers.scheme
    own = highlighted(Style(scheme.foreground, scheme.background), kind, papers)
    assert own.paper == papers.by_kind[kind]
    least = min(SEEN, change(scheme.background, own.paper))
    for paper in {*CUBE, *GREYS, *scheme.ansi, scheme.foreground, scheme.background}:
        for ink in (scheme.foreground, scheme.background, *scheme.ansi, paper ^ 0x010101):
            now = highlighted(Style(ink, paper), kind, papers)
            assert change(paper, now.paper) >= least, f"{paper:06x}"
            assert ink == paper or readable(now.ink, now.paper) == now.ink, f"{ink:06x} on {paper:06x}"


@pytest.mark.parametrize("name", [*SCHEMES, "dark", "light"])
def test_a_block_that_fills_its_cell_changes_too(name: str) -> None:
    papers = papers_of(name)
    for kind in KINDS:
        for ink in {*CUBE, *papers.scheme.ansi}:
            now = highlighted(Style(ink, papers.scheme.background), kind, papers)
            assert change(ink, now.shapes) >= 24, f"{ink:06x}"


def test_what_a_program_hides_stays_hidden() -> None:
    papers = papers_of("dark")
    for paper in (0x000000, papers.scheme.background, 0xFFFFFF):
        now = highlighted(Style(paper, paper, shapes=0x123456), Kind.SELECTED, papers)
        assert now.ink == now.paper != paper and now.shapes == -1


def test_a_match_shows_in_what_is_selected() -> None:
    for name in [*SCHEMES, "dark", "light"]:
        papers = papers_of(name)
        plain, selected, match, current = papers.by_kind
        assert len({plain, selected, match, current}) == 4
        assert min(change(selected, match), change(plain, match)) >= 20, name


@pytest.mark.parametrize("kind", KINDS)
def test_cells_are_painted_as_their_kind_and_all_others_as_before(kind: Kind) -> None:
    papers = papers_of("dark")
    terminal = Terminal(20, 3)
    terminal.feed("ab\x1b[41mcd\x1b[m 字e\u0301 \x1b[7mrev\x1b[m\r\n█▌ two\r\nthree".encode())
    painter = ScreenPainter(Atlases().get(13, 1.0), papers.scheme, papers)
    cell = Atlases().get(13, 1.0).geometry

    def cells(image: QImage) -> dict[tuple[int, int], QImage]:
        return {
            (y, x): image.copy(x * cell.width, y * cell.height, cell.width, cell.height) for y in range(3) for x in range(20)
        }

    painter.paint(terminal, terminal.rows, patient=True)
    before = cells(painter.image.copy())
    marked = [(Highlight(1, 13, kind),), (Highlight(0, 2, Kind.SELECTED), Highlight(0, 1, kind)), ()]
    assert painter.paint(terminal, terminal.rows, highlights=marked, patient=True) == ([0, 1], True)
    now = cells(painter.image.copy())
    highlighted_cells = {(0, x) for x in range(1, 13)} | {(1, 0), (1, 1)}
    assert {place for place in before if before[place] != now[place]} == highlighted_cells
    assert now[0, 13].pixelColor(0, 0).rgb() & 0xFFFFFF == papers.scheme.background
    assert now[0, 4].pixelColor(0, 0).rgb() & 0xFFFFFF == papers.by_kind[kind]
    assert painter.paint(terminal, terminal.rows, highlights=marked, patient=True) == ([], True)
    assert painter.paint(terminal, terminal.rows, patient=True) == ([0, 1], True)
    assert cells(painter.image) == before


def test_hostile_colours_that_are_selected_come_to_their_end_within_the_budget_of_a_frame() -> None:
    papers = papers_of("dark")
    terminal = Terminal(60, 20)
    terminal.feed(
        b"\r\n".join(b"".join(b"\x1b[38;2;%d;%d;9;48;2;9;%d;%dmx" % (x, y, x, y) for x in range(59)) for y in range(20))
    )
    one, other = (ScreenPainter(Atlases().get(13, 1.0), papers.scheme, papers) for _ in range(2))
    one.paint(terminal, terminal.rows, patient=True)
    marked = [(Highlight(0, 60, Kind.SELECTED),)] * 20
    frames, complete = 0, False
    while not complete:
        _, complete = one.paint(terminal, terminal.rows, highlights=marked, budget_s=0.002)
        frames += 1
        assert frames < 500
    assert frames > 1
    other.paint(terminal, terminal.rows, highlights=marked, patient=True)
    assert one.image == other.image


def test_a_selection_is_painted_while_others_clear_what_the_views_share(rig: Rig) -> None:
    rig.feed("\x1b[44mblue\x1b[45mother\x1b[m plain")
    rig.view.selecting.begin(Position(0, 3), clicks=3, block=False)
    rig.view.selecting.finish()
    rig.view.refresh(patient=True)
    before = rig.view.grab().toImage()
    rig.view._painter._atlas._clear()
    rig.feed("\x1b[2;1H\x1b[42mgreen")
    rig.view.refresh(patient=True)
    top = rig.view.grid.rect(Span(0, 0, 15)).toRect()
    assert rig.view.grab(top).toImage() == before.copy(top)


@pytest.mark.parametrize("look", ["44", "7", "48;2;255;255;255", "107", "48;5;33", "7;31", "0"])
def test_selected_cells_look_otherwise_than_the_same_beside_them(rig: Rig, look: str) -> None:
    rig.feed(f"\x1b[{look}m" + " " * 20 + "\x1b[m\r\n")
    rig.view.refresh(patient=True)
    before = rig.view.grab().toImage()
    QTest.mousePress(rig.view, LEFT, NONE, rig.cell(2, 0))
    QTest.mouseMove(rig.view, rig.cell(9, 0))
    QTest.mouseRelease(rig.view, LEFT, NONE, rig.cell(9, 0))
    rig.view.refresh(patient=True)
    after = rig.view.grab().toImage()
    for column in range(20):
        place: QPoint = rig.cell(column, 0)
        seen = change(before.pixel(place), after.pixel(place))
        assert seen >= 24 if 2 < column < 9 else seen == 0 or column in (2, 9), column
