"""What cells look like is kept once, and what no cell looks like is not kept."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

from kernel.term import Terminal, collection
from kernel.term import attributes as attribute_table
from kernel.term.attributes import MOST_LINK_BYTES, AttributeTable
from kernel.term.sgr import Attributes, rgb


def link(number: int, size: int = 2000) -> str:
    return f"\x1b]8;;http://a/{'z' * size}{number}\x07x"


def links_of(terminal: Terminal) -> list[str]:
    """The links of all cells, oldest first."""
    rows = [*terminal.history, *terminal.rows]
    return [look.link for row in rows for attr in row.attrs if (look := terminal.attributes[attr]).link]


def test_links_take_no_more_memory_than_they_may_and_the_oldest_are_lost() -> None:
    terminal = Terminal(100, 30, scrollback=1000)
    tracemalloc.start()
    try:
        for at in range(0, 20_000, 20):
            terminal.feed("".join(link(number) for number in range(at, at + 20)).encode())
            terminal.take_events()
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < 2 * MOST_LINK_BYTES
    finally:
        tracemalloc.stop()
    left = links_of(terminal)
    assert 1500 < len(left) < MOST_LINK_BYTES / 2000
    numbers = [int(one.rpartition("z")[2]) for one in left]
    assert numbers == list(range(20_000 - len(left), 20_000))
    assert "".join(row.text for row in terminal.history)[:1000] == "x" * 1000


def test_a_link_that_is_being_written_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribute_table, "MOST_LINK_BYTES", 100_000)
    terminal = Terminal(100, 30, scrollback=1000)
    for first in range(0, 5000, 1000):
        terminal.feed(link(first).encode())
        others = "".join(link(number) for number in range(first + 1, first + 60))
        # It is the oldest of more than there may be.
        terminal.feed((others + link(first) + "\x1b[31mred").encode())
        look = terminal.attributes[terminal.screen.pen]
        assert look.link.endswith(f"z{first}")
        assert not any(address.endswith(f"z{first + 1}") for address in links_of(terminal))


def free_all_but(table: AttributeTable, used: list[str], end: int) -> None:
    """Free the ids below ``end`` that are not among ``used``, whatever stands for nothing already."""
    table.free([number for number in range(2, end) if chr(number) not in used and table[number] != Attributes()])


def test_what_is_freed_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribute_table, "LIMIT", 50)
    table = AttributeTable()
    ids = [table.intern(Attributes(fg=number, link=f"https://a.b/{number}", drawn=True)) for number in range(40)]
    again = table.intern(Attributes(fg=3, bold=True, link="https://a.b/3", drawn=True))
    assert table[again].link is table[ids[3]].link
    free_all_but(table, [ids[5], again], 43)
    assert len(table) == 4 and table[ids[3]] == Attributes() and table[again].link == "https://a.b/3"
    assert sorted(attributes.link for attributes in map(table.__getitem__, range(43)) if attributes.link) == ["https://a.b/3", "https://a.b/5"]
    assert [address for address, _ in table._links] == ["https://a.b/3", "https://a.b/5"]
    # What was freed is used again, and means what it was interned for.
    other = table.intern(Attributes(fg=99, link="https://other", drawn=True))
    assert ord(other) <= 43 and table[other].link == "https://other" and table.intern(table[ids[5]]) == ids[5]


def test_what_lost_its_link_looks_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribute_table, "MOST_LINK_BYTES", 1000)
    table = AttributeTable()
    plain = table.intern(Attributes(fg=1, drawn=True))
    ids = [table.intern(Attributes(fg=number % 3, link=f"https://a.b/{number}", drawn=True)) for number in range(12)]
    generation = table.generation
    assert table.has_too_many_links
    table.lose_oldest_links()
    assert not table.has_too_many_links and table.generation > generation
    with_link = [bool(table[attr].link) for attr in ids]
    assert with_link == sorted(with_link) and with_link[-1] and not with_link[0]
    assert [table[attr].fg for attr in ids] == [number % 3 for number in range(12)]
    assert table.intern(Attributes(fg=1, drawn=True)) == plain
    # Ids that mean the same now are freed one by one.
    free_all_but(table, [ids[0], ids[3]], 15)
    assert table[ids[0]] == table[ids[3]] == Attributes(fg=0, drawn=True)
    free_all_but(table, [ids[3]], 15)
    kept = table.intern(Attributes(fg=0, drawn=True))
    free_all_but(table, [kept, ids[3]], 15)
    assert table[kept] == table[ids[3]] == Attributes(fg=0, drawn=True)
    assert table.intern(Attributes(fg=1, drawn=True)) not in (kept, ids[3])


def test_however_many_colours_were_shown_what_is_drawn_now_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribute_table, "LIMIT", 400)
    monkeypatch.setattr(collection, "MOST_SIMPLIFIED", 60)
    terminal = Terminal(20, 5, scrollback=1000)

    def shade(number: int) -> tuple[int, int, int]:
        return (number % 256, number // 256, number * 3 % 256)

    for line in range(200):
        cells = [f"\x1b[38;2;{r};{g};{b}mx" for r, g, b in map(shade, range(20 * line, 20 * line + 20))]
        terminal.feed("".join(cells).encode() + b"\x1b[m\r\n")
        assert len(terminal.attributes) < 2 * 400
        drawn = [terminal.attributes[attr].fg for attr in terminal.rows[min(line, 3)].attrs]
        assert drawn == [rgb(*shade(number)) for number in range(20 * line, 20 * line + 20)]
    oldest = [terminal.attributes[attr].fg for attr in terminal.history[0].attrs]
    assert oldest == [rgb(r & 0xF0, g & 0xF0, b & 0xF0) for r, g, b in map(shade, range(20))]
    assert terminal.history[0].text == "x" * 20
