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


def first_character(terminal: Terminal, line: int) -> str:
    row = terminal.absolute_row(line)
    return row.text[0] if row is not None else ""


def printed(rng: random.Random, lines: int) -> bytes:
    return b"".join(b"x" * rng.choice((0, 3, 20, 21, 40, rng.randrange(150))) + b"\r\n" for _ in range(lines)) + b"$ "


@pytest.mark.parametrize("seed", range(12))
def test_a_place_stays_at_its_cell_through_any_widths(seed: int) -> None:
    rng = random.Random(seed)
    terminal = Terminal(20, 5, scrollback=20_000)
    terminal.feed(printed(rng, 120))
    before = logical(terminal)
    lines = rng.sample(sorted(before), 10)
    places = [terminal.hold_line(line) for line in lines]
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
    place = terminal.hold_line(terminal.history_dropped)
    terminal.resize(10, 3)
    assert place.line <= terminal.history_dropped
    terminal.feed(b"\r\n" * 50)
    assert place.line < terminal.history_dropped


def test_rows_that_came_in_above_before_the_width_changed_are_counted() -> None:
    terminal = Terminal(10, 6, scrollback=100)
    terminal.feed(b"a\r\nb\r\n" + b"ABCDEFGHIJKLMNOPQRSTUVWXYZ\r\n4\r\n5\x1b[4;1H")
    terminal.resize(10, 2)
    at = terminal.history_dropped + len(terminal.history) + 1
    text = first_character(terminal, at)
    place = terminal.hold_line(at)
    terminal.feed(b"\x1b[2;1H\r\nnew")
    assert place.line == place.line != at and first_character(terminal, place.line) == text
    terminal.resize(13, 2)
    row = terminal.absolute_row(place.line)
    assert row is not None and text in row.text


def test_rows_that_came_in_above_take_nothing_from_what_is_known_of_a_place() -> None:
    terminal = Terminal(20, 8, scrollback=200)
    text = "".join(chr(0x4E00 + number) for number in range(95))
    terminal.feed(b"first\r\n" * 5 + text.encode() + b"\r\nb1\r\nb2\r\nb3\x1b[3A")
    terminal.resize(20, 2)
    place = terminal.hold_line(next(line for line in range(99) if first_character(terminal, line) == text[30]))
    terminal.resize(33, 2)
    before, numbering = place.line, terminal.history.numbering
    terminal.feed(b"\x1b[2;1H\n")
    assert terminal.history.numbering != numbering and place.line != before
    terminal.resize(20, 2)
    assert first_character(terminal, place.line) == text[30]


def test_a_place_on_a_blank_row_at_the_end_of_the_screen_is_at_the_last_one_with_text() -> None:
    terminal = Terminal(20, 8, scrollback=200)
    terminal.feed(b"one\r\ntwo")
    place = terminal.hold_line(7)
    terminal.resize(10, 8)
    assert place.line == 1


def test_a_place_that_nobody_has_any_more_is_forgotten() -> None:
    terminal = Terminal(10, 6)
    place = terminal.hold_line(0)
    assert len(terminal.screen.held_lines.held()) == 1 and place.line == 0
    del place
    gc.collect()
    assert not terminal.screen.held_lines.held()


def characters(rng: random.Random, count: int, *, wide: float) -> list[str]:
    """No two alike, so that each tells where it is: ideographs are wide, the syllables of the Inuit are not."""
    pools = [chr(code) for code in range(0x4E00, 0x9F00)], [chr(code) for code in range(0x1401, 0x1660)]
    for pool in pools:
        rng.shuffle(pool)
    return [pools[0 if not pools[1] or rng.random() < wide else 1].pop() for _ in range(count)]


@pytest.mark.parametrize("seed", range(16))
def test_wide_characters_and_lines_that_lose_their_front_leave_a_place_at_its_text(seed: int) -> None:
    rng = random.Random(seed)
    terminal = Terminal(rng.choice((20, 21)), 4, scrollback=rng.choice((30, 60, 5000)))
    left = characters(rng, 2000, wide=rng.choice((0, 0.3, 1)))
    text = ""
    while left:
        size = rng.choice((1, 19, 20, 21, 400, rng.randrange(1, 60)))
        text += "".join(left[:size]) + "\r\n"
        left = left[size:]
    terminal.feed(text.encode())
    oldest = terminal.history_dropped
    lines = [line for line in range(oldest, oldest + len(terminal.history)) if first_character(terminal, line) > " "]
    held = {first_character(terminal, line): terminal.hold_line(line) for line in rng.sample(lines, 12)}
    for _ in range(6):
        terminal.resize(rng.choice((1, 2, 7, 14, 20, 21, 33, 80)), rng.choice((1, 4, 9)))
        rows = [*terminal.history, *terminal.rows, *terminal.screen.rows_below]
        for char, place in list(held.items()):
            at = [number for number, row in enumerate(rows) if char in row.text]
            if at:
                assert place.line - terminal.history_dropped == at[0]
            else:
                assert place.line <= terminal.history_dropped, "what is gone is at the oldest line"
                del held[char]


@pytest.mark.parametrize("more", [60, 75])
def test_a_place_in_a_line_that_lost_its_front_since_the_last_width_stays_at_what_it_shows(more: int) -> None:
    terminal = Terminal(20, 4, scrollback=100)
    terminal.feed("".join(f"{number:04d} " for number in range(400)).encode() + b"\r\n" + b"end\r\n" * 3)
    place = terminal.hold_line(terminal.history_dropped + 90)
    terminal.resize(25, 4)
    terminal.feed(b"more\r\n" * more)
    shown = terminal.absolute_row(max(place.line, terminal.history_dropped))
    terminal.resize(20, 4)
    now = terminal.absolute_row(max(place.line, terminal.history_dropped))
    assert shown is not None and now is not None
    assert shown.text[:4] in now.text if shown.text[0].isdigit() else now.text == shown.text[:20]


@pytest.mark.parametrize("columns", [20, 7, 33, 1])
def test_the_mark_of_a_row_of_wide_characters_goes_with_its_first_one(columns: int) -> None:
    terminal = Terminal(21, 4, scrollback=300)
    terminal.feed(("".join(chr(0x4E00 + number) for number in range(95)) + "\x1b]133;A\x07$ \x1b]133;B\x07ls\r\n").encode())
    terminal.feed(b"\x1b]133;C\x07" + b"out\r\n" * 8)
    mark = terminal.screen.prompt_marks[0].line
    assert first_character(terminal, mark) == chr(0x4E00 + 90)
    terminal.resize(columns, 4)
    row = terminal.absolute_row(terminal.screen.prompt_marks[0].line)
    assert row is not None and chr(0x4E00 + 90) in row.text
