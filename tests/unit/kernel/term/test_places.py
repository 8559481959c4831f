"""What somebody looks at stays at its text, whatever width the lines have."""

from __future__ import annotations

import gc
import random

import pytest

from kernel.term import Terminal

pytestmark = pytest.mark.feature("TT02")


def logical(terminal: Terminal) -> dict[int, tuple[int, int]]:
    """The logical line of each row, counted from the newest, and the cell that the row begins with; by absolute number."""
    rows = [*terminal.history, *terminal.rows[: terminal.cursor.y + 1]]
    found, number, cell = [], 0, 0
    for row in rows:
        found.append((number, cell))
        number, cell = (number, cell + len(row.text)) if row.wrapped else (number + 1, 0)
    last = found[-1][0]
    return {terminal.history_dropped + at: (number - last, cell) for at, (number, cell) in enumerate(found)}


def printed(rng: random.Random, lines: int) -> bytes:
    return b"".join(b"x" * rng.choice((0, 3, 20, 21, 40, rng.randrange(150))) + b"\r\n" for _ in range(lines)) + b"$ "


@pytest.mark.parametrize("seed", range(12))
def test_a_place_stays_at_its_cell_through_any_widths(seed: int) -> None:
    rng = random.Random(seed)
    terminal = Terminal(20, 5, scrollback=20_000)
    terminal.feed(printed(rng, 120))
    before = logical(terminal)
    lines = rng.sample(sorted(before), 10)
    places = [terminal.hold_place(line) for line in lines]
    for _ in range(8):
        behind_another = rng.random() < 0.3
        terminal.feed(b"\x1b[?1049h" * behind_another)
        terminal.resize(rng.choice((1, 2, 7, 20, 21, 33, 80, 200)), rng.choice((1, 5, 9)))
        terminal.feed(b"\x1b[?1049l" * behind_another)
        now = logical(terminal)
        for line, place in zip(lines, places, strict=True):
            number, cell = now[place.line]
            assert number == before[line][0]
            assert cell <= before[line][1] < cell + terminal.columns
    terminal.resize(20, 5)
    now = logical(terminal)
    assert [now[place.line] for place in places] == [before[line] for line in lines]


def test_a_place_whose_text_is_gone_is_at_the_oldest_line() -> None:
    terminal = Terminal(40, 3, scrollback=10)
    terminal.feed(b"".join(b"%02d" % number + b"x" * 37 + b"\r\n" for number in range(30)))
    place = terminal.hold_place(terminal.history_dropped)
    terminal.resize(10, 3)
    assert place.line <= terminal.history_dropped
    terminal.feed(b"\r\n" * 50)
    assert place.line < terminal.history_dropped


def test_rows_that_came_in_above_before_the_width_changed_are_counted() -> None:
    terminal = Terminal(10, 6, scrollback=100)
    terminal.feed(b"a\r\nb\r\n" + b"ABCDEFGHIJKLMNOPQRSTUVWXYZ\r\n4\r\n5\x1b[4;1H")
    terminal.resize(10, 2)
    text = terminal.absolute_row(terminal.history_dropped + len(terminal.history) + 1)
    place = terminal.hold_place(terminal.history_dropped + len(terminal.history) + 1)
    numbering = terminal.history.numbering
    terminal.feed(b"\x1b[2;1H\r\nnew")
    assert terminal.history.numbering != numbering
    assert terminal.absolute_row(place.line) == text
    other = terminal.hold_place(place.line)
    terminal.resize(13, 2)
    assert place.line == other.line


def test_a_place_that_nobody_has_any_more_is_forgotten() -> None:
    terminal = Terminal(10, 6)
    place = terminal.hold_place(0)
    assert len(terminal.screen.places.held()) == 1 and place.line == 0
    del place
    gc.collect()
    assert not terminal.screen.places.held()
