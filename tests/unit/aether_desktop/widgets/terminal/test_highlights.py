"""What is selected or found is seen to be, whatever colours its cells have."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest

from aether_desktop.theme.tokens import DARK, LIGHT
from aether_desktop.widgets.terminal.atlases import Atlases
from aether_desktop.widgets.terminal.colours import Scheme
from aether_desktop.widgets.terminal.highlights import Highlight, HighlightColours, Kind, highlighted
from aether_desktop.widgets.terminal.painter import ScreenPainter
from aether_desktop.widgets.terminal.schemes import SCHEMES
from aether_desktop.widgets.terminal.styles import Style
from kernel.term import Terminal
from kernel.term.selection import Position, Span
from tests.unit.aether_desktop.widgets.terminal.conftest import Rig, wait_for

pytestmark = [pytest.mark.usefixtures("qapp"), pytest.mark.feature("TT02")]
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def change(first: int, second: int) -> int:
    return max(abs((first >> shift & 255) - (second >> shift & 255)) for shift in (16, 8, 0))


KINDS = [kind for kind in Kind if kind is not Kind.PLAIN]
NAMES = [*SCHEMES, "dark", "light"]
CUBE = [red << 16 | green << 8 | blue for red in range(0, 256, 51) for green in range(0, 256, 51) for blue in range(0, 256, 51)]
GREYS = [grey * 0x010101 for grey in range(0, 256, 5)]
#: What is seen to change, in the channel that changes most.
SEEN = 30


def colours_of(name: str) -> HighlightColours:
    tokens = LIGHT if name == "light" else DARK
    return HighlightColours.of(SCHEMES.get(name) or Scheme.of(tokens.terminal), tokens)


def contrast(first: int, second: int) -> float:
    """After WCAG 2.1, 1 to 21."""

    def luminance(colour: int) -> float:
        shares = [QColor(colour).redF(), QColor(colour).greenF(), QColor(colour).blueF()]
        linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05

    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return lighter / darker


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_every_paper_of_every_scheme_changes_and_letters_and_lines_show_on_it(name: str, kind: Kind) -> None:
    colours = colours_of(name)
    scheme = colours.scheme
    own = highlighted(Style(scheme.foreground, scheme.background), kind, colours)
    assert own.paper == colours.papers[kind]
    least = min(SEEN, change(scheme.background, own.paper))
    for paper in {*CUBE, *GREYS, *scheme.ansi, scheme.foreground, scheme.background}:
        for ink in (scheme.foreground, scheme.background, *scheme.ansi, paper ^ 0x010101):
            now = highlighted(Style(ink, paper, ul_style=1, ul_colour=scheme.ansi[8]), kind, colours)
            assert change(paper, now.paper) >= least, f"{paper:06x}"
            if ink != paper:
                assert contrast(now.ink, now.paper) >= 2.9, f"{ink:06x} on {paper:06x}"
                assert contrast(now.ul_colour, now.paper) >= 2.9, f"line on {paper:06x}"


@pytest.mark.parametrize("name", NAMES)
def test_a_block_that_fills_its_cell_changes_too(name: str) -> None:
    colours = colours_of(name)
    for kind in KINDS:
        for shape in {*CUBE, *colours.scheme.ansi}:
            background = colours.scheme.background
            assert change(shape, highlighted(Style(shape, background), kind, colours).shapes) >= 24, f"{shape:06x}"
            assert change(shape, highlighted(Style(0x777777, background, shapes=shape), kind, colours).shapes) >= 24, f"{shape:06x}"


def test_what_a_program_hides_stays_hidden() -> None:
    colours = colours_of("dark")
    for paper in (0x000000, colours.scheme.background, 0xFFFFFF):
        style = Style(paper, paper, shapes=0x123456, ul_style=1, ul_colour=0x445566, strikethrough=True, overline=True)
        now = highlighted(style, Kind.SELECTED, colours)
        assert now.ink == now.paper != paper and now.shapes == -1 and not now.decorated


@pytest.mark.parametrize("name", NAMES)
def test_a_match_shows_in_what_is_selected_on_every_paper(name: str) -> None:
    colours = colours_of(name)
    for paper in {*CUBE, *GREYS, *colours.scheme.ansi, colours.scheme.foreground, colours.scheme.background}:
        selected, match, current = (highlighted(Style(0x808080, paper), kind, colours).paper for kind in KINDS)
        assert min(change(selected, match), change(selected, current)) >= 15, f"{paper:06x}"
    assert change(colours.scheme.background, colours.papers[Kind.MATCH]) < change(
        colours.scheme.background, colours.papers[Kind.CURRENT_MATCH]
    ), "the current one stands out"


@pytest.mark.parametrize("kind", KINDS)
def test_cells_are_painted_as_their_kind_and_all_others_as_before(kind: Kind) -> None:
    colours = colours_of("dark")
    terminal = Terminal(20, 3)
    terminal.feed("ab\x1b[41mcd\x1b[m 字e\u0301 \x1b[7mrev\x1b[m\r\n  █▌ two\r\nthree".encode())
    painter = ScreenPainter(Atlases().get(13, 1.0), colours.scheme, colours)
    cell = Atlases().get(13, 1.0).geometry

    def cells(image: QImage) -> dict[tuple[int, int], QImage]:
        return {
            (y, x): image.copy(x * cell.width, y * cell.height, cell.width, cell.height) for y in range(3) for x in range(20)
        }

    painter.paint(terminal, terminal.rows, patient=True)
    before = cells(painter.image.copy())
    marked = [(Highlight(1, 13, kind),), (Highlight(0, 1, kind), Highlight(0, 4, Kind.SELECTED)), ()]
    assert painter.paint(terminal, terminal.rows, highlights=marked, patient=True) == ([0, 1], True)
    now = cells(painter.image.copy())
    highlighted_cells = {(0, x) for x in range(1, 13)} | {(1, x) for x in range(4)}
    assert {place for place in before if before[place] != now[place]} == highlighted_cells
    assert corner(now[0, 13]) == colours.scheme.background
    assert corner(now[0, 4]) == corner(now[1, 0]) == colours.papers[kind], "a later kind shows instead of an earlier one"
    assert corner(now[1, 1]) == colours.papers[Kind.SELECTED]
    assert painter.paint(terminal, terminal.rows, highlights=marked, patient=True) == ([], True)
    assert painter.paint(terminal, terminal.rows, patient=True) == ([0, 1], True)
    assert cells(painter.image) == before


def corner(image: QImage) -> int:
    return image.pixel(0, 0) & 0xFFFFFF


def test_hostile_colours_that_are_selected_are_painted_in_parts_and_come_to_their_end() -> None:
    colours = colours_of("dark")
    terminal = Terminal(60, 20)
    terminal.feed(
        b"\r\n".join(b"".join(b"\x1b[38;2;%d;%d;9;48;2;9;%d;%dmx" % (x, y, x, y) for x in range(59)) for y in range(20))
    )
    one, other = (ScreenPainter(Atlases().get(13, 1.0), colours.scheme, colours) for _ in range(2))
    one.paint(terminal, terminal.rows, patient=True)
    marked = [(Highlight(0, 60, Kind.SELECTED),)] * 20
    frames, complete = 0, False
    while not complete:
        painted, complete = one.paint(terminal, terminal.rows, highlights=marked, budget_s=0.0)
        assert len(painted) == 1, "there was time for no more"
        frames += 1
        assert frames <= 100
    assert frames >= 20
    other.paint(terminal, terminal.rows, highlights=marked, patient=True)
    assert one.image == other.image


CHANGES = ["\x1b]4;4;#336699\x07", "\x1b[?5h", "\x1b]11;#223344\x07", "\x1b]10;#ddeeff\x07"]


@pytest.mark.parametrize("changed", CHANGES)
def test_what_is_selected_follows_the_programs_colours(changed: str) -> None:
    colours = colours_of("dark")
    terminal = Terminal(20, 2)
    terminal.feed(b"\x1b[44mblue\x1b[m plain \x1b[5mblink")
    marked = [(Highlight(2, 20, Kind.SELECTED),), ()]
    one, fresh = (ScreenPainter(Atlases().get(13, 1.0), colours.scheme, colours) for _ in range(2))
    one.paint(terminal, terminal.rows, highlights=marked, patient=True)
    terminal.feed(changed.encode())
    phases = []
    for blink_off in (False, True):
        one.paint(terminal, terminal.rows, highlights=marked, patient=True, blink_off=blink_off)
        fresh.paint(terminal, terminal.rows, highlights=marked, patient=True, blink_off=blink_off)
        assert one.image == fresh.image
        phases.append(one.image.copy())
        fresh = ScreenPainter(Atlases().get(13, 1.0), colours.scheme, colours)
    assert phases[0] != phases[1], "what blinks is hidden in half of the time"


def test_what_is_selected_stays_right_when_others_clear_what_the_views_share(rig: Rig) -> None:
    rig.feed("\x1b[44mblue\x1b[45mother\x1b[m plain")
    rig.view.selecting.begin(Position(0, 3), clicks=3, block=False)
    rig.view.selecting.finish()
    rig.view.refresh(patient=True)
    before = rig.view.grab().toImage()
    rig.view._painter._atlas._clear()
    rig.feed("\x1b[?5h")
    rig.view.refresh(patient=True)
    rig.feed("\x1b[?5l")
    rig.view.refresh(patient=True)
    assert rig.view.grab().toImage() == before


def test_a_selection_shows_and_goes_by_itself(rig: Rig) -> None:
    rig.feed("one two three")
    plain = rig.view.grab().toImage()
    rig.view.selecting.begin(Position(0, 5), clicks=2, block=False)
    rig.view.selecting.finish()
    assert rig.view._again.isActive()
    place = rig.cell(5, 0) - QPoint(3, 8)
    wait_for(lambda: rig.view.grab().toImage().pixel(place) & 0xFFFFFF == rig.view.scheme.selection)
    rig.view.selecting.clear()
    wait_for(lambda: rig.view.grab().toImage() == plain)


def test_parts_are_asked_again_only_where_they_have_something_else(rig: Rig) -> None:
    asked: list[tuple[int, int]] = []
    version = [1]

    def source(first: int, last: int) -> list[tuple[Kind, Span]]:
        asked.append((first, last))
        return [(Kind.MATCH, Span(first, 1, 3))]

    rig.view.highlights.add(lambda: version[0], source)
    rig.feed("one two three")
    rig.view.refresh()
    asked.clear()
    rig.feed("\x1b[1;1H")
    rig.view.refresh()
    assert not asked
    rig.feed("\x1b[1;1HONE")
    rig.view.refresh()
    assert asked
    version[0] += 1
    rig.view.refresh()
    rig.feed("\r\n" * 60)
    rig.view.refresh()
    assert len(asked) >= 2 and asked[-1][0] > asked[0][0]
    assert rig.view.highlights.lines(rig.view.viewport.rows(rig.view.terminal))[0] == (Highlight(1, 3, Kind.MATCH),)


def test_a_very_long_line_that_is_selected_costs_no_more_than_what_shows(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = rig.view.terminal
    rig.feed("w" * terminal.columns * 3000)
    first, last = rig.view.grid.shown()
    rig.view.selecting.begin(Position(first + 2, 3), clicks=3, block=False)
    rig.view.selecting.finish()
    assert len(rig.view.selecting.text(terminal)) == terminal.columns * 3000
    asked: list[int] = []
    row_of = type(terminal).absolute_row
    monkeypatch.setattr(type(terminal), "absolute_row", lambda self, line: (asked.append(line), row_of(self, line))[1])
    assert [span.line for span in rig.view.selecting.spans(terminal, first, last)] == list(range(first, last + 1))
    assert len(asked) <= 2 * terminal.lines


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
