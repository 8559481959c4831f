"""What no cell uses is freed, what one uses never is, and it takes no longer where the history is long."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from kernel.term import Attributes, Terminal, clusters, collection
from kernel.term import attributes as attribute_table
from kernel.term.collection import Collector
from kernel.term.history import History, Stored
from kernel.term.rows import PLAIN
from kernel.term.sgr import rgb

_COLUMNS, _LINES, _SCROLLBACK = 12, 4, 25
Look = tuple[str, Attributes]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables that are full soon, and little work at once."""
    monkeypatch.setattr(attribute_table, "LIMIT", 1000)
    monkeypatch.setattr(clusters, "LIMIT", 700)
    _work_little(monkeypatch)


def _work_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collection, "MOST_CELLS", 150)
    monkeypatch.setattr(collection, "MOST_SPAN_LINES", 3)
    monkeypatch.setattr(collection, "MOST_SPAN_ATTRIBUTES", 9)
    monkeypatch.setattr(collection, "MOST_DECIDED", 40)


def _collect_always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever comes, all is collected that can be."""
    _work_little(monkeypatch)
    for table in (attribute_table.AttributeTable, clusters.ClusterTable):
        monkeypatch.setattr(table, "filling", True)
        monkeypatch.setattr(table, "full", True)


def looks(terminal: Terminal) -> list[list[Look]]:
    """What each cell of the history and of both screens shows. Of the history it does not make rows that were none."""
    screen = terminal.screen
    kept = [screen.history.drawn(item) for item in screen.history.stored_between(0, 1 << 60)]
    rows = [*kept, *screen.rows, *screen.other_rows, *screen.rows_below]
    return [[(terminal.clusters[text], terminal.attributes[attr]) for text, attr in zip(row.text, row.attrs, strict=True)] for row in rows]


def _colour(rng: random.Random) -> str:
    return f"\x1b[{rng.choice((38, 48, 58))};2;{rng.randrange(256)};{rng.randrange(256)};{rng.randrange(256)}m"


def _cell(rng: random.Random) -> str:
    return rng.choice("abc日") + rng.choice(("", "", chr(rng.randrange(0x300, 0x36F)) + chr(rng.randrange(0x300, 0x36F))))


def _output(rng: random.Random) -> str:
    kind = rng.randrange(14)
    if kind < 5:
        return "".join(_colour(rng) + _cell(rng) for _ in range(rng.randrange(1, 40))) + rng.choice(("\x1b[m\r\n", "\r\n", ""))
    if kind == 5:  # lines that the history keeps as they came
        lines = [f"\x1b[{rng.choice((38, 48))};5;{rng.randrange(256)}mx\r\n" for _ in range(rng.randrange(5, 20))]
        return "\x1b[m" + "\r\n" * _LINES + "".join(lines) + "\x1b[m"
    if kind == 6:
        return f"\x1b]8;;http://{rng.randrange(99)}\x07link\x1b]8;;\x07"
    if kind == 7:
        return "\x1b[" + rng.choice(("?1049h", "?1049l", "2;3r", "r", "3J", "2J", "H", "4L", "S", "T"))
    if kind == 8:
        return _colour(rng) + "\x1b[K" + "\n" * rng.randrange(1, 6)
    if kind == 9:  # rows that wait below the screen, and come in
        below = "".join(f"{_colour(rng)}b" for _ in range(20))
        return f"\x1b[?47h\x1b[H{below}\x1b[>2$~\x1b[?47l" + rng.choice(("", f"\x1b[{_LINES}H\n"))
    if kind == 10:  # a prompt with a command, which is cut where the screen gets narrower
        return "\x1b[r\x1b[m\r\n\x1b]133;A\x07" + "".join(f"{_colour(rng)}p" for _ in range(9)) + "\x1b]133;B\x07typed"
    return "plain text\r\n" * rng.randrange(1, 4)


def _steps(seed: int) -> Iterator[list[list[Look]]]:
    """What a terminal shows after each of many outputs, changes of size and looks at its history."""
    rng = random.Random(seed)
    terminal = Terminal(_COLUMNS, _LINES, scrollback=_SCROLLBACK)
    for number in range(250):
        terminal.feed(_output(rng).encode())
        if rng.random() < 0.05:
            terminal.resize(rng.choice((_COLUMNS, _COLUMNS, 7, 9)), rng.randrange(1, _LINES + 1))
        if len(terminal.history) and rng.random() < 0.3:
            at = rng.randrange(len(terminal.history))
            assert len(terminal.history[at].text) == terminal.columns
        if number % 5 == 0:
            yield looks(terminal)


def _coarse(shown: list[list[Look]]) -> list[list[Look]]:
    """The same with the fewest shades of direct colours."""

    def coarse(colour: int) -> int:
        return colour & 0xFFC0C0C0 if colour >= rgb(0, 0, 0) else colour

    def of(look: Attributes) -> Attributes:
        return look._replace(fg=coarse(look.fg), bg=coarse(look.bg), ul_color=coarse(look.ul_color))

    return [[(text, of(look)) for text, look in row] for row in shown]


@pytest.mark.feature("TT01")
@pytest.mark.parametrize("seed", [*range(8), 240])
def test_collecting_changes_nothing_that_any_cell_shows(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = list(_steps(seed))
    _collect_always(monkeypatch)
    for number, shown in enumerate(_steps(seed)):
        assert shown == expected[number], f"after {5 * number} outputs"


@pytest.mark.parametrize("seed", range(8, 16))
def test_taking_shades_changes_nothing_else(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = list(_steps(seed))
    _collect_always(monkeypatch)
    monkeypatch.setattr(attribute_table.AttributeTable, "crowded", True)
    monkeypatch.setattr(collection, "MOST_SIMPLIFIED", 20)
    monkeypatch.setattr(collection, "MOST_SPAN_ATTRIBUTES", 2)
    monkeypatch.setattr(collection, "SIMPLEST", len(attribute_table.SHADES))
    for number, shown in enumerate(_steps(seed)):
        assert _coarse(shown) == _coarse(expected[number]), f"after {5 * number} outputs"


@pytest.mark.usefixtures("small")
def test_what_nothing_uses_is_freed_whatever_became_of_it() -> None:
    rng = random.Random(1)
    terminal = Terminal(_COLUMNS, _LINES, scrollback=_SCROLLBACK)
    for _ in range(600):
        terminal.feed(_output(rng).encode())
        if rng.random() < 0.1:
            terminal.resize(rng.choice((_COLUMNS, 7)), rng.randrange(1, _LINES + 1))
        assert len(terminal.attributes) < 1500
    terminal.feed(b"\x1b[?1049h\x1b[m\x1b[2J\x1b[?1049l\x1b[r")
    for number in range(3000):
        terminal.feed(f"\x1b[38;2;{number % 256};{number // 256};9mx\x1b[m\r\n".encode())
    used = {attr for row in looks(terminal) for _, attr in row}
    # What was freed last, and what came since: no more than it takes for the next time.
    assert len(used) <= _SCROLLBACK + _LINES + 2
    assert len(terminal.attributes) <= 1000
    for number in range(3000):
        terminal.feed(f"\x1b[H\x1b[48;2;{number % 256};{number // 256};9m.".encode())
        assert len(terminal.attributes) <= 1000
    terminal.feed(b"\x1b[m\x1b[2J")
    terminal.resize(_COLUMNS, _LINES)
    terminal.feed(b"\x1b[m\r\n")
    codes = [chr(ord("a") + number % 20) + chr(0x300 + number // 20 % 100) + chr(0x300 + number // 2000) for number in range(9000)]
    for code in codes:
        terminal.feed(f"{code}\r\n".encode())
        assert terminal.clusters[terminal.rows[max(0, terminal.cursor.y - 1)].text[0]] == code
    shown = [row[0][0] for row in looks(terminal) if row[0][0].strip()]
    assert codes[-20:] == [code for code in shown if len(code) == 3][-20:]


@pytest.mark.usefixtures("small")
def test_a_line_that_was_looked_at_keeps_its_colours() -> None:
    terminal = Terminal(80, 3, scrollback=2000)
    lines = [b"\x1b[38;2;%d;1;1mred\x1b[38;2;2;%d;2mgreen\x1b[m\r\n" % (number % 256, number % 256) for number in range(600)]
    terminal.feed(b"".join(lines))
    assert all(type(item) is tuple for item in terminal.history.stored_between(100, 590)), "they are kept as they came"
    flood = "".join(f"\x1b[48;2;{number % 256};{number // 256};7m.\x1b[m\r" for number in range(4000)).encode()
    row = terminal.history[140]
    for start in range(0, len(flood), 1000):
        terminal.feed(flood[start : start + 1000])
    assert terminal.history[140] is row
    assert [terminal.attributes[attr].fg for attr in row.attrs[:8]] == [rgb(140, 1, 1)] * 3 + [rgb(2, 140, 2)] * 5


def test_lines_that_came_back_to_the_screen_and_went_again_in_other_colours_keep_those(monkeypatch: pytest.MonkeyPatch) -> None:
    _collect_always(monkeypatch)
    terminal = Terminal(20, 3, scrollback=100)
    for number in range(20):
        terminal.feed(f"\x1b[38;2;1;1;{number}mold\r\n".encode())
    terminal.resize(20, 8)
    terminal.feed(b"text: nothing is drawn again")
    terminal.feed("".join(f"\x1b[{y};1H\x1b[38;2;2;2;{y}mnew" for y in range(1, 9)).encode())
    terminal.resize(20, 3)
    terminal.feed(b"text")
    for number in range(200):
        terminal.feed(f"\x1b[H\x1b[38;2;3;3;{number}m.".encode())
    shown = [(row.text.rstrip(), terminal.attributes[row.attrs[0]].fg) for row in [*terminal.history][-5:]]
    assert shown == [("new", rgb(2, 2, y)) for y in range(1, 6)]


def test_what_only_the_screen_showed_is_freed_when_it_shows_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    _collect_always(monkeypatch)
    monkeypatch.setattr(collection, "MOST_DECIDED", 1000)
    terminal = Terminal(20, 5, scrollback=100)
    for number in range(200):
        terminal.feed("".join(f"\x1b[{y};1H\x1b[38;2;{y};{x};{number}mo\u0301" for y in range(1, 6) for x in range(20)).encode())
    # What came and went between two times is in doubt the next time.
    terminal.feed(b"\x1b[m\x1b[2J")
    terminal.feed(b"x")
    assert len(terminal.attributes) <= 4 and len(terminal.clusters) == 0


def _pictures(lines: int) -> Iterator[bytes]:
    """Lines of 40 cells, each in two colours of its own."""
    rng = random.Random(4)
    for _ in range(lines):
        yield b"".join(b"\x1b[38;2;%d;%d;%d;48;2;%d;%d;%dmx" % tuple(rng.randbytes(6)) for _ in range(40)) + b"\x1b[m\r\n"


def test_whatever_was_shown_before_a_picture_has_its_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    # More than there are combinations of two colours with the fewest shades.
    monkeypatch.setattr(attribute_table, "LIMIT", 6000)
    monkeypatch.setattr(collection, "MOST_SIMPLIFIED", 20)
    monkeypatch.setattr(collection, "MOST_SPAN_ATTRIBUTES", 50)
    terminal = Terminal(40, 5, scrollback=2000)
    for line in _pictures(600):
        terminal.feed(line)
        colours = [tuple(map(int, sgr.split(b";")[2:5])) for sgr in line.split(b"\x1b[")[1:-1]]
        row = terminal.rows[max(0, terminal.cursor.y - 1)]
        assert [terminal.attributes[attr].fg for attr in row.attrs] == [rgb(*colour) for colour in colours]
        assert len(terminal.attributes) < 2 * 6000
    oldest = terminal.history[0]
    assert oldest.text == "x" * 40
    look = terminal.attributes[oldest.attrs[0]]
    assert look.fg >= rgb(0, 0, 0) and look.fg & 0x3F3F3F == 0, "the oldest have fewer shades"


def _styles(lines: int) -> Iterator[bytes]:
    """Lines of 40 cells, each with a combination of its own of what has no shades."""
    rng = random.Random(5)
    for _ in range(lines):
        cells = [(rng.choice((1, 3, 4, 9)), rng.randrange(256), rng.randrange(256)) for _ in range(40)]
        yield b"".join(b"\x1b[0;%d;38;5;%d;48;5;%dmx" % cell for cell in cells) + b"\x1b[m\r\n"


def test_where_there_are_no_shades_to_take_the_oldest_lines_keep_their_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribute_table, "LIMIT", 6000)
    terminal = Terminal(40, 5, scrollback=2000)
    for line in _styles(800):
        terminal.feed(line)
        colours = [int(sgr.split(b";")[4]) + 256 for sgr in line.split(b"\x1b[")[1:-1]]
        row = terminal.rows[max(0, terminal.cursor.y - 1)]
        assert [terminal.attributes[attr].fg for attr in row.attrs] == colours
    oldest = terminal.history[0]
    assert (oldest.text, oldest.attrs) == ("x" * 40, PLAIN * 40)


def test_the_pens_of_lines_that_are_kept_as_they_came_give_of_their_shades_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribute_table, "LIMIT", 600)
    terminal = Terminal(80, 3, scrollback=4000)
    lines = [b"\x1b[38;2;%d;%d;9mx\r\n" % (number % 256, number // 256) for number in range(3000)]
    for first in range(0, 3000, 100):
        terminal.feed(b"".join(lines[first : first + 100]))
    for number in range(100):
        terminal.feed(b"\x1b[H\x1b[38;2;1;2;%dmx" % number)
        assert terminal.attributes[terminal.rows[0].attrs[0]].fg == rgb(1, 2, number)
    assert len(terminal.attributes) < 1000


def test_a_terminal_that_was_full_of_colours_has_them_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribute_table, "LIMIT", 300)
    terminal = Terminal(40, 30, scrollback=100)
    # More than there can be, all at once on the screen.
    terminal.feed(b"".join(_styles(29)))
    for _ in range(20):
        terminal.feed(b"x")
    terminal.feed(b"\x1bc")
    for number in range(400):
        terminal.feed(b"\x1b[38;2;1;2;%dmnew\x1b[m\r\n" % (number % 256))
    assert terminal.attributes[terminal.rows[max(0, terminal.cursor.y - 1)].attrs[0]].fg == rgb(1, 2, 399 % 256)


def test_after_all_of_the_history_was_looked_at_pictures_have_their_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribute_table, "LIMIT", 6000)
    monkeypatch.setattr(collection, "MOST_SIMPLIFIED", 200)
    terminal = Terminal(80, 3, scrollback=2000)
    terminal.feed(b"".join(b"\x1b[38;2;%d;1;%dmred\x1b[m\r\n" % (number % 256, number // 256) for number in range(2000)))
    for row in terminal.history:
        assert len(row.text) == 80
    for number, line in enumerate(_pictures(500)):
        terminal.feed(line)
        if number > 300:
            colour = tuple(map(int, line[len("\x1b[38;2;") :].split(b";")[:3]))
            row = terminal.rows[max(0, terminal.cursor.y - 1)]
            assert terminal.attributes[row.attrs[0]].fg == rgb(*colour)
    assert len(terminal.attributes) < 2 * 6000


def test_rows_that_wait_below_the_screen_are_looked_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    _collect_always(monkeypatch)
    terminal = Terminal(20, 5, scrollback=1000)
    terminal.feed(b"\x1b[?47h")
    for number in range(200):
        terminal.feed(b"\x1b[H" + b"".join(b"\x1b[38;2;%d;%d;1mx" % (number, cell) for cell in range(100)) + b"\x1b[>5$~")
    terminal.feed(b"\x1b[?47l\x1b[m")
    assert len(terminal.screen.rows_below) == 1000
    read = 0
    original = collection._read

    def count(start: int, lines: list[Stored], *, whole: bool = False) -> object:
        nonlocal read
        read += len(lines)
        return original(start, lines, whole=whole)

    monkeypatch.setattr(collection, "_read", count)
    for number in range(100):
        terminal.feed(b"\x1b[H\x1b[48;2;7;7;%dm." % number)
    assert read < 100
    assert terminal.attributes[terminal.screen.rows_below[0].attrs[5]].fg == rgb(0, 5, 1)
    terminal.feed(b"\x1b[m\x1b[H\x1b[J")
    for _ in range(600):
        terminal.feed(b"x\r")
    assert len(terminal.attributes) < 10, "they are gone, and what they used"


def test_lines_that_were_all_looked_at_keep_their_colours_until_they_have_been_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    _collect_always(monkeypatch)
    terminal = Terminal(80, 3, scrollback=1000)
    terminal.feed(b"".join(b"\x1b[38;2;%d;1;%dmred\x1b[m\r\n" % (number % 256, number // 256) for number in range(600)))
    terminal.feed(b"x\r")
    rows = list(terminal.history)
    for number in range(100):
        terminal.feed(b"\x1b[48;2;9;%d;9m.\r" % number)
    shown = [terminal.attributes[row.attrs[0]].fg for row in rows]
    assert shown == [rgb(number % 256, 1, number // 256) for number in range(len(rows))]


@pytest.mark.parametrize("what", ["colours", "clusters"])
def test_what_is_all_in_use_is_not_counted_anew_at_every_key(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribute_table, "LIMIT", 150)
    monkeypatch.setattr(clusters, "LIMIT", 200)
    terminal = Terminal(40, 10)
    # There is room for some more.
    texts = {
        "colours": "".join(f"\x1b[38;2;{number};1;1mx" for number in range(160)),
        "clusters": "".join(chr(ord("a") + number % 20) + chr(0x300 + number // 20) for number in range(160)),
    }
    terminal.feed(texts[what].encode() + b"\x1b[m")
    times = 0
    collect = Collector.collect

    def count(self: Collector, *arguments: Any) -> bool:
        nonlocal times
        times += 1
        return collect(self, *arguments)

    monkeypatch.setattr(Collector, "collect", count)
    for _ in range(20):
        terminal.feed(b"x\r")
    assert times <= 3


def test_looks_at_lines_that_nobody_counts_are_not_noted() -> None:
    terminal = Terminal(80, 3, scrollback=100)
    for number in range(300):
        terminal.feed(b"\x1b[31mline\x1b[m %d\r\n" % number)
        for row in terminal.history:
            assert len(row.text) == 80
    assert not terminal.history.drawn_late


@pytest.mark.parametrize("change", [b"\x1b[3J", b"\x1bc", b"\n" * 3000, None], ids=["3J", "RIS", "line feeds", "a width"])
def test_what_ends_all_lines_at_once_is_not_taken_back_one_by_one(change: bytes | None, monkeypatch: pytest.MonkeyPatch) -> None:
    _collect_always(monkeypatch)
    monkeypatch.setattr(collection, "MOST_TAKEN_BACK", 500)
    monkeypatch.setattr(collection, "MOST_CELLS", 100_000)
    terminal = Terminal(40, 5, scrollback=1000)
    for line in _pictures(300):
        terminal.feed(line)
    shown = terminal.history_text()
    taken = 0
    remove = collection._Uses.remove

    def count(self: object, numbers: Iterator[int]) -> None:
        nonlocal taken
        numbers = list(numbers)
        taken += len(numbers)
        remove(self, numbers)

    monkeypatch.setattr(collection._Uses, "remove", count)
    if change is None:
        terminal.resize(39, 5)
        terminal.feed(b"x")
        assert "".join(terminal.history_text()).count("x") >= 40 * len(shown)
    else:
        terminal.feed(change)
    assert taken < 2000
    for _ in range(700):
        terminal.feed(b"x\r\n\n\n")
    assert len(terminal.attributes) < 10


def test_each_line_of_the_history_is_looked_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribute_table, "LIMIT", 1000)
    terminal = Terminal(40, 5, scrollback=300)
    read = 0
    between = History.stored_between

    def count(self: History, first: int, end: int) -> list[Stored]:
        nonlocal read
        lines = between(self, first, end)
        read += len(lines)
        return lines

    monkeypatch.setattr(History, "stored_between", count)
    generation = terminal.attributes.generation
    for number in range(4000):
        terminal.feed(b"\x1b[48;2;%d;%d;3mx\x1b[38;2;%d;%d;9my\x1b[m\r\n" % (number % 256, number // 256, number // 256, number % 256))
    assert terminal.attributes.generation > generation + 10, "it was collected many times"
    assert read < 1.2 * 4000


def test_concealed_text_stays_so_whatever_else_the_oldest_lines_lose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribute_table, "LIMIT", 6000)
    terminal = Terminal(40, 5, scrollback=2000)
    terminal.feed(b"\x1b[8;31msecret\x1b[m and not\r\n")
    for line in _styles(800):
        terminal.feed(line)
    looks = [terminal.attributes[attr] for attr in terminal.history[0].attrs[:14]]
    assert looks == [Attributes(hidden=True, drawn=True)] * 6 + [Attributes(drawn=True)] * 8
    # All at once, and more than there can be.
    monkeypatch.setattr(attribute_table, "LIMIT", 300)
    terminal = Terminal(40, 30, scrollback=100)
    terminal.feed(b"".join(_styles(26)) + b"\x1b[8;32;45msecret\x1b[m")
    assert [terminal.attributes[attr].hidden for attr in terminal.rows[26].attrs[:7]] == [True] * 6 + [False]


class _Work:
    """Counts what one output makes the collector do."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cells = self.decided = self.taken_back = 0
        read, decide, remove = collection._read, collection._Uses.decide, Collector._remove

        def count_read(start: int, lines: list[Stored], *, whole: bool = False) -> Any:
            span, cells = read(start, lines, whole=whole)
            self.cells += cells
            return span, cells

        def count_decide(uses: Any, shown: set[int], new: int) -> Any:
            before = len(uses._doubtful)
            result = decide(uses, shown, new)
            self.decided = max(self.decided, before - len(uses._doubtful))
            return result

        def count_remove(collector: Collector, span: Any) -> int:
            self.taken_back += len(span.attrs)
            return remove(collector, span)

        monkeypatch.setattr(collection, "_read", count_read)
        monkeypatch.setattr(collection._Uses, "decide", count_decide)
        monkeypatch.setattr(Collector, "_remove", count_remove)


def test_of_whatever_there_is_much_only_so_much_is_done_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(40, 5, scrollback=3000)
    for line in _pictures(400):
        terminal.feed(line)
    # Lines as they came, of which all become rows at once later.
    terminal.feed(b"".join(b"\x1b[38;2;%d;1;%dmred\x1b[m\r\n" % (number % 256, number // 256) for number in range(2000)))
    _collect_always(monkeypatch)
    work = _Work(monkeypatch)
    # The largest span: a line of 40 cells and what a line costs, or three short ones.
    span_cells, span_attributes = 3 * (40 + collection.CELLS_PER_LINE), 40 + 9
    monkeypatch.setattr(collection, "MOST_TAKEN_BACK", 100)

    def after(output: bytes) -> int:
        work.cells = work.decided = work.taken_back = 0
        terminal.feed(output)
        assert work.cells <= 150 + span_cells
        assert work.decided <= 40
        assert work.taken_back <= 100 + span_attributes
        return work.cells

    read = [after(b"x\r") for _ in range(400)]
    assert sum(read) > 400 * 48 + 2000 * 8 and read[-1] == 0, "all was looked through"
    assert all(len(row.text) == 40 for row in terminal.history)
    again = [after(b"new\r\n" * 50)] + [after(b"x\r") for _ in range(1400)]
    assert sum(again) > 1990 * 48 and again[-1] == 0, "and the lines that have become rows once more"
    for output in [b"x\r\n" * 2650] + [b"x\r"] * 600:
        after(output)
    assert len(terminal.attributes) < 2300
