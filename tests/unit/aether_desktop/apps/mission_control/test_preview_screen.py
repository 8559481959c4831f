"""The last lines of a terminal, from any bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.apps.mission_control.preview_screen import COLUMNS_KEPT, LINES_KEPT, PreviewScreen, Style


def texts(data: bytes, count: int = 8) -> list[str]:
    screen = PreviewScreen()
    screen.feed(data)
    return ["".join(run.text for run in line) for line in screen.lines(count)]


def test_the_last_lines_are_kept() -> None:
    assert texts(b"".join(b"line %d\r\n" % n for n in range(50)), 3) == ["line 47", "line 48", "line 49"]
    assert len(texts(b"a\n" * 500, 100)) < LINES_KEPT


def test_colours_make_runs() -> None:
    screen = PreviewScreen()
    screen.feed(b"\x1b[1;32mok\x1b[0m plain \x1b[38;5;208mcube\x1b[38;2;1;2;3mtrue\x1b[39;2mdim")
    styles = [(run.text, run.style) for run in screen.lines(1)[0]]
    assert styles == [
        ("ok", Style(2, bold=True)),
        (" plain ", Style()),
        ("cube", Style(208)),
        ("true", Style("#010203")),
        ("dim", Style(None, dim=True)),
    ]


def test_a_progress_line_is_written_over() -> None:
    assert texts(b"10 %\r50 %\r100 %") == ["100 %"]
    assert texts(b"downloading\r\x1b[Kdone") == ["done"]
    assert texts(b"ab\b\bxy\tz") == ["xy      z"]


def test_clearing_and_reset() -> None:
    assert texts(b"old\r\n\x1b[2J\x1b[Hnew") == ["new"]
    assert texts(b"old\r\n\x1bcnew") == ["new"]


def test_titles_and_unknown_sequences_are_not_shown() -> None:
    assert texts(b"\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b\x1b(Bc\x1b[?25ld\x1b=e") == ["abcde"]


def test_torn_bytes_and_sequences_are_put_together() -> None:
    screen = PreviewScreen()
    for byte in "\x1b[31mё🎉\x1b[0m".encode():
        screen.feed(bytes([byte]))
    assert screen.lines(1)[0][0] == ("ё🎉", Style(1))
    assert screen.version > 0


def test_a_sequence_without_end_ends() -> None:
    assert texts(b"\x1b]0;" + b"x" * 1000)[0].startswith("x")


@given(st.binary(max_size=2000))
def test_no_bytes_break_it_or_make_it_grow(data: bytes) -> None:
    screen = PreviewScreen()
    screen.feed(data)
    screen.feed(data)
    lines = screen.lines(LINES_KEPT)
    assert len(lines) <= LINES_KEPT
    assert all(sum(len(run.text) for run in line) <= COLUMNS_KEPT * 8 for line in lines)
