"""A snapshot fed to a new terminal of the same size makes it equal, now and after whatever comes next."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from kernel.term import Row, Terminal
from kernel.term.rows import fit
from kernel.term.snapshot import snapshot
from tests.oracles import fuzz

COLOURS = [b"\x1b]4;1;red\x07", b"\x1b]10;blue\x07", b"\x1b]5;0;#123\x07", b"\x1b[#P", b"\x1b[3#P", b"\x1b[#Q", b"\x1b[1;4#{", b"\x1b[0#{"]
MARKS = [b"\x1b]133;A\x07", b"\x1b]133;A;redraw=last\x07", b"\x1b]133;B\x07", b"\x1b]133;C\x07", b"\x1b]133;D;1\x07"]
MORE = [
    *MARKS,
    *COLOURS, b"\x1b%@\x1b*0\x1b}", b"\xf1", b"\x1b[?2J", b"\x1b[?K", b'\x1b[2"q', b'\x1b[0"q', b"\x1bW", b"\x1b[?41h", b"\t",
    b"\x1bP1$t2;2;1;A;A;A;0;2;@;0BBB\x1b\\", b"\x1bP1$t3;4;1;@;@;H\x1b\\", b"\x1b[?69h\x1b[5s", b"\x1b[4;99r", b"\x1b7", b"\x1b[!p",
    b'\x1b[62;1"p', b"\x1b-A\x0e", b"\x1b.A", b"\x1bl", b"\x1b]133;A;;also\x07", b"\x1b[4;20H",
    b"\x1b[2*x", b"\x1b[1;1;2;5;1;4;7$r", b"\x1b[H", b"\x1b[8;2;9t", b"\x1b[8;1;5t", b"\x1b[8;6;20t",
]  # fmt: skip
PIECES = st.lists(st.one_of(st.sampled_from(fuzz._PIECES + MORE), st.binary(max_size=6)), max_size=30).map(b"".join)
SIZES = st.sampled_from([(20, 5), (80, 24), (7, 3), (40, 10), (5, 1)])
SCROLLBACK = 60


def whole_state(terminal: Terminal) -> dict[str, Any]:
    """Everything that the next byte may depend on, but for what a snapshot says that it does not keep."""
    screen = terminal.screen

    def cells(rows: Any) -> list[tuple[Any, ...]]:
        expand, attributes = terminal.clusters.expand, terminal.attributes
        return [(expand(row.text), len(row.text), [attributes[attr] for attr in row.attrs], row.wrapped) for row in rows]

    cursor = terminal.cursor
    return {
        "size": (terminal.columns, terminal.lines),
        "history": cells(terminal.history),
        "rows": cells(terminal.rows),
        "other rows": cells(screen.other_rows),
        "rows below": cells(fit(row, terminal.columns) for row in screen.rows_below),
        "cursor": (cursor.x, cursor.y, cursor.hidden, cursor.shape, cursor.blinking, screen.wrap_pending),
        "saved cursors": (screen.saved_cursor, screen.other_saved_cursor),
        "titles": (terminal.title, terminal.icon_name, terminal.cwd, screen.title_stack, screen.title_modes),
        "private modes": {key: value for key, value in terminal.modes.private.items() if key != 2026},
        "other modes": (terminal.modes.ansi, terminal.modes.saved, terminal.modes.mouse),
        "keyboard": (terminal.modes.kitty_keyboard, screen.other_kitty, terminal.modes.modify_other_keys),
        "margins": (screen.top, screen.bottom, screen.left, screen.right),
        "tab stops": screen.tabstops,
        "charsets": (screen.charsets.save(), screen.charsets.single, screen.charsets.national),
        "pen": (terminal.attributes[screen.pen], screen.link, screen.rendition_stack, screen.protection),
        "settings": (screen.conformance, screen.eight_bit, screen.utf8, screen.checksum_flags),
        "selective erase": (screen.selective_erase, screen.was_reset_softly),
        "palette": (terminal.palette.overrides, screen.colour_stack, screen.colour_level),
        "parser": terminal.unfinished_input(),
        "marks": [(mark.kind, mark.line - terminal.history_dropped, mark.exit_code, mark.last_line) for mark in screen.prompt_marks],
    }


def copied(terminal: Terminal) -> Terminal:
    copy = Terminal(terminal.columns, terminal.lines, scrollback=SCROLLBACK)
    copy.feed(snapshot(terminal))
    return copy


def assert_equal(first: Terminal, second: Terminal) -> None:
    one, other = whole_state(first), whole_state(second)
    assert {key: one[key] for key in one if one[key] != other[key]} == {
        key: other[key] for key in one if one[key] != other[key]
    }


@settings(max_examples=250, deadline=None)
@given(SIZES, PIECES, PIECES)
@example((20, 5), b"\x1b[?69h\x1b[2;9s\x1b[?7l\x1b[1;9H\xe2\x9d\xa4\xef\xb8\x8f", b"x")
@example((20, 5), "🇩\x1b[3G\x1b[1D🇪".encode(), "🇪".encode())
@example((20, 5), b"ab\r\n" * 9 + b"x" * 20, b"\x1b[3by")
@example((5, 3), "abcd日本".encode(), b"\x1b[2b")
@example((20, 5), b"\x1b[2J\x1b[5;1H" + b"x" * 21 + b"\x1b[3T", b"z")
@example((20, 5), b"\x1b[41m\x1b[2J\x1b[m\x1b[2*x\x1b[1;2;2;4;1;4$r", b"z")
@example((20, 5), b"\x1b[1;4#{\x1bP1$t2;2;1;A;A;A;0;2;@;0BBB\x1b\\ ", b"")
@example((20, 5), b"\t\x1b[1;1;2;5;1;4;7$r\x1b[8;1;5t", b"")
@example((20, 5), b"hello world, this is a line of text \x1b]133;A\x07$ \x1b]133;B\x07\x1b[8;2;9t", b"\x1b[8;6;20t")
def test_a_copy_is_equal_and_stays_equal(size: tuple[int, int], before: bytes, after: bytes) -> None:
    terminal = Terminal(*size, scrollback=SCROLLBACK)
    terminal.feed(before)
    # DECCOLM in another width, REP in insert mode, the rows of an edited prompt: the module's docstring names them.
    assume(not terminal.modes.private[3] or terminal.columns == 132)
    screen = terminal.screen
    if screen.inserting:
        screen.last_char = ""
    screen.edited.forget()
    unchanged = whole_state(terminal)
    copy = copied(terminal)
    assert whole_state(terminal) == unchanged
    assert_equal(terminal, copy)
    terminal.modes.private[2026] = False
    terminal.feed(after)
    copy.feed(after)
    assert_equal(terminal, copy)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 1), (1, 5)])
@pytest.mark.parametrize("data", [b"ab\r\nc" * 5, "日本❤\ufe0f👩\u200d👧".encode() * 3, b"\x1b#8\x1b[?1049h\x1b[1;1Hxyz"])
def test_the_smallest_screens_neither_raise_nor_grow(size: tuple[int, int], data: bytes) -> None:
    terminal = Terminal(*size, scrollback=10)
    terminal.feed(data)
    copy = copied(terminal)
    assert len(copy.rows) == size[1]
    assert copy.display == terminal.display


@pytest.mark.parametrize(
    ("setup", "probe"),
    [
        (b"\x1b[4:3;58:2::1:2:3mx\x1b]8;id=a;http://x/\x1b\\y\x1b]8;;\x1b\\", "rows"),
        (b"\x1b[3g\x1b[1;5H\x1bH", "tab stops"),
        (b"\x1b]4;9;#123456\x07\x1b]11;#abcdef\x07\x1b]5;1;#00ff00\x07", "palette"),
        (b"\x1b]2;one\x07\x1b[22t\x1b]2;two\x07\x1b]7;file://h/tmp\x07", "titles"),
        (b"\x1b[?1;66;1002;1006;1004;2004h\x1b[6 q\x1b[?25l", "private modes"),
        (b"\x1b[3;5H\x1b[31m\x1b(0\x1b7\x1b[?1049h\x1b[2;2H\x1b[4m\x1b7", "saved cursors"),
        (b"\x1b[>1u\x1b[>3u\x1b[>4;2m\x1b[?1049h\x1b[>5u", "keyboard"),
        (b"\x1b[2;4r\x1b[?69h\x1b[3;9s\x1b[?6h\x1b[2;2H", "margins"),
        (b"ok\x1b[38;2;1", "parser"),
        (b"ok\xe6\x97", "parser"),
        (b"\x1b]2;a long ti", "parser"),
        (b"\x1b[?1h\x1b[?1s\x1b[?1l\x1b[?7s", "other modes"),
        (b"\x1b[?69h\x1b[;8s\x1b[4;20Hy\x1b(0", "cursor"),
        (b"\x1bP1$t4;5;1;@;@;H\x1b\\", "cursor"),
        (b'\x1b[62;1"p\x1b[4;20Hy\x1b(0', "cursor"),
        (b"\x1b[?69h\x1b[5s\x1bP1$t2;2;1;A;A;A;0;2;@;0BBB\x1b\\", "cursor"),
        (b"\x1b[?45h\x1b[?69h\x1b[5;9s\x1b[2;4r\x1b[?6h\b\x1b[40D", "cursor"),
        (b"\x1bP1$t2;2;1;C;A;@\x1b\\\x1b[4:3m", "pen"),
        (b"\x1bP1$t2;2;1;C;A;@\x1b\\x\x1b7\x1b[0\"q", "saved cursors"),
        (b"\x1bP1$t2;2;1;@;A;@\x1b\\x\x1b[2\"q", "selective erase"),
        (b"\x1b[1\"qx\x1b[!p", "rows"),
    ],
)
def test_what_is_kept(setup: bytes, probe: str) -> None:
    terminal = Terminal(20, 5, scrollback=SCROLLBACK)
    terminal.feed(setup)
    state = whole_state(terminal)
    assert state[probe] != whole_state(Terminal(20, 5))[probe], "the setup changes what it is about"
    assert whole_state(copied(terminal)) == state


def test_synchronized_output_is_off_in_the_copy() -> None:
    terminal = Terminal(20, 5)
    terminal.feed(b"\x1b[?2026hx")
    assert not copied(terminal).modes.synchronized_output


def test_long_history_with_wrapped_and_coloured_lines() -> None:
    terminal = Terminal(30, 6, scrollback=SCROLLBACK)
    for number in range(100):
        terminal.feed(f"\x1b[3{number % 8}m{number} {'日本 ' * (number % 9)}\x1b[m{'x' * number}\r\n".encode())
    assert_equal(terminal, copied(terminal))
    assert len(terminal.history) == SCROLLBACK
    assert isinstance(terminal.history[0], Row)


def test_equal_marks_that_a_resize_brought_to_one_line_are_both_kept() -> None:
    terminal = Terminal(20, 8)
    terminal.feed(b"\x1b[7;2H\x1b]133;C\x07\x1b[7;20Hab\x1b]133;C\x07")
    terminal.resize(47, 2)
    assert [mark.kind for mark in terminal.screen.prompt_marks] == ["C", "C"]
    copy = copied(terminal)
    assert_equal(terminal, copy)
    assert [mark.kind for mark in copy.screen.prompt_marks] == ["C", "C"]


def test_the_end_of_a_command_without_a_beginning_is_kept() -> None:
    terminal = Terminal(20, 8, scrollback=0)
    terminal.feed(b"\x1b]133;D;7;also\x07\r\n\x1b]133;D;1;also\x07")
    assert [mark.exit_code for mark in terminal.screen.prompt_marks] == [7, 1]
    assert_equal(terminal, copied(terminal))
