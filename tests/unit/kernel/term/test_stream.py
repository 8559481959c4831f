"""Parsing: any split gives the same state, nothing raises, strings are bounded."""

from __future__ import annotations

import inspect
import random
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.term import Terminal, stream
from kernel.term.screen import Screen
from kernel.term.sequences import CSI, ESCAPE, VT52
from kernel.term.stream import STRING_LIMIT
from tests.oracles import fuzz


@pytest.mark.parametrize("seed", range(4))
def test_random_bytes_give_the_same_state_whole_and_byte_by_byte(seed: int) -> None:
    assert fuzz.fuzz(15_000, seed=seed) == ""


@pytest.mark.feature("TT02")
@pytest.mark.parametrize("seed", [2, 4, 5, 6])
def test_a_terminal_is_sound_after_each_of_any_steps_and_resizes(seed: int) -> None:
    assert fuzz.fuzz_steps(400, seed=seed) == ""


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(fuzz._PIECES), st.binary(max_size=6)), max_size=25),
    st.lists(st.integers(min_value=1, max_value=40), max_size=30),
    st.sampled_from([(20, 5), (5, 3), (80, 24), (2, 2)]),
)
def test_any_split_gives_the_same_state(parts: list[bytes], sizes: list[int], size: tuple[int, int]) -> None:
    data = b"".join(parts)
    whole, split = Terminal(*size, scrollback=30), Terminal(*size, scrollback=30)
    whole.feed(data)
    at = 0
    for length in sizes:
        split.feed(data[at : at + length])
        at += length
    split.feed(data[at:])
    assert fuzz.state(whole) == fuzz.state(split)
    assert whole.take_reply() == split.take_reply()


@pytest.mark.parametrize("name", sorted({*CSI.values()}))
def test_csi_handler_takes_any_number_of_parameters(name: str) -> None:
    handler = getattr(Screen(80, 24, 10), name)
    for count in (0, 1, 2, 5, 64):
        inspect.signature(handler).bind(*range(count))


def test_every_escape_names_a_method() -> None:
    screen = Screen(80, 24, 10)
    for name, arguments in [*ESCAPE.values(), *VT52.values()]:
        inspect.signature(getattr(screen, name)).bind(*arguments)


@pytest.mark.parametrize("introducer", [b"\x1b]0;", b"\x1bP$q", b"\x1b_", b"\x1b^", b"\x1bX"])
def test_endless_string_is_cut_and_text_shows_again(introducer: bytes) -> None:
    terminal = Terminal(80, 24)
    tracemalloc.start()
    terminal.feed(introducer)
    for _ in range(40):
        terminal.feed(b"a" * (STRING_LIMIT // 32))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    terminal.feed(b"\r\nvisible")
    assert any(line.startswith("visible") for line in terminal.display)
    assert terminal.title == ""
    assert peak < 24 * 1024 * 1024


def test_binary_noise_keeps_memory_bounded_and_does_not_raise() -> None:
    terminal = Terminal(80, 24, scrollback=100)
    terminal.feed(random.Random(5).randbytes(200_000))
    assert len(terminal.history) <= 100
    assert len(terminal.rows) == terminal.lines


def test_line_of_many_megabytes_wraps_into_bounded_history() -> None:
    terminal = Terminal(80, 24, scrollback=100)
    terminal.feed(b"x" * 2_000_000 + b"\r\nend")
    assert len(terminal.history) == 100
    assert terminal.rows[0].wrapped
    assert terminal.display[terminal.cursor.y].startswith("end")


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"\x1b[2\nB", ""),
        (b"\x1b[2\x18B", "B"),
        (b"a\x1b[1;\x1b[1;3Hb", "a b"),
        (b"\xff\xfeok", "\ufffd\ufffdok"),
        (b"\xe6\x97", ""),
        (b"\x1b%@\xe9\x1b%G\xc3\xa9", "éé"),
        (b"\x1b G\x9b1;3Hx", "  x"),
        (b"\x9bX", "\ufffdX"),
    ],
)
def test_odd_input(data: bytes, line: str) -> None:
    terminal = Terminal(20, 3)
    terminal.feed(data)
    assert terminal.display[0].rstrip() == line


def test_attribute_table_stays_bounded_under_ever_new_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernel.term.attributes.LIMIT", 500)
    terminal = Terminal(40, 10, scrollback=20)
    for number in range(3_000):
        terminal.feed(b"\x1b[38;2;%d;%d;%dmx\r\n" % (number % 256, number // 256, 7))
    assert len(terminal.attributes) < 1_000
    assert terminal.attributes.generation > 0
    assert terminal.buffer[8][0].fg == f"{2999 % 256:02x}{2999 // 256:02x}07"


def test_cluster_table_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernel.term.clusters.LIMIT", 200)
    terminal = Terminal(40, 10, scrollback=20)
    for number in range(1_000):
        terminal.feed(f"{chr(0x4E00 + number)}\u0301\r\n".encode())
    assert len(terminal.clusters) <= 201
    assert terminal.display[8].rstrip() == f"{chr(0x4E00 + 999)}\u0301"


@pytest.mark.parametrize("start", [b"\x1b]1337;File=inline=1:", b"\x1b]52;c;"], ids=["picture", "clipboard"])
@pytest.mark.parametrize("end", [b"\x07", b"\x1b\\"], ids=["BEL", "ST"])
def test_a_command_with_a_file_that_is_too_long_does_not_show_as_text(start: bytes, end: bytes) -> None:
    data = start + b"iVBORw0K" * 300_000 + end + b"after"
    whole, split = Terminal(20, 3), Terminal(20, 3)
    whole.feed(data)
    for at in range(0, len(data), 99_991):
        split.feed(data[at : at + 99_991])
    assert [line.strip() for line in whole.display] == ["after", "", ""]
    assert split.display == whole.display
    assert len(whole.history) == 0
    assert not whole.take_events()


@pytest.mark.parametrize("filler", [b"%", b" %", b"%\r"])
def test_a_switch_of_the_encoding_is_looked_for_in_one_go(filler: bytes) -> None:
    terminal = Terminal(80, 24)
    started = time.process_time()
    terminal.feed(b"\x1b" + filler * (65_536 // len(filler)))
    assert time.process_time() - started < 3, "it took 20 s when each was looked at from each"


def test_a_picture_that_is_too_long_does_not_show_as_text_and_an_endless_one_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "IGNORED_LIMIT", 3 << 20)
    terminal = Terminal(20, 3)
    split = Terminal(20, 3)
    terminal.feed(b"\x1bPq" + b"#0!9~-" * 300_000)
    assert sum(map(len, terminal._stream._string)) < 10
    terminal.feed(b"$qm\x1b\\after")
    assert (terminal.display[0].strip(), terminal.take_reply()) == ("after", b"")
    endless = b"\x1bPq" + b"~" * (3 << 20) + b"endless"
    terminal.feed(endless)
    split.feed(b"after")
    for start in range(0, len(endless), 999_983):
        split.feed(endless[start : start + 999_983])
    assert "endless" in "".join(terminal.display).replace(" ", "")
    assert split.display == terminal.display
    split.feed(b"\x1bPq" + b"~" * (2 << 20))
    split.feed(b"~~\r\nnext line")
    assert [line.strip() for line in split.display if "next" in line] == ["next line"]
