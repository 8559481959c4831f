"""REP draws as many characters as it says, in bounded time."""

from __future__ import annotations

import random
import time

import pytest

from kernel.term import Terminal
from kernel.term.width import MAX_MARKS
from tests.oracles.fuzz import state

BEFORE = [
    "", "\x1b[2;5r", "\x1b[?69h\x1b[3;9s", "\x1b[?7l", "\x1b[4h", "\x1b[44m", "\x1b[?1049h", "\x1b[2;1H", "\x1b[6;15H",
    "\x1b[1;4r\x1b[3;3H", "\x1b]133;A\x07$ \x1b]133;B\x07", "\x1b[6;1H\x1b]133;A\x07\x1b[1;4r",
    "a\r\nb\r\nc\r\n", "\x1b[20h", "\x1b[?6h", "\x1b(0",
]  # fmt: skip


@pytest.mark.feature("TT01")
@pytest.mark.parametrize("seed", range(60))
def test_rep_is_the_character_again_and_again(seed: int) -> None:
    generator = random.Random(seed)
    columns, lines, scrollback = generator.choice([2, 3, 7, 20]), generator.choice([1, 2, 6]), generator.choice([0, 5, 1000])
    before = "".join(generator.choices(BEFORE, k=3)) + generator.choice(["q", "q", "日", "é"])
    count = generator.choice([1, 5, 30, 200, 500, generator.randrange(1, 1500)])
    repeated, drawn = Terminal(columns, lines, scrollback), Terminal(columns, lines, scrollback)
    repeated.feed(f"{before}\x1b[{count}b".encode())
    drawn.feed(before.encode())
    char = drawn.screen.last_char[-1:]
    for _ in range(count if char else 0):
        drawn.feed(char.encode())
    assert state(repeated) == state(drawn), (before, count, columns, lines)


@pytest.mark.parametrize("before", ["", "\x1b[?69h\x1b[2;3s", "\x1b[4h", "\x1b[2;3r", "\x1b[?1049h"])
@pytest.mark.parametrize("columns", [1, 2, 80])
def test_much_of_it_takes_little_time_and_memory(before: str, columns: int) -> None:
    terminal = Terminal(columns, 24, scrollback=1000)
    started = time.process_time()
    terminal.feed(before.encode() + "é\x1b[65535b".encode() * 50)
    assert time.process_time() - started < 2.0
    assert len(terminal.history) <= 1000


@pytest.mark.feature("TT01")
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("abc\r\u0301", "a\u0301bc"),
        ("abc\b\b\b\u0301\u0302", "a\u0301\u0302bc"),
        ("日x\r\u0301", "日\u0301x"),
        ("abc\r\u0301x", "xbc"),
        ("\r\u0301", ""),
        ("❤x\r\ufe0f", "❤x"),
        ("a\r" + "\u0301" * 60, "a" + "\u0301" * MAX_MARKS),
    ],
)
def test_a_mark_at_the_start_of_a_line_goes_on_its_first_cell(text: str, shown: str) -> None:
    terminal, single = Terminal(20, 2), Terminal(20, 2)
    terminal.feed(text.encode())
    for byte in text.encode():
        single.feed(bytes([byte]))
    assert terminal.display[0].rstrip(" ") == shown
    assert state(terminal) == state(single)


@pytest.mark.feature("TT01")
def test_a_wide_character_in_the_last_column_without_wrapping_takes_the_last_two() -> None:
    terminal = Terminal(6, 2)
    terminal.feed("\x1b[?7l日本語漢".encode())
    assert terminal.display == ["日本漢", "      "]
    terminal.feed("\x1b[H\x1b[6Gx字".encode())
    assert terminal.display[0] == "日本字"
    assert terminal.cursor.x == 5


@pytest.mark.feature("TT01")
def test_line_drawing_with_other_text_wraps_as_text_does() -> None:
    whole, single = Terminal(7, 4), Terminal(7, 4)
    data = "\x1b(0lqqk漢E\u0301x\x1b(Bx\r\n\x1b)0\x0eqqqqqq日j\x0f\u0301".encode()
    whole.feed(data)
    for at in range(len(data)):
        single.feed(data[at : at + 1])
    assert whole.display == single.display
    assert whole.display[0] == "┌──┐漢E\u0301"
    assert [row.wrapped for row in whole.rows] == [row.wrapped for row in single.rows]
