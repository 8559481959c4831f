"""The text that is searched: what is read again, and where its characters are."""

from __future__ import annotations

from bisect import bisect_left

import pytest

from aether_desktop.widgets.terminal.search_text import SearchText
from aether_desktop.widgets.terminal.search_worker import answer
from kernel.term import Terminal, attributes
from kernel.term.search import Match


def fed(data: str, columns: int = 20, lines: int = 5, scrollback: int = 100) -> Terminal:
    terminal = Terminal(columns, lines, scrollback)
    terminal.feed(data.encode())
    return terminal


def cells(text: SearchText, terminal: Terminal, index: int, start: int, end: int) -> Match | None:
    """Where the characters start..end of a line are."""
    found = text.places([(index, start, end)])
    return text.cells(terminal, found[0]) if found else None


def whole(terminal: Terminal) -> list[str]:
    """What a new reading finds."""
    text = SearchText()
    text.update(terminal)
    return text.texts


def test_only_what_was_on_the_screen_is_read_again() -> None:
    terminal = fed("".join(f"line {n}\r\n" for n in range(50)))
    text = SearchText()
    assert text.update(terminal) == 0
    terminal.feed(b"\x1b[Achanged\r\nmore\r\nlines\r\nthan\r\nthe\r\nscreen\r\nhas\r\n")
    first = text.update(terminal)
    assert first == 46
    assert text.texts == whole(terminal)
    assert "changed" in text.texts[49]


def test_what_left_the_history_and_what_was_cleared() -> None:
    terminal = fed("".join(f"line {n}\r\n" for n in range(90)))
    text = SearchText()
    text.update(terminal)
    terminal.feed("".join(f"later {n}\r\n" for n in range(60)).encode())
    text.update(terminal)
    assert text.texts == whole(terminal)
    assert text.first_line(0) == terminal.history_dropped
    terminal.history.clear()
    terminal.feed(b"new\r\n" * 30)
    text.update(terminal)
    assert text.texts == whole(terminal)


@pytest.mark.parametrize("columns", [1, 7, 33])
def test_another_width_is_read_anew(columns: int) -> None:
    terminal = fed("a longer line than wide, 日本語 too\r\n" * 20)
    text = SearchText()
    text.update(terminal)
    terminal.resize(columns, 5)
    text.update(terminal)
    assert text.texts == whole(terminal)


def test_places_in_wrapped_and_wide_text() -> None:
    terminal = fed("x" * 18 + "日本語é\u0301e end\r\n", columns=20)
    text = SearchText()
    text.update(terminal)
    line = text.texts[0]
    start = line.index("本")
    assert cells(text, terminal, 0, start, start + 1) == Match(1, 0, 1, 2)
    end = line.index("end")
    assert cells(text, terminal, 0, 18, end + 3) == Match(0, 18, 1, 10)
    assert cells(text, terminal, 0, 3, 3) is None
    assert cells(text, terminal, 99, 0, 1) is None
    assert cells(text, terminal, 0, 0, 10_000) is None


@pytest.mark.parametrize("filler", [13, 14])
def test_wide_text_is_found_wherever_it_wraps(filler: int) -> None:
    terminal = fed("x" * filler + "日本語検索 wide\r\n", columns=20)
    text = SearchText()
    text.update(terminal)
    start = text.texts[0].index("日本語検索")
    match = cells(text, terminal, 0, start, start + 5)
    assert match is not None and (match.line, match.column, match.end_line) == (0, filler, 1)
    assert match.end_column == 10 - (20 - filler) // 2 * 2
    wide = text.texts[0].index("wide")
    found = cells(text, terminal, 0, wide, wide + 4)
    assert found == Match(1, match.end_column + 1, 1, match.end_column + 5)


def test_the_rest_of_a_long_line_whose_beginning_left_the_history_is_still_there() -> None:
    terminal = fed("y" * 50 + "needle" + "z" * 40 + "\r\n" + "line\r\n" * 98)
    text = SearchText()
    text.update(terminal)
    assert text.first_line(0) == 0 and len(text.texts[0]) == 96
    terminal.feed(b"line\r\n" * 2)
    text.update(terminal)
    assert terminal.history_dropped in (1, 2)
    assert text.texts == whole(terminal) and text.first_line(0) == terminal.history_dropped
    start = text.texts[0].index("needle")
    assert cells(text, terminal, 0, start, start + 6) == Match(2, 10, 2, 16)
    terminal.feed(b"line\r\n" * 40)
    text.update(terminal)
    assert text.texts == whole(terminal)


def test_a_place_is_that_of_the_same_characters_while_its_line_leaves_the_history() -> None:
    terminal = fed("日本語é\u0301" * 9 + "needle" + "z" * 40 + "\r\n" + "line\r\n" * 98)
    text = SearchText()
    text.update(terminal)
    start = text.texts[0].index("needle")
    (place,) = text.places([(0, start, start + 6)])
    before = text.cells(terminal, place)
    assert before is not None and before.line == 3
    for dropped in range(1, 5):
        terminal.feed(b"line\r\n" * (dropped + 2 - terminal.history_dropped if terminal.history_dropped < dropped else 0))
        text.update(terminal)
        there = terminal.history_dropped <= before.line
        assert text.cells(terminal, place) == (before if there else None)
        start = text.texts[0].find("needle")
        assert (start >= 0) == there
        assert not there or text.places([(0, start, start + 6)]) == [place]
    assert terminal.history_dropped > before.line


@pytest.mark.parametrize("columns", [1, 2, 7, 20])
def test_what_begins_above_a_row_comes_before_its_place(columns: int) -> None:
    lines = ["", "日本語 a longer line │ than wide 日本", "│ box", "x" * 40, "é\u0301 👩\u200d🚀 end"]
    terminal = fed("\r\n".join(lines * 3), columns=columns, scrollback=1000)
    text = SearchText()
    text.update(terminal)
    every = text.places([(index, at, at + 1) for index, line in enumerate(text.texts) for at in range(len(line))])
    found = [text.cells(terminal, place) for place in every]
    assert every == sorted(every)
    for line in range(len(terminal.history) + terminal.lines + 2):
        above = sum(match.line < line for match in found if match is not None)
        assert bisect_left(every, text.place_of_row(terminal, line)) == above, line


def test_where_lines_have_other_numbers_no_cells_are_known() -> None:
    terminal = fed("x" * 30 + " needle\r\n")
    text = SearchText()
    text.update(terminal)
    (place,) = text.places([(0, 31, 37)])
    assert text.cells(terminal, place) == Match(1, 11, 1, 17)
    assert text.cells(fed("other"), place) is None
    terminal.resize(7, 5)
    assert text.cells(terminal, place) is None
    text.update(terminal)
    assert text.cells(terminal, place) == Match(4, 3, 5, 2)


def request(pattern: str, lines: list[str], limit: int = 10, near: tuple[int, int] = (5, 5)) -> dict[str, object]:
    return answer({"id": 1, "pattern": pattern, "ignore_case": True, "first": 5, "near": near, "limit": limit, "lines": lines})


def test_the_worker_finds_nothing_empty() -> None:
    assert request("A", ["xa", "", "aa"])["matches"] == [(5, 1, 2), (7, 0, 1), (7, 1, 2)]
    assert request("a*|$", ["b"])["matches"] == []
    assert request("a", [])["matches"] == []


def test_the_worker_searches_what_shows_and_then_what_is_nearest_until_there_is_enough() -> None:
    lines = ["aa"] * 100
    shown = request("a", lines, near=(45, 54))
    assert shown["searched"] == (45, 54) and len(shown["matches"]) == 20  # type: ignore[arg-type]
    around = request("a", lines, near=(50, 51))
    assert around["searched"] == (48, 53) and around["matches"] == [(n, at, at + 1) for n in range(48, 54) for at in (0, 1)]
    assert request("a", lines, near=(104, 104))["searched"] == (99, 104)
    assert request("a", lines, near=(0, 0))["searched"] == (5, 10)
    assert request("a", lines, near=(900, 900))["searched"] == (99, 104)
    assert request("a", lines[:5], near=(7, 7))["searched"] == (5, 9)
    assert request("b", lines, near=(50, 50))["searched"] == (5, 104)


def test_the_worker_says_what_is_wrong() -> None:
    assert request("[z-a]", ["x"])["error"] == "Bad character range z-a at 2"
    assert request("(" * 2000, ["x"])["error"] != ""
    assert request("a{99999999999}", ["x"])["error"] != ""


def test_a_match_is_found_on_the_screen_when_its_line_has_lost_shades_since(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attributes, "LIMIT", 600)
    # A wide character at the edge: where it wraps depends on whether the last cell of the row above was drawn.
    terminal = fed("".join(f"\x1b[38;2;{n};7;9mabcdefghijklmnopqrst日needle\x1b[m\r\n" for n in range(50)) + "\r\n" * 8, scrollback=2000)
    text = SearchText()
    for step in range(40):
        text.update(terminal)
        found = [(index, at, at + 6) for index, line in enumerate(text.texts) if (at := line.find("needle")) >= 0]
        assert len(found) == 50
        for match in (text.cells(terminal, place) for place in text.places(found)):
            assert match is not None and terminal.absolute_row(match.line).text[match.column : match.end_column] == "needle"
        terminal.feed("".join(f"\x1b[38;2;{step};{n};1m\x1b[48;2;1;2;3mx" for n in range(60)).encode())
    assert len(terminal.attributes) < 1200 < 40 * 60
