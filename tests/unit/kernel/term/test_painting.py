"""Spans that are painted in one go are what their functions make one after the other."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kernel.term import Terminal, painting

pytestmark = pytest.mark.feature("TT01")

PIECES = ("text", "a longer text that may wrap", "\r\n", "\x1b[3;5H", "\x1b[H", "\x1b[6;1H", "\x1b[99;99H", "\x1b[3C", "\x1b[K", "\x1b[1K",
          "\x1b[2K", "\x1b[m", "\x1b[1;31m", "\x1b[48;5;20m", "\x1b[?25l", "\x1b[?25h",
          "\x1b[J", "\x1b[1J", "\x1b[2J", "\x1b[?2J", "\x1b]133;A\x07", "\x1b]133;C\x07",
          "\x1b[2;4r", "\x1b[r", "\r", "\b", "\n", "中", "e\u0301", "\u0301", "\a", "\x1bM", "\x1b[L", "\x1b[2M", "\x1b[3P", "\x1b[2@",
          "\x1b[4X", "\x1b[A", "\x1b[2B", "\x1b[3D", "\x1b[5G", "\x1b[4d", "\x1b[2E", "\x1b[F", "\x1b[3;5r", "\x1b[?25l\x1b[?25h",
          "\x1b[2;3H\x1b[?25h\x1b[?25l", "\x1b[0;1K", "\x1b[2;3C", "\x1b[?6h", "\x1b[?45h", "\x1b[?69h\x1b[3;8s", "\x1b[?69l",
          "\x1b[4h", "\x1b[4l", "\x1b[1\"q", "\x1b[?7l", "\x1b[?7h", "\x1b[2b", "exactly-here", "\x1b[1;12Hx",
          "\x1bV", "\x1bW", "🇩", "🇪", "👩\u200d", "💻")  # fmt: skip


def state(terminal: Terminal) -> object:
    screen = terminal.screen
    return (terminal.display, [row.wrapped for row in terminal.rows], terminal.history_text(), terminal.attributes[screen.pen],
            screen.wrap_pending, screen.marks.between(0, 10_000),
            (terminal.cursor.x, terminal.cursor.y, terminal.cursor.hidden),
            (screen.top, screen.bottom, screen.left, screen.right),
            screen.last_char and screen.shaper.last_base(screen.last_char),
            [[terminal.attributes[attr] for attr in row.attrs] for row in terminal.rows],
            [terminal.modes.private[mode] for mode in (6, 7, 25, 45, 69, 1049)],
            [(row.text.strip(), row.wrapped) for row in screen.other_rows])  # fmt: skip


@pytest.mark.parametrize("start", ["\x1b[?1049h", ""], ids=["alternate", "main"])
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=40))
@example(pieces=["\x1b[1;12Hx\btext"])
@example(pieces=["\x1bV\x1b[Htext\x1bW\x1b[Hz\x1b[K"])
@example(pieces=["\x1b[H🇩\x1b[5;1H\r\n\x1b[1;3H🇪"])
@settings(max_examples=300, deadline=None)
def test_a_span_is_what_its_characters_are(start: str, pieces: list[str]) -> None:
    data = (start + "\x1b[H" + "".join(pieces)).encode()
    whole, single = Terminal(12, 6, scrollback=50), Terminal(12, 6, scrollback=50)
    whole.feed(data)
    for at in range(len(data)):
        single.feed(data[at : at + 1])
    assert state(whole) == state(single)


@given(pieces=st.lists(st.sampled_from(PIECES), max_size=40), span=st.integers(1, 30))
@settings(max_examples=300)
def test_a_span_may_be_cut_anywhere(pieces: list[str], span: int) -> None:
    data = ("\x1b[?1049h\x1b[H" + "".join(pieces)).encode()
    whole, cut = Terminal(12, 6), Terminal(12, 6)
    whole.feed(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(painting, "_SPAN_CHARS", span)
        cut.feed(data)
    assert state(whole) == state(cut)


def test_what_is_longer_than_a_look_is_painted_on(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(f"\x1b[{y};1H" + "".join(f"\x1b[48;2;{y};{x};9m " for x in range(90)) for y in range(1, 6))
    whole, drawn = Terminal(100, 6), Terminal(100, 6)
    drawn.feed(text.replace("H", "H\x1b[1m\x1b[22m\0").encode())
    monkeypatch.setattr(whole.screen, "draw_block", lambda block: pytest.fail(f"{block!r} was drawn by itself"))
    whole.feed(text.encode())
    assert state(whole) == state(drawn)


@pytest.mark.parametrize("text", ["ab", "\x1b[31mab", "ab\x1b[5Ccd\x1b[K", "\x1b[?25lab"], ids=["text", "colour", "several", "hidden"])
def test_what_is_painted_last_is_repeated(text: str) -> None:
    terminal = Terminal(20, 3)
    terminal.feed(b"\x1b[H" + text.encode() + b"\x1b[2b")
    assert terminal.display[0].rstrip().endswith({"ab\x1b[5Ccd\x1b[K": "cd"}.get(text, "abbb"))


def test_what_functions_mean_is_kept_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(painting, "_MOST_FUNCTIONS", 3)
    monkeypatch.setattr(painting, "_FUNCTIONS", painting._Functions())
    terminal = Terminal(20, 9)
    terminal.feed(b"\x1b[m" + b"".join(b"\x1b[%d;%dHx" % (y, 2 * y) for y in range(1, 10)))
    assert [line.index("x") for line in terminal.display] == [2 * y - 1 for y in range(1, 10)]
    assert 0 < len(painting._FUNCTIONS) <= 3


def test_line_ends_scroll_the_region_of_an_editor() -> None:
    terminal = Terminal(10, 5)
    terminal.feed(b"\x1b[?1049h\x1b[5;1Hstatus\x1b[1;4r\x1b[4;1Hone\r\ntwo\r\nthree\x1b[K")
    assert [line.strip() for line in terminal.display] == ["", "one", "two", "three", "status"]
