"""The face of the core: cells, attributes, history, events, and what a painter reads."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.term import (
    Bell,
    ClipboardRequest,
    CwdChanged,
    Hyperlink,
    Notification,
    PromptMark,
    SizeChanged,
    Terminal,
    TitleChanged,
)


@pytest.mark.feature("TT01")
def test_cells_carry_colours_and_styles() -> None:
    terminal = Terminal(20, 3)
    terminal.feed(b"\x1b[1;3;4:3;9;31;48;5;196;58:2::1:2:3mA\x1b[0;2;7;8;5;38;2;10;20;30mB\x1b[m\x1b[33;94;100mC")
    first, second, third = terminal.buffer[0][:3]
    assert (first.data, first.fg, first.bg, first.bold, first.italics) == ("A", "red", "ff0000", True, True)
    assert (first.underscore, first.ul_style, first.ul_color, first.strikethrough) == (True, 3, "010203", True)
    assert (second.fg, second.dim, second.reverse, second.hidden, second.blink) == ("0a141e", True, True, True, True)
    assert (third.fg, third.bg) == ("brightblue", "brightblack")
    assert terminal.buffer[1][0].data == " "
    assert not terminal.attributes[terminal.rows[1].attrs[0]].drawn


def test_rows_are_immutable_and_unchanged_ones_stay_the_same_object() -> None:
    terminal = Terminal(20, 3)
    terminal.feed(b"one\r\ntwo")
    before = list(terminal.rows)
    terminal.feed(b"\x1b[2;1Hxyz")
    assert terminal.rows[0] is before[0]
    assert terminal.rows[1] is not before[1]
    assert before[1].text.startswith("two")


@pytest.mark.feature("TT06")
def test_history_is_bounded_and_numbers_stay_valid() -> None:
    terminal = Terminal(20, 4, scrollback=10)
    terminal.feed(b"".join(b"line %d\r\n" % number for number in range(50)))
    assert len(terminal.history) == 10
    assert terminal.history_dropped == 50 + 1 - 4 - 10
    assert terminal.history_text()[0].rstrip() == f"line {terminal.history_dropped}"
    row = terminal.absolute_row(45)
    assert row is not None
    assert row.text.rstrip() == "line 45"
    assert terminal.absolute_row(3) is None
    terminal.feed(b"\x1b[3J")
    assert len(terminal.history) == 0


def test_alternate_screen_has_no_history() -> None:
    terminal = Terminal(20, 4)
    terminal.feed(b"\x1b[?1049h" + b"x\r\n" * 50)
    assert len(terminal.history) == 0
    assert terminal.modes.alternate_screen


@pytest.mark.parametrize(
    ("data", "event"),
    [
        (b"\x07", Bell()),
        (b"\x1b]2;a\x00b;c\x07", TitleChanged("ab;c")),
        (b"\x1b]7;file://host/tmp\x1b\\", CwdChanged("file://host/tmp")),
        (b"\r\n\x1b]133;D;3\x07", PromptMark("D", 1, 3)),
        (b"\x1b]133;A\x07", PromptMark("A", 0)),
        (b"\x1b]8;id=q;http://x.y/\x1b\\", Hyperlink("http://x.y/", "q")),
        (b"\x1b]52;c;" + base64.b64encode("é".encode()) + b"\x07", ClipboardRequest("c", "é")),
        (b"\x1b]9;done\x07", Notification("", "done")),
        (b"\x1b]777;notify;t;b\x07", Notification("t", "b")),
        (b"\x1b[8;10;30t", SizeChanged(30, 10)),
    ],
)
def test_events(data: bytes, event: object) -> None:
    terminal = Terminal(20, 4)
    terminal.feed(data)
    assert event in terminal.take_events()
    assert terminal.take_events() == []


@pytest.mark.parametrize("data", [b"\x1b]52;c;?\x07", b"\x1b]52;c;!!!\x07", b"\x1b]133;Z\x07", b"\x1b]9;4;1;50\x07", b"\x1b]x\x07"])
def test_no_event_and_no_answer(data: bytes) -> None:
    terminal = Terminal(20, 4)
    terminal.feed(data)
    assert terminal.take_events() == []
    assert terminal.take_reply() == b""


def test_link_marks_its_cells_and_survives_sgr_reset() -> None:
    terminal = Terminal(20, 4)
    terminal.feed(b"\x1b]8;;http://a\x07ab\x1b[0mc\x1b]8;;\x07d")
    assert [cell.link for cell in terminal.buffer[0][:4]] == ["http://a"] * 3 + [""]


def test_unread_replies_and_events_stay_bounded() -> None:
    terminal = Terminal(20, 4)
    terminal.feed(b"\x1b[c\x07" * 100_000)
    assert len(terminal.take_events()) <= 4096
    assert len(terminal.take_reply()) < 300 * 1024


def test_cursor_shape_and_modes_for_a_widget() -> None:
    terminal = Terminal(20, 4)
    terminal.feed(b"\x1b[6 q\x1b[?25l\x1b[?1h\x1b=\x1b[?2004h\x1b[?1002h\x1b[?1006h\x1b[?1004h\x1b[?2026h\x1b[?5h")
    modes = terminal.modes
    assert (terminal.cursor.shape, terminal.cursor.blinking, terminal.cursor.hidden) == ("bar", False, True)
    assert modes.application_cursor and modes.application_keypad and modes.bracketed_paste
    assert (modes.mouse, modes.mouse_sgr, modes.focus_reporting) == (1002, True, True)
    assert modes.synchronized_output and modes.reverse_video
    terminal.feed(b"\x1bc")
    assert (modes.mouse, modes.bracketed_paste, terminal.cursor.hidden) == (0, False, False)


@pytest.mark.feature("TT01")
@pytest.mark.parametrize(
    "begun",
    [b"", b"\x1b", b"\x1b[", b"\x1b[1", b"\x1b]0;", b"\x1bP", b"\xe4\xb8", b"\x1b[?2l", b"\x1b[?2l\x1bY", b"\x1b(0", b"\x1b%@", b"\x1b[4h",
     b"x\r"],
    ids=["nothing", "ESC", "CSI", "parameter", "OSC", "DCS", "half a character", "VT52", "VT52 place", "line drawing", "latin-1", "insert",
         "CR"],
)  # fmt: skip
@pytest.mark.parametrize(
    "text",
    [b"plain\r\ntext", b"\r\n", b"\n", b"a\rb", b"a\n\r", b"\r\r\n", b"", b"q\x7f", b"\x07", b"\rab\n", b"\r\na\rb\nc\r\n"],
)
def test_plain_lines_are_drawn_where_they_are_plain(begun: bytes, text: bytes) -> None:
    _compare_with_single_bytes(begun, text)


@given(st.text("\r\nab ", max_size=12))
def test_line_ends_mean_the_same_in_any_order(text: str) -> None:
    _compare_with_single_bytes(b"", text.encode())


def _compare_with_single_bytes(begun: bytes, text: bytes) -> None:
    whole, single = Terminal(8, 3), Terminal(8, 3)
    for terminal in (whole, single):
        terminal.feed(b"before" + begun)
    whole.feed(text)
    for at in range(len(text)):
        single.feed(text[at : at + 1])
    for terminal in (whole, single):
        terminal.feed(b"\x1b[2bafter\x07")
    assert (whole.display, whole.history_text(), whole.title) == (single.display, single.history_text(), single.title)
    assert (whole.cursor.x, whole.cursor.y) == (single.cursor.x, single.cursor.y)
